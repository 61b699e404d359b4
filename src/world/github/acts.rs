//! What people do at GitHub while the bot is at work, and what can be seen there without asking by the wire: for the
//! world, its console and the tests.

use std::sync::PoisonError;

use serde_json::Value;

use super::GitHubModel;
use super::checks::Occasion;
use super::desk::{Desk, Push};
use super::merge::{Author, MergeMethod, NOBODY, Writing};
use super::pulls::{Fate, NotMerged, NotOpened, Review, Verdict, Wish};
use super::rules::{Merging, Rules};
use crate::world::ledger::Fault;

/// Who does what others do.
const TEAMMATE: &str = "Ana Duarte";

/// A pull request as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullView {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: String,
    /// The branch that it brings.
    pub branch: String,
    /// The commit that branch is at.
    pub head: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing yet.
    Open,
    /// It was closed and brought nothing.
    Closed,
    /// It became this commit of the main branch.
    Merged(String),
}

/// Files with their new texts.
pub type Files<'a> = &'a [(&'a str, &'a str)];

impl GitHubModel {
    /// Every new head of a branch, in order.
    pub fn pushes(&self) -> Vec<Push> {
        self.pushes_since(0)
    }

    /// The new heads from the one with this index on. Nobody has pushed to a repository that nobody has asked for.
    pub fn pushes_since(&self, index: usize) -> Vec<Push> {
        if self.is_asleep() {
            return Vec::new();
        }
        let pushes = self.desk().map(|desk| desk.state.pushes.get(index..).map(<[Push]>::to_vec));
        pushes.ok().flatten().unwrap_or_default()
    }

    /// Where a branch is.
    pub fn head(&self, branch: &str) -> Option<String> {
        self.desk().ok()?.state.branches.get(branch).cloned()
    }

    /// Every pull request, oldest first.
    pub fn pulls(&self) -> Vec<PullView> {
        let Ok(desk) = self.desk() else { return Vec::new() };
        let views = desk.state.pulls.values().map(|pull| PullView {
            number: pull.number,
            title: pull.title.clone(),
            body: pull.body.clone().unwrap_or_default(),
            branch: pull.branch.clone(),
            head: pull.head.clone(),
            outcome: match &pull.fate {
                Fate::Open => Outcome::Open,
                Fate::Closed { .. } => Outcome::Closed,
                Fate::Merged { sha, .. } => Outcome::Merged(sha.clone()),
            },
        });
        views.collect()
    }

    /// What was said on a pull request, oldest first.
    pub fn comments(&self, number: u64) -> Vec<String> {
        let Ok(desk) = self.desk() else { return Vec::new() };
        let pull = desk.state.pulls.get(&number);
        let said = pull.into_iter().flat_map(|pull| &pull.comments);
        said.map(|comment| comment.text.clone()).collect()
    }

    /// What the repository asks of pull requests.
    pub fn rules(&self) -> Rules {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks something else of them from now on.
    pub fn set_rules(&self, rules: Rules) {
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// The traps that change the rules.
    pub(super) fn tighten(&self, kind: &str) {
        let mut rules = self.rules();
        match kind {
            "review_required" => {
                (rules.approvals, rules.reviewers) = (1, vec!["lee".to_owned()]);
            }
            _ => rules.merging = Merging::Queue,
        }
        self.set_rules(rules);
    }

    /// The trap `teammate`.
    pub(super) fn teammate(&self, fault: &Fault) {
        let word = |name: &str| fault.with.get(name).and_then(Value::as_str);
        let open =
            || self.pulls().iter().rfind(|one| one.outcome == Outcome::Open).map(|one| one.number);
        let pull = || open().ok_or_else(|| "no pull request is open".to_owned());
        let done = match word("does").unwrap_or("merge") {
            "merge" => pull().and_then(|number| self.merge_by_other(number)).map(drop),
            "close" => pull().and_then(|number| self.close_by_other(number)),
            "force_push" => pull().and_then(|number| self.force_push(number)).map(drop),
            "approve" => pull().and_then(|number| self.approve(number, "lee")),
            "ask_for_changes" => pull().and_then(|number| self.ask_for_changes(number, "lee")),
            "push_main" => self.desk().and_then(|mut desk| desk.somebody_else_is_faster()),
            "change_same_lines" => {
                let sha = word("sha").map(str::to_owned).or_else(|| self.head("main"));
                self.change_same_lines(&sha.unwrap_or_default()).map(drop)
            }
            other => Err(format!("no teammate knows how to {other}")),
        };
        if let Err(why) = done {
            tracing::error!(why, "the modelled teammate could not do it");
        }
    }

    /// A teammate merges a pull request, whatever the gate says. Answers the commit.
    ///
    /// # Errors
    /// When it is not open, or both sides changed the same lines.
    pub fn merge_by_other(&self, number: u64) -> Result<String, String> {
        let mut desk = self.desk()?;
        let author = Author { name: TEAMMATE, at: desk.now };
        desk.merge(number, MergeMethod::Merge, author).map_err(|why| match why {
            NotMerged::NotOpen => format!("#{number} is not open"),
            NotMerged::Conflict => {
                format!("#{number} cannot be merged: both changed the same lines")
            }
            NotMerged::Git(why) => why,
        })
    }

    /// A teammate commits files to a branch, which is made where there is none. To the main branch they come by a pull
    /// request of their own that is merged at once. Answers the new head.
    ///
    /// # Errors
    /// When git does not take them.
    pub fn push_by_other(
        &self,
        branch: &str,
        files: Files<'_>,
        message: &str,
    ) -> Result<String, String> {
        self.desk()?.pushes(branch, files, message)
    }

    /// A teammate replaces the commits of an open pull request by one that says the same.
    ///
    /// # Errors
    /// When it is not open.
    pub fn force_push(&self, number: u64) -> Result<String, String> {
        let mut desk = self.desk()?;
        let pull = desk.state.pulls.get(&number).filter(|pull| pull.is_open());
        let pull = pull.ok_or_else(|| format!("#{number} is not open"))?.clone();
        let base = desk.main();
        let author = Author { name: TEAMMATE, at: desk.now };
        let made = desk.merge_commit(&pull, &base, MergeMethod::Squash, author);
        let sha = made.map_err(|_| format!("#{number} cannot be put on top of main"))?;
        desk.moves_branch(&pull.branch, &pull.head, &sha)?;
        Ok(sha)
    }

    /// A teammate closes a pull request.
    ///
    /// # Errors
    /// When there is no repository.
    pub fn close_by_other(&self, number: u64) -> Result<(), String> {
        self.desk()?.close(number);
        Ok(())
    }

    /// Somebody approves a pull request, by login.
    ///
    /// # Errors
    /// When there is no such pull request.
    pub fn approve(&self, number: u64, user: &str) -> Result<(), String> {
        self.desk()?.reviewed(number, user, Verdict::Approved)
    }

    /// Somebody asks for changes to a pull request, by login.
    ///
    /// # Errors
    /// When there is no such pull request.
    pub fn ask_for_changes(&self, number: u64, user: &str) -> Result<(), String> {
        self.desk()?.reviewed(number, user, Verdict::ChangesRequested)
    }

    /// Somebody presses "re-run all jobs" on a pull request.
    ///
    /// # Errors
    /// When there is no such pull request.
    pub fn run_checks_again(&self, number: u64) -> Result<(), String> {
        let mut desk = self.desk()?;
        let pull = desk.state.pulls.get(&number).cloned();
        let pull = pull.ok_or_else(|| format!("there is no #{number}"))?;
        let occasion = Occasion { sha: &pull.head, branch: &pull.branch, at: desk.now };
        desk.state.ci.plan_again(&occasion, desk.ledger);
        self.hooks.wake();
        Ok(())
    }

    /// A teammate changes, on the main branch, the very lines that a commit changed, so that reverting it conflicts.
    /// Answers their commit.
    ///
    /// # Errors
    /// When that commit changed no text file that was there before.
    pub fn change_same_lines(&self, sha: &str) -> Result<String, String> {
        let mut desk = self.desk()?;
        let repository = desk.repository();
        let changes = repository.changes(sha).map_err(|error| error.to_string())?;
        let modified: Vec<_> = changes.iter().filter(|change| change.letter == 'M').collect();
        let main = desk.main();
        let file = modified.first().and_then(|change| {
            let (_, bytes) = repository.file(&main, &change.path)?;
            Some((change.path.clone(), String::from_utf8(bytes).ok()?))
        });
        let (path, text) = file.ok_or_else(|| format!("{sha} changed no file that is there"))?;
        let text: String = text.lines().map(|line| format!("{line} // as agreed\n")).collect();
        desk.pushes("main", &[(&path, &text)], "Note what was agreed")
    }
}

impl GitHubModel {
    /// Whether a commit's checkout still counts in cents, which is what breaks it.
    pub fn breaks_checkout(&self, sha: &str) -> bool {
        let Ok(desk) = self.desk() else { return false };
        let file = desk.repository().file(sha, "src/checkout.ts");
        file.is_some_and(|(_, bytes)| String::from_utf8_lossy(&bytes).contains("reduce(cents"))
    }
}

impl Desk<'_> {
    fn reviewed(&mut self, number: u64, user: &str, verdict: Verdict) -> Result<(), String> {
        let at = self.now;
        let pull = self.state.pulls.get_mut(&number);
        let pull = pull.ok_or_else(|| format!("there is no #{number}"))?;
        let (user, sha) = (user.to_owned(), pull.head.clone());
        pull.asked.retain(|asked| *asked != user);
        pull.reviews.push(Review { user, sha, at, verdict });
        pull.updated = at;
        Ok(())
    }

    fn pushes(&mut self, branch: &str, files: Files<'_>, message: &str) -> Result<String, String> {
        if branch != "main" {
            return self.commits(branch, files, message);
        }
        let own = format!("ana-{}", self.state.next_number);
        self.commits(&own, files, message)?;
        let title = message.lines().next().unwrap_or_default().to_owned();
        let (author, body) = (TEAMMATE.to_owned(), None);
        let wish = Wish { title, body, author, branch: own, is_draft: false };
        let number = self.open(wish).map_err(|why| match why {
            NotOpened::Git(why) => why,
            NotOpened::NoSuchHead | NotOpened::Already | NotOpened::NothingBetween => {
                "these files are so already".to_owned()
            }
        })?;
        let author = Author { name: TEAMMATE, at: self.now };
        let merged = self.merge(number, MergeMethod::Squash, author);
        merged.map_err(|why| format!("{why:?}"))
    }

    fn commits(&mut self, branch: &str, files: Files<'_>, message: &str) -> Result<String, String> {
        let before = self.state.branches.get(branch).cloned();
        let parent = before.clone().unwrap_or_else(|| self.main());
        let author = Author { name: TEAMMATE, at: self.now };
        let writing = Writing { branch, parent: &parent, message, files, author };
        let sha = self.repository().write(&writing).map_err(|error| error.to_string())?;
        let from = before.unwrap_or_else(|| NOBODY.to_owned());
        self.is_at(branch, &from, &sha, TEAMMATE)?;
        Ok(sha)
    }

    fn moves_branch(&mut self, branch: &str, from: &str, to: &str) -> Result<(), String> {
        let moved = self.repository().move_branch(branch, from, to);
        moved.map_err(|error| error.to_string())?;
        self.is_at(branch, from, to, TEAMMATE)
    }

    fn is_at(&mut self, branch: &str, from: &str, to: &str, author: &str) -> Result<(), String> {
        let (subject, at) = (self.subject(to)?, self.now);
        let (name, sha, author) = (branch.to_owned(), to.to_owned(), author.to_owned());
        self.moved(from, Push { branch: name, sha, subject, author, at, number: None });
        self.follow(branch, Some(to));
        Ok(())
    }

    /// The trap `base_moved`: while the button is pressed, somebody else's change goes in.
    pub(super) fn somebody_else_is_faster(&mut self) -> Result<(), String> {
        let name = format!("docs/note-{}.md", self.state.next_number);
        self.pushes("main", &[(&name, "Opening hours changed.\n")], "Note the opening hours")?;
        Ok(())
    }
}
