//! What a walk says, what is meant, and for how long it counts.

use super::*;
use crate::domain::deployment::{Live, Plan};
use crate::domain::fixture::{DAWN, Story, deployment, id_of, person, pointer};
use crate::domain::log::Completeness;

fn unexpected() -> Found {
    Found::Unexpected { expected: "status 200".to_owned(), found: "status 500".to_owned() }
}

fn silence() -> Found {
    Found::NoAnswer { why: "connection refused".to_owned() }
}

fn step(found: Found) -> Step {
    Step { request: "GET /".to_owned(), took: Span(3), found }
}

fn walk_of(answers: Option<Seen>, found: &[Found]) -> Walk {
    let journey =
        |found: &Found| Journey { name: "one".to_owned(), steps: vec![step(found.clone())] };
    Walk { answers, journeys: found.iter().map(journey).collect() }
}

#[test]
fn a_walk_passes_only_if_every_step_of_every_journey_did() {
    let (well, not_asked) = (Found::Expected, Found::NotAsked);
    let late = Found::TooSlow { limit: Span(100) };
    let walled = Found::Protected { status: 401 };
    let other = Some(Seen::Other { marker: "dpl_v42".to_owned(), status: 200 });
    let failing = Some(Seen::TargetFailing { status: 500, path: "/".to_owned() });
    let (target, own) = (Some(Seen::Target), None);
    let table: Vec<(Option<Seen>, Vec<Found>, &str)> = vec![
        (own.clone(), vec![well.clone(), well.clone()], "passed"),
        (target.clone(), vec![well.clone()], "passed"),
        (failing, vec![well.clone()], "passed"),
        (other, vec![well.clone()], "failed"),
        (Some(Seen::NoMarker { status: 200 }), vec![well.clone()], "unknown"),
        (Some(Seen::NoAnswer { why: "down".to_owned() }), vec![not_asked.clone()], "unknown"),
        (own.clone(), vec![well.clone(), unexpected()], "failed"),
        (own.clone(), vec![well.clone(), late], "failed"),
        (own.clone(), vec![walled.clone()], "protected"),
        (own.clone(), vec![walled, unexpected()], "failed"),
        // Nobody is there at all, or somebody is and one page stays silent.
        (own.clone(), vec![silence(), silence()], "unknown"),
        (own.clone(), vec![well.clone(), silence()], "failed"),
        (target, vec![silence()], "failed"),
        // Nothing passes that was not walked.
        (own.clone(), vec![], "unknown"),
        (own.clone(), vec![not_asked.clone()], "unknown"),
        (own, vec![well, not_asked], "unknown"),
    ];
    for (answers, found, expected) in table {
        let verdict = judge(&walk_of(answers.clone(), &found));
        let word = match verdict {
            Verdict::Passed => "passed",
            Verdict::Failed => "failed",
            Verdict::Protected => "protected",
            Verdict::Unknown { .. } => "unknown",
        };
        assert_eq!(word, expected, "{answers:?} {found:?}");
    }
}

#[test]
fn the_first_step_that_went_wrong_is_named_with_its_journey() {
    let mut walk = walk_of(None, &[Found::Expected, unexpected(), silence()]);
    walk.journeys[1].steps.insert(0, step(Found::Expected));
    let (journey, number, found) = first_trouble(&walk).expect("trouble");
    assert_eq!((journey.name.as_str(), number, &found.found), ("one", 2, &unexpected()));
    assert_eq!(first_trouble(&walk_of(None, &[Found::Expected])), None);
}

fn aims(story: &Story, subject: &Subject, evidence: Evidence<'_>) -> Aim {
    aim(story.incident(), subject, &evidence)
}

const NOTHING: Evidence<'static> = Evidence { pointer: None, deployments: None, named: None };

fn at(name: &str, address: Address) -> Aim {
    Aim::Walk(Box::new(Goal { deployment: deployment(name), address }))
}

#[test]
fn after_a_flip_production_must_answer_from_its_target_and_before_one_from_what_is_live() {
    let production = Subject::Production;
    assert_eq!(aims(&Story::settled(), &production, NOTHING), at("v41", Address::Production));
    let idle = Story::waiting();
    assert_eq!(aims(&idle, &production, NOTHING), Aim::ReadPointer);
    let (live, all) = (
        Fact::known("pointer", DAWN, pointer("v42")),
        Fact::known("deployments", DAWN, vec![deployment("v42"), deployment("v41")]),
    );
    let read = Evidence { pointer: Some(&live), deployments: Some(&all), named: None };
    assert_eq!(aims(&idle, &production, read), at("v42", Address::Production));
    let split = Pointer {
        live: Live::Split(vec![id_of("v42"), id_of("v41")]),
        plan: Some(Plan::Paid),
        ..pointer("v42")
    };
    let split = Fact::known("pointer", DAWN, split);
    let read = Evidence { pointer: Some(&split), deployments: Some(&all), named: None };
    assert!(matches!(aims(&idle, &production, read), Aim::CannotTell(_)));
    let dark = Fact::unknown("pointer", DAWN, "503");
    let read = Evidence { pointer: Some(&dark), deployments: Some(&all), named: None };
    let why = "pointer cannot be read: 503".to_owned();
    assert_eq!(aims(&idle, &production, read), Aim::CannotTell(why));
}

#[test]
fn a_named_deployment_is_walked_on_its_own_address_also_if_only_the_provider_knows_it() {
    let story = Story::settled();
    let named = |typed: &str| Subject::Deployment(typed.to_owned());
    assert_eq!(aims(&story, &named("dpl_v42"), NOTHING), Aim::ReadDeployments);
    let all = Fact::known("deployments", DAWN, vec![deployment("v42"), deployment("v41")]);
    let known = Evidence { deployments: Some(&all), ..NOTHING };
    for typed in ["dpl_v42", "c0ffee42", "https://web-v42.example.test/"] {
        assert_eq!(aims(&story, &named(typed), known), at("v42", Address::Own), "{typed}");
    }
    assert!(
        matches!(aims(&story, &named("c0ffee4"), known), Aim::CannotTell(why) if why.contains("several"))
    );
    assert_eq!(aims(&story, &named("pr-7"), known), Aim::LookUp("pr-7".to_owned()));
    let preview = Fact::known("deployment", DAWN, Some(deployment("v7")));
    let found = Evidence { named: Some(&preview), ..known };
    assert_eq!(aims(&story, &named("pr-7"), found), at("v7", Address::Own));
    let none = Fact::known("deployment", DAWN, None);
    let missing = Evidence { named: Some(&none), ..known };
    assert!(matches!(aims(&story, &named("pr-7"), missing), Aim::CannotTell(_)));
}

#[test]
fn one_verdict_is_kept_for_each_deployment_and_address_and_it_grows_stale() {
    let verification = |name: &str, address, minutes| Verification {
        id: format!("ver_{name}_{minutes}").as_str().into(),
        by: person("ana"),
        at: DAWN + Span::minutes(minutes),
        address,
        deployment: Some(deployment(name)),
        verdict: Verdict::Passed,
        walk: walk_of(None, &[Found::Expected]),
        log: None,
    };
    let mut kept = Vec::new();
    keep(&mut kept, verification("v41", Address::Production, 0));
    keep(&mut kept, verification("v41", Address::Own, 1));
    keep(&mut kept, verification("v41", Address::Production, 2));
    let ids: Vec<&str> = kept.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["ver_v41_1", "ver_v41_2"]);
    for number in 50..60 {
        keep(&mut kept, verification(&format!("v{number}"), Address::Own, 3));
    }
    assert_eq!(kept.len(), MOST_KEPT);
    assert_eq!(kept[4].id.as_str(), "ver_v59_3");
    let newest = &kept[4];
    assert!(!newest.is_stale(newest.at + Span::seconds(899)));
    assert!(newest.is_stale(newest.at + Span::seconds(900)));
}

#[test]
fn a_log_with_many_errors_fails_what_the_walk_passed_and_one_error_does_not() {
    let walk = Walk {
        answers: None,
        journeys: vec![Journey {
            name: "a".to_owned(),
            steps: vec![Step {
                request: "GET /".to_owned(),
                took: Span(5),
                found: Found::Expected,
            }],
        }],
    };
    let log = |requests, errors| {
        let traffic = Traffic { requests, errors, completeness: Completeness::Whole };
        Log::Errors(Fact::known("request log", DAWN, ErrorLog { traffic, worst: None }))
    };
    for (log, verdict) in [
        (None, Verdict::Passed),
        (Some(log(0, 0)), Verdict::Passed),
        (Some(log(1, 1)), Verdict::Passed),
        (Some(log(19, 2)), Verdict::Failed),
        (Some(log(21, 2)), Verdict::Passed),
        (Some(Log::Errors(Fact::unknown("request log", DAWN, "404"))), Verdict::Passed),
    ] {
        assert_eq!(judge_with(&walk, log.as_ref()), verdict, "{log:?}");
    }
    let failing =
        Walk { answers: Some(Seen::Other { marker: "x".to_owned(), status: 200 }), ..walk };
    assert_eq!(judge_with(&failing, Some(&log(100, 0))), Verdict::Failed, "a log saves nothing");
}
