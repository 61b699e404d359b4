//! The journal: the append-only log behind [`crate::engine::ports::Journal`], with deliveries, buttons and the outbox
//! that become durable together with its events.
//!
//! What every database shares stands here: the hash chain ([`chain`]), the judgement of a chain ([`verify`]), the export
//! ([`mod@export`]) and the suite that every implementation passes (`suite`, tests only). A database has a folder of its own;
//! see [`sqlite`]. Nothing in here may decide anything about incidents: bodies are opaque text.

pub mod chain;
pub mod export;
pub mod sqlite;
#[cfg(test)]
mod suite;
pub mod verify;

pub use export::{ExportError, export};
pub use sqlite::{Options, SqliteJournal};
