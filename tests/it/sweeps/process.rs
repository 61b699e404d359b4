//! The real binary as a process beside a story, and Ana beside it, in real time.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use repoint::adapters::clock::SystemClock;
use repoint::engine::ports::Clock;

use super::told::{Told, nothing_was_lost};
use crate::harness::{GOOD, World};

/// Nothing takes longer than this; what does not come by then does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running bot.
pub struct Process {
    child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

impl Process {
    /// Starts a bot on the configuration in the story's folder. As soon as it says where it listens, Slack knows.
    pub fn start(w: &Arc<World>) -> Self {
        let mut command = repoint();
        command.arg("run").arg("--config").arg(w.file("repoint.toml"));
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let log = Arc::<Mutex<String>>::default();
        let out = child.stderr.take().expect("its standard error");
        let (world, lines) = (w.clone(), log.clone());
        let reader = std::thread::spawn(move || follow(out, &world, &lines));
        Self { child, log, reader: Some(reader) }
    }

    /// Starts a bot and waits until it listens.
    pub async fn ready(w: &Arc<World>) -> Self {
        let process = Self::start(w);
        let said = || process.log();
        until(w, "the bot to be ready", || {
            said().contains(" ready ") || said().contains("repoint: ")
        })
        .await;
        assert!(said().contains(" ready "), "the bot does not start: {}", said());
        process
    }

    /// What it said on standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("the log").clone()
    }

    /// What it answers to `/readyz`: the status and the body.
    pub async fn readiness(&self) -> (u16, String) {
        let log = self.log();
        let address = log.lines().find_map(address).expect("where it listens");
        let url = format!("http://{address}/readyz");
        let answer = reqwest::get(url).await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    }

    /// As the kernel does when memory is short: no chance to tidy up.
    pub fn kill_9(self) {
        drop(self);
    }

    /// Sends a signal, by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status();
        assert!(sent.expect("a signal").success());
    }

    /// Waits for its end.
    pub async fn ends(mut self, w: &World) -> ExitStatus {
        let begun = SystemClock::default().now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a status") {
                return status;
            }
            let waited = SystemClock::default().now().since(begun).0.unsigned_abs();
            assert!(u128::from(waited) < PATIENCE.as_millis(), "it does not end:\n{}", self.log());
            w.in_real_time(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that has ended already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // Where the next bot listens must not be overwritten by what this one said last.
        let read = self.reader.take().map(JoinHandle::join);
        assert!(std::thread::panicking() || read.is_none_or(|read| read.is_ok()), "a log was lost");
    }
}

fn follow(out: ChildStderr, w: &World, log: &Mutex<String>) {
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        if let Some(address) = address(&line) {
            w.models.bot_listens(address.parse().expect("an address"));
        }
        let mut log = log.lock().expect("the log");
        log.push_str(&line);
        log.push('\n');
    }
}

/// Where a bot listens, if this line says so.
fn address(line: &str) -> Option<&str> {
    line.split_once("ready address=").and_then(|(_, rest)| rest.split(' ').next())
}

/// The binary under test.
pub fn repoint() -> Command {
    Command::new(env!("CARGO_BIN_EXE_repoint"))
}

/// Writes the configuration of the story's bot.
pub fn configure(w: &World) {
    std::fs::write(w.file("repoint.toml"), w.configuration()).expect("a configuration");
}

/// Runs the binary to its end.
pub fn run(arguments: &[&str], config: &Path) -> Output {
    let mut command = repoint();
    command.args(arguments).arg("--config").arg(config);
    command.output().expect("the binary runs")
}

/// What a run printed, on both sides.
pub fn said(output: &Output) -> String {
    let [out, error] = [&output.stdout, &output.stderr].map(|side| String::from_utf8_lossy(side));
    format!("{out}{error}")
}

/// Waits in real time until something is so.
pub async fn until(w: &Arc<World>, what: &str, is_so: impl Fn() -> bool) {
    let begun = SystemClock::default().now();
    while !is_so() {
        let waited = SystemClock::default().now().since(begun).0.unsigned_abs();
        assert!(u128::from(waited) < PATIENCE.as_millis(), "no {what}:\n{}", w.incidents());
        w.in_real_time(Duration::from_millis(2)).await;
    }
}

/// Ana gets production back, however often the bot dies meanwhile: she looks, and does what is there to be done.
pub async fn ana_rolls_back(w: &Arc<World>) {
    let ana = w.user("ana");
    let begun = SystemClock::default().now();
    loop {
        let headline = w.headline();
        if headline.contains("proven") && w.times_said("production is pinned") > 0 {
            return;
        }
        if headline.is_empty() {
            ana.types("/rollback").await;
        } else if headline.contains("roll back?") && ana.sees("Confirm") {
            ana.presses("Confirm").await;
        }
        let waited = SystemClock::default().now().since(begun).0.unsigned_abs();
        assert!(u128::from(waited) < PATIENCE.as_millis(), "Ana gives up:\n{}", w.incidents());
        w.in_real_time(Duration::from_millis(150)).await;
    }
}

/// What is true at the end of a story, whatever happened to the bot.
pub fn ends_well(w: &Arc<World>, quiet: Option<&Told>) -> Told {
    assert_eq!(w.live(), GOOD);
    assert_eq!(w.models.vercel.rollbacks_begun("shop"), 1, "a second flip:\n{}", w.incidents());
    assert_eq!(w.incidents_opened(), 1);
    nothing_was_lost(w);
    let verified = run(&["journal", "verify"], &w.file("repoint.toml"));
    assert!(verified.status.success(), "{}", said(&verified));
    let told = Told::of(w);
    if let Some(quiet) = quiet {
        assert_eq!(told, *quiet);
    }
    told
}
