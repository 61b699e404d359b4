//! A word on the pull requests that brought something to main. A repeat says nothing twice: each comment carries a mark
//! that nobody sees, and where that stands already nothing is written.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use super::code::commit_id;
use super::error::Effect;
use super::forge::{GitHubForge, Place};
use crate::domain::fix::Comment;
use crate::engine::ports::{PortError, PortErrorKind};

/// `GET /repos/{owner}/{repo}/issues/{issue_number}/comments`
#[derive(Debug, Deserialize)]
struct Said {
    body: Option<String>,
}

impl GitHubForge {
    /// Comments on each of them, and answers where it stands now. That one of them takes no comment keeps it from no
    /// other.
    pub(super) async fn said(
        &self,
        at: &Place<'_>,
        comment: &Comment,
    ) -> Result<Vec<u64>, PortError> {
        let mut pulls = BTreeSet::new();
        for sha in &comment.commits {
            pulls.extend(self.merged_with(at, commit_id(sha)?).await?);
        }
        pulls.remove(&comment.fix);
        let mut failures = Vec::new();
        for number in &pulls {
            failures.extend(self.say(at, *number, comment).await.err());
        }
        // What may still come right is tried again, and what was refused is then refused again.
        let is_final = |error: &PortError| match error.kind {
            PortErrorKind::Rejected | PortErrorKind::Missing | PortErrorKind::Unauthorised => true,
            PortErrorKind::Transient { .. } | PortErrorKind::Ambiguous => false,
        };
        let open = failures.iter().position(|error| !is_final(error)).unwrap_or_default();
        match failures.into_iter().nth(open) {
            Some(error) => Err(error),
            None => Ok(pulls.into_iter().collect()),
        }
    }

    async fn say(&self, at: &Place<'_>, number: u64, comment: &Comment) -> Result<(), PortError> {
        let named = |error: PortError| PortError {
            message: format!("#{number}: {}", error.message),
            ..error
        };
        let name = number.to_string();
        let path = at.path(&["issues", &name, "comments"]);
        let there = at.client.all::<Vec<Said>>(&path, &[]).await;
        let there = there.map_err(|error| named(error.into()))?;
        let has_mark = |one: &Said| one.body.as_ref().is_some_and(|it| it.contains(&comment.mark));
        if there.iter().any(has_mark) {
            return Ok(());
        }
        let body = json!({"body": comment.text});
        let made = at.client.write::<IgnoredAny>(Method::POST, &path, &body).await;
        made.map(|_| ()).map_err(|error| named(error.into_port(Effect::Write)))
    }
}
