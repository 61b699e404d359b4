//! Calls about one repository, with the token that opens it.
//!
//! Owns lists, documents and the one repeat that there is: a call that was turned away at the door, because an
//! installation's token had been taken back, is made once more with a new one. What an answer means is in `wire`.

use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::error::CallError;
use super::line::Line;
use super::pass::{Granted, Pass};
use crate::adapters::secret::Secret;

/// How long a call that changes something may take: giving up on one is dearer than waiting.
const WRITE_DEADLINE: Duration = Duration::from_secs(20);

/// So many rows are asked for at once, the most that GitHub gives.
const PAGE: usize = 100;

/// So many pages are read; more is said to be unreadable.
const MOST_PAGES: usize = 10;

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
    line: Line,
    pass: Pass,
}

impl Client {
    pub(super) fn new(line: Line, pass: Pass) -> Self {
        Self { line, pass }
    }

    /// The token that opens the repository now, for git.
    pub(super) async fn token(&self) -> Result<Secret, CallError> {
        self.pass.token(&self.line).await
    }

    /// What that token is for, where it is an App's.
    pub(super) async fn granted(&self) -> Result<Option<Granted>, CallError> {
        self.pass.granted(&self.line).await
    }

    /// GitHub does not take a token any more: whether there may be another one.
    pub(super) async fn drops(&self, token: &Secret) -> bool {
        self.pass.drops(token).await
    }

    /// Looks something up. The segments of the path are not yet encoded: each is one segment, whatever it holds.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, CallError> {
        self.ask(self.line.request(Method::GET, path, query)).await.map(|(answer, _)| answer)
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
        let request = self.line.request(method, path, &[]);
        self.ask(request.timeout(WRITE_DEADLINE).json(body)).await.map(|(answer, _)| answer)
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
        let request = self.line.document().timeout(WRITE_DEADLINE).json(&body);
        let (answer, token): (Answer<T>, Secret) = self.ask(request).await?;
        match (answer.errors.first(), answer.data) {
            (Some(first), _) => Err(CallError::declined(&token.blot(&first.message))),
            (None, Some(data)) => Ok(data),
            (None, None) => {
                Err(CallError::Garbled { status: 200, what: "it holds no data".to_owned() })
            }
        }
    }

    /// The answer, and the token that it was given to.
    async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<(T, Secret), CallError> {
        let again = request.try_clone();
        let token = self.token().await?;
        match (self.line.ask(request, &token).await, again) {
            (Err(error), Some(again)) if error.says(401, "") && self.drops(&token).await => {
                tracing::info!("github took the installation's token back; another one is made");
                let token = self.token().await?;
                Ok((self.line.ask(again, &token).await?, token))
            }
            (answer, _) => Ok((answer?, token)),
        }
    }
}
