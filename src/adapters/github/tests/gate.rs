//! What each answer about a gate is taken for.

use super::stage::{HEAD, branch, checks, pull, runs, stage};
use super::*;
use crate::domain::fix::{
    Check, CheckState, Fits, Gate, GateVerdict, Need, PullState, Road, g8_judge,
};
use crate::engine::ports::Forge;

const RUNS: &str = "GET /commits/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/check-runs";
const STATUS: &str = "GET /commits/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb/status";
const RULES: &str = "GET /rules/branches/main";
const BRANCH: &str = "GET /branches/main";
const PROTECTION: &str = "GET /branches/main/protection";
const PULL: &str = "GET /pulls/7";
const REVIEWS: &str = "GET /pulls/7/reviews";

fn shown(gate: &Gate) -> Vec<(&str, CheckState, Need)> {
    gate.checks.iter().map(|Check { name, state, need }| (name.as_str(), *state, *need)).collect()
}

#[tokio::test]
async fn each_word_of_a_check_has_its_state_and_the_worst_of_a_name_counts() {
    let all = runs(&[
        ("a passed", "completed", Some("success"), 1),
        ("b neutral", "completed", Some("neutral"), 1),
        ("c skipped", "completed", Some("skipped"), 1),
        ("d failed", "completed", Some("timed_out"), 1),
        ("e new word", "completed", Some("fabulous"), 1),
        ("f running", "in_progress", None, 1),
        ("g queued", "waiting", None, 1),
        ("h twice", "completed", Some("success"), 1),
        ("h twice", "completed", Some("failure"), 2),
    ]);
    let statuses = json!({"statuses": [
        {"context": "i status", "state": "success"}, {"context": "j status", "state": "pending"},
        {"context": "k status", "state": "error"}, {"context": "h twice", "state": "success"},
    ]});
    let gate = stage(&[(RUNS, 200, all), (STATUS, 200, statuses)]).await.gate().await;
    use CheckState::{Failed, Passed, Queued, Running, Skipped};
    let states: Vec<_> = gate.checks.iter().map(|one| one.state).collect();
    let expected = [
        Passed, Skipped, Skipped, Failed, Failed, Running, Queued, Failed, Passed, Running, Failed,
    ];
    assert_eq!(states, expected, "{gate:?}");
    assert!(gate.checks.iter().all(|one| one.need == Need::Optional));
    assert_eq!(g8_judge(&gate), GateVerdict::Green, "nothing of it is demanded");
}

#[tokio::test]
async fn the_word_of_another_app_and_of_another_name_does_not_count() {
    let all = runs(&[
        ("build", "completed", Some("success"), 99),
        ("test (20.x)", "completed", Some("success"), 15),
    ]);
    let status = json!({"statuses": [{"context": "build", "state": "success"}]});
    let rules = json!([checks(&["build"], Some(15)), checks(&["test"], Some(-1))]);
    let told = [(RUNS, 200, all), (STATUS, 200, status), (RULES, 200, rules)];
    let gate = stage(&told).await.gate().await;
    use CheckState::{Missing, Passed};
    let expected = [
        ("build", Missing, Need::Required),
        ("build", Passed, Need::Optional),
        ("test", Missing, Need::Required),
        ("test (20.x)", Passed, Need::Optional),
    ];
    assert_eq!(shown(&gate), expected);
    let on = ["build (not reported yet)", "test (not reported yet)"].map(str::to_owned).into();
    assert_eq!(g8_judge(&gate), GateVerdict::Waiting { on });
}

#[tokio::test]
async fn rules_and_protection_are_put_together() {
    let rules = json!([
        checks(&["build"], None),
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
        {"type": "creation"}, {"type": "unheard_of", "parameters": {"x": 1}},
    ]);
    let protection = json!({
        "required_status_checks": {"contexts": ["lint"], "checks": [{"context": "lint", "app_id": 15}]},
        "required_pull_request_reviews": {"required_approving_review_count": 2},
    });
    let told = [(RULES, 200, rules), (BRANCH, 200, branch(true)), (PROTECTION, 200, protection)];
    let gate = stage(&told).await.gate().await;
    let names: Vec<_> = gate.checks.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((names, gate.reviews.needed), (vec!["build", "lint"], 2));
    assert_eq!((gate.road, gate.unreadable), (Road::Direct, None));
}

#[tokio::test]
async fn what_may_not_be_read_is_told_from_what_is_not_there() {
    let says = |text: &str| json!({"message": text});
    let cases = [
        (PROTECTION, 404, "Branch not protected", None),
        (PROTECTION, 403, "Upgrade to GitHub Pro or make this repository public", None),
        (PROTECTION, 404, "Not Found", Some("Administration")),
        (PROTECTION, 403, "Resource not accessible", Some("Administration")),
        (RULES, 403, "Upgrade to GitHub Pro or make this repository public", None),
        (RULES, 403, "Resource not accessible", Some("the rules for main cannot be read")),
        (RULES, 404, "Not Found", Some("the rules for main cannot be read")),
    ];
    for (call, status, sentence, expected) in cases {
        let none = (PROTECTION, 404, says("Branch not protected"));
        let told = [(BRANCH, 200, branch(true)), none, (call, status, says(sentence))];
        let gate = stage(&told).await.gate().await;
        match (expected, &gate.unreadable) {
            (None, None) => assert_eq!(g8_judge(&gate), GateVerdict::Green),
            (Some(part), Some(why)) => assert!(why.contains(part), "{why}"),
            other => panic!("{call} {status} {sentence}: {other:?}"),
        }
    }
    let trouble = stage(&[(RULES, 502, json!("<html>"))]).await;
    let error = trouble.forge.gate(&web(), 7).await.unwrap_err();
    assert!(matches!(error.kind, PortErrorKind::Transient { .. }));
}

#[tokio::test]
async fn the_last_word_of_each_reviewer_counts_and_strangers_do_not() {
    let row = |user: &str, state: &str, what: &str| {
        let user = json!({ "login": user });
        json!({"user": user, "state": state, "author_association": what})
    };
    let given = json!([
        row("ana", "CHANGES_REQUESTED", "MEMBER"), row("ana", "APPROVED", "MEMBER"),
        row("ana", "COMMENTED", "MEMBER"), row("bo", "APPROVED", "OWNER"),
        row("bo", "DISMISSED", "OWNER"), row("lee", "APPROVED", "COLLABORATOR"),
        row("lee", "CHANGES_REQUESTED", "COLLABORATOR"), row("eve", "APPROVED", "CONTRIBUTOR"),
        {"user": null, "state": "APPROVED", "author_association": "NONE"},
    ]);
    let asked = pull(json!({
        "requested_reviewers": [{"login": "kim"}], "requested_teams": [{"name": "Payments"}],
    }));
    let gate = stage(&[(REVIEWS, 200, given), (PULL, 200, asked)]).await.gate().await;
    assert_eq!(gate.reviews.approved, 1, "ana alone");
    assert_eq!(gate.reviews.against, ["lee"]);
    assert_eq!(gate.reviews.asked, ["kim", "Payments"]);
    let why = vec!["lee wants changes".to_owned()];
    assert_eq!(g8_judge(&gate), GateVerdict::Red { why });
}

#[tokio::test]
async fn whether_it_fits_is_taken_from_githubs_two_words() {
    for (mergeable, word, expected) in [
        (json!(true), "clean", Fits::Yes),
        (json!(true), "unstable", Fits::Yes),
        (json!(true), "behind", Fits::Behind),
        (json!(false), "dirty", Fits::Conflicts),
        (json!(null), "unknown", Fits::NotYetKnown),
        (json!(true), "unknown", Fits::NotYetKnown),
    ] {
        let one = pull(json!({"mergeable": mergeable, "mergeable_state": word}));
        assert_eq!(stage(&[(PULL, 200, one)]).await.gate().await.fits, expected, "{word}");
    }
}

#[tokio::test]
async fn what_github_holds_back_for_an_unseen_reason_is_not_green() {
    let one = pull(json!({"mergeable_state": "blocked"}));
    let verdict = g8_judge(&stage(&[(PULL, 200, one.clone())]).await.gate().await);
    let GateVerdict::Unreadable { why } = verdict else { panic!("{verdict:?}") };
    assert!(why.contains("open it to see what"), "{why}");
    // Where the reason is seen, that is the reason.
    let rules = json!([checks(&["build"], None)]);
    let gate = stage(&[(PULL, 200, one), (RULES, 200, rules)]).await.gate().await;
    assert!(matches!(g8_judge(&gate), GateVerdict::Waiting { .. }));
    let draft = pull(json!({"draft": true, "mergeable_state": "draft"}));
    let verdict = g8_judge(&stage(&[(PULL, 200, draft)]).await.gate().await);
    assert_eq!(verdict, GateVerdict::Waiting { on: vec!["ready for review".to_owned()] });
}

#[tokio::test]
async fn a_pull_request_is_merged_only_where_it_came_to_main() {
    let merged = json!({"state": "closed", "merged_at": "2026-11-20T00:00:00Z"});
    let stage = stage(&[(PULL, 200, pull(merged.clone()))]).await;
    let sha = super::stage::MAIN.to_owned();
    assert_eq!(stage.gate().await.state, PullState::Merged { sha });
    assert_eq!(stage.calls("/reviews").len(), 0, "nothing more is asked of it");
    let mut elsewhere = pull(merged);
    elsewhere["base"]["ref"] = "next".into();
    let gate = super::stage::stage(&[(PULL, 200, elsewhere.clone())]).await.gate().await;
    assert_eq!(gate.state, PullState::Closed);
    elsewhere["merged_at"] = Value::Null;
    elsewhere["state"] = "open".into();
    let gate = super::stage::stage(&[(PULL, 200, elsewhere)]).await.gate().await;
    assert_eq!(gate.unreadable.as_deref(), Some("it goes to next and not to main"));
}

#[tokio::test]
async fn all_pages_of_a_list_are_read_and_endless_ones_are_not_believed() {
    let many: Vec<_> = (0..100).map(|_| ("same", "completed", Some("success"), 1)).collect();
    let stage = stage(&[(RUNS, 200, runs(&many))]).await;
    let error = stage.forge.gate(&web(), 7).await.unwrap_err();
    assert!(error.message.contains("lists more than 1000"), "{}", error.message);
    let asked = stage.calls("check-runs");
    assert_eq!(asked.len(), 10);
    assert!(asked[9].contains("filter=latest&per_page=100&page=10"), "{}", asked[9]);
    assert!(asked[0].contains(HEAD));
}
