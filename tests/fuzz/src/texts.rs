//! Texts that the bot reads: commands as people type them, its configuration, its own journal.

use repoint::chat::catalog::{Catalog, CommandName, Kind, OptionName, Prefix, Verb};
use repoint::chat::parse::{Scope, from_options, parse};
use repoint::chat::request::{Linked, Request, Subject};
use repoint::config::Config;
use repoint::domain::event::Event;
use repoint::domain::ids::{IncidentId, ServiceId};
use said::options_of;

#[path = "../../../src/chat/parse/tests/said.rs"]
mod said;

/// A byte of choices (the command, and what the channel is bound to), then what stands behind the command.
///
/// # Panics
/// When the parser does, when what it understood does not mean the same when it is said again, and when it lets more through than
/// is declared.
pub fn slack_text(data: &[u8]) {
    let Some((&choices, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let catalog = Catalog::load().expect("the declarations are sound");
    let known = ["shop", "web", "payments"].map(ServiceId::from);
    let bound = usize::from(choices >> 1) % (known.len() + 1);
    let scope = Scope {
        catalog: &catalog,
        prefix: &Prefix::default(),
        known: &known,
        bound: &known[..bound],
    };
    let command = CommandName::ALL[usize::from(choices) % CommandName::ALL.len()];
    match parse(&scope, command, &text) {
        Ok(request) => assert_understood(&scope, &request),
        Err(refusal) => {
            assert!(!refusal.sentence.0.is_empty() && !refusal.next.0.is_empty(), "{refusal:?}");
        }
    }
}

fn assert_understood(scope: &Scope<'_>, request: &Request) {
    let verb = request.verb();
    let subcommand = match verb {
        Verb::Rollback | Verb::Revert | Verb::Verify | Verb::Promote => None,
        Verb::Incident(subcommand) => Some(subcommand.as_str()),
    };
    let options = options_of(request);
    let again = from_options(scope, verb.command(), subcommand, &options);
    assert_eq!(again.as_ref().ok(), Some(request), "said again: {options:?}");
    let declaration = scope.catalog.declaration(verb);
    for (name, value) in &options {
        let option = OptionName::from_name(name).and_then(|name| declaration.option(name));
        if let Some(Kind::Text { max }) = option.map(|option| option.kind) {
            assert!(value.chars().count() <= max, "{name} is too long");
        }
    }
}

/// A configuration file.
///
/// # Panics
/// When the reader does, refuses without a reason, or lets through what nobody may act on.
pub fn config_file(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Secrets from files would read from this machine, perhaps for ever.
    if text.contains("file:") {
        return;
    }
    let environment = |name: &str| Some(format!("secret of {name}"));
    match Config::parse(&text, &environment) {
        Err(errors) => assert!(!errors.0.is_empty(), "refused without a reason"),
        Ok(config) => {
            assert!(!config.services.is_empty(), "nothing to serve");
            assert!(config.services.iter().all(|one| !one.grants.is_empty()), "nobody may act");
        }
    }
}

/// An event as it lies in the journal: its kind, a line break, its body.
///
/// # Panics
/// When the reader does, or when what it read is not written and read as the same again.
pub fn journal_event(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (kind, body) = text.split_once('\n').unwrap_or((&text, "null"));
    let Ok(event) = Event::decode(kind, 1, body) else { return };
    let (kind, body) = event.encode();
    let again = Event::decode(&kind, 1, &body).expect("what we wrote can be read");
    assert_eq!(again.encode(), (kind, body));
}
