//! Operations that the copy of GitHub's description leaves out.

use serde_json::{Value, json};

use super::{JSON, place, set};

const BRANCHES: &str = "/repos/{owner}/{repo}/branches/{branch}/protection";
const PULLS: &str = "/repos/{owner}/{repo}/pulls/{pull_number}";

/// Adds an operation that has the parameters of another and answers 200 with this, or 404.
fn add(document: &mut Value, beside: &str, rest: &str, answer: &Value) {
    let pointer = format!("/paths/{}/get", beside.replace('/', "~1"));
    let parameters = place(document, &pointer)["parameters"].clone();
    let error = json!({"$ref": "#/components/schemas/basic-error"});
    let operation = json!({"parameters": parameters, "responses": {
        "200": {"content": {JSON: {"schema": answer}}},
        "404": {"content": {JSON: {"schema": error}}},
    }});
    let path = beside.trim_end_matches("/files");
    set(document, "/paths", &format!("{path}{rest}"), json!({"get": operation}));
}

pub fn required_checks(document: &mut Value) {
    let check = json!({"type": "object", "required": ["context", "app_id"],
        "properties": {"context": {"type": "string"}, "app_id": {"type": ["integer", "null"]}}});
    let answer = json!({
        "type": "object", "additionalProperties": false,
        "required": ["url", "strict", "contexts", "checks", "contexts_url"],
        "properties": {
            "url": {"type": "string"}, "strict": {"type": "boolean"},
            "contexts": {"type": "array", "items": {"type": "string"}},
            "contexts_url": {"type": "string"}, "checks": {"type": "array", "items": check},
        },
    });
    add(document, BRANCHES, "/required_status_checks", &answer);
}

pub fn reviews(document: &mut Value) {
    let link = json!({"type": "object", "required": ["href"],
        "properties": {"href": {"type": "string"}}});
    let state =
        json!({"enum": ["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED", "PENDING"]});
    let review = json!({
        "type": "object",
        "required": ["id", "node_id", "user", "body", "state", "html_url", "pull_request_url",
            "_links", "commit_id", "author_association"],
        "properties": {
            "id": {"type": "integer"}, "node_id": {"type": "string"}, "body": {"type": "string"},
            "user": {"$ref": "#/components/schemas/nullable-simple-user"}, "state": state,
            "html_url": {"type": "string"}, "pull_request_url": {"type": "string"},
            "submitted_at": {"type": "string"}, "commit_id": {"type": ["string", "null"]},
            "author_association": {"$ref": "#/components/schemas/author-association"},
            "_links": {"type": "object", "required": ["html", "pull_request"],
                "properties": {"html": link, "pull_request": link}},
        },
    });
    let beside = format!("{PULLS}/files");
    add(document, &beside, "/reviews", &json!({"type": "array", "items": review}));
}

pub fn comments(document: &mut Value) {
    let path = "/paths/~1repos~1{owner}~1{repo}~1issues~1{issue_number}~1comments";
    let mut parameters = place(document, &format!("{path}/post/parameters")).clone();
    let pages = ["per-page", "page"].map(|name| {
        let place = format!("#/components/parameters/{name}");
        json!({"$ref": place})
    });
    parameters.as_array_mut().expect("a list").extend(pages);
    let comment = json!({"$ref": "#/components/schemas/issue-comment"});
    let missing = json!({"$ref": "#/components/responses/not_found"});
    let answer = json!({"type": "array", "items": comment});
    let operation = json!({"parameters": parameters, "responses": {
        "200": {"content": {JSON: {"schema": answer}}}, "404": missing,
    }});
    set(document, path, "get", operation);
}

pub fn reviewers(document: &mut Value) {
    let users = json!({"type": "array", "items": {"$ref": "#/components/schemas/simple-user"}});
    let teams = json!({"type": "array", "items": {"$ref": "#/components/schemas/team"}});
    let answer = json!({"type": "object", "required": ["users", "teams"],
        "additionalProperties": false, "properties": {"users": users, "teams": teams}});
    add(document, PULLS, "/requested_reviewers", &answer);
}
