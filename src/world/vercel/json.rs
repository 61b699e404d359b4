//! The shapes of the modelled answers, field by field as Vercel documents them.

use serde_json::{Value, json};

use super::build::QUEUED_FOR;
use super::project::{Domain, Job, Project};
use super::{ModelDeployment, State, Substate, Target};
use crate::domain::time::Timestamp;

/// Whether the project says if automatic assignment is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssignmentField {
    Shown,
    Missing,
}

impl State {
    /// The id of the account that owns everything.
    pub(super) fn account_id(&self) -> &str {
        self.team.as_ref().map_or(USER_ID, |team| team.id.as_str())
    }

    pub(super) fn project_json(
        &self,
        project: &Project,
        assignment: AssignmentField,
        now: Timestamp,
    ) -> Value {
        let moving = project.is_moving();
        let mut body = json!({
            "id": project.id, "name": project.name, "accountId": self.account_id(),
            "directoryListing": false, "nodeVersion": "22.x",
            "resourceConfig": {"functionDefaultRegions": ["iad1"]},
            "defaultResourceConfig": {"functionDefaultRegions": ["iad1"]},
            "lastAliasRequest": project.job.as_ref().map(|job| job_json(job, now)),
            "lastRollbackTarget": moving.then(|| json!({})),
            "targets": {"production": self.target_json(project)},
            "alias": project.domains.iter().map(domain_json).collect::<Vec<_>>(),
            "latestDeployments": [], "rollingRelease": null, "paused": false, "live": false,
        });
        if assignment == AssignmentField::Shown {
            body["autoAssignCustomDomains"] = project.auto_assign.into();
        }
        if let Some(note) = &project.rollback_note {
            body["rollbackDescription"] = json!({"createdAt": note.at.0, "description": note.description,
                "userId": USER_ID, "username": USER_NAME});
        }
        body
    }

    fn target_json(&self, project: &Project) -> Value {
        let live = project.target.as_ref().and_then(|id| project.find(id.as_str()));
        let Some(live) = live else { return Value::Null };
        let names: Vec<&str> = project.domains.iter().map(|domain| domain.name.as_str()).collect();
        json!({
            "id": live.id, "url": live.host, "alias": names, "target": "production",
            "readyState": live.state, "readySubstate": live.substate.map(Substate::word),
            "aliasAssigned": live.promoted_at.map(|at| at.0), "plan": self.plan.word(),
            "createdAt": live.created_at.0, "meta": meta(live), "createdIn": "iad1",
            "creator": {"uid": USER_ID, "username": USER_NAME, "email": "bob@example.com"},
            "deploymentHostname": live.host, "name": project.name, "private": false, "type": "LAMBDAS",
            "userId": USER_ID,
        })
    }

    /// A row of a list.
    pub(super) fn row_json(&self, project: &Project, deployment: &ModelDeployment) -> Value {
        let mut body = deployment_json(project, deployment);
        let candidate = deployment.target == Target::Production
            && deployment.state == "READY"
            && deployment.substate == Some(Substate::Promoted)
            && project.target.as_ref() != Some(&deployment.id);
        body["uid"] = json!(deployment.id);
        body["created"] = deployment.created_at.0.into();
        body["state"] = deployment.state.as_str().into();
        body["isRollbackCandidate"] = candidate.into();
        body["aliasAssigned"] = deployment.promoted_at.map_or(Value::Null, |at| at.0.into());
        body
    }

    /// One deployment alone.
    pub(super) fn single_json(&self, project: &Project, deployment: &ModelDeployment) -> Value {
        let mut body = deployment_json(project, deployment);
        let is_live = project.target.as_ref() == Some(&deployment.id);
        let names = project.domains.iter().filter(|_| is_live).map(|domain| domain.name.as_str());
        merge(&mut body, platform_fields(deployment));
        body["ownerId"] = self.account_id().into();
        body["plan"] = self.plan.word().into();
        body["alias"] = names.collect::<Vec<_>>().into();
        body["aliasAssigned"] = deployment.promoted_at.is_some().into();
        if let Some(at) = deployment.promoted_at {
            body["aliasAssignedAt"] = at.0.into();
        }
        if deployment.state == "ERROR" {
            body["errorCode"] = "BUILD_UTILS_SPAWN_1".into();
            body["errorMessage"] = "Command \"npm run build\" exited with 1".into();
        }
        if let Some(team) = &self.team {
            body["team"] = json!({"id": team.id, "slug": team.slug, "name": team.name});
        }
        body
    }

    pub(super) fn team_json(&self) -> Option<Value> {
        let team = self.team.as_ref()?;
        Some(json!({"id": team.id, "slug": team.slug, "name": team.name, "avatar": null,
            "createdAt": 1_577_836_800_000_i64, "creatorId": USER_ID, "updatedAt": 1_577_836_800_000_i64,
            "billing": {"plan": self.plan.word()}, "description": null, "stagingPrefix": "",
            "membership": {"uid": USER_ID, "teamId": team.id, "confirmed": true, "confirmedAt": 0,
                "role": "MEMBER", "createdAt": 0, "created": 0}}))
    }
}

/// What a list row and a single deployment have in common.
fn deployment_json(project: &Project, deployment: &ModelDeployment) -> Value {
    let mut body = json!({
        "id": deployment.id, "name": project.name, "url": deployment.host, "projectId": project.id,
        "createdAt": deployment.created_at.0,
        "buildingAt": (deployment.created_at + QUEUED_FOR).0,
        "readyState": deployment.state, "target": deployment.target.word(), "type": "LAMBDAS",
        "source": "git", "aliasError": null, "meta": meta(deployment),
        "creator": {"uid": USER_ID, "username": USER_NAME},
        "inspectorUrl": format!("https://vercel.com/demo/{}/{}", project.name, deployment.id),
    });
    if let Some(at) = deployment.ready_at {
        body["ready"] = at.0.into();
    }
    if let Some(substate) = deployment.substate {
        body["readySubstate"] = substate.word().into();
    }
    body
}

/// What has no meaning here, but is required by the description that Vercel's SDK checks answers against.
fn platform_fields(deployment: &ModelDeployment) -> Value {
    json!({
        "version": 2, "status": deployment.state, "public": false, "regions": ["iad1"], "createdIn": "iad1",
        "build": {"env": []}, "env": [], "routes": null, "projectSettings": {}, "buildSkipped": false,
        "bootedAt": deployment.created_at.0, "isInConcurrentBuildsQueue": false, "isInSystemBuildsQueue": false,
    })
}

fn merge(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, more) {
        body.extend(more);
    }
}

fn meta(deployment: &ModelDeployment) -> Value {
    if deployment.sha.is_empty() {
        return json!({});
    }
    json!({
        "githubCommitSha": deployment.sha, "githubCommitMessage": deployment.message,
        "githubCommitAuthorName": deployment.author, "githubCommitRef": deployment.branch,
        "githubOrg": "demo", "githubRepo": "shop", "githubDeployment": "1",
    })
}

fn domain_json(domain: &Domain) -> Value {
    let deployment = domain.deployment.as_ref().map(|id| json!({"id": id}));
    json!({"domain": domain.name, "target": "PRODUCTION", "environment": "production",
        "redirect": null, "deployment": deployment})
}

fn job_json(job: &Job, now: Timestamp) -> Value {
    json!({"type": job.kind.word(), "fromDeploymentId": job.from, "toDeploymentId": job.to,
        "jobStatus": job.status(now), "requestedAt": job.requested_at.0})
}

/// The person behind the token.
pub(super) const USER_ID: &str = "u_demo";
pub(super) const USER_NAME: &str = "demo-bot";
