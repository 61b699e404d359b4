//! Addresses for answers: each knows its person, its channel and the message it came with; five uses within thirty minutes.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use super::SlackModel;
use super::methods::content;
use super::store::{Author, Content, Place};
use crate::domain::time::{Span, Timestamp};

/// How often and how long an address can be used.
const MOST_USES: u32 = 5;
const LIFE: Span = Span::minutes(30);

/// An address that was given out.
#[derive(Clone, Debug)]
pub(super) struct Minted {
    user: String,
    channel: String,
    /// The message whose button was pressed.
    source: Option<String>,
    at: Timestamp,
    uses: u32,
}

/// Gives an address out.
pub(super) fn mint(model: &SlackModel, user: &str, channel: &str, source: Option<&str>) -> String {
    let at = model.now();
    let mut state = model.state();
    let id = format!("{}/{}/{}", model.seed().team.id, at.0, state.store.next_id());
    let minted = Minted {
        user: user.to_owned(),
        channel: channel.to_owned(),
        source: source.map(str::to_owned),
        at,
        uses: 0,
    };
    state.answers.insert(id.clone(), minted);
    format!("{}/response/{id}", model.base)
}

/// Takes what is sent to an address. One that we never gave out is taken as well, and kept for whoever asks.
pub(super) fn take(model: &SlackModel, id: &str, arguments: Map<String, Value>) -> StatusCode {
    let now = model.now();
    let minted = {
        let mut state = model.state();
        let Some(minted) = state.answers.get_mut(id) else {
            state.responses.push(Value::Object(arguments));
            return StatusCode::OK;
        };
        minted.uses += 1;
        minted.clone()
    };
    if minted.uses > MOST_USES || now.since(minted.at) > LIFE {
        return StatusCode::NOT_FOUND;
    }
    let is_set = |name: &str| arguments.get(name).is_some_and(|value| value == &Value::Bool(true));
    if let (true, Some(source)) = (is_set("delete_original"), &minted.source) {
        model.state().store.delete(&minted.channel, source);
        model.ledger.touch();
        return StatusCode::OK;
    }
    let Ok(content) = content(&arguments) else { return StatusCode::BAD_REQUEST };
    say(model, &minted, &arguments, content, is_set("replace_original"));
    StatusCode::OK
}

fn say(
    model: &SlackModel,
    minted: &Minted,
    arguments: &Map<String, Value>,
    content: Content,
    replaces: bool,
) {
    if let (true, Some(source)) = (replaces, &minted.source) {
        model.state().store.edit(model.now(), &minted.channel, source, content);
        model.ledger.touch();
        return;
    }
    let thread_ts = arguments.get("thread_ts").and_then(Value::as_str);
    let is_open = arguments.get("response_type").is_some_and(|kind| kind == "in_channel");
    let only_for = (!is_open).then_some(minted.user.as_str());
    let place = Place { channel: &minted.channel, thread_ts, only_for };
    model.add(Author::App(&model.seed().bot.user_id), place, content);
}
