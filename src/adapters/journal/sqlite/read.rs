//! The questions that the journal answers, and turning rows into our types. Owns every statement that only reads, apart
//! from the check of the chains (`check.rs`). Each sees everything that was committed before it was asked.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Deserialize;
use serde::de::IntoDeserializer;

use super::error::{number, stored, unreadable};
use crate::domain::actor::Platform;
use crate::domain::ids::{DeliveryKey, IncidentId, StreamId, Version};
use crate::domain::service::Channel;
use crate::domain::time::Timestamp;
use crate::engine::ports::{
    MessageRef, NewEvent, NewPost, PendingDelivery, PendingPost, Recorded, StoredToken, TokenHash,
};

type Answer<T> = Result<T, rusqlite::Error>;

/// See [`crate::engine::ports::Journal::stream`].
pub fn stream(db: &Connection, stream: &StreamId, after: Version) -> Answer<Vec<Recorded>> {
    let mut find = db.prepare_cached(
        "SELECT seq, stream, version, kind, event_version, at, actor, body, hash FROM events
         WHERE stream = ?1 AND version > ?2 ORDER BY version",
    )?;
    find.query_and_then(params![stream.to_string(), stored(after.0)?], recorded)?.collect()
}

/// See [`crate::engine::ports::Journal::page`].
pub fn page(db: &Connection, after_seq: u64, limit: usize) -> Answer<Vec<Recorded>> {
    let mut find = db.prepare_cached(
        "SELECT seq, stream, version, kind, event_version, at, actor, body, hash FROM events
         WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    find.query_and_then(params![stored(after_seq)?, bound(limit)], recorded)?.collect()
}

/// See [`crate::engine::ports::Journal::open_incidents`].
pub fn open_incidents(db: &Connection) -> Answer<Vec<IncidentId>> {
    let mut find = db.prepare_cached("SELECT incident FROM open_incidents ORDER BY incident")?;
    find.query_and_then([], incident)?.collect()
}

/// See [`crate::engine::ports::Journal::recent_incidents`].
pub fn recent_incidents(db: &Connection, limit: usize) -> Answer<Vec<IncidentId>> {
    let mut find = db.prepare_cached(
        "SELECT incident FROM heads WHERE incident IS NOT NULL ORDER BY incident DESC LIMIT ?1",
    )?;
    find.query_and_then([bound(limit)], incident)?.collect()
}

/// See [`crate::engine::ports::Journal::pending_deliveries`].
pub fn pending_deliveries(db: &Connection) -> Answer<Vec<PendingDelivery>> {
    let mut find = db
        .prepare_cached("SELECT key, at, body FROM deliveries WHERE pending = 1 ORDER BY at, id")?;
    find.query_map([], |row| {
        Ok(PendingDelivery {
            key: DeliveryKey(row.get(0)?),
            at: Timestamp(row.get(1)?),
            body: row.get(2)?,
        })
    })?
    .collect()
}

/// See [`crate::engine::ports::Journal::knows_delivery`].
pub fn knows_delivery(db: &Connection, key: &DeliveryKey) -> Answer<bool> {
    db.prepare_cached("SELECT 1 FROM deliveries WHERE key = ?1")?.exists([key.as_str()])
}

/// See [`crate::engine::ports::Journal::token`].
pub fn token(db: &Connection, hash: &TokenHash) -> Answer<Option<StoredToken>> {
    db.prepare_cached("SELECT incident, action, issued_at, burned FROM tokens WHERE hash = ?1")?
        .query_row([&hash.0[..]], |row| {
            Ok(StoredToken {
                incident: incident(row)?,
                action: row.get(1)?,
                issued_at: Timestamp(row.get(2)?),
                burned: row.get(3)?,
            })
        })
        .optional()
}

/// See [`crate::engine::ports::Journal::talking_channels`].
pub fn talking_channels(db: &Connection) -> Answer<Vec<Channel>> {
    let mut find = db.prepare_cached(
        "SELECT DISTINCT platform, tenant, channel FROM posts WHERE outcome IS NULL",
    )?;
    find.query_and_then([], |row| {
        Ok(Channel { platform: platform(row, 0)?, tenant: row.get(1)?, id: row.get(2)? })
    })?
    .collect()
}

/// See [`crate::engine::ports::Journal::pending_posts`].
pub fn pending_posts(db: &Connection, channel: &Channel, limit: usize) -> Answer<Vec<PendingPost>> {
    let mut find = db.prepare_cached(
        "SELECT id, placement, at, body FROM posts
         WHERE platform = ?1 AND tenant = ?2 AND channel = ?3 AND outcome IS NULL
         ORDER BY id LIMIT ?4",
    )?;
    let place = params![channel.platform.to_string(), channel.tenant, channel.id, bound(limit)];
    find.query_and_then(place, |row| {
        Ok(PendingPost {
            id: number(row.get(0)?)?,
            post: NewPost {
                channel: channel.clone(),
                placement: json(row, 1)?,
                at: Timestamp(row.get(2)?),
                body: json(row, 3)?,
            },
        })
    })?
    .collect()
}

/// See [`crate::engine::ports::Journal::message`].
pub fn message(db: &Connection, channel: &Channel, key: &str) -> Answer<Option<MessageRef>> {
    db.prepare_cached(
        "SELECT message FROM messages
         WHERE platform = ?1 AND tenant = ?2 AND channel = ?3 AND key = ?4",
    )?
    .query_row(params![channel.platform.to_string(), channel.tenant, channel.id, key], |row| {
        json(row, 0)
    })
    .optional()
}

fn recorded(row: &Row<'_>) -> Answer<Recorded> {
    let stream: String = row.get(1)?;
    let hash = row.get_ref(8)?.as_blob()?;
    Ok(Recorded {
        seq: number(row.get(0)?)?,
        stream: stream.parse().map_err(unreadable)?,
        version: Version(number(row.get(2)?)?),
        event: NewEvent {
            kind: row.get(3)?,
            event_version: number(row.get(4)?)?,
            at: Timestamp(row.get(5)?),
            actor: row.get(6)?,
            body: row.get(7)?,
        },
        hash: hex::encode(hash),
    })
}

fn incident(row: &Row<'_>) -> Answer<IncidentId> {
    Ok(IncidentId(number(row.get(0)?)?))
}

fn platform(row: &Row<'_>, column: usize) -> Answer<Platform> {
    let name: String = row.get(column)?;
    let name: serde::de::value::StringDeserializer<serde::de::value::Error> =
        name.into_deserializer();
    Platform::deserialize(name).map_err(unreadable)
}

fn json<T: serde::de::DeserializeOwned>(row: &Row<'_>, column: usize) -> Answer<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(unreadable)
}

/// A limit as SQLite takes it; one that does not fit is no limit.
fn bound(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
