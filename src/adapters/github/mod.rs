//! GitHub as the place where the code is kept.
//!
//! `code` is the `Code` port: evidence that has two seconds. `forge` is the `Forge` port: `revert` makes pull
//! requests, `server_side` has GitHub make them where there is no git, `gate` and `demands` say what stands before
//! them, `merge` holds the ways to main, `warn` comments. `line` sends one request and reads one answer, `client`
//! does so with what opens the repository: a token, or one that `pass` gets for a GitHub App by its `app_key`.
//! `error` says what a failed call means for us, `wire` and `wire_gate` hold the shapes of the answers. Nothing is
//! ever repeated here, but for what was turned away with an App's token that GitHub had taken back. `hook` is the
//! door for GitHub's webhook, which only says that there is something to look at.
//!
//! A thin client of our own, for a handful of calls: the usual library hides the headers that tell a rate limit,
//! repeats calls by itself, follows redirects, and costs more compile time than everything else here. A token may be a
//! personal or a fine-grained one, or an App's: read access to contents and pull requests for what is told, write access
//! to both for reverts.

mod app_key;
mod client;
mod code;
mod demands;
mod error;
mod forge;
mod gate;
pub mod hook;
mod line;
mod merge;
mod pass;
mod revert;
mod server_side;
#[cfg(test)]
mod tests;
mod warn;
mod wire;
mod wire_gate;

pub use app_key::AppKey;
pub use code::{GitHubCode, GitHubConfig, GitHubRepository, GitHubSetupError};
pub use forge::{GitConfig, GitHubForge, Standing};
pub use pass::{GitHubAccess, Granted};
