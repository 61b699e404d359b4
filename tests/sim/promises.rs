//! What must hold after every event of a night. The names are those of the bar for reliability: S1 to S24 for safety, L1
//! to L8 for liveness.
//!
//! Owns a state of its own, folded from what is durable and from nothing else, and what the world has seen. It never asks
//! the bot what it thinks.

mod fixes;
mod flips;
mod promotes;
mod rights;

use std::collections::{BTreeMap, BTreeSet};

use repoint::domain::actor::{Actor, Person};
use repoint::domain::apply::apply;
use repoint::domain::book::Book;
use repoint::domain::deployment::{Assignment, Pointer};
use repoint::domain::event::{
    Direction, Effect, Envelope, Event, Exit, FixEvent, FlipEvent, IncidentEvent, ServiceEvent,
    VerificationEvent,
};
use repoint::domain::ids::{
    ConfirmationId, DeliveryKey, DeploymentId, EffectId, IncidentId, ServiceId, StreamId,
};
use repoint::domain::incident::{Flip, Incident, Layer1, Stage};
use repoint::domain::migration::Safety;
use repoint::domain::policy::Policy;
use repoint::domain::service::{Channel, Service};
use repoint::domain::verification::Verdict;
use repoint::engine::ports::Recorded;

use super::fix_place::FixPlace;
use super::place::Place;
use super::walks::Walks;
pub use fixes::Fixes;
use rights::{is_responder, other_of_two};

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Its name, for example `S3`.
    pub promise: &'static str,
    /// What happened.
    pub how: String,
}

/// What was seen of one service's outside by the bot.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// The last readings of the pointer that the bot got, newest first, and when, in events. Several loops read at once:
    /// which of them a decision rests on only the bot knows.
    readings: Vec<(u64, Pointer)>,
    /// How many answers of production in a row came from this deployment.
    agreeing: Option<(DeploymentId, u32)>,
    /// When nobody knew any more what a call did, in events.
    unknown_since: u64,
    /// When the job was said to be done, in events.
    job_done: u64,
    /// Calls that are being made.
    calling: u32,
}

/// Readings that a decision may rest on.
const READINGS_KEPT: usize = 5;

/// What must hold, and what is needed to judge it.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    /// The fold of what is durable.
    pub book: Book,
    seen: BTreeMap<ServiceId, Seen>,
    /// How often each confirmation changed production (S3).
    changes: BTreeMap<String, u32>,
    /// Who pressed Confirm on which question, and whether the card showed the target (S4, S6, S21).
    pressed: BTreeMap<(Person, ConfirmationId), bool>,
    /// What verdicts rest on.
    pub walks: Walks,
    /// What was seen of the forge.
    pub fix: Fixes,
    /// Promotes that were confirmed.
    promotes: BTreeSet<String>,
    /// Since when production was moved by a promote, in events.
    promoted: BTreeMap<EffectId, u64>,
    /// Deliveries that were taken (S13).
    taken: BTreeSet<DeliveryKey>,
    /// How often the repair came so far.
    pub reached: BTreeMap<&'static str, u64>,
    /// The first promise that was broken.
    pub broken: Option<Broken>,
}

impl Promises {
    /// Nothing has happened yet.
    pub fn new(services: &[Service]) -> Self {
        Self { book: Book::new(services.iter().cloned()), ..Self::default() }
    }

    /// Notes that a promise was broken; the first one counts.
    pub fn fail(&mut self, promise: &'static str, how: impl Into<String>) {
        if self.broken.is_none() {
            self.broken = Some(Broken { promise, how: how.into() });
        }
    }

    fn expect(&mut self, holds: bool, promise: &'static str, how: impl FnOnce() -> String) {
        if !holds {
            self.fail(promise, how());
        }
    }

    /// Where the service's newest incident is.
    pub fn place(&self, service: &ServiceId) -> Place {
        let newest = self.book.newest.get(service).and_then(|id| self.book.incidents.get(id));
        let open = self.book.open_incident(service);
        open.or(newest.map(AsRef::as_ref)).map_or(Place::Nowhere, Place::of)
    }

    /// Whether production is being moved.
    pub fn is_flipping(&self) -> bool {
        let mut open = self.book.incidents.values().filter(|one| one.is_open());
        open.any(|one| matches!(one.layer1, Layer1::Flipping(_)))
    }

    fn seen(&mut self, service: &ServiceId) -> &mut Seen {
        self.seen.entry(service.clone()).or_default()
    }

    // -----------------------------------------------------------------------------------------------------------------
    // What the bot saw

    /// The bot got a reading of the pointer.
    pub fn read(&mut self, service: &ServiceId, now: u64, pointer: Pointer) {
        let readings = &mut self.seen(service).readings;
        readings.insert(0, (now, pointer));
        readings.truncate(READINGS_KEPT);
    }

    /// The bot got an answer of production.
    pub fn probed(&mut self, service: &ServiceId, target: &DeploymentId, is_target: bool) {
        let seen = self.seen(service);
        seen.agreeing = match seen.agreeing.take() {
            Some((last, count)) if is_target && last == *target => Some((last, count + 1)),
            Some(_) | None => is_target.then(|| (target.clone(), 1)),
        };
    }

    /// Somebody pressed Confirm on a card.
    pub fn pressed(&mut self, by: Person, question: ConfirmationId, shown: &str) {
        let target = self.question(&question).and_then(|flip| flip.sha.clone());
        let shows = target.is_some_and(|sha| shown.contains(&sha[..7]));
        self.pressed.insert((by, question), shows);
    }

    fn question(&self, id: &ConfirmationId) -> Option<&repoint::domain::deployment::Deployment> {
        self.book.incidents.values().find_map(|incident| match &incident.layer1 {
            Layer1::Waiting(question) | Layer1::Lapsed(question, _) if question.id == *id => {
                Some(&question.to.deployment)
            }
            Layer1::Flipping(flip) | Layer1::Settled(flip) if flip.confirmation.id == *id => {
                Some(&flip.confirmation.to.deployment)
            }
            _ => None,
        })
    }

    // -----------------------------------------------------------------------------------------------------------------
    // What became durable

    /// A delivery became durable (S13: each counts once).
    pub fn took(&mut self, key: &DeliveryKey) {
        let is_new = self.taken.insert(key.clone());
        self.expect(is_new, "S13", || format!("delivery {key} was taken twice"));
    }

    /// Whether a delivery ever became durable.
    pub fn has_taken(&self, key: &DeliveryKey) -> bool {
        self.taken.contains(key)
    }

    /// An event became durable.
    pub fn recorded(&mut self, one: &Recorded, now: u64, policy: &Policy) {
        let event = match Event::decode(&one.event.kind, one.event.event_version, &one.event.body) {
            Ok(event) => event,
            Err(error) => return self.fail("S18", error.to_string()),
        };
        let next = self.book.version(&one.stream).next();
        self.expect(one.version == next, "S18", || {
            format!("{} has version {:?} after {next:?}", one.stream, one.version)
        });
        let actor: Actor = serde_json::from_str(&one.event.actor).unwrap_or(Actor::Bot);
        let envelope = Envelope { at: one.event.at, actor, event };
        match &one.stream {
            StreamId::Incident(id) => self.in_incident(*id, &one.stream, &envelope, now, policy),
            StreamId::Register | StreamId::Service(_) => {
                self.in_service(&envelope);
                apply(&mut self.book, &one.stream, &envelope);
            }
        }
    }

    fn in_service(&mut self, envelope: &Envelope) {
        if let Event::Service(ServiceEvent::PointerLocked { incident, .. }) = &envelope.event {
            let service = self.book.incidents.get(incident).map(|one| one.service.clone());
            let held = service
                .and_then(|service| self.book.state(&service)?.lock.clone())
                .filter(|lock| lock.incident != *incident);
            self.expect(held.is_none(), "S11", || {
                format!("{incident} takes a pointer that is held: {held:?}")
            });
        }
    }

    fn in_incident(
        &mut self,
        id: IncidentId,
        stream: &StreamId,
        envelope: &Envelope,
        now: u64,
        policy: &Policy,
    ) {
        let before = self.book.incidents.get(&id).cloned();
        if let Some(before) = &before {
            match &envelope.event {
                Event::Incident(event) => self.told(before, event, &envelope.actor, policy),
                Event::Flip(event) => self.flipped(before, event, now, policy),
                Event::Verification(event) => {
                    self.verified(before, event, &envelope.actor, (now, policy))
                }
                Event::Fix(event) => self.fixed(before, event, &envelope.actor, (now, policy)),
                Event::Authority(event) => self.agreed(before, event, &envelope.actor, policy),
                Event::Register(_) | Event::Service(_) => self.fail("S19", "a foreign event"),
            }
        }
        if let Some(milestone) = milestone(&envelope.event) {
            *self.reached.entry(milestone).or_default() += 1;
        }
        apply(&mut self.book, stream, envelope);
        let was_fix = before.as_deref().map_or(FixPlace::Nowhere, FixPlace::of);
        let is_fix =
            self.book.incidents.get(&id).map_or(FixPlace::Nowhere, |one| FixPlace::of(one));
        self.expect(was_fix.may_lead_to(is_fix), "S19", || {
            format!("the fix of {id} went from {was_fix:?} to {is_fix:?} by {:?}", envelope.event)
        });
        let was = before.as_deref().map_or(Place::Nowhere, Place::of);
        let is = self.book.incidents.get(&id).map_or(Place::Nowhere, |one| Place::of(one));
        self.expect(was.may_lead_to(is), "S19", || {
            format!("{id} went from {was:?} to {is:?} by {:?}", envelope.event)
        });
        let is_note = matches!(&envelope.event, Event::Incident(IncidentEvent::NoteAdded { .. }));
        let is_closing =
            matches!(&envelope.event, Event::Incident(IncidentEvent::IncidentClosed { .. }));
        // What became of a call is written down, and what a rollback cannot undo is looked after.
        let is_after_care = matches!(
            &envelope.event,
            Event::Fix(FixEvent::ForgeCallEnded { .. })
                | Event::Incident(IncidentEvent::TaskTaken { .. })
        );
        self.expect(was != Place::Over || is_note || is_closing || is_after_care, "S19", || {
            format!("{id} was over, and then {:?}", envelope.event)
        });
    }

    fn told(&mut self, before: &Incident, event: &IncidentEvent, actor: &Actor, policy: &Policy) {
        match event {
            IncidentEvent::PromoteRequested { by, .. } => self.asked_by(before, by, actor, policy),
            IncidentEvent::IncidentResolved { exit, .. } => self.resolved(before, *exit),
            _ => {}
        }
        let IncidentEvent::FlipConfirmed { by, confirmation, intent, .. } = event else { return };
        let may = is_responder(policy, &before.service, by);
        self.expect(may, "S4", || format!("{by} may not confirm"));
        self.expect(*actor == Actor::Person(by.clone()), "S21", || {
            format!("{by} is said to have confirmed, but {actor:?} did")
        });
        match self.pressed.get(&(by.clone(), confirmation.clone())) {
            None => self.fail("S21", format!("{by} never pressed {confirmation}")),
            Some(false) => {
                self.fail("S6", format!("the card of {confirmation} did not show its target"))
            }
            Some(true) => {}
        }
        let shown = before.waiting().filter(|question| question.id == *confirmation);
        let shown = shown.map(|question| question.to.deployment.id.clone());
        let to = match intent {
            Effect::Rollback { to, .. } => to,
            Effect::Promote { to } => {
                self.may_promote(before, by);
                self.promotes.insert(confirmation.0.clone());
                to
            }
            Effect::Disarm | Effect::Arm => {
                return self.fail("S6", "a confirmation of something that moves nothing");
            }
        };
        let is_forward = matches!(intent, Effect::Promote { .. });
        let asks_forward = before.waiting().is_some_and(|one| one.promotion.is_some());
        self.expect(is_forward == asks_forward, "S6", || {
            format!("confirmed was another way than {intent:?}")
        });
        self.expect(shown.as_ref() == Some(to), "S6", || {
            format!("confirmed was {shown:?}, intended is {to}")
        });
        self.over_a_destructive_migration(before, confirmation, by);
        let state = self.book.state(&before.service);
        let is_halted = state.is_some_and(|state| state.halt.is_some());
        self.expect(!is_halted, "S22", || format!("{confirmation} was confirmed while halted"));
        let used = self.book.incidents.values().filter_map(|one| one.asked.get(confirmation));
        let used =
            used.filter(|one| matches!(one, repoint::domain::incident::Answer::Confirmed(..)));
        let is_used = used.count() > 0;
        self.expect(!is_used, "S3", || format!("{confirmation} was used twice"));
    }

    /// A verdict that passes rests on a walk of that very deployment, made after it was asked for.
    fn verified(
        &mut self,
        before: &Incident,
        event: &VerificationEvent,
        actor: &Actor,
        (now, policy): (u64, &Policy),
    ) {
        match event {
            VerificationEvent::VerificationAsked { verification, by, .. } => {
                // A verdict that is too old for a promote is made anew by whoever asked for the promote.
                let is_anew = matches!(
                    &before.layer1,
                    Layer1::Resolving(one) if one.direction == Direction::Forward && one.by == *by
                );
                if !is_anew {
                    self.asked_by(before, by, actor, policy);
                }
                self.walks.asked(verification, now);
            }
            VerificationEvent::VerificationEnded {
                verification,
                address,
                deployment,
                verdict,
                ..
            } => {
                let deployment = deployment.as_deref();
                let rests_on_a_walk = self.walks.bear_out(verification, deployment, *address);
                self.expect(*verdict != Verdict::Passed || rests_on_a_walk, "verified", || {
                    format!("{verification} of {deployment:?} passed, and no walk of it did")
                });
                self.walks.ended(verification, deployment, (*address, verdict), now);
            }
        }
    }

    /// Over a destructive migration only two different people flip, and for a reason (S23).
    fn over_a_destructive_migration(
        &mut self,
        before: &Incident,
        confirmation: &ConfirmationId,
        by: &Person,
    ) {
        let evidence = before.evidence.get(confirmation).and_then(|one| one.between.get());
        let is_destructive =
            evidence.is_some_and(|one| one.migrations.safety == Safety::Destructive);
        let Some(question) = before.waiting().filter(|_| is_destructive) else { return };
        self.expect(other_of_two(before, question) != by, "S23", || {
            format!("{by} asked for {confirmation} and confirmed it over a destructive migration")
        });
        let has_reason = question.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        self.expect(has_reason, "S23", || {
            format!("{confirmation} was confirmed over a destructive migration for no reason")
        });
    }

    // -----------------------------------------------------------------------------------------------------------------
    // What was done to the outside

    /// A call begins (S2). Gives the confirmation it is made for.
    pub fn calls(&mut self, service: &ServiceId, effect: &Effect) -> Option<String> {
        let started = self.book.incidents.values().find(|one| {
            one.service == *service
                && one.is_open()
                && one.flip().is_some_and(|flip| is_started(flip, effect))
        });
        let flip = started.and_then(|one| one.flip()).cloned();
        if let Some(flip) = &flip {
            self.switches(flip, effect);
        }
        let confirmation = flip.map(|flip| flip.confirmation.id.0);
        self.expect(confirmation.is_some(), "S2", || {
            format!("{effect:?} of {service} is sent, and no start of it is durable")
        });
        let calling = &mut self.seen(service).calling;
        *calling += 1;
        let calling = *calling;
        self.expect(calling == 1, "S11", || format!("{calling} calls for {service} at once"));
        confirmation
    }

    /// A call ends.
    pub fn called(&mut self, service: &ServiceId) {
        let calling = &mut self.seen(service).calling;
        *calling = calling.saturating_sub(1);
    }

    /// A call of ours changed production (S3).
    pub fn changed(&mut self, confirmation: &str) {
        let count = self.changes.entry(confirmation.to_owned()).or_default();
        *count += 1;
        let count = *count;
        self.expect(count <= 1, "S3", || {
            format!("{confirmation} changed production {count} times")
        });
    }

    /// How many flips of ours changed production.
    pub fn flips(&self) -> u64 {
        self.changes.values().map(|count| u64::from(*count)).sum()
    }

    /// A row of the outbox is said (S9): it is the oldest of its channel that is not done with.
    pub fn said(&mut self, channel: &Channel, id: u64, first_waiting: Option<u64>) {
        self.expect(first_waiting == Some(id), "S9", || {
            format!("row {id} is said in {channel} while {first_waiting:?} waits")
        });
    }

    /// The process died: nothing is being called any more.
    pub fn died(&mut self) {
        for seen in self.seen.values_mut() {
            seen.calling = 0;
        }
        self.fix.died();
    }

    /// The state of a process against the fold of what is durable (S18). Closed incidents may be forgotten.
    pub fn same_state(&mut self, of_process: &Book) {
        let durable = self.book.clone();
        for (id, incident) in &of_process.incidents {
            self.expect(durable.incidents.get(id) == Some(incident), "S18", || {
                format!("{id} is {incident:?}, its journal says {:?}", durable.incidents.get(id))
            });
        }
        for (id, incident) in durable.incidents.iter().filter(|(_, one)| one.is_open()) {
            let is_known = of_process.incidents.contains_key(id);
            self.expect(is_known, "S18", || format!("{incident:?} is forgotten"));
        }
        self.expect(of_process.states == durable.states, "S18", || {
            format!("services are {:?}, the journal says {:?}", of_process.states, durable.states)
        });
    }
}

fn is_started(flip: &Flip, effect: &Effect) -> bool {
    match effect {
        Effect::Rollback { .. } | Effect::Promote { .. } => {
            matches!(flip.stage, Stage::Sending { .. }) && flip.intent == *effect
        }
        Effect::Disarm | Effect::Arm => {
            let to = if *effect == Effect::Arm { Assignment::On } else { Assignment::Off };
            flip.switch.as_ref().is_some_and(|one| one.sending.is_some() && one.to == to)
        }
    }
}

/// How far the repair has come with this event.
fn milestone(event: &Event) -> Option<&'static str> {
    match event {
        Event::Fix(FixEvent::RevertPlanned { .. }) => Some("planned"),
        Event::Fix(FixEvent::FixFollowed { .. }) => Some("followed"),
        Event::Fix(FixEvent::MergeConfirmed { .. }) => Some("merge confirmed"),
        Event::Fix(FixEvent::FixMerged { .. }) => Some("merged"),
        Event::Fix(FixEvent::FixBuilt { .. }) => Some("built"),
        Event::Incident(IncidentEvent::FlipConfirmed {
            intent: Effect::Promote { .. }, ..
        }) => Some("promote confirmed"),
        Event::Flip(FlipEvent::WatchPassed) => Some("watch passed"),
        Event::Flip(FlipEvent::WatchFailed { .. }) => Some("watch failed"),
        Event::Incident(IncidentEvent::IncidentResolved { exit, .. }) => match exit {
            Exit::Reverted => Some("reverted"),
            Exit::FixedForward => Some("fixed forward"),
            Exit::FalseAlarm => Some("false alarm"),
            Exit::Blip | Exit::ByHand => None,
        },
        _ => None,
    }
}
