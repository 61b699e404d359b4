//! Hostile words from every stranger that the bot quotes, through the whole bot, where the team talks in Slack and in Discord:
//! whatever it posts, whispers, offers, writes and prints stays what it would be with harmless words.
//!
//! The judges are readers of each platform's markup of their own (`tests/fuzz/src/mrkdwn.rs` and `discord_markdown.rs`), never
//! the bot's escapers. `strangers.rs` says who speaks, `gate.rs` who else does once there is a pull request, `judge.rs` looks.

mod gate;
mod judge;
mod strangers;

use std::sync::Arc;

use repoint::adapters::journal::{SqliteJournal, export};
use repoint::world::github::is_possible;
use serde_json::Value;

use self::judge::{Judged, Tame};
use crate::corpora::hostile;
use crate::forged::replays::typing_freely_on_both;
use crate::forged::say;
use crate::harness::World;

/// Texts for one world.
const PER_WORLD: usize = 24;

/// Texts for one world with a pull request at its gate.
const PER_GATE: usize = 71;

#[test]
fn hostile_words_of_strangers_come_out_inert_wherever_they_are_shown() {
    let tame = tame();
    let texts = hostile();
    let judged = in_turns(&texts, PER_WORLD, |share| night(share, &tame));
    let enough = texts.len() * 5;
    assert!(judged.slack > enough && judged.discord > enough, "only {judged:?} were judged");
    report(&texts, strangers::SOURCES, judged);
}

#[test]
fn hostile_words_at_the_gate_of_a_pull_request_come_out_inert() {
    if !is_possible() {
        return;
    }
    let mut tame = Tame::default();
    World::run_with(gate::settings(), async |w| {
        gate::stand_at(&w, &vec!["words".to_owned(); PER_GATE]).await;
        tame.learn(&w);
    });
    let texts = hostile();
    let judged = in_turns(&texts, PER_GATE, |share| gate::night(share, &tame));
    assert!(judged.slack > 0 && judged.discord > texts.len(), "only {judged:?} were judged");
    report(&texts, gate::SOURCES, judged);
}

fn report(texts: &[String], sources: usize, judged: Judged) {
    let Judged { slack, discord } = judged;
    let texts = texts.len();
    say(&format!(
        "doors: {texts} hostile texts from {sources} sources, {slack} texts judged in Slack and {discord} in Discord, 0 alive"
    ));
}

/// Each share in a world of its own, two worlds at a time: each has long waits for its disk.
fn in_turns(texts: &[String], share: usize, night: impl Fn(&[String]) -> Judged + Sync) -> Judged {
    let chunks: Vec<&[String]> = texts.chunks(share).collect();
    let mut judged = Judged::default();
    std::thread::scope(|scope| {
        let half = |chunks: &[&[String]]| {
            let mut judged = Judged::default();
            chunks.iter().for_each(|chunk| judged += night(chunk));
            judged
        };
        let halves = chunks.chunks(chunks.len().div_ceil(2));
        let threads: Vec<_> = halves.map(|one| scope.spawn(move || half(one))).collect();
        for thread in threads {
            judged += thread.join().expect("no text was alive");
        }
    });
    judged
}

/// A world in which strangers say these, one after the other.
fn night(texts: &[String], tame: &Tame) -> Judged {
    let mut judged = Judged::default();
    World::run_with(typing_freely_on_both(), async |w| {
        all_suffer(&w, texts).await;
        judged = tame.judge(&w);
        journal_is_made_of_lines(&w).await;
    });
    judged
}

/// The marks that the bot's own templates make, found with harmless words: some that are no name and no number, and some that
/// are refused for other reasons than what they hold. Each meets everything that is done with a text.
fn tame() -> Tame {
    let mut tame = Tame::default();
    let long = "words ".repeat(100);
    let words = ["words", "more words", "", "2", "help", &long];
    for first in 0..words.len() {
        World::run_with(typing_freely_on_both(), async |w| {
            let turn = words.iter().cycle().skip(first).take(PER_WORLD);
            all_suffer(&w, &turn.map(|word| (*word).to_owned()).collect::<Vec<_>>()).await;
            w.user("ana").types("/incident open shop checkout fails").await;
            w.settle().await;
            tame.learn(&w);
        });
    }
    tame
}

async fn all_suffer(w: &Arc<World>, texts: &[String]) {
    for (number, text) in texts.iter().enumerate() {
        strangers::suffer(w, number, text).await;
    }
    // Otherwise nobody would have seen with which words the provider refuses.
    let refused = w.rollbacks_sent();
    assert!(refused * 4 > texts.len() * 3, "only {refused} of {} were confirmed", texts.len());
}

/// The export is one event a line, and no line moves a terminal's cursor.
async fn journal_is_made_of_lines(w: &World) {
    let journal = SqliteJournal::open_read_only(&w.journal()).expect("a readable journal");
    let mut out = Vec::new();
    let events = export(&journal, &mut out).await.expect("an export");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(u64::try_from(text.lines().count()).expect("few"), events);
    for line in text.split_terminator('\n') {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "no JSON: {line:?}");
        assert!(!line.bytes().any(|byte| byte < b' '), "a control character in {line:?}");
    }
}
