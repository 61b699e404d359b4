//! Cards to Block Kit. Owns Slack's limits on blocks and texts; it must never drop a button or a field, which carry the
//! decision, and must draw the same card the same way each time. Text goes through `escape.rs`; `notifier.rs` and
//! `receive.rs` send the result.
//!
//! ```text
//! Title → header   Paragraph, Checklist → section   Fields → section.fields   Buttons → actions   Note → context
//! ```

use slack_morphism::prelude::{
    SlackActionBlockElement, SlackActionsBlock, SlackBlock, SlackBlockButtonElement,
    SlackBlockButtonStyle, SlackBlockMarkDownText, SlackBlockPlainText, SlackCommandEventResponse,
    SlackContextBlock, SlackDividerBlock, SlackHeaderBlock, SlackMessageContent,
    SlackMessageResponseType, SlackSectionBlock,
};

use super::escape;
use crate::adapters::checklist;
use crate::chat::reply::{Button, ButtonStyle, Card, Field, Part, Text};

const MOST_BLOCKS: usize = 50;
const FIELDS_PER_SECTION: usize = 10;
const BUTTONS_PER_ROW: usize = 5;
const LONGEST_TITLE: usize = 150;
const LONGEST_LABEL: usize = 75;
const LONGEST_NAME: usize = 100;
/// The line for notifications and screen readers.
const LONGEST_SUMMARY: usize = 1000;
/// Slack refuses a message with about 13,200 characters in its blocks, although each block is within its own limit.
const MOST_TEXT: usize = 12_000;

/// How long texts may be. Sections and fields each get a part of what a message may hold.
#[derive(Clone, Copy, Debug)]
struct Limits {
    section: usize,
    field: usize,
}

impl Limits {
    /// What Slack allows for each text alone.
    const EACH: Self = Self { section: 3000, field: 2000 };

    /// Equal shares, when the texts together are too long.
    fn shares(parts: &[&Part]) -> Self {
        let (mut sections, mut fields) = (0, 0);
        for part in parts {
            match part {
                Part::Fields(list) => fields += list.len(),
                Part::Paragraph(_) | Part::Checklist(_) | Part::Note(_) => sections += 1,
                Part::Title(_) | Part::Buttons(_) | Part::Divider => {}
            }
        }
        // The sixth part that is left is for titles, names and labels.
        let share = |count: usize| MOST_TEXT * 5 / 12 / count.max(1);
        Self {
            section: Self::EACH.section.min(share(sections)),
            field: Self::EACH.field.min(share(fields)),
        }
    }
}

/// A card as the content of a message.
pub fn content(card: &Card) -> SlackMessageContent {
    let parts = within_block_limit(&card.parts);
    let mut blocks = draw(&parts, Limits::EACH);
    if blocks.iter().map(Drawn::text).sum::<usize>() > MOST_TEXT {
        blocks = draw(&parts, Limits::shares(&parts));
    }
    // Only a card of nothing but fields and buttons can still be too long; Slack would refuse all of it.
    blocks.truncate(MOST_BLOCKS);
    SlackMessageContent::new()
        .with_text(escape::mrkdwn(&card.summary, LONGEST_SUMMARY))
        .with_blocks(blocks.into_iter().map(Drawn::into_block).collect())
}

/// A card as the immediate answer to a command, shown to the person who typed it.
pub fn answer(card: &Card) -> SlackCommandEventResponse {
    SlackCommandEventResponse::new(content(card))
        .with_response_type(SlackMessageResponseType::Ephemeral)
}

/// The parts that fit into one message: thin lines go first, then small print, then prose, each from the end.
fn within_block_limit(parts: &[Part]) -> Vec<&Part> {
    let mut kept: Vec<&Part> = parts.iter().collect();
    let least_needed: [fn(&Part) -> bool; 3] = [
        |part| matches!(part, Part::Divider),
        |part| matches!(part, Part::Note(_)),
        |part| matches!(part, Part::Paragraph(_) | Part::Checklist(_)),
    ];
    for is_droppable in least_needed {
        while kept.iter().map(|part| block_count(part)).sum::<usize>() > MOST_BLOCKS {
            let Some(last) = kept.iter().rposition(|part| is_droppable(part)) else { break };
            kept.remove(last);
        }
    }
    kept
}

fn block_count(part: &Part) -> usize {
    match part {
        Part::Fields(fields) => fields.len().div_ceil(FIELDS_PER_SECTION),
        Part::Buttons(buttons) => buttons.len().div_ceil(BUTTONS_PER_ROW),
        Part::Title(_)
        | Part::Paragraph(_)
        | Part::Checklist(_)
        | Part::Note(_)
        | Part::Divider => 1,
    }
}

/// A block with its finished text, before it takes the library's shape.
enum Drawn {
    Header(String),
    Section(String),
    Fields(Vec<String>),
    Actions(Vec<DrawnButton>),
    Context(String),
    Divider,
}

struct DrawnButton {
    label: String,
    action_id: String,
    value: String,
    style: Option<SlackBlockButtonStyle>,
}

/// The blocks of the parts. Slack refuses empty texts, so a part that says nothing makes no block.
fn draw(parts: &[&Part], limits: Limits) -> Vec<Drawn> {
    let mut blocks = Vec::new();
    for part in parts {
        match part {
            Part::Title(title) => {
                blocks.extend(said(escape::plain(title, LONGEST_TITLE)).map(Drawn::Header));
            }
            Part::Paragraph(text) => {
                blocks.extend(said(escape::mrkdwn(text, limits.section)).map(Drawn::Section));
            }
            Part::Note(text) => {
                blocks.extend(said(escape::mrkdwn(text, limits.section)).map(Drawn::Context));
            }
            Part::Checklist(items) => {
                let drawn = checklist::draw(items, limits.section, escape::mrkdwn, escape::length);
                blocks.extend(said(drawn).map(Drawn::Section));
            }
            Part::Fields(fields) => blocks.extend(
                fields
                    .chunks(FIELDS_PER_SECTION)
                    .map(|row| Drawn::Fields(row.iter().map(|f| field(f, limits.field)).collect())),
            ),
            Part::Buttons(buttons) => blocks
                .extend(buttons.chunks(BUTTONS_PER_ROW).map(|row| Drawn::Actions(button_row(row)))),
            Part::Divider => blocks.push(Drawn::Divider),
        }
    }
    blocks
}

fn said(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

fn field(field: &Field, limit: usize) -> String {
    let name = escape::mrkdwn(&Text::default().strong(field.name.as_str()), LONGEST_NAME);
    let room = limit.saturating_sub(escape::length(&name) + 1).max(1);
    let value = said(escape::mrkdwn(&field.value, room)).unwrap_or_else(|| "–".to_owned());
    format!("{name}\n{value}")
}

/// Slack wants the action ids of a row to differ; `wire.rs` takes the counter off again.
fn button_row(buttons: &[Button]) -> Vec<DrawnButton> {
    buttons
        .iter()
        .enumerate()
        .map(|(position, button)| {
            let same = buttons[..position].iter().filter(|other| other.action == button.action);
            let action_id = match same.count() {
                0 => button.action.clone(),
                before => format!("{}:{}", button.action, before + 1),
            };
            let label = said(escape::plain(&button.label, LONGEST_LABEL));
            DrawnButton {
                label: label.unwrap_or_else(|| button.action.clone()),
                action_id,
                value: button.token.clone(),
                style: style(button.style),
            }
        })
        .collect()
}

fn style(style: ButtonStyle) -> Option<SlackBlockButtonStyle> {
    match style {
        ButtonStyle::Primary => Some(SlackBlockButtonStyle::Primary),
        ButtonStyle::Danger => Some(SlackBlockButtonStyle::Danger),
        ButtonStyle::Plain => None,
    }
}

impl Drawn {
    /// How much of a message's text it takes.
    fn text(&self) -> usize {
        match self {
            Self::Header(text) | Self::Section(text) | Self::Context(text) => escape::length(text),
            Self::Fields(fields) => fields.iter().map(|text| escape::length(text)).sum(),
            Self::Actions(buttons) => {
                buttons.iter().map(|button| escape::length(&button.label)).sum()
            }
            Self::Divider => 0,
        }
    }

    fn into_block(self) -> SlackBlock {
        match self {
            Self::Header(text) => SlackHeaderBlock::new(plain_text(text).into()).into(),
            Self::Section(text) => SlackSectionBlock::new().with_text(markdown(text).into()).into(),
            Self::Fields(fields) => SlackSectionBlock::new()
                .with_fields(fields.into_iter().map(|text| markdown(text).into()).collect())
                .into(),
            Self::Actions(buttons) => {
                SlackActionsBlock::new(buttons.into_iter().map(DrawnButton::into_element).collect())
                    .into()
            }
            Self::Context(text) => SlackContextBlock::new(vec![markdown(text).into()]).into(),
            Self::Divider => SlackDividerBlock::new().into(),
        }
    }
}

impl DrawnButton {
    fn into_element(self) -> SlackActionBlockElement {
        SlackBlockButtonElement::new(plain_text(self.label).into())
            .with_action_id(self.action_id.into())
            .with_value(self.value)
            .opt_style(self.style)
            .into()
    }
}

/// Without `:emoji:`, which a title or a label could otherwise borrow from foreign text.
fn plain_text(text: String) -> SlackBlockPlainText {
    SlackBlockPlainText::new(text).with_emoji(false)
}

/// Text that Slack shows as it is: it would turn bare addresses, channel names and `@here` into links and mentions.
fn markdown(text: String) -> SlackBlockMarkDownText {
    SlackBlockMarkDownText::new(text).with_verbatim(true)
}

#[cfg(test)]
mod tests;
