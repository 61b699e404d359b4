//! Pull requests, their reviews and comments.

use serde_json::{Value, json};

use super::{api, page, repository, time, user};
use crate::world::github::BOT;
use crate::world::github::pulls::{Comment, Fate, Pull, Review, Standing, Verdict};

/// A pull request as lists show it.
pub(in crate::world::github) fn simple(pull: &Pull) -> Value {
    let number = pull.number;
    let of = |rest: &str| api(&format!("pulls/{number}{rest}"));
    let html = page(&format!("pull/{number}"));
    let (merged, closed, sha) = match &pull.fate {
        Fate::Open => (Value::Null, Value::Null, Value::Null),
        Fate::Closed { at } => (Value::Null, time(*at), Value::Null),
        Fate::Merged { at, sha, .. } => (time(*at), time(*at), sha.as_str().into()),
    };
    let end = |branch: &str, sha: &str| {
        json!({"label": format!("demo:{branch}"), "ref": branch, "sha": sha,
            "user": user("demo"), "repo": repository()})
    };
    let asked: Value = pull.asked.iter().map(|one| user(one)).collect();
    let mut body = json!({
        "url": of(""), "id": number, "node_id": pull.node_id(), "html_url": html,
        "diff_url": format!("{html}.diff"), "patch_url": format!("{html}.patch"),
        "number": number, "state": if pull.is_open() { "open" } else { "closed" },
        "locked": false, "title": pull.title, "user": user(&pull.author), "body": pull.body,
        "labels": [], "milestone": null, "created_at": time(pull.created),
        "updated_at": time(pull.updated), "closed_at": closed, "merged_at": merged,
        "merge_commit_sha": sha, "assignee": null, "assignees": [], "requested_teams": [],
        "requested_reviewers": asked, "author_association": "MEMBER",
        "auto_merge": auto_merge(pull), "draft": pull.is_draft,
        "head": end(&pull.branch, &pull.head), "base": end("main", &pull.base),
    });
    let links = links(pull, &html);
    for (name, address) in &links {
        if *name != "html" && *name != "self" {
            body[format!("{name}_url")] = address.as_str().into();
        }
    }
    let links = links.iter().map(|(name, address)| ((*name).to_owned(), json!({"href": address})));
    body["_links"] = Value::Object(links.collect());
    body
}

fn links(pull: &Pull, html: &str) -> [(&'static str, String); 8] {
    let of = |rest: &str| api(&format!("pulls/{}{rest}", pull.number));
    let issue = api(&format!("issues/{}", pull.number));
    [
        ("comments", format!("{issue}/comments")),
        ("commits", of("/commits")),
        ("statuses", api(&format!("statuses/{}", pull.head))),
        ("html", html.to_owned()),
        ("issue", issue),
        ("review_comments", of("/comments")),
        ("review_comment", of("/comments/1")),
        ("self", of("")),
    ]
}

fn auto_merge(pull: &Pull) -> Value {
    pull.auto_merge.as_ref().map_or(Value::Null, |wanted| {
        let title = format!("{} (#{})", pull.title, pull.number);
        json!({"enabled_by": user(&pull.author), "merge_method": wanted.method.word(),
            "commit_title": title, "commit_message": ""})
    })
}

/// A pull request asked for by itself. Without a standing GitHub is still finding out.
pub(in crate::world::github) fn full(pull: &Pull, standing: Option<&Standing>) -> Value {
    let mut body = simple(pull);
    let by = match &pull.fate {
        Fate::Merged { by, .. } => user(by),
        Fate::Open | Fate::Closed { .. } => Value::Null,
    };
    let more = json!({
        "merged": !by.is_null(), "merged_by": by,
        "mergeable": standing.map(|standing| standing.is_mergeable),
        "mergeable_state": standing.map_or("unknown", |standing| standing.word),
        "rebaseable": standing.map(|standing| standing.is_mergeable),
        "comments": pull.comments.len(), "review_comments": 0, "maintainer_can_modify": false,
        "commits": pull.commits.len(), "additions": pull.size.additions,
        "deletions": pull.size.deletions, "changed_files": pull.size.files,
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

/// What a merge answers.
pub(in crate::world::github) fn merged(sha: &str) -> Value {
    json!({"sha": sha, "merged": true, "message": "Pull Request successfully merged"})
}

/// What somebody thinks of it.
pub(in crate::world::github) fn review(pull: &Pull, index: usize, review: &Review) -> Value {
    let id = pull.number * 1000 + index as u64;
    let html = page(&format!("pull/{}#pullrequestreview-{id}", pull.number));
    let url = api(&format!("pulls/{}", pull.number));
    let state = match review.verdict {
        Verdict::Approved => "APPROVED",
        Verdict::ChangesRequested => "CHANGES_REQUESTED",
    };
    json!({"id": id, "node_id": format!("PRR_{id}"), "user": user(&review.user), "body": "",
        "state": state, "html_url": html, "pull_request_url": url,
        "_links": {"html": {"href": html}, "pull_request": {"href": url}},
        "submitted_at": time(review.at), "commit_id": review.sha,
        "author_association": "MEMBER"})
}

/// A comment on a pull request.
pub(in crate::world::github) fn comment(pull: &Pull, comment: &Comment) -> Value {
    let Comment { id, text, at } = comment;
    let at = time(*at);
    let html = page(&format!("pull/{}#issuecomment-{id}", pull.number));
    json!({"id": id, "node_id": format!("IC_{id}"), "url": api(&format!("issues/comments/{id}")),
        "html_url": html, "issue_url": api(&format!("issues/{}", pull.number)), "body": text,
        "user": user(BOT), "created_at": at, "updated_at": at,
        "author_association": "MEMBER"})
}
