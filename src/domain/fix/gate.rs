//! The repository's own gate: a pull request's checks and reviews as they were read, main as it stands, and what that means
//! (G8).

use serde::{Deserialize, Serialize};

use crate::domain::change::Commit;

/// Whether a pull request is still on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PullState {
    /// It is.
    Open,
    /// It is on main, as this commit.
    Merged {
        /// The commit on main.
        sha: String,
    },
    /// Somebody closed it.
    Closed,
}

/// How a check stands, from best to worst. Whatever is not `Passed` is not green (G8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It passed.
    Passed,
    /// It waits to be run.
    Queued,
    /// It runs.
    Running,
    /// It is required, and nobody has reported it.
    Missing,
    /// It was skipped or is neutral.
    Skipped,
    /// It failed, was cancelled or timed out.
    Failed,
}

/// A check of a pull request's head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name: foreign text.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// Whether the repository demands it.
    pub need: Need,
}

/// Whether something is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// Nothing is merged without it.
    Required,
    /// It only informs.
    Optional,
}

/// The reviews of a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reviews {
    /// How many approvals the repository demands.
    pub needed: u32,
    /// How many there are of this head, one a person.
    pub approved: u32,
    /// Who wants changes: foreign text.
    pub against: Vec<String>,
    /// Who was asked and has not answered: foreign text.
    pub asked: Vec<String>,
}

/// Whether the pull request fits main.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fits {
    /// It does.
    Yes,
    /// It conflicts with what is on main now.
    Conflicts,
    /// It must be brought up to date first, as the repository demands.
    Behind,
    /// It is not worked out yet.
    NotYetKnown,
}

/// How a repository merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Road {
    /// By a call, once everything is green.
    Direct,
    /// Through a merge queue, which tests it once more.
    Queue,
    /// By a call once everything is green; or, asked before that, by the forge itself when its own gate is green. Only
    /// where the repository allows it and its own rules demand the checks.
    Auto,
}

/// Where it is in a queue, or on what it waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queued {
    /// In none.
    No,
    /// It waits for its turn.
    Yes,
    /// In none: the forge merges it as soon as its own gate is green.
    WhenGreen,
}

/// A pull request and what the repository demands of it, in one reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Whether it is still on its way.
    pub state: PullState,
    /// The newest commit of its branch.
    pub head: String,
    /// Its title: foreign text.
    pub title: String,
    /// Its address.
    pub url: String,
    /// Every check that is required or was reported, by name.
    pub checks: Vec<Check>,
    /// What is required could not be read, for this reason: nothing is green then.
    pub unreadable: Option<String>,
    /// Its reviews.
    pub reviews: Reviews,
    /// Whether it fits.
    pub fits: Fits,
    /// How this repository merges.
    pub road: Road,
    /// Whether it waits in the queue.
    pub queued: Queued,
}

/// What a gate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GateVerdict {
    /// Everything that is demanded is there.
    Green,
    /// It waits for these, by name.
    Waiting {
        /// For what.
        on: Vec<String>,
    },
    /// It will not become green by waiting.
    Red {
        /// Why not, in words for people; may hold foreign names.
        why: Vec<String>,
    },
    /// Nobody can tell, so it is not green.
    Unreadable {
        /// Why not.
        why: String,
    },
}

/// Main, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Main {
    /// Its newest commit.
    pub head: Commit,
    /// How its checks stand.
    pub checks: MainChecks,
    /// Commits after the one that was asked about, newest first, at most five.
    pub since: Vec<Commit>,
    /// How many there are.
    pub since_count: u32,
}

/// How the checks of main's newest commit stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MainChecks {
    /// All passed, or there are none.
    Green,
    /// Some still run.
    Pending,
    /// At least one failed.
    Red,
}

/// Whether one commit is among the ancestors of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ancestry {
    /// It is, or it is the same.
    Contains,
    /// It is not.
    Lacks,
}

/// G8: green is only what was read, is there, and passed.
pub fn g8_judge(gate: &Gate) -> GateVerdict {
    if let Some(why) = &gate.unreadable {
        return GateVerdict::Unreadable { why: why.clone() };
    }
    let required = || gate.checks.iter().filter(|check| check.need == Need::Required);
    let mut red: Vec<String> = required()
        .filter_map(|check| match check.state {
            CheckState::Failed => Some(format!("{} failed", check.name)),
            CheckState::Skipped => Some(format!("{} was skipped", check.name)),
            CheckState::Passed | CheckState::Queued | CheckState::Running | CheckState::Missing => {
                None
            }
        })
        .collect();
    red.extend(gate.reviews.against.iter().map(|name| format!("{name} wants changes")));
    match gate.fits {
        Fits::Conflicts => red.push("it conflicts with main".to_owned()),
        Fits::Behind => red.push("it must be brought up to date with main".to_owned()),
        Fits::Yes | Fits::NotYetKnown => {}
    }
    if !red.is_empty() {
        return GateVerdict::Red { why: red };
    }
    let mut on: Vec<String> = required()
        .filter(|check| check.state != CheckState::Passed)
        .map(|check| match check.state {
            CheckState::Missing => format!("{} (not reported yet)", check.name),
            CheckState::Passed
            | CheckState::Queued
            | CheckState::Running
            | CheckState::Skipped
            | CheckState::Failed => check.name.clone(),
        })
        .collect();
    let lacking = gate.reviews.needed.saturating_sub(gate.reviews.approved);
    if lacking > 0 {
        on.push(match lacking {
            1 => "one review".to_owned(),
            more => format!("{more} reviews"),
        });
    }
    if gate.fits == Fits::NotYetKnown {
        on.push("whether it fits main".to_owned());
    }
    if on.is_empty() { GateVerdict::Green } else { GateVerdict::Waiting { on } }
}
