//! The real `repoint demo` in a process of its own, and what its world can be told by other programs.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// A demo that is told to end when its story is over, so that it removes its folder.
pub(super) struct Demo {
    process: Child,
    described: Value,
    has_ended: bool,
    _out: BufReader<ChildStdout>,
}

impl Demo {
    pub(super) fn start(scenario: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_repoint"));
        command.args(["demo", "--json", "--listen", "127.0.0.1:0", "--scenario", scenario]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("the demo starts");
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        let mut line = String::new();
        out.read_line(&mut line).expect("one line when it is ready");
        let described = serde_json::from_str(&line).expect("JSON");
        Self { process, described, has_ended: false, _out: out }
    }

    pub(super) fn console(&self) -> &str {
        self.text("/console")
    }

    pub(super) fn shop(&self) -> &str {
        self.text("/shop")
    }

    /// Switches on a trap of the modelled hosting for every matching call.
    pub(super) fn vercel_answers(&self, status: u16, on: &str) {
        let fault =
            json!({"vendor": "vercel", "kind": "status", "on": on, "with": {"status": status}});
        let url = format!("{}/faults", self.text("/world/api"));
        asked(|client| client.post(url).bearer_auth(self.text("/world/token")).json(&fault));
    }

    /// What the page is drawn from.
    pub(super) fn state(&self) -> Value {
        let url = format!("{}console/state", self.console());
        serde_json::from_str(&asked(|client| client.get(url))).expect("JSON")
    }

    /// Ends it as Ctrl-C does.
    pub(super) fn stop(&mut self) {
        self.has_ended = true;
        if !matches!(self.process.try_wait(), Ok(None)) {
            return;
        }
        let pid = self.process.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        for _ in 0..500 {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Whether the story has told it to end.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended
    }

    fn text(&self, pointer: &str) -> &str {
        let value = self.described.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("the demo does not say {pointer}"))
    }
}

/// What a request is answered with, which must be well.
fn asked(request: impl FnOnce(Client) -> RequestBuilder) -> String {
    // A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let request = request(Client::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        answer.text().await.expect("a text")
    })
}

impl Drop for Demo {
    fn drop(&mut self) {
        self.stop();
    }
}
