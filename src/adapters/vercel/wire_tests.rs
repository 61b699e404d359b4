//! Readings of Vercel's answers, and of answers that Vercel has not given yet.

use serde_json::json;

use super::*;

fn project(value: Value) -> ProjectBody {
    serde_json::from_value(value).unwrap()
}

fn deployment(mut value: Value) -> Deployment {
    for (key, default) in
        [("uid", json!("dpl_1")), ("url", json!("a.vercel.app")), ("created", json!(5))]
    {
        value.as_object_mut().unwrap().entry(key).or_insert(default);
    }
    serde_json::from_value::<DeploymentBody>(value).unwrap().deployment().unwrap()
}

#[test]
fn live_is_what_the_target_and_every_production_name_agree_on() {
    let target = |id: &str| json!({"production": {"id": id}});
    let alias =
        |id: &str| json!({"target": "PRODUCTION", "redirect": null, "deployment": {"id": id}});
    let at = |id: &str| Live::At(id.into());
    let split = |ids: &[&str]| Live::Split(ids.iter().map(|id| DeploymentId::from(*id)).collect());
    let cases = [
        (json!({"id": "p"}), Live::Nothing),
        (json!({"id": "p", "targets": null, "alias": null}), Live::Nothing),
        (json!({"id": "p", "targets": {"production": null}}), Live::Nothing),
        (json!({"id": "p", "targets": {}, "alias": []}), Live::Nothing),
        (json!({"id": "p", "targets": target("a")}), at("a")),
        (json!({"id": "p", "targets": target("a"), "alias": [alias("a"), alias("a")]}), at("a")),
        (
            json!({"id": "p", "targets": target("a"), "alias": [alias("a"), alias("b")]}),
            split(&["a", "b"]),
        ),
        (
            json!({"id": "p", "targets": target("b"), "alias": [alias("a"), alias("a")]}),
            split(&["b", "a"]),
        ),
        (json!({"id": "p", "targets": {"production": null}, "alias": [alias("a")]}), at("a")),
        (
            json!({"id": "p", "targets": target("a"), "alias": [
                {"target": "PRODUCTION", "redirect": "shop.example.com", "deployment": {"id": "z"}},
                {"target": "PREVIEW", "environment": "preview", "redirect": null, "deployment": {"id": "y"}},
                {"target": null, "environment": "production", "deployment": {"id": "a"}},
                {"target": "PRODUCTION", "deployment": null},
            ]}),
            at("a"),
        ),
    ];
    for (body, expected) in cases {
        assert_eq!(project(body.clone()).pointer().live, expected, "{body}");
    }
}

#[test]
fn a_missing_assignment_flag_is_never_read_as_on() {
    for (body, expected) in [
        (json!({"id": "p", "autoAssignCustomDomains": true}), Assignment::On),
        (json!({"id": "p", "autoAssignCustomDomains": false}), Assignment::Off),
        (json!({"id": "p", "autoAssignCustomDomains": null}), Assignment::CannotTell),
        (json!({"id": "p"}), Assignment::CannotTell),
    ] {
        assert_eq!(project(body).pointer().assignment, expected);
    }
}

#[test]
fn an_unknown_job_word_is_never_success() {
    for (word, expected) in [
        (json!("pending"), JobStatus::Running),
        (json!("in-progress"), JobStatus::Running),
        (json!("succeeded"), JobStatus::Succeeded),
        (json!("failed"), JobStatus::Failed),
        (json!("skipped"), JobStatus::Skipped),
        (json!("halfway"), JobStatus::Unrecognised),
        (json!(null), JobStatus::Unrecognised),
    ] {
        let body = project(json!({"id": "p", "lastAliasRequest": {"type": "rollback",
            "fromDeploymentId": null, "toDeploymentId": "b", "jobStatus": word, "requestedAt": 9}}));
        let job = body.pointer().job.unwrap();
        assert_eq!((job.status, job.kind, job.from), (expected, JobKind::Rollback, None));
        assert_eq!((job.to, job.requested_at), ("b".into(), Timestamp(9)));
    }
    for no_job in [json!(null), json!({"jobStatus": "pending", "toDeploymentId": "b"})] {
        assert_eq!(project(json!({"id": "p", "lastAliasRequest": no_job})).pointer().job, None);
    }
}

#[test]
fn commits_are_read_from_all_three_git_hosts() {
    let sha = "9FCEB02AE1B2C3D4E5F60718293A4B5C6D7E8F90";
    for host in ["github", "gitlab", "bitbucket"] {
        let read = deployment(json!({"meta": {
            format!("{host}CommitSha"): sha,
            format!("{host}CommitMessage"): "Fix cart (#42)\n\nLong text",
            format!("{host}CommitAuthorName"): "Bob",
        }}));
        assert_eq!(read.sha.as_deref(), Some(sha.to_lowercase().as_str()));
        assert_eq!(read.subject.as_deref(), Some("Fix cart (#42)"));
        assert_eq!(read.author.as_deref(), Some("Bob"));
    }
    for meta in [json!(null), json!({}), json!({"githubCommitSha": "main"}), json!("odd")] {
        let read = deployment(json!({"meta": meta}));
        assert_eq!((read.sha, read.subject), (None, None));
    }
}

#[test]
fn a_state_that_is_new_to_us_is_never_ready() {
    for (body, expected) in [
        (json!({"readyState": "READY"}), BuildState::Ready),
        (json!({"state": "READY"}), BuildState::Ready),
        (json!({"readyState": "QUEUED"}), BuildState::Building),
        (json!({"readyState": "ERROR"}), BuildState::Failed),
        (json!({"readyState": "CANCELED"}), BuildState::Failed),
        (json!({"readyState": "DELETED"}), BuildState::Gone),
        (json!({"readyState": "BLOCKED"}), BuildState::Unrecognised),
        (json!({"readyState": "READYISH"}), BuildState::Unrecognised),
        (json!({}), BuildState::Unrecognised),
        (json!({"readyState": "READY", "softDeletedByRetention": true}), BuildState::Gone),
        (json!({"readyState": "READY", "deleted": 7}), BuildState::Gone),
        (json!({"readyState": "READY", "deleted": 7, "undeleted": 8}), BuildState::Ready),
    ] {
        assert_eq!(deployment(body.clone()).state, expected, "{body}");
    }
}

#[test]
fn only_promoted_means_that_it_served() {
    for (word, expected) in [
        (json!("PROMOTED"), Served::Yes),
        (json!("STAGED"), Served::No),
        (json!("ROLLING"), Served::No),
        (json!("NEW"), Served::No),
        (json!(null), Served::NotSaid),
    ] {
        assert_eq!(deployment(json!({"readySubstate": word})).served, expected);
    }
}

#[test]
fn times_are_read_from_the_fields_that_hold_times() {
    let row = deployment(json!({"createdAt": 10, "created": 11, "aliasAssigned": 12}));
    assert_eq!((row.created_at, row.promoted_at), (Timestamp(10), Some(Timestamp(12))));
    let single = deployment(json!({"aliasAssigned": true, "aliasAssignedAt": 13}));
    assert_eq!((single.created_at, single.promoted_at), (Timestamp(5), Some(Timestamp(13))));
    assert_eq!(deployment(json!({"aliasAssigned": false})).promoted_at, None);
}

#[test]
fn previews_and_other_environments_are_told_apart() {
    for (word, expected) in [
        (json!("production"), DeploymentKind::Production),
        (json!(null), DeploymentKind::Preview),
        (json!("staging"), DeploymentKind::Other),
    ] {
        assert_eq!(deployment(json!({"target": word})).kind, expected);
    }
}

#[test]
fn both_shapes_of_the_alias_list_are_read() {
    let body: AliasesBody = serde_json::from_value(json!({"aliases": [
        {"id": "a1", "status": "failed", "alias": {"alias": "shop.example.com", "deploymentId": "dpl_A"}},
        {"id": "a2", "status": "pending", "alias": "www.example.com"},
        {"id": "a3", "status": "completed", "alias": "ok.example.com"},
        {"id": "a4", "status": "failed", "alias": {}},
    ], "pagination": null}))
    .unwrap();
    let failed: Vec<_> = body.failed().into_iter().map(|row| (row.name, row.state)).collect();
    let expected = [
        ("shop.example.com", "failed"),
        ("www.example.com", "pending"),
        ("a name that is not given", "failed"),
    ];
    assert_eq!(failed, expected.map(|(name, state)| (name.to_owned(), state.to_owned())));
    assert!(serde_json::from_str::<AliasesBody>("{}").unwrap().failed().is_empty());
}
