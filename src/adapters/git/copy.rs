//! The local copy of a repository: bare, without file contents until they are needed, made when it is first asked for.
//!
//! One visitor at a time, each with a token of its own. A clone is made beside its place and then put there, so that half of one is never used; it
//! goes on when its visitor gives up waiting. A copy that does not work is replaced by a new one, once.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{Mutex, OwnedMutexGuard};
use url::Url;

use super::command::{Ask, DEADLINE, Git};
use super::error::GitError;
use super::name::{is_branch, is_id};
use crate::adapters::secret::Secret;

/// A first clone brings every commit.
const LONGEST_CLONE: Duration = Duration::from_secs(300);

/// Where the copy keeps what the other side calls main.
const MAIN: &str = "refs/repoint/main";

/// What git may speak; a path on this machine is for tests, the configuration takes none.
const SCHEMES: [&str; 3] = ["https", "http", "file"];

/// The oldest git that can try out a revert.
const OLDEST: (u32, u32) = (2, 40);

/// A repository elsewhere.
#[derive(Clone, Debug)]
pub struct Remote {
    /// Its address.
    pub url: Url,
    /// The folder that the copies of all repositories are in.
    pub cache: PathBuf,
}

/// The local copy of one repository.
#[derive(Debug)]
pub struct Copy {
    remote: Remote,
    folder: String,
    health: Arc<Mutex<Health>>,
}

/// The copy in the hands of one visitor.
#[derive(Debug)]
struct Hands {
    git: Git,
    folder: String,
}

/// How the copy is, as far as the last visitor knows.
#[derive(Debug, Default)]
struct Health {
    /// It did something that a sound one does not do.
    suspect: bool,
}

/// The copy as one visitor sees it, with main as it was at the beginning of the visit. Nobody else is in it meanwhile.
pub struct View {
    hands: Hands,
    health: OwnedMutexGuard<Health>,
    /// Main's newest commit.
    pub head: String,
}

impl Copy {
    /// A copy that is not made yet.
    pub fn new(remote: Remote) -> Arc<Self> {
        // Another address is another copy.
        let folder = format!("{}.git", hex::encode(&Sha256::digest(remote.url.as_str())[..10]));
        Arc::new(Self { remote, folder, health: Arc::default() })
    }

    /// Brings the copy up to date with main and lets a visitor in. The token opens the repository; it may be empty.
    ///
    /// # Errors
    /// When there is no usable git, or the repository cannot be reached.
    pub async fn open(&self, main: &str, token: &Secret) -> Result<View, GitError> {
        if !is_branch(main) {
            return Err(GitError::Refused("that is no name of a branch".to_owned()));
        }
        if !SCHEMES.contains(&self.remote.url.scheme()) {
            return Err(GitError::Refused("git is used over https and http only".to_owned()));
        }
        let mut health = self.health.clone().lock_owned().await;
        let Remote { url, cache } = self.remote.clone();
        let git = Git { cache, url, token: token.clone() };
        let (hands, main) = (Hands { git, folder: self.folder.clone() }, main.to_owned());
        // A task of its own: a clone that was begun is of use to the next visitor as well.
        let ready = tokio::spawn(async move {
            let head = hands.ready(&mut health, &main).await?;
            Ok(View { hands, health, head })
        });
        ready.await.unwrap_or_else(|_| Err(GitError::Damaged("the visit broke off".to_owned())))
    }
}

impl Hands {
    async fn ready(&self, health: &mut Health, main: &str) -> Result<String, GitError> {
        let made = tokio::fs::create_dir_all(&self.git.cache).await;
        made.map_err(|error| GitError::Unusable(format!("no folder for git's copies: {error}")))?;
        check_version(&self.git).await?;
        let is_there = tokio::fs::try_exists(self.git.cache.join(&self.folder)).await;
        if !health.suspect && is_there.is_ok_and(|there| there) {
            match self.fetch_main(main).await {
                Err(GitError::Damaged(why)) => {
                    tracing::warn!(why, "the local copy of a repository is made anew");
                }
                answer => return answer,
            }
        }
        self.clone_anew(main).await?;
        health.suspect = false;
        self.fetch_main(main).await
    }

    async fn clone_anew(&self, main: &str) -> Result<(), GitError> {
        let fresh = format!("{}.new", self.folder);
        let (place, beside) = (self.git.cache.join(&self.folder), self.git.cache.join(&fresh));
        remove(&beside).await?;
        let branch = format!("--branch={main}");
        let arguments = [
            "clone",
            "--quiet",
            "--bare",
            "--filter=blob:none",
            "--no-tags",
            "--single-branch",
            "--template=",
            &branch,
            "--end-of-options",
            self.git.url.as_str(),
            &fresh,
        ];
        let ask = Ask {
            folder: None,
            arguments: &arguments,
            input: "",
            environment: &[],
            deadline: LONGEST_CLONE,
        };
        self.git.run(&ask).await?.good()?;
        remove(&place).await?;
        tokio::fs::rename(&beside, &place).await.map_err(|error| damaged(&error))
    }

    async fn fetch_main(&self, main: &str) -> Result<String, GitError> {
        self.fetch(&format!("+refs/heads/{main}:{MAIN}")).await?;
        let head = self.words(&["rev-parse", "--verify", "--end-of-options", MAIN]).await?;
        if is_id(&head) {
            Ok(head)
        } else {
            Err(GitError::Damaged("main has no commit".to_owned()))
        }
    }

    async fn fetch(&self, what: &str) -> Result<(), GitError> {
        let arguments = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--filter=blob:none",
            "--end-of-options",
            "origin",
            what,
        ];
        self.bytes(&arguments).await.map(|_| ())
    }

    async fn bytes(&self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        self.git.run(&self.ask(arguments)).await?.good()
    }

    async fn words(&self, arguments: &[&str]) -> Result<String, GitError> {
        Ok(String::from_utf8_lossy(&self.bytes(arguments).await?).trim().to_owned())
    }

    fn ask<'a>(&'a self, arguments: &'a [&'a str]) -> Ask<'a> {
        let folder = Some(self.folder.as_str());
        Ask { folder, arguments, input: "", environment: &[], deadline: DEADLINE }
    }
}

impl View {
    /// What git says to a command that should end well; the copy is made anew before the next visit if that shows
    /// damage.
    pub(super) async fn bytes(&mut self, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let said = self.hands.bytes(arguments).await;
        self.noted(said)
    }

    /// The same, as text without the blanks around it.
    pub(super) async fn words(&mut self, arguments: &[&str]) -> Result<String, GitError> {
        let said = self.hands.words(arguments).await;
        self.noted(said)
    }

    /// The exit code and what was said: for commands that tell by their code. Only the given codes are answers.
    pub(super) async fn told(
        &mut self,
        arguments: &[&str],
        codes: &[i32],
    ) -> Result<(i32, Vec<u8>), GitError> {
        let said = self.hands.git.run(&self.hands.ask(arguments)).await;
        let told = said.and_then(|said| match codes.contains(&said.code) {
            true => Ok((said.code, said.out)),
            false => said.good().map(|out| (0, out)),
        });
        self.noted(told)
    }

    /// Runs a command that reads something, in an environment of its own, and ends well.
    pub(super) async fn fed(
        &mut self,
        arguments: &[&str],
        input: &str,
        environment: &[(&str, &str)],
    ) -> Result<String, GitError> {
        let ask = Ask { input, environment, ..self.hands.ask(arguments) };
        let said = self.hands.git.run(&ask).await;
        let out = self.noted(said.and_then(super::command::Said::good))?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    /// Everything that a command which talks to the other side gave.
    pub(super) async fn raw(
        &mut self,
        arguments: &[&str],
    ) -> Result<super::command::Said, GitError> {
        self.hands.git.run(&self.hands.ask(arguments)).await
    }

    /// Brings something from the other side.
    pub(super) async fn fetch(&mut self, what: &str) -> Result<(), GitError> {
        self.hands.fetch(what).await
    }

    fn noted<T>(&mut self, answer: Result<T, GitError>) -> Result<T, GitError> {
        if let Err(GitError::Damaged(_)) = &answer {
            self.health.suspect = true;
        }
        answer
    }
}

/// Whether there is a git here that can try out reverts: its version.
///
/// # Errors
/// In a sentence for people, what is missing.
pub async fn look(remote: &Remote) -> Result<String, GitError> {
    let Remote { url, cache } = remote.clone();
    let made = tokio::fs::create_dir_all(&cache).await;
    made.map_err(|error| GitError::Unusable(format!("no folder for git's copies: {error}")))?;
    check_version(&Git { cache, url, token: Secret::new("") }).await
}

async fn check_version(git: &Git) -> Result<String, GitError> {
    let ask = Ask {
        folder: None,
        arguments: &["version"],
        input: "",
        environment: &[],
        deadline: DEADLINE,
    };
    let said = git.run(&ask).await?;
    let said = String::from_utf8_lossy(&said.out).trim().to_owned();
    match version(&said) {
        Some(found) if found >= OLDEST => Ok(said),
        Some((major, minor)) => Err(GitError::Unusable(format!(
            "git {major}.{minor} cannot try out a revert: install git 2.40 or newer"
        ))),
        None => Err(GitError::Unusable("what is called git here is no git".to_owned())),
    }
}

/// `git version 2.47.3`, with whatever follows.
pub(super) fn version(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.strip_prefix("git version ")?.split(['.', ' ']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

async fn remove(folder: &std::path::Path) -> Result<(), GitError> {
    match tokio::fs::remove_dir_all(folder).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(damaged(&error)),
        _ => Ok(()),
    }
}

fn damaged(error: &std::io::Error) -> GitError {
    GitError::Damaged(format!("its folder cannot be changed: {error}"))
}
