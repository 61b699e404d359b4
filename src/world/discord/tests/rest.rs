//! Messages, threads, members, commands over REST.

use super::*;

#[tokio::test]
async fn what_the_bot_posts_can_be_edited_listed_and_taken_back() {
    let place = place().await;
    let first = place.posts(json!({"content": " one "})).await;
    assert_eq!(first["content"], "one", "discord trims");
    let second = place.posts(json!({"content": "two"})).await;
    let (channel, id) = (place.incidents(), first["id"].as_str().unwrap().to_owned());
    let path = format!("/channels/{channel}/messages/{id}");
    let (status, edited) = place.call("PATCH", &path, json!({"content": "ONE"})).await;
    assert_eq!((status, &edited["content"]), (200, &json!("ONE")));
    assert!(edited["edited_timestamp"].is_string());
    let list = |query: &str| format!("/channels/{channel}/messages{query}");
    let texts = |page: Value| -> Vec<String> {
        let all = page.as_array().unwrap().iter();
        all.map(|one| one["content"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(place.call("GET", &list(""), Value::Null).await.1), ["two", "ONE"]);
    assert_eq!(texts(place.call("GET", &list("?limit=1"), Value::Null).await.1), ["two"]);
    let after = list(&format!("?after={id}"));
    assert_eq!(texts(place.call("GET", &after, Value::Null).await.1), ["two"]);
    let before = list(&format!("?before={}", second["id"].as_str().unwrap()));
    assert_eq!(texts(place.call("GET", &before, Value::Null).await.1), ["ONE"]);
    assert_eq!(place.call("GET", &list("?limit=101"), Value::Null).await.0, 400);
    assert_eq!(place.call("DELETE", &path, Value::Null).await.0, 204);
    let (status, gone) = place.call("GET", &path, Value::Null).await;
    assert_eq!((status, &gone["code"]), (404, &json!(10_008)));
    assert_eq!(place.model.unknown_calls(), Vec::<String>::new());
}

#[tokio::test]
async fn the_same_nonce_gives_the_same_message_for_a_few_minutes() {
    let place = place().await;
    let body = json!({"content": "once", "nonce": "n1", "enforce_nonce": true});
    let first = place.posts(body.clone()).await;
    assert_eq!(first["nonce"], "n1");
    assert_eq!(place.posts(body.clone()).await["id"], first["id"]);
    assert_eq!(place.model.messages(&place.incidents()).len(), 1);
    let lax = place.posts(json!({"content": "twice", "nonce": "n1"})).await;
    assert_ne!(lax["id"], first["id"], "without enforce_nonce it only goes along");
    place.clock.advance(Span::minutes(6));
    assert_ne!(place.posts(body).await["id"], first["id"], "after a few minutes it is forgotten");
}

#[tokio::test]
async fn a_thread_has_the_id_of_its_message_and_takes_messages() {
    let place = place().await;
    let card = place.posts(json!({"content": "card"})).await;
    let id = card["id"].as_str().unwrap();
    let path = format!("/channels/{}/messages/{id}/threads", place.incidents());
    let (status, thread) = place.call("POST", &path, json!({"name": "inc-1"})).await;
    assert_eq!((status, &thread["id"]), (201, &card["id"]));
    let (status, again) = place.call("POST", &path, json!({"name": "inc-1"})).await;
    assert_eq!((status, &again["code"]), (400, &json!(160_004)));
    let reply = format!("/channels/{id}/messages");
    assert_eq!(place.call("POST", &reply, json!({"content": "under it"})).await.0, 200);
    let shown = place.model.transcript("#incidents");
    assert_eq!(shown, "repoint:\n  card\n    repoint:\n      under it\n");
    place.trap("thread_refused", Value::Null);
    let other = place.posts(json!({"content": "other"})).await;
    let path = path.replace(id, other["id"].as_str().unwrap());
    let (status, refused) = place.call("POST", &path, json!({"name": "inc-2"})).await;
    assert_eq!((status, &refused["code"]), (403, &json!(50_013)));
}

#[tokio::test]
async fn members_come_with_their_roles_until_they_leave() {
    let place = place().await;
    let path = |name: &str| {
        let guild = &place.model.seed().guild.id;
        format!("/guilds/{guild}/members/{}", place.model.user_id(name))
    };
    let (_, ana) = place.call("GET", &path("ana"), Value::Null).await;
    assert_eq!(ana["roles"], json!([place.model.role_id("on-call")]));
    place.model.set_roles("ana", &["leads"]);
    let (_, ana) = place.call("GET", &path("ana"), Value::Null).await;
    assert_eq!(ana["roles"], json!([place.model.role_id("leads")]));
    place.model.remove_member("ana");
    let (status, gone) = place.call("GET", &path("ana"), Value::Null).await;
    assert_eq!((status, &gone["code"]), (404, &json!(10_007)));
    let (_, ticker) = place.call("GET", &path("ticker"), Value::Null).await;
    assert_eq!(ticker["user"]["bot"], true);
    place.trap("members_down", Value::Null);
    assert_eq!(place.call("GET", &path("bo"), Value::Null).await.0, 503);
    let roles = format!("/guilds/{}/roles", place.model.seed().guild.id);
    let (_, roles) = place.call("GET", &roles, Value::Null).await;
    assert_eq!(roles.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn nobody_gets_in_without_the_token_and_what_is_not_known_is_noted() {
    let place = place().await;
    assert_eq!(place.call_as(None, "GET", "/users/@me", Value::Null).await.0, 401);
    assert_eq!(place.call_as(Some("Bot x"), "GET", "/users/@me", Value::Null).await.0, 401);
    assert_eq!(place.call("GET", "/users/@me", Value::Null).await.1["bot"], true);
    assert_eq!(place.model.unknown_calls(), Vec::<String>::new());
    assert_eq!(place.call("GET", "/users/@me/guilds", Value::Null).await.0, 404);
    let path = format!("/channels/{}/messages", place.incidents());
    assert_eq!(place.call("POST", &path, json!({"content": "x", "poll": {}})).await.0, 400);
    let embed = json!({"embeds": [{"title": "x", "titel": "y"}]});
    assert_eq!(place.call("POST", &path, embed).await.0, 400);
    assert_eq!(place.model.unknown_calls().len(), 3, "{:?}", place.model.unknown_calls());
}

#[tokio::test]
async fn traps_break_calls_and_every_answer_tells_the_rate() {
    let place = place().await;
    let url = format!("{}/api/v10/gateway", place.base);
    let answer = place.http.get(&url).send().await.unwrap();
    for name in ["limit", "remaining", "reset", "reset-after", "bucket"] {
        let name = format!("x-ratelimit-{name}");
        assert!(answer.headers().contains_key(&name), "{name}");
    }
    place.trap("rate_limited", json!({"retry_after": 0.25, "global": true}));
    let answer = place.http.get(&url).send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
    assert_eq!(answer.headers()["x-ratelimit-scope"], "global");
    let body: Value = answer.json().await.unwrap();
    assert_eq!((&body["retry_after"], &body["global"]), (&json!(0.25), &json!(true)));
    place.trap("status", json!({"status": 502}));
    assert_eq!(place.http.get(&url).send().await.unwrap().status(), 502);
    place.trap("lost_answer", Value::Null);
    let path = format!("/api/v10/channels/{}/messages", place.incidents());
    let token = format!("Bot {}", place.model.seed().credentials.bot_token);
    let posting = place.http.post(format!("{}{path}", place.base)).header("authorization", token);
    assert!(posting.json(&json!({"content": "done"})).send().await.is_err());
    assert_eq!(place.seen_by("ana"), ["done"]);
    assert!(place.ledger.armed().is_empty(), "every trap has sprung");
}

#[tokio::test]
async fn a_bulk_overwrite_keeps_the_ids_of_names_that_stay() {
    let place = place().await;
    place.registers().await;
    let before = place.model.commands();
    place.registers().await;
    assert_eq!(place.model.commands(), before, "nothing changed, so nothing changes");
    let seed = place.model.seed();
    let path = format!("/applications/{}/guilds/{}/commands", seed.application_id, seed.guild.id);
    let one = json!([{"name": "rollback", "description": "Roll it back"}]);
    let (_, after) = place.call("PUT", &path, one).await;
    assert_eq!(after[0]["id"], before[0]["id"]);
    assert_ne!(after[0]["version"], before[0]["version"]);
    assert_eq!(place.call("GET", &path, Value::Null).await.1, after);
    for wrong in [
        json!([{"name": "Rollback", "description": "x"}]),
        json!([{"name": "rollback", "description": "x".repeat(101)}]),
        json!([{"name": "rollback"}]),
        json!([{"name": "r", "description": "x"}, {"name": "r", "description": "y"}]),
        json!([{"name": "r", "description": "x", "options": [
            {"type": 3, "name": "a", "description": "x"},
            {"type": 3, "name": "b", "description": "x", "required": true}]}]),
    ] {
        let (status, why) = place.call("PUT", &path, wrong.clone()).await;
        assert_eq!((status, &why["code"]), (400, &json!(50_035)), "{wrong} {why}");
    }
}
