//! One file, its one writer, and what survives.

use std::fs;

use rusqlite::Connection;

use super::Folder;
use crate::adapters::journal::sqlite::reserve::Reserve;
use crate::adapters::journal::sqlite::{Options, SqliteJournal, open};
use crate::adapters::journal::suite::{
    NOON, append, appends, delivered, delivery, event, incident, token,
};
use crate::domain::ids::{IncidentId, StreamId, Version};
use crate::engine::ports::{
    Append, Commit, Journal, JournalError, NewDelivery, Receipt, VerifyScope,
};

/// Something of everything.
fn rich_commit() -> Commit {
    let mut commit = appends(vec![append(incident(1), 0, 3), append(StreamId::Register, 0, 1)]);
    commit.deliveries.push(delivery("k"));
    commit.tokens.push(token(1));
    commit.opened.push(IncidentId(1));
    commit
}

async fn assert_rich(journal: &SqliteJournal) {
    assert_eq!(journal.page(0, 10).await.unwrap().len(), 4);
    assert_eq!(journal.pending_deliveries().await.unwrap().len(), 1);
    assert_eq!(journal.open_incidents().await.unwrap(), [IncidentId(1)]);
    assert_eq!(journal.verify(VerifyScope::All).await.unwrap().faults, Vec::<String>::new());
}

#[test]
fn the_linked_sqlite_is_one_that_keeps_what_it_committed() {
    assert!(rusqlite::version_number() >= open::OLDEST_SQLITE);
    assert_eq!(open::check_version(3_051_003), Ok(()));
    let old = open::check_version(3_051_002);
    assert!(matches!(old, Err(JournalError::Unavailable(_))), "{old:?}");
}

#[test]
fn a_commit_of_the_writer_reaches_the_disk() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let connection = open::writer(&path, Options::default()).unwrap();
    let pragma = |name: &str| -> i64 {
        connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
    };
    assert_eq!(pragma("synchronous"), 2);
    assert_eq!(pragma("fullfsync"), 1);
    assert_eq!(pragma("checkpoint_fullfsync"), 1);
    assert_eq!(pragma("foreign_keys"), 1);
    assert_eq!(pragma("user_version"), 1);
    let mode: String =
        connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let journal = SqliteJournal::open(&folder.path("journal.db")).unwrap();
    journal.commit(rich_commit()).await.unwrap();
    for name in ["journal.db", "journal.db-wal"] {
        let mode = fs::metadata(folder.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_was_committed_survives_closing_and_opening() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.commit(rich_commit()).await.unwrap();
    let (key, instance) = (journal.sealing_key().await.unwrap(), journal.instance().to_owned());
    drop(journal);

    let journal = SqliteJournal::open(&path).unwrap();
    assert_rich(&journal).await;
    assert_eq!(journal.sealing_key().await.unwrap(), key);
    assert_eq!(journal.instance(), instance);
    let next = journal.commit(appends(vec![append(incident(1), 3, 1)])).await;
    assert_eq!(next, Ok(Receipt { last_seq: 5 }));
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_killed_process() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.commit(rich_commit()).await.unwrap();
    // The files at this moment are what a process leaves that is killed now: nothing was closed or tidied up.
    let image = folder.path("image.db");
    fs::copy(&path, &image).unwrap();
    fs::copy(folder.path("journal.db-wal"), folder.path("image.db-wal")).unwrap();
    drop(journal);

    let journal = SqliteJournal::open(&image).unwrap();
    assert_rich(&journal).await;
}

#[tokio::test]
async fn a_log_that_was_torn_loses_nothing_but_the_torn_commit() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.commit(rich_commit()).await.unwrap();
    let acknowledged = fs::metadata(folder.path("journal.db-wal")).unwrap().len();
    journal.commit(appends(vec![append(incident(1), 3, 1)])).await.unwrap();
    let log = fs::read(folder.path("journal.db-wal")).unwrap();
    fs::copy(&path, folder.path("image.db")).unwrap();
    let torn = usize::try_from(acknowledged).unwrap() + 100;
    fs::write(folder.path("image.db-wal"), &log[..torn]).unwrap();

    let image = SqliteJournal::open(&folder.path("image.db")).unwrap();
    assert_rich(&image).await;
}

#[tokio::test]
async fn a_second_writer_is_refused_while_readers_are_welcome() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.commit(rich_commit()).await.unwrap();

    let second = SqliteJournal::open(&path).unwrap_err();
    let JournalError::Locked(sentence) = second else { panic!("{second:?}") };
    assert!(sentence.contains(&format!("process {} holds", std::process::id())), "{sentence}");

    let reader = SqliteJournal::open_read_only(&path).unwrap();
    assert_rich(&reader).await;
    journal.commit(appends(vec![append(incident(2), 0, 1)])).await.unwrap();
    assert_eq!(reader.page(4, 10).await.unwrap().len(), 1);
    let refused = reader.commit(Commit::default()).await;
    assert!(matches!(refused, Err(JournalError::Unavailable(_))), "{refused:?}");
    drop(journal);
    SqliteJournal::open(&path).unwrap();
}

#[tokio::test]
async fn a_journal_that_nobody_writes_to_can_be_read() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let absent = SqliteJournal::open_read_only(&path);
    assert!(matches!(absent, Err(JournalError::Unavailable(_))), "{absent:?}");
    assert!(!path.exists());
    SqliteJournal::open(&path).unwrap().commit(rich_commit()).await.unwrap();
    assert_rich(&SqliteJournal::open_read_only(&path).unwrap()).await;
}

#[tokio::test]
async fn a_stranger_who_locks_the_database_is_named_as_the_reason_and_goes_away() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    let stranger = Connection::open(&path).unwrap();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = journal.commit(delivered("k")).await;
    assert!(matches!(refused, Err(JournalError::Locked(_))), "{refused:?}");
    stranger.execute_batch("ROLLBACK").unwrap();
    journal.commit(delivered("k")).await.unwrap();
}

#[tokio::test]
async fn events_cannot_be_changed_or_removed_by_hand() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    journal.commit(rich_commit()).await.unwrap();
    let stranger = Connection::open(&path).unwrap();
    for sql in ["UPDATE events SET body = '{}'", "DELETE FROM events"] {
        let error = stranger.execute(sql, []).unwrap_err();
        assert!(error.to_string().starts_with("events are never "), "{error}");
    }
    assert_rich(&journal).await;
}

#[tokio::test]
async fn a_full_disk_refuses_whole_groups_and_passes_by_itself() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let options = Options { max_pages: Some(60), reserve: 0 };
    let journal = SqliteJournal::open_with(&path, options).unwrap();
    let large = |key: u32| Commit {
        deliveries: vec![NewDelivery {
            body: "x".repeat(10_000),
            pending: false,
            ..delivery(&format!("large {key}"))
        }],
        ..Commit::default()
    };
    let mut stored = 0;
    let error = loop {
        match journal.commit(large(stored)).await {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error, JournalError::Full);
    assert!(stored > 3);
    assert!(!journal.knows_delivery(&format!("large {stored}").as_str().into()).await.unwrap());
    let refused = appends(vec![Append {
        stream: incident(1),
        expected: Version(0),
        events: vec![event(&"x".repeat(100_000))],
    }]);
    assert_eq!(journal.commit(refused.clone()).await, Err(JournalError::Full));
    assert_eq!(journal.page(0, 1).await.unwrap(), []);

    let later = crate::domain::time::Timestamp(NOON.0 + 1);
    journal.prune(later, later).await.unwrap();
    assert_eq!(journal.commit(refused).await, Ok(Receipt { last_seq: 1 }));
    assert_eq!(journal.verify(VerifyScope::All).await.unwrap().faults, Vec::<String>::new());
}

#[cfg(target_os = "linux")]
#[test]
fn a_reserve_really_takes_its_space_and_comes_back_by_itself() {
    use std::os::unix::fs::MetadataExt;
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let space = || fs::metadata(folder.path("journal.db.reserve")).map_or(0, |f| f.blocks() * 512);
    let mut reserve = Reserve::keep(&path, 1 << 20);
    assert_eq!(space(), 1 << 20);
    assert!(reserve.release());
    assert_eq!(space(), 0);
    assert!(!reserve.release(), "there is nothing left to give");
    assert!(reserve.refill());
    assert_eq!(space(), 1 << 20);
    drop(reserve);
    assert!(Reserve::keep(&path, 1 << 20).release(), "the next start finds it");
}

#[tokio::test]
async fn the_log_is_moved_into_the_database_before_it_grows_long() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    for nth in 0..400 {
        let large = NewDelivery { body: "x".repeat(40_000), ..delivery(&format!("{nth}")) };
        journal.commit(Commit { deliveries: vec![large], ..Commit::default() }).await.unwrap();
    }
    let log = fs::metadata(folder.path("journal.db-wal")).unwrap().len();
    assert!(log < 8 << 20, "the log holds {log} bytes");
    assert!(fs::metadata(&path).unwrap().len() > 10 << 20);
}

#[tokio::test]
async fn commits_that_nobody_waits_for_any_more_do_no_harm() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let journal = SqliteJournal::open(&path).unwrap();
    for nth in 0..50 {
        // Polled once, so that it may be sent, and dropped.
        let commit = journal.commit(delivered(&format!("{nth}")));
        let _ = tokio::time::timeout(std::time::Duration::ZERO, commit).await;
    }
    assert_eq!(journal.commit(delivered("last")).await, Ok(Receipt::default()));
    drop(journal);
    let journal = SqliteJournal::open(&path).unwrap();
    assert!(journal.knows_delivery(&"last".into()).await.unwrap());
}
