//! The chat platforms that are configured: one notifier over all of them, and the doors through which their requests
//! come.

use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use axum::Router;
use serde::Deserialize as _;
use tokio::sync::watch;

use crate::adapters::discord::answer::Answers;
use crate::adapters::discord::client::{DiscordApi, DiscordApiConfig};
use crate::adapters::discord::directory::DiscordDirectory;
use crate::adapters::discord::gateway::{Gateway, GatewayHandle};
use crate::adapters::discord::notifier::DiscordNotifier;
use crate::adapters::discord::receive::{self as discord_receive, DiscordHttp};
use crate::adapters::discord::verify::Verifier as DiscordVerifier;
use crate::adapters::slack::client::{ClientError, SlackApi, SlackApiConfig};
use crate::adapters::slack::directory::SlackDirectory;
use crate::adapters::slack::forms::Forms;
use crate::adapters::slack::notifier::SlackNotifier;
use crate::adapters::slack::receive::{self as slack_receive, SlackHttp};
use crate::adapters::slack::response_url::{ResponseUrls, UnusablePrefix};
use crate::adapters::slack::socket::{SocketHandle, SocketMode};
use crate::adapters::slack::verify::Verifier as SlackVerifier;
use crate::chat::desk::Desk;
use crate::chat::reply::Card;
use crate::config::{Config, DiscordMode, DiscordSettings, SlackMode, SlackSettings};
use crate::domain::actor::{Person, Platform};
use crate::domain::policy::Humans;
use crate::engine::ports::{Clock, Directory, MessageRef, Notifier, NotifyError, Outbound};
use crate::engine::roster::Directories;

/// The clients of the platforms that are configured.
pub(super) struct Platforms {
    slack: Option<Arc<SlackApi>>,
    discord: Option<Arc<DiscordApi>>,
    speakers: Arc<Speakers>,
}

/// Says each message on the platform of its channel.
struct Speakers {
    /// Who is who on the other platform.
    humans: Humans,
    slack: Option<SlackNotifier>,
    discord: Option<DiscordNotifier>,
}

/// The connections that we keep ourselves.
#[derive(Default)]
pub(super) struct Connections {
    slack: Option<SocketHandle>,
    discord: Option<GatewayHandle>,
}

/// A client for Slack.
pub(crate) fn slack_api(slack: &SlackSettings) -> Result<SlackApi, ClientError> {
    SlackApi::new(&SlackApiConfig {
        api_url: slack.api_url.clone(),
        bot_token: slack.bot_token.clone(),
        team: slack.team.clone(),
    })
}

/// The client for Discord, if it is configured.
pub(crate) fn discord_api(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<DiscordApi>> {
    let Some(discord) = &config.discord else { return Ok(None) };
    let api = DiscordApi::new(
        &DiscordApiConfig {
            api_url: discord.api_url.clone(),
            bot_token: discord.bot_token.clone(),
            application: discord.application.to_string(),
            guild: discord.guild.clone(),
        },
        clock.clone(),
    )?;
    Ok(Some(api))
}

impl Platforms {
    pub(super) fn new(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Self> {
        let slack = match &config.slack {
            Some(settings) => Some((Arc::new(slack_api(settings)?), admitted(settings)?)),
            None => None,
        };
        let discord = discord_api(config, clock)?.map(Arc::new);
        let speakers = Speakers {
            humans: config.policy().humans,
            slack: slack.clone().map(|(api, admitted)| SlackNotifier::new(api, admitted)),
            discord: discord.clone().map(DiscordNotifier::new),
        };
        let slack = slack.map(|(api, _)| api);
        Ok(Self { slack, discord, speakers: Arc::new(speakers) })
    }

    /// Speaks on all of them.
    pub(super) fn notifier(&self) -> Arc<dyn Notifier> {
        self.speakers.clone()
    }

    /// Where it is read who is in which group, on the platforms whose groups are named.
    pub(super) fn directories(&self, config: &Config) -> Directories {
        let slack = self.slack.clone().map(|api| -> (_, Arc<dyn Directory>) {
            (Platform::Slack, Arc::new(SlackDirectory::new(api)))
        });
        let discord = self.discord.clone().map(|api| -> (_, Arc<dyn Directory>) {
            (Platform::Discord, Arc::new(DiscordDirectory::new(api)))
        });
        let all = slack.into_iter().chain(discord);
        all.filter(|(platform, _)| config.has_groups(*platform)).collect()
    }

    /// Lets requests in: the routes for platforms that call us, and connections to those that we dial.
    pub(super) async fn open(
        &self,
        config: &Config,
        clock: &Arc<dyn Clock>,
        desk: &Desk,
    ) -> anyhow::Result<(Router, Connections)> {
        let mut routes = Router::new();
        let mut connections = Connections::default();
        if let (Some(slack), Some(api)) = (&config.slack, &self.slack) {
            let forms = Arc::new(Forms::new(api.clone(), admitted(slack)?));
            let (door, socket) = open_slack(slack, clock, desk, forms).await?;
            routes = routes.merge(door);
            connections.slack = socket;
        }
        if let (Some(discord), Some(api)) = (&config.discord, &self.discord) {
            let answers = Answers::new(api.clone(), Arc::new(desk.clone()));
            let (door, gateway) = open_discord(discord, clock, answers)?;
            routes = routes.merge(door);
            connections.discord = gateway;
        }
        Ok((routes, connections))
    }
}

/// The addresses for answers that Slack may give.
fn admitted(slack: &SlackSettings) -> Result<ResponseUrls, UnusablePrefix> {
    ResponseUrls::new(slack.response_urls.as_deref())
}

async fn open_slack(
    settings: &SlackSettings,
    clock: &Arc<dyn Clock>,
    desk: &Desk,
    forms: Arc<Forms>,
) -> anyhow::Result<(Router, Option<SocketHandle>)> {
    let team = settings.team.clone();
    match &settings.mode {
        SlackMode::Http { signing_secrets } => {
            let slack = SlackHttp {
                verifier: Arc::new(SlackVerifier::new(signing_secrets.clone())?),
                team,
                intake: Arc::new(desk.clone()),
                forms,
                clock: clock.clone(),
                body_limit: slack_receive::BODY_LIMIT,
            };
            Ok((slack_receive::routes(slack), None))
        }
        SlackMode::Socket { app_token } => {
            let api_url = settings.api_url.clone();
            let mode = SocketMode { api_url, app_token: app_token.clone(), team };
            let handle = mode.start(Arc::new(desk.clone()), forms).await?;
            Ok((Router::new(), Some(handle)))
        }
    }
}

fn open_discord(
    settings: &DiscordSettings,
    clock: &Arc<dyn Clock>,
    answers: Answers,
) -> anyhow::Result<(Router, Option<GatewayHandle>)> {
    match &settings.mode {
        DiscordMode::Http { public_key } => {
            let discord = DiscordHttp {
                verifier: DiscordVerifier::new(public_key).context("discord.public_key")?,
                answers,
                clock: clock.clone(),
                body_limit: discord_receive::BODY_LIMIT,
            };
            Ok((discord_receive::routes(discord), None))
        }
        DiscordMode::Gateway => {
            let gateway = Gateway {
                api_url: settings.api_url.clone(),
                bot_token: settings.bot_token.clone(),
                application: settings.application,
                answers,
                clock: clock.clone(),
            };
            Ok((Router::new(), Some(gateway.start())))
        }
    }
}

impl Connections {
    /// Whether each of them stands.
    pub(super) fn connected(&self) -> Vec<watch::Receiver<bool>> {
        let slack = self.slack.as_ref().map(SocketHandle::connected);
        let discord = self.discord.as_ref().map(GatewayHandle::connected);
        slack.into_iter().chain(discord).collect()
    }

    /// Takes nothing more in.
    pub(super) async fn close(self) {
        if let Some(socket) = self.slack {
            socket.shutdown().await;
        }
        if let Some(gateway) = self.discord {
            gateway.shutdown().await;
        }
    }
}

impl Speakers {
    /// The same message with people named by their accounts on its platform, where the configuration links them. What is no
    /// card of this version is left to the speaker to refuse.
    fn among_friends(&self, message: &Outbound) -> Outbound {
        let platform = message.channel.platform;
        let known = |person: &Person| {
            let here = self.humans.others(person).find(|other| other.platform == platform);
            here.filter(|_| person.platform != platform).unwrap_or(person).clone()
        };
        let card = Card::deserialize(&message.body).ok();
        let named = card.and_then(|card| serde_json::to_value(card.with_people(&known)).ok());
        Outbound { body: named.unwrap_or_else(|| message.body.clone()), ..message.clone() }
    }
}

#[async_trait]
impl Notifier for Speakers {
    async fn notify(&self, message: &Outbound) -> Result<Option<MessageRef>, NotifyError> {
        let platform = message.channel.platform;
        let speaker: Option<&dyn Notifier> = match platform {
            Platform::Slack => self.slack.as_ref().map(|one| one as &dyn Notifier),
            Platform::Discord => self.discord.as_ref().map(|one| one as &dyn Notifier),
        };
        match speaker {
            Some(speaker) => speaker.notify(&self.among_friends(message)).await,
            None => {
                // The journal may hold posts of a platform that was taken out of the configuration.
                Err(NotifyError::ChannelClosed(format!("[{platform}] is not configured")))
            }
        }
    }
}
