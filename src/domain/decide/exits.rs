//! The other ways through: Layer 1 without a flip, a false alarm that two people agree on, and what a rollback cannot undo.

use super::{Case, Decision, Facts, Step};
use crate::domain::actor::{Person, Role};
use crate::domain::book::Book;
use crate::domain::event::{Emitted, Excuse, IncidentEvent, ServiceEvent, Task};
use crate::domain::ids::ServiceId;
use crate::domain::incident::Layer1;
use crate::domain::policy::Care;
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;

fn reasoned<'a>(
    book: &'a Book,
    service: &ServiceId,
    reason: Option<&String>,
    facts: &Facts,
) -> Result<(Case<'a>, Person, String), Refusal> {
    let by = facts.person()?.clone();
    let incident = book.open_incident(service).ok_or(Refusal::NoIncident)?;
    let reason = reason.filter(|reason| !reason.trim().is_empty()).ok_or(Refusal::ReasonNeeded)?;
    Ok((Case::of(book, incident.id)?, by, reason.clone()))
}

pub(super) fn excuse(
    book: &Book,
    service: &ServiceId,
    excuse: Excuse,
    reason: Option<&String>,
    facts: &Facts,
) -> Step {
    let (case, by, reason) = reasoned(book, service, reason, facts)?;
    if matches!(case.incident.layer1, Layer1::Flipping(_)) {
        return Err(Refusal::FlipUnderWay);
    }
    // What production was seen to do is not talked away.
    if case.incident.layer1_done.is_some() {
        return Ok(Decision::nothing());
    }
    let excused = IncidentEvent::Layer1Excused { by, excuse, reason };
    Ok(Decision::events(vec![Emitted::incident(case.id(), excused)]))
}

pub(super) fn false_alarm(
    book: &Book,
    service: &ServiceId,
    reason: Option<&String>,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    let (case, by, reason) = reasoned(book, service, reason, facts)?;
    match &case.incident.false_alarm {
        // Somebody else saying the same is the second person.
        Some(alarm)
            if alarm.agreed_by.is_none() && !facts.policy.humans.are_one(&alarm.by, &by) =>
        {
            agree(&case, &by, facts, now)
        }
        Some(_) => Ok(Decision::nothing()),
        None => {
            let raised = IncidentEvent::FalseAlarmRaised { by, reason };
            let mut events = vec![Emitted::incident(case.id(), raised)];
            events.extend(super::follow::withdrawn(&case, facts));
            Ok(Decision::events(events))
        }
    }
}

pub(super) fn agree(case: &Case<'_>, by: &Person, facts: &Facts, now: Timestamp) -> Step {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    let alarm = case.incident.false_alarm.as_ref().ok_or(Refusal::NothingToAgree)?;
    if alarm.agreed_by.is_some() {
        return Ok(Decision::nothing());
    }
    if facts.policy.humans.are_one(&alarm.by, by) {
        return Err(Refusal::OtherPersonNeeded);
    }
    let service = &case.service.id;
    for person in [&alarm.by, by] {
        facts.policy.may(service, person, Role::Responder, Care::TwoPeople, now)?;
    }
    facts.policy.make_two(service, (&alarm.by, by), now)?;
    let agreed = IncidentEvent::FalseAlarmAgreed { by: by.clone() };
    let mut events = vec![Emitted::incident(case.id(), agreed)];
    // What was rolled back was fine: it may be offered again.
    let ours = case.state.marked_bad.iter().filter(|(_, incident)| **incident == case.id());
    events.extend(ours.map(|(deployment, incident)| {
        let (deployment, incident) = (deployment.clone(), *incident);
        let lifted = ServiceEvent::MarkLifted { deployment, incident };
        Emitted::service(&case.service.id, lifted)
    }));
    Ok(Decision::events(events))
}

pub(super) fn take(case: &Case<'_>, task: Task, by: &Person) -> Step {
    // Nobody is put out: who took it first keeps it until they say otherwise in person.
    if !case.incident.was_flipped() || case.incident.tasks.contains_key(&task) {
        return Ok(Decision::nothing());
    }
    let taken = IncidentEvent::TaskTaken { task, by: by.clone() };
    Ok(Decision::events(vec![Emitted::incident(case.id(), taken)]))
}
