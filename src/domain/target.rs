//! Which deployment a rollback goes to. No provider knows "previous": it is computed here, from what was read.

use super::book::ServiceState;
use super::deployment::{Deployment, JobKind, JobStatus, Plan, Pointer};
use super::event::Candidate;
use super::fact::Fact;
use super::guard;
use super::ids::DeploymentId;
use super::refusal::Refusal;
use super::time::Span;

/// What a choice rests on.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'a> {
    /// Where production points.
    pub pointer: &'a Pointer,
    /// The provider's production deployments.
    pub deployments: &'a [Deployment],
    /// One more, looked up by the name that was typed, if the list does not hold it.
    pub named: Option<&'a Deployment>,
    /// The plan.
    pub plan: &'a Fact<Plan>,
    /// What we know of the service.
    pub state: &'a ServiceState,
}

/// A resolved target and what else would qualify, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is live.
    pub from: Deployment,
    /// The target.
    pub to: Candidate,
    /// The others, at most nine.
    pub others: Vec<Candidate>,
}

/// What a typed name means.
enum Named<'a> {
    One(&'a Deployment),
    Several(Vec<&'a Deployment>),
    None,
}

/// Others that a card can offer.
const MOST_OTHERS: usize = 9;

/// Resolves a target. `typed: None` asks for the best one.
///
/// # Errors
/// The first guard that says no, or what is unclear about the name.
pub fn choose(typed: Option<&str>, evidence: &Evidence<'_>) -> Result<Choice, Refusal> {
    let live = match evidence.pointer.origin() {
        Some(live) => live,
        None => guard::g2_live_is_one(&evidence.pointer.live)?,
    };
    let ranked = eligible(evidence, live);
    let previous = ranked.first().map(|candidate| candidate.deployment.id.clone());
    let to = match typed {
        Some(typed) => named_target(typed, evidence, &ranked)?,
        None => best_target(evidence, live, &ranked)?,
    };
    guard::g2_is_another(&to.deployment.id, live, evidence.state)?;
    guard::g1_has_served(&to.deployment)?;
    guard::g3_plan_allows(evidence.plan, &to.deployment.id, previous.as_ref())?;
    let others = ranked
        .into_iter()
        .filter(|other| other.deployment.id != to.deployment.id)
        .filter(|other| {
            let id = &other.deployment.id;
            guard::g3_plan_allows(evidence.plan, id, previous.as_ref()).is_ok()
        })
        .take(MOST_OTHERS)
        .collect();
    Ok(Choice { from: live_deployment(evidence, live), to, others })
}

/// Everything that one can roll back to by name, best first, each with its list number.
pub fn offered(evidence: &Evidence<'_>) -> Vec<(usize, Candidate)> {
    let Some(live) = evidence.pointer.origin() else { return Vec::new() };
    let ranked = eligible(evidence, live);
    let previous = ranked.first().map(|candidate| candidate.deployment.id.clone());
    let is_allowed = |candidate: &Candidate| {
        let id = &candidate.deployment.id;
        guard::g3_plan_allows(evidence.plan, id, previous.as_ref()).is_ok()
    };
    let numbered = ranked.into_iter().enumerate().map(|(index, one)| (index + 1, one));
    numbered.filter(|(_, one)| is_allowed(one)).collect()
}

/// The one deployment that was meant by an id, an address or a commit.
///
/// # Errors
/// When several fit, or none.
pub fn look_up<'a>(
    typed: &str,
    deployments: &'a [Deployment],
    named: Option<&'a Deployment>,
) -> Result<&'a Deployment, Refusal> {
    match find(typed, deployments) {
        Named::One(found) => Ok(found),
        Named::Several(fits) => Err(Refusal::AmbiguousTarget {
            typed: typed.to_owned(),
            fits: fits.iter().take(5).map(|fit| short_name(fit)).collect(),
        }),
        Named::None => named.ok_or_else(|| Refusal::UnknownTarget { typed: typed.to_owned() }),
    }
}

/// Whether what was typed is none of the deployments that are known already, so that it must be looked up.
pub fn needs_look_up(typed: &str, deployments: &[Deployment]) -> bool {
    list_number(typed).is_none() && matches!(find(typed, deployments), Named::None)
}

fn best_target(
    evidence: &Evidence<'_>,
    live: &DeploymentId,
    ranked: &[Candidate],
) -> Result<Candidate, Refusal> {
    // After a rollback the live deployment is the cure, not the suspect: going further back needs a name. What the
    // provider says of the job does not matter, because production is where it was to go.
    let job = evidence.pointer.job.as_ref();
    let was_rolled_back = job.is_some_and(|job| job.kind == JobKind::Rollback && job.to == *live);
    if was_rolled_back {
        return Err(Refusal::NameATarget { live: live.clone() });
    }
    ranked.first().cloned().ok_or(Refusal::NoTarget)
}

fn named_target(
    typed: &str,
    evidence: &Evidence<'_>,
    ranked: &[Candidate],
) -> Result<Candidate, Refusal> {
    let unknown = || Refusal::UnknownTarget { typed: typed.to_owned() };
    if let Some(number) = list_number(typed) {
        // List numbers are those of the card: 1 is the best target.
        return ranked.get(number - 1).cloned().ok_or_else(unknown);
    }
    let found = look_up(typed, evidence.deployments, evidence.named)?;
    Ok(Candidate { deployment: found.clone(), served_for: served_for(found, evidence.deployments) })
}

/// Everything that qualifies, best first.
fn eligible(evidence: &Evidence<'_>, live: &DeploymentId) -> Vec<Candidate> {
    let abandoned = rolled_back_from(evidence.pointer);
    let mut fits: Vec<&Deployment> = evidence
        .deployments
        .iter()
        .filter(|one| guard::g1_has_served(one).is_ok())
        .filter(|one| guard::g2_is_another(&one.id, live, evidence.state).is_ok())
        .filter(|one| Some(&one.id) != abandoned)
        .collect();
    // What the last job moved away from is the best evidence of all; then serving order, then build order.
    let moved_from = promoted_from(evidence.pointer);
    fits.sort_by_key(|one| {
        let is_last = Some(&one.id) == moved_from;
        std::cmp::Reverse((is_last, one.promoted_at, one.created_at))
    });
    fits.into_iter()
        .map(|one| Candidate {
            deployment: one.clone(),
            served_for: served_for(one, evidence.deployments),
        })
        .collect()
}

/// What the project was rolled back from is never a target by itself.
fn rolled_back_from(pointer: &Pointer) -> Option<&DeploymentId> {
    let job = pointer.job.as_ref()?;
    if job.kind == JobKind::Rollback && job.status != JobStatus::Failed {
        job.from.as_ref()
    } else {
        None
    }
}

fn promoted_from(pointer: &Pointer) -> Option<&DeploymentId> {
    let job = pointer.job.as_ref()?;
    if job.kind == JobKind::Promote && job.status == JobStatus::Succeeded {
        job.from.as_ref()
    } else {
        None
    }
}

/// From when it was given the production names until the next one was. Only as good as the provider's times.
fn served_for(one: &Deployment, all: &[Deployment]) -> Option<Span> {
    let began = one.promoted_at?;
    let ended = all
        .iter()
        .filter_map(|other| other.promoted_at)
        .filter(|promoted| *promoted > began)
        .min()?;
    Some(ended.since(began))
}

fn live_deployment(evidence: &Evidence<'_>, live: &DeploymentId) -> Deployment {
    let known = evidence.deployments.iter().find(|one| one.id == *live);
    known.cloned().unwrap_or_else(|| Deployment::known_by_id_only(live))
}

/// `2` or `#2`, from 1 to 99. A commit is given with at least four digits.
fn list_number(typed: &str) -> Option<usize> {
    let digits = typed.strip_prefix('#').unwrap_or(typed);
    if digits.len() > 2 {
        return None;
    }
    digits.parse().ok().filter(|number| *number > 0)
}

fn find<'a>(typed: &str, deployments: &'a [Deployment]) -> Named<'a> {
    let host = host_of(typed);
    let is_at = |one: &Deployment| !host.is_empty() && one.host.eq_ignore_ascii_case(host);
    if let Some(one) = deployments.iter().find(|one| one.id.as_str() == typed || is_at(one)) {
        return Named::One(one);
    }
    let is_commit = typed.len() >= 4 && typed.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_commit {
        return Named::None;
    }
    let prefix = typed.to_ascii_lowercase();
    let fits: Vec<&Deployment> = deployments
        .iter()
        .filter(|one| one.sha.as_ref().is_some_and(|sha| sha.starts_with(&prefix)))
        .collect();
    match fits.as_slice() {
        [] => Named::None,
        [one] => Named::One(one),
        _ => Named::Several(fits),
    }
}

fn host_of(typed: &str) -> &str {
    let bare = typed.strip_prefix("https://").or_else(|| typed.strip_prefix("http://"));
    bare.unwrap_or(typed).split('/').next().unwrap_or(typed)
}

/// How a deployment is named in a list: short commit and id.
fn short_name(one: &Deployment) -> String {
    match one.short_sha() {
        Some(sha) => format!("{sha} ({})", one.id),
        None => one.id.to_string(),
    }
}

#[cfg(test)]
mod tests;
