//! A reason given by a form: it does what the typed one does, a late one gets a true answer, and nobody is asked for one in vain.

use crate::domain::action::{Action, LONGEST_REASON, Lacks};
use crate::domain::decide::Request;
use crate::domain::deployment::Live;
use crate::domain::event::Direction;
use crate::domain::fix::MainChecks;
use crate::domain::fixture::{Story, id_of, person};
use crate::domain::incident::Layer1;
use crate::domain::migration::Safety;
use crate::domain::refusal::{Refusal, Void};

const WHY: &str = "coupons are off";

/// Ana asked for a rollback over a destructive migration, without a reason.
fn trapped(to: Option<&str>) -> Story {
    let mut story = Story::new();
    story.web().migrations = Some(Safety::Destructive);
    story.rollback("ana", to);
    story.resolves();
    story
}

fn lacks(story: &Story) -> Lacks {
    Lacks::Rollback(story.question())
}

fn gives(story: &mut Story, who: &str, lacks: Lacks, reason: &str) -> Option<Refusal> {
    story.presses(who, Action::Reasoned(lacks, reason.to_owned())).refusal
}

#[test]
fn a_reason_from_a_form_asks_for_the_same_anew_and_a_second_person_confirms() {
    let mut story = trapped(Some("dpl_v40"));
    let lacks = lacks(&story);
    assert_eq!(story.presses("bo", Action::GiveReason(lacks.clone())).kinds, [""; 0]);
    let given = story.presses("bo", Action::Reasoned(lacks, format!("  {WHY} ")));
    assert_eq!(given.kinds, ["rollback_requested"]);
    story.resolves();
    let question = story.incident().waiting().expect("a question").clone();
    assert_eq!(question.to.deployment.id, id_of("v40"), "the named target stays");
    assert_eq!((question.reason.as_deref(), question.requester), (Some(WHY), person("bo")));
    assert_eq!(story.confirms("bo").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn only_those_who_may_act_are_asked_and_heard() {
    let mut story = trapped(None);
    let lacks = lacks(&story);
    for action in [Action::GiveReason(lacks.clone()), Action::Reasoned(lacks, WHY.to_owned())] {
        let refusal = story.presses("eve", action).refusal;
        assert!(matches!(refusal, Some(Refusal::NotAllowed { .. })), "{refusal:?}");
    }
}

#[test]
fn an_empty_reason_and_one_that_is_too_long_change_nothing() {
    let mut story = trapped(None);
    let lacks = lacks(&story);
    for empty in ["", " \n "] {
        let refusal = gives(&mut story, "bo", lacks.clone(), empty);
        assert_eq!(refusal, Some(Refusal::ReasonNeeded));
    }
    let longer = "ü".repeat(LONGEST_REASON + 1);
    assert_eq!(gives(&mut story, "bo", lacks.clone(), &longer), Some(Refusal::ReasonTooLong));
    let longest = "ü".repeat(LONGEST_REASON);
    assert_eq!(gives(&mut story, "bo", lacks, &longest), None);
}

#[test]
fn a_form_that_is_sent_late_hears_what_became_of_its_question() {
    let mut story = trapped(None);
    let lacks = lacks(&story);
    story.presses("lee", Action::Cancel);
    let at = story.now;
    let cancelled = Refusal::Cancelled { by: person("lee"), at };
    assert_eq!(gives(&mut story, "bo", lacks.clone(), WHY), Some(cancelled.clone()));
    let opens = story.presses("bo", Action::GiveReason(lacks)).refusal;
    assert_eq!(opens, Some(cancelled), "nobody types one in vain");
    assert!(matches!(story.layer1(), Layer1::Idle));
}

#[test]
fn of_two_forms_the_first_counts() {
    let mut story = trapped(None);
    let lacks = lacks(&story);
    assert_eq!(gives(&mut story, "bo", lacks.clone(), WHY), None);
    let second = gives(&mut story, "ana", lacks, "another reason");
    assert_eq!(second, Some(Refusal::Voided(Void::Superseded)));
    story.resolves();
    assert_eq!(story.incident().waiting().expect("a question").reason.as_deref(), Some(WHY));
}

#[test]
fn a_question_that_lacks_no_reason_takes_none() {
    let mut story = Story::waiting();
    let lacks = lacks(&story);
    assert_eq!(gives(&mut story, "bo", lacks, WHY), Some(Refusal::NoReasonAsked));
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_promote_that_was_refused_is_asked_for_again_with_the_reason() {
    let mut story = Story::fix_verified();
    story.web().forge.main.checks = MainChecks::Red;
    story.promotes_what("ana", Some("dpl_v43"), None);
    story.resolves();
    assert_eq!(story.presses("bo", Action::GiveReason(Lacks::Promote)).refusal, None);
    assert_eq!(gives(&mut story, "bo", Lacks::Promote, WHY), None);
    assert_eq!(story.resolves().kinds, ["confirmation_issued"]);
    let question = story.incident().waiting().expect("a question").clone();
    assert_eq!(question.direction(), Direction::Forward);
    assert_eq!(
        (question.named.as_deref(), question.reason.as_deref()),
        (Some("dpl_v43"), Some(WHY))
    );
    assert_eq!(question.promotion.expect("a promote").overridden, [Refusal::MainIsRed]);
    assert_eq!(story.confirms("bo").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_reason_for_a_promote_is_not_taken_once_things_have_moved_on() {
    let mut story = Story::fix_verified();
    assert_eq!(gives(&mut story, "bo", Lacks::Promote, WHY), Some(Refusal::NoReasonAsked));
    story.web().forge.main.checks = MainChecks::Red;
    story.promotes("ana");
    story.resolves();
    // Somebody asks once more, and main is green by now: two people are not needed any more.
    story.web().forge.main.checks = MainChecks::Green;
    story.promotes("ana");
    story.resolves();
    assert_eq!(gives(&mut story, "bo", Lacks::Promote, WHY), Some(Refusal::NoReasonAsked));
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_reason_for_a_promote_does_not_override_that_production_is_broken_again() {
    let mut story = Story::fix_verified();
    story.web().forge.main.checks = MainChecks::Red;
    story.promotes("ana");
    story.resolves();
    // Somebody puts the bad deployment back.
    story.web().pointer.live = Live::At(id_of("v42"));
    assert_eq!(story.bot(&Request::Look("web".into())).kinds, ["world_moved", "pointer_seen"]);
    assert_eq!(gives(&mut story, "bo", Lacks::Promote, WHY), Some(Refusal::FlipFirst));
}

#[test]
fn what_no_reason_overrides_is_not_asked_for_one() {
    let mut story = Story::pinned();
    story.promotes("ana");
    story.resolves();
    assert_eq!(story.incident().refused, Some(Refusal::NoFixMerged));
    assert_eq!(story.incident().promote_that_lacks_reason(), None, "nothing says what to promote");
    let mut story = Story::merged();
    story.promotes("ana");
    story.resolves();
    assert_eq!(story.incident().refused, Some(Refusal::NoFixBuilt));
    assert_eq!(gives(&mut story, "bo", Lacks::Promote, WHY), Some(Refusal::NoReasonAsked));
}
