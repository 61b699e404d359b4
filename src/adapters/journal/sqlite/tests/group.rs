//! Group commit: who shares a flush, and what one request does to its neighbours.

use std::path::Path;

use tokio::sync::oneshot;

use super::Folder;
use crate::adapters::journal::sqlite::error::tests::failure;
use crate::adapters::journal::sqlite::lock::WriterLock;
use crate::adapters::journal::sqlite::reserve::Reserve;
use crate::adapters::journal::sqlite::write::Write;
use crate::adapters::journal::sqlite::writer::{Answer, Request, Writer};
use crate::adapters::journal::sqlite::{Options, open};
use crate::adapters::journal::suite::{append, appends, burning, delivered, delivery, incident};
use crate::engine::ports::{Commit, JournalError, NewDelivery};

fn writer(path: &Path) -> Writer {
    let lock = WriterLock::take(path).unwrap();
    Writer::new(open::writer(path, Options::default()).unwrap(), lock, Reserve::keep(path, 0))
}

/// What a group of requests, written together, came to.
fn serve(writer: &mut Writer, writes: Vec<Write>) -> Vec<Answer> {
    let (group, answers): (Vec<_>, Vec<_>) = writes
        .into_iter()
        .map(|write| {
            let (reply, answer) = oneshot::channel();
            (Request { write, reply }, answer)
        })
        .unzip();
    writer.serve(group);
    answers.into_iter().map(|mut answer| answer.try_recv().unwrap()).collect()
}

#[test]
fn a_refusal_in_a_group_leaves_the_others_alone() {
    let folder = Folder::new();
    let mut writer = writer(&folder.path("journal.db"));
    let answers = serve(
        &mut writer,
        vec![
            Write::Commit(appends(vec![append(incident(1), 0, 2)])),
            Write::Commit(appends(vec![append(incident(2), 0, 1), append(incident(1), 0, 1)])),
            Write::Commit(delivered("k")),
            Write::Commit(delivered("k")),
            Write::Commit(burning(1)),
            Write::Commit(appends(vec![append(incident(1), 2, 1)])),
        ],
    );
    assert_eq!(
        answers,
        [
            Ok(2),
            Err(JournalError::Conflict(incident(1))),
            Ok(0),
            Err(JournalError::Duplicate("k".into())),
            Err(JournalError::Burned),
            Ok(3),
        ]
    );
}

#[test]
fn nobody_in_a_group_is_acknowledged_when_the_database_fails() {
    let folder = Folder::new();
    let path = folder.path("journal.db");
    let lock = WriterLock::take(&path).unwrap();
    let options = Options { max_pages: Some(60), reserve: 0 };
    let mut writer =
        Writer::new(open::writer(&path, options).unwrap(), lock, Reserve::keep(&path, 0));
    let huge = NewDelivery { body: "x".repeat(400_000), ..delivery("huge") };
    let huge = || Write::Commit(Commit { deliveries: vec![huge.clone()], ..Commit::default() });
    // The repeat is refused too: what it repeats is lost with the group.
    let group = vec![
        Write::Commit(delivered("k")),
        Write::Commit(delivered("k")),
        huge(),
        Write::Commit(delivered("l")),
    ];
    assert_eq!(serve(&mut writer, group), vec![Err(JournalError::Full); 4]);
    assert_eq!(serve(&mut writer, vec![Write::Commit(delivered("k"))]), [Ok(0)]);
}

#[test]
fn after_a_failed_flush_nothing_more_is_recorded() {
    let folder = Folder::new();
    let mut writer = writer(&folder.path("journal.db"));
    assert_eq!(serve(&mut writer, vec![Write::Commit(delivered("a"))]), [Ok(0)]);
    writer.judge(&failure(rusqlite::ffi::SQLITE_FULL));
    assert_eq!(serve(&mut writer, vec![Write::Commit(delivered("b"))]), [Ok(0)]);

    writer.judge(&failure(rusqlite::ffi::SQLITE_IOERR_FSYNC));
    for _ in 0..2 {
        let answers = serve(&mut writer, vec![Write::Commit(delivered("c"))]);
        let [Err(JournalError::Unavailable(sentence))] = answers.as_slice() else {
            panic!("{answers:?}")
        };
        assert!(sentence.contains("until the bot is started again"), "{sentence}");
    }
}
