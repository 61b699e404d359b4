//! Everything the bot knows: the fold of all streams that matter now.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::actor::{Person, Platform};
use super::deployment::{Assignment, Live};
use super::ids::{DeploymentId, EffectId, IncidentId, ServiceId, StreamId, Version};
use super::incident::Incident;
use super::service::Service;
use super::time::Timestamp;

/// The state of one service: what the fold of its events says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceState {
    /// The halt that is in force.
    pub halt: Option<Halt>,
    /// The effect that holds the pointer.
    pub lock: Option<PointerLock>,
    /// Deployments that are never offered again, and in which incident that was decided.
    pub marked_bad: BTreeMap<DeploymentId, IncidentId>,
    /// What was last seen of the pointer.
    pub seen: Option<SeenPointer>,
    /// Wrong codes per person: how many in a row, and when the last one was.
    pub missed_codes: BTreeMap<Person, (u32, Timestamp)>,
    /// Refusals for lack of a right in the last minutes.
    pub refusals: Vec<(Person, Timestamp)>,
    /// When the team was last told of somebody's refusals.
    pub refusal_alerts: BTreeMap<Person, Timestamp>,
    /// The groups cannot be read.
    pub groups_lost: Option<GroupsLost>,
}

/// The bot sends nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Halt {
    /// Who said so.
    pub by: Person,
    /// Since when.
    pub since: Timestamp,
    /// Why: foreign text.
    pub reason: Option<String>,
}

/// Who is in the groups that give rights cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupsLost {
    /// Whose groups.
    pub platform: Platform,
    /// When they were last read.
    pub read_at: Option<Timestamp>,
    /// Why not since: foreign text.
    pub why: Option<String>,
}

/// One open effect per pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointerLock {
    /// Whose.
    pub incident: IncidentId,
    /// Which.
    pub effect: EffectId,
    /// Since when.
    pub since: Timestamp,
}

/// What was last seen of a pointer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenPointer {
    /// What was live.
    pub live: Live,
    /// The flag.
    pub assignment: Assignment,
    /// When.
    pub at: Timestamp,
}

/// Closed incidents that are kept at hand.
const CLOSED_KEPT: usize = 200;

/// All state. Cheap to copy: what did not change is shared. With the version of each stream it was folded from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    /// What is configured.
    pub services: Arc<BTreeMap<ServiceId, Service>>,
    /// State per service.
    pub states: BTreeMap<ServiceId, ServiceState>,
    /// Incidents that are open or were read.
    pub incidents: BTreeMap<IncidentId, Arc<Incident>>,
    /// The newest incident of each service, open or not.
    pub newest: BTreeMap<ServiceId, IncidentId>,
    /// Events per stream.
    pub versions: BTreeMap<StreamId, Version>,
}

impl Book {
    /// An empty book over what is configured.
    pub fn new(services: impl IntoIterator<Item = Service>) -> Self {
        let services: BTreeMap<_, _> =
            services.into_iter().map(|service| (service.id.clone(), service)).collect();
        let states = services.keys().map(|id| (id.clone(), ServiceState::default())).collect();
        Self { services: Arc::new(services), states, ..Self::default() }
    }

    /// The version of a stream.
    pub fn version(&self, stream: &StreamId) -> Version {
        self.versions.get(stream).copied().unwrap_or_default()
    }

    /// The incident of a service that the runbook is still running for; the newest, if there are several.
    pub fn open_incident(&self, service: &ServiceId) -> Option<&Incident> {
        self.incidents
            .values()
            .rev()
            .find(|incident| incident.service == *service && incident.is_open())
            .map(AsRef::as_ref)
    }

    /// Lets go of incidents that are closed, but for the newest ones, whose cards may still be pressed. What is forgotten
    /// here is in the journal.
    pub fn forget_long_closed(&mut self) {
        let closed = self.incidents.values().rev().filter(|one| one.closed_at.is_some());
        let old: Vec<IncidentId> = closed.skip(CLOSED_KEPT).map(|one| one.id).collect();
        for id in old {
            self.incidents.remove(&id);
            self.versions.remove(&StreamId::Incident(id));
        }
    }

    /// The number that the next incident gets.
    pub fn next_incident(&self) -> IncidentId {
        IncidentId(self.version(&StreamId::Register).0 + 1)
    }

    /// What holds for a service besides its incidents.
    pub fn state(&self, service: &ServiceId) -> Option<&ServiceState> {
        self.states.get(service)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fixture::Story;

    #[test]
    fn only_the_newest_closed_incidents_are_kept_and_every_open_one() {
        let mut story = Story::settled();
        let open = story.incident().clone();
        let with = |id: u64, closed_at: Option<Timestamp>| {
            let id = IncidentId(id);
            (id, Arc::new(Incident { id, closed_at, ..open.clone() }))
        };
        let closed = (2..=302).map(|id| with(id, Some(story.now)));
        let all: BTreeMap<_, _> = closed.chain([with(1, None), with(303, None)]).collect();
        story.book.incidents = all;
        story.book.forget_long_closed();
        let kept: Vec<u64> = story.book.incidents.keys().map(|id| id.0).collect();
        assert_eq!(kept.len(), 202);
        assert_eq!((kept[0], kept[1], kept[201]), (1, 103, 303));
    }
}
