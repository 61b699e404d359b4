//! What may be answered when, over REST.

use super::super::interactions::{Begun, Deed, Kind};
use super::*;

fn begun(place: &Place, kind: Kind) -> Begun {
    let (user, channel) = (place.user("ana"), place.incidents());
    let deed = Deed { kind, user: &user, channel: &channel, command: "/rollback", pressed: None };
    place.model.begin(deed)
}

fn callback(begun: &Begun) -> String {
    format!("/interactions/{}/{}/callback", begun.id, begun.token)
}

fn webhook(place: &Place, begun: &Begun, rest: &str) -> String {
    format!("/webhooks/{}/{}{rest}", place.model.seed().application_id, begun.token)
}

#[tokio::test]
async fn a_deferred_answer_is_filled_in_changed_and_taken_back() {
    let place = place().await;
    let begun = begun(&place, Kind::Command);
    let original = webhook(&place, &begun, "/messages/@original");
    let (status, why) = place.call_as(None, "PATCH", &original, json!({"content": "x"})).await;
    assert_eq!((status, &why["code"]), (404, &json!(10_015)), "not before the first answer");
    let later = json!({"type": 5, "data": {"flags": 64}});
    let path = format!("{}?with_response=true", callback(&begun));
    let (status, answer) = place.call_as(None, "POST", &path, later.clone()).await;
    assert_eq!((status, &answer["interaction"]["response_message_loading"]), (200, &json!(true)));
    let (status, why) = place.call_as(None, "POST", &callback(&begun), later).await;
    assert_eq!((status, &why["code"]), (400, &json!(40_060)), "one answer only");
    let (status, message) =
        place.call_as(None, "PATCH", &original, json!({"content": "card"})).await;
    assert_eq!(
        (status, &message["flags"], &message["edited_timestamp"]),
        (200, &json!(64), &Value::Null)
    );
    assert_eq!((place.seen_by("ana"), place.seen_by("bo").len()), (vec!["card".to_owned()], 0));
    let more = webhook(&place, &begun, "");
    let (_, followed) = place.call_as(None, "POST", &more, json!({"content": "more"})).await;
    let id = followed["id"].as_str().unwrap().to_owned();
    let follow_up = webhook(&place, &begun, &format!("/messages/{id}"));
    let (_, changed) = place.call_as(None, "PATCH", &follow_up, json!({"content": "less"})).await;
    assert!(changed["edited_timestamp"].is_string());
    assert_eq!(place.call_as(None, "GET", &original, Value::Null).await.1["content"], "card");
    assert_eq!(place.call_as(None, "DELETE", &original, Value::Null).await.0, 204);
    assert_eq!(place.seen_by("ana"), ["less"]);
}

#[tokio::test]
async fn a_follow_up_right_after_a_deferral_is_the_answer_itself() {
    let place = place().await;
    let begun = begun(&place, Kind::Command);
    let later = json!({"type": 5, "data": {"flags": 64}});
    place.call_as(None, "POST", &callback(&begun), later).await;
    place.call_as(None, "POST", &webhook(&place, &begun, ""), json!({"content": "it"})).await;
    assert_eq!((place.seen_by("ana"), place.seen_by("bo").len()), (vec!["it".to_owned()], 0));
}

#[tokio::test]
async fn the_first_answer_has_three_seconds_and_the_token_fifteen_minutes() {
    let place = place().await;
    let late = begun(&place, Kind::Command);
    let begun = begun(&place, Kind::Command);
    let says = json!({"type": 4, "data": {"content": "hi"}});
    assert_eq!(place.call_as(None, "POST", &callback(&begun), says.clone()).await.0, 204);
    place.clock.advance(Span(3_001));
    let (status, why) = place.call_as(None, "POST", &callback(&late), says).await;
    assert_eq!((status, &why["code"]), (404, &json!(10_062)));
    let original = webhook(&place, &begun, "/messages/@original");
    place.clock.advance(Span::minutes(14));
    let edit = json!({"content": "still here"});
    assert_eq!(place.call_as(None, "PATCH", &original, edit.clone()).await.0, 200);
    place.trap("token_expired", Value::Null);
    assert_eq!(place.call_as(None, "PATCH", &original, edit.clone()).await.1["code"], 50_027);
    assert_eq!(place.call_as(None, "PATCH", &original, edit.clone()).await.0, 200);
    place.clock.advance(Span::minutes(1));
    let (status, why) = place.call_as(None, "PATCH", &original, edit).await;
    assert_eq!((status, &why["code"]), (401, &json!(50_027)));
}

#[tokio::test]
async fn a_wrong_token_or_type_answers_nothing_and_no_token_is_kept() {
    let place = place().await;
    let begun = begun(&place, Kind::Command);
    let forged = format!("/interactions/{}/aW50forged/callback", begun.id);
    let says = json!({"type": 4, "data": {"content": "hi"}});
    assert_eq!(place.call_as(None, "POST", &forged, says).await.0, 404);
    for kind in [0, 1, 6, 7, 8, 10] {
        let (status, why) =
            place.call_as(None, "POST", &callback(&begun), json!({"type": kind})).await;
        assert_eq!((status, &why["code"]), (400, &json!(50_035)), "type {kind}");
    }
    let kept = serde_json::to_string(&place.ledger.calls()).unwrap();
    assert!(!kept.contains(&begun.token) && !kept.contains("aW50forged"), "{kept}");
}

#[tokio::test]
async fn an_ephemeral_answer_cannot_be_reached_with_the_bots_token() {
    let place = place().await;
    let begun = begun(&place, Kind::Command);
    let says = json!({"type": 4, "data": {"content": "hush", "flags": 64}});
    place.call_as(None, "POST", &callback(&begun), says).await;
    let id = place.model.messages(&place.incidents())[0].id.clone();
    let list = format!("/channels/{}/messages", place.incidents());
    assert_eq!(place.call("GET", &list, Value::Null).await.1, json!([]));
    let (status, why) = place.call("GET", &format!("{list}/{id}"), Value::Null).await;
    assert_eq!((status, &why["code"]), (404, &json!(10_008)));
}
