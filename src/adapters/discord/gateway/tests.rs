//! The real client against a small gateway on loopback: greeting, an interaction, its callback, and the end.

use std::future::IntoFuture;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::adapters::clock::SystemClock;
use crate::adapters::discord::client::DiscordApi;
use crate::adapters::discord::stage::{self, Notebook};
use crate::adapters::discord::wire::What;

type Socket = WebSocketStream<TcpStream>;

struct Place {
    handle: GatewayHandle,
    notebook: Arc<Notebook>,
    api: Arc<DiscordApi>,
    sockets: TcpListener,
    callbacks: mpsc::UnboundedReceiver<Value>,
}

async fn place() -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sockets = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}", sockets.local_addr().unwrap());
    let (outbox, callbacks) = mpsc::unbounded_channel();
    let gateway = get(move || {
        let url = url.clone();
        async move { Json(json!({ "url": url })) }
    });
    let callback = post(async move |Json(body): Json<Value>| {
        outbox.send(body).unwrap();
        axum::http::StatusCode::NO_CONTENT
    });
    let router = Router::new()
        .route("/api/v10/gateway", gateway)
        .route("/api/v10/interactions/{id}/{token}/callback", callback);
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = format!("http://{}", api.local_addr().unwrap());
    tokio::spawn(axum::serve(api, router).into_future());
    let notebook = Arc::new(Notebook::default());
    let client = stage::client(&api_url);
    let gateway = Gateway {
        answers: Answers::new(client.clone(), notebook.clone()),
        api_url,
        bot_token: Secret::new("bot-1"),
        application: 1100,
        clock: Arc::new(SystemClock::default()),
    };
    Place { handle: gateway.start(), notebook, api: client, sockets, callbacks }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(20), future).await.expect("in time")
}

async fn send(socket: &mut Socket, frame: Value) {
    socket.send(Message::text(frame.to_string())).await.unwrap();
}

impl Place {
    /// The next connection, identified and greeted.
    async fn connection(&self) -> Socket {
        let (stream, _) = soon(self.sockets.accept()).await.unwrap();
        let mut socket = tokio_tungstenite::accept_async(stream).await.unwrap();
        send(&mut socket, json!({"op": 10, "d": {"heartbeat_interval": 41_250}})).await;
        let identify = loop {
            let Some(Ok(frame)) = soon(socket.next()).await else { panic!("no identification") };
            let frame: Value = serde_json::from_slice(&frame.into_data()).unwrap();
            if frame["op"] == 2 {
                break frame;
            }
        };
        assert_eq!(
            (&identify["d"]["intents"], &identify["d"]["token"]),
            (&json!(0), &json!("Bot bot-1"))
        );
        let ready = json!({"v": 10, "session_id": "s", "guilds": [], "shard": [0, 1],
            "resume_gateway_url": "ws://127.0.0.1:1", "application": {"id": "1100", "flags": 0},
            "user": {"id": "1100", "username": "repoint", "discriminator": "0", "bot": true,
                     "verified": true, "mfa_enabled": false, "avatar": null}});
        send(&mut socket, json!({"op": 0, "s": 1, "t": "READY", "d": ready})).await;
        socket
    }
}

#[tokio::test]
async fn an_interaction_over_the_gateway_is_read_and_answered_as_one_over_http() {
    let mut place = place().await;
    let mut connected = place.handle.connected();
    let mut socket = place.connection().await;
    soon(connected.wait_for(|connected| *connected)).await.unwrap();
    let sent = [
        stage::command("web"),
        stage::press("confirm:0123456789abcdef0123456789abcdef"),
        stage::submission("form:0123456789abcdef0123456789abcdef", "it burns"),
        stage::typing("v4"),
    ];
    for ((sequence, payload), kind) in sent.iter().enumerate().zip([4, 6, 6, 8]) {
        let frame = json!({"op": 0, "s": sequence + 2, "t": "INTERACTION_CREATE", "d": payload});
        send(&mut socket, frame).await;
        let answer = soon(place.callbacks.recv()).await.unwrap();
        assert_eq!(answer["type"], kind, "{answer}");
    }
    let taken = place.notebook.0.lock().unwrap().clone();
    for (payload, taken) in sent.iter().zip(taken) {
        let home = place.api.home();
        let read = wire::interaction(home, payload.to_string().as_bytes());
        let Ok(Heard::Interaction(read)) = read else { panic!("not read") };
        assert_eq!(What::Inbound(taken), read.what);
    }
    place.handle.shutdown().await;
    assert!(!*connected.borrow());
    assert!(matches!(soon(socket.next()).await, Some(Ok(Message::Close(_))) | Some(Err(_)) | None));
}
