//! What people send, independent of platform: a typed command, a pressed button or a filled form, already verified and
//! parsed by the platform's adapter. Owns the shape only; it must never hold a signature, a token of a vendor or a raw body. The
//! adapters make these values (`adapters/slack/wire.rs`); whoever implements [`Intake`] stores and answers them.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::chat::reply::{Card, Form};
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
        /// What was asked of it. Foreign text.
        said: Said,
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
        /// What the platform wants to see before it opens a form for this press, if it works that way (Slack).
        trigger: Option<String>,
    },
    /// Somebody filled a form in and sent it.
    Form {
        /// The same for every delivery of this request.
        key: DeliveryKey,
        /// Who sent it.
        person: Person,
        /// Where its button was pressed.
        channel: Channel,
        /// The opaque value of the button that opened it.
        token: String,
        /// What was filled in, by the fields' names. Foreign text.
        values: BTreeMap<String, String>,
        /// An address that the platform gave for answers. Not checked: the sending side decides whether to use it.
        response_url: Option<String>,
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

/// How a command's wishes were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// As one line behind the command, trimmed: Slack.
    Text(String),
    /// As typed options: Discord.
    Options {
        /// The subcommand, if the command has some.
        subcommand: Option<String>,
        /// Name and value of every option that was filled in.
        options: Vec<(String, String)>,
    },
}

impl fmt::Display for Said {
    /// As one would type it, for the record.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Options { subcommand, options } => {
                let words = subcommand.iter().cloned();
                let pairs = options.iter().map(|(name, value)| format!("{name}={value:?}"));
                f.write_str(&words.chain(pairs).collect::<Vec<_>>().join(" "))
            }
        }
    }
}

/// The message that holds a pressed button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PressedMessage {
    /// The platform's id of the message (Slack: `ts`), if it has one.
    pub id: Option<String>,
    /// Whether only the person who pressed can see it.
    pub ephemeral: bool,
}

/// What a request is answered with at once.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing: what comes of it is told by messages.
    Nothing,
    /// The immediate, private answer to a command. To a press or a form it means that it was not taken, and says why.
    Card(Card),
    /// What the one who pressed is asked first.
    Form(Form),
}

impl From<Option<Card>> for Answer {
    fn from(card: Option<Card>) -> Self {
        card.map_or(Self::Nothing, Self::Card)
    }
}

/// An option of a command that is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completing {
    /// Who types.
    pub person: Person,
    /// Where.
    pub channel: Channel,
    /// The command with any configured prefix, with or without its slash: `rollback`.
    pub command: String,
    /// The subcommand, if the command has some.
    pub subcommand: Option<String>,
    /// The option's name.
    pub option: String,
    /// What is typed of it so far. Foreign text.
    pub typed: String,
    /// Name and value of the other options that are filled in so far.
    pub others: Vec<(String, String)>,
}

/// Something that an option of a command can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What people read: inert text of at most 100 characters.
    pub name: String,
    /// What is sent when it is chosen; at most 100 characters.
    pub value: String,
}

/// Takes requests in: makes them durable, then says what to answer at once.
#[async_trait]
pub trait Intake: Send + Sync {
    /// Stores the request and says what to answer at once. What a press or a form leads to goes through the outbox, since
    /// platforms show no immediate answer to a press: one that is answered with a card here was not taken, and the platform
    /// is to show that. A press that asks for a form stores nothing.
    ///
    /// Adapters wait a limited time and then drop the future and say "not accepted": an implementation must be safe to drop
    /// at every await, and must not act later on a request whose caller is gone.
    async fn receive(&self, inbound: Inbound) -> Answer;

    /// What an option that is being typed can be: at most 25, best first. It only looks, and does not wait long: nothing
    /// is offered where something cannot be read in time.
    async fn complete(&self, completing: Completing) -> Vec<Choice>;
}
