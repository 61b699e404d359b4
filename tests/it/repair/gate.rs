//! The gate: what is not green is not merged, whatever happens to the pull request, to GitHub or to the bot; and there is
//! exactly one pull request.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::github::{Merging, Outcome, Rules};
use serde_json::{Value, json};

use super::{
    asks_for_the_revert, at_github, github_trap, merged, merges, merges_sent, opens_the_revert,
    plays, promotes, revert, reverts, until_built, until_resolved, verifies,
};
use crate::harness::{GOOD, World};

/// Nothing was merged, and nothing can be.
fn nothing_is_merged(w: &Arc<World>) {
    assert_eq!(revert(w).outcome, Outcome::Open, "{}", w.incidents());
    assert_eq!(merges_sent(w), 0);
    assert!(!w.user("ana").sees("Merge"), "{}", w.incidents());
    assert_eq!(w.live(), GOOD);
}

async fn until_nudged(w: &Arc<World>) {
    w.passes(Span::minutes(6)).await;
}

#[test]
fn a_check_that_is_red_skipped_renamed_or_missing_is_not_green_and_is_named() {
    for (kind, headline, said) in [
        ("check_red", "the gate is red", "test failed"),
        ("check_skipped", "the gate is red", "test was skipped"),
        ("check_renamed", "at its gate", "test (not reported yet)"),
        ("check_missing", "at its gate", "test (not reported yet)"),
    ] {
        plays(async |w| {
            github_trap(&w, kind, "repoint/", json!({"name": "test"}));
            opens_the_revert(&w).await;
            w.passes(Span::seconds(30)).await;
            assert!(w.card_says(headline), "{kind}: {}", w.headline());
            assert!(w.incidents().contains(said), "{kind}: {}", w.incidents());
            until_nudged(&w).await;
            assert!(w.incidents().contains("Opened by <@"), "{kind}: {}", w.incidents());
            nothing_is_merged(&w);
            // Somebody mends it and runs the checks again.
            let number = revert(&w).number;
            at_github(&w, move |github| github.run_checks_again(number)).await;
            merges(&w).await;
            assert_eq!(merges_sent(&w), 1);
        });
    }
}

#[test]
fn what_is_pushed_to_the_branch_after_the_green_is_not_merged_by_the_old_button() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.until_button("Merge").await;
        let before = revert(&w);
        let number = before.number;
        let head = at_github(&w, move |github| github.force_push(number)).await;
        let said = w.user("bo").hears_on_pressing("Merge").await;
        assert!(said.contains("Somebody pushed to the branch"), "{said}");
        assert_eq!((revert(&w).outcome, merges_sent(&w)), (Outcome::Open, 0));
        w.until_button("Merge").await;
        w.user("bo").presses("Merge").await;
        until_built(&w).await;
        assert!(w.incidents().contains("The branch was pushed to"), "{}", w.incidents());
        let pull = revert(&w);
        assert_eq!((pull.head, merges_sent(&w)), (head, 1));
    });
}

#[test]
fn five_minutes_of_502_before_the_open_end_in_exactly_one_pull_request() {
    plays(async |w| {
        w.rolls_back().await;
        asks_for_the_revert(&w).await;
        w.traps("github", "status", "", json!({"status": 502}), None);
        w.user("ana").presses("Open revert").await;
        w.passes(Span::minutes(5)).await;
        assert!(w.card_says("opening the revert"), "{}", w.headline());
        assert_eq!(w.live(), GOOD);
        w.troubles_are_over();
        w.passes_until("the pull request", || !reverts(&w).is_empty()).await;
        merges(&w).await;
        assert_eq!(reverts(&w).len(), 1);
    });
}

#[test]
fn five_minutes_of_502_at_the_gate_are_said_once_and_hold_up_nothing_else() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.passes(Span::seconds(6)).await;
        w.traps("github", "status", "", json!({"status": 502}), None);
        w.passes(Span::minutes(5)).await;
        let told = w.incidents();
        assert!(told.contains("Cannot read GitHub"), "{told}");
        assert_eq!(
            w.numbers_of("incidents", "I go on trying. Production is safe on").len(),
            1,
            "{told}"
        );
        nothing_is_merged(&w);
        w.troubles_are_over();
        merges(&w).await;
        assert!(w.incidents().contains("GitHub can be read again"), "{}", w.incidents());
    });
}

#[test]
fn five_minutes_of_502_at_the_merge_end_in_one_merge() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.until_button("Merge").await;
        w.traps("github", "status", "PUT ", json!({"status": 502}), None);
        w.user("bo").presses("Merge").await;
        w.passes(Span::minutes(5)).await;
        assert_eq!(revert(&w).outcome, Outcome::Open);
        w.troubles_are_over();
        until_built(&w).await;
        assert_eq!(reverts(&w).len(), 1);
    });
}

#[test]
fn when_the_answer_to_any_write_is_lost_there_is_exactly_one_pull_request() {
    for on in ["POST /graphql", "POST /repos/demo/shop/pulls", "git-receive-pack"] {
        plays(async |w| {
            w.traps("github", "lost_answer", on, Value::Null, Some(1));
            opens_the_revert(&w).await;
            merges(&w).await;
            assert_eq!(reverts(&w).len(), 1, "{on}");
            w.troubles_are_over();
        });
    }
}

#[test]
fn when_the_answer_to_the_merge_is_lost_it_is_found_and_not_repeated() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.until_button("Merge").await;
        github_trap(&w, "lost_answer", "PUT ", Value::Null);
        w.user("bo").presses("Merge").await;
        until_built(&w).await;
        assert_eq!(merges_sent(&w), 1);
        let told = w.incidents();
        assert!(told.contains("I do not know whether it happened"), "{told}");
    });
}

#[test]
fn what_somebody_else_merges_is_followed_all_the_same() {
    plays(async |w| {
        opens_the_revert(&w).await;
        let number = revert(&w).number;
        at_github(&w, move |github| github.merge_by_other(number)).await;
        until_built(&w).await;
        assert!(w.incidents().contains("Somebody merged the fix"), "{}", w.incidents());
        assert_eq!(merges_sent(&w), 0);
        verifies(&w).await;
        promotes(&w).await;
        assert_eq!(w.live(), merged(&w));
    });
}

#[test]
fn a_revert_that_somebody_closes_is_said_and_asked_for_anew() {
    plays(async |w| {
        opens_the_revert(&w).await;
        let number = revert(&w).number;
        at_github(&w, move |github| github.close_by_other(number)).await;
        w.passes_until("the news", || w.card_says("closed unmerged")).await;
        let told = w.incidents();
        assert!(told.contains("Production is safe on"), "{told}");
        assert!(!w.user("ana").sees("Merge"), "{told}");
        asks_for_the_revert(&w).await;
        w.user("ana").presses("Open revert").await;
        w.passes_until("another one", || reverts(&w).len() == 2).await;
        merges(&w).await;
        let pulls = reverts(&w);
        assert_eq!(pulls[0].outcome, Outcome::Closed);
        assert!(matches!(pulls[1].outcome, Outcome::Merged(_)), "{pulls:#?}");
    });
}

#[test]
fn a_review_that_is_missing_is_asked_for_by_name_and_then_it_goes_on() {
    plays(async |w| {
        let rules = Rules { approvals: 1, reviewers: vec!["lee".to_owned()], ..Rules::default() };
        w.models.github.set_rules(rules);
        opens_the_revert(&w).await;
        until_nudged(&w).await;
        let told = w.incidents();
        assert!(told.contains("`one review`; asked for a review: `lee`"), "{told}");
        assert!(told.contains("has waited since"), "{told}");
        nothing_is_merged(&w);
        let number = revert(&w).number;
        at_github(&w, move |github| github.approve(number, "lee")).await;
        merges(&w).await;
    });
}

#[test]
fn a_merge_queue_is_used_where_the_repository_has_one() {
    plays(async |w| {
        w.models.github.set_rules(Rules { merging: Merging::Queue, ..Rules::default() });
        opens_the_revert(&w).await;
        merges(&w).await;
        assert!(w.incidents().contains("merge queue"), "{}", w.incidents());
        assert_eq!(merges_sent(&w), 0, "not around the queue");
        verifies(&w).await;
        promotes(&w).await;
        assert_eq!(w.live(), merged(&w));
    });
}

#[test]
fn what_cannot_be_read_of_the_rules_is_never_green() {
    plays(async |w| {
        w.traps("github", "protection_unreadable", "", Value::Null, None);
        opens_the_revert(&w).await;
        until_nudged(&w).await;
        assert!(w.card_says("the gate cannot be read"), "{}", w.headline());
        nothing_is_merged(&w);
        w.troubles_are_over();
        merges(&w).await;
    });
}

#[test]
fn a_bot_that_ends_in_minute_39_of_a_40_minute_check_goes_on_watching() {
    for is_crash in [false, true] {
        plays(async |w| {
            github_trap(&w, "check_slow", "repoint/", json!({"seconds": 2400}));
            opens_the_revert(&w).await;
            w.passes(Span::minutes(39)).await;
            nothing_is_merged(&w);
            if is_crash {
                w.bot_dies();
            } else {
                w.bot_stops().await;
            }
            w.bot_starts().await;
            merges(&w).await;
            assert_eq!(reverts(&w).len(), 1);
        });
    }
}

#[test]
fn a_halt_merges_nothing_and_the_gate_is_watched_on() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.user("bo").types("/incident halt").await;
        w.until_button("Merge").await;
        let said = w.user("bo").hears_on_pressing("Merge").await;
        assert!(said.contains("alted"), "{said}");
        w.passes(Span::minutes(1)).await;
        assert_eq!((revert(&w).outcome, merges_sent(&w)), (Outcome::Open, 0));
        w.user("lee").types("/incident resume reason the target is right").await;
        w.settle().await;
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
    });
}
