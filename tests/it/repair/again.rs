//! After the promote: a fix that breaks production again is noticed, and one press brings the good deployment back.

use std::sync::Arc;

use repoint::domain::time::Span;
use serde_json::Value;

use super::{
    asks_for_the_promote, merged, merges, opens_the_revert, plays, promotes, until_resolved,
    verifies,
};
use crate::harness::{GOOD, World};

/// The fix is promoted and breaks production; the card asks whether to go back.
async fn breaks_again(w: &Arc<World>) -> String {
    opens_the_revert(w).await;
    merges(w).await;
    verifies(w).await;
    w.vercel_trap("fix_breaks", "/promote/", Value::Null);
    asks_for_the_promote(w).await;
    w.user("ana").presses("Confirm").await;
    w.passes_until("the question", || w.card_says("roll back?")).await;
    assert_eq!(w.live(), merged(w));
    merged(w)
}

#[test]
fn a_fix_that_breaks_production_again_is_noticed_and_one_press_brings_the_good_one_back() {
    plays(async |w| {
        let fix = breaks_again(&w).await;
        let told = w.incidents();
        assert!(told.contains("Production fails after the promote"), "{told}");
        assert!(told.contains("checkout: GET /checkout"), "{told}");
        w.user("lee").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        w.settle().await;
        assert_eq!(w.live(), GOOD, "what was live before the promote comes first");
        assert!(!w.models.vercel.auto_assign("shop"), "it is pinned again");
        assert_eq!(w.incidents_opened(), 1, "on the same card");
        let bad = w.id_of(&fix);
        w.user("ana").types(&format!("/promote shop {bad}")).await;
        w.passes(Span::seconds(3)).await;
        let told = w.incidents();
        assert!(told.contains(&format!("`{bad}` was marked bad")), "{told}");
        assert_eq!(w.live(), GOOD);
        assert!(!w.card_says("resolved"), "{}", w.headline());
        assert!(!w.stakeholders().contains("resolved"), "{}", w.stakeholders());
    });
}

#[test]
fn a_fix_that_breaks_production_is_noticed_by_the_bot_that_is_started_in_the_watch() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        w.passes(Span::minutes(2)).await;
        w.bot_dies();
        let id = repoint::domain::ids::DeploymentId::from(w.id_of(&merged(&w)).as_str());
        w.models.vercel.set_health("shop", &id, repoint::world::vercel::Health::BreaksCheckout);
        w.bot_starts().await;
        w.passes_until("the question", || w.card_says("roll back?")).await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
    });
}

#[test]
fn the_watch_goes_on_over_a_restart_and_is_not_cut_short() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        w.passes(Span::minutes(2)).await;
        w.bot_dies();
        w.bot_starts().await;
        w.passes(Span::minutes(2)).await;
        assert!(w.card_says("watching production"), "{}", w.headline());
        assert!(!w.stakeholders().contains("resolved"), "{}", w.stakeholders());
        until_resolved(&w).await;
        assert_eq!(w.live(), merged(&w));
    });
}

#[test]
fn one_bad_look_in_the_watch_is_looked_at_again_and_passes() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        promotes(&w).await;
        w.trap("shop", "status", "GET /checkout", serde_json::json!({"status": 500, "skip": 1}));
        w.passes(Span::seconds(40)).await;
        let told = w.incidents();
        assert!(told.contains("A look at production failed"), "{told}");
        assert!(told.contains("well at the next look"), "{told}");
        until_resolved(&w).await;
        assert_eq!((w.live(), w.rollbacks_sent()), (merged(&w), 1));
    });
}

#[test]
fn a_production_that_gives_error_pages_of_the_provider_or_nothing_has_failed() {
    for (kind, with) in [("status", serde_json::json!({"status": 502})), ("dropped", Value::Null)] {
        plays(async |w| {
            opens_the_revert(&w).await;
            merges(&w).await;
            verifies(&w).await;
            promotes(&w).await;
            w.traps("shop", kind, "GET /", with, None);
            w.passes_until("the question", || w.card_says("roll back?")).await;
            w.troubles_are_over();
            w.user("ana").presses("Confirm").await;
            w.passes_until("the proof", || w.card_says("proven")).await;
            assert_eq!(w.live(), GOOD);
        });
    }
}
