//! What a button's press is bound to: its value, and a channel that belongs to the incident. Where the card stands, what became
//! of it, and what else happens meanwhile does not matter.

use std::sync::Arc;

use repoint::domain::time::Span;
use serde_json::json;

use crate::discord::posts_signed;
use crate::doors::press_form;
use crate::forged::discord::Doing;
use crate::forged::replays::typing_freely_on_both;
use crate::forged::{INTERACTIONS, NOWHERE};
use crate::harness::{BAD, Face, GOOD, World};

/// So much is said and done by others while a question waits.
const STORM: usize = 120;

/// Ana presses Confirm of a copy of the card, as Slack would say it: in this channel, on this message.
async fn ana_presses_a_copy_in_slack(w: &Arc<World>, channel: &str, message: &str) {
    let card = w.models.slack.messages("C01INC")[0].ts.clone();
    let form = press_form(w, "U01ANA", &format!("1.{channel}.copy"), NOWHERE);
    let form = form.replace("C01INC", channel).replace(&card, message);
    assert_eq!(w.outsider().posts(INTERACTIONS, &form).await.0, 200);
    w.settle().await;
}

/// The same in Discord.
async fn ana_presses_a_copy_in_discord(w: &Arc<World>, number: usize, channel: &str) {
    let model = &w.models.discord;
    let (ana, incidents) = (model.user_id("ana"), model.channel_id("incidents"));
    let button = model.find_button(incidents, ana, "Confirm").expect("a card");
    let mut press =
        Doing::new(w, number, "token").presses(&button.custom_id, "1201000000000009999");
    for place in ["/channel_id", "/channel/id", "/message/channel_id"] {
        *press.pointer_mut(place).expect("a place") = json!(channel);
    }
    assert_eq!(posts_signed(w, &press).await, 200);
    w.settle().await;
}

#[test]
fn a_card_that_was_forwarded_to_a_channel_of_nobody_does_not_work_there_and_still_does_at_home() {
    World::run_with(typing_freely_on_both(), async |w| {
        w.asks().await;
        ana_presses_a_copy_in_slack(&w, "C01STK", "1.0").await;
        let stakeholders = w.models.discord.channel_id("stakeholders").to_owned();
        ana_presses_a_copy_in_discord(&w, 1, &stakeholders).await;
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (0, BAD));
        let told = "not shown in this channel";
        let elsewhere = w.models.slack.messages("C01STK");
        assert!(elsewhere.iter().any(|one| one.text.contains(told)), "{elsewhere:?}");
        assert_eq!(w.times_said(told), 0, "it is said where she pressed");
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (1, GOOD));
    });
}

#[test]
fn only_the_buttons_value_counts_whatever_message_it_is_pressed_on() {
    World::run_with(typing_freely_on_both(), async |w| {
        w.asks().await;
        // Of this message nobody knows anything: the card was edited, deleted, or copied within its channel.
        ana_presses_a_copy_in_slack(&w, "C01INC", "999.000001").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (1, GOOD));
    });
    World::run_with(typing_freely_on_both(), async |w| {
        w.asks().await;
        let incidents = w.models.discord.channel_id("incidents").to_owned();
        ana_presses_a_copy_in_discord(&w, 1, &incidents).await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (1, GOOD));
    });
}

#[test]
fn no_storm_of_notes_questions_refusals_and_failing_posts_voids_a_question() {
    World::run_with(typing_freely_on_both(), async |w| {
        w.asks().await;
        w.traps("slack", "rate_limited", "POST /api/chat.", json!({"retry_after": 1}), Some(5));
        for number in 0..STORM {
            let in_slack = number.is_multiple_of(2);
            let face = if in_slack { Face::Slack } else { Face::Discord };
            let (bo, eve) = (w.user("bo").on(face), w.user("eve").on(face));
            match (number % 5, in_slack) {
                (0 | 1, true) => bo.types(&format!("/incident note alert {number} fires")).await,
                (0 | 1, false) => {
                    bo.types(&format!("/incident note text=\"alert {number} fires\"")).await;
                }
                (2, true) => bo.types("/incident open shop once more").await,
                (2, false) => bo.types("/incident open service=shop title=\"once more\"").await,
                (3, _) => eve.types("/rollback").await,
                _ => bo.types("/incident status").await,
            }
        }
        w.settle().await;
        w.passes(Span::minutes(2)).await;
        assert!(w.incidents().matches("fires").count() > STORM / 3, "the storm was heard");
        w.user("ana").on(Face::Discord).presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (1, GOOD));
    });
}
