//! Hostile text against a reader of Discord's markdown that shares no code with the escaper.

use super::*;
use crate::adapters::inert::is_hidden;
use crate::adapters::spans::CUT;
use crate::domain::time::Timestamp;

/// What a Discord client would bring to life in a piece of markdown.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Alive {
    /// `<…>`, `@everyone`, `@here`.
    pub(in super::super) tokens: Vec<String>,
    /// The insides of `*…*`, `_…_`, `~~…~~`, `||…||`, with their mark in front.
    pub(in super::super) stressed: Vec<String>,
    /// The insides of back-ticks.
    pub(in super::super) code: Vec<String>,
    /// The names of `:emoji:`.
    pub(in super::super) emoji: Vec<String>,
    /// Masked links and bare addresses.
    pub(in super::super) links: Vec<String>,
    /// Lines that are headings, small print, lists or quotes.
    pub(in super::super) lines: Vec<String>,
    /// Back-slashes, which take the next character's meaning away.
    pub(in super::super) escapes: usize,
}

/// Reads markdown, more readily than Discord does: whatever might be markup counts as markup.
pub(in super::super) fn read(text: &str) -> Alive {
    let mut alive = Alive { escapes: text.matches('\\').count(), ..Alive::default() };
    alive.lines.extend(text.lines().filter(|line| is_marked(line)).map(str::to_owned));
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        // What stands between this mark and the next one like it.
        let inside = |mark: &str| {
            let after = rest.strip_prefix(mark)?;
            after.find(mark).filter(|&end| end > 0).map(|end| &after[..end])
        };
        if let Some(code) = inside("`") {
            alive.code.push(code.to_owned());
            at += code.len() + 2;
            continue;
        }
        if c == '<' {
            alive.tokens.push(rest.split('>').next().unwrap_or_default().to_owned());
        }
        for ping in ["@everyone", "@here"] {
            if rest.get(..ping.len()).is_some_and(|start| start.eq_ignore_ascii_case(ping)) {
                alive.tokens.push(ping.to_owned());
            }
        }
        if rest.starts_with("](") || rest.starts_with("://") {
            alive.links.push(rest.chars().take(20).collect());
        }
        let mark = ["||", "~~", "*", "_"].into_iter().find(|mark| rest.starts_with(mark));
        if let Some(words) = mark.and_then(inside)
            && !(c == '_' && is_inside(text, at))
        {
            alive.stressed.push(format!("{c}{words}"));
        }
        let is_name = |name: &&str| name.chars().all(|c| c.is_alphanumeric() || "_-+'".contains(c));
        let is_time = |name: &str| name.bytes().all(|byte| byte.is_ascii_digit());
        if let Some(name) = inside(":").filter(is_name)
            && (!is_time(name) || ["100", "1234"].contains(&name))
        {
            alive.emoji.push(name.to_owned());
        }
        at += c.len_utf8();
    }
    alive
}

fn is_inside(text: &str, at: usize) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    word(text[..at].chars().last()) && word(text[at + 1..].chars().next())
}

fn is_marked(line: &str) -> bool {
    let line = line.trim_start();
    let digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered =
        digits.len() < line.len() && (digits.starts_with(". ") || digits.starts_with(") "));
    let marks = ["# ", "## ", "### ", "-# ", "- ", "* ", "+ ", "> ", ">>> ", "• "];
    numbered || line.starts_with('>') || marks.iter().any(|mark| line.starts_with(mark))
}

/// What people who control a commit message, a branch name or an alert have tried, or might.
pub(in super::super) const HOSTILE: [&str; 58] = [
    "@everyone look",
    "@here @Everyone",
    "mail@everyone.example",
    "@",
    "<@88> <@!88>",
    "<@&71>",
    "<#5001>",
    "<:ok:123> <a:spin:123>",
    "<t:0:R>",
    "</rollback:3001>",
    "<id:customize>",
    "<https://evil.example>",
    "<\u{200b}@88>",
    "<",
    "https://evil.example/x",
    "HTTP://evil.example",
    "discord://evil",
    "[ok](https://evil.example)",
    "[https://good.example](https://evil.example)",
    "[ok](<https://evil.example> \"title\")",
    "[ok]",
    "](https://evil.example)",
    "`code` and ```pre```",
    "` unbalanced",
    "``",
    "*Approved by* lee",
    "**Approved by** lee",
    "***x*** *a* **b**",
    "*Approved by*\nlee",
    "_quiet_ __under__ ___both___",
    "a__b__c snake_case_name",
    "__init__",
    "~~gone~~ ~x~",
    "||spoiler||",
    "| |",
    "# Approved",
    "## Approved",
    "### Approved",
    "  # Approved",
    "-# small",
    "- item",
    "+ item",
    "• item",
    "* item",
    "1. item",
    "12) item",
    "> quoted by lee",
    ">>> everything after is a quote",
    "\n\n> quoted by lee",
    "x\n# Approved\n- by lee",
    "\u{2028}> quoted",
    "\\*x\\* \\",
    "\u{202e}gnp.exe",
    "\u{200b}*bold*\u{200b}",
    ":white_check_mark: all checks passed",
    "done:x:done :100: :x",
    "a\u{0}b\u{1b}[31mred",
    "\u{e0041}\u{e0042}tagged \u{fe00}variant",
];

#[test]
fn foreign_text_stays_dead_wherever_it_stands() {
    for hostile in HOSTILE {
        for text in [
            Text::default().foreign(hostile),
            Text::plain("by ").foreign(hostile).and(" at once"),
            Text::plain("line\n").foreign(hostile),
            Text::default().foreign(hostile).foreign(hostile),
            Text::default().foreign(hostile).foreign("(https://evil.example)"),
            Text::default().foreign("@").foreign("here"),
            Text::default().foreign(hostile).and(": done"),
            Text::plain(hostile),
            Text::default().link("javascript:alert(1)", hostile),
            Text::default().link("https://good.example@evil.example/", hostile),
        ] {
            let shown = markdown(&text, 3000);
            assert_eq!(read(&shown), Alive::default(), "{hostile:?} became {shown:?}");
            assert!(!shown.contains(is_hidden), "{shown:?}");
        }
        let title = line(&Text::default().foreign(hostile), 256);
        assert_eq!(read(&title), Alive::default(), "{hostile:?} became {title:?}");
    }
}

#[test]
fn hostile_text_in_marked_runs_stays_inside_its_mark() {
    for hostile in HOSTILE {
        let code = read(&markdown(&Text::default().code(hostile), 3000));
        assert_eq!((code.code.len(), code.tokens.len()), (1, 0), "{hostile:?}: {code:?}");
        let strong = markdown(&Text::default().strong(hostile), 3000);
        let inside = strong.strip_prefix("**").and_then(|rest| rest.strip_suffix("**")).unwrap();
        let alive = Alive { lines: Vec::new(), ..read(inside) };
        assert_eq!(alive, Alive::default(), "{hostile:?}: {strong:?}");
        let link = markdown(&Text::default().link("https://good.example/", hostile), 3000);
        let alive = read(&link);
        assert_eq!(link.matches("](").count() + alive.tokens.len(), 1, "{hostile:?}: {link:?}");
        assert_eq!(link.matches("://").count(), 1, "{hostile:?}: {link:?}");
    }
}

#[test]
fn hostile_text_is_never_brought_to_life_by_cutting() {
    let long = Text::plain("by ").foreign(HOSTILE.join(" ")).code("a&b".repeat(40)).strong("end");
    let whole = length(&markdown(&long, usize::MAX));
    for limit in 1..whole {
        let shown = markdown(&long, limit);
        assert!(length(&shown) <= limit, "{limit}: {shown}");
        assert!(shown.ends_with(CUT), "{limit}: {shown}");
        let alive = read(&shown);
        assert_eq!((alive.tokens.len(), alive.links.len()), (0, 0), "{limit}: {shown}");
        assert_eq!(shown.matches('`').count() % 2, 0, "{limit}: {shown}");
        assert_eq!(shown.matches("**").count() % 2, 0, "{limit}: {shown}");
    }
}

#[test]
fn our_own_runs_become_markup() {
    let at = Timestamp(1_795_200_031_500);
    let ana: Person = "slack:T01DEMO/U01ANA".parse().unwrap();
    let bo: Person = "discord:77/88".parse().unwrap();
    for (text, expected) in [
        (Text::plain("a & b\nc < d"), "a & b\nc ‹ d"),
        (Text::plain("now ").strong("frozen").and(", all of it"), "now **frozen**, all of it"),
        (Text::plain("at ").code("9fceb02 `x`").and("."), "at `9fceb02 'x'`."),
        (Text::default().code("snake_case *.rs :a:b:"), "`snake_case *.rs :a:b:`"),
        (Text::plain("at ").code("x").strong("y").and("z"), "at `x` **y** z"),
        (Text::default().code("").and("left"), "left"),
        (Text::plain("by ").person(&ana).and("!"), "by slack:T01DEMO/U01ANA!"),
        (Text::plain("by ").person(&bo), "by <@88>"),
        (Text::default().time(at), "<t:1795200031:T>"),
        (Text::default().foreign("fix: use a_b, not 2*3 ~ 6"), "fix: use a_b, not 2∗3 ∼ 6"),
        (Text::default().foreign("12:30:45 at host:8080"), "12:30:45 at host:8080"),
        (Text::default().foreign("#124 and #125"), "#124 and #125"),
        (Text::default().foreign("1.2.3 is out - really"), "1.2.3 is out - really"),
        (Text::default().foreign("  many \t lines\nhere "), "many lines here"),
    ] {
        assert_eq!(markdown(&text, 3000), expected);
    }
}

#[test]
fn links_lead_where_they_say() {
    for (url, label, expected) in [
        ("https://a.example/x?b=1&c=2", "Build", "[Build](https://a.example/x?b=1&c=2)"),
        ("http://127.0.0.1:8082/", "the shop", "[the shop](http://127.0.0.1:8082/)"),
        ("https://a.example/(x)", "[Build]", "[［Build］](https://a.example/%28x%29)"),
        ("https://a.example/", "https://b.example/", "<https://a.example/>"),
        ("https://a.example/", "", "<https://a.example/>"),
        ("https://b.example@a.example/", "Build", "Build"),
        ("ftp://a.example/", "Build", "Build"),
        ("no address", "Build", "Build"),
    ] {
        assert_eq!(markdown(&Text::default().link(url, label), 3000), expected);
    }
}

#[test]
fn a_mark_that_one_stranger_leaves_open_is_not_closed_by_another() {
    for (open, inside, expected) in [
        (
            "snake_case",
            "[ok](https://evil.example) x_",
            "snake_case `[ok］(https://evil.example) xˍ`",
        ),
        ("[Approved", "](https://evil.example)", "［Approved `］(https://evil.example)`"),
        ("[a [b]", "c] d", "［a ［b］ `c] d`"),
        ("[web] fix", "a[0]", "[web] fix `a[0]`"),
        ("a", "__init__ dpl_1", "a `ˍˍinitˍˍ dpl_1`"),
    ] {
        assert_eq!(markdown(&Text::default().foreign(open).and(" ").code(inside), 3000), expected);
    }
    let link = Text::default().foreign("a_b ").link("https://a.example/x_y/_?z_", "Build");
    assert_eq!(markdown(&link, 3000), "a_b[Build](https://a.example/x_y/%5F?z%5F)");
}

#[test]
fn plain_text_is_one_visible_line() {
    let ana: Person = "discord:77/88".parse().unwrap();
    let text = Text::plain("Roll back ")
        .strong("web")
        .and("\nby ")
        .person(&ana)
        .foreign(" <@88>\u{202e} *x*");
    assert_eq!(plain(&text, 150), "Roll back web by 88 <@88> *x*");
    assert_eq!(plain(&text, 10), "Roll back…");
    assert_eq!(length(&plain(&Text::plain("💥".repeat(100)), 75)), 75);
}

#[test]
fn shortening_keeps_whole_mentions_or_none() {
    let ana: Person = "discord:77/88".parse().unwrap();
    let text = Text::plain("pressed by ").person(&ana).and(" and proven");
    for limit in 12..=16 {
        assert_eq!(markdown(&text, limit), "pressed by …");
    }
    assert_eq!(markdown(&text, 17), "pressed by <@88>…");
}
