//! The provider and production over the truth of a night.

use std::sync::Arc;

use async_trait::async_trait;
use repoint::domain::deployment::{self, Assignment, Deployment, FailedAlias, Plan, Pointer};
use repoint::domain::event::Effect;
use repoint::domain::ids::{DeploymentId, ServiceId};
use repoint::domain::log::{ErrorLog, Traffic, Window};
use repoint::domain::probe::{Probe, Seen};
use repoint::domain::time::Span;
use repoint::engine::ports::{PortError, PortErrorKind, Prober, Provider};

use super::super::fault::{Fault, Op};
use super::super::planted::Bug;
use super::super::project::{Taken, Write};
use super::super::truth::{Night, Truth};
use super::{Ports, error, lost, refused, throttled};

impl Ports {
    /// One write to the provider.
    async fn writing(&self, service: &ServiceId, effect: Effect) -> Result<(), PortError> {
        let op = match effect {
            Effect::Rollback { .. } => Op::Flip,
            Effect::Promote { .. } => Op::Promote,
            Effect::Disarm => Op::Disarm,
            Effect::Arm => Op::Arm,
        };
        if self.0.truth().dead {
            return std::future::pending().await;
        }
        let write = {
            let mut truth = self.0.truth();
            let confirmation = truth.promises.calls(service, &effect);
            truth.tell(|| format!("call for {service}: {effect:?}"));
            write_of(&truth, effect, confirmation)
        };
        // A caller that gives up ends the call as well.
        let _calling = Calling { night: self.0.clone(), service: service.clone() };
        self.sending(service, op, write).await
    }

    async fn sending(&self, service: &ServiceId, op: Op, write: Write) -> Result<(), PortError> {
        let fault = self.0.begin(op, Some(service)).await;
        let answer = self.carry_out(service, write, fault).await;
        self.0.end(fault).await;
        answer
    }

    async fn carry_out(
        &self,
        service: &ServiceId,
        write: Write,
        fault: Option<Fault>,
    ) -> Result<(), PortError> {
        match fault {
            Some(Fault::LostBefore) => return Err(lost()),
            Some(Fault::Throttled) => return Err(throttled(&mut self.0.truth())),
            Some(Fault::Refused) => return Err(refused(&mut self.0.truth())),
            Some(Fault::LateEffect) => {
                let mut truth = self.0.truth();
                let at = truth.true_now() + Span(truth.chance.ms(200, 1_900));
                if let Some(project) = truth.project(service) {
                    project.write_late(write, at);
                }
                return Err(lost());
            }
            Some(Fault::CallHangs) => {
                let takes = Span(self.0.truth().chance.ms(0, 13_000));
                self.0.wait(takes).await;
            }
            _ => {}
        }
        let taken = {
            let mut truth = self.0.truth();
            let now = truth.true_now();
            let Some(project) = truth.project(service) else {
                return Err(error(PortErrorKind::Missing, "no such project"));
            };
            let taken = project.write(&write, fault, now);
            truth.judge(&taken);
            truth.did(format!("{service}: {}", write.target()));
            truth.tell(|| format!("the provider: {taken:?}"));
            taken
        };
        match (taken, fault) {
            (Taken::No(why), _) => Err(error(PortErrorKind::Rejected, why)),
            (_, Some(Fault::LostAfter)) => Err(lost()),
            (_, Some(Fault::CallHangs)) => std::future::pending().await,
            (Taken::Changes(_) | Taken::Arms(_) | Taken::Nothing, _) => Ok(()),
        }
    }
}

/// A call that is being made.
struct Calling {
    night: Arc<Night>,
    service: ServiceId,
}

impl Drop for Calling {
    fn drop(&mut self) {
        self.night.truth().promises.called(&self.service);
    }
}

/// The write that a call is; a planted fault may make it another one.
fn write_of(truth: &Truth, effect: Effect, confirmation: Option<String>) -> Write {
    match effect {
        Effect::Rollback { to, .. } if truth.planted == Some(Bug::PromoteForLayer1) => {
            Write::Promote(to, confirmation)
        }
        Effect::Rollback { to, .. } => Write::Rollback(to, confirmation),
        Effect::Promote { to } => Write::Promote(to, confirmation),
        Effect::Disarm => Write::Disarm,
        Effect::Arm => Write::Arm,
    }
}

#[async_trait]
impl Provider for Ports {
    async fn pointer(&self, service: &ServiceId) -> Result<Pointer, PortError> {
        self.reading(Op::Read, service, |truth, fault| {
            let missing = || error(PortErrorKind::Missing, "no such project");
            let project = truth.project(service).ok_or_else(missing)?;
            let mut pointer = match fault {
                Some(Fault::ReadStale) => project.stale_pointer(),
                _ => project.pointer(),
            };
            if fault == Some(Fault::FlagUnreadable) {
                pointer.assignment = Assignment::CannotTell;
            }
            let now = truth.events;
            truth.tell(|| {
                format!(
                    "read of {service}: {:?} {:?} {:?}",
                    pointer.live, pointer.assignment, pointer.job
                )
            });
            truth.promises.read(service, now, pointer.clone());
            Ok(pointer)
        })
        .await
    }

    async fn deployments(&self, service: &ServiceId) -> Result<Vec<Deployment>, PortError> {
        self.reading(Op::Read, service, |truth, _| {
            Ok(truth.project(service).map(|project| project.deployments()).unwrap_or_default())
        })
        .await
    }

    async fn deployment(&self, service: &ServiceId, name: &str) -> Result<Deployment, PortError> {
        self.reading(Op::Read, service, |truth, _| {
            let found = truth.project(service).and_then(|project| project.find(name).cloned());
            found.ok_or_else(|| error(PortErrorKind::Missing, "no such deployment"))
        })
        .await
    }

    async fn plan(&self, service: &ServiceId) -> Result<Plan, PortError> {
        self.reading(Op::Read, service, |truth, _| {
            let plan = truth.project(service).map(|project| project.plan());
            plan.ok_or_else(|| error(PortErrorKind::Missing, "no such project"))
        })
        .await
    }

    async fn failed_aliases(&self, service: &ServiceId) -> Result<Vec<FailedAlias>, PortError> {
        self.reading(Op::Read, service, |truth, _| {
            Ok(truth.project(service).map(|project| project.failed_aliases()).unwrap_or_default())
        })
        .await
    }

    async fn rollback(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
        reason: &str,
    ) -> Result<(), PortError> {
        let effect = Effect::Rollback { to: to.clone(), reason: reason.to_owned() };
        self.writing(service, effect).await
    }

    async fn disarm(&self, service: &ServiceId) -> Result<(), PortError> {
        self.writing(service, Effect::Disarm).await
    }

    async fn promote(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
    ) -> Result<deployment::Taken, PortError> {
        self.writing(service, Effect::Promote { to: to.clone() }).await?;
        // A job that waits is told as queued, or as taken: both happen. What is queued has an hour, so it does not hang.
        let is_queued = {
            let mut truth = self.0.truth();
            let hangs = truth.project(service).is_some_and(|project| project.hangs());
            truth.chance.in_thousand(200) && !hangs
        };
        Ok(if is_queued { deployment::Taken::Queued } else { deployment::Taken::Accepted })
    }

    async fn arm(&self, service: &ServiceId) -> Result<(), PortError> {
        self.writing(service, Effect::Arm).await
    }

    async fn error_log(&self, _: &ServiceId, _: &DeploymentId) -> Result<ErrorLog, PortError> {
        Err(error(PortErrorKind::Missing, "no request logs"))
    }

    async fn traffic(&self, _: &ServiceId, _: Window) -> Result<Traffic, PortError> {
        Err(error(PortErrorKind::Missing, "no request logs"))
    }
}

#[async_trait]
impl Prober for Ports {
    async fn probe(&self, service: &ServiceId, target: &Deployment) -> Probe {
        let fault = self.0.begin(Op::Probe, Some(service)).await;
        let probe = {
            let mut truth = self.0.truth();
            let at = truth.now();
            let really = truth.project(service).map(|project| project.seen(&target.id));
            let seen = match (fault, really) {
                (Some(Fault::ProbeNothing), _) | (_, None) => {
                    Seen::NoAnswer { why: "connection refused".to_owned() }
                }
                (Some(Fault::ProbeOther), _) => Seen::NoMarker { status: 200 },
                (Some(Fault::ProbeFailing), Some(Seen::Target)) => {
                    Seen::TargetFailing { status: 500, path: "/".to_owned() }
                }
                (_, Some(really)) => really,
            };
            truth.promises.probed(service, &target.id, seen == Seen::Target);
            Probe { at, target: target.id.clone(), seen }
        };
        self.0.end(fault).await;
        probe
    }
}
