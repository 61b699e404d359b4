//! The facts that can be in the journal. An event once written is read for ever: add kinds, never change one; a new
//! shape gets a new version and the old one stays readable. How they are written is in `codec`.

mod codec;

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Person};
use super::change::Evidence;
use super::deployment::{Assignment, Deployment, FailedAlias, Live, Plan, Pointer};
use super::fact::Fact;
pub use super::fix::FixEvent;
use super::fix::Main;
use super::ids::{
    ConfirmationId, DeploymentId, EffectId, IncidentId, ServiceId, StreamId, VerificationId,
};
use super::probe::Probe;
use super::refusal::{Refusal, Void};
use super::service::Channel;
use super::time::{Span, Timestamp};
pub use super::verification::VerificationEvent;
pub use codec::{EVENT_VERSION, UnreadableEvent};

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

/// Which way production moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A rollback, to what served before.
    Back,
    /// A promote, to the verified fix.
    Forward,
}

/// What a person asked a rollback or a promote to be.
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

    /// An event of an incident's fix.
    pub fn fix(id: IncidentId, event: FixEvent) -> Self {
        Self { stream: StreamId::Incident(id), event: Event::Fix(event) }
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
    /// What else is to be known of it if it is a promote; `None`: a rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub promotion: Option<Box<Promotion>>,
    /// When it was put.
    pub issued_at: Timestamp,
    /// When it can no longer be pressed.
    pub expires_at: Timestamp,
}

/// What a promote rests on, and what it sets free.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Automatic assignment as it was before the first flip: the last step restores it.
    pub baseline: Assignment,
    /// The verification that passed; `None`: overridden.
    pub verified: Option<(VerificationId, Timestamp)>,
    /// Main as it stands: with automatic assignment on, the next merge ships what is after the deployment.
    pub main: Option<Fact<Main>>,
    /// What speaks against it (G7) and is overridden by two people for a reason.
    pub overridden: Vec<Refusal>,
}

impl Confirmation {
    /// Which way production moves.
    pub fn direction(&self) -> Direction {
        if self.promotion.is_some() { Direction::Forward } else { Direction::Back }
    }

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
    /// Ask the provider to promote exactly this deployment: the last step, which re-arms.
    Promote {
        /// The target.
        to: DeploymentId,
    },
    /// Switch automatic assignment on, as it was before the flip.
    Arm,
}

/// How a sent effect ended, as far as its own answer tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The provider took it.
    Accepted,
    /// The provider took it and carries it out later, behind something of its own.
    Queued,
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
    /// The bad change was taken off main, and the result promoted.
    Reverted,
    /// A forward fix was promoted.
    FixedForward,
    /// The code was fine; what was rolled back is live again.
    FalseAlarm,
}

/// Why there is no flip in Layer 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Excuse {
    /// A feature flag was switched off instead.
    FlagOff,
    /// It was ruled out: no target, or a migration stands in the way.
    RuledOut,
}

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
    /// Automatic assignment is off after a promote, and was on before the incident: switching it on is intended.
    ArmIntended {
        /// The intent's id.
        effect: EffectId,
    },
    /// Production failed a look after the promote; the next looks decide.
    WatchTroubled {
        /// What went wrong: may hold foreign text.
        why: String,
    },
    /// It was well again at the next look.
    WatchCalmed,
    /// Production was well for the whole watch after the promote.
    WatchPassed,
    /// Production fails after the promote.
    WatchFailed {
        /// What goes wrong: may hold foreign text.
        why: String,
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
}

#[cfg(test)]
mod tests;
