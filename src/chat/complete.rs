//! What an option can be while it is being typed. Only looks; shows nothing of a service to people without a role for it,
//! or in channels that are not its own. Every text is made inert here: platforms show it as it is.

mod deployments;
#[cfg(test)]
mod tests;

use super::catalog::{CommandName, Kind, OptionName, Verb};
use super::desk::{Desk, bound_services};
use super::inbound::{Choice, Completing};
use super::{parse, words};
use crate::domain::change::PullRequest;
use crate::domain::ids::ServiceId;
use crate::domain::incident::Incident;

pub(super) use deployments::Recent;

/// Platforms show at most this many.
const MOST: usize = 25;

/// Nor may a name or a value be longer.
const LONGEST: usize = 100;

/// What can stand for the option that is being typed, best first.
pub(super) async fn choices(desk: &Desk, completing: &Completing) -> Vec<Choice> {
    let Some((verb, name)) = meant(desk, completing) else { return Vec::new() };
    let Some(option) = desk.catalog().declaration(verb).option(name) else { return Vec::new() };
    let all = match (option.kind, name) {
        (Kind::Service, _) => services(desk, completing),
        (Kind::Incident, _) => incidents(desk, completing),
        (Kind::Word, OptionName::Topic) => topics(),
        (Kind::Deployment, _) => deployments::of(desk, completing, verb).await,
        (Kind::Change, _) => changes(desk, completing),
        (Kind::Pull, _) => fixes(desk, completing),
        (Kind::Word | Kind::Code | Kind::Text { .. }, _) => Vec::new(),
    };
    fitting(all, &completing.typed)
}

/// The verb and the option; `None`: this bot does not know them.
fn meant(desk: &Desk, completing: &Completing) -> Option<(Verb, OptionName)> {
    let bare = completing.command.trim_start_matches('/');
    let verb = match CommandName::from_slash(&format!("/{bare}"), desk.prefix())? {
        CommandName::Rollback => Verb::Rollback,
        CommandName::Revert => Verb::Revert,
        CommandName::Verify => Verb::Verify,
        CommandName::Promote => Verb::Promote,
        CommandName::Incident => Verb::from_word(completing.subcommand.as_deref()?)?,
    };
    Some((verb, OptionName::from_name(&completing.option)?))
}

/// The services that this person may act for here; those of the channel are all there are to see.
fn visible(desk: &Desk, completing: &Completing) -> Vec<ServiceId> {
    let (policy, now) = (desk.engine().keeper().tools().roster.policy(), desk.now());
    let mut bound = bound_services(&desk.book(), &completing.channel);
    bound.retain(|service| policy.role(service, &completing.person, now).is_some());
    bound
}

fn services(desk: &Desk, completing: &Completing) -> Vec<Offer> {
    let all = visible(desk, completing).into_iter();
    all.map(|service| Offer::word(service.as_str())).collect()
}

fn incidents(desk: &Desk, completing: &Completing) -> Vec<Offer> {
    let book = desk.book();
    let of_services = visible(desk, completing);
    let open = of_services.iter().filter_map(|service| book.open_incident(service));
    open.map(|one: &Incident| Offer {
        name: format!("{} {}: {}", one.id, one.service, one.title),
        value: one.id.0.to_string(),
        also: vec![one.id.to_string(), one.service.to_string(), one.title.clone()],
    })
    .collect()
}

/// The services that the option can be about: the one that is named beside it, else those of the channel.
fn meant_services(desk: &Desk, completing: &Completing) -> Vec<ServiceId> {
    let is_service = |(name, _): &&(String, String)| name == OptionName::Service.as_str();
    let named = completing.others.iter().find(is_service).map(|(_, value)| value.trim());
    let mut all = visible(desk, completing);
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        all.retain(|service| service.as_str().eq_ignore_ascii_case(named));
    }
    all
}

/// What can be taken back: the pull request that brought the suspect, and the fix that is followed.
fn changes(desk: &Desk, completing: &Completing) -> Vec<Offer> {
    let book = desk.book();
    let services = meant_services(desk, completing);
    let open = services.iter().filter_map(|service| book.open_incident(service));
    let mut all = Vec::new();
    for incident in open {
        all.extend(brought_by(incident).map(|pull| Offer::pull(pull.number, &pull.title)));
        all.extend(followed(incident));
    }
    all
}

/// The fix that is followed. What brought the suspect is never offered as its own fix.
fn fixes(desk: &Desk, completing: &Completing) -> Vec<Offer> {
    let book = desk.book();
    let services = meant_services(desk, completing);
    services.iter().filter_map(|service| followed(book.open_incident(service)?)).collect()
}

fn followed(incident: &Incident) -> Option<Offer> {
    incident.fix().map(|fix| Offer::pull(fix.pull.number, &fix.pull.title))
}

/// What brought the suspect, by what was read for the questions of a rollback.
fn brought_by(incident: &Incident) -> Option<&PullRequest> {
    let suspect = incident.suspect.as_ref().and_then(|suspect| suspect.sha.as_deref());
    let evidence = incident.evidence.values();
    let mut of_suspect =
        evidence.filter(|one| suspect.is_none_or(|suspect| one.range.head == suspect));
    of_suspect.find_map(|one| one.brought_by.get()?.as_ref())
}

fn topics() -> Vec<Offer> {
    Verb::all().map(|verb| Offer::word(verb.as_str())).collect()
}

/// Something that can be chosen, and the words by which it is found.
struct Offer {
    name: String,
    value: String,
    also: Vec<String>,
}

impl Offer {
    fn word(word: &str) -> Self {
        Self { name: word.to_owned(), value: word.to_owned(), also: Vec::new() }
    }

    fn pull(number: u64, title: &str) -> Self {
        let value = format!("#{number}");
        Self { name: format!("{value} {title}"), value, also: vec![title.to_owned()] }
    }

    /// Whether what was typed begins it; case does not matter, nor does a `#`.
    fn begins_with(&self, typed: &str) -> bool {
        let bare = |text: &str| text.trim_start_matches('#').to_lowercase();
        let words = self.also.iter().chain([&self.name, &self.value]);
        let typed = bare(typed);
        words.into_iter().any(|word| bare(word).starts_with(&typed))
    }

    /// Without what nobody sees, and short enough for every platform. A value is never cut: it would mean something else.
    fn inert(self) -> Option<Choice> {
        let name = words::clipped(&parse::one_line(&self.name), LONGEST);
        let fits = !name.is_empty() && self.value.chars().count() <= LONGEST;
        fits.then_some(Choice { name, value: self.value })
    }
}

fn fitting(all: Vec<Offer>, typed: &str) -> Vec<Choice> {
    let typed = parse::one_line(typed);
    let fits = all.into_iter().filter(|offer| offer.begins_with(&typed));
    fits.filter_map(Offer::inert).take(MOST).collect()
}
