//! What an incident is at, in few words.

use super::standing::{self, Standing};
use crate::domain::book::{Book, ServiceState};
use crate::domain::event::{Direction, Exit};
use crate::domain::fix::{Call, Fix, GateVerdict, Layer2};
use crate::domain::incident::{Flip, Incident, Layer1, Layer1Done, Stage};
use crate::domain::refusal::Void;

/// What an incident is at: the pointer while it is asked about or moving, else the fix.
pub fn headline(incident: &Incident, book: &Book) -> &'static str {
    if let Some(resolution) = &incident.resolution {
        return match resolution.exit {
            Exit::Blip => "resolved, it was a blip",
            Exit::ByHand => "resolved",
            Exit::Reverted => "resolved, the bad change is reverted",
            Exit::FixedForward => "resolved, fixed forward",
            Exit::FalseAlarm => "resolved, it was a false alarm",
        };
    }
    let is_forward = standing::direction(incident) == Some(Direction::Forward);
    match &incident.layer1 {
        Layer1::Resolving(_) if is_forward => "may the fix go live?",
        Layer1::Resolving(_) if has_relapsed(incident) => {
            "production fails, looking for the way back"
        }
        Layer1::Resolving(_) => "looking for the last known good deployment",
        Layer1::Waiting(_) if is_forward => "promote?",
        Layer1::Waiting(_) if has_relapsed(incident) => "production fails, roll back?",
        Layer1::Waiting(_) => "roll back?",
        Layer1::Lapsed(_, Void::Stale) => "the question expired",
        Layer1::Lapsed(..) => "the question no longer holds",
        Layer1::Flipping(flip) if is_forward => promoting(flip),
        Layer1::Flipping(flip) => flipping(flip),
        Layer1::Settled(flip) if is_forward => promoted(flip),
        Layer1::Settled(flip) if flip.failure.is_some() => "the rollback failed",
        Layer1::Settled(flip) if !flip.is_proven() => "accepted but not serving",
        Layer1::Idle | Layer1::Settled(_) => of_fix(incident, book),
    }
}

/// Production failed after the promote, and is not brought back yet.
fn has_relapsed(incident: &Incident) -> bool {
    let watch = incident.before.as_ref().and_then(|flip| flip.watch.as_ref());
    watch.is_some_and(|watch| watch.failed.is_some())
}

fn flipping(flip: &Flip) -> &'static str {
    match flip.stage {
        Stage::Intended { .. } | Stage::Sending { .. } | Stage::Polling { .. } => "rolling back",
        Stage::Unknown { .. } | Stage::Doubted { .. } => "not known whether it was rolled back",
        Stage::Proving { .. } => "flipped, looking at production",
        Stage::ReadingFlag { .. } | Stage::Done if flip.is_proven() => "proven",
        Stage::ReadingFlag { .. } | Stage::Done => "accepted but not serving",
    }
}

fn promoting(flip: &Flip) -> &'static str {
    match flip.stage {
        Stage::Intended { .. } | Stage::Sending { .. } | Stage::Polling { .. } => "promoting",
        Stage::Unknown { .. } | Stage::Doubted { .. } => "not known whether it was promoted",
        Stage::Proving { .. } => "promoted, looking at production",
        Stage::ReadingFlag { .. } | Stage::Done if flip.is_proven() => "promoted, proven",
        Stage::ReadingFlag { .. } | Stage::Done => "promoted but not serving",
    }
}

fn promoted(flip: &Flip) -> &'static str {
    if flip.failure.is_some() {
        return "the promote failed";
    }
    match &flip.watch {
        Some(watch) if watch.failed.is_some() => "production fails after the promote",
        Some(watch) if watch.passed_at.is_some() => "automatic assignment is not as before",
        Some(watch) if watch.trouble.is_some() => "promoted, production is in doubt",
        Some(_) if flip.is_proven() => "promoted, watching production",
        Some(_) | None => "promoted but not serving",
    }
}

fn of_fix(incident: &Incident, book: &Book) -> &'static str {
    match &incident.layer2 {
        Layer2::Idle => without_fix(incident),
        Layer2::Looking(_) => "trying out the revert",
        Layer2::Planned(_) => "open the revert?",
        Layer2::Opening(opening) => match opening.call {
            Call::Unknown { .. } => "not known whether the revert was opened",
            Call::Intended { .. } | Call::Sending { .. } | Call::Taken | Call::Refused { .. } => {
                "opening the revert"
            }
        },
        Layer2::Prepared(_) => "the revert conflicts",
        Layer2::Followed(fix) => followed(incident, fix, book),
    }
}

fn without_fix(incident: &Incident) -> &'static str {
    if incident.is_false_alarm() {
        return "a false alarm, not live again yet";
    }
    match (&incident.layer1, &incident.layer1_done) {
        _ if incident.revert_refused.is_some() => "the revert was refused",
        (Layer1::Idle, Some(Layer1Done::Excused { .. })) => "no rollback needed, the fix is next",
        (Layer1::Idle, _) if incident.refused.is_some() => "rollback refused",
        (Layer1::Idle, _) if incident.cancelled.is_some() => "rollback cancelled",
        (Layer1::Idle, _) => "open",
        _ => "proven",
    }
}

fn followed(incident: &Incident, fix: &Fix, book: &Book) -> &'static str {
    let unknown = ServiceState::default();
    let state = book.state(&incident.service).unwrap_or(&unknown);
    match standing::of_fix(incident, fix, state) {
        Standing::Closed => "the fix was closed unmerged",
        Standing::NotSeen => "the fix is opened",
        Standing::AtGate(_, GateVerdict::Green | GateVerdict::Waiting { .. })
            if fix.armed().is_some() =>
        {
            "GitHub merges the fix when green"
        }
        Standing::AtGate(_, GateVerdict::Green) => "merge?",
        Standing::AtGate(_, GateVerdict::Waiting { .. }) => "the fix is at its gate",
        Standing::AtGate(_, GateVerdict::Red { .. }) => "the gate is red",
        Standing::AtGate(_, GateVerdict::Unreadable { .. }) => "the gate cannot be read",
        Standing::Merging(_) => "merging",
        Standing::Queued => "in the merge queue",
        Standing::Merged(_) => "merged, waiting for its build",
        Standing::BuildFailed(_) => "the fix's build failed",
        Standing::Ready(_) => "ready, not live",
        Standing::Verified(..) => "verified, not live",
        Standing::Live(_) => "proven",
        Standing::Bad(_) => "proven, and the fix is bad",
    }
}
