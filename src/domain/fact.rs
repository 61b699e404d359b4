//! What was read of the outside, with its source, its time, and whether it is known at all.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// One reading of the outside. An unknown is a value, never an error and never a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// Which system said so, for example `vercel project`.
    pub source: String,
    /// When it was read.
    pub read_at: Timestamp,
    /// The value, or why it is not known.
    pub value: Known<T>,
}

/// A value, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known<T> {
    /// It was read.
    Known(T),
    /// It could not be read; the text is for people.
    Unknown(String),
}

impl<T> Fact<T> {
    /// A reading that succeeded.
    pub fn known(source: &str, read_at: Timestamp, value: T) -> Self {
        Self { source: source.to_owned(), read_at, value: Known::Known(value) }
    }

    /// A reading that failed, with the reason.
    pub fn unknown(source: &str, read_at: Timestamp, why: impl Into<String>) -> Self {
        Self { source: source.to_owned(), read_at, value: Known::Unknown(why.into()) }
    }

    /// The value, if it is known.
    pub fn get(&self) -> Option<&T> {
        match &self.value {
            Known::Known(value) => Some(value),
            Known::Unknown(_) => None,
        }
    }
}
