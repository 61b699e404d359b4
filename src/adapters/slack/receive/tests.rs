//! The two routes over a real connection: who gets in, what is answered, and that nobody else leaves a trace.

use std::sync::Mutex;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::adapters::secret::Secret;
use crate::adapters::slack::client::{SlackApi, SlackApiConfig};
use crate::adapters::slack::response_url::ResponseUrls;
use crate::adapters::slack::verify::tests::{SECRET, sign};
use crate::adapters::slack::verify::{SIGNATURE_HEADER, TIMESTAMP_HEADER};
use crate::chat::inbound::{Answer, Choice, Completing, Said};
use crate::chat::reply::{Card, Part, Text};
use crate::domain::time::Timestamp;

const TEAM: &str = "T01DEMO";
const NOW_SECONDS: i64 = 1_795_200_000;
const FORM: &str = "application/x-www-form-urlencoded";
const COMMAND: &str = "team_id=T01DEMO&channel_id=C01INC&user_id=U01ANA&command=%2Frollback\
                       &text=web&trigger_id=1.2.x";

struct StillClock;

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp(NOW_SECONDS * 1000)
    }

    async fn sleep_until(&self, _at: Timestamp) {
        std::future::pending().await
    }
}

/// Notes what it is given; answers with a card, unless the command is to hang.
#[derive(Default)]
struct Notebook(Mutex<Vec<Inbound>>);

#[async_trait]
impl Intake for Notebook {
    async fn receive(&self, inbound: Inbound) -> Answer {
        self.0.lock().unwrap().push(inbound.clone());
        match inbound {
            Inbound::Command { said, .. } if said == Said::Text("hang".to_owned()) => {
                std::future::pending().await
            }
            Inbound::Press { action, .. } if action == "hang" => std::future::pending().await,
            // A press is answered only when it was not taken.
            Inbound::Press { action, .. } if action != "not-stored" => Answer::Nothing,
            Inbound::Command { .. } | Inbound::Press { .. } | Inbound::Form { .. } => {
                let text = Text::plain("incident #1");
                Answer::Card(Card { summary: text.clone(), parts: vec![Part::Paragraph(text)] })
            }
            Inbound::Probe | Inbound::ForeignTenant { .. } | Inbound::Unsupported { .. } => {
                Answer::Nothing
            }
        }
    }

    async fn complete(&self, _completing: Completing) -> Vec<Choice> {
        Vec::new()
    }
}

struct Place {
    notebook: Arc<Notebook>,
    base: String,
    web: reqwest::Client,
}

async fn place() -> Place {
    place_with(BODY_LIMIT).await
}

async fn place_with(body_limit: Duration) -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let notebook = Arc::new(Notebook::default());
    let verifier = Verifier::new(vec![Secret::new(SECRET.to_owned())]).unwrap();
    let state = SlackHttp {
        verifier: Arc::new(verifier),
        team: TEAM.to_owned(),
        intake: notebook.clone(),
        forms: forms(),
        clock: Arc::new(StillClock),
        body_limit,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, routes(state)).into_future());
    Place { notebook, base, web: reqwest::Client::new() }
}

fn forms() -> Arc<Forms> {
    let bot_token = Secret::new("xoxb-1".to_owned());
    let api_url = "http://127.0.0.1:1/api".to_owned();
    let config = SlackApiConfig { api_url, bot_token, team: TEAM.to_owned() };
    Arc::new(Forms::new(Arc::new(SlackApi::new(&config).unwrap()), ResponseUrls::default()))
}

impl Place {
    async fn send(&self, path: &str, kind: &str, signature: &str, body: &str) -> (u16, String) {
        let answer = self
            .web
            .post(format!("{}{path}", self.base))
            .header("content-type", kind)
            .header(SIGNATURE_HEADER, signature)
            .header(TIMESTAMP_HEADER, NOW_SECONDS.to_string())
            .body(body.to_owned())
            .send()
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn signed(&self, path: &str, body: &str) -> (u16, String) {
        let signature = sign(SECRET, &NOW_SECONDS.to_string(), body.as_bytes());
        self.send(path, FORM, &signature, body).await
    }

    fn taken(&self) -> usize {
        self.notebook.0.lock().unwrap().len()
    }
}

fn press(action: &str) -> String {
    let payload = json!({"type": "block_actions", "team": {"id": TEAM}, "user": {"id": "U01ANA"},
        "container": {"type": "message", "message_ts": "1.2"}, "channel": {"id": "C01INC"},
        "trigger_id": "1.2.y", "actions": [{"type": "button", "action_id": action, "value": "v"}]});
    let escaped: String = payload.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("payload={escaped}")
}

#[tokio::test]
async fn a_signed_command_is_answered_with_an_ephemeral_card() {
    let place = place().await;
    let (status, body) = place.signed("/slack/commands", COMMAND).await;
    let expected = json!({"response_type": "ephemeral", "text": "incident #1", "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "incident #1"}}]});
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (200, expected));
    let taken = place.notebook.0.lock().unwrap().clone();
    assert_eq!(taken, [wire::command_form(TEAM, COMMAND.as_bytes()).unwrap()]);
}

#[tokio::test]
async fn a_press_is_answered_with_nothing() {
    let place = place().await;
    let answer = place.signed("/slack/interactions", &press("confirm")).await;
    assert_eq!((answer, place.taken()), ((200, String::new()), 1));
}

#[tokio::test]
async fn a_press_that_was_not_taken_is_marked_by_its_status() {
    let place = place().await;
    let (status, body) = place.signed("/slack/interactions", &press("not-stored")).await;
    assert_eq!(status, 503);
    assert!(body.contains("incident #1"), "{body}");
}

#[tokio::test]
async fn a_request_that_is_not_slacks_leaves_no_trace() {
    let place = place().await;
    let forged = sign("another secret", &NOW_SECONDS.to_string(), COMMAND.as_bytes());
    for signature in [forged.as_str(), "", "v0=", "v0=00"] {
        for path in ["/slack/commands", "/slack/interactions"] {
            let answer = place.send(path, FORM, signature, COMMAND).await;
            assert_eq!(answer, (401, String::new()), "{signature}");
        }
    }
    // Not even a wrong content type is told to somebody who cannot sign.
    assert_eq!(place.send("/slack/commands", "text/plain", &forged, "").await.0, 401);
    let bare = place.web.post(format!("{}/slack/commands", place.base)).send().await.unwrap();
    assert_eq!((bare.status().as_u16(), place.taken()), (401, 0));
}

#[tokio::test]
async fn signed_requests_that_cannot_be_read_are_refused() {
    let place = place().await;
    let signature = sign(SECRET, &NOW_SECONDS.to_string(), COMMAND.as_bytes());
    let json = place.send("/slack/commands", "application/json", &signature, COMMAND).await;
    assert_eq!(json, (415, String::new()));
    let twice = format!("{COMMAND}&text=api");
    assert_eq!(place.signed("/slack/commands", &twice).await, (400, String::new()));
    assert_eq!(place.signed("/slack/interactions", COMMAND).await, (400, String::new()));
    let get = place.web.get(format!("{}/slack/commands", place.base)).send().await.unwrap();
    assert_eq!((get.status().as_u16(), place.taken()), (405, 0));
}

#[tokio::test]
async fn a_charset_beside_the_content_type_is_no_reason_to_refuse() {
    let place = place().await;
    let signature = sign(SECRET, &NOW_SECONDS.to_string(), COMMAND.as_bytes());
    let kind = "Application/X-WWW-Form-Urlencoded; charset=utf-8";
    assert_eq!(place.send("/slack/commands", kind, &signature, COMMAND).await.0, 200);
}

#[tokio::test]
async fn bodies_above_the_limit_are_refused_whoever_signed_them() {
    let place = place().await;
    let padding = "x".repeat(LARGEST_BODY - COMMAND.len() - 1);
    let largest = format!("{COMMAND}{padding}&");
    assert_eq!(largest.len(), LARGEST_BODY);
    assert_eq!(place.signed("/slack/commands", &largest).await.0, 200);
    let larger = format!("{largest}&");
    assert_eq!(place.signed("/slack/commands", &larger).await, (413, String::new()));
}

#[tokio::test]
async fn certificate_checks_and_other_tenants_are_answered_with_nothing() {
    let place = place().await;
    let foreign = COMMAND.replace("T01DEMO", "T02OTHER");
    for body in ["ssl_check=1&token=x", &foreign] {
        assert_eq!(place.signed("/slack/commands", body).await, (200, String::new()));
    }
    assert_eq!(place.taken(), 2);
}

#[tokio::test]
async fn an_intake_that_is_too_slow_is_not_waited_for() {
    let place = place().await;
    let slow = COMMAND.replace("text=web", "text=hang");
    let slow_press = press("hang");
    let (command, press) = tokio::join!(
        place.signed("/slack/commands", &slow),
        place.signed("/slack/interactions", &slow_press),
    );
    let said = "Not accepted: taking it in took too long. Please try again.";
    assert_eq!((command.0, command.1.contains(said)), (200, true));
    assert!(command.1.contains("\"response_type\":\"ephemeral\""), "{}", command.1);
    assert_eq!(press.0, 503);
}

#[tokio::test]
async fn a_body_that_does_not_end_in_time_is_given_up_whoever_signed_it() {
    let place = place_with(Duration::from_millis(300)).await;
    let stamp = NOW_SECONDS.to_string();
    let signature = sign(SECRET, &stamp, COMMAND.as_bytes());
    let address = place.base.strip_prefix("http://").unwrap();
    for framing in ["content-length: 4000", "transfer-encoding: chunked"] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = format!(
            "POST /slack/commands HTTP/1.1\r\nhost: x\r\ncontent-type: {FORM}\r\n{framing}\r\n\
             {SIGNATURE_HEADER}: {signature}\r\n{TIMESTAMP_HEADER}: {stamp}\r\n\r\n5\r\nteam_\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(std::str::from_utf8(&answer), Ok("HTTP/1.1 408"), "{framing}");
    }
    assert_eq!(place.taken(), 0);
}

fn submission(channel: &str) -> String {
    let memory = json!({"token": "v", "channel": channel, "response_url": null}).to_string();
    let payload = json!({"type": "view_submission", "team": {"id": TEAM}, "user": {"id": "U01ANA"},
        "trigger_id": "1.2.z", "view": {"type": "modal", "callback_id": "form", "private_metadata": memory,
            "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": "why"}}}}}});
    let escaped: String = payload.to_string().bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("payload={escaped}")
}

#[tokio::test]
async fn a_form_that_was_not_taken_stays_open_with_the_reason_beside_its_field() {
    let place = place().await;
    let (status, body) = place.signed("/slack/interactions", &submission("C01INC")).await;
    let expected = json!({"response_action": "errors", "errors": {"reason": "incident #1"}});
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()), (200, expected));
    let taken = place.notebook.0.lock().unwrap().clone();
    assert!(matches!(&taken[..], [Inbound::Form { token, .. }] if token == "v"), "{taken:?}");
}
