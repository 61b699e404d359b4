//! What the engine needs of the outside, as traits. No vendor, no database and no chat platform is named here.

mod chat;
mod code;
mod directory;
mod forge;
mod journal;
mod provider;

use async_trait::async_trait;

pub use chat::{
    Change, Manner, MessageRef, Narration, Narrator, Notifier, NotifyError, Outbound, ReplyTo,
    Shown,
};
pub use code::Code;
pub use directory::{Directory, DirectoryError, Profile};
pub use forge::{Forge, Listener};
pub use journal::{
    Append, Commit, Journal, JournalError, NewDelivery, NewEvent, NewPost, NewToken,
    PendingDelivery, PendingPost, Placement, PostOutcome, Receipt, Recorded, StoredToken,
    TokenHash, VerifyReport, VerifyScope,
};
pub use provider::{PortError, PortErrorKind, Prober, Provider, Walker};

use crate::domain::book::Book;
use crate::domain::decide::{self, Decision};
use crate::domain::time::Timestamp;

/// The only source of time. Tests and the demo move it; production uses the system's.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant; never earlier than one that was told before.
    fn now(&self) -> Timestamp;
    /// The instant as the world outside has it, which may go back: what others have signed is held against it.
    fn wall(&self) -> Timestamp {
        self.now()
    }
    /// From now on no instant is told that is earlier than what is recorded already. A clock that only ever moves forward
    /// with its owner has nothing to do.
    fn catch_up(&self, _recorded: Timestamp) {}
    /// Returns when `now() >= at`. Cancel-safe.
    async fn sleep_until(&self, at: Timestamp);
}

/// The only source of randomness.
pub trait Chance: Send + Sync {
    /// Sixteen random bytes.
    fn bytes(&self) -> [u8; 16];
}

/// The rules: what follows from a state, a request and facts. A port so that a simulation can show that it would notice
/// wrong ones; the bot has [`DomainRules`] and nothing else.
pub trait Rules: Send + Sync {
    /// Decides. Pure.
    fn decide(
        &self,
        book: &Book,
        request: &decide::Request,
        facts: &decide::Facts,
        now: Timestamp,
    ) -> Decision;
}

/// The domain's own rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct DomainRules;

impl Rules for DomainRules {
    fn decide(
        &self,
        book: &Book,
        request: &decide::Request,
        facts: &decide::Facts,
        now: Timestamp,
    ) -> Decision {
        decide::decide(book, request, facts, now)
    }
}
