//! What everybody else is told: that it is being worked on, that it is better, that it is worse again, that it is over.

use crate::chat::reply::Text;
use crate::domain::event::Exit;
use crate::domain::incident::Incident;
use crate::domain::service::Service;
use crate::domain::time::Timestamp;

pub(super) fn started(service: &Service, incident: &Incident) -> Text {
    Text::default()
        .strong(format!("{}: we are on a problem.", service.id))
        .and(" The on-call team is working on it since ")
        .time(incident.opened_at)
        .and(". You will read here when it is better. ")
        .append(reference(incident))
}

pub(super) fn proven(service: &Service, incident: &Incident, at: Timestamp) -> Text {
    Text::default()
        .strong(format!("{}: production is back on an earlier version.", service.id))
        .and(" Customers get a version that worked before; this was proven at ")
        .link(service.production_url.clone(), service.production_url.clone())
        .and(format!(
            " {} after we began. The fix follows; newer changes are held back until then. ",
            at.since(incident.opened_at)
        ))
        .append(reference(incident))
}

/// Production fails after the promote.
pub(super) fn relapsed(service: &Service, incident: &Incident) -> Text {
    Text::default()
        .strong(format!("{}: the fix did not hold.", service.id))
        .and(" Production is being brought back to the version that worked. You will read here when it is better. ")
        .append(reference(incident))
}

/// It is over, and how.
pub(super) fn ended(service: &Service, incident: &Incident, exit: Exit) -> Text {
    let how = match exit {
        Exit::Blip => "It was a short disturbance; nothing had to be changed. ",
        Exit::ByHand => "The on-call team has ended the incident. ",
        Exit::Reverted => {
            "The change that broke it is taken back, production runs the newest version and was watched for five minutes. "
        }
        Exit::FixedForward => {
            "It is mended, production runs the newest version and was watched for five minutes. "
        }
        Exit::FalseAlarm => {
            "The version that was suspected is fine and runs again; production was watched for five minutes. "
        }
    };
    Text::default()
        .strong(format!("{}: resolved.", service.id))
        .and(" ")
        .and(how)
        .append(reference(incident))
}

fn reference(incident: &Incident) -> Text {
    Text::plain(format!("(incident {})", incident.id))
}
