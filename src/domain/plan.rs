//! The Layer 1 plan as ordered steps, and what is to be done next. Pure: the engine carries it out.
//!
//! announce → confirm → flip → poll → prove at the production URL → read the assignment flag back. A promote goes the same
//! way and is watched afterwards. What is due for the fix, in a lane of its own, is in `fix`.

pub mod fix;

use super::book::Book;
use super::decide::{Read, Request};
use super::deployment::{Assignment, Deployment};
use super::event::{Direction, Effect, Outcome};
use super::ids::{EffectId, IncidentId, VerificationId};
use super::incident::{Flip, Incident, Layer1, Proof, Stage, Switch};
use super::probe::{Probe, Seen};
use super::service::Limits;
use super::time::{Span, Timestamp};

/// Two readings that agree must be this far apart before "it did not happen" may be concluded.
pub const AGREEING_GAP: Span = Span::seconds(2);

/// What cannot be read for this long reaches a person.
pub const PATIENCE: Span = Span::seconds(60);

/// Time between two tries to read a provider that does not answer, or that leaves us in doubt.
const RETRY: Span = Span::seconds(2);

/// Time between two looks at a production that does not serve what it should.
const SLOW_LOOK: Span = Span::seconds(15);

/// Time between two looks once the first was bad.
const TROUBLED_LOOK: Span = Span::seconds(5);

/// The steps of Layer 1, in order, as the card shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The team is told.
    Announce,
    /// A person says yes.
    Confirm,
    /// The provider is asked.
    Flip,
    /// Its job ends.
    Poll,
    /// Production answers from the target.
    Prove,
    /// The assignment flag is off.
    ReadFlag,
}

/// All steps of Layer 1, in order.
pub const STEPS: [Step; 6] =
    [Step::Announce, Step::Confirm, Step::Flip, Step::Poll, Step::Prove, Step::ReadFlag];

/// What is to be done next for an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is a person's turn.
    Rest,
    /// Decide at the given time.
    Decide(Timestamp, Request),
    /// Read at the given time, then decide.
    Read(Timestamp, Vec<Read>, Request),
    /// Look at production at the given time, judged against the target.
    Probe(Timestamp, Box<Deployment>),
    /// Walk a verification's journeys from now on, beside everything else.
    Walk(VerificationId),
    /// Walk the journeys on production at the given time, beside everything else: the watch after a promote.
    Watch(Timestamp, EffectId, Box<Deployment>),
}

/// What was looked at lately. Kept in memory only: after a restart, looking begins anew.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    /// When the last look was.
    pub last: Option<Timestamp>,
    /// How production answered.
    pub tally: Tally,
    /// The verification whose journeys are being walked.
    pub walking: Option<VerificationId>,
    /// When production was last walked for the watch.
    pub watched: Option<Timestamp>,
}

/// So many answers in a row that come from the target and are server errors leave no doubt: it is live, and broken.
const MOST_FAILING: u32 = 10;

/// Fresh answers of production, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many in a row came from the target.
    pub agreeing: u32,
    /// How many in a row came from the target and were server errors.
    pub failing: u32,
}

/// What the answers of production say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Production answers from the target.
    Serving {
        /// How many answers in a row agreed.
        agreeing: u32,
    },
    /// It does not within the limit, or answers from the target with nothing but errors.
    NotServing {
        /// The last look.
        last: Probe,
    },
}

impl Tally {
    /// Counts one look. `None`: look again.
    pub fn add(&mut self, probe: &Probe, since: Timestamp, limits: &Limits) -> Option<Verdict> {
        *self = match probe.seen {
            Seen::Target => Self { agreeing: self.agreeing + 1, failing: 0 },
            Seen::TargetFailing { .. } => Self { agreeing: 0, failing: self.failing + 1 },
            Seen::Other { .. } | Seen::NoMarker { .. } | Seen::NoAnswer { .. } => Self::default(),
        };
        if self.agreeing >= limits.agreeing_probes {
            return Some(Verdict::Serving { agreeing: self.agreeing });
        }
        // An answer from the target at the limit is not "does not serve": the next looks will tell.
        let is_over = self.agreeing == 0 && probe.at.since(since) >= limits.proof;
        (is_over || self.failing >= MOST_FAILING)
            .then(|| Verdict::NotServing { last: probe.clone() })
    }
}

/// What is to be done next for an incident, given what was looked at lately.
pub fn next(book: &Book, id: IncidentId, looks: &Looks, now: Timestamp) -> Next {
    let Some(incident) = book.incidents.get(&id).filter(|incident| incident.is_open()) else {
        return Next::Rest;
    };
    let Some(service) = book.services.get(&incident.service) else { return Next::Rest };
    // Walking holds up nothing, and only looks: a halt does not concern it.
    if let Some(asked) = &incident.verifying
        && looks.walking.as_ref() != Some(&asked.id)
    {
        return Next::Walk(asked.id.clone());
    }
    let is_halted = book.state(&incident.service).is_some_and(|state| state.halt.is_some());
    match &incident.layer1 {
        Layer1::Idle | Layer1::Lapsed(..) => Next::Rest,
        // What is being verified decides.
        Layer1::Resolving(resolving)
            if resolving.direction == Direction::Forward && incident.verifying.is_some() =>
        {
            Next::Rest
        }
        Layer1::Resolving(_) => {
            let reads = vec![Read::Pointer, Read::Deployments, Read::Plan];
            Next::Read(again(looks, RETRY, now), reads, Request::Resolve(id))
        }
        Layer1::Waiting(question) => Next::Decide(question.expires_at, Request::Expire(id)),
        Layer1::Flipping(flip) => {
            next_of_flip(incident, flip, &service.limits, looks, is_halted, now)
        }
        Layer1::Settled(flip) => next_of_settled(flip, looks, now),
    }
}

/// At once, or a while after the last look.
fn again(looks: &Looks, pause: Span, now: Timestamp) -> Timestamp {
    looks.last.map_or(now, |last| last + pause)
}

fn next_of_flip(
    incident: &Incident,
    flip: &Flip,
    limits: &Limits,
    looks: &Looks,
    is_halted: bool,
    now: Timestamp,
) -> Next {
    let id = incident.id;
    let pointer = || vec![Read::Pointer];
    match &flip.stage {
        // A halt is lifted by a person; nothing is due before.
        Stage::Intended { .. } if is_halted => Next::Rest,
        Stage::Intended { not_before } => {
            let at = again(looks, RETRY, now).max(*not_before);
            Next::Read(at, pointer(), Request::Start(id))
        }
        // The call is made right after its start is durable. Whoever finds it started was not there when it was made.
        Stage::Sending { .. } => Next::Decide(now, interrupted(id, &flip.effect)),
        Stage::Unknown { .. } | Stage::Doubted { .. } => {
            Next::Read(again(looks, RETRY, now), pointer(), Request::Observe(id))
        }
        Stage::Polling { .. } => {
            Next::Read(again(looks, limits.poll, now), pointer(), Request::Observe(id))
        }
        Stage::Proving { .. } => {
            let target = Box::new(flip.confirmation.to.deployment.clone());
            Next::Probe(again(looks, limits.poll, now), target)
        }
        Stage::ReadingFlag { since } => match &flip.switch {
            Some(switch) => next_of_switch(id, switch, *since, looks, is_halted, now),
            None => Next::Read(again(looks, limits.poll, now), pointer(), Request::ReadFlag(id)),
        },
        Stage::Done => Next::Rest,
    }
}

fn next_of_switch(
    id: IncidentId,
    switch: &Switch,
    since: Timestamp,
    looks: &Looks,
    is_halted: bool,
    now: Timestamp,
) -> Next {
    if switch.sending.is_some() {
        return Next::Decide(now, interrupted(id, &switch.effect));
    }
    match &switch.last {
        None | Some(Outcome::NotTaken { .. }) if is_halted => Next::Rest,
        None | Some(Outcome::NotTaken { .. }) => {
            // A provider that wants to be left alone for longer gets no second call: a person is told.
            let at = switch.not_before.min(since + PATIENCE).max(now);
            Next::Decide(at, Request::Start(id))
        }
        // A reading tells whether it worked, and whether a second call is allowed.
        Some(
            Outcome::Accepted | Outcome::Queued | Outcome::Unknown { .. } | Outcome::Refused { .. },
        ) => Next::Read(again(looks, RETRY, now), vec![Read::Pointer], Request::ReadFlag(id)),
    }
}

fn interrupted(incident: IncidentId, effect: &EffectId) -> Request {
    let why = "the bot was interrupted while it made the call".to_owned();
    Request::End { incident, effect: effect.clone(), outcome: Outcome::Unknown { why } }
}

/// Production that did not serve the target in time is still looked at: late is better than never.
fn next_of_settled(flip: &Flip, looks: &Looks, now: Timestamp) -> Next {
    if let Some(watch) = flip.watching() {
        // The first look is a while after the promote; the last one when the watch ends, if it is not over by then.
        let pause = if watch.trouble.is_some() { TROUBLED_LOOK } else { SLOW_LOOK };
        let at = looks.watched.map_or(watch.since + pause, |last| last + pause);
        let target = Box::new(flip.confirmation.to.deployment.clone());
        return Next::Watch(at, flip.effect.clone(), target);
    }
    match &flip.proof {
        Some(Proof::NotServing(..)) if flip.failure.is_none() => {
            let target = Box::new(flip.confirmation.to.deployment.clone());
            Next::Probe(again(looks, SLOW_LOOK, now), target)
        }
        Some(Proof::NotServing(..) | Proof::Proven(_)) | None => Next::Rest,
    }
}

/// The call that belongs to an effect that was just started.
pub fn call_of(incident: &Incident, effect: &EffectId) -> Option<Effect> {
    let flip = incident.flip()?;
    if flip.effect == *effect {
        return Some(flip.intent.clone());
    }
    let switch = flip.switch.as_ref().filter(|switch| switch.effect == *effect)?;
    Some(match switch.to {
        Assignment::On => Effect::Arm,
        Assignment::Off | Assignment::CannotTell => Effect::Disarm,
    })
}

/// Since when production is judged against the target.
pub fn proving_since(flip: &Flip) -> Timestamp {
    match &flip.stage {
        Stage::Proving { since } => *since,
        Stage::Intended { .. }
        | Stage::Sending { .. }
        | Stage::Unknown { .. }
        | Stage::Doubted { .. }
        | Stage::Polling { .. }
        | Stage::ReadingFlag { .. }
        | Stage::Done => flip.job_done_at.unwrap_or(flip.confirmed_at),
    }
}

#[cfg(test)]
mod tests;
