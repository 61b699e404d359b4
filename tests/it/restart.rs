//! The bot dies, or is stopped, and is started again: the incident goes on by itself and comes to the same end. Deaths at
//! every single step are swept in `sweeps`; here are those whose story has a point of its own.

use std::sync::Arc;
use std::time::Duration;

use repoint::domain::time::Span;
use serde_json::{Value, json};

use crate::harness::{GOOD, Settings, World};

/// What the on-call team is told of a rollback on its way, each once.
const LINES: [&str; 6] = [
    "asked to roll back.",
    "Waiting for Confirm until",
    "confirmed: production goes from",
    "The provider says production points at",
    "fresh answers in a row",
    "Automatic assignment is off: production is pinned",
];

/// What the stakeholders are told, each once.
const NEWS: [&str; 2] = ["we are on a problem", "production is back on an earlier version"];

/// The bot dies and is started again.
async fn dies_and_comes_back(w: &Arc<World>) {
    w.bot_dies();
    w.bot_starts().await;
}

/// The main story's end, whatever happened on the way: one call, and nothing is said twice.
async fn ends_as_ever(w: &Arc<World>) {
    ends_well(w).await;
    for line in LINES {
        assert_eq!(w.numbers_of("incidents", line).len(), 1, "{line}\n{}", w.incidents());
    }
    for news in NEWS {
        assert_eq!(w.numbers_of("stakeholders", news).len(), 1, "{news}\n{}", w.stakeholders());
    }
}

/// The main story's end after a death that may have come between a message and the note that it was said: whatever is
/// said again carries the number under which it was said first.
async fn ends_with_recognisable_repeats(w: &Arc<World>) {
    ends_well(w).await;
    let channels = [("incidents", LINES.as_slice()), ("stakeholders", NEWS.as_slice())];
    for (channel, text) in channels.iter().flat_map(|(c, texts)| texts.iter().map(move |t| (c, t)))
    {
        let mut numbers = w.numbers_of(channel, text);
        numbers.dedup();
        assert_eq!(numbers.len(), 1, "{text}\n{}\n{}", w.incidents(), w.stakeholders());
    }
}

async fn ends_well(w: &Arc<World>) {
    w.until_card_says("proven").await;
    w.passes(Span::seconds(5)).await;
    assert_eq!(w.live(), GOOD);
    assert_eq!(w.rollbacks_sent(), 1, "{}", w.incidents());
    assert!(!w.models.vercel.auto_assign("shop"));
    assert!(w.pointer_is_free());
}

#[test]
fn a_death_right_after_the_command_costs_nothing() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        dies_and_comes_back(&w).await;
        w.until_card_says("roll back?").await;
        w.user("ana").presses("Confirm").await;
        ends_with_recognisable_repeats(&w).await;
    });
}

#[test]
fn a_card_from_before_a_death_can_be_pressed() {
    for socket_mode in [false, true] {
        World::run_with(Settings { socket_mode, ..Settings::default() }, async |w| {
            w.asks().await;
            dies_and_comes_back(&w).await;
            w.user("bo").presses("Confirm").await;
            ends_as_ever(&w).await;
        });
    }
}

#[test]
fn ten_deaths_in_a_row_make_progress_and_send_nothing_twice() {
    World::run(async |w| {
        w.asks().await;
        w.user("ana").presses("Confirm").await;
        for wait in 0..10 {
            w.in_real_time(Duration::from_millis(wait * 3)).await;
            dies_and_comes_back(&w).await;
        }
        ends_with_recognisable_repeats(&w).await;
    });
}

#[test]
fn a_call_that_was_carried_out_while_the_bot_died_is_found_and_not_repeated() {
    World::run(async |w| {
        w.asks().await;
        w.vercel_trap("lost_answer", "/rollback/", json!({"silent": true}));
        w.user("ana").presses("Confirm").await;
        w.until("the call", || w.rollbacks_sent() == 1).await;
        dies_and_comes_back(&w).await;
        ends_with_recognisable_repeats(&w).await;
        let story = ["interrupted while it made the call", "it did happen", "*proven*"];
        assert!(w.was_said_in_order(&story), "{}", w.incidents());
    });
}

#[test]
fn a_call_that_was_never_carried_out_while_the_bot_died_is_made_after_two_readings() {
    World::run(async |w| {
        w.asks().await;
        w.vercel_trap("hang", "/rollback/", Value::Null);
        w.user("ana").presses("Confirm").await;
        w.until("the call", || w.rollbacks_sent() == 1).await;
        dies_and_comes_back(&w).await;
        w.settle().await;
        assert!(w.card_says("not known whether it was rolled back"), "{}", w.incidents());
        w.passes(Span(1_900)).await;
        assert_eq!(w.rollbacks_sent(), 1, "one reading is not enough");
        w.until_card_says("proven").await;
        // The first of the two reached Vercel and was never carried out.
        assert_eq!(w.rollbacks_sent(), 2);
        assert_eq!(w.times_said("Two readings agree"), 1);
        w.sends_nothing_more().await;
    });
}

#[test]
fn switching_the_flag_off_survives_a_death_in_the_call() {
    World::run(async |w| {
        w.vercel_trap("assignment_stays_on", "", Value::Null);
        w.vercel_trap("lost_answer", "PATCH ", json!({"silent": true}));
        w.asks_and_confirms().await;
        w.clock_moves_until("the call", Span(200), || w.calls("PATCH ").len() == 1).await;
        dies_and_comes_back(&w).await;
        ends_well(&w).await;
        assert_eq!(w.calls("PATCH ").len(), 1, "it is read back, not repeated");
    });
}

#[test]
fn a_halt_outlives_the_bot_and_what_was_confirmed_waits_for_a_lead() {
    World::run(async |w| {
        // Vercel wants to be asked later, so that there is time between the press and the call.
        w.vercel_trap("status", "/rollback/", json!({"status": 429, "retry_after": 5}));
        w.asks_and_confirms().await;
        w.user("bo").types("/incident halt").await;
        w.settle().await;
        dies_and_comes_back(&w).await;
        w.passes(Span::seconds(60)).await;
        assert_eq!(w.rollbacks_sent(), 1, "only the call that Vercel did not take");
        w.user("lee").types("/incident resume reason looked at it").await;
        w.until_card_says("proven").await;
        assert_eq!(w.rollbacks_sent(), 2);
        assert_eq!(w.numbers_of("incidents", "*Halted*").len(), 1, "{}", w.incidents());
    });
}

#[test]
fn a_press_that_was_stored_and_not_looked_at_is_looked_at_after_the_restart() {
    World::run(async |w| {
        w.asks().await;
        w.vercel_trap("hang", "GET /v9/projects", Value::Null);
        w.user("ana").presses("Confirm").await;
        w.until("the look that hangs", || w.models.ledger.armed().is_empty()).await;
        w.bot_dies();
        assert_eq!(w.rollbacks_sent(), 0);
        w.bot_starts().await;
        ends_as_ever(&w).await;
    });
}

#[test]
fn an_orderly_stop_finishes_the_call_that_is_being_made() {
    World::run(async |w| {
        w.asks().await;
        w.user("ana").presses("Confirm").await;
        w.until("the call", || w.rollbacks_sent() == 1).await;
        w.bot_stops().await;
        w.bot_starts().await;
        ends_with_recognisable_repeats(&w).await;
        assert_eq!(w.times_said("interrupted"), 0, "{}", w.incidents());
        assert_eq!(w.numbers_of("incidents", "The provider took it.").len(), 1);
    });
}

#[test]
fn an_orderly_stop_in_any_pause_of_the_story_changes_nothing() {
    for step in 0..6 {
        World::run(async |w| {
            w.asks_and_confirms().await;
            w.passes(Span(900 * step)).await;
            w.bot_stops().await;
            w.bot_starts().await;
            ends_as_ever(&w).await;
        });
    }
}

#[test]
fn a_production_that_did_not_serve_is_still_looked_at_after_a_death() {
    World::run(async |w| {
        w.vercel_trap("control_plane_only", "", Value::Null);
        w.asks_and_confirms().await;
        w.until_card_says("accepted but not serving").await;
        w.passes(Span::seconds(2)).await;
        dies_and_comes_back(&w).await;
        w.passes(Span::seconds(60)).await;
        assert_eq!(w.numbers_of("incidents", "*Accepted but not serving*").len(), 1);
        w.models.vercel.release_data_plane("shop");
        ends_as_ever(&w).await;
    });
}

#[test]
fn a_second_bot_on_the_same_journal_refuses_to_start_and_acts_on_nothing() {
    World::run(async |w| {
        w.asks().await;
        let calls = w.calls("").len();
        let why = w.why_no_bot_starts().await;
        assert!(why.contains("in use by another process"), "{why}");
        assert_eq!(w.calls("").len(), calls);
        w.user("ana").presses("Confirm").await;
        ends_as_ever(&w).await;
    });
}

#[test]
fn a_journal_that_was_tampered_with_or_overwritten_is_not_acted_on() {
    type Damage = fn(&std::path::Path);
    let overwrite: Damage = |path| {
        use std::io::{Seek, Write};
        let mut file = std::fs::OpenOptions::new().write(true).open(path).expect("the journal");
        file.seek(std::io::SeekFrom::Start(0)).expect("its beginning");
        file.write_all(&[0x5a; 4096]).expect("a damage");
    };
    let tamper: Damage = |path| {
        let file = rusqlite::Connection::open(path).expect("the journal");
        let changed = file.execute_batch(
            "DROP TRIGGER IF EXISTS events_are_never_changed; \
             UPDATE events SET body = replace(body, 'rollback of', 'rollback 0f')",
        );
        changed.expect("a change");
    };
    let cases = [
        (overwrite, "it was left as it is"),
        (tamper, "the journal cannot be relied on: the journal is damaged"),
    ];
    for (damage, sentence) in cases {
        World::run(async |w| {
            w.asks().await;
            w.bot_stops().await;
            let copy = w.file("copy.db");
            std::fs::copy(w.journal(), &copy).expect("a copy");
            damage(&w.journal());
            let calls = w.calls("").len();
            let why = w.why_no_bot_starts().await;
            assert!(why.contains(sentence), "{why}");
            assert_eq!(w.calls("").len(), calls, "nothing was asked or said");
            std::fs::copy(&copy, w.journal()).expect("the copy back");
            for side in ["journal.db-wal", "journal.db-shm"] {
                let _ = std::fs::remove_file(w.file(side));
            }
            w.bot_starts().await;
            w.user("ana").presses("Confirm").await;
            ends_as_ever(&w).await;
        });
    }
}

#[test]
fn a_journal_that_breaks_under_the_bot_acts_on_nothing_and_asks_for_a_fresh_start() {
    let settings = Settings { errors_expected: true, ..Settings::default() };
    World::run_with(settings, async |w| {
        let rename = |from: &str, to: &str| {
            let file = rusqlite::Connection::open(w.journal()).expect("the journal");
            file.execute_batch(&format!("ALTER TABLE {from} RENAME TO {to}")).expect("a change");
        };
        w.asks().await;
        rename("deliveries", "elsewhere");
        w.user("ana").types("/incident note is anybody there").await;
        let told = w.user("ana").was_told();
        assert!(told.contains("Not accepted, nothing was done"), "{told}");
        let engine = w.bot(|bot| bot.app().engine().clone());
        let why = tokio::time::timeout(Duration::from_secs(5), engine.keeper().broken()).await;
        assert!(why.is_ok_and(|why| why.contains("journal")), "the bot asks to be started again");
        w.user("ana").presses("Confirm").await;
        w.settle().await;
        assert!(
            w.user("ana").was_told().matches("Not accepted").count() > 1,
            "every press is answered"
        );
        assert_eq!(w.rollbacks_sent(), 0);
        drop(engine);
        w.bot_dies();
        rename("elsewhere", "deliveries");
        w.bot_starts().await;
        w.user("ana").presses("Confirm").await;
        ends_as_ever(&w).await;
    });
}
