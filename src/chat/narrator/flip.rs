//! The thread's lines for a move of the pointer: a rollback, or the promote with its watch.

use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::deployment::Assignment;
use crate::domain::event::{Direction, Finding, FlipEvent, Outcome};
use crate::domain::incident::{Flip, Incident};
use crate::domain::probe::{Probe, Seen};

/// One line for an event of a move of the pointer; `None`: it is no news.
pub(super) fn line(incident: &Incident, event: &FlipEvent, prefix: &Prefix) -> Option<Text> {
    // Where the way back is sought already, it is about the move before.
    let flip = incident.flip().or(incident.before.as_deref())?;
    let name = words::move_name(flip);
    let target = words::short(&flip.confirmation.to.deployment);
    match event {
        // The confirmation said that it is sent; only a second time is news.
        FlipEvent::EffectStarted { attempt, .. } => {
            (*attempt > 1).then(|| Text::plain("Asking the provider once more."))
        }
        FlipEvent::EffectEnded { outcome, .. } => Some(ended_line(outcome)),
        FlipEvent::EffectObserved { finding, .. } => found_line(*finding),
        FlipEvent::JobSucceeded { .. } => Some(
            Text::plain("The provider says production points at ")
                .append(target)
                .and(". Looking at production itself."),
        ),
        FlipEvent::FlipProven { agreeing } => Some(
            Text::default()
                .strong("proven")
                .and(format!(": {agreeing} fresh answers in a row come from "))
                .append(target)
                .and("."),
        ),
        FlipEvent::FlipNotServing { last } => Some(not_serving_line(last)),
        FlipEvent::FlipFailed { failure } => Some(
            Text::default()
                .strong(format!("The {name} failed"))
                .and(": ")
                .append(words::failure(failure, incident, prefix)),
        ),
        FlipEvent::DisarmIntended { .. } => Some(
            format!("Automatic assignment is still on after the {name}: switching it off.").into(),
        ),
        FlipEvent::ArmIntended { .. } => Some(
            "Automatic assignment is off after the promote and was on before the incident: switching it on.".into(),
        ),
        FlipEvent::AssignmentRead { assignment } => Some(match flip.direction() {
            Direction::Back => flag_line(*assignment),
            Direction::Forward => flag_after_promote(flip, *assignment),
        }),
        FlipEvent::WatchTroubled { why } => Some(
            Text::plain("A look at production failed: ")
                .foreign(words::clipped(why, 300))
                .and(". Looking again at once."),
        ),
        FlipEvent::WatchCalmed => Some("Production was well at the next look.".into()),
        FlipEvent::WatchPassed => {
            Some("Production was well for 5 minutes after the promote.".into())
        }
        FlipEvent::WatchFailed { why } => Some(
            Text::default()
                .strong("Production fails after the promote")
                .and(": ")
                .foreign(words::clipped(why, 300))
                .and(". ")
                .append(target)
                .and(" is marked bad. Next: one press on the card brings back what was live before."),
        ),
    }
}

fn found_line(finding: Finding) -> Option<Text> {
    match finding {
        Finding::Applied => Some("The provider shows it: it did happen.".into()),
        Finding::NotAppliedOnce => None,
        Finding::NotApplied => Some("Two readings agree that it did not happen.".into()),
    }
}

fn not_serving_line(last: &Probe) -> Text {
    let next = match last.seen {
        // The names are right, so that is not where to look.
        Seen::TargetFailing { .. } => {
            ". Production has not recovered: the target itself answers, with errors."
        }
        Seen::Target | Seen::Other { .. } | Seen::NoMarker { .. } | Seen::NoAnswer { .. } => {
            ". Production has not recovered. Check its names and any cache in front of it."
        }
    };
    Text::default()
        .strong("Accepted but not serving")
        .and(": ")
        .append(words::probe(last))
        .and(next)
}

/// A provider that goes on not taking the call for the same reason is no news; the card shows it.
pub(super) fn is_said_already(event: &FlipEvent, before: Option<&Incident>) -> bool {
    let FlipEvent::EffectEnded { outcome: Outcome::NotTaken { why, .. }, .. } = event else {
        return false;
    };
    let last = before.and_then(Incident::flip).and_then(|flip| flip.not_taken.as_ref());
    last == Some(why)
}

fn ended_line(outcome: &Outcome) -> Text {
    match outcome {
        Outcome::Accepted => "The provider took it.".into(),
        Outcome::Queued => {
            "The provider took it and carries it out behind a rolling release of its own.".into()
        }
        Outcome::NotTaken { why, retry_after } => {
            Text::plain(format!("The provider did not take it; again in {retry_after}: "))
                .foreign(words::clipped(why, 300))
        }
        Outcome::Refused { why } => {
            Text::plain("The provider said no: ").foreign(words::clipped(why, 300))
        }
        Outcome::Unknown { why } => Text::default()
            .strong("I do not know whether it happened")
            .and(": ")
            .foreign(words::clipped(why, 300))
            .and(". Reading the provider before anything else."),
    }
}

fn flag_line(assignment: Assignment) -> Text {
    match assignment {
        Assignment::Off => {
            "Automatic assignment is off: production is pinned, and no merge goes live by itself."
        }
        Assignment::On => {
            "Automatic assignment is still ON: the next merge goes live by itself. Switch it off at the provider."
        }
        Assignment::CannotTell => {
            "Cannot tell whether automatic assignment is off. Treat it as pinned, and look at the provider."
        }
    }
    .into()
}

/// After a promote the flag is as it was before the incident, or somebody is told that it is not.
fn flag_after_promote(flip: &Flip, read: Assignment) -> Text {
    let text = match (flip.wanted_assignment(), read) {
        (_, Assignment::CannotTell) => {
            "Cannot tell whether automatic assignment is as before the incident: look at the provider."
        }
        (Assignment::On, Assignment::On) => {
            "Automatic assignment is on again, as before the incident: what is merged goes live by itself."
        }
        (Assignment::Off, Assignment::Off) => {
            "Automatic assignment stays off, as before the incident."
        }
        (Assignment::On, Assignment::Off) => {
            "Automatic assignment is still off, and was on before the incident: switch it on at the provider."
        }
        (Assignment::Off, Assignment::On) => {
            "Automatic assignment is on, and was off before the incident: switch it off at the provider."
        }
        (Assignment::CannotTell, Assignment::On) => {
            "Automatic assignment is on; how it was before the incident is not known."
        }
        (Assignment::CannotTell, Assignment::Off) => {
            "Automatic assignment is off; how it was before the incident is not known."
        }
    };
    Text::plain(text).and(" Watching production for 5 minutes.")
}
