//! The rules of the main branch, in the shape of a ruleset and in that of a branch protection.

use serde_json::{Value, json};

use super::checks::APP;
use super::{REPO, api, commit, page};
use crate::world::github::repository::CommitRow;
use crate::world::github::rules::{Kept, Merging, Rules};

/// The active rules of a ruleset, each as an entry of its own.
pub(in crate::world::github) fn ruleset(rules: &Rules) -> Value {
    let mut all = vec![
        ("deletion", Value::Null),
        ("non_fast_forward", Value::Null),
        (
            "pull_request",
            json!({"required_approving_review_count": rules.approvals,
                "dismiss_stale_reviews_on_push": false, "require_code_owner_review": false,
                "require_last_push_approval": false, "required_review_thread_resolution": false,
                "allowed_merge_methods": ["merge", "squash", "rebase"]}),
        ),
    ];
    if !rules.required.is_empty() {
        let checks: Value = rules.required.iter().map(ruled).collect();
        let parameters = json!({"strict_required_status_checks_policy": rules.is_strict,
            "do_not_enforce_on_create": false, "required_status_checks": checks});
        all.push(("required_status_checks", parameters));
    }
    if rules.merging == Merging::Queue {
        let parameters = json!({"check_response_timeout_minutes": 60, "merge_method": "MERGE",
            "grouping_strategy": "ALLGREEN", "max_entries_to_build": 5,
            "max_entries_to_merge": 5, "min_entries_to_merge": 1,
            "min_entries_to_merge_wait_minutes": 5});
        all.push(("merge_queue", parameters));
    }
    let entry = |(kind, parameters): (&str, Value)| {
        let mut entry = json!({"type": kind, "ruleset_source_type": "Repository",
            "ruleset_source": REPO, "ruleset_id": 1_182});
        if !parameters.is_null() {
            entry["parameters"] = parameters;
        }
        entry
    };
    all.into_iter().map(entry).collect()
}

fn ruled(name: &String) -> Value {
    json!({"context": name, "integration_id": APP})
}

/// The protection of the main branch.
pub(in crate::world::github) fn protection(rules: &Rules) -> Value {
    let url = api("branches/main/protection");
    let is = |enabled: bool| json!({ "enabled": enabled });
    let mut body = json!({
        "url": url, "required_status_checks": required_checks(rules),
        "enforce_admins": {"url": format!("{url}/enforce_admins"), "enabled": true},
        "required_linear_history": is(false), "allow_force_pushes": is(false),
        "allow_deletions": is(false), "block_creations": is(false),
        "required_conversation_resolution": is(false), "lock_branch": is(false),
        "allow_fork_syncing": is(false),
        "required_signatures": {"url": format!("{url}/required_signatures"), "enabled": false},
    });
    body["required_pull_request_reviews"] = json!({
        "url": format!("{url}/required_pull_request_reviews"), "dismiss_stale_reviews": false,
        "require_code_owner_reviews": false, "require_last_push_approval": false,
        "required_approving_review_count": rules.approvals,
    });
    body
}

/// The part of a protection about checks.
pub(in crate::world::github) fn required_checks(rules: &Rules) -> Value {
    let url = api("branches/main/protection/required_status_checks");
    let checks = rules.required.iter().map(|name| json!({"context": name, "app_id": APP}));
    json!({"url": url, "strict": rules.is_strict, "contexts": rules.required,
        "contexts_url": format!("{url}/contexts"), "checks": checks.collect::<Vec<_>>()})
}

/// A branch with its head, and in short whether it is protected. A ruleset does not show in `protection`.
pub(in crate::world::github) fn branch(name: &str, head: &CommitRow, rules: &Rules) -> Value {
    let url = api(&format!("branches/{name}"));
    let is_main = name == "main";
    let is_kept_here = is_main && rules.kept == Kept::Protection;
    let (level, contexts, checks) = if is_kept_here {
        let checks = required_checks(rules);
        ("everyone", checks["contexts"].clone(), checks["checks"].clone())
    } else {
        ("off", json!([]), json!([]))
    };
    json!({
        "name": name, "commit": commit(head), "protected": is_main,
        "_links": {"self": url, "html": page(&format!("tree/{name}"))},
        "protection": {"enabled": is_kept_here, "required_status_checks":
            {"enforcement_level": level, "contexts": contexts, "checks": checks}},
        "protection_url": format!("{url}/protection"),
    })
}
