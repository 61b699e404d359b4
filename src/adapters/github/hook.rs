//! GitHub's webhook. Owns the route, its limits and the signature. It must verify the raw bytes before anything reads
//! them, must believe nothing that stands in them but which repository they are about, and must leave no trace in the
//! journal: a delivery only wakes the looks that are made anyway. A repeat of one is therefore harmless, and so is the
//! loss of one. Next: `engine::ports::Listener`.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use crate::adapters::secret::Secret;
use crate::adapters::signed::{self, Refused};
use crate::engine::ports::Listener;

pub use crate::adapters::signed::BODY_LIMIT;

/// Where GitHub posts.
pub const PATH: &str = "/hooks/github";

/// GitHub sends up to 25 MB; what concerns a pull request, a check or a push stays far below this.
const LARGEST_BODY: usize = 1024 * 1024;

/// The header that carries `sha256=` and the signature in lower-case hex.
const SIGNATURE_HEADER: &str = "x-hub-signature-256";
/// The header that says what happened. It is not signed, which costs nothing: it is not believed either.
const EVENT_HEADER: &str = "x-github-event";

/// What moves a gate, a main branch or a build. Of everything else in a busy repository nobody is woken.
const EVENTS: [&str; 12] = [
    "check_run",
    "check_suite",
    "deployment",
    "deployment_status",
    "merge_group",
    "pull_request",
    "pull_request_review",
    "pull_request_review_thread",
    "push",
    "status",
    "workflow_job",
    "workflow_run",
];

/// What the route needs.
#[derive(Clone)]
pub struct GitHubHook {
    /// Says which deliveries are GitHub's.
    pub signature: Signature,
    /// Is told of them.
    pub listener: Arc<dyn Listener>,
    /// How long a body may take, in the time of sockets: usually [`BODY_LIMIT`].
    pub body_limit: Duration,
}

/// GitHub's signature: HMAC-SHA256 over the raw body.
#[derive(Clone)]
pub struct Signature {
    key: Hmac<Sha256>,
}

impl Signature {
    /// Believes what this secret signed.
    pub fn new(secret: &Secret) -> Self {
        let key = Hmac::new_from_slice(secret.expose().as_bytes());
        Self { key: key.expect("HMAC takes keys of any length") }
    }

    /// Believes the body, or says why not.
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refused> {
        let claimed = signed::digest(signed::only(headers, SIGNATURE_HEADER)?, "sha256=")?;
        let mut mac = self.key.clone();
        mac.update(body);
        mac.verify_slice(&claimed).map_err(|_| Refused::Mismatch)
    }
}

/// The little that is read of a delivery.
#[derive(Deserialize)]
struct Delivery {
    repository: Option<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

/// `POST /hooks/github`.
pub fn routes(hook: GitHubHook) -> Router {
    Router::new()
        .route(PATH, post(receive))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(hook)
}

/// 202: whatever there is to see is looked at later. 204: there is nothing to look at.
async fn receive(State(hook): State<GitHubHook>, request: Request) -> StatusCode {
    let (headers, body) = match signed::read(request, hook.body_limit).await {
        Ok(read) => read,
        Err(status) => return status,
    };
    if let Err(reason) = hook.signature.verify(&headers, &body) {
        tracing::debug!(%reason, "refused a delivery that is not github's");
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(delivery) = serde_json::from_slice::<Delivery>(&body) else {
        tracing::warn!("github signed a delivery that is not JSON: choose application/json there");
        return StatusCode::BAD_REQUEST;
    };
    let event = headers.get(EVENT_HEADER).and_then(|event| event.to_str().ok());
    let is_about_us = event.is_some_and(|event| EVENTS.contains(&event));
    match delivery.repository.filter(|_| is_about_us) {
        Some(repository) => {
            hook.listener.hear_of(&repository.full_name);
            StatusCode::ACCEPTED
        }
        None => StatusCode::NO_CONTENT,
    }
}

#[cfg(test)]
mod tests;
