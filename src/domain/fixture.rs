//! Builders for the tests of the rules: people, deployments, pointers, and what can be read of the outside. Stories that
//! decide and apply are in [`story`].

pub(crate) mod forge;
pub(crate) mod repair;
mod story;

use std::collections::BTreeMap;

pub(crate) use forge::Forge;
pub(crate) use story::{Reply, Story};

use super::actor::{Grantee, Person, Platform, Role};
use super::change::{Between, Commit, Evidence, PullRequest};
use super::decide::{Facts, Read};
use super::deployment::{
    Assignment, BuildState, Deployment, DeploymentKind, FailedAlias, JobKind, JobStatus, Live,
    Plan, Pointer, PointerJob, Served,
};
use super::event::Outcome;
use super::fact::Fact;
use super::ids::{DeploymentId, IncidentId};
use super::migration::{Finding, Judgement, Safety};
use super::plan::Verdict;
use super::policy::Policy;
use super::probe::{Probe, Seen};
use super::service::{Channel, Limits, SecondPerson, Service};
use super::time::{Span, Timestamp};

/// When stories begin.
pub(crate) const DAWN: Timestamp = Timestamp(1_795_000_000_000);

/// The incident that most stories are about.
pub(crate) const FIRST: IncidentId = IncidentId(1);

/// A person of the workspace: `ana` and `bo` are responders, `lee` a lead, `eve` nobody.
pub(crate) fn person(name: &str) -> Person {
    let user = format!("U{}", name.to_ascii_uppercase());
    Person { platform: Platform::Slack, tenant: "T1".to_owned(), user }
}

pub(crate) fn policy<'a>(services: impl IntoIterator<Item = &'a str>) -> Policy {
    let listed = [("ana", Role::Responder), ("bo", Role::Responder), ("lee", Role::Lead)];
    let listed = listed.map(|(who, role)| (Grantee::Person(person(who)), role));
    let grants: BTreeMap<Grantee, Role> = listed.into();
    let grants = services.into_iter().map(|id| (id.into(), grants.clone())).collect();
    Policy { grants, ..Policy::default() }
}

pub(crate) fn service(id: &str) -> Service {
    Service {
        id: id.into(),
        production_url: format!("https://{id}.example.com"),
        config_digest: "digest-1".to_owned(),
        repository: Some("demo/shop".to_owned()),
        channels: vec![channel("C1")],
        stakeholders: vec![channel("C2")],
        limits: Limits::default(),
        second_person: SecondPerson::No,
        warns_pull_requests: false,
    }
}

pub(crate) fn channel(id: &str) -> Channel {
    Channel { platform: Platform::Slack, tenant: "T1".to_owned(), id: id.to_owned() }
}

/// `v41` is the deployment `dpl_v41` of commit `c0ffee41…`, ten minutes younger than `v40`. It has served production.
pub(crate) fn deployment(name: &str) -> Deployment {
    let number: i64 = name.trim_start_matches('v').parse().expect("names are v and a number");
    let created_at = DAWN - Span::minutes(10 * (100 - number));
    Deployment {
        id: id_of(name),
        host: format!("web-{name}.example.test"),
        sha: Some(format!("{:0<40}", format!("c0ffee{number}"))),
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

pub(crate) fn id_of(name: &str) -> DeploymentId {
    format!("dpl_{name}").into()
}

/// Production is at one deployment, armed, and no job was ever run.
pub(crate) fn pointer(live: &str) -> Pointer {
    let live = Live::At(id_of(live));
    Pointer { live, assignment: Assignment::On, job: None, plan: Some(Plan::Paid) }
}

pub(crate) fn job(kind: JobKind, way: (&str, &str), status: JobStatus) -> PointerJob {
    let (from, to) = (Some(id_of(way.0)), id_of(way.1));
    PointerJob { kind, from, to, status, requested_at: DAWN }
}

pub(crate) fn unknown() -> Outcome {
    Outcome::Unknown { why: "no answer in time".to_owned() }
}

pub(crate) fn refused() -> Outcome {
    Outcome::Refused { why: "is already current".to_owned() }
}

pub(crate) fn not_taken(seconds: i64) -> Outcome {
    Outcome::NotTaken { why: "429".to_owned(), retry_after: Span::seconds(seconds) }
}

pub(crate) const SERVING: Verdict = Verdict::Serving { agreeing: 3 };

pub(crate) fn probe(at: Timestamp, seen: Seen) -> Probe {
    Probe { at, target: id_of("v41"), seen }
}

pub(crate) fn not_serving(at: Timestamp) -> Verdict {
    let seen = Seen::Other { marker: "v42".to_owned(), status: 500 };
    Verdict::NotServing { last: probe(at, seen) }
}

/// One commit with one migration.
pub(crate) fn between(safety: Safety) -> Between {
    let worst = Finding {
        safety,
        why: "a column is dropped".to_owned(),
        path: "drizzle/0007_drop.sql".to_owned(),
        line: Some(2),
        statement: "ALTER TABLE a DROP COLUMN b".to_owned(),
    };
    let worst = (safety > Safety::Safe).then_some(worst);
    let newest =
        vec![Commit { sha: deployment("v42").sha.unwrap(), subject: "Change 42".to_owned() }];
    let migrations = Judgement { safety, files: 1, worst };
    Between { commits: 1, newest, files: 4, migrations }
}

pub(crate) fn pull_request() -> PullRequest {
    PullRequest { number: 124, title: "Change 42".to_owned() }
}

/// What can be read of the world around one service.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) pointer: Pointer,
    pub(crate) deployments: Vec<Deployment>,
    pub(crate) plan: Option<Plan>,
    pub(crate) looked_up: Option<Deployment>,
    pub(crate) failed: Vec<FailedAlias>,
    /// What the migrations between target and live are; `None`: GitHub does not say.
    pub(crate) migrations: Option<Safety>,
    /// Why nothing can be read.
    pub(crate) dark: Option<&'static str>,
    /// What the forge says.
    pub(crate) forge: Forge,
}

impl Outside {
    pub(crate) fn read(&self, reads: &[Read], now: Timestamp, facts: &mut Facts) {
        for read in reads {
            match read {
                Read::Pointer => facts.pointer = Some(self.fact(now, self.pointer.clone())),
                Read::Deployments => {
                    facts.deployments = Some(self.fact(now, self.deployments.clone()));
                }
                Read::Named(_) => facts.named = Some(self.fact(now, self.looked_up.clone())),
                Read::Plan => {
                    facts.plan = Some(match self.plan {
                        Some(plan) => self.fact(now, plan),
                        None => Fact::unknown("plan", now, "not told"),
                    });
                }
                Read::FailedAliases => facts.aliases = Some(self.fact(now, self.failed.clone())),
                Read::Changes(range) => {
                    let (between, brought_by) = match self.migrations {
                        Some(safety) => (
                            Fact::known("github", now, between(safety)),
                            Fact::known("github", now, Some(pull_request())),
                        ),
                        None => (
                            Fact::unknown("github", now, "no answer in time"),
                            Fact::unknown("github", now, "no answer in time"),
                        ),
                    };
                    facts.changes = Some(Evidence { range: range.clone(), between, brought_by });
                }
                Read::Trial(_)
                | Read::PullOf(_)
                | Read::Gate(_)
                | Read::Main(_)
                | Read::Ancestry { .. } => self.forge.read(read, now, &mut facts.forge),
            }
        }
    }

    fn fact<T>(&self, now: Timestamp, value: T) -> Fact<T> {
        match self.dark {
            Some(why) => Fact::unknown("vercel", now, why),
            None => Fact::known("vercel", now, value),
        }
    }
}
