//! Promotes, and what can become of them.

use super::*;

impl Bench {
    async fn promote(&self, id: &str) -> u16 {
        self.post(&format!("/v10/projects/prj_shop/promote/{id}?{TEAM}")).await.0
    }
}

/// Production is rolled back, and a fix is built and waits.
async fn bench_with_a_fix() -> (Bench, String) {
    let bench = bench().await;
    assert_eq!(bench.roll_back(C2).await, 201);
    bench.clock.advance(Span::seconds(2));
    let at = START + Span::seconds(2);
    let id = bench.model.pushed("shop", push("main", SHA, at), Health::Good);
    bench.clock.advance(Span::seconds(6));
    (bench, id.as_str().to_owned())
}

#[tokio::test]
async fn a_staged_fix_takes_production_and_arms() {
    let (bench, fix) = bench_with_a_fix().await;
    assert!(!bench.model.auto_assign("shop"));
    assert_eq!(bench.promote(&fix).await, 201);
    assert_eq!(bench.promote(&fix).await, 409, "a job is under way");
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(fix.as_str().into()));
    assert!(bench.model.auto_assign("shop"));
    assert_eq!(bench.promote("shop-0123456-demo.vercel.app").await, 404, "an id is asked for");
}

#[tokio::test]
async fn behind_a_rolling_release_it_waits() {
    let (bench, fix) = bench_with_a_fix().await;
    bench.arm("rolling_release", json!({"seconds": 90}));
    assert_eq!(bench.promote(&fix).await, 202);
    bench.clock.advance(Span::seconds(89));
    assert_eq!(bench.promote(&fix).await, 202, "it still waits, for no longer than before");
    assert_eq!((bench.model.live("shop"), bench.model.moving("shop")), (Some(C2.into()), None));
    let (_, project) = bench.get(&format!("/v9/projects/prj_shop?{TEAM}")).await;
    assert_eq!(project["lastAliasRequest"]["type"], "rollback", "there is no job yet");
    bench.clock.advance(Span::seconds(1));
    assert_eq!(bench.model.moving("shop").unwrap().to, fix.as_str().into());
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(fix.as_str().into()));
    assert!(bench.model.auto_assign("shop"));
}

#[tokio::test]
async fn a_rollback_ends_the_rolling_release_and_what_waited_for_it() {
    let (bench, fix) = bench_with_a_fix().await;
    bench.arm("rolling_release", Value::Null);
    assert_eq!(bench.promote(&fix).await, 202);
    assert_eq!(bench.roll_back(C1).await, 201);
    bench.clock.advance(Span::seconds(120));
    assert_eq!(bench.model.live("shop"), Some(C1.into()));
    assert!(!bench.model.auto_assign("shop"));
}

#[tokio::test]
async fn it_can_end_badly_never_or_strangely() {
    for (kind, status) in [
        ("job_failed", "failed"),
        ("job_skipped", "skipped"),
        ("job_stuck", "in-progress"),
        ("job_unknown", "awaiting-approval"),
    ] {
        let (bench, fix) = bench_with_a_fix().await;
        bench.arm(kind, Value::Null);
        assert_eq!(bench.promote(&fix).await, 201);
        bench.clock.advance(Span::seconds(600));
        assert_eq!(bench.job_status().await, status, "{kind}");
        assert_eq!(bench.model.live("shop"), Some(C2.into()), "{kind}");
        assert!(!bench.model.auto_assign("shop"), "{kind}");
        let path = format!("/v1/projects/prj_shop/promote/aliases?failedOnly=true&{TEAM}");
        let (_, body) = bench.get(&path).await;
        let failed = body["aliases"].as_array().unwrap().len();
        assert_eq!(failed, if kind == "job_failed" { 2 } else { 0 }, "{kind}");
    }
}

#[tokio::test]
async fn it_may_arm_nothing_be_lost_or_show_to_nobody() {
    let (bench, fix) = bench_with_a_fix().await;
    bench.arm("assignment_stays_off", Value::Null);
    bench.arm("control_plane_only", Value::Null);
    assert_eq!(bench.promote(&fix).await, 201);
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(fix.as_str().into()));
    assert_eq!(bench.model.serving("shop").unwrap().id, C2.into());
    assert!(!bench.model.auto_assign("shop"));

    let (bench, fix) = bench_with_a_fix().await;
    bench.arm("lost_answer", Value::Null);
    let url = format!("{}/v10/projects/prj_shop/promote/{fix}?{TEAM}", bench.url);
    let request = reqwest::Client::new().post(url).bearer_auth(bench.model.token());
    assert!(request.send().await.is_err());
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.live("shop"), Some(fix.as_str().into()), "it was carried out");
}

#[tokio::test]
async fn a_fix_can_break_once_it_is_promoted() {
    let (bench, fix) = bench_with_a_fix().await;
    bench.arm("fix_breaks", Value::Null);
    assert_eq!(bench.promote(&fix).await, 201);
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.model.serving("shop").unwrap().health, Health::BreaksInProduction);
}

#[tokio::test]
async fn somebody_undoes_the_rollback_in_the_dashboard() {
    let (bench, fix) = bench_with_a_fix().await;
    bench.model.undo_rollback_by_other("shop");
    assert_eq!(bench.model.live("shop"), Some(C3.into()), "what it moved away from, not {fix}");
    assert!(bench.model.auto_assign("shop"));
    let (_, project) = bench.get(&format!("/v9/projects/prj_shop?{TEAM}")).await;
    let job = &project["lastAliasRequest"];
    assert_eq!((&job["type"], &job["jobStatus"]), (&json!("promote"), &json!("succeeded")));
    bench.model.undo_rollback_by_other("shop");
    assert_eq!(bench.model.live("shop"), Some(C3.into()), "there is nothing to undo any more");
}
