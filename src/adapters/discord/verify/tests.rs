//! Signatures made by an independent library, and by nobody.

use axum::http::HeaderValue;
use ed25519_dalek::{Signer, SigningKey};

use super::*;
use crate::adapters::discord::stage::NOW;

const BODY: &[u8] = br#"{"type":1}"#;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// The public key of [`sign`], as Discord shows it.
pub(in super::super) fn public_key() -> String {
    hex::encode(key().verifying_key().to_bytes())
}

/// The signature that Discord would send.
pub(in super::super) fn sign(stamp: &str, body: &[u8]) -> String {
    hex::encode(key().sign(&[stamp.as_bytes(), body].concat()).to_bytes())
}

fn headers(signature: &[&str], stamp: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in signature {
        headers.append(SIGNATURE_HEADER, HeaderValue::from_str(value).unwrap());
    }
    for value in stamp {
        headers.append(TIMESTAMP_HEADER, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn seconds_from_now(offset: i64) -> String {
    (NOW.0 / 1000 + offset).to_string()
}

#[test]
fn what_discord_signed_is_believed_within_five_minutes() {
    let verifier = Verifier::new(&public_key()).unwrap();
    for (offset, expected) in [
        (0, Ok(())),
        (300, Ok(())),
        (-300, Ok(())),
        (301, Err(Refused::Stale)),
        (-301, Err(Refused::Stale)),
    ] {
        let stamp = seconds_from_now(offset);
        let signature = sign(&stamp, BODY);
        let found = verifier.verify(&headers(&[&signature], &[&stamp]), BODY, NOW);
        assert_eq!(found, expected, "{offset}");
    }
}

#[test]
fn everything_else_is_refused() {
    let verifier = Verifier::new(&public_key()).unwrap();
    let stamp = seconds_from_now(0);
    let stamp = stamp.as_str();
    let good = sign(stamp, BODY);
    let upper = good.to_uppercase();
    let other = hex::encode(
        SigningKey::from_bytes(&[8; 32]).sign(&[stamp.as_bytes(), BODY].concat()).to_bytes(),
    );
    let cases: [(&str, &[&str], &[&str], Refused); 11] = [
        ("no signature", &[], &[stamp], Refused::Missing),
        ("no stamp", &[&good], &[], Refused::Missing),
        ("two signatures", &[&good, &good], &[stamp], Refused::Repeated),
        ("two stamps", &[&good], &[stamp, stamp], Refused::Repeated),
        ("upper case", &[&upper], &[stamp], Refused::Malformed),
        ("truncated", &[&good[..126]], &[stamp], Refused::Malformed),
        ("empty", &[""], &[stamp], Refused::Malformed),
        ("not hex", &[&"z".repeat(128)], &[stamp], Refused::Malformed),
        ("a sign in the stamp", &[&good], &["+1795200000"], Refused::Malformed),
        ("another key", &[&other], &[stamp], Refused::Mismatch),
        ("nothing", &[&"0".repeat(128)], &[stamp], Refused::Mismatch),
    ];
    for (what, signature, stamps, reason) in cases {
        assert_eq!(verifier.verify(&headers(signature, stamps), BODY, NOW), Err(reason), "{what}");
    }
    let changed = verifier.verify(&headers(&[&good], &[stamp]), br#"{"type":2}"#, NOW);
    assert_eq!(changed, Err(Refused::Mismatch));
}

#[test]
fn keys_that_anybody_could_sign_for_are_refused() {
    let zeros = "0".repeat(64);
    let neutral = format!("01{}", "0".repeat(62));
    let minus_one = format!("ec{}7f", "f".repeat(60));
    for bad in [&zeros, &neutral, &minus_one, "", "abc", &"g".repeat(64), &"ab".repeat(33)] {
        assert_eq!(Verifier::new(bad).map(|_| ()), Err(BadKey(bad.to_owned())), "{bad}");
    }
    assert!(Verifier::new(&public_key()).is_ok());
}
