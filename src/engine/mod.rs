//! Makes decisions durable and carries them out through a few ports. Knows no vendor, no database, no platform.
//!
//! ```text
//! delivery → keeper (decide, commit, tell) → executor (read, call, record) → keeper …
//!                         └→ outbox → chat          recovery and reconcile ring the executor
//! ```
//! - [`ports`]: what it needs of the outside.
//! - [`motor`]: the loops and their bells.
//! - [`keeper`]: the one place where a decision becomes durable.
//! - [`intake`]: presses, stored before they are looked at.
//! - [`executor`]: what is due for an incident, one step at a time.
//! - `hearsay`: looks that are made early because somebody said that there is something to see.
//! - `verifier`: verifications, beside the steps of an incident.
//! - [`outbox`]: what is to be said, in order per channel, never in the way of an effect.
//! - [`roster`]: who may do what, with groups read every twenty seconds.
//! - [`recovery`], [`reconcile`]: after a restart, and every minute.

pub mod activity;
pub mod executor;
mod forge;
mod hearsay;
pub mod intake;
pub mod keeper;
pub mod motor;
pub mod outbox;
pub mod ports;
pub mod reader;
pub mod reconcile;
pub mod recovery;
pub mod retry;
pub mod roster;
pub mod seal;
mod verifier;
