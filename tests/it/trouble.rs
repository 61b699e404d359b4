//! What goes wrong between the press and the proof, at Vercel and at the shop: the bot tells the truth, sends nothing
//! twice on a guess, and leaves the pointer free for the next try.

use repoint::domain::time::Span;
use repoint::world::shop::Health;
use repoint::world::vercel::AutoAssign;
use serde_json::{Value, json};

use crate::harness::{BAD, GOOD, OLDER, Settings, World};

const DO_NOT_KNOW: &str = "I do not know whether it happened";

#[test]
fn a_lost_answer_is_admitted_then_read_and_never_asked_twice() {
    World::run(async |w| {
        w.vercel_trap("lost_answer", "/rollback/", Value::Null);
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        let story = [DO_NOT_KNOW, "The provider shows it: it did happen.", "*proven*"];
        assert!(w.was_said_in_order(&story), "{}", w.incidents());
        assert_eq!(w.live(), GOOD);
        assert_eq!(w.rollbacks_sent(), 1);
        w.sends_nothing_more().await;
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn a_call_that_was_surely_not_carried_out_is_made_once_more() {
    World::run(async |w| {
        w.vercel_trap("dropped", "/rollback/", Value::Null);
        w.asks_and_confirms().await;
        assert!(w.card_says("not known whether it was rolled back"));
        w.passes(Span(1_900)).await;
        assert_eq!(w.rollbacks_sent(), 1, "one reading is not enough");
        w.until_card_says("proven").await;
        assert!(w.was_said_in_order(&[DO_NOT_KNOW, "Two readings agree", "once more", "*proven*"]));
        assert_eq!(w.rollbacks_sent(), 2);
    });
}

#[test]
fn a_call_is_never_made_a_third_time() {
    World::run(async |w| {
        w.traps("vercel", "dropped", "/rollback/", Value::Null, Some(2));
        w.asks_and_confirms().await;
        w.until_card_says("the rollback failed").await;
        assert!(w.times_said("made twice and never took effect") > 0, "{}", w.incidents());
        assert_eq!(w.live(), BAD);
        w.sends_nothing_more().await;
        assert_eq!(w.rollbacks_sent(), 2);
        assert!(!w.stakeholders_hear_it_is_back());
        w.rolls_back_to(GOOD).await;
    });
}

#[test]
fn a_server_error_or_a_foreign_page_on_the_write_means_not_known() {
    for (kind, with) in [("status", json!({"status": 500})), ("garbage", Value::Null)] {
        World::run(async |w| {
            w.vercel_trap(kind, "POST ", with.clone());
            w.asks_and_confirms().await;
            assert!(w.card_says("not known whether it was rolled back"), "{kind}");
            w.until_card_says("proven").await;
            assert!(w.was_said_in_order(&[DO_NOT_KNOW, "Two readings agree", "*proven*"]));
            assert_eq!(w.rollbacks_sent(), 2);
        });
    }
}

#[test]
fn a_rate_limit_is_waited_out_and_then_the_call_is_made() {
    World::run(async |w| {
        w.vercel_trap("status", "/rollback/", json!({"status": 429, "retry_after": 7}));
        w.asks_and_confirms().await;
        assert!(w.times_said("did not take it; again in 7 s") > 0, "{}", w.incidents());
        w.passes(Span(6_900)).await;
        assert_eq!(w.rollbacks_sent(), 1);
        w.passes(Span(200)).await;
        assert_eq!(w.rollbacks_sent(), 2);
        w.until_card_says("proven").await;
        assert_eq!(w.rollbacks_sent(), 2);
        assert_eq!(w.times_said(DO_NOT_KNOW), 0, "a rate limit is not a doubt");
    });
}

#[test]
fn a_press_is_not_left_without_a_word_while_the_provider_is_slow() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        w.vercel_trap("hang", "GET /v9/projects", Value::Null);
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        let told = w.user("ana").was_told();
        let (soon, late) =
            (told.find("Your press is in hand"), told.find("cannot be read right now"));
        assert!(soon.is_some() && soon < late, "{told}");
        assert_eq!(w.rollbacks_sent(), 0);
        w.user("ana").presses("Confirm").await;
        w.until_card_says("proven").await;
    });
}

#[test]
fn a_provider_that_goes_on_not_taking_the_call_is_named_once() {
    World::run(async |w| {
        let busy = json!({"status": 429, "retry_after": 2});
        w.traps("vercel", "status", "/rollback/", busy, Some(5));
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        assert_eq!(w.rollbacks_sent(), 6);
        assert_eq!(w.times_said("did not take it"), 1, "{}", w.incidents());
    });
}

#[test]
fn a_refused_write_is_told_with_the_providers_reason_and_frees_the_pointer() {
    let quota = json!({"error": {"code": "payment_required", "message": "100 rollbacks a day",
        "limit": {"total": 100, "remaining": 0, "reset": 1_795_237_200_000_i64}}});
    for (with, reason) in [
        (json!({"status": 402}), "the vercel plan does not include this (402)"),
        (json!({"status": 402, "body": quota}), "a vercel quota is used up (402)"),
        (json!({"status": 403}), "vercel refuses the token access to team team_demo (403)"),
        (json!({"status": 409}), "vercel reports a conflict (409)"),
        (json!({"status": 422}), "vercel does not accept the target (422)"),
    ] {
        World::run(async |w| {
            w.vercel_trap("status", "/rollback/", with.clone());
            w.asks_and_confirms().await;
            assert!(w.card_says("the rollback failed"), "{}", w.incidents());
            assert!(w.was_said_in_order(&["The provider said no", reason]), "{}", w.incidents());
            assert!(w.times_said("Production is where it was") > 0);
            assert_eq!(w.live(), BAD);
            w.sends_nothing_more().await;
            assert_eq!(w.rollbacks_sent(), 1);
            w.rolls_back_to(GOOD).await;
        });
    }
}

#[test]
fn a_no_that_means_already_there_is_a_success() {
    World::run(async |w| {
        // Somebody at the dashboard is faster by a hair, with the same target: Vercel answers 422.
        w.vercel_trap("other_operator", "/rollback/", json!({"to": w.id_of(GOOD)}));
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        let story = ["does not accept the target (422)", "it did happen", "*proven*"];
        assert!(w.was_said_in_order(&story), "{}", w.incidents());
        assert_eq!(w.rollbacks_sent(), 1);
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn a_call_that_nobody_answers_is_given_up_and_read_back_as_soon_as_one_can() {
    World::run(async |w| {
        w.asks().await;
        w.vercel_trap("hang", "/rollback/", Value::Null);
        w.user("ana").presses("Confirm").await;
        w.until("the call", || w.rollbacks_sent() == 1).await;
        w.vercel_cannot_be_read(503);
        w.settle().await;
        assert!(w.times_said(DO_NOT_KNOW) > 0, "{}", w.incidents());
        w.passes(Span::seconds(55)).await;
        assert_eq!(w.times_said("*A person is needed*"), 0);
        w.passes(Span::seconds(15)).await;
        // Once on the card, once in its thread.
        assert_eq!(w.times_said("*A person is needed*"), 2, "{}", w.incidents());
        assert_eq!(w.times_said("Cannot read the provider:"), 1, "{}", w.incidents());
        assert_eq!(w.rollbacks_sent(), 1, "nothing is sent on a guess");
        w.troubles_are_over();
        w.until_card_says("proven").await;
        assert!(w.was_said_in_order(&["can be read again", "Two readings agree", "*proven*"]));
        assert_eq!(w.rollbacks_sent(), 2);
        assert_eq!(w.times_said("*A person is needed*"), 1, "the card no longer asks for one");
    });
}

#[test]
fn names_that_were_not_moved_are_named_and_a_second_try_moves_them() {
    World::run(async |w| {
        w.vercel_trap("job_failed", "", json!({"aliases": ["www.shop.example.com"]}));
        w.asks_and_confirms().await;
        w.until_card_says("the rollback failed").await;
        assert!(w.times_said("`www.shop.example.com`") > 0, "{}", w.incidents());
        assert_eq!(w.times_said("`shop.example.com`"), 0, "that one was moved");
        assert!(!w.stakeholders_hear_it_is_back());
        w.rolls_back_to(GOOD).await;
        assert!(
            w.models
                .vercel
                .aliases("shop")
                .iter()
                .all(|(_, to)| { to.as_ref().is_some_and(|to| to.as_str() == w.id_of(GOOD)) })
        );
    });
}

#[test]
fn a_skipped_job_is_no_success() {
    World::run(async |w| {
        w.vercel_trap("job_skipped", "", Value::Null);
        w.asks_and_confirms().await;
        w.until_card_says("the rollback failed").await;
        assert!(w.times_said("skipped the job") > 0, "{}", w.incidents());
        assert_eq!(w.live(), BAD);
        w.rolls_back_to(GOOD).await;
    });
}

#[test]
fn a_job_without_an_end_or_with_an_unknown_word_fails_after_three_minutes() {
    for kind in ["job_stuck", "job_unknown"] {
        World::run(async |w| {
            w.vercel_trap(kind, "", Value::Null);
            w.asks_and_confirms().await;
            w.passes(Span::seconds(178)).await;
            assert!(w.card_says("rolling back"), "{kind}: {}", w.incidents());
            w.passes(Span::seconds(4)).await;
            assert!(w.card_says("the rollback failed"), "{kind}: {}", w.incidents());
            assert!(w.times_said("did not finish in time") > 0);
            assert_eq!(w.times_said("*proven*"), 0);
            assert!(!w.stakeholders_hear_it_is_back());
            assert!(w.pointer_is_free());
            assert_eq!(w.rollbacks_sent(), 1);
        });
    }
}

#[test]
fn assignment_that_stays_on_is_switched_off_and_said() {
    World::run(async |w| {
        w.vercel_trap("assignment_stays_on", "", Value::Null);
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        w.passes(Span::seconds(5)).await;
        let story = ["still on after the rollback: switching it off", "production is pinned"];
        assert!(w.was_said_in_order(&story), "{}", w.incidents());
        assert!(w.times_said("it was still on: switched off") > 0);
        assert!(!w.models.vercel.auto_assign("shop"));
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn assignment_that_cannot_be_read_is_said_to_be_unknown() {
    World::run(async |w| {
        w.traps("vercel", "assignment_missing", "", Value::Null, None);
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        w.settle().await;
        assert!(w.times_said("Cannot tell whether automatic assignment is off") > 0);
        assert_eq!(w.times_said("production is pinned"), 0, "{}", w.incidents());
        assert_eq!(w.writes_to_vercel().len(), 1, "what is not known is not switched");
        w.troubles_are_over();
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn assignment_that_cannot_be_switched_off_calls_a_person() {
    for (status, tries) in [(500, 2), (403, 1)] {
        World::run(async |w| {
            w.vercel_trap("assignment_stays_on", "", Value::Null);
            w.traps("vercel", "status", "PATCH ", json!({ "status": status }), Some(tries));
            w.asks_and_confirms().await;
            w.until_card_says("proven").await;
            w.passes(Span::seconds(10)).await;
            assert!(w.was_said_in_order(&["is still ON", "*A person is needed*"]));
            assert_eq!(w.calls("PATCH ").len(), tries as usize);
            assert!(w.models.vercel.auto_assign("shop"));
            w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
            w.rolls_back_to(OLDER).await;
        });
    }
}

#[test]
fn assignment_that_may_not_be_switched_for_a_while_is_switched_later_and_not_for_ever() {
    World::run(async |w| {
        w.vercel_trap("assignment_stays_on", "", Value::Null);
        w.vercel_trap("status", "PATCH ", json!({"status": 429, "retry_after": 9}));
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        w.settle().await;
        assert_eq!(w.calls("PATCH ").len(), 1);
        w.passes(Span::seconds(10)).await;
        assert_eq!(w.calls("PATCH ").len(), 2);
        assert!(!w.models.vercel.auto_assign("shop"));
        w.rolls_back_to(OLDER).await;
    });
    World::run(async |w| {
        w.vercel_trap("assignment_stays_on", "", Value::Null);
        w.traps("vercel", "status", "PATCH ", json!({"status": 429}), None);
        w.asks_and_confirms().await;
        w.until_card_says("proven").await;
        w.passes(Span::minutes(4)).await;
        assert!(w.pointer_is_free(), "{}", w.incidents());
        assert!(w.was_said_in_order(&["is still ON", "*A person is needed*"]));
        w.troubles_are_over();
        w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn what_is_accepted_but_not_serving_is_no_recovery_until_it_is_seen() {
    World::run(async |w| {
        w.vercel_trap("control_plane_only", "", Value::Null);
        w.asks_and_confirms().await;
        w.until_card_says("accepted but not serving").await;
        w.passes(Span::seconds(30)).await;
        assert!(w.times_said("*Accepted but not serving*") == 1, "{}", w.incidents());
        assert!(w.times_said("Production has not recovered") == 1);
        assert_eq!(w.times_said("*proven*"), 0);
        assert!(!w.stakeholders_hear_it_is_back(), "{}", w.stakeholders());
        assert!(w.pointer_is_free());
        w.models.vercel.release_data_plane("shop");
        w.until_card_says("proven").await;
        assert!(w.stakeholders_hear_it_is_back());
        assert_eq!(w.rollbacks_sent(), 1);
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn a_target_that_answers_500_itself_is_not_proven() {
    World::run(async |w| {
        w.models.shop.set_health(&w.id_of(GOOD).as_str().into(), Health::BreaksCheckout);
        w.asks_and_confirms().await;
        w.until_card_says("accepted but not serving").await;
        assert!(w.times_said("the target answers, but with 500 on `/checkout`") > 0);
        assert_eq!(w.times_said("*proven*"), 0);
        assert!(!w.stakeholders_hear_it_is_back());
        w.rolls_back_to(OLDER).await;
    });
}

#[test]
fn a_production_that_does_not_answer_at_all_is_not_proven() {
    World::run(async |w| {
        w.asks_and_confirms().await;
        w.traps("shop", "dropped", "GET ", Value::Null, None);
        w.until_card_says("accepted but not serving").await;
        assert!(w.times_said("it does not answer") > 0, "{}", w.incidents());
        w.troubles_are_over();
        w.until_card_says("proven").await;
        assert!(w.stakeholders_hear_it_is_back());
    });
}

#[test]
fn a_move_by_somebody_else_between_card_and_press_brings_a_fresh_look() {
    World::run(async |w| {
        w.asks().await;
        w.models.vercel.flip_by_other("shop", &w.id_of(OLDER).as_str().into());
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        assert_eq!(w.rollbacks_sent(), 0);
        assert!(w.times_said("production has moved since the question was put") > 0);
        assert!(w.pointer_is_free());
        // What is live now is somebody's cure: going elsewhere needs a name.
        assert!(w.card_says("rollback refused"), "{}", w.incidents());
        w.rolls_back_to(GOOD).await;
    });
}

#[test]
fn a_move_by_somebody_else_between_press_and_send_stops_the_call() {
    World::run(async |w| {
        w.vercel_trap("status", "/rollback/", json!({"status": 429, "retry_after": 5}));
        w.asks_and_confirms().await;
        assert_eq!(w.rollbacks_sent(), 1);
        w.models.vercel.flip_by_other("shop", &w.id_of(OLDER).as_str().into());
        w.passes(Span::seconds(6)).await;
        assert_eq!(w.rollbacks_sent(), 1, "only the call that Vercel did not take");
        assert!(w.times_said("Not sent after all: production has moved") > 0, "{}", w.incidents());
        assert_eq!(w.live(), OLDER, "a person's move is never fought");
        w.rolls_back_to(GOOD).await;
    });
}

#[test]
fn assignment_switched_by_hand_between_card_and_press_brings_a_fresh_card() {
    World::run(async |w| {
        w.asks().await;
        w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        assert_eq!(w.rollbacks_sent(), 0);
        assert!(w.times_said("automatic assignment was switched") > 0, "{}", w.incidents());
        w.user("ana").presses("Confirm").await;
        w.until_card_says("proven").await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_list_that_lacks_what_is_live_still_leads_back() {
    World::run(async |w| {
        w.vercel_trap("stale_list", "", Value::Null);
        w.rolls_back().await;
        assert_eq!(w.live(), GOOD);
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_foreign_page_instead_of_an_answer_costs_one_look() {
    World::run(async |w| {
        // The bot's own first look at the pointer is over then.
        w.settle().await;
        w.vercel_trap("garbage", "GET /v9/projects", Value::Null);
        w.user("ana").types("/rollback").await;
        w.until_card_says("roll back?").await;
        let story = ["Cannot read the provider", "can be read again"];
        assert!(w.was_said_in_order(&story), "{}", w.incidents());
        w.user("ana").presses("Confirm").await;
        w.until_card_says("proven").await;
    });
}

#[test]
fn a_vercel_that_cannot_be_read_at_all_is_told_once_and_waited_for() {
    World::run(async |w| {
        w.vercel_cannot_be_read(503);
        w.user("ana").types("/rollback").await;
        w.passes(Span::seconds(40)).await;
        assert!(w.card_says("looking for the last known good deployment"));
        assert_eq!(w.times_said("Cannot read the provider:"), 1, "{}", w.incidents());
        w.troubles_are_over();
        w.until_card_says("roll back?").await;
        assert_eq!(w.times_said("can be read again"), 1);
        w.user("ana").presses("Confirm").await;
        w.until_card_says("proven").await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_press_while_vercel_cannot_be_read_is_answered_and_can_be_repeated() {
    World::run(async |w| {
        w.asks().await;
        w.vercel_cannot_be_read(503);
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        assert_eq!(w.rollbacks_sent(), 0);
        w.troubles_are_over();
        w.user("ana").presses("Confirm").await;
        w.until_card_says("proven").await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn one_bad_reading_of_a_long_job_calls_nobody() {
    World::run(async |w| {
        w.vercel_trap("job_stuck", "", Value::Null);
        w.asks_and_confirms().await;
        w.passes(Span::seconds(90)).await;
        w.vercel_trap("status", "GET ", json!({"status": 503}));
        w.passes(Span::seconds(5)).await;
        assert_eq!(w.times_said("*A person is needed*"), 0, "{}", w.incidents());
        assert!(w.was_said_in_order(&["Cannot read the provider", "can be read again"]));
    });
}

#[test]
fn a_flag_that_cannot_be_read_is_not_followed_by_good_news() {
    World::run(async |w| {
        w.asks_and_confirms().await;
        w.traps("shop", "dropped", "GET ", Value::Null, None);
        w.passes(Span::seconds(58)).await;
        w.vercel_cannot_be_read(503);
        w.passes(Span::minutes(2)).await;
        assert!(w.times_said("Cannot tell whether automatic assignment is off") > 0);
        assert_eq!(w.times_said("can be read again"), 0, "{}", w.incidents());
        assert!(w.pointer_is_free());
        w.troubles_are_over();
        w.until_card_says("proven").await;
    });
}

#[test]
fn a_hobby_account_is_told_by_the_guard_and_not_by_the_provider() {
    let hobby = |seed: &mut repoint::world::vercel::VercelSeed| {
        seed.plan = repoint::world::vercel::ModelPlan::Hobby;
    };
    let settings = Settings { account: Some(hobby), ..Settings::default() };
    World::run_with(settings, async |w| {
        w.rolls_back().await;
        assert_eq!(w.live(), GOOD);
    });
}
