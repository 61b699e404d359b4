//! Every refusal as a sentence: why, and what to do next. Those of Layer 2 are in `layer2`.

use super::{authority, layer2, unreadable, void};
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::domain::deployment::BuildState;
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::refusal::Refusal;

/// A refusal as a sentence, with the next step.
pub fn refusal(refusal: &Refusal, service: Option<&ServiceId>, prefix: &Prefix) -> Text {
    match refusal {
        Refusal::NotAllowed { .. }
        | Refusal::RightsUnknown { .. }
        | Refusal::GroupsUnreadable { .. }
        | Refusal::ApproverNeeded
        | Refusal::YesCounted { .. }
        | Refusal::NotAlone
        | Refusal::AloneTooEarly { .. }
        | Refusal::NotAPerson => authority::refusal(refusal, prefix),
        Refusal::Halted { .. } | Refusal::NotHalted => halted(refusal, prefix),
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
        | Refusal::PlanLimit { .. } => no_target(refusal, &rollback_of(service, prefix)),
        Refusal::AlreadyConfirmed { .. }
        | Refusal::Cancelled { .. }
        | Refusal::Expired
        | Refusal::Voided(_)
        | Refusal::TooLateToCancel { .. }
        | Refusal::NothingToCancel
        | Refusal::PointerHeld { .. }
        | Refusal::CannotRead { .. }
        | Refusal::OverrideNeedsReason { .. }
        | Refusal::SecondPersonNeeded => not_now(refusal, &rollback_of(service, prefix)),
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
        | Refusal::ReasonTooLong
        | Refusal::NoReasonAsked
        | Refusal::NothingToAgree
        | Refusal::OtherPersonNeeded => layer2::refusal(refusal, service, prefix),
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
        | Refusal::MergeUnsettled { .. }
        | Refusal::NotRecorded
        | Refusal::WrongChannel => not_this_button(refusal, prefix),
    }
}

fn rollback_of(service: Option<&ServiceId>, prefix: &Prefix) -> String {
    match service {
        Some(service) => prefix.command(&format!("rollback {service}")),
        None => prefix.command("rollback"),
    }
}

fn halted(refusal: &Refusal, prefix: &Prefix) -> Text {
    match refusal {
        Refusal::Halted { by, since } => Text::plain("The bot is halted: ")
            .person(by)
            .and(" said so at ")
            .time(*since)
            .and(". Nothing is sent until a lead types ")
            .code(prefix.command("incident resume")),
        _ => Text::plain("The bot is not halted, so there is nothing to resume."),
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
            Text::plain("There is nothing to cancel. Next: ").code(rollback)
        }
        Refusal::PointerHeld { by, since } => {
            Text::plain(format!("Incident {by} is moving this service's production since "))
                .time(*since)
                .and(". One move at a time: wait for it.")
        }
        Refusal::CannotRead { why } => Text::plain("Nothing was sent, because ")
            .append(unreadable(why))
            .and(". Next: try again in a moment; a button stays good."),
        Refusal::OverrideNeedsReason { target } => Text::plain(
            "A migration took away what that version needs, so one press is not enough. Better: switch the feature off by its flag, or fix forward. To roll back all the same: ",
        )
        .code(format!("{rollback} {target} <reason>"))
        .and("; then a second person confirms."),
        Refusal::SecondPersonNeeded => Text::plain(
            "This takes two people, and your yes counts already: a second person has to press Confirm, by none of your own accounts. Next: ask another responder to look at the card. Nothing was sent.",
        ),
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
            "Production is being moved. Next: wait until the card says how that ended, then try again.",
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
            "Your press is in hand. What must be known first is slow to come, and nothing is sent before it is there.",
        ),
        Refusal::MergeUnsettled { number } => Text::plain(format!(
            "GitHub was asked to merge #{number} by itself, and that is ended first. Next: ask again when the thread says that it is."
        )),
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
