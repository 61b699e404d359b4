//! A model of one Slack workspace: what was said, the Web API, and the delivery of commands and presses as Slack makes it.
//!
//! Owns the workspace's memory. Speaks the real wire formats on loopback, checks tokens, and is loud about calls it does not
//! know. `methods` is the Web API, `deliver` what people type and press, `views` the modals that they fill in, `response` the
//! addresses for answers, `socket` Socket Mode. It knows nothing of the bot.

mod blocks;
mod deliver;
mod methods;
mod response;
mod routes;
mod seed;
mod socket;
mod store;
#[cfg(test)]
mod tests;
mod transcript;
mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde_json::Value;

use super::clock::WorldClock;
use super::ledger::Ledger;
use super::loopback::http_client;
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;
use deliver::LastDelivery;
use socket::Sockets;
use store::{Author, Content, Place, Store};

pub use seed::{Bot, Channel, Credentials, Group, SlackSeed, Team, User};
pub use store::Message;
pub use views::Modal;

/// The vendor's name in the ledger.
pub(super) const VENDOR: &str = "slack";

/// The traps of this model.
pub const FAULTS: &[&str] = &[
    "rate_limited", // 429 with Retry-After: {"retry_after": 2}
    "ok_false",     // 200 with an error code: {"error": "channel_not_found"}
    "status",       // a bare status: {"status": 503}
    "dropped",      // the connection is dropped before anything is done
    "garbage",      // 200 with a page that is not JSON, doing nothing
    "hang",         // no answer for a minute
    "lost_answer", // done, then the connection is dropped; with {"silent": true} it stays open, and silent
    "duplicate",   // a command or press is delivered twice
    "delayed",     // a command or press is delivered late: {"ms": 1500}
];

/// A modelled workspace.
pub struct SlackModel {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    seed: SlackSeed,
    /// `http://host:port` of this model.
    base: String,
    http: reqwest::Client,
    sockets: Sockets,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    store: Store,
    /// `http://host:port` of the bot.
    bot: Option<String>,
    answers: BTreeMap<String, response::Minted>,
    responses: Vec<Value>,
    replies: Vec<Value>,
    unknown_calls: Vec<String>,
    last_delivery: Option<LastDelivery>,
    triggers: BTreeMap<String, views::Trigger>,
    /// The modal that each person has before them.
    modals: BTreeMap<String, Modal>,
    groups: Vec<Group>,
    /// What is set on accounts besides being there, for example `is_restricted`: by user id.
    flags: BTreeMap<String, BTreeSet<&'static str>>,
}

/// A button that a person can see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visible {
    /// The message that holds it.
    pub ts: String,
    /// Its block.
    pub block_id: String,
    /// Its action.
    pub action_id: String,
}

impl SlackModel {
    /// A workspace whose Web API will be served at `address`; its Socket Mode listens at once.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(
        clock: Arc<WorldClock>,
        ledger: Arc<Ledger>,
        seed: SlackSeed,
        address: SocketAddr,
    ) -> anyhow::Result<Arc<Self>> {
        let http = http_client().build()?;
        let state = State { groups: seed.groups.clone(), ..State::default() };
        Ok(Arc::new(Self {
            clock,
            ledger,
            seed,
            base: format!("http://{address}"),
            http,
            sockets: Sockets::start().await?,
            state: Mutex::new(state),
        }))
    }

    /// Its HTTP face.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(self.clone())
    }

    /// Commands and presses are delivered to this bot from now on, unless it is connected by Socket Mode.
    pub fn set_bot_http(&self, base: &str) {
        self.state().bot = Some(base.to_owned());
        self.ledger.touch();
    }

    /// Whether anybody would get what people type.
    pub fn is_bot_connected(&self) -> bool {
        self.sockets.count() > 0 || self.state().bot.is_some()
    }

    /// The workspace.
    pub fn team_id(&self) -> &str {
        &self.seed.team.id
    }

    /// What the workspace began with.
    pub fn seed(&self) -> &SlackSeed {
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

    /// Everything in a channel, oldest first, threads and ephemeral messages included.
    pub fn messages(&self, channel: &str) -> Vec<Message> {
        self.state().store.room(channel).to_vec()
    }

    /// A channel as people read it, for snapshots. Times are left out.
    pub fn transcript(&self, channel: &str) -> String {
        transcript::write(self, &self.messages(self.channel_id(channel)))
    }

    /// The newest button with this label that a person can see in a channel.
    pub fn find_button(&self, channel: &str, user: &str, label: &str) -> Option<Visible> {
        let state = self.state();
        let room = state.store.room(channel).iter().rev();
        room.filter(|message| message.visible_to(user))
            .find_map(|message| transcript::find_button(message, label))
    }

    /// What was sent to addresses for answers that we never gave out.
    pub fn responses(&self) -> Vec<Value> {
        self.state().responses.clone()
    }

    /// What the bot answered to commands and presses themselves, but for bare acknowledgements.
    pub fn replies(&self) -> Vec<Value> {
        self.state().replies.clone()
    }

    /// Calls that this model did not know: a world is sound when there are none.
    pub fn unknown_calls(&self) -> Vec<String> {
        self.state().unknown_calls.clone()
    }

    /// A person says something.
    pub fn say(&self, user: &str, channel: &str, text: &str, thread: Option<&str>) {
        let place = Place { channel, thread_ts: thread, only_for: None };
        let content = Content { text: text.to_owned(), ..Content::default() };
        self.add(Author::Person(user), place, content);
    }

    /// A person joins a user group.
    pub fn joins(&self, user: &str, group: &str) {
        let id = self.user_id(user).to_owned();
        for one in self.state().groups.iter_mut().filter(|one| one.handle == group) {
            one.users.push(id.clone());
        }
    }

    /// A person is taken out of a user group.
    pub fn leaves(&self, user: &str, group: &str) {
        let id = self.user_id(user);
        for one in self.state().groups.iter_mut().filter(|one| one.handle == group) {
            one.users.retain(|user| user != id);
        }
    }

    /// Sets a flag of a person's account from now on: `is_restricted`, `is_bot`, `deleted` …
    pub fn marks(&self, user: &str, flag: &'static str) {
        let id = self.user_id(user).to_owned();
        self.state().flags.entry(id).or_default().insert(flag);
    }

    /// Closes all sockets, as Slack does every few hours.
    pub fn disconnect_all(&self, reason: &str) {
        self.sockets.disconnect_all(reason);
    }

    fn add(&self, author: Author<'_>, place: Place<'_>, content: Content) -> Message {
        let at = self.now();
        let message = self.state().store.add(at, author, place, content);
        self.ledger.touch();
        message
    }

    /// Slack itself tells one person something.
    fn slackbot(&self, channel: &str, user: &str, text: String) {
        let content = Content { text, ..Content::default() };
        self.add(Author::Slackbot, Place::whisper(channel, user), content);
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking request must not hide the workspace from the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
