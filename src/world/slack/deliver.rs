//! What people type and press, delivered to the bot as Slack does it: a signed form over HTTP, or an envelope on a socket;
//! three seconds to answer, then the person sees Slack's own error.

use std::fmt::Write;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use url::form_urlencoded;

use super::methods::{content, shown};
use super::store::{Author, Message, Place};
use super::{SlackModel, VENDOR, response};
use crate::engine::ports::Clock;

/// Slack waits three seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// What was delivered last, for a story that delivers it again.
#[derive(Clone)]
pub(super) struct LastDelivery {
    path: &'static str,
    body: String,
    stamp: String,
    signature: String,
}

/// How a delivery ended.
pub(super) enum Delivered {
    /// Answered in time, with this body.
    Answered(Value),
    /// Slack's word for what went wrong.
    Failed(&'static str),
}

impl SlackModel {
    /// A person types a slash command.
    ///
    /// # Errors
    /// When Slack itself would not take it, in its words.
    pub async fn type_command(&self, user: &str, channel: &str, line: &str) -> Result<(), String> {
        let (command, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        if !self.seed().commands.iter().any(|known| known == command) {
            return Err(format!("{command} is not a valid command."));
        }
        let fields = self.command_fields(user, channel, command, text.trim());
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let payload: Map<String, Value> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let delivered =
            self.deliver("/slack/commands", "slash_commands", form, Value::Object(payload)).await;
        match delivered {
            Delivered::Answered(body) => self.take_answer(user, channel, &body),
            Delivered::Failed(code) => {
                let text = format!("{command} failed with the error \"{code}\"");
                self.slackbot(channel, user, text);
            }
        }
        Ok(())
    }

    /// A person presses a button. What is pressed is settled by the call; the bot hears of it once the future is awaited.
    ///
    /// # Errors
    /// When the person cannot see such a button.
    pub fn press(
        &self,
        user: &str,
        channel: &str,
        ts: &str,
        block_id: &str,
        action_id: &str,
    ) -> impl Future<Output = Result<(), String>> {
        let message = self.state().store.find(channel, ts).cloned();
        let message = message.filter(|one| one.visible_to(user)).ok_or("no such message");
        let pressed = message.and_then(|message| {
            let element = element(&message, block_id, action_id).ok_or("no such button")?;
            Ok(self.press_payload(user, channel, &message, block_id, &element))
        });
        async move {
            let payload = pressed?;
            let form = form_urlencoded::Serializer::new(String::new())
                .append_pair("payload", &payload.to_string())
                .finish();
            let delivered = self.deliver("/slack/interactions", "interactive", form, payload).await;
            if let Delivered::Failed(code) = delivered {
                // Slack shows a small warning beside the button.
                self.slackbot(channel, user, format!("This app did not respond ({code})."));
            }
            Ok(())
        }
    }

    /// Delivers the last HTTP delivery once more, to the letter. Returns the status.
    ///
    /// # Errors
    /// When nothing was delivered yet, or the bot does not answer.
    pub async fn redeliver_last(&self) -> Result<u16, String> {
        let last = self.state().last_delivery.clone().ok_or("nothing was delivered yet")?;
        let bot = self.state().bot.clone().ok_or("no bot")?;
        let sent = self.send(&bot, &last).await;
        sent.map(|(status, _)| status).map_err(str::to_owned)
    }

    fn command_fields(
        &self,
        user: &str,
        channel: &str,
        command: &str,
        text: &str,
    ) -> Vec<(&'static str, String)> {
        let seed = self.seed();
        let user_name = seed.users.iter().find(|one| one.id == user).map_or("", |one| &one.name);
        let channel_name =
            seed.channels.iter().find(|one| one.id == channel).map_or("", |one| &one.name);
        vec![
            ("token", "deprecated".to_owned()),
            ("team_id", seed.team.id.clone()),
            ("team_domain", seed.team.domain.clone()),
            ("channel_id", channel.to_owned()),
            ("channel_name", channel_name.to_owned()),
            ("user_id", user.to_owned()),
            ("user_name", user_name.to_owned()),
            ("command", command.to_owned()),
            ("text", escaped(text)),
            ("api_app_id", seed.app_id.clone()),
            ("is_enterprise_install", "false".to_owned()),
            ("response_url", response::mint(self, user, channel, None)),
            ("trigger_id", self.trigger_id(user)),
        ]
    }

    fn press_payload(
        &self,
        user: &str,
        channel: &str,
        message: &Message,
        block_id: &str,
        element: &Value,
    ) -> Value {
        let seed = self.seed();
        let name = seed.users.iter().find(|one| one.id == user).map_or("", |one| &one.name);
        let channel_name =
            seed.channels.iter().find(|one| one.id == channel).map_or("", |one| &one.name);
        let is_ephemeral = message.ephemeral_for.is_some();
        let mut action = json!({
            "type": "button", "block_id": block_id, "action_id": element["action_id"],
            "text": element["text"], "value": element["value"],
            "action_ts": format!("{}.000100", self.now().0 / 1000),
        });
        if element["style"].is_string() {
            action["style"] = element["style"].clone();
        }
        let mut payload = json!({
            "type": "block_actions",
            "user": {"id": user, "username": name, "name": name, "team_id": seed.team.id},
            "api_app_id": seed.app_id,
            "token": "deprecated",
            "container": {
                "type": "message", "message_ts": message.ts, "channel_id": channel,
                "is_ephemeral": is_ephemeral,
            },
            "trigger_id": self.trigger_id(user),
            "team": {"id": seed.team.id, "domain": seed.team.domain},
            "enterprise": null,
            "is_enterprise_install": false,
            "channel": {"id": channel, "name": channel_name},
            "state": {"values": {}},
            "response_url": response::mint(self, user, channel, Some(&message.ts)),
            "actions": [action],
        });
        if let Some(root) = &message.thread_ts {
            payload["container"]["thread_ts"] = root.clone().into();
        }
        if !is_ephemeral {
            payload["message"] = shown(self, message);
        }
        payload
    }

    /// Delivers, and keeps what the bot answers.
    async fn deliver(
        &self,
        path: &'static str,
        kind: &str,
        form: String,
        payload: Value,
    ) -> Delivered {
        let delivered = self.carry(path, kind, form, payload).await;
        if let Delivered::Answered(body) = &delivered
            && !body.is_null()
        {
            self.state().replies.push(body.clone());
        }
        delivered
    }

    pub(super) async fn carry(
        &self,
        path: &'static str,
        kind: &str,
        form: String,
        payload: Value,
    ) -> Delivered {
        if let Some(fault) = self.ledger.spring(VENDOR, "delayed", "POST", path) {
            let late = crate::domain::time::Span(fault.with["ms"].as_i64().unwrap_or(1_500));
            self.clock.sleep_until(self.now() + late).await;
        }
        let is_doubled = self.ledger.spring(VENDOR, "duplicate", "POST", path).is_some();
        if self.sockets.count() > 0 {
            if is_doubled {
                self.sockets.ask(kind, payload.clone(), PATIENCE).await;
            }
            return match self.sockets.ask(kind, payload, PATIENCE).await {
                Some(answer) => Delivered::Answered(answer),
                None => Delivered::Failed("operation_timeout"),
            };
        }
        let Some(bot) = self.state().bot.clone() else {
            return Delivered::Failed("dispatch_failed");
        };
        let delivery = self.signed(path, form);
        self.state().last_delivery = Some(delivery.clone());
        if is_doubled {
            let (_, second) = tokio::join!(self.send(&bot, &delivery), self.send(&bot, &delivery));
            return judged(second);
        }
        judged(self.send(&bot, &delivery).await)
    }

    fn signed(&self, path: &'static str, body: String) -> LastDelivery {
        let stamp = (self.now().0 / 1000).to_string();
        let secret = self.seed().credentials.signing_secret.as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("any length of key is taken");
        mac.update(format!("v0:{stamp}:{body}").as_bytes());
        let mut signature = String::from("v0=");
        for byte in mac.finalize().into_bytes() {
            // Writing into a string cannot fail.
            let _ = write!(signature, "{byte:02x}");
        }
        LastDelivery { path, body, stamp, signature }
    }

    async fn send(&self, bot: &str, delivery: &LastDelivery) -> Result<(u16, Value), &'static str> {
        let sending = self
            .http
            .post(format!("{bot}{}", delivery.path))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
            .header("x-slack-request-timestamp", &delivery.stamp)
            .header("x-slack-signature", &delivery.signature)
            .body(delivery.body.clone())
            .send();
        let answered = tokio::time::timeout(PATIENCE, async {
            let response = sending.await.map_err(|_| "dispatch_failed")?;
            let status = response.status().as_u16();
            let text = response.text().await.map_err(|_| "dispatch_failed")?;
            Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
        });
        answered.await.unwrap_or(Err("operation_timeout"))
    }

    /// The answer to a command is a message, to its person alone unless it says otherwise.
    fn take_answer(&self, user: &str, channel: &str, body: &Value) {
        let Some(arguments) = body.as_object() else { return };
        match content(arguments) {
            Ok(content) => {
                let is_open =
                    arguments.get("response_type").is_some_and(|kind| kind == "in_channel");
                let only_for = (!is_open).then_some(user);
                let place = Place { channel, thread_ts: None, only_for };
                self.add(Author::App(&self.seed().bot.user_id), place, content);
            }
            // An empty answer is a bare acknowledgement.
            Err("no_text") => {}
            Err(code) => {
                self.state().unknown_calls.push(format!("an answer that slack refuses: {code}"));
            }
        }
    }
}

/// Slack escapes these three in what people type, and nothing else.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn judged(sent: Result<(u16, Value), &'static str>) -> Delivered {
    match sent {
        Ok((200, body)) => Delivered::Answered(body),
        Ok(_) => Delivered::Failed("dispatch_failed"),
        Err(code) => Delivered::Failed(code),
    }
}

fn element(message: &Message, block_id: &str, action_id: &str) -> Option<Value> {
    let block = message.blocks.iter().find(|block| block["block_id"] == block_id)?;
    let elements = block["elements"].as_array().into_iter().flatten();
    let all = elements.chain(std::iter::once(&block["accessory"]));
    all.into_iter().find(|one| one["action_id"] == action_id).cloned()
}
