//! The declarations of the commands: what may be asked, by whom, in which words. They are the files under `commands/`,
//! embedded in the binary, so that a binary and its commands cannot disagree and nobody loosens a permission on a host.
//!
//! Never says what a command does: behaviour is Rust. The grammar over these declarations is in `parse.rs`, help in
//! `help.rs`, the files made from them in `generated.rs`.

mod check;
mod file;
mod names;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;

pub use check::{Floor, check_floor, floor};
pub use names::{BadPrefix, CommandName, OptionName, Prefix, Subcommand, Verb};

use crate::domain::actor::Role;

/// The files, by an explicit list: a file that is not named here is not a command.
const FILES: &[(CommandName, &str)] = &[
    (CommandName::Rollback, include_str!("../../commands/rollback.toml")),
    (CommandName::Revert, include_str!("../../commands/revert.toml")),
    (CommandName::Verify, include_str!("../../commands/verify.toml")),
    (CommandName::Promote, include_str!("../../commands/promote.toml")),
    (CommandName::Incident, include_str!("../../commands/incident.toml")),
];

/// All commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    commands: Vec<Command>,
}

/// A slash command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its name, without slash and prefix.
    pub name: CommandName,
    /// One line.
    pub summary: String,
    /// A few sentences; commands stand in backticks.
    pub help: String,
    /// What can be asked: the command itself, or its subcommands.
    pub declarations: Vec<Declaration>,
}

/// One thing that can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// Which one.
    pub verb: Verb,
    /// One line.
    pub summary: String,
    /// By whom, and how.
    pub access: Access,
    /// What can be said with it, in the order of writing.
    pub options: Vec<CommandOption>,
    /// Lines that work, without prefix.
    pub examples: Vec<String>,
}

/// By whom something may be asked, what confirms it and where the answer appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// By whom.
    pub who: Who,
    /// What must happen before anything changes.
    pub confirm: Confirm,
    /// Where the outcome appears. The immediate answer and refusals are always private.
    pub reply: ReplyPlace,
}

/// Who may ask. Ordered from lax to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Who {
    /// Anybody in a channel that is bound to a service.
    Anyone,
    /// Responders and leads of the service.
    Responder,
    /// Leads of the service.
    Lead,
}

impl Who {
    /// The role that is needed; `None` means none.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Anyone => None,
            Self::Responder => Some(Role::Responder),
            Self::Lead => Some(Role::Lead),
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anyone => "anyone",
            Self::Responder => "responder",
            Self::Lead => "lead",
        })
    }
}

/// What must happen before anything changes. Ordered from lax to strict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirm {
    /// Nothing: the words are enough.
    None,
    /// One authorised person presses Confirm.
    OnePerson,
    /// Two different people agree.
    TwoPeople,
}

impl fmt::Display for Confirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::OnePerson => "one-person",
            Self::TwoPeople => "two-people",
        })
    }
}

/// Where the outcome appears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplyPlace {
    /// For everybody in the channel.
    Channel,
    /// For the person who asked.
    Private,
}

/// Something that can be said with a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandOption {
    /// Its name.
    pub name: OptionName,
    /// What its value is.
    pub kind: Kind,
    /// Whether the command means nothing without it.
    pub required: bool,
    /// A few words; for optional ones, what leaving it out means.
    pub help: String,
}

/// What an option's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of a configured service.
    Service,
    /// A deployment: id, address, commit, version or list number.
    Deployment,
    /// A change: commit, pull request, or a range of commits.
    Change,
    /// A pull request: its number or address.
    Pull,
    /// An incident's number.
    Incident,
    /// What stands for a button.
    Code,
    /// One word.
    Word,
    /// The rest of the line.
    Text {
        /// How many characters at most.
        max: usize,
    },
}

impl CommandOption {
    /// As it stands in a usage line: `<text>` when it must be there, `[service]` when not.
    pub fn placeholder(&self) -> String {
        match self.required {
            true => format!("<{}>", self.name),
            false => format!("[{}]", self.name),
        }
    }
}

impl Declaration {
    /// The option of a name.
    pub fn option(&self, name: OptionName) -> Option<&CommandOption> {
        self.options.iter().find(|option| option.name == name)
    }

    /// The option that takes the rest of the line, if there is one.
    pub fn text_option(&self) -> Option<&CommandOption> {
        self.options.iter().find(|option| matches!(option.kind, Kind::Text { .. }))
    }

    /// What may follow the command or subcommand: `[service] [to] [reason]`.
    pub fn arguments(&self) -> String {
        self.options.iter().map(CommandOption::placeholder).collect::<Vec<_>>().join(" ")
    }

    /// The usage line as people type it here: `/incident note [incident] <text>`.
    pub fn usage(&self, prefix: &Prefix) -> String {
        let mut line = prefix.slash(self.verb.command());
        if let Verb::Incident(subcommand) = self.verb {
            line = format!("{line} {subcommand}");
        }
        format!("{line} {}", self.arguments()).trim_end().to_owned()
    }
}

impl Command {
    /// What Slack shows behind the command's name: the options, or the subcommands.
    pub fn usage_hint(&self) -> String {
        match self.name {
            CommandName::Rollback
            | CommandName::Revert
            | CommandName::Verify
            | CommandName::Promote => {
                self.declarations.iter().map(Declaration::arguments).collect::<Vec<_>>().join(" ")
            }
            CommandName::Incident => self
                .declarations
                .iter()
                .map(|one| one.verb.as_str())
                .collect::<Vec<_>>()
                .join(" | "),
        }
    }
}

impl Catalog {
    /// Reads the embedded declarations and checks them against floors and platform limits.
    pub fn load() -> Result<Self, CatalogError> {
        let commands =
            FILES.iter().map(|&(name, text)| read(name, text)).collect::<Result<_, _>>()?;
        Ok(Self { commands })
    }

    /// The commands, in the order in which people read them.
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// One command.
    pub fn command(&self, name: CommandName) -> &Command {
        self.commands
            .iter()
            .find(|command| command.name == name)
            .expect("every name has a file: FILES is tested against CommandName::ALL")
    }

    /// The declaration of a verb.
    pub fn declaration(&self, verb: Verb) -> &Declaration {
        self.command(verb.command())
            .declarations
            .iter()
            .find(|declaration| declaration.verb == verb)
            .expect("a command is refused at start when one of its verbs is not declared")
    }

    /// Every declaration, in the order in which people read them.
    pub fn declarations(&self) -> impl Iterator<Item = &Declaration> {
        self.commands.iter().flat_map(|command| &command.declarations)
    }
}

fn read(name: CommandName, text: &str) -> Result<Command, CatalogError> {
    let fault = |fault: String| CatalogError::Rule { name, fault };
    let file: file::CommandFile =
        toml::from_str(text).map_err(|source| CatalogError::Shape { name, source })?;
    if file.name != name {
        return Err(fault(format!("the file says it is {}", file.name)));
    }
    let command = file.into_command().map_err(fault)?;
    check::command(&command).map_err(fault)?;
    Ok(command)
}

/// Why the declarations cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// Not what a declaration looks like.
    #[error("read commands/{name}.toml")]
    Shape {
        /// The file.
        name: CommandName,
        /// Where and why.
        source: toml::de::Error,
    },
    /// Readable, and against a rule.
    #[error("accept commands/{name}.toml: {fault}")]
    Rule {
        /// The file.
        name: CommandName,
        /// The rule and what breaks it.
        fault: String,
    },
}
