//! Keeps what is known of groups fresh: reads them at the start, every twenty seconds, and when somebody acts.
//!
//! Owns the policy that every decision is made with. It decides nothing: how old a reading may be is the domain's to say.
//! Where no group is configured nothing is ever read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use super::keeper::{Proposal, Readings};
use super::motor::Engine;
use super::ports::{Clock, Directory};
use crate::domain::actor::{Grantee, Group, Person, Platform};
use crate::domain::decide::Request;
use crate::domain::ids::ServiceId;
use crate::domain::policy::{GRACE, Members, Membership, Policy, Reading, Standing};
use crate::domain::time::{Span, Timestamp};

/// Time between two readings.
const PERIOD: Span = Span::seconds(20);

/// Slack lists the members of about twenty groups a minute: with many groups the readings are further apart.
const PER_GROUP: Span = Span(3_500);

/// Older than this, something is read before it is decided on.
const TOO_OLD: Span = Span::seconds(45);

/// What could not be read is not tried again for every press.
const PAUSE: Span = Span::seconds(10);

/// A member's account is looked at again after this long, also if they do nothing: grace is for those who were seen.
const ACCOUNT_AGE: Span = Span::minutes(4);

/// At most so many accounts are looked at in one round.
const MOST_ACCOUNTS: usize = 40;

/// Nobody who presses waits longer than this for a directory.
const LONGEST_WAIT: Duration = Duration::from_millis(1_200);

/// A start waits no longer than this.
const LONGEST_START: Duration = Duration::from_secs(3);

/// The directory of each platform.
pub type Directories = BTreeMap<Platform, Arc<dyn Directory>>;

/// Who may do what, kept fresh.
pub struct Roster {
    directories: Directories,
    clock: Arc<dyn Clock>,
    policy: RwLock<Arc<Policy>>,
    /// Who acted lately, and when.
    acted: Mutex<BTreeMap<Person, Timestamp>>,
    /// One reader at a time; when each group and person was last tried.
    turn: tokio::sync::Mutex<Tried>,
}

#[derive(Default)]
struct Tried {
    groups: BTreeMap<Group, Timestamp>,
    people: BTreeMap<Person, Timestamp>,
}

impl Roster {
    /// A roster of what is configured; its groups are not read yet.
    pub fn new(mut policy: Policy, directories: Directories, clock: Arc<dyn Clock>) -> Self {
        let granted = policy.grants.values().flat_map(BTreeMap::keys);
        let groups = granted.filter_map(|grantee| match grantee {
            Grantee::Group(group) => Some(group.clone()),
            Grantee::Person(_) => None,
        });
        let unread =
            || Reading { members: Members::Listed(BTreeSet::new()), read_at: None, trouble: None };
        let groups: BTreeMap<_, _> = groups.map(|group| (group, unread())).collect();
        for (group, reading) in groups {
            policy.membership.groups.entry(group).or_insert(reading);
        }
        let policy = RwLock::new(Arc::new(policy));
        Self {
            directories,
            clock,
            policy,
            acted: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Who may do what, as far as it is known at this moment.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads everything for the first time, for a bounded time.
    pub async fn begin(&self) {
        if tokio::time::timeout(LONGEST_START, self.refresh()).await.is_err() {
            tracing::warn!("the groups could not all be read at the start; they are tried again");
        }
    }

    /// Reads all groups, and the accounts that are due.
    pub async fn refresh(&self) {
        let mut tried = self.turn.lock().await;
        let policy = self.policy();
        for group in policy.membership.groups.keys() {
            self.read_group(group, &mut tried).await;
        }
        for person in self.due() {
            // Whoever does not answer for one does not answer for the next.
            if !self.read_person(&person, &mut tried).await {
                break;
            }
        }
    }

    /// Sees to it that what is known of these people is fresh, as far as it can be read in a moment.
    pub async fn freshen(&self, people: &[Person]) {
        let policy = self.policy();
        let people: Vec<&Person> =
            people.iter().filter(|person| groups_of(&policy, person).next().is_some()).collect();
        if people.is_empty() {
            return;
        }
        let now = self.clock.now();
        lock(&self.acted).extend(people.iter().map(|person| ((*person).clone(), now)));
        if people.iter().all(|person| is_fresh(&policy.membership, person, now)) {
            return;
        }
        let reading = async {
            let mut tried = self.turn.lock().await;
            for person in people {
                self.freshen_one(person, &mut tried).await;
            }
        };
        if tokio::time::timeout(LONGEST_WAIT, reading).await.is_err() {
            tracing::warn!("the groups were not read in time; what was known of them counts");
        }
    }

    async fn freshen_one(&self, person: &Person, tried: &mut Tried) {
        // Whoever had the turn before may have read it meanwhile.
        let (policy, now) = (self.policy(), self.clock.now());
        let lately = |at: Option<&Timestamp>| at.is_some_and(|at| now.since(*at) < PAUSE);
        for group in groups_of(&policy, person) {
            let is_old = group_age(&policy.membership, group, now).is_none_or(|age| age > TOO_OLD);
            if is_old && !lately(tried.groups.get(group)) {
                self.read_group(group, tried).await;
            }
        }
        let policy = self.policy();
        let age = account_age(&policy.membership, person, now);
        let is_due = matters(&policy, person) && age.is_none_or(|age| age > TOO_OLD);
        if is_due && !lately(tried.people.get(person)) {
            self.read_person(person, tried).await;
        }
    }

    /// Members, and those who acted lately: the oldest reading first.
    fn due(&self) -> Vec<Person> {
        let (policy, now) = (self.policy(), self.clock.now());
        let membership = &policy.membership;
        let mut acted = lock(&self.acted);
        acted.retain(|_, at| now.since(*at) <= GRACE);
        let listed = membership.groups.values().flat_map(|reading| match &reading.members {
            Members::Listed(members) => members.iter().collect(),
            Members::ToldByPerson => Vec::new(),
        });
        let people: BTreeSet<&Person> = listed.chain(acted.keys()).collect();
        let age = |person: &Person| account_age(membership, person, now);
        let is_due = |person: &&Person| {
            let enough = if acted.contains_key(*person) { PERIOD } else { ACCOUNT_AGE };
            matters(&policy, person) && age(person).is_none_or(|age| age >= enough)
        };
        let mut due: Vec<Person> = people.into_iter().filter(is_due).cloned().collect();
        due.sort_by_key(|person| membership.people.get(person).map(|one| one.read_at));
        due.truncate(MOST_ACCOUNTS);
        due
    }

    async fn read_group(&self, group: &Group, tried: &mut Tried) {
        let Some(directory) = self.directories.get(&group.platform) else { return };
        let now = self.clock.now();
        tried.groups.insert(group.clone(), now);
        let read = directory.group(group).await;
        self.update(|membership| {
            let Some(reading) = membership.groups.get_mut(group) else { return };
            match read {
                Ok(members) => {
                    *reading = Reading { members, read_at: Some(now), trouble: None };
                }
                Err(error) => {
                    tracing::warn!(%group, %error, "a group could not be read");
                    reading.trouble = Some(error.to_string());
                }
            }
        });
    }

    /// Whether the directory answered.
    async fn read_person(&self, person: &Person, tried: &mut Tried) -> bool {
        let Some(directory) = self.directories.get(&person.platform) else { return true };
        let now = self.clock.now();
        tried.people.insert(person.clone(), now);
        match directory.person(person).await {
            Ok(profile) => {
                let (account, groups) = (profile.account, profile.groups);
                self.update(|membership| {
                    membership
                        .people
                        .insert(person.clone(), Standing { account, groups, read_at: now });
                });
                true
            }
            Err(error) => {
                tracing::warn!(%person, %error, "a person could not be looked up");
                false
            }
        }
    }

    fn update(&self, change: impl FnOnce(&mut Membership)) {
        let mut policy = self.policy.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut Arc::make_mut(&mut policy).membership);
    }

    fn services_with_groups(&self) -> Vec<ServiceId> {
        let policy = self.policy();
        let has_group = |grants: &BTreeMap<Grantee, _>| {
            grants.keys().any(|grantee| matches!(grantee, Grantee::Group(_)))
        };
        let with = policy.grants.iter().filter(|(_, grants)| has_group(grants));
        with.map(|(service, _)| service.clone()).collect()
    }
}

/// The configured groups that this person could be in.
fn groups_of<'a>(policy: &'a Policy, person: &'a Person) -> impl Iterator<Item = &'a Group> {
    let groups = policy.membership.groups.keys();
    groups.filter(|group| group.platform == person.platform && group.tenant == person.tenant)
}

/// Whether anything hangs on what kind of account this is: it is in a group, may be, or is listed.
fn matters(policy: &Policy, person: &Person) -> bool {
    let listed = Grantee::Person(person.clone());
    policy.grants.values().any(|grants| grants.contains_key(&listed))
        || groups_of(policy, person).any(|group| {
            policy.membership.groups.get(group).is_some_and(|reading| match &reading.members {
                Members::Listed(members) => members.contains(person),
                Members::ToldByPerson => true,
            })
        })
}

fn group_age(membership: &Membership, group: &Group, now: Timestamp) -> Option<Span> {
    Some(now.since(membership.groups.get(group)?.read_at?))
}

fn account_age(membership: &Membership, person: &Person, now: Timestamp) -> Option<Span> {
    Some(now.since(membership.people.get(person)?.read_at))
}

fn is_fresh(membership: &Membership, person: &Person, now: Timestamp) -> bool {
    let ours = membership
        .groups
        .keys()
        .filter(|group| group.platform == person.platform && group.tenant == person.tenant);
    let mut ages = ours.map(|group| group_age(membership, group, now));
    let account = account_age(membership, person, now);
    ages.all(|age| age.is_some_and(|age| age <= TOO_OLD))
        && account.is_some_and(|age| age <= TOO_OLD)
}

/// Reads all groups again and again until the engine stops, and says when they cannot be read.
pub async fn watch(engine: Engine) {
    let roster = engine.keeper().tools().roster.clone();
    let clock = engine.keeper().tools().clock.clone();
    let services = roster.services_with_groups();
    if services.is_empty() {
        return;
    }
    loop {
        let at_work = engine.activity().begin();
        roster.refresh().await;
        for service in &services {
            tell(&engine, service).await;
        }
        let groups = i64::try_from(roster.policy().membership.groups.len()).unwrap_or(i64::MAX);
        let next = clock.now() + PERIOD.max(Span(PER_GROUP.0.saturating_mul(groups)));
        drop(at_work);
        tokio::select! {
            biased;
            () = engine.stopped() => return,
            () = clock.sleep_until(next) => {}
        }
    }
}

async fn tell(engine: &Engine, service: &ServiceId) {
    let proposal = Proposal::of_bot(Request::SeeGroups(service.clone()), Readings::default());
    if let Err(error) = engine.propose(&proposal).await {
        tracing::error!(%service, %error, "what is known of the groups could not be recorded");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
