//! Layer 1 never leaves production armed without saying so (G6).

use crate::domain::deployment::Assignment;
use crate::domain::event::Outcome;
use crate::domain::fixture::{DAWN, Story, not_taken, refused, unknown};
use crate::domain::incident::Stage;
use crate::domain::time::Span;

/// Production answers from the target, and automatic assignment is on.
fn armed() -> Story {
    let mut story = Story::proven();
    story.web().pointer.assignment = Assignment::On;
    story
}

/// The call that switches it off is being made.
fn disarming() -> Story {
    let mut story = armed();
    story.reads_the_flag();
    story.starts_the_call();
    story
}

fn disarms(story: &Story) -> usize {
    let effect = story.flip().switch.as_ref().map(|disarm| disarm.effect.clone());
    effect.map_or(0, |effect| story.starts(&effect))
}

#[test]
fn a_flag_that_is_off_ends_the_flip() {
    let mut story = Story::proven();
    assert_eq!(story.reads_the_flag().kinds, ["assignment_read", "pointer_released"]);
    assert_eq!(story.flip().assignment, Some(Assignment::Off));
    assert_eq!(*story.stage(), Stage::Done);
    assert_eq!(story.reads_the_flag().kinds, [""; 0], "it is read once");
}

#[test]
fn a_flag_that_is_not_told_is_said_as_that_and_not_written() {
    let mut story = Story::proven();
    story.web().pointer.assignment = Assignment::CannotTell;
    assert_eq!(story.reads_the_flag().kinds, ["assignment_read", "pointer_released"]);
    assert_eq!(story.flip().assignment, Some(Assignment::CannotTell));
    assert_eq!(disarms(&story), 0);
}

#[test]
fn a_flag_that_is_on_is_switched_off_and_read_again() {
    let mut story = armed();
    assert_eq!(story.reads_the_flag().kinds, ["disarm_intended"]);
    assert_eq!(story.reads_the_flag().kinds, [""; 0], "the intent comes first");
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
    story.disarm_ends(Outcome::Accepted);
    assert_eq!(*story.stage(), Stage::ReadingFlag { since: DAWN }, "an answer is not a reading");
    story.web().pointer.assignment = Assignment::Off;
    assert_eq!(story.reads_the_flag().kinds, ["assignment_read", "pointer_released"]);
    assert_eq!(story.flip().assignment, Some(Assignment::Off));
}

#[test]
fn it_is_switched_off_once_more_only_after_a_reading_and_never_a_third_time() {
    for outcome in [Outcome::Accepted, unknown()] {
        let mut story = disarming();
        story.disarm_ends(outcome.clone());
        assert_eq!(story.starts_the_call().kinds, [""; 0], "not before a reading");
        assert_eq!(story.reads_the_flag().kinds, ["effect_started"]);
        story.disarm_ends(outcome);
        assert_eq!(disarms(&story), 2);
        let reply = story.reads_the_flag();
        assert_eq!(reply.kinds, ["assignment_read", "pointer_released", "person_needed"]);
        assert_eq!(story.flip().assignment, Some(Assignment::On));
        assert_eq!((disarms(&story), story.incident().needs_person.is_some()), (2, true));
    }
}

#[test]
fn nothing_is_sent_while_a_call_is_under_way() {
    let mut story = disarming();
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
    assert_eq!(story.reads_the_flag().kinds, [""; 0]);
    story.disarm_ends(Outcome::Accepted);
    story.reads_the_flag();
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
    assert_eq!(story.reads_the_flag().kinds, [""; 0]);
    assert_eq!(disarms(&story), 2);
}

#[test]
fn a_refused_switch_is_read_back_and_a_person_told() {
    let mut on = disarming();
    on.disarm_ends(refused());
    let reply = on.reads_the_flag();
    assert_eq!(reply.kinds, ["assignment_read", "pointer_released", "person_needed"]);
    let mut off = disarming();
    off.disarm_ends(refused());
    off.web().pointer.assignment = Assignment::Off;
    assert_eq!(off.reads_the_flag().kinds, ["assignment_read", "pointer_released"]);
}

#[test]
fn a_switch_that_was_surely_not_taken_is_tried_again_and_does_not_count() {
    let mut story = disarming();
    story.disarm_ends(not_taken(5));
    let disarm = story.flip().switch.clone().unwrap();
    assert_eq!((disarm.attempts, disarm.not_before), (0, DAWN + Span::seconds(5)));
    assert_eq!(story.reads_the_flag().kinds, [""; 0]);
    story.passes(5);
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
    story.disarm_ends(Outcome::Accepted);
    assert_eq!(story.reads_the_flag().kinds, ["effect_started"], "one more try is left");
}

#[test]
fn a_switch_that_is_never_taken_reaches_a_person_within_a_minute_and_frees_the_pointer() {
    let mut story = disarming();
    for _ in 0..2 {
        story.disarm_ends(not_taken(30));
        story.passes(30);
        let reply = story.starts_the_call();
        if story.now < DAWN + Span::seconds(60) {
            assert_eq!(reply.kinds, ["effect_started"]);
        } else {
            assert_eq!(reply.kinds, ["assignment_read", "pointer_released", "person_needed"]);
        }
    }
    assert_eq!(story.flip().assignment, Some(Assignment::On));
}

#[test]
fn a_halt_holds_the_switch_too() {
    let mut story = armed();
    story.reads_the_flag();
    story.halts("ana");
    assert!(story.starts_the_call().refusal.is_some());
    story.passes(600);
    story.resumes("lee");
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn a_second_switch_is_not_sent_while_halted() {
    let mut story = disarming();
    story.disarm_ends(Outcome::Accepted);
    story.halts("ana");
    let reply = story.reads_the_flag();
    assert_eq!(reply.kinds, ["assignment_read", "pointer_released", "person_needed"]);
    assert_eq!(disarms(&story), 1);
}

#[test]
fn a_flag_that_cannot_be_read_for_a_minute_is_one_that_nobody_can_tell() {
    let mut story = Story::proven();
    story.web().dark = Some("timeout");
    assert_eq!(story.reads_the_flag().kinds, ["trouble_met"]);
    story.passes(59);
    assert_eq!(story.reads_the_flag().kinds, [""; 0]);
    story.passes(1);
    let reply = story.reads_the_flag();
    // The trouble is not over: the provider still cannot be read.
    assert_eq!(reply.kinds, ["assignment_read", "pointer_released"]);
    assert_eq!(story.flip().assignment, Some(Assignment::CannotTell));
}

#[test]
fn one_failing_look_after_a_long_halt_is_no_minute() {
    let mut story = armed();
    story.reads_the_flag();
    story.halts("ana");
    story.passes(600);
    story.resumes("lee");
    story.starts_the_call();
    story.disarm_ends(Outcome::Accepted);
    story.web().dark = Some("timeout");
    assert_eq!(story.reads_the_flag().kinds, ["trouble_met"]);
    story.web().dark = None;
    story.web().pointer.assignment = Assignment::Off;
    let reply = story.reads_the_flag();
    assert_eq!(reply.kinds, ["trouble_over", "assignment_read", "pointer_released"]);
}

#[test]
fn the_flag_before_the_flip_is_kept_as_the_baseline() {
    let story = Story::settled();
    assert_eq!(story.flip().confirmation.bound.assignment, Assignment::On);
    assert_eq!(story.flip().assignment, Some(Assignment::Off));
}
