//! The gateway: hello, identify, ready, heartbeats, events with sequence numbers, and resumes, over real WebSockets.
//!
//! A session outlives its connection: what is sent to a session without one waits for the resume.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::super::ledger::Ledger;
use super::VENDOR;
use super::seed::DiscordSeed;

const DISPATCH: u64 = 0;
const HEARTBEAT: u64 = 1;
const IDENTIFY: u64 = 2;
const PRESENCE: u64 = 3;
const RESUME: u64 = 6;
const RECONNECT: u64 = 7;
const INVALID_SESSION: u64 = 9;
const HELLO: u64 = 10;
const HEARTBEAT_ACK: u64 = 11;

/// Why a connection is closed, in Discord's numbers.
const UNKNOWN_ERROR: u16 = 4_000;
const UNKNOWN_OPCODE: u16 = 4_001;
const DECODE_ERROR: u16 = 4_002;
const NOT_AUTHENTICATED: u16 = 4_003;
const AUTHENTICATION_FAILED: u16 = 4_004;
const ALREADY_AUTHENTICATED: u16 = 4_005;

/// The app, as the gateway knows it.
pub(super) struct App {
    token: String,
    id: String,
    name: String,
    guild: String,
}

impl App {
    pub(super) fn of(seed: &DiscordSeed) -> Self {
        Self {
            token: seed.credentials.bot_token.clone(),
            id: seed.application_id.clone(),
            name: seed.bot_name.clone(),
            guild: seed.guild.id.clone(),
        }
    }
}

/// All connections of the app.
pub(super) struct Gateway {
    shared: Arc<Shared>,
    acceptor: JoinHandle<()>,
}

struct Shared {
    app: App,
    address: SocketAddr,
    ledger: Arc<Ledger>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// By the order of their beginning.
    sessions: BTreeMap<u64, Session>,
    last: u64,
}

#[derive(Default)]
struct Session {
    /// Everything that was sent, by sequence number; the first has number 1.
    sent: Vec<String>,
    open: Option<Connection>,
}

#[derive(Clone)]
struct Connection {
    number: u64,
    queue: mpsc::UnboundedSender<Frame>,
}

/// How an event is lost on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mishap {
    /// The connection breaks.
    Drop,
    /// Discord asks for a reconnect.
    Reconnect,
}

impl Gateway {
    /// Listens on a free port.
    pub(super) async fn start(app: App, ledger: Arc<Ledger>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { app, address, ledger, inner: Mutex::default() });
        let acceptor = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { shared, acceptor })
    }

    /// Where clients connect.
    pub(super) fn url(&self) -> String {
        self.shared.url()
    }

    /// Whether a session has a connection.
    pub(super) fn is_connected(&self) -> bool {
        self.shared.inner().sessions.values().any(|session| session.open.is_some())
    }

    /// Sends an event to one session, the newest that has a connection; without any it waits for a resume of the newest.
    pub(super) fn dispatch(&self, event: &str, data: &Value, mishap: Option<Mishap>) -> bool {
        let mut inner = self.shared.inner();
        let open = inner.sessions.iter().rev().find(|(_, session)| session.open.is_some());
        let number = open.or_else(|| inner.sessions.iter().next_back()).map(|(number, _)| *number);
        let Some(session) = number.and_then(|number| inner.sessions.get_mut(&number)) else {
            return false;
        };
        match mishap {
            Some(Mishap::Drop) => session.close(UNKNOWN_ERROR),
            Some(Mishap::Reconnect) => session.ask_to_reconnect(),
            None => {}
        }
        session.send(event, data);
        true
    }

    /// Breaks all connections.
    pub(super) fn drop_all(&self) {
        self.shared.inner().sessions.values_mut().for_each(|session| session.close(UNKNOWN_ERROR));
    }

    /// Asks all connections to come again.
    pub(super) fn ask_to_reconnect(&self) {
        self.shared.inner().sessions.values_mut().for_each(Session::ask_to_reconnect);
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

impl Shared {
    fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number for a connection or a session.
    fn number(&self) -> u64 {
        let mut inner = self.inner();
        inner.last += 1;
        inner.last
    }

    fn is_token(&self, given: &Value) -> bool {
        let given = given.as_str().unwrap_or_default();
        given.strip_prefix("Bot ").unwrap_or(given) == self.app.token
    }

    fn ready(&self, session: u64) -> Value {
        let App { id, name, guild, .. } = &self.app;
        json!({
            "v": 10, "session_id": session_id(session), "resume_gateway_url": self.url(),
            "user": {
                "id": id, "username": name, "discriminator": "0", "global_name": null,
                "avatar": null, "bot": true, "verified": true, "mfa_enabled": true, "flags": 0,
                "email": null,
            },
            "guilds": [{"id": guild, "unavailable": true}],
            "shard": [0, 1], "application": {"id": id, "flags": 0}, "private_channels": [],
            "relationships": [], "presences": [], "session_type": "normal",
        })
    }
}

impl Session {
    fn send(&mut self, event: &str, data: &Value) {
        let number = self.sent.len() + 1;
        let frame = json!({"op": DISPATCH, "t": event, "s": number, "d": data}).to_string();
        self.sent.push(frame.clone());
        if let Some(open) = &self.open {
            // One that is gone already gets it with the resume.
            let _ = open.queue.send(Frame::text(frame));
        }
    }

    fn close(&mut self, code: u16) {
        if let Some(open) = self.open.take() {
            let _ = open.queue.send(closing(code));
        }
    }

    fn ask_to_reconnect(&mut self) {
        if let Some(open) = &self.open {
            let _ = open.queue.send(frame(RECONNECT, &Value::Null));
        }
        // What is sent from now on waits for the resume.
        self.open = None;
    }
}

fn session_id(number: u64) -> String {
    format!("{number:032x}")
}

fn frame(op: u64, data: &Value) -> Frame {
    Frame::text(json!({"op": op, "d": data, "s": null, "t": null}).to_string())
}

fn closing(code: u16) -> Frame {
    Frame::Close(Some(CloseFrame { code: CloseCode::from(code), reason: "".into() }))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(talk(stream, shared.clone()));
    }
}

async fn talk(stream: TcpStream, shared: Arc<Shared>) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let (mut sink, mut source) = socket.split();
    let (queue, mut queued) = mpsc::unbounded_channel();
    let mut client =
        Client { connection: Connection { number: shared.number(), queue }, session: None };
    client.says(frame(HELLO, &json!({"heartbeat_interval": 41_250})));
    loop {
        tokio::select! {
            frame = queued.recv() => {
                let Some(frame) = frame else { break };
                let is_last = matches!(frame, Frame::Close(_));
                if sink.send(frame).await.is_err() || is_last { break }
            }
            frame = source.next() => match frame {
                Some(Ok(Frame::Text(text))) => client.hears(&shared, text.as_str()),
                Some(Ok(Frame::Binary(_))) => client.says(closing(DECODE_ERROR)),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    client.leaves(&shared);
}

/// One connection, from the gateway's side.
struct Client {
    connection: Connection,
    session: Option<u64>,
}

impl Client {
    fn says(&self, frame: Frame) {
        // A connection that has ended needs nothing more.
        let _ = self.connection.queue.send(frame);
    }

    fn hears(&mut self, shared: &Shared, text: &str) {
        let Ok(said) = serde_json::from_str::<Value>(text) else {
            return self.says(closing(DECODE_ERROR));
        };
        let data = &said["d"];
        match said["op"].as_u64() {
            Some(HEARTBEAT) => self.says(frame(HEARTBEAT_ACK, &Value::Null)),
            Some(IDENTIFY | RESUME) if self.session.is_some() => {
                self.says(closing(ALREADY_AUTHENTICATED));
            }
            Some(IDENTIFY | RESUME) if !shared.is_token(&data["token"]) => {
                self.says(closing(AUTHENTICATION_FAILED));
            }
            Some(IDENTIFY) if data["intents"].is_u64() && data["properties"].is_object() => {
                self.identifies(shared);
            }
            Some(IDENTIFY) => self.says(closing(DECODE_ERROR)),
            Some(RESUME) => self.resumes(shared, data),
            Some(PRESENCE) if self.session.is_some() => {}
            Some(PRESENCE) => self.says(closing(NOT_AUTHENTICATED)),
            _ => self.says(closing(UNKNOWN_OPCODE)),
        }
        shared.ledger.touch();
    }

    fn identifies(&mut self, shared: &Shared) {
        let number = shared.number();
        let mut session = Session { open: Some(self.connection.clone()), ..Session::default() };
        session.send("READY", &shared.ready(number));
        shared.inner().sessions.insert(number, session);
        self.session = Some(number);
    }

    fn resumes(&mut self, shared: &Shared, data: &Value) {
        let is_refused = shared.ledger.spring(VENDOR, "invalid_session", "WS", "RESUME").is_some();
        let seen = data["seq"].as_u64().and_then(|seen| usize::try_from(seen).ok()).unwrap_or(0);
        let mut inner = shared.inner();
        let known = inner
            .sessions
            .iter_mut()
            .find(|(number, _)| data["session_id"] == session_id(**number));
        let Some((number, session)) =
            known.filter(|(_, session)| !is_refused && seen <= session.sent.len())
        else {
            return self.says(frame(INVALID_SESSION, &json!(false)));
        };
        for missed in &session.sent[seen..] {
            self.says(Frame::text(missed.clone()));
        }
        session.open = Some(self.connection.clone());
        session.send("RESUMED", &json!({}));
        self.session = Some(*number);
    }

    /// The session stays, and can be resumed.
    fn leaves(&self, shared: &Shared) {
        let number = self.connection.number;
        for session in shared.inner().sessions.values_mut() {
            if session.open.as_ref().is_some_and(|open| open.number == number) {
                session.open = None;
            }
        }
        shared.ledger.touch();
    }
}
