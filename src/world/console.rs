//! The face of the modelled chat: a page, the state it draws, and what people do on it. Reachable from this machine only.

mod discord;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::Stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::clock::WorldClock;
use super::discord::DiscordModel;
use super::faces::Faces;
use super::ledger::Ledger;
use super::slack::SlackModel;
use super::stage::Scene;
use crate::domain::time::Span;
use crate::engine::ports::Clock;

/// What the page is served from.
#[derive(Clone)]
pub struct Console {
    /// What was said in Slack.
    pub slack: Arc<SlackModel>,
    /// What was said in Discord.
    pub discord: Arc<DiscordModel>,
    /// Where the team talks.
    pub faces: Faces,
    /// The pointer, the code and the shop.
    pub stage: Arc<Scene>,
    /// The world's time.
    pub clock: Arc<WorldClock>,
    /// Tells when something changed.
    pub ledger: Arc<Ledger>,
    /// The slash commands, for completion.
    pub commands: Value,
    /// The only other origin that may be framed.
    pub shop_origin: String,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

/// All that the page is made of: where it is served, as what, and the text.
const FILES: &[(&str, &str, &str)] = &[
    ("/", HTML, include_str!("console/index.html")),
    ("/console/base.css", CSS, include_str!("console/base.css")),
    ("/console/sidebar.css", CSS, include_str!("console/sidebar.css")),
    ("/console/chat.css", CSS, include_str!("console/chat.css")),
    ("/console/discord.css", CSS, include_str!("console/discord.css")),
    ("/console/production.css", CSS, include_str!("console/production.css")),
    ("/console/narrow.css", CSS, include_str!("console/narrow.css")),
    ("/console/app.js", JS, include_str!("console/app.js")),
    ("/console/blocks.js", JS, include_str!("console/blocks.js")),
    ("/console/cards.js", JS, include_str!("console/cards.js")),
    ("/console/channels.js", JS, include_str!("console/channels.js")),
    ("/console/chart.js", JS, include_str!("console/chart.js")),
    ("/console/code.js", JS, include_str!("console/code.js")),
    ("/console/completion.js", JS, include_str!("console/completion.js")),
    ("/console/composer.js", JS, include_str!("console/composer.js")),
    ("/console/dom.js", JS, include_str!("console/dom.js")),
    ("/console/embeds.js", JS, include_str!("console/embeds.js")),
    ("/console/emoji.js", JS, include_str!("console/emoji.js")),
    ("/console/faces.js", JS, include_str!("console/faces.js")),
    ("/console/forms.js", JS, include_str!("console/forms.js")),
    ("/console/guide.js", JS, include_str!("console/guide.js")),
    ("/console/guild.js", JS, include_str!("console/guild.js")),
    ("/console/log.js", JS, include_str!("console/log.js")),
    ("/console/markdown.js", JS, include_str!("console/markdown.js")),
    ("/console/messages.js", JS, include_str!("console/messages.js")),
    ("/console/mrkdwn.js", JS, include_str!("console/mrkdwn.js")),
    ("/console/navigation.js", JS, include_str!("console/navigation.js")),
    ("/console/people.js", JS, include_str!("console/people.js")),
    ("/console/phase.js", JS, include_str!("console/phase.js")),
    ("/console/pointer.js", JS, include_str!("console/pointer.js")),
    ("/console/presses.js", JS, include_str!("console/presses.js")),
    ("/console/rate.js", JS, include_str!("console/rate.js")),
    ("/console/redraw.js", JS, include_str!("console/redraw.js")),
    ("/console/server.js", JS, include_str!("console/server.js")),
    ("/console/shop.js", JS, include_str!("console/shop.js")),
    ("/console/slots.js", JS, include_str!("console/slots.js")),
    ("/console/state.js", JS, include_str!("console/state.js")),
    ("/console/status.js", JS, include_str!("console/status.js")),
    ("/console/story.js", JS, include_str!("console/story.js")),
    ("/console/threads.js", JS, include_str!("console/threads.js")),
    ("/console/time.js", JS, include_str!("console/time.js")),
];

/// The page and its routes.
pub fn router(console: Console) -> Router {
    files()
        .route("/console/state", get(state))
        .route("/console/events", get(events))
        .route("/console/command", post(command))
        .route("/console/press", post(press))
        .route("/console/form", post(form))
        .route("/console/form/close", post(close_form))
        .route("/console/message", post(message))
        .route("/console/clock", post(advance))
        .merge(discord::routes())
        .layer(middleware::from_fn_with_state(console.clone(), guard))
        .with_state(console)
}

fn files() -> Router<Console> {
    FILES.iter().fold(Router::new(), |router, &(path, kind, text)| {
        router.route(path, get(move || async move { typed(kind, text) }))
    })
}

fn typed(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], text).into_response()
}

/// Only pages of this very server may act, and only under a name of this machine: no other site can reach the demo through
/// somebody's browser.
async fn guard(State(console): State<Console>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    if !is_local(headers) || (request.method() == Method::POST && !is_own_page(headers)) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'self'; img-src 'self' data:; frame-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        console.shop_origin
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    matches!(name, "127.0.0.1" | "localhost" | "[::1]")
}

fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let is_json =
        text(header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json"));
    let is_same = match (text(header::ORIGIN), text(header::HOST)) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin == format!("http://{host}"),
        (Some(_), None) => false,
    };
    is_json && is_same
}

/// What is shown of the code may ask git, so it is not asked for among the others' work.
async fn state(State(console): State<Console>) -> Response {
    match tokio::task::spawn_blocking(move || console.state()).await {
        Ok(state) => Json(state).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Console {
    fn state(&self) -> Value {
        let seed = self.slack.seed();
        let messages: serde_json::Map<String, Value> = seed
            .channels
            .iter()
            .map(|channel| (channel.id.clone(), json!(self.slack.messages(&channel.id))))
            .collect();
        json!({
            "version": *self.ledger.changes().borrow(),
            "now": self.clock.now(),
            "workspace": {"name": seed.team.name, "team": seed.team.id},
            "users": seed.users,
            "bot": {
                "id": seed.bot.user_id, "name": seed.bot.name,
                "connected": self.slack.is_bot_connected(),
            },
            "channels": seed.channels,
            "messages": messages,
            "faces": {"slack": self.faces.have_slack(), "discord": self.faces.have_discord()},
            "discord": self.faces.have_discord().then(|| discord::state(&self.discord)),
            "modals": self.slack.modals(),
            "commands": self.commands,
            "pointer": self.stage.pointer(),
            "code": self.stage.code(),
            "shop": self.stage.shop(),
        })
    }
}

async fn events(
    State(console): State<Console>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let changes = console.ledger.changes();
    let stream = futures_util::stream::unfold(changes, |mut changes| async move {
        changes.changed().await.ok()?;
        let version = *changes.borrow_and_update();
        let event = Event::default().event("change").data(json!({"version": version}).to_string());
        Some((Ok(event), changes))
    });
    Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(10)))
}

#[derive(Deserialize)]
struct Typed {
    user: String,
    channel: String,
    text: String,
    thread_ts: Option<String>,
}

#[derive(Deserialize)]
struct Pressed {
    user: String,
    channel: String,
    ts: String,
    block_id: String,
    action_id: String,
}

async fn command(State(console): State<Console>, Json(typed): Json<Typed>) -> Json<Value> {
    if !console.knows(&typed.user, &typed.channel) {
        return outcome(Err("There is no such person or channel.".to_owned()));
    }
    if typed.thread_ts.is_some() {
        return outcome(Err("Slash commands cannot be typed in a thread.".to_owned()));
    }
    outcome(console.slack.type_command(&typed.user, &typed.channel, typed.text.trim()).await)
}

async fn press(State(console): State<Console>, Json(pressed): Json<Pressed>) -> Json<Value> {
    if !console.knows(&pressed.user, &pressed.channel) {
        return outcome(Err("There is no such person or channel.".to_owned()));
    }
    let Pressed { user, channel, ts, block_id, action_id } = pressed;
    outcome(console.slack.press(&user, &channel, &ts, &block_id, &action_id).await)
}

#[derive(Deserialize)]
struct Filled {
    user: String,
    /// Which form: one that was replaced meanwhile is not sent.
    form: String,
    #[serde(default)]
    values: BTreeMap<String, String>,
}

async fn form(State(console): State<Console>, Json(filled): Json<Filled>) -> Json<Value> {
    if !console.shows(&filled) {
        return outcome(Err("This form is not open any more.".to_owned()));
    }
    outcome(console.slack.submit_form(&filled.user, &filled.values).await)
}

async fn close_form(State(console): State<Console>, Json(filled): Json<Filled>) -> Json<Value> {
    if console.shows(&filled) {
        console.slack.close_form(&filled.user);
    }
    outcome(Ok(()))
}

/// How far a wait can be skipped at once.
const LONGEST_SKIP: Span = Span::minutes(10);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skip {
    advance_ms: u32,
}

async fn advance(State(console): State<Console>, Json(skip): Json<Skip>) -> Json<Value> {
    let span = Span(i64::from(skip.advance_ms));
    if span > LONGEST_SKIP {
        return outcome(Err("So far the time cannot be moved at once.".to_owned()));
    }
    console.clock.advance(span);
    console.ledger.touch();
    outcome(Ok(()))
}

async fn message(State(console): State<Console>, Json(typed): Json<Typed>) -> Json<Value> {
    if !console.knows(&typed.user, &typed.channel) {
        return outcome(Err("There is no such person or channel.".to_owned()));
    }
    if typed.text.trim().is_empty() {
        return outcome(Err("There is nothing to say.".to_owned()));
    }
    let thread = typed.thread_ts.as_deref();
    console.slack.say(&typed.user, &typed.channel, typed.text.trim(), thread);
    outcome(Ok(()))
}

impl Console {
    fn shows(&self, filled: &Filled) -> bool {
        self.slack.modal(&filled.user).is_some_and(|modal| modal.id == filled.form)
    }

    fn knows(&self, user: &str, channel: &str) -> bool {
        let seed = self.slack.seed();
        seed.users.iter().any(|one| one.id == user)
            && seed.channels.iter().any(|one| one.id == channel)
    }
}

fn outcome(done: Result<(), String>) -> Json<Value> {
    Json(match done {
        Ok(()) => json!({"ok": true}),
        Err(error) => json!({"ok": false, "error": error}),
    })
}

#[cfg(test)]
mod tests {
    use super::FILES;

    /// Whatever a file of the page names is served, so that the page never fails to start for want of one.
    #[test]
    fn every_file_that_the_page_names_is_served() {
        let served: Vec<&str> = FILES.iter().map(|(path, _, _)| *path).collect();
        let names = regex::Regex::new(r#"(?:from\s+|import\s+|href=|src=)"([^"]+\.(?:js|css))""#)
            .expect("a pattern");
        let mut found = 0;
        for (path, _, text) in FILES {
            for name in names.captures_iter(text) {
                let name = name[1].trim_start_matches("./");
                let name = name.rsplit('/').next().unwrap_or(name);
                let is_served = served.iter().any(|one| one.rsplit('/').next() == Some(name));
                assert!(is_served, "{path} names {name}");
                found += 1;
            }
        }
        assert!(found > 20, "the page names its files: {found}");
    }
}
