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
    let is_coloured = format == LogFormat::Text && io::stderr().is_terminal();
    let base = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || OneLine { to: io::stderr(), is_coloured });
    let installed = match format {
        LogFormat::Text => base.with_target(false).with_ansi(is_coloured).finish().try_init(),
        LogFormat::Json => base.json().finish().try_init(),
    };
    // A second set-up in one process (tests) keeps the first.
    let _ = installed;
}

/// Writes each event as one line of printable characters. The formatter hands an event over as a whole, with a line break at
/// its end.
struct OneLine<W> {
    to: W,
    is_coloured: bool,
}

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        // In one piece: other threads write too.
        self.to.write_all((printable(line, self.is_coloured) + end).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// With every control character written out. Where there are colours the formatter's own stay; a stranger who uses the same
/// can colour, and hide nothing.
fn printable(line: &str, is_coloured: bool) -> String {
    let mut out = String::with_capacity(line.len());
    for (at, c) in line.char_indices() {
        match c {
            '\u{1b}' if is_coloured && is_colour(&line[at + 1..]) => out.push(c),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
                out.extend(c.escape_default());
            }
            c => out.push(c),
        }
    }
    out
}

/// Whether `ESC` and this are a sequence of the formatter: `[`, styles and colours that can be read, `m`.
fn is_colour(rest: &str) -> bool {
    let numbers = rest.strip_prefix('[').and_then(|rest| rest.split_once('m'));
    numbers.is_some_and(|(numbers, _)| {
        numbers.split(';').all(|number| {
            matches!(number, "0" | "1" | "2" | "3" | "31" | "32" | "33" | "34" | "35" | "36")
        })
    })
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
            let base = tracing_subscriber::fmt()
                .with_writer(move || OneLine { to: copy.clone(), is_coloured: false });
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
                assert!(!line.contains(char::is_control), "{line:?}");
            }
        }
    }
    #[test]
    fn on_a_terminal_colours_stay_and_nothing_can_be_hidden() {
        let line = "\u{1b}[2mnow\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m said \u{1b}[8mhidden\u{1b}[1;30m\u{1b}[2J";
        let shown = "\u{1b}[2mnow\u{1b}[0m \u{1b}[33m WARN\u{1b}[0m said \\u{1b}[8mhidden\\u{1b}[1;30m\\u{1b}[2J";
        assert_eq!(printable(line, true), shown);
        assert!(!printable(line, false).contains(char::is_control));
    }
}
