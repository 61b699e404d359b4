//! Forms as Discord's modals. Owns how a form is drawn; it opens as the answer to the press that asked for it, and
//! comes back as a submission (`wire/submission.rs`).

use serde_json::{Value, json};

use crate::chat::reply::Form;

/// What our modals are called, before the token of their button.
pub(super) const NAME: &str = "form";

const LONGEST_TITLE: usize = 45;
const LONGEST_LABEL: usize = 45;
const LONGEST_HINT: usize = 100;
const LONGEST_ANSWER: usize = 4000;

const ROW: u8 = 1;
const TEXT_INPUT: u8 = 4;
const PARAGRAPH: u8 = 2;

/// The modal of a form.
pub(super) fn modal(form: &Form) -> Value {
    let field = &form.field;
    let cut = |text: &str, longest: usize| text.chars().take(longest).collect::<String>();
    let input = json!({
        "type": TEXT_INPUT,
        "custom_id": field.name,
        "style": PARAGRAPH,
        "label": cut(&field.label, LONGEST_LABEL),
        "placeholder": cut(&field.hint, LONGEST_HINT),
        "min_length": 1,
        "max_length": field.max.clamp(1, LONGEST_ANSWER),
        "required": true,
    });
    json!({
        "custom_id": format!("{NAME}:{}", form.token),
        "title": cut(&form.title, LONGEST_TITLE),
        // Inputs in rows: serenity does not give back what is written in labels.
        "components": [{ "type": ROW, "components": [input] }],
    })
}
