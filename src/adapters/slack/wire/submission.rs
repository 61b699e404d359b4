//! A form that was sent: Slack's `view_submission`. What the form belongs to comes back in the view's own memory, which
//! only our calls can write; whether its button still stands for anything is asked of the journal all the same.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Clean, Id, Malformed, User, channel, delivery_key, person, some_text};
use crate::adapters::slack::forms::{CALLBACK, Memory};
use crate::chat::inbound::Inbound;

#[derive(Debug, Deserialize)]
struct Submission {
    user: Option<User>,
    view: Option<View>,
    trigger_id: Option<Clean>,
}

#[derive(Debug, Deserialize)]
struct View {
    id: Option<Clean>,
    #[serde(rename = "type")]
    kind: Clean,
    callback_id: Option<Clean>,
    private_metadata: Option<Clean>,
    #[serde(default)]
    state: State,
}

#[derive(Debug, Default, Deserialize)]
struct State {
    /// Block → action → what was filled in.
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, Filled>>,
}

#[derive(Debug, Deserialize)]
struct Filled {
    #[serde(rename = "type")]
    kind: Clean,
    value: Option<Clean>,
}

/// A submission of one of our forms; anything else is a view of somebody else, or of another version of us.
pub(super) fn read(team: &str, payload: &str) -> Result<Inbound, Malformed> {
    let unsupported = |what: &str| Ok(Inbound::Unsupported { what: what.to_owned() });
    let sent: Submission =
        serde_json::from_str(payload).map_err(|_| Malformed("not a submission"))?;
    let Some(user) = sent.user else { return unsupported("form without a person") };
    let Some(view) = sent.view.filter(|view| view.kind.0 == "modal") else {
        return unsupported("form outside a modal");
    };
    if some_text(view.callback_id).as_deref() != Some(CALLBACK) {
        return unsupported("another form");
    }
    let memory = some_text(view.private_metadata);
    let Some(memory) = memory.and_then(|text| serde_json::from_str::<Memory>(&text).ok()) else {
        return unsupported("form without its button");
    };
    let place = Id::try_from(memory.channel).map_err(|_| Malformed("a form has no channel"))?;
    let values = values(view.state);
    let view_id = some_text(view.id).unwrap_or_default();
    let mut parts = vec![place.0.as_str(), &user.id.0, &memory.token, &view_id];
    parts.extend(values.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    Ok(Inbound::Form {
        key: delivery_key("form", sent.trigger_id, &parts),
        person: person(user.team_id.as_ref().map_or(team, |home| &home.0), user.id),
        channel: channel(team, place),
        token: memory.token,
        values,
        response_url: memory.response_url,
    })
}

/// Each of our fields is a block of its own, with an input of the same name.
fn values(state: State) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for (block, mut inputs) in state.values {
        let Some(filled) = inputs.remove(&block) else { continue };
        if filled.kind.0 == "plain_text_input" {
            values.insert(block, some_text(filled.value).unwrap_or_default());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::interaction;
    use super::*;

    const TEAM: &str = "T01DEMO";

    fn sent() -> Value {
        let memory = json!({"token": "0123", "channel": "C01INC", "response_url": "https://hooks.slack.com/x"});
        json!({
            "type": "view_submission", "team": {"id": TEAM, "domain": "demo"},
            "user": {"id": "U01ANA", "name": "ana", "team_id": TEAM}, "trigger_id": "1.2.z",
            "api_app_id": "A1", "token": "t", "response_urls": [], "is_enterprise_install": false,
            "view": {
                "id": "V1", "type": "modal", "callback_id": "form", "hash": "1.a",
                "private_metadata": memory.to_string(), "blocks": [{"type": "of_next_year"}],
                "state": {"values": {"reason": {"reason": {"type": "plain_text_input", "value": "why"}}}},
            },
        })
    }

    fn read(payload: &Value) -> Result<Inbound, Malformed> {
        interaction(TEAM, &payload.to_string())
    }

    fn with(path: &str, value: Value) -> Value {
        let mut payload = sent();
        *payload.pointer_mut(path).unwrap() = value;
        payload
    }

    #[test]
    fn a_form_that_was_sent_is_read_with_its_button_channel_and_values() {
        let expected = Inbound::Form {
            key: "slack:form:1.2.z".into(),
            person: "slack:T01DEMO/U01ANA".parse().unwrap(),
            channel: channel(TEAM, Id("C01INC".to_owned())),
            token: "0123".to_owned(),
            values: [("reason".to_owned(), "why".to_owned())].into(),
            response_url: Some("https://hooks.slack.com/x".to_owned()),
        };
        assert_eq!(read(&sent()), Ok(expected));
    }

    #[test]
    fn a_field_that_was_left_empty_is_there_and_empty() {
        let empty = with("/view/state/values/reason/reason/value", json!(null));
        let Ok(Inbound::Form { values, .. }) = read(&empty) else { panic!("no form") };
        assert_eq!(values["reason"], "");
    }

    #[test]
    fn a_repeat_has_the_same_key_and_another_submission_has_not() {
        let key = |payload: &Value| match read(payload) {
            Ok(Inbound::Form { key, .. }) => key,
            other => panic!("no form: {other:?}"),
        };
        assert_eq!(key(&sent()), key(&sent()));
        assert_ne!(key(&sent()), key(&with("/trigger_id", json!("1.3.z"))));
        let (bare, text) = (json!(null), "/view/state/values/reason/reason/value");
        let mut other = with(text, json!("another"));
        other["trigger_id"] = bare.clone();
        assert_ne!(key(&with("/trigger_id", bare)), key(&other));
    }

    #[test]
    fn forms_of_others_are_unsupported_and_broken_ones_are_refused() {
        for (payload, what) in [
            (with("/user", json!(null)), "form without a person"),
            (with("/view", json!(null)), "form outside a modal"),
            (with("/view/type", json!("home")), "form outside a modal"),
            (with("/view/callback_id", json!("deploy")), "another form"),
            (with("/view/callback_id", json!(null)), "another form"),
            (with("/view/private_metadata", json!("")), "form without its button"),
            (with("/view/private_metadata", json!("{}")), "form without its button"),
        ] {
            assert_eq!(read(&payload), Ok(Inbound::Unsupported { what: what.to_owned() }));
        }
        let lower = json!({"token": "0123", "channel": "c01inc", "response_url": null}).to_string();
        assert!(read(&with("/view/private_metadata", json!(lower))).is_err());
        assert!(read(&with("/user/id", json!("u01ana"))).is_err());
        assert!(read(&with("/view/state/values/reason/reason/value", json!("a\0b"))).is_err());
        let foreign = Inbound::ForeignTenant { tenant: Some("T02OTHER".to_owned()) };
        assert_eq!(read(&with("/team/id", json!("T02OTHER"))), Ok(foreign));
    }
}
