//! The calls that change the modelled Vercel: the setting of automatic assignment, rollbacks and promotes, each with the
//! checks of the real one in their order.

use serde_json::Value;

use super::calls::{no_deployment, no_project};
use super::project::{AssignmentAfter, Ending, JobKind, Project, Queued, RollbackNote, Script};
use super::routes::{Answer, Request};
use super::{Health, ModelDeployment, ModelPlan, State, Substate, Target, VercelModel};
use crate::domain::ids::DeploymentId;
use crate::domain::time::Span;
use crate::engine::ports::Clock;
use crate::world::ledger::Fault;

impl VercelModel {
    pub(super) fn update(&self, state: &mut State, request: &Request, name: &str) -> Answer {
        let Some(project) = state.owned_mut(request, name) else { return no_project() };
        let fields = request.body.as_object();
        let setting = fields.filter(|fields| fields.len() == 1);
        let setting = setting.and_then(|fields| fields.get("autoAssignCustomDomains")?.as_bool());
        let Some(setting) = setting else {
            let message = "Invalid request: only `autoAssignCustomDomains` is modelled";
            return Answer::error(400, "bad_request", message);
        };
        project.auto_assign = setting;
        self.project(state, request, name)
    }

    pub(super) fn rollback(
        &self,
        state: &mut State,
        request: &Request,
        name: &str,
        id: &str,
    ) -> Answer {
        let now = self.clock.now();
        let plan = state.plan;
        let Some(project) = state.owned_mut(request, name) else { return no_project() };
        self.somebody_is_faster(request, project);
        if let Some(refused) = refuse_rollback(project, plan, id) {
            return refused;
        }
        let assignment = match self.trap(request, "assignment_stays_on") {
            Some(_) => AssignmentAfter::Unchanged,
            None => AssignmentAfter::Off,
        };
        self.hold_back(request, project);
        let script = Script { ending: self.ending(request, project), assignment };
        let description = request.query.get("description").cloned().unwrap_or_default();
        project.rollback_note = Some(RollbackNote { at: now, description });
        // A rollback ends a rolling release, and what waited for it.
        project.queued = None;
        project.start(JobKind::Rollback, id.into(), now, script);
        Answer::new(201, None)
    }

    pub(super) fn promote(
        &self,
        state: &mut State,
        request: &Request,
        name: &str,
        id: &str,
    ) -> Answer {
        let now = self.clock.now();
        let Some(project) = state.owned_mut(request, name) else { return no_project() };
        self.somebody_is_faster(request, project);
        if let Some(refused) = refuse_promote(project, id) {
            return refused;
        }
        let to = DeploymentId::from(id);
        if self.trap(request, "fix_breaks").is_some() {
            project.set_health(&to, Health::BreaksInProduction);
        }
        let assignment = match self.trap(request, "assignment_stays_off") {
            Some(_) => AssignmentAfter::Unchanged,
            None => AssignmentAfter::On,
        };
        self.hold_back(request, project);
        let script = Script { ending: self.ending(request, project), assignment };
        project.rollback_note = None;
        let waiting = project.queued.as_ref().map(|queued| queued.starts_at);
        let release = self.trap(request, "rolling_release");
        let release = release.map(|fault| now + Span::seconds(seconds(&fault, 60)));
        match release.or(waiting) {
            Some(starts_at) => {
                project.queued = Some(Queued { to, starts_at, script });
                Answer::new(202, None)
            }
            None => {
                project.start(JobKind::Promote, to, now, script);
                Answer::new(201, None)
            }
        }
    }

    /// The trap `other_operator`.
    fn somebody_is_faster(&self, request: &Request, project: &mut Project) {
        if let Some(fault) = self.trap(request, "other_operator")
            && let Some(to) = fault.with.get("to").and_then(Value::as_str)
        {
            project.flip_by_other(&DeploymentId::from(to), self.clock.now());
        }
    }

    /// The trap `control_plane_only`.
    fn hold_back(&self, request: &Request, project: &mut Project) {
        let is_held = self.trap(request, "control_plane_only").is_some();
        project.held_back = project.serving().filter(|_| is_held).cloned();
    }

    fn ending(&self, request: &Request, project: &Project) -> Ending {
        if let Some(fault) = self.trap(request, "job_failed") {
            let named = fault.with.get("aliases").and_then(Value::as_array);
            let named = named.map(|names| names.iter().filter_map(Value::as_str).collect());
            let all_but_one = || project.domains.iter().skip(1).map(|d| d.name.as_str()).collect();
            let kept: Vec<&str> = named.unwrap_or_else(all_but_one);
            return Ending::Fails(kept.into_iter().map(ToOwned::to_owned).collect());
        }
        let others = [
            ("job_skipped", Ending::Skipped),
            ("job_stuck", Ending::Stuck),
            ("job_unknown", Ending::Unknown),
        ];
        let sprung = others.into_iter().find(|(kind, _)| self.trap(request, kind).is_some());
        sprung.map_or(Ending::Succeeds, |(_, ending)| ending)
    }
}

/// The order of checks is that of the fact sheet: unknown, busy, not acceptable, plan.
fn refuse_rollback(project: &Project, plan: ModelPlan, id: &str) -> Option<Answer> {
    let Some(deployment) = project.find(id).filter(|found| found.id.as_str() == id) else {
        return Some(no_deployment(id));
    };
    if project.is_moving() {
        return Some(busy());
    }
    let served = |d: &ModelDeployment| {
        d.target == Target::Production
            && d.state == "READY"
            && d.substate == Some(Substate::Promoted)
    };
    if !served(deployment) {
        let message = "The provided deployment is not eligible for a rollback.";
        return Some(Answer::error(422, "unprocessable_entity", message));
    }
    if project.target.as_ref() == Some(&deployment.id) {
        return Some(Answer::error(422, "unprocessable_entity", already_current(id)));
    }
    if plan == ModelPlan::Hobby && project.previous() != Some(&deployment.id) {
        let message =
            "To roll back further than the previous production deployment, upgrade to pro";
        return Some(Answer::error(402, "payment_required", message));
    }
    None
}

/// The same for a promote: unknown, not acceptable, already there, busy.
fn refuse_promote(project: &Project, id: &str) -> Option<Answer> {
    let Some(deployment) = project.find(id).filter(|found| found.id.as_str() == id) else {
        return Some(no_deployment(id));
    };
    if deployment.target != Target::Production || deployment.state != "READY" {
        let message = "The provided deployment is not a production deployment that is ready.";
        return Some(Answer::error(422, "unprocessable_entity", message));
    }
    if project.target.as_ref() == Some(&deployment.id) {
        return Some(Answer::error(409, "conflict", already_current(id)));
    }
    project.is_moving().then(busy)
}

/// What a trap says about time, in the world's seconds.
pub(super) fn seconds(fault: &Fault, usual: i64) -> i64 {
    fault.with.get("seconds").and_then(Value::as_i64).unwrap_or(usual)
}

fn busy() -> Answer {
    Answer::error(409, "conflict", "Another alias job is in progress for this project.")
}

fn already_current(id: &str) -> String {
    format!("The provided deploymentId ({id}) is already the current production deployment.")
}
