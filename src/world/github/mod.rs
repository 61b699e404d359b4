//! A model of GitHub over a real git repository: comparisons, contents and pull requests, in GitHub's wire format.
//!
//! `seed` holds the shop's history, `repository` asks git, `calls` says what is answered, `json` the shapes, `routes` the
//! door with token and traps. It checks the token, and notes loudly every call that it does not know. It must never be
//! kinder than the real one.

mod calls;
mod json;
mod repository;
mod routes;
mod seed;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;

pub use seed::DROPS_A_COLUMN;

use self::repository::Repository;
use super::clock::WorldClock;
use super::ledger::Ledger;

/// The traps of this model, by the name that a fault carries.
///
/// | trap | what happens |
/// |---|---|
/// | `dropped` | the connection drops |
/// | `status` | answers `{"status":502}`, or any other status |
/// | `rate_limited` | answers 403 with the headers of a spent rate limit, `{"wait":60}` seconds until there is more |
/// | `hang` | never answers |
/// | `garbage` | answers 200 with a page that is not JSON |
/// | `many_files` | a comparison lists three hundred other files and no more |
pub const FAULTS: &[&str] = &["dropped", "status", "rate_limited", "hang", "garbage", "many_files"];

/// The vendor's name in the ledger.
pub(super) const VENDOR: &str = "github";

/// The account and the repository.
pub const REPO: &str = "demo/shop";

/// The only token that is accepted.
const TOKEN: &str = "github_pat_demo_8c41f0b7e25d";

/// A modelled GitHub with one repository.
#[derive(Debug)]
pub struct GitHubModel {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    /// Made when it is first asked for.
    repository: OnceLock<Result<Repository, String>>,
    unknown_calls: Mutex<Vec<String>>,
}

/// Whether there is a git on this machine; without one there is no such model.
pub fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(repository::has_git)
}

impl GitHubModel {
    /// A model of the shop's repository.
    pub fn new(clock: Arc<WorldClock>, ledger: Arc<Ledger>) -> Arc<Self> {
        let (repository, unknown_calls) = (OnceLock::new(), Mutex::default());
        Arc::new(Self { clock, ledger, repository, unknown_calls })
    }

    /// Asks git beforehand what most nights ask, once in a process.
    pub async fn warm_up(self: &Arc<Self>) {
        static ONCE: tokio::sync::OnceCell<()> = tokio::sync::OnceCell::const_new();
        if is_possible() {
            let model = Arc::clone(self);
            let asking = || async {
                // Whatever fails here is asked again when somebody needs it.
                let _ = tokio::task::spawn_blocking(move || model.warm_up_now()).await;
            };
            ONCE.get_or_init(asking).await;
        }
    }

    /// Its HTTP face.
    pub fn router(self: &Arc<Self>) -> Router {
        routes::router(Arc::clone(self))
    }

    /// The only token that it accepts.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// Calls that this model did not know: a world is sound when there are none.
    pub fn unknown_calls(&self) -> Vec<String> {
        self.unknown_calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_unknown(&self, call: String) {
        tracing::error!(call, "the modelled GitHub does not know this call");
        self.unknown_calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// The repository, made at the first call.
    fn repository(&self) -> Result<&Repository, String> {
        let made = self
            .repository
            .get_or_init(|| Repository::make(&seed::history()).map_err(|error| error.to_string()));
        made.as_ref().map_err(Clone::clone)
    }
}
