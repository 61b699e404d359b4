//! How the promote ends, and that automatic assignment is afterwards what it was before the incident.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::vercel::AutoAssign;
use serde_json::{Value, json};

use super::{
    asks_for_the_promote, merged, merges, opens_the_revert, plays, plays_with, promotes,
    until_resolved, verifies,
};
use crate::harness::{GOOD, Settings, World};

/// Everything up to the verified fix.
async fn until_verified(w: &Arc<World>) {
    opens_the_revert(w).await;
    merges(w).await;
    verifies(w).await;
}

/// Ana asks for the promote and confirms it.
async fn confirms_the_promote(w: &Arc<World>) {
    asks_for_the_promote(w).await;
    w.user("ana").presses("Confirm").await;
    w.settle().await;
}

fn staged(text: String) -> String {
    text.replace("provider = \"vercel\"", "provider = \"vercel\"\nassignment = \"staged\"")
}

#[test]
fn a_team_that_stages_every_release_ends_with_automatic_assignment_off() {
    for edit in [None, Some(staged as fn(String) -> String)] {
        plays_with(Settings { edit, ..Settings::default() }, async |w| {
            w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
            until_verified(&w).await;
            asks_for_the_promote(&w).await;
            assert!(w.incidents().contains("Automatic assignment stays off"), "{}", w.incidents());
            w.user("ana").presses("Confirm").await;
            w.passes_until("the watch", || w.card_says("promoted, watching production")).await;
            assert!(!w.models.vercel.auto_assign("shop"), "as before the incident");
            until_resolved(&w).await;
            assert!(!w.models.vercel.auto_assign("shop"));
            assert_eq!(w.live(), merged(&w));
        });
    }
}

#[test]
fn automatic_assignment_that_the_promote_leaves_off_is_switched_on_by_a_second_call() {
    plays(async |w| {
        until_verified(&w).await;
        w.vercel_trap("assignment_stays_off", "/promote/", Value::Null);
        promotes(&w).await;
        assert!(w.models.vercel.auto_assign("shop"));
        assert_eq!(w.calls("PATCH ").len(), 1);
        until_resolved(&w).await;
    });
}

#[test]
fn a_promote_that_waits_behind_a_rolling_release_is_waited_for() {
    plays(async |w| {
        until_verified(&w).await;
        w.vercel_trap("rolling_release", "/promote/", json!({"seconds": 120}));
        confirms_the_promote(&w).await;
        assert!(w.incidents().contains("behind a rolling release"), "{}", w.incidents());
        w.passes(Span::minutes(1)).await;
        assert_eq!(w.live(), GOOD);
        assert!(w.card_says("promoting"), "{}", w.headline());
        w.passes_until("the watch", || w.card_says("promoted, watching production")).await;
        assert_eq!((w.live(), w.calls("POST /v10").len()), (merged(&w), 1));
        until_resolved(&w).await;
    });
}

#[test]
fn a_promote_to_where_somebody_has_just_put_it_is_taken_for_done() {
    plays(async |w| {
        until_verified(&w).await;
        let to = w.id_of(&merged(&w));
        w.vercel_trap("other_operator", "/promote/", json!({ "to": to }));
        confirms_the_promote(&w).await;
        w.passes_until("the watch", || w.card_says("promoted, watching production")).await;
        assert!(w.models.vercel.auto_assign("shop"));
        until_resolved(&w).await;
        assert_eq!(w.live(), merged(&w));
    });
}

#[test]
fn a_promote_that_the_provider_skips_or_that_fails_is_said_and_can_be_asked_for_again() {
    for (kind, with, said) in [
        ("job_skipped", Value::Null, "skipped"),
        ("job_failed", json!({"aliases": ["www.shop.example.com"]}), "www.shop.example.com"),
    ] {
        plays(async |w| {
            until_verified(&w).await;
            w.vercel_trap(kind, "/promote/", with);
            confirms_the_promote(&w).await;
            w.passes_until("the failure", || w.card_says("the promote failed")).await;
            assert!(w.incidents().contains(said), "{kind}: {}", w.incidents());
            assert!(w.pointer_is_free(), "{kind}");
            w.passes(Span::minutes(1)).await;
            promotes(&w).await;
            until_resolved(&w).await;
            assert_eq!(w.live(), merged(&w), "{kind}");
            assert!(w.models.vercel.auto_assign("shop"), "{kind}");
        });
    }
}

#[test]
fn a_promote_whose_answer_is_lost_is_found_and_not_repeated() {
    plays(async |w| {
        until_verified(&w).await;
        w.vercel_trap("lost_answer", "/promote/", Value::Null);
        promotes(&w).await;
        let promotes = w.calls("/promote/");
        assert_eq!(promotes.iter().filter(|call| call.method == "POST").count(), 1);
        until_resolved(&w).await;
    });
}
