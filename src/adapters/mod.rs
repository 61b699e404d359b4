//! One folder per outside system.

pub mod chance;
mod checklist;
pub mod clock;
pub mod discord;
pub mod egress;
pub mod git;
pub mod github;
mod hand_over;
mod http_client;
mod inbound_text;
mod inert;
pub mod journal;
pub mod probe;
pub mod secret;
mod signed;
pub mod slack;
mod spans;
pub mod vercel;
