//! What a provider's request log says: how many requests there were, and how many ended with a server's error.
//!
//! A log is evidence and never a condition: it may be missing, late or cut off, and says so where it knows.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A span of a log: from an instant up to, not including, another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
}

/// Requests that a log tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// How many were answered, or should have been.
    pub requests: u64,
    /// How many of them ended with a server's error: a status of 500 or more, or a crash without any answer.
    pub errors: u64,
    /// Whether these are all of them.
    pub completeness: Completeness,
}

/// How much of what was asked for a reading of a log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// All that there was.
    Whole,
    /// The newest part: there was more than is read at once, or the rest is older than logs are kept.
    NewestOnly,
}

/// What a log says of one deployment since it was built, at whatever address it was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorLog {
    /// Its requests.
    pub traffic: Traffic,
    /// The failure that came most often, if there was any.
    pub worst: Option<Failure>,
}

/// One kind of failed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What was asked, for example `GET /checkout`: foreign text, at most 80 characters.
    pub request: String,
    /// The HTTP status; `None` where it crashed without any answer.
    pub status: Option<u16>,
    /// How often.
    pub times: u64,
}
