//! What is really so, and what goes wrong in it. Everything that the bot's ports do passes here, one event at a time.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use repoint::adapters::clock::Steady;
use repoint::chat::inbound::Inbound;
use repoint::domain::actor::{Grantee, Role};
use repoint::domain::deployment::{Assignment, Plan};
use repoint::domain::ids::ServiceId;
use repoint::domain::incident::Incident;
use repoint::domain::policy::Policy;
use repoint::domain::service::{Limits, SecondPerson, Service};
use repoint::domain::time::{Span, Timestamp};
use tokio::sync::Notify;

use super::chat::{Chat, channel, person};
use super::coverage::Coverage;
use super::disk::{Disk, Lapses};
use super::fault::{Fault, Op, Weather};
use super::fix_place::FixPlace;
use super::forge::Repo;
use super::mail::Mail;
use super::place::Place;
use super::planted::Bug;
use super::project::Project;
use super::promises::Promises;
use super::rng::Rng;

/// When every night begins.
const DUSK: Timestamp = Timestamp(1_795_000_000_000);

/// What kind of night it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sky {
    /// The seed chooses what goes wrong.
    #[default]
    Seeded,
    /// Nothing goes wrong, and nothing takes time.
    Clear,
    /// As clear, but requests are repeated.
    Repeats,
    /// The seed chooses what goes wrong, and two processes share the journal.
    TwoBots,
}

/// What is played: a seed, and what is left out of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Chooses everything.
    pub seed: u64,
    /// What kind of night it is.
    pub sky: Sky,
    /// After so many events faults stop and people rest.
    pub events: u64,
    /// Faults that are left out, by their number in the night.
    pub without_faults: BTreeSet<u32>,
    /// Doings of people and of the world that are left out, by their number in the night.
    pub without_doings: BTreeSet<u32>,
}

/// Everything that is really so.
pub struct Truth {
    /// What is played.
    pub script: Script,
    /// What can go wrong.
    pub weather: Weather,
    faults: Rng,
    delays: Rng,
    /// The bot's own chance.
    pub chance: Rng,
    /// Chooses what people do.
    pub people: Rng,
    /// Nothing goes wrong any more.
    pub calm: bool,
    /// The process is dead: nothing of it counts.
    pub dead: bool,
    began: Timestamp,
    life: Option<tokio::time::Instant>,
    skew: i64,
    /// The bot's own clock; each process has a new one.
    pub steady: Steady,
    /// The provider.
    pub projects: BTreeMap<ServiceId, Project>,
    /// The forge.
    repo: Repo,
    /// People go all the way: they take the bad change back and promote the result.
    pub mends: bool,
    /// Things go wrong only once the fix is built: else few nights come through to the last step in trouble.
    is_late: bool,
    /// The disk.
    pub disk: Disk,
    /// What a planted fault breaks of the disk's promises.
    pub lapses: Lapses,
    /// The chat.
    pub chat: Chat,
    /// What is on its way to the bot.
    pub mail: Mail,
    /// What must hold.
    pub promises: Promises,
    /// Where faults struck.
    pub coverage: Coverage,
    /// Who may do what at present.
    pub policy: Policy,
    /// What is configured at present.
    pub services: Vec<Service>,
    next_policy: Policy,
    next_services: Vec<Service>,
    /// The fault that is planted in the bot, if one is.
    pub planted: Option<Bug>,
    /// How much happened.
    pub events: u64,
    fault_number: u32,
    doing_number: u32,
    /// What the bot did to production, in order, until the morning.
    pub effects: Vec<String>,
    /// Nobody does anything of their own accord any more.
    pub is_morning: bool,
    /// A digest of everything that happened.
    pub trace: u64,
    /// Everything that happened, in words, if somebody wants to read it.
    pub story: Option<Vec<String>>,
}

/// In late nights what seldom takes long does, so that everything else can happen meanwhile.
fn calls_take_long(weather: Weather, is_late: bool) -> Weather {
    if is_late { weather.with_slow_calls() } else { weather }
}

/// What happens to one operation.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    /// What goes wrong.
    pub fault: Option<Fault>,
    delay: Span,
}

/// The truth, shared by the ports.
pub struct Night {
    truth: Mutex<Truth>,
    /// Rings when the process dies or a promise is broken.
    pub ended: Notify,
}

impl Truth {
    /// A night of its own.
    pub fn new(script: Script, planted: Option<Bug>) -> Self {
        let seed = script.seed;
        let mut weather = Rng::new(seed, 1);
        let services = vec![service("shop", "C1"), service("blog", "C2")];
        let mends = weather.in_thousand(400);
        let is_late = mends && weather.in_thousand(700);
        let projects = services.iter().map(|one| {
            let lag = Span(weather.ms(0, 4_000));
            let plan = if weather.in_thousand(200) { Plan::Hobby } else { Plan::Paid };
            // Then a promote has to be armed by hand.
            let sticky = weather.in_thousand(if is_late { 900 } else { 150 });
            let mut project = Project::new(one.id.as_str(), DUSK, lag, plan, sticky);
            if weather.in_thousand(150) {
                project.set_assignment(Assignment::Off);
            }
            (one.id.clone(), project)
        });
        let projects = projects.collect();
        Self {
            projects,
            repo: Repo::new(seed, DUSK),
            mends,
            is_late,
            promises: Promises::new(&services),
            weather: calls_take_long(Weather::of(script.sky, &mut weather), is_late),
            policy: policy(),
            lapses: planted.map(Bug::lapses).unwrap_or_default(),
            faults: Rng::new(seed, 2),
            delays: Rng::new(seed, 3),
            chance: Rng::new(seed, 4),
            people: Rng::new(seed, 5),
            script,
            calm: false,
            dead: false,
            began: DUSK,
            life: None,
            skew: 0,
            steady: Steady::default(),
            disk: Disk::default(),
            chat: Chat::default(),
            mail: Mail::default(),
            next_policy: policy(),
            next_services: services.clone(),
            coverage: Coverage::default(),
            services,
            planted,
            events: 0,
            fault_number: 0,
            doing_number: 0,
            effects: Vec::new(),
            is_morning: false,
            trace: 0xcbf2_9ce4_8422_2325,
            story: None,
        }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Time

    /// True time, which never jumps.
    pub fn true_now(&self) -> Timestamp {
        let lived = self.life.map_or(Duration::ZERO, |life| life.elapsed());
        self.began + Span(i64::try_from(lived.as_millis()).unwrap_or(i64::MAX))
    }

    /// What the wall clock of the bot's machine says.
    pub fn wall(&self) -> Timestamp {
        Timestamp(self.true_now().0 + self.skew)
    }

    /// What the bot's clock says.
    pub fn now(&mut self) -> Timestamp {
        let (wall, running) = (self.wall(), self.true_now().since(DUSK));
        if self.planted == Some(Bug::TimeGoesBack) {
            return wall;
        }
        self.steady.tell(wall, running)
    }

    /// The wall clock is set wrong, or right again.
    pub fn jump(&mut self, by: i64) {
        self.skew = by;
    }

    /// A process begins to live.
    pub fn begin_life(&mut self) {
        self.life = Some(tokio::time::Instant::now());
        self.dead = false;
        self.steady = Steady::default();
        self.policy = self.next_policy.clone();
        self.services = self.next_services.clone();
    }

    /// The process is gone. Called while its runtime still tells the time.
    pub fn stop_clock(&mut self) {
        self.began = self.true_now();
        self.life = None;
    }

    /// The next process begins after a while.
    pub fn end_life(&mut self, pause: Span) {
        self.began = self.began + pause;
        self.promises.died();
        let lapses = self.lapses;
        self.disk.restart(lapses);
    }

    /// A while that passes without the bot.
    pub fn pause(&mut self) -> Span {
        if self.calm {
            Span(500)
        } else {
            Span(*self.delays.pick(&[50, 900, 9_000, 95_000, 400_000]).unwrap_or(&50))
        }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // What goes wrong

    /// An operation begins: what happens to it.
    pub fn fate(&mut self, op: Op, service: Option<&ServiceId>) -> Fate {
        self.events += 1;
        self.note(op as u64);
        let fault = self.strike(op, service);
        let delay = self.delay(op, service, fault);
        Fate { fault, delay }
    }

    /// Whether something goes wrong, and what.
    pub fn strike(&mut self, op: Op, service: Option<&ServiceId>) -> Option<Fault> {
        let fault = self.draw(op)?;
        self.struck(fault, op, service);
        Some(fault)
    }

    /// Whether something is to go wrong, and what.
    pub fn draw(&mut self, op: Op) -> Option<Fault> {
        if self.calm || self.is_early() || !self.faults.in_thousand(self.weather.in_thousand(op)) {
            return None;
        }
        let fault = self.faults.pick(&self.weather.striking(op)).copied()?;
        self.fault_number += 1;
        if self.script.without_faults.contains(&self.fault_number) {
            return None;
        }
        Some(fault)
    }

    /// Nothing goes wrong yet.
    fn is_early(&self) -> bool {
        let is_built = |one: &Arc<Incident>| one.fix().is_some_and(|fix| fix.built.is_some());
        self.is_late && !self.promises.book.incidents.values().any(is_built)
    }

    /// A request that was sent before. What people do next does not hang on it.
    pub fn earlier(&mut self) -> Option<Inbound> {
        self.mail.earlier(&mut self.faults)
    }

    /// Notes that something goes wrong.
    pub fn struck(&mut self, fault: Fault, op: Op, service: Option<&ServiceId>) {
        let place = service.map_or(Place::Nowhere, |service| self.promises.place(service));
        let fix = service.map_or(FixPlace::Nowhere, |service| self.promises.fix_place(service));
        self.coverage.hit(fault, op, place, fix);
        self.note(100 + fault.index() as u64);
        let number = self.fault_number;
        self.tell(|| {
            let of = service
                .map_or(String::new(), |service| format!(" of {service} ({place:?}, {fix:?})"));
            format!("fault {number}: {fault:?} in {op:?}{of}")
        });
    }

    fn delay(&mut self, op: Op, service: Option<&ServiceId>, fault: Option<Fault>) -> Span {
        if matches!(self.script.sky, Sky::Clear | Sky::Repeats) {
            return Span(0);
        }
        if self.weather.slow_calls && !self.calm && self.is_tense(op, service) {
            return Span(self.delays.ms(200, 7_000));
        }
        if fault == Some(Fault::Slow) {
            return Span(self.delays.ms(400, 9_000));
        }
        Span(match self.delays.below(20) {
            0..14 => 0,
            14..19 => self.delays.ms(1, 40),
            _ => self.delays.ms(40, 700),
        })
    }

    /// What seldom takes long takes long in some nights, so that everything else can happen meanwhile.
    fn is_tense(&self, op: Op, service: Option<&ServiceId>) -> bool {
        match (op, service) {
            (op, _) if op.is_call() => true,
            (Op::Read | Op::Commit, Some(service)) => matches!(
                self.promises.place(service),
                Place::Doubted
                    | Place::Unknown
                    | Place::ReadingFlag
                    | Place::Disarming
                    | Place::Arming
            ),
            _ => false,
        }
    }

    /// Whether production was brought back somewhere, so that the repair can begin.
    pub fn can_mend(&self) -> bool {
        let mut open = self.promises.book.incidents.values().filter(|one| one.is_open());
        open.any(|one| one.layer1_done.is_some())
    }

    /// Faults stop after so many events: the whole way takes longer than the way back.
    pub fn bedtime(&self) -> u64 {
        if self.mends { self.script.events * 3 } else { self.script.events }
    }

    /// The number of the next doing of people or of the world, and whether it is left out.
    pub fn next_doing(&mut self) -> (u32, bool) {
        self.events += 1;
        self.doing_number += 1;
        // What people do does not hang on what is left out before it.
        self.people = Rng::new(self.script.seed, 1_000 + u64::from(self.doing_number));
        (self.doing_number, self.script.without_doings.contains(&self.doing_number))
    }

    /// The bot did something to production.
    pub fn did(&mut self, what: String) {
        if !self.is_morning {
            self.effects.push(what);
        }
    }

    /// Numbers of the last fault and the last doing.
    pub fn counted(&self) -> (u32, u32) {
        (self.fault_number, self.doing_number)
    }

    // -----------------------------------------------------------------------------------------------------------------
    // What is told of it

    /// Mixes something that happened into the digest.
    pub fn note(&mut self, what: u64) {
        let now = self.true_now().0.unsigned_abs();
        for word in [what, now] {
            self.trace = (self.trace ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(5);
        }
    }

    /// Writes down what happened, if somebody wants to read it.
    pub fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.story.is_none() {
            return;
        }
        let at = self.true_now().since(DUSK);
        let line = format!("{:>8}.{:03} s  {}", at.0 / 1000, at.0 % 1000, what());
        self.story.get_or_insert_default().push(line);
    }
}

impl Night {
    /// Shares a truth.
    pub fn new(truth: Truth) -> Arc<Self> {
        Arc::new(Self { truth: Mutex::new(truth), ended: Notify::new() })
    }

    /// The truth.
    pub fn truth(&self) -> MutexGuard<'_, Truth> {
        self.truth.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An operation begins. Gives what goes wrong in it, or never returns.
    pub async fn begin(&self, op: Op, service: Option<&ServiceId>) -> Option<Fault> {
        if self.truth().dead {
            return std::future::pending().await;
        }
        let fate = self.truth().fate(op, service);
        if fate.delay.0 > 0 {
            self.wait(fate.delay).await;
        }
        if fate.fault == Some(Fault::DiesBefore) {
            self.die().await;
        }
        fate.fault
    }

    /// An operation was carried out; nobody has heard of it yet.
    pub async fn end(&self, fault: Option<Fault>) {
        let is_broken = self.truth().promises.broken.is_some();
        if fault == Some(Fault::DiesAfter) || is_broken {
            self.die().await;
        }
    }

    /// Simulated time passes.
    pub async fn wait(&self, span: Span) {
        pass(span).await;
        if self.truth().dead {
            std::future::pending::<()>().await;
        }
    }

    /// The process dies.
    pub async fn die(&self) {
        self.truth().dead = true;
        self.ended.notify_one();
        std::future::pending::<()>().await;
    }
}

/// Simulated time passes.
pub async fn pass(span: Span) {
    #[expect(
        clippy::disallowed_methods,
        reason = "the simulated clock is the runtime's own, paused"
    )]
    tokio::time::sleep(Duration::from_millis(span.0.unsigned_abs())).await;
}

fn service(id: &str, team: &str) -> Service {
    Service {
        id: id.into(),
        production_url: format!("https://{id}.example.com"),
        config_digest: "digest-1".to_owned(),
        repository: Some("acme/shop".to_owned()),
        channels: vec![channel(team)],
        stakeholders: vec![channel("C9")],
        limits: Limits::default(),
        second_person: SecondPerson::No,
        warns_pull_requests: false,
    }
}

/// `ana` and `bo` are responders of both services, `gus` of the blog only, `lee` is a lead, `eve` is nobody.
fn policy() -> Policy {
    let both = [("ana", Role::Responder), ("bo", Role::Responder), ("lee", Role::Lead)];
    let both = both.map(|(name, role)| (Grantee::Person(person(name)), role));
    let mut blog = BTreeMap::from(both.clone());
    blog.insert(Grantee::Person(person("gus")), Role::Responder);
    let grants = [("shop".into(), BTreeMap::from(both)), ("blog".into(), blog)];
    Policy { grants: grants.into(), ..Policy::default() }
}
