//! What takes the bad change off main: a revert or a named forward fix, its pull request, and the gate that it goes through.
//!
//! ```text
//! Idle ─/revert→ Looking ─planned→ Planned ─Open revert→ Opening ─opened→ Followed ─merged→ Merged ─built→ Built
//!                   │refused                                 │conflict                ↑
//!                   └→ Idle                                  └→ Prepared ─/incident fix┘
//! ```
//! Owns the nouns of Layer 2 and the judgement of a gate (G8). Never reads a repository and never merges.

mod event;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use event::{FixEvent, ForgeCall, ForgeOutcome};

use super::actor::Person;
use super::change::{Commit, PullRequest};
use super::deployment::Deployment;
use super::fact::Fact;
use super::ids::{ConfirmationId, EffectId, IncidentId};
use super::service::Channel;
use super::time::{Span, Timestamp};

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

/// A pull request that stands for the fix, followed until it is merged and built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fix {
    /// Revert or forward fix.
    pub kind: FixKind,
    /// The pull request.
    pub pull: PullRef,
    /// Who opened or named it.
    pub by: Person,
    /// Since when it is followed.
    pub since: Timestamp,
    /// The incident that it was opened for, if that is another one of the same bad change.
    pub shared_from: Option<IncidentId>,
    /// The newest commit of what it takes back, if it is a revert.
    pub takes_back: Option<String>,
    /// The gate, as last seen.
    pub gate: Option<Gate>,
    /// When the gate was last seen to change.
    pub gate_at: Option<Timestamp>,
    /// When people were last reminded that it waits.
    pub nudged_at: Option<Timestamp>,
    /// The merge that was asked for.
    pub merge: Option<Merge>,
    /// Main's newest commit, as far as that was looked at.
    pub main_seen: Option<String>,
    /// Other commits that came to main meanwhile (G15), newest first.
    pub main_moved: Vec<Commit>,
    /// The commit on main, once it is there.
    pub merged: Option<Merged>,
    /// Its production build, once it is ready.
    pub built: Option<Deployment>,
    /// Its production build, if that failed.
    pub build_failed: Option<Deployment>,
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

/// Where Layer 2 is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer2 {
    /// Nobody asked for a fix.
    #[default]
    Idle,
    /// The bad change is looked up and its revert tried out.
    Looking(Looking),
    /// The revert was tried out; a button opens it.
    Planned(Box<Plan>),
    /// Its pull request is being opened.
    Opening(Box<Opening>),
    /// It conflicts: a branch is prepared for a person.
    Prepared(Box<Prepared>),
    /// A pull request is followed.
    Followed(Box<Fix>),
}

/// A wish whose trial is not made yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Looking {
    /// The wish.
    pub wish: Wish,
    /// Whose.
    pub by: Person,
    /// Since when.
    pub since: Timestamp,
}

/// A revert that is being opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What was confirmed.
    pub plan: Plan,
    /// By whom.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The intent's id.
    pub effect: EffectId,
    /// Where the call is.
    pub call: Call,
}

/// A revert that conflicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// What was tried.
    pub plan: Plan,
    /// The branch that a person goes on with.
    pub branch: String,
    /// The files in conflict: foreign text.
    pub files: Vec<String>,
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

/// A merge that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merge {
    /// The intent's id.
    pub effect: EffectId,
    /// Who pressed.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// The pull request's head that they saw: nothing else is merged.
    pub head: String,
    /// By which way.
    pub road: Road,
    /// Where the call is.
    pub call: Call,
}

/// Where a call to the place of the code is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Nothing was sent; not before the given instant.
    Intended {
        /// Earliest time.
        not_before: Timestamp,
        /// How often it was sent before, surely without effect.
        attempts: u32,
    },
    /// It is being made.
    Sending {
        /// Since when.
        since: Timestamp,
        /// Which try, from 1.
        attempts: u32,
    },
    /// It was made, nobody knows with what result.
    Unknown {
        /// Since when nobody knows.
        since: Timestamp,
        /// Why not.
        why: String,
        /// Which try it was.
        attempts: u32,
        /// When a first reading showed that it did nothing.
        not_applied_at: Option<Timestamp>,
    },
    /// It was taken.
    Taken,
    /// It was refused.
    Refused {
        /// In the other side's words: foreign text.
        why: String,
    },
}

/// The fix on main.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    /// The commit.
    pub sha: String,
    /// Since when that is known.
    pub at: Timestamp,
}

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

/// How a check stands. Whatever is not `Passed` is not green (G8).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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
}

/// Where it is in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Queued {
    /// In none.
    No,
    /// It waits for its turn.
    Yes,
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

/// A repeat of a call is allowed only after a call that surely did nothing, and at most this often in all.
pub const MOST_ATTEMPTS: u32 = 8;

/// A call that did nothing is made again after this, doubled each time, at most two minutes.
const FIRST_PAUSE: Span = Span::seconds(5);
const LONGEST_PAUSE: Span = Span::minutes(2);

/// A gate that has not moved for so long is said to wait, with names.
pub const NUDGE_AFTER: Span = Span::minutes(5);

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

impl Call {
    /// How often it was sent so far.
    pub fn attempts(&self) -> u32 {
        match self {
            Self::Intended { attempts, .. }
            | Self::Sending { attempts, .. }
            | Self::Unknown { attempts, .. } => *attempts,
            Self::Taken | Self::Refused { .. } => 0,
        }
    }
}

/// How long to wait after a call that did nothing, the more the oftener.
pub fn pause_after(attempts: u32) -> Span {
    let doubled = FIRST_PAUSE.0.saturating_mul(1_i64 << attempts.saturating_sub(1).min(10));
    Span(doubled.min(LONGEST_PAUSE.0))
}

impl Fix {
    /// Whether somebody closed it without merging it.
    pub fn is_closed(&self) -> bool {
        let is_closed = |gate: &Gate| gate.state == PullState::Closed;
        self.merged.is_none() && self.gate.as_ref().is_some_and(is_closed)
    }

    /// The call of its merge, as long as it is not over.
    pub fn merging(&self) -> Option<&Merge> {
        let merge = self.merge.as_ref().filter(|_| self.merged.is_none())?;
        match merge.call {
            Call::Intended { .. } | Call::Sending { .. } | Call::Unknown { .. } => Some(merge),
            Call::Taken | Call::Refused { .. } => None,
        }
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
