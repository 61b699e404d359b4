//! Logs: to standard error, as text for people or as JSON lines for machines. Standard output carries results only.
//!
//! An event is one line, whatever its fields hold (`OneLine`): the formatter keeps line breaks, and terminal sequences outside
//! of the message, so that a vendor's words could look like an entry of ours or play with the terminal.

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

/// Writes each event as one line of printable characters. The formatter hands an event over as a whole, with a line break at
/// its end.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        // In one piece: other threads write too.
        self.0.write_all((printable(line) + end).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// With every control character written out. The formatter's own colours stay: all they can do is colour.
fn printable(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        match c {
            '\u{1b}' if is_colour(&line[at + 1..]) => out.push(c),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.extend(c.escape_default());
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether `ESC` and this are a terminal's sequence for a colour: `[`, numbers, `m`.
fn is_colour(rest: &str) -> bool {
    let numbers = rest.strip_prefix('[').and_then(|rest| rest.split_once('m'));
    numbers.is_some_and(|(numbers, _)| numbers.bytes().all(|b| b.is_ascii_digit() || b == b';'))
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
                let plain = line.replace("\u{1b}[31m", "").replace("\u{1b}[0m", "");
                assert!(!plain.contains(char::is_control), "{line:?}");
            }
        }
    }
}
