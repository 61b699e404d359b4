//! What the fuzzer found worth keeping, and the list of hostile texts, as plain tests: each input through the same probes.

#[path = "../fuzz/src/lib.rs"]
pub mod probes;

use std::path::Path;

use probes::{discord_markdown, mrkdwn};

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
fn requests_of_discord_keep_their_promises() {
    replay("discord_request", probes::discord_request);
}

#[test]
fn answers_drawn_for_discord_keep_their_promises() {
    replay("discord_reply", probes::discord_reply);
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
    assert!(texts.len() >= 500, "{}", texts.len());
    for text in &texts {
        let start: String = text.chars().take(30).collect();
        probes::slack_reply(start.as_bytes());
        probes::discord_reply(start.as_bytes());
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

#[test]
fn the_judge_sees_what_discord_would_bring_to_life() {
    let alive = discord_markdown::read(
        "*a* **b** _c_ __d__ ~~e~~ ||f|| `g` ``h`i`` ```j``` @everyone @here :x: \\\u{202e}\n# k\n## l\n-# m\n- n\n\
         * o\n1. p\n> q\n>>> r\n[s](https://t) [u](<https://v> \"w\") https://y",
    );
    assert_eq!(alive.marked, ["*a", "**b", "_c", "__d", "~~e", "||f"]);
    assert_eq!(alive.code, ["g", "h`i", "j"]);
    assert_eq!(alive.tokens, ["@everyone", "@here"]);
    assert_eq!(
        (alive.emoji, alive.escapes, alive.hidden),
        (vec!["x".to_owned()], 1, vec!['\u{202e}'])
    );
    let lines = ["# k", "## l", "-# m", "- n", "* o", "1. p", "> q", ">>> r"];
    assert_eq!(alive.lines, lines);
    assert_eq!(alive.links, ["s|https://t", "u|<https://v> \"w\"", "https://y"]);
    let named = "<@1> <@!1> <@&1> <#1> </a b:1> <:a:1> <a:b:1> <t:0:R> <id:guide> <https://a>";
    assert_eq!(discord_markdown::read(named).tokens.len(), 10);
    let words = "snake_case 2 * 3 at 12:30:45, a ~ b, it's `one, [x] #124 - y 1.2 | z";
    assert_eq!(discord_markdown::read(words), discord_markdown::Alive::default());
    let mut unseen: Vec<String> = hostile();
    unseen.retain(|text| discord_markdown::read(text) != discord_markdown::Alive::default());
    assert!(unseen.len() > 200, "the list is alive where nobody tames it: {}", unseen.len());
}

#[test]
fn the_judge_sees_one_mark_tear_another_apart() {
    let torn = discord_markdown::read("snake_case `[ok](https://evil) x_`");
    assert_eq!((torn.code.len(), torn.marked.len()), (1, 1), "{torn:?}");
    let torn = discord_markdown::read("[Approved `](https://evil)`");
    assert_eq!(torn.links, ["Approved `|https://evil"]);
    let torn = discord_markdown::read("[a] b `](https://evil)`");
    assert_eq!(torn.links, ["a] b `|https://evil"]);
}
