//! Plays many nights on all cores, and says how it went.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use repoint::domain::time::Span;

use super::coverage::Coverage;
use super::life::{Outcome, Record, play, watch_for_panics};
use super::planted::Bug;
use super::truth::{Script, Sky};

/// Faults stop after so many events.
pub const EVENTS: u64 = 200;

/// What many nights came to.
#[derive(Clone, Debug, Default)]
pub struct Haul {
    /// How many were played.
    pub nights: u64,
    /// How much happened in them.
    pub events: u64,
    /// How many flips changed production.
    pub flips: u64,
    /// How often the repair came how far.
    pub reached: BTreeMap<&'static str, u64>,
    /// How much time passed in them, in milliseconds.
    pub lasted_ms: i64,
    /// How much processor time they took, in nanoseconds, where the system says so.
    pub cpu_ns: u64,
    /// Where faults struck.
    pub coverage: Coverage,
    /// The first night that broke a promise.
    pub broken: Option<(Script, Outcome)>,
}

impl Haul {
    fn add(&mut self, outcome: &Outcome) {
        self.nights += 1;
        self.events += outcome.events;
        self.flips += outcome.flips;
        self.lasted_ms += outcome.lasted.0;
        self.coverage.add(&outcome.coverage);
        self.reach(&outcome.reached);
    }

    fn merge(&mut self, other: Self) {
        self.nights += other.nights;
        self.events += other.events;
        self.flips += other.flips;
        self.lasted_ms += other.lasted_ms;
        self.cpu_ns += other.cpu_ns;
        self.coverage.add(&other.coverage);
        self.reach(&other.reached);
        let seed_of = |broken: &Option<(Script, Outcome)>| {
            broken.as_ref().map_or(u64::MAX, |(script, _)| script.seed)
        };
        if seed_of(&other.broken) < seed_of(&self.broken) {
            self.broken = other.broken;
        }
    }

    fn reach(&mut self, more: &BTreeMap<&'static str, u64>) {
        for (milestone, count) in more {
            *self.reached.entry(milestone).or_default() += count;
        }
    }

    /// Nights per second of one core.
    pub fn rate(&self) -> u64 {
        (self.nights * 1_000_000_000).checked_div(self.cpu_ns).unwrap_or(0)
    }

    /// Years that passed in the nights.
    pub fn years(&self) -> i64 {
        self.lasted_ms / Span::minutes(365 * 24 * 60).0
    }
}

/// Plays the nights of so many seeds from `first` on; stops at the first that breaks a promise.
pub fn hunt(first: u64, count: u64, sky: Sky, planted: Option<Bug>) -> Haul {
    watch_for_panics();
    let (next, stop) = (AtomicU64::new(first), AtomicBool::new(false));
    let all = Mutex::new(Haul::default());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut haul = Haul::default();
                let began = cpu_ns();
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count {
                        break;
                    }
                    let script = Script { seed, sky, events: EVENTS, ..Script::default() };
                    let outcome = play(&script, planted, Record::No);
                    haul.add(&outcome);
                    if outcome.broken.is_some() {
                        stop.store(true, Ordering::Relaxed);
                        haul.broken = Some((script, outcome));
                    }
                }
                haul.cpu_ns = cpu_ns().saturating_sub(began);
                all.lock().unwrap_or_else(PoisonError::into_inner).merge(haul);
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Processor time of this thread; 0 where the system does not say it.
fn cpu_ns() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}
