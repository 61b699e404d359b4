//! The provider against the modelled Vercel, over loopback.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use super::client::Deadlines;
use super::provider::{VercelConfig, VercelProject, VercelProvider, id_or_host};
use crate::adapters::secret::Secret;
use crate::domain::deployment::{Assignment, DeploymentKind, JobStatus, Live, Plan, Served};
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::time::{Span, Timestamp};
use crate::engine::ports::{PortError, PortErrorKind, Provider};
use crate::world::clock::WorldClock;
use crate::world::ledger::{Fault, Ledger};
use crate::world::vercel::{AutoAssign, ModelPlan, VercelModel, VercelSeed};

mod logs;
mod promote;

const START: Timestamp = Timestamp(1_795_237_200_000);
const C1: &str = "dpl_7Hq2mVnW4tKcYz8RbXe1LsPf3uJd";
const C2: &str = "dpl_3Kx9pBwT6mRfQv5NcZa8GjYh2dUe";
const C3: &str = "dpl_9FtLd6QyNs1WkXr4VbHz7CmEa5Pg";
const PREVIEW: &str = "dpl_2RnPc8ZvJw5TyGk3BxMq6HsUd9Lf";

struct Bench {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    model: Arc<VercelModel>,
    provider: VercelProvider,
    api_url: Url,
}

impl Bench {
    async fn start() -> Self {
        Self::with(VercelSeed::demo(START), "prj_shop", Some("team_demo")).await
    }

    async fn with(seed: VercelSeed, project: &str, team: Option<&str>) -> Self {
        let clock = WorldClock::still(START);
        let ledger = Ledger::new();
        let model = VercelModel::new(Arc::clone(&clock), Arc::clone(&ledger), seed);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let api_url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let router = model.router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        let token = model.token();
        let provider = provider(&api_url, &token, project, team, &clock);
        Self { clock, ledger, model, provider, api_url }
    }

    /// The same with short deadlines, for answers that never come.
    async fn impatient() -> Self {
        let mut bench = Self::start().await;
        let soon = Duration::from_millis(300);
        bench.provider = provider_with(
            &bench.api_url,
            &bench.model.token(),
            "prj_shop",
            Some("team_demo"),
            &bench.clock,
            Deadlines { read: soon, write: soon },
        );
        bench
    }

    fn arm(&self, kind: &str, on: &str, with: Value) {
        let fault = Fault {
            vendor: "vercel".into(),
            kind: kind.into(),
            on: on.into(),
            times: Some(1),
            with,
        };
        self.ledger.arm(fault);
    }

    async fn roll_back(&self, to: &str) -> Result<(), PortError> {
        self.provider.rollback(&shop(), &DeploymentId::from(to), "500s on checkout").await
    }

    fn writes(&self) -> usize {
        self.ledger.calls().iter().filter(|call| call.method != "GET").count()
    }

    fn sound(&self) {
        assert_eq!(self.model.unknown_calls(), Vec::<String>::new());
        assert!(self.ledger.armed().is_empty(), "a trap was not sprung");
    }
}

fn provider(
    api_url: &Url,
    token: &str,
    project: &str,
    team: Option<&str>,
    clock: &Arc<WorldClock>,
) -> VercelProvider {
    provider_with(api_url, token, project, team, clock, Deadlines::default())
}

fn provider_with(
    api_url: &Url,
    token: &str,
    project: &str,
    team: Option<&str>,
    clock: &Arc<WorldClock>,
    deadlines: Deadlines,
) -> VercelProvider {
    // A second installation is refused and changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = VercelConfig { api_url: api_url.clone(), token: Secret::new(token) };
    let projects = vec![VercelProject {
        service: shop(),
        project: project.to_owned(),
        team: team.map(ToOwned::to_owned),
    }];
    VercelProvider::with_deadlines(config, projects, Arc::clone(clock) as _, deadlines).unwrap()
}

fn shop() -> ServiceId {
    "shop".into()
}

fn transient(seconds: i64) -> PortErrorKind {
    PortErrorKind::Transient { retry_after: Span::seconds(seconds) }
}

#[tokio::test]
async fn a_rollback_is_accepted_moves_name_by_name_and_pins() {
    let bench = Bench::start().await;
    let before = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!((before.live, before.assignment), (Live::At(C3.into()), Assignment::On));
    assert_eq!((before.job, before.plan), (None, Some(Plan::Paid)));

    bench.roll_back(C2).await.unwrap();
    let asked = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!(asked.live, Live::At(C3.into()), "accepted is not done");
    assert_eq!(asked.job.unwrap().status, JobStatus::Running);

    bench.clock.advance(Span(550));
    let moving = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!(moving.live, Live::Split(vec![C3.into(), C2.into()]));
    assert_eq!(moving.assignment, Assignment::On);

    bench.clock.advance(Span(700));
    let done = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!((done.live, done.assignment), (Live::At(C2.into()), Assignment::Off));
    let job = done.job.unwrap();
    assert_eq!((job.status, job.from, job.to), (JobStatus::Succeeded, Some(C3.into()), C2.into()));
    assert_eq!(job.requested_at, START);
    assert_eq!(bench.model.rollback_reason("shop").as_deref(), Some("500s on checkout"));
    bench.sound();
}

#[tokio::test]
async fn every_status_of_a_write_has_one_meaning_and_is_sent_once() {
    use PortErrorKind::{Ambiguous, Missing, Rejected, Unauthorised};
    let cases = [
        (400, Rejected),
        (401, Unauthorised),
        (402, Rejected),
        (403, Unauthorised),
        (404, Missing),
        (408, Ambiguous),
        (409, Rejected),
        (410, Rejected),
        (422, Rejected),
        (429, transient(7)),
        (500, Ambiguous),
        (502, Ambiguous),
        (503, Ambiguous),
        (307, Ambiguous),
    ];
    for (status, expected) in cases {
        let bench = Bench::start().await;
        bench.arm("status", "rollback", json!({"status": status, "retry_after": 7}));
        let error = bench.roll_back(C2).await.unwrap_err();
        assert_eq!(error.kind, expected, "{status}: {}", error.message);
        assert!(error.message.contains(&status.to_string()), "{}", error.message);
        assert!(!error.message.contains(&bench.model.token()), "the token is shown");
        assert_eq!(bench.writes(), 1, "{status} was sent again");
        bench.sound();
    }
}

#[tokio::test]
async fn a_failed_read_may_be_done_again_or_tells_why_not() {
    use PortErrorKind::{Missing, Rejected, Unauthorised};
    let cases = [
        (400, Rejected),
        (403, Unauthorised),
        (404, Missing),
        (410, Rejected),
        (429, transient(2)),
        (500, transient(2)),
        (302, transient(0)),
    ];
    for (status, expected) in cases {
        let bench = Bench::start().await;
        bench.arm("status", "GET", json!({"status": status, "retry_after": 2}));
        let error = bench.provider.pointer(&shop()).await.unwrap_err();
        assert_eq!(error.kind, expected, "{status}: {}", error.message);
        assert_eq!(bench.ledger.calls().len(), 1, "{status} was asked again");
    }
}

#[tokio::test]
async fn without_a_header_the_rate_limit_itself_tells_how_long_to_wait() {
    let bench = Bench::start().await;
    let limit = json!({"error": {"code": "rate_limited", "message": "Slow down",
        "limit": {"reset": START.0 / 1000 + 9}}});
    bench.arm("status", "rollback", json!({"status": 429, "body": limit}));
    let error = bench.roll_back(C2).await.unwrap_err();
    assert_eq!(error.kind, transient(9));
    assert_eq!(error.message, "vercel's rate limit is reached (429): Slow down");
}

#[tokio::test]
async fn a_lost_answer_is_ambiguous_and_the_write_is_not_repeated() {
    let bench = Bench::start().await;
    bench.arm("lost_answer", "rollback", Value::Null);
    let error = bench.roll_back(C2).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Ambiguous, "{}", error.message);
    assert_eq!(bench.writes(), 1);
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(C2.into()), "it had happened");
    let answered = bench.ledger.calls().pop().unwrap().status;
    assert_eq!(answered, None);
    bench.sound();
}

#[tokio::test]
async fn what_was_sent_and_never_answered_is_ambiguous() {
    for kind in ["dropped", "hang", "garbage"] {
        let bench = Bench::impatient().await;
        bench.arm(kind, "rollback", Value::Null);
        let error = bench.roll_back(C2).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Ambiguous, "{kind}: {}", error.message);
        assert_eq!(bench.writes(), 1, "{kind} was sent again");
        bench.clock.advance(Span::seconds(2));
        assert_eq!(bench.model.live("shop"), Some(C3.into()), "{kind} had no effect");
        bench.sound();
    }
}

#[tokio::test]
async fn reads_without_a_trustworthy_answer_may_be_done_again() {
    for kind in ["dropped", "hang", "garbage"] {
        let bench = Bench::impatient().await;
        bench.arm(kind, "", Value::Null);
        let error = bench.provider.pointer(&shop()).await.unwrap_err();
        assert_eq!(error.kind, transient(0), "{kind}: {}", error.message);
    }
}

#[tokio::test]
async fn a_refused_connection_surely_did_nothing() {
    let bench = Bench::start().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}", closed.local_addr().unwrap())).unwrap();
    drop(closed);
    let provider = provider(&url, "tok123", "prj_shop", None, &bench.clock);
    let error = provider.rollback(&shop(), &C2.into(), "secret plans").await.unwrap_err();
    assert_eq!(error.kind, transient(0));
    assert!(error.message.starts_with("vercel cannot be reached"), "{}", error.message);
    assert!(!error.message.contains("secret plans"), "{}", error.message);
}

#[tokio::test]
async fn a_wrong_token_and_a_foreign_team_are_unauthorised_and_name_the_scope() {
    let bench = Bench::start().await;
    let wrong = provider(&bench.api_url, "wrong", "prj_shop", Some("team_demo"), &bench.clock);
    let error = wrong.pointer(&shop()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthorised);
    let token = bench.model.token();
    let foreign = provider(&bench.api_url, &token, "prj_shop", Some("acme"), &bench.clock);
    let error = foreign.pointer(&shop()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Unauthorised);
    assert!(error.message.contains("team acme"), "{}", error.message);
    let without = provider(&bench.api_url, &token, "prj_shop", None, &bench.clock);
    assert_eq!(without.pointer(&shop()).await.unwrap_err().kind, PortErrorKind::Missing);
}

#[tokio::test]
async fn a_project_may_be_named_and_a_team_given_by_its_slug() {
    let bench = Bench::with(VercelSeed::demo(START), "shop", Some("demo")).await;
    assert_eq!(bench.provider.deployments(&shop()).await.unwrap().len(), 3);
    assert_eq!(bench.provider.deployment(&shop(), C1).await.unwrap().id, C1.into());
    assert_eq!(bench.provider.plan(&shop()).await.unwrap(), Plan::Paid);
    bench.roll_back(C1).await.unwrap();
    assert_eq!(
        bench.provider.deployment(&"web".into(), C1).await.unwrap_err().kind,
        PortErrorKind::Missing
    );
    bench.sound();
}

#[tokio::test]
async fn the_list_gives_production_builds_newest_first_with_their_commits() {
    let bench = Bench::start().await;
    let found = bench.provider.deployments(&shop()).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|deployment| deployment.id.as_str()).collect();
    assert_eq!(ids, [C3, C2, C1]);
    let newest = &found[0];
    assert_eq!(newest.subject.as_deref(), Some("Rework checkout totals (#124)"));
    assert_eq!(newest.author.as_deref(), Some("Bo Lindqvist"));
    assert_eq!(newest.sha.as_ref().unwrap().len(), 40);
    assert_eq!((newest.served, newest.kind), (Served::Yes, DeploymentKind::Production));
    assert_eq!((newest.provider_allows, found[1].provider_allows), (Some(false), Some(true)));
    assert_eq!(newest.created_at, START - Span::minutes(12));
}

#[tokio::test]
async fn long_lists_are_read_page_by_page_up_to_a_hundred_rows() {
    let mut seed = VercelSeed::demo(START);
    let sample = seed.projects[0].deployments[0].clone();
    seed.projects[0].deployments.extend((0..130).map(|n| {
        let mut row = sample.clone();
        row.id = format!("dpl_old{n}").into();
        row.host = format!("shop-old{n}-demo.vercel.app");
        row.created_at = sample.created_at - Span::minutes(n + 1);
        row
    }));
    let bench = Bench::with(seed, "prj_shop", Some("team_demo")).await;
    let found = bench.provider.deployments(&shop()).await.unwrap();
    assert_eq!(found.len(), 100);
    assert!(found.is_sorted_by(|newer, older| newer.created_at > older.created_at));
    assert_eq!(bench.ledger.calls().len(), 2, "two pages are enough for a hundred");
}

#[tokio::test]
async fn a_deployment_is_found_by_id_host_or_pasted_address() {
    let bench = Bench::start().await;
    for name in [
        C2,
        "shop-c2-demo.vercel.app",
        "https://shop-c2-demo.vercel.app/checkout?x=1",
        " http://shop-c2-demo.vercel.app ",
    ] {
        assert_eq!(bench.provider.deployment(&shop(), name).await.unwrap().id, C2.into(), "{name}");
    }
    let preview = bench.provider.deployment(&shop(), PREVIEW).await.unwrap();
    assert_eq!((preview.kind, preview.served), (DeploymentKind::Preview, Served::NotSaid));
    let before = bench.ledger.calls().len();
    for name in ["", "..", "../../v2/user", "dpl_1%2F..", "a b", "https://", "user@host", "é.app"]
    {
        let error = bench.provider.deployment(&shop(), name).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Missing, "{name}");
    }
    assert_eq!(bench.ledger.calls().len(), before, "odd names are not sent");
}

#[test]
fn nothing_that_could_change_a_path_counts_as_a_name() {
    assert_eq!(id_or_host("https://a.vercel.app/x#y"), Some("a.vercel.app"));
    assert_eq!(id_or_host("dpl_1"), Some("dpl_1"));
    for name in [".", "..", "%2e%2e", "a%2fb", "a\\b", "a:1", "-", &"a".repeat(254)] {
        assert_eq!(id_or_host(name), None, "{name}");
    }
}

#[tokio::test]
async fn a_deployment_of_another_project_is_missing() {
    let mut seed = VercelSeed::demo(START);
    let mut other = seed.projects[0].clone();
    other.id = "prj_blog".into();
    other.name = "blog".into();
    other.deployments.truncate(1);
    other.deployments[0].id = "dpl_blog".into();
    other.deployments[0].host = "blog.vercel.app".into();
    other.live = Some("dpl_blog".into());
    seed.projects.push(other);
    let bench = Bench::with(seed, "shop", Some("team_demo")).await;
    let error = bench.provider.deployment(&shop(), "blog.vercel.app").await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Missing);
    assert!(error.message.contains("another vercel project"), "{}", error.message);
}

#[tokio::test]
async fn the_plan_comes_from_the_team_or_from_production() {
    let bench = Bench::start().await;
    bench.model.set_plan(ModelPlan::Hobby);
    assert_eq!(bench.provider.plan(&shop()).await.unwrap(), Plan::Hobby);
    bench.arm("status", "/v2/teams", json!({"status": 403}));
    assert_eq!(bench.provider.plan(&shop()).await.unwrap(), Plan::Hobby, "the project tells");
    bench.sound();

    let personal =
        VercelSeed { team: None, plan: ModelPlan::Enterprise, ..VercelSeed::demo(START) };
    let bench = Bench::with(personal, "prj_shop", None).await;
    assert_eq!(bench.provider.plan(&shop()).await.unwrap(), Plan::Paid);
    assert!(bench.ledger.calls().iter().all(|call| !call.path.contains("teams")));
    bench.sound();
}

#[tokio::test]
async fn the_vendors_own_sentence_reaches_people() {
    let bench = Bench::start().await;
    let error = bench.roll_back(C3).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Rejected);
    assert_eq!(
        error.message,
        format!(
            "vercel does not accept the target (422): The provided deploymentId ({C3}) is already \
             the current production deployment."
        )
    );
    bench.model.set_plan(ModelPlan::Hobby);
    let error = bench.roll_back(C1).await.unwrap_err();
    assert!(error.message.contains("upgrade to pro"), "{}", error.message);
}

#[tokio::test]
async fn a_long_reason_is_cut_to_what_vercel_keeps() {
    let bench = Bench::start().await;
    let reason = format!("Umlaut ü & more?\n{}", "x".repeat(300));
    bench.provider.rollback(&shop(), &C2.into(), &reason).await.unwrap();
    let kept = bench.model.rollback_reason("shop").unwrap();
    assert_eq!(kept.chars().count(), 250);
    assert!(kept.starts_with("Umlaut ü & more?"));
}

#[tokio::test]
async fn names_that_stayed_behind_are_listed() {
    let bench = Bench::start().await;
    bench.arm("job_failed", "rollback", json!({"aliases": ["www.shop.example.com"]}));
    bench.roll_back(C2).await.unwrap();
    bench.clock.advance(Span::seconds(2));
    let pointer = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!(pointer.job.unwrap().status, JobStatus::Failed);
    assert_eq!(pointer.live, Live::Split(vec![C3.into(), C2.into()]));
    let failed = bench.provider.failed_aliases(&shop()).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(
        (failed[0].name.as_str(), failed[0].state.as_str()),
        ("www.shop.example.com", "failed")
    );
    bench.sound();
}

#[tokio::test]
async fn assignment_that_stayed_on_is_switched_off_by_one_write() {
    let bench = Bench::start().await;
    bench.arm("assignment_stays_on", "rollback", Value::Null);
    bench.roll_back(C2).await.unwrap();
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.provider.pointer(&shop()).await.unwrap().assignment, Assignment::On);
    bench.provider.disarm(&shop()).await.unwrap();
    assert_eq!(bench.provider.pointer(&shop()).await.unwrap().assignment, Assignment::Off);
    bench.model.set_auto_assign("shop", AutoAssign::On);
    bench.arm("lost_answer", "PATCH", Value::Null);
    let error = bench.provider.disarm(&shop()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Ambiguous);
    assert!(!bench.model.auto_assign("shop"));
    bench.arm("assignment_missing", "", Value::Null);
    assert_eq!(bench.provider.pointer(&shop()).await.unwrap().assignment, Assignment::CannotTell);
    assert_eq!(bench.writes(), 3);
    bench.sound();
}
