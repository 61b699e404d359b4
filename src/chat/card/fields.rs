//! The named values of the card: from where to where, what is known of the code, the fix and its gate.

use super::standing::{self, Standing};
use super::{Drawing, candidate, gate, layer2, promote};
use crate::chat::reply::{Field, Text};
use crate::chat::{evidence, words};
use crate::domain::book::ServiceState;
use crate::domain::deployment::{Assignment, Deployment};
use crate::domain::event::Confirmation;
use crate::domain::fix::Layer2;
use crate::domain::incident::{Incident, Layer1};

/// At most ten; those of the fix last.
pub(super) fn fields(incident: &Incident, drawing: &Drawing<'_>) -> Vec<Field> {
    let mut fields = match question(incident) {
        Some((question, assignment)) => of_pointer(incident, question, assignment, drawing),
        None => Vec::new(),
    };
    let is_shown = |build: &Deployment| {
        question(incident).is_some_and(|(question, _)| question.to.deployment.id == build.id)
    };
    fields.extend(of_fix(incident, is_shown, drawing));
    if let Some(service) = drawing.book.services.get(&incident.service)
        && !fields.is_empty()
    {
        let url = service.production_url.clone();
        fields.push(field("Production", Text::default().link(url.clone(), url)));
    }
    fields
}

fn field(name: &str, value: Text) -> Field {
    Field { name: name.to_owned(), value }
}

/// The question that the pointer's present move is about, with the flag as last read.
fn question(incident: &Incident) -> Option<(&Confirmation, Assignment)> {
    match &incident.layer1 {
        Layer1::Waiting(question) | Layer1::Lapsed(question, _) => {
            Some((question, question.bound.assignment))
        }
        Layer1::Flipping(flip) | Layer1::Settled(flip) => {
            let read = flip.assignment.unwrap_or(flip.confirmation.bound.assignment);
            Some((&flip.confirmation, read))
        }
        Layer1::Idle | Layer1::Resolving(_) => None,
    }
}

fn of_pointer(
    incident: &Incident,
    question: &Confirmation,
    assignment: Assignment,
    drawing: &Drawing<'_>,
) -> Vec<Field> {
    let now = drawing.now;
    let mut fields = vec![field("From", words::described(&question.from, now))];
    if let Some(promotion) = &question.promotion {
        let is_asked = matches!(incident.layer1, Layer1::Waiting(_) | Layer1::Lapsed(..));
        let flag = if is_asked {
            promote::flag_field(question, promotion)
        } else {
            words::assignment(assignment).into()
        };
        fields.push(field("To", words::described(&question.to.deployment, now)));
        fields.push(field("Automatic assignment", flag));
        fields.push(field("Verification", promote::verified_field(question, promotion, drawing)));
        fields.push(field("Asked by", asked_by(question)));
        return fields;
    }
    let known = incident.evidence_of(&question.id);
    fields.push(field("To", candidate(&question.to, now)));
    fields.push(field("Automatic assignment", words::assignment(assignment).into()));
    // Once the fix is the matter, what led to the flip is in the thread.
    if incident.layer2 == Layer2::Idle {
        fields.push(field("Migrations between them", evidence::migrations(question, known)));
        if let Some(known) = known {
            fields.push(field("Ships back out", evidence::commits(known)));
            fields.push(field("Bad change", evidence::bad_change(known)));
        }
        fields.push(field("Asked by", asked_by(question)));
    }
    fields
}

/// `is_shown` says of a build whether it stands on the card as what production moves to.
fn of_fix(
    incident: &Incident,
    is_shown: impl Fn(&Deployment) -> bool,
    drawing: &Drawing<'_>,
) -> Vec<Field> {
    let Some(fix) = incident.fix() else { return Vec::new() };
    let unknown = ServiceState::default();
    let state = drawing.book.state(&incident.service).unwrap_or(&unknown);
    let mut fields = vec![field("Fix", layer2::fix_field(fix))];
    let value = match standing::of_fix(incident, fix, state) {
        Standing::Closed | Standing::NotSeen => None,
        Standing::AtGate(..) | Standing::Merging(_) | Standing::Queued => {
            fix.gate.as_ref().map(|seen| ("Gate", gate::field(fix, seen)))
        }
        Standing::Merged(merged) => {
            Some(("On main as", Text::default().code(words::short_id(&merged.sha))))
        }
        Standing::BuildFailed(build)
        | Standing::Ready(build)
        | Standing::Verified(build, _)
        | Standing::Live(build)
        | Standing::Bad(build) => {
            (!is_shown(build)).then(|| ("Its build", words::described(build, drawing.now)))
        }
    };
    fields.extend(value.map(|(name, value)| field(name, value)));
    fields
}

fn asked_by(question: &Confirmation) -> Text {
    let text = Text::default().person(&question.requester);
    match &question.reason {
        Some(reason) => text.and(": ").foreign(words::clipped(reason, 200)),
        None => text,
    }
}
