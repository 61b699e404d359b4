//! The modelled guild over real loopback, as a vendor's client meets it.

use std::future::IntoFuture;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::domain::time::Span;
use crate::world::ledger::Fault;

mod answers;
mod delivery;
mod limits;
mod real_client;
mod rest;
mod session;

const NOW: Timestamp = Timestamp(1_795_226_820_000);

/// A guild that listens.
struct Place {
    model: Arc<DiscordModel>,
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    http: reqwest::Client,
    base: String,
}

async fn place() -> Place {
    let (clock, ledger) = (WorldClock::still(NOW), Ledger::new());
    let model =
        DiscordModel::start(clock.clone(), ledger.clone(), DiscordSeed::demo()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, model.router()).into_future());
    Place { model, clock, ledger, http: reqwest::Client::new(), base }
}

impl Place {
    fn incidents(&self) -> String {
        self.model.channel_id("incidents").to_owned()
    }

    /// A call with the bot's token; its status and answer.
    async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let token = format!("Bot {}", self.model.seed().credentials.bot_token);
        self.call_as(Some(&token), method, path, body).await
    }

    async fn call_as(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Value,
    ) -> (u16, Value) {
        let url = format!("{}/api/v10{path}", self.base);
        let mut request = self.http.request(method.parse().unwrap(), url);
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Posts into #incidents; the message.
    async fn posts(&self, body: Value) -> Value {
        let path = format!("/channels/{}/messages", self.incidents());
        let (status, message) = self.call("POST", &path, body).await;
        assert_eq!(status, 200, "{message}");
        message
    }

    /// Registers one command with a free text and a completed option, and one with subcommands.
    async fn registers(&self) {
        let text = json!({"type": 3, "name": "text", "description": "What", "required": true});
        let service = json!({"type": 3, "name": "service", "description": "Which",
            "autocomplete": true, "max_length": 20});
        let note = json!({"type": 1, "name": "note", "description": "Note", "options": [text]});
        let commands = json!([
            {"name": "rollback", "description": "Roll back", "options": [service]},
            {"name": "incident", "description": "Incidents", "options": [note]},
        ]);
        let seed = self.model.seed();
        let path =
            format!("/applications/{}/guilds/{}/commands", seed.application_id, seed.guild.id);
        let (status, answer) = self.call("PUT", &path, commands).await;
        assert_eq!(status, 200, "{answer}");
    }

    fn trap(&self, kind: &str, with: Value) {
        let (vendor, kind) = (VENDOR.to_owned(), kind.to_owned());
        self.ledger.arm(Fault { vendor, kind, on: String::new(), times: Some(1), with });
    }

    fn user(&self, name: &str) -> String {
        self.model.user_id(name).to_owned()
    }

    /// The texts that a person has on the screen.
    fn seen_by(&self, name: &str) -> Vec<String> {
        let user = self.model.user_id(name);
        let messages = self.model.messages(&self.incidents());
        messages.into_iter().filter(|one| one.visible_to(user)).map(|one| one.content).collect()
    }
}

fn button(label: &str, custom_id: &str) -> Value {
    let button = json!({"type": 2, "style": 4, "label": label, "custom_id": custom_id});
    json!([{"type": 1, "components": [button]}])
}

/// A bot that notes what it is sent and answers what it is told to.
async fn bot(answer: Value) -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (noted, inbox) = mpsc::unbounded_channel();
    let take = move |headers: HeaderMap, body: Bytes| {
        noted.send((headers, body)).unwrap();
        let answer = answer.clone();
        async move { Json(answer) }
    };
    let router = Router::new().route("/discord/interactions", post(take));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    (base, inbox)
}
