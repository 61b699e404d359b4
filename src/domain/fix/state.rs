//! Where an incident's fix is: what the fold of its events says.

use serde::{Deserialize, Serialize};

use super::{FixKind, Gate, Plan, PullRef, PullState, Road, Warning, Wish, Withdrawn};
use crate::domain::actor::Person;
use crate::domain::change::Commit;
use crate::domain::deployment::Deployment;
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::time::{Span, Timestamp};

/// Where Layer 2 is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer2 {
    /// Nobody asked for a fix.
    #[default]
    Idle,
    /// The bad change is looked up and its revert tried out.
    Looking(Looking),
    /// The revert was tried out; a button opens it.
    Planned(Box<Plan>),
    /// Its pull request is being opened.
    Opening(Box<Opening>),
    /// It conflicts: a branch is prepared for a person.
    Prepared(Box<Prepared>),
    /// A pull request is followed.
    Followed(Box<Fix>),
}

/// A wish whose trial is not made yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looking {
    /// The wish.
    pub wish: Wish,
    /// Whose.
    pub by: Person,
    /// Since when.
    pub since: Timestamp,
}

/// A revert that is being opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What was confirmed.
    pub plan: Plan,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The intent's id.
    pub effect: EffectId,
    /// Where the call is.
    pub call: Call,
}

/// A revert that conflicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// What was tried.
    pub plan: Plan,
    /// The branch that a person goes on with.
    pub branch: String,
    /// The files in conflict: foreign text.
    pub files: Vec<String>,
}

/// A pull request that stands for the fix, followed until it is merged and built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// Revert or forward fix.
    pub kind: FixKind,
    /// The pull request.
    pub pull: PullRef,
    /// Who opened or named it.
    pub by: Person,
    /// Since when it is followed.
    pub since: Timestamp,
    /// The incident that it was opened for, if that is another one of the same bad change.
    pub shared_from: Option<IncidentId>,
    /// The newest commit of what it takes back, if it is a revert.
    pub takes_back: Option<String>,
    /// The gate, as last seen.
    pub gate: Option<Gate>,
    /// When the gate was last seen to change.
    pub gate_at: Option<Timestamp>,
    /// When people were last reminded that it waits.
    pub nudged_at: Option<Timestamp>,
    /// The merge that was asked for.
    pub merge: Option<Merge>,
    /// The end of that, where the forge was to merge it by itself.
    pub withdrawal: Option<Withdrawal>,
    /// Main's newest commit, as far as that was looked at.
    pub main_seen: Option<String>,
    /// Other commits that came to main meanwhile (G15), newest first.
    pub main_moved: Vec<Commit>,
    /// The word on the pull requests that brought them.
    pub warnings: Vec<Warning>,
    /// The commit on main, once it is there.
    pub merged: Option<Merged>,
    /// Its production build, once it is ready.
    pub built: Option<Deployment>,
    /// Its production build, if that failed.
    pub build_failed: Option<Deployment>,
}

/// A merge that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The intent's id.
    pub effect: EffectId,
    /// Who pressed.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The pull request's head that they saw: nothing else is merged.
    pub head: String,
    /// By which way.
    pub road: Road,
    /// Where the call is.
    pub call: Call,
}

/// The forge is to be told that it shall not merge by itself any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// The intent's id.
    pub effect: EffectId,
    /// Why.
    pub why: Withdrawn,
    /// Where the call is.
    pub call: Call,
}

/// Where a call to the place of the code is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Nothing was sent; not before the given instant.
    Intended {
        /// Earliest time.
        not_before: Timestamp,
        /// How often it was sent before, surely without effect.
        attempts: u32,
    },
    /// It is being made.
    Sending {
        /// Since when.
        since: Timestamp,
        /// Which try, from 1.
        attempts: u32,
    },
    /// It was made, nobody knows with what result.
    Unknown {
        /// Since when nobody knows.
        since: Timestamp,
        /// Why not.
        why: String,
        /// Which try it was.
        attempts: u32,
        /// When a first reading showed that it did nothing.
        not_applied_at: Option<Timestamp>,
    },
    /// It was taken.
    Taken,
    /// It was refused.
    Refused {
        /// In the other side's words: foreign text.
        why: String,
    },
}

/// The fix on main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit.
    pub sha: String,
    /// Since when that is known.
    pub at: Timestamp,
}

/// A repeat of a call is allowed only after a call that surely did nothing, and at most this often in all.
pub const MOST_ATTEMPTS: u32 = 8;

/// A gate that has not moved for so long is said to wait, with names.
pub const NUDGE_AFTER: Span = Span::minutes(5);

/// A call that did nothing is made again after this, doubled each time, at most two minutes.
const FIRST_PAUSE: Span = Span::seconds(5);
const LONGEST_PAUSE: Span = Span::minutes(2);

impl Call {
    /// Whether it is not over.
    pub fn is_under_way(&self) -> bool {
        match self {
            Self::Intended { .. } | Self::Sending { .. } | Self::Unknown { .. } => true,
            Self::Taken | Self::Refused { .. } => false,
        }
    }

    /// How often it was sent so far.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Intended { attempts, .. }
            | Self::Sending { attempts, .. }
            | Self::Unknown { attempts, .. } => *attempts,
            Self::Taken | Self::Refused { .. } => 0,
        }
    }
}

/// How long to wait after a call that did nothing, the more the oftener.
pub fn pause_after(attempts: u32) -> Span {
    let doubled = FIRST_PAUSE.0.saturating_mul(1_i64 << attempts.saturating_sub(1).min(10));
    Span(doubled.min(LONGEST_PAUSE.0))
}

impl Fix {
    /// Whether somebody closed it without merging it.
    pub fn is_closed(&self) -> bool {
        let is_closed = |gate: &Gate| gate.state == PullState::Closed;
        self.merged.is_none() && self.gate.as_ref().is_some_and(is_closed)
    }

    /// The call of its merge, as long as it is not over.
    pub fn merging(&self) -> Option<&Merge> {
        let merge = self.merge.as_ref().filter(|_| self.merged.is_none())?;
        merge.call.is_under_way().then_some(merge)
    }

    /// The call that is under way, with its effect: a merge, or the end of one.
    pub fn call(&self) -> Option<(&EffectId, &Call)> {
        let withdrawing = self.withdrawing().map(|one| (&one.effect, &one.call));
        withdrawing.or_else(|| self.merging().map(|one| (&one.effect, &one.call)))
    }

    /// The merge that the forge makes by itself as soon as its own gate is green, because somebody here asked for that.
    pub fn armed(&self) -> Option<&Merge> {
        let merge = self.merge.as_ref().filter(|_| self.merged.is_none())?;
        (merge.road == Road::Auto && merge.call == Call::Taken).then_some(merge)
    }

    /// The call that ends that, as long as it is not over.
    pub fn withdrawing(&self) -> Option<&Withdrawal> {
        let withdrawal = self.withdrawal.as_ref().filter(|_| self.merged.is_none())?;
        withdrawal.call.is_under_way().then_some(withdrawal)
    }
}

impl Opening {
    /// Whether the forge said no, so that something else may be asked for.
    pub fn is_refused(&self) -> bool {
        matches!(self.call, Call::Refused { .. })
    }
}
