//! `/rollback`: the main story, and what goes wrong on its way.

use crate::harness::{GOOD, World};

#[test]
fn one_command_and_one_press_bring_production_back() {
    World::run(async |w| {
        w.user("ana").types("/rollback").await;
        w.settle().await;
        assert!(w.card_says("roll back?"));
        w.user("ana").presses("Confirm").await;
        w.passes_until("the proof", || w.card_says("proven")).await;
        assert_eq!(w.live(), GOOD);
        assert_eq!(w.rollbacks_sent(), 1);
        assert!(!w.models.vercel.auto_assign("shop"));
        insta::assert_snapshot!("main_story_incidents", w.incidents());
        insta::assert_snapshot!("main_story_stakeholders", w.stakeholders());
    });
}
