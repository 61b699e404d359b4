//! Reverts where git cannot be used: GitHub makes them, of whole pull requests, and says no by itself.

use super::*;

/// A forge whose git has no folder for its copies.
fn without_git(bench: Bench) -> Bench {
    let access = token(bench.world.models.github.token());
    let file = bench.world.file("no-folder");
    std::fs::write(&file, "").expect("a file");
    Bench { forge: forge_at(&bench.world, access, None, file.join("copies")), ..bench }
}

/// The reverts that GitHub made.
fn made(bench: &Bench) -> Vec<repoint::world::github::PullView> {
    let mut pulls = bench.world.models.github.pulls();
    pulls.retain(|pull| pull.branch.starts_with("revert-"));
    pulls
}

/// A revert is opened without git.
pub async fn is_made_by_github(world: &Arc<World>) {
    let bench = without_git(Bench::of(world));
    let trial = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
    assert!(matches!(trial.outlook, Outlook::Unknown { .. }), "{trial:?}");
}

#[test]
fn github_makes_the_revert_of_a_whole_pull_request() {
    Bench::run(async |bench| {
        let with_git = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
        let bench = without_git(bench);
        let trial = bench.forge.try_revert(&bench.shop, &subject()).await.expect("a trial");
        let Outlook::Unknown { why } = &trial.outlook else { panic!("{trial:?}") };
        assert!(why.contains("no folder for git's copies"), "{why}");
        assert_eq!((&trial.culprit, &trial.onto), (&with_git.culprit, &with_git.onto));
        let pull = bench.opened().await;
        assert_eq!(pull.title, order().title);
        assert_eq!(bench.opened().await, pull, "the one that is there is the answer");
        let found = bench.forge.pull_of(&bench.shop, BRANCH).await.expect("an answer");
        assert_eq!(found.as_ref(), Some(&pull));
        let other = bench.forge.pull_of(&bench.shop, "repoint/incident-8").await;
        assert_eq!(other.expect("an answer"), None);
        let [only] = &made(&bench)[..] else { panic!("{:?}", made(&bench)) };
        assert_eq!(
            (only.number, only.branch.as_str()),
            (pull.number, "revert-124-checkout-totals")
        );
        assert!(only.body.starts_with("Repoint incident 7"), "{}", only.body);
        bench.passes(10);
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Green);
        let head = bench.gate(pull.number).await.head;
        bench.merges(pull.number, &head, Road::Direct).await.expect("merged");
        assert!(!bench.world.models.github.breaks_checkout(&bench.head("main")));
    });
}

#[test]
fn a_lost_answer_of_githubs_revert_is_found_again_by_its_mark() {
    Bench::run(async |bench| {
        let bench = without_git(bench);
        bench.trap("lost_answer", "POST /graphql", Value::Null);
        assert_eq!(bench.opens().await, Err(PortErrorKind::Ambiguous));
        let found = bench.forge.pull_of(&bench.shop, BRANCH).await.expect("an answer");
        assert_eq!(bench.opened().await, found.expect("it is there"));
        assert_eq!(made(&bench).len(), 1);
    });
}

#[test]
fn what_github_cannot_take_back_is_refused_with_what_it_means() {
    Bench::run(async |bench| {
        let bench = without_git(bench);
        let bad = bench.head("main");
        bench.world.models.github.change_same_lines(&bad).expect("changed");
        let error = bench.forge.open_revert(&bench.shop, &order()).await.expect_err("no");
        assert_eq!(error.kind, PortErrorKind::Rejected);
        for expected in ["couldn't be reverted automatically", "conflict with taking #124 back"] {
            assert!(error.message.contains(expected), "{error}");
        }
        assert_eq!(made(&bench), []);
    });
}

#[test]
fn without_git_only_whole_pull_requests_are_taken_back() {
    Bench::run(async |bench| {
        let bench = without_git(bench);
        let first = "a".repeat(40);
        let range = Subject::Range { base: first.clone(), head: bench.head("main") };
        let commit = Subject::Commit(bench.world.models.github.head("gift-cards").expect("one"));
        for (subject, expected) in [
            (range, "a range of commits is not taken back here"),
            (commit, "no pull request brought that commit"),
            (Subject::Commit("main".to_owned()), "no commit id"),
            (Subject::Pull(999), "finds no such thing"),
        ] {
            let error = bench.forge.try_revert(&bench.shop, &subject).await.expect_err("no");
            assert!(error.message.contains(expected), "{error}");
        }
    });
}
