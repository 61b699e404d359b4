//! The whole way back: rolled back, reverted through the gate, verified on its own address, promoted, watched, resolved.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::github::Outcome;

use crate::harness::{BAD, GOOD, World};

/// Ana has rolled back; she asks for the revert and opens it.
async fn opens_the_revert(w: &Arc<World>) {
    w.rolls_back().await;
    w.user("ana").types("/revert").await;
    w.until_button("Open revert").await;
    w.user("ana").presses("Open revert").await;
    w.passes_until("the pull request", || {
        w.models.github.pulls().iter().any(|pull| pull.number == 126)
    })
    .await;
}

/// … its checks have passed, and Bo merges it.
async fn merges(w: &Arc<World>) {
    w.until_button("Merge").await;
    w.user("bo").presses("Merge").await;
    w.passes_until("the build", || w.headline().contains("ready, not live")).await;
}

#[test]
fn the_whole_loop_runs_from_chat_alone() {
    World::run(async |w| {
        opens_the_revert(&w).await;
        assert_eq!(w.live(), GOOD);
        merges(&w).await;
        assert_eq!(w.live(), GOOD, "what is merged is not live while production is pinned");
        w.user("ana").types("/verify").await;
        w.passes_until("verified", || w.incidents().contains("*verified*")).await;
        w.user("ana").types("/promote").await;
        w.until_button("Confirm").await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("armed", || w.models.vercel.auto_assign("shop")).await;
        let pull = w.models.github.pulls().into_iter().find(|pull| pull.number == 126).unwrap();
        let Outcome::Merged(sha) = &pull.outcome else { panic!("{pull:?}") };
        assert!(sha.starts_with(&w.live()), "{} is live, {sha} was merged", w.live());
        assert!(w.live() != BAD && w.live() != GOOD);
        w.passes(Span::minutes(6)).await;
        assert!(w.headline().contains("resolved"), "{}", w.headline());
        assert!(w.stakeholders().contains("resolved"), "{}", w.stakeholders());
    });
}
