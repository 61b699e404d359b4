//! How taking a bad change back would go, tried out on the trees alone: a three-way merge whose base is the bad change
//! and whose other side is what lay before it. Its result is what `git revert` makes, and no file is ever written.

use std::collections::BTreeSet;

use super::copy::View;
use super::error::GitError;
use super::find::Bad;
use super::name::is_id;
use crate::domain::change::Commit;
use crate::domain::fix::Outlook;

/// So many later commits that touch the files are looked for.
const MOST_LATER: &str = "--max-count=2000";

/// So many files git is asked about by name; where there are more, it tells all files of fewer commits.
const MOST_ASKED: usize = 300;
const FEWER_LATER: &str = "--max-count=200";

/// So many of them are named.
const NAMED: usize = 5;

/// So many files are named: foreign text, and plenty to read.
const MOST_FILES: usize = 300;

/// The line that git puts into a revert's message.
const REVERTS: &str = "This reverts commit ";

/// A revert that was tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// How it would go.
    pub outlook: Outlook,
    /// Later commits on main that changed the same files, newest first.
    pub later: Vec<Commit>,
    /// How many there are.
    pub later_count: u32,
    /// The commit that the bad change itself took back.
    pub brings_back: Option<Commit>,
    /// Files that would change besides those of the bad change.
    pub beyond: Vec<String>,
    /// The tree that main would have; only where the revert is clean.
    tree: Option<String>,
}

impl Tried {
    /// The tree that main would have, if the revert is clean.
    pub(super) fn tree(&self) -> Option<&str> {
        self.tree.as_deref()
    }
}

impl View {
    /// Tries out taking a bad change back. Changes nothing.
    ///
    /// # Errors
    /// When git fails.
    pub async fn try_out(&mut self, bad: &Bad) -> Result<Tried, GitError> {
        let touched = self.changed(&bad.base, &bad.head.sha).await?;
        let (outlook, tree) = self.merge(bad).await?;
        let mut same = touched.clone();
        let mut beyond = Vec::new();
        if let Outlook::Clean { files } = &outlook {
            same.extend(files.iter().cloned());
            beyond = files.iter().filter(|file| !touched.contains(*file)).cloned().collect();
        }
        let later = self.later(&bad.head.sha, &same).await?;
        Ok(Tried {
            outlook,
            later_count: u32::try_from(later.len()).unwrap_or(u32::MAX),
            later: later.into_iter().take(NAMED).collect(),
            brings_back: self.brings_back(bad).await?,
            beyond,
            tree,
        })
    }

    async fn merge(&mut self, bad: &Bad) -> Result<(Outlook, Option<String>), GitError> {
        let base = format!("--merge-base={}", bad.head.sha);
        let head = self.head.clone();
        let arguments = [
            "merge-tree",
            "--write-tree",
            "-z",
            "--name-only",
            "--no-messages",
            &base,
            "--end-of-options",
            &head,
            &bad.base,
        ];
        let (code, said) = self.told(&arguments, &[1]).await?;
        let mut words = names(&said);
        if words.is_empty() || !is_id(&words[0]) {
            return Err(GitError::Damaged("git gives no tree".to_owned()));
        }
        let tree = words.remove(0);
        if code == 1 {
            // This tree holds marks of the conflict: nothing is ever made of it.
            words.truncate(MOST_FILES);
            return Ok((Outlook::Conflicts { files: words }, None));
        }
        let now = format!("{head}^{{tree}}");
        if self.words(&["rev-parse", "--verify", "--end-of-options", &now]).await? == tree {
            return Ok((Outlook::AlreadyGone, None));
        }
        let files = self.changed(&head, &tree).await?.into_iter().take(MOST_FILES).collect();
        Ok((Outlook::Clean { files }, Some(tree)))
    }

    async fn changed(&mut self, from: &str, to: &str) -> Result<BTreeSet<String>, GitError> {
        let arguments =
            ["diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", from, to];
        Ok(names(&self.bytes(&arguments).await?).into_iter().collect())
    }

    /// What came to main after a commit and changed one of the files, newest first. What a merge brought counts once.
    async fn later(
        &mut self,
        after: &str,
        files: &BTreeSet<String>,
    ) -> Result<Vec<Commit>, GitError> {
        let range = format!("{after}..{}", self.head);
        let is_few = files.len() <= MOST_ASKED;
        let mut arguments = vec![
            "log",
            "-z",
            "--raw",
            "--no-renames",
            "--no-show-signature",
            "--first-parent",
            "--diff-merges=first-parent",
            "--format=%H %s",
            if is_few { MOST_LATER } else { FEWER_LATER },
            "--end-of-options",
            &range,
            "--",
        ];
        if is_few {
            arguments.extend(files.iter().map(String::as_str));
        }
        let text = self.bytes(&arguments).await?;
        Ok(touching(&String::from_utf8_lossy(&text), files))
    }

    /// The newest commit that one of the bad change's commits says to have taken back, if main had it.
    async fn brings_back(&mut self, bad: &Bad) -> Result<Option<Commit>, GitError> {
        let range = format!("{}..{}", bad.base, bad.head.sha);
        for row in self.rows(&["--end-of-options", &range]).await? {
            let named = row.body.lines().filter_map(|line| line.trim().strip_prefix(REVERTS));
            for named in named.take(3) {
                let id: String = named.chars().take_while(char::is_ascii_hexdigit).collect();
                match self.on_main(&id).await {
                    Ok(id) => return Ok(Some(self.row(&id).await?.commit)),
                    // A text may say anything.
                    Err(GitError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(None)
    }
}

/// The commits of `git log -z --raw` that touch one of the files. A path always follows its colon line, so no name can
/// pass for a commit.
fn touching(text: &str, files: &BTreeSet<String>) -> Vec<Commit> {
    let mut found: Vec<Commit> = Vec::new();
    let mut current: Option<Commit> = None;
    let mut words = text.split('\0').map(|word| word.trim_start_matches('\n'));
    while let Some(word) = words.next() {
        if word.starts_with(':') {
            let is_one = words.next().is_some_and(|path| files.contains(path));
            if is_one && let Some(commit) = current.take() {
                found.push(commit);
            }
        } else if let Some((sha, subject)) = word.split_once(' ') {
            let subject = subject.chars().filter(|c| !c.is_control()).take(200).collect();
            current = Some(Commit { sha: sha.to_owned(), subject });
        }
    }
    found
}

fn names(text: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    text.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}
