//! The fold of the fix's way to main.

use crate::domain::event::Finding;
use crate::domain::fix::{
    Call, Fix, FixEvent, ForgeOutcome, Gate, Layer2, Looking, Merge, Merged, Opened, Opening,
    Prepared, PullState, Queued, WARNING_PAUSE, Warning, WarningCall, WarningOutcome, Withdrawal,
    pause_after,
};
use crate::domain::ids::EffectId;
use crate::domain::incident::Incident;
use crate::domain::time::Timestamp;

pub(super) fn apply_to_fix(incident: &mut Incident, event: &FixEvent, at: Timestamp) {
    match event {
        FixEvent::RevertRequested { by, wish } => {
            let (wish, by) = (wish.clone(), by.clone());
            incident.revert_refused = None;
            incident.layer2 = Layer2::Looking(Looking { wish, by, since: at });
        }
        FixEvent::RevertRefused { refusal } => {
            incident.layer2 = Layer2::Idle;
            incident.revert_refused = Some(refusal.clone());
        }
        FixEvent::RevertPlanned { plan } => incident.layer2 = Layer2::Planned(plan.clone()),
        FixEvent::RevertConfirmed { by, effect, .. } => {
            if let Layer2::Planned(plan) = &incident.layer2 {
                let (plan, by, effect) = ((**plan).clone(), by.clone(), effect.clone());
                let call = Call::Intended { not_before: at, attempts: 0 };
                incident.layer2 = Layer2::Opening(Box::new(Opening { plan, by, at, effect, call }));
            }
        }
        FixEvent::FixFollowed { .. } => {
            incident.revert_refused = None;
            if let Some(fix) = Fix::followed(event, at) {
                incident.layer2 = Layer2::Followed(Box::new(fix));
            }
        }
        FixEvent::ForgeCallStarted { effect, attempt } => {
            let sending = Call::Sending { since: at, attempts: *attempt };
            set_call(incident, effect, |_| sending);
        }
        FixEvent::ForgeCallEnded { effect, outcome } => end(incident, effect, outcome, at),
        FixEvent::ForgeCallObserved { effect, finding } => {
            set_call(incident, effect, |call| observed(call, *finding, at));
        }
        FixEvent::ForgeTroubleMet { what } => incident.forge_trouble = Some(what.clone()),
        FixEvent::ForgeTroubleOver => incident.forge_trouble = None,
        FixEvent::GateSeen { .. }
        | FixEvent::FixNudged
        | FixEvent::MergeConfirmed { .. }
        | FixEvent::MergeWithdrawn { .. }
        | FixEvent::FixMerged { .. }
        | FixEvent::FixBuilt { .. }
        | FixEvent::FixBuildFailed { .. }
        | FixEvent::MainMoved { .. }
        | FixEvent::WarningIntended { .. }
        | FixEvent::WarningStarted { .. }
        | FixEvent::WarningEnded { .. } => follow(incident, event, at),
    }
}

fn follow(incident: &mut Incident, event: &FixEvent, at: Timestamp) {
    let Layer2::Followed(fix) = &mut incident.layer2 else { return };
    match event {
        FixEvent::GateSeen { gate } => {
            let is_closed_now = see(fix, gate, at);
            incident.reverts_closed += u32::from(is_closed_now);
        }
        FixEvent::FixNudged => fix.nudged_at = Some(at),
        FixEvent::MergeConfirmed { by, effect, head, road } => {
            fix.withdrawal = None;
            fix.merge = Some(Merge {
                effect: effect.clone(),
                by: by.clone(),
                at,
                head: head.clone(),
                road: *road,
                call: Call::Intended { not_before: at, attempts: 0 },
            });
        }
        FixEvent::MergeWithdrawn { effect, why } => {
            let call = Call::Intended { not_before: at, attempts: 0 };
            fix.merge = None;
            fix.withdrawal = Some(Withdrawal { effect: effect.clone(), why: *why, call });
        }
        FixEvent::FixMerged { sha } => fix.merged = Some(Merged { sha: sha.clone(), at }),
        FixEvent::FixBuilt { deployment } => {
            fix.built = Some((**deployment).clone());
            fix.build_failed = None;
        }
        FixEvent::FixBuildFailed { deployment } => {
            fix.build_failed = Some((**deployment).clone());
        }
        FixEvent::MainMoved { commits, head } => {
            fix.main_moved = commits.iter().chain(&fix.main_moved).take(5).cloned().collect();
            fix.main_seen = Some(head.clone());
        }
        FixEvent::WarningIntended { effect, commits } => {
            let call = WarningCall::Due { not_before: at, attempts: 0 };
            fix.warnings.push(Warning { effect: effect.clone(), commits: commits.clone(), call });
        }
        FixEvent::WarningStarted { effect, attempt } => {
            let sending = WarningCall::Sending { since: at, attempts: *attempt };
            set_warning(fix, effect, |_| sending);
        }
        FixEvent::WarningEnded { effect, outcome } => {
            set_warning(fix, effect, |attempts| warned(outcome, attempts, at));
        }
        // The others are not about a pull request that is followed.
        _ => {}
    }
}

/// Changes a warning's call, given how often it was made.
fn set_warning(fix: &mut Fix, effect: &EffectId, change: impl FnOnce(u32) -> WarningCall) {
    if let Some(warning) = fix.warnings.iter_mut().find(|one| one.effect == *effect) {
        warning.call = change(warning.due().map_or(0, |(_, attempts)| attempts));
    }
}

fn warned(outcome: &WarningOutcome, attempts: u32, at: Timestamp) -> WarningCall {
    match outcome {
        WarningOutcome::Said { .. } | WarningOutcome::NotSaid { .. } => WarningCall::Over,
        WarningOutcome::Unsettled { .. } => {
            WarningCall::Due { not_before: at + WARNING_PAUSE, attempts }
        }
    }
}

/// Takes over what was seen of a gate; says whether the pull request has just been closed.
fn see(fix: &mut Fix, gate: &Gate, at: Timestamp) -> bool {
    let was_closed = fix.gate.as_ref().is_some_and(|before| before.state == PullState::Closed);
    if fix.gate.as_ref().is_none_or(|before| before.head != gate.head) {
        // What was asked for was the merge of another head.
        fix.merge = None;
    }
    let was_waiting = fix.gate.as_ref().is_some_and(|before| before.queued != Queued::No);
    let is_out = gate.state == PullState::Open && gate.queued == Queued::No;
    if was_waiting && is_out && fix.merging().is_none() {
        // It was taken out again, so what was asked for does not come.
        fix.merge = None;
    }
    fix.pull.title = gate.title.clone();
    fix.gate = Some(gate.clone());
    fix.gate_at = Some(at);
    fix.nudged_at = None;
    gate.state == PullState::Closed && !was_closed
}

/// Changes the call of the effect that is under way, if it is this one.
fn set_call(incident: &mut Incident, effect: &EffectId, change: impl FnOnce(&Call) -> Call) {
    let call = match &mut incident.layer2 {
        Layer2::Opening(opening) if opening.effect == *effect => &mut opening.call,
        Layer2::Followed(fix) => match (&mut fix.merge, &mut fix.withdrawal) {
            (_, Some(withdrawal)) if withdrawal.effect == *effect => &mut withdrawal.call,
            (Some(merge), _) if merge.effect == *effect => &mut merge.call,
            _ => return,
        },
        Layer2::Idle
        | Layer2::Looking(_)
        | Layer2::Planned(_)
        | Layer2::Opening(_)
        | Layer2::Prepared(_) => return,
    };
    *call = change(call);
}

fn end(incident: &mut Incident, effect: &EffectId, outcome: &ForgeOutcome, at: Timestamp) {
    set_call(incident, effect, |call| ended(call, outcome, at));
    let Layer2::Opening(opening) = &incident.layer2 else { return };
    if opening.effect != *effect {
        return;
    }
    if let ForgeOutcome::Opened(Opened::Prepared { branch, files }) = outcome {
        let plan = opening.plan.clone();
        let (branch, files) = (branch.clone(), files.clone());
        incident.layer2 = Layer2::Prepared(Box::new(Prepared { plan, branch, files }));
    }
}

fn ended(call: &Call, outcome: &ForgeOutcome, at: Timestamp) -> Call {
    let attempts = call.attempts();
    match outcome {
        ForgeOutcome::Opened(_) | ForgeOutcome::MergeTaken | ForgeOutcome::CalledOff => Call::Taken,
        // Surely nothing happened: this try does not count.
        ForgeOutcome::NotTaken { retry_after, .. } => {
            Call::Intended { not_before: at + *retry_after, attempts: attempts.saturating_sub(1) }
        }
        ForgeOutcome::Refused { why } => Call::Refused { why: why.clone() },
        ForgeOutcome::Unknown { why } => {
            Call::Unknown { since: at, why: why.clone(), attempts, not_applied_at: None }
        }
    }
}

fn observed(call: &Call, finding: Finding, at: Timestamp) -> Call {
    let Call::Unknown { since, why, attempts, .. } = call else { return call.clone() };
    match finding {
        Finding::Applied => Call::Taken,
        Finding::NotAppliedOnce => Call::Unknown {
            since: *since,
            why: why.clone(),
            attempts: *attempts,
            not_applied_at: Some(at),
        },
        Finding::NotApplied => {
            Call::Intended { not_before: at + pause_after(*attempts), attempts: *attempts }
        }
    }
}
