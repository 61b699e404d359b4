//! From what somebody asked to be taken back to a pull request that does it.
//!
//! Trying changes nothing. Opening may be asked again after any end: first it looks for what an earlier try left, a
//! pull request or a branch, and goes on from there. A pull request that somebody closed is not reopened; the branch
//! may get another one.

use reqwest::Method;
use serde_json::json;

use super::code::first_line;
use super::error::{CallError, Effect};
use super::forge::{GitHubForge, Place};
use super::wire::{Made, Pull, WholePull};
use crate::adapters::git::{Bad, GitError, Pushed, Tip, Tried, View};
use crate::domain::change::PullRequest;
use crate::domain::fix::{Culprit, Opened, Order, Outlook, PullRef, Subject, Trial};
use crate::domain::time::Span;
use crate::engine::ports::{PortError, PortErrorKind};

/// A bad change that was found, and the pull request that brought it.
struct Found {
    bad: Bad,
    pull: Option<PullRequest>,
}

/// A pull request of a branch.
pub(super) struct OfBranch {
    pub(super) place: PullRef,
    is_closed: bool,
}

/// How a piece of work with the local copy failed.
enum Fault {
    /// The copy showed damage; it is made anew before the next visit.
    Copy(GitError),
    /// There is no git here that can be used.
    NoGit(GitError),
    /// Anything else.
    Other(PortError),
}

impl From<GitError> for Fault {
    fn from(error: GitError) -> Self {
        match error {
            GitError::Damaged(_) => Self::Copy(error),
            GitError::Unusable(_) => Self::NoGit(error),
            other => Self::Other(other.into()),
        }
    }
}

impl From<PortError> for Fault {
    fn from(error: PortError) -> Self {
        Self::Other(error)
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        Self::Other(error.into())
    }
}

impl From<Fault> for PortError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Copy(error) | Fault::NoGit(error) => error.into(),
            Fault::Other(error) => error,
        }
    }
}

impl GitHubForge {
    /// Tries out a revert.
    pub(super) async fn tried(
        &self,
        at: &Place<'_>,
        subject: &Subject,
    ) -> Result<Trial, PortError> {
        let tried = match self.try_once(at, subject).await {
            // Once more, with a new copy.
            Err(Fault::Copy(_)) => self.try_once(at, subject).await,
            other => other,
        };
        match tried {
            Err(Fault::NoGit(why) | Fault::Copy(why)) => self.foreseen(at, subject, &why).await,
            other => Ok(other?),
        }
    }

    async fn try_once(&self, at: &Place<'_>, subject: &Subject) -> Result<Trial, Fault> {
        let mut view = visit(at).await?;
        let Found { bad, pull } = self.find(at, &mut view, subject).await?;
        let Tried { outlook, later, later_count, brings_back, beyond, .. } =
            view.try_out(&bad).await?;
        let Bad { head, base, shape, commits } = bad;
        Ok(Trial {
            culprit: Culprit { head, base, shape, commits, pull },
            onto: view.head.clone(),
            outlook,
            later,
            later_count,
            brings_back,
            beyond,
        })
    }

    async fn find(
        &self,
        at: &Place<'_>,
        view: &mut View,
        subject: &Subject,
    ) -> Result<Found, Fault> {
        match subject {
            Subject::Pull(number) => self.by_pull(at, view, *number).await,
            Subject::Range { base, head } => {
                Ok(Found { bad: view.range(base, head).await?, pull: None })
            }
            Subject::Commit(typed) => {
                let sha = view.on_main(typed).await?;
                let Some(number) = self.merged_with(at, &sha).await? else {
                    return Ok(Found { bad: view.alone(&sha).await?, pull: None });
                };
                self.by_pull(at, view, number).await
            }
        }
    }

    /// The pull request that brought a commit to main.
    pub(super) async fn merged_with(
        &self,
        at: &Place<'_>,
        sha: &str,
    ) -> Result<Option<u64>, CallError> {
        let pulls: Vec<Pull> = at.client.get(&at.path(&["commits", sha, "pulls"]), &[]).await?;
        let merged = || {
            pulls.iter().filter(|pull| {
                let to_main = pull.base.as_ref().is_none_or(|base| base.r#ref == at.main);
                pull.merged_at.is_some() && to_main
            })
        };
        // The one whose merge made this very commit, else the first that brought it along.
        let exact = merged().find(|pull| pull.merge_commit_sha.as_deref() == Some(sha));
        Ok(exact.or_else(|| merged().next()).map(|pull| pull.number))
    }

    async fn by_pull(&self, at: &Place<'_>, view: &mut View, number: u64) -> Result<Found, Fault> {
        let (pull, merged) = self.merged_pull(at, number).await?;
        let bad = view.brought(&merged, &pull.head.sha, pull.commits).await?;
        let pull = PullRequest { number: pull.number, title: first_line(&pull.title) };
        Ok(Found { bad, pull: Some(pull) })
    }

    /// A pull request that was merged into main, and the commit that its merge ended with.
    pub(super) async fn merged_pull(
        &self,
        at: &Place<'_>,
        number: u64,
    ) -> Result<(WholePull, String), PortError> {
        let mut pull = self.pull(at, number).await?;
        let (true, Some(merged)) = (pull.merged_at.is_some(), pull.merge_commit_sha.take()) else {
            return Err(rejected(format!(
                "pull request #{number} is not merged, so there is nothing of it to take back"
            )));
        };
        if pull.base.r#ref != at.main {
            let base = &pull.base.r#ref;
            return Err(rejected(format!(
                "pull request #{number} was merged into {base} and not into {}",
                at.main
            )));
        }
        Ok((pull, merged))
    }

    /// Opens a revert, or finds the one that is open.
    pub(super) async fn opened(&self, at: &Place<'_>, order: &Order) -> Result<Opened, PortError> {
        let standing = self.reverts_of(at, &order.branch).await?;
        if let Some(pull) = standing.into_iter().find(|pull| !pull.is_closed) {
            return Ok(Opened::Pull(pull.place));
        }
        let put = match self.put_on_branch(at, order).await {
            Err(Fault::Copy(_)) => self.put_on_branch(at, order).await,
            other => other,
        };
        let put = match put {
            Err(Fault::NoGit(why) | Fault::Copy(why)) => {
                return self.made_by_github(at, order, &why).await.map(Opened::Pull);
            }
            other => other?,
        };
        match put {
            Put::There => self.open_pull(at, order).await.map(Opened::Pull),
            Put::Prepared(files) => Ok(Opened::Prepared { branch: order.branch.clone(), files }),
            Put::Gone => Ok(Opened::AlreadyGone),
        }
    }

    async fn put_on_branch(&self, at: &Place<'_>, order: &Order) -> Result<Put, Fault> {
        let mut view = visit(at).await?;
        let mut tip = view.tip(&order.branch).await?;
        if let Tip::Ahead(_) = tip {
            return Ok(Put::There);
        }
        let bad = self.find(at, &mut view, &order.subject).await?.bad;
        let tried = view.try_out(&bad).await?;
        // Whoever was faster made the same branch for the same order.
        for _ in 0..2 {
            let (commit, put) = match (&tip, &tried.outlook) {
                (Tip::Ahead(_), _) => return Ok(Put::There),
                (_, Outlook::AlreadyGone) => return Ok(Put::Gone),
                // git always tells.
                (_, Outlook::Unknown { why }) => return Err(rejected(why.clone()).into()),
                (Tip::Prepared(_), Outlook::Conflicts { files }) => {
                    return Ok(Put::Prepared(files.clone()));
                }
                // Main as it is: a place for a person to go on, without any marks of the conflict.
                (Tip::None, Outlook::Conflicts { files }) => {
                    (view.head.clone(), Put::Prepared(files.clone()))
                }
                (Tip::None | Tip::Prepared(_), Outlook::Clean { .. }) => {
                    let now = self.clock.now();
                    (view.commit(&bad, &tried, order.incident, now).await?, Put::There)
                }
            };
            match view.push(&order.branch, &commit, &tip).await? {
                Pushed::Done => return Ok(put),
                Pushed::Moved => tip = view.tip(&order.branch).await?,
            }
        }
        Err(Fault::Other(PortError {
            kind: PortErrorKind::Transient { retry_after: Span(0) },
            message: "somebody else is moving the revert's branch".to_owned(),
        }))
    }

    async fn open_pull(&self, at: &Place<'_>, order: &Order) -> Result<PullRef, PortError> {
        let body = json!({
            "title": order.title, "body": order.body, "head": order.branch, "base": at.main,
        });
        let answer = at.client.write::<Made>(Method::POST, &at.path(&["pulls"]), &body).await;
        let error = match answer {
            Ok(made) => {
                let Made { number, title, html_url: url } = made;
                return Ok(PullRef { number, title, url });
            }
            Err(error) => error.into_port(Effect::Write),
        };
        if error.kind != PortErrorKind::Rejected {
            return Err(error);
        }
        // It may be there already: only a look tells.
        let standing = self.pulls_of(at, &order.branch).await?;
        standing.into_iter().find(|pull| !pull.is_closed).map(|pull| pull.place).ok_or(error)
    }

    /// All pull requests that take a change back for an order, newest first: from its branch, or made by GitHub.
    pub(super) async fn reverts_of(
        &self,
        at: &Place<'_>,
        branch: &str,
    ) -> Result<Vec<OfBranch>, CallError> {
        let own = self.pulls_of(at, branch).await?;
        if own.is_empty() { self.marked(at, branch).await } else { Ok(own) }
    }

    /// All pull requests from a branch to main, newest first.
    async fn pulls_of(&self, at: &Place<'_>, branch: &str) -> Result<Vec<OfBranch>, CallError> {
        let head = format!("{}:{branch}", at.owner);
        let query = [("state", "all"), ("head", &*head), ("base", &*at.main)];
        let pulls: Vec<Pull> = at.client.all::<Vec<Pull>>(&at.path(&["pulls"]), &query).await?;
        // GitHub lists everything where it does not understand the question.
        let own = pulls.into_iter().filter(|pull| {
            pull.head.as_ref().is_some_and(|head| head.r#ref == branch)
                && pull.base.as_ref().is_some_and(|base| base.r#ref == at.main)
        });
        let mut own: Vec<OfBranch> = own.filter_map(of_branch).collect();
        own.sort_by_key(|pull| std::cmp::Reverse(pull.place.number));
        Ok(own)
    }
}

/// Lets git into the copy. A token that was taken back shows at the door, and there may be another one.
async fn visit(at: &Place<'_>) -> Result<View, Fault> {
    let token = at.client.token().await?;
    match at.copy.open(&at.main, &token).await {
        Err(GitError::Denied(_)) if at.client.drops(&token).await => {
            Ok(at.copy.open(&at.main, &at.client.token().await?).await?)
        }
        answer => Ok(answer?),
    }
}

/// What is on the branch now.
enum Put {
    /// The revert, or what somebody put there.
    There,
    /// A place for a person: these files conflict.
    Prepared(Vec<String>),
    /// Nothing of the bad change is left.
    Gone,
}

pub(super) fn of_branch(pull: Pull) -> Option<OfBranch> {
    let is_closed = pull.merged_at.is_none() && pull.state.as_deref() == Some("closed");
    let place =
        PullRef { number: pull.number, title: first_line(&pull.title), url: pull.html_url? };
    Some(OfBranch { place, is_closed })
}

pub(super) fn rejected(why: String) -> PortError {
    PortError { kind: PortErrorKind::Rejected, message: why }
}
