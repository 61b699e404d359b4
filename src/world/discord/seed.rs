//! What a modelled guild starts with: people, roles, channels, the app and its secrets.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde::Serialize;

/// A guild as it is before anybody has said anything.
#[derive(Clone)]
pub struct DiscordSeed {
    /// The guild itself.
    pub guild: Guild,
    /// The application's id, which is also that of its bot user.
    pub application_id: String,
    /// What the bot is called.
    pub bot_name: String,
    /// People, and one other app's bot user.
    pub users: Vec<User>,
    /// The roles, without the one that everybody has.
    pub roles: Vec<Role>,
    /// The channels.
    pub channels: Vec<Channel>,
    /// What the app and Discord share.
    pub credentials: Credentials,
}

/// A guild.
#[derive(Clone, Debug)]
pub struct Guild {
    /// Digits; also the id of the role that everybody has.
    pub id: String,
    /// Shown.
    pub name: String,
}

/// A person, or another app's bot user.
#[derive(Clone, Debug, Serialize)]
pub struct User {
    /// Digits.
    pub id: String,
    /// The handle.
    pub name: String,
    /// What the person is in the story; Discord itself knows nothing of it.
    pub role: String,
    /// Whether it is another app.
    pub bot: bool,
    /// Ids of the roles at the beginning.
    #[serde(skip)]
    pub roles: Vec<String>,
}

/// A role.
#[derive(Clone, Debug, Serialize)]
pub struct Role {
    /// Digits.
    pub id: String,
    /// Without `@`.
    pub name: String,
}

/// A text channel.
#[derive(Clone, Debug, Serialize)]
pub struct Channel {
    /// Digits.
    pub id: String,
    /// Without `#`.
    pub name: String,
    /// What it is for.
    pub purpose: String,
}

/// Secrets of the app. Deliberately without `Debug`.
#[derive(Clone)]
pub struct Credentials {
    /// For REST and the gateway.
    pub bot_token: String,
    key: SigningKey,
}

impl Credentials {
    /// Secrets that nobody else has. The token has the shape of a real one: whose it is, when it was made, and a secret.
    pub fn fresh(application_id: &str) -> Self {
        use crate::engine::ports::Chance;
        let random = || crate::adapters::chance::SystemChance.bytes();
        let parts = [application_id.as_bytes(), &[0x65, 0x5f, 0x2a, 0x10]];
        let [whose, when] = parts.map(|part| URL_SAFE_NO_PAD.encode(part));
        let (first, second) = (random(), random());
        let secret = URL_SAFE_NO_PAD.encode([first, second].concat());
        let mut seed = [0; 32];
        seed[..16].copy_from_slice(&random());
        seed[16..].copy_from_slice(&random());
        let key = SigningKey::from_bytes(&seed);
        Self { bot_token: format!("{whose}.{when}.{secret}"), key }
    }

    /// What the app checks signatures with, in hex.
    pub fn public_key(&self) -> String {
        hex::encode(self.key.verifying_key().to_bytes())
    }

    /// The 32 bytes that signatures are made with, in hex.
    pub fn private_key(&self) -> String {
        hex::encode(self.key.to_bytes())
    }

    /// Discord's signature of a body at a time, in hex.
    pub fn sign(&self, stamp: &str, body: &str) -> String {
        hex::encode(self.key.sign(format!("{stamp}{body}").as_bytes()).to_bytes())
    }
}

const GUILD: &str = "1201000000000000001";
const APPLICATION: &str = "1201000000000000002";
const ON_CALL: &str = "1201000000000000021";
const LEADS: &str = "1201000000000000022";

impl DiscordSeed {
    /// The demo's guild: `ana` and `bo` are responders, `lee` a lead, `eve` is on no list; `ticker` is another app.
    pub fn demo() -> Self {
        let user = |id: u8, name: &str, role: &str, roles: &[&str]| User {
            id: format!("12010000000000001{id:02}"),
            name: name.to_owned(),
            role: role.to_owned(),
            bot: name == "ticker",
            roles: roles.iter().map(|&one| one.to_owned()).collect(),
        };
        let channel = |id: &str, name: &str, purpose: &str| Channel {
            id: id.to_owned(),
            name: name.to_owned(),
            purpose: purpose.to_owned(),
        };
        let role = |id: &str, name: &str| Role { id: id.to_owned(), name: name.to_owned() };
        Self {
            guild: Guild { id: GUILD.to_owned(), name: "Demo".to_owned() },
            application_id: APPLICATION.to_owned(),
            bot_name: "repoint".to_owned(),
            users: vec![
                user(1, "ana", "responder", &[ON_CALL]),
                user(2, "bo", "responder", &[ON_CALL]),
                user(3, "lee", "lead", &[LEADS]),
                user(4, "eve", "not on the list", &[]),
                user(5, "ticker", "another app", &[]),
            ],
            roles: vec![role(ON_CALL, "on-call"), role(LEADS, "leads")],
            channels: vec![
                channel("1201000000000000011", "incidents", "where the on-call team works"),
                channel("1201000000000000012", "stakeholders", "what everybody else reads"),
            ],
            credentials: Credentials::fresh(APPLICATION),
        }
    }
}
