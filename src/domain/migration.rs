//! G4, the migration trap: what the migrations between the target and what is live did to the schema, judged from their
//! texts alone.
//!
//! Owns the classes and what the worst of them is; `path` says which files are migrations, `sql` and `ruby` read them. Every
//! text is foreign: it is bounded before it is read, and whatever is not understood is *unknown*, never *safe*.

mod path;
mod ruby;
mod sql;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use path::Paths;

/// A larger migration is not read.
pub const LONGEST_TEXT: usize = 128 * 1024;

/// More migrations than this are not read.
pub const MOST_FILES: usize = 20;

/// A statement is kept up to this length.
const LONGEST_STATEMENT: usize = 200;

/// What migrations mean for code that does not know them. The worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Safety {
    /// There is none, or what there is only adds.
    Safe,
    /// It takes something away, and its author wrote down that the code before it does not need it.
    DeclaredSafe,
    /// It could not be understood.
    Unknown,
    /// It takes away, renames, retypes or newly demands what the code before it relies on.
    Destructive,
}

/// One statement that counts, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it means.
    pub safety: Safety,
    /// Why, as a fragment for people.
    pub why: String,
    /// The file: foreign text.
    pub path: String,
    /// The line on which the statement begins, from 1; `None`: it is about the whole file.
    pub line: Option<u32>,
    /// The statement on one line, shortened: foreign text.
    pub statement: String,
}

/// What was found in all migrations together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The worst of all.
    pub safety: Safety,
    /// How many migrations there are.
    pub files: u32,
    /// The first of the worst; `None` where everything is plainly safe.
    pub worst: Option<Finding>,
}

/// What became of a file between two commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is new.
    Added,
    /// It was there before and reads differently.
    Changed,
    /// It is gone.
    Removed,
}

/// A migration as it stands in the later of two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migration {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub fate: Fate,
    /// Its text, or why it could not be read.
    pub text: Result<String, String>,
}

/// Judges migrations. The order does not matter: they count as of one time.
pub fn judge(migrations: &[Migration]) -> Judgement {
    let read = migrations.iter().take(MOST_FILES);
    let mut findings: Vec<Finding> = read.flat_map(|one| findings_in(one, migrations)).collect();
    if let Some(more) = migrations.get(MOST_FILES) {
        let why = format!("there are more than {MOST_FILES} migrations, and not all were read");
        findings.push(of_file(&more.path, Safety::Unknown, why));
    }
    let safety = findings.iter().map(|one| one.safety).max().unwrap_or(Safety::Safe);
    let worst = findings.into_iter().find(|one| one.safety == safety);
    let files = u32::try_from(migrations.len()).unwrap_or(u32::MAX);
    Judgement { safety, files, worst: worst.filter(|one| one.safety > Safety::Safe) }
}

/// What is worth a word in one file. What is plainly safe is not.
fn findings_in(migration: &Migration, all: &[Migration]) -> Vec<Finding> {
    let path = migration.path.as_str();
    let unknown = |why: &str| vec![of_file(path, Safety::Unknown, why)];
    if path::is_undo(path) {
        return Vec::new();
    }
    if path::is_dump(path) {
        // Rails writes the whole schema down beside each migration: the migration says what happened.
        let is_explained = all.iter().any(|one| path::is_rails(&one.path));
        return if is_explained {
            Vec::new()
        } else {
            unknown("the schema changed without a migration")
        };
    }
    if migration.fate == Fate::Removed {
        return unknown("the migration was taken away");
    }
    let text = match &migration.text {
        Ok(text) if text.len() > LONGEST_TEXT => {
            return unknown(&format!("it is longer than {} KiB", LONGEST_TEXT / 1024));
        }
        Ok(text) => text,
        Err(why) => return vec![of_file(path, Safety::Unknown, why.clone())],
    };
    let statements = match path.rsplit_once('.').map(|(_, ending)| ending) {
        Some("sql") => sql::judge(text),
        Some("rb") => ruby::judge(text),
        Some(_) | None => return unknown("it is in a language that I do not read"),
    };
    let mut findings: Vec<Finding> = statements.into_iter().map(|one| one.in_file(path)).collect();
    if migration.fate == Fate::Changed {
        findings.push(of_file(path, Safety::Unknown, "a migration was changed afterwards"));
    }
    findings
}

fn of_file(path: &str, safety: Safety, why: impl Into<String>) -> Finding {
    let (path, statement) = (path.to_owned(), String::new());
    Finding { safety, why: why.into(), path, line: None, statement }
}

/// A statement that is not plainly safe, in a file whose name its reader does not know.
struct Judged {
    safety: Safety,
    why: String,
    line: u32,
    statement: String,
}

impl Judged {
    fn in_file(self, path: &str) -> Finding {
        let Self { safety, why, line, statement } = self;
        Finding {
            safety,
            why,
            path: path.to_owned(),
            line: Some(line),
            statement: one_line(&statement),
        }
    }
}

/// On one line, shortened.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if let Some((end, _)) = line.char_indices().nth(LONGEST_STATEMENT) {
            line.truncate(end);
            line.push('…');
            break;
        }
    }
    line
}

/// What a comment says that declares a step safe: `repoint: safe`, with or without a reason after it.
const MARKER: &str = "repoint: safe";

fn declares_safe(comment: &str) -> bool {
    comment.trim_start_matches(['-', '#', '/', '*', ' ', '\t']).starts_with(MARKER)
}

/// Tables that came into being within the migrations at hand: code from before them relies on none.
type Created = BTreeSet<String>;

/// A name as databases compare it, without quotes and schema.
fn bare(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name);
    last.trim_matches(['"', '`', '[', ']', '\'', ':']).to_lowercase()
}
