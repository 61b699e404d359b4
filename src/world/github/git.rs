//! One git process: no configuration but the repository's own is read, and none runs for ever.
//!
//! Next: `repository.rs` asks questions with it, `merge.rs` writes, `git_http.rs` lets clients in.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::Context as _;

use crate::adapters::git::program;

/// Nothing that is asked here takes a tenth of it, on the slowest machine.
const LONGEST: Duration = Duration::from_secs(30);

/// A git that works in this folder and knows of no other.
pub(super) fn command(folder: &Path) -> Command {
    let mut git = Command::new(program());
    git.current_dir(folder)
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_DIR", folder);
    git
}

/// Whether git is installed.
pub(super) fn is_installed() -> bool {
    let asked = Command::new("git").arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Runs a process to its end, or ends it when it takes too long.
pub(super) fn run(command: &mut Command, input: &[u8]) -> anyhow::Result<Output> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("git cannot be started")?;
    let mut stdin = child.stdin.take().context("git takes nothing in")?;
    let mut stdout = child.stdout.take().context("git says nothing")?;
    let mut stderr = child.stderr.take().context("git complains of nothing")?;
    let child = Mutex::new(child);
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    let (ended, end) = channel::<()>();
    let read = thread::scope(|scope| {
        let child = &child;
        scope.spawn(move || {
            if end.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
                // It may have ended this very moment.
                let _ = lock(child).kill();
            }
        });
        // A process that has heard enough closes its ear.
        scope.spawn(move || stdin.write_all(input));
        scope.spawn(|| stderr.read_to_end(&mut complained));
        let read = stdout.read_to_end(&mut said);
        drop(ended);
        read
    });
    let status = lock(&child).wait().context("git")?;
    read.context("git is not heard")?;
    Ok(Output { status, stdout: said, stderr: complained })
}

fn lock(child: &Mutex<Child>) -> std::sync::MutexGuard<'_, Child> {
    child.lock().unwrap_or_else(PoisonError::into_inner)
}
