//! The runbook as a checklist: Layer 1, Layer 2 and the last step.

use super::Drawing;
use super::standing::{self, Standing};
use crate::chat::reply::{Item, ItemState, Text};
use crate::chat::words;
use crate::domain::book::ServiceState;
use crate::domain::deployment::Assignment;
use crate::domain::event::{Direction, Excuse};
use crate::domain::fix::{Call, Fix, FixKind, GateVerdict, Layer2};
use crate::domain::incident::{Flip, Incident, Layer1, Layer1Done, Proof, Stage};
use crate::domain::plan::{STEPS, Step};

/// All steps in order. Those of Layer 2 are drawn where a repository is configured, one by one once they have begun.
pub(super) fn checklist(incident: &Incident, drawing: &Drawing<'_>) -> Vec<Item> {
    let mut items = match folded(incident) {
        Some(rolled_back) => vec![rolled_back],
        None => STEPS.iter().map(|step| item(*step, incident)).collect(),
    };
    let service = drawing.book.services.get(&incident.service);
    if service.is_some_and(|service| service.repository.is_some()) {
        let unknown = ServiceState::default();
        let state = drawing.book.state(&incident.service).unwrap_or(&unknown);
        if is_later(incident) {
            items.push(line("Revert, verify, promote", TODO));
        } else {
            items.extend(of_fix(incident, state));
            items.extend(of_promote(incident));
        }
    }
    items
}

/// Layer 1 as one line, once it is proven and the fix is the matter.
fn folded(incident: &Incident) -> Option<Item> {
    let Some(Layer1Done::Proven(at)) = &incident.layer1_done else { return None };
    let is_over = is_left_behind(incident) && !is_later(incident);
    let note = Text::plain("proven at ").time(*at);
    is_over.then(|| line("Rolled back", (ItemState::Done, Some(note))))
}

/// Whether nothing of the way back to normal has begun: then it is one line, and the eye stays on the pointer.
fn is_later(incident: &Incident) -> bool {
    incident.layer2 == Layer2::Idle && standing::direction(incident) != Some(Direction::Forward)
}

fn item(step: Step, incident: &Incident) -> Item {
    let flip = standing::rollback(incident);
    let (state, note) = match step {
        Step::Announce => (ItemState::Done, Some(Text::default().time(incident.opened_at))),
        // It was done, and what is under way now is something else.
        _ if flip.is_none() && is_left_behind(incident) => left_behind(step, incident),
        Step::Confirm => confirm_item(incident),
        Step::Flip => flip.map_or((ItemState::Todo, None), flip_item),
        Step::Poll => flip.map_or((ItemState::Todo, None), poll_item),
        Step::Prove => flip.map_or((ItemState::Todo, None), prove_item),
        Step::ReadFlag => flip.map_or((ItemState::Todo, None), flag_item),
    };
    let label = match step {
        Step::Announce => "Tell the team",
        Step::Confirm => "Confirm",
        Step::Flip => "Point production back",
        Step::Poll => "Provider says done",
        Step::Prove => "Production answers from the target",
        Step::ReadFlag => "Automatic assignment is off",
    };
    Item { state, label: label.into(), note }
}

type Line = (ItemState, Option<Text>);

/// Whether Layer 1 is over and its flip is not at hand any more, or never was.
fn is_left_behind(incident: &Incident) -> bool {
    let is_asked_back =
        matches!(incident.layer1, Layer1::Resolving(_) | Layer1::Waiting(_) | Layer1::Lapsed(..))
            && standing::direction(incident) == Some(Direction::Back);
    incident.layer1_done.is_some() && !is_asked_back
}

fn left_behind(step: Step, incident: &Incident) -> Line {
    match &incident.layer1_done {
        Some(Layer1Done::Proven(at)) if step == Step::Prove => {
            (ItemState::Done, Some(Text::plain("proven at ").time(*at)))
        }
        Some(Layer1Done::Proven(_)) => (ItemState::Done, None),
        Some(Layer1Done::Excused { excuse, .. }) => {
            let why = match excuse {
                Excuse::FlagOff => "not needed: the flag is off",
                Excuse::RuledOut => "ruled out",
            };
            (ItemState::Todo, (step == Step::Flip).then(|| why.into()))
        }
        None => (ItemState::Todo, None),
    }
}

fn confirm_item(incident: &Incident) -> Line {
    if let Some(flip) = standing::rollback(incident) {
        let who = Text::default().person(&flip.confirmed_by);
        return (ItemState::Done, Some(who.and(" at ").time(flip.confirmed_at)));
    }
    if standing::direction(incident) == Some(Direction::Forward) {
        return (ItemState::Todo, None);
    }
    match &incident.layer1 {
        Layer1::Flipping(_) | Layer1::Settled(_) => (ItemState::Done, None),
        Layer1::Waiting(_) | Layer1::Resolving(_) => (ItemState::Doing, None),
        Layer1::Lapsed(..) => (ItemState::Failed, None),
        Layer1::Idle => (ItemState::Todo, None),
    }
}

fn flip_item(flip: &Flip) -> Line {
    match &flip.stage {
        Stage::Intended { .. } | Stage::Sending { .. } => (ItemState::Doing, None),
        Stage::Unknown { .. } | Stage::Doubted { .. } => {
            (ItemState::Unknown, Some("not known whether it happened".into()))
        }
        Stage::Done if flip.failure.is_some() && flip.job_done_at.is_none() => {
            (ItemState::Failed, None)
        }
        Stage::Polling { .. } | Stage::Proving { .. } | Stage::ReadingFlag { .. } | Stage::Done => {
            (ItemState::Done, None)
        }
    }
}

fn poll_item(flip: &Flip) -> Line {
    match (&flip.stage, flip.job_done_at) {
        (_, Some(at)) => (ItemState::Done, Some(Text::default().time(at))),
        (Stage::Polling { .. }, None) => (ItemState::Doing, None),
        (Stage::Done, None) => (ItemState::Failed, None),
        (
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Proving { .. }
            | Stage::ReadingFlag { .. },
            None,
        ) => (ItemState::Todo, None),
    }
}

fn prove_item(flip: &Flip) -> Line {
    match (&flip.proof, &flip.stage) {
        (Some(Proof::Proven(at)), _) => {
            (ItemState::Done, Some(Text::plain("proven at ").time(*at)))
        }
        (Some(Proof::NotServing(..)), _) => (ItemState::Failed, Some("not serving".into())),
        (None, Stage::Proving { .. }) => (ItemState::Doing, None),
        (
            None,
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Polling { .. }
            | Stage::ReadingFlag { .. }
            | Stage::Done,
        ) => (ItemState::Todo, None),
    }
}

fn flag_item(flip: &Flip) -> Line {
    match flip.assignment {
        Some(Assignment::Off) if flip.switch.is_some() => {
            (ItemState::Done, Some("it was still on: switched off".into()))
        }
        Some(Assignment::Off) => (ItemState::Done, Some("pinned".into())),
        Some(Assignment::On) => (ItemState::Failed, Some("still on: switch it off by hand".into())),
        Some(Assignment::CannotTell) => {
            (ItemState::Unknown, Some("cannot tell: treated as pinned".into()))
        }
        None if matches!(flip.stage, Stage::ReadingFlag { .. }) => (ItemState::Doing, None),
        None => (ItemState::Todo, None),
    }
}

fn line(label: &str, (state, note): Line) -> Item {
    Item { state, label: label.into(), note }
}

const TODO: Line = (ItemState::Todo, None);

/// Opened or named, checked, merged, built and verified.
fn of_fix(incident: &Incident, state: &ServiceState) -> Vec<Item> {
    let Some(fix) = incident.fix() else {
        let opened = match &incident.layer2 {
            Layer2::Looking(_) => (ItemState::Doing, None),
            Layer2::Planned(_) => (ItemState::Doing, Some("press Open revert".into())),
            Layer2::Opening(opening) => match opening.call {
                Call::Refused { .. } => (ItemState::Failed, None),
                Call::Unknown { .. } => (ItemState::Unknown, None),
                Call::Intended { .. } | Call::Sending { .. } | Call::Taken => {
                    (ItemState::Doing, None)
                }
            },
            Layer2::Prepared(_) => (ItemState::Failed, Some("it conflicts".into())),
            Layer2::Idle | Layer2::Followed(_) => TODO,
        };
        let rest = ["Checks", "Merged", "Built: ready, not live", "Verified"];
        let mut items = vec![line("Revert opened", opened)];
        items.extend(rest.map(|label| line(label, TODO)));
        return items;
    };
    let standing = standing::of_fix(incident, fix, state);
    let opened = match fix.kind {
        FixKind::Revert => "Revert opened",
        FixKind::Forward => "Fix named",
    };
    vec![
        line(opened, opened_item(fix, &standing)),
        line("Checks", checks_item(fix, &standing)),
        line("Merged", merged_item(fix, &standing)),
        line("Built: ready, not live", built_item(fix, &standing)),
        line("Verified", verified_item(incident, &standing)),
    ]
}

fn opened_item(fix: &Fix, standing: &Standing<'_>) -> Line {
    let note = Text::plain(format!("#{} by ", fix.pull.number)).person(&fix.by);
    match standing {
        Standing::Closed => (ItemState::Failed, Some("closed unmerged".into())),
        _ => (ItemState::Done, Some(note.and(" at ").time(fix.since))),
    }
}

fn checks_item(fix: &Fix, standing: &Standing<'_>) -> Line {
    match standing {
        Standing::Closed => TODO,
        Standing::NotSeen => (ItemState::Doing, None),
        Standing::AtGate(_, GateVerdict::Green) | Standing::Merging(_) | Standing::Queued => {
            (ItemState::Done, fix.gate_at.map(|at| Text::plain("green at ").time(at)))
        }
        Standing::AtGate(_, GateVerdict::Waiting { on }) => {
            (ItemState::Doing, Some(Text::plain("waits for ").append(words::names(on.iter(), 4))))
        }
        Standing::AtGate(_, GateVerdict::Red { why }) => {
            (ItemState::Failed, Some(words::names(why.iter(), 4)))
        }
        Standing::AtGate(_, GateVerdict::Unreadable { .. }) => {
            (ItemState::Unknown, Some("cannot be read".into()))
        }
        Standing::Merged(_)
        | Standing::BuildFailed(_)
        | Standing::Ready(_)
        | Standing::Verified(..)
        | Standing::Live(_)
        | Standing::Bad(_) => (ItemState::Done, None),
    }
}

fn merged_item(fix: &Fix, standing: &Standing<'_>) -> Line {
    if let Some(merged) = &fix.merged {
        let note = Text::default().code(words::short_id(&merged.sha)).and(" at ").time(merged.at);
        return (ItemState::Done, Some(note));
    }
    match standing {
        Standing::AtGate(..) if fix.armed().is_some() => {
            (ItemState::Doing, Some("left to GitHub".into()))
        }
        Standing::AtGate(_, GateVerdict::Green) => (ItemState::Doing, Some("press Merge".into())),
        Standing::Merging(merge) => match merge.call {
            Call::Unknown { .. } => {
                (ItemState::Unknown, Some("not known whether it happened".into()))
            }
            _ => (ItemState::Doing, None),
        },
        Standing::Queued => (ItemState::Doing, Some("in the queue".into())),
        _ => TODO,
    }
}

fn built_item(fix: &Fix, standing: &Standing<'_>) -> Line {
    match (&fix.built, standing) {
        (Some(built), _) => (ItemState::Done, Some(words::short(built))),
        (None, Standing::BuildFailed(_)) => (ItemState::Failed, Some("the build failed".into())),
        (None, Standing::Merged(_)) => (ItemState::Doing, None),
        (None, _) => TODO,
    }
}

fn verified_item(incident: &Incident, standing: &Standing<'_>) -> Line {
    match standing {
        Standing::Verified(_, one) => (ItemState::Done, Some(Text::default().time(one.at))),
        Standing::Live(built) | Standing::Bad(built) => {
            match standing::own_verification(incident, &built.id) {
                Some(one) => (ItemState::Done, Some(Text::default().time(one.at))),
                None => TODO,
            }
        }
        Standing::Ready(_) if incident.verifying.is_some() => (ItemState::Doing, None),
        Standing::Ready(built) => match standing::own_verification(incident, &built.id) {
            Some(_) => (ItemState::Failed, None),
            None => TODO,
        },
        _ => TODO,
    }
}

/// Promoted and watched.
fn of_promote(incident: &Incident) -> Vec<Item> {
    let promote = standing::promote(incident);
    let promoted = match promote {
        Some(flip) if flip.failure.is_some() => (ItemState::Failed, None),
        Some(flip) if flip.is_proven() => {
            let who = Text::default().person(&flip.confirmed_by);
            (ItemState::Done, Some(who.and(" at ").time(flip.confirmed_at)))
        }
        Some(flip) => flip_item(flip),
        None if standing::direction(incident) == Some(Direction::Forward) => {
            (ItemState::Doing, None)
        }
        None => TODO,
    };
    let watched = match promote.and_then(|flip| flip.watch.as_ref()) {
        Some(watch) if watch.failed.is_some() => (ItemState::Failed, None),
        Some(watch) => match watch.passed_at {
            Some(at) => (ItemState::Done, Some(Text::default().time(at))),
            None => (ItemState::Doing, None),
        },
        None => TODO,
    };
    vec![line("Promoted", promoted), line("Watched for 5 minutes", watched)]
}
