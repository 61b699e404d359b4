//! Looks at everything on every screen. What markup is the bot's own is learned from harmless words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use crate::corpora::probes::{discord_markdown, mrkdwn};
use crate::harness::World;

/// Addresses that the bot may send people to.
const OURS: &str = r"https?://(127\.0\.0\.1:\d+|shop\.example\.com|[a-z0-9-]+\.vercel\.app|github\.com/demo/shop)(/[^|<>]*)?";

/// Mentions, times and links of ours in Slack.
static SLACK_TOKENS: LazyLock<Regex> = LazyLock::new(|| {
    let time = r"!date\^\d+\^\{time_secs\}\|\d\d:\d\d:\d\d UTC";
    pattern(&format!(r"^(@U01[A-Z]+|{time}|{OURS}\|[^<>|]+)$"))
});
/// Mentions, times and bare addresses of ours in Discord.
static DISCORD_TOKENS: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"^(@\d+|t:\d+:T|{OURS})$")));
/// Links of ours there.
static DISCORD_LINKS: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"^[^|]*\|{OURS}$")));
static DIGITS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d+"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// The marks that the bot's own templates make.
#[derive(Default)]
pub struct Tame {
    slack: BTreeSet<String>,
    discord: BTreeSet<String>,
    /// How small print begins.
    notes: BTreeSet<String>,
}

/// How many texts were looked at.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judged {
    pub slack: usize,
    pub discord: usize,
}

impl std::ops::AddAssign for Judged {
    fn add_assign(&mut self, other: Self) {
        self.slack += other.slack;
        self.discord += other.discord;
    }
}

impl Tame {
    /// Learns from a world in which nobody said anything hostile.
    pub fn learn(&mut self, w: &World) {
        for (_, alive) in slack_texts(w) {
            self.slack.extend(alive.marked.into_iter().map(shape));
        }
        for alive in discord_texts(w).into_values() {
            self.discord.extend(alive.marked.into_iter().map(shape));
            self.notes.extend(alive.lines.iter().map(|line| opening(line)));
        }
        assert!(self.slack.len() > 3 && self.discord.len() > 3 && !self.notes.is_empty());
    }

    /// Holds a world in which strangers spoke against what was learned.
    pub fn judge(&self, w: &World) -> Judged {
        let discord = discord_texts(w);
        discord.iter().for_each(|(text, alive)| self.judge_discord(text, alive));
        let slack = slack_texts(w);
        slack.iter().for_each(|(text, alive)| self.judge_slack(text, alive));
        nobody_is_called(w);
        Judged { slack: slack.len(), discord: discord.len() }
    }

    fn judge_slack(&self, text: &str, alive: &mrkdwn::Alive) {
        let foreign: Vec<_> =
            alive.tokens.iter().filter(|token| !SLACK_TOKENS.is_match(token)).collect();
        assert!(foreign.is_empty(), "{foreign:?} is alive in {text:?}");
        let strange = strangers(&alive.marked, &self.slack);
        assert!(strange.is_empty(), "{strange:?} is stressed in {text:?}");
        assert!(alive.emoji.is_empty(), "{:?} in {text:?}", alive.emoji);
        assert!(alive.quotes.is_empty(), "{:?} in {text:?}", alive.quotes);
        assert!(alive.hidden.is_empty(), "{:?} in {text:?}", alive.hidden);
    }

    fn judge_discord(&self, text: &str, alive: &discord_markdown::Alive) {
        let foreign: Vec<_> =
            alive.tokens.iter().filter(|token| !DISCORD_TOKENS.is_match(token)).collect();
        assert!(foreign.is_empty(), "{foreign:?} is alive in {text:?}");
        let foreign: Vec<_> =
            alive.links.iter().filter(|link| !DISCORD_LINKS.is_match(link)).collect();
        assert!(foreign.is_empty(), "{foreign:?} is a link in {text:?}");
        let strange = strangers(&alive.marked, &self.discord);
        assert!(strange.is_empty(), "{strange:?} is stressed in {text:?}");
        let is_ours =
            |line: &String| line.starts_with("-# ") && self.notes.contains(&opening(line));
        let strange: Vec<_> = alive.lines.iter().filter(|line| !is_ours(line)).collect();
        assert!(strange.is_empty(), "{strange:?} is a line of its own in {text:?}");
        assert!(alive.emoji.is_empty(), "{:?} in {text:?}", alive.emoji);
        assert_eq!(alive.escapes, 0, "{text:?}");
        assert!(alive.hidden.is_empty(), "{:?} in {text:?}", alive.hidden);
    }
}

/// No message may call anybody, whatever stands in it.
fn nobody_is_called(w: &World) {
    assert_eq!(w.models.discord.pings(), Vec::<String>::new());
    let mut messages: Vec<Value> = discord_bodies(w);
    messages.extend(w.models.discord.replies());
    let messages = messages.iter().map(|body| body.get("data").unwrap_or(body));
    let said: Vec<&Value> = messages.filter(|body| body.get("embeds").is_some()).collect();
    assert!(!said.is_empty(), "nothing was said");
    for message in said {
        assert_eq!(message["allowed_mentions"], json!({"parse": []}), "{message}");
    }
}

/// What the bot sent to Discord, edits included.
fn discord_bodies(w: &World) -> Vec<Value> {
    let mut calls = w.models.ledger.calls();
    calls.retain(|call| call.vendor == "discord" && call.method != "GET");
    calls.into_iter().map(|call| call.body).collect()
}

fn discord_texts(w: &World) -> BTreeMap<String, discord_markdown::Alive> {
    let mut texts = Vec::new();
    for body in discord_bodies(w).iter().chain(&w.models.discord.replies()) {
        discord_markdown::gather(body, &mut texts);
    }
    texts.into_iter().collect()
}

fn slack_texts(w: &World) -> Vec<(String, mrkdwn::Alive)> {
    let mut texts = Vec::new();
    for message in w.everything_said() {
        texts.push((message.text.clone(), mrkdwn::read(&message.text)));
        message.blocks.iter().for_each(|block| mrkdwn::gather(block, &mut texts));
    }
    texts
}

fn strangers<'a>(marked: &'a [String], known: &BTreeSet<String>) -> Vec<&'a String> {
    marked.iter().filter(|mark| !known.contains(&shape((*mark).clone()))).collect()
}

/// A mark without its numbers.
fn shape(mark: String) -> String {
    DIGITS.replace_all(&mark, "N").into_owned()
}

/// The first two words of a line, without numbers.
fn opening(line: &str) -> String {
    shape(line.split(' ').take(3).collect::<Vec<_>>().join(" "))
}
