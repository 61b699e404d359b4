//! The sentences. Every refusal says why and what to do next; foreign words stay marked as foreign.

mod authority;
mod layer2;
mod refusal;

use super::catalog::Prefix;
use super::reply::Text;
use crate::domain::actor::Actor;
use crate::domain::change::Commit;
use crate::domain::deployment::{Assignment, Deployment, Live};
use crate::domain::event::{Direction, FlipFailure};
use crate::domain::incident::{Flip, Incident};
use crate::domain::probe::{Probe, Seen};
use crate::domain::refusal::Void;
use crate::domain::time::{Span, Timestamp};

/// A deployment in few words: short commit, else id.
pub fn short(deployment: &Deployment) -> Text {
    match deployment.short_sha() {
        Some(sha) => Text::default().code(sha),
        None => Text::default().code(deployment.id.as_str()),
    }
}

/// A deployment in one line: commit, subject, author, age.
pub fn described(deployment: &Deployment, now: Timestamp) -> Text {
    let mut text = short(deployment);
    if let Some(subject) = &deployment.subject {
        text = text.and(" ").foreign(clipped(subject, 80));
    }
    let mut details = Vec::new();
    if let Some(author) = &deployment.author {
        details.push(Text::default().foreign(clipped(author, 40)));
    }
    if deployment.created_at.0 > 0 {
        let age = now.since(deployment.created_at);
        details.push(Text::plain(format!("built {age} ago")));
    }
    for detail in details {
        text = text.and(" · ").append(detail);
    }
    text
}

/// A commit's id, short.
pub fn short_id(sha: &str) -> &str {
    sha.get(..7).unwrap_or(sha)
}

/// Commits in a row: id and subject, at most five, and how many more there are.
pub fn commits(commits: &[Commit], count: u32) -> Text {
    let mut text = Text::default();
    for (index, commit) in commits.iter().take(5).enumerate() {
        text = if index == 0 { text } else { text.and("; ") };
        text = text.code(short_id(&commit.sha)).and(" ").foreign(clipped(&commit.subject, 70));
    }
    let shown = u32::try_from(commits.len().min(5)).unwrap_or(u32::MAX);
    match count.saturating_sub(shown) {
        0 => text,
        more => text.and(format!("; and {more} more")),
    }
}

/// Names in a row, each as it is, at most `most`, and how many more there are.
pub fn names<'a>(names: impl ExactSizeIterator<Item = &'a String>, most: usize) -> Text {
    let count = names.len();
    let mut text = Text::default();
    for (index, name) in names.take(most).enumerate() {
        text = if index == 0 { text } else { text.and(", ") };
        text = text.code(clipped(name, 80));
    }
    match count.saturating_sub(most) {
        0 => text,
        more => text.and(format!(" and {more} more")),
    }
}

/// One or several of something.
pub fn count(number: usize, one: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
}

/// What cannot be read, and why: the reason as the rules keep it begins with the source.
pub fn unreadable(why: &str) -> Text {
    let (source, why) = match why.strip_prefix("github: ") {
        Some(why) => ("GitHub", why),
        None => ("the provider", why),
    };
    Text::plain(format!("{source} cannot be read right now: ")).foreign(clipped(why, 300))
}

/// What a move of the pointer is called.
pub fn move_name(flip: &Flip) -> &'static str {
    match flip.direction() {
        Direction::Back => "rollback",
        Direction::Forward => "promote",
    }
}

/// Foreign text, at most `longest` characters.
pub fn clipped(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(longest.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Who stands behind something.
pub fn actor(actor: &Actor) -> Text {
    match actor {
        Actor::Person(person) => Text::default().person(person),
        Actor::Policy { by, .. } => Text::plain("a rule that ").person(by).and(" switched on"),
        Actor::Bot => Text::plain("the bot"),
    }
}

/// The assignment flag in one word, with what it means.
pub fn assignment(assignment: Assignment) -> &'static str {
    match assignment {
        Assignment::On => "armed: the next production build goes live by itself",
        Assignment::Off => "pinned: nothing goes live by itself",
        Assignment::CannotTell => "cannot tell: treated as pinned",
    }
}

/// What production resolves to.
pub fn live(live: &Live) -> Text {
    match live {
        Live::At(id) => Text::default().code(id.as_str()),
        Live::Split(_) => Text::plain("several deployments at once"),
        Live::Nothing => Text::plain("nothing"),
    }
}

/// What the last look at production saw.
pub fn probe(probe: &Probe) -> Text {
    match &probe.seen {
        Seen::Target => Text::plain("it answers from the target"),
        Seen::TargetFailing { status, path } => {
            Text::plain(format!("the target answers, but with {status} on ")).code(path)
        }
        Seen::Other { marker, status } => Text::plain("it answers from ")
            .code(clipped(marker, 80))
            .and(format!(" (status {status})")),
        Seen::NoMarker { status } => {
            Text::plain(format!("it answers with status {status} and no marker to compare"))
        }
        Seen::NoAnswer { why } => Text::plain("it does not answer: ").foreign(clipped(why, 200)),
    }
}

/// Why a question no longer holds.
pub fn void(why: Void) -> &'static str {
    match why {
        Void::PointerMoved => "production has moved since the question was put",
        Void::AssignmentChanged => "automatic assignment was switched since the question was put",
        Void::JobPending => "another job is moving production at the provider",
        Void::ConfigChanged => "the service's configuration has changed",
        Void::Halted => "the bot was halted",
        Void::Superseded => "another target was asked for",
        Void::RightsLost => "the person who confirmed may no longer act",
        Void::RightsUnknown => "it cannot be told any more whether those who confirmed may act",
        Void::Stale => "it waited too long",
        Void::GroundsGone => "a later verification of it failed, or another fix was named",
    }
}

/// Why a flip did not come to its end, and what to do.
pub fn failure(failure: &FlipFailure, incident: &Incident, prefix: &Prefix) -> Text {
    let name = incident.flip().map_or("rollback", move_name);
    let again = prefix.command(&format!("{name} {}", incident.service));
    match failure {
        FlipFailure::Refused { why } => Text::plain("the provider refused: ")
            .foreign(clipped(why, 300))
            .and(". Production is where it was. Mend that, or try ")
            .code(again),
        FlipFailure::Aliases(names) => {
            let mut text = Text::plain("some production names were not moved: ");
            for (index, name) in names.iter().take(5).enumerate() {
                text = if index == 0 { text } else { text.and(", ") };
                text = text.code(clipped(&name.name, 80));
            }
            if names.is_empty() {
                text = text.and("which ones is not known");
            }
            text.and(". Production is split. Try again: ").code(again)
        }
        FlipFailure::Skipped => {
            Text::plain("the provider skipped the job; production is where it was. Try again: ").code(again)
        }
        FlipFailure::JobTimedOut => Text::plain(
            "the provider did not finish in time. Look at its dashboard, then try again: ",
        )
        .code(again),
        FlipFailure::MovedElsewhere { live: to } => {
            Text::plain("somebody else moved production meanwhile; it points at ")
                .append(live(to))
                .and(". Nothing is undone. If that is not right: ")
                .code(format!("{again} <target>"))
        }
        FlipFailure::NeverApplied => Text::plain(
            "the call was made twice and never took effect. Check the provider's access and disk, then try again: ",
        )
        .code(again),
    }
}

pub use authority::{barred, ground, groups_lost, platform};
pub use refusal::refusal;

/// How long ago, in words.
pub fn ago(then: Timestamp, now: Timestamp) -> String {
    let span: Span = now.since(then);
    if span < Span::seconds(5) { "just now".to_owned() } else { format!("{span} ago") }
}
