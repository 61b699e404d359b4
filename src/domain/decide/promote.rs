//! The last step: which deployment is promoted, and what speaks against it (G6, G7). How it is then carried out is the same
//! as for a rollback.

use super::course::{trouble, trouble_over, why_unknown};
use super::{Case, Decision, Facts, Read, Step};
use crate::domain::actor::Person;
use crate::domain::book::Book;
use crate::domain::deployment::{BuildState, Deployment, DeploymentKind, Pointer};
use crate::domain::event::{
    Candidate, Confirmation, Direction, Emitted, IncidentEvent, Promotion, VerificationEvent, Wish,
};
use crate::domain::fact::{Fact, Known};
use crate::domain::fix::{Ancestry, Lineage, Main, MainChecks};
use crate::domain::guard;
use crate::domain::ids::{ServiceId, VerificationId};
use crate::domain::incident::{Layer1, Resolving};
use crate::domain::refusal::Refusal;
use crate::domain::target;
use crate::domain::time::Timestamp;
use crate::domain::verification::{self, Address, Subject, Verdict, Verification};

pub(super) fn ask(book: &Book, service: &ServiceId, wish: &Wish, facts: &Facts) -> Step {
    let by = facts.person()?;
    let incident = book.open_incident(service).ok_or(Refusal::NoIncident)?;
    request(&Case::of(book, incident.id)?, by, wish, facts)
}

/// The button on the card promotes the fix's build.
pub(super) fn press(case: &Case<'_>, by: &Person, facts: &Facts) -> Step {
    request(case, by, &Wish::default(), facts)
}

pub(super) fn request(case: &Case<'_>, by: &Person, wish: &Wish, facts: &Facts) -> Step {
    if !case.incident.is_open() {
        return Err(Refusal::IncidentOver);
    }
    let asks_anew = match &case.incident.layer1 {
        Layer1::Flipping(flip) if flip.direction() == Direction::Forward => false,
        Layer1::Flipping(_) => return Err(Refusal::FlipUnderWay),
        // A repeat is answered with the card.
        Layer1::Resolving(one) if one.direction == Direction::Forward => one.wish.to != wish.to,
        Layer1::Waiting(question) if question.direction() == Direction::Forward => {
            wish.to.is_some() && question.named != wish.to
                || wish.reason.is_some() && question.reason.is_none()
        }
        Layer1::Settled(flip) if flip.watching().is_some() => wish.to.is_some(),
        Layer1::Idle
        | Layer1::Resolving(_)
        | Layer1::Waiting(_)
        | Layer1::Lapsed(..)
        | Layer1::Settled(_) => true,
    };
    if !asks_anew {
        return Ok(Decision::nothing());
    }
    // Production that is broken is not mended by what was built from main.
    guard::g5_pointer_first(case.incident, wish.reason.as_deref())?;
    // What is promoted before the fix is on main is not the fix.
    if let Some(decision) = super::follow::left_to_the_forge(case, facts) {
        return Ok(decision);
    }
    let requested = IncidentEvent::PromoteRequested { by: by.clone(), wish: wish.clone() };
    Ok(Decision::events(vec![Emitted::incident(case.id(), requested)]))
}

/// Why a promote cannot be offered yet.
enum Not {
    /// Read this first.
    Needs(Vec<Read>),
    /// It cannot be read at the moment.
    Trouble(String),
    /// It is not offered, whatever the reason given.
    Refused(Refusal),
}

pub(super) fn resolve(
    case: &Case<'_>,
    resolving: &Resolving,
    facts: &Facts,
    now: Timestamp,
) -> Step {
    if case.incident.verifying.is_some() {
        // The verification that is under way decides.
        return Ok(Decision::nothing());
    }
    let (Some(pointer), Some(deployments)) = (&facts.pointer, &facts.deployments) else {
        return Ok(Decision::Needs(vec![Read::Pointer, Read::Deployments]));
    };
    let (Some(seen), Some(known)) = (pointer.get(), deployments.get()) else {
        let what =
            if pointer.get().is_none() { why_unknown(pointer) } else { why_unknown(deployments) };
        return Ok(Decision::events(trouble(case, &what)));
    };
    match offer(case, resolving, (seen, known), facts, now) {
        Ok(Offer::Question(question)) => {
            let plan = Fact::unknown("plan", now, "a promote does not depend on it");
            let (confirmation, pointer) = (question, Box::new(pointer.clone()));
            let issued = IncidentEvent::ConfirmationIssued { confirmation, pointer, plan };
            let mut events = trouble_over(case);
            events.push(Emitted::incident(case.id(), issued));
            Ok(Decision::events(events))
        }
        Ok(Offer::VerifyAgain(deployment)) => {
            let (verification, by) = (facts.fresh.verification.clone(), resolving.by.clone());
            let subject = Subject::Deployment(deployment.id.to_string());
            let asked = VerificationEvent::VerificationAsked { verification, by, subject };
            let mut events = trouble_over(case);
            events.push(Emitted::verification(case.id(), asked));
            Ok(Decision::events(events))
        }
        Err(Not::Needs(reads)) => Ok(Decision::Needs(reads)),
        Err(Not::Trouble(what)) => Ok(Decision::events(trouble(case, &what))),
        Err(Not::Refused(refusal)) => {
            let refused = IncidentEvent::PromoteRefused { refusal };
            let mut events = trouble_over(case);
            events.push(Emitted::incident(case.id(), refused));
            Ok(Decision::events(events))
        }
    }
}

/// What follows from a wish for a promote that nothing forbids.
enum Offer {
    /// The question.
    Question(Box<Confirmation>),
    /// The verification is too old: the same press makes it anew.
    VerifyAgain(Box<Deployment>),
}

fn offer(
    case: &Case<'_>,
    resolving: &Resolving,
    (seen, known): (&Pointer, &[Deployment]),
    facts: &Facts,
    now: Timestamp,
) -> Result<Offer, Not> {
    let target = target(case, resolving, known, facts)?;
    is_promotable(case, target).map_err(Not::Refused)?;
    let live = match seen.origin() {
        Some(live) => live,
        None => guard::g2_live_is_one(&seen.live).map_err(Not::Refused)?,
    };
    let main = main_of(case, target, facts)?;
    let mut against = against_fix(case, target, facts)?;
    against.extend(against_main(main.as_ref()));
    let verified = match verified(case, target, now) {
        Judged::Passed(verification) => Some(verification),
        Judged::Stale => return Ok(Offer::VerifyAgain(Box::new(target.clone()))),
        Judged::Not(refusal) => {
            against.insert(0, refusal);
            None
        }
    };
    let has_reason = resolving.wish.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    if let Some(first) = against.first().filter(|_| !has_reason) {
        return Err(Not::Refused(first.clone()));
    }
    // An override takes two people, and nobody can tell who may be one of them.
    if !against.is_empty()
        && let Some(unread) = facts.policy.unread(&case.service.id, now)
    {
        return Err(Not::Refused(unread.into()));
    }
    let from = known.iter().find(|one| one.id == *live).cloned();
    let baseline = case.incident.baseline.unwrap_or(seen.assignment);
    let fix = case.incident.fix().map(|fix| fix.pull.number);
    let promotion = Promotion { baseline, verified, main, fix, overridden: against };
    let expires_at = now + case.service.limits.confirmation;
    Ok(Offer::Question(Box::new(Confirmation {
        id: facts.fresh.confirmation.clone(),
        requester: resolving.by.clone(),
        from: from.unwrap_or_else(|| Deployment::known_by_id_only(live)),
        to: Candidate { deployment: target.clone(), served_for: None },
        others: Vec::new(),
        named: resolving.wish.to.clone(),
        reason: resolving.wish.reason.clone(),
        asked_in: resolving.wish.asked_in.clone(),
        bound: guard::binding(seen, case.service),
        promotion: Some(Box::new(promotion)),
        issued_at: now,
        expires_at,
    })))
}

/// The named deployment, else the fix's build.
fn target<'a>(
    case: &'a Case<'_>,
    resolving: &'a Resolving,
    known: &'a [Deployment],
    facts: &'a Facts,
) -> Result<&'a Deployment, Not> {
    let Some(typed) = resolving.wish.to.as_deref() else {
        let fix = case.incident.fix();
        let built = fix.and_then(|fix| fix.built.as_ref());
        return built.ok_or_else(|| {
            let is_merged = fix.is_some_and(|fix| fix.merged.is_some());
            Not::Refused(if is_merged { Refusal::NoFixBuilt } else { Refusal::NoFixMerged })
        });
    };
    let mut named = None;
    if target::needs_look_up(typed, known) {
        match &facts.named {
            None => return Err(Not::Needs(vec![Read::Named(typed.to_owned())])),
            Some(fact) => match fact.get() {
                Some(found) => named = found.as_ref(),
                None => return Err(Not::Trouble(why_unknown(fact))),
            },
        }
    }
    target::look_up(typed, known, named).map_err(Not::Refused)
}

/// What no reason overrides: a build that is not for production or not ready, one that was marked bad, and an older one.
fn is_promotable(case: &Case<'_>, target: &Deployment) -> Result<(), Refusal> {
    match target.kind {
        DeploymentKind::Production => {}
        DeploymentKind::Preview | DeploymentKind::Other => {
            return Err(Refusal::Preview(target.id.clone()));
        }
    }
    if target.state != BuildState::Ready {
        return Err(Refusal::NotReady(target.id.clone(), target.state));
    }
    if case.incident.is_false_alarm() {
        return Ok(());
    }
    if let Some(incident) = case.state.marked_bad.get(&target.id) {
        return Err(Refusal::MarkedBad(target.id.clone(), *incident));
    }
    // G6: going back is a rollback, which leaves production pinned; a promote of it would arm main's bad commit.
    let is_older = |bad: &Deployment| target.created_at < bad.created_at;
    if case.incident.suspect.as_deref().is_some_and(is_older) {
        return Err(Refusal::OlderThanBad { deployment: target.id.clone() });
    }
    Ok(())
}

/// G7: whether the deployment contains the fix.
fn against_fix(case: &Case<'_>, target: &Deployment, facts: &Facts) -> Result<Vec<Refusal>, Not> {
    if case.incident.is_false_alarm() {
        return Ok(Vec::new());
    }
    let Some(merged) = case.incident.fix().and_then(|fix| fix.merged.as_ref()) else {
        return Ok(vec![Refusal::NoFixMerged]);
    };
    let lacks = || Refusal::LacksFix { deployment: target.id.clone() };
    let Some(commit) = &target.sha else { return Ok(vec![lacks()]) };
    if *commit == merged.sha {
        return Ok(Vec::new());
    }
    let ours = |one: &&Lineage| one.commit == *commit && one.ancestor == merged.sha;
    let Some(lineage) = facts.forge.ancestry.as_ref().filter(ours) else {
        let (commit, ancestor) = (commit.clone(), merged.sha.clone());
        return Err(Not::Needs(vec![Read::Ancestry { commit, ancestor }]));
    };
    Ok(match &lineage.found.value {
        Known::Known(Ancestry::Contains) => Vec::new(),
        Known::Known(Ancestry::Lacks) => vec![lacks()],
        Known::Unknown(_) => vec![Refusal::CannotTell { what: why_unknown(&lineage.found) }],
    })
}

/// Main as it stands, where the service has a repository and the deployment's commit is known.
fn main_of(case: &Case<'_>, target: &Deployment, facts: &Facts) -> Result<Option<Fact<Main>>, Not> {
    let Some(sha) = target.sha.as_ref().filter(|_| case.service.repository.is_some()) else {
        return Ok(None);
    };
    match &facts.forge.main {
        Some(main) => Ok(Some(main.clone())),
        None => Err(Not::Needs(vec![Read::Main(sha.clone())])),
    }
}

/// G7: with automatic assignment on, the next merge ships main.
fn against_main(main: Option<&Fact<Main>>) -> Option<Refusal> {
    let main = main?;
    match main.get().map(|main| main.checks) {
        Some(MainChecks::Red) => Some(Refusal::MainIsRed),
        Some(MainChecks::Green | MainChecks::Pending) => None,
        None => Some(Refusal::CannotTell { what: why_unknown(main) }),
    }
}

/// What is known of a deployment on its own address.
enum Judged {
    Passed((VerificationId, Timestamp)),
    Stale,
    Not(Refusal),
}

fn verified(case: &Case<'_>, target: &Deployment, now: Timestamp) -> Judged {
    let is_own = |one: &&Verification| one.address == Address::Own;
    let id_of = |one: &Verification| one.deployment.as_ref().map(|one| one.id.clone());
    let own = || case.incident.verifications.iter().filter(is_own);
    let found = own().find(|one| id_of(one).as_ref() == Some(&target.id));
    let not = || {
        let passed = own().filter(|one| one.verdict == Verdict::Passed).find_map(id_of);
        let verified = passed.filter(|id| *id != target.id);
        Judged::Not(Refusal::NotVerified { deployment: target.id.clone(), verified })
    };
    match found {
        Some(one) if one.verdict != Verdict::Passed => not(),
        Some(one) if now.since(one.at) >= verification::FRESH => Judged::Stale,
        Some(one) => Judged::Passed((one.id.clone(), one.at)),
        None => not(),
    }
}
