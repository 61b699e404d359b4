//! The domain's "no". An answer, not an error: the chat layer says each in a plain sentence with what to do next.

use serde::{Deserialize, Serialize};

use super::actor::{Person, Platform, Role};
use super::deployment::BuildState;
use super::fix::GateVerdict;
use super::ids::{DeploymentId, IncidentId};
use super::time::{Span, Timestamp};

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// G11: the person has no role, or too small a one.
    NotAllowed {
        /// The role that is needed.
        needs: Role,
        /// The role that the person has.
        has: Option<Role>,
    },
    /// G11: a group that could give the role was not read lately enough to tell who is in it.
    RightsUnknown {
        /// The role that is needed.
        needs: Role,
        /// Whose groups.
        platform: Platform,
    },
    /// G11: a step that takes two people waits until the groups can be read again.
    GroupsUnreadable {
        /// Whose groups.
        platform: Platform,
        /// When they were last read; `None`: never since the start.
        read_at: Option<Timestamp>,
        /// Why not since: may hold foreign text.
        why: Option<String>,
    },
    /// G12: the service names approvers, and neither of the two is one.
    ApproverNeeded,
    /// G12: the yes is counted, and another person's is needed.
    YesCounted {
        /// Until when.
        until: Timestamp,
    },
    /// G12: nobody goes on alone here.
    NotAlone,
    /// G12: not before others had the time to answer.
    AloneTooEarly {
        /// From when on.
        from: Timestamp,
    },
    /// Only people may ask for this.
    NotAPerson,
    /// There is no open incident to act on.
    NoIncident,
    /// The incident is over.
    IncidentOver,
    /// The bot is halted.
    Halted {
        /// By whom.
        by: Person,
        /// Since when.
        since: Timestamp,
    },
    /// `/incident resume` without a halt.
    NotHalted,
    /// G1: a preview never held production.
    Preview(DeploymentId),
    /// G1: not known to have served production.
    NeverServed(DeploymentId),
    /// The build is not ready.
    NotReady(DeploymentId, BuildState),
    /// G2: it is what production runs now.
    AlreadyLive(DeploymentId),
    /// G2: it was marked bad.
    MarkedBad(DeploymentId, IncidentId),
    /// G2: nothing was named, and the live deployment is not the suspect: production was rolled back already.
    NameATarget {
        /// What is live.
        live: DeploymentId,
    },
    /// G2: production names point at several deployments.
    PointerMoving,
    /// Nothing is live: the provider knows no production deployment.
    NothingLive,
    /// No deployment qualifies.
    NoTarget,
    /// Several deployments fit what was typed.
    AmbiguousTarget {
        /// What was typed.
        typed: String,
        /// What fits, at most five, as id and short commit.
        fits: Vec<String>,
    },
    /// No deployment fits what was typed.
    UnknownTarget {
        /// What was typed.
        typed: String,
    },
    /// G3: the plan allows only the immediately previous production deployment.
    PlanLimit {
        /// What was asked for.
        asked: DeploymentId,
        /// What the plan allows, where known.
        allows: Option<DeploymentId>,
    },
    /// G4: a destructive migration is overridden only for a reason.
    OverrideNeedsReason {
        /// The target.
        target: DeploymentId,
    },
    /// G4, G12: a destructive migration is overridden only by somebody else than the one who asked.
    SecondPersonNeeded,
    /// G13: another effect holds the pointer.
    PointerHeld {
        /// The incident that holds it.
        by: IncidentId,
        /// Since when.
        since: Timestamp,
    },
    /// G10: somebody was first.
    AlreadyConfirmed {
        /// Who.
        by: Person,
        /// When.
        at: Timestamp,
    },
    /// G10: somebody took it back.
    Cancelled {
        /// Who.
        by: Person,
        /// When.
        at: Timestamp,
    },
    /// G10: too late.
    Expired,
    /// G10: what the button was bound to has changed; a fresh card is on its way.
    Voided(Void),
    /// Cancel came after the effect was sent.
    TooLateToCancel {
        /// When it was sent.
        sent: Timestamp,
    },
    /// There is nothing to cancel.
    NothingToCancel,
    /// A flip is under way; wait for it.
    FlipUnderWay,
    /// A blip cannot have been flipped.
    FlippedNotBlip,
    /// `/incident close` while nothing ended the incident, without a reason.
    CloseNeedsReason,
    /// The world could not be read, so nothing was decided.
    CannotRead {
        /// What was tried: foreign text.
        why: String,
    },
    /// `/incident press` with a code that fits no button of this person in this channel.
    WrongCode {
        /// How many tries are left.
        left: u32,
    },
    /// Too many wrong codes.
    CodesLocked {
        /// For how long.
        wait: Span,
    },
    /// The button is not known here: from another version, another installation, or too old.
    UnknownButton,
    /// It took too long to be stored, so it was not acted on.
    NotAccepted,
    /// It is stored, and nothing was decided yet: the provider is slow.
    NotYet,
    /// The forge was to merge the fix by itself; that is being ended first.
    MergeUnsettled {
        /// The pull request.
        number: u64,
    },
    /// It is stored, and nothing was decided yet: the journal cannot be written at the moment.
    NotRecorded,
    /// The press came from a channel that the incident is not shown in.
    WrongChannel,
    /// G5: production is still broken; the pointer comes first.
    FlipFirst,
    /// The service has no repository, so there is nothing to revert.
    NoRepository,
    /// What was typed is neither a commit, nor a pull request's number, nor a range.
    UnknownChange {
        /// What was typed.
        typed: String,
    },
    /// It is not known which change is the bad one: name it.
    NameTheChange,
    /// The forge says that this cannot be taken back.
    CannotRevert {
        /// Why: may hold foreign text.
        why: String,
    },
    /// Nothing of the bad change is left on main.
    AlreadyReverted,
    /// The fix is on main already.
    AlreadyMerged,
    /// There is no pull request to act on.
    NoFix,
    /// The pull request was changed since the button was shown.
    HeadMoved,
    /// G8: the gate is not green.
    GateNotGreen {
        /// What it says instead.
        verdict: GateVerdict,
    },
    /// G7: there is no fix on main yet.
    NoFixMerged,
    /// G7: the fix is on main, and its build is not ready.
    NoFixBuilt,
    /// G7: this deployment's own verification has not passed.
    NotVerified {
        /// Which.
        deployment: DeploymentId,
        /// What was verified instead, if something was.
        verified: Option<DeploymentId>,
    },
    /// G7: the deployment does not contain the fix.
    LacksFix {
        /// Which.
        deployment: DeploymentId,
    },
    /// G7: the checks of main's newest commit failed.
    MainIsRed,
    /// G7: something that must be known cannot be read.
    CannotTell {
        /// What: may hold foreign text.
        what: String,
    },
    /// G6: the deployment is older than the bad one; going back is a rollback.
    OlderThanBad {
        /// Which.
        deployment: DeploymentId,
    },
    /// A reason is needed.
    ReasonNeeded,
    /// A reason is too long to be kept.
    ReasonTooLong,
    /// Nothing asks for a reason any more.
    NoReasonAsked,
    /// There is nothing to agree to.
    NothingToAgree,
    /// Somebody else must say so: the one who asked cannot.
    OtherPersonNeeded,
}

impl Refusal {
    /// Whether a reason and a second person override it (G7).
    pub fn yields_to_reason(&self) -> bool {
        matches!(
            self,
            Self::NotVerified { .. }
                | Self::LacksFix { .. }
                | Self::NoFixMerged
                | Self::MainIsRed
                | Self::CannotTell { .. }
        )
    }

    /// Whether somebody has no right to what they want, or none that can be told.
    pub fn is_of_rights(&self) -> bool {
        matches!(self, Self::NotAllowed { .. } | Self::RightsUnknown { .. })
    }
}

/// What changed under a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// Production moved to another deployment.
    PointerMoved,
    /// Automatic assignment was switched.
    AssignmentChanged,
    /// Another job of the provider is moving the names.
    JobPending,
    /// The service's configuration changed.
    ConfigChanged,
    /// The bot was halted.
    Halted,
    /// Another target was asked for.
    Superseded,
    /// The one who confirmed may no longer act.
    RightsLost,
    /// It cannot be told any more whether those who confirmed may act.
    RightsUnknown,
    /// It was confirmed too long ago and never sent.
    Stale,
    /// What a promote rested on is gone: a later verification failed, or another fix was named.
    GroundsGone,
}
