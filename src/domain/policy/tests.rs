//! What is known of groups, and what follows. The exhaustive table is in `decide/tests/authority`.

use super::*;
use crate::domain::fixture::{DAWN, person};

fn group(id: &str) -> Group {
    Group { platform: Platform::Slack, tenant: "T1".into(), id: id.into() }
}

fn listed(members: &[&str], read_at: Timestamp) -> Reading {
    let members = members.iter().map(|name| person(name)).collect();
    Reading { members: Members::Listed(members), read_at: Some(read_at), trouble: None }
}

fn member(read_at: Timestamp) -> Standing {
    Standing { account: Account::Member, groups: BTreeSet::new(), read_at }
}

/// `S1` gives the role of a responder, `S2` of a lead; `ana` is in both, `bo` is listed.
fn policy() -> Policy {
    let grants = BTreeMap::from([
        (Grantee::Group(group("S1")), Role::Responder),
        (Grantee::Group(group("S2")), Role::Lead),
        (Grantee::Person(person("bo")), Role::Responder),
    ]);
    let groups = [group("S1"), group("S2")].map(|group| (group, listed(&["ana"], DAWN)));
    let people = BTreeMap::from([(person("ana"), member(DAWN))]);
    let membership = Membership { groups: groups.into(), people };
    Policy { grants: [("web".into(), grants)].into(), membership, ..Policy::default() }
}

#[test]
fn the_highest_group_counts_and_the_oldest_reading_ages_it() {
    let mut policy = policy();
    let later = DAWN + Span::seconds(90);
    assert_eq!(policy.role(&"web".into(), &person("ana"), DAWN), Some(Role::Lead));
    policy.membership.groups.insert(group("S1"), listed(&["ana"], later));
    policy.membership.people.insert(person("ana"), member(later));
    let rights = policy.rights(&"web".into(), &person("ana"), later);
    assert_eq!(rights.sure.map(|right| right.role), Some(Role::Responder));
    assert_eq!(rights.grace.map(|right| right.role), Some(Role::Lead));
    assert_eq!(policy.unread(&"web".into(), later).map(|one| one.read_at), Some(Some(DAWN)));
}

#[test]
fn a_platform_that_tells_groups_by_person_is_believed_by_person() {
    let role = Group { platform: Platform::Discord, tenant: "7".into(), id: "42".into() };
    let who: Person = "discord:7/1".parse().unwrap();
    let grants = BTreeMap::from([(Grantee::Group(role.clone()), Role::Responder)]);
    let reading = Reading { members: Members::ToldByPerson, read_at: Some(DAWN), trouble: None };
    let standing = |groups: &[Group]| Standing {
        account: Account::Member,
        groups: groups.iter().cloned().collect(),
        read_at: DAWN,
    };
    let of = |known: Option<Standing>| {
        let people = known.map(|one| (who.clone(), one)).into_iter().collect();
        let groups = [(role.clone(), reading.clone())].into();
        let membership = Membership { groups, people };
        let grants = [("web".into(), grants.clone())].into();
        Policy { grants, membership, ..Policy::default() }
    };
    let may = |policy: &Policy| {
        let may = policy.may(&"web".into(), &who, Role::Responder, Care::OnePerson, DAWN);
        may.map(|right| right.role)
    };
    assert_eq!(may(&of(Some(standing(std::slice::from_ref(&role))))), Ok(Role::Responder));
    let denied = Refusal::NotAllowed { needs: Role::Responder, has: None };
    assert_eq!(may(&of(Some(standing(&[])))), Err(denied));
    let (needs, platform) = (Role::Responder, Platform::Discord);
    assert_eq!(may(&of(None)), Err(Refusal::RightsUnknown { needs, platform }));
}

#[test]
fn linked_ids_are_one_human_and_no_others_are() {
    let twin: Person = "discord:7/1".parse().unwrap();
    let humans = Humans::new([&BTreeSet::from([person("ana"), twin.clone()])]);
    assert!(humans.are_one(&person("ana"), &twin) && humans.are_one(&twin, &person("ana")));
    assert!(!humans.are_one(&person("bo"), &twin));
    assert_eq!(humans.others(&twin).collect::<Vec<_>>(), [&person("ana")]);
    let mut policy = policy();
    policy.humans = humans;
    // One human, and still a right of each id by itself.
    assert_eq!(policy.role(&"web".into(), &twin, DAWN), None);
    let same = policy.make_two(&"web".into(), (&person("ana"), &twin), DAWN);
    assert_eq!(same, Err(Refusal::SecondPersonNeeded));
}
