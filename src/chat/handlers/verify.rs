//! `/verify`: the journeys are walked. The answer is private and immediate, and its first line says what is verified; the
//! verdict follows in the incident's thread and on its card.

use super::{check_bound, proposed, refused};
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::narrator::said;
use crate::chat::reply::{Card, Text};
use crate::chat::verdict;
use crate::domain::decide::Request;
use crate::domain::ids::ServiceId;
use crate::domain::refusal::Refusal;
use crate::domain::verification::{Subject, Verifying};

pub(super) async fn start(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    deployment: Option<String>,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let before = desk.book();
    let under_way = before.open_incident(&service).and_then(|one| one.verifying.clone());
    let named = deployment.clone();
    let request = Request::Verify { service: service.clone(), deployment };
    match proposed(desk, ask, request, &service).await? {
        Some(refused) => Ok(refused),
        None => Ok(answer(desk, &service, named, under_way.as_ref())),
    }
}

/// What is verified, and where the verdict comes; or that another verification is under way.
fn answer(
    desk: &Desk,
    service: &ServiceId,
    named: Option<String>,
    under_way: Option<&Verifying>,
) -> Card {
    let book = desk.book();
    let (Some(incident), Some(of)) = (book.open_incident(service), book.services.get(service))
    else {
        return refused(desk, &Refusal::IncidentOver, Some(service));
    };
    if let Some(first) = under_way {
        let text = Text::plain("One verification at a time: that of ")
            .append(verdict::subject(&first.subject))
            .and(", asked by ")
            .person(&first.by)
            .and(" at ")
            .time(first.since)
            .and(format!(
                ", is under way. Its verdict comes in incident {}'s thread within a minute; then ask again.",
                incident.id
            ));
        return said(text);
    }
    let place = format!(
        "The verdict comes in incident {}'s thread and on its card, within a minute. Nothing is changed by it.",
        incident.id
    );
    // What was begun is what the rules made of it; over already, it was what was asked for.
    let begun = incident.verifying.as_ref().map(|one| one.subject.clone());
    let subject = begun.unwrap_or_else(|| named.map_or(Subject::Production, Subject::Deployment));
    said(verdict::announced(&subject, incident, of).and("\n").and(place))
}
