//! What is to be said: at least once, in order per channel, never in the way of an effect.
//!
//! One loop per channel; only the head of a channel's queue is tried. A channel that cannot be spoken to keeps its queue on
//! disk and does not hold up any other.

use std::sync::Arc;

use super::activity::{AtWork, Bell};
use super::motor::Engine;
use super::ports::{
    JournalError, Manner, NewPost, NotifyError, Outbound, PendingPost, Placement, PostOutcome,
};
use super::retry;
use crate::domain::service::Channel;
use crate::domain::time::Span;

/// Rows that are looked at in one go.
const BATCH: usize = 64;

/// A channel that somebody must mend is tried again this often.
const CLOSED_PAUSE: Span = Span::minutes(1);

/// Speaks for a channel until the engine stops.
pub(super) async fn speak(engine: Engine, channel: Channel, bell: Arc<Bell>) {
    let mut speaker = Speaker { engine, channel, failures: 0, unsettled: None };
    let mut at_work: Option<AtWork> = bell.answer();
    loop {
        let pause = match speaker.say_all().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(channel = %speaker.channel, %error, "the outbox could not be read or recorded");
                Some(speaker.backoff())
            }
        };
        if speaker.engine.is_stopping() {
            // What is left is on disk and said after the next start.
            return bell.leave();
        }
        drop(at_work.take());
        speaker.rest(pause, &bell).await;
        at_work = bell.answer().or_else(|| Some(speaker.engine.activity().begin()));
    }
}

struct Speaker {
    engine: Engine,
    channel: Channel,
    /// Tries in a row that did not get through.
    failures: u32,
    /// A row that ended, without the journal having taken it yet.
    unsettled: Option<(u64, PostOutcome)>,
}

impl Speaker {
    async fn rest(&self, pause: Option<Span>, bell: &Bell) {
        let Some(pause) = pause else {
            // Always in this order: chance belongs to its port, so that a night can be played again.
            tokio::select! {
                biased;
                () = self.engine.stopped() => {}
                () = bell.rung() => {}
            }
            return;
        };
        let clock = self.engine.keeper().tools().clock.clone();
        let until = clock.now() + pause;
        loop {
            tokio::select! {
                biased;
                () = self.engine.stopped() => return,
                () = clock.sleep_until(until) => return,
                // A pause that was asked for is kept, whoever rings; the queue is read anew afterwards.
                () = bell.rung() => drop(bell.answer()),
            }
        }
    }

    /// Says everything that waits. `Some`: how long to wait before the head is tried again.
    async fn say_all(&mut self) -> Result<Option<Span>, JournalError> {
        self.settle_what_ended().await?;
        let journal = self.engine.keeper().tools().journal.clone();
        loop {
            let waiting = journal.pending_posts(&self.channel, BATCH).await?;
            if waiting.is_empty() {
                return Ok(None);
            }
            for (index, row) in waiting.iter().enumerate() {
                let overtaken = is_overtaken(row, &waiting[index + 1..]);
                if let Some(pause) = self.say(row, overtaken).await? {
                    return Ok(Some(pause));
                }
            }
        }
    }

    async fn say(
        &mut self,
        row: &PendingPost,
        overtaken: Overtaken,
    ) -> Result<Option<Span>, JournalError> {
        let manner = self.manner(&row.post).await?;
        if overtaken == Overtaken::Yes && matches!(manner, Manner::Edit(_)) {
            self.settle(row, PostOutcome::Superseded).await?;
            return Ok(None);
        }
        let mut message = Outbound {
            id: row.id,
            channel: row.post.channel.clone(),
            manner,
            body: row.post.body.clone(),
        };
        let mut said = self.engine.hands().notifier.notify(&message).await;
        if let (Err(NotifyError::MessageGone(_)), Manner::Edit(_)) = (&said, &message.manner) {
            // Somebody deleted the card: it is said anew.
            message.manner = Manner::Post;
            said = self.engine.hands().notifier.notify(&message).await;
        }
        match said {
            Ok(reference) => {
                self.failures = 0;
                self.settle(row, PostOutcome::Sent(reference)).await?;
                Ok(None)
            }
            Err(error) => self.failed(row, error).await,
        }
    }

    async fn manner(&self, post: &NewPost) -> Result<Manner, JournalError> {
        let journal = &self.engine.keeper().tools().journal;
        let standing = |key: &str| {
            let (channel, key) = (post.channel.clone(), key.to_owned());
            async move { journal.message(&channel, &key).await }
        };
        Ok(match &post.placement {
            Placement::Post => Manner::Post,
            Placement::Upsert(key) => standing(key).await?.map_or(Manner::Post, Manner::Edit),
            // Without its parent a reply is better said in the channel than not at all.
            Placement::Thread(key) => standing(key).await?.map_or(Manner::Post, Manner::Reply),
            Placement::Whisper { to, response_url } => {
                Manner::Whisper { to: to.clone(), response_url: response_url.clone() }
            }
        })
    }

    async fn failed(
        &mut self,
        row: &PendingPost,
        error: NotifyError,
    ) -> Result<Option<Span>, JournalError> {
        tracing::warn!(channel = %self.channel, post = row.id, %error, "a post did not get through");
        let is_whisper = matches!(row.post.placement, Placement::Whisper { .. });
        match error {
            NotifyError::Throttled { retry_after } => Ok(Some(retry_after.max(Span(100)))),
            NotifyError::Transient(_) => Ok(Some(self.backoff())),
            // What one person was to see must not hold up what the channel is to see.
            NotifyError::ChannelClosed(why) if is_whisper => self.refuse(row, why).await,
            NotifyError::ChannelClosed(_) | NotifyError::Unauthorised(_) => Ok(Some(CLOSED_PAUSE)),
            NotifyError::MessageRefused(why) | NotifyError::MessageGone(why) => {
                self.refuse(row, why).await
            }
        }
    }

    async fn refuse(
        &mut self,
        row: &PendingPost,
        why: String,
    ) -> Result<Option<Span>, JournalError> {
        tracing::error!(channel = %self.channel, post = row.id, why, "a post will never be taken");
        self.settle(row, PostOutcome::Refused(why)).await?;
        Ok(None)
    }

    /// Records how a row ended. While the journal does not take it, nothing more is said in this channel: not this row
    /// again, and none after it.
    async fn settle(
        &mut self,
        row: &PendingPost,
        outcome: PostOutcome,
    ) -> Result<(), JournalError> {
        self.unsettled = Some((row.id, outcome));
        self.settle_what_ended().await
    }

    async fn settle_what_ended(&mut self) -> Result<(), JournalError> {
        if let Some((id, outcome)) = self.unsettled.clone() {
            self.engine.keeper().settle_post(id, outcome).await?;
            self.unsettled = None;
        }
        Ok(())
    }

    fn backoff(&mut self) -> Span {
        let chance = self.engine.keeper().tools().chance.bytes()[0];
        let pause = retry::pause(self.failures, chance);
        self.failures = self.failures.saturating_add(1);
        pause
    }
}

/// Whether a later row replaces this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Overtaken {
    Yes,
    No,
}

fn is_overtaken(row: &PendingPost, later: &[PendingPost]) -> Overtaken {
    let Placement::Upsert(key) = &row.post.placement else { return Overtaken::No };
    let same = |other: &PendingPost| other.post.placement == Placement::Upsert(key.clone());
    if later.iter().any(same) { Overtaken::Yes } else { Overtaken::No }
}
