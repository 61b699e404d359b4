//! From named values to a typed request: the checks that are the same for Slack text, Discord options and the command
//! line. Knows nothing of words and quotes.

use std::collections::BTreeMap;

use super::change;
use super::refusal::Problem;
use super::target::list_number;
use super::{Prefix, Scope, Subcommand, Verb};
use crate::chat::catalog::{CommandName, Declaration, Kind, OptionName};
use crate::chat::request::{Linked, PressCode, Request, Subject};
use crate::domain::ids::{IncidentId, ServiceId};

/// What was said for which option, unchecked. An empty value counts as not said.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<OptionName, String>);

impl Values {
    /// Remembers a value; a second one for the same option is a refusal, never an overwrite.
    pub(super) fn insert(&mut self, name: OptionName, value: &str) -> Result<(), Problem> {
        if value.trim().is_empty() {
            return Err(Problem::Missing(name));
        }
        match self.0.get(&name) {
            Some(first) => {
                Err(Problem::Twice { name, first: first.clone(), second: value.to_owned() })
            }
            None => {
                self.0.insert(name, value.trim().to_owned());
                Ok(())
            }
        }
    }

    pub(super) fn contains(&self, name: OptionName) -> bool {
        self.0.contains_key(&name)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Makes the request of a verb from what was said.
pub(super) fn request(
    scope: &Scope<'_>,
    declaration: &Declaration,
    values: Values,
) -> Result<Request, Problem> {
    let mut taker = Taker { scope, declaration, values };
    let request = match declaration.verb {
        Verb::Rollback => Request::Rollback {
            service: taker.needed_service()?,
            to: taker.target(OptionName::To)?,
            reason: taker.text(OptionName::Reason)?,
        },
        Verb::Revert => Request::Revert {
            service: taker.needed_service()?,
            what: taker.change()?,
            reason: taker.text(OptionName::Reason)?,
        },
        Verb::Verify => Request::Verify {
            service: taker.needed_service()?,
            deployment: taker.target(OptionName::Deployment)?,
        },
        Verb::Promote => Request::Promote {
            service: taker.needed_service()?,
            deployment: taker.target(OptionName::Deployment)?,
            reason: taker.text(OptionName::Reason)?,
        },
        Verb::Incident(subcommand) => taker.incident_request(subcommand)?,
    };
    debug_assert!(taker.values.is_empty(), "every declared option is read");
    Ok(request)
}

/// Hands out each value once, checked.
struct Taker<'a> {
    scope: &'a Scope<'a>,
    declaration: &'a Declaration,
    values: Values,
}

impl Taker<'_> {
    fn incident_request(&mut self, subcommand: Subcommand) -> Result<Request, Problem> {
        Ok(match subcommand {
            Subcommand::Open => Request::Open {
                service: self.needed_service()?,
                title: self.text(OptionName::Title)?,
            },
            Subcommand::Status => Request::Status { subject: self.subject()? },
            Subcommand::Note => Request::Note {
                incident: self.incident()?,
                text: self.needed_text(OptionName::Text)?,
            },
            Subcommand::Halt => {
                Request::Halt { service: self.service()?, reason: self.text(OptionName::Reason)? }
            }
            Subcommand::Resume => Request::Resume {
                service: self.service()?,
                reason: self.needed_text(OptionName::Reason)?,
            },
            Subcommand::Whoami => Request::Whoami,
            Subcommand::Blip => {
                Request::Blip { incident: self.incident()?, reason: self.text(OptionName::Reason)? }
            }
            Subcommand::Fix => self.fix()?,
            Subcommand::Flag => Request::Flag {
                service: self.needed_service()?,
                reason: self.needed_text(OptionName::Reason)?,
            },
            Subcommand::RuledOut => Request::RuledOut {
                service: self.needed_service()?,
                reason: self.needed_text(OptionName::Reason)?,
            },
            Subcommand::FalseAlarm => Request::FalseAlarm {
                service: self.needed_service()?,
                reason: self.needed_text(OptionName::Reason)?,
            },
            Subcommand::Alone => Request::Alone {
                // Whoever goes on alone says in so many words where.
                service: self.service()?.ok_or(Problem::Missing(OptionName::Service))?,
                reason: self.needed_text(OptionName::Reason)?,
            },
            Subcommand::Press => Request::Press { code: self.code()? },
            Subcommand::Close => Request::Close {
                incident: self.incident()?,
                reason: self.text(OptionName::Reason)?,
            },
            Subcommand::List => Request::List { service: self.service()? },
            Subcommand::Help => Request::Help { topic: self.topic()? },
        })
    }

    fn take(&mut self, name: OptionName) -> Option<String> {
        self.values.0.remove(&name)
    }

    fn service(&mut self) -> Result<Option<ServiceId>, Problem> {
        let Some(word) = self.take(OptionName::Service) else { return Ok(None) };
        match self.scope.service(&word) {
            Some(service) => Ok(Some(service.clone())),
            None => Err(Problem::UnknownService(word)),
        }
    }

    /// The service, or the only one of the channel.
    fn needed_service(&mut self) -> Result<ServiceId, Problem> {
        match (self.service()?, self.scope.bound) {
            (Some(named), _) => Ok(named),
            (None, [only]) => Ok(only.clone()),
            (None, _) => Err(Problem::WhichService),
        }
    }

    fn target(&mut self, name: OptionName) -> Result<Option<String>, Problem> {
        let Some(word) = self.take(name) else { return Ok(None) };
        if let Some((first, second)) = word.split_once(char::is_whitespace) {
            return Err(Problem::Twice {
                name,
                first: first.to_owned(),
                second: second.trim().to_owned(),
            });
        }
        within(name, &word, TARGET_MAX)?;
        Ok(Some(list_number(&word).unwrap_or(&word).to_owned()))
    }

    fn change(&mut self) -> Result<Option<Linked>, Problem> {
        let Some(word) = self.take(OptionName::What) else { return Ok(None) };
        within(OptionName::What, &word, TARGET_MAX)?;
        match change::linked(&word) {
            Some(linked) => Ok(Some(linked)),
            None => Err(Problem::NotAChange(word)),
        }
    }

    fn fix(&mut self) -> Result<Request, Problem> {
        let service = self.needed_service()?;
        let Some(word) = self.take(OptionName::Pull) else {
            return Err(Problem::Missing(OptionName::Pull));
        };
        match change::pull(&word) {
            Some((number, repository)) => Ok(Request::Fix { service, number, repository }),
            None => Err(Problem::NotAPull(word)),
        }
    }

    fn incident(&mut self) -> Result<Option<IncidentId>, Problem> {
        let Some(word) = self.take(OptionName::Incident) else { return Ok(None) };
        match word.strip_prefix('#').unwrap_or(&word).parse::<u64>() {
            Ok(number @ 1..) => Ok(Some(IncidentId(number))),
            Ok(0) | Err(_) => Err(Problem::NotAnIncident(word)),
        }
    }

    fn subject(&mut self) -> Result<Option<Subject>, Problem> {
        match (self.incident()?, self.service()?) {
            (Some(incident), None) => Ok(Some(Subject::Incident(incident))),
            (None, Some(service)) => Ok(Some(Subject::Service(service))),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Problem::TwoSubjects),
        }
    }

    fn code(&mut self) -> Result<Option<PressCode>, Problem> {
        let Some(word) = self.take(OptionName::Code) else { return Ok(None) };
        PressCode::read(&word).map(Some).ok_or(Problem::NotACode)
    }

    /// A verb's word, or a command as one types it. `incident` alone means everything.
    fn topic(&mut self) -> Result<Option<Verb>, Problem> {
        let Some(word) = self.take(OptionName::Topic) else { return Ok(None) };
        let command = CommandName::from_slash(&word, self.scope.prefix)
            .or_else(|| CommandName::from_slash(&word, &Prefix::default()));
        match command {
            Some(CommandName::Rollback) => Ok(Some(Verb::Rollback)),
            Some(CommandName::Revert) => Ok(Some(Verb::Revert)),
            Some(CommandName::Verify) => Ok(Some(Verb::Verify)),
            Some(CommandName::Promote) => Ok(Some(Verb::Promote)),
            Some(CommandName::Incident) => Ok(None),
            None => Verb::from_word(&word).map(Some).ok_or(Problem::UnknownTopic(word)),
        }
    }

    fn text(&mut self, name: OptionName) -> Result<Option<String>, Problem> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        // Only a note may have lines: the others stand inside sentences.
        let text = match name == OptionName::Text {
            true => raw,
            false => raw.split_whitespace().collect::<Vec<_>>().join(" "),
        };
        if let Some(Kind::Text { max }) = self.declaration.option(name).map(|option| option.kind) {
            within(name, &text, max)?;
        }
        Ok(Some(text))
    }

    fn needed_text(&mut self, name: OptionName) -> Result<String, Problem> {
        self.text(name)?.ok_or(Problem::Missing(name))
    }
}

/// The longest name of a deployment: a host name has 253 characters.
const TARGET_MAX: usize = 300;

fn within(name: OptionName, text: &str, max: usize) -> Result<(), Problem> {
    let length = text.chars().count();
    if length > max {
        return Err(Problem::TooLong { name, length, max });
    }
    Ok(())
}
