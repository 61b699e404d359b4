//! What the bot does not do, what it says then, and what works all the same.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::vercel::{AutoAssign, ModelPlan, VercelSeed};

use crate::harness::{BAD, GOOD, OLDER, PREVIEW, Settings, World, all_press};

/// Ana has asked, and the card waits for Confirm.
async fn ana_asks(w: &Arc<World>) {
    w.user("ana").types("/rollback").await;
    w.settle().await;
    assert!(w.card_says("roll back?"), "{}", w.incidents());
}

/// Nothing was sent, and production is where it was.
fn nothing_moved(w: &World) {
    assert_eq!(w.rollbacks_sent(), 0);
    assert_eq!(w.live(), BAD);
}

#[test]
fn somebody_who_is_on_no_list_is_refused_in_private_and_ana_can_still_confirm() {
    World::run(async |w| {
        ana_asks(&w).await;
        let said = w.user("eve").hears_on_pressing("Confirm").await;
        assert!(said.contains("not on this service's list"), "{said}");
        assert!(said.contains("/incident whoami"), "{said}");
        nothing_moved(&w);
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
    });
}

#[test]
fn two_people_who_press_at_once_flip_once_and_the_second_hears_who_was_first() {
    World::run(async |w| {
        ana_asks(&w).await;
        let (ana, bo) = (w.user("ana"), w.user("bo"));
        let before = [ana.was_told().len(), bo.was_told().len()];
        all_press(&[ana.clone(), bo.clone()], "Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
        let [to_ana, to_bo] =
            [ana.was_told().split_off(before[0]), bo.was_told().split_off(before[1])];
        let (first, second) = if to_ana.is_empty() { ("U01ANA", to_bo) } else { ("U01BO", to_ana) };
        assert!(second.contains(&format!("Already confirmed: <@{first}> was first")), "{second}");
    });
}

#[test]
fn a_preview_is_no_target() {
    World::run(async |w| {
        let said = w.user("ana").hears_on_typing(&format!("/rollback {PREVIEW}")).await;
        assert!(said.contains("is a preview: it never served production"), "{said}");
        assert!(said.contains("Next: `/rollback shop` for the best target"), "{said}");
        nothing_moved(&w);
    });
}

#[test]
fn what_is_live_is_no_target() {
    World::run(async |w| {
        let said = w.user("ana").hears_on_typing(&format!("/rollback {BAD}")).await;
        assert!(said.contains("is what production runs now"), "{said}");
        assert!(said.contains("Next: name another target"), "{said}");
        nothing_moved(&w);
    });
}

#[test]
fn the_hobby_plan_goes_back_one_deployment_only() {
    let settings = Settings {
        account: Some(|account| account.plan = ModelPlan::Hobby),
        ..Settings::default()
    };
    World::run_with(settings, async |w| {
        let said = w.user("ana").hears_on_typing(&format!("/rollback {OLDER}")).await;
        assert!(said.contains("hobby plan rolls back only to the immediately previous"), "{said}");
        let next = format!("Next: `/rollback shop {}`", w.id_of(GOOD));
        assert!(said.contains(&next), "{said}");
        nothing_moved(&w);
        // The one that the plan allows is offered, and nothing else is.
        w.user("ana").types(&format!("/rollback {GOOD}")).await;
        w.settle().await;
        assert!(w.user("ana").sees("Confirm") && !w.user("ana").sees("Choose another"));
    });
}

#[test]
fn what_cannot_be_read_one_way_is_asked_back() {
    World::run(async |w| {
        for (line, why, next) in [
            ("/rollback chop", "There is no service called `chop`", "`/rollback shop`"),
            (
                "/rollback shop 23a9e46 777277d",
                "Two values for the target: `23a9e46` and `777277d`",
                "`/rollback shop 23a9e46`",
            ),
        ] {
            let said = w.user("ana").hears_on_typing(line).await;
            assert!(said.contains(why) && said.contains(next), "{line}: {said}");
        }
        assert_eq!(w.incidents_opened(), 0);
    });
}

#[test]
fn a_target_that_nobody_knows_is_said_to_be_unknown() {
    World::run(async |w| {
        for target in ["ffff0000", "https://elsewhere.vercel.app", "dpl_unheardof", "7"] {
            let said = w.user("ana").hears_on_typing(&format!("/rollback shop {target}")).await;
            assert!(said.contains("No deployment of this service fits"), "{target}: {said}");
            assert!(said.contains("Next: `/rollback shop`"), "{target}: {said}");
        }
        nothing_moved(&w);
    });
}

/// Two deployments whose commits begin alike.
fn twins(account: &mut VercelSeed) {
    account.projects[0].deployments[0].sha = "23a9e46000000000000000000000000000000000".to_owned();
}

#[test]
fn a_commit_that_fits_two_deployments_is_asked_back_with_both() {
    World::run_with(Settings { account: Some(twins), ..Settings::default() }, async |w| {
        let said = w.user("ana").hears_on_typing("/rollback 23a9e46").await;
        assert!(said.contains("fits several deployments"), "{said}");
        for host in ["shop-c1-demo", "shop-c2-demo"] {
            let all = w.models.vercel.deployments("shop");
            let one = all.iter().find(|one| one.host.starts_with(host)).expect("a deployment");
            assert!(said.contains(one.id.as_str()), "{said}");
        }
        assert!(said.contains("give more digits"), "{said}");
        w.user("ana").types("/rollback 23a9e468b").await;
        w.settle().await;
        assert!(w.card_says("roll back?"));
    });
}

#[test]
fn a_question_expires_and_ask_again_puts_a_fresh_one() {
    World::run(async |w| {
        ana_asks(&w).await;
        let stale = w.user("ana").code_for("Confirm").await;
        w.passes(Span::minutes(5)).await;
        assert!(w.card_says("the question expired"));
        assert!(!w.user("ana").sees("Confirm"));
        let said = w.user("ana").hears_on_typing(&format!("/incident press {stale}")).await;
        assert!(said.contains("That code fits none of your buttons"), "{said}");
        nothing_moved(&w);
        w.user("bo").presses("Ask again").await;
        w.settle().await;
        w.user("bo").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
    });
}

#[test]
fn a_flip_in_the_dashboard_voids_the_question_and_is_not_fought() {
    World::run(async |w| {
        ana_asks(&w).await;
        w.somebody_flips_to(OLDER);
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("production has moved since the question was put"), "{said}");
        assert_eq!((w.rollbacks_sent(), w.live()), (0, OLDER.to_owned()));
        // What the others chose is live now; going elsewhere from there needs a name.
        assert!(w.card_says("rollback refused"), "{}", w.incidents());
        w.user("ana").types(&format!("/rollback {GOOD}")).await;
        w.settle().await;
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!((w.rollbacks_sent(), w.live()), (1, GOOD.to_owned()));
    });
}

#[test]
fn switching_automatic_assignment_voids_the_question_and_a_fresh_one_follows() {
    World::run(async |w| {
        ana_asks(&w).await;
        w.models.vercel.set_auto_assign("shop", AutoAssign::Off);
        let said = w.user("ana").hears_on_pressing("Confirm").await;
        assert!(said.contains("automatic assignment was switched"), "{said}");
        nothing_moved(&w);
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.rollbacks_sent(), 1);
    });
}

#[test]
fn a_note_does_not_void_the_question() {
    World::run(async |w| {
        ana_asks(&w).await;
        let said = w.user("bo").hears_on_typing("/incident note payments are affected too").await;
        assert!(said.contains("Noted in incident #1"), "{said}");
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert!(w.incidents().contains("noted: payments are affected too"));
    });
}
