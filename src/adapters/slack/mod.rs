//! Slack: everything that knows its wire formats, limits and error codes.
//!
//! ```text
//! HTTP        receive ─ verify ─ form ─┐
//!                                      wire ─ hand_over ─→ chat::inbound::Intake
//! Socket Mode socket ──────────────────┘
//!
//! engine::outbox ─→ notifier ─ render ─ escape
//!                      ├ client ─ classify, response_url
//! hand_over ─→ forms ──────┤
//! engine::roster ─→ directory
//! ```
//!
//! It must never decide who may do what, never keep state of an incident, and never log bodies, tokens or signatures.
//! Start at `receive` for what comes in and at `notifier` for what goes out.

mod classify;
pub mod client;
pub mod directory;
mod escape;
mod form;
pub mod forms;
mod hand_over;
pub mod notifier;
pub mod receive;
mod render;
pub mod response_url;
pub mod socket;
pub mod verify;
mod wire;
