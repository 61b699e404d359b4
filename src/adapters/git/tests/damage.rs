//! The copy: made when needed, mended by itself, honest when it cannot be had.

use tokio::io::AsyncReadExt;

use super::*;
use crate::adapters::git::command::{Ask, Git};
use crate::adapters::git::copy::version;

#[tokio::test]
async fn the_copy_has_no_work_tree_and_no_contents_until_they_are_needed() {
    let bench = Bench::new();
    let bad = bench.commit("bad", &[("a.txt", "bad\n")]);
    let mut view = bench.view().await;
    let copies: Vec<_> =
        std::fs::read_dir(bench.folder.path().join("cache")).unwrap().map(Result::unwrap).collect();
    assert_eq!(copies.len(), 1);
    let missing = git(&copies[0].path(), &["rev-list", "--objects", "--missing=print", "--all"]);
    assert_eq!(missing.lines().filter(|line| line.starts_with('?')).count(), 2);
    assert!(!copies[0].path().join("a.txt").exists());
    let found = view.alone(&bad).await.unwrap();
    view.try_out(&found).await.unwrap();
}

#[tokio::test]
async fn a_copy_that_was_damaged_is_made_anew_once_and_serves() {
    for what in ["HEAD", "objects", "config"] {
        let bench = Bench::new();
        let head = bench.view().await.head;
        let cache = bench.folder.path().join("cache");
        let copy = std::fs::read_dir(cache).unwrap().next().unwrap().unwrap().path().join(what);
        if copy.is_dir() {
            std::fs::remove_dir_all(&copy).unwrap();
        } else {
            std::fs::write(&copy, "\0garbage").unwrap();
        }
        assert_eq!(bench.view().await.head, head, "{what}");
    }
}

#[tokio::test]
async fn a_repository_or_branch_that_is_not_there_is_said_to_be_missing() {
    let bench = Bench::new();
    let other = bench.copy.open("other", &nobody()).await.map(|_| ()).unwrap_err();
    assert!(matches!(other, GitError::Missing(_)), "{other:?}");
    bench.view().await;
    std::fs::remove_dir_all(bench.there()).unwrap();
    let gone = bench.copy.open("main", &nobody()).await.map(|_| ()).unwrap_err();
    assert!(matches!(gone, GitError::Missing(_)), "{gone:?}");
}

#[tokio::test]
async fn only_the_configured_way_is_taken_and_nobody_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let opened = async |url: &str| {
        let (url, cache) = (url.parse().unwrap(), folder.path().join("cache"));
        let copy = Copy::new(Remote { url, cache });
        let error = copy.open("main", &Secret::new("tok123")).await.map(|_| ()).unwrap_err();
        assert!(!error.to_string().contains("tok123"), "{error}");
        error
    };
    let closed = opened("http://127.0.0.1:9/demo/shop.git").await;
    assert!(matches!(closed, GitError::Unreachable(_)), "{closed:?}");
    for other in ["ssh://127.0.0.1:9/demo/shop.git", "ext::sh -c touch% x", "git://127.0.0.1:9/a"] {
        let error = opened(other).await;
        assert!(matches!(error, GitError::Refused(_)), "{other}: {error:?}");
    }
}

#[tokio::test]
async fn a_git_that_waits_too_long_ends_with_its_helpers() {
    let folder = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    let cache = folder.path().to_owned();
    let git = Git { cache, url: url.clone(), token: Secret::new("tok123") };
    let arguments = ["ls-remote", "--end-of-options", url.as_str()];
    let deadline = std::time::Duration::from_millis(500);
    let ask = Ask { folder: None, arguments: &arguments, input: "", environment: &[], deadline };
    let silence = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut heard = String::new();
        // This ends when the helper that holds the connection does.
        let _ = connection.read_to_string(&mut heard).await;
        heard
    };
    let (answer, heard) = tokio::join!(git.run(&ask), silence);
    assert!(matches!(answer, Err(GitError::Unreachable(why)) if why.contains("took longer")));
    // The token is there as GitHub wants it, and nowhere as it is.
    assert!(heard.contains("Authorization: Basic eC1hY2Nlc3MtdG9rZW46dG9rMTIz"), "{heard}");
    assert!(!heard.contains("tok123"), "{heard}");
}

#[tokio::test]
async fn visitors_wait_for_each_other() {
    let bench = Bench::new();
    let first = bench.view().await;
    let second = tokio::spawn({
        let copy = bench.copy.clone();
        async move { copy.open("main", &nobody()).await.map(|view| view.head.clone()) }
    });
    tokio::task::yield_now().await;
    assert!(!second.is_finished());
    let head = first.head.clone();
    drop(first);
    assert_eq!(second.await.unwrap().unwrap(), head);
}

#[tokio::test]
async fn the_git_here_is_new_enough_and_others_are_told_apart() {
    let cache = tempfile::tempdir().unwrap();
    let remote =
        Remote { url: "https://example.com/".parse().unwrap(), cache: cache.path().to_owned() };
    assert!(look(&remote).await.unwrap().starts_with("git version "));
    assert_eq!(version("git version 2.39.5"), Some((2, 39)));
    assert_eq!(version("git version 2.47.1.windows.1"), Some((2, 47)));
    assert_eq!(version("git version 3.0"), Some((3, 0)));
    assert_eq!(version("gitoxide 1"), None);
}
