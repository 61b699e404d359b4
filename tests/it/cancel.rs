//! Changing one's mind: Cancel, another target, and what is still to be seen afterwards.

use repoint::domain::time::Span;
use serde_json::json;

use crate::harness::{BAD, GOOD, OLDER, World};

#[test]
fn cancel_before_confirm_ends_the_question() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.user("bo").presses("Cancel").await;
        w.settle().await;
        assert!(w.incidents().contains("<@U01BO> cancelled. Nothing was sent."));
        assert!(!w.user("ana").sees("Confirm"), "{}", w.incidents());
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
    });
}

#[test]
fn cancel_while_the_target_is_looked_for_works_from_the_immediate_answer() {
    World::run(async |w| {
        w.traps("vercel", "status", "GET /v9/projects", json!({"status": 503}), None);
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.user("ana").presses("Cancel").await;
        w.models.ledger.disarm_all();
        w.passes(Span::seconds(30)).await;
        assert!(!w.card_says("roll back?"), "{}", w.incidents());
        assert_eq!(w.rollbacks_sent(), 0);
    });
}

#[test]
fn cancel_after_it_was_sent_comes_too_late_and_says_so() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let code = w.user("ana").code_for("Cancel").await;
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        let said = w.user("ana").hears_on_typing(&format!("/incident press {code}")).await;
        assert!(said.contains("Too late to cancel"), "{said}");
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

#[test]
fn rollback_asked_again_is_answered_with_its_card_and_opens_no_second_incident() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let said = w.user("bo").hears_on_typing("/rollback shop").await;
        assert!(said.contains("#1 shop: roll back?"), "{said}");
        assert!(said.contains("\"Confirm\""), "{said}");
        assert_eq!(w.incidents_opened(), 1);
        // The answer's own button works as the card's does.
        w.user("bo").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        let said = w.user("bo").hears_on_typing("/rollback").await;
        assert!(said.contains("#1 shop: proven"), "{said}");
        assert_eq!((w.incidents_opened(), w.rollbacks_sent()), (1, 1));
    });
}

#[test]
fn another_target_takes_the_place_of_the_one_that_waits() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let first = w.user("bo").code_for("Confirm").await;
        w.user("bo").types(&format!("/rollback {OLDER}")).await;
        w.settle().await;
        let said = w.user("bo").hears_on_typing(&format!("/incident press {first}")).await;
        assert!(said.contains("fits none of your buttons"), "{said}");
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, OLDER.to_owned()));
        assert_eq!(w.incidents_opened(), 1);
    });
}

#[test]
fn a_card_that_was_overtaken_is_not_obeyed() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        // Bo's copy of the card keeps the first question's button.
        w.user("bo").types("/rollback").await;
        w.settle().await;
        w.user("ana").types(&format!("/rollback {OLDER}")).await;
        w.settle().await;
        let said = w.user("bo").hears_on_pressing("Confirm").await;
        assert!(said.contains("Nothing was sent: another target was asked for"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
    });
}

#[test]
fn choose_another_shows_the_others_in_private_and_asks_for_a_fresh_confirm() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let said = w.user("bo").hears_on_pressing("Choose another").await;
        assert!(said.contains("#1 shop: other targets"), "{said}");
        w.user("bo").presses(&format!("Choose {OLDER}")).await;
        w.settle().await;
        assert_eq!(w.rollbacks_sent(), 0);
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, OLDER.to_owned()));
    });
}

#[test]
fn show_card_shows_it_in_private_to_the_one_who_asks() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let said = w.user("ana").hears_on_pressing("Show card").await;
        assert!(said.contains("#1 shop: roll back?") && said.contains("\"Confirm\""), "{said}");
        assert_eq!(w.rollbacks_sent(), 0);
    });
}
