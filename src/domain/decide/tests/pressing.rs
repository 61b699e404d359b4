//! Presses on the card: one wins, everybody else learns the truth.

use crate::domain::action::Action;
use crate::domain::decide::Request;
use crate::domain::deployment::{Assignment, JobKind, JobStatus, Live};
use crate::domain::event::{Effect, Event, IncidentEvent, Wish};
use crate::domain::fixture::{DAWN, FIRST, Story, deployment, id_of, job, person, policy, service};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Answer, Layer1, Stage};
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Span;

/// A change of the world, and what it does to a question that is open.
type Change = (&'static str, fn(&mut Story), Void);

/// Everything that a confirmation is bound to, one change each.
pub(super) const CHANGES: [Change; 6] = [
    ("the pointer", |story| story.web().pointer.live = Live::At(id_of("v43")), Void::PointerMoved),
    ("half the names", |story| story.web().pointer.live = Live::Split(vec![]), Void::PointerMoved),
    ("no pointer", |story| story.web().pointer.live = Live::Nothing, Void::PointerMoved),
    ("the flag", |story| story.web().pointer.assignment = Assignment::Off, Void::AssignmentChanged),
    (
        "a job",
        |story| {
            let promote = job(JobKind::Promote, ("v42", "v43"), JobStatus::Running);
            story.web().pointer.job = Some(promote);
        },
        Void::JobPending,
    ),
    ("the config", |story| story.reconfigure("digest-2"), Void::ConfigChanged),
];

#[test]
fn confirm_uses_the_question_up_and_takes_the_lock() {
    let mut story = Story::waiting();
    let question = story.question();
    assert_eq!(story.confirms("bo").kinds, ["flip_confirmed", "pointer_locked"]);
    let flip = story.flip();
    assert_eq!(flip.confirmed_by, person("bo"));
    assert_eq!(flip.confirmation.id, question);
    assert_eq!(flip.stage, Stage::Intended { not_before: DAWN });
    let reason = "repoint incident #1: rollback of web".to_owned();
    assert_eq!(flip.intent, Effect::Rollback { to: id_of("v41"), reason });
    let lock = story.book.state(&"web".into()).unwrap().lock.as_ref().unwrap();
    assert_eq!((lock.incident, &lock.effect), (FIRST, &flip.effect));
}

#[test]
fn the_reason_that_the_provider_shows_has_at_most_250_characters() {
    let mut story = Story::new();
    let wish = Wish { reason: Some("ü".repeat(400)), ..Wish::default() };
    story.asks("ana", &Request::StartRollback { service: "web".into(), wish });
    story.resolves();
    story.confirms("ana");
    let Effect::Rollback { reason, .. } = &story.flip().intent else { panic!("a rollback") };
    assert_eq!(reason.chars().count(), 250);
    assert!(reason.starts_with("repoint incident #1: üü"));
}

#[test]
fn of_two_who_press_one_wins_and_the_other_learns_who() {
    let mut story = Story::waiting();
    let question = story.question();
    story.confirms("bo");
    story.passes(1);
    for who in ["ana", "bo"] {
        let reply = story.presses(who, Action::Confirm(question.clone()));
        let refused = Refusal::AlreadyConfirmed { by: person("bo"), at: DAWN };
        assert_eq!((reply.kinds.len(), reply.refusal), (0, Some(refused)));
    }
}

#[test]
fn a_press_that_is_refused_leaves_the_question_open() {
    let mut story = Story::waiting();
    assert!(story.confirms("eve").refusal.is_some());
    story.web().dark = Some("timeout");
    let refused = story.confirms("ana").refusal;
    assert_eq!(refused, Some(Refusal::CannotRead { why: "vercel: timeout".to_owned() }));
    story.web().dark = None;
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_role_that_was_lost_since_the_card_was_put_does_not_count() {
    let mut story = Story::waiting();
    story.policy = policy([]);
    let refused = story.confirms("ana").refusal;
    assert!(matches!(refused, Some(Refusal::NotAllowed { has: None, .. })));
}

#[test]
fn a_press_after_the_end_is_too_late_even_before_the_end_was_noted() {
    let mut story = Story::waiting();
    story.passes(300);
    assert_eq!(story.confirms("ana").refusal, Some(Refusal::Expired));
    let question = story.question();
    assert_eq!(story.bot(&Request::Expire(FIRST)).kinds, ["confirmation_expired"]);
    assert_eq!(story.incident().asked[&question], Answer::Expired);
    let reply = story.presses("ana", Action::Confirm(question));
    assert_eq!(reply.refusal, Some(Refusal::Expired));
}

#[test]
fn a_question_does_not_end_before_its_time() {
    let mut story = Story::waiting();
    story.now = story.now + Span::seconds(300) - Span(1);
    assert_eq!(story.bot(&Request::Expire(FIRST)).kinds, [""; 0]);
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
    assert_eq!(story.bot(&Request::Expire(FIRST)).kinds, [""; 0]);
}

#[test]
fn a_press_in_time_counts_although_it_is_looked_at_a_little_later() {
    let mut story = Story::waiting();
    let (action, pressed_at) = (Action::Confirm(story.question()), DAWN + Span::seconds(299));
    story.passes(310);
    let press = Request::Press { incident: FIRST, action, pressed_at };
    assert_eq!(story.asks("ana", &press).kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_press_that_nobody_looked_at_for_as_long_as_a_question_lasts_moves_nothing() {
    // Stored just before the bot went down for an hour.
    let mut story = Story::waiting();
    let (action, pressed_at) = (Action::Confirm(story.question()), DAWN + Span::seconds(10));
    story.passes(3600);
    let press = Request::Press { incident: FIRST, action, pressed_at };
    assert_eq!(story.asks("ana", &press).refusal, Some(Refusal::Expired));
}

#[test]
fn a_press_after_cancel_learns_who_took_it_back() {
    let mut story = Story::waiting();
    let question = story.question();
    assert_eq!(story.presses("bo", Action::Cancel).kinds, ["rollback_cancelled"]);
    let refused = story.presses("ana", Action::Confirm(question)).refusal;
    assert_eq!(refused, Some(Refusal::Cancelled { by: person("bo"), at: DAWN }));
    assert_eq!(story.presses("bo", Action::Cancel).refusal, Some(Refusal::NothingToCancel));
}

#[test]
fn a_change_of_what_it_is_bound_to_voids_the_question_and_asks_anew() {
    for (what, change, why) in CHANGES {
        let mut story = Story::waiting();
        let old = story.question();
        change(&mut story);
        let reply = story.confirms("ana");
        assert_eq!(reply.kinds, ["confirmation_voided"], "{what}");
        assert_eq!(reply.refusal, Some(Refusal::Voided(why)), "{what}");
        let Layer1::Resolving(again) = story.layer1() else { panic!("{what}: no fresh card") };
        assert_eq!((again.again, &again.by), (Some(why), &person("ana")), "{what}");
        let late = story.presses("bo", Action::Confirm(old)).refusal;
        assert_eq!(late, Some(Refusal::Voided(why)), "{what}");
    }
}

#[test]
fn a_fresh_card_is_bound_to_the_world_as_it_is_now() {
    let mut story = Story::waiting();
    let old = story.question();
    story.web().pointer.assignment = Assignment::Off;
    story.confirms("ana");
    assert_eq!(story.resolves().kinds, ["changes_read", "confirmation_issued"]);
    assert_ne!(story.question(), old);
    assert_eq!(story.incident().waiting().unwrap().bound.assignment, Assignment::Off);
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_target_that_was_named_stays_named_on_the_fresh_card() {
    let mut story = Story::new();
    story.rollback("ana", Some("c0ffee40"));
    story.resolves();
    story.web().pointer.live = Live::At(id_of("v41"));
    story.confirms("ana");
    story.resolves();
    let question = story.incident().waiting().unwrap();
    assert_eq!(question.from, deployment("v41"));
    assert_eq!(question.to.deployment, deployment("v40"));
    assert_eq!(question.named.as_deref(), Some("c0ffee40"));
}

#[test]
fn notes_new_members_and_jobs_that_are_over_do_not_void_a_question() {
    let mut story = Story::waiting();
    let note = Request::AddNote { incident: FIRST, text: "looking at the logs".to_owned() };
    assert_eq!(story.asks("bo", &note).kinds, ["note_added"]);
    assert_eq!(story.incident().notes[0].text, "looking at the logs");
    story.lists("web", "eve", Some(crate::domain::actor::Role::Responder));
    story.web().deployments.insert(0, deployment("v43"));
    let over = job(JobKind::Promote, ("v41", "v42"), JobStatus::Succeeded);
    story.web().pointer.job = Some(over);
    assert_eq!(story.confirms("eve").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn a_halt_voids_the_question_and_no_fresh_card_comes_by_itself() {
    let mut story = Story::waiting();
    let question = story.question();
    assert_eq!(story.halts("ana").kinds, ["halted", "confirmation_voided"]);
    assert!(matches!(story.layer1(), Layer1::Lapsed(_, Void::Halted)));
    let refused = story.presses("ana", Action::Confirm(question)).refusal;
    assert_eq!(refused, Some(Refusal::Voided(Void::Halted)));
    // Asked anew during the halt, the card is there but does not move anything.
    story.presses("ana", Action::Renew);
    story.resolves();
    let refused = Refusal::Halted { by: person("ana"), since: DAWN };
    assert_eq!(story.confirms("ana").refusal, Some(refused));
    story.resumes("lee");
    assert_eq!(story.confirms("ana").kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn choosing_another_target_asks_for_it() {
    let mut story = Story::waiting();
    let question = story.question();
    let show = story.presses("ana", Action::ChooseAnother(question.clone()));
    assert_eq!((show.kinds.len(), show.refusal), (0, None));
    let choose = Action::Choose(question.clone(), id_of("v40"));
    assert_eq!(story.presses("bo", choose.clone()).kinds, ["rollback_requested"]);
    story.resolves();
    assert_eq!(story.incident().waiting().unwrap().to.deployment, deployment("v40"));
    // The list belongs to a card that is gone.
    let late = story.presses("ana", choose).refusal;
    assert_eq!(late, Some(Refusal::Voided(Void::Superseded)));
}

#[test]
fn a_chosen_target_passes_the_same_guards_as_a_typed_one() {
    let mut story = Story::waiting();
    story.presses("ana", Action::Choose(story.question(), id_of("v42")));
    story.resolves();
    assert_eq!(story.incident().refused, Some(Refusal::AlreadyLive(id_of("v42"))));
}

#[test]
fn an_expired_card_offers_another_target_and_a_fresh_start() {
    for choose_another in [false, true] {
        let mut story = Story::waiting();
        let question = story.question();
        story.passes(300);
        story.bot(&Request::Expire(FIRST));
        let (action, expected) = if choose_another {
            (Action::Choose(question, id_of("v40")), "v40")
        } else {
            (Action::Renew, "v41")
        };
        assert_eq!(story.presses("bo", action).kinds, ["rollback_requested"]);
        story.resolves();
        let question = story.incident().waiting().unwrap();
        assert_eq!(question.to.deployment, deployment(expected));
        assert_eq!(question.expires_at, story.now + Span::minutes(5));
    }
}

#[test]
fn a_second_press_on_renew_finds_the_work_done() {
    let mut story = Story::waiting();
    story.passes(300);
    story.bot(&Request::Expire(FIRST));
    story.presses("bo", Action::Renew);
    let reply = story.presses("ana", Action::Renew);
    assert_eq!((reply.kinds.len(), reply.refusal), (0, None));
}

#[test]
fn buttons_of_nobody_are_refused() {
    let mut story = Story::waiting();
    let refused = story.presses("ana", Action::Confirm("cnf_forged".into())).refusal;
    assert_eq!(refused, Some(Refusal::UnknownButton));
    let refused = story.presses("ana", Action::Choose("cnf_forged".into(), id_of("v40"))).refusal;
    assert_eq!(refused, Some(Refusal::UnknownButton));
}

#[test]
fn a_button_of_one_incident_does_nothing_in_another() {
    let mut story = Story::of(&["web", "api"]);
    story.rollback("ana", None);
    story.rollback_of("api", "ana", None);
    story.resolves();
    let question = story.question();
    let refused = story.presses_in(IncidentId(2), "ana", Action::Confirm(question)).refusal;
    assert_eq!(refused, Some(Refusal::UnknownButton));
}

#[test]
fn a_pointer_that_another_incident_holds_is_refused_with_its_holder() {
    let mut story = Story::confirmed();
    let second = story.second_incident_of_web();
    story.bot(&Request::Resolve(second));
    let question = story.book.incidents[&second].waiting().unwrap().id.clone();
    let confirm = Action::Confirm(question);
    let refused = story.presses_in(second, "ana", confirm.clone()).refusal;
    assert_eq!(refused, Some(Refusal::PointerHeld { by: FIRST, since: DAWN }));
    // Once the first gave it back, the same button works.
    story.presses("bo", Action::Cancel);
    let reply = story.presses_in(second, "ana", confirm);
    assert_eq!(reply.kinds, ["flip_confirmed", "pointer_locked"]);
}

#[test]
fn ending_an_incident_does_not_free_a_pointer_that_another_holds() {
    let mut story = Story::confirmed();
    let second = story.second_incident_of_web();
    let close = Request::Close { incident: second, reason: Some("twin".to_owned()) };
    assert_eq!(story.asks("ana", &close).kinds, ["incident_resolved", "incident_closed"]);
    assert_eq!(story.book.state(&"web".into()).unwrap().lock.as_ref().unwrap().incident, FIRST);
}

#[test]
fn what_was_read_for_a_card_is_journaled_with_it() {
    let mut story = Story::new();
    story.rollback("ana", None);
    let reply = story.resolves();
    let Event::Incident(IncidentEvent::ConfirmationIssued { pointer, plan, .. }) =
        &reply.events[1].event
    else {
        panic!("a card");
    };
    assert_eq!((pointer.source.as_str(), pointer.read_at), ("vercel", DAWN));
    assert_eq!(pointer.get(), Some(&story.web().pointer));
    assert!(plan.get().is_some());
    assert_eq!(story.book.services[&"web".into()], service("web"));
}
