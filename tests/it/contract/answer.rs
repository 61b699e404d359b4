//! Whether an answer of our models is one that the vendor could give: status, headers, content type and body.

use repoint::world::ledger::{Answer, Call, Origin};
use serde_json::Value;

use super::spec::{Operation, Vendor};

/// How an answer stands.
pub enum Verdict {
    /// It was held against the description; what is wrong, each as a sentence.
    Held(Vec<String>),
    /// A trap broke it on purpose, or the connection ended before there was one.
    Exempt,
}

/// Holds the answer to a call against the description.
pub fn judged(operation: &Operation<'_>, call: &Call) -> Verdict {
    match (call.status, &call.answer) {
        (Some(status), Some(answer)) if answer.origin == Origin::Model => {
            Verdict::Held(faults(operation, status, answer))
        }
        _ => Verdict::Exempt,
    }
}

/// What is wrong with an answer; nothing if it is as described.
pub fn faults(operation: &Operation<'_>, status: u16, answer: &Answer) -> Vec<String> {
    let responses = &operation.value["responses"];
    // Discord describes all refusals at once, save some.
    let family = format!("{}XX", status / 100);
    let said = Some(status.to_string()).filter(|status| !responses[status].is_null());
    let said = said.unwrap_or(family);
    let described = &responses[&said];
    let shared = described["$ref"].as_str().map(|place| place.trim_start_matches('#').to_owned());
    let described = operation.description.followed(described);
    if described.is_null() {
        return vec![format!("the status {status} is not described")];
    }
    let mut wrong = missing_headers(described, answer);
    let content = &described["content"];
    if content.is_null() {
        if !answer.body.is_null() {
            wrong.push(format!("no body is described for {status}, but there is {}", answer.body));
        }
        return wrong;
    }
    let kind = answer.headers.get("content-type").map_or("none", String::as_str);
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    if content[kind].is_null() {
        wrong.push(format!("the content type {kind} is not described for {status}"));
        return wrong;
    }
    let kind = kind.replace('/', "~1");
    let whole = format!("{}/responses/{said}/content/{kind}/schema", operation.pointer());
    let whole = match shared {
        Some(place) => format!("{place}/content/{kind}/schema"),
        None => whole,
    };
    let pointer = alternative(operation, whole, &answer.body);
    wrong.extend(operation.description.faults(&pointer, &answer.body));
    wrong.extend(operation.description.strays(&pointer, &answer.body));
    wrong
}

/// Slack answers successes and errors alike with 200. `ok` says which of the two schemas counts.
fn alternative(operation: &Operation<'_>, whole: String, body: &Value) -> String {
    let is_either = operation.description.schema(&whole)["anyOf"].is_array();
    match (operation.description.vendor, is_either) {
        (Vendor::Slack, true) if body["ok"] == true => format!("{whole}/anyOf/0"),
        (Vendor::Slack, true) => format!("{whole}/anyOf/1"),
        _ => whole,
    }
}

fn missing_headers(described: &Value, answer: &Answer) -> Vec<String> {
    let all = described["headers"].as_object().into_iter().flatten();
    let required = all.filter(|(_, header)| header["required"] == true);
    let missing = required.filter(|(name, _)| !answer.headers.contains_key(&name.to_lowercase()));
    missing.map(|(name, _)| format!("the header {name} is missing")).collect()
}
