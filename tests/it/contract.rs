//! What the bot sends, held against the vendors' own descriptions of their APIs. They lie beside the project on a
//! developer's machine and in CI; where they are not, the test says so.

use std::path::Path;

use repoint::world::ledger::Call;
use serde_json::Value;

use crate::harness::World;

/// Calls that the descriptions at hand leave out. Vercel's own client makes this one: it switches automatic assignment.
const LEFT_OUT: [&str; 1] = ["PATCH /v9/projects/prj_shop"];

/// A vendor's description, or nothing where it is not to be had.
fn description(name: &str) -> Option<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/specs").join(name);
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("no {name} here: what the bot sends is not held against it");
        return None;
    };
    Some(serde_json::from_str(&text).expect("a description is JSON"))
}

/// The path of the description that a call's path fits: equal segments, but for those in braces. The version in front is
/// the vendor's spelling of the same call and may differ.
fn template<'a>(spec: &'a Value, path: &str) -> Option<&'a str> {
    let segments = |path: &str| -> Vec<String> {
        let all = path.split('/').filter(|one| !one.is_empty());
        let is_version = |one: &&str| one.len() < 4 && one.starts_with('v');
        all.filter(|one| !is_version(one)).map(str::to_owned).collect()
    };
    let wanted = segments(path);
    let paths = spec["paths"].as_object().expect("paths");
    paths.keys().map(String::as_str).find(|known| {
        let known = segments(known);
        let fits = |(known, wanted): (&String, &String)| known.starts_with('{') || known == wanted;
        known.len() == wanted.len() && known.iter().zip(&wanted).all(fits)
    })
}

/// What is wrong with a call's body, by the description; nothing if it is as described.
fn faults(spec: &Value, template: &str, call: &Call) -> Vec<String> {
    let method = call.method.to_lowercase();
    let operation = &spec["paths"][template][&method];
    if operation.is_null() {
        return vec![format!("{method} is not described")];
    }
    let content = &operation["requestBody"]["content"]["application/json"];
    if call.body.is_null() || content.is_null() {
        return Vec::new();
    }
    let mut root = spec.clone();
    root["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    let place = template.replace('/', "~1").replace('{', "%7B").replace('}', "%7D");
    root["$ref"] =
        format!("#/paths/{place}/{method}/requestBody/content/application~1json/schema").into();
    let validator = jsonschema::validator_for(&root).expect("a schema");
    validator.iter_errors(&call.body).map(|one| format!("{}: {one}", one.instance_path())).collect()
}

fn check(calls: &[Call], vendor: &str, spec: &Value, trim: &str) -> usize {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for call in calls.iter().filter(|call| call.vendor == vendor) {
        if LEFT_OUT.contains(&format!("{} {}", call.method, call.path).as_str()) {
            continue;
        }
        let Some(path) = call.path.strip_prefix(trim) else { continue };
        match template(spec, path) {
            None => wrong.push(format!("{} {} is not described", call.method, call.path)),
            Some(template) => {
                let faults = faults(spec, template, call);
                wrong.extend(
                    faults.iter().map(|one| format!("{} {}: {one}", call.method, call.path)),
                );
            }
        }
        checked += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    checked
}

#[test]
fn everything_that_the_bot_sends_is_as_the_vendors_describe_it() {
    World::run(async |w| {
        w.user("eve").types("/incident whoami").await;
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.user("eve").presses("Confirm").await;
        w.settle().await;
        w.user("ana").presses("Choose another").await;
        w.settle().await;
        w.vercel_trap("assignment_stays_on", "", Value::Null);
        w.rolls_back().await;
        w.user("ana").types("/incident close fixed forward").await;
        w.settle().await;
        let calls = w.calls("");
        if let Some(spec) = description("slack.openapi.json") {
            assert!(check(&calls, "slack", &spec, "/api") > 10);
        }
        if let Some(spec) = description("vercel.openapi.json") {
            assert!(check(&calls, "vercel", &spec, "") > 5);
        }
    });
}

#[test]
fn a_member_that_nobody_described_is_a_fault() {
    let Some(spec) = description("slack.openapi.json") else { return };
    let call = |body: Value| Call {
        number: 1,
        at: repoint::domain::time::Timestamp(0),
        vendor: "slack".into(),
        method: "POST".into(),
        path: "/api/chat.postMessage".into(),
        query: String::new(),
        body,
        status: None,
    };
    let sound = serde_json::json!({"channel": "C1", "text": "hello"});
    let stray = serde_json::json!({"channel": "C1", "text": "hello", "txet": "?"});
    assert_eq!(faults(&spec, "/chat.postMessage", &call(sound)), Vec::<String>::new());
    assert_ne!(faults(&spec, "/chat.postMessage", &call(stray)), Vec::<String>::new());
}
