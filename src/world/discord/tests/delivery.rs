//! What people do, delivered as signed requests, and the answers in their bodies.

use serenity::interactions_endpoint::Verifier;

use super::*;

fn text(headers: &HeaderMap, name: &str) -> String {
    headers[name].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_delivery_is_signed_as_discords_own_check_wants_it() {
    let place = place().await;
    place.registers().await;
    let (base, mut inbox) =
        bot(json!({"type": 4, "data": {"content": "on it", "flags": 64}})).await;
    place.model.set_bot_http(&base);
    let typed = Typed::new("/incident note").with("text", "payments too");
    let (ana, incidents) = (place.user("ana"), place.incidents());
    assert_eq!(place.model.type_command(&ana, &incidents, &typed).await, Ok(()));
    let (headers, body) = inbox.recv().await.unwrap();
    let verifier = Verifier::new(&place.model.seed().credentials.public_key());
    let signature = text(&headers, "x-signature-ed25519");
    let stamp = text(&headers, "x-signature-timestamp");
    assert_eq!(verifier.verify(&signature, &stamp, &body), Ok(()));
    assert!(verifier.verify(&signature, "1", &body).is_err());
    let said: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(said["data"]["options"][0]["options"][0]["value"], "payments too");
    assert_eq!(said["member"]["roles"], json!([place.model.role_id("on-call")]));
    assert_eq!(place.seen_by("ana"), ["on it"]);
    assert_eq!(place.seen_by("bo"), Vec::<String>::new(), "an ephemeral answer is ana's alone");
    assert_eq!(place.model.redeliver_last().await, Ok(200));
    assert_eq!(inbox.recv().await.unwrap().1, body, "to the letter");
}

#[tokio::test]
async fn the_client_sends_no_command_that_was_not_registered_like_this() {
    let place = place().await;
    place.registers().await;
    let (base, mut inbox) = bot(json!({"type": 5, "data": {"flags": 64}})).await;
    place.model.set_bot_http(&base);
    let (ana, incidents) = (place.user("ana"), place.incidents());
    for (typed, why) in [
        (Typed::new("/deploy"), "no command"),
        (Typed::new("/incident"), "Choose one of: note"),
        (Typed::new("/incident close"), "no /incident close"),
        (Typed::new("/incident note"), "Fill in text"),
        (Typed::new("/incident note").with("text", 3), "does not take 3"),
        (Typed::new("/rollback").with("to", "v41"), "no option to"),
        (Typed::new("/rollback").with("service", "x".repeat(21)), "too long"),
    ] {
        let refused = place.model.type_command(&ana, &incidents, &typed).await.unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    place.model.remove_member("ana");
    let typed = Typed::new("/rollback");
    assert!(place.model.type_command(&ana, &incidents, &typed).await.is_err());
    assert!(inbox.try_recv().is_err(), "nothing was delivered");
}

#[tokio::test]
async fn a_bot_that_says_nonsense_or_nothing_is_told_to_the_person() {
    let place = place().await;
    place.registers().await;
    let (ana, incidents) = (place.user("ana"), place.incidents());
    let rollback = Typed::new("/rollback");
    place.model.type_command(&ana, &incidents, &rollback).await.unwrap();
    let (base, _inbox) = bot(json!({"type": 6})).await;
    place.model.set_bot_http(&base);
    place.model.type_command(&ana, &incidents, &rollback).await.unwrap();
    assert_eq!(place.seen_by("ana"), ["/rollback: The application did not respond"; 2]);
    assert_eq!(place.model.unknown_calls().len(), 1, "a command cannot be answered with type 6");
}

#[tokio::test]
async fn proposals_come_from_the_app_while_somebody_is_typing() {
    let place = place().await;
    place.registers().await;
    let choices = json!([{"name": "shop (live)", "value": "shop"}]);
    let (base, mut inbox) = bot(json!({"type": 8, "data": {"choices": choices}})).await;
    place.model.set_bot_http(&base);
    let typed = Typed::new("/rollback").with("service", "sh");
    let (ana, incidents) = (place.user("ana"), place.incidents());
    let found = place.model.complete(&ana, &incidents, &typed, "service").await.unwrap();
    assert_eq!(found, [Choice { name: "shop (live)".into(), value: "shop".into() }]);
    let said: Value = serde_json::from_slice(&inbox.recv().await.unwrap().1).unwrap();
    assert_eq!((&said["type"], &said["data"]["options"][0]["focused"]), (&json!(4), &json!(true)));
    let typed = Typed::new("/incident note").with("text", "x");
    assert!(place.model.complete(&ana, &incidents, &typed, "text").await.is_err());
}

#[tokio::test]
async fn a_press_updates_its_message_and_carries_it() {
    let place = place().await;
    place.posts(json!({"content": "card", "components": button("Confirm", "confirm:1")})).await;
    let (base, mut inbox) =
        bot(json!({"type": 7, "data": {"content": "done", "components": []}})).await;
    place.model.set_bot_http(&base);
    let (bo, incidents) = (place.user("bo"), place.incidents());
    let seen = place.model.find_button(&incidents, &bo, "Confirm").unwrap();
    let Visible { channel, message, custom_id } = seen;
    place.model.press(&bo, &channel, &message, &custom_id).await.unwrap();
    let said: Value = serde_json::from_slice(&inbox.recv().await.unwrap().1).unwrap();
    assert_eq!(said["message"]["id"], message.as_str());
    assert_eq!(said["data"], json!({"custom_id": "confirm:1", "component_type": 2, "id": 2}));
    assert_eq!(place.seen_by("bo"), ["done"]);
    assert!(place.model.press(&bo, &channel, &message, &custom_id).await.is_err(), "it is gone");
}

#[tokio::test]
async fn a_form_is_filled_in_within_its_limits_and_sent() {
    let place = place().await;
    place.registers().await;
    let input =
        json!({"type": 4, "custom_id": "reason", "label": "Why", "style": 2, "min_length": 3});
    let modal = json!({"custom_id": "form:1", "title": "Reason",
        "components": [{"type": 1, "components": [input]}]});
    let (base, mut inbox) = bot(json!({"type": 9, "data": modal})).await;
    place.model.set_bot_http(&base);
    let (ana, incidents) = (place.user("ana"), place.incidents());
    place.model.type_command(&ana, &incidents, &Typed::new("/rollback")).await.unwrap();
    let open = place.model.modal(&ana).unwrap();
    assert_eq!((open.title.as_str(), open.inputs[0].is_long), ("Reason", true));
    assert!(place.model.submit_modal(&ana, &[("reason", "no")]).await.is_err(), "too short");
    assert!(place.model.submit_modal(&ana, &[("why", "checkout")]).await.is_err(), "not asked for");
    inbox.recv().await.unwrap();
    let (base, mut inbox) = bot(json!({"type": 4, "data": {"content": "thanks"}})).await;
    place.model.set_bot_http(&base);
    place.model.submit_modal(&ana, &[("reason", "checkout")]).await.unwrap();
    let said: Value = serde_json::from_slice(&inbox.recv().await.unwrap().1).unwrap();
    assert_eq!(said["data"]["components"][0]["components"][0]["value"], "checkout");
    let parsed: serenity::model::application::Interaction = serde_json::from_value(said).unwrap();
    assert!(parsed.as_modal_submit().is_some());
    assert_eq!((place.seen_by("bo"), place.model.modal(&ana)), (vec!["thanks".to_owned()], None));
}

#[tokio::test]
async fn an_endpoint_is_checked_with_a_ping_and_a_forged_one() {
    let place = place().await;
    let (base, _inbox) = bot(json!({"type": 1})).await;
    place.model.set_bot_http(&base);
    let why = place.model.check_endpoint().await.unwrap_err();
    assert!(why.contains("not 401"), "a bot that takes forged pings is not taken: {why}");
}

#[tokio::test]
async fn a_duplicate_is_the_same_request_twice() {
    let place = place().await;
    place.registers().await;
    let (base, mut inbox) = bot(json!({"type": 5, "data": {"flags": 64}})).await;
    place.model.set_bot_http(&base);
    place.trap("duplicate", Value::Null);
    let (ana, incidents) = (place.user("ana"), place.incidents());
    place.model.type_command(&ana, &incidents, &Typed::new("/rollback")).await.unwrap();
    assert_eq!(inbox.recv().await.unwrap().1, inbox.recv().await.unwrap().1);
    assert_eq!(place.model.messages(&incidents).len(), 1, "the second answer counts for nothing");
}
