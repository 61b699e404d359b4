//! One folder per outside system.

pub mod chance;
pub mod clock;
pub mod egress;
pub mod git;
pub mod github;
mod http_client;
pub mod journal;
pub mod probe;
pub mod secret;
pub mod slack;
pub mod vercel;
