//! A merge that is left to GitHub: asked for while checks run, made by GitHub when its gate is green, and taken back when
//! that is not wanted any more.

use repoint::world::github::{Merging, Rules};
use serde_json::json;

use super::*;

/// The repository lets GitHub merge by itself; the revert is open, and its tests take ten minutes.
async fn opens_a_slow_revert(w: &Arc<World>) {
    w.models.github.set_rules(Rules { merging: Merging::Automatic, ..Rules::default() });
    github_trap(w, "check_slow", "repoint/", json!({"name": "test", "seconds": 600}));
    opens_the_revert(w).await;
}

/// … and Bo has left the merge to GitHub.
async fn leaves_it(w: &Arc<World>) {
    opens_a_slow_revert(w).await;
    w.until_button("Merge").await;
    assert!(w.card_says("at its gate"), "{}", w.headline());
    w.user("bo").presses("Merge").await;
    w.until_card_says("GitHub merges the fix when green").await;
    assert!(!w.user("ana").sees("Merge"), "{}", w.incidents());
}

/// How often GitHub was asked for something by a document.
fn asked(w: &World, field: &str) -> usize {
    let calls = w.calls("POST /graphql");
    calls.iter().filter(|call| call.body.to_string().contains(field)).count()
}

#[test]
fn what_is_left_to_github_comes_to_main_when_its_checks_are_green() {
    plays(async |w| {
        leaves_it(&w).await;
        w.bot_dies();
        w.bot_starts().await;
        w.passes(Span::minutes(8)).await;
        assert_eq!(revert(&w).outcome, Outcome::Open);
        w.passes(Span::minutes(2)).await;
        until_built(&w).await;
        assert_eq!((merges_sent(&w), asked(&w, "enablePullRequestAutoMerge")), (0, 1));
        assert_eq!((asked(&w, "disablePullRequestAutoMerge"), w.live().as_str()), (0, GOOD));
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
    });
}

#[test]
fn a_push_to_the_branch_takes_the_merge_back_and_another_press_is_needed() {
    plays(async |w| {
        leaves_it(&w).await;
        let number = revert(&w).number;
        // The answer is lost, and what became of it is read.
        github_trap(&w, "lost_answer", "POST /graphql", Value::Null);
        at_github(&w, move |github| github.force_push(number)).await;
        w.passes(Span::minutes(1)).await;
        let told = w.incidents();
        assert!(told.contains("Its branch has changed since somebody pressed Merge"), "{told}");
        assert_eq!(asked(&w, "disablePullRequestAutoMerge"), 1);
        w.until_button("Merge").await;
        assert_eq!(revert(&w).outcome, Outcome::Open);
        merges(&w).await;
        assert_eq!(merges_sent(&w), 1);
    });
}

#[test]
fn an_incident_that_ends_leaves_nothing_to_github() {
    plays(async |w| {
        leaves_it(&w).await;
        w.user("ana").types("/incident close it was the network").await;
        w.passes(Span::seconds(20)).await;
        let told = w.incidents();
        assert!(told.contains("that is ended first"), "{told}");
        assert!(told.contains("GitHub does not merge it by itself any more"), "{told}");
        w.user("ana").types("/incident close it was the network").await;
        w.passes(Span::minutes(11)).await;
        assert_eq!(revert(&w).outcome, Outcome::Open);
        assert_eq!(asked(&w, "disablePullRequestAutoMerge"), 1);
    });
}

#[test]
fn where_github_may_not_merge_by_itself_or_demands_no_check_nothing_is_left_to_it() {
    plays(async |w| {
        opens_a_slow_revert(&w).await;
        w.models.github.set_rules(Rules::default());
        w.passes(Span::minutes(1)).await;
        assert!(!w.user("ana").sees("Merge"), "{}", w.incidents());
        assert!(w.incidents().contains("Merge appears here when everything is green"));
    });
}
