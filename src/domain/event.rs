//! The facts that can be in the journal. An event once written is read for ever: add kinds, never change one; a new
//! shape gets a new version and the old one stays readable. How they are written is in `codec`.

mod authority;
mod codec;
mod flip;
mod question;
mod service;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use authority::AuthorityEvent;
pub use codec::{EVENT_VERSION, UnreadableEvent};
pub use flip::{Effect, Finding, FlipEvent, FlipFailure, Outcome};
pub use question::{Binding, Candidate, Confirmation, Direction, Promotion, Wish};
pub use service::{Excuse, ServiceEvent, TASKS, Task};

use super::actor::{Actor, Person};
use super::change::Evidence;
use super::deployment::{Assignment, Live, Plan, Pointer};
use super::fact::Fact;
pub use super::fix::FixEvent;
use super::ids::{ConfirmationId, EffectId, IncidentId, ServiceId, StreamId};
use super::refusal::{Refusal, Void};
use super::time::Timestamp;
pub use super::verification::VerificationEvent;

/// An event with its time and who stands behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// When it was decided.
    pub at: Timestamp,
    /// Who stands behind it.
    pub actor: Actor,
    /// What happened.
    pub event: Event,
}

/// An event on its way to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// Where it belongs.
    pub stream: StreamId,
    /// What happened.
    pub event: Event,
}

impl Emitted {
    /// An event of the register.
    pub fn register(event: RegisterEvent) -> Self {
        Self { stream: StreamId::Register, event: Event::Register(event) }
    }

    /// An event of an incident.
    pub fn incident(id: IncidentId, event: IncidentEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Incident(event) }
    }

    /// An event of an incident's flip.
    pub fn flip(id: IncidentId, event: FlipEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Flip(event) }
    }

    /// An event about rights in an incident.
    pub fn authority(id: IncidentId, event: AuthorityEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Authority(event) }
    }

    /// An event of an incident's verification.
    pub fn verification(id: IncidentId, event: VerificationEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Verification(event) }
    }

    /// An event of an incident's fix.
    pub fn fix(id: IncidentId, event: FixEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Fix(event) }
    }

    /// An event of a service.
    pub fn service(id: &ServiceId, event: ServiceEvent) -> Self {
        Self { stream: StreamId::Service(id.clone()), event: Event::Service(event) }
    }
}

/// How an incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It was nothing.
    Blip,
    /// A person ended it by hand, with a reason.
    ByHand,
    /// The bad change was taken off main, and the result promoted.
    Reverted,
    /// A forward fix was promoted.
    FixedForward,
    /// The code was fine; what was rolled back is live again.
    FalseAlarm,
}

/// Everything that can have happened. No kind's name stands in two families.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// Numbers incidents.
    Register(RegisterEvent),
    /// The course of an incident.
    Incident(IncidentEvent),
    /// The course of a confirmed flip within its incident.
    Flip(FlipEvent),
    /// Rights and agreement within their incident.
    Authority(AuthorityEvent),
    /// Verifications within their incident.
    Verification(VerificationEvent),
    /// The way of the fix to main within its incident.
    Fix(FixEvent),
    /// What holds for a service beyond one incident.
    Service(ServiceEvent),
}

/// Events of the register.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum RegisterEvent {
    /// An incident got its number.
    IncidentNumbered {
        /// The number.
        incident: IncidentId,
        /// Of which service.
        service: ServiceId,
    },
}

/// Events of an incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum IncidentEvent {
    /// It began.
    IncidentOpened {
        /// Of which service.
        service: ServiceId,
        /// What it is about, in the opener's words.
        title: String,
        /// The service's incident before this one.
        previous: Option<IncidentId>,
    },
    /// Somebody asked for a rollback.
    RollbackRequested {
        /// Who.
        by: Person,
        /// What they asked for.
        wish: Wish,
    },
    /// Somebody asked for the last step: a promote.
    PromoteRequested {
        /// Who.
        by: Person,
        /// What they asked for.
        wish: Wish,
    },
    /// Production failed after a promote: the way back is looked for, to what was live before.
    WayBackSought {
        /// Whom an answer is for: the one who promoted.
        by: Person,
        /// Where to.
        wish: Wish,
    },
    /// The promote cannot be offered (G7); nothing was sent.
    PromoteRefused {
        /// Why.
        refusal: Refusal,
    },
    /// The wish could not be met; nothing was sent.
    RollbackRefused {
        /// Why.
        refusal: Refusal,
    },
    /// What lies between a question's target and what is live was looked up.
    ChangesRead {
        /// The question.
        confirmation: ConfirmationId,
        /// What was found, or why not.
        evidence: Box<Evidence>,
    },
    /// A question was put to people.
    ConfirmationIssued {
        /// The question.
        confirmation: Box<Confirmation>,
        /// The reading it rests on.
        pointer: Box<Fact<Pointer>>,
        /// The plan, as read.
        plan: Fact<Plan>,
    },
    /// Nobody answered in time.
    ConfirmationExpired {
        /// The question.
        confirmation: ConfirmationId,
    },
    /// What the question was bound to has changed.
    ConfirmationVoided {
        /// The question.
        confirmation: ConfirmationId,
        /// What changed.
        why: Void,
    },
    /// Somebody took the rollback back before anything was sent.
    RollbackCancelled {
        /// Who.
        by: Person,
    },
    /// Somebody said yes: the confirmation is used up and the flip is intended.
    FlipConfirmed {
        /// Who.
        by: Person,
        /// The question.
        confirmation: ConfirmationId,
        /// The intent's id.
        effect: EffectId,
        /// What is intended.
        intent: Effect,
    },
    /// The intent was given up before the call was made.
    EffectDropped {
        /// Which.
        effect: EffectId,
        /// Why.
        why: Void,
    },
    /// Somebody moved production or switched automatic assignment elsewhere; the bot goes by what it finds (G14).
    WorldMoved {
        /// What is live.
        live: Live,
        /// The flag.
        assignment: Assignment,
    },
    /// Somebody said that Layer 1 is over without a flip (G5).
    Layer1Excused {
        /// Who.
        by: Person,
        /// How.
        excuse: Excuse,
        /// Why, in their words.
        reason: String,
    },
    /// Somebody says that the code was fine; another person must agree.
    FalseAlarmRaised {
        /// Who.
        by: Person,
        /// Why, in their words.
        reason: String,
    },
    /// A second person agrees: no fix is needed.
    FalseAlarmAgreed {
        /// Who.
        by: Person,
    },
    /// Somebody took over what a rollback cannot undo.
    TaskTaken {
        /// Which.
        task: Task,
        /// Who.
        by: Person,
    },
    /// Reading the world fails at the moment; the bot goes on trying.
    TroubleMet {
        /// What fails: foreign text.
        what: String,
    },
    /// Reading the world works again.
    TroubleOver,
    /// The bot cannot go on by itself.
    PersonNeeded {
        /// Why.
        why: String,
    },
    /// Somebody wrote something down.
    NoteAdded {
        /// Who.
        by: Person,
        /// The words.
        text: String,
    },
    /// The incident left the runbook.
    IncidentResolved {
        /// By which exit.
        exit: Exit,
        /// Who.
        by: Person,
        /// Why, in their words.
        reason: Option<String>,
    },
    /// After-care is done as well.
    IncidentClosed {
        /// Who.
        by: Person,
    },
}
