//! A modal as Slack checks it: its own members, its blocks, and inputs, which only a modal may hold.

use serde_json::Value;

use super::{BlocksError, Checker, TextKind};

/// The longest text that one can be asked to type.
const LONGEST_INPUT: u64 = 3000;

/// Checks the view of a modal.
pub(in crate::world::slack) fn check(view: &Value) -> Result<(), BlocksError> {
    if !view.is_object() {
        return Err(BlocksError::Format);
    }
    let mut checker = Checker::default();
    checker.view(view);
    if checker.errors.is_empty() { Ok(()) } else { Err(BlocksError::Invalid(checker.errors)) }
}

impl Checker {
    fn view(&mut self, view: &Value) {
        let known = ["title", "submit", "close", "blocks", "private_metadata", "callback_id"];
        let flags = ["external_id", "clear_on_close", "notify_on_close"];
        self.keys(view, &[&known[..], &flags[..]].concat(), "/view");
        if view["type"] != "modal" {
            self.complain("must be modal", "/view/type");
        }
        self.text(&view["title"], TextKind::Plain, 24, "/view/title");
        for key in ["submit", "close"] {
            if let Some(text) = view.get(key) {
                self.text(text, TextKind::Plain, 24, &format!("/view/{key}"));
            }
        }
        self.string(view, "private_metadata", 3000, "/view");
        self.string(view, "callback_id", 255, "/view");
        let blocks = self.list(&view["blocks"], 100, "/view/blocks");
        let has_input = blocks.iter().any(|(_, block)| block["type"] == "input");
        if has_input && view.get("submit").is_none() {
            self.complain("missing required field: submit", "/view");
        }
        for (index, block) in blocks {
            let at = format!("/view/blocks/{index}");
            if block["type"] == "input" { self.input(block, &at) } else { self.block(block, &at) }
        }
    }

    fn input(&mut self, block: &Value, at: &str) {
        self.keys(block, &["label", "hint", "element", "optional", "dispatch_action"], at);
        self.name(block, at);
        self.text(&block["label"], TextKind::Plain, 2000, &format!("{at}/label"));
        if let Some(hint) = block.get("hint") {
            self.text(hint, TextKind::Plain, 2000, &format!("{at}/hint"));
        }
        let element = &block["element"];
        let at = format!("{at}/element");
        if element["type"] != "plain_text_input" {
            return self.complain("unsupported element type", &format!("{at}/type"));
        }
        let known = ["action_id", "placeholder", "initial_value", "multiline", "focus_on_load"];
        let lengths = ["min_length", "max_length"];
        self.keys(element, &[&known[..], &lengths[..]].concat(), &at);
        self.string(element, "action_id", 255, &at);
        if let Some(text) = element.get("placeholder") {
            self.text(text, TextKind::Plain, 150, &format!("{at}/placeholder"));
        }
        for key in lengths {
            let length = element.get(key).map(Value::as_u64);
            if length.is_some_and(|length| length.is_none_or(|length| length > LONGEST_INPUT)) {
                self.complain("must be a length of at most 3000", &format!("{at}/{key}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plain(length: usize) -> Value {
        json!({"type": "plain_text", "text": "x".repeat(length)})
    }

    fn modal() -> Value {
        let element = json!({"type": "plain_text_input", "action_id": "why", "max_length": 200});
        json!({
            "type": "modal", "callback_id": "form", "private_metadata": "{}",
            "title": plain(24), "submit": plain(24), "close": plain(24),
            "blocks": [{"type": "input", "block_id": "why", "label": plain(45), "hint": plain(9), "element": element}],
        })
    }

    fn refused(change: impl FnOnce(&mut Value)) -> String {
        let mut view = modal();
        change(&mut view);
        match check(&view) {
            Err(BlocksError::Invalid(errors)) => errors.join("\n"),
            other => panic!("{view} was not refused: {other:?}"),
        }
    }

    #[test]
    fn a_modal_with_one_question_is_taken() {
        assert_eq!(check(&modal()), Ok(()));
        assert_eq!(check(&json!("modal")), Err(BlocksError::Format));
    }

    #[test]
    fn what_slack_refuses_of_a_modal_is_refused_here() {
        assert!(refused(|view| view["title"] = plain(25)).contains("less than 25"));
        assert!(refused(|view| view["submit"] = plain(25)).contains("less than 25"));
        let long = "x".repeat(3001);
        assert!(refused(|view| view["private_metadata"] = json!(long)).contains("less than 3001"));
        assert!(refused(|view| view["blocks"] = json!([])).contains("at least 1 item"));
        let without_submit = |view: &mut Value| {
            view.as_object_mut().unwrap().remove("submit");
        };
        assert!(refused(without_submit).contains("missing required field: submit"));
        let label = |view: &mut Value| view["blocks"][0]["label"] = plain(0);
        assert!(refused(label).contains("more than 0"));
        let kind = |view: &mut Value| view["blocks"][0]["element"]["type"] = json!("checkboxes");
        assert!(refused(kind).contains("unsupported element type"));
        assert!(refused(|view| view["colour"] = json!("red")).contains("additional property"));
    }
}
