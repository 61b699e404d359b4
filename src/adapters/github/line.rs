//! One request to GitHub's API and its answer.
//!
//! Owns addresses, deadlines and the reading of bodies. Must never repeat a call, follow a redirect or let a token into a
//! message. Whose token it is, is a matter of `pass`; what a failure means is in `error`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde::de::DeserializeOwned;
use url::Url;

use super::code::GitHubSetupError;
use super::error::{CallError, Limits, refused};
use crate::adapters::http_client::{BodyError, cause, http_client, read_body_up_to};
use crate::adapters::secret::Secret;
use crate::engine::ports::Clock;

/// How long a call may take in all, from the connection to the last byte.
const DEADLINE: Duration = Duration::from_secs(5);

/// Shorter, so that "never connected" can be told from "no answer".
const CONNECT: Duration = Duration::from_secs(3);

/// A comparison of three hundred files carries their patches as well.
const LONGEST_BODY: usize = 8 << 20;

/// The API's version that these calls were written against.
const VERSION: &str = "2022-11-28";

/// The way to the API.
#[derive(Clone)]
pub(super) struct Line {
    http: reqwest::Client,
    api_url: Url,
    pub(super) clock: Arc<dyn Clock>,
}

impl Line {
    pub(super) fn new(api_url: Url, clock: Arc<dyn Clock>) -> Result<Self, GitHubSetupError> {
        if !matches!(api_url.scheme(), "http" | "https") {
            return Err(GitHubSetupError::NotAWebAddress(api_url.scheme().to_owned()));
        }
        let http = http_client()
            .user_agent(concat!("repoint/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .timeout(DEADLINE)
            .build()
            .map_err(GitHubSetupError::Client)?;
        Ok(Self { http, api_url, clock })
    }

    /// A request that nobody has sent. The segments of the path are not yet encoded: each is one segment, whatever it
    /// holds.
    pub(super) fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> RequestBuilder {
        let mut url = self.api_url.clone();
        url.path_segments_mut()
            .expect("an http address has a path, and the scheme is checked at the start")
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.http.request(method, url)
    }

    /// The same for a document of GraphQL, whose place is beside the API at github.com, beside its version elsewhere.
    pub(super) fn document(&self) -> RequestBuilder {
        let mut url = self.api_url.clone();
        let is_versioned = url.path().trim_end_matches('/').ends_with("/v3");
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty();
            if is_versioned {
                segments.pop();
            }
            segments.push("graphql");
        }
        self.http.post(url)
    }

    /// Sends a request with a token and reads what comes back.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        token: &Secret,
    ) -> Result<T, CallError> {
        let request = request
            .bearer_auth(token.expose())
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
        let blot = |text: &str| token.blot(text);
        Err(refused(status.as_u16(), &limits, &body, self.clock.now(), blot))
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
