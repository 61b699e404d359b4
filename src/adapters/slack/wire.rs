//! Slack's inbound wire formats, turned into platform-neutral requests. Owns our own serde structs: tolerant of members
//! that we do not use (Slack adds some every month), strict about those that we do. It must only ever see bytes whose
//! origin was checked (`verify.rs`, or the Socket Mode connection). Next: `receive.rs` and `socket.rs` call it.
//!
//! slack-morphism's own structs refuse a whole interaction when a member they do not need has an unexpected type, and drop
//! members that we need (facts: `user.team_id` tells a guest of a shared channel from a member).
//!
//! One installation serves one workspace. Organisation-wide installations of Enterprise Grid send no team and are
//! answered as a foreign tenant.

mod submission;

use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::form;
use crate::adapters::inbound_text::{Clean, is_too_deep, some_text};
use crate::chat::inbound::{Inbound, PressedMessage, Said};
use crate::domain::actor::{Person, Platform};
use crate::domain::ids::DeliveryKey;
use crate::domain::service::Channel;

pub use crate::adapters::inbound_text::Malformed;

/// Slack's ids have 9 to 11 characters.
const LONGEST_ID: usize = 64;
/// A trigger id has about 50 characters; a longer one is not used as a key as it is.
const LONGEST_TRIGGER: usize = 128;

/// A slash command as Slack posts it: a form.
pub fn command_form(team: &str, body: &[u8]) -> Result<Inbound, Malformed> {
    let fields = form::decode(body)?;
    if is_probe(fields.get("ssl_check")) {
        return Ok(Inbound::Probe);
    }
    command(team, Value::Object(fields))
}

/// An interaction as Slack posts it: a form with one field of JSON.
pub fn interaction_form(team: &str, body: &[u8]) -> Result<Inbound, Malformed> {
    let fields = form::decode(body)?;
    if is_probe(fields.get("ssl_check")) {
        return Ok(Inbound::Probe);
    }
    match fields.get("payload") {
        Some(Value::String(payload)) => interaction(team, payload),
        Some(_) | None => Err(Malformed("an interaction has no payload")),
    }
}

/// A slash command's fields as an object, as Socket Mode sends them.
pub fn command(team: &str, fields: Value) -> Result<Inbound, Malformed> {
    let command: Command =
        serde_json::from_value(fields).map_err(|_| Malformed("not a slash command"))?;
    Ok(command.into_inbound(team))
}

/// An interaction's JSON text.
pub fn interaction(team: &str, payload: &str) -> Result<Inbound, Malformed> {
    if is_too_deep(payload) {
        return Err(Malformed("an interaction nests too deep"));
    }
    let broken = |_| Malformed("not an interaction");
    // Other kinds of interaction have other shapes: look at the kind before asking for the members of a press.
    let head: Head = serde_json::from_str(payload).map_err(broken)?;
    let tenant = head.team.map(|team| team.id.0);
    if tenant.as_deref() != Some(team) {
        return Ok(Inbound::ForeignTenant { tenant });
    }
    match head.kind.0.as_str() {
        "block_actions" => {
            let press: Press = serde_json::from_str(payload).map_err(broken)?;
            Ok(press.into_inbound(team))
        }
        "view_submission" => submission::read(team, payload),
        _ => Ok(Inbound::Unsupported { what: head.kind.0 }),
    }
}

fn is_probe(ssl_check: Option<&Value>) -> bool {
    ssl_check.and_then(Value::as_str) == Some("1")
}

/// An immutable id in Slack's canonical form: upper-case letters and digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Id(String);

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let canonical = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let fits = (1..=LONGEST_ID).contains(&text.len());
        if fits && text.bytes().all(canonical) { Ok(Self(text)) } else { Err("not an id") }
    }
}

#[derive(Debug, Deserialize)]
struct Command {
    team_id: Id,
    channel_id: Id,
    user_id: Id,
    command: CommandName,
    #[serde(default)]
    text: Clean,
    response_url: Option<Clean>,
    trigger_id: Option<Clean>,
}

/// A command's name with its slash.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
struct CommandName(String);

impl TryFrom<String> for CommandName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let named = text.len() > 1 && text.len() <= LONGEST_ID && text.starts_with('/');
        if named && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text))
        } else {
            Err("not a command's name")
        }
    }
}

impl Command {
    fn into_inbound(self, team: &str) -> Inbound {
        if self.team_id.0 != team {
            return Inbound::ForeignTenant { tenant: Some(self.team_id.0) };
        }
        let response_url = some_text(self.response_url);
        let key = delivery_key(
            "cmd",
            self.trigger_id,
            &[
                &self.channel_id.0,
                &self.user_id.0,
                &self.command.0,
                &self.text.0,
                response_url.as_deref().unwrap_or_default(),
            ],
        );
        Inbound::Command {
            key,
            person: person(team, self.user_id),
            channel: channel(team, self.channel_id),
            command: self.command.0,
            said: Said::Text(unescape(self.text.0.trim())),
            response_url,
        }
    }
}

#[derive(Debug, Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: Clean,
    team: Option<Named>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: Id,
}

#[derive(Debug, Deserialize)]
struct Press {
    user: Option<User>,
    channel: Option<Named>,
    container: Option<Container>,
    #[serde(default)]
    actions: Vec<Action>,
    response_url: Option<Clean>,
    trigger_id: Option<Clean>,
}

#[derive(Debug, Deserialize)]
struct User {
    id: Id,
    team_id: Option<Id>,
}

#[derive(Debug, Deserialize)]
struct Container {
    #[serde(rename = "type")]
    kind: Clean,
    message_ts: Option<Clean>,
    channel_id: Option<Id>,
    #[serde(default)]
    is_ephemeral: bool,
}

#[derive(Debug, Deserialize)]
struct Action {
    #[serde(rename = "type")]
    kind: Clean,
    action_id: Option<Clean>,
    value: Option<Clean>,
    action_ts: Option<Clean>,
}

impl Press {
    /// A press of one of our buttons on a message by a person; anything else is a control of somebody else, or of another
    /// version of us.
    fn into_inbound(self, team: &str) -> Inbound {
        let unsupported = |what: &str| Inbound::Unsupported { what: what.to_owned() };
        let Some(user) = self.user else { return unsupported("press without a person") };
        let Some(container) = self.container.filter(|container| container.kind.0 == "message")
        else {
            return unsupported("press outside a message");
        };
        let Some(place) = self.channel.map(|channel| channel.id).or(container.channel_id) else {
            return unsupported("press outside a channel");
        };
        let Ok([action]) = <[Action; 1]>::try_from(self.actions) else {
            return unsupported("press of several controls");
        };
        let (Some(name), Some(value), "button") =
            (some_text(action.action_id), some_text(action.value), action.kind.0.as_str())
        else {
            return unsupported("press of another control");
        };
        let message = PressedMessage {
            id: some_text(container.message_ts),
            ephemeral: container.is_ephemeral,
        };
        let pressed_at = some_text(action.action_ts).unwrap_or_default();
        let shown_in = message.id.as_deref().unwrap_or_default();
        let parts = [place.0.as_str(), &user.id.0, &name, &value, shown_in, &pressed_at];
        let trigger = self.trigger_id.clone();
        Inbound::Press {
            key: delivery_key("press", self.trigger_id, &parts),
            // A guest of a shared channel carries their own workspace's id. Rights are granted to that id, or not at all.
            person: person(user.team_id.as_ref().map_or(team, |home| &home.0), user.id),
            channel: channel(team, place),
            token: value,
            action: without_counter(&name).to_owned(),
            response_url: some_text(self.response_url),
            message,
            trigger: some_text(trigger).filter(|trigger| is_usable(trigger)),
        }
    }
}

/// A trigger id is made for one request and stays the same when the request is delivered again. Where there is none, the
/// parts of the request that tell it from others stand in.
fn delivery_key(kind: &str, trigger: Option<Clean>, parts: &[&str]) -> DeliveryKey {
    let name = some_text(trigger).filter(|trigger| is_usable(trigger)).unwrap_or_else(|| {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part.len().to_be_bytes());
            digest.update(part);
        }
        format!("sha256-{}", hex::encode(digest.finalize()))
    });
    DeliveryKey(format!("slack:{kind}:{name}"))
}

fn is_usable(trigger: &str) -> bool {
    trigger.len() <= LONGEST_TRIGGER && trigger.bytes().all(|byte| byte.is_ascii_graphic())
}

fn person(tenant: &str, user: Id) -> Person {
    Person { platform: Platform::Slack, tenant: tenant.to_owned(), user: user.0 }
}

fn channel(team: &str, id: Id) -> Channel {
    Channel { platform: Platform::Slack, tenant: team.to_owned(), id: id.0 }
}

/// Slack escapes these three in what people type, and nothing else. They are escaped again whenever the text is shown.
fn unescape(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// An action's name without the `:2` that keeps it unique within its row of buttons (`render.rs`).
fn without_counter(action_id: &str) -> &str {
    match action_id.rsplit_once(':') {
        Some((name, counter)) if counter.parse::<u32>().is_ok() => name,
        Some(_) | None => action_id,
    }
}

#[cfg(test)]
mod tests;
