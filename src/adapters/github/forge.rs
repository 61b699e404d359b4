//! GitHub as the `Forge` port. Knows which calls to make and what their answers mean; decides nothing.
//!
//! The trees are git's matter (`adapters::git`); pull requests, gates and merges are the API's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;
use url::Url;

use super::client::Client;
use super::code::{
    GitHubConfig, GitHubRepository, GitHubSetupError, commit_id, first_line, newest,
};
use super::demands::{self, Protected};
use super::error::CallError;
use super::gate::{self, Report};
use super::line::Line;
use super::pass::{Granted, Pass};
use super::wire::{Comparison, Repository, WholePull};
use super::wire_gate::{Branch, CheckRuns, CombinedStatus, Review};
use crate::adapters::git::{Copy, Remote};
use crate::domain::change::Commit;
use crate::domain::fix::{
    Ancestry, Comment, Gate, Main, Opened, Order, PullRef, PullState, Road, Subject, Trial,
};
use crate::domain::ids::ServiceId;
use crate::engine::ports::{Clock, Forge, PortError, PortErrorKind};

/// So many commits are kept by name.
const NAMED: usize = 5;

/// Where git finds the repositories, and where their copies are kept.
#[derive(Clone, Debug)]
pub struct GitConfig {
    /// The address before `/owner/name.git`.
    pub url: Url,
    /// The folder for the copies.
    pub cache: PathBuf,
}

/// GitHub, as the place where changes go through a gate.
pub struct GitHubForge {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) git: Remote,
    repositories: BTreeMap<ServiceId, Home>,
}

/// One service's repository.
struct Home {
    repository: GitHubRepository,
    client: Client,
    copy: Arc<Copy>,
    /// The default branch, where none is configured.
    main: OnceCell<String>,
}

impl Home {
    async fn default_branch(&self) -> Result<String, CallError> {
        let path = ["repos", &self.repository.owner, &self.repository.name];
        let found: Repository = self.client.get(&path, &[]).await?;
        Ok(found.default_branch)
    }
}

/// A repository and its main branch, for one piece of work.
pub(super) struct Place<'a> {
    pub(super) owner: &'a str,
    pub(super) name: &'a str,
    pub(super) main: String,
    pub(super) client: &'a Client,
    pub(super) copy: &'a Arc<Copy>,
}

impl Place<'_> {
    /// The path of a call about this repository.
    pub(super) fn path<'b>(&'b self, rest: &[&'b str]) -> Vec<&'b str> {
        [&["repos", self.owner, self.name], rest].concat()
    }
}

/// What the token may do at a repository, and what stands before its main branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The branch that counts as main.
    pub main: String,
    /// Whether branches may be pushed; `None`: GitHub does not say.
    pub may_push: Option<bool>,
    /// What main demands, in words.
    pub gate: String,
    /// Why not all of that can be read, if so.
    pub unreadable: Option<String>,
    /// What the App's token is for, if it is one.
    pub granted: Option<Granted>,
}

impl GitHubForge {
    /// Ready to work. Nothing is cloned before it is needed.
    ///
    /// # Errors
    /// When the configuration cannot be used.
    pub fn new(
        config: GitHubConfig,
        git: GitConfig,
        repositories: Vec<GitHubRepository>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, GitHubSetupError> {
        let git = Remote { url: git.url, cache: git.cache };
        let line = Line::new(config.api_url, clock.clone())?;
        // Services of one repository share its copy.
        let mut copies: BTreeMap<String, Arc<Copy>> = BTreeMap::new();
        let mut homes = BTreeMap::new();
        for repository in repositories {
            let place = format!("{}/{}.git", repository.owner, repository.name);
            let copy = copies.entry(place.clone()).or_insert_with(|| {
                let mut url = git.url.clone();
                url.set_path(&format!("{}/{place}", git.url.path().trim_end_matches('/')));
                Copy::new(Remote { url, ..git.clone() })
            });
            let (copy, main) = (copy.clone(), OnceCell::new());
            let pass = Pass::new(&config.access, &repository.owner, &repository.name);
            let client = Client::new(line.clone(), pass);
            homes.insert(repository.service.clone(), Home { repository, client, copy, main });
        }
        Ok(Self { clock, git, repositories: homes })
    }

    /// What the token may do for a service, and what stands before its main.
    ///
    /// # Errors
    /// When GitHub does not tell.
    pub async fn look(&self, service: &ServiceId) -> Result<Standing, PortError> {
        let at = self.place(service).await?;
        let repository: Repository = at.client.get(&at.path(&[]), &[]).await?;
        let protected = demands::protection(&at).await?;
        let demands = demands::read(&at).await?;
        let mut gate: Vec<String> = demands.checks.keys().cloned().collect();
        if demands.approvals > 0 {
            gate.push(format!("{} approvals", demands.approvals));
        }
        if demands.road == Road::Queue {
            gate.push("a merge queue".to_owned());
        }
        let gate = match (gate.is_empty(), protected) {
            (false, _) => gate.join(", "),
            (true, Protected::No) => "nothing: it is not protected".to_owned(),
            (true, _) => "no check and no review".to_owned(),
        };
        // What a repository says of permissions is about people; an App's are told with its token.
        let granted = at.client.granted().await?;
        let may_push = match &granted {
            Some(granted) => Some(granted.may_push()),
            None => repository.permissions.map(|one| one.push),
        };
        let unreadable = demands.unreadable;
        Ok(Standing { main: at.main, may_push, gate, unreadable, granted })
    }

    /// Whether git can be used here: its version.
    ///
    /// # Errors
    /// In a sentence for people, what is missing.
    pub async fn look_at_git(&self) -> Result<String, PortError> {
        Ok(crate::adapters::git::look(&self.git).await?)
    }

    pub(super) async fn place(&self, service: &ServiceId) -> Result<Place<'_>, PortError> {
        let home = self.repositories.get(service).ok_or_else(|| PortError {
            kind: PortErrorKind::Missing,
            message: "no github repository is configured for this service".to_owned(),
        })?;
        let GitHubRepository { owner, name, branch, .. } = &home.repository;
        let main = match branch {
            Some(branch) => branch.clone(),
            None => home.main.get_or_try_init(|| home.default_branch()).await?.clone(),
        };
        Ok(Place { owner, name, main, client: &home.client, copy: &home.copy })
    }

    pub(super) async fn pull(&self, at: &Place<'_>, number: u64) -> Result<WholePull, CallError> {
        let number = number.to_string();
        at.client.get(&at.path(&["pulls", &number]), &[]).await
    }

    /// What was reported of a commit, by checks and by plain statuses.
    async fn reports(&self, at: &Place<'_>, sha: &str) -> Result<Vec<Report>, CallError> {
        let sha = commit_id(sha)?;
        let (runs, statuses) =
            (at.path(&["commits", sha, "check-runs"]), at.path(&["commits", sha, "status"]));
        let (runs, statuses) = tokio::join!(
            at.client.all::<CheckRuns>(&runs, &[("filter", "latest")]),
            at.client.all::<CombinedStatus>(&statuses, &[]),
        );
        let runs = runs?.into_iter().map(Report::from);
        Ok(runs.chain(statuses?.into_iter().map(Report::from)).collect())
    }
}

#[async_trait]
impl Forge for GitHubForge {
    async fn try_revert(&self, service: &ServiceId, subject: &Subject) -> Result<Trial, PortError> {
        self.tried(&self.place(service).await?, subject).await
    }

    async fn open_revert(&self, service: &ServiceId, order: &Order) -> Result<Opened, PortError> {
        self.opened(&self.place(service).await?, order).await
    }

    async fn pull_of(
        &self,
        service: &ServiceId,
        branch: &str,
    ) -> Result<Option<PullRef>, PortError> {
        let at = self.place(service).await?;
        let pulls = self.reverts_of(&at, branch).await?;
        Ok(pulls.into_iter().next().map(|pull| pull.place))
    }

    async fn gate(&self, service: &ServiceId, number: u64) -> Result<Gate, PortError> {
        let at = self.place(service).await?;
        let pull = self.pull(&at, number).await?;
        let front = gate::front(&pull, &at.main);
        if front.state != PullState::Open {
            return Ok(front);
        }
        let name = number.to_string();
        let path = at.path(&["pulls", &name, "reviews"]);
        let here = at.path(&[]);
        let (reports, demands, reviews, repository) = tokio::join!(
            self.reports(&at, &pull.head.sha),
            demands::read(&at),
            at.client.all::<Vec<Review>>(&path, &[]),
            at.client.get::<Repository>(&here, &[]),
        );
        let mut demands = demands?;
        demands.leave(&repository?);
        let mut gate = gate::whole(&pull, front, demands, &reports?, reviews?);
        if gate.road == Road::Queue {
            gate.queued = self.in_queue(&at, number).await?;
        }
        Ok(gate)
    }

    async fn merge(
        &self,
        service: &ServiceId,
        number: u64,
        head: &str,
        road: Road,
    ) -> Result<(), PortError> {
        let at = self.place(service).await?;
        match road {
            Road::Direct => self.merge_directly(&at, number, head).await,
            Road::Queue => self.enqueue(&at, number, head).await,
            Road::Auto => self.leave(&at, number, head).await,
        }
    }

    async fn call_off(&self, service: &ServiceId, number: u64) -> Result<(), PortError> {
        self.take_back(&self.place(service).await?, number).await
    }

    async fn warn(&self, service: &ServiceId, comment: &Comment) -> Result<Vec<u64>, PortError> {
        self.said(&self.place(service).await?, comment).await
    }

    async fn main(&self, service: &ServiceId, since: &str) -> Result<Main, PortError> {
        let at = self.place(service).await?;
        let since = commit_id(since)?;
        let branch: Branch = at.client.get(&at.path(&["branches", &at.main]), &[]).await?;
        let sha = branch.commit.sha;
        let between = format!("{since}...{}", commit_id(&sha)?);
        let path = at.path(&["compare", &between]);
        let (reports, compared) =
            tokio::join!(self.reports(&at, &sha), at.client.get::<Comparison>(&path, &[]));
        let compared = compared?;
        Ok(Main {
            checks: gate::of_main(&reports?),
            head: Commit { subject: first_line(&branch.commit.commit.message), sha },
            since: newest(&compared.commits, NAMED),
            since_count: compared.total_commits,
        })
    }

    async fn ancestry(
        &self,
        service: &ServiceId,
        commit: &str,
        ancestor: &str,
    ) -> Result<Ancestry, PortError> {
        let at = self.place(service).await?;
        let between = format!("{}...{}", commit_id(ancestor)?, commit_id(commit)?);
        // The files are on the first page alone, and they are of no use here.
        let second = [("per_page", "1"), ("page", "2")];
        let path = at.path(&["compare", &between]);
        let found: Comparison = at.client.get(&path, &second).await?;
        match (found.status.as_deref(), found.behind_by) {
            (Some("ahead" | "identical"), Some(0)) => Ok(Ancestry::Contains),
            (Some("behind" | "diverged"), Some(1..)) => Ok(Ancestry::Lacks),
            _ => {
                let what = "it contradicts itself".to_owned();
                Err(CallError::Garbled { status: 200, what }.into())
            }
        }
    }
}
