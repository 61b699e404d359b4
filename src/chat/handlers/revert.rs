//! `/revert`: Layer 2 begins. The answer is private and immediate; what would be taken back is shown on the card, and nothing
//! is sent before somebody opens it there.

use super::{answer, check_bound, foreign_repository, proposed};
use crate::chat::desk::{Ask, Desk, DeskError};
use crate::chat::reply::{Card, Text};
use crate::chat::request::Linked;
use crate::domain::action::Action;
use crate::domain::decide::Request;
use crate::domain::fix::{Layer2, Wish};
use crate::domain::ids::ServiceId;
use crate::domain::incident::Incident;

pub(super) async fn start(
    desk: &Desk,
    ask: &Ask,
    service: ServiceId,
    what: Option<Linked>,
    reason: Option<String>,
) -> Result<Card, DeskError> {
    if let Err(card) = check_bound(ask, &service) {
        return Ok(*card);
    }
    let repository = what.as_ref().and_then(|what| what.repository.as_deref());
    if let Some(card) = foreign_repository(desk, &service, repository) {
        return Ok(card);
    }
    let what = what.map(|linked| linked.what);
    let wish = Wish { what, reason, asked_in: Some(ask.by.channel.clone()) };
    let request = Request::StartRevert { service: service.clone(), wish };
    match proposed(desk, ask, request, &service).await? {
        Some(refused) => Ok(refused),
        None => Ok(answer::begun(desk, ask, &service, begun)),
    }
}

fn begun(incident: &Incident) -> Option<(Text, &'static [Action])> {
    match &incident.layer2 {
        Layer2::Looking(_) => Some((
            "Trying out what taking it back would do; the card shows it in this channel. Nothing is sent before somebody presses Open revert.".into(),
            &[Action::ShowCard],
        )),
        Layer2::Idle
        | Layer2::Planned(_)
        | Layer2::Opening(_)
        | Layer2::Prepared(_)
        | Layer2::Followed(_) => None,
    }
}
