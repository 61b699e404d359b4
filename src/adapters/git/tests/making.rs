//! What is put on a branch, and what never is.

use super::*;
use crate::domain::ids::IncidentId;
use crate::domain::time::Timestamp;

const NOW: Timestamp = Timestamp(1_795_237_200_000);
const BRANCH: &str = "repoint/incident-7-revert-abc";

async fn made(view: &mut View, bad: &Bad) -> String {
    let tried = view.try_out(bad).await.unwrap();
    view.commit(bad, &tried, IncidentId(7), NOW).await.unwrap()
}

#[tokio::test]
async fn a_revert_is_what_git_itself_would_make_and_names_the_incident() {
    let bench = Bench::new();
    let bad = bench.commit("bad \"quoted\"", &[("a.txt", &lines(&[(2, "broken")]))]);
    bench.commit("later", &[("a.txt", &lines(&[(2, "broken"), (8, "mended")]))]);
    let mut view = bench.view().await;
    let found = view.alone(&bad).await.unwrap();
    let commit = made(&mut view, &found).await;
    assert_eq!(view.tip(BRANCH).await.unwrap(), Tip::None);
    assert_eq!(view.push(BRANCH, &commit, &Tip::None).await.unwrap(), Pushed::Done);
    assert_eq!(view.tip(BRANCH).await.unwrap(), Tip::Ahead(commit.clone()));
    let shown = bench.git(&["log", "-1", "--format=%an <%ae> %at%n%P%n%B", BRANCH]);
    let head = bench.id("main");
    assert_eq!(
        shown,
        format!(
            "Repoint <repoint@repoint.invalid> 1795237200\n{head}\nRevert \"bad \"quoted\"\"\n\n\
             This reverts commit {bad}.\n\nRepoint incident 7."
        )
    );
    bench.git(&["revert", "--no-edit", &bad]);
    assert_eq!(bench.id("main^{tree}"), bench.id(&format!("{BRANCH}^{{tree}}")));
}

#[tokio::test]
async fn a_range_names_each_of_its_commits() {
    let bench = Bench::new();
    let first = bench.id("HEAD");
    let second = bench.commit("second", &[("a.txt", "2\n")]);
    let third = bench.commit("third", &[("b.txt", "3\n")]);
    let mut view = bench.view().await;
    let bad = view.range(&first, &third).await.unwrap();
    let commit = made(&mut view, &bad).await;
    view.push(BRANCH, &commit, &Tip::None).await.unwrap();
    let message = bench.git(&["log", "-1", "--format=%B", BRANCH]);
    assert!(message.starts_with("Revert 2 commits up to \"third\"\n"), "{message}");
    let expected = format!("This reverts commit {third}.\nThis reverts commit {second}.\n");
    assert!(message.contains(&expected), "{message}");
    assert_eq!(bench.id(&format!("{BRANCH}^{{tree}}")), bench.id(&format!("{first}^{{tree}}")));
}

#[tokio::test]
async fn a_branch_that_somebody_else_made_or_moved_is_not_touched() {
    let bench = Bench::new();
    let bad = bench.commit("bad", &[("a.txt", "bad\n")]);
    let mut view = bench.view().await;
    let found = view.alone(&bad).await.unwrap();
    let commit = made(&mut view, &found).await;
    bench.git(&["branch", BRANCH, "main"]);
    assert_eq!(view.push(BRANCH, &commit, &Tip::None).await.unwrap(), Pushed::Moved);
    let seen = view.tip(BRANCH).await.unwrap();
    assert_eq!(seen, Tip::Prepared(bad.clone()));
    // A place that was prepared may be filled, as long as it is as it was seen.
    bench.git(&["checkout", "-q", BRANCH]);
    let theirs = bench.commit("by hand", &[("a.txt", "by hand\n")]);
    assert_eq!(view.push(BRANCH, &commit, &seen).await.unwrap(), Pushed::Moved);
    assert_eq!(view.tip(BRANCH).await.unwrap(), Tip::Ahead(theirs.clone()));
    assert_eq!(bench.id(BRANCH), theirs);
}

#[tokio::test]
async fn a_push_that_is_refused_says_why() {
    let bench = Bench::new();
    let hook = bench.there().join(".git/hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'GH013: rule violations' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut view = bench.view().await;
    let head = bench.commit("more", &[("b.txt", "b\n")]);
    drop(view);
    view = bench.view().await;
    match view.push(BRANCH, &head, &Tip::None).await {
        Err(GitError::Refused(why)) => {
            assert_eq!(why, "the branch was not taken: pre-receive hook declined");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn hostile_names_of_branches_never_reach_git() {
    let bench = Bench::new();
    let mut view = bench.view().await;
    let head = view.head.clone();
    for name in [
        "--upload-pack=touch x",
        "-f",
        "",
        "a b",
        "a..b",
        "a~1",
        "a^",
        "a:b",
        "a?",
        "a*",
        "a[",
        "a\\b",
        "/a",
        "a/",
        "a//b",
        ".a",
        "a/.b",
        "a.lock",
        "a.lock/b",
        "a.",
        "@",
        "HEAD",
        "a@{1}",
        "a\nb",
        "a\u{7f}b",
    ] {
        assert!(!is_branch(name), "{name:?}");
        assert!(matches!(view.tip(name).await, Err(GitError::Refused(_))), "{name:?}");
        let pushed = view.push(name, &head, &Tip::None).await;
        assert!(matches!(pushed, Err(GitError::Refused(_))), "{name:?}");
        assert!(
            matches!(bench.copy.open(name, &nobody()).await, Err(GitError::Refused(_))),
            "{name:?}"
        );
    }
    for name in ["main", "feature/a-b_c.d", "release/2026.11", "übung", "a@b", "a+b,(c)'"] {
        assert!(is_branch(name), "{name:?}");
        assert_eq!(git(&bench.there(), &["check-ref-format", "--branch", name]), name);
        assert_eq!(view.tip(name).await.unwrap() == Tip::None, name != "main", "{name:?}");
    }
}
