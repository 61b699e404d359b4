//! Walks one verification: finds out what is meant, walks the journeys, makes the verdict durable.
//!
//! Runs beside the executor's steps, so that a walk never holds up a flip. It changes nothing outside, so that whoever finds
//! it unfinished after a restart walks again.

use std::time::Duration;

use super::activity::AtWork;
use super::keeper::{Answer, Proposal, Readings};
use super::motor::Engine;
use super::retry;
use crate::domain::decide::{Look, Read, Request};
use crate::domain::deployment::Deployment;
use crate::domain::ids::{EffectId, IncidentId, ServiceId, VerificationId};
use crate::domain::incident::Incident;
use crate::domain::restored;
use crate::domain::verification::{self, Address, Aim, Evidence, Goal, Log, Subject, Walked};

/// Whatever the walker does, nobody waits longer for a verdict than this.
const LONGEST_WALK: Duration = Duration::from_secs(60);

/// A look of the watch is one of many.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// How often the question what is meant may ask for readings: the pointer or the deployments, then one name.
const MOST_ROUNDS: usize = 3;

/// Walks a verification until its verdict is durable or the engine stops.
pub(super) async fn verify(
    engine: Engine,
    incident: IncidentId,
    verification: VerificationId,
    at_work: AtWork,
) {
    let walk = tokio::time::timeout(LONGEST_WALK, walk(&engine, incident, &verification));
    let walked = tokio::select! {
        biased;
        // It is walked again after the next start.
        () = engine.stopped() => None,
        walked = walk => walked.unwrap_or_else(|_| {
            let why = format!("the journeys did not end within {} s", LONGEST_WALK.as_secs());
            Some(Walked::Not { why })
        }),
    };
    if let Some(walked) = walked {
        record(&engine, incident, verification, walked).await;
    }
    drop(at_work);
}

/// Walks production once for the watch after a promote, and has the look judged.
pub(super) async fn watch(
    engine: Engine,
    incident: IncidentId,
    effect: EffectId,
    target: Deployment,
    at_work: AtWork,
) {
    let service = engine.keeper().book().incidents.get(&incident).map(|one| one.service.clone());
    let Some(service) = service else { return };
    let goal = Goal { deployment: target, address: Address::Production };
    let walk = tokio::time::timeout(LONGEST_LOOK, engine.hands().walker.walk(&service, &goal));
    let look = tokio::select! {
        biased;
        () = engine.stopped() => return,
        walk = walk => match walk {
            Ok(walk) => Look::of(&walk),
            Err(_) => Look::Unknown { why: "the journeys did not end in time".to_owned() },
        },
    };
    let mut proposal =
        Proposal::of_bot(Request::Watched { incident, effect, look }, Readings::default());
    for _ in 0..MOST_ROUNDS {
        match engine.propose(&proposal).await {
            Ok(Answer::Needs(reads)) => {
                let Some(reader) = engine.reader(&service) else { break };
                proposal.readings = reader.read(&reads, proposal.readings).await;
            }
            Ok(Answer::Done(..) | Answer::Refused(_)) => break,
            Err(error) => {
                // The next look is due in seconds.
                tracing::error!(incident = incident.0, %error, "a look could not be recorded");
                break;
            }
        }
    }
    drop(at_work);
}

/// `None`: nobody waits for it any more.
async fn walk(
    engine: &Engine,
    incident: IncidentId,
    verification: &VerificationId,
) -> Option<Walked> {
    let (service, subject) = asked(engine, incident, verification)?;
    let goal = match aim(engine, incident, &service, &subject).await? {
        Ok(goal) => goal,
        Err(why) => return Some(Walked::Not { why }),
    };
    asked(engine, incident, verification)?;
    let walk = engine.hands().walker.walk(&service, &goal).await;
    let log = log(engine, incident, &service, &goal).await;
    Some(Walked::Through { goal, walk, log: log.map(Box::new) })
}

/// What the provider's request log says besides; `None` where there is nothing that it could be asked.
async fn log(
    engine: &Engine,
    incident: IncidentId,
    service: &ServiceId,
    goal: &Goal,
) -> Option<Log> {
    let reader = engine.reader(service)?;
    if goal.address == Address::Own {
        return Some(Log::Errors(reader.error_log(&goal.deployment.id).await));
    }
    let book = engine.keeper().book();
    let flipped_at = verification::flipped_at(book.incidents.get(&incident)?)?;
    let now = engine.keeper().tools().clock.now();
    let (before, since) = restored::windows(flipped_at, now);
    let (before, since) = tokio::join!(reader.traffic(before), reader.traffic(since));
    let rate = restored::judge(now.since(flipped_at), before.get(), since.get());
    Some(Log::Rate { rate, since })
}

fn asked(
    engine: &Engine,
    incident: IncidentId,
    verification: &VerificationId,
) -> Option<(ServiceId, Subject)> {
    let book = engine.keeper().book();
    let incident = book.incidents.get(&incident)?;
    let asked = incident.verifying.as_ref().filter(|one| one.id == *verification)?;
    Some((incident.service.clone(), asked.subject.clone()))
}

async fn aim(
    engine: &Engine,
    incident: IncidentId,
    service: &ServiceId,
    subject: &Subject,
) -> Option<Result<Goal, String>> {
    let mut readings = Readings::default();
    for _ in 0..=MOST_ROUNDS {
        let book = engine.keeper().book();
        let reads = match aimed(book.incidents.get(&incident)?, subject, &readings) {
            Aim::Walk(goal) => return Some(Ok(*goal)),
            Aim::CannotTell(why) => return Some(Err(why)),
            Aim::ReadPointer => vec![Read::Pointer, Read::Deployments],
            Aim::ReadDeployments => vec![Read::Deployments],
            Aim::LookUp(name) => vec![Read::Named(name)],
        };
        let Some(reader) = engine.reader(service) else {
            return Some(Err("the service has no provider".to_owned()));
        };
        readings = reader.read(&reads, readings).await;
    }
    Some(Err("it could not be told which deployment is meant".to_owned()))
}

fn aimed(incident: &Incident, subject: &Subject, readings: &Readings) -> Aim {
    let evidence = Evidence {
        pointer: readings.pointer.as_ref(),
        deployments: readings.deployments.as_ref(),
        named: readings.named.as_ref(),
    };
    verification::aim(incident, subject, &evidence)
}

/// Records the verdict; while the journal does not take it, it is tried again.
async fn record(
    engine: &Engine,
    incident: IncidentId,
    verification: VerificationId,
    walked: Walked,
) {
    let request = Request::EndVerification { incident, verification, walked };
    let proposal = Proposal::of_bot(request, Readings::default());
    let mut failures = 0;
    while let Err(error) = engine.propose(&proposal).await {
        tracing::error!(incident = incident.0, %error, "a verdict could not be recorded");
        let tools = engine.keeper().tools();
        let until = tools.clock.now() + retry::pause(failures, tools.chance.bytes()[0]);
        failures += 1;
        tokio::select! {
            biased;
            () = engine.stopped() => return,
            () = tools.clock.sleep_until(until) => {}
        }
    }
}
