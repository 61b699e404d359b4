//! What must hold on the fix's way to main: who asked, what was seen before something was merged, and that nothing is done
//! twice.

use std::collections::BTreeMap;

use repoint::domain::actor::{Actor, Person};
use repoint::domain::fix::{
    Call, FixEvent, ForgeCall, ForgeOutcome, Gate, GateVerdict, Layer2, PullState, Subject,
    g8_judge,
};
use repoint::domain::ids::{EffectId, ServiceId};
use repoint::domain::incident::Incident;
use repoint::domain::policy::Policy;

use super::super::fix_place::FixPlace;
use super::super::forge::first_commits;
use super::{Promises, is_responder};

/// Gates that a decision may rest on. It may wait for the disk for half a minute, while people press on.
const GATES_KEPT: usize = 32;

/// What was seen of the forge by the bot; when is counted in events.
#[derive(Clone, Debug)]
pub struct Fixes {
    /// The commits of main, oldest first.
    main: Vec<String>,
    /// Gates that were read, newest first.
    gates: Vec<(u64, u64, Gate)>,
    /// What was last tried to be taken back.
    tried: BTreeMap<ServiceId, Subject>,
    /// When a service's forge was last read.
    read: BTreeMap<ServiceId, u64>,
    /// When each effect was confirmed.
    confirmed: BTreeMap<EffectId, u64>,
    /// When nobody knew any more what became of an effect.
    unknown: BTreeMap<EffectId, u64>,
    /// Calls that are being made.
    calling: BTreeMap<ServiceId, u32>,
    /// When a revert was asked for to which there is no answer that can be trusted.
    unanswered: BTreeMap<ServiceId, u64>,
}

impl Default for Fixes {
    fn default() -> Self {
        Self {
            main: (1..=5).map(first_commits).collect(),
            gates: Vec::new(),
            tried: BTreeMap::new(),
            read: BTreeMap::new(),
            confirmed: BTreeMap::new(),
            unknown: BTreeMap::new(),
            calling: BTreeMap::new(),
            unanswered: BTreeMap::new(),
        }
    }
}

impl Fixes {
    /// A gate was read.
    pub fn read_gate(&mut self, service: &ServiceId, now: u64, number: u64, gate: &Gate) {
        self.gates.insert(0, (now, number, gate.clone()));
        self.gates.truncate(GATES_KEPT);
        self.read.insert(service.clone(), now);
    }

    /// A revert was tried out.
    pub fn tried(&mut self, service: &ServiceId, subject: &Subject) {
        self.tried.insert(service.clone(), subject.clone());
    }

    /// A branch's pull request was looked for.
    pub fn read_pull(&mut self, service: &ServiceId, now: u64) {
        self.read.insert(service.clone(), now);
    }

    /// Whether a commit of main has another in its history.
    pub fn contains(&self, commit: &str, ancestor: &str) -> bool {
        let index = |sha: &str| self.main.iter().position(|one| one == sha);
        match (index(ancestor), index(commit)) {
            (Some(ancestor), Some(commit)) => ancestor <= commit,
            (None, _) | (_, None) => false,
        }
    }

    /// Whether the forge is being asked for something.
    pub fn is_calling(&self, service: &ServiceId) -> bool {
        self.calling.get(service).is_some_and(|calls| *calls > 0)
    }

    /// What was asked for was surely done, or surely not.
    pub fn answered(&mut self, service: &ServiceId) {
        self.unanswered.remove(service);
    }

    /// The process died: nothing is being called any more.
    pub fn died(&mut self) {
        self.calling.clear();
    }
}

/// The call of an incident's fix that is being made.
fn sending(incident: &Incident, call: &ForgeCall) -> bool {
    let is_sending = |call: &Call| matches!(call, Call::Sending { .. });
    match (&incident.layer2, call) {
        (Layer2::Opening(opening), ForgeCall::OpenRevert(order)) => {
            is_sending(&opening.call) && opening.plan.branch == order.branch
        }
        (Layer2::Followed(fix), ForgeCall::Merge { number, head, .. }) => {
            let merge = fix.merge.as_ref().filter(|merge| is_sending(&merge.call));
            fix.pull.number == *number && merge.is_some_and(|merge| merge.head == *head)
        }
        (Layer2::Followed(fix), ForgeCall::CallOff { number }) => {
            let is_ours = fix.pull.number == *number;
            is_ours && fix.withdrawal.as_ref().is_some_and(|one| is_sending(&one.call))
        }
        _ => false,
    }
}

impl Promises {
    /// Where the fix of the service's newest incident is.
    pub fn fix_place(&self, service: &ServiceId) -> FixPlace {
        let newest = self.book.newest.get(service).and_then(|id| self.book.incidents.get(id));
        let open = self.book.open_incident(service);
        open.or(newest.map(AsRef::as_ref)).map_or(FixPlace::Nowhere, FixPlace::of)
    }

    /// A commit came to main.
    pub fn landed(&mut self, sha: &str) {
        self.fix.main.push(sha.to_owned());
    }

    /// A call to the forge begins (S2), no revert is asked for again before somebody looked (S20), and a merge rests on a
    /// gate that was read after somebody asked for it (G8).
    pub fn forge_calls(&mut self, service: &ServiceId, now: u64, call: &ForgeCall) {
        let mut open = self.book.incidents.values().filter(|one| one.is_open());
        let started = open.find(|one| one.service == *service && sending(one, call)).cloned();
        self.expect(started.is_some(), "S2", || {
            format!("{call:?} of {service} is sent, and no start of it is durable")
        });
        let calling = self.fix.calling.entry(service.clone()).or_default();
        *calling += 1;
        let calling = *calling;
        self.expect(calling == 1, "S11", || format!("{calling} forge calls for {service} at once"));
        if matches!(call, ForgeCall::OpenRevert(_)) {
            let read = self.fix.read.get(service).copied().unwrap_or_default();
            let asked = self.fix.unanswered.insert(service.clone(), now);
            self.expect(asked.is_none_or(|asked| read > asked), "S20", || {
                format!("a revert of {service} is asked for again without a reading of the forge")
            });
        }
        let ForgeCall::Merge { number, head, .. } = call else { return };
        let effect = started.and_then(|one| Some(one.fix()?.merge.as_ref()?.effect.clone()));
        let since = effect.and_then(|effect| self.fix.confirmed.get(&effect)).copied();
        let is_green = self.fix.gates.iter().any(|(at, of, gate)| {
            of == number
                && gate.head == *head
                && since.is_some_and(|since| *at > since)
                && g8_judge(gate) == GateVerdict::Green
        });
        self.expect(is_green, "G8", || format!("#{number} is merged at {head}, not seen green"));
    }

    /// A call to the forge ends.
    pub fn forge_called(&mut self, service: &ServiceId) {
        let calling = self.fix.calling.entry(service.clone()).or_default();
        *calling = calling.saturating_sub(1);
    }

    /// Something happened on the fix's way to main.
    pub(super) fn fixed(
        &mut self,
        before: &Incident,
        event: &FixEvent,
        actor: &Actor,
        (now, policy): (u64, &Policy),
    ) {
        match event {
            FixEvent::RevertRequested { by, .. } => self.asked_by(before, by, actor, policy),
            FixEvent::RevertConfirmed { by, plan, effect } => {
                self.asked_by(before, by, actor, policy);
                self.not_halted(before);
                let is_shown = matches!(&before.layer2, Layer2::Planned(one) if one.id == *plan);
                self.expect(is_shown, "S6", || format!("{plan} was confirmed and not shown"));
                self.fix.confirmed.insert(effect.clone(), now);
            }
            FixEvent::MergeConfirmed { by, effect, head, .. } => {
                self.asked_by(before, by, actor, policy);
                self.not_halted(before);
                let was_seen = self.fix.gates.iter().any(|(_, _, gate)| gate.head == *head);
                self.expect(was_seen, "S6", || format!("{head} was confirmed and never seen"));
                self.fix.confirmed.insert(effect.clone(), now);
            }
            FixEvent::RevertPlanned { plan } => {
                let tried = self.fix.tried.get(&before.service);
                let is_of_it = tried == Some(&plan.subject);
                self.expect(is_of_it, "S6", || format!("{:?} was never tried out", plan.subject));
            }
            FixEvent::ForgeCallStarted { .. } => self.forge_started(before, policy),
            FixEvent::ForgeCallEnded { effect, outcome: ForgeOutcome::Unknown { .. } } => {
                self.fix.unknown.insert(effect.clone(), now);
            }
            FixEvent::ForgeCallObserved { effect, .. } => self.forge_read_since(before, effect),
            FixEvent::FixFollowed { .. } => {
                if let Layer2::Opening(opening) = &before.layer2
                    && let Call::Unknown { .. } = opening.call
                {
                    self.forge_read_since(before, &opening.effect);
                }
            }
            FixEvent::MergeWithdrawn { .. } => {
                let was_left = before.fix().is_some_and(|fix| fix.armed().is_some());
                self.expect(was_left, "S6", || "nothing was left to the forge".to_owned());
            }
            FixEvent::FixMerged { sha } => self.is_merged(before, sha),
            FixEvent::FixBuilt { deployment } => {
                let merged = before.fix().and_then(|fix| fix.merged.as_ref());
                let is_ours = merged.is_some_and(|one| deployment.sha.as_ref() == Some(&one.sha));
                self.expect(is_ours, "proven", || format!("{deployment:?} is not of {merged:?}"));
            }
            FixEvent::WarningIntended { .. }
            | FixEvent::WarningStarted { .. }
            | FixEvent::WarningEnded { .. } => {
                self.expect(false, "S21", || "nobody switched comments on".to_owned());
            }
            FixEvent::ForgeCallEnded { .. }
            | FixEvent::RevertRefused { .. }
            | FixEvent::GateSeen { .. }
            | FixEvent::FixNudged
            | FixEvent::FixBuildFailed { .. }
            | FixEvent::MainMoved { .. }
            | FixEvent::ForgeTroubleMet { .. }
            | FixEvent::ForgeTroubleOver => {}
        }
    }

    /// What is said to be merged is this very pull request, as it was read.
    fn is_merged(&mut self, before: &Incident, sha: &str) {
        let number = before.fix().map(|fix| fix.pull.number);
        let merged = PullState::Merged { sha: sha.to_owned() };
        let was_read =
            self.fix.gates.iter().any(|(_, of, gate)| Some(*of) == number && gate.state == merged);
        self.expect(was_read, "proven", || format!("{number:?} was never read as merged at {sha}"));
    }

    /// Somebody who may asked for it (S4, S21).
    pub(super) fn asked_by(
        &mut self,
        before: &Incident,
        by: &Person,
        actor: &Actor,
        policy: &Policy,
    ) {
        let may = is_responder(policy, &before.service, by);
        self.expect(may, "S4", || format!("{by} may not ask for that"));
        self.expect(*actor == Actor::Person(by.clone()), "S21", || {
            format!("{by} is said to have asked, but {actor:?} did")
        });
    }

    fn forge_started(&mut self, before: &Incident, policy: &Policy) {
        self.not_halted(before);
        let by = match &before.layer2 {
            Layer2::Opening(opening) => Some(opening.by.clone()),
            // Nobody is asked for the end of a merge that was left to the forge.
            Layer2::Followed(fix) if fix.withdrawing().is_some() => Some(fix.by.clone()),
            Layer2::Followed(fix) => fix.merge.as_ref().map(|merge| merge.by.clone()),
            Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => None,
        };
        let may = by.as_ref().map(|by| is_responder(policy, &before.service, by));
        self.expect(may == Some(true), "S4", || format!("{by:?} lost the right"));
        let call = match &before.layer2 {
            Layer2::Opening(opening) => Some(&opening.call),
            Layer2::Followed(fix) => fix.call().map(|(_, call)| call),
            Layer2::Idle | Layer2::Looking(_) | Layer2::Planned(_) | Layer2::Prepared(_) => None,
        };
        let was_intended = matches!(call, Some(Call::Intended { .. }));
        self.expect(was_intended, "S20", || format!("{} sends again, it was {call:?}", before.id));
    }

    /// Out of *unknown* only a reading leads (S20).
    fn forge_read_since(&mut self, before: &Incident, effect: &EffectId) {
        let unknown = self.fix.unknown.get(effect).copied().unwrap_or_default();
        let read = self.fix.read.get(&before.service).copied().unwrap_or_default();
        self.expect(read > unknown, "S20", || {
            format!("{} left unknown without a reading of the forge", before.id)
        });
    }
}
