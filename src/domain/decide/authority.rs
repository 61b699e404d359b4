//! Who may do what (G11): the one place where it is asked, before anything that a person wants is decided, and again before
//! anything that they confirmed is sent. What is refused here is written down, and five times in ten minutes is told.

use super::{Case, Decision, Facts, Request, Step};
use crate::domain::actor::{Actor, Person, Role};
use crate::domain::book::{Book, ServiceState};
use crate::domain::event::{AuthorityEvent, Emitted, ServiceEvent};
use crate::domain::guard;
use crate::domain::ids::{ServiceId, StreamId};
use crate::domain::policy::{Care, Ground, Humans, Right};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Timestamp;

/// So many refusals of one human within [`guard::REFUSALS_WITHIN`] raise an alert.
const MOST_REFUSALS: usize = 5;

/// Who may ask for something.
enum Needs {
    /// Somebody with this role for the service.
    Role(Role),
    /// Any person.
    Person,
    /// The bot asks it of itself.
    Bot,
}

impl Request {
    fn needs(&self) -> Needs {
        match self {
            Self::StartRollback { .. }
            | Self::OpenIncident { .. }
            | Self::Press { .. }
            | Self::AddNote { .. }
            | Self::Halt { .. }
            | Self::Blip { .. }
            | Self::Close { .. }
            | Self::Verify { .. }
            | Self::StartPromote { .. }
            | Self::StartRevert { .. }
            | Self::NameFix { .. }
            | Self::Excuse { .. }
            | Self::RaiseFalseAlarm { .. }
            | Self::GoAlone { .. } => Needs::Role(Role::Responder),
            Self::Resume { .. } => Needs::Role(Role::Lead),
            Self::MissCode { .. } => Needs::Person,
            Self::Resolve(_)
            | Self::Expire(_)
            | Self::Start(_)
            | Self::End { .. }
            | Self::Observe(_)
            | Self::Judge { .. }
            | Self::PlanRevert(_)
            | Self::StartForgeCall(_)
            | Self::EndForgeCall { .. }
            | Self::ObserveForge(_)
            | Self::SeeGate(_)
            | Self::StartWarning(_)
            | Self::EndWarning { .. }
            | Self::SeeBuild(_)
            | Self::Watched { .. }
            | Self::ReadFlag(_)
            | Self::EndVerification { .. }
            | Self::SeeGroups(_)
            | Self::Look(_) => Needs::Bot,
        }
    }

    /// Those whose rights a decision on this may depend on: what is known of them is to be fresh when it is made.
    pub fn people(&self, book: &Book, actor: &Actor) -> Vec<Person> {
        let sends = matches!(self, Self::Start(_) | Self::StartForgeCall(_));
        if !sends && !matches!(self.needs(), Needs::Role(_)) {
            return Vec::new();
        }
        let asks = match actor {
            Actor::Person(person) => Some(person.clone()),
            Actor::Policy { .. } | Actor::Bot => None,
        };
        let incident = self.service(book).and_then(|service| book.open_incident(service));
        asks.into_iter().chain(incident.into_iter().flat_map(|one| one.answerers())).collect()
    }
}

/// Asks whether the one who asks may; gives the right that it rests on, where it rests on one.
pub(super) fn admit(
    book: &Book,
    request: &Request,
    facts: &Facts,
    now: Timestamp,
) -> Result<Option<Right>, Refusal> {
    match request.needs() {
        Needs::Role(role) => {
            let service = request.service(book).ok_or(Refusal::NoIncident)?;
            guard::g11_may(&facts.policy, service, &facts.actor, role, now).map(Some)
        }
        Needs::Person => facts.person().map(|_| None),
        Needs::Bot => Ok(None),
    }
}

/// A refusal for lack of a right is written down; the fifth within ten minutes raises an alert, and stands for all that
/// follow it in that time.
pub(super) fn refused(
    book: &Book,
    request: &Request,
    facts: &Facts,
    refusal: Refusal,
    now: Timestamp,
) -> Decision {
    let (Actor::Person(by), Some(service)) = (&facts.actor, request.service(book)) else {
        return Decision::Refused(refusal);
    };
    let humans = &facts.policy.humans;
    let mut states = book.states.values();
    let is_known = book.services.contains_key(service);
    if !is_known
        || !refusal.is_of_rights()
        || states.any(|state| was_alerted(state, humans, by, now))
    {
        return Decision::Refused(refusal);
    }
    let before: usize = book.states.values().map(|state| refusals(state, humans, by, now)).sum();
    let act = ServiceEvent::ActRefused { by: by.clone(), refusal: refusal.clone() };
    let mut events = vec![Emitted::service(service, act)];
    if before + 1 >= MOST_REFUSALS {
        let count = u32::try_from(before + 1).unwrap_or(u32::MAX);
        let alerted = ServiceEvent::RefusalsAlerted { by: by.clone(), count };
        events.push(Emitted::service(service, alerted));
    }
    Decision::Events(events, Some(refusal))
}

fn was_alerted(state: &ServiceState, humans: &Humans, by: &Person, now: Timestamp) -> bool {
    let mut alerts = state.refusal_alerts.iter();
    alerts.any(|(person, at)| humans.are_one(person, by) && now.since(*at) < guard::REFUSALS_WITHIN)
}

fn refusals(state: &ServiceState, humans: &Humans, by: &Person, now: Timestamp) -> usize {
    let is_ours = |(person, at): &&(Person, Timestamp)| {
        humans.are_one(person, by) && now.since(*at) < guard::REFUSALS_WITHIN
    };
    state.refusals.iter().filter(is_ours).count()
}

/// Writes down which group a decision rests on, beside what was decided.
pub(super) fn relied(decision: Decision, right: Option<Right>, facts: &Facts) -> Decision {
    let (decision, role, group, seen_at) = match (decision, right) {
        (
            Decision::Events(events, answer),
            Some(Right { role, ground: Ground::Group { group, seen_at } }),
        ) => ((events, answer), role, group, seen_at),
        (decision, _) => return decision,
    };
    let (mut events, answer) = decision;
    let incident = events.iter().find_map(|one| match one.stream {
        StreamId::Incident(id) => Some(id),
        StreamId::Register | StreamId::Service(_) => None,
    });
    if let (Some(incident), Actor::Person(by)) = (incident, &facts.actor) {
        let relied = AuthorityEvent::RightRelied { by: by.clone(), role, group, seen_at };
        events.push(Emitted::authority(incident, relied));
    }
    Decision::Events(events, answer)
}

/// Asks again right before something is sent: those who said yes to it may still.
///
/// # Errors
/// Why it is not sent.
pub(super) fn may_still(
    case: &Case<'_>,
    by: &Person,
    with: Option<&Person>,
    facts: &Facts,
    now: Timestamp,
) -> Result<(), Void> {
    let care = if with.is_some() { Care::TwoPeople } else { Care::OnePerson };
    let service = &case.service.id;
    let why = |refusal: Refusal| match refusal {
        Refusal::RightsUnknown { .. } | Refusal::GroupsUnreadable { .. } => Void::RightsUnknown,
        _ => Void::RightsLost,
    };
    for person in std::iter::once(by).chain(with) {
        facts.policy.may(service, person, Role::Responder, care, now).map_err(why)?;
    }
    match with {
        Some(with) => facts.policy.make_two(service, (by, with), now).map_err(why),
        None => Ok(()),
    }
}

/// Says once that groups cannot be read any more, and once that they can.
pub(super) fn see_groups(book: &Book, service: &ServiceId, facts: &Facts, now: Timestamp) -> Step {
    let state = book.state(service).ok_or(Refusal::NoIncident)?;
    let event = match (facts.policy.unread(service, now), &state.groups_lost) {
        (Some(unread), None) => ServiceEvent::GroupsLost {
            platform: unread.platform,
            read_at: unread.read_at,
            why: unread.why,
        },
        (None, Some(lost)) => ServiceEvent::GroupsBack { platform: lost.platform },
        (Some(_), Some(_)) | (None, None) => return Ok(Decision::nothing()),
    };
    Ok(Decision::events(vec![Emitted::service(service, event)]))
}
