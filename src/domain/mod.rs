//! The rules. Pure: no async, no I/O, no clock, no randomness; facts come in, events go out.

pub mod actor;
pub mod deployment;
pub mod fact;
pub mod ids;
pub mod probe;
pub mod service;
pub mod time;
