//! The walker over loopback: cookies, redirects, logins, private addresses, and answers without end.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap as Headers, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use tokio::net::TcpListener;

use super::*;
use crate::adapters::probe::{Expectation, Sent};
use crate::domain::deployment::Deployment;
use crate::domain::time::{Span, Timestamp};
use crate::domain::verification::{Verdict, judge};
use crate::world::clock::WorldClock;

const START: Timestamp = Timestamp(1_795_237_200_000);

/// A server of our own, with the world's clock at hand.
struct Bench {
    clock: Arc<WorldClock>,
    url: Url,
    deadlines: Deadlines,
}

async fn bench(router: impl FnOnce(Arc<WorldClock>) -> Router) -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = WorldClock::still(START);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let router = router(clock.clone());
    tokio::spawn(async move { axum::serve(listener, router).await });
    Bench { clock, url, deadlines: Deadlines::default() }
}

impl Bench {
    fn site(&self, steps: Vec<Step>) -> Site {
        let mut site =
            Site::new("shop".into(), self.url.clone(), format!("{}d/{{host}}", self.url));
        let port = self.url.port().unwrap();
        site.egress = vec![format!("127.0.0.1:{port}")];
        site.journeys = vec![Journey { name: "one".to_owned(), steps }];
        site
    }

    async fn walk_site(&self, site: Site, address: Address, host: &str) -> Walk {
        let mut deployment = Deployment::known_by_id_only(&"dpl_1".into());
        deployment.host = host.to_owned();
        let prober = Arc::new(HttpProber::new(vec![site], self.clock.clone() as _));
        let walker = HttpWalker::new(prober, self.clock.clone() as _, self.deadlines);
        walker.walk(&"shop".into(), &Goal { deployment, address }).await
    }

    /// What came of each step, on the deployment's own address.
    async fn walk(&self, steps: Vec<Step>) -> Vec<Found> {
        found(&self.walk_site(self.site(steps), Address::Own, "a.vercel.app").await)
    }
}

fn found(walk: &Walk) -> Vec<Found> {
    let steps = walk.journeys.iter().flat_map(|journey| &journey.steps);
    steps.map(|step| step.found.clone()).collect()
}

fn expecting(path: &str, change: impl FnOnce(&mut Expectation)) -> Step {
    let mut step = Step::page(path);
    change(&mut step.expect);
    step
}

fn posting(path: &str) -> Step {
    Step { method: Method::POST, ..Step::page(path) }
}

fn shop(clock: Arc<WorldClock>) -> Router {
    let own = Router::new()
        .route(
            "/login",
            post(async || ([(header::SET_COOKIE, "who=ana; Path=/")], Redirect::to("me"))),
        )
        .route(
            "/me",
            get(async |headers: Headers| {
                let who = headers
                    .get(header::COOKIE)
                    .map(|value| value.to_str().unwrap_or("").to_owned());
                who.unwrap_or_else(|| "nobody".to_owned())
            }),
        )
        .route(
            "/key",
            get(async |headers: Headers| {
                let key = headers.get("x-key").map(|value| value.to_str().unwrap_or("").to_owned());
                axum::Json(serde_json::json!({ "key": key }))
            }),
        )
        .route("/out", get(async || Redirect::to("https://elsewhere.example/x?secret=1")))
        .route("/round", get(async || Redirect::to("round")))
        .route(
            "/door",
            get(async |headers: Headers| {
                let is_opened =
                    headers.get("x-vercel-protection-bypass").is_some_and(|key| key == "open");
                if is_opened { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
            }),
        )
        .route("/wall", get(async || StatusCode::UNAUTHORIZED))
        .route("/broken", get(async || StatusCode::INTERNAL_SERVER_ERROR))
        .route("/endless", get(async || "x".repeat(1024 * 1024 + 1)))
        .route(
            "/hang",
            get(async || {
                std::future::pending::<()>().await;
            }),
        )
        .route(
            "/slow",
            get(async |State(clock): State<Arc<WorldClock>>| clock.advance(Span(3_000))),
        )
        .with_state(clock);
    Router::new().nest("/d/a.vercel.app", own).fallback(async |_: Uri| "a page".into_response())
}

#[tokio::test]
async fn cookies_are_carried_through_a_journey_and_not_into_the_next() {
    let bench = bench(shop).await;
    let me = |who: &str| expecting("/me", |one| one.body = Some(who.to_owned()));
    let mut site = bench.site(vec![expecting("/login", |_| {}), me("who=ana")]);
    site.journeys[0].steps[0] = Step { expect: me("who=ana").expect, ..posting("/login") };
    site.journeys.push(Journey { name: "two".to_owned(), steps: vec![me("nobody")] });
    let walk = bench.walk_site(site, Address::Own, "a.vercel.app").await;
    assert_eq!(found(&walk), [Found::Expected, Found::Expected, Found::Expected]);
    assert_eq!(judge(&walk), Verdict::Passed);
}

#[tokio::test]
async fn a_redirect_is_followed_on_the_same_host_and_never_out() {
    let bench = bench(shop).await;
    assert_eq!(bench.walk(vec![posting("/login")]).await, [Found::Expected]);
    let told = bench.walk(vec![expecting("/login", |one| one.status = 405)]).await;
    assert_eq!(told, [Found::Expected], "what is expected is not followed");
    assert_eq!(bench.walk(vec![Step::page("/out")]).await, [Found::Protected { status: 303 }]);
    let round = bench.walk(vec![Step::page("/round")]).await;
    assert_eq!(round, [Found::NoAnswer { why: "more than 5 redirects".to_owned() }]);
}

#[tokio::test]
async fn a_login_is_protected_an_error_is_not_and_what_follows_is_not_asked() {
    let bench = bench(shop).await;
    let told = bench.walk(vec![Step::page("/wall"), Step::page("/me")]).await;
    assert_eq!(told, [Found::Protected { status: 401 }, Found::NotAsked]);
    let told = bench.walk(vec![Step::page("/broken"), Step::page("/me")]).await;
    let wrong = Found::Unexpected { expected: "status 200".into(), found: "status 500".into() };
    assert_eq!(told, [wrong, Found::NotAsked]);
    assert_eq!(bench.walk(vec![Step::page("/door")]).await, [Found::Protected { status: 401 }]);
    let mut site = bench.site(vec![Step::page("/door")]);
    site.protection_bypass = Some(Secret::new("open"));
    let walk = bench.walk_site(site, Address::Own, "a.vercel.app").await;
    assert_eq!(found(&walk), [Found::Expected], "the bypass opens the door");
    let told = bench.walk(vec![expecting("/wall", |one| one.status = 401)]).await;
    assert_eq!(told, [Found::Expected], "a wall of the service's own that is expected");
}

#[tokio::test]
async fn secrets_go_out_and_never_come_back_in_what_is_told() {
    let bench = bench(shop).await;
    let key =
        crate::adapters::probe::ExpectedJson { pointer: "/key".to_owned(), value: "other".into() };
    let mut step = expecting("/key", |one| one.json = Some(key));
    step.headers = vec![("x-key".parse().unwrap(), Sent::Secret(Secret::new("s3cr3t")))];
    let told = bench.walk(vec![step]).await;
    let Found::Unexpected { found, .. } = &told[0] else { panic!("{told:?}") };
    assert_eq!(found, "\"[hidden]\"");
}

#[tokio::test]
async fn what_takes_too_long_or_has_no_end_is_told() {
    let bench = bench(shop).await;
    let late = bench.walk(vec![expecting("/slow", |one| one.within = Span(2_999))]).await;
    assert_eq!(late, [Found::TooSlow { limit: Span(2_999) }]);
    let in_time = bench.walk(vec![expecting("/slow", |one| one.within = Span(3_000))]).await;
    assert_eq!(in_time, [Found::Expected]);
    let told = bench.walk(vec![Step::page("/endless")]).await;
    assert_eq!(told, [Found::NoAnswer { why: "the answer is longer than 1 MiB".to_owned() }]);
}

#[tokio::test]
async fn a_walk_ends_when_its_time_is_over_whoever_hangs() {
    let mut bench = bench(shop).await;
    bench.deadlines =
        Deadlines { request: Duration::from_millis(100), walk: Duration::from_millis(250) };
    let mut site = bench.site(Vec::new());
    let hanging = || Journey { name: "one".to_owned(), steps: vec![Step::page("/hang")] };
    site.journeys = (0..4).map(|_| hanging()).collect();
    let walk = bench.walk_site(site, Address::Own, "a.vercel.app").await;
    let silent = found(&walk).iter().all(|one| matches!(one, Found::NoAnswer { .. }));
    assert!(silent && found(&walk).len() == 4, "{walk:?}");
}

#[tokio::test]
async fn private_addresses_and_foreign_hosts_are_not_asked() {
    let bench = bench(shop).await;
    let mut site = bench.site(vec![Step::page("/me")]);
    site.egress.clear();
    let walk = bench.walk_site(site, Address::Own, "a.vercel.app").await;
    let told = found(&walk);
    assert!(
        matches!(&told[0], Found::NoAnswer { why } if why.contains("private address")),
        "{told:?}"
    );
    for host in ["a.evil.example", "vercel.app", "a.vercel.app.evil.example", "a@b.vercel.app", ""]
    {
        let site = bench.site(vec![Step::page("/me")]);
        let told = found(&bench.walk_site(site, Address::Own, host).await);
        assert!(matches!(&told[0], Found::NoAnswer { .. }), "{host}: {told:?}");
    }
}

#[tokio::test]
async fn production_that_answers_from_elsewhere_is_not_walked() {
    let router = |_| Router::new().fallback(async || ([("x-at", "dpl_2")], "a page"));
    let bench = bench(router).await;
    let mut site = bench.site(vec![posting("/buy")]);
    site.marker = Some(crate::adapters::probe::Marker::Header("x-at".to_owned()));
    let walk = bench.walk_site(site, Address::Production, "a.vercel.app").await;
    assert_eq!(walk.answers, Some(Seen::Other { marker: "dpl_2".to_owned(), status: 200 }));
    assert_eq!(found(&walk), [Found::NotAsked]);
}
