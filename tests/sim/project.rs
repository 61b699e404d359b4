//! The modelled hosting provider and the production behind it, for one service. Owns what is really true.

use repoint::domain::deployment::{
    Assignment, BuildState, Deployment, DeploymentKind, FailedAlias, JobKind, JobStatus, Live,
    Plan, Pointer, PointerJob, Served,
};
use repoint::domain::ids::DeploymentId;
use repoint::domain::probe::Seen;
use repoint::domain::time::{Span, Timestamp};
use repoint::domain::verification::{Address, Goal};

use super::fault::Fault;
use super::forge::{Landed, first_commits};

/// How a job will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Moves,
    MovesHalf,
    Skipped,
    Never,
}

#[derive(Clone, Debug)]
struct Job {
    told: PointerJob,
    ends_at: Timestamp,
    fate: Fate,
    arms: Option<Assignment>,
    confirmation: Option<String>,
}

/// A write that takes effect later than its caller believes.
#[derive(Clone, Debug)]
pub struct LateWrite {
    at: Timestamp,
    write: Write,
}

/// A write to the provider, with the confirmation it is made for, if it is ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Moves production to an earlier deployment.
    Rollback(DeploymentId, Option<String>),
    /// Moves production and arms automatic assignment.
    Promote(DeploymentId, Option<String>),
    /// Switches automatic assignment off.
    Disarm,
    /// Switches it on.
    Arm,
}

impl Write {
    /// What it does, without what it is done for.
    pub fn target(&self) -> String {
        match self {
            Self::Rollback(to, _) => format!("rollback to {to}"),
            Self::Promote(to, _) => format!("promote of {to}"),
            Self::Disarm => "disarm".to_owned(),
            Self::Arm => "arm".to_owned(),
        }
    }
}

/// What a write came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It changes production: the confirmation it was made for, if it is ours.
    Changes(Option<String>),
    /// It changes nothing that is not so already.
    Nothing,
    /// It is not possible now.
    No(&'static str),
    /// It has switched automatic assignment on, and it was made for this confirmation.
    Arms(String),
}

/// One project at the provider.
#[derive(Clone, Debug)]
pub struct Project {
    deployments: Vec<Deployment>,
    preview: Deployment,
    /// What each of the two production names points at.
    names: [DeploymentId; 2],
    assignment: Assignment,
    job: Option<Job>,
    late: Vec<LateWrite>,
    /// What was true before the last change.
    before: Option<Pointer>,
    /// What customers get, and from when on they get what the names say.
    served: DeploymentId,
    serves_from: Timestamp,
    /// How long caches in front of production lag behind.
    lag: Span,
    plan: Plan,
    /// Moves of production leave automatic assignment as it is.
    sticky: bool,
    built: usize,
    /// Builds that are being made: when each is done, and whether it works.
    building: Vec<(DeploymentId, Timestamp, bool)>,
    /// Somebody else moved production or the flag, at this many events.
    pub meddled: Option<u64>,
}

impl Project {
    /// A project with five deployments, the newest of which is live.
    pub fn new(service: &str, now: Timestamp, lag: Span, plan: Plan, sticky: bool) -> Self {
        let deployments: Vec<_> = (1..=5).map(|number| deployment(service, number, now)).collect();
        let live = deployments[4].id.clone();
        let preview = Deployment {
            kind: DeploymentKind::Preview,
            served: Served::No,
            ..deployment(service, 90, now)
        };
        Self {
            names: [live.clone(), live.clone()],
            served: live,
            preview,
            deployments,
            assignment: Assignment::On,
            job: None,
            late: Vec::new(),
            before: None,
            serves_from: now,
            lag,
            plan,
            sticky,
            built: 5,
            building: Vec::new(),
            meddled: None,
        }
    }

    /// Lets everything happen that is due.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Taken> {
        let due: Vec<_> = self.late.iter().filter(|late| late.at <= now).cloned().collect();
        self.late.retain(|late| late.at > now);
        let mut taken: Vec<_> =
            due.into_iter().map(|late| self.write(&late.write, None, now)).collect();
        if let Some(job) = self.job.clone()
            && job.told.status == JobStatus::Running
            && job.ends_at <= now
        {
            taken.extend(self.finish(&job, now));
        }
        self.finish_builds(now);
        if self.serves_from <= now {
            self.served = self.names[0].clone();
        }
        taken
    }

    /// What is built goes live by itself if automatic assignment is on.
    fn finish_builds(&mut self, now: Timestamp) {
        let due: Vec<_> = self.building.iter().filter(|(_, at, _)| *at <= now).cloned().collect();
        self.building.retain(|(_, at, _)| *at > now);
        for (id, at, works) in due {
            let state = if works { BuildState::Ready } else { BuildState::Failed };
            if let Some(one) = self.deployments.iter_mut().find(|one| one.id == id) {
                one.state = state;
            }
            if works && self.assignment == Assignment::On {
                self.before = Some(self.pointer());
                self.go_live(&id, at);
            }
        }
    }

    fn go_live(&mut self, id: &DeploymentId, now: Timestamp) {
        self.names = [id.clone(), id.clone()];
        self.serves_from = now + self.lag;
        if let Some(one) = self.deployments.iter_mut().find(|one| one.id == *id) {
            one.served = Served::Yes;
            one.promoted_at = Some(now);
        }
    }

    fn finish(&mut self, job: &Job, now: Timestamp) -> Option<Taken> {
        let before = self.pointer();
        let status = match job.fate {
            Fate::Moves => {
                self.go_live(&job.told.to, now);
                JobStatus::Succeeded
            }
            Fate::MovesHalf => {
                self.names[1] = job.told.to.clone();
                JobStatus::Failed
            }
            Fate::Skipped => JobStatus::Skipped,
            Fate::Never => return None,
        };
        if let Some(arms) = job.arms {
            self.assignment = arms;
        }
        self.serves_from = now + self.lag;
        if let Some(own) = &mut self.job {
            own.told.status = status;
        }
        self.before = Some(before);
        job.confirmation.clone().filter(|_| job.arms == Some(Assignment::On)).map(Taken::Arms)
    }

    /// What the control plane says.
    pub fn pointer(&self) -> Pointer {
        let live = if self.names[0] == self.names[1] {
            Live::At(self.names[0].clone())
        } else {
            Live::Split(self.names.to_vec())
        };
        let job = self.job.as_ref().map(|job| job.told.clone());
        Pointer { live, assignment: self.assignment, job, plan: Some(self.plan) }
    }

    /// What it said before the last change.
    pub fn stale_pointer(&self) -> Pointer {
        self.before.clone().unwrap_or_else(|| self.pointer())
    }

    /// The production deployments, newest first.
    pub fn deployments(&self) -> Vec<Deployment> {
        self.deployments.iter().rev().cloned().collect()
    }

    /// A deployment by its id; also the preview.
    pub fn find(&self, name: &str) -> Option<&Deployment> {
        self.deployments.iter().chain([&self.preview]).find(|one| {
            one.id.as_str() == name || one.sha.as_deref().is_some_and(|sha| sha.starts_with(name))
        })
    }

    /// The plan.
    pub fn plan(&self) -> Plan {
        self.plan
    }

    /// Names that the last job did not move.
    pub fn failed_aliases(&self) -> Vec<FailedAlias> {
        let failed = self.job.as_ref().is_some_and(|job| job.told.status == JobStatus::Failed);
        let name = "www.example.com".to_owned();
        failed.then(|| FailedAlias { name, state: "failed".to_owned() }).into_iter().collect()
    }

    /// What customers get, judged against a deployment.
    pub fn seen(&self, target: &DeploymentId) -> Seen {
        if self.served == *target {
            Seen::Target
        } else {
            Seen::Other { marker: self.served.to_string(), status: 500 }
        }
    }

    /// Who answers a walk at an address of a deployment, and whether its journeys pass if it serves well there.
    pub fn walked(&self, goal: &Goal, is_well: bool) -> (Option<Seen>, bool) {
        let target = &goal.deployment.id;
        let answers = (goal.address == Address::Production).then(|| self.seen(target));
        let passes = answers.as_ref().is_none_or(|seen| *seen == Seen::Target) && is_well;
        (answers, passes)
    }

    /// Has new builds wait, or go live by themselves.
    pub fn set_assignment(&mut self, setting: Assignment) {
        self.assignment = setting;
    }

    /// Takes a write, with what goes wrong in it.
    pub fn write(&mut self, write: &Write, fault: Option<Fault>, now: Timestamp) -> Taken {
        match write {
            Write::Disarm => self.assign(Assignment::Off, fault),
            Write::Arm => self.assign(Assignment::On, fault),
            Write::Rollback(to, confirmation) => {
                let stays_on = self.sticky || fault == Some(Fault::FlagStaysOn);
                let arms = (!stays_on).then_some(Assignment::Off);
                self.begin(JobKind::Rollback, to, arms, confirmation.clone(), fault, now)
            }
            Write::Promote(to, confirmation) => {
                let arms = (!self.sticky).then_some(Assignment::On);
                self.begin(JobKind::Promote, to, arms, confirmation.clone(), fault, now)
            }
        }
    }

    fn assign(&mut self, setting: Assignment, fault: Option<Fault>) -> Taken {
        if fault != Some(Fault::FlagIgnored) {
            self.before = Some(self.pointer());
            self.assignment = setting;
        }
        Taken::Nothing
    }

    /// Takes a write seconds later than its caller believes.
    pub fn write_late(&mut self, write: Write, at: Timestamp) {
        self.late.push(LateWrite { at, write });
    }

    fn begin(
        &mut self,
        kind: JobKind,
        to: &DeploymentId,
        arms: Option<Assignment>,
        confirmation: Option<String>,
        fault: Option<Fault>,
        now: Timestamp,
    ) -> Taken {
        if self.job.as_ref().is_some_and(|job| job.told.status == JobStatus::Running) {
            return Taken::No("another job is running");
        }
        if self.names[0] == *to && self.names[1] == *to {
            return Taken::No("is already current");
        }
        let (fate, lasts) = match fault {
            Some(Fault::JobPartial) => (Fate::MovesHalf, 900),
            Some(Fault::JobSkipped) => (Fate::Skipped, 900),
            Some(Fault::JobStuck) => (Fate::Never, 0),
            Some(Fault::JobSlow) => (Fate::Moves, 95_000),
            _ => (Fate::Moves, 1_300),
        };
        self.before = Some(self.pointer());
        let from = Some(self.names[0].clone());
        let status = JobStatus::Running;
        let told = PointerJob { kind, from, to: to.clone(), status, requested_at: now };
        let ends_at = now + Span(lasts);
        self.job = Some(Job { told, ends_at, fate, arms, confirmation: confirmation.clone() });
        Taken::Changes(confirmation)
    }

    /// Whether the last job never ends.
    pub fn hangs(&self) -> bool {
        self.job.as_ref().is_some_and(|job| job.fate == Fate::Never)
    }

    /// Somebody gives up a job that never ends.
    pub fn clear_stuck_job(&mut self) {
        if let Some(job) = &mut self.job
            && job.told.status == JobStatus::Running
            && job.fate == Fate::Never
        {
            job.told.status = JobStatus::Skipped;
        }
    }

    /// A commit of main begins to be built.
    pub fn build(&mut self, service: &str, commit: &Landed, lasts: Span, works: bool) {
        self.built += 1;
        let new = Deployment {
            sha: Some(commit.sha.clone()),
            subject: Some(commit.subject.clone()),
            created_at: commit.at,
            promoted_at: None,
            state: BuildState::Building,
            served: Served::No,
            ..deployment(service, self.built, commit.at)
        };
        self.building.push((new.id.clone(), commit.at + lasts, works));
        self.deployments.push(new);
    }
}

fn deployment(service: &str, number: usize, now: Timestamp) -> Deployment {
    let minutes = i64::try_from(number).unwrap_or(0) * 30;
    let created_at = now - Span::minutes(24 * 60) + Span::minutes(minutes);
    Deployment {
        id: format!("dpl_{service}{number}").into(),
        host: format!("{service}-{number}.example.test"),
        sha: Some(first_commits(number)),
        subject: Some(format!("Change {number}")),
        author: Some("ana".to_owned()),
        created_at,
        promoted_at: Some(created_at + Span::minutes(1)),
        kind: DeploymentKind::Production,
        state: BuildState::Ready,
        served: Served::Yes,
        provider_allows: Some(true),
    }
}
