//! The world's own interface: what reached the models, which traps are on, what time it is. For tests and other programs;
//! every call carries the bearer token that the demo prints.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::WorldClock;
use super::ledger::{Call, Fault, Ledger};
use crate::domain::time::Span;

/// The traps of each model.
const VOCABULARY: [(&str, &[&str]); 5] = [
    ("slack", super::slack::FAULTS),
    ("discord", super::discord::FAULTS),
    ("vercel", super::vercel::FAULTS),
    ("github", super::github::FAULTS),
    ("shop", super::shop::FAULTS),
];

/// What the interface works with.
#[derive(Clone)]
pub struct Control {
    /// The world's time.
    pub clock: Arc<WorldClock>,
    /// What reached the models, and the traps.
    pub ledger: Arc<Ledger>,
    /// What a caller must know.
    pub token: String,
}

/// The routes under `/world`.
pub fn router(control: Control) -> Router {
    Router::new()
        .route("/world/calls", get(calls))
        .route("/world/faults", get(armed).post(arm).delete(disarm))
        .route("/world/clock", post(advance))
        .layer(middleware::from_fn_with_state(control.clone(), check))
        .with_state(control)
}

async fn check(State(control): State<Control>, request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if given == Some(&format!("Bearer {}", control.token)) {
        return next.run(request).await;
    }
    let body = json!({"error": "send the token as Authorization: Bearer"});
    (StatusCode::UNAUTHORIZED, Json(body)).into_response()
}

async fn calls(State(control): State<Control>) -> Json<Vec<Call>> {
    Json(control.ledger.calls())
}

async fn armed(State(control): State<Control>) -> Json<Vec<Fault>> {
    Json(control.ledger.armed())
}

async fn arm(State(control): State<Control>, Json(body): Json<Value>) -> Response {
    let fault: Fault = match serde_json::from_value(body) {
        Ok(fault) => fault,
        Err(error) => return refused(&error.to_string()),
    };
    let known = VOCABULARY.iter().find(|(vendor, _)| *vendor == fault.vendor);
    if !known.is_some_and(|(_, kinds)| kinds.contains(&fault.kind.as_str())) {
        return refused(&format!("no trap {:?} of {:?}", fault.kind, fault.vendor));
    }
    control.ledger.arm(fault);
    Json(json!({"ok": true})).into_response()
}

fn refused(why: &str) -> Response {
    let known: Value = VOCABULARY.iter().map(|(vendor, kinds)| (*vendor, json!(kinds))).collect();
    (StatusCode::BAD_REQUEST, Json(json!({"error": why, "known": known}))).into_response()
}

async fn disarm(State(control): State<Control>) -> Json<Value> {
    control.ledger.disarm_all();
    Json(json!({"ok": true}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_ms: u32,
}

async fn advance(State(control): State<Control>, Json(by): Json<Advance>) -> Json<Value> {
    use crate::engine::ports::Clock;
    control.clock.advance(Span(i64::from(by.advance_ms)));
    control.ledger.touch();
    Json(json!({"now": control.clock.now()}))
}
