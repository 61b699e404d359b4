//! The suite over SQLite. What is special to the file is in the modules beside.

mod damage;
mod file;
mod group;
mod tampering;

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::SqliteJournal;
use crate::adapters::journal::suite::conformance;

/// A temporary folder with journals in it.
struct Folder {
    place: tempfile::TempDir,
    made: AtomicU32,
}

impl Folder {
    fn new() -> Self {
        Self { place: tempfile::tempdir().unwrap(), made: AtomicU32::new(0) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    fn fresh(&self) -> SqliteJournal {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        SqliteJournal::open(&self.path(&format!("{number}.db"))).unwrap()
    }
}

conformance! {{
    let folder = Folder::new();
    move || folder.fresh()
}}
