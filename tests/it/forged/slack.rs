//! What is Slack's own about a forged request: the form of its signature, and of its body.

use super::kinds::{Broken, Kind, Signs};
use crate::harness::dice::Dice;
use crate::harness::wire::{SIGNATURE, STAMP, Signer};

impl Signs for Signer {
    const STAMP: &'static str = STAMP;
    const SIGNATURE: &'static str = SIGNATURE;
    const PREFIX: &'static str = "v0=";
    const BYTES: usize = 32;
    const OTHER_TYPES: &'static [&'static str] =
        &["application/json", "multipart/form-data; boundary=x", "text/plain", "", "\u{ff}"];
    const OTHER_PATHS: &'static [&'static str] =
        &["/slack/events", "/slack/commands/", "//slack/commands", "/slack/%63ommands", "/"];

    fn guessed(dice: &mut Dice) -> Self {
        Self(dice.word(32))
    }

    /// As Slack's own description says.
    fn signature(&self, stamp: &str, body: &[u8]) -> String {
        self.over(&[b"v0:", stamp.as_bytes(), b":", body])
    }
}

pub const KINDS: [Kind<Signer>; 4] = [
    ("another version", |dice, sound| {
        let version = *dice.pick(&["v1=", "V0=", "v0:", "v00=", "v=", "", "v0==", "sha256="]);
        sound.with_signature(|signature| signature.replacen("v0=", version, 1))
    }),
    ("written in another way", |_, sound| {
        let mut raw = sound.signed();
        let body = String::from_utf8(raw.body).expect("a form").replace("%2F", "%2f");
        raw.body = body.replace('+', "%20").into_bytes();
        raw.body.push(b'&');
        Broken::unbelieved(raw)
    }),
    ("a key that is nearly right", |dice, mut sound| {
        let near =
            [sound.signer.0.to_uppercase() + "x", sound.signer.0.clone() + "\n", String::new()];
        sound.signer = Signer(dice.pick(&near).clone());
        Broken::unbelieved(sound.signed())
    }),
    ("another recipe", |dice, sound| {
        let (stamp, body) = (sound.now.to_string(), sound.raw.body.clone());
        let recipes: [&[&[u8]]; 5] = [
            &[&body],
            &[stamp.as_bytes(), b":", &body],
            &[b"v0:", stamp.as_bytes()],
            &[b"v1:", stamp.as_bytes(), b":", &body],
            &[],
        ];
        let signature = sound.signer.over(recipes[dice.within(0..recipes.len())]);
        sound.with_signature(|_| signature)
    }),
];
