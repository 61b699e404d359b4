//! The commands as Discord wants them told: one entry per slash command, with typed options. The limits are Discord's; a
//! declaration that does not fit is cut with care, and the tests hold the result against all of them.

use serde_json::{Value, json};

use crate::chat::catalog::{
    Catalog, Command, CommandOption, Declaration, Kind, OptionName, Prefix, Verb,
};

/// The longest description of a command or an option.
const DESCRIPTION_MAX: usize = 100;
/// What one option may hold where its declaration does not say.
const WORD_MAX: usize = 200;

const CHAT_INPUT: u8 = 1;
const SUBCOMMAND: u8 = 1;
const STRING: u8 = 3;
/// The only context that the bot serves: servers, no direct messages.
const GUILD: u8 = 0;

/// Every command, as `PUT …/commands` takes them.
pub fn discord_commands(catalog: &Catalog, prefix: &Prefix) -> Value {
    catalog.commands().iter().map(|command| entry(command, prefix)).collect()
}

fn entry(command: &Command, prefix: &Prefix) -> Value {
    json!({
        "name": prefix.slash(command.name).trim_start_matches('/'),
        "type": CHAT_INPUT,
        "description": described(&command.summary),
        "contexts": [GUILD],
        "options": match command.declarations.as_slice() {
            [only] if !matches!(only.verb, Verb::Incident(_)) => options(only),
            several => several.iter().map(subcommand).collect(),
        },
    })
}

fn subcommand(declaration: &Declaration) -> Value {
    json!({
        "name": declaration.verb.as_str(),
        "type": SUBCOMMAND,
        "description": described(&declaration.summary),
        "options": options(declaration),
    })
}

/// Required ones first, as Discord demands; otherwise in the order of the declaration.
fn options(declaration: &Declaration) -> Vec<Value> {
    let (required, optional): (Vec<_>, Vec<_>) =
        declaration.options.iter().partition(|option| option.required);
    required.into_iter().chain(optional).map(option).collect()
}

/// Everything is text: numbers are written in ways that only the grammar knows, and a service's name is checked there.
fn option(option: &CommandOption) -> Value {
    json!({
        "name": option.name.as_str(),
        "type": STRING,
        "description": described(&option.help),
        "required": option.required,
        "max_length": longest(option.kind),
        "autocomplete": is_offered(option),
    })
}

/// Whether something can be offered while it is being typed (`complete.rs`).
fn is_offered(option: &CommandOption) -> bool {
    match option.kind {
        Kind::Service | Kind::Deployment | Kind::Change | Kind::Pull | Kind::Incident => true,
        Kind::Word => option.name == OptionName::Topic,
        Kind::Code | Kind::Text { .. } => false,
    }
}

fn longest(kind: Kind) -> usize {
    match kind {
        Kind::Text { max } => max,
        Kind::Service
        | Kind::Deployment
        | Kind::Change
        | Kind::Pull
        | Kind::Incident
        | Kind::Code
        | Kind::Word => WORD_MAX,
    }
}

/// A description that Discord takes: cut at a word where it is too long.
fn described(text: &str) -> String {
    if text.chars().count() <= DESCRIPTION_MAX {
        return text.to_owned();
    }
    let start: String = text.chars().take(DESCRIPTION_MAX - 1).collect();
    let end = start.rfind(char::is_whitespace).unwrap_or(start.len());
    format!("{}…", start[..end].trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_description_is_cut_at_a_word() {
        let long = "word, ".repeat(20);
        let cut = described(&long);
        assert!(cut.chars().count() <= DESCRIPTION_MAX && cut.ends_with("word…"), "{cut}");
        let unbroken = "ü".repeat(200);
        assert_eq!(described(&unbroken).chars().count(), DESCRIPTION_MAX);
        assert_eq!(described("short"), "short");
    }
}
