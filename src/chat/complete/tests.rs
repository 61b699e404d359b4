//! What is offered is inert, short, at most 25, and begins with what was typed.

use super::*;

fn offer(name: &str, value: &str) -> Offer {
    Offer { name: name.to_owned(), value: value.to_owned(), also: vec!["9FCEB02aa".to_owned()] }
}

fn names(all: Vec<Offer>, typed: &str) -> Vec<String> {
    fitting(all, typed).into_iter().map(|choice| choice.name).collect()
}

#[test]
fn what_was_typed_is_the_beginning_of_a_name_an_id_or_a_commit_in_any_case() {
    let all = || vec![offer("#1 9fceb02 Rework", "dpl_One"), Offer::pull(124, "Rework checkout")];
    assert_eq!(names(all(), "").len(), 2);
    assert_eq!(names(all(), " DPL_o "), ["#1 9fceb02 Rework"]);
    assert_eq!(names(all(), "9fceB02A"), ["#1 9fceb02 Rework"]);
    assert_eq!(names(all(), "#1 9"), ["#1 9fceb02 Rework"]);
    assert_eq!(names(all(), "124"), ["#124 Rework checkout"]);
    assert_eq!(names(all(), "rework"), ["#124 Rework checkout"]);
    assert_eq!(names(all(), "eckout"), Vec::<String>::new());
}

#[test]
fn foreign_text_is_one_inert_line_and_cut_at_a_hundred_characters() {
    let hostile = format!("\u{202e}evil\n@everyone\u{200b} {}", "ü".repeat(200));
    let choice = fitting(vec![offer(&hostile, "v")], "").remove(0);
    assert_eq!(choice.name.chars().count(), 100);
    assert!(choice.name.starts_with("evil @everyone ü") && choice.name.ends_with('…'));
    // What is sent is never cut: it would mean something else.
    assert!(fitting(vec![offer("name", &"v".repeat(101))], "").is_empty());
    assert!(fitting(vec![offer("\u{202e}", "v")], "").is_empty(), "nothing is left to be read");
}

#[test]
fn hostile_words_are_offered_as_one_short_line_of_what_can_be_seen() {
    let texts = include_str!("../../../tests/data/hostile.jsonl").lines();
    let texts: Vec<String> = texts.map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let hidden = |c: char| {
        c.is_control()
            || ('\u{200b}'..='\u{200f}').contains(&c)
            || ('\u{202a}'..='\u{202e}').contains(&c)
    };
    for text in &texts {
        for choice in fitting(vec![offer(text, "v"), Offer::pull(1, text)], "") {
            assert!(!choice.name.contains(hidden), "{choice:?}");
            assert!((1..=100).contains(&choice.name.chars().count()), "{choice:?}");
        }
    }
}

#[test]
fn at_most_twenty_five_are_offered() {
    let all = (0..40).map(|number| offer(&format!("n{number}"), "v")).collect();
    assert_eq!(fitting(all, "n").len(), 25);
}

#[test]
fn every_subcommand_is_a_topic_of_help() {
    let words: Vec<String> = topics().into_iter().map(|topic| topic.value).collect();
    assert!(words.contains(&"rollback".to_owned()) && words.contains(&"ruled-out".to_owned()));
    assert!(words.len() <= MOST, "{} do not fit into one list", words.len());
}
