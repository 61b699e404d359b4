//! The door of the modelled GitHub: every request is noted, meets the traps, shows its token, and is answered.

use std::sync::Arc;

use axum::Router;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::{GitHubModel, TOKEN, VENDOR, calls, json};
use crate::domain::time::Span;
use crate::engine::ports::Clock;
use crate::world::call::{by_trap, noting};
use crate::world::cut_off::cut_off;
use crate::world::ledger::Fault;

pub(super) fn router(model: Arc<GitHubModel>) -> Router {
    let calls = Router::new().fallback(handle).with_state(Arc::clone(&model));
    noting(VENDOR, &model.clock, &model.ledger, calls)
}

/// What a call answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body }
    }
}

async fn handle(
    Shared(model): Shared<Arc<GitHubModel>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let trap = |kind| model.ledger.spring(VENDOR, kind, method.as_str(), uri.path());
    if trap("hang").is_some() {
        std::future::pending::<()>().await;
    }
    if trap("dropped").is_some() {
        return cut_off();
    }
    if let Some(fault) = trap("rate_limited") {
        return spent(&model, &fault);
    }
    if let Some(fault) = trap("status") {
        return forced(&fault);
    }
    if trap("garbage").is_some() {
        let page = [(header::CONTENT_TYPE, "text/html")];
        return by_trap((page, "<html>Please sign in</html>").into_response());
    }
    if !has_token(&headers) {
        return respond(&Answer::new(401, json::problem(401, "Bad credentials")));
    }
    let is_crowded = uri.path().contains("/compare/") && trap("many_files").is_some();
    let answered = tokio::task::spawn_blocking(move || {
        let segments: Vec<String> =
            uri.path().split('/').filter(|one| !one.is_empty()).map(decoded).collect();
        let query = uri.query().unwrap_or_default();
        let reference = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == "ref")
            .map(|(_, value)| value.into_owned());
        model.answer(method.as_str(), &segments, reference.as_deref())
    });
    let Ok(mut answer) = answered.await else { return cut_off() };
    if is_crowded {
        calls::crowd(&mut answer.body);
        return by_trap(respond(&answer));
    }
    respond(&answer)
}

/// `%2F` and the like, undone. A form's rules fit: no name here holds a plus sign.
fn decoded(segment: &str) -> String {
    let as_value = format!("s={segment}");
    url::form_urlencoded::parse(as_value.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

fn has_token(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = given.and_then(|given| given.split_once(' '));
    shown.is_some_and(|(scheme, token)| matches!(scheme, "Bearer" | "token") && token == TOKEN)
}

fn respond(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [
        (header::CONTENT_TYPE.as_str(), "application/json; charset=utf-8"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4987"),
    ];
    (status, kind, answer.body.to_string()).into_response()
}

/// The trap `status`: the answer that was ordered.
fn forced(fault: &Fault) -> Response {
    let ordered = fault.with.get("status").and_then(Value::as_u64);
    let status = ordered.and_then(|status| u16::try_from(status).ok()).unwrap_or(502);
    let message = match status {
        404 => "Not Found",
        401 => "Bad credentials",
        403 => "Resource not accessible by personal access token",
        _ => "Server Error",
    };
    by_trap(respond(&Answer::new(status, json::problem(status, message))))
}

/// The trap `rate_limited`.
fn spent(model: &GitHubModel, fault: &Fault) -> Response {
    let wait = fault.with.get("wait").and_then(Value::as_i64).unwrap_or(60);
    let reset = (model.clock.now() + Span::seconds(wait)).0 / 1000;
    let message = "API rate limit exceeded for user ID 583231.";
    let mut response = respond(&Answer::new(403, json::problem(403, message)));
    response.headers_mut().insert("x-ratelimit-remaining", 0.into());
    response.headers_mut().insert("x-ratelimit-reset", reset.into());
    by_trap(response)
}
