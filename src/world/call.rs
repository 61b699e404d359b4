//! One request that reached a model, with the answer it got, as both went over the wire.
//!
//! Every model's door stands behind [`noting`]. What is kept never holds a token: neither the one in a header nor one among
//! the arguments, nor the ticket that opens a socket. Next: `ledger.rs` keeps the calls.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::WorldClock;
use super::cut_off::cut_off;
use super::ledger::Ledger;
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;

/// No model takes or gives more.
const LARGEST_BODY: usize = 2 << 20;

/// Pages are not worth keeping whole.
const LONGEST_TEXT: usize = 200;

/// One request that reached a model.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Call {
    /// Position, from 1.
    pub number: u64,
    /// When, by the world's clock.
    pub at: Timestamp,
    /// `slack`, `vercel`, `shop` …
    pub vendor: String,
    /// HTTP method, or `WS` for a socket frame.
    pub method: String,
    /// Path without query, and without the token of an interaction.
    pub path: String,
    /// The query, raw but for a token.
    pub query: String,
    /// The program that called, as it names itself.
    pub agent: Option<String>,
    /// The scheme of the token that was shown, for example `Bearer`. The token itself is not kept.
    pub authorization: Option<String>,
    /// What the body is said to be.
    pub content_type: Option<String>,
    /// The body: parsed JSON or form, else text, else null. Tokens are left out.
    pub body: Value,
    /// The status answered; null while the answer is withheld or the connection was dropped.
    pub status: Option<u16>,
    /// What else the answer said.
    pub answer: Option<Answer>,
}

/// What a model answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// The headers that the model set, by their names in small letters.
    pub headers: BTreeMap<String, String>,
    /// The body: parsed JSON, else the beginning of a text, else null.
    pub body: Value,
    /// Whose doing it is.
    pub origin: Origin,
}

/// Whose doing an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The model's: one that the vendor could give.
    #[default]
    Model,
    /// A trap's: broken on purpose.
    Trap,
}

/// Marks an answer as broken on purpose.
pub(super) fn by_trap(mut response: Response) -> Response {
    response.extensions_mut().insert(Origin::Trap);
    response
}

/// Notes each request before the model behind these routes sees it, and the answer before it leaves. A connection that the
/// model cuts off is cut off, and stays unanswered in the ledger.
pub(super) fn noting(
    vendor: &'static str,
    clock: &Arc<WorldClock>,
    ledger: &Arc<Ledger>,
    routes: Router,
) -> Router {
    let door = Door { vendor, clock: clock.clone(), ledger: ledger.clone() };
    routes.layer(middleware::from_fn_with_state(door, note))
}

#[derive(Clone)]
struct Door {
    vendor: &'static str,
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
}

async fn note(State(door): State<Door>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let number = door.ledger.note(Call {
        number: 0,
        at: door.clock.now(),
        vendor: door.vendor.to_owned(),
        method: parts.method.as_str().to_owned(),
        path: without_interaction_token(parts.uri.path()),
        query: without_token(parts.uri.query().unwrap_or_default()),
        agent: text(&parts.headers, header::USER_AGENT),
        authorization: text(&parts.headers, header::AUTHORIZATION)
            .and_then(|value| Some(value.split_once(' ')?.0.to_owned())),
        content_type: text(&parts.headers, header::CONTENT_TYPE),
        body: sent(&parts.headers, &body),
        status: None,
        answer: None,
    });
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else { return cut_off() };
    let headers = parts.headers.iter().filter_map(|(name, value)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    });
    let answer = Answer {
        headers: headers.collect(),
        body: without_ticket(read(&body)),
        origin: parts.extensions.get().copied().unwrap_or_default(),
    };
    door.ledger.answered(number, parts.status.as_u16(), answer);
    Response::from_parts(parts, Body::from(body))
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// A body as it is kept: a form as an object of texts, JSON as such.
fn sent(headers: &HeaderMap, body: &Bytes) -> Value {
    let kind = text(headers, header::CONTENT_TYPE).unwrap_or_default();
    let mut value = if kind.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(body);
        pairs.map(|(name, value)| (name.into_owned(), Value::from(value.into_owned()))).collect()
    } else {
        read(body)
    };
    if let Some(fields) = value.as_object_mut() {
        fields.remove("token");
    }
    value
}

fn read(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let beginning = || String::from_utf8_lossy(body).chars().take(LONGEST_TEXT).collect();
    serde_json::from_slice(body).unwrap_or_else(|_| Value::String(beginning()))
}

fn without_token(query: &str) -> String {
    let pairs = query.split('&').filter(|pair| !pair.starts_with("token="));
    pairs.collect::<Vec<_>>().join("&")
}

/// Whoever has the token of an interaction at Discord can answer it in the bot's place.
fn without_interaction_token(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let ["", "api", "v10", "interactions" | "webhooks", _, token, ..] = parts.as_mut_slice() {
        *token = "token";
    }
    parts.join("/")
}

/// Whoever has the ticket can open the socket in the bot's place.
fn without_ticket(mut body: Value) -> Value {
    let address = body.get("url").and_then(Value::as_str).filter(|url| url.starts_with("ws"));
    if let Some(bare) = address.and_then(|url| url.split_once('?')).map(|(bare, _)| bare.to_owned())
    {
        body["url"] = bare.into();
    }
    body
}
