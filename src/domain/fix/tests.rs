//! What was typed, and what a gate says.

use super::*;

fn check(name: &str, state: CheckState, need: Need) -> Check {
    Check { name: name.to_owned(), state, need }
}

fn gate(checks: Vec<Check>) -> Gate {
    Gate {
        state: PullState::Open,
        head: "c".repeat(40),
        title: "Revert".to_owned(),
        url: "https://github.example/pull/1".to_owned(),
        checks,
        unreadable: None,
        reviews: Reviews::default(),
        fits: Fits::Yes,
        road: Road::Direct,
        queued: Queued::No,
    }
}

#[test]
fn what_was_typed_is_a_commit_a_number_or_a_range_and_nothing_else() {
    let commit = |text: &str| Some(Subject::Commit(text.to_owned()));
    for (typed, meant) in [
        ("#124", Some(Subject::Pull(124))),
        (" 124 ", Some(Subject::Pull(124))),
        ("8400cc2", commit("8400cc2")),
        ("8400CC2", commit("8400cc2")),
        // Seven digits may be a commit, and no repository has a millionth pull request by accident.
        ("1234567", commit("1234567")),
        (
            "23a9e46..8400cc2",
            Some(Subject::Range { base: "23a9e46".to_owned(), head: "8400cc2".to_owned() }),
        ),
        (
            "23a9e46...8400cc2",
            Some(Subject::Range { base: "23a9e46".to_owned(), head: "8400cc2".to_owned() }),
        ),
        ("main", None),
        ("--upload-pack=x", None),
        ("8400cc", None),
        ("a..b", None),
        ("", None),
        ("#", None),
    ] {
        assert_eq!(Subject::parse(typed), meant, "{typed}");
    }
}

#[test]
fn only_what_was_read_is_there_and_passed_is_green() {
    use CheckState::{Failed, Missing, Passed, Queued, Running, Skipped};
    let required = |state| gate(vec![check("test", state, Need::Required)]);
    assert_eq!(g8_judge(&gate(Vec::new())), GateVerdict::Green, "nothing is demanded");
    assert_eq!(g8_judge(&required(Passed)), GateVerdict::Green);
    for state in [Queued, Running, Missing] {
        assert!(matches!(g8_judge(&required(state)), GateVerdict::Waiting { .. }), "{state:?}");
    }
    for state in [Failed, Skipped] {
        assert!(matches!(g8_judge(&required(state)), GateVerdict::Red { .. }), "{state:?}");
    }
    for state in [Failed, Skipped, Missing, Running] {
        let optional = gate(vec![check("lint", state, Need::Optional)]);
        assert_eq!(g8_judge(&optional), GateVerdict::Green, "{state:?} only informs");
    }
    let unreadable = Gate { unreadable: Some("403".to_owned()), ..required(Passed) };
    assert!(matches!(g8_judge(&unreadable), GateVerdict::Unreadable { .. }));
}

#[test]
fn reviews_and_main_count_as_well() {
    let lacks = |needed, approved| Gate {
        reviews: Reviews { needed, approved, ..Reviews::default() },
        ..gate(Vec::new())
    };
    assert_eq!(g8_judge(&lacks(1, 1)), GateVerdict::Green);
    assert_eq!(g8_judge(&lacks(1, 0)), GateVerdict::Waiting { on: vec!["one review".to_owned()] });
    assert_eq!(g8_judge(&lacks(3, 1)), GateVerdict::Waiting { on: vec!["2 reviews".to_owned()] });
    let against = Gate {
        reviews: Reviews { against: vec!["lee".to_owned()], ..Reviews::default() },
        ..gate(Vec::new())
    };
    assert_eq!(g8_judge(&against), GateVerdict::Red { why: vec!["lee wants changes".to_owned()] });
    for (fits, is_red) in
        [(Fits::Conflicts, true), (Fits::Behind, true), (Fits::NotYetKnown, false)]
    {
        let verdict = g8_judge(&Gate { fits, ..gate(Vec::new()) });
        assert_eq!(matches!(verdict, GateVerdict::Red { .. }), is_red, "{fits:?}");
        assert_ne!(verdict, GateVerdict::Green, "{fits:?}");
    }
}

#[test]
fn a_branch_names_its_incident_and_a_second_revert_gets_another() {
    let culprit = Culprit {
        head: Commit { sha: "8400cc2".repeat(6)[..40].to_owned(), subject: String::new() },
        base: "b".repeat(40),
        shape: Shape::Single,
        commits: 1,
        pull: None,
    };
    assert_eq!(branch(IncidentId(7), &culprit, 0), "repoint/incident-7-revert-8400cc28400c");
    assert_eq!(branch(IncidentId(7), &culprit, 1), "repoint/incident-7-revert-8400cc28400c-2");
}
