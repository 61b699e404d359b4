//! The shop over loopback and its customers in process.

use serde_json::json;
use tokio::net::TcpListener;

use super::*;
use crate::world::vercel::VercelSeed;

const START: Timestamp = Timestamp(1_795_237_200_000);
const C2: &str = "dpl_3Kx9pBwT6mRfQv5NcZa8GjYh2dUe";
const C3: &str = "dpl_9FtLd6QyNs1WkXr4VbHz7CmEa5Pg";

struct Bench {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    vercel: Arc<VercelModel>,
    shop: Arc<ShopModel>,
    url: String,
}

async fn bench() -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = WorldClock::still(START);
    let ledger = Ledger::new();
    let vercel = VercelModel::new(Arc::clone(&clock), Arc::clone(&ledger), VercelSeed::demo(START));
    let shop = ShopModel::new(Arc::clone(&vercel), Arc::clone(&clock), Arc::clone(&ledger), "shop");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = shop.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Bench { clock, ledger, vercel, shop, url }
}

impl Bench {
    async fn get(&self, path: &str) -> (u16, String, String) {
        let response = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        let mark = response.headers().get("x-deployment-id");
        let mark = mark.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        (response.status().as_u16(), mark, response.text().await.unwrap())
    }

    fn arm(&self, kind: &str, with: Value) {
        let (vendor, kind) = (VENDOR.to_owned(), kind.to_owned());
        self.ledger.arm(Fault { vendor, kind, on: String::new(), times: Some(1), with });
    }
}

#[tokio::test]
async fn production_shows_what_is_live_and_the_newest_build_fails_at_checkout() {
    let bench = bench().await;
    let (status, mark, html) = bench.get("/").await;
    assert_eq!((status, mark.as_str()), (200, C3));
    assert!(html.contains("build 8400cc2"), "the footer names the build");
    assert_eq!(bench.get("/checkout").await.0, 500);
    bench.vercel.set_live("shop", &C2.into());
    let (status, mark, html) = bench.get("/checkout").await;
    assert_eq!((status, mark.as_str()), (200, C2));
    assert!(html.contains("Place order"));
    let (_, _, version) = bench.get("/version.json").await;
    let version: Value = serde_json::from_str(&version).unwrap();
    assert_eq!(version["deployment"], C2);
    assert_eq!(version["commit"], "23a9e468b59e012433e1fd1da2e18faef3a94681");
    assert_eq!(bench.get("/nothing-here").await.0, 404);
}

#[tokio::test]
async fn every_deployment_answers_at_its_own_address_whatever_is_live() {
    let bench = bench().await;
    let (status, mark, html) = bench.get("/_deployments/shop-c2-demo.vercel.app/").await;
    assert_eq!((status, mark.as_str()), (200, C2));
    assert!(html.contains(r#"href="/_deployments/shop-c2-demo.vercel.app/checkout""#));
    assert_eq!(bench.get("/_deployments/shop-c2-demo.vercel.app/checkout").await.0, 200);
    assert_eq!(bench.get("/_deployments/shop-c3-demo.vercel.app/checkout").await.0, 500);
    assert_eq!(bench.get("/_deployments/nobody.vercel.app/").await.0, 404);
    bench.arm("protected", Value::Null);
    assert_eq!(bench.get("/_deployments/shop-c2-demo.vercel.app/").await.0, 401);
}

#[tokio::test]
async fn any_deployment_can_be_mended_and_broken() {
    let bench = bench().await;
    bench.shop.set_health(&C3.into(), Health::Good);
    assert_eq!(bench.get("/checkout").await.0, 200);
    bench.shop.set_health(&C3.into(), Health::BreaksCheckout);
    assert_eq!(bench.get("/checkout").await.0, 500);
}

#[tokio::test]
async fn the_shops_traps_spring_once() {
    let bench = bench().await;
    bench.arm("status", json!({"status": 503}));
    assert_eq!(bench.get("/").await, (503, String::new(), String::new()));
    bench.arm("unmarked", Value::Null);
    let (status, mark, _) = bench.get("/").await;
    assert_eq!((status, mark.as_str()), (200, ""));
    bench.arm("dropped", Value::Null);
    assert!(reqwest::get(&bench.url).await.is_err());
    assert_eq!(bench.get("/").await.1, C3);
}

#[tokio::test]
async fn customers_fail_at_the_broken_checkout_until_production_moves() {
    let bench = bench().await;
    let traffic = tokio::spawn(Arc::clone(&bench.shop).traffic());
    // The past is filled in without waiting; then the clock stands still.
    while bench.shop.buckets().len() < 180 {
        tokio::task::yield_now().await;
    }
    let past = bench.shop.buckets();
    assert!(past[..179].iter().all(|bucket| bucket.requests == 5 && bucket.failures > 0));
    bench.vercel.set_live("shop", &C2.into());
    for _ in 0..10 {
        bench.clock.advance(Span::seconds(1));
        tokio::task::yield_now().await;
    }
    while bench.shop.buckets().last().unwrap().requests == 0 {
        tokio::task::yield_now().await;
    }
    let now = bench.shop.buckets();
    assert_eq!(now.len(), 180, "older seconds are forgotten");
    assert!(now[171..].iter().all(|bucket| bucket.failures == 0));
    assert!(now.windows(2).all(|pair| pair[1].at.0 - pair[0].at.0 == 1000));
    traffic.abort();
}

#[tokio::test]
async fn a_fix_may_work_at_its_own_address_and_break_in_production() {
    let bench = bench().await;
    bench.vercel.set_live("shop", &C2.into());
    bench.vercel.set_health("shop", &C2.into(), Health::BreaksInProduction);
    assert_eq!(bench.get("/_deployments/shop-c2-demo.vercel.app/checkout").await.0, 200);
    assert_eq!(bench.get("/checkout").await.0, 500);
    assert_eq!(bench.get("/").await.0, 200);
}
