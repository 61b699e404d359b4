//! Socket Mode against a small server on loopback that speaks Slack's frames.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::routing::post;
use axum::{Json, Router};
use futures_util::{SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::adapters::slack::client::{SlackApi, SlackApiConfig};
use crate::adapters::slack::response_url::ResponseUrls;
use crate::chat::inbound::{Answer, Choice, Completing, Said};
use crate::chat::reply::{Card, Part, Text};

const TEAM: &str = "T01DEMO";

/// Notes what it is given; answers with a card, unless the text says to hang.
struct Notebook(mpsc::UnboundedSender<Inbound>);

#[async_trait]
impl Intake for Notebook {
    async fn receive(&self, inbound: Inbound) -> Answer {
        self.0.send(inbound.clone()).unwrap();
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
    handle: SocketHandle,
    inbox: mpsc::UnboundedReceiver<Inbound>,
    sockets: TcpListener,
}

type Socket = WebSocketStream<TcpStream>;

async fn place() -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/link", sockets.local_addr().unwrap());
    let open = move || {
        let url = url.clone();
        async move { Json(json!({"ok": true, "url": url})) }
    };
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = format!("http://{}/api/", api.local_addr().unwrap());
    let router = Router::new().route("/api/apps.connections.open", post(open));
    tokio::spawn(axum::serve(api, router).into_future());
    let (outbox, inbox) = mpsc::unbounded_channel();
    let app_token = Secret::new("xapp-1".to_owned());
    let bot_token = Secret::new("xoxb-1".to_owned());
    let config = SlackApiConfig { api_url: api_url.clone(), bot_token, team: TEAM.to_owned() };
    let api = Arc::new(SlackApi::new(&config).unwrap());
    let forms = Arc::new(Forms::new(api, ResponseUrls::default()));
    let mode = SocketMode { api_url, app_token, team: TEAM.to_owned() };
    let handle = mode.start(Arc::new(Notebook(outbox)), forms).await.unwrap();
    Place { handle, inbox, sockets }
}

impl Place {
    /// The next connection, greeted.
    async fn connection(&self) -> Socket {
        let (stream, _) = soon(self.sockets.accept()).await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        // Slack's models and proxies leave the details out at times.
        send(&mut socket, json!({"type": "hello"})).await;
        socket
    }
}

/// What does not happen soon does not happen: a test fails and does not hang.
async fn soon<F: Future>(event: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(15), event).await.expect("it happens soon")
}

async fn becomes(connected: &mut watch::Receiver<bool>, expected: bool) {
    soon(connected.wait_for(|up| *up == expected)).await.unwrap();
}

async fn send(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

/// The next frame of text.
async fn next(socket: &mut Socket) -> Value {
    loop {
        let message = soon(socket.next()).await.expect("the connection stands").unwrap();
        if let Message::Text(text) = message {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn command(id: &str, text: &str) -> Value {
    json!({"type": "slash_commands", "envelope_id": id, "accepts_response_payload": true,
        "payload": {"team_id": TEAM, "team_domain": "demo", "channel_id": "C01INC",
            "user_id": "U01ANA", "command": "/rollback", "text": text, "trigger_id": "1.2.x"}})
}

fn press(id: &str, action: &str) -> Value {
    json!({"type": "interactive", "envelope_id": id, "accepts_response_payload": false,
        "payload": {"type": "block_actions", "team": {"id": TEAM}, "user": {"id": "U01ANA"},
            "container": {"type": "message", "message_ts": "1.2"}, "channel": {"id": "C01INC"},
            "message": {"metadata": {"event_payload": {"outbox": 7}}}, "trigger_id": "1.2.y",
            "actions": [{"type": "button", "action_id": action, "value": "v"}]}})
}

#[tokio::test]
async fn envelopes_are_taken_in_and_acknowledged() {
    let mut place = place().await;
    let mut socket = place.connection().await;
    becomes(&mut place.handle.connected(), true).await;

    send(&mut socket, command("e1", "web")).await;
    let expected = json!({"response_type": "ephemeral", "text": "incident #1", "blocks": [
        {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text": "incident #1"}}]});
    assert_eq!(next(&mut socket).await, json!({"envelope_id": "e1", "payload": expected}));
    let fields = command("e1", "web")["payload"].clone();
    assert_eq!(soon(place.inbox.recv()).await.unwrap(), wire::command(TEAM, fields).unwrap());

    send(&mut socket, press("e2", "confirm")).await;
    assert_eq!(next(&mut socket).await, json!({"envelope_id": "e2"}));
    let pressed = soon(place.inbox.recv()).await.unwrap();
    assert!(matches!(pressed, Inbound::Press { ref action, .. } if action == "confirm"));

    // One that was not taken is not acknowledged: Slack marks its button.
    send(&mut socket, press("e3", "not-stored")).await;
    send(&mut socket, command("e4", "web")).await;
    assert_eq!(next(&mut socket).await["envelope_id"], "e4");
    place.handle.shutdown().await;
}

#[tokio::test]
async fn what_cannot_be_read_is_acknowledged_and_handed_to_nobody() {
    let mut place = place().await;
    let mut socket = place.connection().await;
    let frames: BTreeMap<&str, Value> = [
        ("e1", json!({"type": "events_api", "envelope_id": "e1", "payload": {}})),
        ("e2", json!({"type": "slash_commands", "envelope_id": "e2"})),
        ("e3", json!({"type": "interactive", "envelope_id": "e3", "payload": {"type": 7}})),
        ("e4", json!({"type": "of_next_year", "envelope_id": "e4"})),
    ]
    .into();
    for (id, frame) in frames {
        socket.send(Message::text("no frame")).await.unwrap();
        send(&mut socket, frame).await;
        assert_eq!(next(&mut socket).await, json!({"envelope_id": id}));
    }
    assert!(place.inbox.try_recv().is_err());
    place.handle.shutdown().await;
}

#[tokio::test]
async fn a_slow_intake_is_said_to_the_typist_and_shown_to_the_presser() {
    let place = place().await;
    let mut socket = place.connection().await;
    send(&mut socket, command("e1", "hang")).await;
    let late = next(&mut socket).await;
    let said = "Not accepted: taking it in took too long. Please try again.";
    assert_eq!((&late["envelope_id"], &late["payload"]["text"]), (&json!("e1"), &json!(said)));
    // The press is not acknowledged at all, and does not hold up the next envelope for ever.
    send(&mut socket, press("e2", "hang")).await;
    send(&mut socket, command("e3", "web")).await;
    assert_eq!(next(&mut socket).await["envelope_id"], "e3");
    place.handle.shutdown().await;
}

#[tokio::test]
async fn a_connection_that_ends_is_replaced_and_readiness_follows() {
    let place = place().await;
    let mut connected = place.handle.connected();
    assert!(!*connected.borrow());
    let mut first = place.connection().await;
    becomes(&mut connected, true).await;

    send(&mut first, json!({"type": "disconnect", "reason": "refresh_requested"})).await;
    becomes(&mut connected, false).await;
    let second = place.connection().await;
    becomes(&mut connected, true).await;

    drop(second);
    becomes(&mut connected, false).await;
    let _third = place.connection().await;
    becomes(&mut connected, true).await;

    place.handle.shutdown().await;
    assert!(!*connected.borrow());
}

#[tokio::test]
async fn a_form_that_was_not_taken_is_acknowledged_with_the_reason() {
    let place = place().await;
    let mut socket = place.connection().await;
    let memory = json!({"token": "v", "channel": "C01INC", "response_url": null}).to_string();
    let payload = json!({"type": "view_submission", "team": {"id": TEAM}, "user": {"id": "U01ANA"},
        "view": {"type": "modal", "callback_id": "form", "private_metadata": memory,
            "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": "x"}}}}}});
    let envelope = json!({"type": "interactive", "envelope_id": "e1",
        "accepts_response_payload": true, "payload": payload});
    send(&mut socket, envelope).await;
    let expected = json!({"response_action": "errors", "errors": {"reason": "incident #1"}});
    assert_eq!(next(&mut socket).await, json!({"envelope_id": "e1", "payload": expected}));
    place.handle.shutdown().await;
}
