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

/// The sample with these lines in place of its journey.
fn with_journeys(lines: &str) -> String {
    let before = GOOD.split("[[service.journeys]]").next().expect("a sample");
    format!("{before}\n{lines}")
}

#[test]
fn a_journey_is_read_with_all_that_a_step_may_have() {
    let text = with_journeys(
        r#"
        [[service.journeys]]
        name = "basket"
        [[service.journeys.steps]]
        method = "POST"
        path = "/api/basket?x=1"
        headers = { content-type = "application/json", x-api-key = "env:VERCEL_TOKEN" }
        body = '{"sku":"tea"}'
        expect_status = 201
        expect_body = "items"
        expect_json = { pointer = "/items", value = 1 }
        expect_header = { name = "content-type", value = "application/json" }
        within_ms = 800
        [[service.journeys.steps]]
        path = "/"
        "#,
    );
    let config = Config::parse(&text, &environment).expect("usable");
    let journey = &config.services[0].journeys[0];
    assert_eq!((journey.name.as_str(), journey.steps.len()), ("basket", 2));
    let [post, get] = &journey.steps[..] else { panic!("two steps") };
    assert_eq!(
        (post.method.as_str(), post.expect.status, post.expect.within.0),
        ("POST", 201, 800)
    );
    assert_eq!((get.method.as_str(), get.expect.status, get.expect.within.0), ("GET", 200, 5_000));
    assert!(!format!("{journey:?}").contains("v-1"), "a secret is shown");
    assert_eq!(config.services[0].deployment_hosts, ["*.vercel.app"]);
}

#[test]
fn everything_that_is_wrong_with_journeys_is_listed_at_once() {
    let text = with_journeys(
        r#"
        [[service.journeys]]
        name = ""
        [[service.journeys]]
        name = "a"
        colour = "red"
        [[service.journeys.steps]]
        method = "BREW"
        path = "//evil.example"
        headers = { Cookie = "a=1", "x y" = "1", x-key = "env:NOT_THERE" }
        expect_status = 99
        expect_body = ""
        expect_json = { pointer = "items", value = 1 }
        within_ms = 60000
        typo = 1
        [[service.journeys]]
        name = "a"
        [[service.journeys.steps]]
        path = "checkout"
        expect_header = { name = "not a name", value = "x" }
        "#,
    );
    let text = text.replace(
        "#deployment_hosts = [\"*.vercel.app\"]",
        "deployment_hosts = [\"*\", \"ok.example.com\"]",
    );
    let faults = faults(&text);
    for expected in [
        "colour",
        "typo",
        "a name has 1 to 60",
        "1 to 20 steps",
        "configured twice",
        "step 1: method \"BREW\"",
        "path \"//evil.example\"",
        "path \"checkout\"",
        "header cookie is set by the walk itself",
        "\"x y\" is not the name of a header",
        "NOT_THERE",
        "expect_status is 100 to 599",
        "expect_body is empty",
        "pointer \"items\" begins with /",
        "within_ms is 1 to 10000",
        "\"not a name\" is not the name",
        "deployment_hosts \"*\"",
    ] {
        assert!(faults.iter().any(|one| one.contains(expected)), "{expected} in {faults:#?}");
    }
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
fn git_is_found_beside_the_api_and_its_copies_lie_beside_the_journal() {
    let github = |api: &str| {
        let text = GOOD.replace("git_url = \"https://github.com\"\n", "");
        let text = text.replace("https://api.github.com", api);
        Config::parse(&text, &environment).expect("usable").github.expect("github")
    };
    for (api, git) in [
        ("https://api.github.com", "https://github.com/"),
        ("https://github.example.com/api/v3", "https://github.example.com/"),
        ("https://api.team.ghe.com/", "https://team.ghe.com/"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123/"),
    ] {
        assert_eq!(github(api).git_url.as_str(), git, "{api}");
    }
    let usual = github("https://api.github.com").cache;
    assert_eq!(usual, Path::new("/var/lib/repoint/repoint-git"));
    let given = GOOD.replace("#cache = ", "cache = ").replace("repoint-git\"", "elsewhere\"");
    let given = given.replace("#branch = \"main\"", "branch = \"release/next\"");
    let config = Config::parse(&given, &environment).expect("usable");
    assert_eq!(config.github.expect("github").cache, Path::new("/var/lib/repoint/elsewhere"));
    let code = config.services[0].code.clone().expect("a repository");
    assert_eq!(code.branch.as_deref(), Some("release/next"));
}

#[test]
fn git_takes_no_other_way_than_https_and_no_name_that_is_no_branch() {
    for (from, to, sentence) in [
        ("https://github.com\"", "ssh://git@github.com\"", "must begin with https://"),
        ("https://github.com\"", "file:///srv/git\"", "must begin with https://"),
        ("https://github.com\"", "http://github.com\"", "must begin with https://"),
        ("https://github.com\"", "https://me:secret@github.com\"", "leave out names"),
        ("#branch = \"main\"", "branch = \"--upload-pack=x\"", "is no name of a branch"),
        ("repo = \"example/shop\"", "branch = \"main\"", "branch is given, but no repo"),
    ] {
        let found = faults(&GOOD.replace(from, to));
        assert!(found.iter().any(|one| one.contains(sentence)), "{to}: {found:?}");
    }
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
