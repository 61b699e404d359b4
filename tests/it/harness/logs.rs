//! What a story's bot logs as an error. Logs are told apart by the threads of the bot's runtime.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, Once};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

#[derive(Clone)]
pub struct Logs {
    errors: Arc<Mutex<Vec<String>>>,
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
        Self { errors: Arc::default() }
    }

    /// What this thread logs belongs to this story.
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
            if let Some(logs) = &*mine.borrow() {
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
