//! The rules. Pure: no async, no I/O, no clock, no randomness; facts come in, events go out.

pub mod action;
pub mod actor;
pub mod apply;
pub mod book;
pub mod change;
pub mod decide;
pub mod deployment;
pub mod event;
pub mod fact;
pub mod fix;
#[cfg(test)]
pub(crate) mod fixture;
pub mod guard;
pub mod ids;
pub mod incident;
pub mod log;
pub mod migration;
pub mod plan;
pub mod policy;
pub mod probe;
pub mod refusal;
pub mod restored;
pub mod service;
pub mod target;
pub mod time;
pub mod verification;
