//! Why a line was not understood, in words: one plain sentence, the next step, and how the command is written. What the
//! person typed is always marked as foreign, and shortened; a code is never repeated.

use super::change;
use super::nearest::nearest;
use super::{Scope, Subcommand, Verb};
use crate::chat::catalog::{CommandName, Declaration, OptionName};
use crate::chat::reply::{Card, Part, Text};

/// An answer to a line that was not understood. Nothing was done.
#[derive(Clone, Debug, PartialEq)]
pub struct ParseRefusal {
    /// What is wrong.
    pub sentence: Text,
    /// What to do instead.
    pub next: Text,
    /// How the command is written here: `/rollback [service] [to] [reason]`.
    pub usage: String,
}

impl ParseRefusal {
    /// As a message for the person who typed.
    pub fn card(&self) -> Card {
        Card {
            summary: self.sentence.clone(),
            parts: vec![
                Part::Paragraph(self.sentence.clone()),
                Part::Paragraph(self.next.clone()),
                Part::Note(Text::plain("Usage: ").code(&self.usage)),
            ],
        }
    }
}

/// What can be wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// Not the name of a service, where one belongs.
    UnknownService(String),
    /// No service said, and the channel does not tell.
    WhichService,
    /// The name of a service where a reason or title was expected.
    ExtraService(String),
    /// A word that may be meant as a target or change, and does not surely look like one.
    Unclear {
        /// The option that it may be meant for.
        name: OptionName,
        /// The word.
        word: String,
    },
    /// Neither a commit, nor a pull request, nor a range.
    NotAChange(String),
    /// Neither a pull request's number nor its address.
    NotAPull(String),
    /// One option, two values.
    Twice {
        /// The option.
        name: OptionName,
        /// Said first.
        first: String,
        /// Said as well.
        second: String,
    },
    /// Nothing said for an option that is needed.
    Missing(OptionName),
    /// More characters than the option takes.
    TooLong {
        /// The option.
        name: OptionName,
        /// How many there are.
        length: usize,
        /// How many there may be.
        max: usize,
    },
    /// Not an incident's number.
    NotAnIncident(String),
    /// An incident and a service at once.
    TwoSubjects,
    /// Not a button's code. Without the text: it may be a code with a slip.
    NotACode,
    /// Not something that help is written about.
    UnknownTopic(String),
    /// Something that the command has no place for.
    Unexpected(String),
}

/// Puts a problem into words.
pub(super) fn explain(scope: &Scope<'_>, verb: Verb, problem: Problem) -> ParseRefusal {
    let voice = Voice { scope, declaration: scope.catalog.declaration(verb) };
    let (sentence, next) = match problem {
        Problem::UnknownService(word) => voice.unknown_service(&word),
        Problem::WhichService => voice.which_service(),
        Problem::ExtraService(word) => voice.extra_service(&word),
        Problem::Unclear { name, word } => voice.unclear(name, &word),
        Problem::NotAChange(word) => voice.not_a_change(&word),
        Problem::NotAPull(word) => voice.not_a_pull(&word),
        Problem::Twice { name, first, second } => voice.twice(name, &first, &second),
        Problem::Missing(name) => voice.missing(name),
        Problem::TooLong { name, length, max } => too_long(name, length, max),
        Problem::NotAnIncident(word) => voice.not_an_incident(&word),
        Problem::TwoSubjects => voice.two_subjects(),
        Problem::NotACode => voice.not_a_code(),
        Problem::UnknownTopic(word) => voice.unknown_topic(&word),
        Problem::Unexpected(word) => voice.unexpected(&word),
    };
    ParseRefusal { sentence, next, usage: voice.declaration.usage(scope.prefix) }
}

/// The refusal of a word that is no subcommand.
pub(super) fn unknown_subcommand(scope: &Scope<'_>, word: &str) -> ParseRefusal {
    let slash = scope.prefix.slash(CommandName::Incident);
    let names = || Subcommand::ALL.iter().map(|name| name.as_str());
    let sentence =
        Text::default().code(&slash).and(" has no subcommand ").code(shortened(word)).and(".");
    let next = match nearest(word, names()) {
        Some(name) => Text::plain("Did you mean ").code(format!("{slash} {name}")).and("?"),
        None => Text::plain("Say what you want of it: ").append(listed(names())).and("."),
    };
    let hint = scope.catalog.command(CommandName::Incident).usage_hint();
    ParseRefusal { sentence, next, usage: format!("{slash} {hint}") }
}

type Words = (Text, Text);

/// Speaks about one declaration, with commands as they are typed here.
struct Voice<'a> {
    scope: &'a Scope<'a>,
    declaration: &'a Declaration,
}

impl Voice<'_> {
    /// The command with something behind it: `/rp-incident note …`.
    fn line(&self, rest: &str) -> String {
        let slash = self.scope.prefix.slash(self.declaration.verb.command());
        match self.declaration.verb {
            Verb::Rollback | Verb::Revert | Verb::Verify | Verb::Promote => {
                format!("{slash} {rest}")
            }
            Verb::Incident(subcommand) => format!("{slash} {subcommand} {rest}"),
        }
    }

    /// A service to use in an example: one of the channel's, else any.
    fn some_service(&self) -> &str {
        self.scope.bound.first().or(self.scope.known.first()).map_or("shop", |id| id.as_str())
    }

    fn unknown_service(&self, word: &str) -> Words {
        let names = || self.scope.known.iter().map(|service| service.as_str());
        let sentence = Text::plain("There is no service called ").code(shortened(word)).and(".");
        let mut next = match nearest(word, names()) {
            Some(name) => Text::plain("Did you mean ").code(self.line(name)).and("? "),
            None => Text::default(),
        };
        next = match names().next() {
            Some(_) => next.and("The services are ").append(listed(names())).and("."),
            None => next.and("No service is configured: add one to the configuration."),
        };
        (sentence, self.how_to_begin_with_text(next))
    }

    /// How to say that a first word is text and not a service.
    fn how_to_begin_with_text(&self, next: Text) -> Text {
        let Some(option) = self.declaration.text_option() else { return next };
        let example = match option.name {
            OptionName::Reason => "reason …".to_owned(),
            name => format!("{name}=…"),
        };
        next.and(format!(" If it is the {}, write ", option.name))
            .code(self.line(&example))
            .and(".")
    }

    fn which_service(&self) -> Words {
        let example = self.line(self.some_service());
        match self.scope.bound.is_empty() {
            true => (
                Text::plain("This channel is not bound to a service, so one must be named."),
                Text::plain("Name it, for example ").code(example).and("."),
            ),
            false => (
                Text::plain("This channel has several services: ")
                    .append(listed(self.scope.bound.iter().map(|id| id.as_str())))
                    .and("."),
                Text::plain("Name one of them, for example ").code(example).and("."),
            ),
        }
    }

    fn extra_service(&self, word: &str) -> Words {
        (
            Text::default()
                .code(shortened(word))
                .and(" is a service, and it does not stand in a service's place."),
            Text::plain("Name one service, as the first word: ").code(self.line(word)).and("."),
        )
    }

    fn unclear(&self, name: OptionName, word: &str) -> Words {
        let word = shortened(word);
        let (what, example) = match name {
            OptionName::What => ("a pull request or a commit", "what=#124".to_owned()),
            _ => ("a deployment", format!("{name}={word}")),
        };
        let example = match change::is_bare_number(&word) && name == OptionName::What {
            true => format!("what=#{word}"),
            false => example,
        };
        (
            Text::plain("It is not clear whether ")
                .code(&word)
                .and(format!(" is {what} or the reason.")),
            Text::plain("Write ")
                .code(example)
                .and(format!(" for {what}, or "))
                .code(format!("reason {word}"))
                .and(" for a reason."),
        )
    }

    fn not_a_change(&self, word: &str) -> Words {
        (
            Text::default().code(shortened(word)).and(
                " is neither a commit (seven digits or more), nor a pull request, nor a range.",
            ),
            Text::plain("Name one, for example ")
                .code(self.line(&format!("{} #124", self.some_service())))
                .and("."),
        )
    }

    fn not_a_pull(&self, word: &str) -> Words {
        (
            Text::default().code(shortened(word)).and(" is not a pull request."),
            Text::plain("Give its number or its address, for example ")
                .code(self.line("#130"))
                .and("."),
        )
    }

    fn twice(&self, name: OptionName, first: &str, second: &str) -> Words {
        let what = label(name);
        let example = match name == OptionName::To {
            true => format!("{} {first}", self.some_service()),
            false => format!("{name}={first}"),
        };
        (
            Text::plain(format!("Two values for the {what}: "))
                .code(shortened(first))
                .and(" and ")
                .code(shortened(second))
                .and("."),
            Text::plain(format!("Name one {what}, for example "))
                .code(self.line(&shortened(&example)))
                .and("."),
        )
    }

    fn missing(&self, name: OptionName) -> Words {
        let example = self.scope.prefix.apply(&self.longest_example());
        (
            Text::plain(format!("The {} is missing.", label(name))),
            Text::plain("Say it too, for example ").code(example).and("."),
        )
    }

    fn longest_example(&self) -> String {
        let examples = self.declaration.examples.iter();
        examples.max_by_key(|example| example.len()).cloned().unwrap_or_default()
    }

    fn not_an_incident(&self, word: &str) -> Words {
        (
            Text::default().code(shortened(word)).and(" is not an incident's number."),
            Text::plain("Write it as ")
                .code(self.line("#7"))
                .and("; the numbers are in ")
                .code(self.scope.prefix.apply("/incident list"))
                .and("."),
        )
    }

    fn two_subjects(&self) -> Words {
        (
            Text::plain("An incident and a service at once cannot be shown."),
            Text::plain("Name one of them: ")
                .code(self.line("#7"))
                .and(" or ")
                .code(self.line(self.some_service()))
                .and("."),
        )
    }

    fn not_a_code(&self) -> Words {
        (
            Text::plain(
                "That is not a button's code: a code is one word of eight letters and digits or more.",
            ),
            Text::plain("Your codes are shown by ")
                .code(self.scope.prefix.apply("/incident press"))
                .and("."),
        )
    }

    fn unknown_topic(&self, word: &str) -> Words {
        let sentence = Text::plain("There is no help on ").code(shortened(word)).and(".");
        let next = match nearest(word, Verb::all().map(Verb::as_str)) {
            Some(name) => Text::plain("Did you mean ").code(self.line(name)).and("?"),
            None => Text::plain("There is help on ")
                .append(listed(Verb::all().map(Verb::as_str)))
                .and("."),
        };
        (sentence, next)
    }

    fn unexpected(&self, word: &str) -> Words {
        (
            Text::plain("There is no place for ").code(shortened(word)).and(" in this command."),
            Text::plain("Leave it out, or read ")
                .code(
                    self.scope
                        .prefix
                        .apply(&format!("/incident help {}", self.declaration.verb.as_str())),
                )
                .and("."),
        )
    }
}

fn too_long(name: OptionName, length: usize, max: usize) -> Words {
    (
        Text::plain(format!("The {} has {length} characters; {max} is the most.", label(name))),
        Text::plain(match name == OptionName::Text {
            true => "Send it as several notes.",
            false => "Shorten it and send it again; the rest can go in a note.",
        }),
    )
}

/// What people call an option's value.
const fn label(name: OptionName) -> &'static str {
    match name {
        OptionName::To => "target",
        OptionName::What => "change",
        OptionName::Pull => "pull request",
        OptionName::Service
        | OptionName::Deployment
        | OptionName::Reason
        | OptionName::Title
        | OptionName::Incident
        | OptionName::Text
        | OptionName::Code
        | OptionName::Topic => name.as_str(),
    }
}

/// Names in a row, at most as many as one reads.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> Text {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.collect();
    let mut text = Text::default();
    for (index, name) in names.iter().take(SHOWN).enumerate() {
        if index > 0 {
            text = text.and(", ");
        }
        text = text.code(*name);
    }
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => text.and(format!(" and {more} more")),
        Some(0) | None => text,
    }
}

/// What somebody typed, cut to a length that fits a sentence.
fn shortened(word: &str) -> String {
    const SHOWN: usize = 60;
    match word.char_indices().nth(SHOWN) {
        Some((at, _)) => format!("{}…", &word[..at]),
        None => word.to_owned(),
    }
}
