//! The shape of the database and its way forward. A migration that was released is never changed: a new one follows it,
//! and must leave a database that the version before can still run on. Nothing here goes backward.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

/// Marks a SQLite file as a journal of ours ("Rpnt").
pub const APPLICATION_ID: i32 = 0x5270_6e74;

/// Each brings the schema from its index to its index + 1.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_first.sql")];

/// The names in `meta`.
pub const SEALING_KEY: &str = "sealing_key";
/// Tells this journal from every other.
pub const INSTANCE: &str = "instance";

/// The triggers that make the log append-only.
pub const GUARDS: [&str; 2] = ["events_are_never_changed", "events_are_never_removed"];

/// The tables of the first schema, which every journal has.
const FIRST_TABLES: [&str; 8] =
    ["events", "heads", "open_incidents", "deliveries", "tokens", "posts", "messages", "meta"];

/// The newest schema that this version knows.
pub fn known() -> u32 {
    u32::try_from(MIGRATIONS.len()).expect("the list of migrations is short")
}

/// What a database turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing in it yet.
    Empty,
    /// A journal with this schema, which is one that we know.
    Journal(u32),
    /// A journal with this schema, which is newer than we know.
    Newer(u32),
    /// Somebody else's database.
    Foreign,
    /// A journal of ours that lacks this table.
    Incomplete(&'static str),
}

/// Looks at a database without changing it.
pub fn inspect(connection: &Connection) -> Result<Kind, rusqlite::Error> {
    let application: i32 = pragma(connection, "application_id")?;
    let version: u32 = pragma(connection, "user_version")?;
    // Both numbers are set in the transaction that makes the tables: one without the other is not from us.
    if application != APPLICATION_ID || version == 0 {
        let objects: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        let untouched = application == 0 && version == 0 && objects == 0;
        return Ok(if untouched { Kind::Empty } else { Kind::Foreign });
    }
    if version > known() {
        return Ok(Kind::Newer(version));
    }
    for table in FIRST_TABLES {
        if !exists(connection, "table", table)? {
            return Ok(Kind::Incomplete(table));
        }
    }
    Ok(Kind::Journal(version))
}

/// Whether the database has an object of this type and name.
pub fn exists(connection: &Connection, kind: &str, name: &str) -> Result<bool, rusqlite::Error> {
    let mut find =
        connection.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2")?;
    find.exists([kind, name])
}

/// Brings a database forward to the newest schema, each step in a transaction of its own.
pub fn migrate(connection: &mut Connection) -> Result<(), rusqlite::Error> {
    loop {
        // The write lock comes first, also when nothing is left to do: a start must find out here, and not at the first
        // command, that somebody else is writing.
        let step = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: u32 = pragma(&step, "user_version")?;
        let next = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version));
        let Some(next) = next else {
            return Ok(());
        };
        step.execute_batch(next)?;
        if version == 0 {
            make_identity(&step)?;
            step.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        step.pragma_update(None, "user_version", version + 1)?;
        step.commit()?;
    }
}

/// A value of `meta`.
pub fn meta(connection: &Connection, name: &str) -> Result<Option<Vec<u8>>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT value FROM meta WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn make_identity(step: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    let mut sealing_key = [0; 32];
    let mut instance = [0; 16];
    for bytes in [&mut sealing_key[..], &mut instance[..]] {
        getrandom::fill(bytes)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    }
    let mut insert = step.prepare("INSERT INTO meta (name, value) VALUES (?1, ?2)")?;
    insert.execute((SEALING_KEY, &sealing_key[..]))?;
    insert.execute((INSTANCE, &instance[..]))?;
    Ok(())
}

fn pragma<T: rusqlite::types::FromSql>(
    connection: &Connection,
    name: &str,
) -> Result<T, rusqlite::Error> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}
