//! Pull requests: how one is opened, what becomes of it, and whether GitHub would merge it.
//!
//! ```text
//! open ──▶ merged            by a call, a teammate, auto-merge or the queue (`queue.rs`)
//!   └────▶ closed ──▶ open   and a push to its branch brings a new head, whose checks start anew
//! ```

use std::collections::BTreeMap;

use super::checks::{Ci, Occasion};
use super::desk::{Desk, Push};
use super::hooks::Event;
use super::merge::{Author, MergeMethod, Merging, NOBODY};
use super::repository::Comparison;
use super::{BOT, rules};
use crate::domain::time::Timestamp;

/// A pull request.
#[derive(Clone, Debug)]
pub(super) struct Pull {
    pub(super) number: u64,
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) author: String,
    pub(super) branch: String,
    pub(super) head: String,
    /// Where the main branch was when the head was last pushed.
    pub(super) base: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) fate: Fate,
    pub(super) is_draft: bool,
    /// What it brings, oldest first.
    pub(super) commits: Vec<String>,
    pub(super) size: Size,
    pub(super) reviews: Vec<Review>,
    /// Who was asked for a review and has given none, by login.
    pub(super) asked: Vec<String>,
    pub(super) comments: Vec<Comment>,
    pub(super) auto_merge: Option<AutoMerge>,
    pub(super) queued: Option<Queued>,
}

/// What became of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Closed { at: Timestamp },
    Merged { at: Timestamp, by: String, sha: String },
}

/// How much a pull request changes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    pub(super) additions: u64,
    pub(super) deletions: u64,
    pub(super) files: usize,
}

/// What somebody thinks of a pull request.
#[derive(Clone, Debug)]
pub(super) struct Review {
    pub(super) user: String,
    pub(super) sha: String,
    pub(super) at: Timestamp,
    pub(super) verdict: Verdict,
}

/// What somebody said on a pull request.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    pub(super) id: u64,
    pub(super) text: String,
    pub(super) at: Timestamp,
}

/// What a review says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Approved,
    ChangesRequested,
}

/// GitHub is to merge it once everything is green.
#[derive(Clone, Debug)]
pub(super) struct AutoMerge {
    pub(super) method: MergeMethod,
    pub(super) at: Timestamp,
}

/// It stands in the merge queue, as this commit on top of that base.
#[derive(Clone, Debug)]
pub(super) struct Queued {
    pub(super) at: Timestamp,
    pub(super) base: String,
    pub(super) sha: String,
}

/// A pull request that somebody wants to open.
pub(super) struct Wish {
    pub(super) title: String,
    pub(super) body: Option<String>,
    pub(super) author: String,
    pub(super) branch: String,
    pub(super) is_draft: bool,
}

/// Why a pull request cannot be opened.
pub(super) enum NotOpened {
    NoSuchHead,
    Already,
    NothingBetween,
    Git(String),
}

/// Why a pull request cannot be merged.
#[derive(Debug)]
pub(super) enum NotMerged {
    NotOpen,
    Conflict,
    Git(String),
}

/// What GitHub says of an open pull request.
pub(super) struct Standing {
    /// Whether git could merge it.
    pub(super) is_mergeable: bool,
    /// GitHub's word for what the button would do.
    pub(super) word: &'static str,
}

/// GitHub's sentence for a revert that it cannot make.
const NOT_REVERTED: &str = "Sorry, this pull request couldn't be reverted automatically. It may have already been \
                            reverted, or the content may have changed since it was merged.";

impl Pull {
    pub(super) fn is_open(&self) -> bool {
        self.fate == Fate::Open
    }

    /// Where it is known by GraphQL.
    pub(super) fn node_id(&self) -> String {
        format!("PR_kwDO{}", self.number)
    }

    fn brings(&mut self, found: &Comparison) {
        self.commits = found.commits.iter().map(|row| row.sha.clone()).collect();
        self.size = Size {
            additions: found.files.iter().map(|file| file.additions).sum(),
            deletions: found.files.iter().map(|file| file.deletions).sum(),
            files: found.files.len(),
        };
    }

    /// Whether enough people approved and nobody is against it. Of each the last word counts.
    pub(super) fn is_approved(&self, rules: &rules::Rules) -> bool {
        let last: BTreeMap<&str, Verdict> =
            self.reviews.iter().map(|one| (one.user.as_str(), one.verdict)).collect();
        let (against, approved): (Vec<Verdict>, Vec<Verdict>) =
            last.into_values().partition(|verdict| *verdict == Verdict::ChangesRequested);
        // Where no review is asked for, nobody's review counts.
        rules.approvals == 0 || (against.is_empty() && approved.len() as u64 >= rules.approvals)
    }

    /// When all that the rules ask for was there; nothing while it is not.
    pub(super) fn ready_since(
        &self,
        ci: &Ci,
        rules: &rules::Rules,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let green = ci.green_since(&self.head, &rules.required, now)?;
        let approved = self.reviews.iter().map(|review| review.at).max().unwrap_or_default();
        let is_ready = self.is_open() && !self.is_draft && self.is_approved(rules);
        is_ready.then_some(green.max(approved).max(self.created))
    }
}

impl Desk<'_> {
    /// Opens a pull request, and lets CI look at its head.
    pub(super) fn open(&mut self, wish: Wish) -> Result<u64, NotOpened> {
        let Some(head) = self.state.branches.get(&wish.branch).cloned() else {
            return Err(NotOpened::NoSuchHead);
        };
        if self.open_pull_of(&wish.branch).is_some() {
            return Err(NotOpened::Already);
        }
        let base = self.main();
        let found = self.compared(&base, &head).map_err(NotOpened::Git)?;
        if found.ahead == 0 {
            return Err(NotOpened::NothingBetween);
        }
        let number = self.state.next_number;
        self.state.next_number += 1;
        let mut pull = Pull {
            number,
            title: wish.title,
            body: wish.body,
            author: wish.author,
            branch: wish.branch,
            head,
            base,
            created: self.now,
            updated: self.now,
            fate: Fate::Open,
            is_draft: wish.is_draft,
            commits: Vec::new(),
            size: Size::default(),
            reviews: Vec::new(),
            asked: self.rules.reviewers.clone(),
            comments: Vec::new(),
            auto_merge: None,
            queued: None,
        };
        pull.brings(&found);
        self.let_ci_look(&pull.head, &pull.branch, self.now);
        self.state.pulls.insert(number, pull);
        self.tell(Event::Pull { number, action: "opened", at: self.now });
        Ok(number)
    }

    /// The open pull request of a branch.
    pub(super) fn open_pull_of(&self, branch: &str) -> Option<u64> {
        let mut open = self.state.pulls.values().filter(|pull| pull.is_open());
        open.find(|pull| pull.branch == branch).map(|pull| pull.number)
    }

    /// CI looks at a commit that has not been looked at.
    pub(super) fn let_ci_look(&mut self, sha: &str, branch: &str, at: Timestamp) {
        let occasion = Occasion { sha, branch, at };
        self.state.ci.plan(&occasion, self.ledger);
    }

    /// Somebody pushed: the open pull request of that branch has a new head, or none any more.
    pub(super) fn follow(&mut self, branch: &str, head: Option<&str>) {
        let Some(number) = self.open_pull_of(branch) else { return };
        let base = self.main();
        let found = head.and_then(|head| self.compared(&base, head).ok());
        let brings = found.filter(|found| found.ahead > 0);
        let (Some(head), Some(found)) = (head, brings) else { return self.close(number) };
        let now = self.now;
        if let Some(pull) = self.state.pulls.get_mut(&number) {
            (pull.head, pull.base, pull.updated) = (head.to_owned(), base, now);
            // What the queue tested is not what is there now.
            pull.queued = None;
            pull.brings(&found);
        }
        self.let_ci_look(head, branch, now);
        self.tell(Event::Pull { number, action: "synchronize", at: now });
    }

    /// Closes an open pull request without merging it.
    pub(super) fn close(&mut self, number: u64) {
        let at = self.now;
        let Some(pull) = self.state.pulls.get_mut(&number).filter(|pull| pull.is_open()) else {
            return;
        };
        pull.fate = Fate::Closed { at };
        (pull.updated, pull.auto_merge, pull.queued) = (at, None, None);
        self.tell(Event::Pull { number, action: "closed", at });
    }

    /// Opens a closed one again.
    pub(super) fn reopen(&mut self, number: u64) {
        let at = self.now;
        let Some(pull) = self.state.pulls.get_mut(&number) else { return };
        if matches!(pull.fate, Fate::Closed { .. }) {
            (pull.fate, pull.updated) = (Fate::Open, at);
            self.tell(Event::Pull { number, action: "reopened", at });
        }
    }

    /// GitHub takes a merged pull request back: a branch of its own, and a pull request of it. Answers its number, or
    /// GitHub's sentence.
    pub(super) fn revert(
        &mut self,
        pull: &Pull,
        title: Option<String>,
        body: Option<String>,
    ) -> Result<u64, String> {
        let Fate::Merged { sha, .. } = &pull.fate else {
            return Err("Pull request is not merged".to_owned());
        };
        let branch = format!("revert-{}-{}", pull.number, pull.branch);
        if self.state.branches.contains_key(&branch) {
            return Err(format!("A branch named {branch} already exists"));
        }
        let (base, author) = (self.main(), Author { name: BOT, at: self.now });
        let own = format!("Revert \"{}\"", pull.title);
        let message = format!("{own}\n\nThis reverts commit {sha}.\n");
        let git = |error: anyhow::Error| error.to_string();
        let made = self.repository().revert(&base, sha, &message, author).map_err(git)?;
        let made = made.ok_or_else(|| NOT_REVERTED.to_owned())?;
        self.repository().move_branch(&branch, "", &made).map_err(git)?;
        let (at, author, subject) = (self.now, BOT.to_owned(), own.clone());
        let push = Push { branch: branch.clone(), sha: made, subject, author, at, number: None };
        self.moved(NOBODY, push);
        let title = title.unwrap_or(own);
        let wish = Wish { title, body, author: BOT.to_owned(), branch, is_draft: false };
        self.open(wish).map_err(|_| NOT_REVERTED.to_owned())
    }

    /// Whether GitHub would merge it now.
    pub(super) fn standing(&self, pull: &Pull) -> Result<Standing, String> {
        let is_mergeable = self.is_mergeable(&self.main(), &pull.head)?;
        let (ci, rules) = (&self.state.ci, &self.rules);
        let word = match () {
            () if pull.is_draft => "draft",
            () if !is_mergeable => "dirty",
            () if pull.ready_since(ci, rules, self.now).is_none() => "blocked",
            () if self.is_behind(pull)? => "behind",
            () => "clean",
        };
        Ok(Standing { is_mergeable, word })
    }

    /// Whether it lacks something that the main branch holds, where that matters.
    pub(super) fn is_behind(&self, pull: &Pull) -> Result<bool, String> {
        let behind = || self.compared(&self.main(), &pull.head).map(|found| found.behind > 0);
        if self.rules.is_strict { behind() } else { Ok(false) }
    }

    /// Merges a pull request in git and moves the main branch. The gate was asked before, or somebody went around it.
    pub(super) fn merge(
        &mut self,
        number: u64,
        method: MergeMethod,
        author: Author<'_>,
    ) -> Result<String, NotMerged> {
        let pull = self.state.pulls.get(&number).filter(|pull| pull.is_open());
        let pull = pull.ok_or(NotMerged::NotOpen)?.clone();
        let base = self.main();
        let made = self.merge_commit(&pull, &base, method, author)?;
        self.take(&pull, &base, &made, author)?;
        Ok(made)
    }

    /// The commits of a merge; no branch moves.
    pub(super) fn merge_commit(
        &self,
        pull: &Pull,
        base: &str,
        method: MergeMethod,
        author: Author<'_>,
    ) -> Result<String, NotMerged> {
        let Pull { number, title, branch, head, .. } = pull;
        let message = match method {
            MergeMethod::Merge => {
                format!("Merge pull request #{number} from demo/{branch}\n\n{title}\n")
            }
            MergeMethod::Squash | MergeMethod::Rebase => format!("{title} (#{number})\n"),
        };
        let merging = Merging { base, head, method, message: &message, author };
        let made = self.repository().merge(&merging);
        made.map_err(|error| NotMerged::Git(error.to_string()))?.ok_or(NotMerged::Conflict)
    }

    /// The main branch goes from one commit to another, and the pull request is merged by that.
    pub(super) fn take(
        &mut self,
        pull: &Pull,
        from: &str,
        to: &str,
        author: Author<'_>,
    ) -> Result<(), NotMerged> {
        let git = |error: anyhow::Error| NotMerged::Git(error.to_string());
        self.repository().move_branch("main", from, to).map_err(git)?;
        let Author { name, at } = author;
        if let Some(pull) = self.state.pulls.get_mut(&pull.number) {
            pull.fate = Fate::Merged { at, by: name.to_owned(), sha: to.to_owned() };
            (pull.updated, pull.auto_merge, pull.queued) = (at, None, None);
        }
        let subject = self.subject(to).map_err(NotMerged::Git)?;
        let (number, author) = (Some(pull.number), name.to_owned());
        let (branch, sha) = ("main".to_owned(), to.to_owned());
        self.tell(Event::Pull { number: pull.number, action: "closed", at });
        self.moved(from, Push { branch, sha, subject, author, at, number });
        Ok(())
    }
}
