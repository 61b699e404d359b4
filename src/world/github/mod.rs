//! A model of GitHub over a real git repository, in GitHub's wire format: comparisons and contents, pull requests
//! behind a gate of checks and rules, git itself over HTTP, webhooks.
//!
//! `seed` holds the shop's history, `repository` and `merge` ask git and write with it, `desk` is everything that
//! changes, with `pulls`, `queue`, `checks` and `rules`; `calls` says what is answered, `json` the shapes, `routes` and
//! `git_http` are the doors with token and traps, `hooks` posts, `acts` is what people do there, `view` what they see,
//! `app` lets a GitHub App in.
//! It checks the token, and notes loudly every call that it does not know. It must never be kinder than the real one, but
//! where that is its gate's own weakness: like the real one it takes a skipped check for a green one.

mod acts;
mod app;
mod calls;
mod checks;
mod desk;
mod git;
mod git_http;
mod hooks;
mod json;
mod merge;
mod pulls;
mod queue;
mod repository;
mod routes;
mod rules;
mod seed;
#[cfg(test)]
mod tests;
mod view;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::Router;

pub use acts::{Files, Outcome, PullView};
pub use app::{APP, APP_KEY, INSTALLATION};
pub use desk::Push;
pub use merge::MergeMethod;
pub use rules::{Kept, Merging, Rules};
pub use seed::{BREAKS_CHECKOUT, DROPS_A_COLUMN};

use self::desk::Awake;
use self::hooks::Hooks;
use super::clock::WorldClock;
use super::ledger::Ledger;

/// The traps of this model, by the name that a fault carries. `on` of a check's trap is held against `CHECKS <branch>`,
/// that of a webhook's against `HOOK <event>`, all others against the method and path of a call.
///
/// | trap | what happens |
/// |---|---|
/// | `dropped` | the connection drops |
/// | `status` | answers `{"status":502}`, or any other status, with a `"body"` of one's own if there is one |
/// | `rate_limited` | answers 403 with the headers of a spent rate limit, `{"wait":60}` seconds until there is more |
/// | `hang` | never answers |
/// | `garbage` | answers 200 with a page that is not JSON |
/// | `many_files` | a comparison lists three hundred other files and no more |
/// | `lost_answer` | a write, also a push, is carried out; then the connection drops |
/// | `check_red` | the next commit's check `{"name":"test"}` ends red |
/// | `check_missing` | the next commit has no check of that name |
/// | `check_skipped` | that check is skipped, which GitHub's gate takes for green |
/// | `check_stuck` | that check starts and never ends |
/// | `check_slow` | that check takes `{"seconds":2400}` |
/// | `check_renamed` | that check runs under another name, so that the required one never comes |
/// | `protection_unreadable` | rules and protection answer 403: the token may not read them |
/// | `review_required` | from this call on a pull request needs one approval, and lee is asked for it |
/// | `merge_queue` | from this call on the main branch has a merge queue |
/// | `mergeable_unknown` | an open pull request's `mergeable` is null: GitHub is still finding out |
/// | `base_moved` | while a pull request is merged somebody else's goes in, and 405 is answered |
/// | `teammate` | before the call, also one of git's own, is answered somebody does something, see below |
/// | `revoked` | every token that the App was given is taken back before the call |
/// | `hook_dropped` | a delivery of the webhook never arrives |
/// | `hook_repeated` | a delivery arrives twice |
///
/// What a teammate `{"does":…}`: `merge`, `close`, `force_push`, `approve` or `ask_for_changes` to the newest open pull
/// request, `push_main` another change to the main branch, or `change_same_lines` as the newest commit of the main
/// branch, or as `{"sha":…}`, changed.
pub const FAULTS: &[&str] = &[
    "dropped",
    "status",
    "rate_limited",
    "hang",
    "garbage",
    "many_files",
    "lost_answer",
    "check_red",
    "check_missing",
    "check_skipped",
    "check_stuck",
    "check_slow",
    "check_renamed",
    "protection_unreadable",
    "review_required",
    "merge_queue",
    "mergeable_unknown",
    "base_moved",
    "teammate",
    "revoked",
    "hook_dropped",
    "hook_repeated",
];

/// The vendor's name in the ledger.
pub(super) const VENDOR: &str = "github";

/// The account and the repository.
pub const REPO: &str = "demo/shop";

/// The only token that is accepted, besides those that the App is given.
const TOKEN: &str = "github_pat_demo_8c41f0b7e25d";

/// What the webhook is signed with.
const WEBHOOK_SECRET: &str = "whs_demo_5d0e9b72c4";

/// Whose token it is.
const BOT: &str = "repoint-bot";

/// A modelled GitHub with one repository.
#[derive(Debug)]
pub struct GitHubModel {
    clock: Arc<WorldClock>,
    ledger: Arc<Ledger>,
    /// Made when it is first asked for.
    awake: OnceLock<Result<Awake, String>>,
    /// The newest commit of the main branch, where it is not the usual one.
    newest: OnceLock<&'static str>,
    rules: Mutex<Rules>,
    hooks: Hooks,
    given: app::Given,
    unknown_calls: Mutex<Vec<String>>,
}

/// Whether there is a git on this machine; without one there is no such model.
pub fn is_possible() -> bool {
    static POSSIBLE: OnceLock<bool> = OnceLock::new();
    *POSSIBLE.get_or_init(git::is_installed)
}

impl GitHubModel {
    /// A model of the shop's repository.
    pub fn new(clock: Arc<WorldClock>, ledger: Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self {
            clock,
            ledger,
            awake: OnceLock::new(),
            newest: OnceLock::new(),
            rules: Mutex::default(),
            hooks: Hooks::new(),
            given: app::Given::default(),
            unknown_calls: Mutex::default(),
        })
    }

    /// The commit that drops a column is the newest one of the main branch. To be said before anybody asks for the
    /// repository.
    pub fn ships_the_migration(&self) {
        self.newest.get_or_init(|| DROPS_A_COLUMN);
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

    /// The token that somebody made for it.
    pub fn token(&self) -> &'static str {
        TOKEN
    }

    /// The secret that somebody chose for its webhook.
    pub fn webhook_secret(&self) -> &'static str {
        WEBHOOK_SECRET
    }

    /// Calls that this model did not know: a world is sound when there are none.
    pub fn unknown_calls(&self) -> Vec<String> {
        self.unknown_calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_unknown(&self, call: String) {
        tracing::error!(call, "the modelled GitHub does not know this call");
        self.unknown_calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    /// Whether nobody has asked for the repository yet.
    fn is_asleep(&self) -> bool {
        self.awake.get().is_none()
    }

    /// The repository, made at the first call.
    fn awake(&self) -> Result<&Awake, String> {
        let newest = self.newest.get().copied();
        let made = || Awake::make(newest).map_err(|error| error.to_string());
        let made = self.awake.get_or_init(made);
        made.as_ref().map_err(Clone::clone)
    }
}
