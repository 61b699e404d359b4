//! The shape of a file under `commands/`, exactly as written. Unknown keys are refused, so that a typing error is never
//! an unnoticed permission. What the values must fulfil is in `check.rs`.

use serde::Deserialize;

use super::names::{CommandName, OptionName, Subcommand, Verb};
use super::{Access, Command, CommandOption, Confirm, Declaration, Kind, ReplyPlace, Who};

/// A whole file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommandFile {
    pub(super) name: CommandName,
    summary: String,
    help: String,
    access: Option<AccessEntry>,
    options: Option<Vec<OptionEntry>>,
    examples: Option<Vec<String>>,
    #[serde(default)]
    subcommand: Vec<SubcommandEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubcommandEntry {
    name: Subcommand,
    summary: String,
    access: AccessEntry,
    #[serde(default)]
    options: Vec<OptionEntry>,
    examples: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccessEntry {
    role: Who,
    confirm: Confirm,
    reply: ReplyPlace,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionEntry {
    name: OptionName,
    kind: KindEntry,
    #[serde(default)]
    required: bool,
    max: Option<usize>,
    help: String,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum KindEntry {
    Service,
    Deployment,
    Change,
    Pull,
    Incident,
    Code,
    Word,
    Text,
}

impl CommandFile {
    /// The typed command, or what is wrong with the file's shape.
    pub(super) fn into_command(self) -> Result<Command, String> {
        let alone = match self.name {
            CommandName::Rollback => Some(Verb::Rollback),
            CommandName::Revert => Some(Verb::Revert),
            CommandName::Verify => Some(Verb::Verify),
            CommandName::Promote => Some(Verb::Promote),
            CommandName::Incident => None,
        };
        let declarations = match alone {
            Some(verb) => {
                if !self.subcommand.is_empty() {
                    return Err("the command has no subcommands".to_owned());
                }
                let (Some(access), Some(options), Some(examples)) =
                    (self.access, self.options, self.examples)
                else {
                    return Err("access, options and examples are needed".to_owned());
                };
                vec![Declaration {
                    verb,
                    summary: self.summary.clone(),
                    access: access.into_access(),
                    options: typed_options(options)?,
                    examples,
                }]
            }
            None => {
                if self.access.is_some() || self.options.is_some() || self.examples.is_some() {
                    return Err("access, options and examples belong to the subcommands".to_owned());
                }
                self.subcommand
                    .into_iter()
                    .map(SubcommandEntry::into_declaration)
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(Command { name: self.name, summary: self.summary, help: self.help, declarations })
    }
}

impl SubcommandEntry {
    fn into_declaration(self) -> Result<Declaration, String> {
        Ok(Declaration {
            verb: Verb::Incident(self.name),
            summary: self.summary,
            access: self.access.into_access(),
            options: typed_options(self.options)?,
            examples: self.examples,
        })
    }
}

impl AccessEntry {
    fn into_access(self) -> Access {
        Access { who: self.role, confirm: self.confirm, reply: self.reply }
    }
}

fn typed_options(entries: Vec<OptionEntry>) -> Result<Vec<CommandOption>, String> {
    entries.into_iter().map(OptionEntry::into_option).collect()
}

impl OptionEntry {
    fn into_option(self) -> Result<CommandOption, String> {
        let kind = match (self.kind, self.max) {
            (KindEntry::Text, Some(max)) => Kind::Text { max },
            (KindEntry::Text, None) => return Err(format!("option {}: text needs max", self.name)),
            (_, Some(_)) => return Err(format!("option {}: max is for text only", self.name)),
            (KindEntry::Service, None) => Kind::Service,
            (KindEntry::Deployment, None) => Kind::Deployment,
            (KindEntry::Change, None) => Kind::Change,
            (KindEntry::Pull, None) => Kind::Pull,
            (KindEntry::Incident, None) => Kind::Incident,
            (KindEntry::Code, None) => Kind::Code,
            (KindEntry::Word, None) => Kind::Word,
        };
        Ok(CommandOption { name: self.name, kind, required: self.required, help: self.help })
    }
}
