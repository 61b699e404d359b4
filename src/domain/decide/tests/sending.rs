//! Between the press and the call: what holds it, what drops it, and when it can still be taken back.

use super::pressing::CHANGES;
use crate::domain::action::Action;
use crate::domain::actor::Role;
use crate::domain::decide::Request;
use crate::domain::event::{Event, FlipEvent, Outcome};
use crate::domain::fixture::{
    DAWN, FIRST, SERVING, Story, deployment, id_of, not_taken, person, refused, unknown,
};
use crate::domain::incident::{Answer, Layer1, Stage};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Span;

#[test]
fn the_call_is_started_with_the_target_of_the_card() {
    let mut story = Story::confirmed();
    story.passes(2);
    let reply = story.starts_the_call();
    let effect = story.flip().effect.clone();
    let started = Event::Flip(FlipEvent::EffectStarted { effect, attempt: 1, job_before: None });
    assert_eq!(reply.events[0].event, started);
    assert_eq!(*story.stage(), Stage::Sending { since: story.now });
    assert_eq!(story.flip().confirmation.to.deployment, deployment("v41"));
}

#[test]
fn a_call_is_started_once_and_only_where_one_is_intended() {
    let stages = [
        Story::waiting(),
        Story::sending(),
        Story::in_the_dark(),
        Story::polling(),
        Story::proving(),
        Story::proven(),
        Story::settled(),
    ];
    for mut story in stages {
        let reply = story.starts_the_call();
        assert_eq!((reply.kinds.len(), reply.refusal), (0, None), "{:?}", story.layer1());
    }
}

#[test]
fn rights_that_were_lost_after_the_press_drop_the_call() {
    let mut story = Story::confirmed();
    let question = story.flip().confirmation.id.clone();
    story.lists("web", "bo", None);
    assert_eq!(story.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    assert!(matches!(story.layer1(), Layer1::Lapsed(_, Void::RightsLost)));
    assert_eq!(story.incident().asked[&question], Answer::Voided(Void::RightsLost));
    // Somebody else may take it up.
    story.presses("ana", Action::Renew);
    story.resolves();
    story.confirms("ana");
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn the_rights_of_the_one_who_asked_do_not_matter_at_the_send() {
    let mut story = Story::confirmed();
    story.lists("web", "ana", None);
    story.lists("web", "bo", Some(Role::Lead));
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn what_changes_between_press_and_send_drops_the_call_and_asks_anew() {
    for (what, change, why) in CHANGES {
        let mut story = Story::confirmed();
        let question = story.flip().confirmation.id.clone();
        change(&mut story);
        let reply = story.starts_the_call();
        assert_eq!(reply.kinds, ["effect_dropped", "pointer_released"], "{what}");
        let Layer1::Resolving(again) = story.layer1() else { panic!("{what}: no fresh card") };
        assert_eq!((again.again, &again.by), (Some(why), &person("ana")), "{what}");
        assert_eq!(story.incident().asked[&question], Answer::Voided(why), "{what}");
    }
}

#[test]
fn an_intent_that_waited_as_long_as_a_question_lasts_is_dropped() {
    let mut story = Story::confirmed();
    story.now = story.now + Span::minutes(5) - Span(1);
    assert_eq!(story.clone().starts_the_call().kinds, ["effect_started"]);
    story.now = story.now + Span(1);
    assert_eq!(story.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    assert!(matches!(story.layer1(), Layer1::Resolving(one) if one.again == Some(Void::Stale)));
}

#[test]
fn a_world_that_cannot_be_read_holds_the_call() {
    let mut story = Story::confirmed();
    story.web().dark = Some("timeout");
    assert_eq!(story.starts_the_call().kinds, ["trouble_met"]);
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
    assert!(!story.flip().was_sent());
    story.web().dark = None;
    assert_eq!(story.starts_the_call().kinds, ["trouble_over", "effect_started"]);
}

#[test]
fn a_halt_holds_the_call_and_a_lead_lets_it_go() {
    let mut story = Story::confirmed();
    assert_eq!(story.halts("bo").kinds, ["halted"]);
    let held = Refusal::Halted { by: person("bo"), since: DAWN };
    assert_eq!(story.starts_the_call().refusal, Some(held));
    let (needs, has) = (Role::Lead, Some(Role::Responder));
    assert_eq!(story.resumes("bo").refusal, Some(Refusal::NotAllowed { needs, has }));
    assert_eq!(story.resumes("lee").kinds, ["resumed"]);
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn what_a_halt_held_for_too_long_is_asked_anew() {
    let mut story = Story::confirmed();
    story.halts("bo");
    story.passes(3600);
    assert!(story.starts_the_call().refusal.is_some());
    story.resumes("lee");
    assert_eq!(story.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
}

#[test]
fn a_halt_is_set_once_and_lifted_once() {
    let mut story = Story::new();
    story.halts("ana");
    story.passes(9);
    assert_eq!(story.halts("bo").kinds, [""; 0]);
    let halt = story.book.state(&"web".into()).unwrap().halt.clone().unwrap();
    assert_eq!((halt.by, halt.since), (person("ana"), DAWN));
    story.resumes("lee");
    assert_eq!(story.resumes("lee").refusal, Some(Refusal::NotHalted));
}

#[test]
fn what_is_held_by_a_halt_can_be_taken_back() {
    let mut story = Story::confirmed();
    story.halts("bo");
    assert_eq!(
        story.presses("ana", Action::Cancel).kinds,
        ["rollback_cancelled", "pointer_released"]
    );
    story.resumes("lee");
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
}

#[test]
fn cancel_works_until_the_call_is_started() {
    let mut asked = Story::new();
    asked.rollback("ana", None);
    let mut lapsed = Story::waiting();
    lapsed.passes(300);
    lapsed.bot(&Request::Expire(FIRST));
    for mut story in [asked, Story::waiting(), lapsed] {
        assert_eq!(story.presses("bo", Action::Cancel).kinds, ["rollback_cancelled"]);
        assert_eq!(*story.layer1(), Layer1::Idle);
    }
    let mut confirmed = Story::confirmed();
    let question = confirmed.flip().confirmation.id.clone();
    let reply = confirmed.presses("ana", Action::Cancel);
    assert_eq!(reply.kinds, ["rollback_cancelled", "pointer_released"]);
    assert_eq!(confirmed.incident().asked[&question], Answer::Cancelled(person("ana"), DAWN));
}

#[test]
fn cancel_after_the_send_says_that_it_is_too_late() {
    let mut resent = Story::in_the_dark();
    resent.observes();
    resent.passes(2);
    resent.observes();
    assert!(matches!(resent.stage(), Stage::Intended { .. }));
    let mut doubted = Story::sending();
    doubted.call_ends(refused());
    let stages = [
        Story::sending(),
        Story::in_the_dark(),
        resent,
        doubted,
        Story::polling(),
        Story::proving(),
        Story::proven(),
        Story::settled(),
    ];
    for mut story in stages {
        let reply = story.presses("ana", Action::Cancel);
        let is_late = matches!(reply.refusal, Some(Refusal::TooLateToCancel { .. }));
        assert!(is_late && reply.kinds.is_empty(), "{:?}", story.stage());
    }
}

#[test]
fn a_call_that_was_surely_not_taken_waits_and_does_not_count() {
    let mut story = Story::sending();
    story.call_ends(not_taken(7));
    let not_before = DAWN + Span::seconds(7);
    assert_eq!(*story.stage(), Stage::Intended { not_before });
    assert!(!story.flip().was_sent());
    // However often: it is still the first try.
    for _ in 0..4 {
        story.passes(7);
        assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
        assert_eq!(story.flip().attempts, 1);
        story.call_ends(not_taken(7));
    }
    let reply = story.presses("ana", Action::Cancel);
    assert_eq!(reply.kinds, ["rollback_cancelled", "pointer_released"]);
}

#[test]
fn a_provider_that_never_takes_it_ends_in_a_fresh_card() {
    let mut story = Story::sending();
    for _ in 0..5 {
        story.call_ends(not_taken(60));
        story.passes(60);
        story.starts_the_call();
    }
    assert!(matches!(story.layer1(), Layer1::Resolving(one) if one.again == Some(Void::Stale)));
}

#[test]
fn the_end_of_a_call_that_is_not_being_made_is_no_news() {
    let ends = [Outcome::Accepted, not_taken(1), refused(), unknown()];
    let stages = [
        Story::confirmed(),
        Story::in_the_dark(),
        Story::polling(),
        Story::proving(),
        Story::proven(),
        Story::settled(),
    ];
    for outcome in ends {
        for mut story in stages.clone() {
            let reply = story.call_ends(outcome.clone());
            assert_eq!((reply.kinds.len(), reply.refusal), (0, None), "{:?}", story.stage());
        }
    }
    let mut story = Story::sending();
    let (effect, outcome) = ("eff_of_nobody".into(), Outcome::Accepted);
    assert_eq!(story.bot(&Request::End { incident: FIRST, effect, outcome }).kinds, [""; 0]);
}

#[test]
fn a_whole_flip_is_told_in_order() {
    let mut story = Story::waiting();
    story.confirms("bo");
    story.starts_the_call();
    story.call_ends(Outcome::Accepted);
    story.provider_is_done();
    story.observes();
    story.judges(SERVING);
    story.reads_the_flag();
    let told: Vec<_> = story.journal.iter().map(|(_, one)| one.event.encode().0).collect();
    assert_eq!(
        told,
        [
            "incident_numbered",
            "incident_opened",
            "rollback_requested",
            "changes_read",
            "confirmation_issued",
            "flip_confirmed",
            "pointer_locked",
            "effect_started",
            "effect_ended",
            "job_succeeded",
            "marked_bad",
            "flip_proven",
            "assignment_read",
            "pointer_released",
        ]
    );
    assert!(story.flip().is_proven());
    assert_eq!(story.flip().confirmation.from.id, id_of("v42"));
}
