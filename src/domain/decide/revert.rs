//! Layer 2, as people ask for it: what would be taken back, open it, merge it, or name another fix. Who may (G11) was
//! asked before.

use super::{Case, Decision, Facts, Read, Step};
use crate::domain::actor::Person;
use crate::domain::book::Book;
use crate::domain::event::{Emitted, FixEvent};
use crate::domain::fix::{
    Fix, FixKind, GateVerdict, Layer2, PullRef, PullState, Road, Subject, Wish, g8_judge,
};
use crate::domain::guard;
use crate::domain::ids::{ConfirmationId, ServiceId};
use crate::domain::refusal::Refusal;

pub(super) fn ask(book: &Book, service: &ServiceId, wish: &Wish, facts: &Facts) -> Step {
    let by = facts.person()?;
    let incident = book.open_incident(service).ok_or(Refusal::NoIncident)?;
    request(&Case::of(book, incident.id)?, by, wish)
}

/// The button on the card asks for what brought the bad deployment.
pub(super) fn press(case: &Case<'_>, by: &Person) -> Step {
    request(case, by, &Wish::default())
}

fn request(case: &Case<'_>, by: &Person, wish: &Wish) -> Step {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    if case.service.repository.is_none() {
        return Err(Refusal::NoRepository);
    }
    guard::g5_pointer_first(case.incident, wish.reason.as_deref())?;
    match &case.incident.layer2 {
        // A repeat is answered with the card.
        Layer2::Looking(looking) if looking.wish.what == wish.what => {
            return Ok(Decision::nothing());
        }
        Layer2::Opening(opening) if !opening.is_refused() => return Ok(Decision::nothing()),
        Layer2::Followed(fix) if fix.merged.is_some() => return Err(Refusal::AlreadyMerged),
        Layer2::Followed(fix) if !fix.is_closed() => return Ok(Decision::nothing()),
        Layer2::Idle
        | Layer2::Looking(_)
        | Layer2::Planned(_)
        | Layer2::Opening(_)
        | Layer2::Prepared(_)
        | Layer2::Followed(_) => {}
    }
    subject_of(case, wish)?;
    let requested = FixEvent::RevertRequested { by: by.clone(), wish: wish.clone() };
    Ok(Decision::events(vec![Emitted::fix(case.id(), requested)]))
}

/// What is to be taken back: what was typed, else what brought the bad deployment.
pub(super) fn subject_of(case: &Case<'_>, wish: &Wish) -> Result<Subject, Refusal> {
    if let Some(typed) = &wish.what {
        let unknown = || Refusal::UnknownChange { typed: typed.clone() };
        return Subject::parse(typed).ok_or_else(unknown);
    }
    let suspect = case.incident.suspect.as_ref().and_then(|one| one.sha.clone());
    suspect.map(Subject::Commit).ok_or(Refusal::NameTheChange)
}

/// Opens the revert that was shown.
pub(super) fn open(case: &Case<'_>, plan: &ConfirmationId, by: &Person, facts: &Facts) -> Step {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    match &case.incident.layer2 {
        Layer2::Planned(planned) if planned.id == *plan => {}
        Layer2::Opening(opening) if opening.plan.id == *plan => {
            return Err(Refusal::AlreadyConfirmed { by: opening.by.clone(), at: opening.at });
        }
        // Its pull request is there already: the card shows it.
        Layer2::Followed(fix) if !fix.is_closed() => return Ok(Decision::nothing()),
        Layer2::Idle
        | Layer2::Looking(_)
        | Layer2::Planned(_)
        | Layer2::Opening(_)
        | Layer2::Prepared(_)
        | Layer2::Followed(_) => return Err(Refusal::UnknownButton),
    }
    guard::is_not_halted(case.state)?;
    let (by, plan, effect) = (by.clone(), plan.clone(), facts.fresh.effect.clone());
    let confirmed = FixEvent::RevertConfirmed { by, plan, effect };
    Ok(Decision::events(vec![Emitted::fix(case.id(), confirmed)]))
}

/// Merges the fix at exactly the head that was shown, and only if the gate is green at this moment (G8). Where the
/// repository has it so, it is left to the forge, which merges when its own gate is green.
pub(super) fn merge(case: &Case<'_>, head: &str, by: &Person, facts: &Facts) -> Step {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    let fix = case.incident.fix().ok_or(Refusal::NoFix)?;
    if fix.merged.is_some() {
        return Err(Refusal::AlreadyMerged);
    }
    if let Some(merge) = fix.merge.as_ref().filter(|merge| merge.head == head)
        && fix.merging().is_some()
    {
        return Err(Refusal::AlreadyConfirmed { by: merge.by.clone(), at: merge.at });
    }
    if let Some(armed) = fix.armed().filter(|armed| armed.head == head) {
        return Err(Refusal::AlreadyConfirmed { by: armed.by.clone(), at: armed.at });
    }
    if fix.withdrawing().is_some() {
        return Err(Refusal::MergeUnsettled { number: fix.pull.number });
    }
    guard::is_not_halted(case.state)?;
    let Some(gate) = facts.forge.gate_of(fix.pull.number) else {
        return Ok(Decision::Needs(vec![Read::Gate(fix.pull.number)]));
    };
    let Some(gate) = gate.get() else {
        return Err(Refusal::CannotRead { why: super::course::why_unknown(gate) });
    };
    let mut events = Vec::new();
    if fix.gate.as_ref() != Some(gate) {
        let gate = Box::new(gate.clone());
        events.push(Emitted::fix(case.id(), FixEvent::GateSeen { gate }));
    }
    let refusal = match may_merge(fix, head, gate) {
        Ok(road) => {
            let (by, effect, head) = (by.clone(), facts.fresh.effect.clone(), head.to_owned());
            let confirmed = FixEvent::MergeConfirmed { by, effect, head, road };
            events.push(Emitted::fix(case.id(), confirmed));
            None
        }
        Err(refusal) => Some(refusal),
    };
    Ok(Decision::Events(events, refusal))
}

/// G8: whether this head may be merged, and by which way.
pub(super) fn may_merge(
    fix: &Fix,
    head: &str,
    gate: &crate::domain::fix::Gate,
) -> Result<Road, Refusal> {
    match &gate.state {
        PullState::Open => {}
        PullState::Merged { .. } => return Err(Refusal::AlreadyMerged),
        PullState::Closed => return Err(Refusal::NoFix),
    }
    if gate.head != head {
        return Err(Refusal::HeadMoved);
    }
    // Whatever it was opened for: what is merged was seen green.
    debug_assert!(fix.merged.is_none());
    match g8_judge(gate) {
        GateVerdict::Green if gate.road == Road::Auto => Ok(Road::Direct),
        GateVerdict::Green => Ok(gate.road),
        GateVerdict::Waiting { .. } if gate.road == Road::Auto => Ok(Road::Auto),
        verdict @ (GateVerdict::Waiting { .. }
        | GateVerdict::Red { .. }
        | GateVerdict::Unreadable { .. }) => Err(Refusal::GateNotGreen { verdict }),
    }
}

/// A responder names the pull request that is the fix; it takes the revert's place.
pub(super) fn name(book: &Book, service: &ServiceId, number: u64, facts: &Facts) -> Step {
    let by = facts.person()?;
    let incident = book.open_incident(service).ok_or(Refusal::NoIncident)?;
    let case = Case::of(book, incident.id)?;
    if case.service.repository.is_none() {
        return Err(Refusal::NoRepository);
    }
    match case.incident.fix() {
        Some(fix) if fix.merged.is_some() && fix.pull.number != number => {
            // A second fix may be needed when the first was not enough.
        }
        Some(fix) if fix.pull.number == number => return Ok(Decision::nothing()),
        Some(_) | None => {}
    }
    if matches!(&case.incident.layer2, Layer2::Opening(opening) if !opening.is_refused()) {
        return Err(Refusal::NotYet);
    }
    if let Some(decision) = super::follow::left_to_the_forge(&case, facts) {
        return Ok(decision);
    }
    let Some(gate) = facts.forge.gate_of(number) else {
        return Ok(Decision::Needs(vec![Read::Gate(number)]));
    };
    let Some(gate) = gate.get() else {
        return Err(Refusal::CannotRead { why: super::course::why_unknown(gate) });
    };
    let pull = PullRef { number, title: gate.title.clone(), url: gate.url.clone() };
    let followed = FixEvent::FixFollowed {
        fix_kind: FixKind::Forward,
        pull,
        by: by.clone(),
        shared_from: None,
        takes_back: None,
        onto: None,
    };
    Ok(Decision::events(vec![Emitted::fix(case.id(), followed)]))
}
