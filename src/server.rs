//! The accept loop: takes connections, hands their requests to the router, ends them in order.
//!
//! Owns the limits on what a stranger may hold before anybody knows who it is: how many connections, how long the headers of a
//! request may take, how large they may be, how long a connection waits for the next one. It must never look into a request, and never let a connection on which nobody is
//! being served keep out one on which somebody would be. Bodies have their limits where they are read
//! (`adapters/slack/receive.rs`). Next: `http.rs` for the routes.
//!
//! `axum::serve` has none of these limits.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;
use tokio_util::io::InspectReader;

/// The pause after the host had no socket to give: long enough for one to become free, short enough for who waits.
const BREATH: Duration = Duration::from_millis(50);

/// What one connection may take, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the greeting, or from the first byte of a later request, to the end of the headers.
    pub headers: Duration,
    /// How long a connection is kept open between two requests.
    pub idle: Duration,
    /// How many connections there may be at once. When there are as many, the oldest on which nobody is being served makes
    /// room for the next.
    pub connections: usize,
    /// The bytes of a request's headers.
    pub header_bytes: usize,
}

impl Default for Limits {
    /// Platforms send a request at once. With the five seconds that a body may take this makes ten for a whole request.
    ///
    /// What stands before us keeps connections too, and must be the one that closes them: a request that is sent just as we
    /// close is lost, and with it a press. The most patient that are known wait for ten minutes (the load balancers of Google
    /// Cloud, <https://cloud.google.com/load-balancing/docs/https>).
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(5),
            idle: Duration::from_secs(620),
            connections: 512,
            header_bytes: 32 * 1024,
        }
    }
}

/// Serves until `closed` is done; then lets the requests that are being served come to their end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    closed: impl Future<Output = ()>,
) {
    let mut closed = pin!(closed);
    let mut open =
        Open { limits, router, newest: 0, places: BTreeMap::new(), tasks: JoinSet::new() };
    loop {
        tokio::select! {
            () = &mut closed => break,
            Some(ended) = open.tasks.join_next() => open.forget(ended),
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => open.take(stream).await,
                Err(error) => open.had_no_socket(&error).await,
            },
        }
    }
    drop(listener);
    open.end().await;
}

/// The connections that are open.
struct Open {
    limits: Limits,
    router: Router,
    newest: u64,
    /// By the order in which they came.
    places: BTreeMap<u64, Arc<Place>>,
    tasks: JoinSet<u64>,
}

/// One connection, as the accept loop sees it.
struct Place {
    phase: watch::Sender<Phase>,
    close: Notify,
}

/// What goes on on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// A request is due: the other side was greeted, or has begun to say one.
    Hearing,
    /// Somebody is being served.
    Serving,
    /// The last request was answered.
    Idle,
}

impl Place {
    fn new() -> Self {
        Self { phase: watch::Sender::new(Phase::Hearing), close: Notify::new() }
    }

    fn is_serving(&self) -> bool {
        *self.phase.borrow() == Phase::Serving
    }

    /// The other side says something: a next request, if the last one was answered.
    fn hears(&self, bytes: &[u8]) {
        self.phase.send_if_modified(|phase| {
            let begins = *phase == Phase::Idle && !bytes.is_empty();
            if begins {
                *phase = Phase::Hearing;
            }
            begins
        });
    }
}

impl Limits {
    /// Returns when this has gone on for too long.
    async fn run_out(self, phase: Phase) {
        let span = match phase {
            Phase::Hearing => self.headers,
            Phase::Serving => return pending().await,
            Phase::Idle => self.idle,
        };
        let _ = timeout(span, pending::<()>()).await;
    }
}

impl Open {
    async fn take(&mut self, stream: TcpStream) {
        if self.places.len() >= self.limits.connections {
            self.close_oldest_idle();
            // If somebody is being served on every one of them, the newcomer waits until the first has its answer.
            if let Some(ended) = self.tasks.join_next().await {
                self.forget(ended);
            }
        }
        self.newest += 1;
        let (number, place) = (self.newest, Arc::new(Place::new()));
        self.places.insert(number, place.clone());
        let (router, limits) = (self.router.clone(), self.limits);
        self.tasks.spawn(async move {
            connection(stream, router, limits, &place).await;
            number
        });
    }

    fn close_oldest_idle(&self) {
        let idle = |place: &&Arc<Place>| !place.is_serving();
        if let Some(place) = self.places.values().find(idle) {
            place.close.notify_one();
        }
    }

    fn forget(&mut self, ended: Result<u64, JoinError>) {
        match ended {
            Ok(number) => {
                self.places.remove(&number);
            }
            Err(error) => {
                // Cancelled it is only with all of the bot, whose end is told elsewhere.
                if error.is_panic() {
                    tracing::error!(%error, "a connection ended in a panic");
                }
                // Which one it was cannot be told: keep those whose task still holds its place.
                self.places.retain(|_, place| Arc::strong_count(place) > 1);
            }
        }
    }

    /// The host has no socket left, or the newcomer was gone before it was greeted.
    async fn had_no_socket(&self, error: &io::Error) {
        tracing::warn!(%error, "failed to accept a connection");
        self.close_oldest_idle();
        // The loop must not spin until the host has one again.
        let _ = timeout(BREATH, pending::<()>()).await;
    }

    async fn end(&mut self) {
        self.places.values().for_each(|place| place.close.notify_one());
        while let Some(ended) = self.tasks.join_next().await {
            self.forget(ended);
        }
    }
}

/// Serves one connection until either side ends it, or the accept loop does.
async fn connection(stream: TcpStream, router: Router, limits: Limits, place: &Place) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(|request| {
        place.phase.send_replace(Phase::Serving);
        let answer = router.call(request);
        async {
            let answer = answer.await;
            place.phase.send_replace(Phase::Idle);
            answer
        }
    });
    let stream = InspectReader::new(stream, |bytes: &[u8]| place.hears(bytes));
    let connection = http1::Builder::new()
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let mut phases = place.phase.subscribe();
    let ended = loop {
        let phase = *phases.borrow_and_update();
        tokio::select! {
            // A request that came at the last moment is heard.
            biased;
            ended = &mut connection => break ended,
            _ = phases.changed() => {}
            () = limits.run_out(phase) => return,
            () = place.close.notified() => {
                if !place.is_serving() {
                    return;
                }
                connection.as_mut().graceful_shutdown();
                break connection.await;
            }
        }
    };
    if let Err(error) = ended {
        // Strangers who say nothing, or nothing that can be read, are no news.
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
