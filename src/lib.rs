//! Repoint: gets a team out of a broken production deploy, from chat.

#![forbid(unsafe_code)]

pub mod adapters;
pub mod chat;
pub mod config;
pub mod domain;
pub mod engine;
#[cfg(feature = "demo")]
pub mod world;
