//! `/verify`: is production restored, is a deployment good? Judged by the journeys of the demo's shop.

use repoint::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::{BAD, GOOD, OLDER, Settings, World};

/// What the shop was asked by walks, without the looks that only ask who answers.
fn baskets(w: &World) -> usize {
    w.calls("POST ").iter().filter(|call| call.vendor == "shop").count()
}

#[test]
fn after_the_rollback_production_is_restored_and_the_button_says_so_as_well() {
    World::run(async |w| {
        w.rolls_back().await;
        w.settle().await;
        let said = w.user("ana").hears_on_typing("/verify").await;
        let first = said.lines().next().expect("a first line");
        assert!(
            first.contains("production of shop") && first.contains("is it restored?"),
            "{said}"
        );
        assert!(first.contains(GOOD), "{said}");
        let told = w.incidents();
        assert!(told.contains("*restored*: Production, expected to answer from"), "{told}");
        assert!(told.contains("3 journeys passed: front page, basket, checkout"), "{told}");
        assert!(told.contains("Too early for an error rate: judged by the journeys"), "{told}");
        assert!(told.contains("counts until"), "the card says for how long: {told}");
        w.user("bo").presses("Verify").await;
        w.settle().await;
        assert_eq!(
            w.numbers_of("incidents", "*restored*: Production").len(),
            2,
            "{}",
            w.incidents()
        );
        assert_eq!(baskets(&w), 2);
        assert!(!w.stakeholders().contains("restored"), "{}", w.stakeholders());
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_journey_that_fails_at_production_is_named_with_its_step_and_reason() {
    World::run(async |w| {
        w.rolls_back().await;
        for (kind, on, with, expected) in [
            ("status", "GET /checkout", json!({"status": 500, "skip": 1}), "found status 500"),
            (
                "slow",
                "GET /checkout",
                json!({"ms": 3_000, "skip": 1}),
                "it took 3000 ms, at most 2000 ms is good",
            ),
            ("away", "GET /checkout", json!({"skip": 1}), "found a redirect to elsewhere.example"),
        ] {
            w.trap("shop", kind, on, with);
            w.user("ana").types("/verify shop").await;
            w.settle().await;
            let told = w.incidents();
            assert!(told.contains("*not restored*"), "{kind}: {told}");
            assert!(told.contains("Journey checkout, step 1, `GET /checkout`"), "{kind}: {told}");
            assert!(told.contains(expected), "{kind}: {told}");
        }
    });
}

#[test]
fn production_that_answers_from_another_deployment_is_not_restored() {
    World::run(async |w| {
        w.rolls_back().await;
        w.somebody_flips_to(OLDER);
        w.user("ana").types("/verify").await;
        w.settle().await;
        let told = w.incidents();
        assert!(told.contains("*not restored*") && told.contains("It answers from"), "{told}");
        assert_eq!(baskets(&w), 0, "what another deployment answers is not walked");
    });
}

#[test]
fn a_deployment_is_verified_on_its_own_address_and_a_bad_one_is_not() {
    World::run(async |w| {
        w.rolls_back().await;
        let said = w.user("ana").hears_on_typing(&format!("/verify shop {GOOD}")).await;
        let first = said.lines().next().expect("a first line");
        assert!(first.contains("one deployment") && first.contains("own address"), "{said}");
        assert!(
            w.incidents().contains(&format!("*verified*: Deployment `{GOOD}`")),
            "{}",
            w.incidents()
        );
        w.user("bo").types(&format!("/verify {BAD}")).await;
        w.settle().await;
        let told = w.incidents();
        assert!(told.contains(&format!("*not verified*: Deployment `{BAD}`")), "{told}");
        assert!(told.contains("Journey checkout, step 1, `GET /checkout`"), "{told}");
        w.user("bo").types("/verify dpl_unheardof").await;
        w.settle().await;
        assert!(w.incidents().contains("no deployment of this service fits"), "{}", w.incidents());
    });
}

#[test]
fn a_protected_deployment_is_protected_and_not_broken() {
    World::run(async |w| {
        w.rolls_back().await;
        for kind in ["protected", "login"] {
            w.traps("shop", kind, "/_deployments/", Value::Null, Some(3));
            w.user("ana").types(&format!("/verify {GOOD}")).await;
            w.settle().await;
        }
        let told = w.incidents();
        assert_eq!(w.numbers_of("incidents", "*protected*: Deployment").len(), 2, "{told}");
        assert!(
            told.contains("it is not broken by that") && told.contains("protection_bypass"),
            "{told}"
        );
        assert!(!told.contains("not verified"), "{told}");
    });
}

#[test]
fn a_production_that_does_not_answer_is_not_known() {
    World::run(async |w| {
        w.rolls_back().await;
        w.traps("shop", "dropped", "GET /", Value::Null, Some(2));
        w.user("ana").types("/verify").await;
        w.settle().await;
        let told = w.incidents();
        assert!(told.contains("*not known whether it is restored*"), "{told}");
        assert!(told.contains("production does not answer"), "{told}");
    });
}

#[test]
fn before_a_flip_production_is_judged_as_it_is_and_while_it_moves_one_waits() {
    World::run(async |w| {
        w.user("ana").types("/incident open checkout returns 500").await;
        w.user("ana").types("/verify").await;
        w.settle().await;
        let told = w.incidents();
        assert!(
            told.contains(&format!("*not restored*: Production, expected to answer from `{BAD}`")),
            "{told}"
        );
        w.asks_and_confirms().await;
        let said = w.user("bo").hears_on_typing("/verify").await;
        assert!(said.contains("Production is being moved"), "{said}");
        w.until_card_says("proven").await;
        assert!(
            !w.incidents().contains("*not restored* at"),
            "what was seen before the move is gone"
        );
    });
}

#[test]
fn who_may_not_act_is_refused_and_without_an_incident_the_next_step_is_named() {
    World::run(async |w| {
        let said = w.user("ana").hears_on_typing("/verify").await;
        assert!(said.contains("no open incident") && said.contains("/incident open"), "{said}");
        w.rolls_back().await;
        let said = w.user("eve").hears_on_typing("/verify").await;
        assert!(said.contains("not on this service's list"), "{said}");
        let said = w.user("eve").hears_on_pressing("Verify").await;
        assert!(said.contains("not on this service's list"), "{said}");
        let said = w.user("ana").hears_on_typing_in("stakeholders", "/verify shop").await;
        assert!(said.contains("is not handled in this channel"), "{said}");
        assert_eq!(baskets(&w), 0);
    });
}

#[test]
fn a_death_in_mid_walk_costs_nothing_but_the_walk() {
    World::run(async |w| {
        w.rolls_back().await;
        w.settle().await;
        w.trap("shop", "hang", "GET /basket", Value::Null);
        w.user("ana").types("/verify").await;
        w.until("the walk", || baskets(&w) == 1 && w.models.ledger.armed().is_empty()).await;
        // The walk hangs, so nothing settles: what bo is told is looked for.
        w.user("bo").types("/verify").await;
        w.until("the answer", || w.user("bo").was_told().contains("One verification at a time"))
            .await;
        w.bot_dies();
        w.bot_starts().await;
        w.settle().await;
        assert_eq!(baskets(&w), 2, "it is walked again");
        assert_eq!(
            w.numbers_of("incidents", "*restored*: Production").len(),
            1,
            "{}",
            w.incidents()
        );
    });
}

#[test]
fn a_halted_bot_may_still_look() {
    World::run(async |w| {
        w.rolls_back().await;
        w.user("bo").types("/incident halt").await;
        w.settle().await;
        w.user("ana").types("/verify").await;
        w.settle().await;
        assert!(w.incidents().contains("*restored*: Production"), "{}", w.incidents());
    });
}

#[test]
fn a_verdict_grows_stale_after_a_quarter_of_an_hour() {
    World::run(async |w| {
        w.rolls_back().await;
        w.user("ana").types("/verify").await;
        w.settle().await;
        let said = w.user("ana").hears_on_typing("/incident status").await;
        assert!(said.contains("counts until") && !said.contains("*stale*"), "{said}");
        w.passes(Span::minutes(16)).await;
        let said = w.user("ana").hears_on_typing("/incident status").await;
        assert!(said.contains("*stale*, verify again"), "{said}");
    });
}

#[test]
fn without_journeys_the_proof_paths_are_walked() {
    let settings = Settings {
        edit: Some(|text| text.split("[[service.journeys]]").next().unwrap_or_default().to_owned()),
        ..Settings::default()
    };
    World::run_with(settings, async |w| {
        w.rolls_back().await;
        w.user("ana").types("/verify").await;
        w.settle().await;
        assert!(w.incidents().contains("1 journey passed: proof paths"), "{}", w.incidents());
    });
}
