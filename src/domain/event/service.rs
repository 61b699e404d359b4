//! What can happen to a service beyond one incident, and the small words of incidents.

use serde::{Deserialize, Serialize};

use crate::domain::actor::{Person, Platform};
use crate::domain::deployment::{Assignment, Live};
use crate::domain::ids::{DeploymentId, EffectId, IncidentId};
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;

/// What a rollback cannot undo, so that somebody must look after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Rows that the bad deployment wrote.
    Rows,
    /// Mails that it sent.
    Mails,
    /// Charges that it made.
    Charges,
    /// Webhooks that it sent.
    Webhooks,
    /// Files that it wrote, and data that was synced elsewhere.
    Files,
    /// The current environment settings, which stay as they are.
    Settings,
}

/// All of them, in the order of the card.
pub const TASKS: [Task; 6] =
    [Task::Rows, Task::Mails, Task::Charges, Task::Webhooks, Task::Files, Task::Settings];

/// Why there is no flip in Layer 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excuse {
    /// A feature flag was switched off instead.
    FlagOff,
    /// It was ruled out: no target, or a migration stands in the way.
    RuledOut,
}

/// Events of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum ServiceEvent {
    /// The bot sends nothing for this service.
    Halted {
        /// Who.
        by: Person,
        /// Why, in their words.
        reason: Option<String>,
    },
    /// The halt was lifted.
    Resumed {
        /// Who.
        by: Person,
        /// Why, in their words.
        reason: Option<String>,
    },
    /// An effect holds the pointer.
    PointerLocked {
        /// Whose.
        incident: IncidentId,
        /// Which.
        effect: EffectId,
    },
    /// The pointer is free.
    PointerReleased {
        /// Who held it.
        incident: IncidentId,
    },
    /// A deployment is never to be offered again.
    MarkedBad {
        /// Which.
        deployment: DeploymentId,
        /// In which incident.
        incident: IncidentId,
    },
    /// The pointer or the flag differs from what was last seen.
    PointerSeen {
        /// What is live.
        live: Live,
        /// The flag.
        assignment: Assignment,
    },
    /// A mark was taken back: the code was fine after all.
    MarkLifted {
        /// Of which.
        deployment: DeploymentId,
        /// In which incident.
        incident: IncidentId,
    },
    /// Somebody typed a code that fits no button.
    CodeMissed {
        /// Who.
        by: Person,
    },
    /// Somebody wanted what they have no right to, or none that can be told.
    ActRefused {
        /// Who.
        by: Person,
        /// What they were told.
        refusal: Refusal,
    },
    /// Somebody was refused that way so often that the team is told.
    RefusalsAlerted {
        /// Who, by the id that was refused last.
        by: Person,
        /// How often, by all their ids.
        count: u32,
    },
    /// Who is in the groups that give rights here cannot be read any more.
    GroupsLost {
        /// Whose groups.
        platform: Platform,
        /// When they were last read.
        read_at: Option<Timestamp>,
        /// Why not since: foreign text.
        why: Option<String>,
    },
    /// The groups can be read again.
    GroupsBack {
        /// Whose groups.
        platform: Platform,
    },
}
