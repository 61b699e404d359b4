//! One request to GitHub's API and its answer.
//!
//! Owns addresses, deadlines and the reading of bodies. Must never repeat a call, follow a redirect or let the token
//! into a message. What a failure means is in `error`, what an answer means in `wire`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

use super::code::{GitHubConfig, GitHubSetupError};
use super::error::{CallError, Limits, refused};
use crate::adapters::http_client::{BodyError, cause, read_body_up_to};
use crate::adapters::secret::Secret;
use crate::engine::ports::Clock;

/// How long a call may take in all, from the connection to the last byte.
const DEADLINE: Duration = Duration::from_secs(5);

/// How long a call that changes something may take: giving up on one is dearer than waiting.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);

/// Shorter, so that "never connected" can be told from "no answer".
const CONNECT: Duration = Duration::from_secs(3);

/// A comparison of three hundred files carries their patches as well.
const LONGEST_BODY: usize = 8 << 20;

/// So many rows are asked for at once, the most that GitHub gives.
const PAGE: usize = 100;

/// So many pages are read; more is said to be unreadable.
const MOST_PAGES: usize = 10;

/// The API's version that these calls were written against.
const VERSION: &str = "2022-11-28";

/// One page of a list.
pub(super) trait Page: DeserializeOwned {
    /// What it lists.
    type Row;
    /// Its rows.
    fn rows(self) -> Vec<Self::Row>;
}

impl<T: DeserializeOwned> Page for Vec<T> {
    type Row = T;

    fn rows(self) -> Vec<T> {
        self
    }
}

/// Sends requests and reads answers.
pub(super) struct Client {
    http: reqwest::Client,
    api_url: Url,
    token: Secret,
    clock: Arc<dyn Clock>,
}

impl Client {
    pub(super) fn new(
        config: GitHubConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GitHubSetupError> {
        if !matches!(config.api_url.scheme(), "http" | "https") {
            return Err(GitHubSetupError::NotAWebAddress(config.api_url.scheme().to_owned()));
        }
        let http = reqwest::Client::builder()
            .user_agent(concat!("repoint/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()
            .map_err(GitHubSetupError::Client)?;
        Ok(Self { http, api_url: config.api_url, token: config.token, clock })
    }

    /// Looks something up. The segments of the path are not yet encoded: each is one segment, whatever it holds.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.ask(self.http.get(self.address(path, query))).await
    }

    /// Reads every page of a list.
    pub(super) async fn all<P: Page>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Vec<P::Row>, CallError> {
        let mut rows = Vec::new();
        for page in 1..=MOST_PAGES {
            let (size, number) = (PAGE.to_string(), page.to_string());
            let mut query = query.to_vec();
            query.extend([("per_page", &*size), ("page", &*number)]);
            let found = self.get::<P>(path, &query).await?.rows();
            let is_last = found.len() < PAGE;
            rows.extend(found);
            if is_last {
                return Ok(rows);
            }
        }
        Err(CallError::NotAsked(format!("github lists more than {}", PAGE * MOST_PAGES)))
    }

    /// Changes something, once.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        body: &Value,
    ) -> Result<T, CallError> {
        let request = self.http.request(method, self.address(path, &[]));
        self.ask(request.timeout(WRITE_DEADLINE).json(body)).await
    }

    /// Asks by GraphQL, which answers 200 to what it refuses.
    pub(super) async fn graphql<T: DeserializeOwned>(
        &self,
        query: &str,
        variables: &Value,
    ) -> Result<T, CallError> {
        #[derive(Deserialize)]
        struct Answer<T> {
            data: Option<T>,
            #[serde(default)]
            errors: Vec<Complaint>,
        }
        #[derive(Deserialize)]
        struct Complaint {
            message: String,
        }
        let body = json!({"query": query, "variables": variables});
        let request = self.http.post(self.graphql_address()).timeout(WRITE_DEADLINE).json(&body);
        let answer: Answer<T> = self.ask(request).await?;
        match (answer.errors.first(), answer.data) {
            (Some(first), _) => Err(CallError::declined(&self.token.blot(&first.message))),
            (None, Some(data)) => Ok(data),
            (None, None) => {
                Err(CallError::Garbled { status: 200, what: "it holds no data".to_owned() })
            }
        }
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, CallError> {
        let request = request
            .bearer_auth(self.token.expose())
            .header("accept", "application/vnd.github+json")
            .header("x-github-api-version", VERSION);
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        let limits = limits(response.headers());
        let body = read_body_up_to(response, LONGEST_BODY).await;
        if status.is_success() {
            let body = body.map_err(|error| unreadable(status.as_u16(), error))?;
            return serde_json::from_slice(&body)
                .map_err(|error| CallError::garbled(status.as_u16(), &body, &error));
        }
        // The status is the answer; a body that broke off only costs GitHub's sentence.
        let body = body.unwrap_or_default();
        let blot = |text: &str| self.token.blot(text);
        Err(refused(status.as_u16(), &limits, &body, self.clock.now(), blot))
    }

    /// Beside the API at github.com, beside its version elsewhere.
    fn graphql_address(&self) -> Url {
        let mut url = self.api_url.clone();
        let is_versioned = url.path().trim_end_matches('/').ends_with("/v3");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            if is_versioned {
                segments.pop();
            }
            segments.push("graphql");
        }
        url
    }

    fn address(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.api_url.clone();
        url.path_segments_mut()
            .expect("an http address has a path, and the scheme is checked at the start")
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

fn limits(headers: &HeaderMap) -> Limits {
    Limits {
        retry_after: number(headers, "retry-after"),
        remaining: number(headers, "x-ratelimit-remaining"),
        reset: number(headers, "x-ratelimit-reset"),
    }
}

fn number<T: std::str::FromStr>(headers: &HeaderMap, name: &str) -> Option<T> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
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

fn unreadable(status: u16, error: BodyError) -> CallError {
    match error {
        BodyError::Broken(error) => unanswered(error),
        BodyError::TooLong(_) => CallError::Garbled { status, what: error.to_string() },
    }
}
