//! Calls to Discord's REST API. Owns addresses, the bot token, time limits and the asking of `buckets.rs`; it must
//! never retry or wait: the outbox does that per channel. No redirect is followed, and nothing secret comes into a
//! message. Next: `notifier.rs` says messages with it, `classify.rs` reads its errors.
//!
//! serenity's own client is not used here: its limiter repeats without end and cannot be pointed at a model, and its
//! structs ask for members of answers that we do not need. A message that was said must not count as failed because of
//! one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::buckets::{Buckets, Route};
use super::classify::{self, Failure};
use super::directory::{Member, Role};
use super::wire::{Home, is_token, response_url};
use crate::adapters::http_client::{http_client, read_body};
use crate::adapters::secret::Secret;
use crate::engine::ports::{Clock, NotifyError};

/// Discord answers within a second or two; later than this nobody waits for it.
const CALL_LIMIT: Duration = Duration::from_secs(5);
const CONNECT_LIMIT: Duration = Duration::from_secs(3);
/// Discord refuses clients that do not name themselves like this.
const USER_AGENT: &str = concat!("DiscordBot (repoint, ", env!("CARGO_PKG_VERSION"), ")");

/// Where Discord's API is, and who we are there.
#[derive(Clone, Debug)]
pub struct DiscordApiConfig {
    /// `https://discord.com`, or a model's address.
    pub api_url: String,
    /// The bot token.
    pub bot_token: Secret,
    /// The application's id.
    pub application: String,
    /// The guild's id.
    pub guild: String,
}

/// Why no client could be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The configured address is none.
    #[error("{0:?} is not an address of Discord's API")]
    Address(String),
    /// The token cannot be sent.
    #[error("the bot token holds characters that no token has")]
    Token,
    /// The HTTP client could not be made.
    #[error("make an http client for discord")]
    Client(#[source] reqwest::Error),
}

/// Discord's API for one application in one guild.
pub struct DiscordApi {
    web: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    home: Home,
    buckets: Mutex<Buckets>,
    clock: Arc<dyn Clock>,
}

/// Who a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Identity {
    /// The bot's user id.
    pub id: String,
    /// The bot's name.
    pub username: String,
}

/// What we need of a channel.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FoundChannel {
    /// The guild it is in; direct messages are in none.
    pub guild_id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// What we need of a message that was said.
#[derive(Deserialize)]
pub(super) struct Said {
    pub(super) id: String,
}

#[derive(Deserialize)]
struct GatewayAddress {
    url: String,
}

/// One call.
struct Call<'a> {
    method: Method,
    route: Route<'a>,
    path: &'a [&'a str],
    body: Option<&'a Value>,
    credential: Credential,
}

/// What shows that we may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Credential {
    /// The bot token.
    Bot,
    /// A token in the path.
    InPath,
}

impl DiscordApi {
    /// A client; connects at its first call.
    pub fn new(config: &DiscordApiConfig, clock: Arc<dyn Clock>) -> Result<Self, ClientError> {
        let api = format!("{}/api/v10", config.api_url.trim_end_matches('/'));
        let base = Url::parse(&api).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
        let base = base.ok_or_else(|| ClientError::Address(config.api_url.clone()))?;
        let web = http_client()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_LIMIT)
            .timeout(CALL_LIMIT)
            .build()
            .map_err(ClientError::Client)?;
        let home =
            Home { application: config.application.clone(), guild: config.guild.clone(), api };
        let token = format!("Bot {}", config.bot_token.expose());
        let mut authorization = HeaderValue::from_str(&token).map_err(|_| ClientError::Token)?;
        authorization.set_sensitive(true);
        Ok(Self { web, base, authorization, home, buckets: Mutex::default(), clock })
    }

    /// Who we are and where.
    pub fn home(&self) -> &Home {
        &self.home
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Asks Discord who we are.
    pub async fn identity(&self) -> Result<Identity, NotifyError> {
        let route = Route { name: "GET users/@me", major: "" };
        Ok(self.get(route, &["users", "@me"]).await?)
    }

    /// Looks a channel up. One of another guild does not work for us.
    pub async fn channel(&self, channel: &str) -> Result<FoundChannel, NotifyError> {
        let route = Route { name: "GET channels", major: channel };
        let found: FoundChannel = self.get(route, &["channels", channel]).await?;
        if found.guild_id.as_deref() != Some(self.home.guild.as_str()) {
            let said = format!("channel {channel} is not in the configured guild");
            return Err(NotifyError::ChannelClosed(said));
        }
        Ok(found)
    }

    /// The guild's roles.
    pub(super) async fn roles(&self) -> Result<Vec<Role>, Failure> {
        let guild = self.home.guild.as_str();
        let route = Route { name: "GET guilds/roles", major: guild };
        self.get(route, &["guilds", guild, "roles"]).await
    }

    /// A member of the guild.
    pub(super) async fn member(&self, user: &str) -> Result<Member, Failure> {
        let guild = self.home.guild.as_str();
        let route = Route { name: "GET guilds/members", major: guild };
        self.get(route, &["guilds", guild, "members", user]).await
    }

    /// Where the gateway is.
    pub(super) async fn gateway(&self) -> Result<String, NotifyError> {
        let route = Route { name: "GET gateway", major: "" };
        let found: GatewayAddress = self.get(route, &["gateway"]).await?;
        Ok(found.url)
    }

    /// The application's commands in the guild.
    pub(super) async fn commands(&self) -> Result<Vec<Value>, NotifyError> {
        let Home { application, guild, .. } = &self.home;
        let route = Route { name: "GET commands", major: guild };
        let path = ["applications", application, "guilds", guild, "commands"];
        Ok(self.get(route, &path).await?)
    }

    /// Replaces all of them.
    pub(super) async fn put_commands(&self, commands: &Value) -> Result<Vec<Value>, NotifyError> {
        let Home { application, guild, .. } = &self.home;
        let route = Route { name: "PUT commands", major: guild };
        let path = ["applications", application, "guilds", guild, "commands"];
        Ok(self.send(Method::PUT, route, &path, commands).await?)
    }

    /// Says a message in a channel or a thread.
    pub(super) async fn post(&self, channel: &str, message: &Value) -> Result<Said, Failure> {
        let route = Route { name: "POST channels/messages", major: channel };
        self.send(Method::POST, route, &["channels", channel, "messages"], message).await
    }

    /// Replaces a message.
    pub(super) async fn edit(
        &self,
        channel: &str,
        id: &str,
        message: &Value,
    ) -> Result<Said, Failure> {
        let route = Route { name: "PATCH channels/messages", major: channel };
        self.send(Method::PATCH, route, &["channels", channel, "messages", id], message).await
    }

    /// Opens the thread of a message.
    pub(super) async fn open_thread(
        &self,
        channel: &str,
        message: &str,
        thread: &Value,
    ) -> Result<Said, Failure> {
        let route = Route { name: "POST channels/messages/threads", major: channel };
        let path = ["channels", channel, "messages", message, "threads"];
        self.send(Method::POST, route, &path, thread).await
    }

    /// Answers an interaction for the first time.
    pub(super) async fn answer(
        &self,
        id: &str,
        token: &str,
        answer: &Value,
    ) -> Result<(), Failure> {
        let route = Route { name: "POST interactions/callback", major: id };
        self.by_path(Method::POST, route, &["interactions", id, token, "callback"], answer).await
    }

    /// Replaces the first answer.
    pub(super) async fn edit_answer(&self, token: &str, message: &Value) -> Result<(), Failure> {
        let route = Route { name: "PATCH webhooks/messages/@original", major: token };
        let path = ["webhooks", &self.home.application, token, "messages", "@original"];
        self.by_path(Method::PATCH, route, &path, message).await
    }

    /// Answers once more.
    pub(super) async fn follow_up(&self, token: &str, message: &Value) -> Result<(), Failure> {
        let route = Route { name: "POST webhooks", major: token };
        let path = ["webhooks", &self.home.application, token];
        self.by_path(Method::POST, route, &path, message).await
    }

    /// The token of an address for answers, if it is one of ours.
    pub(super) fn token_of<'u>(&self, response_url: &'u str) -> Option<&'u str> {
        let ours = self::response_url(&self.home, "");
        response_url.strip_prefix(&ours).filter(|token| is_token(token))
    }

    async fn get<T: DeserializeOwned>(
        &self,
        route: Route<'_>,
        path: &[&str],
    ) -> Result<T, Failure> {
        let credential = Credential::Bot;
        let call = Call { method: Method::GET, route, path, body: None, credential };
        self.read(call.route, self.call(&call).await?)
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        route: Route<'_>,
        path: &[&str],
        body: &Value,
    ) -> Result<T, Failure> {
        let call = Call { method, route, path, body: Some(body), credential: Credential::Bot };
        self.read(call.route, self.call(&call).await?)
    }

    /// Of these answers nothing is needed.
    async fn by_path(
        &self,
        method: Method,
        route: Route<'_>,
        path: &[&str],
        body: &Value,
    ) -> Result<(), Failure> {
        let call = Call { method, route, path, body: Some(body), credential: Credential::InPath };
        self.call(&call).await.map(|_| ())
    }

    fn read<T: DeserializeOwned>(&self, route: Route<'_>, body: Vec<u8>) -> Result<T, Failure> {
        let garbled =
            |_| Failure::transient(format!("discord's answer to {} made no sense", route.name));
        serde_json::from_slice(&body).map_err(garbled)
    }

    /// The body of a success; everything else is a failure.
    async fn call(&self, call: &Call<'_>) -> Result<Vec<u8>, Failure> {
        let name = call.route.name;
        self.buckets().take(call.route, self.clock.now()).map_err(Failure::held)?;
        let unreachable =
            |_| Failure::transient(format!("discord could not be reached for {name}"));
        let response = self.request(call).send().await.map_err(unreachable)?;
        let status = response.status();
        self.buckets().learn(call.route, response.headers(), self.clock.now());
        let retry_after = response.headers().get(RETRY_AFTER).cloned();
        let body = read_body(response).await;
        if status.is_success() {
            return body.map_err(|_| Failure::transient(format!("the answer to {name} broke off")));
        }
        let body = body.unwrap_or_default();
        let mut failure = classify::failure(name, status.as_u16(), &body);
        if status.as_u16() == 429 {
            let header = retry_after.as_ref().and_then(|value| value.to_str().ok());
            let wait = classify::wait(&body, header);
            self.buckets().refuse(call.route, wait.scope, wait.span, self.clock.now());
            failure.meaning = NotifyError::Throttled { retry_after: wait.span };
        }
        Err(failure)
    }

    fn request(&self, call: &Call<'_>) -> reqwest::RequestBuilder {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the address has a host: checked when the client was made")
            .pop_if_empty()
            .extend(call.path);
        let mut request = self.web.request(call.method.clone(), url);
        if call.credential == Credential::Bot {
            request = request.header(AUTHORIZATION, self.authorization.clone());
        }
        match call.body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
