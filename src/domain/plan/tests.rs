//! What is due at each stage.

use super::*;
use crate::domain::action::Action;
use crate::domain::deployment::Assignment;
use crate::domain::fixture::{
    DAWN, FIRST, SERVING, Story, deployment, id_of, not_serving, not_taken, probe, refused, unknown,
};

fn seconds(seconds: i64) -> Timestamp {
    DAWN + Span::seconds(seconds)
}

/// Looked at the given seconds after the story began.
fn looked(at: i64) -> Looks {
    Looks { last: Some(seconds(at)), ..Looks::default() }
}

fn due(story: &Story, looks: &Looks) -> Next {
    next(&story.book, FIRST, looks, story.now)
}

fn pointer(at: i64, request: Request) -> Next {
    Next::Read(seconds(at), vec![Read::Pointer], request)
}

fn disarming() -> Story {
    let mut story = Story::proven();
    story.web().pointer.assignment = Assignment::On;
    story.reads_the_flag();
    story
}

fn disarm_ended(outcome: Outcome) -> Story {
    let mut story = disarming();
    story.starts_the_call();
    story.disarm_ends(outcome);
    story
}

fn asked() -> Story {
    let mut story = Story::new();
    story.rollback("ana", None);
    story
}

#[test]
fn each_stage_has_its_next_step() {
    let resolve = |at| {
        let reads = vec![Read::Pointer, Read::Deployments, Read::Plan];
        Next::Read(seconds(at), reads, Request::Resolve(FIRST))
    };
    let target = || Box::new(deployment("v41"));
    let observe = |at| pointer(at, Request::Observe(FIRST));
    let read_flag = |at| pointer(at, Request::ReadFlag(FIRST));
    let start = |at| pointer(at, Request::Start(FIRST));
    let mut doubted = Story::sending();
    doubted.call_ends(refused());
    let mut throttled = Story::sending();
    throttled.call_ends(not_taken(7));
    let expire = Next::Decide(seconds(300), Request::Expire(FIRST));
    // What is due at once, and what is due after a look two seconds into the story.
    let table = [
        (asked(), resolve(0), resolve(4)),
        (Story::waiting(), expire.clone(), expire),
        (Story::confirmed(), start(0), start(4)),
        (throttled, start(7), start(7)),
        (Story::in_the_dark(), observe(0), observe(4)),
        (doubted, observe(0), observe(4)),
        (Story::polling(), observe(0), observe(3)),
        (Story::proving(), Next::Probe(seconds(0), target()), Next::Probe(seconds(3), target())),
        (Story::proven(), read_flag(0), read_flag(3)),
        (disarm_ended(Outcome::Accepted), read_flag(0), read_flag(4)),
        (disarm_ended(unknown()), read_flag(0), read_flag(4)),
        (disarm_ended(refused()), read_flag(0), read_flag(4)),
        (Story::settled(), Next::Rest, Next::Rest),
    ];
    for (story, at_once, later) in table {
        assert_eq!(due(&story, &Looks::default()), at_once, "{:?}", story.layer1());
        assert_eq!(due(&story, &looked(2)), later, "{:?}", story.layer1());
    }
}

#[test]
fn the_switch_of_the_flag_is_called_at_once_and_again_when_the_provider_says() {
    let start = |at| Next::Decide(seconds(at), Request::Start(FIRST));
    assert_eq!(due(&disarming(), &looked(0)), start(0));
    assert_eq!(due(&disarm_ended(not_taken(9)), &looked(0)), start(9));
    let mut late = disarming();
    late.passes(5);
    assert_eq!(due(&late, &looked(0)), start(5), "what is overdue is due now");
}

#[test]
fn nothing_is_due_where_it_is_a_persons_turn() {
    let mut refused = Story::new();
    refused.rollback("ana", Some("dpl_v42"));
    refused.resolves();
    let mut lapsed = Story::waiting();
    lapsed.passes(300);
    lapsed.bot(&Request::Expire(FIRST));
    let mut cancelled = Story::waiting();
    cancelled.presses("ana", Action::Cancel);
    let mut failed = Story::polling();
    failed.passes(180);
    failed.observes();
    let mut closed = Story::waiting();
    closed.calls_it_a_blip("ana");
    for story in [Story::new(), refused, lapsed, cancelled, failed, closed] {
        assert_eq!(due(&story, &Looks::default()), Next::Rest);
    }
}

#[test]
fn a_halt_holds_what_would_be_sent_and_nothing_else() {
    for mut story in [Story::confirmed(), disarming(), disarm_ended(not_taken(1))] {
        assert_ne!(due(&story, &Looks::default()), Next::Rest);
        story.halts("ana");
        assert_eq!(due(&story, &Looks::default()), Next::Rest, "{:?}", story.stage());
        story.resumes("lee");
        assert_ne!(due(&story, &Looks::default()), Next::Rest);
    }
    let reading = [
        asked(),
        Story::in_the_dark(),
        Story::polling(),
        Story::proving(),
        Story::proven(),
        disarm_ended(Outcome::Accepted),
    ];
    for mut story in reading {
        let before = due(&story, &Looks::default());
        story.halts("ana");
        assert_eq!(due(&story, &Looks::default()), before, "{:?}", story.layer1());
    }
}

#[test]
fn a_call_that_was_interrupted_becomes_unknown() {
    let mut disarm = disarming();
    disarm.starts_the_call();
    let effect_of = |story: &Story| {
        let flip = story.flip();
        flip.switch.as_ref().map_or(&flip.effect, |disarm| &disarm.effect).clone()
    };
    for mut story in [Story::sending(), disarm] {
        story.passes(30);
        story.halts("ana");
        let Next::Decide(at, request) = due(&story, &looked(29)) else { panic!("decide") };
        assert_eq!(at, story.now, "at once, and a halt does not hold it");
        let Request::End { effect, outcome, .. } = &request else { panic!("the end of a call") };
        assert_eq!(*effect, effect_of(&story));
        assert!(matches!(outcome, Outcome::Unknown { .. }));
        assert_eq!(story.bot(&request).kinds, ["effect_ended"]);
        let after = due(&story, &Looks::default());
        assert!(matches!(after, Next::Read(..)), "the world is read first: {after:?}");
    }
}

#[test]
fn production_that_does_not_serve_the_target_is_looked_at_slowly_until_it_does() {
    let mut story = Story::proving();
    story.passes(60);
    story.judges(not_serving(story.now));
    story.reads_the_flag();
    let target = || Box::new(deployment("v41"));
    assert_eq!(due(&story, &Looks::default()), Next::Probe(seconds(60), target()));
    assert_eq!(due(&story, &looked(60)), Next::Probe(seconds(75), target()));
    story.judges(SERVING);
    assert_eq!(due(&story, &looked(60)), Next::Rest);
}

#[test]
fn what_is_gone_from_the_configuration_rests() {
    let mut story = Story::waiting();
    std::sync::Arc::make_mut(&mut story.book.services).clear();
    assert_eq!(due(&story, &Looks::default()), Next::Rest);
    assert_eq!(next(&story.book, crate::domain::ids::IncidentId(9), &looked(0), DAWN), Next::Rest);
}

#[test]
fn a_call_is_made_only_for_an_effect_that_the_incident_holds() {
    let mut story = disarming();
    let flip = story.flip().clone();
    let disarm = flip.switch.clone().unwrap().effect;
    assert_eq!(call_of(story.incident(), &flip.effect), Some(flip.intent));
    assert_eq!(call_of(story.incident(), &disarm), Some(Effect::Disarm));
    assert_eq!(call_of(story.incident(), &"eff_other".into()), None);
    story = Story::waiting();
    assert_eq!(call_of(story.incident(), &flip.effect), None);
}

#[test]
fn production_is_judged_since_the_job_was_done() {
    let mut story = Story::polling();
    story.passes(9);
    story.provider_is_done();
    story.observes();
    assert_eq!(proving_since(story.flip()), seconds(9));
    story.passes(60);
    story.judges(not_serving(story.now));
    assert_eq!(proving_since(story.flip()), seconds(9));
    assert_eq!(proving_since(Story::polling().flip()), DAWN);
}

#[test]
fn answers_of_the_target_count_only_in_a_row() {
    let limits = Limits::default();
    let failing = || Seen::TargetFailing { status: 500, path: "/checkout".to_owned() };
    let others = [
        failing(),
        Seen::Other { marker: "v42".to_owned(), status: 200 },
        Seen::NoMarker { status: 200 },
        Seen::NoAnswer { why: "refused".to_owned() },
    ];
    for other in others {
        let mut tally = Tally::default();
        let mut look = |seen| tally.add(&probe(seconds(1), seen), DAWN, &limits);
        assert_eq!(look(Seen::Target), None);
        assert_eq!(look(Seen::Target), None);
        assert_eq!(look(other.clone()), None, "it begins anew");
        assert_eq!(look(Seen::Target), None);
        assert_eq!(look(Seen::Target), None);
        assert_eq!(look(Seen::Target), Some(Verdict::Serving { agreeing: 3 }), "{other:?}");
        assert_eq!(look(Seen::Target), Some(Verdict::Serving { agreeing: 4 }));
    }
}

#[test]
fn a_target_that_answers_with_nothing_but_errors_is_not_waited_for_until_the_limit() {
    let limits = Limits::default();
    let failing = || Seen::TargetFailing { status: 500, path: "/checkout".to_owned() };
    let mut tally = Tally::default();
    let mut look = |at, seen| tally.add(&probe(seconds(at), seen), DAWN, &limits);
    for at in 1..10 {
        assert_eq!(look(at, failing()), None, "{at}");
    }
    // An answer of the one before it: names are still moving.
    assert_eq!(look(10, Seen::Other { marker: "v42".to_owned(), status: 200 }), None);
    for at in 11..20 {
        assert_eq!(look(at, failing()), None, "{at}");
    }
    let last = probe(seconds(20), failing());
    assert_eq!(look(20, failing()), Some(Verdict::NotServing { last }));
}

#[test]
fn after_the_limit_production_does_not_serve_the_target() {
    let limits = Limits::default();
    let look = |at: Timestamp, seen| Tally::default().add(&probe(at, seen), DAWN, &limits);
    let no_answer = || Seen::NoAnswer { why: "refused".to_owned() };
    assert_eq!(look(seconds(60) - Span(1), no_answer()), None);
    let last = probe(seconds(60), no_answer());
    assert_eq!(look(seconds(60), no_answer()), Some(Verdict::NotServing { last }));
    // Whoever begins to answer from the target at the limit is looked at again before anything is said.
    assert_eq!(look(seconds(61), Seen::Target), None);
    // The last of enough good ones counts, however late.
    let mut tally = Tally { agreeing: 2, failing: 0 };
    let found = tally.add(&probe(seconds(90), Seen::Target), DAWN, &limits);
    assert_eq!(found, Some(SERVING));
    assert_eq!(probe(DAWN, Seen::Target).target, id_of("v41"));
}
