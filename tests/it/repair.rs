//! The whole way back: rolled back, reverted through the gate, verified on its own address, promoted, watched, resolved.
//!
//! Here is the story as it should be, and the steps that all stories share; each other file holds one kind of trouble.

mod again;
mod app;
mod baseline;
mod exits;
mod gate;
mod hooks;
mod leaving;
mod no_git;
mod order;
mod others;
mod services;
mod warning;

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::github::{GitHubModel, Outcome, PullView, is_possible};
use serde_json::Value;

use crate::harness::{BAD, GOOD, Settings, World};

/// Plays a story; nothing where there is no git.
fn plays<F: Future<Output = ()>>(story: impl FnOnce(Arc<World>) -> F) {
    plays_with(Settings::default(), story);
}

/// As [`plays`], with settings.
fn plays_with<F: Future<Output = ()>>(settings: Settings, story: impl FnOnce(Arc<World>) -> F) {
    if is_possible() {
        World::run_with(settings, story);
    }
}

/// Ana asks for the revert, and the card shows what it would do.
async fn asks_for_the_revert(w: &Arc<World>) {
    w.user("ana").types("/revert").await;
    w.until_button("Open revert").await;
}

/// Ana has rolled back; she asks for the revert and opens it.
pub async fn opens_the_revert(w: &Arc<World>) {
    w.rolls_back().await;
    asks_for_the_revert(w).await;
    w.user("ana").presses("Open revert").await;
    w.passes_until("the pull request", || !reverts(w).is_empty()).await;
}

/// … its checks have passed, and Bo merges it.
async fn merges(w: &Arc<World>) {
    w.until_button("Merge").await;
    w.user("bo").presses("Merge").await;
    until_built(w).await;
}

/// … it is on main and built.
async fn until_built(w: &Arc<World>) {
    w.passes_until("the build", || w.card_says("ready, not live")).await;
}

/// … Ana verifies its build.
async fn verifies(w: &Arc<World>) {
    w.user("ana").types("/verify").await;
    w.passes_until("the verdict", || w.card_says("verified, not live")).await;
}

/// … Ana asks for the promote and confirms it; production is watched.
async fn promotes(w: &Arc<World>) {
    asks_for_the_promote(w).await;
    w.user("ana").presses("Confirm").await;
    w.passes_until("the watch", || w.card_says("promoted, watching production")).await;
}

async fn asks_for_the_promote(w: &Arc<World>) {
    w.user("ana").types("/promote").await;
    w.passes_until("the question", || w.card_says("promote?")).await;
}

/// … and everything stays well.
async fn until_resolved(w: &Arc<World>) {
    w.passes(Span::minutes(6)).await;
    assert!(w.card_says("resolved"), "{}", w.incidents());
}

/// The pull requests that the bot opened.
fn reverts(w: &World) -> Vec<PullView> {
    let mut pulls = w.models.github.pulls();
    pulls.retain(|pull| pull.branch.starts_with("repoint/"));
    pulls
}

/// The only one that there is.
fn revert(w: &World) -> PullView {
    let mut pulls = reverts(w);
    assert_eq!(pulls.len(), 1, "{pulls:#?}");
    pulls.remove(0)
}

/// The short commit that the revert became.
fn merged(w: &World) -> String {
    match revert(w).outcome {
        Outcome::Merged(sha) => sha[..7].to_owned(),
        other => panic!("it is not merged: {other:?}"),
    }
}

/// Somebody does something at GitHub, which waits for git.
async fn at_github<T: Send + 'static>(
    w: &World,
    act: impl FnOnce(&GitHubModel) -> Result<T, String> + Send + 'static,
) -> T {
    let github = w.models.github.clone();
    let done = tokio::task::spawn_blocking(move || act(&github)).await.expect("an end");
    done.unwrap_or_else(|why| panic!("the teammate could not do it: {why}"))
}

/// A trap of the modelled GitHub, for once.
fn github_trap(w: &World, kind: &str, on: &str, with: Value) {
    w.trap("github", kind, on, with);
}

/// How often GitHub was asked to merge.
fn merges_sent(w: &World) -> usize {
    let is_merge = |path: &str| path.ends_with("/merge");
    w.calls("PUT ").iter().filter(|call| call.vendor == "github" && is_merge(&call.path)).count()
}

#[test]
fn the_whole_loop_runs_from_chat_alone() {
    plays(async |w| {
        opens_the_revert(&w).await;
        assert_eq!(w.live(), GOOD);
        merges(&w).await;
        assert_eq!(w.live(), GOOD, "what is merged is not live while production is pinned");
        verifies(&w).await;
        promotes(&w).await;
        assert!(w.models.vercel.auto_assign("shop"));
        assert_eq!(w.live(), merged(&w));
        assert!(w.live() != BAD && w.live() != GOOD);
        until_resolved(&w).await;
        assert!(w.stakeholders().contains("resolved"), "{}", w.stakeholders());
    });
}
