//! Embeds: their limits, each and all together, and what Discord fills in.

use serde_json::{Map, Value, json};

use super::form::at_most;
use super::refusal::Mistake;

const MOST: usize = 10;
const MOST_FIELDS: usize = 25;
const MOST_TEXT: usize = 6_000;

/// Reads a list of embeds.
pub(super) fn read(all: &Value, mistakes: &mut Vec<Mistake>) -> Vec<Value> {
    let mut embeds = all.as_array().cloned().unwrap_or_default();
    if embeds.len() > MOST {
        let what = "Must be 10 or fewer in length.";
        mistakes.push(Mistake::new("embeds", "BASE_TYPE_MAX_LENGTH", what));
    }
    let mut total = 0;
    for (index, embed) in embeds.iter_mut().enumerate() {
        let mut check = Check { place: format!("embeds.{index}"), total: 0, mistakes };
        check.embed(embed);
        total += check.total;
    }
    if total > MOST_TEXT {
        let what = "Embed size exceeds maximum size of 6000";
        mistakes.push(Mistake::new("embeds", "MAX_EMBED_SIZE_EXCEEDED", what));
    }
    embeds
}

struct Check<'a> {
    place: String,
    total: usize,
    mistakes: &'a mut Vec<Mistake>,
}

impl Check<'_> {
    fn embed(&mut self, embed: &mut Value) {
        if !embed.is_object() {
            return self.wrong("", "Only dictionaries may be used in a DictType");
        }
        let known = [
            "title",
            "type",
            "description",
            "url",
            "timestamp",
            "color",
            "footer",
            "image",
            "thumbnail",
            "author",
            "fields",
        ];
        self.known(embed, &known, "");
        embed["type"] = "rich".into();
        self.text(&embed["title"], 256, ".title");
        self.text(&embed["description"], 4_096, ".description");
        self.text(&embed["footer"]["text"], 2_048, ".footer.text");
        self.text(&embed["author"]["name"], 256, ".author.name");
        if embed["color"].as_u64().is_some_and(|color| color > 0xff_ffff) {
            self.wrong(".color", "int value should be less than or equal to 16777215.");
        }
        let fields = embed.get_mut("fields").and_then(Value::as_array_mut);
        for (index, field) in fields.into_iter().flatten().enumerate() {
            self.field(field, index);
        }
        let is_blank = ["title", "description", "fields", "footer", "author", "image", "thumbnail"]
            .iter()
            .all(|name| embed.get(*name).is_none_or(Value::is_null));
        if is_blank {
            self.wrong(".description", "This field is required");
        }
    }

    fn field(&mut self, field: &mut Value, index: usize) {
        if index == MOST_FIELDS {
            self.wrong(".fields", "Must be 25 or fewer in length.");
        }
        let at = format!(".fields.{index}");
        if !field.is_object() {
            return self.wrong(&at, "Only dictionaries may be used in a DictType");
        }
        self.known(field, &["name", "value", "inline"], &at);
        for (name, most) in [("name", 256), ("value", 1_024)] {
            let place = format!("{at}.{name}");
            if field[name].as_str().is_none_or(|text| text.trim().is_empty()) {
                self.wrong(&place, "This field is required");
            }
            self.text(&field[name], most, &place);
        }
        if !field["inline"].is_boolean() {
            field["inline"] = json!(false);
        }
    }

    fn text(&mut self, text: &Value, most: usize, member: &str) {
        let Some(text) = text.as_str() else { return };
        self.total += text.chars().count();
        at_most(text, most, &format!("{}{member}", self.place), self.mistakes);
    }

    fn known(&mut self, object: &Value, known: &[&str], at: &str) {
        for key in object.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                self.mistakes.push(Mistake::unknown(&format!("{}{at}.{key}", self.place)));
            }
        }
    }

    fn wrong(&mut self, member: &str, what: &str) {
        let place = format!("{}{member}", self.place);
        self.mistakes.push(Mistake::new(&place, "BASE_TYPE_BAD", what));
    }
}
