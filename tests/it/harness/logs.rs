//! What a story's bots log as an error while they live. Logs are told apart by the threads of a bot's runtime.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

#[derive(Clone)]
pub struct Logs {
    errors: Arc<Mutex<Vec<String>>>,
    is_over: Arc<AtomicBool>,
}

thread_local! {
    static MINE: RefCell<Option<Logs>> = const { RefCell::new(None) };
}

static INSTALLED: Once = Once::new();

impl Logs {
    pub fn new() -> Self {
        INSTALLED.call_once(|| {
            tracing::subscriber::set_global_default(Collector).expect("the only subscriber");
        });
        Self { errors: Arc::default(), is_over: Arc::default() }
    }

    /// For one more bot of the same story.
    pub fn of_a_bot(&self) -> Self {
        Self { errors: self.errors.clone(), is_over: Arc::default() }
    }

    /// The bot dies: what its tasks still say when they see each other go, no process would have said.
    pub fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// What this thread logs belongs to this bot.
    pub fn of_this_thread(&self) {
        MINE.with(|mine| *mine.borrow_mut() = Some(self.clone()));
    }

    pub fn errors(&self) -> Vec<String> {
        self.errors.lock().expect("the errors").clone()
    }
}

struct Collector;

impl Subscriber for Collector {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::ERROR && metadata.target().starts_with("repoint")
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        MINE.with(|mine| {
            let mine = mine.borrow();
            if let Some(logs) = mine.as_ref().filter(|logs| !logs.is_over.load(Ordering::Relaxed)) {
                logs.errors.lock().expect("the errors").push(line.0);
            }
        });
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}
