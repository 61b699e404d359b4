//! Commands and replies, independent of platform.

pub mod card;
pub mod catalog;
pub mod narrator;
pub mod reply;
pub mod words;
