//! From the call to the end: was it taken, is its job done, does production answer from the target, is the flag off.

use super::course::{fail, target_of, trouble, trouble_over, why_unknown};
use super::people::release;
use super::{Case, Decision, Facts, Read, Step};
use crate::domain::book::Book;
use crate::domain::deployment::{Assignment, JobKind, JobStatus, Live, Pointer, PointerJob};
use crate::domain::event::{
    Direction, Emitted, Finding, FlipEvent, FlipFailure, IncidentEvent, Outcome, ServiceEvent,
};
use crate::domain::guard::{self, FlagVerdict};
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::incident::{Flip, Layer1, MOST_ATTEMPTS, Proof, Stage, Switch};
use crate::domain::plan::{AGREEING_GAP, PATIENCE, Verdict};
use crate::domain::time::{Span, Timestamp};

/// What the provider has waiting behind something of its own may take so long.
const QUEUED: Span = Span::minutes(60);

pub(super) fn observe(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let Layer1::Flipping(flip) = &case.incident.layer1 else { return Ok(Decision::nothing()) };
    if !is_awaited(flip) {
        return Ok(Decision::nothing());
    }
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let Some(seen) = pointer.get() else {
        return Ok(unreadable(&case, flip, &why_unknown(pointer), now));
    };
    match &flip.stage {
        Stage::Unknown { not_applied_at, .. } => {
            Ok(judge_unknown(&case, flip, seen, *not_applied_at, now))
        }
        Stage::Doubted { why, .. } => Ok(judge_doubted(&case, flip, seen, why)),
        Stage::Polling { since } => judge_job(&case, flip, seen, facts, *since, now),
        Stage::Intended { .. }
        | Stage::Sending { .. }
        | Stage::Proving { .. }
        | Stage::ReadingFlag { .. }
        | Stage::Done => Ok(Decision::nothing()),
    }
}

/// Whether a call's result or its job is awaited: nothing more is sent, the world is read.
pub(super) fn is_awaited(flip: &Flip) -> bool {
    match flip.stage {
        Stage::Unknown { .. } | Stage::Doubted { .. } | Stage::Polling { .. } => true,
        Stage::Intended { .. }
        | Stage::Sending { .. }
        | Stage::Proving { .. }
        | Stage::ReadingFlag { .. }
        | Stage::Done => false,
    }
}

/// The provider cannot be read: said once, and after a minute a person is called.
fn unreadable(case: &Case<'_>, flip: &Flip, what: &str, now: Timestamp) -> Decision {
    let mut events = trouble(case, what);
    let why = "the provider could not be read for a minute, so nobody knows whether the rollback happened";
    events.extend(call_a_person(case, flip, why, now));
    Decision::events(events)
}

/// What nobody knows reaches a person within a minute, once.
fn call_a_person(case: &Case<'_>, flip: &Flip, why: &str, now: Timestamp) -> Option<Emitted> {
    let since = match &flip.stage {
        Stage::Unknown { since, .. } => *since,
        Stage::Doubted { sent, .. } => *sent,
        // What was taken may take its time: only looks that fail count.
        Stage::Polling { .. } | Stage::Proving { .. } => case.incident.trouble_since?,
        Stage::Intended { .. }
        | Stage::Sending { .. }
        | Stage::ReadingFlag { .. }
        | Stage::Done => return None,
    };
    if case.incident.needs_person.is_some() || now.since(since) < PATIENCE {
        return None;
    }
    let needed = IncidentEvent::PersonNeeded { why: why.to_owned() };
    Some(Emitted::incident(case.id(), needed))
}

/// A job of the provider that our call may have started. Told from older ones by what was seen before the call, never by the
/// time: the provider's clock is another one.
fn our_job<'a>(case: &Case<'_>, flip: &Flip, seen: &'a Pointer) -> Option<&'a PointerJob> {
    let kind = match flip.direction() {
        Direction::Back => JobKind::Rollback,
        Direction::Forward => JobKind::Promote,
    };
    seen.job
        .as_ref()
        .filter(|job| job.kind == kind && job.to == target_of(flip).id && is_new(case, job))
}

fn is_new(case: &Case<'_>, job: &PointerJob) -> bool {
    Some(job.requested_at) != case.incident.job_before
}

/// Whether somebody else moved production, or began to, after our call: also if it is back where it was.
pub(super) fn is_moved_by_others(case: &Case<'_>, flip: &Flip, seen: &Pointer) -> bool {
    let began = |job: &PointerJob| Some(job.requested_at) > case.incident.job_before;
    seen.job.as_ref().is_some_and(|job| job.to != target_of(flip).id && began(job))
}

fn is_at_target(flip: &Flip, seen: &Pointer) -> bool {
    seen.live.id() == Some(&target_of(flip).id)
}

fn is_at_neither_end(flip: &Flip, seen: &Pointer) -> bool {
    let ends = [&flip.confirmation.from.id, &target_of(flip).id];
    seen.live.id().is_some_and(|live| !ends.contains(&live))
}

/// Whether a reading shows that our call took effect.
pub(super) fn took_effect(case: &Case<'_>, flip: &Flip, seen: &Pointer) -> bool {
    is_at_target(flip, seen) || our_job(case, flip, seen).is_some()
}

/// What a reading says of a call whose result nobody knows.
pub(super) fn found(case: &Case<'_>, flip: &Flip, finding: Finding) -> Decision {
    let mut events = trouble_over(case);
    let effect = flip.effect.clone();
    events.push(Emitted::flip(case.id(), FlipEvent::EffectObserved { effect, finding }));
    Decision::events(events)
}

fn judge_unknown(
    case: &Case<'_>,
    flip: &Flip,
    seen: &Pointer,
    not_applied_at: Option<Timestamp>,
    now: Timestamp,
) -> Decision {
    if took_effect(case, flip, seen) {
        return found(case, flip, Finding::Applied);
    }
    // It may have been carried out and undone: whoever did that is not fought.
    if is_moved_by_others(case, flip, seen) && !matches!(seen.live, Live::Split(_)) {
        return fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() });
    }
    if seen.origin() == Some(&flip.confirmation.from.id) {
        return match not_applied_at {
            None => found(case, flip, Finding::NotAppliedOnce),
            Some(first) if now.since(first) < AGREEING_GAP => Decision::events(trouble_over(case)),
            Some(_) if flip.attempts >= MOST_ATTEMPTS => fail(case, FlipFailure::NeverApplied),
            Some(_) => found(case, flip, Finding::NotApplied),
        };
    }
    match &seen.live {
        Live::At(_) | Live::Nothing => {
            fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() })
        }
        // Names are moving; the next reading will tell.
        Live::Split(_) => {
            let mut events = trouble_over(case);
            let why = "production names have not settled for a minute, so nobody knows whether the rollback happened";
            events.extend(call_a_person(case, flip, why, now));
            Decision::events(events)
        }
    }
}

/// The provider said no. It may have meant "already there".
fn judge_doubted(case: &Case<'_>, flip: &Flip, seen: &Pointer, why: &str) -> Decision {
    if took_effect(case, flip, seen) {
        found(case, flip, Finding::Applied)
    } else {
        fail(case, FlipFailure::Refused { why: why.to_owned() })
    }
}

fn judge_job(
    case: &Case<'_>,
    flip: &Flip,
    seen: &Pointer,
    facts: &Facts,
    since: Timestamp,
    now: Timestamp,
) -> Step {
    let job = our_job(case, flip, seen);
    let arrived = is_at_target(flip, seen);
    if is_moved_by_others(case, flip, seen) {
        return Ok(fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() }));
    }
    match job.map(|job| job.status) {
        // Our job is over and production is at neither end of it: something newer went live over it.
        Some(JobStatus::Succeeded) if !arrived && is_at_neither_end(flip, seen) => {
            Ok(fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() }))
        }
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
            let limit = if flip.queued_at.is_some() { QUEUED } else { case.service.limits.job };
            if now.since(since) >= limit {
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
    if flip.direction() == Direction::Back && !case.state.marked_bad.contains_key(suspect) {
        let (deployment, incident) = (suspect.clone(), case.id());
        let marked = ServiceEvent::MarkedBad { deployment, incident };
        events.push(Emitted::service(&case.service.id, marked));
    }
    events
}

/// Production is looked at until it is proven, also when it did not serve the target in time; but not of an incident that
/// is over.
fn looked_at<'a>(case: &Case<'a>) -> Option<&'a Flip> {
    let flip = case.incident.flip().filter(|_| case.incident.is_open())?;
    let is_late = flip.stage == Stage::Done
        && flip.failure.is_none()
        && matches!(flip.proof, Some(Proof::NotServing(..)));
    (is_late || matches!(flip.stage, Stage::Proving { .. })).then_some(flip)
}

pub(super) fn judge(
    book: &Book,
    incident: IncidentId,
    verdict: &Verdict,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    let case = Case::of(book, incident)?;
    let Some(flip) = looked_at(&case) else { return Ok(Decision::nothing()) };
    match verdict {
        // Said once; the slow look goes on.
        Verdict::NotServing { .. } if flip.proof.is_some() => Ok(Decision::nothing()),
        Verdict::NotServing { last } => {
            let last = last.clone();
            let event = FlipEvent::FlipNotServing { last };
            Ok(Decision::events(vec![Emitted::flip(case.id(), event)]))
        }
        Verdict::Serving { agreeing } => judge_serving(&case, flip, *agreeing, facts, now),
    }
}

/// Both planes must say it: what customers get, and what the provider holds.
fn judge_serving(
    case: &Case<'_>,
    flip: &Flip,
    agreeing: u32,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let Some(seen) = pointer.get() else {
        return Ok(unreadable(case, flip, &why_unknown(pointer), now));
    };
    if is_at_target(flip, seen) {
        let mut events = trouble_over(case);
        events.push(Emitted::flip(case.id(), FlipEvent::FlipProven { agreeing }));
        return Ok(Decision::events(events));
    }
    // A late look at production that has moved on proves nothing and ends nothing.
    let Stage::Proving { since } = flip.stage else { return Ok(Decision::nothing()) };
    if matches!(seen.live, Live::Split(_)) && now.since(since) < PATIENCE {
        // Names are moving; a later reading will tell.
        return Ok(Decision::events(trouble_over(case)));
    }
    Ok(fail(case, FlipFailure::MovedElsewhere { live: seen.live.clone() }))
}

pub(super) fn read_flag(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let Layer1::Flipping(flip) = &case.incident.layer1 else { return Ok(Decision::nothing()) };
    let Stage::ReadingFlag { .. } = flip.stage else { return Ok(Decision::nothing()) };
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let Some(seen) = pointer.get() else {
        let is_hopeless =
            case.incident.trouble_since.is_some_and(|since| now.since(since) >= PATIENCE);
        return Ok(Decision::events(if is_hopeless {
            flag_stays(&case, Assignment::CannotTell)
        } else {
            trouble(&case, &why_unknown(pointer))
        }));
    };
    let wanted = flip.wanted_assignment();
    match (guard::g6_flag(wanted, seen.assignment), &flip.switch) {
        (FlagVerdict::AsWanted, _) => Ok(Decision::events(flag_is(&case, seen.assignment))),
        (FlagVerdict::CannotTell, _) => {
            Ok(Decision::events(flag_is(&case, Assignment::CannotTell)))
        }
        (FlagVerdict::Switch, None) => {
            let effect = facts.fresh.effect.clone();
            let mut events = trouble_over(&case);
            let intended = match wanted {
                Assignment::On => FlipEvent::ArmIntended { effect },
                Assignment::Off | Assignment::CannotTell => FlipEvent::DisarmIntended { effect },
            };
            events.push(Emitted::flip(case.id(), intended));
            Ok(Decision::events(events))
        }
        (FlagVerdict::Switch, Some(switch)) => Ok(still_wrong(&case, flip, switch)),
    }
}

/// It is as it was although it was switched, or switching it did not work. This very reading allows one more call.
fn still_wrong(case: &Case<'_>, flip: &Flip, switch: &Switch) -> Decision {
    if switch.sending.is_some() {
        return Decision::nothing();
    }
    let may_send = guard::is_not_halted(case.state).is_ok() && switch.attempts < MOST_ATTEMPTS;
    match &switch.last {
        Some(Outcome::Accepted | Outcome::Queued | Outcome::Unknown { .. }) if may_send => {
            let (effect, attempt) = (switch.effect.clone(), switch.attempts + 1);
            let started = FlipEvent::EffectStarted { effect, attempt, job_before: None };
            Decision::events(vec![Emitted::flip(case.id(), started)])
        }
        Some(Outcome::NotTaken { .. }) | None => Decision::nothing(),
        Some(
            Outcome::Accepted | Outcome::Queued | Outcome::Unknown { .. } | Outcome::Refused { .. },
        ) => Decision::events(left_as_it_is(case, flip)),
    }
}

/// Everything that the rules allow was done and the flag is not as it must be: a person must switch it.
pub(super) fn left_as_it_is(case: &Case<'_>, flip: &Flip) -> Vec<Emitted> {
    let (found, why) = match flip.wanted_assignment() {
        Assignment::On => (
            Assignment::Off,
            "automatic assignment is still off, and it was on before the incident: switch it on at the provider",
        ),
        Assignment::Off | Assignment::CannotTell => (
            Assignment::On,
            "automatic assignment is still on: the next merge would go live by itself; switch it off at the provider",
        ),
    };
    let why = why.to_owned();
    let mut events = flag_is(case, found);
    events.push(Emitted::incident(case.id(), IncidentEvent::PersonNeeded { why }));
    events
}

/// The flag is read; the flip is over and the pointer free.
fn flag_is(case: &Case<'_>, assignment: Assignment) -> Vec<Emitted> {
    let mut events = trouble_over(case);
    events.extend(flag_stays(case, assignment));
    events
}

/// What is known of the flag is all that will be known, whether or not the provider can be read.
fn flag_stays(case: &Case<'_>, assignment: Assignment) -> Vec<Emitted> {
    vec![Emitted::flip(case.id(), FlipEvent::AssignmentRead { assignment }), release(case)]
}

/// The periodic look: what is seen outside any step is written down when it differs from what was last seen, and told to
/// the incident that it concerns (G14).
pub(super) fn look(book: &Book, service: &ServiceId, facts: &Facts) -> Step {
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    let (Some(seen), Some(state)) = (pointer.get(), book.state(service)) else {
        return Ok(Decision::nothing());
    };
    let mut events = Vec::new();
    if let Some(incident) = book.open_incident(service) {
        let case = Case::of(book, incident.id)?;
        events.extend(super::watch::moved_elsewhere(&case, seen));
        events.extend(super::watch::armed_at_last(&case, seen));
    }
    let is_known = state
        .seen
        .as_ref()
        .is_some_and(|last| last.live == seen.live && last.assignment == seen.assignment);
    if !is_known {
        let (live, assignment) = (seen.live.clone(), seen.assignment);
        events.push(Emitted::service(service, ServiceEvent::PointerSeen { live, assignment }));
    }
    Ok(Decision::events(events))
}
