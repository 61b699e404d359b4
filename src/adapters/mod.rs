//! One folder per outside system.

pub mod chance;
pub mod clock;
pub mod egress;
pub mod journal;
pub mod probe;
mod read_body;
pub mod secret;
pub mod slack;
pub mod vercel;
