//! One night, played from dusk to the morning: lives of the bot, one after another, over one truth.
//!
//! A life is the real engine, desk and narrator on a runtime of its own whose clock is paused: simulated hours take no
//! time, and whatever is due next happens next. When the process dies, the runtime is dropped with everything in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Once};
use std::time::Duration;

use futures_util::FutureExt;
use repoint::chat::catalog::{Catalog, Prefix};
use repoint::chat::desk::Desk;
use repoint::chat::narrator::Herald;
use repoint::domain::book::Book;
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::keeper::{Keeper, Tools};
use repoint::engine::motor::{Engine, Hands};
use repoint::engine::ports::{Code, Forge, JournalError, Provider};
use repoint::engine::roster::{Directories, Roster};
use repoint::engine::{reconcile, recovery};

use super::coverage::Coverage;
use super::mail::deliver;
use super::morning;
use super::people::{self, Doing};
use super::planted::{Bug, PlantedRules};
use super::ports::Ports;
use super::promises::Broken;
use super::repair;
use super::truth::{Night, Script, Sky, Truth, pass};

/// How a night went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The promise that was broken, if one was.
    pub broken: Option<Broken>,
    /// Where faults struck.
    pub coverage: Coverage,
    /// How much happened.
    pub events: u64,
    /// How many flips changed production.
    pub flips: u64,
    /// How often the repair came how far.
    pub reached: BTreeMap<&'static str, u64>,
    /// How much time passed in the night.
    pub lasted: Span,
    /// A digest of everything that happened.
    pub trace: u64,
    /// What the bot did to production, in order, until the morning.
    pub effects: Vec<String>,
    /// How many faults and doings there were.
    pub counted: (u32, u32),
    /// Everything that happened, in words, if it was asked for.
    pub story: Vec<String>,
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The process died.
    Died,
    /// The process stopped by itself, because its journal failed.
    JournalFailed,
    /// The process was stopped in good order.
    Stopped,
    /// The morning has come.
    Morning,
}

/// After so many lives nothing goes wrong any more, so that every night ends.
const MOST_LIVES: u32 = 40;

/// A stop in good order takes no longer, as in the real bot.
const LONGEST_DRAIN: Duration = Duration::from_secs(20);

/// Whether what happens is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// It is not.
    No,
    /// It is.
    Story,
}

thread_local! {
    /// What a panic of the bot said; the runtime swallows it.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notices panics of the bot's tasks.
pub fn watch_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            PANIC.with(|panic| *panic.borrow_mut() = Some(info.to_string()));
            before(info);
        }));
    });
}

/// Plays a night.
pub fn play(script: &Script, planted: Option<Bug>, record: Record) -> Outcome {
    let mut truth = Truth::new(script.clone(), planted);
    truth.story = (record == Record::Story).then(Vec::new);
    let dusk = truth.true_now();
    let night = Night::new(truth);
    let mut lives = 0;
    loop {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime without input and output can be made");
        let end = runtime.block_on(async {
            let end = live(&night).await;
            night.truth().stop_clock();
            end
        });
        drop(runtime);
        let mut truth = night.truth();
        if let Some(panic) = PANIC.with(|panic| panic.borrow_mut().take()) {
            truth.promises.fail("panic", panic);
        }
        truth.tell(|| format!("a life ended: {end:?}"));
        let pause = truth.pause();
        truth.end_life(pause);
        lives += 1;
        truth.calm |= lives >= MOST_LIVES;
        if end == End::Morning || truth.promises.broken.is_some() {
            return outcome(&mut truth, dusk);
        }
    }
}

fn outcome(truth: &mut Truth, dusk: Timestamp) -> Outcome {
    Outcome {
        broken: truth.promises.broken.clone(),
        coverage: truth.coverage.clone(),
        events: truth.events,
        flips: truth.promises.flips(),
        reached: truth.promises.reached.clone(),
        lasted: truth.true_now().since(dusk),
        trace: truth.trace,
        effects: std::mem::take(&mut truth.effects),
        counted: truth.counted(),
        story: truth.story.take().unwrap_or_default(),
    }
}

thread_local! {
    static CATALOG: Arc<Catalog> =
        Arc::new(Catalog::load().expect("the declarations are embedded"));
}

/// Starts the bot as the real start does: the journal first, then what is left to do.
async fn start(night: &Arc<Night>) -> Result<(Engine, Arc<Desk>), JournalError> {
    let ports = Arc::new(Ports(night.clone()));
    let (policy, services, planted) = {
        let truth = night.truth();
        (truth.policy.clone(), truth.services.clone(), truth.planted)
    };
    let tools = Tools {
        journal: ports.clone(),
        clock: ports.clone(),
        chance: ports.clone(),
        narrator: Arc::new(Herald { prefix: Prefix::default() }),
        roster: Arc::new(Roster::new(policy, Directories::new(), ports.clone())),
        rules: Arc::new(PlantedRules(planted)),
    };
    let providers: BTreeMap<_, _> =
        services.iter().map(|one| (one.id.clone(), ports.clone() as Arc<dyn Provider>)).collect();
    let keeper = Keeper::load(tools, Book::new(services.clone()))
        .await
        .map_err(|error| JournalError::Unavailable(error.to_string()))?;
    night.truth().promises.same_state(&keeper.book());
    let codes =
        services.iter().map(|one| (one.id.clone(), ports.clone() as Arc<dyn Code>)).collect();
    let forges =
        services.iter().map(|one| (one.id.clone(), ports.clone() as Arc<dyn Forge>)).collect();
    let hands = Hands {
        providers,
        codes,
        forges,
        prober: ports.clone(),
        walker: ports.clone(),
        notifier: ports,
    };
    let engine = Engine::new(keeper, hands);
    let catalog = CATALOG.with(Clone::clone);
    let desk = Desk::new(engine.clone(), catalog, Prefix::default(), 600);
    recovery::recover(&engine).await?;
    tokio::spawn(reconcile::watch(engine.clone()));
    Ok((engine, Arc::new(desk)))
}

/// What a life does next.
enum Turn {
    /// It is over.
    Ends,
    /// The morning has come.
    Rests,
    /// Somebody does something after a while.
    Waits(Span),
}

fn turn(truth: &mut Truth) -> Turn {
    truth.calm |= truth.events >= truth.bedtime();
    if truth.promises.broken.is_some() {
        Turn::Ends
    } else if truth.calm {
        Turn::Rests
    } else {
        Turn::Waits(people::pause(truth))
    }
}

async fn live(night: &Arc<Night>) -> End {
    night.truth().begin_life();
    let Ok((engine, desk)) = start(night).await else { return End::JournalFailed };
    let mut desks = vec![desk.clone()];
    if night.truth().script.sky == Sky::TwoBots {
        let Ok((_, second)) = start(night).await else { return End::JournalFailed };
        desks.push(second);
    }
    loop {
        let turn = turn(&mut night.truth());
        let pause = match turn {
            Turn::Ends => return End::Died,
            Turn::Rests => return morning::rest(night, &engine, &desk).await,
            Turn::Waits(pause) => pause,
        };
        if let Some(end) = ended_within(night, &engine, pause).await {
            return end;
        }
        let doing = people::next(&mut night.truth());
        match doing {
            Doing::Send(all) => {
                for inbound in all {
                    desks.rotate_left(1);
                    tokio::spawn(deliver(night.clone(), desks[0].clone(), inbound));
                }
            }
            Doing::Ask(asked) => {
                tokio::spawn(repair::ask(night.clone(), engine.clone(), *asked));
            }
            Doing::Stop => return stop(night, &engine).await,
            Doing::Elsewhere => {}
        }
    }
}

/// Stops the bot in good order.
async fn stop(night: &Night, engine: &Engine) -> End {
    let is_done = tokio::time::timeout(LONGEST_DRAIN, engine.stop()).await.is_ok();
    let is_broken = engine.keeper().broken().now_or_never().is_some();
    let mut truth = night.truth();
    // A process whose journal has failed does not know what is written.
    if is_done && !is_broken && !truth.dead {
        truth.promises.same_state(&engine.keeper().book());
    }
    End::Stopped
}

/// Lets time pass; tells if the life ended meanwhile.
pub async fn ended_within(night: &Night, engine: &Engine, span: Span) -> Option<End> {
    tokio::select! {
        biased;
        () = night.ended.notified() => Some(End::Died),
        _ = engine.keeper().broken() => Some(End::JournalFailed),
        () = pass(span) => None,
    }
}
