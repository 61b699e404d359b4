//! What SQLite's errors mean for the journal. The one place that looks at their codes.

use std::path::Path;

use rusqlite::types::Type;
use rusqlite::{ErrorCode, ffi};

use crate::engine::ports::JournalError;

/// Why a piece of work in the middle of a transaction stopped.
#[derive(Debug)]
pub enum Stop {
    /// Its commit is refused; others in the same group go on.
    Refused(JournalError),
    /// The database failed; nothing of the group counts.
    Broken(rusqlite::Error),
}

impl From<rusqlite::Error> for Stop {
    /// A value that cannot be stored is the fault of the request that brought it, and of no other.
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            None | Some(ErrorCode::TooBig | ErrorCode::ConstraintViolation) => {
                Self::Refused(journal_error(&error))
            }
            Some(_) => Self::Broken(error),
        }
    }
}

/// Maps an error of a database that is open.
pub fn journal_error(error: &rusqlite::Error) -> JournalError {
    if lacks_room_for_index(error) {
        return JournalError::Full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => JournalError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            JournalError::Locked(error.to_string())
        }
        // Our statements break no rule of the schema unless the tables contradict each other.
        Some(
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation,
        ) => JournalError::Corrupt(error.to_string()),
        Some(_) => JournalError::Unavailable(error.to_string()),
        None if is_unreadable_value(error) => JournalError::Corrupt(error.to_string()),
        None => JournalError::Unavailable(error.to_string()),
    }
}

/// Maps an error on the way to an open database: the sentence names the file and says what happened to it.
pub fn opening_error(path: &Path, error: &rusqlite::Error) -> JournalError {
    let file = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => not_a_database(path),
        Some(ErrorCode::DatabaseCorrupt) => JournalError::Corrupt(format!(
            "{file} does not read as a whole database ({error}); it was left as it is"
        )),
        _ => match journal_error(error) {
            JournalError::Locked(why) => JournalError::Locked(format!("{file}: {why}")),
            JournalError::Corrupt(why) => JournalError::Corrupt(format!("{file}: {why}")),
            JournalError::Unavailable(why) => JournalError::Unavailable(format!("{file}: {why}")),
            other => other,
        },
    }
}

/// The file is something else altogether.
pub fn not_a_database(path: &Path) -> JournalError {
    JournalError::Corrupt(format!(
        "{} is not a SQLite database, or its beginning was overwritten; it was left as it is",
        path.display()
    ))
}

/// Whether the disk cannot be trusted any more after this error. An fsync that failed may have dropped what it was to
/// write and still succeed the next time, so that only a fresh start from what is on the disk gives the truth.
pub fn shakes_trust(error: &rusqlite::Error) -> bool {
    !lacks_room_for_index(error)
        && matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
}

/// A stored value that does not mean anything to us.
pub fn unreadable(cause: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(cause))
}

/// A number of ours as SQLite stores it.
pub fn stored(number: u64) -> Result<i64, rusqlite::Error> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

/// A stored number as ours.
pub fn number<T: TryFrom<i64, Error = std::num::TryFromIntError>>(
    stored: i64,
) -> Result<T, rusqlite::Error> {
    T::try_from(stored).map_err(unreadable)
}

/// The index of the write-ahead log could not grow. It is never flushed, and only a full disk stops it.
fn lacks_room_for_index(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::SqliteFailure(cause, _)
            if cause.extended_code == ffi::SQLITE_IOERR_SHMSIZE
    )
}

fn is_unreadable_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn failure(code: std::os::raw::c_int) -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
    }

    #[test]
    fn each_failure_of_the_database_has_its_meaning() {
        assert_eq!(journal_error(&failure(ffi::SQLITE_FULL)), JournalError::Full);
        assert_eq!(journal_error(&failure(ffi::SQLITE_IOERR_SHMSIZE)), JournalError::Full);
        assert!(matches!(journal_error(&failure(ffi::SQLITE_BUSY)), JournalError::Locked(_)));
        assert!(matches!(journal_error(&failure(ffi::SQLITE_CORRUPT)), JournalError::Corrupt(_)));
        assert!(matches!(journal_error(&failure(ffi::SQLITE_NOTADB)), JournalError::Corrupt(_)));
        assert!(matches!(
            journal_error(&failure(ffi::SQLITE_IOERR_FSYNC)),
            JournalError::Unavailable(_)
        ));
        let strange = unreadable(std::fmt::Error);
        assert!(matches!(journal_error(&strange), JournalError::Corrupt(_)));
    }

    #[test]
    fn a_full_disk_or_a_lock_passes_but_a_failed_flush_does_not() {
        assert!(!shakes_trust(&failure(ffi::SQLITE_FULL)));
        assert!(!shakes_trust(&failure(ffi::SQLITE_IOERR_SHMSIZE)));
        assert!(!shakes_trust(&failure(ffi::SQLITE_BUSY)));
        assert!(shakes_trust(&failure(ffi::SQLITE_IOERR_FSYNC)));
        assert!(shakes_trust(&failure(ffi::SQLITE_CORRUPT)));
    }
}
