//! The closed sets of names: commands, subcommands and options. A declaration can only use these, so that the compiler
//! sees every case. Never says what a command does.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// Makes an enum of names from one list, so that variants, spelling and `ALL` cannot drift apart.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every one of them, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As people write it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Reads it; capitals do not matter, because phones capitalise the first word.
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|name| name.as_str().eq_ignore_ascii_case(text))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

names! {
    /// A slash command, without slash and prefix. One file under `commands/` each.
    CommandName {
        /// Layer 1.
        Rollback = "rollback",
        /// Layer 2.
        Revert = "revert",
        /// Looks whether production, or a deployment, is good.
        Verify = "verify",
        /// The last step.
        Promote = "promote",
        /// Everything around it.
        Incident = "incident",
    }
}

names! {
    /// A subcommand of `/incident`.
    Subcommand {
        /// Opens an incident.
        Open = "open",
        /// Shows what is open.
        Status = "status",
        /// Adds to the timeline.
        Note = "note",
        /// Stops every effect.
        Halt = "halt",
        /// Lifts a halt.
        Resume = "resume",
        /// Shows who one is to the bot.
        Whoami = "whoami",
        /// Says that nothing was broken.
        Blip = "blip",
        /// Names the pull request that is the fix.
        Fix = "fix",
        /// Says that a flag was switched off.
        Flag = "flag",
        /// Says that a rollback is ruled out.
        RuledOut = "ruled-out",
        /// Says that the code was fine.
        FalseAlarm = "false-alarm",
        /// Goes on without the second person, who does not answer.
        Alone = "alone",
        /// Presses a button by its code.
        Press = "press",
        /// Ends an incident.
        Close = "close",
        /// Lists incidents.
        List = "list",
        /// Explains the commands.
        Help = "help",
    }
}

names! {
    /// An option of a command. One word means the same thing in every command.
    OptionName {
        /// Which service.
        Service = "service",
        /// The deployment to point at.
        To = "to",
        /// The deployment to verify or to promote.
        Deployment = "deployment",
        /// The change to take back.
        What = "what",
        /// The pull request that is the fix.
        Pull = "pull",
        /// Why.
        Reason = "reason",
        /// What is broken.
        Title = "title",
        /// Which incident.
        Incident = "incident",
        /// The words of a note.
        Text = "text",
        /// What stands for a button.
        Code = "code",
        /// What help is wanted for.
        Topic = "topic",
    }
}

/// One thing that can be asked: a whole command, or a subcommand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// `/rollback`
    Rollback,
    /// `/revert`
    Revert,
    /// `/verify`
    Verify,
    /// `/promote`
    Promote,
    /// `/incident …`
    Incident(Subcommand),
}

impl Verb {
    /// The slash command it belongs to.
    pub const fn command(self) -> CommandName {
        match self {
            Self::Rollback => CommandName::Rollback,
            Self::Revert => CommandName::Revert,
            Self::Verify => CommandName::Verify,
            Self::Promote => CommandName::Promote,
            Self::Incident(_) => CommandName::Incident,
        }
    }

    /// Every one of them, in the order in which people read them.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Rollback, Self::Revert, Self::Verify, Self::Promote]
            .into_iter()
            .chain(Subcommand::ALL.iter().copied().map(Self::Incident))
    }

    /// The verb's own word: the command's name, or the subcommand's.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => CommandName::Rollback.as_str(),
            Self::Revert => CommandName::Revert.as_str(),
            Self::Verify => CommandName::Verify.as_str(),
            Self::Promote => CommandName::Promote.as_str(),
            Self::Incident(subcommand) => subcommand.as_str(),
        }
    }

    /// Reads the verb's own word, as in `/incident help rollback`.
    pub fn from_word(text: &str) -> Option<Self> {
        Self::all().find(|verb| verb.as_str().eq_ignore_ascii_case(text))
    }
}

/// The longest slash command that Slack takes, with its slash.
const SLASH_MAX: usize = 32;

/// What stands before every command's name in a workspace where the plain names are taken: `rp-` makes `/rp-rollback`.
/// Empty means none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix(String);

impl Prefix {
    /// The command as people type it: `/rp-rollback`.
    pub fn slash(&self, command: CommandName) -> String {
        format!("/{}{command}", self.0)
    }

    /// A whole line as people would type it here: `rollback shop` becomes `/rp-rollback shop`.
    pub fn command(&self, line: &str) -> String {
        format!("/{}{line}", self.0)
    }

    /// A line that begins with a plain command, as people would type it here: `/rollback shop` becomes
    /// `/rp-rollback shop`. Other text is left alone.
    pub fn apply(&self, line: &str) -> String {
        match line.strip_prefix('/') {
            Some(rest) => self.command(rest),
            None => line.to_owned(),
        }
    }
}

impl FromStr for Prefix {
    type Err = BadPrefix;

    /// Lower-case letters, digits, `-` and `_`, as it stands before the name; short enough for every command.
    fn from_str(text: &str) -> Result<Self, BadPrefix> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
        let longest = CommandName::ALL.iter().map(|name| name.as_str().len()).max().unwrap_or(0);
        if !text.chars().all(is_plain) || 1 + text.len() + longest > SLASH_MAX {
            return Err(BadPrefix(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A prefix that cannot stand in a command's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "command prefix {0:?} is not usable: lower-case letters, digits, - and _ only, at most 23 of them, for example \"rp-\""
)]
pub struct BadPrefix(pub String);

impl CommandName {
    /// Reads a slash command as a platform sends it: `/rp-rollback` with the prefix `rp-`. The slash may be missing.
    pub fn from_slash(text: &str, prefix: &Prefix) -> Option<Self> {
        let text = text.strip_prefix('/').unwrap_or(text);
        Self::from_name(text.strip_prefix(prefix.0.as_str())?)
    }
}
