//! One git, run as a child process.
//!
//! Owns its environment, its deadline and the limits of what it may say. The child gets nothing of ours but the path
//! and the certificates; settings, the token among them, reach it by environment and never by argument. It leads a
//! process group, so that its helpers end with it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use url::Url;

use super::error::{GitError, complaint};
use super::program::program;
use crate::adapters::secret::Secret;

/// How long any git but the first clone may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);

/// What git may say in answer: the names of all files of a large change fit.
const LONGEST_ANSWER: u64 = 8 << 20;

/// What it may complain.
const LONGEST_COMPLAINT: u64 = 64 << 10;

/// What a child keeps of our environment: where programs and certificates are.
const KEPT: [&str; 4] = ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_EXEC_PATH"];

/// How git is started for one repository.
#[derive(Debug)]
pub(super) struct Git {
    /// Where it stands: the cache folder, with every copy in it.
    pub(super) cache: PathBuf,
    /// The only address that the token is for.
    pub(super) url: Url,
    pub(super) token: Secret,
}

/// One command line.
pub(super) struct Ask<'a> {
    /// The copy's folder inside the cache; `None`: none is needed.
    pub(super) folder: Option<&'a str>,
    pub(super) arguments: &'a [&'a str],
    /// What it reads.
    pub(super) input: &'a str,
    /// Added to its environment.
    pub(super) environment: &'a [(&'a str, &'a str)],
    pub(super) deadline: Duration,
}

/// What a git that ended by itself gave.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) out: Vec<u8>,
    pub(super) complaint: String,
}

impl Git {
    /// Runs git to its end, whatever that is.
    pub(super) async fn run(&self, ask: &Ask<'_>) -> Result<Said, GitError> {
        let mut child = Group(self.command(ask).spawn().map_err(|_| missing())?);
        let (stdin, stdout, stderr) =
            (child.0.stdin.take(), child.0.stdout.take(), child.0.stderr.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A git that does not read to the end says why by itself.
                let _ = stdin.write_all(ask.input.as_bytes()).await;
            }
        };
        let talk = async {
            let ((), out, complaint) =
                tokio::join!(feed, read(stdout, LONGEST_ANSWER), read(stderr, LONGEST_COMPLAINT));
            (child.0.wait().await, out, complaint)
        };
        let Ok((ended, out, complaint)) = timeout(ask.deadline, talk).await else {
            let limit = ask.deadline.as_secs();
            return Err(GitError::Unreachable(format!("it took longer than {limit} s")));
        };
        let out = out.ok_or_else(|| GitError::Refused("git's answer is too long".to_owned()))?;
        let complaint = complaint.unwrap_or_default();
        let complaint = self.token.blot(&String::from_utf8_lossy(&complaint));
        match ended.ok().and_then(|status| status.code()) {
            Some(code) => Ok(Said { code, out, complaint }),
            None => Err(GitError::Damaged("git was ended from outside".to_owned())),
        }
    }

    fn command(&self, ask: &Ask<'_>) -> Command {
        let mut command = Command::new(program());
        command
            .args(ask.arguments)
            .current_dir(&self.cache)
            .env_clear()
            .envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
            .env("HOME", &self.cache)
            .env("LC_ALL", "C")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_LITERAL_PATHSPECS", "1")
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_ADVICE", "0")
            .envs(ask.folder.map(|folder| ("GIT_DIR", folder)))
            .envs(ask.environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let settings = self.settings();
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (index, (key, value)) in settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{index}"), key);
            command.env(format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        command
    }

    fn settings(&self) -> Vec<(String, String)> {
        let scheme = self.url.scheme();
        let mut settings: Vec<(String, String)> = [
            ("protocol.allow", "never"),
            (&format!("protocol.{scheme}.allow"), "always"),
            ("http.followRedirects", "false"),
            ("core.hooksPath", "/dev/null"),
            ("credential.helper", ""),
            // Nothing may go on behind our back after the command has ended.
            ("gc.auto", "0"),
            ("maintenance.auto", "false"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let token = self.token.expose();
        if !token.is_empty() {
            let pair = STANDARD.encode(format!("x-access-token:{token}"));
            let key = format!("http.{}.extraHeader", self.url);
            settings.push((key, format!("Authorization: Basic {pair}")));
        }
        settings
    }
}

impl Said {
    /// What was said by a git that should have ended well.
    pub(super) fn good(self) -> Result<Vec<u8>, GitError> {
        if self.code == 0 { Ok(self.out) } else { Err(complaint(&self.complaint)) }
    }
}

/// A child with everything that it started.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // Only a child that nobody has waited for still owns its number.
        let number = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(number) = number {
            // It may have ended just now.
            let _ = kill_process_group(number, Signal::KILL);
        }
    }
}

fn missing() -> GitError {
    GitError::Unusable(
        "git cannot be started here: install git 2.40 or newer for reverts".to_owned(),
    )
}

/// Everything up to the limit; `None`: there is more.
async fn read(from: Option<impl AsyncRead + Unpin>, limit: u64) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut from = from?.take(limit + 1);
    // What broke off shows in how git ends.
    let _ = from.read_to_end(&mut text).await;
    (text.len() as u64 <= limit).then_some(text)
}
