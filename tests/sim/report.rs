//! What a hunt says: to the one who reads the gate's log, and to the one who has to mend something.

use std::collections::BTreeMap;
use std::io::Write as _;

use super::coverage::{out_of_reach, spots};
use super::fault::{FAULTS, OPS};
use super::hunt::Haul;
use super::life::{Outcome, Record, play};
use super::planted::Bug;
use super::shrink::{shrink, to_line};
use super::truth::Script;

/// Nights per second and core that the hunt must not fall below where it runs alone (the bar for reliability).
const FLOOR: u64 = 500;

/// Lines of a story that are printed; what leads to the end is what counts.
const TOLD: usize = 60;

/// Says it past the test runner, which keeps what passing tests print to itself.
pub fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// The last lines of a hunt that found nothing.
pub fn nights(haul: &Haul) -> String {
    let rate = haul.rate();
    let slow = if rate < FLOOR {
        " (below the floor: is the build optimised, the machine busy?)"
    } else {
        ""
    };
    format!(
        "{} nights: {} events, {} faults, {} deaths, {} flips, {} years\n\
         the repair: {:?}\n\
         {rate} nights a second and core, floor {FLOOR}{slow}\n\
         held after every event: S1 S2 S3 S4 S6 S7 S8 S9 S11 S13 S18 S19 S20 S21 S22 S23 G8 proven verified watched;\n\
         in the morning: L1 L2 L4 L5 L7, and S8 in truth\n\
         {}\n{}cells that were never reached: {:?}",
        haul.nights,
        haul.events,
        haul.coverage.faults(),
        haul.coverage.deaths(),
        haul.flips,
        haul.years(),
        haul.reached,
        haul.coverage.table(),
        unreachable_cells(),
        haul.coverage.gaps(),
    )
}

/// How many cells are out of reach, by reason.
fn unreachable_cells() -> String {
    let mut reasons: BTreeMap<&str, u32> = BTreeMap::new();
    for fault in FAULTS {
        for op in OPS.into_iter().filter(|op| fault.strikes(*op)) {
            for reason in spots().filter_map(|spot| out_of_reach(fault, op, spot)) {
                *reasons.entry(reason).or_default() += 1;
            }
        }
    }
    reasons.iter().map(|(reason, count)| format!("- in {count} cells: {reason}\n")).collect()
}

/// What broke, the shortest night that breaks it, and how to play it again.
pub fn broken(script: &Script, outcome: &Outcome, planted: Option<Bug>) -> String {
    let short = shrink(script, outcome, planted);
    let again = play(&short, planted, Record::Story);
    let told = again.story.len().saturating_sub(TOLD);
    format!(
        "{:?}\n{}\nplay it again: REPOINT_NIGHT='{}' cargo test --profile sim --test sim asked_for",
        again.broken,
        again.story[told..].join("\n"),
        to_line(&short),
    )
}

/// A line of the table of planted faults.
pub fn found(bug: Bug, script: &Script, outcome: &Outcome) -> String {
    let promise = outcome.broken.as_ref().map_or("?", |broken| broken.promise);
    format!("{:<28} {promise:<9} {} nights\n", format!("{bug:?}"), script.seed)
}
