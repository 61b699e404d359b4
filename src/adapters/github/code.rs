//! GitHub as the `Code` port. Knows which calls to make and what their answers mean; decides nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use url::Url;

use super::client::Client;
use super::error::CallError;
use super::line::Line;
use super::pass::{GitHubAccess, Pass};
use super::wire::{self, Comparison, Content, Pull, Repository, Status};
use crate::domain::change::{Changes, Commit, NEWEST, PullRequest, Range};
use crate::domain::ids::ServiceId;
use crate::domain::migration::{Fate, MOST_FILES, Migration, Paths};
use crate::engine::ports::{Clock, Code, PortError, PortErrorKind};

/// GitHub lists so many files of a comparison and no more.
const MOST_LISTED: usize = 300;

/// How to reach GitHub.
#[derive(Clone, Debug)]
pub struct GitHubConfig {
    /// The address of the API, with its path if it has one.
    pub api_url: Url,
    /// What opens the repositories: read access, and write access where reverts are made.
    pub access: GitHubAccess,
}

/// The repository of one service.
#[derive(Clone, Debug)]
pub struct GitHubRepository {
    /// The service.
    pub service: ServiceId,
    /// The account that owns it.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Which of its files are migrations.
    pub migrations: Paths,
    /// The branch that counts as main; `None`: the repository's default branch.
    pub branch: Option<String>,
}

/// Why GitHub cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum GitHubSetupError {
    /// The API address is neither http nor https.
    #[error("use the scheme {0:?} for github's api")]
    NotAWebAddress(String),
    /// The HTTP client could not be built.
    #[error("build an http client for github")]
    Client(#[source] reqwest::Error),
}

/// GitHub.
pub struct GitHubCode {
    repositories: BTreeMap<ServiceId, Home>,
}

/// One service's repository, and the way to it.
struct Home {
    repository: GitHubRepository,
    client: Client,
}

impl GitHubCode {
    /// Ready to call.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(
        config: GitHubConfig,
        repositories: Vec<GitHubRepository>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GitHubSetupError> {
        let line = Line::new(config.api_url, clock)?;
        let homes = repositories.into_iter().map(|repository| {
            let pass = Pass::new(&config.access, &repository.owner, &repository.name);
            let client = Client::new(line.clone(), pass);
            (repository.service.clone(), Home { repository, client })
        });
        Ok(Self { repositories: homes.collect() })
    }

    /// Whether the token may read a service's repository: its full name and its main branch.
    ///
    /// # Errors
    /// Why not.
    pub async fn look(&self, service: &ServiceId) -> Result<(String, String), PortError> {
        let Home { repository, client } = self.home(service)?;
        let path = ["repos", &repository.owner, &repository.name];
        let found: Repository = client.get(&path, &[]).await?;
        Ok((found.full_name, found.default_branch))
    }

    fn home(&self, service: &ServiceId) -> Result<&Home, PortError> {
        self.repositories.get(service).ok_or_else(|| PortError {
            kind: PortErrorKind::Missing,
            message: "no github repository is configured for this service".to_owned(),
        })
    }
}

impl Home {
    /// A migration with its text. That the text cannot be read does not hide the others.
    async fn migration(&self, head: &str, (path, fate): (String, Fate)) -> Migration {
        if fate == Fate::Removed {
            return Migration { path, fate, text: Err("it is gone".to_owned()) };
        }
        let GitHubRepository { owner, name, .. } = &self.repository;
        let call = ["repos", owner, name, "contents", &path];
        let text = match self.client.get::<Content>(&call, &[("ref", head)]).await {
            Ok(content) => content.text(),
            Err(error) => Err(error.to_string()),
        };
        Migration { path, fate, text }
    }
}

#[async_trait]
impl Code for GitHubCode {
    async fn changes(&self, service: &ServiceId, range: &Range) -> Result<Changes, PortError> {
        let home @ Home { repository, client } = self.home(service)?;
        let (base, head) = (commit_id(&range.base)?, commit_id(&range.head)?);
        let between = format!("{base}...{head}");
        let path = ["repos", &repository.owner, &repository.name, "compare", &between];
        // Without paging, the newest commit is among those listed and all files are on the one page.
        let comparison: Comparison = client.get(&path, &[]).await?;
        let listed = comparison.files.len();
        let wanted = migrations(&comparison.files, &repository.migrations);
        let read = wanted.into_iter().enumerate().map(|(index, one)| async move {
            if index < MOST_FILES {
                return home.migration(head, one).await;
            }
            let (path, fate) = one;
            Migration { path, fate, text: Err("it was not read".to_owned()) }
        });
        let migrations = join_all(read).await;
        let unlisted = (listed >= MOST_LISTED)
            .then(|| format!("more than {MOST_LISTED} files changed, and not all are listed"));
        Ok(Changes {
            commits: comparison.total_commits,
            newest: newest(&comparison.commits, NEWEST),
            files: u32::try_from(listed).unwrap_or(u32::MAX),
            unlisted,
            migrations,
        })
    }

    async fn brought_by(
        &self,
        service: &ServiceId,
        sha: &str,
    ) -> Result<Option<PullRequest>, PortError> {
        let Home { repository, client } = self.home(service)?;
        let sha = commit_id(sha)?;
        let path = ["repos", &repository.owner, &repository.name, "commits", sha, "pulls"];
        let pulls: Vec<Pull> = client.get(&path, &[]).await?;
        let merged = pulls.iter().filter(|pull| pull.merged_at.is_some());
        // The one whose merge made this very commit, else the first that brought it along.
        let brought = merged
            .clone()
            .find(|pull| pull.merge_commit_sha.as_deref() == Some(sha))
            .or_else(|| merged.clone().next());
        Ok(brought.map(|pull| PullRequest { number: pull.number, title: first_line(&pull.title) }))
    }
}

/// A full commit id, and nothing that could be taken for a name, a path or an option.
pub(super) fn commit_id(text: &str) -> Result<&str, CallError> {
    let is_id = matches!(text.len(), 40 | 64)
        && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    is_id.then_some(text).ok_or_else(|| {
        CallError::NotAsked("github was not asked: the commit's id is not a full one".to_owned())
    })
}

fn migrations(files: &[wire::File], patterns: &Paths) -> Vec<(String, Fate)> {
    let fate = |file: &wire::File| match file.status {
        Status::Added | Status::Copied => Some(Fate::Added),
        Status::Removed => Some(Fate::Removed),
        // A new name for the same text changes nothing.
        Status::Renamed if file.changes == 0 => None,
        Status::Unchanged => None,
        Status::Modified | Status::Renamed | Status::Changed | Status::Unrecognised => {
            Some(Fate::Changed)
        }
    };
    let ours = files.iter().filter(|file| patterns.has(&file.filename));
    ours.filter_map(|file| Some((file.filename.clone(), fate(file)?))).collect()
}

/// The newest of a comparison's commits, newest first.
pub(super) fn newest(commits: &[wire::Commit], most: usize) -> Vec<Commit> {
    let newest = commits.iter().rev().take(most);
    let named =
        newest.map(|one| Commit { sha: one.sha.clone(), subject: first_line(&one.commit.message) });
    named.collect()
}

/// A title or subject, without what follows it.
pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}
