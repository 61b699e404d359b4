//! Backoff as data: how long to wait before the next try.

use crate::domain::time::Span;

/// First pause of a backoff.
const FIRST: i64 = 500;

/// Longest pause of a backoff.
const LONGEST: i64 = 60_000;

/// The pause after `failures` tries in a row, with full jitter from `chance` (0 is the shortest, 255 the longest).
/// At least 100 ms, so that a dead neighbour is never hammered.
pub fn pause(failures: u32, chance: u8) -> Span {
    let ceiling = FIRST.saturating_mul(1 << failures.min(10)).min(LONGEST);
    Span((ceiling * (i64::from(chance) + 1) / 256).max(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_ceiling_and_never_vanish() {
        assert_eq!(pause(0, 255), Span(500));
        assert_eq!(pause(3, 255), Span(4_000));
        assert_eq!(pause(40, 255), Span(60_000));
        assert_eq!(pause(0, 0), Span(100));
    }
}
