//! What people do, and what they see, on the face of the world where they sit.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::future::join_all;
use repoint::world::discord::{Choice, Typed};
use serde_json::Value;

use super::World;

/// Where somebody sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// In Slack.
    Slack,
    /// In Discord.
    Discord,
}

/// A button that somebody has found: what its platform needs to know of it.
pub enum Aim {
    Slack([String; 3]),
    Discord([String; 3]),
}

/// Everybody presses the same button at once: each has pressed before the bot hears of the first.
pub async fn all_press(people: &[Person], label: &str) {
    let aimed: Vec<_> = people.iter().map(|person| (person, person.aims_at(label))).collect();
    let pressed: Vec<_> = aimed.iter().map(|(person, aim)| person.pressing(aim)).collect();
    join_all(pressed).await;
}

/// A person of the team.
#[derive(Clone)]
pub struct Person {
    pub(super) world: Arc<World>,
    pub(super) name: &'static str,
    pub(super) face: Face,
}

impl Person {
    /// The same person, sitting elsewhere.
    #[must_use]
    pub fn on(self, face: Face) -> Self {
        Self { face, ..self }
    }

    pub(super) fn id(&self) -> &str {
        match self.face {
            Face::Slack => self.world.models.slack.user_id(self.name),
            Face::Discord => self.world.models.discord.user_id(self.name),
        }
    }

    pub(super) fn channel_id(&self, name: &str) -> &str {
        match self.face {
            Face::Slack => self.world.models.slack.channel_id(name),
            Face::Discord => self.world.models.discord.channel_id(name),
        }
    }

    /// Types a slash command in `#incidents`. For Discord its wishes are written `name=value`.
    pub async fn types(&self, line: &str) {
        self.types_in("incidents", line).await;
    }

    /// Types a slash command in a channel.
    pub async fn types_in(&self, channel: &str, line: &str) {
        let (id, channel) = (self.id(), self.channel_id(channel));
        let taken = match self.face {
            Face::Slack => self.world.models.slack.type_command(id, channel, line).await,
            Face::Discord => {
                self.world.models.discord.type_command(id, channel, &typed(line)).await
            }
        };
        taken.expect("the platform takes it");
    }

    /// What Discord's client proposes while this person types in one option.
    pub async fn is_proposed(&self, line: &str, focused: &str) -> Vec<Choice> {
        let (id, channel) = (self.id(), self.channel_id("incidents"));
        let proposed = self.world.models.discord.complete(id, channel, &typed(line), focused).await;
        proposed.expect("the platform shows them")
    }

    /// Presses the newest button with this label in `#incidents`.
    pub async fn presses(&self, label: &str) {
        self.presses_what_was_aimed_at(self.aims_at(label)).await;
    }

    /// Finds the newest button with this label in `#incidents`, before anything else happens.
    pub fn aims_at(&self, label: &str) -> Aim {
        let (id, channel) = (self.id(), self.channel_id("incidents"));
        let aim = match self.face {
            Face::Slack => {
                let found = self.world.models.slack.find_button(channel, id, label);
                found.map(|one| Aim::Slack([one.ts, one.block_id, one.action_id]))
            }
            Face::Discord => {
                let found = self.world.models.discord.find_button(channel, id, label);
                found.map(|one| Aim::Discord([one.channel, one.message, one.custom_id]))
            }
        };
        aim.unwrap_or_else(|| {
            panic!("{} sees no [{label}]:\n{}", self.name, self.world.incidents())
        })
    }

    /// Presses a button that was found before.
    pub async fn presses_what_was_aimed_at(&self, aim: Aim) {
        self.pressing(&aim).await;
    }

    /// The same; it is pressed by the call, and the bot hears of it once this is awaited.
    fn pressing<'a>(&'a self, aim: &'a Aim) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        let (id, channel) = (self.id(), self.channel_id("incidents"));
        match aim {
            Aim::Slack([ts, block, action]) => {
                let pressed = self.world.models.slack.press(id, channel, ts, block, action);
                Box::pin(async { pressed.await.expect("slack takes it") })
            }
            Aim::Discord([place, message, custom_id]) => {
                let pressed = self.world.models.discord.press(id, place, message, custom_id);
                Box::pin(async { pressed.await.expect("discord takes it") })
            }
        }
    }

    /// Presses a button that asks for something by a form, and waits for the form.
    pub async fn opens(&self, label: &str) {
        self.presses(label).await;
        self.world.until("the form", || self.has_a_form()).await;
    }

    /// Whether a form is before this person.
    pub fn has_a_form(&self) -> bool {
        match self.face {
            Face::Slack => self.world.models.slack.modal(self.id()).is_some(),
            Face::Discord => self.world.models.discord.modal(self.id()).is_some(),
        }
    }

    /// Writes into the one field of the open form and sends it; what is wrong with it, if it stays open.
    pub async fn fills_in(&self, text: &str) -> Option<String> {
        if self.face == Face::Discord {
            let sent = self.world.models.discord.submit_modal(self.id(), &[("reason", text)]).await;
            return sent.err();
        }
        let slack = &self.world.models.slack;
        let modal = slack.modal(self.id()).expect("a form is open");
        let block = modal.view["blocks"][0]["block_id"].as_str().expect("a field").to_owned();
        let values = [(block.clone(), text.to_owned())].into();
        slack.submit_form(self.id(), &values).await.expect("slack sends it");
        let modal = slack.modal(self.id())?;
        Some(modal.errors.get(&block).cloned().or(modal.trouble).expect("a reason to stay open"))
    }

    /// Whether a button with this label is to be seen.
    pub fn sees(&self, label: &str) -> bool {
        let (id, channel) = (self.id(), self.channel_id("incidents"));
        match self.face {
            Face::Slack => self.world.models.slack.find_button(channel, id, label).is_some(),
            Face::Discord => self.world.models.discord.find_button(channel, id, label).is_some(),
        }
    }

    /// Everything that this person alone was told in `#incidents`, as one text.
    pub fn was_told(&self) -> String {
        self.told_in("incidents")
    }

    /// Everything that this person alone was told in a channel, as one text.
    pub(super) fn told_in(&self, channel: &str) -> String {
        self.whispers_in(channel).concat()
    }

    /// Each message that this person alone sees in `#incidents`.
    pub fn whispers(&self) -> Vec<String> {
        self.whispers_in("incidents")
    }

    fn whispers_in(&self, channel: &str) -> Vec<String> {
        let channel = self.channel_id(channel);
        let is_mine = |only: &Option<String>| only.as_deref() == Some(self.id());
        match self.face {
            Face::Slack => {
                let messages = self.world.models.slack.messages(channel).into_iter();
                let mine = messages.filter(|one| is_mine(&one.ephemeral_for));
                let told = mine.map(|one| format!("{}\n{}\n", one.text, Value::from(one.blocks)));
                told.collect()
            }
            Face::Discord => {
                let messages = self.world.models.discord.messages(channel).into_iter();
                let mine = messages.filter(|one| is_mine(&one.ephemeral_for));
                let told =
                    mine.map(|one| format!("{}\n{}\n", one.content, Value::from(one.embeds)));
                told.collect()
            }
        }
    }
}

/// A line as the typed options of Discord's client: the command, its subcommand, and `name=value` for each wish.
fn typed(line: &str) -> Typed {
    let words = line.split(' ').take_while(|word| !word.contains('='));
    let command = words.collect::<Vec<_>>().join(" ");
    let wishes = regex::Regex::new(r#"(\w+)=(?:"([^"]*)"|(\S+))"#).expect("a pattern");
    let rest = &line[command.len()..];
    wishes.captures_iter(rest).fold(Typed::new(&command), |typed, wish| {
        let value = wish.get(2).or(wish.get(3)).expect("a value").as_str();
        typed.with(&wish[1], value)
    })
}
