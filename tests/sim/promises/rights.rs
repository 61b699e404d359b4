//! Who may, looked up without the rules that are being judged, and who agreed.

use repoint::domain::actor::{Actor, Grantee, Person};
use repoint::domain::event::{AuthorityEvent, Confirmation};
use repoint::domain::ids::ServiceId;
use repoint::domain::incident::Incident;
use repoint::domain::policy::Policy;

use super::Promises;

impl Promises {
    /// Somebody who may said the first yes, or goes on alone (S4, S21).
    pub(super) fn agreed(
        &mut self,
        before: &Incident,
        event: &AuthorityEvent,
        actor: &Actor,
        policy: &Policy,
    ) {
        match event {
            AuthorityEvent::FirstYesGiven { by, .. } | AuthorityEvent::WentAlone { by, .. } => {
                self.asked_by(before, by, actor, policy);
            }
            AuthorityEvent::RightRelied { .. } => {}
        }
    }
}

/// Whether somebody is on a service's list, looked up without the rules that are being judged.
pub(super) fn is_responder(policy: &Policy, service: &ServiceId, person: &Person) -> bool {
    let listed = Grantee::Person(person.clone());
    policy.grants.get(service).is_some_and(|grants| grants.contains_key(&listed))
}

/// Who said yes to an override before whoever confirms it: the one who pressed first, else the one who asked for it.
pub(super) fn other_of_two<'a>(before: &'a Incident, question: &'a Confirmation) -> &'a Person {
    let pressed = before.first_yes.as_ref().filter(|first| first.confirmation == question.id);
    pressed.map_or(&question.requester, |first| &first.by)
}
