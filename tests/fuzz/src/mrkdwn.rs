//! What a Slack client makes of a text. Written from Slack's description of its markup and from what clients show; it shares no
//! code with the bot, so that it can judge it. In doubt it sees markup.
//!
//! The text is read as a client does: first the parts in angle brackets, then code, then the three marks, then emoji, and quotes
//! line by line.

use serde_json::Value;

use super::unseen::unseen;

/// Everything in a text that would be more than words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alive {
    /// The insides of `<…>`: mentions, links, dates.
    pub tokens: Vec<String>,
    /// The insides of `*…*`, `_…_` and `~…~`, with their mark in front.
    pub marked: Vec<String>,
    /// The insides of back-ticks, single and triple.
    pub code: Vec<String>,
    /// `:name:`
    pub emoji: Vec<String>,
    /// Lines that are quotes.
    pub quotes: Vec<String>,
    /// Characters that nobody sees, or that move others about.
    pub hidden: Vec<char>,
}

/// Reads a text of the type `mrkdwn`.
pub fn read(text: &str) -> Alive {
    let mut alive = Alive { hidden: unseen(text), quotes: quotes(text), ..Alive::default() };
    let without_tokens = lift(text, ('<', '>'), &mut alive.tokens);
    let without_fences = lift_between(&without_tokens, "```", &mut alive.code);
    let mut rest = String::new();
    for line in without_fences.lines() {
        // None of what follows reaches over a line's end.
        let words = lift_between(line, "`", &mut alive.code);
        for mark in ['*', '_', '~'] {
            marked(&words, mark, &mut alive.marked);
        }
        rest.push_str(&words);
        rest.push('\n');
    }
    emoji(&rest, &mut alive.emoji);
    alive
}

/// Reads a text of the type `plain_text`, shown without emoji: only what is hidden can do harm there.
pub fn read_plain(text: &str) -> Alive {
    Alive { hidden: unseen(text), ..Alive::default() }
}

/// Every text in the blocks of a message, with what is alive in it.
///
/// # Panics
/// When a text is one in which Slack would look for bare words.
pub fn gather(value: &Value, texts: &mut Vec<(String, Alive)>) {
    match (value["type"].as_str(), value["text"].as_str()) {
        (Some("mrkdwn"), Some(text)) => {
            assert_eq!(value["verbatim"], true, "Slack would look for bare words in {text:?}");
            texts.push((text.to_owned(), read(text)));
        }
        (Some("plain_text"), Some(text)) => texts.push((text.to_owned(), read_plain(text))),
        _ => match value {
            Value::Array(all) => all.iter().for_each(|one| gather(one, texts)),
            Value::Object(all) => all.values().for_each(|one| gather(one, texts)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        },
    }
}

/// Takes everything between two brackets out. One that is not closed counts to the end.
fn lift(text: &str, (open, close): (char, char), lifted: &mut Vec<String>) -> String {
    let mut rest = String::new();
    let mut parts = text.split(open);
    rest.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (inside, after) = part.split_once(close).unwrap_or((part, ""));
        lifted.push(inside.to_owned());
        // What stands in its place is no blank: marks beside it touch it.
        rest.push('\u{fffc}');
        rest.push_str(after);
    }
    rest
}

/// Takes everything between two equal fences out; one without a partner is a word.
fn lift_between(text: &str, fence: &str, lifted: &mut Vec<String>) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(fence) {
        let Some((inside, behind)) = after.split_once(fence) else { break };
        kept.push_str(before);
        if inside.is_empty() {
            kept.push_str(fence);
        } else {
            lifted.push(inside.to_owned());
            kept.push('\u{fffc}');
        }
        rest = behind;
    }
    kept + rest
}

/// A pair of marks works when the first stands outside of a word, the second too, and there is something between them.
fn marked(line: &str, mark: char, found: &mut Vec<String>) {
    let chars: Vec<char> = line.chars().collect();
    let is_word = |at: Option<usize>| {
        at.and_then(|at| chars.get(at)).is_some_and(|c| c.is_alphanumeric() && *c != mark)
    };
    let mut opened: Option<usize> = None;
    for (at, c) in chars.iter().enumerate() {
        if *c != mark {
            continue;
        }
        match opened {
            Some(start) if at > start + 1 && !is_word(Some(at + 1)) => {
                let inside: String = chars[start + 1..at].iter().collect();
                found.push(format!("{mark}{inside}"));
                opened = None;
            }
            Some(_) => {}
            None if !is_word(at.checked_sub(1)) => opened = Some(at),
            None => {}
        }
    }
}

fn emoji(text: &str, found: &mut Vec<String>) {
    let is_name = |name: &str| {
        // Of the names made of digits there are two; the others are hours and ports.
        let exists = ["100", "1234"].contains(&name) || name.chars().any(|c| !c.is_ascii_digit());
        exists && name.chars().all(|c| c.is_alphanumeric() || "_-+'".contains(c))
    };
    let parts: Vec<&str> = text.split(':').collect();
    for name in parts.iter().skip(1).take(parts.len().saturating_sub(2)) {
        if !name.is_empty() && is_name(name) {
            found.push((*name).to_owned());
        }
    }
}

/// A line that begins with the sign, escaped or not. Some line breaks are not `\n`.
fn quotes(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']);
    let starts =
        |line: &&str| line.trim_start().starts_with("&gt;") || line.trim_start().starts_with('>');
    lines.filter(starts).map(str::to_owned).collect()
}
