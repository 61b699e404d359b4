//! Files that are not what we wrote: refused with a sentence, and left as they are.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::Folder;
use crate::adapters::journal::sqlite::SqliteJournal;
use crate::adapters::journal::suite::{append, appends, incident};
use crate::engine::ports::{Journal, JournalError};

/// A journal with some events, closed.
async fn journal(folder: &Folder) -> PathBuf {
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.commit(appends(vec![append(incident(1), 0, 200)])).await.unwrap();
    path
}

/// Why the file is refused; not a byte of it may change.
fn refusal(path: &Path) -> JournalError {
    let before = fs::read(path).unwrap();
    let error = SqliteJournal::open(path).unwrap_err();
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
    error
}

/// The sentence about a damaged file, which names it.
fn damage(path: &Path) -> String {
    let error = refusal(path);
    let JournalError::Corrupt(sentence) = error else { panic!("{error:?}") };
    assert!(sentence.contains(&path.display().to_string()), "{sentence}");
    sentence
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    for content in ["x", "dear diary, ", &"dear diary, ".repeat(1000)] {
        fs::write(&path, content).unwrap();
        assert!(damage(&path).contains("is not a SQLite database"));
        let reader = SqliteJournal::open_read_only(&path);
        assert!(matches!(reader, Err(JournalError::Corrupt(_))), "{reader:?}");
    }
}

#[test]
fn somebody_elses_database_is_refused() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(other);
    assert!(damage(&path).contains("not a journal of this bot"));
}

#[tokio::test]
async fn a_journal_that_lacks_a_table_is_refused() {
    let folder = Folder::new();
    let path = journal(&folder).await;
    Connection::open(&path).unwrap().execute_batch("DROP TABLE heads").unwrap();
    assert!(damage(&path).contains("lacks the table heads"));
}

#[tokio::test]
async fn a_file_that_was_cut_short_is_refused() {
    let folder = Folder::new();
    let path = journal(&folder).await;
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() - 4096, whole.len() - 1, whole.len() / 2, 4096, 1000, 50] {
        fs::write(&path, &whole[..length]).unwrap();
        damage(&path);
    }
}

#[tokio::test]
async fn a_flipped_bit_in_the_structure_of_the_file_is_refused() {
    let folder = Folder::new();
    let path = journal(&folder).await;
    let whole = fs::read(&path).unwrap();
    // The magic word, the page size, the schema's page type, the schema's cells, and the type of every later page.
    let pages = (4096..whole.len()).step_by(4096);
    for at in [3, 16, 100, 103, 4000].into_iter().chain(pages) {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x40;
        fs::write(&path, &flipped).unwrap();
        let error = refusal(&path);
        assert!(matches!(error, JournalError::Corrupt(_)), "byte {at}: {error:?}");
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let folder = Folder::new();
    let path = journal(&folder).await;
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let newer = JournalError::Newer { found: 99, known: 1 };
    assert_eq!(refusal(&path), newer);
    assert_eq!(SqliteJournal::open_read_only(&path).unwrap_err(), newer);
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = Folder::new();
    let error = SqliteJournal::open(&folder.path("absent/journal.db")).unwrap_err();
    let JournalError::Unavailable(sentence) = error else { panic!("{error:?}") };
    assert!(sentence.contains("absent"), "{sentence}");
}

#[test]
fn a_start_that_was_cut_off_before_anything_was_made_is_made_again() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    fs::write(&path, "").unwrap();
    drop(SqliteJournal::open(&path).unwrap());

    // What was left of a journal that was being made is made anew.
    let path = folder.path("half.db");
    for suffix in ["", "-journal", "-wal"] {
        fs::write(folder.path(&format!("half.db.new{suffix}")), [0x5a; 600]).unwrap();
    }
    drop(SqliteJournal::open(&path).unwrap());
    assert!(!folder.path("half.db.new").exists());
    assert!(!folder.path("half.db.new-journal").exists());

    let path = folder.path("other.db");
    let begun = Connection::open(&path).unwrap();
    begun.pragma_update(None, "journal_mode", "WAL").unwrap();
    drop(begun);
    let reader = SqliteJournal::open_read_only(&path);
    assert!(matches!(reader, Err(JournalError::Unavailable(_))), "{reader:?}");
    drop(SqliteJournal::open(&path).unwrap());
}
