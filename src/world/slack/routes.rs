//! The HTTP face: reads a call's arguments wherever Slack allows them, meets the traps.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Map, Value, json};

use super::super::call::{by_trap, noting};
use super::super::cut_off::cut_off;
use super::{SlackModel, VENDOR, methods, response};
use crate::domain::time::Span;
use crate::engine::ports::Clock;

/// How long the trap `hang` withholds an answer.
const HANG: Span = Span::seconds(60);

pub(super) fn router(model: Arc<SlackModel>) -> Router {
    let calls = Router::new()
        .route("/api/{method}", any(api))
        .route("/response/{*id}", post(answer))
        .fallback(unknown)
        .with_state(model.clone());
    noting(VENDOR, &model.clock, &model.ledger, calls)
}

async fn unknown(
    State(model): State<Arc<SlackModel>>,
    method: Method,
    uri: axum::http::Uri,
) -> Response {
    model.state().unknown_calls.push(format!("{method} {}", uri.path()));
    StatusCode::NOT_FOUND.into_response()
}

async fn api(
    State(model): State<Arc<SlackModel>>,
    Path(name): Path<String>,
    http_method: Method,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = format!("/api/{name}");
    let body = if is_json(&headers) && !methods::takes_json(&name) { Bytes::new() } else { body };
    let (token, arguments) = arguments(query.as_deref(), &headers, &body);
    if let Some(response) = trap(&model, http_method.as_str(), &path).await {
        return response;
    }
    let answer = methods::call(&model, &name, token.as_deref(), &arguments);
    model.ledger.touch();
    if let Some(lost) = lose_answer(&model, http_method.as_str(), &path).await {
        return lost;
    }
    json_answer(&answer)
}

async fn answer(
    State(model): State<Arc<SlackModel>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = format!("/response/{id}");
    let (_, arguments) = arguments(None, &headers, &body);
    if let Some(response) = trap(&model, "POST", &path).await {
        return response;
    }
    let status = response::take(&model, &id, arguments);
    if let Some(lost) = lose_answer(&model, "POST", &path).await {
        return lost;
    }
    let body = if status.is_success() { "ok" } else { "" };
    (status, body).into_response()
}

/// Meets the trap of a lost answer: what was asked for is done by now.
async fn lose_answer(model: &SlackModel, method: &str, path: &str) -> Option<Response> {
    let fault = model.ledger.spring(VENDOR, "lost_answer", method, path)?;
    if fault.with["silent"] == true {
        std::future::pending::<()>().await;
    }
    Some(cut_off())
}

/// Meets the traps that need no knowledge of the call.
async fn trap(model: &SlackModel, method: &str, path: &str) -> Option<Response> {
    let ledger = &model.ledger;
    if ledger.spring(VENDOR, "hang", method, path).is_some() {
        // Withheld by real time: whoever waits for it has a deadline of its own.
        let _ = tokio::time::timeout(
            Duration::from_secs(60),
            model.clock.sleep_until(model.now() + HANG),
        )
        .await;
        return Some(by_trap(StatusCode::GATEWAY_TIMEOUT.into_response()));
    }
    if let Some(fault) = ledger.spring(VENDOR, "rate_limited", method, path) {
        let seconds = fault.with["retry_after"].as_u64().unwrap_or(1);
        let body = json!({"ok": false, "error": "ratelimited"});
        let mut response = json_answer(&body);
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Some(response);
    }
    if let Some(fault) = ledger.spring(VENDOR, "status", method, path) {
        let status = fault.with["status"].as_u64().and_then(|code| u16::try_from(code).ok());
        let status = status.and_then(|code| StatusCode::from_u16(code).ok());
        let status = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return Some(by_trap(status.into_response()));
    }
    if ledger.spring(VENDOR, "dropped", method, path).is_some() {
        return Some(cut_off());
    }
    if ledger.spring(VENDOR, "garbage", method, path).is_some() {
        let page = ([(header::CONTENT_TYPE, "text/html")], "<html>Down</html>");
        return Some(by_trap(page.into_response()));
    }
    if let Some(fault) = ledger.spring(VENDOR, "ok_false", method, path) {
        let code = fault.with["error"].as_str().unwrap_or("fatal_error");
        return Some(json_answer(&methods::error(code)));
    }
    None
}

fn json_answer(value: &Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (kind, value.to_string()).into_response()
}

/// Arguments from the query, a form or JSON; the token from the header or among them. The token is not among the result.
fn arguments(
    query: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> (Option<String>, Map<String, Value>) {
    let mut found = Map::new();
    let mut take = |pairs: &[u8]| {
        for (name, value) in url::form_urlencoded::parse(pairs) {
            found.insert(name.into_owned(), Value::String(value.into_owned()));
        }
    };
    take(query.unwrap_or_default().as_bytes());
    if is_json(headers) {
        if let Ok(Value::Object(object)) = serde_json::from_slice(body) {
            found.extend(object);
        }
    } else {
        take(body);
    }
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let among = found.remove("token").and_then(|token| token.as_str().map(str::to_owned));
    (bearer.or(among), found)
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}
