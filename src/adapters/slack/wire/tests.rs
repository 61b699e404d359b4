//! The inbound wire formats: what Slack sends, what others might, and what nobody should.

use serde_json::json;

use super::*;

const TEAM: &str = "T01DEMO";

/// A slash command with the fields that Slack sends.
const COMMAND: &str = "token=gIkuvaNzQIHg97ATvDxqgjtO&team_id=T01DEMO&team_domain=demo&channel_id=C01INC\
&channel_name=incidents&user_id=U01ANA&user_name=ana&command=%2Frollback&text=web+v41\
&api_app_id=A123456&is_enterprise_install=false\
&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT01DEMO%2F1%2Fx\
&trigger_id=13345224609.738474920.8088930838d88f008e0";

fn press_payload() -> Value {
    json!({
        "type": "block_actions",
        "user": {"id": "U01ANA", "username": "ana", "name": "ana", "team_id": "T01DEMO"},
        "api_app_id": "A02", "token": "Shh_its_a_seekrit",
        "container": {"type": "message", "message_ts": "1548261231.000200",
                      "channel_id": "C01INC", "is_ephemeral": true},
        "trigger_id": "12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3",
        "team": {"id": "T01DEMO", "domain": "demo"},
        "enterprise": null, "is_enterprise_install": false,
        "channel": {"id": "C01INC", "name": "incidents"},
        "message": {"type": "message", "metadata": {"event_type": "repoint",
                    "event_payload": {"outbox": 7}}, "blocks": [{"type": "of_next_year"}]},
        "state": {"values": {}},
        "response_url": "https://hooks.slack.com/actions/T01DEMO/2/y",
        "actions": [{"action_id": "confirm:2", "block_id": "b", "type": "button",
                     "text": {"type": "plain_text", "text": "Confirm"},
                     "value": "0123456789abcdef0123456789abcdef",
                     "style": "danger", "action_ts": "1548426417.840180"}],
    })
}

fn ana() -> Person {
    "slack:T01DEMO/U01ANA".parse().unwrap()
}

fn incidents() -> Channel {
    channel(TEAM, Id("C01INC".to_owned()))
}

/// An interaction's body: percent-encoding every byte is a legal form.
fn form_of(payload: &str) -> Vec<u8> {
    let escaped: String = payload.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("payload={escaped}").into_bytes()
}

fn press(payload: &Value) -> Result<Inbound, Malformed> {
    interaction_form(TEAM, &form_of(&payload.to_string()))
}

#[test]
fn a_slash_command_is_read() {
    let expected = Inbound::Command {
        key: "slack:cmd:13345224609.738474920.8088930838d88f008e0".into(),
        person: ana(),
        channel: incidents(),
        command: "/rollback".to_owned(),
        said: Said::Text("web v41".to_owned()),
        response_url: Some("https://hooks.slack.com/commands/T01DEMO/1/x".to_owned()),
    };
    assert_eq!(command_form(TEAM, COMMAND.as_bytes()), Ok(expected));
}

#[test]
fn a_socket_mode_command_is_read_like_a_posted_one() {
    let fields = Value::Object(form::decode(COMMAND.as_bytes()).unwrap());
    assert_eq!(command(TEAM, fields), command_form(TEAM, COMMAND.as_bytes()));
}

#[test]
fn a_press_is_read_whatever_else_the_payload_holds() {
    let expected = Inbound::Press {
        key: "slack:press:12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3".into(),
        person: ana(),
        channel: incidents(),
        token: "0123456789abcdef0123456789abcdef".to_owned(),
        action: "confirm".to_owned(),
        response_url: Some("https://hooks.slack.com/actions/T01DEMO/2/y".to_owned()),
        message: PressedMessage { id: Some("1548261231.000200".to_owned()), ephemeral: true },
        trigger: Some("12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3".to_owned()),
    };
    assert_eq!(press(&press_payload()), Ok(expected));
}

#[test]
fn a_guest_of_a_shared_channel_keeps_their_own_tenant() {
    let mut payload = press_payload();
    payload["user"]["team_id"] = json!("T99GUEST");
    let Ok(Inbound::Press { person, channel, .. }) = press(&payload) else { panic!("no press") };
    assert_eq!(person.to_string(), "slack:T99GUEST/U01ANA");
    assert_eq!(channel, incidents());
}

#[test]
fn another_workspace_is_a_foreign_tenant() {
    let body = COMMAND.replace("T01DEMO&team_domain", "T02OTHER&team_domain");
    let foreign = Inbound::ForeignTenant { tenant: Some("T02OTHER".to_owned()) };
    assert_eq!(command_form(TEAM, body.as_bytes()), Ok(foreign.clone()));
    let mut payload = press_payload();
    payload["team"]["id"] = json!("T02OTHER");
    assert_eq!(press(&payload), Ok(foreign));
    payload["team"] = json!(null);
    assert_eq!(press(&payload), Ok(Inbound::ForeignTenant { tenant: None }));
}

#[test]
fn a_certificate_check_is_a_probe_on_both_paths() {
    assert_eq!(command_form(TEAM, b"ssl_check=1&token=x"), Ok(Inbound::Probe));
    assert_eq!(interaction_form(TEAM, b"ssl_check=1&token=x"), Ok(Inbound::Probe));
    assert!(command_form(TEAM, b"ssl_check=0&token=x").is_err());
}

#[test]
fn other_interactions_and_controls_are_unsupported() {
    let with = |path: &str, value: Value| {
        let mut payload = press_payload();
        *payload.pointer_mut(path).unwrap() = value;
        payload
    };
    let cases = [
        (json!({"type": "view_closed", "team": {"id": TEAM}, "user": 7}), "view_closed"),
        (with("/user", json!(null)), "press without a person"),
        (with("/container/type", json!("view")), "press outside a message"),
        (with("/container", json!(null)), "press outside a message"),
        (with("/actions", json!([])), "press of several controls"),
        (with("/actions/0/type", json!("static_select")), "press of another control"),
        (with("/actions/0/value", json!(null)), "press of another control"),
        (with("/actions/0/value", json!("")), "press of another control"),
    ];
    for (payload, what) in cases {
        assert_eq!(press(&payload), Ok(Inbound::Unsupported { what: what.to_owned() }));
    }
    let mut nowhere = with("/channel", json!(null));
    nowhere["container"]["channel_id"] = json!(null);
    let unsupported = Inbound::Unsupported { what: "press outside a channel".to_owned() };
    assert_eq!(press(&nowhere), Ok(unsupported));
}

#[test]
fn doubtful_commands_are_refused() {
    for (from, to) in [
        ("user_id=U01ANA", "user_id=U01ANA&user_id=U02LEE"),
        ("user_id=U01ANA", "user_id=u01ana"),
        ("user_id=U01ANA", "user_id="),
        ("user_id=U01ANA", "user_id=U01%20ANA"),
        ("user_id=U01ANA", "user=U01ANA"),
        ("channel_id=C01INC", "channel_id=C01%2FINC"),
        ("command=%2Frollback", "command=rollback"),
        ("command=%2Frollback", "command=%2F"),
        ("command=%2Frollback", "command=%2Froll%0Aback"),
        ("text=web+v41", "text=web%00v41"),
        ("text=web+v41", "text=web%FFv41"),
        ("text=web+v41", "text=web&text=api"),
    ] {
        let body = COMMAND.replace(from, to);
        assert_ne!(body, COMMAND, "{to} changes nothing");
        assert!(command_form(TEAM, body.as_bytes()).is_err(), "{to}");
    }
    assert!(command_form(TEAM, b"").is_err());
}

#[test]
fn doubtful_interactions_are_refused() {
    let good = press_payload().to_string();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let user = "\"user\":{\"id\":\"U01ANA\"";
    for payload in [
        good.replace(user, "\"user\":{\"id\":\"U02LEE\",\"id\":\"U01ANA\""),
        good.replace("\"type\":\"block_actions\"", "\"type\":\"block_actions\",\"type\":\"x\""),
        good.replace("\"enterprise\":null", &format!("\"enterprise\":{deep}")),
        good.replace("0123456789abcdef", "0123\\u0000456789abcdef"),
        good.replace("U01ANA", "U01\\u0041NA "),
        good.replace("\"is_ephemeral\":true", "\"is_ephemeral\":1e999999"),
        format!("{good} trailing"),
        good[..good.len() - 1].to_owned(),
        deep,
        String::new(),
    ] {
        assert_ne!(payload, good, "a case changes nothing");
        assert!(interaction(TEAM, &payload).is_err(), "{}", payload.get(..200).unwrap_or_default());
    }
    let mut twice = form_of(&good);
    twice.extend(b"&");
    twice.extend(form_of(&good));
    assert!(interaction_form(TEAM, &twice).is_err());
    assert!(interaction_form(TEAM, COMMAND.as_bytes()).is_err());
}

#[test]
fn a_request_without_trigger_id_is_known_by_what_it_says() {
    let key = |body: &str| match command_form(TEAM, body.as_bytes()) {
        Ok(Inbound::Command { key, .. }) => key,
        other => panic!("{other:?}"),
    };
    let body = COMMAND.split("&trigger_id").next().unwrap();
    assert!(key(body).as_str().starts_with("slack:cmd:sha256-"));
    assert_eq!(key(body), key(&format!("{body}&trigger_id=")));
    assert_ne!(key(body), key(&body.replace("%2F1%2Fx", "%2F2%2Fx")));
    let odd = format!("{body}&trigger_id={}", "%20".repeat(10));
    assert_eq!(key(body), key(&odd), "a trigger id that cannot be one is not used");
}

#[test]
fn the_three_escapes_of_slack_are_undone_once() {
    let body = COMMAND.replace("web+v41", "+a+%26lt%3Bb%26gt%3B+%26amp%3Blt%3B+");
    let Ok(Inbound::Command { said, .. }) = command_form(TEAM, body.as_bytes()) else {
        panic!("no command")
    };
    assert_eq!(said.to_string(), "a <b> &lt;");
}

#[test]
fn only_a_number_after_a_colon_is_a_counter() {
    for (action, name) in [("confirm", "confirm"), ("confirm:12", "confirm"), ("a:b", "a:b")] {
        assert_eq!(without_counter(action), name);
    }
}

/// Bytes that mean something to one of the parsers.
const ODD_BYTES: &[u8] = b"%&=+\"\\{}[]\0\xff:,0";

/// A small generator with a fixed seed: the same bodies each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn mutate(&mut self, body: &mut Vec<u8>) {
        for _ in 0..=self.roll(4) {
            let at = self.roll(body.len());
            match self.roll(4) {
                0 => body[at] ^= 1 << self.roll(8),
                1 => drop(body.remove(at)),
                2 => body.insert(at, ODD_BYTES[self.roll(ODD_BYTES.len())]),
                _ => {
                    let tail = body.split_off(at);
                    body.extend_from_slice(&tail[tail.len() / 2..]);
                    body.extend_from_slice(&tail);
                }
            }
            if body.is_empty() {
                body.push(b'=');
            }
        }
    }
}

#[test]
fn twenty_thousand_broken_bodies_never_panic_nor_change_the_tenant() {
    let mut dice = Dice(0x5eed);
    let payload = press_payload().to_string();
    let (mut read, mut refused) = (0, 0);
    for round in 0..20_000 {
        let result = if round % 2 == 0 {
            let mut body = COMMAND.as_bytes().to_vec();
            dice.mutate(&mut body);
            command_form(TEAM, &body)
        } else {
            let mut payload = payload.clone().into_bytes();
            dice.mutate(&mut payload);
            String::from_utf8(payload)
                .map_err(|_| Malformed("not text"))
                .and_then(|payload| interaction(TEAM, &payload))
        };
        match result {
            Ok(
                Inbound::Command { channel, person, .. }
                | Inbound::Press { channel, person, .. }
                | Inbound::Form { channel, person, .. },
            ) => {
                assert_eq!(channel.tenant, TEAM);
                assert!(person.to_string().parse::<Person>().is_ok(), "round {round}");
                read += 1;
            }
            Ok(Inbound::Probe | Inbound::ForeignTenant { .. } | Inbound::Unsupported { .. }) => {}
            Err(_) => refused += 1,
        }
    }
    assert!(read > 1000 && refused > 1000, "{read} read, {refused} refused: no real mixture");
}
