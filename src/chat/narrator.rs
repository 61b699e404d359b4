//! Turns what happened into what is said: the card redrawn, one short post per transition in its thread, a post in the channel
//! for what nobody may miss, and the stakeholders' posts. Pure.
//!
//! The lines are in `incident`, `flip`, `fix` and `gate`; what everybody else is told in `stakeholders`.

mod authority;
mod fix;
mod flip;
mod gate;
mod incident;
mod stakeholders;

use super::card::{self, Drawing};
use super::catalog::Prefix;
use super::reply::{Card, Part, Text};
use super::{form, verdict, words};
use crate::domain::action::Action;
use crate::domain::actor::{Actor, Person};
use crate::domain::book::Book;
use crate::domain::event::{
    Direction, Emitted, Event, FixEvent, FlipEvent, IncidentEvent, ServiceEvent,
};
use crate::domain::fix::Layer2;
use crate::domain::ids::{IncidentId, ServiceId, StreamId};
use crate::domain::incident::{Incident, Layer1};
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
            Action::GiveReason(lacks) => said(form::typed_instead(incident, lacks, &self.prefix)),
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
            | Action::TakeTask(_)
            | Action::Reasoned(..) => card::draw(incident, &drawing),
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
        let tokens = card::all_actions(incident, change.after);
        let sealed =
            tokens.iter().map(|action| change.sealer.token(incident.id, action, change.at));
        narration.tokens.extend(sealed);
    }

    fn tell(&self, one: &Emitted, change: &Change<'_>, narration: &mut Narration) {
        let id = match &one.stream {
            StreamId::Incident(id) => id,
            StreamId::Service(id) => {
                if let Event::Service(event) = &one.event {
                    self.tell_service(id, event, change, narration);
                }
                return;
            }
            StreamId::Register => return,
        };
        let Some(incident) = change.after.incidents.get(id) else { return };
        let Some(service) = change.after.services.get(&incident.service) else { return };
        let told = Told { incident, service, change };
        match &one.event {
            Event::Incident(event) => self.tell_incident(&told, event, narration),
            Event::Flip(event) => self.tell_flip(&told, event, narration),
            Event::Fix(event) => self.tell_fix(&told, event, narration),
            Event::Authority(event) => {
                let line = authority::line(incident, event, &self.prefix);
                told.channel(line.clone(), narration);
                told.thread(line, narration);
            }
            // The stakeholders are not told of verifications.
            Event::Verification(event) => {
                told.thread(verdict::told(incident, event), narration);
            }
            // Nothing else is in a valid journal.
            Event::Register(_) | Event::Service(_) => {}
        }
    }

    fn tell_incident(&self, told: &Told<'_>, event: &IncidentEvent, narration: &mut Narration) {
        let (incident, at) = (told.incident, told.change.at);
        let line = incident::line(told, event, &self.prefix);
        // What somebody else did to production is nothing to be found in a thread.
        if let IncidentEvent::WorldMoved { .. } = event {
            told.channel(line.clone(), narration);
        }
        told.thread(line, narration);
        let text = match event {
            // An alert that nobody has confirmed never reaches the stakeholders.
            IncidentEvent::IncidentOpened { .. }
                if matches!(told.change.actor, Actor::Person(_)) =>
            {
                stakeholders::started(told.service, incident)
            }
            IncidentEvent::IncidentResolved { exit, .. } => {
                stakeholders::ended(told.service, incident, *exit)
            }
            IncidentEvent::RollbackRefused { refusal }
            | IncidentEvent::PromoteRefused { refusal } => {
                self.whisper_to_requester(told, refusal, narration);
                return;
            }
            IncidentEvent::IncidentOpened { .. }
            | IncidentEvent::RollbackRequested { .. }
            | IncidentEvent::PromoteRequested { .. }
            | IncidentEvent::WayBackSought { .. }
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
            | IncidentEvent::IncidentClosed { .. } => return,
        };
        tell_stakeholders(told.service, text, at, narration);
    }

    fn tell_flip(&self, told: &Told<'_>, event: &FlipEvent, narration: &mut Narration) {
        let (incident, at) = (told.incident, told.change.at);
        if flip::is_said_already(event, told.before()) {
            return;
        }
        let line = flip::line(incident, event, &self.prefix);
        if let FlipEvent::WatchFailed { .. } = event {
            told.channel(line.clone(), narration);
            let text = stakeholders::relapsed(told.service, incident);
            tell_stakeholders(told.service, text, at, narration);
        }
        told.thread(line, narration);
        let direction = card::standing::direction(incident);
        if matches!(event, FlipEvent::FlipProven { .. }) && direction == Some(Direction::Back) {
            let text = stakeholders::proven(told.service, incident, at);
            tell_stakeholders(told.service, text, at, narration);
        }
    }

    fn tell_fix(&self, told: &Told<'_>, event: &FixEvent, narration: &mut Narration) {
        let line = fix::line(told.incident, told.before(), event, &self.prefix, told.change.at);
        // What is waited for, and what may go live unasked, is said where everybody looks.
        if matches!(event, FixEvent::FixBuilt { .. } | FixEvent::MainMoved { .. }) {
            told.channel(line.clone(), narration);
        }
        told.thread(line, narration);
        if let FixEvent::RevertRefused { refusal } = event {
            self.whisper_to_requester(told, refusal, narration);
        }
    }

    /// The one who asked is told in private why it is not done.
    fn whisper_to_requester(&self, told: &Told<'_>, refusal: &Refusal, narration: &mut Narration) {
        let Some((person, channel)) = told.before().and_then(|before| asker(before, refusal))
        else {
            return;
        };
        let to = ReplyTo { person: person.clone(), channel: channel.clone(), response_url: None };
        let text = words::refusal(refusal, Some(&told.incident.service), &self.prefix)
            .and(format!(" Incident {} stays open.", told.incident.id));
        narration.posts.push(whisper(said(text), &to, told.change.at));
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
            ServiceEvent::MarkLifted { deployment, .. } => Text::default()
                .code(deployment.as_str())
                .and(" is not marked bad any more: it may be offered again."),
            ServiceEvent::PointerLocked { .. }
            | ServiceEvent::PointerReleased { .. }
            | ServiceEvent::MarkedBad { .. }
            | ServiceEvent::PointerSeen { .. }
            | ServiceEvent::CodeMissed { .. }
            | ServiceEvent::ActRefused { .. } => return,
            ServiceEvent::RefusalsAlerted { .. } => {
                // An alert stands in the channel, whatever else is going on.
                if let Some(line) = authority::of_service(event, &self.prefix) {
                    post_everywhere(&service.channels, line, change.at, narration);
                }
                return;
            }
            ServiceEvent::GroupsLost { .. } | ServiceEvent::GroupsBack { .. } => {
                // Without an incident nobody waits for it.
                if let Some(incident) = change.after.open_incident(id) {
                    let line = authority::of_service(event, &self.prefix);
                    Told { incident, service, change }.thread(line, narration);
                }
                return;
            }
        };
        match change.after.open_incident(id) {
            Some(incident) => Told { incident, service, change }.thread(Some(line), narration),
            None => post_everywhere(&service.channels, line, change.at, narration),
        }
    }
}

/// Incidents whose card looks different now: those with events, and those of a service where something changed for all.
fn touched(change: &Change<'_>) -> Vec<IncidentId> {
    let mut ids: Vec<IncidentId> = Vec::new();
    for one in change.emitted {
        match (&one.stream, &one.event) {
            (StreamId::Incident(id), _) => ids.push(*id),
            (
                StreamId::Service(service),
                Event::Service(
                    ServiceEvent::Halted { .. }
                    | ServiceEvent::Resumed { .. }
                    | ServiceEvent::GroupsLost { .. }
                    | ServiceEvent::GroupsBack { .. },
                ),
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

fn post_everywhere(channels: &[Channel], text: Text, at: Timestamp, narration: &mut Narration) {
    let card = said(text);
    for channel in channels {
        narration.posts.push(post(channel, Placement::Post, &card, at));
    }
}

fn tell_stakeholders(service: &Service, text: Text, at: Timestamp, narration: &mut Narration) {
    post_everywhere(&service.stakeholders, text, at, narration);
}

fn with_reason(text: Text, reason: Option<&str>) -> Text {
    match reason {
        Some(reason) => text.and(": ").foreign(words::clipped(reason, 300)).and("."),
        None => text.and("."),
    }
}

/// An incident that something happened to, as the team is told of it.
struct Told<'a> {
    incident: &'a Incident,
    service: &'a Service,
    change: &'a Change<'a>,
}

impl<'a> Told<'a> {
    /// As it was before.
    fn before(&self) -> Option<&'a Incident> {
        self.change.before.incidents.get(&self.incident.id).map(AsRef::as_ref)
    }

    /// One line in the thread of its card.
    fn thread(&self, line: Option<Text>, narration: &mut Narration) {
        let Some(line) = line else { return };
        let card = said(line);
        for channel in &self.service.channels {
            let placement = Placement::Thread(card::key(self.incident.id));
            narration.posts.push(post(channel, placement, &card, self.change.at));
        }
    }

    /// A message of its own in the channel, for what nobody may miss.
    fn channel(&self, line: Option<Text>, narration: &mut Narration) {
        let Some(line) = line else { return };
        let incident = self.incident;
        let name = format!("Incident {} of {}: ", incident.id, incident.service);
        let text = Text::plain(name).append(line);
        post_everywhere(&self.service.channels, text, self.change.at, narration);
    }
}

/// Whose wish a refusal answers, and where they asked.
fn asker<'a>(before: &'a Incident, refusal: &Refusal) -> Option<(&'a Person, &'a Channel)> {
    match (&before.layer2, &before.layer1) {
        (Layer2::Looking(looking), _) if is_of_revert(refusal) => {
            Some((&looking.by, looking.wish.asked_in.as_ref()?))
        }
        (Layer2::Opening(opening), _) if is_of_revert(refusal) => {
            Some((&opening.by, opening.plan.asked_in.as_ref()?))
        }
        (_, Layer1::Resolving(resolving)) => {
            Some((&resolving.by, resolving.wish.asked_in.as_ref()?))
        }
        _ => None,
    }
}

/// Whether a refusal can only be the answer to a wish for a revert.
fn is_of_revert(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UnknownChange { .. }
            | Refusal::NameTheChange
            | Refusal::CannotRevert { .. }
            | Refusal::AlreadyReverted
    )
}
