//! What the engine needs of the outside, as traits. No vendor, no database and no chat platform is named here.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::seal::Sealer;
use crate::domain::action::Action;
use crate::domain::actor::{Actor, Person};
use crate::domain::book::Book;
use crate::domain::deployment::{Deployment, FailedAlias, Plan, Pointer};
use crate::domain::event::Emitted;
use crate::domain::ids::{DeliveryKey, DeploymentId, IncidentId, ServiceId, StreamId, Version};
use crate::domain::probe::Probe;
use crate::domain::refusal::Refusal;
use crate::domain::service::Channel;
use crate::domain::time::{Span, Timestamp};

/// The only source of time. Tests and the demo move it; production uses the system's.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
    /// Returns when `now() >= at`. Cancel-safe.
    async fn sleep_until(&self, at: Timestamp);
}

// ---------------------------------------------------------------------------------------------------------------------
// Provider

/// Why a call to the outside did not give what was asked. The engine branches on the kind, never on the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// What it means for us.
    pub kind: PortErrorKind,
    /// A plain fragment for people and logs, without secrets and without raw bodies; holds the vendor's own sentence
    /// where it gave one (foreign text).
    pub message: String,
}

/// What a failed call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortErrorKind {
    /// Surely not carried out; may be tried again after the span.
    Transient {
        /// How long the other side asked us to wait; zero when it did not say.
        retry_after: Span,
    },
    /// The other side said no (400, 402, 409, 410, 422 …). It may mean "already there": read before believing it.
    Rejected,
    /// No such thing, or not in this scope.
    Missing,
    /// Token or permission.
    Unauthorised,
    /// Sent, no trustworthy answer: it may have happened.
    Ambiguous,
}

/// The control plane of a hosting provider: moves the pointer and says where it is.
#[async_trait]
pub trait Provider: Send + Sync {
    /// One reading of where production points.
    async fn pointer(&self, service: &ServiceId) -> Result<Pointer, PortError>;
    /// Production deployments, newest build first, as many as one needs to choose from (at least 20 where they exist).
    async fn deployments(&self, service: &ServiceId) -> Result<Vec<Deployment>, PortError>;
    /// One deployment by id, host or address; also previews.
    async fn deployment(&self, service: &ServiceId, name: &str) -> Result<Deployment, PortError>;
    /// The plan, as far as it limits rollbacks.
    async fn plan(&self, service: &ServiceId) -> Result<Plan, PortError>;
    /// Production names that the last job did not move.
    async fn failed_aliases(&self, service: &ServiceId) -> Result<Vec<FailedAlias>, PortError>;
    /// Asks once for a rollback to exactly this deployment. `Ok` means accepted, not done. Never repeats a write by itself.
    async fn rollback(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
        reason: &str,
    ) -> Result<(), PortError>;
    /// Switches automatic assignment off. Never repeats a write by itself.
    async fn disarm(&self, service: &ServiceId) -> Result<(), PortError>;
}

/// The data plane: what customers get.
#[async_trait]
pub trait Prober: Send + Sync {
    /// One fresh look at the production address, judged against `target`. Bounded in time; never fails, an unreachable
    /// production is a result.
    async fn probe(&self, service: &ServiceId, target: &Deployment) -> Probe;
}

// ---------------------------------------------------------------------------------------------------------------------
// Chat

/// A message that exists at a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRef {
    /// The channel it is in.
    pub channel: Channel,
    /// The platform's id (Slack: `ts`).
    pub id: String,
}

/// What is to be said, ready to be handed to a platform.
#[derive(Clone, Debug, PartialEq)]
pub struct Outbound {
    /// The outbox row's number; the same for every try.
    pub id: u64,
    /// Where.
    pub channel: Channel,
    /// How.
    pub manner: Manner,
    /// What: the chat layer's message, opaque here.
    pub body: serde_json::Value,
}

/// How a message is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// A new message in the channel.
    Post,
    /// A new message in a thread.
    Reply(MessageRef),
    /// The earlier message is replaced.
    Edit(MessageRef),
    /// To one person only.
    Whisper {
        /// Who.
        to: Person,
        /// An address that the platform gave for answers, used only if its host is allowed.
        response_url: Option<String>,
    },
}

/// Why a message was not said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotifyError {
    /// Too many: wait, then again.
    #[error("asked to wait {retry_after}")]
    Throttled {
        /// How long.
        retry_after: Span,
    },
    /// The platform or the way to it is down: again later.
    #[error("{0}")]
    Transient(String),
    /// This message will never be taken; others may.
    #[error("{0}")]
    MessageRefused(String),
    /// Nothing can be said in this channel until somebody mends it.
    #[error("{0}")]
    ChannelClosed(String),
    /// Nothing can be said at all: the token does not work.
    #[error("{0}")]
    Unauthorised(String),
    /// The message to edit is gone: say it anew.
    #[error("{0}")]
    MessageGone(String),
}

/// A chat platform's sending side.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Says it once. Bounded in time. No retry inside. The reference is `None` for whispers.
    async fn notify(&self, message: &Outbound) -> Result<Option<MessageRef>, NotifyError>;
}

// ---------------------------------------------------------------------------------------------------------------------
// Journal

/// Everything that becomes durable at once, or not at all.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// Events, each append with the version it expects.
    pub appends: Vec<Append>,
    /// Inbound requests seen for the first time. A key that is already known refuses the whole commit.
    pub deliveries: Vec<NewDelivery>,
    /// Deliveries whose processing ended.
    pub settled: Vec<DeliveryKey>,
    /// Buttons that can be pressed from now on. A hash that is already known is left as it is.
    pub tokens: Vec<NewToken>,
    /// Buttons that are used up. One that is used up already, or unknown, refuses the whole commit.
    pub burned: Vec<TokenHash>,
    /// What is to be said.
    pub posts: Vec<NewPost>,
    /// Incidents that count as open from now on (a derived list: it can be rebuilt from the events).
    pub opened: Vec<IncidentId>,
    /// Incidents that need no more attention.
    pub closed: Vec<IncidentId>,
}

/// Events for one stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Append {
    /// The stream.
    pub stream: StreamId,
    /// The number of events that the stream must have now.
    pub expected: Version,
    /// At least one.
    pub events: Vec<NewEvent>,
}

/// An event on its way into the journal, encoded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// The event's name, for example `rollback_requested`.
    pub kind: String,
    /// The version of its body's shape.
    pub event_version: u32,
    /// When it was decided, by the clock port.
    pub at: Timestamp,
    /// Who stands behind it, as JSON.
    pub actor: String,
    /// The body, as JSON.
    pub body: String,
}

/// An event in the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Position in the whole journal, from 1, without gaps.
    pub seq: u64,
    /// The stream.
    pub stream: StreamId,
    /// The stream's version after this event.
    pub version: Version,
    /// The event.
    pub event: NewEvent,
    /// SHA-256 over the previous hash of the stream and this row, lower-case hex.
    pub hash: String,
}

/// An inbound request, verified and parsed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewDelivery {
    /// A repeat carries the same key.
    pub key: DeliveryKey,
    /// When it came in.
    pub at: Timestamp,
    /// The request as JSON, without signatures or tokens.
    pub body: String,
    /// Whether there is work left after the commit. Settled at once when not.
    pub pending: bool,
}

/// A stored delivery whose processing has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingDelivery {
    /// Its key.
    pub key: DeliveryKey,
    /// When it came in.
    pub at: Timestamp,
    /// The request as JSON.
    pub body: String,
}

/// SHA-256 of a button's opaque value. The value itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// A button that can be pressed.
#[derive(Clone, Debug, PartialEq)]
pub struct NewToken {
    /// The hash of its opaque value.
    pub hash: TokenHash,
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// What it does, as JSON.
    pub action: String,
    /// When it was made.
    pub issued_at: Timestamp,
}

/// A stored button.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredToken {
    /// The incident it belongs to.
    pub incident: IncidentId,
    /// What it does, as JSON.
    pub action: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Whether it is used up.
    pub burned: bool,
}

/// An outbox row on its way in.
#[derive(Clone, Debug, PartialEq)]
pub struct NewPost {
    /// Where.
    pub channel: Channel,
    /// What kind, and which message it makes, edits or answers.
    pub placement: Placement,
    /// What, opaque.
    pub body: serde_json::Value,
    /// When it was decided.
    pub at: Timestamp,
}

/// How an outbox row relates to other messages, by keys of ours. The key is unique per message and channel, for example
/// `incident/7/card`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// Makes the message of this key, or replaces it if it exists: the live card. A row that a later row of the same key
    /// overtakes need not be sent, once the message exists.
    Upsert(String),
    /// A new message in the channel.
    Post,
    /// A new message in the thread of the message of this key.
    Thread(String),
    /// To one person only.
    Whisper {
        /// Who.
        to: Person,
        /// Where the platform wants the answer, if it said so.
        response_url: Option<String>,
    },
}

/// A stored outbox row that has not been said yet.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingPost {
    /// Its number: order within a channel.
    pub id: u64,
    /// The row.
    pub post: NewPost,
}

/// How an outbox row ended.
#[derive(Clone, Debug, PartialEq)]
pub enum PostOutcome {
    /// It was said; the reference is remembered under the placement's key.
    Sent(Option<MessageRef>),
    /// A later row of the same key made it needless.
    Superseded,
    /// It will never be taken; the reason is kept.
    Refused(String),
}

/// What a commit gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// The position of the last event written, 0 if none was.
    pub last_seq: u64,
}

/// Why the journal did not do what was asked. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Another writer appended first.
    #[error("stream {0} moved on")]
    Conflict(StreamId),
    /// The delivery is known already.
    #[error("delivery {0} is known already")]
    Duplicate(DeliveryKey),
    /// A button that was to be used up was used up before, or is not known.
    #[error("the button was used before")]
    Burned,
    /// No space left on the disk.
    #[error(
        "the journal's disk is full: nothing was recorded, nothing was done; free some space and try again"
    )]
    Full,
    /// Another process holds the database.
    #[error("the journal is in use by another process: {0}")]
    Locked(String),
    /// The file is not what we wrote.
    #[error("the journal is damaged: {0}")]
    Corrupt(String),
    /// Written by a later version of the bot.
    #[error(
        "the journal was written by a newer version (schema {found}, this version knows {known}): run that version"
    )]
    Newer {
        /// The schema in the file.
        found: u32,
        /// The newest schema that this version knows.
        known: u32,
    },
    /// Anything else; the outcome of a commit may be unknown.
    #[error("the journal could not be used: {0}")]
    Unavailable(String),
}

/// How much of the journal is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyScope {
    /// The streams of open incidents, all service streams and the head of every other stream.
    Open,
    /// Every event of every stream.
    All,
}

/// The result of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// How many streams were looked at.
    pub streams: u64,
    /// How many events were recomputed.
    pub events: u64,
    /// What is wrong: stream, position and a sentence; empty when all is well.
    pub faults: Vec<String>,
}

/// The append-only log and everything that must become durable with it.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Makes everything in `commit` durable, atomically. Returns only when it would survive a loss of power.
    async fn commit(&self, commit: Commit) -> Result<Receipt, JournalError>;
    /// The events of a stream after a version, in order.
    async fn stream(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<Recorded>, JournalError>;
    /// All events after a position, in order, at most `limit`.
    async fn page(&self, after_seq: u64, limit: usize) -> Result<Vec<Recorded>, JournalError>;
    /// Incidents that are open.
    async fn open_incidents(&self) -> Result<Vec<IncidentId>, JournalError>;
    /// The newest incidents, open or not, newest first.
    async fn recent_incidents(&self, limit: usize) -> Result<Vec<IncidentId>, JournalError>;
    /// Deliveries whose processing has not ended, oldest first.
    async fn pending_deliveries(&self) -> Result<Vec<PendingDelivery>, JournalError>;
    /// Whether a delivery is known.
    async fn knows_delivery(&self, key: &DeliveryKey) -> Result<bool, JournalError>;
    /// A button by the hash of its value.
    async fn token(&self, hash: &TokenHash) -> Result<Option<StoredToken>, JournalError>;
    /// Channels that have something to say.
    async fn talking_channels(&self) -> Result<Vec<Channel>, JournalError>;
    /// What a channel has to say, in order, at most `limit`.
    async fn pending_posts(
        &self,
        channel: &Channel,
        limit: usize,
    ) -> Result<Vec<PendingPost>, JournalError>;
    /// Records how an outbox row ended.
    async fn settle_post(&self, id: u64, outcome: PostOutcome) -> Result<(), JournalError>;
    /// The message that stands in a channel under a key.
    async fn message(
        &self,
        channel: &Channel,
        key: &str,
    ) -> Result<Option<MessageRef>, JournalError>;
    /// The 32 random bytes that this journal's button values are derived from; made when the journal was made.
    async fn sealing_key(&self) -> Result<[u8; 32], JournalError>;
    /// Recomputes the hash chains.
    async fn verify(&self, scope: VerifyScope) -> Result<VerifyReport, JournalError>;
    /// Removes deliveries older than `before` that are settled, and buttons older than that. Events are never removed.
    async fn prune(
        &self,
        deliveries_before: Timestamp,
        tokens_before: Timestamp,
    ) -> Result<(), JournalError>;
}

// ---------------------------------------------------------------------------------------------------------------------
// Words and chance

/// The only source of randomness.
pub trait Chance: Send + Sync {
    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16];
}

/// Turns what happened into what is said. Pure.
pub trait Narrator: Send + Sync {
    /// What is said after a decision, and the buttons that can be pressed from then on.
    fn narrate(&self, change: &Change<'_>) -> Narration;
    /// The answer to one person whose press only shows something.
    fn show(&self, shown: &Shown<'_>, to: &ReplyTo, book: &Book, at: Timestamp) -> Option<NewPost>;
    /// The answer to one person whose request was refused.
    fn refuse(&self, refusal: &Refusal, to: &ReplyTo, book: &Book, at: Timestamp) -> NewPost;
}

/// A decision, as it is told.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// The state before it.
    pub before: &'a Book,
    /// The state after it.
    pub after: &'a Book,
    /// What happened.
    pub emitted: &'a [Emitted],
    /// Who stands behind it.
    pub actor: &'a Actor,
    /// When it was decided.
    pub at: Timestamp,
    /// Makes the buttons' values.
    pub sealer: &'a Sealer,
}

/// A press that changed nothing.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// The incident that the button belongs to.
    pub incident: IncidentId,
    /// What it does.
    pub action: &'a Action,
    /// Makes the buttons' values.
    pub sealer: &'a Sealer,
}

/// What is said, and the buttons that can be pressed from then on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Narration {
    /// Posts, in order.
    pub posts: Vec<NewPost>,
    /// Buttons.
    pub tokens: Vec<NewToken>,
}

/// Where one person is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    /// Who.
    pub person: Person,
    /// In which channel.
    pub channel: Channel,
    /// An address that the platform gave for answers, if it did.
    pub response_url: Option<String>,
}
