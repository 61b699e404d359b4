//! Lines as people type them. This file holds the setting; `rules` the grammar line by line, `options` what must hold for
//! every declaration and for any text at all.

mod options;
mod rules;
mod said;

use super::*;
use crate::chat::reply::{Run, Text};
use crate::chat::request::{Linked, Subject};
use crate::domain::ids::IncidentId;

/// A workspace with three services, and a channel.
struct Setting {
    catalog: Catalog,
    prefix: Prefix,
    known: Vec<ServiceId>,
    bound: Vec<ServiceId>,
}

impl Setting {
    fn bound_to(bound: &[&str]) -> Self {
        Self {
            catalog: Catalog::load().unwrap(),
            prefix: Prefix::default(),
            known: ids(&["shop", "web", "payments"]),
            bound: ids(bound),
        }
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            catalog: &self.catalog,
            prefix: &self.prefix,
            known: &self.known,
            bound: &self.bound,
        }
    }

    /// Reads a whole line, as a person types it.
    fn types(&self, line: &str) -> Result<Request, ParseRefusal> {
        let (command, text) = line.split_once(' ').unwrap_or((line, ""));
        let command = CommandName::from_slash(command, &self.prefix).expect("a command");
        parse(&self.scope(), command, text)
    }

    fn refuses(&self, line: &str) -> String {
        match self.types(line) {
            Err(refusal) => said(&refusal),
            Ok(request) => panic!("{line:?} was taken as {request:?}"),
        }
    }
}

/// The channel of one service, in which most lines are typed.
fn shop() -> Setting {
    Setting::bound_to(&["shop"])
}

fn ids(names: &[&str]) -> Vec<ServiceId> {
    names.iter().copied().map(ServiceId::from).collect()
}

fn said(refusal: &ParseRefusal) -> String {
    format!("{} {} [{}]", plain(&refusal.sentence), plain(&refusal.next), refusal.usage)
}

fn plain(text: &Text) -> String {
    let piece = |run: &Run| match run {
        Run::Plain(text) | Run::Strong(text) | Run::Foreign(text) => text.clone(),
        Run::Code(text) => format!("`{text}`"),
        Run::Person(_) | Run::Time(_) | Run::Link { .. } => panic!("not in a refusal"),
    };
    text.0.iter().map(piece).collect()
}

fn rollback(service: &str, to: Option<&str>, reason: Option<&str>) -> Request {
    Request::Rollback {
        service: service.into(),
        to: to.map(str::to_owned),
        reason: reason.map(str::to_owned),
    }
}

fn open(service: &str, title: Option<&str>) -> Request {
    Request::Open { service: service.into(), title: title.map(str::to_owned) }
}

fn note(incident: Option<u64>, text: &str) -> Request {
    Request::Note { incident: incident.map(IncidentId), text: text.to_owned() }
}

fn halt(service: Option<&str>, reason: Option<&str>) -> Request {
    Request::Halt { service: service.map(ServiceId::from), reason: reason.map(str::to_owned) }
}
