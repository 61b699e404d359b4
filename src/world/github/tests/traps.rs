//! Every trap by itself.

use super::*;

/// How the checks of a pull request stand after a while, under a trap.
async fn checks_under(kind: &str, with: Value, seconds: i64) -> (String, Value) {
    let bench = bench().await;
    bench.arm(kind, with);
    let number = bench.opens("gift-cards").await;
    bench.passes(seconds);
    let state = bench.asks(&format!("pulls/{number}")).await["mergeable_state"].clone();
    assert!(bench.ledger.armed().is_empty());
    (bench.checks("gift-cards").await, state)
}

#[tokio::test]
async fn checks_go_wrong_in_every_way_and_only_a_skipped_one_opens_the_gate() {
    if !is_possible() {
        return;
    }
    let test = json!({"name": "test"});
    for (kind, with, seconds, expected, state) in [
        ("check_red", Value::Null, 9, "build success, test failure", "blocked"),
        ("check_red", json!({"name": "build"}), 9, "build failure, test success", "blocked"),
        ("check_missing", test.clone(), 9, "build success", "blocked"),
        ("check_skipped", test.clone(), 9, "build success, test skipped", "clean"),
        ("check_stuck", test.clone(), 90_000, "build success, test in_progress", "blocked"),
        ("check_slow", json!({"seconds": 60}), 59, "build success, test in_progress", "blocked"),
        ("check_slow", json!({"seconds": 60}), 60, "build success, test success", "clean"),
        ("check_slow", Value::Null, 2_399, "build success, test in_progress", "blocked"),
        ("check_renamed", test, 9, "build success, test (20.x) success", "blocked"),
    ] {
        let (checks, word) = checks_under(kind, with, seconds).await;
        assert_eq!((checks.as_str(), &word), (expected, &json!(state)), "{kind}");
    }
}

#[tokio::test]
async fn a_red_check_can_be_run_again() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.arm("check_red", Value::Null);
    let number = bench.opens("gift-cards").await;
    bench.passes(9);
    bench.model.run_checks_again(number).unwrap();
    bench.passes(9);
    assert_eq!(bench.checks("gift-cards").await, "build success, test success");
    let all = bench.asks("commits/gift-cards/check-runs?filter=all").await;
    assert_eq!(all["total_count"], 4);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_pull_request_behind() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.arm("lost_answer", Value::Null);
    let body = json!({"title": "Try gift cards", "head": "gift-cards", "base": "main"});
    assert_eq!(bench.call("POST", "pulls", body).await.0, 0);
    assert_eq!(bench.asks("pulls?head=demo:gift-cards").await[0]["number"], 126);
}

#[tokio::test]
async fn the_base_moves_under_a_merge_and_mergeability_may_be_unknown() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let number = bench.opens("gift-cards").await;
    bench.passes(9);
    bench.arm("mergeable_unknown", Value::Null);
    let pull = format!("pulls/{number}");
    assert_eq!(bench.asks(&pull).await["mergeable"], Value::Null);
    assert_eq!(bench.asks(&pull).await["mergeable"], true);
    let before = bench.model.head("main");
    bench.arm("base_moved", Value::Null);
    let (status, body) = bench.merges(number, json!({})).await;
    assert_eq!(status, 405);
    assert!(body["message"].as_str().unwrap().starts_with("Base branch was modified."), "{body}");
    assert_ne!(bench.model.head("main"), before);
    assert_eq!(bench.merges(number, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_teammate_does_as_the_trap_says_just_before_the_answer() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let number = bench.opens_a_fix().await;
    let pull = format!("pulls/{number}");
    let sees = async |does: &str, field: &str| {
        bench.arm("teammate", json!({"does": does}));
        let mut found = bench.asks(&pull).await;
        field.split('.').fold(found.take(), |value, name| value[name].clone())
    };
    let before = bench.asks(&pull).await["head"]["sha"].clone();
    assert_ne!(sees("force_push", "head.sha").await, before);
    assert_eq!(sees("approve", "state").await, "open");
    let main = bench.model.head("main");
    assert_eq!(sees("push_main", "mergeable").await, true);
    assert_ne!(bench.model.head("main"), main);
    bench.arm("teammate", json!({"does": "change_same_lines", "sha": shas()[2]}));
    assert_eq!(bench.asks(&pull).await["mergeable"], false);
    assert_eq!(sees("close", "state").await, "closed");
    bench.opens("gift-cards").await;
    bench.arm("teammate", json!({"does": "merge"}));
    assert_eq!(bench.asks("pulls/129").await["merged"], true);
}

#[tokio::test]
async fn every_trap_has_a_name_and_every_name_a_trap() {
    if !is_possible() {
        return;
    }
    let shas = shas();
    for kind in FAULTS {
        let bench = bench().await;
        let mine = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", mine.local_addr().unwrap());
        bench.model.set_webhook(&url, "secret");
        bench.arm(kind, json!({"status": 502}));
        let calls = async {
            bench.asks(&format!("compare/{}...{}", shas[1], shas[2])).await;
            bench.asks("rules/branches/main").await;
            bench.model.push_by_other("fix", &[("a.txt", "a\n")], "Fix").unwrap();
            let wish = json!({"title": "Fix", "head": "fix", "base": "main"});
            bench.call("POST", "pulls", wish).await;
            bench.asks("pulls/126").await;
            bench.passes(9);
            bench.merges(126, json!({})).await;
            // The webhook has its turn: somebody hangs up on it at last.
            while !bench.ledger.armed().is_empty() {
                drop(mine.accept().await);
            }
        };
        // A call that hangs never comes to an answer; only the trap matters here.
        let patience = if *kind == "hang" { 2 } else { 60 };
        let _ = tokio::time::timeout(std::time::Duration::from_secs(patience), calls).await;
        assert!(bench.ledger.armed().is_empty(), "{:?} did not spring", bench.ledger.armed());
    }
}
