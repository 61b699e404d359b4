//! Every step fails once: each call to the outside in each way, each write of the journal in each way.

use repoint::engine::ports::JournalError;
use serde_json::{Value, json};

use super::night::{Morning, Night};
use super::{ABREAST, say, sweep};
use crate::harness::Strike;

/// Stories that wait for real deadlines cost no work, so more of them are played side by side.
const WAITING: usize = 12;

/// The ways in which a call to Vercel fails at once.
fn vercel_ways() -> Vec<(&'static str, Value)> {
    let status = |status: u16| ("status", json!({ "status": status }));
    let busy = ("status", json!({"status": 429, "retry_after": 2}));
    let plain = ["dropped", "garbage"].map(|kind| (kind, json!({})));
    let mut ways = vec![status(500), status(503), status(408), status(409), status(404), busy];
    ways.extend(plain);
    ways
}

/// The ways in which a call to Slack fails at once.
fn slack_ways() -> Vec<(&'static str, Value)> {
    let not_ok = |error: &str| ("ok_false", json!({ "error": error }));
    vec![
        ("status", json!({"status": 500})),
        ("rate_limited", json!({"retry_after": 2})),
        not_ok("internal_error"),
        not_ok("request_timeout"),
        ("dropped", json!({})),
        ("garbage", json!({})),
    ]
}

#[derive(Clone, Debug)]
struct Failure {
    vendor: &'static str,
    kind: &'static str,
    with: Value,
}

fn failures(
    vendor: &'static str,
    calls: usize,
    ways: &[(&'static str, Value)],
) -> impl Iterator<Item = Failure> {
    (0..calls).flat_map(move |nth| {
        ways.iter().map(move |(kind, with)| {
            let mut with = with.clone();
            with["skip"] = nth.into();
            Failure { vendor, kind, with }
        })
    })
}

/// The same end; or, where Ana had to ask again or to switch the flag off by hand, all else of the story in its order.
fn is_as_good_as(morning: &Morning, quiet: &Morning) -> bool {
    let by_hand =
        morning.told.thread.iter().any(|line| line.contains("Switch it off at the provider"));
    let is_expected = |line: &&String| !by_hand || !line.starts_with("Automatic assignment is off");
    let mut thread = morning.told.thread.iter();
    let mut expected = quiet.told.thread.iter().filter(is_expected);
    let in_order = expected.all(|line| thread.any(|one| one == line));
    assert!(in_order, "{:#?}", morning.told.thread);
    assert_eq!(morning.told.news, quiet.told.news);
    morning.told == quiet.told
}

fn play_all(quiet: &Morning, cases: &[Failure], abreast: usize) {
    let same = sweep(cases, abreast, |failure| {
        let Failure { vendor, kind, with } = failure.clone();
        let morning = Night::play(async |night| night.w.trap(vendor, kind, "", with));
        is_as_good_as(&morning, quiet)
    });
    let by_people = same.iter().filter(|same| !**same).count();
    say(&format!(
        "sweep: {} calls failed once, {by_people} of them so that somebody had to do something",
        cases.len()
    ));
}

#[test]
fn a_call_to_vercel_that_fails_once_in_any_way_leads_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let cases: Vec<Failure> = failures("vercel", quiet.vercel, &vercel_ways()).collect();
    play_all(&quiet, &cases, ABREAST);
}

#[test]
fn a_call_to_slack_that_fails_once_in_any_way_leads_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let cases: Vec<Failure> = failures("slack", quiet.slack, &slack_ways()).collect();
    play_all(&quiet, &cases, ABREAST);
}

#[test]
fn a_call_that_is_never_answered_is_given_up_and_leads_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let hang = [("hang", json!({}))];
    let mut cases: Vec<Failure> = failures("vercel", quiet.vercel, &hang).collect();
    cases.extend(failures("slack", quiet.slack, &hang));
    play_all(&quiet, &cases, WAITING);
}

#[test]
fn a_write_that_fails_once_in_any_way_leads_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let unavailable = JournalError::Unavailable("its disk does not answer".to_owned());
    let ways = [
        Strike::Refuses(JournalError::Full),
        Strike::Refuses(JournalError::Locked("somebody".to_owned())),
        Strike::Refuses(unavailable.clone()),
        Strike::WritesAndSays(unavailable),
    ];
    let cases: Vec<(u64, &Strike)> =
        (1..=quiet.writes).flat_map(|nth| ways.iter().map(move |way| (nth, way))).collect();
    let same = sweep(&cases, ABREAST, |(nth, strike)| {
        let strike = Strike::clone(strike);
        let morning = Night::play(async |night| night.w.gate.strikes_at(*nth, strike));
        (morning.struck, is_as_good_as(&morning, &quiet))
    });
    let struck: u64 = same.iter().map(|(struck, _)| struck).sum();
    say(&format!("sweep: {struck} writes failed once, of {} writes in {} ways", quiet.writes, 4));
    assert!(struck * 10 >= cases.len() as u64 * 9, "most of the strikes must hit");
}

#[test]
fn while_nothing_can_be_written_nothing_is_said_twice_and_then_all_goes_on() {
    const WHILE: u64 = 6;
    let quiet = Night::play(async |_| {});
    let cases: Vec<u64> = (1..=quiet.writes).collect();
    let struck = sweep(&cases, ABREAST, |nth| {
        let morning = Night::play(async |night| {
            for at in *nth..*nth + WHILE {
                night.w.gate.strikes_at(at, Strike::Refuses(JournalError::Full));
            }
        });
        is_as_good_as(&morning, &quiet);
        assert_eq!(morning.repeats, 0, "Slack took every one of them at once");
        morning.struck
    });
    let struck: u64 = struck.iter().sum();
    say(&format!(
        "sweep: the disk was full from each of {} writes on, {struck} times",
        cases.len()
    ));
}
