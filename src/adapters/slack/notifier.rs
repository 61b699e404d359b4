//! The sending side of chat for Slack: one message, one call (or two, for a whisper). Owns how a message's manner becomes a
//! method; it must never retry and never call an address that is not on the allow-list. Next: `render.rs` draws the card,
//! `client.rs` makes the call.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use slack_morphism::prelude::{
    SlackApiChatPostEphemeralRequest, SlackApiChatPostMessageRequest, SlackApiChatUpdateRequest,
    SlackMessageContent, SlackMessageMetadata, SlackMessageResponseType,
};

use super::client::{Delivered, SlackApi};
use super::render;
use super::response_url::ResponseUrls;
use crate::chat::reply::Card;
use crate::domain::actor::{Person, Platform};
use crate::domain::service::Channel;
use crate::engine::ports::{Manner, MessageRef, Notifier, NotifyError, Outbound};

/// Says messages in one Slack workspace.
pub struct SlackNotifier {
    api: Arc<SlackApi>,
    response_urls: ResponseUrls,
}

/// What we need of an answer to a message that was said.
#[derive(Deserialize)]
struct Said {
    ts: String,
}

/// An answer of which nothing is needed.
#[derive(Deserialize)]
struct Accepted {}

/// A message to a response address. The library's own struct cannot say who sees it.
#[derive(Serialize)]
struct Response {
    response_type: SlackMessageResponseType,
    replace_original: bool,
    #[serde(flatten)]
    content: SlackMessageContent,
}

impl SlackNotifier {
    /// A notifier for the client's workspace.
    pub fn new(api: Arc<SlackApi>, response_urls: ResponseUrls) -> Self {
        Self { api, response_urls }
    }

    async fn post(
        &self,
        channel: &Channel,
        content: SlackMessageContent,
        thread: Option<&MessageRef>,
    ) -> Result<MessageRef, NotifyError> {
        let request = SlackApiChatPostMessageRequest::new(channel.id.clone().into(), content)
            .opt_thread_ts(thread.map(|parent| parent.id.clone().into()))
            .with_link_names(false)
            .with_parse("none".to_owned())
            .with_unfurl_links(false)
            .with_unfurl_media(false);
        let said: Said = self.api.call("chat.postMessage", &request).await?;
        Ok(MessageRef { channel: channel.clone(), id: said.ts })
    }

    async fn edit(
        &self,
        message: &MessageRef,
        content: SlackMessageContent,
    ) -> Result<MessageRef, NotifyError> {
        let channel = message.channel.id.clone().into();
        let request = SlackApiChatUpdateRequest::new(channel, content, message.id.clone().into())
            .with_link_names(false)
            .with_parse("none".to_owned());
        let said: Said = self.api.call("chat.update", &request).await?;
        Ok(MessageRef { channel: message.channel.clone(), id: said.ts })
    }

    /// By the response address if there is a usable one, since that also works where the bot is not a member; else, or if
    /// it does not take the message for whatever reason, by token.
    async fn whisper(
        &self,
        channel: &Channel,
        to: &Person,
        response_url: Option<&str>,
        content: SlackMessageContent,
    ) -> Result<(), NotifyError> {
        if let Some(url) = response_url.and_then(|address| self.response_urls.admit(address)) {
            let response = Response {
                response_type: SlackMessageResponseType::Ephemeral,
                replace_original: false,
                content: content.clone(),
            };
            if self.api.respond(&url, &response).await == Delivered::Yes {
                return Ok(());
            }
        }
        let user = to.user.clone().into();
        let request =
            SlackApiChatPostEphemeralRequest::new(channel.id.clone().into(), user, content)
                .with_link_names(false)
                .with_parse("none".to_owned());
        let Accepted {} = self.api.call("chat.postEphemeral", &request).await?;
        Ok(())
    }

    fn refuse_foreign(&self, channel: &Channel) -> Result<(), NotifyError> {
        if channel.platform == Platform::Slack && channel.tenant == self.api.team() {
            return Ok(());
        }
        Err(NotifyError::ChannelClosed(format!("{channel} is not in the configured workspace")))
    }
}

#[async_trait]
impl Notifier for SlackNotifier {
    async fn notify(&self, message: &Outbound) -> Result<Option<MessageRef>, NotifyError> {
        self.refuse_foreign(&message.channel)?;
        let card = Card::deserialize(&message.body).map_err(|_| {
            NotifyError::MessageRefused("the message is not one of this version".to_owned())
        })?;
        let content = render::content(&card);
        match &message.manner {
            Manner::Post => {
                let content = content.with_metadata(metadata(message.id));
                self.post(&message.channel, content, None).await.map(Some)
            }
            Manner::Reply(parent) => {
                let content = content.with_metadata(metadata(message.id));
                self.post(&message.channel, content, Some(parent)).await.map(Some)
            }
            Manner::Edit(earlier) => {
                let content = content.with_metadata(metadata(message.id));
                self.edit(earlier, content).await.map(Some)
            }
            Manner::Whisper { to, response_url } => {
                let address = response_url.as_deref();
                self.whisper(&message.channel, to, address, content).await.map(|()| None)
            }
        }
    }
}

/// The outbox row's number travels with the message, so that a message said twice after a lost answer can be recognised.
/// Slack's client library takes text values only.
fn metadata(outbox: u64) -> SlackMessageMetadata {
    SlackMessageMetadata::new("repoint".to_owned())
        .with_event_payload([("outbox".to_owned(), outbox.to_string())].into())
}

#[cfg(test)]
mod tests;
