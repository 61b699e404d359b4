//! What every declaration must fulfil: the floor below which no file may go, and the tighter limit of both platforms.
//! Never loosens anything.

use std::collections::BTreeSet;

use super::names::{CommandName, Subcommand, Verb};
use super::{Access, Command, Confirm, Declaration, Kind, Who};

/// The laxest access that a declaration may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Floor {
    /// Who, at least.
    pub who: Who,
    /// Which confirmation, at least.
    pub confirm: Confirm,
}

/// The floor of every verb. A file may be stricter, never laxer: who edits a declaration cannot hand out rights.
pub const fn floor(verb: Verb) -> Floor {
    match verb {
        Verb::Rollback | Verb::Revert | Verb::Promote => {
            Floor { who: Who::Responder, confirm: Confirm::OnePerson }
        }
        Verb::Verify => Floor { who: Who::Responder, confirm: Confirm::None },
        Verb::Incident(subcommand) => match subcommand {
            Subcommand::Status | Subcommand::List | Subcommand::Whoami | Subcommand::Help => {
                Floor { who: Who::Anyone, confirm: Confirm::None }
            }
            Subcommand::Open
            | Subcommand::Note
            | Subcommand::Blip
            | Subcommand::Close
            | Subcommand::Halt
            | Subcommand::Fix
            | Subcommand::Flag
            | Subcommand::RuledOut
            | Subcommand::Alone
            | Subcommand::Press => Floor { who: Who::Responder, confirm: Confirm::None },
            Subcommand::FalseAlarm => Floor { who: Who::Responder, confirm: Confirm::TwoPeople },
            Subcommand::Resume => Floor { who: Who::Lead, confirm: Confirm::None },
        },
    }
}

/// Discord: a command's, subcommand's or option's description. Slack takes more.
const SUMMARY_MAX: usize = 100;
/// Discord: subcommands of a command, and options of a subcommand.
const ENTRIES_MAX: usize = 25;
/// Discord: names and descriptions of one command together.
const TOTAL_MAX: usize = 8_000;
/// Discord: a string option's value. Slack takes more.
const VALUE_MAX: usize = 6_000;
/// Discord: a message. A Slack section takes 3,000.
const HELP_MAX: usize = 2_000;
/// Slack: the hint behind a command's name.
const HINT_MAX: usize = 1_000;
/// One line on a phone; ours.
const EXAMPLE_MAX: usize = 100;

/// Checks one command, as its file declares it. The message is a fragment for the person who edits the file.
pub(super) fn command(command: &Command) -> Result<(), String> {
    within("summary", &command.summary, SUMMARY_MAX)?;
    within("help", &command.help, HELP_MAX)?;
    within("usage hint", &command.usage_hint(), HINT_MAX)?;
    if command.declarations.len() > ENTRIES_MAX {
        return Err(format!("more than {ENTRIES_MAX} subcommands"));
    }
    same_verbs(command)?;
    for declaration in &command.declarations {
        check_declaration(command.name, declaration)
            .map_err(|fault| format!("{}: {fault}", declaration.verb.as_str()))?;
    }
    let total = total_chars(command);
    if total > TOTAL_MAX {
        return Err(format!("texts of {total} characters together, at most {TOTAL_MAX} allowed"));
    }
    Ok(())
}

/// Every verb of the command is declared exactly once, so that a lookup cannot fail later.
fn same_verbs(command: &Command) -> Result<(), String> {
    let wanted: BTreeSet<Verb> =
        Verb::all().filter(|verb| verb.command() == command.name).collect();
    let found: BTreeSet<Verb> = command.declarations.iter().map(|one| one.verb).collect();
    if let Some(missing) = wanted.difference(&found).next() {
        return Err(format!("{} is not declared", missing.as_str()));
    }
    if found.len() != command.declarations.len() {
        return Err("a subcommand is declared twice".to_owned());
    }
    Ok(())
}

fn check_declaration(command: CommandName, declaration: &Declaration) -> Result<(), String> {
    within("summary", &declaration.summary, SUMMARY_MAX)?;
    check_floor(&declaration.access, floor(declaration.verb))?;
    check_options(declaration)?;
    check_examples(command, declaration)
}

/// Refuses an access that is laxer than the floor.
pub fn check_floor(access: &Access, floor: Floor) -> Result<(), String> {
    if access.who < floor.who {
        return Err(format!("role {} is laxer than the floor, {}", access.who, floor.who));
    }
    if access.confirm < floor.confirm {
        return Err(format!(
            "confirm {} is laxer than the floor, {}",
            access.confirm, floor.confirm
        ));
    }
    Ok(())
}

fn check_options(declaration: &Declaration) -> Result<(), String> {
    if declaration.options.len() > ENTRIES_MAX {
        return Err(format!("more than {ENTRIES_MAX} options"));
    }
    let mut seen = BTreeSet::new();
    for (index, option) in declaration.options.iter().enumerate() {
        within(option.name.as_str(), &option.help, SUMMARY_MAX)?;
        if !seen.insert(option.name) {
            return Err(format!("option {} is declared twice", option.name));
        }
        let Kind::Text { max } = option.kind else { continue };
        if !(1..=VALUE_MAX).contains(&max) {
            return Err(format!("option {}: max is 1 to {VALUE_MAX}", option.name));
        }
        if index + 1 != declaration.options.len() {
            return Err(format!("option {}: text takes the rest, so it comes last", option.name));
        }
    }
    Ok(())
}

fn check_examples(command: CommandName, declaration: &Declaration) -> Result<(), String> {
    if declaration.examples.is_empty() {
        return Err("an example is needed".to_owned());
    }
    let start = match declaration.verb {
        Verb::Rollback | Verb::Revert | Verb::Verify | Verb::Promote => format!("/{command}"),
        Verb::Incident(subcommand) => format!("/{command} {subcommand}"),
    };
    for example in &declaration.examples {
        within("example", example, EXAMPLE_MAX)?;
        if !example
            .strip_prefix(&start)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        {
            return Err(format!("the example {example:?} does not begin with {start}"));
        }
    }
    Ok(())
}

fn within(what: &str, text: &str, max: usize) -> Result<(), String> {
    let length = text.chars().count();
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    if length > max {
        return Err(format!("{what} has {length} characters, at most {max} allowed"));
    }
    Ok(())
}

fn total_chars(command: &Command) -> usize {
    let chars = |text: &str| text.chars().count();
    let of_option =
        |option: &super::CommandOption| chars(option.name.as_str()) + chars(&option.help);
    let of_declaration = |one: &Declaration| {
        chars(one.verb.as_str())
            + chars(&one.summary)
            + one.options.iter().map(of_option).sum::<usize>()
    };
    chars(command.name.as_str())
        + chars(&command.summary)
        + command.declarations.iter().map(of_declaration).sum::<usize>()
}
