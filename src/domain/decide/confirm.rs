//! Yes to a question (G10, G12): by one person, by two, or by one alone once nobody answered. Whoever says it, the world is
//! looked at again, and what is intended becomes durable together with the yes.

use super::{Case, Decision, Facts, Read, Step};
use crate::domain::actor::Person;
use crate::domain::book::Book;
use crate::domain::event::{
    AuthorityEvent, Confirmation, Direction, Effect, Emitted, IncidentEvent, ServiceEvent,
};
use crate::domain::guard::{self, Answerers, Yes};
use crate::domain::ids::{ConfirmationId, ServiceId};
use crate::domain::incident::Answer;
use crate::domain::refusal::Refusal;
use crate::domain::service::{ALONE_AFTER, SecondPerson};
use crate::domain::time::Timestamp;

/// The provider shows at most this much of a reason (facts of the vendor: 250 characters).
const LONGEST_REASON: usize = 250;

pub(super) fn confirm(
    case: &Case<'_>,
    question: &ConfirmationId,
    by: &Person,
    (pressed_at, now): (Timestamp, Timestamp),
    facts: &Facts,
) -> Step {
    is_open_question(case, question)?;
    let Some(waiting) = case.incident.waiting().filter(|waiting| waiting.id == *question) else {
        return Err(Refusal::UnknownButton);
    };
    guard::g10_in_time(waiting, pressed_at, now)?;
    guard::is_not_halted(case.state)?;
    let yes = guard::g12_yes(&facts.policy, case.service, case.incident, waiting, by, now)?;
    guard::g13_pointer_is_free(case.state, case.id())?;
    if let Some(instead) = looked_at_again(case, waiting, facts)? {
        return Ok(instead);
    }
    match yes {
        Yes::First => Ok(first_of_two(case, waiting, by, facts, now)),
        Yes::Enough => Ok(Decision::events(intended(case, waiting, by, facts))),
    }
}

/// One goes on alone: two were asked for, nobody answered, and the reason is told loudly (G12).
pub(super) fn alone(
    book: &Book,
    service: &ServiceId,
    reason: &str,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    let incident = book.open_incident(service).ok_or(Refusal::NoIncident)?;
    let case = Case::of(book, incident.id)?;
    let by = facts.person()?;
    let waiting = incident.waiting().ok_or(Refusal::NotAlone)?;
    let evidence = incident.evidence_of(&waiting.id);
    if guard::g12_who_answers(waiting, evidence, case.service) != Answerers::TwoPeople {
        return Err(Refusal::NotAlone);
    }
    let first = incident.first_yes_to(&waiting.id);
    let from = first.and_then(|first| first.alone_from).ok_or(Refusal::NotAlone)?;
    if reason.trim().is_empty() {
        return Err(Refusal::ReasonNeeded);
    }
    if now < from {
        return Err(Refusal::AloneTooEarly { from });
    }
    guard::g10_in_time(waiting, now, now)?;
    guard::is_not_halted(case.state)?;
    // Whether somebody else could have answered must be known.
    if let Some(unread) = facts.policy.unread(service, now) {
        return Err(unread.into());
    }
    guard::g13_pointer_is_free(case.state, case.id())?;
    if let Some(instead) = looked_at_again(&case, waiting, facts)? {
        return Ok(instead);
    }
    let (confirmation, reason) = (waiting.id.clone(), reason.to_owned());
    let went = AuthorityEvent::WentAlone { by: by.clone(), confirmation, reason };
    let mut events = vec![Emitted::authority(case.id(), went)];
    events.extend(intended(&case, waiting, by, facts));
    Ok(Decision::events(events))
}

/// What is decided instead of what was asked: a reading is missing, or what the question was bound to has changed.
fn looked_at_again(
    case: &Case<'_>,
    waiting: &Confirmation,
    facts: &Facts,
) -> Result<Option<Decision>, Refusal> {
    let Some(pointer) = &facts.pointer else {
        return Ok(Some(Decision::Needs(vec![Read::Pointer])));
    };
    let Some(seen) = pointer.get() else {
        return Err(Refusal::CannotRead { why: super::course::why_unknown(pointer) });
    };
    let holds = guard::g10_still_holds(waiting, seen, case.service, case.state)
        .and_then(|()| guard::g7_still_holds(waiting, case.incident));
    let Err(why) = holds else { return Ok(None) };
    let voided = IncidentEvent::ConfirmationVoided { confirmation: waiting.id.clone(), why };
    let events = vec![Emitted::incident(case.id(), voided)];
    Ok(Some(Decision::Events(events, Some(Refusal::Voided(why)))))
}

/// The first yes is kept; the same button waits for the other one. It uses nothing up.
fn first_of_two(
    case: &Case<'_>,
    waiting: &Confirmation,
    by: &Person,
    facts: &Facts,
    now: Timestamp,
) -> Decision {
    let lasts = case.service.limits.confirmation;
    let evidence = case.incident.evidence_of(&waiting.id);
    let answerers = guard::g12_who_answers(waiting, evidence, case.service);
    let may_go_alone =
        answerers == Answerers::TwoPeople && case.service.second_person == SecondPerson::AfterWait;
    let alone_from = may_go_alone.then(|| now + ALONE_AFTER);
    let until = alone_from.unwrap_or(now) + lasts;
    let given = AuthorityEvent::FirstYesGiven {
        by: by.clone(),
        confirmation: waiting.id.clone(),
        until,
        alone_from,
        seconds: facts.policy.seconds(&case.service.id),
    };
    let events = vec![Emitted::authority(case.id(), given)];
    Decision::Events(events, Some(Refusal::YesCounted { until }))
}

/// The confirmation is used up, the flip is intended, the pointer is held.
fn intended(case: &Case<'_>, waiting: &Confirmation, by: &Person, facts: &Facts) -> Vec<Emitted> {
    let effect = facts.fresh.effect.clone();
    let to = waiting.to.deployment.id.clone();
    let intent = match waiting.direction() {
        Direction::Back => {
            Effect::Rollback { to, reason: provider_reason(case, waiting.reason.as_deref()) }
        }
        Direction::Forward => Effect::Promote { to },
    };
    let (confirmation, by) = (waiting.id.clone(), by.clone());
    let confirmed =
        IncidentEvent::FlipConfirmed { by, confirmation, effect: effect.clone(), intent };
    let locked = ServiceEvent::PointerLocked { incident: case.id(), effect };
    vec![Emitted::incident(case.id(), confirmed), Emitted::service(&case.service.id, locked)]
}

/// A late press gets a true answer: who was first, or what changed.
pub(super) fn is_open_question(case: &Case<'_>, question: &ConfirmationId) -> Result<(), Refusal> {
    match case.incident.asked.get(question) {
        Some(Answer::Open) => Ok(()),
        Some(Answer::Confirmed(by, at)) => {
            Err(Refusal::AlreadyConfirmed { by: by.clone(), at: *at })
        }
        Some(Answer::Cancelled(by, at)) => Err(Refusal::Cancelled { by: by.clone(), at: *at }),
        Some(Answer::Expired) => Err(Refusal::Expired),
        Some(Answer::Voided(why)) => Err(Refusal::Voided(*why)),
        None => Err(Refusal::UnknownButton),
    }
}

fn provider_reason(case: &Case<'_>, reason: Option<&str>) -> String {
    let words = reason.unwrap_or(&case.incident.title);
    let text = format!("repoint incident {}: {words}", case.id());
    text.chars().take(LONGEST_REASON).collect()
}
