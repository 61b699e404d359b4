//! The two classic mistakes, code before pointer and re-arm before verify, and everything else out of its order: refused with
//! the reason and the next step; and overridden only by two people with a reason.

use std::sync::Arc;

use repoint::domain::ids::DeploymentId;
use repoint::domain::time::Span;
use repoint::world::vercel::Health;

use super::{
    asks_for_the_promote, at_github, github_trap, merged, merges, opens_the_revert, plays,
    plays_with, promotes, reverts, until_resolved, verifies,
};
use crate::authority;
use crate::harness::{BAD, GOOD, OLDER, World};

/// Nothing was promoted, and production is where the rollback left it.
fn nothing_was_promoted(w: &World) {
    assert!(w.calls("/promote/").is_empty(), "{:#?}", w.calls("/promote/"));
    assert_eq!(w.live(), GOOD);
    assert!(!w.models.vercel.auto_assign("shop"));
}

/// What everybody is told when Ana types this.
async fn told_on_typing(w: &Arc<World>, line: &str) -> String {
    let known = w.incidents().len();
    w.user("ana").types(line).await;
    w.passes(Span::seconds(3)).await;
    w.incidents().split_off(known.min(w.incidents().len()))
}

#[test]
fn a_promote_before_the_verification_is_refused_and_names_the_verification() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        w.user("ana").types("/promote").await;
        w.passes(Span::seconds(3)).await;
        let told = w.incidents();
        let fix = w.id_of(&merged(&w));
        assert!(told.contains(&format!("`{fix}` is not verified on its own address")), "{told}");
        assert!(told.contains(&format!("Next: `/verify shop {fix}`")), "{told}");
        assert!(!w.user("ana").sees("Confirm"));
        nothing_was_promoted(&w);
    });
}

#[test]
fn a_verification_of_another_deployment_does_not_count() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        w.user("ana").types(&format!("/verify shop {GOOD}")).await;
        w.passes(Span::seconds(3)).await;
        assert!(w.incidents().contains("*verified*: Deployment"), "{}", w.incidents());
        w.user("ana").types("/promote").await;
        w.passes(Span::seconds(3)).await;
        let told = w.incidents();
        let other = w.id_of(GOOD);
        assert!(told.contains(&format!("verified was `{other}`, which is another one")), "{told}");
        nothing_was_promoted(&w);
    });
}

#[test]
fn before_there_is_a_fix_on_main_the_revert_is_named() {
    plays(async |w| {
        w.rolls_back().await;
        w.user("ana").types("/promote").await;
        w.passes(Span::seconds(3)).await;
        let told = w.incidents();
        assert!(told.contains("There is no fix on main yet"), "{told}");
        assert!(told.contains("`/revert shop`"), "{told}");
        nothing_was_promoted(&w);
    });
}

#[test]
fn a_build_of_main_from_before_the_fix_does_not_contain_it() {
    plays(async |w| {
        opens_the_revert(&w).await;
        let files = [("docs/hours.md", "Open until nine.\n")];
        let push = move |github: &repoint::world::github::GitHubModel| {
            github.push_by_other("main", &files, "Note the opening hours")
        };
        let theirs = at_github(&w, push).await[..7].to_owned();
        merges(&w).await;
        // Its journeys pass: their build has the bad change all the same.
        let id = DeploymentId::from(w.id_of(&theirs).as_str());
        w.models.vercel.set_health("shop", &id, Health::Good);
        w.user("ana").types(&format!("/verify shop {theirs}")).await;
        w.passes(Span::seconds(3)).await;
        assert!(w.incidents().contains("*verified*: Deployment"), "{}", w.incidents());
        w.user("ana").types(&format!("/promote shop {theirs}")).await;
        w.passes(Span::seconds(3)).await;
        let told = w.incidents();
        assert!(told.contains(&format!("`{id}` does not contain the fix")), "{told}");
        assert!(told.contains("Next: `/promote shop`"), "{told}");
        nothing_was_promoted(&w);
    });
}

#[test]
fn a_verification_of_twenty_minutes_ago_is_made_again_by_the_same_press() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        w.passes(Span::minutes(20)).await;
        let walks = || w.calls("POST /_deployments/").len();
        let before = walks();
        asks_for_the_promote(&w).await;
        assert_eq!(walks(), before + 1, "it is walked again");
        nothing_was_promoted(&w);
        w.user("ana").presses("Confirm").await;
        w.passes_until("the promote", || w.live() == merged(&w)).await;
        until_resolved(&w).await;
    });
}

#[test]
fn a_stale_verification_that_fails_when_it_is_made_again_stops_the_promote() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        w.passes(Span::minutes(20)).await;
        let id = DeploymentId::from(w.id_of(&merged(&w)).as_str());
        w.models.vercel.set_health("shop", &id, Health::BreaksCheckout);
        w.user("ana").types("/promote").await;
        w.passes(Span::seconds(5)).await;
        let told = w.incidents();
        assert!(told.contains("*not verified*: Deployment"), "{told}");
        assert!(told.contains("is not verified on its own address"), "{told}");
        nothing_was_promoted(&w);
    });
}

#[test]
fn a_revert_before_the_rollback_is_refused_and_the_pointer_comes_first() {
    plays(async |w| {
        w.user("ana").types("/incident open checkout returns 500").await;
        w.settle().await;
        let said = w.user("ana").hears_on_typing("/revert").await;
        assert!(said.contains("The pointer comes first"), "{said}");
        assert!(said.contains("/rollback shop"), "{said}");
        assert!(said.contains("/incident ruled-out"), "{said}");
        assert!(reverts(&w).is_empty() && w.models.github.pushes().is_empty());
        assert_eq!(w.live(), BAD);
        // With a reason it is shown all the same; what it would take back must be named.
        w.user("ana").types("/revert shop #124 the provider is down").await;
        w.until_button("Open revert").await;
    });
}

#[test]
fn a_promote_of_an_older_deployment_is_refused_and_the_rollback_is_named() {
    plays(async |w| {
        w.rolls_back().await;
        w.user("ana").types(&format!("/promote shop {OLDER}")).await;
        w.passes(Span::seconds(3)).await;
        let (told, older) = (w.incidents(), w.id_of(OLDER));
        assert!(told.contains("Going back is a rollback"), "{told}");
        assert!(told.contains(&format!("`/rollback shop {older}`")), "{told}");
        // No reason forces it either.
        let told = told_on_typing(&w, &format!("/promote shop {OLDER} it was fine")).await;
        assert!(!w.user("bo").sees("Confirm"), "{told}");
        nothing_was_promoted(&w);
    });
}

#[test]
fn what_speaks_against_a_promote_is_overridden_by_a_reason_and_a_second_person() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        w.user("ana").types("/promote reason its page was looked at by hand").await;
        w.passes_until("the question", || w.card_says("promote?")).await;
        let told = w.incidents();
        assert!(told.contains("*Against it speaks*: it is not verified"), "{told}");
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("a second person has to press Confirm"), "{said}");
        nothing_was_promoted(&w);
        w.user("bo").presses("Confirm").await;
        w.passes_until("the promote", || w.live() == merged(&w)).await;
        let told = w.incidents();
        assert!(told.contains("as the second person"), "{told}");
        assert!(told.contains("its page was looked at by hand"), "{told}");
        until_resolved(&w).await;
    });
}

#[test]
fn while_nobody_can_tell_who_is_in_the_group_an_early_promote_is_refused_with_the_reason() {
    plays_with(authority::by_group(), async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        authority::the_groups_go_dark(&w).await;
        let line = "/promote reason its page was looked at by hand";
        let told = told_on_typing(&w, line).await;
        assert!(told.contains("This takes two people, and nobody can tell"), "{told}");
        assert!(told.contains("status 503"), "{told}");
        nothing_was_promoted(&w);
        w.troubles_are_over();
        w.passes(Span::seconds(40)).await;
        w.user("ana").types(line).await;
        w.passes_until("the question", || w.card_says("promote?")).await;
        w.user("bo").presses("Confirm").await;
        w.passes_until("the promote", || w.live() == merged(&w)).await;
        until_resolved(&w).await;
    });
}

#[test]
fn a_main_that_is_red_is_not_let_loose_by_a_promote() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        github_trap(&w, "check_red", "main", serde_json::json!({"name": "test"}));
        let files = [("docs/hours.md", "Open until nine.\n")];
        at_github(&w, move |github| github.push_by_other("main", &files, "Note the hours")).await;
        w.passes(Span::seconds(20)).await;
        w.user("ana").types("/promote").await;
        w.passes(Span::seconds(3)).await;
        assert!(
            w.incidents().contains("checks of main's newest commit failed"),
            "{}",
            w.incidents()
        );
        nothing_was_promoted(&w);
    });
}

#[test]
fn what_main_would_ship_next_is_said_before_it_is_let_loose() {
    plays(async |w| {
        opens_the_revert(&w).await;
        merges(&w).await;
        verifies(&w).await;
        let files = [("docs/hours.md", "Open until nine.\n")];
        at_github(&w, move |github| github.push_by_other("main", &files, "Note the hours")).await;
        w.passes(Span::seconds(20)).await;
        asks_for_the_promote(&w).await;
        let told = w.incidents();
        assert!(told.contains("re-arms automatic assignment"), "{told}");
        assert!(told.contains("Next to ship: 1 commit"), "{told}");
        assert!(told.contains("Note the hours"), "{told}");
        w.user("ana").presses("Cancel").await;
        w.settle().await;
        nothing_was_promoted(&w);
        promotes(&w).await;
        assert_eq!(w.live(), merged(&w));
    });
}
