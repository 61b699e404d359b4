//! What the provider's request log says besides the journeys, in words. Where it says nothing, that is said.

use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::fact::{Fact, Known};
use crate::domain::log::{Completeness, ErrorLog, Traffic};
use crate::domain::restored::{Rate, Stage};
use crate::domain::verification::{Address, Log, Verification};

/// Production is judged by what we see of it.
const NO_LOGS: &str = "no request logs: judged by the journeys alone";

/// In brackets behind a verdict; `None`: a deployment of which no log was asked for.
pub(super) fn note(one: &Verification) -> Option<Text> {
    let note = match (&one.log, one.address) {
        (Some(Log::Errors(errors)), _) => of_deployment(errors),
        (Some(Log::Rate { rate, since }), _) => of_production(*rate, since),
        (None, Address::Production) => NO_LOGS.into(),
        (None, Address::Own) => return None,
    };
    Some(Text::plain(" (").append(note).and(".)"))
}

fn of_deployment(errors: &Fact<ErrorLog>) -> Text {
    let log = match &errors.value {
        Known::Known(log) => log,
        Known::Unknown(why) => {
            return Text::plain("its error log cannot be read: ").foreign(words::clipped(why, 120));
        }
    };
    let text = match (log.traffic.requests, log.traffic.errors) {
        (0, _) => return "nobody has asked it for anything yet".into(),
        (requests, 0) => return Text::plain(format!("no error among {requests} requests so far")),
        _ => counted(&log.traffic).and(" since it was built"),
    };
    match &log.worst {
        Some(worst) => text.and(", most often ").code(words::clipped(&worst.request, 80)),
        None => text,
    }
}

fn of_production(rate: Rate, since: &Fact<Traffic>) -> Text {
    match (rate, since.get()) {
        (Rate::Restored(stage) | Rate::NotRestored(stage), Some(traffic)) => {
            counted(traffic).and(match stage {
                Stage::First => " since the flip, at the first look",
                Stage::Final => " since the flip",
            })
        }
        (Rate::TooEarly, Some(_)) => {
            "too early for the request log: judged by the journeys alone".into()
        }
        (_, _) => NO_LOGS.into(),
    }
}

fn counted(traffic: &Traffic) -> Text {
    let which = match traffic.completeness {
        Completeness::Whole => "",
        Completeness::NewestOnly => "newest ",
    };
    let Traffic { requests, errors, .. } = traffic;
    Text::plain(format!("request log: {errors} of {requests} {which}requests failed"))
}
