//! What a Discord client makes of a text. Written from Discord's description of its markdown and from what clients show; it
//! shares no code with the bot, so that it can judge it. In doubt it sees markup.
//!
//! The marks of lines are looked for first. Then the text is read from left to right: what begins first takes what it holds
//! with it, as a client does, so that a mark which is left open may tear a later one apart.

use std::collections::BTreeSet;

use serde_json::Value;

use super::unseen::unseen;

/// Everything in a text that would be more than words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alive {
    /// The insides of `<…>`: mentions, commands, emoji, times, addresses; and `@everyone`, `@here`.
    pub tokens: Vec<String>,
    /// Masked links as `label|address`, and bare addresses.
    pub links: Vec<String>,
    /// The insides of `*…*`, `_…_`, `**…**`, `__…__`, `~~…~~` and `||…||`, with their mark in front.
    pub marked: Vec<String>,
    /// The insides of back-ticks.
    pub code: Vec<String>,
    /// `:name:`
    pub emoji: Vec<String>,
    /// Headings, small print, items of lists and quotes, each with its mark in front.
    pub lines: Vec<String>,
    /// Back-slashes: they take another character's meaning away, or show.
    pub escapes: usize,
    /// Characters that nobody sees, or that move others about.
    pub hidden: Vec<char>,
}

/// Reads a text in which markdown works: a content, and everything in an embed but its footer.
pub fn read(text: &str) -> Alive {
    let mut alive = Alive { hidden: unseen(text), lines: lines(text), ..Alive::default() };
    let mut reading = Reading { text, closed: BTreeSet::new() };
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        at += reading.take(at, &mut alive).unwrap_or(first.len_utf8());
    }
    alive
}

/// Reads a text in which none works: a label, a title of a form, the name of a thread, a choice. It is one line.
pub fn read_plain(text: &str) -> Alive {
    let mut hidden = unseen(text);
    hidden.extend(text.chars().filter(|&c| matches!(c, '\n' | '\u{2028}' | '\u{2029}')));
    Alive { hidden, ..Alive::default() }
}

/// Every text that people read in what a program sends: messages, forms, choices, the names of threads.
pub fn gather(value: &Value, texts: &mut Vec<(String, Alive)>) {
    let Value::Object(members) = value else {
        value.as_array().into_iter().flatten().for_each(|one| gather(one, texts));
        return;
    };
    for (name, member) in members.iter().filter(|(name, _)| *name != "allowed_mentions") {
        let Some(text) = member.as_str() else {
            gather(member, texts);
            continue;
        };
        let is_field = members.contains_key("name") && members.contains_key("inline");
        let is_modal = members.contains_key("custom_id");
        match name.as_str() {
            "content" | "description" => texts.push((text.to_owned(), read(text))),
            "title" if !is_modal => texts.push((text.to_owned(), read(text))),
            "name" | "value" if is_field => texts.push((text.to_owned(), read(text))),
            "title" | "name" | "label" | "placeholder" | "text" => {
                texts.push((text.to_owned(), read_plain(text)));
            }
            _ => {}
        }
    }
}

/// How far the reading is.
struct Reading<'a> {
    text: &'a str,
    /// Where marks close that were opened before.
    closed: BTreeSet<usize>,
}

/// The longer ones first.
const MARKS: [&str; 6] = ["||", "~~", "**", "__", "*", "_"];

impl Reading<'_> {
    /// What begins at this place, and how much of the text is read with it.
    fn take(&mut self, at: usize, alive: &mut Alive) -> Option<usize> {
        let rest = &self.text[at..];
        match rest.chars().next()? {
            '\\' => {
                alive.escapes += 1;
                None
            }
            '`' => code(rest, alive),
            '<' => Some(token(rest, alive)),
            '@' => ping(rest, alive),
            '[' => masked(rest, alive),
            ':' if rest.starts_with("://") => bare(&self.text[..at], rest, alive),
            ':' => emoji(rest, alive),
            '*' | '_' | '~' | '|' => self.marked(at, alive),
            _ => None,
        }
    }

    fn marked(&mut self, at: usize, alive: &mut Alive) -> Option<usize> {
        let rest = &self.text[at..];
        if self.closed.contains(&at) {
            let mark = MARKS.into_iter().find(|mark| rest.starts_with(mark))?;
            // Of `***` perhaps only the first closes.
            return Some(if self.closed.contains(&(at + 1)) { 1 } else { mark.len() });
        }
        for mark in MARKS.into_iter().filter(|mark| rest.starts_with(mark)) {
            let Some(end) = self.end_of(mark, at + mark.len()) else { continue };
            alive.marked.push(format!("{mark}{}", &self.text[at + mark.len()..end]));
            self.closed.insert(end);
            return Some(mark.len());
        }
        None
    }

    /// Where a mark closes whose inside begins here.
    fn end_of(&self, mark: &str, start: usize) -> Option<usize> {
        let inside = &self.text[start..];
        // A star before a space is a star.
        if mark == "*" && inside.starts_with(char::is_whitespace) {
            return None;
        }
        let mut from = 0;
        while let Some(found) = inside[from..].find(mark) {
            let end = from + found;
            let after = &inside[end + mark.len()..];
            let is_word = after.starts_with(|c: char| c.is_ascii_alphanumeric());
            match mark {
                // A double one may stand inside; the first single one closes where no word goes on, or nothing does.
                "_" if after.starts_with('_') => from = end + 2,
                "_" if is_word || end == 0 => return None,
                _ if end > 0 && !self.closed.contains(&(start + end)) => return Some(start + end),
                _ => from = end + mark.len(),
            }
        }
        None
    }
}

/// One, two or three back-ticks on either side.
fn code(rest: &str, alive: &mut Alive) -> Option<usize> {
    let run = rest.len() - rest.trim_start_matches('`').len();
    for count in (1..=run).rev() {
        let (fence, inside) = rest.split_at(count);
        let ends = inside.match_indices(fence).map(|(end, _)| end);
        let closes = |&end: &usize| {
            end > 0 && !inside[..end].ends_with('`') && !inside[end + count..].starts_with('`')
        };
        if let Some(end) = { ends }.find(closes) {
            alive.code.push(inside[..end].to_owned());
            return Some(end + 2 * count);
        }
    }
    None
}

/// `<@id>`, `<#id>`, `</name:id>`, `<:name:id>`, `<t:0>`, `<id:guide>`, `<https://…>` and whatever Discord thinks of next. One
/// that is not closed counts to the end of the line.
fn token(rest: &str, alive: &mut Alive) -> usize {
    let line = rest[1..].lines().next().unwrap_or_default();
    let inside = line.split('>').next().unwrap_or_default();
    alive.tokens.push(inside.to_owned());
    if inside.len() < line.len() { inside.len() + 2 } else { 1 }
}

fn ping(rest: &str, alive: &mut Alive) -> Option<usize> {
    let names =
        |name: &&str| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let name = ["@everyone", "@here"].into_iter().find(names)?;
    alive.tokens.push(name.to_owned());
    Some(name.len())
}

/// `[label](address)`, `[label](<address> "title")`. Brackets in the label stand in pairs, or are not closed at all.
fn masked(rest: &str, alive: &mut Alive) -> Option<usize> {
    let mut depth = 0_usize;
    let mut end = None;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            ']' if rest[at + 1..].starts_with('(') => {
                end = Some(at);
                break;
            }
            '[' => depth += 1,
            ']' if depth > 0 => depth -= 1,
            // The label goes on behind it where another one closes before the next one opens.
            ']' => {
                let next = rest[at + 1..].find(['[', ']']).map(|next| at + 1 + next);
                next.filter(|&next| rest[next..].starts_with(']'))?;
            }
            _ => {}
        }
    }
    let end = end?;
    let label = &rest[1..end];
    let address = rest[end + 2..].split([')', '\n']).next().unwrap_or_default();
    alive.links.push(format!("{label}|{address}"));
    // Marks work in a label too.
    let inner = read(label);
    alive.tokens.extend(inner.tokens);
    alive.marked.extend(inner.marked);
    alive.code.extend(inner.code);
    alive.emoji.extend(inner.emoji);
    let whole = end + 2 + address.len();
    Some(if rest[whole..].starts_with(')') { whole + 1 } else { whole })
}

/// An address by itself.
fn bare(before: &str, rest: &str, alive: &mut Alive) -> Option<usize> {
    let scheme = before.len() - before.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let address = rest.split_whitespace().next().unwrap_or_default();
    if scheme == 0 || address.len() < 4 {
        return None;
    }
    alive.links.push(format!("{}{address}", &before[before.len() - scheme..]));
    None
}

fn emoji(rest: &str, alive: &mut Alive) -> Option<usize> {
    let (name, _) = rest[1..].split_once(':')?;
    // Of the names made of digits there are two; the others are hours and ports.
    let exists = ["100", "1234"].contains(&name) || name.chars().any(|c| !c.is_ascii_digit());
    if !name.is_empty() && exists && name.chars().all(|c| c.is_alphanumeric() || "_-+'".contains(c))
    {
        alive.emoji.push(name.to_owned());
    }
    None
}

/// The marks of all lines. Some line breaks are not `\n`; behind a mark there may be another.
fn lines(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.split(['\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
        let mut rest = line.trim_start();
        while let Some(mark) = mark_of(rest) {
            found.push(rest.to_owned());
            rest = rest[mark..].trim_start();
        }
    }
    found
}

/// How long the mark is that a line begins with.
fn mark_of(line: &str) -> Option<usize> {
    let is_alone = |mark: usize| {
        let rest = &line[mark..];
        rest.is_empty() || rest.starts_with(char::is_whitespace)
    };
    let hashes = line.bytes().take_while(|&byte| byte == b'#').count();
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    match line.chars().next()? {
        '>' => Some(if line.starts_with(">>>") { 3 } else { 1 }),
        '#' if is_alone(hashes) => Some(hashes),
        '-' if line.starts_with("-#") => Some(2),
        '-' | '*' | '+' if is_alone(1) => Some(1),
        '0'..='9' if line[digits..].starts_with(['.', ')']) && is_alone(digits + 1) => {
            Some(digits + 1)
        }
        _ => None,
    }
}
