//! G15 on the pull requests themselves: whether those who brought something else to main are told there. Nothing is
//! said that the service's configuration does not allow at that very moment, and nothing waits for it.

use super::{Case, Decision, Facts, Step};
use crate::domain::book::Book;
use crate::domain::event::{Emitted, FixEvent};
use crate::domain::fix::{Fix, MOST_WARNINGS, WarningCall, WarningOutcome};
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::incident::Incident;
use crate::domain::plan;
use crate::domain::time::Timestamp;

/// What is to be said of what just came to main, if anything is.
pub(super) fn intended(
    book: &Book,
    case: &Case<'_>,
    fix: &Fix,
    moved: &FixEvent,
    facts: &Facts,
) -> Option<FixEvent> {
    let FixEvent::MainMoved { commits, .. } = moved else { return None };
    // Incidents that share a fix share what is said for it.
    let first = fix.shared_from.and_then(|first| book.incidents.get(&first));
    let is_said_there = first.is_some_and(|first| first.is_open() && first.fix().is_some());
    let is_wanted = case.service.warns_pull_requests && plan::fix::is_pinned(case.incident);
    if commits.is_empty() || is_said_there || !is_wanted {
        return None;
    }
    // The same decision may also end a merge, which has the plain id.
    let effect = EffectId(format!("{}_warning", facts.fresh.effect));
    Some(FixEvent::WarningIntended { effect, commits: commits.clone() })
}

/// A warning is about to be given, or given up.
pub(super) fn start(book: &Book, incident: IncidentId, now: Timestamp) -> Step {
    let case = Case::of(book, incident)?;
    let due = case.incident.fix().and_then(|fix| plan::fix::warning_due(book, case.incident, fix));
    let Some((warning, _, attempts)) = due.filter(|(_, at, _)| *at <= now) else {
        return Ok(Decision::nothing());
    };
    let effect = warning.effect.clone();
    let event = if attempts < MOST_WARNINGS {
        FixEvent::WarningStarted { effect, attempt: attempts + 1 }
    } else {
        let why = "the bot was interrupted each time".to_owned();
        FixEvent::WarningEnded { effect, outcome: WarningOutcome::NotSaid { why } }
    };
    Ok(Decision::events(vec![Emitted::fix(incident, event)]))
}

/// What came of one.
pub(super) fn end(
    book: &Book,
    incident: IncidentId,
    effect: &EffectId,
    outcome: &WarningOutcome,
) -> Step {
    let case = Case::of(book, incident)?;
    let Some(attempts) = sending(case.incident, effect) else { return Ok(Decision::nothing()) };
    let outcome = match outcome {
        WarningOutcome::Unsettled { why } if attempts >= MOST_WARNINGS => {
            WarningOutcome::NotSaid { why: why.clone() }
        }
        WarningOutcome::Said { .. }
        | WarningOutcome::NotSaid { .. }
        | WarningOutcome::Unsettled { .. } => outcome.clone(),
    };
    let ended = FixEvent::WarningEnded { effect: effect.clone(), outcome };
    Ok(Decision::events(vec![Emitted::fix(incident, ended)]))
}

/// Which try is being made of it, if one is.
fn sending(incident: &Incident, effect: &EffectId) -> Option<u32> {
    let warning = incident.fix()?.warnings.iter().find(|one| one.effect == *effect)?;
    match warning.call {
        WarningCall::Sending { attempts, .. } => Some(attempts),
        WarningCall::Due { .. } | WarningCall::Over => None,
    }
}
