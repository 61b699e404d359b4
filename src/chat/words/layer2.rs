//! The refusals of Layer 2 and of the last step: why, and what to do next, with the very command.

use super::{clipped, names, unreadable};
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::domain::action::LONGEST_REASON;
use crate::domain::fix::GateVerdict;
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::refusal::Refusal;

/// The commands of a service as they are typed here.
struct Commands<'a> {
    service: Option<&'a ServiceId>,
    prefix: &'a Prefix,
}

impl Commands<'_> {
    /// `/rollback shop`, with something behind it.
    fn of(&self, command: &str, rest: &str) -> String {
        let service = self.service.map(|service| format!(" {service}")).unwrap_or_default();
        let rest = if rest.is_empty() { String::new() } else { format!(" {rest}") };
        self.prefix.command(&format!("{command}{service}{rest}"))
    }

    fn incident(&self, rest: &str) -> String {
        self.prefix.command(&format!("incident {rest}"))
    }
}

pub(super) fn refusal(refusal: &Refusal, service: Option<&ServiceId>, prefix: &Prefix) -> Text {
    let commands = Commands { service, prefix };
    match refusal {
        Refusal::FlipFirst
        | Refusal::NoRepository
        | Refusal::UnknownChange { .. }
        | Refusal::NameTheChange
        | Refusal::CannotRevert { .. }
        | Refusal::AlreadyReverted => no_revert(refusal, &commands),
        Refusal::NotVerified { .. }
        | Refusal::LacksFix { .. }
        | Refusal::NoFixMerged
        | Refusal::NoFixBuilt
        | Refusal::MainIsRed
        | Refusal::CannotTell { .. }
        | Refusal::OlderThanBad { .. } => no_promote(refusal, &commands),
        _ => no_step(refusal, &commands),
    }
}

fn no_revert(refusal: &Refusal, commands: &Commands<'_>) -> Text {
    match refusal {
        Refusal::FlipFirst => Text::plain(
            "Production still answers from the bad deployment. The pointer comes first: it takes seconds, and the code an hour. Next: ",
        )
        .code(commands.of("rollback", ""))
        .and(". If a rollback is ruled out: ")
        .code(commands.incident("ruled-out <reason>"))
        .and("; if a flag was switched off: ")
        .code(commands.incident("flag <reason>"))
        .and("."),
        Refusal::NoRepository => Text::plain(
            "No repository is configured for this service, so there is nothing that I could revert or follow. Next: revert it by hand through your usual pull request, or add the repository to the configuration.",
        ),
        Refusal::UnknownChange { typed } => Text::default()
            .code(clipped(typed, 80))
            .and(" is neither a commit (seven digits or more), nor a pull request, nor a range. Next: ")
            .code(commands.of("revert", "#124"))
            .and(" or ")
            .code(commands.of("revert", "<commit>"))
            .and("."),
        Refusal::NameTheChange => Text::plain(
            "It is not known which commit is the bad one: the provider does not say what the bad deployment was built from. Next: name it, ",
        )
        .code(commands.of("revert", "<commit>"))
        .and(" or ")
        .code(commands.of("revert", "#124"))
        .and("."),
        Refusal::CannotRevert { why } => Text::plain("That cannot be taken back: ")
            .foreign(clipped(why, 300))
            .and(". Next: name another change, ")
            .code(commands.of("revert", "<commit>"))
            .and(", or the pull request that mends it, ")
            .code(commands.incident("fix <PR>"))
            .and("."),
        _ => Text::plain(
            "Nothing of that change is left on main: it is reverted already. Next: name the pull request that did it, ",
        )
        .code(commands.incident("fix <PR>"))
        .and(", and its build is followed from there."),
    }
}

fn no_promote(refusal: &Refusal, commands: &Commands<'_>) -> Text {
    match refusal {
        Refusal::NotVerified { deployment, verified } => {
            let text = name(deployment).and(" is not verified on its own address");
            let text = match verified {
                Some(other) => text.and("; verified was ").append(name(other)).and(", which is another one."),
                None => text.and("."),
            };
            text.and(" Next: ")
                .code(commands.of("verify", deployment.as_str()))
                .append(all_the_same(deployment, commands))
        }
        Refusal::LacksFix { deployment } => name(deployment)
            .and(" does not contain the fix: its commit has not got it in its history. Next: ")
            .code(commands.of("promote", ""))
            .and(" for the build of the fix")
            .append(all_the_same(deployment, commands)),
        Refusal::NoFixMerged => Text::plain(
            "There is no fix on main yet, so a promote would bring the bad change back with the next merge. Next: ",
        )
        .code(commands.of("revert", ""))
        .and(", or name the pull request that mends it: ")
        .code(commands.incident("fix <PR>"))
        .and("."),
        Refusal::NoFixBuilt => Text::plain(
            "The fix is on main, and its production build is not ready. Next: wait for it; the card says when it is ready, not live.",
        ),
        Refusal::MainIsRed => Text::plain(
            "The checks of main's newest commit failed, and a promote lets main go live by itself again. Next: make main green, then ",
        )
        .code(commands.of("promote", ""))
        .and(". To go on all the same, give a reason: ")
        .code(commands.of("promote", "reason <why>"))
        .and("; then a second person confirms."),
        Refusal::OlderThanBad { deployment } => name(deployment)
            .and(" is older than the bad one, and a promote would let main go live by itself again, with the bad change. Going back is a rollback. Next: ")
            .code(commands.of("rollback", deployment.as_str()))
            .and("."),
        Refusal::CannotTell { what } => Text::plain("Something that must be known is not, for ")
            .append(unreadable(what))
            .and(". Next: try again in a moment, or go on without it by a reason: ")
            .code(commands.of("promote", "reason <why>"))
            .and("; then a second person confirms."),
        _ => Text::plain("That cannot be promoted. Next: ").code(commands.of("promote", "")),
    }
}

fn name(deployment: &DeploymentId) -> Text {
    Text::default().code(deployment.as_str())
}

fn all_the_same(deployment: &DeploymentId, commands: &Commands<'_>) -> Text {
    Text::plain(". To promote it all the same, give a reason: ")
        .code(commands.of("promote", &format!("{deployment} <reason>")))
        .and("; then a second person confirms.")
}

fn no_step(refusal: &Refusal, commands: &Commands<'_>) -> Text {
    match refusal {
        Refusal::AlreadyMerged => Text::plain(
            "The fix is on main already. Next: the card says how far its build is. If it was not enough, name another one: ",
        )
        .code(commands.incident("fix <PR>")),
        Refusal::NoFix => Text::plain("There is no open pull request to merge. Next: ")
            .code(commands.of("revert", ""))
            .and(", or name one: ")
            .code(commands.incident("fix <PR>")),
        Refusal::HeadMoved => Text::plain(
            "Somebody pushed to the branch since that button was shown, so it would merge something else. Nothing was merged. Next: look at the card; it has a fresh Merge as soon as everything is green.",
        ),
        Refusal::GateNotGreen { verdict } => not_green(verdict, commands),
        Refusal::ReasonNeeded => Text::plain(
            "A reason is needed, for the record. Next: type it behind the command, for example ",
        )
        .code(commands.incident("ruled-out <reason>")),
        Refusal::ReasonTooLong => Text::plain(format!(
            "That reason is too long: {LONGEST_REASON} characters are the most. Nothing was done. Next: shorten it and send it again."
        )),
        Refusal::NoReasonAsked => Text::plain(
            "Things have moved on since the form was opened: nothing asks for a reason any more, and nothing was done. Next: look at the card, it shows what can be pressed now.",
        ),
        Refusal::NothingToAgree => Text::plain(
            "Nobody says that it was a false alarm, so there is nothing to agree to. Next, if you think so: ",
        )
        .code(commands.incident("false-alarm <reason>")),
        _ => Text::plain(
            "Somebody else must say so: one person alone cannot call it a false alarm. Next: ask another responder to press Agree on the card.",
        ),
    }
}

fn not_green(verdict: &GateVerdict, commands: &Commands<'_>) -> Text {
    let text = Text::plain("Nothing was merged: ");
    match verdict {
        GateVerdict::Green => text.and("it was not green at that moment. Next: press Merge again."),
        GateVerdict::Waiting { on } => text
            .and("it still waits for ")
            .append(names(on.iter(), 6))
            .and(". Next: wait; the card shows Merge when everything is green. I never merge around the gate."),
        GateVerdict::Red { why } => text
            .and("the gate is red: ")
            .append(names(why.iter(), 6))
            .and(". Next: mend the branch, or name another pull request: ")
            .code(commands.incident("fix <PR>")),
        GateVerdict::Unreadable { why } => text
            .and("what the repository demands cannot be read (")
            .foreign(clipped(why, 200))
            .and("), and what is not known is not green. Next: try again in a moment."),
    }
}
