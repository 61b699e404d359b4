//! One night, played from dusk to the morning: lives of the bot, one after another, over one truth.
//!
//! A life is the real engine, desk and narrator on a runtime of its own whose clock is paused: simulated hours take no
//! time, and whatever is due next happens next. When the process dies, the runtime is dropped with everything in it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Once};
use std::time::Duration;

use repoint::chat::catalog::{Catalog, Prefix};
use repoint::chat::desk::Desk;
use repoint::chat::narrator::Herald;
use repoint::domain::book::Book;
use repoint::domain::ids::IncidentId;
use repoint::domain::service::Channel;
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::keeper::{Keeper, Tools};
use repoint::engine::motor::{Engine, Hands};
use repoint::engine::ports::{JournalError, Provider};
use repoint::engine::{reconcile, recovery};

use super::chat::person;
use super::coverage::Coverage;
use super::mail::deliver;
use super::people::{self, Doing};
use super::place::Place;
use super::planted::{Bug, PlantedRules};
use super::ports::Ports;
use super::promises::Broken;
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
    /// How much time passed in the night.
    pub lasted: Span,
    /// A digest of everything that happened.
    pub trace: u64,
    /// What the bot did to production, in order.
    pub effects: Vec<String>,
    /// How many faults and doings there were.
    pub counted: (u32, u32),
    /// Everything that happened, in words, if it was asked for.
    pub story: Vec<String>,
}

/// How a life ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
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
        policy: Arc::new(policy),
        rules: Arc::new(PlantedRules(planted)),
    };
    let providers: BTreeMap<_, _> =
        services.iter().map(|one| (one.id.clone(), ports.clone() as Arc<dyn Provider>)).collect();
    let keeper = Keeper::load(tools, Book::new(services))
        .await
        .map_err(|error| JournalError::Unavailable(error.to_string()))?;
    night.truth().promises.same_state(&keeper.book());
    let hands = Hands { providers, prober: ports.clone(), notifier: ports };
    let engine = Engine::new(keeper, hands);
    let catalog = CATALOG.with(Clone::clone);
    let desk = Desk::new(engine.clone(), catalog, Prefix::default(), 600);
    recovery::recover(&engine).await?;
    tokio::spawn(reconcile::watch(engine.clone()));
    Ok((engine, Arc::new(desk)))
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
        let pause = {
            let mut truth = night.truth();
            if truth.promises.broken.is_some() {
                return End::Died;
            }
            truth.calm |= truth.events >= truth.script.events;
            if truth.calm {
                drop(truth);
                return rest(night, &engine, &desk).await;
            }
            people::pause(&mut truth)
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
            Doing::Stop => {
                let is_done = tokio::time::timeout(Duration::from_secs(20), engine.stop()).await;
                let is_broken = engine.keeper().broken();
                let is_broken = futures_util::FutureExt::now_or_never(is_broken).is_some();
                if is_done.is_ok() && !is_broken && !night.truth().dead {
                    night.truth().promises.same_state(&engine.keeper().book());
                }
                return End::Stopped;
            }
            Doing::Elsewhere => {}
        }
    }
}

/// Lets time pass; tells if the life ended meanwhile.
async fn ended_within(night: &Night, engine: &Engine, span: Span) -> Option<End> {
    tokio::select! {
        biased;
        () = night.ended.notified() => Some(End::Died),
        _ = engine.keeper().broken() => Some(End::JournalFailed),
        () = pass(span) => None,
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The morning: nothing goes wrong any more, and everything comes to its end

/// Requests are terminal or need a person by then (L1).
const LONGEST_REST: Span = Span::minutes(10);

/// A row of the outbox is said by then (L2).
const LONGEST_TALK: Span = Span::minutes(5);

/// What is unknown reaches a person by then (L5): a minute, and one look more.
const LONGEST_DOUBT: Span = Span::seconds(75);

async fn rest(night: &Arc<Night>, engine: &Engine, desk: &Arc<Desk>) -> End {
    let began = night.truth().true_now();
    let mut in_doubt: BTreeMap<IncidentId, Timestamp> = BTreeMap::new();
    let mut unsaid: BTreeMap<Channel, (u64, Timestamp)> = BTreeMap::new();
    loop {
        if let Some(end) = ended_within(night, engine, Span::seconds(1)).await {
            return end;
        }
        let mut truth = night.truth();
        let rested = truth.true_now().since(began);
        doubts_reach_a_person(&mut truth, &mut in_doubt);
        rows_are_said(&mut truth, &mut unsaid);
        match unfinished(&truth) {
            None if unsaid.is_empty() => break,
            Some(what) if rested > LONGEST_REST => truth.promises.fail("L1", what),
            Some(_) | None => {}
        }
        if truth.promises.broken.is_some() {
            return End::Morning;
        }
    }
    press_is_answered(night, desk).await;
    night.truth().promises.same_state(&engine.keeper().book());
    End::Morning
}

/// The oldest row of each channel, and since when it is that (L2).
fn rows_are_said(truth: &mut Truth, unsaid: &mut BTreeMap<Channel, (u64, Timestamp)>) {
    let now = truth.true_now();
    let talking = truth.disk.talking();
    unsaid.retain(|channel, _| talking.contains(channel));
    for channel in talking {
        let Some(first) = truth.disk.first_waiting(&channel) else { continue };
        let (row, since) = *unsaid.entry(channel.clone()).or_insert((first, now));
        if row != first {
            unsaid.insert(channel, (first, now));
        } else if now.since(since) > LONGEST_TALK {
            truth.promises.fail("L2", format!("row {row} of {channel} waits since {since:?}"));
        }
    }
}

fn unfinished(truth: &Truth) -> Option<String> {
    if let Some(pending) = truth.disk.pending_deliveries().first() {
        return Some(format!("delivery {} is not settled", pending.key));
    }
    let book = &truth.promises.book;
    let stuck = book.incidents.values().find(|incident| {
        let state = book.state(&incident.service);
        let is_halted = state.is_some_and(|state| state.halt.is_some());
        match Place::of(incident) {
            Place::Nowhere
            | Place::Idle
            | Place::Waiting
            | Place::Lapsed
            | Place::Settled
            | Place::Over => false,
            // What is halted waits for a lead.
            Place::Intended | Place::ReadingFlag => !is_halted && incident.needs_person.is_none(),
            Place::Resolving
            | Place::Sending
            | Place::Unknown
            | Place::Doubted
            | Place::Polling
            | Place::Proving
            | Place::Disarming => incident.needs_person.is_none(),
        }
    });
    stuck.map(|incident| format!("{} is still {:?}", incident.id, incident.layer1))
}

fn doubts_reach_a_person(truth: &mut Truth, in_doubt: &mut BTreeMap<IncidentId, Timestamp>) {
    let now = truth.true_now();
    let doubtful = |place| matches!(place, Place::Unknown | Place::Doubted);
    let doubts: Vec<_> = truth
        .promises
        .book
        .incidents
        .values()
        .filter(|one| doubtful(Place::of(one)) && one.needs_person.is_none())
        .map(|one| one.id)
        .collect();
    in_doubt.retain(|id, _| doubts.contains(id));
    for id in doubts {
        let since = *in_doubt.entry(id).or_insert(now);
        if now.since(since) > LONGEST_DOUBT {
            truth.promises.fail("L5", format!("{id} has been unknown for {}", now.since(since)));
        }
    }
}

/// A press gets an answer within three seconds (L7).
async fn press_is_answered(night: &Arc<Night>, desk: &Arc<Desk>) {
    let (pressed, before) = {
        let mut truth = night.truth();
        let buttons: Vec<_> =
            truth.chat.standing().into_iter().chain(truth.chat.old()).cloned().collect();
        let Some(button) = buttons.into_iter().find(|one| one.action != "confirm") else { return };
        let pressed = people::pressed(&mut truth, person("ana"), &button);
        truth.tell(|| format!("in the morning ana presses {}", button.action));
        (pressed, truth.chat.activity)
    };
    tokio::spawn(deliver(night.clone(), desk.clone(), pressed));
    pass(Span(3_000)).await;
    let mut truth = night.truth();
    if truth.chat.activity == before {
        truth.promises.fail("L7", "a press was not answered within three seconds");
    }
}
