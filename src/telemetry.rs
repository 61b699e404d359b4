//! Logs: to standard error, as text for people or as JSON lines for machines. Standard output carries results only.
//!
//! An event is one line, whatever its fields hold: the formatter takes terminal sequences out of them, [`OneLine`] the line
//! breaks, so that no vendor's words can look like an entry of ours.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How logs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sets logging up. `REPOINT_LOG` chooses what is logged, in the syntax of tracing's filters; usually `info`.
pub fn set_up(format: LogFormat, usual: &str) {
    let filter = EnvFilter::try_from_env("REPOINT_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let base =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| OneLine(io::stderr()));
    let installed = match format {
        LogFormat::Text => {
            let is_terminal = std::io::stderr().is_terminal();
            base.with_target(false).with_ansi(is_terminal).finish().try_init()
        }
        LogFormat::Json => base.json().finish().try_init(),
    };
    // A second set-up in one process (tests) keeps the first.
    let _ = installed;
}

/// Writes each event as one line. The formatter hands an event over as a whole, with a line break at its end.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (line, end) = match event.split_last() {
            Some((b'\n', line)) => (line, &b"\n"[..]),
            Some(_) | None => (event, &b""[..]),
        };
        let mut whole = Vec::with_capacity(event.len());
        for &byte in line {
            match byte {
                b'\n' => whole.extend_from_slice(b"\\n"),
                b'\r' => whole.extend_from_slice(b"\\r"),
                other => whole.push(other),
            }
        }
        whole.extend_from_slice(end);
        self.0.write_all(&whole)?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was written, to be looked at.
    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn an_event_is_one_line_whatever_strangers_put_into_its_fields() {
        let hostile = include_str!("../tests/data/hostile.jsonl").lines();
        let hostile: Vec<String> =
            hostile.map(|line| serde_json::from_str(line).unwrap()).collect();
        for format in [LogFormat::Text, LogFormat::Json] {
            let page = Page::default();
            let copy = page.clone();
            let base = tracing_subscriber::fmt().with_writer(move || OneLine(copy.clone()));
            let text = |words: &String| {
                tracing::warn!(%words, quoted = ?words, plain = words.as_str(), "said {words}");
            };
            let log = || hostile.iter().for_each(text);
            match format {
                LogFormat::Text => {
                    tracing::subscriber::with_default(base.with_ansi(false).finish(), log);
                }
                LogFormat::Json => tracing::subscriber::with_default(base.json().finish(), log),
            }
            let written = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
            let lines: Vec<&str> = written.split_terminator('\n').collect();
            assert_eq!(lines.len(), hostile.len(), "{format:?}");
            for line in lines {
                assert!(line.contains("WARN"), "{line:?} is no event of ours");
                assert!(!line.contains(['\r', '\u{1b}', '\u{7}', '\u{8}']), "{line:?}");
            }
        }
    }
}
