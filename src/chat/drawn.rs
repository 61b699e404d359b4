//! Cards and texts as plain lines, for tests that a person reads.

use super::reply::{Card, ItemState, Part, Run, Text};
use crate::domain::fixture::DAWN;
use crate::domain::time::Timestamp;

/// A card from top to bottom.
pub(crate) fn card(card: &Card) -> String {
    let mut lines = Vec::new();
    for part in &card.parts {
        match part {
            Part::Title(title) => lines.push(format!("# {}", text(title))),
            Part::Paragraph(words) => lines.push(text(words)),
            Part::Note(words) => lines.push(format!("~ {}", text(words))),
            Part::Divider => lines.push("---".to_owned()),
            Part::Fields(fields) => lines.extend(
                fields.iter().map(|field| format!("  {}: {}", field.name, text(&field.value))),
            ),
            Part::Checklist(items) => lines.extend(items.iter().map(|item| {
                let note = item.note.as_ref().map(|note| format!(" – {}", text(note)));
                let note = note.unwrap_or_default();
                format!("  {} {}{note}", mark(item.state), text(&item.label))
            })),
            Part::Buttons(buttons) => {
                let labels: Vec<String> =
                    buttons.iter().map(|button| format!("[{}]", text(&button.label))).collect();
                lines.push(labels.join(" "));
            }
        }
    }
    lines.join("\n")
}

/// A text with its foreign stretches in ‹›, so that a test can see which they are.
pub(crate) fn text(text: &Text) -> String {
    text.0
        .iter()
        .map(|run| match run {
            Run::Plain(words) => words.clone(),
            Run::Strong(words) => format!("*{words}*"),
            Run::Foreign(words) => format!("‹{words}›"),
            Run::Code(words) => format!("`{words}`"),
            Run::Person(person) => format!("@{}", person.user.to_lowercase()),
            Run::Time(at) => clock(*at),
            Run::Link { url, label } => format!("[{label}]({url})"),
        })
        .collect()
}

/// Minutes and seconds since the story began.
fn clock(at: Timestamp) -> String {
    let seconds = (at.0 - DAWN.0) / 1000;
    format!("{:02}:{:02}", seconds.div_euclid(60), seconds.rem_euclid(60))
}

fn mark(state: ItemState) -> &'static str {
    match state {
        ItemState::Todo => "[ ]",
        ItemState::Doing => "[.]",
        ItemState::Done => "[x]",
        ItemState::Failed => "[!]",
        ItemState::Unknown => "[?]",
    }
}
