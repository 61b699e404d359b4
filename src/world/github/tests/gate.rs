//! What the repository asks of a pull request: rules, reviews, auto-merge and the queue.

use super::*;

fn document(mutation: &str, id: &Value) -> Value {
    let query = format!(
        "mutation($id: ID!) {{ {mutation}(input: {{pullRequestId: $id}}) {{ clientMutationId }} }}"
    );
    json!({"query": query, "variables": {"id": id}})
}

async fn stands(bench: &Bench, number: u64) -> Value {
    let query = "query($number: Int!) { repository(owner: \"demo\", name: \"shop\") { pullRequest(number: \
                 $number) { id isInMergeQueue mergeQueueEntry { state } autoMergeRequest { enabledAt } } } }";
    let body = json!({"query": query, "variables": {"number": number}});
    bench.call("POST", "graphql", body).await.1["data"]["repository"]["pullRequest"].clone()
}

#[tokio::test]
async fn rules_are_kept_in_a_ruleset_or_in_the_branchs_protection() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let rules = bench.asks("rules/branches/main").await;
    let kind = |kind: &str| {
        let found = rules.as_array().unwrap().iter().find(|rule| rule["type"] == kind);
        found.map(|rule| rule["parameters"].clone()).unwrap_or_default()
    };
    let checks = &kind("required_status_checks")["required_status_checks"];
    assert_eq!(checks[0], json!({"context": "build", "integration_id": 15_368}));
    assert_eq!(kind("pull_request")["required_approving_review_count"], 0);
    assert_eq!(kind("merge_queue"), Value::Null);
    let (status, body) = bench.call("GET", "branches/main/protection", Value::Null).await;
    assert_eq!((status, &body["message"]), (404, &json!("Branch not protected")));
    let rules = Rules { kept: Kept::Protection, approvals: 2, ..Rules::default() };
    bench.model.set_rules(rules);
    assert_eq!(bench.asks("rules/branches/main").await, json!([]));
    let protection = bench.asks("branches/main/protection").await;
    assert_eq!(protection["required_pull_request_reviews"]["required_approving_review_count"], 2);
    let checks = bench.asks("branches/main/protection/required_status_checks").await;
    assert_eq!(checks["contexts"], json!(["build", "test"]));
    assert_eq!(bench.asks("branches/main").await["protection"]["enabled"], true);
    bench.arm("protection_unreadable", Value::Null);
    assert_eq!(bench.call("GET", "branches/main/protection", Value::Null).await.0, 403);
}

#[tokio::test]
async fn a_required_review_holds_the_merge_until_somebody_approves() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.arm("review_required", Value::Null);
    let number = bench.opens("gift-cards").await;
    bench.passes(10);
    let asked = bench.asks(&format!("pulls/{number}/requested_reviewers")).await;
    assert_eq!(asked["users"][0]["login"], "lee");
    let (status, body) = bench.merges(number, json!({})).await;
    assert!(
        status == 405 && body["message"].as_str().unwrap().contains("approving review"),
        "{body}"
    );
    bench.model.ask_for_changes(number, "lee").unwrap();
    assert_eq!(bench.merges(number, json!({})).await.0, 405, "lee is against it");
    bench.model.approve(number, "lee").unwrap();
    let reviews = bench.asks(&format!("pulls/{number}/reviews")).await;
    assert_eq!(
        (&reviews[1]["state"], &reviews[1]["user"]["login"]),
        (&json!("APPROVED"), &json!("lee"))
    );
    let files = bench.asks(&format!("pulls/{number}/files")).await;
    assert_eq!(files[0]["filename"], "src/gift.ts");
    assert_eq!(bench.merges(number, json!({})).await.0, 200);
}

#[tokio::test]
async fn a_branch_that_is_behind_main_waits_where_the_rules_are_strict() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let number = bench.opens("gift-cards").await;
    bench.passes(10);
    let word = async || bench.asks(&format!("pulls/{number}")).await["mergeable_state"].clone();
    assert_eq!(word().await, "clean");
    bench.model.set_rules(Rules { is_strict: true, ..Rules::default() });
    assert_eq!(word().await, "behind");
    assert_eq!(bench.merges(number, json!({})).await.0, 405);
    bench.model.force_push(number).unwrap();
    bench.passes(10);
    assert_eq!(word().await, "clean", "now it stands on top of main");
}

#[tokio::test]
async fn auto_merge_merges_when_the_last_check_is_green_and_not_before() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let number = bench.opens("gift-cards").await;
    let id = stands(&bench, number).await["id"].clone();
    let wish = document("enablePullRequestAutoMerge", &id);
    let refused = bench.call("POST", "graphql", wish.clone()).await.1;
    assert!(refused["errors"][0]["message"].as_str().unwrap().contains("not allowed"), "{refused}");
    bench.model.set_rules(Rules { merging: Merging::Automatic, ..Rules::default() });
    let done = bench.call("POST", "graphql", wish).await.1;
    assert_eq!(done["errors"], Value::Null, "{done}");
    assert!(bench.asks(&format!("pulls/{number}")).await["auto_merge"].is_object());
    bench.passes(7);
    assert_eq!(bench.asks(&format!("pulls/{number}")).await["merged"], false);
    bench.passes(60);
    let pull = bench.asks(&format!("pulls/{number}")).await;
    assert_eq!(pull["merged"], true);
    let opened = pull["created_at"].as_str().unwrap().to_owned();
    let merged = pull["merged_at"].as_str().unwrap();
    assert_eq!(
        (&opened[14..], &merged[14..]),
        ("07:00Z", "07:08Z"),
        "when it was due, not when asked"
    );
}

#[tokio::test]
async fn a_merge_queue_tests_the_merge_and_then_lands_it() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.arm("merge_queue", Value::Null);
    let number = bench.opens("gift-cards").await;
    let id = stands(&bench, number).await["id"].clone();
    let wish = document("enqueuePullRequest", &id);
    let early = bench.call("POST", "graphql", wish.clone()).await.1;
    assert!(early["errors"].is_array(), "{early}");
    bench.passes(10);
    let (status, body) = bench.merges(number, json!({})).await;
    assert!(status == 405 && body["message"].as_str().unwrap().contains("merge queue"), "{body}");
    let query = "mutation($id: ID!, $head: GitObjectID!) { enqueuePullRequest(input: {pullRequestId: $id, \
                 expectedHeadOid: $head}) { mergeQueueEntry { position } } }";
    let of_another = json!({"query": query, "variables": {"id": id, "head": "0".repeat(40)}});
    let refused = bench.call("POST", "graphql", of_another).await.1;
    assert!(
        refused["errors"][0]["message"].as_str().unwrap().starts_with("Head branch"),
        "{refused}"
    );
    assert_eq!(bench.call("POST", "graphql", wish).await.1["errors"], Value::Null);
    bench.passes(2);
    let stood = stands(&bench, number).await;
    assert_eq!(stood["isInMergeQueue"], true);
    assert_eq!(stood["mergeQueueEntry"]["state"], "AWAITING_CHECKS");
    // Somebody else's change lands first, so that the merge is made and tested again.
    let files = [("docs/hours.md", "Open at nine.\n")];
    bench.model.push_by_other("main", &files, "Say when we open").unwrap();
    bench.passes(7);
    assert_eq!(stands(&bench, number).await["isInMergeQueue"], true);
    bench.passes(9);
    assert_eq!(bench.asks(&format!("pulls/{number}")).await["merged"], true);
}

#[tokio::test]
async fn a_pull_request_that_is_red_in_the_queue_falls_out_of_it() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.model.set_rules(Rules { merging: Merging::Queue, ..Rules::default() });
    let number = bench.opens("gift-cards").await;
    let id = stands(&bench, number).await["id"].clone();
    let on = "gh-readonly-queue".to_owned();
    let (vendor, kind) = (VENDOR.to_owned(), "check_red".to_owned());
    bench.ledger.arm(Fault { vendor, kind, on, times: Some(1), with: Value::Null });
    let wish = document("enablePullRequestAutoMerge", &id);
    assert_eq!(bench.call("POST", "graphql", wish).await.1["errors"], Value::Null);
    bench.passes(9);
    assert_eq!(stands(&bench, number).await["isInMergeQueue"], true, "as soon as it was green");
    bench.passes(9);
    let stood = stands(&bench, number).await;
    assert_eq!(
        (&stood["isInMergeQueue"], &stood["autoMergeRequest"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(bench.asks(&format!("pulls/{number}")).await["state"], "open");
}

#[tokio::test]
async fn the_arguments_of_a_document_may_stand_in_it() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let query =
        "{ repository(owner: \"demo\", name: \"shop\") { pullRequest(number: 124) { id } } }";
    let found = bench.call("POST", "graphql", json!({"query": query})).await.1;
    let pull = &found["data"]["repository"]["pullRequest"];
    assert_eq!((&pull["id"], &pull["state"]), (&json!("PR_kwDO124"), &json!("MERGED")));
    bench.model.set_rules(Rules { merging: Merging::Automatic, ..Rules::default() });
    let number = bench.opens("gift-cards").await;
    let query = format!(
        "mutation {{ enablePullRequestAutoMerge(input: {{pullRequestId: \"PR_kwDO{number}\", \
                         mergeMethod: SQUASH}}) {{ pullRequest {{ id }} }} }}"
    );
    let done = bench.call("POST", "graphql", json!({"query": query})).await.1;
    let pull = &done["data"]["enablePullRequestAutoMerge"]["pullRequest"];
    assert_eq!(pull["autoMergeRequest"]["mergeMethod"], "SQUASH", "{done}");
}

#[tokio::test]
async fn a_document_that_nobody_knows_is_an_error_and_loud() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let (status, body) =
        bench.call("POST", "graphql", json!({"query": "{ viewer { login } }"})).await;
    assert_eq!((status, body["errors"].is_array()), (200, true));
    assert_eq!(bench.model.unknown_calls(), ["POST /graphql { viewer { login } }"]);
}
