//! A modelled project: its names, its pointer and the job that moves them.
//!
//! Nothing runs in the background: a job is a script over time, and [`Project::settle`] brings the state up to the
//! present each time somebody looks. So the model behaves the same under a clock that stands still.
//!
//! ```text
//! asked ── 0.3 s ──▶ in-progress ── each name after another 0.2 s ──▶ ended, 1.2 s or later
//! ```

use super::build::{Build, BuildEnding, Progress};
use super::log::Log;
use super::seed::{Health, ModelDeployment, ProjectSeed, Substate, Target};
use crate::domain::ids::DeploymentId;
use crate::domain::time::{Span, Timestamp};

const STARTS_AFTER: Span = Span(300);
const PER_NAME: Span = Span(200);
const LASTS_AT_LEAST: Span = Span(1_200);

/// A project's state.
#[derive(Debug)]
pub(super) struct Project {
    pub(super) id: String,
    pub(super) name: String,
    /// The production names, the customers' one first.
    pub(super) domains: Vec<Domain>,
    /// By age of the build, oldest first.
    pub(super) deployments: Vec<ModelDeployment>,
    /// What the project says production is.
    pub(super) target: Option<DeploymentId>,
    pub(super) auto_assign: bool,
    pub(super) job: Option<Job>,
    pub(super) rollback_note: Option<RollbackNote>,
    /// What customers get although the names moved on: the trap `control_plane_only`.
    pub(super) held_back: Option<DeploymentId>,
    /// How many rollbacks were begun because somebody called for them.
    pub(super) rollbacks_begun: usize,
    /// Builds that have not ended.
    pub(super) builds: Vec<Build>,
    /// A promote that waits behind a rolling release.
    pub(super) queued: Option<Queued>,
    /// What visitors asked for.
    pub(super) log: Log,
}

/// A promote that waits until a rolling release is over.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) to: DeploymentId,
    pub(super) starts_at: Timestamp,
    pub(super) script: Script,
}

/// A production name.
#[derive(Debug)]
pub(super) struct Domain {
    pub(super) name: String,
    pub(super) deployment: Option<DeploymentId>,
}

/// Why a rollback was asked for.
#[derive(Debug)]
pub(super) struct RollbackNote {
    pub(super) at: Timestamp,
    pub(super) description: String,
}

/// A job that moves the names.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) kind: JobKind,
    pub(super) from: Option<DeploymentId>,
    pub(super) to: DeploymentId,
    pub(super) requested_at: Timestamp,
    pub(super) script: Script,
    /// Its end has been carried out.
    settled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobKind {
    Rollback,
    Promote,
}

impl JobKind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Promote => "promote",
        }
    }
}

/// How a job will go.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) ending: Ending,
    pub(super) assignment: AssignmentAfter,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Succeeds,
    /// These names stay where they are.
    Fails(Vec<String>),
    Skipped,
    /// It never ends.
    Stuck,
    /// It says something that no client knows.
    Unknown,
}

/// What becomes of automatic assignment when the job succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AssignmentAfter {
    On,
    Off,
    Unchanged,
}

impl Project {
    pub(super) fn new(seed: ProjectSeed) -> Self {
        let live = seed.live;
        let mut deployments = seed.deployments;
        deployments.sort_by_key(|deployment| deployment.created_at);
        let domain = |name| Domain { name, deployment: live.clone() };
        Self {
            id: seed.id,
            name: seed.name,
            domains: seed.domains.into_iter().map(domain).collect(),
            deployments,
            target: live.clone(),
            auto_assign: true,
            job: None,
            rollback_note: None,
            held_back: None,
            rollbacks_begun: 0,
            builds: Vec::new(),
            queued: None,
            log: Log::default(),
        }
    }

    /// A deployment by id or host.
    pub(super) fn find(&self, name: &str) -> Option<&ModelDeployment> {
        self.deployments.iter().find(|d| d.id.as_str() == name || d.host == name)
    }

    /// What customers get.
    pub(super) fn serving(&self) -> Option<&DeploymentId> {
        let name = || self.domains.first().and_then(|domain| domain.deployment.as_ref());
        self.held_back.as_ref().or_else(name).or(self.target.as_ref())
    }

    /// Whether a job is under way. Call after [`Self::settle`].
    pub(super) fn is_moving(&self) -> bool {
        self.job.as_ref().is_some_and(|job| !job.settled)
    }

    /// The newest production build before the live one that has served: all that the hobby plan allows.
    pub(super) fn previous(&self) -> Option<&DeploymentId> {
        let live = self.find(self.target.as_ref()?.as_str())?;
        let served = |d: &&ModelDeployment| {
            d.target == Target::Production && d.substate == Some(Substate::Promoted)
        };
        let older = |d: &&ModelDeployment| d.created_at < live.created_at;
        self.deployments.iter().filter(served).rfind(older).map(|d| &d.id)
    }

    /// Begins a job.
    pub(super) fn start(
        &mut self,
        kind: JobKind,
        to: DeploymentId,
        now: Timestamp,
        script: Script,
    ) {
        let from = self.target.clone();
        self.rollbacks_begun += usize::from(kind == JobKind::Rollback);
        self.job = Some(Job { kind, from, to, requested_at: now, script, settled: false });
    }

    /// Moves every name at once, without a job: an automatic assignment, or somebody at the dashboard.
    pub(super) fn flip(&mut self, to: &DeploymentId, now: Timestamp) {
        for domain in &mut self.domains {
            domain.deployment = Some(to.clone());
        }
        self.target = Some(to.clone());
        self.held_back = None;
        self.mark_promoted(to, now);
    }

    /// A job of somebody else that has just ended: a rollback to what is older, a promote of what is newer.
    pub(super) fn flip_by_other(&mut self, to: &DeploymentId, now: Timestamp) {
        let age = |id: &DeploymentId| self.find(id.as_str()).map(|d| d.created_at);
        let back = self.target.as_ref().and_then(age) > age(to);
        let kind = if back { JobKind::Rollback } else { JobKind::Promote };
        self.ended_by_other(kind, to, now);
    }

    /// Somebody else undoes the last rollback: what it moved away from is promoted. Without one nothing happens.
    pub(super) fn undo_rollback_by_other(&mut self, now: Timestamp) {
        let job = self.job.as_ref().filter(|job| job.kind == JobKind::Rollback);
        if let Some(from) = job.and_then(|job| job.from.clone()) {
            self.rollback_note = None;
            self.ended_by_other(JobKind::Promote, &from, now);
        }
    }

    fn ended_by_other(&mut self, kind: JobKind, to: &DeploymentId, now: Timestamp) {
        let assignment = AssignmentAfter::Unchanged;
        let script = Script { ending: Ending::Succeeds, assignment };
        self.start(kind, to.clone(), now - LASTS_AT_LEAST, script);
        self.flip(to, now);
        self.auto_assign = kind == JobKind::Promote;
        if let Some(job) = &mut self.job {
            job.settled = true;
        }
    }

    /// Carries out what jobs and builds have done by now, each at its time: whether a build goes live depends on whether
    /// automatic assignment was on when it was ready.
    pub(super) fn settle(&mut self, now: Timestamp) {
        self.builds.sort_by_key(|build| build.ends_at);
        for build in std::mem::take(&mut self.builds) {
            self.settle_job(now.min(build.ends_at));
            let Some(deployment) = self.deployments.iter_mut().find(|d| d.id == build.id) else {
                continue;
            };
            match build.shows_on(deployment, now) {
                Progress::UnderWay => self.builds.push(build),
                Progress::Ended => self.ships(&build),
            }
        }
        self.settle_job(now);
    }

    /// A production build that is ready takes production, if it may.
    fn ships(&mut self, build: &Build) {
        let is_for_production =
            self.find(build.id.as_str()).is_some_and(|d| d.target == Target::Production);
        let is_ready = build.ending == BuildEnding::Ready;
        if is_for_production && is_ready && self.auto_assign && self.queued.is_none() {
            self.flip(&build.id, build.ends_at);
        }
    }

    fn settle_job(&mut self, now: Timestamp) {
        if let Some(queued) = self.queued.take_if(|queued| queued.starts_at <= now) {
            self.start(JobKind::Promote, queued.to, queued.starts_at, queued.script);
        }
        let Some(job) = self.job.as_mut().filter(|job| !job.settled) else { return };
        let elapsed = now.since(job.requested_at);
        for (index, domain) in (1i64..).zip(&mut self.domains) {
            let due = Span(STARTS_AFTER.0 + PER_NAME.0 * index);
            if elapsed >= due && job.script.ending.moves(&domain.name) {
                domain.deployment = Some(job.to.clone());
            }
        }
        let lasts = job_length(self.domains.len());
        let ends = !matches!(job.script.ending, Ending::Stuck | Ending::Unknown);
        if !ends || elapsed < lasts {
            return;
        }
        job.settled = true;
        if job.script.ending != Ending::Succeeds {
            return;
        }
        let (to, at, after) = (job.to.clone(), job.requested_at + lasts, job.script.assignment);
        self.target = Some(to.clone());
        match after {
            AssignmentAfter::On => self.auto_assign = true,
            AssignmentAfter::Off => self.auto_assign = false,
            AssignmentAfter::Unchanged => {}
        }
        self.mark_promoted(&to, at);
    }

    /// Mends or breaks a deployment.
    pub(super) fn set_health(&mut self, id: &DeploymentId, health: Health) {
        if let Some(deployment) = self.deployments.iter_mut().find(|d| d.id == *id) {
            deployment.health = health;
        }
    }

    fn mark_promoted(&mut self, id: &DeploymentId, at: Timestamp) {
        if let Some(deployment) = self.deployments.iter_mut().find(|d| d.id == *id) {
            deployment.substate = Some(Substate::Promoted);
            deployment.promoted_at = Some(at);
        }
    }
}

fn job_length(names: usize) -> Span {
    let names = i64::try_from(names).unwrap_or(i64::MAX);
    let moving =
        STARTS_AFTER.0.saturating_add(PER_NAME.0.saturating_mul(names)).saturating_add(100);
    LASTS_AT_LEAST.max(Span(moving))
}

impl Ending {
    fn moves(&self, name: &str) -> bool {
        match self {
            Self::Succeeds => true,
            Self::Fails(kept) => !kept.iter().any(|kept| kept == name),
            Self::Skipped | Self::Stuck | Self::Unknown => false,
        }
    }
}

impl Job {
    /// Vercel's word for how far it is.
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        if self.settled {
            return match self.script.ending {
                Ending::Succeeds => "succeeded",
                Ending::Fails(_) => "failed",
                Ending::Skipped => "skipped",
                Ending::Stuck | Ending::Unknown => "in-progress",
            };
        }
        if now.since(self.requested_at) < STARTS_AFTER {
            return "pending";
        }
        match self.script.ending {
            Ending::Unknown => "awaiting-approval",
            Ending::Succeeds | Ending::Fails(_) | Ending::Skipped | Ending::Stuck => "in-progress",
        }
    }

    /// How far it is with one name.
    pub(super) fn alias_status(&self, domain: &Domain, now: Timestamp) -> &'static str {
        if domain.deployment.as_ref() == Some(&self.to) {
            return "completed";
        }
        match self.status(now) {
            "failed" => "failed",
            "pending" => "pending",
            _ => "in-progress",
        }
    }
}
