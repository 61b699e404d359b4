//! The file as it is written. Every member is known by name; whatever else stands there is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize)]
pub(super) struct Config {
    pub(super) journal: Journal,
    #[serde(default)]
    pub(super) server: Server,
    pub(super) slack: Option<Slack>,
    pub(super) discord: Option<Discord>,
    pub(super) vercel: Vercel,
    pub(super) github: Option<GitHub>,
    #[serde(default)]
    pub(super) service: Vec<Service>,
    #[serde(default)]
    pub(super) person: Vec<Human>,
}

/// One human with several ids.
#[derive(Debug, Deserialize)]
pub(super) struct Human {
    pub(super) ids: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Journal {
    pub(super) path: String,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Server {
    pub(super) listen: String,
    pub(super) commands_per_minute: u32,
}

impl Default for Server {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned(), commands_per_minute: 30 }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Slack {
    #[serde(default = "socket")]
    pub(super) mode: String,
    #[serde(default = "slack_api")]
    pub(super) api_url: String,
    pub(super) bot_token: String,
    pub(super) app_token: Option<String>,
    pub(super) signing_secret: Option<String>,
    pub(super) next_signing_secret: Option<String>,
    pub(super) team: String,
    #[serde(default)]
    pub(super) command_prefix: String,
    pub(super) response_urls: Option<String>,
}

fn socket() -> String {
    "socket".to_owned()
}

fn slack_api() -> String {
    "https://slack.com/api".to_owned()
}

#[derive(Debug, Deserialize)]
pub(super) struct Discord {
    #[serde(default = "gateway")]
    pub(super) mode: String,
    #[serde(default = "discord_api")]
    pub(super) api_url: String,
    pub(super) bot_token: String,
    pub(super) application_id: String,
    pub(super) public_key: Option<String>,
    pub(super) guild: String,
    #[serde(default)]
    pub(super) command_prefix: String,
}

fn gateway() -> String {
    "gateway".to_owned()
}

fn discord_api() -> String {
    "https://discord.com".to_owned()
}

#[derive(Debug, Deserialize)]
pub(super) struct Vercel {
    #[serde(default = "vercel_api")]
    pub(super) api_url: String,
    pub(super) token: String,
}

fn vercel_api() -> String {
    "https://api.vercel.com".to_owned()
}

#[derive(Debug, Deserialize)]
pub(super) struct GitHub {
    #[serde(default = "github_api")]
    pub(super) api_url: String,
    pub(super) git_url: Option<String>,
    pub(super) cache: Option<String>,
    pub(super) token: Option<String>,
    pub(super) app_id: Option<u64>,
    pub(super) private_key: Option<String>,
    pub(super) installation_id: Option<u64>,
    pub(super) webhook_secret: Option<String>,
}

fn github_api() -> String {
    "https://api.github.com".to_owned()
}

#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) provider: String,
    pub(super) project: String,
    pub(super) team: Option<String>,
    pub(super) repo: Option<String>,
    /// Left out of the digest where it is not given, so that questions of before it existed keep theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) migrations: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) branch: Option<String>,
    pub(super) production_url: String,
    #[serde(default = "own_host")]
    pub(super) deployment_url: String,
    pub(super) marker: Option<MarkerSetting>,
    #[serde(default = "root")]
    pub(super) proof_paths: Vec<String>,
    #[serde(default)]
    pub(super) cache_buster: CacheBuster,
    /// Where the secret comes from, not the secret.
    pub(super) protection_bypass: Option<String>,
    pub(super) channels: Vec<String>,
    #[serde(default)]
    pub(super) stakeholders: Vec<String>,
    pub(super) responders: Vec<String>,
    /// Not part of the digest where nothing is written, and neither is the next: an older file keeps its digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) approvers: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) second_person: Option<String>,
    /// Not part of the digest where it is off: an older file keeps its digest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) warn_pull_requests: bool,
    #[serde(default)]
    pub(super) leads: Vec<String>,
    #[serde(default = "auto")]
    pub(super) assignment: String,
    #[serde(default)]
    pub(super) egress: Vec<String>,
    /// Not part of the digest where nothing is written: an older file keeps its digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) deployment_hosts: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) journeys: Vec<Journey>,
    pub(super) job_limit_s: Option<u32>,
    pub(super) proof_limit_s: Option<u32>,
}

/// Requests that a verification makes as one visitor.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Journey {
    pub(super) name: String,
    #[serde(default)]
    pub(super) steps: Vec<Step>,
}

/// One request, and what must come back.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Step {
    #[serde(default = "get")]
    pub(super) method: String,
    pub(super) path: String,
    /// Values, or where secret values come from.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    #[serde(default = "ok")]
    pub(super) expect_status: u16,
    pub(super) expect_body: Option<String>,
    pub(super) expect_json: Option<ExpectJson>,
    pub(super) expect_header: Option<ExpectHeader>,
    pub(super) within_ms: Option<u32>,
}

/// `{ pointer = "/items", value = 1 }`
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ExpectJson {
    pub(super) pointer: String,
    pub(super) value: serde_json::Value,
}

/// `{ name = "content-type", value = "text/html" }`
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct ExpectHeader {
    pub(super) name: String,
    pub(super) value: String,
}

fn get() -> String {
    "GET".to_owned()
}

fn ok() -> u16 {
    200
}

/// Whether a probe carries a query of its own, for caches that ignore `Cache-Control`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CacheBuster {
    #[default]
    Off,
    Query,
}

fn own_host() -> String {
    "https://{host}".to_owned()
}

fn root() -> Vec<String> {
    vec!["/".to_owned()]
}

fn auto() -> String {
    "auto".to_owned()
}

/// How an answer of production tells which deployment it came from. The value seen is a deployment's id, its host, or a
/// commit of at least seven digits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(untagged)]
pub enum MarkerSetting {
    /// `{ header = "x-deployment" }`
    #[serde(rename_all = "snake_case")]
    Header {
        /// The header's name.
        header: String,
    },
    /// `{ json_pointer = "/commit", path = "/version.json" }`
    JsonPointer {
        /// RFC 6901.
        json_pointer: String,
        /// The page that answers JSON.
        path: String,
    },
    /// `{ regex = 'data-commit="([0-9a-f]+)"', path = "/" }`
    Regex {
        /// With one group that holds the value.
        regex: String,
        /// The page that it is looked for in.
        path: String,
    },
}

/// Reads the file's shape; every unknown key is an error of its own.
pub(super) fn read(text: &str, errors: &mut Vec<String>) -> Option<Config> {
    let document = match toml::Deserializer::parse(text) {
        Ok(document) => document,
        Err(error) => {
            errors.push(error.to_string());
            return None;
        }
    };
    let read = serde_ignored::deserialize(document, |path| {
        errors.push(format!("unknown key {path}"));
    });
    match read {
        Ok(config) => Some(config),
        Err(error) => {
            errors.push(error.to_string());
            None
        }
    }
}
