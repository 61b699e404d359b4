//! Checks and rules.

use serde_json::{Value, json};

use crate::world::github::checks::Wanted;
use crate::world::github::desk::Desk;
use crate::world::github::json;
use crate::world::github::routes::{Answer, Request};
use crate::world::github::rules::Kept;

/// The check runs of a commit, the newest first.
pub(super) fn runs(desk: &Desk<'_>, name: &str, request: &Request) -> Answer {
    let Some(sha) = desk.resolve(name) else {
        return Answer::problem(422, &format!("No commit found for SHA: {name}"));
    };
    let wanted = if request.text("filter") == "all" { Wanted::All } else { Wanted::Latest };
    let (named, status) = (request.text("check_name"), request.text("status"));
    let found = desk.state.ci.of(&sha, wanted).into_iter().rev();
    let found = found
        .filter(|run| named.is_empty() || run.name == named)
        .filter(|run| status.is_empty() || run.status(desk.now) == status);
    let shown = found.map(|run| {
        let pulls = desk.state.pulls.values();
        json::checks::run(run, desk.now, pulls.filter(|one| one.is_open() && one.head == sha))
    });
    let shown: Vec<Value> = shown.collect();
    let total = shown.len();
    let mut answer = Answer::page(shown.into(), request);
    answer.body = json!({"total_count": total, "check_runs": answer.body});
    answer
}

pub(super) fn statuses(desk: &Desk<'_>, name: &str) -> Answer {
    match desk.resolve(name) {
        Some(sha) => Answer::new(200, json::checks::statuses(&sha)),
        None => Answer::missing(),
    }
}

/// The active rules of a branch. A branch that nobody ruled on, or that does not exist, has none.
pub(super) fn rules(desk: &Desk<'_>, branch: &str, request: &Request) -> Answer {
    let is_ruled = branch == "main" && desk.rules.kept == Kept::Ruleset;
    let all = if is_ruled { json::rules::ruleset(&desk.rules) } else { json!([]) };
    Answer::page(all, request)
}

pub(super) fn protection(desk: &Desk<'_>, branch: &str) -> Answer {
    protected(desk, branch)
        .unwrap_or_else(|| Answer::new(200, json::rules::protection(&desk.rules)))
}

pub(super) fn required_checks(desk: &Desk<'_>, branch: &str) -> Answer {
    protected(desk, branch).unwrap_or_else(|| {
        if desk.rules.required.is_empty() {
            return Answer::problem(404, "Required status checks not enabled");
        }
        Answer::new(200, json::rules::required_checks(&desk.rules))
    })
}

/// Why there is no protection to show, if there is none.
fn protected(desk: &Desk<'_>, branch: &str) -> Option<Answer> {
    if !desk.state.branches.contains_key(branch) {
        return Some(Answer::problem(404, "Branch not found"));
    }
    let is_protected = branch == "main" && desk.rules.kept == Kept::Protection;
    (!is_protected).then(|| Answer::problem(404, "Branch not protected"))
}
