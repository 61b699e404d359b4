//! One table per guard, with every branch.

use super::*;
use crate::domain::actor::Platform;
use crate::domain::book::{Halt, PointerLock};
use crate::domain::deployment::JobKind;
use crate::domain::fixture::{
    DAWN, FIRST, Story, deployment, id_of, job, person, pointer, policy, service,
};
use crate::domain::policy::Ground;

#[test]
fn g1_only_a_ready_production_build_that_served_is_a_target() {
    use BuildState::{Building, Failed, Gone, Ready, Unrecognised};
    use DeploymentKind::{Other, Preview, Production};
    let id = || id_of("v41");
    let preview = Err(Refusal::Preview(id()));
    let never = Err(Refusal::NeverServed(id()));
    let not_ready = |state| Err(Refusal::NotReady(id(), state));
    let table = [
        (Production, Ready, Served::Yes, Some(true), Ok(())),
        (Production, Ready, Served::Yes, None, Ok(())),
        (Production, Ready, Served::Yes, Some(false), never.clone()),
        (Production, Ready, Served::No, Some(true), never.clone()),
        (Production, Ready, Served::No, None, never.clone()),
        (Production, Ready, Served::No, Some(false), never.clone()),
        (Production, Ready, Served::NotSaid, Some(true), Ok(())),
        (Production, Ready, Served::NotSaid, None, never.clone()),
        (Production, Ready, Served::NotSaid, Some(false), never),
        (Production, Building, Served::Yes, Some(true), not_ready(Building)),
        (Production, Failed, Served::Yes, Some(true), not_ready(Failed)),
        (Production, Gone, Served::Yes, Some(true), not_ready(Gone)),
        (Production, Unrecognised, Served::Yes, Some(true), not_ready(Unrecognised)),
        // Nothing makes a preview a target, whatever else is said of it.
        (Preview, Ready, Served::Yes, Some(true), preview.clone()),
        (Preview, Building, Served::No, None, preview.clone()),
        (Other, Ready, Served::Yes, Some(true), preview),
    ];
    for (kind, state, served, provider_allows, expected) in table {
        let target = Deployment { kind, state, served, provider_allows, ..deployment("v41") };
        assert_eq!(g1_has_served(&target), expected, "{target:?}");
    }
}

#[test]
fn g2_a_target_is_neither_live_nor_marked_bad() {
    let mut state = ServiceState::default();
    state.marked_bad.insert(id_of("v40"), IncidentId(3));
    let check = |target| g2_is_another(&id_of(target), &id_of("v42"), &state);
    assert_eq!(check("v41"), Ok(()));
    assert_eq!(check("v42"), Err(Refusal::AlreadyLive(id_of("v42"))));
    assert_eq!(check("v40"), Err(Refusal::MarkedBad(id_of("v40"), IncidentId(3))));
}

#[test]
fn g2_what_is_live_must_be_one_deployment() {
    assert_eq!(g2_live_is_one(&Live::At(id_of("v42"))), Ok(&id_of("v42")));
    let split = Live::Split(vec![id_of("v41"), id_of("v42")]);
    assert_eq!(g2_live_is_one(&split), Err(Refusal::PointerMoving));
    assert_eq!(g2_live_is_one(&Live::Nothing), Err(Refusal::NothingLive));
}

#[test]
fn g3_the_hobby_plan_allows_only_the_previous_deployment() {
    let plan = |plan| Fact::known("plan", DAWN, plan);
    let limit = |allows: Option<&str>| {
        Err(Refusal::PlanLimit { asked: id_of("v40"), allows: allows.map(id_of) })
    };
    let table = [
        (plan(Plan::Paid), "v40", Some("v41"), Ok(())),
        (plan(Plan::Paid), "v40", None, Ok(())),
        (plan(Plan::Hobby), "v41", Some("v41"), Ok(())),
        (plan(Plan::Hobby), "v40", Some("v41"), limit(Some("v41"))),
        (plan(Plan::Hobby), "v40", None, limit(None)),
        // Not known: the provider decides.
        (Fact::unknown("plan", DAWN, "403"), "v40", Some("v41"), Ok(())),
    ];
    for (plan, target, previous, expected) in table {
        let previous = previous.map(id_of);
        let found = g3_plan_allows(&plan, &id_of(target), previous.as_ref());
        assert_eq!(found, expected, "{plan:?} {target}");
    }
}

#[test]
fn g6_the_flag_becomes_what_it_must_be_and_one_that_is_not_told_stays_not_told() {
    use Assignment::{CannotTell, Off, On};
    for (wanted, read, verdict) in [
        (Off, Off, FlagVerdict::AsWanted),
        (Off, On, FlagVerdict::Switch),
        (On, On, FlagVerdict::AsWanted),
        (On, Off, FlagVerdict::Switch),
        (Off, CannotTell, FlagVerdict::CannotTell),
        (On, CannotTell, FlagVerdict::CannotTell),
        // Nobody knows how it was: whatever the promote left is as good as anything.
        (CannotTell, On, FlagVerdict::AsWanted),
        (CannotTell, Off, FlagVerdict::AsWanted),
        (CannotTell, CannotTell, FlagVerdict::CannotTell),
    ] {
        assert_eq!(g6_flag(wanted, read), verdict, "{wanted:?} {read:?}");
    }
}

#[test]
fn g10_only_a_job_that_may_still_move_names_is_bound() {
    use JobStatus::{Failed, Running, Skipped, Succeeded, Unrecognised};
    let table = [
        (Running, Some("v40")),
        // A word we do not know may mean that it runs.
        (Unrecognised, Some("v40")),
        (Succeeded, None),
        (Failed, None),
        (Skipped, None),
    ];
    for (status, pending) in table {
        let mut pointer = pointer("v42");
        pointer.job = Some(job(JobKind::Rollback, ("v42", "v40"), status));
        let bound = binding(&pointer, &service("web"));
        assert_eq!(bound.pending_job, pending.map(id_of), "{status:?}");
        assert_eq!(bound.assignment, Assignment::On);
        assert_eq!(bound.config_digest, "digest-1");
    }
    assert_eq!(binding(&pointer("v42"), &service("web")).pending_job, None);
}

#[test]
fn g10_a_question_holds_until_what_it_is_bound_to_changes() {
    type Change = fn(&mut Pointer, &mut Service, &mut ServiceState);
    let table: [(&str, Change, Result<(), Void>); 10] = [
        ("nothing", |_, _, _| {}, Ok(())),
        (
            "a halt",
            |_, _, state| {
                let (by, reason) = (person("ana"), None);
                state.halt = Some(Halt { by, since: DAWN, reason });
            },
            Err(Void::Halted),
        ),
        ("the config", |_, one, _| one.config_digest = "2".into(), Err(Void::ConfigChanged)),
        (
            "a job",
            |one, _, _| one.job = Some(job(JobKind::Promote, ("v42", "v43"), JobStatus::Running)),
            Err(Void::JobPending),
        ),
        (
            "a job that is over",
            |one, _, _| one.job = Some(job(JobKind::Promote, ("v41", "v42"), JobStatus::Succeeded)),
            Ok(()),
        ),
        ("the pointer", |one, _, _| one.live = Live::At(id_of("v43")), Err(Void::PointerMoved)),
        ("half the names", |one, _, _| one.live = Live::Split(vec![]), Err(Void::PointerMoved)),
        ("no pointer", |one, _, _| one.live = Live::Nothing, Err(Void::PointerMoved)),
        ("the flag", |one, _, _| one.assignment = Assignment::Off, Err(Void::AssignmentChanged)),
        (
            "what is not bound",
            |_, _, state| {
                state.marked_bad.insert(id_of("v40"), FIRST);
            },
            Ok(()),
        ),
    ];
    let story = Story::waiting();
    let question = story.incident().waiting().expect("the card is there");
    for (what, change, expected) in table {
        let (mut pointer, mut service) = (pointer("v42"), service("web"));
        let mut state = ServiceState::default();
        change(&mut pointer, &mut service, &mut state);
        assert_eq!(g10_still_holds(question, &pointer, &service, &state), expected, "{what}");
    }
}

#[test]
fn g10_the_last_millisecond_counts_and_the_next_does_not() {
    let story = Story::waiting();
    let question = story.incident().waiting().expect("the card is there");
    assert_eq!(question.expires_at, DAWN + Span::minutes(5));
    let last = question.expires_at - Span(1);
    let table = [
        (DAWN, DAWN, Ok(())),
        (last, last, Ok(())),
        (question.expires_at, question.expires_at, Err(Refusal::Expired)),
        (question.expires_at + Span(1), question.expires_at + Span(1), Err(Refusal::Expired)),
        // Looked at later than it came in.
        (last, last + Span::minutes(5) - Span(1), Ok(())),
        (last, last + Span::minutes(5), Err(Refusal::Expired)),
        (DAWN, DAWN + Span::minutes(5), Err(Refusal::Expired)),
        // The clock went back.
        (last, DAWN, Ok(())),
    ];
    for (pressed_at, now, expected) in table {
        let found = g10_in_time(question, pressed_at, now);
        assert_eq!(found, expected, "{pressed_at:?} {now:?}");
    }
}

#[test]
fn g11_denies_by_default() {
    use Role::{Lead, Responder};
    let denied = |needs, has| Err(Refusal::NotAllowed { needs, has });
    let table = [
        ("web", "ana", Responder, Ok("ana")),
        ("web", "ana", Lead, denied(Lead, Some(Responder))),
        ("web", "lee", Responder, Ok("lee")),
        ("web", "lee", Lead, Ok("lee")),
        ("web", "eve", Responder, denied(Responder, None)),
        // Rights for one service are none for another.
        ("api", "lee", Responder, denied(Responder, None)),
    ];
    let policy = policy(["web"]);
    for (service, who, needs, expected) in table {
        let actor = Actor::Person(person(who));
        let found = g11_may(&policy, &service.into(), &actor, needs, DAWN);
        let found = found.map(|right| right.ground);
        assert_eq!(found, expected.map(|_| Ground::Listed), "{who} in {service} as {needs}");
    }
}

#[test]
fn g11_an_id_counts_with_its_platform_and_tenant() {
    let policy = policy(["web"]);
    let elsewhere = [
        Person { tenant: "T2".to_owned(), ..person("ana") },
        Person { platform: Platform::Discord, ..person("ana") },
        Person { user: "Uana".to_owned(), ..person("ana") },
    ];
    for person in elsewhere {
        let refused = Refusal::NotAllowed { needs: Role::Responder, has: None };
        let actor = Actor::Person(person);
        let found = g11_may(&policy, &"web".into(), &actor, Role::Responder, DAWN);
        assert_eq!(found, Err(refused), "{actor:?}");
    }
}

#[test]
fn g11_neither_the_bot_nor_a_policy_counts_as_a_person() {
    let by = person("lee");
    for actor in [Actor::Bot, Actor::Policy { version: 1, by }] {
        let found = g11_may(&policy(["web"]), &"web".into(), &actor, Role::Responder, DAWN);
        assert_eq!(found, Err(Refusal::NotAPerson), "{actor:?}");
    }
}

#[test]
fn g11_an_empty_policy_lets_nobody_act() {
    let actor = Actor::Person(person("lee"));
    let found = g11_may(&Policy::default(), &"web".into(), &actor, Role::Responder, DAWN);
    assert_eq!(found, Err(Refusal::NotAllowed { needs: Role::Responder, has: None }));
}

#[test]
fn g13_a_pointer_has_one_holder() {
    let lock = |incident| PointerLock { incident, effect: "eff_1".into(), since: DAWN };
    let held = ServiceState { lock: Some(lock(IncidentId(2))), ..ServiceState::default() };
    let refused = Refusal::PointerHeld { by: IncidentId(2), since: DAWN };
    assert_eq!(g13_pointer_is_free(&ServiceState::default(), FIRST), Ok(()));
    assert_eq!(g13_pointer_is_free(&held, FIRST), Err(refused));
    assert_eq!(g13_pointer_is_free(&held, IncidentId(2)), Ok(()));
}

#[test]
fn five_wrong_codes_lock_for_ten_minutes() {
    let table = [
        (None, 0, Ok(())),
        (Some(4), 0, Ok(())),
        (Some(5), 0, Err(Span::minutes(10))),
        (Some(5), 599, Err(Span::seconds(1))),
        (Some(5), 600, Ok(())),
        (Some(9), 60, Err(Span::minutes(9))),
    ];
    for (count, seconds, expected) in table {
        let mut state = ServiceState::default();
        if let Some(count) = count {
            state.missed_codes.insert(person("ana"), (count, DAWN));
        }
        let now = DAWN + Span::seconds(seconds);
        let expected = expected.map_err(|wait| Refusal::CodesLocked { wait });
        let humans = Humans::default();
        let ana = codes_are_open(&state, &humans, &person("ana"), now);
        assert_eq!(ana, expected, "{count:?} {seconds}");
        assert_eq!(codes_are_open(&state, &humans, &person("bo"), now), Ok(()));
    }
}

#[test]
fn a_halt_names_who_and_since_when() {
    let halt = Halt { by: person("bo"), since: DAWN, reason: None };
    let halted = ServiceState { halt: Some(halt), ..ServiceState::default() };
    assert_eq!(is_not_halted(&ServiceState::default()), Ok(()));
    let refused = Refusal::Halted { by: person("bo"), since: DAWN };
    assert_eq!(is_not_halted(&halted), Err(refused));
}
