//! Commands and replies, independent of platform.

pub mod catalog;
pub mod generated;
pub mod help;
pub mod parse;
pub mod reply;
pub mod request;
