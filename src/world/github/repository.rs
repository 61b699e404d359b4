//! The real repository behind the model: git itself is asked. It has a temporary folder of its own, and no
//! configuration but that one is read.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::git;
use super::seed::Row;

/// A bare repository.
#[derive(Debug)]
pub(super) struct Repository {
    folder: tempfile::TempDir,
    /// The ids of the commits that it was made with, by their numbers.
    pub(super) made: BTreeMap<u32, String>,
}

/// A commit as git has it.
#[derive(Clone, Debug)]
pub(super) struct CommitRow {
    pub(super) sha: String,
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    pub(super) author: String,
    pub(super) email: String,
    pub(super) at: String,
    pub(super) message: String,
}

/// A file that differs between two commits.
#[derive(Clone, Debug)]
pub(super) struct FileRow {
    /// git's letter for what became of it.
    pub(super) letter: char,
    pub(super) sha: String,
    pub(super) path: String,
    pub(super) previous: Option<String>,
    pub(super) additions: u64,
    pub(super) deletions: u64,
}

/// How two commits stand to each other.
#[derive(Clone, Debug)]
pub(super) struct Comparison {
    pub(super) base: CommitRow,
    pub(super) merge_base: CommitRow,
    pub(super) ahead: usize,
    pub(super) behind: usize,
    /// Oldest first.
    pub(super) commits: Vec<CommitRow>,
    pub(super) files: Vec<FileRow>,
}

/// Clients may fetch without files, and any commit by its id.
const CONFIG: &str = "[http]\n\treceivepack = true\n[uploadpack]\n\tallowFilter = true\n\tallowAnySHA1InWant = true\n\
                      [gc]\n\tauto = 0\n[receive]\n\tautogc = false\n";

/// git asks it before it moves a branch that somebody pushed. The sentences are GitHub's.
const UPDATE_HOOK: &str = "#!/bin/sh
[ \"$1\" = refs/heads/main ] || exit 0
echo 'error: GH006: Protected branch update failed for refs/heads/main.' >&2
echo 'error: Changes must be made through a pull request.' >&2
exit 1
";

const FIELDS: &str = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%B%x1e";

impl Repository {
    /// A repository with this history.
    pub(super) fn make(history: &[Row]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("no temporary folder")?;
        let mut repository = Self { folder, made: BTreeMap::new() };
        repository.ask(&[
            "init",
            "--bare",
            "--quiet",
            "--initial-branch=main",
            "--template=",
            ".",
        ])?;
        repository.serves()?;
        let mut import = git::command(repository.path());
        import.args(["fast-import", "--quiet", "--force", "--export-marks=marks"]);
        if !git::run(&mut import, &stream_of(history))?.status.success() {
            bail!("git does not take the history");
        }
        let marks = std::fs::read_to_string(repository.folder.path().join("marks"))?;
        let marks = marks.lines().filter_map(|line| {
            let (mark, sha) = line.strip_prefix(':')?.split_once(' ')?;
            Some((mark.parse().ok()?, sha.to_owned()))
        });
        repository.made = marks.collect();
        Ok(repository)
    }

    /// What makes it one that clients clone from and push to, but for its main branch.
    fn serves(&self) -> anyhow::Result<()> {
        let config = self.path().join("config");
        let text = std::fs::read_to_string(&config)? + CONFIG;
        std::fs::write(config, text)?;
        let hooks = self.path().join("hooks");
        std::fs::create_dir_all(&hooks)?;
        let hook = hooks.join("update");
        std::fs::write(&hook, UPDATE_HOOK)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            std::fs::set_permissions(hook, std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    /// Where it lies.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// What git says; an error is its own sentence.
    pub(super) fn ask(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = git::run(git::command(self.path()).args(arguments), &[])?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(output.stdout)
    }

    pub(super) fn words(&self, arguments: &[&str]) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.ask(arguments)?)?.trim().to_owned())
    }

    /// The full id of a commit here, by that or by the beginning of it.
    pub(super) fn commit_named(&self, id: &str) -> Option<String> {
        let is_id = id.len() >= 4 && id.len() <= 40 && id.bytes().all(|b| b.is_ascii_hexdigit());
        let name = format!("{id}^{{commit}}");
        let asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
        is_id.then(|| self.words(&asked).ok()).flatten()
    }

    /// Every branch with the commit that it points at.
    pub(super) fn branches(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let format = "--format=%(refname:lstrip=2) %(objectname)";
        let text = self.words(&["for-each-ref", format, "refs/heads"])?;
        let rows = text.lines().filter_map(|row| row.rsplit_once(' '));
        Ok(rows.map(|(name, sha)| (name.to_owned(), sha.to_owned())).collect())
    }

    /// How two commits stand to each other, by their full ids.
    pub(super) fn compare(&self, base: &str, head: &str) -> anyhow::Result<Comparison> {
        let merge_base = self.words(&["merge-base", base, head])?;
        let count =
            self.words(&["rev-list", "--left-right", "--count", &format!("{base}...{head}")])?;
        let (behind, ahead) = count.split_once('\t').context("two numbers")?;
        let range = format!("{base}..{head}");
        let diff = ["diff", "--raw", "--numstat", "-z", "-M", "--abbrev=40", &merge_base, head];
        Ok(Comparison {
            base: self.commit(base)?,
            merge_base: self.commit(&merge_base)?,
            ahead: ahead.parse()?,
            behind: behind.parse()?,
            commits: self.log(&["--reverse", &range])?,
            files: files(&String::from_utf8(self.ask(&diff)?)?),
        })
    }

    /// A commit by its full id.
    pub(super) fn commit(&self, sha: &str) -> anyhow::Result<CommitRow> {
        self.log(&["--no-walk", sha])?.pop().context("a commit")
    }

    /// What a commit changed against the one before it.
    pub(super) fn changes(&self, sha: &str) -> anyhow::Result<Vec<FileRow>> {
        let diff = ["diff-tree", "-r", "--root", "--no-commit-id", "-m", "--first-parent", "--raw"];
        let rest = ["--numstat", "-z", "-M", "--abbrev=40", sha];
        Ok(files(&String::from_utf8(self.ask(&[&diff[..], &rest].concat())?)?))
    }

    /// Commits, as `git log` finds them.
    pub(super) fn log(&self, arguments: &[&str]) -> anyhow::Result<Vec<CommitRow>> {
        let text = String::from_utf8(self.ask(&[&["log", FIELDS], arguments].concat())?)?;
        Ok(text.split('\x1e').filter_map(|row| commit(row.trim_start())).collect())
    }

    /// The id and the bytes of a file as of a commit; `None` where there is none.
    pub(super) fn file(&self, sha: &str, path: &str) -> Option<(String, Vec<u8>)> {
        let name = format!("{sha}:{path}");
        let blob =
            self.words(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]).ok()?;
        let bytes = self.ask(&["cat-file", "blob", &blob]).ok()?;
        Some((blob, bytes))
    }
}

/// The history as `git fast-import` reads it.
fn stream_of(history: &[Row]) -> Vec<u8> {
    let mut stream = String::new();
    for row in history {
        let mail = row.author.split(' ').next().unwrap_or_default().to_lowercase();
        let who = format!("{} <{mail}@example.com> {} +0000", row.author, row.at);
        let message = row.message;
        stream += &format!("commit refs/heads/{}\nmark :{}\n", row.branch, row.mark);
        stream += &format!("author {who}\ncommitter {who}\ndata {}\n{message}\n", message.len());
        if let Some(parent) = row.parent {
            stream += &format!("from :{parent}\n");
        }
        for (path, text) in row.files {
            stream += &format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len());
        }
        stream.push('\n');
    }
    stream.into_bytes()
}

fn commit(row: &str) -> Option<CommitRow> {
    let mut fields = row.splitn(7, '\x1f').map(str::to_owned);
    let mut next = || fields.next();
    Some(CommitRow {
        sha: next()?,
        tree: next()?,
        parents: next()?.split_whitespace().map(str::to_owned).collect(),
        author: next()?,
        email: next()?,
        at: next()?,
        message: next()?.trim_end().to_owned(),
    })
}

/// `git diff --raw --numstat -z`: first what became of each file, then how many lines.
fn files(text: &str) -> Vec<FileRow> {
    let mut words = text.split('\0').filter(|word| !word.is_empty()).peekable();
    let mut rows = Vec::new();
    while let Some(raw) = words.next_if(|word| word.starts_with(':')) {
        let parts: Vec<&str> = raw.split(' ').collect();
        let letter = parts.get(4).and_then(|kind| kind.chars().next()).unwrap_or('M');
        let first = words.next().unwrap_or_default().to_owned();
        let second =
            matches!(letter, 'R' | 'C').then(|| words.next().unwrap_or_default().to_owned());
        let (path, previous) = match second {
            Some(path) => (path, Some(first)),
            None => (first, None),
        };
        let sha = parts.get(3).unwrap_or(&"").to_string();
        rows.push(FileRow { letter, sha, path, previous, additions: 0, deletions: 0 });
    }
    for row in &mut rows {
        let Some(counts) = words.next() else { break };
        let mut counts = counts.split('\t').map(|count| count.parse().unwrap_or_default());
        (row.additions, row.deletions) =
            (counts.next().unwrap_or_default(), counts.next().unwrap_or_default());
        if row.previous.is_some() {
            // Both names follow.
            words.next();
            words.next();
        }
    }
    rows
}
