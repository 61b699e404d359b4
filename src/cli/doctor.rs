//! `repoint doctor`: what would keep the bot from doing its work, before somebody needs it. Changes nothing.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use crate::adapters::clock::SystemClock;
use crate::adapters::github::{Granted, Standing};
use crate::adapters::journal::SqliteJournal;
use crate::adapters::vercel::{VercelConfig, VercelProject, VercelProvider};
use crate::config::{Config, ServiceSettings};
use crate::domain::actor::Platform;
use crate::domain::deployment::Live;
use crate::domain::ids::ServiceId;
use crate::domain::service::Channel;
use crate::engine::ports::{Clock, Journal, Provider, VerifyScope};

/// Checks one thing after the other, says what it found, and fails if anything is wrong.
pub(super) async fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(path)?;
    let mut findings = Findings::default();
    findings.good(format!("configuration: {} services", config.services.len()));
    for one in &config.services {
        if one.marker.is_none() {
            findings.good(format!(
                "{}: no marker is configured, so a flip is proven by comparing pages, which tells less",
                one.service.id
            ));
        }
        findings.good(journeys(one));
        for exception in &one.egress {
            findings.good(format!("{}: may call the private address {exception}", one.service.id));
        }
    }
    check_journal(&config, &mut findings).await;
    check_slack(&config, &mut findings).await;
    check_discord(&config, &mut findings).await;
    check_vercel(&config, &mut findings).await?;
    check_github(&config, &mut findings).await?;
    Ok(findings.end())
}

/// What `/verify` would walk.
fn journeys(settings: &ServiceSettings) -> String {
    let service = &settings.service.id;
    if settings.journeys.is_empty() {
        let paths = settings.proof_paths.join(", ");
        return format!(
            "{service}: no journeys are configured, so /verify asks for the proof paths only: {paths}"
        );
    }
    let journeys = settings.journeys.iter();
    let named = journeys.map(|one| format!("{} ({} requests)", one.name, one.steps.len()));
    format!("{service}: /verify walks {}", named.collect::<Vec<_>>().join(", "))
}

#[derive(Default)]
struct Findings {
    faults: usize,
}

impl Findings {
    fn good(&mut self, what: String) {
        say(&format!("ok    {what}"));
    }

    fn bad(&mut self, what: String) {
        self.faults += 1;
        say(&format!("FAULT {what}"));
    }

    fn end(self) -> ExitCode {
        if self.faults == 0 {
            say("nothing is wrong");
            return ExitCode::SUCCESS;
        }
        say(&format!("{} to mend", self.faults));
        ExitCode::FAILURE
    }
}

/// Whoever reads may have gone away; the exit code still tells.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

async fn check_journal(config: &Config, findings: &mut Findings) {
    if !config.journal.exists() {
        return findings.good("journal: none yet; it is made at the first start".to_owned());
    }
    let report = match SqliteJournal::open_read_only(&config.journal) {
        Ok(journal) => journal.verify(VerifyScope::All).await,
        Err(error) => Err(error),
    };
    match report {
        Ok(report) if report.faults.is_empty() => {
            findings.good(format!("journal: {} events, every chain is sound", report.events));
        }
        Ok(report) => findings.bad(format!("journal: {}", report.faults.join("; "))),
        Err(error) => findings.bad(format!("journal: {error}")),
    }
}

async fn check_slack(config: &Config, findings: &mut Findings) {
    let Some(slack) = &config.slack else { return };
    let api = crate::app::slack_api(slack);
    match api {
        Err(error) => findings.bad(format!("slack: {error}")),
        Ok(api) => match api.auth_test().await {
            Ok(who) => findings.good(format!("slack: {} in workspace {}", who.bot_user, who.team)),
            Err(error) => findings.bad(format!("slack: {error}")),
        },
    }
}

/// The token, and every channel that is spoken in.
async fn check_discord(config: &Config, findings: &mut Findings) {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let api = match crate::app::discord_api(config, &clock) {
        Ok(Some(api)) => api,
        Ok(None) => return,
        Err(error) => return findings.bad(format!("discord: {error}")),
    };
    match api.identity().await {
        Ok(who) => findings.good(format!("discord: {} ({})", who.username, who.id)),
        Err(error) => return findings.bad(format!("discord: {error}")),
    }
    let services = config.services.iter().map(|one| &one.service);
    let all = services.flat_map(|one| one.channels.iter().chain(&one.stakeholders));
    let channels: BTreeSet<&Channel> =
        all.filter(|channel| channel.platform == Platform::Discord).collect();
    for channel in channels {
        match api.channel(&channel.id).await {
            Ok(found) => {
                let name = found.name.unwrap_or_default();
                findings.good(format!("discord: channel {} ({name}) can be seen", channel.id));
            }
            Err(error) => findings.bad(format!("discord: channel {}: {error}", channel.id)),
        }
    }
}

async fn check_vercel(config: &Config, findings: &mut Findings) -> anyhow::Result<()> {
    let projects = config.services.iter().map(|one| VercelProject {
        service: one.service.id.clone(),
        project: one.project.clone(),
        team: one.team.clone(),
    });
    let vercel =
        VercelConfig { api_url: config.vercel.api_url.clone(), token: config.vercel.token.clone() };
    let provider =
        VercelProvider::new(vercel, projects.collect(), Arc::new(SystemClock::default()))?;
    for one in &config.services {
        let service = &one.service.id;
        match provider.pointer(service).await {
            Ok(pointer) => match pointer.live {
                Live::At(id) => findings.good(format!("{service}: production points at {id}")),
                Live::Split(_) => findings.bad(format!("{service}: production's names disagree")),
                Live::Nothing => findings.bad(format!("{service}: nothing is live")),
            },
            Err(error) => findings.bad(format!("{service}: {error}")),
        }
    }
    Ok(())
}

async fn check_github(config: &Config, findings: &mut Findings) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let (Some(github), Some(forge)) =
        (crate::app::github(config, &clock)?, crate::app::github_forge(config, &clock)?)
    else {
        findings.good("github: not configured, so migrations are \"not known\"".to_owned());
        return Ok(());
    };
    findings.good(webhook(config).to_owned());
    match forge.look_at_git().await {
        Ok(version) => findings.good(format!("git: {version} can try out reverts")),
        Err(error) => findings.bad(format!("git: {error}")),
    }
    for one in &config.services {
        let service = &one.service.id;
        if one.code.is_none() {
            findings.good(format!("{service}: no repo is named, so migrations are \"not known\""));
            continue;
        }
        if one.service.warns_pull_requests {
            findings.good(format!(
                "{service}: may comment on pull requests that come to main meanwhile"
            ));
        }
        match github.look(service).await {
            Ok((name, branch)) => {
                findings
                    .good(format!("{service}: {name} can be read, its main branch is {branch}"));
            }
            Err(error) => findings.bad(format!("{service}: {error}")),
        }
        match forge.look(service).await {
            Ok(standing) => say_standing(service, standing, findings),
            Err(error) => findings.bad(format!("{service}: its gate cannot be read: {error}")),
        }
    }
    Ok(())
}

/// Whether GitHub may say that there is something to look at.
fn webhook(config: &Config) -> &'static str {
    let github = config.github.as_ref();
    match github.and_then(|github| github.webhook_secret.as_ref()) {
        Some(_) => "github: its webhook is taken at /hooks/github",
        None => {
            "github: no webhook_secret, so pull requests are looked at every 5 to 20 s and not at once"
        }
    }
}

/// That GitHub takes the App's key, and what it may touch.
fn app(service: &ServiceId, granted: &Granted) -> String {
    let permissions = granted.permissions.iter().map(|(what, how)| format!("{what}: {how}"));
    let permissions = permissions.collect::<Vec<_>>().join(", ");
    let installation = granted.installation;
    format!("{service}: github's app is let in as installation {installation} with {permissions}")
}

/// What `/revert` may do and what it has to go through.
fn say_standing(service: &ServiceId, standing: Standing, findings: &mut Findings) {
    let Standing { main, may_push, gate, unreadable, granted } = standing;
    if let Some(granted) = granted {
        findings.good(app(service, &granted));
    }
    match may_push {
        Some(true) => findings.good(format!("{service}: reverts may be pushed")),
        Some(false) => findings.bad(format!(
            "{service}: reverts may not be pushed: give the token or the app write access to contents and pull requests"
        )),
        None => findings
            .good(format!("{service}: github does not tell whether reverts may be pushed")),
    }
    findings.good(format!("{service}: before anything comes to {main} there is {gate}"));
    if let Some(why) = unreadable {
        findings.bad(format!("{service}: {why}; until then no gate is green for the bot"));
    }
}
