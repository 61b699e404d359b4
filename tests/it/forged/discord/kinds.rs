//! What is Discord's own about a forged request: the form of its signature, and of its body.

use serde_json::{Value, json};

use super::{Key, SIGNATURE, STAMP};
use crate::forged::kinds::{Broken, Kind, Signs};
use crate::harness::wire;

pub const KINDS: [Kind<Key>; 11] = [
    ("hex with a prefix", |dice, sound| {
        let prefix = *dice.pick(&["0x", "v0=", "ed25519=", "+"]);
        sound.with_signature(|signature| format!("{prefix}{signature}"))
    }),
    ("the halves of the signature exchanged", |_, sound| {
        sound.with_bytes(|bytes| bytes.rotate_left(32))
    }),
    ("the same signature in another form", |_, sound| sound.with_bytes(add_order)),
    ("a signature of nothing", |dice, sound| {
        let first = *dice.pick(&["00", "01", "ec", "ff"]);
        sound.with_signature(|_| format!("{first}{}", "0".repeat(126)))
    }),
    ("written in another way", |_, sound| {
        let mut raw = sound.signed();
        let value: Value = serde_json::from_slice(&raw.body).expect("JSON");
        raw.body = serde_json::to_vec_pretty(&value).expect("JSON");
        Broken::unbelieved(raw)
    }),
    ("a digit moved from the body to the timestamp", |_, sound| {
        // What is signed is the same run of bytes.
        let (stamp, mut raw) = (sound.now.to_string(), sound.raw);
        raw.body = [&b"0"[..], &raw.body].concat();
        let signature = sound.signer.signature(&stamp, &raw.body);
        raw.body.remove(0);
        Broken::unbelieved(raw.with(STAMP, stamp + "0").with(SIGNATURE, signature))
    }),
    ("slack's headers", |dice, sound| {
        let signer = wire::Signer(dice.word(32));
        Broken::unbelieved(signer.signs(sound.raw, &sound.now.to_string()))
    }),
    ("another recipe", |dice, sound| {
        let (stamp, body) = (sound.now.to_string(), sound.raw.body.clone());
        let recipes: [&[&[u8]]; 6] = [
            &[&body],
            &[&body, stamp.as_bytes()],
            &[stamp.as_bytes(), b":", &body],
            &[b"v0:", stamp.as_bytes(), b":", &body],
            &[stamp.as_bytes()],
            &[],
        ];
        let signature = sound.signer.over(recipes[dice.within(0..recipes.len())]);
        sound.with_signature(|_| signature)
    }),
    ("an unsigned ping", |dice, mut sound| {
        let id = dice.within(1..1_000_000).to_string();
        let ping = json!({"id": id, "application_id": "1", "type": 1, "token": "t", "version": 1});
        sound.raw.body = ping.to_string().into();
        match dice.within(0..2) {
            0 => Broken::unbelieved(sound.raw),
            _ => sound.with_signature(|_| "0".repeat(128)),
        }
    }),
    ("forged and deep", |dice, mut sound| {
        sound.raw.body = dice.pick(&["[", "{\"a\":"]).repeat(dice.within(100..2_000)).into();
        sound.signer = Key::guessed(dice);
        Broken::unbelieved(sound.signed())
    }),
    ("forged noise", |dice, mut sound| {
        sound.raw.body = dice.bytes(500);
        sound.raw.body[0] = 0;
        sound.signer = Key::guessed(dice);
        Broken::unbelieved(sound.signed())
    }),
];

/// The order of the curve's group, the smallest byte first.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The second half is a number modulo the order: with the order added it would mean the same to a lax reader.
fn add_order(bytes: &mut [u8]) {
    let mut carry = 0;
    for (byte, order) in bytes[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        [*byte, _] = sum.to_le_bytes();
        carry = sum >> 8;
    }
}
