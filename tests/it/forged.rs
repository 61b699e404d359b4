//! Requests that are neither Slack's nor Discord's, by the ten thousand, and rightly signed ones that neither would ever send:
//! nothing is accepted, nothing is written, and whoever is right is served as before. Half of them knock at either platform.
//!
//! `REPOINT_FORGED` says how many forged requests are sent; `.ci/run` asks for more than a hundred thousand. What is compared
//! with a secret is compared in constant time: Slack's signatures by `hmac`'s own verification, Discord's by dalek's (see
//! `discord.rs`).

pub mod discord;
pub mod kinds;
mod nonsense;
pub mod replays;
mod slack;
mod transport;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use self::kinds::{Broken, Sound, kind};
use self::replays::typing_freely_on_both;
use crate::harness::dice::Dice;
use crate::harness::wire::{Raw, Signer, Wire};
use crate::harness::{GOOD, World, command_form};

pub const COMMANDS: &str = "/slack/commands";
pub const INTERACTIONS: &str = "/slack/interactions";

/// An address that no request may make us call.
pub const NOWHERE: &str = "https://hooks.example.invalid/commands/1";

/// How many forged requests a plain `cargo test` sends.
const USUAL: usize = 20_000;
/// How many one bot meets, so that no story takes long.
const PER_STORY: usize = 28_000;
/// Connections at once.
const WIRES: usize = 4;
/// Requests that are sent before the first answer is waited for.
const PIPELINED: usize = 32;

/// How often each kind was tried, by platform.
type Tally = BTreeMap<(&'static str, &'static str), usize>;

impl World {
    fn signer(&self) -> Signer {
        Signer(std::fs::read_to_string(self.file("signing_secret")).expect("a secret"))
    }

    pub fn seconds(&self) -> i64 {
        use repoint::engine::ports::Clock;
        self.clock.now().0 / 1000
    }

    fn sound(&self, raw: Raw) -> Sound<Signer> {
        Sound { raw, signer: self.signer(), now: self.seconds() }
    }

    async fn wire(&self) -> Wire {
        Wire::open(self.bot(crate::harness::Bot::address)).await
    }

    /// What the bot has done so far, once it has come to rest: the journal, and how many calls it made.
    async fn traces(&self) -> (String, usize) {
        self.settle().await;
        (self.everything_written(), self.calls("").len())
    }

    /// The whole journal in one number: every row of every table.
    fn everything_written(&self) -> String {
        let file = rusqlite::Connection::open(self.journal()).expect("the journal's file");
        let mut tables = file
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .expect("a list of tables");
        let names = tables.query_map([], |row| row.get::<_, String>(0)).expect("tables");
        let mut digest = Sha256::new();
        for name in names.map(|name| name.expect("a name")) {
            digest.update(name.as_bytes());
            let mut select = file.prepare(&format!("SELECT * FROM {name}")).expect("a table");
            let columns = select.column_count();
            let mut rows = select.query([]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                for column in 0..columns {
                    digest.update(format!("{:?}|", row.get_ref(column).expect("a value")));
                }
            }
        }
        hex::encode(digest.finalize())
    }
}

#[test]
fn of_many_thousand_forged_requests_none_is_accepted_and_none_leaves_a_trace() {
    let wanted =
        std::env::var("REPOINT_FORGED").map_or(USUAL, |count| count.parse().expect("a number"));
    let (began, mut tally, mut sent) = (tokio::time::Instant::now(), Tally::new(), 0);
    while sent < wanted {
        let count = PER_STORY.min(wanted - sent);
        World::run_with(typing_freely_on_both(), async |w| {
            let before = w.traces().await;
            let asked = ask_all(&w, count, u64::try_from(sent).expect("a seed")).await;
            asked.into_iter().for_each(|(kind, times)| *tally.entry(kind).or_default() += times);
            assert_eq!(w.traces().await, before, "something was written or sent");
            serves_who_is_right(&w).await;
        });
        sent += count;
    }
    report(&tally, began.elapsed().as_secs_f32());
}

/// Sends so many over a few connections; counts them by kind.
async fn ask_all(w: &Arc<World>, count: usize, seed: u64) -> Tally {
    let share = count.div_ceil(WIRES);
    let tasks: Vec<_> = (0..WIRES)
        .map(|line| {
            let (w, first) = (w.clone(), line * share);
            let last = (first + share).min(count);
            let dice = Dice::new(seed + u64::try_from(line).expect("a line"));
            tokio::spawn(async move { ask(&w, first..last, dice).await })
        })
        .collect();
    let mut tally = Tally::new();
    for task in tasks {
        for (kind, times) in task.await.expect("no answer was wrong") {
            *tally.entry(kind).or_default() += times;
        }
    }
    tally
}

async fn ask(w: &World, range: std::ops::Range<usize>, mut dice: Dice) -> Tally {
    let (mut wire, mut tally) = (w.wire().await, Tally::new());
    let numbers: Vec<usize> = range.collect();
    for batch in numbers.chunks(PIPELINED) {
        let mut waiting = Vec::new();
        let mut bytes = Vec::new();
        for number in batch {
            let (kind, broken) = broken(w, *number, &mut dice);
            bytes.extend(broken.raw.bytes());
            waiting.push((kind, broken));
        }
        wire.says(&bytes).await;
        for (kind, broken) in waiting {
            let answer = wire.hears().await.unwrap_or_else(|| panic!("no answer: {kind:?}"));
            assert_eq!(answer.status, broken.status, "{kind:?}: {:?}", broken.raw);
            assert_eq!(answer.body, "", "{kind:?}: refused without detail");
            *tally.entry(kind).or_default() += 1;
        }
    }
    tally
}

/// A forged request, with its platform and its kind: the platforms take turns.
fn broken(w: &World, number: usize, dice: &mut Dice) -> ((&'static str, &'static str), Broken) {
    if number.is_multiple_of(2) {
        let (kind, break_it) = kind(number / 2, &slack::KINDS);
        let sound = w.sound(believable(number, dice));
        return (("slack", kind), break_it(dice, sound));
    }
    let (kind, break_it) = kind(number / 2, &discord::kinds::KINDS);
    let sound = discord::sound(w, &discord::believable(w, number, dice));
    (("discord", kind), break_it(dice, sound))
}

/// What Slack would send, and what would act if it were believed.
fn believable(number: usize, dice: &mut Dice) -> Raw {
    let trigger = format!("{number}.{}", dice.word(8));
    let line =
        *dice.pick(&["/rollback", "/incident halt", "/incident open it burns", "/rollback web"]);
    let form = command_form(line, &trigger, NOWHERE);
    if dice.within(0..3) > 0 {
        return Raw::form(COMMANDS, form);
    }
    let payload = nonsense::press(&trigger).to_string();
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", &payload)
        .finish();
    Raw::form(INTERACTIONS, form)
}

/// After all that, an ordinary evening: a command in Slack, a press in Discord where the team talks there too.
async fn serves_who_is_right(w: &Arc<World>) {
    let form = command_form("/rollback", "1.1.right", NOWHERE);
    assert_eq!(w.outsider().posts(COMMANDS, &form).await.0, 200);
    let model = &w.models.discord;
    let (ana, channel) = (model.user_id("ana"), model.channel_id("incidents"));
    match model.find_button(channel, ana, "Confirm") {
        Some(button) => {
            let pressed = model.press(ana, channel, &button.message, &button.custom_id).await;
            pressed.expect("discord takes it");
        }
        None => w.user("ana").presses("Confirm").await,
    }
    w.passes_until("the proof", || w.card_says("proven")).await;
    assert_eq!((w.live().as_str(), w.rollbacks_sent()), (GOOD, 1));
}

/// Says what was done, past the capture of a test that passes.
pub fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error");
}

fn report(tally: &Tally, seconds: f32) {
    for platform in ["slack", "discord"] {
        let of: Vec<_> = tally.iter().filter(|((whose, _), _)| *whose == platform).collect();
        let sum: usize = of.iter().map(|(_, times)| **times).sum();
        let mut line = format!(
            "doors: {sum} forged requests of {} kinds to {platform}, 0 accepted, nothing written:",
            of.len(),
        );
        for ((_, kind), times) in of {
            write!(line, " {kind} {times},").expect("text");
        }
        say(line.trim_end_matches(','));
    }
    say(&format!("doors: all of them in {seconds:.0} s"));
}
