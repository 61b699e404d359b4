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

/// The fields of a command, each with its shape: Slack publishes no schema for what it delivers.
const COMMAND: [(&str, &str); 13] = [
    ("token", r"\w+"),
    ("team_id", r"T\w+"),
    ("team_domain", r"[a-z-]+"),
    ("channel_id", r"C\w+"),
    ("channel_name", r"[a-z-]+"),
    ("user_id", r"U\w+"),
    ("user_name", r"[a-z]+"),
    ("command", r"/[a-z]+"),
    ("text", r"shop"),
    ("api_app_id", r"A\w+"),
    ("is_enterprise_install", r"false"),
    ("response_url", r"http://127\.0\.0\.1:\d+/response/T\w+/\d+/\w+"),
    ("trigger_id", r"\d+\.\d+\.[0-9a-f]+"),
];

/// Names and values are exactly these.
fn shaped(found: &BTreeMap<String, String>, shapes: &[(&str, &str)]) {
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    let mut wanted: Vec<&str> = shapes.iter().map(|(name, _)| *name).collect();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    for (name, shape) in shapes {
        let pattern = regex::Regex::new(&format!("^(?:{shape})$")).unwrap();
        assert!(pattern.is_match(&found[*name]), "{name} is {:?}, not {shape}", found[*name]);
    }
}

#[tokio::test]
async fn a_command_has_every_field_of_slacks_in_its_shape() {
    let place = place().await;
    let (base, mut inbox) = bot(json!({})).await;
    place.model.set_bot_http(&base);
    place.model.type_command("U01ANA", INCIDENTS, "/rollback shop").await.unwrap();
    let (headers, body) = inbox.recv().await.unwrap();
    assert_eq!(headers["content-type"], "application/x-www-form-urlencoded");
    shaped(&form(&body), &COMMAND);
}

/// The leaves of a JSON value by their paths, as text.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| leaves(value, &format!("{path}/{name}"), found));
        }
        Value::Array(all) if !all.is_empty() => {
            let all = all.iter().enumerate();
            all.for_each(|(index, value)| leaves(value, &format!("{path}/{index}"), found));
        }
        leaf => {
            found.insert(path.to_owned(), leaf.to_string());
        }
    }
}

/// The fields of a press but for the message that it shows again, which is as the Web API shows it.
const PRESS: [(&str, &str); 29] = [
    ("/type", r#""block_actions""#),
    ("/token", r#""\w+""#),
    ("/api_app_id", r#""A\w+""#),
    ("/trigger_id", r#""\d+\.\d+\.[0-9a-f]+""#),
    ("/response_url", r#""http://127\.0\.0\.1:\d+/response/T\w+/\d+/\w+""#),
    ("/team/id", r#""T\w+""#),
    ("/team/domain", r#""[a-z-]+""#),
    ("/enterprise", "null"),
    ("/is_enterprise_install", "false"),
    ("/user/id", r#""U01BO""#),
    ("/user/username", r#""bo""#),
    ("/user/name", r#""bo""#),
    ("/user/team_id", r#""T\w+""#),
    ("/channel/id", r#""C\w+""#),
    ("/channel/name", r#""incidents""#),
    ("/container/type", r#""message""#),
    ("/container/message_ts", r#""\d+\.\d{6}""#),
    ("/container/channel_id", r#""C\w+""#),
    ("/container/is_ephemeral", "false"),
    ("/state/values", r"\{\}"),
    ("/actions/0/type", r#""button""#),
    ("/actions/0/block_id", r#""row""#),
    ("/actions/0/action_id", r#""go""#),
    ("/actions/0/text/type", r#""plain_text""#),
    ("/actions/0/text/text", r#""Go""#),
    ("/actions/0/value", r#""opaque""#),
    ("/actions/0/action_ts", r#""\d+\.\d{6}""#),
    ("/message/ts", r#""\d+\.\d{6}""#),
    ("/message/type", r#""message""#),
];

#[tokio::test]
async fn a_press_has_every_field_of_slacks_in_its_shape() {
    let place = place().await;
    let (base, mut inbox) = bot(json!({})).await;
    place.model.set_bot_http(&base);
    let ts = place.says_with_button("Go").await;
    place.model.press("U01BO", INCIDENTS, &ts, "row", "go").await.unwrap();
    let fields = form(&inbox.recv().await.unwrap().1);
    assert_eq!(fields.keys().collect::<Vec<_>>(), ["payload"]);
    let mut found = BTreeMap::new();
    leaves(&serde_json::from_str(&fields["payload"]).unwrap(), "", &mut found);
    let is_wanted = |path: &str| PRESS.iter().any(|(wanted, _)| *wanted == path);
    found.retain(|path, _| !path.starts_with("/message/") || is_wanted(path));
    shaped(&found, &PRESS);
}
