//! What every signed request carries: a body that is read whole before it is believed, a signature, and in chat the second
//! at which it was made. Owns the reading of these and the window; what is signed, and with what, is each vendor's own.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use tokio::time::timeout;

use crate::domain::time::{Span, Timestamp};

/// How long a body may take. Vendors send it at once, and none waits longer than ten seconds for the answer.
pub const BODY_LIMIT: Duration = Duration::from_secs(5);

/// How far the signed second may lie from ours, in either direction.
const WINDOW: Span = Span::seconds(300);
/// Digits of a timestamp. Twelve are good for 29,000 years and cannot overflow when they become milliseconds.
const LONGEST_TIMESTAMP: usize = 12;

/// Why a request was not believed. For logs and counters only: the caller is told nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// One of the two headers is not there.
    #[error("a signature header is missing")]
    Missing,
    /// One of the two headers is there more than once.
    #[error("a signature header is repeated")]
    Repeated,
    /// A header does not have the form that the platform gives it.
    #[error("a signature header is malformed")]
    Malformed,
    /// Signed too long ago, or in the future.
    #[error("signed outside the five-minute window")]
    Stale,
    /// Not signed with the configured key, or changed on the way.
    #[error("the signature does not match")]
    Mismatch,
}

/// The headers and the raw bytes of a request; the status to refuse it with otherwise. How large it may be is its
/// route's to say.
pub(super) async fn read(
    request: Request,
    limit: Duration,
) -> Result<(HeaderMap, Bytes), StatusCode> {
    let headers = request.headers().clone();
    let body = timeout(limit, Bytes::from_request(request, &()))
        .await
        .map_err(|_| StatusCode::REQUEST_TIMEOUT)?
        .map_err(|rejection| rejection.into_response().status())?;
    Ok((headers, body))
}

/// A digest in lower-case hex behind a prefix, as HMAC signatures are written.
pub(super) fn digest(text: &str, prefix: &str) -> Result<[u8; 32], Refused> {
    let digits = text.strip_prefix(prefix).ok_or(Refused::Malformed)?;
    let mut bytes = [0; 32];
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(Refused::Malformed);
    }
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| Refused::Malformed)?;
    Ok(bytes)
}

/// The value of a header that must be there exactly once.
pub(super) fn only<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, Refused> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().ok_or(Refused::Missing)?;
    if values.next().is_some() {
        return Err(Refused::Repeated);
    }
    value.to_str().map_err(|_| Refused::Malformed)
}

/// Whether a request was signed within the window around now.
pub(super) fn fresh(stamp: &str, now: Timestamp) -> Result<(), Refused> {
    let signed_at = parse_timestamp(stamp).ok_or(Refused::Malformed)?;
    let off_by = now.0.abs_diff(signed_at.0);
    if off_by > WINDOW.0.unsigned_abs() { Err(Refused::Stale) } else { Ok(()) }
}

fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits_only || text.len() > LONGEST_TIMESTAMP {
        return None;
    }
    text.parse::<i64>().ok().map(|seconds| Timestamp(seconds * 1000))
}
