//! The door of the modelled Vercel: every request is noted, meets the traps, shows its token and scope, and is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{VENDOR, VercelModel};
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::Clock;
use crate::world::call::{by_trap, noting};
use crate::world::cut_off::cut_off;
use crate::world::ledger::{Fault, Origin};

pub(super) fn router(model: Arc<VercelModel>) -> Router {
    let calls = Router::new().fallback(handle).with_state(Arc::clone(&model));
    noting(VENDOR, &model.clock, &model.ledger, calls)
}

/// A request as the calls see it.
pub(super) struct Request {
    pub(super) method: Method,
    /// The raw path, for traps and notes.
    pub(super) path: String,
    /// The path's segments, decoded, without a leading version.
    pub(super) segments: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// What a call answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// None: no body and no content type, as rollback and promote answer.
    pub(super) body: Option<Value>,
    /// Whose doing it is.
    pub(super) origin: Origin,
}

impl Answer {
    pub(super) fn ok(body: Value) -> Self {
        Self::new(200, Some(body))
    }

    pub(super) fn new(status: u16, body: Option<Value>) -> Self {
        Self { status, body, origin: Origin::Model }
    }

    pub(super) fn error(status: u16, code: &str, message: impl Into<String>) -> Self {
        let body = json!({"error": {"code": code, "message": message.into()}});
        Self::new(status, Some(body))
    }
}

async fn handle(
    Shared(model): Shared<Arc<VercelModel>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = Request::read(method, &uri, &body);
    let trap = |kind| model.ledger.spring(VENDOR, kind, request.method.as_str(), &request.path);
    if trap("hang").is_some() {
        std::future::pending::<()>().await;
    }
    if trap("dropped").is_some() {
        return cut_off();
    }
    if let Some(fault) = trap("status") {
        return forced(&model, &fault);
    }
    if trap("garbage").is_some() {
        let page = [(header::CONTENT_TYPE, "text/html")];
        return by_trap((page, "<html>Please sign in</html>").into_response());
    }
    let answer = match model.admit(&headers, &request) {
        Ok(()) => model.answer(&request),
        Err(refused) => refused,
    };
    // Nothing is lost when the answer to a question is: this trap is for writes.
    if request.method != Method::GET
        && let Some(fault) = trap("lost_answer")
    {
        if fault.with["silent"] == true {
            std::future::pending::<()>().await;
        }
        return cut_off();
    }
    respond(&answer)
}

impl Request {
    fn read(method: Method, uri: &Uri, body: &[u8]) -> Self {
        let query = uri.query().unwrap_or_default();
        let mut segments: Vec<String> =
            uri.path().split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
        if segments.first().is_some_and(|segment| is_version(segment)) {
            segments.remove(0);
        }
        Self {
            method,
            path: uri.path().to_owned(),
            segments,
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
        }
    }
}

/// `%2F` and the like, undone. A form's rules fit: nothing we are asked for holds a plus sign.
fn decoded(segment: &str) -> String {
    let as_value = format!("s={segment}");
    url::form_urlencoded::parse(as_value.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// `v1`, `v13` …: clients of different ages use different numbers for the same call.
fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

impl VercelModel {
    /// The token and the scope.
    fn admit(&self, headers: &HeaderMap, request: &Request) -> Result<(), Answer> {
        let state = self.state();
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if given != Some(format!("Bearer {}", state.token).as_str()) {
            return Err(Answer::error(403, "forbidden", "Not authorized"));
        }
        let asked = request.query.get("teamId").or_else(|| request.query.get("slug"));
        let Some(asked) = asked else { return Ok(()) };
        match &state.team {
            Some(team) if *asked == team.id || *asked == team.slug => Ok(()),
            Some(_) | None => Err(foreign_scope(asked)),
        }
    }
}

fn foreign_scope(asked: &str) -> Answer {
    let message = format!(
        "Not authorized: Trying to access resource under scope \"{asked}\". You must re-authenticate to this scope."
    );
    let body = json!({"error": {"code": "forbidden", "message": message, "saml": false,
        "scope": asked, "teamId": null, "enforced": false}});
    Answer::new(403, Some(body))
}

fn respond(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let response = match &answer.body {
        None => status.into_response(),
        Some(body) => {
            let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
            (status, kind, body.to_string()).into_response()
        }
    };
    match answer.origin {
        Origin::Model => response,
        Origin::Trap => by_trap(response),
    }
}

/// The trap `status`: the answer that was ordered, without doing anything.
fn forced(model: &VercelModel, fault: &Fault) -> Response {
    let ordered = fault.with.get("status").and_then(Value::as_u64);
    let status = ordered.and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    let retry_after = fault.with.get("retry_after").and_then(Value::as_i64);
    let given = fault.with.get("body").cloned();
    let body = given.unwrap_or_else(|| usual_body(status, retry_after, model.clock.now()));
    let mut response = respond(&Answer { origin: Origin::Trap, ..Answer::new(status, Some(body)) });
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

fn usual_body(status: u16, retry_after: Option<i64>, now: Timestamp) -> Value {
    let (code, message) = match status {
        400 => ("bad_request", "Invalid request"),
        401 | 403 => ("forbidden", "You don't have permission to access this resource."),
        402 => (
            "payment_required",
            "To roll back further than the previous production deployment, upgrade to pro",
        ),
        404 => ("not_found", "Not found"),
        409 => ("conflict", "Another alias job is in progress for this project."),
        422 => ("unprocessable_entity", "The deployment is not eligible."),
        429 => ("rate_limited", "The rate limit of 500 exceeded. Try again in 1 minute"),
        _ => ("internal_server_error", "An unexpected internal error occurred"),
    };
    let mut error = json!({"code": code, "message": message});
    if status == 429 {
        let at = now + Span::seconds(retry_after.unwrap_or(60));
        error["limit"] =
            json!({"total": 500, "remaining": 0, "reset": at.0 / 1000, "resetMs": at.0});
    }
    json!({ "error": error })
}
