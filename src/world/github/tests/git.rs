//! git itself, as it clones and pushes.

use std::path::Path;
use std::process::{Command, Output};

use super::*;

/// A git that knows nothing of this machine, run as a client runs it.
async fn git(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("git");
    command
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_AUTHOR_NAME", "Bo Lindqvist")
        .env("GIT_AUTHOR_EMAIL", "bo@example.com")
        .env("GIT_COMMITTER_NAME", "Bo Lindqvist")
        .env("GIT_COMMITTER_EMAIL", "bo@example.com")
        .args(arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).into_owned()
}

fn address(bench: &Bench, password: &str) -> String {
    format!("{}/{REPO}.git", bench.url.replace("http://", &format!("http://bot:{password}@")))
}

/// A clone without files, and how it went.
async fn clone(bench: &Bench, folder: &Path, password: &str) -> Output {
    let url = address(bench, password);
    git(folder, &["clone", "--bare", "--filter=blob:none", &url, "shop"]).await
}

#[tokio::test]
async fn a_partial_clone_reverts_and_pushes_a_branch_but_never_the_main_one() {
    if !is_possible() {
        return;
    }
    let (bench, folder) = (bench().await, tempfile::tempdir().unwrap());
    let refused = clone(&bench, folder.path(), "wrong").await;
    assert!(!refused.status.success() && said(&refused).contains("Authentication failed"));
    let cloned = clone(&bench, folder.path(), TOKEN).await;
    assert!(cloned.status.success(), "{}", said(&cloned));
    let shop = folder.path().join("shop");
    // The bad commit, undone without a work tree: files that are missing come by themselves.
    let merge = ["merge-tree", "--write-tree", "--merge-base=main", "main", "main^"];
    let tree = said(&git(&shop, &merge).await);
    let commit =
        ["commit-tree", "-p", "main", "-m", "Revert \"Rework checkout totals\"", tree.trim()];
    let sha = said(&git(&shop, &commit).await).trim().to_owned();
    let pushed = git(&shop, &["push", "origin", &format!("{sha}:refs/heads/revert-124")]).await;
    assert!(pushed.status.success(), "{}", said(&pushed));
    assert_eq!(bench.model.head("revert-124").as_deref(), Some(sha.as_str()));
    let pushes = bench.model.pushes();
    assert_eq!(
        (pushes[0].branch.as_str(), pushes[0].author.as_str()),
        ("revert-124", "Bo Lindqvist")
    );
    assert_eq!(pushes[0].subject, "Revert \"Rework checkout totals\"");
    let main = bench.model.head("main");
    let refused =
        git(&shop, &["push", "--force", "origin", &format!("{sha}:refs/heads/main")]).await;
    assert!(!refused.status.success());
    let sentence = "GH006: Protected branch update failed for refs/heads/main.";
    assert!(said(&refused).contains(sentence), "{}", said(&refused));
    assert_eq!(bench.model.head("main"), main);
    assert_eq!(bench.model.pushes().len(), 1, "a refused push is none");
    assert_eq!(bench.model.unknown_calls(), Vec::<String>::new());
}

#[tokio::test]
async fn a_push_to_the_branch_of_a_pull_request_starts_its_checks_anew() {
    if !is_possible() {
        return;
    }
    let (bench, folder) = (bench().await, tempfile::tempdir().unwrap());
    let number = bench.opens("gift-cards").await;
    bench.passes(9);
    assert_eq!(bench.checks("gift-cards").await, "build success, test success");
    assert!(clone(&bench, folder.path(), TOKEN).await.status.success());
    let shop = folder.path().join("shop");
    let commit = ["commit-tree", "-p", "main", "-m", "Try less", "gift-cards^{tree}"];
    let sha = said(&git(&shop, &commit).await).trim().to_owned();
    let name = format!("+{sha}:refs/heads/gift-cards");
    assert!(git(&shop, &["push", "origin", &name]).await.status.success());
    let pull = bench.asks(&format!("pulls/{number}")).await;
    assert_eq!((&pull["head"]["sha"], &pull["mergeable_state"]), (&json!(sha), &json!("blocked")));
    assert_eq!(bench.checks(&sha).await, "build queued, test queued");
    let gone = git(&shop, &["push", "origin", ":refs/heads/gift-cards"]).await;
    assert!(gone.status.success(), "{}", said(&gone));
    assert_eq!(bench.asks(&format!("pulls/{number}")).await["state"], "closed");
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_was_carried_out() {
    if !is_possible() {
        return;
    }
    let (bench, folder) = (bench().await, tempfile::tempdir().unwrap());
    assert!(clone(&bench, folder.path(), TOKEN).await.status.success());
    let shop = folder.path().join("shop");
    bench.arm("lost_answer", Value::Null);
    let pushed = git(&shop, &["push", "origin", "main:refs/heads/kept"]).await;
    assert!(!pushed.status.success());
    assert_eq!(bench.model.head("kept"), bench.model.head("main"));
}
