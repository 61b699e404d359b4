//! What is made from the declarations for others to read: Slack's app manifest, Discord's commands and the README's table.
//! The committed copies are compared by tests; `REPOINT_BLESS=1 cargo test generated` writes them anew.

mod discord;

use serde_json::{Value, json};

pub use discord::discord_commands;

use super::catalog::{Catalog, Confirm, Declaration, Prefix, Verb, Who};

/// What a manifest depends on besides the commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestOptions {
    /// The app's and the bot's name in the workspace.
    pub name: String,
    /// What stands before every command's name.
    pub prefix: Prefix,
    /// How Slack reaches the bot.
    pub mode: ManifestMode,
}

impl Default for ManifestOptions {
    fn default() -> Self {
        Self { name: "Repoint".to_owned(), prefix: Prefix::default(), mode: ManifestMode::Socket }
    }
}

/// How Slack reaches the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestMode {
    /// The bot dials Slack: no public address is needed.
    Socket,
    /// Slack calls the bot.
    Http {
        /// The bot's public address, for example `https://repoint.example.com`.
        base_url: String,
    },
}

/// Why no manifest can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Slack would refuse the name.
    #[error("name the app {0:?}: Slack takes 1 to {NAME_MAX} characters")]
    Name(String),
    /// Slack would refuse the address.
    #[error("use {0:?} as the public address: it must begin with https:// or http://")]
    Address(String),
}

/// Slack: `display_information.name`.
const NAME_MAX: usize = 35;

/// Slack's app manifest: the whole app, to be pasted at "Create New App → From a manifest".
pub fn slack_manifest(
    catalog: &Catalog,
    options: &ManifestOptions,
) -> Result<Value, ManifestError> {
    if options.name.trim().is_empty() || options.name.chars().count() > NAME_MAX {
        return Err(ManifestError::Name(options.name.clone()));
    }
    let route = Route::of(&options.mode)?;
    Ok(json!({
        "display_information": {
            "name": options.name,
            "description": "Gets a team out of a broken production deploy",
            "background_color": "#1f2430",
        },
        "features": {
            "bot_user": { "display_name": options.name, "always_online": true },
            "slash_commands": slash_commands(catalog, &options.prefix, &route),
        },
        // No reading of channels: the bot sees only what is said to it. Of people it reads who is in which user group, and
        // which of them are guests: rights hang on that.
        "oauth_config": { "scopes": { "bot": BOT_SCOPES } },
        "settings": {
            "interactivity": with_address(json!({ "is_enabled": true }), "request_url", &route, "/slack/interactions"),
            "org_deploy_enabled": false,
            "socket_mode_enabled": matches!(route, Route::Socket),
            "token_rotation_enabled": false,
        },
    }))
}

/// What the app may do in a workspace.
const BOT_SCOPES: [&str; 4] = ["commands", "chat:write", "usergroups:read", "users:read"];

/// The mode, checked.
enum Route {
    Socket,
    Http(String),
}

impl Route {
    fn of(mode: &ManifestMode) -> Result<Self, ManifestError> {
        match mode {
            ManifestMode::Socket => Ok(Self::Socket),
            ManifestMode::Http { base_url } => match url::Url::parse(base_url) {
                Ok(url) if matches!(url.scheme(), "https" | "http") => {
                    Ok(Self::Http(base_url.trim_end_matches('/').to_owned()))
                }
                Ok(_) | Err(_) => Err(ManifestError::Address(base_url.clone())),
            },
        }
    }
}

/// Adds the address to an entry; in Socket Mode Slack wants none.
fn with_address(mut entry: Value, key: &str, route: &Route, path: &str) -> Value {
    if let Route::Http(base) = route {
        entry[key] = Value::String(format!("{base}{path}"));
    }
    entry
}

fn slash_commands(catalog: &Catalog, prefix: &Prefix, route: &Route) -> Vec<Value> {
    let entry = |command: &super::catalog::Command| {
        let entry = json!({
            "command": prefix.slash(command.name),
            "description": command.summary,
            "usage_hint": command.usage_hint(),
            // Names and links arrive as typed; the grammar knows no mentions.
            "should_escape": false,
        });
        with_address(entry, "url", route, "/slack/commands")
    };
    catalog.commands().iter().map(entry).collect()
}

/// The slash commands as a page that completes what people type needs them.
pub fn completion(catalog: &Catalog, prefix: &Prefix) -> Value {
    let entry = |command: &super::catalog::Command| {
        let subcommands = command.declarations.iter().filter_map(|declaration| {
            let Verb::Incident(subcommand) = declaration.verb else { return None };
            let usage = format!("{subcommand} {}", declaration.arguments());
            Some(json!({
                "name": subcommand.as_str(), "summary": declaration.summary, "usage": usage.trim(),
            }))
        });
        json!({
            "command": prefix.slash(command.name),
            "description": command.summary,
            "usage_hint": command.usage_hint(),
            "subcommands": subcommands.collect::<Vec<_>>(),
        })
    };
    catalog.commands().iter().map(entry).collect()
}

/// Where the table begins in the README.
pub const TABLE_BEGIN: &str = "<!-- commands:begin -->";
/// Where it ends.
pub const TABLE_END: &str = "<!-- commands:end -->";

/// The README's table of commands, with its markers and without a line break at the end.
pub fn readme_table(catalog: &Catalog) -> String {
    let mut table = format!("{TABLE_BEGIN}\n| Command | Does | Who |\n|---|---|---|\n");
    for declaration in catalog.declarations() {
        table.push_str(&row(declaration));
    }
    table.push_str(TABLE_END);
    table
}

fn row(declaration: &Declaration) -> String {
    let access = &declaration.access;
    let who = match access.who {
        Who::Anyone => "anybody in a service's channel",
        Who::Responder => "responder",
        Who::Lead => "lead",
    };
    let confirm = match access.confirm {
        Confirm::None => "",
        Confirm::OnePerson => ", one press of Confirm",
        Confirm::TwoPeople => ", two people",
    };
    let usage = declaration.usage(&Prefix::default());
    format!("| `{usage}` | {} | {who}{confirm} |\n", declaration.summary)
}

/// The text with its table of commands replaced; `None` when the markers are not there.
pub fn with_readme_table(readme: &str, catalog: &Catalog) -> Option<String> {
    let begin = readme.find(TABLE_BEGIN)?;
    let end = begin + readme[begin..].find(TABLE_END)? + TABLE_END.len();
    Some(format!("{}{}{}", &readme[..begin], readme_table(catalog), &readme[end..]))
}

#[cfg(test)]
mod tests;
