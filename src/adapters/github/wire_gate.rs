//! The shapes of what GitHub says of a gate: checks, rules, protection and reviews.

use serde::Deserialize;

use super::client::Page;
use super::wire::{Commit, User};

/// `GET /repos/{owner}/{repo}/commits/{ref}/check-runs`
#[derive(Debug, Deserialize)]
pub(super) struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CheckRun {
    pub(super) name: String,
    pub(super) status: String,
    pub(super) conclusion: Option<String>,
    pub(super) app: Option<App>,
}

#[derive(Debug, Deserialize)]
pub(super) struct App {
    pub(super) id: i64,
}

impl Page for CheckRuns {
    type Row = CheckRun;

    fn rows(self) -> Vec<CheckRun> {
        self.check_runs
    }
}

/// `GET /repos/{owner}/{repo}/commits/{ref}/status`
#[derive(Debug, Deserialize)]
pub(super) struct CombinedStatus {
    statuses: Vec<Status>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Status {
    pub(super) context: String,
    pub(super) state: String,
}

impl Page for CombinedStatus {
    type Row = Status;

    fn rows(self) -> Vec<Status> {
        self.statuses
    }
}

/// `GET /repos/{owner}/{repo}/rules/branches/{branch}`
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) parameters: Option<Parameters>,
}

/// Of all kinds of rules, what concerns us.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    #[serde(default)]
    pub(super) required_status_checks: Vec<RuleCheck>,
    pub(super) required_approving_review_count: Option<u32>,
    pub(super) allowed_merge_methods: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct RuleCheck {
    pub(super) context: String,
    pub(super) integration_id: Option<i64>,
}

/// `GET /repos/{owner}/{repo}/branches/{branch}`
#[derive(Debug, Deserialize)]
pub(super) struct Branch {
    pub(super) commit: Commit,
    pub(super) protected: bool,
    pub(super) protection: Option<Enabled>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Enabled {
    pub(super) enabled: Option<bool>,
}

/// `GET /repos/{owner}/{repo}/branches/{branch}/protection`
#[derive(Debug, Default, Deserialize)]
pub(super) struct Protection {
    pub(super) required_status_checks: Option<ProtectionChecks>,
    pub(super) required_pull_request_reviews: Option<ProtectionReviews>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProtectionChecks {
    #[serde(default)]
    pub(super) contexts: Vec<String>,
    #[serde(default)]
    pub(super) checks: Vec<ProtectionCheck>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProtectionCheck {
    pub(super) context: String,
    pub(super) app_id: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProtectionReviews {
    pub(super) required_approving_review_count: Option<u32>,
}

/// `GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews`
#[derive(Debug, Deserialize)]
pub(super) struct Review {
    /// Nobody, once the account is gone.
    pub(super) user: Option<User>,
    pub(super) state: String,
    pub(super) author_association: Option<String>,
}
