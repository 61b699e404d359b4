//! What a button does. The button itself carries only an opaque value; this is what that value stands for.

use serde::{Deserialize, Serialize};

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
    /// Verifies production: is it restored?
    Verify,
    /// Shows the incident's card to the person who asks.
    ShowCard,
}

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
            Self::ShowCard => "show_card",
        }
    }

    /// Whether one press uses the button up. The others can be pressed as often as one likes.
    pub fn is_single_use(&self) -> bool {
        matches!(self, Self::Confirm(_))
    }
}
