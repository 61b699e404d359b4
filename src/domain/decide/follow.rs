//! Layer 2, as the bot carries it out: plan the revert, open it, follow its gate to main, find its build. A wait of an hour
//! is many short looks; nothing here knows how long it has been waiting, so a restart changes nothing.

use super::course::why_unknown;
use super::revert::{may_merge, subject_of};
use super::{Case, Decision, Facts, Read, Step, warn};
use crate::domain::book::Book;
use crate::domain::deployment::{BuildState, Deployment, DeploymentKind};
use crate::domain::event::{Emitted, Finding, FixEvent};
use crate::domain::fact::Fact;
use crate::domain::fix::{
    self, Call, Fix, FixKind, ForgeOutcome, Gate, GateVerdict, Layer2, Looking, MOST_ATTEMPTS,
    Main, NUDGE_AFTER, Opened, Opening, Outlook, Plan, PullState, Queued, Road, Trial, Withdrawn,
    g8_judge,
};
use crate::domain::guard;
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::plan::AGREEING_GAP;
use crate::domain::refusal::{Refusal, Void};
use crate::domain::time::Timestamp;

pub(super) fn plan(book: &Book, incident: IncidentId, facts: &Facts) -> Step {
    let Some(case) = open(book, incident)? else { return Ok(Decision::nothing()) };
    let Layer2::Looking(looking) = &case.incident.layer2 else { return Ok(Decision::nothing()) };
    let subject = match subject_of(&case, &looking.wish) {
        Ok(subject) => subject,
        Err(refusal) => return Ok(refused(&case, refusal)),
    };
    let Some(trial) = facts.forge.trial_of(&subject) else {
        return Ok(Decision::Needs(vec![Read::Trial(subject)]));
    };
    let trial = match trial.get() {
        None => return Ok(trouble(&case, &why_unknown(trial))),
        Some(Err(why)) => {
            return Ok(refused(&case, Refusal::CannotRevert { why: why.clone() }));
        }
        Some(Ok(trial)) => trial,
    };
    if trial.outlook == Outlook::AlreadyGone {
        return Ok(refused(&case, Refusal::AlreadyReverted));
    }
    let mut events = trouble_over(&case);
    let planned = match shared(book, &case, trial) {
        Some((other, fix)) => FixEvent::FixFollowed {
            fix_kind: FixKind::Revert,
            pull: fix.pull.clone(),
            by: looking.by.clone(),
            shared_from: Some(other),
            takes_back: fix.takes_back.clone(),
            onto: Some(trial.onto.clone()),
        },
        None => {
            let plan = Box::new(planned(&case, looking, subject, trial, facts));
            FixEvent::RevertPlanned { plan }
        }
    };
    events.push(Emitted::fix(case.id(), planned));
    Ok(Decision::events(events))
}

fn planned(
    case: &Case<'_>,
    looking: &Looking,
    subject: fix::Subject,
    trial: &Trial,
    facts: &Facts,
) -> Plan {
    Plan {
        id: facts.fresh.confirmation.clone(),
        by: looking.by.clone(),
        asked_in: looking.wish.asked_in.clone(),
        subject,
        trial: trial.clone(),
        branch: fix::branch(case.id(), &trial.culprit, case.incident.reverts_closed),
    }
}

/// The revert of the same change that another incident of the same repository has open already.
fn shared<'a>(book: &'a Book, case: &Case<'_>, trial: &Trial) -> Option<(IncidentId, &'a Fix)> {
    book.incidents.values().filter(|other| other.id != case.id() && other.is_open()).find_map(
        |other| {
            let service = book.services.get(&other.service)?;
            let is_same_code = service.repository == case.service.repository;
            let fix = other.fix().filter(|fix| is_same_code && !fix.is_closed())?;
            let takes_back = fix.takes_back.as_ref() == Some(&trial.culprit.head.sha);
            takes_back.then_some((other.id, fix))
        },
    )
}

fn refused(case: &Case<'_>, refusal: Refusal) -> Decision {
    let mut events = trouble_over(case);
    events.push(Emitted::fix(case.id(), FixEvent::RevertRefused { refusal }));
    Decision::events(events)
}

/// An incident whose fix is still followed: what is looked up after its end is no news.
fn open(book: &Book, incident: IncidentId) -> Result<Option<Case<'_>>, Refusal> {
    let case = Case::of(book, incident)?;
    Ok(case.incident.is_open().then_some(case))
}

/// The call that is under way, with its effect.
fn call_of<'a>(case: &Case<'a>) -> Option<(&'a EffectId, &'a Call)> {
    match &case.incident.layer2 {
        Layer2::Opening(opening) => Some((&opening.effect, &opening.call)),
        Layer2::Followed(fix) => fix.call(),
        Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => None,
    }
}

/// What was intended is about to be done: who confirmed it may still act, and a merge is still green.
pub(super) fn start(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let Some(case) = open(book, incident)? else { return Ok(Decision::nothing()) };
    let Some((effect, Call::Intended { not_before, attempts })) = call_of(&case) else {
        return Ok(Decision::nothing());
    };
    guard::is_not_halted(case.state)?;
    if now < *not_before {
        return Ok(Decision::nothing());
    }
    let give_up = |why: &str| Ok(given_up(&case, effect, why));
    if *attempts >= MOST_ATTEMPTS {
        return give_up("it was tried as often as the rules allow and never took effect");
    }
    // Taking a merge back brings nothing to main, so nobody is asked for it.
    let by = match &case.incident.layer2 {
        Layer2::Opening(opening) => Some(&opening.by),
        Layer2::Followed(fix) => fix.merging().map(|merge| &merge.by),
        Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => None,
    };
    match by.map_or(Ok(()), |by| super::authority::may_still(&case, by, None, facts, now)) {
        Ok(()) => {}
        Err(Void::RightsUnknown) => {
            return give_up("it cannot be told any more whether the one who confirmed it may act");
        }
        Err(_) => return give_up("the one who confirmed it may no longer act"),
    }
    if let Layer2::Followed(fix) = &case.incident.layer2
        && let Some(merge) = fix.merging()
        && fix.withdrawing().is_none()
    {
        let Some(gate) = facts.forge.gate_of(fix.pull.number) else {
            return Ok(Decision::Needs(vec![Read::Gate(fix.pull.number)]));
        };
        let Some(gate) = gate.get() else { return Ok(trouble(&case, &why_unknown(gate))) };
        // What is not green any more is not merged; the look at the gate says what it is now. What the forge was to
        // merge by itself may be green by now.
        let may = may_merge(fix, &merge.head, gate);
        if !may.is_ok_and(|road| road != Road::Auto || merge.road == Road::Auto) {
            return give_up("the gate was not green any more at the moment of the merge");
        }
    }
    let (effect, attempt) = (effect.clone(), attempts + 1);
    let mut events = trouble_over(&case);
    events.push(Emitted::fix(case.id(), FixEvent::ForgeCallStarted { effect, attempt }));
    Ok(Decision::events(events))
}

/// What was intended is not done, and the one who wanted it is told.
fn given_up(case: &Case<'_>, effect: &EffectId, why: &str) -> Decision {
    let outcome = ForgeOutcome::Refused { why: why.to_owned() };
    let ended = FixEvent::ForgeCallEnded { effect: effect.clone(), outcome };
    let mut events = vec![Emitted::fix(case.id(), ended)];
    if matches!(case.incident.layer2, Layer2::Opening(_)) {
        let refusal = Refusal::CannotRevert { why: why.to_owned() };
        events.push(Emitted::fix(case.id(), FixEvent::RevertRefused { refusal }));
    }
    Decision::events(events)
}

pub(super) fn end(
    book: &Book,
    incident: IncidentId,
    effect: &EffectId,
    outcome: &ForgeOutcome,
) -> Step {
    let case = Case::of(book, incident)?;
    // Whoever was interrupted, or comes late, is no news: by then the forge was read.
    match call_of(&case) {
        Some((ours, Call::Sending { .. })) if ours == effect => {}
        Some(_) | None => return Ok(Decision::nothing()),
    }
    let (effect, ended) = (effect.clone(), outcome.clone());
    let mut events =
        vec![Emitted::fix(case.id(), FixEvent::ForgeCallEnded { effect, outcome: ended })];
    // What became of a call is written down even when nobody follows it any more.
    if let Layer2::Opening(opening) = &case.incident.layer2
        && case.incident.is_open()
    {
        match outcome {
            ForgeOutcome::Opened(Opened::Pull(pull)) => {
                events.push(Emitted::fix(case.id(), followed(opening, pull)));
            }
            ForgeOutcome::Opened(Opened::AlreadyGone) => {
                let refusal = Refusal::AlreadyReverted;
                events.push(Emitted::fix(case.id(), FixEvent::RevertRefused { refusal }));
            }
            ForgeOutcome::Refused { why } => {
                let refusal = Refusal::CannotRevert { why: why.clone() };
                events.push(Emitted::fix(case.id(), FixEvent::RevertRefused { refusal }));
            }
            ForgeOutcome::Opened(Opened::Prepared { .. })
            | ForgeOutcome::MergeTaken
            | ForgeOutcome::CalledOff
            | ForgeOutcome::NotTaken { .. }
            | ForgeOutcome::Unknown { .. } => {}
        }
    }
    Ok(Decision::events(events))
}

fn followed(opening: &Opening, pull: &fix::PullRef) -> FixEvent {
    FixEvent::FixFollowed {
        fix_kind: FixKind::Revert,
        pull: pull.clone(),
        by: opening.by.clone(),
        shared_from: None,
        takes_back: Some(opening.plan.trial.culprit.head.sha.clone()),
        onto: Some(opening.plan.trial.onto.clone()),
    }
}

/// Nobody knows what became of a call: the forge is read, and only two agreeing readings allow another one.
pub(super) fn observe(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let Some(case) = open(book, incident)? else { return Ok(Decision::nothing()) };
    let Some((effect, Call::Unknown { not_applied_at, .. })) = call_of(&case) else {
        return Ok(Decision::nothing());
    };
    let is_applied = match &case.incident.layer2 {
        Layer2::Opening(opening) => {
            let Some(pull) = &facts.forge.pull else {
                return Ok(Decision::Needs(vec![Read::PullOf(opening.plan.branch.clone())]));
            };
            let Some(found) = pull.get() else { return Ok(trouble(&case, &why_unknown(pull))) };
            if let Some(pull) = found {
                let mut events = trouble_over(&case);
                events.push(Emitted::fix(case.id(), followed(opening, pull)));
                return Ok(Decision::events(events));
            }
            false
        }
        Layer2::Followed(fix) => {
            let Some(gate) = facts.forge.gate_of(fix.pull.number) else {
                return Ok(Decision::Needs(vec![Read::Gate(fix.pull.number)]));
            };
            let Some(seen) = gate.get() else { return Ok(trouble(&case, &why_unknown(gate))) };
            let is_waiting = seen.queued != Queued::No;
            seen.state != PullState::Open || is_waiting != fix.withdrawing().is_some()
        }
        Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => {
            return Ok(Decision::nothing());
        }
    };
    let finding = match not_applied_at {
        _ if is_applied => Finding::Applied,
        None => Finding::NotAppliedOnce,
        Some(first) if now.since(*first) < AGREEING_GAP => {
            return Ok(Decision::events(trouble_over(&case)));
        }
        Some(_) => Finding::NotApplied,
    };
    let mut events = trouble_over(&case);
    let effect = effect.clone();
    events.push(Emitted::fix(case.id(), FixEvent::ForgeCallObserved { effect, finding }));
    Ok(Decision::events(events))
}

/// The gate moved, or did not; main moved, or did not; people are reminded when it waits.
pub(super) fn see_gate(book: &Book, incident: IncidentId, facts: &Facts, now: Timestamp) -> Step {
    let Some(case) = open(book, incident)? else { return Ok(Decision::nothing()) };
    let Some(fix) = case.incident.fix().filter(|fix| fix.merged.is_none()) else {
        return Ok(Decision::nothing());
    };
    let Some(gate) = facts.forge.gate_of(fix.pull.number) else {
        return Ok(Decision::Needs(vec![Read::Gate(fix.pull.number)]));
    };
    let Some(seen) = gate.get() else { return Ok(trouble(&case, &why_unknown(gate))) };
    let mut events = trouble_over(&case);
    let mut add = |event| events.push(Emitted::fix(case.id(), event));
    if let Some(why) = unwanted(fix, seen) {
        add(FixEvent::MergeWithdrawn { effect: facts.fresh.effect.clone(), why });
    }
    let has_moved = fix.gate.as_ref() != Some(seen);
    if has_moved {
        add(FixEvent::GateSeen { gate: Box::new(seen.clone()) });
    }
    if let PullState::Merged { sha } = &seen.state {
        add(FixEvent::FixMerged { sha: sha.clone() });
        return Ok(Decision::events(events));
    }
    if let Some(moved) =
        facts.forge.main.as_ref().and_then(Fact::get).and_then(|main| news(fix, main))
    {
        let warning = warn::intended(book, &case, fix, &moved, facts);
        add(moved);
        warning.into_iter().for_each(&mut add);
    }
    if !has_moved && is_waiting(fix, seen, now) {
        add(FixEvent::FixNudged);
    }
    Ok(Decision::events(events))
}

/// Why the forge must not merge by itself what it was asked to: only the head that somebody saw may come to main so, and
/// what is red or unreadable here is not left to a gate that takes a skipped check for a green one (G8).
fn unwanted(fix: &Fix, seen: &Gate) -> Option<Withdrawn> {
    let merge = fix.armed().filter(|_| seen.queued == Queued::WhenGreen)?;
    if merge.head != seen.head {
        return Some(Withdrawn::HeadMoved);
    }
    match g8_judge(seen) {
        GateVerdict::Green | GateVerdict::Waiting { .. } => None,
        GateVerdict::Red { .. } | GateVerdict::Unreadable { .. } => Some(Withdrawn::NotGreen),
    }
}

/// What an incident does not go on with is not left to the forge. `Some`: the forge is still to merge it by itself, that is
/// ended first, and whoever wants to go on asks again.
pub(super) fn left_to_the_forge(case: &Case<'_>, facts: &Facts) -> Option<Decision> {
    let fix = case.incident.fix()?;
    let is_arming = fix.merging().is_some_and(|merge| merge.road == Road::Auto);
    let refusal = Refusal::MergeUnsettled { number: fix.pull.number };
    if fix.armed().is_some() {
        return Some(Decision::Events(withdrawn(case, facts), Some(refusal)));
    }
    (is_arming || fix.withdrawing().is_some()).then_some(Decision::Refused(refusal))
}

/// The end of a merge that was left to the forge, if one is.
pub(super) fn withdrawn(case: &Case<'_>, facts: &Facts) -> Vec<Emitted> {
    let armed = case.incident.fix().and_then(Fix::armed);
    let (effect, why) = (facts.fresh.effect.clone(), Withdrawn::NotWanted);
    let withdrawn = armed.map(|_| FixEvent::MergeWithdrawn { effect, why });
    withdrawn.map(|event| Emitted::fix(case.id(), event)).into_iter().collect()
}

/// G15: what came to main besides the fix.
fn news(fix: &Fix, main: &Main) -> Option<FixEvent> {
    if fix.main_seen.as_ref() == Some(&main.head.sha) {
        return None;
    }
    // At the first look nothing is news: what is there was there.
    let commits = if fix.main_seen.is_some() { main.since.clone() } else { Vec::new() };
    Some(FixEvent::MainMoved { commits, head: main.head.sha.clone() })
}

/// Whether people should be reminded: what it waits for is theirs, and it has not moved for a while.
fn is_waiting(fix: &Fix, gate: &Gate, now: Timestamp) -> bool {
    let since = fix.nudged_at.or(fix.gate_at).unwrap_or(fix.since);
    let is_theirs = match g8_judge(gate) {
        GateVerdict::Green => fix.merging().is_none() && fix.armed().is_none(),
        GateVerdict::Waiting { .. } | GateVerdict::Red { .. } | GateVerdict::Unreadable { .. } => {
            true
        }
    };
    gate.state == PullState::Open && is_theirs && now.since(since) >= NUDGE_AFTER
}

/// The fix is on main: is its production build there?
pub(super) fn see_build(book: &Book, incident: IncidentId, facts: &Facts) -> Step {
    let Some(case) = open(book, incident)? else { return Ok(Decision::nothing()) };
    let Some(fix) = case.incident.fix() else { return Ok(Decision::nothing()) };
    let (Some(merged), None) = (&fix.merged, &fix.built) else { return Ok(Decision::nothing()) };
    let Some(deployments) = &facts.deployments else {
        return Ok(Decision::Needs(vec![Read::Deployments]));
    };
    let Some(known) = deployments.get() else {
        return Ok(trouble(&case, &why_unknown(deployments)));
    };
    let ours = |one: &&Deployment| {
        one.kind == DeploymentKind::Production && one.sha.as_ref() == Some(&merged.sha)
    };
    let mut events = trouble_over(&case);
    let is_ready = |one: &&Deployment| one.state == BuildState::Ready;
    if let Some(ready) = known.iter().filter(ours).find(is_ready) {
        let deployment = Box::new(ready.clone());
        events.push(Emitted::fix(case.id(), FixEvent::FixBuilt { deployment }));
        return Ok(Decision::events(events));
    }
    // A provider lists what could serve; what became of a build that could not, only the commit tells.
    let Some(named) = &facts.named else {
        return Ok(Decision::Needs(vec![Read::Named(merged.sha.clone())]));
    };
    let Some(found) = named.get() else { return Ok(trouble(&case, &why_unknown(named))) };
    let has_failed = |one: &&Deployment| one.state == BuildState::Failed;
    if let Some(failed) = found.as_ref().filter(ours).filter(has_failed)
        && fix.build_failed.is_none()
    {
        let deployment = Box::new(failed.clone());
        events.push(Emitted::fix(case.id(), FixEvent::FixBuildFailed { deployment }));
    }
    Ok(Decision::events(events))
}

/// Says once that the forge cannot be read; says it again only when the reason changes.
fn trouble(case: &Case<'_>, what: &str) -> Decision {
    if case.incident.forge_trouble.as_deref() == Some(what) {
        return Decision::nothing();
    }
    let met = FixEvent::ForgeTroubleMet { what: what.to_owned() };
    Decision::events(vec![Emitted::fix(case.id(), met)])
}

fn trouble_over(case: &Case<'_>) -> Vec<Emitted> {
    match &case.incident.forge_trouble {
        Some(_) => vec![Emitted::fix(case.id(), FixEvent::ForgeTroubleOver)],
        None => Vec::new(),
    }
}
