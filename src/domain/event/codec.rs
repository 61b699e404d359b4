//! How an event is written into the journal and read back. The body is stored as it was written, and never rewritten.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Event;

/// The version of all shapes.
pub const EVENT_VERSION: u32 = 1;

/// An event that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read event {kind} version {version}: {why}")]
pub struct UnreadableEvent {
    /// The event's name.
    pub kind: String,
    /// Its version.
    pub version: u32,
    /// What is wrong.
    pub why: String,
}

impl Event {
    /// The event's name and its body as JSON.
    pub fn encode(&self) -> (String, String) {
        let whole = serde_json::to_string(self).expect("events are plain data");
        let named = whole.strip_prefix(r#"{"kind":""#).and_then(|rest| rest.split_once('"'));
        let (kind, rest) = named.expect("every event begins with its kind");
        // A kind without members has no body at all.
        let body = rest.strip_prefix(r#","body":"#).and_then(|body| body.strip_suffix('}'));
        (kind.to_owned(), body.unwrap_or(NO_BODY).to_owned())
    }

    /// Reads an event back.
    ///
    /// # Errors
    /// When the kind, its version or its shape is not known to this version of the bot.
    pub fn decode(kind: &str, version: u32, body: &str) -> Result<Self, UnreadableEvent> {
        let unreadable = |why: String| UnreadableEvent { kind: kind.to_owned(), version, why };
        if version != EVENT_VERSION {
            return Err(unreadable(format!("this version knows {EVENT_VERSION}")));
        }
        // The body as it was written is taken over as it is, so it must be one JSON value and nothing more.
        let named = serde_json::Value::from(kind);
        let whole = match body.trim() {
            NO_BODY => format!(r#"{{"kind":{named}}}"#),
            body => format!(r#"{{"kind":{named},"body":{body}}}"#),
        };
        family(&whole, Self::Incident)
            .or_else(|| family(&whole, Self::Flip))
            .or_else(|| family(&whole, Self::Authority))
            .or_else(|| family(&whole, Self::Verification))
            .or_else(|| family(&whole, Self::Fix))
            .or_else(|| family(&whole, Self::Service))
            .or_else(|| family(&whole, Self::Register))
            .unwrap_or_else(|| Err("the kind is not known".to_owned()))
            .map_err(unreadable)
    }
}

/// What stands for the body of a kind without members.
const NO_BODY: &str = "null";

/// Reads an event of one family; `None` if the kind is none of its kinds.
fn family<F: DeserializeOwned>(
    whole: &str,
    event: impl FnOnce(F) -> Event,
) -> Option<Result<Event, String>> {
    /// The kind alone: any body is skipped.
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    match serde_json::from_str::<F>(whole) {
        Ok(read) => Some(Ok(event(read))),
        Err(error) => {
            let why = error.to_string();
            let kind =
                serde_json::from_str::<Kind>(whole).map(|kind| kind.kind).unwrap_or_default();
            let is_foreign = why.starts_with(&format!("unknown variant `{kind}`"));
            (!is_foreign).then_some(Err(why))
        }
    }
}
