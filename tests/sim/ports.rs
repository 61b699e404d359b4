//! The engine's ports over the truth of a night: journal, notifier, clock, chance; the outside is in `provider` and `forge`.

mod forge;
mod provider;

use std::sync::Arc;

use async_trait::async_trait;
use repoint::domain::ids::{DeliveryKey, IncidentId, ServiceId, StreamId, Version};
use repoint::domain::service::Channel;
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::ports::{
    Chance, Clock, Commit, Journal, JournalError, Manner, MessageRef, Notifier, NotifyError,
    Outbound, PendingDelivery, PendingPost, PortError, PortErrorKind, PostOutcome, Receipt,
    Recorded, StoredToken, TokenHash, VerifyReport, VerifyScope,
};

use super::fault::{Fault, Op};
use super::truth::{Night, Truth, pass};

/// All ports of one night.
#[derive(Clone)]
pub struct Ports(pub Arc<Night>);

// ---------------------------------------------------------------------------------------------------------------------
// Time and chance

/// A sleep looks at the clock again at least this often, as the bot's own clock does.
const LONGEST_NAP: i64 = 5_000;

#[async_trait]
impl Clock for Ports {
    fn now(&self) -> Timestamp {
        self.0.truth().now()
    }

    fn wall(&self) -> Timestamp {
        self.0.truth().wall()
    }

    fn catch_up(&self, recorded: Timestamp) {
        self.0.truth().steady.catch_up(recorded);
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left = at.0 - self.now().0;
            if left <= 0 {
                return;
            }
            pass(Span(left.min(LONGEST_NAP))).await;
        }
    }
}

impl Chance for Ports {
    fn bytes(&self) -> [u8; 16] {
        let chance = &mut self.0.truth().chance;
        let (high, low) = (chance.next(), chance.next());
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The journal

fn unavailable() -> JournalError {
    JournalError::Unavailable("disk I/O error".to_owned())
}

/// Makes a commit durable, and holds what became durable against the promises.
fn write(truth: &mut Truth, commit: Commit) -> Result<Receipt, JournalError> {
    let lapses = truth.lapses;
    let from = truth.disk.events().len();
    let keys: Vec<_> = commit.deliveries.iter().map(|delivery| delivery.key.clone()).collect();
    let in_words = truth.story.is_some().then(|| in_words(&commit));
    let last_seq = truth.disk.commit(commit, lapses)?;
    for key in &keys {
        truth.promises.took(key);
    }
    for one in &truth.disk.events()[from..] {
        truth.promises.recorded(one, truth.events, &truth.policy);
    }
    truth.note(last_seq);
    truth.tell(|| in_words.unwrap_or_default());
    Ok(Receipt { last_seq })
}

fn in_words(commit: &Commit) -> String {
    let events = commit.appends.iter().flat_map(|append| &append.events);
    let kinds: Vec<_> = events.map(|event| &event.kind).collect();
    let (deliveries, posts) = (commit.deliveries.len(), commit.posts.len());
    format!("durable: {kinds:?}, {deliveries} deliveries, {posts} posts")
}

impl Ports {
    async fn look<T>(&self, look: impl FnOnce(&Truth) -> T) -> Result<T, JournalError> {
        if self.0.truth().dead {
            return std::future::pending().await;
        }
        Ok(look(&self.0.truth()))
    }
}

#[async_trait]
impl Journal for Ports {
    async fn commit(&self, commit: Commit) -> Result<Receipt, JournalError> {
        let service = self.0.truth().service_of(&commit);
        let fault = self.0.begin(Op::Commit, service.as_ref()).await;
        match fault {
            Some(Fault::DiskFull) => return Err(JournalError::Full),
            Some(Fault::DiskFailsUnwritten) => return Err(unavailable()),
            _ => {}
        }
        if self.0.truth().acknowledges_too_early(&commit) {
            let night = self.0.clone();
            tokio::spawn(async move {
                night.wait(Span(30)).await;
                // What comes of it nobody hears.
                let _ = write(&mut night.truth(), commit);
            });
            return Ok(Receipt::default());
        }
        let done = write(&mut self.0.truth(), commit);
        self.0.end(fault).await;
        if fault == Some(Fault::DiskFailsWritten) {
            return Err(unavailable());
        }
        done
    }

    async fn stream(
        &self,
        stream: &StreamId,
        after: Version,
    ) -> Result<Vec<Recorded>, JournalError> {
        self.look(|truth| truth.disk.stream(stream, after)).await
    }

    async fn page(&self, after_seq: u64, limit: usize) -> Result<Vec<Recorded>, JournalError> {
        self.look(|truth| {
            let all = truth.disk.events().iter();
            all.filter(|one| one.seq > after_seq).take(limit).cloned().collect()
        })
        .await
    }

    async fn open_incidents(&self) -> Result<Vec<IncidentId>, JournalError> {
        self.look(|truth| truth.disk.open()).await
    }

    async fn recent_incidents(&self, limit: usize) -> Result<Vec<IncidentId>, JournalError> {
        self.look(|truth| truth.disk.recent(limit)).await
    }

    async fn pending_deliveries(&self) -> Result<Vec<PendingDelivery>, JournalError> {
        self.look(|truth| truth.disk.pending_deliveries()).await
    }

    async fn knows_delivery(&self, key: &DeliveryKey) -> Result<bool, JournalError> {
        self.look(|truth| truth.disk.knows(key)).await
    }

    async fn token(&self, hash: &TokenHash) -> Result<Option<StoredToken>, JournalError> {
        self.look(|truth| truth.disk.token(hash)).await
    }

    async fn talking_channels(&self) -> Result<Vec<Channel>, JournalError> {
        self.look(|truth| truth.disk.talking()).await
    }

    async fn pending_posts(
        &self,
        channel: &Channel,
        limit: usize,
    ) -> Result<Vec<PendingPost>, JournalError> {
        self.look(|truth| truth.disk.posts(channel, limit, truth.lapses)).await
    }

    async fn settle_post(&self, id: u64, outcome: PostOutcome) -> Result<(), JournalError> {
        let fault = self.0.begin(Op::Commit, None).await;
        match fault {
            Some(Fault::DiskFull) => return Err(JournalError::Full),
            Some(Fault::DiskFailsUnwritten) => return Err(unavailable()),
            _ => {}
        }
        let done = self.0.truth().disk.settle(id, &outcome);
        self.0.end(fault).await;
        if fault == Some(Fault::DiskFailsWritten) {
            return Err(unavailable());
        }
        done
    }

    async fn message(
        &self,
        channel: &Channel,
        key: &str,
    ) -> Result<Option<MessageRef>, JournalError> {
        self.look(|truth| truth.disk.message(channel, key)).await
    }

    async fn sealing_key(&self) -> Result<[u8; 32], JournalError> {
        self.look(|_| [7; 32]).await
    }

    async fn verify(&self, _scope: VerifyScope) -> Result<VerifyReport, JournalError> {
        self.look(|_| VerifyReport::default()).await
    }

    async fn takes_what_is_new(&self) -> Result<(), JournalError> {
        self.look(|_| ()).await
    }

    async fn prune(&self, _: Timestamp, _: Timestamp) -> Result<(), JournalError> {
        self.look(|_| ()).await
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Answers that say no

fn error(kind: PortErrorKind, message: &str) -> PortError {
    PortError { kind, message: message.to_owned() }
}

fn lost() -> PortError {
    error(PortErrorKind::Ambiguous, "no answer")
}

fn throttled(truth: &mut Truth) -> PortError {
    let retry_after = Span(truth.chance.ms(0, 90_000));
    error(PortErrorKind::Transient { retry_after }, "429")
}

fn refused(truth: &mut Truth) -> PortError {
    let kinds = [PortErrorKind::Rejected, PortErrorKind::Unauthorised, PortErrorKind::Missing];
    error(*truth.chance.pick(&kinds).unwrap_or(&kinds[0]), "no")
}

impl Ports {
    /// One reading of the provider or the forge.
    async fn reading<T>(
        &self,
        op: Op,
        service: &ServiceId,
        read: impl FnOnce(&mut Truth, Option<Fault>) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let fault = self.0.begin(op, Some(service)).await;
        match fault {
            Some(Fault::ReadFails) => {
                let kinds = [
                    PortErrorKind::Transient { retry_after: Span(700) },
                    PortErrorKind::Ambiguous,
                    PortErrorKind::Rejected,
                    PortErrorKind::Unauthorised,
                ];
                let kind = *self.0.truth().chance.pick(&kinds).unwrap_or(&kinds[0]);
                return Err(error(kind, "it says 500"));
            }
            Some(Fault::ReadHangs) if op == Op::Try => self.0.wait(Span(62_000)).await,
            Some(Fault::ReadHangs) => self.0.wait(Span(9_500)).await,
            _ => {}
        }
        let answer = read(&mut self.0.truth(), fault);
        self.0.end(fault).await;
        answer
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Chat

#[async_trait]
impl Notifier for Ports {
    async fn notify(&self, message: &Outbound) -> Result<Option<MessageRef>, NotifyError> {
        let service = self.0.truth().service_of_channel(&message.channel);
        let fault = self.0.begin(Op::Post, service.as_ref()).await;
        let why = || "the platform says no".to_owned();
        match fault {
            Some(Fault::ChatThrottled) => {
                let retry_after = Span(self.0.truth().chance.ms(100, 40_000));
                return Err(NotifyError::Throttled { retry_after });
            }
            Some(Fault::ChatDown) => return Err(NotifyError::Transient(why())),
            Some(Fault::ChatClosed) => return Err(NotifyError::ChannelClosed(why())),
            Some(Fault::ChatUnauthorised) => return Err(NotifyError::Unauthorised(why())),
            Some(Fault::ChatRefuses) => return Err(NotifyError::MessageRefused(why())),
            _ => {}
        }
        if let Manner::Edit(standing) = &message.manner
            && (fault == Some(Fault::ChatGone) || !self.0.truth().chat.has(standing))
        {
            return Err(NotifyError::MessageGone(why()));
        }
        let standing = {
            let mut truth = self.0.truth();
            if message.id > 0 {
                let first = truth.disk.first_waiting(&message.channel);
                truth.promises.said(&message.channel, message.id, first);
            }
            truth.note(message.id);
            truth.tell(|| format!("said in {}: row {}", message.channel.id, message.id));
            truth.chat.say(message)
        };
        self.0.end(fault).await;
        if fault == Some(Fault::ChatLost) {
            return Err(NotifyError::Transient("no answer".to_owned()));
        }
        Ok(standing)
    }
}
