//! The last step: the question with what it sets free, and the watch afterwards.

use super::Drawing;
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::deployment::Assignment;
use crate::domain::event::{Confirmation, Promotion};
use crate::domain::fact::Known;
use crate::domain::fix::{Main, MainChecks};
use crate::domain::incident::{Flip, WATCH};
use crate::domain::refusal::Refusal;

/// What pressing Confirm does: it names the deployment, what follows automatic assignment, and what ships next.
pub(super) fn question(
    question: &Confirmation,
    promotion: &Promotion,
    drawing: &Drawing<'_>,
) -> Text {
    let text = Text::plain("Production points at ")
        .append(words::short(&question.from))
        .and(". Press ")
        .strong("Confirm")
        .and(" to promote ")
        .append(words::short(&question.to.deployment))
        .and(" to it. ")
        .append(sets_free(promotion))
        .and(" ");
    let until = Text::plain(" until ").time(question.expires_at).and(".");
    if promotion.overridden.is_empty() {
        return text.and("Any responder may press").append(until);
    }
    text.strong("Against it speaks")
        .and(": ")
        .append(against(&promotion.overridden, drawing))
        .person(&question.requester)
        .and(" asks for it all the same; somebody else presses ")
        .strong("Confirm")
        .append(until)
}

/// Each reason that is overridden, without its own next step.
fn against(overridden: &[Refusal], drawing: &Drawing<'_>) -> Text {
    let mut text = Text::default();
    for refusal in overridden {
        text = text.append(objection(refusal, drawing)).and(". ");
    }
    text
}

fn objection(refusal: &Refusal, drawing: &Drawing<'_>) -> Text {
    match refusal {
        Refusal::NotVerified { verified: Some(other), .. } => {
            Text::plain("it is not verified, but ").code(other.as_str()).and(" was")
        }
        Refusal::NotVerified { verified: None, .. } => "it is not verified".into(),
        Refusal::LacksFix { .. } => "it does not contain the fix".into(),
        Refusal::NoFixMerged => "there is no fix on main".into(),
        Refusal::MainIsRed => "the checks of main's newest commit failed".into(),
        Refusal::CannotTell { what } => words::unreadable(what),
        other => words::refusal(other, None, drawing.prefix),
    }
}

/// What becomes of automatic assignment, and which commits then ship.
pub(super) fn sets_free(promotion: &Promotion) -> Text {
    match promotion.baseline {
        Assignment::On => Text::default()
            .strong("This re-arms automatic assignment")
            .and(", as it was before the incident: from then on what is merged to main goes live by itself. ")
            .append(ships_next(promotion)),
        Assignment::Off => Text::default()
            .strong("Automatic assignment stays off")
            .and(", as it was before the incident: nothing goes live by itself."),
        Assignment::CannotTell => Text::default()
            .strong("This may re-arm automatic assignment")
            .and(": how it was before the incident is not known, and it stays as the promote leaves it. ")
            .append(ships_next(promotion)),
    }
}

fn ships_next(promotion: &Promotion) -> Text {
    let Some(main) = &promotion.main else {
        return "Which commits would ship next is not known.".into();
    };
    match &main.value {
        Known::Known(main) => of_main(main),
        Known::Unknown(why) => {
            let why = format!("{}: {why}", main.source);
            Text::plain("Which commits would ship next is not known: ")
                .append(words::unreadable(&why))
                .and(".")
        }
    }
}

/// What is on main after the deployment.
pub(super) fn of_main(main: &Main) -> Text {
    let text = match main.since_count {
        0 => Text::plain("Nothing on main waits behind it."),
        count => Text::plain(format!(
            "Next to ship: {} that came to main after it: ",
            words::count(count as usize, "commit")
        ))
        .append(words::commits(&main.since, count))
        .and("."),
    };
    match main.checks {
        MainChecks::Green => text,
        MainChecks::Pending => text.and(" Main's checks still run."),
        MainChecks::Red => text.and(" Main's checks failed."),
    }
}

/// Production after the promote.
pub(super) fn watch(flip: &Flip) -> Text {
    let Some(watch) = &flip.watch else { return Text::default() };
    if let Some(why) = &watch.failed {
        return Text::default()
            .strong("Production fails")
            .and(": ")
            .foreign(words::clipped(why, 300))
            .and(". It is being brought back.");
    }
    if watch.passed_at.is_some() {
        return Text::plain("Production was well for 5 minutes. ").append(flag_left(flip));
    }
    let text = match &watch.trouble {
        Some((at, why)) => Text::plain("A look at ")
            .time(*at)
            .and(" failed: ")
            .foreign(words::clipped(why, 300))
            .and(". I look again at once. "),
        None => Text::default(),
    };
    text.and("I watch production until ")
        .time(watch.since + WATCH)
        .and("; if it fails, one press brings the deployment before it back. If it stays well, the incident is resolved.")
}

/// What a person has to do about the flag before the incident can end.
fn flag_left(flip: &Flip) -> Text {
    match flip.wanted_assignment() {
        Assignment::On => "Automatic assignment was on before the incident and is not now. Next: switch it on at the provider; then the incident is resolved by itself.".into(),
        Assignment::Off => "Automatic assignment was off before the incident and is not now. Next: switch it off at the provider; then the incident is resolved by itself.".into(),
        Assignment::CannotTell => Text::default(),
    }
}

/// Which commits and which flag a promote is about, for the fields of the card.
pub(super) fn flag_field(question: &Confirmation, promotion: &Promotion) -> Text {
    let now = words::assignment(question.bound.assignment);
    let after = match promotion.baseline {
        Assignment::On => "armed again by this",
        Assignment::Off => "stays off",
        Assignment::CannotTell => "as the promote leaves it",
    };
    Text::plain(format!("{now}; {after}"))
}

/// What was found at the deployment's own address.
pub(super) fn verified_field(
    question: &Confirmation,
    promotion: &Promotion,
    drawing: &Drawing<'_>,
) -> Text {
    match &promotion.verified {
        Some((_, at)) => Text::default()
            .strong("verified")
            .and(" at ")
            .time(*at)
            .and(format!(", {}", words::ago(*at, drawing.now))),
        None => Text::plain("not verified: ").append(words::short(&question.to.deployment)),
    }
}
