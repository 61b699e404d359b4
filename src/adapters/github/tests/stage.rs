//! A GitHub that answers what it was told to, and notes what it was asked.

use std::collections::BTreeMap;

use super::*;
use crate::engine::ports::Forge;

/// Answers by method and path; what is not told is answered by what is usual.
type Told = BTreeMap<&'static str, (u16, Value)>;

pub(super) struct Stage {
    pub(super) forge: GitHubForge,
    pub(super) seen: Arc<Mutex<Vec<String>>>,
    _cache: tempfile::TempDir,
}

/// The head of the pull request, and what main was at.
pub(super) const HEAD: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
pub(super) const MAIN: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

const REPO: &str = "/repos/demo/shop";

/// A stage on which these calls are answered otherwise than usual. Paths are those of the repository.
pub(super) async fn stage(told: &[(&'static str, u16, Value)]) -> Stage {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let told: Told =
        told.iter().map(|(call, status, body)| (*call, (*status, body.clone()))).collect();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = seen.clone();
    let router = Router::new().fallback(move |request: Request| {
        let (told, noted) = (told.clone(), noted.clone());
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
            let path = parts.uri.path().trim_start_matches(REPO);
            let call = format!("{} {path}", parts.method);
            let query = parts.uri.query().unwrap_or_default();
            noted
                .lock()
                .unwrap()
                .push(format!("{call} {query} {}", String::from_utf8_lossy(&body)));
            let (status, answer) = told
                .get(call.as_str())
                .cloned()
                .or_else(|| usual(&call).map(|body| (200, body)))
                .unwrap_or_else(|| (404, json!({"message": "Not Found"})));
            let status = axum::http::StatusCode::from_u16(status).unwrap();
            (status, answer.to_string())
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: url::Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let cache = tempfile::tempdir().unwrap();
    let git = GitConfig { url: url.clone(), cache: cache.path().to_owned() };
    let config = GitHubConfig { api_url: url, access: GitHubAccess::Token(Secret::new("tok123")) };
    let repository = GitHubRepository {
        service: web(),
        owner: "demo".to_owned(),
        name: "shop".to_owned(),
        migrations: Paths::default(),
        branch: None,
    };
    let clock = Arc::new(SystemClock::default());
    let forge = GitHubForge::new(config, git, vec![repository], clock).unwrap();
    Stage { forge, seen, _cache: cache }
}

impl Stage {
    pub(super) async fn gate(&self) -> crate::domain::fix::Gate {
        self.forge.gate(&web(), 7).await.unwrap()
    }

    /// The calls that were made, without those that are always the same.
    pub(super) fn calls(&self, holding: &str) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|call| call.contains(holding)).cloned().collect()
    }
}

/// An open pull request that fits, without any demand.
fn usual(call: &str) -> Option<Value> {
    Some(match call {
        "GET " => json!({"full_name": "demo/shop", "default_branch": "main"}),
        "GET /pulls/7" => pull(json!({})),
        "GET /pulls/7/reviews" | "GET /rules/branches/main" | "GET /pulls" => json!([]),
        "GET /branches/main" => branch(false),
        _ if call.ends_with("/check-runs") => json!({"check_runs": []}),
        _ if call.ends_with("/status") => json!({"statuses": []}),
        _ => return None,
    })
}

pub(super) fn branch(protected: bool) -> Value {
    json!({"commit": {"sha": MAIN, "commit": {"message": "Newest\n\nlong"}}, "protected": protected})
}

/// A pull request with something else about it.
pub(super) fn pull(other: Value) -> Value {
    let mut pull = json!({
        "number": 7, "node_id": "PR_7", "title": "Revert", "html_url": "https://x/7", "commits": 1,
        "state": "open", "merged_at": null, "merge_commit_sha": MAIN, "mergeable": true,
        "mergeable_state": "clean", "head": {"ref": "fix", "sha": HEAD},
        "base": {"ref": "main", "sha": MAIN},
    });
    for (name, value) in other.as_object().unwrap() {
        pull[name] = value.clone();
    }
    pull
}

/// A rule that demands these checks, of one app if it is given.
pub(super) fn checks(names: &[&str], app: Option<i64>) -> Value {
    let all: Value =
        names.iter().map(|name| json!({"context": name, "integration_id": app})).collect();
    json!({"type": "required_status_checks", "parameters": {"required_status_checks": all}})
}

/// Check runs by name, status, conclusion and app.
pub(super) fn runs(runs: &[(&str, &str, Option<&str>, i64)]) -> Value {
    let all: Value = runs
        .iter()
        .map(|(name, status, conclusion, app)| {
            json!({"name": name, "status": status, "conclusion": conclusion, "app": {"id": app}})
        })
        .collect();
    json!({"check_runs": all})
}
