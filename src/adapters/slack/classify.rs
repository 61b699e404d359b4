//! What Slack's error codes mean for us. Owns the table; the engine sees the meaning only. Slack answers most errors with
//! status 200 and `ok: false`, so the code decides and the status does not. Next: `client.rs` makes the calls.

use axum::http::StatusCode;
use slack_morphism::errors::SlackClientError;

use crate::domain::time::Span;
use crate::engine::ports::NotifyError;

/// How long to wait when Slack asks to wait and does not say how long.
const UNSAID_WAIT: Span = Span::seconds(5);
/// A longer wait than a day is no answer that we would obey.
const LONGEST_WAIT_SECONDS: u64 = 86_400;
/// Slack's codes have at most about 50 characters.
const LONGEST_CODE: usize = 64;

/// What a failed call means. Nothing of the answer but its code is kept: the library's own text holds the whole body.
pub fn failure(method: &str, error: &SlackClientError) -> NotifyError {
    match error {
        SlackClientError::ApiError(error) => refusal(method, &error.code),
        SlackClientError::RateLimitError(error) => NotifyError::Throttled {
            retry_after: error.retry_after.map_or(UNSAID_WAIT, |wait| {
                Span::seconds(wait.as_secs().min(LONGEST_WAIT_SECONDS).cast_signed())
            }),
        },
        SlackClientError::HttpError(error) => unexpected_status(method, error.status_code),
        SlackClientError::HttpProtocolError(_) | SlackClientError::SystemError(_) => {
            NotifyError::Transient(format!("slack could not be reached for {method}"))
        }
        SlackClientError::EndOfStream(_)
        | SlackClientError::ProtocolError(_)
        | SlackClientError::SocketModeProtocolError(_) => {
            NotifyError::Transient(format!("slack's answer to {method} made no sense"))
        }
    }
}

fn unexpected_status(method: &str, status: StatusCode) -> NotifyError {
    let said = format!("slack answered {method} with status {}", status.as_u16());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => NotifyError::Unauthorised(said),
        StatusCode::REQUEST_TIMEOUT => NotifyError::Transient(said),
        status if status.is_server_error() => NotifyError::Transient(said),
        _ => NotifyError::MessageRefused(said),
    }
}

/// What an `ok: false` means, by its code.
fn refusal(method: &str, code: &str) -> NotifyError {
    let said = format!("slack refused {method}: {}", printable(code));
    match code {
        "ratelimited" | "rate_limited" | "message_limit_exceeded" => {
            NotifyError::Throttled { retry_after: UNSAID_WAIT }
        }
        "internal_error"
        | "fatal_error"
        | "service_unavailable"
        | "request_timeout"
        | "external_channel_migrating"
        | "team_added_to_org" => NotifyError::Transient(said),
        "channel_not_found"
        | "not_in_channel"
        | "is_archived"
        | "is_inactive"
        | "restricted_action"
        | "restricted_action_non_threadable_channel"
        | "restricted_action_read_only_channel"
        | "restricted_action_thread_locked"
        | "restricted_action_thread_only_channel"
        | "posting_to_general_channel_denied"
        | "messages_tab_disabled"
        | "cannot_dm_bot"
        | "team_not_found" => NotifyError::ChannelClosed(said),
        "invalid_auth"
        | "not_authed"
        | "token_revoked"
        | "token_expired"
        | "account_inactive"
        | "missing_scope"
        | "no_permission"
        | "not_allowed_token_type"
        | "access_denied"
        | "accesslimited"
        | "ekm_access_denied"
        | "org_login_required"
        | "enterprise_is_restricted"
        | "app_access_restricted"
        | "team_access_not_granted"
        | "two_factor_setup_required" => NotifyError::Unauthorised(said),
        "message_not_found" | "cant_update_message" | "edit_window_closed" | "thread_not_found" => {
            NotifyError::MessageGone(said)
        }
        "msg_too_long"
        | "msg_blocks_too_long"
        | "invalid_blocks"
        | "invalid_blocks_format"
        | "no_text"
        | "invalid_arguments"
        | "invalid_metadata_format"
        | "invalid_metadata_schema"
        | "metadata_too_large"
        | "cannot_reply_to_message"
        | "user_not_found"
        | "user_not_in_channel" => NotifyError::MessageRefused(said),
        unknown => {
            tracing::warn!(
                method,
                code = printable(unknown),
                "slack gave a code that we do not know"
            );
            NotifyError::MessageRefused(said)
        }
    }
}

/// A code as it may be logged and shown. Codes are lower-case words; anything else is not repeated.
fn printable(code: &str) -> &str {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if code.len() <= LONGEST_CODE && code.bytes().all(word) { code } else { "an unreadable code" }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use slack_morphism::errors::{
        SlackClientApiError, SlackClientHttpError, SlackClientSystemError, SlackRateLimitError,
    };

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
        for (code, meaning) in [
            ("ratelimited", "throttled"),
            ("internal_error", "transient"),
            ("fatal_error", "transient"),
            ("service_unavailable", "transient"),
            ("channel_not_found", "closed"),
            ("is_archived", "closed"),
            ("not_in_channel", "closed"),
            ("restricted_action", "closed"),
            ("invalid_auth", "unauthorised"),
            ("token_revoked", "unauthorised"),
            ("account_inactive", "unauthorised"),
            ("not_authed", "unauthorised"),
            ("missing_scope", "unauthorised"),
            ("message_not_found", "gone"),
            ("cant_update_message", "gone"),
            ("edit_window_closed", "gone"),
            ("msg_too_long", "refused"),
            ("msg_blocks_too_long", "refused"),
            ("invalid_blocks", "refused"),
            ("no_text", "refused"),
            ("of_next_year", "refused"),
        ] {
            let error = SlackClientError::ApiError(SlackClientApiError::new(code.to_owned()));
            let error = failure("chat.postMessage", &error);
            assert_eq!(kind(&error), meaning, "{code}");
        }
    }

    #[test]
    fn statuses_mean_what_the_engine_acts_on() {
        for (status, meaning) in [
            (500, "transient"),
            (503, "transient"),
            (408, "transient"),
            (401, "unauthorised"),
            (403, "unauthorised"),
            (404, "refused"),
            (302, "refused"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let error = SlackClientError::HttpError(SlackClientHttpError::new(status));
            assert_eq!(kind(&failure("chat.update", &error)), meaning, "{status}");
        }
        let error = SlackClientError::SystemError(SlackClientSystemError::new());
        assert_eq!(kind(&failure("chat.update", &error)), "transient");
    }

    #[test]
    fn a_wait_is_taken_from_the_header() {
        let asked = SlackRateLimitError::new().with_retry_after(Duration::from_secs(30));
        let endless = SlackRateLimitError::new().with_retry_after(Duration::MAX);
        for (error, wait) in [
            (asked, Span::seconds(30)),
            (SlackRateLimitError::new(), UNSAID_WAIT),
            (endless, Span::seconds(86_400)),
        ] {
            let error = failure("chat.update", &SlackClientError::RateLimitError(error));
            assert_eq!(error, NotifyError::Throttled { retry_after: wait });
        }
    }

    #[test]
    fn nothing_of_the_answer_but_its_code_is_repeated() {
        let error = SlackClientApiError::new("<!channel> xoxb-1".to_owned())
            .with_http_response_body("xoxb-secret".to_owned());
        let error = failure("chat.update", &SlackClientError::ApiError(error));
        assert_eq!(error.to_string(), "slack refused chat.update: an unreadable code");
    }
}
