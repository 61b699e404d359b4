//! What is due for an incident's fix. A lane of its own: nothing of Layer 1 ever waits for the forge.

use super::{Looks, Next, again};
use crate::domain::book::Book;
use crate::domain::decide::{Read, Request};
use crate::domain::fix::{
    Call, Fix, ForgeCall, ForgeOutcome, Layer2, Looking, Opening, Order, PullState, Subject,
};
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::incident::Incident;
use crate::domain::time::{Span, Timestamp};

/// Time between two tries to read a forge that does not answer.
const RETRY: Span = Span::seconds(5);

/// Time between two looks at a gate whose checks run. A look is about six calls of the five thousand an hour.
const LOOK: Span = Span::seconds(5);

/// After this the looks become rarer.
const AT_FIRST: Span = Span::minutes(3);

/// Time between two looks at a gate that takes long.
const LATER: Span = Span::seconds(20);

/// Time between two looks at a pull request that somebody closed.
const CLOSED: Span = Span::seconds(60);

/// What is due for an incident's fix.
pub fn next(book: &Book, id: IncidentId, looks: &Looks, now: Timestamp) -> Next {
    let Some(incident) = book.incidents.get(&id).filter(|incident| incident.is_open()) else {
        return Next::Rest;
    };
    let is_halted = book.state(&incident.service).is_some_and(|state| state.halt.is_some());
    match &incident.layer2 {
        Layer2::Idle | Layer2::Planned(_) | Layer2::Prepared(_) => Next::Rest,
        Layer2::Looking(looking) => {
            let reads = subject(incident, looking).map(Read::Trial).into_iter().collect();
            Next::Read(again(looks, RETRY, now), reads, Request::PlanRevert(id))
        }
        Layer2::Opening(opening) => {
            let reads = vec![Read::PullOf(opening.plan.branch.clone())];
            next_of_call(id, (&opening.effect, &opening.call), reads, looks, is_halted, now)
        }
        Layer2::Followed(fix) => next_of_fix(incident, fix, looks, is_halted, now),
    }
}

fn subject(incident: &Incident, looking: &Looking) -> Option<Subject> {
    match &looking.wish.what {
        Some(typed) => Subject::parse(typed),
        None => incident.suspect.as_ref()?.sha.clone().map(Subject::Commit),
    }
}

fn next_of_call(
    id: IncidentId,
    (effect, call): (&EffectId, &Call),
    reads: Vec<Read>,
    looks: &Looks,
    is_halted: bool,
    now: Timestamp,
) -> Next {
    match call {
        // A halt is lifted by a person; nothing is due before.
        Call::Intended { .. } if is_halted => Next::Rest,
        Call::Intended { not_before, .. } => {
            // A merge reads its gate first; a forge that cannot be read is not asked again at once.
            Next::Decide((*not_before).max(again(looks, RETRY, now)), Request::StartForgeCall(id))
        }
        // The call is made right after its start is durable. Whoever finds it started was not there when it was made.
        Call::Sending { .. } => {
            let why = "the bot was interrupted while it made the call".to_owned();
            let (effect, outcome) = (effect.clone(), ForgeOutcome::Unknown { why });
            Next::Decide(now, Request::EndForgeCall { incident: id, effect, outcome })
        }
        Call::Unknown { .. } => {
            Next::Read(again(looks, RETRY, now), reads, Request::ObserveForge(id))
        }
        Call::Taken | Call::Refused { .. } => Next::Rest,
    }
}

fn next_of_fix(
    incident: &Incident,
    fix: &Fix,
    looks: &Looks,
    is_halted: bool,
    now: Timestamp,
) -> Next {
    let id = incident.id;
    if fix.built.is_some() {
        return Next::Rest;
    }
    if let Some(merged) = &fix.merged {
        let pause = pause(now.since(merged.at));
        let at = again(looks, pause, now);
        return Next::Read(at, vec![Read::Deployments], Request::SeeBuild(id));
    }
    let gate = Read::Gate(fix.pull.number);
    if let Some(merge) = fix.merging() {
        let call = next_of_call(
            id,
            (&merge.effect, &merge.call),
            vec![gate.clone()],
            looks,
            is_halted,
            now,
        );
        if call != Next::Rest {
            return call;
        }
    }
    let is_closed = fix.gate.as_ref().is_some_and(|gate| gate.state == PullState::Closed);
    let since = fix.gate_at.unwrap_or(fix.since);
    let pause = if is_closed { CLOSED } else { pause(now.since(since)) };
    let mut reads = vec![gate];
    reads.extend(main_since(incident, fix).map(Read::Main));
    Next::Read(again(looks, pause, now), reads, Request::SeeGate(id))
}

fn pause(waited: Span) -> Span {
    if waited < AT_FIRST { LOOK } else { LATER }
}

/// The commit after which what comes to main is news (G15).
fn main_since(incident: &Incident, fix: &Fix) -> Option<String> {
    let suspect = || incident.suspect.as_ref().and_then(|one| one.sha.clone());
    let head = || fix.gate.as_ref().map(|gate| gate.head.clone());
    fix.main_seen.clone().or_else(suspect).or_else(head)
}

/// The call that belongs to an effect that was just started.
pub fn call_of(incident: &Incident, effect: &EffectId) -> Option<ForgeCall> {
    match &incident.layer2 {
        Layer2::Opening(opening) if opening.effect == *effect => {
            Some(ForgeCall::OpenRevert(order(incident, opening)))
        }
        Layer2::Followed(fix) => {
            let merge = fix.merge.as_ref().filter(|merge| merge.effect == *effect)?;
            let (number, head, road) = (fix.pull.number, merge.head.clone(), merge.road);
            Some(ForgeCall::Merge { number, head, road })
        }
        Layer2::Idle
        | Layer2::Looking(_)
        | Layer2::Planned(_)
        | Layer2::Opening(_)
        | Layer2::Prepared(_) => None,
    }
}

fn order(incident: &Incident, opening: &Opening) -> Order {
    let culprit = &opening.plan.trial.culprit;
    let subject = &culprit.head.subject;
    let what = match &culprit.pull {
        Some(pull) => format!("Reverts #{}.", pull.number),
        None => format!("Reverts {}.", culprit.head.sha),
    };
    let body = format!(
        "{what}\n\nIncident {} of {}: production was rolled back and is pinned. This takes the bad change off the main \
         branch, through the usual checks and reviews.\n\nrepoint-incident: {}\n",
        incident.id, incident.service, incident.id.0
    );
    Order {
        incident: incident.id,
        subject: opening.plan.subject.clone(),
        branch: opening.plan.branch.clone(),
        title: format!("Revert \"{subject}\""),
        body,
    }
}
