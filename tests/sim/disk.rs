//! The modelled disk: what the journal's port promises, in memory, so that thousands of nights a minute can be played.
//! `tests.rs` holds it against the real SQLite journal.

use std::collections::{BTreeMap, BTreeSet};

use repoint::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use repoint::domain::service::Channel;
use repoint::engine::ports::{
    Commit, JournalError, MessageRef, NewDelivery, NewPost, PendingDelivery, PendingPost,
    Placement, PostOutcome, Recorded, StoredToken, TokenHash,
};

/// One row of the outbox.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was to be said.
    pub post: NewPost,
    /// Whether it was said, or is known never to be.
    pub ended: bool,
}

/// What is durable.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    events: Vec<Recorded>,
    versions: BTreeMap<StreamId, Version>,
    deliveries: BTreeMap<DeliveryKey, (NewDelivery, u64)>,
    tokens: BTreeMap<TokenHash, StoredToken>,
    rows: Vec<Row>,
    waiting: BTreeMap<Channel, BTreeSet<u64>>,
    messages: BTreeMap<(Channel, String), MessageRef>,
    open: BTreeSet<IncidentId>,
}

/// Promises of the port that a planted fault breaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lapses {
    /// Deliveries that were settled are forgotten at a start.
    pub forgets_deliveries: bool,
    /// The expected version is not looked at.
    pub ignores_versions: bool,
    /// Used buttons can be used again.
    pub ignores_burns: bool,
    /// The outbox is given out last row first.
    pub reverses_posts: bool,
}

impl Disk {
    /// Writes all of it or nothing.
    pub fn commit(&mut self, commit: Commit, lapses: Lapses) -> Result<u64, JournalError> {
        self.refuse(&commit, lapses)?;
        for delivery in commit.deliveries {
            let number = self.deliveries.len() as u64;
            self.deliveries.insert(delivery.key.clone(), (delivery, number));
        }
        for token in commit.tokens {
            self.tokens.entry(token.hash).or_insert_with(|| StoredToken {
                incident: token.incident,
                action: token.action,
                issued_at: token.issued_at,
                burned: false,
            });
        }
        for hash in &commit.burned {
            if let Some(token) = self.tokens.get_mut(hash) {
                token.burned = true;
            }
        }
        let mut last = 0;
        for append in commit.appends {
            for event in append.events {
                let version = self.version(&append.stream).next();
                self.versions.insert(append.stream.clone(), version);
                let seq = self.events.len() as u64 + 1;
                let (stream, hash) = (append.stream.clone(), String::new());
                self.events.push(Recorded { seq, stream, version, event, hash });
                last = seq;
            }
        }
        for key in &commit.settled {
            if let Some((delivery, _)) = self.deliveries.get_mut(key) {
                delivery.pending = false;
            }
        }
        for post in commit.posts {
            let id = self.rows.len() as u64 + 1;
            self.waiting.entry(post.channel.clone()).or_default().insert(id);
            self.rows.push(Row { post, ended: false });
        }
        self.open.extend(&commit.opened);
        for closed in &commit.closed {
            self.open.remove(closed);
        }
        Ok(last)
    }

    fn refuse(&self, commit: &Commit, lapses: Lapses) -> Result<(), JournalError> {
        let mut keys = BTreeSet::new();
        for delivery in &commit.deliveries {
            if self.deliveries.contains_key(&delivery.key) || !keys.insert(&delivery.key) {
                return Err(JournalError::Duplicate(delivery.key.clone()));
            }
        }
        let mut burned = BTreeSet::new();
        for hash in &commit.burned {
            let is_made = commit.tokens.iter().any(|token| token.hash == *hash);
            let can_burn = self.tokens.get(hash).map_or(is_made, |token| !token.burned);
            if (!can_burn || !burned.insert(hash)) && !lapses.ignores_burns {
                return Err(JournalError::Burned);
            }
        }
        let mut versions: BTreeMap<&StreamId, u64> = BTreeMap::new();
        for append in &commit.appends {
            let now = versions.entry(&append.stream).or_insert(self.version(&append.stream).0);
            if append.expected.0 != *now && !lapses.ignores_versions {
                return Err(JournalError::Conflict(append.stream.clone()));
            }
            *now += append.events.len() as u64;
        }
        Ok(())
    }

    fn version(&self, stream: &StreamId) -> Version {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    /// Everything that was written, in order.
    pub fn events(&self) -> &[Recorded] {
        &self.events
    }

    /// A stream after a version.
    pub fn stream(&self, stream: &StreamId, after: Version) -> Vec<Recorded> {
        let of_stream = self.events.iter().filter(|one| one.stream == *stream);
        of_stream.filter(|one| one.version > after).cloned().collect()
    }

    /// Incidents that are open.
    pub fn open(&self) -> Vec<IncidentId> {
        self.open.iter().copied().collect()
    }

    /// The newest incidents, newest first.
    pub fn recent(&self, limit: usize) -> Vec<IncidentId> {
        let incidents = self.versions.keys().rev().filter_map(|stream| match stream {
            StreamId::Incident(id) => Some(*id),
            StreamId::Register | StreamId::Service(_) => None,
        });
        incidents.take(limit).collect()
    }

    /// Deliveries whose processing has not ended, oldest first.
    pub fn pending_deliveries(&self) -> Vec<PendingDelivery> {
        let mut pending: Vec<_> =
            self.deliveries.values().filter(|(delivery, _)| delivery.pending).collect();
        pending.sort_by_key(|(delivery, number)| (delivery.at, *number));
        let given = pending.into_iter().map(|(delivery, _)| PendingDelivery {
            key: delivery.key.clone(),
            at: delivery.at,
            body: delivery.body.clone(),
        });
        given.collect()
    }

    /// Whether a delivery is known.
    pub fn knows(&self, key: &DeliveryKey) -> bool {
        self.deliveries.contains_key(key)
    }

    /// A button.
    pub fn token(&self, hash: &TokenHash) -> Option<StoredToken> {
        self.tokens.get(hash).cloned()
    }

    /// Channels that have something to say.
    pub fn talking(&self) -> Vec<Channel> {
        let talking = self.waiting.iter().filter(|(_, rows)| !rows.is_empty());
        talking.map(|(channel, _)| channel.clone()).collect()
    }

    /// What a channel has to say, in order.
    pub fn posts(&self, channel: &Channel, limit: usize, lapses: Lapses) -> Vec<PendingPost> {
        let Some(rows) = self.waiting.get(channel) else { return Vec::new() };
        let given = |id: &u64| {
            let row = self.row(*id)?;
            Some(PendingPost { id: *id, post: row.post.clone() })
        };
        if lapses.reverses_posts {
            return rows.iter().rev().take(limit).filter_map(given).collect();
        }
        rows.iter().take(limit).filter_map(given).collect()
    }

    /// A row of the outbox.
    pub fn row(&self, id: u64) -> Option<&Row> {
        self.rows.get(usize::try_from(id).ok()?.checked_sub(1)?)
    }

    /// The oldest row of a channel that has not ended.
    pub fn first_waiting(&self, channel: &Channel) -> Option<u64> {
        self.waiting.get(channel)?.first().copied()
    }

    /// Records how a row ended.
    pub fn settle(&mut self, id: u64, outcome: &PostOutcome) -> Result<(), JournalError> {
        let index = usize::try_from(id).unwrap_or(0).wrapping_sub(1);
        let Some(row) = self.rows.get_mut(index) else {
            return Err(JournalError::Unavailable(format!("there is no outbox row {id}")));
        };
        if row.ended {
            return Ok(());
        }
        row.ended = true;
        if let Some(waiting) = self.waiting.get_mut(&row.post.channel) {
            waiting.remove(&id);
        }
        if let (PostOutcome::Sent(Some(message)), Placement::Upsert(key)) =
            (outcome, &row.post.placement)
        {
            self.messages.insert((row.post.channel.clone(), key.clone()), message.clone());
        }
        Ok(())
    }

    /// The message that stands under a key.
    pub fn message(&self, channel: &Channel, key: &str) -> Option<MessageRef> {
        self.messages.get(&(channel.clone(), key.to_owned())).cloned()
    }

    /// The process starts anew: what was only in memory is gone.
    pub fn restart(&mut self, lapses: Lapses) {
        if lapses.forgets_deliveries {
            self.deliveries.retain(|_, (delivery, _)| delivery.pending);
        }
    }
}
