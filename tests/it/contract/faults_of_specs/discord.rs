//! Operations that the copy of Discord's description leaves out.

use serde_json::{Value, json};

use super::{JSON, place, set};

const MESSAGE: &str = "/channels/{channel_id}/messages/{message_id}";
const ORIGINAL: &str = "/webhooks/{webhook_id}/{webhook_token}/messages/@original";
const FOLLOW_UP: &str = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}";

/// Refusals are described once for all.
fn refusals() -> Value {
    json!({
        "429": {"$ref": "#/components/responses/ClientRatelimitedResponse"},
        "4XX": {"$ref": "#/components/responses/ClientErrorResponse"},
    })
}

/// Adds an operation that needs the bot's token.
fn add(document: &mut Value, method: &str, path: &str, success: (&str, &Value)) {
    let (status, answer) = success;
    let mut responses = refusals();
    responses[status] = answer.clone();
    let operation = json!({"security": [{"BotToken": []}], "responses": responses});
    let paths = place(document, "/paths");
    if paths[path].is_null() {
        paths[path] = json!({});
    }
    paths[path][method] = operation;
}

/// Adds one that the token in its path opens.
fn add_open(document: &mut Value, method: &str, path: &str, success: (&str, &Value)) {
    add(document, method, path, success);
    let pointer = format!("/paths/{}/{method}", path.replace('/', "~1"));
    set(document, &pointer, "security", json!([{}, {"BotToken": []}]));
}

fn answer(schema: Value) -> Value {
    json!({"content": {JSON: {"schema": schema}}})
}

fn named(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

pub fn gateway(document: &mut Value) {
    let url = json!({"type": "object", "required": ["url"], "additionalProperties": false,
        "properties": {"url": {"type": "string", "format": "uri"}}});
    add_open(document, "get", "/gateway", ("200", &answer(url)));
}

/// The app, with the members that both operations show.
fn an_application() -> Value {
    let text = json!({"type": "string"});
    let user = named("UserResponse");
    answer(json!({
        "type": "object",
        "required": ["id", "name", "icon", "description", "bot_public", "bot_require_code_grant",
            "verify_key", "flags"],
        "properties": {
            "id": named("SnowflakeType"), "name": text, "icon": {"type": ["string", "null"]},
            "description": text, "bot_public": {"type": "boolean"}, "summary": text,
            "bot_require_code_grant": {"type": "boolean"}, "verify_key": text, "owner": user,
            "flags": {"type": "integer"}, "bot": named("UserPIIResponse"), "team": {},
            "interactions_endpoint_url": {"type": ["string", "null"]},
        },
    }))
}

pub fn application(document: &mut Value) {
    add(document, "get", "/applications/@me", ("200", &an_application()));
}

pub fn bot_application(document: &mut Value) {
    add(document, "get", "/oauth2/applications/@me", ("200", &an_application()));
}

pub fn list_of_messages(document: &mut Value) {
    let path = "/channels/{channel_id}/messages";
    let list = answer(json!({"type": "array", "items": named("MessageResponse")}));
    add(document, "get", path, ("200", &list));
    let id = named("SnowflakeType");
    let asked = |name: &str, schema: &Value| json!({"name": name, "in": "query", "schema": schema});
    let limit = json!({"type": "integer", "minimum": 1, "maximum": 100});
    let parameters = json!([
        asked("limit", &limit),
        asked("before", &id),
        asked("after", &id),
        asked("around", &id),
    ]);
    set(document, "/paths/~1channels~1{channel_id}~1messages/get", "parameters", parameters);
}

pub fn delete_of_a_message(document: &mut Value) {
    add(document, "delete", MESSAGE, ("204", &json!({})));
}

pub fn guild(document: &mut Value) {
    let role = named("GuildRoleResponse");
    let guild = json!({"type": "object", "required": ["id", "name", "owner_id", "roles"],
        "properties": {"id": named("SnowflakeType"), "name": {"type": "string"},
            "owner_id": named("SnowflakeType"), "roles": {"type": "array", "items": role}},
        "additionalProperties": true});
    add(document, "get", "/guilds/{guild_id}", ("200", &answer(guild)));
}

pub fn global_commands(document: &mut Value) {
    let all = json!({"type": "array", "items": named("ApplicationCommandResponse")});
    add(document, "get", "/applications/{application_id}/commands", ("200", &answer(all)));
}

pub fn delete_of_the_original(document: &mut Value) {
    add_open(document, "delete", ORIGINAL, ("204", &json!({})));
}

pub fn follow_up(document: &mut Value) {
    let message = answer(named("MessageResponse"));
    add_open(document, "get", FOLLOW_UP, ("200", &message));
}

pub fn delete_of_a_follow_up(document: &mut Value) {
    add_open(document, "delete", FOLLOW_UP, ("204", &json!({})));
}
