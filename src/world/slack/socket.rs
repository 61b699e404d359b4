//! Socket Mode: single-use tickets, a hello, envelopes and their acknowledgements, over real WebSockets.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::StatusCode;

/// All connections of the app.
pub(super) struct Sockets {
    shared: Arc<Shared>,
    address: SocketAddr,
    acceptor: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    inner: Mutex<Inner>,
    next: AtomicU64,
}

#[derive(Default)]
struct Inner {
    tickets: BTreeSet<String>,
    /// Connections by number; what is sent goes through the queue.
    open: BTreeMap<u64, mpsc::UnboundedSender<Frame>>,
    /// Envelopes that wait for their acknowledgement.
    waiting: BTreeMap<String, oneshot::Sender<Value>>,
}

impl Sockets {
    /// Listens on a free port.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let acceptor = tokio::spawn(accept(listener, shared.clone()));
        Ok(Self { shared, address, acceptor })
    }

    /// An address that one connection can be opened with.
    pub(super) fn ticket(&self) -> String {
        let ticket = format!("ticket-{}", self.shared.number());
        self.shared.inner().tickets.insert(ticket.clone());
        format!("ws://{}/link/?ticket={ticket}&app_id=A01DEMO", self.address)
    }

    /// How many connections are open.
    pub(super) fn count(&self) -> usize {
        self.shared.inner().open.len()
    }

    /// Sends an envelope over one of the connections and waits for its acknowledgement; the payload it carried.
    pub(super) async fn ask(
        &self,
        kind: &str,
        payload: Value,
        patience: Duration,
    ) -> Option<Value> {
        let id = format!("envelope-{}", self.shared.number());
        let (sender, answered) = oneshot::channel();
        let takes_answer = kind == "slash_commands" || payload["type"] == "view_submission";
        let frame = json!({
            "envelope_id": id, "type": kind, "accepts_response_payload": takes_answer,
            "payload": payload,
        });
        {
            let mut inner = self.shared.inner();
            // Each delivery goes to one of the connections; the newest is as good as any.
            let queue = inner.open.values().next_back().cloned()?;
            queue.send(Frame::text(frame.to_string())).ok()?;
            // Nobody can acknowledge before this: that takes the same lock.
            inner.waiting.insert(id.clone(), sender);
        }
        let answer = tokio::time::timeout(patience, answered).await;
        self.shared.inner().waiting.remove(&id);
        answer.ok()?.ok()
    }

    /// Tells all connections to go, and closes them.
    pub(super) fn disconnect_all(&self, reason: &str) {
        let mut inner = self.shared.inner();
        let frame =
            json!({"type": "disconnect", "reason": reason, "debug_info": {"host": "model"}});
        for queue in inner.open.values() {
            // One that is gone already needs no telling.
            let _ = queue.send(Frame::text(frame.to_string()));
            let _ = queue.send(Frame::Close(None));
        }
        inner.open.clear();
    }
}

impl Drop for Sockets {
    fn drop(&mut self) {
        self.acceptor.abort();
    }
}

impl Shared {
    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection. The hello stands in its queue before anybody else can find it.
    fn greet(&self, number: u64, queue: &mpsc::UnboundedSender<Frame>) {
        let mut inner = self.inner();
        let hello = json!({
            "type": "hello", "num_connections": inner.open.len() + 1,
            "debug_info": {"host": "model", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": "A01DEMO"},
        });
        // A queue whose receiver has just been made takes everything.
        let _ = queue.send(Frame::text(hello.to_string()));
        inner.open.insert(number, queue.clone());
    }

    fn use_ticket(&self, query: &str) -> bool {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        let ticket = pairs.into_iter().find(|(name, _)| name == "ticket");
        ticket.is_some_and(|(_, ticket)| self.inner().tickets.remove(ticket.as_ref()))
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(talk(stream, shared.clone()));
    }
}

#[expect(clippy::result_large_err, reason = "the shape that the handshake's callback must have")]
async fn talk(stream: TcpStream, shared: Arc<Shared>) {
    let check = |request: &Request, response: Response| {
        if shared.use_ticket(request.uri().query().unwrap_or_default()) {
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    };
    let Ok(socket) = tokio_tungstenite::accept_hdr_async(stream, check).await else { return };
    let (mut sink, mut source) = socket.split();
    let (queue, mut queued) = mpsc::unbounded_channel();
    let number = shared.number();
    shared.greet(number, &queue);
    loop {
        tokio::select! {
            frame = queued.recv() => match frame {
                Some(frame) => if sink.send(frame).await.is_err() { break },
                None => break,
            },
            frame = source.next() => match frame {
                Some(Ok(Frame::Text(text))) => acknowledged(&shared, text.as_str()),
                Some(Ok(Frame::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    shared.inner().open.remove(&number);
}

fn acknowledged(shared: &Shared, text: &str) {
    let Ok(frame) = serde_json::from_str::<Value>(text) else { return };
    let Some(id) = frame["envelope_id"].as_str() else { return };
    if let Some(waiting) = shared.inner().waiting.remove(id) {
        // Whoever asked may have lost patience.
        let _ = waiting.send(frame["payload"].clone());
    }
}
