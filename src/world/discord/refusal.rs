//! What Discord answers when it will not: a status, a code of its own, and for a form the place of each mistake.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

/// An answer that is a no.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    code: u32,
    message: String,
    mistakes: Vec<Mistake>,
    /// What this model does not know. Discord may take it; a story must not rest on it.
    pub(super) unknown: Option<String>,
}

/// What is wrong at one place of a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    /// The place, for example `embeds.0.title`.
    place: String,
    code: &'static str,
    message: String,
}

/// The code of a member that this model does not know.
const UNKNOWN_MEMBER: &str = "UNKNOWN_MEMBER";

impl Mistake {
    /// A member that this model does not know, and Discord may not know either.
    pub(super) fn unknown(place: &str) -> Self {
        Self::new(place, UNKNOWN_MEMBER, "Unknown member.")
    }

    pub(super) fn new(place: &str, code: &'static str, message: &str) -> Self {
        Self { place: place.to_owned(), code, message: message.to_owned() }
    }
}

impl Refusal {
    fn new(status: StatusCode, code: u32, message: &str) -> Self {
        let message = message.to_owned();
        Self { status, code, message, mistakes: Vec::new(), unknown: None }
    }

    /// There is no such thing. `code` names what was looked for.
    pub(super) fn missing(code: u32, what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, &format!("Unknown {what}"))
    }

    /// Nobody, or somebody else, is calling.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 0, "401: Unauthorized")
    }

    /// The token of an interaction is wrong, or over.
    pub(super) fn webhook_token() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, 50_027, "Invalid Webhook Token")
    }

    /// The bot may not.
    pub(super) fn forbidden(code: u32, message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// Discord has trouble of its own.
    pub(super) fn down() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, 0, "503: Service Unavailable")
    }

    /// The request makes no sense as it is.
    pub(super) fn bad(code: u32, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The form has mistakes.
    pub(super) fn form(mistakes: Vec<Mistake>) -> Self {
        let stray = mistakes.iter().find(|one| one.code == UNKNOWN_MEMBER);
        let unknown = stray.map(|one| format!("the member {}", one.place));
        Self { mistakes, unknown, ..Self::bad(50_035, "Invalid Form Body") }
    }

    /// This model does not know it.
    pub(super) fn unmodelled(what: String) -> Self {
        Self {
            unknown: Some(what),
            ..Self::bad(50_035, "Invalid Form Body (the model does not know this)")
        }
    }

    /// A path that nobody knows.
    pub(super) fn no_route(what: String) -> Self {
        Self { unknown: Some(what), ..Self::new(StatusCode::NOT_FOUND, 0, "404: Not Found") }
    }

    /// The body of the answer.
    pub(super) fn body(&self) -> Value {
        let mut body = json!({"message": self.message, "code": self.code});
        if !self.mistakes.is_empty() {
            let mut errors = Map::new();
            for mistake in &self.mistakes {
                let path: Vec<&str> = mistake.place.split('.').collect();
                insert(&mut errors, &path, mistake);
            }
            body["errors"] = Value::Object(errors);
        }
        body
    }
}

fn insert(level: &mut Map<String, Value>, path: &[&str], mistake: &Mistake) {
    let Some((first, rest)) = path.split_first() else {
        let all = level.entry("_errors").or_insert_with(|| json!([]));
        if let Some(all) = all.as_array_mut() {
            all.push(json!({"code": mistake.code, "message": mistake.message}));
        }
        return;
    };
    let next = level.entry((*first).to_owned()).or_insert_with(|| json!({}));
    if let Some(next) = next.as_object_mut() {
        insert(next, rest, mistake);
    }
}
