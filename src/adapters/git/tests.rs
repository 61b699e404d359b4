//! Over real repositories: what is found, what a revert would do, what is made of it.

mod damage;
mod finding;
mod making;
mod trying;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::adapters::secret::Secret;

/// A repository elsewhere with a work tree to make history in, and our copy of it.
pub(super) struct Bench {
    pub(super) folder: TempDir,
    pub(super) copy: Arc<Copy>,
}

impl Bench {
    /// One commit on main, `first`, with `a.txt` of nine lines.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("there");
        std::fs::create_dir(&path).unwrap();
        let url = url::Url::from_file_path(&path).unwrap();
        let cache = folder.path().join("cache");
        let copy = Copy::new(Remote { url, cache });
        let bench = Self { folder, copy };
        bench.git(&["init", "-q", "-b", "main"]);
        bench.git(&["config", "uploadpack.allowFilter", "true"]);
        bench.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        bench.commit("first", &[("a.txt", &lines(&[]))]);
        bench
    }

    pub(super) fn there(&self) -> std::path::PathBuf {
        self.folder.path().join("there")
    }

    pub(super) fn git(&self, arguments: &[&str]) -> String {
        git(&self.there(), arguments)
    }

    /// Writes files and commits them: its id.
    pub(super) fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (name, text) in files {
            let path = self.there().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.id("HEAD")
    }

    pub(super) fn id(&self, name: &str) -> String {
        self.git(&["rev-parse", name])
    }

    pub(super) async fn view(&self) -> View {
        self.copy.open("main", &nobody()).await.unwrap()
    }

    /// A branch `work` with two commits to `b.txt` and `c.txt`, and one on main meanwhile.
    pub(super) fn branch_of_two(&self) -> String {
        self.git(&["checkout", "-q", "-b", "work"]);
        self.commit("part one", &[("b.txt", "b\n")]);
        let tip = self.commit("part two", &[("c.txt", "c\n")]);
        self.git(&["checkout", "-q", "main"]);
        self.commit("meanwhile", &[("d.txt", "d\n")]);
        tip
    }
}

/// The token of a repository that asks for none.
pub(super) fn nobody() -> Secret {
    Secret::new("")
}

/// Nine lines of which some say something else.
pub(super) fn lines(changed: &[(usize, &str)]) -> String {
    let line = |number: usize| {
        let other = changed.iter().find(|(at, _)| *at == number);
        other.map_or_else(|| format!("line {number}\n"), |(_, text)| format!("{text}\n"))
    };
    (1..=9).map(line).collect()
}

pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(folder).args(arguments).env_clear();
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    command.envs([
        ("HOME", folder.to_str().unwrap()),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ana"),
        ("GIT_AUTHOR_EMAIL", "ana@example.com"),
        ("GIT_COMMITTER_NAME", "Ana"),
        ("GIT_COMMITTER_EMAIL", "ana@example.com"),
    ]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?} {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
