//! The guards: rules of ours that refuse or demand more, one function each. See DESIGN.md §4 for their numbers.

use super::actor::{Actor, Person, Role};
use super::book::ServiceState;
use super::change::Evidence;
use super::deployment::{
    Assignment, BuildState, Deployment, DeploymentKind, JobStatus, Live, Plan, Pointer, Served,
};
use super::event::{Binding, Confirmation};
use super::fact::Fact;
use super::ids::{DeploymentId, IncidentId, ServiceId};
use super::incident::Incident;
use super::policy::{Care, Humans, Policy, Right};
use super::refusal::{Refusal, Void};
use super::service::{SecondPerson, Service};
use super::time::{Span, Timestamp};
use super::verification::{Address, Verdict, Verification};

/// How long codes are locked after too many misses.
pub const CODE_LOCK: Span = Span::minutes(10);

/// How many wrong codes one person may type before they are locked.
pub const CODE_TRIES: u32 = 5;

/// So long a refusal for lack of a right is counted.
pub const REFUSALS_WITHIN: Span = Span::minutes(10);

/// A press that nobody looked at for this long, because the bot was down, moves nothing any more.
const LONGEST_UNSEEN: Span = Span::minutes(5);

/// G1: a rollback target must have served production. Previews never qualify.
///
/// # Errors
/// The first reason why the deployment is no target.
pub fn g1_has_served(target: &Deployment) -> Result<(), Refusal> {
    match target.kind {
        DeploymentKind::Production => {}
        DeploymentKind::Preview | DeploymentKind::Other => {
            return Err(Refusal::Preview(target.id.clone()));
        }
    }
    if target.state != BuildState::Ready {
        return Err(Refusal::NotReady(target.id.clone(), target.state));
    }
    // Where the provider does not say, its own word that one may roll back to it stands in.
    let has_served = match target.served {
        Served::Yes => true,
        Served::No => false,
        Served::NotSaid => target.provider_allows == Some(true),
    };
    if has_served && target.provider_allows != Some(false) {
        Ok(())
    } else {
        Err(Refusal::NeverServed(target.id.clone()))
    }
}

/// G2: the target is neither what is live, nor marked bad.
///
/// # Errors
/// Which of the two it is.
pub fn g2_is_another(
    target: &DeploymentId,
    live: &DeploymentId,
    state: &ServiceState,
) -> Result<(), Refusal> {
    if target == live {
        return Err(Refusal::AlreadyLive(target.clone()));
    }
    match state.marked_bad.get(target) {
        Some(incident) => Err(Refusal::MarkedBad(target.clone(), *incident)),
        None => Ok(()),
    }
}

/// G2: production points at one deployment, so that "from" can be named.
///
/// # Errors
/// When names disagree or nothing is live.
pub fn g2_live_is_one(live: &Live) -> Result<&DeploymentId, Refusal> {
    match live {
        Live::At(id) => Ok(id),
        Live::Split(_) => Err(Refusal::PointerMoving),
        Live::Nothing => Err(Refusal::NothingLive),
    }
}

/// G3: the plan is known before targets are offered. Where it is not known, the provider will decide.
///
/// # Errors
/// When the plan allows only another deployment.
pub fn g3_plan_allows(
    plan: &Fact<Plan>,
    target: &DeploymentId,
    previous: Option<&DeploymentId>,
) -> Result<(), Refusal> {
    match plan.get() {
        Some(Plan::Hobby) if previous != Some(target) => {
            Err(Refusal::PlanLimit { asked: target.clone(), allows: previous.cloned() })
        }
        Some(Plan::Hobby | Plan::Paid) | None => Ok(()),
    }
}

/// Who may answer a question (G4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answerers {
    /// Any responder, with one press.
    Anybody,
    /// Nobody yet: a destructive migration is overridden only for a reason, and none was given.
    NobodyWithoutReason,
    /// Anybody but the one who asked, which counts as the first yes.
    SecondPerson,
    /// Two people, one after the other.
    TwoPeople,
}

/// G4: a migration between the target and what is live that takes away what the target's code needs makes the press dearer:
/// a reason, and a second person. What is not known only warns.
pub fn g4_who_answers(question: &Confirmation, evidence: Option<&Evidence>) -> Answerers {
    let has_reason = question.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    match evidence {
        Some(evidence) if evidence.is_destructive() && has_reason => Answerers::SecondPerson,
        Some(evidence) if evidence.is_destructive() => Answerers::NobodyWithoutReason,
        Some(_) | None => Answerers::Anybody,
    }
}

/// Whether a question is put over what speaks against it, for a reason that its requester gave: they are the first of two.
pub fn is_override(question: &Confirmation, evidence: Option<&Evidence>) -> bool {
    let promotion = question.promotion.as_ref();
    g4_who_answers(question, evidence) == Answerers::SecondPerson
        || promotion.is_some_and(|promotion| !promotion.overridden.is_empty())
}

/// G12: who must say yes to a question, by what it is and by what the service wants.
pub fn g12_who_answers(
    question: &Confirmation,
    evidence: Option<&Evidence>,
    service: &Service,
) -> Answerers {
    if is_override(question, evidence) {
        return Answerers::SecondPerson;
    }
    match (g4_who_answers(question, evidence), service.second_person) {
        (Answerers::Anybody, SecondPerson::Required | SecondPerson::AfterWait) => {
            Answerers::TwoPeople
        }
        (answerers, _) => answerers,
    }
}

/// What a yes is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Yes {
    /// It is the first of two.
    First,
    /// With it there are enough.
    Enough,
}

/// G12: what this person's yes to a question is worth. Where it takes two, both must be certain to have the right now; a
/// first yes of somebody who has lost it counts no more, and this one takes its place.
///
/// # Errors
/// What is missing.
pub fn g12_yes(
    policy: &Policy,
    service: &Service,
    incident: &Incident,
    question: &Confirmation,
    by: &Person,
    now: Timestamp,
) -> Result<Yes, Refusal> {
    match g12_who_answers(question, incident.evidence_of(&question.id), service) {
        Answerers::Anybody => return Ok(Yes::Enough),
        Answerers::NobodyWithoutReason => {
            let target = question.to.deployment.id.clone();
            return Err(Refusal::OverrideNeedsReason { target });
        }
        Answerers::SecondPerson | Answerers::TwoPeople => {}
    }
    let may = |person| policy.may(&service.id, person, Role::Responder, Care::TwoPeople, now);
    may(by)?;
    let Some(first) = incident.agreed_before(question).filter(|first| may(first).is_ok()) else {
        return Ok(Yes::First);
    };
    policy.make_two(&service.id, (first, by), now)?;
    Ok(Yes::Enough)
}

/// What is to be done about the assignment flag after a move of the pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagVerdict {
    /// It is as it must be.
    AsWanted,
    /// It must be switched.
    Switch,
    /// The provider does not say: treated as pinned, shown as "cannot tell".
    CannotTell,
}

/// G6: after a rollback the flag is off, whatever it was; after a promote it is as it was before the incident. It is read
/// back after every write. Where nobody knows how it was, it stays as the promote left it.
pub fn g6_flag(wanted: Assignment, read_back: Assignment) -> FlagVerdict {
    match (wanted, read_back) {
        (_, Assignment::CannotTell) => FlagVerdict::CannotTell,
        (Assignment::CannotTell, Assignment::On | Assignment::Off)
        | (Assignment::On, Assignment::On)
        | (Assignment::Off, Assignment::Off) => FlagVerdict::AsWanted,
        (Assignment::On, Assignment::Off) | (Assignment::Off, Assignment::On) => {
            FlagVerdict::Switch
        }
    }
}

/// G5: the pointer comes before the code. A reason overrides it.
///
/// # Errors
/// When production is still broken.
pub fn g5_pointer_first(incident: &Incident, reason: Option<&str>) -> Result<(), Refusal> {
    let has_reason = reason.is_some_and(|reason| !reason.trim().is_empty());
    if incident.layer1_done.is_some() || incident.is_false_alarm() || has_reason {
        Ok(())
    } else {
        Err(Refusal::FlipFirst)
    }
}

/// G7: what a promote's question rested on still holds: the verdict on that very deployment, and the fix that it contains.
///
/// # Errors
/// When a later verdict speaks against it, or another fix was named since.
pub fn g7_still_holds(question: &Confirmation, incident: &Incident) -> Result<(), Void> {
    let Some(promotion) = &question.promotion else { return Ok(()) };
    let target = &question.to.deployment.id;
    let passed = |one: &Verification| {
        let is_of_target = one.deployment.as_ref().is_some_and(|one| one.id == *target);
        is_of_target && one.address == Address::Own && one.verdict == Verdict::Passed
    };
    let is_verified = promotion.verified.is_none() || incident.verifications.iter().any(passed);
    let is_fixed = !promotion.overridden.is_empty()
        || incident.is_false_alarm()
        || incident.fix().is_some_and(|fix| {
            let is_same = promotion.fix.is_none_or(|number| number == fix.pull.number);
            is_same && fix.merged.is_some() && fix.since <= question.issued_at
        });
    if is_verified && is_fixed { Ok(()) } else { Err(Void::GroundsGone) }
}

/// What a confirmation is bound to, taken from a reading. A job whose status we do not know may be moving names.
pub fn binding(pointer: &Pointer, service: &Service) -> Binding {
    let pending_job = pointer
        .job
        .as_ref()
        .filter(|job| matches!(job.status, JobStatus::Running | JobStatus::Unrecognised))
        .map(|job| job.to.clone());
    Binding {
        assignment: pointer.assignment,
        pending_job,
        config_digest: service.config_digest.clone(),
    }
}

/// G10: what a confirmation is bound to still holds. Notes, alerts, roles and posts are not among it.
///
/// # Errors
/// What has changed.
pub fn g10_still_holds(
    confirmation: &Confirmation,
    pointer: &Pointer,
    service: &Service,
    state: &ServiceState,
) -> Result<(), Void> {
    let now = binding(pointer, service);
    if state.halt.is_some() {
        Err(Void::Halted)
    } else if now.config_digest != confirmation.bound.config_digest {
        Err(Void::ConfigChanged)
    } else if now.pending_job != confirmation.bound.pending_job {
        Err(Void::JobPending)
    } else if pointer.origin() != Some(&confirmation.from.id) {
        Err(Void::PointerMoved)
    } else if now.assignment != confirmation.bound.assignment {
        Err(Void::AssignmentChanged)
    } else {
        Ok(())
    }
}

/// G10: a confirmation expires. Judged by when the press came in; but a press that was stored and not looked at for as long
/// as a confirmation lasts, because the bot was down, must not move production when nobody expects it any more.
///
/// # Errors
/// When the press came, or is looked at, too late.
pub fn g10_in_time(
    confirmation: &Confirmation,
    pressed_at: Timestamp,
    now: Timestamp,
) -> Result<(), Refusal> {
    let lasts = confirmation.expires_at.since(confirmation.issued_at).min(LONGEST_UNSEEN);
    if pressed_at < confirmation.expires_at && now.since(pressed_at) < lasts {
        Ok(())
    } else {
        Err(Refusal::Expired)
    }
}

/// G11: who may act, from immutable ids, deny by default. Gives the right that it rests on.
///
/// # Errors
/// Which role is missing, or that it cannot be told.
pub fn g11_may(
    policy: &Policy,
    service: &ServiceId,
    actor: &Actor,
    needs: Role,
    now: Timestamp,
) -> Result<Right, Refusal> {
    let Actor::Person(person) = actor else { return Err(Refusal::NotAPerson) };
    policy.may(service, person, needs, Care::OnePerson, now)
}

/// G13: one open effect per pointer.
///
/// # Errors
/// Who holds it.
pub fn g13_pointer_is_free(state: &ServiceState, incident: IncidentId) -> Result<(), Refusal> {
    match &state.lock {
        Some(lock) if lock.incident != incident => {
            Err(Refusal::PointerHeld { by: lock.incident, since: lock.since })
        }
        Some(_) | None => Ok(()),
    }
}

/// Codes may be guessed five times by one human, then they are locked for ten minutes.
///
/// # Errors
/// How long the lock still lasts.
pub fn codes_are_open(
    state: &ServiceState,
    humans: &Humans,
    person: &Person,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (count, last) = codes_missed(state, humans, person, now);
    match last {
        Some(last) if count >= CODE_TRIES => {
            Err(Refusal::CodesLocked { wait: Span(CODE_LOCK.0 - now.since(last).0) })
        }
        Some(_) | None => Ok(()),
    }
}

/// How many wrong codes a human typed lately, by whichever of their ids, and when the last one was.
pub fn codes_missed(
    state: &ServiceState,
    humans: &Humans,
    person: &Person,
    now: Timestamp,
) -> (u32, Option<Timestamp>) {
    let ours = state
        .missed_codes
        .iter()
        .filter(|(other, (_, last))| humans.are_one(other, person) && now.since(*last) < CODE_LOCK);
    ours.fold((0, None), |(sum, newest), (_, (count, last))| (sum + count, newest.max(Some(*last))))
}

/// A halt stops every effect that was not sent yet.
///
/// # Errors
/// Who halted the bot, and since when.
pub fn is_not_halted(state: &ServiceState) -> Result<(), Refusal> {
    match &state.halt {
        Some(halt) => Err(Refusal::Halted { by: halt.by.clone(), since: halt.since }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
