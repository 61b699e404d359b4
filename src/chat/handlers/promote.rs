//! `/promote`: the last step begins. The answer is private and immediate; the question follows on the card when it is known
//! that nothing speaks against it.

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
    let request = Request::StartPromote { service: service.clone(), wish };
    match proposed(desk, ask, request, &service).await? {
        Some(refused) => Ok(refused),
        None => Ok(answer::begun(desk, ask, &service, begun)),
    }
}

fn begun(incident: &Incident) -> Option<(Text, &'static [Action])> {
    match &incident.layer1 {
        Layer1::Resolving(one) if one.direction == Direction::Forward => Some((
            "Looking at whether the fix may go live; the question follows on the card in this channel. A verification older than 15 minutes is made again first. Nothing moves before somebody presses Confirm.".into(),
            &[Action::ShowCard, Action::Cancel],
        )),
        Layer1::Resolving(_)
        | Layer1::Idle
        | Layer1::Waiting(_)
        | Layer1::Lapsed(..)
        | Layer1::Flipping(_)
        | Layer1::Settled(_) => None,
    }
}
