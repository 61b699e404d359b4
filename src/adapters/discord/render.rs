//! Cards to embeds and components. Owns Discord's limits on them; it must never drop a button or a field, which carry
//! the decision, and must draw the same card the same way each time. Text goes through `escape.rs`; `notifier.rs` and
//! `answer.rs` send the result.
//!
//! ```text
//! Title → title   Paragraph, Checklist, Note → description   Fields → fields   Buttons → rows of components
//! ```
//!
//! An embed shows its description above its fields. What a card says below its fields stands in a second embed.

use serde_json::{Value, json};

use super::escape;
use crate::adapters::checklist;
use crate::chat::reply::{Button, ButtonStyle, Card, Field, ItemState, Part, Run, Text};

const MOST_EMBEDS: usize = 10;
/// Over all embeds of a message: titles, descriptions, names and values.
const MOST_TEXT: usize = 6000;
const LONGEST_TITLE: usize = 256;
const LONGEST_DESCRIPTION: usize = 4096;
const FIELDS_PER_EMBED: usize = 25;
const LONGEST_NAME: usize = 256;
const LONGEST_VALUE: usize = 1024;
const MOST_ROWS: usize = 5;
const BUTTONS_PER_ROW: usize = 5;
const LONGEST_LABEL: usize = 80;
const LONGEST_CUSTOM_ID: usize = 100;
const LONGEST_CONTENT: usize = 2000;

/// Of a message: only the person who asked sees it.
const EPHEMERAL: u64 = 1 << 6;
/// Of a message: addresses in its text are not shown as pictures of what is behind them. It would take our own embeds
/// away too, so it is only set where there are none.
const SUPPRESS_EMBEDS: u64 = 1 << 2;

/// How long texts may be. Blocks of text and fields each get a part of what a message may hold.
#[derive(Clone, Copy, Debug)]
struct Limits {
    block: usize,
    value: usize,
}

impl Limits {
    /// What Discord allows for each text alone.
    const EACH: Self = Self { block: LONGEST_DESCRIPTION, value: LONGEST_VALUE };

    /// Equal shares, when the texts together are too long.
    fn shares(card: &Card) -> Self {
        let (mut blocks, mut fields) = (0, 0);
        for part in &card.parts {
            match part {
                Part::Fields(list) => fields += list.len(),
                Part::Paragraph(_) | Part::Checklist(_) | Part::Note(_) => blocks += 1,
                Part::Title(_) | Part::Buttons(_) | Part::Divider => {}
            }
        }
        // Half for prose, a third for values; the rest is for the title and the names.
        let share = |room: usize, count: usize| (room / count.max(1)).saturating_sub(4).max(1);
        Self {
            block: Self::EACH.block.min(share(MOST_TEXT / 2, blocks)),
            value: Self::EACH.value.min(share(MOST_TEXT / 3, fields)),
        }
    }
}

/// A card as a message.
pub fn message(card: &Card) -> Value {
    let mut embeds = draw(card, Limits::EACH);
    if embeds.iter().map(Embed::length).sum::<usize>() > MOST_TEXT {
        embeds = draw(card, Limits::shares(card));
    }
    embeds.truncate(MOST_EMBEDS);
    within_total(&mut embeds);
    let colour = colour(card);
    let embeds: Vec<Value> = embeds.into_iter().map(|embed| embed.into_json(colour)).collect();
    let components = rows(card);
    // A message of nothing is refused; this one is only ever made of a card without a word.
    let is_empty = embeds.is_empty() && components.is_empty();
    let content = escape::markdown(&card.summary, LONGEST_CONTENT);
    let mut message = json!({
        "content": if is_empty { said(content).unwrap_or_else(|| "–".to_owned()) } else { String::new() },
        "embeds": embeds,
        "components": components,
        // Nobody is ever pinged, whatever stands in the text.
        "allowed_mentions": { "parse": [] },
    });
    if is_empty {
        message["flags"] = json!(SUPPRESS_EMBEDS);
    }
    message
}

/// A card as a message that only one person sees.
pub fn whisper(card: &Card) -> Value {
    let mut message = message(card);
    let flags = message["flags"].as_u64().unwrap_or_default();
    message["flags"] = json!(flags | EPHEMERAL);
    message
}

/// A text as a thread's name.
pub fn thread_name(text: &Text) -> Option<String> {
    const LONGEST_THREAD: usize = 100;
    said(escape::plain(text, LONGEST_THREAD))
}

#[derive(Debug, Default)]
struct Embed {
    title: Option<String>,
    blocks: Vec<String>,
    fields: Vec<(String, String)>,
}

/// Between two blocks of text.
const GAP: &str = "\n\n";

impl Embed {
    fn description(&self) -> usize {
        let gaps = escape::length(GAP) * self.blocks.len().saturating_sub(1);
        self.blocks.iter().map(|text| escape::length(text)).sum::<usize>() + gaps
    }

    fn length(&self) -> usize {
        let pair = |(name, value): &(String, String)| escape::length(name) + escape::length(value);
        self.title.as_deref().map_or(0, escape::length)
            + self.description()
            + self.fields.iter().map(pair).sum::<usize>()
    }

    fn into_json(self, colour: u32) -> Value {
        let mut embed = json!({ "color": colour });
        if let Some(title) = self.title {
            embed["title"] = json!(title);
        }
        if !self.blocks.is_empty() {
            embed["description"] = json!(self.blocks.join(GAP));
        }
        if !self.fields.is_empty() {
            let fields = self.fields.into_iter();
            embed["fields"] = fields
                .map(|(name, value)| json!({ "name": name, "value": value, "inline": true }))
                .collect();
        }
        embed
    }
}

/// The embeds of a card. Discord refuses empty texts, so a part that says nothing draws nothing.
fn draw(card: &Card, limits: Limits) -> Vec<Embed> {
    let mut embeds: Vec<Embed> = Vec::new();
    for part in &card.parts {
        match part {
            Part::Title(title) => {
                if let Some(title) = said(escape::line(title, LONGEST_TITLE)) {
                    embeds.push(Embed { title: Some(title), ..Embed::default() });
                }
            }
            Part::Paragraph(text) => {
                write(&mut embeds, said(escape::markdown(text, limits.block)));
            }
            Part::Note(text) => write(&mut embeds, small(text, limits.block)),
            Part::Checklist(items) => {
                let drawn = checklist::draw(items, limits.block, escape::markdown, escape::length);
                write(&mut embeds, said(drawn));
            }
            Part::Fields(fields) => {
                for field in fields {
                    list(&mut embeds, drawn_field(field, limits.value));
                }
            }
            // The gap between blocks is as much of a line as an embed has.
            Part::Buttons(_) | Part::Divider => {}
        }
    }
    embeds
}

/// Puts a block of text into the last embed, or into a new one below its fields or where it is full.
fn write(embeds: &mut Vec<Embed>, block: Option<String>) {
    let Some(block) = block else { return };
    let fits = |embed: &Embed| {
        let room = LONGEST_DESCRIPTION.saturating_sub(embed.description() + escape::length(GAP));
        embed.fields.is_empty() && escape::length(&block) <= room
    };
    match embeds.last_mut() {
        Some(last) if fits(last) => last.blocks.push(block),
        Some(_) | None => embeds.push(Embed { blocks: vec![block], ..Embed::default() }),
    }
}

/// Puts a field into the last embed, or into a new one where it is full.
fn list(embeds: &mut Vec<Embed>, field: (String, String)) {
    match embeds.last_mut() {
        Some(last) if last.fields.len() < FIELDS_PER_EMBED => last.fields.push(field),
        Some(_) | None => embeds.push(Embed { fields: vec![field], ..Embed::default() }),
    }
}

/// Only a card of very many parts is still too long: blocks of text go from the end, then fields.
fn within_total(embeds: &mut Vec<Embed>) {
    while embeds.iter().map(Embed::length).sum::<usize>() > MOST_TEXT {
        if let Some(embed) = embeds.iter_mut().rfind(|embed| !embed.blocks.is_empty()) {
            embed.blocks.pop();
        } else if let Some(embed) = embeds.iter_mut().rfind(|embed| !embed.fields.is_empty()) {
            embed.fields.pop();
        }
        embeds.retain(|embed| embed.length() > 0);
    }
}

fn said(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

/// Small print: each line has its own mark.
fn small(text: &Text, limit: usize) -> Option<String> {
    const MARK: &str = "-# ";
    let lines = text.0.iter().map(|run| match run {
        Run::Plain(words) => words.matches('\n').count(),
        _ => 0,
    });
    let marks = (lines.sum::<usize>() + 1) * MARK.len();
    let text = said(escape::markdown(text, limit.saturating_sub(marks).max(1)))?;
    Some(text.lines().map(|line| format!("{MARK}{line}")).collect::<Vec<_>>().join("\n"))
}

fn drawn_field(field: &Field, limit: usize) -> (String, String) {
    let name = said(escape::line(&field.name.as_str().into(), LONGEST_NAME));
    let value = said(escape::markdown(&field.value, limit));
    (name.unwrap_or_else(|| "–".to_owned()), value.unwrap_or_else(|| "–".to_owned()))
}

/// The bar beside an embed, by how far the card's runbook is: what went wrong weighs most.
fn colour(card: &Card) -> u32 {
    const RED: u32 = 0xed_42_45;
    const AMBER: u32 = 0xfe_e7_5c;
    const BLUE: u32 = 0x58_65_f2;
    const GREEN: u32 = 0x57_f2_87;
    const GREY: u32 = 0x99_aa_b5;
    let items = card.parts.iter().flat_map(|part| match part {
        Part::Checklist(items) => items.as_slice(),
        _ => &[],
    });
    let states: Vec<ItemState> = items.map(|item| item.state).collect();
    let any = |state| states.contains(&state);
    if any(ItemState::Failed) {
        RED
    } else if any(ItemState::Unknown) {
        AMBER
    } else if states.is_empty() {
        GREY
    } else if states.iter().all(|state| *state == ItemState::Done) {
        GREEN
    } else {
        BLUE
    }
}

/// The rows of buttons: one or more for each part of buttons, or as few as possible where those are too many.
fn rows(card: &Card) -> Vec<Value> {
    let mut seen = Vec::new();
    let mut parts: Vec<Vec<Value>> = Vec::new();
    for part in &card.parts {
        let Part::Buttons(buttons) = part else { continue };
        let drawn = buttons.iter().filter_map(|button| {
            let custom_id = custom_id(button)?;
            // The same button twice is one button; Discord refuses a message with two of the same id.
            let is_new = !seen.contains(&custom_id);
            seen.push(custom_id.clone());
            is_new.then(|| drawn_button(button, &custom_id))
        });
        parts.push(drawn.collect());
    }
    let needed: usize = parts.iter().map(|part| part.len().div_ceil(BUTTONS_PER_ROW)).sum();
    if needed > MOST_ROWS {
        parts = vec![parts.into_iter().flatten().collect()];
    }
    let rows = parts.iter().flat_map(|part| part.chunks(BUTTONS_PER_ROW));
    rows.take(MOST_ROWS).map(|row| json!({ "type": 1, "components": row })).collect()
}

/// What a press carries: `wire.rs` takes it apart again. An action's name has a dozen letters and a token 32 digits;
/// whatever is longer than Discord takes is no button of ours.
fn custom_id(button: &Button) -> Option<String> {
    let custom_id = format!("{}:{}", button.action, button.token);
    (escape::length(&custom_id) <= LONGEST_CUSTOM_ID).then_some(custom_id)
}

fn drawn_button(button: &Button, custom_id: &str) -> Value {
    let label = said(escape::plain(&button.label, LONGEST_LABEL));
    json!({
        "type": 2,
        "style": style(button.style),
        "label": label.unwrap_or_else(|| button.action.clone()),
        "custom_id": custom_id,
    })
}

fn style(style: ButtonStyle) -> u8 {
    match style {
        ButtonStyle::Primary => 1,
        ButtonStyle::Plain => 2,
        ButtonStyle::Danger => 4,
    }
}

#[cfg(test)]
mod tests;
