//! The runbook's list as every chat platform shows it. Owns its lines and how they share their room; each platform's
//! `escape.rs` says what a text looks like, and how long that is.

use crate::chat::reply::{Item, ItemState, Run, Text};

/// One line for each item. When they are too long together each gets an equal share, so that no step of the runbook is lost
/// behind a long note.
pub(super) fn draw(
    items: &[Item],
    limit: usize,
    markup: impl Fn(&Text, usize) -> String,
    length: impl Fn(&str) -> usize,
) -> String {
    let lines = |each: usize| {
        let lines: Vec<String> = items.iter().map(|item| markup(&line(item), each)).collect();
        lines.join("\n")
    };
    let whole = lines(limit);
    if length(&whole) <= limit {
        return whole;
    }
    lines((limit / items.len().max(1)).saturating_sub(1).max(1))
}

fn line(item: &Item) -> Text {
    let label = item.label.0.iter().map(|run| match run {
        Run::Plain(words) => Run::Strong(words.clone()),
        other => other.clone(),
    });
    let mut line = Text::plain(format!("{} ", symbol(item.state)));
    line.0.extend(label);
    match &item.note {
        Some(note) => line.and(" – ").append(note.clone()),
        None => line,
    }
}

/// Characters, not `:codes:`, so that every client and screen reader knows them.
fn symbol(state: ItemState) -> char {
    match state {
        ItemState::Todo => '⬜',
        ItemState::Doing => '⏳',
        ItemState::Done => '✅',
        ItemState::Failed => '❌',
        ItemState::Unknown => '❔',
    }
}
