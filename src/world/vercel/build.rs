//! Builds that a push sets off.
//!
//! ```text
//! pushed ── 1 s ──▶ BUILDING ── at 6 s, or later ──▶ READY, or ERROR
//! ```
//! As with jobs, nothing runs in the background: how far a build is follows from the world's time.

use super::seed::{Health, ModelDeployment, Substate, Target};
use crate::domain::ids::DeploymentId;
use crate::domain::time::{Span, Timestamp};

/// How long a build waits, and how long it takes in all.
pub(super) const QUEUED_FOR: Span = Span::seconds(1);
pub(super) const TAKES: Span = Span::seconds(6);

/// The branch whose builds are for production.
pub const PRODUCTION_BRANCH: &str = "main";

/// Commits that somebody pushed to a branch, by the newest of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The branch.
    pub branch: String,
    /// The commit, 40 hexadecimal digits.
    pub sha: String,
    /// Its message.
    pub message: String,
    /// Who wrote it.
    pub author: String,
    /// When it was pushed.
    pub at: Timestamp,
}

/// A build that has not ended.
#[derive(Clone, Debug)]
pub(super) struct Build {
    pub(super) id: DeploymentId,
    starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) ending: BuildEnding,
}

/// How a build will end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BuildEnding {
    Ready,
    Fails,
}

impl Push {
    pub(super) fn target(&self) -> Target {
        if self.branch == PRODUCTION_BRANCH { Target::Production } else { Target::Preview }
    }

    /// The same commit is the same build wherever it is looked at; a preview of it is another one.
    pub(super) fn id(&self) -> DeploymentId {
        let digits = match self.target() {
            Target::Production => self.sha.get(..28),
            Target::Preview => self.sha.get(12..),
        };
        format!("dpl_{}", digits.unwrap_or(&self.sha)).as_str().into()
    }

    fn host(&self, project: &str) -> String {
        let short = self.sha.get(..7).unwrap_or(&self.sha);
        match self.target() {
            Target::Production => format!("{project}-{short}-demo.vercel.app"),
            Target::Preview => {
                let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
                let branch: String = self.branch.chars().map(plain).take(40).collect();
                let branch = branch.to_ascii_lowercase();
                format!("{project}-git-{branch}-{short}-demo.vercel.app")
            }
        }
    }

    /// The deployment that comes of it, as it is at first.
    pub(super) fn deployment(self, project: &str, health: Health) -> ModelDeployment {
        ModelDeployment {
            id: self.id(),
            host: self.host(project),
            target: self.target(),
            sha: self.sha,
            message: self.message,
            author: self.author,
            branch: self.branch,
            created_at: self.at,
            ready_at: None,
            state: "QUEUED".to_owned(),
            substate: None,
            promoted_at: None,
            health,
        }
    }
}

impl Build {
    pub(super) fn new(id: DeploymentId, at: Timestamp, takes: Span, ending: BuildEnding) -> Self {
        Self { id, starts_at: at + QUEUED_FOR, ends_at: at + takes, ending }
    }

    /// Shows on the deployment how far it is, and whether it has ended.
    pub(super) fn shows_on(&self, deployment: &mut ModelDeployment, now: Timestamp) -> Progress {
        if now < self.ends_at {
            let word = if now < self.starts_at { "QUEUED" } else { "BUILDING" };
            word.clone_into(&mut deployment.state);
            return Progress::UnderWay;
        }
        match self.ending {
            BuildEnding::Fails => "ERROR".clone_into(&mut deployment.state),
            BuildEnding::Ready => {
                "READY".clone_into(&mut deployment.state);
                deployment.ready_at = Some(self.ends_at);
                if deployment.target == Target::Production {
                    deployment.substate = Some(Substate::Staged);
                }
            }
        }
        Progress::Ended
    }
}

/// Whether a build has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    UnderWay,
    Ended,
}
