//! Block Kit as Slack checks it: known types, known keys, lengths, unique names.
//!
//! Stricter than lenient: a block type or element that the bot has no business sending is refused, so that a typing
//! mistake never passes here and fails at Slack. Limits: docs.slack.dev/reference/block-kit.

pub(super) mod view;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Slack refuses messages whose blocks hold more text than this in total.
const MOST_TEXT: usize = 13_200;

/// Why blocks were refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BlocksError {
    /// Not a list of objects.
    Format,
    /// Each with a pointer to the place, in Slack's wording.
    Invalid(Vec<String>),
    /// All of it together is too much.
    TooLong,
}

/// Checks the blocks of a message.
pub(super) fn check(blocks: &[Value]) -> Result<(), BlocksError> {
    if blocks.iter().any(|block| !block.is_object()) {
        return Err(BlocksError::Format);
    }
    let mut checker = Checker::default();
    if blocks.len() > 50 {
        checker.complain("no more than 50 items allowed", "/blocks");
    }
    for (index, block) in blocks.iter().enumerate() {
        checker.block(block, &format!("/blocks/{index}"));
    }
    if !checker.errors.is_empty() {
        return Err(BlocksError::Invalid(checker.errors));
    }
    if checker.text > MOST_TEXT { Err(BlocksError::TooLong) } else { Ok(()) }
}

#[derive(Default)]
struct Checker {
    errors: Vec<String>,
    block_ids: BTreeSet<String>,
    text: usize,
}

/// Which of the two text objects fits a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Plain,
    Any,
}

impl Checker {
    fn complain(&mut self, what: &str, at: &str) {
        self.errors.push(format!("[ERROR] {what} [json-pointer:{at}]"));
    }

    /// A block's name, which no other block has.
    fn name(&mut self, block: &Value, at: &str) {
        self.string(block, "block_id", 255, at);
        if let Some(id) = block["block_id"].as_str()
            && !self.block_ids.insert(id.to_owned())
        {
            self.complain("block_id already exists", &format!("{at}/block_id"));
        }
    }

    fn block(&mut self, block: &Value, at: &str) {
        self.name(block, at);
        match block["type"].as_str() {
            Some("header") => {
                self.keys(block, &["text"], at);
                self.text(&block["text"], TextKind::Plain, 150, &format!("{at}/text"));
            }
            Some("section") => self.section(block, at),
            Some("context") => self.context(block, at),
            Some("actions") => self.actions(block, at),
            Some("divider") => self.keys(block, &[], at),
            Some("image") => self.image(block, at),
            _ => self.complain("unsupported type", &format!("{at}/type")),
        }
    }

    fn section(&mut self, block: &Value, at: &str) {
        self.keys(block, &["text", "fields", "accessory", "expand"], at);
        if block.get("text").is_none() && block.get("fields").is_none() {
            self.complain("missing required field: text or fields", at);
        }
        if let Some(text) = block.get("text") {
            self.text(text, TextKind::Any, 3000, &format!("{at}/text"));
        }
        if let Some(fields) = block.get("fields") {
            for (index, field) in self.list(fields, 10, &format!("{at}/fields")) {
                self.text(field, TextKind::Any, 2000, &format!("{at}/fields/{index}"));
            }
        }
        if let Some(accessory) = block.get("accessory") {
            let at = format!("{at}/accessory");
            if accessory["type"] == "image" {
                self.image(accessory, &at);
            } else {
                self.element(accessory, &at);
            }
        }
    }

    fn context(&mut self, block: &Value, at: &str) {
        self.keys(block, &["elements"], at);
        for (index, element) in self.list(&block["elements"], 10, &format!("{at}/elements")) {
            let at = format!("{at}/elements/{index}");
            if element["type"] == "image" {
                self.image(element, &at);
            } else {
                self.text(element, TextKind::Any, 3000, &at);
            }
        }
    }

    fn actions(&mut self, block: &Value, at: &str) {
        self.keys(block, &["elements"], at);
        let mut names = BTreeSet::new();
        for (index, element) in self.list(&block["elements"], 25, &format!("{at}/elements")) {
            let at = format!("{at}/elements/{index}");
            self.element(element, &at);
            if let Some(name) = element["action_id"].as_str()
                && !names.insert(name)
            {
                self.complain("action_id already exists", &format!("{at}/action_id"));
            }
        }
    }

    fn element(&mut self, element: &Value, at: &str) {
        self.string(element, "action_id", 255, at);
        match element["type"].as_str() {
            Some("button") => self.button(element, at),
            Some("overflow") => {
                self.keys(element, &["action_id", "options", "confirm"], at);
                self.options(&element["options"], 5, 150, at);
                self.confirm(element, at);
            }
            Some("static_select") => {
                let keys = ["action_id", "placeholder", "options", "initial_option", "confirm"];
                self.keys(element, &keys, at);
                self.options(&element["options"], 100, 150, at);
                if let Some(text) = element.get("placeholder") {
                    self.text(text, TextKind::Plain, 150, &format!("{at}/placeholder"));
                }
                self.confirm(element, at);
            }
            _ => self.complain("unsupported element type", &format!("{at}/type")),
        }
    }

    fn button(&mut self, button: &Value, at: &str) {
        let keys = ["action_id", "text", "value", "url", "style", "confirm", "accessibility_label"];
        self.keys(button, &keys, at);
        self.text(&button["text"], TextKind::Plain, 75, &format!("{at}/text"));
        self.string(button, "value", 2000, at);
        self.string(button, "url", 3000, at);
        self.string(button, "accessibility_label", 75, at);
        self.style(button, at);
        self.confirm(button, at);
    }

    fn style(&mut self, object: &Value, at: &str) {
        if let Some(style) = object.get("style")
            && !matches!(style.as_str(), Some("primary" | "danger"))
        {
            self.complain("must be a valid enum value", &format!("{at}/style"));
        }
    }

    fn confirm(&mut self, element: &Value, at: &str) {
        let Some(confirm) = element.get("confirm") else { return };
        let at = format!("{at}/confirm");
        self.keys(confirm, &["title", "text", "confirm", "deny", "style"], &at);
        self.text(&confirm["text"], TextKind::Any, 300, &format!("{at}/text"));
        for (key, most) in [("title", 100), ("confirm", 30), ("deny", 30)] {
            if let Some(text) = confirm.get(key) {
                self.text(text, TextKind::Plain, most, &format!("{at}/{key}"));
            }
        }
        self.style(confirm, &at);
    }

    fn options(&mut self, options: &Value, most: usize, value_most: usize, at: &str) {
        let at = format!("{at}/options");
        for (index, option) in self.list(options, most, &at) {
            let at = format!("{at}/{index}");
            self.keys(option, &["text", "value", "description", "url"], &at);
            self.text(&option["text"], TextKind::Any, 75, &format!("{at}/text"));
            self.string(option, "value", value_most, &at);
            if let Some(text) = option.get("description") {
                self.text(text, TextKind::Plain, 75, &format!("{at}/description"));
            }
        }
    }

    fn image(&mut self, image: &Value, at: &str) {
        self.keys(image, &["image_url", "alt_text", "title"], at);
        for (key, most) in [("image_url", 3000), ("alt_text", 2000)] {
            if image[key].as_str().is_none_or(str::is_empty) {
                self.complain(&format!("missing required field: {key}"), at);
            }
            self.string(image, key, most, at);
        }
        if let Some(title) = image.get("title") {
            self.text(title, TextKind::Plain, 2000, &format!("{at}/title"));
        }
    }

    /// A text object: its type fits the place, it is not empty, and it is short enough.
    fn text(&mut self, text: &Value, kind: TextKind, most: usize, at: &str) {
        match text["type"].as_str() {
            Some("plain_text") => self.keys(text, &["text", "emoji"], at),
            Some("mrkdwn") if kind == TextKind::Any => self.keys(text, &["text", "verbatim"], at),
            _ => return self.complain("must be a text object of the right type", at),
        }
        let length = text["text"].as_str().map_or(0, |text| text.chars().count());
        self.text += length;
        if length == 0 {
            self.complain("must be more than 0 characters", &format!("{at}/text"));
        } else if length > most {
            let what = format!("must be less than {} characters", most + 1);
            self.complain(&what, &format!("{at}/text"));
        }
    }

    /// An optional string: a string, and short enough.
    fn string(&mut self, object: &Value, key: &str, most: usize, at: &str) {
        match object.get(key) {
            None => {}
            Some(Value::String(text)) if text.chars().count() <= most => {}
            Some(Value::String(_)) => {
                let what = format!("must be less than {} characters", most + 1);
                self.complain(&what, &format!("{at}/{key}"));
            }
            Some(_) => self.complain("must be a string", &format!("{at}/{key}")),
        }
    }

    /// The items of a list that must hold one to `most`.
    fn list<'a>(&mut self, list: &'a Value, most: usize, at: &str) -> Vec<(usize, &'a Value)> {
        let items = list.as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() {
            self.complain("must have at least 1 item", at);
        } else if items.len() > most {
            self.complain(&format!("no more than {most} items allowed"), at);
        }
        items.iter().enumerate().collect()
    }

    /// Only these keys, besides `type` and `block_id`.
    fn keys(&mut self, object: &Value, known: &[&str], at: &str) {
        let empty = Map::new();
        for key in object.as_object().unwrap_or(&empty).keys() {
            if !known.contains(&key.as_str()) && !matches!(key.as_str(), "type" | "block_id") {
                self.complain(&format!("invalid additional property: {key}"), at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(block: &Value) -> String {
        match check(std::slice::from_ref(block)) {
            Err(BlocksError::Invalid(errors)) => errors.join("\n"),
            other => panic!("{block} was not refused: {other:?}"),
        }
    }

    fn button(extra: &Value) -> Value {
        let mut button = json!({"type":"button","text":{"type":"plain_text","text":"Go"}});
        for (key, value) in extra.as_object().unwrap() {
            button[key] = value.clone();
        }
        json!({"type":"actions","elements":[button]})
    }

    #[test]
    fn a_whole_card_is_taken() {
        let text = json!({"type":"mrkdwn","text":"*From*\nv42"});
        let confirm = json!({"title":{"type":"plain_text","text":"Sure?"},
            "text":{"type":"mrkdwn","text":"Replaces *v42*"},"style":"danger"});
        let blocks = [
            json!({"type":"header","text":{"type":"plain_text","text":"Roll back shop?"}}),
            json!({"type":"section","text":text,"fields":[text, text]}),
            json!({"type":"divider"}),
            json!({"type":"context","elements":[text]}),
            button(&json!({"style":"danger","confirm":confirm,"value":"x","action_id":"go"})),
        ];
        assert_eq!(check(&blocks), Ok(()));
    }

    #[test]
    fn each_limit_refuses_one_more_and_takes_the_limit() {
        let long = |length: usize| "x".repeat(length);
        let header = |n| json!({"type":"header","text":{"type":"plain_text","text":long(n)}});
        let section = |n| json!({"type":"section","text":{"type":"mrkdwn","text":long(n)}});
        let field = |n| json!({"type":"section","fields":[{"type":"mrkdwn","text":long(n)}]});
        let label = |n| button(&json!({"text":{"type":"plain_text","text":long(n)}}));
        let value = |n| button(&json!({"value":long(n)}));
        let name = |n| button(&json!({"action_id":long(n)}));
        let cases: [(&dyn Fn(usize) -> Value, usize); 6] = [
            (&header, 150),
            (&section, 3000),
            (&field, 2000),
            (&label, 75),
            (&value, 2000),
            (&name, 255),
        ];
        for (make, most) in cases {
            assert_eq!(check(&[make(most)]), Ok(()), "limit {most}");
            let why = refused(&make(most + 1));
            assert!(why.contains(&format!("less than {} characters", most + 1)), "{why}");
        }
    }

    #[test]
    fn counts_are_limited() {
        let divider = json!({"type":"divider"});
        assert_eq!(check(&vec![divider.clone(); 50]), Ok(()));
        assert!(matches!(check(&vec![divider; 51]), Err(BlocksError::Invalid(_))));
        let field = json!({"type":"mrkdwn","text":"x"});
        assert!(refused(&json!({"type":"section","fields":vec![field; 11]})).contains("10 items"));
        let one = json!({"type":"button","text":{"type":"plain_text","text":"Go"}});
        assert!(refused(&json!({"type":"actions","elements":vec![one; 26]})).contains("25 items"));
    }

    #[test]
    fn mistakes_are_refused_with_their_place() {
        let cases = [
            (json!({"type":"sectoin"}), "unsupported type [json-pointer:/blocks/0/type]"),
            (json!({"type":"section"}), "missing required field: text or fields"),
            (json!({"type":"divider","text":"x"}), "invalid additional property: text"),
            (
                json!({"type":"header","text":{"type":"mrkdwn","text":"x"}}),
                "must be a text object of the right type",
            ),
            (json!({"type":"section","text":{"type":"mrkdwn","text":""}}), "more than 0"),
            (button(&json!({"style":"default"})), "valid enum value"),
            (json!({"type":"actions","elements":[]}), "at least 1 item"),
            (json!({"type":"actions","elements":[{"type":"slider"}]}), "unsupported element"),
        ];
        for (block, expected) in cases {
            let why = refused(&block);
            assert!(why.contains(expected), "{block}: {why}");
        }
    }

    #[test]
    fn names_are_unique() {
        let one = json!({"type":"button","action_id":"a","text":{"type":"plain_text","text":"x"}});
        let twice = json!({"type":"actions","elements":[one, one]});
        assert!(refused(&twice).contains("action_id already exists"));
        let named = json!({"type":"divider","block_id":"b"});
        assert!(matches!(check(&[named.clone(), named]), Err(BlocksError::Invalid(_))));
    }

    #[test]
    fn too_much_text_in_total_is_refused() {
        let section = json!({"type":"section","text":{"type":"mrkdwn","text":"x".repeat(3000)}});
        assert_eq!(check(&vec![section.clone(); 4]), Ok(()));
        assert_eq!(check(&vec![section; 5]), Err(BlocksError::TooLong));
    }
}
