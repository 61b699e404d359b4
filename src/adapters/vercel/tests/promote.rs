//! Promotes and the assignment flag.

use super::*;
use crate::domain::deployment::{JobKind, Taken};
use crate::engine::ports::Clock;
use crate::world::vercel::{Health, Push};

/// Production is rolled back, and a fix is built and waits; its id.
async fn with_a_fix(bench: &Bench) -> DeploymentId {
    bench.roll_back(C2).await.unwrap();
    bench.clock.advance(Span::seconds(2));
    pushed(bench, "main")
}

/// The fix's commit reaches a branch and is built; the deployment's id.
fn pushed(bench: &Bench, branch: &str) -> DeploymentId {
    let text = |text: &str| text.to_owned();
    let push = Push {
        branch: text(branch),
        sha: text("0123456789abcdef0123456789abcdef01234567"),
        message: text("Revert \"Rework checkout totals\" (#126)"),
        author: text("Ana Duarte"),
        at: bench.clock.now(),
    };
    let id = bench.model.pushed("shop", push, Health::Good);
    bench.clock.advance(Span::seconds(6));
    id
}

#[tokio::test]
async fn a_fix_is_ready_and_has_not_served_until_it_is_promoted() {
    let bench = Bench::start().await;
    let fix = with_a_fix(&bench).await;
    let built = bench.provider.deployment(&shop(), "0123456").await.unwrap();
    assert_eq!((&built.id, built.served, built.promoted_at), (&fix, Served::No, None));

    assert_eq!(bench.provider.promote(&shop(), &fix).await, Ok(Taken::Accepted));
    let asked = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!((asked.live, asked.assignment), (Live::At(C2.into()), Assignment::Off));
    let job = asked.job.unwrap();
    assert_eq!((job.kind, job.status), (JobKind::Promote, JobStatus::Running));

    bench.clock.advance(Span::seconds(2));
    let done = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!((done.live, done.assignment), (Live::At(fix.clone()), Assignment::On));
    assert_eq!(done.job.unwrap().status, JobStatus::Succeeded);
    let built = bench.provider.deployment(&shop(), fix.as_str()).await.unwrap();
    assert_eq!(built.served, Served::Yes);
    assert_eq!(bench.writes(), 2);
    bench.sound();
}

#[tokio::test]
async fn a_commit_names_its_production_build_before_a_preview_of_it() {
    let bench = Bench::start().await;
    let preview = pushed(&bench, "revert-124");
    let named = async || bench.provider.deployment(&shop(), "0123456").await.unwrap().id;
    assert_eq!(named().await, preview);
    let fix = pushed(&bench, "main");
    pushed(&bench, "another-branch");
    assert_eq!(named().await, fix);
    bench.sound();
}

#[tokio::test]
async fn behind_a_rolling_release_it_is_queued() {
    let bench = Bench::start().await;
    let fix = with_a_fix(&bench).await;
    bench.arm("rolling_release", "promote", Value::Null);
    assert_eq!(bench.provider.promote(&shop(), &fix).await, Ok(Taken::Queued));
    let job = bench.provider.pointer(&shop()).await.unwrap().job.unwrap();
    assert_eq!(job.kind, JobKind::Rollback, "there is no job of ours yet");
    bench.sound();
}

#[tokio::test]
async fn what_is_live_already_is_rejected_with_the_vendors_sentence() {
    let bench = Bench::start().await;
    let error = bench.provider.promote(&shop(), &C3.into()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Rejected);
    let said = "is already the current production deployment.";
    assert!(error.message.ends_with(said), "{}", error.message);
    let error = bench.provider.promote(&shop(), &PREVIEW.into()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Rejected);
    let error = bench.provider.promote(&shop(), &"dpl_nobody".into()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Missing);
    bench.sound();
}

#[tokio::test]
async fn every_status_of_a_promote_has_one_meaning_and_is_sent_once() {
    use PortErrorKind::{Ambiguous, Missing, Rejected, Unauthorised};
    let cases = [
        (400, Rejected),
        (401, Unauthorised),
        (403, Unauthorised),
        (404, Missing),
        (408, Ambiguous),
        (409, Rejected),
        (422, Rejected),
        (429, transient(7)),
        (500, Ambiguous),
        (503, Ambiguous),
    ];
    for (status, expected) in cases {
        let bench = Bench::start().await;
        bench.arm("status", "promote", json!({"status": status, "retry_after": 7}));
        let error = bench.provider.promote(&shop(), &C2.into()).await.unwrap_err();
        assert_eq!(error.kind, expected, "{status}: {}", error.message);
        assert_eq!(bench.writes(), 1, "{status} was sent again");
        bench.sound();
    }
}

#[tokio::test]
async fn a_lost_answer_to_a_promote_is_ambiguous_and_it_is_not_repeated() {
    for (kind, live) in [("lost_answer", C2), ("dropped", C3), ("garbage", C3)] {
        let bench = Bench::start().await;
        bench.arm(kind, "promote", Value::Null);
        let error = bench.provider.promote(&shop(), &C2.into()).await.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Ambiguous, "{kind}: {}", error.message);
        assert_eq!(bench.writes(), 1, "{kind}");
        bench.clock.advance(Span::seconds(2));
        assert_eq!(bench.model.live("shop"), Some(live.into()), "{kind}");
        bench.sound();
    }
}

#[tokio::test]
async fn names_that_a_promote_left_behind_are_listed() {
    let bench = Bench::start().await;
    bench.arm("job_failed", "promote", json!({"aliases": ["www.shop.example.com"]}));
    let fix = with_a_fix(&bench).await;
    bench.provider.promote(&shop(), &fix).await.unwrap();
    bench.clock.advance(Span::seconds(2));
    let pointer = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!(pointer.job.unwrap().status, JobStatus::Failed);
    assert_eq!(pointer.live, Live::Split(vec![C2.into(), fix]));
    let failed = bench.provider.failed_aliases(&shop()).await.unwrap();
    let failed: Vec<_> = failed.iter().map(|one| (one.name.as_str(), one.state.as_str())).collect();
    assert_eq!(failed, [("www.shop.example.com", "failed")]);
    bench.sound();
}

#[tokio::test]
async fn assignment_that_stayed_off_is_switched_on_by_one_write_and_moves_nothing() {
    let bench = Bench::start().await;
    let fix = with_a_fix(&bench).await;
    bench.arm("assignment_stays_off", "promote", Value::Null);
    bench.provider.promote(&shop(), &fix).await.unwrap();
    bench.clock.advance(Span::seconds(2));
    assert_eq!(bench.provider.pointer(&shop()).await.unwrap().assignment, Assignment::Off);
    bench.provider.arm(&shop()).await.unwrap();
    let pointer = bench.provider.pointer(&shop()).await.unwrap();
    assert_eq!((pointer.live, pointer.assignment), (Live::At(fix), Assignment::On));
    bench.model.set_auto_assign("shop", AutoAssign::Off);
    bench.arm("lost_answer", "PATCH", Value::Null);
    let error = bench.provider.arm(&shop()).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Ambiguous);
    assert_eq!(bench.writes(), 4);
    bench.sound();
}
