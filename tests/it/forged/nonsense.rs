//! Rightly signed requests that Slack would never send: tricks with forms, tricks with JSON, kinds that we have no use for. They
//! are refused politely, and change nothing.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{COMMANDS, INTERACTIONS, Tally, say, serves_who_is_right};
use crate::harness::dice::Dice;
use crate::harness::wire::{Raw, Wire};
use crate::harness::{World, command_form};

/// How often each kind is thrown.
const TIMES: usize = 60;

/// The press of a button that nobody drew.
pub fn press(trigger: &str) -> Value {
    json!({
        "type": "block_actions",
        "user": {"id": "U01ANA", "team_id": "T01DEMO"},
        "team": {"id": "T01DEMO", "domain": "demo"},
        "channel": {"id": "C01INC", "name": "incidents"},
        "container": {"type": "message", "message_ts": "1.2", "is_ephemeral": false},
        "trigger_id": trigger,
        "actions": [{"type": "button", "action_id": "confirm", "value": "0123456789abcdef"}],
    })
}

/// A command that only asks: whatever is changed about it cannot make it act.
fn question(dice: &mut Dice) -> String {
    command_form("/incident status", &dice.word(12), super::NOWHERE)
}

fn payload(text: &str) -> String {
    url::form_urlencoded::Serializer::new(String::new()).append_pair("payload", text).finish()
}

type Kind = (&'static str, &'static str, fn(&mut Dice) -> Vec<u8>, &'static [u16]);

const REFUSED: &[u16] = &[400];
/// Understood as something for which there is nothing to do, or refused.
const IDLE: &[u16] = &[200, 400];

const KINDS: [Kind; 26] = [
    (
        "a key twice",
        COMMANDS,
        |dice| {
            let key = *dice.pick(&["text", "te%78t", "user_id", "command", "user%5fid"]);
            format!("{}&{key}=U01LEE", question(dice)).into()
        },
        REFUSED,
    ),
    (
        "a thousand unknown keys",
        COMMANDS,
        |dice| {
            let many: String = (0..1_000).map(|number| format!("&k{number}=v")).collect();
            (question(dice) + &many).into()
        },
        REFUSED,
    ),
    ("fifty thousand keys", COMMANDS, |_| many_keys(50_000), REFUSED),
    ("a hundred thousand keys", COMMANDS, |_| many_keys(100_000), &[413]),
    ("nothing but separators", COMMANDS, |dice| vec![*dice.pick(b"&="); 200_000], REFUSED),
    (
        "bytes that are no text",
        COMMANDS,
        |dice| {
            let bad = *dice.pick(&["%ff", "%c3", "%ed%a0%80", "%f5%80%80%80", "%c0%af"]);
            format!("{}&extra={bad}", question(dice)).into()
        },
        REFUSED,
    ),
    (
        "raw bytes that are no text",
        COMMANDS,
        |dice| [question(dice).into_bytes(), b"&extra=\xff\xfe".to_vec()].concat(),
        REFUSED,
    ),
    (
        "broken escapes",
        COMMANDS,
        |dice| {
            let bad = *dice.pick(&["%", "%4", "%zz", "%%", "%+1", "%-1", "%u0041"]);
            format!("{}&extra={bad}", question(dice)).into()
        },
        REFUSED,
    ),
    (
        "NUL in a field",
        COMMANDS,
        |dice| {
            let field = *dice.pick(&["text=", "command=%2F", "user_id=", "trigger_id="]);
            question(dice).replacen(field, &format!("{field}%00"), 1).into()
        },
        REFUSED,
    ),
    (
        "ids of another form",
        COMMANDS,
        |dice| {
            let id = *dice.pick(&[
                "u01ana",
                "",
                "U01%20ANA",
                "U01/../",
                "%D0%A301ANA",
                "<@U01ANA>",
                "../..",
            ]);
            question(dice).replace("U01ANA", id).into()
        },
        REFUSED,
    ),
    (
        "ids without end",
        COMMANDS,
        |dice| {
            let id = "U".repeat(dice.within(65..5_000));
            question(dice).replace("U01ANA", &id).into()
        },
        REFUSED,
    ),
    (
        "no command's name",
        COMMANDS,
        |dice| {
            let name = *dice.pick(&["", "incident", "%2F", "%2Fa%20b", "%2F%0A", "%2F%E2%80%AE"]);
            question(dice).replace("%2Fincident", name).into()
        },
        REFUSED,
    ),
    (
        "a command of somebody else",
        COMMANDS,
        |dice| {
            let name = dice.word(20);
            question(dice).replace("incident&", &format!("{name}&")).into()
        },
        &[200],
    ),
    (
        "another workspace",
        COMMANDS,
        |dice| question(dice).replace("T01DEMO", "T0OTHER").into(),
        &[200],
    ),
    (
        "a field that is missing",
        COMMANDS,
        |dice| {
            let name = *dice.pick(&["team_id=", "channel_id=", "user_id=", "command="]);
            question(dice).replace(name, "x_id=").into()
        },
        REFUSED,
    ),
    (
        "changed at random",
        COMMANDS,
        |dice| {
            let mut body = question(dice).into_bytes();
            for _ in 0..dice.within(1..4) {
                let at = dice.within(0..body.len());
                body[at] = dice.byte();
            }
            body
        },
        IDLE,
    ),
    (
        "noise",
        COMMANDS,
        |dice| {
            let length = dice.within(0..3_000);
            dice.bytes(length)
        },
        REFUSED,
    ),
    (
        "a payload twice",
        INTERACTIONS,
        |dice| {
            let one = payload(&press(&dice.word(9)).to_string());
            format!("{one}&{one}").into()
        },
        REFUSED,
    ),
    (
        "a payload written twice over",
        INTERACTIONS,
        |dice| {
            let inner = payload(&press(&dice.word(9)).to_string());
            payload(inner.trim_start_matches("payload=")).into()
        },
        REFUSED,
    ),
    (
        "JSON that is cut off",
        INTERACTIONS,
        |dice| {
            let text = press(&dice.word(9)).to_string();
            let length = dice.within(0..text.len());
            payload(&text[..length]).into()
        },
        REFUSED,
    ),
    (
        "JSON of great depth",
        INTERACTIONS,
        |dice| {
            let deep =
                dice.pick(&["[", "{\"a\":", "[[{\"b\":["]).repeat(dice.within(10_000..20_000));
            let text = press(&dice.word(9)).to_string();
            format!("payload={}", text.replacen('{', &format!("{{\"x\":{deep},"), 1)).into()
        },
        REFUSED,
    ),
    (
        "numbers without end",
        INTERACTIONS,
        |dice| {
            let number = *dice.pick(&[
                "1e999999",
                "-0",
                "99999999999999999999999999",
                "1.7976931348623157e309",
            ]);
            let member = *dice.pick(&["type", "team", "user", "channel", "actions", "trigger_id"]);
            let mut value = press(&dice.word(9));
            value[member] = "@".into();
            payload(&value.to_string().replacen("\"@\"", number, 1)).into()
        },
        REFUSED,
    ),
    (
        "a member twice",
        INTERACTIONS,
        |dice| {
            let member = *dice.pick(&["type", "team", "user", "actions", "channel"]);
            let value = press(&dice.word(9));
            let again = format!("{{\"{member}\":{},", value[member]);
            payload(&value.to_string().replacen('{', &again, 1)).into()
        },
        REFUSED,
    ),
    (
        "members of another type",
        INTERACTIONS,
        |dice| {
            let path = *dice.pick(&[
                "/type",
                "/team/id",
                "/user/id",
                "/channel/id",
                "/container/type",
                "/actions/0/type",
            ]);
            let odd =
                dice.pick(&[json!(7), json!([]), json!({}), json!(true), json!("a\u{0}b")]).clone();
            let mut value = press(&dice.word(9));
            *value.pointer_mut(path).expect("a member") = odd;
            payload(&value.to_string()).into()
        },
        REFUSED,
    ),
    (
        "kinds that we have no use for",
        INTERACTIONS,
        |dice| {
            let mut value = press(&dice.word(9));
            let kind =
                dice.pick(&["view_submission", "shortcut", "message_action", "<!channel>", ""]);
            value["type"] = (*kind).into();
            payload(&value.to_string()).into()
        },
        &[200],
    ),
    (
        "presses of no button or of many",
        INTERACTIONS,
        |dice| {
            let mut value = press(&dice.word(9));
            let action = value["actions"][0].clone();
            let count = *dice.pick(&[0, 2, 3, 500]);
            value["actions"] = vec![action; count].into();
            payload(&value.to_string()).into()
        },
        &[200],
    ),
];

/// Short ones, without values: as many as a body has room for.
fn many_keys(count: u32) -> Vec<u8> {
    let mut body = Vec::new();
    for number in 0..count {
        body.extend(format!("{number:x}&").bytes());
    }
    body
}

#[test]
fn rightly_signed_nonsense_is_refused_politely_and_changes_nothing() {
    World::run_with(super::replays::typing_freely(), async |w| {
        let (before, mut tally, mut dice) = (w.traces().await, Tally::new(), Dice::new(5));
        for (kind, path, make, statuses) in KINDS {
            let mut wire = w.wire().await;
            for _ in 0..TIMES {
                let body = make(&mut dice);
                wire = ask(&w, wire, kind, Raw::form(path, body), statuses).await;
                *tally.entry(("slack", kind)).or_default() += 1;
            }
            assert_eq!(w.traces().await, before, "{kind}: something was written");
        }
        let sum: usize = tally.values().sum();
        say(&format!(
            "doors: {sum} signed but senseless requests of {} kinds to Slack's doors, 0 effects",
            tally.len()
        ));
        serves_who_is_right(&w).await;
    });
}

async fn ask(w: &Arc<World>, mut wire: Wire, kind: &str, raw: Raw, statuses: &[u16]) -> Wire {
    wire.says(&w.sound(raw).signed().bytes()).await;
    let Some(answer) = wire.hears().await else {
        assert_eq!(statuses, [413], "{kind}: closed without an answer");
        return w.wire().await;
    };
    assert!(statuses.contains(&answer.status), "{kind}: {answer:?}");
    // What was not understood is not repeated.
    assert!(answer.status == 200 || answer.body.is_empty(), "{kind}: {answer:?}");
    match answer.status {
        413 => w.wire().await,
        _ => wire,
    }
}
