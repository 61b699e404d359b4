//! The modelled Vercel over loopback, as a plain HTTP client sees it.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::*;
use crate::domain::time::{Span, Timestamp};
use crate::world::ledger::Fault;

mod builds;
mod logs;
mod promotes;

const START: Timestamp = Timestamp(1_795_237_200_000);
const C1: &str = "dpl_7Hq2mVnW4tKcYz8RbXe1LsPf3uJd";
const C2: &str = "dpl_3Kx9pBwT6mRfQv5NcZa8GjYh2dUe";
const C3: &str = "dpl_9FtLd6QyNs1WkXr4VbHz7CmEa5Pg";
const PREVIEW: &str = "dpl_2RnPc8ZvJw5TyGk3BxMq6HsUd9Lf";
const TEAM: &str = "teamId=team_demo";

/// A commit that nobody has built yet.
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

struct Bench {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    model: Arc<VercelModel>,
    url: String,
}

async fn bench() -> Bench {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let clock = WorldClock::still(START);
    let ledger = Ledger::new();
    let seed = VercelSeed::demo(START);
    let model = VercelModel::new(Arc::clone(&clock), Arc::clone(&ledger), seed);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = model.router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    Bench { clock, ledger, model, url }
}

impl Bench {
    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = reqwest::Client::new()
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(self.model.token());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let bytes = response.bytes().await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, None).await
    }

    async fn post(&self, path: &str) -> (u16, Value) {
        self.send(Method::POST, path, Some(json!({}))).await
    }

    async fn roll_back(&self, id: &str) -> u16 {
        self.post(&format!("/v1/projects/prj_shop/rollback/{id}?{TEAM}")).await.0
    }

    async fn job_status(&self) -> Value {
        let (_, project) =
            self.get(&format!("/v9/projects/prj_shop?rollbackInfo=true&{TEAM}")).await;
        project["lastAliasRequest"]["jobStatus"].clone()
    }

    fn arm(&self, kind: &str, with: Value) {
        let (vendor, kind) = (VENDOR.to_owned(), kind.to_owned());
        self.ledger.arm(Fault { vendor, kind, on: String::new(), times: Some(1), with });
    }

    fn names_at(&self, id: &str) -> usize {
        let at = |(_, deployment): &(String, Option<DeploymentId>)| {
            deployment.as_ref().is_some_and(|deployment| deployment.as_str() == id)
        };
        self.model.aliases("shop").iter().filter(|row| at(row)).count()
    }
}

fn push(branch: &str, sha: &str, at: Timestamp) -> Push {
    Push {
        branch: branch.to_owned(),
        sha: sha.to_owned(),
        message: "Revert \"Rework checkout totals\" (#126)".to_owned(),
        author: "Ana Duarte".to_owned(),
        at,
    }
}

#[tokio::test]
async fn a_rollback_moves_the_names_one_by_one_and_then_pins() {
    let bench = bench().await;
    assert_eq!(bench.roll_back(C2).await, 201);
    assert_eq!(bench.job_status().await, "pending");
    let (_, project) = bench.get(&format!("/v9/projects/shop?{TEAM}")).await;
    assert_eq!(project["lastRollbackTarget"], json!({}), "set while moving only");
    for (span, names, status) in [
        (300, 0, "in-progress"),
        (200, 1, "in-progress"),
        (200, 2, "in-progress"),
        (200, 3, "in-progress"),
    ] {
        bench.clock.advance(Span(span));
        assert_eq!((bench.names_at(C2), bench.job_status().await), (names, status.into()));
        assert!(bench.model.auto_assign("shop"));
    }
    bench.clock.advance(Span(300));
    assert_eq!(bench.job_status().await, "succeeded");
    let (_, project) = bench.get(&format!("/v9/projects/prj_shop?{TEAM}")).await;
    assert_eq!(project["targets"]["production"]["id"], C2);
    assert_eq!(project["autoAssignCustomDomains"], false);
    assert_eq!(project["lastRollbackTarget"], Value::Null);
    assert_eq!(bench.model.moving("shop"), None);
}

#[tokio::test]
async fn the_answer_to_a_rollback_is_empty_and_has_no_type() {
    let bench = bench().await;
    let url = format!("{}/v1/projects/prj_shop/rollback/{C2}?{TEAM}", bench.url);
    let request = reqwest::Client::new().post(url).bearer_auth(bench.model.token());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-length"], "0");
    assert!(!response.headers().contains_key("content-type"));
}

#[tokio::test]
async fn rollbacks_are_refused_in_the_order_of_the_real_checks() {
    let bench = bench().await;
    assert_eq!(bench.roll_back("dpl_nobody").await, 404);
    assert_eq!(bench.roll_back(PREVIEW).await, 422);
    assert_eq!(bench.roll_back(C3).await, 422);
    bench.model.set_plan(ModelPlan::Hobby);
    assert_eq!(bench.roll_back(C1).await, 402);
    assert_eq!(bench.roll_back(C2).await, 201);
    assert_eq!(bench.roll_back(C1).await, 409, "a job is under way");
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.roll_back(C1).await, 201, "now it is the previous one");
    assert_eq!(bench.post(&format!("/v1/projects/prj_x/rollback/{C1}?{TEAM}")).await.0, 404);
}

#[tokio::test]
async fn a_promote_re_arms_and_refuses_what_is_already_current() {
    let bench = bench().await;
    assert_eq!(bench.roll_back(C2).await, 201);
    bench.clock.advance(Span::seconds(2));
    let promote = |id: &str| format!("/v10/projects/prj_shop/promote/{id}?{TEAM}");
    let (status, body) = bench.post(&promote(C2)).await;
    assert_eq!(status, 409);
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.ends_with("is already the current production deployment."), "{message}");
    assert_eq!(bench.post(&promote(PREVIEW)).await.0, 422);
    assert_eq!(bench.post(&promote(C3)).await.0, 201);
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(C3.into()));
    assert!(bench.model.auto_assign("shop"));
    assert_eq!(bench.model.rollback_reason("shop"), None);
    let (_, body) = bench.get(&format!("/v1/projects/prj_shop/promote/aliases?{TEAM}")).await;
    assert_eq!(body["aliases"][0]["alias"], "shop.example.com");
    assert_eq!(body["aliases"][0]["status"], "completed");
}

#[tokio::test]
async fn a_new_build_goes_live_only_while_assignment_is_on() {
    let bench = bench().await;
    let build = |id: &str, minutes: i64| ModelDeployment {
        id: id.into(),
        host: format!("{id}.vercel.app"),
        created_at: START + Span::minutes(minutes),
        substate: None,
        promoted_at: None,
        ..bench.model.deployments("shop")[0].clone()
    };
    bench.model.add_deployment("shop", build("dpl_c4", 1));
    assert_eq!(bench.model.live("shop"), Some("dpl_c4".into()));
    bench.model.set_auto_assign("shop", AutoAssign::Off);
    bench.model.add_deployment("shop", build("dpl_c5", 2));
    assert_eq!(bench.model.live("shop"), Some("dpl_c4".into()));
    assert_eq!(bench.model.deployments("shop")[0].substate, Some(Substate::Staged));
    assert_eq!(bench.roll_back("dpl_c5").await, 422, "it never served");
}

#[tokio::test]
async fn a_job_can_end_badly_never_or_strangely() {
    for (kind, status) in [
        ("job_failed", "failed"),
        ("job_skipped", "skipped"),
        ("job_stuck", "in-progress"),
        ("job_unknown", "awaiting-approval"),
    ] {
        let bench = bench().await;
        bench.arm(kind, Value::Null);
        assert_eq!(bench.roll_back(C2).await, 201);
        bench.clock.advance(Span::seconds(600));
        assert_eq!(bench.job_status().await, status, "{kind}");
        assert_eq!(bench.model.live("shop"), Some(C3.into()), "{kind}");
        assert_eq!(bench.names_at(C2), usize::from(kind == "job_failed"), "{kind}");
        assert!(bench.model.auto_assign("shop"), "{kind}");
    }
}

#[tokio::test]
async fn failed_names_are_listed_in_the_shape_of_vercels_client() {
    let bench = bench().await;
    bench.arm("job_failed", json!({"aliases": ["www.shop.example.com"]}));
    assert_eq!(bench.roll_back(C2).await, 201);
    bench.clock.advance(Span::seconds(2));
    let path = format!("/v9/projects/prj_shop/rollback/aliases?failedOnly=true&limit=20&{TEAM}");
    let (_, body) = bench.get(&path).await;
    assert_eq!(body["aliases"].as_array().unwrap().len(), 1);
    let alias = json!({"alias": "www.shop.example.com", "deploymentId": C3});
    assert_eq!(body["aliases"][0]["alias"], alias);
    assert_eq!(body["aliases"][0]["status"], "failed");
}

#[tokio::test]
async fn customers_may_keep_the_old_deployment_although_the_names_moved() {
    let bench = bench().await;
    bench.arm("control_plane_only", Value::Null);
    assert_eq!(bench.roll_back(C2).await, 201);
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(C2.into()));
    assert_eq!(bench.model.serving("shop").unwrap().id, C3.into());
    bench.model.release_data_plane("shop");
    assert_eq!(bench.model.serving("shop").unwrap().id, C2.into());
}

#[tokio::test]
async fn another_operator_may_be_faster() {
    let bench = bench().await;
    bench.arm("other_operator", json!({"to": C2}));
    assert_eq!(bench.roll_back(C2).await, 422, "it is already there");
    assert_eq!(bench.model.live("shop"), Some(C2.into()));
    assert_eq!(bench.job_status().await, "succeeded");
    assert!(!bench.model.auto_assign("shop"), "theirs was a rollback");
    bench.model.flip_by_other("shop", &C3.into());
    assert!(bench.model.auto_assign("shop"), "theirs was a promote");
}

#[tokio::test]
async fn a_stale_list_lacks_the_newest_build() {
    let bench = bench().await;
    bench.arm("stale_list", Value::Null);
    let path = format!("/v7/deployments?projectId=prj_shop&target=production&state=READY&{TEAM}");
    let ids = async || -> Vec<Value> {
        let (_, body) = bench.get(&path).await;
        body["deployments"].as_array().unwrap().iter().map(|row| row["uid"].clone()).collect()
    };
    assert_eq!(ids().await, [C2, C1]);
    assert_eq!(ids().await, [C3, C2, C1]);
}

#[tokio::test]
async fn lists_come_in_pages_and_refuse_numbers_that_are_none() {
    let bench = bench().await;
    let (_, first) = bench.get(&format!("/v6/deployments?projectId=prj_shop&limit=2&{TEAM}")).await;
    assert_eq!(first["pagination"]["count"], 2);
    let next = first["pagination"]["next"].as_i64().unwrap();
    let path = format!("/v6/deployments?projectId=prj_shop&limit=2&until={next}&{TEAM}");
    let (_, second) = bench.get(&path).await;
    assert_eq!(second["deployments"].as_array().unwrap().len(), 2);
    assert_eq!(second["pagination"]["next"], Value::Null);
    assert_eq!(bench.get(&format!("/v7/deployments?limit=ten&{TEAM}")).await.0, 400);
}

#[tokio::test]
async fn tokens_and_scopes_are_checked() {
    let bench = bench().await;
    let url = format!("{}/v9/projects/prj_shop?{TEAM}", bench.url);
    let (url, client) = (url.as_str(), reqwest::Client::new());
    assert_eq!(client.get(url).send().await.unwrap().status(), 403);
    assert_eq!(client.get(url).bearer_auth("wrong").send().await.unwrap().status(), 403);
    let (status, body) = bench.get("/v9/projects/prj_shop?slug=acme").await;
    assert_eq!((status, &body["error"]["scope"]), (403, &json!("acme")));
    assert_eq!(bench.get("/v9/projects/prj_shop").await.0, 404, "not in the personal scope");
    assert_eq!(bench.get("/v9/projects/shop?slug=demo").await.0, 200);
}

#[tokio::test]
async fn a_call_that_the_model_does_not_have_is_noted() {
    let bench = bench().await;
    assert_eq!(bench.get("/v9/projects/prj_shop/env").await.0, 404);
    assert_eq!(bench.get("/v7/deployments?branch=main").await.0, 404);
    assert_eq!(
        bench.model.unknown_calls(),
        ["GET /v9/projects/prj_shop/env", "GET /v7/deployments"]
    );
}

#[tokio::test]
async fn settings_other_than_assignment_are_refused() {
    let bench = bench().await;
    let path = format!("/v9/projects/prj_shop?{TEAM}");
    let patch = async |body: Value| bench.send(Method::PATCH, &path, Some(body)).await.0;
    assert_eq!(patch(json!({"autoAssignCustomDomains": false})).await, 200);
    assert!(!bench.model.auto_assign("shop"));
    for body in [json!({}), json!({"name": "x"}), json!({"autoAssignCustomDomains": "no"})] {
        assert_eq!(patch(body).await, 400);
    }
}

#[tokio::test]
async fn vercels_own_client_finds_what_it_asks_for() {
    let bench = bench().await;
    let (_, user) = bench.get("/v2/user").await;
    assert!(user["user"]["id"].is_string() && user["user"]["username"].is_string());
    let (_, teams) = bench.get("/v1/teams").await;
    assert_eq!(teams["teams"][0]["slug"], "demo");
    assert_eq!(bench.get(&format!("/teams/team_demo?{TEAM}")).await.1["id"], "team_demo");
    let (_, found) = bench.get("/v13/deployments/shop-c2-demo.vercel.app").await;
    assert_eq!((&found["id"], &found["team"]["id"]), (&json!(C2), &json!("team_demo")));
    let path = format!("/projects/shop/production-deployment?{TEAM}");
    assert_eq!(bench.get(&path).await.1["deployment"]["id"], C3);
    assert_eq!(bench.post(&format!("/v9/projects/prj_shop/rollback/{C2}?{TEAM}")).await.0, 201);
    assert!(bench.model.unknown_calls().is_empty());
}

#[tokio::test]
async fn every_trap_has_a_name_and_every_name_a_trap() {
    for kind in FAULTS {
        let bench = bench().await;
        bench.arm(kind, json!({"status": 500, "to": C2}));
        let client = reqwest::Client::new();
        let paths = [
            (Method::POST, format!("/v10/projects/prj_shop/promote/{C1}?{TEAM}")),
            (Method::POST, format!("/v1/projects/prj_shop/rollback/{C2}?{TEAM}")),
            (Method::GET, format!("/v9/projects/prj_shop?{TEAM}")),
            (Method::GET, format!("/v7/deployments?projectId=prj_shop&{TEAM}")),
        ];
        bench.model.pushed("shop", push("main", SHA, START), Health::Good);
        for (method, path) in paths {
            let request = client.request(method, format!("{}{path}", bench.url));
            let request = request.bearer_auth(bench.model.token());
            // Some of these never come to an answer; only the trap matters here.
            let wait = std::time::Duration::from_millis(500);
            let _ = tokio::time::timeout(wait, request.send()).await;
            // One job after the other.
            bench.clock.advance(Span::seconds(2));
        }
        assert!(bench.ledger.armed().is_empty(), "{kind} did not spring");
    }
}
