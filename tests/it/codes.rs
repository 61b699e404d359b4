//! `/incident press`: the typed twin of every button.

use repoint::domain::time::Span;

use crate::harness::{BAD, GOOD, World};

#[test]
fn ones_own_code_presses_the_button() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let code = w.user("ana").code_for("Confirm").await;
        // As people type it: without the dash, in small letters.
        let typed = code.replace('-', "").to_lowercase();
        let said = w.user("ana").hears_on_typing(&format!("/incident press {typed}")).await;
        assert!(said.contains("Pressed Confirm of incident #1"), "{said}");
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

#[test]
fn somebody_elses_code_does_not_work() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let code = w.user("ana").code_for("Confirm").await;
        let said = w.user("bo").hears_on_typing(&format!("/incident press {code}")).await;
        assert!(said.contains("fits none of your buttons in this channel; 4 tries left"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
    });
}

#[test]
fn a_code_does_not_work_in_another_channel() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let line = format!("/incident press {}", w.user("ana").code_for("Confirm").await);
        let said = w.user("ana").hears_on_typing_in("stakeholders", &line).await;
        assert!(said.contains("not shown in this channel"), "{said}");
        assert_eq!(w.rollbacks_sent(), 0);
    });
}

#[test]
fn five_wrong_codes_lock_codes_for_ten_minutes_but_not_the_buttons() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let code = w.user("ana").code_for("Show card").await;
        for left in [4, 3, 2, 1, 0] {
            let said = w.user("ana").hears_on_typing("/incident press AAAA-AAAA").await;
            assert!(said.contains(&format!("{left} tries left")), "{said}");
        }
        let right = format!("/incident press {code}");
        let said = w.user("ana").hears_on_typing(&right).await;
        assert!(said.contains("codes are locked for you for 10"), "{said}");
        // Nobody else is locked out, and neither is ana's own button.
        let other = w.user("bo").code_for("Show card").await;
        let said = w.user("bo").hears_on_typing(&format!("/incident press {other}")).await;
        assert!(said.contains("Pressed Show card"), "{said}");
        let said = w.user("ana").hears_on_pressing("Show card").await;
        assert!(said.contains("#1 shop: roll back?"), "{said}");
        w.passes(Span::minutes(10)).await;
        let said = w.user("ana").hears_on_typing(&right).await;
        assert!(said.contains("Pressed Show card"), "{said}");
    });
}

#[test]
fn the_lock_outlives_a_restart() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        for _ in 0..5 {
            w.user("ana").types("/incident press AAAA-AAAA").await;
        }
        w.settle().await;
        w.bot_stops().await;
        w.bot_starts().await;
        let said = w.user("ana").hears_on_typing("/incident press AAAA-AAAA").await;
        assert!(said.contains("codes are locked for you"), "{said}");
    });
}

#[test]
fn eve_gets_codes_that_do_nothing() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        let code = w.user("eve").code_for("Confirm").await;
        let said = w.user("eve").hears_on_typing(&format!("/incident press {code}")).await;
        assert!(said.contains("not on this service's list"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live()), (0, BAD.to_owned()));
    });
}
