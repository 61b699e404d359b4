//! The modelled workspace over real loopback, as a vendor's client meets it.

use std::future::IntoFuture;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;
use crate::adapters::secret::Secret;
use crate::adapters::slack::verify::Verifier;
use crate::domain::time::Span;
use crate::world::ledger::Fault;

mod delivery;
mod modals;
mod socket;
mod web_api;

const NOW: Timestamp = Timestamp(1_795_226_820_000);
const INCIDENTS: &str = "C01INC";

/// A workspace that listens.
struct Place {
    model: Arc<SlackModel>,
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    http: reqwest::Client,
    base: String,
}

async fn place() -> Place {
    let (clock, ledger) = (WorldClock::still(NOW), Ledger::new());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let seed = SlackSeed::demo(Credentials::fresh());
    let model = SlackModel::start(clock.clone(), ledger.clone(), seed, address).await.unwrap();
    tokio::spawn(axum::serve(listener, model.router()).into_future());
    let http = reqwest::Client::new();
    Place { model, clock, ledger, http, base: format!("http://{address}") }
}

impl Place {
    /// Calls a method with the bot's token and JSON.
    async fn call(&self, method: &str, arguments: Value) -> Value {
        let token = &self.model.seed().credentials.bot_token;
        self.call_as(token, method, arguments).await
    }

    async fn call_as(&self, token: &str, method: &str, arguments: Value) -> Value {
        let request = self.http.post(format!("{}/api/{method}", self.base)).bearer_auth(token);
        request.json(&arguments).send().await.unwrap().json().await.unwrap()
    }

    /// Calls a method that takes a query.
    async fn read(&self, method: &str, query: &[(&str, &str)]) -> Value {
        let token = &self.model.seed().credentials.bot_token;
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let query = form.extend_pairs(query).finish();
        let request = self.http.get(format!("{}/api/{method}?{query}", self.base));
        request.bearer_auth(token).send().await.unwrap().json().await.unwrap()
    }

    /// Posts a message; its time stamp.
    async fn says(&self, text: &str) -> String {
        let said = self.call("chat.postMessage", json!({"channel": INCIDENTS, "text": text})).await;
        assert_eq!(said["ok"], true, "{said}");
        said["ts"].as_str().unwrap().to_owned()
    }

    /// Posts a message with a button; its time stamp.
    async fn says_with_button(&self, label: &str) -> String {
        let said = json!({"channel": INCIDENTS, "text": "card", "blocks": [button(label)]});
        let said = self.call("chat.postMessage", said).await;
        said["ts"].as_str().unwrap().to_owned()
    }

    fn trap(&self, kind: &str, with: Value) {
        let (vendor, kind) = (VENDOR.to_owned(), kind.to_owned());
        self.ledger.arm(Fault { vendor, kind, on: String::new(), times: Some(1), with });
    }

    /// The texts that a person has on the screen.
    fn seen_by(&self, name: &str) -> Vec<String> {
        let user = self.model.user_id(name);
        let messages = self.model.messages(INCIDENTS);
        messages.into_iter().filter(|one| one.visible_to(user)).map(|one| one.text).collect()
    }
}

fn button(label: &str) -> Value {
    let text = json!({"type": "plain_text", "text": label});
    let element = json!({"type": "button", "action_id": "go", "value": "opaque", "text": text});
    json!({"type": "actions", "block_id": "row", "elements": [element]})
}

/// A bot that notes what it is sent and answers what it is told to.
async fn bot(answer: Value) -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (noted, inbox) = mpsc::unbounded_channel();
    let take = move |headers: HeaderMap, body: Bytes| {
        noted.send((headers, body)).unwrap();
        let answer = answer.clone();
        async move { Json(answer) }
    };
    let router = Router::new()
        .route("/slack/commands", post(take.clone()))
        .route("/slack/interactions", post(take));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    (base, inbox)
}
