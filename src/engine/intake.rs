//! Presses: stored before they are looked at, answered in any case, and looked at again after a restart.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::keeper::{Answer, Proposal, Readings};
use super::motor::Engine;
use super::ports::{Commit, JournalError, Manner, NewDelivery, Outbound, ReplyTo};
use super::{retry, seal};
use crate::domain::action::Action;
use crate::domain::actor::Actor;
use crate::domain::decide::{Read, Request};
use crate::domain::ids::{DeliveryKey, IncidentId};
use crate::domain::refusal::Refusal;
use crate::domain::time::{Span, Timestamp};

/// A press, as it is stored: what the button does and who pressed it, without the button's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// The incident that the button belongs to.
    pub incident: IncidentId,
    /// What it does.
    pub action: Action,
    /// Who pressed, where, and how they are answered.
    pub by: ReplyTo,
    /// When it came in.
    pub pressed_at: Timestamp,
}

/// People hear within three seconds what becomes of their press, or at least that it is in hand.
const SILENCE: Duration = Duration::from_secs(2);

/// How often a press may ask for readings.
const MOST_ROUNDS: usize = 3;

/// Stores a press; what comes of it is told by messages. Returns once it is durable. A press that takes longer than `late`
/// to be stored is not acted on: the platform has told its person by then that it was not accepted.
///
/// # Errors
/// [`JournalError::Duplicate`] for a repeat; anything else means that nothing was stored.
pub async fn press(
    engine: &Engine,
    key: &DeliveryKey,
    press: Press,
    late: Span,
) -> Result<(), JournalError> {
    let delivery = NewDelivery {
        key: key.clone(),
        at: press.pressed_at,
        body: serde_json::to_string(&press).expect("presses are plain data"),
        pending: true,
    };
    let at_work = engine.activity().begin();
    let commit = Commit { deliveries: vec![delivery], ..Commit::default() };
    engine.keeper().commit(commit).await?;
    let took = engine.keeper().tools().clock.now().since(press.pressed_at);
    let taken = if took >= late { Taken::Late } else { Taken::InTime };
    let (engine, key) = (engine.clone(), key.clone());
    tokio::spawn(async move {
        answer(&engine, &key, press, taken).await;
        drop(at_work);
    });
    Ok(())
}

/// Proposes what a command asks. What the decision must know first is read while its person waits, for `limit` in all; what
/// cannot be read by then counts as not known.
///
/// # Errors
/// When the journal did not take it: nothing happened then.
pub async fn command(
    engine: &Engine,
    mut proposal: Proposal,
    limit: Duration,
) -> Result<Answer, JournalError> {
    let clock = &engine.keeper().tools().clock;
    let started = clock.now();
    let mut answer = engine.propose(&proposal).await?;
    for _ in 1..MOST_ROUNDS {
        let Answer::Needs(reads) = &answer else { break };
        let book = engine.keeper().book();
        let service = proposal.requests.iter().find_map(|request| request.service(&book));
        let Some(reader) = service.and_then(|service| engine.reader(service)) else { break };
        let spent = Duration::from_millis(clock.now().since(started).0.unsigned_abs());
        let reader = reader.at_most(limit.saturating_sub(spent));
        proposal.readings = reader.read(reads, std::mem::take(&mut proposal.readings)).await;
        answer = engine.propose(&proposal).await?;
    }
    Ok(answer)
}

/// Whether a press was stored before its platform told its person that it was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was, or nobody knows any more.
    InTime,
    /// It was not: it is not acted on.
    Late,
}

/// Looks at a stored press and settles it. Whoever pressed was told that it was taken: while the journal's disk is full or
/// locked, it is tried again.
pub(super) async fn answer(engine: &Engine, key: &DeliveryKey, press: Press, taken: Taken) {
    let (incident, action) = (press.incident, press.action.name());
    let mut failures = 0;
    loop {
        let done = match taken {
            Taken::InTime => settle(engine, key, &press).await,
            Taken::Late => refuse(engine, key, &press.by, &Refusal::NotAccepted).await,
        };
        let Err(error) = done else { return };
        tracing::error!(incident = incident.0, action, %error, "a press could not be recorded");
        let passes = matches!(error, JournalError::Full | JournalError::Locked(_));
        if !passes || engine.is_stopping() {
            // The delivery stays pending: it is looked at again at the next start.
            return;
        }
        if failures == 0 {
            say_directly(engine, &press.by, &Refusal::NotRecorded).await;
        }
        let tools = engine.keeper().tools();
        let until = tools.clock.now() + retry::pause(failures, tools.chance.bytes()[0]);
        failures += 1;
        tokio::select! {
            biased;
            () = engine.stopped() => {}
            () = tools.clock.sleep_until(until) => {}
        }
    }
}

async fn settle(engine: &Engine, key: &DeliveryKey, press: &Press) -> Result<(), JournalError> {
    let value = engine.keeper().sealer().value(press.incident, &press.action);
    let request = Request::Press {
        incident: press.incident,
        action: press.action.clone(),
        pressed_at: press.pressed_at,
    };
    let mut proposal = Proposal {
        settles: Some(key.clone()),
        burns: press.action.is_single_use().then(|| seal::hash(&value)),
        reply_to: Some(press.by.clone()),
        ..Proposal::of(Actor::Person(press.by.person.clone()), vec![request])
    };
    for _ in 0..MOST_ROUNDS {
        match engine.propose(&proposal).await {
            Ok(Answer::Needs(reads)) => {
                proposal.readings = read(engine, press, &reads, proposal.readings).await?;
            }
            Ok(Answer::Done(..) | Answer::Refused(_)) => return Ok(()),
            // Somebody was faster by a hair: deciding anew says who.
            Err(JournalError::Burned) => {}
            Err(error) => return Err(error),
        }
    }
    refuse(engine, key, &press.by, &Refusal::UnknownButton).await
}

/// Reads what a press needs. Whoever pressed is not left without a word while the provider is slow.
async fn read(
    engine: &Engine,
    press: &Press,
    reads: &[Read],
    known: Readings,
) -> Result<Readings, JournalError> {
    let book = engine.keeper().book();
    let incident = book.incidents.get(&press.incident);
    let Some(reader) = incident.and_then(|one| engine.reader(&one.service)) else {
        return Ok(Readings::default());
    };
    let mut reading = std::pin::pin!(reader.read(reads, known));
    if let Ok(readings) = tokio::time::timeout(SILENCE, &mut reading).await {
        return Ok(readings);
    }
    tell(engine, Commit::default(), &press.by, &Refusal::NotYet).await?;
    Ok(reading.await)
}

/// Says something past the outbox, once: without the journal there is none.
async fn say_directly(engine: &Engine, by: &ReplyTo, refusal: &Refusal) {
    let tools = engine.keeper().tools();
    let post = tools.narrator.refuse(refusal, by, &engine.keeper().book(), tools.clock.now());
    let (to, response_url) = (by.person.clone(), by.response_url.clone());
    let manner = Manner::Whisper { to, response_url };
    let message = Outbound { id: 0, channel: post.channel, manner, body: post.body };
    if let Err(error) = engine.hands().notifier.notify(&message).await {
        tracing::error!(%error, "nor could its person be told");
    }
}

/// Refuses a stored press without a decision of the domain.
async fn refuse(
    engine: &Engine,
    key: &DeliveryKey,
    by: &ReplyTo,
    refusal: &Refusal,
) -> Result<(), JournalError> {
    let commit = Commit { settled: vec![key.clone()], ..Commit::default() };
    tell(engine, commit, by, refusal).await
}

/// Refuses a press that was not stored, since its button is not known or not here. A repeat is not answered again.
///
/// # Errors
/// When the journal did not take the answer.
pub async fn refuse_unseen(
    engine: &Engine,
    key: &DeliveryKey,
    by: &ReplyTo,
    refusal: &Refusal,
) -> Result<(), JournalError> {
    let at = engine.keeper().tools().clock.now();
    let body = serde_json::to_string(by).expect("replies are plain data");
    let delivery = NewDelivery { key: key.clone(), at, body, pending: false };
    let commit = Commit { deliveries: vec![delivery], ..Commit::default() };
    tell(engine, commit, by, refusal).await
}

async fn tell(
    engine: &Engine,
    mut commit: Commit,
    by: &ReplyTo,
    refusal: &Refusal,
) -> Result<(), JournalError> {
    let keeper = engine.keeper();
    let now = keeper.tools().clock.now();
    let post = keeper.tools().narrator.refuse(refusal, by, &keeper.book(), now);
    let channel = post.channel.clone();
    commit.posts.push(post);
    keeper.commit(commit).await?;
    engine.ring_channel(&channel);
    Ok(())
}
