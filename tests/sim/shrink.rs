//! Makes a night that broke a promise short: leaves out doings and faults as long as the same promise breaks.

use std::collections::BTreeSet;

use super::life::{Outcome, Record, play};
use super::planted::Bug;
use super::truth::{Script, Sky};

/// So many tries are made; a night takes a millisecond or two.
const MOST_TRIES: u32 = 3_000;

/// A shorter night that breaks the same promise.
pub fn shrink(script: &Script, outcome: &Outcome, planted: Option<Bug>) -> Script {
    let mut shrinker = Shrinker {
        best: Script { events: outcome.events.min(script.events), ..script.clone() },
        promise: outcome.broken.as_ref().map(|broken| broken.promise),
        planted,
        tries: 0,
    };
    let (faults, doings) = outcome.counted;
    shrinker.clear_the_sky();
    shrinker.leave_out(doings, |script, left_out| script.without_doings.extend(left_out));
    shrinker.leave_out(faults, |script, left_out| script.without_faults.extend(left_out));
    shrinker.end_earlier();
    shrinker.leave_out(doings, |script, left_out| script.without_doings.extend(left_out));
    shrinker.best
}

struct Shrinker {
    best: Script,
    promise: Option<&'static str>,
    planted: Option<Bug>,
    tries: u32,
}

impl Shrinker {
    fn still_breaks(&mut self, script: &Script) -> bool {
        self.tries += 1;
        let broken = play(script, self.planted, Record::No).broken;
        self.tries < MOST_TRIES && broken.map(|broken| broken.promise) == self.promise
    }

    /// Leaves out halves, quarters and so on of what is numbered from 1 to `count`.
    fn leave_out(&mut self, count: u32, leave: impl Fn(&mut Script, std::ops::Range<u32>)) {
        let mut size = count.max(1);
        loop {
            for first in (1..=count).step_by(size as usize) {
                let mut shorter = self.best.clone();
                leave(&mut shorter, first..(first + size).min(count + 1));
                if shorter != self.best && self.still_breaks(&shorter) {
                    self.best = shorter;
                }
            }
            if size == 1 {
                return;
            }
            size = size.div_ceil(2);
        }
    }

    /// Without any fault and delay, if it breaks without them.
    fn clear_the_sky(&mut self) {
        let clear = Script { sky: Sky::Clear, ..self.best.clone() };
        if self.best.sky == Sky::Seeded && self.still_breaks(&clear) {
            self.best = clear;
        }
    }

    fn end_earlier(&mut self) {
        let mut step = self.best.events / 2;
        while step > 0 {
            let shorter =
                Script { events: self.best.events.saturating_sub(step), ..self.best.clone() };
            if self.still_breaks(&shorter) {
                self.best = shorter;
            } else {
                step /= 2;
            }
        }
    }
}

/// One line that plays a night again.
pub fn to_line(script: &Script) -> String {
    let list =
        |numbers: &BTreeSet<u32>| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    format!(
        "seed={} sky={:?} events={} without_faults={} without_doings={}",
        script.seed,
        script.sky,
        script.events,
        list(&script.without_faults),
        list(&script.without_doings),
    )
}

/// Reads such a line.
pub fn from_line(line: &str) -> Option<Script> {
    let mut script = Script { events: super::hunt::EVENTS, ..Script::default() };
    for part in line.split_whitespace() {
        let (name, value) = part.split_once('=')?;
        let numbers = || value.split(',').filter_map(|number| number.parse().ok()).collect();
        match name {
            "seed" => script.seed = value.parse().ok()?,
            "events" => script.events = value.parse().ok()?,
            "sky" => {
                let skies = [Sky::Seeded, Sky::Clear, Sky::Repeats, Sky::TwoBots];
                script.sky = skies.into_iter().find(|sky| format!("{sky:?}") == value)?;
            }
            "without_faults" => script.without_faults = numbers(),
            "without_doings" => script.without_doings = numbers(),
            _ => return None,
        }
    }
    Some(script)
}
