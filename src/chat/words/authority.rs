//! Rights in words: who may, why not, and what still goes while groups cannot be read.

use crate::chat::catalog::Prefix;
use crate::chat::reply::Text;
use crate::domain::actor::{Platform, Role};
use crate::domain::policy::{Account, Ground};
use crate::domain::refusal::Refusal;
use crate::domain::time::Timestamp;

use super::clipped;

/// A platform's name.
pub fn platform(platform: Platform) -> &'static str {
    match platform {
        Platform::Slack => "Slack",
        Platform::Discord => "Discord",
    }
}

/// Groups cannot be read, and what that means.
pub fn groups_lost(source: Platform, read_at: Option<Timestamp>, why: Option<&str>) -> Text {
    let text = Text::default()
        .strong(format!("The groups of {} cannot be read", platform(source)))
        .append(since(read_at))
        .append(why.map_or_else(Text::default, |why| Text::plain(": ").foreign(clipped(why, 200))));
    text.and(". Whoever is listed by id, or was seen in a group in the last ten minutes, may still do what takes one person; what takes two waits.")
}

fn since(read_at: Option<Timestamp>) -> Text {
    match read_at {
        Some(at) => Text::plain(" since ").time(at),
        None => Text::plain(" since the bot was started"),
    }
}

/// Why a right is held.
pub fn ground(ground: &Ground) -> Text {
    match ground {
        Ground::Listed => "listed by id".into(),
        Ground::Group { group, seen_at } => {
            Text::plain("seen in the group ").code(group.to_string()).and(" at ").time(*seen_at)
        }
    }
}

/// Why a member of a group has none of its rights.
pub fn barred(account: Account) -> &'static str {
    match account {
        Account::Member => "a full member",
        Account::Guest => "a guest: guests act only if they are listed by full id",
        Account::Bot => "a bot: only people act",
        Account::Deactivated => "switched off",
        Account::Foreign => {
            "of another workspace: such people act only if they are listed by full id"
        }
    }
}

/// A refusal for lack of a right, or of agreement, with the next step.
pub(super) fn refusal(refusal: &Refusal, prefix: &Prefix) -> Text {
    let whoami = prefix.command("incident whoami");
    match refusal {
        Refusal::NotAllowed { needs, has: None } => Text::plain(format!(
            "You are not on this service's list, and this needs {}. Ask a responder in this channel to do it; a button stays open for them. See ",
            a(*needs)
        ))
        .code(whoami),
        Refusal::NotAllowed { needs, has: Some(has) } => Text::plain(format!(
            "You are {} of this service, and this needs {}. Ask one. See ",
            a(*has),
            a(*needs)
        ))
        .code(whoami),
        Refusal::RightsUnknown { platform: source, .. } => Text::plain(format!(
            "It cannot be told whether you may: who is in the groups of {} could not be read lately. Nothing was done. Next: ask somebody who is listed by id, or try again in a minute. See ",
            platform(*source)
        ))
        .code(whoami),
        Refusal::GroupsUnreadable { platform: source, read_at, why } => {
            let text = Text::plain("This takes two people, and nobody can tell who may be one of them: ");
            let text = text.append(groups_lost(*source, *read_at, why.as_deref()));
            text.and(" Nothing was sent. Next: try again when they can be read; a button stays good until it expires.")
        }
        Refusal::ApproverNeeded => Text::plain(
            "This takes two people, and one of them has to be an approver or a lead. Nothing was sent. Next: ask one of those the card names to press Confirm.",
        ),
        Refusal::YesCounted { until } => Text::plain(
            "Your yes counts. This takes two people: nothing is sent before somebody else presses Confirm too, until ",
        )
        .time(*until)
        .and(". The channel was told."),
        Refusal::NotAlone => Text::plain(
            "Nobody goes on alone here. That is for a question that takes two people where the service allows it, once the first yes was given and nobody else answered. Next: look at the card with ",
        )
        .code(prefix.command("incident status")),
        Refusal::AloneTooEarly { from } => {
            Text::plain("The others still have time to answer. You may go on alone from ")
                .time(*from)
                .and(" on.")
        }
        _ => Text::plain("Only people can do this. Type the command yourself."),
    }
}

fn a(role: Role) -> String {
    match role {
        Role::Approver => "an approver".to_owned(),
        Role::Responder | Role::Lead => format!("a {role}"),
    }
}
