//! A program that is no model of ours: it knows the bot's address and the signing secret, and signs as Slack's own
//! description says.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::ports::Clock;
use sha2::Sha256;
use url::form_urlencoded;

use super::{World, http_client};

/// The program. It signs rightly unless it is told otherwise.
pub struct Outsider {
    world: Arc<World>,
    http: reqwest::Client,
    secret: String,
    signed_at: Timestamp,
}

impl World {
    /// A program outside, with the right secret and the right time.
    pub fn outsider(self: &Arc<Self>) -> Outsider {
        let secret = std::fs::read_to_string(self.file("signing_secret")).expect("a secret");
        let signed_at = self.clock.now();
        Outsider { world: self.clone(), http: http_client("an-outsider"), secret, signed_at }
    }
}

impl Outsider {
    /// Signs with another secret.
    pub fn with_secret(self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self }
    }

    /// Signs with a time of so long ago; negative: in the future.
    pub fn signing_ago(self, span: Span) -> Self {
        Self { signed_at: self.world.clock.now() - span, ..self }
    }

    /// The headers that sign a body.
    pub fn signs(&self, body: &str) -> [(&'static str, String); 2] {
        let stamp = (self.signed_at.0 / 1000).to_string();
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).expect("a key");
        mac.update(format!("v0:{stamp}:{body}").as_bytes());
        let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
        [("x-slack-request-timestamp", stamp), ("x-slack-signature", signature)]
    }

    /// Posts a signed body; the status and the answer.
    pub async fn posts(&self, path: &str, body: &str) -> (u16, String) {
        self.posts_with(path, body, &self.signs(body)).await
    }

    /// Posts a body with just these headers besides its type.
    pub async fn posts_with(
        &self,
        path: &str,
        body: &str,
        headers: &[(&'static str, String)],
    ) -> (u16, String) {
        let address = self.world.bot(super::Bot::address);
        let mut request = self
            .http
            .post(format!("http://{address}{path}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        self.world.settle().await;
        (status, text)
    }
}

/// What Slack posts when ana types a line in `#incidents`.
pub fn command_form(line: &str, trigger: &str, response_url: &str) -> String {
    let (command, text) = line.split_once(' ').unwrap_or((line, ""));
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("token", "deprecated"),
            ("team_id", "T01DEMO"),
            ("team_domain", "demo"),
            ("channel_id", "C01INC"),
            ("channel_name", "incidents"),
            ("user_id", "U01ANA"),
            ("user_name", "ana"),
            ("command", command),
            ("text", text),
            ("api_app_id", "A01DEMO"),
            ("is_enterprise_install", "false"),
            ("response_url", response_url),
            ("trigger_id", trigger),
        ])
        .finish()
}
