//! Migrations in SQL, statement by statement.
//!
//! The text is cut at its semicolons and each statement is parsed by itself, so that one that nobody understands hides no
//! other. Which database it is for is not told: the dialect that leaves the fewest statements unread is taken.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, AlterTypeOperation, ColumnDef,
    ColumnOption, CreateTable, FromTable, ObjectName, ObjectType, RenameTableNameKind, Statement,
};
use sqlparser::dialect::{
    Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace};

use super::{Created, Judged, Safety, bare, declares_safe};

/// How deep a statement may be nested.
const DEEPEST: usize = 20;

/// A statement of more tokens is not parsed: chains without nesting grow deep trees as well.
const MOST_TOKENS: usize = 2_000;

/// More statements in one file are not read.
const MOST_STATEMENTS: usize = 500;

/// Judges a text; what is plainly safe is left out.
pub(super) fn judge(text: &str) -> Vec<Judged> {
    let dialects: [&dyn Dialect; 5] = [
        &PostgreSqlDialect {},
        &MySqlDialect {},
        &SQLiteDialect {},
        &MsSqlDialect {},
        &GenericDialect {},
    ];
    let mut best: Option<(usize, Vec<Piece>)> = None;
    for dialect in dialects {
        let Some(pieces) = cut(dialect, text) else { continue };
        let unread = pieces.iter().filter(|piece| piece.parsed.is_none()).count();
        if best.as_ref().is_none_or(|(least, _)| unread < *least) {
            best = Some((unread, pieces));
        }
        if unread == 0 {
            break;
        }
    }
    let Some((_, pieces)) = best else {
        return vec![unknown_from(1, "it is no SQL that I can read")];
    };
    of_pieces(pieces)
}

fn of_pieces(mut pieces: Vec<Piece>) -> Vec<Judged> {
    let beyond = pieces.get(MOST_STATEMENTS).map(|piece| piece.line);
    pieces.truncate(MOST_STATEMENTS);
    let rebuilt = rebuilt_tables(&pieces);
    let mut created = Created::new();
    let mut found = Vec::new();
    for piece in pieces {
        let (safety, why) = match &piece.parsed {
            None => (Safety::Unknown, "the statement is not understood"),
            Some(statement) => of_statement(statement, &mut created, &rebuilt),
        };
        let is_declared = piece.is_declared && safety > Safety::Safe;
        let safety = if is_declared { Safety::DeclaredSafe } else { safety };
        if safety > Safety::Safe {
            let (line, statement) = (piece.line, piece.text);
            found.push(Judged { safety, why: why.to_owned(), line, statement });
        }
    }
    found.extend(beyond.map(|line| {
        unknown_from(line, &format!("there are more than {MOST_STATEMENTS} statements"))
    }));
    found
}

fn unknown_from(line: u32, why: &str) -> Judged {
    Judged { safety: Safety::Unknown, why: why.to_owned(), line, statement: String::new() }
}

/// One statement of a text.
struct Piece {
    line: u32,
    last_line: u32,
    text: String,
    parsed: Option<Statement>,
    is_declared: bool,
}

/// The statements of a text; `None` where it cannot even be taken for words of this dialect.
fn cut(dialect: &dyn Dialect, text: &str) -> Option<Vec<Piece>> {
    let tokens = Tokenizer::new(dialect, text).tokenize_with_location().ok()?;
    let markers = markers(&tokens);
    let pieces = tokens.split(|one| one.token == Token::SemiColon);
    let mut pieces: Vec<Piece> =
        pieces.filter_map(|tokens| piece(dialect, tokens)).take(MOST_STATEMENTS + 1).collect();
    // A marker is about the statement that ends on its line, else about the next one.
    for marker in markers {
        let on_its_line =
            pieces.iter().position(|one| (one.line..=one.last_line).contains(&marker));
        let next = || pieces.iter().position(|one| one.line > marker);
        if let Some(index) = on_its_line.or_else(next) {
            pieces[index].is_declared = true;
        }
    }
    Some(pieces)
}

fn line_of(token: &TokenWithSpan) -> u32 {
    u32::try_from(token.span.start.line).unwrap_or(u32::MAX)
}

fn markers(tokens: &[TokenWithSpan]) -> Vec<u32> {
    let is_marker = |one: &&TokenWithSpan| match &one.token {
        Token::Whitespace(
            Whitespace::SingleLineComment { comment, .. } | Whitespace::MultiLineComment(comment),
        ) => declares_safe(comment),
        _ => false,
    };
    tokens.iter().filter(is_marker).map(line_of).collect()
}

fn piece(dialect: &dyn Dialect, tokens: &[TokenWithSpan]) -> Option<Piece> {
    let is_word = |one: &&TokenWithSpan| {
        !matches!(one.token, Token::Whitespace(_) | Token::EOF) || is_hidden(one)
    };
    let first = tokens.iter().find(is_word)?;
    let last = tokens.iter().rfind(is_word)?;
    let count = tokens.iter().filter(is_word).count();
    let has_hidden = tokens.iter().any(is_hidden);
    let parsed = if count > MOST_TOKENS || has_hidden { None } else { parse(dialect, tokens) };
    Some(Piece {
        line: line_of(first),
        last_line: u32::try_from(last.span.end.line).unwrap_or(u32::MAX),
        text: spelled(tokens),
        parsed,
        is_declared: false,
    })
}

/// What `MySQL` alone runs although it looks like a comment.
fn is_hidden(token: &TokenWithSpan) -> bool {
    let Token::Whitespace(Whitespace::MultiLineComment(text)) = &token.token else { return false };
    text.starts_with('!')
}

fn parse(dialect: &dyn Dialect, tokens: &[TokenWithSpan]) -> Option<Statement> {
    let parser = Parser::new(dialect).with_recursion_limit(DEEPEST);
    let mut statements =
        parser.with_tokens_with_locations(tokens.to_vec()).parse_statements().ok()?;
    (statements.len() == 1).then(|| statements.pop()).flatten()
}

/// The beginning of a statement without its comments.
fn spelled(tokens: &[TokenWithSpan]) -> String {
    const ENOUGH: usize = 4 * super::LONGEST_STATEMENT;
    let mut text = String::new();
    for one in tokens {
        match &one.token {
            Token::Whitespace(_) | Token::EOF => text.push(' '),
            other => text.push_str(&other.to_string()),
        }
        if text.len() > ENOUGH {
            break;
        }
    }
    text
}

type Verdict = (Safety, &'static str);

const SAFE: Verdict = (Safety::Safe, "");
const NOT_KNOWN: Verdict =
    (Safety::Unknown, "I do not know what this statement means for older code");
const CONSTRAINT: Verdict = (Safety::Unknown, "a new constraint may refuse what older code writes");

fn destructive(why: &'static str) -> Verdict {
    (Safety::Destructive, why)
}

fn name_of(name: &ObjectName) -> String {
    bare(&name.to_string())
}

/// Tables that are made anew under another name and then take the old one: what `SQLite` needs for any larger change.
fn rebuilt_tables(pieces: &[Piece]) -> Created {
    let mut made = Created::new();
    let mut rebuilt = Created::new();
    for statement in pieces.iter().filter_map(|piece| piece.parsed.as_ref()) {
        match statement {
            Statement::CreateTable(table) if !table.if_not_exists => {
                made.insert(name_of(&table.name));
            }
            Statement::AlterTable(table) if made.contains(&name_of(&table.name)) => {
                rebuilt.extend(table.operations.iter().filter_map(renamed_to));
            }
            _ => {}
        }
    }
    rebuilt
}

fn renamed_to(operation: &AlterTableOperation) -> Option<String> {
    match operation {
        AlterTableOperation::RenameTable {
            table_name: RenameTableNameKind::As(name) | RenameTableNameKind::To(name),
        } => Some(name_of(name)),
        _ => None,
    }
}

fn of_statement(statement: &Statement, created: &mut Created, rebuilt: &Created) -> Verdict {
    match statement {
        Statement::CreateTable(table) => of_new_table(table, created),
        Statement::AlterTable(table) => of_table(table, created),
        Statement::Drop { object_type, names, .. } => {
            of_drop(*object_type, names, created, rebuilt)
        }
        Statement::Truncate(_) => destructive("a table is emptied"),
        Statement::Delete(delete) if delete.selection.is_none() && delete.limit.is_none() => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            let is_new = from.iter().all(|one| created.contains(&bare(&one.relation.to_string())));
            if is_new && delete.tables.is_empty() {
                SAFE
            } else {
                destructive("a table is emptied")
            }
        }
        Statement::RenameTable(_) => destructive("a table is renamed"),
        Statement::AlterType(change) => match &change.operation {
            AlterTypeOperation::AddValue(_) => SAFE,
            AlterTypeOperation::Rename(_) => destructive("a type is renamed"),
            AlterTypeOperation::RenameValue(_) => destructive("a value of a type is renamed"),
        },
        Statement::CreateView(view) if view.or_replace || view.or_alter => NOT_KNOWN,
        Statement::CreateFunction(function) if function.or_replace || function.or_alter => {
            NOT_KNOWN
        }
        // Data alone, additions, and what changes nothing.
        Statement::Insert(_)
        | Statement::Update(_)
        | Statement::Delete(_)
        | Statement::Query(_)
        | Statement::Copy { .. }
        | Statement::CreateView(_)
        | Statement::CreateFunction(_)
        | Statement::CreateIndex(_)
        | Statement::CreateSchema { .. }
        | Statement::CreateSequence { .. }
        | Statement::CreateType { .. }
        | Statement::CreateDomain(_)
        | Statement::CreateExtension(_)
        | Statement::CreateRole(_)
        | Statement::AlterIndex { .. }
        | Statement::Comment { .. }
        | Statement::Grant(_)
        | Statement::Set(_)
        | Statement::Pragma { .. }
        | Statement::Analyze(_)
        | Statement::Vacuum(_)
        | Statement::StartTransaction { .. }
        | Statement::Commit { .. }
        | Statement::Savepoint { .. }
        | Statement::LockTables { .. }
        | Statement::UnlockTables => SAFE,
        _ => NOT_KNOWN,
    }
}

fn of_new_table(table: &CreateTable, created: &mut Created) -> Verdict {
    if table.or_replace {
        return destructive("a table is made anew");
    }
    // With IF NOT EXISTS it may have been there before.
    if !table.if_not_exists {
        created.insert(name_of(&table.name));
    }
    SAFE
}

fn of_drop(
    object: ObjectType,
    names: &[ObjectName],
    created: &Created,
    rebuilt: &Created,
) -> Verdict {
    let all = |tables: &Created| names.iter().all(|name| tables.contains(&name_of(name)));
    match object {
        ObjectType::Table if all(created) => SAFE,
        ObjectType::Table if all(rebuilt) => (Safety::Unknown, "a table is rebuilt"),
        ObjectType::Table => destructive("a table is dropped"),
        ObjectType::View | ObjectType::MaterializedView => destructive("a view is dropped"),
        ObjectType::Schema | ObjectType::Database => destructive("a whole schema is dropped"),
        ObjectType::Type => destructive("a type is dropped"),
        ObjectType::Sequence => destructive("a sequence is dropped"),
        ObjectType::Index => SAFE,
        ObjectType::Collation
        | ObjectType::Role
        | ObjectType::Stage
        | ObjectType::User
        | ObjectType::Stream
        | ObjectType::Warehouse => NOT_KNOWN,
    }
}

fn of_table(table: &AlterTable, created: &mut Created) -> Verdict {
    let name = name_of(&table.name);
    let is_new = created.contains(&name);
    let mut worst = SAFE;
    for operation in &table.operations {
        let verdict = if is_new { of_new_tables_change(operation) } else { of_change(operation) };
        if verdict.0 > worst.0 {
            worst = verdict;
        }
        if let Some(to) = renamed_to(operation).filter(|_| is_new) {
            created.insert(to);
        }
    }
    worst
}

/// A table that older code does not know may change as it likes; taking another's name is part of a rebuild.
fn of_new_tables_change(operation: &AlterTableOperation) -> Verdict {
    match renamed_to(operation) {
        Some(_) => (Safety::Unknown, "a table is rebuilt"),
        None => SAFE,
    }
}

fn of_change(operation: &AlterTableOperation) -> Verdict {
    match operation {
        AlterTableOperation::AddColumn { column_def, .. } => of_new_column(column_def),
        AlterTableOperation::DropColumn { .. } => destructive("a column is dropped"),
        AlterTableOperation::RenameColumn { .. } => destructive("a column is renamed"),
        AlterTableOperation::RenameTable { .. } => destructive("a table is renamed"),
        AlterTableOperation::ChangeColumn { .. } | AlterTableOperation::ModifyColumn { .. } => {
            destructive("a column is retyped")
        }
        AlterTableOperation::AlterColumn { op, .. } => match op {
            AlterColumnOperation::SetDataType { .. } => destructive("a column is retyped"),
            AlterColumnOperation::SetNotNull => destructive("a column is newly required"),
            AlterColumnOperation::DropNotNull | AlterColumnOperation::SetDefault { .. } => SAFE,
            AlterColumnOperation::DropDefault => {
                (Safety::Unknown, "older code may rely on the default")
            }
            AlterColumnOperation::AddGenerated { .. } => NOT_KNOWN,
        },
        AlterTableOperation::SwapWith { .. } => destructive("two tables are swapped"),
        AlterTableOperation::DropPartitions { .. } => destructive("a part of a table is dropped"),
        AlterTableOperation::AddConstraint { .. } => CONSTRAINT,
        AlterTableOperation::DropConstraint { .. }
        | AlterTableOperation::DropForeignKey { .. }
        | AlterTableOperation::DropIndex { .. }
        | AlterTableOperation::RenameConstraint { .. }
        | AlterTableOperation::ValidateConstraint { .. }
        | AlterTableOperation::Algorithm { .. }
        | AlterTableOperation::Lock { .. }
        | AlterTableOperation::AutoIncrement { .. } => SAFE,
        _ => NOT_KNOWN,
    }
}

/// A new column that older code would have to fill in is required of it; any other is not.
fn of_new_column(column: &ColumnDef) -> Verdict {
    let has = |is: fn(&ColumnOption) -> bool| column.options.iter().any(|one| is(&one.option));
    let is_required = has(|one| matches!(one, ColumnOption::NotNull | ColumnOption::PrimaryKey(_)));
    let fills_itself = has(|one| {
        matches!(
            one,
            ColumnOption::Default(_) | ColumnOption::Generated { .. } | ColumnOption::Identity(_)
        )
    }) || column.data_type.to_string().to_lowercase().contains("serial");
    if is_required && !fills_itself {
        destructive("a new column is required")
    } else if has(|one| matches!(one, ColumnOption::Unique(_) | ColumnOption::Check(_))) {
        CONSTRAINT
    } else {
        SAFE
    }
}
