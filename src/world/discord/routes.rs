//! The HTTP face: who calls, the traps, the rate limits, and the answer's form.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::call::{by_trap, noting};
use super::super::cut_off::cut_off;
use super::calls::{Answer, Call, reply};
use super::rates::Level;
use super::refusal::Refusal;
use super::webhooks::Address;
use super::{DiscordModel, VENDOR};
use crate::domain::time::Span;
use crate::engine::ports::Clock;

/// How long the trap `hang` withholds an answer.
const HANG: Span = Span::seconds(60);

pub(super) fn router(model: Arc<DiscordModel>) -> Router {
    let calls = Router::new().fallback(api).with_state(model.clone());
    noting(VENDOR, &model.clock, &model.ledger, calls)
}

async fn api(
    State(model): State<Arc<DiscordModel>>,
    method: Method,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (method, whole) = (method.as_str(), uri.path());
    if let Some(response) = trap(&model, method, whole).await {
        return response;
    }
    let path: Vec<String> = whole.split('/').skip(1).map(decoded).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some(path) = path.strip_prefix(&["api", "v10"]) else {
        return finished(&model, Err(Refusal::no_route(format!("{method} {whole}"))), None);
    };
    let level = model.state().rates.count(method, path, model.now());
    if level.is_over {
        return limited(level.seconds_left(), "user", Some(&level));
    }
    let body = read(&headers, &body);
    let answer = body.and_then(|body| {
        let query = query.as_deref().unwrap_or_default();
        answered(&model, &headers, &Call { method, path, whole, query, body: &body })
    });
    if let Some(lost) = lose_answer(&model, method, whole).await {
        return lost;
    }
    finished(&model, answer, Some(&level))
}

fn decoded(part: &str) -> String {
    // `@original` and `@me` come in both spellings.
    part.replace("%40", "@")
}

/// No body is null.
fn read(headers: &HeaderMap, body: &[u8]) -> Result<Value, Refusal> {
    if body.is_empty() {
        return Ok(Value::Null);
    }
    let invalid = || Refusal::bad(50_109, "The request body contains invalid JSON.");
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Refusal::unmodelled(format!("a body of type {}", kind.unwrap_or("none"))));
    }
    serde_json::from_slice(body).map_err(|_| invalid())
}

/// The token of an interaction opens its own paths; all others need the bot's.
fn answered(model: &DiscordModel, headers: &HeaderMap, call: &Call<'_>) -> Answer {
    match (call.method, call.path) {
        ("GET", ["gateway"]) => reply(json!({"url": model.gateway.url()})),
        ("POST", ["interactions", id, token, "callback"]) => callback(model, id, token, call),
        (_, ["webhooks", application, token, rest @ ..]) => {
            if let Some(refusal) = model.expired(call.method, call.whole) {
                return Err(refusal);
            }
            webhook(model, (application, token), rest, call)
        }
        _ => {
            let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
            if given == Some(&format!("Bot {}", model.seed().credentials.bot_token)) {
                model.call(call)
            } else {
                Err(Refusal::unauthorized())
            }
        }
    }
}

fn callback(model: &DiscordModel, id: &str, token: &str, call: &Call<'_>) -> Answer {
    let is_its_own = model.state().interactions.get(id).is_some_and(|one| one.token == token);
    if !is_its_own {
        return Err(Refusal::missing(10_062, "interaction"));
    }
    let answered = model.answer(id, call.body)?;
    if !call.query.split('&').any(|pair| pair == "with_response=true") {
        return Ok((StatusCode::NO_CONTENT, Value::Null));
    }
    let number = model.state().interactions.get(id).map(|one| one.kind.number());
    let mut interaction = json!({"id": id, "type": number});
    let Some(message) = answered.message else {
        return reply(json!({"interaction": interaction}));
    };
    interaction["response_message_id"] = message.id.clone().into();
    interaction["response_message_loading"] = message.loading.into();
    interaction["response_message_ephemeral"] = message.ephemeral_for.is_some().into();
    let kind = if answered.kind > 5 { 7 } else { 4 };
    let resource = json!({"type": kind, "message": model.shown(&message)});
    reply(json!({"interaction": interaction, "resource": resource}))
}

fn webhook(
    model: &DiscordModel,
    (application, token): (&str, &str),
    rest: &[&str],
    call: &Call<'_>,
) -> Answer {
    let address = |message| Address { application, token, message };
    match (call.method, rest) {
        ("POST", []) => model.follow_up(application, token, call.body),
        ("GET", ["messages", message]) => model.webhook_message(&address(message)),
        ("PATCH", ["messages", message]) => {
            model.edit_webhook_message(&address(message), call.body)
        }
        ("DELETE", ["messages", message]) => model.delete_webhook_message(&address(message)),
        (method, _) => Err(Refusal::no_route(format!("{method} {}", call.whole))),
    }
}

fn finished(model: &DiscordModel, answer: Answer, level: Option<&Level>) -> Response {
    let mut response = match answer {
        Ok((status, Value::Null)) => status.into_response(),
        Ok((status, body)) => json_answer(status, &body),
        Err(refusal) => {
            if let Some(what) = &refusal.unknown {
                model.state().unknown_calls.push(format!("discord: {what}"));
            }
            tracing::debug!(answer = %refusal.body(), "the modelled discord says no");
            let response = json_answer(refusal.status, &refusal.body());
            if refusal.status.is_server_error() { by_trap(response) } else { response }
        }
    };
    if let Some(level) = level {
        level.write(response.headers_mut());
    }
    response
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn limited(retry_after: f64, scope: &'static str, level: Option<&Level>) -> Response {
    let body = json!({
        "message": "You are being rate limited.", "code": 0, "retry_after": retry_after,
        "global": scope == "global",
    });
    let mut response = json_answer(StatusCode::TOO_MANY_REQUESTS, &body);
    let headers = response.headers_mut();
    // The header is in whole seconds, the body is exact.
    if let Ok(seconds) = HeaderValue::from_str(&format!("{:.0}", retry_after.ceil())) {
        headers.insert(header::RETRY_AFTER, seconds);
    }
    let scope_name = HeaderName::from_static("x-ratelimit-scope");
    headers.insert(scope_name, HeaderValue::from_static(scope));
    if scope == "global" {
        let name = HeaderName::from_static("x-ratelimit-global");
        headers.insert(name, HeaderValue::from_static("true"));
    }
    if let Some(level) = level {
        level.write(headers);
    }
    response
}

/// Meets the traps that need no knowledge of the call.
async fn trap(model: &DiscordModel, method: &str, path: &str) -> Option<Response> {
    let ledger = &model.ledger;
    if ledger.spring(VENDOR, "hang", method, path).is_some() {
        // Withheld by real time: whoever waits for it has a deadline of its own.
        let over = model.clock.sleep_until(model.now() + HANG);
        let _ = tokio::time::timeout(Duration::from_secs(60), over).await;
        return Some(by_trap(StatusCode::GATEWAY_TIMEOUT.into_response()));
    }
    if let Some(fault) = ledger.spring(VENDOR, "rate_limited", method, path) {
        let scope = if fault.with["global"] == true { "global" } else { "user" };
        return Some(limited(fault.with["retry_after"].as_f64().unwrap_or(1.0), scope, None));
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
    None
}

/// Meets the trap of a lost answer: what was asked for is done by now.
async fn lose_answer(model: &DiscordModel, method: &str, path: &str) -> Option<Response> {
    let fault = model.ledger.spring(VENDOR, "lost_answer", method, path)?;
    if fault.with["silent"] == true {
        std::future::pending::<()>().await;
    }
    Some(cut_off())
}
