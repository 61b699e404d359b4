//! Migrations of Rails, line by line: a few calls are known, everything else is unknown.
//!
//! Ruby is a language of programs, so this reads no more than what its generators and their users write in nearly every
//! migration. Inside `create_table` everything is new; inside `change_table` each line counts.

use super::{Created, Judged, Safety, bare, declares_safe, sql};

/// Judges a migration.
pub(super) fn judge(text: &str) -> Vec<Judged> {
    let mut reader = Reader::default();
    for (number, line) in (1..).zip(text.lines()) {
        reader.line(number, line);
    }
    reader.found
}

#[derive(Default)]
struct Reader {
    found: Vec<Judged>,
    created: Created,
    /// Within what the line stands.
    within: Within,
    /// The line before declares what follows safe.
    is_declared: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Within {
    /// The class, `change` or `up`.
    #[default]
    Migration,
    /// `def down`, which a deploy does not run; ends at an `end` as far in.
    Down(usize),
    /// A table that is being made; ends at an `end` as far in.
    NewTable(usize),
    /// A table that is being changed; ends at an `end` as far in.
    Table(usize),
}

impl Reader {
    fn line(&mut self, number: u32, line: &str) {
        let (code, comment) = split_comment(line);
        let indent = line.len() - line.trim_start().len();
        let code = code.trim();
        if code.is_empty() {
            self.is_declared |= comment.is_some_and(declares_safe);
            return;
        }
        let is_declared =
            std::mem::take(&mut self.is_declared) || comment.is_some_and(declares_safe);
        if code == "end" {
            return self.ends(indent);
        }
        match self.within {
            Within::Down(_) | Within::NewTable(_) => {}
            Within::Table(_) => self.judge(number, code, is_declared, in_table(code)),
            Within::Migration => {
                if code.starts_with("def down") {
                    self.within = Within::Down(indent);
                    return;
                }
                let judged = self.statement(code);
                self.judge(number, code, is_declared, judged);
                self.opens(code, indent);
            }
        }
    }

    fn ends(&mut self, indent: usize) {
        let (Within::Down(began) | Within::NewTable(began) | Within::Table(began)) = self.within
        else {
            return;
        };
        if began == indent {
            self.within = Within::Migration;
        }
    }

    fn opens(&mut self, code: &str, indent: usize) {
        let opens_block = code.ends_with(" do") || code.contains(" do |");
        match Call::of(code).map(|call| call.name) {
            Some("create_table" | "create_join_table") if opens_block => {
                self.within = Within::NewTable(indent);
            }
            Some("change_table") if opens_block => self.within = Within::Table(indent),
            Some(_) | None => {}
        }
    }

    fn judge(&mut self, line: u32, code: &str, is_declared: bool, judged: Verdict) {
        let (safety, why) = judged;
        let safety =
            if is_declared && safety > Safety::Safe { Safety::DeclaredSafe } else { safety };
        if safety > Safety::Safe {
            let (why, statement) = (why.to_owned(), code.to_owned());
            self.found.push(Judged { safety, why, line, statement });
        }
    }

    /// A line of `change` or `up`.
    fn statement(&mut self, code: &str) -> Verdict {
        if is_frame(code) {
            return SAFE;
        }
        let Some(call) = Call::of(code) else { return NOT_KNOWN };
        let table = call.first().map(bare).unwrap_or_default();
        if matches!(call.name, "create_table" | "create_join_table") {
            if code.contains("force:") {
                return destructive("a table is made anew");
            }
            if !table.is_empty() && !code.contains("if_not_exists:") {
                self.created.insert(table);
            }
            return SAFE;
        }
        if call.name == "execute" {
            return executed(&call);
        }
        if self.created.contains(&table) && !matches!(call.name, "rename_table") {
            return if of_call(&call) == NOT_KNOWN { NOT_KNOWN } else { SAFE };
        }
        of_call(&call)
    }
}

type Verdict = (Safety, &'static str);

const SAFE: Verdict = (Safety::Safe, "");
const NOT_KNOWN: Verdict = (Safety::Unknown, "it is not one of the few calls of Rails that I read");

fn destructive(why: &'static str) -> Verdict {
    (Safety::Destructive, why)
}

/// What holds a migration together.
fn is_frame(code: &str) -> bool {
    code.starts_with("class ") && code.contains("Migration")
        || matches!(code, "def change" | "def up" | "disable_ddl_transaction!")
        || code.starts_with("# ")
        || code.starts_with("safety_assured do")
}

fn of_call(call: &Call<'_>) -> Verdict {
    match call.name {
        "add_index"
        | "remove_index"
        | "rename_index"
        | "enable_extension"
        | "create_enum"
        | "change_table_comment"
        | "change_column_comment"
        | "change_column_default" => SAFE,
        "add_column" | "add_reference" | "add_belongs_to" => demanded(call.rest),
        "drop_table" | "drop_join_table" => destructive("a table is dropped"),
        "rename_table" => destructive("a table is renamed"),
        "remove_column" | "remove_columns" | "remove_reference" | "remove_belongs_to"
        | "remove_timestamps" => destructive("a column is dropped"),
        "rename_column" => destructive("a column is renamed"),
        "change_column" => destructive("a column is retyped"),
        "change_column_null" if call.last_word() == Some("true") => SAFE,
        "change_column_null" => destructive("a column is newly required"),
        "add_foreign_key" | "add_check_constraint" | "add_unique_constraint" => {
            (Safety::Unknown, "a new constraint may refuse what older code writes")
        }
        "remove_foreign_key"
        | "remove_check_constraint"
        | "remove_unique_constraint"
        | "validate_foreign_key"
        | "validate_check_constraint" => SAFE,
        // Opens a block whose lines count.
        "change_table" => SAFE,
        _ => NOT_KNOWN,
    }
}

/// A line within `change_table`.
fn in_table(code: &str) -> Verdict {
    let Some(call) = code.split_once('.').and_then(|(_, call)| Call::of(call)) else {
        return NOT_KNOWN;
    };
    match call.name {
        "remove" | "remove_references" | "remove_belongs_to" | "remove_timestamps" => {
            destructive("a column is dropped")
        }
        "rename" => destructive("a column is renamed"),
        "change" => destructive("a column is retyped"),
        "change_null" => destructive("a column is newly required"),
        "index" | "remove_index" | "rename_index" | "change_default" => SAFE,
        "string" | "text" | "integer" | "bigint" | "boolean" | "datetime" | "date" | "time"
        | "timestamp" | "decimal" | "float" | "json" | "jsonb" | "uuid" | "binary" | "column"
        | "references" | "belongs_to" => demanded(call.rest),
        _ => NOT_KNOWN,
    }
}

/// A new column that older code would have to fill in.
fn demanded(arguments: &str) -> Verdict {
    let squeezed: String = arguments.split_whitespace().collect();
    let is_required = squeezed.contains("null:false") || squeezed.contains(":null=>false");
    let has_default = squeezed.contains("default:") || squeezed.contains(":default=>");
    if is_required && !has_default {
        destructive("a new column is required")
    } else if arguments.trim_end().ends_with(',') {
        // The rest stands on the next line.
        NOT_KNOWN
    } else {
        SAFE
    }
}

/// `execute "…"` on one line.
fn executed(call: &Call<'_>) -> Verdict {
    let text = call.rest.trim().trim_start_matches('(').trim_end_matches(')').trim();
    let quote = text.chars().next().filter(|quote| matches!(quote, '"' | '\''));
    let inner = quote.and_then(|quote| text.strip_prefix(quote)?.strip_suffix(quote));
    let Some(inner) = inner.filter(|inner| !inner.contains(['#', '\\'])) else {
        return (Safety::Unknown, "the SQL that it runs is not written on this line");
    };
    let worst = sql::judge(inner).into_iter().map(|one| one.safety).max();
    match worst.unwrap_or(Safety::Safe) {
        Safety::Safe => SAFE,
        // A comment within the text declares nothing here.
        Safety::DeclaredSafe | Safety::Unknown => (Safety::Unknown, "the SQL is not understood"),
        Safety::Destructive => destructive("the SQL takes away what older code needs"),
    }
}

/// A call with its arguments as text.
struct Call<'a> {
    name: &'a str,
    rest: &'a str,
}

impl<'a> Call<'a> {
    fn of(code: &'a str) -> Option<Self> {
        let end = code
            .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '!' | '?')))
            .unwrap_or(code.len());
        let (name, rest) = code.split_at(end);
        let is_call = rest.is_empty() || rest.starts_with([' ', '(']);
        // Several statements on one line, or a condition after one, are more than this reads.
        let is_one = !rest.contains(';') && !rest.contains(" if ") && !rest.contains(" unless ");
        (!name.is_empty() && is_call && is_one).then_some(Self { name, rest })
    }

    fn first(&self) -> Option<&'a str> {
        let rest = self.rest.trim_start_matches(['(', ' ']);
        rest.split([',', ')', ' ']).next().map(str::trim).filter(|one| !one.is_empty())
    }

    fn last_word(&self) -> Option<&'a str> {
        self.rest.trim_end_matches(')').rsplit([',', ' ']).find(|one| !one.is_empty())
    }
}

/// A line and the comment after it. A `#` within quotes begins none.
fn split_comment(line: &str) -> (&str, Option<&str>) {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return (&line[..at], Some(&line[at..])),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    (line, None)
}
