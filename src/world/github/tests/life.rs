//! A pull request from its opening to its end.

use super::*;

const FILES: [(&str, &str); 1] = [("docs/hours.md", "Open at nine.\n")];

#[tokio::test]
async fn a_pull_request_waits_for_its_checks_and_is_merged_in_git() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let number = bench.opens("gift-cards").await;
    assert_eq!(number, 126, "after those of the past");
    let pull = bench.asks("pulls/126").await;
    assert_eq!((&pull["mergeable"], &pull["mergeable_state"]), (&json!(true), &json!("blocked")));
    for (seconds, expected) in [
        (0, "build queued, test queued"),
        (2, "build in_progress, test in_progress"),
        (3, "build success, test in_progress"),
    ] {
        bench.passes(seconds);
        assert_eq!(bench.checks("gift-cards").await, expected);
    }
    let (status, body) = bench.merges(126, json!({})).await;
    assert_eq!(status, 405, "{body}");
    assert!(body["message"].as_str().unwrap().contains("Required status check \"test\""), "{body}");
    bench.passes(4);
    assert_eq!(bench.asks("pulls/126").await["mergeable_state"], "clean");
    let head = pull["head"]["sha"].clone();
    assert_eq!(bench.merges(126, json!({"sha": "0".repeat(40)})).await.0, 409);
    let (status, merged) = bench.merges(126, json!({"sha": head})).await;
    assert_eq!((status, &merged["merged"]), (200, &json!(true)));
    let main = bench.asks("branches/main").await;
    assert_eq!(main["commit"]["sha"], merged["sha"]);
    let commit = bench.asks(&format!("commits/{}", merged["sha"].as_str().unwrap())).await;
    assert_eq!(commit["parents"].as_array().unwrap().len(), 2);
    assert_eq!(commit["files"][0]["filename"], "src/gift.ts");
    let pull = bench.asks("pulls/126").await;
    assert_eq!((&pull["merged"], &pull["merge_commit_sha"]), (&json!(true), &merged["sha"]));
    assert_eq!(bench.merges(126, json!({})).await.0, 405);
    assert_eq!(bench.checks("main").await, "build queued, test queued", "CI looks at main too");
    let last = bench.model.pushes().pop().unwrap();
    assert_eq!((last.branch.as_str(), last.number), ("main", Some(126)));
    assert_eq!(bench.model.pushes_since(1), []);
}

#[tokio::test]
async fn there_is_one_pull_request_for_a_branch_and_none_for_nothing() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    bench.opens("gift-cards").await;
    let again = |head: &str| json!({"title": "Again", "head": head, "base": "main"});
    let why = async |head: &str| {
        let (status, body) = bench.call("POST", "pulls", again(head)).await;
        assert_eq!(status, 422);
        let error = &body["errors"][0];
        error["message"].as_str().or(error["field"].as_str()).unwrap_or_default().to_owned()
    };
    let exists = "A pull request already exists for demo:gift-cards.";
    assert_eq!(why("gift-cards").await, exists);
    assert_eq!(why("demo:gift-cards").await, exists);
    assert_eq!(why("nowhere").await, "head");
    let main = bench.model.head("main").unwrap();
    let body = json!({"ref": "refs/heads/same", "sha": main});
    assert_eq!(bench.call("POST", "git/refs", body.clone()).await.0, 201);
    assert_eq!(bench.call("POST", "git/refs", body).await.0, 422, "it is there already");
    assert_eq!(why("same").await, "No commits between main and same");
    let found = bench.asks("pulls?head=demo:gift-cards&state=all").await;
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(bench.asks("pulls?state=all&per_page=2").await.as_array().unwrap().len(), 2);
    assert_eq!(bench.asks("pulls?state=closed").await.as_array().unwrap().len(), 4);
    let closed = bench.call("PATCH", "pulls/126", json!({"state": "closed"})).await.1;
    assert_eq!((&closed["state"], &closed["merged"]), (&json!("closed"), &json!(false)));
    let open = bench.call("PATCH", "pulls/126", json!({"state": "open"})).await.1;
    assert_eq!(open["state"], "open");
    let said = json!({"body": "Waiting for lee."});
    assert_eq!(bench.call("POST", "issues/126/comments", said).await.0, 201);
    assert_eq!(bench.asks("pulls/126").await["comments"], 1);
}

#[tokio::test]
async fn the_same_acts_at_the_same_times_give_the_same_commits() {
    if !is_possible() {
        return;
    }
    let mut ends = Vec::new();
    for _ in 0..2 {
        let bench = bench().await;
        bench.model.push_by_other("main", &FILES, "Say when we open").unwrap();
        for method in ["squash", "rebase"] {
            let number = bench.opens_a_fix().await;
            bench.passes(10);
            let (status, merged) = bench.merges(number, json!({"merge_method": method})).await;
            assert_eq!(status, 200, "{merged}");
            bench.model.push_by_other("fix", &[("a.txt", method)], "More").unwrap();
        }
        ends.push(bench.model.head("main"));
    }
    assert_eq!(ends[0], ends[1]);
}

#[tokio::test]
async fn teammates_push_merge_close_and_get_into_the_way() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let fix = bench.opens_a_fix().await;
    let before = bench.asks(&format!("pulls/{fix}")).await["head"]["sha"].clone();
    bench.passes(5);
    let after = bench.model.force_push(fix).unwrap();
    assert_ne!(before, json!(after));
    assert_eq!(bench.asks(&format!("pulls/{fix}")).await["head"]["sha"], json!(after));
    bench.model.push_by_other("main", &FILES, "Say when we open").unwrap();
    let theirs = bench.model.pulls().pop().unwrap();
    assert!(matches!(theirs.outcome, Outcome::Merged(_)), "{theirs:?}");
    assert_eq!(bench.asks(&format!("pulls/{fix}")).await["mergeable"], true);
    let bad = shas()[2].clone();
    bench.model.change_same_lines(&bad).unwrap();
    let pull = bench.asks(&format!("pulls/{fix}")).await;
    assert_eq!((&pull["mergeable"], &pull["mergeable_state"]), (&json!(false), &json!("dirty")));
    assert_eq!(bench.merges(fix, json!({})).await.0, 405);
    assert!(bench.model.merge_by_other(fix).unwrap_err().contains("same lines"));
    bench.model.close_by_other(fix).unwrap();
    assert_eq!(bench.asks(&format!("pulls/{fix}")).await["state"], "closed");
    let other = bench.opens("gift-cards").await;
    let sha = bench.model.merge_by_other(other).unwrap();
    assert_eq!(bench.asks("git/ref/heads/main").await["object"]["sha"], json!(sha));
    let found = bench.asks(&format!("commits/{sha}/pulls")).await;
    assert_eq!(found[0]["number"], other);
}

#[tokio::test]
async fn commits_are_listed_page_by_page_from_any_of_them() {
    if !is_possible() {
        return;
    }
    let bench = bench().await;
    let all = bench.asks("commits").await;
    assert_eq!(all.as_array().unwrap().len(), 4);
    let url = format!("{}/repos/{REPO}/commits?sha=main&per_page=3", bench.url);
    let request = reqwest::Client::new().get(url).bearer_auth(TOKEN);
    let response = request.send().await.unwrap();
    let link = response.headers()["link"].to_str().unwrap().to_owned();
    assert!(link.contains("page=2") && link.ends_with("rel=\"next\""), "{link}");
    assert_eq!(bench.asks("commits?per_page=3&page=2").await.as_array().unwrap().len(), 1);
    let since = all[1]["commit"]["committer"]["date"].as_str().unwrap().replace('+', "%2B");
    assert_eq!(bench.asks(&format!("commits?since={since}")).await.as_array().unwrap().len(), 2);
    let short = &shas()[0][..7];
    assert_eq!(bench.asks(&format!("commits/{short}")).await["sha"], json!(shas()[0]));
    assert_eq!(bench.call("GET", "commits/feedbeef", Value::Null).await.0, 422);
}
