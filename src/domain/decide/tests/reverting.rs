//! Layer 2: from `/revert` to the build that is ready and not live.

use crate::domain::action::Action;
use crate::domain::actor::Actor;
use crate::domain::decide::{Decision, Read, Request, decide};
use crate::domain::deployment::{BuildState, Deployment};
use crate::domain::event::Event;
use crate::domain::event::Excuse;
use crate::domain::fact::Fact;
use crate::domain::fix::{
    Call, CheckState, FixEvent, FixKind, ForgeOutcome, GateVerdict, Layer2, Opened, Outlook,
    PullState, Road, Subject,
};
use crate::domain::fixture::forge::{MERGED, commit, gate, pull_ref, trial};
use crate::domain::fixture::repair::fix_build;
use crate::domain::fixture::{FIRST, Story, id_of, person};
use crate::domain::ids::IncidentId;
use crate::domain::plan::{Looks, Next, fix as plan_of_fix};
use crate::domain::refusal::Refusal;
use crate::domain::time::Span;

#[test]
fn the_pointer_comes_before_the_code() {
    let mut story = Story::waiting();
    assert_eq!(story.reverts("ana").refusal, Some(Refusal::FlipFirst));
    // A reason overrides it; an excuse makes it unnecessary.
    assert_eq!(
        story.reverts_what("ana", Some("#124"), Some("no target")).kinds,
        ["revert_requested"]
    );
    let mut story = Story::waiting();
    assert_eq!(story.excuses("ana", Excuse::RuledOut, None).refusal, Some(Refusal::ReasonNeeded));
    assert_eq!(
        story.excuses("ana", Excuse::FlagOff, Some("flag checkout")).kinds,
        ["layer1_excused"]
    );
    let asked = story.reverts("ana");
    assert_eq!(asked.refusal, Some(Refusal::NameTheChange), "nobody knows which change is bad");
    assert_eq!(story.reverts_what("ana", Some("8400cc2"), None).kinds, ["revert_requested"]);
}

#[test]
fn what_was_rolled_back_is_what_is_reverted_unless_another_change_is_named() {
    let mut story = Story::pinned();
    story.reverts("ana");
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    let Next::Read(_, reads, Request::PlanRevert(FIRST)) = next else { panic!("{next:?}") };
    let sha = story.incident().suspect.as_ref().unwrap().sha.clone().unwrap();
    assert_eq!(reads, [Read::Trial(crate::domain::fix::Subject::Commit(sha))]);
    let refused = story.reverts_what("ana", Some("main"), None).refusal;
    assert_eq!(refused, Some(Refusal::UnknownChange { typed: "main".to_owned() }));
    assert_eq!(story.reverts_what("eve", None, None).kinds, ["act_refused"]);
    assert_eq!(story.reverts_what("bo", Some("#7"), None).kinds, ["revert_requested"]);
    assert_eq!(story.reverts_what("bo", Some("#7"), None).kinds, [""; 0], "a repeat");
}

#[test]
fn a_forge_that_says_no_is_an_answer_and_one_that_says_nothing_is_asked_again() {
    let mut story = Story::pinned();
    story.reverts("ana");
    story.web().forge.dark = Some("502");
    assert_eq!(story.plans_the_revert().kinds, ["forge_trouble_met"]);
    assert_eq!(story.plans_the_revert().kinds, [""; 0], "said once");
    story.web().forge.dark = None;
    story.web().forge.trial = Err("no such commit on main".to_owned());
    assert_eq!(story.plans_the_revert().kinds, ["forge_trouble_over", "revert_refused"]);
    assert_eq!(story.incident().layer2, Layer2::Idle);
    let mut gone = trial();
    gone.outlook = Outlook::AlreadyGone;
    story.web().forge.trial = Ok(gone);
    story.reverts("ana");
    story.plans_the_revert();
    assert_eq!(story.incident().revert_refused, Some(Refusal::AlreadyReverted));
}

#[test]
fn a_revert_goes_through_its_gate_to_a_build_that_is_not_live() {
    let story = Story::built();
    let fix = story.fix();
    assert_eq!((fix.kind, fix.pull.number), (FixKind::Revert, 126));
    assert_eq!(fix.merged.as_ref().unwrap().sha, MERGED);
    assert_eq!(fix.built.as_ref().unwrap().id, id_of("v43"));
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    assert_eq!(next, Next::Rest);
}

#[test]
fn one_press_opens_one_pull_request() {
    let mut story = Story::planned();
    let Layer2::Planned(plan) = story.incident().layer2.clone() else { panic!("a plan") };
    let press = Action::OpenRevert(plan.id.clone());
    assert_eq!(story.presses("ana", press.clone()).kinds, ["revert_confirmed"]);
    let second = story.presses("bo", press.clone()).refusal;
    assert!(matches!(second, Some(Refusal::AlreadyConfirmed { .. })), "{second:?}");
    story.starts_the_forge_call();
    assert_eq!(story.starts_the_forge_call().kinds, [""; 0], "it is being made");
    story.forge_call_ends(ForgeOutcome::Opened(Opened::Pull(pull_ref(126))));
    assert_eq!(story.presses("bo", press).kinds, [""; 0], "the card shows it");
    assert!(story.presses("bo", Action::OpenRevert("cnf_other".into())).kinds.is_empty());
}

#[test]
fn an_answer_that_was_lost_is_looked_for_and_never_guessed() {
    let mut story = Story::opening();
    let lost = ForgeOutcome::Unknown { why: "502".to_owned() };
    assert_eq!(story.forge_call_ends(lost.clone()).kinds, ["forge_call_ended"]);
    assert_eq!(story.starts_the_forge_call().kinds, [""; 0], "nothing is sent while nobody knows");
    // It is there: followed, not opened again.
    let mut there = story.clone();
    there.web().forge.pull = Some(pull_ref(126));
    assert_eq!(there.observes_the_forge().kinds, ["fix_followed"]);
    // It is not there, twice: sent again after a pause.
    assert_eq!(story.observes_the_forge().kinds, ["forge_call_observed"]);
    assert_eq!(story.observes_the_forge().kinds, [""; 0], "the readings must be apart");
    story.passes(3);
    assert_eq!(story.observes_the_forge().kinds, ["forge_call_observed"]);
    assert_eq!(story.starts_the_forge_call().kinds, [""; 0], "not before its pause");
    story.passes(5);
    assert_eq!(story.starts_the_forge_call().kinds, ["forge_call_started"]);
    // The pauses grow, so that minutes of trouble are outlived.
    let mut waited = 0;
    for _ in 0..7 {
        story.forge_call_ends(lost.clone());
        story.observes_the_forge();
        story.passes(3);
        story.observes_the_forge();
        story.passes(120);
        waited += 123;
        if story.starts_the_forge_call().kinds == ["forge_call_ended", "revert_refused"] {
            break;
        }
    }
    assert!(waited > 300, "given up after {waited} s");
    assert!(matches!(story.incident().revert_refused, Some(Refusal::CannotRevert { .. })));
}

#[test]
fn a_conflict_leaves_a_branch_and_goes_on_when_somebody_names_the_fix() {
    let mut story = Story::opening();
    let files = vec!["src/checkout.ts".to_owned()];
    let prepared = Opened::Prepared { branch: "repoint/x".to_owned(), files: files.clone() };
    story.forge_call_ends(ForgeOutcome::Opened(prepared));
    let Layer2::Prepared(prepared) = &story.incident().layer2 else { panic!("prepared") };
    assert_eq!(prepared.files, files);
    assert_eq!(story.names_the_fix("bo", 130).kinds, ["fix_followed"]);
    assert_eq!((story.fix().kind, story.fix().pull.number), (FixKind::Forward, 130));
    assert_eq!(story.names_the_fix("bo", 130).kinds, [""; 0], "a repeat");
}

#[test]
fn only_a_green_gate_is_merged_and_only_the_head_that_was_shown() {
    let mut story = Story::followed();
    let waiting = story.merges("bo").refusal;
    let on = vec!["test".to_owned()];
    let verdict = GateVerdict::Waiting { on };
    assert_eq!(waiting, Some(Refusal::GateNotGreen { verdict }));
    // Green at the last look, red at the press: the press looks again.
    let mut story = Story::green();
    story.web().forge.gate = gate(CheckState::Failed);
    let refused = story.merges("bo");
    assert_eq!(refused.kinds, ["gate_seen"], "what was seen is kept");
    assert!(matches!(refused.refusal, Some(Refusal::GateNotGreen { .. })));
    // Force-pushed under the button.
    let mut story = Story::green();
    let shown = story.fix().gate.clone().unwrap().head;
    story.web().forge.gate.head = "f".repeat(40);
    let refused = story.presses("bo", Action::Merge(shown)).refusal;
    assert_eq!(refused, Some(Refusal::HeadMoved));
    // Red between the press and the call.
    let mut story = Story::green();
    assert_eq!(story.merges("bo").kinds, ["merge_confirmed"]);
    let again = story.merges("ana").refusal;
    assert!(matches!(again, Some(Refusal::AlreadyConfirmed { .. })), "{again:?}");
    story.web().forge.gate = gate(CheckState::Failed);
    assert_eq!(story.starts_the_forge_call().kinds, ["forge_call_ended"]);
    assert!(story.fix().merging().is_none());
    // The forge cannot be read: nothing is merged on a guess.
    let mut story = Story::green();
    story.web().forge.dark = Some("502");
    assert!(matches!(story.merges("bo").refusal, Some(Refusal::CannotRead { .. })));
}

#[test]
fn a_merge_whose_answer_was_lost_is_read_and_a_queue_is_waited_for() {
    let mut story = Story::green();
    story.web().forge.gate.road = Road::Queue;
    story.sees_the_gate();
    story.merges("bo");
    story.starts_the_forge_call();
    story.forge_call_ends(ForgeOutcome::Unknown { why: "502".to_owned() });
    story.web().forge.gate.queued = crate::domain::fix::Queued::Yes;
    assert_eq!(story.observes_the_forge().kinds, ["forge_call_observed"]);
    assert_eq!(story.fix().merge.as_ref().unwrap().call, Call::Taken);
    story.web().forge.gate.state = PullState::Merged { sha: MERGED.to_owned() };
    assert_eq!(story.sees_the_gate().kinds, ["gate_seen", "fix_merged"]);
}

#[test]
fn a_pull_request_is_followed_through_force_push_close_and_somebody_elses_merge() {
    let mut story = Story::green();
    story.web().forge.gate.head = "f".repeat(40);
    assert_eq!(story.sees_the_gate().kinds, ["gate_seen"]);
    story.web().forge.gate.state = PullState::Closed;
    story.sees_the_gate();
    assert!(story.fix().is_closed());
    assert_eq!(story.reverts("ana").kinds, ["revert_requested"], "a closed one can be opened anew");
    story.plans_the_revert();
    let Layer2::Planned(plan) = &story.incident().layer2 else { panic!("a plan") };
    assert!(plan.branch.ends_with("-2"), "{}", plan.branch);

    let mut story = Story::followed();
    story.web().forge.gate.state = PullState::Merged { sha: MERGED.to_owned() };
    assert_eq!(story.sees_the_gate().kinds, ["gate_seen", "fix_merged"]);
    assert_eq!(story.reverts("ana").refusal, Some(Refusal::AlreadyMerged));
}

#[test]
fn what_waits_is_said_again_and_what_comes_to_main_meanwhile_is_told() {
    let mut story = Story::green();
    assert_eq!(story.sees_the_gate().kinds, [""; 0]);
    story.passes(301);
    assert_eq!(story.sees_the_gate().kinds, ["fix_nudged"]);
    assert_eq!(story.sees_the_gate().kinds, [""; 0]);
    let other = commit("0ddb", "Add gift cards");
    story.web().forge.main.head = other.clone();
    story.web().forge.main.since = vec![other.clone()];
    let request = Request::SeeGate(FIRST);
    let mut facts_read = story.clone();
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    assert!(
        matches!(&next, Next::Read(_, reads, _) if reads.iter().any(|read| matches!(read, Read::Main(_))))
    );
    let reply = facts_read.bot_reading(&request, next);
    assert_eq!(reply.kinds, ["main_moved"]);
    let Event::Fix(FixEvent::MainMoved { commits, .. }) = &reply.events[0].event else {
        panic!("main moved")
    };
    assert_eq!(commits, &[other]);
}

#[test]
fn a_build_that_fails_is_said_once_and_a_later_one_still_counts() {
    let mut story = Story::merged();
    assert_eq!(story.sees_the_build().kinds, [""; 0], "not there yet");
    let build = fix_build(story.now);
    let in_state = |state| Deployment { state, ..build.clone() };
    // The list of what could serve has it only once it is ready.
    story.web().looked_up = Some(in_state(BuildState::Building));
    assert_eq!(story.sees_the_build().kinds, [""; 0]);
    story.web().looked_up = Some(in_state(BuildState::Failed));
    assert_eq!(story.sees_the_build().kinds, ["fix_build_failed"]);
    assert_eq!(story.sees_the_build().kinds, [""; 0]);
    story.web().deployments.insert(0, in_state(BuildState::Ready));
    assert_eq!(story.sees_the_build().kinds, ["fix_built"], "an older one that is ready counts");
}

#[test]
fn services_of_one_repository_share_the_revert_of_the_same_change() {
    let mut story = Story::of(&["web", "api"]);
    for service in ["web", "api"] {
        story.rollback_of(service, "ana", None);
    }
    let api = IncidentId(2);
    let mut first = Story::followed();
    // The second service's incident stands beside the first one's pull request.
    story.passes(first.now.since(story.now).0 / 1000);
    std::mem::swap(&mut story, &mut first);
    story.adopt_services(&first);
    let wish = crate::domain::fix::Wish {
        what: Some("#124".to_owned()),
        reason: Some("same change".to_owned()),
        asked_in: None,
    };
    assert_eq!(
        story.asks("bo", &Request::StartRevert { service: "api".into(), wish }).kinds,
        ["revert_requested"]
    );
    let planned = story.bot(&Request::PlanRevert(api));
    assert_eq!(planned.kinds, ["fix_followed"]);
    let fix = story.book.incidents[&api].fix().unwrap().clone();
    assert_eq!((fix.pull.number, fix.shared_from), (126, Some(FIRST)));
    assert_eq!(fix.kind, FixKind::Revert);
}

#[test]
fn nothing_is_sent_to_the_forge_while_halted_or_by_somebody_who_lost_the_right() {
    let mut story = Story::planned();
    story.halts("bo");
    assert!(matches!(story.opens_the_revert("ana").refusal, Some(Refusal::Halted { .. })));
    let mut story = Story::planned();
    story.opens_the_revert("ana");
    story.halts("bo");
    assert!(story.starts_the_forge_call().refusal.is_some());
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    assert_eq!(next, Next::Rest);
    let mut story = Story::planned();
    story.opens_the_revert("ana");
    story.lists("web", "ana", None);
    assert_eq!(story.starts_the_forge_call().kinds, ["forge_call_ended", "revert_refused"]);
    assert_eq!(story.incident().layer2, Layer2::Idle);
}

#[test]
fn what_is_over_stays_over_whatever_the_forge_says() {
    let mut looking = Story::pinned();
    looking.reverts("ana");
    let mut unknown = Story::opening();
    unknown.forge_call_ends(ForgeOutcome::Unknown { why: "no answer".to_owned() });
    let stories = [looking, Story::planned(), unknown, Story::green(), Story::merged()];
    for mut story in stories {
        story.web().forge.pull = Some(pull_ref(126));
        story.web().forge.gate = gate(CheckState::Failed);
        let build = fix_build(story.now);
        story.web().deployments.insert(0, build);
        story.closes("ana", Some("done"));
        let before = story.incident().clone();
        let requests = [
            Request::PlanRevert(FIRST),
            Request::StartForgeCall(FIRST),
            Request::ObserveForge(FIRST),
            Request::SeeGate(FIRST),
            Request::SeeBuild(FIRST),
        ];
        for dark in [None, Some("timeout")] {
            story.web().forge.dark = dark;
            for request in &requests {
                assert_eq!(story.bot(request).kinds, [""; 0], "{request:?}");
            }
        }
        let merged = story.presses("ana", Action::Merge(gate(CheckState::Passed).head));
        assert_eq!(merged.refusal, Some(Refusal::IncidentOver));
        assert_eq!(*story.incident(), before);
    }
}

#[test]
fn what_became_of_a_call_is_written_down_although_the_incident_is_over() {
    let mut story = Story::opening();
    story.closes("ana", Some("done"));
    let opened = ForgeOutcome::Opened(Opened::Pull(pull_ref(126)));
    assert_eq!(story.forge_call_ends(opened).kinds, ["forge_call_ended"]);
}

#[test]
fn a_forge_that_cannot_be_read_before_a_merge_is_asked_again_after_a_while() {
    let mut story = Story::green();
    story.merges("bo");
    let looks = Looks { last: Some(story.now), ..Looks::default() };
    let next = plan_of_fix::next(&story.book, FIRST, &looks, story.now);
    let Next::Decide(at, Request::StartForgeCall(FIRST)) = next else { panic!("{next:?}") };
    assert_eq!(at.since(story.now), Span::seconds(5));
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    assert_eq!(next, Next::Decide(story.now, Request::StartForgeCall(FIRST)));
}

#[test]
fn what_was_read_of_another_pull_request_or_change_says_nothing_of_this_one() {
    let mut merged = gate(CheckState::Passed);
    merged.state = PullState::Merged { sha: MERGED.to_owned() };
    let mut story = Story::green();
    let mut facts = story.facts(Actor::Bot);
    facts.forge.gate = Some((125, Fact::known("github", story.now, merged)));
    let read = Decision::Needs(vec![Read::Gate(126)]);
    assert_eq!(decide(&story.book, &Request::SeeGate(FIRST), &facts, story.now), read);
    let action = Action::Merge(gate(CheckState::Passed).head);
    let press = Request::Press { incident: FIRST, action, pressed_at: story.now };
    facts.actor = Actor::Person(person("bo"));
    assert_eq!(decide(&story.book, &press, &facts, story.now), read);
    story.merges("bo");
    facts.actor = Actor::Bot;
    assert_eq!(decide(&story.book, &Request::StartForgeCall(FIRST), &facts, story.now), read);

    let mut story = Story::pinned();
    story.reverts_what("ana", Some("#124"), None);
    let mut facts = story.facts(Actor::Bot);
    facts.forge.trial = Some((Subject::Pull(123), Fact::known("github", story.now, Ok(trial()))));
    let read = Decision::Needs(vec![Read::Trial(Subject::Pull(124))]);
    assert_eq!(decide(&story.book, &Request::PlanRevert(FIRST), &facts, story.now), read);
}
