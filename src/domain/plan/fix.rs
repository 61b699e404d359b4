//! What is due for an incident's fix. A lane of its own: nothing of Layer 1 ever waits for the forge.

use super::{Looks, Next, again};
use crate::domain::book::Book;
use crate::domain::decide::{Read, Request};
use crate::domain::fix::{
    Call, Comment, Fix, ForgeCall, ForgeOutcome, Layer2, Looking, Opening, Order, PullState,
    Subject, Warning,
};
use crate::domain::ids::{EffectId, IncidentId};
use crate::domain::incident::{Incident, Layer1Done};
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
        Layer2::Followed(fix) => next_of_fix(book, incident, fix, looks, now),
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

fn next_of_fix(book: &Book, incident: &Incident, fix: &Fix, looks: &Looks, now: Timestamp) -> Next {
    let id = incident.id;
    let is_halted = book.state(&incident.service).is_some_and(|state| state.halt.is_some());
    if fix.built.is_some() {
        return Next::Rest;
    }
    if let Some(merged) = &fix.merged {
        let pause = pause(now.since(merged.at));
        let at = again(looks, pause, now);
        return Next::Read(at, vec![Read::Deployments], Request::SeeBuild(id));
    }
    let gate = Read::Gate(fix.pull.number);
    if let Some(call) = fix.call() {
        let call = next_of_call(id, call, vec![gate.clone()], looks, is_halted, now);
        if call != Next::Rest {
            return call;
        }
    }
    let is_closed = fix.gate.as_ref().is_some_and(|gate| gate.state == PullState::Closed);
    let since = fix.gate_at.unwrap_or(fix.since);
    let pause = if is_closed { CLOSED } else { pause(now.since(since)) };
    let mut reads = vec![gate];
    reads.extend(main_since(incident, fix).map(Read::Main));
    let at = again(looks, pause, now);
    match warning_due(book, incident, fix) {
        Some((_, due, _)) if due <= at => Next::Decide(due, Request::StartWarning(id)),
        Some(_) | None => Next::Read(at, reads, Request::SeeGate(id)),
    }
}

/// The warning that is next to be given, when, and how often it was tried. Only while its service allows it, the fix is
/// on its way and production is pinned: otherwise what it says would not be true.
pub fn warning_due<'a>(
    book: &Book,
    incident: &Incident,
    fix: &'a Fix,
) -> Option<(&'a Warning, Timestamp, u32)> {
    let is_allowed = book.services.get(&incident.service)?.warns_pull_requests;
    let is_halted = book.state(&incident.service)?.halt.is_some();
    let is_true = incident.is_open() && is_pinned(incident) && fix.merged.is_none();
    if !is_allowed || is_halted || !is_true {
        return None;
    }
    fix.warnings.iter().find_map(|one| one.due().map(|(at, attempts)| (one, at, attempts)))
}

/// Whether production is where the rollback left it, with nothing going live by itself.
pub fn is_pinned(incident: &Incident) -> bool {
    matches!(incident.layer1_done, Some(Layer1Done::Proven(_))) && incident.elsewhere.is_none()
}

/// The comment of a warning that was just started.
pub fn comment_of(incident: &Incident, effect: &EffectId) -> Option<Comment> {
    let fix = incident.fix()?;
    let warning = fix.warnings.iter().find(|one| one.effect == *effect)?;
    let suspect = incident.suspect.as_ref().and_then(|one| one.sha.as_deref());
    let bad = fix.takes_back.as_deref().or(suspect);
    let bad = bad.map(|sha| format!(" `{}`", sha.get(..12).unwrap_or(sha))).unwrap_or_default();
    let mark =
        format!("<!-- repoint:incident-{}:warn -->", fix.shared_from.unwrap_or(incident.id).0);
    let text = format!(
        "{mark}\nMain still holds the bad change{bad} (Repoint incident {} of {}). Production was rolled back and is \
         pinned, so what this pull request brought is not live yet: it goes live together with the fix, pull request \
         #{}. Nothing needs to be done here.\n",
        incident.id.0, incident.service, fix.pull.number
    );
    let commits = warning.commits.iter().map(|one| one.sha.clone()).collect();
    Some(Comment { commits, fix: fix.pull.number, mark, text })
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
            let number = fix.pull.number;
            if fix.withdrawing().is_some_and(|withdrawal| withdrawal.effect == *effect) {
                return Some(ForgeCall::CallOff { number });
            }
            let merge = fix.merge.as_ref().filter(|merge| merge.effect == *effect)?;
            let (head, road) = (merge.head.clone(), merge.road);
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
