//! What the fuzzer found worth keeping, and the list of hostile texts, as plain tests: each input through the same probes.

#[path = "../fuzz/src/lib.rs"]
pub mod probes;

use std::path::Path;

use probes::mrkdwn;

/// What people who control a commit message, a branch's name, a reason or a vendor's answer have tried, or might.
pub fn hostile() -> Vec<String> {
    let lines = include_str!("../data/hostile.jsonl").lines();
    lines.map(|line| serde_json::from_str(line).expect("a text in JSON")).collect()
}

fn replay(target: &str, probe: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut replayed = 0;
    for entry in std::fs::read_dir(&folder).expect("a corpus") {
        let path = entry.expect("an entry").path();
        let input = std::fs::read(&path).expect("an input");
        let kept = std::panic::catch_unwind(|| probe(&input));
        assert!(kept.is_ok(), "{} breaks a promise", path.display());
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", folder.display());
}

#[test]
fn requests_keep_their_promises() {
    replay("slack_request", probes::slack_request);
}

#[test]
fn typed_lines_keep_their_promises() {
    replay("slack_text", probes::slack_text);
}

#[test]
fn drawn_answers_keep_their_promises() {
    replay("slack_reply", probes::slack_reply);
}

#[test]
fn configurations_keep_their_promises() {
    replay("config_file", probes::config_file);
}

#[test]
fn journal_events_keep_their_promises() {
    replay("journal_event", probes::journal_event);
}

#[test]
fn hostile_words_are_inert_in_every_place_of_a_card() {
    let texts = hostile();
    assert!(texts.len() >= 300, "{}", texts.len());
    for text in &texts {
        let start: String = text.chars().take(30).collect();
        probes::slack_reply(start.as_bytes());
    }
}

#[test]
fn the_judge_sees_what_slack_would_bring_to_life() {
    let alive =
        mrkdwn::read("*b* _i_ ~s~ `c` <!here> <https://a|b> :x: \u{202e}\n&gt; q\n```d\ne```");
    assert_eq!(alive.marked, ["*b", "_i", "~s"]);
    assert_eq!(alive.code, ["d\ne", "c"]);
    assert_eq!(alive.tokens, ["!here", "https://a|b"]);
    assert_eq!(alive.emoji, ["x"]);
    assert_eq!(alive.quotes, ["&gt; q"]);
    assert_eq!(alive.hidden, ['\u{202e}']);
    let words = "snake_case 2 * 3 at 12:30:45, a ~ b, it's `one, x &lt;!here&gt; y";
    assert_eq!(mrkdwn::read(words), mrkdwn::Alive::default());
    let mut unseen: Vec<String> = hostile();
    unseen.retain(|text| mrkdwn::read(text) != mrkdwn::Alive::default());
    assert!(unseen.len() > 150, "the list is alive where nobody tames it: {}", unseen.len());
}
