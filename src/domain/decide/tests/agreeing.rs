//! Two people (G12): the first yes, the second, one alone after a wait; and what is written down of refusals.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::actor::Role;
use crate::domain::decide::Request;
use crate::domain::fixture::{Story, person};
use crate::domain::incident::Layer1;
use crate::domain::policy::Humans;
use crate::domain::refusal::{Refusal, Void};
use crate::domain::service::SecondPerson;

fn wanting(second_person: SecondPerson) -> Story {
    let mut story = Story::new();
    let services = Arc::make_mut(&mut story.book.services);
    services.get_mut(&"web".into()).unwrap().second_person = second_person;
    story.refold();
    story.rollback("ana", None);
    story.resolves();
    story
}

fn goes_alone(story: &mut Story, who: &str) -> crate::domain::fixture::Reply {
    let (service, reason) = ("web".into(), "nobody answers".to_owned());
    story.asks(who, &Request::GoAlone { service, reason })
}

#[test]
fn two_different_people_say_yes_to_one_question_and_the_flip_is_intended_once() {
    let mut story = wanting(SecondPerson::Required);
    let first = story.confirms("ana");
    assert_eq!(first.kinds, ["first_yes_given"]);
    assert!(matches!(first.refusal, Some(Refusal::YesCounted { .. })));
    assert_eq!(story.confirms("ana").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("bo").kinds, ["flip_confirmed", "pointer_locked"]);
    assert_eq!(story.flip().confirmed_with, Some(person("ana")));
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn two_accounts_of_one_human_are_one_yes() {
    let mut story = wanting(SecondPerson::Required);
    let ids = BTreeSet::from([person("ana"), person("bo")]);
    story.policy.humans = Humans::new([&ids]);
    story.confirms("ana");
    assert_eq!(story.confirms("bo").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("lee").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn where_approvers_are_named_one_of_the_two_is_one_of_them_or_a_lead() {
    let mut story = wanting(SecondPerson::Required);
    story.lists("web", "ida", Some(Role::Approver));
    story.confirms("ana");
    assert_eq!(story.confirms("bo").refusal, Some(Refusal::ApproverNeeded));
    for who in ["ida", "lee"] {
        let mut story = story.clone();
        assert_eq!(story.confirms(who).kinds, ["flip_confirmed", "pointer_locked"], "{who}");
    }
}

#[test]
fn a_first_yes_of_somebody_who_lost_the_right_counts_no_more() {
    let mut story = wanting(SecondPerson::Required);
    story.confirms("ana");
    story.lists("web", "ana", None);
    assert_eq!(story.confirms("bo").kinds, ["first_yes_given"], "it takes the place of hers");
    assert_eq!(story.confirms("lee").kinds, ["flip_confirmed", "pointer_locked"]);
    // And right before the send both are asked again.
    story.lists("web", "bo", None);
    assert_eq!(story.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    assert!(matches!(story.layer1(), Layer1::Lapsed(_, Void::RightsLost)));
}

#[test]
fn after_five_unanswered_minutes_one_goes_on_alone_and_not_before() {
    let mut story = wanting(SecondPerson::AfterWait);
    assert_eq!(goes_alone(&mut story, "ana").refusal, Some(Refusal::NotAlone), "nobody was asked");
    story.confirms("ana");
    story.passes(299);
    let early = goes_alone(&mut story, "bo").refusal;
    assert!(matches!(early, Some(Refusal::AloneTooEarly { .. })), "{early:?}");
    story.passes(1);
    let alone = goes_alone(&mut story, "bo").kinds;
    assert_eq!(alone, ["went_alone", "flip_confirmed", "pointer_locked"]);
    assert_eq!(story.flip().confirmed_with, None);
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn where_two_are_required_nobody_goes_on_alone() {
    let mut story = wanting(SecondPerson::Required);
    story.confirms("ana");
    story.passes(290);
    assert_eq!(goes_alone(&mut story, "ana").refusal, Some(Refusal::NotAlone));
}

#[test]
fn a_question_with_a_first_yes_stands_until_the_other_had_time_and_then_expires() {
    for (mode, minutes) in [(SecondPerson::Required, 5), (SecondPerson::AfterWait, 10)] {
        let mut story = wanting(mode);
        story.passes(240);
        story.confirms("ana");
        story.passes(minutes * 60 - 1);
        let mut answered = story.clone();
        assert_eq!(answered.confirms("bo").kinds, ["flip_confirmed", "pointer_locked"]);
        story.passes(1);
        assert_eq!(story.confirms("bo").refusal, Some(Refusal::Expired));
    }
}

#[test]
fn the_fifth_refusal_of_one_human_within_ten_minutes_is_told_and_stands_for_the_next() {
    let mut story = Story::waiting();
    let ids = BTreeSet::from([person("eve"), person("eva")]);
    story.policy.humans = Humans::new([&ids]);
    for who in ["eve", "eva", "eve", "eva"] {
        assert_eq!(story.confirms(who).kinds, ["act_refused"]);
    }
    assert_eq!(story.confirms("mal").kinds, ["act_refused"], "others are counted by themselves");
    let fifth = story.confirms("eve");
    assert_eq!(fifth.kinds, ["act_refused", "refusals_alerted"]);
    assert!(matches!(fifth.refusal, Some(Refusal::NotAllowed { has: None, .. })));
    assert_eq!(story.confirms("eva").kinds, [""; 0], "the alert stands for it");
    story.passes(600);
    assert_eq!(story.rollback("eve", None).kinds, ["act_refused"], "and is forgotten");
}

#[test]
fn refusals_that_are_far_apart_raise_no_alert() {
    let mut story = Story::new();
    for _ in 0..12 {
        assert_eq!(story.rollback("eve", None).kinds, ["act_refused"]);
        story.passes(151);
    }
}
