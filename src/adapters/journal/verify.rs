//! Judges the hash chains: is each stream what was once written? Owns the judgement and its sentences; reads nothing
//! itself, a database's own folder feeds it rows (for SQLite: `sqlite/check.rs`). It must never repair anything.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::chain::{self, Content, GENESIS};
use crate::engine::ports::VerifyReport;

/// Faults beyond this number are counted as one last sentence: a journal that is wrong throughout must not fill the
/// memory with sentences about it.
const MOST_FAULTS: usize = 100;

/// An event as it is stored.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its position in the whole journal.
    pub seq: i64,
    /// What its hash covers.
    pub content: Content<'a>,
    /// The hash that stands beside it.
    pub hash: &'a [u8],
}

/// Where a stream ends: by its last event, or by what the list of heads says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// The version after the last event.
    pub version: i64,
    /// The last event's hash.
    pub hash: Vec<u8>,
}

impl Tail {
    /// The end of a stream without events.
    pub fn start() -> Self {
        Self { version: 0, hash: GENESIS.to_vec() }
    }
}

/// A check under way. Feed it the events of each stream in order, then compare the ends with the heads.
#[derive(Debug, Default)]
pub struct Audit {
    report: VerifyReport,
}

impl Audit {
    /// Judges the next event of a stream against the end of the stream so far, which it moves.
    pub fn follow(&mut self, tail: &mut Tail, row: &Row<'_>) {
        let (version, expected) = (row.content.version, tail.version + 1);
        // After a gap the hash before this event is not known, so that its own cannot be judged.
        if version != expected {
            self.fault(format!(
                "{}: position {} holds event {version} where event {expected} was expected",
                name(row.content.stream),
                row.seq,
            ));
        } else if chain::link(&tail.hash, &row.content) != *row.hash {
            self.fault(format!(
                "{}: event {version} (position {}) is not what was written: its content does not match its hash",
                name(row.content.stream),
                row.seq,
            ));
        }
        // From here on the stored hash counts, so that one changed row is one fault and not one for each row after it.
        tail.version = version;
        tail.hash.clear();
        tail.hash.extend_from_slice(row.hash);
        self.report.events += 1;
    }

    /// Compares where a stream ends with what the list of heads says about it, and counts the stream.
    pub fn compare(&mut self, stream: &str, head: Option<&Tail>, tail: &Tail) {
        self.report.streams += 1;
        let Some(head) = head else {
            if tail.version != 0 {
                self.fault(format!(
                    "{stream}: the list of heads does not know this stream, which ends with event {}",
                    tail.version
                ));
            }
            return;
        };
        if head.version != tail.version {
            self.fault(format!(
                "{stream}: the head says {} events, but the stream ends with event {}",
                head.version, tail.version
            ));
        } else if head.hash != tail.hash {
            self.fault(format!("{stream}: the head's hash is not that of event {}", tail.version));
        }
    }

    /// Notes something else that is wrong.
    pub fn fault(&mut self, sentence: String) {
        let faults = &mut self.report.faults;
        match faults.len().cmp(&MOST_FAULTS) {
            std::cmp::Ordering::Less => faults.push(sentence),
            std::cmp::Ordering::Equal => {
                faults.push("there are more faults than are listed here".to_owned());
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    /// The result.
    pub fn finish(self) -> VerifyReport {
        self.report
    }
}

/// A check of every event, fed in the order of positions. Holds one end per stream and no events.
#[derive(Debug, Default)]
pub struct FullAudit {
    audit: Audit,
    last_seq: i64,
    tails: BTreeMap<String, Tail>,
}

impl FullAudit {
    /// Judges the event at the next position.
    pub fn follow(&mut self, row: &Row<'_>) {
        let expected = self.last_seq + 1;
        if row.seq != expected {
            self.audit.fault(match row.seq - 1 {
                last if last == expected => format!("position {expected} is missing"),
                last => format!("positions {expected} to {last} are missing"),
            });
        }
        self.last_seq = row.seq;
        let stream = name(row.content.stream);
        if !self.tails.contains_key(stream.as_ref()) {
            self.tails.insert(stream.to_string(), Tail::start());
        }
        if let Some(tail) = self.tails.get_mut(stream.as_ref()) {
            self.audit.follow(tail, row);
        }
    }

    /// The position of the last event that was judged.
    pub fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// Compares every stream's end with the heads as they were when the check began.
    pub fn compare(mut self, heads: &BTreeMap<String, Tail>) -> Audit {
        for (stream, head) in heads {
            let tail = self.tails.remove(stream).unwrap_or_else(Tail::start);
            self.audit.compare(stream, Some(head), &tail);
        }
        for (stream, tail) in &self.tails {
            self.audit.compare(stream, None, tail);
        }
        self.audit
    }
}

/// A stream's name, as well as it can be read.
fn name(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
