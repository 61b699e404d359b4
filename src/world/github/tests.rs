//! The model by itself, as clients see it over loopback: here what it knows of the past.

mod gate;
mod git;
mod hooks;
mod life;
mod traps;

use std::sync::Arc;

use serde_json::{Value, json};

use super::repository::Repository;
use super::*;
use crate::domain::time::{Span, Timestamp};
use crate::world::ledger::Fault;
use crate::world::vercel::VercelSeed;

struct Bench {
    model: Arc<GitHubModel>,
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    url: String,
}

async fn bench() -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (clock, ledger) = (WorldClock::still(Timestamp(1_795_226_820_000)), Ledger::new());
    let model = GitHubModel::new(clock.clone(), ledger.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = model.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Bench { model, clock, ledger, url }
}

impl Bench {
    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url));
        let response = request.bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
    }

    /// A call about the repository, by its method and the rest of its path.
    async fn call(&self, method: &str, rest: &str, body: Value) -> (u16, Value) {
        let url = match rest {
            "graphql" => format!("{}/graphql", self.url),
            _ => format!("{}/repos/{REPO}/{rest}", self.url),
        };
        let request = reqwest::Client::new().request(method.parse().unwrap(), url);
        let request = if body.is_null() { request } else { request.json(&body) };
        match request.bearer_auth(TOKEN).send().await {
            Ok(response) => {
                (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
            }
            Err(_) => (0, Value::Null),
        }
    }

    async fn asks(&self, rest: &str) -> Value {
        self.call("GET", rest, Value::Null).await.1
    }

    /// Opens a pull request of a branch; answers its number.
    async fn opens(&self, branch: &str) -> u64 {
        let body = json!({"title": "Try gift cards", "head": branch, "base": "main"});
        let (status, pull) = self.call("POST", "pulls", body).await;
        assert_eq!(status, 201, "{pull}");
        pull["number"].as_u64().unwrap()
    }

    /// A pull request of a branch with a change to checkout.
    async fn opens_a_fix(&self) -> u64 {
        let files = [("src/checkout.ts", "export const total = () => 0;\n")];
        let model = self.model.clone();
        model.push_by_other("fix", &files, "Fix checkout").unwrap();
        self.opens("fix").await
    }

    async fn merges(&self, number: u64, body: Value) -> (u16, Value) {
        self.call("PUT", &format!("pulls/{number}/merge"), body).await
    }

    /// Name, status and conclusion of each check of a commit.
    async fn checks(&self, name: &str) -> String {
        let found = self.asks(&format!("commits/{name}/check-runs")).await;
        let mut rows: Vec<String> = found["check_runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| {
                let word = run["conclusion"].as_str().or(run["status"].as_str()).unwrap();
                format!("{} {word}", run["name"].as_str().unwrap())
            })
            .collect();
        rows.sort();
        rows.join(", ")
    }

    fn arm(&self, kind: &str, with: Value) {
        let (vendor, kind) = (VENDOR.to_owned(), kind.to_owned());
        self.ledger.arm(Fault { vendor, kind, on: String::new(), times: Some(1), with });
    }

    fn passes(&self, seconds: i64) {
        self.clock.advance(Span::seconds(seconds));
    }
}

fn shas() -> Vec<String> {
    let seed = VercelSeed::demo(Timestamp(0));
    seed.projects[0].deployments.iter().map(|one| one.sha.clone()).collect()
}

#[test]
fn the_history_has_the_ids_that_the_deployments_are_known_by() {
    if !is_possible() {
        return;
    }
    let made = Repository::make(&seed::history()).unwrap().made;
    let [dates, baskets, totals, gift_cards] = [2, 3, 4, 5].map(|mark| made[&mark].clone());
    assert_eq!(shas(), [dates, baskets, totals, gift_cards]);
    assert_eq!(made[&6], DROPS_A_COLUMN);
}

#[tokio::test]
async fn the_main_branch_may_end_with_the_migration() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.model.ships_the_migration();
    assert_eq!(bench.asks("branches/main").await["commit"]["sha"], DROPS_A_COLUMN);
    assert_eq!(bench.checks("main").await, "build success, test success");
}

#[tokio::test]
async fn a_comparison_tells_commits_and_files_and_the_file_its_text() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let shas = shas();
    let (status, found) =
        bench.get(&format!("/repos/demo/shop/compare/{}...{}", shas[0], shas[2]), TOKEN).await;
    assert_eq!(
        (status, &found["status"], &found["total_commits"]),
        (200, &json!("ahead"), &json!(2))
    );
    assert_eq!(found["commits"][1]["sha"], shas[2], "the newest is the last");
    let names: Vec<_> =
        found["files"].as_array().unwrap().iter().map(|one| &one["filename"]).collect();
    let expected = [
        "drizzle/0002_baskets.sql",
        "drizzle/0003_order_totals.sql",
        "src/basket.ts",
        "src/checkout.ts",
    ];
    assert_eq!(names, expected);
    assert_eq!(found["files"][3]["status"], "modified");
    let second = format!("compare/{}...{}?per_page=1&page=2", shas[0], shas[2]);
    let second = bench.asks(&second).await;
    assert_eq!((&second["commits"][0]["sha"], &second["files"]), (&json!(shas[2]), &Value::Null));
    assert_eq!((&second["total_commits"], &second["commits"][1]), (&json!(2), &Value::Null));
    let file = format!("/repos/demo/shop/contents/drizzle%2F0002_baskets.sql?ref={}", shas[2]);
    assert_eq!(bench.get(&file, TOKEN).await.1["encoding"], "base64");
    let pulls = bench.get(&format!("/repos/demo/shop/commits/{}/pulls", shas[2]), TOKEN).await.1;
    assert_eq!(pulls[0]["number"], 124);
    assert_eq!(bench.get(&file, "wrong").await.0, 401);
    assert_eq!(bench.get("/repos/demo/other", TOKEN).await.0, 404);
    assert_eq!(bench.model.unknown_calls(), Vec::<String>::new());
    assert_eq!(bench.get("/repos/demo/shop/labels", TOKEN).await.0, 404);
    assert_eq!(bench.model.unknown_calls(), ["GET /repos/demo/shop/labels"]);
}
