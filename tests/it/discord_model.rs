//! Every call that the modelled Discord knows, made once as another program would make it; each answer is held against
//! Discord's description at the end of the story.

use std::future::IntoFuture;
use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use repoint::world::discord::Typed;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::contract::READER;
use crate::harness::{World, http_client};

/// Another program with the bot's token.
struct Program<'a> {
    world: &'a World,
    http: reqwest::Client,
    described: Value,
}

impl<'a> Program<'a> {
    fn new(world: &'a World) -> Self {
        let http = http_client(READER);
        let described = world.models.described("127.0.0.1:1".parse().expect("an address"));
        Self { world, http, described: described["discord"].clone() }
    }

    fn told(&self, pointer: &str) -> &str {
        self.described.pointer(pointer).and_then(Value::as_str).expect("a text")
    }

    /// A call that must be answered with this status. With a token in its path it shows no other.
    async fn says(&self, status: u16, method: &str, path: &str, body: Value) -> Value {
        let url = format!("{}/api/v10{path}", self.told("/api"));
        let mut request = self.http.request(method.parse().expect("a method"), url);
        if !path.starts_with("/webhooks")
            && !path.starts_with("/interactions")
            && path != "/gateway"
        {
            request = request.header("authorization", format!("Bot {}", self.told("/bot_token")));
        }
        let request = if body.is_null() { request } else { request.json(&body) };
        let response = request.send().await.expect("an answer");
        let answered = response.status().as_u16();
        let body: Value = response.json().await.unwrap_or_default();
        assert_eq!(answered, status, "{method} {path}: {body}");
        body
    }

    async fn reads(&self, path: &str) -> Value {
        self.says(200, "GET", path, Value::Null).await
    }
}

/// Makes every call once.
pub async fn every_call(world: &Arc<World>) {
    let program = Program::new(world);
    who_and_where(&program).await;
    commands(&program).await;
    messages(&program).await;
    interactions(&program).await;
}

async fn who_and_where(program: &Program<'_>) {
    program.reads("/gateway").await;
    program.reads("/gateway/bot").await;
    program.reads("/users/@me").await;
    program.reads("/applications/@me").await;
    program.reads("/oauth2/applications/@me").await;
    let guild = format!("/guilds/{}", program.told("/guild"));
    program.reads(&guild).await;
    program.reads(&format!("{guild}/roles")).await;
    program.reads(&format!("{guild}/members/{}", program.told("/users/ana"))).await;
    program.says(404, "GET", &format!("{guild}/members/1"), Value::Null).await;
    program.reads(&format!("/channels/{}", program.told("/channels/incidents"))).await;
    program.says(404, "GET", "/channels/1", Value::Null).await;
}

async fn commands(program: &Program<'_>) {
    let application = format!("/applications/{}", program.told("/application_id"));
    let of_guild = format!("{application}/guilds/{}/commands", program.told("/guild"));
    let service =
        json!({"type": 3, "name": "service", "description": "Which", "autocomplete": true});
    let note = json!({"type": 1, "name": "note", "description": "Note", "options": [service]});
    let all = json!([{"name": "incident", "description": "Incidents", "options": [note]}]);
    program.says(200, "PUT", &of_guild, all.clone()).await;
    program.reads(&of_guild).await;
    program.says(200, "PUT", &format!("{application}/commands"), all).await;
    program.reads(&format!("{application}/commands")).await;
}

async fn messages(program: &Program<'_>) {
    let channel = format!("/channels/{}/messages", program.told("/channels/incidents"));
    let confirm = json!({"type": 2, "style": 4, "label": "Confirm", "custom_id": "confirm:1"});
    let field = json!({"name": "From", "value": "v42"});
    let embed = json!({"title": "Roll back?", "color": 1, "fields": [field]});
    let card = json!({
        "content": "a card for <@1>", "embeds": [embed], "nonce": "n1", "enforce_nonce": true,
        "components": [{"type": 1, "components": [confirm]}], "allowed_mentions": {"parse": []},
    });
    let card = program.says(200, "POST", &channel, card).await;
    let one = format!("{channel}/{}", card["id"].as_str().expect("an id"));
    program.says(200, "PATCH", &one, json!({"content": "the card"})).await;
    program.says(201, "POST", &format!("{one}/threads"), json!({"name": "inc-1"})).await;
    program.reads(&one).await;
    let thread = format!("/channels/{}", card["id"].as_str().expect("an id"));
    program.reads(&thread).await;
    program.says(200, "POST", &format!("{thread}/messages"), json!({"content": "hi"})).await;
    program.reads(&format!("{thread}/messages")).await;
    program.reads(&format!("{channel}?limit=2")).await;
    program.says(400, "POST", &channel, json!({"content": ""})).await;
    program.world.trap("discord", "rate_limited", "GET", json!({"retry_after": 0.5}));
    program.says(429, "GET", &channel, Value::Null).await;
    program.says(204, "DELETE", &one, Value::Null).await;
}

/// What is delivered to a bot that answers by REST.
async fn deliveries(program: &Program<'_>) -> mpsc::UnboundedReceiver<Value> {
    let (noted, inbox) = mpsc::unbounded_channel();
    let take = move |axum::Json(body): axum::Json<Value>| {
        noted.send(body).expect("somebody listens");
        async { StatusCode::ACCEPTED }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/discord/interactions", post(take));
    tokio::spawn(axum::serve(listener, router).into_future());
    program.world.models.discord.set_bot_http(&format!("http://{address}"));
    inbox
}

async fn interactions(program: &Program<'_>) {
    let mut inbox = deliveries(program).await;
    let discord = program.world.models.discord.clone();
    let (user, channel) = (program.told("/users/ana"), program.told("/channels/incidents"));
    let typed = Typed::new("/incident note").with("service", "sh");
    for answer in [
        json!({"type": 4, "data": {"content": "hush", "flags": 64}}),
        json!({"type": 5, "data": {"flags": 64}}),
    ] {
        let types = discord.type_command(user, channel, &typed);
        let answers = async {
            let said = inbox.recv().await.expect("a delivery");
            let [id, token] =
                ["id", "token"].map(|name| said[name].as_str().expect("a text").to_owned());
            let path = format!("/interactions/{id}/{token}/callback?with_response=true");
            program.says(200, "POST", &path, answer).await;
            token
        };
        let (typed, token) = tokio::join!(types, answers);
        typed.expect("a command");
        afterwards(program, &token).await;
    }
    let types = discord.complete(user, channel, &typed, "service");
    let answers = async {
        let said = inbox.recv().await.expect("a delivery");
        let [id, token] =
            ["id", "token"].map(|name| said[name].as_str().expect("a text").to_owned());
        let choices = json!([{"name": "shop", "value": "shop"}]);
        let path = format!("/interactions/{id}/{token}/callback");
        let answer = json!({"type": 8, "data": {"choices": choices}});
        program.says(204, "POST", &path, answer.clone()).await;
        program.says(400, "POST", &path, answer).await;
    };
    let (proposed, ()) = tokio::join!(types, answers);
    assert_eq!(proposed.expect("proposals").len(), 1);
}

/// What the token of an interaction opens after the first answer.
async fn afterwards(program: &Program<'_>, token: &str) {
    let webhook = format!("/webhooks/{}/{token}", program.told("/application_id"));
    let original = format!("{webhook}/messages/@original");
    program.says(200, "PATCH", &original, json!({"content": "a card"})).await;
    program.reads(&original).await;
    let more = program.says(200, "POST", &webhook, json!({"content": "more"})).await;
    let follow_up = format!("{webhook}/messages/{}", more["id"].as_str().expect("an id"));
    program.reads(&follow_up).await;
    program.says(200, "PATCH", &follow_up, json!({"content": "less"})).await;
    program.says(204, "DELETE", &follow_up, Value::Null).await;
    program.says(204, "DELETE", &original, Value::Null).await;
    program.says(404, "GET", &original, Value::Null).await;
}

#[test]
fn every_answer_of_the_modelled_discord_is_as_discord_describes_it() {
    World::run(async |w| every_call(&w).await);
}
