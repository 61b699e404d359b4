//! What people see and Discord parses: the shape of embeds, and the limits under cards that are far too big.

use super::*;
use crate::adapters::discord::escape::tests::{Alive, HOSTILE, read};
use crate::chat::reply::Item;
use crate::domain::actor::Person;
use crate::domain::time::Timestamp;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";

fn ana() -> Person {
    "discord:77/88".parse().unwrap()
}

fn button(label: &str, style: ButtonStyle, action: &str, token: &str) -> Button {
    let (action, token) = (action.to_owned(), token.to_owned());
    Button { label: label.into(), style, action, token }
}

fn numbered(count: usize, label: &str) -> Vec<Button> {
    let token = |n: usize| format!("{n:032x}");
    (0..count).map(|n| button(label, ButtonStyle::Plain, "choose", &token(n))).collect()
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

fn drawn(parts: Vec<Part>) -> Value {
    message(&card(parts))
}

/// Every text of the embeds that is read as markdown, and their count together.
fn texts(message: &Value) -> Vec<String> {
    let mut texts = Vec::new();
    for embed in message["embeds"].as_array().unwrap() {
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        let own = [&embed["title"], &embed["description"]];
        let all = own.into_iter().chain(fields.iter().flat_map(|it| [&it["name"], &it["value"]]));
        texts.extend(all.filter_map(Value::as_str).map(str::to_owned));
    }
    texts
}

/// Holds a message against everything that Discord refuses.
fn assert_accepted(message: &Value) {
    let chars = |value: &Value| escape::length(value.as_str().unwrap_or_default());
    let embeds = message["embeds"].as_array().unwrap();
    assert!(embeds.len() <= 10);
    for embed in embeds {
        assert!(chars(&embed["title"]) <= 256 && chars(&embed["description"]) <= 4096);
        let fields = embed["fields"].as_array().cloned().unwrap_or_default();
        assert!(fields.len() <= 25);
        for field in fields {
            assert!((1..=256).contains(&chars(&field["name"])), "{field}");
            assert!((1..=1024).contains(&chars(&field["value"])), "{field}");
        }
    }
    let total: usize = texts(message).iter().map(|text| escape::length(text)).sum();
    assert!(total <= 6000, "{total}");
    let rows = message["components"].as_array().unwrap();
    assert!(rows.len() <= 5);
    let mut ids = std::collections::BTreeSet::new();
    for button in rows.iter().flat_map(|row| row["components"].as_array().unwrap()) {
        assert!((1..=80).contains(&chars(&button["label"])), "{button}");
        assert!((1..=100).contains(&chars(&button["custom_id"])), "{button}");
        assert!(ids.insert(button["custom_id"].to_string()), "twice: {button}");
    }
    assert!(rows.iter().all(|row| row["components"].as_array().unwrap().len() <= 5));
    assert!(chars(&message["content"]) <= 2000);
    let has_something = !embeds.is_empty() || !rows.is_empty() || chars(&message["content"]) > 0;
    assert!(has_something, "an empty message");
    assert_eq!(message["allowed_mentions"], json!({"parse": []}));
}

#[test]
fn a_confirm_card_becomes_embeds_and_components() {
    let at = Timestamp(1_795_200_031_000);
    let shown = message(&Card {
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
                button("Confirm", ButtonStyle::Danger, "confirm", TOKEN),
                button("Cancel", ButtonStyle::Plain, "cancel", TOKEN),
                button("v40", ButtonStyle::Primary, "choose", TOKEN),
            ]),
            Part::Note(Text::plain("Data stays as it is.\nMails too.")),
        ],
    });
    assert_accepted(&shown);
    insta::assert_json_snapshot!("confirm_card", shown);
}

#[test]
fn an_answer_for_one_person_is_ephemeral() {
    let shown = whisper(&card(vec![Part::Paragraph("x".into())]));
    assert_eq!(shown["flags"], 64);
    let bare = whisper(&card(Vec::new()));
    let expected = (&json!(68), &json!("Roll back web?"));
    assert_eq!((&bare["flags"], &bare["content"]), expected);
}

#[test]
fn parts_that_say_nothing_draw_nothing() {
    let empty = vec![
        Part::Title(Text::plain(" ")),
        Part::Paragraph(Text::default()),
        Part::Note(Text::plain("\n")),
        Part::Fields(Vec::new()),
        Part::Buttons(Vec::new()),
        Part::Checklist(Vec::new()),
        Part::Divider,
    ];
    let shown = drawn(empty);
    assert_eq!((&shown["embeds"], &shown["components"]), (&json!([]), &json!([])));
    assert_eq!(shown["content"], "Roll back web?");
    assert_accepted(&shown);
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
        Part::Buttons(numbered(7, &long)),
    ];
    let shown = drawn(parts.clone());
    assert_eq!(shown, drawn(parts), "the same card is drawn the same way");
    assert_accepted(&shown);
    let embeds = shown["embeds"].as_array().unwrap();
    let fields: usize = embeds.iter().map(|it| it["fields"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!((embeds.len(), fields), (2, 12));
    let steps = embeds[1]["description"].as_str().unwrap().matches('✅').count();
    assert_eq!(steps, 20, "no step of the runbook is lost");
    let rows = shown["components"].as_array().unwrap().iter();
    let sizes: Vec<usize> = rows.map(|row| row["components"].as_array().unwrap().len()).collect();
    assert_eq!(sizes, [5, 2]);
}

#[test]
fn a_card_of_very_many_parts_fits_all_the_same() {
    let mut parts = vec![Part::Title("Title".into())];
    for n in 0..60 {
        parts.push(Part::Paragraph(Text::plain("prose ".repeat(60))));
        parts.push(Part::Fields(vec![field_of(&"name ".repeat(60), "value ".repeat(60).into())]));
        parts.push(Part::Note(Text::plain(format!("note {n}\n").repeat(30))));
        parts.push(Part::Buttons(vec![button("x", ButtonStyle::Plain, "x", &n.to_string())]));
    }
    let shown = drawn(parts);
    assert_accepted(&shown);
    assert_eq!(shown["components"].as_array().unwrap().len(), 5);
}

#[test]
fn each_text_alone_stays_within_discords_limit() {
    let long = "word ".repeat(2000);
    let title = &texts(&drawn(vec![Part::Title("x".repeat(300).into())]))[0];
    assert_eq!((escape::length(title), title.ends_with('…')), (256, true));
    let prose = &texts(&drawn(vec![Part::Paragraph(Text::plain(&*long))]))[0];
    assert_eq!(
        ((4090..=4096).contains(&escape::length(prose)), prose.ends_with('…')),
        (true, true)
    );
    let note = &texts(&drawn(vec![Part::Note(Text::plain(&*long))]))[0];
    assert_eq!(
        ((4090..=4096).contains(&escape::length(note)), note.starts_with("-# word")),
        (true, true)
    );
    let unbroken = "x".repeat(2000);
    let fields = vec![field_of(&unbroken, unbroken.as_str().into())];
    let field = texts(&drawn(vec![Part::Fields(fields)]));
    assert_eq!(field.iter().map(|it| escape::length(it)).collect::<Vec<_>>(), [256, 1024]);
    let steps = (0..200).map(|_| item(ItemState::Todo, &long, None)).collect();
    let list = drawn(vec![Part::Checklist(steps)]);
    assert_eq!(texts(&list)[0].lines().count(), 200);
    assert_accepted(&list);
}

#[test]
fn rows_of_buttons_stay_apart_while_there_is_room() {
    let rows = |parts: usize| {
        let part =
            |n: usize| Part::Buttons(vec![button("x", ButtonStyle::Plain, "x", &n.to_string())]);
        let shown = drawn((0..parts).map(part).collect());
        assert_accepted(&shown);
        let rows = shown["components"].as_array().unwrap().iter();
        rows.map(|row| row["components"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!(rows(5), [1, 1, 1, 1, 1]);
    assert_eq!(rows(7), [5, 2]);
    let twice = drawn(vec![Part::Buttons(vec![
        button("Verify", ButtonStyle::Plain, "verify", TOKEN),
        button("Verify", ButtonStyle::Plain, "verify", TOKEN),
    ])]);
    assert_accepted(&twice);
}

#[test]
fn the_colour_tells_the_state() {
    let colour = |states: &[ItemState]| {
        let items = states.iter().map(|state| item(*state, "Step", None)).collect();
        drawn(vec![Part::Title("x".into()), Part::Checklist(items)])["embeds"][0]["color"].clone()
    };
    use ItemState::{Doing, Done, Failed, Todo, Unknown};
    assert_eq!(colour(&[]), 0x99aab5);
    assert_eq!(colour(&[Done, Doing, Todo]), 0x5865f2);
    assert_eq!(colour(&[Done, Done]), 0x57f287);
    assert_eq!(colour(&[Done, Unknown, Todo]), 0xfee75c);
    assert_eq!(colour(&[Failed, Unknown, Done]), 0xed4245);
}

#[test]
fn hostile_text_stays_dead_in_every_part_of_a_card() {
    for hostile in HOSTILE {
        let foreign = || Text::default().foreign(hostile);
        let plain = button("", ButtonStyle::Plain, "x", TOKEN);
        let shown = message(&Card {
            summary: Text::plain("By ").append(foreign()),
            parts: vec![
                Part::Title(foreign()),
                Part::Paragraph(foreign()),
                Part::Fields(vec![field_of("By", foreign())]),
                Part::Checklist(vec![Item {
                    state: ItemState::Failed,
                    label: foreign(),
                    note: Some(foreign()),
                }]),
                Part::Buttons(vec![Button { label: foreign(), ..plain }]),
            ],
        });
        assert_accepted(&shown);
        for text in texts(&shown) {
            assert_eq!(read(&text), Alive::default(), "{hostile:?}: {text}");
        }
        let note = drawn(vec![Part::Note(foreign())]);
        for text in texts(&note) {
            let inside = text.strip_prefix("-# ").unwrap();
            assert_eq!(read(inside), Alive::default(), "{hostile:?}: {text}");
        }
        let bare = drawn(Vec::new());
        assert_accepted(&bare);
    }
}
