//! Faults planted in Layer 2 and the promote.

use std::sync::Arc;

use repoint::domain::actor::{Person, Platform};
use repoint::domain::book::Book;
use repoint::domain::decide::{Decision, Facts, Look, Request};
use repoint::domain::deployment::Assignment;
use repoint::domain::event::{Direction, Emitted, Event, FlipEvent, ServiceEvent};
use repoint::domain::fact::Known;
use repoint::domain::fix::{Ancestry, CheckState, ForgeOutcome};
use repoint::domain::incident::{Incident, Layer1, Stage};
use repoint::domain::time::{Span, Timestamp};
use repoint::domain::verification::{Address, Verdict, Verification, Walk};

use crate::chat::person;

/// Every incident as a change makes it.
fn with_each(book: &Book, change: impl Fn(&mut Incident)) -> Book {
    let mut with = book.clone();
    for incident in with.incidents.values_mut() {
        change(Arc::make_mut(incident));
    }
    with
}

/// The fix's build counts as verified, whatever was walked.
pub fn with_fixes_verified(book: &Book, now: Timestamp) -> Book {
    with_each(book, |incident| {
        let Some(built) = incident.fix().and_then(|fix| fix.built.clone()) else { return };
        let by = incident.fix().map(|fix| fix.by.clone());
        let is_of_it =
            |one: &Verification| one.deployment.as_ref().map(|one| &one.id) == Some(&built.id);
        incident.verifications.retain(|one| !is_of_it(one));
        incident.verifications.push(Verification {
            id: "ver_never".into(),
            by: by.unwrap_or_else(nobody),
            at: now,
            address: Address::Own,
            deployment: Some(built),
            verdict: Verdict::Passed,
            walk: Walk { answers: None, journeys: Vec::new() },
            log: None,
        });
    })
}

fn nobody() -> Person {
    Person { platform: Platform::Slack, tenant: String::new(), user: String::new() }
}

/// Whoever asked for a promote may override what speaks against it.
pub fn with_promotes_of_others(book: &Book) -> Book {
    with_each(book, |incident| {
        if let Layer1::Waiting(question) = &mut incident.layer1
            && question.promotion.is_some()
        {
            // Somebody who may, or the press would only be a first yes.
            let other = if question.requester == person("lee") { "bo" } else { "lee" };
            question.requester = person(other);
        }
    })
}

/// The pull request as it was last seen passes for the one that is there.
pub fn with_head_as_confirmed(book: &Book, request: &Request, facts: &Facts) -> Facts {
    let (Request::StartForgeCall(id) | Request::Press { incident: id, .. }) = request else {
        return facts.clone();
    };
    let seen = book.incidents.get(id).and_then(|one| one.fix()?.gate.as_ref());
    with_gate(facts, |gate| {
        if let Some(seen) = seen {
            gate.head.clone_from(&seen.head);
            gate.checks.clone_from(&seen.checks);
            gate.reviews.clone_from(&seen.reviews);
        }
    })
}

/// Every check counts as passed.
pub fn with_green_gates(facts: &Facts) -> Facts {
    with_gate(facts, |gate| {
        gate.reviews.needed = 0;
        for check in &mut gate.checks {
            check.state = CheckState::Passed;
        }
    })
}

fn with_gate(facts: &Facts, change: impl Fn(&mut repoint::domain::fix::Gate)) -> Facts {
    let mut with = facts.clone();
    if let Some((_, fact)) = &mut with.forge.gate
        && let Known::Known(gate) = &mut fact.value
    {
        change(gate);
    }
    with
}

/// Every deployment counts as one that contains the fix.
pub fn with_the_fix_in_everything(facts: &Facts) -> Facts {
    let mut with = facts.clone();
    if let Some(lineage) = &mut with.forge.ancestry {
        lineage.found.value = Known::Known(Ancestry::Contains);
    }
    with
}

/// What nobody knows counts as not done, and is done again at once.
pub fn lost_is_not_taken(request: &Request) -> Option<Request> {
    let Request::EndForgeCall { incident, effect, outcome: ForgeOutcome::Unknown { why } } =
        request
    else {
        return None;
    };
    let outcome = ForgeOutcome::NotTaken { why: why.clone(), retry_after: Span(0) };
    Some(Request::EndForgeCall { incident: *incident, effect: effect.clone(), outcome })
}

/// A look at production that is ill counts as well.
pub fn ill_is_well(request: &Request) -> Option<Request> {
    let Request::Watched { incident, effect, look: Look::Ill { .. } } = request else {
        return None;
    };
    Some(Request::Watched { incident: *incident, effect: effect.clone(), look: Look::Well })
}

/// After a rollback the flag is switched the wrong way.
pub fn arm_after_rollback(decision: Decision) -> Decision {
    let Decision::Events(mut events, refusal) = decision else { return decision };
    for one in &mut events {
        if let Event::Flip(FlipEvent::DisarmIntended { effect }) = &one.event {
            one.event = Event::Flip(FlipEvent::ArmIntended { effect: effect.clone() });
        }
    }
    Decision::Events(events, refusal)
}

/// After a promote nobody looks whether the flag is as before.
pub fn take_flag_for_restored(book: &Book, request: &Request) -> Option<Decision> {
    let Request::ReadFlag(id) = request else { return None };
    let incident = book.incidents.get(id)?;
    let flip = incident.flip().filter(|flip| flip.direction() == Direction::Forward)?;
    let Stage::ReadingFlag { .. } = flip.stage else { return None };
    let assignment = match flip.wanted_assignment() {
        Assignment::On => Assignment::On,
        Assignment::Off | Assignment::CannotTell => Assignment::Off,
    };
    let read = FlipEvent::AssignmentRead { assignment };
    let released = ServiceEvent::PointerReleased { incident: *id };
    let released = Emitted::service(&incident.service, released);
    Some(Decision::events(vec![Emitted::flip(*id, read), released]))
}
