//! One request to Vercel's API and its answer.
//!
//! Owns addresses, scope, deadlines and the reading of bodies. Must never repeat a call, follow a redirect or let the
//! token into a message. What a failure means is in `error`, what an answer means in `wire`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::error::{CallError, garbled, refused};
use super::provider::{VercelConfig, VercelSetupError};
use crate::adapters::http_client::{BodyError, LONGEST_BODY, cause, http_client, read_body_up_to};
use crate::adapters::secret::Secret;
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;

/// How long a call may take in all, from the connection to the last byte.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadlines {
    pub(super) read: Duration,
    pub(super) write: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { read: Duration::from_secs(5), write: Duration::from_secs(10) }
    }
}

/// Shorter than both deadlines, so that "never connected" can be told from "sent, no answer".
const CONNECT: Duration = Duration::from_secs(3);

/// The longest page of a log: its rows quote what the site wrote to its own log.
const LONGEST_LOG: usize = 4 * LONGEST_BODY;

/// The account that a call is made in.
#[derive(Clone, Debug)]
pub(super) struct Scope(Option<String>);

impl Scope {
    /// A team by id or slug, or the token's own account.
    pub(super) fn new(team: Option<String>) -> Self {
        Self(team)
    }

    /// The team's immutable id, where that is what was configured.
    pub(super) fn team_id(&self) -> Option<&str> {
        self.0.as_deref().filter(|team| is_team_id(team))
    }

    fn query(&self) -> Option<(&'static str, &str)> {
        let team = self.0.as_deref()?;
        Some((if is_team_id(team) { "teamId" } else { "slug" }, team))
    }

    fn describe(&self) -> String {
        match &self.0 {
            Some(team) => format!("team {team}"),
            None => "the token's own account".to_owned(),
        }
    }
}

/// Whether a name is a team's id; anything else is a slug, or a personal account.
pub(super) fn is_team_id(name: &str) -> bool {
    name.starts_with("team_")
}

/// What is asked for.
pub(super) struct Call<'a> {
    pub(super) scope: &'a Scope,
    /// The path's segments, not yet encoded.
    pub(super) path: &'a [&'a str],
    pub(super) query: &'a [(&'a str, &'a str)],
}

/// Sends requests and reads answers.
pub(super) struct Client {
    reads: reqwest::Client,
    writes: reqwest::Client,
    api_url: Url,
    logs_url: Url,
    token: Secret,
    deadlines: Deadlines,
    clock: Arc<dyn Clock>,
}

impl Client {
    pub(super) fn new(
        config: VercelConfig,
        deadlines: Deadlines,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, VercelSetupError> {
        if !matches!(config.api_url.scheme(), "http" | "https") {
            return Err(VercelSetupError::NotAWebAddress(config.api_url.scheme().to_owned()));
        }
        let http = || {
            http_client()
                .user_agent(concat!("repoint/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT)
        };
        let reads = http().build().map_err(VercelSetupError::Client)?;
        // A kept connection that died could make the HTTP layer send a write anew: each write gets its own.
        let writes = http().pool_max_idle_per_host(0).build().map_err(VercelSetupError::Client)?;
        let logs_url = logs_url(&config.api_url);
        let (api_url, token) = (config.api_url, config.token);
        Ok(Self { reads, writes, api_url, logs_url, token, deadlines, clock })
    }

    /// Looks something up.
    pub(super) async fn get<T: DeserializeOwned>(&self, call: &Call<'_>) -> Result<T, CallError> {
        self.look_up(&self.api_url, call, LONGEST_BODY).await
    }

    /// Looks something up in the logs, which are elsewhere and long.
    pub(super) async fn get_log<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
    ) -> Result<T, CallError> {
        self.look_up(&self.logs_url, call, LONGEST_LOG).await
    }

    /// What time it is.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn look_up<T: DeserializeOwned>(
        &self,
        base: &Url,
        call: &Call<'_>,
        longest: usize,
    ) -> Result<T, CallError> {
        let request = self
            .reads
            .get(address(base, call))
            .bearer_auth(self.token.expose())
            .timeout(self.deadlines.read);
        let (status, body) = self.answer(call, request, longest).await?;
        serde_json::from_slice(&body).map_err(|error| garbled(status, &body, &error))
    }

    /// Asks for a change, once; the status tells how it was taken.
    pub(super) async fn change(
        &self,
        method: Method,
        call: &Call<'_>,
        body: &Value,
    ) -> Result<u16, CallError> {
        let request = self
            .writes
            .request(method, address(&self.api_url, call))
            .bearer_auth(self.token.expose())
            .timeout(self.deadlines.write)
            .json(body);
        let (status, body) = self.answer(call, request, LONGEST_BODY).await?;
        // Rollback answers with nothing at all, other writes with JSON. A page comes from something in between.
        if body.is_empty() {
            return Ok(status);
        }
        match serde_json::from_slice::<Value>(&body) {
            Ok(_) => Ok(status),
            Err(error) => Err(garbled(status, &body, &error)),
        }
    }

    /// The status and body of a success; everything else is an error.
    async fn answer(
        &self,
        call: &Call<'_>,
        request: reqwest::RequestBuilder,
        longest: usize,
    ) -> Result<(u16, Vec<u8>), CallError> {
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let retry_after = response
            .headers()
            .get(reqwest::header::RETRY_AFTER)
            .and_then(|value| value.to_str().ok())
            .map(ToOwned::to_owned);
        let body = read_body_up_to(response, longest).await;
        if status.is_success() {
            return Ok((status.as_u16(), body.map_err(unreadable(status))?));
        }
        if status.is_client_error() || status.is_server_error() {
            // The status is the answer; a body that broke off only costs Vercel's sentence.
            let body = body.unwrap_or_default();
            let now = self.clock.now();
            let scope = call.scope.describe();
            let blot = |text: &str| self.token.blot(text);
            return Err(refused(status.as_u16(), retry_after.as_deref(), &body, now, scope, blot));
        }
        let what = "it points elsewhere, and redirects are not followed".to_owned();
        Err(CallError::Garbled { status: status.as_u16(), what })
    }
}

fn address(base: &Url, call: &Call<'_>) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("an http address has a path, and the scheme is checked at the start")
        .pop_if_empty()
        .extend(call.path);
    if call.query.is_empty() && call.scope.query().is_none() {
        return url;
    }
    url.query_pairs_mut().extend_pairs(call.query).extend_pairs(call.scope.query());
    url
}

/// Where the request logs are: Vercel's own client asks the site for them, and any other host as it is.
pub(super) fn logs_url(api_url: &Url) -> Url {
    let is_vercels = api_url.scheme() == "https" && api_url.host_str() == Some("api.vercel.com");
    let site = is_vercels.then(|| Url::parse("https://vercel.com").ok()).flatten();
    site.unwrap_or_else(|| api_url.clone())
}

fn unanswered(error: reqwest::Error) -> CallError {
    if error.is_connect() {
        return CallError::NotSent(cause(error));
    }
    CallError::NoAnswer(if error.is_timeout() {
        "it took too long".to_owned()
    } else {
        cause(error)
    })
}

fn unreadable(status: StatusCode) -> impl Fn(BodyError) -> CallError {
    move |error| match error {
        BodyError::Broken(error) => unanswered(error),
        BodyError::TooLong(_) => {
            CallError::Garbled { status: status.as_u16(), what: error.to_string() }
        }
    }
}
