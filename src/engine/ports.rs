//! What the engine needs of the outside, as traits. No vendor, no database and no chat platform is named here.

mod chat;
mod journal;
mod provider;

use async_trait::async_trait;

pub use chat::{
    Change, Manner, MessageRef, Narration, Narrator, Notifier, NotifyError, Outbound, ReplyTo,
    Shown,
};
pub use journal::{
    Append, Commit, Journal, JournalError, NewDelivery, NewEvent, NewPost, NewToken,
    PendingDelivery, PendingPost, Placement, PostOutcome, Receipt, Recorded, StoredToken,
    TokenHash, VerifyReport, VerifyScope,
};
pub use provider::{PortError, PortErrorKind, Prober, Provider};

use crate::domain::time::Timestamp;

/// The only source of time. Tests and the demo move it; production uses the system's.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;
    /// Returns when `now() >= at`. Cancel-safe.
    async fn sleep_until(&self, at: Timestamp);
}

/// The only source of randomness.
pub trait Chance: Send + Sync {
    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16];
}
