//! Where an incident is, as one word: the rows of the coverage table, and the edges that the runbook allows (S19).

use repoint::domain::deployment::Assignment;
use repoint::domain::incident::{Incident, Layer1, Stage};

/// Where an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// There is none.
    Nowhere,
    /// Nobody asked for a rollback.
    Idle,
    /// The target is looked for.
    Resolving,
    /// A question is put.
    Waiting,
    /// The question lapsed.
    Lapsed,
    /// Confirmed, not sent.
    Intended,
    /// The call is being made.
    Sending,
    /// Nobody knows what it did.
    Unknown,
    /// The provider said no; perhaps it meant "already there".
    Doubted,
    /// The provider's job runs.
    Polling,
    /// Production is looked at.
    Proving,
    /// The flag is read back.
    ReadingFlag,
    /// The flag is being switched off.
    Disarming,
    /// The flag is being switched on again.
    Arming,
    /// Production is watched after a promote.
    Watching,
    /// The flip came to its end.
    Settled,
    /// The incident is over.
    Over,
}

/// All places.
pub const PLACES: [Place; 17] = [
    Place::Nowhere,
    Place::Idle,
    Place::Resolving,
    Place::Waiting,
    Place::Lapsed,
    Place::Intended,
    Place::Sending,
    Place::Unknown,
    Place::Doubted,
    Place::Polling,
    Place::Proving,
    Place::ReadingFlag,
    Place::Disarming,
    Place::Arming,
    Place::Watching,
    Place::Settled,
    Place::Over,
];

impl Place {
    /// Where an incident is.
    pub fn of(incident: &Incident) -> Self {
        if !incident.is_open() {
            return Self::Over;
        }
        match &incident.layer1 {
            Layer1::Idle => Self::Idle,
            Layer1::Resolving(_) => Self::Resolving,
            Layer1::Waiting(_) => Self::Waiting,
            Layer1::Lapsed(..) => Self::Lapsed,
            Layer1::Settled(flip) if flip.watching().is_some() => Self::Watching,
            Layer1::Settled(_) => Self::Settled,
            Layer1::Flipping(flip) => match &flip.stage {
                Stage::Intended { .. } => Self::Intended,
                Stage::Sending { .. } => Self::Sending,
                Stage::Unknown { .. } => Self::Unknown,
                Stage::Doubted { .. } => Self::Doubted,
                Stage::Polling { .. } => Self::Polling,
                Stage::Proving { .. } => Self::Proving,
                Stage::ReadingFlag { .. } => match &flip.switch {
                    Some(switch) if switch.sending.is_some() => match switch.to {
                        Assignment::On => Self::Arming,
                        Assignment::Off | Assignment::CannotTell => Self::Disarming,
                    },
                    Some(_) | None => Self::ReadingFlag,
                },
                Stage::Done => Self::Settled,
            },
        }
    }

    /// Its place in [`PLACES`].
    pub fn index(self) -> usize {
        PLACES.iter().position(|place| *place == self).unwrap_or(0)
    }

    /// Where one event may lead from here (S19); staying is always legal, except in the end.
    pub fn may_lead_to(self, next: Self) -> bool {
        use Place::{
            Arming, Disarming, Doubted, Idle, Intended, Lapsed, Nowhere, Over, Polling, Proving,
            ReadingFlag, Resolving, Sending, Settled, Unknown, Waiting, Watching,
        };
        if self == next {
            return true;
        }
        let allowed: &[Self] = match self {
            Nowhere => &[Idle],
            Idle => &[Resolving, Over],
            // A wish that comes to nothing gives way to what was there before it.
            Resolving => &[Waiting, Idle, Settled, Watching, Over],
            Waiting => &[Lapsed, Idle, Settled, Watching, Resolving, Intended, Over],
            Lapsed => &[Resolving, Idle, Settled, Watching, Over],
            // What was bound to has changed: the question is put anew.
            Intended => &[Sending, Resolving, Lapsed, Idle, Settled, Watching, Polling],
            Sending => &[Polling, Intended, Unknown, Doubted],
            Unknown => &[Polling, Intended, Settled, Over],
            Doubted => &[Polling, Settled, Over],
            Polling => &[Proving, Settled, Over],
            Proving => &[ReadingFlag, Settled],
            ReadingFlag => &[Disarming, Arming, Settled, Watching],
            Disarming | Arming => &[ReadingFlag],
            Watching => &[Resolving, Settled, Over],
            Settled => &[Resolving, Over],
            Over => &[],
        };
        allowed.contains(&next)
    }
}
