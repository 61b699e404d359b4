//! Rightly signed requests that Discord would never send, or that are none of our business: they are refused politely, and
//! change nothing.

use serde_json::{Value, json};

use super::{DOOR, Doing, Key};
use crate::forged::kinds::Signs;
use crate::forged::replays::typing_freely_on_both;
use crate::forged::{Tally, say, serves_who_is_right};
use crate::harness::World;
use crate::harness::dice::Dice;
use crate::harness::wire::Raw;

/// How often each kind is thrown.
const TIMES: usize = 30;

/// Above the limit of 256 KiB.
const TOO_LARGE: usize = 256 * 1024 + 1;

type Kind = (&'static str, fn(&World, &mut Dice) -> Vec<u8>, &'static [u16]);

const REFUSED: &[u16] = &[400];
/// Understood as something for which there is nothing to do.
const IDLE: &[u16] = &[200];
/// The one or the other.
const EITHER: &[u16] = &[200, 400];

/// A command that only asks: whatever is changed about it cannot make it act.
fn question(w: &World, dice: &mut Dice) -> Value {
    let id = dice.within(0..1_000_000_000);
    Doing::new(w, id, &dice.word(30)).types("/incident status", &[])
}

fn press(w: &World, dice: &mut Dice) -> Value {
    let id = dice.within(0..1_000_000_000);
    Doing::new(w, id, &dice.word(30)).presses("confirm:0123456789abcdef", "1")
}

/// A question with a member that is something else.
fn odd(w: &World, dice: &mut Dice, member: &str, value: Value) -> Vec<u8> {
    let mut question = question(w, dice);
    *question.pointer_mut(member).expect("a member") = value;
    question.to_string().into()
}

/// A question with these options.
fn with_options(w: &World, dice: &mut Dice, options: Value) -> Vec<u8> {
    odd(w, dice, "/data/options/0/options", options)
}

const KINDS: [Kind; 29] = [
    ("nothing", |_, _| Vec::new(), REFUSED),
    (
        "noise",
        |_, dice| {
            let length = dice.within(1..3_000);
            dice.bytes(length)
        },
        REFUSED,
    ),
    (
        "JSON that is cut off",
        |w, dice| {
            let mut text = question(w, dice).to_string();
            text.truncate(dice.within(0..text.len()));
            text.into()
        },
        REFUSED,
    ),
    (
        "JSON with something behind it",
        |w, dice| format!("{} {{}}", question(w, dice)).into(),
        REFUSED,
    ),
    ("a form", |_, _| b"payload=%7B%22type%22%3A1%7D".to_vec(), REFUSED),
    (
        "bytes that are no text",
        |w, dice| {
            let question = question(w, dice).to_string();
            question
                .replace("en-GB", "\u{1}")
                .bytes()
                .map(|b| if b == 1 { 0xff } else { b })
                .collect()
        },
        REFUSED,
    ),
    (
        "JSON of great depth",
        |w, dice| {
            let deep = dice.pick(&["[", "{\"a\":", "[[{\"b\":["]).repeat(dice.within(100..20_000));
            question(w, dice).to_string().replacen('{', &format!("{{\"x\":{deep},"), 1).into()
        },
        REFUSED,
    ),
    (
        "too large",
        |w, dice| {
            let mut body = question(w, dice).to_string().into_bytes();
            body.resize(TOO_LARGE, b' ');
            body
        },
        &[413],
    ),
    (
        "NUL in a name",
        |w, dice| {
            let member = *dice.pick(&["/data/name", "/data/options/0/name"]);
            odd(w, dice, member, "a\0b".into())
        },
        REFUSED,
    ),
    (
        "NUL in an option",
        |w, dice| with_options(w, dice, json!([{"name": "service", "type": 3, "value": "a\0b"}])),
        IDLE,
    ),
    (
        "a member twice",
        |w, dice| {
            let members = ["type", "id", "guild_id", "application_id", "token", "data"];
            let member = *dice.pick(&members);
            let value = question(w, dice);
            let again = format!("{{\"{member}\":{},", value[member]);
            value.to_string().replacen('{', &again, 1).into()
        },
        REFUSED,
    ),
    (
        "members of another type",
        |w, dice| {
            let members = ["/type", "/id", "/application_id", "/token", "/data", "/member/user/id"];
            let member = *dice.pick(&members);
            let value = dice.pick(&[json!([]), json!(true), json!("a\u{0}b"), json!(-1)]).clone();
            odd(w, dice, member, value)
        },
        REFUSED,
    ),
    (
        "numbers without end",
        |w, dice| {
            let number = *dice.pick(&["1e999999", "256", "-1", "2.5", "99999999999999999999"]);
            let text = question(w, dice).to_string();
            text.replacen("\"type\":2", &format!("\"type\":{number}"), 1).into()
        },
        REFUSED,
    ),
    (
        "ids of another form",
        |w, dice| {
            let id =
                *dice.pick(&["", "x", "１", "-1", "1 ", "<@1>", "../..", "111111111111111111111"]);
            let member = *dice.pick(&["/id", "/application_id", "/guild_id", "/member/user/id"]);
            odd(w, dice, member, id.into())
        },
        REFUSED,
    ),
    (
        "tokens that lead elsewhere",
        |w, dice| {
            let long = "x".repeat(1025);
            let token = *dice.pick(&["", "a/b", "../..", "a?b", "a%2fb", "a b", &long]);
            odd(w, dice, "/token", token.into())
        },
        REFUSED,
    ),
    (
        "another application",
        |w, dice| {
            let id = dice.within(1..1_000_000).to_string();
            odd(w, dice, "/application_id", id.into())
        },
        IDLE,
    ),
    (
        "another guild",
        |w, dice| {
            let id = dice.within(1..1_000_000).to_string();
            odd(w, dice, "/guild_id", id.into())
        },
        IDLE,
    ),
    (
        "a direct message",
        |w, dice| {
            let mut question = question(w, dice);
            let member = question["member"].take();
            question["user"] = member["user"].clone();
            question["guild_id"] = Value::Null;
            question.to_string().into()
        },
        IDLE,
    ),
    ("nobody", |w, dice| odd(w, dice, "/member", Value::Null), IDLE),
    (
        "a bot",
        |w, dice| {
            let mut press = press(w, dice);
            press["member"]["user"][*dice.pick(&["bot", "system"])] = true.into();
            press.to_string().into()
        },
        IDLE,
    ),
    (
        "kinds that we do not know",
        |w, dice| {
            let kind = *dice.pick(&[0, 6, 7, 9, 100, 255]);
            odd(w, dice, "/type", kind.into())
        },
        IDLE,
    ),
    (
        "a command of a menu",
        |w, dice| {
            let kind = *dice.pick(&[0, 2, 3, 4, 255]);
            odd(w, dice, "/data/type", kind.into())
        },
        IDLE,
    ),
    (
        "a command of somebody else",
        |w, dice| {
            let name = dice.word(20);
            odd(w, dice, "/data/name", name.into())
        },
        IDLE,
    ),
    (
        "a name without end",
        |w, dice| {
            let name = "x".repeat(dice.within(33..9_000));
            odd(w, dice, "/data/name", name.into())
        },
        IDLE,
    ),
    (
        "options that nobody can type",
        |w, dice| {
            let one = json!({"name": "service", "type": 3, "value": "shop"});
            let options = [
                json!(vec![one; 26]),
                json!([{"name": "service", "type": 3}]),
                json!([{"name": "service", "type": 3, "value": {"a": []}}]),
                json!([{"name": "service", "type": 3, "value": [1, 2]}]),
                json!([{"name": "", "type": 3, "value": ""}]),
            ];
            let options = dice.pick(&options).clone();
            with_options(w, dice, options)
        },
        IDLE,
    ),
    (
        "presses of other controls",
        |w, dice| {
            let mut press = press(w, dice);
            match dice.within(0..4) {
                0 => press["message"] = Value::Null,
                1 => press["data"]["component_type"] = 3.into(),
                2 => press["data"]["custom_id"] = dice.word(30).into(),
                _ => press["data"]["custom_id"] = (*dice.pick(&["", ":", "a:", ":b"])).into(),
            }
            press.to_string().into()
        },
        IDLE,
    ),
    (
        "forms of another version",
        |w, dice| {
            let id = dice.within(0..1_000_000_000);
            let name = *dice.pick(&["", "form", "form:", "other:0123", ":form:", "\u{202e}form:1"]);
            Doing::new(w, id, &dice.word(30)).sends(name, "why").to_string().into()
        },
        IDLE,
    ),
    (
        "a ping",
        |w, dice| {
            let id = dice.within(0..1_000_000_000);
            Doing::new(w, id, "t").does(1, Value::Null).to_string().into()
        },
        IDLE,
    ),
    (
        "changed at random",
        |w, dice| {
            let mut body = question(w, dice).to_string().into_bytes();
            for _ in 0..dice.within(1..4) {
                let at = dice.within(0..body.len());
                body[at] = dice.byte();
            }
            body
        },
        EITHER,
    ),
];

#[test]
fn rightly_signed_nonsense_of_discord_is_refused_politely_and_changes_nothing() {
    World::run_with(typing_freely_on_both(), async |w| {
        let (before, mut tally, mut dice) = (w.traces().await, Tally::new(), Dice::new(6));
        let key = Key::of(&w);
        for (kind, make, statuses) in KINDS {
            let mut wire = w.wire().await;
            for number in 0..TIMES {
                let mut raw = Raw::json(DOOR, make(&w, &mut dice));
                // Nothing hangs on what the body is said to be.
                if number % 5 == 0 {
                    raw.headers[1].1 = dice.pick(&["text/plain", "", "a/b; c"]).as_bytes().to_vec();
                }
                wire.says(&key.signs(raw, &w.seconds().to_string()).bytes()).await;
                let answer = wire.hears().await;
                let status = answer.as_ref().map_or(413, |answer| answer.status);
                assert!(statuses.contains(&status), "{kind}: {answer:?}");
                if status == 413 {
                    wire = w.wire().await;
                }
                // What was not understood is not repeated.
                let body = answer.map(|answer| answer.body).unwrap_or_default();
                assert_eq!(status == 200, !body.is_empty(), "{kind}: {body}");
                *tally.entry(("discord", kind)).or_default() += 1;
            }
            assert_eq!(w.traces().await, before, "{kind}: something was written");
        }
        let sum: usize = tally.values().sum();
        let kinds = tally.len();
        say(&format!(
            "doors: {sum} signed but senseless requests of {kinds} kinds to Discord's door, 0 effects"
        ));
        serves_who_is_right(&w).await;
    });
}
