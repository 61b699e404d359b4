//! The processes: chromedriver and, through it, one Chromium without a window.
//!
//! Owns their start and their end: whatever happens to a test, neither outlives it. Knows nothing of the page; see `page`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::Method;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A browser takes what memory and cores there are: one after the other.
static TURN: Mutex<()> = Mutex::new(());

/// How often a fresh chromedriver is asked for a session.
const TRIES: usize = 200;

/// What a browser is made of, where this machine has it.
pub(super) struct Installed {
    chromium: PathBuf,
    chromedriver: PathBuf,
}

impl Installed {
    /// `None`: there is no browser here that a test could drive.
    pub(super) fn find() -> Option<Self> {
        let chromium = ["chromium", "chromium-browser", "google-chrome"].iter().find_map(on_path);
        Some(Self { chromium: chromium?, chromedriver: on_path(&"chromedriver")? })
    }
}

fn on_path(name: &&str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// One browser with nothing remembered from before. Every call waits for its answer, so that a story reads from top to
/// bottom.
pub(super) struct Browser {
    client: Option<Client>,
    runtime: Runtime,
    _driver: Driver,
    _profile: tempfile::TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Browser {
    pub(super) fn start(installed: &Installed) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let driver = Driver::start(&installed.chromedriver);
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime");
        let wanted = capabilities(&installed.chromium, profile.path());
        let client = runtime.block_on(connect(&driver.address(), &wanted));
        Self { client: Some(client), runtime, _driver: driver, _profile: profile, _turn: turn }
    }

    /// Carries out one call of the driver.
    pub(super) fn does<'a, T, E: std::fmt::Debug>(
        &'a self,
        call: impl AsyncFnOnce(&'a Client) -> Result<T, E>,
    ) -> T {
        self.tries(call).unwrap_or_else(|error| panic!("the browser does not: {error:?}"))
    }

    /// The same where a failure is an answer.
    pub(super) fn tries<'a, T, E>(
        &'a self,
        call: impl AsyncFnOnce(&'a Client) -> Result<T, E>,
    ) -> Result<T, E> {
        let client = self.client.as_ref().expect("taken only at the end");
        self.runtime.block_on(call(client))
    }

    /// One command of Chromium's own protocol.
    pub(super) fn chromium(&self, command: &str, params: Value) -> Value {
        let body = json!({"cmd": command, "params": params});
        self.does(async |client| {
            client.issue_cmd(Unworded { path: "goog/cdp/execute", body }).await
        })
    }

    /// Comes back to the page from a frame in it, also from one that is gone by now.
    pub(super) fn leaves_the_frame(&self) {
        let body = json!({"id": null});
        self.does(async |client| client.issue_cmd(Unworded { path: "frame", body }).await);
    }

    /// What the browser wrote into its console since the last time, of all frames.
    pub(super) fn console(&self) -> Vec<Value> {
        let body = json!({"type": "browser"});
        let entries =
            self.does(async |client| client.issue_cmd(Unworded { path: "se/log", body }).await);
        entries.as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // The driver ends the browser as well if this fails.
            let _ = self.runtime.block_on(client.close());
        }
    }
}

fn capabilities(chromium: &Path, profile: &Path) -> Capabilities {
    let profile = format!("--user-data-dir={}", profile.display());
    let args = [
        "--headless=new",
        // Chromium refuses to run as root with its sandbox, and it is shown nothing but our own pages.
        "--no-sandbox",
        // The shared memory of a container is often too small.
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1440,900",
        &profile,
    ];
    let wanted = json!({
        "browserName": "chrome",
        "goog:chromeOptions": {"binary": chromium, "args": args},
        "goog:loggingPrefs": {"browser": "ALL"},
    });
    wanted.as_object().cloned().expect("an object")
}

async fn connect(address: &str, wanted: &Capabilities) -> Client {
    let mut last = None;
    for _ in 0..TRIES {
        let mut builder = ClientBuilder::new(HttpConnector::new());
        match builder.capabilities(wanted.clone()).connect(address).await {
            Ok(client) => return client,
            Err(error) => last = Some(error),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("no session with the browser: {last:?}");
}

/// A command that the client has no word for.
#[derive(Debug)]
struct Unworded {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Unworded {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &url::Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}

/// chromedriver, on a port of its own choice.
struct Driver {
    process: Child,
    port: u16,
    /// Kept open: a driver that cannot write any more would end.
    _out: BufReader<ChildStdout>,
}

impl Driver {
    fn start(path: &Path) -> Self {
        let mut command = Command::new(path);
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().expect("chromedriver starts");
        let mut out = BufReader::new(process.stdout.take().expect("its output"));
        let port = std::iter::from_fn(|| {
            let mut line = String::new();
            (out.read_line(&mut line).expect("a line") > 0).then_some(line)
        })
        .find_map(|line| {
            line.trim_end().rsplit_once("successfully on port ").map(|(_, port)| port.to_owned())
        });
        let port = port.expect("chromedriver says its port");
        let port = port.trim_end_matches('.').parse().expect("a port");
        Self { process, port, _out: out }
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Asks it to end, which ends its browsers too; a plain kill would leave them behind.
    fn asks_to_end(&self) -> std::io::Result<()> {
        let mut line = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        line.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(line, "GET /shutdown HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        line.read_to_end(&mut Vec::new())?;
        Ok(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.asks_to_end();
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
