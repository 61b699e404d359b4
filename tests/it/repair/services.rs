//! Two services of one repository: one revert serves both, and each is verified and promoted by itself.

use repoint::domain::ids::DeploymentId;
use repoint::domain::time::Span;
use repoint::world::vercel::{Health, Push, VercelSeed};

use super::{at_github, plays_with, reverts};
use crate::harness::Settings;

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

/// Another service, as the shop is but for its project.
fn with_a_second_service(text: String) -> String {
    let at = text.find("[[service]]").expect("a service");
    let second =
        text[at..].replace("name = \"shop\"", "name = \"admin\"").replace("prj_shop", "prj_admin");
    format!("{text}\n{second}")
}

#[test]
fn two_services_of_one_repository_share_one_revert() {
    let settings = Settings {
        account: Some(with_a_second_project),
        edit: Some(with_a_second_service),
        ..Settings::default()
    };
    plays_with(settings, async |w| {
        w.user("ana").types("/rollback shop").await;
        w.settle().await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        w.user("ana").types("/revert shop").await;
        w.until_button("Open revert").await;
        w.user("ana").presses("Open revert").await;
        w.passes_until("the pull request", || !reverts(&w).is_empty()).await;

        w.user("bo").types("/incident open admin totals are wrong").await;
        w.settle().await;
        w.user("bo").types("/incident ruled-out admin it has no good deployment").await;
        w.settle().await;
        w.user("bo").types("/revert admin #124").await;
        w.passes(Span::seconds(20)).await;
        let told = w.incidents();
        assert!(told.contains("one serves both"), "{told}");
        assert_eq!(reverts(&w).len(), 1, "{told}");

        let head = at_github(&w, |github| {
            let number = github.pulls().iter().map(|pull| pull.number).max().unwrap_or_default();
            github.merge_by_other(number)
        });
        let sha = head.await;
        let push = Push {
            branch: "main".to_owned(),
            sha: sha.clone(),
            message: "Revert".to_owned(),
            author: "Ana Duarte".to_owned(),
            at: w.models.now(),
        };
        w.models.vercel.pushed("admin", push, Health::Good);
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
