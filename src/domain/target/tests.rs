//! Which deployment is meant: computed, named, or refused.

use super::*;
use crate::domain::deployment::{BuildState, DeploymentKind, Live, PointerJob, Served};
use crate::domain::fixture::{DAWN, FIRST, deployment, id_of, job, pointer};

/// What a choice rests on, owned.
struct Scene {
    pointer: Pointer,
    deployments: Vec<Deployment>,
    named: Option<Deployment>,
    plan: Fact<Plan>,
    state: ServiceState,
}

/// v42 is live; v41 to v39 served before it.
fn scene() -> Scene {
    Scene {
        pointer: pointer("v42"),
        deployments: ["v40", "v42", "v39", "v41"].map(deployment).into(),
        named: None,
        plan: Fact::known("plan", DAWN, Plan::Paid),
        state: ServiceState::default(),
    }
}

impl Scene {
    fn choose(&self, typed: Option<&str>) -> Result<Choice, Refusal> {
        choose(
            typed,
            &Evidence {
                pointer: &self.pointer,
                deployments: &self.deployments,
                named: self.named.as_ref(),
                plan: &self.plan,
                state: &self.state,
            },
        )
    }

    /// The target's id, or the refusal.
    fn target(&self, typed: Option<&str>) -> Result<DeploymentId, Refusal> {
        self.choose(typed).map(|choice| choice.to.deployment.id)
    }

    fn ranked(&self) -> Vec<String> {
        let choice = self.choose(None).expect("there is a target");
        let ids = std::iter::once(choice.to).chain(choice.others);
        ids.map(|one| one.deployment.id.to_string()).collect()
    }

    fn edit(&mut self, name: &str) -> &mut Deployment {
        let found = self.deployments.iter_mut().find(|one| one.id == id_of(name));
        found.expect("the scene has it")
    }

    fn with_job(mut self, kind: JobKind, way: (&str, &str), status: JobStatus) -> Self {
        self.pointer.job = Some(job(kind, way, status));
        self
    }
}

#[test]
fn the_best_target_is_the_one_that_served_last() {
    let choice = scene().choose(None).unwrap();
    assert_eq!(choice.from, deployment("v42"));
    assert_eq!(choice.to.deployment, deployment("v41"));
    assert_eq!(choice.to.served_for, Some(Span::minutes(10)));
    assert_eq!(scene().ranked(), ["dpl_v41", "dpl_v40", "dpl_v39"]);
}

#[test]
fn serving_order_beats_build_order() {
    let mut scene = scene();
    // v40 was given the names again after v41 was.
    scene.edit("v40").promoted_at = Some(DAWN - Span::minutes(1));
    assert_eq!(scene.ranked(), ["dpl_v40", "dpl_v41", "dpl_v39"]);
}

#[test]
fn without_serving_times_build_order_decides() {
    let mut scene = scene();
    for one in &mut scene.deployments {
        one.promoted_at = None;
    }
    assert_eq!(scene.ranked(), ["dpl_v41", "dpl_v40", "dpl_v39"]);
    assert_eq!(scene.choose(None).unwrap().to.served_for, None);
}

#[test]
fn what_the_last_promote_moved_away_from_beats_all_times() {
    let scene = scene().with_job(JobKind::Promote, ("v39", "v42"), JobStatus::Succeeded);
    assert_eq!(scene.ranked(), ["dpl_v39", "dpl_v41", "dpl_v40"]);
}

#[test]
fn a_promote_that_did_not_succeed_is_no_evidence() {
    for status in
        [JobStatus::Running, JobStatus::Failed, JobStatus::Skipped, JobStatus::Unrecognised]
    {
        let scene = scene().with_job(JobKind::Promote, ("v39", "v42"), status);
        assert_eq!(scene.ranked(), ["dpl_v41", "dpl_v40", "dpl_v39"], "{status:?}");
    }
}

#[test]
fn what_production_was_rolled_back_from_is_never_the_best_target() {
    // Rolled back from v41 to v40, and later v42 went live by itself.
    for status in
        [JobStatus::Succeeded, JobStatus::Running, JobStatus::Skipped, JobStatus::Unrecognised]
    {
        let scene = scene().with_job(JobKind::Rollback, ("v41", "v40"), status);
        assert_eq!(scene.ranked(), ["dpl_v40", "dpl_v39"], "{status:?}");
    }
    let failed = scene().with_job(JobKind::Rollback, ("v41", "v40"), JobStatus::Failed);
    assert_eq!(failed.ranked(), ["dpl_v41", "dpl_v40", "dpl_v39"]);
}

#[test]
fn after_a_rollback_the_live_deployment_is_the_cure_and_a_target_must_be_named() {
    for status in [JobStatus::Succeeded, JobStatus::Skipped, JobStatus::Unrecognised] {
        let mut scene = scene().with_job(JobKind::Rollback, ("v42", "v41"), status);
        scene.pointer.live = Live::At(id_of("v41"));
        let refused = Refusal::NameATarget { live: id_of("v41") };
        assert_eq!(scene.target(None), Err(refused), "{status:?}");
        // Named, one may go further back, or to what was left.
        assert_eq!(scene.target(Some("dpl_v40")), Ok(id_of("v40")));
        assert_eq!(scene.target(Some("1")), Ok(id_of("v40")), "the list does not hold v42");
    }
}

#[test]
fn a_target_marked_bad_is_neither_computed_nor_named() {
    let mut scene = scene();
    scene.state.marked_bad.insert(id_of("v41"), FIRST);
    assert_eq!(scene.ranked(), ["dpl_v40", "dpl_v39"]);
    assert_eq!(scene.target(Some("dpl_v41")), Err(Refusal::MarkedBad(id_of("v41"), FIRST)));
}

#[test]
fn what_does_not_qualify_is_not_among_the_others() {
    let mut scene = scene();
    scene.edit("v41").kind = DeploymentKind::Preview;
    scene.edit("v40").state = BuildState::Gone;
    assert_eq!(scene.ranked(), ["dpl_v39"]);
    scene.edit("v39").served = Served::No;
    assert_eq!(scene.target(None), Err(Refusal::NoTarget));
}

#[test]
fn a_card_offers_at_most_nine_others() {
    let mut scene = scene();
    scene.deployments = (20..43).map(|number| deployment(&format!("v{number}"))).collect();
    let choice = scene.choose(None).unwrap();
    assert_eq!(choice.others.len(), 9);
    assert_eq!(choice.others[0].deployment.id, id_of("v40"));
}

#[test]
fn a_name_is_an_id_a_host_an_address_a_commit_or_a_list_number() {
    let full = format!("{:0<40}", "c0ffee40");
    let names = [
        "dpl_v40",
        "web-v40.example.test",
        "WEB-V40.example.test",
        "https://web-v40.example.test",
        "http://web-v40.example.test/checkout?x=1",
        "web-v40.example.test/",
        "c0ffee40",
        "C0FFEE40",
        full.as_str(),
        "2",
        "#2",
    ];
    for typed in names {
        assert_eq!(scene().target(Some(typed)), Ok(id_of("v40")), "{typed}");
    }
}

#[test]
fn what_fits_nothing_is_unknown() {
    // Too short for a commit, out of the list, no host, a commit of nobody.
    for typed in ["c0f", "0", "00", "4", "#99", "100", "https://", "/", "", "deadbeef", "zebra"] {
        let refused = Refusal::UnknownTarget { typed: typed.to_owned() };
        assert_eq!(scene().target(Some(typed)), Err(refused), "{typed:?}");
    }
}

#[test]
fn a_deployment_without_a_host_is_not_meant_by_an_empty_address() {
    let mut scene = scene();
    scene.edit("v40").host = String::new();
    for typed in ["https://", "/", ""] {
        let refused = Refusal::UnknownTarget { typed: typed.to_owned() };
        assert_eq!(scene.target(Some(typed)), Err(refused), "{typed:?}");
    }
}

#[test]
fn a_commit_that_fits_several_is_ambiguous_and_names_at_most_five() {
    let mut scene = scene();
    scene.deployments = (31..43).map(|number| deployment(&format!("v{number}"))).collect();
    let Err(Refusal::AmbiguousTarget { typed, fits }) = scene.target(Some("c0ffee")) else {
        panic!("a prefix of all is ambiguous");
    };
    assert_eq!(typed, "c0ffee");
    assert_eq!(fits.len(), 5);
    assert_eq!(fits[0], "c0ffee3 (dpl_v31)");
    assert_eq!(scene.target(Some("c0ffee4")).unwrap_err(), {
        let fits = ["c0ffee4 (dpl_v40)", "c0ffee4 (dpl_v41)", "c0ffee4 (dpl_v42)"];
        let fits = fits.map(str::to_owned).into();
        Refusal::AmbiguousTarget { typed: "c0ffee4".to_owned(), fits }
    });
}

#[test]
fn two_builds_of_one_commit_are_ambiguous_even_by_the_whole_commit() {
    let mut scene = scene();
    let sha = scene.edit("v41").sha.clone();
    scene.edit("v40").sha.clone_from(&sha);
    let refused = scene.target(sha.as_deref()).unwrap_err();
    assert!(matches!(refused, Refusal::AmbiguousTarget { fits, .. } if fits.len() == 2));
}

#[test]
fn what_is_live_is_no_target_whatever_it_is_called() {
    for typed in ["dpl_v42", "c0ffee42", "https://web-v42.example.test"] {
        let refused = Refusal::AlreadyLive(id_of("v42"));
        assert_eq!(scene().target(Some(typed)), Err(refused), "{typed}");
    }
}

#[test]
fn a_named_preview_is_refused_as_a_preview() {
    let mut scene = scene();
    let preview = Deployment { kind: DeploymentKind::Preview, ..deployment("v50") };
    scene.named = Some(preview);
    assert_eq!(scene.target(Some("dpl_v50")), Err(Refusal::Preview(id_of("v50"))));
}

#[test]
fn a_name_beyond_the_list_is_looked_up() {
    let listed = scene().deployments;
    for typed in ["dpl_v41", "c0ffee41", "c0ffee", "web-v41.example.test", "3", "#3", "99"] {
        assert!(!needs_look_up(typed, &listed), "{typed}");
    }
    for typed in ["dpl_v7", "deadbeef", "web-v7.example.test", "v7", "100"] {
        assert!(needs_look_up(typed, &listed), "{typed}");
    }
    let mut scene = scene();
    scene.named = Some(deployment("v7"));
    assert_eq!(scene.target(Some("dpl_v7")), Ok(id_of("v7")));
}

#[test]
fn the_hobby_plan_offers_the_previous_one_and_nothing_else() {
    let mut scene = scene();
    scene.plan = Fact::known("plan", DAWN, Plan::Hobby);
    let choice = scene.choose(None).unwrap();
    assert_eq!(choice.to.deployment.id, id_of("v41"));
    assert_eq!(choice.others, Vec::new(), "what the plan refuses is not offered");
    assert_eq!(
        scene.target(Some("dpl_v40")),
        Err(Refusal::PlanLimit { asked: id_of("v40"), allows: Some(id_of("v41")) })
    );
}

#[test]
fn an_unknown_plan_offers_all_and_leaves_it_to_the_provider() {
    let mut scene = scene();
    scene.plan = Fact::unknown("plan", DAWN, "403");
    assert_eq!(scene.choose(Some("dpl_v39")).unwrap().others.len(), 2);
}

#[test]
fn a_pointer_that_is_split_or_empty_has_no_target() {
    let mut scene = scene();
    scene.pointer.live = Live::Split(vec![id_of("v41"), id_of("v42")]);
    assert_eq!(scene.target(None), Err(Refusal::PointerMoving));
    assert_eq!(scene.target(Some("dpl_v41")), Err(Refusal::PointerMoving));
    scene.pointer.live = Live::Nothing;
    assert_eq!(scene.target(Some("dpl_v41")), Err(Refusal::NothingLive));
}

#[test]
fn a_production_that_a_failed_job_left_half_moved_can_be_moved_again() {
    let mut scene = scene().with_job(JobKind::Rollback, ("v42", "v41"), JobStatus::Failed);
    scene.pointer.live = Live::Split(vec![id_of("v42"), id_of("v41")]);
    assert_eq!(scene.target(None), Ok(id_of("v41")));
    assert_eq!(scene.choose(None).expect("a target").from.id, id_of("v42"));
    scene.pointer.job.as_mut().expect("a job").status = JobStatus::Running;
    assert_eq!(scene.target(None), Err(Refusal::PointerMoving));
}

#[test]
fn a_live_deployment_that_the_list_does_not_hold_is_known_by_its_id() {
    let mut scene = scene();
    scene.pointer.live = Live::At(id_of("v99"));
    let choice = scene.choose(None).unwrap();
    assert_eq!(choice.from, Deployment::known_by_id_only(&id_of("v99")));
    assert_eq!(choice.to.deployment.id, id_of("v42"));
}

#[test]
fn a_job_that_does_not_say_where_it_came_from_excludes_nothing() {
    let mut scene = scene();
    let rollback = job(JobKind::Rollback, ("v41", "v40"), JobStatus::Succeeded);
    scene.pointer.job = Some(PointerJob { from: None, ..rollback });
    assert_eq!(scene.ranked(), ["dpl_v41", "dpl_v40", "dpl_v39"]);
}
