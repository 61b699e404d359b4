//! Slack's requests over HTTP. Owns the two routes and their limits. It must verify the raw bytes before anything reads
//! them, must answer within Slack's three seconds, and must leave no trace of a request that it does not believe. Next:
//! `verify.rs`, `wire.rs`, then whoever implements [`Intake`].

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};

use super::forms::Forms;
use super::hand_over::{self, Reply};
use super::render;
use super::verify::Verifier;
use super::wire::{self, Malformed};
use crate::adapters::signed;
use crate::chat::inbound::{Inbound, Intake};
use crate::engine::ports::Clock;

pub use crate::adapters::signed::BODY_LIMIT;

/// Slack's largest payload, a press on a full message, stays far below.
const LARGEST_BODY: usize = 256 * 1024;

/// What the routes need.
#[derive(Clone)]
pub struct SlackHttp {
    /// Says which requests are Slack's.
    pub verifier: Arc<Verifier>,
    /// The configured workspace's id.
    pub team: String,
    /// Takes the requests in.
    pub intake: Arc<dyn Intake>,
    /// Opens forms.
    pub forms: Arc<Forms>,
    /// Says what time it is.
    pub clock: Arc<dyn Clock>,
    /// How long a body may take, in the time of sockets: usually [`BODY_LIMIT`].
    pub body_limit: Duration,
}

/// `POST /slack/commands` and `POST /slack/interactions`.
pub fn routes(state: SlackHttp) -> Router {
    Router::new()
        .route("/slack/commands", post(command))
        .route("/slack/interactions", post(interaction))
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(state)
}

async fn command(State(slack): State<SlackHttp>, request: Request) -> Response {
    let inbound = match slack.accept(request, wire::command_form).await {
        Ok(inbound) => inbound,
        Err(status) => return status.into_response(),
    };
    respond(hand_over::command(slack.intake.as_ref(), inbound).await)
}

async fn interaction(State(slack): State<SlackHttp>, request: Request) -> Response {
    let inbound = match slack.accept(request, wire::interaction_form).await {
        Ok(inbound) => inbound,
        Err(status) => return status.into_response(),
    };
    respond(hand_over::interaction(slack.intake.as_ref(), &slack.forms, inbound).await)
}

fn respond(reply: Reply) -> Response {
    match reply {
        Reply::Ack => StatusCode::OK.into_response(),
        Reply::Shown(payload) => Json(payload).into_response(),
        Reply::NotTaken(card) => {
            (StatusCode::SERVICE_UNAVAILABLE, Json(render::answer(&card))).into_response()
        }
    }
}

impl SlackHttp {
    /// Reads, verifies and parses, in this order; the status to refuse with otherwise, without detail.
    async fn accept(
        &self,
        request: Request,
        parse: fn(&str, &[u8]) -> Result<Inbound, Malformed>,
    ) -> Result<Inbound, StatusCode> {
        let (headers, body) = signed::read(request, self.body_limit).await?;
        self.verifier.verify(&headers, &body, self.clock.wall()).map_err(|reason| {
            tracing::debug!(%reason, "refused a request that is not Slack's");
            StatusCode::UNAUTHORIZED
        })?;
        if !is_form(&headers) {
            return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        parse(&self.team, &body).map_err(|reason| {
            tracing::warn!(%reason, "refused a request that Slack signed");
            StatusCode::BAD_REQUEST
        })
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

#[cfg(test)]
mod tests;
