//! Foreign text as every chat platform must see it: without characters that nobody can see, and on one line where it
//! could fake another. Owns what does not depend on a platform's markup; each platform's `escape.rs` owns the rest.

use url::Url;

use crate::domain::time::Timestamp;

/// The platforms take addresses of thousands of characters; a longer one than this is no link of ours.
pub(super) const LONGEST_URL: usize = 2000;

/// Without hidden characters and without control characters other than line breaks.
pub(super) fn visible(text: &str) -> String {
    text.chars()
        .filter(|&c| !is_hidden(c))
        .map(|c| if c.is_control() && c != '\n' { ' ' } else { c })
        .collect()
}

/// On one line, with single spaces, without hidden characters.
pub(super) fn flatten(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `snake_case` is no markup.
pub(super) fn is_inside_word(before: Option<char>, after: &str) -> bool {
    before.is_some_and(|c| c.is_ascii_alphanumeric())
        && after.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether what follows a colon makes it the first of an `:emoji:`, or could with the colon of a later run. Times of
/// day and port numbers stay as they are.
pub(super) fn opens_emoji(after: &str) -> bool {
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

/// An instant for a reader whose time zone is not known.
pub(super) fn clock_time(at: Timestamp) -> String {
    match jiff::Timestamp::from_millisecond(at.0) {
        Ok(at) => at.strftime("%H:%M:%S UTC").to_string(),
        Err(_) => "an unknown time".to_owned(),
    }
}

/// The address in its normal form, if it is one to send people to.
pub(super) fn safe_address(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let web = matches!(url.scheme(), "https" | "http");
    if !web || !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    let address = url.as_str().replace('|', "%7C").replace('<', "%3C").replace('>', "%3E");
    (address.len() <= LONGEST_URL).then_some(address)
}

/// Characters that take no room: zero-width ones, marks that turn the direction of text, fillers, tags.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0e}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}
