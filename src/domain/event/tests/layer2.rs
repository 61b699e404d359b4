//! Samples of the events of Layer 2 and of the way back to normal.

use super::*;
use crate::domain::event::{Excuse, Promotion, TASKS};
use crate::domain::fix::{
    self, CheckState, Fits, FixKind, ForgeOutcome, GateVerdict, Main, MainChecks, Need, Opened,
    Outlook, Plan as RevertPlan, PullState, Queued, Reviews, Road, Shape, WarningOutcome,
};
use crate::domain::fixture::forge::{commit, gate, pull_ref, trial};
use crate::domain::fixture::id_of;

pub(super) fn samples() -> Vec<Event> {
    let mut all: Vec<Event> = of_incident().into_iter().map(Event::Incident).collect();
    all.extend(of_flip().map(Event::Flip));
    all.extend(reverts().into_iter().chain(on_the_way()).chain(gates()).map(Event::Fix));
    all.extend(
        refusals().map(|refusal| Event::Incident(IncidentEvent::PromoteRefused { refusal })),
    );
    let (deployment, incident) = (id_of("v42"), FIRST);
    all.push(Event::Service(ServiceEvent::MarkLifted { deployment, incident }));
    all
}

fn of_incident() -> Vec<IncidentEvent> {
    let by = || person("ana");
    let reason = || "it was the cache".to_owned();
    let mut events = vec![
        IncidentEvent::PromoteRequested { by: by(), wish: Wish::default() },
        IncidentEvent::WayBackSought { by: by(), wish: Wish::default() },
        IncidentEvent::WorldMoved { live: Live::At(id_of("v42")), assignment: Assignment::On },
        IncidentEvent::FalseAlarmRaised { by: by(), reason: reason() },
        IncidentEvent::FalseAlarmAgreed { by: by() },
        promotion(),
    ];
    for excuse in [Excuse::FlagOff, Excuse::RuledOut] {
        events.push(IncidentEvent::Layer1Excused { by: by(), excuse, reason: reason() });
    }
    events.extend(TASKS.map(|task| IncidentEvent::TaskTaken { task, by: by() }));
    for intent in [Effect::Promote { to: id_of("v43") }, Effect::Arm] {
        let (confirmation, effect) = ("cnf_1".into(), "eff_1".into());
        events.push(IncidentEvent::FlipConfirmed { by: by(), confirmation, effect, intent });
    }
    for exit in [Exit::Reverted, Exit::FixedForward, Exit::FalseAlarm] {
        events.push(IncidentEvent::IncidentResolved { exit, by: by(), reason: None });
    }
    events
}

/// A question about a promote.
fn promotion() -> IncidentEvent {
    let story = Story::waiting();
    let question = story.incident().waiting().expect("a question").clone();
    let main = Main {
        head: commit("f1ed", "Fix"),
        checks: MainChecks::Pending,
        since: vec![commit("0ddb", "More")],
        since_count: 1,
    };
    let promotion = Promotion {
        baseline: Assignment::On,
        verified: Some(("ver_1".into(), DAWN)),
        main: Some(Fact::known("github", DAWN, main)),
        fix: Some(126),
        overridden: vec![Refusal::MainIsRed],
    };
    let confirmation = Confirmation { promotion: Some(Box::new(promotion)), ..question };
    IncidentEvent::ConfirmationIssued {
        confirmation: Box::new(confirmation),
        pointer: Box::new(Fact::known("vercel project", DAWN, pointer("v42"))),
        plan: Fact::unknown("plan", DAWN, "not needed"),
    }
}

fn of_flip() -> impl Iterator<Item = FlipEvent> {
    let effect = || EffectId::from("eff_1");
    [
        FlipEvent::ArmIntended { effect: effect() },
        FlipEvent::EffectEnded { effect: effect(), outcome: Outcome::Queued },
        FlipEvent::WatchTroubled { why: "500".to_owned() },
        FlipEvent::WatchCalmed,
        FlipEvent::WatchPassed,
        FlipEvent::WatchFailed { why: "500".to_owned() },
    ]
    .into_iter()
}

fn refusals() -> impl Iterator<Item = Refusal> {
    let deployment = || id_of("v43");
    let why = || vec!["test failed".to_owned()];
    [
        Refusal::FlipFirst,
        Refusal::NoRepository,
        Refusal::UnknownChange { typed: "x".to_owned() },
        Refusal::NameTheChange,
        Refusal::CannotRevert { why: "no".to_owned() },
        Refusal::AlreadyReverted,
        Refusal::AlreadyMerged,
        Refusal::NoFix,
        Refusal::HeadMoved,
        Refusal::GateNotGreen { verdict: GateVerdict::Green },
        Refusal::GateNotGreen { verdict: GateVerdict::Waiting { on: why() } },
        Refusal::GateNotGreen { verdict: GateVerdict::Red { why: why() } },
        Refusal::GateNotGreen { verdict: GateVerdict::Unreadable { why: "403".to_owned() } },
        Refusal::NoFixMerged,
        Refusal::NoFixBuilt,
        Refusal::NotVerified { deployment: deployment(), verified: Some(id_of("v41")) },
        Refusal::LacksFix { deployment: deployment() },
        Refusal::MainIsRed,
        Refusal::CannotTell { what: "github: 502".to_owned() },
        Refusal::OlderThanBad { deployment: deployment() },
        Refusal::ReasonNeeded,
        Refusal::ReasonTooLong,
        Refusal::NoReasonAsked,
        Refusal::NothingToAgree,
        Refusal::MergeUnsettled { number: 126 },
        Refusal::OtherPersonNeeded,
    ]
    .into_iter()
}

fn reverts() -> Vec<FixEvent> {
    let (by, effect) = (|| person("bo"), || EffectId::from("eff_1"));
    let wish = fix::Wish {
        what: Some("#124".to_owned()),
        reason: Some("no flip".to_owned()),
        asked_in: Some(channel("C1")),
    };
    let plan = |subject, trial| FixEvent::RevertPlanned {
        plan: Box::new(RevertPlan {
            id: "cnf_1".into(),
            by: by(),
            asked_in: None,
            subject,
            trial,
            branch: "repoint/incident-1-revert-c0ffee42".to_owned(),
        }),
    };
    let files = || vec!["src/a.ts".to_owned()];
    let range = fix::Subject::Range { base: "a".repeat(40), head: "b".repeat(40) };
    let mut conflicts = trial();
    conflicts.outlook = Outlook::Conflicts { files: files() };
    conflicts.culprit.shape = Shape::Merge;
    conflicts.brings_back = Some(commit("0ld", "Old"));
    let mut gone = trial();
    gone.outlook = Outlook::AlreadyGone;
    gone.culprit.shape = Shape::Range;
    let mut unseen = trial();
    unseen.outlook = Outlook::Unknown { why: "no git".to_owned() };
    let mut events = vec![
        FixEvent::RevertRequested { by: by(), wish: fix::Wish::default() },
        FixEvent::RevertRequested { by: by(), wish },
        FixEvent::RevertRefused { refusal: Refusal::AlreadyReverted },
        plan(fix::Subject::Pull(124), trial()),
        plan(fix::Subject::Commit("c0ffee42".to_owned()), conflicts),
        plan(range, gone),
        plan(fix::Subject::Pull(124), unseen),
        FixEvent::RevertConfirmed { by: by(), plan: "cnf_1".into(), effect: effect() },
        FixEvent::ForgeCallStarted { effect: effect(), attempt: 1 },
        FixEvent::ForgeTroubleMet { what: "github: 502".to_owned() },
        FixEvent::ForgeTroubleOver,
    ];
    for finding in [Finding::Applied, Finding::NotAppliedOnce, Finding::NotApplied] {
        events.push(FixEvent::ForgeCallObserved { effect: effect(), finding });
    }
    for outcome in [
        ForgeOutcome::CalledOff,
        ForgeOutcome::Opened(Opened::Pull(pull_ref(126))),
        ForgeOutcome::Opened(Opened::Prepared { branch: "repoint/x".to_owned(), files: files() }),
        ForgeOutcome::Opened(Opened::AlreadyGone),
        ForgeOutcome::MergeTaken,
        ForgeOutcome::NotTaken { why: "no route".to_owned(), retry_after: Span::seconds(5) },
        ForgeOutcome::Refused { why: "no".to_owned() },
        ForgeOutcome::Unknown { why: "502".to_owned() },
    ] {
        events.push(FixEvent::ForgeCallEnded { effect: effect(), outcome });
    }
    events
}

/// What happens to a fix on its way to main and to production.
fn on_the_way() -> Vec<FixEvent> {
    let by = || person("bo");
    let followed = |fix_kind, takes_back: Option<&str>| FixEvent::FixFollowed {
        fix_kind,
        pull: pull_ref(126),
        by: by(),
        shared_from: takes_back.map(|_| FIRST),
        takes_back: takes_back.map(str::to_owned),
        onto: takes_back.map(str::to_owned),
    };
    let merge = |road| FixEvent::MergeConfirmed {
        by: by(),
        effect: "eff_1".into(),
        head: "c".repeat(40),
        road,
    };
    let withdrawn = |why| FixEvent::MergeWithdrawn { effect: "eff_2".into(), why };
    let mut events = vec![
        followed(FixKind::Forward, None),
        followed(FixKind::Revert, Some("c0ffee42")),
        FixEvent::FixNudged,
        merge(Road::Direct),
        merge(Road::Queue),
        merge(Road::Auto),
        withdrawn(fix::Withdrawn::HeadMoved),
        withdrawn(fix::Withdrawn::NotGreen),
        withdrawn(fix::Withdrawn::NotWanted),
        FixEvent::FixMerged { sha: "f".repeat(40) },
        FixEvent::FixBuilt { deployment: Box::new(deployment("v43")) },
        FixEvent::FixBuildFailed { deployment: Box::new(deployment("v43")) },
        FixEvent::MainMoved { commits: vec![commit("0ddb", "More")], head: "0".repeat(40) },
        FixEvent::WarningIntended { effect: "eff_3".into(), commits: vec![commit("0ddb", "More")] },
        FixEvent::WarningStarted { effect: "eff_3".into(), attempt: 1 },
    ];
    for outcome in [
        WarningOutcome::Said { pulls: vec![127] },
        WarningOutcome::Said { pulls: Vec::new() },
        WarningOutcome::NotSaid { why: "locked".to_owned() },
        WarningOutcome::Unsettled { why: "502".to_owned() },
    ] {
        events.push(FixEvent::WarningEnded { effect: "eff_3".into(), outcome });
    }
    events
}

fn gates() -> Vec<FixEvent> {
    let seen = |gate| FixEvent::GateSeen { gate: Box::new(gate) };
    let mut events = Vec::new();
    for state in [
        CheckState::Passed,
        CheckState::Queued,
        CheckState::Running,
        CheckState::Missing,
        CheckState::Skipped,
        CheckState::Failed,
    ] {
        events.push(seen(gate(state)));
    }
    for fits in [Fits::Yes, Fits::Conflicts, Fits::Behind, Fits::NotYetKnown] {
        events.push(seen(fix::Gate { fits, queued: Queued::Yes, ..gate(CheckState::Passed) }));
        events.push(seen(fix::Gate { queued: Queued::WhenGreen, ..gate(CheckState::Running) }));
    }
    let mut odd = gate(CheckState::Passed);
    odd.checks[0].need = Need::Optional;
    odd.unreadable = Some("403".to_owned());
    odd.state = PullState::Closed;
    odd.reviews = Reviews {
        needed: 2,
        approved: 1,
        against: vec!["lee".to_owned()],
        asked: vec!["bo".to_owned()],
    };
    let merged = PullState::Merged { sha: "f".repeat(40) };
    events.push(seen(odd));
    events.push(seen(fix::Gate { state: merged, road: Road::Queue, ..gate(CheckState::Passed) }));
    events
}
