//! Text to Slack's two text formats: `mrkdwn` and `plain_text`. Owns the escaping and the shortening, and is the only place
//! where foreign text meets markup. Nothing foreign may leave it as a mention, a link, a stress, a quote or an emoji. Next:
//! `render.rs` puts the results into blocks.
//!
//! Escaping `& < >` stops mentions and links. Slack has no escape for `* _ ~` and the back-tick, so foreign ones are
//! replaced by characters that look alike; so is the colon of `:emoji:`, since a green tick is as good as "*Approved*".
//! Characters that nobody can see are left out: they hide words or turn their order around.

use url::Url;

use crate::chat::reply::{Run, Text};
use crate::domain::actor::{Person, Platform};
use crate::domain::time::Timestamp;

/// Marks where text was cut.
const CUT: char = '…';
/// Slack takes addresses of up to 3000 characters; a longer one than this is no link of ours.
const LONGEST_URL: usize = 2000;

/// A text as mrkdwn, no longer than `limit` (UTF-16 units, the strictest way in which a limit can be meant). What does not
/// fit is cut from the end, never inside an escape, a mention, a link or a stress.
pub fn mrkdwn(text: &Text, limit: usize) -> String {
    fit(&spans(text), limit)
}

/// A text for a `plain_text` object, no longer than `limit`: one line, markup is not read there.
pub fn plain(text: &Text, limit: usize) -> String {
    let spans: Vec<Span> = text.0.iter().map(|run| Span::words(plain_run(run))).collect();
    let line = flatten(&spans.iter().map(|span| span.body.as_str()).collect::<String>());
    fit(&[Span::words(line)], limit)
}

/// The length that Slack's limits are compared with.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A stretch of finished mrkdwn: markup around a body that may be cut between two of its characters.
struct Span {
    open: String,
    body: String,
    close: &'static str,
}

impl Span {
    fn words(body: String) -> Self {
        Self { open: String::new(), body, close: "" }
    }

    /// Markup that only works as a whole.
    fn whole(markup: String) -> Self {
        Self { open: markup, body: String::new(), close: "" }
    }

    fn marked(mark: &'static str, body: String) -> Self {
        if body.is_empty() {
            return Self::words(body);
        }
        Self { open: mark.to_owned(), body, close: mark }
    }

    fn is_marked(&self) -> bool {
        matches!(self.close, "*" | "`")
    }

    fn length(&self) -> usize {
        length(&self.open) + length(&self.body) + length(self.close)
    }

    fn push_onto(&self, out: &mut String) {
        out.push_str(&self.open);
        out.push_str(&self.body);
        out.push_str(self.close);
    }

    /// As much of it as fits into `room`; nothing if that would be markup around nothing.
    fn cut(&self, room: usize) -> Option<Self> {
        let room = room.checked_sub(length(&self.open) + length(self.close))?;
        let (mut used, mut end) = (0, 0);
        for atom in atoms(&self.body) {
            used += length(atom);
            if used > room {
                break;
            }
            end += atom.len();
        }
        let body = self.body[..end].trim_end();
        if body.is_empty() {
            return None;
        }
        Some(Self { open: self.open.clone(), body: body.to_owned(), close: self.close })
    }
}

/// The parts between which a body may be cut: characters, and escapes as a whole. Every `&` in a body begins an escape.
fn atoms(body: &str) -> impl Iterator<Item = &str> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match first {
            '&' => rest.find(';').map_or(rest.len(), |semicolon| semicolon + 1),
            _ => first.len_utf8(),
        };
        let (atom, after) = rest.split_at(end);
        rest = after;
        Some(atom)
    })
}

fn fit(spans: &[Span], limit: usize) -> String {
    let mut out = String::new();
    if spans.iter().map(Span::length).sum::<usize>() <= limit {
        spans.iter().for_each(|span| span.push_onto(&mut out));
        return out;
    }
    let mut room = limit.saturating_sub(1);
    for span in spans {
        if span.length() > room {
            if let Some(start) = span.cut(room) {
                start.push_onto(&mut out);
            }
            break;
        }
        span.push_onto(&mut out);
        room -= span.length();
    }
    out.push(CUT);
    out
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

fn clock_time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.strftime("%H:%M:%S UTC").to_string(),
        Err(_) => "an unknown time".to_owned(),
    }
}

/// A link, or only its label when the address is not one to send people to. A label that looks like an address itself gives
/// way to the real one.
fn link(url: &str, label: &str) -> Span {
    let label = inert(&flatten(label));
    let Some(address) = safe_address(url) else { return Span::words(escape(&label)) };
    let label = if label.is_empty() || label.contains("://") { address.clone() } else { label };
    Span { open: format!("<{}|", escape(&address)), body: escape(&label), close: ">" }
}

fn safe_address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let web = matches!(url.scheme(), "https" | "http");
    if !web || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let address = url.as_str().replace('|', "%7C").replace('<', "%3C").replace('>', "%3E");
    (address.len() <= LONGEST_URL).then_some(address)
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

/// Without hidden characters and without control characters other than line breaks.
fn visible(text: &str) -> String {
    text.chars()
        .filter(|&c| !is_hidden(c))
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}

/// On one line, with single spaces, without hidden characters.
fn flatten(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
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

/// `snake_case` is no markup.
fn is_inside_word(before: Option<char>, after: &str) -> bool {
    before.is_some_and(|c| c.is_ascii_alphanumeric())
        && after.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether what follows a colon makes it the first of an `:emoji:`, or could with the colon of a later run. Times of day and
/// port numbers stay as they are.
fn opens_emoji(after: &str) -> bool {
    // A back-tick becomes an apostrophe, which may stand in a name.
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '\'' | '`');
    let end = after.find(|c: char| !is_name(c)).unwrap_or(after.len());
    let (name, rest) = after.split_at(end);
    let closes = rest.is_empty() || rest.starts_with(':');
    // One at the very end opens what a later run begins with.
    after.is_empty() || closes && (of_digits(name) || name.contains(|c: char| !c.is_ascii_digit()))
}

/// The only two emoji whose names are numbers.
fn of_digits(name: &str) -> bool {
    matches!(name, "100" | "1234")
}

/// Characters that take no room: zero-width ones, marks that turn the direction of text, fillers, tags.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
pub(super) mod tests;
