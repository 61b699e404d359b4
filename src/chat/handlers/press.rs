//! `/incident press`: a button by its code, for whom buttons do not work.

use std::sync::atomic::Ordering;

use super::{propose, refused};
use crate::chat::card;
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::narrator::said;
use crate::chat::reply::{Card, Part, Text};
use crate::chat::request::PressCode;
use crate::domain::action::Action;
use crate::domain::book::Book;
use crate::domain::decide::Request;
use crate::domain::guard;
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;
use crate::engine::intake::Press;
use crate::engine::seal;

pub(super) async fn press(
    desk: &Desk,
    ask: &Ask,
    code: Option<PressCode>,
) -> Result<Card, DeskError> {
    let book = desk.book();
    let Some(first) = ask.bound.first() else {
        return Ok(refused(desk, &Refusal::WrongChannel, None));
    };
    let Some(code) = code else { return Ok(codes(desk, ask, &book)) };
    let policy = desk.engine().keeper().tools().roster.policy();
    let humans = &policy.humans;
    if let Some(state) = book.state(first)
        && let Err(refusal) = guard::codes_are_open(state, humans, &ask.by.person, ask.at)
    {
        return Ok(refused(desk, &refusal, Some(first)));
    }
    match fitting(desk, ask, &book, &code) {
        Some((incident, action)) => {
            let label = card::label(&action);
            let press = Press { incident, action, by: ask.by.clone(), pressed_at: ask.at };
            ask.is_recorded.store(true, Ordering::Relaxed);
            if let Some(not_stored) = desk.store_press(&ask.key, press).await {
                return Ok(not_stored);
            }
            Ok(said(
                format!("Pressed {label} of incident {incident}. The card shows what comes of it.")
                    .into(),
            ))
        }
        None => {
            propose(desk, ask, vec![Request::MissCode { service: first.clone() }]).await?;
            let book = desk.book();
            let missed = book
                .state(first)
                .map(|state| guard::codes_missed(state, humans, &ask.by.person, ask.at).0);
            let left = guard::CODE_TRIES.saturating_sub(missed.unwrap_or(guard::CODE_TRIES));
            Ok(refused(desk, &Refusal::WrongCode { left }, Some(first)))
        }
    }
}

/// What can be pressed here, by incident.
fn pressable<'a>(ask: &Ask, book: &'a Book) -> Vec<(&'a Incident, Action)> {
    let open = ask.bound.iter().filter_map(|service| book.open_incident(service));
    open.flat_map(|incident| {
        card::all_actions(incident, book).into_iter().map(move |action| (incident, action))
    })
    .collect()
}

/// All buttons are compared, so that the time does not tell which one fits.
fn fitting(desk: &Desk, ask: &Ask, book: &Book, code: &PressCode) -> Option<(IncidentId, Action)> {
    let sealer = desk.engine().keeper().sealer();
    let (person, channel) = (&ask.by.person, &ask.by.channel);
    let mut found = None;
    for (incident, action) in pressable(ask, book) {
        let own = sealer.code(incident.id, &action, person, channel);
        if seal::is_same_code(code.as_str(), &own) {
            found = Some((incident.id, action));
        }
    }
    found
}

fn codes(desk: &Desk, ask: &Ask, book: &Book) -> Card {
    let sealer = desk.engine().keeper().sealer();
    let mut parts =
        vec![Part::Paragraph("Your codes in this channel. They work for you alone.".into())];
    for (incident, action) in pressable(ask, book) {
        let code = sealer.code(incident.id, &action, &ask.by.person, &ask.by.channel);
        let line = desk.prefix().command(&format!("incident press {code}"));
        let text = Text::default().strong(format!("{} {}", incident.id, card::label(&action)));
        let text = match &action {
            Action::Choose(_, target) => text.and(" ").code(target.as_str()),
            Action::Confirm(_)
            | Action::Cancel
            | Action::ChooseAnother(_)
            | Action::Renew
            | Action::Verify
            | Action::Revert
            | Action::OpenRevert(_)
            | Action::Merge(_)
            | Action::Promote
            | Action::Agree
            | Action::TakeTask(_)
            | Action::GiveReason(_)
            | Action::Reasoned(..)
            | Action::ShowCard => text,
        };
        parts.push(Part::Paragraph(text.and(": ").code(line)));
    }
    if parts.len() == 1 {
        return said("There is nothing to press here: no incident is open.".into());
    }
    Card { summary: "Your codes".into(), parts }
}
