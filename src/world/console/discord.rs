//! The Discord face of the page: what it draws, and what people do on it.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Console, outcome};
use crate::world::discord::{DiscordModel, Message, Typed};

/// What people do.
pub(super) fn routes() -> Router<Console> {
    Router::new()
        .route("/console/discord/command", post(command))
        .route("/console/discord/complete", post(complete))
        .route("/console/discord/press", post(press))
        .route("/console/discord/form", post(form))
        .route("/console/discord/close", post(close))
        .route("/console/discord/message", post(message))
}

/// What the page draws. Threads stand beside the channels, under their own ids.
pub(super) fn state(discord: &DiscordModel) -> Value {
    let seed = discord.seed();
    let people: Vec<_> = seed.users.iter().filter(|user| !user.bot).collect();
    let threads = discord.threads();
    let rooms = seed.channels.iter().map(|channel| &channel.id);
    let rooms = rooms.chain(threads.iter().map(|thread| &thread.id));
    let messages: BTreeMap<&String, Vec<Message>> =
        rooms.map(|room| (room, discord.messages(room))).collect();
    let modals = people.iter().filter_map(|one| Some((one.id.clone(), discord.modal(&one.id)?)));
    let modals: BTreeMap<_, _> = modals.collect();
    json!({
        "guild": {"id": seed.guild.id, "name": seed.guild.name},
        "users": people,
        "roles": seed.roles,
        "bot": {
            "id": seed.application_id, "name": seed.bot_name,
            "connected": discord.is_bot_connected(),
        },
        "channels": seed.channels,
        "messages": messages,
        "commands": discord.commands(),
        "modals": modals,
    })
}

#[derive(Deserialize)]
struct Written {
    user: String,
    channel: String,
    command: String,
    subcommand: Option<String>,
    options: Vec<Filled>,
    /// The option that is still being typed.
    focused: Option<String>,
}

#[derive(Deserialize)]
struct Filled {
    name: String,
    value: Value,
}

impl Written {
    fn typed(&self) -> Typed {
        let subcommand = self.subcommand.as_deref().unwrap_or_default();
        let line = Typed::new(&format!("{} {subcommand}", self.command));
        let options = self.options.iter();
        options.fold(line, |line, option| line.with(&option.name, option.value.clone()))
    }
}

async fn command(State(console): State<Console>, Json(written): Json<Written>) -> Json<Value> {
    let typed = written.typed();
    outcome(console.discord.type_command(&written.user, &written.channel, &typed).await)
}

async fn complete(State(console): State<Console>, Json(written): Json<Written>) -> Json<Value> {
    let (typed, focused) = (written.typed(), written.focused.as_deref().unwrap_or_default());
    let proposed = console.discord.complete(&written.user, &written.channel, &typed, focused).await;
    match proposed {
        Ok(choices) => Json(json!({"ok": true, "choices": choices})),
        Err(why) => outcome(Err(why)),
    }
}

#[derive(Deserialize)]
struct Pressed {
    user: String,
    room: String,
    ts: String,
    custom_id: String,
}

async fn press(State(console): State<Console>, Json(pressed): Json<Pressed>) -> Json<Value> {
    let Pressed { user, room, ts, custom_id } = pressed;
    outcome(console.discord.press(&user, &room, &ts, &custom_id).await)
}

#[derive(Deserialize)]
struct Sent {
    user: String,
    values: BTreeMap<String, String>,
}

async fn form(State(console): State<Console>, Json(sent): Json<Sent>) -> Json<Value> {
    let values: Vec<(&str, &str)> =
        sent.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    outcome(console.discord.submit_modal(&sent.user, &values).await)
}

#[derive(Deserialize)]
struct Closed {
    user: String,
}

async fn close(State(console): State<Console>, Json(closed): Json<Closed>) -> Json<Value> {
    console.discord.close_modal(&closed.user);
    outcome(Ok(()))
}

#[derive(Deserialize)]
struct Said {
    user: String,
    channel: String,
    text: String,
}

async fn message(State(console): State<Console>, Json(said): Json<Said>) -> Json<Value> {
    if said.text.trim().is_empty() {
        return outcome(Err("There is nothing to say.".to_owned()));
    }
    let text = said.text.trim();
    outcome(console.discord.says(&said.user, &said.channel, text))
}
