//! Handing a request over within Slack's time. Owns what goes back to Slack at once, which both transports share; the limit
//! is `adapters/hand_over.rs`.

use std::sync::Arc;

use serde_json::Value;

use super::forms::{self, Forms, Opener};
use super::render;
use crate::adapters::hand_over::in_time;
use crate::chat::inbound::{Answer, Inbound, Intake};
use crate::chat::reply::Card;

/// What goes back to Slack at once.
pub(super) enum Reply {
    /// That it arrived.
    Ack,
    /// That it arrived, and what Slack shows.
    Shown(Value),
    /// That it was not taken: Slack shows no text in answer to a press, but marks the button when it is not acknowledged.
    NotTaken(Card),
}

/// Hands a command over; its answer is a private message.
pub(super) async fn command(intake: &dyn Intake, inbound: Inbound) -> Reply {
    match in_time(intake, inbound).await {
        Ok(Answer::Card(card)) | Err(card) => {
            let message = serde_json::to_value(render::answer(&card));
            Reply::Shown(message.expect("messages are plain data"))
        }
        Ok(Answer::Nothing | Answer::Form(_)) => Reply::Ack,
    }
}

/// Hands a press or a form over. A form that is asked for opens after the press was acknowledged.
pub(super) async fn interaction(
    intake: &dyn Intake,
    forms: &Arc<Forms>,
    inbound: Inbound,
) -> Reply {
    let sent = Sent::of(&inbound);
    match (in_time(intake, inbound).await, sent) {
        (Ok(Answer::Card(card)) | Err(card), Sent::Form(field)) => {
            Reply::Shown(forms::errors(&field, &card))
        }
        (Ok(Answer::Card(card)), Sent::Press(_)) | (Err(card), Sent::Press(_) | Sent::Other) => {
            Reply::NotTaken(card)
        }
        (Ok(Answer::Form(form)), Sent::Press(opener)) => {
            forms.open(opener, form);
            Reply::Ack
        }
        // Anything else that is not ours to take would only be sent again.
        (Ok(Answer::Card(_) | Answer::Form(_)), Sent::Other)
        | (Ok(Answer::Form(_)), Sent::Form(_))
        | (Ok(Answer::Nothing), _) => Reply::Ack,
    }
}

/// What must be kept of an interaction to answer it.
enum Sent {
    Press(Opener),
    /// With the name of its first field.
    Form(String),
    Other,
}

impl Sent {
    fn of(inbound: &Inbound) -> Self {
        if let Inbound::Form { values, .. } = inbound {
            return Self::Form(values.keys().next().cloned().unwrap_or_default());
        }
        Opener::of(inbound).map_or(Self::Other, Self::Press)
    }
}
