//! Keeps the book: the one place where a decision becomes durable and is told.
//!
//! Owns the state in memory. Must never let anybody see a state that is not in the journal, nor commit one that was decided
//! on an older state. Decisions that change something pass one gate, one after another; questions that change nothing do not.

mod streams;

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, watch};

use super::ports::{
    Chance, Change, Clock, Commit, Journal, JournalError, Narrator, NewDelivery, NewPost,
    PostOutcome, Receipt, ReplyTo, Rules, Shown, TokenHash,
};
use super::roster::Roster;
use super::seal::Sealer;
use crate::domain::actor::Actor;
use crate::domain::apply::apply_all;
use crate::domain::book::Book;
use crate::domain::decide::{Decision, Facts, Fresh, Read, Request};
use crate::domain::event::{Emitted, Event, IncidentEvent};
use crate::domain::ids::{DeliveryKey, IncidentId, StreamId};
use crate::domain::incident::Incident;
use crate::domain::refusal::Refusal;
use crate::domain::service::Channel;
use crate::domain::time::Timestamp;
use streams::{appends, fold, ripples};

/// What the keeper works with.
pub struct Tools {
    /// Where everything is made durable.
    pub journal: Arc<dyn Journal>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub chance: Arc<dyn Chance>,
    /// What is said.
    pub narrator: Arc<dyn Narrator>,
    /// Who may do what.
    pub roster: Arc<Roster>,
    /// What follows from what.
    pub rules: Arc<dyn Rules>,
}

/// Keeps the book.
pub struct Keeper {
    tools: Tools,
    sealer: Sealer,
    book: RwLock<Arc<Book>>,
    gate: Mutex<()>,
    /// Why the journal cannot be written any more, once that is so.
    broken: watch::Sender<Option<String>>,
}

/// A request with what comes with it.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// Who asks.
    pub actor: Actor,
    /// What they ask; several are decided and committed as one.
    pub requests: Vec<Request>,
    /// What was read for it.
    pub readings: Readings,
    /// The delivery it came with, if it is stored by this very commit.
    pub delivery: Option<NewDelivery>,
    /// The delivery it came with, if it was stored before.
    pub settles: Option<DeliveryKey>,
    /// The button that is used up if anything happens.
    pub burns: Option<TokenHash>,
    /// Where a refusal is told, if it is told by a message.
    pub reply_to: Option<ReplyTo>,
}

impl Proposal {
    /// A request of the bot itself.
    pub fn of_bot(request: Request, readings: Readings) -> Self {
        Self { readings, ..Self::of(Actor::Bot, vec![request]) }
    }

    /// Somebody's requests, without a delivery.
    pub fn of(actor: Actor, requests: Vec<Request>) -> Self {
        Self {
            actor,
            requests,
            readings: Readings::default(),
            delivery: None,
            settles: None,
            burns: None,
            reply_to: None,
        }
    }
}

/// What was read of the outside, without what every decision has.
#[derive(Clone, Debug, Default)]
pub struct Readings {
    /// See [`Facts::pointer`].
    pub pointer: Option<crate::domain::fact::Fact<crate::domain::deployment::Pointer>>,
    /// See [`Facts::deployments`].
    pub deployments: Option<crate::domain::fact::Fact<Vec<crate::domain::deployment::Deployment>>>,
    /// See [`Facts::named`].
    pub named: Option<crate::domain::fact::Fact<Option<crate::domain::deployment::Deployment>>>,
    /// See [`Facts::plan`].
    pub plan: Option<crate::domain::fact::Fact<crate::domain::deployment::Plan>>,
    /// See [`Facts::aliases`].
    pub aliases: Option<crate::domain::fact::Fact<Vec<crate::domain::deployment::FailedAlias>>>,
    /// See [`Facts::changes`].
    pub changes: Option<crate::domain::change::Evidence>,
    /// See [`Facts::forge`].
    pub forge: crate::domain::fix::Readings,
}

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// This happened (perhaps nothing), and it is durable. The refusal, if any, tells that it is not what was asked for.
    Done(Vec<Emitted>, Option<Refusal>),
    /// Nothing happened yet: read this and propose again. Nothing was committed.
    Needs(Vec<Read>),
    /// Nothing happened.
    Refused(Refusal),
}

/// What a commit of the keeper leaves to be woken.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ripples {
    /// Incidents whose state changed, or whose service's did.
    pub incidents: Vec<IncidentId>,
    /// Channels that have something to say.
    pub channels: Vec<Channel>,
}

/// Why the state could not be built from the journal.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The journal said no.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An event of another version of the bot.
    #[error("stream {0}: {1}")]
    Unreadable(StreamId, crate::domain::event::UnreadableEvent),
}

impl Keeper {
    /// Builds the state from the journal: all services and all open incidents.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn load(tools: Tools, empty: Book) -> Result<Self, LoadError> {
        let mut book = empty;
        let mut streams = vec![StreamId::Register];
        streams.extend(book.services.keys().cloned().map(StreamId::Service));
        let open = tools.journal.open_incidents().await?;
        streams.extend(open.into_iter().map(StreamId::Incident));
        for stream in streams {
            let newest = fold(&tools, &mut book, &stream).await?;
            tools.clock.catch_up(newest);
        }
        let sealer = Sealer::new(&tools.journal.sealing_key().await?);
        let (book, gate) = (RwLock::new(Arc::new(book)), Mutex::new(()));
        Ok(Self { tools, sealer, book, gate, broken: watch::Sender::new(None) })
    }

    /// The state as it is in the journal.
    pub fn book(&self) -> Arc<Book> {
        self.book.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Makes the buttons' values.
    pub fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// What the keeper works with.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }

    /// Makes a commit durable. Every commit of the engine passes here.
    ///
    /// # Errors
    /// When the journal did not take it.
    pub async fn commit(&self, commit: Commit) -> Result<Receipt, JournalError> {
        self.is_usable()?;
        self.noticed(self.tools.journal.commit(commit).await)
    }

    /// Records how an outbox row ended.
    ///
    /// # Errors
    /// When the journal did not take it.
    pub async fn settle_post(&self, id: u64, outcome: PostOutcome) -> Result<(), JournalError> {
        self.is_usable()?;
        self.noticed(self.tools.journal.settle_post(id, outcome).await)
    }

    /// Once a write may or may not be in the journal, this process knows no state that it could decide on: a halt could be
    /// written that it has not heard of.
    fn is_usable(&self) -> Result<(), JournalError> {
        match &*self.broken.borrow() {
            None => Ok(()),
            Some(why) => Err(JournalError::Unavailable(why.clone())),
        }
    }

    /// Remembers a failure after which the journal is of no more use to this process.
    fn noticed<T>(&self, done: Result<T, JournalError>) -> Result<T, JournalError> {
        if let Err(error @ (JournalError::Unavailable(_) | JournalError::Corrupt(_))) = &done {
            // Whether it was written is not known, so neither is the state: only a start from the file tells.
            self.broken.send_replace(Some(error.to_string()));
        }
        done
    }

    /// Returns when the journal has failed in a way that only a fresh start can mend; says how.
    pub async fn broken(&self) -> String {
        let mut broken = self.broken.subscribe();
        match broken.wait_for(Option::is_some).await {
            Ok(why) => why.clone().unwrap_or_default(),
            // The sender lives as long as the keeper.
            Err(_) => std::future::pending().await,
        }
    }

    /// A new id, unique for ever.
    pub fn fresh_id(&self, kind: &str) -> String {
        format!("{kind}_{}", hex::encode(self.tools.chance.bytes()))
    }

    /// Decides, makes the decision durable, and says so. Returns what was decided and what is to be woken.
    ///
    /// # Errors
    /// When the journal did not take it: nothing happened then.
    pub async fn propose(&self, proposal: &Proposal) -> Result<(Answer, Ripples), JournalError> {
        let now = self.tools.clock.now();
        // Most requests change nothing: a repeat, a refusal. They need no gate.
        let seen = self.book();
        match self.decide_all(&seen, proposal, now) {
            Decision::Needs(reads) => return Ok((Answer::Needs(reads), Ripples::default())),
            Decision::Refused(refusal) => {
                let ripples = self.refused(&seen, proposal, Some(&refusal), now).await?;
                return Ok((Answer::Refused(refusal), ripples));
            }
            Decision::Events(events, refusal) if events.is_empty() => {
                let ripples = self.refused(&seen, proposal, refusal.as_ref(), now).await?;
                return Ok((Answer::Done(events, refusal), ripples));
            }
            Decision::Events(..) => {}
        }
        self.propose_in_turn(proposal, now).await
    }

    async fn propose_in_turn(
        &self,
        proposal: &Proposal,
        now: Timestamp,
    ) -> Result<(Answer, Ripples), JournalError> {
        let _turn = self.gate.lock().await;
        loop {
            let before = self.book();
            let (emitted, refusal) = match self.decide_all(&before, proposal, now) {
                Decision::Needs(reads) => return Ok((Answer::Needs(reads), Ripples::default())),
                Decision::Refused(refusal) => {
                    let ripples = self.refused(&before, proposal, Some(&refusal), now).await?;
                    return Ok((Answer::Refused(refusal), ripples));
                }
                Decision::Events(emitted, refusal) => (emitted, refusal),
            };
            let mut after = Book::clone(&before);
            apply_all(&mut after, &emitted, &proposal.actor, now);
            let (commit, ripples) =
                self.commit_of(proposal, &emitted, refusal.as_ref(), (&before, &after), now);
            match self.commit(commit).await {
                Ok(_) => {}
                Err(JournalError::Conflict(stream)) => {
                    // Another writer was faster: look at what it wrote and decide anew.
                    self.catch_up(&stream).await?;
                    continue;
                }
                Err(error) => return Err(error),
            }
            after.forget_long_closed();
            *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(after);
            return Ok((Answer::Done(emitted, refusal), ripples));
        }
    }

    /// Several requests are one decision: the first that needs or refuses decides for all.
    fn decide_all(&self, book: &Book, proposal: &Proposal, now: Timestamp) -> Decision {
        let facts = self.facts(proposal);
        let mut all = Vec::new();
        let mut answer = None;
        let mut state = None;
        for request in &proposal.requests {
            let state_now = state.as_ref().unwrap_or(book);
            match self.tools.rules.decide(state_now, request, &facts, now) {
                // Whoever has no right to one of them gets none of them; that they asked is written down.
                Decision::Events(events, Some(refusal)) if refusal.is_of_rights() => {
                    return Decision::Events(events, Some(refusal));
                }
                Decision::Events(events, refusal) => {
                    answer = answer.or(refusal);
                    if proposal.requests.len() > 1 && !events.is_empty() {
                        let state = state.get_or_insert_with(|| Book::clone(book));
                        apply_all(state, &events, &proposal.actor, now);
                    }
                    all.extend(events);
                }
                other @ (Decision::Needs(_) | Decision::Refused(_)) => return other,
            }
        }
        Decision::Events(all, answer)
    }

    fn facts(&self, proposal: &Proposal) -> Facts {
        let readings = &proposal.readings;
        Facts {
            actor: proposal.actor.clone(),
            policy: self.tools.roster.policy(),
            pointer: readings.pointer.clone(),
            deployments: readings.deployments.clone(),
            named: readings.named.clone(),
            plan: readings.plan.clone(),
            aliases: readings.aliases.clone(),
            changes: readings.changes.clone(),
            forge: readings.forge.clone(),
            fresh: Fresh {
                confirmation: self.fresh_id("cnf").into(),
                effect: self.fresh_id("eff").into(),
                verification: self.fresh_id("ver").into(),
            },
        }
    }

    /// Stores what came with a request that changes nothing: its delivery, and the answer to the one who asked.
    async fn refused(
        &self,
        book: &Book,
        proposal: &Proposal,
        refusal: Option<&Refusal>,
        now: Timestamp,
    ) -> Result<Ripples, JournalError> {
        let mut commit = self.bare_commit(proposal);
        let mut ripples = Ripples::default();
        if refusal.is_none()
            && let Some(post) = self.show(proposal, book, now)
        {
            ripples.channels.push(post.channel.clone());
            commit.posts.push(post);
        }
        self.tell_refusal(&mut commit, &mut ripples, proposal, refusal, book, now);
        let is_empty = commit == Commit::default();
        if !is_empty {
            self.commit(commit).await?;
        }
        Ok(ripples)
    }

    /// A press that changes nothing shows something.
    fn show(&self, proposal: &Proposal, book: &Book, now: Timestamp) -> Option<NewPost> {
        let (to, [Request::Press { incident, action, .. }]) =
            (proposal.reply_to.as_ref()?, proposal.requests.as_slice())
        else {
            return None;
        };
        let shown = Shown { incident: *incident, action, sealer: &self.sealer };
        self.tools.narrator.show(&shown, to, book, now)
    }

    fn bare_commit(&self, proposal: &Proposal) -> Commit {
        Commit {
            deliveries: proposal.delivery.iter().cloned().collect(),
            settled: proposal.settles.iter().cloned().collect(),
            ..Commit::default()
        }
    }

    fn tell_refusal(
        &self,
        commit: &mut Commit,
        ripples: &mut Ripples,
        proposal: &Proposal,
        refusal: Option<&Refusal>,
        book: &Book,
        now: Timestamp,
    ) {
        let (Some(refusal), Some(to)) = (refusal, &proposal.reply_to) else { return };
        let post = self.tools.narrator.refuse(refusal, to, book, now);
        ripples.channels.push(post.channel.clone());
        commit.posts.push(post);
    }

    fn commit_of(
        &self,
        proposal: &Proposal,
        emitted: &[Emitted],
        refusal: Option<&Refusal>,
        (before, after): (&Book, &Book),
        now: Timestamp,
    ) -> (Commit, Ripples) {
        let change = Change {
            before,
            after,
            emitted,
            actor: &proposal.actor,
            at: now,
            sealer: &self.sealer,
        };
        let narration = self.tools.narrator.narrate(&change);
        let mut commit = self.bare_commit(proposal);
        commit.appends = appends(before, emitted, &proposal.actor, now);
        // A button that led to something else than it says is not used up by it.
        commit.burned = proposal.burns.iter().filter(|_| refusal.is_none()).copied().collect();
        commit.tokens = narration.tokens;
        commit.posts = narration.posts;
        for one in emitted {
            match (&one.stream, &one.event) {
                (StreamId::Incident(id), Event::Incident(IncidentEvent::IncidentOpened { .. })) => {
                    commit.opened.push(*id);
                }
                (StreamId::Incident(id), Event::Incident(IncidentEvent::IncidentClosed { .. })) => {
                    commit.closed.push(*id);
                }
                _ => {}
            }
        }
        let mut ripples = ripples(after, emitted, &commit);
        self.tell_refusal(&mut commit, &mut ripples, proposal, refusal, after, now);
        (commit, ripples)
    }

    /// An incident, also one that is over and no longer in the book.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn incident(&self, id: IncidentId) -> Result<Option<Arc<Incident>>, LoadError> {
        if let Some(known) = self.book().incidents.get(&id) {
            return Ok(Some(known.clone()));
        }
        let mut book = Book::default();
        fold(&self.tools, &mut book, &StreamId::Incident(id)).await?;
        Ok(book.incidents.remove(&id))
    }

    async fn catch_up(&self, stream: &StreamId) -> Result<(), JournalError> {
        let mut book = Book::clone(&self.book());
        let mut streams = vec![stream.clone()];
        if *stream == StreamId::Register {
            // Whoever took the number opened an incident that we do not know yet.
            let open = self.tools.journal.open_incidents().await?;
            streams.extend(open.into_iter().map(StreamId::Incident));
        }
        for stream in &streams {
            fold(&self.tools, &mut book, stream).await.map_err(|error| match error {
                LoadError::Journal(error) => error,
                LoadError::Unreadable(..) => JournalError::Unavailable(error.to_string()),
            })?;
        }
        *self.book.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(book);
        Ok(())
    }
}
