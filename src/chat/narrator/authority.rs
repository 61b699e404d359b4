//! What is said of rights and of agreement: a first yes, somebody who goes on alone, refusals, groups that cannot be read.

use crate::chat::card::named;
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::event::{AuthorityEvent, ServiceEvent};
use crate::domain::incident::Incident;

/// One line for the team; nobody may miss it.
pub(super) fn line(incident: &Incident, event: &AuthorityEvent, prefix: &Prefix) -> Option<Text> {
    match event {
        AuthorityEvent::RightRelied { .. } => None,
        AuthorityEvent::FirstYesGiven { by, until, alone_from, seconds, .. } => {
            let text = Text::default()
                .person(by)
                .and(" said yes. ")
                .strong("A second person is needed")
                .and(": somebody else presses ")
                .strong("Confirm")
                .and(" on the card until ")
                .time(*until)
                .and(". Named for it: ")
                .append(named(seconds))
                .and(".");
            let Some(from) = alone_from else { return Some(text) };
            let alone = prefix.command(&format!("incident alone {} <reason>", incident.service));
            let text = text.and(" If nobody answers, from ").time(*from);
            Some(text.and(" on one responder may go on alone: ").code(alone))
        }
        AuthorityEvent::WentAlone { by, reason, .. } => Some(
            Text::default()
                .person(by)
                .and(" goes on ")
                .strong("alone")
                .and(", since nobody else answered: ")
                .foreign(words::clipped(reason, 300))
                .and("."),
        ),
    }
}

/// What is said of a service's rights.
pub(super) fn of_service(event: &ServiceEvent, prefix: &Prefix) -> Option<Text> {
    match event {
        ServiceEvent::RefusalsAlerted { by, count } => Some(
            Text::default()
                .strong("Refused again and again")
                .and(": ")
                .person(by)
                .and(format!(" was refused {count} times within ten minutes, for lack of the right. Nothing was done. Ask them what they need, or whether their account is their own; what one may do here says "))
                .code(prefix.command("incident whoami")),
        ),
        ServiceEvent::GroupsLost { platform, read_at, why } => {
            Some(words::groups_lost(*platform, *read_at, why.as_deref()))
        }
        ServiceEvent::GroupsBack { platform } => {
            Some(format!("The groups of {} can be read again.", words::platform(*platform)).into())
        }
        _ => None,
    }
}
