//! Commands and replies, independent of platform.

pub mod catalog;
pub mod reply;
