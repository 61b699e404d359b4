//! Looks that are made early because somebody said that there is something to see.
//!
//! Owns how early. It must never bring anything forward but a look, and never let those who tell much, or tell what
//! turns out to be nothing, spend what the forge lets us ask in an hour: after each early look that saw nothing new the
//! next one comes later, until it comes no earlier than it would have anyway.

use crate::domain::time::{Span, Timestamp};

/// Time between two looks, however much is told.
const GAP: Span = Span::seconds(2);

/// The longest that the gap grows to: no look that is due anyway comes later.
const LONGEST_GAP: Span = Span::seconds(60);

/// What one loop was told, and what came of it.
#[derive(Debug)]
pub(super) struct Hearsay {
    /// Somebody told us something since the last look.
    is_fresh: bool,
    /// The look that is being made is made early.
    is_followed: bool,
    gap: Span,
}

impl Default for Hearsay {
    fn default() -> Self {
        Self { is_fresh: false, is_followed: false, gap: GAP }
    }
}

impl Hearsay {
    /// There is something to see.
    pub(super) fn hear(&mut self) {
        self.is_fresh = true;
    }

    /// When a look is made that is due at `due`; `last`: when the last one was.
    pub(super) fn bring_forward(&self, due: Timestamp, last: Option<Timestamp>) -> Timestamp {
        match last {
            Some(last) if self.is_fresh => due.min(last + self.gap),
            Some(_) | None => due,
        }
    }

    /// A look begins: what is told from now on is for the next one.
    pub(super) fn look(&mut self) {
        self.is_followed = std::mem::take(&mut self.is_fresh);
    }

    /// There is nothing to look at.
    pub(super) fn forget(&mut self) {
        self.is_fresh = false;
    }

    /// A look saw something new.
    pub(super) fn was_right(&mut self) {
        *self = Self { is_fresh: self.is_fresh, ..Self::default() };
    }

    /// A look saw nothing new.
    pub(super) fn was_idle(&mut self) {
        if std::mem::take(&mut self.is_followed) {
            self.gap = Span((self.gap.0 * 2).min(LONGEST_GAP.0));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAST: Timestamp = Timestamp(1_000_000);

    fn due() -> Timestamp {
        LAST + Span::seconds(20)
    }

    fn brought_to(hearsay: &Hearsay) -> Span {
        hearsay.bring_forward(due(), Some(LAST)).since(LAST)
    }

    #[test]
    fn what_is_told_brings_a_look_forward_once() {
        let mut hearsay = Hearsay::default();
        assert_eq!(brought_to(&hearsay), Span::seconds(20));
        hearsay.hear();
        hearsay.hear();
        assert_eq!(brought_to(&hearsay), Span::seconds(2));
        hearsay.look();
        assert_eq!(brought_to(&hearsay), Span::seconds(20));
    }

    #[test]
    fn what_is_told_during_a_look_is_for_the_next() {
        let mut hearsay = Hearsay::default();
        hearsay.hear();
        hearsay.look();
        hearsay.hear();
        hearsay.was_right();
        assert_eq!(brought_to(&hearsay), Span::seconds(2));
    }

    #[test]
    fn who_tells_of_nothing_is_heard_later_and_later_until_somebody_was_right() {
        let mut hearsay = Hearsay::default();
        let mut gaps = Vec::new();
        for _ in 0..5 {
            hearsay.hear();
            gaps.push(brought_to(&hearsay).0 / 1000);
            hearsay.look();
            hearsay.was_idle();
        }
        assert_eq!(gaps, [2, 4, 8, 16, 20], "never later than it was due anyway");
        hearsay.was_right();
        hearsay.hear();
        assert_eq!(brought_to(&hearsay), Span::seconds(2));
    }

    #[test]
    fn a_look_of_its_own_that_sees_nothing_is_nobodys_fault() {
        let mut hearsay = Hearsay::default();
        hearsay.look();
        hearsay.was_idle();
        hearsay.hear();
        assert_eq!(brought_to(&hearsay), Span::seconds(2));
    }

    #[test]
    fn a_look_that_is_due_at_once_is_not_put_off() {
        let mut hearsay = Hearsay::default();
        hearsay.hear();
        assert_eq!(hearsay.bring_forward(LAST, Some(LAST)), LAST);
        assert_eq!(hearsay.bring_forward(LAST, None), LAST);
    }
}
