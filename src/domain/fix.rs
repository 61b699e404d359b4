//! What takes the bad change off main: a revert or a named forward fix, its pull request, and the gate that it goes through.
//!
//! ```text
//! Idle ─/revert→ Looking ─planned→ Planned ─Open revert→ Opening ─opened→ Followed ─merged→ Merged ─built→ Built
//!                   │refused                                 │conflict                ↑
//!                   └→ Idle                                  └→ Prepared ─/incident fix┘
//! ```
//! Owns the nouns of Layer 2 and the judgement of a gate (G8). Never reads a repository and never merges.

mod event;
mod gate;
mod state;
#[cfg(test)]
mod tests;
mod warning;

use serde::{Deserialize, Serialize};

pub use event::{FixEvent, ForgeCall, ForgeOutcome, Withdrawn};
pub use gate::{
    Ancestry, Check, CheckState, Fits, Gate, GateVerdict, Main, MainChecks, Need, PullState,
    Queued, Reviews, Road, g8_judge,
};
pub use state::{
    Call, Fix, Layer2, Looking, MOST_ATTEMPTS, Merge, Merged, NUDGE_AFTER, Opening, Prepared,
    Withdrawal, pause_after,
};
pub use warning::{Comment, MOST_WARNINGS, WARNING_PAUSE, Warning, WarningCall, WarningOutcome};

use super::actor::Person;
use super::change::{Commit, PullRequest};
use super::fact::Fact;
use super::ids::{ConfirmationId, IncidentId};
use super::service::Channel;

/// What somebody asked to be taken back.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Whatever brought this commit: its pull request where there is one, else the commit alone. The full id, or the
    /// beginning of one as somebody typed it.
    Commit(String),
    /// A merged pull request.
    Pull(u64),
    /// All commits after `base` up to `head`.
    Range {
        /// The last one that stays.
        base: String,
        /// The newest one that goes.
        head: String,
    },
}

/// How the bad change came to main, which decides how it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// One commit, which may be a whole pull request squashed.
    Single,
    /// A merge commit: everything that it brought goes, by its first parent.
    Merge,
    /// Several commits in a row.
    Range,
}

/// The bad change, found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Culprit {
    /// Its newest commit.
    pub head: Commit,
    /// The last commit before it.
    pub base: String,
    /// How it came to main.
    pub shape: Shape,
    /// How many commits there are.
    pub commits: u32,
    /// The pull request that brought it, if one did.
    pub pull: Option<PullRequest>,
}

/// What taking it back would do (G9).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// It can be done.
    Clean {
        /// The files that change: foreign text.
        files: Vec<String>,
    },
    /// Later changes stand in the way.
    Conflicts {
        /// In these files: foreign text.
        files: Vec<String>,
    },
    /// Nothing of it is left on main.
    AlreadyGone,
    /// Nobody can tell before it is made: the forge makes it itself, because it cannot be tried out here.
    Unknown {
        /// Why it cannot be tried out.
        why: String,
    },
}

/// A revert that was tried out and not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// What would be taken back.
    pub culprit: Culprit,
    /// Main's newest commit at the time.
    pub onto: String,
    /// How it would go.
    pub outlook: Outlook,
    /// Later commits that changed the same files, newest first, at most five.
    pub later: Vec<Commit>,
    /// How many there are.
    pub later_count: u32,
    /// The bad change is itself a revert of this one: taking it back brings that one again.
    pub brings_back: Option<Commit>,
    /// Files that would change besides those of the bad change: foreign text.
    pub beyond: Vec<String>,
}

/// A trial that was shown to people, with a button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its id: what the button stands for.
    pub id: ConfirmationId,
    /// Who asked.
    pub by: Person,
    /// Where, so that an answer finds them.
    pub asked_in: Option<Channel>,
    /// What was asked.
    pub subject: Subject,
    /// What was found.
    pub trial: Trial,
    /// The branch that the revert is put on. It names the incident, so that a repeat finds it.
    pub branch: String,
}

/// What is wanted of the place where the code is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The incident.
    pub incident: IncidentId,
    /// What is taken back.
    pub subject: Subject,
    /// The branch.
    pub branch: String,
    /// The pull request's title.
    pub title: String,
    /// Its text.
    pub body: String,
}

/// What came of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opened {
    /// There is a pull request.
    Pull(PullRef),
    /// The revert conflicts; a branch is prepared for a person to go on with.
    Prepared {
        /// The branch.
        branch: String,
        /// The files in conflict: foreign text.
        files: Vec<String>,
    },
    /// Nothing of the bad change is left on main.
    AlreadyGone,
}

/// A pull request and where people find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRef {
    /// Its number.
    pub number: u64,
    /// Its title: foreign text.
    pub title: String,
    /// Its address.
    pub url: String,
}

/// Why a pull request is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FixKind {
    /// It takes the bad change back.
    Revert,
    /// It mends what the bad change broke; somebody named it.
    Forward,
}

/// What somebody asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// What to take back, as typed; `None`: what brought the bad deployment.
    pub what: Option<String>,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// Where they asked, so that an answer finds them.
    pub asked_in: Option<Channel>,
}

/// What was read of the forge, as far as a decision asked for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// What was tried to be taken back, and what came of it; inside, why there is no trial.
    pub trial: Option<(Subject, Fact<Result<Trial, String>>)>,
    /// The newest pull request of a branch.
    pub pull: Option<Fact<Option<PullRef>>>,
    /// A pull request's gate, with its number.
    pub gate: Option<(u64, Fact<Gate>)>,
    /// Main as it stands.
    pub main: Option<Fact<Main>>,
    /// Whether a deployment's commit contains the fix, with the two commits that were asked about.
    pub ancestry: Option<Lineage>,
}

impl Readings {
    /// The trial of this and nothing else: by the time it is judged, somebody may have asked for something else.
    pub fn trial_of(&self, subject: &Subject) -> Option<&Fact<Result<Trial, String>>> {
        self.trial.as_ref().filter(|(tried, _)| tried == subject).map(|(_, found)| found)
    }

    /// The gate of this pull request and no other: by the time it is judged, somebody may have named another fix.
    pub fn gate_of(&self, number: u64) -> Option<&Fact<Gate>> {
        self.gate.as_ref().filter(|(read, _)| *read == number).map(|(_, found)| found)
    }
}

/// Whether one commit has another in its history, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The one.
    pub commit: String,
    /// The other.
    pub ancestor: String,
    /// What was found.
    pub found: Fact<Ancestry>,
}

impl Subject {
    /// What was typed: `124` or `#124`, a commit, or two of them with two dots between. `None`: none of these.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim();
        if let Some((base, head)) = typed.split_once("..") {
            let head = head.strip_prefix('.').unwrap_or(head);
            return (is_commit(base) && is_commit(head))
                .then(|| Self::Range { base: base.to_lowercase(), head: head.to_lowercase() });
        }
        if let Some(number) = typed.strip_prefix('#') {
            return number.parse().ok().map(Self::Pull);
        }
        // Six digits or fewer are a number; a commit is named by seven at least.
        if typed.len() < 7 && typed.bytes().all(|b| b.is_ascii_digit()) {
            return typed.parse().ok().map(Self::Pull);
        }
        is_commit(typed).then(|| Self::Commit(typed.to_lowercase()))
    }
}

fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// The branch of an incident's revert: the same for every try, so that a repeat finds the first. `earlier`: how many reverts
/// of this incident were closed again before.
pub fn branch(incident: IncidentId, culprit: &Culprit, earlier: u32) -> String {
    let short = culprit.head.sha.get(..12).unwrap_or(&culprit.head.sha);
    let again = if earlier == 0 { String::new() } else { format!("-{}", earlier + 1) };
    format!("repoint/incident-{}-revert-{short}{again}", incident.0)
}
