//! `/incident whoami`: who one is to the bot, what one may do here, and why.

use crate::chat::desk::{Ask, Desk};
use crate::chat::reply::{Card, Part, Text};
use crate::chat::words;
use crate::domain::actor::{Person, Role};
use crate::domain::ids::ServiceId;
use crate::domain::policy::{Policy, Rights};

pub(super) async fn whoami(desk: &Desk, ask: &Ask) -> Card {
    let person = &ask.by.person;
    let roster = &desk.engine().keeper().tools().roster;
    roster.freshen(std::slice::from_ref(person)).await;
    let policy = roster.policy();
    let mut parts = vec![Part::Paragraph(identity(&policy, person))];
    for service in &ask.bound {
        parts.push(Part::Paragraph(of_service(desk, &policy, service, person)));
        if let Some(unread) = policy.unread(service, desk.now()) {
            let why = unread.why.as_deref();
            parts.push(Part::Note(words::groups_lost(unread.platform, unread.read_at, why)));
        }
    }
    if ask.bound.is_empty() {
        parts.push(Part::Paragraph(
            "This channel belongs to no service: nothing can be done here.".into(),
        ));
    }
    Card { summary: "Who you are here".into(), parts }
}

fn identity(policy: &Policy, person: &Person) -> Text {
    let mut text = Text::plain("You are ").person(person).and(", id ").code(person.to_string());
    for other in policy.humans.others(person) {
        text = text.and(", also ").code(other.to_string());
    }
    text.and(". Rights belong to each id by itself.")
}

fn of_service(desk: &Desk, policy: &Policy, service: &ServiceId, person: &Person) -> Text {
    let text = Text::default().strong(service.as_str()).and(": ");
    let rights = policy.rights(service, person, desk.now());
    let held = rights.sure.iter().chain(&rights.grace).max_by_key(|right| right.role);
    let Some(right) = held else { return text.append(nothing(&rights)) };
    let text = text.and(format!("{}, ", right.role)).append(words::ground(&right.ground)).and(". ");
    let text = text.and(may(right.role));
    let text = match policy.second_from(service) <= right.role {
        true => text.and(" Where a step takes two people, you count as the second."),
        false => text.and(" Where a step takes two people, the second is an approver or a lead."),
    };
    if rights.sure.as_ref() == Some(right) {
        return text;
    }
    text.and(" ")
        .strong("Grace")
        .and(": that was read more than a minute ago. What takes one person you may do until ten minutes after it; what takes two waits.")
}

fn may(role: Role) -> &'static str {
    match role {
        Role::Lead => "You may do everything a responder may, and lift a halt.",
        Role::Responder | Role::Approver => {
            "You may roll back, confirm, cancel, halt, note and close."
        }
    }
}

fn nothing(rights: &Rights) -> Text {
    if let Some(account) = rights.barred {
        let text = Text::plain("you are in a group that may act, but your account is ");
        return text.and(words::barred(account)).and(". You may look, and nothing else.");
    }
    match rights.untold {
        Some(_) => "it cannot be told whether you may act: the groups could not be read lately. You may look, and nothing else.".into(),
        None => "not on the list. You may look, and nothing else. Responders, approvers and leads are named by full id or by group in the bot's configuration.".into(),
    }
}
