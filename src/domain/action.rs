//! What a button does. The button itself carries only an opaque value; this is what that value stands for.

use serde::{Deserialize, Serialize};

use super::event::Task;
use super::ids::{ConfirmationId, DeploymentId};

/// What pressing a button of an incident does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Says yes to a confirmation: production moves.
    Confirm(ConfirmationId),
    /// Takes the rollback back, as long as nothing was sent.
    Cancel,
    /// Shows the other eligible targets.
    ChooseAnother(ConfirmationId),
    /// Asks for a confirmation of another target.
    Choose(ConfirmationId, DeploymentId),
    /// Looks at the world again and asks anew, after a confirmation expired or was voided.
    Renew,
    /// Verifies what the runbook needs next: the fix's build, or production.
    Verify,
    /// Asks what taking the bad change back would do; it moves nothing.
    Revert,
    /// Opens the revert that was tried out.
    OpenRevert(ConfirmationId),
    /// Merges the fix, at exactly this head.
    Merge(String),
    /// Asks for the last step: promote what was verified.
    Promote,
    /// Agrees as a second person that the code was fine.
    Agree,
    /// Takes over something that a rollback cannot undo.
    TakeTask(Task),
    /// Shows the incident's card to the person who asks.
    ShowCard,
    /// Asks its person for the reason that is lacking; it changes nothing.
    GiveReason(Lacks),
    /// What a form does that was sent with a reason. It is never a button.
    Reasoned(Lacks, String),
}

/// What lacks a reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lacks {
    /// The question of a rollback that takes away what its target's code needs (G4).
    Rollback(ConfirmationId),
    /// A promote that something speaks against (G7).
    Promote,
}

/// A reason has at most this many characters.
pub const LONGEST_REASON: usize = 200;

impl Action {
    /// The stable name that platforms see; it carries no authority.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Confirm(_) => "confirm",
            Self::Cancel => "cancel",
            Self::ChooseAnother(_) => "choose_another",
            Self::Choose(..) => "choose",
            Self::Renew => "renew",
            Self::Verify => "verify",
            Self::Revert => "revert",
            Self::OpenRevert(_) => "open_revert",
            Self::Merge(_) => "merge",
            Self::Promote => "promote",
            Self::Agree => "agree",
            Self::TakeTask(_) => "take_task",
            Self::ShowCard => "show_card",
            Self::GiveReason(_) => "give_reason",
            Self::Reasoned(..) => "reasoned",
        }
    }

    /// Whether one press uses the button up. The others can be pressed as often as one likes.
    pub fn is_single_use(&self) -> bool {
        matches!(self, Self::Confirm(_) | Self::OpenRevert(_))
    }
}
