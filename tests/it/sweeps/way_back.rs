//! The way back to normal, from `/revert` on, played again and again, each time with the next thing going wrong in it: the
//! bot is stopped at a write, dies around a call, a call fails or is never answered. Whatever happens, there is one pull
//! request, one merge, one promote, and the incident is resolved.
//!
//! A play takes seconds, so that not every place is struck in every run: `REPOINT_EVERY=1` strikes them all.

use std::sync::Arc;

use repoint::world::github::{Outcome, is_possible};
use repoint::world::ledger::Call;
use serde_json::{Value, json};

use super::kills::number;
use super::night::Night;
use super::told::{Told, nothing_was_lost};
use super::{ABREAST, say, sweep};
use crate::harness::{Settings, Strike, World};

/// So many strikes each sweep has, when it does not have all.
const STRIKES: usize = 12;

/// Plays that wait for real deadlines cost no work.
const WAITING: usize = 8;

/// How often Ana looks at the card before she gives up.
const LOOKS: usize = 400;

/// What is said on the way, in this order.
const MILESTONES: [&str; 9] = [
    "asked to take back",
    "pressed Open revert",
    "The revert is open",
    "pressed Merge",
    "is on main as",
    "*ready, not live*",
    "*verified*: Deployment",
    "asked to promote",
    "*proven*",
];

/// How a play came to its end.
#[derive(Clone, Copy, Debug)]
struct Played {
    /// How many writes the journal had.
    writes: u64,
    /// The calls that reached GitHub and Vercel.
    calls: Calls,
    /// How often what was ordered struck.
    struck: u64,
}

/// Calls that reached GitHub, git's own among them, and Vercel.
#[derive(Clone, Copy, Debug)]
struct Calls {
    github: usize,
    vercel: usize,
    /// Those that change something.
    github_writes: usize,
    vercel_writes: usize,
}

impl Calls {
    fn of(w: &World) -> Self {
        let calls = w.calls("");
        let is_github = |call: &Call| call.vendor.starts_with("git");
        let is_vercel = |call: &Call| call.vendor == "vercel";
        let is_write = |call: &Call| match call.vendor.as_str() {
            "git" => call.method == "POST" && call.path.ends_with("/git-receive-pack"),
            _ => call.method != "GET",
        };
        let count = |is_it: &dyn Fn(&Call) -> bool| calls.iter().filter(|one| is_it(one)).count();
        Self {
            github: count(&is_github),
            vercel: count(&is_vercel),
            github_writes: count(&|call| is_github(call) && is_write(call)),
            vercel_writes: count(&|call| is_vercel(call) && is_write(call)),
        }
    }

    fn since(self, before: Self) -> Self {
        Self {
            github: self.github - before.github,
            vercel: self.vercel - before.vercel,
            github_writes: self.github_writes - before.github_writes,
            vercel_writes: self.vercel_writes - before.vercel_writes,
        }
    }

    /// How many calls a trap can meet: an answer is lost only after an effect.
    fn met_by(self, vendor: &str, kind: &str) -> usize {
        match (vendor, kind) {
            ("github", "lost_answer") => self.github_writes,
            ("github", _) => self.github,
            (_, "lost_answer") => self.vercel_writes,
            (_, _) => self.vercel,
        }
    }
}

/// The machine may be slow: what the clock says of a walk is no matter here.
const ONE_JOURNEY: &str = r#"
[[service.journeys]]
name = "front page"
[[service.journeys.steps]]
path = "/"
within_ms = 10000
"#;

/// One page is proven and walked, so that the watch at the end costs little.
fn with_one_page(text: String) -> String {
    let before = text.split("[[service.journeys]]").next().unwrap_or_default();
    before.replace("proof_paths = [\"/\", \"/checkout\"]", "proof_paths = [\"/\"]") + ONE_JOURNEY
}

/// Plays the way back in a world of its own, in which production is rolled back already: `plan` orders what goes wrong.
fn play(plan: impl AsyncFnOnce(&Night)) -> Played {
    let settings =
        Settings { errors_expected: true, edit: Some(with_one_page), ..Settings::default() };
    let mut played = None;
    World::run_with(settings, async |w| {
        w.rolls_back().await;
        w.settle().await;
        let night = Night::of(w);
        let (before, calls) = (night.w.gate.passed(), Calls::of(&night.w));
        plan(&night).await;
        night.survives(ana_goes_the_way_back(&night)).await;
        let (writes, now) = (night.w.gate.passed() - before, Calls::of(&night.w));
        night.strikes_no_more();
        night.w.troubles_are_over();
        night.survives(night.passes(70)).await;
        ends_as_it_must(&night.w);
        let struck = night.w.gate.struck();
        played = Some(Played { writes, calls: now.since(calls), struck });
    });
    played.expect("a story that came to its end")
}

/// Ana does what the card asks for; what came to nothing she does again.
async fn ana_goes_the_way_back(night: &Night) {
    let ana = night.w.user("ana");
    for _ in 0..LOOKS {
        let headline = night.w.headline();
        let is = |text: &str| headline.contains(text);
        let press = ["Open revert", "Merge", "Confirm", "Ask again"];
        let asked = ["open the revert?", "merge?", "promote?", "question"];
        let wanted = asked.iter().position(|one| is(one)).map(|index| press[index]);
        match wanted.filter(|label| ana.sees(label)) {
            Some(label) => ana.presses(label).await,
            None if is("resolved") => return,
            None if is("ready, not live") => ana.types("/verify").await,
            None if is("verified, not live") || is("the promote failed") => {
                ana.types("/promote").await;
            }
            None if headline.ends_with("proven") || is("the revert was") => {
                ana.types("/revert").await;
            }
            None => {}
        }
        night.passes(if is("watching") { 20 } else { 3 }).await;
    }
    panic!("Ana gives up:\n{}", night.w.incidents());
}

/// What must be true at the end.
fn ends_as_it_must(w: &Arc<World>) {
    let all = w.incidents();
    assert!(w.headline().contains("resolved"), "{all}");
    let mut pulls = w.models.github.pulls();
    pulls.retain(|pull| pull.branch.starts_with("repoint/"));
    let [pull] = pulls.as_slice() else { panic!("not one pull request: {pulls:#?}\n{all}") };
    let Outcome::Merged(sha) = &pull.outcome else { panic!("{pull:?}\n{all}") };
    assert_eq!(w.models.github.head("main").as_ref(), Some(sha), "one merge\n{all}");
    assert!(sha.starts_with(&w.live()), "{} is live\n{all}", w.live());
    assert!(w.models.vercel.auto_assign("shop"), "as before the incident\n{all}");
    let promotes = w.calls("/promote/");
    let taken = promotes.iter().filter(|call| call.status.is_some_and(|status| status < 300));
    assert!(taken.count() <= 1, "a second promote\n{all}");
    assert_eq!(w.models.vercel.rollbacks_begun("shop"), 1, "{all}");
    assert!(w.pointer_is_free(), "{all}");
    assert_eq!(w.incidents_opened(), 1, "{all}");
    let thread = Told::of(w).thread;
    let mut lines = thread.iter();
    for milestone in MILESTONES {
        assert!(lines.any(|line| line.contains(milestone)), "{milestone}: {thread:#?}");
    }
    nothing_was_lost(w);
}

/// Every n-th of these places, or all of them if that is wanted. An odd step does not keep pace with the kinds of trouble,
/// which come in turn.
fn sampled<C: Clone>(places: &[C]) -> Vec<C> {
    let every = number("REPOINT_EVERY", places.len().div_ceil(STRIKES) as u64 | 1);
    let every = usize::try_from(every).expect("a small number").max(1);
    places.iter().step_by(every).cloned().collect()
}

#[test]
fn a_bot_that_is_stopped_at_any_write_comes_to_the_end_of_the_way_back() {
    if !is_possible() {
        return;
    }
    let quiet = play(async |_| {});
    let all: Vec<(u64, Strike)> = (1..=quiet.writes)
        .map(|nth| (nth, if nth % 2 == 0 { Strike::DiesBefore } else { Strike::DiesAfter }))
        .collect();
    let cases = sampled(&all);
    let struck = sweep(&cases, ABREAST, |(nth, strike)| {
        play(async |night| night.w.gate.strikes_at(*nth, strike.clone())).struck
    });
    let deaths: u64 = struck.iter().sum();
    say(&format!(
        "sweep: the way back, stopped at {} of {} writes of the journal, {deaths} deaths",
        cases.len(),
        quiet.writes
    ));
    assert!(deaths * 10 >= cases.len() as u64 * 9, "most of the strikes must hit");
}

/// Whose trap, which, and what it needs to know.
type Kind = (&'static str, &'static str, Value);

/// A trap for one call, counted from 0.
#[derive(Clone, Debug)]
struct Place {
    vendor: &'static str,
    kind: &'static str,
    with: Value,
}

/// Every call with every kind of trouble that can meet it.
fn places(quiet: &Played, kinds: &[Kind]) -> Vec<Place> {
    let most = quiet.calls.github.max(quiet.calls.vercel);
    let mut places = Vec::new();
    for nth in 0..most {
        for (vendor, kind, with) in kinds {
            if nth < quiet.calls.met_by(vendor, kind) {
                let mut with = with.clone();
                with["skip"] = nth.into();
                places.push(Place { vendor, kind, with });
            }
        }
    }
    places
}

#[test]
fn a_bot_that_dies_around_any_call_comes_to_the_end_of_the_way_back() {
    if !is_possible() {
        return;
    }
    let quiet = play(async |_| {});
    let kinds = [
        ("github", "hang", json!({})),
        ("vercel", "hang", json!({})),
        ("github", "lost_answer", json!({})),
        ("vercel", "lost_answer", json!({"silent": true})),
    ];
    let all = places(&quiet, &kinds);
    let cases = sampled(&all);
    let struck = sweep(&cases, ABREAST, |place| {
        let Place { vendor, kind, with } = place.clone();
        play(async |night| {
            night.w.trap(vendor, kind, "", with);
            night.dies_once(move |w| w.models.ledger.armed().iter().all(|one| one.kind != kind));
        })
        .struck
    });
    let deaths: u64 = struck.iter().sum();
    say(&format!(
        "sweep: the way back, died around {} of {} calls to GitHub and Vercel, {deaths} deaths",
        cases.len(),
        all.len()
    ));
    assert!(deaths * 10 >= cases.len() as u64 * 7, "most of the strikes must hit");
}

fn fails_at(cases: &[Place], all: usize, abreast: usize, how: &str) {
    sweep(cases, abreast, |place| {
        let Place { vendor, kind, with } = place.clone();
        play(async |night| night.w.trap(vendor, kind, "", with))
    });
    say(&format!("sweep: the way back, {} of {all} calls {how}", cases.len()));
}

#[test]
fn a_call_that_fails_once_in_any_way_leads_to_the_end_of_the_way_back() {
    if !is_possible() {
        return;
    }
    let quiet = play(async |_| {});
    let kinds = [
        ("github", "status", json!({"status": 502})),
        ("github", "rate_limited", json!({"wait": 2})),
        ("github", "dropped", json!({})),
        ("github", "garbage", json!({})),
        ("vercel", "status", json!({"status": 500})),
        ("vercel", "status", json!({"status": 429, "retry_after": 2})),
        ("vercel", "dropped", json!({})),
        ("vercel", "garbage", json!({})),
    ];
    let all = places(&quiet, &kinds);
    fails_at(&sampled(&all), all.len(), ABREAST, "failed once");
}

#[test]
fn a_call_that_is_never_answered_is_given_up_and_leads_to_the_end_of_the_way_back() {
    if !is_possible() {
        return;
    }
    let quiet = play(async |_| {});
    let all = places(&quiet, &[("github", "hang", json!({})), ("vercel", "hang", json!({}))]);
    fails_at(&sampled(&all), all.len(), WAITING, "were never answered");
}
