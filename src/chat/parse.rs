//! The one grammar: from what a person typed or chose to a typed `Request`. Slack's free text and Discord's typed options
//! meet in `values.rs`, so that both obey the same checks.
//!
//! Never decides whether something is allowed or exists, save that a service's name must be a configured one. Never
//! panics on any text. The declarations are in `catalog.rs`; the rules of the grammar in `parse/grammar.rs`.

mod change;
mod grammar;
mod nearest;
mod refusal;
mod target;
#[cfg(test)]
mod tests;
mod values;
mod words;

pub use refusal::ParseRefusal;

use refusal::Problem;
use values::Values;

use super::catalog::{Catalog, CommandName, OptionName, Prefix, Subcommand, Verb};
use super::request::Request;
use crate::domain::ids::ServiceId;

/// What a line is read against.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The declarations.
    pub catalog: &'a Catalog,
    /// What stands before the commands' names here, for the usage lines of refusals.
    pub prefix: &'a Prefix,
    /// Every configured service.
    pub known: &'a [ServiceId],
    /// The services of the channel in which this was said.
    pub bound: &'a [ServiceId],
}

impl Scope<'_> {
    /// The configured service of a name; capitals do not matter.
    fn service(&self, name: &str) -> Option<&ServiceId> {
        self.known.iter().find(|service| service.as_str().eq_ignore_ascii_case(name))
    }
}

/// Reads the text behind a slash command, as Slack sends it.
pub fn parse(scope: &Scope<'_>, command: CommandName, text: &str) -> Result<Request, ParseRefusal> {
    let line = words::strip_invisible(&words::unwrap_slack(text));
    let words = words::split(&line);
    let first = words.first().map(|word| word.value);
    let (verb, rest) = match (command, first) {
        (CommandName::Incident, None) => return Ok(Request::Help { topic: None }),
        (CommandName::Incident, Some(word)) => (verb_of(scope, command, Some(word))?, &words[1..]),
        (
            CommandName::Rollback
            | CommandName::Revert
            | CommandName::Verify
            | CommandName::Promote,
            first,
        ) => {
            let verb = verb_of(scope, command, None)?;
            if words.len() == 1 && first.is_some_and(is_help) {
                return Ok(Request::Help { topic: Some(verb) });
            }
            (verb, &words[..])
        }
    };
    let declaration = scope.catalog.declaration(verb);
    grammar::read(scope, declaration, &line, rest)
        .and_then(|values| values::request(scope, declaration, values))
        .map_err(|problem| refusal::explain(scope, verb, problem))
}

/// Reads typed options, as Discord sends them or a command line gives them: the subcommand, and name and value of every
/// option that was filled in.
pub fn from_options(
    scope: &Scope<'_>,
    command: CommandName,
    subcommand: Option<&str>,
    options: &[(String, String)],
) -> Result<Request, ParseRefusal> {
    let verb = verb_of(scope, command, subcommand)?;
    let declaration = scope.catalog.declaration(verb);
    let gather = || {
        let mut values = Values::default();
        for (name, value) in options {
            let value = words::strip_invisible(value);
            let option = OptionName::from_name(name).and_then(|name| declaration.option(name));
            match (option, value.trim().is_empty()) {
                (None, _) => return Err(Problem::Unexpected(name.clone())),
                (Some(_), true) => {}
                (Some(option), false) => values.insert(option.name, &value)?,
            }
        }
        values::request(scope, declaration, values)
    };
    gather().map_err(|problem| refusal::explain(scope, verb, problem))
}

/// What was written into one field of a form, as one line without characters that nobody sees.
pub fn one_line(text: &str) -> String {
    words::strip_invisible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The verb of a command and the word behind it; `/incident` alone asks for help.
fn verb_of(
    scope: &Scope<'_>,
    command: CommandName,
    word: Option<&str>,
) -> Result<Verb, ParseRefusal> {
    match (command, word) {
        (CommandName::Rollback, _) => Ok(Verb::Rollback),
        (CommandName::Revert, _) => Ok(Verb::Revert),
        (CommandName::Verify, _) => Ok(Verb::Verify),
        (CommandName::Promote, _) => Ok(Verb::Promote),
        (CommandName::Incident, None) => Ok(Verb::Incident(Subcommand::Help)),
        (CommandName::Incident, Some(word)) => Subcommand::from_name(word)
            .map(Verb::Incident)
            .ok_or_else(|| refusal::unknown_subcommand(scope, word)),
    }
}

fn is_help(word: &str) -> bool {
    word.eq_ignore_ascii_case(Subcommand::Help.as_str())
}
