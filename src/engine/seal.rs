//! The opaque values of buttons, and their typed twins. Both are derived from the journal's own key, so that the same
//! button has the same value each time its card is drawn, and nothing that could be pressed is stored in clear.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::ports::{NewToken, TokenHash};
use crate::domain::action::Action;
use crate::domain::actor::Person;
use crate::domain::ids::IncidentId;
use crate::domain::service::Channel;
use crate::domain::time::Timestamp;

/// Letters and digits that are not mistaken for each other (Crockford's base 32): five bits each.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Makes buttons' values. Shows nothing of its key.
#[derive(Clone)]
pub struct Sealer {
    mac: Hmac<Sha256>,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sealer")
    }
}

impl Sealer {
    /// A sealer with the journal's key.
    pub fn new(key: &[u8; 32]) -> Self {
        Self { mac: Hmac::new_from_slice(key).expect("any length of key is taken") }
    }

    /// The opaque value of a button: 128 bits as 32 lower-case hex digits.
    pub fn value(&self, incident: IncidentId, action: &Action) -> String {
        hex::encode(&self.digest("button", incident, action, "")[..16])
    }

    /// The button as it is stored: by the hash of its value.
    pub fn token(&self, incident: IncidentId, action: &Action, at: Timestamp) -> NewToken {
        NewToken {
            hash: hash(&self.value(incident, action)),
            incident,
            action: serde_json::to_string(action).expect("actions are plain data"),
            issued_at: at,
        }
    }

    /// The typed twin of a button for one person in one channel: 40 bits as `K7QM-2XRT`.
    pub fn code(
        &self,
        incident: IncidentId,
        action: &Action,
        person: &Person,
        channel: &Channel,
    ) -> String {
        let digest = self.digest("code", incident, action, &format!("{person} {channel}"));
        let bits = digest[..5].iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let letter = |index: u32| {
            let five = (bits >> (35 - 5 * index)) & 31;
            char::from(ALPHABET[usize::try_from(five).unwrap_or(0)])
        };
        let (front, back): (String, String) =
            ((0..4).map(letter).collect(), (4..8).map(letter).collect());
        format!("{front}-{back}")
    }

    fn digest(&self, use_: &str, incident: IncidentId, action: &Action, bound: &str) -> [u8; 32] {
        let action = serde_json::to_string(action).expect("actions are plain data");
        let mut mac = self.mac.clone();
        for part in [use_, &incident.0.to_string(), &action, bound] {
            // Each part with its length, so that no two lists of parts read alike.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

/// The hash under which a button's value is stored.
pub fn hash(value: &str) -> TokenHash {
    TokenHash(Sha256::digest(value.as_bytes()).into())
}

/// Compares two codes in a time that does not tell where they differ; case, blanks and dashes do not count.
pub fn is_same_code(typed: &str, code: &str) -> bool {
    let plain = |text: &str| -> Vec<u8> {
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
        letters.map(|b| b.to_ascii_uppercase()).collect()
    };
    let (typed, code) = (plain(typed), plain(code));
    typed.len() == code.len()
        && typed.iter().zip(&code).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::actor::Platform;

    fn person(user: &str) -> Person {
        Person { platform: Platform::Slack, tenant: "T1".into(), user: user.into() }
    }

    fn channel(id: &str) -> Channel {
        Channel { platform: Platform::Slack, tenant: "T1".into(), id: id.into() }
    }

    #[test]
    fn values_differ_by_incident_action_and_key() {
        let (one, two) = (Sealer::new(&[1; 32]), Sealer::new(&[2; 32]));
        let confirm = Action::Confirm("c1".into());
        let value = one.value(IncidentId(1), &confirm);
        assert_eq!(value.len(), 32);
        assert_eq!(value, one.value(IncidentId(1), &confirm));
        assert_ne!(value, one.value(IncidentId(2), &confirm));
        assert_ne!(value, one.value(IncidentId(1), &Action::Cancel));
        assert_ne!(value, two.value(IncidentId(1), &confirm));
    }

    #[test]
    fn codes_are_bound_to_person_and_channel() {
        let sealer = Sealer::new(&[1; 32]);
        let code = |user, place| {
            sealer.code(IncidentId(1), &Action::Cancel, &person(user), &channel(place))
        };
        assert_eq!(code("U1", "C1").len(), 9);
        assert_ne!(code("U1", "C1"), code("U2", "C1"));
        assert_ne!(code("U1", "C1"), code("U1", "C2"));
    }

    #[test]
    fn codes_are_compared_without_case_blanks_and_dashes() {
        assert!(is_same_code("ab3d efgh", "AB3D-EFGH"));
        assert!(!is_same_code("AB3D-EFGX", "AB3D-EFGH"));
        assert!(!is_same_code("", "AB3D-EFGH"));
    }
}
