//! The webhook: what happens in the repository is posted, signed, to the address that the world names. Without one
//! nothing is posted and nothing is kept.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tokio::sync::watch;

use super::checks::Run;
use super::desk::{Desk, Push};
use super::{GitHubModel, VENDOR, json};
use crate::domain::time::Timestamp;
use crate::engine::ports::Clock;
use crate::world::loopback::http_client;

/// GitHub waits so long for an answer, and never tries again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Something that the webhook tells.
pub(super) enum Event {
    Pull { number: u64, action: &'static str, at: Timestamp },
    Check { run: Run, action: &'static str, at: Timestamp },
    Push { before: String, push: Push },
}

/// A delivery that is to be posted.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) at: Timestamp,
    event: &'static str,
    payload: Value,
}

/// Where the webhook leads.
#[derive(Debug)]
pub(super) struct Hooks {
    target: Mutex<Option<Target>>,
    woken: watch::Sender<u64>,
}

#[derive(Clone, Debug)]
struct Target {
    url: String,
    secret: String,
    delivered: u64,
}

impl Hooks {
    pub(super) fn new() -> Self {
        Self { target: Mutex::default(), woken: watch::Sender::new(0) }
    }

    pub(super) fn is_set(&self) -> bool {
        self.target().is_some()
    }

    /// There may be something to post, now or at a time that was not known before.
    pub(super) fn wake(&self) {
        self.woken.send_modify(|times| *times += 1);
    }

    fn target(&self) -> std::sync::MutexGuard<'_, Option<Target>> {
        self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the next delivery goes, and its number.
    fn next(&self) -> Option<Target> {
        let mut target = self.target();
        let target = target.as_mut()?;
        target.delivered += 1;
        Some(target.clone())
    }
}

impl GitHubModel {
    /// Posts what happens from now on to this address, signed with this secret.
    pub fn set_webhook(self: &Arc<Self>, url: &str, secret: &str) {
        let target = Target { url: url.to_owned(), secret: secret.to_owned(), delivered: 0 };
        let before = self.hooks.target().replace(target);
        if before.is_none() {
            tokio::spawn(post(Arc::downgrade(self)));
        }
    }

    /// What is to be posted now, and when there may be more.
    fn letters(&self) -> (Vec<Letter>, Option<Timestamp>) {
        // Where nobody was yet nothing has happened.
        if self.is_asleep() {
            return (Vec::new(), None);
        }
        match self.desk() {
            Ok(mut desk) => (std::mem::take(&mut desk.state.outbox), desk.next_change()),
            Err(_) => (Vec::new(), None),
        }
    }
}

/// Posts until the model is gone.
async fn post(model: Weak<GitHubModel>) {
    let client = http_client().timeout(PATIENCE).build();
    let Ok(client) = client else { return };
    let Some(mut woken) = model.upgrade().map(|model| model.hooks.woken.subscribe()) else {
        return;
    };
    loop {
        let Some(model) = model.upgrade() else { return };
        woken.mark_unchanged();
        let asked = Arc::clone(&model);
        let looked = tokio::task::spawn_blocking(move || asked.letters());
        let Ok((letters, next)) = looked.await else { return };
        for letter in &letters {
            deliver(&model, &client, letter).await;
        }
        let clock = Arc::clone(&model.clock);
        drop(model);
        let due = async {
            match next {
                Some(at) => clock.sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            changed = woken.changed() => if changed.is_err() { return },
        }
    }
}

/// Posts one delivery; the traps lose or repeat it.
async fn deliver(model: &GitHubModel, client: &reqwest::Client, letter: &Letter) {
    let trap = |kind| model.ledger.spring(VENDOR, kind, "HOOK", letter.event).is_some();
    let Some(target) = model.hooks.next().filter(|_| !trap("hook_dropped")) else { return };
    let times = if trap("hook_repeated") { 2 } else { 1 };
    let body = letter.payload.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(target.secret.as_bytes())
        .expect("any length of key is taken");
    mac.update(body.as_bytes());
    let signature = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    // A repeat has the same number.
    let number = format!("72d3162e-cc78-11e3-81ab-{:012x}", target.delivered);
    for _ in 0..times {
        let request = client
            .post(&target.url)
            .header("content-type", "application/json")
            .header("user-agent", "GitHub-Hookshot/8c41f0b")
            .header("x-github-event", letter.event)
            .header("x-github-delivery", &number)
            .header("x-hub-signature-256", &signature);
        if let Err(error) = request.body(body.clone()).send().await {
            tracing::debug!(%error, "a delivery of the modelled GitHub was not taken");
        }
    }
}

impl Desk<'_> {
    /// What the webhook says of an event, as things stand now.
    pub(super) fn letter(&self, event: &Event) -> Letter {
        match event {
            Event::Pull { number, action, at } => {
                let pull = self.state.pulls.get(number);
                let payload = pull.map_or(Value::Null, |pull| json::hooks::pull(pull, action));
                Letter { at: *at, event: "pull_request", payload }
            }
            Event::Check { run, action, at } => {
                let pulls = self.state.pulls.values();
                let of = pulls.filter(|pull| pull.is_open() && pull.head == run.sha);
                let payload = json::hooks::check(run, action, *at, of);
                Letter { at: *at, event: "check_run", payload }
            }
            Event::Push { before, push } => {
                Letter { at: push.at, event: "push", payload: json::hooks::push(before, push) }
            }
        }
    }
}
