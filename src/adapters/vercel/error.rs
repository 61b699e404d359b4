//! What a failed call to Vercel means.
//!
//! Owns the table from statuses and broken connections to the port's few kinds. The same failure means different things
//! to a read, which may simply be done again, and to a write, which may have happened. Must never show the token, an
//! address's query or a raw body.

use serde::Deserialize;
use serde_json::Value;

use super::wire;
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::{PortError, PortErrorKind};

/// Whether a call changes the world.
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
    /// No connection came about, so nothing was sent.
    #[error("vercel cannot be reached: {0}")]
    NotSent(String),
    /// Sent, and the answer did not come, broke off or took too long.
    #[error("vercel gave no answer: {0}")]
    NoAnswer(String),
    /// An answer that is not one of Vercel's.
    #[error("vercel's answer ({status}) cannot be understood: {what}")]
    Garbled {
        /// The HTTP status.
        status: u16,
        /// What is wrong with it, without quoting it.
        what: String,
    },
    /// Vercel said no.
    #[error("{}", .0.describe())]
    Refused(Refused),
}

/// An answer with an error status.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    /// Vercel's own sentence, foreign text.
    pub(super) sentence: Option<String>,
    /// How long we were asked to wait; zero when nothing was said.
    pub(super) retry_after: Span,
    /// Whether the answer names a limit that was reached.
    pub(super) quota: bool,
    /// The scope that we asked in, for people.
    pub(super) scope: String,
}

impl CallError {
    /// The same, in the words of the port.
    pub(super) fn into_port(self, effect: Effect) -> PortError {
        let kind = match (&self, effect) {
            (Self::NotSent(_), _) => transient(Span(0)),
            (Self::NoAnswer(_) | Self::Garbled { .. }, Effect::Read) => transient(Span(0)),
            (Self::NoAnswer(_) | Self::Garbled { .. }, Effect::Write) => PortErrorKind::Ambiguous,
            (Self::Refused(refused), _) => refused.kind(effect),
        };
        PortError { kind, message: self.to_string() }
    }
}

fn transient(retry_after: Span) -> PortErrorKind {
    PortErrorKind::Transient { retry_after }
}

impl Refused {
    fn kind(&self, effect: Effect) -> PortErrorKind {
        match (self.status, effect) {
            (401 | 403, _) => PortErrorKind::Unauthorised,
            (404, _) => PortErrorKind::Missing,
            // A rate limit is applied at the door, before anything is carried out.
            (429, _) => transient(self.retry_after),
            // 408 comes from a proxy that stopped waiting: what it passed on may be running.
            (408 | 500.., Effect::Write) => PortErrorKind::Ambiguous,
            (408 | 500.., Effect::Read) => transient(self.retry_after),
            _ => PortErrorKind::Rejected,
        }
    }

    fn describe(&self) -> String {
        let what = match self.status {
            401 => "vercel does not accept the token".to_owned(),
            403 => format!("vercel refuses the token access to {}", self.scope),
            402 if self.quota => "a vercel quota is used up".to_owned(),
            402 => "the vercel plan does not include this".to_owned(),
            404 => format!("vercel finds no such thing in {}", self.scope),
            409 => "vercel reports a conflict".to_owned(),
            410 => "vercel no longer offers this call".to_owned(),
            422 => "vercel does not accept the target".to_owned(),
            429 => "vercel's rate limit is reached".to_owned(),
            500.. => "vercel has a problem of its own".to_owned(),
            _ => "vercel refused".to_owned(),
        };
        match &self.sentence {
            Some(sentence) => format!("{what} ({}): {sentence}", self.status),
            None => format!("{what} ({})", self.status),
        }
    }
}

/// The documented error body, as far as it concerns us.
#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(alias = "err")]
    error: Option<Detail>,
}

#[derive(Default, Deserialize)]
struct Detail {
    #[serde(default, deserialize_with = "wire::lenient")]
    message: Option<String>,
    #[serde(default, deserialize_with = "wire::lenient")]
    limit: Option<Limit>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Limit {
    #[serde(default, deserialize_with = "wire::lenient")]
    reset: Option<f64>,
    #[serde(default, deserialize_with = "wire::lenient")]
    reset_ms: Option<f64>,
}

/// Reads an answer with an error status. `blot` removes our own secrets from Vercel's words.
pub(super) fn refused(
    status: u16,
    retry_after: Option<&str>,
    body: &[u8],
    now: Timestamp,
    scope: String,
    blot: impl Fn(&str) -> String,
) -> CallError {
    // Some proxies answer with a page: then the status is all there is.
    let envelope: Envelope = serde_json::from_slice(body).unwrap_or_default();
    let detail = envelope.error.unwrap_or_default();
    let wait = retry_after
        .and_then(|text| waiting_time(text, now))
        .or_else(|| detail.limit.as_ref().and_then(|limit| limit.left(now)))
        .unwrap_or_default();
    CallError::Refused(Refused {
        status,
        sentence: detail.message.map(|text| one_line(&blot(&text))).filter(|s| !s.is_empty()),
        retry_after: wait,
        quota: detail.limit.is_some(),
        scope,
    })
}

impl Limit {
    /// `reset` is seconds in the documented body and has been seen in milliseconds: the magnitude decides.
    fn left(&self, now: Timestamp) -> Option<Span> {
        const SURELY_MILLISECONDS: f64 = 1e11;
        let at = match (self.reset_ms, self.reset) {
            (Some(ms), _) => ms,
            (None, Some(reset)) if reset > SURELY_MILLISECONDS => reset,
            (None, Some(reset)) => reset * 1000.0,
            (None, None) => return None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates")]
        let at = Timestamp(at as i64);
        Some(at.since(now))
    }
}

/// `Retry-After`: whole seconds or an HTTP date.
fn waiting_time(text: &str, now: Timestamp) -> Option<Span> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Span::seconds(i64::from(seconds)));
    }
    let at = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp(at.timestamp().as_millisecond()).since(now))
}

/// Foreign text on one line, without control characters, at most 300 characters.
fn one_line(text: &str) -> String {
    const LONGEST: usize = 300;
    let spaced: String =
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect();
    spaced.trim().to_owned()
}

/// What is wrong with a body that is not the JSON we expect; never quotes the body.
pub(super) fn garbled(status: u16, body: &[u8], error: &serde_json::Error) -> CallError {
    let what = match serde_json::from_slice::<Value>(body) {
        Err(_) => "it is not JSON".to_owned(),
        Ok(_) => {
            format!("it lacks what we need (line {}, column {})", error.line(), error.column())
        }
    };
    CallError::Garbled { status, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_237_200_000);

    fn refuse(status: u16, retry_after: Option<&str>, body: &str) -> Refused {
        let error =
            refused(status, retry_after, body.as_bytes(), NOW, "team demo".into(), |text| {
                text.replace("tok123", "[hidden]")
            });
        match error {
            CallError::Refused(refused) => refused,
            other => panic!("not a refusal: {other}"),
        }
    }

    #[test]
    fn retry_after_is_read_from_seconds_a_date_or_the_limit_by_magnitude() {
        let cases = [
            (Some("7"), "{}", 7_000),
            (Some("Sat, 21 Nov 2026 05:00:09 GMT"), "{}", 9_000),
            (Some("Sat, 21 Nov 2026 04:00:00 GMT"), "{}", 0),
            (None, r#"{"error":{"limit":{"reset":1795237202}}}"#, 2_000),
            (None, r#"{"error":{"limit":{"reset":1795237203500}}}"#, 3_500),
            (None, r#"{"error":{"limit":{"reset":1795237202,"resetMs":1795237202123}}}"#, 2_123),
            (Some("soon"), r#"{"err":{"limit":{"reset":1795237204}}}"#, 4_000),
            (Some("soon"), "<html>", 0),
            (None, r#"{"error":{"limit":"none"}}"#, 0),
        ];
        for (header, body, expected) in cases {
            let refused = refuse(429, header, body);
            assert_eq!(refused.retry_after, Span(expected), "{header:?} {body}");
        }
    }

    #[test]
    fn the_two_meanings_of_402_read_differently() {
        let plan = refuse(402, None, r#"{"error":{"message":"upgrade to pro"}}"#).describe();
        let quota = refuse(402, None, r#"{"error":{"message":"100 a day","limit":{}}}"#).describe();
        assert_eq!(plan, "the vercel plan does not include this (402): upgrade to pro");
        assert_eq!(quota, "a vercel quota is used up (402): 100 a day");
    }

    #[test]
    fn a_refusal_never_repeats_the_token_and_stays_on_one_line() {
        let body = r#"{"error":{"message":"bad token tok123\nInjected: yes","code":7}}"#;
        let text = refuse(403, None, body).describe();
        assert_eq!(
            text,
            "vercel refuses the token access to team demo (403): bad token [hidden] Injected: yes"
        );
    }

    #[test]
    fn a_failure_means_less_to_a_read_than_to_a_write() {
        let broken = || CallError::NoAnswer("the connection broke off".into());
        assert_eq!(broken().into_port(Effect::Read).kind, transient(Span(0)));
        assert_eq!(broken().into_port(Effect::Write).kind, PortErrorKind::Ambiguous);
        for status in [408, 500, 502, 503, 504, 599] {
            assert_eq!(refuse(status, None, "").kind(Effect::Write), PortErrorKind::Ambiguous);
            assert_eq!(refuse(status, None, "").kind(Effect::Read), transient(Span(0)));
        }
        let not_sent = CallError::NotSent("connection refused".into());
        assert_eq!(not_sent.into_port(Effect::Write).kind, transient(Span(0)));
    }
}
