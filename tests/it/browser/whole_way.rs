//! The whole way, from the broken shop to "resolved", and its two classic turns: a fix that breaks production, and a
//! revert that conflicts.

use std::cell::Cell;

use fantoccini::key::Key;
use serde_json::Value;

use super::page::{Page, Screen};
use super::{access, scenario, story};

/// A person on the page, and how much they had to do.
struct Person<'a> {
    page: &'a Page,
    presses: Cell<u32>,
    commands: Cell<u32>,
}

impl<'a> Person<'a> {
    fn at(page: &'a Page) -> Self {
        Self { page, presses: Cell::new(0), commands: Cell::new(0) }
    }

    /// Types a command and presses Enter.
    fn types(&self, command: &str) {
        self.commands.set(self.commands.get() + 1);
        self.page.types(command);
        self.page.sees("Good. Now press Enter.");
        self.strikes_enter();
    }

    fn presses(&self, name: &str) {
        self.presses.set(self.presses.get() + 1);
        self.page.presses(name);
    }

    fn strikes_enter(&self) {
        self.presses.set(self.presses.get() + 1);
        self.page.strikes(Key::Enter);
    }

    /// Sees where the incident is; all that must hold on the page holds then.
    fn is_at(&self, headline: &str, picture: &str) {
        self.page.sees(&format!("#1 shop: {headline}"));
        self.page.scrolls_to_the_card();
        access::holds(self.page);
        self.page.keeps_picture(picture);
    }
}

/// Every page that customers got in the seconds after a moment.
fn served_well_since(state: &Value, moment: i64) -> bool {
    let buckets = state["shop"]["buckets"].as_array().expect("seconds of traffic");
    let mut after = buckets.iter().filter(|second| second["at"].as_i64() > Some(moment)).peekable();
    after.peek().is_some() && after.all(|second| second["failures"] == 0)
}

fn now(state: &Value) -> i64 {
    state["now"].as_i64().expect("a time")
}

#[test]
fn a_person_takes_the_whole_way_back_to_resolved() {
    story("whole-way", Screen::Desktop, |page| goes_the_whole_way(page));
}

#[test]
fn a_person_on_discord_takes_the_whole_way_back_to_resolved() {
    story("discord-whole-way", Screen::Desktop, |page| {
        page.chooses("Discord");
        goes_the_whole_way(page);
    });
}

fn goes_the_whole_way(page: &Page) {
    let ana = Person::at(page);
    page.sees("Holds a bad commit");
    page.sees("Armed");
    ana.types("/rollback");
    page.sees("roll back?");
    ana.presses("Confirm");
    ana.is_at("proven", "1-proven");
    let flipped = now(&page.demo.state());
    page.sees("Main still holds the bad commit");
    page.sees("Pinned");

    ana.types("/revert");
    ana.is_at("open the revert?", "2-open-the-revert");
    ana.presses("Open revert");
    page.sees("The checks of #126 run as for any other change");
    page.sees("test runs");
    ana.is_at("the fix is at its gate", "3-gate");
    ana.is_at("merge?", "4-merge");
    // By the keyboard: the guide leads to the button, and Enter presses it.
    ana.presses("Show the Merge button");
    page.until("the button", || page.focus().name == "Merge");
    ana.strikes_enter();
    ana.is_at("ready, not live", "5-ready-not-live");
    page.sees("Ready, not live: the fix is built");
    page.sees("Mended");

    ana.types("/verify");
    ana.is_at("verified, not live", "6-verified");
    ana.types("/promote");
    ana.is_at("promote?", "7-promote");
    ana.presses("Confirm");
    ana.is_at("promoted, watching production", "8-watch");
    let before_the_leap = page.demo.state();
    assert!(served_well_since(&before_the_leap, flipped), "{before_the_leap:#}");
    let leapt = now(&before_the_leap);
    ana.presses("Skip to the end of the watch");
    ana.is_at("resolved, the bad change is reverted", "9-resolved");
    page.sees("Armed");
    page.sees_the_shop_say("Checkout is open");

    is_mended(&page.demo.state());
    page.until("more traffic", || served_well_since(&page.demo.state(), leapt));
    page.presses("#stakeholders, 3 unread");
    page.sees("shop: resolved.");
    access::holds(page);
    page.keeps_picture("10-stakeholders");
    assert_eq!(ana.commands.get(), 4);
    assert_eq!(ana.presses.get(), 10, "Enter four times, and six buttons");
}

/// The main branch has the revert, which came through its checks, and production is on it.
fn is_mended(state: &Value) {
    let (pull, head) = (&state["code"]["pull"], &state["code"]["main"][0]);
    assert_eq!(pull["outcome"], "merged");
    let checks = pull["checks"].as_array().expect("checks");
    assert!(checks.len() == 2 && checks.iter().all(|check| check["state"] == "success"));
    assert!(
        head["subject"].as_str().is_some_and(|subject| subject.starts_with("Revert")),
        "{head}"
    );
    let deployments = state["pointer"]["deployments"].as_array().expect("deployments");
    let live = deployments.iter().find(|one| one["live"] == true).expect("a live one");
    assert_eq!(live["sha"], head["sha"]);
    assert_eq!(state["pointer"]["auto_assign"], true);
}

/// From the broken shop to the question for the promote.
fn goes_as_far_as_the_promote(page: &Page) {
    page.sends("/rollback");
    page.presses("Confirm");
    page.sees("#1 shop: proven");
    page.sends("/revert");
    page.presses("Open revert");
    page.presses("Merge");
    page.sees("#1 shop: ready, not live");
    page.sends("/verify");
    page.sees("#1 shop: verified, not live");
    page.sends("/promote");
    page.sees("#1 shop: promote?");
}

#[test]
fn a_fix_that_breaks_production_is_noticed_and_one_press_goes_back() {
    scenario("fix-breaks", "fix-breaks", Screen::Desktop, |page| {
        goes_as_far_as_the_promote(page);
        page.presses("Confirm");
        page.sees("answers 500 at the customers' one");
        page.sees_the_shop_say("Internal Server Error");
        access::holds(page);
        page.keeps_picture("1-failing");
        page.presses("Skip a minute");
        page.sees("Production fails after the promote");
        page.sees("roll back?");
        page.scrolls_to_the_card();
        access::holds(page);
        page.keeps_picture("2-way-back");
        page.presses("Confirm");
        page.sees("#1 shop: proven, and the fix is bad");
        page.sees_the_shop_say("Checkout is open");
        page.sees("The fix is marked bad, and production is pinned");
        page.scrolls_to_the_card();
        access::holds(page);
        page.keeps_picture("3-back");
    });
}

#[test]
fn a_revert_that_conflicts_names_the_files_and_waits_for_a_person() {
    scenario("conflict", "conflict", Screen::Desktop, |page| {
        page.sends("/rollback");
        page.presses("Confirm");
        page.sees("#1 shop: proven");
        page.sends("/revert");
        page.sees("It conflicts");
        page.sees("Conflicts in src/checkout.ts");
        page.scrolls_to_the_card();
        access::holds(page);
        page.keeps_picture("1-tried-out");
        page.presses("Open revert");
        page.sees("#1 shop: the revert conflicts");
        page.sees("Somebody changed the same lines since");
        page.scrolls_to_the_card();
        access::holds(page);
        page.keeps_picture("2-conflict");
        page.sees_the_shop_say("Checkout is open");
    });
}
