//! The kinds of requests that are not Slack's, or not what Slack sends: each starts from one that would be believed and breaks
//! one thing.

use crate::harness::dice::Dice;
use crate::harness::wire::{Raw, SIGNATURE, STAMP, Signer};

/// A request that would be believed, before it is broken.
pub struct Sound {
    pub raw: Raw,
    pub signer: Signer,
    /// The second at which it is signed.
    pub now: i64,
}

/// A broken request, and how the bot must refuse it.
pub struct Broken {
    pub raw: Raw,
    pub status: u16,
}

/// A way of breaking.
pub type Kind = (&'static str, fn(&mut Dice, Sound) -> Broken);

pub const KINDS: [Kind; 30] = [
    ("no headers", |_, sound| unbelieved(sound.raw)),
    ("no signature", |_, sound| unbelieved(sound.raw.with(STAMP, sound.now.to_string()))),
    ("no timestamp", |_, sound| {
        let signature = sound.signature();
        unbelieved(sound.raw.with(SIGNATURE, signature))
    }),
    ("short signature", |dice, sound| {
        let length = dice.within(0..67);
        sound.with_signature(|signature| signature[..length].to_owned())
    }),
    ("long signature", |dice, sound| {
        let more = dice.within(1..200);
        sound.with_signature(|signature| signature + &"0".repeat(more))
    }),
    ("another version", |dice, sound| {
        let version = *dice.pick(&["v1=", "V0=", "v0:", "v00=", "v=", "", "v0==", "sha256="]);
        sound.with_signature(|signature| signature.replacen("v0=", version, 1))
    }),
    ("upper-case hex", |_, sound| {
        sound.with_signature(|signature| format!("v0={}", signature[3..].to_uppercase()))
    }),
    ("no hex", |dice, sound| {
        let noise = dice.word(64).replace(['a', 'b', 'c', 'd', 'e', 'f'], "g");
        sound.with_signature(|_| format!("v0=g{}", &noise[1..]))
    }),
    ("two signatures", |dice, sound| {
        let other = [sound.signature(), format!("v0={}", "0".repeat(64))];
        let other = dice.pick(&other).clone();
        unbelieved(sound.signed().with(SIGNATURE, other))
    }),
    ("a list of signatures", |_, sound| {
        sound.with_signature(|signature| format!("{signature},{signature}"))
    }),
    ("two timestamps", |_, sound| {
        let stamp = sound.now.to_string();
        unbelieved(sound.signed().with(STAMP, stamp))
    }),
    ("a bit of the body", |dice, sound| {
        let mut raw = sound.signed();
        let at = dice.within(0..raw.body.len());
        raw.body[at] ^= 1 << dice.within(0..8);
        unbelieved(raw)
    }),
    ("a bit of the signature", |dice, sound| {
        let (at, bit) = (dice.within(0..32), 1 << dice.within(0..8));
        sound.with_signature(|signature| {
            let mut bytes = hex::decode(&signature[3..]).expect("hex");
            bytes[at] ^= bit;
            format!("v0={}", hex::encode(bytes))
        })
    }),
    ("a random signature", |dice, sound| {
        let guess = hex::encode(dice.bytes(32));
        sound.with_signature(|_| format!("v0={guess}"))
    }),
    ("another timestamp", |dice, sound| {
        let offset = i64::try_from(dice.within(1..299)).expect("small");
        let stamp = sound.now - offset;
        sound.with_stamp(&stamp.to_string())
    }),
    ("a timestamp that is no number", |dice, sound| {
        let odd =
            ["", "now", "1e9", "0x6fffffff", "１７９５", "NaN", "1795226820.0", "17952 26820"];
        let stamp = (*dice.pick(&odd)).to_owned() + &dice.word(3).replace(char::is_numeric, "x");
        signed_at(sound, &stamp)
    }),
    ("a negative timestamp", |_, sound| {
        let stamp = format!("-{}", sound.now);
        signed_at(sound, &stamp)
    }),
    ("a huge timestamp", |dice, sound| {
        let stamp = "9".repeat(dice.within(13..400));
        signed_at(sound, &stamp)
    }),
    ("too old", |dice, sound| {
        let age = i64::try_from(dice.within(301..10_000_000)).expect("small");
        let stamp = sound.now - age;
        signed_at(sound, &stamp.to_string())
    }),
    ("one second too old", |_, sound| {
        let stamp = sound.now - 301;
        signed_at(sound, &stamp.to_string())
    }),
    ("from the future", |dice, sound| {
        let ahead = i64::try_from(dice.within(301..10_000_000)).expect("small");
        let stamp = sound.now + ahead;
        signed_at(sound, &stamp.to_string())
    }),
    ("signed for another body", |dice, sound| {
        let mut raw = sound.signed();
        raw.body = [raw.body, format!("&{}=1", dice.word(5)).into_bytes()].concat();
        unbelieved(raw)
    }),
    ("cut short", |dice, sound| {
        let mut raw = sound.signed();
        let length = dice.within(0..raw.body.len());
        raw.body.truncate(length);
        unbelieved(raw)
    }),
    ("written in another way", |_, sound| {
        let mut raw = sound.signed();
        let body = String::from_utf8(raw.body).expect("a form").replace("%2F", "%2f");
        raw.body = body.replace('+', "%20").into_bytes();
        raw.body.push(b'&');
        unbelieved(raw)
    }),
    ("another key", |dice, mut sound| {
        sound.signer = Signer(dice.word(32));
        unbelieved(sound.signed())
    }),
    ("a key that is nearly right", |dice, mut sound| {
        let near =
            [sound.signer.0.to_uppercase() + "x", sound.signer.0.clone() + "\n", String::new()];
        sound.signer = Signer(dice.pick(&near).clone());
        unbelieved(sound.signed())
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
    ("forged and of another type", |dice, mut sound| {
        sound.signer = Signer(dice.word(32));
        let mut raw = sound.signed();
        let kinds =
            ["application/json", "multipart/form-data; boundary=x", "text/plain", "", "\u{ff}"];
        raw.headers[1].1 = dice.pick(&kinds).as_bytes().to_vec();
        unbelieved(raw)
    }),
    ("another method", |dice, sound| {
        let mut raw = sound.signed();
        raw.method = *dice.pick(&["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "POKE"]);
        Broken { raw, status: 405 }
    }),
    ("another path", |dice, sound| {
        let mut raw = sound.signed();
        raw.path = *dice.pick(&[
            "/slack/events",
            "/slack/commands/",
            "//slack/commands",
            "/slack/%63ommands",
            "/",
        ]);
        Broken { raw, status: 404 }
    }),
];

fn unbelieved(raw: Raw) -> Broken {
    Broken { raw, status: 401 }
}

/// Signed with the right key, at a time that must not be believed.
fn signed_at(sound: Sound, stamp: &str) -> Broken {
    unbelieved(sound.signer.signs(sound.raw, stamp))
}

impl Sound {
    /// As Slack would send it.
    pub fn signed(self) -> Raw {
        self.signer.signs(self.raw, &self.now.to_string())
    }

    fn signature(&self) -> String {
        self.signer.signature(&self.now.to_string(), &self.raw.body)
    }

    fn with_signature(self, change: impl FnOnce(String) -> String) -> Broken {
        let signature = change(self.signature());
        unbelieved(self.raw.with(STAMP, self.now.to_string()).with(SIGNATURE, signature))
    }

    /// The right signature beside another time.
    fn with_stamp(self, stamp: &str) -> Broken {
        let signature = self.signature();
        unbelieved(self.raw.with(STAMP, stamp).with(SIGNATURE, signature))
    }
}
