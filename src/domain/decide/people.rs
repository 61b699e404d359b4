//! What people ask: commands and presses. Who may (G11) was asked before any of it; the yes to a question is in `confirm`.

use super::course::target_of;
use super::settle::is_awaited;
use super::{Case, Decision, Facts, Step};
use crate::domain::action::Action;
use crate::domain::actor::Person;
use crate::domain::book::{Book, ServiceState};
use crate::domain::deployment::Live;
use crate::domain::event::{
    Confirmation, Direction, Emitted, Exit, IncidentEvent, RegisterEvent, ServiceEvent, Wish,
};
use crate::domain::guard::{self, Answerers};
use crate::domain::ids::{ConfirmationId, DeploymentId, IncidentId, ServiceId};
use crate::domain::incident::{Flip, Incident, Layer1, Stage};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Timestamp;

pub(super) fn start_rollback(book: &Book, service: &ServiceId, wish: &Wish, facts: &Facts) -> Step {
    let by = facts.person()?.clone();
    let requested =
        |wish: &Wish| IncidentEvent::RollbackRequested { by: by.clone(), wish: wish.clone() };
    let Some(incident) = book.open_incident(service) else {
        let title = wish.reason.clone().unwrap_or_else(|| format!("rollback of {service}"));
        let (id, mut events) = open(book, service, title);
        events.push(Emitted::incident(id, requested(wish)));
        return Ok(Decision::events(events));
    };
    if let Some(wish) = with_missing_reason(incident, wish) {
        return Ok(Decision::events(vec![Emitted::incident(incident.id, requested(&wish))]));
    }
    let asks_anew = match &incident.layer1 {
        Layer1::Idle | Layer1::Lapsed(..) => true,
        // A rollback goes before a promote that is not confirmed yet.
        Layer1::Resolving(resolving) if resolving.direction == Direction::Forward => true,
        Layer1::Waiting(question) if question.direction() == Direction::Forward => true,
        // A repeat is answered with the card; another target takes the question's place.
        Layer1::Resolving(resolving) => wish.to.is_some() && wish.to != resolving.wish.to,
        Layer1::Waiting(question) => names_another(wish, question),
        Layer1::Flipping(flip) if names_another(wish, &flip.confirmation) => {
            return Err(Refusal::FlipUnderWay);
        }
        Layer1::Flipping(_) => false,
        // What was promoted is the suspect of a new rollback.
        Layer1::Settled(flip) if flip.direction() == Direction::Forward => true,
        Layer1::Settled(flip) => {
            flip.failure.is_some()
                || wish.to.is_some()
                || has_moved_on(book.state(service), flip)
                || was_moved_elsewhere(incident, flip)
        }
    };
    if asks_anew {
        Ok(Decision::events(vec![Emitted::incident(incident.id, requested(wish))]))
    } else {
        Ok(Decision::nothing())
    }
}

/// The reason that an open question lacks, given by asking again: the target stays what was asked for (G4).
fn with_missing_reason(incident: &Incident, wish: &Wish) -> Option<Wish> {
    let question = incident.waiting()?;
    let answerers = guard::g4_who_answers(question, incident.evidence_of(&question.id));
    let lacks_it = answerers == Answerers::NobodyWithoutReason && wish.reason.is_some();
    let to = wish.to.clone().or_else(|| question.named.clone());
    lacks_it.then(|| Wish { to, ..wish.clone() })
}

fn names_another(wish: &Wish, question: &Confirmation) -> bool {
    let target = question.to.deployment.id.as_str();
    wish.to.as_deref().is_some_and(|typed| typed != target && wish.to != question.named)
}

/// Production was seen elsewhere after the flip: what is live now is a new suspect.
fn has_moved_on(state: Option<&ServiceState>, flip: &Flip) -> bool {
    let (Some(seen), Some(done)) = (state.and_then(|state| state.seen.as_ref()), flip.job_done_at)
    else {
        return false;
    };
    seen.at > done && matches!(&seen.live, Live::At(live) if live != &target_of(flip).id)
}

/// Somebody else moved production after the flip (G14).
fn was_moved_elsewhere(incident: &Incident, flip: &Flip) -> bool {
    let live = incident.elsewhere.as_ref().map(|elsewhere| &elsewhere.live);
    live.is_some_and(|live| live.id() != Some(&target_of(flip).id))
}

pub(super) fn open_incident(book: &Book, service: &ServiceId, title: &str) -> Step {
    if book.open_incident(service).is_some() {
        // One open problem per service: the answer is its card.
        return Ok(Decision::nothing());
    }
    Ok(Decision::events(open(book, service, title.to_owned()).1))
}

fn open(book: &Book, service: &ServiceId, title: String) -> (IncidentId, Vec<Emitted>) {
    let id = book.next_incident();
    let previous = book.newest.get(service).copied();
    let numbered = RegisterEvent::IncidentNumbered { incident: id, service: service.clone() };
    let opened = IncidentEvent::IncidentOpened { service: service.clone(), title, previous };
    (id, vec![Emitted::register(numbered), Emitted::incident(id, opened)])
}

pub(super) fn press(
    book: &Book,
    incident: IncidentId,
    action: &Action,
    when: (Timestamp, Timestamp),
    facts: &Facts,
) -> Step {
    let case = Case::of(book, incident)?;
    let by = facts.person()?;
    match action {
        Action::Confirm(question) => super::confirm::confirm(&case, question, by, when, facts),
        Action::Cancel => cancel(&case, by),
        Action::Choose(question, target) => choose(&case, question, target, by),
        Action::Renew => renew(&case, by),
        Action::Verify => super::verify::press(&case, by, facts),
        Action::Revert => super::revert::press(&case, by),
        Action::OpenRevert(plan) => super::revert::open(&case, plan, by, facts),
        Action::Merge(head) => super::revert::merge(&case, head, by, facts),
        Action::Promote => super::promote::press(&case, by, facts),
        Action::Agree => super::exits::agree(&case, by, facts, when.1),
        Action::TakeTask(task) => super::exits::take(&case, *task, by),
        // These only show something; the chat layer answers them from the state.
        Action::ChooseAnother(_) | Action::ShowCard => Ok(Decision::nothing()),
        Action::GiveReason(lacks) => super::reason::asked(&case, lacks),
        Action::Reasoned(lacks, reason) => super::reason::given(&case, lacks, reason, by, facts),
    }
}

fn cancel(case: &Case<'_>, by: &Person) -> Step {
    let cancelled =
        Emitted::incident(case.id(), IncidentEvent::RollbackCancelled { by: by.clone() });
    match &case.incident.layer1 {
        Layer1::Resolving(_) | Layer1::Waiting(_) | Layer1::Lapsed(..) => {
            Ok(Decision::events(vec![cancelled]))
        }
        Layer1::Flipping(flip) => match flip.stage {
            Stage::Intended { .. } if !flip.was_sent() => {
                Ok(Decision::events(vec![cancelled, release(case)]))
            }
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Polling { .. }
            | Stage::Proving { .. }
            | Stage::ReadingFlag { .. }
            | Stage::Done => Err(Refusal::TooLateToCancel { sent: flip.confirmed_at }),
        },
        Layer1::Settled(flip) => Err(Refusal::TooLateToCancel { sent: flip.confirmed_at }),
        Layer1::Idle => Err(Refusal::NothingToCancel),
    }
}

fn choose(case: &Case<'_>, question: &ConfirmationId, target: &DeploymentId, by: &Person) -> Step {
    let asked = match &case.incident.layer1 {
        Layer1::Waiting(asked) | Layer1::Lapsed(asked, _) if asked.id == *question => asked,
        Layer1::Waiting(_)
        | Layer1::Lapsed(..)
        | Layer1::Idle
        | Layer1::Resolving(_)
        | Layer1::Flipping(_)
        | Layer1::Settled(_) => {
            super::confirm::is_open_question(case, question)?;
            return Err(Refusal::UnknownButton);
        }
    };
    let wish = asked.wish_for(Some(target.to_string()));
    let requested = IncidentEvent::RollbackRequested { by: by.clone(), wish };
    Ok(Decision::events(vec![Emitted::incident(case.id(), requested)]))
}

fn renew(case: &Case<'_>, by: &Person) -> Step {
    match &case.incident.layer1 {
        Layer1::Lapsed(asked, _) => {
            let wish = asked.wish_for(asked.named.clone());
            let by = by.clone();
            let requested = match asked.direction() {
                Direction::Back => IncidentEvent::RollbackRequested { by, wish },
                Direction::Forward => IncidentEvent::PromoteRequested { by, wish },
            };
            Ok(Decision::events(vec![Emitted::incident(case.id(), requested)]))
        }
        // Somebody else was faster: the card shows it.
        Layer1::Idle
        | Layer1::Resolving(_)
        | Layer1::Waiting(_)
        | Layer1::Flipping(_)
        | Layer1::Settled(_) => Ok(Decision::nothing()),
    }
}

pub(super) fn add_note(book: &Book, incident: IncidentId, text: &str, facts: &Facts) -> Step {
    let case = Case::of(book, incident)?;
    let by = facts.person()?;
    let added = IncidentEvent::NoteAdded { by: by.clone(), text: text.to_owned() };
    Ok(Decision::events(vec![Emitted::incident(case.id(), added)]))
}

pub(super) fn halt(
    book: &Book,
    service: &ServiceId,
    reason: Option<&String>,
    facts: &Facts,
) -> Step {
    let by = facts.person()?.clone();
    let state = book.state(service).ok_or(Refusal::NoIncident)?;
    if state.halt.is_some() {
        return Ok(Decision::nothing());
    }
    let halted = ServiceEvent::Halted { by, reason: reason.cloned() };
    let mut events = vec![Emitted::service(service, halted)];
    // What was put to people before the halt cannot be answered after it.
    for incident in book.incidents.values().filter(|one| one.service == *service) {
        if let Some(question) = incident.waiting() {
            let (confirmation, why) = (question.id.clone(), Void::Halted);
            let voided = IncidentEvent::ConfirmationVoided { confirmation, why };
            events.push(Emitted::incident(incident.id, voided));
        }
    }
    Ok(Decision::events(events))
}

pub(super) fn resume(
    book: &Book,
    service: &ServiceId,
    reason: Option<&String>,
    facts: &Facts,
) -> Step {
    let by = facts.person()?.clone();
    let state = book.state(service).ok_or(Refusal::NoIncident)?;
    if state.halt.is_none() {
        return Err(Refusal::NotHalted);
    }
    let resumed = ServiceEvent::Resumed { by, reason: reason.cloned() };
    Ok(Decision::events(vec![Emitted::service(service, resumed)]))
}

pub(super) fn blip(
    book: &Book,
    incident: IncidentId,
    reason: Option<&String>,
    facts: &Facts,
) -> Step {
    let (case, by) = ending(book, incident, facts)?;
    if case.incident.was_flipped() {
        return Err(Refusal::FlippedNotBlip);
    }
    if let Some(decision) = super::follow::left_to_the_forge(&case, facts) {
        return Ok(decision);
    }
    Ok(ended(&case, by, Exit::Blip, reason))
}

pub(super) fn close(
    book: &Book,
    incident: IncidentId,
    reason: Option<&String>,
    facts: &Facts,
) -> Step {
    let (case, by) = ending(book, incident, facts)?;
    if reason.is_none() {
        return Err(Refusal::CloseNeedsReason);
    }
    if let Some(decision) = super::follow::left_to_the_forge(&case, facts) {
        return Ok(decision);
    }
    Ok(ended(&case, by, Exit::ByHand, reason))
}

fn ended(case: &Case<'_>, by: Person, exit: Exit, reason: Option<&String>) -> Decision {
    let closed = IncidentEvent::IncidentClosed { by: by.clone() };
    let resolved = IncidentEvent::IncidentResolved { exit, by, reason: reason.cloned() };
    let mut events =
        vec![Emitted::incident(case.id(), resolved), Emitted::incident(case.id(), closed)];
    events.extend(held_lock(case));
    Decision::events(events)
}

/// An incident can be ended unless its flip is under way. Where the bot has called a person because it cannot tell how the
/// flip went, that person may end it.
fn ending<'a>(
    book: &'a Book,
    incident: IncidentId,
    facts: &Facts,
) -> Result<(Case<'a>, Person), Refusal> {
    let case = Case::of(book, incident)?;
    let by = facts.person()?;
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    let waits_for_a_person =
        case.incident.needs_person.is_some() && case.incident.flip().is_some_and(is_awaited);
    if matches!(case.incident.layer1, Layer1::Flipping(_)) && !waits_for_a_person {
        return Err(Refusal::FlipUnderWay);
    }
    Ok((case, by.clone()))
}

fn held_lock(case: &Case<'_>) -> Option<Emitted> {
    let lock = case.state.lock.as_ref()?;
    (lock.incident == case.id()).then(|| release(case))
}

/// The pointer is free again.
pub(super) fn release(case: &Case<'_>) -> Emitted {
    Emitted::service(&case.service.id, ServiceEvent::PointerReleased { incident: case.id() })
}

pub(super) fn miss_code(service: &ServiceId, facts: &Facts) -> Step {
    let missed = ServiceEvent::CodeMissed { by: facts.person()?.clone() };
    Ok(Decision::events(vec![Emitted::service(service, missed)]))
}
