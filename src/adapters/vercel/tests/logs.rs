//! Request logs.

use super::*;
use crate::adapters::vercel::client::logs_url;
use crate::domain::log::{Completeness, Failure, Window};
use crate::world::vercel::{Through, Visit};

impl Bench {
    fn visited(&self, at: Timestamp, deployment: &str, path: &str, status: u16) {
        let (method, path) = ("GET".to_owned(), path.to_owned());
        let (deployment, through) = (deployment.into(), Through::Production);
        self.model.visited("shop", Visit { at, deployment, through, method, path, status });
    }

    fn pages(&self) -> usize {
        self.ledger.calls().iter().filter(|call| call.path.ends_with("request-logs")).count()
    }
}

#[test]
fn only_vercels_own_api_has_its_logs_at_the_site() {
    for (api_url, expected) in [
        ("https://api.vercel.com", "https://vercel.com/"),
        ("https://api.vercel.com/", "https://vercel.com/"),
        ("http://api.vercel.com", "http://api.vercel.com/"),
        ("https://vercel.example.com/api", "https://vercel.example.com/api"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4000/"),
    ] {
        assert_eq!(logs_url(&Url::parse(api_url).unwrap()).as_str(), expected);
    }
}

/// The half hour before the start.
const BEFORE: Window = Window { from: Timestamp(START.0 - 30 * 60_000), to: START };

#[tokio::test]
async fn production_is_counted_within_its_window() {
    let bench = Bench::start().await;
    for (seconds, status) in [(-1_801, 500), (-1_800, 500), (-60, 200), (-1, 503), (0, 500)] {
        bench.visited(Timestamp(START.0 + seconds * 1000), C3, "/checkout", status);
    }
    let traffic = bench.provider.traffic(&shop(), BEFORE).await.unwrap();
    assert_eq!((traffic.requests, traffic.errors), (3, 2));
    assert_eq!(traffic.completeness, Completeness::Whole);
    let call = bench.ledger.calls().pop().unwrap();
    for part in ["projectId=prj_shop", "ownerId=team_demo", "teamId=team_demo", "page=0"] {
        assert!(call.query.contains(part), "{part} is not in {}", call.query);
    }
    bench.sound();
}

#[tokio::test]
async fn a_deployments_log_names_its_most_frequent_failure() {
    let bench = Bench::start().await;
    let quiet = bench.provider.error_log(&shop(), &C3.into()).await.unwrap();
    assert_eq!((quiet.traffic.requests, quiet.worst), (0, None));
    for (path, status) in [
        ("/", 200),
        ("/api/cart?coupon=secret", 502),
        ("/checkout", 500),
        ("/checkout", 500),
        ("/x", 404),
    ] {
        bench.visited(START - Span::seconds(1), C3, path, status);
    }
    bench.visited(START - Span::seconds(1), C2, "/", 500);
    let log = bench.provider.error_log(&shop(), &C3.into()).await.unwrap();
    assert_eq!((log.traffic.requests, log.traffic.errors), (5, 3));
    let request = "GET /checkout".to_owned();
    assert_eq!(log.worst, Some(Failure { request, status: Some(500), times: 2 }));
    assert_eq!(log.traffic.completeness, Completeness::Whole);
    bench.sound();
}

#[tokio::test]
async fn a_log_that_may_have_expired_is_the_newest_part_only() {
    let bench = Bench::start().await;
    let of = async |id: &str| bench.provider.error_log(&shop(), &id.into()).await.unwrap();
    assert_eq!(of(C1).await.traffic.completeness, Completeness::NewestOnly, "built days ago");
    assert_eq!(of(C2).await.traffic.completeness, Completeness::Whole);
    bench.model.set_plan(ModelPlan::Hobby);
    assert_eq!(of(C2).await.traffic.completeness, Completeness::NewestOnly);
}

#[tokio::test]
async fn a_busy_log_is_read_up_to_a_limit() {
    let bench = Bench::start().await;
    for number in 0..1_250 {
        let status = if number < 250 { 500 } else { 200 };
        bench.visited(BEFORE.from + Span(number), C3, "/", status);
    }
    let traffic = bench.provider.traffic(&shop(), BEFORE).await.unwrap();
    assert_eq!((traffic.requests, traffic.errors), (1_000, 0), "the newest ones");
    assert_eq!(traffic.completeness, Completeness::NewestOnly);
    assert_eq!(bench.pages(), 10);
}

#[tokio::test]
async fn a_page_that_fails_later_costs_only_itself() {
    let bench = Bench::start().await;
    for number in 0..150 {
        bench.visited(BEFORE.from + Span(number), C3, "/", 200);
    }
    bench.arm("status", "request-logs", json!({"status": 500, "skip": 1}));
    let traffic = bench.provider.traffic(&shop(), BEFORE).await.unwrap();
    assert_eq!((traffic.requests, traffic.completeness), (100, Completeness::NewestOnly));
    assert_eq!(bench.pages(), 2, "and it is not asked again");
    bench.sound();
}

#[tokio::test]
async fn logs_that_are_not_offered_are_missing_and_others_may_be_asked_again() {
    use PortErrorKind::{Missing, Unauthorised};
    for (kind, with, expected) in [
        ("status", json!({"status": 404}), Missing),
        ("status", json!({"status": 410}), Missing),
        ("garbage", Value::Null, Missing),
        ("status", json!({"status": 403}), Unauthorised),
        ("status", json!({"status": 429, "retry_after": 3}), transient(3)),
        ("status", json!({"status": 500}), transient(0)),
        ("dropped", Value::Null, transient(0)),
        ("hang", Value::Null, transient(0)),
    ] {
        let bench = Bench::impatient().await;
        bench.arm(kind, "request-logs", with.clone());
        let error = bench.provider.traffic(&shop(), BEFORE).await.unwrap_err();
        assert_eq!(error.kind, expected, "{kind} {with}: {}", error.message);
        assert!(!error.message.contains(&bench.model.token()), "{}", error.message);
        bench.sound();
    }
}

#[tokio::test]
async fn the_owner_is_found_for_a_team_named_by_its_slug() {
    let bench = Bench::with(VercelSeed::demo(START), "shop", Some("demo")).await;
    bench.visited(START - Span::seconds(1), C3, "/", 200);
    let traffic = bench.provider.traffic(&shop(), BEFORE).await.unwrap();
    assert_eq!(traffic.requests, 1);
    let personal = VercelSeed { team: None, ..VercelSeed::demo(START) };
    let bench = Bench::with(personal, "prj_shop", None).await;
    assert_eq!(bench.provider.traffic(&shop(), BEFORE).await.unwrap().requests, 0);
    bench.sound();
}
