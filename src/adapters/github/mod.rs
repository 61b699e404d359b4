//! GitHub as the place where the code is kept.
//!
//! `code` is the `Code` port: evidence that has two seconds. `forge` is the `Forge` port: `revert` makes pull requests,
//! `gate` and `demands` say what stands before them. `client` sends one request and reads one answer, `error` says what
//! a failed call means for us, `wire` and `wire_gate` hold the shapes of the answers. Nothing is ever repeated here.
//!
//! A thin client of our own, for a handful of calls: the usual library hides the headers that tell a rate limit,
//! repeats calls by itself, follows redirects, and costs more compile time than everything else here. The token is a
//! personal or a fine-grained one: read access to contents and pull requests for what is told, write access to both for
//! reverts. Installation tokens of a GitHub App are not made yet.

mod client;
mod code;
mod demands;
mod error;
mod forge;
mod gate;
mod revert;
#[cfg(test)]
mod tests;
mod wire;
mod wire_gate;

pub use code::{GitHubCode, GitHubConfig, GitHubRepository, GitHubSetupError};
pub use forge::{GitConfig, GitHubForge, Standing};
