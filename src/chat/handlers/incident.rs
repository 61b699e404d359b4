//! `/incident …`: everything around the rollback.

use super::{check_bound, meant, propose, refused, rollback};
use crate::chat::card::{self, Drawing};
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::narrator::said;
use crate::chat::reply::{Card, Part, Text};
use crate::chat::request::Subject;
use crate::chat::words;
use crate::domain::actor::Role;
use crate::domain::book::Book;
use crate::domain::decide::Request;
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;

/// Incidents that a list shows.
const LISTED: usize = 10;

pub(super) async fn open(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    title: Option<String>,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let was_open = desk.book().open_incident(&service).is_some();
    let title = title.unwrap_or_else(|| format!("a problem with {service}"));
    let request = Request::OpenIncident { service: service.clone(), title };
    if let Some(refusal) = propose(desk, ask, vec![request]).await? {
        return Ok(refused(desk, &refusal, Some(&service)));
    }
    if was_open {
        return Ok(rollback::answered(desk, ask, &service));
    }
    let book = desk.book();
    let Some(incident) = book.open_incident(&service) else {
        return Ok(refused(desk, &Refusal::IncidentOver, Some(&service)));
    };
    let next = desk.prefix().command(&format!("rollback {service}"));
    let text = Text::default().strong(format!("Incident {} for {service} is open.", incident.id));
    Ok(said(text.and(" The card is in this channel. Next: ").code(next)))
}

pub(super) async fn status(
    desk: &Desk,
    ask: &Ask,
    subject: Option<Subject>,
) -> Result<Card, DeskError> {
    let book = desk.book();
    let services = match subject {
        Some(Subject::Incident(id)) => {
            return match meant(desk, ask, Some(id)).await? {
                Ok(id) => shown(desk, id).await,
                Err(card) => Ok(card),
            };
        }
        Some(Subject::Service(service)) => match check_bound(ask, &service) {
            Ok(()) => vec![service],
            Err(card) => return Ok(*card),
        },
        None => ask.bound.clone(),
    };
    let open: Vec<&Incident> =
        services.iter().filter_map(|service| book.open_incident(service)).collect();
    match open.as_slice() {
        [one] => shown(desk, one.id).await,
        [] => Ok(quiet(desk, &book, &services)),
        several => Ok(listed("Open now", &book, several.iter().copied())),
    }
}

async fn shown(desk: &Desk, id: IncidentId) -> Result<Card, DeskError> {
    let Some(incident) = desk.engine().keeper().incident(id).await? else {
        return Ok(refused(desk, &Refusal::NoIncident, None));
    };
    let book = desk.book();
    let sealer = desk.engine().keeper().sealer();
    let drawing = Drawing { book: &book, sealer, prefix: desk.prefix(), now: desk.now() };
    Ok(card::draw(&incident, &drawing))
}

/// Nothing is open: what was last seen of production, and what to type when it breaks.
fn quiet(desk: &Desk, book: &Book, services: &[ServiceId]) -> Card {
    if services.is_empty() {
        return said(
            "This channel belongs to no service. Commands work in a service's own channels.".into(),
        );
    }
    let now = desk.now();
    let mut parts = vec![Part::Paragraph("Nothing is open here.".into())];
    for service in services {
        let state = book.state(service);
        let mut text = Text::default().strong(service.as_str());
        text = match state.and_then(|state| state.seen.as_ref()) {
            Some(seen) => {
                text.and(": production points at ").append(words::live(&seen.live)).and(format!(
                    ", {} (seen {})",
                    words::assignment(seen.assignment),
                    words::ago(seen.at, now)
                ))
            }
            None => text.and(": production was not seen yet"),
        };
        if let Some(halt) = state.and_then(|state| state.halt.as_ref()) {
            text = text.and(". ").strong("Halted").and(" by ").person(&halt.by);
        }
        parts.push(Part::Paragraph(text.and(".")));
    }
    let next = desk.prefix().command("rollback");
    parts.push(Part::Note(Text::plain("When it breaks: ").code(next)));
    Card { summary: "Nothing is open here.".into(), parts }
}

pub(super) async fn note(
    desk: &Desk,
    ask: &Ask,
    incident: Option<IncidentId>,
    text: String,
) -> Result<Card, DeskError> {
    let id = match meant(desk, ask, incident).await? {
        Ok(id) => id,
        Err(card) => return Ok(card),
    };
    let request = Request::AddNote { incident: id, text };
    Ok(match propose(desk, ask, vec![request]).await? {
        Some(refusal) => refused(desk, &refusal, None),
        None => said(format!("Noted in incident {id}; it stands in the card's thread.").into()),
    })
}

pub(super) async fn halt(
    desk: &Desk,
    ask: &Ask,
    service: Option<ServiceId>,
    reason: Option<String>,
) -> Result<Card, DeskError> {
    let services = match reached(desk, ask, service, Role::Responder) {
        Ok(services) => services,
        Err(card) => return Ok(*card),
    };
    let requests = services
        .iter()
        .map(|service| Request::Halt { service: service.clone(), reason: reason.clone() });
    if let Some(refusal) = propose(desk, ask, requests.collect()).await? {
        return Ok(refused(desk, &refusal, services.first()));
    }
    let resume = desk.prefix().command("incident resume reason <why>");
    let text = Text::default()
        .strong("Halted")
        .and(format!(": nothing is sent for {}.", joined(&services)));
    Ok(said(text.and(" It stays so over a restart. A lead lifts it with ").code(resume)))
}

pub(super) async fn resume(
    desk: &Desk,
    ask: &Ask,
    service: Option<ServiceId>,
    reason: String,
) -> Result<Card, DeskError> {
    let is_named = service.is_some();
    let mut services = match reached(desk, ask, service, Role::Lead) {
        Ok(services) => services,
        Err(card) => return Ok(*card),
    };
    let book = desk.book();
    if !is_named {
        services.retain(|service| book.state(service).is_some_and(|state| state.halt.is_some()));
    }
    if services.is_empty() {
        return Ok(refused(desk, &Refusal::NotHalted, None));
    }
    let requests = services
        .iter()
        .map(|service| Request::Resume { service: service.clone(), reason: Some(reason.clone()) });
    if let Some(refusal) = propose(desk, ask, requests.collect()).await? {
        return Ok(refused(desk, &refusal, services.first()));
    }
    let text = Text::default().strong("Resumed").and(format!(": {}.", joined(&services)));
    Ok(said(text.and(
        " What was confirmed less than five minutes ago goes on; anything older is asked anew.",
    )))
}

/// The services that a halt or its end is for: the one named, or every one that the person has the role for.
fn reached(
    desk: &Desk,
    ask: &Ask,
    service: Option<ServiceId>,
    needs: Role,
) -> Result<Vec<ServiceId>, Box<Card>> {
    if let Some(service) = service {
        check_bound(ask, &service)?;
        return Ok(vec![service]);
    }
    let (policy, now) = (desk.engine().keeper().tools().roster.policy(), desk.now());
    let book = desk.book();
    let may = |service: &&ServiceId| policy.role(service, &ask.by.person, now) >= Some(needs);
    let services: Vec<ServiceId> = book.services.keys().filter(may).cloned().collect();
    match (services.is_empty(), ask.bound.as_slice()) {
        (false, _) => Ok(services),
        // Whoever may nowhere is refused where it is decided.
        (true, [_, ..]) => Ok(ask.bound.clone()),
        (true, []) => Err(Box::new(refused(desk, &Refusal::NotAllowed { needs, has: None }, None))),
    }
}

fn joined(services: &[ServiceId]) -> String {
    let names: Vec<&str> = services.iter().map(ServiceId::as_str).collect();
    names.join(", ")
}

pub(super) async fn blip(
    desk: &Desk,
    ask: &Ask,
    incident: Option<IncidentId>,
    reason: Option<String>,
) -> Result<Card, DeskError> {
    ended(desk, ask, incident, "Resolved as a blip", |incident| Request::Blip { incident, reason })
        .await
}

pub(super) async fn close(
    desk: &Desk,
    ask: &Ask,
    incident: Option<IncidentId>,
    reason: Option<String>,
) -> Result<Card, DeskError> {
    ended(desk, ask, incident, "Closed", |incident| Request::Close { incident, reason }).await
}

async fn ended(
    desk: &Desk,
    ask: &Ask,
    incident: Option<IncidentId>,
    done: &str,
    request: impl FnOnce(IncidentId) -> Request,
) -> Result<Card, DeskError> {
    let id = match meant(desk, ask, incident).await? {
        Ok(id) => id,
        Err(card) => return Ok(card),
    };
    Ok(match propose(desk, ask, vec![request(id)]).await? {
        Some(refusal) => refused(desk, &refusal, None),
        None => said(format!("{done}: incident {id}. Everybody who was told is told.").into()),
    })
}

pub(super) async fn list(
    desk: &Desk,
    ask: &Ask,
    service: Option<ServiceId>,
) -> Result<Card, DeskError> {
    if let Some(service) = &service
        && let Err(card) = check_bound(ask, service)
    {
        return Ok(*card);
    }
    let keeper = desk.engine().keeper();
    let newest = keeper.tools().journal.recent_incidents(LISTED * 5).await?;
    let mut found = Vec::new();
    for id in newest {
        let Some(incident) = keeper.incident(id).await? else { continue };
        let is_meant = service.as_ref().is_none_or(|service| *service == incident.service);
        if is_meant && ask.bound.contains(&incident.service) {
            found.push(incident);
        }
        if found.len() == LISTED {
            break;
        }
    }
    if found.is_empty() {
        return Ok(said("No incident yet.".into()));
    }
    Ok(listed("Newest incidents", &desk.book(), found.iter().map(AsRef::as_ref)))
}

fn listed<'a>(title: &str, book: &Book, incidents: impl Iterator<Item = &'a Incident>) -> Card {
    let lines = incidents.map(|incident| {
        let text = Text::default().strong(format!("{} {}", incident.id, incident.service));
        let text = text
            .and(format!(": {}, opened ", card::headline(incident, book)))
            .time(incident.opened_at);
        let text = text.and(" by ").append(words::actor(&incident.opened_by)).and(": ");
        Part::Paragraph(text.foreign(words::clipped(&incident.title, 100)))
    });
    let mut parts = vec![Part::Title(title.into())];
    parts.extend(lines);
    Card { summary: title.into(), parts }
}
