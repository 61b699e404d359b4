//! What the tests of this adapter stand on: a small Discord on loopback that answers what it is told to, a clock that
//! nobody has to wait for, and an intake that notes what it is given.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::client::{DiscordApi, DiscordApiConfig};
use super::wire::Home;
use crate::adapters::secret::Secret;
use crate::chat::inbound::{Answer, Choice, Completing, Inbound, Intake, Said};
use crate::chat::reply::{Card, Form, FormField, Part, Text};
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;

pub(super) const APPLICATION: &str = "1100";
pub(super) const GUILD: &str = "77";
pub(super) const CHANNEL: &str = "5001";
pub(super) const ANA: &str = "88";
pub(super) const TOKEN: &str = "aW50ZXJhY3Rpb24-x_y=";
pub(super) const NOW: Timestamp = Timestamp(1_795_200_000_000);

/// Who we are in these tests.
pub(super) fn home() -> Home {
    let api = "https://discord.com/api/v10".to_owned();
    Home { application: APPLICATION.to_owned(), guild: GUILD.to_owned(), api }
}

/// A clock that is where it is slept to.
#[derive(Debug)]
pub(super) struct QuickClock(Mutex<Timestamp>);

#[async_trait]
impl Clock for QuickClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn sleep_until(&self, at: Timestamp) {
        {
            let mut now = self.0.lock().unwrap();
            *now = at.max(*now);
        }
        tokio::task::yield_now().await;
    }
}

pub(super) fn clock() -> Arc<QuickClock> {
    Arc::new(QuickClock(Mutex::new(NOW)))
}

/// One call that reached the small Discord.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub(super) what: String,
    pub(super) token: Option<String>,
    pub(super) body: Value,
}

/// An answer: status, headers, body.
#[derive(Clone, Debug)]
pub(super) struct Reply(
    pub(super) u16,
    pub(super) Vec<(&'static str, &'static str)>,
    pub(super) Value,
);

impl Reply {
    pub(super) fn new(status: u16, body: Value) -> Self {
        Self(status, Vec::new(), body)
    }

    /// A message was made.
    pub(super) fn said(id: &str) -> Self {
        Self::new(200, json!({"id": id, "odd": {"of": "next year"}}))
    }

    pub(super) fn refused(status: u16, code: u64) -> Self {
        Self::new(status, json!({"message": "secret words", "code": code}))
    }
}

/// `POST /api/v10/…`'s end → its answers, in order; the last one stays.
type Script = Vec<(&'static str, Vec<Reply>)>;

pub(super) struct Small {
    script: Mutex<Script>,
    calls: Mutex<Vec<Call>>,
}

impl Small {
    pub(super) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// Methods and paths of the calls.
    pub(super) fn paths(&self) -> Vec<String> {
        self.calls().into_iter().map(|call| call.what).collect()
    }
}

async fn reply(
    State(small): State<Arc<Small>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let what = format!("{method} {}", uri.path());
    let token = headers.get("authorization").map(|token| token.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    small.calls.lock().unwrap().push(Call { what: what.clone(), token, body });
    let mut script = small.script.lock().unwrap();
    let found = script.iter_mut().find(|(end, _)| what.ends_with(end));
    let Some((_, replies)) = found else { return StatusCode::NOT_FOUND.into_response() };
    let Reply(status, headers, body) =
        if replies.len() > 1 { replies.remove(0) } else { replies[0].clone() };
    let mut response = axum::Json(body).into_response();
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

pub(super) struct Place {
    pub(super) small: Arc<Small>,
    pub(super) api: Arc<DiscordApi>,
    pub(super) base: String,
}

/// A small Discord that answers so, and a client for it.
pub(super) async fn place(script: Script) -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let small = Arc::new(Small { script: Mutex::new(script), calls: Mutex::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(reply).with_state(small.clone());
    tokio::spawn(axum::serve(listener, router).into_future());
    let api = client(&base);
    Place { small, api, base }
}

/// A client for an address.
pub(super) fn client(base: &str) -> Arc<DiscordApi> {
    let config = DiscordApiConfig {
        api_url: format!("{base}/"),
        bot_token: Secret::new("bot-1"),
        application: APPLICATION.to_owned(),
        guild: GUILD.to_owned(),
    };
    Arc::new(DiscordApi::new(&config, clock()).unwrap())
}

/// Notes what it is given; answers with a card, slowly or never where the service is called so.
#[derive(Default)]
pub(super) struct Notebook(pub(super) Mutex<Vec<Inbound>>);

#[async_trait]
impl Intake for Notebook {
    async fn receive(&self, inbound: Inbound) -> Answer {
        self.0.lock().unwrap().push(inbound.clone());
        let is_for = |service: &str, said: &Said| match said {
            Said::Options { options, .. } => options.iter().any(|(_, value)| value == service),
            Said::Text(_) => false,
        };
        match inbound {
            Inbound::Command { said, .. } if is_for("slow", &said) => {
                #[expect(clippy::disallowed_methods, reason = "sockets know no other time")]
                tokio::time::sleep(std::time::Duration::from_millis(1800)).await;
                Answer::Card(answer())
            }
            Inbound::Press { action, .. } if action == "hang" => std::future::pending().await,
            Inbound::Press { action, token, .. } if action == "reason" => Answer::Form(form(token)),
            // A press is answered only when it was not taken.
            Inbound::Press { action, .. } if action != "not-stored" => Answer::Nothing,
            Inbound::Form { values, .. } if values["reason"] != "too long" => Answer::Nothing,
            _ => Answer::Card(answer()),
        }
    }

    async fn complete(&self, completing: Completing) -> Vec<Choice> {
        if completing.typed == "hang" {
            return std::future::pending().await;
        }
        let name = format!("{} of {}", completing.typed, completing.option);
        let many = (0..30).map(|n| Choice { name: format!("{name} {n}"), value: n.to_string() });
        many.collect()
    }
}

fn form(token: String) -> Form {
    let field = FormField {
        name: "reason".to_owned(),
        label: "Why roll back all the same?".to_owned(),
        hint: "It stands on the card.".to_owned(),
        max: 200,
    };
    Form { token, title: "Give a reason".to_owned(), field, submit: "Ask again".to_owned() }
}

pub(super) fn answer() -> Card {
    let text = Text::plain("incident #1");
    Card { summary: text.clone(), parts: vec![Part::Paragraph(text)] }
}

/// A typed command as Discord sends it.
pub(super) fn command(service: &str) -> Value {
    json!({
        "id": "9001", "application_id": APPLICATION, "type": 2, "token": TOKEN, "version": 1,
        "guild_id": GUILD, "channel_id": CHANNEL,
        "channel": {"id": CHANNEL, "type": 0, "name": "incidents", "parent_id": "4000"},
        "guild": {"id": GUILD, "locale": "en-US", "features": []},
        "guild_locale": "en-US", "locale": "en-GB", "app_permissions": "562949953601536",
        "member": member(ANA), "entitlements": [], "entitlement_sku_ids": [], "context": 0,
        "authorizing_integration_owners": {"0": GUILD}, "attachment_size_limit": 10_485_760,
        "data": {"id": "3001", "name": "rollback", "type": 1, "guild_id": GUILD, "options": [
            {"name": "service", "type": 3, "value": service},
            {"name": "reason", "type": 3, "value": "checkout *broken*"}]},
    })
}

/// A pressed button as Discord sends it.
pub(super) fn press(custom_id: &str) -> Value {
    let mut press = command("");
    press["id"] = json!("9002");
    press["type"] = json!(3);
    press["data"] = json!({"custom_id": custom_id, "component_type": 2, "id": 4});
    press["message"] = json!({
        "id": "6001", "channel_id": CHANNEL, "type": 0, "flags": 64, "content": "", "pinned": false,
        "author": user(APPLICATION, true), "timestamp": "2026-11-20T18:40:31.000000+00:00",
        "edited_timestamp": null, "tts": false, "mention_everyone": false, "mentions": [],
        "mention_roles": [], "attachments": [], "embeds": [], "components": [],
    });
    press
}

/// A filled form as Discord sends it.
pub(super) fn submission(custom_id: &str, reason: &str) -> Value {
    let mut submission = press("");
    submission["id"] = json!("9003");
    submission["type"] = json!(5);
    submission["data"] = json!({"custom_id": custom_id, "components": [
        {"type": 1, "id": 1, "components": [
            {"type": 4, "id": 2, "custom_id": "reason", "value": reason}]}]});
    submission
}

/// A command that is being typed, as Discord sends it.
pub(super) fn typing(typed: &str) -> Value {
    let mut typing = command("web");
    typing["id"] = json!("9004");
    typing["type"] = json!(4);
    typing["data"]["options"][1] =
        json!({"name": "to", "type": 3, "value": typed, "focused": true});
    typing
}

fn member(user_id: &str) -> Value {
    json!({"user": user(user_id, false), "roles": ["71"], "joined_at": "2024-01-01T00:00:00.000000+00:00",
           "deaf": false, "mute": false, "flags": 0, "pending": false, "permissions": "8",
           "nick": null, "avatar": null, "premium_since": null, "communication_disabled_until": null})
}

fn user(id: &str, bot: bool) -> Value {
    json!({"id": id, "username": "ana", "global_name": "Ana", "discriminator": "0", "avatar": null,
           "public_flags": 0, "bot": bot})
}
