//! What must hold while production is moved, whichever way.

use repoint::domain::deployment::Assignment;
use repoint::domain::event::{Direction, Finding, FlipEvent, Outcome};
use repoint::domain::incident::{Flip, Incident, Layer1, Stage};
use repoint::domain::policy::Policy;

use super::{Promises, is_responder};

impl Promises {
    pub(super) fn flipped(
        &mut self,
        before: &Incident,
        event: &FlipEvent,
        now: u64,
        policy: &Policy,
    ) {
        let Some(flip) = before.flip() else {
            return self.fail("S19", format!("{event:?} without a flip"));
        };
        self.watched(before, flip, event, now);
        match event {
            FlipEvent::EffectStarted { effect, .. } if *effect == flip.effect => {
                self.started(before, flip, policy);
            }
            FlipEvent::EffectStarted { .. } => self.not_halted(before),
            FlipEvent::EffectEnded { outcome: Outcome::Unknown { .. }, .. } => {
                self.seen(&before.service).unknown_since = now;
            }
            FlipEvent::EffectObserved { finding, .. } => self.observed(before, flip, *finding),
            FlipEvent::FlipFailed { .. } => self.read_since_unknown(before, flip),
            FlipEvent::JobSucceeded { .. } => {
                self.pointer_is_at_target(before, flip, "the job is said to be done");
                self.seen(&before.service).job_done = now;
            }
            FlipEvent::FlipProven { agreeing } => self.proven(before, flip, *agreeing),
            FlipEvent::AssignmentRead { assignment } => self.flag_read(before, flip, *assignment),
            FlipEvent::DisarmIntended { .. }
            | FlipEvent::ArmIntended { .. }
            | FlipEvent::EffectEnded { .. }
            | FlipEvent::WatchTroubled { .. }
            | FlipEvent::WatchCalmed
            | FlipEvent::WatchPassed
            | FlipEvent::WatchFailed { .. }
            | FlipEvent::FlipNotServing { .. } => {}
        }
    }

    pub(super) fn not_halted(&mut self, before: &Incident) {
        let state = self.book.state(&before.service);
        let is_halted = state.is_some_and(|state| state.halt.is_some());
        self.expect(!is_halted, "S22", || format!("{} sends while halted", before.id));
    }

    fn started(&mut self, before: &Incident, flip: &Flip, policy: &Policy) {
        self.not_halted(before);
        self.starts(flip);
        for by in std::iter::once(&flip.confirmed_by).chain(&flip.confirmed_with) {
            let may = is_responder(policy, &before.service, by);
            self.expect(may, "S4", || format!("{by} lost the right"));
        }
        let from = &flip.confirmation.from.id;
        let readings = self.seen(&before.service).readings.clone();
        let is_there = readings.iter().any(|(_, seen)| seen.origin() == Some(from));
        self.expect(is_there, "S6", || {
            format!("the card said from {from}, the last readings say {readings:?}")
        });
        let lock = self.book.state(&before.service).and_then(|state| state.lock.clone());
        self.expect(lock.as_ref().is_some_and(|lock| lock.incident == before.id), "S11", || {
            format!("{} sends without holding the pointer: {lock:?}", before.id)
        });
        let others = self.book.incidents.values().filter(|one| {
            one.service == before.service
                && one.is_open()
                && matches!(one.layer1, Layer1::Flipping(_))
        });
        let count = others.count();
        self.expect(count <= 1, "S11", || format!("{count} flips of {}", before.service));
    }

    fn observed(&mut self, before: &Incident, flip: &Flip, finding: Finding) {
        self.read_since_unknown(before, flip);
        let from = Some(&flip.confirmation.from.id);
        let readings = self.seen(&before.service).readings.clone();
        let is_there = readings.iter().any(|(_, seen)| seen.origin() == from);
        match finding {
            Finding::Applied => {}
            Finding::NotAppliedOnce | Finding::NotApplied => {
                self.expect(is_there, "S20", || {
                    format!("{} concludes {finding:?} from {readings:?}", before.id)
                });
            }
        }
    }

    /// Out of *unknown* only a reading leads (S20).
    fn read_since_unknown(&mut self, before: &Incident, flip: &Flip) {
        if !matches!(flip.stage, Stage::Unknown { .. }) {
            return;
        }
        let seen = self.seen(&before.service);
        let has_read = seen.readings.iter().any(|(at, _)| *at > seen.unknown_since);
        self.expect(has_read, "S20", || format!("{} left unknown without a reading", before.id));
    }

    fn pointer_is_at_target(&mut self, before: &Incident, flip: &Flip, what: &'static str) {
        let target = &flip.confirmation.to.deployment.id;
        let readings = self.seen(&before.service).readings.clone();
        let is_there = readings.iter().any(|(_, seen)| seen.live.id() == Some(target));
        self.expect(is_there, "proven", || format!("{what}, but read was {readings:?}"));
    }

    /// *Proven* rests on both planes.
    fn proven(&mut self, before: &Incident, flip: &Flip, agreeing: u32) {
        self.pointer_is_at_target(before, flip, "the flip is said to be proven");
        let target = &flip.confirmation.to.deployment.id;
        let seen = self.seen(&before.service).agreeing.clone();
        let least = agreeing.max(3);
        let is_seen = seen.as_ref().is_some_and(|(at, count)| at == target && *count >= least);
        self.expect(is_seen, "proven", || {
            format!("{} is said to be proven, but production was seen {seen:?}", before.id)
        });
    }

    /// What is said of the flag rests on a reading after the flip (G6).
    fn flag_read(&mut self, before: &Incident, flip: &Flip, assignment: Assignment) {
        let seen = self.seen(&before.service);
        let since = seen.readings.iter().filter(|(at, _)| *at > seen.job_done);
        let read: Vec<_> = since.map(|(_, pointer)| pointer.assignment).collect();
        let holds = match (assignment, flip.direction()) {
            (Assignment::Off, _) | (Assignment::On, Direction::Forward) => {
                read.contains(&assignment)
            }
            // It stays on until somebody reads otherwise; what cannot be read is not known.
            (Assignment::On, Direction::Back) | (Assignment::CannotTell, _) => true,
        };
        self.expect(holds, "S8", || {
            format!("the flag is said to be {assignment:?}, read was {read:?}")
        });
    }
}
