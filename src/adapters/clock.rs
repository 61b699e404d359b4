//! The system's clock behind the clock port.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::Clock;

/// Wall-clock time and the runtime's timers. Time never goes back, whatever the wall clock does: see [`Steady`].
#[derive(Debug)]
pub struct SystemClock {
    started: Instant,
    steady: Mutex<Steady>,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn default() -> Self {
        Self { started: Instant::now(), steady: Mutex::default() }
    }
}

/// A time that follows the wall clock forward and passes by itself while the wall clock is set back. A wall clock that is
/// set back by an hour would otherwise stop every timer for an hour; one that leaps ahead lets what is to expire expire,
/// which asks people again and does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Steady {
    /// What was told last.
    told: Timestamp,
    /// When, by a clock that nobody sets.
    at: Span,
}

impl Steady {
    /// The instant, from what the wall clock says and how long this process has been running.
    pub fn tell(&mut self, wall: Timestamp, running: Span) -> Timestamp {
        let passed = Span((running.0 - self.at.0).max(0));
        self.told = wall.max(self.told + passed);
        self.at = running;
        self.told
    }

    /// What is recorded already did not happen in the future.
    pub fn catch_up(&mut self, recorded: Timestamp) {
        self.told = self.told.max(recorded);
    }
}

/// A sleep looks at the wall clock again at least this often, so that a clock that leaps delays a timer by no more.
const LONGEST_NAP: Duration = Duration::from_secs(5);

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let running = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let mut steady = self.steady.lock().unwrap_or_else(PoisonError::into_inner);
        steady.tell(self.wall(), Span(running))
    }

    fn wall(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the system's clock"
        )]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    fn catch_up(&self, recorded: Timestamp) {
        self.steady.lock().unwrap_or_else(PoisonError::into_inner).catch_up(recorded);
    }

    async fn sleep_until(&self, at: Timestamp) {
        loop {
            let left = at.0 - self.now().0;
            if left <= 0 {
                return;
            }
            let nap = Duration::from_millis(left.unsigned_abs()).min(LONGEST_NAP);
            #[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
            tokio::time::sleep(nap).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_000_000_000);
    const HOUR: Span = Span::minutes(60);

    #[test]
    fn time_follows_a_wall_clock_that_leaps_ahead() {
        let mut steady = Steady::default();
        assert_eq!(steady.tell(NOON, Span(0)), NOON);
        assert_eq!(steady.tell(NOON + Span(10), Span(10)), NOON + Span(10));
        assert_eq!(steady.tell(NOON + HOUR, Span(20)), NOON + HOUR);
    }

    #[test]
    fn time_passes_while_the_wall_clock_is_set_back() {
        let mut steady = Steady::default();
        steady.tell(NOON, Span(0));
        assert_eq!(steady.tell(NOON - HOUR, Span(700)), NOON + Span(700));
        assert_eq!(steady.tell(NOON - HOUR, Span(1_000)), NOON + Span(1_000));
    }

    #[test]
    fn what_is_recorded_is_not_in_the_future_of_a_new_process() {
        let mut steady = Steady::default();
        steady.catch_up(NOON);
        assert_eq!(steady.tell(NOON - HOUR, Span(5)), NOON + Span(5));
    }
}
