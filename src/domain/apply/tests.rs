//! Old journals fold to the state they always folded to, and the fold never fails. That every story folds from its encoded
//! events to the live state is checked by the stories themselves.

use serde::Deserialize;

use super::*;
use crate::domain::deployment::{Assignment, Live};
use crate::domain::event::{FlipEvent, FlipFailure, Outcome};
use crate::domain::fixture::{DAWN, FIRST, Story, id_of, person, service};
use crate::domain::ids::{DeploymentId, Version};
use crate::domain::incident::{Proof, Stage};
use crate::domain::time::Span;

/// A journal as version 1 wrote it, as `repoint journal export` gives it (without hashes): three incidents that are over
/// and one that is open, of two services, with every kind of event of that version. Never to be written anew.
const EVENTS_V1: &str = include_str!("../../../tests/data/events-v1.jsonl");

/// Kinds of events in version 1.
const KINDS_V1: usize = 32;

/// One line of an export.
#[derive(Deserialize)]
struct Line {
    stream: String,
    version: u64,
    at: Timestamp,
    actor: Actor,
    kind: String,
    event_version: u32,
    body: serde_json::Value,
}

impl Line {
    fn all() -> Vec<Self> {
        EVENTS_V1.lines().map(|line| serde_json::from_str(line).expect("one event")).collect()
    }

    fn stream(&self) -> StreamId {
        self.stream.parse().expect("a stream")
    }

    fn envelope(&self) -> Envelope {
        let event = Event::decode(&self.kind, self.event_version, &self.body.to_string());
        let event = event.expect("an event once written is read for ever");
        Envelope { at: self.at, actor: self.actor.clone(), event }
    }
}

fn folded() -> Book {
    let mut book = Book::new(["web", "api"].map(service));
    for line in Line::all() {
        apply(&mut book, &line.stream(), &line.envelope());
        assert_eq!(book.version(&line.stream()), Version(line.version), "{}", line.stream);
    }
    book
}

#[test]
fn every_event_of_version_1_is_read_and_would_be_written_the_same() {
    let mut kinds = std::collections::BTreeSet::new();
    for line in Line::all() {
        let (kind, body) = line.envelope().event.encode();
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!((&kind, &body), (&line.kind, &line.body), "nothing is lost or made up");
        kinds.insert(kind);
    }
    assert_eq!(kinds.len(), KINDS_V1);
}

#[test]
fn the_journal_of_version_1_folds_to_its_services() {
    let book = folded();
    let web = book.state(&"web".into()).unwrap();
    assert_eq!((&web.halt, &web.lock), (&None, &None));
    let bad: Vec<_> = web.marked_bad.iter().map(|(id, by)| (id.clone(), *by)).collect();
    assert_eq!(bad, [(id_of("v42"), FIRST)]);
    let seen = SeenPointer {
        live: Live::At(id_of("v41")),
        assignment: Assignment::Off,
        at: DAWN + Span::seconds(455),
    };
    assert_eq!(web.seen, Some(seen));
    assert_eq!(web.missed_codes[&person("eve")], (1, DAWN));
    assert_eq!(*book.state(&"api".into()).unwrap(), ServiceState::default());
    assert_eq!(book.next_incident(), IncidentId(5));
    assert_eq!(book.newest[&"web".into()], IncidentId(4));
    assert_eq!(book.newest[&"api".into()], IncidentId(3));
}

#[test]
fn the_journal_of_version_1_folds_to_its_long_incident() {
    let book = folded();
    let incident = &book.incidents[&FIRST];
    assert_eq!(incident.title, "checkout answers 500");
    assert_eq!(incident.opened_at, DAWN + Span::seconds(1));
    assert_eq!(incident.opened_by, Actor::Person(person("ana")));
    assert_eq!(incident.notes[0].text, "since 02:10, <@U1> \"saw\" it");
    assert_eq!((&incident.trouble, &incident.needs_person), (&None, &None));
    let resolution = incident.resolution.as_ref().unwrap();
    assert_eq!((resolution.exit, &resolution.by), (Exit::ByHand, &person("lee")));
    assert_eq!(incident.closed_at, Some(DAWN + Span::seconds(1055)));

    let count = |fits: fn(&Answer) -> bool| incident.asked.values().filter(|one| fits(one)).count();
    assert_eq!(count(|one| matches!(one, Answer::Expired)), 1);
    assert_eq!(count(|one| matches!(one, Answer::Cancelled(..))), 1);
    assert_eq!(count(|one| matches!(one, Answer::Voided(Void::AssignmentChanged))), 2);
    assert_eq!(count(|one| matches!(one, Answer::Voided(Void::RightsLost))), 1);
    assert_eq!(count(|one| matches!(one, Answer::Confirmed(..))), 1);
    assert_eq!(count(|one| matches!(one, Answer::Open)), 0);

    let Layer1::Settled(flip) = &incident.layer1 else { panic!("the flip came to its end") };
    assert_eq!(flip.confirmed_by, person("ana"));
    assert_eq!((flip.attempts, &flip.stage, &flip.failure), (2, &Stage::Done, &None));
    assert_eq!(flip.confirmation.from.id, id_of("v42"));
    assert_eq!(flip.confirmation.to.deployment.id, id_of("v41"));
    assert_eq!(flip.confirmation.bound.assignment, Assignment::On);
    assert_eq!(flip.assignment, Some(Assignment::Off));
    assert_eq!(flip.switch.as_ref().unwrap().last, Some(Outcome::Accepted));
    assert_eq!(flip.proof, Some(Proof::Proven(DAWN + Span::seconds(455))));
}

#[test]
fn the_journal_of_version_1_folds_to_its_other_incidents() {
    let book = folded();
    let failed = book.incidents[&IncidentId(2)].flip().unwrap();
    let why = "is already current".to_owned();
    assert_eq!(failed.failure, Some(FlipFailure::Refused { why }));
    let blip = &book.incidents[&IncidentId(3)];
    assert_eq!(blip.resolution.as_ref().unwrap().exit, Exit::Blip);
    assert_eq!((&blip.layer1, blip.previous), (&Layer1::Idle, Some(IncidentId(2))));
    let open = &book.incidents[&IncidentId(4)];
    assert_eq!((open.is_open(), open.previous), (true, Some(FIRST)));
    assert_eq!(open.waiting().unwrap().to.deployment.id, DeploymentId::from("dpl_v40"));
}

#[test]
fn the_fold_never_fails_however_a_journal_was_mutilated() {
    let lines: Vec<_> = Line::all().iter().map(|line| (line.stream(), line.envelope())).collect();
    let mut backwards = lines.clone();
    backwards.reverse();
    let doubled: Vec<_> = lines.iter().flat_map(|line| [line.clone(), line.clone()]).collect();
    let streams: Vec<_> = lines.iter().map(|(stream, _)| stream.clone()).rev().collect();
    let astray: Vec<_> =
        streams.into_iter().zip(lines.iter().map(|(_, event)| event.clone())).collect();
    for journal in [backwards, doubled, astray] {
        let mut book = Book::default();
        for (stream, envelope) in &journal {
            apply(&mut book, stream, envelope);
        }
        let counted: u64 = book.versions.values().map(|version| version.0).sum();
        assert_eq!(counted, journal.len() as u64);
    }
    // A journal that is cut off anywhere folds to what was true then.
    for end in 0..lines.len() {
        let mut book = Book::new(["web", "api"].map(service));
        for (stream, envelope) in &lines[..end] {
            apply(&mut book, stream, envelope);
        }
    }
}

#[test]
fn an_effect_that_is_not_the_flips_changes_nothing() {
    let mut story = Story::sending();
    let before = story.incident().clone();
    let effect = || EffectId::from("eff_other");
    let events = [
        Emitted::flip(
            FIRST,
            FlipEvent::EffectStarted { effect: effect(), attempt: 9, job_before: None },
        ),
        Emitted::flip(
            FIRST,
            FlipEvent::EffectEnded { effect: effect(), outcome: Outcome::Accepted },
        ),
        Emitted::incident(
            FIRST,
            IncidentEvent::EffectDropped { effect: effect(), why: Void::Stale },
        ),
    ];
    apply_all(&mut story.book, &events, &Actor::Bot, DAWN);
    assert_eq!(*story.incident(), before);
}
