//! Discord's roles and members, as far as rights hang on them. Owns the two reads and what their answers mean; how old
//! an answer may be is decided elsewhere. Discord lists the members of a role to nobody without a privileged intent,
//! but tells the roles of each member.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use super::client::DiscordApi;
use crate::domain::actor::{Group, Person, Platform};
use crate::domain::policy::{Account, Members};
use crate::engine::ports::{Directory, DirectoryError, Profile};

/// Nobody of this id is in the guild.
const UNKNOWN_MEMBER: u64 = 10_007;
/// Nor anywhere else.
const UNKNOWN_USER: u64 = 10_013;

/// Discord's directory of one guild.
pub struct DiscordDirectory {
    discord: Arc<DiscordApi>,
}

/// What Discord says of a role.
#[derive(Deserialize)]
pub(super) struct Role {
    id: String,
}

/// What Discord says of a member. A member of it that is missing is not set.
#[derive(Deserialize)]
pub(super) struct Member {
    user: User,
    #[serde(default)]
    roles: Vec<String>,
    /// Has not yet agreed to the guild's rules, and may not speak there.
    #[serde(default)]
    pending: bool,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    bot: bool,
    #[serde(default)]
    system: bool,
}

impl DiscordDirectory {
    /// A directory that asks through this client.
    pub fn new(discord: Arc<DiscordApi>) -> Self {
        Self { discord }
    }

    fn profile(&self, member: Member) -> Profile {
        let account = match member {
            Member { user: User { bot: true, .. } | User { system: true, .. }, .. } => Account::Bot,
            Member { pending: true, .. } => Account::Guest,
            Member { .. } => Account::Member,
        };
        let tenant = &self.discord.home().guild;
        let group = |id| Group { platform: Platform::Discord, tenant: tenant.clone(), id };
        Profile { account, groups: member.roles.into_iter().map(group).collect() }
    }
}

#[async_trait]
impl Directory for DiscordDirectory {
    async fn group(&self, group: &Group) -> Result<Members, DirectoryError> {
        let roles = self.discord.roles().await;
        let roles = roles.map_err(|failure| DirectoryError(failure.meaning.to_string()))?;
        if roles.iter().any(|role| role.id == group.id) {
            return Ok(Members::ToldByPerson);
        }
        Err(DirectoryError(format!("there is no role {} in the server", group.id)))
    }

    async fn person(&self, person: &Person) -> Result<Profile, DirectoryError> {
        if person.tenant != self.discord.home().guild {
            return Ok(Profile { account: Account::Foreign, groups: BTreeSet::new() });
        }
        match self.discord.member(&person.user).await {
            Ok(member) => Ok(self.profile(member)),
            Err(failure) if matches!(failure.code, Some(UNKNOWN_MEMBER | UNKNOWN_USER)) => {
                Ok(Profile { account: Account::Deactivated, groups: BTreeSet::new() })
            }
            Err(failure) => Err(DirectoryError(failure.meaning.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::adapters::discord::stage::{GUILD, Reply, place};

    fn role(id: &str) -> Group {
        let (tenant, id) = (GUILD.to_owned(), id.to_owned());
        Group { platform: Platform::Discord, tenant, id }
    }

    async fn look_up(reply: Reply, who: &str) -> Result<Profile, DirectoryError> {
        let place = place(vec![("GET /api/v10/guilds/77/members/88", vec![reply])]).await;
        DiscordDirectory::new(place.api).person(&who.parse().unwrap()).await
    }

    #[tokio::test]
    async fn a_members_roles_and_kind_are_told() {
        for (user, pending, account) in [
            (json!({"id": "88"}), false, Account::Member),
            (json!({"id": "88", "bot": true}), false, Account::Bot),
            (json!({"id": "88", "system": true}), false, Account::Bot),
            (json!({"id": "88"}), true, Account::Guest),
        ] {
            let member =
                json!({"user": user, "roles": ["71", "72"], "pending": pending, "flags": 0});
            let groups = BTreeSet::from([role("71"), role("72")]);
            let found = look_up(Reply::new(200, member), "discord:77/88").await;
            assert_eq!(found, Ok(Profile { account, groups }));
        }
    }

    #[tokio::test]
    async fn who_left_is_an_answer_and_a_failure_is_none() {
        let left = look_up(Reply::refused(404, UNKNOWN_MEMBER), "discord:77/88").await;
        assert_eq!(left.unwrap().account, Account::Deactivated);
        let foreign = look_up(Reply::new(500, json!(null)), "discord:78/88").await;
        assert_eq!(foreign.unwrap().account, Account::Foreign);
        let down = look_up(Reply::new(500, json!(null)), "discord:77/88").await;
        assert_eq!(
            down,
            Err(DirectoryError("discord answered GET guilds/members with status 500".to_owned()))
        );
    }

    #[tokio::test]
    async fn a_role_that_is_not_there_is_no_group() {
        let roles = Reply::new(200, json!([{"id": "71", "name": "on call"}]));
        let place = place(vec![("GET /api/v10/guilds/77/roles", vec![roles])]).await;
        let directory = DiscordDirectory::new(place.api);
        assert_eq!(directory.group(&role("71")).await, Ok(Members::ToldByPerson));
        let said = "there is no role 99 in the server".to_owned();
        assert_eq!(directory.group(&role("99")).await, Err(DirectoryError(said)));
    }
}
