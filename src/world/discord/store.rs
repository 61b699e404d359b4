//! What was said in the guild: messages, threads, their ids, and who can see what.
//!
//! Pure bookkeeping without I/O; `mod.rs` keeps it behind a lock. It never judges a request: `form.rs` does that first.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::form::Said;
use crate::domain::time::{Span, Timestamp};

/// The author of what Discord itself tells somebody.
pub const DISCORD: &str = "0";

/// Discord counts time from the first second of 2015.
const EPOCH_MS: i64 = 1_420_070_400_000;

/// How long the same nonce gives the same message.
const NONCE_LIVES: Span = Span::minutes(5);

/// One message, as the console shows it and tests read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// Digits; they grow with time.
    pub id: String,
    /// The channel or thread.
    pub channel_id: String,
    /// The author.
    pub user: String,
    /// Whether a machine said it.
    pub bot: bool,
    /// The text.
    pub content: String,
    /// Embeds, with what Discord fills in.
    pub embeds: Vec<Value>,
    /// Rows of components, with what Discord fills in.
    pub components: Vec<Value>,
    /// An answer that is still to come: "repoint is thinking…".
    pub loading: bool,
    /// The only person who sees it; `None` for an ordinary message.
    pub ephemeral_for: Option<String>,
    /// What it answers.
    pub interaction: Option<Reason>,
    /// The thread that was begun from it; it has the same id.
    pub thread: Option<String>,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// When it was said.
    pub at: Timestamp,
    /// Who was pinged by it: `everyone`, `here`, `@` or `@&` and an id.
    pub pings: Vec<String>,
    /// How often it was edited.
    #[serde(skip)]
    pub edits: u32,
    /// What the sender tells it by.
    #[serde(skip)]
    pub nonce: Option<Value>,
}

impl Message {
    /// Whether this person has it on the screen.
    pub fn visible_to(&self, user: &str) -> bool {
        self.ephemeral_for.as_deref().is_none_or(|only| only == user)
    }
}

/// Why the app says something: what a person did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The interaction's id.
    pub id: String,
    /// Its type, as a number on the wire.
    pub kind: u8,
    /// The person.
    pub user: String,
    /// The command, as it was typed; empty for the rest.
    pub command: String,
    /// The message whose button was pressed.
    pub pressed: Option<String>,
}

/// A thread begun from a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// That of the message.
    pub id: String,
    /// The channel that it belongs to.
    pub parent: String,
    /// Shown.
    pub name: String,
    /// Minutes of silence until it is put away.
    pub archive_after: u64,
    /// When it began.
    pub at: Timestamp,
}

/// A message on its way in.
pub(super) struct Draft<'a> {
    pub(super) channel: &'a str,
    pub(super) user: &'a str,
    pub(super) bot: bool,
    pub(super) only_for: Option<&'a str>,
    pub(super) reason: Option<Reason>,
    pub(super) loading: bool,
    pub(super) pings: Vec<String>,
    pub(super) said: Said,
}

/// All messages of the guild.
#[derive(Debug, Default)]
pub(super) struct Store {
    last_id: i64,
    rooms: BTreeMap<String, Vec<Message>>,
    threads: BTreeMap<String, Thread>,
}

impl Store {
    /// Puts a message into a channel and returns it.
    pub(super) fn add(&mut self, at: Timestamp, draft: Draft<'_>) -> Message {
        let message = Message {
            id: self.mint_id(at),
            channel_id: draft.channel.to_owned(),
            user: draft.user.to_owned(),
            bot: draft.bot,
            content: draft.said.content.unwrap_or_default(),
            embeds: draft.said.embeds.unwrap_or_default(),
            components: draft.said.components.unwrap_or_default(),
            loading: draft.loading,
            ephemeral_for: draft.only_for.map(str::to_owned),
            interaction: draft.reason,
            thread: None,
            edited_at: None,
            at,
            pings: draft.pings,
            edits: 0,
            nonce: draft.said.nonce,
        };
        self.rooms.entry(message.channel_id.clone()).or_default().push(message.clone());
        message
    }

    /// Replaces what a message says; what is not named stays.
    pub(super) fn edit(
        &mut self,
        at: Timestamp,
        channel: &str,
        id: &str,
        said: Said,
    ) -> Option<Message> {
        let message = self.rooms.get_mut(channel)?.iter_mut().find(|one| one.id == id)?;
        if let Some(content) = said.content {
            message.content = content;
        }
        if let Some(embeds) = said.embeds {
            message.embeds = embeds;
        }
        if let Some(components) = said.components {
            message.components = components;
        }
        // An answer that was still to come is not edited by coming.
        if !std::mem::take(&mut message.loading) {
            message.edits += 1;
            message.edited_at = Some(at);
        }
        Some(message.clone())
    }

    /// Takes a message away. Its thread stays.
    pub(super) fn delete(&mut self, channel: &str, id: &str) {
        if let Some(room) = self.rooms.get_mut(channel) {
            room.retain(|message| message.id != id);
        }
    }

    /// One message.
    pub(super) fn find(&self, channel: &str, id: &str) -> Option<&Message> {
        self.room(channel).iter().find(|message| message.id == id)
    }

    /// What an author said with this nonce a short time ago, wherever that was.
    pub(super) fn said_with(&self, user: &str, nonce: &Value, now: Timestamp) -> Option<Message> {
        let mut all = self.rooms.values().flatten();
        all.find(|one| {
            one.user == user
                && one.nonce.as_ref() == Some(nonce)
                && now.since(one.at) <= NONCE_LIVES
        })
        .cloned()
    }

    /// Everything in a channel or thread, oldest first, ephemeral messages included.
    pub(super) fn room(&self, channel: &str) -> &[Message] {
        self.rooms.get(channel).map_or(&[], Vec::as_slice)
    }

    /// Begins a thread at a message; nothing if there is one already.
    pub(super) fn begin_thread(&mut self, thread: Thread) -> Option<Thread> {
        let room = self.rooms.get_mut(&thread.parent)?;
        let message = room.iter_mut().find(|one| one.id == thread.id)?;
        if message.thread.is_some() {
            return None;
        }
        message.thread = Some(thread.id.clone());
        self.threads.insert(thread.id.clone(), thread.clone());
        Some(thread)
    }

    /// One thread.
    pub(super) fn thread(&self, id: &str) -> Option<&Thread> {
        self.threads.get(id)
    }

    /// All threads, oldest first.
    pub(super) fn threads(&self) -> Vec<Thread> {
        self.threads.values().cloned().collect()
    }

    /// Unique and growing in the whole guild, also when the clock stands still.
    pub(super) fn mint_id(&mut self, at: Timestamp) -> String {
        let earliest = at.0.saturating_sub(EPOCH_MS).max(0) << 22;
        self.last_id = earliest.max(self.last_id + 1);
        self.last_id.to_string()
    }
}
