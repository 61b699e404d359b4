//! A random walk over two services: people, the bot and the world do anything in any order, also what no plan would do, and
//! what must never happen is checked after every step. A failure names its seed; `WALK_SEED=n` walks that one alone.

mod checks;

use checks::Checks;

use crate::domain::action::Action;
use crate::domain::actor::{Grantee, Person, Role};
use crate::domain::decide::{Look, Request};
use crate::domain::deployment::{Assignment, JobKind, JobStatus, Live, PointerJob};
use crate::domain::event::{Outcome, Wish};
use crate::domain::fixture::{
    Reply, SERVING, Story, deployment, id_of, not_serving, not_taken, refused, unknown,
};
use crate::domain::ids::{IncidentId, ServiceId};
use crate::domain::incident::Layer1;
use crate::domain::plan::{self, Looks, Next};
use crate::domain::probe::Seen;
use crate::domain::time::Span;
use crate::domain::verification::{Address, Goal, Walk, Walked};

const WALKS: u64 = 80;
const STEPS: usize = 500;
const SERVICES: [&str; 2] = ["web", "api"];
const PEOPLE: [&str; 4] = ["ana", "bo", "lee", "eve"];

/// Chance with a seed: xorshift64*.
struct Chance(u64);

impl Chance {
    fn of_seed(seed: u64) -> Self {
        // A state of zero would stay zero.
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(drawn).expect("31 bits fit") % end
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// Names the seed of a walk that fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the walk failed; walk it alone with WALK_SEED={}", self.0);
        }
    }
}

#[test]
fn nothing_that_must_never_happen_happens_on_a_random_walk() {
    let only = std::env::var("WALK_SEED").ok().and_then(|seed| seed.parse().ok());
    let seeds = only.map_or(1..=WALKS, |seed| seed..=seed);
    let mut seen = Checks::default();
    for seed in seeds {
        let _name = Seed(seed);
        seen.add(&walk(seed));
    }
    if only.is_none() {
        seen.assert_that_the_walks_went_everywhere();
    }
}

fn walk(seed: u64) -> Checks {
    let mut chance = Chance::of_seed(seed);
    let mut story = Story::of(&SERVICES);
    for outside in story.outside.values_mut() {
        // Enough of them that not all are marked bad before the walk is over.
        outside.deployments = (20..=42).rev().map(|one| deployment(&format!("v{one}"))).collect();
    }
    let mut checks = Checks::default();
    for _ in 0..STEPS {
        let before = story.clone();
        turn_the_world(&mut story, &mut chance);
        let service: ServiceId = chance.pick(&SERVICES).into();
        let told = story.journal.len();
        let reply = if chance.below(10) < 7 {
            bots_turn(&mut story, &service, &mut chance)
        } else {
            let (who, request) =
                (chance.pick(&PEOPLE), persons_turn(&story, &service, &mut chance));
            Some(story.asks(who, &request))
        };
        if reply.is_some() {
            checks.step(&before, &story, told);
        }
    }
    checks
}

/// Time passes, production moves, the provider answers or does not, rights come and go.
fn turn_the_world(story: &mut Story, chance: &mut Chance) {
    story.now = story.now + Span(i64::try_from(chance.below(2_500)).expect("small"));
    if chance.one_in(100) {
        story.passes(400);
    }
    let (service, now): (ServiceId, _) = (chance.pick(&SERVICES).into(), story.now);
    if chance.one_in(25) {
        let (responder, lead) = (Some(Role::Responder), Some(Role::Lead));
        let role = chance.pick(&[None, responder, responder, lead]);
        story.lists(service.as_str(), chance.pick(&PEOPLE), role);
    }
    if chance.one_in(20)
        && let Some(by) = confirmer(story, &service)
    {
        let grants = story.policy.grants.get_mut(&service).expect("both services have grants");
        grants.remove(&Grantee::Person(by));
    }
    let outside = story.outside.get_mut(&service).expect("both are there");
    outside.dark = chance.one_in(10).then_some("timeout");
    outside.looked_up = chance.one_in(2).then(|| deployment("v39"));
    let names = ["v42", "v41", "v40", "v39"];
    match chance.below(120) {
        0 | 1 => outside.pointer.live = Live::Split(vec![id_of("v41"), id_of("v42")]),
        2 => outside.pointer.live = Live::Nothing,
        3..9 => outside.pointer.live = Live::At(id_of(chance.pick(&names))),
        9 | 10 => outside.pointer.assignment = Assignment::Off,
        11..14 => outside.pointer.assignment = Assignment::On,
        14 => outside.pointer.assignment = Assignment::CannotTell,
        15..19 => {
            outside.pointer.job = chance.one_in(2).then(|| PointerJob {
                kind: chance.pick(&[JobKind::Rollback, JobKind::Promote, JobKind::Unrecognised]),
                from: Some(id_of(chance.pick(&names))),
                to: id_of(chance.pick(&names)),
                status: chance.pick(&[
                    JobStatus::Running,
                    JobStatus::Succeeded,
                    JobStatus::Failed,
                    JobStatus::Skipped,
                    JobStatus::Unrecognised,
                ]),
                requested_at: now - Span::seconds(30),
            });
        }
        _ => {}
    }
}

/// Who confirmed the flip that is under way.
fn confirmer(story: &Story, service: &ServiceId) -> Option<Person> {
    let lock = story.book.states[service].lock.as_ref()?;
    Some(story.book.incidents[&lock.incident].flip()?.confirmed_by.clone())
}

/// What the plan says is due, or anything at all.
fn bots_turn(story: &mut Story, service: &ServiceId, chance: &mut Chance) -> Option<Reply> {
    if chance.one_in(20) {
        return Some(story.bot(&Request::Look(service.clone())));
    }
    let incident = any_incident(story, service, chance)?;
    let request = if chance.below(5) < 4 {
        due(story, service, incident, chance)?
    } else {
        untimely(story, incident, chance)
    };
    Some(story.bot(&request))
}

fn due(
    story: &mut Story,
    service: &ServiceId,
    incident: IncidentId,
    chance: &mut Chance,
) -> Option<Request> {
    match plan::next(&story.book, incident, &Looks::default(), story.now) {
        Next::Rest => None,
        Next::Read(_, _, request) => Some(request),
        // A call that is being made ends in one of many ways; the provider may have done it all the same.
        Next::Decide(_, Request::End { incident, effect, .. }) => {
            let outcomes =
                [Outcome::Accepted, Outcome::Accepted, unknown(), refused(), not_taken(3)];
            let outcome = chance.pick(&outcomes);
            if chance.one_in(2) {
                provider_does_it(story, service, incident, chance);
            }
            Some(Request::End { incident, effect, outcome })
        }
        Next::Decide(_, request) => Some(request),
        Next::Probe(..) => {
            let verdict = if chance.one_in(2) { not_serving(story.now) } else { SERVING };
            Some(Request::Judge { incident, verdict })
        }
        Next::Watch(_, effect, _) => {
            let why = || "500".to_owned();
            let looks = [
                Look::Well,
                Look::Well,
                Look::Ill { why: why() },
                Look::Silent { why: why() },
                Look::Unknown { why: why() },
            ];
            Some(Request::Watched { incident, effect, look: chance.pick(&looks) })
        }
        Next::Walk(verification) => {
            let walked = walked(chance);
            Some(Request::EndVerification { incident, verification, walked })
        }
    }
}

/// What may come of a verification.
fn walked(chance: &mut Chance) -> Walked {
    let deployment = deployment(chance.pick(&["v42", "v41", "v40"]));
    let address = chance.pick(&[Address::Production, Address::Own]);
    let walk = Walk { answers: chance.pick(&[Some(Seen::Target), None]), journeys: Vec::new() };
    let through = Walked::Through { goal: Goal { deployment, address }, walk, log: None };
    chance.pick(&[through, Walked::Not { why: "no answer".to_owned() }])
}

/// The provider rolls back as it was asked to, mostly, and mostly says so.
fn provider_does_it(
    story: &mut Story,
    service: &ServiceId,
    incident: IncidentId,
    chance: &mut Chance,
) {
    let Some(flip) = story.book.incidents[&incident].flip() else { return };
    let (done, unrecognised) = (JobStatus::Succeeded, JobStatus::Unrecognised);
    let odd = [JobStatus::Running, JobStatus::Failed, JobStatus::Skipped, unrecognised];
    let job = PointerJob {
        kind: JobKind::Rollback,
        from: Some(flip.confirmation.from.id.clone()),
        to: flip.confirmation.to.deployment.id.clone(),
        status: if chance.one_in(3) { chance.pick(&odd) } else { done },
        requested_at: story.now,
    };
    let outside = story.outside.get_mut(service).expect("both are there");
    if !chance.one_in(5) {
        outside.pointer.live = Live::At(job.to.clone());
    }
    outside.pointer.job = Some(job);
}

/// A request of the bot that no plan asked for.
fn untimely(story: &Story, incident: IncidentId, chance: &mut Chance) -> Request {
    let flip = story.book.incidents[&incident].flip();
    let mut effects = vec!["eff_of_nobody".into()];
    effects.extend(flip.map(|flip| flip.effect.clone()));
    effects.extend(flip.and_then(|flip| flip.switch.as_ref()).map(|disarm| disarm.effect.clone()));
    let effect = chance.pick(&effects);
    let outcome = chance.pick(&[Outcome::Accepted, unknown(), refused(), not_taken(1)]);
    let verdict = chance.pick(&[SERVING, not_serving(story.now)]);
    let walked = walked(chance);
    chance.pick(&[
        Request::Resolve(incident),
        Request::Expire(incident),
        Request::Start(incident),
        Request::Start(incident),
        Request::Start(incident),
        Request::Observe(incident),
        Request::ReadFlag(incident),
        Request::End { incident, effect, outcome },
        Request::Judge { incident, verdict },
        Request::EndVerification { incident, verification: "ver_of_nobody".into(), walked },
    ])
}

fn persons_turn(story: &Story, service: &ServiceId, chance: &mut Chance) -> Request {
    let service = service.clone();
    let is_locked = story.book.states[&service].lock.is_some();
    if is_locked && chance.one_in(20) {
        // A halt is most telling between the press and the send.
        return Request::Halt { service, reason: None };
    }
    let reason = chance.one_in(2).then(|| "because".to_owned());
    if let Some(incident) = any_incident(story, &service, chance)
        && chance.below(4) < 3
    {
        let pressed_at = story.now;
        let press = |action| Request::Press { incident, action, pressed_at };
        let mut asked = story.book.incidents[&incident].asked.keys().cloned();
        let question = story.book.incidents[&incident].waiting().map(|one| one.id.clone());
        let question =
            question.or_else(|| asked.next_back()).unwrap_or_else(|| "cnf_forged".into());
        let confirm = press(Action::Confirm(question.clone()));
        let target = id_of(chance.pick(&["v42", "v41", "v40"]));
        return match chance.below(50) {
            0 | 1 => press(Action::Cancel),
            2 => press(Action::Choose(question, target)),
            3..8 => press(Action::Renew),
            8 => Request::AddNote { incident, text: "a note".to_owned() },
            9 => Request::Blip { incident, reason },
            10 | 11 => Request::Close { incident, reason },
            12 => press(Action::Verify),
            13 => Request::Verify { service, deployment: Some("dpl_v41".to_owned()) },
            _ => confirm,
        };
    }
    let to = chance.pick(&[None, None, Some("dpl_v41"), Some("c0ffee40"), Some("1"), Some("v9")]);
    let wish = Wish { to: to.map(str::to_owned), reason: reason.clone(), asked_in: None };
    match chance.below(24) {
        0 => Request::Halt { service, reason },
        1..9 => Request::Resume { service, reason },
        9 => Request::OpenIncident { service, title: "an alert".to_owned() },
        _ => Request::StartRollback { service, wish },
    }
}

/// Mostly the newest incident of the service, sometimes one that is over.
fn any_incident(story: &Story, service: &ServiceId, chance: &mut Chance) -> Option<IncidentId> {
    let incidents = story.book.incidents.values().filter(|one| one.service == *service);
    let ids: Vec<_> = incidents.map(|one| one.id).collect();
    if ids.is_empty() {
        return None;
    }
    Some(if chance.one_in(5) { chance.pick(&ids) } else { ids[ids.len() - 1] })
}

/// Whether an incident is past its first sent call.
fn was_sent(layer1: &Layer1) -> bool {
    match layer1 {
        Layer1::Flipping(flip) | Layer1::Settled(flip) => flip.was_sent(),
        Layer1::Idle | Layer1::Resolving(_) | Layer1::Waiting(_) | Layer1::Lapsed(..) => false,
    }
}
