//! The real binary is killed, and told to stop, at random moments. `REPOINT_KILLS` says how often; `REPOINT_SEED` plays a
//! run again.

use std::sync::Arc;
use std::time::Duration;

use repoint::adapters::clock::SystemClock;
use repoint::engine::ports::Clock;
use serde_json::Value;

use super::process::{Process, ana_rolls_back, configure, ends_well, until};
use super::told::{Told, repeats};
use super::{ABREAST, say, sweep};
use crate::harness::World;
use crate::harness::dice::Dice;

/// How often the bot dies in one story.
const KILLS_PER_STORY: u64 = 10;

/// The longest lives between two ends: most of them are short, so that starts and first steps are hit as well.
const LIVES_MS: [u64; 4] = [60, 200, 500, 1_200];

/// Lets the bot live for a random while.
async fn lives(w: &World, dice: &mut Dice) {
    let longest = *dice.pick(&LIVES_MS);
    w.in_real_time(Duration::from_millis(random(dice, longest))).await;
}

fn random(dice: &mut Dice, below: u64) -> u64 {
    let below = usize::try_from(below).expect("a small number");
    dice.within(0..below) as u64
}

pub fn number(name: &str, usual: u64) -> u64 {
    let set = std::env::var(name).ok();
    set.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

/// The stories' seeds: of this run, or of the one that is played again.
fn seeds(stories: u64) -> Vec<u64> {
    let now = SystemClock::default().now().0.unsigned_abs();
    let first = number("REPOINT_SEED", now);
    (0..stories).map(|nth| first.wrapping_add(nth)).collect()
}

/// The story without an end of the bot in it, and how it reads.
fn quiet_story() -> Told {
    World::run_around_a_process(async |w| {
        configure(&w);
        let bot = Process::ready(&w).await;
        ana_rolls_back(&w).await;
        bot.signal("TERM");
        assert_eq!(bot.ends(&w).await.code(), Some(0));
        ends_well(&w, None)
    })
}

#[test]
fn a_bot_that_is_killed_at_random_moments_comes_to_the_same_end() {
    let kills = number("REPOINT_KILLS", 40);
    let quiet = quiet_story();
    let seeds = seeds(kills.div_ceil(KILLS_PER_STORY));
    say(&format!("sweep: kill -9 begins; REPOINT_SEED={} plays it again", seeds[0]));
    let killed = sweep(&seeds, ABREAST, |seed| {
        World::run_around_a_process(async |w| {
            configure(&w);
            let killer = async {
                let mut dice = Dice::new(*seed);
                for _ in 0..KILLS_PER_STORY {
                    let bot = Process::start(&w);
                    lives(&w, &mut dice).await;
                    bot.kill_9();
                }
                Process::ready(&w).await
            };
            let (bot, ()) = tokio::join!(killer, ana_rolls_back(&w));
            bot.signal("TERM");
            assert_eq!(bot.ends(&w).await.code(), Some(0));
            ends_well(&w, Some(&quiet));
            KILLS_PER_STORY
        })
    });
    let killed: u64 = killed.iter().sum();
    say(&format!("sweep: killed {killed} times in {} stories, never a second flip", seeds.len()));
    assert!(killed >= kills);
}

#[test]
fn a_bot_that_is_killed_while_it_makes_its_journal_makes_it_at_the_next_start() {
    let seeds = seeds(number("REPOINT_KILLS", 40));
    let half_made = sweep(&seeds, ABREAST, |seed| {
        World::run_around_a_process(async |w| {
            configure(&w);
            let bot = Process::start(&w);
            // Time for the file to be begun, and no time for much more.
            until(&w, "the lock", || w.file("journal.db.lock").exists()).await;
            w.in_real_time(Duration::from_micros(random(&mut Dice::new(*seed), 10_000))).await;
            let is_ready = bot.log().contains(" ready ");
            bot.kill_9();
            let bot = Process::ready(&w).await;
            bot.signal("TERM");
            assert_eq!(bot.ends(&w).await.code(), Some(0));
            u32::from(!is_ready)
        })
    });
    let half_made: u32 = half_made.iter().sum();
    say(&format!("sweep: killed {half_made} times while the journal was being made"));
}

#[test]
fn a_bot_that_is_told_to_stop_at_random_moments_finishes_what_it_began() {
    const STOPS_PER_STORY: u64 = 4;
    let stories = number("REPOINT_KILLS", 40).div_ceil(10);
    let quiet = quiet_story();
    let seeds = seeds(stories);
    say(&format!("sweep: SIGTERM begins; REPOINT_SEED={} plays it again", seeds[0]));
    sweep(&seeds, ABREAST, |seed| {
        World::run_around_a_process(async |w| {
            configure(&w);
            let stopper = async {
                let mut dice = Dice::new(*seed);
                for _ in 0..STOPS_PER_STORY {
                    let bot = Process::ready(&w).await;
                    lives(&w, &mut dice).await;
                    bot.signal("TERM");
                    assert_eq!(bot.ends(&w).await.code(), Some(0));
                }
                Process::ready(&w).await
            };
            let (bot, ()) = tokio::join!(stopper, ana_rolls_back(&w));
            bot.signal("TERM");
            assert_eq!(bot.ends(&w).await.code(), Some(0));
            ends_well(&w, Some(&quiet));
            assert_eq!(repeats(&w), 0, "what is being said is recorded before the end");
            assert_eq!(w.times_said("interrupted"), 0, "{}", w.incidents());
        });
    });
    let stops = seeds.len() as u64 * (STOPS_PER_STORY + 1);
    say(&format!("sweep: stopped in order {stops} times in {} stories", seeds.len()));
}

/// A bot that was told to stop while Vercel does not answer a call.
async fn stopping_in_a_call(w: &Arc<World>) -> Process {
    configure(w);
    w.trap("vercel", "hang", "/rollback/", Value::Null);
    let bot = Process::ready(w).await;
    w.user("ana").types("/rollback").await;
    until(w, "the card", || w.headline().contains("roll back?")).await;
    w.user("ana").presses("Confirm").await;
    until(w, "the call", || w.rollbacks_sent() == 1).await;
    bot.signal("TERM");
    until(w, "the end to begin", || bot.log().contains("finishing what was begun")).await;
    bot
}

#[test]
fn an_orderly_stop_waits_for_the_call_that_is_being_made_and_hears_a_second_request_out() {
    World::run_around_a_process(async |w| {
        let bot = stopping_in_a_call(&w).await;
        bot.signal("TERM");
        assert_eq!(bot.ends(&w).await.code(), Some(0));
        // The outcome is in the journal: that nobody answered is known, and not only that the call was begun.
        let ended = w.rows("SELECT count(*) FROM events WHERE kind = 'effect_ended'");
        assert_eq!(ended, 1);
        let bot = Process::ready(&w).await;
        ana_rolls_back(&w).await;
        bot.kill_9();
        ends_well(&w, None);
    });
}

#[test]
fn a_second_ctrl_c_ends_the_bot_at_once_and_the_next_start_goes_on() {
    World::run_around_a_process(async |w| {
        let bot = stopping_in_a_call(&w).await;
        bot.signal("INT");
        assert_eq!(bot.ends(&w).await.code(), Some(130));
        let bot = Process::ready(&w).await;
        ana_rolls_back(&w).await;
        bot.kill_9();
        assert!(w.times_said("interrupted while it made the call") > 0, "{}", w.incidents());
        ends_well(&w, None);
    });
}
