//! Every kind of event reads back as it was written.

use std::collections::{BTreeMap, BTreeSet};

mod authority;
mod layer2;

use super::*;
use crate::domain::actor::Role;
use crate::domain::change::Range;
use crate::domain::deployment::{BuildState, FailedAlias};
use crate::domain::deployment::{JobKind, JobStatus};
use crate::domain::fixture::{
    DAWN, FIRST, Story, between, channel, deployment, id_of, job, not_serving, not_taken, person,
    pointer, pull_request, refused, unknown,
};
use crate::domain::ids::VerificationId;
use crate::domain::log::{Completeness, Traffic};
use crate::domain::migration::Safety;
use crate::domain::plan;
use crate::domain::probe::Seen;
use crate::domain::restored::{self, Rate};
use crate::domain::time::Span;
use crate::domain::verification::{Address, Found, Journey, Log, Step, Subject, Verdict, Walk};

/// Names every kind. A kind that is added does not compile until it stands here, and fails until it has a sample.
macro_rules! kinds {
    ($($kind:pat => $name:literal,)*) => {
        const KINDS: &[&str] = &[$($name),*];

        fn name_of(event: &Event) -> &'static str {
            match event { $($kind => $name,)* }
        }
    };
}

kinds! {
    Event::Register(RegisterEvent::IncidentNumbered { .. }) => "incident_numbered",
    Event::Incident(IncidentEvent::IncidentOpened { .. }) => "incident_opened",
    Event::Incident(IncidentEvent::RollbackRequested { .. }) => "rollback_requested",
    Event::Incident(IncidentEvent::RollbackRefused { .. }) => "rollback_refused",
    Event::Incident(IncidentEvent::ChangesRead { .. }) => "changes_read",
    Event::Incident(IncidentEvent::ConfirmationIssued { .. }) => "confirmation_issued",
    Event::Incident(IncidentEvent::ConfirmationExpired { .. }) => "confirmation_expired",
    Event::Incident(IncidentEvent::ConfirmationVoided { .. }) => "confirmation_voided",
    Event::Incident(IncidentEvent::RollbackCancelled { .. }) => "rollback_cancelled",
    Event::Incident(IncidentEvent::FlipConfirmed { .. }) => "flip_confirmed",
    Event::Incident(IncidentEvent::EffectDropped { .. }) => "effect_dropped",
    Event::Incident(IncidentEvent::TroubleMet { .. }) => "trouble_met",
    Event::Incident(IncidentEvent::TroubleOver) => "trouble_over",
    Event::Incident(IncidentEvent::PersonNeeded { .. }) => "person_needed",
    Event::Incident(IncidentEvent::NoteAdded { .. }) => "note_added",
    Event::Incident(IncidentEvent::IncidentResolved { .. }) => "incident_resolved",
    Event::Incident(IncidentEvent::IncidentClosed { .. }) => "incident_closed",
    Event::Incident(IncidentEvent::PromoteRequested { .. }) => "promote_requested",
    Event::Incident(IncidentEvent::WayBackSought { .. }) => "way_back_sought",
    Event::Incident(IncidentEvent::PromoteRefused { .. }) => "promote_refused",
    Event::Incident(IncidentEvent::WorldMoved { .. }) => "world_moved",
    Event::Incident(IncidentEvent::Layer1Excused { .. }) => "layer1_excused",
    Event::Incident(IncidentEvent::FalseAlarmRaised { .. }) => "false_alarm_raised",
    Event::Incident(IncidentEvent::FalseAlarmAgreed { .. }) => "false_alarm_agreed",
    Event::Incident(IncidentEvent::TaskTaken { .. }) => "task_taken",
    Event::Flip(FlipEvent::DisarmIntended { .. }) => "disarm_intended",
    Event::Flip(FlipEvent::EffectStarted { .. }) => "effect_started",
    Event::Flip(FlipEvent::EffectEnded { .. }) => "effect_ended",
    Event::Flip(FlipEvent::EffectObserved { .. }) => "effect_observed",
    Event::Flip(FlipEvent::JobSucceeded { .. }) => "job_succeeded",
    Event::Flip(FlipEvent::FlipProven { .. }) => "flip_proven",
    Event::Flip(FlipEvent::FlipNotServing { .. }) => "flip_not_serving",
    Event::Flip(FlipEvent::FlipFailed { .. }) => "flip_failed",
    Event::Flip(FlipEvent::AssignmentRead { .. }) => "assignment_read",
    Event::Flip(FlipEvent::ArmIntended { .. }) => "arm_intended",
    Event::Flip(FlipEvent::WatchTroubled { .. }) => "watch_troubled",
    Event::Flip(FlipEvent::WatchCalmed) => "watch_calmed",
    Event::Flip(FlipEvent::WatchPassed) => "watch_passed",
    Event::Flip(FlipEvent::WatchFailed { .. }) => "watch_failed",
    Event::Fix(FixEvent::RevertRequested { .. }) => "revert_requested",
    Event::Fix(FixEvent::RevertRefused { .. }) => "revert_refused",
    Event::Fix(FixEvent::RevertPlanned { .. }) => "revert_planned",
    Event::Fix(FixEvent::RevertConfirmed { .. }) => "revert_confirmed",
    Event::Fix(FixEvent::ForgeCallStarted { .. }) => "forge_call_started",
    Event::Fix(FixEvent::ForgeCallEnded { .. }) => "forge_call_ended",
    Event::Fix(FixEvent::ForgeCallObserved { .. }) => "forge_call_observed",
    Event::Fix(FixEvent::FixFollowed { .. }) => "fix_followed",
    Event::Fix(FixEvent::GateSeen { .. }) => "gate_seen",
    Event::Fix(FixEvent::FixNudged) => "fix_nudged",
    Event::Fix(FixEvent::MergeConfirmed { .. }) => "merge_confirmed",
    Event::Fix(FixEvent::MergeWithdrawn { .. }) => "merge_withdrawn",
    Event::Fix(FixEvent::FixMerged { .. }) => "fix_merged",
    Event::Fix(FixEvent::FixBuilt { .. }) => "fix_built",
    Event::Fix(FixEvent::FixBuildFailed { .. }) => "fix_build_failed",
    Event::Fix(FixEvent::MainMoved { .. }) => "main_moved",
    Event::Fix(FixEvent::WarningIntended { .. }) => "warning_intended",
    Event::Fix(FixEvent::WarningStarted { .. }) => "warning_started",
    Event::Fix(FixEvent::WarningEnded { .. }) => "warning_ended",
    Event::Fix(FixEvent::ForgeTroubleMet { .. }) => "forge_trouble_met",
    Event::Fix(FixEvent::ForgeTroubleOver) => "forge_trouble_over",
    Event::Verification(VerificationEvent::VerificationAsked { .. }) => "verification_asked",
    Event::Verification(VerificationEvent::VerificationEnded { .. }) => "verification_ended",
    Event::Authority(AuthorityEvent::RightRelied { .. }) => "right_relied",
    Event::Authority(AuthorityEvent::FirstYesGiven { .. }) => "first_yes_given",
    Event::Authority(AuthorityEvent::WentAlone { .. }) => "went_alone",
    Event::Service(ServiceEvent::ActRefused { .. }) => "act_refused",
    Event::Service(ServiceEvent::RefusalsAlerted { .. }) => "refusals_alerted",
    Event::Service(ServiceEvent::GroupsLost { .. }) => "groups_lost",
    Event::Service(ServiceEvent::GroupsBack { .. }) => "groups_back",
    Event::Service(ServiceEvent::Halted { .. }) => "halted",
    Event::Service(ServiceEvent::Resumed { .. }) => "resumed",
    Event::Service(ServiceEvent::PointerLocked { .. }) => "pointer_locked",
    Event::Service(ServiceEvent::PointerReleased { .. }) => "pointer_released",
    Event::Service(ServiceEvent::MarkedBad { .. }) => "marked_bad",
    Event::Service(ServiceEvent::PointerSeen { .. }) => "pointer_seen",
    Event::Service(ServiceEvent::CodeMissed { .. }) => "code_missed",
    Event::Service(ServiceEvent::MarkLifted { .. }) => "mark_lifted",
}

/// Every kind at least once, and every shape of what they carry.
fn samples() -> Vec<Event> {
    let mut samples = vec![Event::Register(RegisterEvent::IncidentNumbered {
        incident: FIRST,
        service: "web".into(),
    })];
    samples.extend(asked().into_iter().chain(answered()).map(Event::Incident));
    samples.extend(looked_up().map(Event::Incident));
    samples.extend(flipped().map(Event::Flip));
    samples.extend(verified().map(Event::Verification));
    samples.extend(of_service().map(Event::Service));
    samples.extend(layer2::samples());
    samples.extend(authority::samples());
    samples
}

fn asked() -> Vec<IncidentEvent> {
    let by = || person("ana");
    let story = Story::waiting();
    let question = story.incident().waiting().unwrap().clone();
    let split = Pointer {
        live: Live::Split(vec![id_of("v41")]),
        job: Some(job(JobKind::Unrecognised, ("v42", "v41"), JobStatus::Unrecognised)),
        assignment: Assignment::CannotTell,
        ..pointer("v42")
    };
    let issued = |seen: Pointer, plan| IncidentEvent::ConfirmationIssued {
        confirmation: Box::new(question.clone()),
        pointer: Box::new(Fact::known("vercel project", DAWN, seen)),
        plan,
    };
    let wish = Wish {
        to: Some("v41".to_owned()),
        reason: Some("\"500\"\n🔥".to_owned()),
        asked_in: Some(channel("C1")),
    };
    let service = || "web".into();
    vec![
        IncidentEvent::IncidentOpened { service: service(), title: "a".into(), previous: None },
        IncidentEvent::IncidentOpened {
            service: service(),
            title: String::new(),
            previous: Some(FIRST),
        },
        IncidentEvent::RollbackRequested { by: by(), wish },
        IncidentEvent::RollbackRequested { by: by(), wish: Wish::default() },
        issued(pointer("v42"), Fact::known("plan", DAWN, Plan::Hobby)),
        issued(split, Fact::unknown("plan", DAWN, "403")),
        IncidentEvent::RollbackRefused { refusal: Refusal::NoTarget },
        IncidentEvent::RollbackRefused { refusal: Refusal::SecondPersonNeeded },
        IncidentEvent::RollbackRefused {
            refusal: Refusal::OverrideNeedsReason { target: id_of("v41") },
        },
        IncidentEvent::RollbackRefused { refusal: Refusal::Preview(id_of("v41")) },
        IncidentEvent::RollbackRefused {
            refusal: Refusal::NotReady(id_of("v41"), BuildState::Gone),
        },
        IncidentEvent::RollbackRefused {
            refusal: Refusal::NotAllowed { needs: Role::Lead, has: None },
        },
        IncidentEvent::RollbackRefused {
            refusal: Refusal::AmbiguousTarget { typed: "c0".into(), fits: vec!["a".into()] },
        },
    ]
}

fn looked_up() -> impl Iterator<Item = IncidentEvent> {
    let range = || Range { base: "a".repeat(40), head: "b".repeat(40) };
    let read = |between, brought_by| IncidentEvent::ChangesRead {
        confirmation: "cnf_1".into(),
        evidence: Box::new(Evidence { range: range(), between, brought_by }),
    };
    let known = |safety| {
        let brought_by = Fact::known("github", DAWN, Some(pull_request()));
        read(Fact::known("github", DAWN, between(safety)), brought_by)
    };
    let nobody = Fact::known("github", DAWN, None);
    let dark = read(Fact::unknown("github", DAWN, "502"), nobody);
    let unread = read(Fact::unknown("github", DAWN, "502"), Fact::unknown("github", DAWN, "502"));
    [
        known(Safety::Safe),
        known(Safety::DeclaredSafe),
        known(Safety::Unknown),
        known(Safety::Destructive),
        dark,
        unread,
    ]
    .into_iter()
}

fn answered() -> Vec<IncidentEvent> {
    let (by, effect) = (|| person("bo"), || EffectId::from("eff_1"));
    let confirmation = || ConfirmationId::from("cnf_1");
    let intent = Effect::Rollback { to: id_of("v41"), reason: "x".to_owned() };
    let confirmed = |intent| IncidentEvent::FlipConfirmed {
        by: by(),
        confirmation: confirmation(),
        effect: effect(),
        intent,
    };
    let mut events = vec![
        IncidentEvent::ConfirmationExpired { confirmation: confirmation() },
        IncidentEvent::RollbackCancelled { by: by() },
        confirmed(intent),
        confirmed(Effect::Disarm),
        IncidentEvent::TroubleMet { what: "vercel: timeout".to_owned() },
        IncidentEvent::TroubleOver,
        IncidentEvent::PersonNeeded { why: "nobody knows".to_owned() },
        IncidentEvent::NoteAdded { by: by(), text: "null".to_owned() },
        IncidentEvent::IncidentClosed { by: by() },
    ];
    for exit in [Exit::Blip, Exit::ByHand] {
        let reason = (exit == Exit::ByHand).then(|| "done".to_owned());
        events.push(IncidentEvent::IncidentResolved { exit, by: by(), reason });
    }
    for why in [
        Void::PointerMoved,
        Void::AssignmentChanged,
        Void::JobPending,
        Void::ConfigChanged,
        Void::Halted,
        Void::Superseded,
        Void::RightsLost,
        Void::RightsUnknown,
        Void::Stale,
    ] {
        events.push(IncidentEvent::ConfirmationVoided { confirmation: confirmation(), why });
        events.push(IncidentEvent::EffectDropped { effect: effect(), why });
    }
    events
}

fn flipped() -> impl Iterator<Item = FlipEvent> {
    let effect = || EffectId::from("eff_1");
    let plan::Verdict::NotServing { last } = not_serving(DAWN) else { panic!("not serving") };
    let mut events = vec![
        FlipEvent::DisarmIntended { effect: effect() },
        FlipEvent::EffectStarted { effect: effect(), attempt: 2, job_before: None },
        FlipEvent::EffectStarted { effect: effect(), attempt: 1, job_before: Some(DAWN) },
        FlipEvent::JobSucceeded { effect: effect() },
        FlipEvent::FlipProven { agreeing: 3 },
        FlipEvent::FlipNotServing { last },
    ];
    for outcome in [Outcome::Accepted, not_taken(3), refused(), unknown()] {
        events.push(FlipEvent::EffectEnded { effect: effect(), outcome });
    }
    for finding in [Finding::Applied, Finding::NotAppliedOnce, Finding::NotApplied] {
        events.push(FlipEvent::EffectObserved { effect: effect(), finding });
    }
    for assignment in [Assignment::On, Assignment::Off, Assignment::CannotTell] {
        events.push(FlipEvent::AssignmentRead { assignment });
    }
    let name = FailedAlias { name: "shop.example.com".into(), state: "failed".into() };
    for failure in [
        FlipFailure::Refused { why: "no".to_owned() },
        FlipFailure::Aliases(vec![name]),
        FlipFailure::Aliases(vec![]),
        FlipFailure::Skipped,
        FlipFailure::JobTimedOut,
        FlipFailure::MovedElsewhere { live: Live::Nothing },
        FlipFailure::MovedElsewhere { live: Live::At(id_of("v43")) },
        FlipFailure::NeverApplied,
    ] {
        events.push(FlipEvent::FlipFailed { failure });
    }
    events.into_iter()
}

fn verified() -> impl Iterator<Item = VerificationEvent> {
    let id = || VerificationId::from("ver_1");
    let asked = [Subject::Production, Subject::Deployment("c0ffee41".to_owned())].map(|subject| {
        VerificationEvent::VerificationAsked { verification: id(), by: person("ana"), subject }
    });
    let found = [
        Found::Expected,
        Found::Unexpected { expected: "status 200".to_owned(), found: "status 500".to_owned() },
        Found::TooSlow { limit: Span(800) },
        Found::Protected { status: 401 },
        Found::NoAnswer { why: "refused".to_owned() },
        Found::NotAsked,
    ];
    let steps = found.map(|found| Step { request: "POST /a".to_owned(), took: Span(7), found });
    let journeys = vec![Journey { name: "a".to_owned(), steps: steps.into() }];
    let ended = move |answers: Option<Seen>, verdict| VerificationEvent::VerificationEnded {
        verification: id(),
        address: if answers.is_some() { Address::Production } else { Address::Own },
        deployment: answers.is_some().then(|| Box::new(deployment("v41"))),
        verdict,
        walk: Walk { answers: answers.clone(), journeys: journeys.clone() },
        log: answers.map(|_| Box::new(rate())),
    };
    let ended = [
        ended(Some(Seen::Target), Verdict::Passed),
        ended(Some(Seen::NoMarker { status: 200 }), Verdict::Failed),
        ended(None, Verdict::Protected),
        ended(None, Verdict::Unknown { why: "timeout".to_owned() }),
    ];
    asked.into_iter().chain(ended)
}

/// What a request log says.
fn rate() -> Log {
    let traffic = Traffic { requests: 120, errors: 1, completeness: Completeness::Whole };
    let rate = Rate::Restored(restored::Stage::First);
    Log::Rate { rate, since: Fact::known("request log", DAWN, traffic) }
}

fn of_service() -> impl Iterator<Item = ServiceEvent> {
    let by = || person("lee");
    [
        ServiceEvent::Halted { by: by(), reason: None },
        ServiceEvent::Resumed { by: by(), reason: Some("all clear".to_owned()) },
        ServiceEvent::PointerLocked { incident: FIRST, effect: "eff_1".into() },
        ServiceEvent::PointerReleased { incident: FIRST },
        ServiceEvent::MarkedBad { deployment: id_of("v42"), incident: FIRST },
        ServiceEvent::PointerSeen { live: Live::Nothing, assignment: Assignment::On },
        ServiceEvent::CodeMissed { by: by() },
    ]
    .into_iter()
}

#[test]
fn every_kind_has_a_sample_and_is_stored_under_its_name() {
    let mut found = BTreeSet::new();
    for event in samples() {
        let (kind, _) = event.encode();
        assert_eq!(kind, name_of(&event));
        found.insert(kind);
    }
    let expected: BTreeSet<_> = KINDS.iter().map(|kind| (*kind).to_owned()).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_event_reads_back_as_it_was_written() {
    for event in samples() {
        let (kind, body) = event.encode();
        assert!(!body.contains('\n'), "a body is one line: {body}");
        assert_eq!(Event::decode(&kind, EVENT_VERSION, &body), Ok(event), "{kind} {body}");
    }
}

#[test]
fn no_name_stands_in_two_families() {
    let mut families: BTreeMap<&str, usize> = BTreeMap::new();
    for kind in KINDS {
        *families.entry(kind).or_default() += 1;
    }
    assert!(families.values().all(|count| *count == 1), "{families:?}");
}

#[test]
fn what_this_version_does_not_know_is_an_error_that_names_it() {
    let (kind, body) = samples()[0].encode();
    let table = [
        ("incident_renamed", EVENT_VERSION, body.as_str()),
        (kind.as_str(), EVENT_VERSION + 1, body.as_str()),
        (kind.as_str(), 0, body.as_str()),
        (kind.as_str(), EVENT_VERSION, "{}"),
        (kind.as_str(), EVENT_VERSION, "null"),
        (kind.as_str(), EVENT_VERSION, ""),
        (kind.as_str(), EVENT_VERSION, "{\"incident\":"),
        (kind.as_str(), EVENT_VERSION, "{\"incident\":\"one\",\"service\":\"web\"}"),
    ];
    for (kind, version, body) in table {
        let error = Event::decode(kind, version, body).unwrap_err();
        assert_eq!((error.kind.as_str(), error.version), (kind, version), "{body}");
        assert!(!error.why.is_empty());
    }
}
