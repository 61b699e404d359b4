//! The only place where concrete types meet: builds the adapters from the configuration, starts the loops and the server,
//! shuts down in order. Tests and the demo start the bot through the same door as `main` does.

mod platforms;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::adapters::chance::SystemChance;
use crate::adapters::clock::SystemClock;
use crate::adapters::github::hook::{self, GitHubHook};
use crate::adapters::github::{GitConfig, GitHubCode, GitHubConfig, GitHubForge, GitHubRepository};
use crate::adapters::journal::SqliteJournal;
use crate::adapters::probe::{Deadlines, HttpProber, HttpWalker, Journey, Marker, Site};
use crate::adapters::vercel::{VercelConfig, VercelProject, VercelProvider};
use crate::chat::catalog::Catalog;
use crate::chat::desk::Desk;
use crate::chat::narrator::Herald;
use crate::config::{CodeSettings, Config, MarkerSetting, ServiceSettings};
use crate::domain::book::Book;
use crate::engine::keeper::{Keeper, Tools};
use crate::engine::motor::{Engine, Hands};
use crate::engine::ports::{Chance, Clock, Code, DomainRules, Forge, Journal, Provider};
use crate::engine::reader::{Codes, Forges};
use crate::engine::roster::{self, Roster};
use crate::engine::{reconcile, recovery};
use crate::http::{self, Health};
use crate::server::{self, Limits};

use platforms::{Connections, Platforms};

pub(crate) use platforms::{discord_api, slack_api};

/// Given the journal that was opened, what the bot takes for it.
pub type BeforeJournal = dyn Fn(Arc<dyn Journal>) -> Arc<dyn Journal> + Send + Sync;

/// What a start may choose: time, chance, and what stands before the journal. Everything else comes from the
/// configuration.
#[derive(Clone)]
pub struct Seams {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub chance: Arc<dyn Chance>,
    /// What stands before the journal; by itself nothing.
    pub journal: Arc<BeforeJournal>,
}

impl Default for Seams {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            chance: Arc::new(SystemChance),
            journal: Arc::new(|opened| opened),
        }
    }
}

/// The bot, running.
pub struct App {
    engine: Engine,
    address: SocketAddr,
    connections: Connections,
    close_server: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    watcher: JoinHandle<()>,
}

/// After this long a shutdown gives up waiting; what is unfinished is durable and goes on at the next start.
const LONGEST_DRAIN: Duration = Duration::from_secs(20);

impl App {
    /// Starts the bot: journal first, then what it still has to do, then the doors.
    ///
    /// # Errors
    /// When the journal cannot be opened or relied on, or an address cannot be used. Nothing was acted on then.
    pub async fn start(config: &Config, seams: Seams) -> anyhow::Result<Self> {
        // A second call changes nothing; every TLS client of the process uses this provider.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let journal = (seams.journal)(open_journal(config)?);
        recovery::check(journal.as_ref()).await.context("the journal cannot be relied on")?;
        let platforms = Platforms::new(config, &seams.clock)?;
        let engine = build_engine(config, &seams, journal.clone(), &platforms).await?;
        let catalog = Arc::new(Catalog::load().context("the command declarations")?);
        let prefix = config.prefix.clone();
        let desk = Desk::new(engine.clone(), catalog, prefix, config.commands_per_minute);

        engine.keeper().tools().roster.begin().await;
        recovery::recover(&engine).await.context("what was left to do cannot be read")?;
        let soundness = recovery::check_all(journal.clone());
        let watcher = tokio::spawn(watch(engine.clone()));

        let (routes, connections) = platforms.open(config, &seams.clock, &desk).await?;
        let routes = routes.merge(hooks(config, &engine));
        let health = Health { soundness, journal, connected: connections.connected() };
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let address = listener.local_addr()?;
        let (close_server, closed) = oneshot::channel();
        let router = http::router(health, routes);
        let until = async {
            // A dropped sender means the same: the app is gone.
            let _ = closed.await;
        };
        let server = tokio::spawn(server::serve(listener, router, Limits::default(), until));
        tracing::info!(%address, services = config.services.len(), "ready");
        Ok(Self { engine, address, connections, close_server: Some(close_server), server, watcher })
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What decides and acts.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Takes nothing new in, finishes what was begun, closes the doors.
    pub async fn stop(mut self) {
        std::mem::take(&mut self.connections).close().await;
        if let Some(close) = self.close_server.take() {
            // The server may have ended by itself.
            let _ = close.send(());
        }
        if tokio::time::timeout(LONGEST_DRAIN, self.engine.stop()).await.is_err() {
            tracing::warn!("work is unfinished; it goes on at the next start");
        }
        self.watcher.abort();
        if tokio::time::timeout(Duration::from_secs(2), &mut self.server).await.is_err() {
            self.server.abort();
        }
        tracing::info!("stopped");
    }
}

/// What is looked at again and again.
async fn watch(engine: Engine) {
    tokio::join!(reconcile::watch(engine.clone()), roster::watch(engine));
}

fn open_journal(config: &Config) -> anyhow::Result<Arc<dyn Journal>> {
    if let Some(folder) = config.journal.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let journal = SqliteJournal::open(&config.journal)
        .with_context(|| format!("cannot use {}", config.journal.display()))?;
    Ok(Arc::new(journal))
}

async fn build_engine(
    config: &Config,
    seams: &Seams,
    journal: Arc<dyn Journal>,
    platforms: &Platforms,
) -> anyhow::Result<Engine> {
    let tools = Tools {
        journal,
        clock: seams.clock.clone(),
        chance: seams.chance.clone(),
        narrator: Arc::new(Herald { prefix: config.prefix.clone() }),
        roster: Arc::new(Roster::new(
            config.policy(),
            platforms.directories(config),
            seams.clock.clone(),
        )),
        rules: Arc::new(DomainRules),
    };
    let book = Book::new(config.services.iter().map(|one| one.service.clone()));
    let keeper = Keeper::load(tools, book).await.context("the journal cannot be read")?;
    let vercel =
        VercelConfig { api_url: config.vercel.api_url.clone(), token: config.vercel.token.clone() };
    let projects = config.services.iter().map(|one| VercelProject {
        service: one.service.id.clone(),
        project: one.project.clone(),
        team: one.team.clone(),
    });
    let provider: Arc<dyn Provider> =
        Arc::new(VercelProvider::new(vercel, projects.collect(), seams.clock.clone())?);
    let providers: BTreeMap<_, _> =
        config.services.iter().map(|one| (one.service.id.clone(), provider.clone())).collect();
    let sites = config.services.iter().map(site).collect::<anyhow::Result<Vec<_>>>()?;
    let prober = Arc::new(HttpProber::new(sites, seams.clock.clone()));
    let clock = seams.clock.clone();
    let walker = Arc::new(HttpWalker::new(prober.clone(), clock, Deadlines::default()));
    let codes = codes(config, &seams.clock)?;
    let forges = forges(config, &seams.clock)?;
    let notifier = platforms.notifier();
    Ok(Engine::new(keeper, Hands { providers, codes, forges, prober, walker, notifier }))
}

/// GitHub for every service that has a repository there; none without `[github]`.
fn codes(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Codes> {
    let Some(github) = github(config, clock)? else { return Ok(Codes::new()) };
    let github: Arc<dyn Code> = Arc::new(github);
    let with_code = config.services.iter().filter(|one| one.code.is_some());
    Ok(with_code.map(|one| (one.service.id.clone(), github.clone())).collect())
}

/// The same for what goes through a gate there.
fn forges(config: &Config, clock: &Arc<dyn Clock>) -> anyhow::Result<Forges> {
    let Some(github) = github_forge(config, clock)? else { return Ok(Forges::new()) };
    let github: Arc<dyn Forge> = Arc::new(github);
    let with_code = config.services.iter().filter(|one| one.code.is_some());
    Ok(with_code.map(|one| (one.service.id.clone(), github.clone())).collect())
}

/// The doors for those who say that there is something to look at; none without a secret to know them by.
fn hooks(config: &Config, engine: &Engine) -> Router {
    let github = config.github.as_ref().and_then(|github| github.webhook_secret.as_ref());
    match github {
        Some(secret) => hook::routes(GitHubHook {
            signature: hook::Signature::new(secret),
            listener: Arc::new(engine.clone()),
            body_limit: hook::BODY_LIMIT,
        }),
        None => Router::new(),
    }
}

/// The client for GitHub, if it is configured.
pub(crate) fn github(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<GitHubCode>> {
    let Some(settings) = &config.github else { return Ok(None) };
    let github =
        GitHubConfig { api_url: settings.api_url.clone(), access: settings.access.clone() };
    Ok(Some(GitHubCode::new(github, repositories(config), clock.clone())?))
}

/// GitHub with git, if it is configured.
pub(crate) fn github_forge(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Option<GitHubForge>> {
    let Some(settings) = &config.github else { return Ok(None) };
    let github =
        GitHubConfig { api_url: settings.api_url.clone(), access: settings.access.clone() };
    let git = GitConfig { url: settings.git_url.clone(), cache: settings.cache.clone() };
    Ok(Some(GitHubForge::new(github, git, repositories(config), clock.clone())?))
}

fn repositories(config: &Config) -> Vec<GitHubRepository> {
    let repositories = config.services.iter().filter_map(|one| {
        let CodeSettings { owner, name, migrations, branch } = one.code.clone()?;
        let service = one.service.id.clone();
        Some(GitHubRepository { service, owner, name, migrations, branch })
    });
    repositories.collect()
}

fn site(settings: &ServiceSettings) -> anyhow::Result<Site> {
    let marker = match settings.marker.clone() {
        None => None,
        Some(MarkerSetting::Header { header }) => Some(Marker::Header(header)),
        Some(MarkerSetting::JsonPointer { json_pointer, path }) => {
            Some(Marker::JsonPointer { path, pointer: json_pointer })
        }
        Some(MarkerSetting::Regex { regex, path }) => {
            Some(Marker::Regex { path, pattern: regex::Regex::new(&regex)? })
        }
    };
    let journeys = match settings.journeys.as_slice() {
        [] => vec![Journey::of_pages(&settings.proof_paths)],
        configured => configured.to_vec(),
    };
    Ok(Site {
        service: settings.service.id.clone(),
        production_url: settings.production_url.clone(),
        deployment_url: settings.deployment_url.clone(),
        marker,
        paths: settings.proof_paths.clone(),
        cache_buster: settings.cache_buster,
        protection_bypass: settings.protection_bypass.clone(),
        egress: settings.egress.clone(),
        journeys,
        deployment_hosts: settings.deployment_hosts.clone(),
    })
}
