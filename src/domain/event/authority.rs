//! What can happen in an incident because of who may act (G11) and how many must agree (G12).

use serde::{Deserialize, Serialize};

use crate::domain::actor::{Grantee, Group, Person, Role};
use crate::domain::ids::ConfirmationId;
use crate::domain::time::Timestamp;

/// Events about rights, in the stream of the incident that they were used in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum AuthorityEvent {
    /// What was decided with this rests on somebody having been seen in a group.
    RightRelied {
        /// Who.
        by: Person,
        /// The role that the group gives.
        role: Role,
        /// Which.
        group: Group,
        /// When they were seen in it.
        seen_at: Timestamp,
    },
    /// The first of two people said yes; nothing is sent before another one does.
    FirstYesGiven {
        /// Who.
        by: Person,
        /// To which question.
        confirmation: ConfirmationId,
        /// How long the other one has.
        until: Timestamp,
        /// From when on one may go on alone; `None`: never.
        alone_from: Option<Timestamp>,
        /// Who is named as second person.
        seconds: Vec<Grantee>,
    },
    /// Nobody answered in time, and somebody goes on alone.
    WentAlone {
        /// Who.
        by: Person,
        /// With which question.
        confirmation: ConfirmationId,
        /// Why, in their words.
        reason: String,
    },
}
