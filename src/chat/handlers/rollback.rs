//! `/rollback`: Layer 1 begins. The answer is private and immediate; the card follows when the facts are in.

use super::{answer, check_bound, proposed};
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::reply::{Card, Text};
use crate::domain::action::Action;
use crate::domain::decide::Request;
use crate::domain::event::{Direction, Wish};
use crate::domain::ids::ServiceId;
use crate::domain::incident::{Incident, Layer1};

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
    match proposed(desk, ask, request, &service).await? {
        Some(refused) => Ok(refused),
        None => Ok(answered(desk, ask, &service)),
    }
}

/// The incident's number, its state, and buttons that already work.
pub(super) fn answered(desk: &Desk, ask: &Ask, service: &ServiceId) -> Card {
    answer::begun(desk, ask, service, begun)
}

fn begun(incident: &Incident) -> Option<(Text, &'static [Action])> {
    match &incident.layer1 {
        Layer1::Resolving(one) if one.direction == Direction::Forward => None,
        Layer1::Resolving(_) | Layer1::Idle => Some((
            "Looking for the last known good deployment; the card follows in this channel. Nothing moves before somebody presses Confirm.".into(),
            &[Action::ShowCard, Action::Cancel],
        )),
        // The card is there already: here it is, with its buttons.
        Layer1::Waiting(_) | Layer1::Lapsed(..) | Layer1::Flipping(_) | Layer1::Settled(_) => None,
    }
}
