//! `/incident fix`, `flag`, `ruled-out`, `false-alarm` and `alone`: the other ways through.

use super::{answer, check_bound, foreign_repository, proposed};
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::narrator::said;
use crate::chat::reply::{Card, Text};
use crate::domain::decide::Request;
use crate::domain::event::Excuse;
use crate::domain::ids::ServiceId;

/// The card is the answer: it shows the pull request that is followed from now on.
pub(super) async fn fix(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    number: u64,
    repository: Option<String>,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    if let Some(card) = foreign_repository(desk, &service, repository.as_deref()) {
        return Ok(card);
    }
    let request = Request::NameFix { service: service.clone(), number };
    match proposed(desk, ask, request, &service).await? {
        Some(refused) => Ok(refused),
        None => Ok(answer::begun(desk, ask, &service, |_| None)),
    }
}

pub(super) async fn excuse(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    excuse: Excuse,
    reason: String,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let request = Request::Excuse { service: service.clone(), excuse, reason: Some(reason) };
    if let Some(refused) = proposed(desk, ask, request, &service).await? {
        return Ok(refused);
    }
    let next = desk.prefix().command(&format!("revert {service}"));
    let text = Text::default()
        .strong(match excuse {
            Excuse::FlagOff => "Noted: the flag is off.",
            Excuse::RuledOut => "Noted: a rollback is ruled out.",
        })
        .and(" It stands on the card with your name. Next: ")
        .code(next);
    Ok(said(text))
}

pub(super) async fn false_alarm(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    reason: String,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let request = Request::RaiseFalseAlarm { service: service.clone(), reason: Some(reason) };
    if let Some(refused) = proposed(desk, ask, request, &service).await? {
        return Ok(refused);
    }
    let book = desk.book();
    let is_agreed = book.open_incident(&service).is_some_and(|one| one.is_false_alarm());
    Ok(said(if is_agreed {
        "You are the second person: it counts as a false alarm from now on. The card says what is next.".into()
    } else {
        "Noted. Another responder has to agree, by pressing Agree on the card or by saying the same.".into()
    }))
}

pub(super) async fn alone(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    reason: String,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let request = Request::GoAlone { service: service.clone(), reason };
    if let Some(refused) = proposed(desk, ask, request, &service).await? {
        return Ok(refused);
    }
    let text =
        "You go on alone; the channel is told, with your reason. The card shows how far it is.";
    Ok(said(text.into()))
}
