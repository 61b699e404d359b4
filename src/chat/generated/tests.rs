use std::path::{Path, PathBuf};

use super::*;

fn catalog() -> Catalog {
    Catalog::load().unwrap()
}

fn http() -> ManifestOptions {
    ManifestOptions {
        name: "Repoint".to_owned(),
        prefix: "rp-".parse().unwrap(),
        mode: ManifestMode::Http { base_url: "https://repoint.example.com/".to_owned() },
    }
}

fn in_project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a committed file with what it is made from, or writes it anew.
fn assert_current(path: &str, current: &str, how: &str) {
    let file = in_project(path);
    if std::env::var_os("REPOINT_BLESS").is_some() {
        std::fs::write(&file, current).unwrap();
    }
    let committed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(committed == current, "{path} is not current; {how}");
}

#[test]
fn the_committed_slack_manifest_is_current() {
    let manifest = slack_manifest(&catalog(), &ManifestOptions::default()).unwrap();
    let text = format!("{}\n", serde_json::to_string_pretty(&manifest).unwrap());
    assert_current(
        "deploy/slack-manifest.json",
        &text,
        "run: cargo run -- manifest slack > deploy/slack-manifest.json",
    );
}

#[test]
fn the_committed_discord_commands_are_current() {
    let commands = discord_commands(&catalog(), &Prefix::default());
    let text = format!("{}\n", serde_json::to_string_pretty(&commands).unwrap());
    assert_current(
        "deploy/discord-commands.json",
        &text,
        "run: cargo run -- manifest discord > deploy/discord-commands.json",
    );
}

/// All that Discord demands of a command, an option of one, and what is below it.
fn assert_discord_takes(entry: &Value, longest_name: usize) {
    let name = entry["name"].as_str().unwrap();
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    assert!((1..=longest_name).contains(&name.len()) && name.chars().all(is_name), "{name}");
    let description = entry["description"].as_str().unwrap().chars().count();
    assert!((1..=100).contains(&description), "{entry}");
    let below = entry["options"].as_array().cloned().unwrap_or_default();
    assert!(below.len() <= 25, "{name}");
    let names: std::collections::BTreeSet<_> =
        below.iter().map(|option| option["name"].to_string()).collect();
    assert_eq!(names.len(), below.len(), "{name}: an option is named twice");
    let required: Vec<bool> =
        below.iter().filter_map(|option| option["required"].as_bool()).collect();
    assert!(required.is_sorted_by(|one, other| one >= other), "{name}: required ones come first");
    for option in &below {
        if option["type"] == 3 {
            let longest = option["max_length"].as_u64().unwrap();
            assert!((1..=6000).contains(&longest), "{option}");
        } else {
            assert_eq!(option["type"], 1, "{option}");
        }
        assert_discord_takes(option, 32);
    }
}

/// What counts towards the limit of a command.
fn characters(entry: &Value) -> usize {
    let own = |key: &str| entry[key].as_str().unwrap_or_default().chars().count();
    let below = entry["options"].as_array().into_iter().flatten().map(characters);
    own("name") + own("description") + below.sum::<usize>()
}

#[test]
fn discord_takes_every_command_with_the_longest_prefix() {
    for prefix in ["", "rp-", "abcdefghijklmnopqrstuvw"] {
        let commands = discord_commands(&catalog(), &prefix.parse().unwrap());
        let commands = commands.as_array().unwrap().clone();
        assert_eq!(commands.len(), catalog().commands().len());
        for command in &commands {
            assert_discord_takes(command, 32);
            assert!(characters(command) <= 8000, "{}", command["name"]);
            assert!(command["name"].as_str().unwrap().starts_with(prefix));
        }
    }
}

#[test]
fn every_declared_option_can_be_filled_in_on_discord() {
    let commands = discord_commands(&catalog(), &Prefix::default());
    let options = |entry: &Value| -> Vec<String> {
        let below = entry["options"].as_array().into_iter().flatten();
        below.map(|option| option["name"].as_str().unwrap().to_owned()).collect()
    };
    let commands = commands.as_array().unwrap();
    for declaration in catalog().declarations() {
        let name = declaration.verb.command().as_str();
        let mut entry = commands.iter().find(|command| command["name"] == name).unwrap();
        if let Verb::Incident(subcommand) = declaration.verb {
            let below = entry["options"].as_array().unwrap();
            entry = below.iter().find(|one| one["name"] == subcommand.as_str()).unwrap();
        }
        let mut found = options(entry);
        let mut declared: Vec<String> =
            declaration.options.iter().map(|option| option.name.to_string()).collect();
        found.sort();
        declared.sort();
        assert_eq!(found, declared, "{}", declaration.verb.as_str());
    }
}

#[test]
fn the_table_in_the_readme_is_current() {
    let Ok(readme) = std::fs::read_to_string(in_project("README.md")) else { return };
    let Some(current) = with_readme_table(&readme, &catalog()) else { return };
    assert_current("README.md", &current, "run: REPOINT_BLESS=1 cargo test generated");
}

#[test]
fn manifests_of_both_modes_obey_slacks_schema() {
    let path = in_project("../shared/specs/slack-manifest.schema.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("not checked: {} is not there", path.display());
        return;
    };
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    for options in [ManifestOptions::default(), http()] {
        let manifest = slack_manifest(&catalog(), &options).unwrap();
        let faults: Vec<String> = validator
            .iter_errors(&manifest)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
    assert!(!validator.is_valid(&json!({ "display_information": { "name": "" } })));
}

#[test]
fn socket_mode_names_no_address_and_http_mode_names_both() {
    let socket = slack_manifest(&catalog(), &ManifestOptions::default()).unwrap();
    assert_eq!(socket["settings"]["socket_mode_enabled"], true);
    assert_eq!(socket["settings"]["interactivity"], json!({ "is_enabled": true }));
    assert_eq!(socket["features"]["slash_commands"][0].get("url"), None);

    let http = slack_manifest(&catalog(), &http()).unwrap();
    assert_eq!(http["settings"]["socket_mode_enabled"], false);
    assert_eq!(
        http["settings"]["interactivity"]["request_url"],
        "https://repoint.example.com/slack/interactions"
    );
    let command = &http["features"]["slash_commands"][0];
    assert_eq!(command["command"], "/rp-rollback");
    assert_eq!(command["url"], "https://repoint.example.com/slack/commands");
}

#[test]
fn a_name_or_an_address_that_slack_would_refuse_makes_no_manifest() {
    let long = ManifestOptions { name: "x".repeat(36), ..ManifestOptions::default() };
    assert!(matches!(slack_manifest(&catalog(), &long), Err(ManifestError::Name(_))));
    let empty = ManifestOptions { name: " ".to_owned(), ..ManifestOptions::default() };
    assert!(matches!(slack_manifest(&catalog(), &empty), Err(ManifestError::Name(_))));
    for base_url in ["repoint.example.com", "ftp://repoint.example.com", ""] {
        let mode = ManifestMode::Http { base_url: base_url.to_owned() };
        let options = ManifestOptions { mode, ..ManifestOptions::default() };
        let answer = slack_manifest(&catalog(), &options);
        assert!(matches!(answer, Err(ManifestError::Address(_))), "{base_url:?}");
    }
}

#[test]
fn the_table_has_a_row_for_every_verb_and_no_stray_column() {
    let table = readme_table(&catalog());
    let rows: Vec<&str> = table.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(rows.len(), catalog().declarations().count());
    for row in rows {
        assert_eq!(row.matches('|').count(), 4, "{row}");
    }
}

#[test]
fn only_what_stands_between_the_markers_is_replaced() {
    let readme = format!("before\n{TABLE_BEGIN}\nold\n{TABLE_END}\nafter {TABLE_END}\n");
    let written = with_readme_table(&readme, &catalog()).unwrap();
    let expected = format!("before\n{}\nafter {TABLE_END}\n", readme_table(&catalog()));
    assert_eq!(written, expected);
    assert_eq!(with_readme_table("no markers", &catalog()), None);
}
