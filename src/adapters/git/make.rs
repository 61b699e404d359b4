//! Makes a revert's commit and puts it on its branch. A branch that is there is never moved behind somebody's back.

use super::copy::View;
use super::error::{GitError, complaint, last_line};
use super::find::{Bad, refused};
use super::name::{is_branch, is_id};
use super::trial::Tried;
use crate::domain::fix::Shape;
use crate::domain::ids::IncidentId;
use crate::domain::time::Timestamp;

/// Whose commits these are. The domain is reserved, so that it is nobody's account.
const AUTHOR: [(&str, &str); 4] = [
    ("GIT_AUTHOR_NAME", "Repoint"),
    ("GIT_AUTHOR_EMAIL", "repoint@repoint.invalid"),
    ("GIT_COMMITTER_NAME", "Repoint"),
    ("GIT_COMMITTER_EMAIL", "repoint@repoint.invalid"),
];

/// So many commits are named in a revert's message.
const NAMED: usize = 50;

/// What a branch on the other side holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tip {
    /// There is no such branch.
    None,
    /// Nothing but what main has: a place that was prepared.
    Prepared(String),
    /// Something that main does not have.
    Ahead(String),
}

/// What came of a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// The branch is where it should be.
    Done,
    /// Somebody was there first.
    Moved,
}

impl View {
    /// What is on a branch.
    ///
    /// # Errors
    /// When the name is none, or git fails.
    pub async fn tip(&mut self, branch: &str) -> Result<Tip, GitError> {
        let full = full_name(branch)?;
        let Some(sha) = self.place(&full).await? else { return Ok(Tip::None) };
        self.fetch(&format!("+{full}:refs/repoint/branch")).await?;
        Ok(if self.is_before_main(&sha).await? { Tip::Prepared(sha) } else { Tip::Ahead(sha) })
    }

    /// Where a branch is on the other side, by its full name.
    async fn place(&mut self, full: &str) -> Result<Option<String>, GitError> {
        let arguments = ["ls-remote", "--quiet", "--end-of-options", "origin", full];
        let said = self.words(&arguments).await?;
        let mut lines = said.lines().filter_map(|line| line.split_once('\t'));
        let line = lines.find(|(sha, name)| *name == full && is_id(sha));
        Ok(line.map(|(sha, _)| sha.to_owned()))
    }

    /// Makes the commit that takes a bad change back, over main as it is in this visit. It is on no branch yet.
    ///
    /// # Errors
    /// When the trial was not clean, or git fails.
    pub async fn commit(
        &mut self,
        bad: &Bad,
        tried: &Tried,
        incident: IncidentId,
        at: Timestamp,
    ) -> Result<String, GitError> {
        let Some(tree) = tried.tree() else {
            return Err(refused("only a clean revert can be made"));
        };
        let message = self.message(bad, incident).await?;
        let head = self.head.clone();
        let date = format!("{} +0000", at.0 / 1000);
        let mut environment = AUTHOR.to_vec();
        environment.extend([("GIT_AUTHOR_DATE", &*date), ("GIT_COMMITTER_DATE", &*date)]);
        let arguments = ["commit-tree", "-p", &head, "-F", "-", tree];
        self.fed(&arguments, &message, &environment).await
    }

    async fn message(&mut self, bad: &Bad, incident: IncidentId) -> Result<String, GitError> {
        let subject = &bad.head.subject;
        let mut message = match bad.shape {
            Shape::Single | Shape::Merge => format!("Revert \"{subject}\"\n\n"),
            Shape::Range => format!("Revert {} commits up to \"{subject}\"\n\n", bad.commits),
        };
        let mut reverted = vec![bad.head.sha.clone()];
        if bad.shape == Shape::Range {
            let range = format!("{}..{}", bad.base, bad.head.sha);
            let rows = self.rows(&["--first-parent", "--end-of-options", &range]).await?;
            reverted = rows.into_iter().map(|row| row.commit.sha).take(NAMED).collect();
        }
        for sha in reverted {
            message += &format!("This reverts commit {sha}.\n");
        }
        // Without the number sign, which would point at a pull request.
        message += &format!("\nRepoint incident {}.\n", incident.0);
        Ok(message)
    }

    /// Puts a commit on a branch that is still as it was seen.
    ///
    /// # Errors
    /// When it was refused, or when nobody can tell what came of it.
    pub async fn push(
        &mut self,
        branch: &str,
        commit: &str,
        seen: &Tip,
    ) -> Result<Pushed, GitError> {
        let full = full_name(branch)?;
        let expected = match seen {
            Tip::None => "",
            Tip::Prepared(sha) | Tip::Ahead(sha) => sha,
        };
        if !is_id(commit) || !(expected.is_empty() || is_id(expected)) {
            return Err(refused("that is no full commit id"));
        }
        let lease = format!("--force-with-lease={full}:{expected}");
        let what = format!("{commit}:{full}");
        let arguments = [
            "push",
            "--quiet",
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            &lease,
            "--end-of-options",
            "origin",
            &what,
        ];
        let said = self.raw(&arguments).await.map_err(unsure)?;
        if said.code == 0 {
            return Ok(Pushed::Done);
        }
        let told = String::from_utf8_lossy(&said.out).into_owned();
        let refusals: Vec<&str> = told.lines().filter(|line| line.starts_with('!')).collect();
        // What speaks HTTP for git repeats a request whose answer was lost. The second one is refused, for the first.
        if !refusals.is_empty()
            && self.place(&full).await.map_err(unsure)?.as_deref() == Some(commit)
        {
            return Ok(Pushed::Done);
        }
        not_pushed(&refusals, &said.complaint)
    }
}

/// What a push that did not do it came to, by git's lines about the branch.
fn not_pushed(refusals: &[&str], said: &str) -> Result<Pushed, GitError> {
    if refusals.iter().any(|line| line.contains("(stale info)")) {
        return Ok(Pushed::Moved);
    }
    // "remote failure" is none of these: then nobody reported.
    match refusals.iter().find(|line| line.contains("rejected]")) {
        Some(line) => Err(refused(&format!("the branch was not taken: {}", reason(line)))),
        None => Err(unsure(complaint(said))),
    }
}

fn full_name(branch: &str) -> Result<String, GitError> {
    if !is_branch(branch) {
        return Err(refused("that is no name of a branch"));
    }
    Ok(format!("refs/heads/{branch}"))
}

/// What the other side said in brackets.
fn reason(line: &str) -> String {
    let within = line.rsplit_once('(').map_or(line, |(_, rest)| rest.trim_end_matches(')'));
    last_line(within)
}

/// A push that broke off may have been carried out. Only a closed door is a sure no.
fn unsure(error: GitError) -> GitError {
    match error {
        GitError::Unreachable(why) | GitError::Damaged(why) => GitError::Unsure(why),
        other => other,
    }
}
