//! From the command to the card.

use crate::domain::action::Action;
use crate::domain::actor::Actor;
use crate::domain::book::Book;
use crate::domain::decide::{Decision, Facts, Fresh, Read, Request, decide};
use crate::domain::deployment::{Assignment, Plan};
use crate::domain::event::Wish;
use crate::domain::fixture::{
    DAWN, FIRST, Story, channel, deployment, id_of, person, pointer, policy, service,
};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Answer, Layer1};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Span;

#[test]
fn rollback_opens_an_incident_with_the_next_number() {
    let mut story = Story::new();
    let reply = story.rollback("ana", None);
    assert_eq!(reply.kinds, ["incident_numbered", "incident_opened", "rollback_requested"]);
    let incident = story.incident();
    assert_eq!(incident.id, FIRST);
    assert_eq!(incident.title, "rollback of web");
    assert_eq!(incident.opened_by, Actor::Person(person("ana")));
    assert_eq!(incident.previous, None);
    assert!(matches!(&incident.layer1, Layer1::Resolving(one) if one.by == person("ana")));
}

#[test]
fn rollback_joins_the_incident_that_is_open() {
    let mut story = Story::new();
    let title = "checkout is down".to_owned();
    let open = Request::OpenIncident { service: "web".into(), title };
    assert_eq!(story.asks("bo", &open).kinds, ["incident_numbered", "incident_opened"]);
    assert_eq!(story.rollback("ana", None).kinds, ["rollback_requested"]);
    assert_eq!(story.incident().title, "checkout is down");
    assert_eq!(story.asks("bo", &open).kinds, [""; 0], "one open problem per service");
}

#[test]
fn the_next_incident_links_the_one_before_it() {
    let mut story = Story::of(&["web", "api"]);
    story.rollback("ana", None);
    story.rollback_of("api", "ana", None);
    story.calls_it_a_blip("ana");
    story.rollback("ana", None);
    let third = &story.book.incidents[&IncidentId(3)];
    assert_eq!((third.previous, third.service.as_str()), (Some(FIRST), "web"));
}

#[test]
fn a_repeat_changes_nothing_at_any_stage() {
    let mut asked = Story::new();
    asked.rollback("ana", None);
    let stages = [
        asked,
        Story::waiting(),
        Story::confirmed(),
        Story::sending(),
        Story::in_the_dark(),
        Story::polling(),
        Story::proving(),
        Story::proven(),
        Story::settled(),
    ];
    for mut story in stages {
        let before = story.book.clone();
        let reply = story.rollback("bo", None);
        assert_eq!((reply.kinds.len(), reply.refusal), (0, None), "{:?}", before.incidents);
        assert_eq!(story.book, before);
    }
}

#[test]
fn naming_the_very_target_of_the_card_is_a_repeat() {
    let mut story = Story::waiting();
    assert_eq!(story.rollback("bo", Some("dpl_v41")).kinds, [""; 0]);
    story.confirms("ana");
    let reply = story.rollback("bo", Some("dpl_v41"));
    assert_eq!((reply.kinds.len(), reply.refusal), (0, None));
}

#[test]
fn rollback_asks_anew_when_production_was_seen_to_move_on_after_the_flip() {
    let mut story = Story::settled();
    let look = Request::Look("web".into());
    story.passes(60);
    story.bot(&look);
    assert_eq!(story.rollback("ana", None).kinds, [""; 0], "it is where the flip left it");
    // Somebody armed it again, and a merge went live.
    story.web().pointer = pointer("v43");
    story.web().deployments.insert(0, deployment("v43"));
    story.passes(60);
    story.bot(&look);
    assert_eq!(story.rollback("ana", None).kinds, ["rollback_requested"]);
    story.resolves();
    let question = story.incident().waiting().unwrap();
    assert_eq!((&question.from, &question.to.deployment), (&deployment("v43"), &deployment("v41")));
}

#[test]
fn another_target_takes_the_place_of_the_question() {
    let mut story = Story::waiting();
    let old = story.question();
    assert_eq!(story.rollback("bo", Some("dpl_v40")).kinds, ["rollback_requested"]);
    assert_eq!(story.incident().asked[&old], Answer::Voided(Void::Superseded));
    story.resolves();
    let question = story.incident().waiting().unwrap();
    assert_eq!(question.to.deployment, deployment("v40"));
    assert_eq!(question.requester, person("bo"));
    let refused = story.presses("ana", Action::Confirm(old)).refusal;
    assert_eq!(refused, Some(Refusal::Voided(Void::Superseded)));
    story.confirms("ana");
}

#[test]
fn another_target_takes_the_place_of_a_wish_that_is_not_resolved_yet() {
    let mut story = Story::new();
    story.rollback("ana", None);
    assert_eq!(story.rollback("bo", Some("dpl_v40")).kinds, ["rollback_requested"]);
    assert_eq!(story.rollback("ana", Some("dpl_v40")).kinds, [""; 0]);
    story.resolves();
    assert_eq!(story.incident().waiting().unwrap().to.deployment, deployment("v40"));
}

#[test]
fn a_flip_under_way_is_not_superseded() {
    for mut story in [Story::confirmed(), Story::sending(), Story::polling(), Story::proving()] {
        let reply = story.rollback("bo", Some("dpl_v40"));
        assert_eq!((reply.kinds.len(), reply.refusal), (0, Some(Refusal::FlipUnderWay)));
        assert_eq!(story.flip().confirmation.to.deployment, deployment("v41"));
    }
}

#[test]
fn a_card_says_from_where_to_where_until_when_and_what_it_is_bound_to() {
    let mut story = Story::new();
    let wish = Wish {
        to: None,
        reason: Some("500 on checkout".to_owned()),
        asked_in: Some(channel("C1")),
    };
    story.asks("ana", &Request::StartRollback { service: "web".into(), wish });
    assert_eq!(story.incident().title, "500 on checkout");
    story.passes(1);
    assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
    let question = story.incident().waiting().unwrap();
    assert_eq!(question.from, deployment("v42"));
    assert_eq!(question.to.deployment, deployment("v41"));
    assert_eq!(question.others[0].deployment, deployment("v40"));
    assert_eq!(question.requester, person("ana"));
    assert_eq!(question.named, None);
    assert_eq!(question.reason.as_deref(), Some("500 on checkout"));
    assert_eq!(question.asked_in, Some(channel("C1")));
    assert_eq!(question.bound.assignment, Assignment::On);
    assert_eq!(question.issued_at, DAWN + Span::seconds(1));
    assert_eq!(question.expires_at, DAWN + Span::seconds(301));
    assert_eq!(story.resolves().kinds, [""; 0], "it is asked once");
}

#[test]
fn nothing_is_resolved_before_pointer_deployments_and_plan_are_read() {
    let mut story = Story::new();
    story.rollback("ana", None);
    let facts = Facts {
        actor: Actor::Bot,
        policy: policy(["web"]).into(),
        pointer: None,
        deployments: None,
        named: None,
        plan: None,
        aliases: None,
        changes: None,
        forge: crate::domain::fix::Readings::default(),
        fresh: Fresh {
            confirmation: "cnf_1".into(),
            effect: "eff_1".into(),
            verification: "ver_1".into(),
        },
    };
    let decided = decide(&story.book, &Request::Resolve(FIRST), &facts, DAWN);
    let reads = vec![Read::Pointer, Read::Deployments, Read::Plan];
    assert_eq!(decided, Decision::Needs(reads));
}

#[test]
fn a_name_that_the_list_does_not_hold_is_looked_up() {
    let mut story = Story::new();
    story.rollback("ana", Some("dpl_v7"));
    story.web().looked_up = Some(deployment("v7"));
    assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
    assert_eq!(story.incident().waiting().unwrap().named.as_deref(), Some("dpl_v7"));
}

#[test]
fn a_wish_that_cannot_be_met_is_refused_and_another_may_follow() {
    let table = [
        ("dpl_v42", Refusal::AlreadyLive(id_of("v42"))),
        ("dpl_v7", Refusal::UnknownTarget { typed: "dpl_v7".to_owned() }),
    ];
    for (typed, refusal) in table {
        let mut story = Story::new();
        story.rollback("ana", Some(typed));
        assert_eq!(story.resolves().kinds, ["rollback_refused"]);
        assert_eq!(story.incident().refused, Some(refusal));
        assert_eq!(*story.layer1(), Layer1::Idle);
        assert_eq!(story.rollback("ana", None).kinds, ["rollback_requested"]);
        assert_eq!(story.incident().refused, None);
        assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
    }
}

#[test]
fn the_hobby_plan_refuses_an_older_target_before_any_card() {
    let mut story = Story::new();
    story.web().plan = Some(Plan::Hobby);
    story.rollback("ana", Some("dpl_v40"));
    story.resolves();
    let (asked, allows) = (id_of("v40"), Some(id_of("v41")));
    assert_eq!(story.incident().refused, Some(Refusal::PlanLimit { asked, allows }));
}

#[test]
fn a_plan_that_cannot_be_read_does_not_stand_in_the_way() {
    let mut story = Story::new();
    story.web().plan = None;
    story.rollback("ana", None);
    assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
}

#[test]
fn a_wish_that_is_refused_after_a_flip_leaves_the_flip_as_it_was() {
    let mut story = Story::settled();
    let flip = story.flip().clone();
    story.rollback("ana", Some("dpl_v42"));
    assert!(matches!(story.layer1(), Layer1::Resolving(_)));
    story.resolves();
    assert_eq!(story.incident().refused, Some(Refusal::MarkedBad(id_of("v42"), FIRST)));
    assert_eq!(*story.layer1(), Layer1::Settled(Box::new(flip)));
}

#[test]
fn a_wish_that_is_taken_back_after_a_flip_leaves_the_flip_as_it_was() {
    let mut story = Story::settled();
    let settled = story.layer1().clone();
    story.rollback("ana", Some("dpl_v40"));
    story.resolves();
    story.confirms("ana");
    story.presses("bo", Action::Cancel);
    assert_eq!(*story.layer1(), settled);
}

#[test]
fn trouble_is_said_once_again_when_its_reason_changes_and_when_it_is_over() {
    let mut story = Story::new();
    story.rollback("ana", None);
    story.web().dark = Some("timeout");
    assert_eq!(story.resolves().kinds, ["trouble_met"]);
    assert_eq!(story.incident().trouble.as_deref(), Some("vercel: timeout"));
    assert_eq!(story.resolves().kinds, [""; 0]);
    story.web().dark = Some("503");
    assert_eq!(story.resolves().kinds, ["trouble_met"]);
    story.web().dark = None;
    assert_eq!(story.resolves().kinds, ["trouble_over", "changes_read", "confirmation_issued"]);
    assert_eq!(story.incident().trouble, None);
}

#[test]
fn nobody_without_a_role_changes_anything() {
    let (service, reason) = (|| "web".into(), || Some("because".to_owned()));
    let press = |action| Request::Press { incident: FIRST, action, pressed_at: DAWN };
    let question = Story::waiting().question();
    let requests = [
        Request::StartRollback { service: service(), wish: Wish::default() },
        Request::OpenIncident { service: service(), title: "x".to_owned() },
        press(Action::Confirm(question.clone())),
        press(Action::Cancel),
        press(Action::ChooseAnother(question.clone())),
        press(Action::Choose(question, id_of("v40"))),
        press(Action::Renew),
        press(Action::ShowCard),
        press(Action::Verify),
        Request::Verify { service: service(), deployment: None },
        Request::AddNote { incident: FIRST, text: "x".to_owned() },
        Request::Halt { service: service(), reason: reason() },
        Request::Resume { service: service(), reason: reason() },
        Request::Blip { incident: FIRST, reason: reason() },
        Request::Close { incident: FIRST, reason: reason() },
    ];
    for request in requests {
        let mut story = Story::waiting();
        let before = story.book.incidents.clone();
        let reply = story.asks("eve", &request);
        let is_denied = matches!(reply.refusal, Some(Refusal::NotAllowed { has: None, .. }));
        assert!(is_denied, "{request:?}: {reply:?}");
        assert_eq!(reply.kinds, ["act_refused"], "that is all that is written down");
        let written = story.book.clone();
        assert_eq!(story.bot(&request).refusal, Some(Refusal::NotAPerson), "{request:?}");
        assert_eq!((&story.book, &story.book.incidents), (&written, &before));
    }
}

#[test]
fn a_service_that_is_not_configured_has_nobody_who_may_act() {
    let mut story = Story::new();
    let refused = story.rollback_of("shop", "lee", None).refusal;
    assert!(matches!(refused, Some(Refusal::NotAllowed { has: None, .. })));
    assert_eq!(story.book, Book::new([service("web")]));
}

#[test]
fn services_go_their_ways_independently() {
    let mut story = Story::of(&["web", "api"]);
    let api = IncidentId(2);
    story.rollback("ana", None);
    story.rollback_of("api", "bo", None);
    story.resolves();
    story.bot(&Request::Resolve(api));
    story.confirms("ana");
    let question = story.book.incidents[&api].waiting().unwrap().id.clone();
    // A halt of one, a lock of one: the other does not notice.
    story.halts("bo");
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
    story.presses_in(api, "bo", Action::Confirm(question));
    assert_eq!(story.bot(&Request::Start(api)).kinds, ["effect_started"]);
    assert!(!story.flip().was_sent());
}
