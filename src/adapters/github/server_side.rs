//! Reverts that GitHub makes itself, where git cannot be used here: of one whole merged pull request and of nothing else.
//!
//! Whether one conflicts is known when it is made and not before. GitHub names the branch, so the pull request carries a
//! mark in its text by which a repeat finds it.

use serde::Deserialize;
use serde_json::json;

use super::code::first_line;
use super::error::{CallError, Effect};
use super::forge::{GitHubForge, Place};
use super::revert::{OfBranch, of_branch, rejected};
use super::wire::{OneCommit, Pull, WholePull};
use super::wire_gate::Branch;
use crate::adapters::git::GitError;
use crate::domain::change::{Commit, PullRequest};
use crate::domain::fix::{Culprit, Order, Outlook, PullRef, Shape, Subject, Trial};
use crate::engine::ports::{PortError, PortErrorKind};

/// So many of the newest pull requests are looked through for a mark.
const NEWEST: &str = "100";

/// What a branch's order is known by in the text of a pull request that GitHub made. It names the incident.
fn mark(branch: &str) -> String {
    format!("repoint-order: {branch}")
}

impl GitHubForge {
    /// What is to be taken back, where its revert cannot be tried out, and why not.
    pub(super) async fn foreseen(
        &self,
        at: &Place<'_>,
        subject: &Subject,
        why: &GitError,
    ) -> Result<Trial, PortError> {
        let (pull, merged) = self.whole(at, subject, why).await?;
        let commit: OneCommit = at.client.get(&at.path(&["commits", &merged]), &[]).await?;
        let main: Branch = at.client.get(&at.path(&["branches", &at.main]), &[]).await?;
        let is_merge = commit.parents.len() > 1;
        let base = commit.parents.into_iter().next().map(|parent| parent.sha);
        let culprit = Culprit {
            head: Commit { subject: first_line(&commit.commit.message), sha: merged },
            base: base.unwrap_or_default(),
            shape: if is_merge { Shape::Merge } else { Shape::Single },
            commits: pull.commits,
            pull: Some(PullRequest { number: pull.number, title: first_line(&pull.title) }),
        };
        Ok(Trial {
            culprit,
            onto: main.commit.sha,
            outlook: Outlook::Unknown { why: why.to_string() },
            later: Vec::new(),
            later_count: 0,
            brings_back: None,
            beyond: Vec::new(),
        })
    }

    /// The merged pull request that is to be taken back as a whole, with the commit that it became.
    async fn whole(
        &self,
        at: &Place<'_>,
        subject: &Subject,
        why: &GitError,
    ) -> Result<(WholePull, String), PortError> {
        let only = |what: &str| {
            rejected(format!("{what}, and without git only whole pull requests are: {why}"))
        };
        let number = match subject {
            Subject::Pull(number) => *number,
            Subject::Range { .. } => return Err(only("a range of commits is not taken back here")),
            Subject::Commit(typed) => {
                if !(typed.len() >= 7 && typed.bytes().all(|b| b.is_ascii_hexdigit())) {
                    return Err(rejected("that is no commit id".to_owned()));
                }
                let path = at.path(&["commits", typed]);
                let found: OneCommit = at.client.get(&path, &[]).await?;
                let brought = self.merged_with(at, &found.sha).await?;
                brought.ok_or_else(|| only("no pull request brought that commit to main"))?
            }
        };
        self.merged_pull(at, number).await
    }

    /// Has GitHub make the revert of an order, once.
    pub(super) async fn made_by_github(
        &self,
        at: &Place<'_>,
        order: &Order,
        why: &GitError,
    ) -> Result<PullRef, PortError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            revert_pull_request: Payload,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Payload {
            revert_pull_request: Document,
        }
        #[derive(Deserialize)]
        struct Document {
            number: u64,
            title: String,
            url: String,
        }
        let (pull, _) = self.whole(at, &order.subject, why).await?;
        let body = format!("{}\n{}\n", order.body.trim_end(), mark(&order.branch));
        let query = "mutation($id: ID!, $title: String!, $body: String!) { \
            revertPullRequest(input: {pullRequestId: $id, title: $title, body: $body}) \
            { revertPullRequest { number title url } } }";
        let variables = json!({"id": pull.node_id, "title": order.title, "body": body});
        match at.client.graphql::<Data>(query, &variables).await {
            Ok(data) => {
                let made = data.revert_pull_request.revert_pull_request;
                let Document { number, title, url } = made;
                Ok(PullRef { number, title, url })
            }
            Err(error) => Err(not_made(pull.number, error)),
        }
    }

    /// The newest pull requests to main that GitHub made for a branch's order, newest first. What came from a fork is
    /// nobody's order: everybody may write a mark there.
    pub(super) async fn marked(
        &self,
        at: &Place<'_>,
        branch: &str,
    ) -> Result<Vec<OfBranch>, CallError> {
        let query = [("state", "all"), ("base", &*at.main), ("per_page", NEWEST)];
        let pulls: Vec<Pull> = at.client.get(&at.path(&["pulls"]), &query).await?;
        let (mark, home) = (mark(branch), format!("{}/{}", at.owner, at.name));
        let is_ours = |pull: &Pull| {
            let repo = pull.head.as_ref().and_then(|head| head.repo.as_ref());
            let is_here = repo.is_some_and(|repo| repo.full_name.eq_ignore_ascii_case(&home));
            let body = pull.body.as_deref().unwrap_or_default();
            let is_to_main = pull.base.as_ref().is_some_and(|base| base.r#ref == at.main);
            is_here && is_to_main && body.lines().any(|line| line.trim() == mark)
        };
        Ok(pulls.into_iter().filter(is_ours).filter_map(of_branch).collect())
    }
}

/// GitHub made no revert. Where it said no, what that most likely means.
fn not_made(number: u64, error: CallError) -> PortError {
    let error = error.into_port(Effect::Write);
    if error.kind != PortErrorKind::Rejected {
        return error;
    }
    let message = format!(
        "{}. Most likely later changes conflict with taking #{number} back, so somebody has to resolve them on a branch",
        error.message.trim_end_matches('.')
    );
    PortError { message, ..error }
}
