//! Which chat platforms are used, and the channels in them.

use super::Checker;
use super::raw;
use crate::adapters::discord::verify::Verifier;
use crate::adapters::secret::Secret;
use crate::chat::catalog::Prefix;
use crate::domain::actor::{Person, Platform};
use crate::domain::service::Channel;

/// How Slack is reached.
#[derive(Clone, Debug)]
pub struct SlackSettings {
    /// Socket Mode or HTTP, each with what it needs.
    pub mode: SlackMode,
    /// The Web API, without a slash at the end.
    pub api_url: String,
    /// The bot token.
    pub bot_token: Secret,
    /// The workspace.
    pub team: String,
    /// A model's addresses for answers, beside Slack's own.
    pub response_urls: Option<String>,
}

/// How Slack's requests come in.
#[derive(Clone, Debug)]
pub enum SlackMode {
    /// The bot dials Slack.
    Socket {
        /// The app-level token.
        app_token: Secret,
    },
    /// Slack calls the bot.
    Http {
        /// Signing secrets: the present one, and during a rotation the next one.
        signing_secrets: Vec<Secret>,
    },
}

/// How Discord is reached.
#[derive(Clone, Debug)]
pub struct DiscordSettings {
    /// Gateway or HTTP, with what it needs.
    pub mode: DiscordMode,
    /// Discord, without a slash at the end.
    pub api_url: String,
    /// The bot token.
    pub bot_token: Secret,
    /// The application's id.
    pub application: u64,
    /// The guild's id.
    pub guild: String,
}

/// How Discord's interactions come in.
#[derive(Clone, Debug)]
pub enum DiscordMode {
    /// The bot dials Discord.
    Gateway,
    /// Discord calls the bot.
    Http {
        /// The application's public key: 64 hex digits, checked.
        public_key: String,
    },
}

/// The platforms that are used, checked; at least one.
pub(super) struct ChatSettings {
    pub(super) prefix: Prefix,
    pub(super) slack: Option<SlackSettings>,
    pub(super) discord: Option<DiscordSettings>,
}

/// Whose channels may be named.
pub(super) struct Tenants<'a> {
    slack: Option<&'a str>,
    discord: Option<&'a str>,
}

impl<'a> Tenants<'a> {
    pub(super) fn of(raw: &'a raw::Config) -> Self {
        Self {
            slack: raw.slack.as_ref().map(|slack| slack.team.as_str()),
            discord: raw.discord.as_ref().map(|discord| discord.guild.as_str()),
        }
    }

    /// What is wrong with a channel or group of this tenant.
    pub(super) fn refuse(&self, platform: Platform, tenant: &str) -> Option<&'static str> {
        let (ours, unused, elsewhere) = match platform {
            Platform::Slack => (
                self.slack,
                "needs [slack], which is not configured",
                "is not in the workspace slack.team",
            ),
            Platform::Discord => (
                self.discord,
                "needs [discord], which is not configured",
                "is not in the server discord.guild",
            ),
        };
        match ours {
            None => Some(unused),
            Some(ours) => (ours != tenant).then_some(elsewhere),
        }
    }
}

impl Checker<'_> {
    pub(super) fn chat(
        &mut self,
        slack: Option<&raw::Slack>,
        discord: Option<&raw::Discord>,
    ) -> Option<ChatSettings> {
        if slack.is_none() && discord.is_none() {
            self.wrong(
                "neither [slack] nor [discord] is configured: the team must be told somewhere",
            );
        }
        let prefixes =
            [slack.map(|one| &one.command_prefix), discord.map(|one| &one.command_prefix)];
        if let [Some(one), Some(other)] = prefixes
            && one != other
        {
            self.wrong(format!(
                "slack.command_prefix {one:?} and discord.command_prefix {other:?} must be the same: the bot's answers name commands to both"
            ));
        }
        let key = if slack.is_some() { "slack.command_prefix" } else { "discord.command_prefix" };
        let prefix = prefixes.into_iter().flatten().next();
        let prefix = prefix.and_then(|prefix| self.parsed::<Prefix>(key, prefix));
        let checked_slack = slack.and_then(|one| self.slack(one));
        let checked_discord = discord.and_then(|one| self.discord(one));
        let is_whole = slack.is_some() == checked_slack.is_some()
            && discord.is_some() == checked_discord.is_some();
        let prefix = prefix.filter(|_| is_whole)?;
        Some(ChatSettings { prefix, slack: checked_slack, discord: checked_discord })
    }

    fn slack(&mut self, raw: &raw::Slack) -> Option<SlackSettings> {
        let bot_token = self.secret("slack.bot_token", Some(&raw.bot_token));
        self.address("slack.api_url", &raw.api_url);
        if !is_plain_id(&raw.team) {
            self.wrong(format!(
                "slack.team {:?} is not a workspace id such as T0123456789",
                raw.team
            ));
        }
        let mode = match raw.mode.as_str() {
            "socket" => self
                .secret("slack.app_token", raw.app_token.as_ref())
                .map(|app_token| SlackMode::Socket { app_token }),
            "http" => {
                let first = self.secret("slack.signing_secret", raw.signing_secret.as_ref());
                let next = raw.next_signing_secret.as_ref();
                let next =
                    next.and_then(|next| self.secret("slack.next_signing_secret", Some(next)));
                first.map(|first| SlackMode::Http {
                    signing_secrets: std::iter::once(first).chain(next).collect(),
                })
            }
            other => {
                self.wrong(format!("slack.mode {other:?} is neither \"socket\" nor \"http\""));
                None
            }
        };
        Some(SlackSettings {
            mode: mode?,
            api_url: raw.api_url.trim_end_matches('/').to_owned(),
            bot_token: bot_token?,
            team: raw.team.clone(),
            response_urls: raw.response_urls.clone(),
        })
    }

    fn discord(&mut self, raw: &raw::Discord) -> Option<DiscordSettings> {
        let bot_token = self.secret("discord.bot_token", Some(&raw.bot_token));
        self.address("discord.api_url", &raw.api_url);
        let application = raw.application_id.parse().ok().filter(|id: &u64| *id != 0);
        if application.is_none() {
            let id = &raw.application_id;
            self.wrong(format!("discord.application_id {id:?} is not an application's id: digits"));
        }
        if raw.guild.parse::<u64>().is_err() {
            self.wrong(format!("discord.guild {:?} is not a server's id: digits", raw.guild));
        }
        let mode = match raw.mode.as_str() {
            "gateway" => Some(DiscordMode::Gateway),
            "http" => self.public_key(raw.public_key.as_deref()),
            other => {
                self.wrong(format!("discord.mode {other:?} is neither \"gateway\" nor \"http\""));
                None
            }
        };
        Some(DiscordSettings {
            mode: mode?,
            api_url: raw.api_url.trim_end_matches('/').to_owned(),
            bot_token: bot_token?,
            application: application?,
            guild: raw.guild.clone(),
        })
    }

    fn public_key(&mut self, key: Option<&str>) -> Option<DiscordMode> {
        let Some(key) = key else {
            self.wrong("discord.public_key is missing: mode = \"http\" needs it");
            return None;
        };
        if let Err(error) = Verifier::new(key) {
            self.wrong(format!("discord.public_key: {error}"));
            return None;
        }
        Some(DiscordMode::Http { public_key: key.to_owned() })
    }

    /// Channels of the platforms that are used, in the tenants that are configured.
    pub(super) fn channels(
        &mut self,
        key: &str,
        list: &[String],
        tenants: &Tenants<'_>,
    ) -> Vec<Channel> {
        let mut channels = Vec::new();
        for text in list {
            // A channel is written as a person is: platform:TENANT/ID.
            let Some(Person { platform, tenant, user }) = self.parsed::<Person>(key, text) else {
                continue;
            };
            if let Some(wrong) = tenants.refuse(platform, &tenant) {
                self.wrong(format!("{key}: {text:?} {wrong}"));
            }
            channels.push(Channel { platform, tenant, id: user });
        }
        channels
    }
}

fn is_plain_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
