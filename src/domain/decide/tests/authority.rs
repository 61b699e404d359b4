//! Who may do what, cell by cell, against an oracle that was written from the words of the rule and not from the code:
//! people listed by id and people in groups, of this workspace and of others, full members and not, for each service, each
//! kind of step, and each age of what is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::domain::action::Action;
use crate::domain::actor::{Actor, Grantee, Group, Person, Platform, Role};
use crate::domain::book::{Book, Halt};
use crate::domain::decide::{Decision, Facts, Request, decide};
use crate::domain::event::{Event, IncidentEvent};
use crate::domain::fact::Fact;
use crate::domain::fixture::{FIRST, Story, person, pointer};
use crate::domain::incident::{FirstYes, Layer1};
use crate::domain::policy::{Account, Humans, Members, Membership, Policy, Reading, Standing};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::service::SecondPerson;
use crate::domain::time::{Span, Timestamp};

/// What somebody is told, as far as it is about rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    Yes,
    NoRight,
    CannotTell,
    SamePerson,
    NeedsApprover,
}

/// What is done, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Note,
    Confirm,
    Resume,
    /// The second yes, after one of a responder, of a lead, of one's own other account.
    AfterResponder,
    AfterLead,
    AfterOneself,
    /// What one confirmed is about to be sent.
    Send,
}

const STEPS: [Step; 7] = [
    Step::Note,
    Step::Confirm,
    Step::Resume,
    Step::AfterResponder,
    Step::AfterLead,
    Step::AfterOneself,
    Step::Send,
];

/// Where an id is from, beside a group of workspace T1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Home {
    Here,
    OtherWorkspace,
    OtherPlatform,
}

/// How the service is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setup {
    Plain,
    NamesApprovers,
    /// All rights are for another service.
    Elsewhere,
    /// Nobody is named at all.
    Empty,
}

/// One cell of the table but for its step.
#[derive(Clone, Copy, Debug)]
struct Cell {
    listed: Option<Role>,
    /// What the group gives; `None`: no group is configured.
    group: Option<Role>,
    is_in: bool,
    account: Account,
    home: Home,
    setup: Setup,
    /// Seconds since the group was read, and since the account was.
    group_age: Option<i64>,
    account_age: Option<i64>,
}

// ---------------------------------------------------------------------------------------------------------------------
// The oracle

/// What is known of the group: (certain, within the ten minutes of grace, cannot tell).
fn by_group(cell: &Cell) -> (Option<Role>, Option<Role>, Option<Role>) {
    let nothing = (None, None, None);
    // A group gives rights only to people of its own workspace.
    let (Some(role), Home::Here) = (cell.group, cell.home) else { return nothing };
    let unknown = (None, None, Some(role));
    let Some(group_age) = cell.group_age else { return unknown };
    if !cell.is_in {
        return if group_age <= 60 { nothing } else { unknown };
    }
    let Some(account_age) = cell.account_age else { return unknown };
    let age = group_age.max(account_age);
    match (cell.account, age) {
        (Account::Member, ..=60) => (Some(role), None, None),
        (Account::Member, 61..=600) => (None, Some(role), None),
        // Guests, bots and accounts that were switched off have no rights by a group.
        (_, ..=60) => nothing,
        _ => unknown,
    }
}

fn oracle(cell: &Cell, step: Step) -> Told {
    if matches!(cell.setup, Setup::Elsewhere | Setup::Empty) {
        return Told::NoRight;
    }
    let is_bot = cell.account == Account::Bot && cell.account_age.is_some();
    let listed = cell.listed.filter(|_| !is_bot);
    let (sure, grace, unknown) = by_group(cell);
    let certain = listed.max(sure);
    let needs = if step == Step::Resume { Role::Lead } else { Role::Responder };
    let doubt = grace.max(unknown);
    // Who may do it alone: listed, seen in the group, or in grace.
    let alone = certain.max(grace) >= Some(needs);
    if !alone {
        return if unknown >= Some(needs) { Told::CannotTell } else { Told::NoRight };
    }
    if !matches!(step, Step::AfterResponder | Step::AfterLead | Step::AfterOneself) {
        return Told::Yes;
    }
    // Two-person steps: the service's group must be readable, and only what is certain counts.
    let is_unread = cell.group.is_some() && cell.group_age.is_none_or(|age| age > 60);
    if is_unread {
        return Told::CannotTell;
    }
    if certain < Some(needs) {
        return if doubt >= Some(needs) { Told::CannotTell } else { Told::NoRight };
    }
    if step == Step::AfterOneself {
        return Told::SamePerson;
    }
    let is_approved = certain >= Some(Role::Approver) || step == Step::AfterLead;
    // A group of approvers names approvers as well.
    let names = cell.setup == Setup::NamesApprovers || cell.group == Some(Role::Approver);
    if names && !is_approved { Told::NeedsApprover } else { Told::Yes }
}

// ---------------------------------------------------------------------------------------------------------------------
// The world of a cell

fn twin() -> Person {
    "discord:77/88".parse().expect("a person")
}

fn principal(home: Home) -> Person {
    match home {
        Home::Here => person("una"),
        Home::OtherWorkspace => Person { tenant: "T2".into(), ..person("una") },
        Home::OtherPlatform => Person { platform: Platform::Discord, ..person("una") },
    }
}

fn policy(cell: &Cell, now: Timestamp) -> Policy {
    let who = principal(cell.home);
    let group = Group { platform: Platform::Slack, tenant: "T1".into(), id: "S1".into() };
    let listed = |name, role| (Grantee::Person(person(name)), role);
    let mut grants = BTreeMap::from([
        listed("bo", Role::Responder),
        listed("lee", Role::Lead),
        (Grantee::Person(twin()), Role::Responder),
    ]);
    if cell.setup == Setup::NamesApprovers {
        grants.extend([listed("ida", Role::Approver)]);
    }
    if let Some(role) = cell.group.filter(|_| cell.setup != Setup::Elsewhere) {
        grants.insert(Grantee::Group(group.clone()), role);
    }
    let others = BTreeMap::from([(Grantee::Person(who.clone()), Role::Lead)]);
    match (cell.setup, cell.listed) {
        (Setup::Empty, _) => grants.clear(),
        (Setup::Elsewhere, _) | (_, None) => {}
        (_, Some(role)) => {
            grants.insert(Grantee::Person(who.clone()), role);
        }
    }
    let ago = |seconds: i64| now - Span::seconds(seconds);
    // Whoever stands on the list stands there with this very id, also if it is of another workspace.
    let members = cell.is_in.then(|| who.clone()).into_iter().collect();
    let read_at = cell.group_age.map(ago);
    let reading = Reading { members: Members::Listed(members), read_at, trouble: None };
    let standing = cell.account_age.map(|age| Standing {
        account: cell.account,
        groups: BTreeSet::new(),
        read_at: ago(age),
    });
    Policy {
        grants: [("web".into(), grants), ("api".into(), others)].into(),
        humans: Humans::new([&BTreeSet::from([who.clone(), twin()])]),
        membership: Membership {
            groups: [(group, reading)].into(),
            people: standing.map(|standing| (who, standing)).into_iter().collect(),
        },
    }
}

/// The books that the steps are taken in.
struct Books {
    waiting: Book,
    halted: Book,
    /// By who said yes first.
    first_yes: [(Step, Book); 3],
    confirmed: BTreeMap<Person, Book>,
    now: Timestamp,
    facts: Facts,
}

fn books() -> Books {
    let story = Story::waiting();
    let question = story.question();
    let mut halted = story.book.clone();
    let halt = Halt { by: person("bo"), since: story.now, reason: None };
    halted.states.get_mut(&"web".into()).expect("web").halt = Some(halt);
    let after = |by: Person| {
        let mut book = story.book.clone();
        let web = Arc::make_mut(&mut book.services).get_mut(&"web".into()).expect("web");
        web.second_person = SecondPerson::Required;
        let incident = Arc::make_mut(book.incidents.get_mut(&FIRST).expect("an incident"));
        let (confirmation, at) = (question.clone(), story.now);
        let seconds = Vec::new();
        incident.first_yes = Some(FirstYes { confirmation, by, at, alone_from: None, seconds });
        book
    };
    let sending = Story::confirmed();
    let sent = |who: Person| {
        let mut book = sending.book.clone();
        let incident = Arc::make_mut(book.incidents.get_mut(&FIRST).expect("an incident"));
        let Layer1::Flipping(flip) = &mut incident.layer1 else { panic!("confirmed") };
        flip.confirmed_by = who.clone();
        (who, book)
    };
    let homes = [Home::Here, Home::OtherWorkspace, Home::OtherPlatform];
    let pointer = Fact::known("vercel", story.now, pointer("v42"));
    Books {
        waiting: story.book.clone(),
        halted,
        first_yes: [
            (Step::AfterResponder, after(person("bo"))),
            (Step::AfterLead, after(person("lee"))),
            (Step::AfterOneself, after(twin())),
        ],
        confirmed: homes.map(|home| sent(principal(home))).into(),
        now: story.now,
        facts: Facts { pointer: Some(pointer), ..story.facts(Actor::Bot) },
    }
}

fn judged(books: &Books, cell: &Cell, step: Step, policy: &Arc<Policy>) -> Told {
    let who = principal(cell.home);
    let question = books.waiting.incidents[&FIRST].waiting().expect("a question").id.clone();
    let (action, pressed_at) = (Action::Confirm(question), books.now);
    let press = Request::Press { incident: FIRST, action, pressed_at };
    let actor = Actor::Person(who.clone());
    let (book, request, actor) = match step {
        Step::Note => {
            (&books.waiting, Request::AddNote { incident: FIRST, text: "x".into() }, actor)
        }
        Step::Confirm => (&books.waiting, press, actor),
        Step::Resume => {
            let (service, reason) = ("web".into(), Some("x".into()));
            (&books.halted, Request::Resume { service, reason }, actor)
        }
        Step::AfterResponder | Step::AfterLead | Step::AfterOneself => {
            let book = books.first_yes.iter().find(|(one, _)| *one == step);
            (&book.expect("a book for each").1, press, actor)
        }
        Step::Send => (&books.confirmed[&who], Request::Start(FIRST), Actor::Bot),
    };
    let facts = Facts { actor, policy: policy.clone(), ..books.facts.clone() };
    told(&decide(book, &request, &facts, books.now))
}

fn told(decision: &Decision) -> Told {
    let dropped = |event: &Event| match event {
        Event::Incident(IncidentEvent::EffectDropped { why, .. }) => Some(*why),
        _ => None,
    };
    match decision {
        Decision::Refused(refusal) | Decision::Events(_, Some(refusal)) => match refusal {
            Refusal::NotAllowed { .. } => Told::NoRight,
            Refusal::RightsUnknown { .. } | Refusal::GroupsUnreadable { .. } => Told::CannotTell,
            Refusal::SecondPersonNeeded => Told::SamePerson,
            Refusal::ApproverNeeded => Told::NeedsApprover,
            other => panic!("{other:?} is not about rights"),
        },
        Decision::Events(events, None) => match events.iter().find_map(|one| dropped(&one.event)) {
            Some(Void::RightsLost) => Told::NoRight,
            Some(Void::RightsUnknown) => Told::CannotTell,
            Some(other) => panic!("{other:?} is not about rights"),
            None => {
                assert!(!events.is_empty(), "something happens");
                Told::Yes
            }
        },
        Decision::Needs(reads) => panic!("{reads:?} is missing"),
    }
}

fn cells() -> Vec<Cell> {
    let mut cells = Vec::new();
    let groups = [None, Some(Role::Responder), Some(Role::Approver), Some(Role::Lead)];
    let accounts = [Account::Member, Account::Guest, Account::Bot, Account::Deactivated];
    for (listed, group) in [None, Some(Role::Responder), Some(Role::Lead)]
        .into_iter()
        .flat_map(|listed| groups.map(|group| (listed, group)))
    {
        for (account, home) in accounts.into_iter().flat_map(|account| {
            [Home::Here, Home::OtherWorkspace, Home::OtherPlatform].map(|home| (account, home))
        }) {
            for setup in [Setup::Plain, Setup::NamesApprovers, Setup::Elsewhere, Setup::Empty] {
                let ages = [None, Some(60), Some(61), Some(600), Some(601)];
                for (group_age, account_age) in ages
                    .into_iter()
                    .flat_map(|one| [None, Some(60), Some(601)].map(|other| (one, other)))
                {
                    cells.extend([true, false].map(|is_in| Cell {
                        listed,
                        group,
                        is_in,
                        account,
                        home,
                        setup,
                        group_age,
                        account_age,
                    }));
                }
            }
        }
    }
    cells
}

#[test]
fn every_cell_of_the_table_is_as_the_rule_says() {
    let books = books();
    let (mut count, mut found) = (0_u32, [0_u32; 5]);
    for cell in cells() {
        let policy = Arc::new(policy(&cell, books.now));
        for step in STEPS {
            let (is, ought) = (judged(&books, &cell, step, &policy), oracle(&cell, step));
            assert_eq!(is, ought, "{step:?} of {cell:?}");
            count += 1;
            found[is as usize] += 1;
        }
    }
    println!(
        "{count} cells: {found:?} as yes, no right, cannot tell, same person, needs an approver"
    );
    assert!(count >= 50_000 && found.iter().all(|one| *one > 500), "{count}: {found:?}");
}
