//! The migration trap: what lies between the target and what is live stands on the card; a destructive migration makes the
//! press dearer, and whatever is not known only says so.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::github::{DROPS_A_COLUMN, is_possible};
use repoint::world::vercel::VercelSeed;
use serde_json::{Value, json};

use crate::harness::{BAD, GOOD, OLDER, Settings, World};

const STATEMENT: &str = "ALTER TABLE \"orders\" DROP COLUMN \"coupon_code\"";

/// The newest deploy drops a column.
pub fn drops_a_column() -> Settings {
    let change = |account: &mut VercelSeed| {
        *account = VercelSeed::demo_with_migration(crate::harness::NIGHT)
    };
    Settings { account: Some(change), ..Settings::default() }
}

async fn ana_asks(w: &Arc<World>) {
    w.user("ana").types("/rollback").await;
    w.settle().await;
    assert!(w.card_says("roll back?"), "{}", w.incidents());
}

async fn flips_with_one_press(w: &Arc<World>) {
    w.user("ana").presses("Confirm").await;
    w.passes_until("the proof", || w.card_says("proven")).await;
    assert_eq!(w.live(), GOOD);
}

#[test]
fn a_safe_migration_the_commits_and_the_pull_request_stand_on_the_card() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        ana_asks(&w).await;
        let card = w.incidents();
        assert!(card.contains("safe: 1 migration, and nothing older code needs is gone"), "{card}");
        assert!(card.contains("1 commit: `8400cc2` Rework checkout totals (#124)"), "{card}");
        assert!(card.contains("#124 Rework checkout totals"), "{card}");
        flips_with_one_press(&w).await;
        assert!(w.incidents().contains("safe: 1 migration"), "it stays on the card");
    });
}

#[test]
fn an_older_target_takes_more_commits_and_migrations_back() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        w.user("ana").types(&format!("/rollback {OLDER}")).await;
        w.settle().await;
        let card = w.incidents();
        assert!(card.contains("safe: 2 migrations"), "{card}");
        assert!(card.contains("2 commits: `8400cc2`") && card.contains("`23a9e46`"), "{card}");
    });
}

#[test]
fn over_a_dropped_column_two_people_and_a_reason_roll_back() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        ana_asks(&w).await;
        let card = w.incidents();
        assert!(card.contains("a column is dropped"), "{card}");
        assert!(card.contains(STATEMENT) && card.contains("0003_order_totals.sql:3"), "{card}");
        assert!(card.contains("#125 Rework checkout totals and retire coupons"), "{card}");
        assert!(card.contains("fix forward"), "{card}");
        assert!(!w.user("ana").sees("Confirm"), "one press is not offered");
        assert!(!w.user("bo").sees("Confirm"));
        let again = format!("/rollback shop {}", w.id_of(GOOD));
        assert!(card.contains(&format!("{again} &lt;reason&gt;")), "{card}");

        w.user("ana").types("/rollback shop reason coupons are switched off").await;
        w.settle().await;
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("a second person has to press Confirm"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (0, &DROPS_A_COLUMN[..7]));

        w.user("bo").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live().as_str()), (1, GOOD));
        let told = ["Destructive migration", "as the second person", "coupons are switched off"];
        assert!(w.was_said_in_order(&told), "{}", w.incidents());
    });
}

#[test]
fn another_target_behind_the_same_column_is_no_way_round() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        w.user("ana").types(&format!("/rollback shop {OLDER}")).await;
        w.settle().await;
        assert!(!w.user("ana").sees("Confirm"));
        assert!(w.incidents().contains(STATEMENT), "{}", w.incidents());
        w.user("bo").types("/rollback shop reason it has to be").await;
        w.settle().await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), OLDER, "the reason did not change the target");
    });
}

#[test]
fn whatever_is_wrong_with_github_is_said_and_the_flip_goes_on() {
    if !is_possible() {
        return;
    }
    for (kind, with, said) in [
        ("dropped", Value::Null, "not known: github gave no answer"),
        ("status", json!({"status": 502}), "not known: github has a problem of its own (502)"),
        ("status", json!({"status": 404}), "not known: github finds no such thing"),
        ("status", json!({"status": 401}), "not known: github does not accept the token (401)"),
        ("rate_limited", json!({"wait": 120}), "not known: github's rate limit is reached"),
        ("garbage", Value::Null, "cannot be understood: it is not JSON"),
    ] {
        World::run(async |w| {
            w.traps("github", kind, "", with.clone(), None);
            ana_asks(&w).await;
            assert!(w.incidents().contains(said), "{kind}: {}", w.incidents());
            flips_with_one_press(&w).await;
            w.troubles_are_over();
        });
    }
}

#[test]
fn a_github_that_never_answers_costs_two_seconds_and_not_the_flip() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        w.traps("github", "hang", "", Value::Null, None);
        let asked = tokio::time::Instant::now();
        ana_asks(&w).await;
        let waited = asked.elapsed();
        assert!(waited < std::time::Duration::from_secs(6), "{waited:?}");
        assert!(
            w.incidents().contains("not known: github: no answer in time"),
            "{}",
            w.incidents()
        );
        flips_with_one_press(&w).await;
        w.troubles_are_over();
    });
}

#[test]
fn one_unreadable_file_makes_it_unknown_and_hides_nothing_else() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        w.trap("github", "status", "/contents/", json!({"status": 502}));
        ana_asks(&w).await;
        let card = w.incidents();
        assert!(card.contains("unknown (1 migration): github has a problem of its own"), "{card}");
        assert!(card.contains("1 commit: `8400cc2`"), "{card}");
        flips_with_one_press(&w).await;
    });
}

#[test]
fn a_comparison_that_is_cut_short_is_unknown() {
    if !is_possible() {
        return;
    }
    World::run(async |w| {
        w.trap("github", "many_files", "", Value::Null);
        ana_asks(&w).await;
        assert!(w.incidents().contains("more than 300 files changed"), "{}", w.incidents());
        flips_with_one_press(&w).await;
    });
}

#[test]
fn without_github_the_card_says_so_and_nothing_else_changes() {
    let edit = |text: String| match (text.find("[github]"), text.find("[[service]]")) {
        (Some(from), Some(to)) => format!("{}{}", &text[..from], &text[to..]),
        _ => text,
    };
    let settings = Settings { edit: Some(edit), ..Settings::default() };
    World::run_with(settings, async |w| {
        ana_asks(&w).await;
        let card = w.incidents();
        assert!(card.contains("no GitHub repository is configured for this service"), "{card}");
        assert_eq!(w.live(), BAD);
        flips_with_one_press(&w).await;
        assert!(w.calls("/repos/").is_empty());
    });
}

#[test]
fn a_restart_between_card_and_press_forgets_no_evidence() {
    if !is_possible() {
        return;
    }
    World::run_with(drops_a_column(), async |w| {
        w.user("ana").types("/rollback shop reason coupons are off").await;
        w.settle().await;
        w.bot_dies();
        w.bot_starts().await;
        w.passes(Span::seconds(1)).await;
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("a second person has to press Confirm"), "{said}");
        w.user("lee").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
    });
}
