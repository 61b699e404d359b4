//! What can happen to a confirmed move of the pointer, rollback or promote, in its incident's stream.

use serde::{Deserialize, Serialize};

use crate::domain::deployment::{Assignment, FailedAlias, Live};
use crate::domain::ids::{DeploymentId, EffectId};
use crate::domain::probe::Probe;
use crate::domain::time::{Span, Timestamp};

/// A change of the outside world that the plan calls for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Ask the provider to roll back to exactly this deployment. Layer 1 knows no other way to move the pointer: a promote
    /// would re-arm automatic assignment (G6).
    Rollback {
        /// The target.
        to: DeploymentId,
        /// The reason that the provider shows, at most 250 characters.
        reason: String,
    },
    /// Switch automatic assignment off.
    Disarm,
    /// Ask the provider to promote exactly this deployment: the last step, which re-arms.
    Promote {
        /// The target.
        to: DeploymentId,
    },
    /// Switch automatic assignment on, as it was before the flip.
    Arm,
}

/// How a sent effect ended, as far as its own answer tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider took it.
    Accepted,
    /// The provider took it and carries it out later, behind something of its own.
    Queued,
    /// The provider surely did nothing and may be asked again after the span.
    NotTaken {
        /// Why: foreign text.
        why: String,
        /// How long to wait.
        retry_after: Span,
    },
    /// The provider said no. It may still mean "already there".
    Refused {
        /// Its own sentence: foreign text.
        why: String,
    },
    /// Nobody knows.
    Unknown {
        /// Why not.
        why: String,
    },
}

/// Why a flip did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlipFailure {
    /// The provider said no, and production is where it was.
    Refused {
        /// Its own sentence: foreign text.
        why: String,
    },
    /// Some production names were not moved.
    Aliases(Vec<FailedAlias>),
    /// The provider skipped the job.
    Skipped,
    /// The job did not end within its limit.
    JobTimedOut,
    /// Production was moved elsewhere by somebody else meanwhile.
    MovedElsewhere {
        /// Where it points now.
        live: Live,
    },
    /// It was sent as often as the rules allow and never took effect.
    NeverApplied,
}

/// What was seen while an effect's outcome was unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The world shows that it happened.
    Applied,
    /// One reading shows that it did not; one more, some seconds later, must agree.
    NotAppliedOnce,
    /// Two agreeing readings show that it did not happen.
    NotApplied,
}

/// Events of a flip, in its incident's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum FlipEvent {
    /// Automatic assignment is on after the flip: switching it off is intended.
    DisarmIntended {
        /// The intent's id.
        effect: EffectId,
    },
    /// The call is about to be made.
    EffectStarted {
        /// Which.
        effect: EffectId,
        /// Which try, from 1.
        attempt: u32,
        /// When the provider's last job was asked for, as it was read right before; `None`: as it was at the question.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        job_before: Option<Timestamp>,
    },
    /// The call ended, as far as its own answer tells.
    EffectEnded {
        /// Which.
        effect: EffectId,
        /// How.
        outcome: Outcome,
    },
    /// The world was read while the outcome was unknown.
    EffectObserved {
        /// Which.
        effect: EffectId,
        /// What was found.
        finding: Finding,
    },
    /// The provider's job is done: the control plane says target.
    JobSucceeded {
        /// Which effect asked for it.
        effect: EffectId,
    },
    /// Fresh answers of production come from the target.
    FlipProven {
        /// How many fresh answers in a row agreed.
        agreeing: u32,
    },
    /// The control plane says target, production does not answer from it within the limit.
    FlipNotServing {
        /// The last look.
        last: Probe,
    },
    /// The flip did not come to its end.
    FlipFailed {
        /// Why.
        failure: FlipFailure,
    },
    /// Automatic assignment is off after a promote, and was on before the incident: switching it on is intended.
    ArmIntended {
        /// The intent's id.
        effect: EffectId,
    },
    /// Production failed a look after the promote; the next looks decide.
    WatchTroubled {
        /// What went wrong: may hold foreign text.
        why: String,
    },
    /// It was well again at the next look.
    WatchCalmed,
    /// Production was well for the whole watch after the promote.
    WatchPassed,
    /// Production fails after the promote.
    WatchFailed {
        /// What goes wrong: may hold foreign text.
        why: String,
    },
    /// The assignment flag was read back after the flip.
    AssignmentRead {
        /// What it says.
        assignment: Assignment,
    },
}
