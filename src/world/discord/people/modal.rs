//! Forms: rows with one text input each, as the app asks for them and as people send them.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::form::at_most;
use super::super::interactions::Interaction;
use super::super::refusal::{Mistake, Refusal};

const MOST_INPUTS: usize = 5;
const LONGEST_TITLE: usize = 45;
const LONGEST_VALUE: u64 = 4_000;

/// A form that a person has open.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Modal {
    /// That of the interaction which opened it.
    pub id: String,
    /// The app's name for it.
    pub custom_id: String,
    /// Shown.
    pub title: String,
    /// What is to be filled in.
    pub inputs: Vec<ModalInput>,
    /// Where it was opened.
    pub channel: String,
    /// The message whose button opened it.
    pub pressed: Option<String>,
}

/// A text to fill in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ModalInput {
    /// The app's name for it.
    pub custom_id: String,
    /// Shown.
    pub label: String,
    /// Whether it has room for several lines.
    pub is_long: bool,
    /// Whether something must stand in it.
    pub required: bool,
    /// Fewest characters.
    pub min: u64,
    /// Most characters.
    pub max: u64,
    /// Shown while it is empty.
    pub placeholder: String,
    /// What stands in it at first.
    pub value: String,
}

impl Modal {
    /// Reads the app's form.
    pub(in super::super) fn read(
        data: &Map<String, Value>,
        opened_by: &Interaction,
    ) -> Result<Self, Refusal> {
        let mut mistakes = Vec::new();
        for name in data.keys() {
            if !["custom_id", "title", "components"].contains(&name.as_str()) {
                mistakes.push(Mistake::unknown(&format!("data.{name}")));
            }
        }
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        let (custom_id, title) = (text("custom_id").to_owned(), text("title").to_owned());
        named(&custom_id, 100, "data.custom_id", &mut mistakes);
        named(&title, LONGEST_TITLE, "data.title", &mut mistakes);
        let rows = data.get("components").and_then(Value::as_array).cloned().unwrap_or_default();
        if rows.is_empty() || rows.len() > MOST_INPUTS {
            let what = "Must be between 1 and 5 in length.";
            mistakes.push(Mistake::new("data.components", "BASE_TYPE_BAD_LENGTH", what));
        }
        let mut inputs: Vec<ModalInput> = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            let place = format!("data.components.{index}");
            let inner = row["components"].as_array().map_or(&[][..], Vec::as_slice);
            let [input] = inner else {
                return Err(Refusal::unmodelled(format!("{place}: not a row of one component")));
            };
            let input = ModalInput::read(input, &format!("{place}.components.0"), &mut mistakes)?;
            if inputs.iter().any(|other| other.custom_id == input.custom_id) {
                let what = "Component custom id cannot be duplicated";
                mistakes.push(Mistake::new(&place, "COMPONENT_CUSTOM_ID_DUPLICATED", what));
            }
            inputs.push(input);
        }
        if mistakes.is_empty() {
            let Interaction { id, channel, pressed, .. } = opened_by;
            Ok(Self {
                id: id.clone(),
                custom_id,
                title,
                inputs,
                channel: channel.clone(),
                pressed: pressed.clone(),
            })
        } else {
            Err(Refusal::form(mistakes))
        }
    }

    /// What is sent when it is filled in with these values.
    pub(super) fn filled_in(&self, values: &[(&str, &str)]) -> Result<Value, String> {
        if let Some((name, _)) = values
            .iter()
            .find(|(name, _)| !self.inputs.iter().any(|input| input.custom_id == *name))
        {
            return Err(format!("the form does not ask for {name}"));
        }
        let mut rows = Vec::new();
        for (index, input) in self.inputs.iter().enumerate() {
            let given = values.iter().find(|(name, _)| *name == input.custom_id);
            let value = given.map_or(input.value.as_str(), |(_, value)| value);
            let length = value.chars().count() as u64;
            let is_left_out = value.is_empty() && !input.required;
            if !is_left_out
                && !(input.min.max(u64::from(input.required))..=input.max).contains(&length)
            {
                return Err(format!("{}: too short or too long.", input.label));
            }
            let id = index * 2 + 1;
            let text =
                json!({"type": 4, "id": id + 1, "custom_id": input.custom_id, "value": value});
            rows.push(json!({"type": 1, "id": id, "components": [text]}));
        }
        Ok(json!({"custom_id": self.custom_id, "components": rows}))
    }
}

impl ModalInput {
    fn read(input: &Value, place: &str, mistakes: &mut Vec<Mistake>) -> Result<Self, Refusal> {
        if input["type"] != 4 {
            return Err(Refusal::unmodelled(format!("a component of type {}", input["type"])));
        }
        let known = [
            "type",
            "id",
            "custom_id",
            "style",
            "label",
            "min_length",
            "max_length",
            "required",
            "value",
            "placeholder",
        ];
        for key in input.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                mistakes.push(Mistake::unknown(&format!("{place}.{key}")));
            }
        }
        let text = |name: &str| input[name].as_str().unwrap_or_default().to_owned();
        let read = Self {
            custom_id: text("custom_id"),
            label: text("label"),
            is_long: input["style"] == 2,
            required: input["required"] != false,
            min: input["min_length"].as_u64().unwrap_or(0),
            max: input["max_length"].as_u64().unwrap_or(LONGEST_VALUE),
            placeholder: text("placeholder"),
            value: text("value"),
        };
        named(&read.custom_id, 100, &format!("{place}.custom_id"), mistakes);
        named(&read.label, LONGEST_TITLE, &format!("{place}.label"), mistakes);
        at_most(&read.placeholder, 100, &format!("{place}.placeholder"), mistakes);
        if !matches!(input["style"].as_u64(), Some(1 | 2)) {
            let what = "Value must be one of (1, 2).";
            mistakes.push(Mistake::new(&format!("{place}.style"), "BASE_TYPE_CHOICES", what));
        }
        if read.max == 0 || read.max > LONGEST_VALUE || read.min > read.max {
            let what = "Must be between 1 and 4000.";
            mistakes.push(Mistake::new(&format!("{place}.max_length"), "NUMBER_TYPE_MAX", what));
        }
        Ok(read)
    }
}

fn named(text: &str, most: usize, place: &str, mistakes: &mut Vec<Mistake>) {
    if !(1..=most).contains(&text.chars().count()) {
        let what = format!("Must be between 1 and {most} in length.");
        mistakes.push(Mistake::new(place, "BASE_TYPE_BAD_LENGTH", &what));
    }
}
