//! Finished markup that may be cut: what a text becomes before it is joined. Owns lengths and the cutting, which never
//! breaks a mention, a link or a stress; each platform's `escape.rs` makes the spans.

/// Marks where text was cut.
pub(super) const CUT: char = '…';

/// The length that the platforms' limits are compared with.
pub fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A stretch of finished markup: markup around a body that may be cut between two of its characters.
pub(super) struct Span {
    pub(super) open: String,
    pub(super) body: String,
    pub(super) close: &'static str,
}

impl Span {
    /// Words without markup.
    pub(super) fn words(body: String) -> Self {
        Self { open: String::new(), body, close: "" }
    }

    /// Markup that only works as a whole.
    pub(super) fn whole(markup: String) -> Self {
        Self { open: markup, body: String::new(), close: "" }
    }

    /// The same mark before and behind; none around nothing.
    pub(super) fn marked(mark: &'static str, body: String) -> Self {
        if body.is_empty() {
            return Self::words(body);
        }
        Self { open: mark.to_owned(), body, close: mark }
    }

    /// Whether it is a stress or code, which must not touch what is beside it.
    pub(super) fn is_marked(&self) -> bool {
        !self.close.is_empty() && self.open == self.close
    }

    /// How long it is with its markup.
    pub(super) fn length(&self) -> usize {
        length(&self.open) + length(&self.body) + length(self.close)
    }

    fn push_onto(&self, out: &mut String) {
        out.push_str(&self.open);
        out.push_str(&self.body);
        out.push_str(self.close);
    }

    /// As much of it as fits into `room`; nothing if that would be markup around nothing.
    fn cut(&self, room: usize, first_atom: FirstAtom) -> Option<Self> {
        let room = room.checked_sub(length(&self.open) + length(self.close))?;
        let (mut used, mut end) = (0, 0);
        while end < self.body.len() {
            let atom = first_atom(&self.body[end..]);
            used += length(&self.body[end..end + atom]);
            if used > room {
                break;
            }
            end += atom;
        }
        let body = self.body[..end].trim_end();
        if body.is_empty() {
            return None;
        }
        Some(Self { open: self.open.clone(), body: body.to_owned(), close: self.close })
    }
}

/// How many bytes the first part of a body takes that must not be cut: usually a character, sometimes an escape as a
/// whole.
pub(super) type FirstAtom = fn(&str) -> usize;

/// The spans in a row, no longer than `limit`; what does not fit is cut from the end.
pub(super) fn fit(spans: &[Span], limit: usize, first_atom: FirstAtom) -> String {
    let mut out = String::new();
    if spans.iter().map(Span::length).sum::<usize>() <= limit {
        spans.iter().for_each(|span| span.push_onto(&mut out));
        return out;
    }
    let mut room = limit.saturating_sub(1);
    for span in spans {
        if span.length() > room {
            if let Some(start) = span.cut(room, first_atom) {
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
