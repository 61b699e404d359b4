//! Discord's side of the doors: what it posts, and somebody who signs with a private key, Discord's or another.
//!
//! The bot checks Ed25519 signatures with dalek's verification over the whole signature, after which one comparison of two
//! points decides: no byte of what would have been right can be found out one after the other, as it could with an early
//! end. What is compared before are lengths and digits of headers, which are no secret.

pub mod kinds;
mod nonsense;

use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};

use super::kinds::{Signs, Sound};
use crate::harness::World;
use crate::harness::dice::Dice;
use crate::harness::wire::Raw;

pub const DOOR: &str = "/discord/interactions";

/// The header that says when Discord signed.
pub const STAMP: &str = "x-signature-timestamp";
/// The header with the signature.
pub const SIGNATURE: &str = "x-signature-ed25519";

/// A private key.
#[derive(Clone)]
pub struct Key(SigningKey);

impl Key {
    /// The one that Discord signs with.
    pub fn of(world: &World) -> Self {
        let mut bytes = [0; 32];
        let hex = world.models.discord.seed().credentials.private_key();
        hex::decode_to_slice(hex, &mut bytes).expect("a key");
        Self(SigningKey::from_bytes(&bytes))
    }

    /// The signature of these parts, one after the other, in hex.
    pub fn over(&self, parts: &[&[u8]]) -> String {
        hex::encode(self.0.sign(&parts.concat()).to_bytes())
    }
}

impl Signs for Key {
    const STAMP: &'static str = STAMP;
    const SIGNATURE: &'static str = SIGNATURE;
    const PREFIX: &'static str = "";
    const BYTES: usize = 64;
    const OTHER_TYPES: &'static [&'static str] =
        &["application/x-www-form-urlencoded", "text/plain", "", "\u{ff}"];
    const OTHER_PATHS: &'static [&'static str] = &[
        "/discord",
        "/discord/interactions/",
        "//discord/interactions",
        "/discord/%69nteractions",
        "/api/v10/gateway",
    ];

    fn guessed(dice: &mut Dice) -> Self {
        let bytes = dice.bytes(32).try_into().expect("a key's length");
        Self(SigningKey::from_bytes(&bytes))
    }

    /// As Discord's own description says.
    fn signature(&self, stamp: &str, body: &[u8]) -> String {
        self.over(&[stamp.as_bytes(), body])
    }
}

/// A request of Discord's that would be believed.
pub fn sound(world: &World, body: &Value) -> Sound<Key> {
    let raw = Raw::json(DOOR, body.to_string());
    Sound { raw, signer: Key::of(world), now: world.seconds() }
}

/// What a guild's member does, by the world's own ids.
pub struct Doing<'a> {
    world: &'a World,
    id: String,
    token: String,
}

impl<'a> Doing<'a> {
    /// Ana does something in `#incidents`.
    pub fn new(world: &'a World, id: usize, token: &str) -> Self {
        Self { world, id: (9_000_000_000 + id).to_string(), token: token.to_owned() }
    }

    /// She types `/rollback`, `/incident status` …, with options.
    pub fn types(&self, line: &str, options: &[(&str, &str)]) -> Value {
        let (command, subcommand) = line.split_once(' ').unwrap_or((line, ""));
        let options: Vec<Value> = options
            .iter()
            .map(|(name, value)| json!({"name": name, "type": 3, "value": value}))
            .collect();
        let options = match subcommand {
            "" => json!(options),
            name => json!([{"name": name, "type": 1, "options": options}]),
        };
        let data = json!({"id": "3001", "name": command.trim_start_matches('/'), "type": 1,
            "options": options});
        self.does(2, data)
    }

    /// She presses a button of a message.
    pub fn presses(&self, custom_id: &str, message: &str) -> Value {
        let data = json!({"custom_id": custom_id, "component_type": 2, "id": 3});
        let mut press = self.does(3, data);
        press["message"] = json!({"id": message, "channel_id": press["channel_id"], "flags": 0,
            "type": 0, "content": "", "embeds": [], "components": []});
        press
    }

    /// She sends a form.
    pub fn sends(&self, custom_id: &str, reason: &str) -> Value {
        let input = json!({"type": 4, "id": 2, "custom_id": "reason", "value": reason});
        let row = json!({"type": 1, "id": 1, "components": [input]});
        self.does(5, json!({"custom_id": custom_id, "components": [row]}))
    }

    /// Any interaction.
    pub fn does(&self, kind: u8, data: Value) -> Value {
        let discord = &self.world.models.discord;
        let (seed, channel) = (discord.seed(), discord.channel_id("incidents"));
        json!({
            "id": self.id, "application_id": seed.application_id, "type": kind,
            "token": self.token, "version": 1, "guild_id": seed.guild.id, "channel_id": channel,
            "channel": {"id": channel, "type": 0, "name": "incidents"}, "locale": "en-GB",
            "member": {"user": {"id": discord.user_id("ana"), "username": "ana"}, "roles": []},
            "data": data,
        })
    }
}

/// What would act if it were believed.
pub fn believable(world: &World, number: usize, dice: &mut Dice) -> Value {
    let doing = Doing::new(world, number, &dice.word(40));
    match dice.within(0..5) {
        0 => doing.types("/rollback", &[]),
        1 => doing.types("/incident halt", &[("reason", "it burns")]),
        2 => doing.types("/incident open", &[("service", "shop"), ("title", "it burns")]),
        3 => doing.sends(&format!("form:{}", hex::encode(dice.bytes(16))), "it burns"),
        _ => doing.presses(&format!("confirm:{}", hex::encode(dice.bytes(16))), "1"),
    }
}
