//! The sentences of verifications. The first line always says what was verified; what others wrote stays marked as foreign.

use super::reply::Text;
use super::words;
use crate::domain::actor::Person;
use crate::domain::event::VerificationEvent;
use crate::domain::incident::Incident;
use crate::domain::log::{ErrorLog, Traffic};
use crate::domain::probe::Seen;
use crate::domain::restored::{Rate, Stage};
use crate::domain::service::Service;
use crate::domain::time::{Span, Timestamp};
use crate::domain::verification::{
    self, Address, FRESH, Found, Journey, Log, Step, Subject, Verdict, Verification,
};

/// What is verified, in few words.
pub fn subject(subject: &Subject) -> Text {
    match subject {
        Subject::Production => Text::default().strong("production"),
        Subject::Deployment(typed) => Text::plain("deployment ").code(words::clipped(typed, 80)),
    }
}

/// What is about to be verified, for the one who asked.
pub fn announced(subject: &Subject, incident: &Incident, service: &Service) -> Text {
    let text = match subject {
        Subject::Production => Text::plain("Verifying ")
            .strong(format!("production of {}", service.id))
            .and(": is it restored? I walk its journeys at ")
            .link(service.production_url.clone(), service.production_url.clone()),
        Subject::Deployment(typed) => Text::plain("Verifying ")
            .append(named(typed, incident))
            .and(": I walk the journeys on its own address, which no customer uses"),
    };
    match (subject, verification::expected(incident)) {
        (Subject::Production, Some(target)) => {
            text.and(", which must answer from ").append(words::short(target)).and(".")
        }
        (Subject::Production | Subject::Deployment(_), _) => text.and("."),
    }
}

/// A deployment by what it is to the incident: the fix's build, or one of many.
fn named(typed: &str, incident: &Incident) -> Text {
    let built = incident.fix().and_then(|fix| fix.built.as_ref());
    match built.filter(|built| built.id.as_str() == typed) {
        Some(built) => {
            Text::default().strong("the fix's build").and(", ").append(words::short(built))
        }
        None => Text::default().strong("one deployment").and(", ").code(words::clipped(typed, 80)),
    }
}

/// What the team is told of a verification, in the incident's thread.
pub fn told(incident: &Incident, event: &VerificationEvent) -> Option<Text> {
    match event {
        VerificationEvent::VerificationAsked { by, subject, .. } => {
            Some(asked(by, subject, incident))
        }
        VerificationEvent::VerificationEnded { verification, .. } => {
            incident.verifications.iter().find(|one| one.id == *verification).map(ended)
        }
    }
}

fn asked(by: &Person, asked: &Subject, incident: &Incident) -> Text {
    let what = match asked {
        Subject::Production => subject(asked),
        Subject::Deployment(typed) => named(typed, incident),
    };
    let text = Text::default().person(by).and(" asked to verify ").append(what);
    match (asked, verification::expected(incident)) {
        (Subject::Production, Some(target)) => {
            text.and("; it must answer from ").append(words::short(target)).and(".")
        }
        (Subject::Production, None) => text.and(" as it is now."),
        (Subject::Deployment(_), _) => text.and(" on its own address."),
    }
}

fn ended(one: &Verification) -> Text {
    let text = phrase(one).and(": ").append(goal(one)).and(". ").append(reason(one));
    match &one.verdict {
        Verdict::Passed | Verdict::Failed => text.and(" ").append(log(one)),
        Verdict::Protected | Verdict::Unknown { .. } => text,
    }
}

/// What the request log says besides; that it says nothing is said as well.
fn log(one: &Verification) -> Text {
    match &one.log {
        Some(Log::Errors(log)) => match log.get() {
            Some(log) => errors(log),
            None => "(Its error log is not known: judged by the journeys alone.)".into(),
        },
        Some(Log::Rate { rate, since }) => match (rate, since.get()) {
            (Rate::Restored(stage), Some(since)) => rated("back", *stage, since),
            (Rate::NotRestored(stage), Some(since)) => rated("not back", *stage, since),
            (Rate::TooEarly, _) => {
                "(Too early for an error rate: judged by the journeys; verify again in a minute.)"
                    .into()
            }
            (Rate::NoData, Some(_)) => {
                "(No data: hardly anybody has asked since the flip, judged by the journeys alone.)"
                    .into()
            }
            (Rate::NoData | Rate::Restored(_) | Rate::NotRestored(_), None) => NO_LOGS.into(),
        },
        None => NO_LOGS.into(),
    }
}

/// Production is judged by what we see of it.
const NO_LOGS: &str = "(No request logs: judged by the journeys alone.)";

fn rated(word: &str, stage: Stage, since: &Traffic) -> Text {
    let stage = match stage {
        Stage::First => "so far",
        Stage::Final => "finally",
    };
    Text::plain(format!(
        "The error rate is {word} {stage}: {} of {} requests since the flip failed.",
        since.errors, since.requests
    ))
}

fn errors(log: &ErrorLog) -> Text {
    let Traffic { requests, errors, .. } = log.traffic;
    if errors == 0 {
        return Text::plain(format!("Its log shows no error in {requests} requests."));
    }
    let text = Text::plain(format!("Its log shows {errors} errors in {requests} requests"));
    match &log.worst {
        Some(worst) => {
            let status = worst.status.map_or("a crash".to_owned(), |status| status.to_string());
            text.and(", most often ")
                .code(words::clipped(&worst.request, 80))
                .and(format!(" with {status}."))
        }
        None => text.and("."),
    }
}

/// The verdict, for the card: with its age, and until when it counts.
pub fn line(one: &Verification, now: Timestamp) -> Text {
    let text = phrase(one).and(" at ").time(one.at);
    let text = if one.is_stale(now) {
        text.and(format!(", {}: ", words::ago(one.at, now))).strong("stale").and(", verify again")
    } else {
        text.and(", counts until ").time(one.at + FRESH)
    };
    let text = text.and(". ").append(goal(one)).and(". ").append(reason(one));
    match &one.verdict {
        Verdict::Passed | Verdict::Failed => text.and(" ").append(log(one)),
        Verdict::Protected | Verdict::Unknown { .. } => text,
    }
}

/// What is being verified, for the card.
pub fn under_way(asked: &Subject, by: &Person, since: Timestamp) -> Text {
    Text::default()
        .strong("Verifying")
        .and(" ")
        .append(subject(asked))
        .and(" since ")
        .time(since)
        .and(", asked by ")
        .person(by)
        .and("…")
}

/// The phrases of the interface.
fn phrase(one: &Verification) -> Text {
    Text::default().strong(match (one.address, &one.verdict) {
        (Address::Production, Verdict::Passed) => "restored",
        (Address::Production, Verdict::Failed) => "not restored",
        (Address::Own, Verdict::Passed) => "verified",
        (Address::Own, Verdict::Failed) => "not verified",
        (_, Verdict::Protected) => "protected",
        (Address::Production, Verdict::Unknown { .. }) => "not known whether it is restored",
        (Address::Own, Verdict::Unknown { .. }) => "not known whether it is good",
    })
}

fn goal(one: &Verification) -> Text {
    match (one.address, &one.deployment) {
        (Address::Production, Some(target)) => {
            Text::plain("Production, expected to answer from ").append(words::short(target))
        }
        (Address::Production, None) => "Production".into(),
        (Address::Own, Some(target)) => {
            Text::plain("Deployment ").append(words::short(target)).and(" on its own address")
        }
        (Address::Own, None) => "A deployment on its own address".into(),
    }
}

fn reason(one: &Verification) -> Text {
    match &one.verdict {
        Verdict::Passed => passed(&one.walk.journeys),
        Verdict::Failed => failed(one),
        Verdict::Protected => Text::plain(
            "A login stands before it, so nothing is known of what is behind: it is not broken by that. Next: set protection_bypass in the configuration.",
        ),
        Verdict::Unknown { why } => {
            Text::default().foreign(words::clipped(why, 300)).and(". Next: verify again.")
        }
    }
}

fn passed(journeys: &[Journey]) -> Text {
    let names: Vec<&str> = journeys.iter().map(|one| one.name.as_str()).collect();
    let count = match names.len() {
        1 => "1 journey".to_owned(),
        several => format!("{several} journeys"),
    };
    Text::plain(format!("{count} passed: "))
        .foreign(words::clipped(&names.join(", "), 200))
        .and(".")
}

fn failed(one: &Verification) -> Text {
    let next = match one.address {
        Address::Production => {
            " Next: look at that page in production; what customers need is not back."
        }
        Address::Own => " Next: leave it where it is; it is not ready to go live.",
    };
    if let Some(Seen::Other { marker, .. }) = &one.walk.answers {
        return Text::plain("It answers from ")
            .code(words::clipped(marker, 80))
            .and(" instead. Next: look at the names and any cache in front of production.");
    }
    let Some((journey, number, step)) = verification::first_trouble(&one.walk) else {
        // The journeys passed, and the log speaks against it.
        return passed(&one.walk.journeys).and(" But its request log speaks against it.").and(next);
    };
    Text::plain("Journey ")
        .foreign(words::clipped(&journey.name, 60))
        .and(format!(", step {number}, "))
        .code(words::clipped(&step.request, 80))
        .and(": ")
        .append(trouble(step))
        .and(".")
        .and(next)
}

fn trouble(step: &Step) -> Text {
    match &step.found {
        Found::Unexpected { expected, found } => Text::plain("expected ")
            .foreign(words::clipped(expected, 80))
            .and(", found ")
            .foreign(words::clipped(found, 80)),
        Found::TooSlow { limit } => {
            Text::plain(format!("it took {}, at most {} is good", ms(step.took), ms(*limit)))
        }
        Found::Protected { status } => Text::plain(format!("a login answered with {status}")),
        Found::NoAnswer { why } => Text::plain("no answer: ").foreign(words::clipped(why, 200)),
        Found::Expected | Found::NotAsked => Text::plain("it was not asked"),
    }
}

fn ms(span: Span) -> String {
    format!("{} ms", span.0)
}
