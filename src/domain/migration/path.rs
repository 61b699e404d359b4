//! Which files of a repository are migrations, by their paths.

/// Where the usual tools keep them. Drizzle, Prisma, `SQLx`, Flyway, Rails, and folders of plain SQL.
const USUAL: &[&str] = &[
    "**/drizzle/**/*.sql",
    "**/prisma/migrations/**/*.sql",
    "**/migrations/**/*.sql",
    "**/migration/**/*.sql",
    "**/migrate/**/*.sql",
    "**/db/migrate/**/*.rb",
    "**/db/structure.sql",
    "**/db/schema.rb",
    // Migrations written as programs: found, and said to be unreadable.
    "**/migrations/*.{py,js,ts,rb,php,java,kt,go}",
    "**/db/migration/*.{java,kt}",
];

/// Patterns of paths. `*` stands for anything within a name, `**` for any folders, `{a,b}` for one of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths(Vec<Vec<String>>);

/// More alternatives of one pattern are refused.
const MOST_ALTERNATIVES: usize = 32;

impl Default for Paths {
    fn default() -> Self {
        let usual = USUAL.iter().flat_map(|one| alternatives(one)).map(|one| segments(&one));
        Self(usual.collect())
    }
}

impl Paths {
    /// Reads patterns.
    ///
    /// # Errors
    /// What is wrong with the first one that cannot be used.
    pub fn parse(patterns: &[String]) -> Result<Self, String> {
        let mut all = Vec::new();
        for pattern in patterns {
            let is_plain = !pattern.is_empty() && pattern.len() <= 200;
            if !is_plain || pattern.starts_with('/') || pattern.contains('\\') {
                return Err(format!("{pattern:?} is no pattern of paths such as \"db/**/*.sql\""));
            }
            let expanded = alternatives(pattern);
            if expanded.len() > MOST_ALTERNATIVES {
                return Err(format!("{pattern:?} has more than {MOST_ALTERNATIVES} alternatives"));
            }
            all.extend(expanded.iter().map(|one| segments(one)));
        }
        Ok(Self(all))
    }

    /// Whether a file is a migration.
    pub fn has(&self, path: &str) -> bool {
        let names: Vec<&str> = path.split('/').collect();
        self.0.iter().any(|pattern| fits(pattern, &names))
    }
}

fn segments(pattern: &str) -> Vec<String> {
    pattern.split('/').map(str::to_owned).collect()
}

/// `a.{b,c}` as `a.b` and `a.c`. Stops growing a little above the limit.
fn alternatives(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let Some((inside, after)) = rest.split_once('}') else { return vec![pattern.to_owned()] };
    let mut all = Vec::new();
    for choice in inside.split(',') {
        all.extend(alternatives(after).iter().map(|after| format!("{before}{choice}{after}")));
        if all.len() > MOST_ALTERNATIVES {
            break;
        }
    }
    all
}

/// Whether names fit a pattern, one by one. Where several folders fit `**`, only the last `**` is tried again: enough, since
/// what an earlier one took can be given to the later one.
fn fits(pattern: &[String], names: &[&str]) -> bool {
    let (mut at, mut name, mut again) = (0, 0, None);
    while name < names.len() {
        match pattern.get(at).map(String::as_str) {
            Some("**") => {
                again = Some((at + 1, name));
                at += 1;
            }
            Some(one) if is_like(one.as_bytes(), names[name].as_bytes()) => {
                at += 1;
                name += 1;
            }
            Some(_) | None => match again {
                Some((after, taken)) => {
                    again = Some((after, taken + 1));
                    (at, name) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|one| one == "**")
}

/// Whether a name fits a pattern with `*`, in the same manner.
fn is_like(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut byte, mut again) = (0, 0, None);
    while byte < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                again = Some((at + 1, byte));
                at += 1;
            }
            Some(one) if *one == name[byte] => {
                at += 1;
                byte += 1;
            }
            Some(_) | None => match again {
                Some((after, taken)) => {
                    again = Some((after, taken + 1));
                    (at, byte) = (after, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|one| *one == b'*')
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The way back of a migration, which a deploy does not run: `SQLx`'s and others' `.down.sql`, Flyway's `U1__x.sql`.
pub(super) fn is_undo(path: &str) -> bool {
    let name = name_of(path);
    let is_flyway = name.strip_prefix('U').and_then(|rest| rest.split_once("__"));
    let is_number = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'_'))
    };
    name.ends_with(".down.sql")
        || name == "down.sql"
        || is_flyway.is_some_and(|(number, _)| is_number(number))
}

/// The whole schema, as Rails writes it down.
pub(super) fn is_dump(path: &str) -> bool {
    matches!(name_of(path), "structure.sql" | "schema.rb")
}

/// A migration of Rails.
pub(super) fn is_rails(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    folder.ends_with("db/migrate") && path.ends_with(".rb")
}
