//! The system's clock behind the clock port.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;

use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;

/// Wall-clock time and the runtime's timers.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A sleep looks at the wall clock again at least this often, so that a clock that jumps delays a timer by no more.
const LONGEST_NAP: Duration = Duration::from_secs(5);

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "the one place that reads the system's clock"
        )]
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
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
