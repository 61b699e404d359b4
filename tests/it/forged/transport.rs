//! Requests that are broken as HTTP: too large, without end, cut off, with two lengths. Each has a connection of its own.

use std::sync::Arc;

use super::discord::{self, Doing};
use super::replays::typing_freely_on_both;
use super::{COMMANDS, NOWHERE, Tally, say, serves_who_is_right};
use crate::harness::dice::Dice;
use crate::harness::wire::{Answer, Raw, Wire};
use crate::harness::{World, command_form};

/// Above the limit of 256 KiB.
const TOO_LARGE: usize = 256 * 1024 + 1;

/// How often each kind is tried.
const TIMES: usize = 20;

/// A kind, what is sent, and the answers that refuse it; a closed connection refuses all of them.
type Kind = (&'static str, fn(&mut Dice, Raw) -> Vec<u8>, &'static [u16]);

const KINDS: [Kind; 12] = [
    ("too large, announced", |_, raw| large(raw).bytes(), &[413]),
    (
        "too large, in chunks",
        |dice, raw| {
            let raw = large(raw);
            let mut bytes = raw.head("transfer-encoding: chunked");
            for part in raw.body.chunks(dice.within(500..60_000)) {
                bytes.extend(format!("{:x}\r\n", part.len()).bytes());
                bytes.extend(part.iter().chain(b"\r\n"));
            }
            bytes.extend(b"0\r\n\r\n");
            bytes
        },
        &[413],
    ),
    ("a body that is not announced", |_, raw| [raw.head("x-a: b"), raw.body].concat(), &[401]),
    (
        "larger than anybody could send",
        |_, raw| raw.head("content-length: 18446744073709551615"),
        &[400, 413, 431],
    ),
    (
        "two lengths",
        |_, raw| {
            let length = raw.body.len();
            [raw.head(&format!("content-length: {length}\r\ncontent-length: 5")), raw.body].concat()
        },
        &[400],
    ),
    ("a negative length", |_, raw| [raw.head("content-length: -5"), raw.body].concat(), &[400]),
    (
        "a length and chunks",
        |_, raw| [raw.head("content-length: 5\r\ntransfer-encoding: chunked"), raw.body].concat(),
        &[400],
    ),
    (
        "a broken chunk",
        |_, raw| [raw.head("transfer-encoding: chunked"), b"zz\r\n".to_vec(), raw.body].concat(),
        &[400],
    ),
    (
        "an unknown coding",
        |_, raw| [raw.head("transfer-encoding: gzip"), raw.body].concat(),
        &[400, 501],
    ),
    (
        "cut off",
        |dice, raw| {
            let mut bytes = raw.bytes();
            bytes.truncate(dice.within(1..bytes.len()));
            bytes
        },
        &[400],
    ),
    ("no HTTP", |dice, _| [dice.bytes(400), b"\r\n\r\n".to_vec()].concat(), &[400]),
    (
        "too many headers",
        |_, mut raw| {
            raw.headers.extend((0..500).map(|_| ("x-a", b"b".to_vec())));
            raw.bytes()
        },
        &[431],
    ),
];

/// Still rightly signed: the large ones are refused for their size alone.
fn large(mut raw: Raw) -> Raw {
    raw.body.resize(TOO_LARGE, b'&');
    raw
}

#[test]
fn requests_that_are_broken_as_http_are_refused_and_leave_no_trace() {
    World::run_with(typing_freely_on_both(), async |w| {
        let (before, mut tally, mut dice) = (w.traces().await, Tally::new(), Dice::new(7));
        for (kind, make, refusals) in KINDS {
            for number in 0..TIMES {
                for (platform, raw) in
                    [("slack", slack(&w, number)), ("discord", discord(&w, number))]
                {
                    let bytes = make(&mut dice, raw);
                    if let Some(answer) = only_answer(&w, &bytes).await {
                        assert!(refusals.contains(&answer.status), "{kind}: {answer:?}");
                        assert_eq!(answer.body, "", "{kind}: refused without detail");
                    }
                    *tally.entry((platform, kind)).or_default() += 1;
                }
            }
            assert_eq!(w.traces().await, before, "{kind}: something was written");
        }
        say(&format!(
            "doors: {} requests broken as HTTP, half of them to Discord's door, 0 accepted",
            tally.values().sum::<usize>()
        ));
        serves_who_is_right(&w).await;
    });
}

#[test]
fn a_crowd_that_says_nothing_keeps_nobody_out() {
    World::run(async |w| {
        let mut crowd: Vec<Wire> = Vec::new();
        for number in 0..1_000 {
            let mut wire = w.wire().await;
            // Some have begun to say something.
            let start: &[u8] =
                if number % 2 == 0 { b"" } else { b"POST /slack/commands HTTP/1.1\r\n" };
            wire.says(start).await;
            crowd.push(wire);
        }
        serves_who_is_right(&w).await;
        drop(crowd);
    });
}

fn slack(w: &World, number: usize) -> Raw {
    let form = command_form("/rollback", &format!("{number}.broken"), NOWHERE);
    w.sound(Raw::form(COMMANDS, form)).signed()
}

fn discord(w: &World, number: usize) -> Raw {
    let command = Doing::new(w, number, "broken").types("/rollback", &[]);
    discord::sound(w, &command).signed()
}

/// The answer on a connection on which nothing more will be said.
async fn only_answer(w: &Arc<World>, bytes: &[u8]) -> Option<Answer> {
    let mut wire = w.wire().await;
    wire.says(bytes).await;
    wire.falls_silent().await;
    wire.hears().await
}
