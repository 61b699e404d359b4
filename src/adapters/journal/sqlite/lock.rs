//! One writer per journal: an advisory lock on a file beside the database. SQLite's own exclusive mode would also shut
//! out readers, and `journal verify` and `journal export` must work while the bot runs. The file stays when the lock
//! goes: removing it could remove the file that a third process has just locked.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::engine::ports::JournalError;

/// Proof that no other process writes to the journal. The lock ends with the process, however that ends.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock, or says who has it.
    pub fn take(database: &Path) -> Result<Self, JournalError> {
        let path = path_beside(database);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| unusable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(&path, &mut file)),
            Err(TryLockError::Error(error)) => return Err(unusable(&path, &error)),
        }
        sign(&mut file);
        Ok(Self { _file: file })
    }
}

fn path_beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".lock");
    PathBuf::from(name)
}

/// The holder's process id is for people only: nothing is decided by it, as ids are used again, and a disk without room
/// for it is no reason not to start.
fn sign(file: &mut File) {
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
}

fn held(path: &Path, file: &mut File) -> JournalError {
    let mut holder = String::new();
    // Who holds it is a help and no more: where it cannot be read, the sentence does without.
    let who = match file.read_to_string(&mut holder) {
        Ok(_) if !holder.trim().is_empty() => format!("process {} holds", holder.trim()),
        _ => "another process holds".to_owned(),
    };
    JournalError::Locked(format!("{who} {}", path.display()))
}

fn unusable(path: &Path, error: &std::io::Error) -> JournalError {
    // A disk without room for a process id has none for a journal either.
    if error.kind() == std::io::ErrorKind::StorageFull {
        return JournalError::Full;
    }
    JournalError::Unavailable(format!("cannot lock {}: {error}", path.display()))
}
