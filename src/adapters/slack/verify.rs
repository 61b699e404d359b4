//! Slack's request signature: HMAC-SHA256 over `v0:{timestamp}:{raw body}`. Owns the check over the raw bytes; it must run
//! before anything is parsed. Next: `receive.rs` calls it, `wire.rs` parses what passed.
//!
//! slack-morphism has a verifier, but it reads the system's clock. Time comes from the clock port here, so that a world
//! that moves its clock, and a test of the window's edges, see one time only.

use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::adapters::secret::Secret;
use crate::adapters::signed::{digest, fresh, only};
use crate::domain::time::Timestamp;

pub use crate::adapters::signed::Refused;

/// The header that carries `v0=` and the signature in lower-case hex.
pub const SIGNATURE_HEADER: &str = "x-slack-signature";
/// The header that carries the second at which Slack signed.
pub const TIMESTAMP_HEADER: &str = "x-slack-request-timestamp";

/// Checks signatures against one or more signing secrets; several while a secret is being rotated.
pub struct Verifier {
    keys: Vec<Hmac<Sha256>>,
}

/// Why no verifier could be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifierError {
    /// The list is empty.
    #[error("no signing secret is configured")]
    NoSecret,
    /// An empty secret would let everybody sign.
    #[error("a signing secret is empty")]
    EmptySecret,
}

impl Verifier {
    /// A verifier that accepts what any of these secrets signed.
    pub fn new(secrets: Vec<Secret>) -> Result<Self, VerifierError> {
        if secrets.is_empty() {
            return Err(VerifierError::NoSecret);
        }
        let keys = secrets.iter().map(keyed).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// Believes the request, or says why not.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Result<(), Refused> {
        let stamp = only(headers, TIMESTAMP_HEADER)?;
        let claimed = digest(only(headers, SIGNATURE_HEADER)?, "v0=")?;
        fresh(stamp, now)?;
        // No early end: how long it takes must not tell which of the secrets was used.
        let believed = self.keys.iter().fold(false, |believed, key| {
            let mut mac = key.clone();
            mac.update(b"v0:");
            mac.update(stamp.as_bytes());
            mac.update(b":");
            mac.update(body);
            mac.verify_slice(&claimed).is_ok() | believed
        });
        if believed { Ok(()) } else { Err(Refused::Mismatch) }
    }
}

fn keyed(secret: &Secret) -> Result<Hmac<Sha256>, VerifierError> {
    if secret.expose().is_empty() {
        return Err(VerifierError::EmptySecret);
    }
    Ok(Hmac::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes keys of any length"))
}

#[cfg(test)]
pub(super) mod tests {
    use axum::http::HeaderValue;

    use super::*;

    pub(in super::super) const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";
    const NOW: Timestamp = Timestamp(1_795_200_000_000);
    const BODY: &[u8] = b"command=%2Frollback&text=web";

    /// The signature that Slack would send.
    pub(in super::super) fn sign(secret: &str, stamp: &str, body: &[u8]) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("v0:{stamp}:").as_bytes());
        mac.update(body);
        format!("v0={}", hex::encode(mac.finalize().into_bytes()))
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

    fn verifier() -> Verifier {
        Verifier::new(vec![Secret::new(SECRET.to_owned())]).unwrap()
    }

    fn seconds_from_now(offset: i64) -> String {
        (NOW.0 / 1000 + offset).to_string()
    }

    #[test]
    fn the_published_example_of_slack_is_believed() {
        // From api.slack.com/docs/verifying-requests-from-slack: an independent vector.
        let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
        let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
        let now = Timestamp(1_531_420_618_000);
        let headers = headers(&[signature], &["1531420618"]);
        assert_eq!(verifier().verify(&headers, body, now), Ok(()));
    }

    #[test]
    fn the_window_is_five_minutes_in_both_directions() {
        for (offset, expected) in [
            (0, Ok(())),
            (-300, Ok(())),
            (300, Ok(())),
            (-301, Err(Refused::Stale)),
            (301, Err(Refused::Stale)),
        ] {
            let stamp = seconds_from_now(offset);
            let headers = headers(&[&sign(SECRET, &stamp, BODY)], &[&stamp]);
            assert_eq!(verifier().verify(&headers, BODY, NOW), expected, "{offset} s");
        }
    }

    #[test]
    fn forged_signatures_are_refused() {
        let stamp = seconds_from_now(0);
        let good = sign(SECRET, &stamp, BODY);
        let good = good.as_str();
        let upper = format!("v0={}", good[3..].to_uppercase());
        let stamp = stamp.as_str();
        let table: [(&str, &[&str], &[&str], Refused); 14] = [
            ("no signature", &[], &[stamp], Refused::Missing),
            ("no timestamp", &[good], &[], Refused::Missing),
            ("two signatures", &[good, good], &[stamp], Refused::Repeated),
            ("two timestamps", &[good], &[stamp, stamp], Refused::Repeated),
            ("upper-case hex", &[&upper], &[stamp], Refused::Malformed),
            ("truncated", &[&good[..66]], &[stamp], Refused::Malformed),
            ("half of it", &[&good[..35]], &[stamp], Refused::Malformed),
            ("other version", &[&good.replace("v0", "v1")], &[stamp], Refused::Malformed),
            ("empty signature", &[""], &[stamp], Refused::Malformed),
            ("negative time", &[good], &[&format!("-{stamp}")], Refused::Malformed),
            ("time with plus", &[good], &[&format!("+{stamp}")], Refused::Malformed),
            ("huge time", &[good], &["99999999999999999999"], Refused::Malformed),
            ("time with a fraction", &[good], &[&format!("{stamp}.0")], Refused::Malformed),
            ("other time", &[good], &[&seconds_from_now(1)], Refused::Mismatch),
        ];
        for (name, signature, stamp, expected) in table {
            let headers = headers(signature, stamp);
            assert_eq!(verifier().verify(&headers, BODY, NOW), Err(expected), "{name}");
        }
    }

    #[test]
    fn one_changed_bit_anywhere_in_the_body_is_noticed() {
        let stamp = seconds_from_now(0);
        let headers = headers(&[&sign(SECRET, &stamp, BODY)], &[&stamp]);
        for position in 0..BODY.len() * 8 {
            let mut body = BODY.to_vec();
            body[position / 8] ^= 1 << (position % 8);
            let verdict = verifier().verify(&headers, &body, NOW);
            assert_eq!(verdict, Err(Refused::Mismatch), "bit {position}");
        }
    }

    #[test]
    fn another_secret_is_refused_and_a_second_one_is_accepted_while_rotating() {
        let stamp = seconds_from_now(0);
        let headers = headers(&[&sign("the next secret", &stamp, BODY)], &[&stamp]);
        assert_eq!(verifier().verify(&headers, BODY, NOW), Err(Refused::Mismatch));
        let both = ["the next secret", SECRET].map(|secret| Secret::new(secret.to_owned()));
        for secrets in [both.to_vec(), both.iter().rev().cloned().collect()] {
            let verifier = Verifier::new(secrets).unwrap();
            assert_eq!(verifier.verify(&headers, BODY, NOW), Ok(()));
        }
    }

    #[test]
    fn no_secret_and_an_empty_secret_make_no_verifier() {
        assert_eq!(Verifier::new(Vec::new()).err(), Some(VerifierError::NoSecret));
        let secrets = vec![Secret::new(SECRET.to_owned()), Secret::new(String::new())];
        assert_eq!(Verifier::new(secrets).err(), Some(VerifierError::EmptySecret));
    }
}
