//! The hosting side: the control plane that moves the pointer, and the data plane that customers see.

use async_trait::async_trait;

use crate::domain::deployment::{Deployment, FailedAlias, Plan, Pointer, Taken};
use crate::domain::ids::{DeploymentId, ServiceId};
use crate::domain::log::{ErrorLog, Traffic, Window};
use crate::domain::probe::Probe;
use crate::domain::time::Span;
use crate::domain::verification::{Goal, Walk};

/// Why a call to the outside did not give what was asked. The engine branches on the kind, never on the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct PortError {
    /// What it means for us.
    pub kind: PortErrorKind,
    /// A plain fragment for people and logs, without secrets and without raw bodies; holds the vendor's own sentence
    /// where it gave one (foreign text).
    pub message: String,
}

/// What a failed call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortErrorKind {
    /// Surely not carried out; may be tried again after the span.
    Transient {
        /// How long the other side asked us to wait; zero when it did not say.
        retry_after: Span,
    },
    /// The other side said no (400, 402, 409, 410, 422 …). It may mean "already there": read before believing it.
    Rejected,
    /// No such thing, or not in this scope.
    Missing,
    /// Token or permission.
    Unauthorised,
    /// Sent, no trustworthy answer: it may have happened.
    Ambiguous,
}

/// The control plane of a hosting provider: moves the pointer and says where it is.
#[async_trait]
pub trait Provider: Send + Sync {
    /// One reading of where production points.
    async fn pointer(&self, service: &ServiceId) -> Result<Pointer, PortError>;
    /// Production deployments, newest build first, as many as one needs to choose from (at least 20 where they exist).
    async fn deployments(&self, service: &ServiceId) -> Result<Vec<Deployment>, PortError>;
    /// One deployment by id, host or address; also previews.
    async fn deployment(&self, service: &ServiceId, name: &str) -> Result<Deployment, PortError>;
    /// The plan, as far as it limits rollbacks.
    async fn plan(&self, service: &ServiceId) -> Result<Plan, PortError>;
    /// Production names that the last job did not move.
    async fn failed_aliases(&self, service: &ServiceId) -> Result<Vec<FailedAlias>, PortError>;
    /// Asks once for a rollback to exactly this deployment. `Ok` means accepted, not done. Never repeats a write by itself.
    async fn rollback(
        &self,
        service: &ServiceId,
        to: &DeploymentId,
        reason: &str,
    ) -> Result<(), PortError>;
    /// Switches automatic assignment off. Never repeats a write by itself.
    async fn disarm(&self, service: &ServiceId) -> Result<(), PortError>;
    /// Asks once for a promote of exactly this deployment. `Ok` means taken, not done: the pointer and the assignment are
    /// to be read back, for a promote does not always switch the assignment on. A deployment that is live already is
    /// `Rejected`. Never repeats a write by itself.
    async fn promote(&self, service: &ServiceId, to: &DeploymentId) -> Result<Taken, PortError>;
    /// Switches automatic assignment on; production stays where it is. Never repeats a write by itself.
    async fn arm(&self, service: &ServiceId) -> Result<(), PortError>;
    /// What the request log says of a deployment since it was built. Bounded in time and size. A provider that keeps no
    /// such log, or no longer offers it, answers `Missing`: that is "not known" and holds nothing up.
    async fn error_log(
        &self,
        service: &ServiceId,
        deployment: &DeploymentId,
    ) -> Result<ErrorLog, PortError>;
    /// The requests that production got in a window, whichever deployment answered them. Bounded and answered as
    /// [`Self::error_log`].
    async fn traffic(&self, service: &ServiceId, window: Window) -> Result<Traffic, PortError>;
}

/// The data plane: what customers get.
#[async_trait]
pub trait Prober: Send + Sync {
    /// One fresh look at the production address, judged against `target`. Bounded in time; never fails, an unreachable
    /// production is a result.
    async fn probe(&self, service: &ServiceId, target: &Deployment) -> Probe;
}

/// The data plane, as somebody who buys something meets it.
#[async_trait]
pub trait Walker: Send + Sync {
    /// Walks the service's journeys at the goal, each as a fresh visitor. Bounded in time; never fails, an unreachable
    /// deployment is a result. The journeys are configured so that they may be walked again.
    async fn walk(&self, service: &ServiceId, goal: &Goal) -> Walk;
}
