use super::*;

const GOOD: &str = include_str!("../../deploy/repoint.toml");

fn environment(name: &str) -> Option<String> {
    match name {
        "SLACK_BOT_TOKEN" => Some("xoxb-1\n".to_owned()),
        "SLACK_APP_TOKEN" => Some("xapp-1".to_owned()),
        "VERCEL_TOKEN" => Some("v-1".to_owned()),
        "GITHUB_TOKEN" => Some("g-1".to_owned()),
        _ => None,
    }
}

fn faults(text: &str) -> Vec<String> {
    Config::parse(text, &environment).map(|_| ()).expect_err("refused").0
}

#[test]
fn the_sample_configuration_is_usable() {
    let config = Config::parse(GOOD, &environment).expect("usable");
    assert_eq!(config.slack.bot_token.expose(), "xoxb-1", "a trailing newline is trimmed");
    assert_eq!(config.services.len(), 1);
    assert_eq!(config.services[0].roles.len(), 2);
}

#[test]
fn all_faults_are_listed_at_once() {
    let text = GOOD
        .replace("team = \"T0123456789\"", "team = \"T0123456789\"\nemoji = true")
        .replace("responders = [\"slack:T0123456789/U0123456789\"]", "responders = []")
        .replace("env:VERCEL_TOKEN", "env:NO_SUCH_THING")
        .replace("https://shop.example.com", "ftp://shop.example.com");
    let faults = faults(&text);
    for expected in ["emoji", "responders is empty", "NO_SUCH_THING", "production_url"] {
        assert!(faults.iter().any(|one| one.contains(expected)), "{expected} in {faults:#?}");
    }
}

#[test]
fn a_secret_in_the_file_itself_is_refused_and_not_repeated() {
    let faults = faults(&GOOD.replace("env:VERCEL_TOKEN", "hunter2"));
    assert!(faults[0].contains("vercel.token"), "{faults:?}");
    assert!(!faults.concat().contains("hunter2"));
}

#[test]
fn a_channel_of_another_workspace_is_refused() {
    let faults = faults(&GOOD.replace("slack:T0123456789/C0123456789", "slack:T999/C0123456789"));
    assert!(faults[0].contains("not in the workspace"), "{faults:?}");
}

#[test]
fn the_digest_changes_with_any_setting_of_the_service() {
    let one = Config::parse(GOOD, &environment).expect("usable");
    let other = GOOD.replace("proof_paths = [\"/\"]", "proof_paths = [\"/\", \"/checkout\"]");
    let other = Config::parse(&other, &environment).expect("usable");
    assert_ne!(one.services[0].service.config_digest, other.services[0].service.config_digest);
}

#[test]
fn two_services_of_one_project_are_refused() {
    let block = GOOD.find("[[service]]").expect("a service");
    let again = GOOD[block..].replace("name = \"shop\"", "name = \"web\"");
    let faults = faults(&format!("{GOOD}\n{again}"));
    assert!(faults[0].contains("same project"), "{faults:?}");
}

#[test]
fn github_is_used_where_it_is_configured_and_a_service_names_its_repository() {
    let config = Config::parse(GOOD, &environment).expect("usable");
    let code = config.services[0].code.clone().expect("a repository");
    assert_eq!((code.owner.as_str(), code.name.as_str()), ("example", "shop"));
    assert!(code.migrations.has("drizzle/0001_a.sql"));
    assert_eq!(config.github.expect("github").token.expose(), "g-1");

    let without = GOOD.replace("[github]", "[old]").replace("repo = \"example/shop\"\n", "");
    let cut: String = without.split("[old]").take(1).collect();
    let rest = &without[without.find("[[service]]").expect("a service")..];
    let config = Config::parse(&format!("{cut}{rest}"), &environment).expect("usable");
    assert!(config.github.is_none() && config.services[0].code.is_none());
}

#[test]
fn a_repository_or_a_pattern_that_cannot_be_one_is_refused() {
    let with = |repo: &str| GOOD.replace("repo = \"example/shop\"", repo);
    for (repo, sentence) in [
        ("repo = \"shop\"", "is not written owner/name"),
        ("repo = \"https://github.com/a/b\"", "is not written owner/name"),
        ("repo = \"a/..\"", "is not written owner/name"),
        ("repo = \"a/b\"\nmigrations = []", "migrations is empty"),
        ("repo = \"a/b\"\nmigrations = [\"/db\"]", "is no pattern of paths"),
        ("migrations = [\"db/*.sql\"]", "no repo"),
    ] {
        let faults = faults(&with(repo));
        assert!(faults[0].contains(sentence), "{repo}: {faults:?}");
    }
}
