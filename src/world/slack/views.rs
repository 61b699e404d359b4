//! Modals: opened by the trigger of a press or a command while it is fresh, filled in by its person, sent to the bot.
//!
//! A trigger is good once and for three seconds. A person has one modal before them; what the bot answers to a submission
//! decides whether it stays open.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use super::blocks::{BlocksError, view};
use super::deliver::Delivered;
use super::{SlackModel, State};
use crate::domain::time::{Span, Timestamp};

/// How long a trigger is good for.
const FRESH: Span = Span::seconds(3);

/// What a press or a command may be exchanged for a modal with.
pub(super) struct Trigger {
    user: String,
    at: Timestamp,
    was_used: bool,
}

/// A modal that a person has before them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Modal {
    /// Slack's id of it.
    pub id: String,
    /// What the app sent, with the ids that Slack fills in.
    pub view: Value,
    /// What is wrong with an answer, by its block.
    pub errors: BTreeMap<String, String>,
    /// Why the last submission did not arrive.
    pub trouble: Option<String>,
}

/// `views.open`.
pub(super) fn open(
    model: &SlackModel,
    arguments: &Map<String, Value>,
) -> Result<Value, &'static str> {
    let id = arguments.get("trigger_id").and_then(Value::as_str).ok_or("invalid_arguments")?;
    let view = match arguments.get("view") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(view) => view.clone(),
        None => return Err("invalid_arguments"),
    };
    if let Err(BlocksError::Invalid(reasons)) = view::check(&view) {
        tracing::warn!(?reasons, "a view was refused");
        return Err("invalid_arguments");
    }
    let now = model.now();
    let mut state = model.state();
    let user = exchange(&mut state, id, now)?;
    let number = state.store.next_id();
    let view_id = format!("V{number:010}");
    let mut view = view;
    state.store.name_blocks_of(&mut view);
    let shown = shown(model, &view_id, &view);
    let modal = Modal { id: view_id, view, errors: BTreeMap::new(), trouble: None };
    state.modals.insert(user, modal);
    Ok(json!({"view": shown}))
}

/// Whose trigger it is; it is used up by that.
fn exchange(state: &mut State, id: &str, now: Timestamp) -> Result<String, &'static str> {
    let trigger = state.triggers.get_mut(id).ok_or("invalid_trigger_id")?;
    if trigger.was_used {
        return Err("exchanged_trigger_id");
    }
    if now.since(trigger.at) >= FRESH {
        return Err("expired_trigger_id");
    }
    trigger.was_used = true;
    Ok(trigger.user.clone())
}

/// A view as Slack's answers and deliveries show it.
fn shown(model: &SlackModel, id: &str, view: &Value) -> Value {
    let seed = model.seed();
    let mut shown = view.clone();
    let added = json!({
        "id": id, "team_id": seed.team.id, "app_id": seed.app_id, "bot_id": seed.bot.bot_id,
        "hash": format!("{id}.1"), "root_view_id": id, "external_id": "",
        "clear_on_close": false, "notify_on_close": false, "state": {"values": {}},
    });
    for (name, value) in added.as_object().into_iter().flatten() {
        if shown.get(name).is_none() {
            shown[name] = value.clone();
        }
    }
    shown
}

impl SlackModel {
    /// The modal that a person has before them.
    pub fn modal(&self, user: &str) -> Option<Modal> {
        self.state().modals.get(user).cloned()
    }

    /// All of them, by their people.
    pub fn modals(&self) -> BTreeMap<String, Modal> {
        self.state().modals.clone()
    }

    /// A person closes the modal without sending it.
    pub fn close_form(&self, user: &str) {
        self.state().modals.remove(user);
        self.ledger.touch();
    }

    /// A person fills the modal in, block by block, and sends it.
    ///
    /// # Errors
    /// When Slack itself would not send it.
    pub async fn submit_form(
        &self,
        user: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let modal = self.modal(user).ok_or("no form is open")?;
        let filled = filled(&modal.view, values)?;
        let mut view = shown(self, &modal.id, &modal.view);
        view["state"]["values"] = filled;
        let payload = self.submission(user, view);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("payload", &payload.to_string())
            .finish();
        let delivered = self.carry("/slack/interactions", "interactive", form, payload).await;
        self.take_submission(user, modal, &delivered);
        self.ledger.touch();
        Ok(())
    }

    fn submission(&self, user: &str, view: Value) -> Value {
        let seed = self.seed();
        let name = seed.users.iter().find(|one| one.id == user).map_or("", |one| &one.name);
        json!({
            "type": "view_submission",
            "team": {"id": seed.team.id, "domain": seed.team.domain},
            "user": {"id": user, "username": name, "name": name, "team_id": seed.team.id},
            "api_app_id": seed.app_id,
            "token": "deprecated",
            "trigger_id": self.trigger_id(user),
            "view": view,
            "response_urls": [],
            "is_enterprise_install": false,
            "enterprise": null,
        })
    }

    /// What becomes of the modal.
    fn take_submission(&self, user: &str, modal: Modal, delivered: &Delivered) {
        let stays = match delivered {
            Delivered::Answered(Value::Null) => None,
            Delivered::Answered(body) if body["response_action"] == "errors" => {
                Some(Modal { errors: self.errors(&modal.view, body), trouble: None, ..modal })
            }
            Delivered::Answered(body) => {
                let what = format!("an answer to a form that slack does not take: {body}");
                self.state().unknown_calls.push(what);
                Some(Modal { trouble: Some(TROUBLE.to_owned()), ..modal })
            }
            Delivered::Failed(_) => Some(Modal { trouble: Some(TROUBLE.to_owned()), ..modal }),
        };
        let mut state = self.state();
        match stays {
            Some(modal) => state.modals.insert(user.to_owned(), modal),
            None => state.modals.remove(user),
        };
    }

    /// What the bot finds wrong. Slack does not know an error beside a block that is not there.
    fn errors(&self, view: &Value, body: &Value) -> BTreeMap<String, String> {
        let names: Vec<&Value> = blocks(view).map(|block| &block["block_id"]).collect();
        let mut errors = BTreeMap::new();
        for (name, text) in body["errors"].as_object().into_iter().flatten() {
            match text.as_str().filter(|_| names.iter().any(|known| *known == name)) {
                Some(text) => {
                    errors.insert(name.clone(), text.to_owned());
                }
                None => self.state().unknown_calls.push(format!("an error beside {name:?}")),
            }
        }
        errors
    }

    /// What one interaction can be exchanged for a modal with.
    pub(super) fn trigger_id(&self, user: &str) -> String {
        let at = self.now();
        let mut state = self.state();
        let number = state.store.next_id();
        let id = format!("{}.{}.{number:032x}", at.0, self.seed().team.id.len());
        let trigger = Trigger { user: user.to_owned(), at, was_used: false };
        state.triggers.insert(id.clone(), trigger);
        id
    }
}

const TROUBLE: &str = "We had some trouble connecting. Try again?";

fn blocks(view: &Value) -> impl Iterator<Item = &Value> {
    view["blocks"].as_array().into_iter().flatten()
}

/// The state of a view's inputs; Slack itself asks for what is missing, too short or too long.
fn filled(view: &Value, values: &BTreeMap<String, String>) -> Result<Value, String> {
    let mut filled = Map::new();
    for block in blocks(view).filter(|block| block["type"] == "input") {
        let (block_id, element) =
            (block["block_id"].as_str().unwrap_or_default(), &block["element"]);
        let text = values.get(block_id).map_or("", String::as_str);
        let length = text.chars().count() as u64;
        if length == 0 && block["optional"] != true {
            return Err("Please complete this required field.".to_owned());
        }
        if element["min_length"].as_u64().is_some_and(|least| length < least) {
            return Err(format!("Must be at least {} characters.", element["min_length"]));
        }
        if element["max_length"].as_u64().is_some_and(|most| length > most) {
            return Err(format!("Must be at most {} characters.", element["max_length"]));
        }
        let value = if text.is_empty() { Value::Null } else { text.into() };
        let action_id = element["action_id"].as_str().unwrap_or_default();
        filled.insert(
            block_id.to_owned(),
            json!({action_id: {"type": "plain_text_input", "value": value}}),
        );
    }
    Ok(Value::Object(filled))
}
