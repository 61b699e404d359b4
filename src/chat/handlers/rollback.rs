//! `/rollback`: Layer 1 begins. The answer is private and immediate; the card follows when the facts are in.

use super::{check_bound, propose, refused};
use crate::chat::card::{self, Drawing};
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::reply::{Button, ButtonStyle, Card, Part, Text};
use crate::domain::action::Action;
use crate::domain::decide::Request;
use crate::domain::event::Wish;
use crate::domain::ids::ServiceId;
use crate::domain::incident::{Incident, Layer1};
use crate::engine::ports::JournalError;

pub(super) async fn start(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    to: Option<String>,
    reason: Option<String>,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let wish = Wish { to, reason, asked_in: Some(ask.by.channel.clone()) };
    let request = Request::StartRollback { service: service.clone(), wish };
    match propose(desk, ask, vec![request]).await {
        Ok(None) => {}
        Ok(Some(refusal)) => return Ok(refused(desk, &refusal, Some(&service))),
        // The same delivery again is answered as the first one was.
        Err(DeskError::Journal(JournalError::Duplicate(_))) => {}
        Err(error) => return Err(error),
    }
    Ok(answer(desk, ask, &service))
}

/// The incident's number, its state, and buttons that already work.
pub(super) fn answer(desk: &Desk, ask: &Ask, service: &ServiceId) -> Card {
    let book = desk.book();
    let Some(incident) = book.open_incident(service) else {
        return refused(desk, &crate::domain::refusal::Refusal::IncidentOver, Some(service));
    };
    match &incident.layer1 {
        Layer1::Resolving(_) | Layer1::Idle => opening(desk, ask, incident),
        // The card is there already: here it is, with its buttons.
        Layer1::Waiting(_) | Layer1::Lapsed(..) | Layer1::Flipping(_) | Layer1::Settled(_) => {
            let drawing = Drawing {
                book: &book,
                sealer: desk.engine().keeper().sealer(),
                prefix: desk.prefix(),
                now: desk.now(),
            };
            let mut card = card::draw(incident, &drawing);
            let show = Action::ShowCard;
            let has_buttons = card.parts.iter().any(|part| matches!(part, Part::Buttons(_)));
            if !has_buttons {
                card.parts.push(Part::Buttons(vec![card::button(
                    incident.id,
                    &show,
                    drawing.sealer,
                )]));
            }
            card
        }
    }
}

fn opening(desk: &Desk, ask: &Ask, incident: &Incident) -> Card {
    let sealer = desk.engine().keeper().sealer();
    let summary = Text::default()
        .strong(format!("Incident {} for {}.", incident.id, incident.service))
        .and(" Looking for the last known good deployment; the card follows in this channel. Nothing moves before somebody presses Confirm.");
    let actions = [Action::ShowCard, Action::Cancel];
    let buttons = actions.iter().map(|action| Button {
        style: ButtonStyle::Plain,
        ..card::button(incident.id, action, sealer)
    });
    let mut codes = Text::plain("Typed instead: ");
    for (index, action) in actions.iter().enumerate() {
        let code = sealer.code(incident.id, action, &ask.by.person, &ask.by.channel);
        let line = desk.prefix().command(&format!("incident press {code}"));
        codes = if index == 0 { codes } else { codes.and(" · ") };
        codes = codes.code(line).and(format!(" {}", card::label(action)));
    }
    Card {
        summary: summary.clone(),
        parts: vec![Part::Paragraph(summary), Part::Buttons(buttons.collect()), Part::Note(codes)],
    }
}
