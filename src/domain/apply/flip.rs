//! The fold of a confirmed move of the pointer: rollback or promote.

use super::forget_trouble;
use crate::domain::actor::Person;
use crate::domain::deployment::Assignment;
use crate::domain::event::{Direction, Effect, Finding, FlipEvent, Outcome};
use crate::domain::ids::{ConfirmationId, EffectId};
use crate::domain::incident::{
    Answer, Flip, Incident, Layer1, Layer1Done, Proof, Stage, Switch, Watch,
};
use crate::domain::time::Timestamp;
use crate::domain::verification::Address;

pub(super) fn confirm(
    incident: &mut Incident,
    by: &Person,
    confirmation: &ConfirmationId,
    effect: &EffectId,
    intent: &Effect,
    at: Timestamp,
) {
    incident.asked.insert(confirmation.clone(), Answer::Confirmed(by.clone(), at));
    incident.elsewhere = None;
    // Production moves: what was seen of it before says nothing any more.
    incident.verifications.retain(|one| one.address != Address::Production);
    if let Layer1::Waiting(question) = &incident.layer1 {
        let confirmed_with = incident.agreed_before(question).cloned();
        if question.direction() == Direction::Back {
            incident.baseline.get_or_insert(question.bound.assignment);
            incident.suspect.get_or_insert_with(|| Box::new(question.from.clone()));
        }
        incident.layer1 = Layer1::Flipping(Box::new(Flip {
            confirmation: (**question).clone(),
            confirmed_by: by.clone(),
            confirmed_with,
            confirmed_at: at,
            effect: effect.clone(),
            intent: intent.clone(),
            attempts: 0,
            stage: Stage::Intended { not_before: at },
            not_taken: None,
            queued_at: None,
            job_done_at: None,
            proof: None,
            assignment: None,
            switch: None,
            watch: None,
            failure: None,
        }));
    }
}

pub(super) fn apply_to_flip(incident: &mut Incident, event: &FlipEvent, at: Timestamp) {
    let (Layer1::Flipping(flip) | Layer1::Settled(flip)) = &mut incident.layer1 else { return };
    match event {
        FlipEvent::EffectStarted { effect, attempt, .. } => start(flip, effect, *attempt, at),
        FlipEvent::EffectEnded { effect, outcome } => end(flip, effect, outcome, at),
        FlipEvent::EffectObserved { finding, .. } => observe(flip, *finding, at),
        FlipEvent::JobSucceeded { .. } => {
            flip.job_done_at = Some(at);
            flip.stage = Stage::Proving { since: at };
        }
        FlipEvent::FlipProven { .. } => {
            flip.proof = Some(Proof::Proven(at));
            after_proof(flip, at);
        }
        FlipEvent::FlipNotServing { last } => {
            flip.proof = Some(Proof::NotServing(at, last.clone()));
            after_proof(flip, at);
        }
        FlipEvent::FlipFailed { failure } => {
            flip.failure = Some(failure.clone());
            flip.stage = Stage::Done;
        }
        FlipEvent::DisarmIntended { effect } => intend(flip, effect, Assignment::Off, at),
        FlipEvent::ArmIntended { effect } => intend(flip, effect, Assignment::On, at),
        FlipEvent::AssignmentRead { assignment } => {
            flip.assignment = Some(*assignment);
            flip.stage = Stage::Done;
            begin_watch(flip, at);
        }
        FlipEvent::WatchTroubled { .. }
        | FlipEvent::WatchCalmed
        | FlipEvent::WatchPassed
        | FlipEvent::WatchFailed { .. } => watch(flip, event, at),
    }
    if flip.stage == Stage::Done {
        incident.layer1 = Layer1::Settled(flip.clone());
        incident.before = None;
    }
    match event {
        // A reading that is older than the one before it takes nothing back.
        FlipEvent::EffectStarted { job_before, .. } => {
            incident.job_before = incident.job_before.max(*job_before);
        }
        FlipEvent::JobSucceeded { .. } => incident.needs_person = None,
        FlipEvent::FlipProven { .. } => {
            incident.needs_person = None;
            if incident.flip().is_some_and(|flip| flip.direction() == Direction::Back) {
                incident.layer1_done = Some(Layer1Done::Proven(at));
            }
        }
        // What was promoted is the suspect now.
        FlipEvent::WatchFailed { .. } => {
            incident.layer1_done = None;
            incident.suspect = None;
        }
        // Nothing is being read any more, whether or not it could be.
        FlipEvent::AssignmentRead { .. } => forget_trouble(incident),
        FlipEvent::EffectEnded { .. }
        | FlipEvent::EffectObserved { .. }
        | FlipEvent::FlipNotServing { .. }
        | FlipEvent::FlipFailed { .. }
        | FlipEvent::DisarmIntended { .. }
        | FlipEvent::ArmIntended { .. }
        | FlipEvent::WatchTroubled { .. }
        | FlipEvent::WatchCalmed
        | FlipEvent::WatchPassed => {}
    }
}

fn intend(flip: &mut Flip, effect: &EffectId, to: Assignment, at: Timestamp) {
    let effect = effect.clone();
    let (attempts, sending, last) = (0, None, None);
    flip.switch = Some(Switch { to, effect, attempts, sending, last, not_before: at });
}

/// A promote that came to its end is watched.
fn begin_watch(flip: &mut Flip, since: Timestamp) {
    if flip.direction() == Direction::Forward && flip.failure.is_none() && flip.watch.is_none() {
        flip.watch = Some(Watch { since, trouble: None, passed_at: None, failed: None });
    }
}

fn watch(flip: &mut Flip, event: &FlipEvent, at: Timestamp) {
    let Some(watch) = &mut flip.watch else { return };
    match event {
        FlipEvent::WatchTroubled { why } => watch.trouble = Some((at, why.clone())),
        FlipEvent::WatchPassed => {
            watch.trouble = None;
            watch.passed_at = Some(at);
        }
        FlipEvent::WatchFailed { why } => watch.failed = Some(why.clone()),
        // Nothing else concerns the watch but that it is well again.
        _ => watch.trouble = None,
    }
}

/// The flag is read back once, after the first proof; a later proof only corrects what is known of production.
fn after_proof(flip: &mut Flip, at: Timestamp) {
    if flip.assignment.is_none() {
        flip.stage = Stage::ReadingFlag { since: at };
    }
}

fn start(flip: &mut Flip, effect: &EffectId, attempt: u32, at: Timestamp) {
    if flip.effect == *effect {
        flip.attempts = attempt;
        flip.stage = Stage::Sending { since: at };
    } else if let Some(switch) = flip.switch.as_mut().filter(|one| one.effect == *effect) {
        switch.attempts = attempt;
        switch.sending = Some(at);
    }
}

fn end(flip: &mut Flip, effect: &EffectId, outcome: &Outcome, at: Timestamp) {
    if flip.effect == *effect {
        let sent = match flip.stage {
            Stage::Sending { since } => since,
            Stage::Intended { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Polling { .. }
            | Stage::Proving { .. }
            | Stage::ReadingFlag { .. }
            | Stage::Done => at,
        };
        flip.not_taken = match outcome {
            Outcome::NotTaken { why, .. } => Some(why.clone()),
            Outcome::Accepted
            | Outcome::Queued
            | Outcome::Refused { .. }
            | Outcome::Unknown { .. } => None,
        };
        flip.stage = match outcome {
            Outcome::Accepted => Stage::Polling { since: at },
            Outcome::Queued => {
                flip.queued_at = Some(at);
                Stage::Polling { since: at }
            }
            Outcome::NotTaken { retry_after, .. } => {
                // Surely nothing happened: this try does not count.
                flip.attempts = flip.attempts.saturating_sub(1);
                Stage::Intended { not_before: at + *retry_after }
            }
            Outcome::Refused { why } => Stage::Doubted { sent, why: why.clone() },
            Outcome::Unknown { why } => {
                Stage::Unknown { since: at, why: why.clone(), not_applied_at: None }
            }
        };
    } else if let Some(switch) = flip.switch.as_mut().filter(|one| one.effect == *effect) {
        switch.sending = None;
        switch.last = Some(outcome.clone());
        if let Outcome::NotTaken { retry_after, .. } = outcome {
            switch.attempts = switch.attempts.saturating_sub(1);
            switch.not_before = at + *retry_after;
        }
    }
}

fn observe(flip: &mut Flip, finding: Finding, at: Timestamp) {
    let (since, why) = match &flip.stage {
        Stage::Unknown { since, why, .. } => (*since, why.clone()),
        Stage::Doubted { why, .. } => (at, why.clone()),
        // Found right before a second call: the first took effect late.
        Stage::Intended { .. } if finding == Finding::Applied => (at, String::new()),
        Stage::Intended { .. }
        | Stage::Sending { .. }
        | Stage::Polling { .. }
        | Stage::Proving { .. }
        | Stage::ReadingFlag { .. }
        | Stage::Done => return,
    };
    flip.stage = match finding {
        Finding::Applied => Stage::Polling { since: at },
        Finding::NotAppliedOnce => Stage::Unknown { since, why, not_applied_at: Some(at) },
        Finding::NotApplied => Stage::Intended { not_before: at },
    };
}
