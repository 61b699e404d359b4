//! The router only: each platform's routes live in its adapter.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tokio::sync::watch;

use crate::engine::ports::Journal;
use crate::engine::recovery::Soundness;

/// What readiness depends on. Providers are not among it: a bot whose provider is down is ready all the same.
#[derive(Clone)]
pub struct Health {
    /// Is it sound?
    pub soundness: watch::Receiver<Soundness>,
    /// Can it be read and written?
    pub journal: Arc<dyn Journal>,
    /// Is chat connected, on each platform that we dial? None at all: chat calls us.
    pub connected: Vec<watch::Receiver<bool>>,
}

/// `/livez`, `/readyz` and what the platforms' adapters bring.
pub fn router(health: Health, platforms: Router) -> Router {
    Router::new()
        .route("/livez", get(async || "alive\n"))
        .route("/readyz", get(ready).with_state(health))
        .merge(platforms)
}

#[derive(Serialize)]
struct Readiness {
    ready: bool,
    journal: String,
    chat: &'static str,
}

async fn ready(State(health): State<Health>) -> Response {
    let usable = match health.journal.open_incidents().await {
        Ok(_) => health.journal.takes_what_is_new().await,
        Err(error) => Err(error),
    };
    let journal = match (&usable, &*health.soundness.borrow()) {
        (Err(error), _) => error.to_string(),
        (Ok(_), Soundness::Checking) => "open incidents are sound; checking the rest".to_owned(),
        (Ok(_), Soundness::Sound(report)) => {
            format!("sound: {} events in {} streams", report.events, report.streams)
        }
        (Ok(_), Soundness::Damaged(report)) => {
            format!("damaged: {}", report.faults.first().map_or("", String::as_str))
        }
        (Ok(_), Soundness::NotChecked(why)) => format!("not checked: {why}"),
    };
    // Chat being away is said and does not make the bot unready: it goes on with what was confirmed.
    let chat = match health.connected.as_slice() {
        [] => "called over http",
        all if all.iter().all(|one| *one.borrow()) => "connected",
        _ => "not connected",
    };
    let is_ready = usable.is_ok() && !journal.starts_with("damaged");
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(Readiness { ready: is_ready, journal, chat })).into_response()
}
