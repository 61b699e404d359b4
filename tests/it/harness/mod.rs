//! The whole bot in process, over the modelled world: real wire formats on loopback, time that stands still until a story
//! moves it, and certainties at the end of each story.
//!
//! The bot has a runtime of its own, so that a story can end it as a crash would.

mod bot;
pub mod dice;
mod gate;
mod heard;
mod http;
mod logs;
mod outsider;
mod people;
mod verbs;
pub mod wire;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use repoint::adapters::discord::client::{DiscordApi, DiscordApiConfig};
use repoint::adapters::discord::notifier::FOLLOW_UP_PAUSE;
use repoint::adapters::discord::register::{Changed, register};
use repoint::chat::catalog::{Catalog, Prefix};
use repoint::chat::generated::discord_commands;
use repoint::config::Config;
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::ports::Clock;
use repoint::world::clock::WorldClock;
use repoint::world::faces::Faces;
use repoint::world::ledger::{Call, Fault};
use repoint::world::slack::SlackSeed;
use repoint::world::vercel::VercelSeed;
use repoint::world::{Beginning, Traffic, World as Models};
use serde_json::{Value, json};

pub use bot::Bot;
pub use gate::{Gate, Strike};
pub use http::http_client;
pub use outsider::command_form;
pub use people::{Face, Person, all_press};

/// A Saturday in November, a little after two.
pub const NIGHT: Timestamp = Timestamp(1_795_226_820_000);

/// Nothing in these stories may take longer than this of real time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What needs no clock seldom takes longer.
const LONG_ENOUGH: Duration = Duration::from_millis(500);

/// The demo's deployments: the live and broken one, the last good one, an older good one, and a preview.
pub const BAD: &str = "8400cc2";
pub const GOOD: &str = "23a9e46";
pub const OLDER: &str = "777277d";
pub const PREVIEW: &str = "def2122";

/// A story's world.
pub struct World {
    pub models: Models,
    pub clock: Arc<WorldClock>,
    pub folder: tempfile::TempDir,
    /// Between the bot and its journal.
    pub gate: Arc<Gate>,
    bot: std::sync::Mutex<Option<Bot>>,
    settings: Settings,
    logs: logs::Logs,
}

/// What a story may choose before it begins.
#[derive(Clone, Default)]
pub struct Settings {
    /// `socket` instead of `http`.
    pub socket_mode: bool,
    /// Changes the configuration's text.
    pub edit: Option<fn(String) -> String>,
    /// Errors in the log are part of the story.
    pub errors_expected: bool,
    /// The model's account.
    pub account: Option<fn(&mut VercelSeed)>,
    /// Where the team talks.
    pub faces: Faces,
    /// The model's workspace.
    pub workspace: Option<fn(&mut SlackSeed)>,
}

impl World {
    /// Plays a story in a fresh world with a running bot, then looks whether everything is as it must be.
    pub fn run<F: Future<Output = ()>>(story: impl FnOnce(Arc<World>) -> F) {
        Self::run_with(Settings::default(), story);
    }

    /// As [`Self::run`], with settings.
    pub fn run_with<F: Future<Output = ()>>(
        settings: Settings,
        story: impl FnOnce(Arc<World>) -> F,
    ) {
        runtime().block_on(async {
            let world = Arc::new(Self::begin(settings, WorldClock::still(NIGHT)).await);
            world.bot_starts().await;
            let played = tokio::time::timeout(PATIENCE * 4, story(world.clone())).await;
            assert!(played.is_ok(), "the story did not come to its end");
            world.end().await;
        });
    }

    /// Plays a story around a bot in a process of its own, which the story starts and ends: time is real.
    pub fn run_around_a_process<T, F: Future<Output = T>>(
        story: impl FnOnce(Arc<World>) -> F,
    ) -> T {
        runtime().block_on(async {
            let world = Arc::new(Self::begin(Settings::default(), WorldClock::real()).await);
            let played = tokio::time::timeout(PATIENCE * 4, story(world.clone())).await;
            assert_eq!(
                world.models.unknown_calls(),
                Vec::<String>::new(),
                "calls that no model knows"
            );
            played.expect("a story that comes to its end")
        })
    }

    async fn begin(settings: Settings, clock: Arc<WorldClock>) -> Self {
        let mut vercel = VercelSeed::demo(clock.now());
        if let Some(change) = settings.account {
            change(&mut vercel);
        }
        let models = Models::start(Beginning {
            listen: "127.0.0.1:0".parse().expect("an address"),
            clock: clock.clone(),
            vercel,
            workspace: settings.workspace.unwrap_or(|_| {}),
            traffic: Traffic::None,
            commands: Value::Null,
            faces: settings.faces,
        })
        .await
        .expect("the models start");
        let folder = tempfile::tempdir().expect("a folder");
        models.write_secrets(folder.path()).expect("secrets");
        Self {
            models,
            clock,
            folder,
            gate: Arc::default(),
            bot: std::sync::Mutex::new(None),
            settings,
            logs: logs::Logs::new(),
        }
    }

    /// The configuration that the bot of this world reads.
    pub fn configuration(&self) -> String {
        let listen = "127.0.0.1:0".parse().expect("an address");
        let mut text = self.models.configuration(self.folder.path(), listen);
        if self.settings.socket_mode {
            text = text.replace("mode = \"http\"", "mode = \"socket\"");
        }
        self.settings.edit.map_or(text.clone(), |edit| edit(text))
    }

    /// Starts the bot.
    pub async fn bot_starts(&self) {
        self.gate.opens();
        let (clock, gate) = (self.clock.clone(), self.gate.clone());
        let bot = Bot::start(&self.configuration(), clock, &self.logs, gate).await;
        if !self.settings.socket_mode {
            self.models.bot_listens(bot.address());
        }
        *self.bot.lock().expect("the bot") = Some(bot);
        if self.settings.faces.have_discord() {
            self.registers_its_commands().await;
        }
        if self.settings.socket_mode {
            self.bot_connects().await;
        }
    }

    /// Tells Discord which commands there are, as `repoint register discord` does.
    pub async fn registers_its_commands(&self) -> Changed {
        let config = Config::parse(&self.configuration(), &|_| None).expect("a configuration");
        let discord = config.discord.expect("a configured discord");
        let config = DiscordApiConfig {
            api_url: discord.api_url,
            bot_token: discord.bot_token,
            application: discord.application.to_string(),
            guild: discord.guild,
        };
        let api = DiscordApi::new(&config, self.clock.clone()).expect("a client");
        let commands = discord_commands(&Catalog::load().expect("a catalog"), &Prefix::default());
        register(&api, &commands).await.expect("discord takes them")
    }

    /// Returns when the bot is connected to Slack.
    pub async fn bot_connects(&self) {
        self.until("the bot to connect", || self.models.slack.is_bot_connected()).await;
    }

    /// Ends the bot as a crash would, at once.
    pub fn bot_dies(&self) {
        // A runtime takes a moment to end, in which its tasks see each other go: none of that may be recorded.
        self.gate.shuts();
        let bot = self.bot.lock().expect("the bot").take();
        bot.expect("a running bot").die();
    }

    /// Stops the bot as an orderly shutdown does.
    pub async fn bot_stops(&self) {
        let bot = self.bot.lock().expect("the bot").take();
        bot.expect("a running bot").stop().await;
    }

    /// Looks at the running bot.
    pub fn bot<T>(&self, look: impl FnOnce(&Bot) -> T) -> T {
        look(self.bot.lock().expect("the bot").as_ref().expect("a running bot"))
    }

    /// A person of the team, who sits in Slack wherever there is one.
    pub fn user(self: &Arc<Self>, name: &'static str) -> Person {
        Person { world: self.clone(), name, face: self.face() }
    }

    fn face(&self) -> Face {
        if self.settings.faces.have_slack() { Face::Slack } else { Face::Discord }
    }

    /// Returns when nothing is going on and nothing is due.
    ///
    /// A follow-up may reach Discord before the answer that it follows: the bot is then at work and waits for half a second by
    /// the clock, which stands. So the clock moves that far when nothing else brings rest.
    pub async fn settle(&self) {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut moves = tokio::time::Instant::now() + LONG_ENOUGH;
        let mut calm = 0;
        while calm < 3 {
            let is_busy = self.bot.lock().expect("the bot").as_ref().is_some_and(Bot::is_busy);
            let is_due = self.clock.next_due().is_some_and(|due| due <= self.clock.now());
            calm = if is_busy || is_due { 0 } else { calm + 1 };
            let now = tokio::time::Instant::now();
            assert!(now < until, "the bot does not come to rest");
            if now > moves {
                self.waits_for_the_answer();
                moves = now + LONG_ENOUGH;
            }
            self.in_real_time(Duration::from_millis(1)).await;
        }
    }

    /// Moves the clock to what is due within the pause before a follow-up, if anything is.
    fn waits_for_the_answer(&self) {
        let span = self.clock.next_due().map(|due| Span(due.0 - self.clock.now().0));
        if let Some(span) = span.filter(|span| (1..=FOLLOW_UP_PAUSE.0).contains(&span.0)) {
            self.clock.advance(span);
        }
    }

    /// Lets time pass, from one thing that is due to the next.
    pub async fn passes(&self, span: Span) {
        let end = self.clock.now() + span;
        self.settle().await;
        while self.clock.now() < end {
            let next = self.clock.next_due().map_or(end, |due| due.min(end));
            self.clock.advance(Span((next.0 - self.clock.now().0).max(1)));
            self.settle().await;
        }
    }

    /// Lets a second pass at a time until something is so; at most three minutes.
    pub async fn passes_until(&self, what: &str, is_so: impl Fn() -> bool) {
        self.settle().await;
        for _ in 0..180 {
            if is_so() {
                return;
            }
            self.passes(Span::seconds(1)).await;
        }
        panic!("waited in vain for {what}:\n{}", self.incidents());
    }

    /// Waits in real time, while the clock stands still.
    pub async fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let until = tokio::time::Instant::now() + PATIENCE;
        while !is_so() {
            assert!(tokio::time::Instant::now() < until, "waited in vain for {what}");
            self.in_real_time(Duration::from_millis(2)).await;
        }
    }

    /// Switches a trap on, for once.
    pub fn trap(&self, vendor: &str, kind: &str, on: &str, with: Value) {
        self.traps(vendor, kind, on, with, Some(1));
    }

    /// Switches a trap on, for so many times.
    pub fn traps(&self, vendor: &str, kind: &str, on: &str, with: Value, times: Option<u32>) {
        let (vendor, kind, on) = (vendor.to_owned(), kind.to_owned(), on.to_owned());
        self.models.ledger.arm(Fault { vendor, kind, on, times, with });
    }

    /// Every call that reached a model and whose `METHOD path` holds this text.
    pub fn calls(&self, holding: &str) -> Vec<Call> {
        let mut calls = self.models.ledger.calls();
        calls.retain(|call| format!("{} {}", call.method, call.path).contains(holding));
        calls
    }

    /// How many rollbacks Vercel was asked for.
    pub fn rollbacks_sent(&self) -> usize {
        let is_write = |call: &Call| call.method == "POST" && call.vendor == "vercel";
        self.calls("/rollback/").iter().filter(|call| is_write(call)).count()
    }

    /// The short commit of what production points at.
    pub fn live(&self) -> String {
        let live = self.models.vercel.live("shop").expect("something is live");
        let all = self.models.vercel.deployments("shop");
        let found = all.iter().find(|one| one.id == live).expect("a known deployment");
        found.sha[..7].to_owned()
    }

    /// The full id of a deployment, by its short commit.
    pub fn id_of(&self, short: &str) -> String {
        let all = self.models.vercel.deployments("shop");
        let found = all.iter().find(|one| one.sha.starts_with(short)).expect("a deployment");
        found.id.to_string()
    }

    /// Every message that the bot has on any screen, private ones too.
    pub fn everything_said(&self) -> Vec<repoint::world::slack::Message> {
        let slack = &self.models.slack;
        let channels =
            ["incidents", "stakeholders"].map(|name| slack.messages(slack.channel_id(name)));
        channels.into_iter().flatten().filter(|one| one.bot).collect()
    }

    /// What the on-call team reads.
    pub fn incidents(&self) -> String {
        self.transcript("incidents")
    }

    fn transcript(&self, channel: &str) -> String {
        steady(&match self.face() {
            Face::Slack => self.models.slack.transcript(channel),
            Face::Discord => self.models.discord.transcript(channel),
        })
    }

    /// What everybody else reads.
    pub fn stakeholders(&self) -> String {
        self.transcript("stakeholders")
    }

    /// Whether the live card's headline holds this text.
    pub fn card_says(&self, text: &str) -> bool {
        self.headline().contains(text)
    }

    /// The live card's headline; empty while there is no card.
    pub fn headline(&self) -> String {
        self.headline_on(self.face())
    }

    /// The same on one face.
    pub fn headline_on(&self, face: Face) -> String {
        match face {
            Face::Slack => {
                let slack = &self.models.slack;
                let messages = slack.messages(slack.channel_id("incidents"));
                let cards = messages.iter().filter(|one| one.ephemeral_for.is_none() && one.bot);
                let mut headlines = cards.filter_map(|one| one.blocks.first());
                let newest = headlines.rfind(|block| block["type"] == "header");
                newest
                    .and_then(|block| block["text"]["text"].as_str())
                    .unwrap_or_default()
                    .to_owned()
            }
            Face::Discord => {
                let discord = &self.models.discord;
                let messages = discord.messages(discord.channel_id("incidents"));
                let cards = messages.iter().filter(|one| one.ephemeral_for.is_none() && one.bot);
                let mut headlines = cards.filter_map(|one| one.embeds.first()?["title"].as_str());
                headlines.next_back().unwrap_or_default().to_owned()
            }
        }
    }

    /// Rolls back to the best target: the story's usual middle.
    pub async fn rolls_back(self: &Arc<Self>) {
        self.user("ana").types("/rollback").await;
        self.settle().await;
        self.user("ana").presses("Confirm").await;
        self.passes_until("the proof", || self.card_says("proven")).await;
    }

    /// Where the journal is.
    pub fn journal(&self) -> std::path::PathBuf {
        self.folder.path().join("journal.db")
    }

    /// A path in the story's folder.
    pub fn file(&self, name: impl AsRef<Path>) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// What must hold at the end of every story.
    async fn end(&self) {
        if self.bot.lock().expect("the bot").is_none() {
            self.bot_starts().await;
        }
        self.settle().await;
        // What is due within a second is a tail of the story: an outbox that was told to wait.
        self.passes(Span::seconds(2)).await;
        assert_eq!(self.models.unknown_calls(), Vec::<String>::new(), "calls that no model knows");
        assert_eq!(json!(self.models.ledger.armed()), json!([]), "traps that never sprang");
        crate::contract::check(&self.models.ledger.calls());
        crate::contract::check_replies(&self.models.slack.replies());
        let bot = self.bot.lock().expect("the bot").take().expect("a running bot");
        bot.certainties().await;
        bot.stop().await;
        let errors = self.logs.errors();
        assert!(
            self.settings.errors_expected || errors.is_empty(),
            "errors in the log: {errors:#?}"
        );
    }
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().expect("a runtime")
}

/// A transcript without what differs from run to run: ports, and codes that hang on the journal's own key.
fn steady(text: &str) -> String {
    let ports = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("a pattern");
    let codes = regex::Regex::new(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b").expect("a pattern");
    codes.replace_all(&ports.replace_all(text, "<host>"), "<code>").into_owned()
}
