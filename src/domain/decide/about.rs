//! Which service a request is about.

use super::Request;
use crate::domain::book::Book;
use crate::domain::ids::ServiceId;

impl Request {
    /// The service that it is about, as far as its incident is known.
    pub fn service<'a>(&'a self, book: &'a Book) -> Option<&'a ServiceId> {
        let incident = match self {
            Self::StartRollback { service, .. }
            | Self::OpenIncident { service, .. }
            | Self::Halt { service, .. }
            | Self::Resume { service, .. }
            | Self::Verify { service, .. }
            | Self::StartPromote { service, .. }
            | Self::StartRevert { service, .. }
            | Self::NameFix { service, .. }
            | Self::Excuse { service, .. }
            | Self::RaiseFalseAlarm { service, .. }
            | Self::GoAlone { service, .. }
            | Self::MissCode { service }
            | Self::SeeGroups(service)
            | Self::Look(service) => return Some(service),
            Self::Press { incident, .. }
            | Self::AddNote { incident, .. }
            | Self::Blip { incident, .. }
            | Self::Close { incident, .. }
            | Self::Resolve(incident)
            | Self::Expire(incident)
            | Self::Start(incident)
            | Self::End { incident, .. }
            | Self::Observe(incident)
            | Self::Judge { incident, .. }
            | Self::PlanRevert(incident)
            | Self::StartForgeCall(incident)
            | Self::EndForgeCall { incident, .. }
            | Self::ObserveForge(incident)
            | Self::SeeGate(incident)
            | Self::StartWarning(incident)
            | Self::EndWarning { incident, .. }
            | Self::SeeBuild(incident)
            | Self::Watched { incident, .. }
            | Self::ReadFlag(incident)
            | Self::EndVerification { incident, .. } => incident,
        };
        book.incidents.get(incident).map(|one| &one.service)
    }
}
