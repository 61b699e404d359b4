//! Callers who say little, slowly, or nothing, beside one who behaves.

use std::net::SocketAddr;

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// What ends sooner than this is not waited for in vain.
const PATIENCE: Duration = Duration::from_secs(30);

struct House {
    address: SocketAddr,
    close: oneshot::Sender<()>,
    served: JoinHandle<()>,
    /// Lets `/slow` answer.
    answer: Arc<Notify>,
    /// Counts who has asked for `/slow`.
    asked: Arc<Notify>,
}

async fn house(limits: Limits) -> House {
    let (answer, asked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (answer, asked) = (answer.clone(), asked.clone());
        async move || {
            asked.notify_one();
            answer.notified().await;
            "at last"
        }
    };
    let router = Router::new()
        .route("/", get(async || "here"))
        .route("/slow", get(slow))
        .route("/long", post(async |body: String| body.len().to_string()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (close, closed) = oneshot::channel();
    let served = tokio::spawn(serve(listener, router, limits, async {
        closed.await.unwrap();
    }));
    House { address, close, served, answer, asked }
}

fn limits(headers: Duration, connections: usize) -> Limits {
    Limits { headers, connections, ..Limits::default() }
}

/// A request after which the connection is kept.
const KEEP: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

impl House {
    async fn says(&self, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn hears(&self, text: &str) -> String {
        until_closed(self.says(text).await).await
    }
}

/// Everything that comes until the other side closes, however it does that.
async fn until_closed(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    let read = async {
        let mut part = [0; 1024];
        while let Ok(length @ 1..) = stream.read(&mut part).await {
            heard.extend_from_slice(&part[..length]);
        }
    };
    timeout(PATIENCE, read).await.expect("the other side closes");
    String::from_utf8(heard).unwrap()
}

const ASK: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn who_does_not_end_the_headers_in_time_is_closed() {
    let house = house(limits(Duration::from_millis(200), 8)).await;
    for start in ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: x\r\nx-a: b"] {
        assert_eq!(house.hears(start).await, "", "{start:?}");
    }
    assert!(house.hears(ASK).await.ends_with("here"));
}

#[tokio::test]
async fn a_byte_now_and_then_buys_no_time() {
    let house = house(limits(Duration::from_millis(300), 8)).await;
    let mut stream = house.says("GET / HTTP/1.1\r\nx: ").await;
    let drip = async {
        // A write fails once the other side is gone.
        while stream.write_all(b"x").await.is_ok() {
            let _ = timeout(Duration::from_millis(20), pending::<()>()).await;
        }
    };
    timeout(PATIENCE, drip).await.expect("the other side closes");
}

#[tokio::test]
async fn a_connection_that_is_kept_open_is_closed_when_nothing_more_comes() {
    let idle = Duration::from_millis(300);
    let house = house(Limits { idle, ..limits(PATIENCE * 2, 8) }).await;
    let heard = house.hears(KEEP).await;
    assert!(heard.ends_with("here"), "{heard}");
}

#[tokio::test]
async fn a_connection_is_kept_open_for_longer_than_headers_may_take() {
    let headers = Duration::from_millis(100);
    let house = house(limits(headers, 8)).await;
    let mut stream = house.says(KEEP).await;
    let _ = timeout(headers * 4, pending::<()>()).await;
    stream.write_all(ASK.as_bytes()).await.unwrap();
    let heard = until_closed(stream).await;
    assert_eq!(heard.matches("here").count(), 2, "{heard}");
}

#[tokio::test]
async fn a_later_request_has_no_more_time_for_its_headers_than_the_first() {
    let house = house(limits(Duration::from_millis(200), 8)).await;
    let mut stream = house.says(KEEP).await;
    let mut first = [0; 1024];
    assert!(stream.read(&mut first).await.unwrap() > 0);
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(until_closed(stream).await, "");
}

#[tokio::test]
async fn headers_without_end_are_refused() {
    let house = house(Limits::default()).await;
    let endless = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(80 * 1024));
    let mut stream = TcpStream::connect(house.address).await.unwrap();
    // The other side may close before all of it is written.
    let _ = stream.write_all(endless.as_bytes()).await;
    let heard = until_closed(stream).await;
    assert!(heard.is_empty() || heard.starts_with("HTTP/1.1 431"), "{heard}");
    assert!(house.hears(ASK).await.ends_with("here"));
}

#[tokio::test]
async fn idle_connections_make_room_for_the_next_one() {
    let house = house(limits(PATIENCE * 2, 4)).await;
    let mut crowd = Vec::new();
    for _ in 0..40 {
        crowd.push(house.says("GET / HTTP/1.1\r\n").await);
        assert!(house.hears(ASK).await.ends_with("here"));
    }
    // The oldest is gone long before its time is up.
    assert_eq!(until_closed(crowd.remove(0)).await, "");
}

#[tokio::test]
async fn who_is_being_served_is_never_closed_to_make_room() {
    let house = house(limits(PATIENCE * 2, 2)).await;
    let slow = "GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let first = house.says(slow).await;
    house.asked.notified().await;
    for _ in 0..10 {
        assert!(house.hears(ASK).await.ends_with("here"));
    }
    // A second one fills the house; whoever comes then waits for the first to be done.
    let second = house.says(slow).await;
    house.asked.notified().await;
    let third = house.says(ASK).await;
    house.answer.notify_waiters();
    for stream in [first, second] {
        assert!(until_closed(stream).await.ends_with("at last"));
    }
    assert!(until_closed(third).await.ends_with("here"));
}

#[tokio::test]
async fn closing_finishes_what_is_being_served_and_drops_the_rest() {
    let house = house(limits(PATIENCE * 2, 8)).await;
    let idle = house.says("").await;
    let begun = house.says("POST /long HTTP/1.1\r\n").await;
    let slow = house.says("GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
    house.asked.notified().await;
    house.close.send(()).unwrap();
    for stream in [idle, begun] {
        assert_eq!(until_closed(stream).await, "");
    }
    assert!(TcpStream::connect(house.address).await.is_err(), "nobody new is let in");
    house.answer.notify_waiters();
    assert!(until_closed(slow).await.ends_with("at last"));
    timeout(PATIENCE, house.served).await.expect("an end").unwrap();
}
