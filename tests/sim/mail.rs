//! What is on its way between people and the bot: keys, repeats, late deliveries, and what an answer promises.

use std::sync::Arc;
use std::time::Duration;

use repoint::chat::desk::Desk;
use repoint::chat::inbound::{Answer, Inbound, Intake};
use repoint::chat::reply::Form;
use repoint::domain::ids::{DeliveryKey, StreamId};
use repoint::domain::service::Channel;
use serde_json::Value;

use super::rng::Rng;
use super::truth::{Night, Truth};

/// A platform waits this long for an answer, less a margin of the adapter's.
const ANSWER: Duration = Duration::from_millis(2_500);

/// What is on its way.
#[derive(Clone, Debug, Default)]
pub struct Mail {
    keys: u64,
    sent: Vec<Inbound>,
    held: Vec<Inbound>,
}

impl Mail {
    /// A key that no delivery has.
    pub fn fresh_key(&mut self) -> DeliveryKey {
        self.keys += 1;
        format!("key{}", self.keys).into()
    }

    /// Something that was sent before.
    pub fn earlier(&self, rng: &mut Rng) -> Option<Inbound> {
        rng.pick(&self.sent).cloned()
    }

    /// Keeps requests on their way.
    pub fn hold_back(&mut self, inbound: Vec<Inbound>) {
        self.held.extend(inbound);
    }

    /// What was kept on its way.
    pub fn held_back(&mut self) -> Vec<Inbound> {
        std::mem::take(&mut self.held)
    }
}

/// Where a request comes from.
pub fn channel_of(inbound: &Inbound) -> &Channel {
    match inbound {
        Inbound::Command { channel, .. }
        | Inbound::Press { channel, .. }
        | Inbound::Form { channel, .. } => channel,
        Inbound::Probe | Inbound::ForeignTenant { .. } | Inbound::Unsupported { .. } => {
            unreachable!("people of a night type, press and fill in only")
        }
    }
}

/// Hands a request to the bot as a platform does: an answer in time, or none.
pub async fn deliver(night: Arc<Night>, desk: Arc<Desk>, inbound: Inbound) {
    let is_repeat = night.truth().mail.sent.contains(&inbound);
    night.truth().mail.sent.push(inbound.clone());
    let answer = tokio::time::timeout(ANSWER, desk.receive(inbound.clone())).await;
    let mut truth = night.truth();
    if truth.dead {
        return;
    }
    match answer {
        Err(_) => truth.tell(|| "the platform's answer is: not accepted".to_owned()),
        Ok(Answer::Card(card)) => {
            let body = serde_json::to_value(&card).unwrap_or_default();
            acknowledged(&mut truth, &body);
            if !is_repeat {
                truth.chat.answer(&body, channel_of(&inbound));
            }
        }
        Ok(Answer::Nothing) => acknowledged_press(&mut truth, &inbound),
        Ok(Answer::Form(form)) => {
            // A form that opens is an answer that one sees.
            truth.chat.activity += 1;
            let filled = filled(&mut truth.mail, inbound, &form);
            truth.mail.hold_back(filled.into_iter().collect());
        }
    }
}

/// The form as the one who asked for it sends it, some time later.
fn filled(mail: &mut Mail, pressed: Inbound, form: &Form) -> Option<Inbound> {
    let Inbound::Press { person, channel, response_url, .. } = pressed else { return None };
    let values = [(form.field.name.clone(), "customers cannot pay".to_owned())].into();
    let (key, token) = (mail.fresh_key(), form.token.clone());
    Some(Inbound::Form { key, person, channel, token, values, response_url })
}

/// What an answer speaks of is durable (S1).
fn acknowledged(truth: &mut Truth, body: &Value) {
    let text = body["summary"].to_string();
    if text.contains("Something went wrong in the bot") {
        truth.promises.fail("panic", text.clone());
    }
    let Some((_, rest)) = text.split_once("Incident #") else { return };
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let known = truth.promises.book.version(&StreamId::Register).0;
    if digits.parse().is_ok_and(|number: u64| number > known) {
        truth
            .promises
            .fail("S1", format!("the answer speaks of incident {digits}, durable are {known}"));
    }
}

/// A press that was taken in without a word is durable (S1).
fn acknowledged_press(truth: &mut Truth, inbound: &Inbound) {
    let (Inbound::Press { key, .. } | Inbound::Form { key, .. }) = inbound else { return };
    if !truth.promises.has_taken(key) {
        truth.promises.fail("S1", format!("press {key} was acknowledged and is not durable"));
    }
}
