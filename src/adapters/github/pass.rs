//! What opens one repository: a token that somebody made, or one that a GitHub App is given for its installation there.
//!
//! ```text
//! key ──signs──► a word of ten minutes ──installation──► a token of one hour, kept until five minutes before its end
//! ```
//! An installation's token is for its one repository, and is dropped when GitHub does not take it any more. Must never
//! ask for a token twice for one call that fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::app_key::AppKey;
use super::error::CallError;
use super::line::Line;
use crate::adapters::secret::Secret;
use crate::domain::time::{Span, Timestamp};

/// How the bot shows who it is.
#[derive(Clone, Debug)]
pub enum GitHubAccess {
    /// By a token that somebody made.
    Token(Secret),
    /// As a GitHub App.
    App {
        /// The App with its key.
        key: AppKey,
        /// Its installation; `None`: looked up by the repository.
        installation: Option<u64>,
    },
}

/// A token is not used any more this long before its end: a call must not outlive it.
const BEFORE_THE_END: Span = Span::minutes(5);

/// Opens one repository.
#[derive(Clone)]
pub(super) enum Pass {
    Token(Secret),
    App(Arc<Installation>),
}

/// A GitHub App at one repository.
pub(super) struct Installation {
    key: AppKey,
    owner: String,
    name: String,
    /// Where it is configured.
    id: Option<u64>,
    held: Mutex<Option<Held>>,
}

/// A token of an installation.
#[derive(Clone)]
struct Held {
    token: Secret,
    until: Timestamp,
    granted: Granted,
}

/// What an App's token lets the bot do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// The installation's id.
    pub installation: u64,
    /// GitHub's names of what may be touched, with `read` or `write`.
    pub permissions: BTreeMap<String, String>,
}

impl Granted {
    /// Whether reverts can be made with it.
    pub(super) fn may_push(&self) -> bool {
        let may_write = |what: &str| self.permissions.get(what).is_some_and(|how| how == "write");
        may_write("contents") && may_write("pull_requests")
    }
}

impl Pass {
    pub(super) fn new(access: &GitHubAccess, owner: &str, name: &str) -> Self {
        match access {
            GitHubAccess::Token(token) => Self::Token(token.clone()),
            GitHubAccess::App { key, installation } => Self::App(Arc::new(Installation {
                key: key.clone(),
                owner: owner.to_owned(),
                name: name.to_owned(),
                id: *installation,
                held: Mutex::default(),
            })),
        }
    }

    /// The token that opens the repository now.
    pub(super) async fn token(&self, line: &Line) -> Result<Secret, CallError> {
        match self {
            Self::Token(token) => Ok(token.clone()),
            Self::App(installation) => Ok(installation.held(line).await?.token),
        }
    }

    /// What the token is for; `None`: nobody but GitHub knows.
    pub(super) async fn granted(&self, line: &Line) -> Result<Option<Granted>, CallError> {
        let Self::App(installation) = self else { return Ok(None) };
        Ok(Some(installation.held(line).await?.granted))
    }

    /// GitHub does not take this token any more: whether there may be another one.
    pub(super) async fn drops(&self, token: &Secret) -> bool {
        let Self::App(installation) = self else { return false };
        let mut held = installation.held.lock().await;
        // Somebody else may have a new one already.
        if held.as_ref().is_some_and(|held| held.token.expose() == token.expose()) {
            *held = None;
        }
        true
    }
}

/// `GET /repos/{owner}/{repo}/installation`
#[derive(Deserialize)]
struct Found {
    id: u64,
}

/// `POST /app/installations/{installation_id}/access_tokens`
#[derive(Deserialize)]
struct Made {
    token: String,
    expires_at: String,
    #[serde(default)]
    permissions: BTreeMap<String, String>,
}

impl Installation {
    async fn held(&self, line: &Line) -> Result<Held, CallError> {
        // Whoever comes meanwhile waits for the same token.
        let mut held = self.held.lock().await;
        let now = line.clock.now();
        if let Some(held) = held.as_ref().filter(|held| now < held.until) {
            return Ok(held.clone());
        }
        let made = self.made(line).await.map_err(|error| CallError::NoPass(Box::new(error)))?;
        *held = Some(made.clone());
        Ok(made)
    }

    async fn made(&self, line: &Line) -> Result<Held, CallError> {
        let word = self.key.word(line.clock.now()).map_err(CallError::NotAsked)?;
        let id = match self.id {
            Some(id) => id,
            // Once an hour, so it is found again when the App is installed anew.
            None => {
                let path = ["repos", &self.owner, &self.name, "installation"];
                let found: Found = line.ask(line.request(Method::GET, &path, &[]), &word).await?;
                found.id
            }
        };
        let named = id.to_string();
        let path = ["app", "installations", &named, "access_tokens"];
        let body = json!({"repositories": [self.name]});
        let made: Made =
            line.ask(line.request(Method::POST, &path, &[]).json(&body), &word).await?;
        let end: jiff::Timestamp = made.expires_at.parse().map_err(|_| CallError::Garbled {
            status: 201,
            what: "the token's end is no time".to_owned(),
        })?;
        Ok(Held {
            token: Secret::new(made.token),
            until: Timestamp(end.as_millisecond()) - BEFORE_THE_END,
            granted: Granted { installation: id, permissions: made.permissions },
        })
    }
}
