//! A model of Vercel: projects, deployments, production names and the jobs that move them, in Vercel's wire format.
//!
//! `seed` holds what it starts with, `project` how it moves, `build` what a push sets off, `calls`, `writes` and `log` what
//! it answers, `json` the shapes, `routes` the door with token, scope and traps. It checks tokens and scopes, and notes loudly every call that it does not know. It must
//! never be kinder than the real one.

mod build;
mod calls;
mod json;
mod log;
mod project;
mod routes;
mod seed;
#[cfg(test)]
mod tests;
mod writes;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;

pub use build::{PRODUCTION_BRANCH, Push};
pub use log::{Through, Visit};
pub use seed::{
    Health, ModelDeployment, ModelPlan, ProjectSeed, Substate, Target, Team, VercelSeed,
};

use self::build::{Build, BuildEnding, TAKES};
use self::project::Project;
use super::clock::WorldClock;
use super::ledger::Ledger;
use crate::domain::ids::DeploymentId;
use crate::domain::time::Span;
use crate::engine::ports::Clock;

/// The traps of this model, by the name that a fault carries.
///
/// | trap | what happens |
/// |---|---|
/// | `lost_answer` | the write is carried out, then the connection drops without an answer; with `{"silent":true}` it stays open, and silent |
/// | `dropped` | the connection drops before anything is carried out |
/// | `status` | answers `{"status":402,"retry_after":2,"body":{…}}` instead of doing anything |
/// | `hang` | never answers |
/// | `garbage` | answers 200 with a page that is not JSON, doing nothing |
/// | `job_failed` | `{"aliases":["www.shop.example.com"]}` stay behind; without a list all but the first |
/// | `job_skipped`, `job_stuck`, `job_unknown` | the job ends so, never ends, or says a word nobody knows |
/// | `rolling_release` | the promote is answered 202 and begins after `{"seconds":60}` only |
/// | `assignment_stays_on` | the rollback does not switch automatic assignment off |
/// | `assignment_stays_off` | the promote does not switch automatic assignment on |
/// | `assignment_missing` | the project does not say whether automatic assignment is on |
/// | `control_plane_only` | the names move, but customers keep getting what they got |
/// | `other_operator` | `{"to":"dpl_…"}`: somebody flips production just before the write |
/// | `stale_list` | the list of deployments does not have the newest one yet |
/// | `fix_breaks` | what is promoted works at its own address, and breaks at the production names |
/// | `build_fails` | the build of a push ends with an error; `on` may name the branch |
/// | `build_slow` | the build of a push takes `{"seconds":120}` |
pub const FAULTS: &[&str] = &[
    "lost_answer",
    "dropped",
    "status",
    "hang",
    "garbage",
    "job_failed",
    "job_skipped",
    "job_stuck",
    "job_unknown",
    "rolling_release",
    "assignment_stays_on",
    "assignment_stays_off",
    "assignment_missing",
    "control_plane_only",
    "other_operator",
    "stale_list",
    "fix_breaks",
    "build_fails",
    "build_slow",
];

/// The vendor's name in the ledger.
pub(super) const VENDOR: &str = "vercel";

/// A modelled Vercel account.
#[derive(Debug)]
pub struct VercelModel {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    token: String,
    team: Option<Team>,
    plan: ModelPlan,
    projects: Vec<Project>,
    unknown_calls: Vec<String>,
}

/// A job that is moving production right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moving {
    /// Where to.
    pub to: DeploymentId,
    /// Vercel's word for how far it is.
    pub status: &'static str,
}

impl VercelModel {
    /// A model that starts with `seed`.
    pub fn new(clock: Arc<WorldClock>, ledger: Arc<Ledger>, seed: VercelSeed) -> Arc<Self> {
        let state = State {
            token: seed.token,
            team: seed.team,
            plan: seed.plan,
            projects: seed.projects.into_iter().map(Project::new).collect(),
            unknown_calls: Vec::new(),
        };
        Arc::new(Self { clock, ledger, state: Mutex::new(state) })
    }

    /// Its HTTP face.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(Arc::clone(self))
    }

    /// The only token that it accepts.
    pub fn token(&self) -> String {
        self.state().token.clone()
    }

    /// The deployment that the project says is production, once no job is under way any more.
    pub fn live(&self, project: &str) -> Option<DeploymentId> {
        self.look(project, |project| project.target.clone())
    }

    /// The deployment that customers get.
    pub fn serving(&self, project: &str) -> Option<ModelDeployment> {
        self.look(project, |project| project.find(project.serving()?.as_str()).cloned())
    }

    /// Where each production name points.
    pub fn aliases(&self, project: &str) -> Vec<(String, Option<DeploymentId>)> {
        self.look(project, |project| {
            let row = |d: &project::Domain| (d.name.clone(), d.deployment.clone());
            project.domains.iter().map(row).collect()
        })
    }

    /// Whether new production builds go live by themselves.
    pub fn auto_assign(&self, project: &str) -> bool {
        self.look(project, |project| project.auto_assign)
    }

    /// All deployments, newest first.
    pub fn deployments(&self, project: &str) -> Vec<ModelDeployment> {
        self.look(project, |project| project.deployments.iter().rev().cloned().collect())
    }

    /// The job that is under way, if any.
    pub fn moving(&self, project: &str) -> Option<Moving> {
        let now = self.clock.now();
        self.look(project, |project| {
            let job = project.job.as_ref().filter(|_| project.is_moving())?;
            Some(Moving { to: job.to.clone(), status: job.status(now) })
        })
    }

    /// Why the last rollback was asked for, while it stands.
    pub fn rollback_reason(&self, project: &str) -> Option<String> {
        self.look(project, |project| Some(project.rollback_note.as_ref()?.description.clone()))
    }

    /// How many rollbacks were begun because somebody called for them. A call that was refused or lost on its way is none.
    pub fn rollbacks_begun(&self, project: &str) -> usize {
        self.look(project, |project| project.rollbacks_begun)
    }

    /// Calls that this model did not know: a world is sound when there are none.
    pub fn unknown_calls(&self) -> Vec<String> {
        self.state().unknown_calls.clone()
    }

    /// A build ends. A production build that is ready goes live if automatic assignment is on, and is staged otherwise,
    /// unless its substate is already given.
    pub fn add_deployment(&self, project: &str, mut deployment: ModelDeployment) {
        let now = self.clock.now();
        self.change(project, |project| {
            let ships = deployment.target == Target::Production
                && deployment.state == "READY"
                && deployment.substate.is_none();
            let id = deployment.id.clone();
            if ships {
                deployment.substate = Some(Substate::Staged);
            }
            project.deployments.push(deployment);
            project.deployments.sort_by_key(|deployment| deployment.created_at);
            if ships && project.auto_assign {
                project.flip(&id, now);
            }
        });
    }

    /// Somebody pushed: a build of that commit begins, for production if it is the production branch. A commit that was
    /// built for the same purpose before is not built again. `health`: what its code does to customers. Returns the id
    /// that the deployment has from now on.
    pub fn pushed(&self, project: &str, push: Push, health: Health) -> DeploymentId {
        let trap = |kind| self.ledger.spring(VENDOR, kind, "PUSH", &push.branch);
        let ending = match trap("build_fails") {
            Some(_) => BuildEnding::Fails,
            None => BuildEnding::Ready,
        };
        let slow = trap("build_slow").map(|fault| Span::seconds(writes::seconds(&fault, 120)));
        let id = push.id();
        self.change(project, |project| {
            if project.find(id.as_str()).is_none() {
                let build = Build::new(id.clone(), push.at, slow.unwrap_or(TAKES), ending);
                project.builds.push(build);
                project.deployments.push(push.deployment(&project.name, health));
                project.deployments.sort_by_key(|deployment| deployment.created_at);
            }
        });
        id
    }

    /// A deployment answered a visitor.
    pub fn visited(&self, project: &str, visit: Visit) {
        let mut state = self.state();
        let project = state.project_mut(project);
        project.expect("the caller names a project that was seeded").log.note(visit);
    }

    /// Mends or breaks a deployment.
    pub fn set_health(&self, project: &str, deployment: &DeploymentId, health: Health) {
        self.change(project, |project| project.set_health(deployment, health));
    }

    /// Points production at a deployment at once, as if by hand, and lets customers get what the names say.
    pub fn set_live(&self, project: &str, to: &DeploymentId) {
        let now = self.clock.now();
        self.change(project, |project| {
            project.job = None;
            project.flip(to, now);
        });
    }

    /// Somebody else uses the dashboard: production moves, and the project remembers their job.
    pub fn flip_by_other(&self, project: &str, to: &DeploymentId) {
        let now = self.clock.now();
        self.change(project, |project| project.flip_by_other(to, now));
    }

    /// Somebody else presses *Undo Rollback* in the dashboard: what the last rollback moved away from is promoted, and
    /// automatic assignment is on again. Without a rollback there is nothing to undo.
    pub fn undo_rollback_by_other(&self, project: &str) {
        let now = self.clock.now();
        self.change(project, |project| project.undo_rollback_by_other(now));
    }

    /// Switches automatic assignment, as if in the project's settings.
    pub fn set_auto_assign(&self, project: &str, assignment: AutoAssign) {
        self.change(project, |project| project.auto_assign = assignment == AutoAssign::On);
    }

    /// Ends the trap `control_plane_only`: customers get what the names say.
    pub fn release_data_plane(&self, project: &str) {
        self.change(project, |project| project.held_back = None);
    }

    /// Changes the account's plan.
    pub fn set_plan(&self, plan: ModelPlan) {
        self.state().plan = plan;
        self.ledger.touch();
    }

    fn look<T>(&self, name: &str, look: impl FnOnce(&Project) -> T) -> T {
        let mut state = self.state();
        state.settle(self.clock.now());
        look(state.project(name).expect("the caller names a project that was seeded"))
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut Project)) {
        let mut state = self.state();
        state.settle(self.clock.now());
        change(state.project_mut(name).expect("the caller names a project that was seeded"));
        drop(state);
        self.ledger.touch();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panicking request must not hide the model from the others.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The setting of automatic assignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AutoAssign {
    /// New production builds go live.
    On,
    /// New production builds wait.
    Off,
}

impl State {
    fn settle(&mut self, now: crate::domain::time::Timestamp) {
        for project in &mut self.projects {
            project.settle(now);
        }
    }

    fn project(&self, name: &str) -> Option<&Project> {
        self.projects.iter().find(|project| project.id == name || project.name == name)
    }

    fn project_mut(&mut self, name: &str) -> Option<&mut Project> {
        self.projects.iter_mut().find(|project| project.id == name || project.name == name)
    }
}
