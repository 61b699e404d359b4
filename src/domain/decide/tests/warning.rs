//! G15 on the pull requests themselves: when something is said there, and when not.

use std::sync::Arc;

use crate::domain::decide::Request;
use crate::domain::event::{Event, FixEvent};
use crate::domain::fix::{MOST_WARNINGS, WARNING_PAUSE, WarningOutcome};
use crate::domain::fixture::forge::commit;
use crate::domain::fixture::{FIRST, Story};
use crate::domain::ids::EffectId;
use crate::domain::plan::{Looks, Next, fix as plan_of_fix};
use crate::domain::time::Span;

/// A green revert waits, and something else came to main.
fn moved(is_allowed: bool) -> Story {
    let mut story = Story::green();
    allow(&mut story, is_allowed);
    let other = commit("0ddb", "Add gift cards");
    story.web().forge.main.head = other.clone();
    story.web().forge.main.since = vec![other];
    story
}

fn allow(story: &mut Story, is_allowed: bool) {
    for book in [&mut story.book, &mut story.folded] {
        let services = Arc::make_mut(&mut book.services);
        let web = services.get_mut(&"web".into()).expect("every story has web");
        web.warns_pull_requests = is_allowed;
    }
}

/// A look at the gate and at main, as it is due.
fn looks(story: &mut Story) -> Vec<String> {
    let next = plan_of_fix::next(&story.book, FIRST, &Looks::default(), story.now);
    story.bot_reading(&Request::SeeGate(FIRST), next).kinds
}

fn is_due(story: &Story) -> bool {
    let looks = Looks { last: Some(story.now), ..Looks::default() };
    let next = plan_of_fix::next(&story.book, FIRST, &looks, story.now);
    matches!(next, Next::Decide(at, Request::StartWarning(FIRST)) if at <= story.now)
}

fn effect(story: &Story) -> EffectId {
    story.fix().warnings[0].effect.clone()
}

fn ends(story: &mut Story, outcome: WarningOutcome) -> Vec<Event> {
    let effect = effect(story);
    let reply = story.bot(&Request::EndWarning { incident: FIRST, effect, outcome });
    reply.events.into_iter().map(|one| one.event).collect()
}

#[test]
fn nothing_is_said_where_it_is_not_allowed_and_a_repeat_of_the_look_says_nothing_more() {
    let mut story = moved(false);
    assert_eq!(looks(&mut story), ["main_moved"]);
    assert!(story.fix().warnings.is_empty() && !is_due(&story));
    let mut story = moved(true);
    assert_eq!(looks(&mut story), ["main_moved", "warning_intended"]);
    assert!(is_due(&story));
    // Whoever switches it off meanwhile is obeyed at the send.
    allow(&mut story, false);
    assert!(!is_due(&story));
    assert_eq!(story.bot(&Request::StartWarning(FIRST)).kinds, [""; 0]);
    allow(&mut story, true);
    assert_eq!(story.bot(&Request::StartWarning(FIRST)).kinds, ["warning_started"]);
    let text = plan_of_fix::comment_of(story.incident(), &effect(&story)).expect("a comment").text;
    assert!(text.starts_with("<!-- repoint:incident-1:warn -->\nMain still holds"), "{text}");
    ends(&mut story, WarningOutcome::Said { pulls: vec![127] });
    story.passes(600);
    assert!(!is_due(&story), "once");
    assert_eq!(story.bot(&Request::StartWarning(FIRST)).kinds, [""; 0]);
}

#[test]
fn what_is_not_true_is_not_said() {
    let mut story = moved(true);
    looks(&mut story);
    story.bot(&Request::StartWarning(FIRST));
    let unsettled = || WarningOutcome::Unsettled { why: "502".to_owned() };
    ends(&mut story, unsettled());
    story.passes(WARNING_PAUSE.0 / 1000);
    assert!(is_due(&story));
    // The fix is on main by then.
    let mut merged = story.clone();
    merged.web().forge.gate.state =
        crate::domain::fix::PullState::Merged { sha: "f1ed".repeat(10) };
    merged.sees_the_gate();
    assert!(!is_due(&merged));
    // Or a halt holds it back, for as long as it lasts.
    story.halts("bo");
    assert!(!is_due(&story));
}

#[test]
fn a_repeat_waits_and_there_are_three_tries_in_all() {
    let mut story = moved(true);
    looks(&mut story);
    for attempt in 1..=MOST_WARNINGS {
        assert!(is_due(&story), "{attempt}");
        assert_eq!(story.bot(&Request::StartWarning(FIRST)).kinds, ["warning_started"]);
        assert!(!is_due(&story), "it is being made");
        let ended = ends(&mut story, WarningOutcome::Unsettled { why: "502".to_owned() });
        let Event::Fix(FixEvent::WarningEnded { outcome, .. }) = &ended[0] else { panic!() };
        let is_over = matches!(outcome, WarningOutcome::NotSaid { .. });
        assert_eq!(is_over, attempt == MOST_WARNINGS);
        assert!(!is_due(&story), "not at once");
        story.passes(WARNING_PAUSE.0 / 1000);
    }
    assert!(!is_due(&story));
}

#[test]
fn a_bot_that_was_interrupted_each_time_gives_up() {
    let mut story = moved(true);
    looks(&mut story);
    for _ in 0..MOST_WARNINGS {
        assert_eq!(story.bot(&Request::StartWarning(FIRST)).kinds, ["warning_started"]);
        story.passes(WARNING_PAUSE.0 / 1000);
        assert!(is_due(&story));
    }
    assert_eq!(story.bot(&Request::StartWarning(FIRST)).kinds, ["warning_ended"]);
    story.passes(Span::minutes(10).0 / 1000);
    assert!(!is_due(&story));
    assert_eq!(ends(&mut story, WarningOutcome::Said { pulls: Vec::new() }), [], "too late");
}
