//! The chat side: saying one message, and turning what happened into what is said.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{NewPost, NewToken};
use crate::domain::action::Action;
use crate::domain::actor::{Actor, Person};
use crate::domain::book::Book;
use crate::domain::event::Emitted;
use crate::domain::ids::IncidentId;
use crate::domain::refusal::Refusal;
use crate::domain::service::Channel;
use crate::domain::time::{Span, Timestamp};
use crate::engine::seal::Sealer;

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
