//! One handler per command: turns a request into a proposal, and its result into the immediate answer.

mod answer;
mod exits;
mod incident;
mod press;
mod promote;
mod revert;
mod rollback;
mod verify;
mod whoami;

use std::time::Duration;

use super::desk::{Ask, Desk, DeskError};
use super::narrator::said;
use super::reply::{Card, Text};
use super::request::Request;
use super::words;
use crate::domain::actor::Actor;
use crate::domain::decide;
use crate::domain::event::Excuse;
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;
use crate::engine::intake;
use crate::engine::keeper::{Answer, Proposal};
use crate::engine::ports::JournalError;

/// A platform gives up on an answer after three seconds.
const LONGEST_READ: Duration = Duration::from_millis(2_300);

/// Answers a request.
pub(super) async fn handle(desk: &Desk, ask: &Ask, request: Request) -> Result<Card, DeskError> {
    match request {
        Request::Rollback { service, to, reason } => {
            rollback::start(desk, ask, service, to, reason).await
        }
        Request::Revert { service, what, reason } => {
            revert::start(desk, ask, service, what, reason).await
        }
        Request::Verify { service, deployment } => {
            verify::start(desk, ask, service, deployment).await
        }
        Request::Promote { service, deployment, reason } => {
            promote::start(desk, ask, service, deployment, reason).await
        }
        Request::Fix { service, number, repository } => {
            exits::fix(desk, ask, service, number, repository).await
        }
        Request::Flag { service, reason } => {
            exits::excuse(desk, ask, service, Excuse::FlagOff, reason).await
        }
        Request::RuledOut { service, reason } => {
            exits::excuse(desk, ask, service, Excuse::RuledOut, reason).await
        }
        Request::FalseAlarm { service, reason } => {
            exits::false_alarm(desk, ask, service, reason).await
        }
        Request::Alone { service, reason } => exits::alone(desk, ask, service, reason).await,
        Request::Open { service, title } => incident::open(desk, ask, service, title).await,
        Request::Status { subject } => incident::status(desk, ask, subject).await,
        Request::Note { incident, text } => incident::note(desk, ask, incident, text).await,
        Request::Halt { service, reason } => incident::halt(desk, ask, service, reason).await,
        Request::Resume { service, reason } => incident::resume(desk, ask, service, reason).await,
        Request::Whoami => Ok(whoami::whoami(desk, ask).await),
        Request::Blip { incident, reason } => incident::blip(desk, ask, incident, reason).await,
        Request::Press { code } => press::press(desk, ask, code).await,
        Request::Close { incident, reason } => incident::close(desk, ask, incident, reason).await,
        Request::List { service } => incident::list(desk, ask, service).await,
        Request::Help { topic } => Ok(super::help::help(desk.catalog(), desk.prefix(), topic)),
    }
}

/// Proposes what a person asks, together with the delivery it came with. What must be read for it is read while they wait.
async fn propose(
    desk: &Desk,
    ask: &Ask,
    requests: Vec<decide::Request>,
) -> Result<Option<Refusal>, DeskError> {
    let actor = Actor::Person(ask.by.person.clone());
    let proposal = Proposal { delivery: Some(ask.delivery()), ..Proposal::of(actor, requests) };
    match intake::command(desk.engine(), proposal, LONGEST_READ).await? {
        Answer::Done(_, refusal) => Ok(refusal),
        Answer::Refused(refusal) => Ok(Some(refusal)),
        Answer::Needs(_) => Ok(Some(Refusal::NotYet)),
    }
}

/// Proposes one request about a service; the card to answer with if it was refused. The same delivery again is answered as
/// the first one was.
async fn proposed(
    desk: &Desk,
    ask: &Ask,
    request: decide::Request,
    service: &ServiceId,
) -> Result<Option<Card>, DeskError> {
    match propose(desk, ask, vec![request]).await {
        Ok(None) | Err(DeskError::Journal(JournalError::Duplicate(_))) => Ok(None),
        Ok(Some(refusal)) => Ok(Some(refused(desk, &refusal, Some(service)))),
        Err(error) => Err(error),
    }
}

/// The answer to an address of another repository than the service's own.
fn foreign_repository(desk: &Desk, service: &ServiceId, named: Option<&str>) -> Option<Card> {
    let book = desk.book();
    let own = book.services.get(service)?.repository.as_ref()?;
    let named = named.filter(|named| !named.eq_ignore_ascii_case(own))?;
    let text = Text::plain("That is an address in ")
        .code(words::clipped(named, 100))
        .and(format!(", and the code of {service} is kept in "))
        .code(words::clipped(own, 100))
        .and(". Next: name a change of that repository.");
    Some(said(text))
}

/// The channel's services decide what may be spoken of here.
fn check_bound(ask: &Ask, service: &ServiceId) -> Result<(), Box<Card>> {
    if ask.bound.contains(service) {
        return Ok(());
    }
    let text = Text::default()
        .code(service.as_str())
        .and(" is not handled in this channel. Type the command in one of its own channels.");
    Err(Box::new(said(text)))
}

/// The incident that a command means: the one named, or the only open one of this channel.
async fn meant(
    desk: &Desk,
    ask: &Ask,
    named: Option<IncidentId>,
) -> Result<Result<IncidentId, Card>, DeskError> {
    let book = desk.book();
    if let Some(id) = named {
        let incident = desk.engine().keeper().incident(id).await?;
        let is_here = incident.is_some_and(|one| ask.bound.contains(&one.service));
        return Ok(if is_here { Ok(id) } else { Err(refused(desk, &Refusal::NoIncident, None)) });
    }
    let open: Vec<&Incident> =
        ask.bound.iter().filter_map(|service| book.open_incident(service)).collect();
    Ok(match open.as_slice() {
        [one] => Ok(one.id),
        [] => Err(refused(desk, &Refusal::NoIncident, None)),
        several => {
            let mut text = Text::plain("Several incidents are open here; name one: ");
            for (index, one) in several.iter().enumerate() {
                text = if index == 0 { text } else { text.and(", ") };
                text = text.code(one.id.to_string()).and(format!(" {}", one.service));
            }
            Err(said(text.and(".")))
        }
    })
}

fn refused(desk: &Desk, refusal: &Refusal, service: Option<&ServiceId>) -> Card {
    said(words::refusal(refusal, service, desk.prefix()))
}
