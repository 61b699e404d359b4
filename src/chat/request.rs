//! What a person asked for, as typed values: the same whether it came as Slack text, Discord options or from the command
//! line. Made by `parse.rs` only. Never says whether it is allowed or possible.

use std::fmt;

use super::catalog::{Subcommand, Verb};
use crate::domain::ids::{IncidentId, ServiceId};

impl Request {
    /// Whether nothing can come of it but an answer.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::Status { .. }
            | Self::Whoami
            | Self::List { .. }
            | Self::Help { .. }
            | Self::Press { code: None } => true,
            Self::Rollback { .. }
            | Self::Revert { .. }
            | Self::Verify { .. }
            | Self::Promote { .. }
            | Self::Fix { .. }
            | Self::Flag { .. }
            | Self::RuledOut { .. }
            | Self::FalseAlarm { .. }
            | Self::Alone { .. }
            | Self::Open { .. }
            | Self::Note { .. }
            | Self::Halt { .. }
            | Self::Resume { .. }
            | Self::Blip { .. }
            | Self::Press { code: Some(_) }
            | Self::Close { .. } => false,
        }
    }
}

/// One request. A service that was left out is filled in where it must be known and the channel has just one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `/rollback`
    Rollback {
        /// The service to roll back.
        service: ServiceId,
        /// What the person called the target, still to be resolved: id, address, commit, version, or the bare number of a
        /// line in the list of targets. `None`: the best one.
        to: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// `/revert`
    Revert {
        /// Of which service.
        service: ServiceId,
        /// What to take back; `None`: what brought the bad deployment.
        what: Option<Linked>,
        /// Why.
        reason: Option<String>,
    },
    /// `/verify`
    Verify {
        /// Of which service.
        service: ServiceId,
        /// The deployment as typed; `None`: what the runbook needs next.
        deployment: Option<String>,
    },
    /// `/promote`
    Promote {
        /// Of which service.
        service: ServiceId,
        /// The deployment as typed; `None`: the fix's build.
        deployment: Option<String>,
        /// Why.
        reason: Option<String>,
    },
    /// `/incident fix`
    Fix {
        /// Of which service.
        service: ServiceId,
        /// The pull request's number, with its repository if it was given by its address.
        number: u64,
        /// See [`Linked::repository`].
        repository: Option<String>,
    },
    /// `/incident flag`
    Flag {
        /// Of which service.
        service: ServiceId,
        /// Which flag, in the person's words.
        reason: String,
    },
    /// `/incident ruled-out`
    RuledOut {
        /// Of which service.
        service: ServiceId,
        /// Why.
        reason: String,
    },
    /// `/incident false-alarm`
    FalseAlarm {
        /// Of which service.
        service: ServiceId,
        /// Why.
        reason: String,
    },
    /// `/incident alone`
    Alone {
        /// Of which service: typed out, never filled in.
        service: ServiceId,
        /// Why.
        reason: String,
    },
    /// `/incident open`
    Open {
        /// What is broken.
        service: ServiceId,
        /// In the person's words.
        title: Option<String>,
    },
    /// `/incident status`
    Status {
        /// Of what; `None`: everything open in this channel.
        subject: Option<Subject>,
    },
    /// `/incident note`
    Note {
        /// `None`: the open incident of this channel.
        incident: Option<IncidentId>,
        /// The note; may have several lines.
        text: String,
    },
    /// `/incident halt`
    Halt {
        /// `None`: every service that the person may act on.
        service: Option<ServiceId>,
        /// Why.
        reason: Option<String>,
    },
    /// `/incident resume`
    Resume {
        /// `None`: every service that the person may act on.
        service: Option<ServiceId>,
        /// Why.
        reason: String,
    },
    /// `/incident whoami`
    Whoami,
    /// `/incident blip`
    Blip {
        /// `None`: the open incident of this channel.
        incident: Option<IncidentId>,
        /// What it was.
        reason: Option<String>,
    },
    /// `/incident press`
    Press {
        /// `None`: the person asks for the codes that can be pressed.
        code: Option<PressCode>,
    },
    /// `/incident close`
    Close {
        /// `None`: the open incident of this channel.
        incident: Option<IncidentId>,
        /// How it ended.
        reason: Option<String>,
    },
    /// `/incident list`
    List {
        /// `None`: every service of this channel.
        service: Option<ServiceId>,
    },
    /// `/incident help`, and `/rollback help`
    Help {
        /// `None`: all of them.
        topic: Option<Verb>,
    },
}

impl Request {
    /// What was asked, for looking up who may ask it.
    pub const fn verb(&self) -> Verb {
        let subcommand = match self {
            Self::Rollback { .. } => return Verb::Rollback,
            Self::Revert { .. } => return Verb::Revert,
            Self::Verify { .. } => return Verb::Verify,
            Self::Promote { .. } => return Verb::Promote,
            Self::Fix { .. } => Subcommand::Fix,
            Self::Flag { .. } => Subcommand::Flag,
            Self::RuledOut { .. } => Subcommand::RuledOut,
            Self::FalseAlarm { .. } => Subcommand::FalseAlarm,
            Self::Alone { .. } => Subcommand::Alone,
            Self::Open { .. } => Subcommand::Open,
            Self::Status { .. } => Subcommand::Status,
            Self::Note { .. } => Subcommand::Note,
            Self::Halt { .. } => Subcommand::Halt,
            Self::Resume { .. } => Subcommand::Resume,
            Self::Whoami => Subcommand::Whoami,
            Self::Blip { .. } => Subcommand::Blip,
            Self::Press { .. } => Subcommand::Press,
            Self::Close { .. } => Subcommand::Close,
            Self::List { .. } => Subcommand::List,
            Self::Help { .. } => Subcommand::Help,
        };
        Verb::Incident(subcommand)
    }
}

/// A change as people name it: typed, or by its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    /// A commit, a pull request as `#124`, or a range.
    pub what: String,
    /// The repository as `owner/name` that its address names; one without an address is of the service's own.
    pub repository: Option<String>,
}

/// What `/incident status` is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// One incident.
    Incident(IncidentId),
    /// One service.
    Service(ServiceId),
}

/// What stands for a button: letters and digits in lower case, without the hyphens it is shown with. It is bound to a
/// person and a channel, and still no log should show it.
#[derive(Clone, PartialEq, Eq)]
pub struct PressCode(String);

impl PressCode {
    /// Reads a code as people type it: hyphens and capitals do not matter. 8 to 32 letters and digits, for less than eight
    /// could not hold the 40 bits that a code needs.
    pub fn read(text: &str) -> Option<Self> {
        let code = text.replace('-', "").to_ascii_lowercase();
        let is_whole = (8..=32).contains(&code.len())
            && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        is_whole.then_some(Self(code))
    }

    /// The letters and digits, to be compared in constant time.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PressCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PressCode(…)")
    }
}
