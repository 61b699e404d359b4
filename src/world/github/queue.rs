//! What GitHub does by itself once its time has come: auto-merge and the merge queue. Nothing runs in the background;
//! what came due is carried out when somebody looks, with the time at which it was due.

use super::checks::{Occasion, Told};
use super::desk::Desk;
use super::hooks::Event;
use super::merge::{Author, MergeMethod};
use super::pulls::{AutoMerge, NotMerged, Pull, Queued};
use super::rules::Merging;
use crate::domain::time::Timestamp;

/// Who merges what GitHub merges by itself.
const BY_ITSELF: &str = "GitHub";

/// Something that is due for a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Timestamp,
    number: u64,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    /// Auto-merge: it is ready.
    Merge,
    /// The queue's checks are green.
    Land,
    /// The queue's checks are red.
    Drop,
}

impl Desk<'_> {
    /// Carries out what is due, oldest first.
    pub(super) fn settle(&mut self) {
        while let Some(due) = self.due() {
            let Some(pull) = self.state.pulls.get(&due.number).cloned() else { break };
            match due.act {
                Act::Merge => self.merge_by_itself(&pull, due.at),
                Act::Land => self.land(&pull, due.at),
                Act::Drop => self.leave_queue(pull.number, due.at),
            }
        }
        self.tell_of_checks();
    }

    fn due(&self) -> Option<Due> {
        let of = |pull: &Pull| self.due_queue(pull).or_else(|| self.due_merge(pull));
        self.state.pulls.values().filter(|pull| pull.is_open()).filter_map(of).min()
    }

    fn due_merge(&self, pull: &Pull) -> Option<Due> {
        let wanted = pull.auto_merge.as_ref().filter(|_| pull.queued.is_none())?;
        let ready = pull.ready_since(&self.state.ci, &self.rules, self.now)?;
        let is_possible = self.is_mergeable(&self.main(), &pull.head).unwrap_or_default()
            && !self.is_behind(pull).unwrap_or(true);
        let due = Due { at: ready.max(wanted.at), number: pull.number, act: Act::Merge };
        is_possible.then_some(due)
    }

    fn due_queue(&self, pull: &Pull) -> Option<Due> {
        let queued = pull.queued.as_ref()?;
        let (ci, required, number) = (&self.state.ci, &self.rules.required, pull.number);
        if ci.is_red(&queued.sha, required, self.now) {
            return Some(Due { at: self.now, number, act: Act::Drop });
        }
        let green = ci.green_since(&queued.sha, required, self.now)?;
        Some(Due { at: green.max(queued.at), number, act: Act::Land })
    }

    fn merge_by_itself(&mut self, pull: &Pull, at: Timestamp) {
        let method = pull.auto_merge.as_ref().map_or(MergeMethod::Merge, |one| one.method);
        let author = Author { name: BY_ITSELF, at };
        let done = match self.rules.merging {
            Merging::Queue => self.enqueue_at(pull.number, at),
            Merging::ByHand | Merging::Automatic => {
                self.merge(pull.number, method, author).map(drop)
            }
        };
        if done.is_err() {
            self.forget_auto_merge(pull.number);
        }
    }

    fn forget_auto_merge(&mut self, number: u64) {
        if let Some(pull) = self.state.pulls.get_mut(&number) {
            pull.auto_merge = None;
        }
    }

    /// The queue is through with it: main becomes the commit that was tested, unless main has moved; then it is tested
    /// again.
    fn land(&mut self, pull: &Pull, at: Timestamp) {
        let Some(queued) = &pull.queued else { return };
        let main = self.main();
        let author = Author { name: BY_ITSELF, at };
        let done = if queued.base == main {
            self.take(pull, &main, &queued.sha, author)
        } else {
            self.enqueue_at(pull.number, at)
        };
        if done.is_err() {
            self.leave_queue(pull.number, at);
        }
    }

    fn leave_queue(&mut self, number: u64, at: Timestamp) {
        if let Some(pull) = self.state.pulls.get_mut(&number) {
            (pull.queued, pull.auto_merge, pull.updated) = (None, None, at);
        }
        self.tell(Event::Pull { number, action: "dequeued", at });
    }

    /// Merge once everything is green.
    pub(super) fn merge_when_ready(&mut self, number: u64, method: MergeMethod) {
        let at = self.now;
        if let Some(pull) = self.state.pulls.get_mut(&number) {
            pull.auto_merge = Some(AutoMerge { method, at });
        }
        self.tell(Event::Pull { number, action: "auto_merge_enabled", at });
    }

    /// Merge it no longer by itself.
    pub(super) fn merge_by_hand(&mut self, number: u64) {
        self.forget_auto_merge(number);
        self.tell(Event::Pull { number, action: "auto_merge_disabled", at: self.now });
    }

    /// Puts it into the queue: its merge with the main branch is made and looked at by CI.
    pub(super) fn enqueue(&mut self, number: u64) -> Result<(), NotMerged> {
        self.enqueue_at(number, self.now)
    }

    fn enqueue_at(&mut self, number: u64, at: Timestamp) -> Result<(), NotMerged> {
        let pull = self.state.pulls.get(&number).filter(|pull| pull.is_open());
        let pull = pull.ok_or(NotMerged::NotOpen)?.clone();
        let base = self.main();
        let author = Author { name: BY_ITSELF, at };
        let sha = self.merge_commit(&pull, &base, MergeMethod::Merge, author)?;
        let branch = format!("gh-readonly-queue/main/pr-{number}-{base}");
        let occasion = Occasion { sha: &sha, branch: &branch, at };
        self.state.ci.plan_again(&occasion, self.ledger);
        if let Some(pull) = self.state.pulls.get_mut(&number) {
            pull.queued = Some(Queued { at, base, sha });
        }
        self.tell(Event::Pull { number, action: "enqueued", at });
        Ok(())
    }

    /// What the webhook has to say about checks by now.
    fn tell_of_checks(&mut self) {
        let now = self.now;
        let mut news = Vec::new();
        for run in &mut self.state.ci.runs {
            let stages = [(Told::Created, "created"), (Told::Completed, "completed")];
            for (told, action) in stages {
                let due = run.next_change().filter(|due| *due <= now && run.told < told);
                if let Some(at) = due {
                    run.told = told;
                    news.push(Event::Check { run: run.clone(), action, at });
                }
            }
        }
        if !news.is_empty() {
            for event in news {
                self.tell(event);
            }
            self.state.outbox.sort_by_key(|letter| letter.at);
        }
    }

    /// When something happens by itself next, for who has to be told of it.
    pub(super) fn next_change(&self) -> Option<Timestamp> {
        let runs = self.state.ci.runs.iter();
        runs.filter_map(|run| run.next_change()).min()
    }
}
