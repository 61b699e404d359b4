//! Text to Discord's markdown, and to its labels where none is read. Owns the escaping, and is the only place where
//! foreign text meets markup. Nothing foreign may leave it as a mention, a link, a stress, a heading, a list, a quote,
//! a spoiler, a time or an emoji. Next: `render.rs` puts the results into embeds.
//!
//! Discord has a back-slash for most marks, which shows wherever markdown is not read, and clients differ in what they
//! unescape. Marks are therefore replaced by characters that look alike, as for Slack. Our own words go the same way:
//! markup is made by runs, never by characters in a sentence. Every ping is barred by `allowed_mentions` besides.

use crate::adapters::inert::{
    clock_time, flatten, is_inside_word, opens_emoji, safe_address, visible,
};
use crate::adapters::spans::{Span, fit};
use crate::chat::reply::{Run, Text};
use crate::domain::actor::{Person, Platform};

pub use crate::adapters::spans::length;

/// A text as markdown, no longer than `limit` (UTF-16 units, the strictest way in which a limit can be meant). What
/// does not fit is cut from the end, never inside a mention, a link or a stress.
pub fn markdown(text: &Text, limit: usize) -> String {
    fit(&spans(text), limit, first_char)
}

/// A text for one line without markup of ours, no longer than `limit`: a title, or a field's name. Both read markdown.
pub fn line(text: &Text, limit: usize) -> String {
    fit(&[Span::words(inert(&flatten(&bare(text)), Neighbour::Ours))], limit, first_char)
}

/// A text where no markdown is read at all, no longer than `limit`: a button's label, a thread's name.
pub fn plain(text: &Text, limit: usize) -> String {
    fit(&[Span::words(flatten(&bare(text)))], limit, first_char)
}

fn first_char(body: &str) -> usize {
    body.chars().next().map_or(0, char::len_utf8)
}

/// The runs as spans. A space is put between a mark and a word that touches it, as people write it; between two marks,
/// which could be read as one; and between two strangers' words, of which each alone may be inert and both together
/// not.
fn spans(text: &Text) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let mut last = None;
    let mut after_marked = false;
    let mut after_foreign = false;
    let runs = text.0.iter().map(|run| (matches!(run, Run::Foreign(_)), span(run)));
    for (is_foreign, span) in runs.filter(|(_, span)| span.length() > 0) {
        let word = |neighbour: Option<char>| neighbour.is_some_and(char::is_alphanumeric);
        let touches = match span.is_marked() {
            true => after_marked || word(last),
            false => after_marked && word(span.open.chars().chain(span.body.chars()).next()),
        };
        if touches || after_foreign && is_foreign {
            spans.push(Span::words(" ".to_owned()));
        }
        after_marked = span.is_marked();
        after_foreign = is_foreign;
        last = span.body.chars().last();
        spans.push(span);
    }
    spans
}

fn span(run: &Run) -> Span {
    match run {
        Run::Plain(words) => Span::words(inert_lines(words)),
        Run::Strong(words) => Span::marked("**", inert(&flatten(words), Neighbour::Ours)),
        Run::Foreign(words) => Span::words(inert(&flatten(words), Neighbour::Anything)),
        Run::Code(words) => Span::marked("`", code(words)),
        Run::Person(person) => name(person),
        // Hours, minutes and seconds, where the reader is; the date shows when one points at it.
        Run::Time(at) => Span::whole(format!("<t:{}:T>", at.0.div_euclid(1000))),
        Run::Link { url, label } => link(url, label),
    }
}

/// The words of a text without any markup.
fn bare(text: &Text) -> String {
    let words = text.0.iter().map(|run| match run {
        Run::Plain(words) | Run::Strong(words) | Run::Foreign(words) | Run::Code(words) => {
            words.clone()
        }
        Run::Person(person) => person.user.clone(),
        // Hours, minutes and seconds, where the reader is; the date shows when one points at it.
        Run::Time(at) => clock_time(*at),
        Run::Link { label, .. } => label.clone(),
    });
    words.collect()
}

/// What stands between back-ticks is shown as it is, save for the back-tick, and for what would close a mark that was left open
/// before it: such a mark would take the first back-tick with it, and bring the rest to life.
fn code(words: &str) -> String {
    let words = flatten(words);
    let mut out = String::with_capacity(words.len());
    let mut before = None;
    for (at, c) in words.char_indices() {
        let after = &words[at + c.len_utf8()..];
        out.push(match c {
            '`' => '\'',
            '_' if !is_inside_word(before, after) => 'ˍ',
            ']' if after.starts_with('(') => '］',
            other => other,
        });
        before = Some(c);
    }
    out
}

/// A mention inside an embed shows a name and pings nobody.
fn name(person: &Person) -> Span {
    let is_id = !person.user.is_empty() && person.user.bytes().all(|byte| byte.is_ascii_digit());
    if person.platform == Platform::Discord && is_id {
        return Span::whole(format!("<@{}>", person.user));
    }
    Span::words(inert(&flatten(&person.to_string()), Neighbour::Ours))
}

/// A link, or only its label when the address is not one to send people to. A label that looks like an address itself
/// gives way to the real one.
fn link(url: &str, label: &str) -> Span {
    let is_address = label.contains("://");
    let label: String =
        inert(&flatten(label), Neighbour::Anything).chars().map(without_bracket).collect();
    let Some(address) = safe_address(url) else { return Span::words(label) };
    // An underscore would close one that was left open before the link.
    let address = address.replace('(', "%28").replace(')', "%29").replace('\\', "%5C");
    let address = without_loose_underscores(&address);
    if label.is_empty() || is_address {
        return Span::whole(format!("<{address}>"));
    }
    Span { open: format!("[{label}]({address})"), body: String::new(), close: "" }
}

fn without_loose_underscores(address: &str) -> String {
    let mut before = None;
    let mut out = String::with_capacity(address.len());
    for (at, c) in address.char_indices() {
        match c {
            '_' if !is_inside_word(before, &address[at + 1..]) => out.push_str("%5F"),
            other => out.push(other),
        }
        before = Some(c);
    }
    out
}

fn without_bracket(c: char) -> char {
    match c {
        '[' => '［',
        ']' => '］',
        other => other,
    }
}

/// Ours: line by line, since each line could begin with a mark.
fn inert_lines(words: &str) -> String {
    let lines = visible(words);
    let lines = lines.split('\n').map(|line| inert(line, Neighbour::Ours));
    lines.collect::<Vec<_>>().join("\n")
}

/// What may stand behind a stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Neighbour {
    /// Words of ours, which complete no mark, or nothing.
    Ours,
    /// Anything: a mark must not be left half open.
    Anything,
}

/// One line without anything that Discord reads as markup.
fn inert(line: &str, neighbour: Neighbour) -> String {
    let may_end = |after: &str| after.is_empty() && neighbour == Neighbour::Anything;
    let mut out = String::with_capacity(line.len());
    let mut before = None;
    for (at, c) in line.char_indices() {
        let after = &line[at + c.len_utf8()..];
        out.push(match c {
            '\\' => '⧵',
            '*' => '∗',
            '~' => '∼',
            '`' => '\'',
            '|' => '∣',
            '<' => '‹',
            '_' if !is_inside_word(before, after) => 'ˍ',
            '@' if may_end(after) || opens_ping(after) => '＠',
            '[' if !is_closed(after, neighbour) => '［',
            ']' if may_end(after) || after.starts_with('(') => '］',
            ':' if after.is_empty() && neighbour == Neighbour::Ours => ':',
            ':' if after.starts_with("//") || opens_emoji(after) => '∶',
            _ if at == first_word(line) => begin(c, after),
            other => other,
        });
        before = Some(c);
    }
    unnumbered(out)
}

/// Whether a bracket is closed on its own line by one that stays. One that is not would make a label of everything up to the
/// next link.
fn is_closed(after: &str, neighbour: Neighbour) -> bool {
    let mut depth = 1;
    after.char_indices().any(|(at, c)| {
        let rest = &after[at + c.len_utf8()..];
        let goes = rest.starts_with('(') || rest.is_empty() && neighbour == Neighbour::Anything;
        depth += match c {
            '[' => 1,
            ']' if !goes => -1,
            _ => 0,
        };
        depth == 0
    })
}

/// Where a line's first word begins: marks of a line may be indented.
fn first_word(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The first character of a line, where it would begin a heading, small print, a list or a quote.
fn begin(c: char, after: &str) -> char {
    let marks = after.trim_start_matches('#');
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(char::is_whitespace);
    match c {
        '#' if ends(marks) => '＃',
        '-' if after.starts_with('#') || ends(after) => '–',
        '+' if ends(after) => '＋',
        '•' if ends(after) => '·',
        '>' => '›',
        other => other,
    }
}

/// Without the dot that makes a number at the start of a line an item of a list.
fn unnumbered(line: String) -> String {
    let start = first_word(&line);
    let digits = line[start..].bytes().take_while(u8::is_ascii_digit).count();
    let dot = start + digits;
    let rest = line.get(dot + 1..).unwrap_or_default();
    let is_item = digits > 0 && line[dot..].starts_with(['.', ')']);
    if is_item && (rest.is_empty() || rest.starts_with(char::is_whitespace)) {
        return format!("{}․{rest}", &line[..dot]);
    }
    line
}

/// Whether what follows an `@` makes it one that names everybody.
fn opens_ping(after: &str) -> bool {
    let names =
        |name: &str| after.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    names("everyone") || names("here")
}

#[cfg(test)]
pub(super) mod tests;
