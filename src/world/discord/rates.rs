//! Rate limits: one bucket per kind of call and channel, guild or interaction, by the world's clock. Generous, as a bot that
//! behaves never meets them; the trap `rate_limited` is for meeting them.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use crate::domain::time::{Span, Timestamp};

const LIMIT: u32 = 1_000;
const WINDOW: Span = Span::seconds(5);

/// How full each bucket is.
#[derive(Debug, Default)]
pub(super) struct Rates {
    buckets: BTreeMap<String, Bucket>,
}

#[derive(Clone, Debug)]
struct Bucket {
    begun: Timestamp,
    used: u32,
}

/// How a bucket stands after a call.
#[derive(Clone, Debug)]
pub(super) struct Level {
    name: String,
    remaining: u32,
    resets: Timestamp,
    now: Timestamp,
    /// Whether this call is one too many.
    pub(super) is_over: bool,
}

impl Rates {
    /// Counts a call.
    pub(super) fn count(&mut self, method: &str, path: &[&str], now: Timestamp) -> Level {
        let name = bucket(method, path);
        let fresh = Bucket { begun: now, used: 0 };
        let bucket = self.buckets.entry(name.clone()).or_insert_with(|| fresh.clone());
        if now.since(bucket.begun) >= WINDOW {
            *bucket = fresh;
        }
        bucket.used += 1;
        let resets = bucket.begun + WINDOW;
        let remaining = LIMIT.saturating_sub(bucket.used);
        Level { name, remaining, resets, now, is_over: bucket.used > LIMIT }
    }
}

/// The first id of a path tells buckets of one kind apart; the others do not.
fn bucket(method: &str, path: &[&str]) -> String {
    let is_id = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let kind: Vec<&str> = path
        .iter()
        .enumerate()
        .map(|(index, part)| if index > 1 && is_id(part) { "id" } else { part })
        .collect();
    let digest = Sha256::digest(format!("{method} {}", kind.join("/")));
    hex::encode(&digest[..16])
}

impl Level {
    /// Seconds until there is room again.
    pub(super) fn seconds_left(&self) -> f64 {
        seconds(self.resets.since(self.now).0)
    }

    /// What every answer says about it.
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            ("x-ratelimit-limit", LIMIT.to_string()),
            ("x-ratelimit-remaining", self.remaining.to_string()),
            ("x-ratelimit-reset", format!("{:.3}", seconds(self.resets.0))),
            ("x-ratelimit-reset-after", format!("{:.3}", self.seconds_left())),
            ("x-ratelimit-bucket", self.name.clone()),
        ] {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "times are far below the limit of a double")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
