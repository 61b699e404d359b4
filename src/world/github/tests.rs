//! The model by itself: its history has the ids that the modelled Vercel knows, every trap springs, strange calls are loud.

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::domain::time::Timestamp;
use crate::world::ledger::Fault;
use crate::world::vercel::VercelSeed;

struct Bench {
    model: Arc<GitHubModel>,
    ledger: Arc<Ledger>,
    url: String,
}

async fn bench() -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (clock, ledger) = (WorldClock::still(Timestamp(1_795_226_820_000)), Ledger::new());
    let model = GitHubModel::new(clock, ledger.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = model.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Bench { model, ledger, url }
}

impl Bench {
    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let request = reqwest::Client::new().get(format!("{}{path}", self.url));
        let response = request.bearer_auth(token).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
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
    let file = format!("/repos/demo/shop/contents/drizzle%2F0002_baskets.sql?ref={}", shas[2]);
    assert_eq!(bench.get(&file, TOKEN).await.1["encoding"], "base64");
    let pulls = bench.get(&format!("/repos/demo/shop/commits/{}/pulls", shas[2]), TOKEN).await.1;
    assert_eq!(pulls[0]["number"], 124);
    assert_eq!(bench.get(&file, "wrong").await.0, 401);
    assert_eq!(bench.get("/repos/demo/other", TOKEN).await.0, 404);
    assert_eq!(bench.model.unknown_calls(), Vec::<String>::new());
    assert_eq!(bench.get("/repos/demo/shop/branches", TOKEN).await.0, 404);
    assert_eq!(bench.model.unknown_calls(), ["GET /repos/demo/shop/branches"]);
}

#[tokio::test]
async fn every_trap_has_a_name_and_every_name_a_trap() {
    if !is_possible() {
        return;
    }
    let shas = shas();
    for kind in FAULTS {
        let bench = bench().await;
        let (vendor, kind) = (VENDOR.to_owned(), (*kind).to_owned());
        let with = json!({"status": 502});
        bench.ledger.arm(Fault { vendor, kind, on: String::new(), times: Some(1), with });
        let url = format!("{}/repos/demo/shop/compare/{}...{}", bench.url, shas[1], shas[2]);
        let request = reqwest::Client::new().get(url).bearer_auth(TOKEN).send();
        // Some of these never come to an answer; only the trap matters here.
        let _ = tokio::time::timeout(std::time::Duration::from_millis(500), request).await;
        assert!(bench.ledger.armed().is_empty(), "{:?} did not spring", bench.ledger.armed());
    }
}
