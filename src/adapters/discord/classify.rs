//! What Discord's statuses and error codes mean for us. Owns the table; the engine sees the meaning only. The code
//! decides where there is one, the status otherwise. Next: `client.rs` makes the calls.

use serde::Deserialize;

use super::buckets::{Scope, seconds, span};
use crate::domain::time::Span;
use crate::engine::ports::NotifyError;

/// How long to wait when Discord asks to wait and does not say how long.
const UNSAID_WAIT: Span = Span::seconds(5);

/// Why a call did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The status, if there was an answer.
    pub(super) status: Option<u16>,
    /// Discord's own code, if it gave one.
    pub(super) code: Option<u64>,
    /// What it means.
    pub(super) meaning: NotifyError,
}

impl Failure {
    /// No answer that could be read.
    pub(super) fn transient(said: String) -> Self {
        Self { status: None, code: None, meaning: NotifyError::Transient(said) }
    }

    /// Not sent, because its turn has not come.
    pub(super) fn held(wait: Span) -> Self {
        let meaning = NotifyError::Throttled { retry_after: wait };
        Self { status: None, code: None, meaning }
    }
}

impl From<Failure> for NotifyError {
    fn from(failure: Failure) -> Self {
        failure.meaning
    }
}

/// What we need of an error's body.
#[derive(Default, Deserialize)]
struct Refusal {
    code: Option<u64>,
    retry_after: Option<f64>,
    #[serde(default)]
    global: bool,
}

/// How long a refusal asks to wait, and with what.
pub(super) struct Wait {
    pub(super) scope: Scope,
    pub(super) span: Span,
}

/// What a status 429 asks for.
pub(super) fn wait(body: &[u8], header: Option<&str>) -> Wait {
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let said = refusal.retry_after.and_then(span).or_else(|| header.and_then(seconds));
    let scope = if refusal.global { Scope::Everything } else { Scope::Bucket };
    Wait { scope, span: said.unwrap_or(UNSAID_WAIT) }
}

/// What a failed call means. Nothing of the answer but its numbers is kept.
pub(super) fn failure(call: &str, status: u16, body: &[u8]) -> Failure {
    // Zero is Discord's "general error", which says nothing.
    let refusal: Refusal = serde_json::from_slice(body).unwrap_or_default();
    let code = refusal.code.filter(|&code| code != 0);
    let said = match code {
        Some(code) => format!("discord refused {call}: status {status}, code {code}"),
        None => format!("discord answered {call} with status {status}"),
    };
    let by_code = code.and_then(|code| by_code(code, &said));
    let meaning = by_code.unwrap_or_else(|| by_status(status, said));
    Failure { status: Some(status), code, meaning }
}

fn by_status(status: u16, said: String) -> NotifyError {
    match status {
        401 => NotifyError::Unauthorised(said),
        // Permissions are a channel's in Discord: the token is good.
        403 => NotifyError::ChannelClosed(said),
        408 | 500..=599 => NotifyError::Transient(said),
        429 => NotifyError::Throttled { retry_after: UNSAID_WAIT },
        _ => NotifyError::MessageRefused(said),
    }
}

/// `None`: a code that says no more than its status.
fn by_code(code: u64, said: &str) -> Option<NotifyError> {
    let said = said.to_owned();
    Some(match code {
        // Unauthorised; invalid token; the account must be verified.
        40001 | 40002 | 50014 => NotifyError::Unauthorised(said),
        // Unknown channel, guild; missing access, permissions; not a channel of text; archived or locked thread; too
        // many threads; verification level; the bot is banned from it; blocked by the channel's type.
        10003 | 10004 | 50001 | 50013 | 50008 | 50009 | 50024 | 50083 | 160_005 | 160_006
        | 40007 => NotifyError::ChannelClosed(said),
        // Unknown message; somebody else's; a message of the system.
        10008 | 50005 | 50021 => NotifyError::MessageGone(said),
        // Slow mode and limits of writing.
        20016 | 20022 | 20028 | 20029 | 30046 | 31002 | 40062 => {
            NotifyError::Throttled { retry_after: UNSAID_WAIT }
        }
        // Too large; empty; invalid form or JSON.
        40005 | 50006 | 50035 | 50109 => NotifyError::MessageRefused(said),
        // Discord is overloaded, or broken inside.
        130_000 | 40333 => NotifyError::Transient(said),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(error: &NotifyError) -> &'static str {
        match error {
            NotifyError::Throttled { .. } => "throttled",
            NotifyError::Transient(_) => "transient",
            NotifyError::MessageRefused(_) => "refused",
            NotifyError::ChannelClosed(_) => "closed",
            NotifyError::Unauthorised(_) => "unauthorised",
            NotifyError::MessageGone(_) => "gone",
        }
    }

    #[test]
    fn codes_mean_what_the_engine_acts_on() {
        for (status, code, meaning) in [
            (404, 10003, "closed"),
            (404, 10008, "gone"),
            (403, 50001, "closed"),
            (403, 50013, "closed"),
            (403, 50005, "gone"),
            (401, 40001, "unauthorised"),
            (400, 50035, "refused"),
            (400, 50006, "refused"),
            (400, 160_006, "closed"),
            (429, 30046, "throttled"),
            (500, 130_000, "transient"),
            (404, 10015, "refused"),
            (403, 99_999, "closed"),
        ] {
            let body = format!(r#"{{"message": "…", "code": {code}}}"#);
            let found = failure("POST messages", status, body.as_bytes());
            assert_eq!(kind(&found.meaning), meaning, "{status} {code}");
            assert_eq!(found.code, Some(code));
        }
    }

    #[test]
    fn statuses_mean_what_the_engine_acts_on() {
        for (status, body, meaning) in [
            (500, "", "transient"),
            (502, "<html>", "transient"),
            (408, "", "transient"),
            (401, r#"{"code": 0}"#, "unauthorised"),
            (403, "", "closed"),
            (404, "", "refused"),
            (302, "", "refused"),
            (429, "error code: 1015", "throttled"),
        ] {
            let found = failure("POST messages", status, body.as_bytes());
            assert_eq!(kind(&found.meaning), meaning, "{status}");
        }
    }

    #[test]
    fn a_wait_is_taken_from_the_body_or_else_from_the_header() {
        for (body, header, span, scope) in [
            (r#"{"retry_after": 1.337, "global": false}"#, Some("2"), Span(1337), Scope::Bucket),
            (r#"{"retry_after": 0.5, "global": true}"#, None, Span(500), Scope::Everything),
            ("error code: 1015", Some("30"), Span::seconds(30), Scope::Bucket),
            ("", None, UNSAID_WAIT, Scope::Bucket),
            (r#"{"retry_after": 1e300}"#, None, Span::seconds(86_400), Scope::Bucket),
        ] {
            let found = wait(body.as_bytes(), header);
            assert_eq!((found.span, found.scope), (span, scope), "{body}");
        }
    }

    #[test]
    fn nothing_of_the_answer_but_its_numbers_is_repeated() {
        let body = r#"{"message": "@everyone secret", "code": 50035, "errors": {"x": "secret"}}"#;
        let found = failure("POST messages", 400, body.as_bytes());
        let said = "discord refused POST messages: status 400, code 50035";
        assert_eq!(found.meaning.to_string(), said);
    }
}
