//! Two people (G12): who said yes, who may be the second, and since when.

use super::Drawing;
use crate::chat::reply::Text;
use crate::domain::actor::Grantee;
use crate::domain::event::Confirmation;
use crate::domain::guard::{self, Answerers};
use crate::domain::incident::{FirstYes, Incident};

/// What a question still lacks where it takes two people; nothing where one is enough.
pub(super) fn lines(incident: &Incident, drawing: &Drawing<'_>) -> Vec<Text> {
    let Some(question) = incident.waiting() else { return Vec::new() };
    if let Some(first) = incident.first_yes_to(&question.id) {
        return vec![said_yes(incident, question, first, drawing)];
    }
    let Some(service) = drawing.book.services.get(&incident.service) else { return Vec::new() };
    let evidence = incident.evidence_of(&question.id);
    match guard::g12_who_answers(question, evidence, service) {
        Answerers::TwoPeople => vec![
            Text::default()
                .strong("Two people")
                .and(": this service moves when a second person presses ")
                .strong("Confirm")
                .and(" as well."),
        ],
        Answerers::Anybody | Answerers::NobodyWithoutReason | Answerers::SecondPerson => Vec::new(),
    }
}

fn said_yes(
    incident: &Incident,
    question: &Confirmation,
    first: &FirstYes,
    drawing: &Drawing<'_>,
) -> Text {
    let text = Text::default()
        .person(&first.by)
        .and(" said ")
        .strong("yes")
        .and(" at ")
        .time(first.at)
        .and("; nothing is sent before somebody else presses ")
        .strong("Confirm")
        .and(" too, until ")
        .time(question.expires_at)
        .and(". Named for it: ")
        .append(named(&first.seconds))
        .and(".");
    let Some(from) = first.alone_from else { return text };
    let alone = drawing.prefix.command(&format!("incident alone {} <reason>", incident.service));
    text.and(" Nobody there? From ").time(from).and(" on one may go on alone: ").code(alone)
}

/// Who is named as second person, without calling them.
pub fn named(seconds: &[Grantee]) -> Text {
    let mut text = Text::default();
    for (index, one) in seconds.iter().enumerate() {
        text = if index == 0 { text } else { text.and(", ") };
        text = match one {
            Grantee::Person(person) => text.person(person),
            Grantee::Group(group) => text.and("the group ").code(group.to_string()),
        };
    }
    text
}
