//! The app's commands as they are registered: checked as Discord checks them, kept with what Discord fills in.

use serde_json::{Map, Value, json};

use super::calls::object;
use super::refusal::{Mistake, Refusal};

const MOST_COMMANDS: usize = 100;
const MOST_OPTIONS: usize = 25;
const MOST_CHOICES: usize = 25;
const MOST_TEXT: usize = 8_000;

/// What is registered.
#[derive(Debug, Default)]
pub(super) struct Commands {
    guild: Vec<Value>,
    global: Vec<Value>,
}

impl Commands {
    /// Those of the guild, or those of everywhere.
    pub(super) fn list(&self, guild: Option<&str>) -> Vec<Value> {
        if guild.is_some() { self.guild.clone() } else { self.global.clone() }
    }

    /// All that people in the guild can type.
    pub(super) fn all(&self) -> Vec<Value> {
        let hidden = |one: &&Value| !self.guild.iter().any(|other| other["name"] == one["name"]);
        self.guild.iter().chain(self.global.iter().filter(hidden)).cloned().collect()
    }

    /// Replaces one of the two lists. A name that stays keeps its id, and an unchanged command its version.
    pub(super) fn replace(
        &mut self,
        application: &str,
        guild: Option<&str>,
        body: &Value,
        ids: Vec<String>,
    ) -> Result<Vec<Value>, Refusal> {
        let Some(wanted) = body.as_array() else {
            return Err(Refusal::bad(50_109, "The request body contains invalid JSON."));
        };
        check(wanted)?;
        let list = if guild.is_some() { &mut self.guild } else { &mut self.global };
        let mut kept = Vec::new();
        for (one, id) in wanted.iter().zip(ids) {
            let old = list.iter().find(|old| old["name"] == one["name"]);
            let mut new = filled_in(object(one)?, application, guild);
            new["id"] = old.map_or_else(|| json!(id), |old| old["id"].clone());
            new["version"] = old.map_or_else(|| json!(id), |old| old["version"].clone());
            if old.is_some_and(|old| *old != new) {
                new["version"] = id.into();
            }
            kept.push(new);
        }
        list.clone_from(&kept);
        Ok(kept)
    }
}

fn filled_in(one: &Map<String, Value>, application: &str, guild: Option<&str>) -> Value {
    let mut new = json!({
        "application_id": application, "type": 1, "default_member_permissions": null,
        "nsfw": false, "contexts": null, "integration_types": [0],
    });
    for (name, value) in one {
        new[name] = value.clone();
    }
    if let Some(guild) = guild {
        new["guild_id"] = guild.into();
    } else {
        new["dm_permission"] = one.get("dm_permission").cloned().unwrap_or(json!(true));
    }
    new
}

fn check(wanted: &[Value]) -> Result<(), Refusal> {
    let mut check = Check { mistakes: Vec::new(), text: 0 };
    if wanted.len() > MOST_COMMANDS {
        return Err(Refusal::bad(30_032, "Maximum number of application commands reached (100)."));
    }
    for (index, one) in wanted.iter().enumerate() {
        let at = index.to_string();
        check.text = 0;
        let known = [
            "id",
            "name",
            "name_localizations",
            "description",
            "description_localizations",
            "options",
            "default_member_permissions",
            "dm_permission",
            "contexts",
            "integration_types",
            "nsfw",
            "type",
        ];
        check.known(one, &known, &at);
        if one.get("type").is_some_and(|kind| *kind != 1) {
            return Err(Refusal::unmodelled(format!("a command of type {}", one["type"])));
        }
        check.named(one, &at);
        check.options(&one["options"], &at, 0);
        if check.text > MOST_TEXT {
            check.wrong(&at, "", "Command exceeds maximum size (8000)");
        }
        if wanted[..index].iter().any(|other| other["name"] == one["name"]) {
            check.wrong(&at, "name", "Application command names must be unique");
        }
    }
    if check.mistakes.is_empty() { Ok(()) } else { Err(Refusal::form(check.mistakes)) }
}

struct Check {
    mistakes: Vec<Mistake>,
    /// Characters of the command so far.
    text: usize,
}

impl Check {
    fn named(&mut self, one: &Value, at: &str) {
        if !is_name(one["name"].as_str().unwrap_or_default()) {
            self.wrong(at, "name", "Command name is invalid");
        }
        self.described(one, at);
    }

    fn described(&mut self, one: &Value, at: &str) {
        let length = one["description"].as_str().map_or(0, |text| text.chars().count());
        if !(1..=100).contains(&length) {
            self.wrong(at, "description", "Must be between 1 and 100 in length.");
        }
        self.text += length + one["name"].as_str().map_or(0, |name| name.chars().count());
    }

    fn options(&mut self, options: &Value, at: &str, depth: usize) {
        let all = options.as_array().map_or(&[][..], Vec::as_slice);
        if all.len() > MOST_OPTIONS {
            self.wrong(at, "options", "Must be 25 or fewer in length.");
        }
        let mut has_optional = false;
        for (index, option) in all.iter().enumerate() {
            let at = format!("{at}.options.{index}");
            self.option(option, &at, depth);
            if option["required"] == true && has_optional {
                let what = "Required options must be placed before non-required options";
                self.wrong(&at, "required", what);
            }
            has_optional |= option["required"] != true;
            if all[..index].iter().any(|other| other["name"] == option["name"]) {
                self.wrong(&at, "name", "Option names must be unique");
            }
        }
        let is_sub = |one: &Value| one["type"] == 1 || one["type"] == 2;
        if all.iter().any(is_sub) && !all.iter().all(is_sub) {
            self.wrong(at, "options", "Sub-command and option types are mutually exclusive");
        }
    }

    fn option(&mut self, option: &Value, at: &str, depth: usize) {
        let known = [
            "type",
            "name",
            "name_localizations",
            "description",
            "description_localizations",
            "required",
            "choices",
            "options",
            "channel_types",
            "min_value",
            "max_value",
            "min_length",
            "max_length",
            "autocomplete",
        ];
        self.known(option, &known, at);
        self.named(option, at);
        match option["type"].as_u64() {
            Some(1) if depth < 2 => self.options(&option["options"], at, 2),
            Some(2) if depth == 0 => self.options(&option["options"], at, 1),
            Some(3..=11) => self.choices(option, at),
            _ => self.wrong(at, "type", "This type of option cannot stand here"),
        }
    }

    fn choices(&mut self, option: &Value, at: &str) {
        let choices = option["choices"].as_array().map_or(&[][..], Vec::as_slice);
        if choices.len() > MOST_CHOICES {
            self.wrong(at, "choices", "Must be 25 or fewer in length.");
        }
        if option["autocomplete"] == true && !choices.is_empty() {
            self.wrong(at, "autocomplete", "Choices and autocomplete exclude each other");
        }
        if option["autocomplete"] == true && !matches!(option["type"].as_u64(), Some(3 | 4 | 10)) {
            self.wrong(at, "autocomplete", "This type of option cannot be completed");
        }
        for choice in choices {
            let length = choice["name"].as_str().map_or(0, |name| name.chars().count());
            if !(1..=100).contains(&length) {
                self.wrong(at, "choices", "Must be between 1 and 100 in length.");
            }
            let value = choice["value"].as_str().map_or(0, |value| value.chars().count());
            self.text += length + value;
        }
        let most = option["max_length"].as_u64();
        if most.is_some_and(|most| !(1..=6_000).contains(&most)) {
            self.wrong(at, "max_length", "Must be between 1 and 6000.");
        }
    }

    fn known(&mut self, object: &Value, known: &[&str], at: &str) {
        for key in object.as_object().into_iter().flat_map(Map::keys) {
            if !known.contains(&key.as_str()) {
                self.mistakes.push(Mistake::unknown(&format!("{at}.{key}")));
            }
        }
    }

    fn wrong(&mut self, at: &str, member: &str, what: &str) {
        let place = format!("{at}.{member}");
        self.mistakes.push(Mistake::new(
            place.trim_end_matches('.'),
            "APPLICATION_COMMAND_INVALID",
            what,
        ));
    }
}

/// Letters and digits of any script, dashes and underscores; nothing that has a small form may be capital.
fn is_name(name: &str) -> bool {
    let fits = |one: char| one == '-' || one == '_' || one == '\'' || one.is_alphanumeric();
    (1..=32).contains(&name.chars().count())
        && name.chars().all(fits)
        && name.to_lowercase() == name
}
