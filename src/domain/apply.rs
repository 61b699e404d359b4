//! (state, event) → state. Total: it never fails on a valid journal and ignores nothing silently that it could hold.

mod fix;
mod flip;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::actor::{Actor, Person};
use super::book::{Book, GroupsLost, Halt, PointerLock, SeenPointer, ServiceState};
use super::deployment::{Assignment, Live};
use super::event::{
    AuthorityEvent, Confirmation, Direction, Emitted, Envelope, Event, Exit, IncidentEvent,
    RegisterEvent, ServiceEvent, VerificationEvent, Wish,
};
use super::fix::Layer2;
use super::ids::{ConfirmationId, EffectId, IncidentId, ServiceId, StreamId};
use super::incident::{
    Answer, Elsewhere, FalseAlarm, FirstYes, Incident, Layer1, Layer1Done, Note, Resolution,
    Resolving,
};
use super::refusal::{Refusal, Void};
use super::time::Timestamp;
use super::verification::{self, Verification, Verifying};

/// Folds one event into the book and counts the stream's version up.
pub fn apply(book: &mut Book, stream: &StreamId, envelope: &Envelope) {
    let version = book.version(stream).next();
    book.versions.insert(stream.clone(), version);
    match stream {
        StreamId::Register => {
            if let Event::Register(RegisterEvent::IncidentNumbered { incident, service }) =
                &envelope.event
            {
                book.newest.insert(service.clone(), *incident);
            }
        }
        StreamId::Incident(id) => apply_to_incident_stream(book, *id, envelope),
        StreamId::Service(id) => apply_to_service_stream(book, id, envelope),
    }
}

/// Folds a decision's events into the book, as they will be read back from the journal.
pub fn apply_all(book: &mut Book, emitted: &[Emitted], actor: &Actor, at: Timestamp) {
    for one in emitted {
        let envelope = Envelope { at, actor: actor.clone(), event: one.event.clone() };
        apply(book, &one.stream, &envelope);
    }
}

fn apply_to_incident_stream(book: &mut Book, id: IncidentId, envelope: &Envelope) {
    let at = envelope.at;
    match &envelope.event {
        Event::Incident(IncidentEvent::IncidentOpened { service, title, previous }) => {
            let incident = open(id, service, title, *previous, envelope);
            book.incidents.insert(id, Arc::new(incident));
        }
        Event::Incident(event) => {
            if let Some(incident) = book.incidents.get_mut(&id) {
                apply_to_incident(Arc::make_mut(incident), event, at);
            }
        }
        Event::Flip(event) => {
            if let Some(incident) = book.incidents.get_mut(&id) {
                flip::apply_to_flip(Arc::make_mut(incident), event, at);
            }
        }
        Event::Authority(event) => {
            if let Some(incident) = book.incidents.get_mut(&id) {
                apply_to_authority(Arc::make_mut(incident), event, at);
            }
        }
        Event::Verification(event) => {
            if let Some(incident) = book.incidents.get_mut(&id) {
                apply_to_verification(Arc::make_mut(incident), event, at);
            }
        }
        Event::Fix(event) => {
            if let Some(incident) = book.incidents.get_mut(&id) {
                fix::apply_to_fix(Arc::make_mut(incident), event, at);
            }
        }
        // A valid journal has none of these in an incident's stream.
        Event::Register(_) | Event::Service(_) => {}
    }
}

fn open(
    id: IncidentId,
    service: &ServiceId,
    title: &str,
    previous: Option<IncidentId>,
    envelope: &Envelope,
) -> Incident {
    Incident {
        id,
        service: service.clone(),
        title: title.to_owned(),
        opened_at: envelope.at,
        opened_by: envelope.actor.clone(),
        previous,
        layer1: Layer1::Idle,
        layer1_done: None,
        baseline: None,
        suspect: None,
        layer2: Layer2::Idle,
        revert_refused: None,
        reverts_closed: 0,
        forge_trouble: None,
        false_alarm: None,
        first_yes: None,
        went_alone: None,
        elsewhere: None,
        tasks: BTreeMap::new(),
        job_before: None,
        asked: BTreeMap::new(),
        evidence: BTreeMap::new(),
        refused: None,
        refused_promote: None,
        cancelled: None,
        before: None,
        verifying: None,
        verifications: Vec::new(),
        trouble: None,
        trouble_since: None,
        needs_person: None,
        notes: Vec::new(),
        resolution: None,
        closed_at: None,
    }
}

fn apply_to_incident(incident: &mut Incident, event: &IncidentEvent, at: Timestamp) {
    match event {
        // Makes the incident; a second one in a stream changes nothing.
        IncidentEvent::IncidentOpened { .. } => {}
        IncidentEvent::RollbackRequested { by, wish }
        | IncidentEvent::WayBackSought { by, wish } => {
            request(incident, by, wish, Direction::Back, at);
        }
        IncidentEvent::PromoteRequested { by, wish } => {
            request(incident, by, wish, Direction::Forward, at);
        }
        IncidentEvent::RollbackRefused { refusal } => refuse(incident, refusal),
        IncidentEvent::PromoteRefused { refusal } => {
            if let Layer1::Resolving(resolving) = &incident.layer1 {
                incident.refused_promote = Some(resolving.wish.clone());
            }
            refuse(incident, refusal);
        }
        IncidentEvent::ChangesRead { confirmation, evidence } => {
            incident.evidence.insert(confirmation.clone(), (**evidence).clone());
        }
        IncidentEvent::ConfirmationIssued { confirmation, pointer, .. } => {
            let last_job = pointer.get().and_then(|seen| seen.job.as_ref());
            incident.job_before = last_job.map(|job| job.requested_at);
            issue(incident, confirmation);
        }
        IncidentEvent::ConfirmationExpired { confirmation } => {
            lapse(incident, confirmation, None, at)
        }
        IncidentEvent::ConfirmationVoided { confirmation, why } => {
            lapse(incident, confirmation, Some(*why), at);
        }
        IncidentEvent::RollbackCancelled { by } => cancel(incident, by, at),
        IncidentEvent::FlipConfirmed { by, confirmation, effect, intent } => {
            flip::confirm(incident, by, confirmation, effect, intent, at);
        }
        IncidentEvent::EffectDropped { effect, why } => drop_effect(incident, effect, *why, at),
        IncidentEvent::WorldMoved { live, assignment } => moved(incident, live, *assignment, at),
        IncidentEvent::Layer1Excused { by, excuse, reason } => {
            let (by, excuse, reason) = (by.clone(), *excuse, reason.clone());
            incident.layer1_done = Some(Layer1Done::Excused { by, excuse, reason });
        }
        IncidentEvent::FalseAlarmRaised { by, reason } => {
            let (by, reason) = (by.clone(), reason.clone());
            incident.false_alarm = Some(FalseAlarm { by, reason, agreed_by: None });
        }
        IncidentEvent::FalseAlarmAgreed { by } => {
            if let Some(alarm) = &mut incident.false_alarm {
                alarm.agreed_by = Some(by.clone());
            }
        }
        IncidentEvent::TaskTaken { task, by } => {
            incident.tasks.insert(*task, (by.clone(), at));
        }
        IncidentEvent::TroubleMet { what } => {
            incident.trouble = Some(what.clone());
            incident.trouble_since.get_or_insert(at);
        }
        IncidentEvent::TroubleOver => forget_trouble(incident),
        IncidentEvent::PersonNeeded { why } => incident.needs_person = Some(why.clone()),
        IncidentEvent::NoteAdded { by, text } => {
            incident.notes.push(Note { at, by: by.clone(), text: text.clone() });
        }
        IncidentEvent::IncidentResolved { exit, by, reason } => {
            resolve(incident, *exit, by, reason.as_ref(), at);
        }
        IncidentEvent::IncidentClosed { .. } => incident.closed_at = Some(at),
    }
}

/// Somebody else moved production or switched the flag.
fn moved(incident: &mut Incident, live: &Live, assignment: Assignment, at: Timestamp) {
    // Whoever put the bad deployment back has opened Layer 1 again.
    if incident.suspect.as_ref().is_some_and(|bad| live.id() == Some(&bad.id)) {
        incident.layer1_done = None;
    }
    incident.elsewhere = Some(Elsewhere { live: live.clone(), assignment, at });
}

/// Asked for, but not to be had.
fn refuse(incident: &mut Incident, refusal: &Refusal) {
    fall_back(incident);
    incident.refused = Some(refusal.clone());
}

/// A new wish takes the place of what was asked before.
fn request(incident: &mut Incident, by: &Person, wish: &Wish, direction: Direction, at: Timestamp) {
    supersede(incident);
    if let Layer1::Settled(flip) = &incident.layer1 {
        incident.before = Some(flip.clone());
    }
    incident.needs_person = None;
    incident.refused = None;
    incident.refused_promote = None;
    incident.cancelled = None;
    let (wish, by) = (wish.clone(), by.clone());
    incident.layer1 = Layer1::Resolving(Resolving { wish, by, since: at, again: None, direction });
}

fn resolve(
    incident: &mut Incident,
    exit: Exit,
    by: &Person,
    reason: Option<&String>,
    at: Timestamp,
) {
    supersede(incident);
    forget_trouble(incident);
    incident.verifying = None;
    incident.needs_person = None;
    if !matches!(incident.layer1, Layer1::Settled(_)) {
        fall_back(incident);
    }
    incident.resolution = Some(Resolution { at, exit, by: by.clone(), reason: reason.cloned() });
}

fn issue(incident: &mut Incident, confirmation: &Confirmation) {
    incident.asked.insert(confirmation.id.clone(), Answer::Open);
    incident.layer1 = Layer1::Waiting(Box::new(confirmation.clone()));
}

/// A wish came to nothing: what was done before it holds again.
fn fall_back(incident: &mut Incident) {
    // Trouble ends with the work that met it.
    incident.trouble = None;
    incident.trouble_since = None;
    incident.needs_person = None;
    incident.layer1 = incident.before.take().map_or(Layer1::Idle, Layer1::Settled);
}

/// What cannot be read at the moment holds up nothing any more.
fn forget_trouble(incident: &mut Incident) {
    incident.trouble = None;
    incident.trouble_since = None;
}

/// A question that is open when something else takes its place is voided.
fn supersede(incident: &mut Incident) {
    if let Some(question) = incident.waiting() {
        let id = question.id.clone();
        incident.asked.insert(id, Answer::Voided(Void::Superseded));
    }
}

fn lapse(incident: &mut Incident, confirmation: &ConfirmationId, why: Option<Void>, at: Timestamp) {
    let answer = why.map_or(Answer::Expired, Answer::Voided);
    incident.asked.insert(confirmation.clone(), answer);
    if let Layer1::Waiting(question) = &incident.layer1
        && question.id == *confirmation
    {
        incident.layer1 = match why {
            // These are answered by a fresh card without anybody asking for it.
            Some(
                why @ (Void::PointerMoved
                | Void::AssignmentChanged
                | Void::JobPending
                | Void::ConfigChanged
                | Void::GroundsGone),
            ) => ask_again(question, why, at),
            // A person decides when to ask anew.
            Some(
                why @ (Void::Halted
                | Void::Superseded
                | Void::RightsLost
                | Void::RightsUnknown
                | Void::Stale),
            ) => Layer1::Lapsed(question.clone(), why),
            None => Layer1::Lapsed(question.clone(), Void::Stale),
        };
    }
}

/// The same wish, resolved anew. A target that was named stays named; one that we chose is chosen again.
fn ask_again(question: &Confirmation, why: Void, since: Timestamp) -> Layer1 {
    let wish = question.wish_for(question.named.clone());
    let (by, direction) = (question.requester.clone(), question.direction());
    Layer1::Resolving(Resolving { wish, by, since, again: Some(why), direction })
}

fn cancel(incident: &mut Incident, by: &Person, at: Timestamp) {
    let question = match &incident.layer1 {
        Layer1::Waiting(question) | Layer1::Lapsed(question, _) => Some(question.id.clone()),
        Layer1::Flipping(flip) => Some(flip.confirmation.id.clone()),
        Layer1::Idle | Layer1::Resolving(_) | Layer1::Settled(_) => None,
    };
    if let Some(id) = question {
        incident.asked.insert(id, Answer::Cancelled(by.clone(), at));
    }
    incident.cancelled = Some((by.clone(), at));
    forget_trouble(incident);
    incident.needs_person = None;
    fall_back(incident);
}

fn drop_effect(incident: &mut Incident, effect: &EffectId, why: Void, at: Timestamp) {
    if let Layer1::Flipping(flip) = &incident.layer1
        && flip.effect == *effect
    {
        let question = flip.confirmation.clone();
        incident.asked.insert(question.id.clone(), Answer::Voided(why));
        incident.layer1 = if matches!(why, Void::RightsLost | Void::RightsUnknown) {
            Layer1::Lapsed(Box::new(question), why)
        } else {
            ask_again(&question, why, at)
        };
    }
}

fn apply_to_authority(incident: &mut Incident, event: &AuthorityEvent, at: Timestamp) {
    match event {
        // For the record: the right was asked when it was used.
        AuthorityEvent::RightRelied { .. } => {}
        AuthorityEvent::FirstYesGiven { by, confirmation, until, alone_from, seconds } => {
            // The question stands until the other one had time to answer.
            if let Layer1::Waiting(question) = &mut incident.layer1
                && question.id == *confirmation
            {
                question.expires_at = question.expires_at.max(*until);
            }
            incident.first_yes = Some(FirstYes {
                confirmation: confirmation.clone(),
                by: by.clone(),
                at,
                alone_from: *alone_from,
                seconds: seconds.clone(),
            });
        }
        AuthorityEvent::WentAlone { by, reason, .. } => {
            incident.first_yes = None;
            incident.went_alone = Some((by.clone(), reason.clone()));
        }
    }
}

fn apply_to_verification(incident: &mut Incident, event: &VerificationEvent, at: Timestamp) {
    match event {
        VerificationEvent::VerificationAsked { verification, by, subject } => {
            let (id, by, subject) = (verification.clone(), by.clone(), subject.clone());
            incident.verifying = Some(Verifying { id, by, subject, since: at });
        }
        VerificationEvent::VerificationEnded {
            verification,
            address,
            deployment,
            verdict,
            walk,
            log,
        } => {
            let asked = incident.verifying.take_if(|one| one.id == *verification);
            let Some(asked) = asked else { return };
            let ended = Verification {
                id: asked.id,
                by: asked.by,
                at,
                address: *address,
                deployment: deployment.as_deref().cloned(),
                verdict: verdict.clone(),
                walk: walk.clone(),
                log: log.as_deref().cloned(),
            };
            verification::keep(&mut incident.verifications, ended);
        }
    }
}

fn apply_to_service_stream(book: &mut Book, id: &ServiceId, envelope: &Envelope) {
    let state = book.states.entry(id.clone()).or_default();
    match &envelope.event {
        Event::Service(event) => apply_to_service(state, event, envelope.at),
        // A valid journal has none of these in a service's stream.
        Event::Register(_)
        | Event::Incident(_)
        | Event::Flip(_)
        | Event::Authority(_)
        | Event::Verification(_)
        | Event::Fix(_) => {}
    }
}

fn apply_to_service(state: &mut ServiceState, event: &ServiceEvent, at: Timestamp) {
    match event {
        ServiceEvent::Halted { by, reason } => {
            state.halt = Some(Halt { by: by.clone(), since: at, reason: reason.clone() });
        }
        ServiceEvent::Resumed { .. } => state.halt = None,
        ServiceEvent::PointerLocked { incident, effect } => {
            state.lock =
                Some(PointerLock { incident: *incident, effect: effect.clone(), since: at });
        }
        ServiceEvent::PointerReleased { .. } => state.lock = None,
        ServiceEvent::MarkedBad { deployment, incident } => {
            state.marked_bad.insert(deployment.clone(), *incident);
        }
        ServiceEvent::MarkLifted { deployment, .. } => {
            state.marked_bad.remove(deployment);
        }
        ServiceEvent::PointerSeen { live, assignment } => {
            state.seen = Some(SeenPointer { live: live.clone(), assignment: *assignment, at });
        }
        ServiceEvent::CodeMissed { by } => {
            let missed = state.missed_codes.entry(by.clone()).or_insert((0, at));
            let is_fresh = at.since(missed.1) >= super::guard::CODE_LOCK;
            *missed = (if is_fresh { 1 } else { missed.0 + 1 }, at);
        }
        ServiceEvent::ActRefused { by, .. } => {
            state.refusals.retain(|(_, then)| at.since(*then) < super::guard::REFUSALS_WITHIN);
            state.refusals.push((by.clone(), at));
        }
        ServiceEvent::RefusalsAlerted { by, .. } => {
            state.refusal_alerts.retain(|_, then| at.since(*then) < super::guard::REFUSALS_WITHIN);
            state.refusal_alerts.insert(by.clone(), at);
        }
        ServiceEvent::GroupsLost { platform, read_at, why } => {
            let (platform, read_at, why) = (*platform, *read_at, why.clone());
            state.groups_lost = Some(GroupsLost { platform, read_at, why });
        }
        ServiceEvent::GroupsBack { .. } => state.groups_lost = None,
    }
}
