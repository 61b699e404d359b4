//! Verifications: a service's core journeys, walked on production or on one deployment's own address, and what that says.
//!
//! ```text
//! asked ─walk→ ended(verdict)        a restart walks again: looking changes nothing
//! ```
//! Owns what is meant by a request, the judgement of a walk, and for how long it counts. Never walks.

use serde::{Deserialize, Serialize};

use super::actor::Person;
use super::deployment::{Deployment, Pointer};
use super::fact::{Fact, Known};
use super::guard;
use super::ids::{DeploymentId, VerificationId};
use super::incident::{Incident, Layer1};
use super::log::{ErrorLog, Traffic};
use super::probe::Seen;
use super::refusal::Refusal;
use super::restored::Rate;
use super::target;
use super::time::{Span, Timestamp};

/// A verdict counts for so long; then production or the deployment's data may have changed under it.
pub const FRESH: Span = Span::minutes(15);

/// Verdicts that an incident keeps, one for each address and deployment.
const MOST_KEPT: usize = 5;

/// What somebody asked to be verified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// What customers get: is it restored?
    Production,
    /// One deployment on its own address, as typed.
    Deployment(String),
}

/// Which address is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// The one that customers use.
    Production,
    /// The deployment's own.
    Own,
}

/// What is walked: a deployment, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Goal {
    /// The deployment that must answer.
    pub deployment: Deployment,
    /// At which address.
    pub address: Address,
}

/// A walk over all journeys, as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Who answers at production; `None` at a deployment's own address, where nobody else can.
    pub answers: Option<Seen>,
    /// The journeys, in order.
    pub journeys: Vec<Journey>,
}

/// One journey, as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journey {
    /// Its configured name.
    pub name: String,
    /// Its steps, in order.
    pub steps: Vec<Step>,
}

/// One request of a journey, as it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was asked, for example `POST /basket`.
    pub request: String,
    /// How long the answer took.
    pub took: Span,
    /// What came of it.
    pub found: Found,
}

/// What came of one request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Found {
    /// What was expected, in time.
    Expected,
    /// Something else.
    Unexpected {
        /// What was expected: ours and configured words.
        expected: String,
        /// What came: foreign text, at most 80 characters.
        found: String,
    },
    /// What was expected, too late.
    TooSlow {
        /// How long it may take.
        limit: Span,
    },
    /// A login stands before the deployment.
    Protected {
        /// The HTTP status.
        status: u16,
    },
    /// No answer at all.
    NoAnswer {
        /// Why, for people.
        why: String,
    },
    /// Not asked, because an earlier step of the journey went wrong.
    NotAsked,
}

/// What the provider's request log says besides the walk. Where it is not known that is said, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Log {
    /// Of the deployment since it was built.
    Errors(Fact<ErrorLog>),
    /// Of production since the flip, against the half hour before.
    Rate {
        /// What that says.
        rate: Rate,
        /// The requests since the flip.
        since: Fact<Traffic>,
    },
}

/// A deployment's log speaks against it from so many errors on, and from so many in a hundred requests.
const SPEAKS_FROM: u64 = 2;
const SPEAKS_PER_CENT: u64 = 10;

/// What a walk says of its goal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every journey passed: *restored* at production, *verified* on its own address.
    Passed,
    /// At least one did not, or another deployment answers.
    Failed,
    /// A login stands before the deployment: nothing is known of what is behind it.
    Protected,
    /// Nobody knows.
    Unknown {
        /// Why not: may hold foreign text.
        why: String,
    },
}

/// A verification that is being made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verifying {
    /// Its id.
    pub id: VerificationId,
    /// Who asked.
    pub by: Person,
    /// For what.
    pub subject: Subject,
    /// Since when.
    pub since: Timestamp,
}

/// A verification that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Its id.
    pub id: VerificationId,
    /// Who asked.
    pub by: Person,
    /// When it ended.
    pub at: Timestamp,
    /// Which address was walked.
    pub address: Address,
    /// The deployment that the verdict is bound to; `None` if it could not be told which.
    pub deployment: Option<Deployment>,
    /// The verdict.
    pub verdict: Verdict,
    /// How the walk went.
    pub walk: Walk,
    /// What the request log says.
    pub log: Option<Log>,
}

/// What came of a verification, before it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Walked {
    /// The journeys were walked.
    Through {
        /// Where.
        goal: Goal,
        /// How it went.
        walk: Walk,
        /// What the request log says.
        log: Option<Box<Log>>,
    },
    /// It could not be begun, or did not end.
    Not {
        /// Why: may hold foreign text.
        why: String,
    },
}

/// Events of verifications, in their incident's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum VerificationEvent {
    /// Somebody asked.
    VerificationAsked {
        /// The verification's id.
        verification: VerificationId,
        /// Who.
        by: Person,
        /// For what.
        subject: Subject,
    },
    /// There is a verdict.
    VerificationEnded {
        /// The verification's id.
        verification: VerificationId,
        /// Which address was walked.
        address: Address,
        /// The deployment that the verdict is bound to.
        deployment: Option<Box<Deployment>>,
        /// The verdict.
        verdict: Verdict,
        /// How the walk went.
        walk: Walk,
        /// What the request log says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<Box<Log>>,
    },
}

/// What was read to find out what is meant.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Where production points.
    pub pointer: Option<&'a Fact<Pointer>>,
    /// The provider's production deployments.
    pub deployments: Option<&'a Fact<Vec<Deployment>>>,
    /// The deployment that was looked up by name.
    pub named: Option<&'a Fact<Option<Deployment>>>,
}

/// Whether it is known what is to be walked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// Walk this.
    Walk(Box<Goal>),
    /// Read where production points, and its deployments.
    ReadPointer,
    /// Read the deployments.
    ReadDeployments,
    /// Look this name up.
    LookUp(String),
    /// It cannot be told.
    CannotTell(String),
}

impl Subject {
    /// The address that is walked for it.
    pub fn address(&self) -> Address {
        match self {
            Self::Production => Address::Production,
            Self::Deployment(_) => Address::Own,
        }
    }
}

impl Verification {
    /// Whether the verdict is too old to count.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(self.at) >= FRESH
    }
}

/// The deployment that production must answer from, where the incident says which: the target of a flip that has come to
/// its end.
pub fn expected(incident: &Incident) -> Option<&Deployment> {
    let flip = match &incident.layer1 {
        Layer1::Settled(flip) => Some(&**flip),
        Layer1::Flipping(_) => None,
        Layer1::Idle | Layer1::Resolving(_) | Layer1::Waiting(_) | Layer1::Lapsed(..) => {
            incident.before.as_deref()
        }
    };
    flip.filter(|flip| flip.failure.is_none()).map(|flip| &flip.confirmation.to.deployment)
}

/// What is to be walked for a subject, given what was read.
pub fn aim(incident: &Incident, subject: &Subject, evidence: &Evidence<'_>) -> Aim {
    match subject {
        Subject::Production => match expected(incident) {
            Some(target) => walk(target.clone(), Address::Production),
            None => aim_at_live(evidence),
        },
        Subject::Deployment(typed) => aim_at_named(typed, evidence),
    }
}

fn walk(deployment: Deployment, address: Address) -> Aim {
    Aim::Walk(Box::new(Goal { deployment, address }))
}

fn aim_at_live(evidence: &Evidence<'_>) -> Aim {
    let (Some(pointer), Some(deployments)) = (evidence.pointer, evidence.deployments) else {
        return Aim::ReadPointer;
    };
    let Some(seen) = pointer.get() else { return unread(pointer) };
    let Ok(live) = guard::g2_live_is_one(&seen.live) else {
        return Aim::CannotTell("production points at no single deployment".to_owned());
    };
    let known = deployments.get().and_then(|all| all.iter().find(|one| one.id == *live));
    let deployment = known.cloned().unwrap_or_else(|| Deployment::known_by_id_only(live));
    walk(deployment, Address::Production)
}

fn aim_at_named(typed: &str, evidence: &Evidence<'_>) -> Aim {
    let Some(fact) = evidence.deployments else { return Aim::ReadDeployments };
    let Some(deployments) = fact.get() else { return unread(fact) };
    let named = match evidence.named {
        Some(fact) if fact.get().is_none() => return unread(fact),
        Some(fact) => fact.get().and_then(Option::as_ref),
        None => None,
    };
    match target::look_up(typed, deployments, named) {
        Ok(found) => walk(found.clone(), Address::Own),
        Err(Refusal::UnknownTarget { .. }) if evidence.named.is_none() => {
            Aim::LookUp(typed.to_owned())
        }
        Err(Refusal::AmbiguousTarget { fits, .. }) => {
            Aim::CannotTell(format!("{typed} fits several deployments: {}", fits.join(", ")))
        }
        Err(_) => Aim::CannotTell(format!("no deployment of this service fits {typed}")),
    }
}

fn unread<T>(fact: &Fact<T>) -> Aim {
    Aim::CannotTell(match &fact.value {
        Known::Unknown(why) => format!("{} cannot be read: {why}", fact.source),
        Known::Known(_) => format!("{} says nothing", fact.source),
    })
}

/// What a walk says together with the request log: a log that speaks against a goal whose journeys passed fails it.
pub fn judge_with(walk: &Walk, log: Option<&Log>) -> Verdict {
    match (judge(walk), log) {
        (Verdict::Passed, Some(log)) if speaks_against(log) => Verdict::Failed,
        (verdict, _) => verdict,
    }
}

/// Whether a request log says that customers do not get what they need.
pub fn speaks_against(log: &Log) -> bool {
    match log {
        Log::Errors(log) => log.get().is_some_and(|log| {
            let Traffic { requests, errors, .. } = log.traffic;
            errors >= SPEAKS_FROM
                && errors.saturating_mul(100) >= requests.saturating_mul(SPEAKS_PER_CENT)
        }),
        Log::Rate { rate, .. } => matches!(rate, Rate::NotRestored(_)),
    }
}

/// Since when production is what the last flip made it.
pub fn flipped_at(incident: &Incident) -> Option<Timestamp> {
    let flip = match &incident.layer1 {
        Layer1::Settled(flip) | Layer1::Flipping(flip) => Some(&**flip),
        Layer1::Idle | Layer1::Resolving(_) | Layer1::Waiting(_) | Layer1::Lapsed(..) => {
            incident.before.as_deref()
        }
    };
    flip.and_then(|flip| flip.job_done_at)
}

/// What a walk says. Nothing passes that was not walked to its end.
pub fn judge(walk: &Walk) -> Verdict {
    let unknown = |why: String| Verdict::Unknown { why };
    match &walk.answers {
        Some(Seen::Other { .. }) => return Verdict::Failed,
        Some(Seen::NoMarker { .. }) => {
            return unknown("production does not say which deployment answers".to_owned());
        }
        Some(Seen::NoAnswer { why }) => {
            return unknown(format!("production does not answer: {why}"));
        }
        Some(Seen::Target | Seen::TargetFailing { .. }) | None => {}
    }
    let found = || walk.journeys.iter().flat_map(|journey| &journey.steps).map(|step| &step.found);
    let is_wrong = |one: &Found| matches!(one, Found::Unexpected { .. } | Found::TooSlow { .. });
    if found().any(is_wrong) {
        return Verdict::Failed;
    }
    if found().any(|one| matches!(one, Found::Protected { .. })) {
        return Verdict::Protected;
    }
    let silence = found().find_map(|one| match one {
        Found::NoAnswer { why } => Some(why),
        _ => None,
    });
    match silence {
        // Somebody is there and one page stays silent: that is what customers get.
        Some(_) if walk.answers.is_some() || found().any(|one| *one == Found::Expected) => {
            Verdict::Failed
        }
        Some(why) => unknown(format!("no answer: {why}")),
        None if walk.journeys.is_empty() || found().any(|one| *one != Found::Expected) => {
            unknown("the journeys were not walked to their end".to_owned())
        }
        None => Verdict::Passed,
    }
}

/// The first step that did not go as expected, with its journey and its number from 1.
pub fn first_trouble(walk: &Walk) -> Option<(&Journey, usize, &Step)> {
    walk.journeys.iter().find_map(|journey| {
        let index = journey.steps.iter().position(|step| step.found != Found::Expected)?;
        Some((journey, index + 1, &journey.steps[index]))
    })
}

/// What went wrong, in a few words: may hold foreign text.
pub fn what_failed(walk: &Walk) -> String {
    if let Some(Seen::Other { .. }) = &walk.answers {
        return "production does not answer from the promoted deployment".to_owned();
    }
    let Some((journey, _, step)) = first_trouble(walk) else {
        return "the journeys did not pass".to_owned();
    };
    let name = &journey.name;
    let request = &step.request;
    match &step.found {
        Found::Unexpected { expected, found } => {
            format!("{name}: {request}: expected {expected}, found {found}")
        }
        Found::TooSlow { limit } => format!("{name}: {request} took longer than {limit}"),
        Found::Protected { status } => format!("{name}: {request} asks for a login ({status})"),
        Found::NoAnswer { why } => format!("{name}: {request}: no answer: {why}"),
        Found::Expected | Found::NotAsked => format!("{name}: {request}"),
    }
}

/// Keeps a verdict in the place of an older one of the same deployment at the same address; forgets the oldest.
pub fn keep(kept: &mut Vec<Verification>, new: Verification) {
    let id = |one: &Verification| -> Option<DeploymentId> {
        one.deployment.as_ref().map(|deployment| deployment.id.clone())
    };
    kept.retain(|one| one.address != new.address || id(one) != id(&new));
    kept.push(new);
    let too_many = kept.len().saturating_sub(MOST_KEPT);
    kept.drain(..too_many);
}

#[cfg(test)]
mod tests;
