//! The ways to main that GitHub has: a call, the merge queue, or GitHub by itself as soon as its own gate is green.
//!
//! Every one of them is asked for one head, and goes through the gate.

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::code::commit_id;
use super::demands;
use super::error::{CallError, Effect};
use super::forge::{GitHubForge, Place};
use super::wire::{MergeAnswer, Repository};
use crate::domain::fix::Queued;
use crate::engine::ports::{PortError, PortErrorKind};

impl GitHubForge {
    pub(super) async fn in_queue(&self, at: &Place<'_>, number: u64) -> Result<Queued, CallError> {
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
        let data: Data = at.client.graphql(query, &variables).await?;
        let is_in = data.repository.pull_request.is_in_merge_queue;
        Ok(if is_in { Queued::Yes } else { Queued::No })
    }

    /// The way to merge that repository and rules leave; `None`: GitHub does not say, and takes its usual one.
    async fn method(&self, at: &Place<'_>) -> Result<Option<&'static str>, CallError> {
        let repository: Repository = at.client.get(&at.path(&[]), &[]).await?;
        let demands = demands::read(at).await?;
        let allowed = |method: &str| match method {
            "squash" => repository.allow_squash_merge,
            "merge" => repository.allow_merge_commit,
            _ => repository.allow_rebase_merge,
        };
        Ok(demands.methods.into_iter().find(|method| allowed(method) == Some(true)))
    }

    pub(super) async fn merge_directly(
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
        let answer = at.client.write(Method::PUT, &path, &body).await;
        let answer: MergeAnswer = answer.map_err(|error| error.into_port(Effect::Write))?;
        if answer.merged { Ok(()) } else { Err(CallError::declined(&answer.message).into()) }
    }

    pub(super) async fn enqueue(
        &self,
        at: &Place<'_>,
        number: u64,
        head: &str,
    ) -> Result<(), PortError> {
        let variables =
            json!({"id": self.pull(at, number).await?.node_id, "head": commit_id(head)?});
        let query = "mutation($id: ID!, $head: GitObjectID!) { \
            enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) \
            { mergeQueueEntry { position } } }";
        let answer = at.client.graphql::<IgnoredAny>(query, &variables).await;
        answer.map(|_| ()).map_err(|error| error.into_port(Effect::Write))
    }

    /// Leaves the merge of this head to GitHub, which makes it when its own gate is green.
    pub(super) async fn leave(
        &self,
        at: &Place<'_>,
        number: u64,
        head: &str,
    ) -> Result<(), PortError> {
        let method = self.method(at).await?.unwrap_or("merge").to_uppercase();
        let variables = json!({
            "id": self.pull(at, number).await?.node_id, "head": commit_id(head)?, "method": method,
        });
        let query = "mutation($id: ID!, $head: GitObjectID!, $method: PullRequestMergeMethod!) { \
            enablePullRequestAutoMerge(input: {pullRequestId: $id, expectedHeadOid: $head, \
            mergeMethod: $method}) { pullRequest { number } } }";
        let answer = at.client.graphql::<IgnoredAny>(query, &variables).await;
        match answer.map_err(|error| error.into_port(Effect::Write)) {
            Ok(_) => Ok(()),
            // Its gate went green meanwhile: then there is nothing to wait for, and GitHub says so.
            Err(error) if is_green_already(&error) => self.merge_directly(at, number, head).await,
            Err(error) => Err(error),
        }
    }

    /// Lets GitHub no longer merge a pull request by itself. Where it was not going to, nothing is left to be done.
    pub(super) async fn take_back(&self, at: &Place<'_>, number: u64) -> Result<(), PortError> {
        let pull = self.pull(at, number).await?;
        if pull.state != "open" || pull.auto_merge.is_none() {
            return Ok(());
        }
        let query = "mutation($id: ID!) { \
            disablePullRequestAutoMerge(input: {pullRequestId: $id}) { pullRequest { number } } }";
        let variables = json!({"id": pull.node_id});
        let answer = at.client.graphql::<IgnoredAny>(query, &variables).await;
        answer.map(|_| ()).map_err(|error| error.into_port(Effect::Write))
    }
}

/// GitHub's word for a pull request that could be merged at once.
fn is_green_already(error: &PortError) -> bool {
    error.kind == PortErrorKind::Rejected && error.message.contains("clean status")
}
