//! What others do meanwhile: noticed within a poll, said with its consequence, adopted and never fought.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::engine::ports::Clock;
use repoint::world::github::{GitHubModel, Outcome, PullView};
use repoint::world::vercel::AutoAssign;
use serde_json::{Value, json};

use super::{
    asks_for_the_revert, at_github, github_trap, merged, merges, opens_the_revert, plays, promotes,
    reverts, until_built, until_resolved, verifies,
};
use crate::harness::{BAD, GOOD, OLDER, World};

/// A poll, and the second in which it is told.
const POLL: Span = Span::seconds(62);

/// Waits until the team is told this, and sees that it took no longer than a poll.
async fn noticed_within_a_poll(w: &World, what: &str) {
    let since = w.clock.now();
    w.passes_until(what, || w.incidents().contains(what)).await;
    assert!(w.clock.now().since(since) <= POLL, "{what} came late");
}

#[test]
fn a_merge_of_somebody_else_while_the_bad_change_is_on_main_is_warned_of() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.until_button("Merge").await;
        let files = [("docs/hours.md", "Open until nine.\n")];
        at_github(&w, move |github| github.push_by_other("main", &files, "Note the hours")).await;
        w.passes(Span::seconds(90)).await;
        let told = w.incidents();
        assert!(told.contains("*Main still holds the bad change*"), "{told}");
        assert!(told.contains("Note the hours"), "{told}");
        assert!(told.contains("ships the bad change again"), "{told}");
        assert!(told.contains("*Also on main meanwhile*"), "the card says it as well: {told}");
        let in_channel = told.lines().any(|line| {
            line.starts_with("  Incident #1") && line.contains("Main still holds the bad change")
        });
        assert!(in_channel, "in the channel and not in the thread alone: {told}");
        assert_eq!(w.live(), GOOD, "what they built is not live");
        merges(&w).await;
        assert_eq!(w.live(), GOOD);
    });
}

#[test]
fn an_undo_of_the_rollback_in_the_dashboard_is_noticed_and_the_way_back_is_open() {
    plays(async |w| {
        w.rolls_back().await;
        w.settle().await;
        w.models.vercel.undo_rollback_by_other("shop");
        assert_eq!(w.live(), BAD);
        noticed_within_a_poll(&w, "*Not by me*").await;
        let told = w.incidents();
        assert!(told.contains("That is the bad deployment: users get it again"), "{told}");
        assert_eq!((w.live().as_str(), w.rollbacks_sent()), (BAD, 1), "it is not fought");
        let said = w.numbers_of("incidents", "That is the bad deployment").len();
        w.passes(Span::minutes(5)).await;
        let again = w.numbers_of("incidents", "That is the bad deployment").len();
        assert_eq!(again, said, "said once");
        w.rolls_back_to(GOOD).await;
        assert!(!w.models.vercel.auto_assign("shop"));
        opens_again(&w).await;
    });
}

/// The rest of the way goes as ever.
async fn opens_again(w: &Arc<World>) {
    asks_for_the_revert(w).await;
    w.user("ana").presses("Open revert").await;
    w.passes_until("the pull request", || !reverts(w).is_empty()).await;
    merges(w).await;
    verifies(w).await;
    promotes(w).await;
    until_resolved(w).await;
    assert_eq!(w.live(), merged(w));
    assert!(w.models.vercel.auto_assign("shop"), "as before the incident");
}

#[test]
fn automatic_assignment_that_somebody_switches_on_is_noticed_before_it_ships_anything() {
    plays(async |w| {
        w.rolls_back().await;
        w.settle().await;
        w.models.vercel.set_auto_assign("shop", AutoAssign::On);
        noticed_within_a_poll(&w, "*Not by me*").await;
        let told = w.incidents();
        assert!(told.contains("the next merge goes live by itself"), "{told}");
        assert!(w.models.vercel.auto_assign("shop"), "it is not fought");
        assert_eq!(w.live(), GOOD);
        w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
        noticed_within_a_poll(&w, "is where it was left again").await;
    });
}

#[test]
fn a_flip_to_an_older_deployment_in_the_dashboard_is_told_and_left() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.somebody_flips_to(OLDER);
        noticed_within_a_poll(&w, "*Not by me*").await;
        assert_eq!((w.live().as_str(), w.rollbacks_sent()), (OLDER, 1));
        // What they left is what the promote goes away from.
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
        assert_eq!(w.live(), merged(&w));
    });
}

#[test]
fn a_fix_whose_build_fails_is_said_and_another_one_is_named() {
    plays(async |w| {
        w.vercel_trap("build_fails", "main", Value::Null);
        opens_the_revert(&w).await;
        w.until_button("Merge").await;
        w.user("bo").presses("Merge").await;
        w.passes_until("the failure", || w.card_says("build failed")).await;
        let told = w.incidents();
        assert!(told.contains("*The production build of the fix failed*"), "{told}");
        assert!(told.contains("/incident fix"), "{told}");
        assert_eq!(w.live(), GOOD);
        let files = [("docs/build.md", "Built with node 22.\n")];
        let push = move |github: &GitHubModel| github.push_by_other("main", &files, "Mend it");
        let sha = at_github(&w, push).await;
        let pulls = w.models.github.pulls();
        let is_theirs = |one: &&PullView| one.outcome == Outcome::Merged(sha.clone());
        let number = pulls.iter().find(is_theirs).expect("their pull request").number;
        w.user("ana").types(&format!("/incident fix {number}")).await;
        until_built(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
        assert!(sha.starts_with(&w.live()));
    });
}

#[test]
fn ready_and_not_live_is_said_unasked_with_the_reason_and_the_next_step() {
    plays(async |w| {
        github_trap(&w, "check_slow", "repoint/", json!({"seconds": 20}));
        opens_the_revert(&w).await;
        w.vercel_trap("build_slow", "main", json!({"seconds": 120}));
        w.until_button("Merge").await;
        w.user("bo").presses("Merge").await;
        w.passes(Span::seconds(100)).await;
        assert!(!w.incidents().contains("*ready, not live*"), "{}", w.incidents());
        w.passes(Span::seconds(60)).await;
        let told = w.incidents();
        let said =
            told.lines().find(|line| line.contains("*ready, not live*: the fix is built as"));
        let said = said.unwrap_or_else(|| panic!("{told}"));
        assert!(said.contains("production is pinned to"), "{said}");
        assert!(said.contains("*Verify*") && said.contains("*Promote*"), "{said}");
        assert_eq!(w.live(), GOOD);
    });
}
