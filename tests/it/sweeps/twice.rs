//! Everything happens twice: what Slack delivers, what people press, how the bot starts, and what a vendor does because its
//! answer was lost.

use serde_json::json;

use super::night::Night;
use super::{ABREAST, say, sweep};
use crate::harness::{Strike, all_press};

#[test]
fn a_delivery_that_comes_twice_counts_once() {
    let quiet = Night::play(async |_| {});
    let cases = ["/slack/commands", "/slack/interactions"];
    sweep(&cases, ABREAST, |path| {
        let morning =
            Night::play(async |night| night.w.trap("slack", "duplicate", path, json!({})));
        assert_eq!(morning.told, quiet.told);
        assert_eq!(morning.vercel_writes, quiet.vercel_writes);
    });
    say(&format!("sweep: {} kinds of delivery came twice at once", cases.len()));
}

#[test]
fn a_delivery_that_comes_again_after_a_death_at_any_write_counts_once() {
    let quiet = Night::play(async |_| {});
    let cases: Vec<u64> = (1..=quiet.writes).collect();
    let again = sweep(&cases, ABREAST, |nth| {
        let morning = Night::play_with(
            async |night| night.w.gate.strikes_at(*nth, Strike::DiesAfter),
            async |night| {
                night.ana_rolls_back().await;
                // To the letter, long after it was answered.
                let status = night.w.models.slack.redeliver_last().await;
                assert_eq!(status, Ok(200));
            },
        );
        assert_eq!(morning.told, quiet.told);
        morning.struck
    });
    say(&format!("sweep: redelivered after {} deaths", again.iter().sum::<u64>()));
}

#[test]
fn two_presses_at_the_same_moment_are_one_confirmation() {
    let quiet = Night::play(async |_| {});
    let cases = [("ana", "ana"), ("ana", "bo"), ("bo", "ana"), ("bo", "bo")];
    sweep(&cases, ABREAST, |(one, other)| {
        let story = async |night: &Night| {
            night.w.asks().await;
            let (one, other) = (night.w.user(one), night.w.user(other));
            all_press(&[one, other], "Confirm").await;
            night.ana_rolls_back().await;
        };
        let morning = Night::play_with(async |_| {}, story);
        assert_eq!(morning.told.news, quiet.told.news);
        assert_eq!(morning.told.thread.len(), quiet.told.thread.len(), "{:#?}", morning.told);
        assert_eq!(morning.vercel_writes, quiet.vercel_writes);
    });
    say(&format!("sweep: {} pairs pressed at the same moment", cases.len()));
}

#[test]
fn a_bot_that_dies_again_at_its_first_write_after_a_start_comes_to_the_same_end() {
    let quiet = Night::play(async |_| {});
    let cases: Vec<u64> = (1..=quiet.writes).collect();
    let struck = sweep(&cases, ABREAST, |nth| {
        let morning = Night::play(async |night| {
            night.w.gate.strikes_at(*nth, Strike::DiesAfter);
            // Every decision of the recovery is begun and lost, then made and not heard of, then made.
            night.w.gate.strikes_at(*nth + 1, Strike::DiesBefore);
            night.w.gate.strikes_at(*nth + 2, Strike::DiesAfter);
        });
        assert_eq!(morning.told, quiet.told);
        morning.struck
    });
    say(&format!("sweep: recovered again and again, {} deaths", struck.iter().sum::<u64>()));
}

#[test]
fn a_call_whose_answer_was_lost_after_its_effect_is_looked_at_and_not_repeated() {
    let quiet = Night::play(async |_| {});
    let vercel = (0..quiet.vercel_writes).map(|nth| ("vercel", nth));
    let cases: Vec<(&str, usize)> = vercel.chain((0..quiet.slack).map(|n| ("slack", n))).collect();
    sweep(&cases, ABREAST, |(vendor, nth)| {
        let with = json!({ "skip": nth });
        let morning = Night::play(async |night| night.w.trap(vendor, "lost_answer", "", with));
        assert_eq!(morning.told, quiet.told);
        assert_eq!(morning.vercel_writes, quiet.vercel_writes, "a write was repeated");
    });
    say(&format!("sweep: {} answers were lost after their effect", cases.len()));
}
