//! A channel as people read it, for snapshots and for finding what can be pressed.

use std::fmt::Write;

use serde_json::Value;

use super::store::{Message, SLACKBOT};
use super::{SlackModel, Visible};

/// The messages of a channel, one after the other; replies are indented under their parents, and what only one person sees
/// comes last, since it is said beside the rest and not in its order.
pub(super) fn write(model: &SlackModel, messages: &[Message]) -> String {
    let mut out = String::new();
    let (open, private): (Vec<_>, Vec<_>) = messages
        .iter()
        .filter(|message| message.thread_ts.is_none())
        .partition(|message| message.ephemeral_for.is_none());
    for message in open.into_iter().chain(private) {
        one(model, message, "", &mut out);
        let is_reply = |other: &&Message| other.thread_ts.as_ref() == Some(&message.ts);
        for reply in messages.iter().filter(is_reply) {
            one(model, reply, "    ", &mut out);
        }
    }
    out
}

fn one(model: &SlackModel, message: &Message, indent: &str, out: &mut String) {
    let name = name(model, &message.user);
    let only =
        message.ephemeral_for.as_deref().map(|user| format!(" (only {})", self::name(model, user)));
    // Writing into a string cannot fail.
    let _ = writeln!(out, "{indent}{name}{}:", only.unwrap_or_default());
    let lines = if message.blocks.is_empty() {
        vec![message.text.clone()]
    } else {
        message.blocks.iter().flat_map(block).collect()
    };
    for line in lines.iter().flat_map(|line| line.lines()) {
        let _ = writeln!(out, "{indent}  {}", without_times(line));
    }
}

fn name<'a>(model: &'a SlackModel, user: &'a str) -> &'a str {
    let seed = model.seed();
    if user == seed.bot.user_id {
        return &seed.bot.name;
    }
    if user == SLACKBOT {
        return "slackbot";
    }
    seed.users.iter().find(|one| one.id == user).map_or(user, |one| &one.name)
}

fn block(block: &Value) -> Vec<String> {
    let text = |value: &Value| value["text"].as_str().unwrap_or_default().to_owned();
    match block["type"].as_str() {
        Some("header") => vec![format!("# {}", text(&block["text"]))],
        Some("section") => {
            let fields = block["fields"].as_array().into_iter().flatten().map(text);
            let fields = fields.map(|field| format!("| {}", field.replace('\n', " ")));
            Some(text(&block["text"]))
                .into_iter()
                .filter(|one| !one.is_empty())
                .chain(fields)
                .collect()
        }
        Some("context") => block["elements"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| format!("~ {}", text(one)))
            .collect(),
        Some("actions") => {
            let buttons = block["elements"].as_array().into_iter().flatten();
            let labels: Vec<String> =
                buttons.map(|one| format!("[{}]", text(&one["text"]))).collect();
            vec![labels.join(" ")]
        }
        Some("divider") => vec!["---".to_owned()],
        _ => vec![block.to_string()],
    }
}

/// Times differ from run to run where the clock is real; their fallback is left out.
fn without_times(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("<!date^") {
        out.push_str(&rest[..start]);
        out.push_str("<time>");
        rest = rest[start..].find('>').map_or("", |end| &rest[start + end + 1..]);
    }
    out.push_str(rest);
    out
}

/// The button with a label in a message.
pub(super) fn find_button(message: &Message, label: &str) -> Option<Visible> {
    for block in &message.blocks {
        let elements = block["elements"].as_array().into_iter().flatten();
        for one in elements.chain(std::iter::once(&block["accessory"])) {
            if one["type"] == "button" && one["text"]["text"] == label {
                let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                return Some(Visible {
                    ts: message.ts.clone(),
                    block_id: name(&block["block_id"]),
                    action_id: name(&one["action_id"]),
                });
            }
        }
    }
    None
}
