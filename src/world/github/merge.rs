//! What the model writes into its repository: merges of pull requests and commits of teammates. Nobody's clock is
//! asked, so the same acts at the same times give the same ids.

use std::process::Command;

use anyhow::{Context as _, bail};

use super::git;
use super::repository::Repository;
use crate::domain::time::Timestamp;

/// How a pull request becomes part of its base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeMethod {
    /// A commit with two parents.
    Merge,
    /// One commit with all that it brings.
    Squash,
    /// Its commits, one after the other.
    Rebase,
}

impl MergeMethod {
    /// GitHub's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Squash => "squash",
            Self::Rebase => "rebase",
        }
    }

    pub(super) fn read(word: &str) -> Option<Self> {
        [Self::Merge, Self::Squash, Self::Rebase].into_iter().find(|one| one.word() == word)
    }
}

/// Who wrote something, and when.
#[derive(Clone, Copy)]
pub(super) struct Author<'a> {
    pub(super) name: &'a str,
    pub(super) at: Timestamp,
}

impl Author<'_> {
    fn email(&self) -> String {
        let first = self.name.split(' ').next().unwrap_or_default().to_lowercase();
        format!("{first}@example.com")
    }

    fn date(&self) -> String {
        format!("{} +0000", self.at.0.div_euclid(1000))
    }
}

/// What is to be merged: the tips of both sides by their full ids, and the words for the new commit.
pub(super) struct Merging<'a> {
    pub(super) base: &'a str,
    pub(super) head: &'a str,
    pub(super) method: MergeMethod,
    pub(super) message: &'a str,
    pub(super) author: Author<'a>,
}

/// A commit that somebody makes on a branch.
pub(super) struct Writing<'a> {
    pub(super) branch: &'a str,
    pub(super) parent: &'a str,
    pub(super) message: &'a str,
    pub(super) files: &'a [(&'a str, &'a str)],
    pub(super) author: Author<'a>,
}

impl Repository {
    /// The tree of a merge; `None` where both sides changed the same lines.
    pub(super) fn merged_tree(&self, base: &str, head: &str) -> anyhow::Result<Option<String>> {
        self.tree_of(&["merge-tree", "--write-tree", "--no-messages", base, head])
    }

    /// Makes the commits of a merge, and answers the last one's id; `None` where there is a conflict. No branch moves.
    pub(super) fn merge(&self, merging: &Merging<'_>) -> anyhow::Result<Option<String>> {
        let &Merging { base, head, method, message, author } = merging;
        let parents: &[&str] = match method {
            MergeMethod::Rebase => return self.rebase(base, head),
            MergeMethod::Merge => &[base, head],
            MergeMethod::Squash => &[base],
        };
        let Some(tree) = self.merged_tree(base, head)? else { return Ok(None) };
        let mut command = self.commit_tree(&tree, parents);
        let (email, date) = (author.email(), author.date());
        command
            .envs([("GIT_AUTHOR_NAME", author.name), ("GIT_AUTHOR_EMAIL", &email)])
            .envs([("GIT_COMMITTER_NAME", "GitHub"), ("GIT_COMMITTER_EMAIL", "noreply@github.com")])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)]);
        written(&mut command, message).map(Some)
    }

    /// Makes the commit that takes back what a merged pull request brought to the base as `merged`, a merge or one
    /// squashed commit; `None` where later changes stand in the way, or nothing of it is left. No branch moves.
    pub(super) fn revert(
        &self,
        base: &str,
        merged: &str,
        message: &str,
        author: Author<'_>,
    ) -> anyhow::Result<Option<String>> {
        let (from, before) = (format!("--merge-base={merged}"), format!("{merged}^1"));
        let merge = ["merge-tree", "--write-tree", "--no-messages", &from, base, &before];
        let Some(tree) = self.tree_of(&merge)? else { return Ok(None) };
        if tree == self.words(&["rev-parse", &format!("{base}^{{tree}}")])? {
            return Ok(None);
        }
        let mut command = self.commit_tree(&tree, &[base]);
        let (email, date) = (author.email(), author.date());
        command
            .envs([("GIT_AUTHOR_NAME", author.name), ("GIT_AUTHOR_EMAIL", &email)])
            .envs([("GIT_COMMITTER_NAME", "GitHub"), ("GIT_COMMITTER_EMAIL", "noreply@github.com")])
            .envs([("GIT_AUTHOR_DATE", &date), ("GIT_COMMITTER_DATE", &date)]);
        written(&mut command, message).map(Some)
    }

    /// Each commit again, on top of the base, with its own author and date.
    fn rebase(&self, base: &str, head: &str) -> anyhow::Result<Option<String>> {
        let mut tip = base.to_owned();
        for row in self.log(&["--reverse", "--no-merges", &format!("{base}..{head}")])? {
            let before = format!("--merge-base={}^", row.sha);
            let merge = ["merge-tree", "--write-tree", "--no-messages", &before, &tip, &row.sha];
            let Some(tree) = self.tree_of(&merge)? else { return Ok(None) };
            let mut command = self.commit_tree(&tree, &[&tip]);
            command
                .envs([("GIT_AUTHOR_NAME", &row.author), ("GIT_AUTHOR_EMAIL", &row.email)])
                .envs([("GIT_COMMITTER_NAME", &row.author), ("GIT_COMMITTER_EMAIL", &row.email)])
                .envs([("GIT_AUTHOR_DATE", &row.at), ("GIT_COMMITTER_DATE", &row.at)]);
            tip = written(&mut command, &row.message)?;
        }
        Ok(Some(tip))
    }

    /// Exit code 1 is a conflict, and what it printed must not be used.
    fn tree_of(&self, merge: &[&str]) -> anyhow::Result<Option<String>> {
        let output = git::run(git::command(self.path()).args(merge), &[])?;
        match output.status.code() {
            Some(0) => Ok(Some(String::from_utf8(output.stdout)?.trim().to_owned())),
            Some(1) => Ok(None),
            _ => bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    }

    fn commit_tree(&self, tree: &str, parents: &[&str]) -> Command {
        let mut command = git::command(self.path());
        command.args(["commit-tree", "-F", "-"]);
        for parent in parents {
            command.args(["-p", parent]);
        }
        command.arg(tree);
        command
    }

    /// Moves a branch from one commit to another, if it is still there. An empty `from` makes the branch.
    pub(super) fn move_branch(&self, branch: &str, from: &str, to: &str) -> anyhow::Result<()> {
        let name = format!("refs/heads/{branch}");
        let from = if from.is_empty() { NOBODY } else { from };
        self.ask(&["update-ref", "--end-of-options", &name, to, from]).map(drop)
    }

    /// Commits files on top of `parent` and points the branch there, wherever it was before.
    pub(super) fn write(&self, writing: &Writing<'_>) -> anyhow::Result<String> {
        let &Writing { branch, parent, message, files, author } = writing;
        let who = format!("{} <{}> {}", author.name, author.email(), author.date());
        let mut stream = format!(
            "feature get-mark\ncommit refs/heads/{branch}\nmark :1\nauthor {who}\ncommitter {who}\n\
             data {}\n{message}\nfrom {parent}\n",
            message.len()
        );
        for (path, text) in files {
            stream += &format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        }
        stream += "\nget-mark :1\n";
        let mut import = git::command(self.path());
        import.args(["fast-import", "--quiet", "--force"]);
        let output = git::run(&mut import, stream.as_bytes())?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }
}

/// Where a branch is that is not there yet.
pub(super) const NOBODY: &str = "0000000000000000000000000000000000000000";

fn written(command: &mut Command, message: &str) -> anyhow::Result<String> {
    let output = git::run(command, message.as_bytes())?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    String::from_utf8(output.stdout).map(|id| id.trim().to_owned()).context("an id")
}
