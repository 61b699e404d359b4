//! Telling Discord which commands there are. Owns the comparison of before and after; what the commands are comes from
//! `chat::generated`. One call replaces all of them, so that it can be repeated at will.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::client::DiscordApi;
use crate::engine::ports::NotifyError;

/// What a registration changed, by the commands' names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// New ones.
    pub added: Vec<String>,
    /// Those that look different now.
    pub altered: Vec<String>,
    /// Those that are gone.
    pub removed: Vec<String>,
    /// Those that are as they were.
    pub kept: Vec<String>,
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [
            ("added", &self.added),
            ("changed", &self.altered),
            ("removed", &self.removed),
            ("as it was", &self.kept),
        ];
        let lines = kinds
            .iter()
            .flat_map(|(what, names)| names.iter().map(move |name| format!("{what}: /{name}")));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// Replaces the guild's commands of this application and says what that changed.
pub async fn register(api: &DiscordApi, commands: &Value) -> Result<Changed, NotifyError> {
    let before = by_name(&api.commands().await?);
    let after = by_name(&api.put_commands(commands).await?);
    let mut changed = Changed::default();
    for (name, command) in &after {
        let names = match before.get(name) {
            None => &mut changed.added,
            Some(earlier) if earlier == command => &mut changed.kept,
            Some(_) => &mut changed.altered,
        };
        names.push(name.clone());
    }
    changed.removed = before.into_keys().filter(|name| !after.contains_key(name)).collect();
    Ok(changed)
}

/// The commands as Discord gives them, without what it counts itself.
fn by_name(commands: &[Value]) -> BTreeMap<String, Value> {
    let named = commands.iter().filter_map(|command| {
        let mut command = command.clone();
        let members = command.as_object_mut()?;
        members.remove("id");
        members.remove("version");
        let name = members.get("name")?.as_str()?.to_owned();
        Some((name, command))
    });
    named.collect()
}

#[cfg(test)]
mod tests;
