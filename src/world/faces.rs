//! Where the team of a world talks, and what a bot and other programs must know of it.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use super::{Addresses, World, quoted, secret_file};

/// Where the team talks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Faces {
    /// In Slack.
    #[default]
    Slack,
    /// In Discord.
    Discord,
    /// In both, in the same incident.
    Both,
}

impl Faces {
    /// Whether somebody talks in Slack.
    pub fn have_slack(self) -> bool {
        matches!(self, Self::Slack | Self::Both)
    }

    /// Whether somebody talks in Discord.
    pub fn have_discord(self) -> bool {
        matches!(self, Self::Discord | Self::Both)
    }
}

impl World {
    /// The parts of the configuration about chat.
    pub(super) fn chat_configuration(&self, folder: &Path) -> String {
        let slack = if self.faces.have_slack() { self.slack_part(folder) } else { String::new() };
        let discord =
            if self.faces.have_discord() { self.discord_part(folder) } else { String::new() };
        format!("{slack}{discord}{}", self.humans())
    }

    /// Who has an account in both places.
    fn humans(&self) -> String {
        if self.faces != Faces::Both {
            return String::new();
        }
        let human =
            |name: &str| format!("[[person]]\nids = [{}]\n\n", self.people(&[name]).join(", "));
        ["ana", "bo", "lee"].map(human).concat()
    }

    fn slack_part(&self, folder: &Path) -> String {
        let Addresses { slack, .. } = self.addresses;
        format!(
            r#"[slack]
mode = "http"
api_url = "http://{slack}/api"
response_urls = "http://{slack}/response/"
bot_token = {bot_token}
app_token = {app_token}
signing_secret = {signing_secret}
team = "{team}"

"#,
            bot_token = secret_file(folder, "bot_token"),
            app_token = secret_file(folder, "app_token"),
            signing_secret = secret_file(folder, "signing_secret"),
            team = self.slack.team_id(),
        )
    }

    fn discord_part(&self, folder: &Path) -> String {
        let Addresses { discord, .. } = self.addresses;
        let seed = self.discord.seed();
        format!(
            r#"[discord]
mode = "http"
api_url = "http://{discord}"
bot_token = {bot_token}
application_id = "{application}"
public_key = "{public_key}"
guild = "{guild}"

"#,
            bot_token = secret_file(folder, "discord_bot_token"),
            application = seed.application_id,
            public_key = seed.credentials.public_key(),
            guild = seed.guild.id,
        )
    }

    /// The accounts of people, as the configuration names them.
    pub(super) fn people(&self, names: &[&str]) -> Vec<String> {
        let (team, guild) = (self.slack.team_id(), &self.discord.seed().guild.id);
        let slack = names.iter().map(|name| format!("slack:{team}/{}", self.slack.user_id(name)));
        let discord =
            names.iter().map(|name| format!("discord:{guild}/{}", self.discord.user_id(name)));
        let slack = slack.filter(|_| self.faces.have_slack());
        slack.chain(discord.filter(|_| self.faces.have_discord())).map(quoted).collect()
    }

    /// The channels of a name, as the configuration names them.
    pub(super) fn channels(&self, name: &str) -> Vec<String> {
        let (team, guild) = (self.slack.team_id(), &self.discord.seed().guild.id);
        let slack = format!("slack:{team}/{}", self.slack.channel_id(name));
        let discord = format!("discord:{guild}/{}", self.discord.channel_id(name));
        let slack = self.faces.have_slack().then_some(slack);
        let discord = self.faces.have_discord().then_some(discord);
        slack.into_iter().chain(discord).map(quoted).collect()
    }

    /// What programs must know of the modelled Discord.
    pub(super) fn discord_described(&self, bot: SocketAddr) -> Value {
        let seed = self.discord.seed();
        let people = seed.users.iter().filter(|user| !user.bot);
        let users = people.map(|user| (user.name.clone(), Value::from(user.id.clone())));
        let channels =
            seed.channels.iter().map(|one| (one.name.clone(), Value::from(one.id.clone())));
        let roles = seed.roles.iter().map(|role| (role.name.clone(), Value::from(role.id.clone())));
        json!({
            "api": format!("http://{}", self.addresses.discord),
            "interactions": format!("http://{bot}/discord/interactions"),
            "public_key": seed.credentials.public_key(),
            "private_key": seed.credentials.private_key(),
            "bot_token": seed.credentials.bot_token,
            "application_id": seed.application_id,
            "guild": seed.guild.id,
            "channels": Value::Object(channels.collect()),
            "users": Value::Object(users.collect()),
            "roles": Value::Object(roles.collect()),
        })
    }
}
