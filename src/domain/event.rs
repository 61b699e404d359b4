//! The facts that can be in the journal. An event once written is read for ever: add kinds, never change one; a new
//! shape gets a new version and the old one stays readable.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::actor::{Actor, Person};
use super::change::Evidence;
use super::deployment::{Assignment, Deployment, FailedAlias, Live, Plan, Pointer};
use super::fact::Fact;
use super::ids::{ConfirmationId, DeploymentId, EffectId, IncidentId, ServiceId, StreamId};
use super::probe::Probe;
use super::refusal::{Refusal, Void};
use super::service::Channel;
use super::time::{Span, Timestamp};
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

/// What a person asked a rollback to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// The target as typed; `None`: the best one.
    pub to: Option<String>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Where they asked, so that a refusal finds them.
    pub asked_in: Option<Channel>,
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

    /// An event of an incident's verification.
    pub fn verification(id: IncidentId, event: VerificationEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Verification(event) }
    }

    /// An event of a service.
    pub fn service(id: &ServiceId, event: ServiceEvent) -> Self {
        Self { stream: StreamId::Service(id.clone()), event: Event::Service(event) }
    }
}

/// A question put to people: shall production move from here to there?
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Its id.
    pub id: ConfirmationId,
    /// Who asked for it.
    pub requester: Person,
    /// What is live.
    pub from: Deployment,
    /// What shall be live.
    pub to: Candidate,
    /// What else would qualify, best first.
    pub others: Vec<Candidate>,
    /// The target as the requester typed it; `None`: we chose it.
    pub named: Option<String>,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// Where it was asked for, so that an answer finds the requester.
    pub asked_in: Option<Channel>,
    /// What it is bound to besides from and to.
    pub bound: Binding,
    /// When it was put.
    pub issued_at: Timestamp,
    /// When it can no longer be pressed.
    pub expires_at: Timestamp,
}

impl Confirmation {
    /// The same wish again, for this target; `None`: we choose.
    pub fn wish_for(&self, to: Option<String>) -> Wish {
        Wish { to, reason: self.reason.clone(), asked_in: self.asked_in.clone() }
    }
}

/// What a confirmation is bound to besides its deployments: a change of these voids it, nothing else does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The assignment flag as read; also the baseline that the last step of the runbook restores.
    pub assignment: Assignment,
    /// The target of a job of the provider that was moving names when it was read.
    pub pending_job: Option<DeploymentId>,
    /// The digest of the service's configuration.
    pub config_digest: String,
}

/// A deployment that one could roll back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// The deployment.
    pub deployment: Deployment,
    /// How long it served production, where that can be told.
    pub served_for: Option<Span>,
}

/// A change of the outside world that the plan calls for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Ask the provider to roll back to exactly this deployment. Layer 1 knows no other way to move the pointer: a promote
    /// would re-arm automatic assignment (G6).
    Rollback {
        /// The target.
        to: DeploymentId,
        /// The reason that the provider shows, at most 250 characters.
        reason: String,
    },
    /// Switch automatic assignment off.
    Disarm,
}

/// How a sent effect ended, as far as its own answer tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider took it.
    Accepted,
    /// The provider surely did nothing and may be asked again after the span.
    NotTaken {
        /// Why: foreign text.
        why: String,
        /// How long to wait.
        retry_after: Span,
    },
    /// The provider said no. It may still mean "already there".
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

/// Why a flip did not come to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlipFailure {
    /// The provider said no, and production is where it was.
    Refused {
        /// Its own sentence: foreign text.
        why: String,
    },
    /// Some production names were not moved.
    Aliases(Vec<FailedAlias>),
    /// The provider skipped the job.
    Skipped,
    /// The job did not end within its limit.
    JobTimedOut,
    /// Production was moved elsewhere by somebody else meanwhile.
    MovedElsewhere {
        /// Where it points now.
        live: Live,
    },
    /// It was sent as often as the rules allow and never took effect.
    NeverApplied,
}

/// What was seen while an effect's outcome was unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The world shows that it happened.
    Applied,
    /// One reading shows that it did not; one more, some seconds later, must agree.
    NotAppliedOnce,
    /// Two agreeing readings show that it did not happen.
    NotApplied,
}

/// How an incident ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It was nothing.
    Blip,
    /// A person ended it by hand, with a reason.
    ByHand,
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
    /// Verifications within their incident.
    Verification(VerificationEvent),
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

/// Events of a flip, in its incident's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum FlipEvent {
    /// Automatic assignment is on after the flip: switching it off is intended.
    DisarmIntended {
        /// The intent's id.
        effect: EffectId,
    },
    /// The call is about to be made.
    EffectStarted {
        /// Which.
        effect: EffectId,
        /// Which try, from 1.
        attempt: u32,
    },
    /// The call ended, as far as its own answer tells.
    EffectEnded {
        /// Which.
        effect: EffectId,
        /// How.
        outcome: Outcome,
    },
    /// The world was read while the outcome was unknown.
    EffectObserved {
        /// Which.
        effect: EffectId,
        /// What was found.
        finding: Finding,
    },
    /// The provider's job is done: the control plane says target.
    JobSucceeded {
        /// Which effect asked for it.
        effect: EffectId,
    },
    /// Fresh answers of production come from the target.
    FlipProven {
        /// How many fresh answers in a row agreed.
        agreeing: u32,
    },
    /// The control plane says target, production does not answer from it within the limit.
    FlipNotServing {
        /// The last look.
        last: Probe,
    },
    /// The flip did not come to its end.
    FlipFailed {
        /// Why.
        failure: FlipFailure,
    },
    /// The assignment flag was read back after the flip.
    AssignmentRead {
        /// What it says.
        assignment: Assignment,
    },
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
    /// Somebody typed a code that fits no button.
    CodeMissed {
        /// Who.
        by: Person,
    },
}

/// The version of the shapes above.
pub const EVENT_VERSION: u32 = 1;

/// An event that this version cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read event {kind} version {version}: {why}")]
pub struct UnreadableEvent {
    /// The event's name.
    pub kind: String,
    /// Its version.
    pub version: u32,
    /// What is wrong.
    pub why: String,
}

impl Event {
    /// The event's name and its body as JSON.
    pub fn encode(&self) -> (String, String) {
        let whole = serde_json::to_string(self).expect("events are plain data");
        let named = whole.strip_prefix(r#"{"kind":""#).and_then(|rest| rest.split_once('"'));
        let (kind, rest) = named.expect("every event begins with its kind");
        // A kind without members has no body at all.
        let body = rest.strip_prefix(r#","body":"#).and_then(|body| body.strip_suffix('}'));
        (kind.to_owned(), body.unwrap_or(NO_BODY).to_owned())
    }

    /// Reads an event back.
    ///
    /// # Errors
    /// When the kind, its version or its shape is not known to this version of the bot.
    pub fn decode(kind: &str, version: u32, body: &str) -> Result<Self, UnreadableEvent> {
        let unreadable = |why: String| UnreadableEvent { kind: kind.to_owned(), version, why };
        if version != EVENT_VERSION {
            return Err(unreadable(format!("this version knows {EVENT_VERSION}")));
        }
        // The body as it was written is taken over as it is, so it must be one JSON value and nothing more.
        let named = serde_json::Value::from(kind);
        let whole = match body.trim() {
            NO_BODY => format!(r#"{{"kind":{named}}}"#),
            body => format!(r#"{{"kind":{named},"body":{body}}}"#),
        };
        family(&whole, Self::Incident)
            .or_else(|| family(&whole, Self::Flip))
            .or_else(|| family(&whole, Self::Verification))
            .or_else(|| family(&whole, Self::Service))
            .or_else(|| family(&whole, Self::Register))
            .unwrap_or_else(|| Err("the kind is not known".to_owned()))
            .map_err(unreadable)
    }
}

/// What stands for the body of a kind without members.
const NO_BODY: &str = "null";

/// Reads an event of one family; `None` if the kind is none of its kinds.
fn family<F: DeserializeOwned>(
    whole: &str,
    event: impl FnOnce(F) -> Event,
) -> Option<Result<Event, String>> {
    /// The kind alone: any body is skipped.
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    match serde_json::from_str::<F>(whole) {
        Ok(read) => Some(Ok(event(read))),
        Err(error) => {
            let why = error.to_string();
            let kind =
                serde_json::from_str::<Kind>(whole).map(|kind| kind.kind).unwrap_or_default();
            let is_foreign = why.starts_with(&format!("unknown variant `{kind}`"));
            (!is_foreign).then_some(Err(why))
        }
    }
}

#[cfg(test)]
mod tests;
