//! From a path to connections that can be trusted: which SQLite this is, whose file, which schema, whether it is whole.
//! A file that does not pass is looked at through a read-only connection and never written to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::error::{not_a_database, opening_error};
use super::reserve;
use super::schema::{self, Kind};
use crate::engine::ports::JournalError;

/// Earlier versions can lose a committed WAL frame when two connections reset the log at the same time.
pub const OLDEST_SQLITE: i32 = 3_051_003;

/// How long a statement waits for somebody else's lock. Nobody should hold one: we are the only writer.
const PATIENCE: Duration = Duration::from_secs(2);

/// No SQLite database is smaller. SQLite itself takes a file of one byte for an empty one, and would write over it.
const SMALLEST_FILE: u64 = 512;

/// Files up to this size are checked page by page at the start, which takes a fraction of a second. Beyond it the chains
/// are what finds damage, see `check.rs`.
const SMALL_FILE: u64 = 32 << 20;

/// A write-ahead log that grew beyond this (a reader was stuck) is cut back when it is used again.
const LARGEST_RESTING_LOG: i64 = 64 << 20;

/// Statements kept prepared per connection: more than there are.
const STATEMENTS: usize = 64;

/// What an operator may set about the database.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The most pages (of 4096 bytes) that the database may grow to; beyond it commits are refused as on a full disk.
    /// `None`: as large as the disk.
    pub max_pages: Option<u32>,
    /// Bytes that are kept free on the disk, so that what was begun can be finished when it is full.
    pub reserve: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_pages: None, reserve: reserve::USUAL }
    }
}

/// Refuses a SQLite that is too old for what we promise.
pub fn check_version(version: i32) -> Result<(), JournalError> {
    if version < OLDEST_SQLITE {
        return Err(JournalError::Unavailable(format!(
            "SQLite {version} is linked, but versions before {OLDEST_SQLITE} can lose committed data"
        )));
    }
    Ok(())
}

/// The one connection that writes. The caller holds the writer's lock. Makes the database if there is none.
pub fn writer(path: &Path, options: Options) -> Result<Connection, JournalError> {
    check_version(rusqlite::version_number())?;
    if length(path)? == 0 {
        make(path)?;
    }
    examine(path)?;
    let connection = open_to_write(path, options)?;
    // SQLite opens what it may not write to without a word, and fails at the first write.
    let is_readonly = connection.is_readonly(rusqlite::MAIN_DB);
    if is_readonly.map_err(|error| opening_error(path, &error))? {
        return Err(JournalError::Unavailable(format!(
            "{} can only be read: look at the rights of the file and of its disk, and restore it from a backup if they are \
             as they should be, as the beginning of the file is damaged then",
            path.display()
        )));
    }
    Ok(connection)
}

fn open_to_write(path: &Path, options: Options) -> Result<Connection, JournalError> {
    let describe = |error: rusqlite::Error| opening_error(path, &error);
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(describe)?;
    make_durable(&connection, options).map_err(describe)?;
    require_write_ahead_log(&connection, path)?;
    schema::migrate(&mut connection).map_err(describe)?;
    Ok(connection)
}

/// Makes a journal under another name, and gives it its own when it is whole. A start that is cut off while SQLite makes a
/// database leaves something that can only be mended by writing to it, and that is what we never do to a file we do not know.
fn make(path: &Path) -> Result<(), JournalError> {
    let unusable = |error: std::io::Error| file_error(path, &error);
    let begun = beside(path, ".new");
    for suffix in ["", "-journal", "-wal", "-shm"] {
        match fs::remove_file(beside(&begun, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(unusable(error));
            }
            _ => {}
        }
    }
    make_private(&begun)?;
    // Closing moves the log into the file: nothing of it is left beside.
    drop(open_to_write(&begun, Options::default())?);
    fs::rename(&begun, path).map_err(unusable)?;
    #[cfg(unix)]
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(unusable)?;
    }
    Ok(())
}

fn file_error(path: &Path, error: &std::io::Error) -> JournalError {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return JournalError::Full;
    }
    JournalError::Unavailable(format!("{}: {error}", path.display()))
}

/// A connection that can only read. The database must be a journal of this version's schema.
pub fn reader(path: &Path) -> Result<Connection, JournalError> {
    check_version(rusqlite::version_number())?;
    if length(path)? == 0 {
        return Err(JournalError::Unavailable(format!(
            "there is no journal at {}",
            path.display()
        )));
    }
    let (connection, kind) = look(path)?;
    match kind {
        Kind::Journal(version) if version == schema::known() => Ok(connection),
        Kind::Journal(_) => Err(JournalError::Unavailable(format!(
            "{} was written by an older version; start the bot on it once, which brings it up to date",
            path.display()
        ))),
        _ => Err(JournalError::Unavailable(format!("{} holds no journal yet", path.display()))),
    }
}

/// Looks at a file that was there before us, page by page while it is small.
pub fn examine(path: &Path) -> Result<(), JournalError> {
    let (connection, _) = look(path)?;
    check_length(path, &connection)?;
    if length(path)? > SMALL_FILE {
        return Ok(());
    }
    let verdict: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(|error| opening_error(path, &error))?;
    if verdict != "ok" {
        // SQLite may give a heading and a list; the first finding is enough for a sentence.
        let finding = verdict.lines().find(|line| !line.starts_with("***")).unwrap_or_default();
        return Err(JournalError::Corrupt(format!(
            "{} does not read as a whole database ({finding}); it was left as it is",
            path.display()
        )));
    }
    Ok(())
}

/// Opens for reading only and refuses what is not ours, newer or incomplete.
fn look(path: &Path) -> Result<(Connection, Kind), JournalError> {
    if length(path)? < SMALLEST_FILE {
        return Err(not_a_database(path));
    }
    let describe = |error: rusqlite::Error| opening_error(path, &error);
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(describe)?;
    match schema::inspect(&connection).map_err(describe)? {
        Kind::Foreign => Err(JournalError::Corrupt(format!(
            "{} is a SQLite database, but not a journal of this bot; it was left as it is",
            path.display()
        ))),
        Kind::Newer(found) => Err(JournalError::Newer { found, known: schema::known() }),
        Kind::Incomplete(table) => Err(JournalError::Corrupt(format!(
            "{} lacks the table {table}; it was left as it is",
            path.display()
        ))),
        kind @ (Kind::Empty | Kind::Journal(_)) => Ok((connection, kind)),
    }
}

/// SQLite itself notices a file that lacks whole pages, but not one that was cut within its last page. While there is a
/// write-ahead log the length says nothing: pages may still be in there. That is looked at last, since a bot may be writing.
fn check_length(path: &Path, connection: &Connection) -> Result<(), JournalError> {
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|error| opening_error(path, &error))
    };
    let expected = pragma("page_count")?.saturating_mul(pragma("page_size")?);
    if length(&beside(path, "-wal"))? > 0 {
        return Ok(());
    }
    let found = length(path)?;
    if i64::try_from(found).unwrap_or(i64::MAX) < expected {
        return Err(JournalError::Corrupt(format!(
            "{} was cut short: {found} bytes instead of {expected}; it was left as it is",
            path.display()
        )));
    }
    Ok(())
}

/// The length of a file, 0 if there is none. Never more than that is read of a database: opening and closing its file by
/// hand would drop the locks that SQLite holds on it in this process.
fn length(path: &Path) -> Result<u64, JournalError> {
    match fs::metadata(path) {
        Ok(file) => Ok(file.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(file_error(path, &error)),
    }
}

/// Makes the file before SQLite does, readable by its owner alone: it holds the key that seals buttons. SQLite gives its
/// companions the same rights.
fn make_private(path: &Path) -> Result<(), JournalError> {
    let mut how = fs::OpenOptions::new();
    how.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut how, 0o600);
    how.open(path).map(|_| ()).map_err(|error| file_error(path, &error))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, rusqlite::Error> {
    // Each connection belongs to one thread at a time, so SQLite needs no mutex of its own.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // A damaged file must not be able to run functions or to hide malformed cells.
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// What makes a commit survive a loss of power.
fn make_durable(connection: &Connection, options: Options) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The writer checkpoints by itself, after it has answered: SQLite would do it inside a commit, and hide a failure.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", LARGEST_RESTING_LOG)?;
    if let Some(pages) = options.max_pages {
        connection.pragma_update(None, "max_page_count", pages)?;
    }
    Ok(())
}

fn require_write_ahead_log(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(|error| opening_error(path, &error))?;
    if mode != "wal" {
        return Err(JournalError::Unavailable(format!(
            "{} cannot have a write-ahead log where it is (SQLite says {mode:?}); use a local disk",
            path.display()
        )));
    }
    Ok(())
}
