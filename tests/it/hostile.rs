//! Hostile words from every stranger that the bot quotes, through the whole bot: whatever it posts, whispers, writes and prints
//! stays what it would be with harmless words.
//!
//! The judge is a reader of Slack's markup of its own (`tests/fuzz/src/mrkdwn.rs`), never the bot's escaper.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::Regex;
use repoint::adapters::journal::{SqliteJournal, export};
use repoint::domain::time::Span;
use repoint::engine::ports::Clock;
use repoint::world::vercel::{Health, ModelDeployment, Substate, Target};
use serde_json::{Value, json};

use crate::corpora::hostile;
use crate::corpora::probes::mrkdwn::{self, Alive};
use crate::forged::{replays::typing_freely, say};
use crate::harness::World;

/// Texts for one world.
const PER_WORLD: usize = 46;

#[test]
fn hostile_words_of_strangers_come_out_inert_wherever_they_are_shown() {
    let marks = tame_marks();
    let texts = hostile();
    let chunks: Vec<&[String]> = texts.chunks(PER_WORLD).collect();
    // Two worlds at a time: each has long waits for its disk.
    let judged: usize = std::thread::scope(|scope| {
        let halves = chunks.chunks(chunks.len().div_ceil(2));
        let threads: Vec<_> = halves
            .map(|half| scope.spawn(|| half.iter().map(|one| night(one, &marks)).sum::<usize>()))
            .collect();
        threads.into_iter().map(|one| one.join().expect("no text was alive")).sum::<usize>()
    });
    assert!(judged > texts.len() * 5, "only {judged} texts were judged");
    say(&format!(
        "doors: {} hostile texts from 11 sources, {judged} texts of the bot judged, 0 alive",
        texts.len()
    ));
}

/// A world in which strangers say these, one after the other; how many texts of the bot were judged.
fn night(texts: &[String], marks: &BTreeSet<String>) -> usize {
    let mut judged = 0;
    World::run_with(typing_freely(), async |w| {
        for (number, text) in texts.iter().enumerate() {
            suffers(&w, number, text).await;
        }
        judged = judge(&w, marks);
        journal_is_made_of_lines(&w).await;
    });
    judged
}

/// The marks that the bot's own templates make, found with harmless words.
fn tame_marks() -> BTreeSet<String> {
    let mut marks = BTreeSet::new();
    World::run_with(typing_freely(), async |w| {
        // Some that are no name and no number, and some that are refused for other reasons than what they hold.
        let long = "words ".repeat(100);
        for (number, text) in ["words", "more words", "", "2", "help", &long].iter().enumerate() {
            suffers(&w, number, text).await;
        }
        marks =
            texts_of(&w).iter().flat_map(|(_, alive)| alive.marked.clone()).map(shape).collect();
    });
    assert!(marks.len() > 3, "{marks:?}");
    marks
}

/// A mark without its numbers.
fn shape(mark: String) -> String {
    Regex::new(r"\d+").expect("a pattern").replace_all(&mark, "N").into_owned()
}

/// One incident in which every stranger says the same: the provider about a deployment and in its refusal, people in whatever
/// they may type.
async fn suffers(w: &Arc<World>, number: usize, text: &str) {
    goes_live(w, number, text);
    let ana = w.user("ana");
    ana.types(&format!("/rollback reason {text}")).await;
    w.settle().await;
    if number.is_multiple_of(3) && ana.sees("Choose another") {
        ana.presses("Choose another").await;
        w.settle().await;
    }
    if ana.sees("Confirm") {
        let refusal = json!({"status": 400, "body": {"error": {"code": text, "message": text}}});
        w.trap("vercel", "status", "/rollback/", refusal);
        ana.presses("Confirm").await;
        w.settle().await;
        w.troubles_are_over();
    }
    for line in [
        "open shop",
        "note",
        "halt shop",
        "resume shop",
        "status",
        "help",
        "press",
        "list",
        "close",
    ] {
        ana.types(&format!("/incident {line} {text}")).await;
    }
    ana.types(&format!("/rollback {text}")).await;
    ana.types(&format!("/incident {text}")).await;
    w.settle().await;
    ana.types("/incident resume shop all is well").await;
    ana.types("/incident close all is well").await;
    w.settle().await;
}

/// A deployment whose every word is somebody else's takes production.
fn goes_live(w: &Arc<World>, number: usize, text: &str) {
    let created_at = w.clock.now() - Span::seconds(60);
    let odd =
        |every: usize, usual: String| if number % every == 1 { text.to_owned() } else { usual };
    let one = ModelDeployment {
        id: format!("dpl_hostile{number:04}").as_str().into(),
        host: odd(3, format!("shop-{number}-demo.vercel.app")),
        sha: odd(5, format!("{:040x}", 0xabcd_0000 + number)),
        message: text.to_owned(),
        author: text.to_owned(),
        branch: "main".to_owned(),
        created_at,
        ready_at: Some(created_at),
        state: "READY".to_owned(),
        substate: Some(Substate::Promoted),
        target: Target::Production,
        promoted_at: Some(created_at),
        health: Health::Good,
    };
    let id = one.id.clone();
    w.models.vercel.add_deployment("shop", one);
    w.models.vercel.flip_by_other("shop", &id);
}

/// Looks at everything on every screen; returns how much that was.
fn judge(w: &World, marks: &BTreeSet<String>) -> usize {
    let ours = Regex::new(
        r"^(@U01ANA|!date\^\d+\^\{time_secs\}\|\d\d:\d\d:\d\d UTC|https?://(127\.0\.0\.1:\d+|shop\.example\.com|[a-z0-9-]+\.vercel\.app)/[^|]*\|[^<>|]+)$",
    )
    .expect("a pattern");
    let texts = texts_of(w);
    for (text, alive) in &texts {
        let foreign: Vec<_> = alive.tokens.iter().filter(|token| !ours.is_match(token)).collect();
        assert!(foreign.is_empty(), "{foreign:?} is alive in {text:?}");
        let strange: Vec<_> =
            alive.marked.iter().filter(|mark| !marks.contains(&shape((*mark).clone()))).collect();
        assert!(strange.is_empty(), "{strange:?} is stressed in {text:?}");
        assert!(alive.emoji.is_empty(), "{:?} in {text:?}", alive.emoji);
        assert!(alive.quotes.is_empty(), "{:?} in {text:?}", alive.quotes);
        assert!(alive.hidden.is_empty(), "{:?} in {text:?}", alive.hidden);
    }
    texts.len()
}

/// Every text of every message, with what is alive in it.
fn texts_of(w: &World) -> Vec<(String, Alive)> {
    let mut texts = Vec::new();
    for message in w.everything_said() {
        texts.push((message.text.clone(), mrkdwn::read(&message.text)));
        message.blocks.iter().for_each(|block| gather(block, &mut texts));
    }
    texts
}

fn gather(value: &Value, texts: &mut Vec<(String, Alive)>) {
    match (value["type"].as_str(), value["text"].as_str()) {
        (Some("mrkdwn"), Some(text)) => {
            assert_eq!(value["verbatim"], true, "Slack would look for bare words in {text:?}");
            texts.push((text.to_owned(), mrkdwn::read(text)));
        }
        (Some("plain_text"), Some(text)) => texts.push((text.to_owned(), mrkdwn::read_plain(text))),
        _ => match value {
            Value::Array(all) => all.iter().for_each(|one| gather(one, texts)),
            Value::Object(all) => all.values().for_each(|one| gather(one, texts)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        },
    }
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
