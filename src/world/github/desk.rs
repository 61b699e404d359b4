//! The repository with its branches and pull requests at one moment. Whoever looks or acts sits down at the desk, and
//! is alone there; what came due since the last time is carried out first.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::checks::{Ci, Occasion};
use super::hooks::{Event, Letter};
use super::merge::NOBODY;
use super::pulls::{Fate, Pull, Size};
use super::repository::{Comparison, Repository};
use super::rules::Rules;
use super::seed::{self, PULLS, PullRow};
use super::{GitHubModel, seed::Row};
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;
use crate::world::ledger::Ledger;

/// A branch that got a new head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// The branch.
    pub branch: String,
    /// Its new head.
    pub sha: String,
    /// The first line of that commit's message.
    pub subject: String,
    /// Who wrote or merged it.
    pub author: String,
    /// When it got there.
    pub at: Timestamp,
    /// The pull request that was merged by it.
    pub number: Option<u64>,
}

/// The number of the first pull request after those of the past.
const FIRST_NUMBER: u64 = 126;

/// Everything that changes.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Where each branch is, as the model has seen it.
    pub(super) branches: BTreeMap<String, String>,
    pub(super) pulls: BTreeMap<u64, Pull>,
    pub(super) ci: Ci,
    pub(super) pushes: Vec<Push>,
    pub(super) next_number: u64,
    pub(super) comments: u64,
    /// What the webhook has yet to tell.
    pub(super) outbox: Vec<Letter>,
}

/// A model that was asked something: it has its repository now.
#[derive(Debug)]
pub(super) struct Awake {
    repository: Repository,
    state: Mutex<State>,
    /// What git said about commits, which never change.
    comparisons: Mutex<BTreeMap<(String, String), Comparison>>,
    mergeable: Mutex<BTreeMap<(String, String), bool>>,
    /// Whole answers that cannot change.
    answers: Mutex<BTreeMap<String, Value>>,
}

/// Somebody's place at the desk.
pub(super) struct Desk<'a> {
    model: &'a GitHubModel,
    awake: &'a Awake,
    pub(super) state: MutexGuard<'a, State>,
    pub(super) rules: Rules,
    pub(super) ledger: &'a Ledger,
    pub(super) now: Timestamp,
}

impl Awake {
    /// The shop's repository, with the pull requests of its history.
    pub(super) fn make(newest: Option<&str>) -> anyhow::Result<Self> {
        let history = seed::history();
        let repository = Repository::make(&history)?;
        let mut state = state_of(&repository, &history);
        if let Some(newest) = newest {
            let before = state.branches.insert("main".to_owned(), newest.to_owned());
            repository.move_branch("main", &before.unwrap_or_default(), newest)?;
        }
        Ok(Self {
            repository,
            state: Mutex::new(state),
            comparisons: Mutex::default(),
            mergeable: Mutex::default(),
            answers: Mutex::default(),
        })
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(super) fn is_of_the_seed(&self, sha: &str) -> bool {
        self.repository.made.values().any(|made| made == sha)
    }

    /// An answer that cannot change, asked for once.
    pub(super) fn known<E>(
        &self,
        name: String,
        ask: impl FnOnce() -> Result<Value, E>,
    ) -> Result<Value, E> {
        if let Some(known) = lock(&self.answers).get(&name) {
            return Ok(known.clone());
        }
        let answer = ask()?;
        lock(&self.answers).insert(name, answer.clone());
        Ok(answer)
    }
}

fn state_of(repository: &Repository, history: &[Row]) -> State {
    let mut state = State { next_number: FIRST_NUMBER, ..State::default() };
    for row in history {
        let Some(sha) = repository.made.get(&row.mark) else { continue };
        state.branches.insert(row.branch.to_owned(), sha.clone());
        let at = Timestamp(row.at * 1000);
        // What nobody merged has not been looked at.
        if row.branch != "gift-cards" {
            let occasion = Occasion { sha, branch: row.branch, at };
            // No trap that is on now had any say then.
            state.ci.plan(&occasion, &Ledger::new());
        }
        for pull in PULLS.iter().filter(|pull| pull.merged == row.mark) {
            let before = row.parent.and_then(|parent| repository.made.get(&parent));
            let base = before.cloned().unwrap_or_default();
            state.pulls.insert(pull.number, merged(pull, sha, base, at));
        }
    }
    for run in &mut state.ci.runs {
        run.told = super::checks::Told::Completed;
    }
    state
}

fn merged(row: &PullRow, sha: &str, base: String, at: Timestamp) -> Pull {
    Pull {
        number: row.number,
        title: row.title.to_owned(),
        body: None,
        author: row.author.to_owned(),
        branch: row.branch.to_owned(),
        head: sha.to_owned(),
        base,
        created: at,
        updated: at,
        fate: Fate::Merged { at, by: row.author.to_owned(), sha: sha.to_owned() },
        is_draft: false,
        commits: vec![sha.to_owned()],
        size: Size::default(),
        reviews: Vec::new(),
        asked: Vec::new(),
        comments: Vec::new(),
        auto_merge: None,
        queued: None,
    }
}

impl GitHubModel {
    /// Sits down at the desk; what came due by now is done.
    pub(super) fn desk(&self) -> Result<Desk<'_>, String> {
        let awake = self.awake()?;
        let mut desk = Desk {
            model: self,
            awake,
            state: lock(&awake.state),
            rules: self.rules(),
            ledger: &self.ledger,
            now: self.clock.now(),
        };
        desk.settle();
        Ok(desk)
    }
}

impl<'a> Desk<'a> {
    pub(super) fn awake(&self) -> &'a Awake {
        self.awake
    }

    pub(super) fn repository(&self) -> &'a Repository {
        &self.awake.repository
    }

    /// Whether a pull request is one of those that the repository begins with.
    pub(super) fn is_of_the_past(&self, pull: &Pull) -> bool {
        pull.number < FIRST_NUMBER
    }

    /// Whether nobody has opened a pull request since the beginning.
    pub(super) fn has_seed_pulls_only(&self) -> bool {
        self.state.next_number == FIRST_NUMBER
    }

    /// Where the main branch is.
    pub(super) fn main(&self) -> String {
        self.state.branches.get("main").cloned().unwrap_or_default()
    }

    /// The commit that a branch's name, a full id or the beginning of one means.
    pub(super) fn resolve(&self, name: &str) -> Option<String> {
        let bare = name.strip_prefix("refs/").unwrap_or(name);
        let bare = bare.strip_prefix("heads/").unwrap_or(bare);
        if let Some(sha) = self.state.branches.get(bare) {
            return Some(sha.clone());
        }
        let known = self.awake.is_of_the_seed(name);
        if known { Some(name.to_owned()) } else { self.repository().commit_named(name) }
    }

    /// How two commits stand to each other, asked once.
    pub(super) fn compared(&self, base: &str, head: &str) -> Result<Comparison, String> {
        let ends = (base.to_owned(), head.to_owned());
        if let Some(known) = lock(&self.awake.comparisons).get(&ends) {
            return Ok(known.clone());
        }
        let found = self.repository().compare(base, head).map_err(|error| error.to_string())?;
        lock(&self.awake.comparisons).insert(ends, found.clone());
        Ok(found)
    }

    /// Whether git can merge two commits, asked once.
    pub(super) fn is_mergeable(&self, base: &str, head: &str) -> Result<bool, String> {
        let ends = (base.to_owned(), head.to_owned());
        if let Some(known) = lock(&self.awake.mergeable).get(&ends) {
            return Ok(*known);
        }
        let tree = self.repository().merged_tree(base, head).map_err(|error| error.to_string())?;
        lock(&self.awake.mergeable).insert(ends, tree.is_some());
        Ok(tree.is_some())
    }

    pub(super) fn subject(&self, sha: &str) -> Result<String, String> {
        let row = self.repository().commit(sha).map_err(|error| error.to_string())?;
        Ok(row.message.lines().next().unwrap_or_default().to_owned())
    }

    /// A branch is where it was not before. CI looks at each commit of the main branch.
    pub(super) fn moved(&mut self, from: &str, push: Push) {
        self.state.branches.insert(push.branch.clone(), push.sha.clone());
        if push.branch == "main" {
            self.let_ci_look(&push.sha, "main", push.at);
        }
        self.tell(Event::Push { before: from.to_owned(), push: push.clone() });
        self.state.pushes.push(push);
    }

    /// Looks at what clients pushed since the last time.
    pub(super) fn sees_pushes(&mut self) -> Result<(), String> {
        let now = self.repository().branches().map_err(|error| error.to_string())?;
        let before = self.state.branches.clone();
        for gone in before.keys().filter(|name| !now.contains_key(*name)) {
            self.state.branches.remove(gone);
            self.follow(gone, None);
        }
        for (branch, sha) in now.iter().filter(|(name, sha)| before.get(*name) != Some(*sha)) {
            let row = self.repository().commit(sha).map_err(|error| error.to_string())?;
            let from = before.get(branch).map_or(NOBODY, String::as_str);
            let subject = row.message.lines().next().unwrap_or_default().to_owned();
            let (branch, sha, author) = (branch.clone(), sha.clone(), row.author);
            self.moved(from, Push { branch, sha, subject, author, at: self.now, number: None });
        }
        for (branch, sha) in now.iter().filter(|(name, sha)| before.get(*name) != Some(*sha)) {
            self.follow(branch, Some(sha));
        }
        Ok(())
    }

    /// The webhook tells it, if there is one.
    pub(super) fn tell(&mut self, event: Event) {
        if self.model.hooks.is_set() {
            let letter = self.letter(&event);
            self.state.outbox.push(letter);
        }
        // Also when there is nothing to tell yet: a check that was planned ends some day.
        self.model.hooks.wake();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
