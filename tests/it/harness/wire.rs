//! A connection to the bot on which anything can be said, also what no HTTP client would: requests one after the other without
//! waiting, broken ones, slow ones.

use std::net::SocketAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection.
pub struct Wire(BufReader<TcpStream>);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

impl Wire {
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the bot listens");
        Self(BufReader::new(stream))
    }

    /// Says all of this; the other side may have closed in the middle.
    pub async fn says(&mut self, bytes: &[u8]) {
        // Whether it was heard shows in the answer.
        let _ = self.0.get_mut().write_all(bytes).await;
    }

    /// Says nothing more.
    pub async fn falls_silent(&mut self) {
        let _ = self.0.get_mut().shutdown().await;
    }

    /// The next answer; `None`: the other side closed without one.
    pub async fn hears(&mut self) -> Option<Answer> {
        tokio::time::timeout(PATIENCE, self.read()).await.expect("an answer, or the end")
    }

    async fn read(&mut self) -> Option<Answer> {
        let head = self.line().await?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let mut length = 0;
        loop {
            let line = self.line().await?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.ok()?;
        Some(Answer { status, body: String::from_utf8(body).expect("an answer in UTF-8") })
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).await.ok()?;
        (read > 0).then(|| line.trim_end().to_owned())
    }
}

/// A request as it goes over the wire, header by header.
#[derive(Clone, Debug)]
pub struct Raw {
    pub method: &'static str,
    pub path: &'static str,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Raw {
    /// A form that is posted, unsigned.
    pub fn form(path: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let kind = b"application/x-www-form-urlencoded".to_vec();
        let headers = vec![("host", b"bot".to_vec()), ("content-type", kind)];
        Self { method: "POST", path, headers, body: body.into() }
    }

    /// JSON that is posted, unsigned.
    pub fn json(path: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let kind = b"application/json".to_vec();
        let headers = vec![("host", b"bot".to_vec()), ("content-type", kind)];
        Self { method: "POST", path, headers, body: body.into() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Its bytes, with the body's length.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head(&format!("content-length: {}", self.body.len()));
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Everything before the body, with this line to say how the body ends.
    pub fn head(&self, framing: &str) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(format!("{framing}\r\n\r\n").as_bytes());
        bytes
    }
}

/// The header that says when Slack signed.
pub const STAMP: &str = "x-slack-request-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "x-slack-signature";

/// Somebody who signs with a secret, the right one or another.
#[derive(Clone)]
pub struct Signer(pub String);

impl Signer {
    /// `v0=` and the signature of these parts, one after the other.
    pub fn over(&self, parts: &[&[u8]]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("a key");
        parts.iter().for_each(|part| mac.update(part));
        format!("v0={}", hex::encode(mac.finalize().into_bytes()))
    }
}
