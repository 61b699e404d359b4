//! Discord's interactions, turned into platform-neutral requests. Owns our own serde structs: tolerant of members that
//! we do not use, strict about those that we do. It must only ever see bytes whose origin was checked (`verify.rs`, or
//! the gateway's connection). Next: `receive.rs` and `gateway.rs` call it, `answer.rs` answers.
//!
//! serenity's own structs ask for a dozen members that nobody here needs, each of which could refuse a whole press.
//!
//! One installation serves one guild. Direct messages and other guilds are a foreign tenant.

mod completion;
mod submission;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::adapters::inbound_text::{Clean, is_too_deep, some_text};
use crate::chat::inbound::{Completing, Inbound, PressedMessage, Said};
use crate::domain::actor::{Person, Platform};
use crate::domain::ids::DeliveryKey;
use crate::domain::service::Channel;

pub use crate::adapters::inbound_text::Malformed;

/// An id is a number of 64 bits.
const LONGEST_ID: usize = 20;
/// Discord's tokens have about 200 characters.
const LONGEST_TOKEN: usize = 1024;
/// Discord allows 32 characters for a command's name.
const LONGEST_COMMAND: usize = 32;
/// Of a message: only one person sees it.
const EPHEMERAL: u64 = 1 << 6;
/// A slash command has at most 25 options; beyond a subcommand nothing nests.
const MOST_OPTIONS: usize = 25;

/// Who we are at Discord, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// The application's id.
    pub application: String,
    /// The guild's id.
    pub guild: String,
    /// `https://discord.com/api/v10`, or a model's address.
    pub api: String,
}

/// What Discord sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Discord asks whether anybody is here.
    Ping,
    /// Somebody did something.
    Interaction(Box<Interaction>),
}

/// Something that somebody did, and how it is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interaction {
    /// What they did.
    pub what: What,
    /// Its id, which its answer is addressed to.
    pub id: String,
    /// What allows to answer it, for 15 minutes. Secret.
    pub token: String,
}

/// What somebody did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Something to take in.
    Inbound(Inbound),
    /// They are typing a command and want to be offered something; `None`: there is nothing to offer to them.
    Typing(Option<Completing>),
}

/// An interaction's JSON text.
pub fn interaction(home: &Home, body: &[u8]) -> Result<Heard, Malformed> {
    let text = std::str::from_utf8(body).map_err(|_| Malformed("not UTF-8"))?;
    if is_too_deep(text) {
        return Err(Malformed("an interaction nests too deep"));
    }
    // Other kinds of interaction have other shapes: look at the kind and the tenant before asking for the members of
    // one.
    let head: Head = read(text)?;
    if head.kind == PING {
        return Ok(Heard::Ping);
    }
    let (id, token) = (head.id.0, head.token.ok_or(Malformed("an interaction has no token"))?.0);
    let guild = head.guild_id.map(|guild| guild.0);
    let is_ours = head.application_id.0 == home.application;
    let is_at_home = is_ours && guild.as_deref() == Some(&home.guild);
    let place = Place { home, key: &id, response_url: response_url(home, &token) };
    let what = match head.kind {
        AUTOCOMPLETE if !is_at_home => What::Typing(None),
        AUTOCOMPLETE => What::Typing(completion::read(home, text)?),
        _ if !is_at_home => {
            What::Inbound(Inbound::ForeignTenant { tenant: guild.filter(|_| is_ours) })
        }
        COMMAND => What::Inbound(read::<Command>(text)?.into_inbound(place)),
        COMPONENT => What::Inbound(read::<Press>(text)?.into_inbound(place)),
        MODAL_SUBMIT => What::Inbound(submission::read(place, text)?),
        other => What::Inbound(unsupported(&format!("interaction of type {other}"))),
    };
    Ok(Heard::Interaction(Box::new(Interaction { what, id, token })))
}

/// The members of one kind of interaction.
fn read<T: DeserializeOwned>(text: &str) -> Result<T, Malformed> {
    serde_json::from_str(text).map_err(|_| Malformed("not an interaction"))
}

/// Where an interaction is answered later: its webhook's address.
pub fn response_url(home: &Home, token: &str) -> String {
    format!("{}/webhooks/{}/{token}", home.api, home.application)
}

const PING: u8 = 1;
const COMMAND: u8 = 2;
const COMPONENT: u8 = 3;
const AUTOCOMPLETE: u8 = 4;
const MODAL_SUBMIT: u8 = 5;

fn unsupported(what: &str) -> Inbound {
    Inbound::Unsupported { what: what.to_owned() }
}

/// An immutable id: digits.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Id(String);

impl TryFrom<String> for Id {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=LONGEST_ID).contains(&text.len());
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if fits && digits { Ok(Self(text)) } else { Err("not an id") }
    }
}

/// What allows to answer: characters that can stand in a path as they are.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Token(String);

impl TryFrom<String> for Token {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if is_token(&text) { Ok(Self(text)) } else { Err("not a token") }
    }
}

/// Whether a text can be an interaction's token.
pub(super) fn is_token(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'=');
    (1..=LONGEST_TOKEN).contains(&text.len()) && text.bytes().all(plain)
}

#[derive(Debug, Deserialize)]
struct Head {
    id: Id,
    application_id: Id,
    #[serde(rename = "type")]
    kind: u8,
    token: Option<Token>,
    guild_id: Option<Id>,
}

/// What both kinds say of who and where.
#[derive(Debug, Deserialize)]
struct Scene {
    member: Option<Member>,
    channel_id: Option<Id>,
    channel: Option<Spot>,
}

#[derive(Debug, Deserialize)]
struct Member {
    user: User,
}

#[derive(Debug, Deserialize)]
struct User {
    id: Id,
    bot: Option<bool>,
    system: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Spot {
    id: Id,
    #[serde(rename = "type")]
    kind: Option<u8>,
    parent_id: Option<Id>,
}

/// Whatever is needed besides the interaction's own members.
struct Place<'a> {
    home: &'a Home,
    key: &'a str,
    response_url: String,
}

impl Place<'_> {
    fn key(&self, kind: &str) -> DeliveryKey {
        DeliveryKey(format!("discord:{kind}:{}", self.key))
    }
}

impl Scene {
    /// Who, if it is a person, and where. A thread counts as its channel: what is said under a card is said to its
    /// team.
    fn read(self, home: &Home) -> Result<(Person, Channel), &'static str> {
        let Some(Member { user }) = self.member else { return Err("interaction without a member") };
        if user.bot == Some(true) || user.system == Some(true) {
            return Err("interaction of a bot: only people may");
        }
        let spot = match (self.channel, self.channel_id) {
            (Some(Spot { kind: Some(10..=12), parent_id: Some(parent), .. }), _) => parent,
            (Some(Spot { id, .. }), _) | (None, Some(id)) => id,
            (None, None) => return Err("interaction outside a channel"),
        };
        let person =
            Person { platform: Platform::Discord, tenant: home.guild.clone(), user: user.id.0 };
        let channel =
            Channel { platform: Platform::Discord, tenant: home.guild.clone(), id: spot.0 };
        Ok((person, channel))
    }
}

#[derive(Debug, Deserialize)]
struct Command {
    #[serde(flatten)]
    scene: Scene,
    data: CommandData,
}

#[derive(Debug, Deserialize)]
struct CommandData {
    name: Clean,
    #[serde(rename = "type", default = "chat_input")]
    kind: u8,
    #[serde(default)]
    options: Vec<CommandOption>,
}

/// A command that is typed, and not one of a menu.
const CHAT_INPUT: u8 = 1;

fn chat_input() -> u8 {
    CHAT_INPUT
}

#[derive(Debug, Deserialize)]
struct CommandOption {
    name: Clean,
    #[serde(rename = "type")]
    kind: u8,
    value: Option<Value>,
    #[serde(default)]
    options: Vec<CommandOption>,
    /// It is the one that is being typed.
    #[serde(default)]
    focused: bool,
}

const SUBCOMMAND: u8 = 1;

impl Command {
    fn into_inbound(self, place: Place<'_>) -> Inbound {
        let (person, channel) = match self.scene.read(place.home) {
            Ok(read) => read,
            Err(what) => return unsupported(what),
        };
        if self.data.kind != CHAT_INPUT {
            return unsupported("command of a menu");
        }
        if self.data.name.0.chars().count() > LONGEST_COMMAND {
            return unsupported("command with a name that Discord does not allow");
        }
        let (subcommand, options) = below_subcommand(self.data.options);
        let Some(options) = values(options) else {
            return unsupported("command with options of another version");
        };
        Inbound::Command {
            key: place.key("cmd"),
            person,
            channel,
            command: format!("/{}", self.data.name.0),
            said: Said::Options { subcommand, options },
            response_url: Some(place.response_url),
        }
    }
}

/// The subcommand, if there is one, and the options that belong to it.
fn below_subcommand(options: Vec<CommandOption>) -> (Option<String>, Vec<CommandOption>) {
    match <[CommandOption; 1]>::try_from(options) {
        Ok([only]) if only.kind == SUBCOMMAND => (Some(only.name.0), only.options),
        Ok([only]) => (None, vec![only]),
        Err(options) => (None, options),
    }
}

/// Name and value of every option; `None` if one has no plain value.
fn values(options: Vec<CommandOption>) -> Option<Vec<(String, String)>> {
    if options.len() > MOST_OPTIONS {
        return None;
    }
    let pairs = options.into_iter().map(|option| {
        let value = match option.value? {
            Value::String(text) if !text.contains('\0') => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::String(_) | Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        Some((option.name.0, value))
    });
    pairs.collect()
}

#[derive(Debug, Deserialize)]
struct Press {
    #[serde(flatten)]
    scene: Scene,
    data: PressData,
    message: Option<Message>,
}

#[derive(Debug, Deserialize)]
struct PressData {
    custom_id: Option<Clean>,
    component_type: u8,
}

const BUTTON: u8 = 2;

#[derive(Debug, Deserialize)]
struct Message {
    id: Id,
    #[serde(default)]
    flags: u64,
}

impl Press {
    /// A press of one of our buttons by a person; anything else is a control of another version of us.
    fn into_inbound(self, place: Place<'_>) -> Inbound {
        let (person, channel) = match self.scene.read(place.home) {
            Ok(read) => read,
            Err(what) => return unsupported(what),
        };
        let Some(message) = self.message else { return unsupported("press outside a message") };
        let custom_id = some_text(self.data.custom_id).unwrap_or_default();
        let (Some((action, token)), BUTTON) =
            (custom_id.rsplit_once(':'), self.data.component_type)
        else {
            return unsupported("press of another control");
        };
        if action.is_empty() || token.is_empty() {
            return unsupported("press of another control");
        }
        let ephemeral = message.flags & EPHEMERAL != 0;
        Inbound::Press {
            key: place.key("press"),
            person,
            channel,
            token: token.to_owned(),
            action: action.to_owned(),
            response_url: Some(place.response_url),
            // A form is the answer to the press itself.
            trigger: None,
            message: PressedMessage { id: Some(message.id.0), ephemeral },
        }
    }
}

#[cfg(test)]
mod tests;
