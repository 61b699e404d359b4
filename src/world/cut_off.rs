//! A connection that breaks instead of being answered: the trap of a lost answer, for all models.

use axum::body::Body;
use axum::response::Response;

/// Ends the connection without an answer. The server gives up on a response whose body fails at once, before a byte of
/// it, head included, has left; the client sees a connection that was closed.
pub fn cut_off() -> Response {
    let broken = std::io::Error::other("the connection is cut off");
    let body = futures_util::stream::once(async { Err::<Vec<u8>, _>(broken) });
    Response::new(Body::from_stream(body))
}
