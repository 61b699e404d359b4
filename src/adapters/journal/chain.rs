//! The hash chain of a stream: each event's hash covers the hash before it, so that a changed, removed or inserted row
//! shows. Owns the encoding, which must never change for events that exist; a new encoding gets a new domain and is
//! chosen by the row. Where rows are judged: [`super::verify`].

use sha2::{Digest, Sha256};

/// SHA-256 of an event and all events before it in its stream.
pub type Hash = [u8; 32];

/// What stands before the first event of every stream.
pub const GENESIS: Hash = [0; 32];

/// Separates these hashes from every other use of SHA-256, and names the encoding.
const DOMAIN: &[u8] = b"repoint/journal/event/1";

/// What the hash of an event covers, as it is stored: bytes, so that a damaged row can be hashed as well.
#[derive(Clone, Copy, Debug)]
pub struct Content<'a> {
    /// The stream's name.
    pub stream: &'a [u8],
    /// The stream's version after the event.
    pub version: i64,
    /// The event's name.
    pub kind: &'a [u8],
    /// The version of the body's shape.
    pub event_version: i64,
    /// When, in milliseconds.
    pub at: i64,
    /// Who, as JSON.
    pub actor: &'a [u8],
    /// The body, as JSON.
    pub body: &'a [u8],
}

/// The hash of an event that follows the one whose hash is `previous`.
pub fn link(previous: &[u8], content: &Content<'_>) -> Hash {
    let mut hasher = Sha256::new();
    let mut field = |bytes: &[u8]| {
        // The length comes first, so that no two different rows are the same bytes.
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    };
    field(DOMAIN);
    field(previous);
    field(content.stream);
    field(&content.version.to_be_bytes());
    field(content.kind);
    field(&content.event_version.to_be_bytes());
    field(&content.at.to_be_bytes());
    field(content.actor);
    field(content.body);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENED: Content<'_> = Content {
        stream: b"incident/7",
        version: 1,
        kind: b"opened",
        event_version: 1,
        at: 1_700_000_000_000,
        actor: b"\"bot\"",
        body: b"{}",
    };

    #[test]
    fn the_encoding_is_the_one_that_old_journals_were_written_with() {
        assert_eq!(
            hex::encode(link(&GENESIS, &OPENED)),
            "16e71b6a82fb3b5d27118d675f0fc0e3ee14dfb5b8e834ffa559e123450e2503"
        );
    }

    #[test]
    fn every_field_and_the_event_before_change_the_hash() {
        let changed = [
            Content { stream: b"incident/8", ..OPENED },
            Content { version: 2, ..OPENED },
            Content { kind: b"closed", ..OPENED },
            Content { event_version: 2, ..OPENED },
            Content { at: OPENED.at + 1, ..OPENED },
            Content { actor: b"\"b0t\"", ..OPENED },
            Content { body: b"{ }", ..OPENED },
        ];
        let original = link(&GENESIS, &OPENED);
        for content in &changed {
            assert_ne!(link(&GENESIS, content), original, "{content:?}");
        }
        assert_ne!(link(&original, &OPENED), original);
    }

    #[test]
    fn bytes_that_move_from_one_field_to_the_next_change_the_hash() {
        let moved = Content { actor: b"\"bot\"{", body: b"}", ..OPENED };
        assert_ne!(link(&GENESIS, &moved), link(&GENESIS, &OPENED));
    }
}
