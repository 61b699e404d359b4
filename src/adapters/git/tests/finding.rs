//! What a bad change is made of.

use super::*;
use crate::domain::fix::Shape;

fn refusal<T: std::fmt::Debug>(answer: Result<T, GitError>) -> String {
    match answer {
        Err(GitError::Refused(why)) => why,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_commit_is_found_by_its_beginning_and_only_on_main() {
    let bench = Bench::new();
    let second = bench.commit("second", &[("a.txt", "2\n")]);
    bench.git(&["checkout", "-q", "-b", "elsewhere"]);
    let other = bench.commit("other", &[("b.txt", "b\n")]);
    let tree = bench.id("main^{tree}");
    let mut view = bench.view().await;
    assert_eq!(view.on_main(&second[..7]).await.unwrap(), second);
    assert_eq!(view.on_main(&second).await.unwrap(), second);
    assert!(refusal(view.on_main(&other).await).contains("main has no commit"));
    assert!(refusal(view.on_main(&tree).await).contains("main has no commit"));
    assert!(refusal(view.on_main(&"0".repeat(40)).await).contains("main has no commit"));
    for hostile in ["--all", "HEAD", "main", "abc", "../a", "--upload-pack=x", "ABCDEF0", ""] {
        assert!(refusal(view.on_main(hostile).await).contains("no commit id"), "{hostile}");
    }
}

#[tokio::test]
async fn two_commits_that_begin_alike_are_not_guessed_between() {
    let bench = Bench::new();
    // These two, written at these seconds, begin with the same seven digits.
    let twin = [8_779, 10_741].map(|second| {
        let who = format!("A <a@b> {second} +0000");
        let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
        let commit = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n");
        let path = bench.folder.path().join("commit");
        std::fs::write(&path, commit).unwrap();
        bench.git(&["hash-object", "-t", "commit", "-w", path.to_str().unwrap()])
    });
    assert_eq!(twin[0][..7], twin[1][..7]);
    let [one, other] = &twin;
    let parents = ["-p", "main", "-p", one, "-p", other];
    let merge = [&["commit-tree", "-m", "both"], &parents[..], &["main^{tree}"]].concat();
    let both = bench.git(&merge);
    bench.git(&["reset", "-q", "--hard", &both]);
    let mut view = bench.view().await;
    assert!(refusal(view.on_main(&twin[0][..7]).await).contains("give more digits"));
    assert_eq!(view.on_main(&twin[0]).await.unwrap(), twin[0]);
}

#[tokio::test]
async fn a_merge_a_squash_and_a_rebase_are_told_apart() {
    let bench = Bench::new();
    let tip = bench.branch_of_two();
    let before = bench.id("main");

    bench.git(&["merge", "-q", "--no-ff", "-m", "Merge pull request #1", "work"]);
    let merge = bench.id("main");
    let mut view = bench.view().await;
    let bad = view.brought(&merge, &tip, 2).await.unwrap();
    assert_eq!((bad.shape, bad.commits, &bad.base), (Shape::Merge, 3, &before));
    drop(view);

    bench.git(&["reset", "-q", "--hard", &before]);
    bench.git(&["merge", "-q", "--squash", "work"]);
    let squash = bench.commit("Work (#1)", &[]);
    let mut view = bench.view().await;
    let bad = view.brought(&squash, &tip, 2).await.unwrap();
    assert_eq!((bad.shape, bad.commits, &bad.base), (Shape::Single, 1, &before));
    drop(view);

    bench.git(&["reset", "-q", "--hard", &before]);
    bench.git(&["cherry-pick", "main..work"]);
    let rebased = bench.id("main");
    let mut view = bench.view().await;
    let bad = view.brought(&rebased, &tip, 2).await.unwrap();
    assert_eq!((bad.shape, bad.commits, &bad.base), (Shape::Range, 2, &before));
    assert_eq!(bad.head.subject, "part two");
}

#[tokio::test]
async fn where_the_branch_is_gone_it_is_not_guessed_how_it_was_merged() {
    let bench = Bench::new();
    bench.branch_of_two();
    bench.git(&["merge", "-q", "--squash", "work"]);
    let squash = bench.commit("Work (#1)", &[]);
    let mut view = bench.view().await;
    let lost = "1".repeat(40);
    let why = refusal(view.brought(&squash, &lost, 2).await);
    assert!(why.contains("name its commits as a range"), "{why}");
    // One commit is one commit, however it came.
    assert_eq!(view.brought(&squash, &lost, 1).await.unwrap().shape, Shape::Single);
}

#[tokio::test]
async fn a_range_has_an_order_and_the_first_commit_stays() {
    let bench = Bench::new();
    let first = bench.id("HEAD");
    let second = bench.commit("second", &[("a.txt", "2\n")]);
    let third = bench.commit("third", &[("a.txt", "3\n")]);
    let mut view = bench.view().await;
    let bad = view.range(&first[..8], &third).await.unwrap();
    assert_eq!((bad.shape, bad.commits, bad.base), (Shape::Range, 2, first.clone()));
    assert_eq!(view.range(&second, &third).await.unwrap().shape, Shape::Single);
    assert!(refusal(view.range(&third, &second).await).contains("must come before"));
    assert!(refusal(view.range(&third, &third).await).contains("must come before"));
    assert!(refusal(view.alone(&first).await).contains("very first"));
}
