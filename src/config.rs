//! File and environment → validated values. Refuses to start on doubt, with all errors at once; never shows a secret.

mod chat;
mod code;
mod journeys;
mod people;
mod raw;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use crate::adapters::probe::{CacheBuster, Journey};
use crate::adapters::secret::Secret;
use crate::chat::catalog::Prefix;
use crate::domain::actor::{Grantee, Person, Platform, Role};
use crate::domain::ids::ServiceId;
use crate::domain::policy::{Humans, Policy};
use crate::domain::service::{Limits, Service};
use crate::domain::time::Span;

use chat::Tenants;

pub use chat::{DiscordMode, DiscordSettings, SlackMode, SlackSettings};
pub use code::{CodeSettings, GitHubSettings};
pub use raw::MarkerSetting;

/// Everything that is configured, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the journal is.
    pub journal: PathBuf,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// How many commands one person may type in a minute.
    pub commands_per_minute: u32,
    /// What stands before every command's name.
    pub prefix: Prefix,
    /// Slack, if it is used.
    pub slack: Option<SlackSettings>,
    /// Discord, if it is used; at least one of the two is.
    pub discord: Option<DiscordSettings>,
    /// Vercel.
    pub vercel: VercelSettings,
    /// GitHub, if it is used.
    pub github: Option<GitHubSettings>,
    /// The services, at least one.
    pub services: Vec<ServiceSettings>,
    /// Ids that belong to one human each.
    pub humans: Vec<BTreeSet<Person>>,
}

/// How Vercel is reached.
#[derive(Clone, Debug)]
pub struct VercelSettings {
    /// The API.
    pub api_url: Url,
    /// The token.
    pub token: Secret,
}

/// One service.
#[derive(Clone, Debug)]
pub struct ServiceSettings {
    /// What the rules need to know.
    pub service: Service,
    /// The project at the provider, by id or name.
    pub project: String,
    /// The team that owns it; `None`: a personal account.
    pub team: Option<String>,
    /// Where its code is kept, if that is told.
    pub code: Option<CodeSettings>,
    /// What customers use.
    pub production_url: Url,
    /// A deployment's own address, with `{host}`.
    pub deployment_url: String,
    /// How an answer tells which deployment it came from.
    pub marker: Option<MarkerSetting>,
    /// The pages that are probed.
    pub proof_paths: Vec<String>,
    /// Whether probes carry a query of their own.
    pub cache_buster: CacheBuster,
    /// Opens protected deployments.
    pub protection_bypass: Option<Secret>,
    /// Private addresses that may be called all the same, `host:port`.
    pub egress: Vec<String>,
    /// The hosts that deployments' own addresses may have: exact, or `*.` before a domain.
    pub deployment_hosts: Vec<String>,
    /// What `/verify` walks; empty: the proof paths.
    pub journeys: Vec<Journey>,
    /// Who may act: people and groups.
    pub grants: BTreeMap<Grantee, Role>,
}

/// Everything that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the configuration is not usable:\n{}", .0.iter().map(|one| format!("  - {one}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(pub Vec<String>);

/// Where secrets come from. The environment, or a stand-in for it.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path) -> Result<Self, ConfigErrors> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigErrors(vec![format!("{}: {error}", path.display())]))?;
        Self::parse(&text, &|name| std::env::var(name).ok())
    }

    /// Checks a configuration.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(text: &str, environment: Environment<'_>) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let raw = raw::read(text, &mut errors).ok_or_else(|| ConfigErrors(errors.clone()))?;
        let mut checker = Checker { errors, environment };
        let config = checker.config(&raw);
        match (config, checker.errors) {
            (Some(config), errors) if errors.is_empty() => Ok(config),
            (_, errors) => Err(ConfigErrors(errors)),
        }
    }

    /// Who may do what, as far as it is configured: no group is read yet.
    pub fn policy(&self) -> Policy {
        let grants = self.services.iter().map(|one| (one.service.id.clone(), one.grants.clone()));
        let humans = Humans::new(&self.humans);
        Policy { grants: grants.collect(), humans, ..Policy::default() }
    }

    /// Whether rights hang on groups of a platform, so that it must let the bot read them.
    pub fn has_groups(&self, platform: Platform) -> bool {
        let mut named = self.services.iter().flat_map(|one| one.grants.keys());
        named.any(|one| matches!(one, Grantee::Group(group) if group.platform == platform))
    }
}

struct Checker<'a> {
    errors: Vec<String>,
    environment: Environment<'a>,
}

impl Checker<'_> {
    fn wrong(&mut self, what: impl Into<String>) {
        self.errors.push(what.into());
    }

    fn config(&mut self, raw: &raw::Config) -> Option<Config> {
        let listen = self.parsed::<SocketAddr>("server.listen", &raw.server.listen);
        if raw.server.commands_per_minute == 0 {
            self.wrong("server.commands_per_minute must be at least 1");
        }
        let chat = self.chat(raw.slack.as_ref(), raw.discord.as_ref());
        let vercel = self.vercel(&raw.vercel);
        let github =
            raw.github.as_ref().and_then(|one| self.github(one, Path::new(&raw.journal.path)));
        if raw.service.is_empty() {
            self.wrong("no [[service]] is configured: name at least one");
        }
        let tenants = Tenants::of(raw);
        let mut names = BTreeSet::new();
        let mut projects = BTreeSet::new();
        let mut services = Vec::new();
        for one in &raw.service {
            if !names.insert(&one.name) {
                self.wrong(format!("service {:?} is configured twice", one.name));
            }
            if !projects.insert((&one.project, &one.team)) {
                self.wrong(format!("service {:?}: another service has the same project", one.name));
            }
            services.extend(self.service(one, &tenants));
        }
        let humans = self.humans(&raw.person);
        let chat = chat?;
        Some(Config {
            journal: PathBuf::from(&raw.journal.path),
            listen: listen?,
            commands_per_minute: raw.server.commands_per_minute,
            prefix: chat.prefix,
            slack: chat.slack,
            discord: chat.discord,
            vercel: vercel?,
            github,
            services,
            humans,
        })
    }

    fn vercel(&mut self, raw: &raw::Vercel) -> Option<VercelSettings> {
        let token = self.secret("vercel.token", Some(&raw.token));
        let api_url = self.address("vercel.api_url", &raw.api_url);
        Some(VercelSettings { api_url: api_url?, token: token? })
    }

    fn service(&mut self, raw: &raw::Service, tenants: &Tenants<'_>) -> Option<ServiceSettings> {
        let name = &raw.name;
        let is_name = (1..=40).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !is_name {
            self.wrong(format!(
                "service {name:?}: a name is 1 to 40 lower-case letters, digits and dashes"
            ));
        }
        if raw.provider != "vercel" {
            self.wrong(format!(
                "service {name:?}: provider {:?} is not known; use \"vercel\"",
                raw.provider
            ));
        }
        if !matches!(raw.assignment.as_str(), "auto" | "staged") {
            self.wrong(format!(
                "service {name:?}: assignment is \"auto\" or \"staged\", not {:?}",
                raw.assignment
            ));
        }
        let at = |key: &str| format!("service {name:?}: {key}");
        let production_url = self.address(&at("production_url"), &raw.production_url);
        self.proof(raw, &at);
        let bypass = raw.protection_bypass.as_ref();
        let protection_bypass =
            bypass.and_then(|one| self.secret(&at("protection_bypass"), Some(one)));
        let channels = self.channels(&at("channels"), &raw.channels, tenants);
        let stakeholders = self.channels(&at("stakeholders"), &raw.stakeholders, tenants);
        if raw.channels.is_empty() {
            self.wrong(at("channels is empty: the team must be told somewhere"));
        }
        let grants = self.grants(name, raw, tenants);
        let second_person = self.second_person(name, raw);
        let deployment_hosts = self.deployment_hosts(name, &raw.deployment_hosts);
        let journeys = self.journeys(name, &raw.journeys);
        let code = self.code(name, raw);
        let production_url = production_url?;
        Some(ServiceSettings {
            service: Service {
                id: ServiceId::from(name.as_str()),
                production_url: raw.production_url.clone(),
                config_digest: digest(raw),
                repository: code.as_ref().map(|code| format!("{}/{}", code.owner, code.name)),
                channels,
                stakeholders,
                limits: limits(raw),
                second_person,
                warns_pull_requests: raw.warn_pull_requests,
            },
            project: raw.project.clone(),
            team: raw.team.clone(),
            code,
            production_url,
            deployment_url: raw.deployment_url.clone(),
            marker: raw.marker.clone(),
            proof_paths: raw.proof_paths.clone(),
            cache_buster: match raw.cache_buster {
                raw::CacheBuster::Off => CacheBuster::Off,
                raw::CacheBuster::Query => CacheBuster::QueryParameter,
            },
            protection_bypass,
            egress: raw.egress.clone(),
            deployment_hosts,
            journeys,
            grants,
        })
    }

    /// How a flip is proven.
    fn proof(&mut self, raw: &raw::Service, at: &dyn Fn(&str) -> String) {
        if !raw.deployment_url.contains("{host}") {
            self.wrong(at("deployment_url needs {host}"));
        }
        if let Some(MarkerSetting::Regex { regex, .. }) = &raw.marker
            && let Err(error) = regex::Regex::new(regex)
        {
            self.wrong(at(&format!("marker: {error}")));
        }
        if raw.proof_paths.is_empty() || raw.proof_paths.iter().any(|path| !path.starts_with('/')) {
            self.wrong(at("proof_paths needs at least one path, each beginning with /"));
        }
    }

    fn parsed<T: std::str::FromStr>(&mut self, key: &str, text: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(format!("{key}: {error}"));
                None
            }
        }
    }

    /// An address: `https`, or `http` on this very machine.
    fn address(&mut self, key: &str, text: &str) -> Option<Url> {
        let url = self.parsed::<Url>(key, text)?;
        let is_loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        if url.scheme() == "https" || (url.scheme() == "http" && is_loopback) {
            return Some(url);
        }
        self.wrong(format!(
            "{key}: {text:?} must begin with https:// (http:// only for this machine)"
        ));
        None
    }

    fn secret(&mut self, key: &str, source: Option<&String>) -> Option<Secret> {
        let Some(source) = source else {
            self.wrong(format!("{key} is missing"));
            return None;
        };
        let found = match source.split_once(':') {
            Some(("env", name)) => (self.environment)(name)
                .ok_or_else(|| format!("{key}: the variable {name} is not set")),
            Some(("file", path)) => {
                secret_file(Path::new(path)).map_err(|why| format!("{key}: {why}"))
            }
            _ => Err(format!("{key}: a secret is written env:NAME or file:PATH, never as itself")),
        };
        let found = found.map(|text| text.trim_end_matches(['\r', '\n']).to_owned());
        match found {
            Ok(value) if value.trim().is_empty() => {
                self.wrong(format!("{key}: the secret is empty"));
                None
            }
            Ok(value) => Some(Secret::new(value)),
            Err(why) => {
                self.wrong(why);
                None
            }
        }
    }
}

fn secret_file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let meta = std::fs::metadata(path).map_err(|error| format!("{shown}: {error}"))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if meta.permissions().mode() & 0o007 != 0 {
            return Err(format!("{shown} can be read by everybody: chmod o-rwx it"));
        }
    }
    if meta.len() > 64 * 1024 {
        return Err(format!("{shown} is too large for a secret"));
    }
    std::fs::read_to_string(path).map_err(|error| format!("{shown}: {error}"))
}

/// A confirmation is bound to everything that is configured for its service.
fn digest(raw: &raw::Service) -> String {
    let text = serde_json::to_string(raw).expect("settings are plain data");
    hex::encode(Sha256::digest(text.as_bytes()))
}

fn limits(raw: &raw::Service) -> Limits {
    let usual = Limits::default();
    let seconds =
        |given: Option<u32>, usual: Span| given.map_or(usual, |s| Span::seconds(s.into()));
    Limits {
        job: seconds(raw.job_limit_s, usual.job),
        proof: seconds(raw.proof_limit_s, usual.proof),
        ..usual
    }
}
