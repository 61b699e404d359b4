//! Two services of one repository: one revert serves both, and each is verified and promoted by itself.

use std::sync::Arc;

use repoint::domain::ids::DeploymentId;
use repoint::domain::time::Span;
use repoint::world::vercel::VercelSeed;

use super::{at_github, merged, merges, plays_with, reverts};
use crate::harness::{GOOD, Settings, World};

/// Another project, built from the same repository.
fn with_a_second_project(account: &mut VercelSeed) {
    let mut second = account.projects[0].clone();
    (second.id, second.name) = ("prj_admin".to_owned(), "admin".to_owned());
    second.domains = vec!["admin.example.com".to_owned()];
    let renamed = |id: &DeploymentId| DeploymentId::from(format!("{id}a").as_str());
    for deployment in &mut second.deployments {
        deployment.id = renamed(&deployment.id);
        deployment.host = deployment.host.replacen("shop", "admin", 1);
    }
    second.live = second.live.as_ref().map(renamed);
    account.projects.push(second);
}

/// Ana rolls the shop back, and opens the revert of what broke both.
async fn opens_the_revert_of_the_shop(w: &Arc<World>) {
    w.user("ana").types("/rollback shop").await;
    w.settle().await;
    w.user("ana").presses("Confirm").await;
    w.passes_until("the proof", || w.card_says("proven")).await;
    w.user("ana").types("/revert shop").await;
    w.until_button("Open revert").await;
    w.user("ana").presses("Open revert").await;
    w.passes_until("the pull request", || !reverts(w).is_empty()).await;
}

/// Bo rolls the other service back, and is told that the shop's revert serves it too.
async fn admin_joins_the_revert(w: &Arc<World>) {
    w.user("bo").types("/rollback admin").await;
    w.settle().await;
    w.user("bo").presses("Confirm").await;
    w.passes_until("the proof", || live(w, "admin") == GOOD && w.card_says("proven")).await;
    w.user("bo").types("/revert admin").await;
    w.passes_until("the link", || w.incidents().contains("one serves both")).await;
}

/// What a project's production points at.
fn live(w: &World, project: &str) -> String {
    let live = w.models.vercel.live(project).expect("something is live");
    let all = w.models.vercel.deployments(project);
    all.iter().find(|one| one.id == live).expect("a known deployment").sha[..7].to_owned()
}

#[test]
fn two_services_of_one_repository_share_one_revert() {
    let settings = Settings { account: Some(with_a_second_project), ..Settings::default() };
    plays_with(settings, async |w| {
        opens_the_revert_of_the_shop(&w).await;

        w.user("bo").types("/incident open admin totals are wrong").await;
        w.settle().await;
        w.user("bo").types("/incident ruled-out admin it has no good deployment").await;
        w.settle().await;
        w.user("bo").types("/revert admin #124").await;
        w.passes(Span::seconds(20)).await;
        let told = w.incidents();
        assert!(told.contains("one serves both"), "{told}");
        assert_eq!(reverts(&w).len(), 1, "{told}");

        at_github(&w, |github| {
            let number = github.pulls().iter().map(|pull| pull.number).max().unwrap_or_default();
            github.merge_by_other(number)
        })
        .await;
        w.passes(Span::seconds(40)).await;
        let ready = w.numbers_of("incidents", "ready, not live");
        assert!(ready.len() >= 2, "{}", w.incidents());
        let mut fixes = w
            .book()
            .incidents
            .values()
            .map(|one| one.fix().and_then(|fix| fix.built.clone()))
            .collect::<Vec<_>>();
        fixes.dedup();
        assert_eq!(fixes.len(), 2, "each has a build of its own: {fixes:#?}");
    });
}

#[test]
fn the_second_service_of_a_shared_revert_is_verified_and_promoted_to_the_end() {
    let settings = Settings { account: Some(with_a_second_project), ..Settings::default() };
    plays_with(settings, async |w| {
        opens_the_revert_of_the_shop(&w).await;
        admin_joins_the_revert(&w).await;
        assert_eq!(reverts(&w).len(), 1, "{}", w.incidents());
        merges(&w).await;
        w.passes_until("both builds", || w.numbers_of("incidents", "ready, not live").len() >= 2)
            .await;
        let fix = merged(&w);
        assert_eq!((live(&w, "shop"), live(&w, "admin")), (GOOD.to_owned(), GOOD.to_owned()));

        w.user("bo").types("/verify admin").await;
        w.passes_until("the verdict", || w.card_says("verified, not live")).await;
        w.user("bo").types("/promote admin").await;
        w.passes_until("the question", || w.card_says("promote?")).await;
        w.user("bo").presses("Confirm").await;
        w.passes_until("the watch", || w.card_says("promoted, watching production")).await;
        w.passes(Span::minutes(6)).await;
        assert_eq!(live(&w, "admin"), fix, "{}", w.incidents());
        assert!(w.models.vercel.auto_assign("admin"));
        // The first service waits for its own verification, and nothing of it has moved.
        assert_eq!(
            (live(&w, "shop"), w.models.vercel.auto_assign("shop")),
            (GOOD.to_owned(), false)
        );
        let states: Vec<(String, bool)> = w
            .book()
            .incidents
            .values()
            .map(|one| (one.service.to_string(), one.is_open()))
            .collect();
        assert!(states.contains(&("shop".to_owned(), true)), "{states:?}");
        assert!(!states.contains(&("admin".to_owned(), true)), "{states:?}");
    });
}

#[test]
fn who_brings_something_to_main_is_told_once_for_both_services() {
    let edit = |text: String| text.replace("provider =", "warn_pull_requests = true\nprovider =");
    let account = Some(with_a_second_project as fn(&mut VercelSeed));
    plays_with(Settings { account, edit: Some(edit), ..Settings::default() }, async |w| {
        opens_the_revert_of_the_shop(&w).await;
        admin_joins_the_revert(&w).await;
        w.passes(Span::seconds(20)).await;
        let files = [("docs/hours.md", "Open until nine.\n")];
        at_github(&w, move |github| github.push_by_other("main", &files, "Note the hours")).await;
        w.passes(Span::minutes(3)).await;
        for incident in ["#1 of shop", "#2 of admin"] {
            let told = format!("Incident {incident}: *Main still holds the bad change*");
            assert_eq!(w.times_said(&told), 1, "{}", w.incidents());
        }
        assert_eq!(w.times_said("says so there too"), 1, "{}", w.incidents());
        let posts = w.calls("/issues/").iter().filter(|call| call.method == "POST").count();
        assert_eq!(posts, 1);
    });
}
