//! The journal in one SQLite file: write-ahead log, every commit flushed, one writer.
//!
//! ```text
//! commit, settle, prune ─▶ queue ─▶ writer thread (writer.rs, write.rs) ─▶ the file
//! questions ─────────────▶ queue ─▶ reader thread (read.rs) ◀────────────── the file
//! verify ────────────────▶ a thread and a connection of its own (check.rs)
//! ```
//!
//! Opening and its refusals are in `open.rs`, space for a full disk in `reserve.rs`, the tables in `schema.rs` and `migrations/`, the lock against a second
//! writer in `lock.rs`, the meaning of SQLite's errors in `error.rs`. Nothing here may wait for the disk inside the async
//! runtime, and nothing may be answered before it would survive a loss of power.

mod check;
mod error;
mod lock;
mod open;
mod read;
mod reserve;
mod schema;
#[cfg(test)]
mod tests;
mod worker;
mod write;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use self::error::{journal_error, opening_error};
use self::lock::WriterLock;
pub use self::open::Options;
use self::reserve::Reserve;
use self::worker::{Worker, stopped};
use self::write::Write;
use self::writer::{Request, Writer};
use crate::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use crate::domain::service::Channel;
use crate::domain::time::Timestamp;
use crate::engine::ports::{
    Commit, Journal, JournalError, MessageRef, PendingDelivery, PendingPost, PostOutcome, Receipt,
    Recorded, StoredToken, TokenHash, VerifyReport, VerifyScope,
};

/// Deliveries removed in one go. Commits get their turn in between.
const PRUNE_AT_ONCE: u32 = 1000;

/// A question on its way to the reader.
type Question = Box<dyn FnOnce(&Connection) + Send>;

/// A journal in a SQLite file.
pub struct SqliteJournal {
    path: PathBuf,
    // The reader goes first: the last connection to close tidies up, and that one must be able to write.
    reader: Worker<Question>,
    /// `None` when the journal was opened for reading only.
    writer: Option<Worker<Request>>,
    sealing_key: [u8; 32],
    instance: String,
}

impl SqliteJournal {
    /// Opens the journal for writing, and makes it if there is none. Refuses what another process writes to, what is
    /// damaged, not ours or from a newer version; the file is then left as it was.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        Self::open_with(path, Options::default())
    }

    /// As [`Self::open`], with limits.
    pub fn open_with(path: &Path, options: Options) -> Result<Self, JournalError> {
        let lock = WriterLock::take(path)?;
        let mut reserve = Reserve::keep(path, options.reserve);
        let connection = match open::writer(path, options) {
            Err(JournalError::Full) if reserve.release() => open::writer(path, options)?,
            opened => opened?,
        };
        let writer = Writer::new(connection, lock, reserve);
        let writer = Worker::start("journal-writer", move |requests| writer.run(requests))?;
        Self::with_reader(path, Some(writer))
    }

    /// Opens the journal for reading only, also while a bot writes to it. Refuses what [`Self::open`] refuses of a file.
    pub fn open_read_only(path: &Path) -> Result<Self, JournalError> {
        if path.metadata().is_ok_and(|file| file.len() > 0) {
            open::examine(path)?;
        }
        Self::with_reader(path, None)
    }

    /// Tells this journal from every other, copies apart; lower-case hex.
    pub fn instance(&self) -> &str {
        &self.instance
    }

    fn with_reader(path: &Path, writer: Option<Worker<Request>>) -> Result<Self, JournalError> {
        let connection = open::reader(path)?;
        let read = |name| {
            schema::meta(&connection, name)
                .map_err(|error| opening_error(path, &error))?
                .ok_or_else(|| {
                    JournalError::Corrupt(format!("{} lacks its {name}", path.display()))
                })
        };
        let sealing_key = read(schema::SEALING_KEY)?.try_into().map_err(|_| {
            JournalError::Corrupt(format!("{} has a broken sealing key", path.display()))
        })?;
        let instance = hex::encode(read(schema::INSTANCE)?);
        let reader =
            Worker::start("journal-reader", move |questions| answer(&connection, questions))?;
        Ok(Self { path: path.to_owned(), reader, writer, sealing_key, instance })
    }

    async fn write(&self, write: Write) -> Result<u64, JournalError> {
        let Some(writer) = &self.writer else {
            return Err(JournalError::Unavailable("it was opened for reading only".to_owned()));
        };
        let (reply, answer) = oneshot::channel();
        writer.send(Request { write, reply }).await?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.reader
            .send(Box::new(move |connection| {
                // Somebody who no longer listens needs no answer.
                let _ = reply.send(question(connection));
            }))
            .await?;
        let answer = answer.await.map_err(|_| stopped())?;
        answer.map_err(|error| journal_error(&error))
    }
}

impl fmt::Debug for SqliteJournal {
    /// Without the sealing key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, instance, .. } = self;
        f.debug_struct("SqliteJournal")
            .field("path", path)
            .field("instance", instance)
            .finish_non_exhaustive()
    }
}

fn answer(connection: &Connection, mut questions: mpsc::Receiver<Question>) {
    while let Some(question) = questions.blocking_recv() {
        question(connection);
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn commit(&self, commit: Commit) -> Result<Receipt, JournalError> {
        let last_seq = self.write(Write::Commit(commit)).await?;
        Ok(Receipt { last_seq })
    }

    async fn stream(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<Recorded>, JournalError> {
        let stream = stream.clone();
        self.read(move |db| read::stream(db, &stream, after)).await
    }

    async fn page(&self, after_seq: u64, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        self.read(move |db| read::page(db, after_seq, limit)).await
    }

    async fn open_incidents(&self) -> Result<Vec<IncidentId>, JournalError> {
        self.read(read::open_incidents).await
    }

    async fn recent_incidents(&self, limit: usize) -> Result<Vec<IncidentId>, JournalError> {
        self.read(move |db| read::recent_incidents(db, limit)).await
    }

    async fn pending_deliveries(&self) -> Result<Vec<PendingDelivery>, JournalError> {
        self.read(read::pending_deliveries).await
    }

    async fn knows_delivery(&self, key: &DeliveryKey) -> Result<bool, JournalError> {
        let key = key.clone();
        self.read(move |db| read::knows_delivery(db, &key)).await
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<StoredToken>, JournalError> {
        let hash = *hash;
        self.read(move |db| read::token(db, &hash)).await
    }

    async fn talking_channels(&self) -> Result<Vec<Channel>, JournalError> {
        self.read(read::talking_channels).await
    }

    async fn pending_posts(
        &self,
        channel: &Channel,
        limit: usize,
    ) -> Result<Vec<PendingPost>, JournalError> {
        let channel = channel.clone();
        self.read(move |db| read::pending_posts(db, &channel, limit)).await
    }

    async fn settle_post(&self, id: u64, outcome: PostOutcome) -> Result<(), JournalError> {
        self.write(Write::SettlePost(id, outcome)).await.map(|_| ())
    }

    async fn message(
        &self,
        channel: &Channel,
        key: &str,
    ) -> Result<Option<MessageRef>, JournalError> {
        let (channel, key) = (channel.clone(), key.to_owned());
        self.read(move |db| read::message(db, &channel, &key)).await
    }

    async fn sealing_key(&self) -> Result<[u8; 32], JournalError> {
        Ok(self.sealing_key)
    }

    async fn takes_what_is_new(&self) -> Result<(), JournalError> {
        self.write(Write::Ask).await.map(|_| ())
    }

    async fn verify(&self, scope: VerifyScope) -> Result<VerifyReport, JournalError> {
        // A thread of its own: a check of a long journal takes seconds, and must hold up neither the questions of the
        // running bot nor its end, as a blocking task of the runtime would.
        let path = self.path.clone();
        let (reply, answer) = oneshot::channel();
        let check = move || {
            let result = open::reader(&path).and_then(|mut connection| {
                check::check(&mut connection, &scope, &|| reply.is_closed())
                    .map_err(|error| journal_error(&error))
            });
            // Somebody who no longer waits needs no answer.
            let _ = reply.send(result);
        };
        std::thread::Builder::new().name("journal-verify".to_owned()).spawn(check).map_err(
            |error| JournalError::Unavailable(format!("cannot start a thread: {error}")),
        )?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    async fn prune(
        &self,
        deliveries_before: Timestamp,
        tokens_before: Timestamp,
    ) -> Result<(), JournalError> {
        self.write(Write::PruneTokens { before: tokens_before }).await?;
        loop {
            let write = Write::PruneDeliveries { before: deliveries_before, limit: PRUNE_AT_ONCE };
            if self.write(write).await? < u64::from(PRUNE_AT_ONCE) {
                return Ok(());
            }
        }
    }
}
