//! What was said in the workspace: messages, their time stamps, threads, and who can see what.
//!
//! Pure bookkeeping without I/O; `mod.rs` keeps it behind a lock. It never judges a request: `methods/` does that first.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::domain::time::Timestamp;

/// The user id under which Slack itself speaks.
pub const SLACKBOT: &str = "USLACKBOT";

/// One message, as the console shows it and tests read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Message {
    /// Slack's id and time in one, for example `1795200000.000100`.
    pub ts: String,
    /// The author.
    pub user: String,
    /// Whether a machine said it.
    pub bot: bool,
    /// The text; only a fallback when there are blocks.
    pub text: String,
    /// Block Kit, with the ids that Slack fills in.
    pub blocks: Vec<Value>,
    /// The parent, for a reply in a thread.
    pub thread_ts: Option<String>,
    /// How many replies hang under it.
    pub reply_count: u32,
    /// When it was last edited.
    pub edited_at: Option<Timestamp>,
    /// The only person who sees it; `None` for an ordinary message.
    pub ephemeral_for: Option<String>,
    /// When it was said.
    pub at: Timestamp,
    /// How often it was edited.
    #[serde(skip)]
    pub edits: u32,
    /// What the app attached for itself.
    #[serde(skip)]
    pub metadata: Option<Value>,
    /// A deleted parent that still carries a thread.
    #[serde(skip)]
    pub tombstone: bool,
}

impl Message {
    /// Whether this person has it on the screen.
    pub fn visible_to(&self, user: &str) -> bool {
        self.ephemeral_for.as_deref().is_none_or(|only| only == user)
    }
}

/// What a message says.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    /// Fallback text.
    pub(super) text: String,
    /// Checked blocks.
    pub(super) blocks: Vec<Value>,
    /// Opaque to Slack.
    pub(super) metadata: Option<Value>,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) channel: &'a str,
    pub(super) thread_ts: Option<&'a str>,
    /// The only person who sees it.
    pub(super) only_for: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// For one person in a channel.
    pub(super) fn whisper(channel: &'a str, user: &'a str) -> Self {
        Self { channel, thread_ts: None, only_for: Some(user) }
    }
}

/// Who says something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Author<'a> {
    /// The app.
    App(&'a str),
    /// Slack itself.
    Slackbot,
    /// A person.
    Person(&'a str),
}

/// All messages of the workspace.
#[derive(Debug, Default)]
pub(super) struct Store {
    last_micros: i64,
    next_id: u64,
    rooms: BTreeMap<String, Vec<Message>>,
}

impl Store {
    /// Puts a message into a channel and returns it.
    pub(super) fn add(
        &mut self,
        at: Timestamp,
        author: Author<'_>,
        place: Place<'_>,
        content: Content,
    ) -> Message {
        let (user, bot) = match author {
            Author::App(id) => (id, true),
            Author::Slackbot => (SLACKBOT, true),
            Author::Person(id) => (id, false),
        };
        let mut blocks = content.blocks;
        self.name_blocks(&mut blocks);
        let message = Message {
            ts: self.mint_ts(at),
            user: user.to_owned(),
            bot,
            text: content.text,
            blocks,
            thread_ts: place.thread_ts.map(|ts| self.thread_root(place.channel, ts)),
            reply_count: 0,
            edited_at: None,
            ephemeral_for: place.only_for.map(str::to_owned),
            at,
            edits: 0,
            metadata: content.metadata,
            tombstone: false,
        };
        if let (Some(root), None) = (&message.thread_ts, place.only_for)
            && let Some(parent) = self.find_mut(place.channel, root)
        {
            parent.reply_count += 1;
        }
        self.rooms.entry(place.channel.to_owned()).or_default().push(message.clone());
        message
    }

    /// Replaces what a message says.
    pub(super) fn edit(
        &mut self,
        at: Timestamp,
        channel: &str,
        ts: &str,
        mut content: Content,
    ) -> Option<Message> {
        self.name_blocks(&mut content.blocks);
        let message = self.find_mut(channel, ts)?;
        message.text = content.text;
        message.blocks = content.blocks;
        if content.metadata.is_some() {
            message.metadata = content.metadata;
        }
        message.edits += 1;
        message.edited_at = Some(at);
        Some(message.clone())
    }

    /// Takes a message away; a parent with replies leaves a tombstone, as at Slack.
    pub(super) fn delete(&mut self, channel: &str, ts: &str) {
        let Some(room) = self.rooms.get_mut(channel) else { return };
        let Some(index) = room.iter().position(|message| message.ts == ts) else { return };
        if room[index].reply_count > 0 {
            let parent = &mut room[index];
            parent.text = "This message was deleted.".into();
            parent.blocks.clear();
            parent.metadata = None;
            parent.user = SLACKBOT.into();
            parent.tombstone = true;
            return;
        }
        let gone = room.remove(index);
        let parent =
            gone.thread_ts.and_then(|root| room.iter_mut().find(|message| message.ts == root));
        if let Some(parent) = parent {
            parent.reply_count = parent.reply_count.saturating_sub(1);
        }
    }

    /// One message.
    pub(super) fn find(&self, channel: &str, ts: &str) -> Option<&Message> {
        self.room(channel).iter().find(|message| message.ts == ts)
    }

    /// Everything in a channel, oldest first, threads and ephemeral messages included.
    pub(super) fn room(&self, channel: &str) -> &[Message] {
        self.rooms.get(channel).map_or(&[], Vec::as_slice)
    }

    /// The number that tells one id from the next.
    pub(super) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    fn find_mut(&mut self, channel: &str, ts: &str) -> Option<&mut Message> {
        self.rooms.get_mut(channel)?.iter_mut().find(|message| message.ts == ts)
    }

    /// A reply to a reply belongs to the same thread.
    fn thread_root(&self, channel: &str, ts: &str) -> String {
        self.find(channel, ts)
            .and_then(|message| message.thread_ts.clone())
            .unwrap_or_else(|| ts.to_owned())
    }

    /// Unique and growing in the whole workspace, also when the clock stands still.
    fn mint_ts(&mut self, at: Timestamp) -> String {
        self.last_micros = (at.0 * 1000 + 100).max(self.last_micros + 100);
        format!("{}.{:06}", self.last_micros / 1_000_000, self.last_micros % 1_000_000)
    }

    /// The same for a modal, whose inputs are named as well.
    pub(super) fn name_blocks_of(&mut self, view: &mut Value) {
        let Some(blocks) = view["blocks"].as_array_mut() else { return };
        self.name_blocks(blocks);
        for block in blocks.iter_mut().filter(|block| block["type"] == "input") {
            self.fill(&mut block["element"], "action_id");
        }
    }

    /// Slack names blocks and interactive elements that came without a name.
    fn name_blocks(&mut self, blocks: &mut [Value]) {
        for block in blocks {
            self.fill(block, "block_id");
            if block["accessory"].is_object() {
                self.fill(&mut block["accessory"], "action_id");
            }
            if block["type"] == "actions" {
                for element in block["elements"].as_array_mut().into_iter().flatten() {
                    self.fill(element, "action_id");
                }
            }
        }
    }

    fn fill(&mut self, object: &mut Value, key: &str) {
        let nameless = object[key].as_str().is_none_or(str::is_empty);
        let interactive = key == "block_id" || object["type"] != "image";
        if nameless && interactive {
            object[key] = format!("gen{:03}", self.next_id()).into();
        }
    }
}

/// A time stamp in microseconds; takes `1795200000`, `1795200000.000100` and `0`.
pub(super) fn micros(ts: &str) -> Option<i64> {
    let (seconds, fraction) = ts.split_once('.').unwrap_or((ts, "0"));
    let seconds: i64 = seconds.parse().ok()?;
    if fraction.len() > 6 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<6}").parse().ok()?;
    seconds.checked_mul(1_000_000)?.checked_add(fraction)
}
