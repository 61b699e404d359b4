//! The gate in words: what passed, what runs, what it waits for (G8).

use super::Drawing;
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::fix::{Check, CheckState, Fits, Fix, Gate, GateVerdict, Need, Queued, Road};

/// Checks that are shown by name.
const SHOWN: usize = 10;

/// What the gate says, and what is next.
pub(super) fn situation(
    fix: &Fix,
    gate: &Gate,
    verdict: &GateVerdict,
    drawing: &Drawing<'_>,
) -> Text {
    let is_left = gate.queued == Queued::WhenGreen || fix.armed().is_some();
    match verdict {
        _ if fix.withdrawing().is_some() => {
            "GitHub was to merge it by itself, and is asked not to: reading what became of that.".into()
        }
        GateVerdict::Green if is_left => {
            "Everything that the repository demands is green, and GitHub merges it by itself.".into()
        }
        GateVerdict::Waiting { on } if is_left => Text::plain("The fix waits for ")
            .append(words::names(on.iter(), SHOWN))
            .append(asked(gate))
            .and(". GitHub merges it by itself as soon as its own gate is green; I take that back if the branch changes, if a check ends red, or if the incident goes on without it."),
        GateVerdict::Waiting { on } if gate.road == Road::Auto => Text::plain("The fix waits for ")
            .append(words::names(on.iter(), SHOWN))
            .append(asked(gate))
            .and(". ")
            .strong("Merge")
            .and(" now leaves it to GitHub, which merges it as soon as its own gate is green (to GitHub a skipped check is green). Production stays where it is until the promote."),
        GateVerdict::Green => Text::plain("Everything that the repository demands is green. Next: ")
            .strong("Merge")
            .and(match gate.road {
                Road::Direct | Road::Auto => {
                    ". It puts the fix on main; production stays where it is until the promote."
                }
                Road::Queue => {
                    ". It puts the fix into the merge queue; production stays where it is until the promote."
                }
            }),
        GateVerdict::Waiting { on } => Text::plain("The fix waits for ")
            .append(words::names(on.iter(), SHOWN))
            .append(asked(gate))
            .and(". Merge appears here when everything is green; nothing is merged around the gate."),
        GateVerdict::Red { why } => Text::default()
            .strong("The gate is red")
            .and(": ")
            .append(words::names(why.iter(), SHOWN))
            .and(". Waiting does not help. Next: mend the branch, or name another pull request: ")
            .code(drawing.prefix.command("incident fix <PR>"))
            .and("."),
        GateVerdict::Unreadable { why } => {
            Text::plain("What the repository demands cannot be read, so nothing is green: ")
                .foreign(words::clipped(why, 300))
                .and(". I go on looking.")
        }
    }
}

/// Who was asked for a review and has not answered.
pub(crate) fn asked(gate: &Gate) -> Text {
    if gate.reviews.asked.is_empty() {
        return Text::default();
    }
    Text::plain("; asked for a review: ").append(words::names(gate.reviews.asked.iter(), 5))
}

/// Each check with its state, the reviews, and since when it is so.
pub(super) fn field(fix: &Fix, gate: &Gate) -> Text {
    let mut text = Text::default();
    for (index, check) in gate.checks.iter().take(SHOWN).enumerate() {
        text = if index == 0 { text } else { text.and(" · ") };
        text = text
            .and(format!("{} ", mark(check.state)))
            .code(words::clipped(&check.name, 60))
            .and(note(check));
    }
    match gate.checks.len().saturating_sub(SHOWN) {
        0 if gate.checks.is_empty() => text = text.and("no checks"),
        0 => {}
        more => text = text.and(format!(" and {more} more")),
    }
    let reviews = &gate.reviews;
    if reviews.needed > 0 {
        let mark = if reviews.approved >= reviews.needed { "✓" } else { "…" };
        text = text.and(format!(" · {mark} reviews {} of {}", reviews.approved, reviews.needed));
    }
    match gate.fits {
        Fits::Yes | Fits::NotYetKnown => {}
        Fits::Conflicts => text = text.and(" · ✗ conflicts with main"),
        Fits::Behind => text = text.and(" · ✗ behind main"),
    }
    text.and(" · open since ").time(fix.since)
}

fn mark(state: CheckState) -> &'static str {
    match state {
        CheckState::Passed => "✓",
        CheckState::Queued | CheckState::Running | CheckState::Missing => "…",
        CheckState::Skipped | CheckState::Failed => "✗",
    }
}

fn note(check: &Check) -> &'static str {
    match (check.state, check.need) {
        (CheckState::Missing, _) => " (not reported)",
        (CheckState::Skipped, Need::Required) => " (skipped)",
        (CheckState::Skipped, Need::Optional) => " (skipped, optional)",
        (_, Need::Optional) => " (optional)",
        (_, Need::Required) => "",
    }
}

/// How a check stands, as a verb behind its name.
pub(crate) fn verb(state: CheckState) -> &'static str {
    match state {
        CheckState::Passed => "passed",
        CheckState::Queued => "is queued",
        CheckState::Running => "runs",
        CheckState::Missing => "is not reported yet",
        CheckState::Skipped => "was skipped, which is not green",
        CheckState::Failed => "failed",
    }
}
