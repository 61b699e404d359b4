//! The front desk: takes commands, presses and forms in, from whatever platform, and gives the immediate answer.
//!
//! Owns who is asking, where, and how often. Knows no platform and decides nothing: handlers turn requests into proposals
//! to the engine, the domain decides. Every request gets an answer, also when the journal says no.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::catalog::{Catalog, CommandName, Prefix};
use super::complete::{self, Recent};
use super::inbound::{Answer, Choice, Completing, Inbound, Intake, Said};
use super::narrator::said;
use super::parse::{self, Scope};
use super::rate::Buckets;
use super::reply::{Card, Text};
use super::request::Request;
use super::{form, handlers};
use crate::domain::action::Action;
use crate::domain::actor::Person;
use crate::domain::book::Book;
use crate::domain::ids::{DeliveryKey, IncidentId, ServiceId};
use crate::domain::refusal::Refusal;
use crate::domain::service::Channel;
use crate::domain::time::{Span, Timestamp};
use crate::engine::intake::{self, Press};
use crate::engine::keeper::LoadError;
use crate::engine::motor::Engine;
use crate::engine::ports::{Commit, JournalError, Manner, NewDelivery, Outbound, ReplyTo};
use crate::engine::seal;

/// A press that took longer than this to be stored was told "not accepted": it is not acted on.
const LATE: Span = Span(2_500);

/// The front desk. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    catalog: Arc<Catalog>,
    prefix: Prefix,
    services: Vec<ServiceId>,
    buckets: Mutex<Buckets>,
    recent: Recent,
}

/// One command, with who typed it and where.
#[derive(Debug)]
pub struct Ask {
    /// Its delivery.
    pub key: DeliveryKey,
    /// Who, where, and how they are answered later.
    pub by: ReplyTo,
    /// The services of the channel.
    pub bound: Vec<ServiceId>,
    /// When it came in.
    pub at: Timestamp,
    /// As it was typed, for the record.
    pub line: String,
    /// Whether its delivery was handed to the journal.
    pub is_recorded: AtomicBool,
}

impl Ask {
    /// The delivery as it is stored, which it is from now on.
    pub fn delivery(&self) -> NewDelivery {
        self.is_recorded.store(true, Ordering::Relaxed);
        let body = serde_json::json!({
            "person": self.by.person.to_string(),
            "channel": self.by.channel.to_string(),
            "line": self.line,
        });
        NewDelivery { key: self.key.clone(), at: self.at, body: body.to_string(), pending: false }
    }
}

/// Why a command got no answer from its handler.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// The journal said no.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal could not be read.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl Desk {
    /// A desk for an engine.
    pub fn new(engine: Engine, catalog: Arc<Catalog>, prefix: Prefix, per_minute: u32) -> Self {
        let services: Vec<_> = engine.keeper().book().services.keys().cloned().collect();
        let (buckets, recent) = (Mutex::new(Buckets::new(per_minute)), Recent::of(&services));
        let inner = Inner { engine, catalog, prefix, services, buckets, recent };
        Self { inner: Arc::new(inner) }
    }

    /// What decides and acts.
    pub fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    /// The declarations.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// How commands are written.
    pub fn prefix(&self) -> &Prefix {
        &self.inner.prefix
    }

    /// What was read of the services for people who type.
    pub(super) fn recent(&self) -> &Recent {
        &self.inner.recent
    }

    /// The state.
    pub fn book(&self) -> Arc<Book> {
        self.inner.engine.keeper().book()
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.inner.engine.keeper().tools().clock.now()
    }

    async fn command(&self, key: DeliveryKey, by: ReplyTo, command: &str, words: &Said) -> Card {
        let now = self.now();
        if let Some(wait) = self.must_wait(&by.person, now) {
            let text = format!(
                "That was a lot of commands in a minute. Nothing was done with this one; try again in {wait}."
            );
            return said(text.into());
        }
        let Some(name) = CommandName::from_slash(command, &self.inner.prefix) else {
            let help = self.inner.prefix.command("incident help");
            let text = Text::plain("This bot does not know ").code(command);
            return said(text.and(". What it knows: ").code(help));
        };
        let bound = bound_services(&self.book(), &by.channel);
        let scope = Scope {
            catalog: &self.inner.catalog,
            prefix: &self.inner.prefix,
            known: &self.inner.services,
            bound: &bound,
        };
        let read = match words {
            Said::Text(text) => parse::parse(&scope, name, text),
            Said::Options { subcommand, options } => {
                parse::from_options(&scope, name, subcommand.as_deref(), options)
            }
        };
        let request = match read {
            Ok(request) => request,
            Err(refusal) => return refusal.card(),
        };
        let line = match &request {
            // A code stands for a button: it is not written down.
            Request::Press { .. } => format!("{command} press"),
            _ => format!("{command} {words}").trim().to_owned(),
        };
        let is_recorded = AtomicBool::new(false);
        let ask = Ask { key, by, bound, at: now, line, is_recorded };
        let only_reads = request.only_reads();
        let answer = match handlers::handle(self, &ask, request).await {
            Ok(card) => card,
            Err(error) => not_taken(&error),
        };
        if !only_reads {
            self.record(&ask).await;
        }
        answer
    }

    /// What was refused without a word to the journal is recorded all the same: played again later, when it would be
    /// possible, it must not be.
    async fn record(&self, ask: &Ask) {
        if ask.is_recorded.load(Ordering::Relaxed) {
            return;
        }
        let commit = Commit { deliveries: vec![ask.delivery()], ..Commit::default() };
        match self.inner.engine.keeper().commit(commit).await {
            Ok(_) | Err(JournalError::Duplicate(_)) => {}
            Err(error) => tracing::error!(%error, "a refused command could not be recorded"),
        }
    }

    fn must_wait(&self, person: &Person, now: Timestamp) -> Option<Span> {
        let mut buckets = self.inner.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.take(person, now).err()
    }

    async fn press(&self, key: DeliveryKey, by: ReplyTo, token: String) -> Answer {
        let press = match self.pressed(&key, by, &token).await {
            Ok(press) => press,
            Err(answer) => return answer.into(),
        };
        match press.action.clone() {
            Action::GiveReason(lacks) => self.open_form(&key, press, &lacks, token).await,
            _ => self.store_press(&key, press).await.into(),
        }
    }

    /// What a button's value stands for, as a press of it; `Err` is the answer where it stands for nothing.
    async fn pressed(
        &self,
        key: &DeliveryKey,
        by: ReplyTo,
        token: &str,
    ) -> Result<Press, Option<Card>> {
        let pressed_at = self.now();
        let journal = &self.inner.engine.keeper().tools().journal;
        let stored = match journal.token(&seal::hash(token)).await {
            Ok(stored) => stored,
            Err(error) => return Err(Some(self.not_stored(by, &error.into()).await)),
        };
        let action =
            stored.as_ref().and_then(|one| serde_json::from_str::<Action>(&one.action).ok());
        match (stored, action) {
            (Some(stored), Some(action)) => {
                Ok(Press { incident: stored.incident, action, by, pressed_at })
            }
            _ => Err(self.refuse_press(key, by, &Refusal::UnknownButton).await),
        }
    }

    /// Stores a press whose button is known; `None`: what comes of it is told by messages. Gives the answer if it could not
    /// be stored.
    pub(super) async fn store_press(&self, key: &DeliveryKey, press: Press) -> Option<Card> {
        if let Err(answer) = self.admit(key, &press.by, press.incident).await {
            return answer;
        }
        let by = press.by.clone();
        match intake::press(&self.inner.engine, key, press, LATE).await {
            // A repeat of what is known already: the first one is answered.
            Ok(()) | Err(JournalError::Duplicate(_)) => None,
            Err(error) => Some(self.not_stored(by, &error.into()).await),
        }
    }

    /// Refuses a press from a channel that the incident is not shown in, and of one that is over.
    pub(super) async fn admit(
        &self,
        key: &DeliveryKey,
        by: &ReplyTo,
        incident: IncidentId,
    ) -> Result<(), Option<Card>> {
        // One that is long closed is not in the book any more, and its buttons deserve a true answer all the same.
        let incident = match self.inner.engine.keeper().incident(incident).await {
            Ok(incident) => incident,
            Err(error) => return Err(Some(self.not_stored(by.clone(), &error.into()).await)),
        };
        let bound = bound_services(&self.book(), &by.channel);
        let refusal = match incident {
            Some(incident) if !bound.contains(&incident.service) => Refusal::WrongChannel,
            Some(incident) if incident.is_open() => return Ok(()),
            Some(_) => Refusal::IncidentOver,
            None => Refusal::UnknownButton,
        };
        Err(self.refuse_press(key, by.clone(), &refusal).await)
    }

    /// Answers a press that the journal did not take. Without the journal there is no outbox: it is said once, directly,
    /// and given to the platform, which marks the button even if nothing can be said.
    pub(super) async fn not_stored(&self, by: ReplyTo, error: &DeskError) -> Card {
        tracing::error!(%error, "a press could not be stored");
        let text = Text::plain("Not accepted, nothing was done: ").foreign(error.to_string());
        let card = said(text);
        let message = Outbound {
            id: 0,
            channel: by.channel,
            manner: Manner::Whisper { to: by.person, response_url: by.response_url },
            body: serde_json::to_value(&card).expect("cards are plain data"),
        };
        if let Err(error) = self.inner.engine.hands().notifier.notify(&message).await {
            tracing::error!(%error, "nor could its person be told");
        }
        card
    }

    pub(super) async fn refuse_press(
        &self,
        key: &DeliveryKey,
        by: ReplyTo,
        refusal: &Refusal,
    ) -> Option<Card> {
        match intake::refuse_unseen(&self.inner.engine, key, &by, refusal).await {
            Ok(()) | Err(JournalError::Duplicate(_)) => None,
            Err(error) => Some(self.not_stored(by, &error.into()).await),
        }
    }
}

#[async_trait]
impl Intake for Desk {
    async fn receive(&self, inbound: Inbound) -> Answer {
        // What was begun is finished, whether or not the platform still waits for the answer.
        let (desk, at_work) = (self.clone(), self.inner.engine.activity().begin());
        let work = tokio::spawn(async move {
            let answer = desk.take(inbound).await;
            drop(at_work);
            answer
        });
        work.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request could not be handled");
            Answer::Card(said(
                "Something went wrong in the bot with this one request. Please try again.".into(),
            ))
        })
    }

    async fn complete(&self, completing: Completing) -> Vec<Choice> {
        complete::choices(self, &completing).await
    }
}

impl Desk {
    async fn take(&self, inbound: Inbound) -> Answer {
        if self.inner.engine.is_stopping() {
            return Answer::Card(said(
                "The bot is shutting down: not accepted. Try again in a moment.".into(),
            ));
        }
        match inbound {
            Inbound::Command { key, person, channel, command, said, response_url } => {
                let by = ReplyTo { person, channel, response_url };
                Answer::Card(self.command(key, by, &command, &said).await)
            }
            Inbound::Press { key, person, channel, token, response_url, .. } => {
                let by = ReplyTo { person, channel, response_url };
                self.press(key, by, token).await
            }
            Inbound::Form { key, person, channel, token, values, response_url } => {
                let by = ReplyTo { person, channel, response_url };
                let written = values.get(form::REASON).map_or("", String::as_str);
                match self.pressed(&key, by, &token).await {
                    Ok(press) => self.take_form(&key, press, written).await,
                    Err(answer) => answer.into(),
                }
            }
            Inbound::Probe => Answer::Nothing,
            Inbound::ForeignTenant { .. } => {
                tracing::warn!("a request of another tenant was refused");
                Answer::Card(said("This bot serves another workspace.".into()))
            }
            Inbound::Unsupported { what } => {
                tracing::info!(what, "a request of an unknown kind was ignored");
                Answer::Card(said("This control is from another version of the bot.".into()))
            }
        }
    }
}

/// The services whose team works in a channel.
pub fn bound_services(book: &Book, channel: &Channel) -> Vec<ServiceId> {
    let bound = book.services.values().filter(|service| service.channels.contains(channel));
    bound.map(|service| service.id.clone()).collect()
}

fn not_taken(error: &DeskError) -> Card {
    if let DeskError::Journal(JournalError::Duplicate(_)) = error {
        return said("That request was taken already; it counts once.".into());
    }
    tracing::error!(%error, "a command was not taken");
    said(Text::plain("Not accepted, nothing was done: ").foreign(error.to_string()))
}
