//! The sending side of chat for Discord. Owns how a message's manner becomes calls, and the threads of incidents; it
//! must never call an address that is not its own. Next: `render.rs` draws the card, `client.rs` makes the calls.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::classify::Failure;
use super::client::DiscordApi;
use super::render;
use crate::chat::reply::{Card, Part, Text};
use crate::domain::actor::{Person, Platform};
use crate::domain::service::Channel;
use crate::domain::time::Span;
use crate::engine::ports::{Manner, MessageRef, Notifier, NotifyError, Outbound};

/// The message has a thread already.
const HAS_THREAD: u64 = 160_004;
/// A thread is put away after a week without a word; the next word brings it back.
const ARCHIVE_AFTER_MINUTES: u32 = 10_080;
/// Messages whose names and threads are remembered: far more than incidents are open at once.
const MOST_KNOWN: usize = 256;
/// A follow-up may reach Discord before the answer that it follows: then it is tried once more, after this pause.
pub const FOLLOW_UP_PAUSE: Span = Span(500);

/// Says messages in one Discord guild.
pub struct DiscordNotifier {
    api: Arc<DiscordApi>,
    /// What is known of messages of ours, by id. Lost at a restart, and then learned anew.
    known: Mutex<BTreeMap<String, Known>>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    /// What its thread is called.
    name: Option<String>,
    /// Whether it has a thread.
    has_thread: bool,
}

impl DiscordNotifier {
    /// A notifier for the client's guild.
    pub fn new(api: Arc<DiscordApi>) -> Self {
        Self { api, known: Mutex::default() }
    }

    async fn post(
        &self,
        channel: &str,
        message: &Outbound,
        card: &Card,
    ) -> Result<MessageRef, Failure> {
        let mut content = render::message(card);
        nonce(&mut content, message);
        let said = self.api.post(channel, &content).await?;
        let channel = Channel { id: channel.to_owned(), ..message.channel.clone() };
        Ok(MessageRef { channel, id: said.id })
    }

    async fn post_card(&self, message: &Outbound, card: &Card) -> Result<MessageRef, Failure> {
        let reference = self.post(&message.channel.id, message, card).await?;
        self.know(&reference.id, |known| known.name = render::thread_name(&card.summary));
        Ok(reference)
    }

    async fn edit(&self, earlier: &MessageRef, card: &Card) -> Result<MessageRef, Failure> {
        let content = render::message(card);
        let said = self.api.edit(&earlier.channel.id, &earlier.id, &content).await?;
        self.know(&said.id, |known| known.name = render::thread_name(&card.summary));
        Ok(MessageRef { channel: earlier.channel.clone(), id: said.id })
    }

    /// In the thread of the parent, which has the parent's id. Where there can be no thread it is said in the channel:
    /// that is better than not at all.
    async fn reply(
        &self,
        parent: &MessageRef,
        message: &Outbound,
        card: &Card,
    ) -> Result<MessageRef, Failure> {
        let in_thread = match self.open_thread(parent).await {
            Ok(()) => self.post(&parent.id, message, card).await,
            Err(failure) => Err(failure),
        };
        match in_thread {
            Err(failure) if is_about_thread(&failure) => {
                tracing::warn!(error = %failure.meaning, "a thread could not be used");
                self.know(&parent.id, |known| known.has_thread = false);
                self.post(&parent.channel.id, message, card).await
            }
            other => other,
        }
    }

    async fn open_thread(&self, parent: &MessageRef) -> Result<(), Failure> {
        let known = self.known().get(&parent.id).cloned().unwrap_or_default();
        if known.has_thread {
            return Ok(());
        }
        let thread = json!({
            "name": known.name.unwrap_or_else(|| "Incident".to_owned()),
            "auto_archive_duration": ARCHIVE_AFTER_MINUTES,
        });
        match self.api.open_thread(&parent.channel.id, &parent.id, &thread).await {
            Err(failure) if failure.code != Some(HAS_THREAD) => Err(failure),
            Ok(_) | Err(_) => {
                self.know(&parent.id, |known| known.has_thread = true);
                Ok(())
            }
        }
    }

    /// As a follow-up while the interaction can be answered; afterwards as an ordinary message that names the person.
    async fn whisper(
        &self,
        to: &Person,
        response_url: Option<&str>,
        message: &Outbound,
        card: &Card,
    ) -> Result<(), Failure> {
        if let Some(token) = response_url.and_then(|address| self.api.token_of(address))
            && self.follow_up(token, &render::whisper(card)).await.is_ok()
        {
            return Ok(());
        }
        self.post(&message.channel.id, message, &addressed(card, to)).await.map(|_| ())
    }

    async fn follow_up(&self, token: &str, content: &Value) -> Result<(), Failure> {
        match self.api.follow_up(token, content).await {
            Err(failure) if failure.status == Some(404) => {
                let clock = self.api.clock();
                clock.sleep_until(clock.now() + FOLLOW_UP_PAUSE).await;
                self.api.follow_up(token, content).await
            }
            other => other,
        }
    }

    fn know(&self, message: &str, learn: impl FnOnce(&mut Known)) {
        let mut known = self.known();
        learn(known.entry(message.to_owned()).or_default());
        if known.len() > MOST_KNOWN {
            // Ids grow with time, and have had the same number of digits for years: the first is the oldest.
            known.pop_first();
        }
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_foreign(&self, channel: &Channel) -> Result<(), NotifyError> {
        let guild = &self.api.home().guild;
        if channel.platform == Platform::Discord && channel.tenant == *guild {
            return Ok(());
        }
        Err(NotifyError::ChannelClosed(format!("{channel} is not in the configured guild")))
    }
}

#[async_trait]
impl Notifier for DiscordNotifier {
    async fn notify(&self, message: &Outbound) -> Result<Option<MessageRef>, NotifyError> {
        self.refuse_foreign(&message.channel)?;
        let card = Card::deserialize(&message.body).map_err(|_| {
            NotifyError::MessageRefused("the message is not one of this version".to_owned())
        })?;
        let said = match &message.manner {
            Manner::Post => self.post_card(message, &card).await.map(Some),
            Manner::Reply(parent) => self.reply(parent, message, &card).await.map(Some),
            Manner::Edit(earlier) => self.edit(earlier, &card).await.map(Some),
            Manner::Whisper { to, response_url } => {
                let address = response_url.as_deref();
                self.whisper(to, address, message, &card).await.map(|()| None)
            }
        };
        Ok(said?)
    }
}

/// Whether a thread is not there, or may not be used or made; the channel itself may be fine.
fn is_about_thread(failure: &Failure) -> bool {
    matches!(failure.meaning, NotifyError::ChannelClosed(_) | NotifyError::MessageGone(_))
}

/// The outbox row's number with a digest of what it says: Discord gives back the first message when the same is said
/// twice within minutes. The digest tells the rows of one journal from those of another. Without a row there is nothing
/// to repeat.
fn nonce(content: &mut Value, message: &Outbound) {
    if message.id == 0 {
        return;
    }
    let mut digest = Sha256::new();
    digest.update(message.channel.to_string());
    digest.update(message.body.to_string());
    let digest = hex::encode(digest.finalize());
    content["nonce"] = json!(format!("{:x}-{}", message.id, &digest[..8]));
    content["enforce_nonce"] = json!(true);
}

/// A card with the name of the person it is for. A name in an embed pings nobody.
fn addressed(card: &Card, to: &Person) -> Card {
    let mut card = card.clone();
    let place = usize::from(matches!(card.parts.first(), Some(Part::Title(_))));
    card.parts.insert(place, Part::Paragraph(Text::plain("For ").person(to).and(":")));
    card
}

#[cfg(test)]
mod tests;
