//! Faults planted in the bot, as switches of this test build: a net that does not find them is no net. Those of the rules
//! stand between the engine and the domain; those of the parts around them break a promise of a port.

mod fixes;

use repoint::domain::action::Action;
use repoint::domain::actor::{Actor, Grantee, Role};
use repoint::domain::book::Book;
use repoint::domain::decide::{self, Decision, Facts, Request};
use repoint::domain::deployment::Assignment;
use repoint::domain::event::{
    Effect, Emitted, Event, Finding, FlipEvent, IncidentEvent, ServiceEvent, VerificationEvent,
};
use repoint::domain::fact::{Fact, Known};
use repoint::domain::ids::IncidentId;
use repoint::domain::incident::{Incident, Layer1, Stage};
use repoint::domain::policy::Policy;
use repoint::domain::time::Timestamp;
use repoint::domain::verification::Verdict;
use repoint::engine::ports::{DomainRules, Rules};
use std::sync::Arc;

use super::disk::Lapses;
use super::truth::Sky;

/// A fault that is planted in the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A call whose result nobody knows is made again at once.
    ResendOnUnknown,
    /// Confirm works twice.
    SingleUseDropped,
    /// Who may act is looked at when the card is drawn, not at the press and not at the send.
    AuthoriseAtCardOnly,
    /// What is said last is said first.
    OutboxSwapped,
    /// The call is made before its start is durable.
    EffectBeforeIntent,
    /// The assignment flag is not read back.
    FlagNotReadBack,
    /// Layer 1 is done by a promote.
    PromoteForLayer1,
    /// Production counts as back when the control plane says so.
    ProvenByControlPlane,
    /// What was delivered before a restart is forgotten.
    DedupeInMemory,
    /// A confirmation moves production whatever is live by then.
    NotBoundToTarget,
    /// A halt does not stop what was confirmed.
    HaltIgnored,
    /// Whatever was walked passes.
    VerdictUnjudged,
    /// The expected version of a stream is not looked at.
    VersionIgnored,
    /// Time goes back when the wall clock is set back: a real one, found here and mended.
    TimeGoesBack,
    /// What was found of the migrations is forgotten at the press.
    EvidenceForgotten,
    /// A promote needs no verification.
    PromoteUnverified,
    /// Every deployment counts as one that contains the fix.
    FixNotLookedFor,
    /// Whoever asked for a promote may override what speaks against it.
    OverriddenAlone,
    /// What is merged is not what was confirmed.
    MergeNotBoundToHead,
    /// Every check counts as passed.
    GateUnjudged,
    /// A halt does not stop calls to the forge.
    HaltIgnoredAtForge,
    /// A call to the forge whose answer is lost is made again, without a look.
    RevertOpenedAgain,
    /// After a rollback the flag is switched on.
    ArmedInLayer1,
    /// After a promote nobody looks whether the flag is as before.
    FlagNotRestored,
    /// A production that fails after the promote counts as well.
    WatchIgnored,
}

/// All of them, in the order of their numbers.
pub const BUGS: [Bug; 25] = [
    Bug::ResendOnUnknown,
    Bug::SingleUseDropped,
    Bug::AuthoriseAtCardOnly,
    Bug::OutboxSwapped,
    Bug::EffectBeforeIntent,
    Bug::FlagNotReadBack,
    Bug::PromoteForLayer1,
    Bug::ProvenByControlPlane,
    Bug::DedupeInMemory,
    Bug::NotBoundToTarget,
    Bug::HaltIgnored,
    Bug::VersionIgnored,
    Bug::TimeGoesBack,
    Bug::VerdictUnjudged,
    Bug::EvidenceForgotten,
    Bug::PromoteUnverified,
    Bug::FixNotLookedFor,
    Bug::OverriddenAlone,
    Bug::MergeNotBoundToHead,
    Bug::GateUnjudged,
    Bug::HaltIgnoredAtForge,
    Bug::RevertOpenedAgain,
    Bug::ArmedInLayer1,
    Bug::FlagNotRestored,
    Bug::WatchIgnored,
];

impl Bug {
    /// The nights in which it can show.
    pub fn sky(self) -> Sky {
        match self {
            // One process alone never expects a wrong version.
            Self::VersionIgnored => Sky::TwoBots,
            _ => Sky::Seeded,
        }
    }

    /// What it breaks of the disk's promises.
    pub fn lapses(self) -> Lapses {
        Lapses {
            forgets_deliveries: self == Self::DedupeInMemory,
            ignores_versions: self == Self::VersionIgnored,
            ignores_burns: self == Self::SingleUseDropped,
            reverses_posts: self == Self::OutboxSwapped,
        }
    }
}

/// The domain's rules, with a fault planted in them or not.
pub struct PlantedRules(pub Option<Bug>);

impl Rules for PlantedRules {
    fn decide(
        &self,
        book: &Book,
        request: &decide::Request,
        facts: &decide::Facts,
        now: Timestamp,
    ) -> Decision {
        let rightly = |book: &Book, facts: &Facts| DomainRules.decide(book, request, facts, now);
        let asked = |other: Option<Request>| {
            DomainRules.decide(book, other.as_ref().unwrap_or(request), facts, now)
        };
        match self.0 {
            Some(Bug::PromoteUnverified) => rightly(&fixes::with_fixes_verified(book, now), facts),
            Some(Bug::FixNotLookedFor) => rightly(book, &fixes::with_the_fix_in_everything(facts)),
            Some(Bug::OverriddenAlone) => match request {
                Request::Press { .. } => rightly(&fixes::with_promotes_of_others(book), facts),
                _ => rightly(book, facts),
            },
            Some(Bug::MergeNotBoundToHead) => {
                rightly(book, &fixes::with_head_as_confirmed(book, request, facts))
            }
            Some(Bug::GateUnjudged) => rightly(book, &fixes::with_green_gates(facts)),
            Some(Bug::HaltIgnoredAtForge) => match request {
                Request::StartForgeCall(_) => rightly(&without_halts(book), facts),
                _ => rightly(book, facts),
            },
            Some(Bug::RevertOpenedAgain) => asked(fixes::lost_is_not_taken(request)),
            Some(Bug::ArmedInLayer1) => fixes::arm_after_rollback(rightly(book, facts)),
            Some(Bug::FlagNotRestored) => {
                fixes::take_flag_for_restored(book, request).unwrap_or_else(|| rightly(book, facts))
            }
            Some(Bug::WatchIgnored) => asked(fixes::ill_is_well(request)),
            Some(Bug::ResendOnUnknown) => {
                resend(book, request).unwrap_or_else(|| rightly(book, facts))
            }
            Some(Bug::SingleUseDropped) => {
                confirm_again(book, request, facts).unwrap_or_else(|| rightly(book, facts))
            }
            Some(Bug::AuthoriseAtCardOnly) => rightly(book, &with_everybody_allowed(book, facts)),
            Some(Bug::FlagNotReadBack) => {
                take_flag_for_off(book, request).unwrap_or_else(|| rightly(book, facts))
            }
            Some(Bug::ProvenByControlPlane) => prove_at_once(rightly(book, facts)),
            Some(Bug::NotBoundToTarget) => {
                rightly(book, &with_pointer_as_shown(book, request, facts))
            }
            Some(Bug::VerdictUnjudged) => pass_whatever_was_walked(rightly(book, facts)),
            Some(Bug::HaltIgnored) => match request {
                Request::Start(_) => rightly(&without_halts(book), facts),
                _ => rightly(book, facts),
            },
            Some(Bug::EvidenceForgotten) => match request {
                Request::Press { .. } => rightly(&without_evidence(book), facts),
                _ => rightly(book, facts),
            },
            Some(
                Bug::OutboxSwapped
                | Bug::EffectBeforeIntent
                | Bug::PromoteForLayer1
                | Bug::DedupeInMemory
                | Bug::VersionIgnored
                | Bug::TimeGoesBack,
            )
            | None => rightly(book, facts),
        }
    }
}

fn incident_of<'a>(book: &'a Book, id: &IncidentId) -> Option<&'a Incident> {
    book.incidents.get(id).map(AsRef::as_ref)
}

fn resend(book: &Book, request: &Request) -> Option<Decision> {
    let Request::Observe(id) = request else { return None };
    let flip = incident_of(book, id)?.flip()?;
    let Stage::Unknown { .. } = flip.stage else { return None };
    let (effect, finding) = (flip.effect.clone(), Finding::NotApplied);
    Some(Decision::events(vec![Emitted::flip(*id, FlipEvent::EffectObserved { effect, finding })]))
}

fn confirm_again(book: &Book, request: &Request, facts: &Facts) -> Option<Decision> {
    let Request::Press { incident: id, action: Action::Confirm(question), .. } = request else {
        return None;
    };
    let Actor::Person(by) = facts.actor.clone() else { return None };
    let incident = incident_of(book, id)?;
    let Layer1::Settled(flip) = &incident.layer1 else { return None };
    if flip.confirmation.id != *question {
        return None;
    }
    let (effect, confirmation) = (facts.fresh.effect.clone(), question.clone());
    let to = flip.confirmation.to.deployment.id.clone();
    let intent = Effect::Rollback { to, reason: "again".to_owned() };
    let confirmed =
        IncidentEvent::FlipConfirmed { by, confirmation, effect: effect.clone(), intent };
    let locked = ServiceEvent::PointerLocked { incident: *id, effect };
    let locked = Emitted::service(&incident.service, locked);
    Some(Decision::events(vec![Emitted::incident(*id, confirmed), locked]))
}

fn with_everybody_allowed(book: &Book, facts: &Facts) -> Facts {
    let mut policy = Policy::clone(&facts.policy);
    if let Actor::Person(person) = &facts.actor {
        for grants in policy.grants.values_mut() {
            grants.entry(Grantee::Person(person.clone())).or_insert(Role::Responder);
        }
    }
    // At the send the rights of whoever confirmed are taken for granted.
    for flip in book.incidents.values().filter_map(|incident| incident.flip()) {
        for grants in policy.grants.values_mut() {
            let by = Grantee::Person(flip.confirmed_by.clone());
            grants.entry(by).or_insert(Role::Responder);
        }
    }
    Facts { policy: Arc::new(policy), ..facts.clone() }
}

fn take_flag_for_off(book: &Book, request: &Request) -> Option<Decision> {
    let Request::ReadFlag(id) = request else { return None };
    let incident = incident_of(book, id)?;
    let Stage::ReadingFlag { .. } = incident.flip()?.stage else { return None };
    let read = FlipEvent::AssignmentRead { assignment: Assignment::Off };
    let released = ServiceEvent::PointerReleased { incident: *id };
    let released = Emitted::service(&incident.service, released);
    Some(Decision::events(vec![Emitted::flip(*id, read), released]))
}

fn prove_at_once(decision: Decision) -> Decision {
    let Decision::Events(mut events, refusal) = decision else { return decision };
    let done = events.iter().find_map(|one| match (&one.event, &one.stream) {
        (
            Event::Flip(FlipEvent::JobSucceeded { .. }),
            repoint::domain::ids::StreamId::Incident(id),
        ) => Some(*id),
        _ => None,
    });
    if let Some(id) = done {
        events.push(Emitted::flip(id, FlipEvent::FlipProven { agreeing: 3 }));
    }
    Decision::Events(events, refusal)
}

/// Whatever is live by now passes for what the card showed.
fn with_pointer_as_shown(book: &Book, request: &Request, facts: &Facts) -> Facts {
    let (Request::Start(id) | Request::Press { incident: id, .. }) = request else {
        return facts.clone();
    };
    let question = incident_of(book, id)
        .and_then(|one| one.waiting().or(one.flip().map(|flip| &flip.confirmation)));
    let (Some(question), Some(Fact { source, read_at, value: Known::Known(pointer) })) =
        (question, &facts.pointer)
    else {
        return facts.clone();
    };
    let mut shown = pointer.clone();
    shown.live = repoint::domain::deployment::Live::At(question.from.id.clone());
    shown.assignment = question.bound.assignment;
    Facts { pointer: Some(Fact::known(source, *read_at, shown)), ..facts.clone() }
}

fn pass_whatever_was_walked(decision: Decision) -> Decision {
    let Decision::Events(mut events, refusal) = decision else { return decision };
    for one in &mut events {
        if let Event::Verification(VerificationEvent::VerificationEnded { verdict, .. }) =
            &mut one.event
        {
            *verdict = Verdict::Passed;
        }
    }
    Decision::Events(events, refusal)
}

fn without_halts(book: &Book) -> Book {
    let mut without = book.clone();
    for state in without.states.values_mut() {
        state.halt = None;
    }
    without
}

fn without_evidence(book: &Book) -> Book {
    let mut without = book.clone();
    for incident in without.incidents.values_mut() {
        Arc::make_mut(incident).evidence.clear();
    }
    without
}
