//! Discord's requests over HTTP. Owns the route and its limits. It must verify the raw bytes before anything reads
//! them, must answer within Discord's three seconds, and must leave no trace of a request that it does not believe.
//! Next: `verify.rs`, `wire.rs`, `answer.rs`.
//!
//! Discord probes the endpoint with wrong signatures and takes its address away unless each is answered with 401.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use super::answer::Answers;
use super::verify::Verifier;
use super::wire::{self, Heard};
use crate::adapters::signed;
use crate::engine::ports::Clock;

pub use crate::adapters::signed::BODY_LIMIT;

/// Discord's largest payload, a press on a full message, stays far below.
const LARGEST_BODY: usize = 256 * 1024;

const PONG: u8 = 1;

/// What the route needs.
#[derive(Clone)]
pub struct DiscordHttp {
    /// Says which requests are Discord's.
    pub verifier: Verifier,
    /// Answers them.
    pub answers: Answers,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// How long a body may take, in the time of sockets: usually [`BODY_LIMIT`].
    pub body_limit: Duration,
}

/// `POST /discord/interactions`.
pub fn routes(state: DiscordHttp) -> Router {
    Router::new()
        .route("/discord/interactions", post(interaction))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state)
}

async fn interaction(State(discord): State<DiscordHttp>, request: Request) -> Response {
    match discord.accept(request).await {
        Ok(Heard::Ping) => Json(json!({ "type": PONG })).into_response(),
        Ok(Heard::Interaction(interaction)) => {
            Json(discord.answers.first(*interaction).await).into_response()
        }
        Err(status) => status.into_response(),
    }
}

impl DiscordHttp {
    /// Reads, verifies and parses, in this order; the status to refuse with otherwise, without detail.
    async fn accept(&self, request: Request) -> Result<Heard, StatusCode> {
        let (headers, body) = signed::read(request, self.body_limit).await?;
        self.verifier.verify(&headers, &body, self.clock.wall()).map_err(|reason| {
            tracing::debug!(%reason, "refused a request that is not discord's");
            StatusCode::UNAUTHORIZED
        })?;
        wire::interaction(self.answers.api().home(), &body).map_err(|reason| {
            tracing::warn!(%reason, "refused a request that discord signed");
            StatusCode::BAD_REQUEST
        })
    }
}

#[cfg(test)]
#[cfg(feature = "demo")]
mod tests;
