//! What reached the models, and the traps that are switched on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::watch;

pub use super::call::{Answer, Call, Origin};

/// A trap that is switched on: the next `times` calls that match meet it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which model.
    pub vendor: String,
    /// The trap's name; each model lists its own and refuses unknown ones.
    pub kind: String,
    /// Only calls whose `METHOD path` holds this text; empty: all that the trap can meet.
    #[serde(default)]
    pub on: String,
    /// How many times it springs; absent: until it is switched off.
    #[serde(default)]
    pub times: Option<u32>,
    /// What the trap needs to know, for example `{"status":402}` or `{"retry_after":2}`. Every trap knows `{"skip":1}`: so
    /// many calls that match pass before it springs.
    #[serde(default)]
    pub with: Value,
}

/// Shared by all models.
#[derive(Debug)]
pub struct Ledger {
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    calls: Vec<Call>,
    faults: Vec<Fault>,
}

impl Ledger {
    /// An empty ledger.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: Mutex::default(), changed: watch::Sender::new(0) })
    }

    /// Notes that something a watcher could see has changed.
    pub fn touch(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    /// Counts up at each change; for the console's live view.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Notes a request; returns its number.
    pub fn note(&self, call: Call) -> u64 {
        let mut inner = self.lock();
        let number = inner.calls.len() as u64 + 1;
        inner.calls.push(Call { number, ..call });
        number
    }

    /// Notes what a request was answered with.
    pub fn answered(&self, number: u64, status: u16, answer: Answer) {
        let index = usize::try_from(number).unwrap_or(usize::MAX).wrapping_sub(1);
        if let Some(call) = self.lock().calls.get_mut(index) {
            call.status = Some(status);
            call.answer = Some(answer);
        }
    }

    /// Everything that reached the models so far.
    pub fn calls(&self) -> Vec<Call> {
        self.lock().calls.clone()
    }

    /// Switches a trap on.
    pub fn arm(&self, fault: Fault) {
        self.lock().faults.push(fault);
        self.touch();
    }

    /// Switches all traps off.
    pub fn disarm_all(&self) {
        self.lock().faults.clear();
        self.touch();
    }

    /// Traps that are on and still have springs left. A test ends with none.
    pub fn armed(&self) -> Vec<Fault> {
        self.lock().faults.clone()
    }

    /// Springs the first matching trap of this kind, if one is on, and counts it down.
    pub fn spring(&self, vendor: &str, kind: &str, method: &str, path: &str) -> Option<Fault> {
        let mut inner = self.lock();
        let call = format!("{method} {path}");
        let index = inner.faults.iter().position(|fault| {
            fault.vendor == vendor && fault.kind == kind && call.contains(&fault.on)
        })?;
        if let Some(skip) = inner.faults[index].with.get_mut("skip")
            && let Some(left @ 1..) = skip.as_u64()
        {
            *skip = (left - 1).into();
            return None;
        }
        let fault = inner.faults[index].clone();
        match &mut inner.faults[index].times {
            None => {}
            Some(left) if *left > 1 => *left -= 1,
            Some(_) => {
                inner.faults.remove(index);
            }
        }
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panicking model must not hide what the others saw.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
