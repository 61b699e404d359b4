//! After the promote: production is watched, and either the incident is resolved or the way back is offered. And what
//! somebody else does to production meanwhile (G14): noticed, told and adopted, never fought.

use super::course::target_of;
use super::{Case, Decision, Facts, Read, Step};
use crate::domain::book::Book;
use crate::domain::deployment::{Assignment, Live, Pointer};
use crate::domain::event::{
    Direction, Emitted, Exit, FlipEvent, IncidentEvent, ServiceEvent, Wish,
};
use crate::domain::fix::FixKind;
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::incident::{Flip, Incident, Layer1, WATCH, Watch};
use crate::domain::probe::Seen;
use crate::domain::time::{Span, Timestamp};
use crate::domain::verification::{self, Verdict, Walk};

/// One look at production during the watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// It is well.
    Well,
    /// It is not.
    Ill {
        /// What goes wrong: may hold foreign text.
        why: String,
    },
    /// It does not answer. Where the provider does, the fault is not on our side.
    Silent {
        /// What was tried: may hold foreign text.
        why: String,
    },
    /// Nobody can tell.
    Unknown {
        /// Why not: may hold foreign text.
        why: String,
    },
}

impl Look {
    /// What a walk over production says of it.
    pub fn of(walk: &Walk) -> Self {
        match &walk.answers {
            // A provider's own error page carries no mark of ours.
            Some(Seen::NoMarker { status: status @ 500.. }) => {
                return Self::Ill { why: format!("production answers with {status}") };
            }
            Some(Seen::NoAnswer { why }) => return Self::Silent { why: why.clone() },
            Some(
                Seen::Target
                | Seen::TargetFailing { .. }
                | Seen::Other { .. }
                | Seen::NoMarker { .. },
            )
            | None => {}
        }
        match verification::judge(walk) {
            Verdict::Passed => Self::Well,
            Verdict::Failed => Self::Ill { why: verification::what_failed(walk) },
            Verdict::Protected => {
                Self::Unknown { why: "a login stands before production".to_owned() }
            }
            Verdict::Unknown { why } => Self::Unknown { why },
        }
    }
}

/// Production has failed when it was ill at two looks, so far apart.
const AGREEING: Span = Span::seconds(5);

pub(super) fn watched(
    book: &Book,
    incident: IncidentId,
    effect: &EffectId,
    look: &Look,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    let case = Case::of(book, incident)?;
    let Some((flip, watch)) = watching(case.incident).filter(|(flip, _)| flip.effect == *effect)
    else {
        return Ok(Decision::nothing());
    };
    match look {
        Look::Well => Ok(well(&case, flip, watch, now)),
        Look::Ill { why } => ill(&case, flip, watch, why, facts, now),
        Look::Silent { why } => match &facts.pointer {
            None => Ok(Decision::Needs(vec![Read::Pointer])),
            Some(pointer) if pointer.get().is_some() => {
                let why = format!("production does not answer: {why}");
                ill(&case, flip, watch, &why, facts, now)
            }
            Some(_) => Ok(cannot_tell(&case, watch, why, now)),
        },
        Look::Unknown { why } => Ok(cannot_tell(&case, watch, why, now)),
    }
}

/// A production that nobody can look at for long reaches a person.
fn cannot_tell(case: &Case<'_>, watch: &Watch, why: &str, now: Timestamp) -> Decision {
    let is_over = now.since(watch.since) >= Span(2 * WATCH.0);
    if !is_over || case.incident.needs_person.is_some() {
        return Decision::nothing();
    }
    let why = format!("production cannot be looked at since the promote: {why}");
    let needed = IncidentEvent::PersonNeeded { why };
    Decision::events(vec![Emitted::incident(case.id(), needed)])
}

/// The promote whose production is being watched.
fn watching(incident: &Incident) -> Option<(&Flip, &Watch)> {
    let Layer1::Settled(flip) = &incident.layer1 else { return None };
    flip.watching().filter(|_| incident.is_open()).map(|watch| (&**flip, watch))
}

fn well(case: &Case<'_>, flip: &Flip, watch: &Watch, now: Timestamp) -> Decision {
    let mut events = Vec::new();
    if watch.trouble.is_some() {
        events.push(Emitted::flip(case.id(), FlipEvent::WatchCalmed));
    }
    if now.since(watch.since) >= WATCH {
        events.push(Emitted::flip(case.id(), FlipEvent::WatchPassed));
        if is_as_before(flip) {
            events.push(resolved(case, flip));
        }
    }
    Decision::events(events)
}

/// Whether automatic assignment is what it was before the incident, as far as that can be told.
fn is_as_before(flip: &Flip) -> bool {
    let wanted = flip.wanted_assignment();
    wanted == Assignment::CannotTell || flip.assignment == Some(wanted)
}

fn resolved(case: &Case<'_>, flip: &Flip) -> Emitted {
    let exit = if case.incident.is_false_alarm() {
        Exit::FalseAlarm
    } else {
        match case.incident.fix().map(|fix| fix.kind) {
            Some(FixKind::Revert) => Exit::Reverted,
            Some(FixKind::Forward) => Exit::FixedForward,
            None => Exit::ByHand,
        }
    };
    let (by, reason) = (flip.confirmed_by.clone(), flip.confirmation.reason.clone());
    Emitted::incident(case.id(), IncidentEvent::IncidentResolved { exit, by, reason })
}

fn ill(
    case: &Case<'_>,
    flip: &Flip,
    watch: &Watch,
    why: &str,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    let Some((first, _)) = &watch.trouble else {
        let troubled = FlipEvent::WatchTroubled { why: why.to_owned() };
        return Ok(Decision::events(vec![Emitted::flip(case.id(), troubled)]));
    };
    if now.since(*first) < AGREEING {
        return Ok(Decision::nothing());
    }
    let Some(pointer) = &facts.pointer else { return Ok(Decision::Needs(vec![Read::Pointer])) };
    match pointer.get() {
        // What somebody else put there is theirs: it is told, and nothing is offered.
        Some(seen) if seen.live.id().is_some_and(|live| *live != target_of(flip).id) => {
            return Ok(Decision::events(moved_elsewhere(case, seen).into_iter().collect()));
        }
        // Production is ill whether or not the provider can be read: the question will read it again.
        Some(_) | None => {}
    }
    let mut events = vec![Emitted::flip(case.id(), FlipEvent::WatchFailed { why: why.to_owned() })];
    let (deployment, incident) = (target_of(flip).id.clone(), case.id());
    if !case.state.marked_bad.contains_key(&deployment) {
        let marked = ServiceEvent::MarkedBad { deployment, incident };
        events.push(Emitted::service(&case.service.id, marked));
    }
    let (by, wish) = (flip.confirmed_by.clone(), way_back(flip, why));
    let sought = IncidentEvent::WayBackSought { by, wish };
    events.push(Emitted::incident(case.id(), sought));
    Ok(Decision::events(events))
}

/// What was live before the promote is the first target.
fn way_back(flip: &Flip, why: &str) -> Wish {
    let before = &flip.confirmation.from.id;
    let is_another = *before != target_of(flip).id;
    Wish {
        to: is_another.then(|| before.to_string()),
        reason: Some(format!("production fails after the promote: {why}")),
        asked_in: flip.confirmation.asked_in.clone(),
    }
}

/// G14: production or the flag is not as our last move left it, and nobody has said so yet.
pub(super) fn moved_elsewhere(case: &Case<'_>, seen: &Pointer) -> Option<Emitted> {
    let Layer1::Settled(flip) = &case.incident.layer1 else { return None };
    // A move that failed left nothing that could be compared, and one of ours may be under way for another incident.
    if flip.failure.is_some() || case.state.lock.is_some() {
        return None;
    }
    if matches!(seen.live, Live::Split(_)) {
        return None;
    }
    let is_ours = seen.live.id() == Some(&target_of(flip).id);
    let is_left = flip.assignment.is_none_or(|left| {
        left == seen.assignment
            || left == Assignment::CannotTell
            || seen.assignment == Assignment::CannotTell
    });
    let last = case.incident.elsewhere.as_ref();
    let is_told = match last {
        Some(told) => told.live == seen.live && told.assignment == seen.assignment,
        None => is_ours && is_left,
    };
    let (live, assignment) = (seen.live.clone(), seen.assignment);
    (!is_told).then(|| Emitted::incident(case.id(), IncidentEvent::WorldMoved { live, assignment }))
}

/// A promote whose flag a person had to switch: once it is as before, the incident is over.
pub(super) fn armed_at_last(case: &Case<'_>, seen: &Pointer) -> Option<Emitted> {
    let Layer1::Settled(flip) = &case.incident.layer1 else { return None };
    let has_passed = flip.watch.as_ref().is_some_and(|watch| watch.passed_at.is_some());
    let is_ours = seen.live.id() == Some(&target_of(flip).id);
    let is_done = flip.direction() == Direction::Forward
        && has_passed
        && is_ours
        && seen.assignment == flip.wanted_assignment();
    is_done.then(|| resolved(case, flip))
}
