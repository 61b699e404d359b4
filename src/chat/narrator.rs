//! Turns what happened into what is said: the card redrawn, one short post per transition in its thread, and the
//! stakeholders' posts. Pure.

use super::card::{self, Drawing};
use super::catalog::Prefix;
use super::evidence;
use super::reply::{Card, Part, Text};
use super::{verdict, words};
use crate::domain::action::Action;
use crate::domain::actor::{Actor, Person};
use crate::domain::book::Book;
use crate::domain::deployment::Assignment;
use crate::domain::event::{
    Confirmation, Effect, Emitted, Event, Exit, Finding, FlipEvent, IncidentEvent, Outcome,
    ServiceEvent,
};
use crate::domain::guard::{self, Answerers};
use crate::domain::ids::{IncidentId, ServiceId, StreamId};
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;
use crate::domain::service::{Channel, Service};
use crate::domain::time::Timestamp;
use crate::engine::ports::{Change, Narration, Narrator, NewPost, Placement, ReplyTo, Shown};

/// Tells the team and the stakeholders.
#[derive(Clone, Debug, Default)]
pub struct Herald {
    /// How commands are written.
    pub prefix: Prefix,
}

impl Narrator for Herald {
    fn narrate(&self, change: &Change<'_>) -> Narration {
        let mut narration = Narration::default();
        for id in touched(change) {
            let Some(incident) = change.after.incidents.get(&id) else { continue };
            self.redraw(incident, change, &mut narration);
        }
        for one in change.emitted {
            self.tell(one, change, &mut narration);
        }
        narration
    }

    fn show(&self, shown: &Shown<'_>, to: &ReplyTo, book: &Book, at: Timestamp) -> Option<NewPost> {
        let incident = book.incidents.get(&shown.incident)?;
        let drawing = Drawing { book, sealer: shown.sealer, prefix: &self.prefix, now: at };
        let card = match shown.action {
            Action::ChooseAnother(_) => card::choices(incident, &drawing),
            Action::ShowCard
            | Action::Confirm(_)
            | Action::Cancel
            | Action::Choose(..)
            | Action::Renew
            | Action::Verify
            | Action::Revert
            | Action::OpenRevert(_)
            | Action::Merge(_)
            | Action::Promote
            | Action::Agree
            | Action::TakeTask(_) => card::draw(incident, &drawing),
        };
        Some(whisper(card, to, at))
    }

    fn refuse(&self, refusal: &Refusal, to: &ReplyTo, book: &Book, at: Timestamp) -> NewPost {
        let service = bound_service(book, &to.channel);
        let text = words::refusal(refusal, service, &self.prefix);
        whisper(said(text), to, at)
    }
}

impl Herald {
    fn drawing<'a>(&'a self, change: &Change<'a>) -> Drawing<'a> {
        Drawing { book: change.after, sealer: change.sealer, prefix: &self.prefix, now: change.at }
    }

    fn redraw(&self, incident: &Incident, change: &Change<'_>, narration: &mut Narration) {
        let Some(service) = change.after.services.get(&incident.service) else { return };
        let card = card::draw(incident, &self.drawing(change));
        for channel in &service.channels {
            let placement = Placement::Upsert(card::key(incident.id));
            narration.posts.push(post(channel, placement, &card, change.at));
        }
        let tokens = card::all_actions(incident);
        let sealed =
            tokens.iter().map(|action| change.sealer.token(incident.id, action, change.at));
        narration.tokens.extend(sealed);
    }

    fn tell(&self, one: &Emitted, change: &Change<'_>, narration: &mut Narration) {
        match (&one.stream, &one.event) {
            (StreamId::Incident(id), Event::Incident(event)) => {
                let Some(incident) = change.after.incidents.get(id) else { return };
                self.tell_incident(incident, event, change, narration);
            }
            (StreamId::Incident(id), Event::Flip(event)) => {
                let Some(incident) = change.after.incidents.get(id) else { return };
                self.tell_flip(incident, event, change, narration);
            }
            (StreamId::Incident(id), Event::Verification(event)) => {
                let Some(incident) = change.after.incidents.get(id) else { return };
                let Some(service) = change.after.services.get(&incident.service) else { return };
                // The stakeholders are not told of verifications.
                if let Some(line) = verdict::told(incident, event) {
                    thread(service, *id, line, change.at, narration);
                }
            }
            (StreamId::Service(id), Event::Service(event)) => {
                self.tell_service(id, event, change, narration);
            }
            // The register says nothing; nothing else is in a valid journal.
            (StreamId::Register | StreamId::Incident(_) | StreamId::Service(_), _) => {}
        }
    }

    fn tell_incident(
        &self,
        incident: &Incident,
        event: &IncidentEvent,
        change: &Change<'_>,
        narration: &mut Narration,
    ) {
        let Some(service) = change.after.services.get(&incident.service) else { return };
        if let Some(line) = self.incident_line(incident, event) {
            thread(service, incident.id, line, change.at, narration);
        }
        match event {
            // An alert that nobody has confirmed never reaches the stakeholders.
            IncidentEvent::IncidentOpened { .. } if matches!(change.actor, Actor::Person(_)) => {
                stakeholders(service, started(service, incident), change.at, narration);
            }
            IncidentEvent::RollbackRefused { refusal } => {
                self.whisper_to_requester(incident, refusal, change, narration);
            }
            IncidentEvent::IncidentResolved { exit, .. } => {
                let text = ended(service, incident, *exit);
                stakeholders(service, text, change.at, narration);
            }
            IncidentEvent::IncidentOpened { .. }
            | IncidentEvent::RollbackRequested { .. }
            | IncidentEvent::PromoteRequested { .. }
            | IncidentEvent::WayBackSought { .. }
            | IncidentEvent::PromoteRefused { .. }
            | IncidentEvent::WorldMoved { .. }
            | IncidentEvent::Layer1Excused { .. }
            | IncidentEvent::FalseAlarmRaised { .. }
            | IncidentEvent::FalseAlarmAgreed { .. }
            | IncidentEvent::TaskTaken { .. }
            | IncidentEvent::ChangesRead { .. }
            | IncidentEvent::ConfirmationIssued { .. }
            | IncidentEvent::ConfirmationExpired { .. }
            | IncidentEvent::ConfirmationVoided { .. }
            | IncidentEvent::RollbackCancelled { .. }
            | IncidentEvent::FlipConfirmed { .. }
            | IncidentEvent::EffectDropped { .. }
            | IncidentEvent::TroubleMet { .. }
            | IncidentEvent::TroubleOver
            | IncidentEvent::PersonNeeded { .. }
            | IncidentEvent::NoteAdded { .. }
            | IncidentEvent::IncidentClosed { .. } => {}
        }
    }

    /// The one who asked is told in private why it is not done.
    fn whisper_to_requester(
        &self,
        incident: &Incident,
        refusal: &Refusal,
        change: &Change<'_>,
        narration: &mut Narration,
    ) {
        let Some(before) = change.before.incidents.get(&incident.id) else { return };
        let crate::domain::incident::Layer1::Resolving(resolving) = &before.layer1 else { return };
        let Some(channel) = resolving.wish.asked_in.clone() else { return };
        let to = ReplyTo { person: resolving.by.clone(), channel, response_url: None };
        let text = words::refusal(refusal, Some(&incident.service), &self.prefix)
            .and(format!(" Incident {} stays open.", incident.id));
        narration.posts.push(whisper(said(text), &to, change.at));
    }

    fn incident_line(&self, incident: &Incident, event: &IncidentEvent) -> Option<Text> {
        let plain = |text: &str| Some(Text::plain(text));
        match event {
            // The card itself says these.
            IncidentEvent::IncidentOpened { .. }
            | IncidentEvent::IncidentClosed { .. }
            | IncidentEvent::PromoteRequested { .. }
            | IncidentEvent::WayBackSought { .. }
            | IncidentEvent::PromoteRefused { .. }
            | IncidentEvent::WorldMoved { .. }
            | IncidentEvent::Layer1Excused { .. }
            | IncidentEvent::FalseAlarmRaised { .. }
            | IncidentEvent::FalseAlarmAgreed { .. }
            | IncidentEvent::TaskTaken { .. }
            | IncidentEvent::RollbackRefused { .. } => None,
            IncidentEvent::RollbackRequested { by, wish } => {
                let text = Text::default().person(by).and(" asked to roll back");
                Some(match &wish.to {
                    Some(to) => text.and(" to ").code(words::clipped(to, 80)).and("."),
                    None => text.and("."),
                })
            }
            IncidentEvent::ChangesRead { evidence, .. } => {
                let destruction = evidence::destruction(evidence)?;
                let text = Text::default().strong("Destructive migration").and(": ");
                Some(
                    text.append(destruction).and(". One press is not enough to roll back over it."),
                )
            }
            IncidentEvent::ConfirmationIssued { confirmation, .. } => {
                Some(issued(incident, confirmation))
            }
            IncidentEvent::ConfirmationExpired { .. } => {
                plain("Nobody confirmed in time. Nothing was sent.")
            }
            IncidentEvent::ConfirmationVoided { why, .. } => Some(
                format!("The question no longer holds: {}. Nothing was sent.", words::void(*why))
                    .into(),
            ),
            IncidentEvent::RollbackCancelled { by } => {
                Some(Text::default().person(by).and(" cancelled. Nothing was sent."))
            }
            IncidentEvent::FlipConfirmed { by, .. } => Some(confirmed(incident, by)),
            IncidentEvent::EffectDropped { why, .. } => {
                Some(format!("Not sent after all: {}.", words::void(*why)).into())
            }
            IncidentEvent::TroubleMet { what } => Some(
                Text::plain("Cannot read the provider: ")
                    .foreign(words::clipped(what, 300))
                    .and(". I go on trying."),
            ),
            IncidentEvent::TroubleOver => plain("The provider can be read again."),
            IncidentEvent::PersonNeeded { why } => Some(
                Text::default()
                    .strong("A person is needed")
                    .and(": ")
                    .foreign(words::clipped(why, 300))
                    .and("."),
            ),
            IncidentEvent::NoteAdded { by, text } => {
                Some(Text::default().person(by).and(" noted: ").foreign(words::clipped(text, 1500)))
            }
            IncidentEvent::IncidentResolved { by, exit, reason } => {
                Some(resolved(by, *exit, reason.as_deref()))
            }
        }
    }

    fn tell_flip(
        &self,
        incident: &Incident,
        event: &FlipEvent,
        change: &Change<'_>,
        narration: &mut Narration,
    ) {
        let Some(service) = change.after.services.get(&incident.service) else { return };
        if is_said_already(event, change.before.incidents.get(&incident.id).map(AsRef::as_ref)) {
            return;
        }
        if let Some(line) = self.flip_line(incident, event) {
            thread(service, incident.id, line, change.at, narration);
        }
        if let FlipEvent::FlipProven { .. } = event {
            stakeholders(service, proven(service, incident, change.at), change.at, narration);
        }
    }

    fn flip_line(&self, incident: &Incident, event: &FlipEvent) -> Option<Text> {
        let flip = incident.flip()?;
        let target = words::short(&flip.confirmation.to.deployment);
        match event {
            // The confirmation said that it is sent; only a second time is news.
            FlipEvent::EffectStarted { attempt, .. } => {
                (*attempt > 1).then(|| Text::plain("Asking the provider once more."))
            }
            FlipEvent::EffectEnded { outcome, .. } => Some(ended_line(outcome)),
            FlipEvent::EffectObserved { finding, .. } => match finding {
                Finding::Applied => Some("The provider shows it: it did happen.".into()),
                Finding::NotAppliedOnce => None,
                Finding::NotApplied => {
                    Some("Two readings agree that it did not happen.".into())
                }
            },
            FlipEvent::JobSucceeded { .. } => Some(
                Text::plain("The provider says production points at ")
                    .append(target)
                    .and(". Looking at production itself."),
            ),
            FlipEvent::FlipProven { agreeing } => Some(
                Text::default()
                    .strong("proven")
                    .and(format!(": {agreeing} fresh answers in a row come from "))
                    .append(target)
                    .and("."),
            ),
            FlipEvent::FlipNotServing { last } => Some(
                Text::default()
                    .strong("Accepted but not serving")
                    .and(": ")
                    .append(words::probe(last))
                    .and(". Production has not recovered. Check its names and any cache in front of it."),
            ),
            FlipEvent::FlipFailed { failure } => Some(
                Text::default()
                    .strong("The rollback failed")
                    .and(": ")
                    .append(words::failure(failure, incident, &self.prefix)),
            ),
            FlipEvent::DisarmIntended { .. } => {
                Some("Automatic assignment is still on after the rollback: switching it off.".into())
            }
            FlipEvent::ArmIntended { .. }
            | FlipEvent::WatchTroubled { .. }
            | FlipEvent::WatchCalmed
            | FlipEvent::WatchPassed
            | FlipEvent::WatchFailed { .. } => None,
            FlipEvent::AssignmentRead { assignment } => Some(flag_line(*assignment)),
        }
    }

    fn tell_service(
        &self,
        id: &ServiceId,
        event: &ServiceEvent,
        change: &Change<'_>,
        narration: &mut Narration,
    ) {
        let Some(service) = change.after.services.get(id) else { return };
        let line = match event {
            ServiceEvent::Halted { by, reason } => {
                let text = Text::default().strong("Halted").and(" by ").person(by);
                let text = with_reason(text, reason.as_deref());
                text.and(format!(" Nothing is sent for {id} until a lead types "))
                    .code(self.prefix.command("incident resume"))
            }
            ServiceEvent::Resumed { by, reason } => {
                let text = Text::default().strong("Resumed").and(" by ").person(by);
                with_reason(text, reason.as_deref())
            }
            ServiceEvent::PointerLocked { .. }
            | ServiceEvent::PointerReleased { .. }
            | ServiceEvent::MarkedBad { .. }
            | ServiceEvent::MarkLifted { .. }
            | ServiceEvent::PointerSeen { .. }
            | ServiceEvent::CodeMissed { .. } => return,
        };
        match change.after.open_incident(id) {
            Some(incident) => thread(service, incident.id, line, change.at, narration),
            None => {
                for channel in &service.channels {
                    let card = said(line.clone());
                    narration.posts.push(post(channel, Placement::Post, &card, change.at));
                }
            }
        }
    }
}

/// Incidents whose card looks different now: those with events, and those of a service that was halted or resumed.
fn touched(change: &Change<'_>) -> Vec<IncidentId> {
    let mut ids: Vec<IncidentId> = Vec::new();
    for one in change.emitted {
        match (&one.stream, &one.event) {
            (StreamId::Incident(id), _) => ids.push(*id),
            (
                StreamId::Service(service),
                Event::Service(ServiceEvent::Halted { .. } | ServiceEvent::Resumed { .. }),
            ) => ids.extend(change.after.open_incident(service).map(|incident| incident.id)),
            (StreamId::Service(_) | StreamId::Register, _) => {}
        }
    }
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The service that a channel belongs to, if it is just one.
pub fn bound_service<'a>(book: &'a Book, channel: &Channel) -> Option<&'a ServiceId> {
    let mut bound = book.services.values().filter(|service| service.channels.contains(channel));
    match (bound.next(), bound.next()) {
        (Some(service), None) => Some(&service.id),
        (None | Some(_), _) => None,
    }
}

/// A message of one paragraph.
pub fn said(text: Text) -> Card {
    Card { summary: text.clone(), parts: vec![Part::Paragraph(text)] }
}

/// A message to one person.
pub fn whisper(card: Card, to: &ReplyTo, at: Timestamp) -> NewPost {
    let (person, response_url) = (to.person.clone(), to.response_url.clone());
    post(&to.channel, Placement::Whisper { to: person, response_url }, &card, at)
}

fn post(channel: &Channel, placement: Placement, card: &Card, at: Timestamp) -> NewPost {
    let body = serde_json::to_value(card).expect("cards are plain data");
    NewPost { channel: channel.clone(), placement, body, at }
}

fn thread(
    service: &Service,
    incident: IncidentId,
    line: Text,
    at: Timestamp,
    narration: &mut Narration,
) {
    let card = said(line);
    for channel in &service.channels {
        let placement = Placement::Thread(card::key(incident));
        narration.posts.push(post(channel, placement, &card, at));
    }
}

fn stakeholders(service: &Service, text: Text, at: Timestamp, narration: &mut Narration) {
    let card = said(text);
    for channel in &service.stakeholders {
        narration.posts.push(post(channel, Placement::Post, &card, at));
    }
}

fn started(service: &Service, incident: &Incident) -> Text {
    Text::default()
        .strong(format!("{}: we are on a problem.", service.id))
        .and(" The on-call team is working on it since ")
        .time(incident.opened_at)
        .and(". You will read here when it is better. ")
        .append(reference(incident))
}

fn proven(service: &Service, incident: &Incident, at: Timestamp) -> Text {
    Text::default()
        .strong(format!("{}: production is back on an earlier version.", service.id))
        .and(" Customers get a version that worked before; this was proven at ")
        .link(service.production_url.clone(), service.production_url.clone())
        .and(format!(
            " {} after we began. The fix follows; newer changes are held back until then. ",
            at.since(incident.opened_at)
        ))
        .append(reference(incident))
}

fn ended(service: &Service, incident: &Incident, exit: Exit) -> Text {
    let text = match exit {
        Exit::Blip => Text::default()
            .strong(format!("{}: resolved.", service.id))
            .and(" It was a short disturbance; nothing had to be changed. "),
        Exit::ByHand | Exit::Reverted | Exit::FixedForward | Exit::FalseAlarm => Text::default()
            .strong(format!("{}: resolved.", service.id))
            .and(" The on-call team has ended the incident. "),
    };
    text.append(reference(incident))
}

fn reference(incident: &Incident) -> Text {
    Text::plain(format!("(incident {})", incident.id))
}

fn issued(incident: &Incident, question: &Confirmation) -> Text {
    let awaited = match guard::g4_who_answers(question, incident.evidence_of(&question.id)) {
        Answerers::Anybody => "Confirm",
        Answerers::NobodyWithoutReason => "a reason",
        Answerers::SecondPerson => "a second person's Confirm",
    };
    Text::plain("Target: ")
        .append(words::short(&question.to.deployment))
        .and(format!(". Waiting for {awaited} until "))
        .time(question.expires_at)
        .and(".")
}

fn confirmed(incident: &Incident, by: &Person) -> Text {
    let text = Text::default().person(by).and(" confirmed");
    let Some(flip) = incident.flip() else { return text.and(": sending now.") };
    let question = &flip.confirmation;
    let is_override =
        incident.evidence_of(&question.id).is_some_and(|evidence| evidence.is_destructive());
    let text = if is_override {
        let reason = question.reason.as_deref().unwrap_or_default();
        let text = text.and(" as the second person, over a ").strong("destructive migration");
        let text = text.and(". ").person(&question.requester).and(" asked for it: ");
        text.foreign(words::clipped(reason, 300)).and(". Production goes from ")
    } else {
        text.and(": production goes from ")
    };
    text.append(words::short(&question.from))
        .and(" to ")
        .append(words::short(&question.to.deployment))
        .and(match flip.intent {
            Effect::Rollback { .. } | Effect::Promote { .. } | Effect::Disarm | Effect::Arm => {
                ". Sending now."
            }
        })
}

fn resolved(by: &Person, exit: Exit, reason: Option<&str>) -> Text {
    let text = Text::default().strong("resolved").and(" by ").person(by);
    let text = match exit {
        Exit::Blip => text.and(": it was a blip"),
        Exit::ByHand | Exit::Reverted | Exit::FixedForward | Exit::FalseAlarm => text,
    };
    with_reason(text, reason)
}

fn with_reason(text: Text, reason: Option<&str>) -> Text {
    match reason {
        Some(reason) => text.and(": ").foreign(words::clipped(reason, 300)).and("."),
        None => text.and("."),
    }
}

/// A provider that goes on not taking the call for the same reason is no news; the card shows it.
fn is_said_already(event: &FlipEvent, before: Option<&Incident>) -> bool {
    let FlipEvent::EffectEnded { outcome: Outcome::NotTaken { why, .. }, .. } = event else {
        return false;
    };
    let last = before.and_then(Incident::flip).and_then(|flip| flip.not_taken.as_ref());
    last == Some(why)
}

fn ended_line(outcome: &Outcome) -> Text {
    match outcome {
        Outcome::Accepted => "The provider took it.".into(),
        Outcome::Queued => {
            "The provider took it and carries it out behind a rolling release of its own.".into()
        }
        Outcome::NotTaken { why, retry_after } => {
            Text::plain(format!("The provider did not take it; again in {retry_after}: "))
                .foreign(words::clipped(why, 300))
        }
        Outcome::Refused { why } => {
            Text::plain("The provider said no: ").foreign(words::clipped(why, 300))
        }
        Outcome::Unknown { why } => Text::default()
            .strong("I do not know whether it happened")
            .and(": ")
            .foreign(words::clipped(why, 300))
            .and(". Reading the provider before anything else."),
    }
}

fn flag_line(assignment: Assignment) -> Text {
    match assignment {
        Assignment::Off => {
            "Automatic assignment is off: production is pinned, and no merge goes live by itself."
        }
        Assignment::On => {
            "Automatic assignment is still ON: the next merge goes live by itself. Switch it off at the provider."
        }
        Assignment::CannotTell => {
            "Cannot tell whether automatic assignment is off. Treat it as pinned, and look at the provider."
        }
    }
    .into()
}
