//! The provider's job, and the proof on both planes.

use crate::domain::deployment::{FailedAlias, JobKind, JobStatus, Live, PointerJob};
use crate::domain::event::{Event, FlipFailure, Outcome, ServiceEvent};
use crate::domain::fixture::{DAWN, FIRST, SERVING, Story, id_of, job, not_serving};
use crate::domain::incident::{Layer1, Proof, Stage};
use crate::domain::time::Span;

fn failed_with(story: &Story) -> FlipFailure {
    assert!(matches!(story.layer1(), Layer1::Settled(_)));
    story.flip().failure.clone().expect("the flip failed")
}

#[test]
fn a_job_that_runs_is_waited_for() {
    let mut story = Story::polling();
    story.provider_says(JobStatus::Running);
    for _ in 0..3 {
        story.passes(10);
        assert_eq!(story.observes().kinds, [""; 0]);
    }
    // Even when the names are there already: the job itself says when it is done.
    story.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(story.observes().kinds, [""; 0]);
    story.provider_is_done();
    assert_eq!(story.observes().kinds, ["job_succeeded", "marked_bad"]);
}

#[test]
fn the_deployment_that_was_left_is_marked_bad_once() {
    let story = Story::proving();
    let (deployment, incident) = (id_of("v42"), FIRST);
    let marked = Event::Service(ServiceEvent::MarkedBad { deployment, incident });
    assert_eq!(story.journal.last().unwrap().1.event, marked);
    let mut known = Story::polling();
    let web = known.book.states.get_mut(&"web".into()).unwrap();
    web.marked_bad.insert(id_of("v42"), FIRST);
    known.refold();
    known.provider_is_done();
    assert_eq!(known.observes().kinds, ["job_succeeded"]);
}

#[test]
fn a_job_that_says_success_without_the_names_there_is_no_success() {
    for status in [JobStatus::Succeeded, JobStatus::Running, JobStatus::Unrecognised] {
        let mut story = Story::polling();
        story.provider_says(status);
        assert_eq!(story.observes().kinds, [""; 0], "{status:?}");
        story.passes(180);
        assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"], "{status:?}");
        assert_eq!(failed_with(&story), FlipFailure::JobTimedOut);
    }
}

#[test]
fn a_build_that_went_live_over_a_job_that_is_done_ends_the_flip_at_once() {
    let mut story = Story::polling();
    story.provider_says(JobStatus::Running);
    story.web().pointer.live = Live::At(id_of("v43"));
    assert_eq!(story.observes().kinds, [""; 0], "the job may still come");
    story.provider_says(JobStatus::Succeeded);
    story.web().pointer.live = Live::At(id_of("v43"));
    assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
    let live = Live::At(id_of("v43"));
    assert_eq!(failed_with(&story), FlipFailure::MovedElsewhere { live });
}

#[test]
fn a_status_nobody_knows_is_never_success() {
    let mut story = Story::polling();
    story.provider_says(JobStatus::Unrecognised);
    story.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(story.observes().kinds, [""; 0]);
    story.passes(180);
    story.observes();
    assert_eq!(failed_with(&story), FlipFailure::JobTimedOut);
}

#[test]
fn without_any_job_the_names_decide_and_the_limit_ends_it() {
    let mut arrived = Story::polling();
    arrived.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(arrived.observes().kinds, ["job_succeeded", "marked_bad"]);
    let mut lost = Story::polling();
    lost.now = lost.now + Span::minutes(3) - Span(1);
    assert_eq!(lost.observes().kinds, [""; 0]);
    lost.now = lost.now + Span(1);
    lost.observes();
    assert_eq!(failed_with(&lost), FlipFailure::JobTimedOut);
}

#[test]
fn names_that_did_not_move_are_listed() {
    let name = FailedAlias { name: "shop.example.com".to_owned(), state: "failed".to_owned() };
    let mut story = Story::polling();
    story.provider_says(JobStatus::Failed);
    story.web().failed = vec![name.clone()];
    assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
    assert_eq!(failed_with(&story), FlipFailure::Aliases(vec![name]));
}

#[test]
fn a_failed_job_is_a_failure_even_if_production_looks_right() {
    let mut story = Story::polling();
    story.provider_says(JobStatus::Failed);
    story.web().pointer.live = Live::At(id_of("v41"));
    story.observes();
    assert_eq!(failed_with(&story), FlipFailure::Aliases(vec![]));
}

#[test]
fn a_skipped_job_is_a_failure_unless_production_is_there() {
    let mut skipped = Story::polling();
    skipped.provider_says(JobStatus::Skipped);
    skipped.observes();
    assert_eq!(failed_with(&skipped), FlipFailure::Skipped);
    let mut there = Story::polling();
    there.provider_says(JobStatus::Skipped);
    there.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(there.observes().kinds, ["job_succeeded", "marked_bad"]);
}

#[test]
fn a_job_of_somebody_else_that_began_after_our_call_ends_the_flip_and_one_of_before_does_not() {
    let mut story = Story::confirmed();
    // Somebody went away and came back after the question was put: it was seen right before the call.
    let theirs = job(JobKind::Promote, ("v41", "v42"), JobStatus::Succeeded);
    story.web().pointer.job = Some(theirs.clone());
    story.starts_the_call();
    story.call_ends(Outcome::Accepted);
    assert_eq!(story.observes().kinds, [""; 0]);
    let older = PointerJob { requested_at: DAWN - Span(1), ..theirs.clone() };
    story.web().pointer.job = Some(older);
    assert_eq!(story.observes().kinds, [""; 0], "an old reading");
    let requested_at = DAWN + Span(1);
    let newer = PointerJob { requested_at, status: JobStatus::Running, ..theirs };
    story.web().pointer.job = Some(newer);
    assert_eq!(story.observes().kinds, ["flip_failed", "pointer_released"]);
    let live = Live::At(id_of("v42"));
    assert_eq!(failed_with(&story), FlipFailure::MovedElsewhere { live });
}

#[test]
fn one_failing_look_at_a_long_job_calls_nobody_and_a_minute_of_them_does() {
    let mut story = Story::polling();
    story.provider_says(JobStatus::Running);
    story.passes(90);
    story.observes();
    story.web().dark = Some("timeout");
    assert_eq!(story.observes().kinds, ["trouble_met"]);
    story.passes(1);
    assert_eq!(story.observes().kinds, [""; 0]);
    story.passes(59);
    assert_eq!(story.observes().kinds, ["person_needed"]);
}

#[test]
fn a_job_does_not_time_out_while_nobody_can_look_at_it() {
    let mut story = Story::polling();
    story.web().dark = Some("timeout");
    story.passes(600);
    story.observes();
    story.web().dark = None;
    story.provider_is_done();
    assert_eq!(story.observes().kinds, ["trouble_over", "job_succeeded", "marked_bad"]);
}

#[test]
fn proof_needs_what_customers_get_and_what_the_provider_holds() {
    let mut story = Story::proving();
    assert_eq!(story.judges(SERVING).kinds, ["flip_proven"]);
    assert_eq!(story.flip().proof, Some(Proof::Proven(DAWN)));
    assert_eq!(*story.stage(), Stage::ReadingFlag { since: DAWN });
}

#[test]
fn production_that_answers_while_the_provider_points_elsewhere_is_no_proof() {
    for live in [Live::At(id_of("v43")), Live::Nothing] {
        let mut story = Story::proving();
        story.web().pointer.live = live.clone();
        assert_eq!(story.judges(SERVING).kinds, ["flip_failed", "pointer_released"]);
        assert_eq!(failed_with(&story), FlipFailure::MovedElsewhere { live });
        assert!(!story.flip().is_proven());
    }
}

#[test]
fn names_that_still_move_are_waited_for_a_minute_before_the_proof() {
    let mut story = Story::proving();
    let split = Live::Split(vec![id_of("v41"), id_of("v42")]);
    story.web().pointer.live = split.clone();
    assert_eq!(story.judges(SERVING).kinds, [""; 0]);
    story.web().pointer.live = Live::At(id_of("v41"));
    assert_eq!(story.clone().judges(SERVING).kinds, ["flip_proven"]);
    story.web().pointer.live = split.clone();
    story.passes(60);
    story.judges(SERVING);
    assert_eq!(failed_with(&story), FlipFailure::MovedElsewhere { live: split });
}

#[test]
fn a_provider_that_cannot_be_read_holds_the_proof_and_reaches_a_person() {
    let mut story = Story::proving();
    story.web().dark = Some("timeout");
    assert_eq!(story.judges(SERVING).kinds, ["trouble_met"]);
    story.passes(60);
    assert_eq!(story.judges(SERVING).kinds, ["person_needed"]);
    assert_eq!(story.judges(SERVING).kinds, [""; 0]);
    story.web().dark = None;
    assert_eq!(story.judges(SERVING).kinds, ["trouble_over", "flip_proven"]);
    assert_eq!(story.incident().needs_person, None);
}

#[test]
fn production_that_does_not_serve_the_target_is_said_once_and_proven_later() {
    let mut story = Story::proving();
    story.passes(60);
    let last = story.now;
    assert_eq!(story.judges(not_serving(last)).kinds, ["flip_not_serving"]);
    assert!(!story.flip().is_proven());
    // The flag is read back whatever production answers.
    assert_eq!(story.reads_the_flag().kinds, ["assignment_read", "pointer_released"]);
    story.passes(15);
    assert_eq!(story.judges(not_serving(story.now)).kinds, [""; 0], "it is said once");
    story.passes(15);
    assert_eq!(story.judges(SERVING).kinds, ["flip_proven"]);
    assert!(story.flip().is_proven());
    assert!(matches!(story.layer1(), Layer1::Settled(flip) if flip.stage == Stage::Done));
    assert_eq!(story.judges(SERVING).kinds, [""; 0]);
}

#[test]
fn a_late_look_at_production_that_moved_on_proves_nothing() {
    let mut story = Story::proving();
    story.passes(60);
    story.judges(not_serving(story.now));
    story.reads_the_flag();
    story.web().pointer.live = Live::At(id_of("v43"));
    assert_eq!(story.judges(SERVING).kinds, [""; 0]);
    assert!(!story.flip().is_proven());
}

#[test]
fn a_look_that_comes_at_another_stage_says_nothing() {
    let mut failed = Story::polling();
    failed.passes(180);
    failed.observes();
    let stages = [
        Story::confirmed(),
        Story::sending(),
        Story::in_the_dark(),
        Story::polling(),
        Story::proven(),
        Story::settled(),
        failed,
    ];
    for mut story in stages {
        story.web().pointer.live = Live::At(id_of("v41"));
        for verdict in [SERVING, not_serving(DAWN)] {
            let reply = story.judges(verdict);
            assert_eq!(reply.kinds, [""; 0], "{:?}", story.stage());
        }
    }
}
