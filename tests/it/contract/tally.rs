//! How many calls were held against a description in this run, by operation. The file with the table grows with each
//! story, so that it is whole when the last one has ended.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Mutex;

/// Calls of one operation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub requests: u64,
    pub answers: u64,
    /// Answers that a trap broke on purpose, or that never came.
    pub exempt: u64,
}

/// Counts by operation and caller.
pub type Tally = BTreeMap<String, Count>;

/// Adds to what the whole run has counted so far, and writes the table.
pub fn add(counted: &Tally) {
    static ALL: Mutex<Tally> = Mutex::new(Tally::new());
    let mut all = ALL.lock().expect("nobody panics while it is held");
    for (name, count) in counted {
        let sum = all.entry(name.clone()).or_default();
        sum.requests += count.requests;
        sum.answers += count.answers;
        sum.exempt += count.exempt;
    }
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("validated-calls.txt");
    std::fs::write(path, table(&all)).expect("the target directory can be written");
}

/// A tally as people read it.
pub fn table(tally: &Tally) -> String {
    let mut text = String::from("requests  answers  exempt  validated calls\n");
    let mut total = Count::default();
    for (name, Count { requests, answers, exempt }) in tally {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{requests:>8} {answers:>8} {exempt:>7}  {name}");
        total.requests += requests;
        total.answers += answers;
        total.exempt += exempt;
    }
    let Count { requests, answers, exempt } = total;
    let _ = writeln!(text, "{requests:>8} {answers:>8} {exempt:>7}  in all");
    text
}
