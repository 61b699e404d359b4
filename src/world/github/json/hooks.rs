//! What the webhook posts.

use serde_json::{Value, json};

use super::{checks, page, pulls, repository, time, user};
use crate::domain::time::Timestamp;
use crate::world::github::checks::Run;
use crate::world::github::desk::Push;
use crate::world::github::merge::NOBODY;
use crate::world::github::pulls::{Fate, Pull};

/// Something became of a pull request.
pub(in crate::world::github) fn pull(pull: &Pull, action: &str) -> Value {
    let by = match &pull.fate {
        Fate::Merged { by, .. } => by,
        Fate::Open | Fate::Closed { .. } => &pull.author,
    };
    json!({"action": action, "number": pull.number, "pull_request": pulls::full(pull, None),
        "repository": repository(), "sender": user(by)})
}

/// Something became of a check.
pub(in crate::world::github) fn check<'a>(
    run: &Run,
    action: &str,
    at: Timestamp,
    of: impl Iterator<Item = &'a Pull>,
) -> Value {
    json!({"action": action, "check_run": checks::run(run, at, of), "repository": repository(),
        "sender": user("github-actions")})
}

/// A branch got a new head.
pub(in crate::world::github) fn push(before: &str, push: &Push) -> Value {
    let Push { branch, sha, subject, author, at, .. } = push;
    let who = json!({"name": author, "email": null});
    let commit = json!({"id": sha, "message": subject, "timestamp": time(*at), "author": who,
        "url": page(&format!("commit/{sha}"))});
    json!({"ref": format!("refs/heads/{branch}"), "before": before, "after": sha,
        "created": before == NOBODY, "deleted": false, "forced": false, "base_ref": null,
        "compare": page(&format!("compare/{before}...{sha}")), "commits": [commit],
        "head_commit": commit, "pusher": who, "repository": repository(),
        "sender": user(author)})
}
