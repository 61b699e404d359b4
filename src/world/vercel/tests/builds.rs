//! Builds that a push sets off.

use super::*;

/// The states and substates that the list of deployments shows, newest first.
async fn newest(bench: &Bench) -> Value {
    let (_, body) = bench.get(&format!("/v7/deployments?projectId=prj_shop&{TEAM}")).await;
    body["deployments"][0].clone()
}

#[tokio::test]
async fn a_push_to_the_production_branch_is_built_and_goes_live_while_assignment_is_on() {
    let bench = bench().await;
    let id = bench.model.pushed("shop", push("main", SHA, START), Health::Good);
    for (span, state) in
        [(0, "QUEUED"), (999, "QUEUED"), (1, "BUILDING"), (4_999, "BUILDING"), (1, "READY")]
    {
        bench.clock.advance(Span(span));
        assert_eq!(newest(&bench).await["readyState"], state);
        let live = if state == "READY" { id.clone() } else { C3.into() };
        assert_eq!(bench.model.live("shop"), Some(live));
    }
    let row = newest(&bench).await;
    assert_eq!((&row["uid"], &row["readySubstate"]), (&json!(id), &json!("PROMOTED")));
    assert_eq!(row["meta"]["githubCommitSha"], SHA);
    assert_eq!(row["url"], "shop-0123456-demo.vercel.app");
    assert_eq!(row["ready"], START.0 + 6_000);
    assert_eq!(row["aliasAssigned"], START.0 + 6_000);
}

#[tokio::test]
async fn it_is_staged_while_assignment_is_off() {
    let bench = bench().await;
    bench.model.set_auto_assign("shop", AutoAssign::Off);
    let id = bench.model.pushed("shop", push("main", SHA, START), Health::Good);
    bench.clock.advance(Span::seconds(6));
    let row = newest(&bench).await;
    assert_eq!((&row["readyState"], &row["readySubstate"]), (&json!("READY"), &json!("STAGED")));
    assert_eq!((&row["aliasAssigned"], &row["isRollbackCandidate"]), (&Value::Null, &json!(false)));
    assert_eq!(bench.model.live("shop"), Some(C3.into()));
    let (_, found) = bench.get(&format!("/v13/deployments/{id}?{TEAM}")).await;
    assert_eq!((&found["target"], &found["aliasAssigned"]), (&json!("production"), &json!(false)));
}

#[tokio::test]
async fn what_counts_is_the_setting_at_the_moment_when_the_build_is_ready() {
    let bench = bench().await;
    bench.model.pushed("shop", push("main", SHA, START), Health::Good);
    bench.clock.advance(Span(3_000));
    assert_eq!(bench.roll_back(C2).await, 201);
    // Nobody looks until long after both have ended: the rollback first, then the build.
    bench.clock.advance(Span::seconds(60));
    assert_eq!(bench.model.live("shop"), Some(C2.into()));
    assert_eq!(newest(&bench).await["readySubstate"], "STAGED");
}

#[tokio::test]
async fn a_push_to_another_branch_is_a_preview() {
    let bench = bench().await;
    let revert = push("revert/PR-124", SHA, START);
    let id = bench.model.pushed("shop", revert, Health::Good);
    bench.clock.advance(Span::seconds(6));
    let row = newest(&bench).await;
    assert_eq!((&row["uid"], &row["target"]), (&json!(id), &Value::Null));
    assert_eq!(row["url"], "shop-git-revert-pr-124-0123456-demo.vercel.app");
    assert_eq!(row["meta"]["githubCommitRef"], "revert/PR-124");
    assert_eq!(row.get("readySubstate"), None);
    assert_eq!(bench.model.live("shop"), Some(C3.into()));
    let merged = bench.model.pushed("shop", push("main", SHA, START), Health::Good);
    assert_ne!(merged, id, "the same commit is built for production again");
    bench.model.pushed("shop", push("main", SHA, START), Health::Good);
    assert_eq!(bench.model.deployments("shop").len(), 6, "and then no more");
}

#[tokio::test]
async fn a_build_may_fail_or_take_long() {
    let bench = bench().await;
    let on = "PUSH main".to_owned();
    for (kind, with) in [("build_fails", Value::Null), ("build_slow", json!({"seconds": 40}))] {
        let (vendor, kind, on) = (VENDOR.to_owned(), kind.to_owned(), on.clone());
        bench.ledger.arm(Fault { vendor, kind, on, times: Some(1), with });
    }
    let other = "fedcba9876543210fedcba9876543210fedcba98";
    bench.model.pushed("shop", push("try", other, START), Health::Good);
    let id = bench.model.pushed("shop", push("main", SHA, START), Health::Good);
    assert!(bench.ledger.armed().is_empty());
    bench.clock.advance(Span::seconds(39));
    let state = async || {
        let (_, found) = bench.get(&format!("/v13/deployments/{id}?{TEAM}")).await;
        found["readyState"].clone()
    };
    assert_eq!(state().await, "BUILDING");
    bench.clock.advance(Span::seconds(1));
    assert_eq!(state().await, "ERROR");
    assert_eq!(bench.model.live("shop"), Some(C3.into()));
    assert_eq!(bench.post(&format!("/v10/projects/prj_shop/promote/{id}?{TEAM}")).await.0, 422);
}
