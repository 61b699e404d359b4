//! Repoint: gets a team out of a broken production deploy, from chat.
//!
//! Layers, from left to right; none names one to its right: [`domain`] ← [`engine`] ← [`chat`] ← [`adapters`] ← [`app`].
//!
//! - Entry points: [`cli::main`] for the binary, [`app::App::start`] for everything that starts the bot.
//! - A command goes [`chat::desk`] → [`engine::keeper`] → [`domain::decide`]; what follows from it is carried out by
//!   [`engine::executor`] and told by [`chat::narrator`] through [`engine::outbox`].
//! - Invariants: an effect is durable as an intent before it is sent; an unknown outcome is read, never guessed; Layer 1
//!   never re-arms automatic assignment; nothing that was acknowledged is lost.

#![forbid(unsafe_code)]

pub mod adapters;
pub mod app;
pub mod chat;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod http;
pub mod server;
pub mod telemetry;
#[cfg(feature = "demo")]
pub mod world;
