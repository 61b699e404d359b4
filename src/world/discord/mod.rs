//! A model of one Discord guild: what was said, REST, the gateway, and the delivery of what people do as Discord makes it.
//!
//! Owns the guild's memory. Speaks the real wire formats on loopback, checks tokens, signs what it sends, and is loud about
//! calls it does not know. `routes` and `calls` are REST, `gateway` the WebSocket, `people` what people type and press,
//! `deliver` how the app hears of it, `interactions` and `answers` what it may answer. It knows nothing of the bot.

mod answers;
mod calls;
mod commands;
mod deliver;
mod embed;
mod form;
mod gateway;
mod interactions;
mod mentions;
mod people;
mod rates;
mod refusal;
mod routes;
mod seed;
mod store;
#[cfg(test)]
mod tests;
mod transcript;
mod webhooks;
mod wire;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde_json::Value;

use super::clock::WorldClock;
use super::ledger::Ledger;
use super::loopback::http_client;
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;
use commands::Commands;
use deliver::LastDelivery;
use gateway::Gateway;
use interactions::Interaction;
use rates::Rates;
use store::{DISCORD, Draft, Store};

pub use people::{Choice, Modal, ModalInput, Typed};
pub use seed::{Channel, Credentials, DiscordSeed, Guild, Role, User};
pub use store::{Message, Reason, Thread};

/// The vendor's name in the ledger.
pub(super) const VENDOR: &str = "discord";

/// The traps of this model. Those of the gateway and of deliveries are met by `POST /discord/interactions`, whichever way it
/// goes.
pub const FAULTS: &[&str] = &[
    "rate_limited",    // 429: {"retry_after": 0.5, "global": false}
    "status",          // a bare status: {"status": 503}
    "dropped",         // the connection is dropped before anything is done
    "garbage",         // 200 with a page that is not JSON, doing nothing
    "hang",            // no answer for a minute
    "lost_answer", // done, then the connection is dropped; with {"silent": true} it stays open, and silent
    "token_expired", // the token of an interaction is over
    "thread_refused", // a thread may not be begun
    "members_down", // members and roles cannot be read
    "gateway_drop", // the gateway's connection breaks; what was to be sent waits for a resume
    "reconnect",   // the gateway asks for a reconnect first; what was to be sent waits for a resume
    "invalid_session", // a resume is refused
    "duplicate",   // what somebody did is delivered twice
    "delayed",     // what somebody did is delivered late: {"ms": 1500}
];

/// A modelled guild.
pub struct DiscordModel {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    seed: DiscordSeed,
    http: reqwest::Client,
    gateway: Gateway,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    store: Store,
    /// Roles by member; who left is not in it.
    members: BTreeMap<String, Vec<String>>,
    commands: Commands,
    /// `http://host:port` of the bot.
    bot: Option<String>,
    only_gateway: bool,
    interactions: BTreeMap<String, Interaction>,
    modals: BTreeMap<String, Modal>,
    rates: Rates,
    replies: Vec<Value>,
    unknown_calls: Vec<String>,
    last_delivery: Option<LastDelivery>,
}

/// A button that a person can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    /// The channel or thread.
    pub channel: String,
    /// The message that holds it.
    pub message: String,
    /// Its name.
    pub custom_id: String,
}

impl DiscordModel {
    /// A guild whose REST will be served at the world's address; its gateway listens at once.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(
        clock: Arc<WorldClock>,
        ledger: Arc<Ledger>,
        seed: DiscordSeed,
    ) -> anyhow::Result<Arc<Self>> {
        let http = http_client().build()?;
        let members = seed.users.iter().map(|user| (user.id.clone(), user.roles.clone())).collect();
        let gateway = Gateway::start(gateway::App::of(&seed), ledger.clone()).await?;
        let state = Mutex::new(State { members, ..State::default() });
        Ok(Arc::new(Self { clock, ledger, seed, http, gateway, state }))
    }

    /// Its HTTP face.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(self.clone())
    }

    /// What people do is delivered to this bot from now on, as to an app with an interactions endpoint.
    pub fn set_bot_http(&self, base: &str) {
        self.state().bot = Some(base.to_owned());
        self.ledger.touch();
    }

    /// The app has no interactions endpoint: what people do is delivered over the gateway, whatever address is set.
    pub fn use_gateway(&self) {
        self.state().only_gateway = true;
        self.ledger.touch();
    }

    /// Whether anybody would get what people do.
    pub fn is_bot_connected(&self) -> bool {
        self.bot_address().is_some() || self.gateway.is_connected()
    }

    fn bot_address(&self) -> Option<String> {
        let state = self.state();
        state.bot.clone().filter(|_| !state.only_gateway)
    }

    /// What the guild began with.
    pub fn seed(&self) -> &DiscordSeed {
        &self.seed
    }

    /// The id of a person.
    ///
    /// # Panics
    /// When nobody has this name: a story with a misspelt name must not go on.
    pub fn user_id(&self, name: &str) -> &str {
        let found = self.seed.users.iter().find(|user| user.name == name);
        &found.unwrap_or_else(|| panic!("nobody is called {name}")).id
    }

    /// The id of a channel, named with or without `#`.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn channel_id(&self, name: &str) -> &str {
        let bare = name.trim_start_matches('#');
        let found = self.seed.channels.iter().find(|channel| channel.name == bare);
        &found.unwrap_or_else(|| panic!("no channel is called {name}")).id
    }

    /// The id of a role.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn role_id(&self, name: &str) -> &str {
        let found = self.seed.roles.iter().find(|role| role.name == name);
        &found.unwrap_or_else(|| panic!("no role is called {name}")).id
    }

    /// Gives a person these roles and no others; whoever had left is back.
    ///
    /// # Panics
    /// When a name is misspelt.
    pub fn set_roles(&self, user: &str, roles: &[&str]) {
        let roles = roles.iter().map(|role| self.role_id(role).to_owned()).collect();
        self.state().members.insert(self.user_id(user).to_owned(), roles);
        self.ledger.touch();
    }

    /// A person leaves the guild.
    ///
    /// # Panics
    /// When the name is misspelt.
    pub fn remove_member(&self, user: &str) {
        self.state().members.remove(self.user_id(user));
        self.ledger.touch();
    }

    /// The commands as they are registered now, the guild's before the global ones.
    pub fn commands(&self) -> Vec<Value> {
        self.state().commands.all()
    }

    /// Everything in a channel or thread, oldest first, ephemeral messages included.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.state().store.room(channel).to_vec()
    }

    /// All threads, oldest first.
    pub fn threads(&self) -> Vec<Thread> {
        self.state().store.threads()
    }

    /// Who was pinged by anything that was said.
    pub fn pings(&self) -> Vec<String> {
        let state = self.state();
        let rooms = self.seed.channels.iter().map(|channel| channel.id.clone());
        let rooms = rooms.chain(state.store.threads().into_iter().map(|thread| thread.id));
        rooms.flat_map(|room| state.store.room(&room).to_vec()).flat_map(|one| one.pings).collect()
    }

    /// A channel as people read it, for snapshots. Times are left out.
    pub fn transcript(&self, channel: &str) -> String {
        transcript::write(self, self.channel_id(channel))
    }

    /// The newest button with this label that a person can see in a channel or its threads.
    pub fn find_button(&self, channel: &str, user: &str, label: &str) -> Option<Visible> {
        let state = self.state();
        let threads = state.store.threads().into_iter().filter(|thread| thread.parent == channel);
        let rooms = threads.map(|thread| thread.id).chain([channel.to_owned()]);
        let all = rooms.flat_map(|room| state.store.room(&room).to_vec());
        let seen = all.filter(|message| message.visible_to(user));
        let found = seen.filter_map(|message| {
            let custom_id = transcript::find_button(&message, label)?;
            Some(Visible { channel: message.channel_id, message: message.id, custom_id })
        });
        found.max_by_key(|button| button.message.parse::<i64>().unwrap_or(0))
    }

    /// What the bot answered to deliveries over HTTP themselves.
    pub fn replies(&self) -> Vec<Value> {
        self.state().replies.clone()
    }

    /// Calls that this model did not know: a world is sound when there are none.
    pub fn unknown_calls(&self) -> Vec<String> {
        self.state().unknown_calls.clone()
    }

    /// Breaks the gateway's connections without a word; their sessions can be resumed.
    pub fn drop_gateway(&self) {
        self.gateway.drop_all();
    }

    /// Asks all of the gateway's connections to come again, as Discord does every few hours.
    pub fn ask_to_reconnect(&self) {
        self.gateway.ask_to_reconnect();
    }

    /// Discord itself tells one person something.
    fn tells(&self, channel: &str, user: &str, text: &str) {
        self.note(channel, DISCORD, Some(user), text);
    }

    /// Puts a bare text into a channel.
    fn note(&self, channel: &str, user: &str, only_for: Option<&str>, text: &str) {
        let draft = Draft {
            channel,
            user,
            bot: user == DISCORD,
            only_for,
            reason: None,
            loading: false,
            pings: Vec::new(),
            said: form::Said::text(text.to_owned()),
        };
        self.state().store.add(self.now(), draft);
        self.ledger.touch();
    }

    /// The channel itself, or the one that a thread belongs to.
    fn is_channel(&self, id: &str) -> bool {
        self.seed.channels.iter().any(|channel| channel.id == id)
            || self.state().store.thread(id).is_some()
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking request must not hide the guild from the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
