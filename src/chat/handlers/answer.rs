//! The immediate answer to a command that begins something: the incident's number, what happens next, and buttons that
//! already work. Where it is begun already, the card itself is the answer.

use super::refused;
use crate::chat::card::{self, Drawing};
use crate::chat::desk::{Ask, Desk};
use crate::chat::reply::{Button, ButtonStyle, Card, Part, Text};
use crate::domain::action::Action;
use crate::domain::ids::ServiceId;
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;

/// The answer to whoever began something with a service's open incident. `begun` says what happens next, with the buttons
/// that are of use until then; `None`: the card is there already.
pub(super) fn begun(
    desk: &Desk,
    ask: &Ask,
    service: &ServiceId,
    begun: impl FnOnce(&Incident) -> Option<(Text, &'static [Action])>,
) -> Card {
    let book = desk.book();
    let Some(incident) = book.open_incident(service) else {
        return refused(desk, &Refusal::IncidentOver, Some(service));
    };
    match begun(incident) {
        Some((text, actions)) => opening(desk, ask, incident, text, actions),
        None => shown(desk, incident),
    }
}

/// The card as it is now, with a button at least.
fn shown(desk: &Desk, incident: &Incident) -> Card {
    let book = desk.book();
    let sealer = desk.engine().keeper().sealer();
    let drawing = Drawing { book: &book, sealer, prefix: desk.prefix(), now: desk.now() };
    let mut card = card::draw(incident, &drawing);
    if !card.parts.iter().any(|part| matches!(part, Part::Buttons(_))) {
        let show = card::button(incident.id, &Action::ShowCard, sealer);
        card.parts.push(Part::Buttons(vec![show]));
    }
    card
}

fn opening(desk: &Desk, ask: &Ask, incident: &Incident, text: Text, actions: &[Action]) -> Card {
    let sealer = desk.engine().keeper().sealer();
    let summary = Text::default()
        .strong(format!("Incident {} for {}.", incident.id, incident.service))
        .and(" ")
        .append(text);
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
