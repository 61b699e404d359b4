//! GitHub as the `Forge` port. Knows which calls to make and what their answers mean; decides nothing.
//!
//! The trees are git's matter (`adapters::git`); pull requests, gates and merges are the API's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::sync::OnceCell;
use url::Url;

use super::client::Client;
use super::code::{
    GitHubConfig, GitHubRepository, GitHubSetupError, commit_id, first_line, newest,
};
use super::demands::{self, Protected};
use super::error::{CallError, Effect};
use super::gate::{self, Report};
use super::wire::{Comparison, MergeAnswer, Repository, WholePull};
use super::wire_gate::{Branch, CheckRuns, CombinedStatus, Review};
use crate::adapters::git::{Copy, Remote};
use crate::domain::change::Commit;
use crate::domain::fix::{
    Ancestry, Gate, Main, Opened, Order, PullRef, PullState, Queued, Road, Subject, Trial,
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
    pub(super) client: Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) git: Remote,
    repositories: BTreeMap<ServiceId, Home>,
}

/// One service's repository.
struct Home {
    repository: GitHubRepository,
    copy: Arc<Copy>,
    /// The default branch, where none is configured.
    main: OnceCell<String>,
}

/// A repository and its main branch, for one piece of work.
pub(super) struct Place<'a> {
    pub(super) owner: &'a str,
    pub(super) name: &'a str,
    pub(super) main: String,
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
        let git = Remote { url: git.url, token: config.token.clone(), cache: git.cache };
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
            homes.insert(repository.service.clone(), Home { repository, copy, main });
        }
        Ok(Self { client: Client::new(config, clock.clone())?, clock, git, repositories: homes })
    }

    /// What the token may do for a service, and what stands before its main.
    ///
    /// # Errors
    /// When GitHub does not tell.
    pub async fn look(&self, service: &ServiceId) -> Result<Standing, PortError> {
        let at = self.place(service).await?;
        let repository: Repository = self.client.get(&at.path(&[]), &[]).await?;
        let protected = demands::protection(&self.client, &at).await?;
        let demands = demands::read(&self.client, &at).await?;
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
        Ok(Standing {
            main: at.main,
            may_push: repository.permissions.map(|one| one.push),
            gate,
            unreadable: demands.unreadable,
        })
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
            None => home.main.get_or_try_init(|| self.default_branch(owner, name)).await?.clone(),
        };
        Ok(Place { owner, name, main, copy: &home.copy })
    }

    async fn default_branch(&self, owner: &str, name: &str) -> Result<String, CallError> {
        let found: Repository = self.client.get(&["repos", owner, name], &[]).await?;
        Ok(found.default_branch)
    }

    pub(super) async fn pull(&self, at: &Place<'_>, number: u64) -> Result<WholePull, CallError> {
        let number = number.to_string();
        self.client.get(&at.path(&["pulls", &number]), &[]).await
    }

    /// What was reported of a commit, by checks and by plain statuses.
    async fn reports(&self, at: &Place<'_>, sha: &str) -> Result<Vec<Report>, CallError> {
        let sha = commit_id(sha)?;
        let (runs, statuses) =
            (at.path(&["commits", sha, "check-runs"]), at.path(&["commits", sha, "status"]));
        let (runs, statuses) = tokio::join!(
            self.client.all::<CheckRuns>(&runs, &[("filter", "latest")]),
            self.client.all::<CombinedStatus>(&statuses, &[]),
        );
        let runs = runs?.into_iter().map(Report::from);
        Ok(runs.chain(statuses?.into_iter().map(Report::from)).collect())
    }

    async fn in_queue(&self, at: &Place<'_>, number: u64) -> Result<Queued, CallError> {
        #[derive(Deserialize)]
        struct Data {
            repository: Holder,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Holder {
            pull_request: Inner,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Inner {
            is_in_merge_queue: bool,
        }
        let query = "query($owner: String!, $name: String!, $number: Int!) { \
            repository(owner: $owner, name: $name) { \
            pullRequest(number: $number) { isInMergeQueue } } }";
        let variables = json!({"owner": at.owner, "name": at.name, "number": number});
        let data: Data = self.client.graphql(query, &variables).await?;
        let is_in = data.repository.pull_request.is_in_merge_queue;
        Ok(if is_in { Queued::Yes } else { Queued::No })
    }

    /// The way to merge that repository and rules leave; `None`: GitHub does not say, and takes its usual one.
    async fn method(&self, at: &Place<'_>) -> Result<Option<&'static str>, CallError> {
        let repository: Repository = self.client.get(&at.path(&[]), &[]).await?;
        let demands = demands::read(&self.client, at).await?;
        let allowed = |method: &str| match method {
            "squash" => repository.allow_squash_merge,
            "merge" => repository.allow_merge_commit,
            _ => repository.allow_rebase_merge,
        };
        Ok(demands.methods.into_iter().find(|method| allowed(method) == Some(true)))
    }

    async fn merge_directly(
        &self,
        at: &Place<'_>,
        number: u64,
        head: &str,
    ) -> Result<(), PortError> {
        let number = number.to_string();
        let mut body = json!({"sha": commit_id(head)?});
        if let Some(method) = self.method(at).await? {
            body["merge_method"] = method.into();
        }
        let path = at.path(&["pulls", &number, "merge"]);
        let answer = self.client.write(Method::PUT, &path, &body).await;
        let answer: MergeAnswer = answer.map_err(|error| error.into_port(Effect::Write))?;
        if answer.merged { Ok(()) } else { Err(CallError::declined(&answer.message).into()) }
    }

    async fn enqueue(&self, at: &Place<'_>, number: u64, head: &str) -> Result<(), PortError> {
        let variables =
            json!({"id": self.pull(at, number).await?.node_id, "head": commit_id(head)?});
        let query = "mutation($id: ID!, $head: GitObjectID!) { \
            enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) \
            { mergeQueueEntry { position } } }";
        let answer = self.client.graphql::<IgnoredAny>(query, &variables).await;
        answer.map(|_| ()).map_err(|error| error.into_port(Effect::Write))
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
        let pulls = self.pulls_of(&at, branch).await?;
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
        let (reports, demands, reviews) = tokio::join!(
            self.reports(&at, &pull.head.sha),
            demands::read(&self.client, &at),
            self.client.all::<Vec<Review>>(&path, &[]),
        );
        let mut gate = gate::whole(&pull, front, demands?, &reports?, reviews?);
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
        }
    }

    async fn main(&self, service: &ServiceId, since: &str) -> Result<Main, PortError> {
        let at = self.place(service).await?;
        let since = commit_id(since)?;
        let branch: Branch = self.client.get(&at.path(&["branches", &at.main]), &[]).await?;
        let sha = branch.commit.sha;
        let between = format!("{since}...{}", commit_id(&sha)?);
        let path = at.path(&["compare", &between]);
        let (reports, compared) =
            tokio::join!(self.reports(&at, &sha), self.client.get::<Comparison>(&path, &[]));
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
        let found: Comparison = self.client.get(&path, &second).await?;
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
