//! The one writer, and group commit: everything that waits goes into one transaction, each request inside a savepoint of
//! its own, and one flush makes them all durable. Nobody is answered before that flush, also not who is refused: a
//! refusal may rest on a neighbour that would be lost with the group.
//!
//! ```text
//! wait for one ─▶ take what else waits ─▶ BEGIN ─▶ per request: SAVEPOINT, apply, RELEASE or undo ─▶ COMMIT ─▶ answer all
//!                                           └──────── database failed: ROLLBACK, the same error for all ────────┘
//! ```
//!
//! When the disk is full, the reserve is given up and the group is tried once more; from then on only what was begun is
//! written, until the disk has room for the reserve again.
//!
//! After a failed flush the disk is not asked again: everything later is refused until the bot starts afresh from what
//! the disk really holds. What a request does is in `write.rs`.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::error::{Stop, journal_error, shakes_trust};
use super::lock::WriterLock;
use super::reserve::Reserve;
use super::write::{Write, last_seq};
use crate::engine::ports::JournalError;

/// The most requests that share a flush: bounds how long the first of them waits for the others.
const GROUP: usize = 256;

/// Pages in the write-ahead log from which it is moved into the database: 4 MiB, SQLite's own default.
const CHECKPOINT_PAGES: i64 = 1000;

/// What a request came to; see [`Write`] for what the number means.
pub type Answer = Result<u64, JournalError>;

/// A write and who waits for it.
pub struct Request {
    /// What to do.
    pub write: Write,
    /// Whom to tell. Somebody who no longer listens changes nothing.
    pub reply: oneshot::Sender<Answer>,
}

/// The state of the writing thread.
pub struct Writer {
    // Before the lock, so that the connection is closed before another process may open its own.
    connection: Connection,
    _lock: WriterLock,
    reserve: Reserve,
    mistrust: Option<JournalError>,
}

impl Writer {
    /// Takes over a connection that may write.
    pub fn new(connection: Connection, lock: WriterLock, reserve: Reserve) -> Self {
        Self { connection, _lock: lock, reserve, mistrust: None }
    }

    /// Works until every sender is gone.
    pub fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(first) = requests.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(next) = requests.try_recv()
            {
                group.push(next);
            }
            self.serve(group);
        }
    }

    /// Writes a group and answers it, then tidies up while nobody waits. After a failure the disk is left alone.
    pub fn serve(&mut self, group: Vec<Request>) {
        if let Some(reason) = &self.mistrust {
            return answer_all(group, reason);
        }
        let group = self.refuse_what_must_wait(group);
        if group.is_empty() {
            return;
        }
        match self.write(&group) {
            Ok(answers) => {
                for (request, answer) in group.into_iter().zip(answers) {
                    let _ = request.reply.send(answer);
                }
            }
            Err(error) => {
                let reason = self.judge(&error);
                if reason == JournalError::Full && self.reserve.release() {
                    tracing::warn!("the disk is full: finishing what was begun from the reserve");
                    return self.serve(group);
                }
                return answer_all(group, &reason);
            }
        }
        if let Err(error) = self.checkpoint() {
            self.judge(&error);
        }
    }

    /// While the reserve is given up, the space belongs to what was begun.
    fn refuse_what_must_wait(&mut self, group: Vec<Request>) -> Vec<Request> {
        if self.reserve.refill() {
            return group;
        }
        let (new, begun) = group.into_iter().partition(|request| request.write.is_new());
        answer_all(new, &JournalError::Full);
        begun
    }

    fn write(&mut self, group: &[Request]) -> Result<Vec<Answer>, rusqlite::Error> {
        let mut transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut seq = last_seq(&transaction)?;
        let mut answers = Vec::with_capacity(group.len());
        for request in group {
            answers.push(write_one(&mut transaction, &request.write, &mut seq)?);
        }
        transaction.commit()?;
        Ok(answers)
    }

    /// Says what an error means to those who wait, and remembers it if it means that nothing may be written any more.
    pub fn judge(&mut self, error: &rusqlite::Error) -> JournalError {
        let reason = journal_error(error);
        if !shakes_trust(error) || self.mistrust.is_some() {
            return reason;
        }
        tracing::error!(%error, "the journal cannot be trusted to record anything until the bot is started again");
        self.mistrust = Some(match &reason {
            JournalError::Corrupt(_) => reason.clone(),
            _ => JournalError::Unavailable(format!(
                "writing to its disk failed before ({error}), so that nothing is recorded until the bot is started again"
            )),
        });
        // Closing must not try the flush again either; the next start reads the log as it is on the disk.
        if let Err(error) =
            self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        {
            tracing::warn!(%error, "closing the journal may flush once more");
        }
        reason
    }

    /// Moves the log into the database once it is long enough. Not in the way of an answer, and with its failures seen:
    /// SQLite's own checkpoint runs inside a commit and swallows them. A full disk or a reader in the way only puts it
    /// off.
    fn checkpoint(&self) -> Result<(), rusqlite::Error> {
        let logged: i64 = self
            .connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
            .query_row([], |row| row.get(1))?;
        if logged >= CHECKPOINT_PAGES {
            self.connection
                .prepare_cached("PRAGMA wal_checkpoint(PASSIVE)")?
                .query_row([], |_| Ok(()))?;
        }
        Ok(())
    }
}

/// Only a failure of the database itself is an error here; a refusal is an answer.
fn write_one(
    transaction: &mut Transaction<'_>,
    write: &Write,
    seq: &mut u64,
) -> Result<Answer, rusqlite::Error> {
    let savepoint = transaction.savepoint()?;
    let before = *seq;
    match write.apply(&savepoint, seq) {
        Ok(number) => {
            savepoint.commit()?;
            Ok(Ok(number))
        }
        Err(Stop::Refused(reason)) => {
            *seq = before;
            savepoint.finish()?;
            Ok(Err(reason))
        }
        Err(Stop::Broken(error)) => Err(error),
    }
}

fn answer_all(group: Vec<Request>, reason: &JournalError) {
    for request in group {
        let _ = request.reply.send(Err(reason.clone()));
    }
}
