//! The first answer to an interaction, and the later one where the first was only "wait". Owns Discord's times: three
//! seconds for the first answer, 15 minutes for what follows. Both transports send what it gives. Next: `hand_over` and
//! whoever implements [`Intake`].
//!
//! ```text
//! command → its card, or "wait" and then the card    press → nothing to see, a form, or why it was not taken
//! form    → nothing to see, or why it was not taken    typing → what could stand there
//! ```

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::client::DiscordApi;
use super::form;
use super::render;
use super::wire::{Interaction, What};
use crate::adapters::hand_over::{in_time, late_answer};
use crate::chat::inbound::{Answer, Completing, Inbound, Intake};
use crate::chat::reply::{Card, Part, Text};
use crate::domain::time::Span;
use crate::engine::ports::NotifyError;

/// A command that has no answer by then is told to wait: half of Discord's three seconds.
const SOON: Duration = Duration::from_millis(1500);
/// Choices that come later than this are not waited for.
const TYPING: Duration = Duration::from_millis(2000);
/// Discord refuses more.
const MOST_CHOICES: usize = 25;
/// Whoever waits longer than this is told that it took too long.
const LATER: Duration = Duration::from_secs(300);
/// A later answer may reach Discord before the first one has: then it is tried again, after these pauses.
const PAUSES: [Span; 4] = [Span(300), Span(1000), Span(3000), Span(10_000)];

const MESSAGE: u8 = 4;
const DEFERRED_MESSAGE: u8 = 5;
const DEFERRED_UPDATE: u8 = 6;
const CHOICES: u8 = 8;
const MODAL: u8 = 9;
const EPHEMERAL: u64 = 1 << 6;

/// Answers interactions.
#[derive(Clone)]
pub struct Answers {
    api: Arc<DiscordApi>,
    intake: Arc<dyn Intake>,
}

impl Answers {
    /// Answers with what the intake says.
    pub fn new(api: Arc<DiscordApi>, intake: Arc<dyn Intake>) -> Self {
        Self { api, intake }
    }

    /// Who we are and where, which says what an interaction is to us.
    pub(super) fn api(&self) -> &Arc<DiscordApi> {
        &self.api
    }

    /// Hands an interaction over and gives the first answer to it.
    pub(super) async fn first(&self, interaction: Interaction) -> Value {
        let Interaction { what, token, .. } = interaction;
        match what {
            What::Typing(completing) => self.choices(completing).await,
            What::Inbound(inbound @ Inbound::Command { .. }) => self.command(inbound, token).await,
            What::Inbound(inbound) => self.other(inbound).await,
        }
    }

    async fn other(&self, inbound: Inbound) -> Value {
        let changes_nothing_to_see =
            matches!(inbound, Inbound::Press { .. } | Inbound::Form { .. });
        let is_press = matches!(inbound, Inbound::Press { .. });
        match in_time(self.intake.as_ref(), inbound).await {
            Ok(Answer::Nothing) if changes_nothing_to_see => json!({ "type": DEFERRED_UPDATE }),
            // A form cannot follow a form.
            Ok(Answer::Form(form)) if is_press => {
                json!({ "type": MODAL, "data": form::modal(&form) })
            }
            Ok(Answer::Card(card)) | Err(card) => private(&card),
            Ok(Answer::Nothing | Answer::Form(_)) => private(&nothing_to_say()),
        }
    }

    /// What could stand where somebody types. Nothing is offered rather than late: Discord lets people type on.
    async fn choices(&self, completing: Option<Completing>) -> Value {
        let choices = match completing {
            Some(completing) => {
                timeout(TYPING, self.intake.complete(completing)).await.unwrap_or_default()
            }
            None => Vec::new(),
        };
        let choices = choices.into_iter().take(MOST_CHOICES);
        let choices: Vec<Value> =
            choices.map(|one| json!({ "name": one.name, "value": one.value })).collect();
        json!({ "type": CHOICES, "data": { "choices": choices } })
    }

    async fn command(&self, inbound: Inbound, token: String) -> Value {
        let intake = self.intake.clone();
        let mut answer = tokio::spawn(async move { intake.receive(inbound).await });
        match timeout(SOON, &mut answer).await {
            Ok(Ok(answer)) => private(&card(answer)),
            Ok(Err(_)) => private(&late_answer()),
            Err(_) => {
                tokio::spawn(self.clone().finish(answer, token));
                json!({ "type": DEFERRED_MESSAGE, "data": { "flags": EPHEMERAL } })
            }
        }
    }

    /// Says later what could not be said at once.
    async fn finish(self, mut answer: JoinHandle<Answer>, token: String) {
        let said = match timeout(LATER, &mut answer).await {
            Ok(Ok(answer)) => card(answer),
            Ok(Err(_)) => late_answer(),
            Err(_) => {
                answer.abort();
                late_answer()
            }
        };
        let message = render::message(&said);
        let clock = self.api.clock();
        for pause in PAUSES.into_iter().map(Some).chain([None]) {
            let Err(failure) = self.api.edit_answer(&token, &message).await else { return };
            let may_help = failure.status == Some(404)
                || matches!(
                    failure.meaning,
                    NotifyError::Transient(_) | NotifyError::Throttled { .. }
                );
            let Some(pause) = pause.filter(|_| may_help) else {
                tracing::error!(error = %failure.meaning, "a command's answer did not get through");
                return;
            };
            clock.sleep_until(clock.now() + pause).await;
        }
    }
}

/// A message that only the person who asked sees.
fn private(card: &Card) -> Value {
    json!({ "type": MESSAGE, "data": render::whisper(card) })
}

/// The card that answers a command.
fn card(answer: Answer) -> Card {
    match answer {
        Answer::Card(card) => card,
        Answer::Nothing | Answer::Form(_) => nothing_to_say(),
    }
}

/// Discord wants an answer to everything.
fn nothing_to_say() -> Card {
    let text = "Taken. There is nothing to say to it.";
    Card { summary: Text::plain(text), parts: vec![Part::Paragraph(Text::plain(text))] }
}
