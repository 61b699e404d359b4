//! Rows that somebody changed: the chains tell.

use rusqlite::Connection;

use super::Folder;
use crate::adapters::journal::sqlite::SqliteJournal;
use crate::adapters::journal::suite::{append, appends, incident};
use crate::domain::ids::{IncidentId, StreamId};
use crate::engine::ports::{Journal, VerifyReport, VerifyScope};

const FORBID: &str = "
    CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
    BEGIN SELECT RAISE(ABORT, 'no'); END;
    CREATE TRIGGER events_are_never_removed BEFORE DELETE ON events
    BEGIN SELECT RAISE(ABORT, 'no'); END;";

/// Positions 1–5 are incident 1 (closed), 6–8 incident 2 (open), 9–10 a service, 11 the register.
async fn journal(folder: &Folder) -> SqliteJournal {
    let journal = folder.fresh();
    let mut commit = appends(vec![
        append(incident(1), 0, 5),
        append(incident(2), 0, 3),
        append(StreamId::Service("web".into()), 0, 2),
        append(StreamId::Register, 0, 1),
    ]);
    commit.opened.push(IncidentId(2));
    journal.commit(commit).await.unwrap();
    journal
}

/// Changes the database behind the journal's back, with the rules out of the way for the moment, and checks it.
async fn tampered(sql: &str, scope: VerifyScope) -> VerifyReport {
    let folder = Folder::new();
    let journal = journal(&folder).await;
    let stranger = Connection::open(folder.path("0.db")).unwrap();
    stranger
        .execute_batch(&format!(
            "DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_removed; {sql}; {FORBID}"
        ))
        .unwrap();
    journal.verify(scope).await.unwrap()
}

async fn faults(sql: &str) -> Vec<String> {
    tampered(sql, VerifyScope::All).await.faults
}

#[tokio::test]
async fn a_changed_field_of_an_event_is_found_and_named() {
    for change in [
        "body = '{}'",
        "body = replace(body, 'event 1', 'event 7')",
        "actor = '\"ana\"'",
        "kind = 'other'",
        "at = at + 1",
        "event_version = 2",
        "hash = zeroblob(32)",
    ] {
        let found = faults(&format!("UPDATE events SET {change} WHERE seq = 2")).await;
        assert!(
            found[0].starts_with("incident/1: event 2 (position 2) is not what was written"),
            "{change}: {found:?}"
        );
        // A changed hash also breaks the link to the event after it; a changed content is one fault.
        assert_eq!(found.len(), if change.starts_with("hash") { 2 } else { 1 }, "{found:?}");
    }
}

#[tokio::test]
async fn a_removed_event_is_found_by_its_position_and_its_version() {
    assert_eq!(
        faults("DELETE FROM events WHERE seq = 3").await,
        [
            "position 3 is missing",
            "incident/1: position 4 holds event 4 where event 3 was expected"
        ]
    );
    assert_eq!(
        faults("DELETE FROM events WHERE seq IN (4, 5)").await,
        [
            "positions 4 to 5 are missing",
            "incident/1: the head says 5 events, but the stream ends with event 3"
        ]
    );
    let last = faults("DELETE FROM events WHERE seq = 11").await;
    assert_eq!(last, ["register: the head says 1 events, but the stream ends with event 0"]);
}

#[tokio::test]
async fn an_event_moved_to_another_stream_is_found() {
    let found = faults("UPDATE events SET stream = 'incident/3', version = 1 WHERE seq = 5").await;
    assert_eq!(
        found,
        [
            "incident/3: event 1 (position 5) is not what was written: its content does not match its hash",
            "incident/1: the head says 5 events, but the stream ends with event 4",
            "incident/3: the list of heads does not know this stream, which ends with event 1",
        ]
    );
}

#[tokio::test]
async fn a_head_that_does_not_fit_its_stream_is_found() {
    for scope in [VerifyScope::All, VerifyScope::Open] {
        for (change, sentence) in [
            ("hash = zeroblob(32)", "incident/1: the head's hash is not that of event 5"),
            ("version = 9", "incident/1: the head says 9 events, but the stream ends with event 5"),
            ("version = 4", "incident/1: the head says 4 events, but the stream ends with event 5"),
        ] {
            let sql = format!("UPDATE heads SET {change} WHERE stream = 'incident/1'");
            assert_eq!(tampered(&sql, scope.clone()).await.faults, [sentence], "{scope:?}");
        }
    }
    let forgotten = faults("DELETE FROM heads WHERE stream = 'register'").await;
    assert_eq!(
        forgotten,
        ["register: the list of heads does not know this stream, which ends with event 1"]
    );
}

#[tokio::test]
async fn the_short_check_sees_what_decisions_are_made_from_and_every_last_event() {
    for (seq, is_seen) in [(2, false), (5, true), (6, true), (9, true), (11, true)] {
        let sql = format!("UPDATE events SET body = '{{}}' WHERE seq = {seq}");
        let report = tampered(&sql, VerifyScope::Open).await;
        assert_eq!(report.faults.len(), usize::from(is_seen), "{seq}: {:?}", report.faults);
    }
}

#[tokio::test]
async fn a_missing_rule_is_found() {
    let found = faults("SELECT 1").await;
    assert_eq!(found, Vec::<String>::new());
    let folder = Folder::new();
    let journal = journal(&folder).await;
    let stranger = Connection::open(folder.path("0.db")).unwrap();
    stranger.execute_batch("DROP TRIGGER events_are_never_removed").unwrap();
    let report = journal.verify(VerifyScope::Open).await.unwrap();
    assert_eq!(report.faults, ["the rule events_are_never_removed was removed from the database"]);
}

#[tokio::test]
async fn a_journal_that_is_wrong_throughout_is_reported_in_bounds() {
    let folder = Folder::new();
    let journal = folder.fresh();
    journal.commit(appends(vec![append(incident(1), 0, 500)])).await.unwrap();
    let stranger = Connection::open(folder.path("0.db")).unwrap();
    stranger
        .execute_batch(&format!(
            "DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_removed;
             UPDATE events SET body = '{{}}'; {FORBID}"
        ))
        .unwrap();
    let report = journal.verify(VerifyScope::All).await.unwrap();
    assert_eq!((report.events, report.faults.len()), (500, 101));
    assert_eq!(report.faults[100], "there are more faults than are listed here");
}

#[tokio::test]
async fn a_long_journal_is_checked_in_slices() {
    let folder = Folder::new();
    let journal = folder.fresh();
    for number in 1..=3 {
        journal.commit(appends(vec![append(incident(number), 0, 1700)])).await.unwrap();
    }
    let report = journal.verify(VerifyScope::All).await.unwrap();
    assert_eq!((report.streams, report.events, report.faults), (3, 5100, vec![]));
}
