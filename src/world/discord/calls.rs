//! REST: what each call does, once it is known who calls.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::form::{self, Purpose};
use super::refusal::{Mistake, Refusal};
use super::store::{Draft, Message, Thread};
use super::{DiscordModel, VENDOR};

/// A status and a body, or a no.
pub(super) type Answer = Result<(StatusCode, Value), Refusal>;

/// A plain yes.
pub(super) fn reply(body: Value) -> Answer {
    Ok((StatusCode::OK, body))
}

/// A body that must be an object.
pub(super) fn object(body: &Value) -> Result<&Map<String, Value>, Refusal> {
    let no = || Refusal::bad(50_109, "The request body contains invalid JSON.");
    body.as_object().ok_or_else(no)
}

fn unknown_channel() -> Refusal {
    Refusal::missing(10_003, "Channel")
}

fn unknown_message() -> Refusal {
    Refusal::missing(10_008, "Message")
}

/// A call, taken apart.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    /// Below `/api/v10`.
    pub(super) path: &'a [&'a str],
    /// The path as it came, for traps.
    pub(super) whole: &'a str,
    pub(super) query: &'a str,
    pub(super) body: &'a Value,
}

impl Call<'_> {
    fn asked(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

impl DiscordModel {
    /// Answers what needs no more than the bot's token.
    pub(super) fn call(&self, call: &Call<'_>) -> Answer {
        let seed = self.seed();
        match (call.method, call.path) {
            ("GET", ["gateway", "bot"]) => reply(self.shown_gateway()),
            ("GET", ["users", "@me"]) => reply(self.shown_self()),
            ("GET", ["applications", "@me"] | ["oauth2", "applications", "@me"]) => {
                reply(self.shown_application())
            }
            ("GET", ["channels", channel]) => {
                reply(self.shown_channel(channel).ok_or_else(unknown_channel)?)
            }
            ("GET", ["channels", channel, "messages"]) => self.list(channel, call),
            ("POST", ["channels", channel, "messages"]) => self.post(channel, call.body),
            (_, ["channels", channel, "messages", message]) => self.one(channel, message, call),
            ("POST", ["channels", channel, "messages", message, "threads"]) => {
                self.begin_thread(channel, message, call)
            }
            (_, ["guilds", guild, ..]) if *guild != seed.guild.id => {
                Err(Refusal::missing(10_004, "Guild"))
            }
            ("GET", ["guilds", _]) => reply(self.shown_guild()),
            ("GET", ["guilds", _, "roles"]) => {
                self.members_are_up(call)?;
                reply(self.shown_roles().into())
            }
            ("GET", ["guilds", _, "members", user]) => {
                self.members_are_up(call)?;
                let member = self.shown_member(user);
                reply(member.ok_or_else(|| Refusal::missing(10_007, "Member"))?)
            }
            (_, ["applications", application, rest @ ..])
                if *application == seed.application_id =>
            {
                self.application(rest, call)
            }
            _ => Err(Refusal::no_route(format!("{} {}", call.method, call.whole))),
        }
    }

    /// The calls about one message.
    fn one(&self, channel: &str, message: &str, call: &Call<'_>) -> Answer {
        match call.method {
            "GET" => reply(self.shown(&self.open_message(channel, message)?)),
            "PATCH" => self.edit(channel, message, call.body),
            "DELETE" => self.delete(channel, message),
            method => Err(Refusal::no_route(format!("{method} {}", call.whole))),
        }
    }

    /// The calls about the app's commands.
    fn application(&self, path: &[&str], call: &Call<'_>) -> Answer {
        let guild = match path {
            ["commands"] => None,
            ["guilds", guild, "commands"] if *guild == self.seed().guild.id => Some(*guild),
            ["guilds", _, "commands"] => return Err(Refusal::forbidden(50_001, "Missing Access")),
            _ => return Err(Refusal::no_route(format!("{} {}", call.method, call.whole))),
        };
        let now = self.now();
        match call.method {
            "GET" => reply(self.state().commands.list(guild).into()),
            "PUT" => {
                let mut state = self.state();
                let ids = std::iter::repeat_with(|| state.store.mint_id(now));
                let ids: Vec<String> = ids.take(call.body.as_array().map_or(0, Vec::len)).collect();
                let application = &self.seed().application_id;
                let all = state.commands.replace(application, guild, call.body, ids)?;
                drop(state);
                self.ledger.touch();
                reply(all.into())
            }
            method => Err(Refusal::no_route(format!("{method} {}", call.whole))),
        }
    }

    fn members_are_up(&self, call: &Call<'_>) -> Result<(), Refusal> {
        match self.ledger.spring(VENDOR, "members_down", call.method, call.whole) {
            Some(_) => Err(Refusal::down()),
            None => Ok(()),
        }
    }

    fn shown_gateway(&self) -> Value {
        json!({
            "url": self.gateway.url(), "shards": 1,
            "session_start_limit":
                {"total": 1000, "remaining": 999, "reset_after": 14_400_000, "max_concurrency": 1},
        })
    }

    fn shown_application(&self) -> Value {
        let seed = self.seed();
        json!({
            "id": seed.application_id, "name": seed.bot_name, "icon": null, "description": "",
            "bot_public": false, "bot_require_code_grant": false, "bot": self.shown_self(),
            "verify_key": seed.credentials.public_key(), "flags": 0, "team": null, "summary": "",
            "owner": self.shown_user(seed.users.first().map_or("0", |user| &user.id)),
            "interactions_endpoint_url":
                self.bot_address().map(|bot| format!("{bot}/discord/interactions")),
        })
    }

    /// A page of messages, the newest first.
    fn list(&self, channel: &str, call: &Call<'_>) -> Answer {
        if !self.is_channel(channel) {
            return Err(unknown_channel());
        }
        let bound = |name: &str| call.asked(name).and_then(|id| id.parse::<i64>().ok());
        let limit = call.asked("limit").map_or(Some(50), |limit| limit.parse().ok());
        let Some(limit @ 1..=100) = limit else {
            let what = "int value should be between 1 and 100.";
            return Err(Refusal::form(vec![Mistake::new("limit", "NUMBER_TYPE_MAX", what)]));
        };
        let id = |message: &Message| message.id.parse::<i64>().unwrap_or(0);
        let mut found = self.messages(channel);
        found.retain(|message| message.ephemeral_for.is_none());
        if let Some(before) = bound("before") {
            found.retain(|message| id(message) < before);
        }
        let after = bound("after");
        if let Some(after) = after {
            found.retain(|message| id(message) > after);
        }
        // What comes after an id is counted from there on; everything else from the newest back.
        let first = if after.is_some() { 0 } else { found.len().saturating_sub(limit) };
        let page = found.iter().skip(first).take(limit).rev();
        reply(page.map(|message| self.shown(message)).collect())
    }

    fn post(&self, channel: &str, body: &Value) -> Answer {
        if !self.is_channel(channel) {
            return Err(unknown_channel());
        }
        let said = form::read(object(body)?, Purpose::Post)?;
        if said.is_empty() {
            return Err(Refusal::bad(50_006, "Cannot send an empty message"));
        }
        let now = self.now();
        let user = self.seed().application_id.as_str();
        if let Some(nonce) = said.nonce.as_ref().filter(|_| said.enforce_nonce) {
            let known = self.state().store.said_with(user, nonce, now);
            if let Some(known) = known {
                return reply(self.shown(&known));
            }
        }
        let pings = said.allowed.pings(said.content.as_deref().unwrap_or_default());
        let draft = Draft {
            channel,
            user,
            bot: true,
            only_for: None,
            reason: None,
            loading: false,
            pings,
            said,
        };
        let message = self.state().store.add(now, draft);
        self.ledger.touch();
        reply(self.shown(&message))
    }

    /// A message that everybody in the channel sees; the others cannot be reached with the bot's token.
    fn open_message(&self, channel: &str, message: &str) -> Result<Message, Refusal> {
        if !self.is_channel(channel) {
            return Err(unknown_channel());
        }
        let state = self.state();
        let found = state.store.find(channel, message).filter(|one| one.ephemeral_for.is_none());
        found.cloned().ok_or_else(unknown_message)
    }

    fn edit(&self, channel: &str, message: &str, body: &Value) -> Answer {
        let message = self.open_message(channel, message)?;
        if message.user != self.seed().application_id {
            let what = "Cannot edit a message authored by another user";
            return Err(Refusal::forbidden(50_005, what));
        }
        let said = form::read(object(body)?, Purpose::Edit)?;
        let after =
            |new: &Option<Vec<Value>>, old: &Vec<Value>| new.as_ref().unwrap_or(old).is_empty();
        let is_blank = said.content.as_ref().unwrap_or(&message.content).is_empty()
            && after(&said.embeds, &message.embeds)
            && after(&said.components, &message.components);
        if is_blank {
            return Err(Refusal::bad(50_006, "Cannot send an empty message"));
        }
        let changed = self.change(channel, &message.id, said).ok_or_else(unknown_message)?;
        reply(self.shown(&changed))
    }

    fn delete(&self, channel: &str, message: &str) -> Answer {
        let message = self.open_message(channel, message)?;
        if message.user != self.seed().application_id {
            return Err(Refusal::forbidden(50_013, "Missing Permissions"));
        }
        self.state().store.delete(channel, &message.id);
        self.ledger.touch();
        Ok((StatusCode::NO_CONTENT, Value::Null))
    }

    fn begin_thread(&self, channel: &str, message: &str, call: &Call<'_>) -> Answer {
        if self.ledger.spring(VENDOR, "thread_refused", call.method, call.whole).is_some() {
            return Err(Refusal::forbidden(50_013, "Missing Permissions"));
        }
        if self.state().store.thread(channel).is_some() {
            return Err(Refusal::bad(50_024, "Cannot execute action on this channel type"));
        }
        let message = self.open_message(channel, message)?;
        let (name, archive_after) = thread_form(object(call.body)?)?;
        let thread = Thread {
            id: message.id,
            parent: channel.to_owned(),
            name,
            archive_after,
            at: self.now(),
        };
        let begun = self.state().store.begin_thread(thread);
        let what = "A thread has already been created for this message";
        let thread = begun.ok_or_else(|| Refusal::bad(160_004, what))?;
        self.ledger.touch();
        Ok((StatusCode::CREATED, self.shown_thread(&thread)))
    }
}

fn thread_form(form: &Map<String, Value>) -> Result<(String, u64), Refusal> {
    let known = ["name", "auto_archive_duration", "rate_limit_per_user"];
    let mut mistakes: Vec<Mistake> = form
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| Mistake::unknown(name))
        .collect();
    let name = form.get("name").and_then(Value::as_str).unwrap_or_default().trim().to_owned();
    if !(1..=100).contains(&name.chars().count()) {
        let what = "Must be between 1 and 100 in length.";
        mistakes.push(Mistake::new("name", "BASE_TYPE_BAD_LENGTH", what));
    }
    let archive_after = form.get("auto_archive_duration").filter(|minutes| !minutes.is_null());
    let archive_after = archive_after.map_or(Some(4_320), Value::as_u64);
    if !matches!(archive_after, Some(60 | 1_440 | 4_320 | 10_080)) {
        let what = "Value must be one of (60, 1440, 4320, 10080).";
        mistakes.push(Mistake::new("auto_archive_duration", "BASE_TYPE_CHOICES", what));
    }
    if mistakes.is_empty() {
        Ok((name, archive_after.unwrap_or_default()))
    } else {
        Err(Refusal::form(mistakes))
    }
}
