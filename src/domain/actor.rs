//! Who asked, and whom a right can be given to. Rights hang on immutable ids, never on a display name; what they come to is
//! in `policy`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a person was authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// A Slack workspace.
    Slack,
    /// A Discord guild.
    Discord,
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Slack => "slack",
            Self::Discord => "discord",
        })
    }
}

/// A person, in canonical form: platform, tenant (workspace or guild) and user id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Person {
    /// Where the person was authenticated.
    pub platform: Platform,
    /// Slack team id or Discord guild id.
    pub tenant: String,
    /// Slack or Discord user id.
    pub user: String,
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.platform, self.tenant, self.user)
    }
}

impl std::str::FromStr for Person {
    type Err = String;

    /// Reads `slack:T0123/U0456`. Ids are upper-case letters and digits (Slack) or digits (Discord).
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "{text:?} is not a person; write platform:TENANT/USER, for example slack:T0123/U0456"
            )
        };
        let (platform, rest) = text.split_once(':').ok_or_else(wrong)?;
        let (tenant, user) = rest.split_once('/').ok_or_else(wrong)?;
        let platform = match platform {
            "slack" => Platform::Slack,
            "discord" => Platform::Discord,
            _ => return Err(wrong()),
        };
        let fits = |b: u8| match platform {
            Platform::Slack => b.is_ascii_uppercase() || b.is_ascii_digit(),
            Platform::Discord => b.is_ascii_digit(),
        };
        let plain = |id: &str| !id.is_empty() && id.bytes().all(fits);
        if !plain(tenant) || !plain(user) {
            return Err(wrong());
        }
        Ok(Self { platform, tenant: tenant.to_owned(), user: user.to_owned() })
    }
}

/// A group of people at a chat platform: a Slack user group or a Discord role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Group {
    /// Where it is.
    pub platform: Platform,
    /// Slack team id or Discord guild id.
    pub tenant: String,
    /// `S…` at Slack, the role's digits at Discord.
    pub id: String,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.platform {
            Platform::Slack => "",
            Platform::Discord => ROLE_MARK,
        };
        write!(f, "{}:{}/{mark}{}", self.platform, self.tenant, self.id)
    }
}

/// What stands before a Discord role's digits, as Discord itself writes it: users and roles have ids of one kind.
const ROLE_MARK: &str = "@&";

/// Whom a right is given to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grantee {
    /// One person, by full id.
    Person(Person),
    /// Everybody in a group.
    Group(Group),
}

impl fmt::Display for Grantee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => person.fmt(f),
            Self::Group(group) => group.fmt(f),
        }
    }
}

impl std::str::FromStr for Grantee {
    type Err = String;

    /// Reads a person, or a group: `slack:T0123/S0456` (Slack's ids of user groups begin with S) or `discord:1/@&2`.
    fn from_str(text: &str) -> Result<Self, String> {
        let bare = text.replacen(&format!("/{ROLE_MARK}"), "/", 1);
        let Person { platform, tenant, user } = bare.parse()?;
        let is_group = match platform {
            Platform::Slack => user.starts_with('S'),
            Platform::Discord => bare != text,
        };
        if platform == Platform::Slack && bare != text {
            return Err(format!("{text:?} is neither a person nor a user group of Slack"));
        }
        Ok(if is_group {
            Self::Group(Group { platform, tenant, id: user })
        } else {
            Self::Person(Person { platform, tenant, user })
        })
    }
}

/// Who stands behind an event, from event version 1 on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// Somebody pressed or typed.
    Person(Person),
    /// A standing rule that a named person switched on.
    Policy {
        /// The rule's version.
        version: u32,
        /// Who switched it on.
        by: Person,
    },
    /// The bot itself, reading the world or finishing what was confirmed.
    Bot,
}

/// What somebody may do to a service. Ordered: an approver may do all that a responder may, and a lead all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May run the runbook.
    Responder,
    /// Counts as the second person where a step takes two.
    Approver,
    /// May also lift a halt and break a lock.
    Lead,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Responder => "responder",
            Self::Approver => "approver",
            Self::Lead => "lead",
        })
    }
}

#[cfg(test)]
mod tests;
