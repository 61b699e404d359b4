//! What can be pressed. Buttons that cannot work are not drawn.

use super::notes;
use super::standing::{self, Standing, is_at_rest};
use crate::domain::action::{Action, Lacks};
use crate::domain::book::{Book, ServiceState};
use crate::domain::event::{Confirmation, TASKS};
use crate::domain::fix::{Fix, Gate, GateVerdict, Layer2, Queued, Road};
use crate::domain::guard::{self, Answerers};
use crate::domain::incident::{Incident, Layer1, Layer1Done, Stage};
use crate::domain::service::Service;

/// The actions that can be pressed on an incident now, besides those of [`tasks`].
pub fn actions(incident: &Incident, book: &Book) -> Vec<Action> {
    if !incident.is_open() {
        return Vec::new();
    }
    let unknown = ServiceState::default();
    let state = book.state(&incident.service).unwrap_or(&unknown);
    let mut actions = of_pointer(incident);
    actions.extend(of_fix(incident, state));
    if can_verify(incident, state) {
        actions.push(Action::Verify);
    }
    let has_repository =
        book.services.get(&incident.service).is_some_and(|service| service.repository.is_some());
    if has_repository && can_revert(incident) {
        actions.push(Action::Revert);
    }
    if incident.false_alarm.as_ref().is_some_and(|alarm| alarm.agreed_by.is_none()) {
        actions.push(Action::Agree);
    }
    if can_promote_with_reason(incident) {
        actions.push(Action::GiveReason(Lacks::Promote));
    }
    actions
}

fn of_pointer(incident: &Incident) -> Vec<Action> {
    match &incident.layer1 {
        Layer1::Idle | Layer1::Settled(_) => Vec::new(),
        Layer1::Resolving(_) => vec![Action::Cancel],
        Layer1::Waiting(question) => {
            let mut actions = Vec::new();
            actions.push(
                match guard::g4_who_answers(question, incident.evidence_of(&question.id)) {
                    Answerers::Anybody | Answerers::SecondPerson | Answerers::TwoPeople => {
                        Action::Confirm(question.id.clone())
                    }
                    Answerers::NobodyWithoutReason => {
                        Action::GiveReason(Lacks::Rollback(question.id.clone()))
                    }
                },
            );
            if !question.others.is_empty() {
                actions.push(Action::ChooseAnother(question.id.clone()));
            }
            actions.push(Action::Cancel);
            actions
        }
        Layer1::Lapsed(..) => vec![Action::Renew, Action::Cancel],
        Layer1::Flipping(flip) => match flip.stage {
            Stage::Intended { .. } if !flip.was_sent() => vec![Action::Cancel],
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Polling { .. }
            | Stage::Proving { .. }
            | Stage::ReadingFlag { .. }
            | Stage::Done => Vec::new(),
        },
    }
}

/// What a reason overrides can be asked for again with one.
fn can_promote_with_reason(incident: &Incident) -> bool {
    incident.promote_that_lacks_reason().is_some()
        && notes::open_refusal(incident).is_some()
        && incident.verifying.is_none()
}

fn of_fix(incident: &Incident, state: &ServiceState) -> Option<Action> {
    match &incident.layer2 {
        Layer2::Planned(plan) => Some(Action::OpenRevert(plan.id.clone())),
        Layer2::Followed(fix) => match standing::of_fix(incident, fix, state) {
            Standing::AtGate(gate, verdict) if may_merge(fix, gate, &verdict) => {
                Some(Action::Merge(gate.head.clone()))
            }
            Standing::Verified(..) if can_promote(incident) => Some(Action::Promote),
            Standing::AtGate(..)
            | Standing::Closed
            | Standing::NotSeen
            | Standing::Merging(_)
            | Standing::Queued
            | Standing::Merged(_)
            | Standing::BuildFailed(_)
            | Standing::Ready(_)
            | Standing::Verified(..)
            | Standing::Live(_)
            | Standing::Bad(_) => None,
        },
        Layer2::Idle | Layer2::Looking(_) | Layer2::Opening(_) | Layer2::Prepared(_) => None,
    }
}

/// Whether a press brings the fix nearer to main: it is green, or it can be left to GitHub and is not yet.
fn may_merge(fix: &Fix, gate: &Gate, verdict: &GateVerdict) -> bool {
    let is_left = gate.queued == Queued::WhenGreen || fix.armed().is_some();
    let is_settled = !is_left && fix.withdrawing().is_none();
    match verdict {
        GateVerdict::Green => is_settled,
        GateVerdict::Waiting { .. } => is_settled && gate.road == Road::Auto,
        GateVerdict::Red { .. } | GateVerdict::Unreadable { .. } => false,
    }
}

fn can_promote(incident: &Incident) -> bool {
    let is_over = incident.layer1_done.is_some() || incident.is_false_alarm();
    is_at_rest(incident) && is_over && incident.verifying.is_none()
}

/// One at a time; a move that failed left production as it was.
fn can_verify(incident: &Incident, state: &ServiceState) -> bool {
    let is_settled = matches!(&incident.layer1, Layer1::Settled(flip) if flip.failure.is_none());
    let has_build = || {
        let fix = incident.fix().map(|fix| standing::of_fix(incident, fix, state));
        matches!(fix, Some(Standing::Ready(_) | Standing::Verified(..)))
    };
    let is_wanted = is_settled || is_at_rest(incident) && has_build();
    incident.verifying.is_none() && is_wanted
}

/// What brought the bad deployment can be taken back: it is known, and nothing stands for the fix yet.
fn can_revert(incident: &Incident) -> bool {
    let is_known = incident.suspect.as_ref().is_some_and(|suspect| suspect.sha.is_some());
    let is_free = match &incident.layer2 {
        Layer2::Idle => incident.revert_refused.is_none(),
        Layer2::Followed(fix) => fix.is_closed(),
        Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Opening(_) | Layer2::Prepared(_) => false,
    };
    is_at_rest(incident)
        && incident.layer1_done.is_some()
        && !incident.is_false_alarm()
        && is_known
        && is_free
}

/// What a rollback could not undo and nobody looks after yet.
pub fn tasks(incident: &Incident) -> Vec<Action> {
    let did_come_back = matches!(incident.layer1_done, Some(Layer1Done::Proven(_)));
    if !incident.is_open() || !did_come_back || !incident.was_flipped() {
        return Vec::new();
    }
    let free = TASKS.iter().filter(|task| !incident.tasks.contains_key(task));
    free.map(|task| Action::TakeTask(*task)).collect()
}

/// Who may answer a question (G4, G7, G12).
pub fn answerers(incident: &Incident, question: &Confirmation, service: &Service) -> Answerers {
    guard::g12_who_answers(question, incident.evidence_of(&question.id), service)
}

/// Everything that can be pressed in connection with an incident, drawn or not: the choices behind *Choose another*, and
/// *Show card*.
pub fn all_actions(incident: &Incident, book: &Book) -> Vec<Action> {
    let mut all = actions(incident, book);
    all.extend(tasks(incident));
    all.push(Action::ShowCard);
    if let Layer1::Waiting(question) = &incident.layer1 {
        let choices = question
            .others
            .iter()
            .map(|other| Action::Choose(question.id.clone(), other.deployment.id.clone()));
        all.extend(choices);
    }
    if !all.contains(&Action::Cancel) {
        // The command's immediate answer carries it; pressed too late it says so.
        all.push(Action::Cancel);
    }
    all
}
