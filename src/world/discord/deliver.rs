//! How the app hears of what somebody did: a signed request to its interactions endpoint, or an event on the gateway; three
//! seconds to answer.

use std::time::Duration;

use serde_json::{Value, json};

use super::gateway::Mishap;
use super::interactions::{Begun, PATIENCE};
use super::{DiscordModel, VENDOR};
use crate::domain::time::Span;
use crate::engine::ports::Clock;

/// Where the bot hears.
const PATH: &str = "/discord/interactions";

/// How long anybody waits, in real time.
const REAL_PATIENCE: Duration = Duration::from_millis(PATIENCE.0.unsigned_abs());

/// A body with its signature.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The body.
    pub body: String,
    /// `X-Signature-Timestamp`.
    pub stamp: String,
    /// `X-Signature-Ed25519`.
    pub signature: String,
}

/// What was delivered last, for a story that delivers it again.
pub(super) type LastDelivery = Signed;

impl DiscordModel {
    /// Signs a body as Discord does, now.
    pub fn signed(&self, body: &Value) -> Signed {
        let (body, stamp) = (body.to_string(), (self.now().0 / 1000).to_string());
        let signature = self.seed().credentials.sign(&stamp, &body);
        Signed { body, stamp, signature }
    }

    /// Sends a signed body to the bot. Returns the status and what was answered.
    ///
    /// # Errors
    /// When no address is set, or the bot does not answer.
    pub async fn send(&self, signed: &Signed) -> Result<(u16, Value), String> {
        let bot = self.bot_address().ok_or("no bot")?;
        let sending = self
            .http
            .post(format!("{bot}{PATH}"))
            .header("content-type", "application/json")
            .header("user-agent", "Discord-Interactions/1.0 (+https://discord.com)")
            .header("x-signature-ed25519", &signed.signature)
            .header("x-signature-timestamp", &signed.stamp)
            .body(signed.body.clone())
            .send();
        let answered = tokio::time::timeout(REAL_PATIENCE, async {
            let response = sending.await.map_err(|error| error.to_string())?;
            let status = response.status().as_u16();
            let text = response.text().await.map_err(|error| error.to_string())?;
            Ok((status, serde_json::from_str(&text).unwrap_or(Value::Null)))
        });
        answered.await.unwrap_or_else(|_| Err("no answer in time".to_owned()))
    }

    /// Delivers the last HTTP delivery once more, to the letter. Returns the status.
    ///
    /// # Errors
    /// When nothing was delivered yet, or the bot does not answer.
    pub async fn redeliver_last(&self) -> Result<u16, String> {
        let last = self.state().last_delivery.clone().ok_or("nothing was delivered yet")?;
        self.send(&last).await.map(|(status, _)| status)
    }

    /// Checks the bot's endpoint as Discord does when its address is entered, and now and then afterwards: a ping is answered,
    /// and a ping with a wrong signature is not.
    ///
    /// # Errors
    /// When Discord would not take the address.
    pub async fn check_endpoint(&self) -> Result<(), String> {
        let id = self.state().store.mint_id(self.now());
        let ping = json!({
            "id": id, "application_id": self.seed().application_id, "type": 1, "version": 1,
            "token": "aW50ping", "user": self.shown_user(&self.seed().users[0].id),
            "entitlements": [], "authorizing_integration_owners": {},
        });
        let good = self.signed(&ping);
        match self.send(&good).await? {
            (200, answer) if answer["type"] == 1 => {}
            (status, answer) => return Err(format!("a ping was answered {status} {answer}")),
        }
        let forged = Signed { signature: "00".repeat(64), ..good };
        match self.send(&forged).await? {
            (401, _) => Ok(()),
            (status, _) => Err(format!("a forged ping was answered {status}, not 401")),
        }
    }

    /// Delivers, and waits for the first answer. Whether it came in time.
    pub(super) async fn deliver(&self, begun: Begun, mut payload: Value) -> bool {
        payload["id"] = begun.id.clone().into();
        payload["token"] = begun.token.into();
        if let Some(fault) = self.ledger.spring(VENDOR, "delayed", "POST", PATH) {
            let late = Span(fault.with["ms"].as_i64().unwrap_or(1_500));
            self.clock.sleep_until(self.now() + late).await;
        }
        let is_doubled = self.ledger.spring(VENDOR, "duplicate", "POST", PATH).is_some();
        let is_taken = if self.bot_address().is_some() {
            self.carry_by_http(&begun.id, &payload, is_doubled).await
        } else {
            self.carry_by_gateway(&payload, is_doubled)
        };
        if is_taken {
            // An answer by REST may come before or after the delivery's own; running out of patience is judged below.
            let _ = tokio::time::timeout(REAL_PATIENCE, begun.answered).await;
        }
        let is_answered = self.give_up(&begun.id);
        self.ledger.touch();
        is_answered
    }

    /// Whether an answer can still be expected, or has come.
    async fn carry_by_http(&self, id: &str, payload: &Value, is_doubled: bool) -> bool {
        let delivery = self.signed(payload);
        self.state().last_delivery = Some(delivery.clone());
        let sent = if is_doubled {
            tokio::join!(self.send(&delivery), self.send(&delivery)).0
        } else {
            self.send(&delivery).await
        };
        match sent {
            // Taken, and answered by REST.
            Ok((200..=299, Value::Null)) => true,
            Ok((200, answer)) => {
                self.state().replies.push(answer.clone());
                if let Err(refusal) = self.answer(id, &answer) {
                    let what = format!("an answer that discord refuses: {}", refusal.body());
                    self.state().unknown_calls.push(what);
                    return false;
                }
                true
            }
            Ok(_) | Err(_) => false,
        }
    }

    fn carry_by_gateway(&self, payload: &Value, is_doubled: bool) -> bool {
        let springs = |kind| self.ledger.spring(VENDOR, kind, "POST", PATH).is_some();
        let mishap = if springs("gateway_drop") {
            Some(Mishap::Drop)
        } else if springs("reconnect") {
            Some(Mishap::Reconnect)
        } else {
            None
        };
        if is_doubled {
            self.gateway.dispatch("INTERACTION_CREATE", payload, None);
        }
        self.gateway.dispatch("INTERACTION_CREATE", payload, mishap)
    }
}
