//! Where the vendors' descriptions are wrong, each with what is true and how we know. The checks read them mended.
//!
//! An entry says in words what its function mends. One that no call needs any more fails a test.

mod discord;
mod github;

use serde_json::{Value, json};

use super::spec::Vendor;

/// One fault of a description.
pub struct Fault {
    pub vendor: Vendor,
    /// The operation, as `METHOD template`; `*` stands for all.
    pub operation: &'static str,
    pub says: &'static str,
    pub truth: &'static str,
    /// Where in the fact sheets (`../shared/facts`) it stands, or with the vendor.
    pub source: &'static str,
    pub mend: fn(&mut Value),
}

/// All that we know of.
pub const FAULTS: &[Fault] = &[
    Fault {
        vendor: Vendor::Slack,
        operation: "POST /response/{address}",
        says: "nothing: addresses for answers are no part of the Web API",
        truth: "they take a message without any token and say ok, five times within half an hour",
        source: "chat.md C1 (response_url), A5",
        mend: response_addresses,
    },
    Fault {
        vendor: Vendor::Slack,
        operation: "POST /chat.postMessage",
        says: "an answer shows blocks of eight types only, and no text among their elements",
        truth: "an answer shows the blocks that were posted",
        source: "chat.md A7 (block types present)",
        mend: |document| blocks_as_posted(document, "ChatPostMessageResponseMessage"),
    },
    Fault {
        vendor: Vendor::Slack,
        operation: "POST /chat.update",
        says: "an answer shows blocks of eight types only, and no text among their elements",
        truth: "an answer shows the blocks that were posted",
        source: "chat.md A7 (block types present)",
        mend: |document| blocks_as_posted(document, "Message"),
    },
    Fault {
        vendor: Vendor::Slack,
        operation: "GET /conversations.history",
        says: "an answer shows blocks of eight types only, and no text among their elements",
        truth: "an answer shows the blocks that were posted",
        source: "chat.md A7 (block types present)",
        mend: |document| blocks_as_posted(document, "MessageElement"),
    },
    Fault {
        vendor: Vendor::Slack,
        operation: "GET /conversations.replies",
        says: "an answer shows blocks of eight types only, and no text among their elements",
        truth: "an answer shows the blocks that were posted",
        source: "chat.md A7 (block types present)",
        mend: |document| blocks_as_posted(document, "conversations_replies.MessageElement"),
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /v9/projects/{idOrName}",
        says: "no query parameter rollbackInfo",
        truth: "Vercel's own client sends it whenever it asks how a job stands",
        source: "vercel.md §2 row 7, §13.2, §15 point 5",
        mend: |document| {
            let parameter = json!({"name": "rollbackInfo", "in": "query",
                "schema": {"type": "boolean"}});
            push(document, "/paths/~1v9~1projects~1{idOrName}/get/parameters", parameter);
        },
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /v9/projects/{idOrName}",
        says: "no member alias in the answer",
        truth: "the production names stand there, each with the deployment it points at",
        source: "vercel.md §1.4 point 1, §5.1",
        mend: project_names,
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /v7/deployments",
        says: "a row has its id as uid only",
        truth: "Vercel's own client reads the id of a row as id too",
        source: "vercel.md §3.1 (uid)",
        mend: |document| {
            let rows = "/paths/~1v7~1deployments/get/responses/200/content/application~1json\
                        /schema/properties/deployments/items/properties";
            set(document, rows, "id", json!({"type": "string"}));
        },
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /v13/deployments/{idOrUrl}",
        says: "a deployment has exactly one of two shapes",
        truth: "the second shape is a part of the first: whoever sees the whole of a deployment sees both",
        source: "vercel.md §4.1",
        mend: |document| {
            let whole = "/paths/~1v13~1deployments~1{idOrUrl}/get/responses/200\
                         /content/application~1json/schema";
            let shapes = place(document, whole)["oneOf"].clone();
            *place(document, whole) = json!({ "anyOf": shapes });
        },
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "PATCH /v9/projects/{idOrName}",
        says: "nothing: the operation was left out of the copy",
        truth: "it changes settings of a project, and answers with the project",
        source: "vercel.md §2 row 15, §5.5",
        mend: change_of_a_project,
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /v9/projects/{projectId}/rollback/aliases",
        says: "nothing: only Vercel's own client asks for it",
        truth: "it lists how far the last rollback is with each name, in a shape of its own",
        source: "vercel.md §2 row 11, §5.3",
        mend: names_of_a_rollback,
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "POST /v1/projects/{projectId}/rollback/{deploymentId}",
        says: "no body",
        truth: "an empty object is taken: Vercel's own client sends it",
        source: "vercel.md §2 row 9, §13.2",
        mend: |document| {
            let path = "/paths/~1v1~1projects~1{projectId}~1rollback~1{deploymentId}/post";
            let schema = json!({"type": "object", "additionalProperties": false});
            set(document, path, "requestBody", json!({"content": {JSON: {"schema": schema}}}));
        },
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "POST /v10/projects/{projectId}/promote/{deploymentId}",
        says: "no body",
        truth: "an empty object is taken: Vercel's own client sends it",
        source: "vercel.md §2 row 12, §13.2",
        mend: |document| {
            let path = "/paths/~1v10~1projects~1{projectId}~1promote~1{deploymentId}/post";
            let schema = json!({"type": "object", "additionalProperties": false});
            set(document, path, "requestBody", json!({"content": {JSON: {"schema": schema}}}));
        },
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /api/logs/request-logs",
        says: "nothing: only Vercel's own client asks for it, at another host",
        truth: "it lists requests and what they were answered, page by page",
        source: "vercel.md §4.3",
        mend: request_logs,
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "GET /v2/teams/{teamId}",
        says: "no query parameter teamId, since it stands in the path",
        truth: "Vercel's own client sends it with this call as with every other",
        source: "vercel.md §13.2 (GET /teams/team_1T)",
        mend: |document| {
            let parameter = json!({"name": "teamId", "in": "query", "schema": {"type": "string"}});
            push(document, "/paths/~1v2~1teams~1{teamId}/get/parameters", parameter);
        },
    },
    Fault {
        vendor: Vendor::Vercel,
        operation: "*",
        says: "refusals have no body",
        truth: "they have one: an error with a code and a message, sometimes with more beside",
        source: "vercel.md §1.2",
        mend: refusals_have_a_body,
    },
    Fault {
        vendor: Vendor::GitHub,
        operation: "GET /repos/{owner}/{repo}/branches/{branch}/protection/required_status_checks",
        says: "nothing: the operation was left out of the copy",
        truth: "it lists the checks that a branch demands, each with the app that runs it",
        source: "docs.github.com/rest, by the operation's name",
        mend: github::required_checks,
    },
    Fault {
        vendor: Vendor::GitHub,
        operation: "GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews",
        says: "nothing: the operation was left out of the copy",
        truth: "it lists who approved and who asked for changes",
        source: "docs.github.com/rest, by the operation's name",
        mend: github::reviews,
    },
    Fault {
        vendor: Vendor::GitHub,
        operation: "GET /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers",
        says: "nothing: the operation was left out of the copy",
        truth: "it lists who was asked for a review and has given none",
        source: "docs.github.com/rest, by the operation's name",
        mend: github::reviewers,
    },
    Fault {
        vendor: Vendor::GitHub,
        operation: "GET /repos/{owner}/{repo}/issues/{issue_number}/comments",
        says: "nothing: the operation was left out of the copy",
        truth: "it lists what was said, page by page, each as the operation answers that says something",
        source: "docs.github.com/rest/issues/comments, \"List issue comments\"",
        mend: github::comments,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /gateway",
        says: "nothing: the operation was left out of the copy",
        truth: "it tells where the gateway is, without a token",
        source: "chat.md B2 (GET /api/v10/gateway)",
        mend: discord::gateway,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /applications/@me",
        says: "nothing: the operation was left out of the copy",
        truth: "it shows the app itself",
        source: "docs.discord.com, Get Current Application",
        mend: discord::application,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /oauth2/applications/@me",
        says: "nothing: the operation was left out of the copy",
        truth: "it shows the app itself, with its owner",
        source: "docs.discord.com, Get Current Bot Application Information",
        mend: discord::bot_application,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /channels/{channel_id}/messages",
        says: "nothing: the operation was left out of the copy",
        truth: "it lists messages, the newest first",
        source: "docs.discord.com, Get Channel Messages",
        mend: discord::list_of_messages,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "DELETE /channels/{channel_id}/messages/{message_id}",
        says: "nothing: the operation was left out of the copy",
        truth: "it takes a message back",
        source: "docs.discord.com, Delete Message",
        mend: discord::delete_of_a_message,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /guilds/{guild_id}",
        says: "nothing: the operation was left out of the copy",
        truth: "it shows the guild",
        source: "docs.discord.com, Get Guild",
        mend: discord::guild,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /applications/{application_id}/commands",
        says: "nothing: the operation was left out of the copy",
        truth: "it lists the global commands",
        source: "docs.discord.com, Get Global Application Commands",
        mend: discord::global_commands,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/@original",
        says: "nothing: the operation was left out of the copy",
        truth: "it takes the first answer back",
        source: "chat.md B3 (delete_response)",
        mend: discord::delete_of_the_original,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "GET /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
        says: "nothing: the operation was left out of the copy",
        truth: "it shows a follow-up",
        source: "docs.discord.com, Get Followup Message",
        mend: discord::follow_up,
    },
    Fault {
        vendor: Vendor::Discord,
        operation: "DELETE /webhooks/{webhook_id}/{webhook_token}/messages/{message_id}",
        says: "nothing: the operation was left out of the copy",
        truth: "it takes a follow-up back",
        source: "chat.md B3 (delete_followup)",
        mend: discord::delete_of_a_follow_up,
    },
    Fault {
        vendor: Vendor::GitHub,
        operation: "*",
        says: "no operation asks for a token",
        truth: "private repositories are shown to a bearer token only, and GitHub takes it everywhere",
        source: "crates.md §5 (Authorization: Bearer)",
        mend: tokens_are_taken,
    },
];

const JSON: &str = "application/json";

fn place<'a>(document: &'a mut Value, pointer: &str) -> &'a mut Value {
    document.pointer_mut(pointer).unwrap_or_else(|| panic!("the description has no {pointer}"))
}

fn set(document: &mut Value, pointer: &str, name: &str, value: Value) {
    place(document, pointer)[name] = value;
}

fn push(document: &mut Value, pointer: &str, value: Value) {
    place(document, pointer).as_array_mut().expect("a list").push(value);
}

fn response_addresses(document: &mut Value) {
    let message = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "response_type": {"enum": ["ephemeral", "in_channel"]},
            "replace_original": {"type": "boolean"}, "delete_original": {"type": "boolean"},
            "text": {"type": "string"}, "thread_ts": {"type": "string"},
            "blocks": {"type": "array", "maxItems": 50,
                "items": {"$ref": "#/components/schemas/KnownBlock"}},
            "metadata": {"$ref": "#/components/schemas/MessageMetadata"},
        },
    });
    let ok = json!({"content": {"text/plain": {"schema": {"const": "ok"}}}});
    let operation = json!({"post": {
        "requestBody": {"required": true, "content": {JSON: {"schema": message}}},
        "responses": {"200": ok, "404": {}},
    }});
    set(document, "/paths", "/response/{address}", operation);
}

fn blocks_as_posted(document: &mut Value, message: &str) {
    let blocks = format!("/components/schemas/{message}/properties/blocks");
    set(document, &blocks, "items", json!({"$ref": "#/components/schemas/KnownBlock"}));
}

const PROJECT: &str =
    "/paths/~1v9~1projects~1{idOrName}/get/responses/200/content/application~1json/schema";

fn project_names(document: &mut Value) {
    let deployment = json!({"type": ["object", "null"], "required": ["id"],
        "properties": {"id": {"type": "string"}}});
    let name = json!({
        "type": "object", "required": ["domain", "deployment"],
        "properties": {
            "domain": {"type": "string"}, "target": {"type": "string"},
            "environment": {"type": "string"}, "redirect": {"type": ["string", "null"]},
            "deployment": deployment,
        },
    });
    let names = json!({"type": "array", "items": name});
    set(document, &format!("{PROJECT}/properties"), "alias", names);
}

fn change_of_a_project(document: &mut Value) {
    let project = PROJECT.replace('{', "%7B").replace('}', "%7D");
    let wish = json!({"type": "object", "additionalProperties": false, "minProperties": 1,
        "properties": {"autoAssignCustomDomains": {"type": "boolean"}}});
    let lookup = place(document, "/paths/~1v9~1projects~1{idOrName}/get");
    let operation = json!({
        "security": lookup["security"], "parameters": lookup["parameters"],
        "requestBody": {"required": true, "content": {JSON: {"schema": wish}}},
        "responses": {"200": {"content": {JSON: {"schema": {"$ref": format!("#{project}")}}}}},
    });
    set(document, "/paths/~1v9~1projects~1{idOrName}", "patch", operation);
}

fn names_of_a_rollback(document: &mut Value) {
    let lookup = "/paths/~1v1~1projects~1{projectId}~1promote~1aliases/get";
    let mut operation = place(document, lookup).clone();
    let name = json!({"type": "object", "required": ["alias", "deploymentId"],
        "properties": {"alias": {"type": "string"}, "deploymentId": {"type": ["string", "null"]}}});
    let status = json!({"enum": ["completed", "in-progress", "pending", "failed"]});
    let row = json!({"type": "object", "required": ["id", "status", "alias"],
        "properties": {"id": {"type": "string"}, "status": status, "alias": name}});
    let schema = json!({
        "type": "object", "required": ["aliases"],
        "properties": {
            "aliases": {"type": "array", "items": row},
            "pagination": {"type": ["object", "null"]},
        },
    });
    operation["responses"]["200"]["content"] = json!({JSON: {"schema": schema}});
    let path = "/v9/projects/{projectId}/rollback/aliases";
    set(document, "/paths", path, json!({"get": operation}));
}

fn request_logs(document: &mut Value) {
    let text = json!({"type": "string"});
    let number = json!({"type": "integer"});
    let asked = |name: &str, required: bool, schema: &Value| json!({"name": name, "in": "query", "required": required, "schema": schema});
    let row = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "requestId": text, "timestamp": {"type": "string", "format": "date-time"},
            "deploymentId": text, "requestMethod": text, "requestPath": text,
            "statusCode": number, "environment": {"enum": ["production", "preview"]},
            "branch": {"type": ["string", "null"]}, "domain": text, "cache": text,
            "logs": {"type": "array", "items": {"type": "object", "properties": {
                "level": {"enum": ["error", "warning", "info", "fatal"]}, "message": text,
                "messageTruncated": {"type": "boolean"}}}},
            "events": {"type": "array", "items": {"type": "object",
                "properties": {"source": text}}},
        },
    });
    let page = json!({"type": "object", "required": ["rows"], "properties": {
        "rows": {"type": "array", "items": row}, "hasMoreRows": {"type": "boolean"}}});
    let operation = json!({
        "security": [{"bearerToken": []}],
        "parameters": [
            asked("projectId", true, &text), asked("ownerId", true, &text),
            asked("teamId", false, &text), asked("page", false, &number),
            asked("startDate", false, &number), asked("endDate", false, &number),
            asked("deploymentId", false, &text),
            asked("environment", false, &json!({"enum": ["production", "preview"]})),
        ],
        "responses": {"200": {"content": {JSON: {"schema": page}}}, "404": {}},
    });
    set(document, "/paths", "/api/logs/request-logs", json!({"get": operation}));
}

fn refusals_have_a_body(document: &mut Value) {
    let error = json!({"type": "object", "required": ["code", "message"],
        "properties": {"code": {"type": "string"}, "message": {"type": "string"}}});
    let refusal = json!({"type": "object", "required": ["error"], "additionalProperties": false,
        "properties": {"error": error}});
    let paths = place(document, "/paths").as_object_mut().expect("paths");
    for operation in
        paths.values_mut().filter_map(Value::as_object_mut).flat_map(|all| all.values_mut())
    {
        let answers = operation["responses"].as_object_mut().into_iter().flatten();
        for (_, answer) in answers.filter(|(status, _)| status.as_str() >= "400") {
            if answer["content"].is_null() {
                answer["content"] = json!({JSON: {"schema": refusal.clone()}});
            }
        }
    }
}

fn tokens_are_taken(document: &mut Value) {
    let paths = place(document, "/paths").as_object_mut().expect("paths");
    for operation in
        paths.values_mut().filter_map(Value::as_object_mut).flat_map(|all| all.values_mut())
    {
        operation["security"] = json!([{"bearer": []}]);
    }
}
