//! From the call to the end: was it taken, is its job done, does production answer from the target, is the flag off.

use super::course::{fail, flip_of, target_of, trouble, trouble_over, why_unknown};
use super::people::release;
use super::{Case, Decision, Facts, Read, Step};
use crate::domain::book::Book;
use crate::domain::deployment::{Assignment, JobKind, JobStatus, Live, Pointer, PointerJob};
use crate::domain::event::{
    Emitted, Finding, FlipEvent, FlipFailure, IncidentEvent, Outcome, ServiceEvent,
};
use crate::domain::guard::{self, FlagVerdict};
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::incident::{Disarm, Flip, MOST_ATTEMPTS, Stage};
use crate::domain::plan::{AGREEING_GAP, PATIENCE, Verdict};
use crate::domain::time::{Span, Timestamp};

/// How far the provider's clock may be behind ours when a job is matched to our call.
const CLOCK_TOLERANCE: Span = Span::minutes(1);

pub(super) fn observe(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let flip = flip_of(&case)?;
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let Some(seen) = pointer.get() else {
        let mut events = trouble(&case, &why_unknown(pointer));
        events.extend(call_a_person(&case, flip, now));
        return Ok(Decision::events(events));
    };
    match &flip.stage {
        Stage::Unknown { sent, not_applied_at, .. } => {
            Ok(judge_unknown(&case, flip, seen, *sent, *not_applied_at, now))
        }
        Stage::Doubted { sent, why } => Ok(judge_doubted(&case, flip, seen, *sent, why)),
        Stage::Polling { sent, since } => judge_job(&case, flip, seen, facts, (*sent, *since), now),
        Stage::Intended { .. }
        | Stage::Sending { .. }
        | Stage::Proving { .. }
        | Stage::ReadingFlag { .. }
        | Stage::Done => Ok(Decision::nothing()),
    }
}

/// What nobody knows reaches a person within a minute.
fn call_a_person(case: &Case<'_>, flip: &Flip, now: Timestamp) -> Option<Emitted> {
    let since = match &flip.stage {
        Stage::Unknown { since, .. } => *since,
        Stage::Doubted { sent, .. } => *sent,
        Stage::Polling { since, .. }
        | Stage::Proving { since }
        | Stage::ReadingFlag { since }
        | Stage::Sending { since } => *since,
        Stage::Intended { .. } | Stage::Done => return None,
    };
    if case.incident.needs_person.is_some() || now.since(since) < PATIENCE {
        return None;
    }
    let why = "the provider could not be read for a minute, so nobody knows whether the rollback happened".to_owned();
    Some(Emitted::incident(case.id(), IncidentEvent::PersonNeeded { why }))
}

/// A job of the provider that our call may have started.
fn our_job<'a>(flip: &Flip, seen: &'a Pointer, sent: Timestamp) -> Option<&'a PointerJob> {
    seen.job.as_ref().filter(|job| {
        job.kind == JobKind::Rollback
            && job.to == target_of(flip).id
            && job.requested_at + CLOCK_TOLERANCE >= sent
    })
}

fn is_at_target(flip: &Flip, seen: &Pointer) -> bool {
    seen.live.id() == Some(&target_of(flip).id)
}

fn judge_unknown(
    case: &Case<'_>,
    flip: &Flip,
    seen: &Pointer,
    sent: Timestamp,
    not_applied_at: Option<Timestamp>,
    now: Timestamp,
) -> Decision {
    let found = |finding| {
        let mut events = trouble_over(case);
        let effect = flip.effect.clone();
        events.push(Emitted::flip(case.id(), FlipEvent::EffectObserved { effect, finding }));
        Decision::events(events)
    };
    if is_at_target(flip, seen) || our_job(flip, seen, sent).is_some() {
        return found(Finding::Applied);
    }
    match &seen.live {
        Live::At(live) if *live == flip.confirmation.from.id => match not_applied_at {
            None => found(Finding::NotAppliedOnce),
            Some(first) if now.since(first) < AGREEING_GAP => Decision::nothing(),
            Some(_) if flip.attempts >= MOST_ATTEMPTS => fail(case, FlipFailure::NeverApplied),
            Some(_) => found(Finding::NotApplied),
        },
        Live::At(_) | Live::Nothing => {
            fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() })
        }
        // Names are moving; the next reading will tell.
        Live::Split(_) => Decision::events(call_a_person(case, flip, now).into_iter().collect()),
    }
}

/// The provider said no. It may have meant "already there".
fn judge_doubted(
    case: &Case<'_>,
    flip: &Flip,
    seen: &Pointer,
    sent: Timestamp,
    why: &str,
) -> Decision {
    if is_at_target(flip, seen) || our_job(flip, seen, sent).is_some() {
        let (effect, finding) = (flip.effect.clone(), Finding::Applied);
        let mut events = trouble_over(case);
        events.push(Emitted::flip(case.id(), FlipEvent::EffectObserved { effect, finding }));
        Decision::events(events)
    } else {
        fail(case, FlipFailure::Refused { why: why.to_owned() })
    }
}

fn judge_job(
    case: &Case<'_>,
    flip: &Flip,
    seen: &Pointer,
    facts: &Facts,
    (sent, since): (Timestamp, Timestamp),
    now: Timestamp,
) -> Step {
    let job = our_job(flip, seen, sent);
    let arrived = is_at_target(flip, seen);
    if let Some(other) = &seen.job
        && job.is_none()
        && other.to != target_of(flip).id
        && other.requested_at > sent
    {
        return Ok(fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() }));
    }
    match job.map(|job| job.status) {
        Some(JobStatus::Failed) => {
            let Some(aliases) = &facts.aliases else {
                return Ok(Decision::Needs(vec![Read::FailedAliases]));
            };
            // Which names it was is evidence; that it failed is known without it.
            let names = aliases.get().cloned().unwrap_or_default();
            Ok(fail(case, FlipFailure::Aliases(names)))
        }
        Some(JobStatus::Skipped) if !arrived => Ok(fail(case, FlipFailure::Skipped)),
        Some(JobStatus::Succeeded | JobStatus::Skipped) | None if arrived => {
            Ok(Decision::events(job_done(case, flip)))
        }
        Some(
            JobStatus::Running
            | JobStatus::Succeeded
            | JobStatus::Skipped
            | JobStatus::Unrecognised,
        )
        | None => {
            if now.since(since) >= case.service.limits.job {
                return Ok(fail(case, FlipFailure::JobTimedOut));
            }
            Ok(Decision::events(trouble_over(case)))
        }
    }
}

fn job_done(case: &Case<'_>, flip: &Flip) -> Vec<Emitted> {
    let mut events = trouble_over(case);
    let effect = flip.effect.clone();
    events.push(Emitted::flip(case.id(), FlipEvent::JobSucceeded { effect }));
    let suspect = &flip.confirmation.from.id;
    if !case.state.marked_bad.contains_key(suspect) {
        let (deployment, incident) = (suspect.clone(), case.id());
        let marked = ServiceEvent::MarkedBad { deployment, incident };
        events.push(Emitted::service(&case.service.id, marked));
    }
    events
}

pub(super) fn judge(book: &Book, incident: IncidentId, verdict: &Verdict, facts: &Facts) -> Step {
    let case = Case::of(book, incident)?;
    let flip = flip_of(&case)?;
    match verdict {
        // Said once; the slow look goes on.
        Verdict::NotServing { .. } if flip.proof.is_some() => Ok(Decision::nothing()),
        Verdict::NotServing { last } => {
            let last = last.clone();
            let event = FlipEvent::FlipNotServing { last };
            Ok(Decision::events(vec![Emitted::flip(case.id(), event)]))
        }
        Verdict::Serving { agreeing } => {
            // Both planes must say it: what customers get, and what the provider holds.
            let Some(pointer) = &facts.pointer else {
                return Ok(Decision::Needs(vec![Read::Pointer]));
            };
            let Some(seen) = pointer.get() else {
                return Ok(Decision::events(trouble(&case, &why_unknown(pointer))));
            };
            if !is_at_target(flip, seen) {
                if flip.stage == Stage::Done {
                    return Ok(Decision::nothing());
                }
                let live = seen.live.clone();
                return Ok(fail(&case, FlipFailure::MovedElsewhere { live }));
            }
            let mut events = trouble_over(&case);
            let agreeing = *agreeing;
            events.push(Emitted::flip(case.id(), FlipEvent::FlipProven { agreeing }));
            Ok(Decision::events(events))
        }
    }
}

pub(super) fn read_flag(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let flip = flip_of(&case)?;
    let Stage::ReadingFlag { since } = flip.stage else { return Ok(Decision::nothing()) };
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let Some(seen) = pointer.get() else {
        if now.since(since) < PATIENCE {
            return Ok(Decision::events(trouble(&case, &why_unknown(pointer))));
        }
        return Ok(Decision::events(flag_is(&case, Assignment::CannotTell)));
    };
    match (guard::g6_never_rearms(seen.assignment), &flip.disarm) {
        (FlagVerdict::Pinned, _) => Ok(Decision::events(flag_is(&case, Assignment::Off))),
        (FlagVerdict::CannotTell, _) => {
            Ok(Decision::events(flag_is(&case, Assignment::CannotTell)))
        }
        (FlagVerdict::SwitchOff, None) => {
            let effect = facts.fresh.effect.clone();
            let mut events = trouble_over(&case);
            events.push(Emitted::flip(case.id(), FlipEvent::DisarmIntended { effect }));
            Ok(Decision::events(events))
        }
        (FlagVerdict::SwitchOff, Some(disarm)) => Ok(still_armed(&case, disarm)),
    }
}

/// It is on although it was switched off, or switching it off did not work. This very reading allows one more call.
fn still_armed(case: &Case<'_>, disarm: &Disarm) -> Decision {
    let may_send = guard::is_not_halted(case.state).is_ok() && disarm.attempts < MOST_ATTEMPTS;
    match &disarm.last {
        Some(Outcome::Accepted | Outcome::Unknown { .. }) if may_send => {
            let (effect, attempt) = (disarm.effect.clone(), disarm.attempts + 1);
            let started = FlipEvent::EffectStarted { effect, attempt };
            return Decision::events(vec![Emitted::flip(case.id(), started)]);
        }
        Some(Outcome::NotTaken { .. }) | None => return Decision::nothing(),
        Some(Outcome::Accepted | Outcome::Unknown { .. } | Outcome::Refused { .. }) => {}
    }
    let why = "automatic assignment is still on: the next merge would go live by itself; switch it off at the provider".to_owned();
    let mut events = flag_is(case, Assignment::On);
    events.push(Emitted::incident(case.id(), IncidentEvent::PersonNeeded { why }));
    Decision::events(events)
}

/// The flag is read; the flip is over and the pointer free.
fn flag_is(case: &Case<'_>, assignment: Assignment) -> Vec<Emitted> {
    let mut events = trouble_over(case);
    events.push(Emitted::flip(case.id(), FlipEvent::AssignmentRead { assignment }));
    events.push(release(case));
    events
}

/// The periodic look: what is seen outside any step is written down when it differs from what was last seen.
pub(super) fn look(book: &Book, service: &ServiceId, facts: &Facts) -> Step {
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let (Some(seen), Some(state)) = (pointer.get(), book.state(service)) else {
        return Ok(Decision::nothing());
    };
    let is_known = state
        .seen
        .as_ref()
        .is_some_and(|last| last.live == seen.live && last.assignment == seen.assignment);
    if is_known {
        return Ok(Decision::nothing());
    }
    let event = ServiceEvent::PointerSeen { live: seen.live.clone(), assignment: seen.assignment };
    Ok(Decision::events(vec![Emitted::service(service, event)]))
}
