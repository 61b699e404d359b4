//! Commands and presses on their way to the bot, and its answers.

use super::*;

fn form(body: &Bytes) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(body).into_owned().collect()
}

#[tokio::test]
async fn a_command_is_signed_so_that_it_verifies_and_escaped_as_slack_does() {
    let place = place().await;
    let (base, mut inbox) = bot(json!({"text": "on it"})).await;
    place.model.set_bot_http(&base);
    let line = "/rollback shop <why> & how";
    place.model.type_command("U01ANA", INCIDENTS, line).await.unwrap();
    let (headers, body) = inbox.recv().await.unwrap();
    let secret = Secret::new(place.model.seed().credentials.signing_secret.clone());
    let verifier = Verifier::new(vec![secret]).unwrap();
    assert_eq!(verifier.verify(&headers, &body, NOW), Ok(()));
    let fields = form(&body);
    assert_eq!(fields["text"], "shop &lt;why&gt; &amp; how");
    assert_eq!((&*fields["command"], &*fields["user_id"]), ("/rollback", "U01ANA"));
    assert!(fields["response_url"].starts_with(&format!("{}/response/", place.base)));
    // The answer is for ana alone.
    assert_eq!(place.seen_by("ana"), ["on it"]);
    assert_eq!(place.seen_by("bo"), Vec::<String>::new());
}

#[tokio::test]
async fn an_answer_for_everybody_is_seen_by_everybody() {
    let place = place().await;
    let (base, _inbox) = bot(json!({"response_type": "in_channel", "text": "hear me"})).await;
    place.model.set_bot_http(&base);
    place.model.type_command("U01ANA", INCIDENTS, "/incident status").await.unwrap();
    assert_eq!(place.seen_by("bo"), ["hear me"]);
}

#[tokio::test]
async fn a_press_carries_what_slack_sends_and_only_what_is_seen_can_be_pressed() {
    let place = place().await;
    let (base, mut inbox) = bot(json!({})).await;
    place.model.set_bot_http(&base);
    let ts = place.says_with_button("Go").await;
    let found = place.model.find_button(INCIDENTS, "U01BO", "Go").unwrap();
    assert_eq!((&found.ts, &*found.block_id, &*found.action_id), (&ts, "row", "go"));
    place.model.press("U01BO", INCIDENTS, &ts, "row", "go").await.unwrap();
    let (_, body) = inbox.recv().await.unwrap();
    let payload: Value = serde_json::from_str(&form(&body)["payload"]).unwrap();
    assert_eq!(payload["actions"][0]["value"], "opaque");
    assert_eq!(
        payload["container"],
        json!({
            "type": "message", "message_ts": ts, "channel_id": INCIDENTS, "is_ephemeral": false,
        })
    );
    assert_eq!(payload["message"]["ts"], ts);

    let psst =
        json!({"channel": INCIDENTS, "user": "U01ANA", "text": "x", "blocks": [button("Psst")]});
    place.call("chat.postEphemeral", psst).await;
    let found = place.model.find_button(INCIDENTS, "U01ANA", "Psst").unwrap();
    assert_eq!(place.model.find_button(INCIDENTS, "U01BO", "Psst"), None);
    let press = place.model.press("U01BO", INCIDENTS, &found.ts, "row", "go").await;
    assert_eq!(press, Err("no such message".to_owned()));
}

#[tokio::test]
async fn nobody_at_home_is_told_to_the_person() {
    let place = place().await;
    place.model.type_command("U01ANA", INCIDENTS, "/rollback").await.unwrap();
    assert_eq!(place.seen_by("ana"), ["/rollback failed with the error \"dispatch_failed\""]);
    let unknown = place.model.type_command("U01ANA", INCIDENTS, "/nonsense").await;
    assert_eq!(unknown, Err("/nonsense is not a valid command.".to_owned()));
}

/// An address for answers, as a bot gets it with a command.
async fn address(place: &Place) -> String {
    let (base, mut inbox) = bot(json!({})).await;
    place.model.set_bot_http(&base);
    place.model.type_command("U01ANA", INCIDENTS, "/rollback").await.unwrap();
    form(&inbox.recv().await.unwrap().1)["response_url"].clone()
}

impl Place {
    async fn responds(&self, url: &str, text: &str) -> u16 {
        let answer = self.http.post(url).json(&json!({"text": text})).send().await.unwrap();
        answer.status().as_u16()
    }
}

#[tokio::test]
async fn an_address_for_answers_works_five_times() {
    let place = place().await;
    let url = address(&place).await;
    for count in 1..=5 {
        assert_eq!(place.responds(&url, &count.to_string()).await, 200);
    }
    assert_eq!(place.responds(&url, "6").await, 404);
    assert_eq!(place.seen_by("ana"), ["1", "2", "3", "4", "5"]);
    assert_eq!(place.seen_by("bo"), Vec::<String>::new());
}

#[tokio::test]
async fn an_address_for_answers_works_for_thirty_minutes() {
    let place = place().await;
    let url = address(&place).await;
    place.clock.advance(Span::minutes(30));
    assert_eq!(place.responds(&url, "just in time").await, 200);
    place.clock.advance(Span(1));
    assert_eq!(place.responds(&url, "too late").await, 404);
    assert_eq!(place.seen_by("ana"), ["just in time"]);
}

#[tokio::test]
async fn an_address_that_was_never_given_out_is_taken_and_kept() {
    let place = place().await;
    let url = format!("{}/response/anything", place.base);
    assert_eq!(place.responds(&url, "hello").await, 200);
    assert_eq!(place.model.responses(), [json!({"text": "hello"})]);
    assert_eq!(place.seen_by("ana"), Vec::<String>::new());
}
