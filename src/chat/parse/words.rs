//! From raw text to words: what a chat client adds is taken away, then the line is split. Knows no command.

/// Undoes what Slack does to typed text: links in angle brackets are unwrapped, the three entities decoded.
pub(super) fn unwrap_slack(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('<') {
        let (before, inside) = (&rest[..open], &rest[open + 1..]);
        plain.push_str(before);
        let close = inside.find(['<', '>']).filter(|at| inside[*at..].starts_with('>'));
        match close.and_then(|close| Some((close, link_text(&inside[..close])?))) {
            Some((close, link)) => {
                plain.push_str(link);
                rest = &inside[close + 1..];
            }
            None => {
                plain.push('<');
                rest = inside;
            }
        }
    }
    plain.push_str(rest);
    // `&amp;` comes last: what was typed as `&lt;` arrives as `&amp;lt;` and must not become `<`.
    plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

/// What was typed where Slack made a link of it: `x.vercel.app` out of `http://x.vercel.app|x.vercel.app`. A label that
/// is not the address itself is never believed.
fn link_text(inside: &str) -> Option<&str> {
    let (address, label) = inside.split_once('|').unwrap_or((inside, inside));
    let bare = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"))?;
    let is_typed = label == bare || label == bare.trim_end_matches('/');
    Some(if is_typed { label } else { address })
}

/// Drops characters that nobody sees: they would let two different names look alike, or turn a line around. Line breaks
/// of every kind become `\n`.
pub(super) fn strip_invisible(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .filter_map(|c| match c {
            '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            '\t' => Some(' '),
            _ if c.is_control() || is_invisible(c) => None,
            _ => Some(c),
        })
        .collect()
}

/// Zero-width characters, marks that change the direction of writing, fillers and tags.
const fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// One word of a line, or a group in double quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// Byte offset of the word, of its key if it has one.
    pub(super) start: usize,
    /// Byte offset of the value with its quotes.
    pub(super) value_start: usize,
    /// Byte offset behind the word.
    pub(super) end: usize,
    /// The part before `=`, when it is made of letters.
    pub(super) key: Option<&'a str>,
    /// The word, or the part behind `=`; without quotes.
    pub(super) value: &'a str,
    /// Whether the value stands in quotes.
    pub(super) is_quoted: bool,
}

/// Splits a line at white space; double quotes, also typographic ones, group. A quote that is never closed is a character
/// like any other.
pub(super) fn split(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(gap) = line[at..].find(|c: char| !c.is_whitespace()) {
        let word = word_at(line, at + gap);
        at = word.end;
        words.push(word);
    }
    words
}

fn word_at(line: &str, start: usize) -> Word<'_> {
    let key = key_of(&line[start..]);
    let value_start = start + key.map_or(0, |key| key.len() + 1);
    if let Some((value, end)) = quoted_at(line, value_start) {
        return Word { start, value_start, end, key, value, is_quoted: true };
    }
    let length = line[value_start..].find(char::is_whitespace);
    let end = length.map_or(line.len(), |length| value_start + length);
    Word { start, value_start, end, key, value: &line[value_start..end], is_quoted: false }
}

fn key_of(rest: &str) -> Option<&str> {
    let (key, _) = rest.split_once('=')?;
    (!key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphabetic())).then_some(key)
}

/// The group that opens at an offset, and the offset behind its closing quote.
fn quoted_at(line: &str, at: usize) -> Option<(&str, usize)> {
    let is_quote = |c: &char| matches!(c, '"' | '“' | '”' | '„');
    let open = line[at..].chars().next().filter(is_quote)?;
    let inner = at + open.len_utf8();
    let (length, close) = line[inner..].char_indices().find(|(_, c)| is_quote(c))?;
    Some((&line[inner..inner + length], inner + length + close.len_utf8()))
}
