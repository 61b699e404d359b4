//! Vercel as a hosting provider.
//!
//! `provider` is the `Provider` port: which calls are made and what their answers mean. `client` sends one request and
//! reads one answer, `error` says what a failed call means for us, `wire` holds the shapes of the answers. Nothing here
//! decides what to do next, and no write is ever repeated here. `logs` reads request logs, page by page.

mod client;
mod error;
mod logs;
mod provider;
#[cfg(test)]
mod tests;
mod wire;

pub use provider::{VercelConfig, VercelProject, VercelProvider, VercelSetupError};
