//! What can happen on the fix's way to main, in its incident's stream.

use serde::{Deserialize, Serialize};

use super::{Fix, FixKind, Gate, Opened, Plan, PullRef, Road, WarningOutcome, Wish};
use crate::domain::actor::Person;
use crate::domain::change::Commit;
use crate::domain::deployment::Deployment;
use crate::domain::event::Finding;
use crate::domain::ids::{ConfirmationId, EffectId, IncidentId};
use crate::domain::refusal::Refusal;
use crate::domain::time::Span;

/// Events of the fix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum FixEvent {
    /// Somebody asked for the bad change to be taken back.
    RevertRequested {
        /// Who.
        by: Person,
        /// What they asked for.
        wish: Wish,
    },
    /// The wish could not be met; nothing was sent.
    RevertRefused {
        /// Why.
        refusal: Refusal,
    },
    /// The revert was tried out, and is shown with a button.
    RevertPlanned {
        /// The plan.
        plan: Box<Plan>,
    },
    /// Somebody said yes: the pull request is intended.
    RevertConfirmed {
        /// Who.
        by: Person,
        /// The plan.
        plan: ConfirmationId,
        /// The intent's id.
        effect: EffectId,
    },
    /// A call to the forge is about to be made.
    ForgeCallStarted {
        /// Which effect.
        effect: EffectId,
        /// Which try, from 1.
        attempt: u32,
    },
    /// The call ended, as far as its own answer tells.
    ForgeCallEnded {
        /// Which effect.
        effect: EffectId,
        /// How.
        outcome: ForgeOutcome,
    },
    /// The forge was read while the outcome was unknown: so far it did nothing.
    ForgeCallObserved {
        /// Which effect.
        effect: EffectId,
        /// What was found.
        finding: Finding,
    },
    /// A pull request is followed from now on.
    FixFollowed {
        /// Revert or forward fix.
        fix_kind: FixKind,
        /// Which.
        pull: PullRef,
        /// Who opened or named it.
        by: Person,
        /// The incident of the same bad change that it was opened for.
        shared_from: Option<IncidentId>,
        /// The newest commit of what it takes back.
        takes_back: Option<String>,
        /// Main's newest commit at that time, where known.
        onto: Option<String>,
    },
    /// The gate moved.
    GateSeen {
        /// As it is now.
        gate: Box<Gate>,
    },
    /// People were reminded that it waits.
    FixNudged,
    /// Somebody asked for the merge.
    MergeConfirmed {
        /// Who.
        by: Person,
        /// The intent's id.
        effect: EffectId,
        /// The head that they saw.
        head: String,
        /// By which way.
        road: Road,
    },
    /// The forge is no longer to merge it by itself.
    MergeWithdrawn {
        /// The intent's id.
        effect: EffectId,
        /// Why not.
        why: Withdrawn,
    },
    /// It is on main.
    FixMerged {
        /// As this commit.
        sha: String,
    },
    /// Its production build is ready.
    FixBuilt {
        /// The deployment.
        deployment: Box<Deployment>,
    },
    /// Its production build failed.
    FixBuildFailed {
        /// The deployment.
        deployment: Box<Deployment>,
    },
    /// Something else came to main while the bad change is still there (G15).
    MainMoved {
        /// What, newest first; nothing at the first look.
        commits: Vec<Commit>,
        /// Main's newest commit.
        head: String,
    },
    /// It is to be said on the pull requests that brought it.
    WarningIntended {
        /// The intent's id.
        effect: EffectId,
        /// What they brought.
        commits: Vec<Commit>,
    },
    /// That is about to be said.
    WarningStarted {
        /// Which effect.
        effect: EffectId,
        /// Which try, from 1.
        attempt: u32,
    },
    /// It was said, or not.
    WarningEnded {
        /// Which effect.
        effect: EffectId,
        /// With what result.
        outcome: WarningOutcome,
    },
    /// The forge cannot be read at the moment; the bot goes on trying.
    ForgeTroubleMet {
        /// What fails: foreign text.
        what: String,
    },
    /// It can be read again.
    ForgeTroubleOver,
}

/// How a call to the forge ended, as far as its own answer tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForgeOutcome {
    /// A revert was opened, or why there is none.
    Opened(Opened),
    /// The merge was taken.
    MergeTaken,
    /// The forge does not merge it by itself any more.
    CalledOff,
    /// The forge surely did nothing and may be asked again after the span.
    NotTaken {
        /// Why: foreign text.
        why: String,
        /// How long to wait.
        retry_after: Span,
    },
    /// The forge said no.
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

/// A call that the plan of Layer 2 calls for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForgeCall {
    /// Open the revert.
    OpenRevert(super::Order),
    /// Merge the fix.
    Merge {
        /// The pull request.
        number: u64,
        /// Its head.
        head: String,
        /// By which way.
        road: Road,
    },
    /// Let the forge no longer merge the fix by itself.
    CallOff {
        /// The pull request.
        number: u64,
    },
}

/// Why the forge is no longer to merge a fix by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withdrawn {
    /// Its branch has another head than the one that somebody saw.
    HeadMoved,
    /// Its gate is red or cannot be read.
    NotGreen,
    /// It is not what the incident goes on with.
    NotWanted,
}

impl Fix {
    /// A fix that is followed from now on.
    pub(crate) fn followed(
        event: &FixEvent,
        since: crate::domain::time::Timestamp,
    ) -> Option<Self> {
        let FixEvent::FixFollowed { fix_kind, pull, by, shared_from, takes_back, onto } = event
        else {
            return None;
        };
        Some(Self {
            kind: *fix_kind,
            pull: pull.clone(),
            by: by.clone(),
            since,
            shared_from: *shared_from,
            takes_back: takes_back.clone(),
            main_seen: onto.clone(),
            gate: None,
            gate_at: None,
            nudged_at: None,
            merge: None,
            withdrawal: None,
            main_moved: Vec::new(),
            warnings: Vec::new(),
            merged: None,
            built: None,
            build_failed: None,
        })
    }
}
