//! The loop on a machine where git cannot keep a copy: GitHub makes the revert itself.

use super::*;

/// git's copies would have to lie in a file.
fn without_git(text: String) -> String {
    let at = "[github]\n";
    let file = text.lines().find_map(|line| {
        let path = line.strip_prefix("path = ")?.trim_matches('"');
        path.ends_with("journal.db").then(|| path.to_owned())
    });
    let cache = format!("cache = \"{}/copies\"\n", file.expect("a journal"));
    text.replacen(at, &format!("{at}{cache}"), 1)
}

fn plays_without_git<F: Future<Output = ()>>(story: impl FnOnce(Arc<World>) -> F) {
    plays_with(Settings { edit: Some(without_git), ..Settings::default() }, story);
}

/// The reverts that GitHub made.
fn made(w: &World) -> Vec<PullView> {
    let mut pulls = w.models.github.pulls();
    pulls.retain(|pull| pull.branch.starts_with("revert-"));
    pulls
}

#[test]
fn without_git_the_card_says_what_is_not_known_and_the_loop_goes_on() {
    plays_without_git(async |w| {
        w.rolls_back().await;
        asks_for_the_revert(&w).await;
        let told = w.incidents();
        assert!(told.contains("Whether it conflicts is not known"), "{told}");
        assert!(told.contains("Not tried out"), "{told}");
        // The answer is lost, and what it was is found by the mark.
        github_trap(&w, "lost_answer", "POST /graphql", Value::Null);
        w.user("ana").presses("Open revert").await;
        w.until_button("Merge").await;
        assert_eq!(made(&w).len(), 1);
        w.user("bo").presses("Merge").await;
        until_built(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
        assert_eq!(made(&w).len(), 1);
    });
}

#[test]
fn a_conflict_that_only_github_sees_is_told_with_a_way_on() {
    plays_without_git(async |w| {
        w.rolls_back().await;
        at_github(&w, |github| github.change_same_lines(&github.head("main").unwrap_or_default()))
            .await;
        asks_for_the_revert(&w).await;
        w.user("ana").presses("Open revert").await;
        w.passes(Span::seconds(5)).await;
        let told = w.incidents();
        assert!(told.contains("couldn't be reverted automatically"), "{told}");
        assert!(told.contains("/incident fix &lt;PR&gt;"), "{told}");
        assert_eq!(made(&w), []);
    });
}
