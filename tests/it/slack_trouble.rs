//! Slack itself has a bad night: it delivers twice, late, over a socket that goes away, or does not take what we say.
//! Talking never delays acting.

use std::sync::Arc;

use repoint::domain::time::{Span, Timestamp};
use serde_json::json;

use crate::harness::{GOOD, Settings, World};

#[test]
fn the_main_story_over_socket_mode_with_a_disconnect_in_the_middle() {
    let settings = Settings { socket_mode: true, ..Settings::default() };
    World::run_with(settings, async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.models.slack.disconnect_all("refresh_requested");
        w.bot_connects().await;
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        w.models.slack.disconnect_all("warning");
        w.passes_until("the proof", || w.card_says("proven")).await;
        w.bot_connects().await;
        let said = w.user("eve").hears_on_typing("/incident status").await;
        assert!(said.contains("#1 shop: proven"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

#[test]
fn what_slack_delivers_twice_counts_once_over_http_and_over_a_socket() {
    for socket_mode in [false, true] {
        let settings = Settings { socket_mode, ..Settings::default() };
        World::run_with(settings, async |w| {
            w.trap("slack", "duplicate", "/slack/commands", json!({}));
            w.trap("slack", "duplicate", "/slack/interactions", json!({}));
            w.user("ana").types("/rollback").await;
            w.settle().await;
            w.user("ana").presses("Confirm").await;
            w.passes_until("the proof", || w.card_says("proven")).await;
            assert_eq!((w.incidents_opened(), w.rollbacks_sent()), (1, 1));
            let said = w.incidents();
            assert_eq!(said.matches("<@U01ANA> confirmed").count(), 1, "{said}");
            assert!(!said.contains("Already confirmed"), "{said}");
        });
    }
}

#[test]
fn what_slack_delivers_late_works_as_ever() {
    World::run(async |w| {
        w.trap("slack", "delayed", "/slack/commands", json!({"ms": 1500}));
        let ana = w.user("ana");
        tokio::join!(ana.types("/rollback"), w.passes(Span::seconds(2)));
        w.settle().await;
        w.trap("slack", "delayed", "/slack/interactions", json!({"ms": 1500}));
        tokio::join!(ana.presses("Confirm"), w.passes(Span::seconds(2)));
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

/// When the rollback was sent.
fn sent_at(w: &World) -> Timestamp {
    let sent = w.calls("/rollback/").into_iter().find(|call| call.method == "POST");
    sent.expect("a rollback").at
}

/// Presses Confirm without a card: by its code, after asking for the codes.
async fn confirms_by_code(w: &Arc<World>) {
    let code = w.user("ana").code_for("Confirm").await;
    w.user("ana").types(&format!("/incident press {code}")).await;
}

#[test]
fn a_flip_does_not_wait_for_posts_that_slack_does_not_take_and_they_come_later_in_order() {
    World::run(async |w| {
        w.traps("slack", "status", "POST /api/chat.", json!({"status": 503}), None);
        w.user("ana").types("/rollback").await;
        w.settle().await;
        confirms_by_code(&w).await;
        let asked = sent_at_most(&w, Span::seconds(2)).await;
        w.passes_until("the flip", || w.live() == GOOD).await;
        assert_eq!(w.models.slack.messages("C01STK"), vec![], "nothing could be said yet");
        w.models.ledger.disarm_all();
        w.passes_until("the posts", || w.card_says("proven")).await;
        w.passes(Span::minutes(2)).await;
        said_in_order(&w);
        assert!(asked <= Span::seconds(2));
        let told = w.stakeholders();
        let (problem, better) = (told.find("we are on a problem"), told.find("back on an earlier"));
        assert!(problem.is_some() && problem < better, "{told}");
    });
}

/// Lets a little time pass until the rollback is sent; how long it took.
async fn sent_at_most(w: &World, longest: Span) -> Span {
    use repoint::engine::ports::Clock;
    let began = w.clock.now();
    w.settle().await;
    while w.rollbacks_sent() == 0 {
        assert!(w.clock.now().since(began) <= longest, "the flip waits for something");
        w.passes(Span(200)).await;
    }
    sent_at(w).since(began)
}

/// Every message carries the number under which it stood in the outbox: in each channel they were said in that order.
fn said_in_order(w: &World) {
    for channel in ["C01INC", "C01STK"] {
        let mut messages = w.models.slack.messages(channel);
        // The card is said first and edited ever after.
        messages.retain(|one| one.bot && one.ephemeral_for.is_none() && one.edits == 0);
        let number = |one: &repoint::world::slack::Message| -> u64 {
            let metadata = one.metadata.as_ref().expect("what is said has a number");
            let number = metadata["event_payload"]["outbox"].as_str().expect("a number");
            number.parse().expect("a number")
        };
        let numbers: Vec<u64> = messages.iter().map(number).collect();
        assert!(numbers.len() > 1, "{channel}: {numbers:?}");
        assert!(numbers.is_sorted(), "{channel}: {numbers:?}");
    }
}

#[test]
fn slack_asking_to_wait_is_obeyed_per_channel_and_delays_no_flip() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.trap("slack", "rate_limited", "POST /api/chat.", json!({"retry_after": 20}));
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        let refused = w.calls("POST /api/chat.").into_iter().find(|call| call.status == Some(429));
        let refused = refused.expect("a call that was to wait").at;
        assert!(sent_at(&w).since(refused) < Span::seconds(1));
        w.passes_until("the flip", || w.live() == GOOD).await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        let again = w.calls("POST /api/chat.update").into_iter().find(|call| call.at > refused);
        assert!(again.expect("said in the end").at.since(refused) >= Span::seconds(20));
        said_in_order(&w);
    });
}

#[test]
fn each_channel_hears_everything_in_the_order_in_which_it_happened() {
    World::run(async |w| {
        w.rolls_back().await;
        w.user("bo").types("/incident note the queue is drained").await;
        w.user("ana").types("/incident close the fix is live").await;
        w.settle().await;
        said_in_order(&w);
    });
}

#[test]
fn a_post_whose_answer_was_lost_is_said_again_rather_than_not_at_all() {
    World::run(async |w| {
        w.trap("slack", "lost_answer", "POST /api/chat.postMessage", json!({}));
        w.user("ana").types("/rollback").await;
        w.passes(Span::minutes(1)).await;
        assert!(w.card_says("roll back?"), "{}", w.incidents());
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_card_that_somebody_deleted_is_said_anew() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.trap("slack", "ok_false", "POST /api/chat.update", json!({"error": "message_not_found"}));
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        let messages = w.models.slack.messages("C01INC");
        let cards =
            messages.iter().filter(|one| one.blocks.first().is_some_and(|b| b["type"] == "header"));
        assert_eq!(cards.filter(|one| one.ephemeral_for.is_none()).count(), 2, "{}", w.incidents());
    });
}
