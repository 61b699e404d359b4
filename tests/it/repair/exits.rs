//! The other exits: a revert that conflicts, a forward fix, a flag, a rollback that is ruled out, a false alarm. Each leads to
//! a legal end with automatic assignment as it was before.

use std::sync::Arc;

use repoint::domain::ids::DeploymentId;
use repoint::domain::time::Span;
use repoint::world::github::Outcome;
use repoint::world::vercel::Health;
use serde_json::json;

use super::{
    asks_for_the_revert, at_github, merged, merges, plays, promotes, reverts, until_built,
    until_resolved, verifies,
};
use crate::contract::READER;
use crate::harness::{BAD, GOOD, World, http_client};

/// What mends the checkout without taking anything else back.
const MENDED: (&str, &str) =
    ("src/checkout.ts", "export const total = (rows: Row[]) => round(rows.reduce(sum, 0));\n");

/// A teammate merges a fix of their own; its number and its commit.
async fn somebody_merges_a_fix(w: &World) -> (u64, String) {
    let files = [MENDED];
    let push = move |github: &repoint::world::github::GitHubModel| {
        github.push_by_other("main", &files, "Add up in whole amounts")
    };
    let sha = at_github(w, push).await;
    let is_it = |outcome: &Outcome| *outcome == Outcome::Merged(sha.clone());
    let pulls = w.models.github.pulls();
    let pull = pulls.iter().find(|pull| is_it(&pull.outcome)).expect("their pull request");
    (pull.number, sha)
}

/// A teammate opens a pull request and leaves it to its checks.
async fn somebody_opens_a_fix(w: &World) -> u64 {
    let files = [MENDED];
    let push = move |github: &repoint::world::github::GitHubModel| {
        github.push_by_other("mend-totals", &files, "Add up in whole amounts")
    };
    at_github(w, push).await;
    let described = w.models.described("127.0.0.1:1".parse().expect("an address"));
    let api =
        described["github"]["api"].as_str().expect("an address").trim_end_matches('/').to_owned();
    let body = json!({"title": "Add up in whole amounts", "head": "mend-totals", "base": "main"});
    let answer = http_client(READER)
        .post(format!("{api}/repos/demo/shop/pulls"))
        .header("accept", "application/vnd.github+json")
        .bearer_auth(w.models.github.token())
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 201);
    let pull: serde_json::Value = answer.json().await.expect("a pull request");
    pull["number"].as_u64().expect("a number")
}

/// The fix is verified, promoted, watched; automatic assignment is as before.
async fn ends_legally(w: &Arc<World>, fix: &str) {
    verifies(w).await;
    promotes(w).await;
    until_resolved(w).await;
    assert!(fix.starts_with(&w.live()), "{} is live, not {fix}", w.live());
    assert!(w.models.vercel.auto_assign("shop"));
}

#[test]
fn a_revert_that_conflicts_names_the_files_and_waits_for_a_person() {
    plays(async |w| {
        w.rolls_back().await;
        let bad = w.models.github.head("main").expect("main");
        at_github(&w, move |github| github.change_same_lines(&bad)).await;
        asks_for_the_revert(&w).await;
        let told = w.incidents();
        assert!(told.contains("*Conflicts* in `src/checkout.ts`"), "{told}");
        assert!(told.contains("*Changed since* by 1 later commit"), "{told}");
        w.user("ana").presses("Open revert").await;
        w.passes_until("the branch", || w.card_says("the revert conflicts")).await;
        let told = w.incidents();
        assert!(told.contains("A branch is prepared: `repoint/incident-1-revert-"), "{told}");
        assert!(told.contains("`/incident fix &lt;PR&gt;`"), "{told}");
        assert!(told.contains("Production is safe on"), "{told}");
        assert!(reverts(&w).is_empty(), "nothing is opened for a person");
        let branch =
            w.models.github.pushes().iter().any(|push| push.branch.starts_with("repoint/"));
        assert!(branch, "the branch is there");
        // The incident waits without harm, also over a restart.
        w.passes(Span::minutes(30)).await;
        w.bot_dies();
        w.bot_starts().await;
        w.passes(Span::minutes(1)).await;
        assert!(w.card_says("the revert conflicts"), "{}", w.headline());
        assert_eq!(w.live(), GOOD);
        let (number, sha) = somebody_merges_a_fix(&w).await;
        w.user("bo").types(&format!("/incident fix #{number}")).await;
        until_built(&w).await;
        ends_legally(&w, &sha).await;
        assert!(w.card_says("fixed forward"), "{}", w.headline());
    });
}

#[test]
fn a_forward_fix_that_somebody_names_goes_through_the_same_gate() {
    plays(async |w| {
        w.rolls_back().await;
        let number = somebody_opens_a_fix(&w).await;
        w.user("bo").types(&format!("/incident fix {number}")).await;
        w.passes(Span::seconds(2)).await;
        assert!(!w.user("ana").sees("Merge"), "its checks still run");
        merges(&w).await;
        assert!(reverts(&w).is_empty());
        let sha = w.models.github.head("main").expect("main");
        ends_legally(&w, &sha).await;
        assert!(w.card_says("fixed forward"), "{}", w.headline());
        assert!(w.stakeholders().contains("resolved"), "{}", w.stakeholders());
    });
}

#[test]
fn with_the_flag_off_or_a_rollback_ruled_out_the_revert_comes_first_and_ends_as_ever() {
    for line in ["/incident flag new-checkout is off", "/incident ruled-out the old page is gone"] {
        plays(async |w| {
            w.user("ana").types("/incident open checkout returns 500").await;
            w.settle().await;
            w.user("ana").types(line).await;
            w.settle().await;
            assert!(w.card_says("no rollback needed, the fix is next"), "{}", w.headline());
            w.user("ana").types("/revert shop #124").await;
            w.until_button("Open revert").await;
            w.user("ana").presses("Open revert").await;
            w.passes_until("the pull request", || !reverts(&w).is_empty()).await;
            merges(&w).await;
            // Nothing was pinned: the build takes production by itself.
            w.passes(Span::seconds(30)).await;
            assert_eq!(w.live(), merged(&w), "{line}");
            let fix = merged(&w);
            ends_legally(&w, &fix).await;
            assert_eq!(w.rollbacks_sent(), 0);
            assert!(w.card_says("the bad change is reverted"), "{}", w.headline());
        });
    }
}

#[test]
fn a_false_alarm_needs_two_people_and_a_verification_and_gives_production_back() {
    plays(async |w| {
        w.rolls_back().await;
        let said = w.user("ana").hears_on_typing("/incident false-alarm").await;
        assert!(said.contains("reason"), "{said}");
        w.user("ana").types("/incident false-alarm the payment provider was down").await;
        w.settle().await;
        let said = w.user("ana").hears_on_pressing("Agree").await;
        assert!(said.contains("Somebody else must say so"), "{said}");
        w.user("bo").presses("Agree").await;
        w.settle().await;
        assert!(w.card_says("a false alarm, not live again yet"), "{}", w.headline());
        let id = w.id_of(BAD);
        w.user("ana").types(&format!("/promote shop {id}")).await;
        w.passes(Span::seconds(3)).await;
        assert!(w.incidents().contains("is not verified on its own address"), "{}", w.incidents());
        assert_eq!(w.live(), GOOD);
        let deployment = DeploymentId::from(id.as_str());
        w.models.vercel.set_health("shop", &deployment, Health::Good);
        w.user("ana").types(&format!("/verify shop {id}")).await;
        w.passes(Span::seconds(3)).await;
        w.user("ana").types(&format!("/promote shop {id}")).await;
        w.passes_until("the question", || w.card_says("promote?")).await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the watch", || w.card_says("promoted, watching production")).await;
        until_resolved(&w).await;
        assert_eq!(w.live(), BAD, "it was fine");
        assert!(w.card_says("false alarm"), "{}", w.headline());
        assert!(w.models.vercel.auto_assign("shop"));
    });
}
