//! One story, told in Slack and in Discord: the journal must be the same, event by event, and at every step the same
//! headline stands on the card and the same buttons can be pressed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use regex::Regex;
use repoint::domain::time::Span;
use repoint::world::faces::Faces;
use repoint::world::github::is_possible;

use crate::harness::{Face, Settings, World, all_press};

/// Everything that a card can offer, and what stands behind *Choose another*.
const LABELS: [&str; 18] = [
    "Confirm",
    "Cancel",
    "Choose another",
    "Choose 777277d",
    "Ask again",
    "Verify",
    "Revert",
    "Open revert",
    "Merge",
    "Promote",
    "Agree",
    "Show card",
    "Give a reason",
    "Rows",
    "Mails",
    "Charges",
    "Files",
    "Settings",
];

/// What happens next in the script.
enum Step {
    /// Somebody types a command.
    Types(&'static str, &'static str),
    /// Somebody presses a button.
    Presses(&'static str, &'static str),
    /// Time passes until the headline holds this.
    Until(&'static str),
    /// Time passes until this can be pressed.
    UntilButton(&'static str),
    /// Time passes.
    Passes(Span),
}

use Step::{Passes, Presses, Types, Until, UntilButton};

/// All five commands, the buttons, and the refusals, in one night.
const SCRIPT: &[Step] = &[
    // Before there is anything: nobody may, nothing is there.
    Types("eve", "/rollback"),
    Types("ana", "/revert"),
    Types("ana", "/promote"),
    Types("ana", "/incident help"),
    Types("ana", "/incident whoami"),
    Types("eve", "/incident whoami"),
    Types("ana", "/incident list"),
    Types("ana", "/incident open title=\"checkout fails\""),
    Types("ana", "/incident note text=\"payments are affected too\""),
    Types("eve", "/incident note text=\"let me in\""),
    // A question, another one, and one that is taken back.
    Types("ana", "/rollback reason=\"checkout returns 500\""),
    Until("roll back?"),
    Presses("eve", "Confirm"),
    Presses("ana", "Choose another"),
    Presses("ana", "Choose 777277d"),
    Passes(Span::seconds(2)),
    Presses("bo", "Cancel"),
    Passes(Span::seconds(1)),
    Types("bo", "/rollback service=shop to=def2122"),
    Passes(Span::seconds(2)),
    // Halted, and nobody but a lead lifts it.
    Types("ana", "/rollback"),
    Until("roll back?"),
    Types("ana", "/incident halt reason=\"wait for the database\""),
    Types("ana", "/incident resume reason=\"go on\""),
    Types("lee", "/incident resume reason=\"go on\""),
    Types("ana", "/rollback"),
    Until("roll back?"),
    // The pointer first.
    Types("ana", "/revert"),
    Presses("bo", "Confirm"),
    Until("proven"),
    Passes(Span::seconds(5)),
    Presses("bo", "Rows"),
    Presses("eve", "Mails"),
    Types("ana", "/incident blip reason=\"it was nothing\""),
    Types("ana", "/promote"),
    Passes(Span::seconds(3)),
    // Then the code, through its gate.
    Types("ana", "/revert"),
    UntilButton("Open revert"),
    Presses("ana", "Open revert"),
    UntilButton("Merge"),
    Presses("eve", "Merge"),
    Presses("bo", "Merge"),
    Until("ready, not live"),
    // The proof before the arming.
    Types("ana", "/promote"),
    Passes(Span::seconds(3)),
    Presses("ana", "Verify"),
    Until("verified, not live"),
    Presses("ana", "Promote"),
    Until("promote?"),
    Presses("ana", "Confirm"),
    Until("promoted, watching production"),
    Types("bo", "/incident status"),
    Passes(Span::minutes(6)),
    Types("ana", "/incident list"),
    // The other ways out.
    Types("ana", "/incident open title=\"slow\""),
    Types("ana", "/incident blip reason=\"a slow minute\""),
    Types("ana", "/incident open title=\"again\""),
    Types("ana", "/incident ruled-out reason=\"no target\""),
    Types("ana", "/incident fix pull=#999"),
    Passes(Span::seconds(3)),
    Types("ana", "/incident flag reason=\"the flag is off\""),
    Types("ana", "/incident close"),
    Types("ana", "/incident close reason=\"by hand\""),
    Types("ana", "/incident open title=\"alarm\""),
    Types("ana", "/incident false-alarm reason=\"the probe was wrong\""),
    Presses("ana", "Agree"),
    Presses("bo", "Agree"),
    Passes(Span::seconds(3)),
    Types("ana", "/verify"),
    Passes(Span::minutes(2)),
];

/// What a story leaves.
#[derive(Debug, PartialEq)]
struct Left {
    /// The headline and what can be pressed, after each step.
    seen: Vec<String>,
    /// What is in the journal.
    events: Vec<String>,
}

fn play(faces: Faces, told: &Mutex<Vec<Left>>) {
    let settings = Settings { faces, ..Settings::default() };
    World::run_with(settings, |w| async move {
        let mut seen = Vec::new();
        for (number, step) in SCRIPT.iter().enumerate() {
            take(&w, step).await;
            let offered = LABELS.iter().filter(|label| w.user("ana").sees(label));
            let offered = offered.copied().collect::<Vec<_>>().join(", ");
            seen.push(format!("{number}: {} [{offered}]", w.headline()));
        }
        told.lock().expect("what is told").push(Left { seen, events: events(&w) });
    });
}

async fn take(w: &Arc<World>, step: &Step) {
    match step {
        Types(who, line) => w.user(who).types(line).await,
        Presses(who, label) => w.user(who).presses(label).await,
        Until(headline) => w.passes_until(headline, || w.card_says(headline)).await,
        UntilButton(label) => w.passes_until(label, || w.user("ana").sees(label)).await,
        Passes(span) => w.passes(*span).await,
    }
    w.settle().await;
}

/// When the bot looks around by itself is nobody's promise.
const LOOKS: &str = "'pointer_seen'";

/// Every event, with people and places by their names, random ids by their order, and without times.
fn events(w: &World) -> Vec<String> {
    let file = rusqlite::Connection::open(w.journal()).expect("the journal's file");
    let mut rows = file
        .prepare(&format!("SELECT stream, kind, actor, body FROM events WHERE kind NOT IN ({LOOKS}) ORDER BY stream, version"))
        .expect("the events");
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<String> {
        let [stream, kind, actor, body]: [String; 4] =
            [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
        Ok(format!("{stream} {kind} {actor} {body}"))
    };
    let lines: Vec<String> =
        rows.query_map([], read).expect("rows").map(|row| row.expect("an event")).collect();
    let mut names = Names::of(w);
    lines.iter().map(|line| names.give(line)).collect()
}

struct Names {
    known: Vec<(String, String)>,
    random: Regex,
    times: Regex,
    order: BTreeMap<String, usize>,
}

impl Names {
    fn of(w: &World) -> Self {
        let (slack, discord) = (&w.models.slack, &w.models.discord);
        let mut known = vec![
            (slack.team_id().to_owned(), "TENANT".to_owned()),
            (discord.seed().guild.id.clone(), "TENANT".to_owned()),
            ("\"slack\"".to_owned(), "\"platform\"".to_owned()),
            ("\"discord\"".to_owned(), "\"platform\"".to_owned()),
        ];
        for name in ["ana", "bo", "lee", "eve"] {
            known.push((slack.user_id(name).to_owned(), name.to_owned()));
            known.push((discord.user_id(name).to_owned(), name.to_owned()));
        }
        for name in ["incidents", "stakeholders"] {
            known.push((slack.channel_id(name).to_owned(), name.to_owned()));
            known.push((discord.channel_id(name).to_owned(), name.to_owned()));
        }
        let pattern = |text| Regex::new(text).expect("a pattern");
        Self {
            known,
            random: pattern(
                r"\b(?:(?:cnf|eff|ver)_[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{40}|dpl_\w+|[0-9a-f]{7}(?:[0-9a-f]{5})?)\b",
            ),
            times: pattern(r"\b17\d{11}\b|127\.0\.0\.1:\d+|\b\d+ ?ms\b"),
            order: BTreeMap::new(),
        }
    }

    fn give(&mut self, line: &str) -> String {
        let mut line = line.to_owned();
        for (id, name) in &self.known {
            line = line.replace(id, name);
        }
        let line = self.times.replace_all(&line, "…");
        let order = &mut self.order;
        let named = self.random.replace_all(&line, |found: &regex::Captures<'_>| {
            let next = order.len();
            format!("#{}", order.entry(found[0].to_owned()).or_insert(next))
        });
        named.into_owned()
    }
}

#[test]
fn the_same_story_gives_the_same_journal_the_same_cards_and_the_same_buttons() {
    if !is_possible() {
        return;
    }
    let told = Mutex::default();
    play(Faces::Slack, &told);
    play(Faces::Discord, &told);
    let told = told.into_inner().expect("what is told");
    let [slack, discord] = told.as_slice() else { panic!("two stories") };
    for (one, other) in slack.seen.iter().zip(&discord.seen) {
        assert_eq!(one, other, "what ana sees in Slack and in Discord");
    }
    for (one, other) in slack.events.iter().zip(&discord.events) {
        assert_eq!(one, other, "the journals of Slack and of Discord");
    }
    assert_eq!(slack, discord);
    assert!(slack.events.len() > 80, "the story is long: {} events", slack.events.len());
}

#[test]
fn one_incident_goes_on_in_both_places() {
    if !is_possible() {
        return;
    }
    let settings = Settings { faces: Faces::Both, ..Settings::default() };
    World::run_with(settings, |w| async move {
        let (ana, bo) = (w.user("ana").on(Face::Slack), w.user("bo").on(Face::Discord));
        let both_say = |text: &str| {
            [Face::Slack, Face::Discord].iter().all(|face| w.headline_on(*face).contains(text))
        };
        // Asked in Slack, confirmed in Discord.
        ana.types("/rollback").await;
        w.passes_until("both cards", || both_say("roll back?")).await;
        bo.presses("Confirm").await;
        w.passes_until("both cards", || both_say("proven")).await;
        // Everybody is named as they are known there.
        assert!(!w.incidents().contains("discord:"), "{}", w.incidents());
        assert!(!w.models.discord.transcript("incidents").contains("slack:"));
        w.passes(Span::seconds(5)).await;
        // Asked in Discord, opened in Slack, merged in Discord.
        bo.types("/revert").await;
        w.passes_until("the plan", || ana.sees("Open revert") && bo.sees("Open revert")).await;
        ana.presses("Open revert").await;
        w.passes_until("the gate", || ana.sees("Merge") && bo.sees("Merge")).await;
        bo.presses("Merge").await;
        w.passes_until("the build", || both_say("ready, not live")).await;
        ana.types("/verify").await;
        w.passes_until("the verdict", || both_say("verified, not live")).await;
        bo.types("/promote").await;
        w.passes_until("the question", || both_say("promote?")).await;
        ana.presses("Confirm").await;
        w.passes_until("the watch", || both_say("promoted, watching production")).await;
        w.passes(Span::minutes(6)).await;
        assert!(both_say("resolved"), "{}", w.headline());
        assert!(w.models.discord.pings().is_empty(), "{:?}", w.models.discord.pings());
    });
}

#[test]
fn ten_people_press_confirm_at_once_and_one_is_first() {
    let settings = Settings { faces: Faces::Both, ..Settings::default() };
    World::run_with(settings, |w| async move {
        let ana = w.user("ana").on(Face::Slack);
        ana.types("/rollback").await;
        let bo = w.user("bo").on(Face::Discord);
        w.passes_until("both cards", || ana.sees("Confirm") && bo.sees("Confirm")).await;
        w.settle().await;
        all_press(&PRESSERS.map(|(name, face)| w.user(name).on(face)), "Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
        let answers = ACCOUNTS.map(|(name, face)| {
            let told = w.user(name).on(face).whispers();
            told.iter().filter(|one| one.contains("Already confirmed")).count()
        });
        assert_eq!(answers.iter().sum::<usize>(), PRESSERS.len() - 1, "{answers:?}");
    });
}

/// All who may, on both faces.
const ACCOUNTS: [(&str, Face); 6] = [
    ("ana", Face::Slack),
    ("bo", Face::Slack),
    ("lee", Face::Slack),
    ("ana", Face::Discord),
    ("bo", Face::Discord),
    ("lee", Face::Discord),
];

/// Ten presses of theirs.
const PRESSERS: [(&str, Face); 10] = [
    ACCOUNTS[0],
    ACCOUNTS[1],
    ACCOUNTS[2],
    ACCOUNTS[3],
    ACCOUNTS[4],
    ACCOUNTS[5],
    ACCOUNTS[0],
    ACCOUNTS[4],
    ACCOUNTS[2],
    ACCOUNTS[3],
];
