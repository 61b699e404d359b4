//! Names of things, as newtypes, so that no function takes a service where an incident is meant.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The name of a service as configured: lower case, 1 to 40 characters.
    ServiceId
);
text_id!(
    /// The provider's immutable id of a deployment (Vercel: `dpl_…`).
    DeploymentId
);
text_id!(
    /// One change of the outside world. Unique for ever; made when the plan is made.
    EffectId
);
text_id!(
    /// One question put to people with a button to answer it. Unique for ever.
    ConfirmationId
);
text_id!(
    /// One verification. Unique for ever.
    VerificationId
);
text_id!(
    /// The key under which one inbound request is known; a repeat carries the same key.
    DeliveryKey
);

/// An incident's number, counted from 1 over the whole journal. People read it as `#7`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentId(pub u64);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The number of events in a stream: the version that the next append must expect. Starts at 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// The version after one more event.
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// An append-only sequence of events: one per incident, one per service, and the register that numbers incidents.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum StreamId {
    /// Numbers incidents: its version is the number of incidents ever opened.
    Register,
    /// All that concerns one incident.
    Incident(IncidentId),
    /// Pointer lock, halt and marked-bad deployments of one service.
    Service(ServiceId),
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register => f.write_str("register"),
            Self::Incident(id) => write!(f, "incident/{}", id.0),
            Self::Service(id) => write!(f, "service/{id}"),
        }
    }
}

impl std::str::FromStr for StreamId {
    type Err = UnknownStream;

    fn from_str(text: &str) -> Result<Self, UnknownStream> {
        if text == "register" {
            return Ok(Self::Register);
        }
        match text.split_once('/') {
            Some(("incident", number)) => match number.parse() {
                Ok(number) => Ok(Self::Incident(IncidentId(number))),
                Err(_) => Err(UnknownStream(text.to_owned())),
            },
            Some(("service", name)) if !name.is_empty() => Ok(Self::Service(name.into())),
            _ => Err(UnknownStream(text.to_owned())),
        }
    }
}

/// A stream's name that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown stream {0:?}")]
pub struct UnknownStream(pub String);
