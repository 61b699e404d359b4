//! The world's time: bot and models share it, and it can be moved.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::adapters::clock::SystemClock;
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::Clock;

/// How the world's time passes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    /// As fast as the system's clock.
    Real,
    /// Not at all.
    Still,
}

/// A clock that can be moved forward. Sleepers wake when they are due, however time got there.
#[derive(Debug)]
pub struct WorldClock {
    pace: Pace,
    system: SystemClock,
    /// Real pace: what is added to the system's time. Still: the instant itself. Milliseconds.
    offset: watch::Sender<i64>,
    /// Who sleeps until when.
    sleepers: Mutex<Sleepers>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next_key: u64,
    until: BTreeMap<u64, Timestamp>,
}

/// One sleep; ends when it is dropped, whether or not it was due.
struct Asleep<'a> {
    clock: &'a WorldClock,
    key: u64,
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.clock.sleepers().until.remove(&self.key);
    }
}

impl WorldClock {
    /// Follows the system's clock from now on.
    pub fn real() -> Arc<Self> {
        Self::new(Pace::Real, 0)
    }

    /// Stands still at an instant until it is moved.
    pub fn still(at: Timestamp) -> Arc<Self> {
        Self::new(Pace::Still, at.0)
    }

    fn new(pace: Pace, offset: i64) -> Arc<Self> {
        let offset = watch::Sender::new(offset);
        let system = SystemClock::default();
        Arc::new(Self { pace, system, offset, sleepers: Mutex::default() })
    }

    /// When the next sleeper is due; an instant that has come means that somebody has not woken up yet.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.sleepers().until.values().min().copied()
    }

    fn fall_asleep(&self, until: Timestamp) -> Asleep<'_> {
        let mut sleepers = self.sleepers();
        let key = sleepers.next_key;
        sleepers.next_key += 1;
        sleepers.until.insert(key, until);
        Asleep { clock: self, key }
    }

    fn sleepers(&self) -> MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves time forward.
    pub fn advance(&self, span: Span) {
        self.offset.send_modify(|offset| *offset += span.0.max(0));
    }
}

#[async_trait]
impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        let offset = *self.offset.borrow();
        match self.pace {
            Pace::Real => Timestamp(self.system.now().0 + offset),
            Pace::Still => Timestamp(offset),
        }
    }

    async fn sleep_until(&self, at: Timestamp) {
        let mut moved = self.offset.subscribe();
        let _asleep = self.fall_asleep(at);
        loop {
            let left = at.0 - self.now().0;
            if left <= 0 {
                return;
            }
            let nap = match self.pace {
                Pace::Real => Duration::from_millis(left.unsigned_abs()),
                // Only a move can end the wait.
                Pace::Still => Duration::from_secs(3600),
            };
            #[expect(
                clippy::disallowed_methods,
                reason = "the world's clock is one of two that may sleep"
            )]
            let nap = tokio::time::sleep(nap);
            tokio::select! {
                () = nap => {}
                changed = moved.changed() => if changed.is_err() { return },
            }
        }
    }
}
