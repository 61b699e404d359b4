//! The gateway: the same interactions over a connection that we open, for teams without a public address. Owns who is
//! connected; serenity opens, identifies, keeps alive and replaces the connection. Next: `wire.rs` parses, `answer.rs`
//! answers.
//!
//! No intent is asked for: interactions come without one, and the bot reads nobody's messages. serenity reads an
//! interaction with structs of its own; written out again it goes through the parser of the HTTP path, so that both
//! mean the same.
//!
//! ```text
//! ask where the gateway is → connect → READY → connected → INTERACTION_CREATE → callback
//!          └──────────────── pause ←──────────────┘
//! ```

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serenity::all::{
    Client, ClientBuilder, ConnectionStage, Context, EventHandler, GatewayIntents, HttpBuilder,
    Interaction, Ready, ResumedEvent, ShardManager, ShardStageUpdateEvent,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::answer::Answers;
use super::wire::{self, Heard, Malformed};
use crate::adapters::secret::Secret;
use crate::domain::time::Span;
use crate::engine::ports::Clock;

/// The one address that needs no redirection.
const DISCORD: &str = "https://discord.com";
/// After a failure to connect at all. Discord allows a thousand identifications a day.
const PAUSE: Span = Span::seconds(5);
/// How often the connection is looked at.
const LOOK: Span = Span::seconds(5);
/// How long a connection may take to close.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Where to connect, and as whom.
#[derive(Clone)]
pub struct Gateway {
    /// `https://discord.com`, or a model's address.
    pub api_url: String,
    /// The bot token.
    pub bot_token: Secret,
    /// The application's id.
    pub application: u64,
    /// Answers what comes in.
    pub answers: Answers,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
}

/// A connection that is being kept.
pub struct GatewayHandle {
    connected: watch::Sender<bool>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Gateway {
    /// Begins to connect and returns; [`GatewayHandle::connected`] says when it has worked.
    pub fn start(self) -> GatewayHandle {
        let (connected, stop) = (watch::Sender::new(false), watch::Sender::new(false));
        let task = tokio::spawn(self.keep(connected.clone(), stop.subscribe()));
        GatewayHandle { connected, stop, task }
    }

    async fn keep(self, connected: watch::Sender<bool>, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let client = tokio::select! {
                client = self.connect(&connected) => client,
                () = stopped(&mut stop) => return,
            };
            match client {
                Ok(client) => self.live(client, &connected, &mut stop).await,
                Err(why) => tracing::warn!(why, "discord's gateway could not be reached"),
            }
            connected.send_replace(false);
            tokio::select! {
                () = self.clock.sleep_until(self.clock.now() + PAUSE) => {}
                () = stopped(&mut stop) => {}
            }
        }
    }

    /// A client that knows where the gateway is. serenity would dial Discord's own when it cannot ask, so we ask first.
    async fn connect(&self, connected: &watch::Sender<bool>) -> Result<Client, String> {
        self.answers.api().gateway().await.map_err(|error| error.to_string())?;
        let http =
            HttpBuilder::new(self.bot_token.expose()).application_id(self.application.into());
        let http = match self.api_url.trim_end_matches('/') {
            DISCORD => http,
            // With its limiter on, serenity would call Discord all the same.
            model => http.proxy(model).ratelimiter_disabled(true),
        };
        let listener = Listener { answers: self.answers.clone(), connected: connected.clone() };
        ClientBuilder::new_with_http(http.build(), GatewayIntents::empty())
            .event_handler(listener)
            .await
            // The library's errors may hold the address with what it carries.
            .map_err(|_| "no client could be made".to_owned())
    }

    /// Runs a client until it ends or we are told to stop.
    async fn live(
        &self,
        mut client: Client,
        connected: &watch::Sender<bool>,
        stop: &mut watch::Receiver<bool>,
    ) {
        let shards = client.shard_manager.clone();
        let running = async {
            if client.start().await.is_err() {
                tracing::warn!("discord's gateway ended the connection for good: check the token");
            }
        };
        let watching = async {
            loop {
                self.clock.sleep_until(self.clock.now() + LOOK).await;
                connected.send_replace(is_connected(&shards).await);
            }
        };
        tokio::pin!(running);
        tokio::select! {
            () = &mut running => {}
            () = watching => {}
            () = stopped(stop) => {
                shards.shutdown_all().await;
                // A connection that was not there yet has nothing to close.
                let _ = timeout(CLOSE_LIMIT, running).await;
            }
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // A dropped sender means the same: the handle is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}

async fn is_connected(shards: &ShardManager) -> bool {
    let runners = shards.runners.lock().await;
    !runners.is_empty() && runners.values().all(|one| one.stage == ConnectionStage::Connected)
}

impl GatewayHandle {
    /// Whether Discord has greeted us on a connection that still stands.
    pub fn connected(&self) -> watch::Receiver<bool> {
        self.connected.subscribe()
    }

    /// Closes the connection. What Discord sends meanwhile is lost, and shown to people as such.
    pub async fn shutdown(self) {
        self.stop.send_replace(true);
        if timeout(2 * CLOSE_LIMIT, self.task).await.is_err() {
            tracing::warn!("the connection to discord did not close in time");
        }
        self.connected.send_replace(false);
    }
}

/// Hears what the connection brings.
struct Listener {
    answers: Answers,
    connected: watch::Sender<bool>,
}

#[async_trait]
impl EventHandler for Listener {
    async fn ready(&self, _context: Context, _ready: Ready) {
        self.connected.send_replace(true);
    }

    async fn resume(&self, _context: Context, _resumed: ResumedEvent) {
        self.connected.send_replace(true);
    }

    async fn shard_stage_update(&self, _context: Context, update: ShardStageUpdateEvent) {
        self.connected.send_replace(update.new == ConnectionStage::Connected);
    }

    async fn interaction_create(&self, _context: Context, interaction: Interaction) {
        let api = self.answers.api();
        let heard = written(&interaction).and_then(|body| wire::interaction(api.home(), &body));
        let interaction = match heard {
            Ok(Heard::Interaction(interaction)) => interaction,
            Ok(Heard::Ping) => return,
            Err(reason) => {
                tracing::warn!(%reason, "discord sent a request that we cannot read");
                return;
            }
        };
        let (id, token) = (interaction.id.clone(), interaction.token.clone());
        let answer = self.answers.first(*interaction).await;
        if let Err(failure) = api.answer(&id, &token, &answer).await {
            // Whether a request was acted on never hangs on its answer.
            tracing::warn!(error = %failure.meaning, "an answer did not reach discord");
        }
    }
}

/// An interaction as Discord wrote it. serenity leaves its kind out.
fn written(interaction: &Interaction) -> Result<Vec<u8>, Malformed> {
    let odd = Malformed("an interaction cannot be written out");
    let mut payload = serde_json::to_value(interaction).map_err(|_| odd)?;
    payload["type"] = u8::from(interaction.kind()).into();
    serde_json::to_vec(&payload).map_err(|_| odd)
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
