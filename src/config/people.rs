//! Who may act: grants of each service to people and groups, and which ids are one human.

use std::collections::{BTreeMap, BTreeSet};

use super::chat::Tenants;
use super::{Checker, raw};
use crate::domain::actor::{Grantee, Group, Person, Role};
use crate::domain::service::SecondPerson;

impl Checker<'_> {
    /// The highest role of everybody who is named; groups are read in the configured tenants only.
    pub(super) fn grants(
        &mut self,
        name: &str,
        raw: &raw::Service,
        tenants: &Tenants<'_>,
    ) -> BTreeMap<Grantee, Role> {
        let mut grants = BTreeMap::new();
        if raw.responders.is_empty() {
            self.wrong(format!("service {name:?}: responders is empty, so nobody could act"));
        }
        for (key, list, role) in [
            ("responders", &raw.responders, Role::Responder),
            ("approvers", &raw.approvers, Role::Approver),
            ("leads", &raw.leads, Role::Lead),
        ] {
            let key = format!("service {name:?}: {key}");
            let mut named = BTreeSet::new();
            for text in list {
                let Some(grantee) = self.parsed::<Grantee>(&key, text) else { continue };
                if let Grantee::Group(group) = &grantee {
                    self.can_be_read(&key, group, tenants);
                }
                if !named.insert(grantee.clone()) {
                    self.wrong(format!("{key}: {text:?} is named twice"));
                }
                let known = grants.entry(grantee).or_insert(role);
                *known = role.max(*known);
            }
        }
        grants
    }

    /// A group gives nobody a right unless its members can be read.
    fn can_be_read(&mut self, key: &str, group: &Group, tenants: &Tenants<'_>) {
        if let Some(wrong) = tenants.refuse(group.platform, &group.tenant) {
            self.wrong(format!("{key}: {group} {wrong}"));
        }
    }

    pub(super) fn second_person(&mut self, name: &str, raw: &raw::Service) -> SecondPerson {
        match raw.second_person.as_deref() {
            None | Some("no") => SecondPerson::No,
            Some("required") => SecondPerson::Required,
            Some("after 5 min") => SecondPerson::AfterWait,
            Some(other) => {
                self.wrong(format!(
                    "service {name:?}: second_person is \"no\", \"required\" or \"after 5 min\", not {other:?}"
                ));
                SecondPerson::No
            }
        }
    }

    /// Ids that belong to one human each.
    pub(super) fn humans(&mut self, raw: &[raw::Human]) -> Vec<BTreeSet<Person>> {
        let mut taken = BTreeSet::new();
        let mut humans = Vec::new();
        for (index, one) in raw.iter().enumerate() {
            let key = format!("person {}", index + 1);
            if one.ids.len() < 2 {
                self.wrong(format!("{key}: ids needs at least two ids of one human"));
            }
            let mut ids = BTreeSet::new();
            for text in &one.ids {
                let Some(grantee) = self.parsed::<Grantee>(&key, text) else { continue };
                let Grantee::Person(id) = grantee else {
                    self.wrong(format!("{key}: {text:?} is a group and no person"));
                    continue;
                };
                if !taken.insert(id.clone()) {
                    self.wrong(format!("{key}: {id} is named before: an id belongs to one human"));
                }
                ids.insert(id);
            }
            humans.push(ids);
        }
        humans
    }
}
