//! The notifier against a small server on loopback: which method, with what body, and what each answer means.

use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response as HttpResponse};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::adapters::secret::Secret;
use crate::adapters::slack::client::SlackApiConfig;
use crate::chat::reply::{Part, Text};
use crate::domain::time::Span;

const TEAM: &str = "T01DEMO";

/// What the server is to answer, by the path's end; 404 otherwise.
type Script = Vec<(&'static str, Answer)>;

#[derive(Clone)]
enum Answer {
    Json(u16, Value),
    Text(u16, &'static str),
    Throttled(&'static str),
    Never,
}

#[derive(Default)]
struct Fake {
    script: Script,
    calls: Mutex<Vec<(String, Option<String>, Value)>>,
}

impl Fake {
    /// The paths that were called, with the bodies.
    fn calls(&self) -> Vec<(String, Value)> {
        let calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|(path, _, body)| (path.clone(), body.clone())).collect()
    }

    fn paths(&self) -> Vec<String> {
        self.calls().into_iter().map(|(path, _)| path).collect()
    }
}

async fn answer(
    State(fake): State<Arc<Fake>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> HttpResponse {
    let token = headers.get("authorization").map(|token| token.to_str().unwrap().to_owned());
    let body = serde_json::from_slice(&body).unwrap();
    fake.calls.lock().unwrap().push((uri.path().to_owned(), token, body));
    let found = fake.script.iter().find(|(end, _)| uri.path().ends_with(end));
    match found.map(|(_, answer)| answer.clone()) {
        Some(Answer::Json(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response()
        }
        Some(Answer::Text(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Some(Answer::Throttled(wait)) => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", wait)], "{\"ok\":false}")
                .into_response()
        }
        Some(Answer::Never) => std::future::pending().await,
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

struct Place {
    fake: Arc<Fake>,
    notifier: SlackNotifier,
    base: String,
}

async fn place(script: Script) -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let fake = Arc::new(Fake { script, ..Fake::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(answer).with_state(fake.clone());
    tokio::spawn(axum::serve(listener, router).into_future());
    let config = SlackApiConfig {
        api_url: format!("{base}/api/"),
        bot_token: Secret::new("xoxb-1".to_owned()),
        team: TEAM.to_owned(),
    };
    let api = Arc::new(SlackApi::new(&config).unwrap());
    let prefix = format!("{base}/response/");
    let notifier = SlackNotifier::new(api, ResponseUrls::new(Some(&prefix)).unwrap());
    Place { fake, notifier, base }
}

fn channel() -> Channel {
    Channel { platform: Platform::Slack, tenant: TEAM.to_owned(), id: "C01INC".to_owned() }
}

fn message(manner: Manner) -> Outbound {
    let text = || Text::plain("proven: ").foreign("<!channel>");
    let card = Card { summary: text(), parts: vec![Part::Paragraph(text())] };
    Outbound { id: 12, channel: channel(), manner, body: serde_json::to_value(card).unwrap() }
}

fn earlier() -> MessageRef {
    MessageRef { channel: channel(), id: "1795200000.000100".to_owned() }
}

fn said(ts: &str) -> Answer {
    Answer::Json(200, json!({"ok": true, "channel": "C01INC", "ts": ts, "message": {"odd": 1}}))
}

fn drawn() -> Value {
    json!([{"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "proven: &lt;!channel&gt;"}}])
}

fn whisper(response_url: Option<String>) -> Outbound {
    let to = "slack:T01DEMO/U01ANA".parse().unwrap();
    message(Manner::Whisper { to, response_url })
}

#[tokio::test]
async fn posts_replies_and_edits_go_to_their_methods() {
    let place = place(vec![
        ("chat.postMessage", said("1795200001.000200")),
        ("chat.update", said("1795200000.000100")),
    ])
    .await;
    let notify = async |manner| place.notifier.notify(&message(manner)).await.unwrap().unwrap();
    let made = MessageRef { channel: channel(), id: "1795200001.000200".to_owned() };
    assert_eq!(notify(Manner::Post).await, made);
    assert_eq!(notify(Manner::Reply(earlier())).await, made);
    assert_eq!(notify(Manner::Edit(earlier())).await, earlier());

    let common = json!({"channel": "C01INC", "text": "proven: &lt;!channel&gt;",
        "blocks": drawn(), "link_names": false, "parse": "none",
        "metadata": {"event_type": "repoint", "event_payload": {"outbox": "12"}}});
    let with = |more: Value| {
        let mut body = common.clone();
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let post = json!({"unfurl_links": false, "unfurl_media": false});
    let reply = json!({"unfurl_links": false, "unfurl_media": false,
                       "thread_ts": "1795200000.000100"});
    let edit = json!({"ts": "1795200000.000100"});
    let expected = [
        ("/api/chat.postMessage".to_owned(), with(post)),
        ("/api/chat.postMessage".to_owned(), with(reply)),
        ("/api/chat.update".to_owned(), with(edit)),
    ];
    assert_eq!(place.fake.calls(), expected);
    let calls = place.fake.calls.lock().unwrap();
    assert!(calls.iter().all(|(_, token, _)| token.as_deref() == Some("Bearer xoxb-1")));
}

#[tokio::test]
async fn a_whisper_goes_to_the_response_address_without_our_token() {
    // Whatever a response address answers with status 200, the message has arrived.
    for body in ["ok", "", "{\"ok\":false,\"error\":\"no_text\"}"] {
        let place = place(vec![("/response/1", Answer::Text(200, body))]).await;
        let url = format!("{}/response/1", place.base);
        assert_eq!(place.notifier.notify(&whisper(Some(url))).await, Ok(None));
        let expected = json!({"response_type": "ephemeral", "replace_original": false,
            "text": "proven: &lt;!channel&gt;", "blocks": drawn()});
        assert_eq!(place.fake.calls(), [("/response/1".to_owned(), expected)]);
        assert_eq!(place.fake.calls.lock().unwrap()[0].1, None);
    }
}

#[tokio::test]
async fn a_whisper_falls_back_to_the_token() {
    let ephemeral = || ("chat.postEphemeral", Answer::Json(200, json!({"ok": true})));
    for answer in [
        Answer::Text(404, "expired_url"),
        Answer::Text(410, ""),
        Answer::Text(500, ""),
        Answer::Throttled("30"),
    ] {
        let place = place(vec![("/response/1", answer), ephemeral()]).await;
        let url = format!("{}/response/1", place.base);
        assert_eq!(place.notifier.notify(&whisper(Some(url))).await, Ok(None));
        assert_eq!(place.fake.paths(), ["/response/1", "/api/chat.postEphemeral"]);
    }
}

#[tokio::test]
async fn a_foreign_response_address_is_never_called_and_no_reason_to_refuse() {
    let place = place(vec![("chat.postEphemeral", Answer::Json(200, json!({"ok": true})))]).await;
    let elsewhere = place.base.replace("127.0.0.1", "localhost");
    for url in [
        None,
        Some(format!("{}/elsewhere/1", place.base)),
        Some(format!("{}/response/../elsewhere", place.base)),
        Some(format!("{elsewhere}/response/1")),
        Some("https://example.invalid/commands/1".to_owned()),
        Some("not an address".to_owned()),
    ] {
        assert_eq!(place.notifier.notify(&whisper(url.clone())).await, Ok(None), "{url:?}");
    }
    assert_eq!(place.fake.paths(), ["/api/chat.postEphemeral"; 6]);
    let body = &place.fake.calls()[0].1;
    assert_eq!((&body["user"], &body["channel"]), (&json!("U01ANA"), &json!("C01INC")));
}

#[tokio::test]
async fn answers_mean_what_the_outbox_acts_on() {
    let wait = NotifyError::Throttled { retry_after: Span::seconds(30) };
    let closed = "slack refused chat.postMessage: is_archived".to_owned();
    let refused = "slack refused chat.postMessage: invalid_blocks".to_owned();
    let strange = "slack's answer to chat.postMessage made no sense".to_owned();
    let down = "slack answered chat.postMessage with status 503".to_owned();
    let no = |code: &str| Answer::Json(200, json!({"ok": false, "error": code}));
    for (answer, expected) in [
        (Answer::Throttled("30"), wait),
        (no("is_archived"), NotifyError::ChannelClosed(closed)),
        (no("invalid_blocks"), NotifyError::MessageRefused(refused)),
        (Answer::Json(200, json!({"ok": true})), NotifyError::Transient(strange)),
        (Answer::Text(503, "down"), NotifyError::Transient(down)),
    ] {
        let place = place(vec![("chat.postMessage", answer)]).await;
        assert_eq!(place.notifier.notify(&message(Manner::Post)).await, Err(expected));
        assert_eq!(place.fake.paths().len(), 1, "nothing is tried twice");
    }
}

#[tokio::test]
async fn a_call_without_an_answer_ends() {
    let place = place(vec![("chat.postMessage", Answer::Never)]).await;
    let expected = NotifyError::Transient("no answer to chat.postMessage within 5 s".to_owned());
    assert_eq!(place.notifier.notify(&message(Manner::Post)).await, Err(expected));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_transient() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let api = SlackApi::new(&SlackApiConfig {
        api_url: format!("http://{nobody}/api"),
        bot_token: Secret::new("xoxb-1".to_owned()),
        team: TEAM.to_owned(),
    });
    let notifier = SlackNotifier::new(Arc::new(api.unwrap()), ResponseUrls::default());
    let error = notifier.notify(&message(Manner::Post)).await.unwrap_err();
    assert!(matches!(error, NotifyError::Transient(_)), "{error:?}");
}

#[tokio::test]
async fn other_workspaces_and_other_bodies_reach_nobody() {
    let place = place(Vec::new()).await;
    let mut foreign = message(Manner::Post);
    foreign.channel.tenant = "T02OTHER".to_owned();
    let mut discord = message(Manner::Post);
    discord.channel.platform = Platform::Discord;
    for message in [foreign, discord] {
        let error = place.notifier.notify(&message).await.unwrap_err();
        assert!(matches!(error, NotifyError::ChannelClosed(_)), "{error:?}");
    }
    let mut odd = message(Manner::Post);
    odd.body = json!({"summary": 7});
    let error = place.notifier.notify(&odd).await.unwrap_err();
    assert!(matches!(error, NotifyError::MessageRefused(_)), "{error:?}");
    assert_eq!(place.fake.paths(), Vec::<String>::new());
}

#[tokio::test]
async fn the_token_must_belong_to_the_configured_workspace() {
    for (team, belongs) in [(TEAM, true), ("T02OTHER", false)] {
        let whoami = json!({"ok": true, "url": "https://demo.slack.com/", "team": "Demo",
                            "user": "repoint", "team_id": team, "user_id": "U01BOT"});
        let place = place(vec![("auth.test", Answer::Json(200, whoami))]).await;
        let identity = place.notifier.api.auth_test().await;
        assert_eq!(place.fake.paths(), ["/api/auth.test"]);
        match identity {
            Ok(identity) => assert_eq!((belongs, identity.bot_user.as_str()), (true, "U01BOT")),
            Err(error) => {
                assert!(!belongs && matches!(error, NotifyError::Unauthorised(_)), "{error:?}");
            }
        }
    }
}
