//! Slack's user groups and accounts, as far as rights hang on them. Owns the two reads and what their answers mean; how old
//! an answer may be is decided elsewhere. Slack drops accounts that were switched off from its lists of members by itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::client::SlackApi;
use crate::domain::actor::{Group, Person, Platform};
use crate::domain::policy::{Account, Members};
use crate::engine::ports::{Directory, DirectoryError, Profile};

/// Slack's directory of one workspace.
pub struct SlackDirectory {
    slack: Arc<SlackApi>,
}

#[derive(Deserialize)]
struct GroupUsers {
    users: Vec<String>,
}

#[derive(Deserialize)]
struct UserInfo {
    user: User,
}

/// What Slack says of an account. A member that is missing is not set.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "these are Slack's own flags")]
struct User {
    team_id: Option<String>,
    deleted: bool,
    is_bot: bool,
    is_workflow_bot: bool,
    is_restricted: bool,
    is_ultra_restricted: bool,
    is_stranger: bool,
}

impl SlackDirectory {
    /// A directory that asks through this client.
    pub fn new(slack: Arc<SlackApi>) -> Self {
        Self { slack }
    }

    fn account(&self, user: &User) -> Account {
        let is_foreign = user.team_id.as_deref().is_some_and(|team| team != self.slack.team());
        if user.is_bot || user.is_workflow_bot {
            Account::Bot
        } else if user.deleted {
            Account::Deactivated
        } else if is_foreign || user.is_stranger {
            Account::Foreign
        } else if user.is_restricted || user.is_ultra_restricted {
            Account::Guest
        } else {
            Account::Member
        }
    }
}

#[async_trait]
impl Directory for SlackDirectory {
    async fn group(&self, group: &Group) -> Result<Members, DirectoryError> {
        let asked = [("usergroup", Some(&group.id))];
        let answer = self.slack.get::<GroupUsers>("usergroups.users.list", &asked).await;
        let GroupUsers { users } = answer.map_err(|error| DirectoryError(error.to_string()))?;
        let tenant = &group.tenant;
        let person = |user| Person { platform: Platform::Slack, tenant: tenant.clone(), user };
        Ok(Members::Listed(users.into_iter().map(person).collect()))
    }

    async fn person(&self, person: &Person) -> Result<Profile, DirectoryError> {
        let asked = [("user", Some(&person.user))];
        let answer = self.slack.get::<UserInfo>("users.info", &asked).await;
        let account = match answer {
            Ok(UserInfo { user }) => self.account(&user),
            // Slack knows nobody of this id.
            Err(error) if error.is_of("user_not_found") => Account::Deactivated,
            Err(error) => return Err(DirectoryError(error.to_string())),
        };
        Ok(Profile { account, groups: BTreeSet::new() })
    }
}
