//! Check runs and the older commit statuses.

use serde_json::{Map, Value, json};

use super::{API, PAGES, REPO, api, page, repository, time, user};
use crate::domain::time::Timestamp;
use crate::world::github::checks::Run;
use crate::world::github::pulls::Pull;

/// The app that runs the checks: GitHub Actions has this id everywhere.
pub(in crate::world::github) const APP: u64 = 15_368;

/// A run as it is at a time, with the pull requests whose head it looks at.
pub(in crate::world::github) fn run<'a>(
    run: &Run,
    now: Timestamp,
    pulls: impl Iterator<Item = &'a Pull>,
) -> Value {
    let (ended, conclusion) = match run.ended(now) {
        Some((at, conclusion)) => (time(at), conclusion.into()),
        None => (Value::Null, Value::Null),
    };
    let job = page(&format!("actions/runs/{}/job/{}", run.id / 10, run.id));
    json!({
        "id": run.id, "head_sha": run.sha, "node_id": format!("CR_{}", run.id), "external_id": "",
        "url": api(&format!("check-runs/{}", run.id)), "html_url": job, "details_url": job,
        "status": run.status(now), "conclusion": conclusion,
        "started_at": time(run.started(now)), "completed_at": ended,
        "output": {"title": null, "summary": null, "text": null, "annotations_count": 0,
            "annotations_url": api(&format!("check-runs/{}/annotations", run.id))},
        "name": run.name, "check_suite": {"id": run.id / 10}, "app": app(),
        "pull_requests": pulls.map(minimal).collect::<Vec<_>>(),
    })
}

fn app() -> Value {
    let born = "2018-07-30T09:30:17Z";
    json!({
        "id": APP, "slug": "github-actions", "node_id": "MDM6QXBwMTUzNjg=", "owner": user("github"),
        "name": "GitHub Actions", "description": "Automate your workflow from idea to production",
        "external_url": "https://help.github.com/en/actions",
        "html_url": format!("{PAGES}/apps/github-actions"), "created_at": born,
        "updated_at": born, "permissions": {"checks": "write", "contents": "write"},
        "events": ["check_run", "push"],
    })
}

fn minimal(pull: &Pull) -> Value {
    let repository = json!({"id": 1_296_269, "url": format!("{API}/repos/{REPO}"), "name": "shop"});
    let end =
        |branch: &str, sha: &str| json!({"ref": branch, "sha": sha, "repo": repository.clone()});
    json!({"id": pull.number, "number": pull.number,
        "url": api(&format!("pulls/{}", pull.number)), "head": end(&pull.branch, &pull.head),
        "base": end("main", &pull.base)})
}

/// The older statuses, of which this repository has none: GitHub says `pending` then.
pub(in crate::world::github) fn statuses(sha: &str) -> Value {
    // What a repository says of itself inside other answers.
    let kept = ["id", "node_id", "name", "full_name", "owner", "private", "description", "fork"];
    let whole = repository();
    let mut minimal = Map::new();
    for (name, value) in whole.as_object().into_iter().flatten() {
        let is_address = name == "url" || name.ends_with("_url");
        let is_elsewhere = ["clone_url", "mirror_url", "svn_url"].contains(&name.as_str());
        if kept.contains(&name.as_str()) || (is_address && !is_elsewhere) {
            minimal.insert(name.clone(), value.clone());
        }
    }
    json!({"state": "pending", "statuses": [], "sha": sha, "total_count": 0,
        "repository": minimal, "commit_url": api(&format!("commits/{sha}")),
        "url": api(&format!("commits/{sha}/status"))})
}
