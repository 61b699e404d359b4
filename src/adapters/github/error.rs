//! What a failed call to GitHub means.
//!
//! Owns the table from statuses, rate limits and broken connections to the port's few kinds. The same failure means
//! different things to a read, which may simply be done again at another time, and to a write, which may have happened.
//! Must never show the token, an address or a raw body.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::{PortError, PortErrorKind};

/// Whether a call changes anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It only looks.
    Read,
    /// It may have happened although we never hear of it.
    Write,
}

/// Why a call did not give what was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    /// No connection came about.
    #[error("github cannot be reached: {0}")]
    NotSent(String),
    /// The answer did not come, broke off or took too long.
    #[error("github gave no answer: {0}")]
    NoAnswer(String),
    /// An answer that is not one of GitHub's.
    #[error("github's answer ({status}) cannot be understood: {what}")]
    Garbled {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it, without quoting it.
        what: String,
    },
    /// GitHub said no.
    #[error("{}", .0.describe())]
    Refused(Refused),
    /// GitHub said no in an answer that is a success.
    #[error("github refused: {0}")]
    Declined(String),
    /// Nothing was asked: the App was given no token to ask with.
    #[error("github gives the app no token: {0}")]
    NoPass(Box<CallError>),
    /// Nothing was asked: what was to be asked for makes no sense.
    #[error("{0}")]
    NotAsked(String),
}

/// What an answer's headers say of limits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Limits {
    /// Seconds to wait.
    pub(super) retry_after: Option<u32>,
    /// How many calls are left.
    pub(super) remaining: Option<u64>,
    /// When there are more again, in seconds since 1970.
    pub(super) reset: Option<i64>,
}

/// An answer that is no success.
#[derive(Debug)]
pub(super) struct Refused {
    status: u16,
    /// GitHub's own sentence: foreign text.
    sentence: Option<String>,
    /// How long to wait, if it is a rate limit.
    limited: Option<Span>,
}

impl CallError {
    /// What is wrong with a body that is not the JSON we expect; never quotes the body.
    pub(super) fn garbled(status: u16, body: &[u8], error: &serde_json::Error) -> Self {
        let what = match serde_json::from_slice::<Value>(body) {
            Err(_) => "it is not JSON".to_owned(),
            Ok(_) => {
                format!("it lacks what we need (line {}, column {})", error.line(), error.column())
            }
        };
        Self::Garbled { status, what }
    }
}

impl CallError {
    /// No, in GitHub's own words: foreign text.
    pub(super) fn declined(words: &str) -> Self {
        Self::Declined(one_line(words))
    }

    /// The same, in the words of the port.
    pub(super) fn into_port(self, effect: Effect) -> PortError {
        if let Self::NoPass(cause) = self {
            // Whatever became of that, the call itself was not made.
            let message = format!("github gives the app no token: {cause}");
            return PortError { message, ..cause.into_port(Effect::Read) };
        }
        let at_once = PortErrorKind::Transient { retry_after: Span(0) };
        let unsure = match effect {
            Effect::Read => at_once,
            Effect::Write => PortErrorKind::Ambiguous,
        };
        let kind = match &self {
            Self::NotSent(_) => at_once,
            Self::NoAnswer(_) | Self::Garbled { .. } => unsure,
            Self::NotAsked(_) | Self::Declined(_) | Self::NoPass(_) => PortErrorKind::Rejected,
            Self::Refused(refused) => match (refused.limited, refused.status) {
                // A rate limit is applied at the door, before anything is carried out.
                (Some(retry_after), _) => PortErrorKind::Transient { retry_after },
                (None, 401 | 403) => PortErrorKind::Unauthorised,
                (None, 404) => PortErrorKind::Missing,
                (None, 408 | 500..) => unsure,
                (None, _) => PortErrorKind::Rejected,
            },
        };
        PortError { kind, message: self.to_string() }
    }

    /// Whether GitHub answered with this status and words like these.
    pub(super) fn says(&self, status: u16, words: &str) -> bool {
        let Self::Refused(refused) = self else { return false };
        let sentence = refused.sentence.as_deref().unwrap_or_default();
        refused.limited.is_none() && refused.status == status && sentence.contains(words)
    }
}

impl From<CallError> for PortError {
    fn from(error: CallError) -> Self {
        error.into_port(Effect::Read)
    }
}

impl Refused {
    fn describe(&self) -> String {
        let what = match (self.limited, self.status) {
            (Some(wait), _) if wait.0 > 0 => {
                format!("github's rate limit is reached, for another {wait}")
            }
            (Some(_), _) => "github's rate limit is reached".to_owned(),
            (None, 300..=399) => {
                "github says that it moved elsewhere, and redirects are not followed".to_owned()
            }
            (None, 401) => "github does not accept the token".to_owned(),
            (None, 403) => "github refuses the token access".to_owned(),
            (None, 404) => "github finds no such thing, or hides it from this token".to_owned(),
            (None, 408 | 500..) => "github has a problem of its own".to_owned(),
            (None, _) => "github refused".to_owned(),
        };
        match &self.sentence {
            Some(sentence) => format!("{what} ({}): {sentence}", self.status),
            None => format!("{what} ({})", self.status),
        }
    }
}

/// Reads an answer that is no success. `blot` removes our own secrets from GitHub's words.
pub(super) fn refused(
    status: u16,
    limits: &Limits,
    body: &[u8],
    now: Timestamp,
    blot: impl Fn(&str) -> String,
) -> CallError {
    #[derive(Default, Deserialize)]
    struct Envelope {
        message: Option<String>,
        /// Which part was wrong: objects, or plain words.
        #[serde(default)]
        errors: Value,
    }
    // Some proxies answer with a page: then the status is all there is.
    let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
    let details = envelope.errors.as_array().into_iter().flatten();
    let details = details.filter_map(|one| one.get("message").unwrap_or(one).as_str());
    let sentence = envelope.message.map(|text| {
        let whole = details.fold(text, |all, one| format!("{all}: {one}"));
        one_line(&blot(&whole))
    });
    let sentence = sentence.filter(|text| !text.is_empty());
    let names_a_limit =
        sentence.as_deref().is_some_and(|text| text.to_lowercase().contains("rate limit"));
    // GitHub says "too many" with 403 as well as with 429.
    let is_limit = status == 429
        || status == 403
            && (limits.remaining == Some(0) || limits.retry_after.is_some() || names_a_limit);
    let wait = || match (limits.retry_after, limits.reset) {
        (Some(seconds), _) => Span::seconds(i64::from(seconds)),
        (None, Some(reset)) => Timestamp(reset.saturating_mul(1000)).since(now),
        (None, None) => Span(0),
    };
    CallError::Refused(Refused { status, sentence, limited: is_limit.then(wait) })
}

/// Foreign text on one line, without control characters, at most 200 characters.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let spaced: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    spaced.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_237_200_000);

    fn port(status: u16, limits: Limits, body: &str) -> PortError {
        refused(status, &limits, body.as_bytes(), NOW, |text| text.replace("tok123", "[hidden]"))
            .into()
    }

    #[test]
    fn each_answer_has_its_kind() {
        let none = Limits::default();
        let spent = Limits { remaining: Some(0), reset: Some(1_795_237_260), retry_after: None };
        let asked = Limits { retry_after: Some(7), ..none };
        let wait = |ms| PortErrorKind::Transient { retry_after: Span(ms) };
        for (status, limits, body, kind) in [
            (401, none, "{}", PortErrorKind::Unauthorised),
            (403, none, "{}", PortErrorKind::Unauthorised),
            (403, spent, "{}", wait(60_000)),
            (403, asked, "{}", wait(7_000)),
            (403, none, r#"{"message":"You have exceeded a secondary rate limit"}"#, wait(0)),
            (429, none, "<html>", wait(0)),
            (429, asked, "{}", wait(7_000)),
            (404, none, "{}", PortErrorKind::Missing),
            (404, spent, "{}", PortErrorKind::Missing),
            (422, none, "{}", PortErrorKind::Rejected),
            (301, none, "", PortErrorKind::Rejected),
            (500, none, "", wait(0)),
            (502, none, "<html>", wait(0)),
        ] {
            assert_eq!(port(status, limits, body).kind, kind, "{status} {limits:?} {body}");
        }
    }

    #[test]
    fn a_failure_means_less_to_a_read_than_to_a_write() {
        let broken = || CallError::NoAnswer("the connection broke off".into());
        let at_once = PortErrorKind::Transient { retry_after: Span(0) };
        assert_eq!(broken().into_port(Effect::Read).kind, at_once);
        assert_eq!(broken().into_port(Effect::Write).kind, PortErrorKind::Ambiguous);
        let not_sent = CallError::NotSent("connection refused".into());
        assert_eq!(not_sent.into_port(Effect::Write).kind, at_once);
        let write = |status, body: &str| {
            let error = refused(status, &Limits::default(), body.as_bytes(), NOW, str::to_owned);
            error.into_port(Effect::Write)
        };
        for status in [408, 500, 502, 503, 599] {
            assert_eq!(write(status, "").kind, PortErrorKind::Ambiguous, "{status}");
        }
        for status in [405, 409, 422] {
            assert_eq!(write(status, "").kind, PortErrorKind::Rejected, "{status}");
        }
        assert_eq!(write(429, "").kind, at_once);
        let body =
            r#"{"message":"Validation Failed","errors":[{"message":"it exists"},"and more"]}"#;
        let expected = "github refused (422): Validation Failed: it exists: and more";
        assert_eq!(write(422, body).message, expected);
    }

    #[test]
    fn a_refusal_never_repeats_the_token_and_stays_on_one_line() {
        let said = port(403, Limits::default(), r#"{"message":"bad tok123\nInjected: yes"}"#);
        let expected = "github refuses the token access (403): bad [hidden] Injected: yes";
        assert_eq!(said.message, expected);
    }
}
