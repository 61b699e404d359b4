//! Whether a request is one that the vendor describes: path, method, token, content type, body and query.

use repoint::world::ledger::Call;
use serde_json::Value;

use super::spec::{Description, Operation};

/// What is wrong with a request, each as a sentence; nothing if it is as described.
pub fn faults(operation: &Operation<'_>, call: &Call) -> Vec<String> {
    let mut wrong = Vec::new();
    wrong.extend(token(operation, call));
    wrong.extend(path(operation, call));
    wrong.extend(query(operation, call));
    wrong.extend(headers(operation));
    wrong.extend(body(operation, call));
    wrong
}

/// A token is shown where it is asked for, and nowhere else. Where an empty alternative stands among them, it may be.
fn token(operation: &Operation<'_>, call: &Call) -> Option<String> {
    let all = operation.value["security"].as_array().map_or(&[][..], Vec::as_slice);
    let is_free = all.iter().any(|one| one.as_object().is_some_and(|one| one.is_empty()));
    let scheme = operation.description.vendor.scheme();
    match (!all.is_empty(), call.authorization.as_deref()) {
        (true, Some(shown)) if shown == scheme => None,
        (false, None) => None,
        (true, None) if is_free => None,
        (true, shown) => {
            Some(format!("a {} token is asked for, sent was {shown:?}", scheme.to_lowercase()))
        }
        (false, Some(_)) => Some("a token is sent where none is asked for".to_owned()),
    }
}

/// The parameters of one place, with a pointer to the schema of each.
fn parameters<'a>(
    operation: &'a Operation<'_>,
    place: &'a str,
) -> impl Iterator<Item = (&'a str, bool, String)> {
    let all = operation.value["parameters"].as_array().into_iter().flatten().enumerate();
    let all = all.map(move |(index, one)| match one["$ref"].as_str() {
        Some(shared) => {
            let pointer = format!("{}/schema", shared.trim_start_matches('#'));
            (operation.description.followed(one), pointer)
        }
        None => (one, format!("{}/parameters/{index}/schema", operation.pointer())),
    });
    all.filter(move |(one, _)| one["in"] == place).map(|(one, pointer)| {
        (one["name"].as_str().expect("a parameter has a name"), one["required"] == true, pointer)
    })
}

/// What stands in the path where the description has braces.
fn path(operation: &Operation<'_>, call: &Call) -> Vec<String> {
    let mut wrong = Vec::new();
    let sent = call.path.rsplit('/').zip(operation.template.rsplit('/'));
    for (value, name) in sent {
        let Some(name) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else {
            continue;
        };
        if let Some((_, _, pointer)) =
            parameters(operation, "path").find(|(known, ..)| *known == name)
        {
            let value = read(operation.description, &pointer, value);
            let faults = operation.description.faults(&pointer, &value);
            wrong.extend(faults.iter().map(|one| format!("the path's {name:?}: {one}")));
        }
    }
    wrong
}

fn query(operation: &Operation<'_>, call: &Call) -> Vec<String> {
    let sent: Vec<(String, String)> =
        url::form_urlencoded::parse(call.query.as_bytes()).into_owned().collect();
    let mut wrong = Vec::new();
    for (name, value) in &sent {
        match parameters(operation, "query").find(|(known, ..)| known == name) {
            None => wrong.push(format!("the query parameter {name:?} is not described")),
            Some((_, _, pointer)) => {
                let value = read(operation.description, &pointer, value);
                let faults = operation.description.faults(&pointer, &value);
                wrong.extend(
                    faults.iter().map(|one| format!("the query parameter {name:?}: {one}")),
                );
            }
        }
    }
    for (name, ..) in parameters(operation, "query").filter(|(_, is_required, _)| *is_required) {
        if !sent.iter().any(|(known, _)| known == name) {
            wrong.push(format!("the query parameter {name:?} is required"));
        }
    }
    wrong
}

/// No operation that we call asks for headers besides the token's; one that does must not pass unseen.
fn headers(operation: &Operation<'_>) -> Vec<String> {
    let wanted = parameters(operation, "header").filter(|(_, is_required, _)| *is_required);
    wanted.map(|(name, ..)| format!("the header {name:?} is required, and not kept")).collect()
}

fn body(operation: &Operation<'_>, call: &Call) -> Vec<String> {
    let described = &operation.value["requestBody"];
    if call.body.is_null() {
        let is_missing = described["required"] == true;
        return is_missing.then(|| "a body is required".to_owned()).into_iter().collect();
    }
    let kind = call.content_type.as_deref().unwrap_or("none");
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    if described["content"][kind].is_null() {
        let known: Vec<&String> =
            described["content"].as_object().into_iter().flatten().map(|(kind, _)| kind).collect();
        return vec![format!("the content type {kind} is not described, but {known:?}")];
    }
    let kind = kind.replace('/', "~1");
    let pointer = format!("{}/requestBody/content/{kind}/schema", operation.pointer());
    let description = operation.description;
    let body = if kind == "application~1json" {
        call.body.clone()
    } else {
        form(description, &pointer, &call.body)
    };
    let mut wrong = description.faults(&pointer, &body);
    wrong.extend(description.strays(&pointer, &body));
    wrong
}

/// A form's texts, read as the types that are asked for.
fn form(description: &Description, pointer: &str, body: &Value) -> Value {
    let wanted = &description.schema(pointer)["properties"];
    let fields = body.as_object().into_iter().flatten().map(|(name, value)| {
        let text = value.as_str().unwrap_or_default();
        (name.clone(), description.read(&wanted[name], text))
    });
    Value::Object(fields.collect())
}

fn read(description: &Description, pointer: &str, text: &str) -> Value {
    description.read(description.schema(pointer), text)
}
