use super::said::options_of;
use super::*;
use crate::chat::catalog::{Declaration, Kind};

fn chooses(
    setting: &Setting,
    verb: Verb,
    options: &[(String, String)],
) -> Result<Request, ParseRefusal> {
    let subcommand = match verb {
        Verb::Rollback | Verb::Revert | Verb::Verify | Verb::Promote => None,
        Verb::Incident(subcommand) => Some(subcommand.as_str()),
    };
    from_options(&setting.scope(), verb.command(), subcommand, options)
}

#[test]
fn every_example_of_every_file_parses_alike_from_slack_and_from_discord() {
    let setting = shop();
    for declaration in setting.catalog.declarations() {
        for example in &declaration.examples {
            let typed = match setting.types(example) {
                Ok(request) => request,
                Err(refusal) => panic!("{example}: {}", said(&refusal)),
            };
            assert_eq!(typed.verb(), declaration.verb, "{example}");
            let chosen = chooses(&setting, declaration.verb, &options_of(&typed));
            assert_eq!(chosen, Ok(typed), "{example}");
        }
    }
}

/// A value that the option takes and that no default equals.
fn sample(kind: Kind) -> &'static str {
    match kind {
        Kind::Service => "web",
        Kind::Deployment => "a1b2c3d",
        Kind::Change => "#124",
        Kind::Pull => "#130",
        Kind::Incident => "#7",
        Kind::Code => "k7q2-9fxt",
        Kind::Word => "rollback",
        Kind::Text { .. } => "because of DNS",
    }
}

#[test]
fn every_declared_option_changes_the_request() {
    let setting = shop();
    let said = |declaration: &Declaration, with: Option<OptionName>| {
        let wanted = |name, required| required || Some(name) == with;
        let options: Vec<(String, String)> = declaration
            .options
            .iter()
            .filter(|option| wanted(option.name, option.required))
            .map(|option| (option.name.to_string(), sample(option.kind).to_owned()))
            .collect();
        chooses(&setting, declaration.verb, &options)
    };
    for declaration in setting.catalog.declarations() {
        let without = said(declaration, None).unwrap();
        for option in &declaration.options {
            let with = said(declaration, Some(option.name)).unwrap();
            match option.required {
                false => assert_ne!(with, without, "{} {}", declaration.verb.as_str(), option.name),
                true => {
                    let nothing = chooses(&setting, declaration.verb, &[]);
                    assert!(nothing.is_err(), "{} {}", declaration.verb.as_str(), option.name);
                }
            }
        }
    }
}

#[test]
fn options_obey_the_same_checks_as_text() {
    let setting = shop();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (options, expected) in [
        (vec![pair("service", "shpo")], "There is no service called `shpo`."),
        (vec![pair("to", "a1b2 c3d4")], "Two values for the target: `a1b2` and `c3d4`."),
        (vec![pair("to", "a"), pair("to", "b")], "Two values for the target: `a` and `b`."),
        (vec![pair("reason", &"x".repeat(201))], "The reason has 201 characters"),
        (vec![pair("force", "yes")], "There is no place for `force` in this command."),
        (vec![pair("title", "x")], "There is no place for `title` in this command."),
    ] {
        let refusal = chooses(&setting, Verb::Rollback, &options).unwrap_err();
        assert!(said(&refusal).starts_with(expected), "{}", said(&refusal));
    }
    let loose = [pair("service", " Shop\u{200b} "), pair("to", "#3"), pair("reason", "  ")];
    let chosen = chooses(&setting, Verb::Rollback, &loose);
    assert_eq!(chosen, Ok(rollback("shop", Some("3"), None)));
    let chosen = from_options(&setting.scope(), CommandName::Incident, Some("opne"), &[]);
    assert!(chosen.is_err());
}

/// A small deterministic generator (xorshift), so that a failure repeats.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn line(&mut self) -> String {
        const PIECES: &[&str] = &[
            "shop",
            "web",
            "shpo",
            "to",
            "reason",
            "to=",
            "reason=",
            "service=",
            "=",
            "#",
            "7",
            "2",
            "a1b2c3d",
            "dpl_x",
            "v41",
            "#124",
            "a1b2c3d..b2c3d4e",
            "https://github.com/a/b/pull/9",
            "x.vercel.app",
            "https://",
            "\"",
            "“",
            "”",
            "<",
            ">",
            "|",
            "<https://a.b.c|a.b.c>",
            "&amp;",
            "&lt;",
            "&",
            " ",
            " ",
            " ",
            "\n",
            "\t",
            "\u{200b}",
            "\u{202e}",
            "é",
            "日本",
            "🧨",
            "\u{0}",
            "open",
            "note",
            "status",
            "press",
            "help",
            "-",
        ];
        (0..self.roll(14)).map(|_| PIECES[self.roll(PIECES.len())]).collect()
    }
}

#[test]
fn no_text_makes_the_parser_panic_and_every_answer_is_well_formed() {
    let mut dice = Dice(0x5eed_1234_abcd_0001);
    let settings = [shop(), Setting::bound_to(&[]), Setting::bound_to(&["web", "shop"])];
    let mut understood = 0;
    for round in 0..30_000 {
        let text = dice.line();
        let setting = &settings[round % settings.len()];
        let command = CommandName::ALL[dice.roll(CommandName::ALL.len())];
        let subcommand = Subcommand::ALL[dice.roll(Subcommand::ALL.len())];
        let text = match (command, dice.roll(3)) {
            (CommandName::Incident, 1..) => format!("{subcommand} {text}"),
            (
                CommandName::Incident
                | CommandName::Rollback
                | CommandName::Revert
                | CommandName::Verify
                | CommandName::Promote,
                _,
            ) => text,
        };
        match parse(&setting.scope(), command, &text) {
            Ok(request) => {
                understood += 1;
                assert_repeats(setting, &request, &text);
            }
            Err(refusal) => {
                assert!(plain(&refusal.sentence).ends_with(['.', ':']), "{text:?}");
                assert!(!refusal.next.0.is_empty(), "{text:?}");
            }
        }
    }
    assert!(understood > 2_500, "the generator reaches both outcomes: {understood}");
}

/// What was understood says the same again as typed options.
fn assert_repeats(setting: &Setting, request: &Request, text: &str) {
    let again = chooses(setting, request.verb(), &options_of(request));
    assert_eq!(again.as_ref(), Ok(request), "{text:?}");
}
