//! The last step: what may be promoted, how production is armed as before, the watch, and what others do meanwhile.

use crate::domain::action::Action;
use crate::domain::book::Book;
use crate::domain::decide::{Look, Request};
use crate::domain::deployment::{Assignment, Live};
use crate::domain::event::{Direction, Effect, Excuse, Exit, Outcome, Task};
use crate::domain::fix::{Ancestry, Layer2, MainChecks};
use crate::domain::fixture::forge::commit;
use crate::domain::fixture::{FIRST, SERVING, Story, deployment, id_of, person, unknown};
use crate::domain::guard::g7_still_holds;
use crate::domain::incident::{Layer1, Layer1Done};
use crate::domain::plan::{self, Looks, Next};
use crate::domain::probe::Seen;
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Span;
use crate::domain::verification::{Found, Journey, Step, Walk};

fn refusal_of(story: &Story) -> Option<Refusal> {
    story.incident().refused.clone()
}

fn ill() -> Look {
    Look::Ill { why: "checkout: GET /checkout: expected status 200, found status 500".to_owned() }
}

#[test]
fn the_whole_loop_ends_with_the_assignment_of_before() {
    let mut story = Story::promoted();
    assert_eq!(story.incident().baseline, Some(Assignment::On));
    assert_eq!(story.flip().direction(), Direction::Forward);
    assert_eq!(story.flip().assignment, Some(Assignment::On));
    assert_eq!(story.watches(Look::Well).kinds, [""; 0]);
    story.passes(301);
    assert_eq!(story.watches(Look::Well).kinds, ["watch_passed", "incident_resolved"]);
    let resolution = story.incident().resolution.clone().unwrap();
    assert_eq!((resolution.exit, resolution.by), (Exit::Reverted, person("ana")));
    assert!(story.incident().closed_at.is_none(), "after-care is not done by that");
    let next = plan::next(&story.book, FIRST, &Looks::default(), story.now);
    assert_eq!(next, Next::Rest);
}

#[test]
fn production_that_is_broken_is_not_mended_by_a_promote() {
    let mut story = Story::waiting();
    assert_eq!(story.promotes("ana").refusal, Some(Refusal::FlipFirst));
    assert!(matches!(story.promotes("eve").refusal, Some(Refusal::NotAllowed { .. })));
}

#[test]
fn each_thing_that_is_missing_is_named() {
    let mut story = Story::pinned();
    story.promotes("ana");
    story.resolves();
    assert_eq!(refusal_of(&story), Some(Refusal::NoFixMerged));

    let mut story = Story::merged();
    story.promotes("ana");
    story.resolves();
    assert_eq!(refusal_of(&story), Some(Refusal::NoFixBuilt));

    let mut story = Story::built();
    story.promotes("ana");
    story.resolves();
    let deployment = id_of("v43");
    assert_eq!(refusal_of(&story), Some(Refusal::NotVerified { deployment, verified: None }));
    assert!(matches!(story.layer1(), Layer1::Settled(flip) if flip.is_proven()), "the flip stands");
}

#[test]
fn the_verification_of_another_deployment_does_not_count() {
    let mut story = Story::fix_verified();
    let mut other = deployment("v44");
    other.sha = Some("0".repeat(40));
    other.created_at = story.now;
    story.web().deployments.insert(0, other);
    story.promotes_what("ana", Some("dpl_v44"), None);
    story.resolves();
    let (deployment, verified) = (id_of("v44"), Some(id_of("v43")));
    assert_eq!(refusal_of(&story), Some(Refusal::NotVerified { deployment, verified }));
}

#[test]
fn a_deployment_without_the_fix_in_its_history_is_refused() {
    let mut story = Story::fix_verified();
    story.web().deployments[0].sha = Some("0".repeat(40));
    story.web().forge.ancestry = Ancestry::Lacks;
    story.promotes_what("ana", Some("dpl_v43"), None);
    story.resolves();
    assert_eq!(refusal_of(&story), Some(Refusal::LacksFix { deployment: id_of("v43") }));
    // With the fix in its history it is as good as the fix's own build.
    story.web().forge.ancestry = Ancestry::Contains;
    story.promotes_what("ana", Some("dpl_v43"), None);
    assert_eq!(story.resolves().kinds, ["confirmation_issued"]);
}

#[test]
fn going_back_is_a_rollback_and_never_a_promote() {
    let mut story = Story::fix_verified();
    story.promotes_what("ana", Some("v40"), Some("hurry"));
    story.web().looked_up = Some(deployment("v40"));
    story.resolves();
    assert_eq!(refusal_of(&story), Some(Refusal::OlderThanBad { deployment: id_of("v40") }));
    story.promotes_what("ana", Some("dpl_v42"), Some("hurry"));
    story.resolves();
    assert!(matches!(refusal_of(&story), Some(Refusal::MarkedBad(..))));
}

#[test]
fn main_that_is_red_or_cannot_be_read_is_no_place_to_arm() {
    let mut story = Story::fix_verified();
    story.web().forge.main.checks = MainChecks::Red;
    story.promotes("ana");
    story.resolves();
    assert_eq!(refusal_of(&story), Some(Refusal::MainIsRed));
    story.web().forge.dark = Some("502");
    story.promotes("ana");
    story.resolves();
    assert!(matches!(refusal_of(&story), Some(Refusal::CannotTell { .. })));
    // Pending is allowed, and what would ship next is on the card.
    story.web().forge.dark = None;
    story.web().forge.main.checks = MainChecks::Pending;
    story.web().forge.main.since = vec![commit("0ddb", "More")];
    story.promotes("ana");
    assert_eq!(story.resolves().kinds, ["confirmation_issued"]);
    let promotion = story.incident().waiting().unwrap().promotion.clone().unwrap();
    assert_eq!(promotion.main.unwrap().get().unwrap().since.len(), 1);
}

#[test]
fn an_override_needs_a_reason_and_another_person() {
    let mut story = Story::built();
    story.promotes_what("ana", None, Some("the journeys are broken, not the build"));
    assert_eq!(story.resolves().kinds, ["confirmation_issued"]);
    let overridden = story.incident().waiting().unwrap().promotion.clone().unwrap().overridden;
    assert!(matches!(overridden[..], [Refusal::NotVerified { .. }]), "{overridden:?}");
    assert_eq!(story.confirms("ana").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("bo").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_verification_that_is_too_old_is_made_again_by_the_same_press() {
    let mut story = Story::fix_verified();
    story.passes(20 * 60);
    assert_eq!(story.promotes("ana").kinds, ["promote_requested"]);
    assert_eq!(story.resolves().kinds, ["verification_asked"]);
    assert_eq!(story.resolves().kinds, [""; 0], "it waits for the verdict");
    let looks =
        Looks { walking: story.incident().verifying.clone().map(|one| one.id), ..Looks::default() };
    assert_eq!(plan::next(&story.book, FIRST, &looks, story.now), Next::Rest);
    let mut failing = story.clone();
    story.walk_ends(Found::Expected);
    assert_eq!(story.resolves().kinds, ["confirmation_issued"]);
    let wrong =
        Found::Unexpected { expected: "status 200".to_owned(), found: "status 500".to_owned() };
    failing.walk_ends(wrong);
    failing.resolves();
    assert!(matches!(refusal_of(&failing), Some(Refusal::NotVerified { .. })));
}

#[test]
fn a_promote_is_carried_out_as_carefully_as_a_rollback() {
    let mut story = Story::promote_asked();
    story.confirms("ana");
    let intent = &story.flip().intent;
    assert_eq!(*intent, Effect::Promote { to: id_of("v43") });
    story.starts_the_call();
    story.call_ends(unknown());
    assert!(story.starts_the_call().kinds.is_empty(), "nothing is sent while nobody knows");
    story.promote_takes_effect();
    assert_eq!(story.observes().kinds, ["effect_observed"]);
    assert_eq!(story.observes().kinds, ["job_succeeded"]);
    let marked = &story.book.states[&"web".into()].marked_bad;
    assert!(!marked.contains_key(&id_of("v41")), "what was live before is not bad");
}

#[test]
fn a_promote_that_waits_behind_a_rolling_release_has_time() {
    let mut story = Story::promote_asked();
    story.confirms("ana");
    story.starts_the_call();
    story.call_ends(Outcome::Queued);
    story.passes(20 * 60);
    assert_eq!(story.observes().kinds, [""; 0], "an ordinary job would have failed by now");
    story.passes(41 * 60);
    assert!(story.observes().kinds.contains(&"flip_failed".to_owned()));
}

#[test]
fn a_flag_that_is_not_as_before_is_switched_and_a_staged_team_stays_staged() {
    let mut story = Story::promote_asked();
    story.confirms("ana");
    story.starts_the_call();
    story.call_ends(Outcome::Accepted);
    story.promote_takes_effect();
    story.web().pointer.assignment = Assignment::Off;
    story.observes();
    story.judges(SERVING);
    assert_eq!(story.reads_the_flag().kinds, ["arm_intended"]);
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
    let effect = story.flip().switch.as_ref().unwrap().effect.clone();
    assert_eq!(plan::call_of(story.incident(), &effect), Some(Effect::Arm));
    story.disarm_ends(Outcome::Accepted);
    story.web().pointer.assignment = Assignment::On;
    assert_eq!(story.reads_the_flag().kinds, ["assignment_read", "pointer_released"]);

    // A team that stages every release has it off, and the last step leaves it so.
    let mut staged = Story::promote_asked();
    staged.edit(|book: &mut Book| {
        let incident = std::sync::Arc::make_mut(book.incidents.get_mut(&FIRST).unwrap());
        incident.baseline = Some(Assignment::Off);
        if let Layer1::Waiting(question) = &mut incident.layer1 {
            question.promotion.as_mut().unwrap().baseline = Assignment::Off;
        }
    });
    staged.confirms("ana");
    staged.starts_the_call();
    staged.call_ends(Outcome::Accepted);
    staged.promote_takes_effect();
    staged.observes();
    staged.judges(SERVING);
    assert_eq!(staged.reads_the_flag().kinds, ["disarm_intended"]);
}

#[test]
fn a_fix_that_breaks_production_again_is_noticed_and_one_press_goes_back() {
    let mut story = Story::promoted();
    assert_eq!(story.watches(ill()).kinds, ["watch_troubled"]);
    assert_eq!(story.watches(ill()).kinds, [""; 0], "one bad look may be chance");
    let mut calm = story.clone();
    assert_eq!(calm.watches(Look::Well).kinds, ["watch_calmed"]);
    story.passes(6);
    let failed = story.watches(ill());
    assert_eq!(failed.kinds, ["watch_failed", "marked_bad", "way_back_sought"]);
    assert_eq!(story.incident().layer1_done, None);
    assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
    let question = story.incident().waiting().unwrap();
    assert_eq!(question.to.deployment.id, id_of("v41"), "what was live before the promote");
    assert_eq!(question.direction(), Direction::Back);
    assert_eq!(story.confirms("bo").kinds, ["flip_confirmed", "pointer_locked"]);
    assert_eq!(story.incident().baseline, Some(Assignment::On), "the baseline is that of before");
}

#[test]
fn a_production_that_is_silent_has_failed_only_where_the_provider_answers() {
    let silent = || Look::Silent { why: "connection refused".to_owned() };
    let mut story = Story::promoted();
    story.web().dark = Some("timeout");
    assert_eq!(story.watches(silent()).kinds, [""; 0], "the fault may be on our side");
    story.web().dark = None;
    assert_eq!(story.watches(silent()).kinds, ["watch_troubled"]);
    story.passes(6);
    let failed = story.watches(silent());
    assert_eq!(failed.kinds, ["watch_failed", "marked_bad", "way_back_sought"]);
}

#[test]
fn a_look_is_ill_where_customers_get_errors_whoever_sends_them() {
    let walk = |answers, found| {
        let step = Step { request: "GET /".to_owned(), took: Span(9), found };
        let journeys = vec![Journey { name: "front page".to_owned(), steps: vec![step] }];
        Look::of(&Walk { answers: Some(answers), journeys })
    };
    let bad = || Found::Unexpected { expected: "200".to_owned(), found: "500".to_owned() };
    assert_eq!(walk(Seen::Target, Found::Expected), Look::Well);
    let ill = |look: &Look| matches!(look, Look::Ill { .. });
    assert!(ill(&walk(Seen::Target, bad())));
    assert!(ill(&walk(Seen::NoMarker { status: 502 }, Found::NotAsked)));
    let unknown = walk(Seen::NoMarker { status: 200 }, Found::NotAsked);
    assert!(matches!(unknown, Look::Unknown { .. }), "{unknown:?}");
    let silent = walk(Seen::NoAnswer { why: "refused".to_owned() }, Found::NotAsked);
    assert_eq!(silent, Look::Silent { why: "refused".to_owned() });
}

#[test]
fn what_somebody_else_put_there_is_told_and_not_fought() {
    // During the watch.
    let mut story = Story::promoted();
    story.watches(ill());
    story.passes(6);
    story.web().pointer.live = Live::At(id_of("v40"));
    assert_eq!(story.watches(ill()).kinds, ["world_moved"]);
    assert_eq!(story.watches(ill()).kinds, [""; 0], "told once");

    // While pinned: somebody undoes the rollback in the dashboard.
    let mut story = Story::pinned();
    let look = Request::Look("web".into());
    assert_eq!(story.bot(&look).kinds, ["pointer_seen"], "as our flip left it");
    story.web().pointer.live = Live::At(id_of("v42"));
    story.web().pointer.assignment = Assignment::On;
    assert_eq!(story.bot(&look).kinds, ["world_moved", "pointer_seen"]);
    assert_eq!(story.bot(&look).kinds, [""; 0]);
    assert_eq!(story.rollback("ana", None).kinds, ["rollback_requested"], "the way back is open");
}

#[test]
fn a_flag_that_only_a_person_could_switch_ends_the_incident_once_it_is_as_before() {
    let mut story = Story::promoted();
    story.edit(|book: &mut Book| {
        let incident = std::sync::Arc::make_mut(book.incidents.get_mut(&FIRST).unwrap());
        let Layer1::Settled(flip) = &mut incident.layer1 else { panic!("settled") };
        flip.assignment = Some(Assignment::Off);
    });
    story.web().pointer.assignment = Assignment::Off;
    story.passes(301);
    assert_eq!(story.watches(Look::Well).kinds, ["watch_passed"], "not armed, so not resolved");
    let look = Request::Look("web".into());
    assert!(!story.bot(&look).kinds.contains(&"incident_resolved".to_owned()));
    story.web().pointer.assignment = Assignment::On;
    assert!(story.bot(&look).kinds.contains(&"incident_resolved".to_owned()));
}

#[test]
fn a_false_alarm_needs_a_reason_two_people_and_a_verification() {
    let mut story = Story::pinned();
    assert_eq!(story.raises_a_false_alarm("ana", None).refusal, Some(Refusal::ReasonNeeded));
    let raised = story.raises_a_false_alarm("ana", Some("the probe was wrong"));
    assert_eq!(raised.kinds, ["false_alarm_raised"]);
    assert_eq!(story.presses("ana", Action::Agree).refusal, Some(Refusal::OtherPersonNeeded));
    assert_eq!(story.presses("bo", Action::Agree).kinds, ["false_alarm_agreed", "mark_lifted"]);
    story.promotes_what("ana", Some("dpl_v42"), None);
    story.resolves();
    let deployment = id_of("v42");
    assert_eq!(refusal_of(&story), Some(Refusal::NotVerified { deployment, verified: None }));
}

#[test]
fn an_excuse_is_layer_1_done_and_what_was_proven_is_not_talked_away() {
    let mut story = Story::waiting();
    let excused = story.excuses("ana", Excuse::RuledOut, Some("a column is gone"));
    assert_eq!(excused.kinds, ["layer1_excused"]);
    assert!(matches!(story.incident().layer1_done, Some(Layer1Done::Excused { .. })));
    let mut story = Story::pinned();
    assert_eq!(story.excuses("ana", Excuse::FlagOff, Some("x")).kinds, [""; 0]);
}

#[test]
fn what_a_rollback_cannot_undo_gets_one_owner_each() {
    let mut story = Story::pinned();
    assert_eq!(story.presses("ana", Action::TakeTask(Task::Mails)).kinds, ["task_taken"]);
    assert_eq!(story.presses("bo", Action::TakeTask(Task::Mails)).kinds, [""; 0]);
    assert_eq!(story.incident().tasks[&Task::Mails].0, person("ana"));
}

#[test]
fn a_rollback_goes_before_a_promote_that_nobody_has_confirmed() {
    let mut story = Story::promote_asked();
    assert_eq!(story.rollback("bo", Some("v40")).kinds, ["rollback_requested"]);
    let mut story = Story::promote_asked();
    assert_eq!(story.presses("bo", Action::Cancel).kinds, ["rollback_cancelled"]);
    assert!(matches!(story.layer1(), Layer1::Settled(flip) if flip.direction() == Direction::Back));
}

#[test]
fn a_promote_whose_grounds_are_gone_is_neither_confirmed_nor_sent() {
    let verify = Request::Verify { service: "web".into(), deployment: Some("v43".to_owned()) };
    let fails_again = |story: &mut Story| {
        story.asks("bo", &verify);
        story.walk_ends(Found::NoAnswer { why: "refused".to_owned() });
    };
    let another_fix = |story: &mut Story| {
        story.passes(1);
        assert_eq!(story.names_the_fix("bo", 127).kinds, ["fix_followed"]);
    };
    let ways: [&dyn Fn(&mut Story); 2] = [&fails_again, &another_fix];
    for gone in ways {
        let mut asked = Story::promote_asked();
        gone(&mut asked);
        let confirmed = asked.confirms("ana");
        assert_eq!(confirmed.kinds, ["confirmation_voided"]);
        assert_eq!(confirmed.refusal, Some(Refusal::Voided(Void::GroundsGone)));
        assert_eq!(asked.resolves().kinds, ["promote_refused"]);
        let mut confirmed = Story::promote_asked();
        confirmed.confirms("ana");
        gone(&mut confirmed);
        assert_eq!(confirmed.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
        assert_eq!(confirmed.resolves().kinds, ["promote_refused"]);
    }
}

#[test]
fn a_fix_that_was_named_in_the_instant_of_the_question_is_not_the_one_it_was_put_about() {
    let story = Story::promote_asked();
    let mut incident = story.incident().clone();
    let question = incident.waiting().unwrap().clone();
    assert_eq!(g7_still_holds(&question, &incident), Ok(()));
    let Layer2::Followed(fix) = &mut incident.layer2 else { panic!("{:?}", incident.layer2) };
    fix.since = question.issued_at;
    fix.pull.number += 1;
    assert_eq!(g7_still_holds(&question, &incident), Err(Void::GroundsGone));
}

#[test]
fn a_promote_that_was_verified_once_more_stands() {
    let mut story = Story::promote_asked();
    story
        .asks("bo", &Request::Verify { service: "web".into(), deployment: Some("v43".to_owned()) });
    story.walk_ends(Found::Expected);
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}
