//! The `Provider` port over Vercel's API: which calls are made, and in which order.
//!
//! Must never decide what to do next, guess what "previous" means or send a write twice. What the answers mean is in
//! `wire`, what failures mean in `error`; request logs are read in `logs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::json;
use tokio::sync::OnceCell;
use url::Url;

use super::client::{Call, Client, Deadlines, Scope, is_team_id};
use super::error::{CallError, Effect};
use super::wire::{AliasesBody, DeploymentBody, DeploymentsBody, ProjectBody, TeamBody};
use crate::adapters::secret::Secret;
use crate::domain::deployment::{
    Assignment, Deployment, DeploymentKind, FailedAlias, JobKind, Plan, Pointer, Taken,
};
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::log::{ErrorLog, Traffic, Window};
use crate::engine::ports::{Clock, PortError, PortErrorKind, Provider};

/// How to reach Vercel.
#[derive(Clone, Debug)]
pub struct VercelConfig {
    /// `https://api.vercel.com`, or where a model listens. Beside Vercel's own, the request logs are at
    /// `https://vercel.com`, which is shown the token as well; any other address answers for them itself.
    pub api_url: Url,
    /// The bearer token.
    pub token: Secret,
}

/// Which Vercel project stands behind a service.
#[derive(Clone, Debug)]
pub struct VercelProject {
    /// The service.
    pub service: ServiceId,
    /// The project's id (`prj_…`) or name.
    pub project: String,
    /// The team's id (`team_…`) or slug; none for the token's own account.
    pub team: Option<String>,
}

/// Why the Vercel client could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum VercelSetupError {
    /// The API's address is not one.
    #[error("vercel's api_url must be an http or https address, not {0}:")]
    NotAWebAddress(String),
    /// The HTTP client could not be made, for example for want of root certificates.
    #[error("the http client for vercel cannot be made")]
    Client(#[source] reqwest::Error),
}

/// Vercel's control plane.
pub struct VercelProvider {
    pub(super) client: Client,
    projects: BTreeMap<ServiceId, Project>,
}

pub(super) struct Project {
    /// As configured: an id or a name.
    name: String,
    pub(super) scope: Scope,
    /// The immutable id, asked for once when only the name is configured.
    id: OnceCell<String>,
}

/// Rows per page and pages per list: enough to choose from, and bounded.
const PAGE: &str = "50";
const PAGES: usize = 3;
const ROWS: usize = 100;

/// The status of a promote that waits behind a rolling release.
const QUEUED: u16 = 202;

/// The longest reason that Vercel keeps with a rollback, in characters.
const LONGEST_REASON: usize = 250;

impl VercelProvider {
    /// A provider for these services. A service that is not among them is answered with `Missing`.
    pub fn new(
        config: VercelConfig,
        projects: Vec<VercelProject>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, VercelSetupError> {
        Self::with_deadlines(config, projects, clock, Deadlines::default())
    }

    pub(super) fn with_deadlines(
        config: VercelConfig,
        projects: Vec<VercelProject>,
        clock: Arc<dyn Clock>,
        deadlines: Deadlines,
    ) -> Result<Self, VercelSetupError> {
        let projects = projects.into_iter().map(|configured| {
            let project = Project {
                name: configured.project,
                scope: Scope::new(configured.team),
                id: OnceCell::new(),
            };
            (configured.service, project)
        });
        let projects = projects.collect();
        Ok(Self { client: Client::new(config, deadlines, clock)?, projects })
    }

    fn project(&self, service: &ServiceId) -> Result<&Project, PortError> {
        self.projects.get(service).ok_or_else(|| {
            missing(format!("service {service} has no vercel project in the configuration"))
        })
    }

    pub(super) async fn read_project(&self, project: &Project) -> Result<ProjectBody, CallError> {
        let call = Call {
            scope: &project.scope,
            path: &["v9", "projects", &project.name],
            query: &[("rollbackInfo", "true")],
        };
        self.client.get(&call).await
    }

    /// The project's immutable id: rows and deployments name it, never the project's name.
    async fn project_id<'a>(&self, project: &'a Project) -> Result<&'a str, CallError> {
        if project.name.starts_with("prj_") {
            return Ok(&project.name);
        }
        let ask = async || Ok(self.read_project(project).await?.id);
        project.id.get_or_try_init(ask).await.map(String::as_str)
    }

    async fn read_deployment(
        &self,
        project: &Project,
        name: &str,
    ) -> Result<Deployment, PortError> {
        let project_id = self.project_id(project).await.map_err(read)?;
        let call = Call { scope: &project.scope, path: &["v13", "deployments", name], query: &[] };
        let body: DeploymentBody = self.client.get(&call).await.map_err(read)?;
        if body.project_id.as_deref() != Some(project_id) {
            return Err(missing(format!("deployment {name} belongs to another vercel project")));
        }
        body.deployment().ok_or_else(|| {
            let what = "the deployment has no id, address or time".to_owned();
            read(CallError::Garbled { status: 200, what })
        })
    }

    /// Sets automatic assignment, once.
    async fn assign(&self, service: &ServiceId, setting: Assignment) -> Result<(), PortError> {
        let project = self.project(service)?;
        let call =
            Call { scope: &project.scope, path: &["v9", "projects", &project.name], query: &[] };
        let body = json!({ "autoAssignCustomDomains": setting == Assignment::On });
        self.client.change(Method::PATCH, &call, &body).await.map_err(write)?;
        Ok(())
    }

    async fn list(&self, project: &Project) -> Result<Vec<Deployment>, CallError> {
        let project_id = self.project_id(project).await?;
        let mut found = Vec::new();
        let mut until = None;
        for _ in 0..PAGES {
            let page = self.page(project, project_id, until).await?;
            // A server that ignores a filter must not put another project's builds among the targets.
            let ours =
                |row: &&DeploymentBody| row.project_id.as_deref().is_none_or(|id| id == project_id);
            found.extend(
                page.deployments.iter().filter(ours).filter_map(DeploymentBody::deployment),
            );
            // Pages go back in time: one that does not would never end.
            let next = page.next().filter(|next| until.is_none_or(|until| *next < until));
            if next.is_none() || page.deployments.is_empty() || found.len() >= ROWS {
                break;
            }
            until = next;
        }
        found.truncate(ROWS);
        Ok(found)
    }

    async fn page(
        &self,
        project: &Project,
        project_id: &str,
        until: Option<i64>,
    ) -> Result<DeploymentsBody, CallError> {
        let until = until.map(|until| until.to_string());
        let mut query = vec![
            ("projectId", project_id),
            ("target", "production"),
            ("state", "READY"),
            ("limit", PAGE),
        ];
        query.extend(until.as_deref().map(|until| ("until", until)));
        let call = Call { scope: &project.scope, path: &["v7", "deployments"], query: &query };
        self.client.get(&call).await
    }

    /// The newest build of a commit, of whatever kind and state: what is no target is better named than not found. One for
    /// production goes before a preview of the same commit. Vercel knows whole commits only, so that a few digits are
    /// compared here. `None`: none fits, or several commits do.
    async fn built_from(
        &self,
        project: &Project,
        commit: &str,
    ) -> Result<Option<Deployment>, CallError> {
        let project_id = self.project_id(project).await?;
        let query = [("projectId", project_id), ("limit", "100")];
        let call = Call { scope: &project.scope, path: &["v7", "deployments"], query: &query };
        let page: DeploymentsBody = self.client.get(&call).await?;
        let commit = commit.to_ascii_lowercase();
        let all = page.deployments.iter().filter_map(DeploymentBody::deployment);
        let fits = |one: &Deployment| one.sha.as_ref().is_some_and(|sha| sha.starts_with(&commit));
        let mut found: Vec<Deployment> = all.filter(fits).collect();
        found.sort_by_key(|one| one.kind != DeploymentKind::Production);
        let is_one = found.iter().all(|one| one.sha == found[0].sha);
        Ok(found.into_iter().next().filter(|_| is_one))
    }

    /// The team's plan, where the project belongs to a team and the token may see it.
    async fn team_plan(&self, project: &Project, team_id: &str) -> Result<Option<Plan>, CallError> {
        let call = Call { scope: &project.scope, path: &["v2", "teams", team_id], query: &[] };
        match self.client.get::<TeamBody>(&call).await {
            Ok(team) => Ok(team.plan()),
            // A token for one project may not read its team; the project then tells the plan.
            Err(CallError::Refused(refused)) if matches!(refused.status, 403 | 404) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find_plan(&self, project: &Project) -> Result<Option<Plan>, CallError> {
        if let Some(team_id) = project.scope.team_id()
            && let Some(plan) = self.team_plan(project, team_id).await?
        {
            return Ok(Some(plan));
        }
        let body = self.read_project(project).await?;
        // A slug does not name a team in a path: the project's account does.
        if project.scope.team_id().is_none()
            && let Some(team_id) = body.account_id.as_deref().filter(|id| is_team_id(id))
            && let Some(plan) = self.team_plan(project, team_id).await?
        {
            return Ok(Some(plan));
        }
        Ok(body.plan())
    }
}

#[async_trait]
impl Provider for VercelProvider {
    async fn pointer(&self, service: &ServiceId) -> Result<Pointer, PortError> {
        let project = self.read_project(self.project(service)?).await.map_err(read)?;
        Ok(project.pointer())
    }

    async fn deployments(&self, service: &ServiceId) -> Result<Vec<Deployment>, PortError> {
        self.list(self.project(service)?).await.map_err(read)
    }

    async fn deployment(&self, service: &ServiceId, name: &str) -> Result<Deployment, PortError> {
        let project = self.project(service)?;
        if is_commit(name) {
            let found = self.built_from(project, name).await.map_err(read)?;
            return found.ok_or_else(|| missing(format!("no single build is of commit {name}")));
        }
        let name = id_or_host(name).ok_or_else(|| {
            missing("that is neither a deployment's id nor its address".to_owned())
        })?;
        self.read_deployment(project, name).await
    }

    async fn plan(&self, service: &ServiceId) -> Result<Plan, PortError> {
        let plan = self.find_plan(self.project(service)?).await.map_err(read)?;
        plan.ok_or_else(|| missing("vercel does not say which plan the project has".to_owned()))
    }

    async fn failed_aliases(&self, service: &ServiceId) -> Result<Vec<FailedAlias>, PortError> {
        let project = self.project(service)?;
        // Each kind of job has a list of its own, and only one of them is of the last job.
        let job = self.read_project(project).await.map_err(read)?.pointer().job;
        let (version, kind) = match job.map(|job| job.kind) {
            Some(JobKind::Promote) => ("v1", "promote"),
            Some(JobKind::Rollback | JobKind::Unrecognised) | None => ("v9", "rollback"),
        };
        let call = Call {
            scope: &project.scope,
            path: &[version, "projects", &project.name, kind, "aliases"],
            query: &[("failedOnly", "true"), ("limit", "100")],
        };
        let body: AliasesBody = self.client.get(&call).await.map_err(read)?;
        Ok(body.failed())
    }

    async fn rollback(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
        reason: &str,
    ) -> Result<(), PortError> {
        let project = self.project(service)?;
        let reason: String = reason.trim().chars().take(LONGEST_REASON).collect();
        let query = [("description", reason.as_str())];
        let call = Call {
            scope: &project.scope,
            path: &["v1", "projects", &project.name, "rollback", to.as_str()],
            query: if reason.is_empty() { &[] } else { &query },
        };
        self.client.change(Method::POST, &call, &json!({})).await.map_err(write)?;
        Ok(())
    }

    async fn disarm(&self, service: &ServiceId) -> Result<(), PortError> {
        self.assign(service, Assignment::Off).await
    }

    async fn promote(&self, service: &ServiceId, to: &DeploymentId) -> Result<Taken, PortError> {
        let project = self.project(service)?;
        let call = Call {
            scope: &project.scope,
            path: &["v10", "projects", &project.name, "promote", to.as_str()],
            query: &[],
        };
        let status = self.client.change(Method::POST, &call, &json!({})).await.map_err(write)?;
        Ok(if status == QUEUED { Taken::Queued } else { Taken::Accepted })
    }

    async fn arm(&self, service: &ServiceId) -> Result<(), PortError> {
        self.assign(service, Assignment::On).await
    }

    async fn error_log(
        &self,
        service: &ServiceId,
        deployment: &DeploymentId,
    ) -> Result<ErrorLog, PortError> {
        let project = self.project(service)?;
        let built = self.read_deployment(project, deployment.as_str()).await?;
        self.log_of_deployment(project, &built).await
    }

    async fn traffic(&self, service: &ServiceId, window: Window) -> Result<Traffic, PortError> {
        self.log_of_production(self.project(service)?, window).await
    }
}

pub(super) fn read(error: CallError) -> PortError {
    error.into_port(Effect::Read)
}

fn write(error: CallError) -> PortError {
    error.into_port(Effect::Write)
}

/// Four hexadecimal digits or more. Vercel's ids begin with `dpl_`, and an address has a dot.
fn is_commit(name: &str) -> bool {
    (4..=40).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

pub(super) fn missing(message: String) -> PortError {
    PortError { kind: PortErrorKind::Missing, message }
}

/// A deployment's id or host from what a person may paste: an id, a host, an address with scheme and path. Anything that
/// could name another call's path is refused here.
pub(super) fn id_or_host(name: &str) -> Option<&str> {
    let name = name.trim();
    let name =
        name.strip_prefix("https://").or_else(|| name.strip_prefix("http://")).unwrap_or(name);
    let name = name.split(['/', '?', '#']).next().unwrap_or(name);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let says_something = name.bytes().any(|byte| byte.is_ascii_alphanumeric());
    (says_something && name.len() <= 253 && name.bytes().all(plain)).then_some(name)
}
