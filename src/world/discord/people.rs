//! What people type, press and send, as Discord's own client lets them: options are checked against the registered commands,
//! forms against their limits, before anything reaches the app.

mod modal;
mod options;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::DiscordModel;
use super::interactions::{Deed, Kind};
use super::store::Message;

pub use modal::{Modal, ModalInput};

/// A command with its options, as the client's typed fields hold them.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    command: String,
    subcommand: Option<String>,
    options: Vec<(String, Value)>,
}

impl Typed {
    /// A command, with its subcommand behind it where it has any: `incident note`. A slash is left out.
    pub fn new(line: &str) -> Self {
        let mut words = line.trim_start_matches('/').split_whitespace();
        let command = words.next().unwrap_or_default().to_owned();
        Self { command, subcommand: words.next().map(str::to_owned), options: Vec::new() }
    }

    /// With an option filled in. People, channels and roles are given by their ids.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.options.push((name.to_owned(), value.into()));
        self
    }

    /// As people read it.
    fn shown(&self) -> String {
        let mut line = format!("/{}", self.command);
        if let Some(word) = &self.subcommand {
            line = format!("{line} {word}");
        }
        for (name, value) in &self.options {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            line = format!("{line} {name}: {value}");
        }
        line
    }
}

/// A proposal for what somebody is typing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// Shown.
    pub name: String,
    /// Filled in.
    pub value: Value,
}

impl DiscordModel {
    /// A person sends a command.
    ///
    /// # Errors
    /// When Discord's client would not let them, in a sentence.
    pub async fn type_command(
        &self,
        user: &str,
        channel: &str,
        typed: &Typed,
    ) -> Result<(), String> {
        self.may_act(user, channel)?;
        let data = self.command_data(typed, None)?;
        let (name, line) = (typed.command.clone(), typed.shown());
        let deed = Deed { kind: Kind::Command, user, channel, command: &line, pressed: None };
        if !self.does(deed, data, None).await {
            let text = format!("/{name}: The application did not respond");
            self.tells(channel, user, &text);
        }
        Ok(())
    }

    /// A person types in one option, and asks for proposals.
    ///
    /// # Errors
    /// When the option cannot be completed, or the app gives none.
    pub async fn complete(
        &self,
        user: &str,
        channel: &str,
        typed: &Typed,
        focused: &str,
    ) -> Result<Vec<Choice>, String> {
        self.may_act(user, channel)?;
        let data = self.command_data(typed, Some(focused))?;
        let line = typed.shown();
        let deed = Deed { kind: Kind::Completion, user, channel, command: &line, pressed: None };
        let begun = self.begin(deed);
        let id = begun.id.clone();
        let payload = self.payload(deed, data, None);
        if !self.deliver(begun, payload).await {
            return Err("Loading options failed".to_owned());
        }
        Ok(self.state().interactions.get(&id).map(|one| one.choices.clone()).unwrap_or_default())
    }

    /// A person presses a button. What is pressed is settled by the call; the bot hears of it once the future is awaited.
    ///
    /// # Errors
    /// When the person cannot see such a button.
    pub fn press(
        &self,
        user: &str,
        channel: &str,
        message: &str,
        custom_id: &str,
    ) -> impl Future<Output = Result<(), String>> {
        let pressed = self.may_act(user, channel).and_then(|()| {
            let message = self.state().store.find(channel, message).cloned();
            let message = message.filter(|one| one.visible_to(user)).ok_or("no such message")?;
            let button = button(&message, custom_id).ok_or("no such button")?;
            let data = json!({"custom_id": custom_id, "component_type": 2, "id": button["id"]});
            let pressed = Some(message.id.as_str());
            let deed = Deed { kind: Kind::Press, user, channel, command: "", pressed };
            Ok((self.begin(deed), self.payload(deed, data, Some(&message))))
        });
        async move {
            let (begun, payload) = pressed?;
            if !self.deliver(begun, payload).await {
                self.tells(channel, user, "This interaction failed");
            }
            Ok(())
        }
    }

    /// A person says something in a channel or thread.
    ///
    /// # Errors
    /// When the person or the channel is not here.
    pub fn says(&self, user: &str, channel: &str, text: &str) -> Result<(), String> {
        self.may_act(user, channel)?;
        self.note(channel, user, None, text);
        Ok(())
    }

    /// The form that a person has open.
    pub fn modal(&self, user: &str) -> Option<Modal> {
        self.state().modals.get(user).cloned()
    }

    /// A person closes the form without sending it.
    pub fn close_modal(&self, user: &str) {
        self.state().modals.remove(user);
        self.ledger.touch();
    }

    /// A person fills in the form and sends it. What is not named is left as it was proposed.
    ///
    /// # Errors
    /// When no form is open, or the client would not send it like this.
    pub async fn submit_modal(&self, user: &str, values: &[(&str, &str)]) -> Result<(), String> {
        let modal = self.modal(user).ok_or("no form is open")?;
        self.may_act(user, &modal.channel)?;
        let data = modal.filled_in(values)?;
        let message = modal
            .pressed
            .as_ref()
            .and_then(|pressed| self.state().store.find(&modal.channel, pressed).cloned());
        let deed = Deed {
            kind: Kind::Form,
            user,
            channel: &modal.channel,
            command: "",
            pressed: modal.pressed.as_deref(),
        };
        if self.does(deed, data, message.as_ref()).await {
            self.state().modals.remove(user);
            self.ledger.touch();
        } else {
            self.tells(&modal.channel, user, "Something went wrong. Try again.");
        }
        Ok(())
    }

    /// Does it, and waits for the first answer. Whether it came in time.
    async fn does(&self, deed: Deed<'_>, data: Value, message: Option<&Message>) -> bool {
        let begun = self.begin(deed);
        let payload = self.payload(deed, data, message);
        self.deliver(begun, payload).await
    }

    fn payload(&self, deed: Deed<'_>, data: Value, message: Option<&Message>) -> Value {
        let mut payload = self.shown_place(deed.channel, deed.user);
        payload["type"] = deed.kind.number().into();
        payload["data"] = data;
        if let Some(message) = message {
            payload["message"] = self.shown(message);
        }
        payload
    }

    fn may_act(&self, user: &str, channel: &str) -> Result<(), String> {
        if !self.state().members.contains_key(user) {
            return Err("You are not a member of this server.".to_owned());
        }
        if self.is_channel(channel) { Ok(()) } else { Err("There is no such channel.".to_owned()) }
    }

    /// A command's data on the wire. With a focused option it is still being typed.
    fn command_data(&self, typed: &Typed, focused: Option<&str>) -> Result<Value, String> {
        let commands = self.commands();
        let command = commands.iter().find(|one| one["name"] == typed.command.as_str());
        let command = command.ok_or_else(|| format!("There is no command /{}.", typed.command))?;
        let declared = command["options"].as_array().map_or(&[][..], Vec::as_slice);
        let subcommands = declared.iter().filter(|one| one["type"] == 1);
        let names: Vec<&str> = subcommands.filter_map(|one| one["name"].as_str()).collect();
        let mut resolved = Map::new();
        let options = match (&typed.subcommand, names.is_empty()) {
            (None, true) => self.option_data(declared, typed, focused, &mut resolved)?,
            (Some(name), false) => {
                let found = declared.iter().find(|one| one["name"] == name.as_str());
                let found =
                    found.ok_or_else(|| format!("There is no /{} {name}.", typed.command))?;
                let declared = found["options"].as_array().map_or(&[][..], Vec::as_slice);
                let options = self.option_data(declared, typed, focused, &mut resolved)?;
                vec![json!({"name": name, "type": 1, "options": options})]
            }
            (None, false) => return Err(format!("Choose one of: {}.", names.join(", "))),
            (Some(_), true) => return Err(format!("/{} has no subcommands.", typed.command)),
        };
        let mut data = json!({"id": command["id"], "name": command["name"], "type": 1});
        if command["guild_id"].is_string() {
            data["guild_id"] = command["guild_id"].clone();
        }
        if !options.is_empty() {
            data["options"] = options.into();
        }
        if !resolved.is_empty() {
            data["resolved"] = Value::Object(resolved);
        }
        Ok(data)
    }
}

fn button(message: &Message, custom_id: &str) -> Option<Value> {
    let rows = message.components.iter();
    let mut buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    buttons.find(|one| one["custom_id"] == custom_id && one["disabled"] != true).cloned()
}
