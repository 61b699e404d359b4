//! Verifications: asked for, walked, judged; neither a halt nor a held pointer stands in their way.

use crate::domain::action::Action;
use crate::domain::decide::Request;
use crate::domain::deployment::Deployment;
use crate::domain::fixture::{FIRST, Reply, Story, deployment};
use crate::domain::ids::VerificationId;
use crate::domain::plan::{Looks, Next, next};
use crate::domain::probe::Seen;
use crate::domain::refusal::Refusal;
use crate::domain::time::Span;
use crate::domain::verification::{
    Address, Found, Goal, Journey, Step, Subject, Verdict, Walk, Walked,
};

fn asks_for(story: &mut Story, who: &str, deployment: Option<&str>) -> Reply {
    let deployment = deployment.map(str::to_owned);
    story.asks(who, &Request::Verify { service: "web".into(), deployment })
}

fn asked(story: &Story) -> VerificationId {
    story.incident().verifying.as_ref().expect("a verification").id.clone()
}

fn through(deployment: Deployment, address: Address, found: Found) -> Walked {
    let step = Step { request: "GET /".to_owned(), took: Span(5), found };
    let journeys = vec![Journey { name: "front page".to_owned(), steps: vec![step] }];
    let answers = (address == Address::Production).then_some(Seen::Target);
    Walked::Through {
        goal: Goal { deployment, address },
        walk: Walk { answers, journeys },
        log: None,
    }
}

fn ends(story: &mut Story, verification: VerificationId, walked: Walked) -> Reply {
    story.bot(&Request::EndVerification { incident: FIRST, verification, walked })
}

fn verdicts(story: &Story) -> Vec<(Address, Option<&str>, &Verdict)> {
    let all = story.incident().verifications.iter();
    all.map(|one| (one.address, one.deployment.as_ref().map(|at| at.id.as_str()), &one.verdict))
        .collect()
}

#[test]
fn production_is_verified_after_a_flip_and_the_verdict_is_bound_to_the_target() {
    let mut story = Story::settled();
    assert_eq!(asks_for(&mut story, "ana", None).kinds, ["verification_asked"]);
    let id = asked(&story);
    let walked = through(deployment("v41"), Address::Production, Found::Expected);
    assert_eq!(ends(&mut story, id.clone(), walked.clone()).kinds, ["verification_ended"]);
    assert_eq!(verdicts(&story), [(Address::Production, Some("dpl_v41"), &Verdict::Passed)]);
    assert_eq!(story.incident().verifying, None);
    // Whoever comes late, after a restart for example, is no news.
    assert_eq!(ends(&mut story, id, walked).kinds, [""; 0]);
}

#[test]
fn the_button_verifies_production_and_a_second_ask_waits_for_the_first() {
    let mut story = Story::settled();
    assert_eq!(story.presses("bo", Action::Verify).kinds, ["verification_asked"]);
    assert_eq!(story.incident().verifying.as_ref().unwrap().subject, Subject::Production);
    assert_eq!(asks_for(&mut story, "ana", Some("dpl_v42")).kinds, [""; 0]);
    assert_eq!(story.presses("ana", Action::Verify).kinds, [""; 0]);
}

#[test]
fn who_may_not_act_and_who_has_no_incident_is_refused() {
    let mut story = Story::new();
    assert_eq!(asks_for(&mut story, "ana", None).refusal, Some(Refusal::NoIncident));
    let mut story = Story::settled();
    let refused = asks_for(&mut story, "eve", None).refusal;
    assert!(matches!(refused, Some(Refusal::NotAllowed { has: None, .. })), "{refused:?}");
    let refused = story.presses("eve", Action::Verify).refusal;
    assert!(matches!(refused, Some(Refusal::NotAllowed { has: None, .. })), "{refused:?}");
    story.closes("ana", Some("over"));
    assert_eq!(story.presses("ana", Action::Verify).refusal, Some(Refusal::IncidentOver));
}

#[test]
fn while_production_moves_only_a_named_deployment_can_be_verified() {
    let mut story = Story::polling();
    assert_eq!(asks_for(&mut story, "ana", None).refusal, Some(Refusal::FlipUnderWay));
    assert_eq!(asks_for(&mut story, "ana", Some("dpl_v42")).kinds, ["verification_asked"]);
}

#[test]
fn a_halted_bot_may_still_look() {
    let mut story = Story::settled();
    story.halts("bo");
    assert_eq!(asks_for(&mut story, "ana", None).kinds, ["verification_asked"]);
    assert!(matches!(next(&story.book, FIRST, &Looks::default(), story.now), Next::Walk(_)));
}

#[test]
fn a_walk_is_due_at_once_and_again_by_whoever_is_not_walking_it() {
    let mut story = Story::settled();
    asks_for(&mut story, "ana", None);
    let id = asked(&story);
    let due = |looks: &Looks| next(&story.book, FIRST, looks, story.now);
    assert_eq!(due(&Looks::default()), Next::Walk(id.clone()));
    let walking = Looks { walking: Some(id), ..Looks::default() };
    assert_eq!(due(&walking), Next::Rest);
}

#[test]
fn what_was_walked_before_or_while_production_moved_says_nothing_of_it() {
    let mut story = Story::waiting();
    asks_for(&mut story, "ana", None);
    let id = asked(&story);
    story.passes(1);
    story.confirms("bo");
    ends(&mut story, id, through(deployment("v42"), Address::Production, Found::Expected));
    assert!(matches!(verdicts(&story)[..], [(_, Some("dpl_v42"), Verdict::Unknown { .. })]));

    let mut story = Story::waiting();
    asks_for(&mut story, "ana", None);
    let id = asked(&story);
    ends(&mut story, id, through(deployment("v42"), Address::Production, Found::Expected));
    asks_for(&mut story, "ana", Some("dpl_v41"));
    let id = asked(&story);
    ends(&mut story, id, through(deployment("v41"), Address::Own, Found::Expected));
    assert_eq!(verdicts(&story).len(), 2);
    story.confirms("bo");
    assert_eq!(verdicts(&story), [(Address::Own, Some("dpl_v41"), &Verdict::Passed)]);
}

#[test]
fn what_cannot_be_walked_is_not_known_and_an_end_of_the_incident_ends_it() {
    let mut story = Story::settled();
    asks_for(&mut story, "ana", Some("v9"));
    let id = asked(&story);
    ends(&mut story, id, Walked::Not { why: "no such deployment".to_owned() });
    assert!(matches!(verdicts(&story)[..], [(Address::Own, None, Verdict::Unknown { .. })]));
    asks_for(&mut story, "ana", None);
    let id = asked(&story);
    story.closes("ana", Some("over"));
    assert_eq!(story.incident().verifying, None);
    let walked = through(deployment("v41"), Address::Production, Found::Expected);
    assert_eq!(ends(&mut story, id, walked).kinds, [""; 0]);
}
