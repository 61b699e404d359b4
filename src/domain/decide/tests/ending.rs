//! Ends of incidents, and what is noticed outside of them.

use crate::domain::action::Action;
use crate::domain::actor::Actor;
use crate::domain::decide::Request;
use crate::domain::deployment::{Assignment, Live};
use crate::domain::event::{Exit, Outcome};
use crate::domain::fixture::{DAWN, FIRST, SERVING, Story, id_of, not_serving, person};
use crate::domain::guard::codes_are_open;
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Answer, Layer1};
use crate::domain::refusal::{Refusal, Void};

const ENDED: [&str; 2] = ["incident_resolved", "incident_closed"];

#[test]
fn a_blip_ends_an_incident_in_which_nothing_was_sent() {
    let mut lapsed = Story::waiting();
    lapsed.passes(300);
    lapsed.bot(&Request::Expire(FIRST));
    let mut taken_back = Story::confirmed();
    taken_back.presses("ana", Action::Cancel);
    let mut asked = Story::new();
    asked.rollback("ana", None);
    for mut story in [asked, Story::waiting(), lapsed, taken_back] {
        assert_eq!(story.calls_it_a_blip("ana").kinds, ENDED);
        let resolution = story.incident().resolution.clone().unwrap();
        assert_eq!((resolution.exit, resolution.by), (Exit::Blip, person("ana")));
        assert_eq!(story.incident().closed_at, Some(story.now));
        assert_eq!(*story.layer1(), Layer1::Idle);
    }
}

#[test]
fn what_was_flipped_was_no_blip() {
    let mut failed = Story::polling();
    failed.passes(180);
    failed.observes();
    // Another wish afterwards does not make the flip undone.
    let mut refused_later = Story::settled();
    refused_later.rollback("ana", Some("dpl_v42"));
    refused_later.resolves();
    let mut asked_later = Story::settled();
    asked_later.rollback("ana", Some("dpl_v40"));
    let mut waiting_later = asked_later.clone();
    waiting_later.resolves();
    for mut story in [Story::settled(), failed, refused_later, asked_later, waiting_later] {
        let refused = story.calls_it_a_blip("ana").refusal;
        assert_eq!(refused, Some(Refusal::FlippedNotBlip), "{:?}", story.layer1());
    }
}

#[test]
fn an_incident_is_closed_by_hand_with_a_reason() {
    let mut story = Story::settled();
    assert_eq!(story.closes("ana", None).refusal, Some(Refusal::CloseNeedsReason));
    assert_eq!(story.closes("ana", Some("fixed forward")).kinds, ENDED);
    let resolution = story.incident().resolution.clone().unwrap();
    assert_eq!(resolution.exit, Exit::ByHand);
    assert_eq!(resolution.reason.as_deref(), Some("fixed forward"));
    assert!(matches!(story.layer1(), Layer1::Settled(_)), "what was done stays known");
}

#[test]
fn a_person_who_was_called_may_end_what_nobody_can_tell() {
    let mut story = Story::in_the_dark();
    story.web().dark = Some("timeout");
    story.observes();
    assert_eq!(story.closes("ana", Some("moved by hand")).refusal, Some(Refusal::FlipUnderWay));
    story.passes(60);
    assert_eq!(story.observes().kinds, ["person_needed"]);
    let kinds = story.closes("ana", Some("moved by hand")).kinds;
    assert_eq!(kinds, ["incident_resolved", "incident_closed", "pointer_released"]);
}

#[test]
fn an_incident_cannot_be_ended_under_a_flip() {
    let stages = [
        Story::confirmed(),
        Story::sending(),
        Story::in_the_dark(),
        Story::polling(),
        Story::proving(),
        Story::proven(),
    ];
    for mut story in stages {
        assert_eq!(story.closes("lee", Some("x")).refusal, Some(Refusal::FlipUnderWay));
        assert_eq!(story.calls_it_a_blip("lee").refusal, Some(Refusal::FlipUnderWay));
    }
}

#[test]
fn an_incident_ends_once() {
    let mut story = Story::waiting();
    story.calls_it_a_blip("ana");
    assert_eq!(story.calls_it_a_blip("bo").refusal, Some(Refusal::IncidentOver));
    assert_eq!(story.closes("bo", Some("x")).refusal, Some(Refusal::IncidentOver));
}

#[test]
fn a_card_of_an_incident_that_is_over_moves_nothing() {
    let mut story = Story::waiting();
    let question = story.question();
    story.calls_it_a_blip("ana");
    let voided = Answer::Voided(Void::Superseded);
    assert_eq!(story.incident().asked[&question], voided);
    let refused = Some(Refusal::Voided(Void::Superseded));
    assert_eq!(story.presses("bo", Action::Confirm(question.clone())).refusal, refused);
    assert_eq!(story.presses("bo", Action::Choose(question, id_of("v40"))).refusal, refused);
    assert_eq!(story.presses("bo", Action::Cancel).refusal, Some(Refusal::NothingToCancel));
    assert_eq!(story.presses("bo", Action::Renew).kinds, [""; 0]);
}

#[test]
fn what_is_over_stays_over_whatever_the_bot_looks_at() {
    let mut not_serving_yet = Story::proving();
    not_serving_yet.passes(60);
    not_serving_yet.judges(not_serving(not_serving_yet.now));
    not_serving_yet.reads_the_flag();
    for mut story in [Story::waiting(), Story::settled(), not_serving_yet] {
        assert_eq!(story.closes("ana", Some("done")).kinds, ENDED);
        let before = story.incident().clone();
        let requests = [
            Request::Resolve(FIRST),
            Request::Expire(FIRST),
            Request::Start(FIRST),
            Request::Observe(FIRST),
            Request::Judge { incident: FIRST, verdict: SERVING },
            Request::Judge { incident: FIRST, verdict: not_serving(DAWN) },
            Request::ReadFlag(FIRST),
            Request::End { incident: FIRST, effect: "eff".into(), outcome: Outcome::Accepted },
        ];
        for dark in [None, Some("timeout")] {
            story.web().dark = dark;
            for request in &requests {
                assert_eq!(story.bot(request).kinds, [""; 0], "{request:?}");
            }
        }
        assert_eq!(*story.incident(), before);
    }
}

#[test]
fn a_note_may_be_added_to_an_incident_that_is_over() {
    let mut story = Story::settled();
    story.closes("ana", Some("done"));
    let note = Request::AddNote { incident: FIRST, text: "for the postmortem".to_owned() };
    assert_eq!(story.asks("bo", &note).kinds, ["note_added"]);
}

#[test]
fn the_next_rollback_is_a_new_incident_that_knows_what_was_bad() {
    let mut story = Story::settled();
    story.closes("ana", Some("done"));
    story.rollback("ana", Some("dpl_v42"));
    let second = IncidentId(2);
    assert_eq!(story.book.incidents[&second].previous, Some(FIRST));
    story.bot(&Request::Resolve(second));
    let refused = story.book.incidents[&second].refused.clone();
    assert_eq!(refused, Some(Refusal::MarkedBad(id_of("v42"), FIRST)));
}

#[test]
fn an_incident_that_nobody_knows_is_said_so() {
    let mut story = Story::new();
    let note = Request::AddNote { incident: IncidentId(9), text: "x".to_owned() };
    let actor = Actor::Person(person("ana"));
    assert_eq!(story.propose(actor, &note).refusal, Some(Refusal::NoIncident));
}

#[test]
fn a_look_writes_down_only_what_differs() {
    let mut story = Story::new();
    let look = Request::Look("web".into());
    assert_eq!(story.bot(&look).kinds, ["pointer_seen"]);
    story.passes(60);
    assert_eq!(story.bot(&look).kinds, [""; 0]);
    story.web().pointer.assignment = Assignment::Off;
    assert_eq!(story.bot(&look).kinds, ["pointer_seen"]);
    story.web().pointer.live = Live::At(id_of("v43"));
    assert_eq!(story.bot(&look).kinds, ["pointer_seen"]);
    story.web().dark = Some("timeout");
    assert_eq!(story.bot(&look).kinds, [""; 0]);
    let seen = story.book.state(&"web".into()).unwrap().seen.clone().unwrap();
    assert_eq!((seen.live, seen.assignment), (Live::At(id_of("v43")), Assignment::Off));
}

#[test]
fn wrong_codes_are_counted_per_person_and_forgotten_after_ten_minutes() {
    let mut story = Story::new();
    let miss = Request::MissCode { service: "web".into() };
    let is_open = |story: &Story, who| {
        let state = story.book.state(&"web".into()).unwrap();
        codes_are_open(state, &story.policy.humans, &person(who), story.now).is_ok()
    };
    for _ in 0..5 {
        assert!(is_open(&story, "eve"));
        assert_eq!(story.asks("eve", &miss).kinds, ["code_missed"]);
    }
    assert!(!is_open(&story, "eve"));
    assert!(is_open(&story, "ana"), "one person's misses are not another's");
    story.passes(600);
    assert!(is_open(&story, "eve"));
    story.asks("eve", &miss);
    assert!(is_open(&story, "eve"), "the count begins anew");
    assert_eq!(story.bot(&miss).refusal, Some(Refusal::NotAPerson));
}
