//! The door of the modelled GitHub: every request is noted, meets the traps, shows its token, and is answered.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::Value;

use super::calls::history::crowd;
use super::{GitHubModel, VENDOR, git_http, json};
use crate::domain::time::Span;
use crate::engine::ports::Clock;
use crate::world::call::{by_trap, noting};
use crate::world::cut_off::cut_off;
use crate::world::ledger::{Fault, Origin};

/// How the ledger calls what is no part of the REST description.
const GRAPHQL: &str = "github-graphql";

pub(super) fn router(model: Arc<GitHubModel>) -> Router {
    let note = |vendor, calls: Router<Arc<GitHubModel>>| {
        noting(vendor, &model.clock, &model.ledger, calls.with_state(Arc::clone(&model)))
    };
    let documents = Router::new().route("/graphql", post(handle));
    note(VENDOR, Router::new().fallback(handle))
        .merge(note(GRAPHQL, documents))
        .merge(note(git_http::VENDOR, git_http::routes()))
}

/// A request as the calls see it.
pub(super) struct Request {
    pub(super) method: Method,
    /// The raw path, for traps.
    pub(super) path: String,
    /// The path's segments, decoded.
    pub(super) segments: Vec<String>,
    query: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Request {
    fn read(method: Method, uri: &Uri, body: &[u8]) -> Self {
        let query = uri.query().unwrap_or_default();
        Self {
            method,
            path: uri.path().to_owned(),
            segments: uri.path().split('/').filter(|one| !one.is_empty()).map(decoded).collect(),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            body: serde_json::from_slice(body).unwrap_or(Value::Null),
        }
    }

    /// A question that no client asked.
    pub(super) fn get(segments: Vec<String>, query: &[(&str, &str)]) -> Self {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let path = format!("/{}", segments.join("/"));
        Self { method: Method::GET, path, segments, query: query.collect(), body: Value::Null }
    }

    /// The whole query, its parameters in order.
    pub(super) fn query(&self) -> String {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.query).finish()
    }

    /// A parameter of the query; empty where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A text of the body; empty where there is none.
    pub(super) fn field(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    /// The page of a list that is asked for, from 1, and how long pages are.
    fn page(&self) -> (usize, usize) {
        let number = |name: &str| self.text(name).parse::<usize>().ok().filter(|one| *one > 0);
        (number("page").unwrap_or(1), number("per_page").unwrap_or(30).min(100))
    }
}

/// What a call answers.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
    /// Where the other pages of a list are.
    link: Option<String>,
    /// Whose doing it is.
    origin: Origin,
}

impl Answer {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self { status, body, link: None, origin: Origin::Model }
    }

    pub(super) fn problem(status: u16, message: &str) -> Self {
        Self::new(status, json::problem(status, message))
    }

    pub(super) fn missing() -> Self {
        Self::problem(404, "Not Found")
    }

    /// The model itself is at a loss; the real one would not be.
    pub(super) fn broken(why: &str) -> Self {
        tracing::error!(why, "the modelled GitHub cannot answer");
        Self::problem(500, why)
    }

    pub(super) fn found(found: anyhow::Result<Value>) -> Self {
        match found {
            Ok(body) => Self::new(200, body),
            Err(error) => Self::broken(&error.to_string()),
        }
    }

    /// One page of a list, with the way to the next one.
    pub(super) fn page(rows: Value, request: &Request) -> Self {
        let (page, length) = request.page();
        let rows = rows.as_array().cloned().unwrap_or_default();
        let from = (page - 1).saturating_mul(length);
        let is_more = rows.len() > from.saturating_add(length);
        let shown: Value = rows.iter().skip(from).take(length).cloned().collect();
        let link = is_more.then(|| {
            let mut query = request.query.clone();
            query.insert("page".to_owned(), (page + 1).to_string());
            let query =
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
            format!("<https://api.github.com{}?{query}>; rel=\"next\"", request.path)
        });
        Self { link, ..Self::new(200, shown) }
    }

    pub(super) fn by_trap(self) -> Self {
        Self { origin: Origin::Trap, ..self }
    }
}

async fn handle(
    Shared(model): Shared<Arc<GitHubModel>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(response) = at_the_door(&model, &method, &uri).await {
        return response;
    }
    let (path, is_read) = (uri.path().to_owned(), method == Method::GET);
    let trap = |kind| model.ledger.spring(VENDOR, kind, method.as_str(), &path);
    let request = Request::read(method.clone(), &uri, &body);
    if let Some(answer) = model.answer_app(&request, &headers) {
        let is_lost = !is_read && trap("lost_answer").is_some();
        return if is_lost { cut_off() } else { respond(&answer) };
    }
    if let Some(refused) = turned_away(&model, &headers) {
        return respond(&refused);
    }
    if is_about_rules(&path) && trap("protection_unreadable").is_some() {
        let message = "Resource not accessible by personal access token";
        return respond(&Answer::problem(403, message).by_trap());
    }
    let is_crowded = path.contains("/compare/") && trap("many_files").is_some();
    let is_lost = !is_read && trap("lost_answer").is_some();
    let teammate = trap("teammate");
    let asked = Arc::clone(&model);
    let answered = tokio::task::spawn_blocking(move || {
        teammate.iter().for_each(|fault| asked.teammate(fault));
        asked.answer(&request)
    });
    let Ok(mut answer) = answered.await else { return cut_off() };
    if is_lost {
        return cut_off();
    }
    if is_crowded {
        crowd(&mut answer.body);
        answer = answer.by_trap();
    }
    respond(&answer)
}

/// The traps that meet any call, and those that change the rules from now on.
pub(super) async fn at_the_door(
    model: &GitHubModel,
    method: &Method,
    uri: &Uri,
) -> Option<Response> {
    let trap = |kind| model.ledger.spring(VENDOR, kind, method.as_str(), uri.path());
    for kind in ["review_required", "merge_queue"] {
        if trap(kind).is_some() {
            model.tighten(kind);
        }
    }
    if trap("revoked").is_some() {
        model.given.revoke();
    }
    if trap("hang").is_some() {
        std::future::pending::<()>().await;
    }
    if trap("dropped").is_some() {
        return Some(cut_off());
    }
    if let Some(fault) = trap("rate_limited") {
        return Some(spent(model, &fault));
    }
    if let Some(fault) = trap("status") {
        return Some(forced(&fault));
    }
    trap("garbage").map(|_| {
        let page = [(header::CONTENT_TYPE, "text/html")];
        by_trap((page, "<html>Please sign in</html>").into_response())
    })
}

/// What a token may be forbidden to read.
fn is_about_rules(path: &str) -> bool {
    path.contains("/rules/branches/") || path.contains("/protection")
}

/// `%2F` and the like, undone. A form's rules fit: no name here holds a plus sign.
fn decoded(segment: &str) -> String {
    let as_value = format!("s={segment}");
    url::form_urlencoded::parse(as_value.as_bytes()).map(|(_, value)| value.into_owned()).collect()
}

/// The answer to whoever shows no token that counts.
fn turned_away(model: &GitHubModel, headers: &HeaderMap) -> Option<Answer> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = given.and_then(|given| given.split_once(' '));
    let token = shown.filter(|(scheme, _)| matches!(*scheme, "Bearer" | "token"));
    let token = token.map_or("", |(_, token)| token);
    if model.lets_in(token) {
        return None;
    }
    let refused = Answer::problem(401, "Bad credentials");
    Some(if model.given.took_back(token) { refused.by_trap() } else { refused })
}

fn respond(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = [
        (header::CONTENT_TYPE.as_str(), "application/json; charset=utf-8"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4987"),
    ];
    let mut response = (status, kind, answer.body.to_string()).into_response();
    if let Some(link) = answer.link.as_deref().and_then(|link| link.parse().ok()) {
        response.headers_mut().insert(header::LINK, link);
    }
    match answer.origin {
        Origin::Model => response,
        Origin::Trap => by_trap(response),
    }
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
    let answer = match fault.with.get("body") {
        Some(body) => Answer::new(status, body.clone()),
        None => Answer::problem(status, message),
    };
    respond(&answer.by_trap())
}

/// The trap `rate_limited`.
fn spent(model: &GitHubModel, fault: &Fault) -> Response {
    let wait = fault.with.get("wait").and_then(Value::as_i64).unwrap_or(60);
    let reset = (model.clock.now() + Span::seconds(wait)).0 / 1000;
    let message = "API rate limit exceeded for user ID 583231.";
    let mut response = respond(&Answer::problem(403, message).by_trap());
    response.headers_mut().insert("x-ratelimit-remaining", 0.into());
    response.headers_mut().insert("x-ratelimit-reset", reset.into());
    response
}
