//! A journal that was cut, overwritten, flipped, locked or written by a newer version: the binary says so in one sentence,
//! does nothing, and leaves the file as it is. No flipped bit may make the bot act on something that was never recorded.

use std::path::{Path, PathBuf};

use repoint::adapters::journal::SqliteJournal;
use repoint::engine::ports::{Journal, JournalError, Recorded, VerifyScope};
use repoint::engine::recovery;

use super::process::{Process, configure, run, said, until};
use super::{say, sweep};
use crate::harness::World;

/// Positions between two flips: a prime, so that every kind of field is hit.
const STRIDE: usize = 113;

/// The beginning of the file, where each byte matters, is flipped byte by byte.
const HEADER: usize = 100;

/// A journal in the middle of a story, as files.
#[derive(Clone, PartialEq)]
struct Image {
    database: Vec<u8>,
    log: Vec<u8>,
}

impl Image {
    fn of(folder: &Path) -> Self {
        let read = |name: &str| std::fs::read(folder.join(name)).unwrap_or_default();
        Self { database: read("journal.db"), log: read("journal.db-wal") }
    }

    /// Puts the files there.
    fn lay(&self, folder: &Path) -> PathBuf {
        for (name, bytes) in [("journal.db", &self.database), ("journal.db-wal", &self.log)] {
            let path = folder.join(name);
            if bytes.is_empty() {
                let _ = std::fs::remove_file(path);
            } else {
                std::fs::write(path, bytes).expect("a file of the journal");
            }
        }
        let _ = std::fs::remove_file(folder.join("journal.db-shm"));
        folder.join("journal.db")
    }
}

/// Plays until the question is there; then the bot ends by this signal.
async fn plays_until_the_question(w: &std::sync::Arc<World>, signal: &str) -> Image {
    configure(w);
    let bot = Process::ready(w).await;
    w.user("ana").types("/rollback").await;
    until(w, "the question", || w.times_said("Waiting for Confirm") == 1).await;
    bot.signal(signal);
    bot.ends(w).await;
    Image::of(w.folder.path())
}

/// What a flipped bit came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// The start is refused.
    Refused,
    /// Verification names it.
    Named,
    /// The log of events is as it was.
    Untouched,
    /// The log of events ends earlier.
    CutBack,
}

async fn events(journal: &SqliteJournal) -> Result<Vec<Recorded>, JournalError> {
    journal.page(0, 10_000).await
}

/// What becomes of a start on these files. `whole`: the events as they were written.
async fn judged(path: &Path, whole: &[Recorded]) -> Verdict {
    let before = std::fs::read(path).expect("the file");
    let journal = match SqliteJournal::open(path) {
        Ok(journal) => journal,
        Err(_) => {
            assert_eq!(std::fs::read(path).expect("the file"), before, "the file was changed");
            return Verdict::Refused;
        }
    };
    if recovery::check(&journal).await.is_err() {
        return Verdict::Refused;
    }
    match (journal.verify(VerifyScope::All).await, events(&journal).await) {
        (Ok(report), _) if !report.faults.is_empty() => Verdict::Named,
        (Err(_), _) | (_, Err(_)) => Verdict::Named,
        (Ok(_), Ok(found)) if found == whole => Verdict::Untouched,
        (Ok(_), Ok(found)) => {
            assert!(whole.starts_with(&found), "an event that was never written");
            Verdict::CutBack
        }
    }
}

/// Flips a bit at each of these positions, one at a time, and counts the verdicts.
fn flip_each(
    what: &str,
    image: &Image,
    positions: &[usize],
    flip: fn(&mut Image, usize),
) -> Vec<Verdict> {
    let runtime = || tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = image.lay(folder.path());
    let whole = runtime().block_on(async {
        let journal = SqliteJournal::open(&path).expect("the undamaged journal");
        events(&journal).await.expect("its events")
    });
    assert!(whole.len() >= 3, "a story has events");
    let verdicts = sweep(positions, 2, |at| {
        let mut damaged = image.clone();
        flip(&mut damaged, *at);
        let folder = tempfile::tempdir().expect("a folder");
        let path = damaged.lay(folder.path());
        runtime().block_on(judged(&path, &whole))
    });
    let count = |verdict| verdicts.iter().filter(|one| **one == verdict).count();
    say(&format!(
        "sweep: {} bits flipped in {what}: {} starts refused, {} named by verification, {} outside the events, {} cut back",
        verdicts.len(),
        count(Verdict::Refused),
        count(Verdict::Named),
        count(Verdict::Untouched),
        count(Verdict::CutBack),
    ));
    verdicts
}

fn flip(bytes: &mut [u8], at: usize) {
    bytes[at] ^= 1 << (at % 8);
}

#[test]
fn no_flipped_bit_in_the_database_makes_an_event_that_was_never_written() {
    let image = World::run_around_a_process(async |w| plays_until_the_question(&w, "TERM").await);
    assert!(image.log.is_empty(), "an orderly end leaves no log");
    let rest = (HEADER..image.database.len()).step_by(STRIDE);
    let positions: Vec<usize> = (0..HEADER).chain(rest).collect();
    let verdicts = flip_each("the database", &image, &positions, |image, at| {
        flip(&mut image.database, at);
    });
    assert!(!verdicts.contains(&Verdict::CutBack), "events are missing, and nobody says so");
    assert!(verdicts.contains(&Verdict::Refused));
}

#[test]
fn a_flipped_bit_in_the_log_cuts_it_back_at_most() {
    let image = World::run_around_a_process(async |w| plays_until_the_question(&w, "KILL").await);
    assert!(image.log.len() > 10_000, "a killed bot leaves a log");
    let positions: Vec<usize> = (0..32).chain((32..image.log.len()).step_by(STRIDE * 5)).collect();
    let verdicts = flip_each("the log", &image, &positions, |image, at| flip(&mut image.log, at));
    assert!(!verdicts.contains(&Verdict::Named), "what is left is sound");
}

/// What the three verbs say about a journal that cannot be used.
fn is_refused(w: &World, sentence: &str) {
    let before = Image::of(w.folder.path());
    let config = w.file("repoint.toml");
    let run_it = run(&["run"], &config);
    let text = String::from_utf8_lossy(&run_it.stderr).into_owned();
    assert_eq!(run_it.status.code(), Some(1), "{text}");
    let sentences: Vec<&str> = text.lines().filter(|line| line.starts_with("repoint: ")).collect();
    assert_eq!(sentences.len(), 1, "{text}");
    assert!(sentences[0].contains(sentence), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    for verb in [&["doctor"][..], &["journal", "verify"]] {
        let output = run(verb, &config);
        let text = said(&output);
        assert_eq!(output.status.code(), Some(1), "{verb:?}: {text}");
        assert!(text.contains(sentence) && !text.contains("panicked"), "{verb:?}: {text}");
    }
    assert!(Image::of(w.folder.path()) == before, "the files were changed");
}

#[test]
fn each_kind_of_damage_has_its_sentence_and_the_file_is_left_as_it_is() {
    World::run_around_a_process(async |w| {
        let image = plays_until_the_question(&w, "TERM").await;
        let folder = w.folder.path();
        let calls = w.calls("").len();
        let advice = "restore it from a backup";
        let mut count = 0;
        let mut lays = |change: &dyn Fn(&mut Vec<u8>), sentence: &str| {
            let mut damaged = image.clone();
            change(&mut damaged.database);
            damaged.lay(folder);
            is_refused(&w, sentence);
            is_refused(&w, if sentence.contains("newer") { "run that version" } else { advice });
            count += 1;
        };
        let length = image.database.len();
        for left in [1, 100, 512, 4096, length / 2, length - 4096, length - 1] {
            lays(&|bytes| bytes.truncate(left), "the journal is damaged");
        }
        for at in [0, 16, 100, 105, 4096] {
            lays(&|bytes| bytes[at] ^= 0x40, "the journal is damaged");
        }
        lays(&|bytes| bytes[..4096].fill(0x5a), "is not a SQLite database");
        lays(&|bytes| bytes[63] = 99, "written by a newer version");
        // Doctor itself asks the vendors whether they can be reached; nothing else may have been asked or said.
        let writes = w.calls("").split_off(calls);
        let asked = ["/api/auth.test", "/projects/", "/repos/demo/shop"];
        let is_question = |path: &str| asked.iter().any(|part| path.contains(part));
        assert!(writes.iter().all(|call| is_question(&call.path)), "{writes:#?}");
        say(&format!("sweep: {count} damaged journals, each with its sentence from three verbs"));
    });
}

#[test]
fn a_changed_event_is_named_and_a_locked_journal_as_well() {
    World::run_around_a_process(async |w| {
        let image = plays_until_the_question(&w, "TERM").await;
        let mut tampered = image.clone();
        let name = b"rollback_requested";
        let found = tampered.database.windows(name.len()).rposition(|bytes| bytes == name);
        tampered.database[found.expect("the event's kind")] ^= 1;
        tampered.lay(w.folder.path());
        is_refused(&w, "incident/1");

        // A file that says of itself that it is only for reading can be read.
        let mut only_for_reading = image.clone();
        only_for_reading.database[18] = 0x42;
        only_for_reading.lay(w.folder.path());
        let refused = run(&["run"], &w.file("repoint.toml"));
        assert_eq!(refused.status.code(), Some(1));
        assert!(said(&refused).contains("can only be read"), "{}", said(&refused));

        let path = image.lay(w.folder.path());
        let stranger = rusqlite::Connection::open(&path).expect("the journal");
        stranger.execute_batch("BEGIN IMMEDIATE").expect("a lock");
        let refused = run(&["run"], &w.file("repoint.toml"));
        assert_eq!(refused.status.code(), Some(1));
        let text = said(&refused);
        assert!(
            text.contains("in use by another process") && text.contains("stop that one"),
            "{text}"
        );
        // A reader is not in the way of a writer.
        let verified = run(&["journal", "verify"], &w.file("repoint.toml"));
        assert!(verified.status.success(), "{}", said(&verified));
    });
}
