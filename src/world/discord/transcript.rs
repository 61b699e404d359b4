//! A channel as people read it, for snapshots and for finding what can be pressed.

use std::fmt::Write;

use serde_json::Value;

use super::DiscordModel;
use super::store::{DISCORD, Message};

/// The messages of a channel, one after the other; threads are indented under the message they began from, and what only
/// one person sees comes last, since it is said beside the rest and not in its order.
pub(super) fn write(model: &DiscordModel, channel: &str) -> String {
    let mut out = String::new();
    let (open, private): (Vec<_>, Vec<_>) =
        model.messages(channel).into_iter().partition(|message| message.ephemeral_for.is_none());
    for message in open.into_iter().chain(private) {
        one(model, &message, "", &mut out);
        for reply in message.thread.iter().flat_map(|thread| model.messages(thread)) {
            one(model, &reply, "    ", &mut out);
        }
    }
    out
}

fn one(model: &DiscordModel, message: &Message, indent: &str, out: &mut String) {
    let only = message.ephemeral_for.as_deref();
    let only = only.map(|user| format!(" (only {})", name(model, user))).unwrap_or_default();
    // Writing into a string cannot fail.
    let _ = writeln!(out, "{indent}{}{only}:", name(model, &message.user));
    let mut lines = vec![message.content.clone()];
    if message.loading {
        lines.push("is thinking…".to_owned());
    }
    lines.extend(message.embeds.iter().flat_map(embed));
    lines.extend(message.components.iter().map(row));
    for line in lines.iter().flat_map(|line| line.lines()) {
        let _ = writeln!(out, "{indent}  {}", without_times(line));
    }
}

fn name<'a>(model: &'a DiscordModel, user: &'a str) -> &'a str {
    let seed = model.seed();
    if user == seed.application_id {
        return &seed.bot_name;
    }
    if user == DISCORD {
        return "discord";
    }
    seed.users.iter().find(|one| one.id == user).map_or(user, |one| &one.name)
}

fn embed(embed: &Value) -> Vec<String> {
    let text = |value: &Value, mark: &str| {
        value.as_str().map(|text| format!("{mark}{text}")).into_iter().collect::<Vec<_>>()
    };
    let mut lines = text(&embed["author"]["name"], "~ ");
    lines.extend(text(&embed["title"], "# "));
    lines.extend(text(&embed["description"], ""));
    for field in embed["fields"].as_array().into_iter().flatten() {
        let [name, value] = ["name", "value"].map(|part| field[part].as_str().unwrap_or_default());
        lines.push(format!("| {name} {}", value.replace('\n', " ")));
    }
    lines.extend(text(&embed["footer"]["text"], "~ "));
    lines
}

fn row(row: &Value) -> String {
    let buttons = row["components"].as_array().into_iter().flatten();
    let labels: Vec<String> =
        buttons.map(|one| format!("[{}]", one["label"].as_str().unwrap_or("?"))).collect();
    labels.join(" ")
}

/// Times differ from run to run where the clock is real.
fn without_times(line: &str) -> String {
    let time = regex::Regex::new(r"<t:\d+(:\w)?>").expect("a pattern");
    time.replace_all(line, "<time>").into_owned()
}

/// The name of the button with a label in a message, if it can be pressed.
pub(super) fn find_button(message: &Message, label: &str) -> Option<String> {
    let rows = message.components.iter();
    let mut buttons = rows.flat_map(|row| row["components"].as_array().into_iter().flatten());
    let found = buttons.find(|one| one["label"] == label && one["disabled"] != true)?;
    found["custom_id"].as_str().map(str::to_owned)
}
