//! What is sent to change something, and what each answer to it is taken for.

use super::stage::{HEAD, MAIN, checks, pull, stage};
use super::*;
use crate::domain::fix::{Ancestry, Road};
use crate::engine::ports::{Forge, PortError};

const MERGE: &str = "PUT /pulls/7/merge";
const RULES: &str = "GET /rules/branches/main";

async fn merged(
    told: &[(&'static str, u16, Value)],
    road: Road,
) -> (Result<(), PortError>, String) {
    let stage = stage(told).await;
    let answer = stage.forge.merge(&web(), 7, HEAD, road).await;
    let sent = [stage.calls("PUT "), stage.calls("POST ")].concat();
    assert!(sent.len() <= 1, "nothing is repeated: {sent:?}");
    (answer, sent.into_iter().next().unwrap_or_default())
}

fn repository(squash: bool, merge: bool, rebase: bool) -> (&'static str, u16, Value) {
    let body = json!({"full_name": "demo/shop", "default_branch": "main",
        "allow_squash_merge": squash, "allow_merge_commit": merge, "allow_rebase_merge": rebase});
    ("GET ", 200, body)
}

#[tokio::test]
async fn exactly_this_head_is_merged_by_a_way_that_repository_and_rules_leave() {
    let done = (MERGE, 200, json!({"merged": true, "message": "done"}));
    let linear = json!([{"type": "required_linear_history"}]);
    let only = json!([{"type": "pull_request", "parameters":
        {"required_approving_review_count": 0, "allowed_merge_methods": ["rebase"]}}]);
    for (repository, rules, expected) in [
        (repository(true, true, true), json!([]), Some("squash")),
        (repository(false, true, true), json!([]), Some("merge")),
        (repository(false, true, true), linear, Some("rebase")),
        (repository(true, true, true), only, Some("rebase")),
        (("GET ", 200, json!({"full_name": "a", "default_branch": "main"})), json!([]), None),
    ] {
        let told = [done.clone(), repository, (RULES, 200, rules)];
        let (answer, sent) = merged(&told, Road::Direct).await;
        answer.unwrap();
        let body: Value = serde_json::from_str(sent.rsplit_once(' ').unwrap().1).unwrap();
        let expected = expected
            .map_or(json!({"sha": HEAD}), |method| json!({"sha": HEAD, "merge_method": method}));
        assert_eq!(body, expected);
    }
}

#[tokio::test]
async fn each_answer_to_a_merge_has_its_kind_and_githubs_own_sentence() {
    let says = json!({"message": "Pull Request is not mergeable"});
    for (status, body, kind) in [
        (405, says.clone(), PortErrorKind::Rejected),
        (409, says.clone(), PortErrorKind::Rejected),
        (422, says.clone(), PortErrorKind::Rejected),
        (
            200,
            json!({"merged": false, "message": "Pull Request is not mergeable"}),
            PortErrorKind::Rejected,
        ),
        (403, says.clone(), PortErrorKind::Unauthorised),
        (404, says.clone(), PortErrorKind::Missing),
        (500, says.clone(), PortErrorKind::Ambiguous),
        (502, says, PortErrorKind::Ambiguous),
        (200, json!("<html>"), PortErrorKind::Ambiguous),
    ] {
        let (answer, _) = merged(&[(MERGE, status, body.clone())], Road::Direct).await;
        let error = answer.unwrap_err();
        assert_eq!(error.kind, kind, "{status} {body}");
        let is_quoted = error.message.contains("Pull Request is not mergeable");
        assert_eq!(is_quoted, body.is_object(), "{}", error.message);
    }
}

#[tokio::test]
async fn a_merge_that_was_not_asked_for_is_no_maybe() {
    let told = [
        ("GET ", 200, json!({"full_name": "a", "default_branch": "main"})),
        (RULES, 502, json!("")),
    ];
    let (answer, sent) = merged(&told, Road::Direct).await;
    let kind = answer.unwrap_err().kind;
    assert!(matches!(kind, PortErrorKind::Transient { .. }) && sent.is_empty(), "{kind:?} {sent}");
    let stage = stage(&[]).await;
    let error = stage.forge.merge(&web(), 7, "HEAD", Road::Direct).await.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Rejected);
    assert!(stage.calls("PUT ").is_empty());
}

#[tokio::test]
async fn a_queue_is_asked_with_the_head_and_its_errors_are_refusals() {
    let graphql = "POST /graphql";
    let done = json!({"data": {"enqueuePullRequest": {"mergeQueueEntry": {"position": 1}}}});
    let (answer, sent) = merged(&[(graphql, 200, done)], Road::Queue).await;
    answer.unwrap();
    assert!(sent.contains("enqueuePullRequest") && sent.contains(HEAD) && sent.contains("PR_7"));
    let no = json!({"data": null, "errors": [{"message": "Head was\nmodified tok123"}]});
    let error = merged(&[(graphql, 200, no)], Road::Queue).await.0.unwrap_err();
    assert_eq!(error.kind, PortErrorKind::Rejected);
    assert_eq!(error.message, "github refused: Head was modified [hidden]");
    for (status, body) in [(502, json!("")), (200, json!("<html>")), (200, json!({"data": null}))] {
        let error = merged(&[(graphql, status, body)], Road::Queue).await.0.unwrap_err();
        assert_eq!(error.kind, PortErrorKind::Ambiguous, "{status}");
    }
}

#[tokio::test]
async fn ancestry_is_believed_where_githubs_words_agree() {
    for (status, behind, expected) in [
        ("ahead", 0, Some(Ancestry::Contains)),
        ("identical", 0, Some(Ancestry::Contains)),
        ("behind", 3, Some(Ancestry::Lacks)),
        ("diverged", 1, Some(Ancestry::Lacks)),
        ("ahead", 2, None),
        ("diverged", 0, None),
        ("sideways", 0, None),
    ] {
        let call: &'static str = format!("GET /compare/{MAIN}...{HEAD}").leak();
        let body =
            json!({"total_commits": 9, "commits": [], "status": status, "behind_by": behind});
        let stage = stage(&[(call, 200, body)]).await;
        let found = stage.forge.ancestry(&web(), HEAD, MAIN).await;
        assert_eq!(found.ok(), expected, "{status} {behind}");
        assert!(stage.calls("per_page=1&page=2").len() == 1, "its files are not asked for");
    }
    let stage = stage(&[]).await;
    let error = stage.forge.ancestry(&web(), "main", MAIN).await.unwrap_err();
    assert_eq!((error.kind, stage.calls("compare").len()), (PortErrorKind::Rejected, 0));
}

#[tokio::test]
async fn only_pull_requests_of_that_branch_are_its_pull_requests() {
    let row = |number: u64, branch: &str, base: &str| {
        let mut row = pull(json!({"number": number}));
        (row["head"]["ref"], row["base"]["ref"]) = (branch.into(), base.into());
        row
    };
    let all = json!([
        row(9, "other", "main"),
        row(8, "fix", "next"),
        row(7, "fix", "main"),
        row(5, "fix", "main")
    ]);
    let stage = stage(&[("GET /pulls", 200, all)]).await;
    let found = stage.forge.pull_of(&web(), "fix").await.unwrap().unwrap();
    assert_eq!((found.number, found.url.as_str()), (7, "https://x/7"));
    let asked = stage.calls("GET /pulls");
    assert!(asked[0].contains("state=all&head=demo%3Afix&base=main"), "{}", asked[0]);
}

#[tokio::test]
async fn doctor_hears_what_the_token_may_do_and_what_stands_before_main() {
    let body =
        json!({"full_name": "demo/shop", "default_branch": "main", "permissions": {"push": true}});
    let standing = stage(&[("GET ", 200, body)]).await.forge.look(&web()).await.unwrap();
    assert_eq!((standing.main.as_str(), standing.may_push), ("main", Some(true)));
    assert_eq!(standing.gate, "nothing: it is not protected");
    let rules = json!([
        checks(&["build", "test"], None), {"type": "merge_queue", "parameters": {}},
        {"type": "pull_request", "parameters": {"required_approving_review_count": 2}},
    ]);
    let standing = stage(&[(RULES, 200, rules)]).await.forge.look(&web()).await.unwrap();
    assert_eq!(
        (standing.gate.as_str(), standing.may_push),
        ("build, test, 2 approvals, a merge queue", None)
    );
}
