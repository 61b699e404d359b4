//! Modals: what opens one, what Slack refuses, and what becomes of one that is sent.

use super::*;

fn modal() -> Value {
    let plain = |text: &str| json!({"type": "plain_text", "text": text});
    json!({
        "type": "modal", "callback_id": "form", "private_metadata": "kept",
        "title": plain("Give a reason"), "submit": plain("Send"),
        "blocks": [{"type": "input", "block_id": "why", "label": plain("Why?"),
            "element": {"type": "plain_text_input", "action_id": "why", "max_length": 9}}],
    })
}

/// The trigger of a press by ana that the bot was just told of.
async fn trigger(place: &Place, inbox: &mut mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) -> String {
    let ts = place.says_with_button("Go").await;
    place.model.press("U01ANA", INCIDENTS, &ts, "row", "go").await.unwrap();
    let payload = payload(&inbox.recv().await.unwrap().1);
    payload["trigger_id"].as_str().unwrap().to_owned()
}

fn payload(body: &Bytes) -> Value {
    let fields: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    serde_json::from_str(&fields["payload"]).unwrap()
}

async fn opens(place: &Place, trigger: &str, view: Value) -> Value {
    place.call("views.open", json!({"trigger_id": trigger, "view": view})).await
}

fn why(text: &str) -> BTreeMap<String, String> {
    [("why".to_owned(), text.to_owned())].into()
}

#[tokio::test]
async fn a_trigger_opens_one_modal_for_its_person_within_three_seconds() {
    let place = place().await;
    let (base, mut inbox) = bot(json!({})).await;
    place.model.set_bot_http(&base);
    let first = trigger(&place, &mut inbox).await;
    assert_eq!(opens(&place, "1.2.made-up", modal()).await["error"], "invalid_trigger_id");
    let mut wrong = modal();
    wrong["title"]["text"] = json!("far too long for a modal's title");
    assert_eq!(opens(&place, &first, wrong).await["error"], "invalid_arguments");
    let opened = opens(&place, &first, modal()).await;
    assert_eq!(
        (&opened["ok"], &opened["view"]["private_metadata"]),
        (&json!(true), &json!("kept"))
    );
    assert_eq!(opens(&place, &first, modal()).await["error"], "exchanged_trigger_id");
    assert!(place.model.modal("U01ANA").is_some() && place.model.modal("U01BO").is_none());

    let second = trigger(&place, &mut inbox).await;
    place.clock.advance(Span::seconds(3));
    assert_eq!(opens(&place, &second, modal()).await["error"], "expired_trigger_id");
}

#[tokio::test]
async fn a_modal_that_is_sent_carries_what_the_app_kept_and_closes() {
    let place = place().await;
    let (base, mut inbox) = bot(Value::Null).await;
    place.model.set_bot_http(&base);
    let trigger = trigger(&place, &mut inbox).await;
    opens(&place, &trigger, modal()).await;
    assert!(place.model.submit_form("U01ANA", &why("")).await.is_err(), "slack asks for a text");
    assert!(place.model.submit_form("U01ANA", &why("0123456789")).await.is_err(), "a short one");
    place.model.submit_form("U01ANA", &why("fine")).await.unwrap();
    let sent = payload(&inbox.recv().await.unwrap().1);
    assert_eq!((&sent["type"], &sent["user"]["id"]), (&json!("view_submission"), &json!("U01ANA")));
    assert_eq!(sent["view"]["private_metadata"], "kept");
    let value = json!({"why": {"why": {"type": "plain_text_input", "value": "fine"}}});
    assert_eq!(sent["view"]["state"]["values"], value);
    assert!(place.model.modal("U01ANA").is_none());
    assert!(place.model.submit_form("U01ANA", &why("again")).await.is_err());
}

#[tokio::test]
async fn a_modal_stays_open_while_the_bot_says_what_is_wrong_or_says_nothing() {
    let place = place().await;
    let errors = json!({"response_action": "errors", "errors": {"why": "too plain"}});
    let (base, mut inbox) = bot(errors).await;
    place.model.set_bot_http(&base);
    let trigger = trigger(&place, &mut inbox).await;
    opens(&place, &trigger, modal()).await;
    place.model.submit_form("U01ANA", &why("fine")).await.unwrap();
    let open = place.model.modal("U01ANA").expect("it stays open");
    assert_eq!(open.errors["why"], "too plain");
    place.model.set_bot_http("http://127.0.0.1:1");
    place.model.submit_form("U01ANA", &why("fine")).await.unwrap();
    let open = place.model.modal("U01ANA").expect("it stays open");
    assert!(open.trouble.is_some_and(|words| words.contains("trouble connecting")));
    assert_eq!(place.model.unknown_calls(), Vec::<String>::new());
    place.model.close_form("U01ANA");
    assert!(place.model.modal("U01ANA").is_none());
}
