//! Models of the outside for the demo and the tests: each speaks its vendor's real wire format on loopback.
//!
//! [`World`] starts them all. The bot that is pointed at them is the product itself; nothing here knows how it works inside.

pub mod builds;
mod call;
pub mod clock;
pub mod console;
pub mod control;
mod cut_off;
pub mod github;
pub mod ledger;
pub mod shop;
pub mod slack;
pub mod stage;
pub mod vercel;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use builds::Builds;
use clock::WorldClock;
use github::GitHubModel;
use ledger::Ledger;
use shop::ShopModel;
use slack::{Credentials, SlackModel, SlackSeed};
use stage::Scene;
use vercel::{VercelModel, VercelSeed};

use crate::engine::ports::Clock;

/// How a world begins.
pub struct Beginning {
    /// Where the console listens.
    pub listen: SocketAddr,
    /// The world's time.
    pub clock: Arc<WorldClock>,
    /// The Vercel account.
    pub vercel: VercelSeed,
    /// Whether customers visit the shop by themselves.
    pub traffic: Traffic,
    /// The slash commands of the installed app, for the console's completion.
    pub commands: Value,
}

/// Whether customers visit the shop by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traffic {
    /// A few requests a second.
    Gentle,
    /// Only what a story asks for.
    None,
}

/// The modelled outside, running.
pub struct World {
    /// The world's time.
    pub clock: Arc<WorldClock>,
    /// What reached the models, and the traps.
    pub ledger: Arc<Ledger>,
    /// Slack.
    pub slack: Arc<SlackModel>,
    /// Vercel.
    pub vercel: Arc<VercelModel>,
    /// GitHub; without a git on this machine it has no repository to show.
    pub github: Arc<GitHubModel>,
    /// The shop.
    pub shop: Arc<ShopModel>,
    /// What is pushed to GitHub is built by Vercel.
    pub builds: Arc<Builds>,
    addresses: Addresses,
    credentials: Credentials,
    control_token: String,
    servers: Vec<JoinHandle<()>>,
}

/// Where everything listens.
#[derive(Clone, Copy, Debug)]
struct Addresses {
    console: SocketAddr,
    slack: SocketAddr,
    vercel: SocketAddr,
    github: SocketAddr,
    shop: SocketAddr,
}

/// What a customer of the demo's shop does.
const JOURNEYS: &str = r#"
[[service.journeys]]
name = "front page"
[[service.journeys.steps]]
path = "/"
expect_body = "Teas for weather"
within_ms = 2000

[[service.journeys]]
name = "basket"
[[service.journeys.steps]]
method = "POST"
path = "/basket"
expect_status = 201
[[service.journeys.steps]]
path = "/basket"
expect_json = { pointer = "/items", value = 1 }

[[service.journeys]]
name = "checkout"
[[service.journeys.steps]]
path = "/checkout"
expect_body = "Place order"
expect_header = { name = "content-type", value = "text/html; charset=utf-8" }
within_ms = 2000
"#;

/// The project of the demo's shop.
pub const PROJECT: &str = "shop";

impl World {
    /// Starts all models.
    ///
    /// # Errors
    /// When an address cannot be used.
    pub async fn start(beginning: Beginning) -> anyhow::Result<Self> {
        let Beginning { listen, clock, vercel, traffic, commands } = beginning;
        let console = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}; try another --listen"))?;
        let [slack_door, vercel_door, github_door, shop_door] =
            [door().await?, door().await?, door().await?, door().await?];
        let addresses = Addresses {
            console: console.local_addr()?,
            slack: slack_door.local_addr()?,
            vercel: vercel_door.local_addr()?,
            github: github_door.local_addr()?,
            shop: shop_door.local_addr()?,
        };
        let ledger = Ledger::new();
        let credentials = Credentials::fresh();
        let seed = SlackSeed::demo(credentials.clone());
        let slack = SlackModel::start(clock.clone(), ledger.clone(), seed, addresses.slack).await?;
        let mut builds = vercel.projects.iter().flat_map(|project| &project.deployments);
        let drops_a_column = builds.any(|build| build.sha == github::DROPS_A_COLUMN);
        let vercel = VercelModel::new(clock.clone(), ledger.clone(), vercel);
        let github = GitHubModel::new(clock.clone(), ledger.clone());
        if drops_a_column {
            github.ships_the_migration();
        }
        github.warm_up().await;
        let shop = ShopModel::new(vercel.clone(), clock.clone(), ledger.clone(), PROJECT);
        let builds = Builds::new(github.clone(), vercel.clone(), PROJECT);
        let control_token = hex::encode(random());
        let scene = Arc::new(Scene::new(
            builds.clone(),
            github.clone(),
            vercel.clone(),
            shop.clone(),
            format!("http://{}/", addresses.shop),
        ));
        let face = control::router(control::Control {
            clock: clock.clone(),
            ledger: ledger.clone(),
            token: control_token.clone(),
        })
        .merge(console::router(console::Console {
            slack: slack.clone(),
            stage: scene,
            clock: clock.clone(),
            ledger: ledger.clone(),
            commands,
            shop_origin: format!("http://{}", addresses.shop),
        }));
        let mut servers = vec![
            serve(console, face),
            serve(slack_door, slack.router()),
            serve(vercel_door, builds.before(vercel.router())),
            serve(github_door, github.router()),
            serve(shop_door, builds.before(shop.router())),
        ];
        if traffic == Traffic::Gentle {
            servers.push(tokio::spawn(shop.clone().traffic()));
        }
        Ok(Self {
            clock,
            ledger,
            slack,
            vercel,
            github,
            shop,
            builds,
            addresses,
            credentials,
            control_token,
            servers,
        })
    }

    /// The address of the page.
    pub fn console_url(&self) -> String {
        format!("http://{}/", self.addresses.console)
    }

    /// Lets Slack call the bot there.
    pub fn bot_listens(&self, address: SocketAddr) {
        self.slack.set_bot_http(&format!("http://{address}"));
    }

    /// A configuration for a bot in this world. Its secrets are read from files in `folder`; see [`Self::write_secrets`].
    pub fn configuration(&self, folder: &Path, listen: SocketAddr) -> String {
        let file = |name: &str| format!("file:{}", folder.join(name).display());
        let Addresses { slack, vercel, shop, .. } = self.addresses;
        let github = self.github_configuration(folder);
        let team = self.slack.team_id();
        let person = |name: &str| format!("slack:{team}/{}", self.slack.user_id(name));
        let channel = |name: &str| format!("slack:{team}/{}", self.slack.channel_id(name));
        let quoted = |text: String| toml::Value::String(text).to_string();
        format!(
            r#"# A bot in the modelled world of a demo. The addresses and secrets are those of that one run.
[journal]
path = {journal}

[server]
listen = "{listen}"

[slack]
mode = "http"
api_url = "http://{slack}/api"
response_urls = "http://{slack}/response/"
bot_token = {bot_token}
app_token = {app_token}
signing_secret = {signing_secret}
team = "{team}"

[vercel]
api_url = "http://{vercel}"
token = {vercel_token}

{github}[[service]]
name = "shop"
provider = "vercel"
project = "prj_shop"
team = "team_demo"
{repo}production_url = "http://{shop}/"
deployment_url = "http://{shop}/_deployments/{{host}}"
marker = {{ header = "x-deployment-id" }}
proof_paths = ["/", "/checkout"]
channels = [{incidents}]
stakeholders = [{stakeholders}]
responders = [{ana}, {bo}]
leads = [{lee}]
egress = ["{shop}"]
{journeys}"#,
            // Without a GitHub to ask, a repository would only be promised.
            repo = if github.is_empty() { "" } else { "repo = \"demo/shop\"\n" },
            journeys = JOURNEYS,
            journal = quoted(folder.join("journal.db").display().to_string()),
            bot_token = quoted(file("bot_token")),
            app_token = quoted(file("app_token")),
            signing_secret = quoted(file("signing_secret")),
            vercel_token = quoted(file("vercel_token")),
            incidents = quoted(channel("incidents")),
            stakeholders = quoted(channel("stakeholders")),
            ana = quoted(person("ana")),
            bo = quoted(person("bo")),
            lee = quoted(person("lee")),
        )
    }

    /// The part of the configuration about GitHub; nothing where there is no git.
    fn github_configuration(&self, folder: &Path) -> String {
        if !github::is_possible() {
            return String::new();
        }
        let token = format!("file:{}", folder.join("github_token").display());
        let token = toml::Value::String(token);
        format!("[github]\napi_url = \"http://{}\"\ntoken = {token}\n\n", self.addresses.github)
    }

    /// Writes the secrets of this world, readable by their owner alone.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_secrets(&self, folder: &Path) -> std::io::Result<()> {
        let credentials = &self.credentials;
        for (name, value) in [
            ("bot_token", credentials.bot_token.as_str()),
            ("app_token", credentials.app_token.as_str()),
            ("signing_secret", credentials.signing_secret.as_str()),
            ("vercel_token", self.vercel.token().as_str()),
            ("github_token", self.github.token()),
        ] {
            write_secret(&folder.join(name), value)?;
        }
        Ok(())
    }

    /// Every address, id and secret of this world, as programs read it. `bot`: where the bot listens.
    pub fn described(&self, bot: SocketAddr) -> Value {
        let Addresses { slack, vercel, github, shop, .. } = self.addresses;
        let credentials = &self.credentials;
        let users = ["ana", "bo", "lee", "eve"]
            .map(|name| (name.to_owned(), Value::from(self.slack.user_id(name))));
        let channels = ["incidents", "stakeholders"]
            .map(|name| (name.to_owned(), Value::from(self.slack.channel_id(name))));
        json!({
            "console": self.console_url(),
            "shop": format!("http://{shop}/"),
            "slack": {
                "api": format!("http://{slack}/api/"),
                "commands": format!("http://{bot}/slack/commands"),
                "interactions": format!("http://{bot}/slack/interactions"),
                "response": format!("http://{slack}/response/"),
                "signing_secret": credentials.signing_secret,
                "bot_token": credentials.bot_token,
                "app_token": credentials.app_token,
                "team": self.slack.team_id(),
                "channels": Value::Object(channels.into_iter().collect()),
                "users": Value::Object(users.into_iter().collect()),
            },
            "vercel": {
                "api": format!("http://{vercel}"),
                "token": self.vercel.token(),
                "team": "team_demo",
                "slug": "demo",
                "project": "prj_shop",
            },
            "github": {
                "api": format!("http://{github}"),
                "token": self.github.token(),
                "repo": github::REPO,
                "git": format!("http://{github}/{}.git", github::REPO),
            },
            "world": {
                "api": format!("{}world", self.console_url()),
                "token": self.control_token,
            },
        })
    }

    /// What the models were asked and did not know; a sound run leaves none.
    pub fn unknown_calls(&self) -> Vec<String> {
        let mut unknown = self.slack.unknown_calls();
        unknown.extend(self.vercel.unknown_calls());
        unknown.extend(self.github.unknown_calls());
        unknown
    }

    /// What time it is here.
    pub fn now(&self) -> crate::domain::time::Timestamp {
        self.clock.now()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        for server in &self.servers {
            server.abort();
        }
    }
}

/// A listener on a free port of this machine.
async fn door() -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("no free port on loopback")
}

fn serve(listener: TcpListener, router: Router) -> JoinHandle<()> {
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "a model's server ended");
        }
    })
}

fn random() -> [u8; 16] {
    use crate::engine::ports::Chance;
    crate::adapters::chance::SystemChance.bytes()
}

fn write_secret(path: &Path, value: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    std::io::Write::write_all(&mut options.open(path)?, value.as_bytes())
}
