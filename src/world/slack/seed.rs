//! What a modelled workspace starts with: people, channels, the app and its secrets.

use serde::Serialize;

/// A workspace as it is before anybody has said anything.
#[derive(Clone)]
pub struct SlackSeed {
    /// The workspace itself.
    pub team: Team,
    /// The app's id (`A…`).
    pub app_id: String,
    /// The app's bot user.
    pub bot: Bot,
    /// The people.
    pub users: Vec<User>,
    /// The channels.
    pub channels: Vec<Channel>,
    /// User groups, for the two methods that list them.
    pub groups: Vec<Group>,
    /// The slash commands of the installed manifest, with their slash.
    pub commands: Vec<String>,
    /// What the app and Slack share.
    pub credentials: Credentials,
}

/// A workspace.
#[derive(Clone, Debug)]
pub struct Team {
    /// `T…`.
    pub id: String,
    /// Shown.
    pub name: String,
    /// The part before `.slack.com`.
    pub domain: String,
}

/// The app's bot user.
#[derive(Clone, Debug)]
pub struct Bot {
    /// `U…`, the author of what the app posts.
    pub user_id: String,
    /// `B…`.
    pub bot_id: String,
    /// Shown.
    pub name: String,
}

/// A person.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// `U…`.
    pub id: String,
    /// The handle.
    pub name: String,
    /// What the person is in the story; Slack itself knows nothing of it.
    pub role: String,
}

/// A public channel.
#[derive(Clone, Debug, Serialize)]
pub struct Channel {
    /// `C…`.
    pub id: String,
    /// Without `#`.
    pub name: String,
    /// What it is for.
    pub purpose: String,
    /// User ids, the bot's among them when it may post.
    #[serde(skip)]
    pub members: Vec<String>,
}

/// A user group.
#[derive(Clone, Debug)]
pub struct Group {
    /// `S…`.
    pub id: String,
    /// Without `@`.
    pub handle: String,
    /// Shown.
    pub name: String,
    /// User ids.
    pub users: Vec<String>,
}

/// Secrets of the app. Deliberately without `Debug`.
#[derive(Clone)]
pub struct Credentials {
    /// Signs what Slack sends.
    pub signing_secret: String,
    /// `xoxb-…`, for the Web API.
    pub bot_token: String,
    /// `xapp-…`, for Socket Mode.
    pub app_token: String,
}

impl Credentials {
    /// Secrets that nobody else has.
    pub fn fresh() -> Self {
        let random = || {
            use crate::engine::ports::Chance;
            hex::encode(crate::adapters::chance::SystemChance.bytes())
        };
        Self {
            signing_secret: random(),
            bot_token: format!("xoxb-{}", random()),
            app_token: format!("xapp-1-{}", random()),
        }
    }
}

impl SlackSeed {
    /// The demo's workspace: `ana` and `bo` are responders, `lee` a lead, `eve` is on no list.
    pub fn demo(credentials: Credentials) -> Self {
        let bot = Bot { user_id: "U01BOT".into(), bot_id: "B01BOT".into(), name: "repoint".into() };
        let users: Vec<User> = [
            ("U01ANA", "ana", "responder"),
            ("U01BO", "bo", "responder"),
            ("U01LEE", "lee", "lead"),
            ("U01EVE", "eve", "not on the list"),
        ]
        .into_iter()
        .map(|(id, name, role)| User { id: id.into(), name: name.into(), role: role.into() })
        .collect();
        let everybody: Vec<String> =
            users.iter().map(|user| user.id.clone()).chain([bot.user_id.clone()]).collect();
        let channels = [
            ("C01INC", "incidents", "where the on-call team works"),
            ("C01STK", "stakeholders", "what everybody else reads"),
        ]
        .into_iter()
        .map(|(id, name, purpose)| Channel {
            id: id.into(),
            name: name.into(),
            purpose: purpose.into(),
            members: everybody.clone(),
        })
        .collect();
        Self {
            team: Team { id: "T01DEMO".into(), name: "Demo".into(), domain: "demo".into() },
            app_id: "A01DEMO".into(),
            bot,
            users,
            channels,
            groups: Vec::new(),
            commands: ["/rollback", "/revert", "/verify", "/promote", "/incident"]
                .map(str::to_owned)
                .into(),
            credentials,
        }
    }
}
