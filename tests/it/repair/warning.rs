//! G15 on the pull requests themselves: who brought something else to main is told there once, where the configuration
//! allows it, and nothing ever waits for that.

use std::sync::Arc;

use repoint::domain::time::Span;
use serde_json::{Value, json};

use super::{
    at_github, github_trap, merged, merges, opens_the_revert, plays, plays_with, promotes, revert,
    until_resolved, verifies,
};
use crate::harness::{Settings, World};

const COMMENTS: &str = "/issues/";

fn allowed() -> Settings {
    let edit =
        |text: String| text.replacen("provider =", "warn_pull_requests = true\nprovider =", 1);
    Settings { edit: Some(edit), ..Settings::default() }
}

/// A teammate's pull request is merged while the revert waits for somebody to merge it; its number.
async fn somebody_merges(w: &Arc<World>, what: &'static str) -> u64 {
    let name = format!("docs/{}.md", what.replace(' ', "-"));
    at_github(w, move |github| github.push_by_other("main", &[(&name, what)], what)).await;
    let pulls = w.models.github.pulls();
    pulls.iter().find(|pull| pull.title == what).expect("it came by a pull request").number
}

async fn a_revert_waits(w: &Arc<World>) {
    opens_the_revert(w).await;
    w.until_button("Merge").await;
}

fn comments(w: &World, number: u64) -> Vec<String> {
    w.models.github.comments(number)
}

fn posts(w: &World) -> usize {
    w.calls(COMMENTS).iter().filter(|call| call.method == "POST").count()
}

#[test]
fn who_brings_something_to_main_is_told_once_on_that_pull_request() {
    plays_with(allowed(), async |w| {
        a_revert_waits(&w).await;
        let number = somebody_merges(&w, "Note the hours").await;
        w.passes(Span::minutes(3)).await;
        let said = comments(&w, number);
        assert_eq!((said.len(), posts(&w)), (1, 1), "{said:?}");
        let fix = revert(&w).number;
        for expected in [
            "<!-- repoint:incident-1:warn -->",
            "Main still holds the bad change `8400cc2",
            "is not live yet",
            &format!("the fix, pull request #{fix}"),
        ] {
            assert!(said[0].contains(expected), "{expected} in {said:?}");
        }
        assert_eq!(w.times_said(&format!("A comment on #{number} says so there too")), 1);
        // Another one is told as well, and nobody twice.
        let second = somebody_merges(&w, "Note the prices").await;
        w.passes(Span::minutes(3)).await;
        assert_eq!((comments(&w, second).len(), comments(&w, number).len()), (1, 1));
        assert_eq!(comments(&w, fix), [""; 0], "the fix is not warned of itself");
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
        assert_eq!((w.live(), posts(&w)), (merged(&w), 2));
    });
}

#[test]
fn nobody_is_told_there_unless_it_is_configured() {
    plays(async |w| {
        a_revert_waits(&w).await;
        let number = somebody_merges(&w, "Note the hours").await;
        w.passes(Span::minutes(3)).await;
        assert!(w.incidents().contains("Note the hours"), "{}", w.incidents());
        assert_eq!(comments(&w, number), [""; 0]);
        assert_eq!(w.calls(COMMENTS).len(), 0, "nothing is asked either");
    });
}

#[test]
fn a_lost_answer_makes_no_second_comment() {
    plays_with(allowed(), async |w| {
        a_revert_waits(&w).await;
        github_trap(&w, "lost_answer", "POST /repos/demo/shop/issues/", Value::Null);
        let number = somebody_merges(&w, "Note the hours").await;
        w.passes(Span::minutes(4)).await;
        assert_eq!((comments(&w, number).len(), posts(&w)), (1, 1));
        assert_eq!(w.times_said(&format!("A comment on #{number} says so there too")), 1);
        assert!(!w.incidents().contains("I could not say so"), "{}", w.incidents());
        merges(&w).await;
    });
}

#[test]
fn a_bot_that_dies_in_the_middle_makes_no_second_comment() {
    // Before anything reached GitHub, and after the comment was made.
    for (kind, made) in [("hang", 0), ("lost_answer", 1)] {
        plays_with(allowed(), async |w| {
            a_revert_waits(&w).await;
            w.trap("github", kind, "POST /repos/demo/shop/issues/", Value::Null);
            let number = somebody_merges(&w, "Note the hours").await;
            // GitHub takes a moment to make what it was asked for.
            let is_met = || posts(&w) == 1 && comments(&w, number).len() == made;
            w.clock_moves_until(kind, Span::seconds(1), is_met).await;
            w.bot_dies();
            w.bot_starts().await;
            w.passes(Span::minutes(3)).await;
            assert_eq!((comments(&w, number).len(), posts(&w)), (1, 2 - made), "{kind}");
            merges(&w).await;
        });
    }
}

#[test]
fn a_refusal_is_said_once_and_holds_up_nothing() {
    plays_with(allowed(), async |w| {
        a_revert_waits(&w).await;
        let locked = json!({"status": 403});
        w.traps("github", "status", "POST /repos/demo/shop/issues/", locked, None);
        let number = somebody_merges(&w, "Note the hours").await;
        w.passes(Span::minutes(6)).await;
        let told = w.incidents();
        let refused =
            format!("I could not say so on the pull request that brought it: #{number}: ");
        assert_eq!((w.times_said(&refused), posts(&w)), (1, 1), "{told}");
        assert!(told.contains("Nothing waits for that"), "{told}");
        merges(&w).await;
        w.troubles_are_over();
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
        assert_eq!((comments(&w, number).len(), posts(&w)), (0, 1));
    });
}

#[test]
fn what_stays_unknown_is_given_up_after_three_tries_and_said() {
    plays_with(allowed(), async |w| {
        a_revert_waits(&w).await;
        w.traps("github", "status", COMMENTS, json!({"status": 502}), None);
        somebody_merges(&w, "Note the hours").await;
        w.passes(Span::minutes(8)).await;
        assert_eq!(w.times_said("I could not say so on the pull request"), 1, "{}", w.incidents());
        assert_eq!((w.calls(COMMENTS).len(), posts(&w)), (3, 0));
        w.troubles_are_over();
        merges(&w).await;
    });
}

#[test]
fn a_halt_keeps_it_back_until_it_is_lifted() {
    plays_with(allowed(), async |w| {
        a_revert_waits(&w).await;
        w.user("bo").types("/incident halt").await;
        let number = somebody_merges(&w, "Note the hours").await;
        w.passes(Span::minutes(2)).await;
        assert_eq!((comments(&w, number).len(), w.calls(COMMENTS).len()), (0, 0));
        w.user("lee").types("/incident resume reason it was nothing").await;
        w.passes(Span::minutes(1)).await;
        assert_eq!(comments(&w, number).len(), 1);
    });
}
