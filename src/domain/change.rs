//! What lies between the target and what is live, as the place where the code is kept tells it. Evidence: it informs, and
//! it makes a press dearer (G4), but its absence never stands in the way.

use serde::{Deserialize, Serialize};

use super::deployment::Deployment;
use super::fact::Fact;
use super::migration::{self, Judgement, Migration, Safety};

/// Two commits, from the target to what is live.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The target's full commit id.
    pub base: String,
    /// The live one's.
    pub head: String,
}

impl Range {
    /// What a flip would take back; `None` where the provider does not say which commits the two are.
    pub fn between(target: &Deployment, live: &Deployment) -> Option<Self> {
        Some(Self { base: target.sha.clone()?, head: live.sha.clone()? })
    }
}

/// A commit as people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Its full id.
    pub sha: String,
    /// The first line of its message: foreign text.
    pub subject: String,
}

/// A pull request as people know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// Its number.
    pub number: u64,
    /// Its title: foreign text.
    pub title: String,
}

/// What was read of the changes between two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// How many commits there are.
    pub commits: u32,
    /// The newest of them, newest first.
    pub newest: Vec<Commit>,
    /// How many files differ, as far as they are listed.
    pub files: u32,
    /// Why not every file that differs is listed, if so.
    pub unlisted: Option<String>,
    /// The migrations among them.
    pub migrations: Vec<Migration>,
}

/// The same, judged: what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Between {
    /// How many commits there are.
    pub commits: u32,
    /// The newest of them, newest first.
    pub newest: Vec<Commit>,
    /// How many files differ, as far as they are listed.
    pub files: u32,
    /// What the migrations among them mean.
    pub migrations: Judgement,
}

/// So many commits are kept by name.
pub const NEWEST: usize = 3;

impl Changes {
    /// Judges the migrations and keeps what people need.
    pub fn judged(mut self) -> Between {
        let mut migrations = migration::judge(&self.migrations);
        if let Some(why) = self.unlisted.filter(|_| migrations.safety < Safety::Unknown) {
            migrations.safety = Safety::Unknown;
            migrations.worst = Some(migration::Finding {
                safety: Safety::Unknown,
                why,
                path: String::new(),
                line: None,
                statement: String::new(),
            });
        }
        self.newest.truncate(NEWEST);
        Between { commits: self.commits, newest: self.newest, files: self.files, migrations }
    }
}

/// Everything that was read for a question of where the code stands, kept with the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// What was asked about.
    pub range: Range,
    /// What lies between.
    pub between: Fact<Between>,
    /// The pull request that brought the live commit; `None` inside: there is none.
    pub brought_by: Fact<Option<PullRequest>>,
}

impl Evidence {
    /// Whether a migration between the two takes away what the target's code needs.
    pub fn is_destructive(&self) -> bool {
        self.between.get().is_some_and(|one| one.migrations.safety == Safety::Destructive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_are_not_listed_make_safe_unknown_and_hide_nothing_worse() {
        let changes = |text: &str| Changes {
            commits: 1,
            newest: Vec::new(),
            files: 300,
            unlisted: Some("more than 300 files changed".to_owned()),
            migrations: vec![Migration {
                path: "drizzle/0001_a.sql".to_owned(),
                fate: migration::Fate::Added,
                text: Ok(text.to_owned()),
            }],
        };
        let safe = changes("CREATE TABLE a (b int);").judged().migrations;
        assert_eq!(safe.safety, Safety::Unknown);
        assert_eq!(safe.worst.expect("a reason").why, "more than 300 files changed");
        let worse = changes("DROP TABLE a;").judged().migrations;
        assert_eq!(worse.safety, Safety::Destructive);
    }
}
