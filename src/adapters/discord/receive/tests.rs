//! The route over a real connection: who gets in, what is answered, and that nobody else leaves a trace.

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::adapters::discord::stage::{
    self, NOW, Notebook, Small, clock, command, press, submission, typing,
};
use crate::adapters::discord::verify::tests::{public_key, sign};
use crate::adapters::discord::verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER};

const BUTTON: &str = "confirm:0123456789abcdef0123456789abcdef";

struct Place {
    notebook: Arc<Notebook>,
    small: Arc<Small>,
    base: String,
    web: reqwest::Client,
}

async fn place() -> Place {
    place_with(BODY_LIMIT).await
}

async fn place_with(body_limit: Duration) -> Place {
    let later = (
        "PATCH /api/v10/webhooks/1100/aW50ZXJhY3Rpb24-x_y=/messages/@original",
        vec![stage::Reply::refused(404, 10015), stage::Reply::said("1")],
    );
    let stage = stage::place(vec![later]).await;
    let notebook = Arc::new(Notebook::default());
    let state = DiscordHttp {
        verifier: Verifier::new(&public_key()).unwrap(),
        answers: Answers::new(stage.api, notebook.clone()),
        clock: clock(),
        body_limit,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes(state)).into_future());
    Place { notebook, small: stage.small, base, web: reqwest::Client::new() }
}

fn stamp() -> String {
    (NOW.0 / 1000).to_string()
}

impl Place {
    async fn send(&self, signature: &str, body: &str) -> (u16, String) {
        let answer = self
            .web
            .post(format!("{}/discord/interactions", self.base))
            .header("content-type", "application/json")
            .header(SIGNATURE_HEADER, signature)
            .header(TIMESTAMP_HEADER, stamp())
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn signed(&self, body: &str) -> (u16, Value) {
        let (status, body) = self.send(&sign(&stamp(), body.as_bytes()), body).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    fn taken(&self) -> usize {
        self.notebook.0.lock().unwrap().len()
    }
}

/// A message that only one person sees.
fn whispered(answer: &Value) -> &str {
    assert_eq!((&answer["type"], &answer["data"]["flags"]), (&json!(4), &json!(64)), "{answer}");
    assert_eq!(answer["data"]["allowed_mentions"], json!({"parse": []}));
    answer["data"]["embeds"][0]["description"].as_str().unwrap()
}

#[tokio::test]
async fn a_ping_is_answered_only_when_discord_signed_it() {
    let place = place().await;
    let ping = r#"{"id":"1","application_id":"1100","type":1,"token":"x","version":1}"#;
    assert_eq!(place.signed(ping).await, (200, json!({"type": 1})));
    let forged = sign(&stamp(), b"another body");
    assert_eq!(place.send(&forged, ping).await, (401, String::new()));
    assert_eq!(place.taken(), 0);
}

#[tokio::test]
async fn a_command_is_answered_with_a_card_for_one_person() {
    let place = place().await;
    let (status, answer) = place.signed(&command("web").to_string()).await;
    assert_eq!((status, whispered(&answer)), (200, "incident #1"));
    assert_eq!(place.taken(), 1);
}

#[tokio::test]
async fn a_press_that_is_stored_changes_nothing_to_see() {
    let place = place().await;
    let answer = place.signed(&press(BUTTON).to_string()).await;
    assert_eq!((answer, place.taken()), ((200, json!({"type": 6})), 1));
}

#[tokio::test]
async fn a_press_that_was_not_taken_says_so() {
    let place = place().await;
    let (_, answer) = place.signed(&press("not-stored:01").to_string()).await;
    assert_eq!(whispered(&answer), "incident #1");
    let (_, answer) = place.signed(&press("hang:01").to_string()).await;
    let late = "Not accepted: taking it in took too long. Please try again.";
    assert_eq!(whispered(&answer), late);
}

#[tokio::test]
async fn a_press_that_needs_a_reason_opens_a_form_and_the_form_is_taken() {
    let place = place().await;
    let (_, answer) =
        place.signed(&press("reason:0123456789abcdef0123456789abcdef").to_string()).await;
    assert_eq!(answer["type"], 9);
    insta::assert_json_snapshot!("form", answer["data"]);
    let custom_id = answer["data"]["custom_id"].as_str().unwrap();
    let sent = place.signed(&submission(custom_id, "it burns").to_string()).await;
    assert_eq!(sent, (200, json!({"type": 6})));
    let (_, refused) = place.signed(&submission(custom_id, "too long").to_string()).await;
    assert_eq!(whispered(&refused), "incident #1");
}

#[tokio::test]
async fn what_could_stand_there_is_offered_while_somebody_types() {
    let place = place().await;
    let (_, answer) = place.signed(&typing("v4").to_string()).await;
    let choices = answer["data"]["choices"].as_array().unwrap();
    assert_eq!((&answer["type"], choices.len()), (&json!(8), 25));
    assert_eq!(choices[0], json!({"name": "v4 of to 0", "value": "0"}));
    let nothing = json!({"type": 8, "data": {"choices": []}});
    assert_eq!(place.signed(&typing("hang").to_string()).await, (200, nothing.clone()));
    let foreign = typing("v4").to_string().replace("\"guild_id\":\"77\"", "\"guild_id\":\"78\"");
    assert_eq!(place.signed(&foreign).await, (200, nothing));
    assert_eq!(place.taken(), 0);
}

#[tokio::test]
async fn a_slow_command_is_told_to_wait_and_answered_later() {
    let place = place().await;
    let (_, answer) = place.signed(&command("slow").to_string()).await;
    assert_eq!(answer, json!({"type": 5, "data": {"flags": 64}}));
    while place.small.calls().len() < 2 {
        tokio::task::yield_now().await;
    }
    let [early, late] = <[_; 2]>::try_from(place.small.calls()).unwrap();
    assert_eq!(early, late, "the same is tried again when discord had not seen the first answer");
    assert!(late.what.ends_with("/messages/@original"), "{late:?}");
    assert_eq!(late.body["embeds"][0]["description"], "incident #1");
    assert_eq!(late.token, None, "the interaction's own token is enough");
}

#[tokio::test]
async fn a_request_that_is_not_discords_leaves_no_trace() {
    let place = place().await;
    let body = command("web").to_string();
    let other = sign("1795200001", body.as_bytes());
    for signature in [other.as_str(), "", "00", &"0".repeat(128)] {
        assert_eq!(place.send(signature, &body).await, (401, String::new()), "{signature}");
    }
    let bare = place.web.post(format!("{}/discord/interactions", place.base)).send().await;
    assert_eq!((bare.unwrap().status().as_u16(), place.taken()), (401, 0));
}

#[tokio::test]
async fn signed_requests_that_cannot_be_read_are_refused() {
    let place = place().await;
    for body in ["{}", "", "type=1", "[[["] {
        assert_eq!(place.signed(body).await, (400, Value::Null), "{body}");
    }
    let get = place.web.get(format!("{}/discord/interactions", place.base)).send().await.unwrap();
    assert_eq!((get.status().as_u16(), place.taken()), (405, 0));
}

#[tokio::test]
async fn bodies_above_the_limit_are_refused_whoever_signed_them() {
    let place = place().await;
    let body = command("web").to_string();
    let largest = format!("{body}{}", " ".repeat(LARGEST_BODY - body.len()));
    assert_eq!(place.signed(&largest).await.0, 200);
    assert_eq!(place.signed(&format!("{largest} ")).await, (413, Value::Null));
}

#[tokio::test]
async fn a_body_that_does_not_end_in_time_is_given_up_whoever_signed_it() {
    let place = place_with(Duration::from_millis(300)).await;
    let body = command("web").to_string();
    let signature = sign(&stamp(), body.as_bytes());
    let mut stream =
        tokio::net::TcpStream::connect(place.base.strip_prefix("http://").unwrap()).await.unwrap();
    let head = format!(
        "POST /discord/interactions HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\
         {SIGNATURE_HEADER}: {signature}\r\n{TIMESTAMP_HEADER}: {}\r\n\r\n{{",
        stamp()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(std::str::from_utf8(&answer), Ok("HTTP/1.1 408"));
    assert_eq!(place.taken(), 0);
}
