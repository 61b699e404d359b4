//! A call whose result nobody knows: read, then decide. Never a second call on a guess, never a third at all.

use crate::domain::deployment::{JobKind, JobStatus, Live, PointerJob};
use crate::domain::event::{FlipFailure, Outcome};
use crate::domain::fixture::{DAWN, Story, id_of, job, refused, unknown};
use crate::domain::incident::{Layer1, Stage};
use crate::domain::refusal::Void;
use crate::domain::time::Span;

impl Story {
    /// Two agreeing readings show that the call did nothing.
    fn finds_twice_that_nothing_happened(&mut self) {
        assert_eq!(self.observes().kinds, ["effect_observed"]);
        self.passes(2);
        assert_eq!(self.observes().kinds, ["effect_observed"]);
        assert!(matches!(self.stage(), Stage::Intended { .. }));
    }

    fn failure(&self) -> &FlipFailure {
        assert!(matches!(self.layer1(), Layer1::Settled(_)));
        self.flip().failure.as_ref().expect("the flip failed")
    }
}

#[test]
fn a_lost_answer_is_neither_success_nor_failure() {
    let story = Story::in_the_dark();
    let why = "no answer in time".to_owned();
    let stage = Stage::Unknown { since: DAWN, why, not_applied_at: None };
    assert_eq!(*story.stage(), stage);
    assert_eq!((story.flip().failure.as_ref(), story.flip().job_done_at), (None, None));
}

#[test]
fn a_lost_answer_is_found_applied_when_production_is_at_the_target() {
    let mut story = Story::in_the_dark();
    story.passes(1);
    story.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(story.observes().kinds, ["effect_observed"]);
    assert_eq!(*story.stage(), Stage::Polling { since: story.now });
    let effect = story.flip().effect.clone();
    assert_eq!(story.starts(&effect), 1);
}

#[test]
fn a_lost_answer_is_found_applied_when_the_provider_runs_our_job() {
    for status in [JobStatus::Running, JobStatus::Succeeded, JobStatus::Unrecognised] {
        let mut story = Story::in_the_dark();
        story.provider_says(status);
        story.observes();
        assert!(matches!(story.stage(), Stage::Polling { .. }), "{status:?}");
    }
}

#[test]
fn a_job_of_before_the_question_is_not_ours() {
    let mut story = Story::new();
    story.web().pointer.job = Some(job(JobKind::Rollback, ("v42", "v41"), JobStatus::Succeeded));
    story.rollback("ana", None);
    story.resolves();
    story.confirms("bo");
    story.starts_the_call();
    story.call_ends(unknown());
    story.passes(1);
    story.observes();
    assert!(matches!(story.stage(), Stage::Unknown { not_applied_at: Some(_), .. }));
}

#[test]
fn a_job_is_ours_by_kind_and_target_whatever_the_providers_clock_says() {
    let seconds = |seconds| DAWN + Span::seconds(seconds);
    let table = [
        (JobKind::Rollback, "v41", seconds(0), true),
        (JobKind::Rollback, "v41", seconds(-3600), true),
        (JobKind::Rollback, "v41", seconds(3600), true),
        (JobKind::Promote, "v41", seconds(0), false),
        (JobKind::Unrecognised, "v41", seconds(0), false),
        (JobKind::Rollback, "v40", seconds(0), false),
    ];
    for (kind, to, requested_at, is_ours) in table {
        let mut story = Story::in_the_dark();
        let one = job(kind, ("v42", to), JobStatus::Running);
        story.web().pointer.job = Some(PointerJob { requested_at, ..one });
        story.observes();
        let found = matches!(story.stage(), Stage::Polling { .. });
        assert_eq!(found, is_ours, "{kind:?} {to} {requested_at:?}");
    }
}

#[test]
fn a_job_that_was_there_before_the_question_is_not_ours() {
    let mut story = Story::new();
    let old = job(JobKind::Rollback, ("v42", "v41"), JobStatus::Failed);
    let old = PointerJob { requested_at: DAWN - Span::seconds(20), ..old };
    story.web().pointer.job = Some(old);
    story.rollback("ana", Some("dpl_v41"));
    story.resolves();
    story.confirms("ana");
    story.starts_the_call();
    story.call_ends(unknown());
    // The old failure says nothing of this call: it was not carried out.
    assert_eq!(story.observes().kinds, ["effect_observed"]);
    assert!(matches!(story.stage(), Stage::Unknown { not_applied_at: Some(_), .. }));
}

#[test]
fn one_reading_is_not_enough_to_conclude_that_nothing_happened() {
    let mut story = Story::in_the_dark();
    assert_eq!(story.observes().kinds, ["effect_observed"]);
    story.now = story.now + Span::seconds(2) - Span(1);
    assert_eq!(story.observes().kinds, [""; 0], "two seconds lie between two readings");
    assert!(
        matches!(story.stage(), Stage::Unknown { not_applied_at: Some(at), .. } if *at == DAWN)
    );
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
    story.now = story.now + Span(1);
    assert_eq!(story.observes().kinds, ["effect_observed"]);
    assert!(matches!(story.stage(), Stage::Intended { .. }));
}

#[test]
fn what_turns_up_between_the_two_readings_counts() {
    let mut story = Story::in_the_dark();
    story.observes();
    story.passes(2);
    story.provider_is_done();
    story.observes();
    assert!(matches!(story.stage(), Stage::Polling { .. }));
}

#[test]
fn two_agreeing_readings_allow_one_more_call_and_never_a_third() {
    let mut story = Story::in_the_dark();
    let effect = story.flip().effect.clone();
    story.finds_twice_that_nothing_happened();
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
    assert_eq!((story.flip().attempts, story.starts(&effect)), (2, 2));
    story.call_ends(unknown());
    story.passes(1);
    story.observes();
    story.passes(2);
    assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
    assert_eq!(*story.failure(), FlipFailure::NeverApplied);
    assert_eq!(story.starts_the_call().kinds, [""; 0]);
    assert_eq!(story.starts(&effect), 2);
}

#[test]
fn the_second_call_is_guarded_like_the_first() {
    let mut story = Story::in_the_dark();
    story.finds_twice_that_nothing_happened();
    let mut halted = story.clone();
    halted.halts("ana");
    assert!(halted.starts_the_call().refusal.is_some());
    let mut robbed = story.clone();
    robbed.policy.grants.clear();
    assert_eq!(robbed.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    let mut moved = story.clone();
    moved.web().pointer.live = Live::At(id_of("v43"));
    assert_eq!(moved.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    story.passes(300);
    assert_eq!(story.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
}

#[test]
fn a_call_that_took_effect_late_is_not_made_again() {
    // Two readings said no; the reading right before the second call says yes.
    let mut story = Story::in_the_dark();
    let effect = story.flip().effect.clone();
    story.finds_twice_that_nothing_happened();
    let (mut running, mut done) = (story.clone(), story);
    running.provider_says(JobStatus::Running);
    done.provider_is_done();
    for mut story in [running, done] {
        assert_eq!(story.starts_the_call().kinds, ["effect_observed"]);
        assert!(matches!(story.stage(), Stage::Polling { .. }));
        assert_eq!(story.starts(&effect), 1);
        story.provider_is_done();
        assert_eq!(story.observes().kinds, ["job_succeeded", "marked_bad"]);
    }
}

#[test]
fn a_flip_of_somebody_else_before_the_first_call_is_not_taken_for_ours() {
    let mut story = Story::confirmed();
    story.provider_is_done();
    assert_eq!(story.starts_the_call().kinds, ["effect_dropped", "pointer_released"]);
    assert!(
        matches!(story.layer1(), Layer1::Resolving(one) if one.again == Some(Void::PointerMoved))
    );
}

#[test]
fn production_elsewhere_ends_the_flip_instead_of_fighting() {
    for live in [Live::At(id_of("v43")), Live::Nothing] {
        let mut story = Story::in_the_dark();
        story.web().pointer.live = live.clone();
        assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
        assert_eq!(*story.failure(), FlipFailure::MovedElsewhere { live });
    }
}

#[test]
fn what_was_carried_out_and_undone_by_somebody_else_is_not_done_again() {
    let mut story = Story::in_the_dark();
    story.passes(1);
    // Carried out or not, it is a promote to what was live that is newest.
    story.web().pointer.job = Some(job(JobKind::Promote, ("v41", "v42"), JobStatus::Succeeded));
    assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
    let live = Live::At(id_of("v42"));
    assert_eq!(*story.failure(), FlipFailure::MovedElsewhere { live });
}

#[test]
fn what_somebody_else_did_between_two_calls_keeps_the_second_from_being_made() {
    let mut story = Story::in_the_dark();
    story.finds_twice_that_nothing_happened();
    story.web().pointer.job = Some(job(JobKind::Promote, ("v41", "v42"), JobStatus::Succeeded));
    assert_eq!(story.starts_the_call().kinds, ["flip_failed", "pointer_released"]);
    let live = Live::At(id_of("v42"));
    assert_eq!(*story.failure(), FlipFailure::MovedElsewhere { live });
}

#[test]
fn a_job_of_somebody_else_that_was_there_before_says_nothing_of_our_call() {
    let mut story = Story::new();
    story.web().pointer.job = Some(job(JobKind::Promote, ("v41", "v42"), JobStatus::Succeeded));
    story.rollback("ana", None);
    story.resolves();
    story.confirms("ana");
    story.starts_the_call();
    story.call_ends(unknown());
    story.finds_twice_that_nothing_happened();
}

#[test]
fn names_that_move_are_waited_for_and_after_a_minute_a_person_is_called() {
    let mut story = Story::in_the_dark();
    story.web().pointer.live = Live::Split(vec![id_of("v41"), id_of("v42")]);
    assert_eq!(story.observes().kinds, [""; 0]);
    story.passes(60);
    assert_eq!(story.observes().kinds, ["person_needed"]);
    story.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(story.observes().kinds, ["effect_observed"]);
}

#[test]
fn an_unreadable_provider_reaches_a_person_within_a_minute_and_once() {
    let mut doubted = Story::sending();
    doubted.call_ends(refused());
    for mut story in [Story::in_the_dark(), doubted] {
        story.web().dark = Some("timeout");
        assert_eq!(story.observes().kinds, ["trouble_met"]);
        story.passes(59);
        assert_eq!(story.observes().kinds, [""; 0]);
        story.passes(1);
        assert_eq!(story.observes().kinds, ["person_needed"]);
        assert!(story.incident().needs_person.is_some());
        story.passes(600);
        assert_eq!(story.observes().kinds, [""; 0]);
        // Nothing was concluded from not knowing; once it can be read, the story goes on.
        story.web().dark = None;
        story.web().pointer.live = Live::At(id_of("v41"));
        assert_eq!(story.observes().kinds, ["trouble_over", "effect_observed"]);
        story.observes();
        assert_eq!(story.incident().needs_person, None);
    }
}

#[test]
fn trouble_is_over_as_soon_as_anything_can_be_read_again() {
    let mut story = Story::in_the_dark();
    story.observes();
    story.web().dark = Some("timeout");
    story.observes();
    story.web().dark = None;
    story.passes(1);
    assert_eq!(story.observes().kinds, ["trouble_over"]);
}

#[test]
fn a_refusal_that_meant_already_there_is_success() {
    let mut at_target = Story::sending();
    at_target.web().pointer.live = Live::At(id_of("v41"));
    let mut running = Story::sending();
    running.provider_says(JobStatus::Running);
    for mut story in [at_target, running] {
        story.call_ends(refused());
        assert!(matches!(story.stage(), Stage::Doubted { .. }));
        assert_eq!(story.observes().kinds, ["effect_observed"]);
        assert!(matches!(story.stage(), Stage::Polling { .. }));
    }
}

#[test]
fn a_refusal_with_production_where_it_was_fails_with_the_providers_words() {
    let mut story = Story::sending();
    story.call_ends(refused());
    assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
    assert_eq!(*story.failure(), FlipFailure::Refused { why: "is already current".to_owned() });
    // And the next wish is free to be asked.
    assert_eq!(story.rollback("ana", None).kinds, ["rollback_requested"]);
}

#[test]
fn a_refusal_after_a_lost_answer_is_judged_by_reading_too() {
    let mut story = Story::in_the_dark();
    story.finds_twice_that_nothing_happened();
    story.starts_the_call();
    story.provider_is_done();
    story.call_ends(refused());
    assert_eq!(story.observes().kinds, ["effect_observed"]);
}

#[test]
fn an_accepted_call_is_not_success() {
    let story = Story::polling();
    assert_eq!(*story.stage(), Stage::Polling { since: DAWN });
    let mut twice = Story::sending();
    twice.call_ends(Outcome::Accepted);
    assert_eq!((twice.flip().job_done_at, twice.flip().proof.as_ref()), (None, None));
}
