//! What the night's operations are about: the provider and the forge as they are at this moment, and what is configured.

use repoint::domain::actor::Grantee;
use repoint::domain::deployment::Assignment;
use repoint::domain::event::Exit;
use repoint::domain::ids::{ServiceId, StreamId};
use repoint::domain::incident::Incident;
use repoint::domain::service::Channel;
use repoint::domain::verification::Goal;
use repoint::engine::ports::Commit;

use super::super::chat::person;
use super::super::fault::Fault;
use super::super::forge::Repo;
use super::super::planted::Bug;
use super::super::project::{Project, Taken};
use super::{Truth, policy};

impl Truth {
    /// The forge, up to date.
    pub fn repo(&mut self) -> &mut Repo {
        let now = self.true_now();
        self.repo.tick(now);
        if let Some(branch) = self.repo.doubled() {
            self.promises.fail("S3", format!("{branch} has two pull requests"));
        }
        for landed in self.repo.take_unbuilt() {
            self.tell(|| format!("main: {} ({})", &landed.sha[..7], landed.subject));
            self.promises.landed(&landed.sha);
            for (service, project) in &mut self.projects {
                let (lasts, works) = self.repo.build_lasts();
                project.build(service.as_str(), &landed, lasts, works);
            }
        }
        &mut self.repo
    }

    /// Whether the bot knows how an incident's pull request stands.
    pub fn is_followed(&self, incident: &Incident) -> bool {
        let Some(fix) = incident.fix() else { return false };
        let now = self.true_now();
        self.repo.gate(fix.pull.number, now).is_none_or(|gate| fix.gate.as_ref() == Some(&gate))
    }

    /// Whether what is built from a commit serves well at an address.
    pub fn is_well(&mut self, goal: &Goal) -> bool {
        self.repo().is_well(goal.deployment.sha.as_deref(), goal.address)
    }

    /// The provider's side of a service, up to date.
    pub fn project(&mut self, service: &ServiceId) -> Option<&mut Project> {
        self.repo();
        let now = self.true_now();
        let taken = self.projects.get_mut(service)?.tick(now);
        for one in taken {
            self.judge(&one);
        }
        self.projects.get_mut(service)
    }

    /// From the next start on somebody has no rights any more, or everybody has them again.
    pub fn changes_rights(&mut self) {
        self.next_policy = policy();
        if let Some(name) = self.people.pick(&["ana", "bo", ""]).filter(|name| !name.is_empty()) {
            for grants in self.next_policy.grants.values_mut() {
                grants.remove(&Grantee::Person(person(name)));
            }
        }
    }

    /// From the next start on a service is configured in another way.
    pub fn changes_config(&mut self, service: &ServiceId) {
        let number = self.people.below(9);
        for one in self.next_services.iter_mut().filter(|one| one.id == *service) {
            one.config_digest = format!("digest-{number}");
        }
    }

    /// The service that a commit is about.
    pub fn service_of(&self, commit: &Commit) -> Option<ServiceId> {
        commit.appends.iter().find_map(|append| match &append.stream {
            StreamId::Service(service) => Some(service.clone()),
            StreamId::Incident(id) => {
                self.promises.book.incidents.get(id).map(|incident| incident.service.clone())
            }
            StreamId::Register => None,
        })
    }

    /// The service whose team works in a channel.
    pub fn service_of_channel(&self, channel: &Channel) -> Option<ServiceId> {
        let of_team = self.services.iter().find(|one| one.channels.contains(channel));
        of_team.map(|service| service.id.clone())
    }

    /// Whether a planted fault acknowledges the start of a call before it is durable.
    pub fn acknowledges_too_early(&self, commit: &Commit) -> bool {
        let starts = commit.appends.iter().flat_map(|append| &append.events);
        self.planted == Some(Bug::EffectBeforeIntent)
            && starts.into_iter().any(|event| event.kind == "effect_started")
    }

    /// Notes what a write did to production.
    pub fn judge(&mut self, taken: &Taken) {
        match taken {
            Taken::Changes(Some(confirmation)) => self.promises.changed(confirmation),
            Taken::Arms(confirmation) => self.promises.armed(confirmation),
            Taken::Changes(None) | Taken::Nothing | Taken::No(_) => {}
        }
    }

    /// What is resolved by a promote has left the flag as it was before the incident (S8), unless somebody else was at it
    /// or the bot was told what is not true any more.
    pub fn flags_are_restored(&mut self) {
        if self.weather.has(Fault::ReadStale) {
            return;
        }
        let newest = self.promises.book.newest.clone();
        for (service, id) in newest {
            let Some(incident) = self.promises.book.incidents.get(&id) else { continue };
            let exit = incident.resolution.as_ref().map(|one| one.exit);
            let is_promoted =
                matches!(exit, Some(Exit::Reverted | Exit::FixedForward | Exit::FalseAlarm));
            let Some(baseline) = incident.baseline.filter(|_| is_promoted) else { continue };
            let Some(project) = self.project(&service).filter(|one| one.meddled.is_none()) else {
                continue;
            };
            let is = project.pointer().assignment;
            if baseline != Assignment::CannotTell && is != baseline {
                self.promises.fail("S8", format!("{id} left the flag {is:?}, it was {baseline:?}"));
            }
        }
    }
}
