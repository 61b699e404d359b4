//! A merge that is left to the forge: asked for before the gate is green, and taken back when it is not wanted any more.

use crate::domain::action::Action;
use crate::domain::fix::{
    Call, CheckState, ForgeCall, ForgeOutcome, PullState, Queued, Road, Withdrawn,
};
use crate::domain::fixture::forge::{MERGED, gate};
use crate::domain::fixture::{FIRST, Story};
use crate::domain::plan::{Looks, Next, fix as plan_of_fix};
use crate::domain::refusal::Refusal;

/// Checks run, and the repository lets the forge merge by itself.
fn offered() -> Story {
    let mut story = Story::followed();
    story.web().forge.gate.road = Road::Auto;
    story.sees_the_gate();
    story
}

/// … somebody has left it to the forge, which has taken that.
fn armed() -> Story {
    let mut story = offered();
    assert_eq!(story.merges("bo").kinds, ["merge_confirmed"]);
    story.starts_the_forge_call();
    story.forge_call_ends(ForgeOutcome::MergeTaken);
    story.web().forge.gate.queued = Queued::WhenGreen;
    story.sees_the_gate();
    assert!(story.fix().armed().is_some());
    story
}

/// The merge is being taken back, for this reason.
fn is_withdrawn(story: &Story) -> Option<Withdrawn> {
    story.fix().withdrawing().map(|withdrawal| withdrawal.why)
}

#[test]
fn what_runs_is_left_to_the_forge_and_what_is_green_is_merged_by_a_call() {
    let mut story = offered();
    story.merges("bo");
    assert_eq!(story.fix().merge.as_ref().unwrap().road, Road::Auto);
    // Green by the time of the call: the forge is asked all the same, and merges at once.
    story.web().forge.gate =
        crate::domain::fix::Gate { road: Road::Auto, ..gate(CheckState::Passed) };
    assert_eq!(story.starts_the_forge_call().kinds, ["forge_call_started"]);

    let mut story = Story::green();
    story.web().forge.gate.road = Road::Auto;
    story.sees_the_gate();
    story.merges("bo");
    assert_eq!(story.fix().merge.as_ref().unwrap().road, Road::Direct);
    // What was confirmed as green is not left to the forge when it is green no more.
    story.web().forge.gate =
        crate::domain::fix::Gate { road: Road::Auto, ..gate(CheckState::Running) };
    assert_eq!(story.starts_the_forge_call().kinds, ["forge_call_ended"]);
}

#[test]
fn red_and_unreadable_gates_are_never_left_to_the_forge() {
    for state in [CheckState::Failed, CheckState::Skipped] {
        let mut story = offered();
        story.web().forge.gate = crate::domain::fix::Gate { road: Road::Auto, ..gate(state) };
        let refused = story.merges("bo").refusal;
        assert!(matches!(refused, Some(Refusal::GateNotGreen { .. })), "{state:?}: {refused:?}");
    }
    let mut story = offered();
    story.web().forge.gate.unreadable = Some("403".to_owned());
    assert!(matches!(story.merges("bo").refusal, Some(Refusal::GateNotGreen { .. })));
}

#[test]
fn a_merge_that_is_left_to_the_forge_is_followed_until_it_is_on_main() {
    let mut story = armed();
    let again = story.merges("ana").refusal;
    assert!(matches!(again, Some(Refusal::AlreadyConfirmed { .. })), "{again:?}");
    assert_eq!(story.sees_the_gate().kinds, [""; 0]);
    story.web().forge.gate.state = PullState::Merged { sha: MERGED.to_owned() };
    assert_eq!(story.sees_the_gate().kinds, ["gate_seen", "fix_merged"]);
    // Somebody at the forge takes it back: then a press may ask again.
    let mut story = armed();
    story.web().forge.gate.queued = Queued::No;
    story.sees_the_gate();
    assert_eq!(story.fix().merge, None);
    assert_eq!(story.merges("ana").kinds, ["merge_confirmed"]);
}

#[test]
fn another_head_or_a_red_check_takes_the_merge_back_and_the_forge_is_read_after_a_lost_answer() {
    let mut story = armed();
    story.web().forge.gate.head = "f".repeat(40);
    assert_eq!(story.sees_the_gate().kinds, ["merge_withdrawn", "gate_seen"]);
    assert_eq!(is_withdrawn(&story), Some(Withdrawn::HeadMoved));
    assert_eq!(
        story.merges("bo").refusal,
        Some(Refusal::MergeUnsettled { number: 126 }),
        "first that is over"
    );
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    assert!(matches!(next, Next::Decide(..)), "{next:?}");
    let started = story.starts_the_forge_call();
    assert_eq!(started.kinds, ["forge_call_started"]);
    let effect = story.forge_call();
    let call = plan_of_fix::call_of(story.incident(), &effect);
    assert_eq!(call, Some(ForgeCall::CallOff { number: 126 }));
    story.forge_call_ends(ForgeOutcome::Unknown { why: "502".to_owned() });
    assert_eq!(story.observes_the_forge().kinds, ["forge_call_observed"], "not yet");
    story.web().forge.gate.queued = Queued::No;
    assert_eq!(story.observes_the_forge().kinds, ["forge_call_observed"]);
    assert_eq!(story.fix().withdrawal.as_ref().unwrap().call, Call::Taken);
    story.sees_the_gate();
    assert_eq!(story.merges("bo").kinds, ["merge_confirmed"]);

    let mut story = armed();
    story.web().forge.gate.checks = gate(CheckState::Skipped).checks;
    assert_eq!(story.sees_the_gate().kinds, ["merge_withdrawn", "gate_seen"]);
    assert_eq!(is_withdrawn(&story), Some(Withdrawn::NotGreen));
}

#[test]
fn what_others_left_to_the_forge_is_theirs() {
    let mut story = offered();
    story.web().forge.gate.queued = Queued::WhenGreen;
    story.sees_the_gate();
    story.web().forge.gate.head = "f".repeat(40);
    assert_eq!(story.sees_the_gate().kinds, ["gate_seen"]);
}

#[test]
fn an_incident_does_not_end_before_its_merge_is_taken_back() {
    let unsettled = Some(Refusal::MergeUnsettled { number: 126 });
    let mut story = armed();
    let asked = story.closes("ana", Some("done"));
    assert_eq!(asked.kinds, ["merge_withdrawn"]);
    assert_eq!(asked.refusal, unsettled);
    assert_eq!(is_withdrawn(&story), Some(Withdrawn::NotWanted));
    assert_eq!(story.closes("ana", Some("done")).refusal, unsettled);
    story.starts_the_forge_call();
    story.forge_call_ends(ForgeOutcome::CalledOff);
    story.web().forge.gate.queued = Queued::No;
    story.sees_the_gate();
    assert_eq!(story.closes("ana", Some("done")).refusal, None);

    let mut story = armed();
    let named = story.names_the_fix("bo", 130);
    assert_eq!(named.kinds, ["merge_withdrawn"]);
    assert_eq!(named.refusal, unsettled);
    let mut story = armed();
    let promoted = story.promotes("bo");
    assert_eq!(promoted.kinds, ["merge_withdrawn"]);
    assert_eq!(promoted.refusal, unsettled);
    let mut story = armed();
    let alarm = story.raises_a_false_alarm("bo", Some("it was the network"));
    assert_eq!(alarm.kinds, ["false_alarm_raised", "merge_withdrawn"]);
    // While it is being asked for, nobody can tell.
    let mut story = offered();
    story.merges("bo");
    story.starts_the_forge_call();
    assert_eq!(story.closes("ana", Some("done")).refusal, unsettled);
}

#[test]
fn a_press_on_an_older_head_leaves_nothing_to_the_forge() {
    let mut story = offered();
    story.web().forge.gate.head = "f".repeat(40);
    let shown = story.fix().gate.clone().unwrap().head;
    let refused = story.presses("bo", Action::Merge(shown));
    assert_eq!(refused.kinds, ["gate_seen"]);
    assert_eq!(refused.refusal, Some(Refusal::HeadMoved));
}
