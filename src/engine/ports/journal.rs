//! The journal's side: everything that becomes durable, and how it is read back.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::MessageRef;
use crate::domain::actor::Person;
use crate::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use crate::domain::service::Channel;
use crate::domain::time::Timestamp;

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
    #[error(
        "the journal is in use by another process: {0}; stop that one, or wait until it is done"
    )]
    Locked(String),
    /// The file is not what we wrote.
    #[error("the journal is damaged: {0}; restore it from a backup before the bot acts on it")]
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
    /// Whether a new request could be recorded now, as far as can be told without recording one.
    async fn takes_what_is_new(&self) -> Result<(), JournalError>;
    /// Recomputes the hash chains.
    async fn verify(&self, scope: VerifyScope) -> Result<VerifyReport, JournalError>;
    /// Removes deliveries older than `before` that are settled, and buttons older than that. Events are never removed.
    async fn prune(
        &self,
        deliveries_before: Timestamp,
        tokens_before: Timestamp,
    ) -> Result<(), JournalError>;
}
