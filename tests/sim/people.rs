//! What people do in a night, and what the world does by itself. People see what stands in the chat and press it, also
//! what is old; they type commands; they act in the provider's dashboard.

use repoint::chat::inbound::{Inbound, PressedMessage, Said};
use repoint::domain::action::Action;
use repoint::domain::actor::Person;
use repoint::domain::ids::ServiceId;
use repoint::domain::service::Channel;
use repoint::domain::time::Span;
use repoint::engine::seal;

use super::chat::{Button, channel, person};
use super::fault::{Fault, Op};
use super::mail::channel_of;
use super::project::Write;
use super::repair::{self, Asked};
use super::truth::Truth;

/// Something that people or the world do.
#[derive(Clone, Debug)]
pub enum Doing {
    /// Somebody sends requests to the bot.
    Send(Vec<Inbound>),
    /// Somebody asks for something that has no command yet.
    Ask(Box<Asked>),
    /// The bot is stopped in good order.
    Stop,
    /// Nothing that concerns the bot.
    Elsewhere,
}

/// How long it takes until the next one.
pub fn pause(truth: &mut Truth) -> Span {
    let is_tense = truth.promises.is_flipping();
    let people = &mut truth.people;
    // While production moves, people look and press.
    if is_tense && people.in_thousand(700) {
        return Span(people.ms(0, 1_500));
    }
    Span(match people.below(16) {
        0..3 => 0,
        3..6 => people.ms(1, 120),
        6..12 => people.ms(120, 3_000),
        12..15 => people.ms(3_000, 20_000),
        _ => people.ms(20_000, 420_000),
    })
}

/// The next one.
pub fn next(truth: &mut Truth) -> Doing {
    let (number, is_left_out) = truth.next_doing();
    let doing = choose(truth, is_left_out);
    if is_left_out {
        return Doing::Elsewhere;
    }
    truth.tell(|| format!("doing {number}: {}", in_words(&doing)));
    doing
}

fn choose(truth: &mut Truth, is_left_out: bool) -> Doing {
    if let Some(fault) = truth.draw(Op::World).filter(|_| !is_left_out) {
        return world(truth, fault);
    }
    let is_mending =
        truth.mends && truth.people.in_thousand(if truth.can_mend() { 850 } else { 200 });
    if is_mending && let Some(doing) = mend(truth) {
        return if is_left_out { Doing::Elsewhere } else { doing };
    }
    let is_moving = truth.promises.is_flipping();
    let inbound = match truth.people.below(100) {
        _ if is_mending => press(truth),
        // While production moves, people look whether it is well.
        0..20 if is_moving => verify(truth),
        0..25 => rollback(truth),
        25..82 => press(truth),
        82..93 => incident(truth),
        93..95 => return build(truth, is_left_out),
        95..98 => verify(truth),
        _ => other(truth),
    };
    let Some(first) = inbound else { return Doing::Elsewhere };
    if is_left_out {
        return Doing::Elsewhere;
    }
    let service = truth.service_of_channel(channel_of(&first));
    let mut sent = vec![first.clone()];
    match truth.strike(Op::Inbound, service.as_ref()) {
        Some(Fault::Twice) => sent.push(first),
        Some(Fault::Replayed) => sent.extend(truth.earlier()),
        Some(Fault::LateDelivery) => truth.mail.hold_back(sent.split_off(0)),
        Some(Fault::TwoAtOnce) => sent.extend(by_another(truth, &first)),
        _ => {}
    }
    if truth.people.in_thousand(150) {
        sent.extend(truth.mail.held_back());
    }
    Doing::Send(sent)
}

/// Somebody goes on with the repair; `None`: what there is to do is a button.
fn mend(truth: &mut Truth) -> Option<Doing> {
    let by = somebody(truth);
    let service = some_project(truth);
    let is_asked =
        truth.promises.book.open_incident(&service).is_some_and(|one| one.waiting().is_some());
    if is_asked && truth.people.in_thousand(800) {
        return None;
    }
    let asked = repair::next(truth, by, &service);
    Some(asked.map_or(Doing::Elsewhere, |asked| Doing::Ask(Box::new(asked))))
}

fn in_words(doing: &Doing) -> String {
    let one = |inbound: &Inbound| match inbound {
        Inbound::Command { person, channel, command, said, key, .. } => {
            format!("{} types {command} {said} in {} ({key})", person.user, channel.id)
        }
        Inbound::Press { person, channel, action, key, .. } => {
            format!("{} presses {action} in {} ({key})", person.user, channel.id)
        }
        other => format!("{other:?}"),
    };
    match doing {
        Doing::Send(all) => all.iter().map(one).collect::<Vec<_>>().join("; "),
        Doing::Ask(asked) => format!("{} asks {:?}", asked.by.user, asked.request),
        Doing::Stop => "the bot is stopped".to_owned(),
        Doing::Elsewhere => "nothing".to_owned(),
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// Commands and presses

fn somebody(truth: &mut Truth) -> Person {
    let names = ["ana", "ana", "ana", "bo", "bo", "lee", "gus", "eve"];
    person(truth.people.pick(&names).unwrap_or(&"ana"))
}

fn some_service(truth: &mut Truth) -> (&'static str, Channel) {
    let shops = if truth.mends { 900 } else { 600 };
    if truth.people.in_thousand(shops) { ("shop", channel("C1")) } else { ("blog", channel("C2")) }
}

fn typed(truth: &mut Truth, by: Person, channel: Channel, command: &str, text: String) -> Inbound {
    let key = truth.mail.fresh_key();
    let (command, said) = (command.to_owned(), Said::Text(text));
    Inbound::Command { key, person: by, channel, command, said, response_url: None }
}

fn rollback(truth: &mut Truth) -> Option<Inbound> {
    let (service, channel) = some_service(truth);
    let number = truth.people.below(7);
    let text = match truth.people.below(10) {
        0..4 => String::new(),
        8 => format!("{service} reason customers get errors {number}"),
        9 => format!("{service} dpl_{service}{number} customers get errors"),
        4 => service.to_owned(),
        5 => format!("dpl_{service}{number}"),
        6 => format!("{service} to=dpl_{service}{number}"),
        _ => format!("{service} dpl_{service}90"),
    };
    let by = somebody(truth);
    Some(typed(truth, by, channel, "/rollback", text))
}

/// Somebody wants to know whether production is restored, or a deployment good.
fn verify(truth: &mut Truth) -> Option<Inbound> {
    let (service, channel) = some_service(truth);
    let number = truth.people.below(7);
    let text = match truth.people.below(4) {
        0 => String::new(),
        1 => service.to_owned(),
        2 => format!("{service} dpl_{service}{number}"),
        _ => format!("{service} dpl_{service}90"),
    };
    let by = somebody(truth);
    Some(typed(truth, by, channel, "/verify", text))
}

fn incident(truth: &mut Truth) -> Option<Inbound> {
    let (service, mut channel) = some_service(truth);
    let number = 1 + truth.people.below(3);
    let text = match truth.people.below(12) {
        0..2 => "halt".to_owned(),
        2..5 => format!("resume {service} all is well"),
        5 => format!("note something was seen {number}"),
        6 => "close it is over".to_owned(),
        7 => format!("close #{number} it is over"),
        8 => "blip".to_owned(),
        9 => "status".to_owned(),
        10 => "press".to_owned(),
        _ => format!("open {service} checkout is slow"),
    };
    // A halt is lifted by a lead; sometimes one is asked.
    let by = if text.starts_with("resume") { person("lee") } else { somebody(truth) };
    if truth.people.in_thousand(30) {
        channel = super::chat::channel("C9");
    }
    Some(typed(truth, by, channel, "/incident", text))
}

fn other(truth: &mut Truth) -> Option<Inbound> {
    let (_, channel) = some_service(truth);
    let (command, text) = match truth.people.below(4) {
        0 => ("/rollback", "no-such-thing at all ∀".to_owned()),
        1 => ("/incident", "whoami".to_owned()),
        2 => ("/incident", "press AAAA-BBBB".to_owned()),
        _ => ("/incident", "help".to_owned()),
    };
    let by = somebody(truth);
    Some(typed(truth, by, channel, command, text))
}

fn press(truth: &mut Truth) -> Option<Inbound> {
    let button = button(truth)?;
    let by = somebody(truth);
    Some(pressed(truth, by, &button))
}

/// Mostly what leads on, sometimes anything, sometimes what is old.
fn button(truth: &mut Truth) -> Option<Button> {
    if truth.people.in_thousand(80) {
        return truth.people.clone().pick(truth.chat.old()).cloned();
    }
    let standing: Vec<Button> = truth.chat.standing().into_iter().cloned().collect();
    let leading: Vec<&Button> =
        standing.iter().filter(|one| matches!(one.action.as_str(), "confirm" | "renew")).collect();
    if !leading.is_empty() && truth.people.in_thousand(800) {
        return truth.people.pick(&leading).map(|one| (*one).clone());
    }
    truth.people.pick(&standing).cloned()
}

/// Somebody presses a button.
pub fn pressed(truth: &mut Truth, by: Person, button: &Button) -> Inbound {
    let stored = truth.disk.token(&seal::hash(&button.token));
    let action = stored.and_then(|one| serde_json::from_str::<Action>(&one.action).ok());
    if let Some(Action::Confirm(question)) = action {
        truth.promises.pressed(by.clone(), question, &button.shown);
    }
    let mut channel = button.channel.clone();
    if truth.people.in_thousand(15) {
        channel = super::chat::channel("C9");
    }
    Inbound::Press {
        key: truth.mail.fresh_key(),
        person: by,
        channel,
        token: button.token.clone(),
        action: button.action.clone(),
        response_url: None,
        message: PressedMessage { id: None, ephemeral: false },
        trigger: None,
    }
}

/// Another person does the same at the same time.
fn by_another(truth: &mut Truth, first: &Inbound) -> Option<Inbound> {
    let Inbound::Press { token, action, channel, .. } = first else { return None };
    let standing = truth.chat.standing().into_iter().chain(truth.chat.old());
    let shown = standing.into_iter().find(|one| one.token == *token)?.shown.clone();
    let button =
        Button { action: action.clone(), token: token.clone(), shown, channel: channel.clone() };
    let by = somebody(truth);
    Some(pressed(truth, by, &button))
}

// ---------------------------------------------------------------------------------------------------------------------
// The world

fn some_project(truth: &mut Truth) -> ServiceId {
    some_service(truth).0.into()
}

/// A teammate's change comes to main and is built.
fn build(truth: &mut Truth, is_left_out: bool) -> Doing {
    let now = truth.true_now();
    if !is_left_out {
        truth.repo().push(now);
        truth.repo();
    }
    Doing::Elsewhere
}

fn world(truth: &mut Truth, fault: Fault) -> Doing {
    let service = some_project(truth);
    truth.struck(fault, Op::World, Some(&service));
    match fault {
        Fault::Dashboard => dashboard(truth, &service),
        Fault::Teammate => repair::teammate(truth),
        Fault::ClockJumps => {
            let by = *truth
                .people
                .pick(&[0, 0, 3_600_000, -3_600_000, 400_000, -70_000, 2_500])
                .unwrap_or(&0);
            truth.jump(by);
        }
        Fault::RightsLost => {
            truth.changes_rights();
            return Doing::Stop;
        }
        Fault::ConfigChanged => {
            truth.changes_config(&service);
            return Doing::Stop;
        }
        _ => return Doing::Stop,
    }
    Doing::Elsewhere
}

fn dashboard(truth: &mut Truth, service: &ServiceId) {
    let to = format!("dpl_{service}{}", 1 + truth.people.below(5)).into();
    let kind = truth.people.below(6);
    let bad = format!("dpl_{service}5").into();
    let (now, events) = (truth.true_now(), truth.events);
    let Some(project) = truth.project(service) else { return };
    let write = match kind {
        0 => Write::Rollback(to, None),
        1 => Write::Promote(to, None),
        2 => Write::Disarm,
        3 => Write::Arm,
        4 => Write::Promote(bad, None),
        _ => return project.clear_stuck_job(),
    };
    project.meddled = Some(events);
    let taken = project.write(&write, None, now);
    truth.tell(|| format!("in the dashboard of {service}: {write:?}: {taken:?}"));
}
