//! What people wish for, and the question that is put to them: shall production move from here to there?

use serde::{Deserialize, Serialize};

use crate::domain::actor::Person;
use crate::domain::deployment::{Assignment, Deployment};
use crate::domain::fact::Fact;
use crate::domain::fix::Main;
use crate::domain::ids::{ConfirmationId, DeploymentId, VerificationId};
use crate::domain::refusal::Refusal;
use crate::domain::service::Channel;
use crate::domain::time::{Span, Timestamp};

/// Which way production moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A rollback, to what served before.
    Back,
    /// A promote, to the verified fix.
    Forward,
}

/// What a person asked a rollback or a promote to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The target as typed; `None`: the best one.
    pub to: Option<String>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Where they asked, so that a refusal finds them.
    pub asked_in: Option<Channel>,
}

/// A question put to people: shall production move from here to there?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its id.
    pub id: ConfirmationId,
    /// Who asked for it.
    pub requester: Person,
    /// What is live.
    pub from: Deployment,
    /// What shall be live.
    pub to: Candidate,
    /// What else would qualify, best first.
    pub others: Vec<Candidate>,
    /// The target as the requester typed it; `None`: we chose it.
    pub named: Option<String>,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// Where it was asked for, so that an answer finds the requester.
    pub asked_in: Option<Channel>,
    /// What it is bound to besides from and to.
    pub bound: Binding,
    /// What else is to be known of it if it is a promote; `None`: a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Box<Promotion>>,
    /// When it was put.
    pub issued_at: Timestamp,
    /// When it can no longer be pressed.
    pub expires_at: Timestamp,
}

impl Confirmation {
    /// Which way production moves.
    pub fn direction(&self) -> Direction {
        if self.promotion.is_some() { Direction::Forward } else { Direction::Back }
    }

    /// The same wish again, for this target; `None`: we choose.
    pub fn wish_for(&self, to: Option<String>) -> Wish {
        Wish { to, reason: self.reason.clone(), asked_in: self.asked_in.clone() }
    }
}

/// What a promote rests on, and what it sets free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Automatic assignment as it was before the first flip: the last step restores it.
    pub baseline: Assignment,
    /// The verification that passed; `None`: overridden.
    pub verified: Option<(VerificationId, Timestamp)>,
    /// Main as it stands: with automatic assignment on, the next merge ships what is after the deployment.
    pub main: Option<Fact<Main>>,
    /// The pull request of the fix that it contains; `None`: there was none, or an earlier version put the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<u64>,
    /// What speaks against it (G7) and is overridden by two people for a reason.
    pub overridden: Vec<Refusal>,
}

/// What a confirmation is bound to besides its deployments: a change of these voids it, nothing else does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The assignment flag as read; also the baseline that the last step of the runbook restores.
    pub assignment: Assignment,
    /// The target of a job of the provider that was moving names when it was read.
    pub pending_job: Option<DeploymentId>,
    /// The digest of the service's configuration.
    pub config_digest: String,
}

/// A deployment that one could roll back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The deployment.
    pub deployment: Deployment,
    /// How long it served production, where that can be told.
    pub served_for: Option<Span>,
}
