//! The prober against the modelled shop, and against servers that misbehave, over loopback.

use std::sync::Arc;

use axum::Router;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::{CacheBuster, HttpProber, Marker, Site};
use crate::adapters::secret::Secret;
use crate::domain::deployment::{BuildState, Deployment, DeploymentKind, Served};
use crate::domain::ids::DeploymentId;
use crate::domain::probe::Seen;
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::Prober;
use crate::world::clock::WorldClock;
use crate::world::ledger::{Fault, Ledger};
use crate::world::shop::ShopModel;
use crate::world::vercel::{VercelModel, VercelSeed};

const START: Timestamp = Timestamp(1_795_237_200_000);
const C2: &str = "dpl_3Kx9pBwT6mRfQv5NcZa8GjYh2dUe";
const C3: &str = "dpl_9FtLd6QyNs1WkXr4VbHz7CmEa5Pg";

struct Bench {
    ledger: Arc<Ledger>,
    vercel: Arc<VercelModel>,
    clock: Arc<WorldClock>,
    url: Url,
}

async fn serve(router: Router) -> Url {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

async fn bench() -> Bench {
    let clock = WorldClock::still(START);
    let ledger = Ledger::new();
    let seed = VercelSeed::demo(START);
    let vercel = VercelModel::new(Arc::clone(&clock), Arc::clone(&ledger), seed);
    let shop = ShopModel::new(Arc::clone(&vercel), Arc::clone(&clock), Arc::clone(&ledger), "shop");
    let url = serve(shop.router()).await;
    Bench { ledger, vercel, clock, url }
}

impl Bench {
    fn site(&self) -> Site {
        let own = format!("{}_deployments/{{host}}", self.url);
        let mut site = Site::new("shop".into(), self.url.clone(), own);
        site.egress = vec![authority(&self.url)];
        site
    }

    fn marked(&self, marker: Marker, paths: &[&str]) -> Site {
        let mut site = self.site();
        site.marker = Some(marker);
        site.paths = paths.iter().map(|path| (*path).to_owned()).collect();
        site
    }

    async fn look(&self, site: Site, target: &str) -> Seen {
        look(site, &self.deployment(target), &self.clock).await
    }

    fn deployment(&self, id: &str) -> Deployment {
        let found = self.vercel.deployments("shop").into_iter().find(|d| d.id.as_str() == id);
        let found = found.unwrap();
        target(id, &found.host, Some(&found.sha))
    }

    fn set_live(&self, id: &str) {
        self.vercel.set_live("shop", &DeploymentId::from(id));
    }

    fn arm(&self, kind: &str, on: &str, with: Value) {
        let (vendor, kind, on) = ("shop".to_owned(), kind.to_owned(), on.to_owned());
        self.ledger.arm(Fault { vendor, kind, on, times: None, with });
    }
}

async fn look(site: Site, target: &Deployment, clock: &Arc<WorldClock>) -> Seen {
    let service = site.service.clone();
    let prober = HttpProber::new(vec![site], Arc::clone(clock) as _);
    prober.probe(&service, target).await.seen
}

fn target(id: &str, host: &str, sha: Option<&str>) -> Deployment {
    Deployment {
        id: id.into(),
        host: host.to_owned(),
        sha: sha.map(ToOwned::to_owned),
        subject: None,
        author: None,
        created_at: START,
        promoted_at: None,
        kind: DeploymentKind::Production,
        state: BuildState::Ready,
        served: Served::Yes,
        provider_allows: None,
    }
}

fn authority(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap(), url.port().unwrap())
}

fn header(name: &str) -> Marker {
    Marker::Header(name.to_owned())
}

fn in_version(pointer: &str) -> Marker {
    Marker::JsonPointer { path: "/version.json".into(), pointer: pointer.into() }
}

fn in_page(path: &str) -> Marker {
    let pattern = regex::Regex::new("<code>build ([0-9a-f]+) ").unwrap();
    Marker::Regex { path: path.into(), pattern }
}

#[tokio::test]
async fn every_kind_of_marker_tells_the_target_from_another_deployment() {
    let bench = bench().await;
    let markers = [
        (header("x-deployment-id"), C3),
        (header("x-commit"), "8400cc21b7b63ff4bf26a24bf26e2f5e81a944cd"),
        (in_version("/deployment"), C3),
        (in_version("/commit"), "8400cc21b7b63ff4bf26a24bf26e2f5e81a944cd"),
        (in_page("/"), "8400cc2"),
    ];
    for (marker, shown) in markers {
        bench.set_live(C3);
        let other = Seen::Other { marker: shown.to_owned(), status: 200 };
        let site = || bench.marked(marker.clone(), &["/"]);
        assert_eq!(bench.look(site(), C2).await, other, "{marker:?}");
        bench.set_live(C2);
        assert_eq!(bench.look(site(), C2).await, Seen::Target, "{marker:?}");
    }
}

#[tokio::test]
async fn a_target_that_is_live_and_broken_is_told_with_its_page() {
    let bench = bench().await;
    let failing = Seen::TargetFailing { status: 500, path: "/checkout".to_owned() };
    let paths = ["/", "/checkout"];
    for marker in [header("x-deployment-id"), in_version("/commit"), in_page("/checkout")] {
        assert_eq!(
            bench.look(bench.marked(marker.clone(), &paths), C3).await,
            failing,
            "{marker:?}"
        );
    }
    bench.set_live(C2);
    assert_eq!(bench.look(bench.marked(header("x-deployment-id"), &paths), C2).await, Seen::Target);
}

#[tokio::test]
async fn an_answer_without_a_marker_is_never_taken_for_the_target() {
    let bench = bench().await;
    bench.arm("unmarked", "GET /", Value::Null);
    let site = bench.marked(header("x-deployment-id"), &["/"]);
    assert_eq!(bench.look(site, C3).await, Seen::NoMarker { status: 200 });
    bench.ledger.disarm_all();
    bench.arm("status", "", json!({"status": 503}));
    for marker in [header("x-deployment-id"), in_version("/commit")] {
        let site = bench.marked(marker, &["/"]);
        assert_eq!(bench.look(site, C3).await, Seen::NoMarker { status: 503 });
    }
}

#[tokio::test]
async fn a_connection_that_breaks_or_is_refused_is_no_answer() {
    let bench = bench().await;
    bench.arm("dropped", "", Value::Null);
    let seen = bench.look(bench.marked(header("x-commit"), &["/"]), C3).await;
    assert!(matches!(seen, Seen::NoAnswer { .. }), "{seen:?}");

    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", closed.local_addr().unwrap())).unwrap();
    drop(closed);
    let mut site = Site::new("shop".into(), url.clone(), "https://{host}");
    site.egress = vec![authority(&url)];
    site.marker = Some(header("x-commit"));
    let Seen::NoAnswer { why } = bench.look(site, C3).await else { panic!("it answered") };
    assert!(why.starts_with("/: ") && why.to_lowercase().contains("refused"), "{why}");
}

#[tokio::test]
async fn one_silent_page_among_several_decides() {
    let bench = bench().await;
    bench.set_live(C2);
    bench.arm("dropped", "/checkout", Value::Null);
    let site = bench.marked(header("x-deployment-id"), &["/", "/checkout"]);
    let seen = bench.look(site, C2).await;
    assert!(matches!(seen, Seen::NoAnswer { ref why } if why.starts_with("/checkout")), "{seen:?}");
}

#[tokio::test]
async fn private_addresses_are_refused_unless_listed() {
    let bench = bench().await;
    let mut site = bench.marked(header("x-deployment-id"), &["/"]);
    site.egress.clear();
    let Seen::NoAnswer { why } = bench.look(site, C3).await else { panic!("it was fetched") };
    assert!(why.contains("private address 127.0.0.1"), "{why}");
    assert!(why.contains(&authority(&bench.url)), "the exception to add is named: {why}");
    assert!(bench.ledger.calls().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn a_service_without_a_site_is_no_answer() {
    let bench = bench().await;
    let prober = HttpProber::new(vec![bench.site()], Arc::clone(&bench.clock) as _);
    bench.clock.advance(Span::seconds(3));
    let probe = prober.probe(&"web".into(), &bench.deployment(C2)).await;
    assert_eq!((probe.at, probe.target), (START + Span::seconds(3), C2.into()));
    assert!(matches!(probe.seen, Seen::NoAnswer { .. }));
}

#[tokio::test]
async fn each_probe_asks_anew_and_can_carry_a_query_of_its_own() {
    let bench = bench().await;
    let mut site = bench.marked(header("x-deployment-id"), &["/"]);
    site.cache_buster = CacheBuster::QueryParameter;
    let prober = HttpProber::new(vec![site], Arc::clone(&bench.clock) as _);
    for _ in 0..2 {
        prober.probe(&"shop".into(), &bench.deployment(C3)).await;
    }
    let queries: Vec<String> = bench.ledger.calls().into_iter().map(|call| call.query).collect();
    assert_eq!(queries.len(), 2);
    assert!(queries.iter().all(|query| query.starts_with("repoint-probe=")));
    assert_ne!(queries[0], queries[1]);
}

#[tokio::test]
async fn without_a_marker_production_is_compared_with_the_deployments_own_answer() {
    let tagged = |tag: &'static str| get(move || async move { ([("etag", tag)], "page") });
    let router = Router::new()
        .route("/", tagged("\"new\""))
        .route("/d/new/", tagged("\"new\""))
        .route("/d/old/", tagged("\"old\""))
        .route("/d/wall/", get(async || StatusCode::UNAUTHORIZED))
        .route("/d/login/", get(async || Redirect::temporary("/d/new/")))
        .route("/same", get(async || "one body"))
        .route("/d/new/same", get(async || "one body"))
        .route("/d/old/same", get(async || "another body"));
    let url = serve(router).await;
    let clock = WorldClock::still(START);
    let see = async |host: &str, path: &str| {
        let mut site = Site::new("shop".into(), url.clone(), format!("{url}d/{{host}}"));
        site.egress = vec![authority(&url)];
        site.paths = vec![path.to_owned()];
        look(site, &target("dpl_1", host, None), &clock).await
    };
    assert_eq!(see("new", "/").await, Seen::Target);
    assert_eq!(see("old", "/").await, Seen::Other { marker: "\"new\"".into(), status: 200 });
    assert_eq!(see("new", "/same").await, Seen::Target);
    assert_eq!(see("old", "/same").await, Seen::NoMarker { status: 200 });
    assert_eq!(see("wall", "/").await, Seen::NoMarker { status: 200 }, "a login says nothing");
    assert_eq!(see("login", "/").await, Seen::NoMarker { status: 200 }, "a redirect says nothing");
    assert_eq!(see("bad host", "/").await, Seen::NoMarker { status: 200 });
}

#[tokio::test]
async fn the_bypass_goes_to_deployments_own_addresses_only() {
    let echo = get(async |uri: Uri, headers: HeaderMap| {
        let own = uri.path().starts_with("/d/");
        let secret = headers.get("x-vercel-protection-bypass");
        let fresh = headers.get("cache-control").is_some_and(|value| value == "no-cache");
        if fresh && secret.is_some_and(|secret| secret == "s3cr3t") == own {
            "as it should be".into_response()
        } else {
            StatusCode::UNAUTHORIZED.into_response()
        }
    });
    let url = serve(Router::new().fallback(echo)).await;
    let mut site = Site::new("shop".into(), url.clone(), format!("{url}d/{{host}}"));
    site.egress = vec![authority(&url)];
    site.protection_bypass = Some(Secret::new("s3cr3t"));
    let seen = look(site, &target("dpl_1", "new", None), &WorldClock::still(START)).await;
    assert_eq!(seen, Seen::Target);
}

#[tokio::test]
async fn a_page_without_end_is_given_up() {
    let endless = get(async || "x".repeat(1024 * 1024 + 1));
    let url = serve(Router::new().route("/", endless)).await;
    let mut site = Site::new("shop".into(), url.clone(), "https://{host}");
    site.egress = vec![authority(&url)];
    site.marker = Some(header("x-commit"));
    let seen = look(site, &target("dpl_1", "new", None), &WorldClock::still(START)).await;
    assert_eq!(seen, Seen::NoAnswer { why: "/: the answer is longer than 1 MiB".to_owned() });
}
