//! The state of one incident: what the fold of its events says.
//!
//! ```text
//! Idle ─request→ Resolving ─issue→ Waiting ─confirm→ Flipping ─end→ Settled
//!   ↑               │refuse          │expire/void      │drop          │request
//!   └───────────────┴──cancel────────┴→ Lapsed ────────┴→ Resolving ←─┘
//! ```
//! The stages of a flip: `Intended → Sending → (Unknown ⇄ Sending) → Polling → Proving → ReadingFlag → Done`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Grantee, Person};
use super::change::Evidence;
use super::deployment::{Assignment, Deployment, Live};
use super::event::{
    Confirmation, Direction, Effect, Excuse, Exit, FlipFailure, Outcome, Task, Wish,
};
use super::fix::{Fix, Layer2};
use super::guard;
use super::ids::{ConfirmationId, EffectId, IncidentId, ServiceId};
use super::probe::Probe;
use super::refusal::{Refusal, Void};
use super::time::{Span, Timestamp};
use super::verification::{Verification, Verifying};

/// One open problem of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Of which service.
    pub service: ServiceId,
    /// What it is about: foreign text.
    pub title: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// Who opened it.
    pub opened_by: Actor,
    /// The service's incident before this one.
    pub previous: Option<IncidentId>,
    /// Where the pointer's present move is: Layer 1, and the promote at the end.
    pub layer1: Layer1,
    /// How Layer 1 came to its end (G5).
    pub layer1_done: Option<Layer1Done>,
    /// Automatic assignment as it was before the first flip: what the last step restores.
    pub baseline: Option<Assignment>,
    /// The bad deployment: what the first rollback went away from.
    pub suspect: Option<Box<Deployment>>,
    /// Where the fix is.
    pub layer2: Layer2,
    /// Why the last wish for a revert was refused, until the next one.
    pub revert_refused: Option<Refusal>,
    /// Reverts of this incident that were closed again.
    pub reverts_closed: u32,
    /// Why reading the forge fails at the moment.
    pub forge_trouble: Option<String>,
    /// Somebody says that the code was fine.
    pub false_alarm: Option<FalseAlarm>,
    /// The first of two people said yes.
    pub first_yes: Option<FirstYes>,
    /// Who went on alone when two were asked for, and why.
    pub went_alone: Option<(Person, String)>,
    /// What somebody else did to production, as last seen (G14).
    pub elsewhere: Option<Elsewhere>,
    /// Who looks after what a rollback cannot undo.
    pub tasks: BTreeMap<Task, (Person, Timestamp)>,
    /// When the provider's last job before the newest call was asked for, or before the newest question: one of that time
    /// is not ours.
    pub job_before: Option<Timestamp>,
    /// Questions that were put and how each ended, so that a late press gets a true answer.
    pub asked: BTreeMap<ConfirmationId, Answer>,
    /// What was looked up of the code for each question.
    pub evidence: BTreeMap<ConfirmationId, Evidence>,
    /// Why the last wish was refused, until the next one.
    pub refused: Option<Refusal>,
    /// What the last wish asked for if it was a promote that was refused, until the next one.
    pub refused_promote: Option<Wish>,
    /// Who took the last wish back and when, until the next one.
    pub cancelled: Option<(Person, Timestamp)>,
    /// The flip that had come to its end before the present wish; it holds again if that wish comes to nothing.
    pub before: Option<Box<Flip>>,
    /// The verification that is being made.
    pub verifying: Option<Verifying>,
    /// Verdicts, the newest last: one for each address and deployment.
    pub verifications: Vec<Verification>,
    /// Why reading the world fails at the moment.
    pub trouble: Option<String>,
    /// Since when it fails.
    pub trouble_since: Option<Timestamp>,
    /// Why a person is needed.
    pub needs_person: Option<String>,
    /// What people wrote down.
    pub notes: Vec<Note>,
    /// How it ended.
    pub resolution: Option<Resolution>,
    /// When after-care was done as well.
    pub closed_at: Option<Timestamp>,
}

/// How Layer 1 came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer1Done {
    /// Production was seen to answer from a rollback's target.
    Proven(Timestamp),
    /// Somebody said that it needs no flip.
    Excused {
        /// Who.
        by: Person,
        /// How.
        excuse: Excuse,
        /// Why: foreign text.
        reason: String,
    },
}

/// "The code was fine."
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FalseAlarm {
    /// Who says so.
    pub by: Person,
    /// Why: foreign text.
    pub reason: String,
    /// Who agrees: another person.
    pub agreed_by: Option<Person>,
}

/// The first yes of two (G12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstYes {
    /// To which question.
    pub confirmation: ConfirmationId,
    /// Whose.
    pub by: Person,
    /// When.
    pub at: Timestamp,
    /// From when on one may go on alone; `None`: never.
    pub alone_from: Option<Timestamp>,
    /// Who was named as second person.
    pub seconds: Vec<Grantee>,
}

/// What somebody else did to production.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// What is live.
    pub live: Live,
    /// The flag.
    pub assignment: Assignment,
    /// Since when that is known.
    pub at: Timestamp,
}

/// What somebody wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Person,
    /// The words: foreign text.
    pub text: String,
}

/// How an incident ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// When.
    pub at: Timestamp,
    /// By which exit.
    pub exit: Exit,
    /// Who.
    pub by: Person,
    /// Why, in their words.
    pub reason: Option<String>,
}

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It can still be answered.
    Open,
    /// Somebody said yes.
    Confirmed(Person, Timestamp),
    /// Somebody took it back.
    Cancelled(Person, Timestamp),
    /// Nobody answered in time.
    Expired,
    /// What it was bound to has changed.
    Voided(Void),
}

/// Where Layer 1 is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer1 {
    /// Nobody asked for a rollback, or it was refused or taken back.
    Idle,
    /// A wish is there, the facts are not.
    Resolving(Resolving),
    /// A question is put.
    Waiting(Box<Confirmation>),
    /// The question expired or was voided; a fresh one needs a press.
    Lapsed(Box<Confirmation>, Void),
    /// Somebody said yes.
    Flipping(Box<Flip>),
    /// The flip came to an end.
    Settled(Box<Flip>),
}

/// A wish whose target is not resolved yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolving {
    /// The wish.
    pub wish: Wish,
    /// Whose.
    pub by: Person,
    /// Since when.
    pub since: Timestamp,
    /// Why a question that was put before is put anew.
    pub again: Option<Void>,
    /// Which way production is to move.
    pub direction: Direction,
}

/// A confirmed move of the pointer, on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flip {
    /// The question that was answered.
    pub confirmation: Confirmation,
    /// By whom.
    pub confirmed_by: Person,
    /// Who had said yes before them, where it took two.
    pub confirmed_with: Option<Person>,
    /// When.
    pub confirmed_at: Timestamp,
    /// The intent's id.
    pub effect: EffectId,
    /// What is intended.
    pub intent: Effect,
    /// How often the call was started.
    pub attempts: u32,
    /// Where it is.
    pub stage: Stage,
    /// Why the provider did not take the last call, if it surely did not.
    pub not_taken: Option<String>,
    /// Since when the provider has it waiting behind something of its own.
    pub queued_at: Option<Timestamp>,
    /// When the control plane said target.
    pub job_done_at: Option<Timestamp>,
    /// What was found at production.
    pub proof: Option<Proof>,
    /// The flag as read back.
    pub assignment: Option<Assignment>,
    /// The intent to switch the flag, if it is not as it must be.
    pub switch: Option<Switch>,
    /// The watch over production after a promote.
    pub watch: Option<Watch>,
    /// Why it failed.
    pub failure: Option<FlipFailure>,
}

/// What was found at production after the flip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Fresh answers come from the target.
    Proven(Timestamp),
    /// They do not, within the limit.
    NotServing(Timestamp, Probe),
}

/// Where a flip is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nothing was sent; not before the given instant.
    Intended {
        /// Earliest time of the call.
        not_before: Timestamp,
    },
    /// The call is being made.
    Sending {
        /// Since when.
        since: Timestamp,
    },
    /// The call was made, nobody knows with what result.
    Unknown {
        /// Since when nobody knows.
        since: Timestamp,
        /// Why not.
        why: String,
        /// When a first reading showed that it did not happen.
        not_applied_at: Option<Timestamp>,
    },
    /// The provider said no; one reading tells whether it meant "already there".
    Doubted {
        /// When the call was started.
        sent: Timestamp,
        /// Its own sentence.
        why: String,
    },
    /// The provider took it; its job runs.
    Polling {
        /// Since when.
        since: Timestamp,
    },
    /// The control plane says target; production is looked at.
    Proving {
        /// Since when.
        since: Timestamp,
    },
    /// The assignment flag is read back, and switched off if it is on.
    ReadingFlag {
        /// Since when.
        since: Timestamp,
    },
    /// Nothing is left to do, except to go on looking while production does not serve the target.
    Done,
}

/// Production is watched for so long after a promote.
pub const WATCH: Span = Span::minutes(5);

/// The watch over production after a promote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watch {
    /// Since when.
    pub since: Timestamp,
    /// What went wrong at the last look, and since when.
    pub trouble: Option<(Timestamp, String)>,
    /// When production had been well for the whole time.
    pub passed_at: Option<Timestamp>,
    /// Why it is not: the way back is sought.
    pub failed: Option<String>,
}

/// The intent to switch the assignment flag to what it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switch {
    /// What it must be.
    pub to: Assignment,
    /// The intent's id.
    pub effect: EffectId,
    /// How often the call was started.
    pub attempts: u32,
    /// Whether a call is being made, and since when.
    pub sending: Option<Timestamp>,
    /// How the last call ended.
    pub last: Option<Outcome>,
    /// Earliest time of the next call.
    pub not_before: Timestamp,
}

/// A call is made at most this often for one confirmation, and again only where the first surely did nothing.
pub const MOST_ATTEMPTS: u32 = 2;

impl Incident {
    /// Whether the runbook is still running.
    pub fn is_open(&self) -> bool {
        self.resolution.is_none()
    }

    /// The flip that is on its way or came to an end.
    pub fn flip(&self) -> Option<&Flip> {
        match &self.layer1 {
            Layer1::Flipping(flip) | Layer1::Settled(flip) => Some(flip),
            Layer1::Idle | Layer1::Resolving(_) | Layer1::Waiting(_) | Layer1::Lapsed(..) => None,
        }
    }

    /// Whether a call of any flip was started that may have moved production.
    pub fn was_flipped(&self) -> bool {
        let flips = [self.flip(), self.before.as_deref()];
        flips.into_iter().flatten().any(Flip::was_sent)
            || matches!(self.layer1_done, Some(Layer1Done::Proven(_)))
    }

    /// The fix that is followed.
    pub fn fix(&self) -> Option<&Fix> {
        match &self.layer2 {
            Layer2::Followed(fix) => Some(fix),
            Layer2::Idle
            | Layer2::Looking(_)
            | Layer2::Planned(_)
            | Layer2::Opening(_)
            | Layer2::Prepared(_) => None,
        }
    }

    /// The first yes to a question, if one was given.
    pub fn first_yes_to(&self, question: &ConfirmationId) -> Option<&FirstYes> {
        self.first_yes.as_ref().filter(|first| first.confirmation == *question)
    }

    /// Who has said yes to a question before it is confirmed, where it takes two people: who pressed first, or who asked for
    /// it over what speaks against it.
    pub fn agreed_before<'a>(&'a self, question: &'a Confirmation) -> Option<&'a Person> {
        let pressed = self.first_yes_to(&question.id).map(|first| &first.by);
        pressed.or_else(|| {
            let is_override = guard::is_override(question, self.evidence_of(&question.id));
            is_override.then_some(&question.requester)
        })
    }

    /// Those who said yes to something that is not sent yet, or asked for what takes a second person.
    pub fn answerers(&self) -> Vec<Person> {
        let waiting = self.waiting().and_then(|question| self.agreed_before(question));
        let flip = self.flip().map(|flip| [Some(&flip.confirmed_by), flip.confirmed_with.as_ref()]);
        let opening = match &self.layer2 {
            Layer2::Opening(opening) => Some(&opening.by),
            Layer2::Followed(fix) => fix.merging().map(|merge| &merge.by),
            Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => None,
        };
        let alarm = self.false_alarm.as_ref().map(|alarm| &alarm.by);
        let flip = flip.into_iter().flatten().flatten();
        [waiting, opening, alarm].into_iter().flatten().chain(flip).cloned().collect()
    }

    /// Whether two people agree that no fix is needed.
    pub fn is_false_alarm(&self) -> bool {
        self.false_alarm.as_ref().is_some_and(|alarm| alarm.agreed_by.is_some())
    }

    /// The wish for a promote that was refused for something that a reason overrides (G7), as long as nothing followed.
    pub fn promote_that_lacks_reason(&self) -> Option<&Wish> {
        let is_at_rest = match &self.layer1 {
            Layer1::Idle | Layer1::Settled(_) => true,
            Layer1::Resolving(_)
            | Layer1::Waiting(_)
            | Layer1::Lapsed(..)
            | Layer1::Flipping(_) => false,
        };
        let refusal = self.refused.as_ref().filter(|refusal| refusal.yields_to_reason())?;
        // Where nothing was named and there is no fix, no reason says what to promote.
        let is_named = |wish: &&Wish| wish.to.is_some() || *refusal != Refusal::NoFixMerged;
        self.refused_promote.as_ref().filter(|_| is_at_rest).filter(is_named)
    }

    /// What was looked up of the code for a question.
    pub fn evidence_of(&self, question: &ConfirmationId) -> Option<&Evidence> {
        self.evidence.get(question)
    }

    /// The question that can be answered now.
    pub fn waiting(&self) -> Option<&Confirmation> {
        match &self.layer1 {
            Layer1::Waiting(confirmation) => Some(confirmation),
            Layer1::Idle
            | Layer1::Resolving(_)
            | Layer1::Lapsed(..)
            | Layer1::Flipping(_)
            | Layer1::Settled(_) => None,
        }
    }
}

impl Flip {
    /// Whether the call was started at least once.
    pub fn was_sent(&self) -> bool {
        self.attempts > 0
    }

    /// Whether this very call is being made.
    pub fn is_sending(&self, effect: &EffectId) -> bool {
        let is_flip = matches!(self.stage, Stage::Sending { .. }) && self.effect == *effect;
        let switch = self.switch.as_ref().filter(|switch| switch.sending.is_some());
        is_flip || switch.is_some_and(|switch| switch.effect == *effect)
    }

    /// Which way production moves.
    pub fn direction(&self) -> Direction {
        self.confirmation.direction()
    }

    /// What the assignment flag must be once it is over: pinned after a rollback (G6), as before the incident after a promote.
    pub fn wanted_assignment(&self) -> Assignment {
        self.confirmation.promotion.as_ref().map_or(Assignment::Off, |promotion| promotion.baseline)
    }

    /// The watch that is still going on.
    pub fn watching(&self) -> Option<&Watch> {
        self.watch.as_ref().filter(|watch| watch.passed_at.is_none() && watch.failed.is_none())
    }

    /// Whether production was seen to answer from the target.
    pub fn is_proven(&self) -> bool {
        matches!(self.proof, Some(Proof::Proven(_)))
    }
}
