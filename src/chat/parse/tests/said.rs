//! A request, said again. The fuzz targets use this file as well, so its names come from the module above.

use super::{IncidentId, Linked, OptionName, Request, ServiceId, Subject};

/// A request as the options that say it: what Discord would send.
pub fn options_of(request: &Request) -> Vec<(String, String)> {
    use OptionName as O;
    let shown = |id: &Option<IncidentId>| (O::Incident, id.map(|id| id.to_string()));
    let named = |id: &Option<ServiceId>| (O::Service, id.as_ref().map(ServiceId::to_string));
    let of = |id: &ServiceId| (O::Service, Some(id.to_string()));
    let why = |reason: &str| (O::Reason, Some(reason.to_owned()));
    let said = match request {
        Request::Rollback { service, to, reason } => {
            vec![of(service), (O::To, to.clone()), (O::Reason, reason.clone())]
        }
        Request::Revert { service, what, reason } => {
            let what = what.as_ref().map(address);
            vec![of(service), (O::What, what), (O::Reason, reason.clone())]
        }
        Request::Promote { service, deployment, reason } => {
            vec![of(service), (O::Deployment, deployment.clone()), (O::Reason, reason.clone())]
        }
        Request::Fix { service, number, repository } => {
            let linked = Linked { what: format!("#{number}"), repository: repository.clone() };
            vec![of(service), (O::Pull, Some(address(&linked)))]
        }
        Request::Alone { service, reason }
        | Request::Flag { service, reason }
        | Request::RuledOut { service, reason }
        | Request::FalseAlarm { service, reason } => vec![of(service), why(reason)],
        Request::Verify { service, deployment } => {
            vec![of(service), (O::Deployment, deployment.clone())]
        }
        Request::Open { service, title } => vec![of(service), (O::Title, title.clone())],
        Request::Status { subject: Some(Subject::Incident(id)) } => vec![shown(&Some(*id))],
        Request::Status { subject: Some(Subject::Service(id)) } => vec![of(id)],
        Request::Status { subject: None } | Request::Whoami => Vec::new(),
        Request::Note { incident, text } => vec![shown(incident), (O::Text, Some(text.clone()))],
        Request::Halt { service, reason } => vec![named(service), (O::Reason, reason.clone())],
        Request::Resume { service, reason } => vec![named(service), why(reason)],
        Request::Blip { incident, reason } | Request::Close { incident, reason } => {
            vec![shown(incident), (O::Reason, reason.clone())]
        }
        Request::Press { code } => {
            vec![(O::Code, code.as_ref().map(|code| code.as_str().to_owned()))]
        }
        Request::List { service } => vec![named(service)],
        Request::Help { topic } => vec![(O::Topic, topic.map(|verb| verb.as_str().to_owned()))],
    };
    said.into_iter().filter_map(|(name, value)| Some((name.to_string(), value?))).collect()
}

/// A change as its address, if it was given so.
fn address(linked: &Linked) -> String {
    match (&linked.repository, linked.what.strip_prefix('#')) {
        (Some(name), Some(number)) => format!("https://github.com/{name}/pull/{number}"),
        (Some(name), None) => format!("https://github.com/{name}/commit/{}", linked.what),
        (None, _) => linked.what.clone(),
    }
}
