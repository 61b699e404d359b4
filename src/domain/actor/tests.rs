//! Persons as people write them in a configuration.

use super::*;

#[test]
fn a_person_reads_back_as_it_is_written() {
    for text in ["slack:T0123/U0456", "slack:E1/W2", "discord:123456/789"] {
        let person: Person = text.parse().unwrap();
        assert_eq!(person.to_string(), text);
    }
}

#[test]
fn what_is_not_a_person_is_refused_with_an_example() {
    let wrong = [
        "",
        "ana",
        "slack",
        "slack:T1",
        "slack:T1/",
        "slack:/U1",
        "slack:T1/u1",
        "slack:T1/U1/U2",
        "slack:T1/U1 ",
        " slack:T1/U1",
        "slack:T1/@ana",
        "Slack:T1/U1",
        "teams:T1/U1",
        // Discord's ids are numbers: a Slack id there would be nobody, silently.
        "discord:T1/U1",
        "discord:123/U1",
    ];
    for text in wrong {
        let error = text.parse::<Person>().unwrap_err();
        assert!(error.contains("slack:T0123/U0456"), "{text:?}: {error}");
    }
}

#[test]
fn a_lead_may_do_all_that_a_responder_may() {
    assert!(Role::Lead > Role::Responder);
    // "No role" is less than any: a comparison of options denies by default.
    assert!(None < Some(Role::Responder));
}
