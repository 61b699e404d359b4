//! What people send, independent of platform: a typed command or a pressed button, already verified and parsed by the
//! platform's adapter. Owns the shape only; it must never hold a signature, a token of a vendor or a raw body. The
//! adapters make these values (`adapters/slack/wire.rs`); whoever implements [`Intake`] stores and answers them.

use async_trait::async_trait;

use crate::chat::reply::Card;
use crate::domain::actor::Person;
use crate::domain::ids::DeliveryKey;
use crate::domain::service::Channel;

/// One verified request of a chat platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// Somebody typed a command.
    Command {
        /// The same for every delivery of this request.
        key: DeliveryKey,
        /// Who typed it.
        person: Person,
        /// Where it was typed.
        channel: Channel,
        /// The command as typed, with its slash and any configured prefix: `/rollback`.
        command: String,
        /// What stood after it, trimmed. Foreign text.
        text: String,
        /// An address that the platform gave for answers. Not checked: the sending side decides whether to use it.
        response_url: Option<String>,
    },
    /// Somebody pressed a button.
    Press {
        /// The same for every delivery of this request.
        key: DeliveryKey,
        /// Who pressed it.
        person: Person,
        /// Where it was pressed.
        channel: Channel,
        /// The button's opaque value.
        token: String,
        /// The action's stable name; carries no authority.
        action: String,
        /// An address that the platform gave for answers. Not checked: the sending side decides whether to use it.
        response_url: Option<String>,
        /// The message that holds the button.
        message: PressedMessage,
    },
    /// The platform asked whether anybody is here; there is nothing to do and nothing to say.
    Probe,
    /// Rightly signed, but for another tenant than the configured one. Nothing of it may be shown or stored.
    ForeignTenant {
        /// The tenant it was for, if it named one.
        tenant: Option<String>,
    },
    /// Rightly signed, but a kind of request that this version has no use for.
    Unsupported {
        /// The platform's name of the kind, for the log.
        what: String,
    },
}

/// The message that holds a pressed button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PressedMessage {
    /// The platform's id of the message (Slack: `ts`), if it has one.
    pub id: Option<String>,
    /// Whether only the person who pressed can see it.
    pub ephemeral: bool,
}

/// Takes requests in: makes them durable, then says what to answer at once.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Stores the request and returns the immediate, private answer to a command; `None` answers nothing. What a press is
    /// answered with goes through the outbox, since platforms show no immediate answer to a press: a press that is answered
    /// here was not taken, and the platform is to show that.
    ///
    /// Adapters wait a limited time and then drop the future and say "not accepted": an implementation must be safe to drop
    /// at every await, and must not act later on a request whose caller is gone.
    async fn receive(&self, inbound: Inbound) -> Option<Card>;
}
