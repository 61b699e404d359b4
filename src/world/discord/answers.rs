//! The first answer to an interaction, over REST or as the body of the delivery's own answer: both mean the same.

use serde_json::{Map, Value};

use super::DiscordModel;
use super::form::{self, EPHEMERAL, Purpose, Said};
use super::interactions::{Kind, PATIENCE, Stage};
use super::people::{Choice, Modal};
use super::refusal::{Mistake, Refusal};
use super::store::{Draft, Message};

/// What came of an answer.
#[derive(Debug)]
pub(super) struct Answered {
    /// The type of the answer.
    pub(super) kind: u64,
    /// The message that it made or changed.
    pub(super) message: Option<Message>,
}

impl DiscordModel {
    /// Takes the first answer to an interaction.
    pub(super) fn answer(&self, id: &str, body: &Value) -> Result<Answered, Refusal> {
        let (kind, channel, pressed) = self.awaiting(id)?;
        for name in body.as_object().into_iter().flat_map(Map::keys) {
            if name != "type" && name != "data" {
                return Err(Refusal::unmodelled(format!("the member {name} of an answer")));
            }
        }
        let empty = Map::new();
        let data = body["data"].as_object().unwrap_or(&empty);
        let number = body["type"].as_u64().unwrap_or(0);
        let message = match number {
            4 if kind != Kind::Completion => Some(self.answer_message(id, data)?),
            5 if kind != Kind::Completion => Some(self.answer_later(id, data)?),
            6 | 7 if pressed.is_some() && kind != Kind::Completion => {
                let source = pressed.unwrap_or_default();
                let message = if number == 7 {
                    self.change(&channel, &source, form::read(data, Purpose::Answer)?)
                } else {
                    self.state().store.find(&channel, &source).cloned()
                };
                self.set_original(id, &source);
                message
            }
            8 if kind == Kind::Completion => {
                self.propose(id, data)?;
                None
            }
            9 if kind == Kind::Command || kind == Kind::Press => {
                self.open_modal(id, data)?;
                None
            }
            _ => {
                let code = "INTERACTION_RESPONSE_TYPE_INVALID";
                let what = "This type does not answer this interaction.";
                return Err(Refusal::form(vec![Mistake::new("type", code, what)]));
            }
        };
        if let Some(interaction) = self.state().interactions.get_mut(id) {
            interaction.settle();
        }
        self.ledger.touch();
        Ok(Answered { kind: number, message })
    }

    /// The interaction, if its first answer may still come: its kind, its channel, and the message that was pressed.
    fn awaiting(&self, id: &str) -> Result<(Kind, String, Option<String>), Refusal> {
        let now = self.now();
        let state = self.state();
        let unknown = || Refusal::missing(10_062, "interaction");
        let interaction = state.interactions.get(id).ok_or_else(unknown)?;
        match interaction.stage {
            Stage::Answered => {
                Err(Refusal::bad(40_060, "Interaction has already been acknowledged."))
            }
            Stage::Dead => Err(unknown()),
            Stage::Waiting if now.since(interaction.at) > PATIENCE => Err(unknown()),
            Stage::Waiting => {
                let channel = interaction.channel.clone();
                Ok((interaction.kind, channel, interaction.pressed.clone()))
            }
        }
    }

    fn answer_message(&self, id: &str, data: &Map<String, Value>) -> Result<Message, Refusal> {
        let said = form::read(data, Purpose::Answer)?;
        if said.is_empty() {
            return Err(Refusal::bad(50_006, "Cannot send an empty message"));
        }
        Ok(self.say_in_answer(id, said, false, true))
    }

    fn answer_later(&self, id: &str, data: &Map<String, Value>) -> Result<Message, Refusal> {
        let said = form::read(data, Purpose::Answer)?;
        if !said.is_empty() {
            return Err(Refusal::unmodelled("what a deferred answer says".to_owned()));
        }
        Ok(self.say_in_answer(id, said, true, true))
    }

    /// Says something in answer to an interaction; the first such message is its original.
    pub(super) fn say_in_answer(
        &self,
        id: &str,
        said: Said,
        is_loading: bool,
        is_first: bool,
    ) -> Message {
        let now = self.now();
        let pings = said.allowed.pings(said.content.as_deref().unwrap_or_default());
        let mut state = self.state();
        let (channel, user, reason) = match state.interactions.get(id) {
            Some(one) => (one.channel.clone(), one.user.clone(), Some(one.reason())),
            None => (String::new(), String::new(), None),
        };
        let only_for = (said.flags & EPHEMERAL != 0).then_some(user.as_str());
        let draft = Draft {
            channel: &channel,
            user: &self.seed().application_id,
            bot: true,
            only_for,
            reason,
            loading: is_loading,
            pings,
            said,
        };
        let message = state.store.add(now, draft);
        if let Some(interaction) = state.interactions.get_mut(id).filter(|_| is_first) {
            interaction.original = Some(message.id.clone());
        }
        drop(state);
        self.ledger.touch();
        message
    }

    fn set_original(&self, id: &str, message: &str) {
        if let Some(interaction) = self.state().interactions.get_mut(id) {
            interaction.original = Some(message.to_owned());
        }
    }

    /// Changes what a message says.
    pub(super) fn change(&self, channel: &str, id: &str, said: Said) -> Option<Message> {
        let now = self.now();
        let message = self.state().store.edit(now, channel, id, said);
        self.ledger.touch();
        message
    }

    fn propose(&self, id: &str, data: &Map<String, Value>) -> Result<(), Refusal> {
        let mut mistakes = Vec::new();
        let all = data.get("choices").and_then(Value::as_array).cloned().unwrap_or_default();
        if all.len() > 25 {
            let what = "Must be 25 or fewer in length.";
            mistakes.push(Mistake::new("data.choices", "BASE_TYPE_MAX_LENGTH", what));
        }
        let mut choices = Vec::new();
        for (index, choice) in all.iter().enumerate() {
            let name = choice["name"].as_str().unwrap_or_default().to_owned();
            let is_short = |text: &str| (1..=100).contains(&text.chars().count());
            if !is_short(&name) || choice["value"].as_str().is_some_and(|value| !is_short(value)) {
                let what = "Must be between 1 and 100 in length.";
                let place = format!("data.choices.{index}");
                mistakes.push(Mistake::new(&place, "BASE_TYPE_BAD_LENGTH", what));
            }
            choices.push(Choice { name, value: choice["value"].clone() });
        }
        if !mistakes.is_empty() {
            return Err(Refusal::form(mistakes));
        }
        if let Some(interaction) = self.state().interactions.get_mut(id) {
            interaction.choices = choices;
        }
        Ok(())
    }

    fn open_modal(&self, id: &str, data: &Map<String, Value>) -> Result<(), Refusal> {
        let mut state = self.state();
        let Some(interaction) = state.interactions.get(id) else { return Ok(()) };
        let user = interaction.user.clone();
        let modal = Modal::read(data, interaction)?;
        state.modals.insert(user, modal);
        Ok(())
    }
}
