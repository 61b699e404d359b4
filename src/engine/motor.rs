//! Puts the parts in motion: one loop per open incident, one per channel, and the periodic look. Owns the loops' bells and
//! the way to stop them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::activity::{Activity, Bell, Flag};
use super::executor::Lane;
use super::keeper::{Answer, Keeper, Proposal, Ripples};
use super::ports::{JournalError, Listener, Notifier, Prober, Walker};
use super::reader::{Codes, Forges, Providers, Reader};
use super::{executor, outbox};
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::service::Channel;

/// The engine in motion. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

/// What the engine works with, besides the keeper's tools.
pub struct Hands {
    /// The control plane of each service.
    pub providers: Providers,
    /// Where each service's code is kept, as far as that is configured.
    pub codes: Codes,
    /// Where each service's changes go through a gate, as far as that is configured.
    pub forges: Forges,
    /// The data plane.
    pub prober: Arc<dyn Prober>,
    /// The data plane, journey by journey.
    pub walker: Arc<dyn Walker>,
    /// Where things are said.
    pub notifier: Arc<dyn Notifier>,
}

struct Inner {
    keeper: Keeper,
    hands: Hands,
    activity: Activity,
    /// Nothing new is begun.
    stopping: Flag,
    incidents: Mutex<BTreeMap<(IncidentId, Lane), Arc<Bell>>>,
    channels: Mutex<BTreeMap<Channel, Arc<Bell>>>,
}

impl Engine {
    /// An engine at rest; [`super::recovery::recover`] sets it in motion.
    pub fn new(keeper: Keeper, hands: Hands) -> Self {
        let inner = Inner {
            keeper,
            hands,
            activity: Activity::default(),
            stopping: Flag::default(),
            incidents: Mutex::default(),
            channels: Mutex::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Keeps the book.
    pub fn keeper(&self) -> &Keeper {
        &self.inner.keeper
    }

    /// What the engine works with.
    pub fn hands(&self) -> &Hands {
        &self.inner.hands
    }

    /// Who is at work.
    pub fn activity(&self) -> &Activity {
        &self.inner.activity
    }

    /// Reads for a service; `None` if it has no provider.
    pub fn reader<'a>(&'a self, service: &'a ServiceId) -> Option<Reader<'a>> {
        let provider = self.inner.hands.providers.get(service)?;
        let clock = self.inner.keeper.tools().clock.as_ref();
        let code = self.inner.hands.codes.get(service).map(AsRef::as_ref);
        let forge = self.inner.hands.forges.get(service).map(AsRef::as_ref);
        Some(Reader::new(service, provider.as_ref(), (code, forge), clock))
    }

    /// Decides, makes it durable, and wakes whoever has something to do now.
    ///
    /// # Errors
    /// When the journal did not take it: nothing happened then.
    pub async fn propose(&self, proposal: &Proposal) -> Result<Answer, JournalError> {
        let book = self.inner.keeper.book();
        let requests = proposal.requests.iter();
        let people: Vec<_> =
            requests.flat_map(|request| request.people(&book, &proposal.actor)).collect();
        self.inner.keeper.tools().roster.freshen(&people).await;
        let (answer, ripples) = self.inner.keeper.propose(proposal).await?;
        self.wake(&ripples);
        Ok(answer)
    }

    /// Wakes the loops that a commit concerns; begins those that do not run yet.
    pub fn wake(&self, ripples: &Ripples) {
        for incident in &ripples.incidents {
            self.ring_incident(*incident);
        }
        for channel in &ripples.channels {
            self.ring_channel(channel);
        }
    }

    /// Wakes the loops of an incident.
    pub fn ring_incident(&self, incident: IncidentId) {
        for lane in [Lane::Pointer, Lane::Fix] {
            self.ring_lane(incident, lane);
        }
    }

    fn ring_lane(&self, incident: IncidentId, lane: Lane) {
        if self.is_stopping() {
            return;
        }
        let bell = {
            let mut bells = lock(&self.inner.incidents);
            if let Some(bell) = bells.get(&(incident, lane)) {
                bell.clone()
            } else {
                let bell = Arc::new(Bell::default());
                bells.insert((incident, lane), bell.clone());
                tokio::spawn(executor::follow(self.clone(), incident, lane, bell.clone()));
                bell
            }
        };
        bell.ring(&self.inner.activity);
    }

    /// Wakes the loop of a channel.
    pub fn ring_channel(&self, channel: &Channel) {
        let bell = {
            let mut bells = lock(&self.inner.channels);
            if let Some(bell) = bells.get(channel) {
                bell.clone()
            } else {
                let bell = Arc::new(Bell::default());
                bells.insert(channel.clone(), bell.clone());
                tokio::spawn(outbox::speak(self.clone(), channel.clone(), bell.clone()));
                bell
            }
        };
        bell.ring(&self.inner.activity);
    }

    /// Forgets the loop of an incident that is over.
    pub(super) fn forget_incident(&self, incident: IncidentId, lane: Lane) {
        lock(&self.inner.incidents).remove(&(incident, lane));
    }

    /// Whether nothing new is to be begun.
    pub fn is_stopping(&self) -> bool {
        self.inner.stopping.is_up()
    }

    /// Returns when a stop begins.
    pub async fn stopped(&self) {
        self.inner.stopping.up().await;
    }

    /// Begins nothing new, finishes what was begun. What is left undone is durable and goes on at the next start.
    pub async fn stop(&self) {
        self.inner.stopping.put_up();
        self.inner.activity.idle().await;
    }
}

impl Listener for Engine {
    fn hear_of(&self, repository: &str) {
        if self.is_stopping() {
            return;
        }
        let book = self.keeper().book();
        let is_there = |service: &ServiceId| {
            let repository_of = book.services.get(service).and_then(|one| one.repository.as_ref());
            repository_of.is_some_and(|one| one.eq_ignore_ascii_case(repository))
        };
        let concerned =
            book.incidents.values().filter(|one| one.is_open() && is_there(&one.service));
        for incident in concerned {
            // A loop that has not begun looks at once when it does.
            let bell = lock(&self.inner.incidents).get(&(incident.id, Lane::Fix)).cloned();
            if let Some(bell) = bell {
                bell.ring_with_news(&self.inner.activity);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
