//! How people take the bad change back and bring production on again: they look at where the incident is and do what comes
//! next, sometimes something else. What teammates do meanwhile at the forge.

use std::sync::Arc;

use repoint::domain::action::Action;
use repoint::domain::actor::{Actor, Person};
use repoint::domain::decide::Request;
use repoint::domain::event::{Excuse, Task, Wish};
use repoint::domain::fix::{self, GateVerdict, Layer2, g8_judge};
use repoint::domain::ids::{DeploymentId, ServiceId};
use repoint::domain::incident::{Incident, Layer1};
use repoint::domain::verification::{Address, Verdict};
use repoint::engine::keeper::{Answer, Proposal};
use repoint::engine::motor::Engine;

use super::chat::person;
use super::forge::first_commits;
use super::truth::{Night, Truth};

/// How often a request may ask for readings.
const MOST_ROUNDS: usize = 4;

/// Something that somebody asks of the bot.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who.
    pub by: Person,
    /// Of which service.
    pub service: ServiceId,
    /// What.
    pub request: Request,
}

/// Hands a request to the bot. Nobody waits for the answer: what came of it stands on the card.
pub async fn ask(night: Arc<Night>, engine: Engine, asked: Asked) {
    let mut proposal = Proposal::of(Actor::Person(asked.by), vec![asked.request]);
    for _ in 0..MOST_ROUNDS {
        let answer = engine.propose(&proposal).await;
        night.truth().tell(|| format!("the bot answers: {answer:?}"));
        let Ok(Answer::Needs(reads)) = answer else { return };
        let Some(reader) = engine.reader(&asked.service) else { return };
        proposal.readings = reader.read(&reads, proposal.readings).await;
    }
}

/// What comes next for a service, or something else.
pub fn next(truth: &mut Truth, by: Person, service: &ServiceId) -> Option<Asked> {
    let incident = truth.promises.book.open_incident(service)?.clone();
    let is_halted = truth.promises.book.state(service).is_some_and(|state| state.halt.is_some());
    if is_halted && truth.people.in_thousand(400) {
        let request = Request::Resume { service: service.clone(), reason: None };
        return Some(Asked { by: person("lee"), service: service.clone(), request });
    }
    let request = if truth.people.in_thousand(800) {
        step(truth, &incident)
    } else {
        aside(truth, &incident)
    };
    Some(Asked { by, service: service.clone(), request: request? })
}

fn press(truth: &mut Truth, incident: &Incident, action: Action) -> Option<Request> {
    let pressed_at = truth.now();
    Some(Request::Press { incident: incident.id, action, pressed_at })
}

/// The next step of the runbook.
fn step(truth: &mut Truth, incident: &Incident) -> Option<Request> {
    let is_moving = matches!(incident.layer1, Layer1::Flipping(_));
    match &incident.layer2 {
        Layer2::Idle if incident.layer1_done.is_some() => revert(truth, incident),
        Layer2::Opening(_) if truth.people.in_thousand(300) => {
            Some(Request::Halt { service: incident.service.clone(), reason: None })
        }
        Layer2::Idle | Layer2::Looking(_) | Layer2::Opening(_) => None,
        Layer2::Planned(_) if truth.people.in_thousand(200) => {
            // What comes to main meanwhile is built without the fix.
            let now = truth.true_now();
            truth.repo().push(now);
            None
        }
        Layer2::Planned(plan) => press(truth, incident, Action::OpenRevert(plan.id.clone())),
        Layer2::Prepared(_) => name_fix(truth, incident),
        Layer2::Followed(fix) if fix.merged.is_none() => {
            if fix.is_closed() {
                return revert(truth, incident);
            }
            let gate = fix.gate.as_ref()?;
            let is_green = g8_judge(gate) == GateVerdict::Green;
            if is_green || truth.people.in_thousand(200) {
                if truth.people.in_thousand(60) {
                    // Somebody pushes while somebody else presses.
                    let now = truth.true_now();
                    truth.repo().force_push(fix.pull.number, now);
                }
                return press(truth, incident, Action::Merge(gate.head.clone()));
            }
            None
        }
        Layer2::Followed(fix) if fix.built.is_some() && !is_moving => bring_on(truth, incident),
        Layer2::Followed(fix) if fix.build_failed.is_some() => name_fix(truth, incident),
        Layer2::Followed(_) => None,
    }
}

/// The fix is built: verify it, promote it.
fn bring_on(truth: &mut Truth, incident: &Incident) -> Option<Request> {
    let built = incident.fix().and_then(|fix| fix.built.as_ref())?;
    let is_verified = incident
        .verifications
        .iter()
        .any(|one| one.deployment.as_ref().is_some_and(|deployment| deployment.id == built.id));
    match &incident.layer1 {
        Layer1::Settled(flip) if flip.watching().is_some() => None,
        Layer1::Settled(_) | Layer1::Idle | Layer1::Lapsed(..) => {
            if truth.people.in_thousand(200) {
                return Some(bring_on_another(truth, incident, &built.id));
            }
            if is_verified && truth.people.in_thousand(850) {
                return promote(truth, incident);
            }
            press(truth, incident, Action::Verify)
        }
        // The question is answered by its button; meanwhile somebody verifies once more.
        Layer1::Waiting(_) | Layer1::Resolving(_) | Layer1::Flipping(_) => {
            truth.people.in_thousand(100).then(|| verify_built(incident)).flatten()
        }
    }
}

/// Somebody takes another build for the fix's: verifies it, and promotes it if it is well.
fn bring_on_another(truth: &mut Truth, incident: &Incident, built: &DeploymentId) -> Request {
    let service = incident.service.clone();
    let others = incident.verifications.iter().filter_map(|one| {
        let is_good = one.address == Address::Own && one.verdict == Verdict::Passed;
        Some(one.deployment.as_ref().filter(|_| is_good)?.id.clone())
    });
    match others.into_iter().find(|id| id != built) {
        Some(id) => {
            let wish = Wish { to: Some(id.to_string()), reason: None, asked_in: None };
            Request::StartPromote { service, wish }
        }
        None => {
            let number = 6 + truth.people.below(3);
            let deployment = Some(format!("dpl_{service}{number}"));
            Request::Verify { service, deployment }
        }
    }
}

fn verify_built(incident: &Incident) -> Option<Request> {
    let built = incident.fix()?.built.as_ref()?;
    let (service, deployment) = (incident.service.clone(), Some(built.id.to_string()));
    Some(Request::Verify { service, deployment })
}

fn promote(truth: &mut Truth, incident: &Incident) -> Option<Request> {
    let service = incident.service.clone();
    let number = 4 + truth.people.below(6);
    let (to, reason) = match truth.people.below(8) {
        0 => (Some(format!("dpl_{service}{number}")), None),
        1 => (Some(format!("dpl_{service}{number}")), Some("customers wait")),
        2 => (None, Some("customers wait")),
        3..5 => (None, None),
        _ => return press(truth, incident, Action::Promote),
    };
    let wish = Wish { to, reason: reason.map(str::to_owned), asked_in: None };
    Some(Request::StartPromote { service, wish })
}

fn revert(truth: &mut Truth, incident: &Incident) -> Option<Request> {
    let what = match truth.people.below(10) {
        0 => Some("#5".to_owned()),
        1 => Some(first_commits(5)[..9].to_owned()),
        2 => Some(format!("{}..{}", &first_commits(4)[..9], &first_commits(5)[..9])),
        3 => Some("#4711".to_owned()),
        4 => Some("that thing".to_owned()),
        5..7 => None,
        _ => return press(truth, incident, Action::Revert),
    };
    let wish = fix::Wish { what, reason: None, asked_in: None };
    Some(Request::StartRevert { service: incident.service.clone(), wish })
}

fn name_fix(truth: &mut Truth, incident: &Incident) -> Option<Request> {
    let open = truth.repo().open_pulls();
    let now = truth.true_now();
    let number = match truth.people.pick(&open).copied() {
        Some(number) if truth.people.in_thousand(500) => number,
        Some(_) | None => truth.repo().open_forward_fix(now),
    };
    Some(Request::NameFix { service: incident.service.clone(), number })
}

/// Something besides the next step.
fn aside(truth: &mut Truth, incident: &Incident) -> Option<Request> {
    let service = incident.service.clone();
    let why = || Some("it was the flag".to_owned());
    match truth.people.below(10) {
        0 => Some(Request::Excuse { service, excuse: Excuse::FlagOff, reason: why() }),
        1 => Some(Request::RaiseFalseAlarm { service, reason: why() }),
        2 => press(truth, incident, Action::Agree),
        3 => press(truth, incident, Action::TakeTask(Task::Rows)),
        4 => name_fix(truth, incident),
        5 => promote(truth, incident),
        6 if truth.people.in_thousand(500) => verify_built(incident),
        6 => {
            let number = 6 + truth.people.below(4);
            let deployment = Some(format!("dpl_{service}{number}"));
            Some(Request::Verify { service, deployment })
        }
        7 => {
            let wish = fix::Wish { what: None, reason: why(), asked_in: None };
            Some(Request::StartRevert { service, wish })
        }
        8 => {
            let head = incident.fix()?.gate.as_ref()?.head.clone();
            press(truth, incident, Action::Merge(head))
        }
        _ => revert(truth, incident),
    }
}

/// A teammate does something at the forge.
pub fn teammate(truth: &mut Truth) {
    let now = truth.true_now();
    let open = truth.repo().open_pulls();
    let kind = truth.people.below(5);
    let pull = truth.people.pick(&open).copied();
    let repo = truth.repo();
    match (kind, pull) {
        (0, Some(number)) => repo.close(number, now),
        (1, Some(number)) => repo.force_push(number, now),
        (2, Some(number)) => repo.merge_by_hand(number, now),
        (3, _) => drop(repo.open_forward_fix(now)),
        (_, _) => repo.push(now),
    }
    truth.repo();
    truth.tell(|| format!("a teammate at the forge: {kind} with {pull:?}"));
}
