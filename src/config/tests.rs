use super::*;
use crate::adapters::github::GitHubAccess;
use crate::domain::service::SecondPerson;

const GOOD: &str = include_str!("../../deploy/repoint.toml");

fn environment(name: &str) -> Option<String> {
    match name {
        "SLACK_BOT_TOKEN" => Some("xoxb-1\n".to_owned()),
        "SLACK_APP_TOKEN" => Some("xapp-1".to_owned()),
        "DISCORD_BOT_TOKEN" => Some("d-1\n".to_owned()),
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
    assert_eq!(
        config.slack.as_ref().expect("slack").bot_token.expose(),
        "xoxb-1",
        "a trailing newline is trimmed"
    );
    assert_eq!(config.services.len(), 1);
    assert_eq!(config.services[0].grants.len(), 2);
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

/// The sample with its block for Discord switched on, and Slack taken out.
fn on_discord_alone() -> String {
    let (before, rest) = GOOD.split_once("[slack]").expect("slack's block");
    let (_, after) = rest.split_once("#[discord]").expect("discord's block");
    let (discord, after) = after.split_once("[vercel]").expect("vercel's block");
    let on = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.contains(" = ") && !setting.starts_with(' ') => setting.to_owned(),
        _ => line.to_owned(),
    };
    let discord = discord.lines().map(on).collect::<Vec<_>>().join("\n");
    format!("{before}[discord]{discord}\n[vercel]{after}")
        .replace("slack:T0123456789/C0123456789", "discord:1100000000000000001/1100000000000000002")
        .replace("slack:T0123456789/C0987654321", "discord:1100000000000000001/1100000000000000003")
        .replace("slack:T0123456789/U", "discord:1100000000000000001/1")
}

const KEY: &str = "67c6bd767ca099e79efac9fcce4d2022a63bf7dea780e7f3d813f694c1597089";

#[test]
fn discord_alone_is_usable_over_the_gateway_and_over_http() {
    let text = on_discord_alone();
    let config = Config::parse(&text, &environment).expect("usable");
    let discord = config.discord.expect("discord");
    assert!(config.slack.is_none() && matches!(discord.mode, DiscordMode::Gateway));
    assert_eq!(discord.bot_token.expose(), "d-1");
    let http =
        text.replace("mode = \"gateway\"", &format!("mode = \"http\"\npublic_key = \"{KEY}\""));
    let config = Config::parse(&http, &environment).expect("usable");
    assert!(matches!(config.discord.expect("discord").mode, DiscordMode::Http { .. }));
}

#[test]
fn what_is_wrong_with_discord_is_refused() {
    let text = on_discord_alone();
    let http = |key: &str| text.replace("mode = \"gateway\"", &format!("mode = \"http\"\n{key}"));
    for (text, expected) in [
        (http(""), "discord.public_key is missing"),
        (http(&format!("public_key = \"{}\"", "0".repeat(64))), "is not a public key"),
        (http("public_key = \"abc\""), "is not a public key"),
        (text.replace("mode = \"gateway\"", "mode = \"socket\""), "discord.mode"),
        (text.replace("guild = \"11", "guild = \"G1"), "discord.guild"),
        (text.replace("application_id = \"1", "application_id = \"A"), "discord.application_id"),
        (text.replace("env:DISCORD_BOT_TOKEN", "hunter2"), "discord.bot_token"),
        (
            text.replace("discord:1100000000000000001/1100000000000000002", "discord:1/2"),
            "in the server",
        ),
        (
            text.replace("discord:1100000000000000001/1100000000000000002", "slack:T1/C2"),
            "needs [slack]",
        ),
        (GOOD.replace("slack:T0123456789/C0123456789", "discord:1/2"), "needs [discord]"),
    ] {
        let faults = faults(&text);
        assert!(faults.iter().any(|one| one.contains(expected)), "{expected} in {faults:#?}");
        assert!(!faults.concat().contains("hunter2"));
    }
}

#[test]
fn without_any_chat_the_team_would_not_be_told() {
    let (before, rest) = GOOD.split_once("[slack]").expect("slack's block");
    let (_, after) = rest.split_once("[vercel]").expect("vercel's block");
    let faults = faults(&format!("{before}[vercel]{after}"));
    assert!(faults[0].contains("neither [slack] nor [discord]"), "{faults:?}");
}

#[test]
fn both_platforms_share_one_prefix() {
    let discord = on_discord_alone();
    let (_, block) = discord.split_once("[discord]").expect("discord's block");
    let (block, _) = block.split_once("[vercel]").expect("vercel's block");
    let both = GOOD.replace("[vercel]", &format!("[discord]{block}\n[vercel]"));
    let config = Config::parse(&both, &environment).expect("usable");
    assert!(config.slack.is_some() && config.discord.is_some());
    let faults = faults(&both.replacen("command_prefix = \"\"", "command_prefix = \"rp-\"", 1));
    assert!(faults[0].contains("must be the same"), "{faults:?}");
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
    let github = config.github.expect("github");
    assert!(matches!(github.access, GitHubAccess::Token(token) if token.expose() == "g-1"));
    assert!(github.webhook_secret.is_none());
    let text = GOOD.replace(
        "#webhook_secret = \"env:GITHUB_WEBHOOK_SECRET\"",
        "webhook_secret = \"env:HOOK\"",
    );
    let hook =
        |name: &str| if name == "HOOK" { Some("h-1\n".to_owned()) } else { environment(name) };
    let github = Config::parse(&text, &hook).expect("usable").github.expect("github");
    assert_eq!(github.webhook_secret.expect("a secret").expose(), "h-1");
    assert!(faults(&text)[0].contains("github.webhook_secret"));

    let without = GOOD.replace("[github]", "[old]").replace("repo = \"example/shop\"\n", "");
    let cut: String = without.split("[old]").take(1).collect();
    let rest = &without[without.find("[[service]]").expect("a service")..];
    let config = Config::parse(&format!("{cut}{rest}"), &environment).expect("usable");
    assert!(config.github.is_none() && config.services[0].code.is_none());
}

#[test]
fn github_is_opened_by_a_token_or_by_an_app_and_not_by_both() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("app.pem");
    std::fs::write(&key, crate::world::github::APP_KEY).expect("written");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("its owner's");
    let token = "token = \"env:GITHUB_TOKEN\"\n";
    let app = format!("app_id = 12\nprivate_key = \"file:{}\"\n", key.display());
    let given = |lines: &str| GOOD.replace(token, lines);
    let access = |lines: &str| {
        let config = Config::parse(&given(lines), &environment).expect("usable");
        config.github.expect("github").access
    };
    let GitHubAccess::App { key, installation: None } = access(&app) else { panic!("an app") };
    assert_eq!(key.app(), 12);
    assert!(!format!("{key:?}").contains("PRIVATE"));
    let named = access(&format!("{app}installation_id = 7\n"));
    assert!(matches!(named, GitHubAccess::App { installation: Some(7), .. }));
    let no_key = app.replace("app.pem", "none.pem");
    for (lines, expected) in [
        (format!("{token}{app}"), "not both"),
        (String::new(), "give a token, or app_id"),
        ("app_id = 12\n".to_owned(), "github.private_key is missing"),
        ("installation_id = 12\n".to_owned(), "github.app_id is missing"),
        ("app_id = 12\nprivate_key = \"env:GITHUB_TOKEN\"\n".to_owned(), "no private key in PEM"),
        (no_key, "none.pem"),
    ] {
        let faults = faults(&given(&lines));
        assert!(faults.iter().any(|one| one.contains(expected)), "{expected} in {faults:#?}");
    }
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
        (
            "repo = \"example/shop\"",
            "warn_pull_requests = true",
            "warn_pull_requests is given, but no repo",
        ),
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

/// The sample with other grants.
fn granting(responders: &str, more: &str) -> String {
    let listed = "responders = [\"slack:T0123456789/U0123456789\"]";
    assert!(GOOD.contains(listed));
    GOOD.replace(listed, &format!("responders = [{responders}]\n{more}"))
}

#[test]
fn groups_approvers_and_the_second_person_are_read() {
    let text = granting(
        "\"slack:T0123456789/S01\", \"slack:T9/U7\"",
        "approvers = [\"slack:T0123456789/S02\"]",
    );
    let text = text.replace("second_person = \"no\"", "second_person = \"after 5 min\"");
    let config = Config::parse(&text, &environment).expect("usable");
    let named: Vec<String> =
        config.services[0].grants.iter().map(|(one, role)| format!("{one} {role}")).collect();
    let expected = [
        "slack:T0123456789/U0987654321 lead",
        "slack:T9/U7 responder",
        "slack:T0123456789/S01 responder",
        "slack:T0123456789/S02 approver",
    ];
    assert_eq!(named, expected);
    assert_eq!(config.services[0].service.second_person, SecondPerson::AfterWait);
}

#[test]
fn everything_that_is_wrong_with_people_is_listed_at_once() {
    let text = granting(
        "\"slack:T9/S01\", \"discord:1/@&2\", \"slack:T1/U1\", \"slack:T1/U1\"",
        "approvers = [\"slack:T1/@&S1\"]",
    );
    let text = text.replace("second_person = \"no\"", "second_person = \"sometimes\"");
    let people = "[[person]]\nids = [\"slack:T1/U1\"]\n[[person]]\nids = [\"slack:T1/U1\", \"slack:T1/S1\"]\n";
    let found = faults(&format!("{text}\n{people}")).join("\n");
    for part in [
        "slack:T9/S01 is not in the workspace slack.team",
        "discord:1/@&2 needs [discord]",
        "\"slack:T1/U1\" is named twice",
        "neither a person nor a user group of Slack",
        "second_person is \"no\", \"required\" or \"after 5 min\"",
        "person 1: ids needs at least two ids",
        "person 2: slack:T1/U1 is named before",
        "person 2: \"slack:T1/S1\" is a group and no person",
    ] {
        assert!(found.contains(part), "{part:?} is not among\n{found}");
    }
}
