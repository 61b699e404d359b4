//! The real repository behind the model: git itself is asked. It has a temporary folder of its own, and no configuration but
//! that one is read.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use super::seed::Row;

/// A bare repository.
#[derive(Debug)]
pub(super) struct Repository {
    folder: tempfile::TempDir,
    /// The ids of the commits that it was made with, by their numbers.
    pub(super) made: BTreeMap<u32, String>,
}

/// A commit as git has it.
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
pub(super) struct Comparison {
    pub(super) base: CommitRow,
    pub(super) merge_base: CommitRow,
    pub(super) ahead: usize,
    pub(super) behind: usize,
    /// Oldest first.
    pub(super) commits: Vec<CommitRow>,
    pub(super) files: Vec<FileRow>,
}

const FIELDS: &str = "--format=%H%x1f%T%x1f%P%x1f%an%x1f%ae%x1f%aI%x1f%B%x1e";

fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(folder)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_DIR", folder)
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    git
}

/// Whether git is installed.
pub(super) fn has_git() -> bool {
    let asked = Command::new("git").arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

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
        let mut import = git(repository.folder.path())
            .args(["fast-import", "--quiet", "--force", "--export-marks=marks"])
            .stdin(Stdio::piped())
            .spawn()
            .context("git cannot be started")?;
        let mut stdin = import.stdin.take().context("git takes nothing in")?;
        stdin.write_all(&stream_of(history))?;
        drop(stdin);
        if !import.wait()?.success() {
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

    /// What git says; an error is its own sentence.
    fn ask(&self, arguments: &[&str]) -> anyhow::Result<Vec<u8>> {
        let output = git(self.folder.path()).args(arguments).output().context("git")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(output.stdout)
    }

    fn words(&self, arguments: &[&str]) -> anyhow::Result<String> {
        Ok(String::from_utf8(self.ask(arguments)?)?.trim().to_owned())
    }

    /// Whether a full id is one of a commit here.
    pub(super) fn has(&self, sha: &str) -> bool {
        is_id(sha) && self.words(&["cat-file", "-t", sha]).is_ok_and(|kind| kind == "commit")
    }

    /// How two commits stand to each other, by their full ids.
    pub(super) fn compare(&self, base: &str, head: &str) -> anyhow::Result<Comparison> {
        let merge_base = self.words(&["merge-base", base, head])?;
        let count =
            self.words(&["rev-list", "--left-right", "--count", &format!("{base}...{head}")])?;
        let (behind, ahead) = count.split_once('\t').context("two numbers")?;
        let one = |sha: &str| -> anyhow::Result<CommitRow> {
            self.commits(&["log", "--no-walk", FIELDS, sha])?.pop().context("a commit")
        };
        let range = format!("{base}..{head}");
        let diff = ["diff", "--raw", "--numstat", "-z", "-M", "--abbrev=40", &merge_base, head];
        Ok(Comparison {
            base: one(base)?,
            merge_base: one(&merge_base)?,
            ahead: ahead.parse()?,
            behind: behind.parse()?,
            commits: self.commits(&["log", "--reverse", FIELDS, &range])?,
            files: files(&String::from_utf8(self.ask(&diff)?)?),
        })
    }

    fn commits(&self, arguments: &[&str]) -> anyhow::Result<Vec<CommitRow>> {
        let text = String::from_utf8(self.ask(arguments)?)?;
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

fn is_id(sha: &str) -> bool {
    sha.len() == 40 && sha.bytes().all(|b| b.is_ascii_hexdigit())
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
