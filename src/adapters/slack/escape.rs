//! Text to Slack's two text formats: `mrkdwn` and `plain_text`. Owns the escaping and the shortening, and is the only place
//! where foreign text meets markup. Nothing foreign may leave it as a mention, a link, a stress, a quote or an emoji. Next:
//! `render.rs` puts the results into blocks.
//!
//! Escaping `& < >` stops mentions and links. Slack has no escape for `* _ ~` and the back-tick, so foreign ones are
//! replaced by characters that look alike; so is the colon of `:emoji:`, since a green tick is as good as "*Approved*".
//! Characters that nobody can see are left out: they hide words or turn their order around.

use crate::adapters::inert::{
    clock_time, flatten, is_inside_word, opens_emoji, safe_address, visible,
};
use crate::adapters::spans::{Span, fit};
use crate::chat::reply::{Run, Text};
use crate::domain::actor::{Person, Platform};
use crate::domain::time::Timestamp;

pub use crate::adapters::spans::length;

/// A text as mrkdwn, no longer than `limit` (UTF-16 units, the strictest way in which a limit can be meant). What does not
/// fit is cut from the end, never inside an escape, a mention, a link or a stress.
pub fn mrkdwn(text: &Text, limit: usize) -> String {
    fit(&spans(text), limit, first_atom)
}

/// A text for a `plain_text` object, no longer than `limit`: one line, markup is not read there.
pub fn plain(text: &Text, limit: usize) -> String {
    let spans: Vec<Span> = text.0.iter().map(|run| Span::words(plain_run(run))).collect();
    let line = flatten(&spans.iter().map(|span| span.body.as_str()).collect::<String>());
    fit(&[Span::words(line)], limit, first_atom)
}

/// Every `&` in a body begins an escape, which must not be cut.
fn first_atom(body: &str) -> usize {
    match body.chars().next() {
        Some('&') => body.find(';').map_or(body.len(), |semicolon| semicolon + 1),
        Some(first) => first.len_utf8(),
        None => 0,
    }
}

/// The runs as spans. Slack reads `*` and the back-tick as markup only where a word does not touch them from outside; a
/// space is put in between, since unread markup would show, and would let what is inside be read as markup. One is also put
/// between two strangers' words: each alone may be inert and both together an emoji.
fn spans(text: &Text) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut last = None;
    let mut after_marked = false;
    let mut after_foreign = false;
    let runs = text.0.iter().map(|run| (matches!(run, Run::Foreign(_)), span(run)));
    for (is_foreign, span) in runs.filter(|(_, span)| span.length() > 0) {
        let first = span.open.chars().chain(span.body.chars()).next();
        let touches = |neighbour: Option<char>| neighbour.is_some_and(|c| !c.is_whitespace());
        let word = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let opens_at_word = span.is_marked() && (word(last) || after_marked && touches(last));
        if opens_at_word || after_marked && word(first) || after_foreign && is_foreign {
            spans.push(Span::words(" ".to_owned()));
        }
        after_marked = span.is_marked();
        after_foreign = is_foreign;
        last = span.close.chars().last().or(span.body.chars().last());
        spans.push(span);
    }
    spans
}

fn span(run: &Run) -> Span {
    match run {
        Run::Plain(words) => Span::words(escape(&visible(words))),
        Run::Strong(words) => Span::marked("*", escape(&inert(&flatten(words)))),
        Run::Foreign(words) => Span::words(escape(&inert(&flatten(words)))),
        Run::Code(words) => Span::marked("`", escape(&flatten(words).replace('`', "'"))),
        Run::Person(person) => mention(person),
        Run::Time(at) => instant(*at),
        Run::Link { url, label } => link(url, label),
    }
}

fn plain_run(run: &Run) -> String {
    match run {
        Run::Plain(words) | Run::Strong(words) | Run::Foreign(words) | Run::Code(words) => {
            visible(words)
        }
        Run::Person(person) => person.user.clone(),
        Run::Time(at) => clock_time(*at),
        Run::Link { label, .. } => visible(label),
    }
}

/// Naming a person in a new message pings them: Slack has no name without a ping. The cards name who has just acted, who is
/// looking at the channel anyway; edits of the card ping nobody.
fn mention(person: &Person) -> Span {
    let canonical = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    let here = person.platform == Platform::Slack && !person.user.is_empty();
    if here && person.user.bytes().all(canonical) {
        return Span::whole(format!("<@{}>", person.user));
    }
    Span::words(escape(&inert(&flatten(&person.to_string()))))
}

fn instant(at: Timestamp) -> Span {
    let seconds = at.0.div_euclid(1000);
    Span::whole(format!("<!date^{seconds}^{{time_secs}}|{}>", clock_time(at)))
}

/// A link, or only its label when the address is not one to send people to. A label that looks like an address itself gives
/// way to the real one.
fn link(url: &str, label: &str) -> Span {
    let label = inert(&flatten(label));
    let Some(address) = safe_address(url) else { return Span::words(escape(&label)) };
    let label = if label.is_empty() || label.contains("://") { address.clone() } else { label };
    Span { open: format!("<{}|", escape(&address)), body: escape(&label), close: ">" }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            other => out.push(other),
        }
    }
    out
}

/// Without anything that Slack reads as markup, before escaping.
fn inert(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = None;
    for (at, c) in text.char_indices() {
        let after = &text[at + c.len_utf8()..];
        out.push(match c {
            '*' => '∗',
            '~' => '∼',
            '`' => '\'',
            '_' if !is_inside_word(before, after) => 'ˍ',
            ':' if opens_emoji(after) => '∶',
            // At the start of a line it would make a quote, escaped or not.
            '>' if before.is_none() => '›',
            other => other,
        });
        before = Some(c);
    }
    out
}

#[cfg(test)]
pub(super) mod tests;
