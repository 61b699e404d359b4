//! What the modelled Vercel answers, call by call. What changes something is in `writes`, the request log in `log`.

use serde_json::{Value, json};

use super::json::{AssignmentField, USER_ID, USER_NAME};
use super::project::{Ending, JobKind, Project};
use super::routes::{Answer, Request};
use super::{ModelDeployment, State, Target, VENDOR, VercelModel};
use crate::engine::ports::Clock;
use crate::world::ledger::{Fault, Origin};

/// The query parameters of a list that are modelled; another one would be ignored silently, so it is refused.
const LIST_PARAMETERS: &[&str] = &[
    "projectId",
    "app",
    "target",
    "state",
    "rollbackCandidate",
    "until",
    "since",
    "limit",
    "teamId",
    "slug",
];

impl VercelModel {
    /// Finds the call and carries it out.
    pub(super) fn answer(&self, request: &Request) -> Answer {
        let mut state = self.state();
        state.settle(self.clock.now());
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        let answer = match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["user"]) => state.user(),
            ("GET", ["teams"]) => state.teams(),
            ("GET", ["teams", name]) => state.team(name),
            ("GET", ["deployments"]) => self.list(&mut state, request),
            ("GET", ["deployments", name]) => state.deployment(name),
            ("GET", ["deployments", name, "builds"]) => state.builds(name),
            ("GET", ["projects", name]) => self.project(&state, request, name),
            ("PATCH", ["projects", name]) => self.update(&mut state, request, name),
            ("GET", ["projects", name, "production-deployment"]) => state.production(request, name),
            ("POST", ["projects", name, "rollback", id]) => {
                self.rollback(&mut state, request, name, id)
            }
            ("POST", ["projects", name, "promote", id]) => {
                self.promote(&mut state, request, name, id)
            }
            ("GET", ["api", "logs", "request-logs"]) => state.request_logs(request),
            ("GET", ["projects", name, "rollback", "aliases"]) => {
                self.job_aliases(&state, request, name, JobKind::Rollback)
            }
            ("GET", ["projects", name, "promote", "aliases"]) => {
                self.job_aliases(&state, request, name, JobKind::Promote)
            }
            _ => state.unknown(request),
        };
        drop(state);
        self.ledger.touch();
        answer
    }

    pub(super) fn trap(&self, request: &Request, kind: &str) -> Option<Fault> {
        self.ledger.spring(VENDOR, kind, request.method.as_str(), &request.path)
    }

    fn list(&self, state: &mut State, request: &Request) -> Answer {
        if request.query.keys().any(|key| !LIST_PARAMETERS.contains(&key.as_str())) {
            return state.unknown(request);
        }
        let number =
            |key: &str| request.query.get(key).map(|value| value.parse::<i64>()).transpose();
        let (Ok(limit), Ok(until), Ok(since)) = (number("limit"), number("until"), number("since"))
        else {
            return Answer::error(
                400,
                "bad_request",
                "Invalid request: limit and times are numbers",
            );
        };
        let mut rows = state.rows(request);
        if self.trap(request, "stale_list").is_some() && !rows.is_empty() {
            rows.remove(0);
        }
        let created = |row: &Value| row["createdAt"].as_i64().unwrap_or_default();
        rows.retain(|row| until.is_none_or(|until| created(row) < until));
        rows.retain(|row| since.is_none_or(|since| created(row) > since));
        let limit = usize::try_from(limit.unwrap_or(20)).unwrap_or(0).min(100);
        let next =
            (rows.len() > limit).then(|| rows.get(limit.wrapping_sub(1)).map(created)).flatten();
        rows.truncate(limit);
        let prev = rows.first().map(created);
        let pagination = json!({"count": rows.len(), "next": next, "prev": prev});
        Answer::ok(json!({"deployments": rows, "pagination": pagination}))
    }

    pub(super) fn project(&self, state: &State, request: &Request, name: &str) -> Answer {
        let Some(project) = state.owned(request, name) else { return no_project() };
        let field = match self.trap(request, "assignment_missing") {
            Some(_) => AssignmentField::Missing,
            None => AssignmentField::Shown,
        };
        let answer = Answer::ok(state.project_json(project, field, self.clock.now()));
        let says_what_nobody_knows =
            project.job.as_ref().is_some_and(|job| job.script.ending == Ending::Unknown);
        if says_what_nobody_knows { Answer { origin: Origin::Trap, ..answer } } else { answer }
    }

    /// The names of the last job, if it was of this kind; each kind has its own shape in the wild.
    fn job_aliases(&self, state: &State, request: &Request, name: &str, kind: JobKind) -> Answer {
        let Some(project) = state.owned(request, name) else { return no_project() };
        let now = self.clock.now();
        let failed_only = request.query.get("failedOnly").is_some_and(|value| value == "true");
        let job = project.job.as_ref().filter(|job| job.kind == kind);
        let rows = project.domains.iter().enumerate().filter_map(|(index, domain)| {
            let status = job?.alias_status(domain, now);
            let alias = match kind {
                JobKind::Rollback => {
                    json!({"alias": domain.name, "deploymentId": domain.deployment})
                }
                JobKind::Promote => json!(domain.name),
            };
            (!failed_only || status == "failed")
                .then(|| json!({"id": format!("alias_{index}"), "status": status, "alias": alias}))
        });
        Answer::ok(json!({"aliases": rows.collect::<Vec<_>>(), "pagination": null}))
    }
}

impl State {
    fn user(&self) -> Answer {
        Answer::ok(
            json!({"user": {"id": USER_ID, "username": USER_NAME, "email": "bob@example.com"}}),
        )
    }

    fn teams(&self) -> Answer {
        let teams: Vec<Value> = self.team_json().into_iter().collect();
        let pagination = json!({"count": teams.len(), "next": null, "prev": null});
        Answer::ok(json!({"teams": teams, "pagination": pagination}))
    }

    fn team(&self, name: &str) -> Answer {
        let is_ours = self.team.as_ref().is_some_and(|team| team.id == name || team.slug == name);
        match self.team_json() {
            Some(team) if is_ours => Answer::ok(team),
            _ => Answer::error(404, "not_found", "Team not found"),
        }
    }

    fn deployment(&self, name: &str) -> Answer {
        let find = |project: &Project| Some(self.single_json(project, project.find(name)?));
        self.projects.iter().find_map(find).map_or_else(|| no_deployment(name), Answer::ok)
    }

    /// The deployments of this model come without their builds.
    fn builds(&self, name: &str) -> Answer {
        let known = self.projects.iter().any(|project| project.find(name).is_some());
        if known { Answer::ok(json!({"builds": []})) } else { no_deployment(name) }
    }

    fn production(&self, request: &Request, name: &str) -> Answer {
        let Some(project) = self.owned(request, name) else { return no_project() };
        let live = project.target.as_ref().and_then(|id| project.find(id.as_str()));
        match live {
            Some(live) => Answer::ok(json!({"deployment": {"id": live.id, "url": live.host}})),
            None => Answer::error(404, "not_found", "No production deployment"),
        }
    }

    /// The rows that a list's filters leave, newest first.
    fn rows(&self, request: &Request) -> Vec<Value> {
        let query = |key: &str| request.query.get(key).map(String::as_str);
        let wanted = query("projectId").or_else(|| query("app"));
        let states = query("state").map(|states| states.split(',').collect::<Vec<_>>());
        let mut rows: Vec<Value> = Vec::new();
        for project in &self.projects {
            if wanted.is_some_and(|name| name != project.id && name != project.name) {
                continue;
            }
            let of_target = |d: &&ModelDeployment| match query("target") {
                Some("production") => d.target == Target::Production,
                Some("preview") => d.target == Target::Preview,
                Some(_) => false,
                None => true,
            };
            let of_state = |d: &&ModelDeployment| {
                states.as_ref().is_none_or(|s| s.contains(&d.state.as_str()))
            };
            let found = project.deployments.iter().filter(of_target).filter(of_state);
            rows.extend(found.map(|deployment| self.row_json(project, deployment)));
        }
        if query("rollbackCandidate") == Some("true") {
            rows.retain(|row| row["isRollbackCandidate"] == true);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row["createdAt"].as_i64()));
        rows
    }

    /// A project, if the request is made in the scope that owns it; asking elsewhere finds nothing.
    fn owned(&self, request: &Request, name: &str) -> Option<&Project> {
        self.project(name).filter(|_| self.in_scope(request))
    }

    pub(super) fn owned_mut(&mut self, request: &Request, name: &str) -> Option<&mut Project> {
        let in_scope = self.in_scope(request);
        self.project_mut(name).filter(|_| in_scope)
    }

    /// A scope that is named was checked at the door; what remains is one that is not named although a team owns all.
    fn in_scope(&self, request: &Request) -> bool {
        self.team.is_none()
            || request.query.contains_key("teamId")
            || request.query.contains_key("slug")
    }

    /// A call that this model does not have: the caller learns nothing, the world's keeper does.
    pub(super) fn unknown(&mut self, request: &Request) -> Answer {
        let call = format!("{} {}", request.method, request.path);
        tracing::error!(%call, "the modelled vercel does not know this call");
        self.unknown_calls.push(call.clone());
        Answer::error(404, "not_found", format!("the modelled vercel does not know {call}"))
    }
}

pub(super) fn no_project() -> Answer {
    Answer::error(404, "not_found", "Project not found.")
}

pub(super) fn no_deployment(id: &str) -> Answer {
    Answer::error(404, "not_found", format!("Could not find the deployment: {id}"))
}
