//! The Web API.

use super::*;

#[tokio::test]
async fn what_is_posted_edited_and_answered_in_a_thread_can_be_read_back() {
    let place = place().await;
    let first = place.says("one").await;
    let second = place.says("two").await;
    let reply = json!({"channel": INCIDENTS, "text": "a reply", "thread_ts": first});
    let reply = place.call("chat.postMessage", reply).await;
    // A reply to a reply belongs to the same thread.
    let deeper = json!({"channel": INCIDENTS, "text": "another", "thread_ts": reply["ts"]});
    assert_eq!(place.call("chat.postMessage", deeper).await["ok"], true);
    let edit = json!({"channel": INCIDENTS, "ts": second, "text": "two, better"});
    assert_eq!(place.call("chat.update", edit).await["text"], "two, better");

    let history = place.read("conversations.history", &[("channel", INCIDENTS)]).await;
    let texts = |answer: &Value| -> Vec<String> {
        let messages = answer["messages"].as_array().unwrap();
        messages.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&history), ["two, better", "one"]);
    assert!(history["messages"][0]["edited"].is_object());
    assert_eq!(history["messages"][1]["reply_count"], 2);
    let thread = [("channel", INCIDENTS), ("ts", first.as_str())];
    assert_eq!(
        texts(&place.read("conversations.replies", &thread).await),
        ["one", "a reply", "another"]
    );
}

#[tokio::test]
async fn pages_bounds_and_metadata_are_as_asked_for() {
    let place = place().await;
    let metadata = json!({"event_type": "t", "event_payload": {"n": "1"}});
    let said = json!({"channel": INCIDENTS, "text": "1", "metadata": metadata});
    let first = place.call("chat.postMessage", said).await["ts"].as_str().unwrap().to_owned();
    place.says("2").await;
    place.says("3").await;
    let page = [("channel", INCIDENTS), ("limit", "2")];
    let newest = place.read("conversations.history", &page).await;
    assert_eq!(
        (newest["messages"].as_array().unwrap().len(), &newest["has_more"]),
        (2, &json!(true))
    );
    let cursor = newest["response_metadata"]["next_cursor"].as_str().unwrap();
    let rest = [page[0], page[1], ("cursor", cursor)];
    let rest = place.read("conversations.history", &rest).await;
    assert_eq!((&rest["messages"][0]["text"], &rest["has_more"]), (&json!("1"), &json!(false)));
    assert!(rest["messages"][0].get("metadata").is_none());

    let one = [("channel", INCIDENTS), ("latest", &first), ("inclusive", "true"), ("limit", "1")];
    let found = place.read("conversations.history", &one).await;
    assert_eq!(found["messages"][0]["ts"], first);
    let one = [one[0], one[1], one[2], ("include_all_metadata", "true")];
    let found = place.read("conversations.history", &one).await;
    assert_eq!(found["messages"][0]["metadata"], metadata);
}

#[tokio::test]
async fn an_ephemeral_message_is_seen_by_one_person_and_cannot_be_found_or_edited() {
    let place = place().await;
    let ana = place.model.user_id("ana");
    let said = json!({"channel": INCIDENTS, "user": ana, "text": "psst"});
    let said = place.call("chat.postEphemeral", said).await;
    assert_eq!(place.seen_by("ana"), ["psst"]);
    assert_eq!(place.seen_by("bo"), Vec::<String>::new());
    let history = place.read("conversations.history", &[("channel", INCIDENTS)]).await;
    assert_eq!(history["messages"], json!([]));
    let edit = json!({"channel": INCIDENTS, "ts": said["message_ts"], "text": "louder"});
    assert_eq!(place.call("chat.update", edit).await["error"], "message_not_found");
    let stranger = json!({"channel": INCIDENTS, "user": "U0NOBODY", "text": "psst"});
    let refused = place.call("chat.postEphemeral", stranger).await;
    assert_eq!(refused["error"], "user_not_in_channel");
}

#[tokio::test]
async fn an_edit_keeps_the_blocks_that_it_does_not_name() {
    let place = place().await;
    let ts = place.says_with_button("Go").await;
    let edit = json!({"channel": INCIDENTS, "ts": ts, "text": "words only"});
    place.call("chat.update", edit).await;
    assert_eq!(place.model.messages(INCIDENTS)[0].blocks.len(), 1);
    let edit = json!({"channel": INCIDENTS, "ts": ts, "text": "words only", "blocks": []});
    place.call("chat.update", edit).await;
    assert_eq!(place.model.messages(INCIDENTS)[0].blocks, Vec::<Value>::new());
}

#[tokio::test]
async fn mistakes_are_refused_with_slacks_own_codes_and_leave_nothing() {
    let place = place().await;
    let long = json!({"type": "section", "text": {"type": "mrkdwn", "text": "x".repeat(3001)}});
    for (arguments, code) in [
        (json!({"text": "x"}), "channel_not_found"),
        (json!({"channel": "C0NONE", "text": "x"}), "channel_not_found"),
        (json!({"channel": INCIDENTS}), "no_text"),
        (json!({"channel": INCIDENTS, "text": "x".repeat(40_001)}), "msg_too_long"),
        (json!({"channel": INCIDENTS, "text": "x", "blocks": [long]}), "invalid_blocks"),
        (json!({"channel": INCIDENTS, "text": "x", "blocks": "{"}), "invalid_blocks_format"),
        (json!({"channel": INCIDENTS, "text": "x", "thread_ts": "1.0"}), "message_not_found"),
    ] {
        let answer = place.call("chat.postMessage", arguments.clone()).await;
        assert_eq!((&answer["ok"], &answer["error"]), (&json!(false), &json!(code)), "{arguments}");
    }
    assert_eq!(place.model.messages(INCIDENTS), vec![]);
}

#[tokio::test]
async fn tokens_are_checked_and_not_interchangeable() {
    let place = place().await;
    let Credentials { app_token, bot_token, .. } = place.model.seed().credentials.clone();
    for (token, method, code) in [
        ("xoxb-wrong", "auth.test", "invalid_auth"),
        (app_token.as_str(), "auth.test", "invalid_auth"),
        (bot_token.as_str(), "apps.connections.open", "invalid_auth"),
    ] {
        let answer = place.call_as(token, method, json!({})).await;
        assert_eq!(answer["error"], code, "{method}");
    }
    let bare = place.http.post(format!("{}/api/auth.test", place.base)).send().await.unwrap();
    assert_eq!(bare.json::<Value>().await.unwrap()["error"], "not_authed");
    let who = place.call("auth.test", json!({})).await;
    assert_eq!((&who["team_id"], &who["user_id"]), (&json!("T01DEMO"), &json!("U01BOT")));
    let among = format!("{}/api/users.info?user=U01ANA&token={bot_token}", place.base);
    let form = format!("user=U01ANA&token={bot_token}");
    for request in [place.http.get(&among), place.http.post(&among).body(form)] {
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(answer["ok"], true, "{answer}");
    }
    let calls = serde_json::to_string(&place.ledger.calls()).unwrap();
    assert!(!calls.contains(&bot_token) && !calls.contains("xoxb-wrong"), "{calls}");
}

#[tokio::test]
async fn what_the_model_does_not_know_is_noted() {
    let place = place().await;
    assert_eq!(place.call("pins.add", json!({})).await["error"], "unknown_method");
    let stray = place.http.get(format!("{}/elsewhere", place.base)).send().await.unwrap();
    assert_eq!(stray.status(), 404);
    assert_eq!(place.model.unknown_calls(), ["slack method pins.add", "GET /elsewhere"]);
}

#[tokio::test]
async fn a_method_that_takes_a_form_does_not_see_json() {
    let place = place().await;
    let first = place.says("one").await;
    let arguments = json!({"channel": INCIDENTS, "ts": first});
    let answer = place.call("conversations.replies", arguments).await;
    assert_eq!(answer["error"], "channel_not_found");
}

#[tokio::test]
async fn traps_spring_once_and_do_what_they_say() {
    let place = place().await;
    let token = place.model.seed().credentials.bot_token.clone();
    let post = async || {
        let request = place.http.post(format!("{}/api/chat.postMessage", place.base));
        let arguments = json!({"channel": INCIDENTS, "text": "x"});
        request.bearer_auth(&token).json(&arguments).send().await
    };
    place.trap("rate_limited", json!({"retry_after": 7}));
    let answer = post().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    place.trap("status", json!({"status": 503}));
    assert_eq!(post().await.unwrap().status(), 503);
    place.trap("ok_false", json!({"error": "is_archived"}));
    assert_eq!(post().await.unwrap().json::<Value>().await.unwrap()["error"], "is_archived");
    assert_eq!(place.seen_by("ana").len(), 0);
    place.trap("lost_answer", json!({}));
    assert!(post().await.is_err(), "the connection is cut");
    assert_eq!(place.seen_by("ana"), ["x"]);
    assert_eq!(place.ledger.armed().len(), 0);
    let statuses: Vec<Option<u16>> = place.ledger.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses[..3], [Some(429), Some(503), Some(200)]);
}

#[tokio::test]
async fn slack_morphisms_own_client_understands_the_answers() {
    use slack_morphism::prelude::*;
    let place = place().await;
    let connector = SlackClientHyperConnector::with_connector(
        hyper_util::client::legacy::connect::HttpConnector::new(),
    )
    .with_slack_api_url(&format!("{}/api", place.base));
    let client = SlackClient::new(connector);
    let token = SlackApiToken::new(place.model.seed().credentials.bot_token.clone().into());
    let session = client.open_session(&token);
    assert_eq!(session.auth_test().await.unwrap().team_id.0, "T01DEMO");
    let content = SlackMessageContent::new().with_text("hello".into());
    let channel = SlackChannelId::from(INCIDENTS);
    let post = SlackApiChatPostMessageRequest::new(channel.clone(), content.clone());
    let said = session.chat_post_message(&post).await.unwrap();
    assert_eq!(said.message.content.text.as_deref(), Some("hello"));
    let edit = SlackApiChatUpdateRequest::new(
        channel.clone(),
        content.with_text("hi".into()),
        said.ts.clone(),
    );
    assert_eq!(session.chat_update(&edit).await.unwrap().ts, said.ts);
    let history = SlackApiConversationsHistoryRequest::new().with_channel(channel.clone());
    let history = session.conversations_history(&history).await.unwrap();
    assert_eq!(history.messages[0].content.text.as_deref(), Some("hi"));
    let thread = SlackApiConversationsRepliesRequest::new(channel, said.ts);
    assert_eq!(session.conversations_replies(&thread).await.unwrap().messages.len(), 1);
}
