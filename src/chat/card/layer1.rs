//! What the card says while the pointer is asked about or moves.

use super::{Drawing, layer2, promote};
use crate::chat::reply::Text;
use crate::chat::{evidence, words};
use crate::domain::event::{Confirmation, Direction};
use crate::domain::fix::Layer2;
use crate::domain::guard::{self, Answerers};
use crate::domain::incident::{Flip, Incident, Layer1, Layer1Done, Proof, Resolving, Stage};

/// What is going on, in a few sentences.
pub(super) fn situation(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    if let Some(resolution) = &incident.resolution {
        let text = Text::plain("Ended by ").person(&resolution.by).and(" at ").time(resolution.at);
        return match &resolution.reason {
            Some(reason) => text.and(": ").foreign(words::clipped(reason, 300)),
            None => text.and("."),
        };
    }
    match &incident.layer1 {
        Layer1::Idle => idle(incident, drawing),
        Layer1::Resolving(resolving) => asked(incident, resolving),
        Layer1::Waiting(question) => match &question.promotion {
            Some(promotion) => promote::question(question, promotion, drawing),
            None => rollback_question(incident, question, drawing),
        },
        Layer1::Lapsed(_, why) => Text::plain(format!(
            "Nothing was sent: {}. Press Ask again for a fresh look, or Cancel.",
            words::void(*why)
        )),
        Layer1::Settled(flip) if is_about_the_fix(incident, flip) => {
            layer2::situation(incident, drawing)
        }
        Layer1::Flipping(flip) | Layer1::Settled(flip) => of_flip(incident, flip, drawing),
    }
}

/// Layer 1 is over, and what there is to say is about the fix.
fn is_about_the_fix(incident: &Incident, flip: &Flip) -> bool {
    flip.is_proven() && flip.direction() == Direction::Back && incident.layer2 != Layer2::Idle
}

fn asked(incident: &Incident, resolving: &Resolving) -> Text {
    if let Some(why) = relapse(incident).filter(|_| resolving.direction == Direction::Back) {
        return why.and(" Looking for the way back…");
    }
    let name = match resolving.direction {
        Direction::Back => "rollback",
        Direction::Forward => "promote",
    };
    let text = Text::default().person(&resolving.by).and(format!(" asked for a {name} at "));
    let text = text.time(resolving.since);
    let text = match &resolving.wish.reason {
        Some(reason) => text.and(": ").foreign(words::clipped(reason, 300)),
        None => text,
    };
    let text = match (resolving.direction, &incident.verifying) {
        (Direction::Forward, Some(_)) => {
            text.and(". Its verification is made first; then the question follows.")
        }
        (Direction::Back | Direction::Forward, _) => text.and(". Reading the provider…"),
    };
    match resolving.again {
        Some(why) => text.and(format!(" Asked anew: {}.", words::void(why))),
        None => text,
    }
}

/// Production fails after the promote, and the way back is sought.
fn relapse(incident: &Incident) -> Option<Text> {
    let failed = incident.before.as_ref()?.watch.as_ref()?.failed.as_ref()?;
    let text = Text::default().strong("Production fails after the promote").and(": ");
    Some(text.foreign(words::clipped(failed, 300)).and("."))
}

fn rollback_question(incident: &Incident, question: &Confirmation, drawing: &Drawing<'_>) -> Text {
    let from = match relapse(incident) {
        Some(why) => why.and(" "),
        None => Text::default(),
    };
    let from = from.and("Production points at ").append(words::short(&question.from));
    let to = words::short(&question.to.deployment);
    let Some(destruction) = incident.evidence_of(&question.id).and_then(evidence::destruction)
    else {
        return from
            .and(". Press ")
            .strong("Confirm")
            .and(" to point it back at ")
            .append(to)
            .and(". Any responder may press until ")
            .time(question.expires_at)
            .and(".");
    };
    let text = from
        .and(". One press does not point it back at ")
        .append(to)
        .and(", because a migration took away what that version needs: ")
        .append(destruction)
        .and(". Better: switch the feature off by its flag, or fix forward.");
    match guard::g4_who_answers(question, incident.evidence_of(&question.id)) {
        Answerers::Anybody | Answerers::SecondPerson | Answerers::TwoPeople => text
            .and(" To roll back all the same, somebody else than ")
            .person(&question.requester)
            .and(" presses ")
            .strong("Confirm")
            .and(" until ")
            .time(question.expires_at)
            .and("."),
        Answerers::NobodyWithoutReason => {
            let (service, target) = (&incident.service, &question.to.deployment.id);
            let again = drawing.prefix.command(&format!("rollback {service} {target} <reason>"));
            text.and(" To roll back all the same, give a reason: ")
                .code(again)
                .and("; then a second person confirms.")
        }
    }
}

fn idle(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    if let Some(Layer1Done::Excused { .. }) = &incident.layer1_done {
        return layer2::situation(incident, drawing);
    }
    if incident.layer2 != Layer2::Idle || incident.is_false_alarm() {
        return layer2::situation(incident, drawing);
    }
    let rollback = drawing.prefix.command(&format!("rollback {}", incident.service));
    if let Some(refusal) = &incident.refused {
        return words::refusal(refusal, Some(&incident.service), drawing.prefix);
    }
    let text = match &incident.cancelled {
        Some((by, at)) => Text::default()
            .strong("Cancelled")
            .and(" by ")
            .person(by)
            .and(" at ")
            .time(*at)
            .and("; nothing was sent."),
        None => Text::default().foreign(words::clipped(&incident.title, 300)),
    };
    text.and(" Next: ")
        .code(rollback)
        .and(", or ")
        .code(drawing.prefix.command("incident blip"))
        .and(" if it was nothing.")
}

fn of_flip(incident: &Incident, flip: &Flip, drawing: &Drawing<'_>) -> Text {
    let stamp = Text::default()
        .strong("Confirmed")
        .and(" by ")
        .person(&flip.confirmed_by)
        .append(match &flip.confirmed_with {
            Some(with) => Text::plain(" after ").person(with),
            None => Text::default(),
        })
        .and(" at ")
        .time(flip.confirmed_at)
        .and(". ");
    if let Some(failure) = &flip.failure {
        let name = words::move_name(flip);
        let why = words::failure(failure, incident, drawing.prefix);
        return stamp.and(format!("The {name} failed: ")).append(why);
    }
    let target = words::short(&flip.confirmation.to.deployment);
    stamp.append(match (&flip.proof, &flip.stage) {
        (Some(Proof::Proven(at)), _) => Text::plain("Production answers from ")
            .append(target)
            .and(" since ")
            .time(*at)
            .and(": ")
            .strong("proven")
            .and(". ")
            .append(match flip.direction() {
                Direction::Back => layer2::situation(incident, drawing),
                Direction::Forward => promote::watch(flip),
            }),
        (Some(Proof::NotServing(_, last)), _) => {
            Text::plain("The provider says it points at ")
                .append(target)
                .and(", but production does not serve it: ")
                .append(words::probe(last))
                .and(". Nothing has recovered yet. Next: check the names and any cache in front of production; I go on looking.")
        }
        (None, Stage::Intended { .. }) => match &flip.not_taken {
            Some(why) => Text::plain("The provider does not take it right now: ")
                .foreign(words::clipped(why, 200))
                .and(". I ask again."),
            None => Text::plain("Not sent yet."),
        },
        (None, Stage::Sending { .. }) => Text::plain("Asking the provider now."),
        (None, Stage::Unknown { why, .. }) => Text::plain("I do not know whether it happened: ")
            .foreign(words::clipped(why, 200))
            .and(". I read the provider before anything else is done."),
        (None, Stage::Doubted { why, .. }) => Text::plain("The provider said no: ")
            .foreign(words::clipped(why, 200))
            .and(". Reading whether production is there already."),
        (None, Stage::Polling { .. }) => Text::plain("The provider took it; its job runs."),
        (None, Stage::Proving { .. } | Stage::ReadingFlag { .. } | Stage::Done) => {
            Text::plain("The provider says done. Looking at production itself.")
        }
    })
}
