//! The client against scripted answers: what is sent, and what each answer is taken for. Here the evidence, with
//! `stage` the gate and what changes something.

mod gate;
mod stage;
mod writing;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::*;
use crate::adapters::clock::SystemClock;
use crate::adapters::secret::Secret;
use crate::domain::change::{PullRequest, Range};
use crate::domain::ids::ServiceId;
use crate::domain::migration::{Fate, Paths};
use crate::engine::ports::{Code, PortErrorKind};

/// What is answered to a path.
type Script = fn(&str) -> (u16, Vec<(&'static str, String)>, String);

struct Bench {
    code: GitHubCode,
    seen: Arc<Mutex<Vec<String>>>,
}

async fn bench(script: Script) -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let router = Router::new().fallback(move |request: Request| {
        let header = |name: &str| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or("-")
                .to_owned()
        };
        let line = format!(
            "{} {} {} {}",
            request.method(),
            request.uri(),
            header("authorization"),
            header("x-github-api-version")
        );
        noted.lock().unwrap().push(line);
        let (status, headers, body) = script(request.uri().path());
        let mut response = body.into_response();
        *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap();
        for (name, value) in headers {
            response.headers_mut().insert(name, value.parse().unwrap());
        }
        std::future::ready(response)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api_url = format!("http://{}/api/v3/", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let repository = GitHubRepository {
        service: web(),
        owner: "demo".to_owned(),
        name: "shop".to_owned(),
        migrations: Paths::default(),
        branch: None,
    };
    let config = GitHubConfig { api_url, access: GitHubAccess::Token(Secret::new("tok123")) };
    let clock = Arc::new(SystemClock::default());
    Bench { code: GitHubCode::new(config, vec![repository], clock).unwrap(), seen }
}

fn web() -> ServiceId {
    "web".into()
}

fn range() -> Range {
    Range { base: "a".repeat(40), head: "b".repeat(40) }
}

fn ok(body: &Value) -> (u16, Vec<(&'static str, String)>, String) {
    (200, Vec::new(), body.to_string())
}

fn comparison(files: &[(&str, &str, u64)]) -> Value {
    let commit = |sha: &str, message: &str| json!({"sha": sha, "commit": {"message": message}});
    let files = files.iter().map(
        |(name, status, changes)| json!({"filename": name, "status": status, "changes": changes}),
    );
    json!({
        "total_commits": 9,
        "commits": [commit("1", "one"), commit("2", "two"), commit("3", "three\n\nlong"), commit("4", "four")],
        "files": files.collect::<Vec<_>>(),
    })
}

fn usual(path: &str) -> (u16, Vec<(&'static str, String)>, String) {
    if path.contains("/compare/") {
        return ok(&comparison(&[
            ("src/a.ts", "modified", 3),
            ("drizzle/0001_a.sql", "added", 1),
            ("drizzle/0002 b#?.sql", "modified", 1),
            ("drizzle/0003_c.sql", "removed", 1),
            ("drizzle/0004_d.sql", "renamed", 0),
            ("drizzle/0005_e.sql", "something new", 1),
        ]));
    }
    if path.contains("/contents/") && path.contains("0005") {
        return (404, Vec::new(), r#"{"message":"Not Found"}"#.to_owned());
    }
    // "DROP TABLE a;"
    ok(&json!({"encoding": "base64", "content": "RFJPUCBUQUJM\nRSBhOw==\n"}))
}

#[tokio::test]
async fn changes_hold_the_newest_commits_and_the_migrations_with_their_texts() {
    let bench = bench(usual).await;
    let found = bench.code.changes(&web(), &range()).await.unwrap();
    assert_eq!((found.commits, found.files, found.unlisted), (9, 6, None));
    let newest: Vec<_> = found.newest.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(newest, ["four", "three", "two"]);
    let migrations: Vec<_> = found
        .migrations
        .iter()
        .map(|one| (one.path.as_str(), one.fate, one.text.as_deref()))
        .collect();
    let drop = || Ok("DROP TABLE a;");
    assert_eq!(migrations[0], ("drizzle/0001_a.sql", Fate::Added, drop()));
    assert_eq!(migrations[1], ("drizzle/0002 b#?.sql", Fate::Changed, drop()));
    assert_eq!((migrations[2].0, migrations[2].1), ("drizzle/0003_c.sql", Fate::Removed));
    assert_eq!((migrations[3].0, migrations[3].1), ("drizzle/0005_e.sql", Fate::Changed));
    assert!(migrations[3].2.unwrap_err().contains("finds no such thing"));
    assert_eq!(migrations.len(), 4, "a new name alone changes nothing");
    let seen = bench.seen.lock().unwrap().clone();
    let (a, b) = ("a".repeat(40), "b".repeat(40));
    let expected =
        format!("GET /api/v3/repos/demo/shop/compare/{a}...{b} Bearer tok123 2022-11-28");
    assert_eq!(seen[0], expected);
    let odd = format!("/contents/drizzle%2F0002%20b%23%3F.sql?ref={b} ");
    assert!(seen.iter().any(|line| line.contains(&odd)), "{seen:?}");
}

#[tokio::test]
async fn a_commit_that_is_no_full_id_is_never_asked_for() {
    let bench = bench(usual).await;
    for base in ["main", "abc1234", "--output=/tmp/x", "../../x", &"A".repeat(40), &"a".repeat(39)]
    {
        let range = Range { base: base.to_owned(), ..range() };
        let error = bench.code.changes(&web(), &range).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Rejected, "{base}");
    }
    assert!(bench.seen.lock().unwrap().is_empty());
    let error = bench.code.changes(&"other".into(), &range()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Missing);
}

#[tokio::test]
async fn three_hundred_files_may_be_more_and_the_twenty_first_migration_is_not_read() {
    let bench = bench(|path| {
        if !path.contains("/compare/") {
            return usual(path);
        }
        let names: Vec<String> = (0..300).map(|n| format!("migrations/{n:03}.sql")).collect();
        let files: Vec<_> = names.iter().map(|name| (name.as_str(), "added", 1)).collect();
        ok(&comparison(&files))
    })
    .await;
    let found = bench.code.changes(&web(), &range()).await.unwrap();
    assert!(found.unlisted.is_some());
    assert_eq!(found.migrations.len(), 300);
    assert!(found.migrations[19].text.is_ok() && found.migrations[20].text.is_err());
    assert_eq!(bench.seen.lock().unwrap().len(), 21);
}

#[tokio::test]
async fn what_is_no_comparison_is_said_plainly_and_asked_once() {
    let cases: [(Script, &str); 7] = [
        (|_| (200, vec![], "<html>".to_owned()), "cannot be understood: it is not JSON"),
        (|_| ok(&json!({"commits": 3})), "cannot be understood: it lacks what we need"),
        (
            |_| (301, vec![("location", "https://evil.example".to_owned())], String::new()),
            "redirects are not followed",
        ),
        (
            |_| (401, vec![], r#"{"message":"Bad credentials tok123"}"#.to_owned()),
            "does not accept the token (401): Bad credentials [hidden]",
        ),
        (|_| (404, vec![], String::new()), "or hides it from this token (404)"),
        (|_| (502, vec![], "<html>".to_owned()), "has a problem of its own (502)"),
        (|_| (200, vec![], " ".repeat(9 << 20)), "longer than 8 MiB"),
    ];
    for (script, sentence) in cases {
        let bench = bench(script).await;
        let error = bench.code.changes(&web(), &range()).await.unwrap_err();
        assert!(error.message.contains(sentence), "{}", error.message);
        assert_eq!(bench.seen.lock().unwrap().len(), 1, "{sentence}");
    }
}

#[tokio::test]
async fn the_pull_request_is_the_merged_one_that_became_the_commit() {
    let bench = bench(|_| {
        let row = |number: u64, merged: Option<&str>, sha: &str| {
            json!({"number": number, "title": "T\nsecond", "merged_at": merged, "merge_commit_sha": sha})
        };
        let (now, ours) = (Some("2026-11-20T00:00:00Z"), "b".repeat(40));
        ok(&json!([row(1, None, &ours), row(2, now, "c"), row(3, now, &ours)]))
    })
    .await;
    let found = bench.code.brought_by(&web(), &range().head).await.unwrap();
    assert_eq!(found, Some(PullRequest { number: 3, title: "T".to_owned() }));
    let bench = self::bench(|_| ok(&json!([]))).await;
    assert_eq!(bench.code.brought_by(&web(), &range().head).await.unwrap(), None);
}
