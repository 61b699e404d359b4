//! Deployments to choose from, read from the provider while somebody types: briefly, seldom, and of use for nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::{Offer, meant_services};
use crate::chat::catalog::Verb;
use crate::chat::desk::Desk;
use crate::chat::inbound::Completing;
use crate::chat::words;
use crate::domain::book::ServiceState;
use crate::domain::decide::Read;
use crate::domain::deployment::{BuildState, Deployment, DeploymentKind, Live};
use crate::domain::event::Candidate;
use crate::domain::ids::ServiceId;
use crate::domain::target::{self, Evidence};
use crate::domain::time::{Span, Timestamp};
use crate::engine::keeper::Readings;

/// Whoever types waits this long for a list, and no longer.
const LONGEST: Duration = Duration::from_millis(1_500);

/// The provider has a little less, so that its silence is remembered as well.
const LONGEST_READ: Duration = Duration::from_millis(1_400);

/// Each letter that is typed asks; what was read is good for so long.
const KEPT: Span = Span::seconds(3);

/// The subject of a commit is cut first: age and service must stay readable.
const LONGEST_SUBJECT: usize = 36;

/// What was read of each service a moment ago. One reading at a time for each of them.
pub struct Recent(BTreeMap<ServiceId, Mutex<Option<Kept>>>);

struct Kept {
    at: Timestamp,
    readings: Arc<Readings>,
}

impl Recent {
    /// Of these services, nothing yet.
    pub fn of(services: &[ServiceId]) -> Self {
        Self(services.iter().map(|service| (service.clone(), Mutex::default())).collect())
    }

    async fn readings(&self, desk: &Desk, service: &ServiceId) -> Option<Arc<Readings>> {
        let mut kept = self.0.get(service)?.lock().await;
        let is_fresh = |one: &&Kept| (Span(0)..KEPT).contains(&desk.now().since(one.at));
        if let Some(one) = kept.as_ref().filter(is_fresh) {
            return Some(one.readings.clone());
        }
        let reads = [Read::Pointer, Read::Deployments, Read::Plan];
        let reader = desk.engine().reader(service)?.at_most(LONGEST_READ);
        let readings = Arc::new(reader.read(&reads, Readings::default()).await);
        *kept = Some(Kept { at: desk.now(), readings: readings.clone() });
        Some(readings)
    }
}

/// The deployments of the one service that is meant; nothing where that is not clear, or nothing can be read in time.
pub(super) async fn of(desk: &Desk, completing: &Completing, verb: Verb) -> Vec<Offer> {
    let services = meant_services(desk, completing);
    let [service] = services.as_slice() else { return Vec::new() };
    let reading = desk.recent().readings(desk, service);
    let Ok(Some(readings)) = tokio::time::timeout(LONGEST, reading).await else {
        return Vec::new();
    };
    let offered = match verb {
        Verb::Rollback => targets(desk, service, &readings),
        Verb::Revert | Verb::Verify | Verb::Promote | Verb::Incident(_) => {
            builds(desk, service, &readings)
        }
    };
    offered.unwrap_or_default()
}

/// What one can roll back to, in the order and with the numbers of the card.
fn targets(desk: &Desk, service: &ServiceId, readings: &Readings) -> Option<Vec<Offer>> {
    let book = desk.book();
    let unknown = ServiceState::default();
    let evidence = Evidence {
        pointer: readings.pointer.as_ref()?.get()?,
        deployments: readings.deployments.as_ref()?.get()?,
        named: None,
        plan: readings.plan.as_ref()?,
        state: book.state(service).unwrap_or(&unknown),
    };
    let now = desk.now();
    let offer = |(number, Candidate { deployment, served_for })| {
        let served = served_for.map(|served| format!("served {served}"));
        named(&deployment, now, Some(number), served)
    };
    Some(target::offered(&evidence).into_iter().map(offer).collect())
}

/// The production builds that are ready, newest first, with what they are.
fn builds(desk: &Desk, service: &ServiceId, readings: &Readings) -> Option<Vec<Offer>> {
    let (book, now) = (desk.book(), desk.now());
    let live = readings.pointer.as_ref()?.get().map(|pointer| &pointer.live);
    let fix = book.open_incident(service).and_then(|incident| incident.fix()?.built.as_ref());
    let is_usable = |one: &&Deployment| {
        one.kind == DeploymentKind::Production && one.state == BuildState::Ready
    };
    let known = readings.deployments.as_ref()?.get()?;
    let mut builds: Vec<&Deployment> = known.iter().filter(is_usable).collect();
    builds.sort_by_key(|one| std::cmp::Reverse(one.created_at));
    let offer = |one: &Deployment| {
        let is_live = matches!(live, Some(Live::At(id)) if *id == one.id);
        let what = match fix {
            _ if is_live => "live",
            Some(fix) if fix.id == one.id => "the fix's build",
            Some(_) | None => "ready",
        };
        named(one, now, None, Some(what.to_owned()))
    };
    Some(builds.into_iter().map(offer).collect())
}

/// One line: number, commit, subject, age, and what is to be known besides.
fn named(one: &Deployment, now: Timestamp, number: Option<usize>, more: Option<String>) -> Offer {
    let mut name = number.map(|number| format!("#{number} ")).unwrap_or_default();
    name.push_str(one.short_sha().unwrap_or(one.id.as_str()));
    if let Some(subject) = &one.subject {
        name.push(' ');
        name.push_str(&words::clipped(subject, LONGEST_SUBJECT));
    }
    let age = (one.created_at.0 > 0).then(|| format!("built {} ago", now.since(one.created_at)));
    for detail in [age, more].into_iter().flatten() {
        name.push_str(" · ");
        name.push_str(&detail);
    }
    let also = [one.sha.clone(), one.subject.clone()].into_iter().flatten().collect();
    Offer { name, value: one.id.to_string(), also }
}
