//! What must never happen, checked after each step of a walk. The lock and the fold are checked by the story itself.

use std::collections::{BTreeMap, BTreeSet};

use super::was_sent;
use crate::domain::actor::Role;
use crate::domain::deployment::{Assignment, JobKind, JobStatus, Live};
use crate::domain::event::{
    Effect, Envelope, Event, Exit, Finding, FlipEvent, IncidentEvent, Outcome,
};
use crate::domain::fixture::Story;
use crate::domain::ids::{ConfirmationId, DeploymentId, EffectId, IncidentId, StreamId};
use crate::domain::incident::{Incident, Layer1, Stage};
use crate::domain::plan::{AGREEING_GAP, call_of};

/// What is remembered of the calls of one effect.
#[derive(Clone, Debug, Default)]
struct Calls {
    /// Calls that were started and may have done something.
    counted: u32,
    /// Whether one more may be started: nothing was sent yet, or what was sent surely did nothing.
    may_start: bool,
}

/// What cards showed and what was done, to hold one against the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Checks {
    /// From and to of every card.
    shown: BTreeMap<ConfirmationId, (DeploymentId, DeploymentId)>,
    /// Confirmations that were used up.
    used: BTreeSet<ConfirmationId>,
    calls: BTreeMap<EffectId, Calls>,
    /// How often each kind of event was seen over all walks.
    kinds: BTreeMap<String, usize>,
}

impl Checks {
    /// Looks at what one request added to the journal from `told` on.
    pub(super) fn step(&mut self, before: &Story, after: &Story, told: usize) {
        for (stream, envelope) in &after.journal[told..] {
            let kind = envelope.event.encode().0;
            if let StreamId::Incident(id) = stream {
                self.in_incident(before, after, *id, envelope, &kind);
            }
            *self.kinds.entry(kind).or_default() += 1;
        }
        terminal_stays_terminal(before, after);
    }

    fn in_incident(
        &mut self,
        before: &Story,
        after: &Story,
        id: IncidentId,
        envelope: &Envelope,
        kind: &str,
    ) {
        let was = before.book.incidents.get(&id);
        let is_over = was.is_some_and(|one| one.closed_at.is_some());
        assert!(!is_over || kind == "note_added", "{kind} in an incident that is over");
        match &envelope.event {
            Event::Incident(IncidentEvent::RollbackCancelled { .. }) => {
                let was = was.expect("what is taken back was there");
                let is_sent = matches!(&was.layer1, Layer1::Flipping(flip) if flip.was_sent());
                assert!(!is_sent, "what was sent is not taken back");
            }
            Event::Incident(event) => self.asked_or_answered(after, id, event),
            Event::Flip(event) => self.flipped(before, after, id, event),
            Event::Verification(_) | Event::Fix(_) | Event::Authority(_) => {}
            Event::Register(_) | Event::Service(_) => panic!("{kind} in an incident's stream"),
        }
    }

    fn asked_or_answered(&mut self, after: &Story, id: IncidentId, event: &IncidentEvent) {
        let incident = &after.book.incidents[&id];
        match event {
            IncidentEvent::ConfirmationIssued { confirmation: card, .. } => {
                let (from, to) = (card.from.id.clone(), card.to.deployment.id.clone());
                assert_ne!(from, to);
                let bad = &after.book.states[&incident.service].marked_bad;
                assert!(!bad.contains_key(&to), "{to} was marked bad and is offered");
                assert!(self.shown.insert(card.id.clone(), (from, to)).is_none());
            }
            IncidentEvent::FlipConfirmed { by, confirmation, effect, intent } => {
                assert!(self.used.insert(confirmation.clone()), "{confirmation} was used twice");
                let (_, to) = &self.shown[confirmation];
                assert!(matches!(intent, Effect::Rollback { to: target, .. } if target == to));
                let role = after.policy.role(&incident.service, by, after.now);
                assert!(role >= Some(Role::Responder), "{by} had no right to confirm");
                assert!(after.book.states[&incident.service].halt.is_none());
                self.calls.insert(effect.clone(), Calls { counted: 0, may_start: true });
            }
            IncidentEvent::IncidentResolved { exit, .. } => {
                let is_blip = *exit == Exit::Blip;
                assert!(!is_blip || !was_sent(&incident.layer1), "what was flipped was no blip");
            }
            _ => {}
        }
    }

    fn flipped(&mut self, before: &Story, after: &Story, id: IncidentId, event: &FlipEvent) {
        let was = &before.book.incidents[&id];
        match event {
            FlipEvent::DisarmIntended { effect } => {
                self.calls.insert(effect.clone(), Calls { counted: 0, may_start: true });
            }
            FlipEvent::EffectStarted { effect, .. } => self.started(before, after, was, effect),
            FlipEvent::EffectEnded { effect, outcome: Outcome::NotTaken { .. } } => {
                let calls = self.calls.get_mut(effect).expect("it was intended");
                calls.counted -= 1;
                calls.may_start = true;
            }
            FlipEvent::EffectObserved { effect, finding: Finding::NotApplied } => {
                let Some(Stage::Unknown { not_applied_at: Some(first), .. }) =
                    was.flip().map(|flip| &flip.stage)
                else {
                    panic!("one reading is not two");
                };
                assert!(after.now.since(*first) >= AGREEING_GAP, "the two readings are one");
                self.calls.get_mut(effect).expect("it was intended").may_start = true;
            }
            FlipEvent::JobSucceeded { .. } => {
                let seen = &after.outside[&was.service].pointer;
                assert_eq!(seen.live, Live::At(target(was)), "success without the names there");
                let since = was.flip().map(|flip| flip.confirmed_at);
                let ours = seen.job.as_ref().filter(|job| {
                    job.kind == JobKind::Rollback
                        && job.to == target(was)
                        && Some(job.requested_at) >= since
                });
                let is_known = ours.is_none_or(|job| job.status != JobStatus::Unrecognised);
                assert!(is_known, "a status nobody knows is no success");
            }
            FlipEvent::FlipProven { .. } => {
                let seen = &after.outside[&was.service].pointer;
                assert_eq!(seen.live, Live::At(target(was)), "proof without the control plane");
                assert!(was.flip().is_some_and(|flip| flip.job_done_at.is_some()));
            }
            _ => {}
        }
    }

    fn started(&mut self, before: &Story, after: &Story, was: &Incident, effect: &EffectId) {
        let state = &before.book.states[&was.service];
        assert!(state.halt.is_none(), "a call was started while halted");
        assert_eq!(state.lock.as_ref().map(|lock| lock.incident), Some(was.id));
        assert!(was.is_open(), "a call in an incident that is over");
        let calls = self.calls.get_mut(effect).expect("the intent comes first");
        let flip = was.flip().expect("only flips make calls");
        match call_of(was, effect).expect("the call is the incident's own") {
            Effect::Rollback { to, .. } | Effect::Promote { to } => {
                let by = &flip.confirmed_by;
                let role = after.policy.role(&was.service, by, after.now);
                assert!(role >= Some(Role::Responder), "{by} had lost the right at the send");
                let (from, shown) = &self.shown[&flip.confirmation.id];
                assert_eq!(to, *shown, "not the target that the card showed");
                let origin = after.outside[&was.service].pointer.origin();
                assert_eq!(origin, Some(from), "production was not where the card said");
                assert!(
                    calls.may_start,
                    "a second call without a finding that the first did nothing"
                );
            }
            // The reading that finds the flag still on allows the second call.
            Effect::Disarm | Effect::Arm => {
                let is_first = flip.switch.as_ref().is_some_and(|one| one.last.is_none());
                let is_on = after.outside[&was.service].pointer.assignment == Assignment::On;
                assert!(calls.may_start || is_first || is_on, "a second call without a reading");
                assert!(flip.switch.as_ref().is_some_and(|one| one.sending.is_none()));
            }
        }
        calls.counted += 1;
        calls.may_start = false;
        assert!(calls.counted <= 2, "{effect} was sent {} times", calls.counted);
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (kind, count) in &other.kinds {
            *self.kinds.entry(kind.clone()).or_default() += count;
        }
    }

    /// A walk that never comes to a flip would prove nothing.
    pub(super) fn assert_that_the_walks_went_everywhere(&self) {
        let missing: Vec<_> = [
            "rollback_refused",
            "confirmation_expired",
            "confirmation_voided",
            "rollback_cancelled",
            "effect_dropped",
            "effect_observed",
            "job_succeeded",
            "flip_proven",
            "flip_not_serving",
            "flip_failed",
            "disarm_intended",
            "assignment_read",
            "person_needed",
            "halted",
            "resumed",
            "incident_closed",
            "verification_asked",
            "verification_ended",
        ]
        .into_iter()
        .filter(|kind| self.kinds.get(*kind).is_none_or(|count| *count < 10))
        .collect();
        assert!(missing.is_empty(), "hardly ever seen: {missing:?} in {:?}", self.kinds);
    }
}

fn target(incident: &Incident) -> DeploymentId {
    let flip = incident.flip().expect("a flip is under way");
    flip.confirmation.to.deployment.id.clone()
}

/// S19: an incident that is over stays as it is, but for notes.
fn terminal_stays_terminal(before: &Story, after: &Story) {
    for (id, was) in before.book.incidents.iter().filter(|(_, one)| one.closed_at.is_some()) {
        let mut is = Incident::clone(&after.book.incidents[id]);
        is.notes.clone_from(&was.notes);
        assert_eq!(is, **was, "an incident that is over changed");
    }
    let state = |story: &Story| -> Vec<_> {
        let bad = story.book.states.values().flat_map(|one| one.marked_bad.clone());
        bad.collect()
    };
    for bad in state(before) {
        assert!(state(after).contains(&bad), "what was marked bad stays bad");
    }
}
