//! Where the code of services is kept: `[github]`, and `repo` and `migrations` of a service.

use url::Url;

use super::{Checker, raw};
use crate::adapters::secret::Secret;
use crate::domain::migration::Paths;

/// How GitHub is reached.
#[derive(Clone, Debug)]
pub struct GitHubSettings {
    /// The API.
    pub api_url: Url,
    /// The token.
    pub token: Secret,
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
}

impl Checker<'_> {
    pub(super) fn github(&mut self, raw: &raw::GitHub) -> Option<GitHubSettings> {
        let token = self.secret("github.token", Some(&raw.token));
        let api_url = self.address("github.api_url", &raw.api_url);
        Some(GitHubSettings { api_url: api_url?, token: token? })
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
            if raw.migrations.is_some() {
                self.wrong(format!("service {service:?}: migrations is given, but no repo"));
            }
            return None;
        };
        let parts = repo.split_once('/').filter(|(owner, name)| is_part(owner) && is_part(name));
        let Some((owner, name)) = parts else {
            self.wrong(format!("service {service:?}: repo {repo:?} is not written owner/name"));
            return None;
        };
        let (owner, name) = (owner.to_owned(), name.to_owned());
        Some(CodeSettings { owner, name, migrations })
    }
}

/// What GitHub allows in the name of an account or repository.
fn is_part(text: &str) -> bool {
    (1..=100).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}
