//! The route over a real connection: who gets in, what is answered, and that nobody else wakes anything.

use std::sync::Mutex;

use axum::http::HeaderValue;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

const SECRET: &str = "It's a Secret to Everybody";

fn signature() -> Signature {
    Signature::new(&Secret::new(SECRET.to_owned()))
}

/// The signature that GitHub would send.
fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn headers(signatures: &[&str]) -> HeaderMap {
    let values = signatures.iter().map(|one| HeaderValue::from_str(one).unwrap());
    values.map(|value| (SIGNATURE_HEADER.parse().unwrap(), value)).collect()
}

/// From docs.github.com, "Validating webhook deliveries": an independent vector.
const PUBLISHED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[test]
fn the_published_example_of_github_is_believed() {
    assert_eq!(signature().verify(&headers(&[PUBLISHED]), b"Hello, World!"), Ok(()));
}

#[test]
fn forged_signatures_are_refused() {
    let digits = PUBLISHED.strip_prefix("sha256=").unwrap();
    let other = sign(b"Hello, World?");
    let table: [(&str, &[&str], Refused); 10] = [
        ("none", &[], Refused::Missing),
        ("two", &[PUBLISHED, PUBLISHED], Refused::Repeated),
        ("of another body", &[&other], Refused::Mismatch),
        ("truncated", &[&PUBLISHED[..39]], Refused::Malformed),
        ("one digit short", &[&PUBLISHED[..70]], Refused::Malformed),
        ("empty", &["sha256="], Refused::Malformed),
        ("without its algorithm", &[digits], Refused::Malformed),
        ("upper-case hex", &[&format!("sha256={}", digits.to_uppercase())], Refused::Malformed),
        ("the older algorithm", &[&format!("sha1={}", &digits[..40])], Refused::Malformed),
        ("another name for it", &[&format!("sha1={digits}")], Refused::Malformed),
    ];
    for (name, signatures, expected) in table {
        let verdict = signature().verify(&headers(signatures), b"Hello, World!");
        assert_eq!(verdict, Err(expected), "{name}");
    }
}

#[test]
fn one_changed_bit_anywhere_in_the_body_is_noticed() {
    let body = b"Hello, World!";
    for position in 0..body.len() * 8 {
        let mut body = body.to_vec();
        body[position / 8] ^= 1 << (position % 8);
        let verdict = signature().verify(&headers(&[PUBLISHED]), &body);
        assert_eq!(verdict, Err(Refused::Mismatch), "bit {position}");
    }
}

/// Notes what it hears.
#[derive(Default)]
struct Notebook(Mutex<Vec<String>>);

impl Listener for Notebook {
    fn hear_of(&self, repository: &str) {
        self.0.lock().unwrap().push(repository.to_owned());
    }
}

struct Place {
    notebook: Arc<Notebook>,
    address: std::net::SocketAddr,
}

async fn place(body_limit: Duration) -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let notebook = Arc::new(Notebook::default());
    let hook = GitHubHook { signature: signature(), listener: notebook.clone(), body_limit };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(axum::serve(listener, routes(hook)).into_future());
    Place { notebook, address }
}

impl Place {
    async fn send(&self, event: &str, signature: Option<&str>, body: &[u8]) -> (u16, String) {
        let url = format!("http://{}{PATH}", self.address);
        let mut request = reqwest::Client::new().post(url).header(EVENT_HEADER, event);
        if let Some(signature) = signature {
            request = request.header(SIGNATURE_HEADER, signature);
        }
        let answer = request.body(body.to_vec()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn signed(&self, event: &str, body: &[u8]) -> u16 {
        let (status, text) = self.send(event, Some(&sign(body)), body).await;
        assert_eq!(text, "", "nothing is told");
        status
    }

    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut self.notebook.0.lock().unwrap())
    }
}

fn delivery() -> Vec<u8> {
    let action = json!({"action": "completed", "repository": {"full_name": "demo/shop", "id": 1}});
    action.to_string().into_bytes()
}

#[tokio::test]
async fn a_signed_delivery_names_its_repository_and_nothing_else() {
    let place = place(BODY_LIMIT).await;
    for event in ["check_run", "push", "pull_request", "deployment_status"] {
        assert_eq!(place.signed(event, &delivery()).await, 202, "{event}");
        assert_eq!(place.heard(), ["demo/shop"], "{event}");
    }
}

#[tokio::test]
async fn what_moves_no_gate_wakes_nobody() {
    let place = place(BODY_LIMIT).await;
    for event in ["ping", "star", "issues", "", "no such event"] {
        assert_eq!(place.signed(event, &delivery()).await, 204, "{event}");
    }
    assert_eq!(place.signed("push", br#"{"zen":"of an organization"}"#).await, 204);
    assert_eq!(place.heard(), [""; 0]);
}

#[tokio::test]
async fn what_is_not_rightly_signed_gets_an_empty_401_and_wakes_nobody() {
    let place = place(BODY_LIMIT).await;
    let body = delivery();
    let (other, sha1) = (sign(b"{}"), sign(&body).replace("sha256", "sha1"));
    for signature in [None, Some(""), Some("sha256="), Some(&*other), Some(&*sha1)] {
        let answer = place.send("check_run", signature, &body).await;
        assert_eq!(answer, (401, String::new()), "{signature:?}");
        // What cannot be read is not told from what can.
        let answer = place.send("check_run", signature, b"not json").await;
        assert_eq!(answer, (401, String::new()), "{signature:?}");
    }
    assert_eq!(place.heard(), [""; 0]);
}

#[tokio::test]
async fn what_github_signed_and_nobody_can_read_gets_400() {
    let place = place(BODY_LIMIT).await;
    let deep = "[".repeat(100_000);
    for body in
        [&b""[..], b"payload=%7B%7D", b"[]", b"{\"repository\":1}", b"\xff", deep.as_bytes()]
    {
        assert_eq!(place.signed("check_run", body).await, 400);
    }
    assert_eq!(place.heard(), [""; 0]);
}

#[tokio::test]
async fn a_body_of_more_than_a_megabyte_is_refused() {
    let place = place(BODY_LIMIT).await;
    let body = vec![b' '; LARGEST_BODY + 1];
    assert_eq!(place.send("push", Some(&sign(&body)), &body).await.0, 413);
    let mut body = delivery();
    body.resize(LARGEST_BODY, b' ');
    assert_eq!(place.signed("push", &body).await, 202);
    assert_eq!(place.heard(), ["demo/shop"]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let place = place(Duration::from_millis(50)).await;
    let mut stream = tokio::net::TcpStream::connect(place.address).await.unwrap();
    let head = format!("POST {PATH} HTTP/1.1\r\nhost: bot\r\ncontent-length: 10\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64];
    let read = stream.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..read]).starts_with("HTTP/1.1 408"));
    assert_eq!(place.heard(), [""; 0]);
}
