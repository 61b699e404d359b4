//! The morning after a night: nothing goes wrong any more, and everything must come to its end (L1, L2, L4, L5, L7).

use std::collections::BTreeMap;
use std::sync::Arc;

use repoint::chat::desk::Desk;
use repoint::domain::ids::IncidentId;
use repoint::domain::incident::Incident;
use repoint::domain::service::Channel;
use repoint::domain::time::{Span, Timestamp};
use repoint::engine::motor::Engine;

use super::chat::person;
use super::fix_place::FixPlace;
use super::life::{End, ended_within};
use super::mail::deliver;
use super::people;
use super::place::Place;
use super::truth::{Night, Truth, pass};

/// Requests are terminal or need a person by then (L1).
const LONGEST_REST: Span = Span::minutes(10);

/// What was slow in the night has ended by then.
const LONGEST_FAULT: Span = Span::seconds(15);

/// A row of the outbox is said by then (L2).
const LONGEST_TALK: Span = Span::minutes(5);

/// How a pull request stands is known by then (L4): one poll of twenty seconds, after what was slow has ended.
const LONGEST_LOOK: Span = Span::seconds(45);

/// What is unknown reaches a person by then (L5): a minute, and one look more.
const LONGEST_DOUBT: Span = Span::seconds(75);

/// Waits until everything has come to its end.
pub async fn rest(night: &Arc<Night>, engine: &Engine, desk: &Arc<Desk>) -> End {
    let began = {
        let mut truth = night.truth();
        truth.is_morning = true;
        truth.true_now()
    };
    let mut in_doubt: BTreeMap<IncidentId, Timestamp> = BTreeMap::new();
    let mut unseen: BTreeMap<IncidentId, Timestamp> = BTreeMap::new();
    let mut unsaid: BTreeMap<Channel, (u64, Timestamp)> = BTreeMap::new();
    loop {
        if let Some(end) = ended_within(night, engine, Span::seconds(1)).await {
            return end;
        }
        let mut truth = night.truth();
        let rested = truth.true_now().since(began);
        doubts_reach_a_person(&mut truth, &mut in_doubt);
        gates_are_watched(&mut truth, &mut unseen);
        rows_are_said(&mut truth, &mut unsaid);
        match unfinished(&truth) {
            None if unsaid.is_empty() && rested > LONGEST_FAULT => break,
            Some(what) if rested > LONGEST_REST => truth.promises.fail("L1", what),
            Some(_) | None => {}
        }
        if truth.promises.broken.is_some() {
            return End::Morning;
        }
    }
    press_is_answered(night, desk).await;
    night.truth().flags_are_restored();
    night.truth().promises.same_state(&engine.keeper().book());
    End::Morning
}

/// The oldest row of each channel, and since when it is that (L2).
fn rows_are_said(truth: &mut Truth, unsaid: &mut BTreeMap<Channel, (u64, Timestamp)>) {
    let now = truth.true_now();
    let talking = truth.disk.talking();
    unsaid.retain(|channel, _| talking.contains(channel));
    for channel in talking {
        let Some(first) = truth.disk.first_waiting(&channel) else { continue };
        let (row, since) = *unsaid.entry(channel.clone()).or_insert((first, now));
        if row != first {
            unsaid.insert(channel, (first, now));
        } else if now.since(since) > LONGEST_TALK {
            truth.promises.fail("L2", format!("row {row} of {channel} waits since {since:?}"));
        }
    }
}

fn unfinished(truth: &Truth) -> Option<String> {
    if let Some(pending) = truth.disk.pending_deliveries().first() {
        return Some(format!("delivery {} is not settled", pending.key));
    }
    let book = &truth.promises.book;
    if let Some(one) = book.incidents.values().find(|one| one.verifying.is_some()) {
        return Some(format!("{} is still verifying {:?}", one.id, one.verifying));
    }
    let stuck = book.incidents.values().find(|incident| {
        let state = book.state(&incident.service);
        let is_halted = state.is_some_and(|state| state.halt.is_some());
        match Place::of(incident) {
            // Somebody else moved production: they know what they watch.
            Place::Watching => incident.needs_person.is_none() && incident.elsewhere.is_none(),
            Place::Nowhere
            | Place::Idle
            | Place::Waiting
            | Place::Lapsed
            | Place::Settled
            | Place::Over => false,
            // What is halted waits for a lead.
            Place::Intended | Place::ReadingFlag => !is_halted && incident.needs_person.is_none(),
            // What the provider has waiting behind something of its own has an hour, and the morning is shorter.
            Place::Polling => {
                let is_queued = incident.flip().is_some_and(|flip| flip.queued_at.is_some());
                !is_queued && incident.needs_person.is_none()
            }
            Place::Resolving
            | Place::Sending
            | Place::Unknown
            | Place::Doubted
            | Place::Proving
            | Place::Disarming
            | Place::Arming => incident.needs_person.is_none(),
        }
    });
    let stuck = stuck.map(|incident| format!("{} is still {:?}", incident.id, incident.layer1));
    stuck.or_else(|| {
        let open = book.incidents.values().filter(|one| one.is_open());
        let stuck = open.into_iter().find(|one| is_fix_stuck(truth, one));
        stuck.map(|incident| format!("{}: the fix is still {:?}", incident.id, incident.layer2))
    })
}

/// An opened revert is followed, a merged fix is built, or it waits for somebody who was told.
fn is_fix_stuck(truth: &Truth, incident: &Incident) -> bool {
    let state = truth.promises.book.state(&incident.service);
    let is_halted = state.is_some_and(|state| state.halt.is_some());
    match FixPlace::of(incident) {
        FixPlace::Nowhere
        | FixPlace::NoFix
        | FixPlace::Planned
        | FixPlace::Prepared
        | FixPlace::Closed
        | FixPlace::Built
        | FixPlace::FixOver => false,
        // What is halted waits for a lead.
        FixPlace::Opening | FixPlace::Merging => !is_halted,
        FixPlace::Looking
        | FixPlace::Asking
        | FixPlace::OpenUnknown
        | FixPlace::AskingMerge
        | FixPlace::MergeUnknown => true,
        FixPlace::Followed => !truth.is_followed(incident),
        FixPlace::Merged => incident.fix().is_some_and(|fix| fix.build_failed.is_none()),
    }
}

fn doubts_reach_a_person(truth: &mut Truth, in_doubt: &mut BTreeMap<IncidentId, Timestamp>) {
    let now = truth.true_now();
    let doubtful = |place| matches!(place, Place::Unknown | Place::Doubted);
    let doubts: Vec<_> = truth
        .promises
        .book
        .incidents
        .values()
        .filter(|one| doubtful(Place::of(one)) && one.needs_person.is_none())
        .map(|one| one.id)
        .collect();
    in_doubt.retain(|id, _| doubts.contains(id));
    for id in doubts {
        let since = *in_doubt.entry(id).or_insert(now);
        if now.since(since) > LONGEST_DOUBT {
            truth.promises.fail("L5", format!("{id} has been unknown for {}", now.since(since)));
        }
    }
}

/// Whatever was interrupted, the bot goes on watching a pull request's gate (L4).
fn gates_are_watched(truth: &mut Truth, unseen: &mut BTreeMap<IncidentId, Timestamp>) {
    let now = truth.true_now();
    let open = truth.promises.book.incidents.values().filter(|one| one.is_open());
    // Until a call has ended the forge is asked for nothing else, also if another fix was named meanwhile.
    let followed = open.filter(|one| {
        FixPlace::of(one) == FixPlace::Followed && !truth.promises.fix.is_calling(&one.service)
    });
    let behind: Vec<_> = followed.filter(|one| !truth.is_followed(one)).map(|one| one.id).collect();
    unseen.retain(|id, _| behind.contains(id));
    for id in behind {
        let since = *unseen.entry(id).or_insert(now);
        if now.since(since) > LONGEST_LOOK {
            let behind = now.since(since);
            truth.promises.fail("L4", format!("{id} has not seen its gate for {behind}"));
        }
    }
}

/// A press gets an answer within three seconds (L7).
async fn press_is_answered(night: &Arc<Night>, desk: &Arc<Desk>) {
    let (pressed, before) = {
        let mut truth = night.truth();
        let buttons: Vec<_> =
            truth.chat.standing().into_iter().chain(truth.chat.old()).cloned().collect();
        let Some(button) = buttons.into_iter().find(|one| one.action != "confirm") else { return };
        let pressed = people::pressed(&mut truth, person("ana"), &button);
        truth.tell(|| format!("in the morning ana presses {}", button.action));
        (pressed, truth.chat.activity)
    };
    tokio::spawn(deliver(night.clone(), desk.clone(), pressed));
    pass(Span(3_000)).await;
    let mut truth = night.truth();
    if truth.chat.activity == before {
        truth.promises.fail("L7", "a press was not answered within three seconds");
    }
}
