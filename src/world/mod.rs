//! Models of the outside for the demo and the tests: each speaks its vendor's real wire format on loopback.
//!
//! [`World`] starts them all. The bot that is pointed at them is the product itself; nothing here knows how it works inside.

pub mod builds;
mod call;
pub mod clock;
pub mod console;
pub mod control;
mod cut_off;
pub mod discord;
pub mod faces;
pub mod github;
pub mod ledger;
pub mod loopback;
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
use discord::{DiscordModel, DiscordSeed};
use faces::Faces;
use github::GitHubModel;
use ledger::Ledger;
use shop::ShopModel;
use slack::{Credentials, SlackModel, SlackSeed};
use stage::Scene;
use vercel::{VercelModel, VercelSeed};

use crate::adapters::github::hook;
use crate::engine::ports::Clock;

/// How a world begins.
pub struct Beginning {
    /// Where the console listens.
    pub listen: SocketAddr,
    /// The world's time.
    pub clock: Arc<WorldClock>,
    /// The Vercel account.
    pub vercel: VercelSeed,
    /// What is different in the Slack workspace of the demo.
    pub workspace: fn(&mut SlackSeed),
    /// Whether customers visit the shop by themselves.
    pub traffic: Traffic,
    /// The slash commands of the installed app, for the console's completion.
    pub commands: Value,
    /// Where the team talks.
    pub faces: Faces,
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
    /// Discord. It is there also where nobody talks in it.
    pub discord: Arc<DiscordModel>,
    /// Vercel.
    pub vercel: Arc<VercelModel>,
    /// GitHub; without a git on this machine it has no repository to show.
    pub github: Arc<GitHubModel>,
    /// The shop.
    pub shop: Arc<ShopModel>,
    /// What is pushed to GitHub is built by Vercel.
    pub builds: Arc<Builds>,
    faces: Faces,
    /// The other projects of the account, each with its own shop.
    others: Vec<Other>,
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
    discord: SocketAddr,
    vercel: SocketAddr,
    github: SocketAddr,
    shop: SocketAddr,
}

/// A project besides the shop's, built from the same repository.
#[derive(Clone, Debug)]
struct Other {
    /// The project's id.
    id: String,
    /// Its name, which is the service's as well.
    name: String,
    /// Where its production is.
    address: SocketAddr,
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
        let Beginning { listen, clock, vercel, workspace, traffic, commands, faces } = beginning;
        let console = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen}; try another --listen"))?;
        let [slack_door, discord_door, vercel_door, github_door, shop_door] =
            [door().await?, door().await?, door().await?, door().await?, door().await?];
        let addresses = Addresses {
            console: console.local_addr()?,
            slack: slack_door.local_addr()?,
            discord: discord_door.local_addr()?,
            vercel: vercel_door.local_addr()?,
            github: github_door.local_addr()?,
            shop: shop_door.local_addr()?,
        };
        let ledger = Ledger::new();
        let credentials = Credentials::fresh();
        let mut seed = SlackSeed::demo(credentials.clone());
        workspace(&mut seed);
        let slack = SlackModel::start(clock.clone(), ledger.clone(), seed, addresses.slack).await?;
        let discord =
            DiscordModel::start(clock.clone(), ledger.clone(), DiscordSeed::demo()).await?;
        let projects: Vec<(String, String)> =
            vercel.projects.iter().map(|one| (one.id.clone(), one.name.clone())).collect();
        let mut builds = vercel.projects.iter().flat_map(|project| &project.deployments);
        let drops_a_column = builds.any(|build| build.sha == github::DROPS_A_COLUMN);
        let vercel = VercelModel::new(clock.clone(), ledger.clone(), vercel);
        let github = GitHubModel::new(clock.clone(), ledger.clone());
        if drops_a_column {
            github.ships_the_migration();
        }
        github.warm_up().await;
        let shop = ShopModel::new(vercel.clone(), clock.clone(), ledger.clone(), PROJECT);
        let names = projects.iter().map(|(_, name)| name.clone()).collect();
        let builds = Builds::new(github.clone(), vercel.clone(), names);
        let servers = vec![
            serve(slack_door, slack.router()),
            serve(discord_door, discord.router()),
            serve(vercel_door, builds.before(vercel.router())),
            serve(github_door, github.router()),
            serve(shop_door, builds.before(shop.router())),
        ];
        let mut world = Self {
            clock,
            ledger,
            slack,
            discord,
            vercel,
            github,
            shop,
            builds,
            faces,
            others: Vec::new(),
            addresses,
            credentials,
            control_token: hex::encode(random()),
            servers,
        };
        world.servers.push(serve(console, world.face(commands)));
        for (id, name) in projects.into_iter().filter(|(_, name)| name != PROJECT) {
            world.opens_shop(id, name).await?;
        }
        if traffic == Traffic::Gentle {
            world.servers.push(tokio::spawn(world.shop.clone().traffic()));
        }
        Ok(world)
    }

    /// The page, and the door by which tests and people set traps.
    fn face(&self, commands: Value) -> Router {
        let scene = Arc::new(Scene::new(
            self.builds.clone(),
            self.github.clone(),
            self.vercel.clone(),
            self.shop.clone(),
            format!("http://{}/", self.addresses.shop),
        ));
        control::router(control::Control {
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            token: self.control_token.clone(),
        })
        .merge(console::router(console::Console {
            slack: self.slack.clone(),
            discord: self.discord.clone(),
            faces: self.faces,
            stage: scene,
            clock: self.clock.clone(),
            ledger: self.ledger.clone(),
            commands,
            shop_origin: format!("http://{}", self.addresses.shop),
        }))
    }

    /// Another project's production gets an address.
    async fn opens_shop(&mut self, id: String, name: String) -> anyhow::Result<()> {
        let door = door().await?;
        let address = door.local_addr()?;
        let shop =
            ShopModel::new(self.vercel.clone(), self.clock.clone(), self.ledger.clone(), &name);
        self.servers.push(serve(door, self.builds.before(shop.router())));
        self.others.push(Other { id, name, address });
        Ok(())
    }

    /// The address of the page.
    pub fn console_url(&self) -> String {
        format!("http://{}/", self.addresses.console)
    }

    /// Lets the chats call the bot there.
    pub fn bot_listens(&self, address: SocketAddr) {
        let bot = format!("http://{address}");
        if self.faces.have_slack() {
            self.slack.set_bot_http(&bot);
        }
        if self.faces.have_discord() {
            self.discord.set_bot_http(&bot);
        }
    }

    /// Lets GitHub tell the bot there that something happened.
    pub fn github_tells(&self, address: SocketAddr) {
        if github::is_possible() {
            let url = format!("http://{address}{}", hook::PATH);
            self.github.set_webhook(&url, self.github.webhook_secret());
        }
    }

    /// A configuration for a bot in this world. Its secrets are read from files in `folder`; see [`Self::write_secrets`].
    pub fn configuration(&self, folder: &Path, listen: SocketAddr) -> String {
        let vercel = self.addresses.vercel;
        let github = self.github_configuration(folder);
        let chats = self.chat_configuration(folder);
        // Without a GitHub to ask, a repository would only be promised.
        let repo = if github.is_empty() { "" } else { "repo = \"demo/shop\"\n" };
        let services = self.service_configurations(repo);
        format!(
            r#"# A bot in the modelled world of a demo. The addresses and secrets are those of that one run.
[journal]
path = {journal}

[server]
listen = "{listen}"

{chats}[vercel]
api_url = "http://{vercel}"
token = {vercel_token}

{github}{services}"#,
            journal = quoted(folder.join("journal.db").display().to_string()),
            vercel_token = secret_file(folder, "vercel_token"),
        )
    }

    /// One service for each project: the shop's first.
    fn service_configurations(&self, repo: &str) -> String {
        let shop = Other {
            id: "prj_shop".to_owned(),
            name: PROJECT.to_owned(),
            address: self.addresses.shop,
        };
        let all = std::iter::once(&shop).chain(&self.others);
        let written = all.map(|one| self.service_configuration(one, repo));
        written.collect::<Vec<_>>().join("\n")
    }

    fn service_configuration(&self, of: &Other, repo: &str) -> String {
        let Other { id, name, address } = of;
        let people = |names: &[&str]| self.people(names).join(", ");
        let channel = |name: &str| self.channels(name).join(", ");
        format!(
            r#"[[service]]
name = "{name}"
provider = "vercel"
project = "{id}"
team = "team_demo"
{repo}production_url = "http://{address}/"
deployment_url = "http://{address}/_deployments/{{host}}"
marker = {{ header = "x-deployment-id" }}
proof_paths = ["/", "/checkout"]
channels = [{incidents}]
stakeholders = [{stakeholders}]
responders = [{responders}]
leads = [{leads}]
egress = ["{address}"]
{JOURNEYS}"#,
            incidents = channel("incidents"),
            stakeholders = channel("stakeholders"),
            responders = people(&["ana", "bo"]),
            leads = people(&["lee"]),
        )
    }

    /// The part of the configuration about GitHub; nothing where there is no git.
    fn github_configuration(&self, folder: &Path) -> String {
        if !github::is_possible() {
            return String::new();
        }
        let token = secret_file(folder, "github_token");
        let hook = secret_file(folder, "github_webhook_secret");
        let api = self.addresses.github;
        format!(
            "[github]\napi_url = \"http://{api}\"\ntoken = {token}\nwebhook_secret = {hook}\n\n"
        )
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
            ("discord_bot_token", self.discord.seed().credentials.bot_token.as_str()),
            ("vercel_token", self.vercel.token().as_str()),
            ("github_token", self.github.token()),
            ("github_app_key", github::APP_KEY),
            ("github_webhook_secret", self.github.webhook_secret()),
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
            "discord": self.discord_described(bot),
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
            "hooks": self.hooks_described(bot),
            "world": {
                "api": format!("{}world", self.console_url()),
                "token": self.control_token,
            },
        })
    }

    /// Where the bot takes webhooks, and what they are signed with.
    fn hooks_described(&self, bot: SocketAddr) -> Value {
        if !github::is_possible() {
            return json!({});
        }
        let url = format!("http://{bot}{}", hook::PATH);
        json!({"github": {"url": url, "secret": self.github.webhook_secret()}})
    }

    /// What the models were asked and did not know; a sound run leaves none.
    pub fn unknown_calls(&self) -> Vec<String> {
        let mut unknown = self.slack.unknown_calls();
        unknown.extend(self.discord.unknown_calls());
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

/// A text as TOML writes it.
fn quoted(text: String) -> String {
    toml::Value::String(text).to_string()
}

/// Where a secret is read from.
fn secret_file(folder: &Path, name: &str) -> String {
    quoted(format!("file:{}", folder.join(name).display()))
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
