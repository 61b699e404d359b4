//! The bot of a story, in a runtime of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use repoint::adapters::journal::SqliteJournal;
use repoint::app::{App, Seams};
use repoint::config::Config;
use repoint::domain::book::Book;
use repoint::engine::activity::Activity;
use repoint::engine::keeper::{Keeper, Tools};
use repoint::engine::ports::{Chance, DomainRules, VerifyScope};
use repoint::engine::roster::{Directories, Roster};
use repoint::world::clock::WorldClock;
use tokio::runtime::Runtime;

use super::gate::{Gate, GatedJournal};
use super::logs::Logs;

/// Ids that differ from one to the next and are the same in each run.
#[derive(Default)]
pub struct SeededChance(AtomicU64);

/// Bots of one story must not repeat each other's ids; nor may a bot after a restart.
static BOTS: AtomicU64 = AtomicU64::new(1);

impl Chance for SeededChance {
    fn bytes(&self) -> [u8; 16] {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let mix = |seed: u64| {
            let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb)
        };
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&mix(count).to_be_bytes());
        bytes[8..].copy_from_slice(&count.to_be_bytes());
        bytes
    }
}

pub struct Bot {
    runtime: Runtime,
    app: Option<App>,
    activity: Activity,
    address: SocketAddr,
    config: Config,
    clock: Arc<WorldClock>,
    logs: Logs,
}

/// Starts the app. Another test may be about to start a process, which for an instant holds what this process has open,
/// and with it the lock of the bot that died: that passes.
async fn start_app(runtime: &Runtime, config: &Config, seams: Seams) -> App {
    for _ in 0..500 {
        let (config, seams) = (config.clone(), seams.clone());
        let started = runtime.spawn(async move { App::start(&config, seams).await });
        match started.await.expect("no panic") {
            Ok(app) => return app,
            Err(error) if format!("{error:#}").contains("in use by another process") => {}
            Err(error) => panic!("{error:#}"),
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the journal stays locked");
}

impl Bot {
    /// Starts a bot through the same door as the binary does.
    pub async fn start(text: &str, clock: Arc<WorldClock>, logs: &Logs, gate: Arc<Gate>) -> Self {
        let logs = logs.of_a_bot();
        let said = logs.clone();
        let config = Config::parse(text, &|_| None).unwrap_or_else(|error| panic!("{error}"));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .on_thread_start(move || said.of_this_thread())
            .build()
            .expect("a runtime");
        let chance = SeededChance(AtomicU64::new(BOTS.fetch_add(1, Ordering::Relaxed) << 32));
        let journal = Arc::new(move |opened| GatedJournal::before(opened, gate.clone()));
        let seams = Seams { clock: clock.clone(), chance: Arc::new(chance), journal };
        let app = start_app(&runtime, &config, seams).await;
        let activity = app.engine().activity().clone();
        let address = app.address();
        Self { runtime, app: Some(app), activity, address, config, clock, logs }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn app(&self) -> &App {
        self.app.as_ref().expect("a running bot")
    }

    pub fn is_busy(&self) -> bool {
        self.activity.count() > 0
    }

    /// Everything stops where it is: no task runs on, nothing is finished.
    pub fn die(mut self) {
        self.logs.end();
        let (app, runtime) = (self.app.take(), self.runtime);
        // From a thread that may block: the next bot finds the journal free, as after the death of a process.
        let death = std::thread::spawn(move || {
            drop(app);
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        });
        death.join().expect("a death");
    }

    pub async fn stop(mut self) {
        let app = self.app.take().expect("a running bot");
        let stopped = self.runtime.spawn(app.stop());
        stopped.await.expect("an orderly stop");
        self.die();
    }

    /// Nothing is left unsaid or unanswered, the chains are sound, and the journal folds to the state in memory.
    pub async fn certainties(&self) {
        let keeper = self.app().engine().keeper();
        let journal = keeper.tools().journal.clone();
        assert_eq!(
            journal.talking_channels().await.expect("a read"),
            vec![],
            "something is unsaid"
        );
        assert_eq!(journal.pending_deliveries().await.expect("a read"), vec![], "unanswered");
        let report = journal.verify(VerifyScope::All).await.expect("a check");
        assert_eq!(report.faults, Vec::<String>::new());
        assert!(report.events > 0 || keeper.book().incidents.is_empty());
        self.folds_to_the_same(&keeper.book()).await;
    }

    async fn folds_to_the_same(&self, live: &Book) {
        let journal =
            SqliteJournal::open_read_only(&self.config.journal).expect("a readable journal");
        let tools = Tools {
            journal: Arc::new(journal),
            clock: self.clock.clone(),
            chance: Arc::new(SeededChance::default()),
            narrator: self.app().engine().keeper().tools().narrator.clone(),
            roster: Arc::new(Roster::new(
                self.config.policy(),
                Directories::new(),
                self.clock.clone(),
            )),
            rules: Arc::new(DomainRules),
        };
        let empty = Book::new(self.config.services.iter().map(|one| one.service.clone()));
        let folded = Keeper::load(tools, empty).await.expect("a fold").book();
        assert_eq!(folded.states, live.states);
        assert_eq!(folded.newest, live.newest);
        let open = |book: &Book| {
            let open = book.incidents.values().filter(|one| one.closed_at.is_none());
            open.cloned().collect::<Vec<_>>()
        };
        assert_eq!(open(&folded), open(live));
    }
}
