//! The story of every sweep: production is broken, Ana asks for a rollback and confirms it, automatic assignment stays on
//! and is switched off, production is proven, everybody is told. And the people in it, who do what people do: what was not
//! taken they do again, and a question that lapsed they ask again.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use repoint::domain::time::Span;
use repoint::engine::ports::Clock;
use repoint::world::vercel::AutoAssign;
use serde_json::Value;
use tokio::task::JoinHandle;

use super::told::{Told, nothing_was_lost, repeats};
use crate::harness::{GOOD, Settings, World};

/// How often Ana tries something before she gives up.
const TRIES: usize = 12;
/// Longer than most pauses between two tries of a call, and shorter than what a walk may take here.
const LONGEST_STEP: Span = Span::seconds(8);

/// A night, with the bot that dies in it and is started again.
pub struct Night {
    pub w: Arc<World>,
    /// What waits for its moment to strike.
    waiting: Mutex<Vec<JoinHandle<()>>>,
}

/// How a night came to its end.
#[derive(Clone, Debug)]
pub struct Morning {
    /// How many writes the journal had.
    pub writes: u64,
    /// The calls that reached Vercel and Slack.
    pub vercel: usize,
    /// Those of them that change something.
    pub vercel_writes: usize,
    /// The calls that reached Slack.
    pub slack: usize,
    /// How often what was ordered struck.
    pub struck: u64,
    /// What was said.
    pub told: Told,
    /// How many messages were said more than once.
    pub repeats: usize,
}

impl Night {
    /// A night in this world.
    pub fn of(w: Arc<World>) -> Self {
        Self { w, waiting: Mutex::default() }
    }

    /// Plays a night in a world of its own: `plan` orders what goes wrong, then Ana begins.
    pub fn play(plan: impl AsyncFnOnce(&Night)) -> Morning {
        Self::play_with(plan, async |night| night.ana_rolls_back().await)
    }

    /// As [`Self::play`], with another story.
    pub fn play_with(plan: impl AsyncFnOnce(&Night), story: impl AsyncFnOnce(&Night)) -> Morning {
        let settings = Settings { errors_expected: true, ..Settings::default() };
        let mut morning = None;
        World::run_with(settings, async |w| {
            let night = Night::of(w);
            // The first look at production is over: counting begins with Ana.
            night.w.settle().await;
            night.w.vercel_trap("assignment_stays_on", "", Value::Null);
            plan(&night).await;
            let (before, looked) = (night.w.gate.passed(), night.w.calls("").len());
            night.survives(story(&night)).await;
            let writes = night.w.gate.passed() - before;
            let of = |vendor| night.w.calls("").iter().filter(|one| one.vendor == vendor).count();
            let (vercel, slack) = (of("vercel") - looked, of("slack"));
            let struck = night.w.gate.struck();
            night.strikes_no_more();
            night.ends_as_it_must().await;
            morning = Some(Morning {
                writes,
                vercel,
                vercel_writes: night.w.writes_to_vercel().len(),
                slack,
                struck,
                told: Told::of(&night.w),
                repeats: repeats(&night.w),
            });
        });
        morning.expect("a story that came to its end")
    }

    /// Goes on with something; whenever the bot dies or asks for a fresh start meanwhile, it gets one.
    pub async fn survives<T>(&self, doing: impl Future<Output = T>) -> T {
        let mut doing = pin!(doing);
        loop {
            tokio::select! {
                done = &mut doing => return done,
                () = self.w.gate.is_dying() => self.dies_and_comes_back().await,
                () = self.asks_for_a_fresh_start() => {
                    self.w.bot_stops().await;
                    self.w.bot_starts().await;
                }
            }
        }
    }

    /// The bot dies and is started again.
    pub async fn dies_and_comes_back(&self) {
        self.w.bot_dies();
        self.w.bot_starts().await;
    }

    /// Returns when the bot would end by itself to be started again.
    async fn asks_for_a_fresh_start(&self) {
        let engine = self.w.bot(|bot| bot.app().engine().clone());
        engine.keeper().broken().await;
    }

    /// The bot dies as soon as something is so in its world.
    pub fn dies_once(&self, is_so: impl Fn(&World) -> bool + Send + Sync + 'static) {
        let w = self.w.clone();
        let waiting = tokio::spawn(async move {
            while !is_so(&w) {
                w.in_real_time(Duration::from_millis(1)).await;
            }
            w.gate.strikes();
        });
        self.waiting.lock().expect("the list").push(waiting);
    }

    /// What waits for its moment and has not struck does not strike any more.
    pub fn strikes_no_more(&self) {
        self.waiting.lock().expect("the list").drain(..).for_each(|one| one.abort());
    }

    /// Ana gets production back, whatever it takes.
    pub async fn ana_rolls_back(&self) {
        let ana = self.w.user("ana");
        for _ in 0..TRIES {
            self.passes(1).await;
            let headline = self.w.headline();
            if headline.contains("roll back?") && ana.sees("Confirm") {
                ana.presses("Confirm").await;
            } else if headline.contains("question") && ana.sees("Ask again") {
                ana.presses("Ask again").await;
            } else if is_anas_turn(&headline) {
                ana.types("/rollback").await;
            }
            if self.comes_to_a_stand().await == Stand::Proven {
                return;
            }
        }
        panic!("Ana gives up:\n{}", self.w.incidents());
    }

    /// Lets time pass until nothing more comes without a person.
    async fn comes_to_a_stand(&self) -> Stand {
        for _ in 0..180 {
            self.passes(1).await;
            let headline = self.w.headline();
            if headline.contains("proven") && self.w.pointer_is_free() {
                self.looks_at_the_flag();
                return Stand::Proven;
            }
            if is_anas_turn(&headline) || headline.contains('?') || headline.contains("question") {
                return Stand::PersonsTurn;
            }
        }
        panic!("nothing moves any more:\n{}", self.w.incidents());
    }

    /// Where the card says that a person has to switch automatic assignment off, one does.
    fn looks_at_the_flag(&self) {
        if self.w.incidents().contains("still on: switch it off by hand") {
            self.w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
        }
    }

    /// Lets time pass until it is said what became of automatic assignment, which is the last of all; that may take a slow
    /// machine longer than a fast one.
    async fn hears_of_the_flag(&self) {
        let told = ["Automatic assignment is off", "Switch it off at the provider"];
        for _ in 0..180 {
            self.looks_at_the_flag();
            let incidents = self.w.incidents();
            if told.iter().any(|one| incidents.contains(one)) && self.rests().await {
                return;
            }
            self.passes(1).await;
        }
        panic!("automatic assignment is forgotten:\n{}", self.w.incidents());
    }

    /// Lets seconds pass, also while somebody is at work who waits for the clock himself. Whoever is only slow must not find
    /// that much time has passed meanwhile: then no step is longer than [`LONGEST_STEP`].
    pub async fn passes(&self, seconds: i64) {
        let clock = &self.w.clock;
        let end = clock.now() + Span::seconds(seconds);
        while clock.now() < end {
            let is_at_rest = self.rests().await;
            let next = clock.next_due().map_or(end, |due| due.min(end));
            let step = Span((next.0 - clock.now().0).max(1));
            self.w.clock_moves(if is_at_rest { step } else { step.min(LONGEST_STEP) });
        }
        self.rests().await;
    }

    /// Waits until nothing is going on, or until that is likely to be a wait for the clock; whether nothing is.
    async fn rests(&self) -> bool {
        tokio::time::timeout(Duration::from_secs(1), self.w.settle()).await.is_ok()
    }

    /// What must be true in the morning.
    async fn ends_as_it_must(&self) {
        let w = &self.w;
        // What was to go wrong later than the story lasted goes wrong no more.
        w.troubles_are_over();
        self.survives(self.passes(70)).await;
        self.survives(self.hears_of_the_flag()).await;
        assert_eq!(w.live(), GOOD, "{}", w.incidents());
        let begun = w.models.vercel.rollbacks_begun("shop");
        assert_eq!(begun, 1, "a second flip:\n{}", w.incidents());
        assert!(!w.models.vercel.auto_assign("shop"), "{}", w.incidents());
        assert!(w.pointer_is_free(), "{}", w.incidents());
        assert_eq!(w.incidents_opened(), 1, "{}", w.incidents());
        nothing_was_lost(w);
    }
}

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    Proven,
    PersonsTurn,
}

/// Whether the card, or its absence, says that nothing goes on and somebody has to ask.
fn is_anas_turn(headline: &str) -> bool {
    let over = ["the rollback failed", "rollback refused", "rollback cancelled", ": open"];
    headline.is_empty() || over.iter().any(|one| headline.ends_with(one))
}
