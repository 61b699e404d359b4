//! The modelled chat: what stands in which channel, and what can be pressed. Owns what people see.

use repoint::domain::actor::{Person, Platform};
use repoint::domain::service::Channel;
use repoint::engine::ports::{Manner, MessageRef, Outbound};
use serde_json::Value;

/// A button that somebody can see, or once could.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Button {
    /// Its stable name.
    pub action: String,
    /// Its opaque value.
    pub token: String,
    /// The message that it stands in, as text, if it says yes to something.
    pub shown: String,
    /// The channel that it stands in.
    pub channel: Channel,
}

/// A message.
#[derive(Clone, Debug)]
struct Message {
    id: String,
    channel: Channel,
    buttons: Vec<Button>,
}

/// All channels.
#[derive(Clone, Debug, Default)]
pub struct Chat {
    messages: Vec<Message>,
    /// Buttons of messages that were edited since, and of private answers.
    old: Vec<Button>,
    /// How many messages were posted or edited, private ones too.
    pub activity: u64,
}

/// Old buttons that are kept; people do not scroll for ever.
const OLD_KEPT: usize = 40;

impl Chat {
    /// Says something. Gives the reference of a message that stands.
    pub fn say(&mut self, message: &Outbound) -> Option<MessageRef> {
        self.activity += 1;
        let found = buttons(&message.body, &message.channel);
        match &message.manner {
            Manner::Whisper { .. } => {
                self.keep(found);
                None
            }
            Manner::Edit(standing) => {
                let old = self.messages.iter_mut().find(|one| one.id == standing.id);
                let before = old.map(|one| std::mem::replace(&mut one.buttons, found));
                self.keep(before.unwrap_or_default());
                Some(standing.clone())
            }
            Manner::Post | Manner::Reply(_) => {
                let id = format!("{}", self.messages.len() + 1);
                let channel = message.channel.clone();
                let made = Message { id: id.clone(), channel: channel.clone(), buttons: found };
                self.messages.push(made);
                Some(MessageRef { channel, id })
            }
        }
    }

    /// What a private answer offers.
    pub fn answer(&mut self, body: &Value, channel: &Channel) {
        self.activity += 1;
        let found = buttons(body, channel);
        self.keep(found);
    }

    fn keep(&mut self, buttons: Vec<Button>) {
        self.old.extend(buttons);
        let too_many = self.old.len().saturating_sub(OLD_KEPT);
        self.old.drain(..too_many);
    }

    /// Buttons that stand in a message, newest message first.
    pub fn standing(&self) -> Vec<&Button> {
        self.messages.iter().rev().take(40).flat_map(|message| &message.buttons).collect()
    }

    /// Buttons that stood somewhere once.
    pub fn old(&self) -> &[Button] {
        &self.old
    }

    /// Whether a message stands.
    pub fn has(&self, standing: &MessageRef) -> bool {
        self.messages.iter().any(|one| one.id == standing.id && one.channel == standing.channel)
    }
}

fn buttons(body: &Value, channel: &Channel) -> Vec<Button> {
    let parts = body["parts"].as_array().into_iter().flatten();
    let rows = parts.filter_map(|part| part.get("buttons")?.as_array()).flatten();
    let found = rows.filter_map(|button| {
        let text = |name: &str| Some(button.get(name)?.as_str()?.to_owned());
        let (action, token) = (text("action")?, text("token")?);
        // What a card shows counts where somebody says yes to it.
        let shown = if action == "confirm" { body.to_string() } else { String::new() };
        Some(Button { action, token, shown, channel: channel.clone() })
    });
    found.collect()
}

/// A channel of the workspace.
pub fn channel(id: &str) -> Channel {
    Channel { platform: Platform::Slack, tenant: "T1".to_owned(), id: id.to_owned() }
}

/// A person of the workspace.
pub fn person(name: &str) -> Person {
    let user = format!("U{}", name.to_ascii_uppercase());
    Person { platform: Platform::Slack, tenant: "T1".to_owned(), user }
}
