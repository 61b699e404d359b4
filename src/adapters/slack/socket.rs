//! Socket Mode: the same requests over a connection that we open, for teams without a public address. Owns the envelopes and
//! who is connected; slack-morphism opens, pings and replaces the connections. It must acknowledge each envelope soon, since
//! a connection hands over the next one only then. Next: `wire.rs` parses, [`Intake`] answers.
//!
//! The library's callbacks see requests through its strict structs, which refuse a whole interaction for a member that
//! nobody needs. Its connections take any listener, so ours reads the frames itself, with the parser of the HTTP path.
//!
//! ```text
//! hello → connected    slash_commands, interactive → Intake → ack    disconnect → a new connection
//! ```

use std::collections::BTreeSet;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use slack_morphism::SlackSocketModeClientListener;
use slack_morphism::SlackSocketModeWssClientId;
use slack_morphism::clients_manager::{
    SlackSocketModeClientsManager, SlackSocketModeClientsManagerFactory,
};
use slack_morphism::prelude::{
    SlackApiToken, SlackClient, SlackClientEventsListenerEnvironment, SlackClientSocketModeConfig,
};
use tokio::sync::watch;

use super::client::{ClientError, api_connector, tls_connector};
use super::forms::Forms;
use super::hand_over::{self, Reply};
use super::wire::{self, Malformed};
use crate::adapters::secret::Secret;
use crate::chat::inbound::{Inbound, Intake};

/// Where to connect, and as whom.
#[derive(Clone, Debug)]
pub struct SocketMode {
    /// `https://slack.com/api`, or a model's address; it says where the connection itself goes.
    pub api_url: String,
    /// The app-level token (`xapp-…`) with `connections:write`.
    pub app_token: Secret,
    /// The configured workspace's id.
    pub team: String,
}

/// Connections that are being kept.
pub struct SocketHandle {
    manager: Arc<Manager>,
    connected: watch::Sender<bool>,
}

type Manager = dyn SlackSocketModeClientsManager + Send + Sync;

impl SocketMode {
    /// Begins to connect and returns; [`SocketHandle::connected`] says when it has worked. Two connections are kept, so that
    /// one is there while Slack replaces the other.
    pub async fn start(
        self,
        intake: Arc<dyn Intake>,
        forms: Arc<Forms>,
    ) -> Result<SocketHandle, ClientError> {
        let connector = api_connector(tls_connector(&self.api_url)?, &self.api_url);
        let client = Arc::new(SlackClient::new(connector));
        let environment = Arc::new(SlackClientEventsListenerEnvironment::new(client.clone()));
        let manager = client.http_api.connector.new_clients_manager(environment);
        let connected = watch::Sender::new(false);
        let listener = Arc::new(Listener {
            team: self.team,
            intake,
            forms,
            manager: Arc::downgrade(&manager),
            greeted: Mutex::default(),
            connected: connected.clone(),
        });
        let token = SlackApiToken::new(self.app_token.expose().to_owned().into());
        manager
            .register_new_token(&SlackClientSocketModeConfig::new(), token, listener)
            .await
            .map_err(|_| ClientError::Address(self.api_url))?;
        manager.start().await;
        Ok(SocketHandle { manager, connected })
    }
}

impl SocketHandle {
    /// Whether Slack has greeted us on at least one connection that still stands.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// Closes the connections. Requests that were not acknowledged are delivered again by Slack and recognised.
    pub async fn shutdown(self) {
        self.manager.shutdown().await;
        self.connected.send_replace(false);
    }
}

/// Reads the frames of all connections.
struct Listener {
    team: String,
    intake: Arc<dyn Intake>,
    forms: Arc<Forms>,
    /// Weak, because the manager's connections hold the listener.
    manager: Weak<Manager>,
    /// Connections on which Slack has said hello.
    greeted: Mutex<BTreeSet<String>>,
    connected: watch::Sender<bool>,
}

/// What every frame has, whatever it is.
#[derive(Deserialize)]
struct Head {
    #[serde(rename = "type")]
    kind: String,
    envelope_id: Option<String>,
    #[serde(default)]
    accepts_response_payload: bool,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Envelope {
    payload: Value,
}

#[async_trait]
impl SlackSocketModeClientListener for Listener {
    async fn on_message(
        &self,
        connection: &SlackSocketModeWssClientId,
        frame: String,
    ) -> Option<String> {
        let Ok(head) = serde_json::from_str::<Head>(&frame) else {
            tracing::warn!("slack sent a frame that is none");
            return None;
        };
        match head.kind.as_str() {
            "hello" => self.greet(connection),
            "disconnect" => {
                let reason = head.reason.as_deref().unwrap_or("unsaid");
                tracing::info!(reason, "slack replaces a connection");
                self.on_disconnect(connection).await;
            }
            "slash_commands" => return self.take_command(&head, &frame).await,
            "interactive" => return self.take_interaction(&head, &frame).await,
            // Acknowledged, or Slack would send it again and again.
            _ => return ack(&head, None),
        }
        None
    }

    async fn on_error(&self, _error: Box<dyn Error + Send + Sync>) {
        // The library's errors hold whole frames.
        tracing::warn!("a connection to slack failed");
    }

    async fn on_disconnect(&self, connection: &SlackSocketModeWssClientId) {
        self.part(connection);
        if let Some(manager) = self.manager.upgrade() {
            manager.restart_client(connection).await;
        }
    }
}

impl Listener {
    async fn take_command(&self, head: &Head, frame: &str) -> Option<String> {
        let Some(inbound) = readable(payload(frame).and_then(|it| wire::command(&self.team, it)))
        else {
            return ack(head, None);
        };
        acknowledge(head, hand_over::command(self.intake.as_ref(), inbound).await)
    }

    async fn take_interaction(&self, head: &Head, frame: &str) -> Option<String> {
        let parse = |payload: Value| wire::interaction(&self.team, &payload.to_string());
        let Some(inbound) = readable(payload(frame).and_then(parse)) else {
            return ack(head, None);
        };
        let reply = hand_over::interaction(self.intake.as_ref(), &self.forms, inbound).await;
        acknowledge(head, reply)
    }

    fn greet(&self, connection: &SlackSocketModeWssClientId) {
        self.change(|greeted| greeted.insert(connection.to_string()));
    }

    fn part(&self, connection: &SlackSocketModeWssClientId) {
        self.change(|greeted| greeted.remove(&connection.to_string()));
    }

    fn change(&self, change: impl FnOnce(&mut BTreeSet<String>) -> bool) {
        let mut greeted = self.greeted.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut greeted);
        self.connected.send_replace(!greeted.is_empty());
    }
}

fn payload(frame: &str) -> Result<Value, Malformed> {
    let envelope: Result<Envelope, _> = serde_json::from_str(frame);
    envelope.map(|envelope| envelope.payload).map_err(|_| Malformed("an envelope has no payload"))
}

/// A request that cannot be read is acknowledged all the same: it would be no better the second time.
fn readable(inbound: Result<Inbound, Malformed>) -> Option<Inbound> {
    inbound
        .inspect_err(|reason| tracing::warn!(%reason, "slack sent a request that we cannot read"))
        .ok()
}

/// The frame that answers an envelope; without one Slack marks the pressed button.
fn acknowledge(head: &Head, reply: Reply) -> Option<String> {
    match reply {
        Reply::Ack => ack(head, None),
        Reply::Shown(payload) => ack(head, Some(payload)),
        Reply::NotTaken(_) => None,
    }
}

/// The frame that acknowledges an envelope, with an answer where there is one and Slack takes it.
fn ack(head: &Head, answer: Option<Value>) -> Option<String> {
    let envelope_id = head.envelope_id.as_deref()?;
    let answer = answer.filter(|_| head.accepts_response_payload);
    let frame = match answer {
        Some(answer) => json!({"envelope_id": envelope_id, "payload": answer}),
        None => json!({"envelope_id": envelope_id}),
    };
    Some(frame.to_string())
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
