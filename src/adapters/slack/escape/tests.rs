//! Hostile text against a reader of mrkdwn that shares no code with the escaper.

use super::*;
use crate::adapters::inert::{LONGEST_URL, is_hidden};
use crate::adapters::spans::CUT;

/// What a Slack client would bring to life in a piece of mrkdwn.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Alive {
    /// The insides of `<…>`: mentions, dates, links.
    pub(in super::super) tokens: Vec<String>,
    /// The insides of `*…*`, `_…_`, `~…~`, with their mark in front.
    pub(in super::super) stressed: Vec<String>,
    /// The insides of back-ticks.
    pub(in super::super) code: Vec<String>,
    /// The names of `:emoji:`.
    pub(in super::super) emoji: Vec<String>,
    /// Lines that are quotes.
    pub(in super::super) quotes: usize,
}

/// Reads mrkdwn, more readily than Slack does: whatever might be markup counts as markup.
pub(in super::super) fn read(text: &str) -> Alive {
    let quotes = text.lines().filter(|line| line.trim_start().starts_with("&gt;")).count();
    let mut alive = Alive { quotes, ..Alive::default() };
    let chars: Vec<char> = text.chars().collect();
    let until = |from: usize, mark: char| {
        let end = chars[from..].iter().position(|&c| c == mark)?;
        Some((chars[from..from + end].iter().collect::<String>(), from + end + 1))
    };
    let mut at = 0;
    while at < chars.len() {
        let inside = until(at + 1, if chars[at] == '<' { '>' } else { chars[at] });
        let word = |index: Option<usize>| {
            index.and_then(|index| chars.get(index)).is_some_and(char::is_ascii_alphanumeric)
        };
        match (chars[at], inside) {
            ('<', inside) => {
                let (token, next) = inside.unwrap_or(("unclosed".to_owned(), chars.len()));
                alive.tokens.push(token);
                at = next;
                continue;
            }
            ('`', Some((code, next))) if !code.is_empty() => {
                alive.code.push(code);
                at = next;
                continue;
            }
            ('*' | '~', Some((words, _))) if !words.is_empty() => {
                alive.stressed.push(format!("{}{words}", chars[at]));
            }
            ('_', Some((words, next)))
                if !words.is_empty() && !word(at.checked_sub(1)) && !word(Some(next)) =>
            {
                alive.stressed.push(format!("_{words}"));
            }
            (':', Some((name, _)))
                if !name.is_empty()
                    && name.chars().all(|c| c.is_alphanumeric() || "_-+'".contains(c)) =>
            {
                alive.emoji.push(name);
            }
            _ => {}
        }
        at += 1;
    }
    alive
}

/// What people who control a commit message, a branch name or an alert have tried, or might.
pub(in super::super) const HOSTILE: [&str; 37] = [
    "<!channel>",
    "<!here> <!everyone|all>",
    "<!subteam^S123|@oncall>",
    "<@U1>",
    "<@U01ANA|ana>",
    "<#C1|general>",
    "<https://evil.example|ok>",
    "<https://evil.example|https://good.example>",
    "<mailto:a@evil.example|mail>",
    "<!date^0^{date}^https://evil.example|today>",
    "&lt;!channel&gt;",
    "&amp;lt;!channel>",
    "<\u{200b}!channel>",
    "<!chan\u{202e}>lennahc",
    "\u{202e}gnp.exe",
    "`code` and ```pre```",
    "` unbalanced",
    "*Approved by* lee",
    "*Approved by*\nlee",
    "x\n*From*\nv41\n*To*\nv42",
    "_quiet_ ~gone~",
    "__init__ _a b_",
    "\u{200b}*bold*\u{200b}",
    ":white_check_mark: all checks passed",
    "done:x:done",
    "done :x",
    "x:",
    ":100: sure, :1234:",
    ":\u{feff}x:",
    "> quoted by lee",
    "\n\n> quoted by lee",
    "\u{2028}> quoted",
    "\r\n\t> quoted",
    ">>> everything after is a quote",
    "a\u{0}b\u{1b}[31mred",
    "\u{e0041}\u{e0042}tagged \u{fe00}variant",
    "@here @channel #general",
];

#[test]
fn foreign_text_stays_dead_wherever_it_stands() {
    for hostile in HOSTILE {
        for text in [
            Text::default().foreign(hostile),
            Text::plain("by ").foreign(hostile).and(" at once"),
            Text::plain("line\n").foreign(hostile),
            Text::default().foreign(hostile).foreign(hostile),
            Text::default().foreign(hostile).and(": done"),
            Text::default().link("javascript:alert(1)", hostile),
            Text::default().link("https://good.example@evil.example/", hostile),
        ] {
            let shown = mrkdwn(&text, 3000);
            assert_eq!(read(&shown), Alive::default(), "{hostile:?} became {shown:?}");
            assert!(!shown.contains(is_hidden), "{shown:?}");
        }
    }
}

#[test]
fn hostile_text_in_marked_runs_stays_inside_its_mark() {
    for hostile in HOSTILE {
        let code = read(&mrkdwn(&Text::default().code(hostile), 3000));
        assert_eq!((code.code.len(), code.tokens.len()), (1, 0), "{hostile:?}: {code:?}");
        let strong = read(&mrkdwn(&Text::default().strong(hostile), 3000));
        assert_eq!((strong.stressed.len(), strong.tokens.len()), (1, 0), "{hostile:?}: {strong:?}");
        let link = read(&mrkdwn(&Text::default().link("https://good.example/", hostile), 3000));
        assert_eq!(link.tokens.len(), 1, "{hostile:?}: {link:?}");
        assert!(link.tokens[0].starts_with("https://good.example/|"), "{link:?}");
    }
}

#[test]
fn hostile_text_is_never_brought_to_life_by_cutting() {
    let long = Text::plain("by ").foreign(HOSTILE.join(" ")).code("a&b".repeat(40)).strong("end");
    let whole = length(&mrkdwn(&long, usize::MAX));
    for limit in 1..whole {
        let shown = mrkdwn(&long, limit);
        assert!(length(&shown) <= limit, "{limit}: {shown}");
        assert!(shown.ends_with(CUT), "{limit}: {shown}");
        let alive = read(&shown);
        assert_eq!((alive.tokens.len(), alive.emoji.len()), (0, 0), "{limit}: {shown}");
        assert_eq!(shown.matches('`').count() % 2, 0, "{limit}: {shown}");
        assert_eq!(shown.matches('*').count() % 2, 0, "{limit}: {shown}");
        for (at, _) in shown.match_indices('&') {
            let rest = &shown[at..];
            let escape = ["&amp;", "&lt;", "&gt;"].iter().any(|escape| rest.starts_with(escape));
            assert!(escape, "{limit}: {shown}");
        }
    }
}

#[test]
fn our_own_runs_become_markup() {
    let at = Timestamp(1_795_200_031_500);
    let ana: Person = "slack:T01DEMO/U01ANA".parse().unwrap();
    let bo: Person = "discord:77/88".parse().unwrap();
    for (text, expected) in [
        (Text::plain("a & b\nc < d"), "a &amp; b\nc &lt; d"),
        (Text::plain("now ").strong("frozen").and(", all of it"), "now *frozen*, all of it"),
        (Text::plain("at ").code("9fceb02 `x`").and("."), "at `9fceb02 'x'`."),
        (Text::default().code("snake_case *.rs :a:b:"), "`snake_case *.rs :a:b:`"),
        (Text::plain("at").code("x").strong("y").and("z"), "at `x` *y* z"),
        (Text::default().code("").and("left"), "left"),
        (Text::plain("by ").person(&ana).and("!"), "by <@U01ANA>!"),
        (Text::plain("by ").person(&bo), "by discord:77/88"),
        (Text::default().time(at), "<!date^1795200031^{time_secs}|18:40:31 UTC>"),
        (Text::default().foreign("fix: use a_b, not 2*3 ~ 6"), "fix: use a_b, not 2∗3 ∼ 6"),
        (Text::default().foreign("12:30:45 at host:8080"), "12:30:45 at host:8080"),
        (Text::default().foreign("  many \t lines\nhere "), "many lines here"),
    ] {
        assert_eq!(mrkdwn(&text, 3000), expected);
    }
}

#[test]
fn links_lead_where_they_say() {
    for (url, label, expected) in [
        ("https://a.example/x?b=1&c=2", "Build", "<https://a.example/x?b=1&amp;c=2|Build>"),
        ("http://127.0.0.1:8082/", "the shop", "<http://127.0.0.1:8082/|the shop>"),
        ("https://a.example/|evil>x", "Build", "<https://a.example/%7Cevil%3Ex|Build>"),
        ("https://a.example/", "https://b.example/", "<https://a.example/|https://a.example/>"),
        ("https://a.example/", "", "<https://a.example/|https://a.example/>"),
        ("https://b.example@a.example/", "Build", "Build"),
        ("ftp://a.example/", "Build", "Build"),
        ("data:text/html,x", "Build", "Build"),
        ("no address", "Build", "Build"),
    ] {
        assert_eq!(mrkdwn(&Text::default().link(url, label), 3000), expected);
    }
    let endless = format!("https://a.example/{}", "x".repeat(LONGEST_URL));
    assert_eq!(mrkdwn(&Text::default().link(endless, "Build"), 3000), "Build");
}

#[test]
fn plain_text_is_one_visible_line() {
    let ana: Person = "slack:T01DEMO/U01ANA".parse().unwrap();
    let text = Text::plain("Roll back ")
        .strong("web")
        .and("\nby ")
        .person(&ana)
        .foreign(" <!channel>\u{202e} *x*");
    assert_eq!(plain(&text, 150), "Roll back web by U01ANA <!channel> *x*");
    assert_eq!(plain(&text, 10), "Roll back…");
    assert_eq!(length(&plain(&Text::plain("💥".repeat(100)), 75)), 75);
}

#[test]
fn shortening_keeps_whole_mentions_or_none() {
    let ana: Person = "slack:T01DEMO/U01ANA".parse().unwrap();
    let text = Text::plain("pressed by ").person(&ana).and(" and proven");
    for limit in 12..=20 {
        assert_eq!(mrkdwn(&text, limit), "pressed by …");
    }
    assert_eq!(mrkdwn(&text, 21), "pressed by <@U01ANA>…");
}
