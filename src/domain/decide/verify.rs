//! Verifications: who may ask, what is meant, and what a walk comes to. Nothing here changes production, so neither a halt
//! nor a held pointer stands in the way.

use super::{Case, Decision, Facts, Step};
use crate::domain::actor::Person;
use crate::domain::book::Book;
use crate::domain::deployment::Deployment;
use crate::domain::event::{Emitted, VerificationEvent};
use crate::domain::ids::{IncidentId, ServiceId, VerificationId};
use crate::domain::incident::Layer1;
use crate::domain::refusal::Refusal;
use crate::domain::verification::{self, Address, Subject, Verdict, Verifying, Walk, Walked};

pub(super) fn ask(
    book: &Book,
    service: &ServiceId,
    deployment: Option<&str>,
    facts: &Facts,
) -> Step {
    let by = facts.person()?;
    let incident = book.open_incident(service).ok_or(Refusal::NoIncident)?;
    let case = Case::of(book, incident.id)?;
    let named = deployment.map(|typed| Subject::Deployment(typed.to_owned()));
    begin(&case, by, named.unwrap_or_else(|| needed(&case)), facts)
}

/// What the runbook needs next: the fix's build as long as it is ready and not live, else production.
fn needed(case: &Case<'_>) -> Subject {
    let built = case.incident.fix().and_then(|fix| fix.built.as_ref());
    let live = verification::expected(case.incident).map(|target| &target.id);
    let is_bad = |built: &Deployment| case.state.marked_bad.contains_key(&built.id);
    match built.filter(|built| live != Some(&built.id) && !is_bad(built)) {
        Some(built) => Subject::Deployment(built.id.to_string()),
        None => Subject::Production,
    }
}

/// The button on the card verifies what is needed next.
pub(super) fn press(case: &Case<'_>, by: &Person, facts: &Facts) -> Step {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    begin(case, by, needed(case), facts)
}

fn begin(case: &Case<'_>, by: &Person, subject: Subject, facts: &Facts) -> Step {
    // One at a time: whoever asks meanwhile is told of the one under way.
    if case.incident.verifying.is_some() {
        return Ok(Decision::nothing());
    }
    if subject == Subject::Production && matches!(case.incident.layer1, Layer1::Flipping(_)) {
        return Err(Refusal::FlipUnderWay);
    }
    let (verification, by) = (facts.fresh.verification.clone(), by.clone());
    let asked = VerificationEvent::VerificationAsked { verification, by, subject };
    Ok(Decision::events(vec![Emitted::verification(case.id(), asked)]))
}

pub(super) fn end(
    book: &Book,
    incident: IncidentId,
    verification: &VerificationId,
    walked: &Walked,
) -> Step {
    let case = Case::of(book, incident)?;
    let asked = case.incident.verifying.as_ref().filter(|one| one.id == *verification);
    // Whoever comes late is no news.
    let Some(asked) = asked else { return Ok(Decision::nothing()) };
    let ended = match walked {
        Walked::Through { goal, walk, log } => VerificationEvent::VerificationEnded {
            verification: verification.clone(),
            address: goal.address,
            deployment: Some(Box::new(goal.deployment.clone())),
            verdict: match has_moved(&case, asked, walked) {
                Some(why) => Verdict::Unknown { why: why.to_owned() },
                None => verification::judge_with(walk, log.as_deref()),
            },
            walk: walk.clone(),
            log: log.clone(),
        },
        Walked::Not { why } => VerificationEvent::VerificationEnded {
            verification: verification.clone(),
            address: asked.subject.address(),
            deployment: None,
            verdict: Verdict::Unknown { why: why.clone() },
            walk: Walk { answers: None, journeys: Vec::new() },
            log: None,
        },
    };
    Ok(Decision::events(vec![Emitted::verification(case.id(), ended)]))
}

/// Production that was moved by us while it was walked is not what was walked.
fn has_moved(case: &Case<'_>, asked: &Verifying, walked: &Walked) -> Option<&'static str> {
    let Walked::Through { goal, .. } = walked else { return None };
    if goal.address != Address::Production {
        return None;
    }
    let is_flipped_since = case.incident.flip().is_some_and(|flip| flip.confirmed_at > asked.since);
    let is_moving = matches!(case.incident.layer1, Layer1::Flipping(_));
    let expected = verification::expected(case.incident);
    let is_other = expected.is_some_and(|target| target.id != goal.deployment.id);
    (is_moving || is_flipped_since || is_other)
        .then_some("production was moved meanwhile; verify it again")
}
