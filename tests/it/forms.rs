//! Reasons given by a form: the button, the form, what comes of it, and what does not.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::github::is_possible;
use serde_json::Value;

use crate::harness::{GOOD, Settings, World};
use crate::migrations::drops_a_column;

const WHY: &str = "coupons are switched off";

/// Ana asked for a rollback over a dropped column; nobody can confirm it yet.
async fn trapped(w: &Arc<World>) {
    w.user("ana").types("/rollback").await;
    w.settle().await;
    assert!(!w.user("bo").sees("Confirm"), "{}", w.incidents());
}

/// From the button to production, which another person moves.
pub async fn a_reason_is_given(w: &Arc<World>) {
    trapped(w).await;
    let stored = "SELECT count(*) FROM deliveries";
    let before = w.rows(stored);
    w.user("ana").opens("Give a reason").await;
    assert_eq!(w.rows(stored), before, "asking stores nothing");
    assert_eq!(w.user("ana").fills_in(WHY).await, None);
    w.settle().await;
    assert!(w.incidents().contains(WHY), "{}", w.incidents());
    let said = w.user("ana").hears_on_pressing("Confirm").await;
    assert!(said.contains("a second person has to press Confirm"), "{said}");
    assert_eq!(w.rollbacks_sent(), 0);
    w.user("bo").presses("Confirm").await;
    w.passes_until("the proof", || w.card_says("proven")).await;
    assert_eq!((w.rollbacks_sent(), w.live().as_str()), (1, GOOD));
}

#[test]
fn a_reason_given_by_a_form_and_a_second_person_roll_back_over_a_dropped_column() {
    if is_possible() {
        World::run_with(drops_a_column(), async |w| a_reason_is_given(&w).await);
    }
}

#[test]
fn the_same_form_works_over_socket_mode() {
    if is_possible() {
        let settings = Settings { socket_mode: true, ..drops_a_column() };
        World::run_with(settings, async |w| a_reason_is_given(&w).await);
    }
}

#[test]
fn a_form_that_is_sent_after_somebody_cancelled_gets_a_true_answer_and_moves_nothing() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        w.user("ana").opens("Give a reason").await;
        w.user("lee").presses("Cancel").await;
        w.settle().await;
        assert_eq!(w.user("ana").fills_in(WHY).await, None);
        w.settle().await;
        let told = w.user("ana").was_told();
        assert!(told.contains("Cancelled: ") && told.contains("took it back"), "{told}");
        assert!(!w.user("bo").sees("Confirm"));
        w.passes(Span::minutes(6)).await;
        assert_eq!(w.rollbacks_sent(), 0);
        assert!(!w.incidents().contains(WHY), "it stands nowhere: {}", w.incidents());
    });
}

#[test]
fn a_form_that_is_delivered_again_counts_once() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        w.user("ana").opens("Give a reason").await;
        w.trap("slack", "duplicate", "POST /slack/interactions", Value::Null);
        assert_eq!(w.user("ana").fills_in(WHY).await, None);
        w.settle().await;
        assert_eq!(w.models.slack.redeliver_last().await, Ok(200), "answered as the first time");
        w.settle().await;
        let asked = w.rows("SELECT count(*) FROM events WHERE kind = 'rollback_requested'");
        assert_eq!(asked, 2, "ana's command and her form");
        w.user("bo").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_form_outlives_a_restart() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        w.user("ana").opens("Give a reason").await;
        w.bot_dies();
        w.bot_starts().await;
        assert_eq!(w.user("ana").fills_in(WHY).await, None);
        w.settle().await;
        assert!(w.user("bo").sees("Confirm"), "{}", w.incidents());
    });
}

#[test]
fn a_reason_that_says_nothing_keeps_the_form_open() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        w.user("ana").opens("Give a reason").await;
        let wrong = w.user("ana").fills_in(" \u{200b} ").await.expect("it stays open");
        assert!(wrong.contains("A reason is needed"), "{wrong}");
        assert_eq!(w.user("ana").fills_in(WHY).await, None);
        w.settle().await;
        assert!(w.user("bo").sees("Confirm"));
    });
}

#[test]
fn nobody_without_a_right_is_asked_for_a_reason() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        let said = w.user("eve").hears_on_pressing("Give a reason").await;
        assert!(said.contains("not on this service"), "{said}");
        assert!(!w.user("eve").has_a_form());
    });
}

#[test]
fn one_whose_form_does_not_open_is_told_what_to_do_instead() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        w.trap(
            "slack",
            "ok_false",
            "views.open",
            serde_json::json!({"error": "expired_trigger_id"}),
        );
        w.user("ana").presses("Give a reason").await;
        w.until("a word", || w.user("ana").was_told().contains("did not open in time")).await;
        assert!(!w.user("ana").has_a_form());
        w.user("ana").opens("Give a reason").await;
    });
}

#[test]
fn the_typed_twin_of_the_button_says_what_to_type() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        trapped(&w).await;
        let code = w.user("ana").code_for("Give a reason").await;
        w.user("ana").types(&format!("/incident press {code}")).await;
        w.settle().await;
        let line = format!("/rollback shop {} &lt;reason&gt;", w.id_of(GOOD));
        assert!(w.user("ana").was_told().contains(&line), "{}", w.user("ana").was_told());
    });
}
