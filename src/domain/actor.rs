//! Who asked, and what they may do. Rights hang on immutable ids, never on a display name.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::ids::ServiceId;
use super::time::Timestamp;

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

/// What somebody may do to a service. Ordered: a lead may do all that a responder may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May run the runbook.
    Responder,
    /// May also lift a halt and break a lock.
    Lead,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Responder => "responder",
            Self::Lead => "lead",
        })
    }
}

/// The role of each listed person, per service. Empty means that nobody may act.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// When the lists were read.
    pub read_at: Timestamp,
    /// Service → person → highest role.
    pub roles: BTreeMap<ServiceId, BTreeMap<Person, Role>>,
}

impl Policy {
    /// The role that a person has for a service; `None` means none at all.
    pub fn role(&self, service: &ServiceId, person: &Person) -> Option<Role> {
        self.roles.get(service)?.get(person).copied()
    }
}

#[cfg(test)]
mod tests;
