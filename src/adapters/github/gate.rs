//! A pull request with everything that its repository demands, put together from GitHub's answers. Pure: what is read
//! is read in `forge`. When in doubt, something is not green.

use std::collections::BTreeMap;

use super::demands::Demands;
use super::wire::WholePull;
use super::wire_gate::{CheckRun, Review, Status};
use crate::domain::fix::{
    Check, CheckState, Fits, Gate, GateVerdict, MainChecks, Need, PullState, Queued, Reviews, Road,
    g8_judge,
};

/// What somebody reported of a commit.
#[derive(Clone, Debug)]
pub(super) struct Report {
    name: String,
    /// The app that reported it; plain statuses do not tell.
    app: Option<i64>,
    state: CheckState,
}

/// Who may approve, by what GitHub says that they are to the repository.
const APPROVERS: [&str; 3] = ["OWNER", "MEMBER", "COLLABORATOR"];

impl From<CheckRun> for Report {
    fn from(run: CheckRun) -> Self {
        let state = match (run.status.as_str(), run.conclusion.as_deref()) {
            ("completed", Some("success")) => CheckState::Passed,
            ("completed", Some("neutral" | "skipped")) => CheckState::Skipped,
            ("completed", _) => CheckState::Failed,
            ("in_progress", _) => CheckState::Running,
            _ => CheckState::Queued,
        };
        Self { name: run.name, app: run.app.map(|app| app.id), state }
    }
}

impl From<Status> for Report {
    fn from(status: Status) -> Self {
        let state = match status.state.as_str() {
            "success" => CheckState::Passed,
            "pending" => CheckState::Running,
            _ => CheckState::Failed,
        };
        Self { name: status.context, app: None, state }
    }
}

/// What a pull request's own page tells: enough for one that is no longer open.
pub(super) fn front(pull: &WholePull, main: &str) -> Gate {
    let is_ours = pull.base.r#ref == main;
    let state = match (&pull.merged_at, &pull.merge_commit_sha) {
        (Some(_), Some(sha)) if is_ours => PullState::Merged { sha: sha.clone() },
        // What went to another branch does not come to main.
        _ if pull.state == "closed" => PullState::Closed,
        _ => PullState::Open,
    };
    let elsewhere = format!("it goes to {} and not to {main}", pull.base.r#ref);
    Gate {
        state,
        head: pull.head.sha.clone(),
        title: pull.title.clone(),
        url: pull.html_url.clone(),
        checks: Vec::new(),
        unreadable: (!is_ours).then_some(elsewhere),
        reviews: Reviews::default(),
        fits: fits(pull),
        road: Road::Direct,
        queued: if pull.auto_merge.is_some() { Queued::WhenGreen } else { Queued::No },
    }
}

/// Everything, of one that is open.
pub(super) fn whole(
    pull: &WholePull,
    front: Gate,
    demands: Demands,
    reports: &[Report],
    given: Vec<Review>,
) -> Gate {
    let mut checks = checks(&demands.checks, reports);
    if pull.draft == Some(true) {
        let (name, state) = ("ready for review".to_owned(), CheckState::Queued);
        checks.push(Check { name, state, need: Need::Required });
    }
    let mut gate = Gate {
        checks,
        unreadable: front.unreadable.clone().or(demands.unreadable),
        reviews: reviews(pull, demands.approvals, given),
        road: demands.road,
        ..front
    };
    // A queue holds back what would come by another way. Everywhere else GitHub knows of a demand that is not seen
    // here.
    let is_held = pull.mergeable_state == "blocked" && gate.road != Road::Queue;
    if is_held && g8_judge(&gate) == GateVerdict::Green {
        let why = "github holds it back for a reason that cannot be read here: open it to see what";
        gate.unreadable = Some(why.to_owned());
    }
    gate
}

fn fits(pull: &WholePull) -> Fits {
    match (pull.mergeable, pull.mergeable_state.as_str()) {
        (Some(false), _) | (_, "dirty") => Fits::Conflicts,
        (_, "behind") => Fits::Behind,
        (None, _) | (_, "unknown") => Fits::NotYetKnown,
        (Some(true), _) => Fits::Yes,
    }
}

/// Every check that is demanded or was reported. Where several carry a name, the worst of them counts.
fn checks(demanded: &BTreeMap<String, Option<i64>>, reports: &[Report]) -> Vec<Check> {
    let counts = |name: &str, report: &Report| {
        let app = demanded.get(name).copied().flatten();
        report.name == name && (app.is_none() || app == report.app)
    };
    let required = demanded.keys().map(|name| {
        let states = reports.iter().filter(|one| counts(name, one)).map(|one| one.state);
        let state = states.max().unwrap_or(CheckState::Missing);
        Check { name: name.clone(), state, need: Need::Required }
    });
    let mut others: BTreeMap<&str, CheckState> = BTreeMap::new();
    for report in reports {
        // Also what has a demanded name from somebody whose word does not count.
        if !(demanded.contains_key(&report.name) && counts(&report.name, report)) {
            let known = others.entry(&report.name).or_insert(report.state);
            *known = report.state.max(*known);
        }
    }
    let others = others.into_iter();
    let optional =
        others.map(|(name, state)| Check { name: name.to_owned(), state, need: Need::Optional });
    let mut all: Vec<Check> = required.chain(optional).collect();
    all.sort_by(|a, b| (&a.name, a.need).cmp(&(&b.name, b.need)));
    all
}

/// The last word of each reviewer. A comment takes nothing back, a dismissal does.
fn reviews(pull: &WholePull, needed: u32, given: Vec<Review>) -> Reviews {
    let mut last: BTreeMap<String, Review> = BTreeMap::new();
    for review in given {
        let decides =
            matches!(review.state.as_str(), "APPROVED" | "CHANGES_REQUESTED" | "DISMISSED");
        if let (true, Some(user)) = (decides, &review.user) {
            last.insert(user.login.clone(), review);
        }
    }
    let may_approve = |review: &Review| {
        review.author_association.as_deref().is_none_or(|what| APPROVERS.contains(&what))
    };
    let approved = last.values().filter(|one| one.state == "APPROVED" && may_approve(one)).count();
    let against = last.iter().filter(|(_, one)| one.state == "CHANGES_REQUESTED");
    let people = pull.requested_reviewers.iter().map(|one| one.login.clone());
    let teams = pull.requested_teams.iter().map(|one| one.name.clone());
    Reviews {
        needed,
        approved: u32::try_from(approved).unwrap_or(u32::MAX),
        against: against.map(|(name, _)| name.clone()).collect(),
        asked: people.chain(teams).collect(),
    }
}

/// How the checks of a commit on main stand, demanded or not.
pub(super) fn of_main(reports: &[Report]) -> MainChecks {
    let is = |state: CheckState| reports.iter().any(|one| one.state == state);
    if is(CheckState::Failed) {
        return MainChecks::Red;
    }
    if is(CheckState::Running) || is(CheckState::Queued) {
        return MainChecks::Pending;
    }
    MainChecks::Green
}
