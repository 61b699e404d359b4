//! Merges that GitHub carries out: its queue, and what is left to it until the gate is green.

use super::*;

#[test]
fn a_merge_queue_is_used_and_watched() {
    Bench::run(async |bench| {
        let github = bench.world.models.github.clone();
        github.set_rules(Rules { merging: Merging::Queue, ..Rules::default() });
        let pull = bench.opened().await;
        let gate = bench.gate(pull.number).await;
        assert_eq!((gate.road, gate.queued), (Road::Queue, Queued::No));
        let early = bench.merges(pull.number, &gate.head, Road::Queue).await.expect_err("no");
        assert!(early.contains("checks or reviews are missing"), "{early}");
        bench.passes(10);
        assert_eq!(bench.verdict(pull.number).await, GateVerdict::Green);
        bench.merges(pull.number, &gate.head, Road::Queue).await.expect("taken");
        assert_eq!(bench.gate(pull.number).await.queued, Queued::Yes);
        bench.passes(30);
        let state = bench.gate(pull.number).await.state;
        let merged = github.pulls().into_iter().find(|one| one.number == pull.number);
        let Outcome::Merged(sha) = merged.expect("it is there").outcome else { panic!("merged") };
        assert_eq!(state, PullState::Merged { sha });
    });
}

#[test]
fn a_merge_is_left_to_github_and_taken_back() {
    Bench::run(async |bench| {
        let github = bench.world.models.github.clone();
        let automatic = || Rules { merging: Merging::Automatic, ..Rules::default() };
        github.set_rules(automatic());
        let pull = bench.opened().await;
        let gate = bench.gate(pull.number).await;
        assert_eq!((gate.road, gate.queued), (Road::Auto, Queued::No));
        github.set_rules(Rules { required: Vec::new(), ..automatic() });
        let nothing_demanded = bench.gate(pull.number).await;
        assert_eq!(nothing_demanded.road, Road::Direct, "no check stands before main");
        github.set_rules(automatic());
        bench.merges(pull.number, &gate.head, Road::Auto).await.expect("taken");
        assert_eq!(bench.gate(pull.number).await.queued, Queued::WhenGreen);
        for _ in 0..2 {
            bench.forge.call_off(&bench.shop, pull.number).await.expect("called off");
            assert_eq!(bench.gate(pull.number).await.queued, Queued::No);
        }
        bench.passes(10);
        // Its gate went green meanwhile, so there is nothing to leave.
        bench.merges(pull.number, &gate.head, Road::Auto).await.expect("merged");
        assert!(matches!(bench.gate(pull.number).await.state, PullState::Merged { .. }));
    });
}
