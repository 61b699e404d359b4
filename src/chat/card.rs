//! The live card: one per incident, drawn from the state alone, edited in place.
//!
//! What it says of the pointer is in `layer1` and `promote`, of the fix in `layer2` and `gate`; all of them go by `standing`. What a
//! question still lacks where it takes two people is in `agreement`.

mod actions;
mod agreement;
mod checklist;
mod fields;
pub(crate) mod gate;
mod headline;
mod layer1;
pub(crate) mod layer2;
pub(crate) mod notes;
mod promote;
pub(crate) mod standing;
#[cfg(test)]
mod tests;

pub use actions::{actions, all_actions, answerers, tasks};
pub use agreement::named;
pub use headline::headline;

use super::catalog::Prefix;
use super::reply::{Button, ButtonStyle, Card, Part, Text};
use super::words;
use crate::domain::action::Action;
use crate::domain::book::{Book, ServiceState};
use crate::domain::event::{Candidate, Task};
use crate::domain::ids::IncidentId;
use crate::domain::incident::Incident;
use crate::domain::time::Timestamp;
use crate::engine::seal::Sealer;
use standing::Standing;

/// What a card is drawn from.
#[derive(Clone, Copy)]
pub struct Drawing<'a> {
    /// The state.
    pub book: &'a Book,
    /// Makes the buttons' values.
    pub sealer: &'a Sealer,
    /// How commands are written.
    pub prefix: &'a Prefix,
    /// When it is drawn.
    pub now: Timestamp,
}

/// The key under which an incident's card stands in a channel.
pub fn key(incident: IncidentId) -> String {
    format!("incident/{}/card", incident.0)
}

/// The label of an action, as the interface names it.
pub fn label(action: &Action) -> &'static str {
    match action {
        Action::Confirm(_) => "Confirm",
        Action::Cancel => "Cancel",
        Action::ChooseAnother(_) => "Choose another",
        Action::Choose(..) => "Choose",
        Action::Renew => "Ask again",
        Action::Verify => "Verify",
        Action::Revert => "Revert",
        Action::OpenRevert(_) => "Open revert",
        Action::Merge(_) => "Merge",
        Action::Promote => "Promote",
        Action::Agree => "Agree",
        Action::TakeTask(task) => match task {
            Task::Rows => "Rows",
            Task::Mails => "Mails",
            Task::Charges => "Charges",
            Task::Webhooks => "Webhooks",
            Task::Files => "Files",
            Task::Settings => "Settings",
        },
        Action::ShowCard => "Show card",
        Action::GiveReason(_) | Action::Reasoned(..) => "Give a reason",
    }
}

/// A button of an incident.
pub fn button(incident: IncidentId, action: &Action, sealer: &Sealer) -> Button {
    let style = match action {
        Action::Confirm(_) | Action::Merge(_) => ButtonStyle::Danger,
        Action::Renew
        | Action::ShowCard
        | Action::Revert
        | Action::OpenRevert(_)
        | Action::Promote => ButtonStyle::Primary,
        // The next step only once there is something to verify: see `next_step`.
        Action::Verify
        | Action::Agree
        | Action::TakeTask(_)
        | Action::GiveReason(_)
        | Action::Reasoned(..)
        | Action::Cancel
        | Action::ChooseAnother(_)
        | Action::Choose(..) => ButtonStyle::Plain,
    };
    Button {
        label: label(action).into(),
        style,
        action: action.name().to_owned(),
        token: sealer.value(incident, action),
    }
}

/// Draws an incident's card.
pub fn draw(incident: &Incident, drawing: &Drawing<'_>) -> Card {
    let book = drawing.book;
    let unknown = ServiceState::default();
    let state = book.state(&incident.service).unwrap_or(&unknown);
    let title = format!("{} {}: {}", incident.id, incident.service, headline(incident, book));
    let mut parts = vec![Part::Title(title.clone().into())];
    parts.push(Part::Paragraph(layer1::situation(incident, drawing)));
    parts.extend(agreement::lines(incident, drawing).into_iter().map(Part::Paragraph));
    parts.extend(layer2::preview(incident).into_iter().map(Part::Paragraph));
    let fields = fields::fields(incident, drawing);
    if !fields.is_empty() {
        parts.push(Part::Fields(fields));
    }
    parts.push(Part::Checklist(checklist::checklist(incident, drawing)));
    parts.extend(notes::verifications(incident, drawing.now).map(Part::Paragraph));
    parts.extend(notes::statements(incident).into_iter().map(Part::Paragraph));
    parts.extend(notes::refused(incident, drawing).map(Part::Paragraph));
    parts.extend(notes::warnings(incident, state, drawing).into_iter().map(Part::Paragraph));
    parts.extend(next_step(incident, state, buttons(incident, &actions(incident, book), drawing)));
    parts.extend(notes::boundary(incident).map(Part::Paragraph));
    parts.extend(buttons(incident, &tasks(incident), drawing));
    parts.extend(notes::small_print(incident).map(Part::Note));
    Card { summary: title.into(), parts }
}

/// A fix that is built and not verified makes *Verify* the next step.
fn next_step(incident: &Incident, state: &ServiceState, buttons: Option<Part>) -> Option<Part> {
    let is_built = incident
        .fix()
        .is_some_and(|fix| matches!(standing::of_fix(incident, fix, state), Standing::Ready(_)));
    let Some(Part::Buttons(mut buttons)) = buttons else { return buttons };
    let verify = buttons.iter_mut().filter(|button| button.action == Action::Verify.name());
    for button in verify.filter(|_| is_built) {
        button.style = ButtonStyle::Primary;
    }
    Some(Part::Buttons(buttons))
}

fn buttons(incident: &Incident, actions: &[Action], drawing: &Drawing<'_>) -> Option<Part> {
    let drawn = actions.iter().map(|action| button(incident.id, action, drawing.sealer));
    (!actions.is_empty()).then(|| Part::Buttons(drawn.collect()))
}

/// The other eligible targets, each with a button. List numbers are those that `/rollback` takes.
pub fn choices(incident: &Incident, drawing: &Drawing<'_>) -> Card {
    let Some(question) = incident.waiting() else { return draw(incident, drawing) };
    let title = format!("{} {}: other targets", incident.id, incident.service);
    let mut parts = vec![Part::Title(title.clone().into())];
    for other in &question.others {
        parts.push(Part::Paragraph(candidate(other, drawing.now)));
        let action = Action::Choose(question.id.clone(), other.deployment.id.clone());
        let button = Button {
            label: Text::plain("Choose ").append(words::short(&other.deployment)),
            ..button(incident.id, &action, drawing.sealer)
        };
        parts.push(Part::Buttons(vec![button]));
    }
    parts.push(Part::Note("Choosing asks for a fresh Confirm; nothing moves before that.".into()));
    Card { summary: title.into(), parts }
}

/// A deployment that one could roll back to, in one line.
pub fn candidate(candidate: &Candidate, now: Timestamp) -> Text {
    let text = words::described(&candidate.deployment, now);
    match candidate.served_for {
        Some(served) => text.and(format!(" · served {served}")),
        None => text.and(" · how long it served is not known"),
    }
}
