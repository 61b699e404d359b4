//! What a message says, checked as Discord checks it: lengths, counts, names that must be unique.
//!
//! Components are rows of buttons; whatever else Discord has is not modelled, and is refused loudly.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::embed;
use super::mentions::Allowed;
use super::refusal::{Mistake, Refusal};

/// For one person alone.
pub(super) const EPHEMERAL: u64 = 1 << 6;
/// An answer that is still to come.
pub(super) const LOADING: u64 = 1 << 7;
/// A thread was begun from it.
pub(super) const HAS_THREAD: u64 = 1 << 5;

const SUPPRESS_EMBEDS: u64 = 1 << 2;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

const LONGEST_TEXT: usize = 2_000;
const LONGEST_NONCE: usize = 25;
const MOST_ROWS: usize = 5;
const MOST_BUTTONS: usize = 5;
const LINK: u64 = 5;

/// What a message shall say; what is not named is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    pub(super) content: Option<String>,
    pub(super) embeds: Option<Vec<Value>>,
    pub(super) components: Option<Vec<Value>>,
    pub(super) flags: u64,
    pub(super) allowed: Allowed,
    pub(super) nonce: Option<Value>,
    pub(super) enforce_nonce: bool,
}

impl Said {
    /// Only a text.
    pub(super) fn text(text: String) -> Self {
        Self { content: Some(text), ..Self::default() }
    }

    /// Whether there is nothing to see.
    pub(super) fn is_empty(&self) -> bool {
        let is_blank = |list: &Option<Vec<Value>>| list.as_ref().is_none_or(Vec::is_empty);
        self.content.as_deref().is_none_or(str::is_empty)
            && is_blank(&self.embeds)
            && is_blank(&self.components)
    }
}

/// What the form is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new message of the bot.
    Post,
    /// A change of a message.
    Edit,
    /// An answer to an interaction, or a follow-up.
    Answer,
}

impl Purpose {
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::Post => &["tts", "nonce", "enforce_nonce", "sticker_ids"],
            Self::Edit => &[],
            Self::Answer => &["tts"],
        }
    }
}

const MEMBERS: [&str; 6] =
    ["content", "embeds", "components", "flags", "allowed_mentions", "attachments"];

/// Reads a form.
///
/// # Errors
/// When Discord would refuse it, or when it has members that this model does not know.
pub(super) fn read(form: &Map<String, Value>, purpose: Purpose) -> Result<Said, Refusal> {
    for (name, value) in form {
        let is_known =
            MEMBERS.contains(&name.as_str()) || purpose.members().contains(&name.as_str());
        // These are known to be sent empty; there are no files and no stickers here.
        let is_empty = !matches!(name.as_str(), "attachments" | "sticker_ids")
            || value.is_null()
            || value.as_array().is_some_and(Vec::is_empty);
        if !is_known || !is_empty {
            return Err(Refusal::unmodelled(format!("the member {name} of a message")));
        }
    }
    let mut mistakes = Vec::new();
    let said = Said {
        content: text(form, &mut mistakes),
        embeds: form.get("embeds").map(|all| embed::read(all, &mut mistakes)),
        components: match form.get("components") {
            Some(rows) => Some(components(rows, &mut mistakes)?),
            None => None,
        },
        flags: flags(form, purpose, &mut mistakes),
        allowed: match form.get("allowed_mentions") {
            Some(value) => Allowed::read(value, &mut mistakes),
            None => Allowed::default(),
        },
        nonce: nonce(form, &mut mistakes),
        enforce_nonce: form.get("enforce_nonce") == Some(&Value::Bool(true)),
    };
    if mistakes.is_empty() { Ok(said) } else { Err(Refusal::form(mistakes)) }
}

fn text(form: &Map<String, Value>, mistakes: &mut Vec<Mistake>) -> Option<String> {
    match form.get("content")? {
        Value::Null => Some(String::new()),
        Value::String(text) => {
            at_most(text, LONGEST_TEXT, "content", mistakes);
            Some(text.trim().to_owned())
        }
        _ => {
            mistakes.push(Mistake::new(
                "content",
                "STRING_TYPE_CONVERT",
                "Could not interpret as string.",
            ));
            None
        }
    }
}

fn flags(form: &Map<String, Value>, purpose: Purpose, mistakes: &mut Vec<Mistake>) -> u64 {
    let flags = form.get("flags").and_then(Value::as_u64).unwrap_or(0);
    let known = SUPPRESS_EMBEDS
        | SUPPRESS_NOTIFICATIONS
        | if purpose == Purpose::Answer { EPHEMERAL } else { 0 };
    if flags & !known != 0 {
        mistakes.push(Mistake::new(
            "flags",
            "MESSAGE_FLAGS_INVALID",
            "These flags cannot be set here.",
        ));
    }
    flags
}

fn nonce(form: &Map<String, Value>, mistakes: &mut Vec<Mistake>) -> Option<Value> {
    let nonce = form.get("nonce").filter(|nonce| !nonce.is_null())?;
    let is_number = nonce.is_i64() || nonce.is_u64();
    match nonce.as_str() {
        Some(text) => at_most(text, LONGEST_NONCE, "nonce", mistakes),
        None if is_number => {}
        None => mistakes.push(Mistake::new(
            "nonce",
            "NONCE_TYPE_INVALID",
            "Nonce is of the wrong type.",
        )),
    }
    Some(nonce.clone())
}

/// A text that must not be longer than this.
pub(super) fn at_most(text: &str, most: usize, place: &str, mistakes: &mut Vec<Mistake>) {
    if text.chars().count() > most {
        let what = format!("Must be {most} or fewer in length.");
        mistakes.push(Mistake::new(place, "BASE_TYPE_MAX_LENGTH", &what));
    }
}

fn components(rows: &Value, mistakes: &mut Vec<Mistake>) -> Result<Vec<Value>, Refusal> {
    let mut rows = rows.as_array().cloned().unwrap_or_default();
    if rows.len() > MOST_ROWS {
        mistakes.push(Mistake::new(
            "components",
            "BASE_TYPE_BAD_LENGTH",
            "Must be between 1 and 5 in length.",
        ));
    }
    let (mut names, mut next_id) = (BTreeSet::new(), 1);
    for (index, row) in rows.iter_mut().enumerate() {
        if row["type"] != 1 {
            return Err(Refusal::unmodelled(format!(
                "a top-level component of type {}",
                row["type"]
            )));
        }
        fill_in(row, &mut next_id);
        let place = format!("components.{index}.components");
        let buttons = row["components"].as_array_mut().map_or(&mut [][..], Vec::as_mut_slice);
        if buttons.is_empty() || buttons.len() > MOST_BUTTONS {
            mistakes.push(Mistake::new(
                &place,
                "BASE_TYPE_BAD_LENGTH",
                "Must be between 1 and 5 in length.",
            ));
        }
        for (index, button) in buttons.iter_mut().enumerate() {
            if button["type"] != 2 {
                return Err(Refusal::unmodelled(format!("a component of type {}", button["type"])));
            }
            fill_in(button, &mut next_id);
            check_button(button, &format!("{place}.{index}"), &mut names, mistakes);
        }
    }
    Ok(rows)
}

/// Discord numbers the components that came without a number.
fn fill_in(component: &mut Value, next_id: &mut u64) {
    if component["id"].as_u64().is_none_or(|id| id == 0) {
        component["id"] = (*next_id).into();
    }
    *next_id += 1;
}

fn check_button(
    button: &Value,
    place: &str,
    names: &mut BTreeSet<String>,
    mistakes: &mut Vec<Mistake>,
) {
    let known = ["type", "id", "style", "label", "emoji", "custom_id", "url", "disabled"];
    for key in button.as_object().into_iter().flat_map(Map::keys) {
        if !known.contains(&key.as_str()) {
            mistakes.push(Mistake::unknown(&format!("{place}.{key}")));
        }
    }
    let mut wrong = |member: &str, code, what: &str| {
        mistakes.push(Mistake::new(&format!("{place}.{member}"), code, what));
    };
    let Some(style @ 1..=LINK) = button["style"].as_u64() else {
        return wrong("style", "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5).");
    };
    let length = |name: &str| button[name].as_str().map_or(0, |text| text.chars().count());
    if length("label") > 80 {
        wrong("label", "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer in length.");
    }
    if length("label") == 0 && button["emoji"].is_null() {
        wrong("label", "BUTTON_COMPONENT_INVALID", "A button must have a label or an emoji.");
    }
    let named = button["custom_id"].as_str();
    match (style == LINK, named, button["url"].as_str()) {
        (true, None, Some(_)) if length("url") <= 512 => {}
        (true, ..) => {
            wrong(
                "url",
                "BUTTON_COMPONENT_INVALID",
                "A link has a url of at most 512 and no custom id.",
            );
        }
        (false, Some(_), None) if (1..=100).contains(&length("custom_id")) => {}
        (false, ..) => {
            wrong("custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.");
        }
    }
    if named.is_some_and(|name| !names.insert(name.to_owned())) {
        wrong(
            "custom_id",
            "COMPONENT_CUSTOM_ID_DUPLICATED",
            "Component custom id cannot be duplicated",
        );
    }
}
