//! The inbound wire format: what Discord sends, what others might, and what nobody should.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::adapters::discord::stage::{self, ANA, APPLICATION, CHANNEL, GUILD, TOKEN, home};

const BUTTON_TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn read(payload: &Value) -> Result<Heard, Malformed> {
    interaction(&home(), payload.to_string().as_bytes())
}

fn inbound(payload: &Value) -> Inbound {
    match read(payload) {
        Ok(Heard::Interaction(interaction)) => match interaction.what {
            What::Inbound(inbound) => inbound,
            What::Typing(_) => panic!("only typing"),
        },
        other => panic!("no interaction: {other:?}"),
    }
}

fn typing(payload: &Value) -> Option<Completing> {
    match read(payload) {
        Ok(Heard::Interaction(interaction)) => match interaction.what {
            What::Typing(completing) => completing,
            What::Inbound(inbound) => panic!("no typing: {inbound:?}"),
        },
        other => panic!("no interaction: {other:?}"),
    }
}

fn what(payload: &Value) -> String {
    match inbound(payload) {
        Inbound::Unsupported { what } => what,
        other => panic!("supported: {other:?}"),
    }
}

fn ana() -> Person {
    format!("discord:{GUILD}/{ANA}").parse().unwrap()
}

fn incidents() -> Channel {
    let (tenant, id) = (GUILD.to_owned(), CHANNEL.to_owned());
    Channel { platform: Platform::Discord, tenant, id }
}

fn webhook() -> Option<String> {
    Some(format!("https://discord.com/api/v10/webhooks/{APPLICATION}/{TOKEN}"))
}

#[test]
fn a_typed_command_is_read() {
    let expected = Inbound::Command {
        key: "discord:cmd:9001".into(),
        person: ana(),
        channel: incidents(),
        command: "/rollback".to_owned(),
        said: Said::Options {
            subcommand: None,
            options: vec![
                ("service".to_owned(), "web".to_owned()),
                ("reason".to_owned(), "checkout *broken*".to_owned()),
            ],
        },
        response_url: webhook(),
    };
    let heard = Interaction {
        what: What::Inbound(expected),
        id: "9001".to_owned(),
        token: TOKEN.to_owned(),
    };
    assert_eq!(read(&stage::command("web")), Ok(Heard::Interaction(Box::new(heard))));
}

#[test]
fn a_subcommand_is_read_with_its_options() {
    let mut payload = stage::command("web");
    payload["data"] = json!({"id": "1", "name": "incident", "type": 1, "options": [
        {"name": "note", "type": 1, "options": [
            {"name": "text", "type": 3, "value": "x"}, {"name": "n", "type": 4, "value": 7},
            {"name": "b", "type": 5, "value": true}]}]});
    let Inbound::Command { command, said, .. } = inbound(&payload) else { panic!("no command") };
    let options = [("text", "x"), ("n", "7"), ("b", "true")];
    let options = options.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let expected = Said::Options { subcommand: Some("note".to_owned()), options };
    assert_eq!((command.as_str(), said), ("/incident", expected));
    payload["data"]["options"] = json!([{"name": "whoami", "type": 1}]);
    let Inbound::Command { said, .. } = inbound(&payload) else { panic!("no command") };
    let expected = Said::Options { subcommand: Some("whoami".to_owned()), options: Vec::new() };
    assert_eq!(said, expected);
}

#[test]
fn a_press_is_read_whatever_else_the_payload_holds() {
    let mut payload = stage::press(&format!("confirm:{BUTTON_TOKEN}"));
    payload["message"]["embeds"] = json!([{"type": "of_next_year", "color": "red"}]);
    payload["message"]["components"] = json!([{"type": 17, "components": 4}]);
    payload["entitlements"] = json!("odd");
    let expected = Inbound::Press {
        key: "discord:press:9002".into(),
        person: ana(),
        channel: incidents(),
        token: BUTTON_TOKEN.to_owned(),
        action: "confirm".to_owned(),
        response_url: webhook(),
        trigger: None,
        message: PressedMessage { id: Some("6001".to_owned()), ephemeral: true },
    };
    assert_eq!(inbound(&payload), expected);
}

#[test]
fn a_thread_counts_as_its_channel() {
    for kind in [10, 11, 12] {
        let mut payload = stage::press(&format!("confirm:{BUTTON_TOKEN}"));
        payload["channel_id"] = json!("6001");
        payload["channel"] = json!({"id": "6001", "type": kind, "parent_id": CHANNEL});
        let Inbound::Press { channel, .. } = inbound(&payload) else { panic!("no press") };
        assert_eq!(channel, incidents(), "{kind}");
    }
    // An ordinary channel's parent is a category.
    let mut payload = stage::command("web");
    payload["channel"] = json!(null);
    let Inbound::Command { channel, .. } = inbound(&payload) else { panic!("no command") };
    assert_eq!(channel, incidents());
}

#[test]
fn another_guild_or_application_and_direct_messages_are_a_foreign_tenant() {
    let with = |member: &str, value: Value| {
        let mut payload = stage::command("web");
        payload[member] = value;
        inbound(&payload)
    };
    let foreign =
        |tenant: Option<&str>| Inbound::ForeignTenant { tenant: tenant.map(str::to_owned) };
    assert_eq!(with("guild_id", json!("78")), foreign(Some("78")));
    assert_eq!(with("guild_id", json!(null)), foreign(None));
    assert_eq!(with("application_id", json!("1101")), foreign(None));
}

#[test]
fn bots_and_systems_are_not_people() {
    for member in ["bot", "system"] {
        for mut payload in [stage::command("web"), stage::press(&format!("confirm:{BUTTON_TOKEN}"))]
        {
            payload["member"]["user"][member] = json!(true);
            assert_eq!(what(&payload), "interaction of a bot: only people may");
        }
    }
    let mut payload = stage::command("web");
    payload["user"] = payload["member"]["user"].clone();
    payload["member"] = json!(null);
    assert_eq!(what(&payload), "interaction without a member");
}

#[test]
fn other_interactions_and_controls_are_unsupported() {
    let button = |custom_id: &str| what(&stage::press(custom_id));
    for custom_id in ["", "confirm", ":", "confirm:", ":token"] {
        assert_eq!(button(custom_id), "press of another control", "{custom_id:?}");
    }
    let with = |pointer: &str, value: Value| {
        let mut payload = stage::press(&format!("confirm:{BUTTON_TOKEN}"));
        *payload.pointer_mut(pointer).unwrap() = value;
        what(&payload)
    };
    assert_eq!(with("/data/component_type", json!(3)), "press of another control");
    assert_eq!(with("/message", json!(null)), "press outside a message");
    assert_eq!(with("/type", json!(9)), "interaction of type 9");
    let mut menu = stage::command("web");
    menu["data"]["type"] = json!(3);
    assert_eq!(what(&menu), "command of a menu");
    menu["data"] = json!({"name": "x", "options": [{"name": "a", "type": 3, "value": ["x"]}]});
    assert_eq!(what(&menu), "command with options of another version");
}

#[test]
fn a_filled_form_is_read_in_rows_and_in_labels() {
    let expected = Inbound::Form {
        key: "discord:form:9003".into(),
        person: ana(),
        channel: incidents(),
        token: BUTTON_TOKEN.to_owned(),
        values: BTreeMap::from([("reason".to_owned(), "it *burns*".to_owned())]),
        response_url: webhook(),
    };
    let mut payload = stage::submission(&format!("form:{BUTTON_TOKEN}"), "it *burns*");
    assert_eq!(inbound(&payload), expected);
    let input = payload["data"]["components"][0]["components"][0].clone();
    payload["data"]["components"] = json!([{"type": 18, "component": input}]);
    assert_eq!(inbound(&payload), expected);
    payload["data"]["components"] = json!([{"type": 1, "components": [input, input]}]);
    assert!(read(&payload).is_err(), "a field twice");
    for custom_id in ["form", "form:", "other:1", ""] {
        assert_eq!(what(&stage::submission(custom_id, "x")), "another form", "{custom_id}");
    }
    payload["member"]["user"]["bot"] = json!(true);
    payload["data"]["components"] = json!([]);
    assert_eq!(what(&payload), "interaction of a bot: only people may");
}

#[test]
fn a_command_that_is_being_typed_is_read() {
    let expected = Completing {
        person: ana(),
        channel: incidents(),
        command: "rollback".to_owned(),
        subcommand: None,
        option: "to".to_owned(),
        typed: "v4".to_owned(),
        others: vec![("service".to_owned(), "web".to_owned())],
    };
    assert_eq!(typing(&stage::typing("v4")), Some(expected.clone()));
    let mut nested = stage::typing("v4");
    let options = nested["data"]["options"].clone();
    nested["data"]["options"] = json!([{"name": "open", "type": 1, "options": options}]);
    let below = Completing { subcommand: Some("open".to_owned()), ..expected };
    assert_eq!(typing(&nested), Some(below));
    let mut foreign = stage::typing("v4");
    foreign["guild_id"] = json!("78");
    assert_eq!(typing(&foreign), None);
    let mut nothing = stage::typing("v4");
    nothing["data"]["options"] = json!([]);
    assert_eq!(typing(&nothing), None);
    let mut bot = stage::typing("v4");
    bot["member"]["user"]["bot"] = json!(true);
    assert_eq!(typing(&bot), None);
}

#[test]
fn a_ping_needs_no_tenant() {
    let ping = json!({"id": "1", "application_id": "9", "type": 1, "version": 1, "token": TOKEN});
    assert_eq!(read(&ping), Ok(Heard::Ping));
}

#[test]
fn doubtful_requests_are_refused() {
    let with = |pointer: &str, value: Value| {
        let mut payload = stage::command("web");
        *payload.pointer_mut(pointer).unwrap() = value;
        payload.to_string()
    };
    let twice = stage::command("web").to_string().replacen('{', r#"{"type":3,"#, 1);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        with("/id", json!("9001x")),
        with("/id", json!("")),
        with("/id", json!(9001)),
        with("/id", json!("1".repeat(21))),
        with("/member/user/id", json!("88/../1")),
        with("/channel_id", json!("a")),
        with("/guild_id", json!("77\u{0}")),
        with("/token", json!("a/b")),
        with("/token", json!("")),
        with("/token", json!(null)),
        with("/data/name", json!("roll\u{0}back")),
        with("/data", json!(null)),
        with("/data/options", json!("x")),
        with("/type", json!("2")),
        with("/type", json!(-1)),
        twice,
        deep,
        "{}".to_owned(),
        String::new(),
        "null".to_owned(),
    ] {
        let shown: String = body.chars().take(200).collect();
        assert!(interaction(&home(), body.as_bytes()).is_err(), "{shown}");
    }
    assert!(interaction(&home(), b"{\"type\":1,\"id\":\"\xff\"}").is_err());
    let mut nul = stage::command("a\u{0}b");
    assert_eq!(what(&nul), "command with options of another version");
    nul["data"]["options"] = json!([{"name": "service\u{0}", "type": 3, "value": "x"}]);
    assert!(read(&nul).is_err());
}

#[test]
fn truncated_bodies_never_pass_and_never_panic() {
    let body = stage::press(&format!("confirm:{BUTTON_TOKEN}")).to_string();
    for end in 0..body.len() {
        assert!(interaction(&home(), &body.as_bytes()[..end]).is_err(), "{end}");
    }
}
