//! Deployments and the pointer, as a provider reports them.

use serde::{Deserialize, Serialize};

use super::ids::DeploymentId;
use super::time::Timestamp;

/// An immutable build at a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deployment {
    /// The provider's id.
    pub id: DeploymentId,
    /// The host of the deployment's own address, without scheme.
    pub host: String,
    /// The full commit id, lower-case hexadecimal, where known.
    pub sha: Option<String>,
    /// The first line of the commit message: foreign text.
    pub subject: Option<String>,
    /// Who wrote the commit: foreign text.
    pub author: Option<String>,
    /// When the build was made.
    pub created_at: Timestamp,
    /// When it was last given the production names, where known.
    pub promoted_at: Option<Timestamp>,
    /// Built for production or as a preview.
    pub kind: DeploymentKind,
    /// How far the build came.
    pub state: BuildState,
    /// Whether it has ever served production traffic.
    pub served: Served,
    /// The provider's own word on whether one may roll back to it, where it gives one.
    pub provider_allows: Option<bool>,
}

impl Deployment {
    /// A deployment of which nothing but the id is known.
    pub fn known_by_id_only(id: &DeploymentId) -> Self {
        Self {
            id: id.clone(),
            host: String::new(),
            sha: None,
            subject: None,
            author: None,
            created_at: Timestamp(0),
            promoted_at: None,
            kind: DeploymentKind::Other,
            state: BuildState::Unrecognised,
            served: Served::NotSaid,
            provider_allows: None,
        }
    }

    /// The first seven digits of the commit.
    pub fn short_sha(&self) -> Option<&str> {
        self.sha.as_deref().map(|sha| sha.get(..7).unwrap_or(sha))
    }
}

/// What a deployment was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeploymentKind {
    /// Built from the production branch with production settings.
    Production,
    /// Built for a branch or pull request.
    Preview,
    /// Any other environment.
    Other,
}

/// How far a build came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// Built and able to serve.
    Ready,
    /// Still queued or building.
    Building,
    /// The build failed or was cancelled.
    Failed,
    /// Deleted by somebody or by retention.
    Gone,
    /// A state this version does not know: never eligible.
    Unrecognised,
}

/// Whether a deployment has ever served production traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// The provider says it has.
    Yes,
    /// The provider says it has not.
    No,
    /// The provider does not say.
    NotSaid,
}

/// What the provider's control plane says about production, in one reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pointer {
    /// What production resolves to.
    pub live: Live,
    /// Whether new production builds take the production names by themselves.
    pub assignment: Assignment,
    /// The provider's last job that moved names, if any.
    pub job: Option<PointerJob>,
    /// The plan, where this reading carries it.
    pub plan: Option<Plan>,
}

impl Pointer {
    /// What a move starts from: what is live. Where a failed job left the names apart nothing moves any more, and it is
    /// what the provider itself still calls production, so that the move can be made again.
    pub fn origin(&self) -> Option<&DeploymentId> {
        let has_failed = self.job.as_ref().is_some_and(|job| job.status == JobStatus::Failed);
        match &self.live {
            Live::At(id) => Some(id),
            Live::Split(ids) if has_failed => ids.first(),
            Live::Split(_) | Live::Nothing => None,
        }
    }
}

/// What production resolves to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// All production names agree.
    At(DeploymentId),
    /// Production names point at different deployments: moving, or half moved. What the provider itself calls
    /// production comes first.
    Split(Vec<DeploymentId>),
    /// Nothing is live.
    Nothing,
}

impl Live {
    /// The one deployment that is live, if there is exactly one.
    pub fn id(&self) -> Option<&DeploymentId> {
        match self {
            Self::At(id) => Some(id),
            Self::Split(_) | Self::Nothing => None,
        }
    }
}

/// Whether the next production build goes live by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assignment {
    /// Automatic: armed.
    On,
    /// Pinned.
    Off,
    /// The provider does not say: treated as pinned, shown as "cannot tell".
    CannotTell,
}

/// A provider's job that moves production names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerJob {
    /// Rollback or promote.
    pub kind: JobKind,
    /// Where it moved from, where known.
    pub from: Option<DeploymentId>,
    /// Where it moves to.
    pub to: DeploymentId,
    /// How far it is.
    pub status: JobStatus,
    /// When it was asked for, by the provider's clock.
    pub requested_at: Timestamp,
}

/// What kind of job moves the names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobKind {
    /// To an earlier deployment; switches automatic assignment off.
    Rollback,
    /// To a newer one; switches it on.
    Promote,
    /// A kind this version does not know.
    Unrecognised,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Asked for or running.
    Running,
    /// The provider says it is done.
    Succeeded,
    /// Some or all names could not be moved.
    Failed,
    /// Not carried out; neither success nor failure.
    Skipped,
    /// A word this version does not know: never success.
    Unrecognised,
}

/// How a provider took the request to move production; either way it is not done yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taken {
    /// A job moves the names now.
    Accepted,
    /// It waits until a rolling release is over: there is no job yet.
    Queued,
}

/// The billing plan, as far as it limits rollbacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// Only the immediately previous production deployment can be rolled back to.
    Hobby,
    /// Any deployment that has served production.
    Paid,
}

/// One production name that a job did not move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedAlias {
    /// The name, for example `shop.example.com`: foreign text.
    pub name: String,
    /// The provider's word for its state.
    pub state: String,
}
