//! Where things stand, read off the state: what production is safe on, how far the fix is. The card, its buttons and the
//! thread's lines go by the same answers.

use crate::domain::book::ServiceState;
use crate::domain::deployment::{Assignment, Deployment};
use crate::domain::event::Direction;
use crate::domain::fix::{Call, Fix, Gate, GateVerdict, Merge, Merged, Queued, Road, g8_judge};
use crate::domain::ids::DeploymentId;
use crate::domain::incident::{Flip, Incident, Layer1};
use crate::domain::verification::{self, Address, Verdict, Verification};

/// How far a fix that is followed is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing<'a> {
    /// Somebody closed its pull request.
    Closed,
    /// Its gate was not read yet.
    NotSeen,
    /// It goes through its gate.
    AtGate(&'a Gate, GateVerdict),
    /// Its merge was asked for and is not over.
    Merging(&'a Merge),
    /// It waits in the merge queue.
    Queued,
    /// It is on main, and its production build is not there.
    Merged(&'a Merged),
    /// Its production build failed.
    BuildFailed(&'a Deployment),
    /// Its build is ready and not live.
    Ready(&'a Deployment),
    /// Its build has passed its own verification and is not live.
    Verified(&'a Deployment, &'a Verification),
    /// Production points at it, as far as we moved it.
    Live(&'a Deployment),
    /// Its build was live, broke production, and is never offered again.
    Bad(&'a Deployment),
}

/// How far a fix is.
pub fn of_fix<'a>(incident: &'a Incident, fix: &'a Fix, state: &ServiceState) -> Standing<'a> {
    if let Some(built) = &fix.built {
        return of_build(incident, built, state);
    }
    if let Some(failed) = &fix.build_failed {
        return Standing::BuildFailed(failed);
    }
    if let Some(merged) = &fix.merged {
        return Standing::Merged(merged);
    }
    if fix.is_closed() {
        return Standing::Closed;
    }
    if let Some(merge) = fix.merging() {
        return Standing::Merging(merge);
    }
    let Some(gate) = &fix.gate else { return Standing::NotSeen };
    let taken = fix.merge.as_ref().filter(|merge| merge.call == Call::Taken);
    match taken {
        Some(merge) if merge.road == Road::Direct => return Standing::Merging(merge),
        Some(merge) if merge.road == Road::Queue => return Standing::Queued,
        None if gate.queued == Queued::Yes => return Standing::Queued,
        // The forge merges it by itself: what it waits for is the gate.
        Some(_) | None => {}
    }
    Standing::AtGate(gate, g8_judge(gate))
}

fn of_build<'a>(
    incident: &'a Incident,
    built: &'a Deployment,
    state: &ServiceState,
) -> Standing<'a> {
    if state.marked_bad.contains_key(&built.id) {
        return Standing::Bad(built);
    }
    if verification::expected(incident).is_some_and(|target| target.id == built.id) {
        return Standing::Live(built);
    }
    match own_verification(incident, &built.id) {
        Some(one) if one.verdict == Verdict::Passed => Standing::Verified(built, one),
        Some(_) | None => Standing::Ready(built),
    }
}

/// What was found at a deployment's own address.
pub fn own_verification<'a>(
    incident: &'a Incident,
    deployment: &DeploymentId,
) -> Option<&'a Verification> {
    incident.verifications.iter().find(|one| {
        let is_it = one.deployment.as_ref().is_some_and(|other| other.id == *deployment);
        one.address == Address::Own && is_it
    })
}

/// Which way the present move of the pointer goes, if there is one.
pub fn direction(incident: &Incident) -> Option<Direction> {
    match &incident.layer1 {
        Layer1::Idle => None,
        Layer1::Resolving(resolving) => Some(resolving.direction),
        Layer1::Waiting(question) | Layer1::Lapsed(question, _) => Some(question.direction()),
        Layer1::Flipping(flip) | Layer1::Settled(flip) => Some(flip.direction()),
    }
}

/// The rollback of Layer 1, also while a promote is asked for or under way.
pub fn rollback(incident: &Incident) -> Option<&Flip> {
    match direction(incident) {
        Some(Direction::Forward) => incident.before.as_deref(),
        Some(Direction::Back) | None => incident.flip(),
    }
    .filter(|flip| flip.direction() == Direction::Back)
}

/// The promote that is under way or came to its end.
pub fn promote(incident: &Incident) -> Option<&Flip> {
    incident.flip().filter(|flip| flip.direction() == Direction::Forward)
}

/// What production was seen to answer from since the rollback, as long as nobody has moved it since.
pub fn safe_on(incident: &Incident) -> Option<&Deployment> {
    rollback(incident)
        .filter(|flip| flip.is_proven() && incident.elsewhere.is_none())
        .map(|flip| &flip.confirmation.to.deployment)
}

/// Whether nothing goes live by itself, as far as the rollback's reading of the flag tells.
pub fn is_pinned(incident: &Incident) -> bool {
    safe_on(incident).is_some()
        && rollback(incident).is_some_and(|flip| flip.assignment != Some(Assignment::On))
}

/// Whether nobody is asking about the pointer and nothing is moving it.
pub fn is_at_rest(incident: &Incident) -> bool {
    matches!(incident.layer1, Layer1::Idle | Layer1::Settled(_))
}
