//! G4: what lies between target and live is looked up for each question, and a destructive migration makes the press dearer.

use crate::domain::action::Action;
use crate::domain::decide::Request;
use crate::domain::event::{Event, IncidentEvent, Wish};
use crate::domain::fixture::{FIRST, Story, channel, deployment, id_of, person};
use crate::domain::guard::{self, Answerers};
use crate::domain::incident::Layer1;
use crate::domain::migration::Safety;
use crate::domain::refusal::Refusal;

/// Ana asked, perhaps with a reason; the card is there.
fn asked(migrations: Option<Safety>, reason: Option<&str>) -> Story {
    let mut story = Story::new();
    story.web().migrations = migrations;
    asks(&mut story, "ana", None, reason);
    story.resolves();
    story
}

fn asks(story: &mut Story, who: &str, to: Option<&str>, reason: Option<&str>) -> Vec<String> {
    let wish = Wish {
        to: to.map(str::to_owned),
        reason: reason.map(str::to_owned),
        asked_in: Some(channel("C1")),
    };
    story.asks(who, &Request::StartRollback { service: "web".into(), wish }).kinds
}

fn answerers(story: &Story) -> Answerers {
    let question = story.incident().waiting().expect("a question");
    guard::g4_who_answers(question, story.incident().evidence_of(&question.id))
}

const FLIPPED: [&str; 2] = ["flip_confirmed", "pointer_locked"];

#[test]
fn what_was_found_is_journaled_with_the_question() {
    let story = asked(Some(Safety::Safe), None);
    let question = story.question();
    let evidence = story.incident().evidence_of(&question).expect("evidence");
    assert_eq!(evidence.range.base, deployment("v41").sha.unwrap());
    assert_eq!(evidence.range.head, deployment("v42").sha.unwrap());
    assert_eq!(evidence.between.get().unwrap().migrations.safety, Safety::Safe);
    assert_eq!(evidence.brought_by.get().unwrap().as_ref().unwrap().number, 124);
}

#[test]
fn anything_but_destructive_takes_one_press() {
    let all = [None, Some(Safety::Safe), Some(Safety::DeclaredSafe), Some(Safety::Unknown)];
    for migrations in all {
        let mut story = asked(migrations, None);
        assert_eq!(answerers(&story), Answerers::Anybody);
        assert_eq!(story.confirms("ana").kinds, FLIPPED, "{migrations:?}");
    }
}

#[test]
fn without_commits_nothing_is_looked_up_and_one_press_is_enough() {
    let mut story = Story::new();
    story.web().migrations = Some(Safety::Destructive);
    for one in &mut story.web().deployments {
        one.sha = None;
    }
    asks(&mut story, "ana", None, None);
    assert_eq!(story.resolves().kinds, ["confirmation_issued"]);
    assert_eq!(story.confirms("ana").kinds, FLIPPED);
}

#[test]
fn over_a_destructive_migration_nobody_flips_without_a_reason() {
    let mut story = asked(Some(Safety::Destructive), None);
    assert_eq!(answerers(&story), Answerers::NobodyWithoutReason);
    for who in ["ana", "bo", "lee"] {
        let refusal = story.confirms(who).refusal;
        assert_eq!(refusal, Some(Refusal::OverrideNeedsReason { target: id_of("v41") }), "{who}");
    }
    for empty in ["", "  "] {
        let story = asked(Some(Safety::Destructive), Some(empty));
        assert_eq!(answerers(&story), Answerers::NobodyWithoutReason);
    }
}

#[test]
fn with_a_reason_somebody_else_than_the_requester_flips() {
    let mut story = asked(Some(Safety::Destructive), Some("coupons are off"));
    assert_eq!(answerers(&story), Answerers::SecondPerson);
    assert_eq!(story.confirms("ana").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("bo").kinds, FLIPPED);
    assert_eq!(story.flip().confirmation.requester, person("ana"));
    assert_eq!(story.flip().confirmed_by, person("bo"));
}

#[test]
fn asking_again_with_a_reason_takes_the_place_of_the_question_without_one() {
    let mut story = Story::new();
    story.web().migrations = Some(Safety::Destructive);
    asks(&mut story, "ana", Some("dpl_v40"), None);
    story.resolves();
    assert_eq!(asks(&mut story, "bo", None, None), [""; 0], "no reason, nothing new");
    assert_eq!(asks(&mut story, "bo", None, Some("coupons are off")), ["rollback_requested"]);
    story.resolves();
    let question = story.incident().waiting().expect("a question").clone();
    assert_eq!(question.to.deployment.id, id_of("v40"), "the named target stays");
    assert_eq!(asks(&mut story, "ana", None, Some("another reason")), [""; 0], "it has one");
    assert_eq!(story.confirms("bo").refusal, Some(Refusal::SecondPersonNeeded));
    assert_eq!(story.confirms("ana").kinds, FLIPPED);
}

#[test]
fn a_fresh_question_rests_on_fresh_evidence() {
    let mut story = asked(Some(Safety::Destructive), None);
    story.web().migrations = None;
    let question = story.question();
    let choose = Action::Choose(question, id_of("v40"));
    story.presses("bo", choose);
    story.resolves();
    assert!(matches!(story.layer1(), Layer1::Waiting(_)));
    assert_eq!(answerers(&story), Answerers::Anybody, "not known never stands in the way");
    assert_eq!(story.confirms("bo").kinds, FLIPPED);
}

#[test]
fn evidence_that_changes_after_the_card_voids_nothing() {
    let mut story = asked(Some(Safety::Safe), None);
    story.web().migrations = Some(Safety::Destructive);
    assert_eq!(story.confirms("bo").kinds, FLIPPED);
    assert_eq!(story.starts_the_call().kinds, ["effect_started"]);
}

#[test]
fn a_journal_from_before_evidence_folds_and_takes_one_press() {
    let mut story = asked(Some(Safety::Destructive), None);
    let without: Vec<_> = story
        .journal
        .iter()
        .filter(|(_, one)| !matches!(one.event, Event::Incident(IncidentEvent::ChangesRead { .. })))
        .cloned()
        .collect();
    let services = story.book.services.values().cloned().collect::<Vec<_>>();
    story.book = crate::domain::book::Book::new(services);
    for (stream, envelope) in &without {
        crate::domain::apply::apply(&mut story.book, stream, envelope);
    }
    story.refold();
    assert_eq!(story.book.incidents[&FIRST].evidence.len(), 0);
    assert_eq!(story.confirms("ana").kinds, FLIPPED);
}
