//! A service: one production pointer, its proof and its channels.

use serde::{Deserialize, Serialize};

use super::ids::ServiceId;
use super::time::Span;

/// What the rules need to know of a service. Addresses and tokens stay with the adapters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The configured name.
    pub id: ServiceId,
    /// The address that customers use, for people to read.
    pub production_url: String,
    /// A digest of everything configured for this service: a confirmation is bound to it.
    pub config_digest: String,
    /// Where its code is kept, as `owner/name`; services that share it share their fixes.
    pub repository: Option<String>,
    /// Channels where the on-call team works.
    pub channels: Vec<Channel>,
    /// Channels where everybody else is told.
    pub stakeholders: Vec<Channel>,
    /// The limits of the Layer 1 plan.
    pub limits: Limits,
    /// Whether a flip takes two people.
    pub second_person: SecondPerson,
    /// Whether the bot may comment on pull requests that bring something else to main while the bad change is there
    /// (G15).
    pub warns_pull_requests: bool,
}

/// Whether a move of the pointer takes two people (G12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondPerson {
    /// One is enough.
    #[default]
    No,
    /// Always two.
    Required,
    /// Two, or one alone once nobody answered for [`ALONE_AFTER`], by name and with a reason.
    AfterWait,
}

/// So long the others are waited for before one may go on alone.
pub const ALONE_AFTER: Span = Span::minutes(5);

/// A chat channel, in canonical form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Channel {
    /// Where it is.
    pub platform: super::actor::Platform,
    /// Slack team id or Discord guild id.
    pub tenant: String,
    /// The channel's id.
    pub id: String,
}

impl std::fmt::Display for Channel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}/{}", self.platform, self.tenant, self.id)
    }
}

/// How long Layer 1 waits for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// How long a confirmation can be pressed.
    pub confirmation: Span,
    /// How long the provider's job may run.
    pub job: Span,
    /// Time between two looks at the job or at production.
    pub poll: Span,
    /// How long production may take to answer from the target once the job is done.
    pub proof: Span,
    /// How many fresh answers in a row must come from the target.
    pub agreeing_probes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            confirmation: Span::minutes(5),
            job: Span::minutes(3),
            poll: Span::seconds(1),
            proof: Span::seconds(60),
            agreeing_probes: 3,
        }
    }
}
