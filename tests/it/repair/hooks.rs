//! GitHub's webhook wakes the looks that are made anyway, and nothing else: lost, repeated, late, forged or a thousand
//! at once, the end is the same.

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use repoint::domain::time::Span;
use repoint::world::github::Outcome;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    at_github, github_trap, merges, merges_sent, opens_the_revert, plays, plays_with, promotes,
    revert, reverts, until_resolved, verifies,
};
use crate::harness::{Settings, World};

const HOOK: &str = "/hooks/github";

/// The revert's last check takes so long that looks have become rare; it has ended this very second.
async fn until_the_check_ends(w: &Arc<World>, seconds: i64) {
    github_trap(w, "check_slow", "repoint/", json!({"name": "test", "seconds": seconds}));
    opens_the_revert(w).await;
    w.passes(Span::seconds(seconds - 5)).await;
    for _ in 0..30 {
        if has_ended(w).await {
            return;
        }
        w.passes(Span::seconds(1)).await;
    }
    panic!("the check does not end");
}

async fn has_ended(w: &World) -> bool {
    let shown = at_github(w, |github| Ok(github.shown())).await;
    let checks = shown["pull"]["checks"].as_array().expect("checks").clone();
    checks.iter().all(|check| check["state"] == "success")
}

fn asks_for_the_merge(w: &World) -> bool {
    w.incidents().contains("[Merge]")
}

fn calls_of_github(w: &World) -> usize {
    w.models.ledger.calls().iter().filter(|call| call.vendor == "github").count()
}

fn events(w: &World) -> u32 {
    w.rows("SELECT count(*) FROM events")
}

fn signed(w: &World, body: &str) -> String {
    let secret = w.models.github.webhook_secret();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn news_of(repository: &str) -> String {
    json!({"action": "completed", "repository": {"full_name": repository}}).to_string()
}

/// Posts a rightly signed delivery so many times; the last status.
async fn posts(w: &Arc<World>, repository: &str, times: usize) -> u16 {
    let (outsider, body) = (w.outsider(), news_of(repository));
    let event = ("x-github-event", "check_run".to_owned());
    let headers = [event, ("x-hub-signature-256", signed(w, &body))];
    let mut status = 0;
    for _ in 0..times {
        status = outsider.posts_with(HOOK, &body, &headers).await.0;
    }
    status
}

#[test]
fn a_check_that_ended_is_on_the_card_at_once() {
    // Looks are twenty seconds apart by then: not all of these ends can fall on one.
    for seconds in [301, 302, 303] {
        plays(async |w| {
            w.github_tells();
            until_the_check_ends(&w, seconds).await;
            w.until("the button", || asks_for_the_merge(&w)).await;
            w.settle().await;
            w.user("bo").presses("Merge").await;
            w.passes_until("the merge", || revert(&w).outcome != Outcome::Open).await;
            assert_eq!(merges_sent(&w), 1);
        });
    }
}

#[test]
fn without_a_webhook_or_when_it_gets_lost_the_next_look_shows_it() {
    for is_told in [false, true] {
        plays(async |w| {
            if is_told {
                w.github_tells();
                w.traps("github", "hook_dropped", "HOOK", Value::Null, None);
            }
            until_the_check_ends(&w, 302).await;
            w.settle().await;
            assert!(!asks_for_the_merge(&w), "{}", w.incidents());
            w.passes(Span::seconds(20)).await;
            assert!(asks_for_the_merge(&w), "{}", w.incidents());
            w.troubles_are_over();
        });
    }
}

#[test]
fn deliveries_that_come_twice_change_nothing_on_the_whole_way_back() {
    plays(async |w| {
        w.github_tells();
        w.traps("github", "hook_repeated", "HOOK", Value::Null, None);
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        until_resolved(&w).await;
        assert_eq!((reverts(&w).len(), merges_sent(&w)), (1, 1));
        w.troubles_are_over();
        // One that comes when all is over finds nothing to look at.
        let before = (events(&w), calls_of_github(&w));
        assert_eq!(posts(&w, "demo/shop", 1).await, 202);
        w.settle().await;
        assert_eq!((events(&w), calls_of_github(&w)), before);
    });
}

#[test]
fn a_storm_of_deliveries_makes_few_calls_and_no_events() {
    plays(async |w| {
        github_trap(&w, "check_stuck", "repoint/", json!({"name": "test"}));
        opens_the_revert(&w).await;
        w.passes(Span::minutes(6)).await;
        let (before, calls) = (events(&w), calls_of_github(&w));
        w.passes(Span::minutes(1)).await;
        let usual = calls_of_github(&w) - calls;
        // Another repository's are not even looked into; a name is the same in whatever case.
        assert_eq!(posts(&w, "demo/other", 100).await, 202);
        w.settle().await;
        assert_eq!(calls_of_github(&w), calls + usual);
        // The last look is some seconds ago by then, and the next one not due for as many.
        w.passes(Span::seconds(7)).await;
        let calls = calls_of_github(&w);
        assert_eq!(posts(&w, "Demo/Shop", 1000).await, 202);
        w.settle().await;
        let at_once = calls_of_github(&w) - calls;
        assert!(at_once > 0 && at_once <= usual, "{at_once} calls at once, {usual} in a minute");
        let calls = calls_of_github(&w);
        for _ in 0..60 {
            posts(&w, "demo/shop", 5).await;
            w.passes(Span::seconds(1)).await;
        }
        let in_the_storm = calls_of_github(&w) - calls;
        assert!(in_the_storm <= usual * 2, "{in_the_storm} calls, {usual} in a usual minute");
        assert_eq!(events(&w), before, "nothing happened");
    });
}

#[test]
fn what_github_did_not_sign_wakes_nobody() {
    plays(async |w| {
        opens_the_revert(&w).await;
        w.passes(Span::minutes(1)).await;
        let before = (events(&w), calls_of_github(&w));
        let body = news_of("demo/shop");
        let right = signed(&w, &body);
        for signature in
            [signed(&w, "another body"), right.replace("sha256", "sha1"), String::new()]
        {
            let event = ("x-github-event", "check_run".to_owned());
            let headers = [event, ("x-hub-signature-256", signature)];
            let answer = w.outsider().posts_with(HOOK, &body, &headers).await;
            assert_eq!(answer, (401, String::new()));
        }
        assert_eq!(w.outsider().posts(HOOK, &body).await, (401, String::new()));
        w.settle().await;
        assert_eq!((events(&w), calls_of_github(&w)), before);
    });
}

#[test]
fn without_a_secret_there_is_no_door() {
    let lines = |text: String| {
        let kept = text.lines().filter(|line| !line.starts_with("webhook_secret"));
        kept.collect::<Vec<_>>().join("\n")
    };
    plays_with(Settings { edit: Some(lines), ..Settings::default() }, async |w| {
        assert_eq!(posts(&w, "demo/shop", 1).await, 404);
    });
}
