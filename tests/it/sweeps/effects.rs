//! The bot dies around every call to the outside: before the other side does anything, when it has done it and not
//! answered, and when it has answered.

use serde_json::{Value, json};

use super::night::{Morning, Night};
use super::{ABREAST, say, sweep};
use crate::harness::World;

/// A death at a call, counted from 0 among the calls of its kind.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// The call arrived and nothing was done.
    Before(&'static str, usize),
    /// It was done, and not answered.
    After(&'static str, usize),
    /// It was answered a moment ago.
    Answered(usize),
}

fn deaths(quiet: &Morning) -> Vec<Death> {
    let mut all = Vec::new();
    all.extend((0..quiet.vercel).map(|nth| Death::Before("vercel", nth)));
    all.extend((0..quiet.slack).map(|nth| Death::Before("slack", nth)));
    // A question that was answered and not heard is the same as one that was not answered.
    all.extend((0..quiet.vercel_writes).map(|nth| Death::After("vercel", nth)));
    all.extend((0..quiet.slack).map(|nth| Death::After("slack", nth)));
    all.extend((0..quiet.vercel + quiet.slack).map(Death::Answered));
    all
}

fn order(night: &Night, death: Death) {
    let trap = |vendor, kind: &'static str, with: Value| {
        night.w.trap(vendor, kind, "", with);
        night.dies_once(move |w| w.models.ledger.armed().iter().all(|one| one.kind != kind));
    };
    match death {
        Death::Before(vendor, nth) => trap(vendor, "hang", json!({ "skip": nth })),
        Death::After(vendor, nth) => {
            trap(vendor, "lost_answer", json!({"skip": nth, "silent": true}));
        }
        Death::Answered(nth) => {
            let known = answered(&night.w);
            night.dies_once(move |w| answered(w) > known + nth);
        }
    }
}

fn answered(w: &World) -> usize {
    let mut calls = w.calls("");
    calls.retain(|call| call.vendor != "shop" && call.status.is_some());
    calls.len()
}

#[test]
fn a_bot_that_dies_around_any_call_comes_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let cases = deaths(&quiet);
    let struck = sweep(&cases, ABREAST, |death| {
        let morning = Night::play(async |night| order(night, *death));
        assert_eq!(morning.told, quiet.told);
        morning.struck
    });
    let deaths: u64 = struck.iter().sum();
    say(&format!(
        "sweep: died around {} calls to Vercel and {} to Slack, {deaths} deaths",
        quiet.vercel, quiet.slack
    ));
    assert!(deaths * 10 >= cases.len() as u64 * 9, "most of the strikes must hit");
}
