//! The real binary: the world in one process, the bot in another, and the signals that a host sends.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use repoint::adapters::clock::SystemClock;
use repoint::engine::ports::Clock;
use repoint::world::ledger::Call;
use serde_json::{Value, json};

use crate::contract::READER;
use crate::harness::http_client;

/// No request may take longer.
const PATIENCE: Duration = Duration::from_secs(40);

/// What does not come after so many looks does not come.
const LOOKS: usize = 2_000;

/// A process that does not outlive its test.
struct Process(Child);

impl Process {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().expect("the binary starts"))
    }

    /// As the kernel does when memory is short: no chance to tidy up.
    fn kill_9(mut self) {
        self.0.kill().expect("a kill");
        self.0.wait().expect("an end");
    }

    /// As a host does when it is switched off.
    fn terminate(mut self) -> ExitStatus {
        let pid = self.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().expect("a signal");
        assert!(sent.success());
        for _ in 0..LOOKS {
            if let Some(status) = self.0.try_wait().expect("a status") {
                return status;
            }
            pause();
        }
        panic!("the process does not end");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

fn repoint() -> Command {
    Command::new(env!("CARGO_BIN_EXE_repoint"))
}

/// The modelled outside in a process of its own, and what a bot needs to know of it.
struct Outside {
    _process: Process,
    folder: tempfile::TempDir,
    described: Value,
    http: Http,
}

/// An ordinary client of other people's making, for tests that wait for each answer.
struct Http {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
}

impl Http {
    fn new() -> Self {
        // A second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self { runtime: runtime.expect("a runtime"), client: http_client(READER) }
    }

    /// The status and body; `None` when nobody answers.
    fn send(&self, request: reqwest::RequestBuilder) -> Option<(u16, String)> {
        self.runtime.block_on(async {
            let answer = request.timeout(PATIENCE).send().await.ok()?;
            let status = answer.status().as_u16();
            Some((status, answer.text().await.ok()?))
        })
    }

    fn json(&self, request: reqwest::RequestBuilder) -> Value {
        let (_, body) = self.send(request).expect("an answer");
        serde_json::from_str(&body).expect("JSON")
    }

    /// Everything that reached the models of a world, as its own interface tells.
    fn calls(&self, described: &Value) -> Vec<Call> {
        let text = |pointer: &str| described.pointer(pointer).and_then(Value::as_str);
        let address = format!("{}/calls", text("/world/api").expect("an address"));
        let request = self.client.get(address).bearer_auth(text("/world/token").expect("a token"));
        serde_json::from_value(self.json(request)).expect("calls")
    }
}

impl Drop for Outside {
    /// What reached the models must be as the vendors describe it.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            crate::contract::check(&self.http.calls(&self.described));
        }
    }
}

impl Outside {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = repoint();
        command.args([
            "demo",
            "--world-only",
            "--json",
            "--listen",
            "127.0.0.1:0",
            "--write-config",
        ]);
        command.arg(folder.path().join("repoint.toml"));
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(&mut command);
        let out = process.0.stdout.take().expect("its output");
        let mut line = String::new();
        BufReader::new(out).read_line(&mut line).expect("one line when it is ready");
        let described = serde_json::from_str(&line).expect("JSON");
        Self { _process: process, folder, described, http: Http::new() }
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("repoint.toml")
    }

    fn text(&self, pointer: &str) -> &str {
        let value = self.described.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("the world does not say {pointer}"))
    }

    /// Starts a bot and waits until it says that it is ready.
    fn bot(&self) -> Process {
        let log = self.folder.path().join("bot.log");
        let mut command = repoint();
        command.arg("run").arg("--config").arg(self.config());
        command.stdout(Stdio::null()).stderr(File::create(&log).expect("a log"));
        let mut process = Process::start(&mut command);
        let commands = self.text("/slack/commands").to_owned();
        self.until("the bot to be ready", || {
            let ended = process.0.try_wait().expect("a status");
            let said = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(ended.is_none(), "the bot ended: {ended:?}\n{}", said());
            // Anything that listens answers, if only that the signature is missing.
            self.http.send(self.http.client.post(&commands)).is_some()
        });
        process
    }

    /// Delivers a form as Slack does, signed.
    fn slack_delivers(&self, url: &str, form: &[(&str, &str)]) {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let stamp = (SystemClock::default().now().0 / 1000).to_string();
        let secret = self.text("/slack/signing_secret");
        let mut mac: Hmac<sha2::Sha256> = Hmac::new_from_slice(secret.as_bytes()).expect("a key");
        mac.update(format!("v0:{stamp}:{body}").as_bytes());
        let signature = format!("v0={}", hex::encode(mac.finalize().into_bytes()));
        let request = self.http.client.post(self.text(url)).body(body);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.header("x-slack-request-timestamp", stamp);
        let request = request.header("x-slack-signature", signature);
        let (status, body) = self.http.send(request).expect("an answer");
        assert_eq!(status, 200, "{body}");
    }

    fn ana_types(&self, command: &str, text: &str) {
        let form = [
            ("team_id", self.text("/slack/team")),
            ("channel_id", self.text("/slack/channels/incidents")),
            ("user_id", self.text("/slack/users/ana")),
            ("command", command),
            ("text", text),
            ("trigger_id", "1.2.3"),
            ("response_url", &format!("{}T01DEMO/1/abc", self.text("/slack/response"))),
        ];
        self.slack_delivers("/slack/commands", &form);
    }

    fn ana_presses(&self, label: &str) {
        let mut found = None;
        self.until(label, || {
            found = self.messages("incidents").iter().rev().find_map(|one| button(one, label));
            found.is_some()
        });
        let (message, button) = found.expect("a button");
        let channel = self.text("/slack/channels/incidents");
        let payload = json!({
            "type": "block_actions",
            "api_app_id": "A1",
            "team": {"id": self.text("/slack/team"), "domain": "demo"},
            "user": {"id": self.text("/slack/users/ana"), "name": "ana", "username": "ana",
                "team_id": self.text("/slack/team")},
            "channel": {"id": channel, "name": "incidents"},
            "container": {"type": "message", "message_ts": message, "channel_id": channel,
                "is_ephemeral": false},
            "trigger_id": "4.5.6",
            "response_url": format!("{}T01DEMO/1/def", self.text("/slack/response")),
            "actions": [button],
        });
        self.slack_delivers("/slack/interactions", &[("payload", &payload.to_string())]);
    }

    /// The messages of a channel with their threads, by an ordinary client, oldest first.
    fn messages(&self, channel: &str) -> Vec<Value> {
        let channel = self.text(&format!("/slack/channels/{channel}"));
        let mut all = Vec::new();
        let mut roots = self.slack_reads("conversations.history", &[("channel", channel)]);
        roots.reverse();
        for root in roots {
            let ts = root["ts"].as_str().expect("a time stamp").to_owned();
            let replies = [("channel", channel), ("ts", &ts)];
            all.extend(self.slack_reads("conversations.replies", &replies));
        }
        all
    }

    fn slack_reads(&self, method: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let url = format!("{}{method}", self.text("/slack/api"));
        let url = url::Url::parse_with_params(&url, query).expect("an address");
        let request = self.http.client.get(url).bearer_auth(self.text("/slack/bot_token"));
        let answer = self.http.json(request);
        assert_eq!(answer["ok"], true, "{answer}");
        answer["messages"].as_array().cloned().unwrap_or_default()
    }

    fn times_said(&self, channel: &str, text: &str) -> usize {
        let holds = |one: &&Value| one.to_string().contains(text);
        self.messages(channel).iter().filter(holds).count()
    }

    /// How many rollbacks Vercel was asked for.
    fn rollbacks_sent(&self) -> usize {
        let is_rollback = |call: &&Call| {
            call.vendor == "vercel" && call.method == "POST" && call.path.contains("/rollback/")
        };
        self.http.calls(&self.described).iter().filter(is_rollback).count()
    }

    fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) {
        for _ in 0..LOOKS {
            if is_so() {
                return;
            }
            pause();
        }
        panic!("waited in vain for {what}: {}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("bot.log")).unwrap_or_default()
    }

    fn journal(&self, verb: &str) -> Output {
        run(repoint().args(["journal", verb]).arg("--config").arg(self.config()))
    }
}

/// A button of a message by its label: the message's time stamp, and the button as Slack sends it.
fn button(message: &Value, label: &str) -> Option<(String, Value)> {
    message["blocks"].as_array()?.iter().find_map(|block| {
        let mut elements = block["elements"].as_array()?.iter();
        let mut pressed = elements.find(|one| one["text"]["text"] == label)?.clone();
        pressed["block_id"] = block["block_id"].clone();
        pressed["action_ts"] = "7.8".into();
        Some((message["ts"].as_str()?.to_owned(), pressed))
    })
}

fn run(command: &mut Command) -> Output {
    command.output().expect("the binary runs")
}

fn said(output: &[u8]) -> String {
    String::from_utf8_lossy(output).into_owned()
}

#[test]
fn a_bot_that_is_killed_between_press_and_proof_goes_on_by_itself_when_it_is_started_again() {
    let outside = Outside::start();
    let bot = outside.bot();
    outside.ana_types("/rollback", "");
    outside.ana_presses("Confirm");
    // What was said before this line is noted as said: nothing that is counted below can be on its way.
    outside.until("the call", || outside.times_said("incidents", "The provider took it.") == 1);
    bot.kill_9();
    assert_eq!(outside.times_said("incidents", "fresh answers in a row"), 0, "killed too late");

    let bot = outside.bot();
    outside.until("the proof", || outside.times_said("stakeholders", "production is back") == 1);
    outside.until("the flag", || outside.times_said("incidents", "production is pinned") == 1);
    assert_eq!(outside.rollbacks_sent(), 1);
    for line in ["we are on a problem", "production is back"] {
        assert_eq!(outside.times_said("stakeholders", line), 1, "{line}");
    }
    for line in ["confirmed: production goes from", "fresh answers in a row"] {
        assert_eq!(outside.times_said("incidents", line), 1, "{line}");
    }

    // The journal can be checked and read while the bot runs.
    let verified = outside.journal("verify");
    assert!(verified.status.success(), "{}", said(&verified.stderr));
    assert!(said(&verified.stdout).contains("every hash chain is sound"));
    let exported = outside.journal("export");
    assert!(exported.status.success(), "{}", said(&exported.stderr));
    let kinds: Vec<Value> = said(&exported.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let proven = kinds.iter().filter(|one| one.to_string().contains("\"flip_proven\"")).count();
    assert_eq!(proven, 1);

    assert_eq!(bot.terminate().code(), Some(0), "{}", outside.log());
}

#[test]
fn a_second_bot_on_the_same_journal_ends_with_a_sentence() {
    let outside = Outside::start();
    let first = outside.bot();
    let second = run(repoint().arg("run").arg("--config").arg(outside.config()));
    assert_eq!(second.status.code(), Some(1));
    let sentence = said(&second.stderr);
    assert!(sentence.contains("the journal is in use by another process"), "{sentence}");
    assert_eq!(first.terminate().code(), Some(0));
}

#[test]
fn a_doubtful_configuration_refuses_the_start_with_every_error_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("repoint.toml");
    let text = r#"
[journal]
path = "journal.db"
colour = "red"

[slack]
mode = "http"
bot_token = "env:REPOINT_TEST_NO_SUCH_VARIABLE"
signing_secret = "file:/nonexistent/secret"
team = "T1"

[vercel]
token = "env:REPOINT_TEST_NO_SUCH_VARIABLE"

[[service]]
name = "shop"
provider = "vercel"
project = "prj_shop"
production_url = "https://shop.example.com/"
channels = ["slack:T1/C1"]
responders = []
"#;
    std::fs::write(&path, text).expect("a configuration");
    let refused = run(repoint().arg("run").arg("--config").arg(&path));
    assert_eq!(refused.status.code(), Some(1));
    let sentence = said(&refused.stderr);
    assert!(sentence.contains("colour"), "{sentence}");
    assert!(!folder.path().join("journal.db").exists(), "nothing was begun");

    std::fs::write(&path, text.replace("colour = \"red\"\n", "")).expect("a configuration");
    let refused = run(repoint().arg("run").arg("--config").arg(&path));
    let sentence = said(&refused.stderr);
    for part in ["bot_token", "signing_secret", "token", "responders"] {
        assert!(sentence.contains(part), "{part} is not among the errors:\n{sentence}");
    }
}

#[test]
fn the_committed_manifest_is_what_the_binary_prints() {
    let printed = run(repoint().args(["manifest", "slack"]));
    assert!(printed.status.success());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/slack-manifest.json");
    let committed = std::fs::read_to_string(path).expect("the committed manifest");
    assert_eq!(said(&printed.stdout), committed);
}

#[test]
fn a_demo_ends_in_order_when_it_is_told_to() {
    let mut command = repoint();
    command.args(["demo", "--json", "--listen", "127.0.0.1:0"]);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut demo = Process::start(&mut command);
    let mut line = String::new();
    let out = demo.0.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("one line when it is ready");
    let described: Value = serde_json::from_str(&line).expect("JSON");
    let http = Http::new();
    let page = http.send(http.client.get(described["console"].as_str().expect("an address")));
    assert_eq!(page.expect("a page").0, 200);
    crate::contract::check(&http.calls(&described));
    assert_eq!(demo.terminate().code(), Some(0));
}
