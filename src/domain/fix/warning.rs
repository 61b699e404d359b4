//! The word on pull requests that brought something else to main while the bad change is there (G15), for services
//! whose configuration allows it. Owns its nouns and how often it is tried. Nothing ever waits for it.
//!
//! ```text
//! Due ─started→ Sending ─said, or refused→ Over
//!  ↑               │ nobody knows, or surely not
//!  └───────────────┘ after a minute, three times in all
//! ```
//! A repeat is no second comment: whoever makes the call looks for the comment's mark first. The pause before a repeat
//! is far longer than an answer may take, so that what was on its way has arrived by then.

use serde::{Deserialize, Serialize};

use crate::domain::change::Commit;
use crate::domain::ids::EffectId;
use crate::domain::time::{Span, Timestamp};

/// So often it is tried, whatever comes of it.
pub const MOST_WARNINGS: u32 = 3;

/// Time between two tries.
pub const WARNING_PAUSE: Span = Span::seconds(60);

/// What came to main, and how far those who brought it are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The intent's id.
    pub effect: EffectId,
    /// What came.
    pub commits: Vec<Commit>,
    /// Where the call is.
    pub call: WarningCall,
}

/// Where the call of a warning is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningCall {
    /// It is not being made.
    Due {
        /// Earliest time.
        not_before: Timestamp,
        /// How often it was made before.
        attempts: u32,
    },
    /// It is being made.
    Sending {
        /// Since when.
        since: Timestamp,
        /// Which try, from 1.
        attempts: u32,
    },
    /// It is not made any more.
    Over,
}

/// What came of a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningOutcome {
    /// It stands there now.
    Said {
        /// On these pull requests; none: nothing of it came by one.
        pulls: Vec<u64>,
    },
    /// It stands not everywhere, and is not tried again.
    NotSaid {
        /// Why: foreign text.
        why: String,
    },
    /// It may stand there or not; it may be tried again.
    Unsettled {
        /// Why: foreign text.
        why: String,
    },
}

/// A comment for those who brought something to main.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What they brought, as full ids.
    pub commits: Vec<String>,
    /// The pull request that is not meant: the fix itself.
    pub fix: u64,
    /// What it is known by, where it stands already.
    pub mark: String,
    /// The whole of it, with its mark.
    pub text: String,
}

impl Warning {
    /// When it is next to be made, and how often it was before; `None`: never again. Whoever finds it being made was
    /// not there when it was.
    pub fn due(&self) -> Option<(Timestamp, u32)> {
        match self.call {
            WarningCall::Due { not_before, attempts } => Some((not_before, attempts)),
            WarningCall::Sending { since, attempts } => Some((since + WARNING_PAUSE, attempts)),
            WarningCall::Over => None,
        }
    }
}
