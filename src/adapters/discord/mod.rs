//! Discord: everything that knows its wire formats, limits and error codes.
//!
//! ```text
//! HTTP     receive ─ verify ─┐
//!                            wire ─ answer ─ hand_over ─→ chat::inbound::Intake
//! Gateway  gateway ──────────┘
//!
//! engine::outbox ─→ notifier ─ render ─ escape
//!                      └ client ─ buckets, classify
//! ```
//!
//! It must never decide who may do what, never keep state of an incident, and never log bodies, tokens or signatures.
//! `directory` says who is who. Start at `receive` for what comes in and at `notifier` for what goes out; `register`
//! tells Discord the commands.

pub mod answer;
mod buckets;
mod classify;
pub mod client;
pub mod directory;
mod escape;
mod form;
pub mod gateway;
pub mod notifier;
pub mod receive;
pub mod register;
mod render;
#[cfg(test)]
mod stage;
pub mod verify;
pub mod wire;
