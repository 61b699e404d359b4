//! What a bad change is made of: its commits, what lies before it, and how it came to main.

use std::collections::VecDeque;

use super::copy::View;
use super::error::GitError;
use super::name::{is_id, is_prefix};
use crate::domain::change::Commit;
use crate::domain::fix::Shape;

/// So many commits may be taken back as one; more are not one bad change.
const MOST_COMMITS: u32 = 200;

/// A bad change on main.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bad {
    /// Its newest commit.
    pub head: Commit,
    /// The last commit before it.
    pub base: String,
    /// How it came to main.
    pub shape: Shape,
    /// How many commits it is.
    pub commits: u32,
}

/// A commit as git has it.
pub(super) struct Row {
    pub(super) commit: Commit,
    pub(super) parents: Vec<String>,
    /// Who wrote it when, which survives being put on another place.
    origin: String,
    pub(super) body: String,
}

impl View {
    /// The full id of a commit that is on main, by its beginning or as a whole.
    ///
    /// # Errors
    /// In a sentence, if there is none or more than one.
    pub async fn on_main(&mut self, typed: &str) -> Result<String, GitError> {
        if !is_prefix(typed) {
            return Err(refused("that is no commit id: give seven digits of it at least"));
        }
        let wanted = format!("--disambiguate={typed}");
        let candidates = self.words(&["rev-parse", &wanted]).await?;
        let mut found = Vec::new();
        for candidate in candidates.lines().filter(|line| is_id(line)).take(20) {
            if self.is_before_main(candidate).await? {
                found.push(candidate.to_owned());
            }
        }
        match found.len() {
            1 => Ok(found.remove(0)),
            0 => Err(refused(&format!("main has no commit {typed}"))),
            _ => Err(refused(&format!(
                "several commits of main begin with {typed}: give more digits of it"
            ))),
        }
    }

    /// Whether main has it. What is here and no commit is not on main.
    pub(super) async fn is_before_main(&mut self, id: &str) -> Result<bool, GitError> {
        let kind = self.told(&["cat-file", "-t", id], &[1, 128]).await?;
        if kind.1 != b"commit\n" {
            return Ok(false);
        }
        let head = self.head.clone();
        self.is_ancestor(id, &head).await
    }

    async fn is_ancestor(&mut self, id: &str, of: &str) -> Result<bool, GitError> {
        let (code, _) = self.told(&["merge-base", "--is-ancestor", id, of], &[1]).await?;
        Ok(code == 0)
    }

    /// One commit of main by itself, whatever brought it.
    ///
    /// # Errors
    /// When it is the very first one, or git fails.
    pub async fn alone(&mut self, id: &str) -> Result<Bad, GitError> {
        let row = self.row(id).await?;
        let Some(base) = row.parents.first().cloned() else {
            return Err(refused("the very first commit cannot be taken back"));
        };
        if row.parents.len() == 1 {
            return Ok(Bad { head: row.commit, base, shape: Shape::Single, commits: 1 });
        }
        let commits = self.count(&base, id).await?;
        Ok(Bad { head: row.commit, base, shape: Shape::Merge, commits })
    }

    /// Everything after `base` up to `head`, both on main.
    ///
    /// # Errors
    /// When that is nothing, or too much.
    pub async fn range(&mut self, base: &str, head: &str) -> Result<Bad, GitError> {
        let (base, head) = (self.on_main(base).await?, self.on_main(head).await?);
        if base == head || !self.is_ancestor(&base, &head).await? {
            return Err(refused("the first commit of a range must come before the second"));
        }
        let commits = self.count(&base, &head).await?;
        let shape = if commits == 1 { Shape::Single } else { Shape::Range };
        Ok(Bad { head: self.row(&head).await?.commit, base, shape, commits })
    }

    /// What a merged pull request brought: `merged` is the commit on main that its merge ended with, `tip` its own
    /// newest commit, `commits` how many it had. Merged by a merge commit, squashed to one, or put on main one by one.
    ///
    /// # Errors
    /// When it is not on main, or nobody can tell any more.
    pub async fn brought(
        &mut self,
        merged: &str,
        tip: &str,
        commits: u32,
    ) -> Result<Bad, GitError> {
        let merged = self.on_main(merged).await?;
        let alone = self.alone(&merged).await?;
        if alone.shape == Shape::Merge || commits <= 1 {
            return Ok(alone);
        }
        let count = if tip == merged { commits } else { self.put_on_main(&merged, tip).await? };
        if count <= 1 {
            return Ok(alone);
        }
        let below = format!("{merged}~{count}");
        let base = self.words(&["rev-parse", "--verify", "--end-of-options", &below]).await?;
        self.range(&base, &merged).await
    }

    /// How many commits up to `merged` are those of a pull request, told by who wrote them when. A squash is written by
    /// the merge, so it is none of them.
    async fn put_on_main(&mut self, merged: &str, tip: &str) -> Result<u32, GitError> {
        if !is_id(tip) {
            return Err(refused("the pull request's newest commit has no full id"));
        }
        let place = format!("+{tip}:refs/repoint/tip");
        match self.fetch(&place).await {
            Err(GitError::Missing(_) | GitError::Unreachable(_)) => {
                return Err(refused(
                    "nobody can tell any more whether that pull request was squashed: name its commits as a range",
                ));
            }
            other => other?,
        }
        let besides = format!("^{merged}");
        let own = self.rows(&["--no-merges", "--end-of-options", tip, &besides]).await?;
        let mut own: VecDeque<String> = own.into_iter().map(|row| row.origin).collect();
        let on_main = self.rows(&["--first-parent", "--end-of-options", merged]).await?;
        let mut count = 0;
        for row in on_main {
            // Commits that became empty were left out on the way.
            while own.front().is_some_and(|origin| *origin != row.origin)
                && own.contains(&row.origin)
            {
                own.pop_front();
            }
            if own.front() != Some(&row.origin) {
                break;
            }
            own.pop_front();
            count += 1;
        }
        Ok(count)
    }

    async fn count(&mut self, base: &str, head: &str) -> Result<u32, GitError> {
        let range = format!("{base}..{head}");
        let count = self.words(&["rev-list", "--count", "--end-of-options", &range]).await?;
        match count.parse() {
            Ok(count) if count <= MOST_COMMITS => Ok(count),
            Ok(count) => Err(refused(&format!(
                "that are {count} commits, and at most {MOST_COMMITS} are taken back at once"
            ))),
            Err(_) => Err(GitError::Damaged("git does not count".to_owned())),
        }
    }

    /// One commit.
    pub(super) async fn row(&mut self, id: &str) -> Result<Row, GitError> {
        let mut rows = self.rows(&["--no-walk", "--end-of-options", id]).await?;
        rows.pop().ok_or_else(|| GitError::Damaged("git does not show a commit".to_owned()))
    }

    /// Commits, newest first.
    pub(super) async fn rows(&mut self, which: &[&str]) -> Result<Vec<Row>, GitError> {
        let most = format!("--max-count={MOST_COMMITS}");
        let mut arguments =
            vec!["log", "-z", "--no-show-signature", "--format=%H%n%P%n%ae %at%n%s%n%B", &most];
        arguments.extend(which);
        let text = self.bytes(&arguments).await?;
        Ok(String::from_utf8_lossy(&text).split('\0').filter_map(row).collect())
    }
}

fn row(text: &str) -> Option<Row> {
    let mut lines = text.splitn(5, '\n');
    let sha = lines.next().filter(|line| is_id(line))?.to_owned();
    let parents = lines.next()?.split_whitespace().map(str::to_owned).collect();
    let (written, subject) = (lines.next()?, lines.next()?);
    let origin = format!("{written} {subject}");
    let subject = subject.chars().filter(|c| !c.is_control()).take(200).collect();
    let commit = Commit { sha, subject };
    Some(Row { commit, parents, origin, body: lines.next().unwrap_or_default().to_owned() })
}

pub(super) fn refused(why: &str) -> GitError {
    GitError::Refused(why.to_owned())
}
