//! The calls that the bot is known to make, each with a request and an answer: `tests/data/vendor-calls.json`.
//!
//! `REPOINT_BLESS=1 cargo test --test it contract` writes it anew from the stories in `stories.rs`. A sample that is
//! there already and still right stays as it is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;

use repoint::domain::time::Timestamp;
use repoint::world::ledger::{Answer, Call, Origin};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::spec::Operation;

/// How to write the list anew.
pub const BLESS: &str = "REPOINT_BLESS=1 cargo test --test it contract";

/// Whether the list is being written anew.
pub fn is_blessing() -> bool {
    std::env::var_os("REPOINT_BLESS").is_some()
}

/// One known call.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub vendor: String,
    pub method: String,
    pub path: String,
    pub query: String,
    pub authorization: Option<String>,
    pub content_type: Option<String>,
    pub body: Value,
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub answer: Value,
}

/// All known calls, by [`name`].
pub type Samples = BTreeMap<String, Sample>;

/// A call's name in the list: the operation, and what kind of body goes with it.
pub fn name(operation: &Operation<'_>, call: &Call) -> String {
    let kind = call.content_type.as_deref().filter(|_| !call.body.is_null());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or("no body");
    format!("{} ({kind})", operation.name())
}

/// The list as it is committed.
pub fn listed() -> &'static Samples {
    static LISTED: OnceLock<Samples> = OnceLock::new();
    LISTED.get_or_init(|| {
        let text = std::fs::read_to_string(file()).unwrap_or_else(|_| "{}".to_owned());
        serde_json::from_str(&text).expect("a list of known calls")
    })
}

/// Writes the list.
pub fn write(samples: &Samples) {
    let text = serde_json::to_string_pretty(samples).expect("a list is JSON");
    std::fs::write(file(), text + "\n").expect("the list can be written");
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/vendor-calls.json")
}

impl Sample {
    /// A call that was answered, without what differs from run to run; nothing if it was not answered.
    pub fn of(call: &Call) -> Option<Self> {
        let answer = call.answer.clone()?;
        Some(Self {
            vendor: call.vendor.clone(),
            method: call.method.clone(),
            path: call.path.clone(),
            query: call.query.clone(),
            authorization: call.authorization.clone(),
            content_type: call.content_type.clone(),
            body: steady(call.body.clone()),
            status: call.status?,
            headers: answer.headers,
            answer: steady(answer.body),
        })
    }

    /// The call that it was.
    pub fn call(&self) -> Call {
        Call {
            number: 1,
            at: Timestamp(0),
            vendor: self.vendor.clone(),
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            agent: None,
            authorization: self.authorization.clone(),
            content_type: self.content_type.clone(),
            body: self.body.clone(),
            status: Some(self.status),
            answer: Some(Answer {
                headers: self.headers.clone(),
                body: self.answer.clone(),
                origin: Origin::Model,
            }),
        }
    }
}

/// Without ports, and without the sealed values and names of buttons.
fn steady(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let sealed = |name: &str, value: Value| match (name, &value) {
                ("value" | "custom_id", Value::String(_)) => "sealed".into(),
                _ => steady(value),
            };
            fields.into_iter().map(|(name, value)| (name.clone(), sealed(&name, value))).collect()
        }
        Value::Array(all) => all.into_iter().map(steady).collect(),
        Value::String(text) => {
            let port = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("a pattern");
            port.replace_all(&text, "127.0.0.1:1").into_owned().into()
        }
        other => other,
    }
}
