//! One folder per outside system.

pub mod chance;
pub mod clock;
pub mod journal;
pub mod probe;
pub mod secret;
pub mod slack;
pub mod vercel;
