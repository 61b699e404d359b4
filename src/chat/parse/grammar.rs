//! From words to named values, for one declaration. The order of reading a word:
//!
//! ```text
//! key=value of a declared option  →  that option
//! text has begun                  →  more text
//! "quoted"                        →  text; what follows is still looked at
//! `to X`, `reason …`              →  target; the text begins
//! fits the next option            →  that option; options before it are passed
//! anything else                   →  the text begins, unless it may be a misspelt service
//! ```
//!
//! Never judges a value; that is in `values.rs`.

use super::change::{self, looks_like_change};
use super::refusal::Problem;
use super::target::{list_number, looks_like_deployment};
use super::values::Values;
use super::words::Word;
use super::{Scope, Subcommand, Verb};
use crate::chat::catalog::{CommandOption, Declaration, Kind, OptionName};

/// Reads the words behind the command or subcommand. `line` is what the words' offsets count in.
pub(super) fn read(
    scope: &Scope<'_>,
    declaration: &Declaration,
    line: &str,
    words: &[Word<'_>],
) -> Result<Values, Problem> {
    let mut reader = Reader {
        scope,
        declaration,
        line,
        words,
        at: 0,
        slot: 0,
        values: Values::default(),
        text: Vec::new(),
        has_text_begun: false,
    };
    while let Some(word) = words.get(reader.at) {
        reader.take(word)?;
    }
    reader.finish()
}

struct Reader<'a> {
    scope: &'a Scope<'a>,
    declaration: &'a Declaration,
    line: &'a str,
    words: &'a [Word<'a>],
    /// The word that is read next.
    at: usize,
    /// The first option that a bare word may still fill.
    slot: usize,
    values: Values,
    text: Vec<Piece>,
    has_text_begun: bool,
}

/// A word that belongs to the text.
struct Piece {
    /// Which word.
    word: usize,
    /// Where it begins: behind the `=` when the key was ours.
    start: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, word: &Word<'a>) -> Result<(), Problem> {
        if let Some(option) = self.keyed_option(word) {
            return self.take_keyed(option, word);
        }
        let is_group = word.is_quoted && word.key.is_none();
        if self.has_text_begun || (is_group && self.declaration.text_option().is_some()) {
            self.take_text(word.start);
            return Ok(());
        }
        if let Some(option) = self.spoken_option(word) {
            return self.take_spoken(option);
        }
        match self.slot_for(word)? {
            Some(index) => self.take_slot(index, word),
            None => self.begin_text(word),
        }
    }

    /// The declared option that a `key=value` names. The key of the text counts once, before the text.
    fn keyed_option(&self, word: &Word<'_>) -> Option<&'a CommandOption> {
        let option = self.declaration.option(OptionName::from_name(word.key?)?)?;
        let is_text = matches!(option.kind, Kind::Text { .. });
        (!is_text || self.text.is_empty() && !self.has_text_begun).then_some(option)
    }

    fn take_keyed(&mut self, option: &CommandOption, word: &Word<'_>) -> Result<(), Problem> {
        if !matches!(option.kind, Kind::Text { .. }) {
            self.at += 1;
            return self.values.insert(option.name, word.value);
        }
        // An unquoted text runs to the end of the line; a quoted one is complete.
        self.has_text_begun = !word.is_quoted;
        match word.value.is_empty() {
            true => self.at += 1,
            false => self.take_text(word.value_start),
        }
        Ok(())
    }

    /// `to` and `reason` may be said as words. No other option may: "title" or "text" can begin a sentence.
    fn spoken_option(&self, word: &Word<'_>) -> Option<&'a CommandOption> {
        let name = OptionName::from_name(word.value)?;
        let may_be_spoken =
            name == OptionName::Reason || (name == OptionName::To && !self.values.contains(name));
        self.declaration.option(name).filter(|_| may_be_spoken && !word.is_quoted)
    }

    fn take_spoken(&mut self, option: &CommandOption) -> Result<(), Problem> {
        let next = self.words.get(self.at + 1).filter(|next| self.keyed_option(next).is_none());
        let Some(next) = next else { return Err(Problem::Missing(option.name)) };
        self.at += 1;
        match option.kind {
            Kind::Text { .. } => self.has_text_begun = true,
            Kind::Service
            | Kind::Deployment
            | Kind::Change
            | Kind::Pull
            | Kind::Incident
            | Kind::Code
            | Kind::Word => {
                self.slot = 1 + self.index_of(option);
                self.at += 1;
                self.values.insert(option.name, next.value)?;
                self.refuse_second_target(option)?;
            }
        }
        Ok(())
    }

    fn index_of(&self, option: &CommandOption) -> usize {
        self.declaration.options.iter().take_while(|other| other.name != option.name).count()
    }

    /// The option that a bare word fills: the first one it fits, from the next one on.
    fn slot_for(&self, word: &Word<'_>) -> Result<Option<usize>, Problem> {
        for (index, option) in self.declaration.options.iter().enumerate().skip(self.slot) {
            if !self.fits(option, word.value) {
                continue;
            }
            let is_reason = option.kind == Kind::Deployment && !self.is_second_target(self.at);
            if self.values.contains(option.name) && is_reason {
                continue;
            }
            return Ok(Some(index));
        }
        Ok(None)
    }

    fn take_slot(&mut self, index: usize, word: &Word<'_>) -> Result<(), Problem> {
        let option = &self.declaration.options[index];
        self.values.insert(option.name, word.value)?;
        self.slot = index + 1;
        self.at += 1;
        self.refuse_second_target(option)
    }

    fn fits(&self, option: &CommandOption, value: &str) -> bool {
        match option.kind {
            Kind::Service => self.scope.service(value).is_some(),
            Kind::Deployment => looks_like_deployment(value),
            // "500 errors" is a reason, not the pull request 500.
            Kind::Change => {
                looks_like_change(value)
                    && (!change::is_bare_number(value) || self.at + 1 == self.words.len())
            }
            Kind::Pull => change::pull(value).is_some(),
            Kind::Incident => {
                // "3 pods restarted" is a note, not incident 3.
                let needs_mark = self.declaration.text_option().is_some();
                let digits = value.strip_prefix('#').or((!needs_mark).then_some(value));
                digits.is_some_and(|digits| {
                    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
                })
            }
            Kind::Code | Kind::Word => !value.is_empty(),
            Kind::Text { .. } => false,
        }
    }

    /// Two targets in a row are a question, not a target and a reason.
    fn refuse_second_target(&mut self, option: &CommandOption) -> Result<(), Problem> {
        if option.kind == Kind::Deployment && self.is_second_target(self.at) {
            return self.values.insert(option.name, self.words[self.at].value);
        }
        Ok(())
    }

    /// Whether a word would be a second target. A small number with more words behind it is not: "2 users complained".
    fn is_second_target(&self, index: usize) -> bool {
        self.words.get(index).is_some_and(|word| {
            let is_bare = word.key.is_none() && !word.is_quoted;
            let is_count = list_number(word.value).is_some() && index + 1 < self.words.len();
            is_bare && looks_like_deployment(word.value) && !is_count
        })
    }

    fn take_text(&mut self, start: usize) {
        self.text.push(Piece { word: self.at, start });
        self.at += 1;
    }

    /// The first bare word that fits no option. It begins the text, unless that would hide a mistake.
    fn begin_text(&mut self, word: &Word<'_>) -> Result<(), Problem> {
        let has_service = self.declaration.option(OptionName::Service).is_some();
        if self.declaration.text_option().is_none() {
            return Err(self.no_place_for(word));
        }
        let is_last = self.at + 1 == self.words.len();
        if has_service && self.is_in_place_of_service() && (is_last || self.is_strict()) {
            return Err(Problem::UnknownService(word.value.to_owned()));
        }
        if has_service && is_last && self.text.is_empty() {
            if let Some(second) = self.scope.service(word.value) {
                return Err(Problem::ExtraService(second.to_string()));
            }
            let has_digit = word.value.bytes().any(|byte| byte.is_ascii_digit());
            if let Some(name) = self.wanted_target().filter(|_| has_digit) {
                return Err(Problem::Unclear { name, word: word.value.to_owned() });
            }
        }
        let is_number = change::is_bare_number(word.value) && self.text.is_empty();
        if let Some(name) = self.wanted_change().filter(|_| is_number) {
            return Err(Problem::Unclear { name, word: word.value.to_owned() });
        }
        self.has_text_begun = true;
        self.take_text(word.start);
        Ok(())
    }

    /// The option for a deployment or a change, if it was not filled yet.
    fn wanted_target(&self) -> Option<OptionName> {
        let is_target = |option: &&CommandOption| {
            matches!(option.kind, Kind::Deployment | Kind::Change)
                && !self.values.contains(option.name)
        };
        self.declaration.options.iter().find(is_target).map(|option| option.name)
    }

    /// The option for a change, if it was not filled yet.
    fn wanted_change(&self) -> Option<OptionName> {
        self.wanted_target().filter(|name| *name == OptionName::What)
    }

    /// Why a word that fits nothing is refused where there is no text.
    fn no_place_for(&self, word: &Word<'_>) -> Problem {
        let has = |name| self.declaration.option(name).is_some();
        if has(OptionName::Code) {
            return Problem::NotACode;
        }
        match has(OptionName::Service) && !self.values.contains(OptionName::Service) {
            true => Problem::UnknownService(word.value.to_owned()),
            false => Problem::Unexpected(word.value.to_owned()),
        }
    }

    fn is_in_place_of_service(&self) -> bool {
        self.values.is_empty() && self.text.is_empty()
    }

    /// Whether a line of several words must not begin with an unknown one: where a misspelt service would let the bot act
    /// on another one. Opening and halting err on the safe side instead, and nobody should fight the grammar to stop the bot.
    fn is_strict(&self) -> bool {
        match self.declaration.verb {
            Verb::Rollback
            | Verb::Revert
            | Verb::Verify
            | Verb::Promote
            | Verb::Incident(Subcommand::Resume | Subcommand::Fix | Subcommand::Alone) => true,
            Verb::Incident(
                Subcommand::Open
                | Subcommand::Status
                | Subcommand::Note
                | Subcommand::Halt
                | Subcommand::Whoami
                | Subcommand::Blip
                | Subcommand::Flag
                | Subcommand::RuledOut
                | Subcommand::FalseAlarm
                | Subcommand::Press
                | Subcommand::Close
                | Subcommand::List
                | Subcommand::Help,
            ) => false,
        }
    }

    fn finish(mut self) -> Result<Values, Problem> {
        let text = self.joined_text();
        if let (Some(option), false) = (self.declaration.text_option(), text.is_empty()) {
            self.values.insert(option.name, &text)?;
        }
        Ok(self.values)
    }

    /// The text as it was written, quotes and line breaks included; only a text that is one group loses its quotes.
    fn joined_text(&self) -> String {
        if let [piece] = self.text.as_slice() {
            let word = &self.words[piece.word];
            if piece.start == word.value_start {
                return word.value.to_owned();
            }
        }
        let mut text = String::new();
        let mut before: Option<usize> = None;
        for piece in &self.text {
            let word = &self.words[piece.word];
            match before {
                Some(index) if index + 1 == piece.word && piece.start == word.start => {
                    text.push_str(&self.line[self.words[index].end..piece.start]);
                }
                Some(_) => text.push(' '),
                None => {}
            }
            text.push_str(&self.line[piece.start..word.end]);
            before = Some(piece.word);
        }
        text
    }
}
