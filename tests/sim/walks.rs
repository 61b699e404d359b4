//! Walks of verifications: how they go in a night, and what the bot may conclude from them.

use std::collections::BTreeMap;

use async_trait::async_trait;
use repoint::domain::deployment::Deployment;
use repoint::domain::ids::{DeploymentId, ServiceId, VerificationId};
use repoint::domain::probe::Seen;
use repoint::domain::time::Span;
use repoint::domain::verification::{Address, Found, Goal, Journey, Step, Verdict, Walk};
use repoint::engine::ports::Walker;

use super::fault::{Fault, Op};
use super::ports::Ports;

/// Walks that really passed, and when each verification was asked for, both in events.
#[derive(Clone, Debug, Default)]
pub struct Walks {
    passed: Vec<(DeploymentId, Address, u64)>,
    /// Walks of production that went wrong.
    ill: Vec<(DeploymentId, u64)>,
    asked: BTreeMap<VerificationId, u64>,
    /// Verdicts on deployments' own addresses, and when each was durable.
    verdicts: Vec<(VerificationId, DeploymentId, Verdict, u64)>,
}

impl Walks {
    /// A walk really passed.
    pub fn passed(&mut self, goal: &Goal, now: u64) {
        self.passed.push((goal.deployment.id.clone(), goal.address, now));
    }

    /// A walk went wrong, in truth or as it seemed.
    pub fn went_wrong(&mut self, goal: &Goal, now: u64) {
        if goal.address == Address::Production {
            self.ill.push((goal.deployment.id.clone(), now));
        }
    }

    /// A verdict became durable.
    pub fn ended(
        &mut self,
        verification: &VerificationId,
        deployment: Option<&Deployment>,
        (address, verdict): (Address, &Verdict),
        now: u64,
    ) {
        if let (Some(deployment), Address::Own) = (deployment, address) {
            let (id, deployment) = (verification.clone(), deployment.id.clone());
            self.verdicts.push((id, deployment, verdict.clone(), now));
        }
    }

    /// Whether a verdict on that very deployment passed, and no later one failed (S7).
    pub fn stands(
        &self,
        verification: &VerificationId,
        deployment: &DeploymentId,
    ) -> Result<(), String> {
        let passed = self.verdicts.iter().find(|(id, of, verdict, _)| {
            id == verification && of == deployment && *verdict == Verdict::Passed
        });
        let Some((.., at)) = passed else {
            return Err(format!("{verification} did not pass for it"));
        };
        let failed = self.verdicts.iter().find(|(_, of, verdict, later)| {
            of == deployment && *verdict == Verdict::Failed && later > at
        });
        failed.map_or(Ok(()), |(later, ..)| Err(format!("{later} failed after {verification}")))
    }

    /// Whether production was walked and passed since then, with that very deployment.
    pub fn was_well(&self, deployment: &DeploymentId, since: u64) -> bool {
        let mut passed = self.passed.iter();
        passed.any(|(of, address, at)| {
            of == deployment && *address == Address::Production && *at > since
        })
    }

    /// Whether a walk of production went wrong since then.
    pub fn was_ill(&self, deployment: &DeploymentId, since: u64) -> bool {
        self.ill.iter().any(|(of, at)| of == deployment && *at > since)
    }

    /// A verification became durable.
    pub fn asked(&mut self, verification: &VerificationId, now: u64) {
        self.asked.insert(verification.clone(), now);
    }

    /// Whether that very deployment was walked at that address, and passed, after the verification was asked for.
    pub fn bear_out(
        &self,
        verification: &VerificationId,
        deployment: Option<&Deployment>,
        address: Address,
    ) -> bool {
        let (Some(asked), Some(deployment)) = (self.asked.get(verification), deployment) else {
            return false;
        };
        self.passed
            .iter()
            .any(|(walked, at, when)| *walked == deployment.id && *at == address && when > asked)
    }
}

#[async_trait]
impl Walker for Ports {
    async fn walk(&self, service: &ServiceId, goal: &Goal) -> Walk {
        let fault = self.0.begin(Op::Walk, Some(service)).await;
        if fault == Some(Fault::WalkHangs) {
            self.0.wait(Span(90_000)).await;
        }
        let walk = {
            let mut truth = self.0.truth();
            let is_well = truth.is_well(goal);
            let really = truth.project(service).map(|project| project.walked(goal, is_well));
            let (answers, passes) = really.unwrap_or((None, false));
            let (walk, passes) = walk_of(answers, passes, fault);
            let now = truth.events;
            if passes {
                truth.promises.walks.passed(goal, now);
            } else {
                truth.promises.walks.went_wrong(goal, now);
            }
            truth.tell(|| format!("walk of {service}: {:?}: {walk:?}", goal.deployment.id));
            walk
        };
        self.0.end(fault).await;
        walk
    }
}

/// One journey of two steps, as it goes in truth or with a fault; and whether it really passed.
fn walk_of(answers: Option<Seen>, passes: bool, fault: Option<Fault>) -> (Walk, bool) {
    let found = match fault {
        Some(Fault::WalkUnreachable) => Found::NoAnswer { why: "connection refused".to_owned() },
        Some(Fault::WalkTooSlow) => Found::TooSlow { limit: Span(2_000) },
        Some(Fault::WalkProtected) => Found::Protected { status: 401 },
        _ if passes => Found::Expected,
        _ => Found::Unexpected { expected: "status 200".to_owned(), found: "500".to_owned() },
    };
    let passes = found == Found::Expected;
    let first = if passes { Found::Expected } else { found.clone() };
    let second = if passes { found } else { Found::NotAsked };
    let steps =
        [first, second].map(|found| Step { request: "GET /".to_owned(), took: Span(9), found });
    let answers = match fault {
        Some(Fault::WalkUnreachable) => {
            answers.map(|_| Seen::NoAnswer { why: "refused".to_owned() })
        }
        _ => answers,
    };
    let journeys = vec![Journey { name: "checkout".to_owned(), steps: steps.into() }];
    (Walk { answers, journeys }, passes)
}
