//! Requests that a platform did sign, sent again by somebody who caught them: at once, at the edge of the window, behind it, after a
//! restart, after the incident was closed.

use std::sync::Arc;

use repoint::domain::time::Span;
use repoint::world::faces::Faces;

use super::discord::{self, Doing};
use super::{COMMANDS, INTERACTIONS, NOWHERE, Tally, say};
use crate::doors::press_form;
use crate::harness::wire::Raw;
use crate::harness::{Settings, World, command_form};

/// How many different requests are caught.
const CAUGHT: usize = 300;

/// Nobody is told to slow down.
pub fn typing_freely() -> Settings {
    let edit =
        |text: String| text.replace("[server]\n", "[server]\ncommands_per_minute = 1000000\n");
    Settings { edit: Some(edit), ..Settings::default() }
}

/// The same, where the team talks in both.
pub fn typing_freely_on_both() -> Settings {
    Settings { faces: Faces::Both, ..typing_freely() }
}

/// Whose requests were caught.
#[derive(Clone, Copy, Debug)]
enum Side {
    Slack,
    Discord,
}

#[test]
fn what_slack_once_signed_takes_effect_once_however_often_and_whenever_it_is_sent_again() {
    are_sent_again(Side::Slack);
}

#[test]
fn what_discord_once_signed_takes_effect_once_however_often_and_whenever_it_is_sent_again() {
    are_sent_again(Side::Discord);
}

fn are_sent_again(side: Side) {
    World::run_with(typing_freely_on_both(), async |w| {
        let (caught, mut tally) = (happens(&w, side).await, Tally::new());
        let mut again = async |moment, status| {
            let before = w.traces().await;
            all(&w, &caught, status).await;
            assert_eq!(w.traces().await, before, "{moment}: something was written");
            assert_eq!(w.rollbacks_sent(), 1, "{moment}");
            tally.insert(("", moment), caught.len());
        };
        again("at once", 200).await;
        w.bot_dies();
        w.bot_starts().await;
        w.settle().await;
        again("after a restart", 200).await;
        w.passes(Span::seconds(200)).await;
        w.user("bo").types("/incident close the fix is live").await;
        w.settle().await;
        again("after the close", 200).await;
        w.passes(Span::seconds(299 - 200)).await;
        again("at 4:59", 200).await;
        w.passes(Span::seconds(2)).await;
        again("at 5:01", 401).await;
        w.bot_dies();
        w.bot_starts().await;
        w.passes(Span::minutes(55)).await;
        again("an hour later, after a restart", 401).await;
        let sum: usize = tally.values().sum();
        say(&format!("doors: {sum} replays of {side:?} at {} moments, 0 effects", tally.len()));
    });
}

/// An incident as it is lived, within one second; everything that the platform sent for it.
async fn happens(w: &Arc<World>, side: Side) -> Vec<Raw> {
    let mut caught = vec![command(w, side, 0, "/rollback", "")];
    all(w, &caught, 200).await;
    let press = vec![confirm(w, side)];
    all(w, &press, 200).await;
    let notes: Vec<Raw> = (1..CAUGHT - 1)
        .map(|number| match number % 3 {
            0 => command(w, side, number, "/incident status", ""),
            _ => command(w, side, number, "/incident note", &format!("{number} customers wait")),
        })
        .collect();
    all(w, &notes, 200).await;
    w.until("the flip", || w.rollbacks_sent() == 1).await;
    w.settle().await;
    caught.extend(press);
    caught.extend(notes);
    assert_eq!(caught.len(), CAUGHT);
    caught
}

/// Ana types a command, with a text behind it.
fn command(w: &World, side: Side, number: usize, line: &str, text: &str) -> Raw {
    match side {
        Side::Slack => {
            let line = format!("{line} {text}");
            let form = command_form(line.trim_end(), &format!("{number}.caught"), NOWHERE);
            w.sound(Raw::form(COMMANDS, form)).signed()
        }
        Side::Discord => {
            let options: &[_] = if text.is_empty() { &[] } else { &[("text", text)] };
            let command = Doing::new(w, number, "caught").types(line, options);
            discord::sound(w, &command).signed()
        }
    }
}

/// Ana presses the card's Confirm.
fn confirm(w: &World, side: Side) -> Raw {
    match side {
        Side::Slack => {
            let press = press_form(w, "U01ANA", "caught", NOWHERE);
            w.sound(Raw::form(INTERACTIONS, press)).signed()
        }
        Side::Discord => {
            let model = &w.models.discord;
            let (ana, channel) = (model.user_id("ana"), model.channel_id("incidents"));
            let button = model.find_button(channel, ana, "Confirm").expect("a button");
            let press = Doing::new(w, CAUGHT, "caught").presses(&button.custom_id, &button.message);
            discord::sound(w, &press).signed()
        }
    }
}

/// Sends them one after the other.
async fn all(w: &Arc<World>, requests: &[Raw], status: u16) {
    let mut wire = w.wire().await;
    for raw in requests {
        wire.says(&raw.bytes()).await;
        let answer = wire.hears().await.expect("an answer");
        assert_eq!(answer.status, status, "{raw:?}: {answer:?}");
    }
    w.settle().await;
}
