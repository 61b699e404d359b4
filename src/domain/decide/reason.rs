//! The reason that something lacks, given by a form. It arrives long after its button was pressed: what it was asked for is
//! looked at again, and a late one gets a true answer.

use super::confirm::is_open_question;
use super::{Case, Decision, Facts, Step, promote};
use crate::domain::action::{LONGEST_REASON, Lacks};
use crate::domain::actor::Person;
use crate::domain::event::{Emitted, IncidentEvent, Wish};
use crate::domain::guard::{self, Answerers};
use crate::domain::ids::ConfirmationId;
use crate::domain::refusal::Refusal;

/// Somebody wants to give it: nobody types one for nothing.
pub(super) fn asked(case: &Case<'_>, lacks: &Lacks) -> Step {
    wish(case, lacks).map(|_| Decision::nothing())
}

/// Somebody gave it: the same is asked for anew, with the reason.
pub(super) fn given(
    case: &Case<'_>,
    lacks: &Lacks,
    reason: &str,
    by: &Person,
    facts: &Facts,
) -> Step {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::ReasonNeeded);
    }
    if reason.chars().count() > LONGEST_REASON {
        return Err(Refusal::ReasonTooLong);
    }
    let wish = Wish { reason: Some(reason.to_owned()), ..wish(case, lacks)? };
    match lacks {
        Lacks::Rollback(_) => {
            let requested = IncidentEvent::RollbackRequested { by: by.clone(), wish };
            Ok(Decision::events(vec![Emitted::incident(case.id(), requested)]))
        }
        Lacks::Promote => promote::request(case, by, &wish, facts),
    }
}

/// What was asked for without a reason.
fn wish(case: &Case<'_>, lacks: &Lacks) -> Result<Wish, Refusal> {
    match lacks {
        Lacks::Rollback(question) => rollback(case, question),
        Lacks::Promote => refused_promote(case),
    }
}

fn rollback(case: &Case<'_>, question: &ConfirmationId) -> Result<Wish, Refusal> {
    is_open_question(case, question)?;
    let waiting = case.incident.waiting().filter(|waiting| waiting.id == *question);
    let waiting = waiting.ok_or(Refusal::UnknownButton)?;
    match guard::g4_who_answers(waiting, case.incident.evidence_of(question)) {
        Answerers::NobodyWithoutReason => Ok(waiting.wish_for(waiting.named.clone())),
        Answerers::Anybody | Answerers::SecondPerson | Answerers::TwoPeople => {
            Err(Refusal::NoReasonAsked)
        }
    }
}

/// The reason overrides what the last promote was refused for (G7), and nothing else: production that is broken again is
/// still to be mended first (G5).
fn refused_promote(case: &Case<'_>) -> Result<Wish, Refusal> {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    let wish = case.incident.promote_that_lacks_reason().ok_or(Refusal::NoReasonAsked)?;
    guard::g5_pointer_first(case.incident, None)?;
    Ok(wish.clone())
}
