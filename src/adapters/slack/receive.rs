//! Slack's requests over HTTP. Owns the two routes and their limits. It must verify the raw bytes before anything reads
//! them, must answer within Slack's three seconds, and must leave no trace of a request that it does not believe. Next:
//! `verify.rs`, `wire.rs`, then whoever implements [`Intake`].

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use tokio::time::timeout;

use super::hand_over::{HandOver, hand_over, late_answer};
use super::render;
use super::verify::Verifier;
use super::wire::{self, Malformed};
use crate::chat::inbound::{Inbound, Intake};
use crate::chat::reply::Card;
use crate::engine::ports::Clock;

/// Slack's largest payload, a press on a full message, stays far below.
const LARGEST_BODY: usize = 256 * 1024;
/// How long a body may take. Slack sends it at once.
pub const BODY_LIMIT: Duration = Duration::from_secs(5);

/// What the routes need.
#[derive(Clone)]
pub struct SlackHttp {
    /// Says which requests are Slack's.
    pub verifier: Arc<Verifier>,
    /// The configured workspace's id.
    pub team: String,
    /// Takes the requests in.
    pub intake: Arc<dyn Intake>,
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
    match hand_over(slack.intake.as_ref(), inbound).await {
        HandOver::Taken(Some(card)) => Json(render::answer(&card)).into_response(),
        HandOver::Taken(None) => StatusCode::OK.into_response(),
        HandOver::Late => Json(render::answer(&late_answer())).into_response(),
    }
}

async fn interaction(State(slack): State<SlackHttp>, request: Request) -> Response {
    let inbound = match slack.accept(request, wire::interaction_form).await {
        Ok(inbound) => inbound,
        Err(status) => return status.into_response(),
    };
    let is_press = matches!(inbound, Inbound::Press { .. });
    match hand_over(slack.intake.as_ref(), inbound).await {
        HandOver::Taken(Some(card)) if is_press => not_taken(&card),
        // Anything else that is not ours to take would only be sent again.
        HandOver::Taken(_) => StatusCode::OK.into_response(),
        HandOver::Late => not_taken(&late_answer()),
    }
}

/// Slack shows no text in answer to a press, but marks the button when the status is an error.
fn not_taken(card: &Card) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(render::answer(card))).into_response()
}

impl SlackHttp {
    /// Reads, verifies and parses, in this order; the status to refuse with otherwise, without detail.
    async fn accept(
        &self,
        request: Request,
        parse: fn(&str, &[u8]) -> Result<Inbound, Malformed>,
    ) -> Result<Inbound, StatusCode> {
        let headers = request.headers().clone();
        let body = timeout(self.body_limit, Bytes::from_request(request, &()))
            .await
            .map_err(|_| StatusCode::REQUEST_TIMEOUT)?
            .map_err(|rejection| rejection.into_response().status())?;
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
