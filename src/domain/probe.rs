//! What a fresh look at the production address found.

use serde::{Deserialize, Serialize};

use super::ids::DeploymentId;
use super::time::Timestamp;

/// One fresh fetch of the production address, judged against one deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// When it was made.
    pub at: Timestamp,
    /// The deployment it was judged against.
    pub target: DeploymentId,
    /// What was seen.
    pub seen: Seen,
}

/// What one fetch of the production address saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Every probed page came from the target, with statuses below 500.
    Target,
    /// The target answered, but with a server error: it is live and broken.
    TargetFailing {
        /// The HTTP status.
        status: u16,
        /// The path that failed.
        path: String,
    },
    /// Another deployment answered.
    Other {
        /// The marker that was seen: foreign text, at most 80 characters.
        marker: String,
        /// The HTTP status.
        status: u16,
    },
    /// An answer without a marker, or one that could not be compared.
    NoMarker {
        /// The HTTP status.
        status: u16,
    },
    /// No answer at all.
    NoAnswer {
        /// Why, for people.
        why: String,
    },
}
