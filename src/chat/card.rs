//! The live card: one per incident, drawn from the state alone, edited in place.

use super::catalog::Prefix;
use super::evidence;
use super::reply::{Button, ButtonStyle, Card, Field, Item, ItemState, Part, Text};
use super::{verdict, words};
use crate::domain::action::Action;
use crate::domain::book::{Book, ServiceState};
use crate::domain::deployment::Assignment;
use crate::domain::event::{Candidate, Confirmation, Exit};
use crate::domain::guard::{self, Answerers};
use crate::domain::ids::IncidentId;
use crate::domain::incident::{Flip, Incident, Layer1, Proof, Stage};
use crate::domain::plan::{STEPS, Step};
use crate::domain::refusal::Void;
use crate::domain::service::Service;
use crate::domain::time::Timestamp;
use crate::engine::seal::Sealer;

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

/// The actions that can be pressed on an incident now. Buttons that cannot work are not drawn.
pub fn actions(incident: &Incident) -> Vec<Action> {
    if !incident.is_open() {
        return Vec::new();
    }
    match &incident.layer1 {
        // One at a time; a rollback that failed left production as it was.
        Layer1::Settled(flip) if flip.failure.is_none() && incident.verifying.is_none() => {
            vec![Action::Verify]
        }
        Layer1::Idle | Layer1::Settled(_) => Vec::new(),
        Layer1::Resolving(_) => vec![Action::Cancel],
        Layer1::Waiting(question) => {
            let mut actions = Vec::new();
            if answerers(incident, question) != Answerers::NobodyWithoutReason {
                actions.push(Action::Confirm(question.id.clone()));
            }
            if !question.others.is_empty() {
                actions.push(Action::ChooseAnother(question.id.clone()));
            }
            actions.push(Action::Cancel);
            actions
        }
        Layer1::Lapsed(..) => vec![Action::Renew, Action::Cancel],
        Layer1::Flipping(flip) => match flip.stage {
            Stage::Intended { .. } if !flip.was_sent() => vec![Action::Cancel],
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Polling { .. }
            | Stage::Proving { .. }
            | Stage::ReadingFlag { .. }
            | Stage::Done => Vec::new(),
        },
    }
}

/// Who may answer a question (G4).
fn answerers(incident: &Incident, question: &Confirmation) -> Answerers {
    guard::g4_who_answers(question, incident.evidence_of(&question.id))
}

/// Everything that can be pressed in connection with an incident, drawn or not: the choices behind *Choose another*, and
/// *Show card*.
pub fn all_actions(incident: &Incident) -> Vec<Action> {
    let mut all = actions(incident);
    all.push(Action::ShowCard);
    if let Layer1::Waiting(question) = &incident.layer1 {
        let choices = question
            .others
            .iter()
            .map(|other| Action::Choose(question.id.clone(), other.deployment.id.clone()));
        all.extend(choices);
    }
    if !all.contains(&Action::Cancel) {
        // The command's immediate answer carries it; pressed too late it says so.
        all.push(Action::Cancel);
    }
    all
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
        Action::TakeTask(_) => "I look after it",
        Action::ShowCard => "Show card",
    }
}

/// A button of an incident.
pub fn button(incident: IncidentId, action: &Action, sealer: &Sealer) -> Button {
    let style = match action {
        Action::Confirm(_) | Action::Merge(_) => ButtonStyle::Danger,
        Action::Renew
        | Action::Verify
        | Action::ShowCard
        | Action::Revert
        | Action::OpenRevert(_)
        | Action::Promote => ButtonStyle::Primary,
        Action::Agree
        | Action::TakeTask(_)
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
    let headline = headline(incident);
    let title = format!("{} {}: {headline}", incident.id, incident.service);
    let mut parts = vec![Part::Title(title.clone().into())];
    parts.push(Part::Paragraph(situation(incident, drawing)));
    if let Some(fields) = fields(incident, book.services.get(&incident.service), drawing.now) {
        parts.push(Part::Fields(fields));
    }
    parts.push(Part::Checklist(checklist(incident)));
    parts.extend(verifications(incident, drawing.now).map(Part::Paragraph));
    parts.extend(warnings(incident, state, drawing).into_iter().map(Part::Paragraph));
    let buttons: Vec<Button> = actions(incident)
        .iter()
        .map(|action| button(incident.id, action, drawing.sealer))
        .collect();
    if !buttons.is_empty() {
        parts.push(Part::Buttons(buttons));
    }
    parts.extend(small_print(incident).map(Part::Note));
    Card { summary: title.into(), parts }
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

/// What an incident is at, in few words.
pub fn headline(incident: &Incident) -> &'static str {
    if let Some(resolution) = &incident.resolution {
        return match resolution.exit {
            Exit::Blip => "resolved, it was a blip",
            Exit::ByHand => "resolved",
            Exit::Reverted => "resolved, the bad change is reverted",
            Exit::FixedForward => "resolved, fixed forward",
            Exit::FalseAlarm => "resolved, it was a false alarm",
        };
    }
    match &incident.layer1 {
        Layer1::Idle if incident.refused.is_some() => "rollback refused",
        Layer1::Idle if incident.cancelled.is_some() => "rollback cancelled",
        Layer1::Idle => "open",
        Layer1::Resolving(_) => "looking for the last known good deployment",
        Layer1::Waiting(_) => "roll back?",
        Layer1::Lapsed(_, Void::Stale) => "the question expired",
        Layer1::Lapsed(..) => "the question no longer holds",
        Layer1::Flipping(flip) => match flip.stage {
            Stage::Intended { .. } | Stage::Sending { .. } | Stage::Polling { .. } => {
                "rolling back"
            }
            Stage::Unknown { .. } | Stage::Doubted { .. } => "not known whether it was rolled back",
            Stage::Proving { .. } => "flipped, looking at production",
            Stage::ReadingFlag { .. } | Stage::Done if flip.is_proven() => "proven",
            Stage::ReadingFlag { .. } | Stage::Done => "accepted but not serving",
        },
        Layer1::Settled(flip) if flip.failure.is_some() => "the rollback failed",
        Layer1::Settled(flip) if flip.is_proven() => "proven",
        Layer1::Settled(_) => "accepted but not serving",
    }
}

fn situation(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    if let Some(resolution) = &incident.resolution {
        let text = Text::plain("Ended by ").person(&resolution.by).and(" at ").time(resolution.at);
        return match &resolution.reason {
            Some(reason) => text.and(": ").foreign(words::clipped(reason, 300)),
            None => text.and("."),
        };
    }
    match &incident.layer1 {
        Layer1::Idle => idle(incident, drawing),
        Layer1::Resolving(resolving) => {
            let text = Text::default().person(&resolving.by).and(" asked for a rollback at ");
            let text = text.time(resolving.since).and(". Reading the provider…");
            match resolving.again {
                Some(why) => text.and(format!(" Asked anew: {}.", words::void(why))),
                None => text,
            }
        }
        Layer1::Waiting(question) => waiting(incident, question, drawing),
        Layer1::Lapsed(_, why) => Text::plain(format!(
            "Nothing was sent: {}. Press Ask again for a fresh look, or Cancel.",
            words::void(*why)
        )),
        Layer1::Flipping(flip) | Layer1::Settled(flip) => of_flip(incident, flip, drawing),
    }
}

fn waiting(incident: &Incident, question: &Confirmation, drawing: &Drawing<'_>) -> Text {
    let from = Text::plain("Production points at ").append(words::short(&question.from));
    let to = words::short(&question.to.deployment);
    let Some(destruction) = incident.evidence_of(&question.id).and_then(evidence::destruction)
    else {
        return from
            .and(". Press ")
            .strong("Confirm")
            .and(" to point it back at ")
            .append(to)
            .and(". Any responder may press until ")
            .time(question.expires_at)
            .and(".");
    };
    let text = from
        .and(". One press does not point it back at ")
        .append(to)
        .and(", because a migration took away what that version needs: ")
        .append(destruction)
        .and(". Better: switch the feature off by its flag, or fix forward.");
    match answerers(incident, question) {
        Answerers::Anybody | Answerers::SecondPerson => text
            .and(" To roll back all the same, somebody else than ")
            .person(&question.requester)
            .and(" presses ")
            .strong("Confirm")
            .and(" until ")
            .time(question.expires_at)
            .and("."),
        Answerers::NobodyWithoutReason => {
            let (service, target) = (&incident.service, &question.to.deployment.id);
            let again = drawing.prefix.command(&format!("rollback {service} {target} <reason>"));
            text.and(" To roll back all the same, give a reason: ")
                .code(again)
                .and("; then a second person confirms.")
        }
    }
}

fn idle(incident: &Incident, drawing: &Drawing<'_>) -> Text {
    let rollback = drawing.prefix.command(&format!("rollback {}", incident.service));
    if let Some(refusal) = &incident.refused {
        return words::refusal(refusal, Some(&incident.service), drawing.prefix);
    }
    let text = match &incident.cancelled {
        Some((by, at)) => Text::default()
            .strong("Cancelled")
            .and(" by ")
            .person(by)
            .and(" at ")
            .time(*at)
            .and("; nothing was sent."),
        None => Text::default().foreign(words::clipped(&incident.title, 300)),
    };
    text.and(" Next: ")
        .code(rollback)
        .and(", or ")
        .code(drawing.prefix.command("incident blip"))
        .and(" if it was nothing.")
}

fn of_flip(incident: &Incident, flip: &Flip, drawing: &Drawing<'_>) -> Text {
    let stamp = Text::default()
        .strong("Confirmed")
        .and(" by ")
        .person(&flip.confirmed_by)
        .and(" at ")
        .time(flip.confirmed_at)
        .and(". ");
    if let Some(failure) = &flip.failure {
        return stamp.and("The rollback failed: ").append(words::failure(
            failure,
            incident,
            drawing.prefix,
        ));
    }
    let target = words::short(&flip.confirmation.to.deployment);
    stamp.append(match (&flip.proof, &flip.stage) {
        (Some(Proof::Proven(at)), _) => Text::plain("Production answers from ")
            .append(target)
            .and(" since ")
            .time(*at)
            .and(": ")
            .strong("proven")
            .and(". Main still holds the bad commit. Next: revert it there through the usual pull request; nothing goes live by itself meanwhile. When it is over: ")
            .code(drawing.prefix.command("incident close <reason>")),
        (Some(Proof::NotServing(_, last)), _) => {
            Text::plain("The provider says it points at ")
                .append(target)
                .and(", but production does not serve it: ")
                .append(words::probe(last))
                .and(". Nothing has recovered yet. Next: check the names and any cache in front of production; I go on looking.")
        }
        (None, Stage::Intended { .. }) => match &flip.not_taken {
            Some(why) => Text::plain("The provider does not take it right now: ")
                .foreign(words::clipped(why, 200))
                .and(". I ask again."),
            None => Text::plain("Not sent yet."),
        },
        (None, Stage::Sending { .. }) => Text::plain("Asking the provider now."),
        (None, Stage::Unknown { why, .. }) => Text::plain("I do not know whether it happened: ")
            .foreign(words::clipped(why, 200))
            .and(". I read the provider before anything else is done."),
        (None, Stage::Doubted { why, .. }) => Text::plain("The provider said no: ")
            .foreign(words::clipped(why, 200))
            .and(". Reading whether production is there already."),
        (None, Stage::Polling { .. }) => Text::plain("The provider took it; its job runs."),
        (None, Stage::Proving { .. } | Stage::ReadingFlag { .. } | Stage::Done) => {
            Text::plain("The provider says done. Looking at production itself.")
        }
    })
}

fn fields(incident: &Incident, service: Option<&Service>, now: Timestamp) -> Option<Vec<Field>> {
    let (question, assignment) = match &incident.layer1 {
        Layer1::Waiting(question) | Layer1::Lapsed(question, _) => {
            (&**question, question.bound.assignment)
        }
        Layer1::Flipping(flip) | Layer1::Settled(flip) => {
            (&flip.confirmation, flip.assignment.unwrap_or(flip.confirmation.bound.assignment))
        }
        Layer1::Idle | Layer1::Resolving(_) => return None,
    };
    let known = incident.evidence_of(&question.id);
    let field = |name: &str, value: Text| Field { name: name.to_owned(), value };
    let mut fields = vec![
        field("From", words::described(&question.from, now)),
        field("To", candidate(&question.to, now)),
        field("Automatic assignment", words::assignment(assignment).into()),
        field("Migrations between them", evidence::migrations(question, known)),
    ];
    if let Some(known) = known {
        fields.push(field("Ships back out", evidence::commits(known)));
        fields.push(field("Bad change", evidence::bad_change(known)));
    }
    fields.push(field("Asked by", asked_by(question)));
    if let Some(service) = service {
        let url = service.production_url.clone();
        fields.push(field("Production", Text::default().link(url.clone(), url)));
    }
    Some(fields)
}

/// A deployment that one could roll back to, in one line.
pub fn candidate(candidate: &Candidate, now: Timestamp) -> Text {
    let text = words::described(&candidate.deployment, now);
    match candidate.served_for {
        Some(served) => text.and(format!(" · served {served}")),
        None => text.and(" · how long it served is not known"),
    }
}

fn asked_by(question: &Confirmation) -> Text {
    let text = Text::default().person(&question.requester);
    match &question.reason {
        Some(reason) => text.and(": ").foreign(words::clipped(reason, 200)),
        None => text,
    }
}

fn checklist(incident: &Incident) -> Vec<Item> {
    STEPS.iter().map(|step| item(*step, incident)).collect()
}

fn item(step: Step, incident: &Incident) -> Item {
    let flip = incident.flip();
    let (state, note) = match step {
        Step::Announce => (ItemState::Done, Some(Text::default().time(incident.opened_at))),
        Step::Confirm => confirm_item(incident),
        Step::Flip => flip.map_or((ItemState::Todo, None), flip_item),
        Step::Poll => flip.map_or((ItemState::Todo, None), poll_item),
        Step::Prove => flip.map_or((ItemState::Todo, None), prove_item),
        Step::ReadFlag => flip.map_or((ItemState::Todo, None), flag_item),
    };
    let label = match step {
        Step::Announce => "Tell the team",
        Step::Confirm => "Confirm",
        Step::Flip => "Point production back",
        Step::Poll => "Provider says done",
        Step::Prove => "Production answers from the target",
        Step::ReadFlag => "Automatic assignment is off",
    };
    Item { state, label: label.into(), note }
}

type Line = (ItemState, Option<Text>);

fn confirm_item(incident: &Incident) -> Line {
    match &incident.layer1 {
        Layer1::Flipping(flip) | Layer1::Settled(flip) => {
            let who = Text::default().person(&flip.confirmed_by);
            (ItemState::Done, Some(who.and(" at ").time(flip.confirmed_at)))
        }
        Layer1::Waiting(_) | Layer1::Resolving(_) => (ItemState::Doing, None),
        Layer1::Lapsed(..) => (ItemState::Failed, None),
        Layer1::Idle => (ItemState::Todo, None),
    }
}

fn flip_item(flip: &Flip) -> Line {
    match &flip.stage {
        Stage::Intended { .. } | Stage::Sending { .. } => (ItemState::Doing, None),
        Stage::Unknown { .. } | Stage::Doubted { .. } => {
            (ItemState::Unknown, Some("not known whether it happened".into()))
        }
        Stage::Done if flip.failure.is_some() && flip.job_done_at.is_none() => {
            (ItemState::Failed, None)
        }
        Stage::Polling { .. } | Stage::Proving { .. } | Stage::ReadingFlag { .. } | Stage::Done => {
            (ItemState::Done, None)
        }
    }
}

fn poll_item(flip: &Flip) -> Line {
    match (&flip.stage, flip.job_done_at) {
        (_, Some(at)) => (ItemState::Done, Some(Text::default().time(at))),
        (Stage::Polling { .. }, None) => (ItemState::Doing, None),
        (Stage::Done, None) => (ItemState::Failed, None),
        (
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Proving { .. }
            | Stage::ReadingFlag { .. },
            None,
        ) => (ItemState::Todo, None),
    }
}

fn prove_item(flip: &Flip) -> Line {
    match (&flip.proof, &flip.stage) {
        (Some(Proof::Proven(at)), _) => {
            (ItemState::Done, Some(Text::plain("proven at ").time(*at)))
        }
        (Some(Proof::NotServing(..)), _) => (ItemState::Failed, Some("not serving".into())),
        (None, Stage::Proving { .. }) => (ItemState::Doing, None),
        (
            None,
            Stage::Intended { .. }
            | Stage::Sending { .. }
            | Stage::Unknown { .. }
            | Stage::Doubted { .. }
            | Stage::Polling { .. }
            | Stage::ReadingFlag { .. }
            | Stage::Done,
        ) => (ItemState::Todo, None),
    }
}

fn flag_item(flip: &Flip) -> Line {
    match flip.assignment {
        Some(Assignment::Off) if flip.switch.is_some() => {
            (ItemState::Done, Some("it was still on: switched off".into()))
        }
        Some(Assignment::Off) => (ItemState::Done, Some("pinned".into())),
        Some(Assignment::On) => (ItemState::Failed, Some("still on: switch it off by hand".into())),
        Some(Assignment::CannotTell) => {
            (ItemState::Unknown, Some("cannot tell: treated as pinned".into()))
        }
        None if matches!(flip.stage, Stage::ReadingFlag { .. }) => (ItemState::Doing, None),
        None => (ItemState::Todo, None),
    }
}

/// A line for each verdict, the newest last, and for the one that is on its way.
fn verifications(incident: &Incident, now: Timestamp) -> impl Iterator<Item = Text> {
    let ended = incident.verifications.iter().map(move |one| verdict::line(one, now));
    let asked = incident.verifying.iter();
    ended.chain(asked.map(|one| verdict::under_way(&one.subject, &one.by, one.since)))
}

fn warnings(incident: &Incident, state: &ServiceState, drawing: &Drawing<'_>) -> Vec<Text> {
    let mut warnings = Vec::new();
    if let Some(halt) = &state.halt {
        let resume = drawing.prefix.command("incident resume");
        let text = Text::default().strong("Halted").and(" by ").person(&halt.by);
        let text =
            text.and(" at ").time(halt.since).and(": nothing is sent. A lead lifts it with ");
        warnings.push(text.code(resume));
    }
    if let Some(what) = &incident.trouble {
        let text = Text::default().strong("Cannot read the provider").and(": ");
        warnings.push(text.foreign(words::clipped(what, 300)).and(". I go on trying."));
    }
    if let Some(why) = &incident.needs_person {
        let text = Text::default().strong("A person is needed").and(": ");
        warnings.push(text.foreign(words::clipped(why, 300)).and("."));
    }
    warnings
}

/// What a rollback cannot touch is said each time production is about to move or has moved.
fn small_print(incident: &Incident) -> Option<Text> {
    let is_about_a_flip = !matches!(incident.layer1, Layer1::Idle | Layer1::Resolving(_));
    is_about_a_flip.then(|| {
        Text::plain(
            "A rollback resets code, server bundle, prerendered pages and values baked in at build. It cannot touch rows written, mails, charges, webhooks, files, data synced elsewhere, or the current environment settings.",
        )
    })
}
