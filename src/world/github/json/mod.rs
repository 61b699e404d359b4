//! GitHub's shapes, as far as its description demands them: here those of the repository, its commits and files.

pub(super) mod checks;
pub(super) mod hooks;
pub(super) mod pulls;
pub(super) mod rules;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::REPO;
use super::repository::{CommitRow, Comparison, FileRow};
use crate::domain::time::Timestamp;

/// GitHub names its own addresses, wherever it is asked.
const API: &str = "https://api.github.com";
const PAGES: &str = "https://github.com";

fn api(rest: &str) -> String {
    format!("{API}/repos/{REPO}/{rest}")
}

fn page(rest: &str) -> String {
    format!("{PAGES}/{REPO}/{rest}")
}

/// `dir/file` as one segment.
fn segment(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

pub(super) fn user(name: &str) -> Value {
    let login = name.split(' ').next().unwrap_or(name).to_lowercase();
    let id = login.bytes().fold(583_231_u64, |id, byte| id + u64::from(byte) * 7);
    let of = |rest: &str| format!("{API}/users/{login}{rest}");
    json!({
        "login": login, "id": id, "node_id": "MDQ6VXNlcjE=", "gravatar_id": "",
        "avatar_url": format!("{PAGES}/images/{login}.png"), "html_url": format!("{PAGES}/{login}"),
        "url": of(""), "followers_url": of("/followers"), "following_url": of("/following"),
        "gists_url": of("/gists"), "starred_url": of("/starred"),
        "subscriptions_url": of("/subscriptions"), "organizations_url": of("/orgs"),
        "repos_url": of("/repos"), "events_url": of("/events"),
        "received_events_url": of("/received_events"), "type": "User", "site_admin": false,
    })
}

/// A time as GitHub writes it.
pub(super) fn time(at: Timestamp) -> Value {
    let at = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
}

/// A commit asked for by itself says what it changed.
pub(super) fn full_commit(row: &CommitRow, changes: &[FileRow]) -> Value {
    let mut commit = commit(row);
    let sum = |count: fn(&FileRow) -> u64| changes.iter().map(count).sum::<u64>();
    let (additions, deletions) = (sum(|file| file.additions), sum(|file| file.deletions));
    commit["stats"] =
        json!({"additions": additions, "deletions": deletions, "total": additions + deletions});
    commit["files"] = changes.iter().map(|change| file(change, &row.sha)).collect();
    commit
}

/// Where a branch is.
pub(super) fn reference(branch: &str, sha: &str) -> Value {
    let url = api(&format!("git/refs/heads/{branch}"));
    let object = json!({"type": "commit", "sha": sha, "url": api(&format!("git/commits/{sha}"))});
    json!({"ref": format!("refs/heads/{branch}"), "node_id": "REF_kwDO", "url": url,
        "object": object})
}

pub(super) fn commit(row: &CommitRow) -> Value {
    let who = json!({"name": row.author, "email": row.email, "date": row.at});
    let sha = &row.sha;
    let parents = row.parents.iter().map(|sha| {
        json!({"sha": sha, "url": api(&format!("commits/{sha}")),
            "html_url": page(&format!("commit/{sha}"))})
    });
    json!({
        "url": api(&format!("commits/{sha}")), "sha": sha, "node_id": "C_kwDO",
        "html_url": page(&format!("commit/{sha}")),
        "comments_url": api(&format!("commits/{sha}/comments")),
        "commit": {
            "url": api(&format!("git/commits/{sha}")), "author": who, "committer": who,
            "message": row.message, "comment_count": 0,
            "tree": {"sha": row.tree, "url": api(&format!("git/trees/{}", row.tree))},
        },
        "author": user(&row.author), "committer": user(&row.author),
        "parents": parents.collect::<Vec<_>>(),
    })
}

pub(super) fn file(row: &FileRow, head: &str) -> Value {
    let path = segment(&row.path);
    let status = match row.letter {
        'A' => "added",
        'D' => "removed",
        'R' => "renamed",
        'C' => "copied",
        'T' => "changed",
        _ => "modified",
    };
    let mut entry = json!({
        "sha": row.sha, "filename": row.path, "status": status,
        "additions": row.additions, "deletions": row.deletions,
        "changes": row.additions + row.deletions,
        "blob_url": page(&format!("blob/{head}/{path}")),
        "raw_url": page(&format!("raw/{head}/{path}")),
        "contents_url": api(&format!("contents/{path}?ref={head}")),
    });
    if let Some(previous) = &row.previous {
        entry["previous_filename"] = previous.as_str().into();
    }
    entry
}

pub(super) fn comparison(found: &Comparison, base: &str, head: &str) -> Value {
    let status = match (found.ahead, found.behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let between = format!("{base}...{head}");
    json!({
        "url": api(&format!("compare/{between}")), "html_url": page(&format!("compare/{between}")),
        "permalink_url": page(&format!("compare/{between}")),
        "diff_url": page(&format!("compare/{between}.diff")),
        "patch_url": page(&format!("compare/{between}.patch")),
        "base_commit": commit(&found.base), "merge_base_commit": commit(&found.merge_base),
        "status": status, "ahead_by": found.ahead, "behind_by": found.behind,
        "total_commits": found.commits.len(),
        "commits": found.commits.iter().map(commit).collect::<Vec<_>>(),
        "files": found.files.iter().map(|row| file(row, head)).collect::<Vec<_>>(),
    })
}

/// GitHub breaks the lines of base64 after sixty characters.
fn packed(bytes: &[u8]) -> String {
    let whole = STANDARD.encode(bytes);
    let lines = whole.as_bytes().chunks(60).map(String::from_utf8_lossy);
    lines.map(|line| format!("{line}\n")).collect()
}

pub(super) fn content(path: &str, head: &str, blob: &str, bytes: &[u8]) -> Value {
    let place = segment(path);
    let url = api(&format!("contents/{place}?ref={head}"));
    let git = api(&format!("git/blobs/{blob}"));
    let html = page(&format!("blob/{head}/{place}"));
    json!({
        "type": "file", "encoding": "base64", "size": bytes.len(),
        "name": path.rsplit('/').next().unwrap_or(path), "path": path, "content": packed(bytes),
        "sha": blob, "url": url, "git_url": git, "html_url": html,
        "download_url": page(&format!("raw/{head}/{place}")),
        "_links": {"git": git, "html": html, "self": url},
    })
}

/// Addresses that every repository carries.
const REPOSITORY_URLS: &[&str] = &[
    "archive",
    "assignees",
    "blobs",
    "branches",
    "collaborators",
    "comments",
    "commits",
    "compare",
    "contents",
    "contributors",
    "deployments",
    "downloads",
    "events",
    "forks",
    "git_commits",
    "git_refs",
    "git_tags",
    "hooks",
    "issue_comment",
    "issue_events",
    "issues",
    "keys",
    "labels",
    "languages",
    "merges",
    "milestones",
    "notifications",
    "pulls",
    "releases",
    "stargazers",
    "statuses",
    "subscribers",
    "subscription",
    "tags",
    "teams",
    "trees",
];

pub(super) fn repository() -> Value {
    let name = REPO.rsplit('/').next().unwrap_or(REPO);
    let born = "2026-01-05T08:00:00Z";
    let plain = json!({
        "id": 1_296_269, "node_id": "R_kgDO", "name": name, "full_name": REPO,
        "owner": user("demo"), "private": true, "description": null, "fork": false,
        "url": format!("{API}/repos/{REPO}"), "html_url": format!("{PAGES}/{REPO}"),
        "git_url": format!("git://github.com/{REPO}.git"),
        "ssh_url": format!("git@github.com:{REPO}.git"),
        "clone_url": format!("{PAGES}/{REPO}.git"), "svn_url": format!("{PAGES}/{REPO}"),
        "mirror_url": null, "homepage": null, "language": "TypeScript", "license": null,
        "forks": 0, "forks_count": 0, "stargazers_count": 0, "watchers": 0, "watchers_count": 0,
        "size": 108, "default_branch": "main", "open_issues": 0, "open_issues_count": 0,
        "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
        "has_downloads": false, "has_discussions": false, "archived": false, "disabled": false,
        "pushed_at": born, "created_at": born, "updated_at": born,
    });
    let mut fields: Map<String, Value> = match plain {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for word in REPOSITORY_URLS {
        fields.insert(format!("{word}_url"), api(word).into());
    }
    Value::Object(fields)
}

/// A repository asked for by itself says a little more.
pub(super) fn full_repository(auto_merge: &Value) -> Value {
    let mut repository = repository();
    repository["allow_auto_merge"] = auto_merge.clone();
    for way in ["allow_merge_commit", "allow_squash_merge", "allow_rebase_merge"] {
        repository[way] = true.into();
    }
    repository["network_count"] = 0.into();
    repository["subscribers_count"] = 1.into();
    repository
}

/// What an error says; one about what was sent does not repeat its status.
pub(super) fn problem(status: u16, message: &str) -> Value {
    let mut body = json!({"message": message, "documentation_url": "https://docs.github.com/rest"});
    if status != 422 {
        body["status"] = status.to_string().into();
    }
    body
}
