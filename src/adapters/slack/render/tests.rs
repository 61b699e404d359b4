//! What people see and Slack parses: the shape of blocks, and the limits under cards that are far too big.

use serde_json::{Value, json};

use super::*;
use crate::adapters::slack::escape::tests::{HOSTILE, read};
use crate::chat::reply::{Item, ItemState};
use crate::domain::actor::Person;
use crate::domain::time::Timestamp;

fn ana() -> Person {
    "slack:T01DEMO/U01ANA".parse().unwrap()
}

fn button(label: &str, style: ButtonStyle, action: &str) -> Button {
    Button {
        label: label.into(),
        style,
        action: action.to_owned(),
        token: "0123456789abcdef0123456789abcdef".to_owned(),
    }
}

fn field_of(name: &str, value: Text) -> Field {
    Field { name: name.to_owned(), value }
}

fn item(state: ItemState, label: &str, note: Option<Text>) -> Item {
    Item { state, label: label.into(), note }
}

fn card(parts: Vec<Part>) -> Card {
    Card { summary: "Roll back web?".into(), parts }
}

fn blocks(parts: Vec<Part>) -> Vec<Value> {
    let content = serde_json::to_value(content(&card(parts))).unwrap();
    content["blocks"].as_array().unwrap().clone()
}

/// Every text of a block, wherever it stands.
fn texts(block: &Value) -> Vec<(String, String)> {
    match block {
        Value::Object(members) => {
            let own = match (members.get("type"), members.get("text")) {
                (Some(Value::String(kind)), Some(Value::String(text))) => {
                    vec![(kind.clone(), text.clone())]
                }
                _ => Vec::new(),
            };
            own.into_iter().chain(members.values().flat_map(texts)).collect()
        }
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_confirm_card_becomes_block_kit() {
    let at = Timestamp(1_795_200_031_000);
    let shown = content(&Card {
        summary: Text::plain("Roll back ").strong("web").and("?"),
        parts: vec![
            Part::Title(Text::plain("Roll back web?")),
            Part::Paragraph(Text::plain("Asked by ").person(&ana()).and(" at ").time(at)),
            Part::Fields(vec![
                field_of("From", Text::default().code("9fceb02").foreign(" Rework *totals*")),
                field_of("To", Text::default()),
            ]),
            Part::Checklist(vec![
                item(ItemState::Done, "Announce", Some(Text::plain("02:07 ").person(&ana()))),
                item(ItemState::Doing, "Confirm", None),
                item(ItemState::Todo, "Flip", None),
                item(ItemState::Failed, "Prove", None),
                item(ItemState::Unknown, "Read back", None),
            ]),
            Part::Divider,
            Part::Buttons(vec![
                button("Confirm", ButtonStyle::Danger, "confirm"),
                button("Cancel", ButtonStyle::Plain, "cancel"),
                button("v40", ButtonStyle::Primary, "choose"),
                button("v39", ButtonStyle::Plain, "choose"),
            ]),
            Part::Note(Text::plain("Data stays as it is.")),
        ],
    });
    let value = "0123456789abcdef0123456789abcdef";
    let drawn_button = |label: &str, action: &str| {
        json!({"type": "button", "action_id": action, "value": value,
               "text": {"type": "plain_text", "text": label, "emoji": false}})
    };
    let styled = |mut button: Value, style: &str| {
        button["style"] = json!(style);
        button
    };
    let expected = json!({
        "text": "Roll back *web*?",
        "blocks": [
            {"type": "header",
             "text": {"type": "plain_text", "text": "Roll back web?", "emoji": false}},
            {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text":
                "Asked by <@U01ANA> at <!date^1795200031^{time_secs}|18:40:31 UTC>"}},
            {"type": "section", "fields": [
                {"type": "mrkdwn", "verbatim": true, "text": "*From*\n`9fceb02` Rework ∗totals∗"},
                {"type": "mrkdwn", "verbatim": true, "text": "*To*\n–"}]},
            {"type": "section", "text": {"type": "mrkdwn", "verbatim": true, "text":
                "✅ *Announce* – 02:07 <@U01ANA>\n⏳ *Confirm*\n⬜ *Flip*\n❌ *Prove*\n❔ *Read back*"}},
            {"type": "divider"},
            {"type": "actions", "elements": [
                styled(drawn_button("Confirm", "confirm"), "danger"),
                drawn_button("Cancel", "cancel"),
                styled(drawn_button("v40", "choose"), "primary"),
                drawn_button("v39", "choose:2")]},
            {"type": "context", "elements": [{"type": "mrkdwn", "verbatim": true, "text": "Data stays as it is."}]},
        ],
    });
    assert_eq!(serde_json::to_value(shown).unwrap(), expected);
}

#[test]
fn an_answer_to_a_command_is_ephemeral() {
    let answer = serde_json::to_value(answer(&card(vec![Part::Divider]))).unwrap();
    let expected = json!({"response_type": "ephemeral", "text": "Roll back web?",
                          "blocks": [{"type": "divider"}]});
    assert_eq!(answer, expected);
}

#[test]
fn parts_that_say_nothing_make_no_block() {
    let empty = vec![
        Part::Title(Text::plain(" ")),
        Part::Paragraph(Text::default()),
        Part::Note(Text::plain("\n")),
        Part::Fields(Vec::new()),
        Part::Buttons(Vec::new()),
        Part::Checklist(Vec::new()),
    ];
    assert_eq!(blocks(empty), Vec::<Value>::new());
}

#[test]
fn a_card_far_too_long_keeps_its_fields_and_buttons_and_fits() {
    let long = "a & b ".repeat(5000);
    let parts = vec![
        Part::Title(Text::default().foreign(long.as_str())),
        Part::Paragraph(Text::plain("By ").foreign(long.as_str())),
        Part::Fields((0..12).map(|n| field_of(&n.to_string(), Text::plain(&*long))).collect()),
        Part::Checklist(
            (0..20).map(|_| item(ItemState::Done, "Step", Some(Text::plain(&*long)))).collect(),
        ),
        Part::Note(Text::default().code(long.as_str())),
        Part::Buttons((0..7).map(|_| button(&long, ButtonStyle::Plain, "choose")).collect()),
    ];
    let drawn = blocks(parts.clone());
    assert_eq!(drawn, blocks(parts), "the same card is drawn the same way");
    let kinds: Vec<_> = drawn.iter().map(|block| block["type"].as_str().unwrap()).collect();
    let expected =
        ["header", "section", "section", "section", "section", "context", "actions", "actions"];
    assert_eq!(kinds, expected);
    let count = |block: usize, member: &str| drawn[block][member].as_array().unwrap().len();
    assert_eq!((count(2, "fields"), count(3, "fields")), (10, 2));
    assert_eq!((count(6, "elements"), count(7, "elements")), (5, 2));
    assert_eq!(drawn[4]["text"]["text"].as_str().unwrap().lines().count(), 20);
    let all: Vec<_> = drawn.iter().flat_map(texts).collect();
    let total: usize = all.iter().map(|(_, text)| escape::length(text)).sum();
    assert!((8_000..=MOST_TEXT).contains(&total), "{total}");
    for (_, text) in all.iter().filter(|(kind, _)| kind == "mrkdwn") {
        let broken = text.matches('&').count() != text.matches("&amp;").count();
        assert!(!broken, "an escape is cut: {text}");
    }
}

#[test]
fn each_text_alone_stays_within_slacks_limit() {
    let long = "word ".repeat(2000);
    let header = &texts(&blocks(vec![Part::Title(Text::plain(&*long))])[0])[0].1;
    assert_eq!((escape::length(header), header.ends_with('…')), (LONGEST_TITLE, true));
    let section = &texts(&blocks(vec![Part::Paragraph(Text::plain(&*long))])[0])[0].1;
    assert_eq!((escape::length(section), section.ends_with('…')), (3000, true));
    let drawn = blocks(vec![Part::Fields(vec![field_of(&long, Text::plain(&*long))])]);
    assert_eq!(escape::length(&texts(&drawn[0])[0].1), 2000);
    let drawn = blocks(vec![Part::Buttons(vec![button(&long, ButtonStyle::Plain, "x")])]);
    assert_eq!(escape::length(drawn[0]["elements"][0]["text"]["text"].as_str().unwrap()), 75);
    let steps = (0..200).map(|_| item(ItemState::Todo, &long, None)).collect();
    let list = &texts(&blocks(vec![Part::Checklist(steps)])[0])[0].1;
    assert!(escape::length(list) <= 3000 && list.lines().count() == 200, "{list}");
}

#[test]
fn with_too_many_blocks_lines_go_first_then_small_print_then_prose() {
    let mut parts = vec![Part::Title("Title".into())];
    for n in 0..20 {
        parts.push(Part::Paragraph(Text::plain(format!("prose {n}"))));
        parts.push(Part::Note(Text::plain(format!("note {n}"))));
        parts.push(Part::Divider);
        parts.push(Part::Buttons(vec![button("Verify", ButtonStyle::Plain, "verify")]));
    }
    let drawn = blocks(parts.clone());
    let count = |kind: &str| drawn.iter().filter(|block| block["type"] == kind).count();
    assert_eq!(drawn.len(), MOST_BLOCKS);
    assert_eq!(
        (count("divider"), count("context"), count("section"), count("actions")),
        (0, 9, 20, 20)
    );
    for n in 0..20 {
        parts.push(Part::Buttons(vec![button("Verify", ButtonStyle::Plain, "verify")]));
        parts.push(Part::Fields(vec![field_of(&n.to_string(), "v41".into())]));
    }
    assert_eq!(blocks(parts).len(), MOST_BLOCKS);
}

#[test]
fn hostile_text_stays_dead_in_every_part_of_a_card() {
    for hostile in HOSTILE {
        let foreign = || Text::default().foreign(hostile);
        let shown = Card {
            summary: Text::plain("By ").append(foreign()),
            parts: vec![
                Part::Title(foreign()),
                Part::Paragraph(Text::plain("Commit: ").append(foreign())),
                Part::Fields(vec![field_of("By", foreign())]),
                Part::Checklist(vec![Item {
                    state: ItemState::Failed,
                    label: foreign(),
                    note: Some(foreign()),
                }]),
                Part::Note(foreign()),
                Part::Buttons(vec![Button {
                    label: foreign(),
                    ..button("", ButtonStyle::Plain, "x")
                }]),
            ],
        };
        let shown = serde_json::to_value(content(&shown)).unwrap();
        let fallback = ("mrkdwn".to_owned(), shown["text"].as_str().unwrap().to_owned());
        for (kind, text) in texts(&shown["blocks"]).into_iter().chain([fallback]) {
            if kind == "plain_text" {
                continue;
            }
            let alive = read(&text);
            let ours: Vec<_> = alive.stressed.iter().filter(|words| *words != "*By").collect();
            assert!(ours.is_empty(), "{hostile:?}: {text}");
            assert_eq!((alive.tokens.len(), alive.quotes), (0, 0), "{hostile:?}: {text}");
            assert_eq!((alive.emoji.len(), alive.code.len()), (0, 0), "{hostile:?}: {text}");
            assert!(text.lines().count() <= 2, "a field is faked: {text}");
        }
        assert!(
            shown["blocks"].to_string().matches("\"emoji\":false").count() == 2,
            "plain texts show no emoji"
        );
    }
}
