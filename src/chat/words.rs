//! The sentences. Every refusal says why and what to do next; foreign words stay marked as foreign.

use super::catalog::Prefix;
use super::reply::Text;
use crate::domain::actor::{Actor, Role};
use crate::domain::deployment::{Assignment, BuildState, Deployment, Live};
use crate::domain::event::FlipFailure;
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::incident::Incident;
use crate::domain::probe::{Probe, Seen};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::{Span, Timestamp};

/// A deployment in few words: short commit, else id.
pub fn short(deployment: &Deployment) -> Text {
    match deployment.short_sha() {
        Some(sha) => Text::default().code(sha),
        None => Text::default().code(deployment.id.as_str()),
    }
}

/// A deployment in one line: commit, subject, author, age.
pub fn described(deployment: &Deployment, now: Timestamp) -> Text {
    let mut text = short(deployment);
    if let Some(subject) = &deployment.subject {
        text = text.and(" ").foreign(clipped(subject, 80));
    }
    let mut details = Vec::new();
    if let Some(author) = &deployment.author {
        details.push(Text::default().foreign(clipped(author, 40)));
    }
    if deployment.created_at.0 > 0 {
        let age = now.since(deployment.created_at);
        details.push(Text::plain(format!("built {age} ago")));
    }
    for detail in details {
        text = text.and(" · ").append(detail);
    }
    text
}

/// Foreign text, at most `longest` characters.
pub fn clipped(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(longest.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Who stands behind something.
pub fn actor(actor: &Actor) -> Text {
    match actor {
        Actor::Person(person) => Text::default().person(person),
        Actor::Policy { by, .. } => Text::plain("a rule that ").person(by).and(" switched on"),
        Actor::Bot => Text::plain("the bot"),
    }
}

/// The assignment flag in one word, with what it means.
pub fn assignment(assignment: Assignment) -> &'static str {
    match assignment {
        Assignment::On => "armed: the next production build goes live by itself",
        Assignment::Off => "pinned: nothing goes live by itself",
        Assignment::CannotTell => "cannot tell: treated as pinned",
    }
}

/// What production resolves to.
pub fn live(live: &Live) -> Text {
    match live {
        Live::At(id) => Text::default().code(id.as_str()),
        Live::Split(_) => Text::plain("several deployments at once"),
        Live::Nothing => Text::plain("nothing"),
    }
}

/// What the last look at production saw.
pub fn probe(probe: &Probe) -> Text {
    match &probe.seen {
        Seen::Target => Text::plain("it answers from the target"),
        Seen::TargetFailing { status, path } => {
            Text::plain(format!("the target answers, but with {status} on ")).code(path)
        }
        Seen::Other { marker, status } => Text::plain("it answers from ")
            .code(clipped(marker, 80))
            .and(format!(" (status {status})")),
        Seen::NoMarker { status } => {
            Text::plain(format!("it answers with status {status} and no marker to compare"))
        }
        Seen::NoAnswer { why } => Text::plain("it does not answer: ").foreign(clipped(why, 200)),
    }
}

/// Why a question no longer holds.
pub fn void(why: Void) -> &'static str {
    match why {
        Void::PointerMoved => "production has moved since the question was put",
        Void::AssignmentChanged => "automatic assignment was switched since the question was put",
        Void::JobPending => "another job is moving production at the provider",
        Void::ConfigChanged => "the service's configuration has changed",
        Void::Halted => "the bot was halted",
        Void::Superseded => "another target was asked for",
        Void::RightsLost => "the person who confirmed may no longer act",
        Void::Stale => "it waited too long",
        Void::GroundsGone => "a later verification of it failed, or another fix was named",
    }
}

/// Why a flip did not come to its end, and what to do.
pub fn failure(failure: &FlipFailure, incident: &Incident, prefix: &Prefix) -> Text {
    let again = prefix.command(&format!("rollback {}", incident.service));
    match failure {
        FlipFailure::Refused { why } => Text::plain("the provider refused: ")
            .foreign(clipped(why, 300))
            .and(". Production is where it was. Mend that, or try ")
            .code(again),
        FlipFailure::Aliases(names) => {
            let mut text = Text::plain("some production names were not moved: ");
            for (index, name) in names.iter().take(5).enumerate() {
                text = if index == 0 { text } else { text.and(", ") };
                text = text.code(clipped(&name.name, 80));
            }
            if names.is_empty() {
                text = text.and("which ones is not known");
            }
            text.and(". Production is split. Try again: ").code(again)
        }
        FlipFailure::Skipped => {
            Text::plain("the provider skipped the job; production is where it was. Try again: ").code(again)
        }
        FlipFailure::JobTimedOut => Text::plain(
            "the provider did not finish in time. Look at its dashboard, then try again: ",
        )
        .code(again),
        FlipFailure::MovedElsewhere { live: to } => {
            Text::plain("somebody else moved production meanwhile; it points at ")
                .append(live(to))
                .and(". Nothing is undone. If that is not right: ")
                .code(format!("{again} <target>"))
        }
        FlipFailure::NeverApplied => Text::plain(
            "the call was made twice and never took effect. Check the provider's access and disk, then try again: ",
        )
        .code(again),
    }
}

/// A refusal as a sentence, with the next step.
pub fn refusal(refusal: &Refusal, service: Option<&ServiceId>, prefix: &Prefix) -> Text {
    let rollback = match service {
        Some(service) => prefix.command(&format!("rollback {service}")),
        None => prefix.command("rollback"),
    };
    match refusal {
        Refusal::NotAllowed { .. }
        | Refusal::NotAPerson
        | Refusal::Halted { .. }
        | Refusal::NotHalted => may_not(refusal, prefix),
        Refusal::Preview(..)
        | Refusal::NeverServed(..)
        | Refusal::NotReady(..)
        | Refusal::AlreadyLive(..)
        | Refusal::MarkedBad(..)
        | Refusal::NameATarget { .. }
        | Refusal::PointerMoving
        | Refusal::NothingLive
        | Refusal::NoTarget
        | Refusal::AmbiguousTarget { .. }
        | Refusal::UnknownTarget { .. }
        | Refusal::PlanLimit { .. } => no_target(refusal, &rollback),
        Refusal::AlreadyConfirmed { .. }
        | Refusal::Cancelled { .. }
        | Refusal::Expired
        | Refusal::Voided(_)
        | Refusal::TooLateToCancel { .. }
        | Refusal::NothingToCancel
        | Refusal::PointerHeld { .. }
        | Refusal::CannotRead { .. } => not_now(refusal, &rollback),
        Refusal::OverrideNeedsReason { .. } | Refusal::SecondPersonNeeded => {
            needs_more(refusal, &rollback)
        }
        Refusal::FlipFirst
        | Refusal::NoRepository
        | Refusal::UnknownChange { .. }
        | Refusal::NameTheChange
        | Refusal::CannotRevert { .. }
        | Refusal::AlreadyReverted
        | Refusal::AlreadyMerged
        | Refusal::NoFix
        | Refusal::HeadMoved
        | Refusal::GateNotGreen { .. }
        | Refusal::NoFixMerged
        | Refusal::NoFixBuilt
        | Refusal::NotVerified { .. }
        | Refusal::LacksFix { .. }
        | Refusal::MainIsRed
        | Refusal::CannotTell { .. }
        | Refusal::OlderThanBad { .. }
        | Refusal::ReasonNeeded
        | Refusal::NothingToAgree
        | Refusal::OtherPersonNeeded => Text::plain("Not now."),
        Refusal::NoIncident
        | Refusal::IncidentOver
        | Refusal::FlipUnderWay
        | Refusal::FlippedNotBlip
        | Refusal::CloseNeedsReason => not_this_incident(refusal, prefix),
        Refusal::WrongCode { .. }
        | Refusal::CodesLocked { .. }
        | Refusal::UnknownButton
        | Refusal::NotAccepted
        | Refusal::NotYet
        | Refusal::NotRecorded
        | Refusal::WrongChannel => not_this_button(refusal, prefix),
    }
}

fn may_not(refusal: &Refusal, prefix: &Prefix) -> Text {
    let whoami = prefix.command("incident whoami");
    match refusal {
        Refusal::NotAllowed { needs, has: None } => Text::plain(format!(
            "You are not on this service's list, and this needs a {needs}. Ask a responder in this channel to do it; a button stays open for them. See "
        ))
        .code(whoami),
        Refusal::NotAllowed { needs: Role::Lead | Role::Responder, has: Some(has) } => Text::plain(
            format!("You are a {has} of this service, and this needs a lead. Ask a lead. See "),
        )
        .code(whoami),
        Refusal::Halted { by, since } => Text::plain("The bot is halted: ")
            .person(by)
            .and(" said so at ")
            .time(*since)
            .and(". Nothing is sent until a lead types ")
            .code(prefix.command("incident resume")),
        Refusal::NotHalted => Text::plain("The bot is not halted, so there is nothing to resume."),
        _ => Text::plain("Only people can do this. Type the command yourself."),
    }
}

fn no_target(refusal: &Refusal, rollback: &str) -> Text {
    let best = || Text::plain(" Next: ").code(rollback).and(" for the best target.");
    let name = |id: &DeploymentId| Text::default().code(id.as_str());
    match refusal {
        Refusal::Preview(id) => name(id)
            .and(" is a preview: it never served production, so one cannot roll back to it.")
            .append(best()),
        Refusal::NeverServed(id) => name(id)
            .and(" never served production, so one cannot roll back to it.")
            .append(best()),
        Refusal::NotReady(id, state) => name(id)
            .and(format!(" cannot serve: {}.", build_state(*state)))
            .append(best()),
        Refusal::AlreadyLive(id) => name(id)
            .and(" is what production runs now: there is nothing to move.")
            .append(Text::plain(" Next: name another target, or ").code(rollback).and(".")),
        Refusal::MarkedBad(id, incident) => name(id)
            .and(format!(" was marked bad in incident {incident}."))
            .append(best()),
        Refusal::NameATarget { live } => Text::plain("Production was rolled back already: ")
            .append(name(live))
            .and(" is live and is not the suspect. Going further back needs a name. Next: ")
            .code(format!("{rollback} <target>")),
        Refusal::PointerMoving => Text::plain(
            "Production's names point at several deployments right now: a move is under way or stuck half way. Next: wait a moment, then ",
        )
        .code(rollback),
        Refusal::NothingLive => Text::plain(
            "The provider knows no live production deployment for this service. Check the project in the configuration.",
        ),
        Refusal::NoTarget => Text::plain(
            "No earlier deployment qualifies: none has served production, is ready and is not marked bad. Next: a feature flag, or a forward fix.",
        ),
        Refusal::AmbiguousTarget { typed, fits } => {
            let mut text = Text::default().code(typed.clone()).and(" fits several deployments: ");
            for (index, fit) in fits.iter().enumerate() {
                text = if index == 0 { text } else { text.and(", ") };
                text = text.code(fit.clone());
            }
            text.and(". Next: give more digits or the id: ").code(format!("{rollback} <id>"))
        }
        Refusal::UnknownTarget { typed } => Text::plain("No deployment of this service fits ")
            .code(typed.clone())
            .and(". An id, an address, a commit or a list number will do.")
            .append(best()),
        Refusal::PlanLimit { asked, allows } => {
            let text = Text::plain("The provider's hobby plan rolls back only to the immediately previous production deployment, not to ")
                .append(name(asked));
            match allows {
                Some(allowed) => text.and(". Next: ").code(format!("{rollback} {allowed}")),
                None => text.and("."),
            }
        }
        _ => Text::plain("There is no target."),
    }
}

fn needs_more(refusal: &Refusal, rollback: &str) -> Text {
    match refusal {
        Refusal::OverrideNeedsReason { target } => {
            Text::plain("A migration took away what that version needs, so one press is not enough. Better: switch the feature off by its flag, or fix forward. To roll back all the same: ")
                .code(format!("{rollback} {target} <reason>"))
                .and("; then a second person confirms.")
        }
        _ => Text::plain("You asked for this rollback over a destructive migration: a second person has to press Confirm. Next: ask another responder to look at the card. Nothing was sent."),
    }
}

fn not_now(refusal: &Refusal, rollback: &str) -> Text {
    match refusal {
        Refusal::AlreadyConfirmed { by, at } => Text::plain("Already confirmed: ")
            .person(by)
            .and(" was first, at ")
            .time(*at)
            .and(". It is sent once; the card shows how far it is."),
        Refusal::Cancelled { by, at } => Text::plain("Cancelled: ")
            .person(by)
            .and(" took it back at ")
            .time(*at)
            .and(". Next: ")
            .code(rollback),
        Refusal::Expired => Text::plain(
            "That question has expired; nothing was sent. Next: press Ask again on the card, or ",
        )
        .code(rollback),
        Refusal::Voided(why) => Text::plain(format!(
            "Nothing was sent: {}. The card shows the present state; press there, or ",
            void(*why)
        ))
        .code(rollback),
        Refusal::TooLateToCancel { sent } => {
            Text::plain("Too late to cancel: it was confirmed at ")
                .time(*sent)
                .and(" and is sent. The card shows how far it is. To go elsewhere afterwards: ")
                .code(format!("{rollback} <target>"))
        }
        Refusal::NothingToCancel => {
            Text::plain("There is no rollback to cancel. Next: ").code(rollback)
        }
        Refusal::PointerHeld { by, since } => {
            Text::plain(format!("Incident {by} is moving this service's production since "))
                .time(*since)
                .and(". One move at a time: wait for it.")
        }
        Refusal::CannotRead { why } => {
            Text::plain("Nothing was sent, because the provider cannot be read right now: ")
                .foreign(clipped(why, 300))
                .and(". Press again in a moment; the button stays good.")
        }
        _ => Text::plain("Not now. Next: ").code(rollback),
    }
}

fn not_this_incident(refusal: &Refusal, prefix: &Prefix) -> Text {
    match refusal {
        Refusal::NoIncident => Text::plain("There is no open incident here. Next: ")
            .code(prefix.command("rollback"))
            .and(" or ")
            .code(prefix.command("incident open <what is wrong>")),
        Refusal::IncidentOver => {
            Text::plain("That incident is over. Next: ").code(prefix.command("incident list"))
        }
        Refusal::FlipUnderWay => Text::plain(
            "A rollback is under way. Wait until the card says how it ended, then try again.",
        ),
        Refusal::FlippedNotBlip => {
            Text::plain("Production was moved in this incident, so it was no blip. Next: ")
                .code(prefix.command("incident close <reason>"))
        }
        _ => Text::plain("Say why it can be closed now, for the record. Next: ")
            .code(prefix.command("incident close <reason>")),
    }
}

fn not_this_button(refusal: &Refusal, prefix: &Prefix) -> Text {
    let codes = prefix.command("incident press");
    match refusal {
        Refusal::WrongCode { left } => Text::plain(format!(
            "That code fits none of your buttons in this channel; {left} tries left. Your codes: "
        ))
        .code(codes),
        Refusal::CodesLocked { wait } => Text::plain(format!(
            "Too many wrong codes: codes are locked for you for {wait}. The buttons themselves still work."
        )),
        Refusal::NotYet => Text::plain(
            "Your press is in hand. The provider is slow to say where production points, and nothing is sent before it does.",
        ),
        Refusal::NotRecorded => Text::plain(
            "Your press is in hand. The bot cannot write its journal at the moment, its disk is full or locked; it goes on by itself once that is mended.",
        ),
        Refusal::NotAccepted => Text::plain(
            "Not accepted: recording your press took too long, so nothing was done. Please press again.",
        ),
        Refusal::WrongChannel => Text::plain(
            "This incident is not shown in this channel. Press in a channel of its service.",
        ),
        _ => Text::plain(
            "This button is not known here: it is too old, or from another installation. Next: ",
        )
        .code(prefix.command("incident status")),
    }
}

fn build_state(state: BuildState) -> &'static str {
    match state {
        BuildState::Ready => "it is ready",
        BuildState::Building => "it is still building",
        BuildState::Failed => "its build failed",
        BuildState::Gone => "it was deleted",
        BuildState::Unrecognised => {
            "the provider calls its state by a word this version does not know"
        }
    }
}

/// How long ago, in words.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let span: Span = now.since(then);
    if span < Span::seconds(5) { "just now".to_owned() } else { format!("{span} ago") }
}
