use std::collections::BTreeSet;

use super::*;

const ROLLBACK: &str = include_str!("../../../commands/rollback.toml");
const REVERT: &str = include_str!("../../../commands/revert.toml");
const PROMOTE: &str = include_str!("../../../commands/promote.toml");
const VERIFY: &str = include_str!("../../../commands/verify.toml");
const INCIDENT: &str = include_str!("../../../commands/incident.toml");

/// Reads a file in which one stretch was replaced, and returns why it was refused.
fn refusal(name: CommandName, from: &str, to: &str) -> String {
    let text = match name {
        CommandName::Rollback => ROLLBACK,
        CommandName::Revert => REVERT,
        CommandName::Verify => VERIFY,
        CommandName::Promote => PROMOTE,
        CommandName::Incident => INCIDENT,
    };
    assert!(text.contains(from), "{from:?} is not in the file");
    match read(name, &text.replacen(from, to, 1)) {
        Ok(_) => panic!("accepted with {to:?}"),
        Err(error @ CatalogError::Rule { .. }) => error.to_string(),
        Err(CatalogError::Shape { source, .. }) => source.message().to_owned(),
    }
}

#[test]
fn the_embedded_declarations_are_accepted() {
    let catalog = Catalog::load().unwrap();
    let names: Vec<CommandName> = catalog.commands().iter().map(|one| one.name).collect();
    assert_eq!(names, CommandName::ALL);
    for verb in Verb::all() {
        assert_eq!(catalog.declaration(verb).verb, verb);
    }
}

#[test]
fn files_in_the_folder_and_command_names_are_the_same_set() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/commands");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names: BTreeSet<String> =
        CommandName::ALL.iter().map(|name| format!("{name}.toml")).collect();
    let embedded: BTreeSet<String> = FILES.iter().map(|(name, _)| format!("{name}.toml")).collect();
    assert_eq!(files, names);
    assert_eq!(embedded, names);
}

#[test]
fn an_unknown_key_is_refused_at_every_level() {
    use CommandName::{Incident, Rollback};
    for (name, from, to) in [
        (Rollback, "summary = ", "sumary = \"x\"\nsummary = "),
        (Rollback, "reply = \"channel\"", "reply = \"channel\", roles = \"anyone\""),
        (Rollback, "kind = \"service\"", "kind = \"service\", optional = true"),
        (Incident, "name = \"open\"", "name = \"open\"\nhidden = true"),
    ] {
        assert!(refusal(name, from, to).contains("unknown field"), "{to}");
    }
}

#[test]
fn names_kinds_and_roles_outside_the_closed_sets_are_refused() {
    use CommandName::{Incident, Rollback};
    for (name, from, to) in [
        (Rollback, "name = \"to\"", "name = \"target\""),
        (Rollback, "kind = \"deployment\"", "kind = \"version\""),
        (Rollback, "role = \"responder\"", "role = \"everyone\""),
        (Rollback, "confirm = \"one-person\"", "confirm = \"maybe\""),
        (Incident, "name = \"blip\"", "name = \"blop\""),
    ] {
        assert!(refusal(name, from, to).contains("unknown variant"), "{to}");
    }
}

#[test]
fn a_file_may_be_stricter_than_the_floor_and_never_laxer() {
    let responder = "role = \"responder\"";
    let said = refusal(CommandName::Rollback, responder, "role = \"anyone\"");
    assert!(said.ends_with("rollback: role anyone is laxer than the floor, responder"), "{said}");
    let said = refusal(CommandName::Rollback, "confirm = \"one-person\"", "confirm = \"none\"");
    assert!(said.ends_with("confirm none is laxer than the floor, one-person"), "{said}");
    let said = refusal(CommandName::Incident, "role = \"lead\"", responder);
    assert!(said.ends_with("resume: role responder is laxer than the floor, lead"), "{said}");

    let strict = ROLLBACK.replace(responder, "role = \"lead\"").replace("one-person", "two-people");
    let command = read(CommandName::Rollback, &strict).unwrap();
    assert_eq!(command.declarations[0].access.who.role(), Some(Role::Lead));
    assert_eq!(command.declarations[0].access.confirm, Confirm::TwoPeople);
}

#[test]
fn the_floors_are_those_of_the_runbook() {
    let listed = |who: Who| -> Vec<&str> {
        Verb::all().filter(|verb| floor(*verb).who == who).map(Verb::as_str).collect()
    };
    assert_eq!(listed(Who::Anyone), ["status", "whoami", "list", "help"]);
    assert_eq!(
        listed(Who::Responder),
        [
            "rollback",
            "revert",
            "verify",
            "promote",
            "open",
            "note",
            "halt",
            "blip",
            "fix",
            "flag",
            "ruled-out",
            "false-alarm",
            "alone",
            "press",
            "close"
        ]
    );
    assert_eq!(listed(Who::Lead), ["resume"]);
}

#[test]
fn texts_beyond_the_tighter_platform_limit_are_refused() {
    let long = format!("summary = \"{}\" # ", "x".repeat(101));
    let said = refusal(CommandName::Rollback, "summary = ", &long);
    assert!(said.ends_with("summary has 101 characters, at most 100 allowed"), "{said}");
    let long = format!("help = \"{}\" }}, # ", "y".repeat(101));
    let said = refusal(CommandName::Rollback, "help = \"empty: the channel's", &long);
    assert!(said.ends_with("service has 101 characters, at most 100 allowed"), "{said}");
    let said = refusal(CommandName::Rollback, "max = 200", "max = 6001");
    assert!(said.ends_with("option reason: max is 1 to 6000"), "{said}");
    let long = format!("help = \"\"\"{}", "z".repeat(2_001));
    let said = refusal(CommandName::Rollback, "help = \"\"\"", &long);
    assert!(said.contains("at most 2000 allowed"), "{said}");
    let said = refusal(CommandName::Incident, "\"Close an incident\"", "\" \"");
    assert!(said.ends_with("close: summary is empty"), "{said}");
}

#[test]
fn a_file_that_forgets_or_repeats_something_is_refused() {
    use CommandName::{Incident, Rollback};
    for (name, from, to, why) in [
        (Rollback, "access = ", "# ", "access, options and examples are needed"),
        (Rollback, "name = \"rollback\"", "name = \"incident\"", "the file says it is incident"),
        (Rollback, ", max = 200", "", "option reason: text needs max"),
        (Rollback, "kind = \"service\"", "kind = \"service\", max = 3", "max is for text only"),
        (Rollback, "name = \"to\"", "name = \"service\"", "option service is declared twice"),
        (Rollback, "\"/rollback shop\"", "\"/rollbacks\"", "does not begin with /rollback"),
        (Rollback, "\"/rollback shop\"", "\"rollback\"", "does not begin with /rollback"),
        (Incident, "name = \"blip\"", "name = \"open\"", "blip is not declared"),
        (Incident, "examples = [\"/incident whoami\"]", "examples = []", "an example is needed"),
        (Incident, "[[subcommand]]", "examples = []\n[[subcommand]]", "belong to the subcommands"),
        (
            Rollback,
            "name = \"to\", kind = \"deployment\"",
            "name = \"to\", kind = \"text\", max = 9",
            "text takes the rest, so it comes last",
        ),
    ] {
        let said = refusal(name, from, to);
        assert!(said.contains(why), "{to}: {said}");
    }
}

#[test]
fn a_command_has_the_same_name_behind_its_prefix() {
    let prefix: Prefix = "rp-".parse().unwrap();
    for &name in CommandName::ALL {
        assert_eq!(CommandName::from_slash(&prefix.slash(name), &prefix), Some(name));
        assert_eq!(CommandName::from_slash(name.as_str(), &Prefix::default()), Some(name));
    }
    for (text, prefix) in [("/rollback", &prefix), ("/rp-rollback", &Prefix::default())] {
        assert_eq!(CommandName::from_slash(text, prefix), None, "{text}");
    }
    assert_eq!(CommandName::from_slash("/deploy", &Prefix::default()), None);
    assert_eq!(CommandName::from_slash("", &Prefix::default()), None);
}

#[test]
fn a_prefix_that_slack_would_refuse_is_refused() {
    for text in ["", "rp-", "team_a-", &"x".repeat(23)] {
        let prefix: Prefix = text.parse().unwrap();
        assert!(prefix.slash(CommandName::Rollback).len() <= 32);
    }
    for text in ["RP-", "rp ", "/rp-", "rp/", "é", &"x".repeat(24)] {
        assert_eq!(text.parse::<Prefix>(), Err(BadPrefix(text.to_owned())));
    }
}

#[test]
fn usage_lines_show_what_must_be_said_and_what_may_be() {
    let catalog = Catalog::load().unwrap();
    let prefix: Prefix = "rp-".parse().unwrap();
    let usage = |verb| catalog.declaration(verb).usage(&prefix);
    assert_eq!(usage(Verb::Rollback), "/rp-rollback [service] [to] [reason]");
    assert_eq!(usage(Verb::Incident(Subcommand::Note)), "/rp-incident note [incident] <text>");
    assert_eq!(usage(Verb::Incident(Subcommand::Whoami)), "/rp-incident whoami");
    let hints: Vec<String> = catalog.commands().iter().map(Command::usage_hint).collect();
    assert_eq!(hints[0], "[service] [to] [reason]");
    assert_eq!(hints[1], "[service] [what] [reason]");
    assert_eq!(hints[2], "[service] [deployment]");
    assert_eq!(hints[3], "[service] [deployment] [reason]");
    assert!(hints[4].starts_with("open | status | note | "), "{}", hints[4]);
}
