//! The engine's ports over the truth of a night: journal, provider, prober, notifier, clock, chance.

use std::sync::Arc;

use async_trait::async_trait;
use repoint::domain::change::{self, Changes, PullRequest, Range};
use repoint::domain::deployment::{self, Assignment, Deployment, FailedAlias, Plan, Pointer};
use repoint::domain::event::Effect;
use repoint::domain::ids::{DeliveryKey, DeploymentId, IncidentId, ServiceId, StreamId, Version};
use repoint::domain::log::{ErrorLog, Traffic, Window};
use repoint::domain::migration::{self, Migration};
use repoint::domain::probe::{Probe, Seen};
use repoint::domain::service::Channel;
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::ports::{
    Chance, Clock, Code, Commit, Journal, JournalError, Manner, MessageRef, Notifier, NotifyError,
    Outbound, PendingDelivery, PendingPost, PortError, PortErrorKind, PostOutcome, Prober,
    Provider, Receipt, Recorded, StoredToken, TokenHash, VerifyReport, VerifyScope,
};

use super::fault::{Fault, Op};
use super::planted::Bug;
use super::project::{Taken, Write};
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
// The provider

fn error(kind: PortErrorKind, message: &str) -> PortError {
    PortError { kind, message: message.to_owned() }
}

impl Ports {
    /// One reading of the provider.
    async fn reading<T>(
        &self,
        service: &ServiceId,
        read: impl FnOnce(&mut Truth, Option<Fault>) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let fault = self.0.begin(Op::Read, Some(service)).await;
        match fault {
            Some(Fault::ReadFails) => {
                let kinds = [
                    PortErrorKind::Transient { retry_after: Span(700) },
                    PortErrorKind::Ambiguous,
                    PortErrorKind::Rejected,
                    PortErrorKind::Unauthorised,
                ];
                let kind = *self.0.truth().chance.pick(&kinds).unwrap_or(&kinds[0]);
                return Err(error(kind, "the provider says 500"));
            }
            Some(Fault::ReadHangs) => self.0.wait(Span(9_500)).await,
            _ => {}
        }
        let answer = read(&mut self.0.truth(), fault);
        self.0.end(fault).await;
        answer
    }

    /// One write to the provider.
    async fn writing(&self, service: &ServiceId, effect: Effect) -> Result<(), PortError> {
        let op = match effect {
            Effect::Rollback { .. } | Effect::Promote { .. } => Op::Flip,
            Effect::Disarm | Effect::Arm => Op::Disarm,
        };
        if self.0.truth().dead {
            return std::future::pending().await;
        }
        let write = {
            let mut truth = self.0.truth();
            let confirmation = truth.promises.calls(service, &effect);
            truth.tell(|| format!("call for {service}: {effect:?}"));
            write_of(&truth, effect, confirmation)
        };
        // A caller that gives up ends the call as well.
        let _calling = Calling { night: self.0.clone(), service: service.clone() };
        self.sending(service, op, write).await
    }

    async fn sending(&self, service: &ServiceId, op: Op, write: Write) -> Result<(), PortError> {
        let fault = self.0.begin(op, Some(service)).await;
        let answer = self.carry_out(service, write, fault).await;
        self.0.end(fault).await;
        answer
    }

    async fn carry_out(
        &self,
        service: &ServiceId,
        write: Write,
        fault: Option<Fault>,
    ) -> Result<(), PortError> {
        let lost = || Err(error(PortErrorKind::Ambiguous, "no answer"));
        match fault {
            Some(Fault::LostBefore) => return lost(),
            Some(Fault::Throttled) => {
                let retry_after = Span(self.0.truth().chance.ms(0, 90_000));
                return Err(error(PortErrorKind::Transient { retry_after }, "429"));
            }
            Some(Fault::Refused) => {
                let kinds =
                    [PortErrorKind::Rejected, PortErrorKind::Unauthorised, PortErrorKind::Missing];
                let kind = *self.0.truth().chance.pick(&kinds).unwrap_or(&kinds[0]);
                return Err(error(kind, "no"));
            }
            Some(Fault::LateEffect) => {
                let mut truth = self.0.truth();
                let at = truth.true_now() + Span(truth.chance.ms(200, 1_900));
                if let Some(project) = truth.project(service) {
                    project.write_late(write, at);
                }
                return lost();
            }
            Some(Fault::CallHangs) => {
                let takes = Span(self.0.truth().chance.ms(0, 13_000));
                self.0.wait(takes).await;
            }
            _ => {}
        }
        let taken = {
            let mut truth = self.0.truth();
            let now = truth.true_now();
            let Some(project) = truth.project(service) else {
                return Err(error(PortErrorKind::Missing, "no such project"));
            };
            let taken = project.write(&write, fault, now);
            truth.judge(&taken);
            truth.effects.push(format!("{service}: {}", write.target()));
            truth.tell(|| format!("the provider: {taken:?}"));
            taken
        };
        match (taken, fault) {
            (Taken::No(why), _) => Err(error(PortErrorKind::Rejected, why)),
            (_, Some(Fault::LostAfter)) => lost(),
            (_, Some(Fault::CallHangs)) => std::future::pending().await,
            (Taken::Changes(_) | Taken::Arms(_) | Taken::Nothing, _) => Ok(()),
        }
    }
}

/// A call that is being made.
struct Calling {
    night: Arc<Night>,
    service: ServiceId,
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.night.truth().promises.called(&self.service);
    }
}

/// The write that a call is; a planted fault may make it another one.
fn write_of(truth: &Truth, effect: Effect, confirmation: Option<String>) -> Write {
    match effect {
        Effect::Rollback { to, .. } if truth.planted == Some(Bug::PromoteForLayer1) => {
            Write::Promote(to, confirmation)
        }
        Effect::Rollback { to, .. } => Write::Rollback(to, confirmation),
        Effect::Promote { to } => Write::Promote(to, confirmation),
        Effect::Disarm => Write::Disarm,
        Effect::Arm => Write::Arm,
    }
}

#[async_trait]
impl Provider for Ports {
    async fn pointer(&self, service: &ServiceId) -> Result<Pointer, PortError> {
        self.reading(service, |truth, fault| {
            let missing = || error(PortErrorKind::Missing, "no such project");
            let project = truth.project(service).ok_or_else(missing)?;
            let mut pointer = match fault {
                Some(Fault::ReadStale) => project.stale_pointer(),
                _ => project.pointer(),
            };
            if fault == Some(Fault::FlagUnreadable) {
                pointer.assignment = Assignment::CannotTell;
            }
            let now = truth.events;
            truth.tell(|| {
                format!(
                    "read of {service}: {:?} {:?} {:?}",
                    pointer.live, pointer.assignment, pointer.job
                )
            });
            truth.promises.read(service, now, pointer.clone());
            Ok(pointer)
        })
        .await
    }

    async fn deployments(&self, service: &ServiceId) -> Result<Vec<Deployment>, PortError> {
        self.reading(service, |truth, _| {
            Ok(truth.project(service).map(|project| project.deployments()).unwrap_or_default())
        })
        .await
    }

    async fn deployment(&self, service: &ServiceId, name: &str) -> Result<Deployment, PortError> {
        self.reading(service, |truth, _| {
            let found = truth.project(service).and_then(|project| project.find(name).cloned());
            found.ok_or_else(|| error(PortErrorKind::Missing, "no such deployment"))
        })
        .await
    }

    async fn plan(&self, service: &ServiceId) -> Result<Plan, PortError> {
        self.reading(service, |truth, _| {
            let plan = truth.project(service).map(|project| project.plan());
            plan.ok_or_else(|| error(PortErrorKind::Missing, "no such project"))
        })
        .await
    }

    async fn failed_aliases(&self, service: &ServiceId) -> Result<Vec<FailedAlias>, PortError> {
        self.reading(service, |truth, _| {
            Ok(truth.project(service).map(|project| project.failed_aliases()).unwrap_or_default())
        })
        .await
    }

    async fn rollback(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
        reason: &str,
    ) -> Result<(), PortError> {
        let effect = Effect::Rollback { to: to.clone(), reason: reason.to_owned() };
        self.writing(service, effect).await
    }

    async fn disarm(&self, service: &ServiceId) -> Result<(), PortError> {
        self.writing(service, Effect::Disarm).await
    }

    async fn promote(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
    ) -> Result<deployment::Taken, PortError> {
        self.writing(service, Effect::Promote { to: to.clone() }).await?;
        Ok(deployment::Taken::Accepted)
    }

    async fn arm(&self, service: &ServiceId) -> Result<(), PortError> {
        self.writing(service, Effect::Arm).await
    }

    async fn error_log(&self, _: &ServiceId, _: &DeploymentId) -> Result<ErrorLog, PortError> {
        Err(error(PortErrorKind::Missing, "no request logs"))
    }

    async fn traffic(&self, _: &ServiceId, _: Window) -> Result<Traffic, PortError> {
        Err(error(PortErrorKind::Missing, "no request logs"))
    }
}

#[async_trait]
impl Code for Ports {
    async fn changes(&self, service: &ServiceId, range: &Range) -> Result<Changes, PortError> {
        self.reading(service, |_, _| Ok(changes(range))).await
    }

    async fn brought_by(
        &self,
        service: &ServiceId,
        sha: &str,
    ) -> Result<Option<PullRequest>, PortError> {
        let title = format!("the change {sha} <!channel>");
        self.reading(service, |_, _| Ok(Some(PullRequest { number: 7, title }))).await
    }
}

/// What lies between two commits is the same whenever it is asked: mostly harmless, sometimes a trap.
fn changes(range: &Range) -> Changes {
    let sum = range.base.bytes().chain(range.head.bytes()).map(u32::from).sum::<u32>();
    let text = match sum % 5 {
        0 => Ok("ALTER TABLE orders DROP COLUMN coupon;"),
        1 => Ok("ALTER TABLE orders OWNER TO somebody;"),
        2 => Err("no answer"),
        _ => Ok("CREATE TABLE baskets (id int);"),
    };
    let migration = Migration {
        path: "drizzle/0001_change.sql".to_owned(),
        fate: migration::Fate::Added,
        text: text.map(str::to_owned).map_err(str::to_owned),
    };
    let newest = vec![change::Commit { sha: range.head.clone(), subject: "a change".to_owned() }];
    Changes { commits: 1, newest, files: 2, unlisted: None, migrations: vec![migration] }
}

#[async_trait]
impl Prober for Ports {
    async fn probe(&self, service: &ServiceId, target: &Deployment) -> Probe {
        let fault = self.0.begin(Op::Probe, Some(service)).await;
        let probe = {
            let mut truth = self.0.truth();
            let at = truth.now();
            let really = truth.project(service).map(|project| project.seen(&target.id));
            let seen = match (fault, really) {
                (Some(Fault::ProbeNothing), _) | (_, None) => {
                    Seen::NoAnswer { why: "connection refused".to_owned() }
                }
                (Some(Fault::ProbeOther), _) => Seen::NoMarker { status: 200 },
                (Some(Fault::ProbeFailing), Some(Seen::Target)) => {
                    Seen::TargetFailing { status: 500, path: "/".to_owned() }
                }
                (_, Some(really)) => really,
            };
            truth.promises.probed(service, &target.id, seen == Seen::Target);
            Probe { at, target: target.id.clone(), seen }
        };
        self.0.end(fault).await;
        probe
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
