//! One handler per command: turns a request into a proposal, and its result into the immediate answer.

mod incident;
mod rollback;
mod verify;

use super::desk::{Ask, Desk, DeskError};
use super::narrator::said;
use super::reply::{Card, Text};
use super::request::Request;
use super::words;
use crate::domain::actor::Actor;
use crate::domain::decide;
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;
use crate::engine::keeper::{Answer, Proposal};

/// Answers a request.
pub(super) async fn handle(desk: &Desk, ask: &Ask, request: Request) -> Result<Card, DeskError> {
    match request {
        Request::Rollback { service, to, reason } => {
            rollback::start(desk, ask, service, to, reason).await
        }
        Request::Verify { service, deployment } => {
            verify::start(desk, ask, service, deployment).await
        }
        Request::Open { service, title } => incident::open(desk, ask, service, title).await,
        Request::Status { subject } => incident::status(desk, ask, subject).await,
        Request::Note { incident, text } => incident::note(desk, ask, incident, text).await,
        Request::Halt { service, reason } => incident::halt(desk, ask, service, reason).await,
        Request::Resume { service, reason } => incident::resume(desk, ask, service, reason).await,
        Request::Whoami => Ok(incident::whoami(desk, ask)),
        Request::Blip { incident, reason } => incident::blip(desk, ask, incident, reason).await,
        Request::Press { code } => incident::press(desk, ask, code).await,
        Request::Close { incident, reason } => incident::close(desk, ask, incident, reason).await,
        Request::List { service } => incident::list(desk, ask, service).await,
        Request::Help { topic } => Ok(super::help::help(desk.catalog(), desk.prefix(), topic)),
    }
}

/// Proposes what a person asks, together with the delivery it came with.
async fn propose(
    desk: &Desk,
    ask: &Ask,
    requests: Vec<decide::Request>,
) -> Result<Option<Refusal>, DeskError> {
    let actor = Actor::Person(ask.by.person.clone());
    let proposal = Proposal { delivery: Some(ask.delivery()), ..Proposal::of(actor, requests) };
    match desk.engine().propose(&proposal).await? {
        Answer::Done(_, refusal) => Ok(refusal),
        Answer::Refused(refusal) => Ok(Some(refusal)),
        // Commands never need readings to be taken in; the executor reads afterwards.
        Answer::Needs(_) => Ok(None),
    }
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
