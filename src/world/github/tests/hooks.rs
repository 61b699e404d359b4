//! The webhook, as its receiver sees it.

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

/// A delivery: its event, its number, and what it says.
type Delivery = (String, String, Value);

/// A receiver that checks signatures.
async fn receiver(bench: &Bench) -> UnboundedReceiver<Delivery> {
    let (sender, deliveries) = unbounded_channel();
    let take = move |headers: HeaderMap, body: Bytes| {
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        let mut mac = Hmac::<Sha256>::new_from_slice(b"hush").unwrap();
        mac.update(&body);
        let shown = hex::decode(text("x-hub-signature-256").trim_start_matches("sha256="));
        mac.verify_slice(&shown.unwrap()).unwrap();
        let body = serde_json::from_slice(&body).unwrap();
        sender.send((text("x-github-event"), text("x-github-delivery"), body)).unwrap();
        async { "thanks" }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks/github", listener.local_addr().unwrap());
    let router = Router::new().route("/hooks/github", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    bench.model.set_webhook(&url, "hush");
    deliveries
}

/// The next deliveries, each as its event and action.
async fn next(deliveries: &mut UnboundedReceiver<Delivery>, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    for _ in 0..count {
        let wait = std::time::Duration::from_secs(10);
        let delivery = tokio::time::timeout(wait, deliveries.recv()).await;
        let (event, _, body) = delivery.expect("a delivery").unwrap();
        let name = body["check_run"]["name"].as_str().map(|name| format!("{name} "));
        let of = body["action"].as_str().or(body["ref"].as_str()).unwrap_or_default();
        words.push(format!("{event} {}{of}", name.unwrap_or_default()));
    }
    words
}

#[tokio::test]
async fn what_happens_is_posted_signed_and_checks_tell_their_end_unasked() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let mut deliveries = receiver(&bench).await;
    let number = bench.opens("gift-cards").await;
    let opened = ["pull_request opened", "check_run build created", "check_run test created"];
    assert_eq!(next(&mut deliveries, 3).await, opened);
    bench.passes(9);
    // Nobody asks; the clock alone makes them come.
    let ended = ["check_run build completed", "check_run test completed"];
    assert_eq!(next(&mut deliveries, 2).await, ended);
    bench.merges(number, json!({})).await;
    let merged = ["pull_request closed", "push refs/heads/main"];
    assert_eq!(next(&mut deliveries, 2).await, merged);
}

#[tokio::test]
async fn a_delivery_can_be_lost_or_come_twice() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let mut deliveries = receiver(&bench).await;
    bench.arm("hook_dropped", Value::Null);
    bench.arm("hook_repeated", Value::Null);
    bench.opens("gift-cards").await;
    let first = deliveries.recv().await.unwrap();
    assert_eq!(first.0, "check_run", "that a pull request was opened never arrived");
    let (_, number, body) = deliveries.recv().await.unwrap();
    assert_eq!((number, body), (first.1, first.2), "the same number again");
}
