//! What somebody did and the app has to answer: three seconds for the first answer, one of them, and fifteen minutes for
//! everything after it.

use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use super::people::Choice;
use super::refusal::Refusal;
use super::store::Reason;
use super::{DiscordModel, VENDOR};
use crate::domain::time::{Span, Timestamp};

/// How long the app may take for its first answer.
pub(super) const PATIENCE: Span = Span::seconds(3);
/// How long the token lives.
const LIFE: Span = Span::minutes(15);

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Sent a command.
    Command,
    /// Pressed a button.
    Press,
    /// Is typing, and would like proposals.
    Completion,
    /// Sent a form.
    Form,
}

impl Kind {
    /// Its number on the wire.
    pub(super) fn number(self) -> u8 {
        match self {
            Self::Command => 2,
            Self::Press => 3,
            Self::Completion => 4,
            Self::Form => 5,
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The first answer is awaited.
    Waiting,
    /// It was answered.
    Answered,
    /// It was not answered in time.
    Dead,
}

/// One interaction.
#[derive(Debug)]
pub(super) struct Interaction {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) kind: Kind,
    pub(super) user: String,
    pub(super) channel: String,
    pub(super) at: Timestamp,
    /// The command, as it was typed.
    pub(super) command: String,
    /// The message with the button, also behind a form that a press opened.
    pub(super) pressed: Option<String>,
    pub(super) stage: Stage,
    /// The message that `@original` means, in the same channel.
    pub(super) original: Option<String>,
    /// What was proposed.
    pub(super) choices: Vec<Choice>,
    /// Who waits for the first answer.
    answered: Option<oneshot::Sender<()>>,
}

/// Who did what where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deed<'a> {
    pub(super) kind: Kind,
    pub(super) user: &'a str,
    pub(super) channel: &'a str,
    pub(super) command: &'a str,
    pub(super) pressed: Option<&'a str>,
}

/// What the deliverer needs of an interaction that has just begun.
pub(super) struct Begun {
    pub(super) id: String,
    pub(super) token: String,
    pub(super) answered: oneshot::Receiver<()>,
}

impl Interaction {
    /// What the messages that answer it say about it.
    pub(super) fn reason(&self) -> Reason {
        Reason {
            id: self.id.clone(),
            kind: self.kind.number(),
            user: self.user.clone(),
            command: self.command.clone(),
            pressed: self.pressed.clone(),
        }
    }

    /// Notes the first answer, and wakes who waits for it.
    pub(super) fn settle(&mut self) {
        self.stage = Stage::Answered;
        if let Some(waiting) = self.answered.take() {
            // Whoever waited may have lost patience.
            let _ = waiting.send(());
        }
    }
}

impl DiscordModel {
    /// Somebody does something.
    pub(super) fn begin(&self, deed: Deed<'_>) -> Begun {
        let at = self.now();
        let mut state = self.state();
        let id = state.store.mint_id(at);
        let secret = &self.seed().credentials.bot_token;
        let token = format!("aW50{}", hex::encode(Sha256::digest(format!("{secret}{id}"))));
        let (sender, answered) = oneshot::channel();
        let interaction = Interaction {
            id: id.clone(),
            token: token.clone(),
            kind: deed.kind,
            user: deed.user.to_owned(),
            channel: deed.channel.to_owned(),
            at,
            command: deed.command.to_owned(),
            pressed: deed.pressed.map(str::to_owned),
            stage: Stage::Waiting,
            original: None,
            choices: Vec::new(),
            answered: Some(sender),
        };
        state.interactions.insert(id.clone(), interaction);
        Begun { id, token, answered }
    }

    /// Gives up waiting; whether it was answered after all.
    pub(super) fn give_up(&self, id: &str) -> bool {
        let mut state = self.state();
        let Some(interaction) = state.interactions.get_mut(id) else { return false };
        if interaction.stage == Stage::Waiting {
            interaction.stage = Stage::Dead;
        }
        interaction.stage == Stage::Answered
    }

    /// The id of the interaction whose webhook this is, while its token lives.
    pub(super) fn webhook(&self, application: &str, token: &str) -> Result<String, Refusal> {
        let now = self.now();
        let state = self.state();
        let found = state.interactions.values().find(|one| one.token == token);
        let found = found.filter(|_| application == self.seed().application_id);
        let interaction = found.ok_or_else(|| Refusal::missing(10_015, "Webhook"))?;
        if now.since(interaction.at) > LIFE {
            return Err(Refusal::webhook_token());
        }
        if interaction.stage != Stage::Answered {
            return Err(Refusal::missing(10_015, "Webhook"));
        }
        Ok(interaction.id.clone())
    }

    /// Meets the trap of a token that is over.
    pub(super) fn expired(&self, method: &str, path: &str) -> Option<Refusal> {
        let fault = self.ledger.spring(VENDOR, "token_expired", method, path);
        fault.map(|_| Refusal::webhook_token())
    }
}
