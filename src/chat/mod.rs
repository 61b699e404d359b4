//! Commands and replies, independent of platform.

pub mod catalog;
pub mod inbound;
pub mod reply;
