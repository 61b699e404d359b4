//! Who may do what (G11): what is configured, what was last read of groups, and what follows. A pure value; the engine's
//! roster keeps it fresh.
//!
//! Deny by default: on an empty list, on missing data, and on data that is too old. A right that rests on a group counts
//! while the group was read within [`FRESH`]; until [`GRACE`] it still carries what one person may do alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::actor::{Grantee, Group, Person, Platform, Role};
use super::ids::ServiceId;
use super::refusal::Refusal;
use super::time::{Span, Timestamp};

/// What was read of a group counts as it stands for so long.
pub const FRESH: Span = Span::seconds(60);

/// While groups cannot be read, members seen within this time may still do what takes one person.
pub const GRACE: Span = Span::minutes(10);

/// Who may do what, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What is configured. A service without an entry lets nobody act.
    pub grants: BTreeMap<ServiceId, BTreeMap<Grantee, Role>>,
    /// Which ids are one human.
    pub humans: Humans,
    /// What was last read of groups and of people.
    pub membership: Membership,
}

/// Ids that belong to one human: each id leads to the same one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Humans(BTreeMap<Person, Person>);

impl Humans {
    /// Each item is one human.
    pub fn new<'a>(humans: impl IntoIterator<Item = &'a BTreeSet<Person>>) -> Self {
        let linked = humans.into_iter().flat_map(|ids| {
            let first = ids.first().cloned();
            ids.iter().filter_map(move |id| Some((id.clone(), first.clone()?)))
        });
        Self(linked.collect())
    }

    /// Whether two ids are one human.
    pub fn are_one(&self, one: &Person, other: &Person) -> bool {
        self.of(one) == self.of(other)
    }

    /// The other ids of the same human.
    pub fn others<'a>(&'a self, person: &'a Person) -> impl Iterator<Item = &'a Person> {
        let ids = self.0.keys();
        ids.filter(move |id| *id != person && self.are_one(id, person))
    }

    fn of<'a>(&'a self, person: &'a Person) -> &'a Person {
        self.0.get(person).unwrap_or(person)
    }
}

/// What was last read of groups and of people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Membership {
    /// Every group that is configured.
    pub groups: BTreeMap<Group, Reading>,
    /// People that were looked up.
    pub people: BTreeMap<Person, Standing>,
}

/// What was last read of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Who is in it.
    pub members: Members,
    /// When that was read; `None`: never.
    pub read_at: Option<Timestamp>,
    /// Why it could not be read since: may hold foreign text.
    pub trouble: Option<String>,
}

/// Who is in a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Members {
    /// The platform lists them.
    Listed(BTreeSet<Person>),
    /// The platform tells it of one person at a time: see [`Standing::groups`].
    ToldByPerson,
}

/// What was last read of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What kind of account it is.
    pub account: Account,
    /// The groups that the person is in, where the platform tells that by person.
    pub groups: BTreeSet<Group>,
    /// When it was read.
    pub read_at: Timestamp,
}

/// What kind of account somebody has in a workspace or guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Account {
    /// A full member.
    Member,
    /// A guest.
    Guest,
    /// A bot or a workflow.
    Bot,
    /// It was switched off, or is not there any more.
    Deactivated,
    /// It belongs to another workspace or guild.
    Foreign,
}

/// Why a right is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ground {
    /// The person is listed by id.
    Listed,
    /// The person was seen in a group.
    Group {
        /// Which.
        group: Group,
        /// When.
        seen_at: Timestamp,
    },
}

/// A role that somebody holds, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// The role.
    pub role: Role,
    /// Why.
    pub ground: Ground,
}

/// Everything that can be said of a person's rights for a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The highest right that is certain.
    pub sure: Option<Right>,
    /// The highest right that rests on a group that was read too long ago to be certain, and not too long for grace.
    pub grace: Option<Right>,
    /// The highest role of a group of which it cannot be told whether the person is in it.
    pub untold: Option<Role>,
    /// The kind of account that keeps a member of a group from its rights.
    pub barred: Option<Account>,
}

impl Rights {
    /// The highest role for what one person does alone.
    pub fn highest(&self) -> Option<Role> {
        let held = self.sure.iter().chain(&self.grace);
        held.map(|right| right.role).max()
    }
}

/// What a right is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Care {
    /// A step that one person takes.
    OnePerson,
    /// A step that takes two people: only what is certain counts.
    TwoPeople,
}

/// A group of a service that was not read within [`FRESH`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Where it is.
    pub platform: Platform,
    /// When it was last read.
    pub read_at: Option<Timestamp>,
    /// Why not since: may hold foreign text.
    pub why: Option<String>,
}

/// What is known of one person and one group.
enum Word {
    In(Timestamp),
    Out(Timestamp),
    Barred(Account, Timestamp),
    Nothing,
}

impl Membership {
    fn word(&self, group: &Group, person: &Person) -> Word {
        let Some(reading) = self.groups.get(group) else { return Word::Nothing };
        let standing = self.people.get(person);
        let (is_in, seen_at) = match (&reading.members, reading.read_at) {
            (Members::Listed(members), Some(read_at)) => (members.contains(person), read_at),
            (Members::Listed(_), None) => return Word::Nothing,
            (Members::ToldByPerson, _) => match standing {
                Some(standing) => (standing.groups.contains(group), standing.read_at),
                None => return Word::Nothing,
            },
        };
        if !is_in {
            return Word::Out(seen_at);
        }
        // What kind of account it is must be known as well: guests and bots can be in groups.
        let Some(standing) = standing else { return Word::Nothing };
        let seen_at = seen_at.min(standing.read_at);
        match standing.account {
            Account::Member => Word::In(seen_at),
            account @ (Account::Guest | Account::Bot | Account::Deactivated | Account::Foreign) => {
                Word::Barred(account, seen_at)
            }
        }
    }

    fn is_bot(&self, person: &Person) -> bool {
        self.people.get(person).is_some_and(|standing| standing.account == Account::Bot)
    }
}

impl Policy {
    /// Everything that can be said of a person's rights for a service.
    pub fn rights(&self, service: &ServiceId, person: &Person, now: Timestamp) -> Rights {
        let mut rights = Rights::default();
        for (grantee, role) in self.grants.get(service).into_iter().flatten() {
            match grantee {
                Grantee::Person(listed) if listed == person => {
                    // Only people may act: a bot does not by being listed.
                    if self.membership.is_bot(person) {
                        rights.barred = Some(Account::Bot);
                    } else {
                        keep(&mut rights.sure, *role, Ground::Listed);
                    }
                }
                Grantee::Group(group) if is_at_home(group, person) => {
                    self.by_group(&mut rights, group, *role, person, now);
                }
                Grantee::Person(_) | Grantee::Group(_) => {}
            }
        }
        rights
    }

    fn by_group(
        &self,
        rights: &mut Rights,
        group: &Group,
        role: Role,
        person: &Person,
        now: Timestamp,
    ) {
        let is_fresh = |seen_at| now.since(seen_at) <= FRESH;
        let ground = |seen_at| Ground::Group { group: group.clone(), seen_at };
        match self.membership.word(group, person) {
            Word::In(at) if is_fresh(at) => keep(&mut rights.sure, role, ground(at)),
            Word::In(at) if now.since(at) <= GRACE => keep(&mut rights.grace, role, ground(at)),
            Word::Out(at) if is_fresh(at) => {}
            Word::Barred(account, at) if is_fresh(at) => rights.barred = Some(account),
            Word::In(_) | Word::Out(_) | Word::Barred(..) | Word::Nothing => {
                rights.untold = rights.untold.max(Some(role));
            }
        }
    }

    /// Whether a person may do what needs a role; on what ground.
    ///
    /// # Errors
    /// Which role is missing, or that it cannot be told.
    pub fn may(
        &self,
        service: &ServiceId,
        person: &Person,
        needs: Role,
        care: Care,
        now: Timestamp,
    ) -> Result<Right, Refusal> {
        if care == Care::TwoPeople
            && let Some(unread) = self.unread(service, now)
        {
            return Err(unread.into());
        }
        let rights = self.rights(service, person, now);
        let grace = rights.grace.as_ref().filter(|_| care == Care::OnePerson);
        let mut held = rights.sure.iter().chain(grace);
        if let Some(right) = held.find(|right| right.role >= needs) {
            return Ok(right.clone());
        }
        let doubtful = [rights.grace.as_ref().map(|right| right.role), rights.untold];
        if doubtful.into_iter().flatten().any(|role| role >= needs) {
            return Err(Refusal::RightsUnknown { needs, platform: person.platform });
        }
        Err(Refusal::NotAllowed { needs, has: rights.highest() })
    }

    /// The highest role that somebody has for what one person does alone.
    pub fn role(&self, service: &ServiceId, person: &Person, now: Timestamp) -> Option<Role> {
        self.rights(service, person, now).highest()
    }

    /// A group of this service that was not read lately: two-person steps wait for it.
    pub fn unread(&self, service: &ServiceId, now: Timestamp) -> Option<Unread> {
        let grantees = self.grants.get(service).into_iter().flat_map(BTreeMap::keys);
        let groups = grantees.filter_map(|grantee| match grantee {
            Grantee::Group(group) => Some(group),
            Grantee::Person(_) => None,
        });
        groups
            .filter(|group| self.read_at(group).is_none_or(|at| now.since(at) > FRESH))
            .map(|group| {
                let reading = self.membership.groups.get(group);
                let why = reading.and_then(|reading| reading.trouble.clone());
                Unread { platform: group.platform, read_at: self.read_at(group), why }
            })
            .min_by_key(|unread| unread.read_at)
    }

    /// Whether two people are two humans, of whom one counts as the second person: where a service names approvers, an
    /// approver or a lead; where it names none, any other responder.
    ///
    /// # Errors
    /// What is missing.
    pub fn make_two(
        &self,
        service: &ServiceId,
        (one, other): (&Person, &Person),
        now: Timestamp,
    ) -> Result<(), Refusal> {
        if self.humans.are_one(one, other) {
            return Err(Refusal::SecondPersonNeeded);
        }
        let approves = |person: &Person| {
            self.may(service, person, Role::Approver, Care::TwoPeople, now).is_ok()
        };
        if !self.names_approvers(service) || approves(one) || approves(other) {
            Ok(())
        } else {
            Err(Refusal::ApproverNeeded)
        }
    }

    /// Those who are named as second persons: approvers and leads, or everybody where no approver is named.
    pub fn seconds(&self, service: &ServiceId) -> Vec<Grantee> {
        let floor = self.second_from(service);
        let grants = self.grants.get(service).into_iter().flatten();
        grants.filter(|(_, role)| **role >= floor).map(|(one, _)| one.clone()).collect()
    }

    /// The role from which on somebody counts as the second person.
    pub fn second_from(&self, service: &ServiceId) -> Role {
        if self.names_approvers(service) { Role::Approver } else { Role::Responder }
    }

    fn names_approvers(&self, service: &ServiceId) -> bool {
        let mut grants = self.grants.get(service).into_iter().flatten();
        grants.any(|(_, role)| *role == Role::Approver)
    }

    fn read_at(&self, group: &Group) -> Option<Timestamp> {
        self.membership.groups.get(group)?.read_at
    }
}

impl From<Unread> for Refusal {
    fn from(unread: Unread) -> Self {
        Self::GroupsUnreadable {
            platform: unread.platform,
            read_at: unread.read_at,
            why: unread.why,
        }
    }
}

/// A group gives rights only to people of its own workspace or guild.
fn is_at_home(group: &Group, person: &Person) -> bool {
    group.platform == person.platform && group.tenant == person.tenant
}

fn keep(best: &mut Option<Right>, role: Role, ground: Ground) {
    if best.as_ref().is_none_or(|known| known.role < role) {
        *best = Some(Right { role, ground });
    }
}

#[cfg(test)]
mod tests;
