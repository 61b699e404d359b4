//! The modelled forge: one repository that both services are built from. Main is a list of commits, a change comes to it
//! through a pull request with checks, reviews and rules. Owns what is really on main, and so what is really well; `asked` is
//! what the bot sees and orders of it.

mod asked;

use repoint::domain::change::Commit;
use repoint::domain::fix::{
    Check, CheckState, Culprit, Fits, Gate, Main, MainChecks, Need, Opened, Order, Outlook,
    PullRef, PullState, Queued, Reviews, Road, Shape, Subject, Trial,
};
use repoint::domain::time::{Span, Timestamp};
use repoint::domain::verification::Address;

use super::rng::Rng;

/// What a commit does to whoever runs it, as long as nothing takes it off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// Nothing bad.
    Well,
    /// Customers get errors.
    Ill,
    /// Customers get errors, and nobody else sees any.
    IllInProduction,
}

/// A commit of main.
#[derive(Clone, Debug)]
pub struct Landed {
    /// Its id.
    pub sha: String,
    /// The first line of its message.
    pub subject: String,
    /// The pull request that brought it.
    pull: Option<u64>,
    /// What it takes off main.
    takes_off: Vec<String>,
    own: Health,
    checks: MainChecks,
    /// Taking it back conflicts with what came later.
    conflicts: bool,
    /// When it came.
    pub at: Timestamp,
}

/// How a pull request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Merged(String),
    Closed,
}

/// A pull request.
#[derive(Clone, Debug)]
pub struct Pull {
    number: u64,
    branch: String,
    title: String,
    takes_off: Vec<String>,
    own: Health,
    opened_at: Timestamp,
    head: String,
    /// The head before the last force push, and when that was.
    before: Option<(String, Timestamp)>,
    checked_at: Timestamp,
    passes: bool,
    approved_at: Timestamp,
    queued: Option<(Timestamp, Timestamp)>,
    ended: Option<(Timestamp, End)>,
}

/// A call that takes effect later than its caller believes.
#[derive(Clone, Debug)]
pub enum Late {
    /// A revert that is opened.
    Open(Order),
    /// A merge.
    Merge(u64, String, Road),
    /// A merge that is not left to the forge any more.
    CallOff(u64),
}

/// The repository.
#[derive(Clone, Debug)]
pub struct Repo {
    main: Vec<Landed>,
    pulls: Vec<Pull>,
    late: Vec<(Timestamp, Late)>,
    road: Road,
    reviews: u32,
    rng: Rng,
    numbered: u64,
    /// How many commits of main somebody has taken to be built.
    built: usize,
}

fn number_as_sha(letter: char, number: u64) -> String {
    format!("{:0<40}", format!("{letter}{number:0>6}"))
}

/// The commit that a deployment of the first evening was built from.
pub fn first_commits(number: usize) -> String {
    number_as_sha('c', number as u64)
}

impl Repo {
    /// Five commits, of which the newest is bad; the third was, and the fourth mended it.
    pub fn new(seed: u64, dusk: Timestamp) -> Self {
        let mut rng = Rng::new(seed, 6);
        let road = if rng.in_thousand(300) { Road::Queue } else { Road::Direct };
        let reviews = u32::from(rng.in_thousand(500));
        let conflicts = rng.in_thousand(120);
        let bad = if rng.in_thousand(200) { Health::IllInProduction } else { Health::Ill };
        let landed = |number: usize| Landed {
            sha: first_commits(number),
            subject: format!("Change {number}"),
            pull: (number != 2).then_some(number as u64),
            takes_off: if number == 4 { vec![first_commits(3)] } else { Vec::new() },
            own: match number {
                3 => Health::Ill,
                5 => bad,
                _ => Health::Well,
            },
            checks: MainChecks::Green,
            conflicts: number == 5 && conflicts,
            at: dusk - Span::minutes(60),
        };
        let main: Vec<_> = (1..=5).map(landed).collect();
        let (pulls, late, built) = (Vec::new(), Vec::new(), main.len());
        Self { main, pulls, late, road, reviews, rng, numbered: 100, built }
    }

    // -----------------------------------------------------------------------------------------------------------------
    // What is really so

    fn active(&self, upto: usize) -> Vec<bool> {
        let mut active = vec![false; upto];
        for index in 0..upto {
            active[index] = true;
            self.set(&mut active, index, false);
        }
        active
    }

    /// What a commit takes off is gone with it; what that took off comes back.
    fn set(&self, active: &mut [bool], of: usize, to: bool) {
        for sha in &self.main[of].takes_off {
            let Some(index) = self.index(sha).filter(|index| *index < of) else { continue };
            active[index] = to;
            self.set(active, index, !to);
        }
    }

    fn index(&self, sha: &str) -> Option<usize> {
        self.main.iter().position(|one| one.sha == sha)
    }

    /// Whether what is built from a commit serves well at an address.
    pub fn is_well(&self, sha: Option<&str>, address: Address) -> bool {
        let Some(index) = sha.and_then(|sha| self.index(sha)) else { return true };
        let active = self.active(index + 1);
        self.main.iter().zip(active).all(|(one, is_active)| match one.own {
            Health::Well => true,
            Health::Ill => !is_active,
            Health::IllInProduction => !is_active || address == Address::Own,
        })
    }

    /// Whether a commit has another in its history.
    pub fn contains(&self, commit: &str, ancestor: &str) -> Option<bool> {
        Some(self.index(ancestor)? <= self.index(commit)?)
    }

    /// Commits of main that are still to be built.
    pub fn take_unbuilt(&mut self) -> Vec<Landed> {
        let fresh = self.main[self.built..].to_vec();
        self.built = self.main.len();
        fresh
    }

    /// How long a build takes, and whether it works.
    pub fn build_lasts(&mut self) -> (Span, bool) {
        (Span(self.rng.ms(4_000, 50_000)), !self.rng.in_thousand(80))
    }

    /// A branch of ours that has more than one pull request.
    pub fn doubled(&self) -> Option<&str> {
        let mut ours = self.pulls.iter().filter(|pull| pull.branch.starts_with("repoint/"));
        let mut seen = std::collections::BTreeSet::new();
        ours.find(|pull| !seen.insert(&pull.branch)).map(|pull| pull.branch.as_str())
    }

    /// Open pull requests.
    pub fn open_pulls(&self) -> Vec<u64> {
        self.pulls.iter().filter(|pull| pull.ended.is_none()).map(|pull| pull.number).collect()
    }

    // -----------------------------------------------------------------------------------------------------------------
    // Time and people

    /// Lets everything happen that is due.
    pub fn tick(&mut self, now: Timestamp) {
        let due: Vec<_> = self.late.iter().filter(|(at, _)| *at <= now).cloned().collect();
        self.late.retain(|(at, _)| *at > now);
        for (at, late) in due {
            match late {
                // No forge has two open pull requests of one branch.
                Late::Open(order) => drop(self.open(&order, at)),
                Late::Merge(number, head, road) => drop(self.merge(number, &head, road, at)),
                Late::CallOff(number) => self.call_off(number),
            }
        }
        for index in 0..self.pulls.len() {
            let pull = &self.pulls[index];
            if let (Some((_, until)), None) = (pull.queued, &pull.ended)
                && until <= now
            {
                self.land(index, until);
            }
        }
    }

    /// A call takes effect later.
    pub fn later(&mut self, at: Timestamp, late: Late) {
        self.late.push((at, late));
    }

    /// A teammate's change comes to main.
    pub fn push(&mut self, now: Timestamp) {
        self.numbered += 1;
        let number = self.numbered;
        let own = if self.rng.in_thousand(200) { Health::Ill } else { Health::Well };
        let is_red = own == Health::Ill && self.rng.in_thousand(400);
        self.main.push(Landed {
            sha: number_as_sha('c', number),
            subject: format!("Change {number}"),
            pull: None,
            takes_off: Vec::new(),
            own,
            checks: if is_red { MainChecks::Red } else { MainChecks::Green },
            conflicts: false,
            at: now,
        });
    }

    /// A teammate opens a pull request that mends what is bad.
    pub fn open_forward_fix(&mut self, now: Timestamp) -> u64 {
        let active = self.active(self.main.len());
        let bad = self.main.iter().zip(active).filter(|(one, on)| *on && one.own != Health::Well);
        let takes_off = bad.map(|(one, _)| one.sha.clone()).collect();
        self.add_pull("mend-it".to_owned(), "Mend it".to_owned(), takes_off, now)
    }

    /// A teammate closes a pull request.
    pub fn close(&mut self, number: u64, now: Timestamp) {
        if let Some(pull) = self.open_pull(number) {
            pull.ended = Some((now, End::Closed));
        }
    }

    /// A teammate pushes something else to a pull request's branch.
    pub fn force_push(&mut self, number: u64, now: Timestamp) {
        self.numbered += 1;
        let head = number_as_sha('d', self.numbered);
        let (checked_at, approved_at) =
            (now + Span(self.rng.ms(2_000, 40_000)), now + Span(self.rng.ms(1_000, 60_000)));
        if let Some(pull) = self.open_pull(number) {
            pull.before = Some((std::mem::replace(&mut pull.head, head), now));
            (pull.checked_at, pull.approved_at, pull.queued) = (checked_at, approved_at, None);
        }
    }

    /// A teammate merges a pull request, whatever its gate says.
    pub fn merge_by_hand(&mut self, number: u64, now: Timestamp) {
        let index = self.pulls.iter().position(|pull| pull.number == number);
        if let Some(index) = index.filter(|index| self.pulls[*index].ended.is_none()) {
            self.land(index, now);
        }
    }

    fn open_pull(&mut self, number: u64) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number == number && pull.ended.is_none())
    }

    fn land(&mut self, index: usize, at: Timestamp) {
        self.numbered += 1;
        let sha = number_as_sha('c', self.numbered);
        let pull = &mut self.pulls[index];
        pull.ended = Some((at, End::Merged(sha.clone())));
        let (subject, takes_off) = (pull.title.clone(), pull.takes_off.clone());
        let (own, number) = (pull.own, pull.number);
        self.main.push(Landed {
            sha,
            subject,
            pull: Some(number),
            takes_off,
            own,
            checks: MainChecks::Green,
            conflicts: false,
            at,
        });
    }

    fn add_pull(
        &mut self,
        branch: String,
        title: String,
        takes_off: Vec<String>,
        now: Timestamp,
    ) -> u64 {
        self.numbered += 1;
        let number = self.numbered;
        let own = match self.rng.below(10) {
            0 => Health::IllInProduction,
            1 => Health::Ill,
            _ => Health::Well,
        };
        self.pulls.push(Pull {
            number,
            branch,
            title,
            takes_off,
            own,
            opened_at: now,
            head: number_as_sha('d', number),
            before: None,
            checked_at: now + Span(self.rng.ms(1_000, 40_000)),
            passes: !self.rng.in_thousand(80),
            approved_at: now + Span(self.rng.ms(1_000, 60_000)),
            queued: None,
            ended: None,
        });
        number
    }
}
