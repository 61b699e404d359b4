//! From the wish to the call: resolve the target, put the question, make the call, note how it ended.

use super::people::release;
use super::settle::{found, is_moved_by_others, left_as_it_is, took_effect};
use super::{Case, Decision, Facts, Read, Step};
use crate::domain::book::Book;
use crate::domain::change::{Evidence as CodeEvidence, Range};
use crate::domain::deployment::{Deployment, Pointer};
use crate::domain::event::{
    Confirmation, Direction, Emitted, Finding, FlipEvent, FlipFailure, IncidentEvent, Outcome,
};
use crate::domain::fact::{Fact, Known};
use crate::domain::guard;
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::incident::{Flip, Layer1, MOST_ATTEMPTS, Resolving, Stage};
use crate::domain::plan::PATIENCE;
use crate::domain::refusal::Void;
use crate::domain::target::{self, Choice, Evidence};
use crate::domain::time::Timestamp;

pub(super) fn resolve(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let Layer1::Resolving(resolving) = &case.incident.layer1 else {
        return Ok(Decision::nothing());
    };
    if resolving.direction == Direction::Forward {
        return super::promote::resolve(&case, resolving, facts, now);
    }
    let (Some(pointer), Some(deployments), Some(plan)) =
        (&facts.pointer, &facts.deployments, &facts.plan)
    else {
        return Ok(Decision::Needs(vec![Read::Pointer, Read::Deployments, Read::Plan]));
    };
    let (Some(seen), Some(known)) = (pointer.get(), deployments.get()) else {
        let what =
            if pointer.get().is_none() { why_unknown(pointer) } else { why_unknown(deployments) };
        return Ok(Decision::events(trouble(&case, &what)));
    };
    let typed = resolving.wish.to.as_deref();
    let mut named = None;
    if let Some(typed) = typed.filter(|typed| target::needs_look_up(typed, known)) {
        match &facts.named {
            None => return Ok(Decision::Needs(vec![Read::Named(typed.to_owned())])),
            Some(fact) => match fact.get() {
                Some(found) => named = found.as_ref(),
                None => return Ok(Decision::events(trouble(&case, &why_unknown(fact)))),
            },
        }
    }
    let evidence = Evidence { pointer: seen, deployments: known, named, plan, state: case.state };
    let mut events = trouble_over(&case);
    match target::choose(typed, &evidence) {
        Ok(choice) => {
            let range = Range::between(&choice.to.deployment, &choice.from);
            match looked_up(range, facts) {
                Err(range) => return Ok(Decision::Needs(vec![Read::Changes(range)])),
                Ok(evidence) => events.extend(evidence.map(|evidence| {
                    let (confirmation, evidence) =
                        (facts.fresh.confirmation.clone(), Box::new(evidence.clone()));
                    let read = IncidentEvent::ChangesRead { confirmation, evidence };
                    Emitted::incident(case.id(), read)
                })),
            }
            let confirmation = Box::new(question(&case, resolving, choice, seen, facts, now));
            let (pointer, plan) = (Box::new(pointer.clone()), plan.clone());
            let issued = IncidentEvent::ConfirmationIssued { confirmation, pointer, plan };
            events.push(Emitted::incident(case.id(), issued));
        }
        Err(refusal) => {
            let refused = IncidentEvent::RollbackRefused { refusal };
            events.push(Emitted::incident(case.id(), refused));
        }
    }
    Ok(Decision::events(events))
}

/// What was looked up of a range; `Err`: it must be looked up first.
fn looked_up(range: Option<Range>, facts: &Facts) -> Result<Option<&CodeEvidence>, Range> {
    let Some(range) = range else { return Ok(None) };
    match &facts.changes {
        Some(evidence) if evidence.range == range => Ok(Some(evidence)),
        Some(_) | None => Err(range),
    }
}

fn question(
    case: &Case<'_>,
    resolving: &Resolving,
    choice: Choice,
    seen: &Pointer,
    facts: &Facts,
    now: Timestamp,
) -> Confirmation {
    Confirmation {
        id: facts.fresh.confirmation.clone(),
        requester: resolving.by.clone(),
        from: choice.from,
        to: choice.to,
        others: choice.others,
        named: resolving.wish.to.clone(),
        reason: resolving.wish.reason.clone(),
        asked_in: resolving.wish.asked_in.clone(),
        bound: guard::binding(seen, case.service),
        promotion: None,
        issued_at: now,
        expires_at: now + case.service.limits.confirmation,
    }
}

pub(super) fn expire(book: &Book, incident: IncidentId, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    match case.incident.waiting() {
        Some(question) if now >= question.expires_at => {
            let expired = IncidentEvent::ConfirmationExpired { confirmation: question.id.clone() };
            Ok(Decision::events(vec![Emitted::incident(case.id(), expired)]))
        }
        Some(_) | None => Ok(Decision::nothing()),
    }
}

pub(super) fn start(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let Layer1::Flipping(flip) = &case.incident.layer1 else { return Ok(Decision::nothing()) };
    match flip.stage {
        Stage::Intended { .. } => start_flip(&case, flip, facts, now),
        Stage::ReadingFlag { since } => start_switch(&case, flip, since, now),
        Stage::Sending { .. }
        | Stage::Unknown { .. }
        | Stage::Doubted { .. }
        | Stage::Polling { .. }
        | Stage::Proving { .. }
        | Stage::Done => Ok(Decision::nothing()),
    }
}

fn start_flip(case: &Case<'_>, flip: &Flip, facts: &Facts, now: Timestamp) -> Step {
    guard::is_not_halted(case.state)?;
    if flip.attempts >= MOST_ATTEMPTS {
        return Ok(fail(case, FlipFailure::NeverApplied));
    }
    let Some(pointer) = &facts.pointer else {
        return Ok(Decision::Needs(vec![Read::Pointer]));
    };
    // Before a second call, and before anything is given up: did the first take effect after all?
    let seen = pointer.get();
    if flip.was_sent() && seen.is_some_and(|seen| took_effect(case, flip, seen)) {
        return Ok(found(case, flip, Finding::Applied));
    }
    if now.since(flip.confirmed_at) >= case.service.limits.confirmation {
        return Ok(give_up(case, flip, Void::Stale));
    }
    // Asked again at the send: rights that were lost after the press count.
    let (by, with) = (&flip.confirmed_by, flip.confirmed_with.as_ref());
    if let Err(why) = super::authority::may_still(case, by, with, facts, now) {
        return Ok(give_up(case, flip, why));
    }
    let Some(seen) = seen else {
        return Ok(Decision::events(trouble(case, &why_unknown(pointer))));
    };
    if flip.was_sent() && is_moved_by_others(case, flip, seen) {
        let live = seen.live.clone();
        return Ok(fail(case, FlipFailure::MovedElsewhere { live }));
    }
    let holds = guard::g10_still_holds(&flip.confirmation, seen, case.service, case.state)
        .and_then(|()| guard::g7_still_holds(&flip.confirmation, case.incident));
    if let Err(why) = holds {
        return Ok(give_up(case, flip, why));
    }
    let mut events = trouble_over(case);
    let (effect, attempt) = (flip.effect.clone(), flip.attempts + 1);
    let job_before = seen.job.as_ref().map(|job| job.requested_at);
    let started = FlipEvent::EffectStarted { effect, attempt, job_before };
    events.push(Emitted::flip(case.id(), started));
    Ok(Decision::events(events))
}

fn start_switch(case: &Case<'_>, flip: &Flip, since: Timestamp, now: Timestamp) -> Step {
    let Some(switch) = flip.switch.as_ref().filter(|switch| switch.sending.is_none()) else {
        return Ok(Decision::nothing());
    };
    guard::is_not_halted(case.state)?;
    match &switch.last {
        None => {}
        Some(Outcome::NotTaken { .. }) if now.since(since) >= PATIENCE => {
            return Ok(Decision::events(left_as_it_is(case, flip)));
        }
        Some(Outcome::NotTaken { .. }) => {}
        // Only a reading allows a second call.
        Some(
            Outcome::Accepted | Outcome::Queued | Outcome::Unknown { .. } | Outcome::Refused { .. },
        ) => {
            return Ok(Decision::nothing());
        }
    }
    let (effect, attempt) = (switch.effect.clone(), switch.attempts + 1);
    let started = FlipEvent::EffectStarted { effect, attempt, job_before: None };
    Ok(Decision::events(vec![Emitted::flip(case.id(), started)]))
}

fn give_up(case: &Case<'_>, flip: &Flip, why: Void) -> Decision {
    let dropped = IncidentEvent::EffectDropped { effect: flip.effect.clone(), why };
    Decision::events(vec![Emitted::incident(case.id(), dropped), release(case)])
}

/// The flip ends without having come to its end; the pointer is free again.
pub(super) fn fail(case: &Case<'_>, failure: FlipFailure) -> Decision {
    let mut events = trouble_over(case);
    events.push(Emitted::flip(case.id(), FlipEvent::FlipFailed { failure }));
    events.push(release(case));
    Decision::events(events)
}

pub(super) fn end(book: &Book, incident: IncidentId, effect: &EffectId, outcome: &Outcome) -> Step {
    let case = Case::of(book, incident)?;
    // Whoever was interrupted, or comes late, is no news: by then the world was read.
    if !case.incident.flip().is_some_and(|flip| flip.is_sending(effect)) {
        return Ok(Decision::nothing());
    }
    let (effect, outcome) = (effect.clone(), outcome.clone());
    let ended = FlipEvent::EffectEnded { effect, outcome };
    Ok(Decision::events(vec![Emitted::flip(case.id(), ended)]))
}

/// Says once that reading fails; says it again only when the reason changes.
pub(super) fn trouble(case: &Case<'_>, what: &str) -> Vec<Emitted> {
    if case.incident.trouble.as_deref() == Some(what) {
        return Vec::new();
    }
    let met = IncidentEvent::TroubleMet { what: what.to_owned() };
    vec![Emitted::incident(case.id(), met)]
}

/// Says once that reading works again.
pub(super) fn trouble_over(case: &Case<'_>) -> Vec<Emitted> {
    match &case.incident.trouble {
        Some(_) => vec![Emitted::incident(case.id(), IncidentEvent::TroubleOver)],
        None => Vec::new(),
    }
}

/// Why a fact is not known, with its source.
pub(super) fn why_unknown<T>(fact: &Fact<T>) -> String {
    match &fact.value {
        Known::Known(_) => fact.source.clone(),
        Known::Unknown(why) => format!("{}: {why}", fact.source),
    }
}

/// The flip's target.
pub(super) fn target_of(flip: &Flip) -> &Deployment {
    &flip.confirmation.to.deployment
}
