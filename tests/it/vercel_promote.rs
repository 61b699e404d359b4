//! The second half of Layer 2 at the hosting provider: a fix is built on a push and waits, is promoted, and production's
//! request log tells whether it serves. The adapter itself is asked, beside a bot that has rolled back.

use std::sync::Arc;

use repoint::adapters::secret::Secret;
use repoint::adapters::vercel::{VercelConfig, VercelProject, VercelProvider};
use repoint::domain::deployment::{Assignment, BuildState, JobKind, JobStatus, Served, Taken};
use repoint::domain::ids::{DeploymentId, ServiceId};
use repoint::domain::log::Completeness;
use repoint::domain::restored::{self, Rate, Stage};
use repoint::domain::time::Span;
use repoint::engine::ports::{Clock, Provider};
use repoint::world::vercel::{Health, Push};
use serde_json::{Value, json};

use crate::contract::READER;
use crate::harness::{BAD, GOOD, World, http_client};

/// The commit that takes the bad one back.
const FIX: &str = "f1f2f3f4f5f6f7f8f9f0a1a2a3a4a5a6a7a8a9b0";

fn shop() -> ServiceId {
    "shop".into()
}

fn text(world: &World, pointer: &str) -> String {
    let described = world.models.described("127.0.0.1:1".parse().expect("an address"));
    described.pointer(pointer).and_then(Value::as_str).expect("a text").to_owned()
}

/// What the bot asks Vercel with.
fn provider(world: &World) -> VercelProvider {
    let api_url = text(world, "/vercel/api").parse().expect("an address");
    let config = VercelConfig { api_url, token: Secret::new(text(world, "/vercel/token")) };
    let project = VercelProject {
        service: shop(),
        project: "prj_shop".to_owned(),
        team: Some("team_demo".to_owned()),
    };
    VercelProvider::new(config, vec![project], world.clock.clone()).expect("a provider")
}

/// A commit reaches a branch, and its build begins.
fn push(world: &World, branch: &str, health: Health) -> DeploymentId {
    let push = Push {
        branch: branch.to_owned(),
        sha: FIX.to_owned(),
        message: "Revert \"Rework checkout totals (#124)\" (#126)".to_owned(),
        author: "Ana Duarte".to_owned(),
        at: world.clock.now(),
    };
    world.models.vercel.pushed("shop", push, health)
}

/// A page at the fix's own address.
fn own_address(page: &str) -> String {
    format!("_deployments/shop-{}-demo.vercel.app/{page}", &FIX[..7])
}

/// So many customers look at a page of production.
async fn customers(world: &World, count: usize, path: &str) {
    let client = http_client(READER);
    let url = format!("{}{path}", text(world, "/shop"));
    for _ in 0..count {
        client.get(&url).send().await.expect("an answer");
    }
}

/// Ana rolls back, and a fix of this health is built and waits.
async fn with_a_fix(world: &Arc<World>, health: Health) -> DeploymentId {
    world.rolls_back().await;
    world.settle().await;
    let fix = push(world, "main", health);
    world.passes(Span::seconds(6)).await;
    fix
}

/// From a rollback that is proven to a fix in production: every read and write that this takes. The list of known calls is
/// made of it as well.
pub async fn a_fix_is_promoted(world: &Arc<World>) {
    let fix = with_a_fix(world, Health::Good).await;
    let provider = provider(world);
    let built = provider.deployment(&shop(), fix.as_str()).await.expect("the fix");
    assert_eq!((built.state, built.served), (BuildState::Ready, Served::No));
    assert_eq!(built.sha.as_deref(), Some(FIX));
    assert_eq!(world.live(), GOOD, "it is ready, and not live");
    customers(world, 1, &own_address("checkout")).await;
    world.clock_moves(Span::seconds(1));
    let log = provider.error_log(&shop(), &fix).await.expect("a log");
    assert_eq!((log.traffic.requests, log.worst), (1, None));

    world.vercel_trap("job_failed", "promote", json!({"aliases": ["www.shop.example.com"]}));
    assert_eq!(provider.promote(&shop(), &fix).await, Ok(Taken::Accepted));
    world.clock_moves(Span::seconds(2));
    let failed = provider.failed_aliases(&shop()).await.expect("the names");
    assert_eq!(failed.len(), 1);

    world.vercel_trap("assignment_stays_off", "promote", Value::Null);
    assert_eq!(provider.promote(&shop(), &fix).await, Ok(Taken::Accepted));
    world.clock_moves(Span::seconds(2));
    let pointer = provider.pointer(&shop()).await.expect("the pointer");
    assert_eq!((pointer.live.id(), pointer.assignment), (Some(&fix), Assignment::Off));
    let job = pointer.job.expect("a job");
    assert_eq!((job.kind, job.status), (JobKind::Promote, JobStatus::Succeeded));
    provider.arm(&shop()).await.expect("armed");
    let pointer = provider.pointer(&shop()).await.expect("the pointer");
    assert_eq!(pointer.assignment, Assignment::On);
    assert!(provider.promote(&shop(), &fix).await.is_err(), "it is live already");

    world.vercel_trap("rolling_release", "promote", json!({"seconds": 30}));
    let good = world.id_of(GOOD).as_str().into();
    assert_eq!(provider.promote(&shop(), &good).await, Ok(Taken::Queued));
    world.clock_moves(Span::seconds(33));
    assert_eq!(world.live(), GOOD);
}

#[test]
fn a_fix_is_built_waits_is_promoted_and_arms() {
    World::run(async |w| a_fix_is_promoted(&w).await);
}

#[test]
fn the_request_log_says_what_customers_got_before_and_after_the_flip() {
    World::run(async |w| {
        let provider = provider(&w);
        customers(&w, 30, "checkout").await;
        w.clock_moves(Span::seconds(10));
        w.rolls_back().await;
        let flipped = w.clock.now();
        let judged = async |since: Span| {
            let (before, after) = restored::windows(flipped, flipped + since);
            let before = provider.traffic(&shop(), before).await.expect("a log");
            let after = provider.traffic(&shop(), after).await.expect("a log");
            (before, after, restored::judge(since, Some(&before), Some(&after)))
        };
        w.clock_moves(Span::seconds(60));
        let (before, after, rate) = judged(Span::seconds(60)).await;
        assert!(before.errors >= 30, "{before:?}");
        assert_eq!(before.completeness, Completeness::Whole);
        assert_eq!(rate, Rate::NoData, "only the bot has looked: {after:?}");
        customers(&w, 20, "checkout").await;
        w.clock_moves(Span::seconds(1));
        let (_, after, rate) = judged(Span::seconds(61)).await;
        assert!(after.requests >= 20 && after.errors == 0, "{after:?}");
        assert_eq!(rate, Rate::Restored(Stage::First));

        let bad = w.id_of(BAD).as_str().into();
        let log = provider.error_log(&shop(), &bad).await.expect("a log");
        let worst = log.worst.expect("a failure");
        assert_eq!((worst.request.as_str(), worst.status), ("GET /checkout", Some(500)));
    });
}

#[test]
fn a_fix_that_breaks_in_production_only_shows_in_the_request_log() {
    World::run(async |w| {
        let fix = with_a_fix(&w, Health::Good).await;
        let provider = provider(&w);
        w.vercel_trap("fix_breaks", "promote", Value::Null);
        provider.promote(&shop(), &fix).await.expect("taken");
        w.clock_moves(Span::seconds(2));
        let promoted = w.clock.now();
        customers(&w, 10, &own_address("checkout")).await;
        customers(&w, 10, "checkout").await;
        w.clock_moves(Span::seconds(60));
        let (_, after) = restored::windows(promoted, w.clock.now());
        let after = provider.traffic(&shop(), after).await.expect("a log");
        assert_eq!((after.requests, after.errors), (10, 10), "its own address is not production");
        let rate = restored::judge(Span::seconds(60), None, Some(&after));
        assert_eq!(rate, Rate::NotRestored(Stage::First));
        let log = provider.error_log(&shop(), &fix).await.expect("a log");
        assert_eq!((log.traffic.requests, log.traffic.errors), (20, 10));
    });
}

#[test]
fn a_build_of_another_branch_is_a_preview_and_a_broken_one_is_seen_at_its_own_address() {
    World::run(async |w| {
        let preview = push(&w, "revert-124", Health::BreaksCheckout);
        w.passes(Span::seconds(6)).await;
        let said = w.user("ana").hears_on_typing("/incident open checkout returns 500").await;
        assert!(!said.is_empty());
        w.user("ana").types(&format!("/verify shop {preview}")).await;
        w.settle().await;
        let told = w.incidents();
        assert!(told.contains("*not verified*") && told.contains("GET /checkout"), "{told}");
        assert_eq!(w.live(), BAD, "a preview goes nowhere by itself");
    });
}
