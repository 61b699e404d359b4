//! What a night's channels hold, without what differs from run to run, and what must be true of it whatever happened.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use regex::Regex;
use repoint::world::slack::Message;
use serde_json::Value;

use crate::harness::World;

/// What is said of a call besides that the provider took it: true sentences about an interruption or a failure.
const ABOUT_TROUBLE: [&str; 12] = [
    "The provider took it.",
    "interrupted while it made the call",
    "The provider shows it: it did happen.",
    "Two readings agree that it did not happen.",
    "Asking the provider once more.",
    "I do not know whether it happened",
    "did not take it; again in",
    "The provider said no",
    "Cannot read the provider",
    "The provider can be read again.",
    "The question no longer holds",
    "asked anew",
];

/// What differs from run to run.
static DIFFERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let all = [
        (r"<!date[^>]*>", "<time>"),
        (r"127\.0\.0\.1:\d+", "<host>"),
        (r"\b\d+ (s|min|h)\b", "<span>"),
        (r"\b\d+ fresh answers", "<some> fresh answers"),
        (r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b", "<code>"),
    ];
    all.map(|(pattern, instead)| (Regex::new(pattern).expect("a pattern"), instead)).into()
});

/// What was said in a night, repeats left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The incident's thread, line by line, without what is said of trouble.
    pub thread: Vec<String>,
    /// The stakeholders' channel.
    pub news: Vec<String>,
    /// The live card as it stands.
    pub card: String,
}

impl Told {
    /// Reads the channels, and checks on the way that whatever was said twice is recognisable, and nothing out of order.
    pub fn of(w: &Arc<World>) -> Self {
        let mut thread = in_order(&posts(w, "incidents"));
        thread.retain(|line| !ABOUT_TROUBLE.iter().any(|one| line.contains(one)));
        let news = in_order(&posts(w, "stakeholders"));
        let messages = w.models.slack.messages(w.models.slack.channel_id("incidents"));
        let card = messages.iter().rfind(|one| is_card(one)).map(words).unwrap_or_default();
        Self { thread, news, card }
    }
}

/// Each row of the outbox that counts as said stands in its channel under its number: nothing was lost.
pub fn nothing_was_lost(w: &Arc<World>) {
    let file = rusqlite::Connection::open(w.journal()).expect("the journal's file");
    let ids = "SELECT id FROM posts WHERE outcome = 'sent' AND \
               (placement = '\"post\"' OR placement LIKE '%thread%')";
    let mut ids = file.prepare(ids).expect("a question");
    let ids = ids.query_map([], |row| row.get::<_, i64>(0)).expect("an answer");
    let ids: Vec<u64> = ids.map(|id| id.expect("a number").unsigned_abs()).collect();
    assert!(ids.len() >= 8, "a night has more to say: {ids:?}");
    let mut said = posts(w, "incidents");
    said.extend(posts(w, "stakeholders"));
    for id in ids {
        assert!(said.iter().any(|one| number(one) == id), "post {id} is noted as said and is not");
    }
}

/// How many messages were said more than once.
pub fn repeats(w: &Arc<World>) -> usize {
    let mut said = posts(w, "incidents");
    said.extend(posts(w, "stakeholders"));
    let mut numbers: Vec<u64> = said.iter().map(number).collect();
    let all = numbers.len();
    numbers.sort_unstable();
    numbers.dedup();
    all - numbers.len()
}

fn posts(w: &Arc<World>, channel: &str) -> Vec<Message> {
    let slack = &w.models.slack;
    let mut messages = slack.messages(slack.channel_id(channel));
    messages.retain(|one| one.bot && one.ephemeral_for.is_none() && !is_card(one));
    messages
}

/// What was said, each number once, with its numbers growing from one to the next.
fn in_order(messages: &[Message]) -> Vec<String> {
    let mut known: BTreeMap<u64, String> = BTreeMap::new();
    let mut lines = Vec::new();
    for message in messages {
        let (number, words) = (number(message), words(message));
        if let Some(first) = known.get(&number) {
            assert_eq!(*first, words, "a repeat says something else");
            continue;
        }
        let last = known.last_key_value().map_or(0, |(last, _)| *last);
        assert!(number > last, "{number} is said after {last}: {words}");
        known.insert(number, words.clone());
        lines.push(words);
    }
    lines
}

fn is_card(message: &Message) -> bool {
    message.blocks.first().is_some_and(|block| block["type"] == "header")
}

/// The number under which a message is recognised.
fn number(message: &Message) -> u64 {
    let payload = message.metadata.as_ref().map(|metadata| &metadata["event_payload"]["outbox"]);
    let number = payload.and_then(Value::as_str).and_then(|number| number.parse().ok());
    number.unwrap_or_else(|| panic!("a message without a number: {message:?}"))
}

/// What a message says, without times, spans, ports and codes.
fn words(message: &Message) -> String {
    let mut out = Vec::new();
    for block in &message.blocks {
        collect(block, &mut out);
    }
    if out.is_empty() {
        out.push(message.text.clone());
    }
    let mut text = out.join("\n");
    for (pattern, instead) in DIFFERS.iter() {
        text = pattern.replace_all(&text, *instead).into_owned();
    }
    text
}

fn collect(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if key == "text" => out.push(text.clone()),
                    other => collect(other, out),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| collect(one, out)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
