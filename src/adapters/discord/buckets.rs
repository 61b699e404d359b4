//! Discord's rate limits as its answers tell them. Owns what is known of each bucket; it never waits by itself: who
//! asks too early is told how long to wait, and the outbox waits, channel by channel. Limits are never assumed, only
//! learned.

use std::collections::BTreeMap;

use reqwest::header::HeaderMap;

use crate::domain::time::{Span, Timestamp};

/// What is sent before its turn is held back for at most this long; a refusal by Discord itself may ask for more.
const LONGEST_HOLD: Span = Span::seconds(60);

/// A kind of call, with what its limit hangs on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Route<'a> {
    /// Method and path with names in place of ids.
    pub(super) name: &'static str,
    /// The channel, guild or webhook: each has its own limit.
    pub(super) major: &'a str,
}

/// What is known of all limits.
#[derive(Debug, Default)]
pub(super) struct Buckets {
    /// Which bucket a route belongs to.
    of_route: BTreeMap<&'static str, String>,
    /// Bucket and major id → what is left of it.
    windows: BTreeMap<(String, String), Window>,
    /// Nothing at all may be sent before this.
    everything: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    left: u32,
    until: Timestamp,
}

impl Buckets {
    /// Takes one call out of its bucket, or says how long to wait.
    pub(super) fn take(&mut self, route: Route<'_>, now: Timestamp) -> Result<(), Span> {
        if let Some(until) = self.everything {
            if until > now {
                return Err(until.since(now));
            }
            self.everything = None;
        }
        let key = self.key(route);
        let Some(window) = self.windows.get_mut(&key).filter(|window| window.until > now) else {
            return Ok(());
        };
        match window.left.checked_sub(1) {
            Some(left) => {
                window.left = left;
                Ok(())
            }
            None => Err(window.until.since(now)),
        }
    }

    /// Learns from the headers of an answer.
    pub(super) fn learn(&mut self, route: Route<'_>, headers: &HeaderMap, now: Timestamp) {
        if let Some(bucket) = text(headers, "x-ratelimit-bucket") {
            self.of_route.insert(route.name, bucket.to_owned());
        }
        let left = text(headers, "x-ratelimit-remaining").and_then(|left| left.parse().ok());
        let wait = text(headers, "x-ratelimit-reset-after").and_then(seconds);
        let (Some(left), Some(wait)) = (left, wait) else { return };
        self.keep(route, left, wait, now);
    }

    /// Learns from a refusal: nothing more of this bucket, or nothing at all, for so long.
    pub(super) fn refuse(&mut self, route: Route<'_>, scope: Scope, wait: Span, now: Timestamp) {
        match scope {
            Scope::Everything => self.everything = Some(now + wait.min(LONGEST_HOLD)),
            Scope::Bucket => self.keep(route, 0, wait, now),
        }
    }

    fn keep(&mut self, route: Route<'_>, left: u32, wait: Span, now: Timestamp) {
        // What is over says nothing any more; without this every thread of every incident would stay.
        self.windows.retain(|_, window| window.until > now);
        let until = now + wait.min(LONGEST_HOLD);
        let key = self.key(route);
        // Answers may overtake each other: within one window the smallest rest is the latest.
        let left = self.windows.get(&key).map_or(left, |known| known.left.min(left));
        self.windows.insert(key, Window { left, until });
    }

    fn key(&self, route: Route<'_>) -> (String, String) {
        let bucket = self.of_route.get(route.name).map_or(route.name, String::as_str);
        (bucket.to_owned(), route.major.to_owned())
    }
}

/// What a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One bucket.
    Bucket,
    /// Every call of the bot.
    Everything,
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Seconds with a fraction, rounded up to milliseconds; a day at most.
pub(super) fn seconds(text: &str) -> Option<Span> {
    text.trim().parse().ok().and_then(span)
}

/// The same of a number.
pub(super) fn span(seconds: f64) -> Option<Span> {
    const DAY: f64 = 86_400.0;
    if !seconds.is_finite() || seconds < 0.0 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a day in milliseconds fits")]
    let millis = (seconds.min(DAY) * 1000.0).ceil() as i64;
    Some(Span(millis))
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_200_000_000);

    fn route(major: &str) -> Route<'_> {
        Route { name: "POST channels/messages", major }
    }

    fn headers(bucket: &'static str, left: &'static str, after: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-bucket", HeaderValue::from_static(bucket));
        headers.insert("x-ratelimit-remaining", HeaderValue::from_static(left));
        headers.insert("x-ratelimit-reset-after", HeaderValue::from_static(after));
        headers
    }

    #[test]
    fn an_empty_bucket_holds_its_own_channel_back_until_it_is_full_again() {
        let mut buckets = Buckets::default();
        assert_eq!(buckets.take(route("1"), NOW), Ok(()), "nothing is assumed");
        buckets.learn(route("1"), &headers("abc", "1", "0.75"), NOW);
        assert_eq!(buckets.take(route("1"), NOW), Ok(()));
        assert_eq!(buckets.take(route("1"), NOW), Err(Span(750)));
        assert_eq!(buckets.take(route("2"), NOW), Ok(()), "another channel has its own");
        assert_eq!(buckets.take(route("1"), NOW + Span(750)), Ok(()));
    }

    #[test]
    fn routes_of_one_bucket_share_it() {
        let mut buckets = Buckets::default();
        let other = Route { name: "PATCH channels/messages", major: "1" };
        buckets.learn(other, &headers("abc", "4", "1"), NOW);
        buckets.learn(route("1"), &headers("abc", "0", "1"), NOW);
        assert_eq!(buckets.take(other, NOW), Err(Span(1000)));
    }

    #[test]
    fn an_answer_that_was_overtaken_gives_nothing_back() {
        let mut buckets = Buckets::default();
        buckets.learn(route("1"), &headers("abc", "0", "1"), NOW);
        buckets.learn(route("1"), &headers("abc", "3", "1"), NOW);
        assert_eq!(buckets.take(route("1"), NOW), Err(Span(1000)));
    }

    #[test]
    fn a_global_refusal_holds_everything_back_but_never_for_long() {
        let mut buckets = Buckets::default();
        buckets.refuse(route("1"), Scope::Everything, Span::seconds(3600), NOW);
        assert_eq!(buckets.take(route("2"), NOW), Err(LONGEST_HOLD));
        assert_eq!(buckets.take(route("2"), NOW + LONGEST_HOLD), Ok(()));
    }

    #[test]
    fn nonsense_in_headers_teaches_nothing() {
        for (left, after) in [("-1", "1"), ("0", "NaN"), ("0", "-1"), ("0", "inf"), ("x", "1")] {
            let mut buckets = Buckets::default();
            buckets.learn(route("1"), &headers("abc", left, after), NOW);
            assert_eq!(buckets.take(route("1"), NOW), Ok(()), "{left} {after}");
        }
        assert_eq!(seconds("1e300"), Some(Span::seconds(86_400)));
        assert_eq!(seconds("0.0001"), Some(Span(1)));
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let mut buckets = Buckets::default();
        for thread in 0..100 {
            let thread = thread.to_string();
            buckets.learn(route(&thread), &headers("abc", "4", "1"), NOW);
        }
        buckets.learn(route("1"), &headers("abc", "4", "1"), NOW + Span::seconds(2));
        assert_eq!(buckets.windows.len(), 1);
    }
}
