//! CI: which check runs a commit got, and how far each is at a given time. Nothing runs; a run is a script over time.
//!
//! ```text
//! planned (queued) ── 1 s ──▶ in_progress ── 4 s, 8 s, or as the trap says ──▶ completed
//! ```

use serde_json::Value;

use crate::domain::time::{Span, Timestamp};
use crate::world::ledger::{Fault, Ledger};

use super::VENDOR;

/// A run waits so long for a machine.
pub(super) const STARTS_AFTER: Span = Span::seconds(1);

/// What CI does with every commit: the names of its jobs and how long each takes.
const JOBS: [(&str, Span); 2] = [("build", Span::seconds(4)), ("test", Span::seconds(8))];

/// One run of a check on a commit.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) id: u64,
    pub(super) sha: String,
    pub(super) name: String,
    pub(super) planned: Timestamp,
    /// None: it never ends.
    ends: Option<Timestamp>,
    conclusion: &'static str,
    /// What the webhook has told already.
    pub(super) told: Told,
}

/// How much of a run the webhook has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    Nothing,
    Created,
    Completed,
}

impl Run {
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match () {
            () if self.ended(now).is_some() => "completed",
            () if now >= self.planned + STARTS_AFTER => "in_progress",
            () => "queued",
        }
    }

    pub(super) fn started(&self, now: Timestamp) -> Timestamp {
        (self.planned + STARTS_AFTER).min(now).max(self.planned)
    }

    /// When it ended, and how; nothing while it goes on.
    pub(super) fn ended(&self, now: Timestamp) -> Option<(Timestamp, &'static str)> {
        self.ends.filter(|end| *end <= now).map(|end| (end, self.conclusion))
    }

    /// Whether GitHub counts it as green. It does count a skipped run.
    pub(super) fn is_green(&self, now: Timestamp) -> bool {
        let green = ["success", "skipped", "neutral"];
        self.ended(now).is_some_and(|(_, conclusion)| green.contains(&conclusion))
    }

    /// When something becomes of it next.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        match self.told {
            Told::Nothing => Some(self.planned),
            Told::Created => self.ends,
            Told::Completed => None,
        }
    }
}

/// All runs, in the order in which they were planned.
#[derive(Debug, Default)]
pub(super) struct Ci {
    pub(super) runs: Vec<Run>,
}

/// A commit that CI is to look at.
pub(super) struct Occasion<'a> {
    pub(super) sha: &'a str,
    pub(super) branch: &'a str,
    pub(super) at: Timestamp,
}

impl Ci {
    /// Plans the runs of a commit that has none. The traps that are on decide how they will go.
    pub(super) fn plan(&mut self, occasion: &Occasion<'_>, ledger: &Ledger) {
        if !self.runs.iter().any(|run| run.sha == occasion.sha) {
            self.plan_again(occasion, ledger);
        }
    }

    /// Plans them once more: somebody pressed "re-run", or a merge queue tries the same commit again.
    pub(super) fn plan_again(&mut self, occasion: &Occasion<'_>, ledger: &Ledger) {
        for run in planned(occasion, &Traps::sprung(occasion.branch, ledger)) {
            let id = 40_000_000_001 + self.runs.len() as u64;
            self.runs.push(Run { id, ..run });
        }
    }

    /// The runs of a commit, newest last; of each name only the newest one unless `all` are wanted.
    pub(super) fn of<'a>(&'a self, sha: &'a str, wanted: Wanted) -> Vec<&'a Run> {
        let runs = || self.runs.iter().filter(|run| run.sha == sha);
        let is_newest = |run: &&Run| !runs().any(|one| one.name == run.name && one.id > run.id);
        runs().filter(|run| wanted == Wanted::All || is_newest(run)).collect()
    }

    /// When the last of these checks went green; nothing while one of them is not, or is not there.
    pub(super) fn green_since(
        &self,
        sha: &str,
        names: &[String],
        now: Timestamp,
    ) -> Option<Timestamp> {
        let latest = self.of(sha, Wanted::Latest);
        let since = names.iter().map(|name| {
            let run = latest.iter().find(|run| run.name == *name && run.is_green(now))?;
            run.ends
        });
        since.collect::<Option<Vec<_>>>().map(|ends| ends.into_iter().max().unwrap_or_default())
    }

    /// Whether one of these ended red.
    pub(super) fn is_red(&self, sha: &str, names: &[String], now: Timestamp) -> bool {
        let latest = self.of(sha, Wanted::Latest);
        let mut ended = latest.iter().filter(|run| run.ended(now).is_some());
        ended.any(|run| names.contains(&run.name) && !run.is_green(now))
    }
}

/// Which runs of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Latest,
    All,
}

/// What went wrong on purpose, for one commit.
struct Traps(Vec<Fault>);

/// The traps that decide how the runs of the next commit go.
const KINDS: [&str; 6] =
    ["check_red", "check_missing", "check_skipped", "check_stuck", "check_slow", "check_renamed"];

impl Traps {
    fn sprung(branch: &str, ledger: &Ledger) -> Self {
        let sprung =
            KINDS.into_iter().filter_map(|kind| ledger.spring(VENDOR, kind, "CHECKS", branch));
        Self(sprung.collect())
    }

    /// The trap of this kind, if it is about this check.
    fn about(&self, kind: &str, name: &str) -> Option<&Fault> {
        let is_about = |fault: &&Fault| {
            let meant = fault.with.get("name").and_then(Value::as_str);
            fault.kind == kind && meant.unwrap_or("test") == name
        };
        self.0.iter().find(is_about)
    }
}

fn planned(occasion: &Occasion<'_>, traps: &Traps) -> Vec<Run> {
    let jobs = JOBS.into_iter().filter(|(name, _)| traps.about("check_missing", name).is_none());
    let runs = jobs.map(|(name, usual)| {
        let slow = traps.about("check_slow", name);
        let seconds = |fault: &Fault| fault.with.get("seconds").and_then(Value::as_i64);
        let lasts = slow.map_or(usual, |fault| Span::seconds(seconds(fault).unwrap_or(2400)));
        let is_skipped = traps.about("check_skipped", name).is_some();
        let ends = match traps.about("check_stuck", name) {
            Some(_) => None,
            None if is_skipped => Some(occasion.at + STARTS_AFTER),
            None => Some(occasion.at + lasts),
        };
        let conclusion = match traps.about("check_red", name) {
            Some(_) => "failure",
            None if is_skipped => "skipped",
            None => "success",
        };
        let name = match traps.about("check_renamed", name) {
            Some(_) => format!("{name} (20.x)"),
            None => name.to_owned(),
        };
        Run {
            id: 0,
            sha: occasion.sha.to_owned(),
            name,
            planned: occasion.at,
            ends,
            conclusion,
            told: Told::Nothing,
        }
    });
    runs.collect()
}
