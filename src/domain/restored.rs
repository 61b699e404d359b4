//! *Restored*: is production's error rate back, judged by its request log since the flip?
//!
//! ```text
//! flip ── 60 s or 100 requests ──▶ first verdict, may change ── 5 min ──▶ final verdict
//! ```
//! Pure: counts come in, a verdict goes out. Without requests there is no verdict, and the journeys alone judge.

use serde::{Deserialize, Serialize};

use super::log::{Traffic, Window};
use super::time::{Span, Timestamp};

/// What production did before the flip is looked at for so long.
pub const BEFORE: Span = Span::minutes(30);

/// The first verdict comes after so long, or after so many requests.
pub const FIRST_AFTER: Span = Span::seconds(60);
/// See [`FIRST_AFTER`].
pub const FIRST_REQUESTS: u64 = 100;

/// Fewer requests than these say nothing good: the bot's own looks at production are among them.
const FEWEST: u64 = 20;

/// So many errors among them are no accident any more.
const NO_ACCIDENT: u64 = 2;

/// From here on the verdict stands.
pub const FINAL_AFTER: Span = Span::minutes(5);

/// A rate of so many errors in a thousand requests is well, whatever it was before.
const WELL: u64 = 10;

/// A site that never does so well is restored at a tenth of what it was, but never above so many in a thousand.
const FALLEN_TO: u64 = 10;
const NEVER_ABOVE: u64 = 50;

/// What production's request log says of a flip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// Not enough time and not enough requests to say anything.
    TooEarly,
    /// Hardly anybody asked, or there is no log that can be read: judged by the journeys alone.
    NoData,
    /// The error rate is back.
    Restored(Stage),
    /// It is not.
    NotRestored(Stage),
}

/// Whether a verdict may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Within the first five minutes.
    First,
    /// After them.
    Final,
}

/// What is read before a verdict: production before the flip and since then. It is the same log at every repeat, up to the
/// end of the watch.
pub fn windows(flipped_at: Timestamp, now: Timestamp) -> (Window, Window) {
    let before = Window { from: flipped_at - BEFORE, to: flipped_at };
    let to = now.max(flipped_at).min(flipped_at + FINAL_AFTER);
    (before, Window { from: flipped_at, to })
}

/// The verdict on production `elapsed` after the flip. `None`: that part of the log could not be read.
pub fn judge(elapsed: Span, before: Option<&Traffic>, since: Option<&Traffic>) -> Rate {
    let requests = since.map_or(0, |since| since.requests);
    if elapsed < FIRST_AFTER && requests < FIRST_REQUESTS {
        return Rate::TooEarly;
    }
    let speaks = |since: &&Traffic| since.requests >= FEWEST || since.errors >= NO_ACCIDENT;
    let Some(since) = since.filter(speaks) else { return Rate::NoData };
    let stage = if elapsed < FINAL_AFTER { Stage::First } else { Stage::Final };
    let is_back = is_at_most(since, WELL)
        || (is_at_most(since, NEVER_ABOVE)
            && before.is_some_and(|before| has_fallen(since, before)));
    if is_back { Rate::Restored(stage) } else { Rate::NotRestored(stage) }
}

/// Whether at most so many in a thousand requests ended with an error. One single error is nobody's rate.
fn is_at_most(traffic: &Traffic, in_a_thousand: u64) -> bool {
    let errors = u128::from(traffic.errors);
    errors * 1000 <= u128::from(traffic.requests) * u128::from(in_a_thousand)
        || (errors == 1 && traffic.requests >= FIRST_REQUESTS / 2)
}

/// Whether the error rate is a tenth or less of what it was.
fn has_fallen(since: &Traffic, before: &Traffic) -> bool {
    let cross = |a: &Traffic, b: &Traffic| u128::from(a.errors) * u128::from(b.requests);
    before.requests > 0 && cross(since, before) * u128::from(FALLEN_TO) <= cross(before, since)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::log::Completeness;

    fn traffic(requests: u64, errors: u64) -> Traffic {
        Traffic { requests, errors, completeness: Completeness::Whole }
    }

    #[test]
    fn the_verdict_follows_from_time_requests_and_rates() {
        use Rate::{NoData, NotRestored, Restored, TooEarly};
        use Stage::{Final, First};
        let broken = Some(traffic(1_000, 400));
        let cases = [
            // Seconds since the flip, before it, since it, verdict.
            (0, broken, None, TooEarly),
            (59, broken, Some(traffic(99, 0)), TooEarly),
            (5, broken, Some(traffic(100, 0)), Restored(First)),
            // Good news needs customers, bad news does not.
            (60, broken, Some(traffic(19, 0)), NoData),
            (60, broken, Some(traffic(20, 0)), Restored(First)),
            (60, broken, Some(traffic(7, 1)), NoData),
            (60, broken, Some(traffic(7, 2)), NotRestored(First)),
            (60, broken, Some(traffic(50, 1)), Restored(First)),
            (60, broken, Some(traffic(0, 0)), NoData),
            (300, broken, Some(traffic(0, 0)), NoData),
            (300, broken, None, NoData),
            (299, broken, Some(traffic(1_000, 10)), Restored(First)),
            (300, broken, Some(traffic(1_000, 10)), Restored(Final)),
            (300, None, Some(traffic(1_000, 10)), Restored(Final)),
            // A tenth of forty in a hundred, but no more than five in a hundred.
            (300, broken, Some(traffic(1_000, 40)), Restored(Final)),
            (300, broken, Some(traffic(1_000, 41)), NotRestored(Final)),
            (300, Some(traffic(10, 10)), Some(traffic(1_000, 50)), Restored(Final)),
            (300, Some(traffic(10, 10)), Some(traffic(1_000, 51)), NotRestored(Final)),
            // Without anything to compare with, only a good rate is good.
            (300, None, Some(traffic(1_000, 11)), NotRestored(Final)),
            (300, Some(traffic(0, 0)), Some(traffic(1_000, 11)), NotRestored(Final)),
            (300, Some(traffic(1_000, 0)), Some(traffic(1_000, 11)), NotRestored(Final)),
            (300, Some(traffic(u64::MAX, u64::MAX)), Some(traffic(u64::MAX, 0)), Restored(Final)),
        ];
        for (seconds, before, since, expected) in cases {
            let said = judge(Span::seconds(seconds), before.as_ref(), since.as_ref());
            assert_eq!(said, expected, "after {seconds} s: {before:?} then {since:?}");
        }
    }

    #[test]
    fn production_is_read_from_half_an_hour_before_to_five_minutes_after() {
        let flip = Timestamp(10_000_000);
        let (before, since) = windows(flip, flip + Span::seconds(70));
        assert_eq!(before, Window { from: flip - Span::minutes(30), to: flip });
        assert_eq!(since, Window { from: flip, to: flip + Span::seconds(70) });
        let (_, later) = windows(flip, flip + Span::minutes(60));
        assert_eq!(later.to, flip + Span::minutes(5));
        let (_, turned_back) = windows(flip, flip - Span::seconds(1));
        assert_eq!(turned_back, Window { from: flip, to: flip });
    }
}
