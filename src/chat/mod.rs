//! Commands and replies, independent of platform. Knows the domain and the engine, no vendor.

pub mod card;
pub mod catalog;
pub mod complete;
pub mod desk;
#[cfg(test)]
pub(crate) mod drawn;
pub mod evidence;
pub mod form;
pub mod generated;
pub mod handlers;
pub mod help;
pub mod inbound;
pub mod narrator;
pub mod parse;
pub mod rate;
pub mod reply;
pub mod request;
pub mod verdict;
pub mod words;
