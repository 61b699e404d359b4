//! The shapes of Vercel's answers, and what they say in our words.
//!
//! Owns the reading of fields: tolerant of what is missing or new, and never reading an unknown word as a good one. Must
//! not call anything. The fields' meanings are in Vercel's API reference (projects, deployments, teams).

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::deployment::{
    Assignment, BuildState, Deployment, DeploymentKind, FailedAlias, JobKind, JobStatus, Live,
    Plan, Pointer, PointerJob, Served,
};
use crate::domain::ids::DeploymentId;
use crate::domain::time::Timestamp;

/// A field that is taken when it has the expected shape, and counts as missing otherwise.
pub(super) fn lenient<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

/// A project.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProjectBody {
    pub(super) id: String,
    #[serde(default)]
    pub(super) account_id: Option<String>,
    #[serde(default)]
    auto_assign_custom_domains: Option<bool>,
    #[serde(default)]
    last_alias_request: Option<AliasRequest>,
    #[serde(default)]
    targets: Option<Targets>,
    #[serde(default)]
    alias: Option<Vec<ProjectAlias>>,
}

#[derive(Debug, Deserialize)]
struct Targets {
    production: Option<TargetBody>,
}

#[derive(Debug, Deserialize)]
struct TargetBody {
    id: String,
    plan: Option<String>,
}

#[derive(Debug, Deserialize)]
struct ProjectAlias {
    target: Option<String>,
    environment: Option<String>,
    redirect: Option<String>,
    deployment: Option<AliasDeployment>,
}

#[derive(Debug, Deserialize)]
struct AliasDeployment {
    id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct AliasRequest {
    #[serde(rename = "type")]
    kind: Option<String>,
    from_deployment_id: Option<String>,
    to_deployment_id: Option<String>,
    job_status: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    requested_at: Option<f64>,
}

impl ProjectBody {
    /// Where production points, by this one reading.
    pub(super) fn pointer(&self) -> Pointer {
        Pointer {
            live: self.live(),
            assignment: match self.auto_assign_custom_domains {
                Some(true) => Assignment::On,
                Some(false) => Assignment::Off,
                None => Assignment::CannotTell,
            },
            job: self.last_alias_request.as_ref().and_then(AliasRequest::job),
            plan: self.plan(),
        }
    }

    /// The plan that the production target was built under.
    pub(super) fn plan(&self) -> Option<Plan> {
        plan(self.production()?.plan.as_deref()?)
    }

    fn production(&self) -> Option<&TargetBody> {
        self.targets.as_ref()?.production.as_ref()
    }

    /// The production target and every production name must agree; `lastRollbackTarget` says nothing once a rollback
    /// has settled, so it is not looked at.
    fn live(&self) -> Live {
        let target = self.production().map(|target| target.id.as_str());
        let names = self.alias.iter().flatten().filter(|alias| alias.is_production());
        let named = names.filter_map(|alias| Some(alias.deployment.as_ref()?.id.as_str()));
        let mut seen: Vec<DeploymentId> = Vec::new();
        for id in target.into_iter().chain(named).map(DeploymentId::from) {
            if !seen.contains(&id) {
                seen.push(id);
            }
        }
        match seen.pop() {
            None => Live::Nothing,
            Some(id) if seen.is_empty() => Live::At(id),
            Some(id) => {
                seen.push(id);
                Live::Split(seen)
            }
        }
    }
}

impl ProjectAlias {
    /// A name that customers reach production by. One that only redirects follows another name.
    fn is_production(&self) -> bool {
        let says = |field: &Option<String>| {
            field.as_deref().is_some_and(|word| word.eq_ignore_ascii_case("production"))
        };
        self.redirect.is_none() && (says(&self.target) || says(&self.environment))
    }
}

impl AliasRequest {
    /// Without a destination or a time it is no job; Vercel's own client reads it the same way.
    fn job(&self) -> Option<PointerJob> {
        Some(PointerJob {
            kind: match self.kind.as_deref() {
                Some("rollback") => JobKind::Rollback,
                Some("promote") => JobKind::Promote,
                _ => JobKind::Unrecognised,
            },
            from: self.from_deployment_id.as_deref().map(DeploymentId::from),
            to: self.to_deployment_id.as_deref()?.into(),
            status: match self.job_status.as_deref() {
                Some("pending" | "in-progress") => JobStatus::Running,
                Some("succeeded") => JobStatus::Succeeded,
                Some("failed") => JobStatus::Failed,
                Some("skipped") => JobStatus::Skipped,
                _ => JobStatus::Unrecognised,
            },
            requested_at: instant(self.requested_at?),
        })
    }
}

fn plan(word: &str) -> Option<Plan> {
    match word {
        "hobby" => Some(Plan::Hobby),
        "pro" | "enterprise" => Some(Plan::Paid),
        _ => None,
    }
}

/// A team, for its plan.
#[derive(Debug, Deserialize)]
pub(super) struct TeamBody {
    #[serde(default, deserialize_with = "lenient")]
    billing: Option<Billing>,
}

#[derive(Debug, Deserialize)]
struct Billing {
    plan: Option<String>,
}

impl TeamBody {
    pub(super) fn plan(&self) -> Option<Plan> {
        plan(self.billing.as_ref()?.plan.as_deref()?)
    }
}

/// A page of deployments.
#[derive(Debug, Deserialize)]
pub(super) struct DeploymentsBody {
    pub(super) deployments: Vec<DeploymentBody>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Debug, Deserialize)]
struct Pagination {
    #[serde(default, deserialize_with = "lenient")]
    next: Option<i64>,
}

impl DeploymentsBody {
    /// What to send as `until` for the next page.
    pub(super) fn next(&self) -> Option<i64> {
        self.pagination.as_ref()?.next
    }
}

/// A deployment: a row of a list, or one alone. The two differ in the names of some fields.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeploymentBody {
    /// In lists.
    uid: Option<String>,
    /// Alone.
    id: Option<String>,
    url: Option<String>,
    pub(super) project_id: Option<String>,
    target: Option<String>,
    state: Option<String>,
    ready_state: Option<String>,
    ready_substate: Option<String>,
    #[serde(default, deserialize_with = "lenient")]
    is_rollback_candidate: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    created_at: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    created: Option<f64>,
    /// A time in lists where it is known, otherwise a flag.
    #[serde(default, deserialize_with = "lenient")]
    alias_assigned: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    alias_assigned_at: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    deleted: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    undeleted: Option<f64>,
    #[serde(default, deserialize_with = "lenient")]
    soft_deleted_by_retention: Option<bool>,
    #[serde(default, deserialize_with = "lenient")]
    meta: Option<BTreeMap<String, Value>>,
}

impl DeploymentBody {
    /// The same in our words; `None` without an id, an address or a time, for then it is no deployment.
    pub(super) fn deployment(&self) -> Option<Deployment> {
        let assigned = self.alias_assigned_at.or(self.alias_assigned);
        Some(Deployment {
            id: self.uid.as_deref().or(self.id.as_deref())?.into(),
            host: self.url.clone()?,
            sha: self
                .git("CommitSha")
                .map(|sha| sha.to_ascii_lowercase())
                .filter(|s| is_full_sha(s)),
            subject: self.git("CommitMessage").and_then(|text| first_line(&text)),
            author: self.git("CommitAuthorName").and_then(|text| first_line(&text)),
            created_at: self.created_at.or(self.created).map(instant)?,
            promoted_at: assigned.map(instant),
            kind: match self.target.as_deref() {
                Some("production") => DeploymentKind::Production,
                None | Some("preview") => DeploymentKind::Preview,
                Some(_) => DeploymentKind::Other,
            },
            state: self.build_state(),
            served: match self.ready_substate.as_deref() {
                Some("PROMOTED") => Served::Yes,
                Some("STAGED" | "ROLLING") => Served::No,
                // A word that is new to us promises nothing.
                Some(_) => Served::No,
                None => Served::NotSaid,
            },
            provider_allows: self.is_rollback_candidate,
        })
    }

    fn build_state(&self) -> BuildState {
        let restored = self.undeleted >= self.deleted;
        if self.soft_deleted_by_retention == Some(true) || (self.deleted.is_some() && !restored) {
            return BuildState::Gone;
        }
        match self.ready_state.as_deref().or(self.state.as_deref()) {
            Some("READY") => BuildState::Ready,
            Some("BUILDING" | "INITIALIZING" | "QUEUED") => BuildState::Building,
            Some("ERROR" | "CANCELED") => BuildState::Failed,
            Some("DELETED") => BuildState::Gone,
            _ => BuildState::Unrecognised,
        }
    }

    /// A commit field, whichever of the three Git hosts it came from. Deployments made by hand have none.
    fn git(&self, field: &str) -> Option<String> {
        let meta = self.meta.as_ref()?;
        ["github", "gitlab", "bitbucket"]
            .iter()
            .find_map(|host| meta.get(&format!("{host}{field}"))?.as_str())
            .map(ToOwned::to_owned)
    }
}

fn is_full_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn first_line(text: &str) -> Option<String> {
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(ToOwned::to_owned)
}

/// Milliseconds since the epoch; JSON does not tell whole numbers from others.
#[expect(clippy::cast_possible_truncation, reason = "a cast from float saturates")]
fn instant(millis: f64) -> Timestamp {
    Timestamp(millis as i64)
}

/// The names that the last job touched.
#[derive(Debug, Deserialize)]
pub(super) struct AliasesBody {
    #[serde(default)]
    aliases: Vec<AliasRow>,
}

#[derive(Debug, Deserialize)]
struct AliasRow {
    status: Option<String>,
    alias: Option<AliasName>,
}

/// Vercel's client and Vercel's SDK describe two shapes of the same field; both are read.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum AliasName {
    Plain(String),
    Nested {
        #[serde(default)]
        alias: Option<String>,
    },
}

impl AliasesBody {
    /// Names that were not moved. A name that is left out by Vercel is shown as such rather than hidden.
    pub(super) fn failed(self) -> Vec<FailedAlias> {
        self.aliases.into_iter().filter_map(AliasRow::failed).collect()
    }
}

impl AliasRow {
    fn failed(self) -> Option<FailedAlias> {
        let state = self.status.unwrap_or_else(|| "not said".to_owned());
        if state == "completed" {
            return None;
        }
        let name = match self.alias {
            Some(AliasName::Plain(name) | AliasName::Nested { alias: Some(name) }) => name,
            Some(AliasName::Nested { alias: None }) | None => "a name that is not given".to_owned(),
        };
        Some(FailedAlias { name, state })
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
