//! Where the code of services is kept: `[github]`, and `repo`, `branch` and `migrations` of a service.

use std::path::{Path, PathBuf};

use url::Url;

use super::{Checker, raw};
use crate::adapters::git::is_branch;
use crate::adapters::github::{AppKey, GitHubAccess};
use crate::adapters::secret::Secret;
use crate::domain::migration::Paths;

/// How GitHub is reached.
#[derive(Clone, Debug)]
pub struct GitHubSettings {
    /// The API.
    pub api_url: Url,
    /// What git puts before `/owner/name.git`.
    pub git_url: Url,
    /// Where git's copies of the repositories are.
    pub cache: PathBuf,
    /// What opens it.
    pub access: GitHubAccess,
    /// What GitHub signs its webhook with; `None`: no webhook is taken.
    pub webhook_secret: Option<Secret>,
}

/// The repository of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSettings {
    /// The account that owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Which of its files are migrations.
    pub migrations: Paths,
    /// The branch that production is built from; `None`: the repository's default branch.
    pub branch: Option<String>,
}

impl Checker<'_> {
    pub(super) fn github(&mut self, raw: &raw::GitHub, journal: &Path) -> Option<GitHubSettings> {
        let access = self.github_access(raw);
        let api_url = self.address("github.api_url", &raw.api_url);
        let git_url = match &raw.git_url {
            Some(given) => self.address("github.git_url", given),
            None => api_url.as_ref().map(beside),
        };
        if git_url.as_ref().is_some_and(|url| !url.username().is_empty() || url.query().is_some()) {
            self.wrong("github.git_url: leave out names and queries; the token is used by itself");
        }
        let usual = || journal.parent().unwrap_or(Path::new("")).join("repoint-git");
        let cache = raw.cache.as_ref().map_or_else(usual, PathBuf::from);
        let hook = raw.webhook_secret.as_ref();
        let webhook_secret = hook.and_then(|one| self.secret("github.webhook_secret", Some(one)));
        Some(GitHubSettings {
            api_url: api_url?,
            git_url: git_url?,
            cache,
            access: access?,
            webhook_secret,
        })
    }

    /// Exactly one of a token and an App.
    fn github_access(&mut self, raw: &raw::GitHub) -> Option<GitHubAccess> {
        let raw::GitHub { token, app_id, private_key, installation_id, .. } = raw;
        let is_app = app_id.is_some() || private_key.is_some() || installation_id.is_some();
        match (token, is_app) {
            (Some(_), true) => {
                self.wrong("github: give either token, or app_id and private_key, not both");
                None
            }
            (Some(token), false) => {
                self.secret("github.token", Some(token)).map(GitHubAccess::Token)
            }
            (None, false) => {
                self.wrong("github: give a token, or app_id and private_key of a GitHub App");
                None
            }
            (None, true) => {
                let pem = self.secret("github.private_key", private_key.as_ref());
                let Some(app) = *app_id else {
                    self.wrong("github.app_id is missing");
                    return None;
                };
                match AppKey::read(app, &pem?) {
                    Ok(key) => Some(GitHubAccess::App { key, installation: *installation_id }),
                    Err(why) => {
                        self.wrong(format!("github.private_key: {why}"));
                        None
                    }
                }
            }
        }
    }

    pub(super) fn code(&mut self, service: &str, raw: &raw::Service) -> Option<CodeSettings> {
        let migrations = match raw.migrations.as_deref() {
            None => Paths::default(),
            Some([]) => {
                self.wrong(format!(
                    "service {service:?}: migrations is empty; leave it out for the usual places"
                ));
                return None;
            }
            Some(patterns) => match Paths::parse(patterns) {
                Ok(paths) => paths,
                Err(why) => {
                    self.wrong(format!("service {service:?}: migrations: {why}"));
                    return None;
                }
            },
        };
        let Some(repo) = &raw.repo else {
            for (key, is_given) in [
                ("migrations", raw.migrations.is_some()),
                ("branch", raw.branch.is_some()),
                ("warn_pull_requests", raw.warn_pull_requests),
            ] {
                if is_given {
                    self.wrong(format!("service {service:?}: {key} is given, but no repo"));
                }
            }
            return None;
        };
        if let Some(branch) = raw.branch.as_ref().filter(|branch| !is_branch(branch)) {
            self.wrong(format!("service {service:?}: branch {branch:?} is no name of a branch"));
        }
        let parts = repo.split_once('/').filter(|(owner, name)| is_part(owner) && is_part(name));
        let Some((owner, name)) = parts else {
            self.wrong(format!("service {service:?}: repo {repo:?} is not written owner/name"));
            return None;
        };
        let (owner, name) = (owner.to_owned(), name.to_owned());
        Some(CodeSettings { owner, name, migrations, branch: raw.branch.clone() })
    }
}

/// Where git is, beside an API: `api.github.com` belongs to `github.com`, `HOST/api/v3` to `HOST`.
fn beside(api: &Url) -> Url {
    let mut url = api.clone();
    url.set_path("");
    url.set_query(None);
    let host = url.host_str().and_then(|host| host.strip_prefix("api.")).map(str::to_owned);
    if let Some(host) = host {
        // A host without its first part is one as well.
        let _ = url.set_host(Some(&host));
    }
    url
}

/// What GitHub allows in the name of an account or repository.
fn is_part(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
