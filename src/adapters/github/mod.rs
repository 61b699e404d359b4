//! GitHub as the place where the code is kept.
//!
//! `code` is the `Code` port: which calls are made and what their answers mean. `client` sends one request and reads one
//! answer, `error` says what a failed call means for us, `wire` holds the shapes of the answers. Nothing here writes, and
//! nothing is ever repeated here: all of it is evidence that has two seconds.
//!
//! A thin client of our own, for a handful of calls: the usual library hides the headers that tell a rate limit, repeats calls
//! by itself, follows redirects, and costs more compile time than everything else here. The token is a personal or a
//! fine-grained one with read access to contents and pull requests; installation tokens of a GitHub App are not made yet.

mod client;
mod code;
mod error;
#[cfg(test)]
mod tests;
mod wire;

pub use code::{GitHubCode, GitHubConfig, GitHubRepository, GitHubSetupError};
