//! What one write does to the tables, inside a savepoint that its caller opened. Owns every statement that changes
//! something; decides nothing about transactions, see `writer.rs`.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::{Stop, number, stored};
use crate::adapters::journal::chain::{self, Content, GENESIS};
use crate::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use crate::domain::time::Timestamp;
use crate::engine::ports::{
    Append, Commit, JournalError, NewDelivery, NewEvent, NewPost, NewToken, Placement, PostOutcome,
    TokenHash,
};

/// One request to the writer.
pub enum Write {
    /// [`crate::engine::ports::Journal::commit`]; gives the position of the last event.
    Commit(Commit),
    /// [`crate::engine::ports::Journal::settle_post`]; gives 0.
    SettlePost(u64, PostOutcome),
    /// Changes nothing, and is refused when what is new would be refused; gives 0.
    Ask,
    /// Removes at most `limit` settled deliveries from before; gives their number.
    PruneDeliveries {
        /// Only older ones.
        before: Timestamp,
        /// No more than this.
        limit: u32,
    },
    /// Removes the buttons from before; gives their number.
    PruneTokens {
        /// Only older ones.
        before: Timestamp,
    },
}

impl Write {
    /// Whether it brings something that was not begun yet. While the disk is full, that must wait.
    pub fn is_new(&self) -> bool {
        match self {
            Self::Commit(commit) => !commit.deliveries.is_empty(),
            Self::Ask => true,
            Self::SettlePost(..) | Self::PruneDeliveries { .. } | Self::PruneTokens { .. } => false,
        }
    }

    /// Carries it out. `last_seq` is the position of the journal's last event and moves with the events written; the
    /// caller takes it back when the savepoint is undone.
    pub fn apply(&self, db: &Connection, last_seq: &mut u64) -> Result<u64, Stop> {
        match self {
            Self::Commit(commit) => apply_commit(db, commit, last_seq),
            Self::SettlePost(id, outcome) => settle_post(db, *id, outcome).map(|()| 0),
            Self::Ask => Ok(0),
            Self::PruneDeliveries { before, limit } => prune_deliveries(db, *before, *limit),
            Self::PruneTokens { before } => prune_tokens(db, *before),
        }
    }
}

/// The position of the journal's last event.
pub fn last_seq(db: &Connection) -> Result<u64, rusqlite::Error> {
    let seq: Option<i64> =
        db.prepare_cached("SELECT max(seq) FROM events")?.query_row([], |row| row.get(0))?;
    number(seq.unwrap_or(0))
}

fn apply_commit(db: &Connection, commit: &Commit, last_seq: &mut u64) -> Result<u64, Stop> {
    // What can refuse stands before what cannot; what is made stands before what is used up.
    for delivery in &commit.deliveries {
        insert_delivery(db, delivery)?;
    }
    for token in &commit.tokens {
        insert_token(db, token)?;
    }
    for hash in &commit.burned {
        burn_token(db, hash)?;
    }
    let mut receipt = 0;
    for append in &commit.appends {
        receipt = append_events(db, append, last_seq)?.unwrap_or(receipt);
    }
    for key in &commit.settled {
        settle_delivery(db, key)?;
    }
    for post in &commit.posts {
        insert_post(db, post)?;
    }
    for incident in &commit.opened {
        mark_open(db, *incident)?;
    }
    for incident in &commit.closed {
        mark_closed(db, *incident)?;
    }
    Ok(receipt)
}

// ---------------------------------------------------------------------------------------------------------------------
// Events

/// A stream's end, as the list of heads has it.
struct Head {
    version: u64,
    hash: Vec<u8>,
}

/// Gives the position of the last event, `None` if there was none.
fn append_events(
    db: &Connection,
    append: &Append,
    last_seq: &mut u64,
) -> Result<Option<u64>, Stop> {
    let stream = append.stream.to_string();
    let mut head = read_head(db, &stream)?;
    if Version(head.version) != append.expected {
        return Err(Stop::Refused(JournalError::Conflict(append.stream.clone())));
    }
    for event in &append.events {
        insert_event(db, &stream, event, &mut head, *last_seq + 1)?;
        *last_seq += 1;
    }
    if append.events.is_empty() {
        return Ok(None);
    }
    write_head(db, &append.stream, &stream, &head)?;
    Ok(Some(*last_seq))
}

fn read_head(db: &Connection, stream: &str) -> Result<Head, rusqlite::Error> {
    let found: Option<(i64, Vec<u8>)> = db
        .prepare_cached("SELECT version, hash FROM heads WHERE stream = ?1")?
        .query_row([stream], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match found {
        Some((version, hash)) => Ok(Head { version: number(version)?, hash }),
        None => Ok(Head { version: 0, hash: GENESIS.to_vec() }),
    }
}

fn insert_event(
    db: &Connection,
    stream: &str,
    event: &NewEvent,
    head: &mut Head,
    seq: u64,
) -> Result<(), rusqlite::Error> {
    let version = head.version + 1;
    let content = Content {
        stream: stream.as_bytes(),
        version: stored(version)?,
        kind: event.kind.as_bytes(),
        event_version: i64::from(event.event_version),
        at: event.at.0,
        actor: event.actor.as_bytes(),
        body: event.body.as_bytes(),
    };
    let hash = chain::link(&head.hash, &content);
    db.prepare_cached(
        "INSERT INTO events (seq, stream, version, kind, event_version, at, actor, body, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        stored(seq)?,
        stream,
        content.version,
        event.kind,
        content.event_version,
        content.at,
        event.actor,
        event.body,
        &hash[..],
    ])?;
    *head = Head { version, hash: hash.to_vec() };
    Ok(())
}

fn write_head(
    db: &Connection,
    stream: &StreamId,
    name: &str,
    head: &Head,
) -> Result<(), rusqlite::Error> {
    let incident = match stream {
        StreamId::Incident(id) => Some(stored(id.0)?),
        StreamId::Register | StreamId::Service(_) => None,
    };
    db.prepare_cached(
        "INSERT INTO heads (stream, version, hash, incident) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (stream) DO UPDATE SET version = excluded.version, hash = excluded.hash",
    )?
    .execute(params![name, stored(head.version)?, head.hash, incident])?;
    Ok(())
}

fn mark_open(db: &Connection, incident: IncidentId) -> Result<(), rusqlite::Error> {
    db.prepare_cached("INSERT INTO open_incidents (incident) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([stored(incident.0)?])?;
    Ok(())
}

fn mark_closed(db: &Connection, incident: IncidentId) -> Result<(), rusqlite::Error> {
    db.prepare_cached("DELETE FROM open_incidents WHERE incident = ?1")?
        .execute([stored(incident.0)?])?;
    Ok(())
}

// ---------------------------------------------------------------------------------------------------------------------
// Deliveries and buttons

fn insert_delivery(db: &Connection, delivery: &NewDelivery) -> Result<(), Stop> {
    let inserted = db
        .prepare_cached(
            "INSERT INTO deliveries (pending, at, key, body) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (key) DO NOTHING",
        )?
        .execute(params![delivery.pending, delivery.at.0, delivery.key.as_str(), delivery.body])?;
    if inserted == 0 {
        return Err(Stop::Refused(JournalError::Duplicate(delivery.key.clone())));
    }
    Ok(())
}

fn settle_delivery(db: &Connection, key: &DeliveryKey) -> Result<(), rusqlite::Error> {
    db.prepare_cached("UPDATE deliveries SET pending = 0 WHERE key = ?1 AND pending = 1")?
        .execute([key.as_str()])?;
    Ok(())
}

fn prune_deliveries(db: &Connection, before: Timestamp, limit: u32) -> Result<u64, Stop> {
    let removed = db
        .prepare_cached(
            "DELETE FROM deliveries WHERE id IN
             (SELECT id FROM deliveries WHERE pending = 0 AND at < ?1 LIMIT ?2)",
        )?
        .execute(params![before.0, limit])?;
    Ok(removed as u64)
}

fn insert_token(db: &Connection, token: &NewToken) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO tokens (hash, incident, action, issued_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (hash) DO NOTHING",
    )?
    .execute(params![
        &token.hash.0[..],
        stored(token.incident.0)?,
        token.action,
        token.issued_at.0
    ])?;
    Ok(())
}

fn burn_token(db: &Connection, hash: &TokenHash) -> Result<(), Stop> {
    let burned = db
        .prepare_cached("UPDATE tokens SET burned = 1 WHERE hash = ?1 AND burned = 0")?
        .execute([&hash.0[..]])?;
    if burned == 0 {
        return Err(Stop::Refused(JournalError::Burned));
    }
    Ok(())
}

fn prune_tokens(db: &Connection, before: Timestamp) -> Result<u64, Stop> {
    let removed =
        db.prepare_cached("DELETE FROM tokens WHERE issued_at < ?1")?.execute([before.0])?;
    Ok(removed as u64)
}

// ---------------------------------------------------------------------------------------------------------------------
// The outbox

fn insert_post(db: &Connection, post: &NewPost) -> Result<(), rusqlite::Error> {
    db.prepare_cached(
        "INSERT INTO posts (platform, tenant, channel, placement, at, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        post.channel.platform.to_string(),
        post.channel.tenant,
        post.channel.id,
        json(&post.placement)?,
        post.at.0,
        post.body.to_string(),
    ])?;
    Ok(())
}

fn settle_post(db: &Connection, id: u64, outcome: &PostOutcome) -> Result<(), Stop> {
    let (word, reason) = match outcome {
        PostOutcome::Sent(_) => ("sent", None),
        PostOutcome::Superseded => ("superseded", None),
        PostOutcome::Refused(reason) => ("refused", Some(reason)),
    };
    // What was said is not kept: the card of a long incident is said hundreds of times. What was refused is, for the
    // person who looks for the reason. A row that has ended stays as it ended.
    let placement: Option<String> = db
        .prepare_cached(
            "UPDATE posts SET outcome = ?2, reason = ?3, body = iif(?2 = 'refused', body, NULL)
             WHERE id = ?1 AND outcome IS NULL RETURNING placement",
        )?
        .query_row(params![stored(id)?, word, reason], |row| row.get(0))
        .optional()?;
    let Some(placement) = placement else {
        return require_post(db, id);
    };
    if let PostOutcome::Sent(Some(message)) = outcome
        && let Placement::Upsert(key) = parsed(&placement)?
    {
        db.prepare_cached(
            "INSERT INTO messages (platform, tenant, channel, key, message)
             SELECT platform, tenant, channel, ?2, ?3 FROM posts WHERE id = ?1
             ON CONFLICT (platform, tenant, channel, key) DO UPDATE SET message = excluded.message",
        )?
        .execute(params![stored(id)?, key, json(message)?])?;
    }
    Ok(())
}

/// To end a row twice is no fault: the first word counts. To end one that never was is.
fn require_post(db: &Connection, id: u64) -> Result<(), Stop> {
    if db.prepare_cached("SELECT 1 FROM posts WHERE id = ?1")?.exists([stored(id)?])? {
        return Ok(());
    }
    Err(Stop::Refused(JournalError::Unavailable(format!("there is no outbox row {id}"))))
}

fn json(value: &impl serde::Serialize) -> Result<String, rusqlite::Error> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

fn parsed(placement: &str) -> Result<Placement, rusqlite::Error> {
    serde_json::from_str(placement).map_err(super::error::unreadable)
}
