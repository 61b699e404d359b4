//! `repoint demo`: the whole loop on this machine, without any account. Each demo lives in a folder of its own, which is
//! removed at its end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::app::{App, Seams};
use crate::chat::catalog::{Catalog, Prefix};
use crate::config::Config;
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;
use crate::world::clock::WorldClock;
use crate::world::faces::Faces;
use crate::world::github::BREAKS_CHECKOUT;
use crate::world::ledger::Fault;
use crate::world::vercel::VercelSeed;
use crate::world::{Beginning, Traffic, World};

/// What a demo can be told.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the page listens [default: 127.0.0.1:8080, or a free port where that one is taken]
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Print one line of JSON when ready, and nothing else, on standard output
    #[arg(long)]
    json: bool,
    /// The story that is played
    #[arg(long, value_enum, default_value = "rollback")]
    scenario: Scenario,
    /// Start only the models and the page; the bot runs elsewhere
    #[arg(long, requires = "write_config")]
    world_only: bool,
    /// Write a configuration for `repoint run` here
    #[arg(long, value_name = "PATH")]
    write_config: Option<PathBuf>,
}

/// The stories that a demo can play.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Scenario {
    /// The newest deploy of the shop answers 500 on its checkout
    Rollback,
    /// The same, and its migration dropped a column
    Migration,
    /// The same, and the fix breaks production once it is promoted
    FixBreaks,
    /// The same, and a teammate changes the same lines meanwhile, so that the revert conflicts
    Conflict,
}

impl Scenario {
    fn vercel(self, now: Timestamp) -> VercelSeed {
        match self {
            Self::Migration => VercelSeed::demo_with_migration(now),
            Self::Rollback | Self::FixBreaks | Self::Conflict => VercelSeed::demo(now),
        }
    }

    /// What lies in wait.
    fn trap(self) -> Option<Fault> {
        let (vendor, kind, on, with) = match self {
            Self::Rollback | Self::Migration => return None,
            Self::FixBreaks => ("vercel", "fix_breaks", "/promote/", Value::Null),
            Self::Conflict => {
                let with = json!({"does": "change_same_lines", "sha": BREAKS_CHECKOUT});
                // A revert begins with git's own question for the branches.
                ("github", "teammate", "/info/refs", with)
            }
        };
        let (vendor, kind, on) = (vendor.to_owned(), kind.to_owned(), on.to_owned());
        Some(Fault { vendor, kind, on, times: Some(1), with })
    }

    /// What is told of it beforehand, besides the deploy that answers 500.
    fn told(self) -> Option<&'static str> {
        match self {
            Self::Rollback => None,
            Self::Migration => {
                Some("Its migration dropped a column that the version before needs.")
            }
            Self::FixBreaks => {
                Some("And the fix will break production once more when it is promoted.")
            }
            Self::Conflict => {
                Some("And a teammate changes the same lines before they can be taken back.")
            }
        }
    }
}

pub(super) async fn run(demo: Demo) -> anyhow::Result<ExitCode> {
    let folder = tempfile::tempdir().context("no temporary folder")?;
    let clock = WorldClock::real();
    let beginning = Beginning {
        listen: demo.listen.unwrap_or_else(usual_address),
        clock: clock.clone(),
        vercel: demo.scenario.vercel(clock.now()),
        workspace: |_| {},
        traffic: Traffic::Gentle,
        commands: commands()?,
        faces: Faces::Both,
    };
    let world = World::start(beginning).await?;
    demo.scenario.trap().into_iter().for_each(|trap| world.ledger.arm(trap));
    let home = demo.write_config.as_deref().and_then(Path::parent).map(absolute).transpose()?;
    let home = home.unwrap_or_else(|| folder.path().to_owned());
    let bot = free_address()?;
    world.write_secrets(&home).with_context(|| format!("cannot write into {}", home.display()))?;
    let text = world.configuration(&home, bot);
    if let Some(path) = &demo.write_config {
        std::fs::write(path, &text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    let config = Config::parse(&text, &|_| None)?;
    super::register_commands(&config).await?;
    let app = if demo.world_only {
        None
    } else {
        let seams = Seams { clock, ..Seams::default() };
        Some(App::start(&config, seams).await?)
    };
    world.bot_listens(bot);
    world.github_tells(bot);
    let mut signals = super::Signals::listen()?;
    announce(&demo, &world, bot);
    signals.any().await;
    if let Some(app) = app {
        app.stop().await;
    }
    Ok(ExitCode::SUCCESS)
}

fn announce(demo: &Demo, world: &World, bot: SocketAddr) {
    if demo.json {
        println!("{}", world.described(bot));
        return;
    }
    println!();
    println!("  It is 2 AM. The shop's newest deploy answers 500 on its checkout.");
    if let Some(told) = demo.scenario.told() {
        println!("  {told}");
    }
    println!();
    println!("  Open  {}", world.console_url());
    println!("  Type  /rollback  in #incidents, look at the card, press Confirm.");
    println!("  Then  /revert  /verify  /promote: the page says when.");
    if !crate::world::github::is_possible() {
        println!(
            "  git is not installed: this demo goes on without GitHub, and migrations are not known."
        );
    }
    println!();
    if let (true, Some(path)) = (demo.world_only, &demo.write_config) {
        println!("  The bot is not running. Start it in another terminal:");
        println!("  repoint run --config {}", path.display());
        println!();
    }
    println!("  Ctrl-C ends the demo.");
}

/// The slash commands as the page's completion shows them.
fn commands() -> anyhow::Result<Value> {
    let catalog = Catalog::load()?;
    Ok(crate::chat::generated::completion(&catalog, &Prefix::default()))
}

fn absolute(folder: &Path) -> anyhow::Result<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).with_context(|| format!("no folder {}", folder.display()))
}

/// Ports below those that a system hands out by itself: 32768 and up on Linux, 49152 and up elsewhere.
const BELOW_EPHEMERAL: std::ops::Range<u16> = 20_000..32_000;

/// The page's usual address; any port where somebody else has it.
fn usual_address() -> SocketAddr {
    let usual = SocketAddr::from((Ipv4Addr::LOCALHOST, 8080));
    match TcpListener::bind(usual) {
        Ok(_) => usual,
        Err(_) => SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
    }
}

/// A free port on loopback. It is known before the bot listens, since the bot's configuration holds it; so it is one that
/// the system gives nobody by chance in between.
fn free_address() -> anyhow::Result<SocketAddr> {
    let (first, count) = (BELOW_EPHEMERAL.start, BELOW_EPHEMERAL.end - BELOW_EPHEMERAL.start);
    // Demos that start at the same time begin to look at different places.
    let offset = u16::try_from(std::process::id() % u32::from(count))?;
    let ports = (0..count).map(|step| first + (offset + step) % count);
    let mut addresses = ports.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let free = addresses.find(|address| TcpListener::bind(address).is_ok());
    free.context("no free port on loopback")
}
