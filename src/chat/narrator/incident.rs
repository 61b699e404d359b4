//! The thread's lines for what happens to the incident itself.

use super::{Told, with_reason};
use crate::chat::card::{self, notes};
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::chat::{evidence, words};
use crate::domain::action::Action;
use crate::domain::actor::Person;
use crate::domain::event::{Confirmation, Direction, Excuse, Exit, IncidentEvent, Wish};
use crate::domain::guard::Answerers;
use crate::domain::incident::Incident;

/// One line for an event of the incident itself; `None`: the card says it.
pub(super) fn line(told: &Told<'_>, event: &IncidentEvent, prefix: &Prefix) -> Option<Text> {
    let incident = told.incident;
    let plain = |text: &str| Some(Text::plain(text));
    match event {
        // The card itself says these.
        IncidentEvent::IncidentOpened { .. }
        | IncidentEvent::IncidentClosed { .. }
        | IncidentEvent::PromoteRefused { .. }
        | IncidentEvent::RollbackRefused { .. } => None,
        IncidentEvent::RollbackRequested { by, wish } => Some(rollback_asked(by, wish)),
        IncidentEvent::PromoteRequested { by, wish } => Some(promote_asked(by, wish)),
        IncidentEvent::WayBackSought { wish, .. } => Some(way_back(wish)),
        IncidentEvent::WorldMoved { .. } => {
            incident.elsewhere.as_ref().map(|seen| notes::moved(incident, seen, prefix))
        }
        IncidentEvent::Layer1Excused { by, excuse, reason } => Some(excused(by, *excuse, reason)),
        IncidentEvent::FalseAlarmRaised { by, reason } => Some(false_alarm(by, reason)),
        IncidentEvent::FalseAlarmAgreed { by } => Some(Text::default().person(by).and(
            " agrees: it was a false alarm. What was suspected is verified before it goes live again.",
        )),
        IncidentEvent::TaskTaken { task, by } => {
            let task = card::label(&Action::TakeTask(*task));
            Some(Text::default().person(by).and(" looks after: ").strong(task).and("."))
        }
        IncidentEvent::ChangesRead { evidence, .. } => {
            let destruction = evidence::destruction(evidence)?;
            let text = Text::default().strong("Destructive migration").and(": ");
            Some(text.append(destruction).and(". One press is not enough to roll back over it."))
        }
        IncidentEvent::ConfirmationIssued { confirmation, .. } => Some(issued(told, confirmation)),
        IncidentEvent::ConfirmationExpired { .. } => {
            plain("Nobody confirmed in time. Nothing was sent.")
        }
        IncidentEvent::ConfirmationVoided { why, .. } => Some(
            format!("The question no longer holds: {}. Nothing was sent.", words::void(*why))
                .into(),
        ),
        IncidentEvent::RollbackCancelled { by } => {
            Some(Text::default().person(by).and(" cancelled. Nothing was sent."))
        }
        IncidentEvent::FlipConfirmed { by, .. } => Some(confirmed(incident, by)),
        IncidentEvent::EffectDropped { why, .. } => {
            Some(format!("Not sent after all: {}.", words::void(*why)).into())
        }
        IncidentEvent::TroubleMet { what } => Some(
            Text::plain("Cannot read the provider: ")
                .foreign(words::clipped(what, 300))
                .and(". I go on trying."),
        ),
        IncidentEvent::TroubleOver => plain("The provider can be read again."),
        IncidentEvent::PersonNeeded { why } => Some(
            Text::default()
                .strong("A person is needed")
                .and(": ")
                .foreign(words::clipped(why, 300))
                .and("."),
        ),
        IncidentEvent::NoteAdded { by, text } => {
            Some(Text::default().person(by).and(" noted: ").foreign(words::clipped(text, 1500)))
        }
        IncidentEvent::IncidentResolved { by, exit, reason } => {
            Some(resolved(by, *exit, reason.as_deref()))
        }
    }
}

fn rollback_asked(by: &Person, wish: &Wish) -> Text {
    let text = Text::default().person(by).and(" asked to roll back");
    match &wish.to {
        Some(to) => text.and(" to ").code(words::clipped(to, 80)).and("."),
        None => text.and("."),
    }
}

fn promote_asked(by: &Person, wish: &Wish) -> Text {
    let text = Text::default().person(by).and(" asked to promote ");
    match &wish.to {
        Some(to) => text.code(words::clipped(to, 80)).and("."),
        None => text.and("the fix."),
    }
}

fn way_back(wish: &Wish) -> Text {
    let text = Text::plain("The way back: ");
    match &wish.to {
        Some(to) => text
            .code(words::clipped(to, 80))
            .and(", which was live before, is put on the card. One press of ")
            .strong("Confirm")
            .and(" brings it back."),
        None => text.and("looking for a deployment that worked; the card asks."),
    }
}

fn excused(by: &Person, excuse: Excuse, reason: &str) -> Text {
    let text = Text::default().person(by).and(match excuse {
        Excuse::FlagOff => " says that a flag is off instead of a rollback",
        Excuse::RuledOut => " says that a rollback is ruled out",
    });
    with_reason(text, Some(reason))
}

fn false_alarm(by: &Person, reason: &str) -> Text {
    let text = Text::default().person(by).and(" says that the code was fine");
    with_reason(text, Some(reason))
        .and(" Another responder has to agree: ")
        .strong("Agree")
        .and(" is on the card.")
}

fn issued(told: &Told<'_>, question: &Confirmation) -> Text {
    let awaited = match card::answerers(told.incident, question, told.service) {
        Answerers::Anybody => "Confirm",
        Answerers::NobodyWithoutReason => "a reason",
        Answerers::SecondPerson => "a second person's Confirm",
        Answerers::TwoPeople => "two people's Confirm",
    };
    let text = match question.direction() {
        Direction::Back => Text::plain("Target: "),
        Direction::Forward => Text::plain("To be promoted: "),
    };
    text.append(words::short(&question.to.deployment))
        .and(format!(". Waiting for {awaited} until "))
        .time(question.expires_at)
        .and(".")
}

fn confirmed(incident: &Incident, by: &Person) -> Text {
    let text = Text::default().person(by).and(" confirmed");
    let Some(flip) = incident.flip() else { return text.and(": sending now.") };
    let question = &flip.confirmation;
    let is_override =
        incident.evidence_of(&question.id).is_some_and(|evidence| evidence.is_destructive());
    let text = match &question.promotion {
        _ if is_override => {
            let text = text.and(" as the second person, over a ").strong("destructive migration");
            overridden(text, question)
        }
        Some(promotion) if !promotion.overridden.is_empty() => {
            let text = text.and(" as the second person, over ").strong("what speaks against it");
            overridden(text, question)
        }
        Some(_) | None => text.and(": production goes from "),
    };
    text.append(words::short(&question.from))
        .and(" to ")
        .append(words::short(&question.to.deployment))
        .and(". Sending now.")
}

fn overridden(text: Text, question: &Confirmation) -> Text {
    let reason = question.reason.as_deref().unwrap_or_default();
    let text = text.and(". ").person(&question.requester).and(" asked for it: ");
    text.foreign(words::clipped(reason, 300)).and(". Production goes from ")
}

fn resolved(by: &Person, exit: Exit, reason: Option<&str>) -> Text {
    let text = Text::default().strong("resolved").and(" by ").person(by);
    let text = match exit {
        Exit::Blip => text.and(": it was a blip"),
        Exit::ByHand => text,
        Exit::Reverted => {
            text.and(": the bad change is taken back, and production follows main again")
        }
        Exit::FixedForward => text.and(": fixed forward, and production follows main again"),
        Exit::FalseAlarm => {
            text.and(": it was a false alarm, and what was suspected is live again")
        }
    };
    with_reason(text, reason)
}
