//! Discord's request signature: Ed25519 over the timestamp and the raw body. Owns the check over the raw bytes; it must
//! run before anything is parsed. Next: `receive.rs` calls it, `wire.rs` parses what passed.
//!
//! serenity checks the signature; the window around the clock is ours, since serenity has none. What is repeated within
//! the window is recognised by its delivery key.

use axum::http::HeaderMap;
use serenity::interactions_endpoint::Verifier as Signature;

use crate::adapters::signed::{fresh, only};
use crate::domain::time::Timestamp;

pub use crate::adapters::signed::Refused;

/// The header that carries the signature in hex.
pub const SIGNATURE_HEADER: &str = "x-signature-ed25519";
/// The header that carries the second at which Discord signed.
pub const TIMESTAMP_HEADER: &str = "x-signature-timestamp";

/// Hex digits of a signature.
const SIGNATURE_LENGTH: usize = 128;

/// Checks signatures against the application's public key.
#[derive(Clone)]
pub struct Verifier {
    signature: Signature,
}

/// A public key that nobody can have signed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a public key: 64 hex digits from the application's \"General Information\"")]
pub struct BadKey(pub String);

impl Verifier {
    /// A verifier for the application's public key, as Discord shows it: 64 hex digits.
    pub fn new(public_key: &str) -> Result<Self, BadKey> {
        let bad = || BadKey(public_key.to_owned());
        let mut bytes = [0; 32];
        hex::decode_to_slice(public_key, &mut bytes).map_err(|_| bad())?;
        let signature = Signature::try_new(bytes).map_err(|_| bad())?;
        if is_weak(&signature) { Err(bad()) } else { Ok(Self { signature }) }
    }

    /// Believes the request, or says why not.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Refused> {
        let stamp = only(headers, TIMESTAMP_HEADER)?;
        let claimed = only(headers, SIGNATURE_HEADER)?;
        let is_hex =
            claimed.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if claimed.len() != SIGNATURE_LENGTH || !is_hex {
            return Err(Refused::Malformed);
        }
        fresh(stamp, now)?;
        self.signature.verify(claimed, stamp, body).map_err(|()| Refused::Mismatch)
    }
}

/// Whether the key is one of the few points, such as 64 zeros, that anybody can sign for: then one of these signatures,
/// made without any private key, is believed for every eighth message.
fn is_weak(key: &Signature) -> bool {
    let forged = format!("01{}", "0".repeat(SIGNATURE_LENGTH - 2));
    (0..=u8::MAX).any(|message| key.verify(&forged, "", &[message]).is_ok())
}

#[cfg(test)]
#[cfg(feature = "demo")]
pub(super) mod tests;
