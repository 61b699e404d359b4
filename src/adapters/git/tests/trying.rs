//! How a revert would go, without making it.

use super::*;
use crate::domain::fix::Outlook;

async fn tried(bench: &Bench, id: &str) -> Tried {
    let mut view = bench.view().await;
    let bad = view.alone(id).await.unwrap();
    view.try_out(&bad).await.unwrap()
}

fn clean(files: &[&str]) -> Outlook {
    Outlook::Clean { files: files.iter().map(|&file| file.to_owned()).collect() }
}

#[tokio::test]
async fn what_others_did_to_the_same_file_since_stays_and_is_told() {
    let bench = Bench::new();
    let bad = bench.commit("bad", &[("a.txt", &lines(&[(2, "broken")]))]);
    let later = bench.commit("later", &[("a.txt", &lines(&[(2, "broken"), (8, "mended")]))]);
    bench.commit("elsewhere", &[("b.txt", "b\n")]);
    let tried = tried(&bench, &bad).await;
    assert_eq!(tried.outlook, clean(&["a.txt"]));
    let named: Vec<_> = tried.later.iter().map(|one| (&*one.sha, &*one.subject)).collect();
    assert_eq!((named, tried.later_count), (vec![(&*later, "later")], 1));
    assert!(tried.beyond.is_empty() && tried.brings_back.is_none());
}

#[tokio::test]
async fn a_change_of_the_same_lines_conflicts_with_its_file_named() {
    let bench = Bench::new();
    let bad = bench.commit("bad", &[("a.txt", &lines(&[(2, "broken")])), ("b.txt", "b\n")]);
    bench.commit("later", &[("a.txt", &lines(&[(2, "worse")]))]);
    let tried = tried(&bench, &bad).await;
    assert_eq!(tried.outlook, Outlook::Conflicts { files: vec!["a.txt".to_owned()] });
    assert_eq!(tried.later_count, 1);
    assert_eq!(tried.tree(), None, "nothing is ever made of a tree with marks");
}

#[tokio::test]
async fn what_was_taken_back_already_is_gone() {
    let bench = Bench::new();
    let bad = bench.commit("bad", &[("a.txt", "bad\n")]);
    bench.git(&["revert", "--no-edit", &bad]);
    assert_eq!(tried(&bench, &bad).await.outlook, Outlook::AlreadyGone);
}

#[tokio::test]
async fn a_revert_of_a_revert_says_what_it_brings_again() {
    let bench = Bench::new();
    let original = bench.commit("original", &[("a.txt", "original\n")]);
    bench.git(&["revert", "--no-edit", &original]);
    let revert = bench.id("HEAD");
    let tried = tried(&bench, &revert).await;
    assert_eq!(tried.outlook, clean(&["a.txt"]));
    let back = tried.brings_back.expect("it brings one back");
    assert_eq!((back.sha, &*back.subject), (original, "original"));
}

#[tokio::test]
async fn a_text_that_only_claims_to_revert_something_is_harmless() {
    let bench = Bench::new();
    let body = format!(
        "bad\n\nThis reverts commit {}.\nThis reverts commit --all\nThis reverts commit ",
        "0".repeat(40)
    );
    let bad = bench.commit(&body, &[("a.txt", "bad\n")]);
    assert_eq!(tried(&bench, &bad).await.brings_back, None);
}

#[tokio::test]
async fn a_file_that_was_renamed_since_is_followed_and_named_as_beyond() {
    let bench = Bench::new();
    let bad = bench.commit("bad", &[("a.txt", &lines(&[(2, "broken")]))]);
    bench.git(&["mv", "a.txt", "moved.txt"]);
    bench.commit("move", &[]);
    let tried = tried(&bench, &bad).await;
    assert_eq!(tried.outlook, clean(&["moved.txt"]));
    assert_eq!(tried.beyond, ["moved.txt"]);
    assert_eq!(tried.later_count, 1);
}

#[tokio::test]
async fn everything_that_a_merge_brought_goes_at_once() {
    let bench = Bench::new();
    bench.branch_of_two();
    bench.git(&["merge", "-q", "--no-ff", "-m", "Merge", "work"]);
    let merge = bench.id("HEAD");
    assert_eq!(tried(&bench, &merge).await.outlook, clean(&["b.txt", "c.txt"]));
    let mut view = bench.view().await;
    let bad = view.range(&bench.id("HEAD~2"), &merge).await.unwrap();
    assert_eq!(view.try_out(&bad).await.unwrap().outlook, clean(&["b.txt", "c.txt", "d.txt"]));
}

#[tokio::test]
async fn names_of_files_are_only_names() {
    let bench = Bench::new();
    let id = "1".repeat(40);
    let names = ["--output=x", "a\nb", "tab\there", ":(glob)*", "über.txt", &id, ":100644 x"];
    let files: Vec<_> = names.iter().map(|&name| (name, "x\n")).collect();
    let bad = bench.commit("bad", &files);
    let changed: Vec<_> = names.iter().map(|&name| (name, "y\n")).collect();
    let mut view = bench.view().await;
    let alone = view.alone(&bad).await.unwrap();
    let Outlook::Clean { files } = view.try_out(&alone).await.unwrap().outlook else {
        panic!("clean");
    };
    drop(view);
    let mut sorted: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    sorted.sort();
    assert_eq!(files, sorted);
    bench.commit("more", &changed);
    let tried = tried(&bench, &bad).await;
    let Outlook::Conflicts { files } = &tried.outlook else { panic!("conflicts: {tried:?}") };
    assert_eq!((files.len(), tried.later_count), (names.len(), 1));
}
