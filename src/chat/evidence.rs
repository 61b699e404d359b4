//! What is known of the code between the target and what is live, in words: migrations, commits, the pull request. Every
//! name, statement and subject here is foreign and stays marked as such.

use super::reply::Text;
use super::words::clipped;
use crate::domain::change::{Between, Evidence, PullRequest};
use crate::domain::event::Confirmation;
use crate::domain::fact::{Fact, Known};
use crate::domain::migration::{Finding, Judgement, Safety};

/// The migrations between the two, in few words.
pub fn migrations(question: &Confirmation, evidence: Option<&Evidence>) -> Text {
    match evidence {
        Some(evidence) => known_or_not(&evidence.between, judged),
        None if question.from.sha.is_none() || question.to.deployment.sha.is_none() => {
            "not known: the provider does not say which commits these deployments are of".into()
        }
        None => "not known: they were not looked up".into(),
    }
}

/// Which commits a flip takes out of production.
pub fn commits(evidence: &Evidence) -> Text {
    known_or_not(&evidence.between, listed)
}

/// The pull request that brought what is live.
pub fn bad_change(evidence: &Evidence) -> Text {
    known_or_not(&evidence.brought_by, |brought| match brought {
        Some(pull_request) => named(pull_request),
        None => "no pull request brought this commit".into(),
    })
}

/// A destructive statement, with where it stands; `None` if there is none.
pub fn destruction(evidence: &Evidence) -> Option<Text> {
    let migrations = &evidence.between.get()?.migrations;
    let worst = migrations.worst.as_ref().filter(|one| one.safety == Safety::Destructive)?;
    Some(Text::plain(worst.why.clone()).and(": ").append(place(worst)))
}

fn known_or_not<T>(fact: &Fact<T>, say: impl Fn(&T) -> Text) -> Text {
    match &fact.value {
        Known::Known(value) => say(value),
        Known::Unknown(why) => {
            let text = Text::plain("not known: ");
            // What the adapter says names its system; what the engine says does not.
            let text = if why.to_lowercase().contains(&fact.source) {
                text
            } else {
                text.and(format!("{}: ", fact.source))
            };
            text.foreign(clipped(why, 200))
        }
    }
}

fn judged(between: &Between) -> Text {
    let Judgement { safety, files, worst } = &between.migrations;
    let count = match files {
        1 => "1 migration".to_owned(),
        more => format!("{more} migrations"),
    };
    let about = |text: Text| match worst {
        Some(worst) if worst.statement.is_empty() => {
            text.and(format!("{} ", worst.why)).append(place(worst))
        }
        Some(worst) => text.and(format!("{}: ", worst.why)).append(place(worst)),
        None => text,
    };
    match safety {
        Safety::Safe if *files == 0 => {
            let files = between.files;
            Text::plain(format!("safe: none among {files} changed files"))
        }
        Safety::Safe => Text::plain(format!("safe: {count}, and nothing older code needs is gone")),
        Safety::DeclaredSafe => about(Text::plain(format!("declared safe ({count}): "))),
        Safety::Unknown => about(Text::plain(format!("unknown ({count}): "))),
        Safety::Destructive => about(Text::default().strong("destructive").and(": ")),
    }
}

/// A statement with its file and line, as far as there are any.
fn place(finding: &Finding) -> Text {
    let mut text = Text::default();
    if !finding.statement.is_empty() {
        text = text.code(clipped(&finding.statement, 200)).and(" ");
    }
    if !finding.path.is_empty() {
        let path = clipped(&finding.path, 120);
        let place = finding.line.map_or_else(|| path.clone(), |line| format!("{path}:{line}"));
        text = text.and("(").foreign(place).and(")");
    }
    text
}

fn listed(between: &Between) -> Text {
    let mut text = match between.commits {
        0 => return "no commit".into(),
        1 => Text::plain("1 commit: "),
        more => Text::plain(format!("{more} commits: ")),
    };
    for (index, commit) in between.newest.iter().enumerate() {
        if index > 0 {
            text = text.and("; ");
        }
        let short = commit.sha.get(..7).unwrap_or(&commit.sha);
        text = text.code(short).and(" ").foreign(clipped(&commit.subject, 70));
    }
    let shown = u32::try_from(between.newest.len()).unwrap_or(u32::MAX);
    match between.commits.saturating_sub(shown) {
        0 => text,
        more => text.and(format!("; and {more} more")),
    }
}

fn named(pull_request: &PullRequest) -> Text {
    Text::plain(format!("#{} ", pull_request.number)).foreign(clipped(&pull_request.title, 100))
}
