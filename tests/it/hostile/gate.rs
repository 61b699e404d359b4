//! What strangers can say while the revert stands at its gate: the pull request, its checks and reviews, the rules of the
//! branch, what came to it meanwhile, GitHub's refusals, and Slack's when it is asked who is in a group.

use std::collections::BTreeMap;
use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::faces::Faces;
use serde_json::{Value, json};

use super::judge::{Judged, Tame};
use crate::authority::by_group;
use crate::harness::{Settings, World};
use crate::repair::opens_the_revert;

/// Titles, check names, contexts, logins, subjects, file names; GitHub's and Slack's refusals.
pub const SOURCES: usize = 8;

/// Longer than the pause between two looks at the gate.
const LOOK: Span = Span::seconds(16);

/// What strangers write.
const THEIRS: [&str; 7] = ["title", "message", "login", "name", "context", "filename", "body"];

pub fn settings() -> Settings {
    Settings { faces: Faces::Both, errors_expected: true, ..by_group() }
}

/// A revert at its gate; then every stranger says these, one after the other.
pub async fn stand_at(w: &Arc<World>, texts: &[String]) {
    opens_the_revert(w).await;
    w.passes(LOOK).await;
    let known = known_answers(w);
    assert!(known.len() > 3, "{:?}", known.keys());
    for (number, text) in texts.iter().enumerate() {
        for (path, answer) in &known {
            let with = match number % 3 {
                2 => json!({"status": 422, "body": {"message": text, "errors": [text]}}),
                _ => json!({"status": 200, "body": rewritten(answer, text)}),
            };
            w.traps("github", "status", &format!("GET {path}"), with, None);
        }
        w.traps("slack", "ok_false", "usergroups.users.list", json!({"error": text}), None);
        w.passes(LOOK).await;
        w.user("ana").types("/incident whoami").await;
        w.user("ana").types("/incident status").await;
        w.settle().await;
        w.troubles_are_over();
    }
    w.passes(LOOK).await;
}

/// Plays it for one share of the texts.
pub fn night(texts: &[String], tame: &Tame) -> Judged {
    let mut judged = Judged::default();
    World::run_with(settings(), async |w| {
        stand_at(&w, texts).await;
        judged = tame.judge(&w);
    });
    judged
}

/// What GitHub last answered to each question.
fn known_answers(w: &World) -> BTreeMap<String, Value> {
    let calls = w.calls("").into_iter().filter(|call| call.vendor == "github");
    let read = calls.filter(|call| call.method == "GET" && call.status == Some(200));
    let read = read.filter_map(|call| Some((call.path, call.answer?.body)));
    read.filter(|(path, _)| !path.contains("/contents/")).collect()
}

/// The same answer in a stranger's words.
fn rewritten(answer: &Value, text: &str) -> Value {
    match answer {
        Value::Array(all) => all.iter().map(|one| rewritten(one, text)).collect(),
        Value::Object(all) => {
            let is_theirs = |name: &str| THEIRS.contains(&name);
            let rewrite = |(name, value): (&String, &Value)| match value {
                Value::String(_) if is_theirs(name) => (name.clone(), Value::from(text)),
                other => (name.clone(), rewritten(other, text)),
            };
            Value::Object(all.iter().map(rewrite).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => answer.clone(),
    }
}
