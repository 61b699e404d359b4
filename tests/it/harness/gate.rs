//! Stands between the bot and its journal: counts the writes, and lets something happen at one of them when a sweep asks
//! for it. It never invents a record and never loses one by itself.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use repoint::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use repoint::domain::service::Channel;
use repoint::domain::time::Timestamp;
use repoint::engine::ports::{
    Commit, Journal, JournalError, MessageRef, PendingDelivery, PendingPost, PostOutcome, Receipt,
    Recorded, StoredToken, TokenHash, VerifyReport, VerifyScope,
};
use tokio::sync::watch;

/// What happens at a write.
#[derive(Clone, Debug)]
pub enum Strike {
    /// The bot dies before anything is durable.
    DiesBefore,
    /// The bot dies when it is durable, before anybody hears of it.
    DiesAfter,
    /// Nothing is written, and this is why.
    Refuses(JournalError),
    /// It is written, and yet the journal answers this.
    WritesAndSays(JournalError),
    /// It is written, and takes this long in the time of sockets.
    Takes(Duration),
}

/// Counts what passes, and strikes once per order.
pub struct Gate {
    inner: Mutex<Inner>,
    dying: watch::Sender<bool>,
}

#[derive(Default)]
struct Inner {
    passed: u64,
    /// In the order in which they are to happen.
    ordered: VecDeque<(u64, Strike)>,
    struck: u64,
}

impl Default for Gate {
    fn default() -> Self {
        Self { inner: Mutex::default(), dying: watch::Sender::new(false) }
    }
}

impl Gate {
    /// Strikes at this write from now, counted from 1. Several orders are met one after the other.
    pub fn strikes_at(&self, nth: u64, strike: Strike) {
        let mut inner = self.lock();
        let at = inner.passed + nth;
        inner.ordered.push_back((at, strike));
    }

    /// The bot dies now.
    pub fn strikes(&self) {
        self.lock().struck += 1;
        self.shuts();
    }

    /// How many writes there were.
    pub fn passed(&self) -> u64 {
        self.lock().passed
    }

    /// How many strikes there were.
    pub fn struck(&self) -> u64 {
        self.lock().struck
    }

    /// Returns when the bot is to die. From this moment on nothing becomes durable any more.
    pub async fn is_dying(&self) {
        let mut dying = self.dying.subscribe();
        // The sender lives as long as the gate.
        let _ = dying.wait_for(|dying| *dying).await;
    }

    /// From this moment on nothing becomes durable any more.
    pub fn shuts(&self) {
        self.dying.send_replace(true);
    }

    /// The bot is dead: the next one may write.
    pub fn opens(&self) {
        self.dying.send_replace(false);
    }

    /// The order that this write meets, if it does.
    fn meets(&self) -> Option<Strike> {
        let mut inner = self.lock();
        inner.passed += 1;
        let passed = inner.passed;
        let (_, strike) = inner.ordered.pop_front_if(|(at, _)| *at == passed)?;
        inner.struck += 1;
        Some(strike)
    }

    async fn pass<T>(
        &self,
        write: impl Future<Output = Result<T, JournalError>> + Send,
    ) -> Result<T, JournalError> {
        if *self.dying.borrow() {
            return std::future::pending().await;
        }
        match self.meets() {
            None => write.await,
            Some(Strike::Refuses(error)) => Err(error),
            Some(Strike::WritesAndSays(error)) => {
                write.await?;
                Err(error)
            }
            Some(Strike::Takes(time)) => {
                #[expect(clippy::disallowed_methods, reason = "sockets know no other time")]
                tokio::time::sleep(time).await;
                write.await
            }
            Some(Strike::DiesBefore) => {
                self.shuts();
                std::future::pending().await
            }
            Some(Strike::DiesAfter) => {
                // Whether it was taken or refused, nobody hears of it.
                let _ = write.await;
                self.shuts();
                std::future::pending().await
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("the gate")
    }
}

/// A journal behind a gate.
pub struct GatedJournal {
    journal: Arc<dyn Journal>,
    gate: Arc<Gate>,
}

impl GatedJournal {
    /// Puts a gate before a journal.
    pub fn before(journal: Arc<dyn Journal>, gate: Arc<Gate>) -> Arc<dyn Journal> {
        Arc::new(Self { journal, gate })
    }
}

#[async_trait]
impl Journal for GatedJournal {
    async fn commit(&self, commit: Commit) -> Result<Receipt, JournalError> {
        self.gate.pass(self.journal.commit(commit)).await
    }

    async fn settle_post(&self, id: u64, outcome: PostOutcome) -> Result<(), JournalError> {
        self.gate.pass(self.journal.settle_post(id, outcome)).await
    }

    async fn prune(&self, deliveries: Timestamp, tokens: Timestamp) -> Result<(), JournalError> {
        self.gate.pass(self.journal.prune(deliveries, tokens)).await
    }

    async fn stream(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.journal.stream(stream, after).await
    }

    async fn page(&self, after_seq: u64, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        self.journal.page(after_seq, limit).await
    }

    async fn open_incidents(&self) -> Result<Vec<IncidentId>, JournalError> {
        self.journal.open_incidents().await
    }

    async fn recent_incidents(&self, limit: usize) -> Result<Vec<IncidentId>, JournalError> {
        self.journal.recent_incidents(limit).await
    }

    async fn pending_deliveries(&self) -> Result<Vec<PendingDelivery>, JournalError> {
        self.journal.pending_deliveries().await
    }

    async fn knows_delivery(&self, key: &DeliveryKey) -> Result<bool, JournalError> {
        self.journal.knows_delivery(key).await
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<StoredToken>, JournalError> {
        self.journal.token(hash).await
    }

    async fn talking_channels(&self) -> Result<Vec<Channel>, JournalError> {
        self.journal.talking_channels().await
    }

    async fn pending_posts(
        &self,
        channel: &Channel,
        limit: usize,
    ) -> Result<Vec<PendingPost>, JournalError> {
        self.journal.pending_posts(channel, limit).await
    }

    async fn message(
        &self,
        channel: &Channel,
        key: &str,
    ) -> Result<Option<MessageRef>, JournalError> {
        self.journal.message(channel, key).await
    }

    async fn sealing_key(&self) -> Result<[u8; 32], JournalError> {
        self.journal.sealing_key().await
    }

    async fn takes_what_is_new(&self) -> Result<(), JournalError> {
        self.journal.takes_what_is_new().await
    }

    async fn verify(&self, scope: VerifyScope) -> Result<VerifyReport, JournalError> {
        self.journal.verify(scope).await
    }
}
