//! The kinds of requests that are not a platform's: each starts from one that would be believed and breaks one thing. Here are
//! those that any platform can meet which signs a time and a body; what hangs on one signature's form is with its platform.

use crate::harness::dice::Dice;
use crate::harness::wire::Raw;

/// How a platform signs, and what it takes.
pub trait Signs: Sized {
    /// The header that says when it was signed.
    const STAMP: &'static str;
    /// The header with the signature.
    const SIGNATURE: &'static str;
    /// What stands before the signature's hex.
    const PREFIX: &'static str;
    /// How many bytes a signature has.
    const BYTES: usize;
    /// Content types that it never sends.
    const OTHER_TYPES: &'static [&'static str];
    /// Paths that are nearly its door's.
    const OTHER_PATHS: &'static [&'static str];

    /// Somebody with another key.
    fn guessed(dice: &mut Dice) -> Self;

    /// The signature of a body at a second, as the platform's own description says.
    fn signature(&self, stamp: &str, body: &[u8]) -> String;

    /// The request, signed at a second.
    fn signs(&self, raw: Raw, stamp: &str) -> Raw {
        let signature = self.signature(stamp, &raw.body);
        raw.with(Self::STAMP, stamp).with(Self::SIGNATURE, signature)
    }
}

/// A request that would be believed, before it is broken.
pub struct Sound<S> {
    pub raw: Raw,
    pub signer: S,
    /// The second at which it is signed.
    pub now: i64,
}

/// A broken request, and how the bot must refuse it.
pub struct Broken {
    pub raw: Raw,
    pub status: u16,
}

/// A way of breaking.
pub type Kind<S> = (&'static str, fn(&mut Dice, Sound<S>) -> Broken);

/// One kind after the other: the shared ones, then the platform's own.
pub fn kind<S: Signs>(number: usize, own: &[Kind<S>]) -> Kind<S> {
    let shared = Sound::<S>::SHARED;
    let at = number % (shared.len() + own.len());
    if at < shared.len() { shared[at] } else { own[at - shared.len()] }
}

impl<S: Signs> Sound<S> {
    /// What any of them can meet.
    const SHARED: [Kind<S>; 26] = [
        ("no headers", |_, sound| Broken::unbelieved(sound.raw)),
        ("no signature", |_, sound| {
            Broken::unbelieved(sound.raw.with(S::STAMP, sound.now.to_string()))
        }),
        ("no timestamp", |_, sound| {
            let signature = sound.signature();
            Broken::unbelieved(sound.raw.with(S::SIGNATURE, signature))
        }),
        ("short signature", |dice, sound| {
            let length = dice.within(0..S::PREFIX.len() + 2 * S::BYTES);
            sound.with_signature(|signature| signature[..length].to_owned())
        }),
        ("long signature", |dice, sound| {
            let more = dice.within(1..200);
            sound.with_signature(|signature| signature + &"0".repeat(more))
        }),
        ("upper-case hex", |_, sound| {
            sound.with_signature(|signature| {
                let (prefix, hex) = signature.split_at(S::PREFIX.len());
                format!("{prefix}{}", hex.to_uppercase())
            })
        }),
        ("no hex", |dice, sound| {
            let at = S::PREFIX.len() + dice.within(0..2 * S::BYTES);
            sound.with_signature(|signature| {
                format!("{}g{}", &signature[..at], &signature[at + 1..])
            })
        }),
        ("two signatures", |dice, sound| {
            let zeros = format!("{}{}", S::PREFIX, "0".repeat(2 * S::BYTES));
            let other = dice.pick(&[sound.signature(), zeros]).clone();
            Broken::unbelieved(sound.signed().with(S::SIGNATURE, other))
        }),
        ("a list of signatures", |_, sound| {
            sound.with_signature(|signature| format!("{signature},{signature}"))
        }),
        ("two timestamps", |_, sound| {
            let stamp = sound.now.to_string();
            Broken::unbelieved(sound.signed().with(S::STAMP, stamp))
        }),
        ("a bit of the body", |dice, sound| {
            let mut raw = sound.signed();
            let at = dice.within(0..raw.body.len());
            raw.body[at] ^= 1 << dice.within(0..8);
            Broken::unbelieved(raw)
        }),
        ("a bit of the signature", |dice, sound| {
            let (at, bit) = (dice.within(0..S::BYTES), 1 << dice.within(0..8));
            sound.with_bytes(|bytes| bytes[at] ^= bit)
        }),
        ("a random signature", |dice, sound| {
            let guess = dice.bytes(S::BYTES);
            sound.with_bytes(|bytes| bytes.copy_from_slice(&guess))
        }),
        ("another timestamp", |dice, sound| {
            let offset = i64::try_from(dice.within(1..299)).expect("small");
            let stamp = sound.now - offset;
            sound.with_stamp(&stamp.to_string())
        }),
        ("a timestamp that is no number", |dice, sound| {
            let odd =
                ["", "now", "1e9", "0x6fffffff", "１７９５", "NaN", "1795226820.0", "17952 26820"];
            let stamp =
                (*dice.pick(&odd)).to_owned() + &dice.word(3).replace(char::is_numeric, "x");
            sound.signed_at(&stamp)
        }),
        ("a negative timestamp", |_, sound| {
            let stamp = format!("-{}", sound.now);
            sound.signed_at(&stamp)
        }),
        ("a huge timestamp", |dice, sound| {
            let stamp = "9".repeat(dice.within(13..400));
            sound.signed_at(&stamp)
        }),
        ("too old", |dice, sound| {
            let stamp = sound.now - i64::try_from(dice.within(301..10_000_000)).expect("small");
            sound.signed_at(&stamp.to_string())
        }),
        ("one second too old", |_, sound| {
            let stamp = sound.now - 301;
            sound.signed_at(&stamp.to_string())
        }),
        ("from the future", |dice, sound| {
            let stamp = sound.now + i64::try_from(dice.within(301..10_000_000)).expect("small");
            sound.signed_at(&stamp.to_string())
        }),
        ("signed for another body", |dice, sound| {
            let mut raw = sound.signed();
            raw.body.extend(vec![b' '; dice.within(1..20)]);
            Broken::unbelieved(raw)
        }),
        ("cut short", |dice, sound| {
            let mut raw = sound.signed();
            let length = dice.within(0..raw.body.len());
            raw.body.truncate(length);
            Broken::unbelieved(raw)
        }),
        ("another key", |dice, mut sound| {
            sound.signer = S::guessed(dice);
            Broken::unbelieved(sound.signed())
        }),
        ("forged and of another type", |dice, mut sound| {
            sound.signer = S::guessed(dice);
            let mut raw = sound.signed();
            raw.headers[1].1 = dice.pick(S::OTHER_TYPES).as_bytes().to_vec();
            Broken::unbelieved(raw)
        }),
        ("another method", |dice, sound| {
            let mut raw = sound.signed();
            raw.method = *dice.pick(&["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "POKE"]);
            Broken { raw, status: 405 }
        }),
        ("another path", |dice, sound| {
            let mut raw = sound.signed();
            raw.path = *dice.pick(S::OTHER_PATHS);
            Broken { raw, status: 404 }
        }),
    ];

    /// As the platform would send it.
    pub fn signed(self) -> Raw {
        self.signer.signs(self.raw, &self.now.to_string())
    }

    pub fn signature(&self) -> String {
        self.signer.signature(&self.now.to_string(), &self.raw.body)
    }

    pub fn with_signature(self, change: impl FnOnce(String) -> String) -> Broken {
        let signature = change(self.signature());
        let raw = self.raw.with(S::STAMP, self.now.to_string());
        Broken::unbelieved(raw.with(S::SIGNATURE, signature))
    }

    /// With the signature's bytes changed.
    pub fn with_bytes(self, change: impl FnOnce(&mut [u8])) -> Broken {
        self.with_signature(|signature| {
            let mut bytes = hex::decode(&signature[S::PREFIX.len()..]).expect("hex");
            change(&mut bytes);
            format!("{}{}", S::PREFIX, hex::encode(bytes))
        })
    }

    /// The right signature beside another time.
    fn with_stamp(self, stamp: &str) -> Broken {
        let signature = self.signature();
        Broken::unbelieved(self.raw.with(S::STAMP, stamp).with(S::SIGNATURE, signature))
    }

    /// Signed with the right key, at a time that must not be believed.
    fn signed_at(self, stamp: &str) -> Broken {
        Broken::unbelieved(self.signer.signs(self.raw, stamp))
    }
}

impl Broken {
    /// It must not be believed.
    pub fn unbelieved(raw: Raw) -> Self {
        Self { raw, status: 401 }
    }
}
