//! What moved at the gate since it was last seen: one line, with what has changed and nothing else.

use crate::chat::card::gate::verb;
use crate::chat::card::layer2::safe;
use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::chat::words;
use crate::domain::fix::{Check, CheckState, Fits, Gate, GateVerdict, PullState, Queued, g8_judge};
use crate::domain::incident::Incident;
use crate::domain::time::Timestamp;

/// Checks that are named in one line.
const SHOWN: usize = 6;

/// What moved; `None`: nothing that people would want to know.
pub(super) fn line(
    incident: &Incident,
    before: Option<&Gate>,
    gate: &Gate,
    prefix: &Prefix,
    at: Timestamp,
) -> Option<Text> {
    let mut news = of_branch(before, gate, prefix);
    let is_new_head = before.is_some_and(|before| before.head != gate.head);
    // What was seen of another head says nothing of this one.
    let same_head = before.filter(|_| !is_new_head);
    // One that is not open any more has neither checks nor reviews, and nobody waits for them.
    if gate.state == PullState::Open {
        news.extend(of_checks(same_head, gate));
        news.extend(of_reviews(same_head, gate));
        news.extend(of_place(before, gate));
    }
    let mut pieces = news.into_iter();
    let first = pieces.next()?;
    let text = pieces.fold(first, |text, piece| text.and("; ").append(piece)).and(". ");
    let was_green = before.is_some_and(|before| g8_judge(before) == GateVerdict::Green);
    let is_green = gate.state == PullState::Open && g8_judge(gate) == GateVerdict::Green;
    Some(if is_green && !was_green {
        let took =
            incident.fix().map(|fix| format!(", {} after it was opened", at.since(fix.since)));
        text.and(format!("Everything is green{}. Next: ", took.unwrap_or_default()))
            .strong("Merge")
            .and(" on the card. ")
            .append(safe(incident))
    } else {
        text.append(safe(incident))
    })
}

/// Pushed to, closed, opened again.
fn of_branch(before: Option<&Gate>, gate: &Gate, prefix: &Prefix) -> Vec<Text> {
    let Some(before) = before else { return Vec::new() };
    let mut news = Vec::new();
    if before.head != gate.head {
        news.push(
            Text::default()
                .strong("The branch was pushed to")
                .and(": ")
                .code(words::short_id(&before.head))
                .and(" → ")
                .code(words::short_id(&gate.head))
                .and(", so its checks begin anew and an earlier Merge does not count"),
        );
    }
    match (&before.state, &gate.state) {
        (PullState::Open | PullState::Merged { .. }, PullState::Closed) => news.push(
            Text::default()
                .strong("The pull request was closed")
                .and(" without being merged; open it again, or ")
                .code(prefix.command("incident fix <PR>")),
        ),
        (PullState::Closed, PullState::Open) => {
            news.push("The pull request was opened again".into());
        }
        (PullState::Open, PullState::Open | PullState::Merged { .. })
        | (PullState::Closed, PullState::Closed | PullState::Merged { .. })
        | (PullState::Merged { .. }, PullState::Open | PullState::Merged { .. }) => {}
    }
    news
}

/// Each check that stands otherwise than before. At the first look what is only expected is no news.
fn of_checks(before: Option<&Gate>, gate: &Gate) -> Vec<Text> {
    let was = |name: &str| {
        let known = before.and_then(|gate| gate.checks.iter().find(|one| one.name == name));
        known.map(|one| one.state)
    };
    let is_news = |check: &&Check| match was(&check.name) {
        Some(state) => state != check.state,
        None => before.is_some() || check.state != CheckState::Missing,
    };
    let mut news: Vec<Text> = gate
        .checks
        .iter()
        .filter(is_news)
        .map(|check| {
            Text::default()
                .code(words::clipped(&check.name, 60))
                .and(format!(" {}", verb(check.state)))
        })
        .collect();
    let gone = before
        .into_iter()
        .flat_map(|before| &before.checks)
        .filter(|old| !gate.checks.iter().any(|check| check.name == old.name));
    news.extend(gone.map(|old| {
        Text::default().code(words::clipped(&old.name, 60)).and(" is not there any more")
    }));
    let hidden = news.len().saturating_sub(SHOWN);
    news.truncate(SHOWN);
    if hidden > 0 {
        news.push(format!("and {hidden} more").into());
    }
    news
}

fn of_reviews(before: Option<&Gate>, gate: &Gate) -> Vec<Text> {
    let was = before.map(|gate| &gate.reviews);
    let reviews = &gate.reviews;
    let mut news = Vec::new();
    let approved = was.map_or(0, |was| was.approved);
    if approved != reviews.approved {
        news.push(Text::plain(format!("approved: {} of {}", reviews.approved, reviews.needed)));
    }
    let is_new =
        |old: Option<&Vec<String>>, name: &String| !old.is_some_and(|old| old.contains(name));
    for name in reviews.against.iter().filter(|name| is_new(was.map(|was| &was.against), name)) {
        news.push(Text::default().code(words::clipped(name, 60)).and(" wants changes"));
    }
    for name in reviews.asked.iter().filter(|name| is_new(was.map(|was| &was.asked), name)) {
        news.push(Text::plain("a review is asked of ").code(words::clipped(name, 60)));
    }
    news
}

/// Whether it fits main, where it is in a queue, and whether the rules can be read.
fn of_place(before: Option<&Gate>, gate: &Gate) -> Vec<Text> {
    let mut news = Vec::new();
    if before.map(|before| before.fits) != Some(gate.fits) {
        match gate.fits {
            Fits::Conflicts => news.push(Text::default().strong("it conflicts with main now")),
            Fits::Behind => news.push("it must be brought up to date with main first".into()),
            Fits::Yes | Fits::NotYetKnown => {}
        }
    }
    match (before.map(|before| before.queued), gate.queued) {
        (Some(Queued::No | Queued::WhenGreen) | None, Queued::Yes) => {
            news.push("it is in the merge queue".into())
        }
        (Some(Queued::Yes), Queued::No) if gate.state == PullState::Open => {
            news.push("it fell out of the merge queue".into());
        }
        (Some(Queued::WhenGreen), Queued::No) if gate.state == PullState::Open => {
            news.push("GitHub is not to merge it by itself any more".into());
        }
        // Who asks for that says so.
        (_, Queued::WhenGreen)
        | (Some(Queued::WhenGreen), Queued::No)
        | (Some(Queued::Yes), Queued::Yes)
        | (Some(Queued::No | Queued::Yes) | None, Queued::No) => {}
    }
    let was = before.and_then(|before| before.unreadable.as_ref());
    match &gate.unreadable {
        Some(why) if was != Some(why) => news.push(
            Text::plain("what the repository demands cannot be read, so nothing is green: ")
                .foreign(words::clipped(why, 200)),
        ),
        None if was.is_some() => {
            news.push("what the repository demands can be read again".into());
        }
        Some(_) | None => {}
    }
    news
}
