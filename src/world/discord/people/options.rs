//! Options as the client checks them before it sends a command.

use serde_json::{Map, Value, json};

use super::super::DiscordModel;
use super::Typed;

impl DiscordModel {
    /// The options on the wire, in the order of writing.
    pub(super) fn option_data(
        &self,
        declared: &[Value],
        typed: &Typed,
        focused: Option<&str>,
        resolved: &mut Map<String, Value>,
    ) -> Result<Vec<Value>, String> {
        let is_named = |name: &Value| typed.options.iter().any(|(known, _)| name == known.as_str());
        let missing =
            declared.iter().find(|one| one["required"] == true && !is_named(&one["name"]));
        if let (Some(missing), None) = (missing, focused) {
            return Err(format!("Fill in {}: it is required.", text(&missing["name"])));
        }
        let mut data = Vec::new();
        for (index, (name, value)) in typed.options.iter().enumerate() {
            let option = declared.iter().find(|one| one["name"] == name.as_str());
            let option = option.ok_or_else(|| format!("There is no option {name}."))?;
            if typed.options[..index].iter().any(|(other, _)| other == name) {
                return Err(format!("{name} is there twice."));
            }
            let mut one = json!({"name": name, "type": option["type"], "value": value});
            if focused == Some(name) {
                if option["autocomplete"] != true {
                    return Err(format!("{name} is not completed by the app."));
                }
                one["focused"] = true.into();
            } else {
                check(option, value)?;
                self.resolve(option, value, resolved)?;
            }
            data.push(one);
        }
        match focused {
            Some(name) if !typed.options.iter().any(|(known, _)| known == name) => {
                Err(format!("{name} is not being typed."))
            }
            Some(_) | None => Ok(data),
        }
    }

    /// What an id stands for goes along.
    fn resolve(
        &self,
        option: &Value,
        value: &Value,
        resolved: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let id = value.as_str().unwrap_or_default();
        let mut add = |kind: &str, shown: Option<Value>| -> Result<(), String> {
            let shown = shown.ok_or_else(|| format!("{} is not here.", text(&option["name"])))?;
            let all = resolved.entry(kind).or_insert_with(|| json!({}));
            all[id] = shown;
            Ok(())
        };
        match option["type"].as_u64() {
            Some(6) => {
                let is_known = self.seed().users.iter().any(|user| user.id == id);
                add("users", is_known.then(|| self.shown_user(id)))?;
                if let Some(mut member) = self.shown_member(id) {
                    for name in ["user", "deaf", "mute"] {
                        member.as_object_mut().and_then(|fields| fields.remove(name));
                    }
                    add("members", Some(member))?;
                }
                Ok(())
            }
            Some(7) => add("channels", self.shown_channel(id)),
            Some(8) => add("roles", self.shown_roles().into_iter().find(|role| role["id"] == id)),
            _ => Ok(()),
        }
    }
}

/// Whether a value is of the option's type, and within its limits.
fn check(option: &Value, value: &Value) -> Result<(), String> {
    let name = text(&option["name"]);
    let fits = match option["type"].as_u64() {
        Some(3 | 6 | 7 | 8) => value.is_string(),
        Some(4) => value.is_i64(),
        Some(5) => value.is_boolean(),
        Some(10) => value.is_number(),
        _ => false,
    };
    if !fits {
        return Err(format!("{name} does not take {value}."));
    }
    if let Some(choices) = option["choices"].as_array().filter(|all| !all.is_empty())
        && !choices.iter().any(|choice| choice["value"] == *value)
    {
        return Err(format!("{name} is one of its choices."));
    }
    let length = value.as_str().map(|value| value.chars().count() as u64);
    let is_beyond = |bound: &Value, beyond: fn(f64, f64) -> bool| {
        bound.as_f64().zip(value.as_f64()).is_some_and(|(bound, value)| beyond(value, bound))
    };
    let is_short = length.zip(option["min_length"].as_u64()).is_some_and(|(is, least)| is < least);
    let most = option["max_length"].as_u64().unwrap_or(6_000);
    if is_short
        || length.is_some_and(|is| is > most)
        || is_beyond(&option["min_value"], |value, least| value < least)
        || is_beyond(&option["max_value"], |value, most| value > most)
    {
        return Err(format!("{name} is too short or too long."));
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
