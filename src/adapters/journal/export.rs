//! The journal as JSON lines: one event per line, for people, backups and other programs. Reads page by page, so that
//! the size of the journal does not matter; must never write to it.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::de::IgnoredAny;

use crate::engine::ports::{Journal, JournalError, Recorded};

/// Events that are held in memory at once.
const PAGE: usize = 500;

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The lines could not be written.
    #[error("the export could not be written")]
    Write(#[source] io::Error),
}

/// Writes every event that the journal holds when its last page is read, in order; gives their number.
///
/// A line holds `seq`, `stream`, `version`, `at` (milliseconds), `actor`, `kind`, `event_version`, `body` and `hash`.
/// Actor and body are written as they are stored, byte for byte, so that the hashes can be recomputed from the lines.
pub async fn export(journal: &dyn Journal, out: &mut dyn Write) -> Result<u64, ExportError> {
    let mut after = 0;
    let mut written = 0;
    loop {
        let page = journal.page(after, PAGE).await?;
        let Some(last) = page.last() else {
            out.flush().map_err(ExportError::Write)?;
            return Ok(written);
        };
        after = last.seq;
        written += page.len() as u64;
        for recorded in &page {
            line(recorded, out).map_err(ExportError::Write)?;
        }
    }
}

fn line(recorded: &Recorded, out: &mut dyn Write) -> io::Result<()> {
    let Recorded { seq, stream, version, event, hash } = recorded;
    writeln!(
        out,
        r#"{{"seq":{seq},"stream":{stream},"version":{version},"at":{at},"actor":{actor},"kind":{kind},"event_version":{event_version},"body":{body},"hash":"{hash}"}}"#,
        stream = quoted(&stream.to_string()),
        version = version.0,
        at = event.at.0,
        actor = embedded(&event.actor),
        kind = quoted(&event.kind),
        event_version = event.event_version,
        body = embedded(&event.body),
    )
}

/// JSON text as it stands. Text that is not JSON, or not on one line, becomes a string: a line stays a line.
fn embedded(text: &str) -> Cow<'_, str> {
    let one_line = !text.contains(['\n', '\r']);
    if one_line && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(quoted(text))
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{IncidentId, StreamId, Version};
    use crate::domain::time::Timestamp;
    use crate::engine::ports::NewEvent;

    fn written(actor: &str, body: &str) -> String {
        let recorded = Recorded {
            seq: 3,
            stream: StreamId::Incident(IncidentId(7)),
            version: Version(2),
            event: NewEvent {
                kind: "note \"quoted\"".into(),
                event_version: 1,
                at: Timestamp(1_700_000_000_000),
                actor: actor.into(),
                body: body.into(),
            },
            hash: "ab".repeat(32),
        };
        let mut out = Vec::new();
        line(&recorded, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_line_is_one_json_object_with_the_body_as_it_was_stored() {
        let text = written("\"bot\"", r#"{"b":1,"a":{"deep":[18446744073709551615]}}"#);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["seq"], 3);
        assert_eq!(value["stream"], "incident/7");
        assert_eq!(value["version"], 2);
        assert_eq!(value["at"], 1_700_000_000_000_i64);
        assert_eq!(value["actor"], "bot");
        assert_eq!(value["kind"], "note \"quoted\"");
        assert_eq!(value["event_version"], 1);
        assert_eq!(value["hash"], "ab".repeat(32));
        assert!(text.contains(r#""body":{"b":1,"a":{"deep":[18446744073709551615]}},"#), "{text}");
    }

    #[test]
    fn text_that_would_break_the_line_becomes_a_string() {
        let text = written("not json", "{\n}");
        assert_eq!(text.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["actor"], "not json");
        assert_eq!(value["body"], "{\n}");
    }
}
