//! The accept loop: takes connections, hands their requests to the router, ends them in order.
//!
//! Owns the limits on what a stranger may hold before anybody knows who it is: how many connections, how long the headers of a
//! request may take, how large they may be. It must never look into a request, and never let a connection on which nobody is
//! being served keep out one on which somebody would be. Bodies have their limits where they are read
//! (`adapters/slack/receive.rs`). Next: `http.rs` for the routes.
//!
//! `axum::serve` has none of these limits.

use std::collections::BTreeMap;
use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

/// The pause after the host had no socket to give: long enough for one to become free, short enough for who waits.
const BREATH: Duration = Duration::from_millis(50);

/// What one connection may take, and how many there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From the first wait for a request to the end of its headers. A connection that is kept open between two requests may
    /// be idle for as long.
    pub headers: Duration,
    /// How many connections there may be at once. When there are as many, the oldest on which nobody is being served makes
    /// room for the next.
    pub connections: usize,
    /// The bytes of a request's headers.
    pub header_bytes: usize,
}

impl Default for Limits {
    /// Platforms send a request at once. With the five seconds that a body may take this makes ten for a whole request.
    fn default() -> Self {
        Self { headers: Duration::from_secs(5), connections: 512, header_bytes: 32 * 1024 }
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
#[derive(Default)]
struct Place {
    is_serving: AtomicBool,
    close: Notify,
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
        let (number, place) = (self.newest, Arc::new(Place::default()));
        self.places.insert(number, place.clone());
        let (router, limits) = (self.router.clone(), self.limits);
        self.tasks.spawn(async move {
            connection(stream, router, limits, &place).await;
            number
        });
    }

    fn close_oldest_idle(&self) {
        let idle = |place: &&Arc<Place>| !place.is_serving.load(Ordering::Relaxed);
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
                // Which one it was cannot be told: keep those whose task still holds its place.
                tracing::error!(%error, "a connection ended in a panic");
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
        place.is_serving.store(true, Ordering::Relaxed);
        let answer = router.call(request);
        async {
            let answer = answer.await;
            place.is_serving.store(false, Ordering::Relaxed);
            answer
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .max_buf_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = place.close.notified() => {
            if !place.is_serving.load(Ordering::Relaxed) {
                return;
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Strangers who say nothing, or nothing that can be read, are no news.
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests;
