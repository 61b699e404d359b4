//! What an app may do with the token of an interaction, once it has answered: read, change and take back its answer, and
//! say more.

use axum::http::StatusCode;
use serde_json::Value;

use super::DiscordModel;
use super::calls::{Answer, object, reply};
use super::form::{self, Purpose};
use super::refusal::Refusal;
use super::store::Message;

/// Which message, in whose name.
pub(super) struct Address<'a> {
    pub(super) application: &'a str,
    pub(super) token: &'a str,
    /// An id, or `@original`.
    pub(super) message: &'a str,
}

fn unknown_message() -> Refusal {
    Refusal::missing(10_008, "Message")
}

impl DiscordModel {
    /// Says more. Right after a deferred answer this is the answer itself, as Discord still does it.
    pub(super) fn follow_up(&self, application: &str, token: &str, body: &Value) -> Answer {
        let id = self.webhook(application, token)?;
        let said = form::read(object(body)?, Purpose::Answer)?;
        if said.is_empty() {
            return Err(Refusal::bad(50_006, "Cannot send an empty message"));
        }
        let awaited = self.original(&id).filter(|message| message.loading);
        let message = match awaited {
            Some(message) => self.change(&message.channel_id, &message.id, said),
            None => Some(self.say_in_answer(&id, said, false, false)),
        };
        let message = message.ok_or_else(unknown_message)?;
        reply(self.shown(&message))
    }

    /// Reads a message of the app.
    pub(super) fn webhook_message(&self, address: &Address<'_>) -> Answer {
        reply(self.shown(&self.own(address)?))
    }

    /// Changes a message of the app.
    pub(super) fn edit_webhook_message(&self, address: &Address<'_>, body: &Value) -> Answer {
        let message = self.own(address)?;
        let said = form::read(object(body)?, Purpose::Edit)?;
        let message = self.change(&message.channel_id, &message.id, said);
        reply(self.shown(&message.ok_or_else(unknown_message)?))
    }

    /// Takes a message of the app back.
    pub(super) fn delete_webhook_message(&self, address: &Address<'_>) -> Answer {
        let message = self.own(address)?;
        self.state().store.delete(&message.channel_id, &message.id);
        self.ledger.touch();
        Ok((StatusCode::NO_CONTENT, Value::Null))
    }

    fn own(&self, address: &Address<'_>) -> Result<Message, Refusal> {
        let id = self.webhook(address.application, address.token)?;
        if address.message == "@original" {
            return self.original(&id).ok_or_else(unknown_message);
        }
        let state = self.state();
        let channel = state.interactions.get(&id).map(|one| one.channel.clone());
        let room = state.store.room(channel.as_deref().unwrap_or_default());
        // Only what was said in answer to this very interaction can be reached with its token.
        let is_own = |one: &&Message| {
            one.id == address.message
                && one.interaction.as_ref().is_some_and(|reason| reason.id == id)
        };
        room.iter().find(is_own).cloned().ok_or_else(unknown_message)
    }

    fn original(&self, id: &str) -> Option<Message> {
        let state = self.state();
        let interaction = state.interactions.get(id)?;
        state.store.find(&interaction.channel, interaction.original.as_deref()?).cloned()
    }
}
