//! Samples of what happens because of who may act and how many must agree.

use crate::domain::actor::{Grantee, Group, Platform, Role};
use crate::domain::event::{AuthorityEvent, Event, ServiceEvent};
use crate::domain::fixture::{DAWN, person};
use crate::domain::refusal::Refusal;

pub(super) fn samples() -> Vec<Event> {
    let group = || Group { platform: Platform::Slack, tenant: "T1".into(), id: "S1".into() };
    let (by, confirmation) = (|| person("ana"), || "cnf_1".into());
    let given = |alone_from, seconds| AuthorityEvent::FirstYesGiven {
        by: by(),
        confirmation: confirmation(),
        until: DAWN,
        alone_from,
        seconds,
    };
    let seconds = vec![Grantee::Person(person("lee")), Grantee::Group(group())];
    let incident = [
        AuthorityEvent::RightRelied {
            by: by(),
            role: Role::Approver,
            group: group(),
            seen_at: DAWN,
        },
        given(None, Vec::new()),
        given(Some(DAWN), seconds),
        AuthorityEvent::WentAlone { by: by(), confirmation: confirmation(), reason: "x".into() },
    ];
    let (needs, platform) = (Role::Lead, Platform::Discord);
    let service = [
        ServiceEvent::ActRefused {
            by: by(),
            refusal: Refusal::NotAllowed { needs, has: Some(Role::Responder) },
        },
        ServiceEvent::ActRefused { by: by(), refusal: Refusal::RightsUnknown { needs, platform } },
        ServiceEvent::RefusalsAlerted { by: by(), count: 5 },
        ServiceEvent::GroupsLost { platform, read_at: None, why: None },
        ServiceEvent::GroupsLost { platform, read_at: Some(DAWN), why: Some("503".into()) },
        ServiceEvent::GroupsBack { platform },
    ];
    incident.map(Event::Authority).into_iter().chain(service.map(Event::Service)).collect()
}
