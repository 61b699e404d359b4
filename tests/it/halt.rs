//! `/incident halt` and `resume`: nothing is sent while the bot is halted, also after a restart.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::slack::Message;
use serde_json::json;

use crate::harness::{BAD, GOOD, World};

/// Ana has confirmed, but the reading right before the send fails, so that nothing is sent yet. The reading at the press
/// is the one that passes.
async fn confirmed_but_not_sent(w: &Arc<World>) {
    w.user("ana").types("/rollback").await;
    w.settle().await;
    w.traps("vercel", "status", "GET /v9/projects", json!({"status": 503, "skip": 1}), None);
    w.user("ana").presses("Confirm").await;
    w.settle().await;
    assert!(w.incidents().contains("<@U01ANA> confirmed"), "{}", w.incidents());
    nothing_moved(w);
}

fn nothing_moved(w: &World) {
    assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
}

#[test]
fn what_was_confirmed_but_not_sent_stays_unsent_over_a_restart_until_a_lead_resumes() {
    World::run(async |w| {
        confirmed_but_not_sent(&w).await;
        let said = w.user("bo").hears_on_typing("/incident halt").await;
        assert!(said.contains("*Halted*: nothing is sent for shop"), "{said}");
        w.models.ledger.disarm_all();
        w.passes(Span::seconds(30)).await;
        nothing_moved(&w);
        w.bot_dies();
        w.bot_starts().await;
        w.passes(Span::seconds(30)).await;
        nothing_moved(&w);
        let said = w.user("lee").hears_on_typing("/incident resume shop the target is right").await;
        assert!(said.contains("*Resumed*: shop"), "{said}");
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

#[test]
fn what_was_confirmed_more_than_five_minutes_ago_is_asked_anew() {
    World::run(async |w| {
        confirmed_but_not_sent(&w).await;
        w.user("ana").types("/incident halt shop the wrong target").await;
        w.models.ledger.disarm_all();
        w.passes(Span::minutes(6)).await;
        w.user("lee").types("/incident resume shop looked at it").await;
        w.passes(Span::seconds(10)).await;
        nothing_moved(&w);
        assert!(w.card_says("roll back?"), "{}", w.incidents());
    });
}

#[test]
fn what_was_confirmed_and_not_sent_can_still_be_cancelled_while_halted() {
    World::run(async |w| {
        confirmed_but_not_sent(&w).await;
        w.user("ana").types("/incident halt").await;
        w.user("bo").presses("Cancel").await;
        w.models.ledger.disarm_all();
        w.user("lee").types("/incident resume shop it was cancelled").await;
        w.passes(Span::seconds(30)).await;
        nothing_moved(&w);
        // The trouble is over with the reading that met it.
        assert!(!last_card(&w).contains("Cannot read the provider"), "{}", w.incidents());
    });
}

/// What the live card says, without its thread.
fn last_card(w: &World) -> String {
    let messages = w.models.slack.messages(w.models.slack.channel_id("incidents"));
    let is_card =
        |one: &&Message| one.blocks.first().is_some_and(|block| block["type"] == "header");
    let card = messages.iter().rev().find(is_card);
    card.map(|card| json!(card.blocks).to_string()).unwrap_or_default()
}

#[test]
fn a_halt_voids_the_question_and_nobody_can_confirm_until_it_is_lifted() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let code = w.user("ana").code_for("Confirm").await;
        w.user("bo").types("/incident halt").await;
        w.settle().await;
        assert!(!w.user("ana").sees("Confirm"), "{}", w.incidents());
        w.user("ana").types(&format!("/incident press {code}")).await;
        w.user("ana").presses("Ask again").await;
        w.settle().await;
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("The bot is halted: <@U01BO> said so"), "{said}");
        nothing_moved(&w);
        w.user("lee").types("/incident resume shop go on").await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn eve_cannot_halt_and_only_a_lead_can_resume() {
    World::run(async |w| {
        let said = w.user("eve").hears_on_typing("/incident halt").await;
        assert!(said.contains("not on this service's list"), "{said}");
        let said = w.user("lee").hears_on_typing("/incident resume shop no need").await;
        assert!(said.contains("not halted"), "{said}");
        w.user("bo").types("/incident halt").await;
        for line in ["/incident resume shop I want to", "/incident resume reason I want to"] {
            let said = w.user("ana").hears_on_typing(line).await;
            assert!(
                said.contains("You are a responder") && said.contains("needs a lead"),
                "{said}"
            );
        }
        let said = w.user("lee").hears_on_typing("/incident resume").await;
        assert!(said.contains("The reason is missing"), "{said}");
        let said = w.user("ana").hears_on_typing("/incident status").await;
        assert!(said.contains("*Halted* by <@U01BO>"), "{said}");
        let said = w.user("lee").hears_on_typing("/incident resume reason it is well").await;
        assert!(said.contains("*Resumed*: shop"), "{said}");
    });
}
