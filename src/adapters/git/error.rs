//! What a failed git means. Owns the reading of its complaints, which are English because we ask for them so; nothing
//! else here looks at git's words.

use crate::domain::time::Span;
use crate::engine::ports::{PortError, PortErrorKind};

/// Why git did not give what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitError {
    /// There is no git here that we can use.
    #[error("{0}")]
    Unusable(String),
    /// What was asked for makes no sense here.
    #[error("{0}")]
    Refused(String),
    /// The token may not.
    #[error("the repository does not let the token in: {0}")]
    Denied(String),
    /// No such repository or branch.
    #[error("git finds no such repository or branch: {0}")]
    Missing(String),
    /// The repository cannot be reached now.
    #[error("git cannot reach the repository: {0}")]
    Unreachable(String),
    /// A push whose end nobody saw.
    #[error("git does not tell whether the branch was pushed: {0}")]
    Unsure(String),
    /// The local copy, or git itself, does not work as it should.
    #[error("the local copy of the repository cannot be used: {0}")]
    Damaged(String),
}

impl From<GitError> for PortError {
    fn from(error: GitError) -> Self {
        let kind = match &error {
            GitError::Unusable(_) | GitError::Refused(_) => PortErrorKind::Rejected,
            GitError::Denied(_) => PortErrorKind::Unauthorised,
            GitError::Missing(_) => PortErrorKind::Missing,
            GitError::Unreachable(_) | GitError::Damaged(_) => {
                PortErrorKind::Transient { retry_after: Span(0) }
            }
            GitError::Unsure(_) => PortErrorKind::Ambiguous,
        };
        Self { kind, message: error.to_string() }
    }
}

const DENIED: [&str; 6] = [
    "Authentication failed",
    "could not read Username",
    "terminal prompts disabled",
    "error: 401",
    "error: 403",
    "Permission denied",
];

const MISSING: [&str; 5] = [
    "couldn't find remote ref",
    "Remote branch",
    "Repository not found",
    "does not appear to be a git repository",
    "error: 404",
];

const UNREACHABLE: [&str; 12] = [
    "unable to access",
    "Could not resolve",
    "Failed to connect",
    "Connection",
    "early EOF",
    "RPC failed",
    "hung up",
    "disconnect",
    "Could not read from remote",
    "could not fetch",
    "not our ref",
    "transport",
];

/// What git's complaint is about. Whatever is not about the other side is about our copy.
pub(super) fn complaint(said: &str) -> GitError {
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let line = last_line(said);
    if says(&DENIED) {
        return GitError::Denied(line);
    }
    if says(&MISSING) || said.contains("repository '") && said.contains("not found") {
        return GitError::Missing(line);
    }
    if says(&UNREACHABLE) {
        return GitError::Unreachable(line);
    }
    GitError::Damaged(line)
}

/// Git's own words on one line: what it calls fatal, else what it said last. Foreign text.
pub(super) fn last_line(said: &str) -> String {
    const LONGEST: usize = 200;
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let fatal = lines.clone().find_map(|line| line.strip_prefix("fatal: "));
    let line = fatal.or_else(|| lines.next_back()).unwrap_or("no reason given");
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}
