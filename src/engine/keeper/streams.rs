//! Between the book and the streams of the journal: what is read is folded, what was decided becomes appends.

use std::collections::BTreeMap;

use super::{LoadError, Ripples, Tools};
use crate::domain::actor::Actor;
use crate::domain::apply::apply;
use crate::domain::book::Book;
use crate::domain::event::{EVENT_VERSION, Emitted, Envelope, Event};
use crate::domain::ids::{StreamId, Version};
use crate::domain::time::Timestamp;
use crate::engine::ports::{Append, Commit, NewEvent};

/// Folds what a stream holds beyond the book's version of it. Gives the newest instant in it.
pub(super) async fn fold(
    tools: &Tools,
    book: &mut Book,
    stream: &StreamId,
) -> Result<Timestamp, LoadError> {
    let recorded = tools.journal.stream(stream, book.version(stream)).await?;
    let newest = recorded.iter().map(|one| one.event.at).max().unwrap_or_default();
    for one in recorded {
        let event = Event::decode(&one.event.kind, one.event.event_version, &one.event.body)
            .map_err(|error| LoadError::Unreadable(stream.clone(), error))?;
        // An actor that cannot be read is nobody: rights never come from the journal's actor column.
        let actor = serde_json::from_str(&one.event.actor).unwrap_or(Actor::Bot);
        apply(book, stream, &Envelope { at: one.event.at, actor, event });
    }
    Ok(newest)
}

/// What is to be appended to each stream.
pub(super) fn appends(
    before: &Book,
    emitted: &[Emitted],
    actor: &Actor,
    now: Timestamp,
) -> Vec<Append> {
    let actor = serde_json::to_string(actor).expect("actors are plain data");
    let mut by_stream: BTreeMap<&StreamId, Vec<NewEvent>> = BTreeMap::new();
    for one in emitted {
        let (kind, body) = one.event.encode();
        let event =
            NewEvent { kind, event_version: EVENT_VERSION, at: now, actor: actor.clone(), body };
        by_stream.entry(&one.stream).or_default().push(event);
    }
    by_stream
        .into_iter()
        .map(|(stream, events)| {
            let expected: Version = before.version(stream);
            Append { stream: stream.clone(), expected, events }
        })
        .collect()
}

/// Who has something to do after a commit.
pub(super) fn ripples(after: &Book, emitted: &[Emitted], commit: &Commit) -> Ripples {
    let mut ripples = Ripples::default();
    for one in emitted {
        match &one.stream {
            StreamId::Incident(id) => ripples.incidents.push(*id),
            // A halt, a lock: whatever of the service is open looks again.
            StreamId::Service(service) => {
                let of_service = after.incidents.values().filter(|one| one.service == *service);
                ripples.incidents.extend(of_service.filter(|one| one.is_open()).map(|one| one.id));
            }
            StreamId::Register => {}
        }
    }
    ripples.incidents.sort_unstable();
    ripples.incidents.dedup();
    ripples.channels = commit.posts.iter().map(|post| post.channel.clone()).collect();
    ripples.channels.sort_unstable();
    ripples.channels.dedup();
    ripples
}
