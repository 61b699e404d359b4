//! A token or key that must not be shown.
//!
//! Owns the value in memory. It must never implement a way of printing or encoding itself; who needs the value says so
//! with [`Secret::expose`], which is easy to find in a review.

use std::fmt;

/// A value that is used but never shown: not in logs, not in errors, not in the journal.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// The value itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The text without this value in it, for words of others that may repeat what we sent.
    pub fn blot(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        text.replace(&self.0, "[hidden]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([hidden])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_its_value() {
        let secret = Secret::new("tok123");
        assert_eq!(format!("{secret:?}"), "Secret([hidden])");
        assert_eq!(secret.expose(), "tok123");
    }

    #[test]
    fn a_secret_is_blotted_out_of_foreign_text() {
        assert_eq!(Secret::new("tok123").blot("bad token tok123!"), "bad token [hidden]!");
        assert_eq!(Secret::new("").blot("unchanged"), "unchanged");
    }
}
