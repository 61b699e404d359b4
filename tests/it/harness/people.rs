//! What people do, and what they see.

use std::sync::Arc;

use super::World;

/// A person of the workspace.
#[derive(Clone)]
pub struct Person {
    pub(super) world: Arc<World>,
    pub(super) name: &'static str,
}

impl Person {
    fn id(&self) -> &str {
        self.world.models.slack.user_id(self.name)
    }

    /// Types a slash command in `#incidents`.
    pub async fn types(&self, line: &str) {
        self.types_in("incidents", line).await;
    }

    /// Types a slash command in a channel.
    pub async fn types_in(&self, channel: &str, line: &str) {
        let slack = &self.world.models.slack;
        slack
            .type_command(self.id(), slack.channel_id(channel), line)
            .await
            .expect("slack takes it");
    }

    /// Presses the newest button with this label in `#incidents`.
    pub async fn presses(&self, label: &str) {
        let slack = &self.world.models.slack;
        let channel = slack.channel_id("incidents");
        let button = slack.find_button(channel, self.id(), label);
        let button = button.unwrap_or_else(|| {
            panic!("{} sees no [{label}]:\n{}", self.name, self.world.incidents())
        });
        slack
            .press(self.id(), channel, &button.ts, &button.block_id, &button.action_id)
            .await
            .expect("slack takes it");
    }

    /// Whether a button with this label is to be seen.
    pub fn sees(&self, label: &str) -> bool {
        let slack = &self.world.models.slack;
        slack.find_button(slack.channel_id("incidents"), self.id(), label).is_some()
    }

    /// Everything that this person alone was told in `#incidents`, as one text.
    pub fn was_told(&self) -> String {
        let slack = &self.world.models.slack;
        let mut messages = slack.messages(slack.channel_id("incidents"));
        messages.retain(|one| one.ephemeral_for.as_deref() == Some(self.id()));
        let texts: Vec<String> = messages
            .iter()
            .map(|one| format!("{}\n{}", one.text, serde_json::Value::from(one.blocks.clone())))
            .collect();
        texts.join("\n")
    }
}
