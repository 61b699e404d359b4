//! (state, request, facts, now) → events, a list of what must be read first, or a refusal.
//!
//! Nothing is read here and nothing is done: facts come in with their source and time, effects go out as intents. What
//! people ask is in `people` and `confirm`, who may in `authority`; what the bot does by itself in `course` and `settle`. The
//! last step is in `promote` and `watch`; Layer 2 in `revert` (what people ask) and `follow` (what the bot does); the other
//! ways out in `exits`, and the reason that something lacks in `reason`.

mod about;
mod authority;
mod confirm;
mod course;
mod exits;
mod follow;
mod people;
mod promote;
mod reason;
mod revert;
mod settle;
#[cfg(test)]
mod tests;
mod verify;
mod warn;
mod watch;

use std::sync::Arc;

use super::actor::{Actor, Person};
use super::book::{Book, ServiceState};
use super::change::{Evidence, Range};
use super::deployment::{Deployment, FailedAlias, Plan, Pointer};
use super::event::{Emitted, Excuse, Outcome, Wish};
use super::fact::Fact;
use super::fix::{self, ForgeOutcome, Subject, WarningOutcome};
use super::ids::{ConfirmationId, EffectId, IncidentId, ServiceId, VerificationId};
use super::incident::Incident;
use super::plan::Verdict;
use super::policy::Policy;
use super::refusal::Refusal;
use super::service::Service;
use super::time::Timestamp;
use super::verification::Walked;
pub use watch::Look;

use super::action::Action;

/// What is asked of the domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// A person starts a rollback; opens an incident if none is open.
    StartRollback {
        /// Of which service.
        service: ServiceId,
        /// What they want.
        wish: Wish,
    },
    /// A person opens an incident.
    OpenIncident {
        /// Of which service.
        service: ServiceId,
        /// What it is about.
        title: String,
    },
    /// A person presses a button.
    Press {
        /// The incident that the button belongs to.
        incident: IncidentId,
        /// What it does.
        action: Action,
        /// When the press came in.
        pressed_at: Timestamp,
    },
    /// A person writes something down.
    AddNote {
        /// Where.
        incident: IncidentId,
        /// The words.
        text: String,
    },
    /// A person stops all effects of a service.
    Halt {
        /// Which.
        service: ServiceId,
        /// Why.
        reason: Option<String>,
    },
    /// A lead lifts a halt.
    Resume {
        /// Which.
        service: ServiceId,
        /// Why.
        reason: Option<String>,
    },
    /// A person says that it was nothing.
    Blip {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: Option<String>,
    },
    /// A person ends an incident.
    Close {
        /// Which.
        incident: IncidentId,
        /// Why.
        reason: Option<String>,
    },
    /// A person asks for a verification.
    Verify {
        /// Of which service.
        service: ServiceId,
        /// The deployment as typed; `None`: what the runbook needs next.
        deployment: Option<String>,
    },
    /// A person asks for the last step: a promote.
    StartPromote {
        /// Of which service.
        service: ServiceId,
        /// What they want.
        wish: Wish,
    },
    /// A person asks for the bad change to be taken back.
    StartRevert {
        /// Of which service.
        service: ServiceId,
        /// What they want.
        wish: fix::Wish,
    },
    /// A person names the pull request that is the fix.
    NameFix {
        /// Of which service.
        service: ServiceId,
        /// Its number.
        number: u64,
    },
    /// A person says that Layer 1 is over without a flip.
    Excuse {
        /// Of which service.
        service: ServiceId,
        /// How.
        excuse: Excuse,
        /// Why.
        reason: Option<String>,
    },
    /// A person says that the code was fine.
    RaiseFalseAlarm {
        /// Of which service.
        service: ServiceId,
        /// Why.
        reason: Option<String>,
    },
    /// A person goes on alone, since nobody else answered.
    GoAlone {
        /// Of which service: typed out.
        service: ServiceId,
        /// Why.
        reason: String,
    },
    /// A person typed a code that fits no button.
    MissCode {
        /// In the channel of which service.
        service: ServiceId,
    },

    /// The wish is to be resolved.
    Resolve(IncidentId),
    /// The question's time is over.
    Expire(IncidentId),
    /// The intended call is to be made.
    Start(IncidentId),
    /// A call ended.
    End {
        /// In which incident.
        incident: IncidentId,
        /// Which effect.
        effect: EffectId,
        /// How.
        outcome: Outcome,
    },
    /// The world is to be judged while a call's result or its job is awaited.
    Observe(IncidentId),
    /// Production was looked at.
    Judge {
        /// In which incident.
        incident: IncidentId,
        /// With what result.
        verdict: Verdict,
    },
    /// The wanted revert is to be planned from its trial.
    PlanRevert(IncidentId),
    /// The intended call to the forge is to be made.
    StartForgeCall(IncidentId),
    /// A call to the forge ended.
    EndForgeCall {
        /// In which incident.
        incident: IncidentId,
        /// Which effect.
        effect: EffectId,
        /// How.
        outcome: ForgeOutcome,
    },
    /// The forge is to be judged while a call's result is unknown.
    ObserveForge(IncidentId),
    /// The fix's gate was looked at.
    SeeGate(IncidentId),
    /// What came to main is to be said on the pull requests that brought it.
    StartWarning(IncidentId),
    /// That was said, or not.
    EndWarning {
        /// In which incident.
        incident: IncidentId,
        /// Which effect.
        effect: EffectId,
        /// With what result.
        outcome: WarningOutcome,
    },
    /// The fix's production build was looked for.
    SeeBuild(IncidentId),
    /// Production was looked at during the watch after a promote.
    Watched {
        /// In which incident.
        incident: IncidentId,
        /// Of which promote.
        effect: EffectId,
        /// What was seen.
        look: Look,
    },
    /// The assignment flag is to be judged.
    ReadFlag(IncidentId),
    /// A verification's journeys were walked.
    EndVerification {
        /// In which incident.
        incident: IncidentId,
        /// Which.
        verification: VerificationId,
        /// What came of it.
        walked: Walked,
    },
    /// Whether a service's groups can be read is to be told.
    SeeGroups(ServiceId),
    /// A look at the pointer outside any incident.
    Look(ServiceId),
}

/// Something that must be read before a decision.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Read {
    /// Where production points.
    Pointer,
    /// The production deployments.
    Deployments,
    /// One deployment by the name that was typed.
    Named(String),
    /// The plan.
    Plan,
    /// Names that the last job did not move.
    FailedAliases,
    /// What lies between two commits. Evidence: not known is an answer.
    Changes(Range),
    /// How something would be taken back.
    Trial(Subject),
    /// The newest pull request of a branch.
    PullOf(String),
    /// A pull request's gate.
    Gate(u64),
    /// Main as it stands, and what came after this commit.
    Main(String),
    /// Whether a commit has another in its history.
    Ancestry {
        /// The one.
        commit: String,
        /// The other.
        ancestor: String,
    },
}

/// What was read, who asks, and the choices that chance made beforehand.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Who asks.
    pub actor: Actor,
    /// Who may do what.
    pub policy: Arc<Policy>,
    /// Where production points.
    pub pointer: Option<Fact<Pointer>>,
    /// The production deployments.
    pub deployments: Option<Fact<Vec<Deployment>>>,
    /// The deployment that was looked up by name; `None` inside: no such deployment.
    pub named: Option<Fact<Option<Deployment>>>,
    /// The plan.
    pub plan: Option<Fact<Plan>>,
    /// Names that the last job did not move.
    pub aliases: Option<Fact<Vec<FailedAlias>>>,
    /// What lies between the target and what is live.
    pub changes: Option<Evidence>,
    /// What the forge says.
    pub forge: fix::Readings,
    /// Ids that nothing else has.
    pub fresh: Fresh,
}

impl Facts {
    /// The person who asks.
    ///
    /// # Errors
    /// When it is none.
    pub fn person(&self) -> Result<&Person, Refusal> {
        match &self.actor {
            Actor::Person(person) => Ok(person),
            Actor::Policy { .. } | Actor::Bot => Err(Refusal::NotAPerson),
        }
    }
}

/// Ids made by chance before the decision, so that the decision itself is pure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fresh {
    /// For a question.
    pub confirmation: ConfirmationId,
    /// For an intent.
    pub effect: EffectId,
    /// For a verification.
    pub verification: VerificationId,
}

/// The domain's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// This happens. The refusal, if any, is the answer to the one who asked: what they asked for is not what happens.
    Events(Vec<Emitted>, Option<Refusal>),
    /// Read this first.
    Needs(Vec<Read>),
    /// Nothing happens.
    Refused(Refusal),
}

impl Decision {
    /// These events and nothing else.
    pub fn events(events: Vec<Emitted>) -> Self {
        Self::Events(events, None)
    }

    /// Nothing happens and nobody is refused.
    pub fn nothing() -> Self {
        Self::Events(Vec::new(), None)
    }
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Decides: first who may, then what.
pub fn decide(book: &Book, request: &Request, facts: &Facts, now: Timestamp) -> Decision {
    match authority::admit(book, request, facts, now) {
        Ok(right) => match decide_admitted(book, request, facts, now) {
            Ok(decision) => authority::relied(decision, right, facts),
            Err(refusal) => Decision::Refused(refusal),
        },
        Err(refusal) => authority::refused(book, request, facts, refusal, now),
    }
}

fn decide_admitted(book: &Book, request: &Request, facts: &Facts, now: Timestamp) -> Step {
    match request {
        Request::StartRollback { service, wish } => {
            people::start_rollback(book, service, wish, facts)
        }
        Request::OpenIncident { service, title } => people::open_incident(book, service, title),
        Request::Press { incident, action, pressed_at } => {
            people::press(book, *incident, action, (*pressed_at, now), facts)
        }
        Request::AddNote { incident, text } => people::add_note(book, *incident, text, facts),
        Request::Halt { service, reason } => people::halt(book, service, reason.as_ref(), facts),
        Request::Resume { service, reason } => {
            people::resume(book, service, reason.as_ref(), facts)
        }
        Request::Blip { incident, reason } => people::blip(book, *incident, reason.as_ref(), facts),
        Request::Close { incident, reason } => {
            people::close(book, *incident, reason.as_ref(), facts)
        }
        Request::Verify { service, deployment } => {
            verify::ask(book, service, deployment.as_deref(), facts)
        }
        Request::StartPromote { service, wish } => promote::ask(book, service, wish, facts),
        Request::StartRevert { service, wish } => revert::ask(book, service, wish, facts),
        Request::NameFix { service, number } => revert::name(book, service, *number, facts),
        Request::Excuse { service, excuse, reason } => {
            exits::excuse(book, service, *excuse, reason.as_ref(), facts)
        }
        Request::RaiseFalseAlarm { service, reason } => {
            exits::false_alarm(book, service, reason.as_ref(), facts, now)
        }
        Request::PlanRevert(incident) => follow::plan(book, *incident, facts),
        Request::StartForgeCall(incident) => follow::start(book, *incident, facts, now),
        Request::EndForgeCall { incident, effect, outcome } => {
            follow::end(book, *incident, effect, outcome)
        }
        Request::ObserveForge(incident) => follow::observe(book, *incident, facts, now),
        Request::SeeGate(incident) => follow::see_gate(book, *incident, facts, now),
        Request::StartWarning(incident) => warn::start(book, *incident, now),
        Request::EndWarning { incident, effect, outcome } => {
            warn::end(book, *incident, effect, outcome)
        }
        Request::SeeBuild(incident) => follow::see_build(book, *incident, facts),
        Request::Watched { incident, effect, look } => {
            watch::watched(book, *incident, effect, look, facts, now)
        }
        Request::GoAlone { service, reason } => confirm::alone(book, service, reason, facts, now),
        Request::MissCode { service } => people::miss_code(service, facts),
        Request::Resolve(incident) => course::resolve(book, *incident, facts, now),
        Request::Expire(incident) => course::expire(book, *incident, now),
        Request::Start(incident) => course::start(book, *incident, facts, now),
        Request::End { incident, effect, outcome } => course::end(book, *incident, effect, outcome),
        Request::Observe(incident) => settle::observe(book, *incident, facts, now),
        Request::Judge { incident, verdict } => settle::judge(book, *incident, verdict, facts, now),
        Request::ReadFlag(incident) => settle::read_flag(book, *incident, facts, now),
        Request::EndVerification { incident, verification, walked } => {
            verify::end(book, *incident, verification, walked)
        }
        Request::Look(service) => settle::look(book, service, facts),
        Request::SeeGroups(service) => authority::see_groups(book, service, facts, now),
    }
}

/// A step of a decision: `Err` is the refusal.
type Step = Result<Decision, Refusal>;

/// An incident with its service, as a decision looks at it.
#[derive(Clone, Copy)]
struct Case<'a> {
    incident: &'a Incident,
    service: &'a Service,
    state: &'a ServiceState,
}

impl<'a> Case<'a> {
    fn of(book: &'a Book, incident: IncidentId) -> Result<Self, Refusal> {
        let incident = book.incidents.get(&incident).ok_or(Refusal::NoIncident)?;
        let service = book.services.get(&incident.service).ok_or(Refusal::NoIncident)?;
        let state = book.state(&incident.service).ok_or(Refusal::NoIncident)?;
        Ok(Self { incident, service, state })
    }

    fn id(&self) -> IncidentId {
        self.incident.id
    }
}
