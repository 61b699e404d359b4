//! What must hold of the last step: what was verified is promoted and nothing else (S7, G7), production is watched, and the
//! flag ends as it was (S8, G6).

use repoint::domain::actor::Person;
use repoint::domain::deployment::Assignment;
use repoint::domain::event::{Confirmation, Direction, Effect, Exit, FlipEvent, Promotion};
use repoint::domain::incident::{Flip, Incident};
use repoint::domain::verification::FRESH;

use super::{Promises, other_of_two};

impl Promises {
    /// A promote is confirmed: what it was put with still holds.
    pub(super) fn may_promote(&mut self, before: &Incident, by: &Person) {
        let Some(question) = before.waiting() else { return };
        let Some(promotion) = &question.promotion else { return };
        if !promotion.overridden.is_empty() {
            let has_reason = question.reason.as_ref().is_some_and(|one| !one.trim().is_empty());
            self.expect(has_reason, "S7", || format!("{} overrides for no reason", question.id));
            self.expect(other_of_two(before, question) != by, "S7", || {
                format!("{by} asked for {} and overrode what speaks against it", question.id)
            });
        }
        if promotion.verified.is_some() || promotion.overridden.is_empty() {
            self.is_verified(question, promotion);
        }
        if promotion.overridden.is_empty() && !before.is_false_alarm() {
            self.contains_the_fix(before, question);
        }
    }

    fn is_verified(&mut self, question: &Confirmation, promotion: &Promotion) {
        let deployment = &question.to.deployment;
        let Some((verification, at)) = &promotion.verified else {
            return self.fail("S7", format!("{} is promoted and was not verified", deployment.id));
        };
        let age = question.issued_at.since(*at);
        self.expect(age < FRESH, "S7", || {
            format!("{verification} was {age} old when {} was put", question.id)
        });
        if let Err(why) = self.walks.stands(verification, &deployment.id) {
            self.fail("S7", format!("{} is to be promoted: {why}", deployment.id));
        }
    }

    fn contains_the_fix(&mut self, before: &Incident, question: &Confirmation) {
        let merged = before.fix().and_then(|fix| fix.merged.as_ref()).map(|one| one.sha.clone());
        let sha = question.to.deployment.sha.clone();
        let contains = match (&sha, &merged) {
            (Some(sha), Some(merged)) => self.fix.contains(sha, merged),
            (None, _) | (_, None) => false,
        };
        self.expect(contains, "S7", || format!("{sha:?} is promoted and lacks {merged:?}"));
    }

    /// A promote is about to be sent: no later verdict speaks against it.
    pub(super) fn starts(&mut self, flip: &Flip) {
        let Some(promotion) = &flip.confirmation.promotion else { return };
        if promotion.overridden.is_empty() {
            self.is_verified(&flip.confirmation, promotion);
        }
    }

    /// A switch of the flag is sent: on only after a promote, and only if it was on (G6).
    pub(super) fn switches(&mut self, flip: &Flip, effect: &Effect) {
        let is_rightly_armed =
            flip.direction() == Direction::Forward && flip.wanted_assignment() == Assignment::On;
        self.expect(*effect != Effect::Arm || is_rightly_armed, "S8", || {
            format!("{} switches automatic assignment on", flip.confirmation.id)
        });
    }

    /// A call of ours has switched automatic assignment on (S8): only a promote does that.
    pub fn armed(&mut self, confirmation: &str) {
        let is_promote = self.promotes.contains(confirmation);
        self.expect(is_promote, "S8", || {
            format!("{confirmation} switched automatic assignment on")
        });
    }

    /// The watch went on.
    pub(super) fn watched(&mut self, before: &Incident, flip: &Flip, event: &FlipEvent, now: u64) {
        let target = &flip.confirmation.to.deployment.id;
        let since = self.promoted.get(&flip.effect).copied().unwrap_or_default();
        match event {
            FlipEvent::AssignmentRead { .. } => {
                self.promoted.entry(flip.effect.clone()).or_insert(now);
            }
            FlipEvent::WatchPassed => {
                let was_well = self.walks.was_well(target, since);
                self.expect(was_well, "watched", || {
                    format!("{} passed its watch, and no walk of production did", before.id)
                });
            }
            FlipEvent::WatchFailed { .. } => {
                let was_ill = self.walks.was_ill(target, since);
                self.expect(was_ill, "watched", || {
                    format!("{} failed its watch, and every walk of production passed", before.id)
                });
            }
            _ => {}
        }
    }

    /// What is resolved by a promote was watched, and its flag is as it was.
    pub(super) fn resolved(&mut self, before: &Incident, exit: Exit) {
        if !matches!(exit, Exit::Reverted | Exit::FixedForward | Exit::FalseAlarm) {
            return;
        }
        let flip = before.flip();
        let watch = flip.and_then(|flip| flip.watch.as_ref());
        let has_passed = watch.is_some_and(|watch| watch.passed_at.is_some());
        self.expect(has_passed, "watched", || {
            format!("{} is resolved as {exit:?} with {watch:?}", before.id)
        });
        let is_forward = flip.is_some_and(|flip| flip.direction() == Direction::Forward);
        self.expect(is_forward, "watched", || format!("{} was not promoted", before.id));
        let wanted = before.baseline;
        let readings = self.seen(&before.service).readings.clone();
        let is_restored = wanted.is_none_or(|wanted| {
            wanted == Assignment::CannotTell
                || flip.is_some_and(|flip| flip.assignment == Some(wanted))
                || readings.iter().any(|(_, seen)| seen.assignment == wanted)
        });
        self.expect(is_restored, "S8", || {
            format!("{} is resolved, and the flag is not {wanted:?}: {readings:?}", before.id)
        });
    }
}
