//! Feeds the rows of a SQLite journal to the audit of the chains. Reads in slices, each a short look of its own, so that
//! neither memory nor the write-ahead log grows with the journal, and so that a check can be abandoned. Events that
//! arrive during a check are left to the next one.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use super::schema;
use crate::adapters::journal::chain::Content;
use crate::adapters::journal::verify::{Audit, FullAudit, Row, Tail};
use crate::domain::ids::StreamId;
use crate::engine::ports::{VerifyReport, VerifyScope};

/// Rows read in one look.
const SLICE: i64 = 2000;

/// Checks as much as `scope` says. Ends early, with what it has, once `is_abandoned` says that nobody waits.
pub fn check(
    db: &mut Connection,
    scope: &VerifyScope,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<VerifyReport, rusqlite::Error> {
    let mut audit = match scope {
        VerifyScope::All => check_all(db, is_abandoned)?,
        VerifyScope::Open => check_open(db, is_abandoned)?,
    };
    for guard in schema::GUARDS {
        if !schema::exists(db, "trigger", guard)? {
            audit.fault(format!("the rule {guard} was removed from the database"));
        }
    }
    Ok(audit.finish())
}

fn check_all(
    db: &mut Connection,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<Audit, rusqlite::Error> {
    let mut audit = FullAudit::default();
    let (heads, end) = read_heads(db)?;
    while audit.last_seq() < end && !is_abandoned() {
        let mut slice = db.prepare_cached(
            "SELECT seq, stream, version, kind, event_version, at, actor, body, hash FROM events
             WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
        )?;
        let mut rows = slice.query(params![audit.last_seq(), end, SLICE])?;
        while let Some(row) = rows.next()? {
            audit.follow(&stored_row(row)?);
        }
    }
    Ok(audit.compare(&heads))
}

/// The heads, and the position of the last event that they speak of: one look, so that they fit each other.
fn read_heads(db: &mut Connection) -> Result<(BTreeMap<String, Tail>, i64), rusqlite::Error> {
    let look = db.transaction()?;
    let end: Option<i64> = look.query_row("SELECT max(seq) FROM events", [], |row| row.get(0))?;
    let mut find = look.prepare("SELECT stream, version, hash FROM heads")?;
    let heads = find
        .query_map([], |row| Ok((row.get(0)?, Tail { version: row.get(1)?, hash: row.get(2)? })))?
        .collect::<Result<_, _>>()?;
    Ok((heads, end.unwrap_or(0)))
}

fn check_open(
    db: &mut Connection,
    is_abandoned: &dyn Fn() -> bool,
) -> Result<Audit, rusqlite::Error> {
    let mut audit = Audit::default();
    let attended = attended_streams(db)?;
    for stream in &attended {
        if is_abandoned() {
            return Ok(audit);
        }
        check_stream(db, stream, Depth::Start, &mut audit)?;
    }
    let mut last = String::new();
    while !is_abandoned() {
        let slice = streams_after(db, &last)?;
        let Some(end) = slice.last() else {
            break;
        };
        last.clone_from(end);
        for stream in slice.iter().filter(|stream| !attended.contains(*stream)) {
            check_stream(db, stream, Depth::LastEvent, &mut audit)?;
        }
    }
    Ok(audit)
}

/// The streams that decisions are made from now: the register, all services, open incidents.
fn attended_streams(db: &Connection) -> Result<BTreeSet<String>, rusqlite::Error> {
    let mut find = db.prepare_cached(
        "SELECT stream FROM heads WHERE stream >= 'service/' AND stream < 'service0'
         UNION ALL SELECT 'incident/' || incident FROM open_incidents",
    )?;
    let mut streams: BTreeSet<String> =
        find.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    streams.insert(StreamId::Register.to_string());
    Ok(streams)
}

fn streams_after(db: &Connection, last: &str) -> Result<Vec<String>, rusqlite::Error> {
    let mut find =
        db.prepare_cached("SELECT stream FROM heads WHERE stream > ?1 ORDER BY stream LIMIT ?2")?;
    find.query_map(params![last, SLICE], |row| row.get(0))?.collect()
}

/// How much of a stream is recomputed.
#[derive(Clone, Copy)]
enum Depth {
    /// Every event.
    Start,
    /// The last event only, on top of the hash that is stored for the one before.
    LastEvent,
}

/// One look per stream, so that its head and its events fit each other.
fn check_stream(
    db: &mut Connection,
    stream: &str,
    depth: Depth,
    audit: &mut Audit,
) -> Result<(), rusqlite::Error> {
    let look = db.transaction()?;
    let head = look
        .prepare_cached("SELECT version, hash FROM heads WHERE stream = ?1")?
        .query_row([stream], |row| Ok(Tail { version: row.get(0)?, hash: row.get(1)? }))
        .optional()?;
    let mut tail = match (depth, &head) {
        (Depth::LastEvent, Some(head)) => tail_at(&look, stream, head.version - 1)?,
        (Depth::Start, _) | (_, None) => Tail::start(),
    };
    let mut find = look.prepare_cached(
        "SELECT seq, stream, version, kind, event_version, at, actor, body, hash FROM events
         WHERE stream = ?1 AND version > ?2 ORDER BY version",
    )?;
    let mut rows = find.query(params![stream, tail.version])?;
    while let Some(row) = rows.next()? {
        audit.follow(&mut tail, &stored_row(row)?);
    }
    audit.compare(stream, head.as_ref(), &tail);
    Ok(())
}

/// The end of a stream as it was at a version, by what is stored there. Where nothing is, the stream is looked at from
/// its start, which finds the gap.
fn tail_at(db: &Connection, stream: &str, version: i64) -> Result<Tail, rusqlite::Error> {
    let found = db
        .prepare_cached("SELECT version, hash FROM events WHERE stream = ?1 AND version = ?2")?
        .query_row(params![stream, version], |row| {
            Ok(Tail { version: row.get(0)?, hash: row.get(1)? })
        })
        .optional()?;
    Ok(found.unwrap_or_else(Tail::start))
}

fn stored_row<'a>(row: &'a SqlRow<'_>) -> Result<Row<'a>, rusqlite::Error> {
    let bytes = |column: usize| -> Result<&'a [u8], rusqlite::Error> {
        Ok(row.get_ref(column)?.as_bytes()?)
    };
    Ok(Row {
        seq: row.get(0)?,
        content: Content {
            stream: bytes(1)?,
            version: row.get(2)?,
            kind: bytes(3)?,
            event_version: row.get(4)?,
            at: row.get(5)?,
            actor: bytes(6)?,
            body: bytes(7)?,
        },
        hash: bytes(8)?,
    })
}
