//! What the bot asks of the modelled forge, and what it orders.

use super::*;

impl Repo {
    fn culprit(&self, subject: &Subject) -> Option<usize> {
        let found = |sha: &str| self.main.iter().position(|one| one.sha.starts_with(sha));
        match subject {
            Subject::Commit(sha) => found(sha),
            Subject::Pull(number) => self.main.iter().position(|one| one.pull == Some(*number)),
            Subject::Range { base, head } => {
                let (base, head) = (found(base)?, found(head)?);
                (base < head).then_some(head)
            }
        }
    }

    fn outlook(&self, culprit: usize) -> Outlook {
        if !self.active(self.main.len())[culprit] {
            Outlook::AlreadyGone
        } else if self.main[culprit].conflicts {
            Outlook::Conflicts { files: vec!["cart.ts".to_owned()] }
        } else {
            Outlook::Clean { files: vec!["cart.ts".to_owned()] }
        }
    }

    /// A revert, tried out; `None`: there is no such change.
    pub fn try_revert(&self, subject: &Subject) -> Option<Trial> {
        let index = self.culprit(subject)?;
        let bad = &self.main[index];
        let title = bad.subject.clone();
        Some(Trial {
            culprit: Culprit {
                head: Commit { sha: bad.sha.clone(), subject: bad.subject.clone() },
                base: self.main[index.saturating_sub(1)].sha.clone(),
                shape: Shape::Single,
                commits: 1,
                pull: bad.pull.map(|number| repoint::domain::change::PullRequest { number, title }),
            },
            onto: self.newest().sha.clone(),
            outlook: self.outlook(index),
            later: Vec::new(),
            later_count: 0,
            brings_back: None,
            beyond: Vec::new(),
        })
    }

    /// A revert, opened. A forge that finds the branch's pull request does not open another one.
    pub fn open(&mut self, order: &Order, now: Timestamp) -> Option<Opened> {
        match self.pull_of(&order.branch, now) {
            Some(pull) => Some(Opened::Pull(pull)),
            None => self.make(order, now),
        }
    }

    fn make(&mut self, order: &Order, now: Timestamp) -> Option<Opened> {
        let index = self.culprit(&order.subject)?;
        Some(match self.outlook(index) {
            Outlook::AlreadyGone => Opened::AlreadyGone,
            Outlook::Conflicts { files } => {
                Opened::Prepared { branch: order.branch.clone(), files }
            }
            // Here nobody is without git.
            Outlook::Clean { .. } | Outlook::Unknown { .. } => {
                let takes_off = vec![self.main[index].sha.clone()];
                let number =
                    self.add_pull(order.branch.clone(), order.title.clone(), takes_off, now);
                Opened::Pull(pull_ref(number, &order.title))
            }
        })
    }

    /// The newest pull request of a branch, as it was at a time.
    pub fn pull_of(&self, branch: &str, at: Timestamp) -> Option<PullRef> {
        let of_branch = self.pulls.iter().rev().find(|one| one.branch == branch);
        of_branch.filter(|one| one.opened_at <= at).map(|one| pull_ref(one.number, &one.title))
    }

    /// A pull request's gate, as it was at a time.
    pub fn gate(&self, number: u64, at: Timestamp) -> Option<Gate> {
        let pull = self.pulls.iter().find(|one| one.number == number && one.opened_at <= at)?;
        let state = match &pull.ended {
            Some((when, End::Merged(sha))) if *when <= at => PullState::Merged { sha: sha.clone() },
            Some((when, End::Closed)) if *when <= at => PullState::Closed,
            Some(_) | None => PullState::Open,
        };
        let earlier = pull.before.as_ref().filter(|(_, pushed_at)| *pushed_at > at);
        let is_done = earlier.is_some() || pull.checked_at <= at;
        let tested = match (is_done, pull.passes) {
            (false, _) => CheckState::Running,
            (true, true) => CheckState::Passed,
            (true, false) => CheckState::Failed,
        };
        let check = |name: &str, state, need| Check { name: name.to_owned(), state, need };
        let is_approved = earlier.is_some() || pull.approved_at <= at;
        let is_queued = pull.queued.is_some_and(|(since, _)| since <= at);
        Some(Gate {
            state,
            head: earlier.map_or(&pull.head, |(head, _)| head).clone(),
            title: pull.title.clone(),
            url: format!("https://github.com/acme/shop/pull/{number}"),
            checks: vec![
                check("lint", CheckState::Failed, Need::Optional),
                check("test", tested, Need::Required),
            ],
            unreadable: None,
            reviews: Reviews {
                needed: self.reviews,
                approved: u32::from(is_approved),
                ..Reviews::default()
            },
            fits: Fits::Yes,
            road: self.road,
            queued: if is_queued { Queued::Yes } else { Queued::No },
        })
    }

    /// Merges a pull request at exactly this head, or says why not.
    pub fn merge(
        &mut self,
        number: u64,
        head: &str,
        road: Road,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let gate = self.gate(number, now).ok_or("no such pull request")?;
        if gate.state != PullState::Open {
            return Err("it is not open");
        }
        if gate.head != head {
            return Err("head branch was modified");
        }
        if repoint::domain::fix::g8_judge(&gate) != repoint::domain::fix::GateVerdict::Green {
            return Err("required checks have not passed");
        }
        let Some(index) = self.pulls.iter().position(|one| one.number == number) else {
            return Err("no such pull request");
        };
        match road {
            // What is green is merged at once, also where it could have been left to the forge.
            Road::Direct | Road::Auto => self.land(index, now),
            Road::Queue => {
                let until = now + Span(self.rng.ms(3_000, 40_000));
                self.pulls[index].queued = Some((now, until));
            }
        }
        Ok(())
    }

    /// Lets a pull request no longer be merged by the forge itself.
    pub fn call_off(&mut self, number: u64) {
        if let Some(pull) = self.pulls.iter_mut().find(|pull| pull.number == number) {
            pull.queued = None;
        }
    }

    fn newest(&self) -> &Landed {
        &self.main[self.main.len() - 1]
    }

    /// Main, and what came to it after a commit.
    pub fn main(&self, since: &str) -> Main {
        let commit = |one: &Landed| Commit { sha: one.sha.clone(), subject: one.subject.clone() };
        let from = self.index(since).map_or(self.main.len(), |index| index + 1);
        let newer = &self.main[from..];
        Main {
            head: commit(self.newest()),
            checks: self.newest().checks,
            since: newer.iter().rev().take(5).map(commit).collect(),
            since_count: u32::try_from(newer.len()).unwrap_or(u32::MAX),
        }
    }
}

fn pull_ref(number: u64, title: &str) -> PullRef {
    let url = format!("https://github.com/acme/shop/pull/{number}");
    PullRef { number, title: title.to_owned(), url }
}
