//! Who would be pinged by a text: what it names, less what `allowed_mentions` keeps out.
//!
//! Names inside code are counted as well, which Discord does not: a text must not ping by luck.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::refusal::Mistake;

/// What may be pinged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Allowed {
    everyone: bool,
    users: Who,
    roles: Who,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    All,
    These(BTreeSet<String>),
}

impl Who {
    fn has(&self, id: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(ids) => ids.contains(id),
        }
    }
}

impl Default for Allowed {
    /// Whoever says nothing about it pings everybody that the text names.
    fn default() -> Self {
        Self { everyone: true, users: Who::All, roles: Who::All }
    }
}

const KEYS: [&str; 4] = ["parse", "users", "roles", "replied_user"];

impl Allowed {
    /// Reads `allowed_mentions`.
    pub(super) fn read(value: &Value, mistakes: &mut Vec<Mistake>) -> Self {
        let Some(fields) = value.as_object() else { return Self::default() };
        for key in fields.keys().filter(|key| !KEYS.contains(&key.as_str())) {
            mistakes.push(Mistake::unknown(&format!("allowed_mentions.{key}")));
        }
        let list = |name: &str| -> Option<BTreeSet<String>> {
            let all = fields.get(name)?.as_array()?.iter().filter_map(Value::as_str);
            Some(all.map(str::to_owned).collect())
        };
        let parse = list("parse").unwrap_or_default();
        let mut who = |name: &str| {
            let ids = list(name).unwrap_or_default();
            if parse.contains(name) && !ids.is_empty() {
                let what =
                    format!("parse:[\"{name}\"] and {name}: [ids...] are mutually exclusive.");
                let place = "allowed_mentions";
                mistakes.push(Mistake::new(
                    place,
                    "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                    &what,
                ));
            }
            if parse.contains(name) { Who::All } else { Who::These(ids) }
        };
        let (users, roles) = (who("users"), who("roles"));
        Self { everyone: parse.contains("everyone"), users, roles }
    }

    /// Who is pinged by this text.
    pub(super) fn pings(&self, text: &str) -> Vec<String> {
        let pattern = Regex::new(r"@(everyone|here)|<@([!&]?)(\d+)>").expect("a pattern");
        let named = pattern.captures_iter(text).filter_map(|found| {
            if let Some(all) = found.get(1) {
                return self.everyone.then(|| all.as_str().to_owned());
            }
            let id = &found[3];
            match &found[2] {
                "&" => self.roles.has(id).then(|| format!("@&{id}")),
                _ => self.users.has(id).then(|| format!("@{id}")),
            }
        });
        named.collect::<BTreeSet<_>>().into_iter().collect()
    }
}
