//! What is due for an incident, one step at a time: read, decide, call, record.
//!
//! Owns no state of its own but when it looked last and what it was told since. A call is made only right after its
//! start is durable, and its outcome is recorded before anything else happens. Two loops per incident, one for the
//! pointer and one for the fix: within each nothing overlaps, and the pointer never waits for the forge.

use std::sync::Arc;
use std::time::Duration;

use super::activity::{AtWork, Bell};
use super::hearsay::Hearsay;
use super::keeper::{Answer, Proposal, Readings};
use super::motor::Engine;
use super::ports::{JournalError, PortError, PortErrorKind};
use super::{forge, retry, verifier};
use crate::domain::book::Book;
use crate::domain::decide::{Read, Request};
use crate::domain::deployment::{Deployment, Taken};
use crate::domain::event::{Effect, Emitted, Event, FixEvent, FlipEvent, Outcome};
use crate::domain::fix::Layer2;
use crate::domain::ids::{EffectId, IncidentId, ServiceId, StreamId, VerificationId, Version};
use crate::domain::plan::{self, Looks, Next};
use crate::domain::refusal::Refusal;
use crate::domain::time::{Span, Timestamp};

/// Whatever a provider's client does, nobody waits longer for a call than this; then its outcome is unknown.
const LONGEST_CALL: Duration = Duration::from_secs(12);

/// How often a decision may ask for more readings. It asks for a name at most once, and for failed names at most once.
const MOST_ROUNDS: usize = 4;

/// What a loop looks after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// Production: rollback, promote, verifications.
    Pointer,
    /// The fix on its way to main.
    Fix,
}

/// Follows one lane of an incident until it is over or the engine stops.
pub(super) async fn follow(engine: Engine, incident: IncidentId, lane: Lane, bell: Arc<Bell>) {
    let (looks, version) = (Looks::default(), Version::default());
    let layer2 = Layer2::default();
    let hearsay = Hearsay::default();
    let mut follower =
        Follower { engine, incident, lane, looks, hearsay, version, layer2, failures: 0 };
    let mut at_work: Option<AtWork> = bell.answer();
    loop {
        let keeper = follower.engine.keeper();
        let (book, now) = (keeper.book(), keeper.tools().clock.now());
        let is_over = book.incidents.get(&incident).is_none_or(|one| !one.is_open());
        if is_over || follower.engine.is_stopping() {
            break;
        }
        follower.notice(&book);
        if bell.take_news() {
            follower.hearsay.hear();
        }
        let next = match lane {
            Lane::Pointer => plan::next(&book, incident, &follower.looks, now),
            Lane::Fix => plan::fix::next(&book, incident, &follower.looks, now),
        };
        match follower.due(&next, now) {
            Some(at) if at <= now => follower.step(next).await,
            due => {
                drop(at_work.take());
                follower.rest(due, &bell).await;
            }
        }
        at_work = bell.answer().or(at_work).or_else(|| Some(follower.engine.activity().begin()));
    }
    bell.leave();
    follower.engine.forget_incident(incident, lane);
}

/// Why a step came to nothing.
enum StepFailure {
    /// It could not be made durable.
    Journal(JournalError),
    /// The domain said no, for example because the bot was halted that very moment.
    Refused(Refusal),
}

impl From<JournalError> for StepFailure {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<Refusal> for StepFailure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

struct Follower {
    engine: Engine,
    incident: IncidentId,
    lane: Lane,
    looks: Looks,
    hearsay: Hearsay,
    /// The incident's version as far as this loop brought it or has noticed it.
    version: Version,
    /// The fix's state as far as its own loop has noticed it: what happens to the pointer is no news for it.
    layer2: Layer2,
    /// Commits in a row that the journal refused.
    failures: u32,
}

impl Follower {
    /// After what somebody else did, earlier looks put nothing off: people do not wait for a pause that was meant for
    /// us.
    fn notice(&mut self, book: &Book) {
        let version = book.version(&StreamId::Incident(self.incident));
        if self.version == version {
            return;
        }
        self.version = version;
        let is_news = match (self.lane, book.incidents.get(&self.incident)) {
            (Lane::Fix, Some(incident)) if incident.layer2 == self.layer2 => false,
            (Lane::Fix, Some(incident)) => {
                self.layer2 = incident.layer2.clone();
                true
            }
            (Lane::Pointer, _) | (Lane::Fix, None) => true,
        };
        if is_news {
            self.looks.last = None;
        }
    }

    /// When what is next is done; what was told from outside brings looks forward, and nothing else.
    fn due(&mut self, next: &Next, now: Timestamp) -> Option<Timestamp> {
        let at = match next {
            Next::Rest => {
                self.hearsay.forget();
                return None;
            }
            Next::Walk(_) => return Some(now),
            Next::Read(at, ..) => self.hearsay.bring_forward(*at, self.looks.last),
            Next::Decide(at, _) | Next::Probe(at, _) | Next::Watch(at, ..) => *at,
        };
        Some(at.max(self.not_before(now)))
    }

    /// Sleeps until something is due, somebody rings, or the engine stops.
    async fn rest(&self, due: Option<Timestamp>, bell: &Bell) {
        let clock = self.engine.keeper().tools().clock.clone();
        let until = async {
            match due {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.engine.stopped() => {}
            () = bell.rung() => {}
            () = until => {}
        }
    }

    /// After a commit that failed, wait before the next try.
    fn not_before(&self, now: Timestamp) -> Timestamp {
        match (self.failures, self.looks.last) {
            (0, _) | (_, None) => now,
            (failures, Some(last)) => last + retry::pause(failures, 255),
        }
    }

    async fn step(&mut self, next: Next) {
        let done = match next {
            Next::Rest => Ok(()),
            Next::Decide(_, request) => self.decide(request, Readings::default()).await,
            Next::Read(_, reads, request) => {
                self.hearsay.look();
                let readings = self.read(&reads, Readings::default()).await;
                self.decide(request, readings).await
            }
            Next::Probe(_, target) => self.probe(&target).await,
            Next::Walk(verification) => {
                self.walk(verification);
                Ok(())
            }
            Next::Watch(_, effect, target) => {
                self.watch(effect, *target);
                Ok(())
            }
        };
        match done {
            Ok(()) => self.failures = 0,
            Err(failure) => {
                // Whatever it was, the same step is not tried again at once.
                self.failures += 1;
                self.looks.last = Some(self.now());
                match failure {
                    StepFailure::Journal(error) => {
                        tracing::error!(incident = self.incident.0, %error, "a step could not be recorded");
                    }
                    StepFailure::Refused(refusal) => {
                        tracing::warn!(incident = self.incident.0, ?refusal, "a step was refused");
                    }
                }
            }
        }
    }

    /// Decides; makes the call if the decision started one.
    async fn decide(&mut self, request: Request, readings: Readings) -> Result<(), StepFailure> {
        let mut proposal = Proposal::of_bot(request, readings);
        for _ in 0..MOST_ROUNDS {
            match self.engine.propose(&proposal).await? {
                Answer::Needs(reads) => {
                    proposal.readings = self.read(&reads, proposal.readings).await;
                }
                Answer::Done(emitted, _) => {
                    self.account_for(&emitted);
                    if emitted.is_empty() {
                        self.hearsay.was_idle();
                    } else {
                        self.hearsay.was_right();
                        self.looks.tally = plan::Tally::default();
                        if has_moved_on(&emitted) {
                            self.looks.last = None;
                        }
                    }
                    return match started(&emitted) {
                        Some(Started::Pointer(effect)) => self.call(&effect).await,
                        Some(Started::Forge(effect)) => self.call_forge(&effect).await,
                        Some(Started::Warning(effect)) => self.warn(&effect).await,
                        None => Ok(()),
                    };
                }
                Answer::Refused(refusal) => return Err(refusal.into()),
            }
        }
        tracing::error!(incident = self.incident.0, "a decision asked for readings without end");
        Ok(())
    }

    /// Our own events are no news to us, if nobody else was at it.
    fn account_for(&mut self, emitted: &[Emitted]) {
        let stream = StreamId::Incident(self.incident);
        let ours = emitted.iter().filter(|one| one.stream == stream);
        self.version = ours.fold(self.version, |version, _| version.next());
        if self.lane == Lane::Fix
            && let Some(incident) = self.engine.keeper().book().incidents.get(&self.incident)
        {
            self.layer2 = incident.layer2.clone();
        }
    }

    async fn read(&mut self, reads: &[Read], known: Readings) -> Readings {
        self.looks.last = Some(self.now());
        let Some(service) = self.service() else { return known };
        match self.engine.reader(&service) {
            Some(reader) => reader.read(reads, known).await,
            None => known,
        }
    }

    async fn probe(&mut self, target: &Deployment) -> Result<(), StepFailure> {
        let Some(service) = self.service() else { return Ok(()) };
        self.looks.last = Some(self.now());
        let probe = self.engine.hands().prober.probe(&service, target).await;
        let book = self.engine.keeper().book();
        let Some(limits) = book.services.get(&service).map(|service| service.limits) else {
            return Ok(());
        };
        let Some(flip) = book.incidents.get(&self.incident).and_then(|one| one.flip()) else {
            return Ok(());
        };
        match self.looks.tally.add(&probe, plan::proving_since(flip), &limits) {
            None => Ok(()),
            Some(verdict) => {
                let request = Request::Judge { incident: self.incident, verdict };
                // A verdict that was given before changes nothing, and the count goes on.
                self.decide(request, Readings::default()).await
            }
        }
    }

    /// Has a verification walked beside what is due here.
    fn walk(&mut self, verification: VerificationId) {
        self.looks.walking = Some(verification.clone());
        let at_work = self.engine.activity().begin();
        let engine = self.engine.clone();
        tokio::spawn(verifier::verify(engine, self.incident, verification, at_work));
    }

    /// Has production walked beside what is due here.
    fn watch(&mut self, effect: EffectId, target: Deployment) {
        self.looks.watched = Some(self.now());
        let at_work = self.engine.activity().begin();
        let engine = self.engine.clone();
        tokio::spawn(verifier::watch(engine, self.incident, effect, target, at_work));
    }

    /// Makes a call to the forge whose start is durable, and records how it ended.
    async fn call_forge(&mut self, effect: &EffectId) -> Result<(), StepFailure> {
        let book = self.engine.keeper().book();
        let Some(incident) = book.incidents.get(&self.incident) else { return Ok(()) };
        let Some(call) = plan::fix::call_of(incident, effect) else { return Ok(()) };
        let outcome = forge::make(&self.engine, &incident.service, &call).await;
        tracing::info!(incident = self.incident.0, effect = %effect, ?outcome, "a call to the forge ended");
        let (incident, effect) = (self.incident, effect.clone());
        self.record(Request::EndForgeCall { incident, effect, outcome }).await
    }

    /// Says on pull requests what came to main, and records what became of it.
    async fn warn(&mut self, effect: &EffectId) -> Result<(), StepFailure> {
        let book = self.engine.keeper().book();
        let Some(incident) = book.incidents.get(&self.incident) else { return Ok(()) };
        let Some(comment) = plan::fix::comment_of(incident, effect) else { return Ok(()) };
        let outcome = forge::warn(&self.engine, &incident.service, &comment).await;
        tracing::info!(incident = self.incident.0, effect = %effect, ?outcome, "a warning ended");
        let (incident, effect) = (self.incident, effect.clone());
        self.record(Request::EndWarning { incident, effect, outcome }).await
    }

    /// Makes the call of an effect whose start is durable, and records how it ended.
    async fn call(&mut self, effect: &EffectId) -> Result<(), StepFailure> {
        let book = self.engine.keeper().book();
        let Some(incident) = book.incidents.get(&self.incident) else { return Ok(()) };
        let Some(call) = plan::call_of(incident, effect) else { return Ok(()) };
        let outcome = self.make(&incident.service, &call).await;
        tracing::info!(incident = self.incident.0, effect = %effect, ?outcome, "a call ended");
        self.record(Request::End { incident: self.incident, effect: effect.clone(), outcome }).await
    }

    /// Makes an outcome durable, however long that takes.
    async fn record(&mut self, request: Request) -> Result<(), StepFailure> {
        let proposal = Proposal::of_bot(request, Readings::default());
        // Until this is durable the call counts as unknown; nothing else may happen before.
        let mut failures = 0;
        loop {
            match self.engine.propose(&proposal).await {
                Ok(_) => break,
                Err(error) => {
                    failures += 1;
                    tracing::error!(incident = self.incident.0, %error, "an outcome could not be recorded");
                    if self.engine.is_stopping() {
                        return Err(error.into());
                    }
                    let chance = self.engine.keeper().tools().chance.bytes()[0];
                    let until = self.now() + retry::pause(failures, chance);
                    self.engine.keeper().tools().clock.sleep_until(until).await;
                }
            }
        }
        let (walking, watched) = (self.looks.walking.take(), self.looks.watched);
        self.looks = Looks { walking, watched, ..Looks::default() };
        Ok(())
    }

    async fn make(&self, service: &ServiceId, call: &Effect) -> Outcome {
        let Some(provider) = self.engine.hands().providers.get(service) else {
            return Outcome::Refused { why: "the service has no provider".to_owned() };
        };
        let answer = match call {
            Effect::Rollback { to, reason } => {
                tokio::time::timeout(LONGEST_CALL, provider.rollback(service, to, reason)).await
            }
            Effect::Promote { to } => {
                let promoted =
                    tokio::time::timeout(LONGEST_CALL, provider.promote(service, to)).await;
                if let Ok(Ok(Taken::Queued)) = promoted {
                    return Outcome::Queued;
                }
                promoted.map(|answer| answer.map(|_| ()))
            }
            Effect::Disarm => tokio::time::timeout(LONGEST_CALL, provider.disarm(service)).await,
            Effect::Arm => tokio::time::timeout(LONGEST_CALL, provider.arm(service)).await,
        };
        match answer {
            Ok(Ok(())) => Outcome::Accepted,
            Ok(Err(error)) => outcome_of(error),
            Err(_) => Outcome::Unknown { why: "no answer in time".to_owned() },
        }
    }

    fn service(&self) -> Option<ServiceId> {
        let book = self.engine.keeper().book();
        book.incidents.get(&self.incident).map(|incident| incident.service.clone())
    }

    fn now(&self) -> Timestamp {
        self.engine.keeper().tools().clock.now()
    }
}

/// Pause after "surely not done" where the provider did not say how long to wait.
const SHORT_PAUSE: Span = Span::seconds(1);

fn outcome_of(error: PortError) -> Outcome {
    let why = error.message;
    match error.kind {
        PortErrorKind::Transient { retry_after } => {
            Outcome::NotTaken { why, retry_after: retry_after.max(SHORT_PAUSE) }
        }
        PortErrorKind::Rejected | PortErrorKind::Missing | PortErrorKind::Unauthorised => {
            Outcome::Refused { why }
        }
        PortErrorKind::Ambiguous => Outcome::Unknown { why },
    }
}

/// An effect whose call is to be made now.
enum Started {
    Pointer(EffectId),
    Forge(EffectId),
    Warning(EffectId),
}

/// The effect that a decision started, if it did.
fn started(emitted: &[Emitted]) -> Option<Started> {
    emitted.iter().find_map(|one| match &one.event {
        Event::Flip(FlipEvent::EffectStarted { effect, .. }) => {
            Some(Started::Pointer(effect.clone()))
        }
        Event::Fix(FixEvent::ForgeCallStarted { effect, .. }) => {
            Some(Started::Forge(effect.clone()))
        }
        Event::Fix(FixEvent::WarningStarted { effect, .. }) => {
            Some(Started::Warning(effect.clone()))
        }
        Event::Flip(_)
        | Event::Fix(_)
        | Event::Register(_)
        | Event::Incident(_)
        | Event::Authority(_)
        | Event::Verification(_)
        | Event::Service(_) => None,
    })
}

/// Whether the next step is another one, so that its first look is due at once. Troubles and first findings are not.
fn has_moved_on(emitted: &[Emitted]) -> bool {
    use crate::domain::event::{Finding, IncidentEvent};
    emitted.iter().any(|one| {
        !matches!(
            &one.event,
            Event::Incident(
                IncidentEvent::TroubleMet { .. }
                    | IncidentEvent::TroubleOver
                    | IncidentEvent::PersonNeeded { .. }
            ) | Event::Flip(FlipEvent::EffectObserved { finding: Finding::NotAppliedOnce, .. })
                | Event::Fix(
                    FixEvent::GateSeen { .. }
                        | FixEvent::FixNudged
                        | FixEvent::MainMoved { .. }
                        | FixEvent::WarningIntended { .. }
                        | FixEvent::WarningStarted { .. }
                        | FixEvent::WarningEnded { .. }
                        | FixEvent::FixBuildFailed { .. }
                        | FixEvent::ForgeTroubleMet { .. }
                        | FixEvent::ForgeTroubleOver
                        | FixEvent::ForgeCallObserved { .. }
                )
        )
    })
}
