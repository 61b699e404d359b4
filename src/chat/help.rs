//! Help, drawn from the declarations, so that it cannot differ from what the grammar takes. Never names a command by
//! hand; the words come from `commands/`.

use super::catalog::{
    Access, Catalog, Command, CommandOption, Confirm, Declaration, Prefix, ReplyPlace, Subcommand,
    Verb, Who,
};
use super::reply::{Card, Part, Run, Text};

/// The answer to `/incident help [topic]`: all commands, or one of them.
pub fn help(catalog: &Catalog, prefix: &Prefix, topic: Option<Verb>) -> Card {
    match topic {
        None => overview(catalog, prefix),
        Some(verb) => one(catalog, prefix, verb),
    }
}

fn overview(catalog: &Catalog, prefix: &Prefix) -> Card {
    let title = Text::plain("What you can ask");
    let mut parts = vec![Part::Title(title.clone())];
    for command in catalog.commands() {
        parts.push(Part::Paragraph(Text::default().strong(&command.summary)));
        parts.push(Part::Paragraph(usage_lines(command, prefix)));
    }
    let more = catalog.declaration(Verb::Incident(Subcommand::Help)).usage(prefix);
    parts.push(Part::Note(Text::plain("More on each: ").code(more)));
    Card { summary: title, parts }
}

fn usage_lines(command: &Command, prefix: &Prefix) -> Text {
    let mut lines = Text::default();
    for (index, declaration) in command.declarations.iter().enumerate() {
        if index > 0 {
            lines = lines.and("\n");
        }
        lines = lines.code(declaration.usage(prefix)).and(format!("  {}", declaration.summary));
    }
    lines
}

fn one(catalog: &Catalog, prefix: &Prefix, verb: Verb) -> Card {
    let declaration = catalog.declaration(verb);
    let title = Text::plain(&declaration.summary);
    let mut parts = vec![
        Part::Title(title.clone()),
        Part::Paragraph(Text::default().code(declaration.usage(prefix))),
    ];
    if !declaration.options.is_empty() {
        parts.push(Part::Paragraph(option_lines(declaration)));
    }
    parts.push(Part::Paragraph(example_lines(declaration, prefix)));
    for paragraph in catalog.command(verb.command()).help.split("\n\n") {
        parts.push(Part::Paragraph(with_commands(paragraph.trim(), prefix)));
    }
    parts.push(Part::Note(Text::plain(access_line(&declaration.access))));
    Card { summary: title, parts }
}

fn option_lines(declaration: &Declaration) -> Text {
    let line = |text: Text, option: &CommandOption| {
        text.code(option.placeholder()).and(format!("  {}\n", option.help))
    };
    trimmed(declaration.options.iter().fold(Text::default(), line))
}

fn example_lines(declaration: &Declaration, prefix: &Prefix) -> Text {
    let start = Text::plain("For example:\n");
    let line = |text: Text, example: &String| text.code(prefix.apply(example)).and("\n");
    trimmed(declaration.examples.iter().fold(start, line))
}

/// Takes the last line break off.
fn trimmed(mut text: Text) -> Text {
    if let Some(Run::Plain(last)) = text.0.last_mut() {
        last.truncate(last.trim_end().len());
    }
    text
}

/// Who may ask, what it takes and who sees the answer, in one line.
fn access_line(access: &Access) -> String {
    let who = match access.who {
        Who::Anyone => "Anybody in a service's channel",
        Who::Responder => "Responders of the service",
        Who::Lead => "Leads of the service",
    };
    let confirm = match access.confirm {
        Confirm::None => "",
        Confirm::OnePerson => "; one press of Confirm",
        Confirm::TwoPeople => "; confirmed by two different people",
    };
    let reply = match access.reply {
        ReplyPlace::Channel => "the channel sees it",
        ReplyPlace::Private => "only you see the answer",
    };
    format!("{who}{confirm}; {reply}.")
}

/// Our own help text: what stands in backticks is a command or a value, shown as one types it here.
fn with_commands(paragraph: &str, prefix: &Prefix) -> Text {
    paragraph.split('`').enumerate().fold(Text::default(), |text, (index, piece)| {
        match (piece.is_empty(), index % 2) {
            (true, _) => text,
            (false, 0) => text.and(piece),
            (false, _) => text.code(prefix.apply(piece)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Slack: a section's text.
    const SECTION_MAX: usize = 3_000;

    fn plain(text: &Text) -> String {
        text.0
            .iter()
            .map(|run| match run {
                Run::Plain(text) | Run::Strong(text) | Run::Foreign(text) | Run::Code(text) => {
                    text.as_str()
                }
                Run::Person(_) | Run::Time(_) | Run::Link { .. } => "",
            })
            .collect()
    }

    fn lines(card: &Card) -> Vec<String> {
        card.parts
            .iter()
            .map(|part| match part {
                Part::Title(text) | Part::Paragraph(text) | Part::Note(text) => plain(text),
                Part::Fields(_) | Part::Checklist(_) | Part::Buttons(_) | Part::Divider => {
                    String::new()
                }
            })
            .collect()
    }

    #[test]
    fn the_overview_names_every_verb_and_fits_a_slack_message() {
        let catalog = Catalog::load().unwrap();
        let lines = lines(&help(&catalog, &"rp-".parse().unwrap(), None));
        for declaration in catalog.declarations() {
            let usage = declaration.usage(&"rp-".parse().unwrap());
            assert!(lines.iter().any(|line| line.contains(&usage)), "{usage}");
        }
        assert!(lines.iter().all(|line| line.len() < SECTION_MAX), "{lines:#?}");
    }

    #[test]
    fn help_on_a_verb_shows_its_options_examples_and_rights_with_the_prefix() {
        let catalog = Catalog::load().unwrap();
        let card = help(&catalog, &"rp-".parse().unwrap(), Some(Verb::Rollback));
        insta::assert_snapshot!(lines(&card).join("\n---\n"), @r#"
        Point a service back at an earlier deployment
        ---
        /rp-rollback [service] [to] [reason]
        ---
        [service]  empty: the channel's service
        [to]  empty: the best target, resolved, for confirmation
        [reason]  why, for the timeline and for the provider's own log
        ---
        For example:
        /rp-rollback
        /rp-rollback shop
        /rp-rollback shop 2
        /rp-rollback web v41
        /rp-rollback shop 9fceb02 checkout returns 500
        /rp-rollback reason checkout returns 500
        /rp-rollback shop to=https://shop-c2-demo.vercel.app reason="checkout returns 500"
        ---
        Layer 1: nothing is rebuilt and no code is changed, only the pointer moves. You get a card with the resolved target and Confirm; nothing happens before somebody presses it.
        ---
        A target is a deployment's id, its address, a commit (four digits of it or more), a version like v41, or its number on the card. Without a target you get the newest deployment that served production and was not rolled back from.
        ---
        Where a migration took away what the target needs, one press is not enough: give a reason, and somebody else than you presses Confirm.
        ---
        The order is service, target, reason. A reason that comes first begins with the word reason or stands in quotes, so that a misspelt service is never taken for a reason.
        ---
        Responders of the service; one press of Confirm; the channel sees it.
        "#);
    }

    #[test]
    fn help_on_every_verb_fits_a_slack_message() {
        let catalog = Catalog::load().unwrap();
        for &subcommand in Subcommand::ALL {
            let card = help(&catalog, &Prefix::default(), Some(Verb::Incident(subcommand)));
            let lines = lines(&card);
            assert!(lines.iter().all(|line| !line.is_empty() && line.len() < SECTION_MAX));
        }
    }
}
