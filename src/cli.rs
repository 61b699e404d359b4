//! The verbs of the one binary. Results go to standard output, logs and errors to standard error.

#[cfg(feature = "demo")]
mod demo;
mod doctor;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::adapters::discord::register::{Changed, register};
use crate::adapters::journal::{self, SqliteJournal};
use crate::app::{self, App, Seams};
use crate::chat::catalog::{Catalog, Prefix};
use crate::chat::generated::{self, ManifestMode, ManifestOptions};
use crate::config::Config;
use crate::engine::ports::{Journal, VerifyScope};
use crate::telemetry::{self, LogFormat};

/// Gets a team out of a broken production deploy, from chat.
#[derive(Debug, Parser)]
#[command(name = "repoint", version, about, arg_required_else_help = true)]
struct Cli {
    /// How logs are written to standard error.
    #[arg(long, value_enum, default_value = "text", global = true)]
    log: LogFormat,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the whole loop on this machine, without any account
    #[cfg(feature = "demo")]
    Demo(demo::Demo),
    /// Run the bot
    Run(ConfigArgs),
    /// Check the configuration, the journal and the way to chat and Vercel; changes nothing
    Doctor(ConfigArgs),
    /// Print what a platform needs to know of the commands
    Manifest {
        #[command(subcommand)]
        platform: Platform,
    },
    /// Tell a platform which commands there are
    Register {
        #[command(subcommand)]
        platform: RegisterPlatform,
    },
    /// Look at the journal
    Journal {
        #[command(subcommand)]
        verb: JournalVerb,
    },
}

#[derive(Debug, Args)]
struct ConfigArgs {
    /// The configuration file
    #[arg(long, default_value = "repoint.toml")]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Platform {
    /// Slack's app manifest, as JSON
    Slack {
        /// What stands before every command's name, for example rp-
        #[arg(long, default_value = "")]
        prefix: String,
        /// The bot's public address, for HTTP instead of Socket Mode
        #[arg(long)]
        http: Option<String>,
        /// The app's name in the workspace
        #[arg(long, default_value = "Repoint")]
        name: String,
    },
    /// Discord's commands, as JSON
    Discord {
        /// What stands before every command's name, for example rp-
        #[arg(long, default_value = "")]
        prefix: String,
    },
}

#[derive(Debug, Subcommand)]
enum RegisterPlatform {
    /// Replace the commands of the configured application in the configured server
    Discord(ConfigArgs),
}

#[derive(Debug, Subcommand)]
enum JournalVerb {
    /// Recompute every hash chain
    Verify(JournalArgs),
    /// Write all events as JSON lines
    Export(JournalArgs),
}

#[derive(Debug, Args)]
struct JournalArgs {
    /// The configuration that names the journal
    #[arg(long, default_value = "repoint.toml", conflicts_with = "path")]
    config: PathBuf,
    /// The journal itself
    #[arg(long)]
    path: Option<PathBuf>,
}

/// Parses the arguments and does what they say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    telemetry::set_up(cli.log, "info");
    // A second call changes nothing; every TLS client of the process uses this provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("repoint: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let done = runtime.block_on(carry_out(cli.verb));
    // Threads that still read a journal must not hold up the end.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    match done {
        Ok(code) => code,
        // Whoever read our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("repoint: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

async fn carry_out(verb: Verb) -> anyhow::Result<ExitCode> {
    match verb {
        #[cfg(feature = "demo")]
        Verb::Demo(demo) => demo::run(demo).await,
        Verb::Run(args) => run(&args.config).await,
        Verb::Doctor(args) => doctor::run(&args.config).await,
        Verb::Manifest { platform: Platform::Slack { prefix, http, name } } => {
            manifest(&prefix, http, name)
        }
        Verb::Manifest { platform: Platform::Discord { prefix } } => {
            let prefix: Prefix = prefix.parse()?;
            print_json(&generated::discord_commands(&Catalog::load()?, &prefix))
        }
        Verb::Register { platform: RegisterPlatform::Discord(args) } => {
            register_discord(&args.config).await
        }
        Verb::Journal { verb: JournalVerb::Verify(args) } => verify(&args).await,
        Verb::Journal { verb: JournalVerb::Export(args) } => export(&args).await,
    }
}

/// What shells expect of a process that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

async fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let mut signals = Signals::listen().context("signals cannot be heard")?;
    let app = App::start(&config, Seams::default()).await?;
    let broken = tokio::select! {
        () = signals.any() => None,
        why = app.engine().keeper().broken() => Some(why),
    };
    tracing::info!("finishing what was begun");
    tokio::select! {
        () = app.stop() => {}
        // Whoever asks a second time at a keyboard does not want to wait. A host that repeats itself is being heard already.
        () = signals.interrupt() => {
            tracing::warn!("ended before everything was finished; it goes on at the next start");
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    match broken {
        None => Ok(ExitCode::SUCCESS),
        // Whoever starts us starts us again; what is in the file decides how it goes on.
        Some(why) => anyhow::bail!("stopped, because {why}"),
    }
}

/// Ctrl-C and SIGTERM. Both are heard from the moment of the call on, and not only while somebody waits: a host may change
/// its mind while the bot starts, and a person may press again before the bot has said that it is ending.
#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let terminate = signal(SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Returns at Ctrl-C or SIGTERM.
    async fn any(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    /// Returns at Ctrl-C.
    async fn interrupt(&mut self) {
        self.interrupt.recv().await;
    }
}

/// Ctrl-C, where there is no SIGTERM.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Returns at Ctrl-C.
    async fn any(&mut self) {
        self.interrupt().await;
    }

    /// Returns at Ctrl-C.
    async fn interrupt(&mut self) {
        // Without signals there is nothing to wait for but the end of the process.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

fn manifest(prefix: &str, http: Option<String>, name: String) -> anyhow::Result<ExitCode> {
    let prefix: Prefix = prefix.parse()?;
    let mode = http.map_or(ManifestMode::Socket, |base_url| ManifestMode::Http { base_url });
    let options = ManifestOptions { name, prefix, mode };
    let manifest = generated::slack_manifest(&Catalog::load()?, &options)?;
    print_json(&manifest)
}

fn print_json(value: &serde_json::Value) -> anyhow::Result<ExitCode> {
    writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(value)?)?;
    Ok(ExitCode::SUCCESS)
}

async fn register_discord(path: &Path) -> anyhow::Result<ExitCode> {
    let changed = register_commands(&Config::load(path)?).await?;
    writeln!(std::io::stdout(), "{changed}")?;
    Ok(ExitCode::SUCCESS)
}

/// Tells Discord which commands there are.
async fn register_commands(config: &Config) -> anyhow::Result<Changed> {
    let api = app::discord_api(config, &Seams::default().clock)?
        .context("the configuration has no [discord]")?;
    let commands = generated::discord_commands(&Catalog::load()?, &config.prefix);
    register(&api, &commands).await.context("cannot register the commands")
}

fn open(args: &JournalArgs) -> anyhow::Result<SqliteJournal> {
    let path = match &args.path {
        Some(path) => path.clone(),
        None => Config::load(&args.config)?.journal,
    };
    SqliteJournal::open_read_only(&path).with_context(|| format!("cannot read {}", path.display()))
}

async fn verify(args: &JournalArgs) -> anyhow::Result<ExitCode> {
    let report = open(args)?.verify(VerifyScope::All).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} events in {} streams", report.events, report.streams)?;
    for fault in &report.faults {
        writeln!(out, "fault: {fault}")?;
    }
    if report.faults.is_empty() {
        writeln!(out, "every hash chain is sound")?;
        return Ok(ExitCode::SUCCESS);
    }
    let advice = "restore it from a backup or an export before the bot acts on it";
    writeln!(out, "the journal is damaged: {advice}")?;
    Ok(ExitCode::FAILURE)
}

async fn export(args: &JournalArgs) -> anyhow::Result<ExitCode> {
    let journal = open(args)?;
    let mut out = std::io::stdout().lock();
    journal::export(&journal, &mut out).await?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
